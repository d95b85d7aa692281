// segment/money_column.h - money of people, in one or several currencies, compared with amounts.
//
// THREADS: thread-compatible.
#ifndef POLYONYM_SRC_SEGMENT_MONEY_COLUMN_H_
#define POLYONYM_SRC_SEGMENT_MONEY_COLUMN_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "polyonym/segment/bit_sliced.h"
#include "polyonym/segment/expression.h"
#include "polyonym/segment/id_set.h"
#include "segment/datum.h"

namespace polyonym::segment {

class MoneyColumn {
 public:
  using ByCurrency = std::map<std::string, BitSliced, std::less<>>;

  void Put(std::uint32_t person, const Amounts& amounts);
  void Remove(std::uint32_t person);

  // Of whom Compared(op, theirs, amount) is true: an amount is in one currency, and so theirs in that one counts.
  IdSet Compare(ExpressionOp op, const Amount& amount, const IdSet* among) const;

  // Who has a sum of nothing: as a number it is 0.
  const IdSet& nothing() const { return nothing_; }
  const ByCurrency& currencies() const { return currencies_; }
  // Who has several currencies.
  const IdSet& several() const { return several_; }
  IdSet Known() const;

  void Optimise();
  std::size_t bytes() const;

 private:
  ByCurrency currencies_;
  IdSet several_;
  IdSet else_zero_;  // of whom any other currency is 0
  IdSet nothing_;    // of those, who have none
};

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_MONEY_COLUMN_H_
