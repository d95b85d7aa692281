#include "polyonym/model/privacy_rules.h"

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "polyonym/model/policy.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

using Rules = PrivacyRules*;

PrivacyRules SomeRules() {
  PrivacyRules rules;
  rules.labels = {{"event:clinic_visit", 2}, {"relation:*", 1}};
  rules.roles = {{.name = "clerk",
                  .up_to = 1,
                  .also = {"tag:vip"},
                  .never = {"namespace:phone", "event:*"},
                  .namespaces = {"member_card"},
                  .in_segment = "customers",
                  .purpose = "service"},
                 {.name = "主管", .up_to = 2, .may_list = true, .may_export = true}};
  rules.disclosures = {{"tag:credit_risk", false, "ask for a review by a person"},
                       {"trait:city", true, ""}};
  rules.retentions = {{"event:page_view", 90 * kDayMs, ""}, {"class:social", kDayMs, "research"}};
  rules.restriction_purpose = "use";
  return rules;
}

std::string FaultWith(const std::function<void(Rules)>& change) {
  PrivacyRules rules = SomeRules();
  change(&rules);
  const absl::Status status = Validate(rules);
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

void CheckFault(const std::string& field, const std::function<void(Rules)>& change) {
  const std::string message = FaultWith(change);
  INFO(field << " is not what begins: " << message);
  CHECK(message.rfind(field + ": ", 0) == 0);
}

void CheckFine(const std::function<void(Rules)>& change) {
  PrivacyRules rules = SomeRules();
  change(&rules);
  const absl::Status status = Validate(rules);
  INFO(status.message());
  CHECK(status.ok());
}

}  // namespace

TEST_CASE("a field is a kind and a name") {
  const std::vector<std::pair<std::string, FieldKind>> kinds = {
      {"trait", FieldKind::kTrait},     {"tag", FieldKind::kTag},
      {"event", FieldKind::kEvent},     {"relation", FieldKind::kRelation},
      {"consent", FieldKind::kConsent}, {"score", FieldKind::kScore},
      {"segment", FieldKind::kSegment}, {"namespace", FieldKind::kNamespace}};
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const auto& [word, kind] = kinds[i];
    CAPTURE(word);
    CHECK(static_cast<std::size_t>(kind) == i);  // stored
    CHECK(ToString(kind) == word);
    for (const std::string name : {"city", "*", "a.b"}) {
      const std::string field = word + ":" + name;
      const auto parsed = ParseField(field);
      REQUIRE(parsed.has_value());
      CHECK(parsed->first == kind);
      CHECK(parsed->second == name);
    }
  }
  CHECK(ToString(FieldKind{8}) == "unknown");
}

TEST_CASE("names of fields may hold what names hold and a namespace is a family") {
  CHECK(ParseField("tag:likes: shoes")->second == "likes: shoes");
  CHECK(ParseField("trait:城市")->second == "城市");
  CHECK(ParseField("trait:" + std::string(154, 'x')).has_value());
  CHECK(ParseField("namespace:wechat.openid").has_value());
  for (const std::string& wrong :
       {std::string(), std::string("city"), std::string("trait:"), std::string(":city"),
        std::string("traits:city"), std::string("Trait:city"), std::string(" trait:city"),
        std::string("class:social"), std::string("trait:\xff"), "trait:" + std::string(155, 'x'),
        std::string("namespace:wechat.openid/wx1"), std::string("namespace:a b")}) {
    CAPTURE(wrong);
    CHECK_FALSE(ParseField(wrong).has_value());
  }
}

TEST_CASE("rules of privacy that are whole are taken and so are none") {
  CHECK(Validate(SomeRules()).ok());
  CHECK(Validate(PrivacyRules{}).ok());
  CHECK(SomeRules() == SomeRules());
  CHECK(SomeRules() != PrivacyRules{});
}

TEST_CASE("a label is of a field and of a sensitivity that there are") {
  CheckFault("labels[1].field", [](Rules r) { r->labels[1].field = "clinic"; });
  CheckFault("labels[1].field", [](Rules r) { r->labels[1].field = "event:clinic_visit"; });
  CheckFault("labels[0].sensitivity", [](Rules r) { r->labels[0].sensitivity = 3; });
  CheckFault("labels", [](Rules r) { r->labels.resize(1'025, r->labels[0]); });
}

TEST_CASE("a role that cannot be is turned away by its field") {
  CheckFault("roles[1].name", [](Rules r) { r->roles[1].name = ""; });
  CheckFault("roles[1].name", [](Rules r) { r->roles[1].name = "clerk"; });
  CheckFault("roles[0].name", [](Rules r) { r->roles[0].name = std::string(161, 'x'); });
  CheckFault("roles[0].name", [](Rules r) { r->roles[0].name = "caf\xe9"; });
  CheckFault("roles[1].up_to", [](Rules r) { r->roles[1].up_to = 3; });
  CheckFault("roles[0].also[0]", [](Rules r) { r->roles[0].also[0] = "vip"; });
  CheckFault("roles[0].never[1]", [](Rules r) { r->roles[0].never[1] = "*:*"; });
  CheckFault("roles[0].never[1]", [](Rules r) { r->roles[0].never[1] = "namespace:phone"; });
  CheckFault("roles[0].namespaces[0]", [](Rules r) { r->roles[0].namespaces = {"openid/wx1"}; });
  CheckFault("roles[0].namespaces[1]", [](Rules r) {
    r->roles[0].namespaces = {"phone", "phone"};
  });
  CheckFault("roles[0].in_segment", [](Rules r) { r->roles[0].in_segment.assign(129, 'x'); });
  CheckFault("roles[0].purpose", [](Rules r) { r->roles[0].purpose = "\xff"; });
  CheckFault("roles", [](Rules r) { r->roles.resize(1'025); });
  CheckFault("roles[0].also", [](Rules r) { r->roles[0].also.resize(1'025, "tag:vip"); });
  CheckFine([](Rules r) { r->roles[0].never.push_back("tag:vip"); });  // it goes before `also`
  CheckFine([](Rules r) { r->roles[0].name = std::string(160, 'x'); });
}

TEST_CASE("who is not told something is told why") {
  CheckFault("disclosures[0].reason", [](Rules r) { r->disclosures[0].reason = ""; });
  CheckFault("disclosures[0].reason", [](Rules r) { r->disclosures[0].reason.assign(1'025, 'x'); });
  CheckFault("disclosures[1].reason", [](Rules r) { r->disclosures[1].reason = "\xff"; });
  CheckFault("disclosures[1].field", [](Rules r) { r->disclosures[1].field = "tag:credit_risk"; });
  CheckFault("disclosures[1].field", [](Rules r) { r->disclosures[1].field = "class:social"; });
  CheckFine([](Rules r) { r->disclosures[0].reason.assign(1'024, 'x'); });
}

TEST_CASE("facts alone are kept for a time and for a minute or more") {
  for (const std::string fine : {"trait:city", "tag:*", "relation:invited", "class:basic",
                                 "class:interest", "class:interaction"}) {
    CAPTURE(fine);
    CheckFine([&](Rules r) { r->retentions[0].field = fine; });
  }
  for (const std::string wrong : {"consent:ads", "score:rfm", "segment:vip", "namespace:phone",
                                  "class:", "class:*", "class:Social", "city", ""}) {
    CAPTURE(wrong);
    CheckFault("retentions[0].field", [&](Rules r) { r->retentions[0].field = wrong; });
  }
  for (const std::int64_t fine : {std::int64_t{60'000}, 36'600 * kDayMs})
    CheckFine([&](Rules r) { r->retentions[1].keep_ms = fine; });
  for (const std::int64_t wrong :
       {std::int64_t{-1}, std::int64_t{0}, std::int64_t{59'999}, 36'600 * kDayMs + 1})
    CheckFault("retentions[1].keep_ms", [&](Rules r) { r->retentions[1].keep_ms = wrong; });
  CheckFault("retentions[1].unless_granted",
             [](Rules r) { r->retentions[1].unless_granted.assign(129, 'x'); });
  CheckFine([](Rules r) { r->retentions.push_back(r->retentions[0]); });  // the shortest decides
}

TEST_CASE("the purpose that restricts is a name") {
  CheckFault("restriction_purpose", [](Rules r) { r->restriction_purpose.assign(129, 'x'); });
  CheckFine([](Rules r) { r->restriction_purpose.clear(); });
}

TEST_CASE("each difference of rules of privacy is one line") {
  const std::vector<std::pair<std::string, std::function<void(Rules)>>> cases = {
      {"labels[event:clinic_visit].sensitivity: 2 -> 1",
       [](Rules r) { r->labels[0].sensitivity = 1; }},
      {"labels[relation:*]: removed", [](Rules r) { r->labels.pop_back(); }},
      {"roles[clerk].up_to: 1 -> 0", [](Rules r) { r->roles[0].up_to = 0; }},
      {"roles[clerk].also: [\"tag:vip\"] -> []", [](Rules r) { r->roles[0].also.clear(); }},
      {"roles[clerk].never: [\"namespace:phone\", \"event:*\"] -> [\"namespace:phone\"]",
       [](Rules r) { r->roles[0].never.pop_back(); }},
      {"roles[clerk].namespaces: [\"member_card\"] -> []",
       [](Rules r) { r->roles[0].namespaces.clear(); }},
      {"roles[clerk].in_segment: \"customers\" -> \"\"",
       [](Rules r) { r->roles[0].in_segment.clear(); }},
      {"roles[clerk].purpose: \"service\" -> \"\"", [](Rules r) { r->roles[0].purpose.clear(); }},
      {"roles[clerk].may_read: true -> false", [](Rules r) { r->roles[0].may_read = false; }},
      {"roles[主管].may_list: true -> false", [](Rules r) { r->roles[1].may_list = false; }},
      {"roles[主管].may_export: true -> false", [](Rules r) { r->roles[1].may_export = false; }},
      {"roles[主管].may_change: false -> true", [](Rules r) { r->roles[1].may_change = true; }},
      {"disclosures[tag:credit_risk].may_see: false -> true",
       [](Rules r) { r->disclosures[0].may_see = true; }},
      {"disclosures[tag:credit_risk].reason: \"ask for a review by a person\" -> \"no\"",
       [](Rules r) { r->disclosures[0].reason = "no"; }},
      {"retentions: [event:page_view for 7776000000 ms, class:social for 86400000 ms unless "
       "granted "
       "research] -> [event:page_view for 7776000000 ms]",
       [](Rules r) { r->retentions.pop_back(); }},
      {"restriction_purpose: \"use\" -> \"\"", [](Rules r) { r->restriction_purpose.clear(); }},
  };
  Policy before;
  before.definitions.privacy = SomeRules();
  CHECK(Diff(before, before).empty());
  for (const auto& [line, change] : cases) {
    Policy after = before;
    change(&after.definitions.privacy);
    CHECK(Diff(before, after) == std::vector<std::string>{"definitions.privacy." + line});
  }
}

}  // namespace polyonym::harness
