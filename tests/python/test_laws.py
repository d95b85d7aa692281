"""Laws of the rule, for any history: the engine is held against docs/rule.md, computed from all records each time."""

from __future__ import annotations

import itertools
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any, Dict, FrozenSet, List, Optional, Set, Tuple

import hypothesis.strategies as st
import pyarrow as pa
from hypothesis import given, note
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import polyonym
from polyonym.results import Change

Name = Tuple[str, str]
Record = Dict[str, Any]
Json = Dict[str, Any]

# ---- docs/rule.md: for policies without scopes, windows, lifetimes, validities, parents and derived values, and no renames ----


class Rule:
    """Who is who by these records, under this policy. Each step names its section."""

    def __init__(self, policy: Json, records: List[Record]) -> None:
        self.policy = policy
        self.namespaces: Dict[str, Json] = {ns["name"]: ns for ns in policy["namespaces"]}
        self.live = [r for r in unvoided(list(standing(records).values())) if self.counts(r)]
        self.gather_evidence()
        self.shared = {name for name in self.first if self.is_shared(name)}
        self.join()

    # 1.3, 1.4
    def counted(self, record: Record) -> Tuple[Set[Name], Set[Name]]:
        """Identifiers of the person, and of others."""
        own = {name for name in named(record, "ids") if name[0] in self.namespaces}
        return own, {name for name in named(record, "other") if name[0] in self.namespaces} - own

    def counts(self, record: Record) -> bool:
        own, other = self.counted(record)
        if record["op"] in ("observe", "bind"):
            for ns in self.namespaces.values():
                one = any(limit["max"] == 1 for limit in ns["limits"])
                if one and sum(name[0] == ns["name"] for name in own) > 1:
                    return False
        at_least = {"observe": 1, "delete_identifier": 1, "delete_source": 0}.get(record["op"], 2)
        return len(own | other) >= at_least

    # 3
    def gather_evidence(self) -> None:
        deleted: Dict[Name, int] = {}  # until when
        unbound: Dict[FrozenSet[Name], int] = {}
        for record in self.live:
            own, _ = self.counted(record)
            if record["op"] == "delete_identifier":
                (name,) = own
                deleted[name] = max(record["t"], deleted.get(name, -1))
            if record["op"] == "unbind":
                unbound[frozenset(own)] = max(record["t"], unbound.get(frozenset(own), -1))
        self.first: Dict[Name, int] = {}  # of every mentioned one
        self.sightings: Dict[Tuple[Name, Name], List[Tuple[int, bool]]] = {}  # time, forced
        for record in self.live:
            if record["op"] not in ("observe", "bind", "must_link"):
                continue
            time, forced = record["t"], record["op"] == "must_link"
            own, other = ({name for name in names if time > deleted.get(name, -1)} for names in self.counted(record))
            for name in own | other:
                self.first[name] = min(time, self.first.get(name, time))
            for pair in itertools.combinations(sorted(own), 2):
                if forced or time > unbound.get(frozenset(pair), -1):
                    self.sightings.setdefault(pair, []).append((time, forced))

    # 4.2
    def is_shared(self, name: Name) -> bool:
        neighbours = set()
        for pair, seen in self.sightings.items():
            if name in pair and not all(forced for _, forced in seen):
                neighbours.add(pair[0] if pair[1] == name else pair[1])
        guards = list(self.namespaces[name[0]]["guards"])
        if self.policy["default_max_neighbours"] and not any(guard["of"] == "" for guard in guards):
            guards.append({"of": "", "max_neighbours": self.policy["default_max_neighbours"]})
        return any(
            sum(guard["of"] in ("", other[0]) for other in neighbours) > guard["max_neighbours"] for guard in guards
        )

    # 4.3
    def rank(self, pair: Tuple[Name, Name]) -> Tuple[Any, ...]:
        times = [time for time, _ in self.sightings[pair]]
        forced = any(forced for _, forced in self.sightings[pair])
        priorities = sum(self.namespaces[ns]["priority"] for ns, _ in pair)
        by = {
            "RANKING_PRIORITY_RECENCY": (priorities, -max(times)),
            "RANKING_OLDEST": (priorities, min(times)),
            "RANKING_STRONGEST": (-len(times), -max(times)),
        }
        return (not forced, by[self.policy["ranking"]], pair)

    # 5
    def may_be(self, group: FrozenSet[Name]) -> bool:
        most = self.policy["max_identifiers_per_profile"]
        if most and len(group) > most:
            return False
        for ns in self.namespaces.values():
            if any(sum(name[0] == ns["name"] for name in group) > limit["max"] for limit in ns["limits"]):
                return False
        return not any(r["op"] == "cannot_link" and self.counted(r)[0] <= group for r in self.live)

    def join(self) -> None:
        self.group = {name: frozenset([name]) for name in self.first}
        for a, b in sorted(self.sightings, key=self.rank):
            joined = self.group[a] | self.group[b]
            if not {a, b} & self.shared and self.may_be(joined):
                self.group.update(dict.fromkeys(joined, joined))
        self.groups = set(self.group.values())

    # 6
    def best(self, names: Any, number_of: Dict[Name, int]) -> Name:
        return min(names, key=lambda name: (self.namespaces[name[0]]["priority"], number_of[name]))

    def primary(self, record: Record) -> Optional[Name]:
        own, _ = self.counted(record)
        return min(own, key=lambda n: (n in self.shared, self.namespaces[n[0]]["priority"], n), default=None)


# 1.1
def standing(records: List[Record]) -> Dict[Tuple[str, str], Record]:
    stands: Dict[Tuple[str, str], Record] = {}
    for record in records:
        key = (record["source"], record["id"])
        if key not in stands or rank_of_version(record) > rank_of_version(stands[key]):
            stands[key] = record
    return {key: record for key, record in stands.items() if record["op"] != "retract"}


def rank_of_version(record: Record) -> Tuple[int, bool]:
    return record["version"], record["op"] == "retract"


# 1.2
def unvoided(records: List[Record]) -> List[Record]:
    deletes = [(r["target"], r["t"]) for r in records if r["op"] == "delete_source"]
    return [
        r
        for r in records
        if r["op"] == "delete_source" or not any(r["source"] == target and r["t"] <= until for target, until in deletes)
    ]


def named(record: Record, field: str) -> Set[Name]:
    names = {(ns, value) for ns, values in record.get(field, {}).items() for value in values}
    if field == "ids":
        for text in record.get("pair", []):
            ns, _, value = text.partition(":")
            names.add((ns, value))
    return names


# ---- random histories ----

NAMESPACES = ["crm", "device", "phone"]
SOURCES = ["app", "desk", "shop"]
# Few names, times and priorities: what is told often of the same is what the rule has to decide.
names = st.sampled_from([("crm", "1"), ("crm", "2"), ("crm", "3"), ("device", "1"), ("device", "2"), ("phone", "1"), ("phone", "2")])
times = st.integers(0, 4)
texts = names.map(":".join)


@st.composite
def policies(draw: st.DrawFn, declared: bool = False) -> Json:
    some = NAMESPACES if declared else draw(st.sampled_from([NAMESPACES, NAMESPACES, NAMESPACES[:2]]))
    limits = st.sampled_from([[{"max": 1}], [], [{"max": 2}], [{"max": 1}]])
    guard = st.fixed_dictionaries({"of": st.sampled_from(["", *some]), "max_neighbours": st.integers(1, 3)})
    return {
        "ranking": draw(st.sampled_from(["RANKING_PRIORITY_RECENCY", "RANKING_OLDEST", "RANKING_STRONGEST"])),
        "undeclared": "UNDECLARED_HOLD_IDENTIFIER",
        "max_identifiers_per_profile": draw(st.sampled_from([10_000, 0, 3, 4, 5])),
        "default_max_neighbours": draw(st.sampled_from([0, 1_000, 2, 3])),
        "namespaces": [
            {
                "name": name,
                "priority": draw(st.integers(1, 2)),
                "normaliser": "NORMALISER_EXACT",
                "builtin_blocks": False,
                "limits": draw(limits),
                "guards": draw(st.sampled_from([0, 0, 1]).flatmap(lambda count: st.lists(guard, min_size=count, max_size=count))),
            }
            for name in some
        ],
    }


@st.composite
def records(draw: st.DrawFn, source: Optional[str] = None) -> Record:
    """A record without a version: the history gives it one that no other of the same source and id has."""
    observe = st.just("observe")
    op = draw(
        st.one_of(
            *[observe] * 3,
            st.sampled_from(["bind", "unbind", "must_link", "cannot_link", "delete_identifier", "delete_source", "retract"]),
        )
    )
    record: Record = {
        "source": source or draw(st.sampled_from(SOURCES)),
        "id": draw(st.sampled_from("12345678")),
        "version": draw(st.integers(0, 3)),
        "op": op,
    }
    if op != "retract":
        record["t"] = draw(times)
    if op == "observe":
        record["ids"] = by_namespace(draw(st.lists(names, min_size=1, max_size=3, unique=True)))
        record["other"] = by_namespace(draw(st.one_of(st.just([]), st.lists(names, max_size=1))))
    elif op == "delete_identifier":
        record["pair"] = [draw(texts)]
    elif op == "delete_source":
        record["target"] = draw(st.sampled_from(SOURCES))
    elif op != "retract":
        record["pair"] = draw(st.lists(texts, min_size=2, max_size=2, unique=True))
    return record


def by_namespace(some: List[Name]) -> Dict[str, List[str]]:
    return {ns: [value for other, value in some if other == ns] for ns, _ in some}


def one_of_each_version(old: List[Record], new: List[Record]) -> List[Record]:
    """At equal version the larger content hash stands, which only the engine knows: so there is none."""
    used = {(r["source"], r["id"], r["version"]) for r in old if r["op"] != "retract"}
    for record in new:
        while (record["source"], record["id"], record["version"]) in used and record["op"] != "retract":
            record["version"] += 1
        used.add((record["source"], record["id"], record["version"]))
    return new


def open_store(path: Optional[Path] = None, policy: Optional[Json] = None) -> polyonym.Store:
    return polyonym.open(path, policy=policy, durability="wal")


def groups_of(store: polyonym.Store) -> Set[FrozenSet[Name]]:
    return {frozenset((i.ns, i.value) for i in members) for _, members in store.groups()}


def numbers_in(store: polyonym.Store) -> Dict[Name, int]:
    numbers = {}
    for number in range(store.stats().identifiers):
        identifier = store.identifier_of(number)
        numbers[identifier.ns, identifier.value] = number
    return numbers


def profile_id(number: int) -> str:
    digits = ""
    while number or not digits:
        digits = "0123456789abcdefghijklmnopqrstuv"[number % 32] + digits
        number //= 32
    return "p~" + digits


class Follower:
    """Who is who by the changes that calls answer alone: docs/feed.md."""

    def __init__(self) -> None:
        self.profile_of: Dict[int, str] = {}

    def take(self, changes: List[Change]) -> None:
        before = dict(self.profile_of)
        for change in changes:
            moved = change.identifiers
            if change.kind == "merged":
                moved = [number for number, profile in before.items() if profile == change.source]
            for number in moved:
                assert before.get(number) == change.source
                if change.target is None:
                    del self.profile_of[number]
                else:
                    self.profile_of[number] = change.target


# ---- the laws ----


class History(RuleBasedStateMachine):
    """A store, and after each step the definition."""

    @initialize(policy=policies(), on_disk=st.integers(0, 3).map(lambda dice: dice == 0))
    def begin(self, policy: Json, on_disk: bool) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="polyonym-laws-"))
        self.path = self.folder / "people.db" if on_disk else None
        self.store = open_store(self.path, policy)
        self.policy = policy
        self.records: List[Record] = []
        self.follower = Follower()

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.store.close()
            shutil.rmtree(self.folder)

    def tell(self, new: List[Record]) -> None:
        new = one_of_each_version(self.records, new)
        applied = self.store.apply(new)
        assert applied.rejected == []
        self.records += new
        self.follower.take(applied.changes)

    def take_back(self, source: str, **which: Any) -> None:
        """Retracts, first as a dry run; the model gets the tombstones."""
        hit = [
            r
            for r in standing(self.records).values()
            if r["source"] == source
            and which.get("id", r["id"]) == r["id"]
            and which.get("start", 0) <= r["t"] <= which.get("end", r["t"])
        ]
        before = self.store.groups()
        assert self.store.retract(source, dry_run=True, **which).retracted == len(hit)
        assert self.store.groups() == before
        retracted = self.store.retract(source, **which)
        assert retracted.retracted == len(hit)
        self.follower.take(retracted.changes)
        self.records += [{k: r[k] for k in ("source", "id", "version")} | {"op": "retract"} for r in hit]

    @rule(new=st.lists(records(), min_size=5, max_size=12))
    def records_come(self, new: List[Record]) -> None:
        self.tell(new)

    @rule(source=st.sampled_from(SOURCES), id=st.sampled_from("12345678"))
    def a_record_goes(self, source: str, id: str) -> None:
        self.take_back(source, id=id)

    @rule(source=st.sampled_from(SOURCES), start=times, length=times)
    def a_time_goes(self, source: str, start: int, length: int) -> None:
        self.take_back(source, start=start, end=start + length)

    @rule(policy=policies())
    def another_policy(self, policy: Json) -> None:
        self.policy = policy
        self.follower.take(self.store.set_policy(policy).changes)
        assert self.store.policy == polyonym.Policy(policy)

    @rule(new=st.lists(records(source="guest"), min_size=1, max_size=5))
    def a_source_comes_and_goes(self, new: List[Record]) -> None:
        """Taken back whole, it leaves everybody as if it had never come: the same profiles, in the same order."""
        before = repr(self.store.groups()).encode()
        self.tell(new)
        self.take_back("guest")
        assert repr(self.store.groups()).encode() == before

    @precondition(lambda self: self.path is not None)
    @rule()
    def the_store_is_opened_again(self) -> None:
        before = (self.store.groups(), self.store.sequence, self.store.held(), self.store.policy)
        self.store.close()
        self.store = open_store(self.path)
        assert (self.store.groups(), self.store.sequence, self.store.held(), self.store.policy) == before

    @rule(random=st.randoms(use_true_random=False))
    def in_another_order(self, random: Any) -> None:
        """Whatever the order and the calls in which records come, the people are the same."""
        shuffled = list(self.records)
        random.shuffle(shuffled)
        with open_store(policy=self.policy) as other:
            while shuffled:
                count = random.randint(1, len(shuffled))
                other.apply(shuffled[:count])
                shuffled = shuffled[count:]
            assert groups_of(other) == groups_of(self.store)

    @rule()
    def exported_and_read_again(self) -> None:
        path = self.folder / "records.jsonl"
        self.store.export(path)
        with open_store(policy=self.policy) as other:
            other.apply(path.read_bytes())
            assert groups_of(other) == groups_of(self.store)
        path.unlink()

    @invariant()
    def the_people_are_those_of_the_rule(self) -> None:
        if not hasattr(self, "store"):
            return
        model = Rule(self.policy, self.records)
        assert groups_of(self.store) == model.groups
        number_of = numbers_in(self.store)
        for profile, members in self.store.groups():
            names = [(i.ns, i.value) for i in members]
            assert names == sorted(names)
            assert profile == profile_id(number_of[model.best(names, number_of)])
            assert {self.store.find(profile_id(number_of[name])) for name in names} == {profile}
            assert all(self.follower.profile_of[number_of[name]] == profile for name in names)
        assert len(self.follower.profile_of) == len(model.first)

    @invariant()
    def resolve_says_who(self) -> None:
        if not hasattr(self, "store"):
            return
        model = Rule(self.policy, self.records)
        asked = [(ns, value) for ns in NAMESPACES for value in "1234"]
        profile_of = {(i.ns, i.value): profile for profile, members in self.store.groups() for i in members}
        for name, answer in zip(asked, self.store.resolve(asked)):
            assert answer.shared == (name in model.shared)
            assert answer.held == (name[0] not in model.namespaces)
            assert not (answer.blocked or answer.expired)
            if name in model.group:
                assert answer.known and not answer.gone and answer.profile == profile_of[name]

    @invariant()
    def verify_finds_nothing(self) -> None:
        if hasattr(self, "store"):
            assert self.store.verify().problems == []


TestHistory = History.TestCase

TEXT_TYPES = [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int16(), pa.string())]
cells = st.one_of(st.none(), st.sampled_from("1234"))


@st.composite
def tables(draw: st.DrawFn) -> Tuple[pa.Table, Dict[str, str], bool]:
    """A table, the namespaces of its columns, and whether it has ids and times."""
    rows = draw(st.integers(0, 12))
    columns = draw(
        st.sampled_from(
            [{"crm": "crm", "phone": "phone"}, {"left": "phone", "right": "phone"}, {n: n for n in NAMESPACES}]
        )
    )
    data = {
        column: pa.array(draw(st.lists(cells, min_size=rows, max_size=rows)), draw(st.sampled_from(TEXT_TYPES)))
        for column in columns
    }
    told = draw(st.booleans())
    if told:
        data["id"] = pa.array([draw(st.sampled_from("123456")) for _ in range(rows)], pa.string())
        data["t"] = pa.array(draw(st.permutations(range(rows))), pa.timestamp("ms", "UTC"))
    return pa.table(data), columns, told


def records_of(table: pa.Table, columns: Dict[str, str], told: bool) -> List[Optional[Record]]:
    """A record for each row; none for a row without a cell."""
    rows: List[Optional[Record]] = []
    for row in table.to_pylist():
        cells = sorted({(ns, row[column]) for column, ns in columns.items() if row[column] is not None})
        time = int(row["t"].timestamp() * 1000 + 0.5) if told else 0
        id = row["id"] if told else json.dumps(cells)
        record = {"source": "table", "id": id, "version": time, "t": time, "op": "observe", "ids": by_namespace(cells)}
        rows.append(record if cells else None)
    return rows


ANYTHING: Json = {
    "ranking": "RANKING_PRIORITY_RECENCY",
    "undeclared": "UNDECLARED_HOLD_IDENTIFIER",
    "max_identifiers_per_profile": 0,
    "default_max_neighbours": 0,
    "namespaces": [
        {"name": ns, "priority": 1, "normaliser": "NORMALISER_EXACT", "builtin_blocks": False, "limits": [], "guards": []}
        for ns in NAMESPACES
    ],
}


@given(table=tables(), policy=st.one_of(st.none(), policies(declared=True)))
def test_a_table_has_the_people_of_an_engine_and_of_the_rule(
    table: Tuple[pa.Table, Dict[str, str], bool], policy: Optional[Json]
) -> None:
    data, columns, told = table
    more = {"id": "id", "time": "t"} if told else {}
    answer = polyonym.resolve(data, columns=columns, policy=policy, **more)
    assert answer.column_names == [*data.column_names, "profile_id"]
    assert answer.schema.field("profile_id").type == pa.uint32()
    assert answer.drop_columns(["profile_id"]) == data

    rows = records_of(data, columns, told)
    some = [record for record in rows if record is not None]
    model = Rule(policy or ANYTHING, some)
    with open_store(policy=policy or ANYTHING) as store:
        store.apply(some)
        assert groups_of(store) == model.groups

    group_of_number: Dict[int, FrozenSet[Name]] = {}
    for record, number in zip(rows, answer["profile_id"].to_pylist()):
        note(f"{record} -> {number}")
        if record not in model.live:
            assert number is None
            continue
        group = model.group[model.primary(record)]
        assert group_of_number.setdefault(number, group) == group
    assert len(set(group_of_number.values())) == len(group_of_number)
