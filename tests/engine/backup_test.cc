// Backups of an engine: each is whole whatever happens beside it, has only what is new, and comes back as a store, at any call that it has.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"
#include "polyonym/engine/backup.h"

namespace polyonym::harness {
namespace {

namespace fs = std::filesystem;

std::vector<Record> Visits(int from, int to) {
  std::vector<Record> records;
  for (int i = from; i < to; ++i) records.push_back(Visit(i));
  return records;
}

EngineOptions OnDisk() {
  EngineOptions options;
  options.durability = Durability::kWal;
  options.checkpoint_log_bytes = 0;
  return options;
}

std::unique_ptr<Engine> OpenShopAt(const std::string& path, EngineOptions options = OnDisk()) {
  std::unique_ptr<Engine> engine = Must(Engine::Open(path, options));
  if (engine->Read().sequence() == 0) Must(engine->SetPolicy(ShopPolicy()).status());
  return engine;
}

void Restore(const std::string& folder, std::uint32_t id, const std::string& path,
             std::optional<std::uint64_t> up_to = std::nullopt) {
  RestoreOptions options;
  options.up_to_sequence = up_to;
  Must(RestoreBackup(folder, id, path, options));
}

// All that is known of a store at one time.
struct Known {
  EngineState state;
  std::vector<Change> changes;
  std::uint64_t sequence = 0;
  std::int64_t clock_ms = 0;
};

Known KnownOf(const Engine& engine) {
  const View view = engine.Read();
  return {ReadState(view, {}), AllChanges(view), view.sequence(), view.clock_ms()};
}

// What differs; empty: nothing does.
std::string Compare(const Known& was, const Known& is) {
  std::string fault = Difference(was.state.state, is.state.state);
  for (const std::string& problem : is.state.problems) fault += problem + "\n";
  if (was.state.profile_of != is.state.profile_of) fault += "ids of profiles differ\n";
  if (was.changes != is.changes) fault += "the feed differs\n";
  if (was.sequence != is.sequence) {
    fault += "the sequence is " + std::to_string(is.sequence) + " in place of " +
             std::to_string(was.sequence) + "\n";
  }
  if (was.clock_ms != is.clock_ms) fault += "the clock differs\n";
  return fault;
}

std::vector<fs::path> FilesOf(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void FlipByte(const fs::path& path, std::uint64_t at) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(at));
  const auto byte = static_cast<char>(file.get() ^ 0x10);
  file.seekp(static_cast<std::streamoff>(at));
  file.put(byte);
  REQUIRE(file.good());
}

}  // namespace

TEST_CASE("a further backup copies what is new, and each comes back as it was") {
  const TempFolder folder;
  const std::unique_ptr<Engine> engine = OpenShopAt(folder / "store");
  std::vector<Known> known;
  std::vector<BackupInfo> made;
  const std::string backups = folder / "deep/backups";
  for (const auto& [from, to] : {std::pair(0, 6'000), {6'000, 6'010}, {6'010, 6'010}}) {
    if (from != to) Must(engine->Apply(Visits(from, to)).status());
    std::uint64_t told = 0, total = 0;
    BackupOptions options;
    options.progress = [&](std::uint64_t done, std::uint64_t of) {
      CHECK(done >= told);
      CHECK(done <= of);
      told = done;
      total = of;
    };
    made.push_back(Must(engine->BackUp(backups, options)));
    CHECK(told == made.back().new_bytes);
    CHECK(told == total);
    known.push_back(KnownOf(*engine));
  }
  CHECK(made[0].new_bytes >= made[0].bytes);
  CHECK(made[1].new_bytes * 5 < made[1].bytes);
  CHECK(made[2].new_bytes * 5 < made[2].bytes);
  const std::vector<BackupInfo> listed = Must(ListBackups(backups));
  REQUIRE(listed.size() == 3);
  for (std::size_t i = 0; i < listed.size(); ++i) {
    INFO("backup " << listed[i].id);
    CHECK(listed[i].id == i + 1);
    CHECK(listed[i].sequence == known[i].sequence);
    CHECK(listed[i].time_ms == (i == 0 ? 5'999 : 6'009));
    CHECK(listed[i].bytes == made[i].bytes);
    CHECK(listed[i].new_bytes == 0);
    Must(VerifyBackup(backups, listed[i].id));
    const std::string path = folder / ("restored" + std::to_string(i));
    Restore(backups, listed[i].id, path);
    CHECK_FALSE(fs::exists(path + ".tmp"));
    const std::unique_ptr<Engine> restored = Must(Engine::Open(path, OnDisk()));
    const std::string fault = Compare(known[i], KnownOf(*restored));
    INFO(fault);
    CHECK(fault.empty());
    CHECK(Must(restored->Read().Verify()).ok());
    Must(restored->Apply(Visits(30'000, 30'010)).status());
  }
}

TEST_CASE("what is asked of backups is refused where it cannot be") {
  const TempFolder folder;
  const std::unique_ptr<Engine> engine = OpenShopAt(folder / "store");
  Must(engine->Apply(Visits(0, 10)).status());
  const std::string backups = folder / "backups";
  CHECK(absl::IsNotFound(ListBackups(backups).status()));
  CHECK(absl::IsNotFound(VerifyBackup(backups, 1)));
  CHECK(absl::IsNotFound(RestoreBackup(backups, 1, folder / "new")));
  CHECK(absl::IsNotFound(DropBackups(backups, 1)));
  CHECK_FALSE(fs::exists(folder / "new"));
  CHECK_FALSE(fs::exists(folder / "new.tmp"));
  CHECK(absl::IsFailedPrecondition(engine->BackUp(folder / "store").status()));
  Must(engine->BackUp(backups).status());
  CHECK(absl::IsNotFound(VerifyBackup(backups, 2)));
  CHECK(absl::IsNotFound(RestoreBackup(backups, 2, folder / "new")));
  CHECK(absl::IsAlreadyExists(RestoreBackup(backups, 1, folder / "store")));
  CHECK(absl::IsInvalidArgument(DropBackups(backups, 0)));
  RestoreOptions options;
  options.up_to_sequence = engine->Read().sequence() + 1;
  CHECK(absl::IsOutOfRange(RestoreBackup(backups, 1, folder / "new", options)));
  fs::create_directories(folder / "new.tmp");
  std::ofstream(folder / "new.tmp/mine") << "of somebody else";
  CHECK(absl::IsAlreadyExists(RestoreBackup(backups, 1, folder / "new")));
  CHECK(fs::exists(folder / "new.tmp/mine"));
  CHECK(absl::IsUnimplemented(OpenShop()->BackUp(folder / "of_memory").status()));
}

TEST_CASE("a folder of backups takes one call at a time") {
  const TempFolder folder;
  const std::unique_ptr<Engine> engine = OpenShopAt(folder / "store");
  Must(engine->Apply(Visits(0, 1'000)).status());
  const std::string backups = folder / "backups";
  Must(engine->BackUp(backups).status());
  Must(engine->Apply(Visits(1'000, 2'000)).status());
  std::vector<absl::StatusCode> codes;
  BackupOptions options;
  options.progress = [&](std::uint64_t, std::uint64_t) {
    if (!codes.empty()) return;
    codes = {ListBackups(backups).status().code(), VerifyBackup(backups, 1).code(),
             RestoreBackup(backups, 1, folder / "new").code(), DropBackups(backups, 1).code()};
  };
  Must(engine->BackUp(backups, options).status());
  CHECK(codes == std::vector<absl::StatusCode>(4, absl::StatusCode::kUnavailable));
  CHECK(Must(ListBackups(backups)).size() == 2);
}

TEST_CASE("a backup under load has every call that was acknowledged before, and a whole state") {
  const TempFolder folder;
  EngineOptions options = OnDisk();
  options.checkpoint_log_bytes = 64 << 10;  // checkpoints meanwhile
  options.rocks.write_buffer_bytes = 64 << 10;
  const std::unique_ptr<Engine> engine = OpenShopAt(folder / "store", options);
  std::atomic<bool> enough{false};
  std::thread writer([&] {
    for (int i = 0; !enough; i += 5) Must(engine->Apply(Visits(i, i + 5)).status());
  });
  std::vector<std::uint64_t> acknowledged;
  for (int i = 0; i < 4; ++i) {
    Must(engine->ReadAtLeast(engine->Read().sequence() + 20, 60'000).status());
    acknowledged.push_back(engine->Read().sequence());
    Must(engine->BackUp(folder / "backups").status());
  }
  enough = true;
  writer.join();
  for (const BackupInfo& info : Must(ListBackups(folder / "backups"))) {
    INFO("backup " << info.id);
    CHECK(info.sequence >= acknowledged[info.id - 1]);
    const std::string path = folder / ("restored" + std::to_string(info.id));
    Restore(folder / "backups", info.id, path);
    const std::unique_ptr<Engine> restored = OpenShopAt(path, options);
    const View view = restored->Read();
    CHECK(view.sequence() >= info.sequence);
    CHECK(view.GetStats().standing_records == (view.sequence() - 1) * 5);
    CHECK(Must(view.Verify()).ok());
  }
}

namespace {

// Restores a random history up to each of its calls.
std::string RestoreEach(std::uint64_t seed) {
  const History history = RandomHistory(seed);
  Random random(seed ^ 0xbac4);
  const TempFolder folder;
  const EngineOptions options = LawOptions(seed);
  std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", options));
  std::map<std::uint64_t, std::pair<std::size_t, Known>> after;  // by sequence
  after[0] = {0, KnownOf(*engine)};
  Must(engine->SetPolicy(history.policy).status());
  after[1] = {0, KnownOf(*engine)};
  ApplySteps(*engine, history, random, [&](std::size_t steps, const ApplyResult&) {
    const std::uint64_t sequence = engine->Read().sequence();
    after[sequence] = {steps, KnownOf(*engine)};
    if (random.Chance(8)) Must(engine->Checkpoint());
  });
  FeedOptions feed;
  feed.consumer = "reader";
  {
    ChangeFeed reader = Must(engine->OpenFeed(feed));
    Must(reader.Next(0).status());
    Must(reader.Acknowledge());
  }
  Must(engine->BackUp(folder / "backups").status());
  std::string fault;
  for (const auto& [sequence, was] : after) {
    if (sequence != 0 && !random.Chance(20)) continue;
    const std::string where = "up to sequence " + std::to_string(sequence) + ": ";
    const std::string path = folder / ("at" + std::to_string(sequence));
    Restore(folder / "backups", 1, path, sequence);
    std::unique_ptr<Engine> restored = Must(Engine::Open(path, options));
    const std::string differs = Compare(was.second, KnownOf(*restored));
    if (!differs.empty()) fault += where + differs;
    for (const FeedCursor& cursor : Must(restored->FeedCursors())) {
      if (cursor.next > sequence + 1) fault += where + "a cursor lies behind the end\n";
    }
    if (sequence == 0) continue;
    // And it goes on as a store that was never set back.
    for (std::size_t i = was.first; i < history.steps.size(); ++i)
      MakeCall(*restored, history, std::span(history.steps).subspan(i, 1));
    const EngineState end = ReadState(restored->Read(), {});
    fault += Difference(after.rbegin()->second.second.state.state, end.state);
    if (after.rbegin()->second.second.state.profile_of != end.profile_of)
      fault += where + "ids of profiles differ at the end\n";
    if (!Must(restored->Read().Verify()).ok()) fault += where + "it does not verify\n";
    restored.reset();
    fs::remove_all(path);
  }
  return fault;
}

void RestoreHistories(std::uint64_t first, std::size_t count) {
  ForEachSeed(first, count, [](std::uint64_t seed) {
    INFO("seed " << seed);
    const std::string fault = RestoreEach(seed);
    INFO(fault);
    REQUIRE(fault.empty());
  });
}

}  // namespace

TEST_CASE("a backup restored up to a call is an engine that was told so much") {
  RestoreHistories(700, 4);
}

TEST_CASE("a backup restored up to a call is an engine that was told so much at length", "[slow]") {
  RestoreHistories(10'000, 300);
}

TEST_CASE("a backup is not restored up to a call behind its last fold") {
  const TempFolder folder;
  std::unique_ptr<Engine> engine = OpenShopAt(folder / "store");
  Must(engine->Apply(Visits(0, 20)).status());
  const std::uint64_t before = engine->Read().sequence();
  Must(engine->MoveHorizon("shop", 10).status());
  const std::uint64_t folded = engine->Read().sequence();
  Must(engine->Apply(Visits(30, 40)).status());
  const Known middle = KnownOf(*engine);
  Must(engine->Apply(Visits(40, 50)).status());
  Must(engine->BackUp(folder / "early").status());
  Must(engine->Checkpoint());
  Must(engine->BackUp(folder / "late").status());
  RestoreOptions options;
  options.up_to_sequence = before;
  CHECK(absl::IsOutOfRange(RestoreBackup(folder / "early", 1, folder / "a", options)));
  Restore(folder / "early", 1, folder / "b", folded);
  CHECK(Must(OpenShopAt(folder / "b")->Read().Verify()).ok());
  Restore(folder / "early", 1, folder / "c", middle.sequence);
  const std::string fault = Compare(middle, KnownOf(*OpenShopAt(folder / "c")));
  INFO(fault);
  CHECK(fault.empty());
  // Behind the checkpoint there is nothing to begin with: the log has holes.
  options.up_to_sequence = middle.sequence;
  CHECK(absl::IsOutOfRange(RestoreBackup(folder / "late", 1, folder / "d", options)));
  Restore(folder / "late", 1, folder / "e", middle.sequence + 1);
  CHECK(Must(OpenShopAt(folder / "e")->Read().Verify()).ok());
}

TEST_CASE("a byte that changed in a backup is found and its file is named") {
  const TempFolder folder;
  const std::string backups = folder / "backups";
  {
    const std::unique_ptr<Engine> engine = OpenShopAt(folder / "store");
    Must(engine->Apply(Visits(0, 3'000)).status());
    Must(engine->BackUp(backups).status());
    Must(engine->Apply(Visits(3'000, 3'010)).status());
    Must(engine->BackUp(backups).status());
  }
  Random random(11);
  int found = 0;
  for (const fs::path& file : FilesOf(backups)) {
    const std::uint64_t size = fs::file_size(file);
    if (size == 0) continue;
    for (int i = 0; i < 4; ++i) {
      const std::uint64_t at = random.Below(size);
      INFO(file << ", byte " << at);
      FlipByte(file, at);
      const bool is_list = file.parent_path().filename() == "meta";
      const auto listed = ListBackups(backups);
      absl::Status status;
      for (const std::uint32_t id : {1, 2}) status.Update(VerifyBackup(backups, id));
      if (is_list) {
        // What matters in it is compared with the files; what does not (the time of making) may pass.
        if (!listed.ok() || !status.ok()) ++found;
      } else {
        CHECK(absl::IsDataLoss(status));
        CHECK_THAT(std::string(status.message()), HoldsText(file.filename().string()));
        absl::Status restored;
        for (const std::uint32_t id : {1, 2}) {
          restored.Update(RestoreBackup(backups, id, folder / "restored"));
          fs::remove_all(folder / "restored");
        }
        CHECK(absl::IsDataLoss(restored));
        ++found;
      }
      FlipByte(file, at);
    }
  }
  CHECK(found > 30);
  for (const std::uint32_t id : {1, 2}) Must(VerifyBackup(backups, id));
}

TEST_CASE("a backup of which a file is missing is named and the others are kept") {
  const TempFolder folder;
  const std::string backups = folder / "backups";
  const std::unique_ptr<Engine> engine = OpenShopAt(folder / "store");
  for (int i = 0; i < 3; ++i) {
    Must(engine->Apply(Visits(i * 100, i * 100 + 100)).status());
    Must(engine->BackUp(backups).status());
  }
  const fs::path own = fs::path(backups) / "private" / "2";
  fs::remove(FilesOf(own).front());
  const absl::Status listed = ListBackups(backups).status();
  CHECK(absl::IsDataLoss(listed));
  CHECK_THAT(std::string(listed.message()), HoldsText("damaged backups: 2 "));
  CHECK_THAT(std::string(listed.message()), HoldsText("others are: 1, 3"));
  CHECK(absl::IsDataLoss(VerifyBackup(backups, 2)));
  CHECK(absl::IsDataLoss(RestoreBackup(backups, 2, folder / "two")));
  CHECK_FALSE(fs::exists(folder / "two"));
  Must(VerifyBackup(backups, 1));
  Must(VerifyBackup(backups, 3));
  Must(DropBackups(backups, 2));
  std::vector<std::uint32_t> ids;
  for (const BackupInfo& info : Must(ListBackups(backups))) ids.push_back(info.id);
  CHECK(ids == std::vector<std::uint32_t>{1, 3});
  Must(engine->BackUp(backups).status());
}

TEST_CASE("dropping backups keeps the others restorable and frees what only the dropped had") {
  const TempFolder folder;
  const std::string backups = folder / "backups";
  const std::unique_ptr<Engine> engine = OpenShopAt(folder / "store");
  std::vector<Known> known;
  for (int i = 0; i < 6; ++i) {
    Must(engine->Apply(Visits(i * 500, i * 500 + 500)).status());
    Must(engine->BackUp(backups).status());
    known.push_back(KnownOf(*engine));
  }
  const auto bytes = [&] {
    std::uint64_t sum = 0;
    for (const fs::path& file : FilesOf(backups)) sum += fs::file_size(file);
    return sum;
  };
  const std::uint64_t before = bytes();
  Must(DropBackups(backups, 2));
  CHECK(bytes() < before);
  const std::vector<BackupInfo> left = Must(ListBackups(backups));
  REQUIRE(left.size() == 2);
  CHECK(left[0].id == 5);
  for (const BackupInfo& info : left) {
    const std::string path = folder / ("restored" + std::to_string(info.id));
    Restore(backups, info.id, path);
    const std::string fault = Compare(known[info.id - 1], KnownOf(*OpenShopAt(path)));
    INFO(fault);
    CHECK(fault.empty());
  }
  CHECK(absl::IsNotFound(VerifyBackup(backups, 1)));
  CHECK(Must(engine->BackUp(backups)).id == 7);
}

}  // namespace polyonym::harness
