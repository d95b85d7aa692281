#include "segment/outcomes.h"

#include <optional>

namespace polyonym::segment {

Outcomes Of(std::optional<bool> outcome) {
  if (!outcome) return kUnknown;
  return *outcome ? kTrue : kFalse;
}

Outcomes Not(Outcomes x) {
  return static_cast<Outcomes>((x & kUnknown) | ((x & kTrue) != 0 ? kFalse : 0) |
                               ((x & kFalse) != 0 ? kTrue : 0));
}

Outcomes And(Outcomes x, Outcomes y) {
  if (x == 0 || y == 0) return 0;
  const bool unknown =
      ((x & kUnknown) != 0 && (y & ~kFalse) != 0) || ((y & kUnknown) != 0 && (x & ~kFalse) != 0);
  return static_cast<Outcomes>((x & y & kTrue) | ((x | y) & kFalse) | (unknown ? kUnknown : 0));
}

Outcomes Or(Outcomes x, Outcomes y) { return Not(And(Not(x), Not(y))); }

Outcomes Join(ExpressionOp op, Outcomes x, Outcomes y) {
  return op == ExpressionOp::kAnd ? And(x, y) : Or(x, y);
}

Outcomes Where(Outcomes x, Outcomes y) { return x == 0 ? Outcomes{0} : y; }

}  // namespace polyonym::segment
