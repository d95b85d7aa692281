#include "polyonym/model/presets.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/catch.h"
#include "harness/engine_state.h"
#include "polyonym/codec/json.h"
#include "polyonym/model/judge.h"

namespace polyonym::harness {
namespace {

Policy PolicyOfAll(const std::vector<Preset>& presets) {
  const auto policy = PolicyOf(presets);
  REQUIRE(policy.ok());
  return *policy;
}

std::vector<Preset> EveryPreset() {
  std::vector<Preset> presets;
  for (const PresetInfo& info : Presets()) presets.push_back(info.preset);
  return presets;
}

// Calls `check` with each set of presets: there are 2,047.
template <class Check>
void ForEachSet(Check check) {
  const std::vector<Preset> all = EveryPreset();
  for (std::uint32_t bits = 1; bits < 1U << all.size(); ++bits) {
    std::vector<Preset> some;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if ((bits >> i & 1) != 0) some.push_back(all[i]);
    }
    check(some);
  }
}

const NamespacePolicy& Find(const Policy& policy, std::string_view name) {
  const auto at = std::find_if(policy.namespaces.begin(), policy.namespaces.end(),
                               [&](const NamespacePolicy& ns) { return ns.name == name; });
  INFO(name);
  REQUIRE(at != policy.namespaces.end());
  return *at;
}

// What becomes of a value under all presets: normalised, or why it is held, in angle brackets.
std::string ValueOf(std::string_view ns, std::string_view raw) {
  static const std::shared_ptr<const CompiledPolicy> kAll = Compile(PolicyOfAll(EveryPreset()));
  const Verdict verdict = kAll->Judge(kAll->FindFamily(ns), raw);
  if (verdict.reason == Reason::kNone) return verdict.value;
  return "<" + std::string(ToString(verdict.reason)) + ">";
}

constexpr char kHeld[] = "<not_normalisable>";
constexpr char kBlocked[] = "<blocked_value>";

}  // namespace

TEST_CASE("any set of presets is a valid policy that JSON gives back") {
  ForEachSet([](const std::vector<Preset>& presets) {
    const Policy policy = PolicyOfAll(presets);
    INFO(policy.name);
    REQUIRE(Validate(policy).ok());
    const auto read = ReadPolicyJson(WritePolicyJson(policy, true));
    REQUIRE(read.ok());
    REQUIRE(*read == policy);
  });
}

TEST_CASE("a namespace is the same in every preset, but for what it derives") {
  std::map<std::string, NamespacePolicy> seen;
  std::size_t shared = 0;
  for (const Preset preset : EveryPreset()) {
    for (NamespacePolicy ns : PolicyOfAll({preset}).namespaces) {
      ns.derived.clear();
      INFO(ns.name);
      const auto [at, first] = seen.emplace(ns.name, ns);
      CHECK(at->second == ns);
      shared += first ? 0 : 1;
    }
  }
  CHECK(shared >= 10);  // phone alone is in nine presets
  CHECK(PolicyOfAll(EveryPreset()).namespaces.size() == seen.size());
}

TEST_CASE("presets are joined in any order, and one that is given twice counts once") {
  const Policy policy = PolicyOfAll({Preset::kWeChat, Preset::kStore, Preset::kDigests});
  CHECK(policy.name == "wechat+store+digests");
  CHECK(policy == PolicyOfAll({Preset::kDigests, Preset::kStore, Preset::kWeChat, Preset::kStore}));
}

TEST_CASE("nothing and what is no preset have no policy") {
  const std::vector<Preset> strange = {Preset::kWeb, static_cast<Preset>(77)};
  CHECK(absl::IsInvalidArgument(PolicyOf({}).status()));
  const absl::Status status = PolicyOf(strange).status();
  CHECK(absl::IsInvalidArgument(status));
  CHECK(status.message().find("presets[1]") == 0);
  CHECK(ToString(strange[1]).empty());
}

TEST_CASE("a preset is found by the name that it is listed under") {
  std::uint8_t place = 0;
  for (const PresetInfo& info : Presets()) {
    CHECK(info.preset == static_cast<Preset>(place++));
    CHECK(ToString(info.preset) == info.name);
    CHECK(ParsePreset(info.name) == info.preset);
    CHECK_FALSE(info.about.empty());
  }
  CHECK(ParsePreset("WeChat") == std::nullopt);
  CHECK(ParsePreset("") == std::nullopt);
}

TEST_CASE("every namespace of a preset is bounded by total neighbours") {
  const Policy policy = PolicyOfAll(EveryPreset());
  CHECK(policy.default_max_neighbours == 1'000);
  CHECK(policy.max_identifiers_per_profile == 10'000);
  CHECK(policy.undeclared == Undeclared::kHoldIdentifier);
  for (const NamespacePolicy& ns : policy.namespaces) {
    INFO(ns.name);
    for (const Guard& guard : ns.guards) CHECK_FALSE(guard.of.empty());
  }
}

TEST_CASE("guards and derived forms speak of namespaces that some preset declares") {
  const Policy policy = PolicyOfAll(EveryPreset());
  for (const NamespacePolicy& ns : policy.namespaces) {
    for (const Guard& guard : ns.guards) Find(policy, guard.of);
  }
}

TEST_CASE("ids of persons rank before ids in an app, those before phones, phones before devices") {
  const Policy policy = PolicyOfAll(EveryPreset());
  const std::vector<std::vector<std::string>> tiers = {
      {"account"},
      {"member_card"},
      {"wechat.unionid", "weibo.uid", "taobao.omid", "jd.pin", "douyin.allied_id", "douyin.unionid",
       "alipay.user_id", "xiaohongshu.user_id"},
      {"wechat.openid", "wecom.external_userid", "taobao.ouid", "taobao.openuid", "jd.xid",
       "jd.openid", "douyin.openid", "alipay.openid", "xiaohongshu.openid", "pos.customer"},
      {"wecom.pending_id"},
      {"phone"},
      {"email"},
      {"taobao.nick"},
      {"phone.sha256", "phone.md5", "email.sha256", "email.md5"},
      {"device", "device.oaid", "device.idfa", "device.idfv", "device.android_id", "device.imei"},
      {"cookie"},
      {"session"},
      {"wecom.userid", "staff"}};
  std::size_t named = 0;
  std::uint32_t before = 0;
  for (const std::vector<std::string>& tier : tiers) {
    const std::uint32_t priority = Find(policy, tier.front()).priority;
    CHECK(priority > before);
    for (const std::string& name : tier) {
      INFO(name);
      CHECK(Find(policy, name).priority == priority);
      ++named;
    }
    before = priority;
  }
  CHECK(named == policy.namespaces.size());
}

TEST_CASE("ids that a platform makes are compared exactly, at most one a person in each scope") {
  const Policy policy = PolicyOfAll(EveryPreset());
  for (const char* name : {"wechat.unionid", "wechat.openid", "wecom.external_userid",
                           "wecom.userid", "taobao.omid", "taobao.ouid", "taobao.openuid", "jd.xid",
                           "jd.openid", "douyin.allied_id", "douyin.unionid", "douyin.openid",
                           "alipay.openid", "xiaohongshu.user_id", "xiaohongshu.openid"}) {
    INFO(name);
    const NamespacePolicy& ns = Find(policy, name);
    CHECK(ns.normaliser == Normaliser::kExact);
    CHECK(ns.limits == std::vector<Limit>{{1, true, 0}});
  }
  CHECK(ValueOf("wechat.openid/wx1", "oA1b2") == "oA1b2");
  CHECK(ValueOf("wechat.openid/wx1", "oA1b2") != ValueOf("wechat.openid/wx1", "oA1B2"));
}

TEST_CASE("a pending id is good for ninety days, and links of devices for four hundred") {
  constexpr std::int64_t kDay = 86'400'000;
  const Policy policy = PolicyOfAll(EveryPreset());
  for (const NamespacePolicy& ns : policy.namespaces) {
    INFO(ns.name);
    const bool forgotten =
        ns.name.rfind("device", 0) == 0 || ns.name == "cookie" || ns.name == "session";
    CHECK(ns.validity_ms == (ns.name == "wecom.pending_id" ? 90 * kDay : 0));
    CHECK(ns.link_lifetime_ms == (forgotten ? 400 * kDay : 0));
  }
}

TEST_CASE("what stands for no one is held") {
  CHECK(ValueOf("device.oaid", "NO") == kBlocked);
  CHECK(ValueOf("device.oaid", "00000000-0000-0000-0000-000000000000") == kBlocked);
  CHECK(ValueOf("device.android_id", "9774D56D682E549C") == kBlocked);
  CHECK(ValueOf("device.imei", "8612345") == kHeld);
  CHECK(ValueOf("weibo.uid", "some nickname") == kHeld);
  CHECK(ValueOf("alipay.user_id", "someone@example.com") == kHeld);
  CHECK(ValueOf("taobao.nick", "t**8") == kBlocked);
  CHECK(ValueOf("phone", "138****0001") == kBlocked);
  CHECK(ValueOf("phone.md5", "d41d8cd98f00b204e9800998ecf8427e") == kBlocked);  // of nothing
  CHECK(ValueOf("phone.sha256",                                                 // of nothing
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855") == kBlocked);
  CHECK(ValueOf("phone.sha256", "d41d8cd98f00b204e9800998ecf8427e") == kHeld);  // an MD5
}

TEST_CASE("capitals make no other device and no other digest") {
  CHECK(ValueOf("device.idfa", "6D92078A-8246-4BA4-AE5B-76104861E7DC") ==
        "6d92078a-8246-4ba4-ae5b-76104861e7dc");
  CHECK(ValueOf("phone.md5", "AD8AB3FC0D9CD9A4D0E3F4C3E1C2A3B4") ==
        "ad8ab3fc0d9cd9a4d0e3f4c3e1c2a3b4");
}

TEST_CASE("a phone has its digests where, and only where, digests are asked for") {
  CHECK(Find(PolicyOfAll({Preset::kWeb}), "phone").derived.empty());
  const Policy policy = PolicyOfAll({Preset::kWeb, Preset::kDigests});
  CHECK(Find(policy, "email").derived.size() == 2);
  const auto compiled = Compile(policy);
  Record record;
  record.source = "web";
  record.time_ms = 1;
  record.identifiers = {{"phone", "138 0013 0001"}};
  const RecordVerdict verdict = JudgeRecord(*compiled, record);
  REQUIRE(verdict.counted.size() == 3);
  // echo -n 13800130001 | sha256sum, md5sum
  CHECK(verdict.counted[1].value ==
        "9745d99f9ca6421529bb79a21de816324611dff969066015e4d4a410fe109e91");
  CHECK(verdict.counted[2].value == "00c93821f6d0bd5a656fe5e2dcfe9854");
}

}  // namespace polyonym::harness
