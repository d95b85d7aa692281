#include "polyonym/model/campaigns.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "model/fault.h"
#include "model/utf8.h"

namespace polyonym {
namespace {

constexpr std::size_t kMaxShortList = 256;
constexpr std::size_t kMaxAudienceBytes = 64 * 1024;
constexpr std::size_t kMaxGoalBytes = 32 * 1024;  // the text around it and it are one expression
constexpr std::size_t kCurrencyLetters = 3;

bool IsText(std::string_view text, std::size_t least, std::size_t most) {
  return text.size() >= least && text.size() <= most && IsUtf8(text);
}

void CheckNames(const std::vector<std::string>& names, const std::string& list, Fault* fault) {
  fault->Require(names.size() <= kMaxShortList, list, "", "at most 256");
  if (!fault->status().ok()) return;
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    fault->Require(IsName(names[i]), Item(list, i), "", kNameRule);
    fault->Require(seen.insert(names[i]).second, Item(list, i), "", kDistinctRule);
  }
}

void CheckVariants(const std::vector<CampaignVariant>& variants, Fault* fault) {
  fault->Require(!variants.empty() && variants.size() <= kMaxCampaignVariants, "variants", "",
                 "must be between 1 and 64");
  if (!fault->status().ok()) return;
  std::set<std::string_view> seen;
  bool has_control = false;
  for (std::size_t i = 0; i < variants.size(); ++i) {
    const CampaignVariant& variant = variants[i];
    const std::string at = Item("variants", i);
    fault->Require(IsName(variant.name), at, ".name", kNameRule);
    fault->Require(variant.name != kHoldoutVariant, at, ".name",
                   "must not be holdout, which is what people are enrolled as who are held out");
    fault->Require(seen.insert(variant.name).second, at, ".name", kDistinctRule);
    fault->Require(variant.weight_millionths <= kWholeMillionths, at, ".weight_millionths",
                   "must be between 0 and 1,000,000");
    fault->Require(!variant.is_control || !has_control, at, ".is_control",
                   "must be true of one variant at most");
    has_control = has_control || variant.is_control;
  }
  const auto add = [](std::uint64_t sum, const CampaignVariant& variant) {
    return sum + variant.weight_millionths;
  };
  fault->Require(
      std::accumulate(variants.begin(), variants.end(), std::uint64_t{0}, add) == kWholeMillionths,
      Item("variants", variants.size() - 1), ".weight_millionths",
      "must make all weights together 1,000,000");
}

void CheckSteps(const std::vector<CampaignStep>& steps, Fault* fault) {
  fault->Require(steps.size() <= kMaxCampaignSteps, "steps", "", "at most 32");
  if (!fault->status().ok()) return;
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::string at = Item("steps", i);
    fault->Require(IsName(steps[i].name), at, ".name", kNameRule);
    fault->Require(seen.insert(steps[i].name).second, at, ".name", kDistinctRule);
    fault->Require(!steps[i].events.empty(), at, ".events", "must be one type of event or more");
    CheckNames(steps[i].events, at + ".events", fault);
  }
}

void CheckTimes(const CampaignDefinition& campaign, Fault* fault) {
  const auto is_time = [](std::int64_t ms) { return ms >= 0 && ms <= kMaxFactTimeMs; };
  fault->Require(is_time(campaign.from_ms), "from_ms", "", "must be between 1970 and 2100");
  if (campaign.to_ms) {
    fault->Require(is_time(*campaign.to_ms), "to_ms", "", "must be between 1970 and 2100");
    fault->Require(*campaign.to_ms > campaign.from_ms, "to_ms", "", "must be later than from_ms");
  }
  fault->Require(campaign.goal_within_ms >= 0 && campaign.goal_within_ms <= kMaxSpanMs,
                 "goal_within_ms", "",
                 "must be between 0 (until to_ms, or for ever) and a hundred years");
}

void CheckDivision(const CampaignDefinition& campaign, Fault* fault) {
  CheckVariants(campaign.variants, fault);
  fault->Require(IsText(campaign.salt, 0, kMaxFactNameBytes), "salt", "",
                 "must be UTF-8 of at most 128 bytes");
  fault->Require(campaign.holdout_millionths <= kWholeMillionths, "holdout_millionths", "",
                 "must be between 0 and 1,000,000");
  if (campaign.holdout_millionths == 0 && campaign.holdout_salt.empty()) return;
  fault->Require(IsName(campaign.holdout_salt), "holdout_salt", "",
                 "must be UTF-8 of 1 to 128 bytes where there is a holdout");
  fault->Require(
      campaign.holdout_salt != SaltOf(campaign), "holdout_salt", "",
      "must not be the campaign's salt, by which those are divided who are not held out");
}

void CheckMoney(const std::optional<Money>& money, std::string_view field, Fault* fault) {
  if (!money) return;
  const std::string& currency = money->currency;
  const bool is_currency =
      currency.size() == kCurrencyLetters &&
      std::all_of(currency.begin(), currency.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  fault->Require(is_currency, std::string(field), ".currency",
                 "must be an ISO 4217 code of three capitals, such as CNY");
  fault->Require(money->minor_units >= 0, std::string(field), ".minor_units", "must be 0 or more");
}

void CheckCosts(const CampaignDefinition& campaign, Fault* fault) {
  CheckMoney(campaign.fixed_cost, "fixed_cost", fault);
  CheckMoney(campaign.cost_per_reached, "cost_per_reached", fault);
  if (!campaign.cost_per_reached) return;
  fault->Require(!campaign.steps.empty(), "cost_per_reached", "",
                 "needs a step: it is for each event of the first one");
  fault->Require(
      !campaign.fixed_cost || campaign.fixed_cost->currency == campaign.cost_per_reached->currency,
      "cost_per_reached", ".currency", "must be that of fixed_cost");
}

}  // namespace

absl::Status Validate(const CampaignDefinition& campaign) {
  Fault fault;
  fault.Require(IsText(campaign.name, 1, kMaxCampaignNameBytes), "name", "",
                "must be UTF-8 of 1 to 119 bytes");
  fault.Require(IsText(campaign.audience, 1, kMaxAudienceBytes), "audience", "",
                "must be UTF-8 of 1 byte to 64 KiB");
  fault.Require(IsText(campaign.time_zone, 0, kMaxFactNameBytes), "time_zone", "",
                "must be the name of a time zone, such as Asia/Shanghai");
  CheckTimes(campaign, &fault);
  CheckNames(campaign.channels, "channels", &fault);
  CheckNames(campaign.labels, "labels", &fault);
  CheckDivision(campaign, &fault);
  CheckSteps(campaign.steps, &fault);
  fault.Require(IsText(campaign.goal, 0, kMaxGoalBytes), "goal", "",
                "must be UTF-8 of at most 32 KiB");
  CheckCosts(campaign, &fault);
  return fault.status();
}

absl::Status ValidateCampaigns(std::span<const CampaignDefinition> campaigns) {
  if (campaigns.size() > kMaxCampaigns)
    return absl::InvalidArgumentError("campaigns: at most 4,096");
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < campaigns.size(); ++i) {
    const absl::Status status = Validate(campaigns[i]);
    const std::string at = Item("campaigns", i);
    if (!status.ok()) return absl::InvalidArgumentError(at + "." + std::string(status.message()));
    if (!seen.insert(campaigns[i].name).second)
      return absl::InvalidArgumentError(at + ".name: " + std::string(kDistinctRule));
  }
  return absl::OkStatus();
}

std::string CampaignSource(std::string_view campaign) {
  return "campaign/" + std::string(campaign);
}

std::string_view SaltOf(const CampaignDefinition& campaign) {
  return campaign.salt.empty() ? campaign.name : campaign.salt;
}

const CampaignVariant* ControlOf(const CampaignDefinition& campaign) {
  const auto at = std::find_if(campaign.variants.begin(), campaign.variants.end(),
                               [](const CampaignVariant& variant) { return variant.is_control; });
  return at == campaign.variants.end() ? nullptr : &*at;
}

}  // namespace polyonym
