// What only a sealed store does; that it is a store like any is in tests/store/conformance_test.cc.
#include "polyonym/privacy/sealed_store.h"

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "harness/random.h"
#include "store/store_model.h"

namespace polyonym::harness {
namespace {

using std::string_literals::operator""s;

const std::string kMaster(32, 'm');
const std::string kOtherMaster(32, 'n');

// The disk below a sealed store: it outlives it, and may refuse to be written to.
struct Disk {
  std::unique_ptr<Store> store = OpenMemoryStore();
  int writes_left = 1 << 30;
  std::function<void()> was_read;  // called where many rows were
};

class OnDiskBelow : public Store {
 public:
  explicit OnDiskBelow(std::shared_ptr<Disk> disk) : disk_(std::move(disk)) {}
  absl::StatusOr<std::optional<std::string>> Get(Table table, std::string_view key,
                                                 const StoreSnapshot* snapshot) const override {
    return disk_->store->Get(table, key, snapshot);
  }
  absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      Table table, std::span<const std::string> keys,
      const StoreSnapshot* snapshot) const override {
    auto values = disk_->store->MultiGet(table, keys, snapshot);
    if (disk_->was_read) disk_->was_read();
    return values;
  }
  absl::Status Scan(Table table, std::string_view from, std::string_view to, const RowVisitor& row,
                    const StoreSnapshot* snapshot) const override {
    return disk_->store->Scan(table, from, to, row, snapshot);
  }
  absl::StatusOr<std::optional<std::string>> LastKey(Table table) const override {
    return disk_->store->LastKey(table);
  }
  std::shared_ptr<const StoreSnapshot> Snapshot() const override {
    return disk_->store->Snapshot();
  }
  absl::Status Commit(const WriteSet& writes, bool sync) override {
    if (disk_->writes_left-- <= 0) return absl::UnavailableError("the disk is full");
    return disk_->store->Commit(writes, sync);
  }
  absl::Status Sync() override { return disk_->store->Sync(); }
  absl::Status IngestFrom(Table table, const RowSource& rows) override {
    if (disk_->writes_left-- <= 0) return absl::UnavailableError("the disk is full");
    return disk_->store->IngestFrom(table, rows);
  }
  absl::Status CopyTo(const std::string& path) const override { return disk_->store->CopyTo(path); }
  std::uint64_t ApproximateBytes() const override { return disk_->store->ApproximateBytes(); }

 private:
  const std::shared_ptr<Disk> disk_;
};

std::unique_ptr<SealedStore> OpenOn(const std::shared_ptr<Disk>& disk,
                                    const std::string& master = kMaster) {
  return Must(OpenSealedStore(std::make_unique<OnDiskBelow>(disk), Must(MakeKeyKeeper(master))));
}

absl::Status CannotOpen(const std::shared_ptr<Disk>& disk, std::shared_ptr<KeyKeeper> keeper) {
  return OpenSealedStore(std::make_unique<OnDiskBelow>(disk), std::move(keeper)).status();
}

using DiskRow = std::pair<Table, Row>;

// Every row on the disk.
std::vector<DiskRow> RowsOn(const Disk& disk) {
  std::vector<DiskRow> all;
  for (const Table table : kTables) {
    for (Row& row : ScanRows(*disk.store, table)) all.emplace_back(table, std::move(row));
  }
  return all;
}

// Those that hold a sealed value.
std::vector<DiskRow> SealedRowsOn(const Disk& disk) {
  std::vector<DiskRow> all = RowsOn(disk);
  std::erase_if(all, [](const DiskRow& row) { return row.second.first == "\0keys"s; });
  return all;
}

std::set<std::uint32_t> EpochsOn(const Disk& disk) {
  std::set<std::uint32_t> epochs;
  for (const DiskRow& row : SealedRowsOn(disk))
    epochs.insert(static_cast<unsigned char>(row.second.second.at(1)));
  return epochs;
}

void PutBack(const DiskRow& row, Disk* disk) {
  Must(disk->store->Commit(Puts(row.first, {row.second}), false));
}

// A keeper whose answers can be spoilt.
class SpoiltKeeper : public KeyKeeper {
 public:
  std::function<absl::StatusOr<std::string>(std::string_view)> wrap, unwrap;
  int calls = 0;

  absl::StatusOr<std::string> Wrap(std::string_view key) override {
    ++calls;
    return wrap ? wrap(key) : Must(MakeKeyKeeper(kMaster))->Wrap(key);
  }
  absl::StatusOr<std::string> Unwrap(std::string_view wrapped) override {
    ++calls;
    return unwrap ? unwrap(wrapped) : Must(MakeKeyKeeper(kMaster))->Unwrap(wrapped);
  }
};

std::string ReadWhole(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// Files below `folder` that hold `canary`.
std::vector<std::string> FilesWith(const std::string& folder, const std::string& canary) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && ReadWhole(entry.path()).find(canary) != std::string::npos)
      found.push_back(entry.path().filename().string());
  }
  return found;
}

}  // namespace

// ---- what the disk sees ----

TEST_CASE("no file of a sealed store has a byte of a value") {
  const TempFolder folder;
  const std::string canary = "canary-13800138000";
  const auto fill = [&](Store& store) {
    WriteSet writes;
    for (const Table table : kTables) writes.puts.push_back({table, "row", "[" + canary + "]"});
    Must(store.Commit(writes, true));
    Must(store.Ingest(Table::kState, {{"run", "[" + canary + "]"}}));
    Must(store.CopyTo(folder / (std::filesystem::exists(folder / "copy") ? "copy2" : "copy")));
  };
  {
    const auto store = Must(OpenSealedStore(Must(OpenRocksStore(folder / "store", SmallBuffers())),
                                            Must(MakeKeyKeeper(kMaster))));
    fill(*store);
    CHECK(FilesWith(folder.path(), canary).empty());
    Must(store->RotateKeys());
    Must(store->Reseal());
    CHECK(FilesWith(folder.path(), canary).empty());
    CHECK(FilesWith(folder.path(), kMaster).empty());
  }
  CHECK(FilesWith(folder.path(), canary).empty());
  // The search finds what is there.
  fill(*Must(OpenRocksStore(folder / "plain", SmallBuffers())));
  CHECK_FALSE(FilesWith(folder / "plain", canary).empty());
}

TEST_CASE("a row takes 33 bytes more than its value or less where it can be packed") {
  const auto disk = std::make_shared<Disk>();
  const auto store = OpenOn(disk);
  Random random(1);
  for (const std::size_t size : {0, 1, 100, 1'000, 20'000}) {
    std::string noise;
    for (std::size_t i = 0; i < size; ++i) noise.push_back(static_cast<char>(random.Below(256)));
    for (const Table table : kTables) {
      const std::string key = table == Table::kMeta ? "\1key" : "key";
      const auto bytes_of = [&](const std::string& value) {
        Must(store->Commit(Puts(table, {{"key", value}}), false));
        CHECK(Must(store->Get(table, "key")) == value);
        return Must(disk->store->Get(table, key))->size();
      };
      CHECK(bytes_of(noise) == size + 33);
      const bool packs = size >= 1'000 && (table == Table::kLog || table == Table::kState);
      const std::size_t bytes = bytes_of(std::string(size, 'v'));
      CHECK((packs ? bytes < size / 4 : bytes == size + 33));
    }
  }
}

TEST_CASE("nonces never repeat nor do copies that go on under one key") {
  const auto disk = std::make_shared<Disk>(), copy = std::make_shared<Disk>();
  { OpenOn(disk); }
  for (const DiskRow& row : RowsOn(*disk)) PutBack(row, copy.get());
  std::set<std::string> nonces;
  std::size_t rows = 0;
  for (const auto& one : {disk, copy}) {
    for (int opening = 0; opening < 20; ++opening) {
      const auto store = OpenOn(one);
      for (int i = 0; i < 50; ++i) {
        Must(store->Commit(Puts(Table::kLog, {{"same key", "same value"}}), false));
        nonces.insert(Must(one->store->Get(Table::kLog, "same key"))->substr(5, 12));
        ++rows;
      }
      Must(store->Ingest(Table::kState, {{"a", ""}, {"b", ""}}));
      for (const char* key : {"a", "b"}) {
        nonces.insert(Must(one->store->Get(Table::kState, key))->substr(5, 12));
        ++rows;
      }
    }
  }
  CHECK(nonces.size() == rows);
}

TEST_CASE("a value that was moved to another key or table or store is data loss") {
  const auto disk = std::make_shared<Disk>(), other = std::make_shared<Disk>();
  const auto store = OpenOn(disk), stranger = OpenOn(other);
  WriteSet writes;
  for (const Table table : kTables) {
    writes.puts.push_back({table, "a", "value a"});
    writes.puts.push_back({table, "b", "value b"});
  }
  Must(store->Commit(writes, false));
  Must(stranger->Commit(writes, false));
  for (const DiskRow& to : SealedRowsOn(*disk)) {
    const std::string key = to.first == Table::kMeta ? to.second.first.substr(1) : to.second.first;
    for (const auto& from_disk : {disk, other}) {
      for (const DiskRow& from : SealedRowsOn(*from_disk)) {
        if (from == to) continue;
        PutBack({to.first, {to.second.first, from.second.second}}, disk.get());
        REQUIRE(absl::IsDataLoss(store->Get(to.first, key).status()));
        REQUIRE(absl::IsDataLoss(store->MultiGet(to.first, std::vector{key}).status()));
        REQUIRE(absl::IsDataLoss(store->Scan(to.first, "", "", [](auto, auto) { return true; })));
      }
    }
    PutBack(to, disk.get());
    CHECK(Must(store->Get(to.first, key)) == "value " + key);
  }
}

TEST_CASE("a value with a changed bit or a lost byte never opens") {
  for (const auto& [table, value] : std::vector<std::pair<Table, std::string>>{
           {Table::kFeed, "the value"}, {Table::kLog, std::string(1'000, 'v')}}) {
    const auto disk = std::make_shared<Disk>();
    const auto store = OpenOn(disk);
    Must(store->Commit(Puts(table, {{"key", value}}), false));
    const DiskRow row = SealedRowsOn(*disk).at(0);
    const std::string sealed = row.second.second;
    const auto get = [&](const std::string& bytes) {
      PutBack({row.first, {row.second.first, bytes}}, disk.get());
      return store->Get(table, "key").status();
    };
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
      std::string changed = sealed;
      changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
      const absl::Status status = get(changed);
      INFO("bit " << bit << ": " << status);
      // A changed form may be one that this library does not know.
      REQUIRE((absl::IsDataLoss(status) || (bit < 8 && absl::IsFailedPrecondition(status))));
      CHECK(std::string(status.message()).find("value ") != std::string::npos);
      CHECK(std::string(status.message()).find(value) == std::string::npos);
    }
    for (std::size_t size = 0; size < sealed.size(); ++size)
      REQUIRE(absl::IsDataLoss(get(sealed.substr(0, size))));
    std::string other_form = sealed;
    other_form[0] = static_cast<char>(3 - other_form[0]);
    CHECK(absl::IsDataLoss(get(other_form)));
    Must(get(sealed));
  }
}

// ---- the right key, the wrong one, none ----

TEST_CASE("a store is sealed from its making on or never") {
  const auto disk = std::make_shared<Disk>();
  const auto without_keys = [](const std::shared_ptr<Disk>& one) {
    return WithKeys(std::make_unique<OnDiskBelow>(one), nullptr);
  };
  Must(without_keys(disk));
  CHECK(RowsOn(*disk).empty());
  { OpenOn(disk); }
  const absl::Status without = without_keys(disk).status();
  CHECK(absl::IsFailedPrecondition(without));
  CHECK_THAT(std::string(without.message()), HoldsText("sealed"));
  Must(WithKeys(std::make_unique<OnDiskBelow>(disk), Must(MakeKeyKeeper(kMaster))));
  for (const Table table : kTables) {
    const auto plain = std::make_shared<Disk>();
    Must(plain->store->Commit(Puts(table, {{"header", "in plain"}}), false));
    const std::vector<DiskRow> before = RowsOn(*plain);
    const absl::Status status = CannotOpen(plain, Must(MakeKeyKeeper(kMaster)));
    CHECK(absl::IsFailedPrecondition(status));
    CHECK_THAT(std::string(status.message()), HoldsText("in plain"));
    CHECK(RowsOn(*plain) == before);
    CHECK(ScanRows(*Must(without_keys(plain)), table) == Rows{{"header", "in plain"}});
  }
  CHECK(absl::IsInvalidArgument(OpenSealedStore(OpenMemoryStore(), nullptr).status()));
  CHECK(absl::IsInvalidArgument(OpenSealedStore(nullptr, Must(MakeKeyKeeper(kMaster))).status()));
}

TEST_CASE("a wrong key is permission denied and changes nothing") {
  const auto disk = std::make_shared<Disk>();
  Must(OpenOn(disk)->Commit(Puts(Table::kLog, {{"key", "value"}}), false));
  const std::vector<DiskRow> before = RowsOn(*disk);
  const absl::Status wrong = CannotOpen(disk, Must(MakeKeyKeeper(kOtherMaster)));
  CHECK(absl::IsPermissionDenied(wrong));
  CHECK_THAT(std::string(wrong.message()), HoldsText("the key does not open this store"));
  // A keeper that does not notice by itself.
  for (const std::string& answer : {std::string(32, 'k'), std::string("short"), std::string()}) {
    const auto keeper = std::make_shared<SpoiltKeeper>();
    keeper->unwrap = [&](std::string_view) { return answer; };
    CHECK(absl::IsPermissionDenied(CannotOpen(disk, keeper)));
  }
  const auto away = std::make_shared<SpoiltKeeper>();
  away->unwrap = [](std::string_view) { return absl::UnavailableError("no answer"); };
  CHECK(absl::IsUnavailable(CannotOpen(disk, away)));
  CHECK(RowsOn(*disk) == before);
  CHECK(Must(OpenOn(disk)->Get(Table::kLog, "key")) == "value");
}

TEST_CASE("a keeper that fails makes no store") {
  const auto fails = std::make_shared<SpoiltKeeper>();
  fails->wrap = [](std::string_view) { return absl::UnavailableError("no answer"); };
  const auto forgets = std::make_shared<SpoiltKeeper>();
  forgets->wrap = [](std::string_view) { return std::string("nothing of the key"); };
  const auto mixes = std::make_shared<SpoiltKeeper>();
  mixes->unwrap = [](std::string_view) { return std::string(32, 'k'); };
  const auto disk = std::make_shared<Disk>();
  CHECK(absl::IsUnavailable(CannotOpen(disk, fails)));
  CHECK(absl::IsInternal(CannotOpen(disk, forgets)));
  CHECK(absl::IsInternal(CannotOpen(disk, mixes)));
  CHECK(RowsOn(*disk).empty());
  disk->writes_left = 0;
  CHECK(absl::IsUnavailable(CannotOpen(disk, Must(MakeKeyKeeper(kMaster)))));
  CHECK(RowsOn(*disk).empty());
}

TEST_CASE("a damaged row of keys is told from a wrong key") {
  const auto disk = std::make_shared<Disk>();
  {
    const auto store = OpenOn(disk);
    Must(store->RotateKeys());
  }
  const std::string row = *Must(disk->store->Get(Table::kMeta, "\0keys"s));
  const auto open = [&](const std::string& bytes) {
    PutBack({Table::kMeta, {"\0keys"s, bytes}}, disk.get());
    return CannotOpen(disk, Must(MakeKeyKeeper(kMaster)));
  };
  for (std::size_t bit = 0; bit < row.size() * 8; ++bit) {
    std::string changed = row;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    const absl::Status status = open(changed);
    INFO("bit " << bit << ": " << status);
    REQUIRE((absl::IsDataLoss(status) || (bit < 8 && absl::IsFailedPrecondition(status))));
  }
  for (std::size_t size = 0; size < row.size(); ++size)
    REQUIRE(absl::IsDataLoss(open(row.substr(0, size))));
  CHECK(absl::IsDataLoss(open(row + "x")));
  Must(open(row));
}

TEST_CASE("a sealed store gives out no scratch file in plain") {
  const TempFolder folder;
  const auto store = Must(OpenSealedStore(Must(OpenRocksStore(folder / "store", SmallBuffers())),
                                          Must(MakeKeyKeeper(kMaster))));
  const absl::Status status = store->ScratchFile().status();
  CHECK(absl::IsFailedPrecondition(status));
  CHECK_THAT(std::string(status.message()), HoldsText("keys"));
  CHECK_THAT(std::string(status.message()), HoldsText("memory_budget_bytes"));
}

// ---- other keys ----

TEST_CASE("what is written after a rotation is under the new key and what was there stays open") {
  const auto disk = std::make_shared<Disk>();
  {
    const auto store = OpenOn(disk);
    CHECK(store->epoch() == 1);
    Must(store->Commit(Puts(Table::kLog, {{"a", "first"}}), false));
    Must(store->RotateKeys());
    CHECK(store->epoch() == 2);
    Must(store->Commit(Puts(Table::kLog, {{"b", "second"}}), false));
    Must(store->Ingest(Table::kState, {{"c", "third"}}));
    CHECK(Must(store->Get(Table::kLog, "a")) == "first");
  }
  CHECK(Must(disk->store->Get(Table::kLog, "a"))->at(1) == 1);
  CHECK(Must(disk->store->Get(Table::kLog, "b"))->at(1) == 2);
  CHECK(Must(disk->store->Get(Table::kState, "c"))->at(1) == 2);
  const auto store = OpenOn(disk);
  CHECK(store->epoch() == 2);
  CHECK(ScanRows(*store, Table::kLog) == Rows{{"a", "first"}, {"b", "second"}});
}

TEST_CASE("a pass that seals again leaves the newest key alone") {
  const auto disk = std::make_shared<Disk>();
  auto store = OpenOn(disk);
  StoreModel model;
  for (int i = 0; i < 3; ++i) {
    for (const Table table : kTables) {
      Rows rows;
      for (int key = i * 700; key < i * 700 + 1'500; ++key)
        rows.emplace_back(std::to_string(100'000 + key), "value " + std::to_string(i));
      Must(store->Ingest(table, rows));
      model.Ingest(table, rows);
    }
    Must(store->RotateKeys());
  }
  CHECK(EpochsOn(*disk) == std::set<std::uint32_t>{1, 2, 3});
  const auto then = store->Snapshot();
  std::uint64_t seen = 0;
  Must(store->Reseal([&](std::uint64_t rows) {
    CHECK(rows >= seen);
    seen = rows;
  }));
  CHECK(seen == SealedRowsOn(*disk).size());
  CHECK(EpochsOn(*disk) == std::set<std::uint32_t>{4});
  CHECK(HoldsAll(*store, model));
  CHECK(HoldsAll(*store, model, then.get()));
  store.reset();
  store = OpenOn(disk);
  CHECK(store->epoch() == 4);
  CHECK(HoldsAll(*store, model));
  // The keys of before are nowhere any more.
  const auto counting = std::make_shared<SpoiltKeeper>();
  Must(CannotOpen(disk, counting));
  CHECK(counting->calls == 1);
}

TEST_CASE("a row that is written while it is sealed again is the one that stays") {
  const auto disk = std::make_shared<Disk>();
  const auto store = OpenOn(disk);
  Must(store->Commit(Puts(Table::kFeed, {{"key", "old"}}), false));
  Must(store->RotateKeys());
  std::thread writer;
  std::atomic<bool> wrote{false};
  // The pass has read the row, and will write it: whoever writes now has to wait, or would be overwritten.
  disk->was_read = [&] {
    writer = std::thread([&] {
      Must(store->Commit(Puts(Table::kFeed, {{"key", "new"}}), false));
      wrote = true;
    });
    for (int i = 0; i < 100'000 && !wrote; ++i) std::this_thread::yield();
  };
  Must(store->Reseal());
  REQUIRE(writer.joinable());
  writer.join();
  CHECK(Must(store->Get(Table::kFeed, "key")) == "new");
}

TEST_CASE("writers lose nothing to a pass that seals again") {
  const auto disk = std::make_shared<Disk>();
  const auto store = OpenOn(disk);
  constexpr int kKeys = 3'000;
  const auto key = [](int i) { return std::to_string(10'000 + i); };
  Rows rows;
  for (int i = 0; i < kKeys; ++i) rows.emplace_back(key(i), "0");
  Must(store->Ingest(Table::kState, rows));
  std::atomic<bool> stop{false};
  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  std::vector<std::vector<int>> last(2, std::vector<int>(kKeys, 0));  // of each writer's own keys
  for (int w = 0; w < 2; ++w) {
    threads.emplace_back([&, w] {
      Random random(static_cast<std::uint64_t>(w));
      for (int value = 1; !stop; ++value) {
        const int i = static_cast<int>(random.Below(kKeys / 2)) * 2 + w;
        const Rows one = {{key(i), std::to_string(value)}};
        const bool ok = value % 3 == 0 ? store->Ingest(Table::kState, one).ok()
                                       : store->Commit(Puts(Table::kState, one), false).ok();
        if (!ok) ++failed;
        last[static_cast<std::size_t>(w)][static_cast<std::size_t>(i)] = value;
      }
    });
  }
  for (int round = 0; round < 5; ++round) {
    Must(store->RotateKeys());
    Must(store->Reseal());
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 0);
  for (int i = 0; i < kKeys; ++i) {
    REQUIRE(Must(store->Get(Table::kState, key(i))) ==
            std::to_string(last[static_cast<std::size_t>(i % 2)][static_cast<std::size_t>(i)]));
  }
}

TEST_CASE("a change of the master key leaves the rows and shuts the old one out") {
  const auto disk = std::make_shared<Disk>();
  std::vector<DiskRow> rows;
  {
    const auto store = OpenOn(disk);
    Must(store->Commit(Puts(Table::kLog, {{"a", "first"}}), false));
    Must(store->RotateKeys());
    Must(store->Commit(Puts(Table::kLog, {{"b", "second"}}), false));
    rows = SealedRowsOn(*disk);
    CHECK(absl::IsInvalidArgument(store->Rewrap(nullptr)));
    Must(store->Rewrap(Must(MakeKeyKeeper(kOtherMaster))));
    CHECK(SealedRowsOn(*disk) == rows);
    Must(store->RotateKeys());  // by the new keeper
  }
  CHECK(absl::IsPermissionDenied(CannotOpen(disk, Must(MakeKeyKeeper(kMaster)))));
  const auto store = OpenOn(disk, kOtherMaster);
  CHECK(store->epoch() == 3);
  CHECK(ScanRows(*store, Table::kLog) == Rows{{"a", "first"}, {"b", "second"}});
}

TEST_CASE("a keeper or a disk that fails in a change of keys leaves the keys of before") {
  const auto disk = std::make_shared<Disk>();
  const auto keeper = std::make_shared<SpoiltKeeper>();
  auto store = Must(OpenSealedStore(std::make_unique<OnDiskBelow>(disk), keeper));
  Must(store->Commit(Puts(Table::kLog, {{"a", "first"}}), false));
  const std::vector<DiskRow> before = RowsOn(*disk);
  keeper->wrap = [](std::string_view) { return absl::UnavailableError("no answer"); };
  CHECK(absl::IsUnavailable(store->RotateKeys()));
  const auto spoilt = std::make_shared<SpoiltKeeper>();
  spoilt->wrap = [](std::string_view) { return std::string("nothing of the key"); };
  CHECK(absl::IsInternal(store->Rewrap(spoilt)));
  keeper->wrap = {};
  disk->writes_left = 0;
  CHECK(absl::IsUnavailable(store->RotateKeys()));
  CHECK(absl::IsUnavailable(store->Rewrap(Must(MakeKeyKeeper(kOtherMaster)))));
  disk->writes_left = 1 << 30;
  CHECK(RowsOn(*disk) == before);
  CHECK(store->epoch() == 1);
  Must(store->Commit(Puts(Table::kLog, {{"b", "second"}}), false));
  store.reset();
  CHECK(ScanRows(*OpenOn(disk), Table::kLog) == Rows{{"a", "first"}, {"b", "second"}});
}

TEST_CASE("a pass that is cut off anywhere has lost nothing and is done again") {
  StoreModel model;
  for (int fail_at = 0;; ++fail_at) {
    INFO("write " << fail_at);
    const auto disk = std::make_shared<Disk>();
    auto store = OpenOn(disk);
    for (const Table table : kTables) {
      Rows rows;
      for (int i = 0; i < 1'200; ++i) rows.emplace_back(std::to_string(10'000 + i), "value");
      Must(store->Ingest(table, rows));
      if (fail_at == 0) model.Ingest(table, rows);
    }
    Must(store->RotateKeys());
    disk->writes_left = fail_at;
    const absl::Status status = store->Reseal();
    disk->writes_left = 1 << 30;
    store.reset();  // the process dies
    store = OpenOn(disk);
    REQUIRE(HoldsAll(*store, model));
    if (status.ok()) {
      REQUIRE(fail_at > 2 * kTableCount);
      break;
    }
    REQUIRE(absl::IsUnavailable(status));
    Must(store->Reseal());
    REQUIRE(HoldsAll(*store, model));
    REQUIRE(EpochsOn(*disk) == std::set<std::uint32_t>{2});
  }
}

namespace {

// Rows, snapshots and keys at random, against a map. The first answer that was wrong; empty: none.
std::string RunHistory(std::uint64_t seed) {
  Random random(seed);
  const auto disk = std::make_shared<Disk>();
  std::string master = kMaster;
  auto store = OpenOn(disk, master);
  StoreModel model;
  std::vector<std::pair<std::shared_ptr<const StoreSnapshot>, StoreModel>> pins;
  const auto random_rows = [&] {
    std::map<std::string, std::string> rows;
    for (std::uint64_t i = random.Below(6); i > 0; --i)
      rows[std::string(random.Below(3), "\0a\xff"[random.Below(3)])] =
          std::to_string(random.Below(1'000));
    return Rows(rows.begin(), rows.end());
  };
  for (int step = 0; step < 60; ++step) {
    const Table table = kTables[random.Below(kTables.size())];
    const std::uint64_t act = random.Below(100);
    if (act < 45) {
      WriteSet writes = Puts(table, random_rows());
      for (const auto& [key, value] : random_rows()) writes.erases.push_back({table, key});
      Must(store->Commit(writes, false));
      model.Commit(writes);
    } else if (act < 60) {
      const Rows rows = random_rows();
      Must(store->Ingest(table, rows));
      model.Ingest(table, rows);
    } else if (act < 70) {
      Must(store->RotateKeys());
    } else if (act < 78) {
      Must(store->Reseal());
    } else if (act < 84) {
      master = master == kMaster ? kOtherMaster : kMaster;
      Must(store->Rewrap(Must(MakeKeyKeeper(master))));
    } else if (act < 92) {
      pins.emplace_back(store->Snapshot(), model);
    } else {
      pins.clear();
      store.reset();
      store = OpenOn(disk, master);
    }
    if (!HoldsAll(*store, model)) return "the store after step " + std::to_string(step);
    for (const Table one : kTables) {
      if (Must(store->LastKey(one)) != model.LastKey(one)) return "LastKey";
    }
  }
  for (const auto& [snapshot, then] : pins) {
    if (!HoldsAll(*store, then, snapshot.get())) return "a snapshot";
  }
  return "";
}

}  // namespace

TEST_CASE("after any history of rows and keys the store answers as a map would") {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    INFO("seed " << seed);
    REQUIRE(RunHistory(seed) == "");
  }
}

TEST_CASE("after any history of rows and keys the store answers as a map would at length",
          "[slow]") {
  for (std::uint64_t seed = 1'000'000; seed < 1'010'000; ++seed) {
    INFO("seed " << seed);
    REQUIRE(RunHistory(seed) == "");
  }
}

}  // namespace polyonym::harness
