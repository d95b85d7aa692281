#include "codec/segment_op.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace polyonym::codec {

// Without a default, so that the compiler asks for an operator that is new.
v1::Expression::Op ToProto(ExpressionOp op) {
  switch (op) {
    case ExpressionOp::kLiteral:
      return v1::Expression::OP_LITERAL;
    case ExpressionOp::kDuration:
      return v1::Expression::OP_DURATION;
    case ExpressionOp::kNow:
      return v1::Expression::OP_NOW;
    case ExpressionOp::kNot:
      return v1::Expression::OP_NOT;
    case ExpressionOp::kAnd:
      return v1::Expression::OP_AND;
    case ExpressionOp::kOr:
      return v1::Expression::OP_OR;
    case ExpressionOp::kIsKnown:
      return v1::Expression::OP_IS_KNOWN;
    case ExpressionOp::kEqual:
      return v1::Expression::OP_EQUAL;
    case ExpressionOp::kNotEqual:
      return v1::Expression::OP_NOT_EQUAL;
    case ExpressionOp::kLess:
      return v1::Expression::OP_LESS;
    case ExpressionOp::kLessEqual:
      return v1::Expression::OP_LESS_EQUAL;
    case ExpressionOp::kGreater:
      return v1::Expression::OP_GREATER;
    case ExpressionOp::kGreaterEqual:
      return v1::Expression::OP_GREATER_EQUAL;
    case ExpressionOp::kIn:
      return v1::Expression::OP_IN;
    case ExpressionOp::kContains:
      return v1::Expression::OP_CONTAINS;
    case ExpressionOp::kStartsWith:
      return v1::Expression::OP_STARTS_WITH;
    case ExpressionOp::kEndsWith:
      return v1::Expression::OP_ENDS_WITH;
    case ExpressionOp::kMatches:
      return v1::Expression::OP_MATCHES;
    case ExpressionOp::kAdd:
      return v1::Expression::OP_ADD;
    case ExpressionOp::kSubtract:
      return v1::Expression::OP_SUBTRACT;
    case ExpressionOp::kMultiply:
      return v1::Expression::OP_MULTIPLY;
    case ExpressionOp::kDivide:
      return v1::Expression::OP_DIVIDE;
    case ExpressionOp::kNegate:
      return v1::Expression::OP_NEGATE;
    case ExpressionOp::kDaysSince:
      return v1::Expression::OP_DAYS_SINCE;
    case ExpressionOp::kYearsSince:
      return v1::Expression::OP_YEARS_SINCE;
    case ExpressionOp::kDaysToAnniversary:
      return v1::Expression::OP_DAYS_TO_ANNIVERSARY;
    case ExpressionOp::kYearOf:
      return v1::Expression::OP_YEAR_OF;
    case ExpressionOp::kMonthOf:
      return v1::Expression::OP_MONTH_OF;
    case ExpressionOp::kDayOf:
      return v1::Expression::OP_DAY_OF;
    case ExpressionOp::kWeekdayOf:
      return v1::Expression::OP_WEEKDAY_OF;
    case ExpressionOp::kHourOf:
      return v1::Expression::OP_HOUR_OF;
    case ExpressionOp::kAnniversaryIn:
      return v1::Expression::OP_ANNIVERSARY_IN;
    case ExpressionOp::kHas:
      return v1::Expression::OP_HAS;
    case ExpressionOp::kIdentifiers:
      return v1::Expression::OP_IDENTIFIERS;
    case ExpressionOp::kSize:
      return v1::Expression::OP_SIZE;
    case ExpressionOp::kTrait:
      return v1::Expression::OP_TRAIT;
    case ExpressionOp::kTag:
      return v1::Expression::OP_TAG;
    case ExpressionOp::kTagScore:
      return v1::Expression::OP_TAG_SCORE;
    case ExpressionOp::kTagCount:
      return v1::Expression::OP_TAG_COUNT;
    case ExpressionOp::kTagFirst:
      return v1::Expression::OP_TAG_FIRST;
    case ExpressionOp::kTagLast:
      return v1::Expression::OP_TAG_LAST;
    case ExpressionOp::kTagPlace:
      return v1::Expression::OP_TAG_PLACE;
    case ExpressionOp::kTagLayer:
      return v1::Expression::OP_TAG_LAYER;
    case ExpressionOp::kTagsOfClass:
      return v1::Expression::OP_TAGS_OF_CLASS;
    case ExpressionOp::kTagsOfTopic:
      return v1::Expression::OP_TAGS_OF_TOPIC;
    case ExpressionOp::kConsent:
      return v1::Expression::OP_CONSENT;
    case ExpressionOp::kConsentConflict:
      return v1::Expression::OP_CONSENT_CONFLICT;
    case ExpressionOp::kStage:
      return v1::Expression::OP_STAGE;
    case ExpressionOp::kHighestStage:
      return v1::Expression::OP_HIGHEST_STAGE;
    case ExpressionOp::kStageEntered:
      return v1::Expression::OP_STAGE_ENTERED;
    case ExpressionOp::kScore:
      return v1::Expression::OP_SCORE;
    case ExpressionOp::kChannelShare:
      return v1::Expression::OP_CHANNEL_SHARE;
    case ExpressionOp::kTopChannel:
      return v1::Expression::OP_TOP_CHANNEL;
    case ExpressionOp::kCompleteness:
      return v1::Expression::OP_COMPLETENESS;
    case ExpressionOp::kRelations:
      return v1::Expression::OP_RELATIONS;
    case ExpressionOp::kRelatedTo:
      return v1::Expression::OP_RELATED_TO;
    case ExpressionOp::kInSegment:
      return v1::Expression::OP_IN_SEGMENT;
    case ExpressionOp::kBucket:
      return v1::Expression::OP_BUCKET;
    case ExpressionOp::kDid:
      return v1::Expression::OP_DID;
    case ExpressionOp::kCount:
      return v1::Expression::OP_COUNT;
    case ExpressionOp::kSum:
      return v1::Expression::OP_SUM;
    case ExpressionOp::kAverage:
      return v1::Expression::OP_AVERAGE;
    case ExpressionOp::kMin:
      return v1::Expression::OP_MIN;
    case ExpressionOp::kMax:
      return v1::Expression::OP_MAX;
    case ExpressionOp::kFirst:
      return v1::Expression::OP_FIRST;
    case ExpressionOp::kLast:
      return v1::Expression::OP_LAST;
    case ExpressionOp::kDistinct:
      return v1::Expression::OP_DISTINCT;
    case ExpressionOp::kSequence:
      return v1::Expression::OP_SEQUENCE;
    case ExpressionOp::kSequences:
      return v1::Expression::OP_SEQUENCES;
    case ExpressionOp::kFunnel:
      return v1::Expression::OP_FUNNEL;
    case ExpressionOp::kEventTime:
      return v1::Expression::OP_EVENT_TIME;
    case ExpressionOp::kEventType:
      return v1::Expression::OP_EVENT_TYPE;
    case ExpressionOp::kEventValue:
      return v1::Expression::OP_EVENT_VALUE;
    case ExpressionOp::kEventPlace:
      return v1::Expression::OP_EVENT_PLACE;
    case ExpressionOp::kEventChannel:
      return v1::Expression::OP_EVENT_CHANNEL;
    case ExpressionOp::kEventCampaign:
      return v1::Expression::OP_EVENT_CAMPAIGN;
    case ExpressionOp::kEventDirection:
      return v1::Expression::OP_EVENT_DIRECTION;
    case ExpressionOp::kEventMode:
      return v1::Expression::OP_EVENT_MODE;
    case ExpressionOp::kEventVisibility:
      return v1::Expression::OP_EVENT_VISIBILITY;
    case ExpressionOp::kEventProperty:
      return v1::Expression::OP_EVENT_PROPERTY;
    case ExpressionOp::kNear:
      return v1::Expression::OP_NEAR;
  }
  return v1::Expression::OP_LITERAL;  // of no operator
}

std::optional<ExpressionOp> FromProto(v1::Expression::Op op) {
  constexpr std::size_t kOps = static_cast<std::size_t>(ExpressionOp::kNear) + 1;
  using Table = std::array<std::optional<ExpressionOp>, v1::Expression::Op_ARRAYSIZE>;
  static const Table kTable = [] {
    Table table;
    for (std::size_t i = 0; i < kOps; ++i) {
      const auto known = static_cast<ExpressionOp>(i);
      table[static_cast<std::size_t>(ToProto(known))] = known;
    }
    return table;
  }();
  if (!v1::Expression::Op_IsValid(op)) return std::nullopt;
  return kTable[static_cast<std::size_t>(op)];
}

}  // namespace polyonym::codec
