// segment/operator_shapes.h - the shape of each operator: how many arguments it has and of which
// types, what it gives, and which other parts of an Expression say something of it.
//
// One table, so that a new operator is one row, and what a row does not say an expression may not
// have.
//
// THREADS: pure functions.
#ifndef POLYONYM_SRC_SEGMENT_OPERATOR_SHAPES_H_
#define POLYONYM_SRC_SEGMENT_OPERATOR_SHAPES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "polyonym/segment/expression.h"
#include "segment/expression_types.h"

namespace polyonym::segment {

// What Expression::name is.
enum class Named : std::uint8_t {
  kNothing,  // there is none
  kFree,     // a name of the facts, which nothing defines
  kPattern,
  kNamespace,
  kTrait,
  kTag,
  kClass,
  kTopic,
  kPurpose,
  kLadder,
  kPurchases,
  kChannels,
  kSegment,
};

// What Expression::field is.
enum class Fielded : std::uint8_t { kNothing, kLayer, kScore, kChannel, kIdentifier };

// What of events it has.
enum class Reads : std::uint8_t {
  kNothing,
  kQuery,     // one of `events`
  kSequence,  // one of `sequence`
  kFunnel,    // one of `sequence`
  kEvent,     // the event at hand
};

// Of `max_args`: as many as an expression can have.
inline constexpr std::size_t kMany = kMaxExpressionNodes;
// Of `gives`: what it gives hangs on what it is given.
inline constexpr Types kComputed = 0;

struct OperatorShape {
  const char* name;  // in paths, such as `and[1].count.where`
  std::size_t min_args = 0;
  std::size_t max_args = 0;
  Types takes = 0;  // of each argument
  Types gives = kComputed;
  Named named = Named::kNothing;
  Fielded fielded = Fielded::kNothing;
  Reads reads = Reads::kNothing;
};

// Null for a number that no operator has.  COST: constant.
const OperatorShape* ShapeOf(ExpressionOp op);

// The operator as people write it, in backquotes: `days to anniversary of`.
// REQUIRES: ShapeOf() knows it.
std::string Words(ExpressionOp op);

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_OPERATOR_SHAPES_H_
