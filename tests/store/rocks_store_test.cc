// What a store on disk does besides: it is opened again, meets folders that are not its own, and
// disks that fail.
#include <rocksdb/db.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/catch.h"
#include "harness/full_disk.h"
#include "store/store_model.h"

namespace polyonym::harness {
namespace {

namespace fs = std::filesystem;

std::set<std::string> FilesIn(const std::string& path) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(path)) names.insert(entry.path().filename());
  return names;
}

// A database of somebody else's, with what `fill` puts into it.
void MakeDatabase(const std::string& path, const std::function<void(rocksdb::DB&)>& fill) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  REQUIRE(rocksdb::DB::Open(options, path, &opened).ok());
  const std::unique_ptr<rocksdb::DB> db(opened);
  fill(*db);
}

}  // namespace

TEST_CASE("a store opened again has all that was committed and ingested, synced or not") {
  const TempFolder folder;
  StoreModel model;
  for (int round = 0; round < 4; ++round) {
    const std::unique_ptr<Store> store = Must(OpenRocksStore(folder / "store", SmallBuffers()));
    REQUIRE(HoldsAll(*store, model));
    const std::string n = std::to_string(round);
    WriteSet writes = Puts(Table::kLog, {{"log" + n, std::string(70'000, 'x')}, {"same", n}});
    if (round > 0) writes.erases.push_back({Table::kState, "s" + std::to_string(round - 1)});
    Must(store->Commit(writes, round % 2 == 0));
    model.Commit(writes);
    const Rows rows = {{"s" + n, n}, {"t", n}};
    Must(store->Ingest(Table::kState, rows));
    model.Ingest(Table::kState, rows);
  }
  CHECK(HoldsAll(*Must(OpenRocksStore(folder / "store", {})), model));
}

TEST_CASE("an empty folder is made a store, but not where none is to be made") {
  const TempFolder folder;
  RocksStoreOptions options;
  options.create_if_missing = false;
  CHECK(absl::IsNotFound(OpenRocksStore(folder.path(), options).status()));
  CHECK(FilesIn(folder.path()).empty());
  CHECK(absl::IsNotFound(OpenRocksStore(folder / "deep/down", options).status()));
  CHECK(FilesIn(folder.path()).empty());
  CHECK(OpenRocksStore(folder.path(), {}).ok());
  CHECK(OpenRocksStore(folder.path(), options).ok());
  CHECK(OpenRocksStore(folder / "deep/down", {}).ok());
}

TEST_CASE("a database of somebody else's is not opened, and keeps what it has") {
  const TempFolder folder;
  MakeDatabase(folder / "rows", [](rocksdb::DB& db) { REQUIRE(db.Put({}, "key", "mine").ok()); });
  MakeDatabase(folder / "families", [](rocksdb::DB& db) {
    rocksdb::ColumnFamilyHandle* family = nullptr;
    REQUIRE(db.CreateColumnFamily({}, "theirs", &family).ok());
    REQUIRE(db.DestroyColumnFamilyHandle(family).ok());
  });
  for (const char* name : {"rows", "families"}) {
    INFO(name);
    const auto opened = OpenRocksStore(folder / name, {});
    REQUIRE_FALSE(opened.ok());
    CHECK(absl::IsFailedPrecondition(opened.status()));
  }
  MakeDatabase(folder / "rows", [](rocksdb::DB& db) {  // opens: no table of ours was added
    std::string value;
    CHECK(db.Get({}, "key", &value).ok());
    CHECK(value == "mine");
  });
  std::vector<std::string> families;
  REQUIRE(rocksdb::DB::ListColumnFamilies({}, folder / "families", &families).ok());
  CHECK(families == std::vector<std::string>{"default", "theirs"});
}

TEST_CASE("a store whose making was cut short is made to the end") {
  const TempFolder folder;
  MakeDatabase(folder / "store", [](rocksdb::DB& db) {
    rocksdb::ColumnFamilyHandle* family = nullptr;
    REQUIRE(db.CreateColumnFamily({}, "log", &family).ok());
    REQUIRE(db.DestroyColumnFamilyHandle(family).ok());
  });
  const std::unique_ptr<Store> store = Must(OpenRocksStore(folder / "store", {}));
  for (const Table table : kTables) Must(store->Commit(Puts(table, {{"key", "value"}}), false));
}

TEST_CASE("what an ingestion that was cut short left behind is in nobody's way") {
  const TempFolder folder;
  Must(OpenRocksStore(folder / "store", {}).status());
  const std::set<std::string> before = FilesIn(folder / "store");
  for (const char* name : {"ingest-0.tmp", "ingest-1.tmp", "ingest-2.tmp"}) {
    std::ofstream(folder / "store" + "/" + name) << "half a file";
  }
  const std::unique_ptr<Store> store = Must(OpenRocksStore(folder / "store", {}));
  Must(store->Ingest(Table::kState, {{"a", "1"}}));
  Must(store->Ingest(Table::kState, {{"b", "2"}}));
  CHECK(ScanRows(*store, Table::kState) == Rows{{"a", "1"}, {"b", "2"}});
}

TEST_CASE("a table whose end rots says so and ends no process") {
  const TempFolder folder;
  {
    const std::unique_ptr<Store> store = Must(OpenRocksStore(folder / "store", SmallBuffers()));
    Must(store->Ingest(Table::kState, {{"key", "value"}}));
  }
  std::string table;
  for (const std::string& name : FilesIn(folder / "store")) {
    if (name.ends_with(".sst")) table = folder / "store/" + name;
  }
  REQUIRE(!table.empty());
  std::string bytes;
  {
    std::ifstream in(table, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  const auto write = [&](const std::string& what) {
    std::ofstream(table, std::ios::binary)
        .write(what.data(), static_cast<std::streamsize>(what.size()));
  };
  // The list of its properties ends with a number of restarts, whose highest bit says that there is an index of hashes; the footer says how much
  // memory blocks take.
  std::size_t refused = 0, told = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string rotten = bytes;
    rotten[at] = static_cast<char>(rotten[at] ^ 0x80);
    write(rotten);
    const auto store = OpenRocksStore(folder / "store", SmallBuffers());
    std::optional<std::string> value;
    const absl::Status status = store.ok() ? [&] {
      auto got = (*store)->Get(Table::kState, "key");
      if (got.ok()) value = *std::move(got);
      return got.status();
    }() : store.status();
    INFO("byte " << at << ": " << status.ToString());
    REQUIRE((status.ok() ? value == "value" : absl::IsDataLoss(status)));
    told += status.ok() ? 0 : 1;
    refused +=
        status.message().find("footer or properties are rotten") != std::string::npos ? 1 : 0;
  }
  CHECK(refused > 1);
  CHECK(told > bytes.size() / 2);
  write(bytes);
  CHECK(Must(Must(OpenRocksStore(folder / "store", {}))->Get(Table::kState, "key")) == "value");
}

TEST_CASE("a bit that flips in the list of tables takes none of them away") {
  const TempFolder folder;
  for (int i = 0; i < 3; ++i) {
    const std::unique_ptr<Store> store = Must(OpenRocksStore(folder / "store", SmallBuffers()));
    Must(store->Ingest(Table::kState, {{"key" + std::to_string(i), "value"}}));
  }
  std::string manifest;
  std::getline(std::ifstream(folder / "store/CURRENT"), manifest);
  manifest = folder / "store/" + manifest;
  std::ifstream in(manifest, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  const auto write = [&](const std::string& what) {
    std::ofstream(manifest, std::ios::binary)
        .write(what.data(), static_cast<std::streamsize>(what.size()));
  };
  std::string current;
  std::getline(std::ifstream(folder / "store/CURRENT"), current, '\0');
  for (std::size_t bit = 0; bit < 8 * bytes.size(); bit += 1 + bit % 3) {
    std::string rotten = bytes;
    rotten[bit / 8] = static_cast<char>(rotten[bit / 8] ^ 1 << bit % 8);
    write(rotten);
    std::ofstream(folder / "store/CURRENT") << current;
    INFO("bit " << bit);
    REQUIRE(absl::IsDataLoss(OpenRocksStore(folder / "store", SmallBuffers()).status()));
  }
  // A record that was being written when the process died is no loss.
  for (const std::size_t left : {bytes.size() - 1, bytes.size() - 8}) {
    write(bytes.substr(0, left));
    std::ofstream(folder / "store/CURRENT") << current;
    CHECK(OpenRocksStore(folder / "store", SmallBuffers()).ok());
  }
}

TEST_CASE("a value whose bytes changed on disk is DataLoss, never another value") {
  const TempFolder folder;
  Rows rows;
  Random random(1);
  for (int i = 100; i < 300; ++i) {
    std::string value(100, '\0');  // of bytes that do not compress
    for (char& byte : value) byte = static_cast<char>(random.Below(256));
    rows.emplace_back("key" + std::to_string(i), value);
  }
  Must(Must(OpenRocksStore(folder / "store", {}))->Ingest(Table::kLog, rows));
  int changed = 0;
  for (const auto& entry : fs::directory_iterator(folder / "store")) {
    if (entry.path().extension() != ".sst") continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    const auto middle = static_cast<std::streamoff>(entry.file_size() / 3);
    file.seekg(middle);
    const int byte = file.get();
    file.seekp(middle);
    file.put(static_cast<char>(byte ^ 1));
    ++changed;
  }
  REQUIRE(changed == 1);
  const std::unique_ptr<Store> store = Must(OpenRocksStore(folder / "store", {}));
  bool lost = false;
  for (const auto& [key, value] : rows) {
    const auto got = store->Get(Table::kLog, key);
    if (got.ok()) {
      CHECK(*got == value);
    } else {
      CHECK(absl::IsDataLoss(got.status()));
      lost = true;
    }
  }
  CHECK(lost);
  const auto scanned = store->Scan(Table::kLog, "", "", [](auto, auto) { return true; });
  CHECK(absl::IsDataLoss(scanned));
}

TEST_CASE(
    "after a write that failed the store is read-only, and opened again it has what was "
    "acknowledged") {
  const TempFolder folder;
  StoreModel model;
  {
    const std::unique_ptr<Store> store = Must(OpenRocksStore(folder / "store", {}));
    const WriteSet kept = Puts(Table::kLog, {{"a", "1"}, {"b", "2"}});
    Must(store->Commit(kept, true));
    model.Commit(kept);
    WriteSet lost = Puts(Table::kLog, {{"c", std::string(200'000, 'x')}});
    lost.puts.push_back({Table::kFeed, "c", "goes with it"});
    absl::Status failed;
    {
      const FullDisk full(50'000);
      failed = store->Commit(lost, true);
    }
    CHECK(absl::IsUnavailable(failed));
    CHECK(HoldsAll(*store, model));
    CHECK(absl::IsFailedPrecondition(store->Commit(Puts(Table::kLog, {{"d", "4"}}), false)));
    CHECK(absl::IsFailedPrecondition(store->Commit(Puts(Table::kLog, {{"d", "4"}}), true)));
    CHECK(absl::IsFailedPrecondition(store->Ingest(Table::kState, {{"d", "4"}})));
    CHECK(absl::IsFailedPrecondition(store->Sync()));
    CHECK(HoldsAll(*store, model));
  }
  const std::unique_ptr<Store> store = Must(OpenRocksStore(folder / "store", {}));
  CHECK(HoldsAll(*store, model));
  Must(store->Commit(Puts(Table::kLog, {{"d", "4"}}), true));
}

}  // namespace polyonym::harness
