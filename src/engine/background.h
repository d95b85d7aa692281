// engine/background.h - work behind the callers' backs: syncs, checkpoints, judging ahead; of one engine or of all in an environment.
//
// A queue's threads start when there is first something to do, and are as many at most as it was told: a thousand engines
// that share a Background have no more threads than one.
//
// THREADS: thread-safe.
#ifndef POLYONYM_SRC_ENGINE_BACKGROUND_H_
#define POLYONYM_SRC_ENGINE_BACKGROUND_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"

namespace polyonym::engine {

class TaskQueue {
 public:
  explicit TaskQueue(std::size_t max_threads) : max_threads_(max_threads) {}
  ~TaskQueue();  // what waits is dropped; what runs is waited for. May not be called by a task
  TaskQueue(const TaskQueue&) = delete;
  TaskQueue& operator=(const TaskQueue&) = delete;

  // Runs `task` after `delay`, or later where all threads are busy. Forget() knows it by its owner.
  void After(std::chrono::milliseconds delay, const void* owner, std::function<void()> task);

  // Drops the owner's tasks that wait or are added meanwhile, and waits for those that run.  REQUIRES: not called by one of them.
  void Forget(const void* owner);

 private:
  struct Task {
    const void* owner;
    std::function<void()> run;
  };
  void Work();

  const std::size_t max_threads_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<std::chrono::steady_clock::time_point, Task> waiting_ ABSL_GUARDED_BY(mutex_);
  std::multiset<const void*> running_ ABSL_GUARDED_BY(mutex_);     // owners
  std::multiset<const void*> forgetting_ ABSL_GUARDED_BY(mutex_);  // owners
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

// Queues of their own: a sync that is due does not wait for a checkpoint.
struct Background {
  explicit Background(std::size_t sync_threads) : syncs(sync_threads), checkpoints(1), judging(1) {}
  // Where a writer may have records judged ahead of itself; null on a machine with one core.
  TaskQueue* Judging() { return std::thread::hardware_concurrency() > 1 ? &judging : nullptr; }
  TaskQueue syncs;
  TaskQueue checkpoints;
  TaskQueue judging;
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_BACKGROUND_H_
