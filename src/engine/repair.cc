// Three ways to a new store, the one that keeps most first: all sound rows copied; the same without the checkpoint, so that opening takes the log from its
// beginning; the records of the frames that are left, taken one after the other. Each is opened and verified, and where that fails the next is tried.
#include "polyonym/engine/repair.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <system_error>
#include <utility>

#include "engine/bytes.h"
#include "engine/check_rows.h"
#include "engine/checkpoint.h"
#include "engine/cut_back.h"
#include "engine/keyed_store.h"
#include "engine/lens.h"
#include "engine/rebuild.h"
#include "polyonym/engine/engine.h"
#include "polyonym/privacy/sealed_store.h"
#include "store/new_folder.h"
#include "store/readable_rows.h"
#include "store/rocks_salvage.h"

namespace polyonym {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kRowsAtOnce = 1'000;
constexpr std::uint64_t kProgressEvery = 1'024;
constexpr std::string_view kHeaderKey = "header";
constexpr std::string_view kBeginKey = "feed_begins";
constexpr std::uint8_t kVersion = 1;

EngineOptions OptionsOfRepair() {
  EngineOptions options;
  options.durability = Durability::kWal;  // it is synced whole at the end
  options.max_clock_leap_ms = 0;
  options.record_limits = kFormatLimits;
  return options;
}

// Rows that mean the same in a store whose numbers begin anew: of the ledger of erasures, which any store with its key reads, and the secret without
// which the keyring says nothing.
bool KeepsItsMeaning(std::string_view key) {
  return key == "erase_key" || key.starts_with("erased/") || key == "keyring";
}

class Repair {
 public:
  Repair(const Store& from, std::string to, const RepairOptions& options)
      : from_(from),
        keyed_(dynamic_cast<const engine::KeyedStore*>(&from)),
        to_(std::move(to)),
        options_(options) {}

  absl::StatusOr<RepairReport> Run(bool state_is_of_one_time) {
    rows_ =
        engine::SurveyRows(from_, [this](const engine::Frame& frame) { rebuild_.Learn(frame); });
    if (rows_.newer) {
      return absl::FailedPreconditionError(
          "the store is of a newer format than this library reads; repair it with a newer one");
    }
    if (rows_.frames == 0 && !rows_.log_sound)
      return absl::DataLossError("no frame of the log is in reach; restore a backup");
    report_.unsound = rows_.unsound;
    report_.frames = rows_.frames;
    report_.records = rows_.records;
    report_.lost_records = rows_.lost_records;
    const bool copies =
        rows_.log_sound && rows_.header_sound && rows_.state_sound && state_is_of_one_time;
    if (copies && Try(RepairMethod::kCopied)) return std::move(report_);
    if (rows_.log_whole && Try(RepairMethod::kReplayed)) return std::move(report_);
    if (Try(RepairMethod::kRebuilt)) return std::move(report_);
    return failed_;
  }

 private:
  // False where it fails, and then nothing of it is left.
  bool Try(RepairMethod method) {
    report_.method = method;
    report_.notes.clear();
    failed_ = method == RepairMethod::kRebuilt ? MakeOfRecords()
                                               : MakeOfRows(method == RepairMethod::kCopied);
    if (failed_.ok()) failed_ = CheckMade();
    if (failed_.ok()) return true;
    std::error_code ignored;
    fs::remove_all(to_, ignored);
    return false;
  }

  void Step() {
    ++done_;
    if (options_.progress && done_ % kProgressEvery == 0)
      options_.progress(done_, std::max(done_, rows_.rows));
  }

  // The new store by the keys of the old one. A keyring is open once: both have the same.
  absl::StatusOr<std::unique_ptr<Store>> OpenMade() const {
    auto store = OpenRocksStore(to_, {});
    if (store.ok()) store = WithKeys(*std::move(store), options_.keys);
    if (!store.ok() || keyed_ == nullptr) return store;
    return std::make_unique<engine::KeyedStore>(*std::move(store), keyed_->rows());
  }

  absl::StatusOr<std::unique_ptr<Engine>> OpenMadeEngine() const {
    auto store = OpenMade();
    if (!store.ok()) return store.status();
    return Engine::OpenOn(*std::move(store), OptionsOfRepair());
  }

  // ---- rows as they are ----

  absl::Status MakeOfRows(bool with_state) {
    auto store = OpenMade();
    if (!store.ok()) return store.status();
    // What is sealed under keys of identifiers is copied sealed: which slots it names is what it was.
    Store* below = store->get();
    if (keyed_ != nullptr) below = static_cast<engine::KeyedStore&>(**store).mutable_inner();
    absl::Status status = CopyTable(Table::kLog, below);
    if (status.ok() && with_state) status = CopyTable(Table::kState, below);
    if (status.ok()) status = CopyTable(Table::kFeed, below);
    if (status.ok()) status = CopyTable(Table::kMeta, below);
    if (status.ok()) status = PutHeader(store->get());
    if (status.ok()) status = PutFeedBegin(store->get());
    // Where the end of the log is lost, other tables may tell of calls that it had.
    if (status.ok()) status = engine::CutBack(rows_.last_sequence, store->get());
    return status;
  }

  // `value`: as the store below the keyring has it.
  bool IsSound(Table table, std::string_view key, std::string_view value) const {
    if (keyed_ == nullptr || !engine::KeyedRows::Has(table))
      return engine::CheckRow(table, key, value).ok();
    const auto opened = keyed_->rows()->Open(table, key, value);
    return opened.ok() && engine::CheckRow(table, key, *opened).ok();
  }

  absl::Status CopyTable(Table table, Store* store) {
    WriteSet writes;
    absl::Status status;
    ForEachReadableRow(
        keyed_ == nullptr ? from_ : keyed_->inner(), table,
        [&](std::string_view key, std::string_view value) {
          Step();
          if (!IsSound(table, key, value)) return true;
          writes.puts.push_back({table, std::string(key), std::string(value)});
          if (writes.puts.size() < kRowsAtOnce) return true;
          status = store->Commit(writes, false);
          writes.clear();
          return status.ok();
        },
        [](const UnreadableStretch&) {});
    if (status.ok() && !writes.empty()) status = store->Commit(writes, false);
    return status;
  }

  // Its salt keys nothing but hashes of the checkpoint's cells and of the index: where there is no checkpoint any will do.
  absl::Status PutHeader(Store* store) {
    if (rows_.header_sound) return absl::OkStatus();
    std::string payload;
    engine::PutVarint(&payload, rows_.rows * 0x9e3779b97f4a7c15u ^ rows_.last_sequence);
    WriteSet writes;
    writes.puts.push_back(
        {Table::kMeta, std::string(kHeaderKey), engine::SealValue(kVersion, kHeaderKey, payload)});
    return store->Commit(writes, false);
  }

  // What lies before an unsound row of the feed cannot be told from what is missing.
  absl::Status PutFeedBegin(Store* store) {
    const bool begin_lost =
        std::any_of(rows_.unsound.begin(), rows_.unsound.end(), [](const UnsoundRow& row) {
          return row.table == "meta" && (row.key == kBeginKey || row.key.starts_with("rows"));
        });
    std::uint64_t from = begin_lost ? rows_.last_sequence + 1
                                    : std::min(rows_.feed_sound_from, rows_.last_sequence + 1);
    if (from == 0) return absl::OkStatus();
    auto row = store->Get(Table::kMeta, kBeginKey);
    if (!row.ok()) return row.status();
    if (row->has_value()) {
      auto payload = engine::OpenValue(kVersion, kBeginKey, **row);
      if (!payload.ok()) return payload.status();
      from = std::max(from, engine::ByteReader(*payload).Varint());
    }
    std::string payload;
    engine::PutVarint(&payload, from);
    WriteSet writes;
    writes.puts.push_back(
        {Table::kMeta, std::string(kBeginKey), engine::SealValue(kVersion, kBeginKey, payload)});
    report_.notes.push_back("the feed begins at call " + std::to_string(from));
    return store->Commit(writes, false);
  }

  // ---- records ----

  absl::Status MakeOfRecords() {
    if (absl::Status status = CopyLedger(); !status.ok()) return status;
    auto engine = OpenMadeEngine();
    if (!engine.ok()) return engine.status();
    LearnCheckpoint();
    rebuild_.Into(engine->get());
    absl::Status status;
    ForEachReadableRow(
        from_, Table::kLog,
        [&](std::string_view key, std::string_view value) {
          Step();
          auto frame = engine::DecodeFrame(engine::FrameNumber(key), value);
          if (frame.ok()) status = rebuild_.Take(*frame);
          return status.ok();
        },
        [](const UnreadableStretch&) {});
    if (status.ok()) status = rebuild_.Finish();
    if (!status.ok()) return status;
    for (std::string& note : rebuild_.notes()) report_.notes.push_back(std::move(note));
    return status;
  }

  absl::Status CopyLedger() {
    auto store = OpenMade();
    if (!store.ok()) return store.status();
    WriteSet writes;
    ForEachReadableRow(
        from_, Table::kMeta,
        [&](std::string_view key, std::string_view value) {
          if (KeepsItsMeaning(key) && engine::CheckRow(Table::kMeta, key, value).ok())
            writes.puts.push_back({Table::kMeta, std::string(key), std::string(value)});
          return true;
        },
        [](const UnreadableStretch&) {});
    return writes.empty() ? absl::OkStatus() : (*store)->Commit(writes, false);
  }

  // Policies and the clock as the checkpoint has them, where it can be loaded.
  void LearnCheckpoint() {
    if (!rows_.header_sound || !rows_.state_sound) return;
    auto row = from_.Get(Table::kMeta, kHeaderKey);
    if (!row.ok() || !row->has_value()) return;
    auto payload = engine::OpenValue(kVersion, kHeaderKey, **row);
    if (!payload.ok()) return;
    const std::uint64_t salt = engine::ByteReader(*payload).Varint();
    for (std::uint32_t graph = 0; graph < engine::Lens::kMaxGraphs; ++graph) {
      auto name = engine::CheckpointedName(from_, graph);
      if (!name.ok() || !name->has_value()) return;
      engine::Index index;
      engine::LiveSegments::Dues dues;
      index.seed = salt;
      auto state = engine::LoadCheckpoint(from_, graph, &index, &dues);
      if (!state.ok() || !state->has_value()) return;
      rebuild_.LearnPolicy(**name, (*state)->rules->policy().policy(), (*state)->sequence);
      rebuild_.LearnClock((*state)->clock_ms);
      if (graph == 0 && (*state)->records > rows_.records + rows_.lost_records && !rows_.log_whole)
        report_.notes.push_back("the checkpoint counts " + std::to_string((*state)->records) +
                                " records, with those that were folded or erased");
    }
  }

  // ---- the end ----

  absl::Status CheckMade() {
    auto engine = OpenMadeEngine();
    if (!engine.ok()) return engine.status();
    for (const std::string& graph : (*engine)->Graphs()) {
      auto view = (*engine)->Read(graph);
      if (!view.ok()) return view.status();
      auto verified = view->Verify();
      if (!verified.ok()) return verified.status();
      if (!verified->ok())
        return absl::DataLossError("the repaired store does not verify: " +
                                   verified->problems.front());
    }
    const View view = (*engine)->Read();
    report_.standing_records = view.GetStats().standing_records;
    report_.sequence = view.sequence();
    return absl::OkStatus();
  }

  const Store& from_;
  const engine::KeyedStore* const keyed_;  // the same, where it has a keyring
  const std::string to_;
  const RepairOptions& options_;
  engine::RowsReport rows_;
  engine::Rebuild rebuild_;
  RepairReport report_;
  absl::Status failed_;
  std::uint64_t done_ = 0;
};

}  // namespace

std::string_view ToString(RepairMethod method) {
  switch (method) {
    case RepairMethod::kCopied:
      return "copied";
    case RepairMethod::kReplayed:
      return "replayed";
    case RepairMethod::kRebuilt:
      return "rebuilt";
  }
  return "unknown";
}

absl::StatusOr<RepairReport> RepairStore(const std::string& path, const std::string& to,
                                         const RepairOptions& options) {
  auto made = NewFolder::Begin(to);
  if (!made.ok()) return made.status();
  auto salvaged = SalvageRocksStore(path, (*made)->Aside("old"));
  if (!salvaged.ok()) return salvaged.status();
  const bool all_files = salvaged->unread.empty() && !salvaged->lost_tables;
  auto opened =
      engine::WithKeysAndKeyring(std::move(salvaged->store), options.keys, options.keyring);
  if (!opened.ok()) return opened.status();
  auto report = Repair(**opened, (*made)->content(), options).Run(all_files);
  if (!report.ok()) return report.status();
  report->gathered = salvaged->gathered;
  for (const std::string& file : salvaged->unread)
    report->unsound.push_back({"files", file, "it cannot be read"});
  if (salvaged->lost_tables)
    report->notes.push_back("some table files could be read in part alone");
  opened->reset();
  if (absl::Status status = (*made)->Finish(); !status.ok()) return status;
  return report;
}

}  // namespace polyonym
