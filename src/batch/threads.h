// batch/threads.h - work that is cut into tasks, on a few threads.
#ifndef POLYONYM_SRC_BATCH_THREADS_H_
#define POLYONYM_SRC_BATCH_THREADS_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <system_error>
#include <thread>
#include <vector>

namespace polyonym::batch {

// How many to use where the caller asks for so many; 0: as many as the machine has.
inline unsigned ThreadsFor(unsigned asked) {
  constexpr unsigned kMost = 64;
  const unsigned threads = asked == 0 ? std::thread::hardware_concurrency() : asked;
  return std::clamp(threads, 1U, kMost);
}

// Runs task(0) to task(tasks - 1), each once and in any order, on at most `threads` threads, the caller's among them. What the
// machine gives no thread for, the others do.
template <class Task>
void RunTasks(unsigned threads, std::size_t tasks, const Task& task) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < tasks;) task(i);
  };
  std::vector<std::thread> others;
  others.reserve(threads);
  try {
    for (std::size_t t = 1; t < threads && t < tasks; ++t) others.emplace_back(work);
  } catch (const std::system_error&) {
  }
  work();
  for (std::thread& other : others) other.join();
}

// Runs work(from, to) over the ranges that `count` things are cut into.
template <class Work>
void RunRanges(unsigned threads, std::size_t count, std::size_t range, const Work& work) {
  RunTasks(threads, (count + range - 1) / range,
           [&](std::size_t i) { work(i * range, std::min(count, (i + 1) * range)); });
}

}  // namespace polyonym::batch

#endif  // POLYONYM_SRC_BATCH_THREADS_H_
