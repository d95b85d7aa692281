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
    const auto policy = Compile(history.policy);
    std::unique_ptr<Engine> engine = OpenInMemory(history.policy, seed);
    Must(engine->Apply(history.records).status());
    const NaiveWorld world(policy, history.records);
    const std::string fault = CompareWithNaive(engine->Read(), world);
    INFO(fault << "seed " << seed);
    REQUIRE(fault.empty());
    const EngineState got = ReadState(engine->Read(), NamedIdentifiers(world));
    std::erase_if(unseen, [&](Flip flip) {
      return !Difference(NaiveWorld(policy, history.records, flip).state(), got.state).empty();
    });
  });
  std::string names;
  for (const Flip flip : unseen) names += std::string(ToString(flip)) + "; ";
  INFO("never noticed: " << names);
  CHECK((unseen.empty() || OneSeedOnly()));
}

}  // namespace polyonym::harness
