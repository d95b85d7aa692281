// campaign/outcome.h - what became of one person in a campaign: enrolled when and as what, which steps, whether the goal, worth what.
//
// A pure function of the person's facts and the campaign, so that a merge, a split, a retraction or another definition shows at once.
// campaign/tally.h adds people up; campaign/report.h says what that means.
//
// THREADS: pure functions of what they are given.
#ifndef POLYONYM_CAMPAIGN_OUTCOME_H_
#define POLYONYM_CAMPAIGN_OUTCOME_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "polyonym/campaign/campaign.h"
#include "polyonym/campaign/enrolment.h"
#include "polyonym/segment/evaluate.h"

namespace polyonym {

// Of one person and one campaign, to either side: a million million in the currency's whole units, where it has two decimals.
// Squares of no more than this add up exactly in 128 bits for 10^10 people.
inline constexpr std::int64_t kMaxPersonRevenue = 100'000'000'000'000;

struct StepOutcome {
  std::uint64_t times = 0;  // events of the step
  std::optional<std::int64_t> first_ms;
  friend bool operator==(const StepOutcome&, const StepOutcome&) = default;
};

// Without an enrolment all else is empty: steps and goals of somebody who is not in the campaign are not its doing.
struct PersonOutcome {
  std::optional<Enrolment> enrolled;
  std::vector<StepOutcome> steps;  // as defined
  // So many of the first steps were taken in their order, each by an event behind that of the step before.
  std::size_t passed = 0;

  std::uint64_t conversions = 0;  // events of the goal
  std::optional<std::int64_t> first_conversion_ms;
  // What they are worth: minor units by currency, returns taken off; none that is 0.
  std::map<std::string, std::int64_t, std::less<>> revenue;
  bool left_out =
      false;  // an amount that is not in `revenue`, since it is beyond kMaxPersonRevenue
  friend bool operator==(const PersonOutcome&, const PersonOutcome&) = default;
};

// As of the subject's now. Events of a step: those of one of its types and of this campaign's name, from the enrolment on, also
// after to_ms. Events of the goal: later than the enrolment, and no later than goal_within_ms after it; where that is 0, before to_ms.
// ENSURES: the same for the same facts in whatever order they come.
// COST: a pass over the person's events; for those who are enrolled up to three by the evaluator, and without a conversion one.
PersonOutcome OutcomeOf(const CompiledCampaign& campaign, SegmentSubject* person);

// Until when the outcome stays, as time alone goes by: as CompiledSegments::NextChange(), which see. CompiledSegments::kNever: new facts
// alone change it. Most goals read no clock; then it is the next fact of a time after now.
std::int64_t NextOutcomeChange(const CompiledCampaign& campaign, SegmentSubject* person);

}  // namespace polyonym

#endif  // POLYONYM_CAMPAIGN_OUTCOME_H_
