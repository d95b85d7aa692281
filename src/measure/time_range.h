// measure/time_range.h - which times a question is about.
#ifndef POLYONYM_SRC_MEASURE_TIME_RANGE_H_
#define POLYONYM_SRC_MEASURE_TIME_RANGE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace polyonym::measure {

// from_ms <= time < to_ms.
struct TimeRange {
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;
  bool Has(std::int64_t time_ms) const { return from_ms <= time_ms && time_ms < to_ms; }
};

// Without bounds: all times.
// ERRORS: InvalidArgument, `prefix` before the field's name, where it ends before it begins.
absl::StatusOr<TimeRange> RangeOf(const std::optional<std::int64_t>& from_ms,
                                  const std::optional<std::int64_t>& to_ms,
                                  const std::string& prefix = {});

// ERRORS: InvalidArgument where it is no time that an event may have.
absl::Status CheckNow(std::int64_t now_ms);

}  // namespace polyonym::measure

#endif  // POLYONYM_SRC_MEASURE_TIME_RANGE_H_
