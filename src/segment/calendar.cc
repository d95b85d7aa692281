#include "segment/calendar.h"

#include <unicode/timezone.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "polyonym/model/facts.h"
#include "polyonym/profile/anniversary.h"

namespace polyonym::segment {

using std::chrono::days;
using std::chrono::months;
using std::chrono::sys_days;
using std::chrono::year_month_day;

struct TimeZone::Rules {
  std::unique_ptr<const icu::TimeZone> zone;
};

namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kDayMs = 24 * kHourMs;
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kGreatest = std::numeric_limits<std::int64_t>::max();
constexpr sys_days kFirstDay{std::chrono::year(1) / 1 / 1};
constexpr sys_days kLastDay{std::chrono::year(9999) / 12 / 31};

std::int64_t MsOf(sys_days day) { return std::int64_t{day.time_since_epoch().count()} * kDayMs; }

// ICU also knows abbreviations of its own, such as CST for Chicago; of three letters these are IANA's.
bool IsForeignAbbreviation(std::string_view name) {
  constexpr std::array<std::string_view, 13> kOfIana = {
      "CET", "EET", "EST", "GMT", "HST", "MET", "MST", "PRC", "ROC", "ROK", "UCT", "UTC", "WET"};
  return name.size() == 3 && std::find(kOfIana.begin(), kOfIana.end(), name) == kOfIana.end();
}

// `back`: units before the one that now is in. Beyond the calendar's years there are no facts: any now there is as good as its ends.
std::int64_t StartOfUnit(CalendarUnit unit, std::int64_t back, std::int64_t now_ms,
                         const TimeZone& zone) {
  const std::int64_t now = std::clamp(now_ms, MsOf(kFirstDay) + kDayMs, MsOf(kLastDay) - kDayMs);
  if (unit == CalendarUnit::kHour) {
    const std::int64_t past = (zone.LocalMs(now) % kHourMs + kHourMs) % kHourMs;
    return now - past - back * kHourMs;
  }
  return zone.StartOf(UnitsOn(unit, FirstDayOf(unit, *zone.DayOf(now)), static_cast<int>(-back)));
}

std::optional<sys_days> SolarDayOf(const Date& date) {
  const std::optional<Date> solar = ToSolar(date);
  if (!solar) return std::nullopt;
  return sys_days(std::chrono::year(*solar->year) /
                  std::chrono::month(static_cast<unsigned>(solar->month)) /
                  std::chrono::day(static_cast<unsigned>(solar->day)));
}

Date DateOf(sys_days day) {
  const year_month_day date(day);
  Date out;
  out.year = static_cast<int>(date.year());
  out.month = static_cast<std::int32_t>(static_cast<unsigned>(date.month()));
  out.day = static_cast<std::int32_t>(static_cast<unsigned>(date.day()));
  return out;
}

// The day of an instant, in the zone, or of a date as it is. None: neither, or not in the calendar's years.
std::optional<Date> DateOf(const Datum& x, const TimeZone& zone) {
  if (const auto* date = std::get_if<Date>(&x)) return *date;
  const auto* instant = std::get_if<Instant>(&x);
  if (instant == nullptr) return std::nullopt;
  const std::optional<sys_days> day = zone.DayOf(instant->ms);
  if (!day) return std::nullopt;
  return DateOf(*day);
}

template <class Whole>
Datum OfWhole(std::optional<Whole> whole) {
  return whole ? Datum(static_cast<std::int64_t>(*whole)) : Datum();
}

Datum HourOf(const Datum& x, const TimeZone& zone) {
  const auto* instant = std::get_if<Instant>(&x);
  if (instant == nullptr || !zone.DayOf(instant->ms)) return {};
  const std::int64_t of_day = (zone.LocalMs(instant->ms) % kDayMs + kDayMs) % kDayMs;
  return of_day / kHourMs;
}

Datum WeekdayOf(const Date& date) {
  const std::optional<sys_days> day = SolarDayOf(date);
  if (!day) return {};
  return static_cast<std::int64_t>(std::chrono::weekday(*day).iso_encoding());
}

Datum DaysBetween(const std::optional<sys_days>& from, sys_days to) {
  if (!from) return {};
  return static_cast<std::int64_t>((to - *from).count());
}

Datum DaysToAnniversary(const Date& date, sys_days today) {
  const std::optional<Date> next = NextAnniversary(date, DateOf(today));
  if (!next) return {};
  return DaysBetween(today, *SolarDayOf(*next));
}

Datum IsAnniversaryIn(CalendarUnit unit, const Date& date, sys_days today) {
  const sys_days first = FirstDayOf(unit, today);
  const std::optional<Date> next = NextAnniversary(date, DateOf(first));
  if (!next) return {};
  return *SolarDayOf(*next) < UnitsOn(unit, first, 1);
}

}  // namespace

sys_days FirstDayOf(CalendarUnit unit, sys_days day) {
  const year_month_day date(day);
  switch (unit) {
    case CalendarUnit::kHour:
    case CalendarUnit::kDay:
      return day;
    case CalendarUnit::kWeek:
      return day - days(std::chrono::weekday(day).iso_encoding() - 1);
    case CalendarUnit::kMonth:
      return date.year() / date.month() / 1;
    case CalendarUnit::kQuarter: {
      const unsigned first = (static_cast<unsigned>(date.month()) - 1) / 3 * 3 + 1;
      return date.year() / std::chrono::month(first) / 1;
    }
    case CalendarUnit::kYear:
      return date.year() / 1 / 1;
  }
  return day;
}

sys_days UnitsOn(CalendarUnit unit, sys_days first, int count) {
  const year_month_day date(first);
  switch (unit) {
    case CalendarUnit::kHour:
    case CalendarUnit::kDay:
      return first + days(count);
    case CalendarUnit::kWeek:
      return first + days(7 * count);
    case CalendarUnit::kMonth:
      return date + months(count);
    case CalendarUnit::kQuarter:
      return date + months(3 * count);
    case CalendarUnit::kYear:
      return date + months(12 * count);
  }
  return first;
}

TimeZone::TimeZone() = default;
TimeZone::~TimeZone() = default;
TimeZone::TimeZone(TimeZone&&) noexcept = default;
TimeZone& TimeZone::operator=(TimeZone&&) noexcept = default;

absl::StatusOr<TimeZone> TimeZone::Of(std::string_view name) {
  TimeZone out;
  if (name.empty()) return out;
  const icu::UnicodeString id =
      icu::UnicodeString::fromUTF8({name.data(), static_cast<int32_t>(name.size())});
  icu::UnicodeString canonical;
  UBool is_known = false;
  UErrorCode status = U_ZERO_ERROR;
  icu::TimeZone::getCanonicalID(id, canonical, is_known, status);
  auto rules = std::make_unique<Rules>();
  if (U_SUCCESS(status) && is_known && !IsForeignAbbreviation(name))
    rules->zone.reset(icu::TimeZone::createTimeZone(id));
  if (rules->zone == nullptr || *rules->zone == icu::TimeZone::getUnknown())
    return absl::InvalidArgumentError(
        "must be a time zone of IANA's database, such as Asia/Shanghai");
  out.rules_ = std::move(rules);
  return out;
}

std::int64_t TimeZone::OffsetAt(std::int64_t ms) const {
  if (rules_ == nullptr) return 0;
  int32_t standard = 0, daylight = 0;
  UErrorCode status = U_ZERO_ERROR;
  rules_->zone->getOffset(static_cast<UDate>(ms), false, standard, daylight, status);
  return U_SUCCESS(status) ? std::int64_t{standard} + daylight : 0;
}

std::optional<sys_days> TimeZone::DayOf(std::int64_t ms) const {
  // A day more on both sides, so that no offset reaches over the ends.
  if (ms < MsOf(kFirstDay) - kDayMs || ms > MsOf(kLastDay) + 2 * kDayMs) return std::nullopt;
  const auto day = std::chrono::floor<days>(
      std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(LocalMs(ms))));
  if (day < kFirstDay || day > kLastDay) return std::nullopt;
  return day;
}

std::int64_t TimeZone::StartOf(sys_days day) const {
  const std::int64_t midnight = MsOf(day);  // as clocks show it
  if (rules_ == nullptr) return midnight;
  // Offsets are less than a day, and change once at most in two days.
  const std::int64_t before = OffsetAt(midnight - kDayMs), after = OffsetAt(midnight + kDayMs);
  if (OffsetAt(midnight - before) == before) return midnight - before;
  if (OffsetAt(midnight - after) == after) return midnight - after;
  // Clocks jump over midnight: to when they do, which is the first instant that shows a later time.
  std::int64_t early = midnight - kDayMs, late = midnight - before;
  while (late - early > 1) {
    const std::int64_t middle = early + (late - early) / 2;
    (LocalMs(middle) < midnight ? early : late) = middle;
  }
  return late;
}

TimeSpan SpanOf(const TimeWindow& window, std::int64_t now_ms, const TimeZone& zone) {
  const auto count = static_cast<std::int64_t>(window.count);
  switch (window.kind) {
    case TimeWindow::Kind::kEver:
      return {kLeast, kGreatest};
    case TimeWindow::Kind::kWithin:
      return {now_ms < kLeast + window.span_ms ? kLeast : now_ms - window.span_ms + 1, kGreatest};
    case TimeWindow::Kind::kLast:
      return {StartOfUnit(window.unit, count - 1, now_ms, zone), kGreatest};
    case TimeWindow::Kind::kPast:
      return {StartOfUnit(window.unit, count, now_ms, zone),
              StartOfUnit(window.unit, 0, now_ms, zone)};
    case TimeWindow::Kind::kBetween:
      return {window.from_ms.value_or(kLeast), window.to_ms.value_or(kGreatest)};
  }
  return {};
}

Datum CalendarValue(const Expression& expression, const Datum& x, std::int64_t now_ms,
                    const TimeZone& zone) {
  if (expression.op == ExpressionOp::kHourOf) return HourOf(x, zone);
  const std::optional<Date> date = DateOf(x, zone);
  const std::optional<sys_days> today = zone.DayOf(now_ms);
  if (!date || !today) return {};
  switch (expression.op) {
    case ExpressionOp::kDaysSince:
      return DaysBetween(SolarDayOf(*date), *today);
    case ExpressionOp::kYearsSince:
      return OfWhole(AgeOn(*date, DateOf(*today)));
    case ExpressionOp::kDaysToAnniversary:
      return DaysToAnniversary(*date, *today);
    case ExpressionOp::kYearOf:
      return OfWhole(date->year);
    case ExpressionOp::kMonthOf:
      return std::int64_t{date->month};
    case ExpressionOp::kDayOf:
      return std::int64_t{date->day};
    case ExpressionOp::kWeekdayOf:
      return WeekdayOf(*date);
    case ExpressionOp::kAnniversaryIn:
      return IsAnniversaryIn(expression.window.unit, *date, *today);
    default:
      return {};
  }
}

}  // namespace polyonym::segment
