// campaign/goal.h - a campaign's goal as expressions about a person: how many events count, what they are worth, when the first was.
//
// That an event came after the person's enrolment is said in the language itself, so that its evaluator decides. Of
//
//   goal: order where value >= 100 CNY    goal_within_ms: 14 days    to_ms: none
//
// the first is, with E for `first(time of assigned where campaign = "spring" and property variant != "")`
//
//   count(order where time > E and time <= E + 14 days and value >= 100 CNY)
//
// E is worked out once a person. Without an enrolment it is unknown, and no event counts.
#ifndef POLYONYM_SRC_CAMPAIGN_GOAL_H_
#define POLYONYM_SRC_CAMPAIGN_GOAL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "polyonym/model/campaigns.h"
#include "polyonym/model/definitions.h"
#include "polyonym/segment/evaluate.h"
#include "segment/compiled.h"

namespace polyonym::campaign {

// What a person did of it.
struct Achieved {
  std::uint64_t times = 0;
  std::optional<std::int64_t> first_ms;
  std::optional<std::vector<Money>> worth;  // by currency; none: beyond 64 bits
};

// THREADS: thread-safe (immutable).
class Goal {
 public:
  // ERRORS: InvalidArgument, beginning with `goal: ` or `time_zone: `; as CompiledCampaigns::Compile().
  static absl::StatusOr<Goal> Compile(const Definitions& definitions,
                                      const CampaignDefinition& campaign);

  Achieved AchievedBy(SegmentSubject* person) const;
  // Until when that stays, as time alone goes by; as CompiledSegments::NextChange().
  std::int64_t NextChange(SegmentSubject* person) const;

 private:
  // None of them: there is no goal.
  std::unique_ptr<const segment::CompiledSegment> times_, first_, worth_;
};

}  // namespace polyonym::campaign

#endif  // POLYONYM_SRC_CAMPAIGN_GOAL_H_
