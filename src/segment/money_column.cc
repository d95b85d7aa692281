#include "segment/money_column.h"

#include <algorithm>

#include "segment/compare.h"

namespace polyonym::segment {
namespace {

void Set(IdSet* set, std::uint32_t person, bool is) {
  if (is) {
    set->Add(person);
  } else {
    set->Remove(person);
  }
}

}  // namespace

void MoneyColumn::Put(std::uint32_t person, const Amounts& amounts) {
  for (auto& of : currencies_) {
    const std::string& currency = of.first;
    const bool stays = std::any_of(amounts.of.begin(), amounts.of.end(), [&](const Amount& amount) {
      return amount.currency == currency;
    });
    if (!stays) of.second.Remove(person);
  }
  for (const Amount& amount : amounts.of) {
    auto at = currencies_.find(amount.currency);
    if (at == currencies_.end()) at = currencies_.try_emplace(std::string(amount.currency)).first;
    at->second.Put(person, amount.minor_units);
  }
  Set(&several_, person, amounts.of.size() > 1);
  Set(&else_zero_, person, amounts.else_zero);
  Set(&nothing_, person, amounts.IsZeroOfAnything());
}

void MoneyColumn::Remove(std::uint32_t person) { Put(person, {}); }

IdSet MoneyColumn::Compare(ExpressionOp op, const Amount& amount, const IdSet* among) const {
  const auto at = currencies_.find(amount.currency);
  const bool has_some = at != currencies_.end();
  IdSet out = has_some ? at->second.Compare(op, amount.minor_units, among) : IdSet();
  const Datum zero(std::int64_t{0}), units(amount.minor_units);
  if (Compared(op, zero, units) != true) return out;
  out |= has_some ? IdSet::AndNot(else_zero_, at->second.known()) : else_zero_;
  return out;
}

IdSet MoneyColumn::Known() const {
  IdSet out = else_zero_;
  for (const auto& [currency, column] : currencies_) out |= column.known();
  return out;
}

void MoneyColumn::Optimise() {
  for (auto& [currency, column] : currencies_) column.Optimise();
  for (IdSet* set : {&several_, &else_zero_, &nothing_}) set->Optimise();
}

std::size_t MoneyColumn::bytes() const {
  std::size_t bytes = several_.bytes() + else_zero_.bytes() + nothing_.bytes();
  for (const auto& [currency, column] : currencies_) bytes += sizeof(column) + column.bytes();
  return bytes;
}

}  // namespace polyonym::segment
