#include "segment/expression_types.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "segment/forms.h"

namespace polyonym::segment {
namespace {

// Of one type and another.
Types ResultOfOne(ExpressionOp op, Types x, Types y) {
  const bool same = x == y && (x == kNumber || x == kDuration || x == kMoney);
  switch (op) {
    case ExpressionOp::kAdd:
      return same || (x == kInstant && y == kDuration) ? x : 0;
    case ExpressionOp::kSubtract:
      if (x == kInstant && y == kInstant) return kDuration;
      return same || (x == kInstant && y == kDuration) ? x : 0;
    case ExpressionOp::kMultiply:
      return y == kNumber && (x == kNumber || x == kDuration || x == kMoney) ? x : 0;
    case ExpressionOp::kDivide:
      if (y == kNumber && (x == kNumber || x == kDuration)) return x;
      return x == kDuration && y == kDuration ? kNumber : 0;
    default:
      return 0;
  }
}

}  // namespace

ExpressionType FirstOf(Types types) {
  std::size_t type = 0;
  while (type + 1 < kTypeCount && (types & (1u << type)) == 0) ++type;
  return static_cast<ExpressionType>(type);
}

std::string Say(Types types) {
  if (types == kAll || types == kStored) return "any type";
  std::string said;
  while (types != 0) {
    const Types first = Just(FirstOf(types));
    types &= ~first;
    if (!said.empty()) said += types == 0 ? " or " : ", ";
    said += ToString(FirstOf(first));
  }
  return said;
}

Types TypeOf(ValueType type) {
  switch (type) {
    case ValueType::kText:
      return kText;
    case ValueType::kNumber:
    case ValueType::kWhole:
      return kNumber;
    case ValueType::kFlag:
      return kFlag;
    case ValueType::kInstant:
      return kInstant;
    case ValueType::kDate:
      return kDate;
    case ValueType::kMoney:
      return kMoney;
    case ValueType::kList:
      return kList;
    case ValueType::kNone:
      break;
  }
  return 0;
}

Typed TypeOf(const TraitDefinition& trait) {
  switch (trait.fold) {
    case Fold::kCount:
    case Fold::kDistinct:
    case Fold::kDecayedSum:
      return {kNumber};
    case Fold::kUnion:
    case Fold::kTopN:  // of lists their elements, of which nothing is defined
      return {kList, trait.type == ValueType::kList ? kStored : TypeOf(trait.type)};
    default:
      return {TypeOf(trait.type)};
  }
}

Types TypeOf(ScoreField field) {
  switch (field) {
    case ScoreField::kState:
      return kText;
    case ScoreField::kExpectedValue:
    case ScoreField::kTotal:
      return kMoney;
    case ScoreField::kDue:
      return kInstant;
    default:
      return kNumber;
  }
}

std::optional<ScoreField> ScoreFieldOf(std::string_view name) {
  for (int field = 0; field <= static_cast<int>(kLastScoreField); ++field) {
    if (ToString(static_cast<ScoreField>(field)) == name) return static_cast<ScoreField>(field);
  }
  return std::nullopt;
}

Types ResultOf(ExpressionOp op, Types x, Types y) {
  Types result = 0;
  for (std::size_t i = 0; i < kTypeCount; ++i) {
    for (std::size_t j = 0; j < kTypeCount; ++j) {
      const Types one = 1u << i, other = 1u << j;
      if ((x & one) != 0 && (y & other) != 0) result |= ResultOfOne(op, one, other);
    }
  }
  return result;
}

const char* RuleOfArithmetic(ExpressionOp op) {
  switch (op) {
    case ExpressionOp::kAdd:
      return "adds two numbers, durations or amounts of money, or a duration to an instant";
    case ExpressionOp::kSubtract:
      return "takes a number, a duration or money from one of its type, or an instant or a "
             "duration from an instant";
    case ExpressionOp::kMultiply:
      return "takes a number, a duration or money on the left, and a number on the right";
    default:
      return "divides a number or a duration by a number, or a duration by a duration";
  }
}

}  // namespace polyonym::segment
