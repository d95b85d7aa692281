// segment/sequence.h - events one after the other: patterns and funnels over a person's events, one event at a time.
//
// Both are what ClickHouse's sequenceMatch(), sequenceCount() and windowFunnel() find, as expression.h states it.
//
// THREADS: thread-compatible.
#ifndef POLYONYM_SRC_SEGMENT_SEQUENCE_H_
#define POLYONYM_SRC_SEGMENT_SEQUENCE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "polyonym/segment/expression.h"

namespace polyonym::segment {

// An event that matches a condition at least.
struct LookedAt {
  std::int64_t time_ms = 0;
  std::uint32_t steps = 0;  // bit i: it may be step i
};
static_assert(kMaxSequenceSteps <= 32);

// Finds a pattern: exactly, whatever bounds of time its steps have.
//
// Of all ways to come to step i with one event, only the one that began last matters: a bound between two steps looks at their own times
// alone, and the bound of the whole at its beginning. So each step keeps, for every event that it may be, the latest beginning.
// COST: Take() is amortised O(steps); at most one entry a step and event is kept, none of them beyond the step's bound.
class SequenceMatcher {
 public:
  // `steps`: 1..kMaxSequenceSteps; outlives it. `within_ms`: of the whole, 0: no bound.
  SequenceMatcher(std::span<const EventSequence::Step> steps, std::int64_t within_ms);

  // The next event that is looked at. Whether a match ends with it; then all events are forgotten, so that the next match begins
  // after it. Matches so counted end as early as they can, one after the other: no other choice of matches that do not overlap has more.
  bool Take(const LookedAt& event);

 private:
  struct Reached {
    std::int64_t time_ms;   // of the event that is the step
    std::int64_t start_ms;  // of the first step
  };
  // Of step i: the events that the next step may follow. Times rise and starts fall, so that the first is the best.
  std::optional<std::int64_t> StartOf(std::size_t step, const LookedAt& event);
  void Keep(std::size_t step, Reached reached);
  void Forget();

  std::span<const EventSequence::Step> steps_;
  std::int64_t within_ms_;
  std::vector<std::deque<Reached>> reached_;  // by step
};

// How far a funnel was passed.
//
// A chain begins with each event that may be the first step, and takes each event that may be its next step. What becomes of a chain depends
// on how many steps it has passed, and on its beginning only by the bound: of chains equally far the one that began last stands for all.
// COST: Take() is O(steps).
class FunnelWalker {
 public:
  // `funnel`: with its modes and bound; outlives it. `steps`: 1..kMaxSequenceSteps.
  FunnelWalker(const EventSequence& funnel, std::size_t steps);
  void Take(const LookedAt& event);
  // Steps of the chain that came farthest.
  std::size_t best() const { return best_; }

 private:
  // The latest beginnings of chains that passed so many steps: the last of them before the time of the event at hand, or at it.
  struct Chains {
    std::optional<std::int64_t> before;
    std::optional<std::int64_t> at;
  };
  void Advance(std::size_t passed, std::int64_t time_ms);
  bool Repeats(std::size_t passed, const LookedAt& event) const;
  bool Ends(std::size_t passed, const LookedAt& event) const;

  const EventSequence& funnel_;
  std::vector<Chains> chains_;  // by steps passed, 0..steps
  std::int64_t time_ms_ = 0;
  std::size_t best_ = 0;
};

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_SEQUENCE_H_
