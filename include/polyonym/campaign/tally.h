// campaign/tally.h - what became of everybody in a campaign: counters that people are added to and taken from.
//
//   CampaignTally tally((*campaigns)->at(0));
//   for each person: tally.Add(OutcomeOf(*campaign, &subject));          // once, over everybody
//   ...
//   tally.Subtract(before);  tally.Add(after);                           // for each person whom a change concerns
//
// All counters are whole numbers, so that the order in which people come makes no difference, and to take somebody off leaves what there
// would be without them. Kept so, a tally is always the one that would be made afresh; campaign/report.h reads it.
//
// Memory: some hundred bytes a variant, and some forty for each day on which anything happened.
#ifndef POLYONYM_CAMPAIGN_TALLY_H_
#define POLYONYM_CAMPAIGN_TALLY_H_

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "polyonym/campaign/campaign.h"
#include "polyonym/campaign/outcome.h"
#include "polyonym/measure/lift.h"

namespace polyonym {

struct StepTally {
  std::uint64_t people = 0;
  std::uint64_t times = 0;
  std::uint64_t passed = 0;  // people who took this step and all before it in their order
  friend bool operator==(const StepTally&, const StepTally&) = default;
};

// What happened for the first time to so many people on one day of the campaign's time zone.
struct DayTally {
  std::uint64_t enrolled = 0;
  std::vector<std::uint64_t> steps;
  std::uint64_t converted = 0;
  friend bool operator==(const DayTally&, const DayTally&) = default;
};

// Of the last entry of VariantTally::days_to_convert: so many or more.
inline constexpr std::uint32_t kMaxDaysToConvert = 366;

struct VariantTally {
  std::string name;
  // Enrolled as it; of these, those with a conversion; and what the goal's events of each were worth. As measure/lift.h takes it.
  Arm arm;
  std::vector<StepTally> steps;   // as defined
  std::uint64_t conversions = 0;  // events of the goal
  std::uint64_t left_out = 0;     // people with PersonOutcome::left_out
  // People by whole days of 24 hours from their enrolment to their first conversion; no entry is 0.
  std::map<std::uint32_t, std::uint64_t> days_to_convert;
  // By days since 1970-01-01, of the days on which anything happened.
  std::map<std::int32_t, DayTally> days;
  friend bool operator==(const VariantTally&, const VariantTally&) = default;
};

// THREADS: thread-compatible.
// Invariants: (I1) of each step and variant passed <= people <= times, people <= arm.people, and passed never grows from step to step.
// (I2) it is equal to one to which all who were added, and not subtracted since, were added in any order.
class CampaignTally {
 public:
  explicit CampaignTally(std::shared_ptr<const CompiledCampaign> campaign);

  // REQUIRES, of both: an outcome of this campaign. Who is not enrolled changes nothing.  COST: the steps.
  void Add(const PersonOutcome& outcome);
  // REQUIRES: one that was added.
  void Subtract(const PersonOutcome& outcome);
  // Adds the people of another, who must be others.  REQUIRES: it is of the same campaign.
  void Merge(const CampaignTally& other);

  const CompiledCampaign& campaign() const { return *campaign_; }

  // The variants as defined, then the holdout, then all variants that the definition does not have (any more), without a name.
  std::span<const VariantTally> variants() const { return variants_; }
  const VariantTally& holdout() const { return variants_[variants_.size() - 2]; }
  const VariantTally& others() const { return variants_.back(); }
  std::uint64_t enrolled() const;

  // Of the counters.
  friend bool operator==(const CampaignTally& a, const CampaignTally& b) {
    return a.variants_ == b.variants_;
  }

 private:
  enum class Way : bool { kIn, kOut };
  void Take(const PersonOutcome& outcome, Way way);
  void TakeDays(const PersonOutcome& outcome, Way way, VariantTally* variant);
  DayTally& DayAt(std::int32_t day, VariantTally* variant) const;

  std::shared_ptr<const CompiledCampaign> campaign_;
  std::vector<VariantTally> variants_;
};

}  // namespace polyonym

#endif  // POLYONYM_CAMPAIGN_TALLY_H_
