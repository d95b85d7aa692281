// Whether the store on disk knows that its writes stall.
#include "store/write_stalls.h"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "harness/catch.h"
#include "store/store_model.h"

namespace polyonym::harness {
namespace {

using Condition = rocksdb::WriteStallCondition;

void Turn(WriteStalls& stalls, const char* table, Condition from, Condition to) {
  rocksdb::WriteStallInfo info;
  info.cf_name = table;
  info.condition.prev = from;
  info.condition.cur = to;
  stalls.OnStallConditionsChanged(info);
}

}  // namespace

TEST_CASE("writes stall as long as one table slows or stops them, and every change is told") {
  WriteStalls stalls;
  std::vector<bool> told;
  stalls.Watch([&] { told.push_back(stalls.any()); });
  CHECK(told.empty());
  Turn(stalls, "log", Condition::kNormal, Condition::kDelayed);
  Turn(stalls, "feed", Condition::kNormal, Condition::kStopped);
  Turn(stalls, "log", Condition::kDelayed, Condition::kStopped);
  Turn(stalls, "log", Condition::kStopped, Condition::kNormal);
  CHECK(told == std::vector<bool>{true, true, true, true});
  Turn(stalls, "feed", Condition::kStopped, Condition::kNormal);
  CHECK(told.back() == false);
  CHECK_FALSE(stalls.any());
}

TEST_CASE("who begins to watch while writes stall is told at once") {
  WriteStalls stalls;
  Turn(stalls, "log", Condition::kNormal, Condition::kStopped);
  int told = 0;
  stalls.Watch([&] { ++told; });
  CHECK(told == 1);
}

TEST_CASE("a store on disk that is written to faster than it flushes is known to stall") {
  const TempFolder folder;
  std::atomic<int> stalled{0};
  RocksStoreOptions options;
  options.write_buffer_bytes = std::size_t{64} << 10;
  const std::unique_ptr<Store> store = Must(OpenRocksStore(folder / "store", options));
  store->WatchStalls([&, s = store.get()] { stalled += s->WritesStalled() ? 1 : 0; });
  for (int i = 0; i < 2'000 && stalled == 0; ++i) {
    WriteSet writes;
    writes.puts.push_back({Table::kLog, std::to_string(i), std::string(60'000, 'x')});
    Must(store->Commit(writes, false));
  }
  CHECK(stalled > 0);
}

}  // namespace polyonym::harness
