// segment/compare.h - comparisons of what parts of expressions come to: Kleene's logic, exact numbers, money by currency.
//
// THREADS: pure functions.
#ifndef POLYONYM_SRC_SEGMENT_COMPARE_H_
#define POLYONYM_SRC_SEGMENT_COMPARE_H_

#include <compare>
#include <optional>

#include "polyonym/segment/expression.h"
#include "segment/datum.h"

namespace polyonym::segment {

// Whole and fractional numbers exactly, without rounding one to the other's type. REQUIRES: finite.
std::strong_ordering CompareNumbers(const Number& a, const Number& b);

// None: unknown, as are two of different types. Money is compared in the currency of the side that has just one.
std::optional<std::strong_ordering> Order(const Datum& a, const Datum& b);
std::optional<bool> Equal(const Datum& a, const Datum& b);

// `op`: kEqual to kGreaterEqual.
std::optional<bool> Compared(ExpressionOp op, const Datum& a, const Datum& b);

// Whether x equals one of the elements: Kleene's `or` of their equalities.  COST: linear.
std::optional<bool> IsAmong(const Datum& x, List elements);

// kContains, kStartsWith, kEndsWith. An element of a list that is of another type, or money in another currency, is known to be another.
// COST: linear.
std::optional<bool> Holds(ExpressionOp op, const Datum& x, const Datum& y);

// A total order of known ones, for telling different ones apart: by kind, numbers by value whatever their type, dates by Compare().
// What compares as equal here is one value to kDistinct.
std::strong_ordering TotalOrder(const Datum& a, const Datum& b);

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_COMPARE_H_
