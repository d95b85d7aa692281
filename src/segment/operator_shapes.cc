#include "segment/operator_shapes.h"

#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>

#include "segment/forms.h"

namespace polyonym::segment {
namespace {

// By ExpressionOp.
constexpr OperatorShape kShapes[] = {
    {"literal"},
    {"duration", 0, 0, 0, kDuration},
    {"now", 0, 0, 0, kInstant},

    {"not", 1, 1, kFlag, kFlag},
    {"and", 2, kMany, kFlag, kFlag},
    {"or", 2, kMany, kFlag, kFlag},
    {"is_known", 1, 1, kAll, kFlag},

    {"equal", 2, 2, kOrdered | kFlag, kFlag},
    {"not_equal", 2, 2, kOrdered | kFlag, kFlag},
    {"less", 2, 2, kOrdered, kFlag},
    {"less_equal", 2, 2, kOrdered, kFlag},
    {"greater", 2, 2, kOrdered, kFlag},
    {"greater_equal", 2, 2, kOrdered, kFlag},
    {"in", 1, 1, (kOrdered | kFlag) & ~kDuration, kFlag},
    {"contains", 2, 2, kStored, kFlag},
    {"starts_with", 2, 2, kText, kFlag},
    {"ends_with", 2, 2, kText, kFlag},
    {"matches", 1, 1, kText | kList, kFlag, Named::kPattern},

    {"add", 2, 2, kAll, kComputed},
    {"subtract", 2, 2, kAll, kComputed},
    {"multiply", 2, 2, kAll, kComputed},
    {"divide", 2, 2, kAll, kComputed},
    {"negate", 1, 1, kNumber | kMoney | kDuration, kComputed},

    {"days_since", 1, 1, kDay, kNumber},
    {"years_since", 1, 1, kDay, kNumber},
    {"days_to_anniversary", 1, 1, kDay, kNumber},
    {"year_of", 1, 1, kDay, kNumber},
    {"month_of", 1, 1, kDay, kNumber},
    {"day_of", 1, 1, kDay, kNumber},
    {"weekday_of", 1, 1, kDay, kNumber},
    {"hour_of", 1, 1, kInstant, kNumber},
    {"anniversary_in", 1, 1, kDay, kFlag},

    {"has", 0, 0, 0, kFlag, Named::kNamespace},
    {"identifiers", 0, 0, 0, kList, Named::kNamespace},
    {"size", 1, 1, kList, kNumber},
    {"trait", 0, 0, 0, kComputed, Named::kTrait},
    {"tag", 0, 0, 0, kFlag, Named::kTag},
    {"tag_score", 0, 0, 0, kNumber, Named::kTag},
    {"tag_count", 0, 0, 0, kNumber, Named::kTag},
    {"tag_first", 0, 0, 0, kInstant, Named::kTag},
    {"tag_last", 0, 0, 0, kInstant, Named::kTag},
    {"tag_place", 0, 0, 0, kText, Named::kTag},
    {"tag_layer", 0, 0, 0, kFlag, Named::kTag, Fielded::kLayer},
    {"tags_of_class", 0, 0, 0, kList, Named::kClass},
    {"tags_of_topic", 0, 0, 0, kList, Named::kTopic},
    {"consent", 0, 0, 0, kText, Named::kPurpose},
    {"consent_conflict", 0, 0, 0, kFlag, Named::kPurpose},
    {"stage", 0, 0, 0, kText, Named::kLadder},
    {"highest_stage", 0, 0, 0, kText, Named::kLadder},
    {"stage_entered", 0, 0, 0, kInstant, Named::kLadder},
    {"score", 0, 0, 0, kComputed, Named::kPurchases, Fielded::kScore},
    {"channel_share", 0, 0, 0, kNumber, Named::kChannels, Fielded::kChannel},
    {"top_channel", 0, 0, 0, kText, Named::kChannels},
    {"completeness", 0, 0, 0, kNumber},
    {"relations", 0, 0, 0, kNumber, Named::kFree},
    {"related_to", 0, 0, 0, kFlag, Named::kFree, Fielded::kIdentifier},
    {"in_segment", 0, 0, 0, kFlag, Named::kSegment},
    {"bucket", 0, 0, 0, kNumber, Named::kFree},

    {"did", 0, 0, 0, kFlag, Named::kNothing, Fielded::kNothing, Reads::kQuery},
    {"count", 0, 0, 0, kNumber, Named::kNothing, Fielded::kNothing, Reads::kQuery},
    {"sum", 1, 1, kNumber | kMoney, kComputed, Named::kNothing, Fielded::kNothing, Reads::kQuery},
    {"average", 1, 1, kNumber | kMoney, kComputed, Named::kNothing, Fielded::kNothing,
     Reads::kQuery},
    {"min", 1, 1, kOrdered, kComputed, Named::kNothing, Fielded::kNothing, Reads::kQuery},
    {"max", 1, 1, kOrdered, kComputed, Named::kNothing, Fielded::kNothing, Reads::kQuery},
    {"first", 1, 1, kAll, kComputed, Named::kNothing, Fielded::kNothing, Reads::kQuery},
    {"last", 1, 1, kAll, kComputed, Named::kNothing, Fielded::kNothing, Reads::kQuery},
    {"distinct", 1, 1, kAll, kNumber, Named::kNothing, Fielded::kNothing, Reads::kQuery},
    {"sequence", 0, 0, 0, kFlag, Named::kNothing, Fielded::kNothing, Reads::kSequence},
    {"sequences", 0, 0, 0, kNumber, Named::kNothing, Fielded::kNothing, Reads::kSequence},
    {"funnel", 0, 0, 0, kNumber, Named::kNothing, Fielded::kNothing, Reads::kFunnel},

    {"time", 0, 0, 0, kInstant, Named::kNothing, Fielded::kNothing, Reads::kEvent},
    {"type", 0, 0, 0, kText, Named::kNothing, Fielded::kNothing, Reads::kEvent},
    {"value", 0, 0, 0, kMoney, Named::kNothing, Fielded::kNothing, Reads::kEvent},
    {"place", 0, 0, 0, kText, Named::kNothing, Fielded::kNothing, Reads::kEvent},
    {"channel", 0, 0, 0, kText, Named::kNothing, Fielded::kNothing, Reads::kEvent},
    {"campaign", 0, 0, 0, kText, Named::kNothing, Fielded::kNothing, Reads::kEvent},
    {"direction", 0, 0, 0, kText, Named::kNothing, Fielded::kNothing, Reads::kEvent},
    {"mode", 0, 0, 0, kText, Named::kNothing, Fielded::kNothing, Reads::kEvent},
    {"visibility", 0, 0, 0, kText, Named::kNothing, Fielded::kNothing, Reads::kEvent},
    {"property", 0, 0, 0, kStored, Named::kFree, Fielded::kNothing, Reads::kEvent},
    {"near", 3, 3, kNumber, kFlag, Named::kNothing, Fielded::kNothing, Reads::kEvent},
};
static_assert(std::size(kShapes) == static_cast<std::size_t>(ExpressionOp::kNear) + 1);

}  // namespace

const OperatorShape* ShapeOf(ExpressionOp op) {
  const auto index = static_cast<std::size_t>(op);
  return index < std::size(kShapes) ? &kShapes[index] : nullptr;
}

std::string Words(ExpressionOp op) {
  std::string_view words = ShapeOf(op)->name;
  if (const Form* form = FormOf(op)) {
    words = form->words.substr(0, form->words.find(" ("));
  } else if (const BinaryForm* binary = BinaryFormOf(op)) {
    words = binary->sign;
  }
  if (op == ExpressionOp::kScore) words = "score";
  if (op == ExpressionOp::kIsKnown) words = "is known";
  if (op == ExpressionOp::kStartsWith) words = "starts with";
  if (op == ExpressionOp::kEndsWith) words = "ends with";
  if (op == ExpressionOp::kNegate) words = "-";
  return "`" + std::string(words) + "`";
}

}  // namespace polyonym::segment
