// Until when days, anniversaries and hours stay what they are.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

#include "segment/calendar.h"
#include "segment/outlook.h"

namespace polyonym::segment {
namespace {

using Op = ExpressionOp;
using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::int64_t kQuarterMs = 900'000;
// 1972: since then zones change their offsets by quarters of an hour, on quarters of an hour.
constexpr std::int64_t kQuartersFromMs = 63'072'000'000;

bool IsOfToday(Op op) {
  return op == Op::kDaysSince || op == Op::kYearsSince || op == Op::kDaysToAnniversary ||
         op == Op::kAnniversaryIn;
}

std::optional<sys_days> DayOf(const Datum& x, const TimeZone& zone) {
  const auto* instant = std::get_if<Instant>(&x);
  return instant == nullptr ? std::nullopt : zone.DayOf(instant->ms);
}

// The number of the span of days in which the operation's value rises from day to day.
std::int64_t SpanIn(Op op, sys_days day) {
  const year_month_day date(day);
  const auto year = static_cast<int>(date.year());
  switch (op) {
    case Op::kMonthOf:
      return year;
    case Op::kDayOf:
      return std::int64_t{12} * year + static_cast<unsigned>(date.month());
    case Op::kWeekdayOf:
      return (day - days(std::chrono::weekday(day).iso_encoding() - 1)).time_since_epoch().count();
    default:
      return 0;
  }
}

std::int64_t StartOfUnit(CalendarUnit unit, std::int64_t ms, const TimeZone& zone) {
  TimeWindow before;
  before.kind = TimeWindow::Kind::kPast;
  before.unit = unit;
  return SpanOf(before, ms, zone).to_ms;
}

}  // namespace

Outlook Forecaster::OnCalendar(const Expression& node) {
  const Outlook x = Of(node.args[0]);
  if (x.holds_ms < x.until_ms) return OfMovingInstant(node, x);
  Outlook still = Still(CalendarValue(node, x.value, now_ms_, compiled_.zone), {&x});
  if (!IsOfToday(node.op) || IsUnknown(x.value)) return still;
  return node.op == Op::kAnniversaryIn ? AnniversaryIn(node, x) : ByToday(node, x);
}

std::int64_t Forecaster::NextMidnight() const {
  const std::optional<sys_days> today = compiled_.zone.DayOf(now_ms_);
  if (!today) return now_ms_ < 0 ? Later(now_ms_, 1) : kNeverMs;
  return std::max(Later(now_ms_, 1), compiled_.zone.StartOf(*today + days(1)));
}

// Days and years since something rise, days to an anniversary fall until it is over.
Outlook Forecaster::ByToday(const Expression& node, const Outlook& x) {
  const TimeZone& zone = compiled_.zone;
  Outlook out{.value = CalendarValue(node, x.value, now_ms_, zone)};
  out.until_ms = x.holds_ms;
  const auto* ahead = std::get_if<std::int64_t>(&out.value);
  const std::optional<sys_days> today = zone.DayOf(now_ms_);
  if (node.op == Op::kDaysToAnniversary && ahead != nullptr && today)
    out.until_ms = std::min(out.until_ms, zone.StartOf(*today + days(*ahead + 1)));
  out.holds_ms = std::min(out.until_ms, NextMidnight());
  out.motion = [&node, &zone, of = x.value](std::int64_t ms) {
    const Datum value = CalendarValue(node, of, ms, zone);
    return Range{value, value};
  };
  return out;
}

// False until the unit begins that holds the next one; otherwise the same as long as the unit lasts.
Outlook Forecaster::AnniversaryIn(const Expression& node, const Outlook& x) {
  const TimeZone& zone = compiled_.zone;
  const CalendarUnit unit = std::max(node.window.unit, CalendarUnit::kDay);
  const Datum value = CalendarValue(node, x.value, now_ms_, zone);
  Expression days_to;
  days_to.op = Op::kDaysToAnniversary;
  const Datum days_ahead = CalendarValue(days_to, x.value, now_ms_, zone);
  const auto* ahead = std::get_if<std::int64_t>(&days_ahead);
  const std::int64_t start_ms = StartOfUnit(unit, now_ms_, zone);
  std::int64_t until_ms = FirstTime(now_ms_, Horizon(kNeverMs), [&](std::int64_t ms) {
    return StartOfUnit(unit, ms, zone) != start_ms;
  });
  if (FlagOf(value) == false && ahead != nullptr) {
    const std::int64_t day_ms = zone.StartOf(*zone.DayOf(now_ms_) + days(*ahead));
    until_ms = FirstTime(now_ms_, std::max(day_ms, Later(now_ms_, 1)), [&](std::int64_t ms) {
      return FlagOf(CalendarValue(node, x.value, ms, zone)) != false;
    });
  }
  until_ms = std::min(until_ms, x.holds_ms);
  return {.value = value, .holds_ms = until_ms, .until_ms = until_ms};
}

// x moves. Its day, and what is said of it, is the same until the day of either end is another; and what is said of a month rises or falls with it
// up to the end of the year, and so on.
Outlook Forecaster::OfMovingInstant(const Expression& node, const Outlook& x) {
  const TimeZone& zone = compiled_.zone;
  Outlook out{.value = CalendarValue(node, x.value, now_ms_, zone)};
  out.holds_ms = out.until_ms = x.holds_ms;
  const std::optional<sys_days> day = DayOf(x.value, zone);
  if (!x.motion || !day) return out;
  const std::int64_t next_day_ms =
      FirstEnd(x, [&](const Datum& at) { return DayOf(at, zone) != day; });
  if (node.op == Op::kHourOf) return HourOfMoving(node, x, next_day_ms);
  out.holds_ms = out.until_ms = next_day_ms;
  if (IsOfToday(node.op)) {
    out.holds_ms = out.until_ms = std::min(next_day_ms, NextMidnight());
    return out;
  }
  out.until_ms = FirstEnd(x, [&](const Datum& at) {
    const std::optional<sys_days> then = DayOf(at, zone);
    return !then || SpanIn(node.op, *then) != SpanIn(node.op, *day);
  });
  out.motion = MotionOnCalendar(node, x.motion);
  return out;
}

// The hour keeps its direction up to the end of the day where clocks are not changed in it. Else it is the same for a quarter of an hour.
Outlook Forecaster::HourOfMoving(const Expression& node, const Outlook& x,
                                 std::int64_t next_day_ms) const {
  Outlook out{.value = CalendarValue(node, x.value, now_ms_, compiled_.zone)};
  const std::int64_t first_ms = std::get<Instant>(x.value).ms;
  out.holds_ms = out.until_ms = x.holds_ms;
  if (first_ms < kQuartersFromMs) return out;
  out.holds_ms = out.until_ms = FirstEnd(x, [&](const Datum& at) {
    const auto* then = std::get_if<Instant>(&at);
    return then == nullptr || then->ms / kQuarterMs != first_ms / kQuarterMs;
  });
  const auto offset = [this](std::int64_t ms) { return compiled_.zone.LocalMs(ms) - ms; };
  const auto has_offset = [&](const Datum& at) {
    const auto* then = std::get_if<Instant>(&at);
    return then != nullptr && offset(then->ms) == offset(first_ms);
  };
  const Range last = x.motion(next_day_ms - 1);
  if (!has_offset(last.a) || !has_offset(last.b)) return out;
  out.until_ms = next_day_ms;
  out.motion = MotionOnCalendar(node, x.motion);
  return out;
}

Motion Forecaster::MotionOnCalendar(const Expression& node, Motion of) const {
  return [&node, &zone = compiled_.zone, of = std::move(of)](std::int64_t ms) {
    const Range at = of(ms);
    return Range{CalendarValue(node, at.a, ms, zone), CalendarValue(node, at.b, ms, zone)};
  };
}

}  // namespace polyonym::segment
