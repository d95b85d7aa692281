#include "polyonym/privacy/audit_log.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "privacy/audit_chain.h"
#include "privacy/audit_file.h"
#include "privacy/audit_line.h"

namespace polyonym {
namespace {

using privacy::AuditChain;
using privacy::AuditFile;

constexpr std::size_t kEndBytes = std::size_t{1} << 20;  // that are checked as a log is opened
constexpr std::uint64_t kLeastFileBytes = 4096;
constexpr std::uint32_t kMostSyncMs = 60'000;

absl::Status Validate(const AuditOptions& options) {
  if (!options.key.empty() && options.key.size() < kMinAuditKeyBytes)
    return absl::InvalidArgumentError("key: must have 16 bytes or more, or none");
  if (options.sync_ms > kMostSyncMs)
    return absl::InvalidArgumentError("sync_ms: must be at most 60,000");
  if (options.max_file_bytes != 0 && options.max_file_bytes < kLeastFileBytes)
    return absl::InvalidArgumentError("max_file_bytes: must be 4,096 or more, or 0");
  if (!options.now_ms)
    return absl::InvalidArgumentError("now_ms: is missing: lines say when they were written");
  return absl::OkStatus();
}

absl::Status NotAsWritten() {
  return absl::DataLossError(
      "the last lines of the audit log are not as they were written: CheckAuditLog() says which "
      "(`polyonym audit check`); move its files aside to begin anew");
}

// The head of a file whose last line is whole, by its last lines.
absl::StatusOr<AuditHead> HeadOf(const AuditFile& file, const privacy::AuditHasher& hasher) {
  const std::uint64_t from = file.bytes() - std::min<std::uint64_t>(file.bytes(), kEndBytes);
  auto start = file.Read(0, kEndBytes / 4);
  auto end = file.Read(from, kEndBytes);
  if (!start.ok()) return start.status();
  if (!end.ok()) return end.status();
  absl::Status keyed = privacy::CheckKeyed(start->substr(0, start->find('\n')), hasher.keyed());
  if (!keyed.ok()) return keyed;
  AuditChain chain(hasher);
  std::string_view rest = *end;
  if (from > 0) {  // a line that is there in part, and one of which nobody knows what was before
    rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
    const std::size_t size = rest.find('\n');
    if (size == std::string_view::npos || !chain.TakeUnchecked(rest.substr(0, size)))
      return NotAsWritten();
    rest.remove_prefix(size + 1);
  }
  for (bool first = from == 0; !rest.empty(); first = false) {
    const std::size_t size = rest.find('\n');
    if (size == std::string_view::npos || !chain.Take(rest.substr(0, size), first).empty())
      return NotAsWritten();
    rest.remove_prefix(size + 1);
  }
  return chain.head().value_or(AuditHead());
}

// Bytes behind the last line end.
absl::StatusOr<std::uint64_t> TornBytes(const AuditFile& file) {
  const std::size_t most = std::min<std::uint64_t>(file.bytes(), privacy::kMaxAuditLineBytes);
  auto end = file.Read(file.bytes() - most, most);
  if (!end.ok()) return end.status();
  const std::size_t last = end->rfind('\n');
  if (last != std::string::npos) return end->size() - last - 1;
  if (end->size() < file.bytes()) return NotAsWritten();
  return end->size();
}

}  // namespace

class AuditLog::Impl {
 public:
  Impl(AuditFile file, const AuditOptions& options)
      : options_(options), hasher_(options.key), file_(std::move(file)) {}

  ~Impl() {
    {
      const std::lock_guard lock(mu_);
      is_over_ = true;
    }
    wake_.notify_all();
    if (syncer_.joinable()) syncer_.join();
    (void)Sync();
  }

  absl::Status Start(const std::string& path) {
    const std::int64_t now_ms = options_.now_ms();
    const std::lock_guard lock(mu_);
    auto torn = TornBytes(file_);
    if (!torn.ok()) return torn.status();
    if (*torn > 0) {
      if (absl::Status status = file_.Truncate(file_.bytes() - *torn); !status.ok()) return status;
    }
    auto head = file_.bytes() > 0 ? HeadOf(file_, hasher_) : HeadAside(path);
    if (!head.ok()) return head.status();
    head_ = *head;
    absl::Status status = file_.bytes() > 0 ? absl::OkStatus() : Begin(now_ms);
    if (status.ok() && *torn > 0)
      status = Put(now_ms, {.action = std::string(privacy::kMended), .outcome = "torn"}, {*torn});
    if (status.ok()) status = file_.Sync();
    if (status.ok() && options_.sync_ms > 0) syncer_ = std::thread([this] { KeepSynced(); });
    return status;
  }

  absl::Status Append(const AccessEvent& event, const AuditedCall& call) {
    if (event.action.empty() || event.action == privacy::kBegin ||
        event.action == privacy::kMended || event.action == privacy::kUnlogged) {
      return absl::InvalidArgumentError(
          "action: must be a word, and none of the log's own: begin, mended, unlogged");
    }
    const std::int64_t now_ms = options_.now_ms();
    const std::lock_guard lock(mu_);
    absl::Status status = MakeUp(now_ms);
    if (status.ok()) status = Put(now_ms, event, call);
    if (status.ok()) status = Settle();
    if (!status.ok()) ++unlogged_;
    return Answer(std::move(status));
  }

  absl::Status Usable() {
    const std::int64_t now_ms = options_.now_ms();
    const std::lock_guard lock(mu_);
    absl::Status status = MakeUp(now_ms);
    if (status.ok() && is_dirty_) status = Settle();
    return Answer(std::move(status));
  }

  absl::Status Sync() {
    const std::lock_guard lock(mu_);
    return SyncHere();
  }

  AuditHead Head() const {
    const std::lock_guard lock(mu_);
    return head_;
  }
  std::uint64_t unlogged() const {
    const std::lock_guard lock(mu_);
    return unlogged_;
  }

 private:
  absl::Status Answer(absl::Status status) const {
    return options_.when_unwritable == WhenUnwritable::kGoOn ? absl::OkStatus() : status;
  }

  // Where the log stood when its last file was put aside, and no other was begun.
  absl::StatusOr<AuditHead> HeadAside(const std::string& path) const {
    const auto aside = privacy::FilesAside(path);
    if (!aside.ok()) return aside.status();
    if (aside->empty()) return AuditHead();
    const auto last = AuditFile::OpenToRead(privacy::NameAside(path, aside->back()));
    if (!last.ok()) return last.status();
    return HeadOf(*last, hasher_);
  }

  // A line, and the head is its.
  absl::Status PutBody(std::uint64_t number, const std::string& body) {
    if (!failed_.ok()) return failed_;
    const privacy::AuditHash hash = hasher_.Of(head_.hash, body);
    if (absl::Status status = file_.Append(privacy::LineOf(body, hash)); !status.ok())
      return status;
    head_ = {number, hash};
    is_dirty_ = true;
    return absl::OkStatus();
  }

  absl::Status Begin(std::int64_t now_ms) {
    return PutBody(head_.number + 1, privacy::BeginningOf(now_ms, hasher_.keyed(), head_));
  }

  absl::Status Put(std::int64_t now_ms, const AccessEvent& event, const AuditedCall& call) {
    if (options_.max_file_bytes > 0 && file_.bytes() >= options_.max_file_bytes) {
      if (absl::Status status = file_.PutAside(); !status.ok()) return status;
    }
    if (file_.bytes() == 0) {
      if (absl::Status status = Begin(now_ms); !status.ok()) return status;
    }
    const std::uint64_t number = head_.number + 1;
    return PutBody(number, privacy::BodyOf(number, now_ms, event, call));
  }

  // Says what is missing.
  absl::Status MakeUp(std::int64_t now_ms) {
    if (unlogged_ == 0) return failed_;
    absl::Status status = Put(
        now_ms, {.action = std::string(privacy::kUnlogged), .outcome = "UNAVAILABLE"}, {unlogged_});
    if (status.ok()) unlogged_ = 0;
    return status;
  }

  // Lines are as safe as the options have it before a call returns.
  absl::Status Settle() {
    if (options_.sync_ms == 0) return SyncHere();
    wake_.notify_one();
    return absl::OkStatus();
  }

  // What a failed sync left cannot be told: the system may drop it and say nothing the next time. So it is the end of this log.
  absl::Status SyncHere() {
    if (!is_dirty_ || !failed_.ok()) return failed_;
    is_dirty_ = false;
    return failed_ = file_.Sync();
  }

  void KeepSynced() {
    std::unique_lock lock(mu_);
    while (!is_over_) {
      wake_.wait(lock, [&] { return is_over_ || is_dirty_; });
      wake_.wait_for(lock, std::chrono::milliseconds(options_.sync_ms), [&] { return is_over_; });
      if (is_over_) return;
      const privacy::OwnedFd file = file_.Again();
      is_dirty_ = false;
      lock.unlock();
      absl::Status status = privacy::SyncFile(file);
      lock.lock();
      if (!status.ok()) failed_ = std::move(status);
    }
  }

  const AuditOptions options_;
  const privacy::AuditHasher hasher_;
  mutable std::mutex mu_;
  std::condition_variable wake_;
  AuditFile file_ ABSL_GUARDED_BY(mu_);
  AuditHead head_ ABSL_GUARDED_BY(mu_);
  std::uint64_t unlogged_ ABSL_GUARDED_BY(mu_) = 0;
  bool is_dirty_ ABSL_GUARDED_BY(mu_) = false;  // lines are not synced
  bool is_over_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status failed_ ABSL_GUARDED_BY(mu_);  // a sync
  std::thread syncer_;
};

AuditLog::AuditLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AuditLog::~AuditLog() = default;

absl::StatusOr<std::shared_ptr<AuditLog>> AuditLog::Open(const std::string& path,
                                                         const AuditOptions& options) {
  if (absl::Status status = Validate(options); !status.ok()) return status;
  auto file = AuditFile::Open(path);
  if (!file.ok()) return file.status();
  auto impl = std::make_unique<Impl>(*std::move(file), options);
  if (absl::Status status = impl->Start(path); !status.ok()) return status;
  return std::shared_ptr<AuditLog>(new AuditLog(std::move(impl)));
}

absl::Status AuditLog::Append(const AccessEvent& event, const AuditedCall& call) {
  return impl_->Append(event, call);
}
absl::Status AuditLog::Usable() { return impl_->Usable(); }
absl::Status AuditLog::Sync() { return impl_->Sync(); }
AuditHead AuditLog::Head() const { return impl_->Head(); }
std::uint64_t AuditLog::unlogged() const { return impl_->unlogged(); }

}  // namespace polyonym
