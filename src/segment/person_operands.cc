#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "polyonym/profile/rfm.h"
#include "segment/expression_types.h"
#include "segment/operands.h"

namespace polyonym::segment {
namespace {

Datum OfCount(std::uint64_t count) { return static_cast<std::int64_t>(count); }

// Values of different currencies are one operand, and those of a fold with several values one list.
Datum TraitValue(const ProfileTrait* trait, bool is_list) {
  if (trait == nullptr || trait->values.empty()) return {};
  if (is_list) return Datum(List(trait->values));
  if (trait->values.size() == 1) return Read(trait->values.front());
  Amounts amounts;
  for (const Value& value : trait->values) {
    const auto* money = std::get_if<Money>(&value.is);
    if (money == nullptr) return Datum(List(trait->values));
    amounts.of.push_back({money->minor_units, money->currency});
  }
  return amounts;
}

bool HasLayer(const ProfileTag* tag, const std::string& layer) {
  return tag != nullptr &&
         std::find(tag->layers.begin(), tag->layers.end(), layer) != tag->layers.end();
}

Datum TagValue(const Expression& node, const ProfileTag* tag) {
  if (node.op == ExpressionOp::kTag) return tag != nullptr;
  if (node.op == ExpressionOp::kTagLayer) return HasLayer(tag, node.field);
  if (tag == nullptr) return {};
  switch (node.op) {
    case ExpressionOp::kTagScore:
      return OfReal(tag->score);
    case ExpressionOp::kTagCount:
      return OfCount(tag->count);
    case ExpressionOp::kTagFirst:
      return Instant{tag->first_ms};
    case ExpressionOp::kTagLast:
      return Instant{tag->last_ms};
    default:
      return tag->last_place ? OfText(tag->last_place->name) : Datum();
  }
}

Datum ConsentValue(const ProfileConsent* consent) {
  if (consent == nullptr) return {};
  switch (consent->state) {
    case ConsentState::kUnknown:
      return {};
    case ConsentState::kGranted:
      return std::string_view("granted");
    case ConsentState::kDenied:
      return std::string_view("denied");
    case ConsentState::kWithdrawn:
      return std::string_view("withdrawn");
  }
  return {};
}

Datum LadderValue(ExpressionOp op, const ProfileLadder* ladder) {
  if (ladder == nullptr) return {};
  if (op == ExpressionOp::kStage) return OfText(ladder->stage);
  if (op == ExpressionOp::kHighestStage) return OfText(ladder->highest);
  return ladder->stage.empty() ? Datum() : Datum(Instant{ladder->entered_ms});
}

Datum RfmValue(ScoreField field, const std::optional<RfmScore>& rfm) {
  if (!rfm) return {};
  switch (field) {
    case ScoreField::kRecency:
      return OfCount(rfm->recency);
    case ScoreField::kFrequency:
      return OfCount(rfm->frequency);
    case ScoreField::kMonetary:
      return OfCount(rfm->monetary);
    default:
      return OfCount(rfm->Code());
  }
}

Datum OfOptional(const std::optional<double>& number) { return number ? OfReal(*number) : Datum(); }

Datum ExpectedValue(const ProfilePurchases& score) {
  if (!score.expected_minor_units) return {};
  const auto units = To64Bits(*score.expected_minor_units);
  return units ? Datum(Amounts{{{*units, score.currency}}}) : Datum();
}

Datum ScoreValue(std::string_view name, const ProfilePurchases* score) {
  const std::optional<ScoreField> field = ScoreFieldOf(name);
  if (score == nullptr || !field) return {};
  switch (*field) {
    case ScoreField::kRfm:
    case ScoreField::kRecency:
    case ScoreField::kFrequency:
    case ScoreField::kMonetary:
      return RfmValue(*field, score->rfm);
    case ScoreField::kState:
      return ToString(score->state);
    case ScoreField::kAlive:
      return OfOptional(score->alive);
    case ScoreField::kExpected:
      return OfOptional(score->expected);
    case ScoreField::kExpectedValue:
      return ExpectedValue(*score);
    case ScoreField::kTotal:
      return Amounts{{{score->summary.total_minor_units, score->currency}}};
    case ScoreField::kPurchases:
      return OfCount(score->summary.count);
    case ScoreField::kDue:
      return score->summary.due_ms ? Datum(Instant{*score->summary.due_ms}) : Datum();
  }
  return {};
}

Datum ChannelValue(const Expression& node, const ProfileChannels* score) {
  if (score == nullptr) return {};
  if (node.op == ExpressionOp::kTopChannel)
    return score->channels.empty() ? Datum() : OfText(score->channels.front().channel);
  for (const ChannelAffinity& channel : score->channels) {
    if (channel.channel == node.field) return OfReal(channel.share);
  }
  return 0.0;
}

}  // namespace

Datum PersonValue(const Expression& node, const CompiledSegment& compiled,
                  SegmentSubject::Impl* person) {
  switch (node.op) {
    case ExpressionOp::kHas:
      return person->Has(node.name);
    case ExpressionOp::kIdentifiers:
      return Datum(List(person->Identifiers(node.name)));
    case ExpressionOp::kTrait:
      return TraitValue(person->Trait(node.name), compiled.PreparedOf(node).is_list);
    case ExpressionOp::kTag:
    case ExpressionOp::kTagScore:
    case ExpressionOp::kTagCount:
    case ExpressionOp::kTagFirst:
    case ExpressionOp::kTagLast:
    case ExpressionOp::kTagPlace:
    case ExpressionOp::kTagLayer:
      return TagValue(node, person->Tag(node.name));
    case ExpressionOp::kTagsOfClass:
    case ExpressionOp::kTagsOfTopic:
      return Datum(List(person->TagsOf(node.op, node.name)));
    case ExpressionOp::kConsent:
      return ConsentValue(person->Consent(node.name));
    case ExpressionOp::kConsentConflict: {
      const ProfileConsent* consent = person->Consent(node.name);
      return consent != nullptr && consent->conflict;
    }
    case ExpressionOp::kStage:
    case ExpressionOp::kHighestStage:
    case ExpressionOp::kStageEntered:
      return LadderValue(node.op, person->LadderOf(node.name));
    case ExpressionOp::kScore:
      return ScoreValue(node.field, person->Purchases(node.name));
    case ExpressionOp::kChannelShare:
    case ExpressionOp::kTopChannel:
      return ChannelValue(node, person->Channels(node.name));
    case ExpressionOp::kCompleteness:
      return OfReal(person->completeness());
    case ExpressionOp::kRelations:
      return OfCount(person->CountRelations(node.name));
    case ExpressionOp::kRelatedTo:
      return person->IsRelated(node.name, node.field);
    case ExpressionOp::kBucket:
      return person->Bucket(node.name);
    default:
      return {};
  }
}

}  // namespace polyonym::segment
