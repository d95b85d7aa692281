#include "campaign/quiet.h"

#include <algorithm>
#include <chrono>

namespace polyonym::campaign {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kDayMs = 86'400'000;
// Clocks are changed once at most in a step of the search.
constexpr std::int64_t kStepMs = kDayMs / 2;

// Which day the clock shows, and how far it is.
struct Local {
  std::chrono::sys_days day;
  std::int64_t of_day_ms;
};

Local LocalOf(std::int64_t local_ms) {
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(local_ms)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  return {day, (time - day).count()};
}

bool BeginsOn(const QuietHours& quiet, std::chrono::sys_days day) {
  const unsigned weekday = std::chrono::weekday(day).iso_encoding();
  return quiet.weekdays.empty() ||
         std::find(quiet.weekdays.begin(), quiet.weekdays.end(), weekday) != quiet.weekdays.end();
}

// How long the clock still has to run until they end; 0: they are not quiet.
std::int64_t LeftOf(const QuietHours& quiet, std::int64_t local_ms) {
  const auto [day, at] = LocalOf(local_ms);
  const std::int64_t from = quiet.from_minute * kMinuteMs, to = quiet.to_minute * kMinuteMs;
  if (from < to) return at >= from && at < to && BeginsOn(quiet, day) ? to - at : 0;
  if (at >= from) return BeginsOn(quiet, day) ? to + kDayMs - at : 0;
  if (at < to) return BeginsOn(quiet, day - std::chrono::days(1)) ? to - at : 0;
  return 0;
}

// The first instant after `early` at which the clock is off by another amount. REQUIRES: at `late` it is.
std::int64_t ChangeOfClocks(std::int64_t early, std::int64_t late, const segment::TimeZone& zone) {
  const std::int64_t offset = zone.LocalMs(early) - early;
  while (late - early > 1) {
    const std::int64_t middle = early + (late - early) / 2;
    (zone.LocalMs(middle) - middle == offset ? early : late) = middle;
  }
  return late;
}

}  // namespace

bool IsQuiet(const QuietHours& quiet, std::int64_t local_ms) { return LeftOf(quiet, local_ms) > 0; }

std::optional<std::int64_t> EndOfQuiet(std::span<const QuietHours* const> quiet,
                                       std::int64_t now_ms, const segment::TimeZone& zone) {
  // Beyond the calendar's years no clock shows anything, and nothing is quiet.
  if (!zone.DayOf(now_ms)) return now_ms;
  for (std::int64_t at = now_ms; at - now_ms <= kQuietSearchMs;) {
    const std::int64_t local = zone.LocalMs(at);
    std::int64_t left = 0;
    for (const QuietHours* one : quiet) left = std::max(left, LeftOf(*one, local));
    if (left == 0) return at;
    const std::int64_t next = at + std::min(left, kStepMs);
    const bool is_changed = zone.LocalMs(next) - next != local - at;
    at = is_changed ? ChangeOfClocks(at, next, zone) : next;
  }
  return std::nullopt;
}

}  // namespace polyonym::campaign
