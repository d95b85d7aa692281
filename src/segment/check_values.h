// segment/check_values.h - what instants and literals must be, wherever in an expression they
// stand.
//
// THREADS: pure functions.  COST: linear in the bytes.
#ifndef POLYONYM_SRC_SEGMENT_CHECK_VALUES_H_
#define POLYONYM_SRC_SEGMENT_CHECK_VALUES_H_

#include <cstdint>
#include <string_view>

#include "polyonym/model/facts.h"

namespace polyonym::segment {

// Whether the time, in milliseconds since 1970, lies in the years 0 to 9999, for which there is
// text.
bool IsInstant(std::int64_t ms);

// What is wrong with a literal, as the predicate of a sentence about it; empty: nothing. It repeats
// nothing of the value.
std::string_view FaultOfLiteral(const Value& value);

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_CHECK_VALUES_H_
