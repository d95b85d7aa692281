// segment/number_column.h - numbers of people, whole and fractional, compared exactly.
//
// Whole numbers, and fractions that are whole after all, lie in one bit-sliced column, other fractions in another under OrderedKey(). A literal is
// found its place in both: at a key, or between two. So 2^53 + 1 is not the fraction 2^53, as with CompareNumbers().
//
// THREADS: thread-compatible.
#ifndef POLYONYM_SRC_SEGMENT_NUMBER_COLUMN_H_
#define POLYONYM_SRC_SEGMENT_NUMBER_COLUMN_H_

#include <cstddef>
#include <cstdint>

#include "polyonym/segment/bit_sliced.h"
#include "polyonym/segment/expression.h"
#include "polyonym/segment/id_set.h"
#include "segment/datum.h"

namespace polyonym::segment {

class NumberColumn {
 public:
  // REQUIRES: finite.
  void Put(std::uint32_t person, const Number& number);
  void Remove(std::uint32_t person);

  // Of whom Compared(op, theirs, number) is true. `among`: nobody else is asked about.
  IdSet Compare(ExpressionOp op, const Number& number, const IdSet* among) const;

  IdSet Known() const { return IdSet::Or(wholes_.known(), fractions_.known()); }
  const BitSliced& wholes() const { return wholes_; }
  const BitSliced& fractions() const { return fractions_; }  // OrderedKey()s

  void Optimise();
  std::size_t bytes() const { return wholes_.bytes() + fractions_.bytes(); }

 private:
  BitSliced wholes_;
  BitSliced fractions_;
};

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_NUMBER_COLUMN_H_
