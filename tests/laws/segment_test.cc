// L7 of segments as they are read: at every moment, membership is what the definition says of the records, and of everybody together
// what it says of each.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "harness/engine_state.h"
#include "harness/naive_segment.h"
#include "harness/told.h"
#include "laws/law.h"
#include "laws/with_segments.h"
#include "polyonym/engine/segments.h"

namespace polyonym::harness {
namespace {

// A view, or a moment.
template <class Reader>
std::string CheckSegments(const Reader& people, const NaiveWorld& world, Random& random,
                          int* members) {
  const Policy policy = people.policy();
  if constexpr (std::is_same_v<Reader, Moment>) {
    // Whose number a life has may differ in a moment.
    for (const NamespacePolicy& ns : policy.namespaces) {
      if (ns.validity_ms != 0) return "";
    }
  }
  const std::int64_t now = random.Between(900, 1'300);
  const SegmentReader reader = Must(SegmentReader::Make(people, {.now_ms = now}));
  const ToldByPerson told = NaiveFacts(world, policy.definitions);
  const CompiledSegments& segments = reader.segments();
  std::vector<SegmentCount> counts;
  for (const SegmentDefinition& segment : policy.definitions.segments)
    counts.push_back({segment.name, 0, 0});
  std::map<std::string, std::vector<ProfileId>> in;
  std::uint64_t everybody = 0;
  std::string fault;
  std::vector<Person> all;
  Must(people.ForEachPerson([&](const Person& person) {
    all.push_back(person);
    return true;
  }));
  std::map<Group, int> bearers;
  for (const Person& person : all) ++bearers[person.identifiers];
  for (const Person& person : all) {
    ++everybody;
    const std::vector<std::optional<bool>> got = Must(reader.Of(person.id));
    for (std::size_t s = 0; s < got.size(); ++s) {
      counts[s].members += got[s] == true ? 1 : 0;
      *counts[s].unknown += got[s] ? 0 : 1;
      if (got[s] == true) in[counts[s].name].push_back(person.id);
    }
    if (bearers[person.identifiers] > 1) continue;  // lives of one name, of which the model has one
    const auto at = told.find(person.identifiers);
    const std::vector<FactRow> rows = at == told.end() ? std::vector<FactRow>() : at->second.rows;
    if (at != told.end() && at->second.anchor != person.anchor) fault += "the anchor is another\n";
    for (std::size_t s = 0; s < got.size(); ++s) {
      const std::optional<bool> want = NaiveIsMember(policy.definitions, rows, person.identifiers,
                                                     person.anchor, now, segments.name(s));
      *members += want == true ? 1 : 0;
      if (want == got[s]) continue;
      fault += "otherwise in " + policy.definitions.segments[s].expression + "\n";
      if (Must(reader.Explain(segments.name(s), person.id)).verdict != got[s])
        fault += "and explained otherwise than said\n";
    }
  }
  const SegmentCounts counted = Must(reader.Count(true));
  if (counted.people != everybody || counted.segments != counts)
    fault += "the counts are not those of each person\n";
  for (const SegmentCount& count : counts) {
    const SegmentMembers page = Must(reader.Members(count.name, {.limit = 1'000}));
    std::vector<ProfileId> got;
    for (const SegmentMember& member : page.page) got.push_back(member.profile);
    std::vector<ProfileId> want = in[count.name];
    std::sort(want.begin(), want.end());
    if (got != want || page.total != want.size()) fault += "the members are not those of each\n";
  }
  return fault;
}

int members = 0;  // that were met: a law about nobody would hold

std::string Check(const History& plain) {
  const History history = WithSegments(plain);
  if (history.steps.empty()) return "";
  Random random(history.seed ^ 0x9f0f11e);
  const std::unique_ptr<Engine> engine = OpenInMemory(history.policy, history.seed);
  std::string fault;
  const std::size_t stop = random.Below(history.steps.size()) + 1;
  std::uint64_t then = 0;
  std::size_t at = 0;
  ApplySteps(*engine, history, random, [&](std::size_t done, const ApplyResult&) {
    if (!fault.empty()) return;
    if (done <= stop || then == 0) {
      then = engine->Read().sequence();
      at = done;
    }
    if (done < history.steps.size() && random.Below(history.steps.size()) >= 2) return;
    fault = CheckSegments(engine->Read(), WorldAt(history, done), random, &members);
  });
  if (!fault.empty() || then == 0) return fault;
  fault = CheckSegments(Must(engine->Read().AsKnown(then)), WorldAt(history, at), random, &members);
  return fault.empty() ? "" : "as known: " + fault;
}

}  // namespace

TEST_CASE("membership is what the definitions say of each person and of all") {
  members = 0;
  CheckLaw(74'000, 500, Check);
  CHECK(members > 0);
}
TEST_CASE("membership is what the definitions say of each and all at length", "[slow]") {
  CheckLaw(7'400'000, 4'000, Check);
}

}  // namespace polyonym::harness
