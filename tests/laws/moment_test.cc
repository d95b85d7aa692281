// Other times and other policies: what a moment says is what a store says that has only what the moment has.
#include "harness/catch.h"
#include "harness/engine_state.h"
#include "laws/law.h"

namespace polyonym::harness {
namespace {

std::vector<Group> GroupsOf(const Moment& moment) {
  std::vector<Group> groups;
  moment.ForEachProfile([&](std::optional<ProfileId>, std::span<const Identifier> members) {
    groups.emplace_back(members.begin(), members.end());
    groups.back().erase(std::unique(groups.back().begin(), groups.back().end()),
                        groups.back().end());
    return true;
  });
  std::sort(groups.begin(), groups.end());
  return groups;
}

std::string CompareGroups(const std::vector<Group>& want, const Moment& got) {
  State a, b;
  a.groups = want;
  b.groups = GroupsOf(got);
  return Difference(a, b);
}

// Whether somebody in the profile has lives: which number each of them has may differ once they were cut otherwise.
bool MeetsLives(const View& view, const Resolution& resolution) {
  const auto compiled = Compile(view.policy());
  for (const Identifier& member : Must(view.Members(*resolution.profile))) {
    if (compiled->policy().namespaces[compiled->FindFamily(member.ns)].validity_ms != 0)
      return true;
  }
  return false;
}

// What the moment says of each identifier, against a view of the same state. Ids are compared where they are the same numbers.
std::string CompareAnswers(const View& view, const Moment& moment,
                           const std::set<Identifier>& names, bool same_numbers) {
  for (const Identifier& name : names) {
    Resolution want = view.Resolve(name), got = moment.Resolve(name);
    if (!want.known || want.gone) {  // what was once named and is not now, a moment may not know
      if (got.known && !got.gone) return "a moment knows " + ToString(name) + "\n";
      continue;
    }
    if (!same_numbers || MeetsLives(view, want)) want.profile = got.profile = std::nullopt;
    if (want.known != got.known || want.shared != got.shared || want.blocked != got.blocked ||
        want.held != got.held || want.expired != got.expired || want.profile != got.profile)
      return "a moment says otherwise of " + ToString(name) + "\n";
    if (want.profile) {
      const auto members = moment.Members(*want.profile);
      if (!members.ok() || *members != Must(view.Members(*want.profile)))
        return "members of the profile of " + ToString(name) + " differ\n";
    }
  }
  return "";
}

std::string CheckAsKnown(const History& history) {
  Random random(history.seed ^ 0xa5c0);
  std::unique_ptr<Engine> engine = OpenInMemory(history.policy, history.seed);
  const std::size_t stop = random.Below(history.steps.size()) + 1;
  std::optional<View> then;
  std::size_t at = 0;
  ApplySteps(*engine, history, random, [&](std::size_t done, const ApplyResult&) {
    if (done > stop && then) return;
    then = engine->Read();
    at = done;
  });
  if (!then) return "";
  const Moment moment = Must(engine->Read().AsKnown(then->sequence()));
  const NaiveWorld world = WorldAt(history, at);
  std::string fault = CompareGroups(world.state().groups, moment) +
                      CompareAnswers(*then, moment, NamedIdentifiers(world), true);
  if (moment.policy() != then->policy()) fault += "the policy is another\n";
  if (moment.clock_ms() != then->clock_ms()) fault += "the clock is another\n";
  return fault;
}

std::string CheckAsOf(const History& history) {
  Random random(history.seed ^ 0xa50f);
  std::unique_ptr<Engine> engine = OpenInMemory(history.policy, history.seed);
  ApplySteps(*engine, history, random);
  const View now = engine->Read();
  const std::int64_t t = random.Between(990, 1'120);
  const Moment moment = Must(now.AsOf(t));
  // A store that has only the standing records up to then.
  std::vector<Record> records;
  Must(now.Export([&](const StoredRecord& stored) {
    if (stored.standing && stored.record.time_ms.value_or(0) <= t) records.push_back(stored.record);
    return true;
  }));
  const std::int64_t clock = std::min(t, now.clock_ms());
  const NaiveWorld world(Compile(now.policy()), records, clock);
  std::string fault = CompareGroups(world.state().groups, moment);
  std::unique_ptr<Engine> other = OpenInMemory(now.policy(), history.seed);
  Must(other->Apply(records).status());
  if (clock > 0) Must(other->AdvanceTo(clock).status());
  fault += CompareAnswers(other->Read(), moment, NamedIdentifiers(world), false);
  return fault;
}

std::string CheckSimulate(const History& history) {
  Random random(history.seed ^ 0x51a0);
  std::unique_ptr<Engine> engine = OpenInMemory(history.policy, history.seed);
  ApplySteps(*engine, history, random);
  const View before = engine->Read();
  const Policy other = RandomVariant(before.policy(), random);
  const Simulation simulation = Must(before.Simulate(other));
  if (engine->Read().sequence() != before.sequence()) return "Simulate() wrote something\n";
  const Stats was = before.GetStats();
  Must(engine->SetPolicy(other).status());
  const View after = engine->Read();
  std::string fault =
      CompareAnswers(after, simulation.after,
                     NamedIdentifiers(NaiveWorld(Compile(other), history.records)), false);
  std::vector<Group> groups;
  after.ForEachProfile([&](ProfileId, std::span<const Identifier> members) {
    groups.emplace_back(members.begin(), members.end());
    groups.back().erase(std::unique(groups.back().begin(), groups.back().end()),
                        groups.back().end());
    return true;
  });
  std::sort(groups.begin(), groups.end());
  fault += CompareGroups(groups, simulation.after);
  const Stats is = after.GetStats();
  if (simulation.profiles_before != was.profiles || simulation.profiles_after != is.profiles)
    fault += "profiles are miscounted\n";
  if (was.held_records + simulation.held - simulation.released != is.held_records)
    fault += "held records are miscounted\n";
  return fault;
}

}  // namespace

TEST_CASE("as known at a sequence is what the store said then") {
  CheckLaw(170'000, 500, CheckAsKnown);
}
TEST_CASE("as known at a sequence is what the store said then, at length", "[slow]") {
  CheckLaw(17'000'000, 5'000, CheckAsKnown);
}
TEST_CASE("as of a time is what a store says that has the records up to it") {
  CheckLaw(180'000, 500, CheckAsOf);
}
TEST_CASE("as of a time is what a store says that has the records up to it, at length", "[slow]") {
  CheckLaw(18'000'000, 5'000, CheckAsOf);
}
TEST_CASE("a simulated policy gives what setting it gives, and writes nothing") {
  CheckLaw(190'000, 500, CheckSimulate);
}
TEST_CASE("a simulated policy gives what setting it gives, and writes nothing, at length",
          "[slow]") {
  CheckLaw(19'000'000, 5'000, CheckSimulate);
}

}  // namespace polyonym::harness
