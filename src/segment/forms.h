// segment/forms.h - how each operation begins in text: one table for the reader and the writer.
#ifndef POLYONYM_SRC_SEGMENT_FORMS_H_
#define POLYONYM_SRC_SEGMENT_FORMS_H_

#include <array>
#include <cstdint>
#include <string_view>

#include "model/fault.h"
#include "polyonym/segment/expression.h"

namespace polyonym::segment {

// What follows the words.
enum class FormRest : std::uint8_t {
  kNothing,
  kName,          // a name
  kQuotedText,    // a text in quotes
  kOperand,       // an operand
  kAnniversary,   // an operand and `in this` unit
  kLayer,         // a name, `of tag`, a name
  kChannel,       // a name, `of score`, a name
  kOther,         // a name, `to`, an identifier in quotes
  kQuery,         // events and `)`
  kAggregate,     // an expression, `of`, events and `)`
  kSequence,      // steps and `)`
  kFunnel,        // steps and `)`
  kThreeNumbers,  // three numbers and `)`
};

struct Form {
  ExpressionOp op;
  std::string_view
      words;  // one space between them, and before `(`; kScoreFieldWord stands for any of ScoreField
  FormRest rest;
  std::string_view name = {};  // what the name is of, for errors
};

inline constexpr std::string_view kScoreFieldWord = "<field>";
inline constexpr auto kLastScoreField = ScoreField::kDue;

inline constexpr std::array kForms = {
    Form{ExpressionOp::kNow, "now", FormRest::kNothing},

    Form{ExpressionOp::kDaysSince, "days since", FormRest::kOperand},
    Form{ExpressionOp::kYearsSince, "years since", FormRest::kOperand},
    Form{ExpressionOp::kDaysToAnniversary, "days to anniversary of", FormRest::kOperand},
    Form{ExpressionOp::kYearOf, "year of", FormRest::kOperand},
    Form{ExpressionOp::kMonthOf, "month of", FormRest::kOperand},
    Form{ExpressionOp::kDayOf, "day of", FormRest::kOperand},
    Form{ExpressionOp::kWeekdayOf, "weekday of", FormRest::kOperand},
    Form{ExpressionOp::kHourOf, "hour of", FormRest::kOperand},
    Form{ExpressionOp::kAnniversaryIn, "anniversary of", FormRest::kAnniversary},

    Form{ExpressionOp::kHas, "has", FormRest::kName, "a namespace"},
    Form{ExpressionOp::kIdentifiers, "identifiers", FormRest::kName, "a namespace"},
    Form{ExpressionOp::kSize, "size of", FormRest::kOperand},
    Form{ExpressionOp::kTrait, "trait", FormRest::kName, "a trait"},
    Form{ExpressionOp::kTag, "tag", FormRest::kName, "a tag"},
    Form{ExpressionOp::kTagScore, "score of tag", FormRest::kName, "a tag"},
    Form{ExpressionOp::kTagCount, "count of tag", FormRest::kName, "a tag"},
    Form{ExpressionOp::kTagFirst, "first of tag", FormRest::kName, "a tag"},
    Form{ExpressionOp::kTagLast, "last of tag", FormRest::kName, "a tag"},
    Form{ExpressionOp::kTagPlace, "place of tag", FormRest::kName, "a tag"},
    Form{ExpressionOp::kTagLayer, "layer", FormRest::kLayer, "a layer"},
    Form{ExpressionOp::kTagsOfClass, "tags of class", FormRest::kName, "a class"},
    Form{ExpressionOp::kTagsOfTopic, "tags of topic", FormRest::kName, "a topic"},
    Form{ExpressionOp::kConsent, "consent", FormRest::kName, "a purpose"},
    Form{ExpressionOp::kConsentConflict, "conflict of consent", FormRest::kName, "a purpose"},
    Form{ExpressionOp::kStage, "stage of", FormRest::kName, "a ladder"},
    Form{ExpressionOp::kHighestStage, "highest stage of", FormRest::kName, "a ladder"},
    Form{ExpressionOp::kStageEntered, "entered stage of", FormRest::kName, "a ladder"},
    Form{ExpressionOp::kScore, "<field> of score", FormRest::kName, "a score"},
    Form{ExpressionOp::kChannelShare, "share", FormRest::kChannel, "a channel"},
    Form{ExpressionOp::kTopChannel, "top of score", FormRest::kName, "a score"},
    Form{ExpressionOp::kCompleteness, "completeness", FormRest::kNothing},
    Form{ExpressionOp::kRelations, "relations", FormRest::kName, "a relation"},
    Form{ExpressionOp::kRelatedTo, "relation", FormRest::kOther, "a relation"},
    Form{ExpressionOp::kInSegment, "in segment", FormRest::kName, "a segment"},
    Form{ExpressionOp::kBucket, "bucket", FormRest::kQuotedText},

    Form{ExpressionOp::kDid, "did (", FormRest::kQuery},
    Form{ExpressionOp::kCount, "count (", FormRest::kQuery},
    Form{ExpressionOp::kSum, "sum (", FormRest::kAggregate},
    Form{ExpressionOp::kAverage, "average (", FormRest::kAggregate},
    Form{ExpressionOp::kMin, "min (", FormRest::kAggregate},
    Form{ExpressionOp::kMax, "max (", FormRest::kAggregate},
    Form{ExpressionOp::kFirst, "first (", FormRest::kAggregate},
    Form{ExpressionOp::kLast, "last (", FormRest::kAggregate},
    Form{ExpressionOp::kDistinct, "distinct (", FormRest::kAggregate},
    Form{ExpressionOp::kSequence, "sequence (", FormRest::kSequence},
    Form{ExpressionOp::kSequences, "sequences (", FormRest::kSequence},
    Form{ExpressionOp::kFunnel, "funnel (", FormRest::kFunnel},

    Form{ExpressionOp::kEventTime, "time", FormRest::kNothing},
    Form{ExpressionOp::kEventType, "type", FormRest::kNothing},
    Form{ExpressionOp::kEventValue, "value", FormRest::kNothing},
    Form{ExpressionOp::kEventPlace, "place", FormRest::kNothing},
    Form{ExpressionOp::kEventChannel, "channel", FormRest::kNothing},
    Form{ExpressionOp::kEventCampaign, "campaign", FormRest::kNothing},
    Form{ExpressionOp::kEventDirection, "direction", FormRest::kNothing},
    Form{ExpressionOp::kEventMode, "mode", FormRest::kNothing},
    Form{ExpressionOp::kEventVisibility, "visibility", FormRest::kNothing},
    Form{ExpressionOp::kEventProperty, "property", FormRest::kName, "a property"},
    Form{ExpressionOp::kNear, "near (", FormRest::kThreeNumbers},
};

// Null for the operations that the grammar has of its own: literals, logic, comparisons, arithmetic.
constexpr const Form* FormOf(ExpressionOp op) {
  for (const Form& form : kForms)
    if (form.op == op) return &form;
  return nullptr;
}

// ---- Operations between two operands ----

// How tightly an expression holds together; a looser one inside a tighter one takes parentheses.
enum class Tightness : std::uint8_t {
  kOr,
  kAnd,
  kNot,
  kComparison,
  kSum,
  kProduct,
  kSign,  // -x, and literals below zero
  kOperand,
};

constexpr Tightness Tighter(Tightness than) {
  return static_cast<Tightness>(static_cast<std::uint8_t>(than) + 1);
}

struct BinaryForm {
  ExpressionOp op;
  std::string_view sign;  // `starts` and `ends` are followed by `with`
  Tightness tightness;
};

inline constexpr std::array kBinaryForms = {
    BinaryForm{ExpressionOp::kOr, "or", Tightness::kOr},
    BinaryForm{ExpressionOp::kAnd, "and", Tightness::kAnd},
    BinaryForm{ExpressionOp::kIsKnown, "is", Tightness::kComparison},
    BinaryForm{ExpressionOp::kEqual, "=", Tightness::kComparison},
    BinaryForm{ExpressionOp::kNotEqual, "!=", Tightness::kComparison},
    BinaryForm{ExpressionOp::kLess, "<", Tightness::kComparison},
    BinaryForm{ExpressionOp::kLessEqual, "<=", Tightness::kComparison},
    BinaryForm{ExpressionOp::kGreater, ">", Tightness::kComparison},
    BinaryForm{ExpressionOp::kGreaterEqual, ">=", Tightness::kComparison},
    BinaryForm{ExpressionOp::kIn, "in", Tightness::kComparison},
    BinaryForm{ExpressionOp::kContains, "contains", Tightness::kComparison},
    BinaryForm{ExpressionOp::kStartsWith, "starts", Tightness::kComparison},
    BinaryForm{ExpressionOp::kEndsWith, "ends", Tightness::kComparison},
    BinaryForm{ExpressionOp::kMatches, "matches", Tightness::kComparison},
    BinaryForm{ExpressionOp::kAdd, "+", Tightness::kSum},
    BinaryForm{ExpressionOp::kSubtract, "-", Tightness::kSum},
    BinaryForm{ExpressionOp::kMultiply, "*", Tightness::kProduct},
    BinaryForm{ExpressionOp::kDivide, "/", Tightness::kProduct},
};

constexpr const BinaryForm* BinaryFormOf(ExpressionOp op) {
  for (const BinaryForm& form : kBinaryForms)
    if (form.op == op) return &form;
  return nullptr;
}

// ---- Units of time ----

// Of spans that are always as long: the longest first.
struct SpanUnit {
  std::string_view one, many;
  std::int64_t ms;
};
inline constexpr std::array kSpanUnits = {
    SpanUnit{"week", "weeks", 604'800'000}, SpanUnit{"day", "days", 86'400'000},
    SpanUnit{"hour", "hours", 3'600'000},   SpanUnit{"minute", "minutes", 60'000},
    SpanUnit{"second", "seconds", 1'000},   SpanUnit{"ms", "ms", 1},
};

inline constexpr std::uint32_t kMaxWindowCount = 10'000;

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_FORMS_H_
