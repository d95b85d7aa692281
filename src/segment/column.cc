#include "segment/column.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "segment/compare.h"
#include "segment/compiled.h"

namespace polyonym::segment {
namespace {

using Op = ExpressionOp;

// Alternatives of Datum.
enum Kind : std::size_t {
  kUnknownKind,
  kFlagKind,
  kWholeKind,
  kRealKind,
  kTextKind,
  kInstantKind,
  kDurationKind,
  kDateKind,
  kMoneyKind,
  kListKind,
  kKinds,
};
static_assert(std::variant_size_v<Datum> == kKinds);
static_assert(std::is_same_v<std::variant_alternative_t<kTextKind, Datum>, std::string_view>);
static_assert(std::is_same_v<std::variant_alternative_t<kMoneyKind, Datum>, Amounts>);

// Both kinds of numbers are one.
std::size_t KindOf(const Datum& datum) {
  return datum.index() == kRealKind ? std::size_t{kWholeKind} : datum.index();
}

// What is false of known ones where `op` is true.
Op Opposite(Op op) {
  switch (op) {
    case Op::kEqual:
      return Op::kNotEqual;
    case Op::kNotEqual:
      return Op::kEqual;
    case Op::kLess:
      return Op::kGreaterEqual;
    case Op::kLessEqual:
      return Op::kGreater;
    case Op::kGreater:
      return Op::kLessEqual;
    default:
      return Op::kLess;
  }
}

People Lent(const IdSet* set) { return set == nullptr ? People() : People::Borrowed(*set); }

// Of `known`, all whom a comparison is false of where it is true of `trues`.
People Said(bool flag, People trues, const IdSet& known) {
  if (flag) return trues;
  std::vector<People> of;
  of.push_back(People::Borrowed(known));
  of.push_back(std::move(trues).Rest());
  return Intersection(std::move(of));
}

IdSet ComparedValues(const SingleValues& values, Op op, const Datum& literal) {
  if (op == Op::kEqual) {
    const IdSet* equal = values.Find(literal);
    return equal == nullptr ? IdSet() : *equal;
  }
  if (op == Op::kNotEqual) {
    const IdSet* equal = values.Find(literal);
    return equal == nullptr ? values.known() : IdSet::AndNot(values.known(), *equal);
  }
  return values.Where([&](const Datum& value) { return segment::Compared(op, value, literal); });
}

using Ranked = ValueColumn::Ranked;

// `number_of`: of what the column holds.
template <class NumberOf>
void AddTop(const BitSliced& column, std::size_t count, const IdSet& among,
            std::vector<Ranked>* out, const NumberOf& number_of) {
  column.Top(count, among).ForEach([&](std::uint32_t person) {
    out->push_back({number_of(*column.Get(person)), person});
    return true;
  });
}

Number OfWhole(std::int64_t whole) { return {true, whole, static_cast<double>(whole)}; }

bool RanksBefore(const Ranked& a, const Ranked& b) {
  const auto order = CompareNumbers(a.number, b.number);
  return order != 0 ? order > 0 : a.person < b.person;
}

}  // namespace

// ---- Flags ----

void FlagColumn::Put(std::uint32_t person, std::optional<bool> flag) {
  if (flag == true) {
    trues_.Add(person);
  } else {
    trues_.Remove(person);
  }
  if (flag) {
    unknown_.Remove(person);
  } else {
    unknown_.Add(person);
  }
}

void FlagColumn::Remove(std::uint32_t person) { Put(person, false); }

People FlagColumn::Where(bool flag) const {
  if (flag) return People::Borrowed(trues_);
  if (unknown_.empty()) return People::Borrowed(trues_).Rest();
  return People(IdSet::Or(trues_, unknown_)).Rest();
}

void FlagColumn::Optimise() {
  trues_.Optimise();
  unknown_.Optimise();
}

// ---- Values ----

void ValueColumn::Put(std::uint32_t person, const Datum& value) {
  const std::size_t kind = KindOf(value);
  for (std::size_t other = 0; other < kKinds; ++other) {
    if (other != kind && (kinds_ >> other & 1) != 0) RemoveKind(other, person);
  }
  kinds_ |= 1u << kind;
  switch (kind) {
    case kFlagKind:
      (std::get<bool>(value) ? trues_ : falses_).Add(person);
      (std::get<bool>(value) ? falses_ : trues_).Remove(person);
      break;
    case kWholeKind:
      return numbers_.Put(person, *NumberOf(value));
    case kTextKind:
      return texts_.Put(person, value);
    case kInstantKind:
      return instants_.Put(person, std::get<Instant>(value).ms);
    case kDurationKind:
      return durations_.Put(person, std::get<Duration>(value).ms);
    case kDateKind:
      return dates_.Put(person, value);
    case kMoneyKind:
      return money_.Put(person, std::get<Amounts>(value));
    case kListKind:
      return lists_.Put(person, std::get<List>(value));
    default:
      break;
  }
}

void ValueColumn::RemoveKind(std::size_t kind, std::uint32_t person) {
  switch (kind) {
    case kFlagKind:
      trues_.Remove(person);
      falses_.Remove(person);
      break;
    case kWholeKind:
      return numbers_.Remove(person);
    case kTextKind:
      return texts_.Remove(person);
    case kInstantKind:
      instants_.Remove(person);
      break;
    case kDurationKind:
      durations_.Remove(person);
      break;
    case kDateKind:
      return dates_.Remove(person);
    case kMoneyKind:
      return money_.Remove(person);
    case kListKind:
      return lists_.Remove(person);
    default:
      break;
  }
}

void ValueColumn::Remove(std::uint32_t person) { Put(person, Datum()); }

People ValueColumn::Known() const {
  std::vector<People> of;
  for (const IdSet* set : {&trues_, &falses_, &numbers_.wholes().known(),
                           &numbers_.fractions().known(), &instants_.known(), &durations_.known(),
                           &texts_.known(), &dates_.known(), &lists_.known()}) {
    if (!set->empty()) of.push_back(People::Borrowed(*set));
  }
  of.push_back(People(money_.Known()));
  return Union(std::move(of));
}

// Of whom it is true.
IdSet ValueColumn::Compare(Op op, const Datum& literal, const IdSet* among) const {
  switch (KindOf(literal)) {
    case kFlagKind: {
      const bool is_yes = std::get<bool>(literal) == (op == Op::kEqual);
      return op == Op::kEqual || op == Op::kNotEqual ? (is_yes ? trues_ : falses_) : IdSet();
    }
    case kWholeKind: {
      IdSet out = numbers_.Compare(op, *NumberOf(literal), among);
      if (segment::Compared(op, Datum(std::int64_t{0}), literal) == true) out |= money_.nothing();
      return out;
    }
    case kTextKind:
      return ComparedValues(texts_, op, literal);
    case kInstantKind:
      return instants_.Compare(op, std::get<Instant>(literal).ms, among);
    case kDurationKind:
      return durations_.Compare(op, std::get<Duration>(literal).ms, among);
    case kDateKind:
      return ComparedValues(dates_, op, literal);
    case kMoneyKind: {
      const Amounts& amounts = std::get<Amounts>(literal);
      return amounts.of.empty() ? IdSet() : money_.Compare(op, amounts.of.front(), among);
    }
    default:
      return {};
  }
}

People ValueColumn::Compared(Op op, const Datum& literal, bool flag, const IdSet* among) const {
  if (!flag) op = Opposite(op);
  if (KindOf(literal) == kTextKind && op == Op::kEqual) return Lent(texts_.Find(literal));
  return People(Compare(op, literal, among));
}

// It is false where theirs is another than each. What is of the first element's type is compared with all others of it too; but for
// money, which may be in another currency.
People ValueColumn::IsAmong(List elements, bool flag, const IdSet* among) const {
  std::vector<People> of;
  if (flag) {
    for (const Value& element : elements)
      of.push_back(Compared(Op::kEqual, Read(element), true, among));
    return Union(std::move(of));
  }
  const std::size_t first = KindOf(Read(elements.front()));
  for (const Value& element : elements) {
    const Datum literal = Read(element);
    const bool as_first = !of.empty() && KindOf(literal) == first && first != kMoneyKind;
    of.push_back(as_first ? Compared(Op::kEqual, literal, true, among).Rest()
                          : Compared(Op::kEqual, literal, false, among));
  }
  return Intersection(std::move(of));
}

People ValueColumn::Holds(Op op, const Datum& literal, bool flag) const {
  if (IsUnknown(literal)) return {};
  std::vector<People> of;
  if (KindOf(literal) == kTextKind && !texts_.known().empty()) {
    const auto holds = [&](const Datum& text) { return segment::Holds(op, text, literal); };
    of.push_back(Said(flag, People(texts_.Where(holds)), texts_.known()));
  }
  if (op == Op::kContains && !lists_.known().empty())
    of.push_back(Said(flag, Lent(lists_.Find(literal)), lists_.known()));
  return of.empty() ? People() : Union(std::move(of));
}

People ValueColumn::Matches(const re2::RE2& pattern, bool flag) const {
  const auto finds = [&](const Datum& value) -> std::optional<bool> {
    const auto* text = std::get_if<std::string_view>(&value);
    return text != nullptr && FindsIn(pattern, *text);
  };
  std::vector<People> of;
  of.push_back(Said(flag, People(texts_.Where(finds)), texts_.known()));
  if (!lists_.known().empty())
    of.push_back(Said(flag, People(lists_.Where(finds)), lists_.known()));
  return Union(std::move(of));
}

std::vector<Ranked> ValueColumn::Top(std::size_t count, const IdSet& among) const {
  std::vector<Ranked> all;
  for (const BitSliced* column : {&numbers_.wholes(), &instants_, &durations_})
    AddTop(*column, count, among, &all, OfWhole);
  AddTop(numbers_.fractions(), count, among, &all, [](std::int64_t key) {
    return Number{false, 0, FromOrderedKey(key)};
  });
  const IdSet in_one = IdSet::AndNot(among, money_.several());
  for (const auto& [currency, column] : money_.currencies())
    AddTop(column, count, in_one, &all, OfWhole);
  std::size_t zeros = 0;
  money_.nothing().ForEach([&](std::uint32_t person) {
    if (among.Contains(person)) {
      all.push_back({OfWhole(0), person});
      ++zeros;
    }
    return zeros < count;
  });
  count = std::min(count, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(),
                    RanksBefore);
  all.resize(count);
  return all;
}

void ValueColumn::Optimise() {
  for (IdSet* set : {&trues_, &falses_}) set->Optimise();
  for (BitSliced* column : {&instants_, &durations_}) column->Optimise();
  for (SingleValues* values : {&texts_, &dates_}) values->Optimise();
  numbers_.Optimise();
  money_.Optimise();
  lists_.Optimise();
}

std::size_t ValueColumn::bytes() const {
  return trues_.bytes() + falses_.bytes() + numbers_.bytes() + instants_.bytes() +
         durations_.bytes() + money_.bytes() + texts_.bytes() + dates_.bytes() + lists_.bytes();
}

}  // namespace polyonym::segment
