#include "polyonym/model/facts.h"

#include <chrono>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

Date Solar(std::optional<std::int32_t> year, std::int32_t month, std::int32_t day) {
  return {.year = year, .month = month, .day = day};
}

Date Chinese(std::optional<std::int32_t> year, std::int32_t month, std::int32_t day,
             bool leap = false) {
  return {year, month, day, Calendar::kChinese, leap};
}

// ---- Order and text ----

TEST_CASE("values are in order by type, then by content") {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<Value> sorted = {
      {},
      {std::string()},
      {std::string("Z")},
      {std::string("a")},
      {std::string("a\0", 2)},
      {std::string("aa")},
      {std::string("z")},
      {std::string("é")},  // above every ASCII byte: bytes are unsigned
      {std::string("张")},
      {std::string("\U00020BB7")},
      {-1e300},
      {-1.5},
      {0.0},
      {5e-324},
      {std::nextafter(infinity, 0)},
      {false},
      {true},
      {Instant{kMin}},
      {Instant{0}},
      {Instant{1}},
      {Solar({}, 1, 1)},
      {Solar({}, 2, 29)},
      {Chinese({}, 2, 29)},
      {Chinese({}, 2, 29, true)},
      {Solar(1999, 12, 31)},
      {Solar(2000, 1, 1)},
      {Solar(2000, 1, 2)},
      {ValueList()},
      {ValueList{{std::string("b")}}},
      {ValueList{{std::string("b")}, {}}},
      {ValueList{{0.0}}},
      {ValueList{{0.0}, {ValueList{{true}}}}},
      {ValueList{{1.0}}},
      {kMin},
      {std::int64_t{-1}},
      {kMax},
      {Money{-1, "ZZZ"}},
      {Money{5, "CNY"}},
      {Money{5, "EUR"}},
      {Money{6, "CNY"}}};
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    for (std::size_t j = 0; j < sorted.size(); ++j) {
      CAPTURE(i, j, ToText(sorted[i]), ToText(sorted[j]));
      CHECK((Compare(sorted[i], sorted[j]) == (i <=> j)));
      CHECK((sorted[i] == sorted[j]) == (i == j));
    }
  }
  CHECK(std::is_eq(Compare({0.0}, {-0.0})));
}

TEST_CASE("values have text for people") {
  const std::vector<std::pair<Value, std::string>> texts = {
      {{}, "none"},
      {{std::string("张三 😀")}, "张三 😀"},
      {{0.1}, "0.1"},
      {{-2.0}, "-2"},
      {{1e300}, "1e+300"},
      {{true}, "yes"},
      {{false}, "no"},
      {{kMin}, "-9223372036854775808"},
      {{Instant{1'795'856'400'000}}, "2026-11-28T09:00:00Z"},
      {{Instant{1'795'856'400'007}}, "2026-11-28T09:00:00.007Z"},
      {{Instant{-1}}, "1969-12-31T23:59:59.999Z"},
      {{Instant{-62'167'219'200'000}}, "0000-01-01T00:00:00Z"},
      {{Instant{253'402'300'799'999}}, "9999-12-31T23:59:59.999Z"},
      {{Instant{253'402'300'800'000}}, "253402300800000 ms"},
      {{Instant{-62'167'219'200'001}}, "-62167219200001 ms"},
      {{Solar(2001, 2, 28)}, "2001-02-28"},
      {{Solar(987, 12, 31)}, "0987-12-31"},
      {{Solar({}, 2, 29)}, "--02-29"},
      {{Chinese({}, 4, 8)}, "chinese --04-08"},
      {{Chinese(2023, 2, 8, true)}, "chinese 2023-02-08 leap"},
      {{ValueList()}, "[]"},
      {{ValueList{{std::string("a")}, {ValueList{{true}, {}}}, {std::string()}, {std::int64_t{2}}}},
       "[a, [yes, none], , 2]"},
      {{Money{1999, "CNY"}}, "19.99 CNY"},
      {{Money{-5, "CNY"}}, "-0.05 CNY"},
      {{Money{0, "CNY"}}, "0.00 CNY"},
      {{Money{100, "USD"}}, "1.00 USD"},
      {{Money{1999, "JPY"}}, "1999 JPY"},
      {{Money{-1, "KWD"}}, "-0.001 KWD"},
      {{Money{12345, "CLF"}}, "1.2345 CLF"},
      {{Money{kMin, "EUR"}}, "-92233720368547758.08 EUR"}};
  for (const auto& [value, text] : texts) CHECK(ToText(value) == text);
}

TEST_CASE("types of values have names, one each") {
  const std::vector<std::pair<Value, std::string>> names = {{{}, "none"},
                                                            {{std::string()}, "text"},
                                                            {{0.0}, "number"},
                                                            {{false}, "flag"},
                                                            {{Instant()}, "instant"},
                                                            {{Date()}, "date"},
                                                            {{ValueList()}, "list"},
                                                            {{kMin}, "whole"},
                                                            {{Money()}, "money"}};
  for (std::size_t i = 0; i < names.size(); ++i) {
    CHECK(names[i].first.type() == static_cast<ValueType>(i));
    CHECK(ToString(names[i].first.type()) == names[i].second);
  }
  CHECK(ToString(static_cast<ValueType>(9)) == "unknown");
}

// ---- Calendars ----

TEST_CASE("a solar day is one of its month, and 29 February of a leap year or of no year") {
  const std::vector<std::int32_t> lengths = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  for (std::int32_t month = 1; month <= 12; ++month) {
    const std::int32_t length = lengths[static_cast<std::size_t>(month - 1)];
    CAPTURE(month);
    for (const std::optional<std::int32_t> year : {std::optional<std::int32_t>(), {2023}, {2024}}) {
      const std::int32_t last = length + (month == 2 && year != 2023 ? 1 : 0);
      CHECK(IsDay(Solar(year, month, 1)));
      CHECK(IsDay(Solar(year, month, last)));
      CHECK_FALSE(IsDay(Solar(year, month, last + 1)));
      CHECK_FALSE(IsDay(Solar(year, month, 0)));
    }
  }
  CHECK(IsDay(Solar(2000, 2, 29)));
  CHECK_FALSE(IsDay(Solar(1900, 2, 29)));
  CHECK(IsDay(Solar(1, 1, 1)));
  CHECK_FALSE(IsDay(Solar(0, 12, 31)));
  CHECK(IsDay(Solar(9999, 12, 31)));
  CHECK_FALSE(IsDay(Solar(10000, 1, 1)));
  for (const std::int32_t wild : {std::numeric_limits<std::int32_t>::min(), -1, 0, 13, 257,
                                  std::numeric_limits<std::int32_t>::max()}) {
    CHECK_FALSE(IsDay(Solar({}, wild, 1)));
    CHECK_FALSE(IsDay(Chinese({}, wild, 1)));
    CHECK_FALSE(IsDay(Chinese(2023, wild, 1)));
    CHECK_FALSE(IsDay(Solar(2023, wild, 1)));
    if (wild == 13) continue;
    CHECK_FALSE(IsDay(Solar({}, 1, wild)));
    CHECK_FALSE(IsDay(Chinese({}, 1, wild)));
    CHECK_FALSE(IsDay(Chinese(2023, 1, wild)));
    CHECK_FALSE(IsDay(Chinese(wild, 1, 1)));
  }
  CHECK_FALSE(IsDay({.month = 1, .day = 1, .leap_month = true}));
  CHECK_FALSE(IsDay({.month = 1, .day = 1, .calendar = static_cast<Calendar>(2)}));
}

TEST_CASE("a Chinese day without a year is any of thirty, of any month, leap or not") {
  for (std::int32_t month = 1; month <= 12; ++month) {
    for (const bool leap : {false, true}) {
      CHECK(IsDay(Chinese({}, month, 1, leap)));
      CHECK(IsDay(Chinese({}, month, 30, leap)));
      CHECK_FALSE(IsDay(Chinese({}, month, 0, leap)));
      CHECK_FALSE(IsDay(Chinese({}, month, 31, leap)));
    }
  }
}

TEST_CASE("Chinese days fall on the solar days of the published calendar") {
  const std::vector<std::pair<Date, Date>> days = {
      {Chinese(1900, 1, 1), Solar(1900, 1, 31)},
      {Chinese(1954, 1, 1), Solar(1954, 2, 3)},
      {Chinese(1985, 1, 1), Solar(1985, 2, 20)},
      {Chinese(2000, 1, 1), Solar(2000, 2, 5)},
      {Chinese(2023, 1, 1), Solar(2023, 1, 22)},
      {Chinese(2024, 1, 1), Solar(2024, 2, 10)},
      {Chinese(2025, 1, 1), Solar(2025, 1, 29)},
      {Chinese(2026, 1, 1), Solar(2026, 2, 17)},
      {Chinese(2027, 1, 1), Solar(2027, 2, 6)},
      {Chinese(2030, 1, 1), Solar(2030, 2, 3)},
      {Chinese(2023, 2, 1), Solar(2023, 2, 20)},
      {Chinese(2023, 2, 1, true), Solar(2023, 3, 22)},
      {Chinese(2023, 3, 1), Solar(2023, 4, 20)},
      {Chinese(2025, 6, 1), Solar(2025, 6, 25)},
      {Chinese(2025, 6, 1, true), Solar(2025, 7, 25)},
      {Chinese(1987, 6, 1, true), Solar(1987, 7, 26)},
      {Chinese(2033, 11, 1, true), Solar(2033, 12, 22)},
      // The dragon boats of 2013 and the mid-autumns of 2024 and 2025.
      {Chinese(2013, 5, 5), Solar(2013, 6, 12)},
      {Chinese(2024, 8, 15), Solar(2024, 9, 17)},
      {Chinese(2025, 8, 15), Solar(2025, 10, 6)},
      {Chinese(2100, 1, 1), Solar(2100, 2, 9)},
      {Chinese(2100, 12, 29), Solar(2101, 1, 28)}};
  for (const auto& [chinese, solar] : days) {
    CAPTURE(ToText({chinese}), ToText({solar}));
    CHECK(ToSolar(chinese) == solar);
    CHECK(ToSolar(solar) == solar);
  }
  CHECK(ToSolar(Chinese({}, 1, 1)) == std::nullopt);
  CHECK(ToSolar(Solar({}, 1, 1)) == std::nullopt);
  CHECK(ToSolar(Solar(2023, 2, 29)) == std::nullopt);
  CHECK(ToSolar(Chinese(1899, 12, 1)) == std::nullopt);
  CHECK(ToSolar(Chinese(2101, 1, 1)) == std::nullopt);
  CHECK(ToSolar(Chinese(2100, 12, 30)) == std::nullopt);
}

TEST_CASE("a Chinese year has the one leap month that the published calendar gives it") {
  const std::vector<std::pair<std::int32_t, std::int32_t>> leaps = {
      {1900, 8}, {1949, 7}, {1984, 10}, {1987, 6}, {1990, 5}, {1993, 3}, {1995, 8},
      {1998, 5}, {2001, 4}, {2004, 2},  {2006, 7}, {2009, 5}, {2012, 4}, {2014, 9},
      {2017, 6}, {2020, 4}, {2023, 2},  {2025, 6}, {2028, 5}, {2031, 3}, {2033, 11}};
  for (const auto& [year, leap] : leaps) {
    for (std::int32_t month = 1; month <= 12; ++month) {
      CAPTURE(year, month);
      CHECK(IsDay(Chinese(year, month, 1, true)) == (month == leap));
    }
  }
  for (const std::int32_t year : {1985, 1986, 2019, 2021, 2022, 2024, 2026, 2027, 2034}) {
    for (std::int32_t month = 1; month <= 12; ++month)
      CHECK_FALSE(IsDay(Chinese(year, month, 1, true)));
  }
}

TEST_CASE("Chinese months follow one another from 1900 to 2100, each begun at a new moon") {
  using std::chrono::sys_days;
  // Mean new moons: J. Meeus, Astronomical Algorithms, 2nd ed., formula 49.1; the true one is within 0.61 days (14.6 hours) of it.
  const auto mean_new_moon = [](double lunation) {
    const double t = lunation / 1236.85;
    return 2451550.09766 + 29.530588861 * lunation + 0.00015437 * t * t;
  };
  const auto to_days = [](const Date& solar) {
    return sys_days(std::chrono::year(*solar.year) /
                    std::chrono::month(static_cast<unsigned>(solar.month)) /
                    std::chrono::day(static_cast<unsigned>(solar.day)));
  };
  std::optional<sys_days> next;
  std::size_t months = 0, leap_years = 0;
  for (std::int32_t year = 1900; year <= 2100; ++year) {
    std::size_t leaps = 0;
    for (std::int32_t month = 1; month <= 12; ++month) {
      for (const bool leap : {false, true}) {
        const auto first = ToSolar(Chinese(year, month, 1, leap));
        if (!first) {
          CHECK(leap);
          continue;
        }
        CAPTURE(year, month, leap, ToText({*first}));
        const sys_days day = to_days(*first);
        if (next) REQUIRE(day == *next);
        if (month == 1 && !leap)
          CHECK((Solar(year, 1, 21) <= *first && *first <= Solar(year, 2, 20)));
        const bool long_month = IsDay(Chinese(year, month, 30, leap));
        REQUIRE(ToSolar(Chinese(year, month, 29, leap)).has_value());
        next = day + std::chrono::days(long_month ? 30 : 29);
        leaps += leap ? 1 : 0;
        ++months;
        // Midnight in Beijing, eight hours before that of Greenwich.
        const double begin =
            2440587.5 + static_cast<double>(day.time_since_epoch().count()) - 8 / 24.0;
        const double lunation = std::round((begin + 0.5 - mean_new_moon(0)) / 29.530588861);
        const double moon = mean_new_moon(lunation);
        CHECK((begin - 0.65 <= moon && moon < begin + 1.65));
      }
    }
    CHECK(leaps <= 1);
    leap_years += leaps;
  }
  CHECK(*next == to_days(Solar(2101, 1, 29)));
  CHECK(months == 201 * 12 + leap_years);
  CHECK(leap_years == 74);
}

}  // namespace
}  // namespace polyonym::harness
