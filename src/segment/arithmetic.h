// segment/arithmetic.h - sums, differences, products and quotients of what parts of expressions come to.
#ifndef POLYONYM_SRC_SEGMENT_ARITHMETIC_H_
#define POLYONYM_SRC_SEGMENT_ARITHMETIC_H_

#include "polyonym/segment/expression.h"
#include "segment/datum.h"

namespace polyonym::segment {

// `op`: kAdd to kDivide. Unknown where the types do not go together (expression.h says which do), of division by zero and of what is beyond
// 64 bits or not finite. Money of several currencies is added and subtracted currency by currency: those that both sides have.
// A product or quotient with a fraction is of doubles, rounded once.  THREADS: pure.
Datum Calculated(ExpressionOp op, const Datum& a, const Datum& b);

Datum Negated(const Datum& x);

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_ARITHMETIC_H_
