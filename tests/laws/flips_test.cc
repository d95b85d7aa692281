// Whether the comparison of engine and definition can see a defect: with any one condition of the definition turned wrong,
// some history must differ.
#include <set>

#include "harness/catch.h"
#include "harness/engine_state.h"

namespace polyonym::harness {

TEST_CASE("every condition of the rule, turned wrong, shows in the comparison with the engine") {
  std::set<Flip> unseen;
  for (int i = 1; i < static_cast<int>(Flip::kCount); ++i) unseen.insert(static_cast<Flip>(i));
  ForEachSeed(30'000, 2'000, [&](std::uint64_t seed) {
    if (unseen.empty()) return;
    HistoryShape shape;
    if (seed % 2 == 0) shape.extra_must_links = 60;
    const History history = RandomHistory(seed, shape);
    Random random(seed ^ 0xf11b);
    std::unique_ptr<Engine> engine = OpenInMemory(history.policy, seed);
    ApplySteps(*engine, history, random);
    // What an earlier policy counted is known for ever, and gone now; the definition knows no earlier policy.
    const bool compare_gone = !HasStep(history, HistoryStep::Kind::kPolicy);
    const NaiveWorld world = WorldAt(history, history.steps.size());
    const std::string fault = CompareWithNaive(engine->Read(), world, compare_gone);
    INFO(fault << "seed " << seed);
    REQUIRE(fault.empty());
    // So the engine holds the state of `world`.
    const auto policy = Compile(FinalPolicy(history));
    std::erase_if(unseen, [&](Flip flip) {
      State wrong = NaiveWorld(policy, history.records, FinalClock(history), flip).state();
      if (!compare_gone) wrong.gone = world.state().gone;
      return wrong != world.state();
    });
  });
  std::string names;
  for (const Flip flip : unseen) names += std::string(ToString(flip)) + "; ";
  INFO("never noticed: " << names);
  CHECK((unseen.empty() || OneSeedOnly()));
}

}  // namespace polyonym::harness
