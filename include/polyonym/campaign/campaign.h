// campaign/campaign.h - campaigns ready to be asked: their expressions checked against definitions and compiled, once for all people.
//
//   auto campaigns = CompiledCampaigns::Compile(definitions, policy_campaigns);
//   const CompiledCampaign& spring = *(*campaigns)->at((*campaigns)->Find("spring"));
//   SegmentSubject person(definitions, rows, identifiers, anchor, now_ms);
//   if (spring.IsInAudience(&person) == true) ...   // campaign/enrolment.h makes the record that enrols them
//
// It holds nothing of people: who is enrolled and what became of them is read from their facts (campaign/enrolment.h, campaign/outcome.h).
#ifndef POLYONYM_CAMPAIGN_CAMPAIGN_H_
#define POLYONYM_CAMPAIGN_CAMPAIGN_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "polyonym/campaign/buckets.h"
#include "polyonym/model/campaigns.h"
#include "polyonym/model/definitions.h"
#include "polyonym/segment/evaluate.h"

namespace polyonym {

// One of them. REQUIRES, of all that takes a SegmentSubject: the subject is of the definitions that the campaign was compiled with.
//
// THREADS: thread-safe (immutable).
class CompiledCampaign {
 public:
  ~CompiledCampaign();

  const CampaignDefinition& definition() const;
  // Its variants as buckets.h takes them; the holdout is none of them.
  const VariantSplit& split() const;

  // Whether it runs: from_ms <= now_ms < to_ms.
  bool Runs(std::int64_t now_ms) const;

  // None: unknown, and so not.  COST: as CompiledSegments::Evaluate().
  std::optional<bool> IsInAudience(SegmentSubject* person) const;
  // Until when that answer stays; as CompiledSegments::NextChange().
  std::int64_t NextAudienceChange(SegmentSubject* person) const;
  // SegmentInput: what of a person the audience asks for.
  std::uint32_t audience_inputs() const;

  class Impl;  // of src/campaign alone
  const Impl& impl() const { return *impl_; }
  explicit CompiledCampaign(std::unique_ptr<const Impl> impl);

 private:
  std::unique_ptr<const Impl> impl_;
};

// All campaigns of a policy.
//
// THREADS: thread-safe (immutable).
class CompiledCampaigns {
 public:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  // ERRORS: InvalidArgument, beginning with the field: what ValidateCampaigns() says; `campaigns[2].audience: ` or `campaigns[2].goal: ` and
  // what ParseExpression() or CheckExpression() says, places being lines and columns of that text; an audience that is no flag; a goal that
  // is no query of events, has a window or asks for segments; `campaigns[2].time_zone: ` that is not of IANA's. What
  // CompiledSegments::Compile() says of `definitions`, whose segments an audience may ask for.
  // COST: linear, and the patterns; it compiles the segments of the definitions, too, once.
  static absl::StatusOr<std::shared_ptr<const CompiledCampaigns>> Compile(
      const Definitions& definitions, std::span<const CampaignDefinition> campaigns);
  ~CompiledCampaigns();

  std::size_t size() const;
  // In the order in which they were given. It lives on without the others.
  const std::shared_ptr<const CompiledCampaign>& at(std::size_t campaign) const;
  // kNone where there is none of the name.
  std::size_t Find(std::string_view name) const;

 private:
  struct Impl;
  explicit CompiledCampaigns(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

}  // namespace polyonym

#endif  // POLYONYM_CAMPAIGN_CAMPAIGN_H_
