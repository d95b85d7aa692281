// segment/earliest_turn.h - a moment before which time alone changes no answer about a person, found from the times of their facts.
//
// It is a bound for all conditions at once, and far cheaper than Conditions::NextChange(), which says when one really changes: facts
// leave windows so long after their time as any window is, and days begin at midnight; a fact is so old by now as a comparison asks for. What else moves at
// every moment (other uses of now, scores that decay) has no such bound: moving() says which conditions read it.
//
// THREADS: thread-safe (immutable).
#ifndef POLYONYM_SRC_SEGMENT_EARLIEST_TURN_H_
#define POLYONYM_SRC_SEGMENT_EARLIEST_TURN_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "polyonym/model/definitions.h"
#include "polyonym/profile/profile.h"
#include "segment/calendar.h"
#include "segment/conditions.h"
#include "segment/segment_bits.h"

namespace polyonym::segment {

class EarliestTurn {
 public:
  // COST: the parts of all expressions.
  EarliestTurn(const Conditions& conditions, const Definitions& definitions);

  // Conditions that may be others at any moment.
  const SegmentBits& moving() const { return moving_; }

  // After now: when a day, or a quarter of an hour where hours are asked for, next begins in any zone that is asked for.
  // COST: some microseconds a zone; the same for everybody.
  std::int64_t OfCalendar(std::int64_t now_ms) const;
  // After now: when any of the facts may begin or cease to count.  COST: n log m, facts times windows.
  struct Turn {
    std::int64_t ms;
    std::int64_t latest_ms;  // the latest time of a fact
  };
  Turn OfFacts(std::span<const FactRow> rows, std::int64_t now_ms) const;

 private:
  class Maker;

  SegmentBits moving_;
  std::vector<std::int64_t> spans_;  // of windows and validities, ascending, distinct
  std::vector<TimeZone> zones_;      // in which days are asked for
  std::int64_t offset_ms_ = 0;       // of the definitions' days
  bool has_days_ = false;            // and whether these are asked for
  bool has_hours_ = false;
};

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_EARLIEST_TURN_H_
