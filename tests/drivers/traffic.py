"""Random records that make people merge, split, share devices and change their minds, under program.POLICY."""

import random

from program import act, seen


def random_records(seed, count, people=40):
    """The same seed gives the same records. Sources pos, web and app; acts come from desk."""
    dice = random.Random(seed)
    records = []
    for number in range(count):
        person = dice.randrange(people)
        ids = {"crm": f"c{person}"}
        if dice.random() < 0.6:
            ids["phone"] = [f"1380000{dice.randrange(people):04}"]
        if dice.random() < 0.4:
            ids["email"] = f"p{dice.randrange(people)}@example.com"
        if dice.random() < 0.3:
            ids["device"] = [f"d{dice.randrange(people // 4)}"]
        if dice.random() < 0.3 and len(ids) > 1:
            del ids["crm"]
        t = 1704067200000 + dice.randrange(count) * 1000  # also late ones
        records.append(seen(number, ids, source=dice.choice(["pos", "web", "app"]), t=t))
        if dice.random() < 0.08:
            records.append(random_act(dice, count + number, people))
        if dice.random() < 0.08:  # sent again with something else in it
            again = dice.choice(records)
            if "ids" in again:
                records.append({**again, "ids": ids, "version": again["t"] + dice.randrange(3)})
    return records


def random_act(dice, number, people):
    one, other = (f"{dice.choice(['crm:c', 'device:d'])}{dice.randrange(people)}" for _ in range(2))
    phone = f"phone:1380000{dice.randrange(people):04}"
    kind = dice.choice(["bind", "unbind", "must_link", "cannot_link", "rename", "delete_identifier"])
    if kind == "rename":
        return act(
            number, kind, f"email:p{dice.randrange(people)}@example.com", f"email:q{dice.randrange(people)}@example.com"
        )
    if kind == "delete_identifier":
        return act(number, kind, one)
    if one == other or dice.random() < 0.5:
        other = phone
    return act(number, kind, one, other)
