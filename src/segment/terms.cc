#include "segment/terms.h"

#include <limits>
#include <system_error>
#include <utility>

#include "absl/numeric/int128.h"
#include "absl/strings/charconv.h"
#include "absl/strings/str_cat.h"
#include "model/currency.h"
#include "model/fault.h"
#include "segment/forms.h"

namespace polyonym::segment {
namespace {

using Kind = Token::Kind;

constexpr std::string_view kSpanBound = "a span that 64 bits of milliseconds hold";

// Nothing, where Fail() or another returned false.
std::nullopt_t Nothing(bool) { return std::nullopt; }

// A number as it was written: digits / 10^decimals.
struct Decimal {
  std::uint64_t digits = 0;
  std::size_t decimals = 0;
};

// Nothing for numbers with an exponent, of more than 64 bits, or with more than 18 decimals.
std::optional<Decimal> DecimalOf(std::string_view raw) {
  constexpr std::size_t kMaxDecimals = 18;
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  Decimal number;
  bool behind_point = false;
  for (const char c : raw) {
    if (c == '.') {
      behind_point = true;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (number.digits > (kMax - digit) / 10) return std::nullopt;
    number.digits = number.digits * 10 + digit;
    number.decimals += behind_point ? 1 : 0;
  }
  if (number.decimals > kMaxDecimals) return std::nullopt;
  return number;
}

absl::uint128 PowerOfTen(std::size_t exponent) {
  absl::uint128 power = 1;
  for (; exponent > 0; --exponent) power *= 10;
  return power;
}

// Nothing beyond 64 bits.
std::optional<std::int64_t> WithSign(absl::uint128 magnitude, bool below_zero) {
  const absl::uint128 bound =
      absl::uint128(std::numeric_limits<std::int64_t>::max()) + (below_zero ? 1 : 0);
  if (magnitude > bound) return std::nullopt;
  const std::uint64_t bits = absl::Uint128Low64(magnitude);
  return static_cast<std::int64_t>(below_zero ? 0 - bits : bits);
}

const SpanUnit* SpanUnitOf(const Token& token) {
  for (const SpanUnit& unit : kSpanUnits)
    if (token.Is(unit.one) || token.Is(unit.many)) return &unit;
  return nullptr;
}

bool IsCurrency(const Token& token) {
  return token.kind == Kind::kWord && token.raw.size() == 3 &&
         token.raw.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos;
}

// A number as errors repeat it.
std::string Said(const Token& number) {
  constexpr std::size_t kMaxDigits = 6;
  return number.raw.size() > kMaxDigits ? "the number" : std::string(number.raw);
}

std::optional<Value> ReadDay(Cursor* cursor, Calendar calendar) {
  const Token& token = cursor->Advance();
  Date date = token.date;
  date.calendar = calendar;
  date.leap_month = calendar == Calendar::kChinese && cursor->Take("leap");
  if (IsDay(date)) return Value{date};
  return Nothing(
      cursor->Fail(token, calendar == Calendar::kChinese
                              ? "a day of the Chinese calendar, of the years 1900 to 2100"
                              : "a day of the calendar, of the years 1 to 9999"));
}

std::optional<Value> ReadMoney(Cursor* cursor, const Token& number, bool below_zero) {
  Money money{.minor_units = 0, .currency = std::string(cursor->Advance().raw)};
  const auto most = static_cast<std::size_t>(DecimalsOf(money.currency));
  const auto decimal = DecimalOf(number.raw);
  if (decimal && decimal->decimals > most) {
    return Nothing(
        cursor->Fail(number, absl::StrCat("at most ", most, " decimals of ", money.currency)));
  }
  std::optional<std::int64_t> units;
  if (decimal) units = WithSign(decimal->digits * PowerOfTen(most - decimal->decimals), below_zero);
  if (!units) {
    return Nothing(
        cursor->Fail(number, "an amount that 64 bits of minor units hold, without exponent"));
  }
  money.minor_units = *units;
  return Value{std::move(money)};
}

std::optional<Value> ReadAmount(Cursor* cursor, bool below_zero) {
  const Token& token = cursor->Advance();
  if (IsCurrency(cursor->Now())) return ReadMoney(cursor, token, below_zero);
  if (cursor->Now().kind == Kind::kWord && !IsReserved(cursor->Now().raw)) {
    return Nothing(cursor->Fail(absl::StrCat("a unit of time after ", Said(token),
                                             ", such as days, or a currency, such as CNY")));
  }
  if (token.raw.find_first_of(".eE") == std::string_view::npos) {
    const auto decimal = DecimalOf(token.raw);
    const auto whole = decimal ? WithSign(decimal->digits, below_zero) : std::nullopt;
    if (whole) return Value{*whole};
    return Nothing(
        cursor->Fail(token, "a whole number of 64 bits, or one with a point or an exponent"));
  }
  double number = 0;
  const auto read = absl::from_chars(token.raw.data(), token.raw.data() + token.raw.size(), number);
  if (read.ec != std::errc()) return Nothing(cursor->Fail(token, "a number that 64 bits hold"));
  return Value{below_zero && number != 0 ? -number : number};
}

bool ReadUnit(Cursor* cursor, bool many, CalendarUnit* unit) {
  for (int i = 0; i <= static_cast<int>(CalendarUnit::kYear); ++i) {
    *unit = static_cast<CalendarUnit>(i);
    const std::string one(ToString(*unit));
    if (cursor->Take(one) || (many && cursor->Take(one + "s"))) return true;
  }
  return cursor->Fail("one of hour, day, week, month, quarter, year");
}

bool ReadInstant(Cursor* cursor, std::optional<std::int64_t>* ms) {
  if (cursor->Now().kind != Kind::kInstant)
    return cursor->Fail("an instant such as 2026-11-28T09:00:00Z");
  *ms = cursor->Advance().instant.ms;
  return true;
}

// `last 7 days`, `past 7 days`, `this month`, `previous month`: behind `in`.
std::optional<TimeWindow> ReadCalendarWindow(Cursor* cursor) {
  TimeWindow window;
  window.kind =
      cursor->Is("last") || cursor->Is("this") ? TimeWindow::Kind::kLast : TimeWindow::Kind::kPast;
  const bool one = cursor->Take("this") || cursor->Take("previous");
  if (!one) {
    if (!cursor->Take("last") && !cursor->Take("past"))
      return Nothing(cursor->Fail("last, past, this or previous"));
    const auto count = ReadCount(cursor, kMaxWindowCount);
    if (!count)
      return Nothing(cursor->Fail(absl::StrCat("a whole number from 1 to ", kMaxWindowCount)));
    window.count = *count;
  }
  if (!ReadUnit(cursor, !one, &window.unit)) return std::nullopt;
  return window;
}

}  // namespace

bool BeginsSpan(const Cursor& cursor) {
  return cursor.Now().kind == Kind::kNumber && SpanUnitOf(cursor.Ahead(1)) != nullptr;
}

bool BeginsLiteral(const Cursor& cursor) {
  const Kind kind = cursor.Now().kind;
  return (kind == Kind::kNumber && !BeginsSpan(cursor)) || kind == Kind::kQuoted ||
         kind == Kind::kDate || kind == Kind::kInstant || cursor.Is("yes") || cursor.Is("no") ||
         (cursor.Is("chinese") && cursor.Ahead(1).kind == Kind::kDate);
}

std::optional<Value> ReadLiteral(Cursor* cursor, bool below_zero) {
  switch (cursor->Now().kind) {
    case Kind::kNumber:
      return ReadAmount(cursor, below_zero);
    case Kind::kQuoted:
      return Value{cursor->Advance().quoted};
    case Kind::kInstant:
      return Value{cursor->Advance().instant};
    case Kind::kDate:
      return ReadDay(cursor, Calendar::kSolar);
    default:
      if (cursor->Take("chinese")) return ReadDay(cursor, Calendar::kChinese);
      return Value{cursor->Advance().Is("yes")};
  }
}

std::optional<Value> ReadSignedLiteral(Cursor* cursor) {
  const bool below_zero = cursor->Is("-") && cursor->Ahead(1).kind == Kind::kNumber;
  if (below_zero) cursor->Advance();
  if (BeginsSpan(*cursor)) return Nothing(cursor->Fail("a value that is no span of time"));
  if (!BeginsLiteral(*cursor)) return Nothing(cursor->Fail("a value, such as \"a\" or 3"));
  return ReadLiteral(cursor, below_zero);
}

bool ReadName(Cursor* cursor, std::string_view what, std::string* name) {
  const Token& token = cursor->Now();
  const bool is_word = token.kind == Kind::kWord;
  if (is_word && IsReserved(token.raw)) {
    return cursor->Fail(
        absl::StrCat(std::string(what), ", in quotes where it is a word of the language"));
  }
  if (!is_word && token.kind != Kind::kQuoted) return cursor->Fail(what);
  *name = is_word ? std::string(token.raw) : token.quoted;
  cursor->Advance();
  return true;
}

bool ReadQuoted(Cursor* cursor, std::string_view what, std::string* text) {
  if (cursor->Now().kind != Kind::kQuoted) return cursor->Fail(what);
  *text = cursor->Advance().quoted;
  return true;
}

std::optional<std::int64_t> ReadSpan(Cursor* cursor) {
  if (cursor->Now().kind != Kind::kNumber)
    return Nothing(cursor->Fail("a span of time such as 30 days"));
  const Token& number = cursor->Advance();
  const SpanUnit* unit = SpanUnitOf(cursor->Now());
  if (unit == nullptr) {
    return Nothing(
        cursor->Fail(absl::StrCat("a unit of time after ", Said(number), ", such as days")));
  }
  cursor->Advance();
  const auto decimal = DecimalOf(number.raw);
  if (!decimal) return Nothing(cursor->Fail(number, kSpanBound));
  const absl::uint128 scale = PowerOfTen(decimal->decimals);
  const absl::uint128 scaled_ms =
      absl::uint128(decimal->digits) * static_cast<std::uint64_t>(unit->ms);
  if (scaled_ms % scale != 0) return Nothing(cursor->Fail(number, "a span of whole milliseconds"));
  const auto ms = WithSign(scaled_ms / scale, false);
  if (!ms) return Nothing(cursor->Fail(number, kSpanBound));
  return ms;
}

std::optional<std::int64_t> ReadWithin(Cursor* cursor) {
  if (!cursor->Expect("within")) return std::nullopt;
  const std::size_t begin = cursor->Now().offset;
  const auto ms = ReadSpan(cursor);
  if (ms && (*ms < 1 || *ms > kMaxSpanMs)) {
    return Nothing(cursor->FailAt(begin, "a span from 1 ms to 36600 days",
                                  *ms < 1 ? "a shorter one" : "a longer one"));
  }
  return ms;
}

std::optional<TimeWindow> ReadWindow(Cursor* cursor) {
  TimeWindow window;
  if (cursor->Take("in")) return ReadCalendarWindow(cursor);
  if (cursor->Is("within")) {
    const auto ms = ReadWithin(cursor);
    if (!ms) return std::nullopt;
    window.kind = TimeWindow::Kind::kWithin;
    window.span_ms = *ms;
  } else if (cursor->Is("from") || cursor->Is("to")) {
    window.kind = TimeWindow::Kind::kBetween;
    if (cursor->Take("from") && !ReadInstant(cursor, &window.from_ms)) return std::nullopt;
    if (cursor->Take("to") && !ReadInstant(cursor, &window.to_ms)) return std::nullopt;
  }
  return window;
}

std::optional<TimeWindow> ReadThisUnit(Cursor* cursor) {
  if (!cursor->Is("in") || !cursor->Ahead(1).Is("this"))
    return Nothing(cursor->Fail("in this month, or in another unit"));
  cursor->Advance();
  return ReadCalendarWindow(cursor);
}

std::optional<std::uint32_t> ReadCount(Cursor* cursor, std::size_t most) {
  const Token& token = cursor->Now();
  const auto number = token.kind == Kind::kNumber ? DecimalOf(token.raw) : std::nullopt;
  if (!number || number->decimals > 0 || number->digits < 1 || number->digits > most)
    return std::nullopt;
  cursor->Advance();
  return static_cast<std::uint32_t>(number->digits);
}

}  // namespace polyonym::segment
