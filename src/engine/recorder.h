// engine/recorder.h - counts what an engine does, times it, and tells the host's callback.
//
// Counting is a relaxed addition; nothing waits. Events are posted wherever they are met, also under a lock, and told by Tell(), which
// is called where none is held.
//
// THREADS: thread-safe.
#ifndef POLYONYM_SRC_ENGINE_RECORDER_H_
#define POLYONYM_SRC_ENGINE_RECORDER_H_

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "engine/lens.h"
#include "polyonym/engine/engine.h"
#include "polyonym/engine/event.h"
#include "polyonym/engine/metrics.h"
#include "polyonym/store/store.h"

namespace polyonym::engine {

class Counter {
 public:
  void Add(std::uint64_t by) { value_.fetch_add(by, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class LatencyRecorder {
 public:
  void Record(std::uint64_t ns) {
    buckets_[LatencyHistogram::BucketOf(ns)].Add(1);
    sum_ns_.Add(ns);
  }
  LatencyHistogram Read() const;

 private:
  std::array<Counter, LatencyHistogram::kBuckets> buckets_;
  Counter sum_ns_;
};

class Recorder {
 public:
  explicit Recorder(const EngineOptions& options);

  std::uint64_t now_ns() const { return ticks_ns_(); }

  void CountRecords(std::span<const RecordResult> results);
  void CountWork(const Lens::Work& work);
  // An Apply() of so many records took so long.
  void NoteBatch(std::size_t records, std::uint64_t ns);
  // Writes of the store may have begun to stall, or ceased to.
  void NoteStall(const Store& store);

  // Leaves an event to be told.
  void Post(EngineEvent event);
  // Tells what was posted, unless another thread does.  REQUIRES: the caller holds no lock.
  void Tell();
  // Nothing is told from now on; waits for a call that is under way.
  void Silence();

  // What is counted here, into `out`.
  void Read(EngineMetrics* out) const;

  Counter retracted_records, rejudged_records, expired_links, folded_records;
  Counter logged_bytes, checkpoints, checkpoint_bytes;
  LatencyRecorder apply, retract, set_policy, advance_to, move_horizon, commit, sync, checkpoint;

 private:
  void PostLocked(EngineEvent event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::function<void(const EngineEvent&)> on_event_;
  const std::function<std::uint64_t()> ticks_ns_;
  const std::uint64_t slow_batch_ns_;

  std::array<Counter, 4> outcomes_;
  std::array<Counter, kChangeKinds> changes_;
  Counter held_identifiers_, feed_rows_, guards_tripped_, guards_released_;
  Counter slow_batches_, dropped_events_;

  mutable std::mutex mutex_;
  std::condition_variable told_;
  std::vector<EngineEvent> posted_ ABSL_GUARDED_BY(mutex_);
  bool telling_ ABSL_GUARDED_BY(mutex_) = false;
  bool silent_ ABSL_GUARDED_BY(mutex_) = false;
  std::atomic<bool> has_posted_{false};
  std::optional<std::uint64_t> stalled_since_ns_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t stalls_ ABSL_GUARDED_BY(mutex_) = 0;
  std::uint64_t stalled_ns_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Times what happens while it lives.
class Timed {
 public:
  Timed(const Recorder& recorder, LatencyRecorder& latency)
      : recorder_(recorder), latency_(latency), begin_ns_(recorder.now_ns()) {}
  ~Timed() { Stop(); }
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

  // Ends it before its life does; returns how long it was.
  std::uint64_t Stop() {
    if (!stopped_) {
      stopped_ = true;
      ns_ = recorder_.now_ns() - begin_ns_;
      latency_.Record(ns_);
    }
    return ns_;
  }

 private:
  const Recorder& recorder_;
  LatencyRecorder& latency_;
  const std::uint64_t begin_ns_;
  std::uint64_t ns_ = 0;
  bool stopped_ = false;
};

// A call of the host that writes: timed, and when it is over what was posted is told.
class TimedCall {
 public:
  // `batch`: how many records an Apply() brings.
  TimedCall(Recorder& recorder, LatencyRecorder& latency,
            std::optional<std::size_t> batch = std::nullopt)
      : recorder_(recorder), timed_(recorder, latency), batch_(batch) {}
  ~TimedCall() {
    const std::uint64_t ns = timed_.Stop();
    if (batch_) recorder_.NoteBatch(*batch_, ns);
    recorder_.Tell();
  }
  TimedCall(const TimedCall&) = delete;
  TimedCall& operator=(const TimedCall&) = delete;

 private:
  Recorder& recorder_;
  Timed timed_;
  const std::optional<std::size_t> batch_;
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_RECORDER_H_
