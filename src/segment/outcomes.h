// segment/outcomes.h - which of true, false and unknown a flag may come to: a set of outcomes, and
// Kleene's logic on such sets.
//
// THREADS: pure functions.  COST: constant.
#ifndef POLYONYM_SRC_SEGMENT_OUTCOMES_H_
#define POLYONYM_SRC_SEGMENT_OUTCOMES_H_

#include <cstdint>
#include <optional>

#include "polyonym/segment/expression.h"

namespace polyonym::segment {

// A bit for each. Empty: of what cannot be.
using Outcomes = std::uint8_t;
inline constexpr Outcomes kTrue = 1, kFalse = 2, kUnknown = 4;
inline constexpr Outcomes kAnyOutcome = kTrue | kFalse | kUnknown;

// Just that one; unknown where there is none.
Outcomes Of(std::optional<bool> outcome);

Outcomes Not(Outcomes x);

// What Kleene's `and` makes of any of x with any of y, as if they had nothing to do with each
// other.
Outcomes And(Outcomes x, Outcomes y);
Outcomes Or(Outcomes x, Outcomes y);
// `op`: kAnd or kOr.
Outcomes Join(ExpressionOp op, Outcomes x, Outcomes y);

// The outcomes of y where x says that there is something.
Outcomes Where(Outcomes x, Outcomes y);

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_OUTCOMES_H_
