// model/campaigns.h - campaigns as data: for whom, from when to when, in which variants, by which steps to which goal, at what cost.
//
// A definition says what is meant; nothing of what happens is kept in it. *Enrolment is a fact*: who is in a campaign is said by an event of
// type `assigned` whose campaign is the campaign's name and whose text property `variant` is the variant. campaign/enrolment.h makes it, in a
// record of source CampaignSource(name) that names the person's anchor alone. So a frozen audience, the control group and who got which
// variant follow merges, splits and retractions by the laws that hold for all facts. Of several such events of a person the first in
// the order of facts counts. What became of whom is read from facts too: campaign/outcome.h.
//
// THREADS: plain data; pure functions.
#ifndef POLYONYM_MODEL_CAMPAIGNS_H_
#define POLYONYM_MODEL_CAMPAIGNS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "polyonym/model/facts.h"

namespace polyonym {

// Whoever is in the campaign's holdout is enrolled as this variant, which no definition may have.
inline constexpr std::string_view kHoldoutVariant = "holdout";

inline constexpr std::size_t kMaxCampaigns = 4096;
inline constexpr std::size_t kMaxCampaignNameBytes = 119;  // CampaignSource() is a record's source
inline constexpr std::size_t kMaxCampaignVariants = 64;
inline constexpr std::size_t kMaxCampaignSteps = 32;
inline constexpr std::uint32_t kWholeMillionths = 1'000'000;

// Names are UTF-8 of 1 to 128 bytes where nothing else is said. Channels, labels, and events of a step are at most 256.

// One of the ways in which people are treated. The control is left alone: what becomes of it is what would have become of the others.
struct CampaignVariant {
  std::string name;  // distinct in its campaign; not kHoldoutVariant
  // Of those who are enrolled and not held out, so many in a million. All of a campaign's are together a million.
  std::uint32_t weight_millionths = 0;
  bool is_control = false;  // of at most one variant
  friend bool operator==(const CampaignVariant&, const CampaignVariant&) = default;
};

// A step on the way: `reached`, `opened`, `clicked`.
struct CampaignStep {
  std::string name;  // distinct in its campaign
  // Types of events, one or more; only those whose Event::campaign is the campaign's name are of the step.
  std::vector<std::string> events;
  friend bool operator==(const CampaignStep&, const CampaignStep&) = default;
};

struct CampaignDefinition {
  std::string name;  // distinct; UTF-8 of 1 to kMaxCampaignNameBytes bytes
  // Who is to be enrolled: an expression of segments (segment/expression.h) of 1 byte to 64 KiB. What it means is checked by
  // CompiledCampaigns (campaign/campaign.h).
  std::string audience;
  std::string
      time_zone;  // of IANA's database, for days in `audience` and `goal` and for series by day; empty: UTC
  // Enrolled once: those who are in the audience then. Else also whoever comes into it while the campaign runs.
  bool frozen = false;
  // It runs at from_ms <= now < to_ms: then people are enrolled. Range 0..kMaxFactTimeMs; none: for ever.
  std::int64_t from_ms = 0;
  std::optional<std::int64_t> to_ms;
  std::vector<std::string> channels;  // for the host: by which it reaches people; distinct
  std::vector<std::string> labels;    // what caps on messages go by (model/reach_rules.h); distinct
  std::vector<CampaignVariant> variants;  // one or more
  std::string
      salt;  // divides people among the variants: at most 128 bytes. DEFAULT, empty: the name
  // People who are left alone by all campaigns with the same `holdout_salt`: so many in a million, enrolled as kHoldoutVariant. 0: none.
  std::string holdout_salt;  // a name where there is a holdout, and not the salt
  std::uint32_t holdout_millionths = 0;
  std::vector<CampaignStep> steps;  // in their order; cost is by the first
  // What is hoped for: events as segments ask for them, without a window: `order where value >= 100 CNY`. Those after a person's
  // enrolment count. Empty: nothing; at most 32 KiB. It may not ask for segments. Checked by CompiledCampaigns.
  std::string goal;
  // They count up to so long after enrolment, that moment too. 0: until to_ms, or for ever. Range 0..a hundred years.
  std::int64_t goal_within_ms = 0;
  // 0 or more, in one currency.
  std::optional<Money> fixed_cost;
  std::optional<Money>
      cost_per_reached;  // for each event of the first step, of which there has to be one
  friend bool operator==(const CampaignDefinition&, const CampaignDefinition&) = default;
};

// ERRORS: InvalidArgument naming the field (`variants[1].weight_millionths`) and what is allowed.  COST: one pass, n log n in names.
absl::Status Validate(const CampaignDefinition& campaign);

// All campaigns of a policy: each by itself, as `campaigns[2].variants[1].weight_millionths`, and their names; at most kMaxCampaigns.
absl::Status ValidateCampaigns(std::span<const CampaignDefinition> campaigns);

// `campaign/spring`: the source of the records that enrol people.
std::string CampaignSource(std::string_view campaign);

// What people are divided among the variants by.
std::string_view SaltOf(const CampaignDefinition& campaign);

// The variant that is the control; null: none is.
const CampaignVariant* ControlOf(const CampaignDefinition& campaign);

}  // namespace polyonym

#endif  // POLYONYM_MODEL_CAMPAIGNS_H_
