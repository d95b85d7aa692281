#include "polyonym/profile/anniversary.h"

#include <algorithm>

namespace polyonym {
namespace {

// The solar day on which a day of the solar calendar falls in a solar year.
std::optional<Date> InSolarYear(const Date& day, std::int32_t year, LeapDay leap_day) {
  const Date same{.year = year, .month = day.month, .day = day.day};
  if (IsDay(same) || day.month != 2 || day.day != 29) return ToSolar(same);
  if (leap_day == LeapDay::kMarch1) return ToSolar({.year = year, .month = 3, .day = 1});
  return ToSolar({.year = year, .month = 2, .day = 28});
}

// The solar day on which a day of the Chinese calendar falls in a Chinese year.
std::optional<Date> InChineseYear(const Date& day, std::int32_t year) {
  Date same{.year = year,
            .month = day.month,
            .day = 1,
            .calendar = Calendar::kChinese,
            .leap_month = day.leap_month};
  if (!IsDay(same)) same.leap_month = false;
  same.day = day.day;
  if (!IsDay(same)) same.day = std::min(same.day, 29);
  return ToSolar(same);
}

// The year of `calendar` that a solar day is in; of the Chinese calendar only where it has that year or the next.
std::int32_t YearOf(const Date& solar, Calendar calendar) {
  if (calendar == Calendar::kSolar) return *solar.year;
  const auto new_year =
      ToSolar({.year = *solar.year, .month = 1, .day = 1, .calendar = Calendar::kChinese});
  return new_year && *new_year <= solar ? *solar.year : *solar.year - 1;
}

}  // namespace

std::optional<Date> NextAnniversary(const Date& day, const Date& from, LeapDay leap_day) {
  auto first = ToSolar(from);
  if (!first || !IsDay(day)) return std::nullopt;
  if (const auto itself = ToSolar(day)) first = std::max(*first, *itself);
  const auto in_year = [&](std::int32_t year) {
    return day.calendar == Calendar::kSolar ? InSolarYear(day, year, leap_day)
                                            : InChineseYear(day, year);
  };
  const std::int32_t year = YearOf(*first, day.calendar);
  const auto candidate = in_year(year);
  // Without it the next one may be the second from `first`, not the first.
  if (!candidate) return std::nullopt;
  return *candidate >= *first ? candidate : in_year(year + 1);
}

std::optional<std::int32_t> AgeOn(const Date& born, const Date& on, LeapDay leap_day) {
  const auto birth = ToSolar(born), day = ToSolar(on);
  if (!birth || !day || *day < *birth) return std::nullopt;
  const bool still_to_come = *InSolarYear(*birth, *day->year, leap_day) > *day;
  return *day->year - *birth->year - (still_to_come ? 1 : 0);
}

}  // namespace polyonym
