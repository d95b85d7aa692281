// model/timestamp.h - RFC 3339 text as milliseconds since 1970.
//
// THREADS: pure functions.  COST: linear.
#ifndef POLYONYM_SRC_MODEL_TIMESTAMP_H_
#define POLYONYM_SRC_MODEL_TIMESTAMP_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace polyonym {

// `2026-11-23T08:00:00.250+08:00` or `…Z`; the zone is required, digits of the second beyond three
// are cut. Nothing for any other text and for days that are not in the calendar. A leap second
// counts as the last millisecond before it.
std::optional<std::int64_t> ParseTimestamp(std::string_view text);

}  // namespace polyonym

#endif  // POLYONYM_SRC_MODEL_TIMESTAMP_H_
