#include "measure/calendar_grid.h"

namespace polyonym::measure {

using std::chrono::sys_days;

CalendarGrid::CalendarGrid(CalendarUnit unit, const segment::TimeZone& zone, std::int64_t from_ms,
                           std::int64_t to_ms) {
  // Times of facts lie in the calendar's years, so that there is a day.
  sys_days first = segment::FirstDayOf(unit, zone.DayOf(from_ms).value_or(sys_days()));
  for (std::int64_t start = zone.StartOf(first); start <= to_ms;) {
    const sys_days next = segment::UnitsOn(unit, first, 1);
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
