#include "polyonym/profile/purchases.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace polyonym {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int32_t kMaxOffsetMinutes = 840;
constexpr std::int64_t kFirstMs = -62'135'596'800'000;  // 0001-01-01
constexpr std::int64_t kLastMs = 253'402'300'799'999;   // 9999-12-31, its last millisecond

struct DayValue {
  std::int64_t day = 0;
  std::int64_t minor_units = 0;
};

bool InRange(std::int64_t time_ms) { return time_ms >= kFirstMs && time_ms <= kLastMs; }

absl::Status Check(std::span<const Purchase> purchases, const PurchaseOptions& options) {
  if (options.utc_offset_minutes < -kMaxOffsetMinutes ||
      options.utc_offset_minutes > kMaxOffsetMinutes) {
    return absl::InvalidArgumentError("utc_offset_minutes: allowed are -840 to 840");
  }
  if (!InRange(options.end_ms)) {
    return absl::InvalidArgumentError("end_ms: allowed are the years 1 to 9999");
  }
  for (std::size_t i = 0; i < purchases.size(); ++i) {
    if (!InRange(purchases[i].time_ms)) {
      return absl::InvalidArgumentError(
          absl::StrCat("purchases[", i, "].time_ms: allowed are the years 1 to 9999"));
    }
  }
  return absl::OkStatus();
}

// Days since 1970-01-01 at the offset, rounded down also before it.
std::int64_t DayOf(std::int64_t time_ms, std::int32_t utc_offset_minutes) {
  const std::int64_t local = time_ms + utc_offset_minutes * kMinuteMs;
  return local / kDayMs - (local % kDayMs < 0 ? 1 : 0);
}

bool Fits(absl::int128 sum) {
  return sum >= std::numeric_limits<std::int64_t>::min() &&
         sum <= std::numeric_limits<std::int64_t>::max();
}

// `days`: one entry a purchase, at least one.
void CountDays(std::vector<DayValue> days, std::int64_t end_day, PurchaseSummary& summary) {
  std::sort(days.begin(), days.end(),
            [](const DayValue& a, const DayValue& b) { return a.day < b.day; });
  const std::int64_t first = days.front().day;
  const std::int64_t last = days.back().day;
  absl::int128 repeat_value = 0;
  for (std::size_t i = 1; i < days.size(); ++i) {
    if (days[i].day == first) continue;
    if (days[i].day != days[i - 1].day) ++summary.frequency;
    repeat_value += days[i].minor_units;
  }
  summary.recency_days = last - first;
  summary.observed_days = end_day - first;
  summary.days_since_last = end_day - last;
  if (summary.frequency == 0) return;

  const auto repeats = static_cast<double>(summary.frequency);
  const double gap = static_cast<double>(summary.recency_days) / repeats;
  summary.mean_repeat_minor_units = static_cast<double>(repeat_value) / repeats;
  summary.mean_gap_days = gap;
  summary.due_ms = *summary.last_ms + std::llround(gap * static_cast<double>(kDayMs));
  summary.overdue_ratio = static_cast<double>(*summary.days_since_last) / gap;
}

}  // namespace

absl::StatusOr<PurchaseSummary> SummarisePurchases(std::span<const Purchase> purchases,
                                                   const PurchaseOptions& options) {
  if (absl::Status status = Check(purchases, options); !status.ok()) return status;
  PurchaseSummary summary;
  absl::int128 bought = 0;
  absl::int128 returned = 0;
  std::vector<DayValue> days;
  for (const Purchase& purchase : purchases) {
    if (purchase.time_ms >= options.end_ms) continue;
    if (purchase.minor_units < 0) {
      ++summary.returns;
      returned += purchase.minor_units;
      continue;
    }
    ++summary.count;
    bought += purchase.minor_units;
    days.push_back({DayOf(purchase.time_ms, options.utc_offset_minutes), purchase.minor_units});
    summary.first_ms = std::min(summary.first_ms.value_or(purchase.time_ms), purchase.time_ms);
    summary.last_ms = std::max(summary.last_ms.value_or(purchase.time_ms), purchase.time_ms);
  }
  if (!Fits(bought) || !Fits(returned)) {
    return absl::OutOfRangeError("purchases: their minor_units sum to more than 64 bits hold");
  }
  summary.total_minor_units = static_cast<std::int64_t>(bought + returned);
  summary.returned_minor_units = static_cast<std::int64_t>(returned);
  if (!days.empty()) {
    CountDays(std::move(days), DayOf(options.end_ms, options.utc_offset_minutes), summary);
  }
  return summary;
}

}  // namespace polyonym
