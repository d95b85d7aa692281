// segment/lint_reader.h - reads each part of an expression as a region: with which outcome it
// answers each value of its one operand.
//
// `n > 5`, `n in (1, 2)`, `not n = 3` and joins of them are about n, and are combined value by
// value. A part about more than one operand is its own operand, a flag of which no more is known
// than what it may come to.
//
// THREADS: thread-compatible.
#ifndef POLYONYM_SRC_SEGMENT_LINT_READER_H_
#define POLYONYM_SRC_SEGMENT_LINT_READER_H_

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "polyonym/model/definitions.h"
#include "polyonym/segment/expression.h"
#include "segment/outcomes.h"
#include "segment/regions.h"

namespace polyonym::segment {

// Parts of an `and` or `or` that are compared with each other: the others are taken as if they
// could be anything.
inline constexpr std::size_t kMaxPartsCompared = 1024;

inline bool IsJoin(ExpressionOp op) { return op == ExpressionOp::kAnd || op == ExpressionOp::kOr; }

// The parts of `and` in `and`, `or` in `or` stand on one level.  REQUIRES: IsJoin(at.op).  COST:
// linear in them.
std::vector<const Expression*> PartsOf(const Expression& at);

// What a region is about.
struct RegionKey {
  const Expression* operand = nullptr;
  // Values among which there is one order: `number`, `money CNY`. Empty: of `is known`, which looks
  // at no value.
  std::string section;
  // The operand's values are all of the section, so that it is unknown just where it is not known.
  bool is_whole = false;
};

// Whether two regions are about the same, so that they may be combined.  COST: linear in the
// operands.
bool IsSame(const RegionKey& a, const RegionKey& b);

struct Reading {
  RegionKey key;
  Region region;
  Outcomes outcomes() const { return region.outcomes(); }
};

class LintReader {
 public:
  // Both the definitions and the expressions that are read outlive it.
  explicit LintReader(const Definitions& definitions) : definitions_(definitions) {}

  // Of a flag, in an expression that CheckExpression() takes. Good for as long as the reader.
  // COST: once for each part.
  const Reading& Read(const Expression& at);

  // Parts of one `and` or `or`, those about the same operand put together.
  struct Group {
    Reading reading;
    std::vector<const Expression*> parts;
  };
  // Of the first kMaxPartsCompared of `parts`, in their order.  `op`: kAnd or kOr.  COST: quadratic
  // in them.
  std::vector<Group> GroupsOf(ExpressionOp op, const std::vector<const Expression*>& parts);

 private:
  Reading ReadAnew(const Expression& at);
  Reading ReadJoin(const Expression& at);
  Reading ReadIsKnown(const Expression& at);
  Reading ReadComparison(const Expression& at);
  Reading ReadIn(const Expression& at);

  // `region` where its operand may be.
  Region InRange(const RegionKey& key, Region region);
  // Of a flag what it may be, of other operands their range.
  Region RangeOfAny(const Expression& x);
  // No event can be one of it.
  bool IsEmpty(const EventQuery& query);

  const Definitions& definitions_;
  std::unordered_map<const Expression*, Reading> readings_;
};

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_LINT_READER_H_
