#include "polyonym/model/campaigns.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"

namespace polyonym::harness {
namespace {

using Edit = std::function<void(CampaignDefinition*)>;

constexpr std::int64_t kDay = 86'400'000;

// Every field has something to say.
CampaignDefinition FullCampaign() {
  CampaignDefinition full;
  full.name = "spring";
  full.audience = "did(order)";
  full.time_zone = "Asia/Shanghai";
  full.frozen = true;
  full.from_ms = 1'700'000'000'000;
  full.to_ms = full.from_ms + 30 * kDay;
  full.channels = {"wechat.openid", "phone"};
  full.labels = {"2027", "shoes"};
  full.variants = {{"mail", 450'000, false}, {"coupon", 450'000, false}, {"none", 100'000, true}};
  full.salt = "2027-03";
  full.holdout_salt = "2027";
  full.holdout_millionths = 50'000;
  full.steps = {{"reached", {"delivered"}}, {"opened", {"open", "view"}}};
  full.goal = "order where value >= 100 CNY";
  full.goal_within_ms = 14 * kDay;
  full.fixed_cost = Money{500'000, "CNY"};
  full.cost_per_reached = Money{5, "CNY"};
  return full;
}

std::string FaultOf(const Edit& edit) {
  CampaignDefinition campaign = FullCampaign();
  edit(&campaign);
  const absl::Status status = Validate(campaign);
  CHECK((status.ok() || absl::IsInvalidArgument(status)));
  return std::string(status.message());
}

// The field is named, with what is allowed; as one of several too.
void CheckFault(const std::string& field, const Edit& edit) {
  const std::string message = FaultOf(edit);
  INFO(field << ": " << message);
  CHECK(message.rfind(field + ":", 0) == 0);
  CHECK(message.size() > field.size() + 10);
  std::vector<CampaignDefinition> campaigns(2, FullCampaign());
  campaigns[1].name = "summer";
  edit(&campaigns[1]);
  CHECK(ValidateCampaigns(campaigns).message() == "campaigns[1]." + message);
}

TEST_CASE("a campaign in which every field has something to say is one") {
  CHECK(FaultOf([](CampaignDefinition*) {}).empty());
}

TEST_CASE("a campaign needs a name and an audience and a variant and nothing else") {
  CampaignDefinition campaign;
  campaign.name = "spring";
  campaign.audience = "did(order)";
  campaign.variants = {{"mail", 1'000'000, false}};
  CHECK(Validate(campaign).ok());
}

TEST_CASE("a campaign's name is short enough for a record's source") {
  CheckFault("name", [](CampaignDefinition* c) { c->name.clear(); });
  CheckFault("name", [](CampaignDefinition* c) { c->name = std::string(120, 'a'); });
  CheckFault("name", [](CampaignDefinition* c) { c->name = "\xff"; });
  CHECK(FaultOf([](CampaignDefinition* c) { c->name = std::string(119, 'a'); }).empty());
  CHECK(CampaignSource(std::string(119, 'a')).size() == 128);
  CHECK(CampaignSource("spring") == "campaign/spring");
}

TEST_CASE("texts of a campaign are bounded") {
  CheckFault("audience", [](CampaignDefinition* c) { c->audience.clear(); });
  CheckFault("audience", [](CampaignDefinition* c) { c->audience = std::string(65'537, 'a'); });
  CheckFault("goal", [](CampaignDefinition* c) { c->goal = std::string(32'769, 'a'); });
  CheckFault("goal", [](CampaignDefinition* c) { c->goal = "\xc3"; });
  CheckFault("time_zone", [](CampaignDefinition* c) { c->time_zone = std::string(129, 'a'); });
  CheckFault("salt", [](CampaignDefinition* c) { c->salt = std::string(129, 'a'); });
  CheckFault("channels[1]", [](CampaignDefinition* c) { c->channels[1] = c->channels[0]; });
  CheckFault("labels[0]", [](CampaignDefinition* c) { c->labels[0].clear(); });
  CheckFault("labels", [](CampaignDefinition* c) { c->labels.assign(257, "a"); });
  CHECK(FaultOf([](CampaignDefinition* c) { c->goal.clear(); }).empty());
}

TEST_CASE("a campaign ends after it begins and within the times that facts have") {
  CheckFault("from_ms", [](CampaignDefinition* c) { c->from_ms = -1; });
  CheckFault("to_ms", [](CampaignDefinition* c) { c->to_ms = c->from_ms; });
  CheckFault("to_ms", [](CampaignDefinition* c) { c->to_ms = kMaxFactTimeMs + 1; });
  CheckFault("goal_within_ms", [](CampaignDefinition* c) { c->goal_within_ms = -1; });
  CheckFault("goal_within_ms", [](CampaignDefinition* c) { c->goal_within_ms = 36'601 * kDay; });
  CHECK(FaultOf([](CampaignDefinition* c) { c->to_ms.reset(); }).empty());
}

TEST_CASE("weights of variants are a million together and one variant at most is the control") {
  CheckFault("variants", [](CampaignDefinition* c) { c->variants.clear(); });
  CheckFault("variants", [](CampaignDefinition* c) { c->variants.resize(65); });
  CheckFault("variants[1].name", [](CampaignDefinition* c) { c->variants[1].name = "mail"; });
  CheckFault("variants[1].name", [](CampaignDefinition* c) { c->variants[1].name = "holdout"; });
  CheckFault("variants[0].name", [](CampaignDefinition* c) { c->variants[0].name.clear(); });
  CheckFault("variants[2].is_control",
             [](CampaignDefinition* c) { c->variants[0].is_control = true; });
  CheckFault("variants[2].weight_millionths",
             [](CampaignDefinition* c) { c->variants[0].weight_millionths = 450'001; });
  CheckFault("variants[0].weight_millionths",
             [](CampaignDefinition* c) { c->variants[0].weight_millionths = 1'000'001; });
  CHECK(ControlOf(FullCampaign())->name == "none");
  CampaignDefinition campaign = FullCampaign();
  campaign.variants = {{"mail", 1'000'000, false}};
  CHECK(ControlOf(campaign) == nullptr);
}

TEST_CASE("a holdout has a salt of its own") {
  CheckFault("holdout_salt", [](CampaignDefinition* c) { c->holdout_salt.clear(); });
  CheckFault("holdout_salt", [](CampaignDefinition* c) { c->holdout_salt = c->salt; });
  CheckFault("holdout_salt", [](CampaignDefinition* c) {
    c->salt.clear();
    c->holdout_salt = c->name;
  });
  CheckFault("holdout_millionths",
             [](CampaignDefinition* c) { c->holdout_millionths = 1'000'001; });
  CampaignDefinition campaign = FullCampaign();
  CHECK(SaltOf(campaign) == "2027-03");
  campaign.salt.clear();
  CHECK(SaltOf(campaign) == campaign.name);
}

TEST_CASE("steps have names and types of events") {
  CheckFault("steps[1].name", [](CampaignDefinition* c) { c->steps[1].name = "reached"; });
  CheckFault("steps[0].events", [](CampaignDefinition* c) { c->steps[0].events.clear(); });
  CheckFault("steps[1].events[1]", [](CampaignDefinition* c) { c->steps[1].events[1] = "open"; });
  CheckFault("steps", [](CampaignDefinition* c) { c->steps.resize(33); });
}

TEST_CASE("costs are of one currency and not below zero") {
  CheckFault("fixed_cost.currency", [](CampaignDefinition* c) { c->fixed_cost->currency = "cny"; });
  CheckFault("fixed_cost.minor_units",
             [](CampaignDefinition* c) { c->fixed_cost->minor_units = -1; });
  CheckFault("cost_per_reached.currency",
             [](CampaignDefinition* c) { c->cost_per_reached->currency = "USD"; });
  CheckFault("cost_per_reached", [](CampaignDefinition* c) { c->steps.clear(); });
  CHECK(FaultOf([](CampaignDefinition* c) {
          c->steps.clear();
          c->cost_per_reached.reset();
        }).empty());
}

TEST_CASE("campaigns of one policy have different names and are not too many") {
  std::vector<CampaignDefinition> campaigns(2, FullCampaign());
  CHECK(ValidateCampaigns(campaigns).message() ==
        "campaigns[1].name: is there twice; names must be distinct");
  campaigns[1].name = "summer";
  CHECK(ValidateCampaigns(campaigns).ok());
  campaigns.resize(4097);
  CHECK(ValidateCampaigns(campaigns).message() == "campaigns: at most 4,096");
}

}  // namespace
}  // namespace polyonym::harness
