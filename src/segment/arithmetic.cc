#include "segment/arithmetic.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/numeric/int128.h"

namespace polyonym::segment {
namespace {

using Whole = std::optional<std::int64_t>;

Datum OfWhole(Whole whole) { return whole ? Datum(*whole) : Datum(); }
Datum OfMs(Whole ms) { return ms ? Datum(Duration{*ms}) : Datum(); }
Datum OfInstant(Whole ms) { return ms ? Datum(Instant{*ms}) : Datum(); }

// `sign`: 1 or -1.
Whole Sum(std::int64_t a, std::int64_t b, int sign) {
  return To64Bits(absl::int128(a) + absl::int128(sign) * b);
}

Whole Scaled(std::int64_t units, const Number& factor) {
  return factor.is_whole ? To64Bits(absl::int128(units) * factor.whole)
                         : To64Bits(static_cast<double>(units) * factor.real);
}

Datum ScaledMoney(const Amounts& money, const Number& factor) {
  Amounts out = money;
  for (Amount& amount : out.of) {
    const Whole units = Scaled(amount.minor_units, factor);
    if (!units) return {};
    amount.minor_units = *units;
  }
  return out;
}

Whole AmountIn(const Amounts& money, std::string_view currency) {
  for (const Amount& amount : money.of) {
    if (amount.currency == currency) return amount.minor_units;
  }
  return money.else_zero ? Whole(0) : std::nullopt;
}

Datum SumOfMoney(const Amounts& a, const Amounts& b, int sign) {
  Amounts out;
  out.else_zero = a.else_zero && b.else_zero;
  const auto add = [&](std::string_view currency) {
    const Whole x = AmountIn(a, currency), y = AmountIn(b, currency);
    if (!x || !y) return true;
    const Whole sum = Sum(*x, *y, sign);
    if (sum) out.of.push_back({*sum, currency});
    return sum.has_value();
  };
  for (const Amount& amount : a.of) {
    if (!add(amount.currency)) return {};
  }
  for (const Amount& amount : b.of) {
    const bool is_done = std::any_of(a.of.begin(), a.of.end(), [&](const Amount& other) {
      return other.currency == amount.currency;
    });
    if (!is_done && !add(amount.currency)) return {};
  }
  return out.of.empty() && !out.else_zero ? Datum() : Datum(out);
}

Datum Added(const Datum& a, const Datum& b, int sign) {
  const auto *money = std::get_if<Amounts>(&a), *more = std::get_if<Amounts>(&b);
  if (money != nullptr && more != nullptr) return SumOfMoney(*money, *more, sign);
  if (const auto x = NumberOf(a), y = NumberOf(b); x && y) {
    if (x->is_whole && y->is_whole) return OfWhole(Sum(x->whole, y->whole, sign));
    return OfReal(x->real + sign * y->real);
  }
  const auto *from = std::get_if<Instant>(&a), *to = std::get_if<Instant>(&b);
  const auto *span = std::get_if<Duration>(&a), *by = std::get_if<Duration>(&b);
  if (from && to && sign < 0) return OfMs(Sum(from->ms, to->ms, sign));
  if (from && by) return OfInstant(Sum(from->ms, by->ms, sign));
  if (span && to && sign > 0) return OfInstant(Sum(span->ms, to->ms, sign));
  if (span && by) return OfMs(Sum(span->ms, by->ms, sign));
  return {};
}

Datum Multiplied(const Datum& a, const Datum& b) {
  const auto x = NumberOf(a), y = NumberOf(b);
  if (const auto* money = std::get_if<Amounts>(&a); money && y) return ScaledMoney(*money, *y);
  if (const auto* money = std::get_if<Amounts>(&b); money && x) return ScaledMoney(*money, *x);
  if (const auto* span = std::get_if<Duration>(&a); span && y) return OfMs(Scaled(span->ms, *y));
  if (const auto* span = std::get_if<Duration>(&b); span && x) return OfMs(Scaled(span->ms, *x));
  if (!x || !y) return {};
  if (x->is_whole && y->is_whole) return OfWhole(To64Bits(absl::int128(x->whole) * y->whole));
  return OfReal(x->real * y->real);
}

// A fraction may be too small to divide by, and be so without being zero: OfReal() and To64Bits() take what is not finite as unknown.
Datum Divided(const Datum& a, const Datum& b) {
  const auto x = NumberOf(a), y = NumberOf(b);
  if (y && y->real == 0) return {};
  if (x && y) return OfReal(x->real / y->real);
  const auto* span = std::get_if<Duration>(&a);
  if (span == nullptr) return {};
  if (y) {
    return OfMs(y->is_whole ? To64Bits(DivideToNearest(span->ms, y->whole))
                            : To64Bits(static_cast<double>(span->ms) / y->real));
  }
  const auto* by = std::get_if<Duration>(&b);
  if (by == nullptr || by->ms == 0) return {};
  return OfReal(static_cast<double>(span->ms) / static_cast<double>(by->ms));
}

}  // namespace

Datum Calculated(ExpressionOp op, const Datum& a, const Datum& b) {
  switch (op) {
    case ExpressionOp::kAdd:
      return Added(a, b, 1);
    case ExpressionOp::kSubtract:
      return Added(a, b, -1);
    case ExpressionOp::kMultiply:
      return Multiplied(a, b);
    case ExpressionOp::kDivide:
      return Divided(a, b);
    default:
      return {};
  }
}

Datum Negated(const Datum& x) { return Multiplied(x, Datum(std::int64_t{-1})); }

}  // namespace polyonym::segment
