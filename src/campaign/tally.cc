#include "polyonym/campaign/tally.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "campaign/compiled_campaign.h"

namespace polyonym {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

void Count(bool in, std::uint64_t* counter, std::uint64_t by = 1) {
  *counter = in ? *counter + by : *counter - by;
}

// Its squares are 0 just where nobody paid anything: then there is no entry, as there was none before.
void TakeMoney(const PersonOutcome& outcome, bool in, Arm* arm) {
  for (const auto& [currency, minor_units] : outcome.revenue) {
    ArmMoney& money = arm->money[currency];
    const absl::int128 amount = minor_units;
    money.minor_units += in ? amount : -amount;
    money.squares += in ? amount * amount : -(amount * amount);
    if (money.squares == 0) arm->money.erase(currency);
  }
}

void TakeDelay(const PersonOutcome& outcome, bool in, VariantTally* variant) {
  if (!outcome.first_conversion_ms) return;
  const std::int64_t days = (*outcome.first_conversion_ms - outcome.enrolled->time_ms) / kDayMs;
  const auto key = static_cast<std::uint32_t>(
      std::clamp(days, std::int64_t{0}, std::int64_t{kMaxDaysToConvert}));
  std::uint64_t& people = variant->days_to_convert[key];
  Count(in, &people);
  if (people == 0) variant->days_to_convert.erase(key);
}

bool IsEmpty(const DayTally& day) {
  return day.enrolled == 0 && day.converted == 0 &&
         std::all_of(day.steps.begin(), day.steps.end(), [](std::uint64_t n) { return n == 0; });
}

void AddArm(const Arm& from, Arm* to) {
  to->people += from.people;
  to->converted += from.converted;
  for (const auto& [currency, money] : from.money) {
    to->money[currency].minor_units += money.minor_units;
    to->money[currency].squares += money.squares;
  }
}

}  // namespace

CampaignTally::CampaignTally(std::shared_ptr<const CompiledCampaign> campaign)
    : campaign_(std::move(campaign)) {
  const CampaignDefinition& definition = campaign_->definition();
  for (const CampaignVariant& variant : definition.variants)
    variants_.emplace_back().name = variant.name;
  variants_.emplace_back().name = std::string(kHoldoutVariant);
  variants_.emplace_back();
  for (VariantTally& variant : variants_) variant.steps.resize(definition.steps.size());
}

void CampaignTally::Add(const PersonOutcome& outcome) { Take(outcome, Way::kIn); }

void CampaignTally::Subtract(const PersonOutcome& outcome) { Take(outcome, Way::kOut); }

void CampaignTally::Take(const PersonOutcome& outcome, Way way) {
  if (!outcome.enrolled) return;
  const bool in = way == Way::kIn;
  // The last of all has no name, and takes whoever has another than these.
  const auto variant = std::find_if(
      variants_.begin(), variants_.end() - 1,
      [&](const VariantTally& candidate) { return candidate.name == outcome.enrolled->variant; });
  Count(in, &variant->arm.people);
  for (std::size_t i = 0; i < variant->steps.size(); ++i) {
    StepTally& step = variant->steps[i];
    Count(in, &step.times, outcome.steps[i].times);
    if (outcome.steps[i].times > 0) Count(in, &step.people);
    if (i < outcome.passed) Count(in, &step.passed);
  }
  Count(in, &variant->conversions, outcome.conversions);
  if (outcome.conversions > 0) Count(in, &variant->arm.converted);
  if (outcome.left_out) Count(in, &variant->left_out);
  TakeMoney(outcome, in, &variant->arm);
  TakeDelay(outcome, in, &*variant);
  TakeDays(outcome, way, &*variant);
}

DayTally& CampaignTally::DayAt(std::int32_t day, VariantTally* variant) const {
  DayTally& out = variant->days[day];
  out.steps.resize(variant->steps.size());
  return out;
}

void CampaignTally::TakeDays(const PersonOutcome& outcome, Way way, VariantTally* variant) {
  const auto take = [&](std::optional<std::int64_t> ms, auto&& counter) {
    const auto date = ms ? campaign_->impl().zone.DayOf(*ms) : std::nullopt;
    if (!date) return;
    const auto day = static_cast<std::int32_t>(date->time_since_epoch().count());
    DayTally& at = DayAt(day, variant);
    Count(way == Way::kIn, counter(at));
    if (IsEmpty(at)) variant->days.erase(day);
  };
  take(outcome.enrolled->time_ms, [](DayTally& day) { return &day.enrolled; });
  for (std::size_t i = 0; i < variant->steps.size(); ++i)
    take(outcome.steps[i].first_ms, [i](DayTally& day) { return &day.steps[i]; });
  take(outcome.first_conversion_ms, [](DayTally& day) { return &day.converted; });
}

void CampaignTally::Merge(const CampaignTally& other) {
  for (std::size_t v = 0; v < variants_.size(); ++v) {
    VariantTally& to = variants_[v];
    const VariantTally& from = other.variants_[v];
    AddArm(from.arm, &to.arm);
    for (std::size_t i = 0; i < to.steps.size(); ++i) {
      to.steps[i].people += from.steps[i].people;
      to.steps[i].times += from.steps[i].times;
      to.steps[i].passed += from.steps[i].passed;
    }
    to.conversions += from.conversions;
    to.left_out += from.left_out;
    for (const auto& [days, people] : from.days_to_convert) to.days_to_convert[days] += people;
    for (const auto& [day, tally] : from.days) {
      DayTally& at = DayAt(day, &to);
      at.enrolled += tally.enrolled;
      at.converted += tally.converted;
      for (std::size_t i = 0; i < at.steps.size(); ++i) at.steps[i] += tally.steps[i];
    }
  }
}

std::uint64_t CampaignTally::enrolled() const {
  std::uint64_t people = 0;
  for (const VariantTally& variant : variants_) people += variant.arm.people;
  return people;
}

}  // namespace polyonym
