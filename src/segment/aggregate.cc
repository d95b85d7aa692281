#include "segment/aggregate.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "segment/compare.h"

namespace polyonym::segment {
namespace {

bool IsTaken(ExpressionOp op, const Datum& value) {
  if (NumberOf(value) || std::holds_alternative<Amounts>(value)) return true;
  if (op == ExpressionOp::kSum || op == ExpressionOp::kAverage) return false;
  return !IsUnknown(value) && !std::holds_alternative<bool>(value) &&
         !std::holds_alternative<List>(value);
}

// Leaves what the aggregate takes, and of that what is of the first one's type; whole and fractional numbers are one type.
void KeepOneType(ExpressionOp op, std::vector<Datum>* values) {
  std::erase_if(*values, [op](const Datum& value) { return !IsTaken(op, value); });
  if (values->empty()) return;
  const bool are_numbers = NumberOf(values->front()).has_value();
  const std::size_t type = values->front().index();
  std::erase_if(*values, [&](const Datum& value) {
    return are_numbers ? !NumberOf(value).has_value() : value.index() != type;
  });
}

struct Sum {
  absl::int128 whole = 0;
  double real = 0;
  bool is_whole = true;
  std::int64_t count = 0;
};

Sum SumOfNumbers(const std::vector<Datum>& values) {
  Sum sum;
  for (const Datum& value : values) {
    const auto number = NumberOf(value);
    ++sum.count;
    if (number->is_whole) {
      sum.whole += number->whole;
    } else {
      sum.real += number->real;
      sum.is_whole = false;
    }
  }
  return sum;
}

std::map<std::string_view, Sum> SumsOfMoney(const std::vector<Datum>& values) {
  std::map<std::string_view, Sum> sums;
  for (const Datum& value : values) {
    for (const Amount& amount : std::get<Amounts>(value).of) {
      Sum& sum = sums[amount.currency];
      sum.whole += amount.minor_units;
      ++sum.count;
    }
  }
  return sums;
}

bool IsMoney(const std::vector<Datum>& values) {
  return !values.empty() && std::holds_alternative<Amounts>(values.front());
}

Datum MoneyOf(const std::vector<Datum>& values, bool average) {
  Amounts out;
  out.else_zero = !average;
  for (const auto& [currency, sum] : SumsOfMoney(values)) {
    const auto units = To64Bits(average ? DivideToNearest(sum.whole, sum.count) : sum.whole);
    if (!units) return {};
    out.of.push_back({*units, currency});
  }
  return out;
}

Datum SumOf(const std::vector<Datum>& values) {
  if (values.empty() || IsMoney(values)) return MoneyOf(values, false);
  const Sum sum = SumOfNumbers(values);
  if (!sum.is_whole) return OfReal(static_cast<double>(sum.whole) + sum.real);
  const auto whole = To64Bits(sum.whole);
  return whole ? Datum(*whole) : Datum();
}

Datum AverageOf(const std::vector<Datum>& values) {
  if (values.empty()) return {};
  if (IsMoney(values)) return MoneyOf(values, true);
  const Sum sum = SumOfNumbers(values);
  return OfReal((static_cast<double>(sum.whole) + sum.real) / static_cast<double>(sum.count));
}

// `sign`: -1 for the least, 1 for the greatest.
Datum ExtremeOfMoney(const std::vector<Datum>& values, int sign) {
  std::map<std::string_view, std::int64_t> best;
  for (const Datum& value : values) {
    for (const Amount& amount : std::get<Amounts>(value).of) {
      const auto [at, is_new] = best.try_emplace(amount.currency, amount.minor_units);
      if (!is_new)
        at->second = sign > 0 ? std::max(at->second, amount.minor_units)
                              : std::min(at->second, amount.minor_units);
    }
  }
  Amounts out;
  for (const auto& [currency, units] : best) out.of.push_back({units, currency});
  return out;
}

Datum ExtremeOf(const std::vector<Datum>& values, int sign) {
  if (values.empty()) return {};
  if (IsMoney(values)) return ExtremeOfMoney(values, sign);
  const auto less = [](const Datum& a, const Datum& b) { return TotalOrder(a, b) < 0; };
  return sign > 0 ? *std::max_element(values.begin(), values.end(), less)
                  : *std::min_element(values.begin(), values.end(), less);
}

Datum DistinctOf(std::vector<Datum> values) {
  std::erase_if(values, IsUnknown);
  std::sort(values.begin(), values.end(),
            [](const Datum& a, const Datum& b) { return TotalOrder(a, b) < 0; });
  const auto end = std::unique(values.begin(), values.end(), [](const Datum& a, const Datum& b) {
    return TotalOrder(a, b) == 0;
  });
  return static_cast<std::int64_t>(end - values.begin());
}

}  // namespace

Datum Aggregate(ExpressionOp op, std::vector<Datum> values) {
  if (op == ExpressionOp::kDistinct) return DistinctOf(std::move(values));
  KeepOneType(op, &values);
  switch (op) {
    case ExpressionOp::kSum:
      return SumOf(values);
    case ExpressionOp::kAverage:
      return AverageOf(values);
    case ExpressionOp::kMin:
      return ExtremeOf(values, -1);
    case ExpressionOp::kMax:
      return ExtremeOf(values, 1);
    default:
      return {};
  }
}

}  // namespace polyonym::segment
