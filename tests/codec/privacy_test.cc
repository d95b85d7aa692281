// Rules of privacy, and what segments ask for, as protobuf and JSON.
#include <string>
#include <vector>

#include "harness/catch.h"
#include "harness/random.h"
#include "polyonym/codec/json.h"
#include "polyonym/codec/proto.h"
#include "polyonym/model/policy.h"

namespace polyonym {
namespace {

std::vector<std::string> Fields(harness::Random& random) {
  std::vector<std::string> fields;
  for (std::uint64_t i = random.Below(3); i > 0; --i)
    fields.push_back("trait:城市" + std::to_string(i));
  return fields;
}

RoleDefinition AnyRole(harness::Random& random) {
  RoleDefinition role;
  role.name = "clerk";
  role.up_to = static_cast<std::uint8_t>(random.Below(3));
  role.also = Fields(random);
  role.never = Fields(random);
  if (random.Chance(50)) role.namespaces = {"phone", "member_card"};
  role.in_segment = random.Chance(50) ? "" : "vip";
  role.purpose = random.Chance(50) ? "" : "ads";
  role.may_read = random.Chance(50);
  role.may_list = random.Chance(50);
  role.may_export = random.Chance(50);
  role.may_change = random.Chance(50);
  return role;
}

PrivacyRules AnyRules(harness::Random& random) {
  PrivacyRules rules;
  for (const std::string& field : Fields(random))
    rules.labels.push_back({field, static_cast<std::uint8_t>(random.Below(3))});
  for (std::uint64_t i = random.Below(3); i > 0; --i) rules.roles.push_back(AnyRole(random));
  for (const std::string& field : Fields(random))
    rules.disclosures.push_back({field, random.Chance(50), random.Chance(50) ? "" : "a secret"});
  for (const std::string& field : Fields(random)) {
    rules.retentions.push_back(
        {field, static_cast<std::int64_t>(random.Below(3)), random.Chance(50) ? "" : "ads"});
  }
  rules.restriction_purpose = random.Chance(50) ? "" : "use";
  return rules;
}

std::string FaultIn(const std::string& definitions) {
  const auto policy = ReadPolicyJson(R"({"definitions": )" + definitions + "}");
  REQUIRE_FALSE(policy.ok());
  return std::string(policy.status().message());
}

}  // namespace

TEST_CASE("rules of privacy come back from protobuf and JSON as they went") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    INFO("seed " << seed);
    harness::Random random(seed);
    Policy policy;
    policy.definitions.privacy = AnyRules(random);
    policy.definitions.segments = {
        {"vip", "tag vip", "", random.Chance(50) ? "" : "ads", random.Chance(50)}};
    const auto from_proto = ReadPolicyProto(WritePolicyProto(policy));
    REQUIRE(from_proto.ok());
    CHECK(*from_proto == policy);
    const auto from_json = ReadPolicyJson(WritePolicyJson(policy, random.Chance(50)));
    REQUIRE(from_json.ok());
    CHECK(*from_json == policy);
  }
}

TEST_CASE("what is not said of privacy is as it is without it") {
  const auto policy = ReadPolicyJson(R"({"definitions": {
      "privacy": {"roles": [{"name": "clerk"}], "disclosures": [{"field": "trait:city"}]},
      "segments": [{"name": "vip", "expression": "tag vip"}]}})");
  REQUIRE(policy.ok());
  const Definitions& read = policy->definitions;
  REQUIRE(read.privacy.roles.size() == 1);
  CHECK(read.privacy.roles[0] == RoleDefinition{.name = "clerk"});
  CHECK(read.privacy.roles[0].may_read);
  REQUIRE(read.privacy.disclosures.size() == 1);
  CHECK(read.privacy.disclosures[0].may_see);
  REQUIRE(read.segments.size() == 1);
  CHECK(read.segments[0] == SegmentDefinition{"vip", "tag vip"});
  // And a policy that says nothing of it is written as one from before there was any.
  CHECK(WritePolicyJson(Policy(), false).find("privacy") == std::string::npos);
}

TEST_CASE("a sensitivity that is not known is refused by its place") {
  CHECK(
      FaultIn(
          R"({"privacy": {"labels": [{"field": "tag:a"}, {"field": "tag:b", "sensitivity": 7}]}})")
          .find("definitions.privacy.labels[1].sensitivity") != std::string::npos);
  CHECK(FaultIn(R"({"privacy": {"roles": [{"name": "clerk", "up_to": 7}]}})")
            .find("definitions.privacy.roles[0].up_to") != std::string::npos);
}

}  // namespace polyonym
