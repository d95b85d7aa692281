#include "polyonym/model/policy.h"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "model/one_namespace.h"

namespace polyonym::harness {
namespace {

using Edit = std::function<void(Policy*)>;

// A policy in which every field has something to say.
Policy FullPolicy() {
  Policy policy;
  policy.name = "shop";
  NamespacePolicy phone = Declared("phone", Normaliser::kPhone);
  phone.priority = 2;
  phone.limits = {{3, false, 0}, {1, true, 86'400'000}};
  phone.guards = {{"", 50}, {"crm", 5}};
  phone.blocked_values = {"+8613912345678"};
  phone.blocked_patterns = {"^\\+86170"};
  phone.valid_pattern = "^\\+";
  phone.link_lifetime_ms = 1'000;
  phone.validity_ms = 2'000;
  phone.derived = {{"phone_hash", Digest::kSha256, DigestOf::kNationalDigits}};
  NamespacePolicy parent = Declared("account");
  NamespacePolicy child = Declared("card");
  child.parent = "account";
  child.sensitivity = Sensitivity::kPersonal;
  policy.namespaces = {phone, parent, child, Declared("phone_hash")};
  return policy;
}

void CheckFault(const std::string& field, const Edit& edit) {
  Policy policy = FullPolicy();
  edit(&policy);
  const absl::Status status = Validate(policy);
  INFO(field << ": " << status.ToString());
  REQUIRE(absl::IsInvalidArgument(status));
  const std::string message(status.message());
  CHECK(message.rfind(field + ":", 0) == 0);
  CHECK(message.size() > field.size() + 10);  // and what is allowed
  CHECK(absl::IsInvalidArgument(CompiledPolicy::Compile(policy).status()));
}

}  // namespace

TEST_CASE("a policy without a fault is valid") {
  CHECK(Validate(FullPolicy()).ok());
  CHECK(Validate(Policy()).ok());
}

TEST_CASE("a name that is at fault is named") {
  for (const char* name : {"", "a b", "phone/wx1", "phone/", "p~1", "手机"}) {
    CheckFault("namespaces[1].name", [&](Policy* p) { p->namespaces[1].name = name; });
  }
  CheckFault("namespaces[2].name", [](Policy* p) { p->namespaces[2].name = "phone"; });
  CheckFault("namespaces", [](Policy* p) {
    for (int i = 0; i < 4'097; ++i) p->namespaces.push_back(Declared("n" + std::to_string(i)));
  });
}

TEST_CASE("numbers out of their range are named") {
  for (const std::uint32_t priority : {0u, 1'000'001u}) {
    CheckFault("namespaces[0].priority", [&](Policy* p) { p->namespaces[0].priority = priority; });
  }
  CheckFault("namespaces[0].limits[1].max", [](Policy* p) { p->namespaces[0].limits[1].max = 0; });
  CheckFault("namespaces[0].limits[1].window_ms",
             [](Policy* p) { p->namespaces[0].limits[1].window_ms = -1; });
  CheckFault("namespaces[0].limits", [](Policy* p) { p->namespaces[0].limits.resize(9); });
  CheckFault("namespaces[0].guards", [](Policy* p) { p->namespaces[0].guards.resize(9); });
  CheckFault("namespaces[0].guards[1].of",
             [](Policy* p) { p->namespaces[0].guards[1].of = "a/b/c"; });
  CheckFault("namespaces[0].blocked_values",
             [](Policy* p) { p->namespaces[0].blocked_values.assign(10'001, "x"); });
  CheckFault("namespaces[0].blocked_patterns",
             [](Policy* p) { p->namespaces[0].blocked_patterns.assign(65, "x"); });
  Policy edges = FullPolicy();
  edges.namespaces[0].priority = 1'000'000;
  edges.namespaces[0].limits.clear();
  edges.namespaces[0].guards.clear();
  for (int i = 0; i < 8; ++i) {
    edges.namespaces[0].limits.push_back({1, true, i});
    edges.namespaces[0].guards.push_back({"crm/wx" + std::to_string(i), 0});
  }
  CHECK(Validate(edges).ok());
}

TEST_CASE("limits or guards that count the same contradict each other, and both are named") {
  CheckFault("namespaces[0].limits[2]", [](Policy* p) {
    p->namespaces[0].limits.push_back({2, true, 86'400'000});
  });
  CheckFault("namespaces[0].guards[2]", [](Policy* p) {
    p->namespaces[0].guards.push_back({"crm", 6});
  });
  Policy policy = FullPolicy();
  policy.namespaces[0].limits.push_back({2, false, 0});
  CHECK_THAT(std::string(Validate(policy).message()), HoldsText("contradicts limits[0]"));
  policy = FullPolicy();
  policy.namespaces[0].guards.push_back({"", 6});
  CHECK_THAT(std::string(Validate(policy).message()), HoldsText("contradicts guards[0]"));
}

TEST_CASE("choices that the library does not know are named") {
  CheckFault("ranking", [](Policy* p) { p->ranking = static_cast<Ranking>(3); });
  CheckFault("namespaces[0].normaliser",
             [](Policy* p) { p->namespaces[0].normaliser = static_cast<Normaliser>(6); });
}

TEST_CASE(
    "a choice of what to do with the undeclared, or of sensitivity, that the library does not know "
    "is named") {
  CheckFault("undeclared", [](Policy* p) { p->undeclared = static_cast<Undeclared>(2); });
  CheckFault("namespaces[2].sensitivity",
             [](Policy* p) { p->namespaces[2].sensitivity = static_cast<Sensitivity>(3); });
}

TEST_CASE("text at fault is named") {
  CheckFault("namespaces[0].blocked_values[1]",
             [](Policy* p) { p->namespaces[0].blocked_values.push_back(""); });
  CheckFault("namespaces[0].blocked_values[1]",
             [](Policy* p) { p->namespaces[0].blocked_values.push_back("\xff"); });
  CheckFault("namespaces[0].blocked_patterns[1]",
             [](Policy* p) { p->namespaces[0].blocked_patterns.push_back("("); });
  CheckFault("namespaces[0].blocked_patterns[1]",
             [](Policy* p) { p->namespaces[0].blocked_patterns.push_back("\xff"); });
  CheckFault("namespaces[0].valid_pattern",
             [](Policy* p) { p->namespaces[0].valid_pattern = "a{2,1}"; });
  for (const char* region : {"cn", "C", "CHN", "C1", "中国"}) {
    CheckFault("namespaces[0].region", [&](Policy* p) { p->namespaces[0].region = region; });
  }
  CheckFault("namespaces[1].region", [](Policy* p) { p->namespaces[1].region = "CN"; });
}

TEST_CASE("a name of the policy that cannot be stored is named") {
  CheckFault("name", [](Policy* p) { p->name = "caf\xe9"; });
}

TEST_CASE("a parent is a namespace of the policy, and no family is its own ancestor") {
  CheckFault("namespaces[2].parent", [](Policy* p) { p->namespaces[2].parent = "nobody"; });
  CheckFault("namespaces[2].parent", [](Policy* p) { p->namespaces[2].parent = "account/x"; });
  CheckFault("namespaces[1].parent", [](Policy* p) { p->namespaces[1].parent = "account"; });
  CheckFault("namespaces[1].parent", [](Policy* p) { p->namespaces[1].parent = "card"; });
}

TEST_CASE("spans of time are between none and a hundred years") {
  constexpr std::int64_t kMost = std::int64_t{100} * 366 * 86'400'000;
  for (const std::int64_t span : {std::int64_t{-1}, kMost + 1}) {
    CheckFault("namespaces[0].limits[1].window_ms",
               [&](Policy* p) { p->namespaces[0].limits[1].window_ms = span; });
    CheckFault("namespaces[1].link_lifetime_ms",
               [&](Policy* p) { p->namespaces[1].link_lifetime_ms = span; });
    CheckFault("namespaces[2].validity_ms",
               [&](Policy* p) { p->namespaces[2].validity_ms = span; });
  }
  Policy edges = FullPolicy();
  edges.namespaces[0].limits[1].window_ms = kMost;
  edges.namespaces[0].link_lifetime_ms = kMost;
  edges.namespaces[0].validity_ms = kMost;
  CHECK(Validate(edges).ok());
}

TEST_CASE("an identifier is derived into another namespace of the policy, which derives nothing") {
  for (const char* ns : {"", "nobody", "phone_hash/", "phone_hash/a/b", "phone", "phone/wx1"}) {
    INFO(ns);
    CheckFault("namespaces[0].derived[0].namespace",
               [&](Policy* p) { p->namespaces[0].derived[0].ns = ns; });
  }
  CheckFault("namespaces[0].derived[0].namespace", [](Policy* p) {
    p->namespaces[3].derived = {{"card", Digest::kMd5, DigestOf::kNormalised}};
  });
  Policy scoped = FullPolicy();
  scoped.namespaces[0].derived[0].ns = "phone_hash/ads";
  scoped.namespaces[1].derived = {{"phone_hash", Digest::kMd5, DigestOf::kNormalised}};
  CHECK(Validate(scoped).ok());
}

TEST_CASE("a digest is one that the library knows, of digits where there are digits, and once") {
  CheckFault("namespaces[0].derived[0]",
             [](Policy* p) { p->namespaces[0].derived[0].digest = static_cast<Digest>(2); });
  CheckFault("namespaces[0].derived[0]",
             [](Policy* p) { p->namespaces[0].derived[0].of = static_cast<DigestOf>(3); });
  for (const DigestOf of : {DigestOf::kDigits, DigestOf::kNationalDigits}) {
    CheckFault("namespaces[1].derived[0].of", [&](Policy* p) {
      p->namespaces[1].derived = {{"phone_hash", Digest::kSha256, of}};
    });
  }
  CheckFault("namespaces[0].derived[1]",
             [](Policy* p) { p->namespaces[0].derived.push_back(p->namespaces[0].derived[0]); });
  Policy many = FullPolicy();
  many.namespaces[0].derived.clear();
  for (int i = 0; i < 8; ++i)
    many.namespaces[0].derived.push_back({"phone_hash/a" + std::to_string(i)});
  CHECK(Validate(many).ok());
  CheckFault("namespaces[0].derived", [&](Policy* p) {
    p->namespaces[0].derived = many.namespaces[0].derived;
    p->namespaces[0].derived.push_back({"phone_hash"});
  });
}

TEST_CASE("policies that mean the same do not differ") {
  CHECK(Diff(FullPolicy(), FullPolicy()).empty());
  Policy turned = FullPolicy();
  std::swap(turned.namespaces[0], turned.namespaces[2]);
  CHECK(Diff(FullPolicy(), turned).empty());
}

TEST_CASE("each difference is one line, with the field, the old value and the new") {
  struct Case {
    std::string line;
    Edit edit;
  };
  const std::vector<Case> cases = {
      {"name: \"shop\" -> \"club\"", [](Policy* p) { p->name = "club"; }},
      {"ranking: 0 -> 1", [](Policy* p) { p->ranking = Ranking::kOldest; }},
      {"undeclared: 0 -> 1", [](Policy* p) { p->undeclared = Undeclared::kHoldIdentifier; }},
      {"max_identifiers_per_profile: 10000 -> 0",
       [](Policy* p) { p->max_identifiers_per_profile = 0; }},
      {"default_max_neighbours: 1000 -> 7", [](Policy* p) { p->default_max_neighbours = 7; }},
      {"namespaces[phone].priority: 2 -> 9", [](Policy* p) { p->namespaces[0].priority = 9; }},
      {"namespaces[phone].limits: [max 3, max 1 per scope in 86400000 ms] -> [max 3]",
       [](Policy* p) { p->namespaces[0].limits.pop_back(); }},
      {"namespaces[phone].guards: [50 of any, 5 of crm] -> [50 of any, 6 of crm]",
       [](Policy* p) { p->namespaces[0].guards[1].max_neighbours = 6; }},
      {"namespaces[phone].normaliser: 4 -> 0",
       [](Policy* p) { p->namespaces[0].normaliser = Normaliser::kExact; }},
      {"namespaces[phone].region: \"CN\" -> \"HK\"",
       [](Policy* p) { p->namespaces[0].region = "HK"; }},
      {"namespaces[phone].blocked_patterns: [\"^\\+86170\"] -> []",
       [](Policy* p) { p->namespaces[0].blocked_patterns.clear(); }},
      {"namespaces[phone].valid_pattern: \"^\\+\" -> \"\"",
       [](Policy* p) { p->namespaces[0].valid_pattern.clear(); }},
      {"namespaces[phone].builtin_blocks: true -> false",
       [](Policy* p) { p->namespaces[0].builtin_blocks = false; }},
      {"namespaces[card].parent: \"account\" -> \"\"",
       [](Policy* p) { p->namespaces[2].parent.clear(); }},
      {"namespaces[card].sensitivity: 1 -> 2",
       [](Policy* p) { p->namespaces[2].sensitivity = Sensitivity::kSensitive; }},
      {"namespaces[phone].link_lifetime_ms: 1000 -> 0",
       [](Policy* p) { p->namespaces[0].link_lifetime_ms = 0; }},
      {"namespaces[card].validity_ms: 0 -> 5", [](Policy* p) { p->namespaces[2].validity_ms = 5; }},
      {"namespaces[phone].derived: [phone_hash by digest 0 of form 2] -> [phone_hash by digest 1 "
       "of "
       "form 2]",
       [](Policy* p) { p->namespaces[0].derived[0].digest = Digest::kMd5; }},
      {"namespaces[new]: added", [](Policy* p) { p->namespaces.push_back(Declared("new")); }},
      {"namespaces[account]: removed",
       [](Policy* p) { p->namespaces.erase(p->namespaces.begin() + 1); }},
  };
  Policy all = FullPolicy();
  for (const Case& one : cases) {
    Policy after = FullPolicy();
    one.edit(&after);
    CHECK(Diff(FullPolicy(), after) == std::vector<std::string>{one.line});
    one.edit(&all);
  }
  CHECK(Diff(FullPolicy(), all).size() == cases.size());
}

TEST_CASE("blocked values may be somebody's: a difference counts them and shows none") {
  Policy after = FullPolicy();
  after.namespaces[0].blocked_values.push_back("+8613987654321");
  const std::vector<std::string> lines = Diff(FullPolicy(), after);
  REQUIRE(lines.size() == 1);
  CHECK_THAT(lines[0], HoldsText("namespaces[phone].blocked_values: 1 values -> 2 values"));
  CHECK(lines[0].find("139") == std::string::npos);
}

}  // namespace polyonym::harness
