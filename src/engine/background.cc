#include "engine/background.h"

#include <algorithm>

namespace polyonym::engine {

TaskQueue::~TaskQueue() {
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
  }
  changed_.notify_all();
  for (std::thread& thread : threads) thread.join();
}

void TaskQueue::After(std::chrono::milliseconds delay, const void* owner,
                      std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    if (forgetting_.contains(owner)) return;
    waiting_.emplace(std::chrono::steady_clock::now() + delay, Task{owner, std::move(task)});
    const std::size_t tasks = waiting_.size() + running_.size();
    if (threads_.size() < std::min(tasks, max_threads_)) threads_.emplace_back([this] { Work(); });
  }
  changed_.notify_all();
}

void TaskQueue::Forget(const void* owner) {
  std::unique_lock lock(mutex_);
  const auto forgetting = forgetting_.insert(owner);
  std::erase_if(waiting_, [&](const auto& task) { return task.second.owner == owner; });
  changed_.wait(lock, [&] { return !running_.contains(owner); });
  forgetting_.erase(forgetting);
}

void TaskQueue::Work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (waiting_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto due = waiting_.begin()->first;
    if (due > std::chrono::steady_clock::now()) {
      changed_.wait_until(lock, due);
      continue;
    }
    const Task task = std::move(waiting_.extract(waiting_.begin()).mapped());
    running_.insert(task.owner);
    lock.unlock();
    task.run();
    lock.lock();
    running_.erase(running_.find(task.owner));
    changed_.notify_all();
  }
}

}  // namespace polyonym::engine
