// Stores on disk that share: what one leaves unwritten does not stay in everybody's way, and what runs out is named.
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>

#include "harness/catch.h"
#include "store/store_model.h"

namespace polyonym::harness {
namespace {

std::unique_ptr<Store> Open(const std::string& path, const std::shared_ptr<RocksShare>& share) {
  RocksStoreOptions options;
  options.share = share;
  return Must(OpenRocksStore(path, options));
}

void Write(Store& store, int number, std::size_t bytes) {
  Must(store.Commit(Puts(Table::kLog, {{std::to_string(number), std::string(bytes, 'x')}}), false));
}

bool HasTables(const std::string& path) {
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.path().extension() == ".sst") return true;
  }
  return false;
}

// While it lives, this process may open no file more.
class NoHandles {
 public:
  NoHandles() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit tight{3, before_.rlim_max};  // what is open stays open
    ::setrlimit(RLIMIT_NOFILE, &tight);
  }
  ~NoHandles() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoHandles(const NoHandles&) = delete;
  NoHandles& operator=(const NoHandles&) = delete;

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("a store that nobody writes to any more is flushed when others need the buffers") {
  const TempFolder folder;
  const auto share = std::make_shared<RocksShare>(std::size_t{1} << 20, std::size_t{4} << 20);
  const std::unique_ptr<Store> still = Open(folder / "still", share);
  const std::unique_ptr<Store> busy = Open(folder / "busy", share);
  Write(*still, 0, 500'000);
  CHECK(share->write_buffered_bytes() >= 500'000);
  CHECK_FALSE(HasTables(folder / "still"));
  for (int i = 0; i < 16; ++i) Write(*busy, i, 100'000);  // 2.1 MB of 4
  while (!HasTables(folder / "still")) std::this_thread::yield();
  CHECK_FALSE(HasTables(folder / "busy"));
  CHECK(Must(still->Get(Table::kLog, "0")) == std::string(500'000, 'x'));
}

TEST_CASE("the buffers of all stores together stay near their bound") {
  constexpr std::size_t kBound = std::size_t{1} << 20;
  const TempFolder folder;
  const auto share = std::make_shared<RocksShare>(std::size_t{1} << 20, kBound);
  std::vector<std::unique_ptr<Store>> stores;
  for (int i = 0; i < 8; ++i) stores.push_back(Open(folder / std::to_string(i), share));
  for (int round = 0; round < 50; ++round) {
    for (const auto& store : stores) Write(*store, round, 50'000);  // 20 MB in all
  }
  while (share->write_buffered_bytes() > 2 * kBound) std::this_thread::yield();
  for (const auto& store : stores) CHECK(ScanRows(*store, Table::kLog).size() == 50);
}

TEST_CASE("a store that shares may be opened by itself afterwards, and the other way round") {
  const TempFolder folder;
  const auto share = std::make_shared<RocksShare>(std::size_t{1} << 20, std::size_t{1} << 20);
  Write(*Must(OpenRocksStore(folder / "store", {})), 1, 10);
  Write(*Open(folder / "store", share), 2, 10);
  CHECK(ScanRows(*Must(OpenRocksStore(folder / "store", {})), Table::kLog).size() == 2);
}

TEST_CASE("where no file handle is left the error says so, and nothing is harmed") {
  const TempFolder folder;
  const auto share = std::make_shared<RocksShare>(std::size_t{1} << 20, std::size_t{1} << 20);
  Write(*Open(folder / "store", share), 1, 10);
  RocksStoreOptions options;
  options.share = share;
  absl::Status refused;
  {
    const NoHandles none;
    refused = OpenRocksStore(folder / "store", options).status();
  }
  INFO(refused.ToString());
  CHECK(absl::IsResourceExhausted(refused));
  CHECK_THAT(std::string(refused.message()), HoldsText("ulimit -n"));
  CHECK(ScanRows(*Open(folder / "store", share), Table::kLog).size() == 1);
}

}  // namespace polyonym::harness
