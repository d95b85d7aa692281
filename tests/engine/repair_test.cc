// Stores that were damaged: what is not sound is found and named, and all that is sound is in the store that a repair makes.
#include "polyonym/engine/repair.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/log.h"
#include "engine/shop.h"
#include "harness/catch.h"

namespace polyonym::harness {
namespace {

namespace fs = std::filesystem;

EngineOptions OnDisk() {
  EngineOptions options;
  options.durability = Durability::kWal;
  options.checkpoint_log_bytes = 0;
  return options;
}

// So many visits, a call each hundred, with a consumer that has read half of it.
void MakeStore(const std::string& path, int visits, bool checkpoint = true) {
  const std::unique_ptr<Engine> engine = Must(Engine::Open(path, OnDisk()));
  Must(engine->SetPolicy(ShopPolicy()).status());
  for (int i = 0; i < visits; i += 100) {
    std::vector<Record> records;
    for (int k = i; k < std::min(i + 100, visits); ++k) records.push_back(Visit(k));
    Must(engine->Apply(records).status());
    if (i != visits / 200 * 100) continue;
    FeedOptions feed;
    feed.consumer = "canary-consumer";
    ChangeFeed reader = Must(engine->OpenFeed(feed));
    Must(reader.Next(0).status());
    Must(reader.Acknowledge());
    if (checkpoint) Must(engine->Checkpoint());
  }
}

std::unique_ptr<Store> OpenRaw(const std::string& path) {
  return Must(OpenRocksStore(path, RocksStoreOptions()));
}

std::vector<std::pair<std::string, std::string>> RowsOf(const Store& store, Table table) {
  std::vector<std::pair<std::string, std::string>> rows;
  Must(store.Scan(table, "", "", [&](std::string_view key, std::string_view value) {
    rows.emplace_back(key, value);
    return true;
  }));
  return rows;
}

// A byte of the value of the row with this number in its table is another.
std::string SpoilRow(Store& store, Table table, std::size_t number) {
  auto [key, value] = RowsOf(store, table).at(number);
  value[value.size() / 2] = static_cast<char>(value[value.size() / 2] ^ 1);
  WriteSet writes;
  writes.puts.push_back({table, key, value});
  Must(store.Commit(writes, true));
  return key;
}

void EraseRow(Store& store, Table table, std::size_t number) {
  WriteSet writes;
  writes.erases.push_back({table, RowsOf(store, table).at(number).first});
  Must(store.Commit(writes, true));
}

struct Known {
  EngineState state;
  std::vector<Change> changes;
  std::vector<FeedCursor> cursors;
};

Known KnownOf(const std::string& path) {
  EngineOptions options = OnDisk();
  options.create_if_missing = false;
  const std::unique_ptr<Engine> engine = Must(Engine::Open(path, options));
  CHECK(Must(engine->Read().Verify()).ok());
  return {ReadState(engine->Read(), {}), AllChanges(engine->Read()), Must(engine->FeedCursors())};
}

// What differs; empty: nothing does.
std::string Compare(const Known& was, const Known& is, bool with_feed = true) {
  std::string fault = Difference(was.state.state, is.state.state);
  for (const std::string& problem : is.state.problems) fault += problem + "\n";
  if (was.state.profile_of != is.state.profile_of) fault += "ids of profiles differ\n";
  if (was.cursors != is.cursors) fault += "cursors differ\n";
  if (with_feed && was.changes != is.changes) fault += "the feed differs\n";
  return fault;
}

std::map<std::string, std::string> FilesOf(const std::string& path) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    files[entry.path().string()] = {std::istreambuf_iterator<char>(file), {}};
  }
  return files;
}

std::string TextOf(const RepairReport& report) {
  std::string text;
  for (const UnsoundRow& row : report.unsound)
    text += row.table + " " + row.key + ": " + row.what + "\n";
  for (const std::string& note : report.notes) text += note + "\n";
  return text;
}

RepairReport Repaired(const std::string& path, const std::string& to) {
  const std::map<std::string, std::string> before = FilesOf(path);
  const RepairReport report = Must(RepairStore(path, to));
  CHECK(FilesOf(path) == before);
  CHECK_FALSE(fs::exists(to + ".tmp"));
  return report;
}

// Everything in table files, nothing in write-ahead logs.
void WriteOut(const std::string& path) {
  for (int i = 0; i < 2; ++i) OpenRaw(path);
}

fs::path FileOf(const std::string& path, const std::string& prefix, const std::string& extension) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(path)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix) && entry.path().extension() == extension)
      found.push_back(entry.path());
  }
  REQUIRE_FALSE(found.empty());
  return *std::max_element(found.begin(), found.end(), [](const fs::path& a, const fs::path& b) {
    return fs::file_size(a) < fs::file_size(b);
  });
}

void SpoilFile(const fs::path& path, std::uint64_t at) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(at));
  const auto byte = static_cast<char>(file.get() ^ 0x10);
  file.seekp(static_cast<std::streamoff>(at));
  file.put(byte);
  REQUIRE(file.good());
}

std::uint64_t RecordsIn(const Store& store, std::uint64_t frame) {
  return Must(engine::ReadFrameFromStore(store, frame)).records.size();
}

}  // namespace

TEST_CASE("of a sound store every row is sound and a repair is a copy") {
  const TempFolder folder;
  const std::string path = folder / "store";
  MakeStore(path, 1'000);
  CHECK(Must(CheckRows(path)).empty());
  const Known was = KnownOf(path);
  const RepairReport report = Repaired(path, folder / "mended");
  INFO(TextOf(report));
  CHECK(report.method == RepairMethod::kCopied);
  CHECK_FALSE(report.gathered);
  CHECK(report.unsound.empty());
  CHECK(report.notes.empty());
  CHECK(report.records == 1'000);
  CHECK(report.lost_records == 0);
  CHECK(report.standing_records == 1'000);
  CHECK(report.sequence == 11);
  CHECK(Compare(was, KnownOf(folder / "mended")).empty());
}

TEST_CASE("a row that is not what was written is named and no other") {
  const TempFolder folder;
  const std::string path = folder / "store";
  MakeStore(path, 1'000);
  const struct {
    Table table;
    std::size_t row;
    UnsoundRow named;
  } cases[] = {
      {Table::kLog, 3, {"log", "frame 4", ""}},
      {Table::kState, 0, {"state", "graph 0 part 0 block 0", ""}},
      {Table::kMeta, 0, {"meta", "cursor of graph 0", ""}},
      {Table::kMeta, 1, {"meta", "header", ""}},
      {Table::kFeed, 2, {"feed", "graph 0 call 4", ""}},
  };
  for (const auto& one : cases) {
    INFO(one.named.table << " " << one.named.key);
    const std::string copy = folder / "copy";
    fs::copy(path, copy);
    SpoilRow(*OpenRaw(copy), one.table, one.row);
    std::vector<UnsoundRow> found = Must(CheckRows(copy));
    if (one.named.key == "header") {
      REQUIRE(found.size() == 2);  // and then there is none
      found.pop_back();
    }
    REQUIRE(found.size() == 1);
    CHECK(found[0].table == one.named.table);
    CHECK(found[0].key == one.named.key);
    CHECK_THAT(found[0].what, HoldsText("checksum"));
    fs::remove_all(copy);
  }
}

TEST_CASE("a value under another key is not sound and a frame that is not there is named") {
  const TempFolder folder;
  const std::string path = folder / "store";
  MakeStore(path, 1'000);
  {
    const std::unique_ptr<Store> store = OpenRaw(path);
    const auto frames = RowsOf(*store, Table::kLog);
    REQUIRE(frames.size() > 8);
    WriteSet writes;
    writes.puts.push_back({Table::kLog, frames[2].first, frames[3].second});
    writes.erases.push_back({Table::kLog, frames[5].first});
    writes.erases.push_back({Table::kLog, frames[6].first});
    Must(store->Commit(writes, true));
  }
  const std::vector<UnsoundRow> found = Must(CheckRows(path));
  REQUIRE(found.size() == 2);
  CHECK(found[0].key == "frame 3");
  CHECK(found[1].key == "frames 6 to 7");
}

TEST_CASE("a store whose checkpoint or header is damaged keeps all its numbers") {
  const TempFolder folder;
  const std::string path = folder / "store";
  MakeStore(path, 1'000);
  const Known was = KnownOf(path);
  const auto spoil = GENERATE(as<std::pair<Table, std::size_t>>(), std::pair{Table::kState, 1},
                              std::pair{Table::kState, 0}, std::pair{Table::kMeta, 1});
  SpoilRow(*OpenRaw(path), spoil.first, spoil.second);
  const RepairReport report = Repaired(path, folder / "mended");
  INFO(TextOf(report));
  CHECK(report.method == RepairMethod::kReplayed);
  CHECK(report.standing_records == 1'000);
  const std::string fault = Compare(was, KnownOf(folder / "mended"));
  INFO(fault);
  CHECK(fault.empty());
}

TEST_CASE("a row of the feed that is damaged hides what came before it and nothing else") {
  const TempFolder folder;
  const std::string path = folder / "store";
  MakeStore(path, 1'000);
  const Known was = KnownOf(path);
  SpoilRow(*OpenRaw(path), Table::kFeed, 3);
  const RepairReport report = Repaired(path, folder / "mended");
  CHECK(report.method == RepairMethod::kCopied);
  const std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "mended", OnDisk()));
  CHECK(Difference(was.state.state, ReadState(engine->Read(), {}).state).empty());
  FeedOptions feed;
  feed.from = 6;
  CHECK(Must(Must(engine->OpenFeed(feed)).Next(0)).changes.size() > 0);
  feed.from = 5;
  CHECK_FALSE(engine->OpenFeed(feed)->Next(0).ok());
}

TEST_CASE("a store that lost the end of its log is that of the calls before") {
  const TempFolder folder;
  const std::string path = folder / "store";
  MakeStore(path, 1'000, false);
  {
    const std::unique_ptr<Store> store = OpenRaw(path);
    const auto frames = RowsOf(*store, Table::kLog);
    const std::uint64_t last =
        Must(engine::DecodeFrame(frames.size(), frames.back().second)).sequence;
    for (std::size_t i = frames.size(); i > 0; --i) {
      if (Must(engine::DecodeFrame(i, frames[i - 1].second)).sequence == last)
        EraseRow(*store, Table::kLog, i - 1);
    }
  }
  const RepairReport report = Repaired(path, folder / "mended");
  CHECK(report.method != RepairMethod::kRebuilt);
  CHECK(report.sequence == 10);
  CHECK(report.standing_records == 900);
  const std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "mended", OnDisk()));
  for (const Change& change : AllChanges(engine->Read())) CHECK(change.record <= 900);
}

TEST_CASE("of a store with a damaged frame all other records are there and the gap is counted") {
  const TempFolder folder;
  const std::string path = folder / "store";
  MakeStore(path, 2'000);
  std::uint64_t lost = 0;
  {
    const std::unique_ptr<Store> store = OpenRaw(path);
    for (const std::uint64_t frame : {4, 9, 10}) lost += RecordsIn(*store, frame);
    SpoilRow(*store, Table::kLog, 3);
    SpoilRow(*store, Table::kLog, 8);
    SpoilRow(*store, Table::kLog, 9);
  }
  const RepairReport report = Repaired(path, folder / "mended");
  INFO(TextOf(report));
  CHECK(report.method == RepairMethod::kRebuilt);
  CHECK(report.unsound.size() == 3);
  CHECK(report.lost_records == lost);
  CHECK(report.records == 2'000 - lost);
  CHECK(report.standing_records == 2'000 - lost);
}

TEST_CASE(
    "a store of whose files RocksDB does not know any more how they belong together is gathered") {
  const TempFolder folder;
  const std::string path = folder / "store";
  const bool written_out = GENERATE(false, true);
  MakeStore(path, 1'000, written_out);
  if (written_out) WriteOut(path);
  const std::string gone = GENERATE("MANIFEST-", "CURRENT");
  INFO(gone << (written_out ? ", all in table files" : ", all in the write-ahead log"));
  const std::string copy = folder / "copy";
  fs::copy(path, copy);
  const Known was = KnownOf(copy);
  for (const auto& entry : fs::directory_iterator(path)) {
    if (entry.path().filename().string().starts_with(gone)) fs::remove(entry.path());
  }
  const RepairReport report = Repaired(path, folder / "mended");
  INFO(TextOf(report));
  CHECK(report.gathered);
  CHECK(report.method == RepairMethod::kCopied);
  CHECK(report.standing_records == 1'000);
  const std::string fault = Compare(was, KnownOf(folder / "mended"));
  INFO(fault);
  CHECK(fault.empty());
}

TEST_CASE("of a table file that is broken in one place the rest is read") {
  const TempFolder folder;
  const std::string path = folder / "store";
  MakeStore(path, 6'000, false);
  WriteOut(path);
  const fs::path largest = FileOf(path, "", ".sst");
  SpoilFile(largest, fs::file_size(largest) / 2);
  const bool without_manifest = GENERATE(false, true);
  if (without_manifest) fs::remove(path + "/CURRENT");
  const RepairReport report = Repaired(path, folder / "mended");
  INFO(TextOf(report));
  CHECK(report.gathered == without_manifest);
  CHECK(report.method == RepairMethod::kRebuilt);
  CHECK(report.standing_records + report.lost_records == 6'000);
  CHECK(report.lost_records > 0);
  CHECK(report.lost_records < 1'000);
}

TEST_CASE("of a store whose table file is gone what lies in the others is read") {
  const TempFolder folder;
  const std::string path = folder / "store";
  for (int round = 0; round < 3; ++round) {  // a table file of the log each
    const std::unique_ptr<Engine> engine = Must(Engine::Open(path, OnDisk()));
    if (round == 0) Must(engine->SetPolicy(ShopPolicy()).status());
    std::vector<Record> records;
    for (int i = 0; i < 500; ++i) records.push_back(Visit(round * 500 + i));
    Must(engine->Apply(records).status());
  }
  WriteOut(path);
  std::vector<fs::path> tables;
  for (const auto& entry : fs::directory_iterator(path)) {
    if (entry.path().extension() == ".sst" && fs::file_size(entry.path()) > 10'000)
      tables.push_back(entry.path());
  }
  std::sort(tables.begin(), tables.end());
  REQUIRE(tables.size() >= 3);
  fs::remove(tables[tables.size() / 2]);
  const RepairReport report = Repaired(path, folder / "mended");
  INFO(TextOf(report));
  CHECK(report.gathered);
  CHECK(report.standing_records >= 500);
}

TEST_CASE("a torn or broken write-ahead log gives what is sound before and behind") {
  const TempFolder folder;
  const std::string path = folder / "store";
  MakeStore(path, 3'000, false);
  const fs::path log = FileOf(path, "", ".log");
  SpoilFile(log, fs::file_size(log) / 2);
  const RepairReport report = Repaired(path, folder / "mended");
  INFO(TextOf(report));
  CHECK(report.standing_records + report.lost_records == 3'000);
  // It is cut into blocks of 32 KiB, of which one is lost, and calls that had a part in it.
  CHECK(report.lost_records > 0);
  CHECK(report.lost_records < 2'000);
}

TEST_CASE("a repair says nothing of anybody and is refused where it cannot be") {
  const TempFolder folder;
  const std::string path = folder / "store";
  {
    const std::unique_ptr<Engine> engine = Must(Engine::Open(path, OnDisk()));
    Must(engine->SetPolicy(ShopPolicy()).status());
    for (int i = 0; i < 5; ++i) {
      const std::string n = "canary" + std::to_string(i);
      ApplyOne(*engine, Seen(n, i, {{"crm", n}, {"phone", n}}));
    }
    CHECK(absl::IsUnavailable(RepairStore(path, folder / "mended").status()));
  }
  {
    const std::unique_ptr<Store> store = OpenRaw(path);
    for (std::size_t i = 1; i < 4; ++i) SpoilRow(*store, Table::kLog, i);
    SpoilRow(*store, Table::kFeed, 1);
    SpoilRow(*store, Table::kMeta, 0);
  }
  const RepairReport report = Repaired(path, folder / "mended");
  CHECK(report.unsound.size() >= 5);
  CHECK(TextOf(report).find("canary") == std::string::npos);
  CHECK(absl::IsAlreadyExists(RepairStore(path, folder / "mended").status()));
  CHECK(absl::IsNotFound(RepairStore(folder / "nowhere", folder / "new").status()));
  fs::create_directories(folder / "empty");
  CHECK(absl::IsNotFound(RepairStore(folder / "empty", folder / "new").status()));
  CHECK(absl::IsNotFound(CheckRows(folder / "nowhere").status()));
  CHECK_FALSE(fs::exists(folder / "new"));
  CHECK_FALSE(fs::exists(folder / "new.tmp"));
}

TEST_CASE("a store rebuilt from records keeps graphs and clock and tells no trigger again") {
  const TempFolder folder;
  const std::string path = folder / "store";
  Policy policy = ShopPolicy();
  SegmentDefinition& segment = policy.definitions.segments.emplace_back();
  segment.name = "bought";
  segment.expression = "did(buy)";
  TriggerDefinition& trigger = policy.definitions.triggers.emplace_back();
  trigger.name = "greet";
  trigger.segment = "bought";
  Facts facts;
  Event& event = facts.events.emplace_back();
  event.type = "buy";
  const std::string bought = WriteFacts(facts);
  {
    const std::unique_ptr<Engine> engine = Must(Engine::Open(path, OnDisk()));
    Must(engine->SetPolicy(policy).status());
    PolicyOptions other;
    other.graph = "strict";
    Must(engine->SetPolicy(ShopPolicy(), other).status());
    for (int i = 0; i < 40; ++i) {
      Record visit = Visit(i);
      visit.facts = bought;
      ApplyOne(*engine, visit);
    }
    Must(engine->AdvanceTo(1'000).status());
    std::vector<std::uint64_t> ids;
    for (const OutboxItem& item : Must(engine->ReadOutbox())) ids.push_back(item.id);
    REQUIRE(ids.size() == 40);
    Must(engine->AcknowledgeOutbox(ids).status());
  }
  SpoilRow(*OpenRaw(path), Table::kLog, 10);
  const RepairReport report = Repaired(path, folder / "mended");
  INFO(TextOf(report));
  CHECK(report.method == RepairMethod::kRebuilt);
  CHECK(report.standing_records == 39);
  const std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "mended", OnDisk()));
  CHECK(engine->Graphs() == std::vector<std::string>{"", "strict"});
  CHECK(engine->Read().clock_ms() == 1'000);
  CHECK(engine->Read().policy() == policy);
  CHECK(Must(engine->ReadOutbox()).empty());
  Record another = Visit(99);
  another.facts = bought;
  ApplyOne(*engine, another);
  CHECK(Must(engine->ReadOutbox()).size() == 1);
}

namespace {

// A history with some of its frames spoilt, against the definition over the records of the others.
std::string RepairHistory(std::uint64_t seed) {
  const History history = RandomHistory(seed);
  Random random(seed ^ 0x4e9a14);
  const TempFolder folder;
  const std::string path = folder / "store";
  EngineOptions options = OnDisk();
  {
    const std::unique_ptr<Engine> engine = Must(Engine::Open(path, options));
    Must(engine->SetPolicy(history.policy).status());
    ApplySteps(*engine, history, random, [&](std::size_t, const ApplyResult&) {
      if (random.Chance(3)) Must(engine->Checkpoint());
    });
  }
  std::vector<Record> left;
  {
    const std::unique_ptr<Store> store = OpenRaw(path);
    const auto frames = RowsOf(*store, Table::kLog);
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const engine::Frame frame = Must(engine::DecodeFrame(i + 1, frames[i].second));
      if (engine::HoldsRecords(frame) && random.Chance(15)) {
        SpoilRow(*store, Table::kLog, i);
      } else {
        left.insert(left.end(), frame.records.begin(), frame.records.end());
      }
    }
  }
  const RepairReport report = Must(RepairStore(path, folder / "mended"));
  std::string fault;
  if (report.records != left.size()) fault += "not every record that is sound was in reach\n";
  const std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "mended", options));
  const NaiveWorld world(Compile(FinalPolicy(history)), left, FinalClock(history));
  fault += CompareWithNaive(engine->Read(), world, /*compare_gone=*/false);
  return fault;
}

void RepairHistories(std::uint64_t first, std::size_t count) {
  ForEachSeed(first, count, [](std::uint64_t seed) {
    INFO("seed " << seed);
    const std::string fault = RepairHistory(seed);
    INFO(fault);
    REQUIRE(fault.empty());
  });
}

}  // namespace

TEST_CASE("a store with spoilt frames is repaired to the state of the records that are left") {
  RepairHistories(900, 5);
}

TEST_CASE(
    "a store with spoilt frames is repaired to the state of the records that are left at length",
    "[slow]") {
  RepairHistories(20'000, 1'000);
}

TEST_CASE("what was folded comes back as its first and last record and the horizon stands again") {
  const TempFolder folder;
  const std::string path = folder / "store";
  {
    const std::unique_ptr<Engine> engine = Must(Engine::Open(path, OnDisk()));
    Must(engine->SetPolicy(ShopPolicy()).status());
    for (const std::int64_t t : {10, 20, 30})
      ApplyOne(*engine, Seen("at" + std::to_string(t), t, {{"phone", "p1"}, {"openid", "o1"}}));
    for (int i = 100; i < 120; ++i) ApplyOne(*engine, Visit(i));
    Must(engine->MoveHorizon("shop", 50).status());
  }
  SpoilRow(*OpenRaw(path), Table::kLog, 10);
  const RepairReport report = Repaired(path, folder / "mended");
  INFO(TextOf(report));
  CHECK(report.method == RepairMethod::kRebuilt);
  const std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "mended", OnDisk()));
  const View view = engine->Read();
  REQUIRE(view.Horizons().size() == 1);
  CHECK(view.Horizons()[0].before_ms == 50);
  const LinkEvidence link = Must(view.Why({"phone", "p1"}, {"openid", "o1"})).chain.at(0);
  CHECK(link.first_ms == 10);
  CHECK(link.last_ms == 30);
  CHECK(view.GetStats().profiles == 20);  // one of 21 is lost
}

}  // namespace polyonym::harness
