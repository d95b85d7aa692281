#include "engine/recorder.h"

#include <chrono>
#include <utility>

namespace polyonym::engine {
namespace {

std::uint64_t SteadyNs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

std::uint64_t SlowBatchNs(std::uint32_t ms) {
  return ms == 0 ? ~std::uint64_t{0} : std::uint64_t{ms} * 1'000'000;
}

}  // namespace

LatencyHistogram LatencyRecorder::Read() const {
  LatencyHistogram histogram;
  for (std::size_t i = 0; i < buckets_.size(); ++i) histogram.buckets[i] = buckets_[i].value();
  histogram.sum_ns = sum_ns_.value();
  return histogram;
}

Recorder::Recorder(const EngineOptions& options)
    : on_event_(options.on_event),
      ticks_ns_(options.ticks_ns ? options.ticks_ns : SteadyNs),
      slow_batch_ns_(SlowBatchNs(options.slow_batch_ms)) {}

void Recorder::CountRecords(std::span<const RecordResult> results) {
  std::array<std::uint64_t, 4> outcomes{};
  std::uint64_t held_identifiers = 0;
  for (const RecordResult& result : results) {
    ++outcomes[static_cast<std::size_t>(result.outcome)];
    if (result.outcome == Outcome::kApplied) held_identifiers += result.held_identifiers;
  }
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i] != 0) outcomes_[i].Add(outcomes[i]);
  }
  if (held_identifiers != 0) held_identifiers_.Add(held_identifiers);
}

void Recorder::CountWork(const Lens::Work& work) {
  for (std::size_t kind = 0; kind < changes_.size(); ++kind) {
    if (work.changes[kind] != 0) changes_[kind].Add(work.changes[kind]);
  }
  if (work.feed_rows != 0) feed_rows_.Add(work.feed_rows);
  if (work.flips.tripped != 0) guards_tripped_.Add(work.flips.tripped);
  if (work.flips.released != 0) guards_released_.Add(work.flips.released);
}

void Recorder::NoteBatch(std::size_t records, std::uint64_t ns) {
  if (ns <= slow_batch_ns_) return;
  slow_batches_.Add(1);
  Post({.kind = EngineEventKind::kSlowBatch, .duration_ns = ns, .records = records});
}

void Recorder::NoteStall(const Store& store) {
  EngineEvent event;
  {
    // Asked under the lock: of two threads that bring news, the later one must not leave the older.
    const std::lock_guard lock(mutex_);
    const bool stalled = store.WritesStalled();
    if (stalled == stalled_since_ns_.has_value()) return;
    if (stalled) {
      ++stalls_;
      stalled_since_ns_ = now_ns();
      event.kind = EngineEventKind::kWriteStallBegan;
    } else {
      event.kind = EngineEventKind::kWriteStallEnded;
      event.duration_ns = now_ns() - *std::exchange(stalled_since_ns_, std::nullopt);
      stalled_ns_ += event.duration_ns;
    }
    PostLocked(std::move(event));
  }
  Tell();
}

void Recorder::Post(EngineEvent event) {
  const std::lock_guard lock(mutex_);
  PostLocked(std::move(event));
}

void Recorder::PostLocked(EngineEvent event) {
  if (!on_event_ || silent_) return;
  if (posted_.size() >= kMaxWaitingEvents) return dropped_events_.Add(1);
  posted_.push_back(std::move(event));
  has_posted_ = true;
}

void Recorder::Tell() {
  if (!has_posted_.load(std::memory_order_relaxed)) return;
  std::unique_lock lock(mutex_);
  if (telling_) return;  // who tells takes these too
  telling_ = true;
  while (!posted_.empty() && !silent_) {
    const std::vector<EngineEvent> events = std::exchange(posted_, {});
    has_posted_ = false;
    lock.unlock();
    for (const EngineEvent& event : events) on_event_(event);
    lock.lock();
  }
  telling_ = false;
  told_.notify_all();
}

void Recorder::Silence() {
  std::unique_lock lock(mutex_);
  silent_ = true;
  told_.wait(lock, [&] { return !telling_; });
}

void Recorder::Read(EngineMetrics* out) const {
  out->records_applied = outcomes_[static_cast<std::size_t>(Outcome::kApplied)].value();
  out->records_unchanged = outcomes_[static_cast<std::size_t>(Outcome::kUnchanged)].value();
  out->records_held = outcomes_[static_cast<std::size_t>(Outcome::kHeld)].value();
  out->records_rejected = outcomes_[static_cast<std::size_t>(Outcome::kRejected)].value();
  out->held_identifiers = held_identifiers_.value();
  out->retracted_records = retracted_records.value();
  out->rejudged_records = rejudged_records.value();
  out->expired_links = expired_links.value();
  out->folded_records = folded_records.value();
  for (std::size_t i = 0; i < changes_.size(); ++i) out->changes[i] = changes_[i].value();
  out->feed_rows = feed_rows_.value();
  out->guards_tripped = guards_tripped_.value();
  out->guards_released = guards_released_.value();
  out->logged_bytes = logged_bytes.value();
  out->checkpoints = checkpoints.value();
  out->checkpoint_bytes = checkpoint_bytes.value();
  out->slow_batches = slow_batches_.value();
  out->dropped_events = dropped_events_.value();
  out->apply = apply.Read();
  out->retract = retract.Read();
  out->set_policy = set_policy.Read();
  out->advance_to = advance_to.Read();
  out->move_horizon = move_horizon.Read();
  out->commit = commit.Read();
  out->sync = sync.Read();
  out->checkpoint = checkpoint.Read();
  const std::lock_guard lock(mutex_);
  out->write_stalls = stalls_;
  out->write_stalled = stalled_since_ns_.has_value();
  out->write_stalled_ns = stalled_ns_ + (stalled_since_ns_ ? now_ns() - *stalled_since_ns_ : 0);
}

}  // namespace polyonym::engine
