#include "segment/datum.h"

#include <cmath>
#include <limits>
#include <utility>

#include "polyonym/segment/expression.h"
#include "polyonym/segment/text.h"

namespace polyonym::segment {
namespace {

struct Reader {
  Datum operator()(std::monostate) const { return {}; }
  Datum operator()(const std::string& text) const { return std::string_view(text); }
  Datum operator()(double number) const { return OfReal(number); }
  Datum operator()(bool flag) const { return flag; }
  Datum operator()(Instant instant) const { return instant; }
  Datum operator()(const Date& date) const { return date; }
  Datum operator()(const ValueList& list) const { return List(list); }
  Datum operator()(std::int64_t whole) const { return whole; }
  Datum operator()(const Money& money) const {
    return Amounts{{{money.minor_units, money.currency}}};
  }
};

std::string DurationText(std::int64_t ms) {
  if (ms == std::numeric_limits<std::int64_t>::min()) return "unknown";
  Expression literal;
  literal.op = ExpressionOp::kDuration;
  literal.value.is = ms < 0 ? -ms : ms;
  return (ms < 0 ? "-" : "") + WriteExpression(literal);
}

std::string MoneyText(const Amounts& amounts) {
  if (amounts.of.empty()) return "0";
  ValueList all;
  for (const Amount& amount : amounts.of)
    all.push_back({Money{amount.minor_units, std::string(amount.currency)}});
  return ToText(all.size() == 1 ? all.front() : Value{std::move(all)});
}

struct Writer {
  std::string operator()(std::monostate) const { return "unknown"; }
  std::string operator()(std::string_view text) const { return std::string(text); }
  std::string operator()(Duration duration) const { return DurationText(duration.ms); }
  std::string operator()(const Amounts& amounts) const { return MoneyText(amounts); }
  std::string operator()(List list) const {
    return ToText(Value{ValueList(list.begin(), list.end())});
  }
  template <class Plain>
  std::string operator()(const Plain& plain) const {
    return ToText(Value{plain});
  }
};

}  // namespace

Datum Read(const Value& value) { return std::visit(Reader(), value.is); }

std::optional<bool> FlagOf(const Datum& datum) {
  const bool* flag = std::get_if<bool>(&datum);
  return flag == nullptr ? std::nullopt : std::optional<bool>(*flag);
}

Datum OfFlag(std::optional<bool> flag) { return flag ? Datum(*flag) : Datum(); }

std::optional<Number> NumberOf(const Datum& datum) {
  if (const auto* whole = std::get_if<std::int64_t>(&datum))
    return Number{true, *whole, static_cast<double>(*whole)};
  if (const auto* real = std::get_if<double>(&datum)) return Number{false, 0, *real};
  const auto* amounts = std::get_if<Amounts>(&datum);
  if (amounts != nullptr && amounts->IsZeroOfAnything()) return Number{};
  return std::nullopt;
}

Datum OfReal(double real) { return std::isfinite(real) ? Datum(real + 0.0) : Datum(); }

Datum OfText(std::string_view text) { return text.empty() ? Datum() : Datum(text); }

absl::int128 DivideToNearest(absl::int128 dividend, absl::int128 divisor) {
  absl::int128 quotient = dividend / divisor;
  const absl::int128 rest = dividend % divisor;
  const absl::int128 twice = 2 * (rest < 0 ? -rest : rest);
  const absl::int128 size = divisor < 0 ? -divisor : divisor;
  if (twice > size || (twice == size && quotient % 2 != 0))
    quotient += (dividend < 0) == (divisor < 0) ? 1 : -1;
  return quotient;
}

std::optional<std::int64_t> To64Bits(absl::int128 number) {
  if (number < std::numeric_limits<std::int64_t>::min() ||
      number > std::numeric_limits<std::int64_t>::max())
    return std::nullopt;
  return static_cast<std::int64_t>(number);
}

std::optional<std::int64_t> To64Bits(double number) {
  constexpr double kEnd = 9'223'372'036'854'775'808.0;  // 2^63
  const double nearest = std::nearbyint(number);
  if (!(nearest >= -kEnd && nearest < kEnd)) return std::nullopt;
  return static_cast<std::int64_t>(nearest);
}

std::string ToText(const Datum& datum) { return std::visit(Writer(), datum); }

}  // namespace polyonym::segment
