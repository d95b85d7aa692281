// measure/calendar_grid.h - which day, week or month an instant is in, for very many instants of some years.
//
// The beginnings of all units are found once; then an instant is a look-up and a comparison or two, and no zone is asked.
//
// THREADS: const functions are thread-safe.
#ifndef POLYONYM_SRC_MEASURE_CALENDAR_GRID_H_
#define POLYONYM_SRC_MEASURE_CALENDAR_GRID_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "polyonym/segment/expression.h"
#include "segment/calendar.h"

namespace polyonym::measure {

class CalendarGrid {
 public:
  // Units that hold instants of from_ms..to_ms, numbered from 0.
  // REQUIRES: 0 <= from_ms <= to_ms <= kMaxFactTimeMs; not kHour.
  CalendarGrid(CalendarUnit unit, const segment::TimeZone& zone, std::int64_t from_ms,
               std::int64_t to_ms);

  std::size_t units() const { return first_days_.size(); }
  // A unit begins with the first instant at which clocks show its first day, and ends where the next one begins. One whose day clocks
  // leave out has no instants.
  // REQUIRES: from_ms <= ms <= to_ms.
  std::uint32_t UnitOf(std::int64_t ms) const {
    std::uint32_t unit = guesses_[static_cast<std::size_t>(ms - starts_ms_[0]) >> kGuessBits];
    while (ms >= starts_ms_[unit + 1]) ++unit;
    return unit;
  }
  std::chrono::sys_days FirstDay(std::uint32_t unit) const { return first_days_[unit]; }

 private:
  // 18.6 hours: less than a day of any zone, but for those that are left out.
  static constexpr unsigned kGuessBits = 26;

  std::vector<std::int64_t> starts_ms_;  // of units, and of the one behind the last
  std::vector<std::chrono::sys_days> first_days_;
  std::vector<std::uint32_t> guesses_;  // the unit that each stretch of 2^kGuessBits ms begins in
};

}  // namespace polyonym::measure

#endif  // POLYONYM_SRC_MEASURE_CALENDAR_GRID_H_
