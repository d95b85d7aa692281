// Campaigns and rules of reach as protobuf and JSON.
#include <string>

#include "harness/catch.h"
#include "harness/random.h"
#include "polyonym/codec/json.h"
#include "polyonym/codec/proto.h"
#include "polyonym/model/policy.h"

namespace polyonym {
namespace {

std::vector<std::string> Texts(harness::Random& random) {
  std::vector<std::string> texts;
  for (std::uint64_t i = random.Below(3); i > 0; --i) texts.push_back("双十一" + std::to_string(i));
  return texts;
}

CampaignDefinition AnyCampaign(harness::Random& random) {
  CampaignDefinition campaign;
  campaign.name = "spring";
  campaign.audience = "did(order)";
  campaign.time_zone = random.Chance(50) ? "" : "Asia/Shanghai";
  campaign.frozen = random.Chance(50);
  campaign.from_ms = static_cast<std::int64_t>(random.Below(3));
  if (random.Chance(50)) campaign.to_ms = static_cast<std::int64_t>(random.Below(3));
  campaign.channels = Texts(random);
  campaign.labels = Texts(random);
  campaign.variants = {{"a", 400'000, random.Chance(50)}, {"b", 600'000, false}};
  campaign.salt = random.Chance(50) ? "" : "salt";
  campaign.holdout_salt = random.Chance(50) ? "" : "year";
  campaign.holdout_millionths = static_cast<std::uint32_t>(random.Below(3));
  for (const std::string& step : Texts(random)) campaign.steps.push_back({step, Texts(random)});
  campaign.goal = random.Chance(50) ? "" : "order where value >= 100 CNY";
  campaign.goal_within_ms = static_cast<std::int64_t>(random.Below(3));
  if (random.Chance(50)) campaign.fixed_cost = Money{0, "CNY"};
  if (random.Chance(50)) campaign.cost_per_reached = Money{12, "CNY"};
  return campaign;
}

ReachRules AnyRules(harness::Random& random) {
  ReachRules rules;
  rules.channels = {{"sms", {"phone"}, random.Chance(50) ? "" : "ads"},
                    {"push", Texts(random), ""}};
  FrequencyCap& cap = rules.caps.emplace_back();
  cap.name = "two a week";
  cap.channels = Texts(random);
  cap.labels = Texts(random);
  cap.campaigns = Texts(random);
  cap.count = static_cast<std::uint32_t>(random.Below(3));
  cap.period = static_cast<CapPeriod>(random.Below(4));
  cap.span_ms = static_cast<std::int64_t>(random.Below(3));
  cap.units = static_cast<std::uint32_t>(random.Below(3));
  cap.week_begins = static_cast<std::uint32_t>(random.Below(8));
  rules.quiet_hours = {{"night", Texts(random), 22 * 60, 8 * 60, {5, 6}}, {"noon", {}, 0, 1, {}}};
  rules.zone_trait = random.Chance(50) ? "" : "zone";
  rules.default_zone = random.Chance(50) ? "" : "Asia/Shanghai";
  rules.profiling_purpose = random.Chance(50) ? "" : "profiling";
  if (random.Chance(50)) rules.message_events = Texts(random);
  if (rules.message_events.empty()) rules.message_events = {"sent"};
  return rules;
}

}  // namespace

TEST_CASE("campaigns and rules of reach come back from protobuf and JSON as they went") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    INFO("seed " << seed);
    harness::Random random(seed);
    Policy policy;
    policy.definitions.campaigns = {AnyCampaign(random), AnyCampaign(random)};
    policy.definitions.reach = AnyRules(random);
    const auto from_proto = ReadPolicyProto(WritePolicyProto(policy));
    REQUIRE(from_proto.ok());
    CHECK(*from_proto == policy);
    const auto from_json = ReadPolicyJson(WritePolicyJson(policy, random.Chance(50)));
    REQUIRE(from_json.ok());
    CHECK(*from_json == policy);
  }
}

TEST_CASE("what is not said of reach is as it is without it") {
  const auto policy = ReadPolicyJson(
      R"({"definitions": {"reach": {"caps": [{"name": "a day", "channels": ["sms"]}]}}})");
  REQUIRE(policy.ok());
  const ReachRules& reach = policy->definitions.reach;
  CHECK(reach.message_events == std::vector<std::string>{"message_sent"});
  REQUIRE(reach.caps.size() == 1);
  CHECK(reach.caps[0].count == 1);
  CHECK(reach.caps[0].period == CapPeriod::kDay);
  CHECK(reach.caps[0].week_begins == 1);
}

TEST_CASE("a cap over a period that is not known is refused by its place") {
  const auto policy = ReadPolicyJson(
      R"({"definitions": {"reach": {"caps": [{"name": "a"}, {"name": "b", "period": 77}]}}})");
  REQUIRE_FALSE(policy.ok());
  CHECK(std::string(policy.status().message()).find("definitions.reach.caps[1].period") !=
        std::string::npos);
}

}  // namespace polyonym
