// engine/threads.h - work that is cut into tasks, on a few threads. What comes out may not depend on how many there are.
//
// THREADS: tasks must be safe beside each other.
#ifndef POLYONYM_SRC_ENGINE_THREADS_H_
#define POLYONYM_SRC_ENGINE_THREADS_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace polyonym::engine {

// How many to use where the caller asks for so many; 0: as many as the machine has.
inline unsigned ThreadsFor(unsigned asked) {
  constexpr unsigned kMost = 64;
  // Asked once: it reads a file.
  static const unsigned machine = std::thread::hardware_concurrency();
  const unsigned threads = asked == 0 ? machine : asked;
  return std::clamp(threads, 1U, kMost);
}

// Runs task(0) to task(tasks - 1), each once and in any order, on at most `threads` threads, the caller's among them. What the
// machine gives no thread for, the others do. What a task throws (no memory is left) comes out of here once all threads are done;
// tasks that nobody had begun are left then.
template <class Task>
void RunTasks(unsigned threads, std::size_t tasks, const Task& task) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr thrown;
  const auto work = [&] {
    try {
      for (std::size_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < tasks;) task(i);
    } catch (...) {
      next.store(tasks, std::memory_order_relaxed);
      const std::lock_guard lock(mutex);
      thrown = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  others.reserve(threads);
  try {
    for (std::size_t t = 1; t < threads && t < tasks; ++t) others.emplace_back(work);
  } catch (const std::system_error&) {
  }
  work();
  for (std::thread& other : others) other.join();
  if (thrown) std::rethrow_exception(thrown);
}

// Runs work(from, to) over the ranges that `count` things are cut into.
template <class Work>
void RunRanges(unsigned threads, std::size_t count, std::size_t range, const Work& work) {
  RunTasks(threads, (count + range - 1) / range,
           [&](std::size_t i) { work(i * range, std::min(count, (i + 1) * range)); });
}

// Runs f and g beside each other, where `cells` are so many that a thread is worth its start.
template <class F, class G>
void Beside(std::uint64_t cells, const F& f, const G& g) {
  constexpr std::uint64_t kWorthThread = 1u << 15;
  RunTasks(cells >= kWorthThread ? ThreadsFor(0) : 1, 2,
           [&](std::size_t i) { i == 0 ? f() : g(); });
}

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_THREADS_H_
