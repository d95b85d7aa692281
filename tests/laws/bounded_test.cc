// L2: with a budget of memory people, ids and changes are those of a store that has all it wants.
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "harness/disk_folder.h"
#include "harness/engine_state.h"
#include "laws/law.h"
#include "polyonym/store/page_memory.h"

namespace polyonym::harness {
namespace {

// Random histories are small: the budget is the least that there is, and the store is opened again on the way.
std::string CheckBounded(const DiskFolder& folder, std::uint64_t* dropped, const History& history) {
  Random random(history.seed ^ 0xb0d6e7);
  const std::string path = folder.path() / std::to_string(history.seed);
  std::filesystem::remove_all(path);
  EngineOptions options = LawOptions(history.seed);
  options.memory_budget_bytes = PageMemory::kMinBudgetBytes;
  std::unique_ptr<Engine> memory = OpenInMemory(history.policy, history.seed);
  std::unique_ptr<Engine> bounded = Must(Engine::Open(path, options));
  Must(bounded->SetPolicy(history.policy).status());
  for (const std::span<const Record> batch : RandomBatches(history.records, random)) {
    const ApplyResult a = Must(memory->Apply(batch));
    const ApplyResult b = Must(bounded->Apply(batch));
    if (a.changes != b.changes || a.sequence != b.sequence) return "the feeds differ\n";
    if (!random.Chance(10)) continue;
    if (random.Chance(50)) Must(bounded->Checkpoint());
    *dropped += bounded->Metrics().paged.dropped_pages;
    bounded.reset();
    bounded = Must(Engine::Open(path, options));
  }
  *dropped += bounded->Metrics().paged.dropped_pages;
  const NaiveWorld world(Compile(history.policy), history.records);
  const std::set<Identifier> named = NamedIdentifiers(world);
  const EngineState a = ReadState(memory->Read(), named);
  const EngineState b = ReadState(bounded->Read(), named);
  std::string fault = Difference(a.state, b.state) + CompareWithNaive(bounded->Read(), world) +
                      CheckVerify(bounded->Read());
  if (a.profile_of != b.profile_of) fault += "profile ids differ\n";
  bounded.reset();
  std::filesystem::remove_all(path);
  return fault;
}

void CheckLawBounded(std::uint64_t first_seed, std::size_t count) {
  const DiskFolder folder;
  std::uint64_t dropped = 0;
  CheckLaw(first_seed, count, [&](const History& h) { return CheckBounded(folder, &dropped, h); });
  if (folder.on_disk()) CHECK(dropped > 0);
}

}  // namespace

TEST_CASE("with a budget of memory people, ids and changes are the same") {
  CheckLawBounded(61'000, 60);
}
TEST_CASE("with a budget of memory people, ids and changes are the same, at length", "[slow]") {
  CheckLawBounded(6'100'000, 600);
}

}  // namespace polyonym::harness
