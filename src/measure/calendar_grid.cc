#include "measure/calendar_grid.h"

namespace polyonym::measure {

using std::chrono::days;
using std::chrono::months;
using std::chrono::sys_days;
using std::chrono::year_month_day;

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

sys_days NextFirstDay(CalendarUnit unit, sys_days first) {
  const year_month_day date(first);
  switch (unit) {
    case CalendarUnit::kHour:
    case CalendarUnit::kDay:
      return first + days(1);
    case CalendarUnit::kWeek:
      return first + days(7);
    case CalendarUnit::kMonth:
      return date + months(1);
    case CalendarUnit::kQuarter:
      return date + months(3);
    case CalendarUnit::kYear:
      return date + months(12);
  }
  return first;
}

CalendarGrid::CalendarGrid(CalendarUnit unit, const segment::TimeZone& zone, std::int64_t from_ms,
                           std::int64_t to_ms) {
  // Times of facts lie in the calendar's years, so that there is a day.
  sys_days first = FirstDayOf(unit, zone.DayOf(from_ms).value_or(sys_days()));
  for (std::int64_t start = zone.StartOf(first); start <= to_ms;) {
    const sys_days next = NextFirstDay(unit, first);
    const std::int64_t next_start = zone.StartOf(next);
    if (next_start > from_ms) {
      starts_ms_.push_back(start);
      first_days_.push_back(first);
    }
    first = next;
    start = next_start;
    if (start > to_ms) starts_ms_.push_back(start);
  }
  std::uint32_t at = 0;
  for (std::int64_t ms = starts_ms_[0]; ms <= to_ms; ms += std::int64_t{1} << kGuessBits) {
    while (ms >= starts_ms_[at + 1]) ++at;
    guesses_.push_back(at);
  }
}

}  // namespace polyonym::measure
