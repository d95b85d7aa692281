// segment/bit_sliced.h - one whole number a person, cut into a set of people for each bit.
//
// Use it where a number is compared, summed or ranked over many people at a time: a comparison is one operation of sets a bit, whatever
// it is compared with. Getting or putting the number of one person touches every bit: where that is all there is, keep an array
// (O'Neil and Quass 1997, "Improved query performance with variant indexes").
//
//   BitSliced spent = BitSliced::Build(minor_units_of_people);
//   IdSet rich = spent.Compare(ExpressionOp::kGreaterEqual, 100'000);
//   absl::int128 sum = spent.Sum(IdSet::And(rich, women));
//   IdSet best = spent.Top(100, rich);
//
// Two's complement: slice k is bit k, and who has a negative number is a set beside them. There are as many slices as the widest number
// wants, and more once a wider one comes; fewer only by Build().
// Memory: about a bit a slice and person where everybody has a number.
//
// THREADS: thread-compatible; const functions may be called from many threads at a time.
// Invariants: (I1) every slice is a part of known(), and so is negative(). (I2) every number is in [-2^s, 2^s) where there are s slices,
// and s <= 63. (I3) what was moved from is empty, and may be used again.
#ifndef POLYONYM_SEGMENT_BIT_SLICED_H_
#define POLYONYM_SEGMENT_BIT_SLICED_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "polyonym/segment/expression.h"
#include "polyonym/segment/id_set.h"

namespace polyonym {

// A whole number for a fraction, so that they are ordered alike: a < b exactly where OrderedKey(a) < OrderedKey(b). -0 is 0; infinities
// are below and above all. It makes no sense to sum keys. They want 63 slices, many of them empty where fractions are round: where
// they have a fixed number of decimals, keep whole numbers instead.
// REQUIRES: no NaN.
std::int64_t OrderedKey(double number);
// The fraction again.  REQUIRES: OrderedKey() gave the key.
double FromOrderedKey(std::int64_t key);

class BitSliced {
 public:
  using Entry = std::pair<std::uint32_t, std::int64_t>;  // id, number

  BitSliced() = default;

  // All of `entries`, in any order; of those with one id the last counts.  COST: sorts them where ids do not ascend; some nanoseconds an
  // entry and bit, and for the time being 4 bytes an entry, or 24 where they are sorted.
  static BitSliced Build(std::span<const Entry> entries);
  // What known(), negative() and slices() were: of a store, and not trusted.
  // ERRORS: DataLoss where one of them is no part of `known`, or there are more than 63 slices.
  static absl::StatusOr<BitSliced> FromSlices(IdSet known, IdSet negative,
                                              std::vector<IdSet> slices);

  // ---- one person.  COST: some tens of nanoseconds a slice ----

  void Put(std::uint32_t id, std::int64_t number);  // replaces
  bool Remove(std::uint32_t id);                    // whether there was one
  std::optional<std::int64_t> Get(std::uint32_t id) const;

  // ---- many ----

  // Who has a number.
  const IdSet& known() const { return known_; }

  // Who has a number that is `op` `literal`; of `among` alone, where it is given.
  // REQUIRES: `op` is one of kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual; of any other nobody is.
  // COST: an operation of sets a slice; two smaller ones where `among` is small.
  IdSet Compare(ExpressionOp op, std::int64_t literal, const IdSet* among = nullptr) const;
  // low <= number <= high.
  IdSet Between(std::int64_t low, std::int64_t high, const IdSet* among = nullptr) const;

  // Over those of `among` who have a number; of nobody 0.  COST: a count a slice.
  absl::int128 Sum(const IdSet& among) const;
  // None: nobody of `among` has a number.  COST: up to an operation of sets a slice.
  std::optional<std::int64_t> Min(const IdSet& among) const;
  std::optional<std::int64_t> Max(const IdSet& among) const;
  // The `n` of the greatest, or least, number; of equal ones those of the lower id. All who have a number where they are not as many.
  // COST: up to two operations of sets a slice.
  IdSet Top(std::uint64_t n, const IdSet& among) const;
  IdSet Bottom(std::uint64_t n, const IdSet& among) const;

  // ---- how it is kept ----

  const IdSet& negative() const { return negative_; }
  std::span<const IdSet> slices() const { return slices_; }  // from the lowest bit up
  void Optimise();                                           // as IdSet's
  std::size_t bytes() const;

 private:
  enum class End : bool { kLeast, kGreatest };

  void Widen(std::size_t slices);
  IdSet KnownOf(const IdSet* among) const;
  IdSet EqualTo(std::int64_t literal, const IdSet* among) const;
  IdSet Above(std::int64_t literal, const IdSet* among) const;
  IdSet AboveOfAll(std::int64_t literal) const;
  IdSet AboveOfFew(std::int64_t literal, IdSet undecided) const;
  std::optional<std::int64_t> Extreme(End end, const IdSet& among) const;
  IdSet Outermost(End end, std::uint64_t n, const IdSet& among) const;

  IdSet known_;
  IdSet negative_;
  std::vector<IdSet> slices_;
};

}  // namespace polyonym

#endif  // POLYONYM_SEGMENT_BIT_SLICED_H_
