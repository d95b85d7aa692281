// segment/plan.h - an expression cut into terms, and what lies between them as a plan of operations on sets.
//
// segment/planner.h says what a term is. A comparison between two parts that are no literals is one term as a whole, and so is whatever else has no part
// of its own here.
//
// THREADS: pure functions.
#ifndef POLYONYM_SRC_SEGMENT_PLAN_H_
#define POLYONYM_SRC_SEGMENT_PLAN_H_

#include <re2/re2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "polyonym/model/facts.h"
#include "polyonym/segment/expression.h"
#include "segment/datum.h"

namespace polyonym::segment {

struct PlanNode {
  enum class Kind : std::uint8_t {
    kNot,      // of one
    kAnd,      // of 2 or more
    kOr,       // of 2 or more
    kIsKnown,  // whether one is true or false
    kSegment,
    // Of a column.
    kIsTrue,
    kHasValue,
    kCompared,
    kAmong,
    kHolds,
    kMatches,
  };
  Kind kind = Kind::kIsTrue;
  std::size_t of = 0;                        // kSegment: its number; of a column: of its term
  ExpressionOp op = ExpressionOp::kLiteral;  // kCompared, kHolds
  // kCompared, kAmong, kHolds. A duration is a whole number of ms, which is told apart by `is_duration`.
  Value literal;
  bool is_duration = false;
  std::shared_ptr<const re2::RE2> pattern;  // kMatches
  std::vector<PlanNode> args;               // of kAnd and kOr the cheap ones first
  std::size_t cost = 0;                     // a guess, to put them in order by

  Datum Literal() const;
};

// Up to this cost a node lends a set that is there, and makes none.
inline constexpr std::size_t kLentCost = 1;

enum class TermUse : std::uint8_t { kAsFlag, kAsValue };

// The number of a term that is used so; kNoTerm: there is none.
inline constexpr std::size_t kNoTerm = static_cast<std::size_t>(-1);
using TermNumber = absl::FunctionRef<std::size_t(const Expression& term, TermUse use)>;
using SegmentNumber = absl::FunctionRef<std::size_t(std::string_view name)>;

// `missing`: the first term that there is none of, if any; then the plan means nothing.
// REQUIRES: CheckExpression() takes it as a flag.  COST: linear; patterns are compiled.
PlanNode PlanOf(const Expression& flag, TermNumber term_number, SegmentNumber segment_number,
                const Expression** missing);

// What of terms is equal: its text, and the zone where it matters.  COST: linear.
std::string KeyOf(const Expression& term, std::string_view time_zone);

// Whether days, weeks, months or clocks say something in it.
bool NeedsZone(const Expression& expression);

// All parts of an expression, itself the first; those of equal ones in the same order.  COST: linear, without recursion.
std::vector<const Expression*> AllPartsOf(const Expression& expression);

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_PLAN_H_
