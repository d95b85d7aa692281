#include "polyonym/campaign/report.h"

#include <cstddef>
#include <limits>
#include <span>
#include <utility>

namespace polyonym {
namespace {

double Share(double part, std::uint64_t of) { return of == 0 ? 0 : part / static_cast<double>(of); }
double Share(std::uint64_t part, std::uint64_t of) { return Share(static_cast<double>(part), of); }

std::optional<std::uint32_t> MedianOf(const VariantTally& tally) {
  const std::uint64_t middle = (tally.arm.converted + 1) / 2;
  std::uint64_t people = 0;
  for (const auto& [days, converted] : tally.days_to_convert) {
    people += converted;
    if (people >= middle) return days;
  }
  return std::nullopt;
}

VariantReport CountsOf(const CampaignDefinition& campaign, const VariantTally& tally) {
  VariantReport out;
  out.name = tally.name;
  out.enrolled = tally.arm.people;
  std::uint64_t before = out.enrolled;
  for (std::size_t i = 0; i < tally.steps.size(); ++i) {
    const StepTally& step = tally.steps[i];
    out.steps.push_back({campaign.steps[i].name, step, Share(step.people, out.enrolled),
                         Share(step.passed, before)});
    before = step.passed;
  }
  out.converted = tally.arm.converted;
  out.conversion_rate = Share(out.converted, out.enrolled);
  out.conversions = tally.conversions;
  for (const auto& [currency, money] : tally.arm.money)
    out.revenue.push_back(
        {currency, money.minor_units, Share(static_cast<double>(money.minor_units), out.enrolled)});
  out.left_out = tally.left_out;
  out.median_days_to_convert = MedianOf(tally);
  return out;
}

// Null: there is none.
const VariantTally* ControlIn(const CampaignTally& tally) {
  const CampaignVariant* control = ControlOf(tally.campaign().definition());
  if (control == nullptr) return tally.holdout().arm.people > 0 ? &tally.holdout() : nullptr;
  for (const VariantTally& variant : tally.variants()) {
    if (variant.name == control->name) return &variant;
  }
  return nullptr;
}

absl::StatusOr<std::optional<Money>> CostOf(const CampaignTally& tally) {
  const CampaignDefinition& campaign = tally.campaign().definition();
  if (!campaign.fixed_cost && !campaign.cost_per_reached) return std::optional<Money>();
  Money cost = campaign.fixed_cost ? *campaign.fixed_cost : *campaign.cost_per_reached;
  absl::int128 sum = campaign.fixed_cost ? campaign.fixed_cost->minor_units : 0;
  if (campaign.cost_per_reached) {
    absl::int128 reached = 0;
    for (const VariantTally& variant : tally.variants()) reached += variant.steps.front().times;
    sum += reached * campaign.cost_per_reached->minor_units;
  }
  if (sum > std::numeric_limits<std::int64_t>::max())
    return absl::OutOfRangeError("cost_per_reached: costs come to more than 64 bits hold");
  cost.minor_units = static_cast<std::int64_t>(sum);
  return std::optional<Money>(std::move(cost));
}

// None where there is nobody in one of them.
absl::StatusOr<std::optional<LiftResult>> Beside(const Arm& treated, const Arm& control,
                                                 const LiftOptions& options) {
  if (treated.people == 0 || control.people == 0) return std::optional<LiftResult>();
  auto lift = Lift(treated, control, options);
  if (!lift.ok()) return lift.status();
  return std::optional<LiftResult>(*std::move(lift));
}

absl::Status Compare(const CampaignTally& tally, const CampaignReportOptions& options,
                     CampaignReport* out) {
  const VariantTally* control = ControlIn(tally);
  if (control == nullptr) return absl::OkStatus();
  out->control = control->name;
  LiftOptions lift{.confidence = options.confidence, .costs = {}};
  Arm treated;
  for (std::size_t i = 0; i < tally.campaign().definition().variants.size(); ++i) {
    const VariantTally& variant = tally.variants()[i];
    if (&variant == control) continue;
    auto beside = Beside(variant.arm, control->arm, lift);
    if (!beside.ok()) return beside.status();
    out->variants[i].lift = *std::move(beside);
    const absl::Status merged = treated.Merge(variant.arm);
    if (!merged.ok()) return merged;
  }
  if (out->cost && out->cost->minor_units > 0) lift.costs = {*out->cost};
  auto overall = Beside(treated, control->arm, lift);
  if (!overall.ok()) return overall.status();
  out->overall = *std::move(overall);
  return absl::OkStatus();
}

// None where there are not two, or nobody.
std::optional<SampleRatio> RatioOf(const std::vector<std::uint64_t>& people,
                                   const std::vector<std::uint64_t>& shares) {
  const auto ratio = CheckSampleRatio(people, shares);
  return ratio.ok() ? std::optional(*ratio) : std::nullopt;
}

void CheckRatios(const CampaignTally& tally, CampaignReport* out) {
  const CampaignDefinition& campaign = tally.campaign().definition();
  std::vector<std::uint64_t> people, shares;
  std::uint64_t not_held_out = 0;
  for (std::size_t i = 0; i < campaign.variants.size(); ++i) {
    const std::uint64_t enrolled = tally.variants()[i].arm.people;
    not_held_out += enrolled;
    if (campaign.variants[i].weight_millionths == 0) continue;
    people.push_back(enrolled);
    shares.push_back(campaign.variants[i].weight_millionths);
  }
  out->variants_ratio = RatioOf(people, shares);
  const std::uint64_t held_out = campaign.holdout_millionths;
  if (held_out > 0 && held_out < kWholeMillionths)
    out->holdout_ratio = RatioOf({tally.holdout().arm.people, not_held_out},
                                 {held_out, kWholeMillionths - held_out});
}

}  // namespace

absl::StatusOr<CampaignReport> ReportOf(const CampaignTally& tally,
                                        const CampaignReportOptions& options) {
  if (!(options.confidence > 0 && options.confidence < 1))
    return absl::InvalidArgumentError("confidence: must be above 0 and below 1");
  const CampaignDefinition& campaign = tally.campaign().definition();
  CampaignReport out;
  for (std::size_t i = 0; i < tally.variants().size(); ++i) {
    const VariantTally& variant = tally.variants()[i];
    if (i < campaign.variants.size() || variant.arm.people > 0)
      out.variants.push_back(CountsOf(campaign, variant));
  }
  auto cost = CostOf(tally);
  if (!cost.ok()) return cost.status();
  out.cost = *std::move(cost);
  const absl::Status compared = Compare(tally, options, &out);
  if (!compared.ok()) return compared;
  for (VariantReport& variant : out.variants)
    variant.is_control = !out.control.empty() && variant.name == out.control;
  CheckRatios(tally, &out);
  return out;
}

}  // namespace polyonym
