// segment/expression_types.h - of which types an expression may be: a set, since what a property of
// an event is shows only where it is read. Two may be compared where their sets meet.
//
// THREADS: pure functions.  COST: constant; of a score field's name a few comparisons.
#ifndef POLYONYM_SRC_SEGMENT_EXPRESSION_TYPES_H_
#define POLYONYM_SRC_SEGMENT_EXPRESSION_TYPES_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "polyonym/model/definitions.h"
#include "polyonym/model/facts.h"
#include "polyonym/segment/expression.h"

namespace polyonym::segment {

// A set of ExpressionType: bit i is the type numbered i. Empty: of no type.
using Types = unsigned;

constexpr Types Just(ExpressionType type) { return 1u << static_cast<unsigned>(type); }

inline constexpr Types kFlag = Just(ExpressionType::kFlag);
inline constexpr Types kNumber = Just(ExpressionType::kNumber);
inline constexpr Types kText = Just(ExpressionType::kText);
inline constexpr Types kInstant = Just(ExpressionType::kInstant);
inline constexpr Types kDuration = Just(ExpressionType::kDuration);
inline constexpr Types kDate = Just(ExpressionType::kDate);
inline constexpr Types kMoney = Just(ExpressionType::kMoney);
inline constexpr Types kList = Just(ExpressionType::kList);
// What a value of the facts may be.
inline constexpr Types kStored = kFlag | kNumber | kText | kInstant | kDate | kMoney | kList;
inline constexpr Types kAll = kStored | kDuration;
inline constexpr Types kOrdered = kNumber | kText | kInstant | kDuration | kDate | kMoney;
inline constexpr Types kDay = kInstant | kDate;

inline constexpr std::size_t kTypeCount = static_cast<std::size_t>(ExpressionType::kList) + 1;

struct Typed {
  Types types = 0;
  Types elements = kStored;  // of lists, where the definitions say what they are of
};

// The first in the order of ExpressionType.
// REQUIRES: a set that is not empty.
ExpressionType FirstOf(Types types);

// For errors: `number, money or duration`; `any type`.
std::string Say(Types types);

// Empty of kNone.
Types TypeOf(ValueType type);
// After its fold, as docs/profiles.md has the folds.
Typed TypeOf(const TraitDefinition& trait);
Types TypeOf(ScoreField field);

// None: no score has a field of that name.
std::optional<ScoreField> ScoreFieldOf(std::string_view name);

// What arithmetic, kAdd to kDivide, makes of any of x with any of y. Empty: there is none.
Types ResultOf(ExpressionOp op, Types x, Types y);

// For errors: what arithmetic takes, as the predicate of a sentence about `op`.
const char* RuleOfArithmetic(ExpressionOp op);

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_EXPRESSION_TYPES_H_
