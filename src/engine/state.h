// engine/state.h - what a commit publishes, and how readers hold on to it.
//
// The writer makes one CommitState a commit and publishes it through a Publisher; a reader pins the newest. Cells that a pinned
// commit may want are kept by the index until the pin goes.
//
// THREADS: thread-safe.
#ifndef POLYONYM_SRC_ENGINE_STATE_H_
#define POLYONYM_SRC_ENGINE_STATE_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "engine/graph.h"
#include "engine/horizons.h"
#include "engine/index.h"
#include "engine/rules.h"

namespace polyonym::engine {

struct LiveState;  // live_segments.h

struct CommitState {
  std::uint64_t sequence = 0;
  std::uint64_t nodes = 0;
  std::uint64_t links = 0;
  std::uint64_t profiles = 0;
  std::uint64_t mentions = 0;
  std::uint64_t records = 0;
  std::uint64_t renames = 0;
  std::uint64_t values_end = 0;
  std::uint64_t last_frame = 0;
  std::uint64_t replays = 0;
  std::uint64_t replayed_profiles = 0;
  std::int64_t clock_ms = 0;
  std::int64_t newest_ms = 0;
  std::uint64_t last_flip = 0;  // the last call in which a guard tripped or let go, since opening
  std::vector<std::string> families;
  std::shared_ptr<const Horizons> horizons = std::make_shared<const Horizons>();
  ResidentBytes resident;
  Totals totals;
  std::shared_ptr<const Rules> rules;
  std::shared_ptr<const LiveState> live;  // null: no segment is kept
  std::uint64_t dues = 0;
};

class Publisher {
 public:
  // Makes `state` the newest. Readers from now on see it.
  void Publish(std::shared_ptr<const CommitState> state) {
    {
      const std::lock_guard lock(mutex_);
      newest_ = std::move(state);
    }
    published_.notify_all();
  }

  std::shared_ptr<const CommitState> newest() const {
    const std::lock_guard lock(mutex_);
    return newest_;
  }

  // The newest state, kept readable until the pointer goes.
  std::shared_ptr<const CommitState> Pin() {
    const std::lock_guard lock(mutex_);
    ++pins_[newest_->sequence];
    return {newest_.get(), [this, hold = newest_](const CommitState* s) { Unpin(s->sequence); }};
  }

  // Waits until `sequence` is published; false when the time is up, or nothing more will be.
  bool WaitFor(std::uint64_t sequence, std::uint32_t timeout_ms) {
    std::unique_lock lock(mutex_);
    published_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                        [&] { return newest_->sequence >= sequence || closed_; });
    return newest_->sequence >= sequence;
  }

  // Nothing more will be published: nobody waits from now on.
  void Close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    published_.notify_all();
  }
  bool closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

  // The oldest commit that a reader may still want.
  std::uint64_t OldestPinned() const {
    const std::lock_guard lock(mutex_);
    return pins_.empty() ? newest_->sequence : pins_.begin()->first;
  }
  struct Pins {
    std::shared_ptr<const CommitState> newest;  // null where nothing was published
    std::uint64_t count = 0;
    std::uint64_t oldest = 0;  // the newest where there is none
  };
  Pins pins() const {
    const std::lock_guard lock(mutex_);
    Pins pins{newest_};
    if (newest_ != nullptr) pins.oldest = pins_.empty() ? newest_->sequence : pins_.begin()->first;
    for (const auto& [sequence, count] : pins_) pins.count += count;
    return pins;
  }
  bool HasPins() const {
    const std::lock_guard lock(mutex_);
    return !pins_.empty();
  }

 private:
  void Unpin(std::uint64_t sequence) {
    const std::lock_guard lock(mutex_);
    const auto at = pins_.find(sequence);
    if (--at->second == 0) pins_.erase(at);
  }

  mutable std::mutex mutex_;
  std::condition_variable published_;
  std::shared_ptr<const CommitState> newest_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::uint64_t, std::uint64_t> pins_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_STATE_H_
