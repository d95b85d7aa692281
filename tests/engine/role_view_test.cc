// Everything that a role can ask of a store, of every field, for every way in which rules can speak of it: what is withheld is in no answer.
#include "polyonym/engine/role_view.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"
#include "polyonym/model/facts.h"
#include "privacy/printed.h"

namespace polyonym::harness {
namespace {

using Texts = std::vector<std::string>;

constexpr std::int64_t kTime = 1'700'000'000'000;

// A field of the store and something that no answer has but by it.
struct Canary {
  std::string field;
  std::string text;
};

const std::vector<Canary> kCanaries = {
    {"namespace:card", "card-4711"},
    {"namespace:phone", "1380004712"},
    {"namespace:openid", "openid-4713"},
    {"trait:city", "city-4714"},
    {"trait:income", "4715.25"},
    {"trait:note", "note-4716"},  // not defined
    {"trait:wards", "4717"},      // a sum of what two events have
    {"tag:tea", "place-4718"},
    {"tag:ill", "place-4719"},
    {"tag:likes:shoes", "likes:shoes"},  // by behaviour, of the event below
    {"event:order", "order-4720"},
    {"event:clinic", "cough-4721"},
    {"relation:invited", "4722"},  // its weight
    {"consent:ads", "1700000004723"},
    {"consent:mail", "1700000004724"},
    {"score:value", "4725"},  // minor units
    {"score:life", "stage-4726"},
    {"score:talks", "talks"},
    {"segment:rich", "rich"},
    {"segment:sick", "sick"},
};

Policy StorePolicy() {
  Policy policy;
  const auto declare = [&](const std::string& name, Sensitivity sensitivity) {
    NamespacePolicy& ns = policy.namespaces.emplace_back();
    ns.name = name;
    ns.sensitivity = sensitivity;
    ns.priority = static_cast<std::uint32_t>(policy.namespaces.size());
  };
  declare("card", Sensitivity::kNormal);
  declare("phone", Sensitivity::kPersonal);
  declare("openid", Sensitivity::kSensitive);
  declare("friend", Sensitivity::kNormal);
  Definitions& all = policy.definitions;
  const auto trait = [&](const std::string& name, ValueType type, std::uint8_t sensitivity) {
    TraitDefinition out;
    out.name = name;
    out.type = type;
    out.sensitivity = sensitivity;
    return out;
  };
  all.traits = {trait("city", ValueType::kText, 0), trait("income", ValueType::kNumber, 2)};
  EventTrait visit;
  visit.on.types = {"clinic"};
  visit.trait = trait("wards", ValueType::kWhole, 2);
  visit.trait.fold = Fold::kSum;
  visit.value_of = "ward";
  all.event_traits = {visit};
  all.tags.resize(2);
  all.tags[0].name = "tea";
  all.tags[1].name = "ill";
  all.tags[1].sensitivity = 2;
  all.behaviours = {
      {.name = "likes", .on = {.types = {"order"}}, .tag = "likes:", .tag_of = "kind"}};
  all.purposes = {{.name = "ads"}, {.name = "mail"}, {.name = "use"}, {.name = "service"}};
  all.ladders = {{"life", {{"stage-4726", {}}}}};
  PurchaseScore value;
  value.name = "value";
  value.on.types = {"order"};
  value.currency = "CNY";
  all.purchase_scores = {value};
  all.channel_scores = {{"talks", {}}};
  all.segments = {
      {"rich", "trait income > 1000", ""}, {"sick", "did(clinic)", ""}, {"cards", "has card", ""}};
  all.privacy.labels = {{"event:clinic", 2}, {"segment:sick", 2}, {"segment:rich", 1},
                        {"consent:ads", 1},  {"score:value", 1},  {"relation:*", 1}};
  all.privacy.restriction_purpose = "use";
  return policy;
}

Record Told(const std::string& id, const std::vector<Identifier>& identifiers, const Facts& facts) {
  Record record = Seen(id, kTime, identifiers);
  record.facts = WriteFacts(facts);
  return record;
}

Facts FactsOfSomebody() {
  Facts facts;
  facts.traits = {{"city", Value{std::string("city-4714")}, {}, "source-4727"},
                  {"income", Value{4715.25}},
                  {"note", Value{std::string("note-4716")}}};
  Tag tea{.name = "tea"}, ill{.name = "ill"};
  tea.place = Place{.name = "place-4718"};
  ill.place = Place{.name = "place-4719"};
  tea.rule = "rule-4728";
  facts.tags = {tea, ill};
  Event clinic, order;
  clinic.type = "clinic";
  clinic.properties = {{"why", Value{std::string("cough-4721")}},
                       {"ward", Value{std::int64_t{2000}}}};
  order.type = "order";
  order.campaign = "order-4720";
  order.value = Money{4725, "CNY"};
  order.direction = Direction::kIn;
  order.properties = {{"kind", Value{std::string("shoes")}}};
  facts.events = {clinic, order, clinic, order};
  facts.events[2].time_ms = kTime + 1;
  facts.events[2].properties["ward"] = Value{std::int64_t{2717}};
  facts.events[3].time_ms = kTime + 2;
  facts.events[3].value.reset();
  facts.relations = {{"invited", {"friend", "f1", Role::kSelf}, 4722}};
  facts.consents = {{"ads", ConsentState::kGranted, 1'700'000'004'723},
                    {"mail", ConsentState::kGranted, 1'700'000'004'724}};
  return facts;
}

const Identifier kCard = {"card", "card-4711"};

// Somebody with all canaries, and nine others of whom little is known.
std::unique_ptr<Engine> OpenStore(const Policy& policy) {
  auto engine = OpenInMemory(policy, 0);
  std::vector<Record> records = {
      Told("record-4729", {kCard, {"phone", "1380004712"}, {"openid/wx1", "openid-4713"}},
           FactsOfSomebody())};
  for (int i = 1; i <= 9; ++i) {
    Facts facts;
    facts.traits = {{"income", Value{1000.0 + i}}};
    records.push_back(Told("r" + std::to_string(i), {{"card", "c" + std::to_string(i)}}, facts));
    records.back().time_ms = kTime + 100'000;  // so that all that is told has been
  }
  Must(engine->Apply(records));
  return engine;
}

RoleDefinition Everywhere(const std::string& name) {
  RoleDefinition role;
  role.name = name;
  role.namespaces = {"card", "phone", "openid"};
  role.may_list = role.may_export = true;
  return role;
}

// The rules as they are written down, of one field: kind and name.
bool ShouldSee(const PrivacyRules& rules, const std::map<std::string, int>& defined,
               const RoleDefinition& role, const std::string& field) {
  const std::string all = field.substr(0, field.find(':')) + ":*";
  const auto has = [&](const Texts& list, const std::string& sought) {
    return std::find(list.begin(), list.end(), sought) != list.end();
  };
  if (has(role.never, field) || has(role.never, all)) return false;
  if (has(role.also, field) || has(role.also, all)) return true;
  int label = 0, named = -1;
  for (const FieldLabel& one : rules.labels) {
    if (one.field == all) label = one.sensitivity;
    if (one.field == field) named = one.sensitivity;
  }
  if (named >= 0) label = named;
  const auto by_definition = defined.find(field);
  if (by_definition != defined.end()) label = std::max(label, by_definition->second);
  return label <= role.up_to;
}

const std::map<std::string, int> kDefined = {{"namespace:phone", 1},
                                             {"namespace:openid", 2},
                                             {"trait:income", 2},
                                             {"trait:wards", 2},
                                             {"tag:ill", 2}};

// Up to each sensitivity: with nothing said, and with each field, and all of its kind, seen and withheld.
std::vector<RoleDefinition> AllRoles() {
  std::vector<RoleDefinition> roles;
  const auto add = [&](std::uint8_t up_to, const Texts& also, const Texts& never) {
    RoleDefinition role = Everywhere("role " + std::to_string(roles.size()));
    role.up_to = up_to;
    role.also = also;
    role.never = never;
    roles.push_back(std::move(role));
  };
  for (std::uint8_t up_to = 0; up_to <= 2; ++up_to) {
    add(up_to, {}, {});
    for (const Canary& canary : kCanaries) {
      const std::string all = canary.field.substr(0, canary.field.find(':')) + ":*";
      add(up_to, {canary.field}, {});
      add(up_to, {}, {canary.field});
      add(up_to, {all}, {canary.field});
    }
    for (const char* kind :
         {"trait", "tag", "event", "relation", "consent", "score", "segment", "namespace"}) {
      add(up_to, {std::string(kind) + ":*"}, {});
      add(up_to, {}, {std::string(kind) + ":*"});
    }
  }
  return roles;
}

template <class T>
std::string Print(const absl::StatusOr<T>& answer) {
  return answer.ok() ? (Printed() << *answer).Take() : std::string(answer.status().message());
}

const Texts kOrders = {"",
                       "trait income",
                       "score of tag ill",
                       "count(clinic)",
                       "count(any event)",
                       "purchases of score value",
                       "relations invited",
                       "completeness",
                       "bucket \"salt\"",
                       "size of identifiers phone",
                       "size of tags of class interest"};

// By the name of what was asked: all that was answered.
using Answers = std::vector<std::pair<std::string, std::string>>;

Answers Ask(const RoleView& view) {
  Answers said;
  ProfileOptions explained;
  explained.explain = true;
  for (const Identifier& by :
       {kCard, Identifier{"phone", "1380004712"}, Identifier{"openid/wx1", "openid-4713"}}) {
    said.emplace_back("read", Print(view.ReadProfile(by, explained)));
    const auto id = view.Resolve(by);
    REQUIRE(id.ok());
    said.emplace_back("read by number", Print(view.ReadProfile(*id, explained)));
  }
  for (std::uint64_t skip = 0; skip < 5; ++skip) {
    ProfileOptions page;
    page.page.limit = 1;
    page.page.skip = skip;
    said.emplace_back("page", Print(view.ReadProfile(kCard, page)));
    page.page.match.types = {"clinic"};
    said.emplace_back("page of clinic", Print(view.ReadProfile(kCard, page)));
  }
  said.emplace_back("segments", Print(view.SegmentsOf(kCard)));
  for (const std::string segment : {"rich", "sick", "cards"}) {
    said.emplace_back("explain " + segment, Print(view.Explain(segment, kCard)));
    said.emplace_back("count " + segment, Print(view.Count(segment)));
    for (const std::string& order : kOrders)
      said.emplace_back("list " + segment + " by " + order,
                        Print(view.Members(segment, {.order_by = order})));
  }
  std::string exported;
  const absl::Status status = view.Export(explained, [&](const Profile& profile) {
    exported += (Printed() << profile).Take();
    return true;
  });
  CHECK(status.ok());
  said.emplace_back("export", exported);
  return said;
}

std::unique_ptr<Engine> OpenWithRoles(const std::vector<RoleDefinition>& roles,
                                      const std::function<void(Definitions*)>& edit = {}) {
  Policy policy = StorePolicy();
  policy.definitions.privacy.roles = roles;
  if (edit) edit(&policy.definitions);
  return OpenStore(policy);
}

RoleView ViewOf(const Engine& engine, const std::string& role, RoleViewOptions options = {}) {
  return Must(RoleView::Make(engine.Read(), role, std::move(options)));
}

bool IsDenied(const absl::Status& status) { return absl::IsPermissionDenied(status); }

}  // namespace

TEST_CASE("whatever a role asks it finds what it sees and nothing of what it does not") {
  const std::vector<RoleDefinition> roles = AllRoles();
  const PrivacyRules rules = StorePolicy().definitions.privacy;
  const auto engine = OpenWithRoles(roles);
  std::map<std::string, int> seen, withheld;
  for (const RoleDefinition& role : roles) {
    INFO(role.name << " up to " << static_cast<int>(role.up_to) << ", also "
                   << (role.also.empty() ? "" : role.also[0]) << ", never "
                   << (role.never.empty() ? "" : role.never[0]));
    const RoleView view = ViewOf(*engine, role.name);
    const Answers said = Ask(view);
    for (const auto& [field, text] : kCanaries) {
      const bool should = ShouldSee(rules, kDefined, role, field);
      ++(should ? seen : withheld)[field];
      bool found = false;
      for (const auto& [asked, answer] : said) {
        // What a role says is what it was asked; a segment's name is no secret where it was given.
        if (field.rfind("segment:", 0) == 0 && asked != "segments") continue;
        if (answer.find(text) == std::string::npos) continue;
        found = true;
        INFO(asked << " has " << field << ": " << answer);
        CHECK(should);
      }
      INFO(field);
      CHECK(found == should);
    }
    const bool everything = role.up_to == 2 && role.never.empty();
    for (const char* where_from : {"source-4727", "rule-4728", "record-4729"}) {
      for (const auto& [asked, answer] : said) {
        INFO(asked << " has " << where_from << ": " << answer);
        CHECK((answer.find(where_from) == std::string::npos || everything));
      }
    }
  }
  for (const Canary& canary : kCanaries) {
    CAPTURE(canary.field);
    CHECK(seen[canary.field] >= 3);
    CHECK(withheld[canary.field] >= 3);
  }
}

TEST_CASE("what a role does not see it cannot page through nor count") {
  RoleDefinition clerk = Everywhere("clerk");
  clerk.up_to = 1;
  const auto engine = OpenWithRoles({clerk});
  const RoleView view = ViewOf(*engine, "clerk");
  ProfileOptions options;
  options.page.limit = 1;
  Texts times;
  for (options.page.skip = 0; options.page.skip < 4; ++options.page.skip) {
    const Profile page = Must(view.ReadProfile(kCard, options));
    CHECK(page.events == 2);
    for (const TimelineEvent& one : page.timeline)
      times.push_back(one.event.type + " " + std::to_string(one.from.time_ms - kTime));
  }
  CHECK(times == Texts{"order 2", "order 0"});
}

TEST_CASE("a role does what its definition lets it do") {
  RoleDefinition mute = Everywhere("mute");
  mute.may_read = mute.may_list = mute.may_export = false;
  RoleDefinition reads = mute, lists = mute, exports = mute;
  reads.name = "reads", reads.may_read = true;
  lists.name = "lists", lists.may_list = true;
  exports.name = "exports", exports.may_export = true;
  const auto engine = OpenWithRoles({mute, reads, lists, exports});
  const ProfileId id = *engine->Read().Resolve(kCard).profile;
  for (const std::string name : {"mute", "reads", "lists", "exports"}) {
    CAPTURE(name);
    const RoleView view = ViewOf(*engine, name);
    const bool reading = name == "reads";
    CHECK(view.Resolve(kCard).ok() == reading);
    CHECK(view.ReadProfile(kCard).ok() == reading);
    CHECK(view.SegmentsOf(kCard).ok() == reading);
    CHECK(view.Explain("cards", kCard).ok() == reading);
    CHECK(IsDenied(view.ReadProfile(id).status()));  // numbers can be guessed
    CHECK(view.Members("cards").ok() == (name == "lists"));
    CHECK(view.Count("cards").ok() == (name == "lists"));
    int people = 0;
    const absl::Status status = view.Export({}, [&](const Profile&) { return ++people > 0; });
    CHECK(status.ok() == (name == "exports"));
    CHECK(people == (name == "exports" ? 10 : 0));
    if (name != "mute") continue;
    CHECK(IsDenied(view.Resolve(kCard).status()));
    CHECK(IsDenied(view.Members("cards").status()));
    CHECK(IsDenied(status));
  }
  CHECK(absl::IsNotFound(RoleView::Make(engine->Read(), "nobody").status()));
}

TEST_CASE("people are looked up by namespaces that are allowed whether they are there or not") {
  RoleDefinition clerk = Everywhere("clerk");
  clerk.namespaces = {"phone"};
  RoleDefinition shown = Everywhere("shown");
  shown.namespaces = {};
  const auto engine = OpenWithRoles({clerk, shown});
  for (const std::string value : {"card-4711", "nobody's"}) {
    CHECK(IsDenied(ViewOf(*engine, "clerk").Resolve({"card", value}).status()));
    CHECK(IsDenied(ViewOf(*engine, "clerk").ReadProfile({"undeclared", value}).status()));
    CHECK(IsDenied(ViewOf(*engine, "shown").Resolve({"phone", value}).status()));
  }
  CHECK(ViewOf(*engine, "clerk").Resolve({"phone", "1380004712"}).ok());
  CHECK(ViewOf(*engine, "shown").Resolve(kCard).ok());
}

TEST_CASE("whom a role is not shown was never there") {
  RoleDefinition rich = Everywhere("rich"), served = Everywhere("served"),
                 plain = Everywhere("plain"), officer = Everywhere("officer");
  rich.in_segment = "rich";
  served.purpose = "service";
  officer.may_change = true;
  const auto engine = OpenWithRoles({rich, served, plain, officer});
  const auto says = [&](const std::string& id, const Identifier& who, const std::string& purpose,
                        ConsentState state) {
    Facts facts;
    facts.consents = {{purpose, state, {}}};
    Must(engine->Apply(std::vector<Record>{Told(id, {who}, facts)}));
  };
  // 0 is poor, 1 to 9 are rich; 2 and 3 are served, 3 and 4 are restricted.
  Facts poor;
  poor.traits = {{"income", Value{5.0}}};
  Must(engine->Apply(std::vector<Record>{Told("poor", {{"card", "c0"}}, poor)}));
  says("s2", {"card", "c2"}, "service", ConsentState::kGranted);
  says("s3", {"card", "c3"}, "service", ConsentState::kGranted);
  says("s5", {"card", "c5"}, "service", ConsentState::kDenied);
  says("u3", {"card", "c3"}, "use", ConsentState::kDenied);
  says("u4", {"card", "c4"}, "use", ConsentState::kWithdrawn);
  const std::map<std::string, std::set<int>> shown = {{"rich", {1, 2, 5, 6, 7, 8, 9}},
                                                      {"served", {2}},
                                                      {"plain", {0, 1, 2, 5, 6, 7, 8, 9}},
                                                      {"officer", {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}}};
  for (const auto& [name, people] : shown) {
    CAPTURE(name);
    const RoleView view = ViewOf(*engine, name);
    const absl::Status unknown = view.Resolve({"card", "never seen"}).status();
    CHECK(absl::IsNotFound(unknown));
    std::set<std::uint64_t> ids;
    for (int i = 0; i <= 9; ++i) {
      CAPTURE(i);
      const Identifier who = {"card", "c" + std::to_string(i)};
      const ProfileId id = *engine->Read().Resolve(who).profile;
      if (people.contains(i)) {
        CHECK(Must(view.Resolve(who)) == id);
        CHECK(Must(view.ReadProfile(who)).id == id);
        CHECK(Must(view.ReadProfile(id)).id == id);
        ids.insert(id.value);
        continue;
      }
      // To the letter what is said of who was never seen.
      CHECK(view.Resolve(who).status() == unknown);
      CHECK(view.ReadProfile(who).status() == unknown);
      CHECK(view.ReadProfile(id).status() == unknown);
      CHECK(view.SegmentsOf(who).status() == unknown);
      CHECK(view.Explain("cards", who).status() == unknown);
    }
    if (name != "served") ids.insert(engine->Read().Resolve(kCard).profile->value);
    std::set<std::uint64_t> exported;
    Must(view.Export(
        {}, [&](const Profile& profile) { return exported.insert(profile.id.value).second; }));
    CHECK(exported == ids);
    // Who is restricted is in no segment, to nobody.
    for (const int i : {3, 4})
      ids.erase(engine->Read().Resolve({"card", "c" + std::to_string(i)}).profile->value);
    std::set<std::uint64_t> listed;
    const SegmentMembers members = Must(view.Members("cards"));
    for (const SegmentMember& member : members.page) listed.insert(member.profile.value);
    CHECK(listed == ids);
    CHECK(members.total == ids.size());
    CHECK(Must(view.Count("cards")) == ids.size());
  }
  CHECK(absl::IsNotFound(ViewOf(*engine, "plain").ReadProfile(ProfileId{99'999}).status()));
}

TEST_CASE("who is gone was never there by whatever name") {
  const auto engine = OpenWithRoles({Everywhere("plain")});
  const Identifier who = {"card", "c9"};
  const ProfileId id = *engine->Read().Resolve(who).profile;
  CHECK(ViewOf(*engine, "plain").ReadProfile(id).ok());
  Record taken_back = Said(Act::kRetract, "r9", kTime + 200'000, {});
  taken_back.version = kTime + 200'000;
  ApplyOne(*engine, taken_back);
  REQUIRE(engine->Read().Resolve(who).gone);
  const RoleView view = ViewOf(*engine, "plain");
  const absl::Status unknown = view.Resolve({"card", "never seen"}).status();
  CHECK(view.Resolve(who).status() == unknown);
  CHECK(view.ReadProfile(who).status() == unknown);
  CHECK(view.ReadProfile(id).status() == unknown);
}

TEST_CASE("pages and samples of members are of those who are shown") {
  RoleDefinition plain = Everywhere("plain"), rich = Everywhere("rich");
  plain.up_to = rich.up_to = 2;
  rich.in_segment = "rich";
  const auto engine = OpenWithRoles({plain, rich});
  Facts poor;
  poor.traits = {{"income", Value{5.0}}};
  for (int i = 0; i < 5; ++i)
    Must(engine->Apply(std::vector<Record>{
        Told("p" + std::to_string(i), {{"card", "p" + std::to_string(i)}}, poor)}));
  const RoleView view = ViewOf(*engine, "rich"), all = ViewOf(*engine, "plain");
  CHECK(Must(all.Count("cards")) == 15);
  const SegmentMembers every = Must(view.Members("cards", {.order_by = "trait income"}));
  REQUIRE(every.page.size() == 10);
  CHECK(every.total == 10);
  CHECK(every.page.front().order == 4715.25);
  CHECK(every.page.back().order == 1001);
  const SegmentMembers page =
      Must(view.Members("cards", {.order_by = "trait income", .limit = 3, .skip = 8}));
  CHECK(page.page == std::vector<SegmentMember>(every.page.begin() + 8, every.page.end()));
  CHECK(page.total == 10);
  std::set<std::vector<std::uint64_t>> samples;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const SegmentMembers sample =
        Must(view.Members("cards", {.order_by = "trait income", .sample = 4, .seed = seed}));
    CHECK(
        sample.page ==
        Must(view.Members("cards", {.order_by = "trait income", .sample = 4, .seed = seed})).page);
    REQUIRE(sample.page.size() == 4);
    CHECK(std::is_sorted(sample.page.begin(), sample.page.end(),
                         [](const auto& a, const auto& b) { return a.order > b.order; }));
    std::vector<std::uint64_t> ids;
    for (const SegmentMember& member : sample.page) {
      CHECK(member.order > 5);
      ids.push_back(member.profile.value);
    }
    samples.insert(ids);
  }
  CHECK(samples.size() > 10);
  CHECK(absl::IsInvalidArgument(view.Members("cards", {.limit = 1'000'001}).status()));
  CHECK(absl::IsInvalidArgument(view.Members("cards", {.order_by = "trait"}).status()));
  CHECK(absl::IsNotFound(view.Members("nothing").status()));
}

TEST_CASE("nobody is put in order by what a role does not see") {
  RoleDefinition clerk = Everywhere("clerk"), all = Everywhere("all");
  clerk.up_to = 0;
  clerk.also = {"segment:*"};
  all.up_to = 2;
  const auto engine = OpenWithRoles({clerk, all});
  const RoleView view = ViewOf(*engine, "clerk"), sees = ViewOf(*engine, "all");
  const std::set<std::string> open = {"", "completeness"};
  for (const std::string& order : kOrders) {
    CAPTURE(order);
    CHECK(view.Members("cards", {.order_by = order}).ok() == open.contains(order));
    CHECK((open.contains(order) || IsDenied(view.Members("cards", {.order_by = order}).status())));
    CHECK(sees.Members("cards", {.order_by = order}).ok());
  }
}

TEST_CASE("a segment is explained by its parts to who sees all that it reads") {
  RoleDefinition clerk = Everywhere("clerk"), all = Everywhere("all");
  clerk.up_to = 0;
  clerk.also = {"segment:*"};
  all.up_to = 2;
  const auto engine = OpenWithRoles({clerk, all});
  const SegmentExplanation short_one = Must(ViewOf(*engine, "clerk").Explain("rich", kCard));
  CHECK(short_one.text == "in segment rich");
  CHECK(short_one.verdict == true);
  CHECK(short_one.parts.empty());
  CHECK(Must(ViewOf(*engine, "all").Explain("rich", kCard)).parts.size() == 2);
  CHECK(absl::IsNotFound(ViewOf(*engine, "all").Explain("nothing", kCard).status()));
}

TEST_CASE("each read is told before it is answered and with the fields that were shown") {
  RoleDefinition clerk = Everywhere("clerk");
  clerk.namespaces = {"card"};
  const auto engine = OpenWithRoles({clerk});
  std::vector<AccessEvent> told;
  absl::Status unwritable;
  const RoleView view =
      ViewOf(*engine, "clerk", {.actor = "till 3", .sink = [&](const auto& event) {
                                  told.push_back(event);
                                  return unwritable;
                                }});
  const std::uint64_t id = Must(view.Resolve(kCard)).value;
  const Profile profile = Must(view.ReadProfile(kCard));
  Must(view.SegmentsOf(kCard));
  Must(view.Explain("cards", kCard));
  Must(view.Members("cards"));
  Must(view.Count("cards"));
  const absl::Status denied = view.ReadProfile({"phone", "1380004712"}).status();
  const absl::Status unknown = view.ReadProfile({"card", "nobody's"}).status();
  const Texts cards = {"segment:cards"};
  constexpr auto kNobody = std::nullopt;
  const auto event = [&](const std::string& action, std::optional<std::uint64_t> of,
                         const Texts& fields, const std::string& outcome = "ok") {
    return AccessEvent{"till 3", "clerk", action, of, fields, outcome};
  };
  CHECK(told == std::vector<AccessEvent>{
                    event("resolve", id, {}), event("read", id, Access::FieldsOf(profile)),
                    event("segments", id, cards), event("explain", id, cards),
                    event("list", kNobody, cards), event("count", kNobody, cards),
                    event("read", kNobody, {}, "PERMISSION_DENIED"),
                    event("read", kNobody, {}, "NOT_FOUND")});
  CHECK(IsDenied(denied));
  CHECK(absl::IsNotFound(unknown));
  // An export is told twice.
  told.clear();
  Must(view.Export({}, [&](const Profile&) {
    CHECK(told == std::vector<AccessEvent>{event("export", kNobody, {}, "begun")});
    return true;
  }));
  REQUIRE(told.size() == 2);
  CHECK(told[1].outcome == "ok");
  CHECK(std::find(told[1].fields.begin(), told[1].fields.end(), "trait:city") !=
        told[1].fields.end());
  // Nobody is shown what cannot be told.
  unwritable = absl::UnavailableError("no room");
  CHECK(view.Resolve(kCard).status() == unwritable);
  CHECK(view.ReadProfile(kCard).status() == unwritable);
  CHECK(view.Count("cards").status() == unwritable);
  bool is_shown = false;
  CHECK(view.Export({}, [&](const Profile&) { return is_shown = true; }) == unwritable);
  CHECK_FALSE(is_shown);
}

}  // namespace polyonym::harness
