// Sequences and funnels: published examples, and random histories against searches that try everything.
#include "segment/sequence.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "harness/catch.h"
#include "harness/random.h"
#include "polyonym/segment/expression.h"

namespace polyonym::harness {
namespace {

using segment::FunnelWalker;
using segment::LookedAt;
using segment::SequenceMatcher;
using Step = EventSequence::Step;

constexpr bool kDirectly = true;

// Events that are steps of their number, from 1, one a second; 0: looked at, and no step.
std::vector<LookedAt> Steps(std::initializer_list<std::uint32_t> numbers) {
  std::vector<LookedAt> events;
  for (const std::uint32_t number : numbers)
    events.push_back({static_cast<std::int64_t>(events.size()) * 1000,
                      number == 0 ? 0 : std::uint32_t{1} << (number - 1)});
  return events;
}

std::size_t Count(const std::vector<Step>& steps, std::int64_t within_ms,
                  const std::vector<LookedAt>& events) {
  SequenceMatcher matcher(steps, within_ms);
  return static_cast<std::size_t>(std::count_if(
      events.begin(), events.end(), [&](const LookedAt& event) { return matcher.Take(event); }));
}

std::size_t Level(const EventSequence& funnel, std::size_t steps,
                  const std::vector<LookedAt>& events) {
  FunnelWalker walker(funnel, steps);
  for (const LookedAt& event : events) walker.Take(event);
  return walker.best();
}

std::vector<LookedAt> RandomEvents(std::size_t steps, Random* random) {
  std::vector<LookedAt> events;
  std::int64_t time_ms = 0;
  for (std::uint64_t left = random->Below(12); left > 0; --left) {
    time_ms += random->Between(0, 2);
    // Most events are one step or none; some are several.
    std::uint32_t bits = 0;
    for (std::uint64_t i = random->Below(3); i > 0; --i)
      bits |= std::uint32_t{1} << random->Below(steps);
    events.push_back({time_ms, bits});
  }
  return events;
}

// Whether the steps from `step` on can be taken by events from `from` on, after the event `last`.
bool Continues(const std::vector<Step>& steps, std::int64_t within_ms,
               const std::vector<LookedAt>& events, std::size_t step, std::size_t first,
               std::size_t last, std::size_t end) {
  if (step == steps.size()) return last + 1 == end;
  for (std::size_t next = last + 1; next < end; ++next) {
    if (steps[step].directly && next != last + 1) return false;
    const bool may_be = (events[next].steps >> step & 1) != 0;
    const std::int64_t since = events[next].time_ms - events[last].time_ms;
    const std::int64_t whole = events[next].time_ms - events[first].time_ms;
    if (may_be && (steps[step].within_ms == 0 || since <= steps[step].within_ms) &&
        (within_ms == 0 || whole <= within_ms) &&
        Continues(steps, within_ms, events, step + 1, first, next, end))
      return true;
  }
  return false;
}

// Matches that lie one after the other, each that which ends first.
std::size_t SlowCount(const std::vector<Step>& steps, std::int64_t within_ms,
                      const std::vector<LookedAt>& events) {
  std::size_t count = 0, begin = 0;
  for (std::size_t end = 1; end <= events.size(); ++end) {
    for (std::size_t first = begin; first < end; ++first) {
      if ((events[first].steps & 1) == 0 ||
          !Continues(steps, within_ms, events, 1, first, first, end))
        continue;
      ++count;
      begin = end;
      break;
    }
  }
  return count;
}

// A chain from one event on, by the rules of expression.h as they are written.
std::size_t ChainFrom(const EventSequence& funnel, std::size_t steps,
                      const std::vector<LookedAt>& events, std::size_t first) {
  std::size_t passed = 1;
  std::int64_t last_ms = events[first].time_ms;
  for (std::size_t i = first + 1; i < events.size() && passed < steps; ++i) {
    const LookedAt& event = events[i];
    if (event.time_ms - events[first].time_ms > funnel.within_ms) break;
    const std::uint32_t before = (std::uint32_t{1} << passed) - 1;
    const bool is_again = funnel.deduplicate && (event.steps & before) != 0;
    if ((event.steps >> passed & 1) != 0) {
      if (funnel.increasing && event.time_ms == last_ms) {
        if (is_again) break;
        continue;
      }
      ++passed;
      last_ms = event.time_ms;
      continue;
    }
    const bool is_first_again = passed == 1 && (event.steps & 1) != 0;
    if (funnel.in_order && !is_first_again) break;
    if (is_again) break;
  }
  return passed;
}

std::size_t SlowLevel(const EventSequence& funnel, std::size_t steps,
                      const std::vector<LookedAt>& events) {
  std::size_t best = 0;
  for (std::size_t first = 0; first < events.size(); ++first) {
    if ((events[first].steps & 1) != 0)
      best = std::max(best, ChainFrom(funnel, steps, events, first));
  }
  return best;
}

}  // namespace

TEST_CASE("a step and one directly after it: what is not looked at does not lie between") {
  const std::vector<Step> pattern = {{0}, {1, kDirectly}};
  // Times 1, 2, 3 with the numbers 1, 3, 2. With conditions 1 and 2 alone the 3 is not looked at.
  CHECK(Count(pattern, 0, Steps({1, 2})) == 1);
  // With 3 among the conditions it is, and lies between.
  CHECK(Count(pattern, 0, Steps({1, 0, 2})) == 0);
}

TEST_CASE("a step and a later one, counted without overlapping") {
  const std::vector<Step> pattern = {{0}, {1}};
  CHECK(Count(pattern, 0, Steps({1, 0, 2, 1, 0, 2})) == 2);
  CHECK(Count(pattern, 0, Steps({1, 1, 2, 2})) == 1);
  CHECK(Count(pattern, 0, Steps({2, 1})) == 0);
}

TEST_CASE("one event is one step, also where it could be several") {
  const std::vector<Step> twice = {{0}, {1}};
  CHECK(Count(twice, 0, {{0, 3}}) == 0);
  CHECK(Count(twice, 0, {{0, 3}, {0, 3}}) == 1);
  CHECK(Count({{0}}, 0, {{0, 1}, {1, 1}, {2, 1}}) == 3);
}

TEST_CASE("a bound between steps may need an earlier choice to be taken back") {
  // a at 0, b at 1 and 9, c at 10, at most 2 after b: the second b.
  const std::vector<Step> late = {{0}, {1}, {2, false, 2}};
  CHECK(Count(late, 0, {{0, 1}, {1, 2}, {9, 2}, {10, 4}}) == 1);
  // a at 0 and 8: with the whole within 3 only the second will do; b at most 1 after a, c at most 2 after b.
  const std::vector<Step> both = {{0}, {1, false, 1}, {2, false, 2}};
  CHECK(Count(both, 3, {{0, 1}, {1, 2}, {8, 1}, {9, 2}, {11, 4}}) == 1);
  CHECK(Count(both, 2, {{0, 1}, {1, 2}, {8, 1}, {9, 2}, {11, 4}}) == 0);
}

TEST_CASE("a funnel counts the steps that were passed in its window") {
  EventSequence funnel;
  funnel.within_ms = 4000;
  CHECK(Level(funnel, 3, {}) == 0);
  CHECK(Level(funnel, 3, Steps({2, 3})) == 0);
  CHECK(Level(funnel, 3, Steps({1, 2, 0, 0, 3})) == 3);     // the bound is within
  CHECK(Level(funnel, 3, Steps({1, 2, 0, 0, 0, 3})) == 2);  // and beyond it is not
  // A later first step begins another chain; the farthest counts.
  CHECK(Level(funnel, 3, Steps({1, 0, 0, 0, 1, 2, 3})) == 3);
  CHECK(Level(funnel, 3, Steps({1, 2, 0, 0, 0, 1})) == 2);
}

TEST_CASE("strict order: what is not the next step ends the chain") {
  EventSequence funnel;
  funnel.within_ms = 1'000'000;
  CHECK(Level(funnel, 3, Steps({1, 3, 2})) == 2);
  funnel.in_order = true;
  CHECK(Level(funnel, 3, Steps({1, 2, 3})) == 3);
  CHECK(Level(funnel, 3, Steps({1, 1, 2, 3})) == 3);
  CHECK(Level(funnel, 3, Steps({1, 3, 2})) == 1);
  CHECK(Level(funnel, 3, Steps({1, 2, 2, 3})) == 2);
}

TEST_CASE("strict deduplication: a step that comes again ends the chain") {
  // Seven steps of which the sixth comes twice before the last.
  EventSequence funnel;
  funnel.within_ms = 10'000'000;
  const std::vector<LookedAt> events = Steps({1, 2, 3, 4, 5, 6, 6, 7});
  CHECK(Level(funnel, 7, events) == 7);
  funnel.deduplicate = true;
  CHECK(Level(funnel, 7, events) == 6);
}

TEST_CASE("strict increase: steps of one time are not one after the other") {
  EventSequence funnel;
  funnel.within_ms = 10'000;
  const std::vector<LookedAt> events = {{0, 1}, {1, 2}, {1, 4}, {1, 8}, {2, 16}};
  CHECK(Level(funnel, 5, events) == 5);
  funnel.increasing = true;
  CHECK(Level(funnel, 5, events) == 2);
  // An earlier beginning is not lost to one at the time of the next step.
  CHECK(Level(funnel, 2, {{0, 1}, {5, 1}, {5, 2}}) == 2);
  // What comes too early to be the next step, and was a step, is one that comes again.
  CHECK(Level(funnel, 4, {{0, 1}, {1, 6}, {1, 6}, {2, 4}}) == 3);
  funnel.deduplicate = true;
  CHECK(Level(funnel, 4, {{0, 1}, {1, 6}, {1, 6}, {2, 4}}) == 2);
}

TEST_CASE("patterns say what a search through all choices says") {
  const std::uint64_t seed = 20261128;
  CAPTURE(seed);
  Random random(seed);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<Step> steps;
    for (std::uint64_t i = 0, n = 1 + random.Below(4); i < n; ++i) {
      const bool bound = random.Chance(40);
      steps.push_back({static_cast<std::uint32_t>(i), i > 0 && random.Chance(30),
                       i > 0 && bound ? random.Between(1, 3) : 0});
    }
    const std::int64_t within_ms = random.Chance(50) ? random.Between(1, 6) : 0;
    const auto events = RandomEvents(steps.size(), &random);
    CAPTURE(round);
    REQUIRE(Count(steps, within_ms, events) == SlowCount(steps, within_ms, events));
  }
}

TEST_CASE("funnels say what following every chain says") {
  const std::uint64_t seed = 19970701;
  CAPTURE(seed);
  Random random(seed);
  for (int round = 0; round < 20'000; ++round) {
    const std::size_t steps = 1 + random.Below(4);
    EventSequence funnel;
    funnel.within_ms = random.Between(1, 8);
    funnel.in_order = random.Chance(30);
    funnel.deduplicate = random.Chance(30);
    funnel.increasing = random.Chance(30);
    const auto events = RandomEvents(steps, &random);
    CAPTURE(round);
    REQUIRE(Level(funnel, steps, events) == SlowLevel(funnel, steps, events));
  }
}

TEST_CASE("the longest pattern and funnel") {
  std::vector<Step> steps(kMaxSequenceSteps);
  std::vector<LookedAt> events;
  for (std::size_t i = 0; i < kMaxSequenceSteps; ++i)
    events.push_back({static_cast<std::int64_t>(i), std::uint32_t{1} << i});
  CHECK(Count(steps, 0, events) == 1);
  EventSequence funnel;
  funnel.within_ms = 100;
  funnel.deduplicate = true;
  CHECK(Level(funnel, kMaxSequenceSteps, events) == kMaxSequenceSteps);
}

}  // namespace polyonym::harness
