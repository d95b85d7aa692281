#include "segment/number_column.h"

#include <cmath>
#include <limits>
#include <optional>

#include "segment/compare.h"

namespace polyonym::segment {
namespace {

// Where a number lies among the keys of a column.
struct Spot {
  enum class Side { kBelow, kAt, kAbove };  // kBelow: behind the key before, if there is one
  std::int64_t key = 0;
  Side side = Side::kAt;
};

constexpr double kEnd = 9'223'372'036'854'775'808.0;  // 2^63

std::optional<std::int64_t> WholeOf(double real) {
  if (!(real >= -kEnd && real < kEnd) || std::floor(real) != real) return std::nullopt;
  return static_cast<std::int64_t>(real);
}

Spot AmongWholes(const Number& number) {
  if (number.is_whole) return {number.whole, Spot::Side::kAt};
  if (number.real >= kEnd) return {std::numeric_limits<std::int64_t>::max(), Spot::Side::kAbove};
  if (number.real < -kEnd) return {std::numeric_limits<std::int64_t>::min(), Spot::Side::kBelow};
  const double floor = std::floor(number.real);
  return {static_cast<std::int64_t>(floor),
          number.real > floor ? Spot::Side::kAbove : Spot::Side::kAt};
}

// Of a whole number the nearest fraction: no other lies between.
Spot AmongFractions(const Number& number) {
  const Number nearest{false, 0, number.real};
  const auto order = CompareNumbers(number, nearest);
  const Spot::Side side = order < 0   ? Spot::Side::kBelow
                          : order > 0 ? Spot::Side::kAbove
                                      : Spot::Side::kAt;
  return {OrderedKey(number.real), side};
}

IdSet Compared(const BitSliced& column, ExpressionOp op, const Spot& spot, const IdSet* among) {
  if (column.known().empty()) return {};
  if (spot.side == Spot::Side::kAt) return column.Compare(op, spot.key, among);
  const bool below = spot.side == Spot::Side::kBelow;
  switch (op) {
    case ExpressionOp::kNotEqual:
      return among == nullptr ? column.known() : IdSet::And(column.known(), *among);
    case ExpressionOp::kLess:
    case ExpressionOp::kLessEqual:
      return column.Compare(below ? ExpressionOp::kLess : ExpressionOp::kLessEqual, spot.key,
                            among);
    case ExpressionOp::kGreater:
    case ExpressionOp::kGreaterEqual:
      return column.Compare(below ? ExpressionOp::kGreaterEqual : ExpressionOp::kGreater, spot.key,
                            among);
    default:
      return {};
  }
}

}  // namespace

void NumberColumn::Put(std::uint32_t person, const Number& number) {
  const auto whole = number.is_whole ? std::optional(number.whole) : WholeOf(number.real);
  (whole ? fractions_ : wholes_).Remove(person);
  BitSliced& column = whole ? wholes_ : fractions_;
  const std::int64_t key = whole ? *whole : OrderedKey(number.real);
  if (column.Get(person) != key) column.Put(person, key);
}

void NumberColumn::Remove(std::uint32_t person) {
  wholes_.Remove(person);
  fractions_.Remove(person);
}

IdSet NumberColumn::Compare(ExpressionOp op, const Number& number, const IdSet* among) const {
  IdSet out = Compared(wholes_, op, AmongWholes(number), among);
  if (!fractions_.known().empty()) out |= Compared(fractions_, op, AmongFractions(number), among);
  return out;
}

void NumberColumn::Optimise() {
  wholes_.Optimise();
  fractions_.Optimise();
}

}  // namespace polyonym::segment
