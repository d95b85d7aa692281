#include "segment/operand_ranges.h"

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "polyonym/profile/profile.h"
#include "segment/datum.h"
#include "segment/definition_lookup.h"
#include "segment/outcomes.h"

namespace polyonym::segment {
namespace {

Region OneOf(const std::vector<std::string_view>& texts) {
  std::vector<Datum> points;
  for (const std::string_view text : texts) points.emplace_back(text);
  return RegionOf(std::move(points), kAnyOutcome, 0, kAnyOutcome);
}

Region AtLeastZero() {
  return Cut(Datum(std::int64_t{0}), 0, kAnyOutcome, kAnyOutcome, kAnyOutcome);
}

Region TraitRange(const Definitions& definitions, std::string_view name) {
  const TraitDefinition* trait = FindTrait(definitions, name);
  const bool counts =
      trait != nullptr && (trait->fold == Fold::kCount || trait->fold == Fold::kDistinct);
  return counts ? AtLeastZero() : Region();
}

Region StageRange(const Definitions& definitions, std::string_view name) {
  std::vector<std::string_view> stages;
  for (const Ladder& ladder : definitions.ladders) {
    if (ladder.name != name) continue;
    for (const Stage& stage : ladder.stages) stages.push_back(stage.name);
  }
  return OneOf(stages);
}

Region ScoreRange(std::string_view field) {
  if (field != ToString(ScoreField::kState)) return Region();
  std::vector<std::string_view> states;
  for (const PurchaseState state :
       {PurchaseState::kNone, PurchaseState::kOnce, PurchaseState::kActive, PurchaseState::kDue,
        PurchaseState::kLost})
    states.push_back(ToString(state));
  return OneOf(states);
}

}  // namespace

Region Wholes(std::int64_t from, std::int64_t to) {
  std::vector<Datum> points;
  for (std::int64_t n = from; n <= to; ++n) points.emplace_back(n);
  return RegionOf(std::move(points), kAnyOutcome, 0, kAnyOutcome);
}

Region Known(Region region) {
  region.at_unknown = 0;
  return region;
}

Region RangeOf(const Expression& x, const Definitions& definitions) {
  switch (x.op) {
    case ExpressionOp::kNow:
    case ExpressionOp::kEventTime:
      return Known(Region());
    case ExpressionOp::kSize:
    case ExpressionOp::kRelations:
    case ExpressionOp::kCount:
    case ExpressionOp::kDistinct:
    case ExpressionOp::kSequences:
    case ExpressionOp::kFunnel:
      return Known(AtLeastZero());
    case ExpressionOp::kTagCount:
    case ExpressionOp::kYearsSince:
    case ExpressionOp::kDaysToAnniversary:
      return AtLeastZero();
    case ExpressionOp::kCompleteness: {
      const Region up_to_one = Cut(Datum(std::int64_t{1}), kAnyOutcome, kAnyOutcome, 0, 0);
      return Combined(AtLeastZero(), up_to_one, Where);
    }
    case ExpressionOp::kBucket: {
      const Region below_one = Cut(Datum(std::int64_t{1}), kAnyOutcome, 0, 0, 0);
      return Combined(AtLeastZero(), below_one, Where);
    }
    case ExpressionOp::kMonthOf:
      return Wholes(1, 12);
    case ExpressionOp::kDayOf:
      return Wholes(1, 31);
    case ExpressionOp::kWeekdayOf:
      return Wholes(1, 7);
    case ExpressionOp::kHourOf:
      return Wholes(0, 23);
    case ExpressionOp::kTrait:
      return TraitRange(definitions, x.name);
    case ExpressionOp::kConsent:
      return OneOf({"granted", "denied", "withdrawn"});
    case ExpressionOp::kStage:
    case ExpressionOp::kHighestStage:
      return StageRange(definitions, x.name);
    case ExpressionOp::kScore:
      return ScoreRange(x.field);
    case ExpressionOp::kEventDirection:
      return OneOf({"in", "out"});
    case ExpressionOp::kEventMode:
      return OneOf({"automatic", "manual", "batch"});
    case ExpressionOp::kEventVisibility:
      return OneOf({"public", "one_to_one", "group"});
    default:
      return Region();
  }
}

}  // namespace polyonym::segment
