// A store that is written again: what was overwritten or deleted is in none of its files any more.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "harness/catch.h"
#include "store/store_model.h"

namespace polyonym::harness {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCanary = "canary-5d1f";

// Names of files that hold these bytes.
std::set<std::string> FilesWith(const std::string& path, const std::string& bytes) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(path)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    if (text.find(bytes) != std::string::npos) names.insert(entry.path().filename());
  }
  return names;
}

std::set<std::string> DataFiles(const std::string& path) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(path)) {
    const bool of_rows = entry.path().extension() == ".sst" || entry.path().extension() == ".log";
    if (of_rows && entry.file_size() != 0) names.insert(entry.path().filename());
  }
  return names;
}

WriteSet Put(Table table, const std::string& key, const std::string& value) {
  WriteSet writes;
  writes.puts.push_back({table, key, value});
  return writes;
}

}  // namespace

TEST_CASE("after a rewrite no file of before is left and no byte of what was overwritten") {
  const TempFolder folder;
  const std::string path = folder / "store";
  StoreModel model;
  Random random(7);
  std::unique_ptr<Store> store = Must(OpenRocksStore(path, SmallBuffers()));
  const auto commit = [&](const WriteSet& writes) {
    Must(store->Commit(writes, random.Chance(10)));
    model.Commit(writes);
  };
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 200; ++i) {
      for (const Table table : kTables)
        commit(Put(table, "key" + std::to_string(i), kCanary + std::string(100, 'x')));
    }
    const Rows run = {{"run" + std::to_string(round), kCanary}, {"run9", kCanary}};
    Must(store->Ingest(Table::kState, run));
    model.Ingest(Table::kState, run);
    // Some are overwritten, some deleted, and the last of it lies in the write-ahead log and in memory.
    for (const Table table : kTables) {
      for (const auto& [key, value] : ScanRows(*store, table)) {
        if (random.Chance(50)) {
          commit(Put(table, key, "another"));
        } else {
          WriteSet writes;
          writes.erases.push_back({table, key});
          commit(writes);
        }
      }
    }
    if (round == 2) {
      store.reset();
      store = Must(OpenRocksStore(path, SmallBuffers()));
    }
    CHECK_FALSE(FilesWith(path, kCanary).empty());
    const std::set<std::string> before = DataFiles(path);
    Must(store->Rewrite());
    for (const std::string& name : DataFiles(path)) {
      INFO(name);
      CHECK_FALSE(before.contains(name));
    }
    CHECK(FilesWith(path, kCanary).empty());
    CHECK(HoldsAll(*store, model));
  }
  // A store that is rewritten at rest has nothing else to write.
  Must(store->Rewrite());
  store.reset();
  CHECK(HoldsAll(*Must(OpenRocksStore(path, SmallBuffers())), model));
}

TEST_CASE("a rewrite that is ended at any question loses nothing and the next is whole") {
  const TempFolder folder;
  const std::string path = folder / "store";
  StoreModel model;
  const std::unique_ptr<Store> store = Must(OpenRocksStore(path, SmallBuffers()));
  bool ended = true;
  for (int most = 0; ended; ++most) {
    INFO("ended at question " << most);
    for (const Table table : kTables) {
      for (const char* value : {kCanary, "another"}) {
        const WriteSet writes = Put(table, "key", value);
        Must(store->Commit(writes, false));
        model.Commit(writes);
      }
    }
    std::atomic<int> asked{0};
    const absl::Status status = store->Rewrite([&] { return asked.fetch_add(1) < most; });
    ended = absl::IsCancelled(status);
    CHECK((ended || status.ok()));
    if (status.ok()) CHECK(FilesWith(path, kCanary).empty());
    CHECK(HoldsAll(*store, model));
  }
  Must(store->Commit(Put(Table::kLog, "key", "a third"), false));
  model.Commit(Put(Table::kLog, "key", "a third"));
  Must(store->Rewrite());
  CHECK(FilesWith(path, kCanary).empty());
  CHECK(HoldsAll(*store, model));
}

TEST_CASE("others read and write while a store is rewritten") {
  const TempFolder folder;
  const std::string path = folder / "store";
  const std::unique_ptr<Store> store = Must(OpenRocksStore(path, SmallBuffers()));
  for (int i = 0; i < 2'000; ++i)
    Must(store->Commit(Put(Table::kLog, "key" + std::to_string(i), kCanary), false));
  for (int i = 0; i < 2'000; ++i)
    Must(store->Commit(Put(Table::kLog, "key" + std::to_string(i), "another"), false));
  std::atomic<bool> enough{false};
  std::thread writer([&] {
    for (int i = 0; !enough; ++i) {
      Must(store->Commit(Put(Table::kFeed, "row" + std::to_string(i), "value"), false));
      if (i % 50 == 0) Must(store->Ingest(Table::kState, {{"s" + std::to_string(i), "v"}}));
    }
  });
  bool all_read = true;
  std::thread reader([&] {
    while (!enough) all_read = all_read && ScanRows(*store, Table::kLog).size() == 2'000;
  });
  for (int i = 0; i < 3; ++i) Must(store->Rewrite());
  enough = true;
  writer.join();
  reader.join();
  CHECK(all_read);
  CHECK(FilesWith(path, kCanary).empty());
}

TEST_CASE("what an ingestion that was cut short left is gone when the store is opened") {
  const TempFolder folder;
  const std::string path = folder / "store";
  Must(OpenRocksStore(path, {}).status());
  std::ofstream(path + "/ingest-7.tmp") << kCanary;
  const std::unique_ptr<Store> store = Must(OpenRocksStore(path, {}));
  CHECK_FALSE(fs::exists(path + "/ingest-7.tmp"));
}

}  // namespace polyonym::harness
