// L1, L2, L6 of profiles: after any history of records, retractions, acts, policies and clocks each person has the facts that the definition
// gives them, folded as the definition says.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "harness/engine_state.h"
#include "harness/naive_profile.h"
#include "harness/profile_difference.h"
#include "harness/random_facts.h"
#include "laws/law.h"

namespace polyonym::harness {
namespace {

// The facts of a record are drawn by its content, so that what is sent again is the same again, also in a history that was cut down.
History WithFacts(History history) {
  for (Record& record : history.records) {
    Random random(HashContent(record).low);
    if (record.act == Act::kRetract || random.Chance(25)) continue;
    record.facts = WriteFacts(RandomFacts(random, record.time_ms.value_or(0)));
  }
  Random random(history.seed ^ 0xfac75);
  history.policy.definitions = RandomDefinitions(random);
  Definitions definitions = history.policy.definitions;
  for (HistoryStep& step : history.steps) {
    if (step.kind != HistoryStep::Kind::kPolicy) continue;
    if (random.Chance(50)) definitions = RandomDefinitions(random);
    step.policy.definitions = definitions;
  }
  return history;
}

bool MayTell(Act act) {
  return act == Act::kObserve || act == Act::kBind || act == Act::kMustLink || act == Act::kRename;
}

// Rows by the names of the person whose they are. Of two people of the same names (lives of one value) it has one.
using RowsByPerson = std::map<Group, std::vector<FactRow>>;

RowsByPerson NaiveRows(const NaiveWorld& world, const Definitions& definitions) {
  std::map<NaiveWorld::Nodes, std::vector<FactRow>> rows;
  std::map<NaiveWorld::Nodes, Group> names;
  for (const NaiveWorld::Entry& entry : world.entries()) {
    if (!entry.live || !MayTell(entry.record.act)) continue;
    const auto primary = world.PrimaryOf(entry);
    if (!primary || !world.IsMentioned(*primary)) continue;
    const NaiveWorld::Nodes person = world.GroupOf(*primary);
    names[person] = world.NamesInGroupOf(*primary);
    if (entry.record.facts.empty()) continue;
    FactRow& row = rows[person].emplace_back();
    row.from.source = row.from.record_source = entry.record.source;
    row.from.record_id = entry.record.id;
    row.from.time_ms = entry.record.time_ms.value_or(0);
    row.from.belongs_to = primary->name;
    const auto& known = definitions.identifying;
    row.from.anonymous =
        !known.empty() && std::none_of(entry.verdict.counted.begin(), entry.verdict.counted.end(),
                                       [&](const RecordVerdict::Counted& counted) {
                                         const Identifier name = NaiveWorld::NameOf(entry, counted);
                                         return counted.role == Role::kSelf &&
                                                std::find(known.begin(), known.end(),
                                                          FamilyOf(name.ns)) != known.end();
                                       });
    std::vector<FactFault> faults;
    row.facts = Must(ReadFacts(entry.record.facts, &faults));
    row.left_out = faults.size();
  }
  RowsByPerson out;
  for (const auto& [person, group] : names) out[group] = rows[person];
  return out;
}

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
  return fault;
}

std::string CheckProfiles(const View& view, const NaiveWorld& world, Random& random) {
  const Definitions definitions = view.policy().definitions;
  const RowsByPerson people = NaiveRows(world, definitions);
  ProfileOptions options;
  options.explain = true;
  options.page.limit = 1000;
  options.now_ms = random.Between(900, 1300);
  std::string fault;
  std::map<Group, int> bearers;
  view.ForEachProfile([&](ProfileId, std::span<const Identifier> members) {
    ++bearers[Group(members.begin(), members.end())];
    return true;
  });
  view.ForEachProfile([&](ProfileId id, std::span<const Identifier> members) {
    const Group group(members.begin(), members.end());
    const auto person = people.find(group);
    if (person == people.end() || bearers[group] > 1) return true;
    Profile got = Must(view.ReadProfile(id, options));
    fault += CheckNumbers(view, &got);
    if (got.id != id || got.identifiers != group || got.policy_version != view.policy_version())
      fault += "the head of a profile is wrong\n";
    Profile want = NaiveProfile(definitions, person->second, options, *options.now_ms);
    want.id = got.id;
    want.identifiers = got.identifiers;
    want.policy_version = got.policy_version;
    if (got == want) return true;
    for (const Identifier& member : members) fault += polyonym::ToString(member) + ", ";
    fault += Difference(want, got);
    return fault.empty();
  });
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
TEST_CASE("a store opened again gives the same profiles") {
  CheckLaw(71'000, 60, CheckOpenedAgain);
}
TEST_CASE("a store opened again gives the same profiles, at length", "[slow]") {
  CheckLaw(7'100'000, 600, CheckOpenedAgain);
}

}  // namespace polyonym::harness
