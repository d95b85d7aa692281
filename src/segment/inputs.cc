// What of a profile an expression reads, found without judging whether it means anything.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "polyonym/segment/check.h"
#include "segment/parts.h"

namespace polyonym {
namespace {

// Whether what lies in a window can leave it, or come into it, without a new event.
bool Moves(const TimeWindow& window) {
  return window.kind == TimeWindow::Kind::kWithin || window.kind == TimeWindow::Kind::kLast ||
         window.kind == TimeWindow::Kind::kPast;
}

bool Moves(const Expression& at) {
  return std::any_of(at.events.begin(), at.events.end(),
                     [](const EventQuery& query) { return Moves(query.window); }) ||
         std::any_of(at.sequence.begin(), at.sequence.end(),
                     [](const EventSequence& sequence) { return Moves(sequence.window); });
}

// ---- Definitions by which values change as time goes by ----

bool Moves(const TraitDefinition& trait) {
  return trait.window_ms != 0 || trait.fold == Fold::kDecayedSum;
}

// Calls `test` with traits that are told and computed until it is true.
template <class Test>
bool AnyTrait(const Definitions& definitions, const Test& test) {
  return std::any_of(definitions.traits.begin(), definitions.traits.end(), test) ||
         std::any_of(definitions.event_traits.begin(), definitions.event_traits.end(),
                     [&](const EventTrait& computed) { return test(computed.trait); });
}

bool TraitMoves(const Definitions& definitions, std::string_view name) {
  return AnyTrait(definitions,
                  [&](const TraitDefinition& trait) { return trait.name == name && Moves(trait); });
}

bool CompletenessMoves(const Definitions& definitions) {
  return AnyTrait(definitions, [](const TraitDefinition& trait) {
    return trait.completeness_weight != 0 && Moves(trait);
  });
}

// A grant ends, and what was said before it stands again.
bool ConsentMoves(const Definitions& definitions, std::string_view name) {
  return std::any_of(definitions.purposes.begin(), definitions.purposes.end(),
                     [&](const PurposeDefinition& purpose) {
                       return purpose.name == name && purpose.valid_ms != 0;
                     });
}

// Events leave the windows of stages; where there may be few of them, that is a way up.
bool LadderMoves(const Definitions& definitions, std::string_view name) {
  for (const Ladder& ladder : definitions.ladders) {
    if (ladder.name != name) continue;
    for (const Stage& stage : ladder.stages)
      for (const Stage::Condition& condition : stage.conditions)
        if (condition.window_ms != 0) return true;
  }
  return false;
}

// What was bought is as it was; all else of a score looks at how long ago that is, or may.
bool ScoreMoves(std::string_view field) {
  return field != ToString(ScoreField::kTotal) && field != ToString(ScoreField::kPurchases);
}

// ---- One part ----

std::uint32_t ClockIf(bool moves) { return moves ? kInputClock : 0u; }

std::uint32_t InputsOfPart(const Expression& at, const Definitions& definitions) {
  switch (at.op) {
    case ExpressionOp::kNow:
    case ExpressionOp::kDaysSince:
    case ExpressionOp::kYearsSince:
    case ExpressionOp::kDaysToAnniversary:
    case ExpressionOp::kAnniversaryIn:
      return kInputClock;
    case ExpressionOp::kHas:
    case ExpressionOp::kIdentifiers:
      return kInputIdentifiers;
    case ExpressionOp::kTrait:
      return kInputTraits | ClockIf(TraitMoves(definitions, at.name));
    case ExpressionOp::kCompleteness:
      return kInputTraits | ClockIf(CompletenessMoves(definitions));
    case ExpressionOp::kTag:
    case ExpressionOp::kTagScore:
    case ExpressionOp::kTagCount:
    case ExpressionOp::kTagFirst:
    case ExpressionOp::kTagLast:
    case ExpressionOp::kTagPlace:
    case ExpressionOp::kTagLayer:
    case ExpressionOp::kTagsOfClass:
    case ExpressionOp::kTagsOfTopic:
      return kInputTags | kInputClock;  // any tag may be told with the time at which it ends
    case ExpressionOp::kConsent:
    case ExpressionOp::kConsentConflict:
      return kInputConsents | ClockIf(ConsentMoves(definitions, at.name));
    case ExpressionOp::kStage:
    case ExpressionOp::kHighestStage:
    case ExpressionOp::kStageEntered:
      return kInputLadders | ClockIf(LadderMoves(definitions, at.name));
    case ExpressionOp::kScore:
      return kInputScores | ClockIf(ScoreMoves(at.field));
    case ExpressionOp::kChannelShare:
    case ExpressionOp::kTopChannel:
      return kInputScores | kInputClock;
    case ExpressionOp::kRelations:
    case ExpressionOp::kRelatedTo:
      return kInputRelations;
    case ExpressionOp::kInSegment:
      return kInputSegments;
    case ExpressionOp::kBucket:
      return kInputAnchor;
    default:
      return (at.events.empty() && at.sequence.empty() ? 0u : kInputEvents) | ClockIf(Moves(at));
  }
}

}  // namespace

std::vector<std::string> SegmentsIn(const Expression& expression) {
  std::vector<std::string> names;
  segment::ForEachPart(expression, [&](const Expression& at) {
    if (at.op == ExpressionOp::kInSegment) names.push_back(at.name);
  });
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::uint32_t InputsOf(const Expression& expression, const Definitions& definitions) {
  std::uint32_t inputs = 0;
  segment::ForEachPart(expression,
                       [&](const Expression& at) { inputs |= InputsOfPart(at, definitions); });
  return inputs;
}

}  // namespace polyonym
