// Laws of campaigns: over random histories in which people come, merge, come apart and take facts back, what is kept up by adding and
// subtracting is what is made afresh, and both are what a slow and obvious model says.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "campaign/told.h"
#include "harness/catch.h"
#include "harness/histories.h"
#include "harness/random.h"
#include "polyonym/campaign/tally.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kGridMs = 1'000;
constexpr std::int64_t kLastMs = 60 * kGridMs;

// ---- The slow model ----

struct PlacedEvent {
  std::int64_t time_ms = 0;
  const FactRow* row = nullptr;
  std::size_t place = 0;
  const Event* event = nullptr;
};

// In the order of facts, up to now.
std::vector<PlacedEvent> EventsOf(const std::vector<FactRow>& rows, std::int64_t now_ms) {
  std::vector<PlacedEvent> events;
  for (const FactRow& row : rows) {
    for (std::size_t i = 0; i < row.facts.events.size(); ++i) {
      const Event& event = row.facts.events[i];
      const std::int64_t time_ms = event.time_ms.value_or(row.from.time_ms);
      if (time_ms <= now_ms) events.push_back({time_ms, &row, i, &event});
    }
  }
  const auto key = [](const PlacedEvent& e) {
    const Provenance& from = e.row->from;
    return std::tuple(e.time_ms, from.belongs_to.ns, from.belongs_to.value, from.record_source,
                      from.record_id, e.place);
  };
  std::sort(events.begin(), events.end(),
            [&](const PlacedEvent& a, const PlacedEvent& b) { return key(a) < key(b); });
  return events;
}

// A goal as a text, and as it is meant: `first`: the time of the person's first order.
struct Goal {
  std::string text;
  std::function<bool(const PlacedEvent&, std::int64_t first)> is;
};

bool IsOrder(const PlacedEvent& e) { return e.event->type == "order"; }
bool IsAbove(const PlacedEvent& e, std::int64_t minor_units) {
  return e.event->value && e.event->value->currency == "CNY" &&
         e.event->value->minor_units > minor_units;
}

const std::vector<Goal>& Goals() {
  static const auto* const kGoals = new std::vector<Goal>{
      {"order", [](const PlacedEvent& e, std::int64_t) { return IsOrder(e); }},
      {"order where value > 1 CNY",
       [](const PlacedEvent& e, std::int64_t) { return IsOrder(e) && IsAbove(e, 100); }},
      {"order, click where not value > 1 CNY or campaign = \"spring\"",
       [](const PlacedEvent& e, std::int64_t) {
         if (!IsOrder(e) && e.event->type != "click") return false;
         const bool is_known = e.event->value && e.event->value->currency == "CNY";
         return (is_known && !IsAbove(e, 100)) || e.event->campaign == "spring";
       }},
      {"order where time > first(time of order)",
       [](const PlacedEvent& e, std::int64_t first) { return IsOrder(e) && e.time_ms > first; }},
      {"any event where property variant = \"mail\"",
       [](const PlacedEvent& e, std::int64_t) {
         const auto at = e.event->properties.find("variant");
         return at != e.event->properties.end() && at->second == Value{std::string("mail")};
       }},
      {"", [](const PlacedEvent&, std::int64_t) { return false; }},
  };
  return *kGoals;
}

struct Case {
  Goal goal;
  Definitions definitions;
  std::shared_ptr<const CompiledCampaign> campaign;
};

bool CountsAt(const CampaignDefinition& campaign, std::int64_t enrolled_ms, std::int64_t time_ms) {
  if (time_ms <= enrolled_ms) return false;
  if (campaign.goal_within_ms > 0) return time_ms - enrolled_ms <= campaign.goal_within_ms;
  return !campaign.to_ms || time_ms < *campaign.to_ms;
}

std::size_t PassedOf(const CampaignDefinition& campaign, const std::vector<PlacedEvent>& events,
                     std::int64_t enrolled_ms) {
  std::size_t at = 0, passed = 0;
  for (const CampaignStep& step : campaign.steps) {
    while (at < events.size() &&
           (events[at].time_ms < enrolled_ms || events[at].event->campaign != campaign.name ||
            std::count(step.events.begin(), step.events.end(), events[at].event->type) == 0))
      ++at;
    if (at == events.size()) break;
    ++at;
    ++passed;
  }
  return passed;
}

PersonOutcome SlowOutcome(const Case& made, const std::vector<FactRow>& rows, std::int64_t now_ms) {
  const CampaignDefinition& campaign = made.campaign->definition();
  const std::vector<PlacedEvent> events = EventsOf(rows, now_ms);
  PersonOutcome out;
  out.steps.resize(campaign.steps.size());
  std::int64_t first_order = kLastMs * 2;
  for (const PlacedEvent& e : events) {
    if (IsOrder(e)) first_order = std::min(first_order, e.time_ms);
    const auto variant = e.event->properties.find("variant");
    if (out.enrolled || e.event->type != "assigned" || e.event->campaign != campaign.name) continue;
    if (variant == e.event->properties.end()) continue;
    const auto* text = std::get_if<std::string>(&variant->second.is);
    if (text != nullptr && !text->empty()) out.enrolled = Enrolment{*text, e.time_ms};
  }
  if (!out.enrolled) return out;
  for (const PlacedEvent& e : events) {
    for (std::size_t i = 0; i < campaign.steps.size(); ++i) {
      const auto& types = campaign.steps[i].events;
      if (e.time_ms < out.enrolled->time_ms || e.event->campaign != campaign.name ||
          std::count(types.begin(), types.end(), e.event->type) == 0)
        continue;
      if (out.steps[i].times++ == 0) out.steps[i].first_ms = e.time_ms;
    }
    if (!CountsAt(campaign, out.enrolled->time_ms, e.time_ms) || !made.goal.is(e, first_order))
      continue;
    if (out.conversions++ == 0) out.first_conversion_ms = e.time_ms;
    if (e.event->value) out.revenue[e.event->value->currency] += e.event->value->minor_units;
  }
  std::erase_if(out.revenue, [](const auto& entry) { return entry.second == 0; });
  out.passed = PassedOf(campaign, events, out.enrolled->time_ms);
  return out;
}

// ---- Random cases ----

Case RandomCase(Random& random) {
  CampaignDefinition campaign = Spring();
  campaign.audience = random.Pick(std::vector<std::string>{
      "did(order)", "count(any event) >= 2", "not did(order within 5 seconds)", "has crm"});
  campaign.frozen = random.Chance(30);
  campaign.from_ms = kGridMs * random.Between(0, 20);
  campaign.to_ms.reset();
  if (random.Chance(60)) campaign.to_ms = campaign.from_ms + kGridMs * random.Between(1, 40);
  campaign.time_zone = random.Chance(30) ? "Asia/Shanghai" : "";
  campaign.goal_within_ms = random.Chance(50) ? kGridMs * random.Between(1, 10) : 0;
  if (random.Chance(50)) {
    campaign.holdout_salt = "all";
    campaign.holdout_millionths = 200'000;
  }
  Case made{random.Pick(Goals()), {}, nullptr};
  campaign.goal = made.goal.text;
  made.campaign = Compiled(campaign, made.definitions);
  return made;
}

Event RandomEvent(Random& random) {
  Event event = Did(random.Pick(std::vector<std::string>{"order", "delivered", "open", "view",
                                                         "click", "assigned", "order"}));
  if (random.Chance(60)) event.campaign = random.Pick(std::vector<std::string>{"spring", "summer"});
  if (random.Chance(60))
    event.value = Money{random.Between(-2, 4) * 50,
                        random.Pick(std::vector<std::string>{"CNY", "CNY", "USD"})};
  if (random.Chance(event.type == "assigned" ? 80 : 10))
    event.properties["variant"] = random.Pick(std::vector<Value>{{std::string("mail")},
                                                                 {std::string("none")},
                                                                 {std::string("old")},
                                                                 {std::string()},
                                                                 {std::int64_t{1}}});
  if (random.Chance(20)) event.time_ms = kGridMs * random.Between(0, kLastMs / kGridMs);
  return event;
}

FactRow RandomRow(Random& random, const Identifier& of, std::size_t number) {
  FactRow row = Told(of, std::to_string(number), kGridMs * random.Between(0, kLastMs / kGridMs),
                     RandomEvent(random));
  while (random.Chance(40)) row.facts.events.push_back(RandomEvent(random));
  row.from.record_source = random.Pick(std::vector<std::string>{"shop", "mail"});
  return row;
}

// Some identifiers, each with rows; `person_of` says who is whose.
struct World {
  std::vector<Identifier> identifiers;
  std::vector<std::vector<FactRow>> rows;  // by identifier
  std::vector<std::size_t> person_of;
  std::int64_t now_ms = 0;
  std::size_t made = 0;
};

World EmptyWorld() {
  World world;
  for (int i = 0; i < 8; ++i) {
    world.identifiers.push_back({i % 2 == 0 ? "crm" : "phone", std::to_string(i)});
    world.rows.emplace_back();
    world.person_of.push_back(static_cast<std::size_t>(i));
  }
  return world;
}

// None: there is nobody of the number.
std::vector<ToldPerson> PersonOf(const World& world, std::size_t person) {
  std::set<Identifier> identifiers;
  std::vector<FactRow> rows;
  for (std::size_t i = 0; i < world.identifiers.size(); ++i) {
    if (world.person_of[i] != person) continue;
    identifiers.insert(world.identifiers[i]);
    rows.insert(rows.end(), world.rows[i].begin(), world.rows[i].end());
  }
  if (identifiers.empty()) return {};
  ToldPerson told(*identifiers.begin(), std::move(rows));
  told.identifiers.assign(identifiers.begin(), identifiers.end());
  return {told};
}

PersonOutcome OutcomeAt(const Case& made, const ToldPerson& person, std::int64_t now_ms) {
  SegmentSubject subject = person.At(made.definitions, now_ms);
  return OutcomeOf(*made.campaign, &subject);
}

using Outcomes = std::map<std::size_t, PersonOutcome>;

Outcomes OutcomesOf(const Case& made, const World& world) {
  Outcomes out;
  for (std::size_t person = 0; person < world.identifiers.size(); ++person) {
    for (const ToldPerson& told : PersonOf(world, person))
      out[person] = OutcomeAt(made, told, world.now_ms);
  }
  return out;
}

// Enrols whoever is to be, as a host does; the identifier that a record names has its row.
void EnrolAll(const Case& made, bool is_first, World* world) {
  for (std::size_t person = 0; person < world->identifiers.size(); ++person) {
    for (const ToldPerson& told : PersonOf(*world, person)) {
      SegmentSubject subject = told.At(made.definitions, world->now_ms);
      const auto record = EnrolmentOf(*made.campaign, &subject, {.is_first = is_first});
      if (!record) continue;
      const FactRow row = RowOf(*record);
      const auto at =
          std::find(world->identifiers.begin(), world->identifiers.end(), row.from.belongs_to);
      world->rows[static_cast<std::size_t>(at - world->identifiers.begin())].push_back(row);
    }
  }
}

void Merge(std::size_t from, std::size_t into, World* world) {
  std::replace(world->person_of.begin(), world->person_of.end(), from, into);
}

// One of the things that happen to people.
void Happen(const Case& made, Random& random, World* world) {
  const std::size_t i = random.Below(world->identifiers.size());
  switch (random.Below(6)) {
    case 0:  // the identifier goes to another person, or off by itself
      world->person_of[i] = random.Below(world->identifiers.size());
      break;
    case 1:
      Merge(i, random.Below(world->identifiers.size()), world);
      break;
    case 2:
      if (!world->rows[i].empty())
        world->rows[i].erase(world->rows[i].begin() +
                             static_cast<std::ptrdiff_t>(random.Below(world->rows[i].size())));
      break;
    case 3:
      world->now_ms = std::min(kLastMs, world->now_ms + kGridMs * random.Between(1, 8));
      break;
    case 4:
      EnrolAll(made, random.Chance(50), world);
      break;
    default:
      for (int row = 0; row < 3; ++row)
        world->rows[i].push_back(RandomRow(random, world->identifiers[i], world->made++));
  }
}

// ---- The laws ----

std::string FaultIn(const CampaignTally& tally) {
  for (const VariantTally& variant : tally.variants()) {
    std::uint64_t before = variant.arm.people;
    for (const StepTally& step : variant.steps) {
      if (step.people > variant.arm.people || step.people > step.times) return "more than enrolled";
      if (step.passed > before || step.passed > step.people) return "a funnel that widens";
      before = step.passed;
    }
    if (variant.arm.converted > variant.arm.people) return "more conversions than people";
  }
  return "";
}

// By the slow model, from nothing, in another order, in two parts.
CampaignTally Afresh(const Case& made, const World& world, Random& random) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < world.identifiers.size(); ++i) order.push_back(i);
  random.Shuffle(&order);
  CampaignTally tally(made.campaign), rest(made.campaign);
  for (const std::size_t person : order) {
    for (ToldPerson& told : PersonOf(world, person)) {
      random.Shuffle(&told.rows);
      (random.Chance(50) ? tally : rest).Add(SlowOutcome(made, told.rows, world.now_ms));
    }
  }
  tally.Merge(rest);
  return tally;
}

TEST_CASE("a tally that is kept up is one made afresh by the slow model") {
  std::uint64_t enrolled = 0, converted = 0, held_out = 0;
  ForEachSeed(91'000, 400, [&](std::uint64_t seed) {
    Random random(seed);
    const Case made = RandomCase(random);
    World world = EmptyWorld();
    CampaignTally kept(made.campaign);
    Outcomes now = OutcomesOf(made, world);
    for (int step = 0; step < 60; ++step) {
      Happen(made, random, &world);
      Outcomes next = OutcomesOf(made, world);
      for (const auto& [person, outcome] : now) {
        if (!next.contains(person) || next[person] != outcome) kept.Subtract(outcome);
      }
      for (const auto& [person, outcome] : next) {
        if (!now.contains(person) || now[person] != outcome) kept.Add(outcome);
      }
      now = std::move(next);
      if (step % 6 != 5) continue;
      INFO("POLYONYM_SEED=" << seed << ", step " << step << ", goal " << made.goal.text);
      REQUIRE(kept == Afresh(made, world, random));
      REQUIRE(FaultIn(kept).empty());
    }
    enrolled += kept.enrolled();
    held_out += kept.holdout().arm.people;
    for (const VariantTally& variant : kept.variants()) converted += variant.arm.converted;
  });
  if (OneSeedOnly()) return;
  CHECK(enrolled > 200);
  CHECK(converted > 50);
  CHECK(held_out > 20);
}

TEST_CASE("people who were merged and parted again have the outcomes that they had") {
  ForEachSeed(92'000, 150, [&](std::uint64_t seed) {
    Random random(seed);
    const Case made = RandomCase(random);
    World world = EmptyWorld();
    for (int step = 0; step < 40; ++step) Happen(made, random, &world);
    const Outcomes before = OutcomesOf(made, world);
    const World kept = world;
    for (int i = 0; i < 4; ++i) Merge(random.Below(8), random.Below(8), &world);
    EnrolAll(made, true, &world);  // of whoever is enrolled, nobody again
    const Outcomes merged = OutcomesOf(made, world);
    world.person_of = kept.person_of;
    const Outcomes after = OutcomesOf(made, world);
    INFO("POLYONYM_SEED=" << seed);
    for (const auto& [person, outcome] : before) {
      if (outcome.enrolled) REQUIRE(after.at(person) == outcome);
    }
    for (const auto& [person, outcome] : merged) {
      if (!outcome.enrolled) REQUIRE(outcome.conversions == 0);
    }
  });
}

TEST_CASE("an outcome stays as long as it says that it does") {
  std::uint64_t bounded = 0;
  ForEachSeed(93'000, 300, [&](std::uint64_t seed) {
    Random random(seed);
    Case made = RandomCase(random);
    if (random.Chance(50)) {
      CampaignDefinition campaign = made.campaign->definition();
      campaign.goal = random.Pick(std::vector<std::string>{
          "order where now - time <= 7 seconds", "any event where did(order within 3 seconds)",
          "order where count(click within 9 seconds) >= 1 and value > 0 CNY"});
      made.campaign = Compiled(campaign);
    }
    std::vector<FactRow> rows;
    const Identifier somebody{"crm", "1"};
    for (std::size_t i = 0; i < 12; ++i) rows.push_back(RandomRow(random, somebody, i));
    const ToldPerson person(somebody, rows);
    const std::int64_t now_ms = kGridMs * random.Between(0, kLastMs / kGridMs);
    SegmentSubject subject = person.At(made.definitions, now_ms);
    const PersonOutcome outcome = OutcomeOf(*made.campaign, &subject);
    const std::int64_t until_ms = NextOutcomeChange(*made.campaign, &subject);
    INFO("POLYONYM_SEED=" << seed << ", goal " << made.campaign->definition().goal);
    REQUIRE(until_ms > now_ms);
    bounded += until_ms != CompiledSegments::kNever ? 1 : 0;
    const std::int64_t last_ms = std::min(until_ms - 1, 3 * kLastMs);
    for (std::int64_t at_ms = now_ms; at_ms <= last_ms; at_ms += kGridMs / 2)
      REQUIRE(OutcomeAt(made, person, at_ms) == outcome);
    if (last_ms >= now_ms) REQUIRE(OutcomeAt(made, person, last_ms) == outcome);
  });
  if (!OneSeedOnly()) CHECK(bounded > 50);
}

}  // namespace
}  // namespace polyonym::harness
