// The second executor over a store: an index that is refreshed now and then says of everybody what evaluating them says.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/catch.h"
#include "harness/engine_state.h"
#include "laws/law.h"
#include "laws/with_segments.h"
#include "polyonym/engine/segment_index.h"
#include "polyonym/engine/segments.h"

namespace polyonym::harness {
namespace {

struct Seen {
  int compared = 0, read_some = 0, read_all = 0;
};
Seen seen;

// The index against everybody evaluated one by one, and against what the engine keeps.
std::string Compare(const SegmentIndex& index, const View& view) {
  const Definitions definitions = view.policy().definitions;
  const SegmentReader kept = Must(SegmentReader::Make(view));
  const SegmentReader judged = Must(SegmentReader::Make(view, {.definitions = definitions}));
  std::vector<SegmentPlanner::Verdicts> verdicts;
  for (std::size_t s = 0; s < definitions.segments.size(); ++s)
    verdicts.push_back(index.planner().Evaluate(s));
  std::string fault;
  std::uint64_t people = 0;
  view.ForEachProfile([&](ProfileId id, std::span<const Identifier>) {
    ++people;
    const auto want = Must(judged.Of(id));
    for (std::size_t s = 0; s < want.size(); ++s) {
      const auto number = static_cast<std::uint32_t>(id.value);
      if (verdicts[s].unknown.Contains(number) != !want[s] ||
          verdicts[s].members.Contains(number) != (want[s] == true))
        fault += "the index says otherwise of " + std::to_string(number) + ": " +
                 definitions.segments[s].expression + "\n";
    }
    return true;
  });
  if (index.planner().people().size() != people) fault += "the index has other people\n";
  if (!definitions.segments.empty()) {
    const SegmentCounts counts = Must(kept.Count());
    for (std::size_t s = 0; s < counts.segments.size(); ++s) {
      if (index.planner().Count(s) != counts.segments[s].members) fault += "it counts otherwise\n";
    }
  }
  ++seen.compared;
  return fault;
}

std::string Check(const History& plain) {
  const History history = WithSegments(plain);
  if (history.steps.empty()) return "";
  Random random(history.seed ^ 0x1dec);
  const std::unique_ptr<Engine> engine = OpenInMemory(history.policy, history.seed);
  std::unique_ptr<SegmentIndex> index = Must(SegmentIndex::Build(engine->Read()));
  std::string fault;
  ApplySteps(*engine, history, random, [&](std::size_t done, const ApplyResult&) {
    if (!fault.empty() || random.Chance(60)) return;
    const View view = engine->Read();
    const SegmentIndex::Refreshed refreshed = Must(index->Refresh(view));
    ++(refreshed.all ? seen.read_all : seen.read_some);
    fault = Compare(*index, view);
    if (!fault.empty()) fault += "after step " + std::to_string(done) + "\n";
  });
  return fault;
}

}  // namespace

TEST_CASE("an index that is refreshed says of everybody what evaluating them says") {
  seen = {};
  CheckLaw(76'000, 150, Check);
  if (OneSeedOnly()) return;
  CHECK(seen.compared > 0);
  CHECK(seen.read_some > 0);
  CHECK(seen.read_all > 0);
}
TEST_CASE("an index that is refreshed says what evaluating says at length", "[slow]") {
  CheckLaw(7'600'000, 2'000, Check);
}

}  // namespace polyonym::harness
