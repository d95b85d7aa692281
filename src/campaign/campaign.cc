#include "polyonym/campaign/campaign.h"

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "campaign/compiled_campaign.h"
#include "polyonym/segment/check.h"
#include "polyonym/segment/text.h"

namespace polyonym {
namespace {

using segment::TimeZone;

absl::Status FaultIn(std::size_t campaign, std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("campaigns[", campaign, "].", absl::string_view(what.data(), what.size())));
}

// ERRORS: begin with `audience: `.
absl::Status CheckAudience(const Definitions& definitions, const CampaignDefinition& campaign,
                           const std::function<bool(std::string_view)>& is_segment) {
  const auto fault = [](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat("audience: ", what));
  };
  const auto parsed = ParseExpression(campaign.audience);
  if (!parsed.ok()) return fault(parsed.status().message());
  const auto type = CheckExpression(*parsed, definitions, is_segment, campaign.audience);
  if (!type.ok()) return fault(type.status().message());
  if (*type == ExpressionType::kFlag) return absl::OkStatus();
  return fault(absl::StrCat("must be a flag, yes or no of each person; it is of type ",
                            std::string(ToString(*type))));
}

VariantSplit SplitOf(const CampaignDefinition& campaign) {
  VariantSplit split;
  split.salt = SaltOf(campaign);
  for (const CampaignVariant& variant : campaign.variants)
    split.variants.push_back({variant.name, variant.weight_millionths});
  return split;
}

// All but the audience.
absl::StatusOr<std::unique_ptr<CompiledCampaign::Impl>> CompileOne(
    const Definitions& definitions, const CampaignDefinition& campaign,
    const std::function<bool(std::string_view)>& is_segment) {
  auto out = std::make_unique<CompiledCampaign::Impl>();
  auto zone = TimeZone::Of(campaign.time_zone);
  if (!zone.ok())
    return absl::InvalidArgumentError(absl::StrCat("time_zone: ", zone.status().message()));
  const absl::Status audience = CheckAudience(definitions, campaign, is_segment);
  if (!audience.ok()) return audience;
  auto goal = campaign::Goal::Compile(definitions, campaign);
  if (!goal.ok()) return goal.status();
  out->definition = campaign;
  out->split = SplitOf(campaign);
  out->goal = *std::move(goal);
  out->zone = *std::move(zone);
  return out;
}

}  // namespace

CompiledCampaign::CompiledCampaign(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
CompiledCampaign::~CompiledCampaign() = default;

const CampaignDefinition& CompiledCampaign::definition() const { return impl_->definition; }

const VariantSplit& CompiledCampaign::split() const { return impl_->split; }

bool CompiledCampaign::Runs(std::int64_t now_ms) const {
  const CampaignDefinition& campaign = impl_->definition;
  return now_ms >= campaign.from_ms && (!campaign.to_ms || now_ms < *campaign.to_ms);
}

std::optional<bool> CompiledCampaign::IsInAudience(SegmentSubject* person) const {
  return impl_->audiences->Evaluate(impl_->audience, person);
}

std::int64_t CompiledCampaign::NextAudienceChange(SegmentSubject* person) const {
  return impl_->audiences->NextChange(impl_->audience, person);
}

std::uint32_t CompiledCampaign::audience_inputs() const {
  return impl_->audiences->inputs(impl_->audience);
}

struct CompiledCampaigns::Impl {
  std::vector<std::shared_ptr<const CompiledCampaign>> campaigns;
  std::map<std::string, std::size_t, std::less<>> numbers;
};

CompiledCampaigns::CompiledCampaigns(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
CompiledCampaigns::~CompiledCampaigns() = default;

absl::StatusOr<std::shared_ptr<const CompiledCampaigns>> CompiledCampaigns::Compile(
    const Definitions& definitions, std::span<const CampaignDefinition> campaigns) {
  const absl::Status valid = ValidateCampaigns(campaigns);
  if (!valid.ok()) return valid;
  std::map<std::string_view, std::size_t> segments;
  for (const SegmentDefinition& segment : definitions.segments)
    segments.emplace(segment.name, segments.size());
  const auto is_segment = [&](std::string_view name) { return segments.contains(name); };

  Definitions with_audiences = definitions;
  std::vector<std::unique_ptr<CompiledCampaign::Impl>> parts;
  for (std::size_t i = 0; i < campaigns.size(); ++i) {
    auto part = CompileOne(definitions, campaigns[i], is_segment);
    if (!part.ok()) return FaultIn(i, std::string(part.status().message()));
    (*part)->audience = with_audiences.segments.size();
    // By a name that no expression can say, so that none asks for it.
    with_audiences.segments.push_back({"", campaigns[i].audience, campaigns[i].time_zone});
    parts.push_back(*std::move(part));
  }
  auto audiences = CompiledSegments::Compile(with_audiences);
  if (!audiences.ok()) return audiences.status();
  auto impl = std::make_unique<Impl>();
  for (std::size_t i = 0; i < campaigns.size(); ++i) {
    parts[i]->audiences = *audiences;
    impl->campaigns.push_back(std::make_shared<const CompiledCampaign>(std::move(parts[i])));
    impl->numbers.emplace(campaigns[i].name, i);
  }
  return std::shared_ptr<const CompiledCampaigns>(new CompiledCampaigns(std::move(impl)));
}

std::size_t CompiledCampaigns::size() const { return impl_->campaigns.size(); }

const std::shared_ptr<const CompiledCampaign>& CompiledCampaigns::at(std::size_t campaign) const {
  return impl_->campaigns[campaign];
}

std::size_t CompiledCampaigns::Find(std::string_view name) const {
  const auto found = impl_->numbers.find(name);
  return found == impl_->numbers.end() ? kNone : found->second;
}

}  // namespace polyonym
