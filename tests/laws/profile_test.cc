// L1, L2, L6 of profiles: after any history of records, retractions, acts, policies and clocks each person has the facts that the definition
// gives them, folded as the definition says.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "harness/engine_state.h"
#include "harness/naive_profile.h"
#include "harness/profile_difference.h"
#include "harness/random_facts.h"
#include "harness/told.h"
#include "laws/law.h"

namespace polyonym::harness {
namespace {

// Record numbers are checked by themselves, and then left out of comparisons.
std::string CheckNumber(const View& view, Provenance* from) {
  const auto stored = view.RecordOf(std::exchange(from->record, 0));
  if (stored.ok() && stored->record.source == from->record_source &&
      stored->record.id == from->record_id)
    return "";
  return "a fact names another record than its own\n";
}

std::string CheckNumbers(const View& view, Profile* profile) {
  std::string fault;
  for (ProfileTrait& trait : profile->traits) {
    if (trait.winner) fault += CheckNumber(view, &trait.winner->from);
    for (TraitCandidate& lost : trait.lost) fault += CheckNumber(view, &lost.from);
  }
  for (ProfileTag& tag : profile->tags) {
    for (TagPart& part : tag.parts) fault += CheckNumber(view, &part.from);
  }
  for (TimelineEvent& event : profile->timeline) fault += CheckNumber(view, &event.from);
  for (ProfileRelation& relation : profile->relations) fault += CheckNumber(view, &relation.from);
  for (AmbiguousFacts& told : profile->ambiguous) fault += CheckNumber(view, &told.from);
  return fault;
}

// Whether somebody has lives: which number each of them has in a moment may differ once they were cut otherwise.
bool MeetsLives(const Policy& policy, const Group& group) {
  const auto compiled = Compile(policy);
  return std::any_of(group.begin(), group.end(), [&](const Identifier& member) {
    return compiled->policy().namespaces[compiled->FindFamily(member.ns)].validity_ms != 0;
  });
}

// `reader`: today, or a moment, against the people of the world. `view` is of today and has the records.
template <class Reader>
std::string CheckProfiles(const View& view, const Reader& reader, const Definitions& definitions,
                          const NaiveWorld& world, Random& random) {
  const ToldByPerson people = NaiveFacts(world, definitions);
  ProfileOptions options;
  options.explain = true;
  options.page.limit = 1000;
  options.now_ms = random.Between(900, 1300);
  std::string fault;
  std::map<Group, int> bearers;
  std::vector<std::pair<ProfileId, Group>> all;
  reader.ForEachProfile([&](std::optional<ProfileId> id, std::span<const Identifier> members) {
    ++bearers[Group(members.begin(), members.end())];
    if (id) all.emplace_back(*id, Group(members.begin(), members.end()));
    return true;
  });
  for (const auto& [id, group] : all) {
    if (!fault.empty()) break;
    if (bearers[group] > 1) continue;
    if constexpr (std::is_same_v<Reader, Moment>) {
      if (MeetsLives(reader.policy(), group)) continue;
    }
    Profile got = Must(reader.ReadProfile(id, options));
    fault += CheckNumbers(view, &got);
    if (got.id != id || got.identifiers != group) fault += "the head of a profile is wrong\n";
    const auto person = people.find(group);
    const Told told = person == people.end() ? Told() : person->second;
    Profile want = NaiveProfile(definitions, told.rows, options, *options.now_ms);
    want.id = got.id;
    want.identifiers = got.identifiers;
    want.policy_version = got.policy_version;
    for (const AmbiguousFacts& facts : told.ambiguous) {
      if (facts.from.time_ms <= *options.now_ms) want.ambiguous.push_back(facts);
    }
    if (got == want) continue;
    for (const Identifier& member : group) fault += polyonym::ToString(member) + ", ";
    fault += Difference(want, got);
  }
  return fault;
}

std::string CheckProfiles(const View& view, const NaiveWorld& world, Random& random) {
  std::string fault = CheckProfiles(view, view, view.policy().definitions, world, random);
  view.ForEachProfile([&](ProfileId id, std::span<const Identifier>) {
    if (Must(view.ReadProfile(id)).policy_version != view.policy_version())
      fault += "a profile has the version of another policy\n";
    return false;
  });
  return fault;
}

// Of another time, and under another policy.
std::string CheckMoments(const History& plain) {
  const History history = WithFacts(plain);
  if (history.steps.empty()) return "";
  Random random(history.seed ^ 0x30e7);
  const std::unique_ptr<Engine> engine = OpenInMemory(history.policy, history.seed);
  const std::size_t stop = random.Below(history.steps.size()) + 1;
  std::uint64_t then = 0;
  Definitions definitions_then;
  std::size_t at = 0;
  ApplySteps(*engine, history, random, [&](std::size_t done, const ApplyResult&) {
    if (done > stop && then != 0) return;
    then = engine->Read().sequence();
    definitions_then = engine->Read().policy().definitions;
    at = done;
  });
  const View view = engine->Read();
  std::string fault;
  if (then != 0) {
    const Moment known = Must(view.AsKnown(then));
    fault = CheckProfiles(view, known, definitions_then, WorldAt(history, at), random);
    if (!fault.empty()) return "as known: " + fault;
  }
  const std::int64_t t = random.Between(990, 1'120);
  std::vector<Record> standing, up_to_t;
  Must(view.Export([&](const StoredRecord& stored) {
    if (!stored.standing) return true;
    standing.push_back(stored.record);
    if (stored.record.time_ms.value_or(0) <= t) up_to_t.push_back(stored.record);
    return true;
  }));
  const Policy policy = view.policy();
  fault = CheckProfiles(view, Must(view.AsOf(t)), policy.definitions,
                        NaiveWorld(Compile(policy), up_to_t, std::min(t, view.clock_ms())), random);
  if (!fault.empty()) return "as of: " + fault;
  Policy other = RandomVariant(policy, random);
  if (random.Chance(50)) other.definitions = RandomDefinitions(random);
  fault = CheckProfiles(view, Must(view.Simulate(other)).after, other.definitions,
                        NaiveWorld(Compile(other), standing, view.clock_ms()), random);
  return fault.empty() ? "" : "simulated: " + fault;
}

// Record by record, in order of arrival, as ReadProfile() has them together.
std::string CheckForEachFacts(const History& plain) {
  const History history = WithFacts(plain);
  Random random(history.seed ^ 0xeacf);
  const std::unique_ptr<Engine> engine = OpenInMemory(history.policy, history.seed);
  ApplySteps(*engine, history, random);
  const View view = engine->Read();
  std::map<ProfileId, std::vector<FactRow>> told;
  std::uint64_t last = 0;
  std::string fault;
  Must(view.ForEachFacts([&](ProfileId id, const FactRow& row) {
    if (row.from.record <= last) fault += "facts come out of order\n";
    last = row.from.record;
    told[id].push_back(row);
    return true;
  }));
  const ProfileOptions options{.now_ms = 1'200, .ambiguous = false, .explain = true};
  std::size_t people = 0;
  view.ForEachProfile([&](ProfileId id, std::span<const Identifier>) {
    Profile got = Must(view.ReadProfile(id, options));
    const auto rows = told.find(id);
    if (rows != told.end()) ++people;
    Profile want =
        FoldProfile(view.policy().definitions,
                    rows == told.end() ? std::vector<FactRow>() : rows->second, options, 1'200);
    want.id = got.id;
    want.identifiers = got.identifiers;
    want.policy_version = got.policy_version;
    fault += Difference(want, got);
    return fault.empty();
  });
  if (fault.empty() && people < told.size()) fault = "facts of nobody\n";
  std::vector<Profile> one_by_one, together;
  view.ForEachProfile([&](ProfileId id, std::span<const Identifier>) {
    one_by_one.push_back(Must(view.ReadProfile(id)));
    return true;
  });
  Must(view.ReadEveryProfile({}, [&](const Profile& profile) {
    together.push_back(profile);
    return true;
  }));
  if (one_by_one != together) fault += "profiles read together are others\n";
  return fault;
}

std::string Check(const History& plain) {
  const History history = WithFacts(plain);
  Random random(history.seed ^ 0x9f0f11e);
  const std::unique_ptr<Engine> engine = OpenInMemory(history.policy, history.seed);
  std::string fault;
  const std::size_t stops = 1 + random.Below(3);
  // What is read between is kept, and must not be shown once it is not so any more.
  const auto read_some = [&] {
    const View view = engine->Read();
    view.ForEachProfile([&](ProfileId id, std::span<const Identifier>) {
      if (random.Chance(30)) Must(view.ReadProfile(id));
      return true;
    });
  };
  ApplySteps(*engine, history, random, [&](std::size_t done, const ApplyResult&) {
    if (!fault.empty()) return;
    read_some();
    if (done < history.steps.size() && random.Below(history.steps.size()) >= stops) return;
    fault = CheckProfiles(engine->Read(), WorldAt(history, done), random);
  });
  return fault;
}

// On disk, opened again on the way.
std::string CheckOpenedAgain(const History& plain) {
  const History history = WithFacts(plain);
  Random random(history.seed ^ 0x09e4);
  const TempFolder folder;
  const EngineOptions options = LawOptions(history.seed);
  std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", options));
  Must(engine->SetPolicy(history.policy));
  const std::size_t half = history.records.size() / 2;
  Must(engine->Apply(std::span(history.records).first(half)));
  if (random.Chance(50)) Must(engine->Checkpoint());
  engine.reset();
  engine = Must(Engine::Open(folder / "store", options));
  Must(engine->Apply(std::span(history.records).subspan(half)));
  return CheckProfiles(engine->Read(), NaiveWorld(Compile(history.policy), history.records),
                       random);
}

}  // namespace

TEST_CASE("each person has the facts and folds of the definition") {
  CheckLaw(70'000, 1'500, Check);
}
TEST_CASE("each person has the facts and folds of the definition, at length", "[slow]") {
  CheckLaw(7'000'000, 4'000, Check);
}
TEST_CASE("profiles of another time and of a simulated policy are those of the definition") {
  CheckLaw(72'000, 500, CheckMoments);
}
TEST_CASE("profiles of another time and of a simulated policy, at length", "[slow]") {
  CheckLaw(7'200'000, 3'000, CheckMoments);
}
TEST_CASE("facts of everybody in one pass are those of each") {
  CheckLaw(73'000, 300, CheckForEachFacts);
}
TEST_CASE("a store opened again gives the same profiles") {
  CheckLaw(71'000, 60, CheckOpenedAgain);
}
TEST_CASE("a store opened again gives the same profiles, at length", "[slow]") {
  CheckLaw(7'100'000, 600, CheckOpenedAgain);
}

}  // namespace polyonym::harness
