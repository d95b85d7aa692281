// L2: the engine in memory, the engine on its store and the resolver without a store give the same people.
#include "harness/catch.h"
#include "harness/engine_state.h"
#include "laws/law.h"
#include "polyonym/batch/resolve.h"

namespace polyonym::harness {
namespace {

std::string CheckResolver(const History& history) {
  Random random(history.seed ^ 0xba7c4);
  std::unique_ptr<Engine> engine = OpenInMemory(history.policy, history.seed);
  for (const std::span<const Record> batch : RandomBatches(history.records, random))
    Must(engine->Apply(batch).status());
  std::unique_ptr<batch::MemoryResolver> resolver =
      Must(batch::MemoryResolver::Create(history.policy));
  std::vector<Record> shuffled = history.records;
  random.Shuffle(&shuffled);
  for (const Record& record : shuffled) resolver->Add(record);

  const NaiveWorld world(Compile(history.policy), history.records);
  State want, got;
  want.groups = world.state().groups;
  got.groups = resolver->Resolve().groups;
  std::string fault = Difference(want, got);
  if (!fault.empty()) fault = "the resolver:\n" + fault;
  fault += CompareWithNaive(engine->Read(), world, true, false);
  std::uint64_t held = 0;
  for (const NaiveWorld::Entry& entry : world.entries())
    held += entry.stands && entry.outcome == Outcome::kHeld;
  if (resolver->held_records() != held) fault += "the resolver miscounts held records\n";
  if (engine->Read().GetStats().held_records != held)
    fault += "the engine miscounts held records\n";
  return fault;
}

std::string CheckStores(const History& history) {
  Random random(history.seed ^ 0x570e5);
  const TempFolder folder;
  EngineOptions options = LawOptions(history.seed);
  std::unique_ptr<Engine> memory = OpenInMemory(history.policy, history.seed);
  std::unique_ptr<Engine> disk = Must(Engine::Open(folder / "store", options));
  Must(disk->SetPolicy(history.policy).status());
  for (const std::span<const Record> batch : RandomBatches(history.records, random)) {
    const ApplyResult a = Must(memory->Apply(batch));
    const ApplyResult b = Must(disk->Apply(batch));
    if (a.changes != b.changes || a.sequence != b.sequence) return "the feeds differ\n";
  }
  const NaiveWorld world(Compile(history.policy), history.records);
  const std::set<Identifier> named = NamedIdentifiers(world);
  const EngineState a = ReadState(memory->Read(), named);
  const EngineState b = ReadState(disk->Read(), named);
  std::string fault = Difference(a.state, b.state) + CompareWithNaive(disk->Read(), world);
  if (a.profile_of != b.profile_of) fault += "profile ids differ\n";
  return fault;
}

}  // namespace

TEST_CASE("the resolver without a store gives the engine's people") {
  CheckLaw(50'000, 1'500, CheckResolver);
}
TEST_CASE("the resolver without a store gives the engine's people, at length", "[slow]") {
  CheckLaw(5'000'000, 15'000, CheckResolver);
}
TEST_CASE("on disk and in memory people, ids and changes are the same") {
  CheckLaw(60'000, 150, CheckStores);
}
TEST_CASE("on disk and in memory people, ids and changes are the same, at length", "[slow]") {
  CheckLaw(6'000'000, 1'500, CheckStores);
}

}  // namespace polyonym::harness
