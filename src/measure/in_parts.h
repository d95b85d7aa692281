// measure/in_parts.h - work that is cut into tasks, on a few threads, each of which adds up a part of the result. What comes out may not
// depend on how many there are: so parts are sums, or sets whose order says nothing.
//
// THREADS: tasks must be safe beside each other.
#ifndef POLYONYM_SRC_MEASURE_IN_PARTS_H_
#define POLYONYM_SRC_MEASURE_IN_PARTS_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <span>
#include <system_error>
#include <thread>
#include <vector>

#include "polyonym/measure/event_table.h"

namespace polyonym::measure {

// How many to use where the caller asks for so many; 0: as many as the machine has.
inline unsigned ThreadsFor(unsigned asked) {
  constexpr unsigned kMost = 64;
  return std::clamp(asked == 0 ? std::thread::hardware_concurrency() : asked, 1U, kMost);
}

// Runs task(&part, 0) to task(&part, tasks - 1), each once and in any order, on at most `threads` threads, the caller's among them. Each
// thread has a part of its own, a copy of `fresh`; those are returned. What the machine gives no thread for, the others do. What a task
// throws (no memory is left) comes out of here once all threads are done; tasks that nobody had begun are left then.
template <class Part, class Task>
std::vector<Part> RunInParts(unsigned threads, std::size_t tasks, const Part& fresh,
                             const Task& task) {
  const std::size_t workers = std::clamp<std::size_t>(tasks, 1, ThreadsFor(threads));
  std::vector<Part> parts(workers, fresh);
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr thrown;
  const auto work = [&](Part* part) {
    try {
      for (std::size_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < tasks;)
        task(part, i);
    } catch (...) {
      next.store(tasks, std::memory_order_relaxed);
      const std::lock_guard lock(mutex);
      thrown = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  others.reserve(workers);
  try {
    for (std::size_t i = 1; i < workers; ++i) others.emplace_back(work, &parts[i]);
  } catch (const std::system_error&) {
  }
  work(&parts[0]);
  for (std::thread& other : others) other.join();
  if (thrown) std::rethrow_exception(thrown);
  return parts;
}

// Tasks that leave nothing to be added up.
template <class Task>
void RunTasks(unsigned threads, std::size_t tasks, const Task& task) {
  struct None {};
  RunInParts(threads, tasks, None(), [&](None*, std::size_t i) { task(i); });
}

// Calls work(&part, first, end) for ranges of people, of about as many events each.
template <class Part, class Work>
std::vector<Part> OverPeople(const EventTable& table, unsigned threads, const Part& fresh,
                             const Work& work) {
  constexpr std::uint64_t kEvents = std::uint64_t{1} << 16;
  const std::span<const std::uint32_t> offsets = table.offsets();
  // People without events have to be gone through too.
  const std::uint64_t weight = std::uint64_t{table.events()} + table.people();
  const std::size_t tasks = static_cast<std::size_t>(weight / kEvents + 1);
  // The first person whose events, and the people before, weigh as much as so many tasks.
  const auto bound = [&](std::size_t task) {
    if (task == tasks) return table.people();
    std::uint32_t low = 0, high = table.people();
    while (low < high) {
      const std::uint32_t middle = low + (high - low) / 2;
      if (std::uint64_t{offsets[middle]} + middle < task * kEvents) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  };
  return RunInParts(threads, tasks, fresh, [&](Part* part, std::size_t task) {
    work(part, bound(task), bound(task + 1));
  });
}

}  // namespace polyonym::measure

#endif  // POLYONYM_SRC_MEASURE_IN_PARTS_H_
