#include "segment/calendar.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "harness/catch.h"
#include "polyonym/model/facts.h"
#include "polyonym/segment/expression.h"
#include "segment/datum.h"

namespace polyonym::harness {
namespace {

using segment::Datum;
using segment::SpanOf;
using segment::TimeSpan;
using segment::TimeZone;
using namespace std::chrono_literals;

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

// UTC.
constexpr std::int64_t At(int year, unsigned month, unsigned day, int hour = 0, int minute = 0) {
  const std::chrono::sys_days of =
      std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
  return std::int64_t{of.time_since_epoch().count()} * kDay + hour * kHour + minute * kMinute;
}

TimeZone Zone(std::string_view name) {
  auto zone = TimeZone::Of(name);
  REQUIRE(zone.ok());
  return *std::move(zone);
}

TimeSpan Last(std::uint32_t count, CalendarUnit unit, std::int64_t now, const TimeZone& zone) {
  return SpanOf({.kind = TimeWindow::Kind::kLast, .unit = unit, .count = count}, now, zone);
}

TimeSpan Past(std::uint32_t count, CalendarUnit unit, std::int64_t now, const TimeZone& zone) {
  return SpanOf({.kind = TimeWindow::Kind::kPast, .unit = unit, .count = count}, now, zone);
}

Datum Value(ExpressionOp op, const Datum& x, std::int64_t now, const TimeZone& zone,
            CalendarUnit unit = CalendarUnit::kDay) {
  Expression node;
  node.op = op;
  node.window = {.kind = TimeWindow::Kind::kLast, .unit = unit};
  return segment::CalendarValue(node, x, now, zone);
}

std::string Said(ExpressionOp op, const Datum& x, std::int64_t now, const TimeZone& zone) {
  return segment::ToText(Value(op, x, now, zone));
}

}  // namespace

TEST_CASE("zones are those of IANA's database, and no abbreviations that mean several") {
  for (const char* name : {"", "UTC", "Asia/Shanghai", "America/Argentina/Buenos_Aires", "PRC"}) {
    CAPTURE(name);
    CHECK(TimeZone::Of(name).ok());
  }
  for (const char* name : {"Asia/Shanghia", "CST", "PST", "GMT+8", "UTC+08:00", "+08:00",
                           "Etc/Unknown", "asia/", " "}) {
    CAPTURE(name);
    CHECK(TimeZone::Of(name).status().code() == absl::StatusCode::kInvalidArgument);
  }
}

TEST_CASE("the last 7 days have today among them, and the past 7 days have not") {
  const TimeZone shanghai = Zone("Asia/Shanghai");  // UTC+8
  for (const int hour : {-8, 0, 7, 15}) {  // 19 June 2019 there, from its first hour to its last
    CAPTURE(hour);
    const std::int64_t now = At(2019, 6, 19, hour);
    const TimeSpan last = Last(7, CalendarUnit::kDay, now, shanghai);
    CHECK(last.from_ms == At(2019, 6, 12, 16));  // 13 June, 00:00
    CHECK(last.to_ms > now);
    const TimeSpan past = Past(7, CalendarUnit::kDay, now, shanghai);
    CHECK(past.from_ms == At(2019, 6, 11, 16));  // 12 June, 00:00
    CHECK(past.to_ms == At(2019, 6, 18, 16));    // 19 June, 00:00
  }
}

TEST_CASE("units of the calendar begin where people say that they do") {
  const TimeZone utc;
  const std::int64_t now = At(2026, 11, 28, 9, 41);  // a Saturday
  CHECK(Last(1, CalendarUnit::kHour, now, utc).from_ms == At(2026, 11, 28, 9));
  CHECK(Last(1, CalendarUnit::kDay, now, utc).from_ms == At(2026, 11, 28));
  CHECK(Last(1, CalendarUnit::kWeek, now, utc).from_ms == At(2026, 11, 23));
  CHECK(Last(1, CalendarUnit::kMonth, now, utc).from_ms == At(2026, 11, 1));
  CHECK(Last(1, CalendarUnit::kQuarter, now, utc).from_ms == At(2026, 10, 1));
  CHECK(Last(1, CalendarUnit::kYear, now, utc).from_ms == At(2026, 1, 1));

  CHECK(Past(2, CalendarUnit::kHour, now, utc).from_ms == At(2026, 11, 28, 7));
  CHECK(Past(2, CalendarUnit::kWeek, now, utc).from_ms == At(2026, 11, 9));
  CHECK(Past(12, CalendarUnit::kMonth, now, utc).from_ms == At(2025, 11, 1));
  CHECK(Past(4, CalendarUnit::kQuarter, now, utc).from_ms == At(2025, 10, 1));
  CHECK(Past(1, CalendarUnit::kYear, now, utc).from_ms == At(2025, 1, 1));
  CHECK(Past(1, CalendarUnit::kYear, now, utc).to_ms == At(2026, 1, 1));
}

TEST_CASE("a Sunday belongs to the week that began on the Monday before it") {
  const TimeZone utc;
  CHECK(Last(1, CalendarUnit::kWeek, At(2026, 11, 29, 23, 59), utc).from_ms == At(2026, 11, 23));
  CHECK(Last(1, CalendarUnit::kWeek, At(2026, 11, 30), utc).from_ms == At(2026, 11, 30));
}

TEST_CASE("a window in hours that were not, or were twice, is as long as the day was") {
  const TimeZone berlin = Zone("Europe/Berlin");
  // Clocks go forward on 29 March 2026 at 01:00 UTC, back on 25 October at 01:00 UTC.
  const TimeSpan short_day = Past(1, CalendarUnit::kDay, At(2026, 3, 30, 12), berlin);
  CHECK(short_day.from_ms == At(2026, 3, 28, 23));
  CHECK(short_day.to_ms - short_day.from_ms == 23 * kHour);
  const TimeSpan long_day = Past(1, CalendarUnit::kDay, At(2026, 10, 26, 12), berlin);
  CHECK(long_day.from_ms == At(2026, 10, 24, 22));
  CHECK(long_day.to_ms - long_day.from_ms == 25 * kHour);
}

TEST_CASE("a day whose midnight was left out begins when clocks were put forward") {
  // Brazil's summer time of 2018 began on 4 November at 00:00, UTC-3.
  const TimeZone sao_paulo = Zone("America/Sao_Paulo");
  CHECK(sao_paulo.StartOf(2018y / 11 / 4) == At(2018, 11, 4, 3));
  CHECK(sao_paulo.StartOf(2018y / 11 / 5) == At(2018, 11, 5, 2));
  // It ended on 18 February at 00:00, when clocks went back to 23:00 of the 17th.
  CHECK(sao_paulo.StartOf(2018y / 2 / 17) == At(2018, 2, 17, 2));
  CHECK(sao_paulo.StartOf(2018y / 2 / 18) == At(2018, 2, 18, 3));
}

TEST_CASE("a day that a country left out is empty") {
  // Samoa went from 29 to 31 December 2011.
  const TimeZone apia = Zone("Pacific/Apia");
  CHECK(apia.StartOf(2011y / 12 / 29) == At(2011, 12, 29, 10));
  CHECK(apia.StartOf(2011y / 12 / 30) == At(2011, 12, 30, 10));
  CHECK(apia.StartOf(2011y / 12 / 31) == At(2011, 12, 30, 10));
  CHECK(apia.DayOf(At(2011, 12, 30, 10)) == std::chrono::sys_days(2011y / 12 / 31));
}

TEST_CASE("the start of each day is the first instant that shows it") {
  for (const char* name :
       {"UTC", "Asia/Shanghai", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kolkata",
        "Australia/Lord_Howe", "Africa/Cairo", "America/Havana", "Asia/Beirut"}) {
    const TimeZone zone = Zone(name);
    for (auto day = std::chrono::sys_days(2018y / 1 / 1);
         day < std::chrono::sys_days(2020y / 1 / 1); day += std::chrono::days(1)) {
      const std::int64_t start = zone.StartOf(day);
      if (zone.DayOf(start) == day && *zone.DayOf(start - 1) < day) continue;
      CAPTURE(name, start);
      CHECK(zone.DayOf(start) == day);
      CHECK(*zone.DayOf(start - 1) < day);
    }
  }
}

TEST_CASE("windows of a length and between instants know no calendar") {
  const TimeZone utc;
  const TimeSpan within = SpanOf({.kind = TimeWindow::Kind::kWithin, .span_ms = kDay}, kDay, utc);
  CHECK(within.from_ms == 1);  // after now less the length
  const TimeSpan between =
      SpanOf({.kind = TimeWindow::Kind::kBetween, .from_ms = 5, .to_ms = 9}, kDay, utc);
  CHECK(between.from_ms == 5);
  CHECK(between.to_ms == 9);
}

TEST_CASE("windows as of the ends of time are none, and no fault") {
  const TimeZone berlin = Zone("Europe/Berlin");
  for (const std::int64_t now : {INT64_MIN, INT64_MAX}) {
    for (const auto unit :
         {CalendarUnit::kHour, CalendarUnit::kDay, CalendarUnit::kWeek, CalendarUnit::kYear}) {
      const TimeSpan past = Past(10'000, unit, now, berlin);
      CHECK(past.from_ms < past.to_ms);
    }
    CHECK(SpanOf({.kind = TimeWindow::Kind::kWithin, .span_ms = kDay}, now, berlin).from_ms <= now);
    CHECK(segment::IsUnknown(Value(ExpressionOp::kDaysSince, Instant{0}, now, berlin)));
    CHECK(segment::IsUnknown(Value(ExpressionOp::kYearOf, Instant{now}, 0, berlin)));
  }
}

TEST_CASE("parts of an instant are those of the clock in the zone") {
  const TimeZone shanghai = Zone("Asia/Shanghai");
  const Datum x = Instant{At(2026, 12, 31, 17, 30)};  // Friday, 2027-01-01 01:30 there
  CHECK(Said(ExpressionOp::kYearOf, x, 0, shanghai) == "2027");
  CHECK(Said(ExpressionOp::kMonthOf, x, 0, shanghai) == "1");
  CHECK(Said(ExpressionOp::kDayOf, x, 0, shanghai) == "1");
  CHECK(Said(ExpressionOp::kWeekdayOf, x, 0, shanghai) == "5");
  CHECK(Said(ExpressionOp::kHourOf, x, 0, shanghai) == "1");
  CHECK(Said(ExpressionOp::kHourOf, Instant{-1}, 0, TimeZone()) == "23");
}

TEST_CASE("parts of a date are as it says them, and what it does not say is unknown") {
  const TimeZone utc;
  Date day{.month = 2, .day = 29};
  CHECK(Said(ExpressionOp::kYearOf, day, 0, utc) == "unknown");
  CHECK(Said(ExpressionOp::kMonthOf, day, 0, utc) == "2");
  CHECK(Said(ExpressionOp::kWeekdayOf, day, 0, utc) == "unknown");
  CHECK(Said(ExpressionOp::kHourOf, day, 0, utc) == "unknown");
  const Date chinese{2023, 8, 15, Calendar::kChinese, false};  // 29 September 2023, a Friday
  CHECK(Said(ExpressionOp::kMonthOf, chinese, 0, utc) == "8");
  CHECK(Said(ExpressionOp::kWeekdayOf, chinese, 0, utc) == "5");
}

TEST_CASE("days, years and anniversaries are counted from day to day in the zone") {
  const TimeZone shanghai = Zone("Asia/Shanghai");
  const std::int64_t now = At(2026, 11, 27, 16, 1);  // 28 November, 00:01 there
  CHECK(Said(ExpressionOp::kDaysSince, Instant{now - 2 * kMinute}, now, shanghai) == "1");
  CHECK(Said(ExpressionOp::kDaysSince, Instant{now + kDay}, now, shanghai) == "-1");
  const Date birthday{.year = 2008, .month = 11, .day = 28};
  CHECK(Said(ExpressionOp::kYearsSince, birthday, now, shanghai) == "18");
  CHECK(Said(ExpressionOp::kYearsSince, birthday, now - 2 * kMinute, shanghai) == "17");
  CHECK(Said(ExpressionOp::kYearsSince, Date{.year = 2027, .month = 1, .day = 1}, now, shanghai) ==
        "unknown");
  CHECK(Said(ExpressionOp::kDaysToAnniversary, birthday, now, shanghai) == "0");
  CHECK(Said(ExpressionOp::kDaysToAnniversary, Date{.month = 11, .day = 27}, now, shanghai) ==
        "364");
}

TEST_CASE("an anniversary lies in a unit on any of its days, also those that have passed") {
  const TimeZone utc;
  const std::int64_t now = At(2026, 11, 28);  // Saturday; the week is 23 to 29 November
  const auto in = [&](CalendarUnit unit, int month, int day) {
    return segment::FlagOf(
        Value(ExpressionOp::kAnniversaryIn, Date{.month = month, .day = day}, now, utc, unit));
  };
  CHECK(in(CalendarUnit::kWeek, 11, 23) == true);
  CHECK(in(CalendarUnit::kWeek, 11, 29) == true);
  CHECK(in(CalendarUnit::kWeek, 11, 30) == false);
  CHECK(in(CalendarUnit::kMonth, 11, 1) == true);
  CHECK(in(CalendarUnit::kMonth, 12, 1) == false);
  CHECK(in(CalendarUnit::kDay, 11, 28) == true);
  CHECK(in(CalendarUnit::kDay, 11, 29) == false);
}

}  // namespace polyonym::harness
