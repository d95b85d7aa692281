#include "polyonym/privacy/access.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/catch.h"
#include "privacy/printed.h"

namespace polyonym::harness {
namespace {

using Texts = std::vector<std::string>;

TraitDefinition TraitOf(const std::string& name, std::uint8_t sensitivity) {
  TraitDefinition trait;
  trait.name = name;
  trait.sensitivity = sensitivity;
  return trait;
}

TagDefinition TagOf(const std::string& name, std::uint8_t sensitivity = 0,
                    const std::string& parent = "") {
  TagDefinition tag;
  tag.name = name;
  tag.sensitivity = sensitivity;
  tag.parent = parent;
  return tag;
}

Policy Shop() {
  Policy policy;
  const auto declare = [&](const std::string& name, Sensitivity sensitivity) {
    NamespacePolicy& ns = policy.namespaces.emplace_back();
    ns.name = name;
    ns.sensitivity = sensitivity;
  };
  declare("card", Sensitivity::kNormal);
  declare("phone", Sensitivity::kPersonal);
  declare("openid", Sensitivity::kSensitive);
  Definitions& all = policy.definitions;
  all.traits = {TraitOf("city", 0), TraitOf("birthday", 1), TraitOf("income", 2)};
  EventTrait computed;
  computed.trait = TraitOf("last visit", 2);
  all.event_traits = {computed};
  all.tags = {TagOf("tea"), TagOf("green tea", 0, "tea"), TagOf("ill", 2), TagOf("patient")};
  all.behaviours = {{.name = "visits", .on = {.types = {"clinic"}}, .tag = "patient"},
                    {.name = "likes", .on = {}, .tag = "likes:", .tag_of = "sku"}};
  all.privacy.labels = {{"event:clinic", 2},   {"relation:*", 1}, {"relation:invited", 0},
                        {"namespace:card", 1}, {"trait:*", 1},    {"trait:income", 0}};
  return policy;
}

Access RoleOf(const RoleDefinition& role, Policy policy = Shop()) {
  policy.definitions.privacy.roles = {{.name = "other", .up_to = 2}, role};
  policy.definitions.privacy.roles[1].name = "role";
  auto access = Access::Make(policy, "role");
  REQUIRE(access.ok());
  return *std::move(access);
}

// With something of everything, and provenance of a record called `record 77`.
Profile Somebody() {
  const Provenance from{
      77, "told by", "records of", "record 77", 1'700'000'000'000, {"phone", "1380000"}, true};
  Profile out;
  out.id.value = 3;
  out.identifiers = {{"card", "c9"}, {"openid/wx1", "o9"}, {"phone", "1380000"}};
  ProfileTrait city{.name = "city", .values = {Value{std::string("上海")}}, .count = 2};
  city.winner = TraitCandidate{Value{std::string("上海")}, from, {}};
  city.lost = {{Value{std::string("北京")}, from, {}}};
  out.traits = {city, {.name = "income", .values = {Value{std::int64_t{900'001}}}}};
  ProfileTag patient{.name = "patient", .score = 2};
  patient.parts = {{1'000'000, from, "visits", 1}};
  ProfileTag tea{.name = "tea", .score = 1};
  tea.parts = {{1'000'000, from, "model 5", 1}};
  out.tags = {patient, tea, {.name = "ill", .score = 5}};
  out.consents = {{"ads", ConsentState::kDenied, false, 5}, {"mail", ConsentState::kGranted}};
  out.ladders = {{"life", "active", "loyal", 9, {{"active", 9, 10}}}};
  out.contacts = {{"card", 1, {}, 4, 0, 4}, {"phone", 1, {}, 5, 0, 5}};
  out.purchases = {{.name = "value", .currency = "CNY"}};
  out.channels = {{"talks", {{"card", 0.5, 1, 1}, {"phone", 0.5, 1, 1}}}};
  out.relations = {{{"invited", {"phone", "1390000"}}, from}, {{"follows", {"card", "c8"}}, from}};
  Event clinic, order;
  clinic.type = "clinic";
  clinic.properties["why"] = Value{std::string("a cough")};
  order.type = "order";
  out.timeline = {{clinic, from, 4}, {order, from, 5}};
  out.events = 12;
  AmbiguousFacts told{.from = from, .here = {{"card", "c9"}}, .elsewhere = {{"card", "c7"}}};
  told.facts.traits = {{"income", Value{std::int64_t{900'002}}, {}, "a source"},
                       {"city", Value{std::string("广州")}, {}, "a source"}};
  AmbiguousFacts ill{.from = from};
  ill.facts.tags = {{"ill"}};
  out.ambiguous = {told, ill};
  out.completeness = 0.75;
  out.facts = 8;
  out.left_out = 1;
  return out;
}

template <class T, class NameOf>
Texts NamesOf(const std::vector<T>& list, const NameOf& name_of) {
  Texts names;
  for (const T& item : list) names.push_back(name_of(item));
  return names;
}

constexpr auto kName = [](const auto& item) { return item.name; };

}  // namespace

TEST_CASE("a role that is not defined is no role") {
  CHECK(absl::IsNotFound(Access::Make(Shop(), "role").status()));
  CHECK(absl::IsNotFound(Access::Make(Policy(), "").status()));
}

TEST_CASE("a field is seen up to the greater of its definition's sensitivity and its label") {
  const auto lowest = [](FieldKind kind, const std::string& name) {
    for (std::uint8_t up_to = 0; up_to <= 2; ++up_to) {
      if (RoleOf({.up_to = up_to}).Sees(kind, name)) return static_cast<int>(up_to);
    }
    return 3;
  };
  CHECK(lowest(FieldKind::kTrait, "city") == 1);        // the label of all traits
  CHECK(lowest(FieldKind::kTrait, "income") == 2);      // its definition, though its label is 0
  CHECK(lowest(FieldKind::kTrait, "last visit") == 2);  // a computed one's definition
  CHECK(lowest(FieldKind::kTrait, "unheard of") == 1);
  CHECK(lowest(FieldKind::kTag, "tea") == 0);
  CHECK(lowest(FieldKind::kTag, "ill") == 2);
  CHECK(lowest(FieldKind::kTag, "unheard of") == 0);
  CHECK(lowest(FieldKind::kEvent, "clinic") == 2);
  CHECK(lowest(FieldKind::kEvent, "order") == 0);
  CHECK(lowest(FieldKind::kRelation, "follows") == 1);
  CHECK(lowest(FieldKind::kRelation, "invited") == 0);  // the one that names it
  CHECK(lowest(FieldKind::kNamespace, "card") == 1);
  CHECK(lowest(FieldKind::kNamespace, "phone") == 1);
  CHECK(lowest(FieldKind::kNamespace, "openid/wx1") == 2);  // as its family
  for (const FieldKind kind : {FieldKind::kConsent, FieldKind::kScore, FieldKind::kSegment})
    CHECK(lowest(kind, "any") == 0);
}

TEST_CASE("what a role never sees goes before what it also sees") {
  const Access role = RoleOf({.up_to = 1,
                              .also = {"tag:ill", "event:*", "trait:income"},
                              .never = {"trait:*", "event:clinic", "tag:tea"}});
  CHECK(role.Sees(FieldKind::kTag, "ill"));
  CHECK_FALSE(role.Sees(FieldKind::kTag, "tea"));
  CHECK(role.Sees(FieldKind::kEvent, "order"));
  CHECK_FALSE(role.Sees(FieldKind::kEvent, "clinic"));
  CHECK_FALSE(role.Sees(FieldKind::kTrait, "income"));
  CHECK_FALSE(role.Sees(FieldKind::kTrait, "city"));
}

TEST_CASE("a role sees all of a kind where nothing of it could be withheld") {
  CHECK(RoleOf({.up_to = 2}).SeesAll(FieldKind::kEvent));
  CHECK(RoleOf({.up_to = 2}).SeesEverything());
  CHECK_FALSE(RoleOf({.up_to = 1}).SeesAll(FieldKind::kEvent));
  CHECK(RoleOf({.also = {"event:*"}}).SeesAll(FieldKind::kEvent));
  CHECK_FALSE(RoleOf({.also = {"event:*"}}).SeesAll(FieldKind::kTag));
  CHECK_FALSE(RoleOf({.also = {"event:*"}}).SeesEverything());
  const Access but_clinic = RoleOf({.up_to = 2, .never = {"event:clinic"}});
  CHECK_FALSE(but_clinic.SeesAll(FieldKind::kEvent));
  CHECK(but_clinic.SeesAll(FieldKind::kTag));
  CHECK_FALSE(but_clinic.SeesEverything());
}

TEST_CASE("people are looked up by namespaces that are named or seen") {
  const Access plain = RoleOf({.up_to = 1});
  CHECK(plain.MayLookUpBy("phone"));
  CHECK_FALSE(plain.MayLookUpBy("openid/wx1"));
  // A number that is typed in is not one that is shown.
  const Access typed = RoleOf({.up_to = 0, .namespaces = {"phone", "openid"}});
  CHECK(typed.MayLookUpBy("phone"));
  CHECK(typed.MayLookUpBy("openid/wx1"));
  CHECK_FALSE(typed.Sees(FieldKind::kNamespace, "phone"));
  CHECK_FALSE(typed.MayLookUpBy("card"));
}

TEST_CASE("a profile is shown with what is seen and without a trace of the rest") {
  Access::Withheld withheld;
  const Profile shown = RoleOf({.up_to = 1}).Seen(Somebody(), &withheld);
  CHECK(shown.identifiers == std::vector<Identifier>{{"card", "c9"}, {"phone", "1380000"}});
  CHECK(NamesOf(shown.traits, kName) == Texts{"city"});
  CHECK(NamesOf(shown.tags, kName) == Texts{"patient", "tea"});
  CHECK(shown.consents.size() == 2);
  CHECK(NamesOf(shown.ladders, kName) == Texts{"life"});
  REQUIRE(shown.timeline.size() == 1);
  CHECK(shown.timeline[0].event.type == "order");
  CHECK(shown.timeline[0].place == 0);
  CHECK(shown.events == 1);
  REQUIRE(shown.ambiguous.size() == 1);
  CHECK(NamesOf(shown.ambiguous[0].facts.traits, kName) == Texts{"city"});
  CHECK(shown.facts == 0);
  CHECK(shown.left_out == 0);
  CHECK(shown.completeness == 0.75);
  CHECK(withheld == Access::Withheld{2, 2, 1, 0, 0, 0, 0, 1});
  const std::string printed = (Printed() << shown).Take();
  for (const char* canary : {"income", "900001", "900002", "ill", "clinic", "a cough", "o9", "c7",
                             "record 77", "told by", "records of", "a source", "model 5", "77"}) {
    CAPTURE(canary, printed);
    CHECK(printed.find(canary) == std::string::npos);
  }
  for (const char* shows : {"上海", "北京", "广州", "1380000", "1390000", "1700000000000"}) {
    CAPTURE(shows, printed);
    CHECK(printed.find(shows) != std::string::npos);
  }
}

TEST_CASE("who sees everything sees where it came from but no other people's identifiers") {
  Access::Withheld withheld;
  Profile want = Somebody();
  want.ambiguous[0].elsewhere.clear();
  CHECK(RoleOf({.up_to = 2}).Seen(Somebody(), &withheld) == want);
  CHECK(withheld == Access::Withheld{});
}

TEST_CASE("parts of a tag are shown where all is seen that it may be computed from") {
  const auto has_parts = [](const RoleDefinition& role, const std::string& tag) {
    for (const ProfileTag& one : RoleOf(role).Seen(Somebody()).tags) {
      if (one.name == tag) return !one.parts.empty();
    }
    return false;
  };
  CHECK_FALSE(has_parts({.up_to = 1}, "patient"));  // of clinic
  CHECK(has_parts({.up_to = 1, .also = {"event:clinic"}}, "patient"));
  CHECK(has_parts({.up_to = 1}, "tea"));
  CHECK_FALSE(has_parts({.up_to = 1, .never = {"tag:green tea"}}, "tea"));  // below it
  Profile liked;
  liked.tags = {{.name = "likes:tea"}};
  liked.tags[0].parts = {{}};
  CHECK(RoleOf({.up_to = 1}).Seen(liked).tags[0].parts.empty());  // of any event
  CHECK(RoleOf({.up_to = 1, .also = {"event:*"}}).Seen(liked).tags[0].parts.size() == 1);
}

TEST_CASE("somebody else's identifier is shown where its namespace is") {
  const Profile shown = RoleOf({.up_to = 1, .never = {"namespace:phone"}}).Seen(Somebody());
  REQUIRE(shown.relations.size() == 2);
  CHECK(shown.relations[0].relation.other == RecordIdentifier{});
  CHECK(shown.relations[1].relation.other.value == "c8");
  CHECK(NamesOf(shown.channels[0].channels, [](const auto& c) { return c.channel; }) ==
        Texts{"card"});
  CHECK(shown.contacts.size() == 1);
}

TEST_CASE("contacts and completeness are scores that no definition names") {
  CHECK(RoleOf({.never = {"score:contacts"}}).Seen(Somebody()).contacts.empty());
  CHECK(RoleOf({.never = {"score:completeness"}}).Seen(Somebody()).completeness == 0);
  const Profile none = RoleOf({.never = {"score:*"}}).Seen(Somebody());
  CHECK(none.ladders.empty());
  CHECK(none.purchases.empty());
  CHECK(none.channels.empty());
  CHECK(none.contacts.empty());
  CHECK(none.completeness == 0);
}

TEST_CASE("rows for a timeline have the events that are seen alone") {
  std::vector<FactRow> rows(2);
  rows[0].from.time_ms = 5;
  rows[0].left_out = 3;
  rows[0].facts.traits = {{"income"}};
  rows[0].facts.events.resize(2);
  rows[0].facts.events[0].type = "clinic";
  rows[0].facts.events[1].type = "order";
  rows[1].facts.events = {rows[0].facts.events[0]};
  const std::vector<FactRow> seen = RoleOf({.up_to = 1}).SeenEvents(rows);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].from.time_ms == 5);
  CHECK(seen[0].left_out == 0);
  CHECK(seen[0].facts.traits.empty());
  REQUIRE(seen[0].facts.events.size() == 1);
  CHECK(seen[0].facts.events[0].type == "order");
}

TEST_CASE("the fields of a profile are named as rules name them") {
  CHECK(Access::FieldsOf(Somebody()) ==
        Texts{"consent:ads", "consent:mail", "event:clinic", "event:order", "namespace:card",
              "namespace:openid", "namespace:phone", "relation:follows", "relation:invited",
              "score:completeness", "score:contacts", "score:life", "score:talks", "score:value",
              "tag:ill", "tag:patient", "tag:tea", "trait:city", "trait:income"});
  CHECK(Access::FieldsOf(Profile()).empty());
}

}  // namespace polyonym::harness
