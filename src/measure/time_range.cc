#include "measure/time_range.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "polyonym/model/facts.h"

namespace polyonym::measure {

absl::StatusOr<TimeRange> RangeOf(const std::optional<std::int64_t>& from_ms,
                                  const std::optional<std::int64_t>& to_ms,
                                  const std::string& prefix) {
  TimeRange range;
  range.from_ms = from_ms.value_or(std::numeric_limits<std::int64_t>::min());
  range.to_ms = to_ms.value_or(std::numeric_limits<std::int64_t>::max());
  if (range.to_ms < range.from_ms)
    return absl::InvalidArgumentError(absl::StrCat(prefix, "to_ms: lies before from_ms"));
  return range;
}

absl::Status CheckNow(std::int64_t now_ms) {
  if (now_ms < 0 || now_ms > kMaxFactTimeMs)
    return absl::InvalidArgumentError("now_ms: allowed are 1970 to 2099");
  return absl::OkStatus();
}

}  // namespace polyonym::measure
