#include "polyonym/model/facts.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/currency.h"

namespace polyonym {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

// ---- Calendars ----

constexpr std::int32_t kMaxSolarYear = 9999;  // four digits, as RFC 3339 has them
constexpr std::int32_t kFirstChineseYear = 1900;

// The Chinese years from 1900 on. Bits 0 to 12: which of the year's months, counted from 0 with the leap month in its turn, have 30 days,
// not 29. Bits 13 to 16: the month that the leap month repeats, or 0. Bits 17 up: days from 20 January to the year's first.
//
// Facts of the calendar that GB/T 33661-2017 defines, computed with sxtwl 2.0.7; of 1901 to 2099 the same as the Hong Kong Observatory
// publishes (www.hko.gov.hk/en/gts/time/conversion.htm), who warn that new moons near midnight in September 2057, September 2089 and
// August 2097 may yet move by a day. A table and not ICU: ICU 72 begins a dozen months of these years on other days (the leap month of
// 1987, ICU-23274; the new year of 2027), and what a record means must not change with the release of a library.
constexpr std::array<std::uint32_t, 201> kChineseYears = {
    0x1716d2, 0x3c0752, 0x260ea5, 0x12b64a, 0x36064b, 0x1e0a9b, 0x0a9556, 0x30056a, 0x1a0b59,
    0x045752, 0x2a0752, 0x14db25, 0x3a0b25, 0x220a4b, 0x0cb4ab, 0x3202ad, 0x1c056b, 0x064b69,
    0x2c0da9, 0x18fd92, 0x3e0e92, 0x260d25, 0x10ba4d, 0x360a56, 0x2002b6, 0x0895b5, 0x3006d4,
    0x1a0ea9, 0x065e92, 0x2a0e92, 0x14cd26, 0x38052b, 0x220a57, 0x0cb2b6, 0x320b5a, 0x1e06d4,
    0x086ec9, 0x2c0749, 0x16f693, 0x3c0a93, 0x26052b, 0x0eca5b, 0x340aad, 0x20056a, 0x0a9b55,
    0x300ba4, 0x1a0b49, 0x045a93, 0x2a0a95, 0x12f52d, 0x380536, 0x220aad, 0x0eb5aa, 0x3205b2,
    0x1c0da5, 0x087d4a, 0x2e0d4a, 0x170a95, 0x3a0a97, 0x260556, 0x10cab5, 0x340ad5, 0x2006d2,
    0x0a8ea5, 0x300ea5, 0x1a064a, 0x026c97, 0x280a9b, 0x14f55a, 0x38056a, 0x220b69, 0x0eb752,
    0x340b52, 0x1c0b25, 0x06964b, 0x2c0a4b, 0x1714ab, 0x3a02ad, 0x24056d, 0x10cb69, 0x360da9,
    0x200d92, 0x0a9d25, 0x300d25, 0x1b5a4d, 0x3e0a56, 0x2802b6, 0x12c5b5, 0x3806d5, 0x220ea9,
    0x0ebe92, 0x340e92, 0x1e0d26, 0x066a56, 0x2a0a57, 0x1714d6, 0x3c035a, 0x2406d5, 0x10b6c9,
    0x360749, 0x200693, 0x08952b, 0x2e052b, 0x180a5b, 0x04555a, 0x28056a, 0x12fb55, 0x3a0ba4,
    0x240b49, 0x0cba93, 0x320a95, 0x1c052d, 0x068aad, 0x2a0ab5, 0x1735aa, 0x3c05d2, 0x260da5,
    0x10dd4a, 0x360d4a, 0x200c95, 0x0a952e, 0x2e0556, 0x180ab5, 0x0455b2, 0x2a06d2, 0x12cea5,
    0x380725, 0x22064b, 0x0cac97, 0x300cab, 0x1c055a, 0x066ad6, 0x2c0b69, 0x177752, 0x3c0b52,
    0x260b25, 0x10da4b, 0x340a4b, 0x1e04ab, 0x08a55b, 0x2e05ad, 0x180b6a, 0x045b52, 0x2a0d92,
    0x14fd25, 0x380d25, 0x220a55, 0x0cb4ad, 0x3204b6, 0x1a05b5, 0x066daa, 0x2c0ec9, 0x191e92,
    0x3c0e92, 0x260d26, 0x10ca56, 0x340a57, 0x1e0556, 0x0886d5, 0x2e0755, 0x1a0749, 0x026e93,
    0x280693, 0x12f52b, 0x38052b, 0x200a5b, 0x0cb55a, 0x32056a, 0x1c0b65, 0x06974a, 0x2c0b4a,
    0x171a95, 0x3c0a95, 0x24052d, 0x0ecaad, 0x340ab5, 0x2005aa, 0x088ba5, 0x2e0da5, 0x1a0d4a,
    0x047c95, 0x280c96, 0x12f94e, 0x380556, 0x220ab5, 0x0cb5b2, 0x3206d2, 0x1c0ea5, 0x088e4a,
    0x2a068b, 0x150c97, 0x3a04ab, 0x24055b, 0x0ecad6, 0x340b6a, 0x200752, 0x0a9725, 0x2e0b45,
    0x180a8b, 0x02549b, 0x2804ab,
};

class ChineseYear {
 public:
  static std::optional<ChineseYear> Of(std::int32_t year) {
    if (year < kFirstChineseYear ||
        year - kFirstChineseYear >= static_cast<std::int32_t>(kChineseYears.size()))
      return std::nullopt;
    return ChineseYear(year);
  }

  // Nothing for a day that the year does not have.
  std::optional<sys_days> Day(std::int32_t month, std::int32_t day, bool leap) const {
    if (leap && month != leap_month_) return std::nullopt;
    const bool after_leap = leap || (leap_month_ > 0 && month > leap_month_);
    const std::int32_t place = month - 1 + (after_leap ? 1 : 0);
    if (day > Length(place)) return std::nullopt;
    sys_days first = first_;
    for (std::int32_t i = 0; i < place; ++i) first += days(Length(i));
    return first + days(day - 1);
  }

 private:
  explicit ChineseYear(std::int32_t year)
      : bits_(kChineseYears[static_cast<std::size_t>(year - kFirstChineseYear)]),
        leap_month_(static_cast<std::int32_t>(bits_ >> 13 & 15)),
        first_(sys_days(std::chrono::year(year) / std::chrono::January / 20) + days(bits_ >> 17)) {}

  std::int32_t Length(std::int32_t place) const { return (bits_ >> place & 1) != 0 ? 30 : 29; }

  std::uint32_t bits_;
  std::int32_t leap_month_;
  sys_days first_;
};

// REQUIRES: the fields are in the ranges of a month and a day.
std::chrono::year_month_day SolarDay(std::int32_t year, std::int32_t month, std::int32_t day) {
  return {std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
          std::chrono::day(static_cast<unsigned>(day))};
}

// ---- Text ----

struct Texts {
  std::string operator()(std::monostate) const { return "none"; }
  std::string operator()(const std::string& text) const { return text; }
  std::string operator()(bool flag) const { return flag ? "yes" : "no"; }
  std::string operator()(std::int64_t whole) const { return absl::StrCat(whole); }

  std::string operator()(double number) const {
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    return std::string(digits.data(), end);
  }

  std::string operator()(const Instant& instant) const {
    // Beyond the four digits of a year RFC 3339 has no text.
    static constexpr std::int64_t kYear0 = -62'167'219'200'000, kYear10000 = 253'402'300'800'000;
    if (instant.ms < kYear0 || instant.ms >= kYear10000) return absl::StrCat(instant.ms, " ms");
    const std::chrono::sys_time<std::chrono::milliseconds> time{
        std::chrono::milliseconds(instant.ms)};
    const auto midnight = std::chrono::floor<days>(time);
    const std::chrono::year_month_day day(midnight);
    const std::chrono::hh_mm_ss clock(time - midnight);
    const auto ms = clock.subseconds().count();
    return absl::StrFormat("%04d-%02d-%02dT%02d:%02d:%02d%sZ", static_cast<int>(day.year()),
                           static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()),
                           clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                           ms == 0 ? "" : absl::StrFormat(".%03d", ms));
  }

  std::string operator()(const Date& date) const {
    return absl::StrFormat("%s%s-%02d-%02d%s",
                           date.calendar == Calendar::kChinese ? "chinese " : "",
                           date.year ? absl::StrFormat("%04d", *date.year) : "-", date.month,
                           date.day, date.leap_month ? " leap" : "");
  }

  std::string operator()(const ValueList& list) const {
    std::string text = "[";
    for (const Value& value : list)
      absl::StrAppend(&text, text.size() == 1 ? "" : ", ", ToText(value));
    return text + "]";
  }

  std::string operator()(const Money& money) const {
    const auto decimals = static_cast<std::size_t>(DecimalsOf(money.currency));
    const bool negative = money.minor_units < 0;
    const auto bits = static_cast<std::uint64_t>(money.minor_units);
    std::string digits = absl::StrCat(negative ? 0 - bits : bits);
    if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
    if (decimals > 0) digits.insert(digits.size() - decimals, ".");
    return absl::StrCat(negative ? "-" : "", digits, " ", money.currency);
  }
};

}  // namespace

// Digits after the point: ISO 4217, list one. All that are not here have two.
int DecimalsOf(std::string_view currency) {
  static constexpr std::array<std::string_view, 16> kNone = {
      "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW",
      "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"};
  static constexpr std::array<std::string_view, 7> kThree = {"BHD", "IQD", "JOD", "KWD",
                                                             "LYD", "OMR", "TND"};
  if (std::find(kNone.begin(), kNone.end(), currency) != kNone.end() || currency == "UYI") return 0;
  if (std::find(kThree.begin(), kThree.end(), currency) != kThree.end()) return 3;
  return currency == "CLF" || currency == "UYW" ? 4 : 2;
}

bool IsDay(const Date& date) {
  const std::int32_t month = date.month, day = date.day;
  if (month < 1 || month > 12 || day < 1) return false;
  if (date.calendar == Calendar::kChinese) {
    if (day > 30) return false;
    if (!date.year) return true;
    const auto year = ChineseYear::Of(*date.year);
    return year && year->Day(month, day, date.leap_month);
  }
  if (date.calendar != Calendar::kSolar || date.leap_month || day > 31) return false;
  if (date.year && (*date.year < 1 || *date.year > kMaxSolarYear)) return false;
  constexpr std::int32_t kSomeLeapYear = 2000;
  return SolarDay(date.year.value_or(kSomeLeapYear), month, day).ok();
}

std::optional<Date> ToSolar(const Date& date) {
  if (!date.year || !IsDay(date)) return std::nullopt;
  if (date.calendar == Calendar::kSolar) return date;
  const std::chrono::year_month_day day(
      *ChineseYear::Of(*date.year)->Day(date.month, date.day, date.leap_month));
  return Date{.year = static_cast<int>(day.year()),
              .month = static_cast<std::int32_t>(static_cast<unsigned>(day.month())),
              .day = static_cast<std::int32_t>(static_cast<unsigned>(day.day()))};
}

std::strong_ordering Compare(const Value& a, const Value& b) {
  if (a.type() != b.type()) return a.type() <=> b.type();
  return std::visit(
      [&b]<class T>(const T& left) -> std::strong_ordering {
        const T& right = std::get<T>(b.is);
        if constexpr (std::is_same_v<T, double>) {
          if (left == right) return std::strong_ordering::equal;
          return left < right ? std::strong_ordering::less : std::strong_ordering::greater;
        } else if constexpr (std::is_same_v<T, ValueList>) {
          return std::lexicographical_compare_three_way(left.begin(), left.end(), right.begin(),
                                                        right.end(), Compare);
        } else {
          return left <=> right;
        }
      },
      a.is);
}

std::string ToText(const Value& value) { return std::visit(Texts(), value.is); }

std::string_view ToString(ValueType type) {
  static constexpr std::array<std::string_view, 9> kNames = {
      "none", "text", "number", "flag", "instant", "date", "list", "whole", "money"};
  const auto at = static_cast<std::size_t>(type);
  return at < kNames.size() ? kNames[at] : "unknown";
}

}  // namespace polyonym
