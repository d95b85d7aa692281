// segment/operand_ranges.h - the values that an operand can have for anybody, whatever the facts
// are: months from 1 to 12, a stage that the ladder has.
//
// THREADS: pure functions.
#ifndef POLYONYM_SRC_SEGMENT_OPERAND_RANGES_H_
#define POLYONYM_SRC_SEGMENT_OPERAND_RANGES_H_

#include <cstdint>

#include "polyonym/model/definitions.h"
#include "polyonym/segment/expression.h"
#include "segment/regions.h"

namespace polyonym::segment {

// Of an operand other than a flag: any outcome at values that it may have, and none where it has
// none; at unknown too. It never leaves out a value that an operand can have, and may leave in
// others.
// COST: linear in the definitions.
Region RangeOf(const Expression& x, const Definitions& definitions);

// Of whole numbers from..to, and unknown.  COST: linear in their number.
Region Wholes(std::int64_t from, std::int64_t to);

// The same values, and never unknown.
Region Known(Region region);

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_OPERAND_RANGES_H_
