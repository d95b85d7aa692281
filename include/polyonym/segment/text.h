// segment/text.h - expressions as people write them.
//
//   absl::StatusOr<Expression> loyal = ParseExpression("count(order within 90 days) >= 3 and not consent ads = \"denied\"");
//   std::string again = WriteExpression(*loyal);
//
// docs/segments.md has the grammar; segment/expression.h what it means.
//
// THREADS: pure functions.
#ifndef POLYONYM_SEGMENT_TEXT_H_
#define POLYONYM_SEGMENT_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "polyonym/segment/expression.h"

namespace polyonym {

// ERRORS: InvalidArgument that names line and column, counted in characters from 1, what was found there and what was expected:
// `2:14: expected a unit of time after 30, such as days; found ")"`. Text that is not UTF-8, or beyond a bound, too.
// COST: linear in the text, which is at most kMaxExpressionBytes; nesting is bounded by kMaxExpressionDepth before it is descended into.
absl::StatusOr<Expression> ParseExpression(std::string_view text);

// In one form: ParseExpression() of it gives the expression back, and writing that again the same text. Parentheses only where they are
// needed; names quoted where they must be.
// REQUIRES: an expression of the shape that expression.h states (CheckExpression() holds it to it).  COST: linear.
std::string WriteExpression(const Expression& expression);

// `2:14` for a byte offset into a text: lines and characters from 1.
std::string PlaceIn(std::string_view text, std::size_t offset);

}  // namespace polyonym

#endif  // POLYONYM_SEGMENT_TEXT_H_
