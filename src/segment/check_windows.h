// segment/check_windows.h - whether spans and windows of time are in their bounds, and have no
// fields but those of their kind.
//
// `part`: what of `at` it is, for the path of an error. What is not well is false, and the fault
// has failed.
//
// THREADS: pure functions.  COST: constant.
#ifndef POLYONYM_SRC_SEGMENT_CHECK_WINDOWS_H_
#define POLYONYM_SRC_SEGMENT_CHECK_WINDOWS_H_

#include <cstdint>
#include <string_view>

#include "polyonym/segment/expression.h"
#include "segment/first_fault.h"

namespace polyonym::segment {

// Of `within`: `least` milliseconds to a hundred years.
bool CheckSpan(const Expression& at, std::int64_t ms, std::int64_t least, std::string_view part,
               FirstFault* fault);

// Of events. What a kind of window has not is as it is by default.
bool CheckWindow(const Expression& at, const TimeWindow& window, std::string_view part,
                 FirstFault* fault);

// The unit of kAnniversaryIn, as its `window` has it.
bool CheckAnniversaryUnit(const Expression& at, FirstFault* fault);

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_CHECK_WINDOWS_H_
