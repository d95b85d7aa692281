// What a call did is written behind it: a crash may take the rows that say so and leave the call. Opening makes them again, the same: with
// the causes that whoever made the call was told, however the log cut its records into frames.
#include <memory>
#include <string>
#include <vector>

#include "crash/answers.h"
#include "crash/told_plan.h"
#include "engine/feed.h"
#include "harness/catch.h"
#include "harness/engine_state.h"
#include "polyonym/engine/repair.h"

namespace polyonym::harness {
namespace {

// The rows of the feed of a call, of any graph. Returns how many there were.
std::size_t LoseRows(const std::string& path, std::uint64_t sequence) {
  const std::unique_ptr<Store> store = Must(OpenRocksStore(path, RocksStoreOptions()));
  WriteSet writes;
  Must(store->Scan(Table::kFeed, "", "", [&](std::string_view key, std::string_view) {
    if (engine::FeedSequence(key) == sequence)
      writes.erases.push_back({Table::kFeed, std::string(key)});
    return true;
  }));
  if (!writes.empty()) Must(store->Commit(writes, true));
  return writes.erases.size();
}

// The rows of each call of a plan are lost behind it. Returns how many were.
std::size_t LoseRowsOf(std::uint64_t seed) {
  const Plan plan = MakeToldPlan(seed);
  const Lane& lane = plan.lanes[0];
  const Expected expected(plan);
  EngineOptions options = CrashOptions(seed, Durability::kWal);
  options.checkpoint_log_bytes = 0;
  const TempFolder folder;
  std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", options));
  std::size_t lost = 0;
  for (std::size_t i = 0; i < lane.size(); ++i) {
    if (lane[i].kind == Step::Kind::kCheckpoint) continue;
    const std::uint64_t before = engine->Read().sequence();
    Must(Run(lane[i], engine.get()).status());
    const std::uint64_t sequence = engine->Read().sequence();
    // An erasure ends with a checkpoint, and what a checkpoint has is not made again.
    if (sequence == before || lane[i].kind == Step::Kind::kErase) continue;
    engine.reset();
    lost += LoseRows(folder / "store", sequence);
    engine = Must(Engine::Open(folder / "store", options));
    std::string fault;
    expected.Find(Must(ReadAnswers(*engine)), i + 1, i + 1, &fault);
    INFO("seed " << seed << ", step " << i << ", " << NameOf(lane[i]));
    REQUIRE(fault == "");
  }
  return lost;
}

void LosePlans(std::uint64_t seed, std::size_t plans) {
  std::size_t lost = 0;
  for (std::size_t i = 0; i < plans; ++i) lost += LoseRowsOf(seed + i);
  WARN(lost << " rows of the feed lost, seeds " << seed << " to " << seed + plans - 1);
  CHECK(lost > plans);
}

}  // namespace

TEST_CASE("rows of the feed that a crash took come back as they were") { LosePlans(7'000, 25); }
TEST_CASE("rows of the feed that a crash took come back as they were at length", "[slow]") {
  LosePlans(7'000'000, 300);
}

}  // namespace polyonym::harness
