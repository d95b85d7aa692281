// segment/planner.h - who is in a segment: everybody at once, over bitmaps.
//
// It is the second of two executors of one meaning (segment/expression.h): the evaluator (segment/evaluate.h) takes a person at a time, all segments; this
// one takes a segment at a time, all people, and says of each of them what the evaluator would.
//
//   auto planner = SegmentPlanner::Make(definitions);
//   for (...) {
//     SegmentSubject person(*definitions, rows, identifiers, anchor, now_ms);
//     (*planner)->Put(number, &person);
//   }
//   IdSet loyal = (*planner)->Evaluate((*planner)->segments().Find("loyal")).members;
//   std::uint64_t women = *(*planner)->Count("in segment loyal and trait sex = \"f\"");
//
// An expression is cut into *terms*: the largest parts of it that are neither logic (`and`, `or`, `not`, `is known`), nor a comparison of something with
// literals, nor `in segment`. Terms that say the same are one, whatever segments they are in (where it matters, in the same time zone). Each has a *column*:
// what it came to for every person, as sets of people by value, or bit by bit. What lies between terms is then operations on sets.
//
//   term                                            its column
//   `has phone` `tag a` `did(order)` `trait n > m`  people of whom it is true, people of whom it is unknown
//   numbers, instants, spans before a literal       bit-sliced; fractions by a whole number that is ordered as they are
//   money before a literal                          bit-sliced, by currency
//   text, dates before a literal                    the people of each value; a comparison is decided once a value
//   lists before `contains`, `matches`              the people of each element
//
// Columns are as of the moment at which somebody was put. What time changes by itself shows when they are put again: see DueOf().
//
// Memory: a bit a person for each flag that is neither rare nor common, some bits for each number: its width.
// THREADS: thread-compatible; const functions may be called from many threads at a time.
// Invariant: (I1) of everybody who was put the verdicts are those of CompiledSegments::Evaluate() with the subject that was given.
#ifndef POLYONYM_SEGMENT_PLANNER_H_
#define POLYONYM_SEGMENT_PLANNER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "polyonym/model/definitions.h"
#include "polyonym/segment/evaluate.h"
#include "polyonym/segment/expression.h"
#include "polyonym/segment/id_set.h"

namespace polyonym {

class SegmentPlanner {
 public:
  // ERRORS: InvalidArgument, as CompiledSegments::Compile().  COST: as Compile(), twice.
  static absl::StatusOr<std::unique_ptr<SegmentPlanner>> Make(
      std::shared_ptr<const Definitions> definitions);
  ~SegmentPlanner();
  SegmentPlanner(const SegmentPlanner&) = delete;
  SegmentPlanner& operator=(const SegmentPlanner&) = delete;

  // ---- People ----

  // Puts somebody into the columns, in place of what was there of them. REQUIRES: the subject is of the planner's definitions.
  // COST: evaluates each term once, and touches each bit of its number.
  void Put(std::uint32_t person, SegmentSubject* subject);
  // Nothing where they are not there.
  void Remove(std::uint32_t person);

  // Everybody who was put.
  const IdSet& people() const;

  // ---- Segments ----

  const CompiledSegments& segments() const;

  struct Verdicts {
    IdSet members;
    IdSet unknown;  // of whom it cannot be said; members of nothing
  };
  // `segment`: its number in segments(). Segments that it asks for are evaluated first, each once a call.
  // COST: an operation of sets for each part; for numbers one a bit; for text and `contains` one a different value that matches, and where it is no
  // equality a comparison for each value that there is. The cheap parts of an `and` go first, and once nobody is left the others are not looked at.
  Verdicts Evaluate(std::size_t segment) const;
  // Without those of whom it is unknown: about half the work.
  IdSet Members(std::size_t segment) const;
  // How many Members() has; the last set is counted and not made.
  std::uint64_t Count(std::size_t segment) const;

  // ---- Other expressions over the same terms ----

  // `expression`: a flag, which may ask for segments, in `time_zone`; empty: UTC.
  // ERRORS: InvalidArgument, as ParseExpression(), CheckExpression(), and of a time zone; of another type. FailedPrecondition, which names the
  // first of its terms that no segment has, so that no column is kept of it.
  absl::StatusOr<Verdicts> Evaluate(std::string_view expression,
                                    std::string_view time_zone = {}) const;
  absl::StatusOr<Verdicts> Evaluate(const Expression& expression,
                                    std::string_view time_zone = {}) const;
  absl::StatusOr<std::uint64_t> Count(std::string_view expression,
                                      std::string_view time_zone = {}) const;

  // ---- Numbers ----

  // `number`: a term of a number, an instant or a span (in milliseconds), or money (in minor units), which a segment compares with a literal:
  // `sum(value of order)`.
  // ERRORS of both: as Evaluate().

  // The `count` people of `among` of whom it is greatest, these first; of equal ones the lower number first. Not those of whom it is
  // unknown, and with money those who have several currencies: as with CompiledNumber::Evaluate().
  // COST: some operations of sets a bit, and O(n log n) of the result.
  absl::StatusOr<std::vector<std::uint32_t>> Top(std::size_t count, std::string_view number,
                                                 const IdSet& among,
                                                 std::string_view time_zone = {}) const;

  // Of those of `among` of whom it is known.
  struct Total {
    absl::int128 whole = 0;     // of whole numbers and of spans
    double fractions = 0;       // of all other numbers, in the order of people
    std::uint64_t numbers = 0;  // people who have one or the other
    // Minor units, by currency. Somebody may have several.
    std::vector<std::pair<std::string, absl::int128>> money;
  };
  // COST: a count of sets a bit; where there are fractions a look-up for each.  ERRORS: an instant, which has no sum, is InvalidArgument too.
  absl::StatusOr<Total> Sum(std::string_view number, const IdSet& among,
                            std::string_view time_zone = {}) const;

  // ---- Upkeep ----

  // Until when what was put of somebody is right for all segments: the least CompiledSegments::NextChange() of them. Who is put again by then, and when
  // their facts change, is always in the segments that the evaluator has them in. Other expressions over the same terms are as of the time of Put(): a
  // term may change earlier than the segments that it is in.
  // COST: as NextChange() of each segment.
  std::int64_t DueOf(SegmentSubject* subject) const;

  // Keeps sets in the least memory. Worth its while once many were put.  COST: the bytes.
  void Optimise();
  std::size_t bytes() const;  // of columns, about
  std::size_t terms() const;

 private:
  class Impl;
  explicit SegmentPlanner(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace polyonym

#endif  // POLYONYM_SEGMENT_PLANNER_H_
