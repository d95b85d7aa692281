// segment/datum.h - what a part of an expression comes to for a person.
//
// A view: text and lists lie in the facts, the folded profile or the expression, all of which outlive an evaluation. It has two kinds that
// Value has not: durations, and money of several currencies.
#ifndef POLYONYM_SRC_SEGMENT_DATUM_H_
#define POLYONYM_SRC_SEGMENT_DATUM_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "absl/container/inlined_vector.h"
#include "absl/numeric/int128.h"
#include "polyonym/model/facts.h"

namespace polyonym::segment {

struct Duration {
  std::int64_t ms = 0;
};

struct Amount {
  std::int64_t minor_units = 0;
  std::string_view currency;
};

// Money: one amount, or one for each of several currencies.
struct Amounts {
  absl::InlinedVector<Amount, 1> of;  // distinct currencies
  // What it has not is 0, as with sums of events, and not unknown. With no amount at all it is the sum of nothing: 0 of
  // whatever it is compared with: numbers too.
  bool else_zero = false;
  bool IsZeroOfAnything() const { return of.empty() && else_zero; }
};

using List = std::span<const Value>;

// std::monostate is unknown.
using Datum = std::variant<std::monostate, bool, std::int64_t, double, std::string_view, Instant,
                           Duration, Date, Amounts, List>;

// A number, whole or not. `real` is the nearest one of a whole number.
struct Number {
  bool is_whole = true;
  std::int64_t whole = 0;
  double real = 0;
};

Datum Read(const Value& value);

inline bool IsUnknown(const Datum& datum) { return std::holds_alternative<std::monostate>(datum); }

// None: unknown, or no flag.
std::optional<bool> FlagOf(const Datum& datum);
Datum OfFlag(std::optional<bool> flag);

// None: no number.
std::optional<Number> NumberOf(const Datum& datum);

// Unknown where it is not finite; negative zero is zero.
Datum OfReal(double real);

// Text that is not empty; else unknown.
Datum OfText(std::string_view text);

// A quotient to the nearest whole number, half to even. REQUIRES: divisor != 0.
absl::int128 DivideToNearest(absl::int128 dividend, absl::int128 divisor);

// None: beyond 64 bits, or not finite. To the nearest, half to even.
std::optional<std::int64_t> To64Bits(absl::int128 number);
std::optional<std::int64_t> To64Bits(double number);

// For people: `yes`, `unknown`, `3`, `19.99 CNY`, `30 days`.
std::string ToText(const Datum& datum);

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_DATUM_H_
