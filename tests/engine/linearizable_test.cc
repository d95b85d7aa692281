// Several threads apply, retract and resolve at once: everybody sees one order of calls, which is that of their clocks.
//
// A call that stored something has a number. In an order that explains what everybody saw, calls stand by their numbers, and a view behind the call
// whose number it has. Two things are checked: whatever ended before another thing began stands before it; and each view shows what the
// definition makes of the records up to its number, of whole calls alone.
#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "harness/engine_state.h"

namespace polyonym::harness {
namespace {

constexpr std::size_t kThreads = 3;

// What one thread did, between two ticks of a clock that all of them share.
struct Done {
  std::uint64_t began = 0;
  std::uint64_t ended = 0;
  std::uint64_t number = 0;     // of the commit, or of what the view shows
  bool stored = false;          // a call that has a number of its own
  std::vector<Record> records;  // of a call
  std::shared_ptr<View> view;   // else
};

Policy SmallPolicy() {
  Policy policy;
  for (const char* name : {"crm", "phone", "device"}) {
    NamespacePolicy& ns = policy.namespaces.emplace_back();
    ns.name = name;
    ns.priority = static_cast<std::uint32_t>(policy.namespaces.size());
  }
  policy.namespaces[0].limits.push_back({.max = 1});
  policy.namespaces[2].guards.push_back({.of = "crm", .max_neighbours = 2});
  return policy;
}

// Few identifiers and few ids of records, so that threads meet at every step.
Record SmallRecord(Random& random, std::int64_t time_ms) {
  Record record;
  record.source = "s";
  record.id = "r" + std::to_string(random.Below(6));
  record.version = time_ms;
  if (random.Chance(25)) {
    record.act = Act::kRetract;
    return record;
  }
  record.time_ms = time_ms;
  const char* names[] = {"crm", "phone", "device"};
  for (std::uint64_t i = 0; i < 2 + random.Below(2); ++i)
    record.identifiers.push_back({names[random.Below(3)], std::to_string(random.Below(4))});
  return record;
}

std::vector<Done> RunThread(Engine& engine, std::uint64_t seed, std::atomic<std::uint64_t>& clock,
                            std::atomic<std::int64_t>& times) {
  Random random(seed);
  std::vector<Done> all;
  for (int step = 0; step < 6; ++step) {
    Done done;
    done.began = ++clock;
    if (random.Chance(40)) {
      done.view = std::make_shared<View>(engine.Read());
      done.number = done.view->sequence();
    } else {
      for (std::uint64_t i = 0; i < 1 + random.Below(3); ++i)
        done.records.push_back(SmallRecord(random, 1000 + times++));
      const ApplyResult result = Must(engine.Apply(done.records));
      done.number = result.sequence;
      done.stored =
          std::any_of(result.records.begin(), result.records.end(), [](const RecordResult& r) {
            return r.outcome == Outcome::kApplied || r.outcome == Outcome::kHeld;
          });
    }
    done.ended = ++clock;
    all.push_back(std::move(done));
  }
  return all;
}

std::string CheckOrder(const std::vector<Done>& all) {
  std::map<std::uint64_t, const Done*> by_number;
  for (const Done& done : all) {
    if (done.stored && !by_number.emplace(done.number, &done).second)
      return "two calls have one number\n";
  }
  for (const Done& a : all) {
    for (const Done& b : all) {
      if (a.ended >= b.began) continue;
      const bool right = b.stored ? a.number < b.number : a.number <= b.number;
      if (!right) return "a call that ended first stands behind another\n";
    }
  }
  return "";
}

std::string CheckViews(const std::vector<Done>& all, const Policy& policy) {
  std::vector<const Done*> calls;
  for (const Done& done : all) {
    if (done.stored) calls.push_back(&done);
  }
  std::sort(calls.begin(), calls.end(),
            [](const Done* a, const Done* b) { return a->number < b->number; });
  for (const Done& done : all) {
    if (done.view == nullptr) continue;
    std::vector<Record> records;
    for (const Done* call : calls) {
      if (call->number <= done.number)
        records.insert(records.end(), call->records.begin(), call->records.end());
    }
    const std::string fault =
        CompareWithNaive(*done.view, NaiveWorld(Compile(policy), records, 0), true, false);
    if (!fault.empty()) return "a view of commit " + std::to_string(done.number) + ":\n" + fault;
  }
  return "";
}

void RunHistories(std::uint64_t first, std::size_t count) {
  std::size_t views = 0, calls = 0, beside = 0;
  ForEachSeed(first, count, [&](std::uint64_t seed) {
    INFO("seed " << seed);
    const Policy policy = SmallPolicy();
    const std::unique_ptr<Engine> engine = OpenInMemory(policy, seed);
    std::atomic<std::uint64_t> clock{0};
    std::atomic<std::int64_t> times{0};
    std::vector<std::vector<Done>> done(kThreads);
    std::barrier start(static_cast<std::ptrdiff_t>(kThreads));
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        start.arrive_and_wait();
        done[t] = RunThread(*engine, seed * 8 + t, clock, times);
      });
    }
    for (std::thread& thread : threads) thread.join();
    std::vector<Done> all;
    for (std::vector<Done>& of_thread : done)
      std::move(of_thread.begin(), of_thread.end(), std::back_inserter(all));
    for (const Done& a : all) {
      (a.view == nullptr ? calls : views) += 1;
      for (const Done& b : all) beside += a.began < b.began && b.began < a.ended ? 1 : 0;
    }
    REQUIRE(CheckOrder(all) == "");
    REQUIRE(CheckViews(all, policy) == "");
  });
  if (OneSeedOnly()) return;
  INFO(calls << " calls, " << views << " views, " << beside << " pairs at the same time");
  CHECK(views > 0);
  CHECK(calls > 0);
  CHECK(beside > 0);  // else nothing was tried
}

}  // namespace

TEST_CASE("threads that apply and retract and read see one order of calls") {
  RunHistories(91'000'000, 400);
}
TEST_CASE("threads that apply and retract and read see one order of calls at length", "[slow]") {
  RunHistories(91'100'000, 20'000);
}

}  // namespace polyonym::harness
