#include "campaign/cap_clock.h"

#include <algorithm>
#include <chrono>

#include "segment/fact_turns.h"

namespace polyonym::campaign {
namespace {

using std::chrono::days;
using std::chrono::months;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::int64_t kDayMs = 86'400'000;
constexpr unsigned kDaysOfWeek = 7;

// Ends of the calendar, with room for any number of units. No fact is from beyond them (kMaxFactTimeMs).
constexpr sys_days kFirst{std::chrono::year(2) / 1 / 1};
constexpr sys_days kLast{std::chrono::year(9000) / 1 / 1};

std::int64_t MsOf(sys_days day) { return std::int64_t{day.time_since_epoch().count()} * kDayMs; }

sys_days DayAt(std::int64_t time_ms, const segment::TimeZone& zone) {
  const std::int64_t within = std::clamp(time_ms, MsOf(kFirst), MsOf(kLast));
  const sys_days day = *zone.DayOf(within);
  const sys_days next = day + days(1);
  return zone.StartOf(next) <= within ? next : day;
}

// The first day of the next period but `units` - 1.
sys_days EndOf(const FrequencyCap& cap, sys_days day) {
  const auto units = static_cast<int>(cap.units);
  if (cap.period == CapPeriod::kDay) return day + days(units);
  if (cap.period == CapPeriod::kWeek) {
    const unsigned since =
        (std::chrono::weekday(day).iso_encoding() + kDaysOfWeek - cap.week_begins) % kDaysOfWeek;
    return day - days(since) + days(7 * units);
  }
  const year_month_day date(day);
  return date.year() / date.month() / 1 + months(units);
}

}  // namespace

std::int64_t CountsUntil(const FrequencyCap& cap, std::int64_t time_ms,
                         const segment::TimeZone& zone) {
  if (cap.period == CapPeriod::kRolling) return segment::Later(time_ms, cap.span_ms);
  return zone.StartOf(EndOf(cap, DayAt(time_ms, zone)));
}

}  // namespace polyonym::campaign
