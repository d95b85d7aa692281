#include "engine/background.h"

#include <atomic>
#include <barrier>
#include <chrono>
#include <functional>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "harness/catch.h"

namespace polyonym::engine {
namespace {

using std::chrono::milliseconds;

void WaitFor(const std::atomic<int>& count, int enough) {
  while (count < enough) std::this_thread::yield();
}

}  // namespace

TEST_CASE("tasks run in the order in which they are due, not before") {
  std::vector<int> order;
  std::atomic<int> done{0};
  std::barrier all_there(2);
  TaskQueue queue(1);
  queue.After(std::chrono::hours(-9), nullptr, [&] { all_there.arrive_and_wait(); });
  for (const int n : {3, 1, 2}) {
    queue.After(std::chrono::hours(n - 4), nullptr, [&, n] {
      order.push_back(n);
      ++done;
    });
  }
  queue.After(std::chrono::hours(1), nullptr, [&] { order.push_back(4); });
  all_there.arrive_and_wait();
  WaitFor(done, 3);
  queue.Forget(nullptr);
  CHECK(order == std::vector<int>{1, 2, 3});
}

TEST_CASE("as many tasks run at once as there may be threads, and no more") {
  constexpr int kThreads = 3;
  std::atomic<int> done{0};
  std::barrier all(kThreads);
  std::mutex mutex;
  std::set<std::thread::id> threads;
  TaskQueue queue(kThreads);
  for (int i = 0; i < 40 * kThreads; ++i) {
    queue.After(milliseconds(0), nullptr, [&] {
      all.arrive_and_wait();  // were there fewer threads, for ever
      const std::lock_guard lock(mutex);
      threads.insert(std::this_thread::get_id());
      ++done;
    });
  }
  WaitFor(done, 40 * kThreads);
  CHECK(threads.size() == kThreads);
}

TEST_CASE("what is forgotten does not run, and what runs has ended when it is forgotten") {
  const int here = 0, there = 0;
  std::atomic<int> begun{0}, ended{0}, again{0}, late{0}, others{0};
  TaskQueue queue(2);
  std::function<void()> run_again = [&] {
    ++again;
    queue.After(milliseconds(0), &here, run_again);
  };
  queue.After(milliseconds(0), &here, [&] {
    ++begun;
    for (int i = 0; i < 1'000; ++i) std::this_thread::yield();
    ++ended;
  });
  queue.After(milliseconds(0), &here, run_again);
  queue.After(std::chrono::hours(1), &here, [&] { ++late; });
  WaitFor(begun, 1);
  queue.Forget(&here);
  CHECK(ended == 1);
  const int then = again;
  for (int i = 1; i <= 100; ++i) {
    queue.After(milliseconds(0), &there, [&] { ++others; });
    WaitFor(others, i);
  }
  CHECK(again == then);
  CHECK(late == 0);
  queue.After(milliseconds(0), &here, [&] { ++others; });  // known again
  WaitFor(others, 101);
}

TEST_CASE("a queue that goes takes what waits with it") {
  std::atomic<int> ran{0};
  {
    TaskQueue queue(1);
    queue.After(milliseconds(0), nullptr, [&] { ++ran; });
    WaitFor(ran, 1);
    queue.After(std::chrono::hours(1), nullptr, [&] { ++ran; });
  }
  CHECK(ran == 1);
}

}  // namespace polyonym::engine
