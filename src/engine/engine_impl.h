// engine/engine_impl.h - the engine's inside: one writer at a time over the index and the log, any number of views.
#ifndef POLYONYM_SRC_ENGINE_ENGINE_IMPL_H_
#define POLYONYM_SRC_ENGINE_ENGINE_IMPL_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/core.h"
#include "engine/index.h"
#include "engine/log.h"
#include "engine/state.h"
#include "polyonym/engine/engine.h"

namespace polyonym {

class Engine::Impl {
 public:
  Impl(std::unique_ptr<Store> store, EngineOptions options);
  ~Impl();

  absl::Status Start();
  // Ends the background threads and puts everything on stable storage. Views may live on.
  void Stop();

  absl::StatusOr<ApplyResult> Apply(std::span<const Record> records);
  absl::StatusOr<RetractResult> Retract(const RecordSelector& selector);
  absl::StatusOr<PolicyResult> SetPolicy(const Policy& policy, const PolicyOptions& options);
  absl::StatusOr<AdvanceResult> AdvanceTo(std::int64_t now_ms);
  absl::Status Checkpoint();
  absl::Status CopyTo(const std::string& path);
  // Everything up to `sequence` is on stable storage when it returns.
  absl::Status SyncUpTo(std::uint64_t sequence);

  const Store& store() const { return *store_; }
  const engine::Index& index() const { return index_; }
  engine::Publisher& publisher() { return publisher_; }
  Durability durability() const { return options_.durability; }
  std::uint64_t failed_checkpoints() const { return failed_checkpoints_; }

 private:
  // One call's work inside a commit. It runs on the thread that leads the group.
  struct Job {
    std::function<absl::Status()> run;
    std::vector<Change> changes;  // filled in after run()
    std::uint64_t sequence = 0;   // likewise
    absl::Status status;
    bool alone = false;  // commits by itself: no other call is in its group
    bool done = false;
  };

  absl::Status OpenHeader();
  absl::Status CheckLogReaches(std::uint64_t frame) const;
  absl::Status ReplayTail();
  absl::Status ReplayFrame(std::uint64_t number, std::string_view bytes);
  absl::Status EndReplayedApply();

  absl::Status Submit(Job* job);
  void RunGroup(const std::vector<Job*>& group);
  absl::Status RunJob(Job* job, WriteSet* writes);
  absl::Status CommitLog(WriteSet* writes, bool sync);
  absl::Status CheckClock(std::int64_t now_ms) const;
  void FinishChanges(const engine::Rules& rules_before, std::uint64_t nodes_before, Job* job,
                     WriteSet* writes);
  void Publish();
  void Latch(const absl::Status& why);
  absl::Status ReadOnly() const;

  absl::Status RetractOne(const RecordSelector& selector, RetractResult* result);
  absl::Status RetractRange(const RecordSelector& selector, RetractResult* result);
  void TakeTombstones(std::span<const Record> tombstones);

  void SyncInGroups();
  bool CheckpointIsDue() const;
  void CheckpointWhenDue();

  const EngineOptions options_;
  std::unique_ptr<Store> store_;
  engine::Index index_;
  engine::Log log_;
  std::unique_ptr<engine::Core> core_;  // the group leader's
  engine::Publisher publisher_;
  std::uint64_t last_sequence_ = 0;  // the group leader's
  std::uint64_t replaying_ = 0;      // sequence being replayed, while opening
  std::shared_ptr<const engine::Rules> replay_rules_before_;
  std::uint64_t replay_nodes_before_ = 0;
  bool replayed_policy_ = false;

  std::mutex queue_mutex_;
  std::condition_variable queue_moved_;
  std::deque<Job*> queue_ ABSL_GUARDED_BY(queue_mutex_);

  mutable std::mutex latch_mutex_;
  absl::Status latched_ ABSL_GUARDED_BY(latch_mutex_);

  std::atomic<std::uint64_t> synced_sequence_{0};
  std::mutex checkpoint_mutex_;
  std::uint64_t checkpoint_sequence_ ABSL_GUARDED_BY(checkpoint_mutex_) = 0;
  std::atomic<std::uint64_t> log_bytes_since_checkpoint_{0};
  std::atomic<std::uint64_t> checkpoint_due_at_;  // of these bytes
  std::atomic<std::uint64_t> failed_checkpoints_{0};

  std::mutex background_mutex_;
  std::condition_variable background_wake_;
  bool stopping_ ABSL_GUARDED_BY(background_mutex_) = false;
  std::atomic<bool> unsynced_{false};
  std::thread syncer_;
  std::thread checkpointer_;
};

}  // namespace polyonym

#endif  // POLYONYM_SRC_ENGINE_ENGINE_IMPL_H_
