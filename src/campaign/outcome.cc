#include "polyonym/campaign/outcome.h"

#include <algorithm>

#include "campaign/compiled_campaign.h"
#include "segment/fact_turns.h"
#include "segment/subject.h"

namespace polyonym {
namespace {

bool IsOf(const CampaignStep& step, const Event& event) {
  return std::find(step.events.begin(), step.events.end(), event.type) != step.events.end();
}

void TakeSteps(const CampaignDefinition& campaign, const SegmentSubject::Impl::Events& events,
               PersonOutcome* out) {
  for (const auto& placed : events) {
    const Event& event = *placed.fact;
    if (placed.time_ms < out->enrolled->time_ms || event.campaign != campaign.name) continue;
    const bool is_next =
        out->passed < campaign.steps.size() && IsOf(campaign.steps[out->passed], event);
    for (std::size_t i = 0; i < campaign.steps.size(); ++i) {
      if (!IsOf(campaign.steps[i], event)) continue;
      StepOutcome& step = out->steps[i];
      if (step.times++ == 0) step.first_ms = placed.time_ms;
    }
    if (is_next) ++out->passed;
  }
}

void TakeGoal(const campaign::Achieved& achieved, PersonOutcome* out) {
  out->conversions = achieved.times;
  out->first_conversion_ms = achieved.first_ms;
  out->left_out = !achieved.worth;
  if (!achieved.worth) return;
  for (const Money& money : *achieved.worth) {
    const bool is_in =
        money.minor_units >= -kMaxPersonRevenue && money.minor_units <= kMaxPersonRevenue;
    if (!is_in) out->left_out = true;
    if (is_in && money.minor_units != 0) out->revenue[money.currency] = money.minor_units;
  }
}

}  // namespace

PersonOutcome OutcomeOf(const CompiledCampaign& campaign, SegmentSubject* person) {
  PersonOutcome out;
  out.enrolled = EnrolmentIn(campaign, person);
  out.steps.resize(campaign.definition().steps.size());
  if (!out.enrolled) return out;
  TakeSteps(campaign.definition(), person->impl().events(), &out);
  TakeGoal(campaign.impl().goal.AchievedBy(person), &out);
  return out;
}

std::int64_t NextOutcomeChange(const CompiledCampaign& campaign, SegmentSubject* person) {
  const auto& later = person->impl().turns().later_events();
  const std::int64_t next = later.empty() ? CompiledSegments::kNever : later.front().time_ms;
  return std::min(next, campaign.impl().goal.NextChange(person));
}

}  // namespace polyonym
