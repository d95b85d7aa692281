// segment/check.h - whether an expression has a meaning: its shape, its types, the names that it uses.
//
// THREADS: pure functions.
#ifndef POLYONYM_SEGMENT_CHECK_H_
#define POLYONYM_SEGMENT_CHECK_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "polyonym/model/definitions.h"
#include "polyonym/segment/expression.h"

namespace polyonym {

// The type of an expression about a person, typed all the way down. A trait has the type that it is defined with, after its fold: count and
// distinct a number, union and top-n a list, and so on (docs/profiles.md). A trait or tag that is not defined is an error, also
// where undefined ones are shown: it could be of any type, and a slip of the pen would match nobody for ever.
// `is_segment`: whether a segment of that name exists; kInSegment of another is an error.
// ERRORS: InvalidArgument: first the place, `line:column` of `text` where the expression has places, else a path such as `and[1].count.where`,
// then what was found and what was expected. A bound of expression.h passed; a shape that no operator has; types that do not fit; a name that is
// not defined; a pattern that RE2 does not take (its program is bounded to 1 MiB); a number out of range; arguments in a scope that has them not (the event
// at hand outside of an event).
// COST: linear; patterns are compiled once.
absl::StatusOr<ExpressionType> CheckExpression(
    const Expression& expression, const Definitions& definitions,
    const std::function<bool(std::string_view)>& is_segment, std::string_view text = {});

// Names of the segments that an expression asks for by kInSegment, sorted, each once.
std::vector<std::string> SegmentsIn(const Expression& expression);

// What of a profile an expression reads; bits of SegmentInput.
enum SegmentInput : std::uint32_t {
  kInputIdentifiers = 1u << 0,
  kInputTraits = 1u << 1,
  kInputTags = 1u << 2,
  kInputEvents = 1u << 3,
  kInputConsents = 1u << 4,
  kInputLadders = 1u << 5,
  kInputScores = 1u << 6,
  kInputRelations = 1u << 7,
  kInputSegments = 1u << 8,
  kInputAnchor = 1u << 9,
  // Its answer can change as time goes by: windows, decay, validity, now, the calendar.
  kInputClock = 1u << 10,
};
std::uint32_t InputsOf(const Expression& expression, const Definitions& definitions);

// Something about a definition that its author should know.
struct LintFinding {
  enum class Kind : std::uint8_t {
    kNeverTrue,   // a contradiction: no person can be a member
    kAlwaysTrue,  // everybody is
    kNoEffect,    // a part that changes nothing: `x and x`, `x or (x and y)`, not not x
    kUnknownToo,  // `not` over something that may be unknown leaves out people of whom nothing is known; add `or x is unknown` if they are meant
    kExpensive,   // reads all events without a window, sequences without a bound; says the cost
  };
  Kind kind = Kind::kNoEffect;
  std::string place;  // as in errors of CheckExpression()
  std::string what;   // for people
};
std::string_view ToString(LintFinding::Kind kind);  // `never_true`, ...

// REQUIRES: CheckExpression() takes it.  kNeverTrue and kAlwaysTrue are right where they are said, and not said of all that they are true of: they come from
// constants, from intervals of one operand compared with literals (`n > 5 and n < 3`), from sets (`=`, `in`) and from complements (`x and not x`, three-valued:
// `x or not x` is not always true where x may be unknown).  COST: quadratic in the parts of one `and` or `or`, at most 1,024 of them.
std::vector<LintFinding> LintExpression(const Expression& expression,
                                        const Definitions& definitions, std::string_view text = {});

}  // namespace polyonym

#endif  // POLYONYM_SEGMENT_CHECK_H_
