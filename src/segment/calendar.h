// segment/calendar.h - days, weeks and months in a time zone: where a window of them begins, and what day an instant is on.
//
// Zones are those of IANA's database as ICU has them. Dates are solar (proleptic Gregorian), years 1 to 9999; weeks begin on Monday.
//
// THREADS: all const functions are thread-safe: ICU's zones are immutable once created.
#ifndef POLYONYM_SRC_SEGMENT_CALENDAR_H_
#define POLYONYM_SRC_SEGMENT_CALENDAR_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "polyonym/segment/expression.h"
#include "segment/datum.h"

namespace polyonym::segment {

class TimeZone {
 public:
  // ERRORS: InvalidArgument for a name that is not of IANA's database. "" is UTC. Abbreviations such as CST, which ICU takes for one
  // of their several meanings, are none; the few of IANA's own (UTC, EST, ...) are.
  static absl::StatusOr<TimeZone> Of(std::string_view name);
  TimeZone();  // UTC
  ~TimeZone();
  TimeZone(TimeZone&&) noexcept;
  TimeZone& operator=(TimeZone&&) noexcept;

  // What clocks show, as ms since 1970-01-01T00:00 of the same clocks.
  std::int64_t LocalMs(std::int64_t ms) const { return ms + OffsetAt(ms); }

  // None: not in the years 1 to 9999.
  std::optional<std::chrono::sys_days> DayOf(std::int64_t ms) const;

  // The first instant at which clocks show the day: midnight, or where they are put forward over it, when that is done. Where midnight comes
  // twice, the first.
  std::int64_t StartOf(std::chrono::sys_days day) const;

 private:
  std::int64_t OffsetAt(std::int64_t ms) const;

  struct Rules;  // of ICU; none: UTC
  std::unique_ptr<const Rules> rules_;
};

// The first day of the unit that `day` is in; of hours the day itself.
std::chrono::sys_days FirstDayOf(CalendarUnit unit, std::chrono::sys_days day);
// `first` is the first day of a unit: the first day of the one that lies `count` units on, or back. Hours are taken for days.
std::chrono::sys_days UnitsOn(CalendarUnit unit, std::chrono::sys_days first, int count);

// from_ms <= time < to_ms. Without bounds: the least and the greatest number.
struct TimeSpan {
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;
};

// A window as of now. It may reach beyond now, after which there are no events. Days have the hours that they have, 23 or 25 where
// clocks are changed. Hours begin where the clock shows a full one, and those before now's are 60 minutes each.
TimeSpan SpanOf(const TimeWindow& window, std::int64_t now_ms, const TimeZone& zone);

// kDaysSince to kAnniversaryIn of x: unknown where expression.h says so, and where a day is not in the calendar's years.
Datum CalendarValue(const Expression& expression, const Datum& x, std::int64_t now_ms,
                    const TimeZone& zone);

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_CALENDAR_H_
