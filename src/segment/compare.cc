#include "segment/compare.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <utility>

namespace polyonym::segment {
namespace {

std::strong_ordering CompareReals(double a, double b) {
  return a < b   ? std::strong_ordering::less
         : a > b ? std::strong_ordering::greater
                 : std::strong_ordering::equal;
}

std::strong_ordering CompareWholeToReal(std::int64_t whole, double real) {
  constexpr double kEnd = 9'223'372'036'854'775'808.0;  // 2^63
  if (real >= kEnd) return std::strong_ordering::less;
  if (real < -kEnd) return std::strong_ordering::greater;
  const double floor = std::floor(real);
  const auto order = whole <=> static_cast<std::int64_t>(floor);
  return order == 0 && real > floor ? std::strong_ordering::less : order;
}

const Amount* Find(const Amounts& amounts, std::string_view currency) {
  const auto at = std::find_if(amounts.of.begin(), amounts.of.end(),
                               [&](const Amount& a) { return a.currency == currency; });
  return at == amounts.of.end() ? nullptr : &*at;
}

std::optional<std::int64_t> AmountIn(const Amounts& amounts, std::string_view currency) {
  if (const Amount* amount = Find(amounts, currency)) return amount->minor_units;
  return amounts.else_zero ? std::optional<std::int64_t>(0) : std::nullopt;
}

bool IsInOneCurrency(const Amounts& amounts) {
  return amounts.of.size() == 1 && !amounts.else_zero;
}

// The currency to compare in: of the side that is in one, else the only one that either has. Empty: neither has any, and so
// any would do. None: there are several.
std::optional<std::string_view> CurrencyOf(const Amounts& a, const Amounts& b) {
  if (IsInOneCurrency(a)) return a.of.front().currency;
  if (IsInOneCurrency(b)) return b.of.front().currency;
  std::string_view only;
  for (const Amounts* side : {&a, &b}) {
    for (const Amount& amount : side->of) {
      if (!only.empty() && amount.currency != only) return std::nullopt;
      only = amount.currency;
    }
  }
  return only;
}

std::optional<std::strong_ordering> OrderOfMoney(const Amounts& a, const Amounts& b) {
  const auto currency = CurrencyOf(a, b);
  if (!currency) return std::nullopt;
  const auto x = AmountIn(a, *currency), y = AmountIn(b, *currency);
  if (!x || !y) return std::nullopt;
  return *x <=> *y;
}

// Days of a year and of one calendar.
std::optional<std::strong_ordering> OrderOfDates(const Date& a, const Date& b) {
  if (!a.year || !b.year || a.calendar != b.calendar) return std::nullopt;
  return a <=> b;
}

std::strong_ordering TotalOrderOfMoney(const Amounts& a, const Amounts& b) {
  return std::lexicographical_compare_three_way(
      a.of.begin(), a.of.end(), b.of.begin(), b.of.end(), [](const Amount& x, const Amount& y) {
        return std::tie(x.minor_units, x.currency) <=> std::tie(y.minor_units, y.currency);
      });
}

std::strong_ordering TotalOrderOfLists(List a, List b) {
  return std::lexicographical_compare_three_way(
      a.begin(), a.end(), b.begin(), b.end(),
      [](const Value& x, const Value& y) { return TotalOrder(Read(x), Read(y)); });
}

}  // namespace

std::strong_ordering CompareNumbers(const Number& a, const Number& b) {
  if (a.is_whole && b.is_whole) return a.whole <=> b.whole;
  if (a.is_whole) return CompareWholeToReal(a.whole, b.real);
  if (b.is_whole) return 0 <=> CompareWholeToReal(b.whole, a.real);
  return CompareReals(a.real, b.real);
}

std::optional<std::strong_ordering> Order(const Datum& a, const Datum& b) {
  if (const auto* x = std::get_if<Amounts>(&a), *y = std::get_if<Amounts>(&b); x && y)
    return OrderOfMoney(*x, *y);
  if (const auto x = NumberOf(a), y = NumberOf(b); x && y) return CompareNumbers(*x, *y);
  if (const auto* x = std::get_if<std::string_view>(&a), *y = std::get_if<std::string_view>(&b);
      x && y)
    return *x <=> *y;
  if (const auto* x = std::get_if<Instant>(&a), *y = std::get_if<Instant>(&b); x && y)
    return x->ms <=> y->ms;
  if (const auto* x = std::get_if<Duration>(&a), *y = std::get_if<Duration>(&b); x && y)
    return x->ms <=> y->ms;
  if (const auto* x = std::get_if<Date>(&a), *y = std::get_if<Date>(&b); x && y)
    return OrderOfDates(*x, *y);
  return std::nullopt;
}

std::optional<bool> Equal(const Datum& a, const Datum& b) {
  if (const auto* x = std::get_if<bool>(&a), *y = std::get_if<bool>(&b); x && y) return *x == *y;
  if (const auto* x = std::get_if<Date>(&a), *y = std::get_if<Date>(&b); x && y) return *x == *y;
  const auto order = Order(a, b);
  if (!order) return std::nullopt;
  return *order == 0;
}

std::optional<bool> Compared(ExpressionOp op, const Datum& a, const Datum& b) {
  if (op == ExpressionOp::kEqual || op == ExpressionOp::kNotEqual) {
    const auto equal = Equal(a, b);
    if (!equal) return std::nullopt;
    return *equal == (op == ExpressionOp::kEqual);
  }
  const auto order = Order(a, b);
  if (!order) return std::nullopt;
  switch (op) {
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

std::optional<bool> IsAmong(const Datum& x, List elements) {
  bool unknown = false;
  for (const Value& element : elements) {
    const std::optional<bool> equal = Equal(x, Read(element));
    if (equal == true) return true;
    unknown = unknown || !equal;
  }
  return unknown ? std::nullopt : std::optional<bool>(false);
}

std::optional<bool> Holds(ExpressionOp op, const Datum& x, const Datum& y) {
  if (IsUnknown(y)) return std::nullopt;
  if (const List* list = std::get_if<List>(&x); list && op == ExpressionOp::kContains) {
    return std::any_of(list->begin(), list->end(),
                       [&](const Value& element) { return TotalOrder(Read(element), y) == 0; });
  }
  const auto* text = std::get_if<std::string_view>(&x);
  const auto* part = std::get_if<std::string_view>(&y);
  if (text == nullptr || part == nullptr) return std::nullopt;
  if (op == ExpressionOp::kStartsWith) return text->starts_with(*part);
  if (op == ExpressionOp::kEndsWith) return text->ends_with(*part);
  return text->find(*part) != std::string_view::npos;
}

std::strong_ordering TotalOrder(const Datum& a, const Datum& b) {
  if (const auto x = NumberOf(a), y = NumberOf(b); x && y) return CompareNumbers(*x, *y);
  if (a.index() != b.index()) return a.index() <=> b.index();
  if (const auto* x = std::get_if<Date>(&a)) return *x <=> std::get<Date>(b);
  if (const auto* x = std::get_if<bool>(&a)) return *x <=> std::get<bool>(b);
  if (const auto* x = std::get_if<Amounts>(&a)) return TotalOrderOfMoney(*x, std::get<Amounts>(b));
  if (const auto* x = std::get_if<List>(&a)) return TotalOrderOfLists(*x, std::get<List>(b));
  return Order(a, b).value_or(std::strong_ordering::equal);
}

}  // namespace polyonym::segment
