// segment/column.h - what one term came to for everybody, so that comparisons with it are operations on sets.
//
// Of a property a term may be of another type with each person. Each type has its own part, and a comparison asks the part of its literal's type: of all
// others it is unknown, as with Compared().
//
// THREADS: thread-compatible; const functions may be called from many threads at a time.
#ifndef POLYONYM_SRC_SEGMENT_COLUMN_H_
#define POLYONYM_SRC_SEGMENT_COLUMN_H_

#include <re2/re2.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "polyonym/segment/bit_sliced.h"
#include "polyonym/segment/expression.h"
#include "polyonym/segment/id_set.h"
#include "segment/datum.h"
#include "segment/money_column.h"
#include "segment/number_column.h"
#include "segment/people.h"
#include "segment/value_sets.h"

namespace polyonym::segment {

// Of a term that is asked for as a flag.
class FlagColumn {
 public:
  void Put(std::uint32_t person, std::optional<bool> flag);
  void Remove(std::uint32_t person);

  // Of whom it is `flag`; what it lends is good until the next change.  COST: nothing is made where nobody is unknown.
  People Where(bool flag) const;

  void Optimise();
  std::size_t bytes() const { return trues_.bytes() + unknown_.bytes(); }

 private:
  IdSet trues_;
  IdSet unknown_;
};

// Of a term that is compared, or asked whether it is known.
//
// `flag` of its questions: whether people are meant of whom the comparison is true or false; neither has those of whom it is unknown. `among`: a hint,
// what the result says of all others means nothing; null: there are none.
class ValueColumn {
 public:
  void Put(std::uint32_t person, const Datum& value);
  void Remove(std::uint32_t person);

  People Known() const;
  // As a flag.
  People Where(bool flag) const { return People::Borrowed(flag ? trues_ : falses_); }

  // `op`: kEqual to kGreaterEqual, of theirs and the literal.
  People Compared(ExpressionOp op, const Datum& literal, bool flag, const IdSet* among) const;
  // IsAmong() of theirs and the elements.  REQUIRES: an element or more.
  People IsAmong(List elements, bool flag, const IdSet* among) const;
  // `op`: kContains, kStartsWith, kEndsWith.
  People Holds(ExpressionOp op, const Datum& literal, bool flag) const;
  People Matches(const re2::RE2& pattern, bool flag) const;

  // Somebody's number.
  struct Ranked {
    Number number;
    std::uint32_t person = 0;
  };
  // The greatest numbers, instants, spans and amounts, these first; of equal ones the lower person's.
  std::vector<Ranked> Top(std::size_t count, const IdSet& among) const;

  const NumberColumn& numbers() const { return numbers_; }
  const BitSliced& durations() const { return durations_; }
  const MoneyColumn& money() const { return money_; }

  void Optimise();
  std::size_t bytes() const;

 private:
  void RemoveKind(std::size_t kind, std::uint32_t person);
  IdSet Compare(ExpressionOp op, const Datum& literal, const IdSet* among) const;

  unsigned kinds_ = 0;  // of Datum that were ever put: bit i is the alternative of index i
  IdSet trues_;
  IdSet falses_;
  NumberColumn numbers_;
  BitSliced instants_;
  BitSliced durations_;
  MoneyColumn money_;
  SingleValues texts_;
  SingleValues dates_;
  ListedValues lists_;
};

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_COLUMN_H_
