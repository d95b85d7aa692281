// segment/aggregate.h - many values, one of each event, as one.
//
// Values that are unknown do not count; nor do flags and lists, and for sums and averages all but numbers and money. Where a property has
// values of several other types, those of the first one's type count alone. To kDistinct all that are known are values. Money is kept
// by currency.
//
// THREADS: pure functions.
#ifndef POLYONYM_SRC_SEGMENT_AGGREGATE_H_
#define POLYONYM_SRC_SEGMENT_AGGREGATE_H_

#include <span>
#include <vector>

#include "polyonym/segment/expression.h"
#include "segment/datum.h"

namespace polyonym::segment {

// `op`: kSum, kAverage, kMin, kMax or kDistinct; `values` in the order of their events. Whole numbers and money are summed exactly, a sum of fractions is
// that of doubles in their order. Sums of numbers that are beyond 64 bits are unknown; of money they are where one currency's is.
// COST: O(n); kDistinct O(n log n).
Datum Aggregate(ExpressionOp op, std::vector<Datum> values);

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_AGGREGATE_H_
