// A first import: one commit that many calls fill, whose log goes to disk in sorted files.
//
// The commit stays open, so that cells which it added itself are written in place: nobody can see them yet. Frames
// that are on disk while it is open have its number; if the process dies, opening makes a commit of those that are there.
#include "engine/engine_impl.h"

namespace polyonym {

absl::Status Engine::Impl::RunBulk(Job* job) {
  if (absl::Status status = CheckRoom(); !status.ok()) return status;
  if (!bulk_) {
    // A file goes past the write-ahead log: what lies there must be on stable storage first, lest frames before it are
    // lost and it is not.
    if (absl::Status status = SyncLog(last_sequence_); !status.ok()) return status;
    bulk_ = {.sequence = last_sequence_ + 1, .appended_before = log_.appended()};
    bulk_open_ = true;
    for (const auto& lens : lenses_) lens->Begin(bulk_->sequence);
  }
  absl::Status status = job->run();
  job->sequence = log_.appended() != bulk_->appended_before ? bulk_->sequence : last_sequence_;
  if (!status.ok() || log_.pending_bytes() < options_.bulk_run_bytes) return status;
  status = WriteRun();
  if (!status.ok()) Latch(status);
  return status;
}

absl::Status Engine::Impl::WriteRun() {
  const engine::Timed timed(recorder_, recorder_.commit);
  const std::uint64_t bytes_before = log_.bytes_written();
  absl::Status status = store_->IngestFrom(
      Table::kLog, [this](const Store::RowSink& add) { return log_.WriteTo(add); });
  if (!status.ok()) return status;
  log_.Release();
  recorder_.logged_bytes.Add(log_.bytes_written() - bytes_before);
  bulk_->logged_bytes += log_.bytes_written() - bytes_before;
  return absl::OkStatus();
}

// Frames before their changes: opening can make the changes of the last commit again.
absl::Status Engine::Impl::EndBulk() {
  const Bulk bulk = *bulk_;
  absl::Status status;
  if (log_.appended() != bulk.appended_before) {
    WriteSet feed;
    FeedChanges(bulk.sequence, &feed, nullptr);
    status = CoreStatus();
    if (status.ok()) status = WriteRun();
    if (status.ok() && !feed.empty()) status = store_->Commit(feed, true);
    log_bytes_since_checkpoint_ += bulk_->logged_bytes;
    last_sequence_ = bulk.sequence;
  }
  bulk_.reset();
  bulk_open_ = false;
  if (!status.ok()) {
    Latch(status);
  } else if (last_sequence_ == bulk.sequence) {
    ShowCommit(true);
  }
  return status;
}

absl::Status Engine::Impl::EndBulkIfOpen() {
  if (!bulk_open_) return absl::OkStatus();
  Job job;
  job.alone = true;
  job.run = [] { return absl::OkStatus(); };  // any call ends it
  return Submit(&job);
}

}  // namespace polyonym
