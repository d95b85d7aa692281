#include "crash/frail_disk.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "harness/engine_state.h"

namespace polyonym::harness {
namespace {

void Copy(const Store& from, Store* to) {
  for (const Table table : {Table::kLog, Table::kState, Table::kMeta, Table::kFeed}) {
    WriteSet rows;
    Must(from.Scan(table, "", "", [&](std::string_view key, std::string_view value) {
      rows.puts.push_back({table, std::string(key), std::string(value)});
      return true;
    }));
    Must(to->Commit(rows, true));
  }
}

}  // namespace

// Reads see what a process sees; writes go through the disk.
class FrailStore : public Store {
 public:
  explicit FrailStore(FrailDisk* disk) : disk_(disk) {}

  absl::StatusOr<std::optional<std::string>> Get(Table table, std::string_view key,
                                                 const StoreSnapshot* snapshot) const override {
    return disk_->now_->Get(table, key, snapshot);
  }
  absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      Table table, std::span<const std::string> keys,
      const StoreSnapshot* snapshot) const override {
    return disk_->now_->MultiGet(table, keys, snapshot);
  }
  absl::Status Scan(Table table, std::string_view from, std::string_view to, const RowVisitor& row,
                    const StoreSnapshot* snapshot) const override {
    return disk_->now_->Scan(table, from, to, row, snapshot);
  }
  absl::StatusOr<std::optional<std::string>> LastKey(Table table) const override {
    return disk_->now_->LastKey(table);
  }
  std::shared_ptr<const StoreSnapshot> Snapshot() const override { return disk_->now_->Snapshot(); }
  absl::Status Commit(const WriteSet& writes, bool sync) override {
    return disk_->Commit(writes, sync);
  }
  absl::Status Sync() override { return disk_->Sync(); }
  absl::Status IngestFrom(Table table, const RowSource& rows) override {
    FrailDisk::Rows run;
    absl::Status status = rows([&run](std::string_view key, std::string_view value) {
      run.emplace_back(key, value);
      return absl::OkStatus();
    });
    return status.ok() ? disk_->Ingest(table, run) : status;
  }
  absl::Status CopyTo(const std::string& path) const override { return disk_->now_->CopyTo(path); }
  std::uint64_t ApproximateBytes() const override { return disk_->now_->ApproximateBytes(); }

 private:
  FrailDisk* const disk_;
};

EngineOptions FrailOptions(std::uint64_t seed, Durability durability) {
  EngineOptions options = PlanOptions(seed);
  options.durability = durability;
  options.group_ms = 60'000;  // far longer than an engine lives here
  return options;
}

FrailDisk::FrailDisk() : now_(OpenMemoryStore()), stable_(OpenMemoryStore()) {}

std::unique_ptr<Store> FrailDisk::Open() { return std::make_unique<FrailStore>(this); }

void FrailDisk::FailAt(std::uint64_t call, Moment moment) {
  calls_ = 0;
  fail_at_ = call;
  moment_ = moment;
}

void FrailDisk::Mend() {
  fail_at_ = 0;
  failed_ = false;
}

FrailDisk::Fate FrailDisk::Next() {
  ++calls_;
  if (failed_) return {false, false, absl::FailedPreconditionError("the disk failed before")};
  if (calls_ != fail_at_) return {};
  failed_ = true;
  return {moment_ != Moment::kBefore, moment_ == Moment::kAfter,
          absl::UnavailableError("the disk failed")};
}

void FrailDisk::SyncTail() {
  for (const WriteSet& writes : tail_) Must(stable_->Commit(writes, true));
  tail_.clear();
}

absl::Status FrailDisk::Commit(const WriteSet& writes, bool sync) {
  const Fate fate = Next();
  if (!fate.done) return fate.answer;
  Must(now_->Commit(writes, sync));
  tail_.push_back(writes);
  if (sync && fate.stable) SyncTail();
  return fate.answer;
}

absl::Status FrailDisk::Sync() {
  const Fate fate = Next();
  if (fate.done && fate.stable) SyncTail();
  return fate.answer;
}

// All or nothing, and synced: there is no half of it. It goes past the log, which may lie further back.
absl::Status FrailDisk::Ingest(Table table, const Rows& rows) {
  const Fate fate = Next();
  if (!fate.done || !fate.stable) return fate.answer;
  Must(now_->Ingest(table, rows));
  Must(stable_->Ingest(table, rows));
  return fate.answer;
}

std::unique_ptr<FrailDisk> FrailDisk::AfterKill() const {
  auto left = std::make_unique<FrailDisk>();
  Copy(*now_, left->now_.get());
  Copy(*stable_, left->stable_.get());
  left->tail_ = tail_;
  return left;
}

std::unique_ptr<FrailDisk> FrailDisk::AfterPowerCut(Random& random) const {
  auto left = std::make_unique<FrailDisk>();
  Copy(*stable_, left->stable_.get());
  const std::size_t kept = random.Below(tail_.size() + 1);
  for (std::size_t i = 0; i < kept; ++i) Must(left->stable_->Commit(tail_[i], true));
  Copy(*left->stable_, left->now_.get());
  return left;
}

}  // namespace polyonym::harness
