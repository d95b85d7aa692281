// Folders and stores that are not what they seem: said clearly, touched never.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/bytes.h"
#include "harness/catch.h"
#include "harness/engine_state.h"
#include "hostile/store_rows.h"
#include "polyonym/batch/resolve.h"
#include "polyonym/store/store.h"

namespace polyonym::harness {
namespace {

std::vector<Record> SomeRecords() { return RandomHistory(4).records; }
Policy SomePolicy() { return RandomHistory(4).policy; }

void MakeStore(const std::string& path, bool checkpoint) {
  std::unique_ptr<Engine> engine = Must(Engine::Open(path, LawOptions(0)));
  Must(engine->SetPolicy(SomePolicy()).status());
  const std::vector<Record> records = SomeRecords();
  const std::size_t half = records.size() / 2;
  Must(engine->Apply(std::span(records).first(half)).status());
  if (checkpoint) Must(engine->Checkpoint());
  Must(engine->Apply(std::span(records).subspan(half)).status());
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void PutRow(const std::string& path, const StoreRow& row) {
  const std::unique_ptr<Store> store = Must(OpenRocksStore(path, {}));
  WriteSet writes;
  writes.puts.push_back({row.table, row.key, row.value});
  Must(store->Commit(writes, true));
}

}  // namespace

TEST_CASE("a store opened twice says that it is busy, and the first goes on") {
  const TempFolder folder;
  std::unique_ptr<Engine> first = Must(Engine::Open(folder / "store", LawOptions(0)));
  const auto second = Engine::Open(folder / "store", LawOptions(0));
  REQUIRE_FALSE(second.ok());
  CHECK(absl::IsUnavailable(second.status()));
  CHECK_THAT(std::string(second.status().message()), HoldsText("busy"));
  Must(first->SetPolicy(SomePolicy()).status());
  Must(first->Apply(SomeRecords()).status());
  first.reset();
  CHECK(Engine::Open(folder / "store", LawOptions(0)).ok());
}

TEST_CASE("a folder that holds something else is left as it is") {
  const TempFolder folder;
  std::filesystem::create_directories(folder / "photos");
  std::ofstream(folder / "photos/notes.txt") << "mine";
  const auto opened = Engine::Open(folder / "photos", LawOptions(0));
  REQUIRE_FALSE(opened.ok());
  CHECK(absl::IsFailedPrecondition(opened.status()));
  CHECK(ReadFile(folder / "photos/notes.txt") == "mine");
  CHECK(std::distance(std::filesystem::directory_iterator(folder / "photos"), {}) == 1);
}

TEST_CASE("a path that is a file, or lies under one, is an error") {
  const TempFolder folder;
  std::ofstream(folder / "file") << "mine";
  CHECK_FALSE(Engine::Open(folder / "file", LawOptions(0)).ok());
  CHECK_FALSE(Engine::Open(folder / "file/store", LawOptions(0)).ok());
  CHECK_FALSE(Engine::Open("", LawOptions(0)).ok());
  CHECK(ReadFile(folder / "file") == "mine");
}

TEST_CASE("a store that is not there is not made where that is not wanted") {
  const TempFolder folder;
  EngineOptions options = LawOptions(0);
  options.create_if_missing = false;
  options.rocks.create_if_missing = false;
  const auto opened = Engine::Open(folder / "store", options);
  REQUIRE_FALSE(opened.ok());
  CHECK(absl::IsNotFound(opened.status()));
}

TEST_CASE("options out of range are refused") {
  EngineOptions options = LawOptions(0);
  for (const int bits : {0, -1, 65}) {
    options.hash_bits = bits;
    CHECK(absl::IsInvalidArgument(Engine::OpenInMemory(options).status()));
  }
  options = LawOptions(0);
  options.group_ms = 0;
  CHECK(absl::IsInvalidArgument(Engine::OpenInMemory(options).status()));
  const auto refused = [](const RecordLimits& limits) {
    EngineOptions with = LawOptions(0);
    with.record_limits = limits;
    const bool by_engine = absl::IsInvalidArgument(Engine::OpenInMemory(with).status());
    return by_engine &&
           absl::IsInvalidArgument(batch::MemoryResolver::Create(Policy(), limits).status());
  };
  CHECK(refused({.max_identifiers = 1}));
  CHECK(refused({.max_identifiers = 10'001}));
  CHECK(refused({.max_value_bytes = 15}));
  CHECK(refused({.max_value_bytes = 65'537}));
  CHECK(refused({.max_facts_bytes = (std::size_t{16} << 20) + 1}));
  CHECK(refused({.max_ahead_ms = -1}));
}

TEST_CASE("a store of a newer format is not opened, whichever part is newer") {
  for (const Table table : {Table::kMeta, Table::kLog, Table::kState}) {
    const TempFolder folder;
    MakeStore(folder / "store", true);
    std::vector<StoreRow> rows = AllRows(folder / "store");
    std::reverse(rows.begin(), rows.end());  // the last of the log, which no checkpoint covers
    bool found = false;
    for (StoreRow& row : rows) {
      if (row.table != table || row.value.size() < 9 || found) continue;
      // The payload as it is, sealed again by a library that writes version 200.
      const auto payload = engine::OpenValue(255, row.key, row.value);
      if (!payload.ok()) continue;
      row.value = engine::SealValue(200, row.key, std::string(*payload));
      PutRow(folder / "store", row);
      found = true;
    }
    INFO("table " << static_cast<int>(table));
    REQUIRE(found);
    const auto opened = Engine::Open(folder / "store", LawOptions(0));
    if (opened.ok()) {
      // A checkpoint that cannot be read may be left aside: the log is the truth.
      CHECK(table == Table::kState);
      CHECK(CompareWithNaive((*opened)->Read(), NaiveWorld(Compile(SomePolicy()), SomeRecords())) ==
            "");
    } else {
      CHECK(absl::IsFailedPrecondition(opened.status()));
      CHECK_THAT(std::string(opened.status().message()), HoldsText("newer"));
    }
  }
}

TEST_CASE("a byte changed in any row is noticed: an error, or the state as it was, never another") {
  const TempFolder folder;
  MakeStore(folder / "store", true);
  const std::vector<StoreRow> rows = AllRows(folder / "store");
  REQUIRE(rows.size() >= 4);
  const NaiveWorld world(Compile(SomePolicy()), SomeRecords());
  Random random(7);
  std::set<Table> noticed;
  for (int i = 0; i < 40; ++i) {
    const StoreRow& row =
        rows[static_cast<std::size_t>(i) < rows.size() ? static_cast<std::size_t>(i)
                                                       : random.Below(rows.size())];
    StoreRow broken = row;
    if (i % 3 == 0) {
      broken.value.resize(random.Below(broken.value.size()));
    } else {
      broken.value[random.Below(broken.value.size())] ^= static_cast<char>(1 << random.Below(8));
    }
    PutRow(folder / "store", broken);
    INFO("table " << static_cast<int>(row.table) << ", change " << i);
    auto opened = Engine::Open(folder / "store", LawOptions(0));
    if (opened.ok()) {
      std::string fault;
      try {
        fault = CompareWithNaive((*opened)->Read(), world);
        const auto changes = (*opened)->Read().Changes(0, 1'000'000);
        if (!changes.ok()) noticed.insert(row.table);
      } catch (const std::exception&) {
        noticed.insert(row.table);
      }
      // Reading a record of a broken frame is an error of the question; groups never differ.
      const EngineState got = ReadState((*opened)->Read(), NamedIdentifiers(world), false);
      State want = world.state();
      want.links.clear();
      CHECK(Difference(want, got.state) == "");
    } else {
      noticed.insert(row.table);
      CHECK((absl::IsDataLoss(opened.status()) || absl::IsFailedPrecondition(opened.status())));
    }
    if (opened.ok()) opened->reset();
    PutRow(folder / "store", row);
  }
  CHECK(noticed.contains(Table::kLog));
  CHECK(noticed.contains(Table::kMeta));
}

TEST_CASE(
    "whatever stands in rows whose checksums fit, a store opens or is an error, and what opens can "
    "be used") {
  const TempFolder folder;
  MakeStore(folder / "store", true);
  const std::vector<StoreRow> rows = AllRows(folder / "store");
  const std::vector<Record> more = RandomHistory(5).records;
  std::size_t opened = 0, refused = 0;
  ForEachSeed(1, 3'000, [&](std::uint64_t seed) {
    CAPTURE(seed);
    Random random(seed);
    std::unique_ptr<Store> store = OpenMemoryStore();
    WriteSet writes;
    const std::size_t victim = random.Below(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::string value = rows[i].value;
      if (i == victim) {
        const auto version = static_cast<std::uint8_t>(value[0]);
        std::string payload(Must(engine::OpenValue(version, rows[i].key, value)));
        for (std::uint64_t n = 1 + random.Below(3); n > 0 && !payload.empty(); --n) {
          payload[random.Below(payload.size())] =
              static_cast<char>(random.Chance(50) ? random.Below(256) : 0xff);
        }
        if (random.Chance(10)) payload.resize(random.Below(2 * payload.size() + 1));
        value = engine::SealValue(version, rows[i].key, payload);
      }
      writes.puts.push_back({rows[i].table, rows[i].key, value});
    }
    Must(store->Commit(writes, true));
    const auto engine = Engine::OpenOn(std::move(store), LawOptions(0));
    if (!engine.ok()) {
      ++refused;
      REQUIRE_FALSE(engine.status().message().empty());
      return;
    }
    ++opened;
    (*engine)->Apply(more).IgnoreError();
    (*engine)->Read().Verify().IgnoreError();
  });
  CHECK((OneSeedOnly() || (opened > 0 && refused > 0)));
}

TEST_CASE("a store whose log ends before its checkpoint is not opened") {
  const TempFolder folder;
  MakeStore(folder / "store", true);
  std::unique_ptr<Store> store = OpenMemoryStore();
  WriteSet writes;
  for (const StoreRow& row : AllRows(folder / "store")) {
    if (row.table != Table::kLog || engine::FromBigEndianKey(row.key) < 2)
      writes.puts.push_back({row.table, row.key, row.value});
  }
  Must(store->Commit(writes, true));
  const auto engine = Engine::OpenOn(std::move(store), LawOptions(0));
  REQUIRE(absl::IsDataLoss(engine.status()));
  CHECK_THAT(std::string(engine.status().message()), HoldsText("synced records are missing"));
}

TEST_CASE("a checkpoint is not read with another hash seed than it was written with") {
  const TempFolder folder;
  MakeStore(folder / "store", true);
  EngineOptions options = LawOptions(0);
  options.hash_seed = 77;
  CHECK(absl::IsFailedPrecondition(Engine::Open(folder / "store", options).status()));
}

TEST_CASE("a policy that could not be read back is refused, and the store opens again") {
  const TempFolder folder;
  MakeStore(folder / "store", false);
  {
    std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", LawOptions(0)));
    Policy policy = SomePolicy();
    policy.name = "\xff\xfe";
    CHECK(absl::IsInvalidArgument(engine->SetPolicy(policy).status()));
    policy = SomePolicy();
    policy.undeclared = static_cast<Undeclared>(9);
    CHECK(absl::IsInvalidArgument(engine->SetPolicy(policy).status()));
    policy = SomePolicy();
    policy.namespaces[0].sensitivity = static_cast<Sensitivity>(9);
    CHECK(absl::IsInvalidArgument(engine->SetPolicy(policy).status()));
  }
  CHECK(Engine::Open(folder / "store", LawOptions(0)).ok());
}

TEST_CASE("a log with a hole in it is not opened") {
  const TempFolder folder;
  {
    std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", LawOptions(0)));
    Must(engine->SetPolicy(SomePolicy()).status());
    for (const Record& record : SomeRecords()) Must(engine->Apply(std::span(&record, 1)).status());
  }
  std::vector<StoreRow> frames;
  for (const StoreRow& row : AllRows(folder / "store")) {
    if (row.table == Table::kLog) frames.push_back(row);
  }
  REQUIRE(frames.size() > 5);
  {
    const std::unique_ptr<Store> store = Must(OpenRocksStore(folder / "store", {}));
    WriteSet writes;
    writes.erases.push_back({Table::kLog, frames[frames.size() / 2].key});
    Must(store->Commit(writes, true));
  }
  const auto opened = Engine::Open(folder / "store", LawOptions(0));
  REQUIRE_FALSE(opened.ok());
  CHECK(absl::IsDataLoss(opened.status()));
}

}  // namespace polyonym::harness
