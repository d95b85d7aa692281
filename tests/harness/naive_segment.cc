#include "harness/naive_segment.h"

#include <re2/re2.h>
#include <unicode/timezone.h>
#include <unicode/unistr.h>
#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <memory>
#include <numbers>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <variant>

#include "harness/naive_profile.h"
#include "polyonym/model/facts.h"
#include "polyonym/profile/anniversary.h"
#include "polyonym/segment/expression.h"
#include "polyonym/segment/text.h"

namespace polyonym::harness {
namespace {

// ---- What an expression comes to ----

struct Span {
  std::int64_t ms = 0;
};

// Money by currency. Of a sum, a currency that is not there is 0.
struct Amounts {
  std::map<std::string, std::int64_t> of;
  bool is_sum = false;
};

using Unknown = std::monostate;
using Operand = std::variant<Unknown, bool, std::int64_t, double, std::string, Instant, Span, Date,
                             Amounts, ValueList>;

template <class T>
bool Is(const Operand& operand) {
  return std::holds_alternative<T>(operand);
}

bool IsKnown(const Operand& operand) { return !Is<Unknown>(operand); }

bool IsNumber(const Operand& operand) { return Is<std::int64_t>(operand) || Is<double>(operand); }

double AsDouble(const Operand& number) {
  return Is<double>(number) ? std::get<double>(number)
                            : static_cast<double>(std::get<std::int64_t>(number));
}

Operand FromValue(const Value& value) {
  switch (value.type()) {
    case ValueType::kNone:
      return Unknown{};
    case ValueType::kText:
      return std::get<std::string>(value.is);
    case ValueType::kNumber:
      return std::get<double>(value.is);
    case ValueType::kFlag:
      return std::get<bool>(value.is);
    case ValueType::kInstant:
      return std::get<Instant>(value.is);
    case ValueType::kDate:
      return std::get<Date>(value.is);
    case ValueType::kList:
      return std::get<ValueList>(value.is);
    case ValueType::kWhole:
      return std::get<std::int64_t>(value.is);
    case ValueType::kMoney: {
      const Money& money = std::get<Money>(value.is);
      return Amounts{{{money.currency, money.minor_units}}};
    }
  }
  return Unknown{};
}

// What is empty was not said.
Operand TextOf(const std::string& text) {
  if (text.empty()) return Unknown{};
  return text;
}

Operand FromFlag(std::optional<bool> flag) {
  if (!flag) return Unknown{};
  return *flag;
}

std::optional<bool> AsFlag(const Operand& operand) {
  if (!Is<bool>(operand)) return std::nullopt;
  return std::get<bool>(operand);
}

Operand FromNumber(double number) {
  if (!std::isfinite(number)) return Unknown{};
  return number;
}

template <class T>
int Sign(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

// Exactly.
int CompareNumbers(const Operand& a, const Operand& b) {
  static_assert(std::numeric_limits<long double>::digits >= 64);
  const auto wide = [](const Operand& number) {
    return Is<double>(number) ? static_cast<long double>(std::get<double>(number))
                              : static_cast<long double>(std::get<std::int64_t>(number));
  };
  return Sign(wide(a), wide(b));
}

// The amount in a currency.
std::optional<std::int64_t> In(const Amounts& amounts, const std::string& currency) {
  const auto at = amounts.of.find(currency);
  if (at != amounts.of.end()) return at->second;
  if (amounts.is_sum) return 0;
  return std::nullopt;
}

// Of the sum of nothing: 0 of anything.
bool IsNothing(const Operand& operand) {
  return Is<Amounts>(operand) && std::get<Amounts>(operand).of.empty();
}

// In the currency of the side that has one alone; a sum has them all, but where no other is spoken of, that one will do.
std::optional<int> CompareAmounts(const Amounts& a, const Amounts& b) {
  std::set<std::string> currencies;
  for (const Amounts* side : {&a, &b}) {
    for (const auto& [currency, units] : side->of) currencies.insert(currency);
  }
  if (currencies.empty()) return 0;
  for (const Amounts* side : {&a, &b}) {
    if (!side->is_sum && side->of.size() == 1) currencies = {side->of.begin()->first};
  }
  if (currencies.size() > 1) return std::nullopt;
  const auto x = In(a, *currencies.begin()), y = In(b, *currencies.begin());
  if (!x || !y) return std::nullopt;
  return Sign(*x, *y);
}

bool ComparesByTime(const Date& a, const Date& b) {
  return a.year && b.year && a.calendar == b.calendar;
}

// Below 0, 0, above 0; none: unknown.
std::optional<int> Order(const Operand& a, const Operand& b) {
  if (IsNothing(a) && IsNumber(b)) return Order(std::int64_t{0}, b);
  if (IsNumber(a) && IsNothing(b)) return Order(a, std::int64_t{0});
  if (IsNumber(a) && IsNumber(b)) return CompareNumbers(a, b);
  if (a.index() != b.index()) return std::nullopt;
  if (Is<std::string>(a)) return Sign(std::get<std::string>(a), std::get<std::string>(b));
  if (Is<Instant>(a)) return Sign(std::get<Instant>(a).ms, std::get<Instant>(b).ms);
  if (Is<Span>(a)) return Sign(std::get<Span>(a).ms, std::get<Span>(b).ms);
  if (Is<Amounts>(a)) return CompareAmounts(std::get<Amounts>(a), std::get<Amounts>(b));
  if (Is<Date>(a) && ComparesByTime(std::get<Date>(a), std::get<Date>(b)))
    return Sign(std::get<Date>(a), std::get<Date>(b));
  return std::nullopt;
}

std::optional<bool> Equals(const Operand& a, const Operand& b) {
  if (Is<bool>(a) && Is<bool>(b)) return std::get<bool>(a) == std::get<bool>(b);
  if (Is<Date>(a) && Is<Date>(b)) return std::get<Date>(a) == std::get<Date>(b);
  const std::optional<int> order = Order(a, b);
  if (!order) return std::nullopt;
  return *order == 0;
}

// For counting different values.
bool IsSame(const Operand& a, const Operand& b) {
  if (Is<Amounts>(a) && Is<Amounts>(b)) return std::get<Amounts>(a).of == std::get<Amounts>(b).of;
  if (Is<ValueList>(a) && Is<ValueList>(b)) return std::get<ValueList>(a) == std::get<ValueList>(b);
  return Equals(a, b).value_or(false);
}

std::optional<bool> Not(std::optional<bool> flag) {
  if (!flag) return std::nullopt;
  return !*flag;
}

// ---- Exact arithmetic ----

__extension__ using Wide = __int128;

std::optional<std::int64_t> Narrow(Wide number) {
  if (number < std::numeric_limits<std::int64_t>::min() ||
      number > std::numeric_limits<std::int64_t>::max()) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(number);
}

// To the nearest whole number, half to even.  REQUIRES: by > 0.
Wide DivideRounded(Wide number, Wide by) {
  Wide whole = number / by, rest = number % by;
  if (rest < 0) {
    rest += by;
    --whole;
  }
  const Wide other = by - rest;
  return rest > other || (rest == other && whole % 2 != 0) ? whole + 1 : whole;
}

// A double is mantissa * 2^power, the mantissa odd or 0.
std::pair<std::int64_t, int> Apart(double number) {
  int power = 0;
  auto mantissa = static_cast<std::int64_t>(std::ldexp(std::frexp(number, &power), 53));
  power -= 53;
  while (mantissa != 0 && mantissa % 2 == 0) {
    mantissa /= 2;
    ++power;
  }
  return {mantissa, power};
}

// number * 2^power; none beyond 120 bits.
std::optional<Wide> Shifted(Wide number, int power) {
  for (int i = 0; i < power && number != 0; ++i) {
    if (number > Wide{1} << 120 || number < -(Wide{1} << 120)) return std::nullopt;
    number *= 2;
  }
  return number;
}

std::optional<std::int64_t> Times(std::int64_t units, const Operand& number) {
  if (Is<std::int64_t>(number)) return Narrow(Wide{units} * std::get<std::int64_t>(number));
  const auto [mantissa, power] = Apart(std::get<double>(number));
  const Wide product = Wide{units} * mantissa;
  if (power < -120) return 0;  // the product has fewer bits than that
  if (power < 0) return Narrow(DivideRounded(product, Wide{1} << -power));
  const std::optional<Wide> shifted = Shifted(product, power);
  return shifted ? Narrow(*shifted) : std::nullopt;
}

std::optional<std::int64_t> Over(std::int64_t units, const Operand& number) {
  const auto [mantissa, power] = Is<double>(number) ? Apart(std::get<double>(number))
                                                    : std::pair(std::get<std::int64_t>(number), 0);
  if (mantissa == 0) return std::nullopt;
  const int sign = mantissa < 0 ? -1 : 1;
  const std::optional<Wide> above = Shifted(Wide{units} * sign, -power);
  const std::optional<Wide> below = Shifted(Wide{mantissa} * sign, power);
  if (!above) return std::nullopt;
  if (!below) return 0;
  return Narrow(DivideRounded(*above, *below));
}

Operand FromSpan(std::optional<std::int64_t> ms) {
  if (!ms) return Unknown{};
  return Span{*ms};
}

Operand FromWhole(std::optional<std::int64_t> whole) {
  if (!whole) return Unknown{};
  return *whole;
}

// By currency, in each that both sides have; unknown where there is none.
Operand AddAmounts(const Amounts& a, const Amounts& b, int sign) {
  Amounts sum{{}, a.is_sum && b.is_sum};
  for (const Amounts* side : {&a, &b}) {
    for (const auto& [currency, units] : side->of) {
      const auto x = In(a, currency), y = In(b, currency);
      if (!x || !y) continue;
      const std::optional<std::int64_t> both = Narrow(Wide{*x} + Wide{*y} * sign);
      if (!both) return Unknown{};
      sum.of[currency] = *both;
    }
  }
  if (sum.of.empty() && !sum.is_sum) return Unknown{};
  return sum;
}

Operand MultiplyAmounts(Amounts amounts, const Operand& number) {
  for (auto& [currency, units] : amounts.of) {
    const std::optional<std::int64_t> times = Times(units, number);
    if (!times) return Unknown{};
    units = *times;
  }
  return amounts;
}

// a + sign * b.
Operand Add(const Operand& a, const Operand& b, int sign) {
  if (IsNothing(a) && IsNumber(b)) return Add(std::int64_t{0}, b, sign);
  if (IsNumber(a) && IsNothing(b)) return Add(a, std::int64_t{0}, sign);
  const auto sum = [&](std::int64_t x, std::int64_t y) { return Narrow(Wide{x} + Wide{y} * sign); };
  if (Is<std::int64_t>(a) && Is<std::int64_t>(b))
    return FromWhole(sum(std::get<std::int64_t>(a), std::get<std::int64_t>(b)));
  if (IsNumber(a) && IsNumber(b)) return FromNumber(AsDouble(a) + sign * AsDouble(b));
  if (Is<Instant>(a) && Is<Instant>(b) && sign < 0)
    return FromSpan(sum(std::get<Instant>(a).ms, std::get<Instant>(b).ms));
  if (Is<Span>(a) && Is<Span>(b)) return FromSpan(sum(std::get<Span>(a).ms, std::get<Span>(b).ms));
  if (Is<Instant>(a) && Is<Span>(b)) {
    const auto ms = sum(std::get<Instant>(a).ms, std::get<Span>(b).ms);
    if (!ms) return Unknown{};
    return Instant{*ms};
  }
  if (!Is<Amounts>(a) || !Is<Amounts>(b)) return Unknown{};
  return AddAmounts(std::get<Amounts>(a), std::get<Amounts>(b), sign);
}

Operand Multiply(const Operand& a, const Operand& b) {
  if (IsNothing(b)) return Multiply(a, std::int64_t{0});
  if (Is<std::int64_t>(a) && Is<std::int64_t>(b))
    return FromWhole(Times(std::get<std::int64_t>(a), b));
  if (IsNumber(a) && IsNumber(b)) return FromNumber(AsDouble(a) * AsDouble(b));
  if (!IsNumber(b)) return Unknown{};
  if (Is<Span>(a)) return FromSpan(Times(std::get<Span>(a).ms, b));
  if (!Is<Amounts>(a)) return Unknown{};
  return MultiplyAmounts(std::get<Amounts>(a), b);
}

Operand Divide(const Operand& a, const Operand& b) {
  if (IsNothing(a)) return Divide(std::int64_t{0}, b);
  if (IsNumber(a) && IsNumber(b)) return FromNumber(AsDouble(a) / AsDouble(b));
  if (!Is<Span>(a)) return Unknown{};
  const std::int64_t ms = std::get<Span>(a).ms;
  if (IsNumber(b)) return FromSpan(Over(ms, b));
  if (!Is<Span>(b)) return Unknown{};
  return FromNumber(static_cast<double>(ms) / static_cast<double>(std::get<Span>(b).ms));
}

Operand Negate(const Operand& a) {
  if (Is<double>(a)) return -std::get<double>(a);
  return Multiply(a, std::int64_t{-1});
}

// ---- Calendar days: from one to the next ----

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kDayMs = 24 * kHourMs;

std::int32_t LengthOf(std::int32_t year, std::int32_t month) {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

Date DayAfter(Date day) {
  if (++day.day <= LengthOf(*day.year, day.month)) return day;
  day.day = 1;
  if (++day.month <= 12) return day;
  day.month = 1;
  ++*day.year;
  return day;
}

Date DayBefore(Date day) {
  if (--day.day >= 1) return day;
  if (--day.month < 1) {
    day.month = 12;
    --*day.year;
  }
  day.day = LengthOf(*day.year, day.month);
  return day;
}

// From 1970-01-01, counted from a day that is near to those that are asked for.
constexpr std::int64_t kSomeNumber = 19'675;
Date SomeDay() { return {.year = 2023, .month = 11, .day = 14}; }

std::int64_t NumberOf(const Date& day) {
  Date at = SomeDay();
  std::int64_t number = kSomeNumber;
  for (; at < day; at = DayAfter(at)) ++number;
  for (; day < at; at = DayBefore(at)) --number;
  return number;
}

Date DayOfNumber(std::int64_t number) {
  Date day = SomeDay();
  for (std::int64_t at = kSomeNumber; at < number; ++at) day = DayAfter(day);
  for (std::int64_t at = kSomeNumber; at > number; --at) day = DayBefore(day);
  return day;
}

// 1: Monday; 1970-01-01 was a Thursday.
std::int64_t WeekdayOf(const Date& day) { return (((NumberOf(day) + 3) % 7) + 7) % 7 + 1; }

bool IsFirstOf(CalendarUnit unit, const Date& day) {
  switch (unit) {
    case CalendarUnit::kHour:
    case CalendarUnit::kDay:
      return true;
    case CalendarUnit::kWeek:
      return WeekdayOf(day) == 1;
    case CalendarUnit::kMonth:
      return day.day == 1;
    case CalendarUnit::kQuarter:
      return day.day == 1 &&
             (day.month == 1 || day.month == 4 || day.month == 7 || day.month == 10);
    case CalendarUnit::kYear:
      return day.day == 1 && day.month == 1;
  }
  return false;
}

// The first day of the unit that `day` is in, and of the units before it.
Date FirstDay(CalendarUnit unit, std::uint32_t units_before, Date day) {
  for (;; day = DayBefore(day)) {
    if (IsFirstOf(unit, day) && units_before-- == 0) return day;
  }
}

class Zone {
 public:
  explicit Zone(const std::string& name)
      : zone_(icu::TimeZone::createTimeZone(
            icu::UnicodeString::fromUTF8(name.empty() ? "Etc/UTC" : name))) {}

  std::int64_t Local(std::int64_t ms) const {
    std::int32_t raw = 0, summer = 0;
    UErrorCode error = U_ZERO_ERROR;
    zone_->getOffset(static_cast<UDate>(ms), /*local=*/false, raw, summer, error);
    return ms + raw + summer;
  }

  std::int64_t DayNumber(std::int64_t ms) const {
    return (Local(ms) - ((Local(ms) % kDayMs) + kDayMs) % kDayMs) / kDayMs;
  }
  Date DayOf(std::int64_t ms) const { return DayOfNumber(DayNumber(ms)); }
  std::int64_t HourOf(std::int64_t ms) const {
    return ((Local(ms) % kDayMs) + kDayMs) % kDayMs / kHourMs;
  }

  // The first moment of a day.
  std::int64_t StartOf(const Date& day) const {
    const std::int64_t number = NumberOf(day);
    std::int64_t ms = (number - 1) * kDayMs;
    while (DayNumber(ms) < number) ms += kHourMs / 4;
    return ms;
  }

  // The first moment of the unit that `ms` is in, and of the units before it. An hour is sixty minutes, also where clocks are put back.
  std::int64_t StartOf(CalendarUnit unit, std::uint32_t units_before, std::int64_t ms) const {
    if (unit != CalendarUnit::kHour) return StartOf(FirstDay(unit, units_before, DayOf(ms)));
    return ms - ((Local(ms) % kHourMs) + kHourMs) % kHourMs - units_before * kHourMs;
  }

 private:
  std::unique_ptr<icu::TimeZone> zone_;
};

// ---- Events in their one order ----

struct PlacedEvent {
  Event event;
  Provenance from;  // its time is the event's
  std::size_t place = 0;
};

using Events = std::vector<PlacedEvent>;

Events EventsOf(const std::vector<FactRow>& rows, std::int64_t now_ms) {
  Events events;
  for (const FactRow& row : rows) {
    for (std::size_t i = 0; i < row.facts.events.size(); ++i) {
      PlacedEvent placed{row.facts.events[i], row.from, i};
      placed.from.time_ms = placed.event.time_ms.value_or(row.from.time_ms);
      if (placed.from.time_ms <= now_ms) events.push_back(placed);
    }
  }
  std::sort(events.begin(), events.end(), [](const PlacedEvent& a, const PlacedEvent& b) {
    const auto key = [](const PlacedEvent& placed) {
      const Provenance& from = placed.from;
      return std::tie(from.time_ms, from.belongs_to, from.record_source, from.record_id,
                      placed.place);
    };
    return key(a) < key(b);
  });
  return events;
}

double MetresBetween(double latitude_a, double longitude_a, double latitude_b, double longitude_b) {
  constexpr double kRadians = std::numbers::pi / 180;
  const double south = std::sin((latitude_b - latitude_a) * kRadians / 2);
  const double west = std::sin((longitude_b - longitude_a) * kRadians / 2);
  const double square = south * south + std::cos(latitude_a * kRadians) *
                                            std::cos(latitude_b * kRadians) * west * west;
  return 2 * 6'371'009.0 * std::asin(std::sqrt(std::min(1.0, square)));
}

// ---- Chains of events ----

// Events that are looked at, and of each which conditions it matches.
struct Looked {
  std::int64_t time_ms = 0;
  std::vector<bool> matches;
};

// All ways to give the steps from `step` on an event each, behind those of `taken`; `end` hears of each the last event.
template <class End>
void TryAll(const EventSequence& sequence, const std::vector<Looked>& events, std::size_t step,
            std::vector<std::size_t>* taken, const End& end) {
  if (step == sequence.steps.size()) return end(taken->back());
  const EventSequence::Step& wanted = sequence.steps[step];
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (!events[i].matches[wanted.condition]) continue;
    if (step > 0) {
      const std::size_t before = taken->back();
      if (i <= before || (wanted.directly && i != before + 1)) continue;
      if (wanted.within_ms != 0 && events[i].time_ms - events[before].time_ms > wanted.within_ms) {
        continue;
      }
    }
    if (step > 0 && sequence.within_ms != 0 &&
        events[i].time_ms - events[taken->front()].time_ms > sequence.within_ms) {
      continue;
    }
    taken->push_back(i);
    TryAll(sequence, events, step + 1, taken, end);
    taken->pop_back();
  }
}

// The most matches that do not overlap, among events from `from` on.
std::int64_t MostMatches(const EventSequence& sequence, const std::vector<Looked>& events) {
  std::map<std::size_t, std::size_t> end_of;  // of a first event the earliest last one
  for (std::size_t first = 0; first < events.size(); ++first) {
    if (!events[first].matches[sequence.steps[0].condition]) continue;
    std::vector<std::size_t> taken = {first};
    TryAll(sequence, events, 1, &taken, [&](std::size_t last) {
      const auto [at, fresh] = end_of.emplace(first, last);
      at->second = std::min(at->second, last);
    });
  }
  std::vector<std::int64_t> most(events.size() + 1, 0);  // from an event on
  for (std::size_t from = events.size(); from > 0; --from) {
    most[from - 1] = most[from];
    const auto at = end_of.find(from - 1);
    if (at != end_of.end()) most[from - 1] = std::max(most[from - 1], 1 + most[at->second + 1]);
  }
  return most[0];
}

// Whether the event, which a chain does not take, ends it after `passed` steps.
bool Ends(const EventSequence& funnel, const Looked& event, std::size_t passed) {
  for (std::size_t step = 0; step < passed; ++step) {
    if (funnel.deduplicate && event.matches[step]) return true;
  }
  if (!funnel.in_order || event.matches[passed]) return false;
  return passed != 1 || !event.matches[0];
}

// Of the chain that begins with an event and takes each that may be its next step.
std::int64_t StepsFrom(const EventSequence& funnel, const std::vector<Looked>& events,
                       std::size_t first) {
  std::size_t passed = 1, last = first;
  for (std::size_t i = first + 1; i < events.size() && passed < funnel.conditions.size(); ++i) {
    const bool is_late = events[i].time_ms - events[first].time_ms > funnel.within_ms;
    const bool is_at_once = funnel.increasing && events[i].time_ms == events[last].time_ms;
    if (events[i].matches[passed] && !is_late && !is_at_once) {
      ++passed;
      last = i;
    } else if (Ends(funnel, events[i], passed)) {
      break;
    }
  }
  return static_cast<std::int64_t>(passed);
}

std::int64_t MostSteps(const EventSequence& funnel, const std::vector<Looked>& events) {
  std::int64_t most = 0;
  for (std::size_t first = 0; first < events.size(); ++first) {
    if (events[first].matches[0]) most = std::max(most, StepsFrom(funnel, events, first));
  }
  return most;
}

// ---- Scores ----

Operand ScoreOf(const ProfilePurchases& score, const std::string& field) {
  const auto maybe = [](const auto& value) -> Operand {
    if (!value) return Unknown{};
    return *value;
  };
  const auto digits = [&](std::uint32_t number) -> Operand {
    if (!score.rfm) return Unknown{};
    return std::int64_t{number};
  };
  const RfmScore rfm = score.rfm.value_or(RfmScore{});
  if (field == "rfm") return digits(rfm.Code());
  if (field == "recency") return digits(rfm.recency);
  if (field == "frequency") return digits(rfm.frequency);
  if (field == "monetary") return digits(rfm.monetary);
  if (field == "state") return std::string(ToString(score.state));
  if (field == "alive") return maybe(score.alive);
  if (field == "expected") return maybe(score.expected);
  if (field == "expected_value") {
    if (!score.expected_minor_units) return Unknown{};
    return Amounts{
        {{score.currency, static_cast<std::int64_t>(std::nearbyint(*score.expected_minor_units))}}};
  }
  if (field == "total") return Amounts{{{score.currency, score.summary.total_minor_units}}};
  if (field == "purchases") return static_cast<std::int64_t>(score.summary.count);
  if (field == "due" && score.summary.due_ms) return Instant{*score.summary.due_ms};
  return Unknown{};
}

// ---- The person ----

// XXH3 (64 bits, seed 0) of the salt, a zero byte and `namespace:value`: its upper 53 bits, by 2^53.
double BucketOf(const std::string& salt, const Identifier& anchor) {
  const std::string bytes = salt + '\0' + anchor.ns + ':' + anchor.value;
  return std::ldexp(static_cast<double>(XXH3_64bits(bytes.data(), bytes.size()) >> 11), -53);
}

template <class Named>
const Named* FindNamed(const std::vector<Named>& list, std::string_view name) {
  for (const Named& named : list) {
    if (named.name == name) return &named;
  }
  return nullptr;
}

class Person {
 public:
  Person(const Definitions& definitions, const std::vector<FactRow>& rows,
         const std::vector<Identifier>& identifiers, const Identifier& anchor, std::int64_t now_ms)
      : definitions_(definitions),
        identifiers_(identifiers),
        anchor_(anchor),
        now_ms_(now_ms),
        profile_(NaiveProfile(definitions, rows, {.timeline = false}, now_ms)),
        events_(EventsOf(rows, now_ms)) {}

  std::optional<bool> IsIn(std::string_view segment) const;

 private:
  class Reader;

  // Whether the person's consents let them be a member, whatever the expression says.
  bool Allows(const SegmentDefinition& segment) const;
  ConsentState StateOf(const std::string& purpose) const;

  bool IsOf(const Identifier& identifier, const std::string& ns) const {
    return identifier.ns == ns || FamilyOf(identifier.ns) == ns;
  }

  const Definitions& definitions_;
  const std::vector<Identifier>& identifiers_;
  const Identifier& anchor_;
  const std::int64_t now_ms_;
  const Profile profile_;
  const Events events_;
};

// Reads expressions of one segment, about the person or, in `where`, about an event too.
class Person::Reader {
 public:
  Reader(const Person& person, const Zone& zone, const PlacedEvent* event = nullptr)
      : person_(person), zone_(zone), event_(event) {}

  Operand Read(const Expression& expression) const;

 private:
  Reader At(const PlacedEvent& event) const { return Reader(person_, zone_, &event); }
  Operand Arg(const Expression& expression, std::size_t index) const {
    return Read(expression.args[index]);
  }

  std::optional<bool> All(const Expression& expression) const;
  std::optional<bool> Any(const Expression& expression) const;
  std::optional<bool> Compared(const Expression& expression) const;
  std::optional<bool> IsIn(const Expression& expression) const;
  std::optional<bool> Contains(const Expression& expression) const;
  std::optional<bool> BeginsOrEnds(const Expression& expression) const;
  std::optional<bool> Matches(const Expression& expression) const;
  Operand Calendar(const Expression& expression) const;
  Operand AnniversaryIn(const Expression& expression) const;
  Operand OfPerson(const Expression& expression) const;
  Operand OfTag(const Expression& expression) const;
  Operand TagsDefined(const Expression& expression) const;
  Operand OfLadder(const Expression& expression) const;
  Operand OfEvent(const Expression& expression) const;
  Operand OfEvents(const Expression& expression) const;
  Operand OfSequence(const Expression& expression) const;

  bool InWindow(const TimeWindow& window, std::int64_t time_ms) const;
  bool Matches(const EventQuery& query, const PlacedEvent& event) const;
  std::optional<Date> DayOf(const Operand& operand) const;
  std::int64_t Today() const { return zone_.DayNumber(person_.now_ms_); }

  const Person& person_;
  const Zone& zone_;
  const PlacedEvent* const event_;
};

std::optional<bool> Person::Reader::All(const Expression& expression) const {
  std::optional<bool> all = true;
  for (const Expression& arg : expression.args) {
    const std::optional<bool> flag = AsFlag(Read(arg));
    if (flag == false) return false;
    if (!flag) all.reset();
  }
  return all;
}

std::optional<bool> Person::Reader::Any(const Expression& expression) const {
  std::optional<bool> any = false;
  for (const Expression& arg : expression.args) {
    const std::optional<bool> flag = AsFlag(Read(arg));
    if (flag == true) return true;
    if (!flag) any.reset();
  }
  return any;
}

std::optional<bool> Person::Reader::Compared(const Expression& expression) const {
  const Operand a = Arg(expression, 0), b = Arg(expression, 1);
  if (expression.op == ExpressionOp::kEqual) return Equals(a, b);
  if (expression.op == ExpressionOp::kNotEqual) return Not(Equals(a, b));
  const std::optional<int> order = Order(a, b);
  if (!order) return std::nullopt;
  switch (expression.op) {
    case ExpressionOp::kLess:
      return *order < 0;
    case ExpressionOp::kLessEqual:
      return *order <= 0;
    case ExpressionOp::kGreater:
      return *order > 0;
    default:
      return *order >= 0;
  }
}

std::optional<bool> Person::Reader::IsIn(const Expression& expression) const {
  const Operand x = Arg(expression, 0);
  std::optional<bool> any = false;
  for (const Value& literal : std::get<ValueList>(expression.value.is)) {
    const std::optional<bool> equal = Equals(x, FromValue(literal));
    if (equal == true) return true;
    if (!equal) any.reset();
  }
  return any;
}

std::optional<bool> Person::Reader::Contains(const Expression& expression) const {
  const Operand x = Arg(expression, 0), y = Arg(expression, 1);
  if (!IsKnown(x) || !IsKnown(y)) return std::nullopt;
  if (Is<std::string>(x) && Is<std::string>(y))
    return std::get<std::string>(x).find(std::get<std::string>(y)) != std::string::npos;
  if (!Is<ValueList>(x)) return std::nullopt;
  const ValueList& list = std::get<ValueList>(x);
  return std::any_of(list.begin(), list.end(),
                     [&](const Value& element) { return IsSame(FromValue(element), y); });
}

std::optional<bool> Person::Reader::BeginsOrEnds(const Expression& expression) const {
  const Operand x = Arg(expression, 0), y = Arg(expression, 1);
  if (!Is<std::string>(x) || !Is<std::string>(y)) return std::nullopt;
  const std::string& text = std::get<std::string>(x);
  const std::string& part = std::get<std::string>(y);
  if (part.size() > text.size()) return false;
  const std::size_t at = expression.op == ExpressionOp::kStartsWith ? 0 : text.size() - part.size();
  return text.substr(at, part.size()) == part;
}

std::optional<bool> Person::Reader::Matches(const Expression& expression) const {
  const RE2 pattern(expression.name);
  const Operand x = Arg(expression, 0);
  if (Is<std::string>(x)) return RE2::PartialMatch(std::get<std::string>(x), pattern);
  if (!Is<ValueList>(x)) return std::nullopt;
  for (const Value& element : std::get<ValueList>(x)) {
    if (element.type() == ValueType::kText &&
        RE2::PartialMatch(std::get<std::string>(element.is), pattern)) {
      return true;
    }
  }
  return false;
}

// ---- The calendar ----

// The day of an instant in the zone, or a date as it says.
std::optional<Date> Person::Reader::DayOf(const Operand& operand) const {
  if (Is<Instant>(operand)) return zone_.DayOf(std::get<Instant>(operand).ms);
  if (Is<Date>(operand)) return std::get<Date>(operand);
  return std::nullopt;
}

Operand Person::Reader::Calendar(const Expression& expression) const {
  const Operand x = Arg(expression, 0);
  if (expression.op == ExpressionOp::kHourOf) {
    if (!Is<Instant>(x)) return Unknown{};
    return zone_.HourOf(std::get<Instant>(x).ms);
  }
  const std::optional<Date> day = DayOf(x);
  if (!day) return Unknown{};
  const std::optional<Date> solar = ToSolar(*day);
  const Date today = DayOfNumber(Today());
  switch (expression.op) {
    case ExpressionOp::kDaysSince:
      if (!solar) return Unknown{};
      return Today() - NumberOf(*solar);
    case ExpressionOp::kYearsSince: {
      const std::optional<std::int32_t> age = AgeOn(*day, today);
      if (!age) return Unknown{};
      return std::int64_t{*age};
    }
    case ExpressionOp::kDaysToAnniversary: {
      const std::optional<Date> next = NextAnniversary(*day, today);
      if (!next) return Unknown{};
      return NumberOf(*next) - Today();
    }
    case ExpressionOp::kYearOf:
      if (!day->year) return Unknown{};
      return std::int64_t{*day->year};
    case ExpressionOp::kMonthOf:
      return std::int64_t{day->month};
    case ExpressionOp::kDayOf:
      return std::int64_t{day->day};
    case ExpressionOp::kWeekdayOf:
      if (!solar) return Unknown{};
      return WeekdayOf(*solar);
    default:
      return Unknown{};
  }
}

// Each day of the unit is asked whether it is an anniversary.
Operand Person::Reader::AnniversaryIn(const Expression& expression) const {
  const std::optional<Date> day = DayOf(Arg(expression, 0));
  if (!day) return Unknown{};
  const CalendarUnit unit = expression.window.unit;
  const Date today = DayOfNumber(Today());
  Date at = FirstDay(unit, 0, today);
  do {
    if (NextAnniversary(*day, at) == at) return true;
    at = DayAfter(at);
  } while (unit != CalendarUnit::kHour && !IsFirstOf(unit, at));
  return false;
}

// after now - span; since the unit; in whole units before; from, to.
bool Person::Reader::InWindow(const TimeWindow& window, std::int64_t time_ms) const {
  const std::int64_t now_ms = person_.now_ms_;
  if (time_ms > now_ms) return false;
  switch (window.kind) {
    case TimeWindow::Kind::kEver:
      return true;
    case TimeWindow::Kind::kWithin:
      return time_ms > now_ms - window.span_ms;
    case TimeWindow::Kind::kLast:
      return time_ms >= zone_.StartOf(window.unit, window.count - 1, now_ms);
    case TimeWindow::Kind::kPast:
      return time_ms >= zone_.StartOf(window.unit, window.count, now_ms) &&
             time_ms < zone_.StartOf(window.unit, 0, now_ms);
    case TimeWindow::Kind::kBetween:
      return (!window.from_ms || time_ms >= *window.from_ms) &&
             (!window.to_ms || time_ms < *window.to_ms);
  }
  return false;
}

// ---- Parts of the profile ----

Operand OfTrait(const Profile& profile, const TraitDefinition& definition) {
  const bool is_list = definition.fold == Fold::kUnion || definition.fold == Fold::kTopN;
  const ProfileTrait* trait = FindNamed(profile.traits, definition.name);
  if (trait == nullptr) return Unknown{};
  if (trait->values.empty()) return Unknown{};
  if (is_list) return ValueList(trait->values);
  if (trait->values[0].type() != ValueType::kMoney) return FromValue(trait->values[0]);
  Amounts amounts;
  for (const Value& value : trait->values) {
    const Money& money = std::get<Money>(value.is);
    amounts.of[money.currency] = money.minor_units;
  }
  return amounts;
}

Operand Person::Reader::OfTag(const Expression& expression) const {
  const ProfileTag* tag = FindNamed(person_.profile_.tags, expression.name);
  if (expression.op == ExpressionOp::kTag) return tag != nullptr;
  if (expression.op == ExpressionOp::kTagLayer) {
    return tag != nullptr &&
           std::find(tag->layers.begin(), tag->layers.end(), expression.field) != tag->layers.end();
  }
  if (tag == nullptr) return Unknown{};
  switch (expression.op) {
    case ExpressionOp::kTagScore:
      return tag->score;
    case ExpressionOp::kTagCount:
      return static_cast<std::int64_t>(tag->count);
    case ExpressionOp::kTagFirst:
      return Instant{tag->first_ms};
    case ExpressionOp::kTagLast:
      return Instant{tag->last_ms};
    default:
      return tag->last_place ? TextOf(tag->last_place->name) : Unknown{};
  }
}

Operand Person::Reader::TagsDefined(const Expression& expression) const {
  std::set<std::string> names;
  for (const ProfileTag& tag : person_.profile_.tags) {
    const TagDefinition* definition = FindNamed(person_.definitions_.tags, tag.name);
    if (definition == nullptr) continue;
    const std::vector<std::string>& topics = definition->topics;
    if (expression.op == ExpressionOp::kTagsOfClass
            ? ToString(definition->klass) == expression.name
            : std::find(topics.begin(), topics.end(), expression.name) != topics.end()) {
      names.insert(tag.name);
    }
  }
  ValueList list;
  for (const std::string& name : names) list.push_back({name});
  return list;
}

Operand Person::Reader::OfLadder(const Expression& expression) const {
  const ProfileLadder* ladder = FindNamed(person_.profile_.ladders, expression.name);
  if (ladder == nullptr) return Unknown{};
  if (expression.op == ExpressionOp::kStage) return TextOf(ladder->stage);
  if (expression.op == ExpressionOp::kHighestStage) return TextOf(ladder->highest);
  if (ladder->stage.empty()) return Unknown{};
  return Instant{ladder->entered_ms};
}

Operand OfConsent(const Profile& profile, const Expression& expression) {
  static const std::map<ConsentState, std::string> kStates = {
      {ConsentState::kUnknown, ""},
      {ConsentState::kGranted, "granted"},
      {ConsentState::kDenied, "denied"},
      {ConsentState::kWithdrawn, "withdrawn"}};
  for (const ProfileConsent& consent : profile.consents) {
    if (consent.purpose != expression.name) continue;
    if (expression.op == ExpressionOp::kConsentConflict) return consent.conflict;
    return TextOf(kStates.at(consent.state));
  }
  if (expression.op == ExpressionOp::kConsentConflict) return false;
  return Unknown{};
}

Operand OfChannels(const Profile& profile, const Expression& expression) {
  const ProfileChannels* score = FindNamed(profile.channels, expression.name);
  if (expression.op == ExpressionOp::kTopChannel) {
    if (score == nullptr || score->channels.empty()) return Unknown{};
    return score->channels[0].channel;
  }
  if (score == nullptr) return Unknown{};
  for (const ChannelAffinity& channel : score->channels) {
    if (channel.channel == expression.field) return channel.share;
  }
  return 0.0;
}

Operand OfRelations(const Profile& profile, const Expression& expression) {
  std::int64_t all = 0, to_one = 0;
  for (const ProfileRelation& relation : profile.relations) {
    if (relation.relation.type != expression.name) continue;
    ++all;
    to_one += relation.relation.other.ns + ":" + relation.relation.other.value == expression.field;
  }
  if (expression.op == ExpressionOp::kRelations) return all;
  return to_one > 0;
}

Operand Person::Reader::OfPerson(const Expression& expression) const {
  switch (expression.op) {
    case ExpressionOp::kHas:
      return std::any_of(
          person_.identifiers_.begin(), person_.identifiers_.end(),
          [&](const Identifier& identifier) { return person_.IsOf(identifier, expression.name); });
    case ExpressionOp::kIdentifiers: {
      ValueList list;
      for (const Identifier& identifier : person_.identifiers_) {
        if (person_.IsOf(identifier, expression.name)) list.push_back({identifier.value});
      }
      std::sort(list.begin(), list.end(),
                [](const Value& a, const Value& b) { return Compare(a, b) < 0; });
      return list;
    }
    case ExpressionOp::kTrait: {
      const TraitDefinition* trait = FindNamed(person_.definitions_.traits, expression.name);
      for (const EventTrait& computed : person_.definitions_.event_traits) {
        if (computed.trait.name == expression.name) trait = &computed.trait;
      }
      return trait == nullptr ? Unknown{} : OfTrait(person_.profile_, *trait);
    }
    case ExpressionOp::kConsent:
    case ExpressionOp::kConsentConflict:
      return OfConsent(person_.profile_, expression);
    case ExpressionOp::kStage:
    case ExpressionOp::kHighestStage:
    case ExpressionOp::kStageEntered:
      return OfLadder(expression);
    case ExpressionOp::kScore: {
      const ProfilePurchases* score = FindNamed(person_.profile_.purchases, expression.name);
      return score == nullptr ? Unknown{} : ScoreOf(*score, expression.field);
    }
    case ExpressionOp::kChannelShare:
    case ExpressionOp::kTopChannel:
      return OfChannels(person_.profile_, expression);
    case ExpressionOp::kCompleteness:
      return person_.profile_.completeness;
    case ExpressionOp::kRelations:
    case ExpressionOp::kRelatedTo:
      return OfRelations(person_.profile_, expression);
    case ExpressionOp::kInSegment:
      return FromFlag(person_.IsIn(expression.name));
    case ExpressionOp::kBucket:
      return BucketOf(expression.name, person_.anchor_);
    case ExpressionOp::kTagsOfClass:
    case ExpressionOp::kTagsOfTopic:
      return TagsDefined(expression);
    default:
      return OfTag(expression);
  }
}

// ---- Events ----

Operand Person::Reader::OfEvent(const Expression& expression) const {
  const Event& event = event_->event;
  const auto named = [](std::vector<std::string> names, auto value) {
    return TextOf(names[static_cast<std::size_t>(value)]);
  };
  switch (expression.op) {
    case ExpressionOp::kEventTime:
      return Instant{event_->from.time_ms};
    case ExpressionOp::kEventType:
      return event.type;
    case ExpressionOp::kEventValue:
      return event.value ? FromValue({*event.value}) : Unknown{};
    case ExpressionOp::kEventPlace:
      return event.place ? TextOf(event.place->name) : Unknown{};
    case ExpressionOp::kEventChannel:
      return event_->from.belongs_to.ns;
    case ExpressionOp::kEventCampaign:
      return TextOf(event.campaign);
    case ExpressionOp::kEventDirection:
      return named({"", "in", "out"}, event.direction);
    case ExpressionOp::kEventMode:
      return named({"", "automatic", "manual", "batch"}, event.mode);
    case ExpressionOp::kEventVisibility:
      return named({"", "public", "one_to_one", "group"}, event.visibility);
    case ExpressionOp::kEventProperty: {
      const auto at = event.properties.find(expression.name);
      return at == event.properties.end() ? Unknown{} : FromValue(at->second);
    }
    default: {  // kNear
      if (!event.place || !event.place->latitude || !event.place->longitude) return Unknown{};
      const double metres =
          MetresBetween(AsDouble(Arg(expression, 0)), AsDouble(Arg(expression, 1)),
                        *event.place->latitude, *event.place->longitude);
      return metres <= AsDouble(Arg(expression, 2));
    }
  }
}

bool Person::Reader::Matches(const EventQuery& query, const PlacedEvent& event) const {
  if (!query.types.empty() &&
      std::find(query.types.begin(), query.types.end(), event.event.type) == query.types.end()) {
    return false;
  }
  if (!InWindow(query.window, event.from.time_ms)) return false;
  return query.where.empty() || AsFlag(At(event).Read(query.where[0])) == true;
}

// Values that an aggregate takes. A property may be of any type: what is of none that is taken is unknown, and of several types that
// are the first one's counts.
std::vector<Operand> Taken(ExpressionOp op, const std::vector<Operand>& values) {
  const bool is_sum = op == ExpressionOp::kSum || op == ExpressionOp::kAverage;
  std::vector<Operand> taken;
  for (const Operand& value : values) {
    if (Is<bool>(value) || Is<ValueList>(value)) continue;
    if (is_sum && !IsNumber(value) && !Is<Amounts>(value)) continue;
    const bool is_alike = taken.empty() || value.index() == taken[0].index() ||
                          (IsNumber(value) && IsNumber(taken[0]));
    if (is_alike) taken.push_back(value);
  }
  return taken;
}

// Money by currency; whole numbers exactly, and to them fractions in their order.
Operand SumOf(const std::vector<Operand>& values) {
  Amounts amounts{{}, /*is_sum=*/true};
  Wide whole = 0;
  double fractions = 0;
  bool is_whole = true;
  for (const Operand& value : values) {
    if (Is<std::int64_t>(value)) whole += std::get<std::int64_t>(value);
    if (Is<double>(value)) {
      is_whole = false;
      fractions += std::get<double>(value);
    }
    if (!Is<Amounts>(value)) continue;
    for (const auto& [currency, units] : std::get<Amounts>(value).of) amounts.of[currency] += units;
  }
  if (values.empty() || Is<Amounts>(values[0])) return amounts;
  return is_whole ? FromWhole(Narrow(whole)) : FromNumber(static_cast<double>(whole) + fractions);
}

Operand AverageOf(const std::vector<Operand>& values) {
  if (values.empty()) return Unknown{};
  const Operand sum = SumOf(values);
  if (IsNumber(sum)) return FromNumber(AsDouble(sum) / static_cast<double>(values.size()));
  if (!Is<Amounts>(sum)) return Unknown{};
  Amounts average;
  for (const auto& [currency, units] : std::get<Amounts>(sum).of) {
    Wide count = 0;  // of values in the currency
    for (const Operand& value : values)
      count += static_cast<Wide>(std::get<Amounts>(value).of.count(currency));
    average.of[currency] = static_cast<std::int64_t>(DivideRounded(units, count));
  }
  return average;
}

// The least; `sign` -1: the greatest. Of money in each currency. Dates by Compare().
Operand LeastOf(const std::vector<Operand>& values, int sign) {
  if (values.empty()) return Unknown{};
  if (Is<Amounts>(values[0])) {
    Amounts least;
    for (const Operand& value : values) {
      for (const auto& [currency, units] : std::get<Amounts>(value).of) {
        const auto [at, fresh] = least.of.emplace(currency, units);
        if (Sign(units, at->second) * sign < 0) at->second = units;
      }
    }
    return least;
  }
  Operand least = values[0];
  for (const Operand& value : values) {
    const std::optional<int> order = Is<Date>(value) && Is<Date>(least)
                                         ? Sign(std::get<Date>(value), std::get<Date>(least))
                                         : Order(value, least);
    if (order && *order * sign < 0) least = value;
  }
  return least;
}

std::int64_t DifferentOf(const std::vector<Operand>& values) {
  std::int64_t different = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    different += std::none_of(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(i),
                              [&](const Operand& before) { return IsSame(before, values[i]); });
  }
  return different;
}

Operand Person::Reader::OfEvents(const Expression& expression) const {
  std::int64_t count = 0;
  std::vector<Operand> values;  // that are known, in the order of facts
  for (const PlacedEvent& event : person_.events_) {
    if (!Matches(expression.events[0], event)) continue;
    ++count;
    if (expression.args.empty()) continue;
    Operand value = At(event).Read(expression.args[0]);
    if (IsKnown(value)) values.push_back(std::move(value));
  }
  switch (expression.op) {
    case ExpressionOp::kDid:
      return count > 0;
    case ExpressionOp::kCount:
      return count;
    case ExpressionOp::kSum:
      return SumOf(Taken(expression.op, values));
    case ExpressionOp::kAverage:
      return AverageOf(Taken(expression.op, values));
    case ExpressionOp::kMin:
      return LeastOf(Taken(expression.op, values), 1);
    case ExpressionOp::kMax:
      return LeastOf(Taken(expression.op, values), -1);
    case ExpressionOp::kDistinct:
      return DifferentOf(values);
    default:
      if (values.empty()) return Unknown{};
      return expression.op == ExpressionOp::kFirst ? values.front() : values.back();
  }
}

Operand Person::Reader::OfSequence(const Expression& expression) const {
  const EventSequence& sequence = expression.sequence[0];
  std::vector<Looked> looked;
  for (const PlacedEvent& event : person_.events_) {
    Looked at{event.from.time_ms, {}};
    for (const EventQuery& condition : sequence.conditions)
      at.matches.push_back(Matches(condition, event));
    const bool is_looked_at =
        std::find(at.matches.begin(), at.matches.end(), true) != at.matches.end();
    if (is_looked_at && InWindow(sequence.window, at.time_ms)) looked.push_back(std::move(at));
  }
  if (expression.op == ExpressionOp::kFunnel) return MostSteps(sequence, looked);
  if (expression.op == ExpressionOp::kSequences) return MostMatches(sequence, looked);
  std::vector<std::size_t> taken;
  bool is_there = false;
  TryAll(sequence, looked, 0, &taken, [&](std::size_t) { is_there = true; });
  return is_there;
}

// ---- All of them ----

Operand Person::Reader::Read(const Expression& expression) const {
  switch (expression.op) {
    case ExpressionOp::kLiteral:
      return FromValue(expression.value);
    case ExpressionOp::kDuration:
      return Span{std::get<std::int64_t>(expression.value.is)};
    case ExpressionOp::kNow:
      return Instant{person_.now_ms_};
    case ExpressionOp::kNot:
      return FromFlag(Not(AsFlag(Arg(expression, 0))));
    case ExpressionOp::kAnd:
      return FromFlag(All(expression));
    case ExpressionOp::kOr:
      return FromFlag(Any(expression));
    case ExpressionOp::kIsKnown:
      return IsKnown(Arg(expression, 0));
    case ExpressionOp::kIn:
      return FromFlag(IsIn(expression));
    case ExpressionOp::kContains:
      return FromFlag(Contains(expression));
    case ExpressionOp::kStartsWith:
    case ExpressionOp::kEndsWith:
      return FromFlag(BeginsOrEnds(expression));
    case ExpressionOp::kMatches:
      return FromFlag(Matches(expression));
    case ExpressionOp::kAdd:
      return Add(Arg(expression, 0), Arg(expression, 1), 1);
    case ExpressionOp::kSubtract:
      return Add(Arg(expression, 0), Arg(expression, 1), -1);
    case ExpressionOp::kMultiply:
      return Multiply(Arg(expression, 0), Arg(expression, 1));
    case ExpressionOp::kDivide:
      return Divide(Arg(expression, 0), Arg(expression, 1));
    case ExpressionOp::kNegate:
      return Negate(Arg(expression, 0));
    case ExpressionOp::kSize: {
      const Operand x = Arg(expression, 0);
      if (Is<ValueList>(x)) return static_cast<std::int64_t>(std::get<ValueList>(x).size());
      if (Is<Unknown>(x)) return std::int64_t{0};
      return Unknown{};  // a property that is no list
    }
    case ExpressionOp::kAnniversaryIn:
      return AnniversaryIn(expression);
    default:
      break;
  }
  if (expression.op >= ExpressionOp::kEventTime) return OfEvent(expression);
  if (expression.op >= ExpressionOp::kSequence) return OfSequence(expression);
  if (expression.op >= ExpressionOp::kDid) return OfEvents(expression);
  if (expression.op >= ExpressionOp::kHas) return OfPerson(expression);
  if (expression.op >= ExpressionOp::kDaysSince) return Calendar(expression);
  return FromFlag(Compared(expression));
}

ConsentState Person::StateOf(const std::string& purpose) const {
  for (const ProfileConsent& consent : profile_.consents) {
    if (consent.purpose == purpose) return consent.state;
  }
  return ConsentState::kUnknown;
}

bool Person::Allows(const SegmentDefinition& segment) const {
  const auto refuses = [&](const std::string& purpose) {
    const ConsentState state = purpose.empty() ? ConsentState::kUnknown : StateOf(purpose);
    return state == ConsentState::kDenied || state == ConsentState::kWithdrawn;
  };
  if (!segment.purpose.empty() && StateOf(segment.purpose) != ConsentState::kGranted) return false;
  if (!segment.profiles_nobody && refuses(definitions_.reach.profiling_purpose)) return false;
  return !refuses(definitions_.privacy.restriction_purpose);
}

std::optional<bool> Person::IsIn(std::string_view segment) const {
  const SegmentDefinition* definition = FindNamed(definitions_.segments, segment);
  if (definition == nullptr) return std::nullopt;
  if (!Allows(*definition)) return false;
  const Zone zone(definition->time_zone);
  return AsFlag(Reader(*this, zone).Read(ParseExpression(definition->expression).value()));
}

}  // namespace

std::optional<bool> NaiveIsMember(const Definitions& definitions, const std::vector<FactRow>& rows,
                                  const std::vector<Identifier>& identifiers,
                                  const Identifier& anchor, std::int64_t now_ms,
                                  std::string_view segment) {
  return Person(definitions, rows, identifiers, anchor, now_ms).IsIn(segment);
}

}  // namespace polyonym::harness
