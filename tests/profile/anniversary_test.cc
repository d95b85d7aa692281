#include "polyonym/profile/anniversary.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "harness/catch.h"

#include "harness/histories.h"

namespace polyonym::harness {
namespace {

Date Solar(std::optional<std::int32_t> year, std::int32_t month, std::int32_t day) {
  return {.year = year, .month = month, .day = day};
}

Date Chinese(std::optional<std::int32_t> year, std::int32_t month, std::int32_t day,
             bool leap = false) {
  return {year, month, day, Calendar::kChinese, leap};
}

TEST_CASE("a solar birthday comes on its day of this year or of the next") {
  const Date birthday = Solar({}, 5, 20);
  CHECK(NextAnniversary(birthday, Solar(2026, 1, 1)) == Solar(2026, 5, 20));
  CHECK(NextAnniversary(birthday, Solar(2026, 5, 19)) == Solar(2026, 5, 20));
  CHECK(NextAnniversary(birthday, Solar(2026, 5, 20)) == Solar(2026, 5, 20));
  CHECK(NextAnniversary(birthday, Solar(2026, 5, 21)) == Solar(2027, 5, 20));
  CHECK(NextAnniversary(Solar({}, 1, 1), Solar(2026, 12, 31)) == Solar(2027, 1, 1));
  CHECK(NextAnniversary(Solar(1990, 12, 31), Solar(2026, 12, 31)) == Solar(2026, 12, 31));
}

TEST_CASE("29 February is 28 February in common years, or 1 March where that is asked for") {
  for (const Date birthday : {Solar({}, 2, 29), Solar(2000, 2, 29)}) {
    CHECK(NextAnniversary(birthday, Solar(2023, 2, 28)) == Solar(2023, 2, 28));
    CHECK(NextAnniversary(birthday, Solar(2023, 3, 1)) == Solar(2024, 2, 29));
    CHECK(NextAnniversary(birthday, Solar(2024, 2, 29)) == Solar(2024, 2, 29));
    CHECK(NextAnniversary(birthday, Solar(2024, 3, 1)) == Solar(2025, 2, 28));
    CHECK(NextAnniversary(birthday, Solar(2100, 1, 1)) == Solar(2100, 2, 28));
    CHECK(NextAnniversary(birthday, Solar(2023, 3, 1), LeapDay::kMarch1) == Solar(2023, 3, 1));
    CHECK(NextAnniversary(birthday, Solar(2023, 3, 2), LeapDay::kMarch1) == Solar(2024, 2, 29));
    CHECK(NextAnniversary(birthday, Solar(2024, 3, 1), LeapDay::kMarch1) == Solar(2025, 3, 1));
  }
  CHECK(NextAnniversary(Solar({}, 2, 28), Solar(2024, 2, 28), LeapDay::kMarch1) ==
        Solar(2024, 2, 28));
}

TEST_CASE("a Chinese birthday comes on its day of every Chinese year") {
  const Date new_year = Chinese({}, 1, 1);
  CHECK(NextAnniversary(new_year, Solar(2023, 1, 1)) == Solar(2023, 1, 22));
  CHECK(NextAnniversary(new_year, Solar(2023, 1, 22)) == Solar(2023, 1, 22));
  CHECK(NextAnniversary(new_year, Solar(2023, 1, 23)) == Solar(2024, 2, 10));
  CHECK(NextAnniversary(new_year, Solar(2024, 2, 11)) == Solar(2025, 1, 29));
  // The eighth of the twelfth month falls in the solar year behind, twice or never in some solar years.
  const Date laba = Chinese({}, 12, 8);
  CHECK(NextAnniversary(laba, Solar(2024, 1, 1)) == Solar(2024, 1, 18));
  CHECK(NextAnniversary(laba, Solar(2024, 1, 19)) == Solar(2025, 1, 7));
  CHECK(NextAnniversary(Chinese({}, 4, 8), Solar(2026, 1, 1)) == Solar(2026, 5, 24));
  CHECK(NextAnniversary(Chinese({}, 8, 15), Chinese(2025, 8, 15)) == Solar(2025, 10, 6));
}

TEST_CASE(
    "a birthday of a leap month falls in the ordinary month of years without that leap month") {
  const Date birthday = Chinese(2023, 2, 10, true);
  CHECK(NextAnniversary(birthday, Solar(2023, 3, 1)) == Solar(2023, 3, 31));
  CHECK(NextAnniversary(birthday, Solar(2023, 4, 1)) == ToSolar(Chinese(2024, 2, 10)));
  // Another leap month is no leap month of its own.
  CHECK(NextAnniversary(birthday, Solar(2025, 2, 1)) == ToSolar(Chinese(2025, 2, 10)));
  CHECK(NextAnniversary(Chinese({}, 6, 1, true), Solar(2025, 6, 25)) == Solar(2025, 7, 25));
  // Of an ordinary month it is the first of the two.
  CHECK(NextAnniversary(Chinese({}, 6, 1), Solar(2025, 6, 1)) == Solar(2025, 6, 25));
  CHECK(NextAnniversary(Chinese({}, 6, 1), Solar(2025, 6, 26)) == ToSolar(Chinese(2026, 6, 1)));
}

TEST_CASE("the thirtieth of a Chinese month falls on the 29th of a short one") {
  // The last day of the year: 30 days in the twelfth month of 2023, 29 in that of 2024.
  const Date last = Chinese({}, 12, 30);
  CHECK(NextAnniversary(last, Solar(2024, 1, 20)) == Solar(2024, 2, 9));
  CHECK(NextAnniversary(last, Solar(2024, 2, 10)) == Solar(2025, 1, 28));
  REQUIRE(IsDay(Chinese(2023, 2, 30)));
  REQUIRE_FALSE(IsDay(Chinese(2023, 2, 30, true)));
  CHECK(NextAnniversary(Chinese({}, 2, 30, true), Solar(2023, 3, 22)) == Solar(2023, 4, 19));
}

TEST_CASE("no anniversary comes before the day itself") {
  CHECK(NextAnniversary(Solar(2020, 5, 20), Solar(2010, 1, 1)) == Solar(2020, 5, 20));
  CHECK(NextAnniversary(Chinese(2023, 2, 10, true), Solar(2010, 1, 1)) == Solar(2023, 3, 31));
}

TEST_CASE("there is no answer for what is no day and beyond the years of a calendar") {
  const Date today = Solar(2026, 11, 28);
  CHECK_FALSE(NextAnniversary(Solar({}, 2, 30), today));
  CHECK_FALSE(NextAnniversary(Solar(2023, 2, 29), today));
  CHECK_FALSE(NextAnniversary(Chinese(2024, 2, 1, true), today));
  CHECK_FALSE(NextAnniversary(Date(), today));
  CHECK_FALSE(NextAnniversary(Solar({}, 5, 20), Solar({}, 5, 20)));
  CHECK_FALSE(NextAnniversary(Solar({}, 5, 20), Solar(2023, 2, 29)));
  CHECK(NextAnniversary(Solar({}, 5, 20), Solar(9999, 5, 20)) == Solar(9999, 5, 20));
  CHECK_FALSE(NextAnniversary(Solar({}, 5, 20), Solar(9999, 5, 21)));
  CHECK_FALSE(NextAnniversary(Chinese({}, 1, 1), Solar(1900, 1, 30)));
  CHECK(NextAnniversary(Chinese({}, 1, 1), Solar(1900, 1, 31)) == Solar(1900, 1, 31));
  CHECK(NextAnniversary(Chinese({}, 12, 29), Solar(2101, 1, 28)) == Solar(2101, 1, 28));
  CHECK_FALSE(NextAnniversary(Chinese({}, 12, 28), Solar(2101, 1, 28)));
  CHECK_FALSE(NextAnniversary(Chinese({}, 1, 1), Solar(2101, 6, 1)));
  CHECK_FALSE(NextAnniversary(Chinese({}, 1, 1), Solar(2500, 6, 1)));
}

// The obvious way: day by day, the first whose Chinese day is the birthday's, or stands for it.
bool FallsOn(const Date& birthday, const Date& solar, LeapDay leap_day) {
  if (birthday.calendar == Calendar::kSolar) {
    if (birthday.month == solar.month && birthday.day == solar.day) return true;
    const Date instead = leap_day == LeapDay::kMarch1 ? Solar({}, 3, 1) : Solar({}, 2, 28);
    return birthday.month == 2 && birthday.day == 29 && !IsDay(Solar(solar.year, 2, 29)) &&
           solar.month == instead.month && solar.day == instead.day;
  }
  for (const std::int32_t year : {*solar.year - 1, *solar.year}) {
    const bool leap = birthday.leap_month && IsDay(Chinese(year, birthday.month, 1, true));
    const Date same = Chinese(year, birthday.month, birthday.day, leap);
    const auto day = IsDay(same) ? ToSolar(same) : ToSolar(Chinese(year, birthday.month, 29, leap));
    if (day == solar) return true;
  }
  return false;
}

Date DayAfter(const Date& solar) {
  const Date next = Solar(solar.year, solar.month, solar.day + 1);
  if (IsDay(next)) return next;
  return solar.month < 12 ? Solar(solar.year, solar.month + 1, 1) : Solar(*solar.year + 1, 1, 1);
}

Date RandomDay(Random& random, std::int32_t from_year, std::int32_t to_year) {
  for (;;) {
    const Date date = Solar(static_cast<std::int32_t>(random.Between(from_year, to_year)),
                            static_cast<std::int32_t>(random.Between(1, 12)),
                            static_cast<std::int32_t>(random.Between(1, 31)));
    if (IsDay(date)) return date;
  }
}

TEST_CASE("any birthday's next is the first day, counted one by one, on which it falls") {
  ForEachSeed(1, 1500, [](std::uint64_t seed) {
    Random random(seed);
    Date birthday = RandomDay(random, 2000, 2000);
    birthday.year.reset();
    if (random.Chance(70))
      birthday = Chinese({}, birthday.month, std::min(birthday.day, 30), random.Chance(40));
    if (random.Chance(20)) birthday.day = birthday.calendar == Calendar::kChinese ? 30 : 1;
    if (random.Chance(10)) birthday = Solar({}, 2, 29);
    const LeapDay leap_day = random.Chance(50) ? LeapDay::kMarch1 : LeapDay::kFebruary28;
    const Date from = RandomDay(random, 1901, 2098);
    CAPTURE(seed, ToText({birthday}), ToText({from}));
    Date expected = from;
    while (!FallsOn(birthday, expected, leap_day)) expected = DayAfter(expected);
    REQUIRE(NextAnniversary(birthday, from, leap_day) == expected);
  });
}

TEST_CASE("age is in whole years, one more on the birthday") {
  const Date born = Solar(1990, 5, 20);
  CHECK(AgeOn(born, Solar(1990, 5, 19)) == std::nullopt);
  CHECK(AgeOn(born, Solar(1990, 5, 20)) == 0);
  CHECK(AgeOn(born, Solar(1991, 5, 19)) == 0);
  CHECK(AgeOn(born, Solar(1991, 5, 20)) == 1);
  CHECK(AgeOn(born, Solar(2026, 5, 19)) == 35);
  CHECK(AgeOn(born, Solar(2026, 5, 20)) == 36);
  CHECK(AgeOn(Solar(1, 1, 1), Solar(9999, 12, 31)) == 9998);
}

TEST_CASE("who was born on 29 February is a year older in common years when the option says") {
  const Date born = Solar(2004, 2, 29);
  CHECK(AgeOn(born, Solar(2022, 2, 27)) == 17);
  CHECK(AgeOn(born, Solar(2022, 2, 28)) == 18);
  CHECK(AgeOn(born, Solar(2022, 2, 28), LeapDay::kMarch1) == 17);
  CHECK(AgeOn(born, Solar(2022, 3, 1), LeapDay::kMarch1) == 18);
  CHECK(AgeOn(born, Solar(2024, 2, 28)) == 19);
  CHECK(AgeOn(born, Solar(2024, 2, 29), LeapDay::kMarch1) == 20);
}

TEST_CASE("who was born on a Chinese day is as old as who was born on its solar day") {
  const Date born = Chinese(2000, 1, 1);  // 2000-02-05
  CHECK(AgeOn(born, Solar(2018, 2, 4)) == 17);
  CHECK(AgeOn(born, Solar(2018, 2, 5)) == 18);
  CHECK(AgeOn(born, Chinese(2018, 1, 1)) == 18);  // 2018-02-16
  CHECK(AgeOn(Chinese(2023, 2, 1, true), Solar(2024, 3, 21)) == 0);
  CHECK(AgeOn(Chinese(2023, 2, 1, true), Solar(2024, 3, 22)) == 1);
}

TEST_CASE("there is no age without a year, or of what is no day") {
  const Date today = Solar(2026, 11, 28);
  CHECK_FALSE(AgeOn(Solar({}, 5, 20), today));
  CHECK_FALSE(AgeOn(Chinese({}, 5, 20), today));
  CHECK_FALSE(AgeOn(Solar(1990, 5, 20), Solar({}, 5, 20)));
  CHECK_FALSE(AgeOn(Solar(1990, 2, 29), today));
  CHECK_FALSE(AgeOn(Chinese(1899, 5, 20), today));
  CHECK_FALSE(AgeOn(Solar(1990, 5, 20), Solar(2026, 11, 31)));
}

}  // namespace
}  // namespace polyonym::harness
