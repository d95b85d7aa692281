#include "engine/fields_read.h"

#include <algorithm>

#include "polyonym/model/identifier.h"
#include "segment/parts.h"

namespace polyonym::engine {
namespace {

using Op = ExpressionOp;

bool SeesEventsOf(const EventQuery& query, const Access& access) {
  if (query.types.empty()) return access.SeesAll(FieldKind::kEvent);
  return std::all_of(query.types.begin(), query.types.end(),
                     [&](const std::string& type) { return access.Sees(FieldKind::kEvent, type); });
}

bool SeesRelationTo(const Expression& part, const Access& access) {
  const auto other = ParseIdentifier(part.field);
  return access.Sees(FieldKind::kRelation, part.name) && other.ok() &&
         access.Sees(FieldKind::kNamespace, other->ns);
}

bool SeesOperand(const Expression& part, const Access& access) {
  switch (part.op) {
    case Op::kHas:
    case Op::kIdentifiers:
      return access.Sees(FieldKind::kNamespace, part.name);
    case Op::kTrait:
      return access.Sees(FieldKind::kTrait, part.name);
    case Op::kTag:
    case Op::kTagScore:
    case Op::kTagCount:
    case Op::kTagFirst:
    case Op::kTagLast:
    case Op::kTagPlace:
    case Op::kTagLayer:
      return access.Sees(FieldKind::kTag, part.name);
    case Op::kTagsOfClass:
    case Op::kTagsOfTopic:
      return access.SeesAll(FieldKind::kTag);
    case Op::kConsent:
    case Op::kConsentConflict:
      return access.Sees(FieldKind::kConsent, part.name);
    case Op::kStage:
    case Op::kHighestStage:
    case Op::kStageEntered:
    case Op::kScore:
      return access.Sees(FieldKind::kScore, part.name);
    case Op::kChannelShare:
      return access.Sees(FieldKind::kScore, part.name) &&
             access.Sees(FieldKind::kNamespace, part.field);
    case Op::kTopChannel:
      return access.Sees(FieldKind::kScore, part.name) && access.SeesAll(FieldKind::kNamespace);
    case Op::kCompleteness:
      return access.Sees(FieldKind::kScore, kCompletenessField);
    case Op::kRelations:
      return access.Sees(FieldKind::kRelation, part.name);
    case Op::kRelatedTo:
      return SeesRelationTo(part, access);
    case Op::kInSegment:
      return access.Sees(FieldKind::kSegment, part.name);
    case Op::kBucket:
      return access.SeesEverything();
    case Op::kEventChannel:
      return access.SeesAll(FieldKind::kNamespace);
    default:
      return true;
  }
}

}  // namespace

bool SeesAllOf(const Expression& expression, const Access& access) {
  bool sees = true;
  segment::ForEachPart(expression, [&](const Expression& part) {
    sees = sees && SeesOperand(part, access);
    const auto sees_events = [&](const EventQuery& query) { return SeesEventsOf(query, access); };
    sees = sees && std::all_of(part.events.begin(), part.events.end(), sees_events);
    for (const EventSequence& sequence : part.sequence) {
      sees =
          sees && std::all_of(sequence.conditions.begin(), sequence.conditions.end(), sees_events);
    }
  });
  return sees;
}

}  // namespace polyonym::engine
