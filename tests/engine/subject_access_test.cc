// What people are told of themselves: all that names them, and nothing that is withheld or another's.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"
#include "harness/histories.h"
#include "harness/random_facts.h"
#include "harness/told.h"
#include "polyonym/engine/campaigns.h"
#include "polyonym/engine/restriction.h"
#include "polyonym/engine/subject_access.h"
#include "polyonym/model/judge.h"

namespace polyonym::harness {
namespace {

const Identifier kPhone{"phone", "p1"};

// Every text of a report, one a line.
class Texts {
 public:
  explicit Texts(const SubjectReport& report) {
    for (const SubjectIdentifier& one : report.identifiers) Add(one.ns, one.value.value_or(""));
    for (const SubjectRecord& record : report.records) {
      Add(record.source, record.id.value_or(""), WriteFacts(record.facts));
      for (const SubjectName& name : record.identifiers) Add(name.ns, name.value.value_or(""));
    }
    for (const SubjectLink& link : report.links) {
      Add(link.a.ns, link.a.value.value_or(""), link.b.ns, link.b.value.value_or(""));
      for (const std::string& source : link.sources) Add(source);
    }
    for (const SubjectTie& tie : report.ties) Add(tie.ns);
    for (const SubjectSegment& segment : report.segments) {
      Add(segment.name);
      AddPart(segment.because);
    }
    for (const SubjectCampaign& one : report.campaigns) Add(one.name, one.enrolment.variant);
    for (const WithheldField& one : report.withheld) Add(one.field, one.reason);
    AddProfile(report.profile);
  }
  bool Has(const std::string& text) const { return all_.find(text) != std::string::npos; }
  const std::string& all() const { return all_; }

 private:
  template <class... Text>
  void Add(const Text&... texts) {
    (all_.append(texts).append("\n"), ...);
  }
  void AddFrom(const Provenance& from) {
    Add(from.source, from.record_source, from.record_id, ToString(from.belongs_to));
  }
  void AddPart(const SegmentExplanation& part) {
    Add(part.text, part.value);
    for (const SegmentExplanation& below : part.parts) AddPart(below);
  }
  void AddCandidate(const TraitCandidate& candidate) {
    Add(ToText(candidate.value));
    AddFrom(candidate.from);
  }
  void AddProfile(const Profile& profile) {
    for (const Identifier& one : profile.identifiers) Add(ToString(one));
    for (const ProfileTrait& trait : profile.traits) {
      Add(trait.name);
      for (const Value& value : trait.values) Add(ToText(value));
      if (trait.winner) AddCandidate(*trait.winner);
      for (const TraitCandidate& lost : trait.lost) AddCandidate(lost);
    }
    for (const ProfileTag& tag : profile.tags) {
      Add(tag.name, tag.last_place ? tag.last_place->name : "");
      for (const TagPart& part : tag.parts) {
        Add(part.rule);
        AddFrom(part.from);
      }
    }
    for (const ProfileConsent& consent : profile.consents) Add(consent.purpose);
    for (const ProfileLadder& ladder : profile.ladders)
      Add(ladder.name, ladder.stage, ladder.highest);
    for (const ChannelContact& contact : profile.contacts) Add(contact.channel);
    for (const ProfilePurchases& score : profile.purchases) Add(score.name);
    for (const ProfileChannels& score : profile.channels) Add(score.name);
    for (const ProfileRelation& one : profile.relations) Add(one.relation.other.value);
    for (const TimelineEvent& one : profile.timeline) Add(one.event.type);
  }

  std::string all_;
};

Event EventOf(const std::string& type, const std::string& where) {
  Event event;
  event.type = type;
  event.place = Place{where, {}, {}};
  event.properties["at"] = Value{where};
  return event;
}

// What is withheld has CANARY in it, what is another's OTHER, what is told of them TOLD.
Facts AllKinds() {
  Facts facts;
  facts.traits = {{"city", {std::string("TOLD-city")}, {}, ""},
                  {"income", {std::string("CANARY-income")}, {}, "CANARY-bureau"}};
  facts.tags = {{"tea", 1'000'000, {}, {}, "TOLD-rule", {}, ""},
                {"risk", 5'000'000, {}, Place{"CANARY-place", {}, {}}, "CANARY-model", {}, ""}};
  facts.events = {EventOf("order", "TOLD-shop"), EventOf("clinic", "CANARY-clinic")};
  facts.relations = {{"friend", {"phone", "OTHER-friend", Role::kOther}, 1'000'000, {}},
                     {"doctor", {"phone", "CANARY-doctor", Role::kOther}, 1'000'000, {}}};
  facts.consents = {{"ads", ConsentState::kGranted, {}},
                    {"CANARY-study", ConsentState::kGranted, {}}};
  return facts;
}

Policy TellingPolicy() {
  Policy policy = ShopPolicy();
  policy.undeclared = Undeclared::kHoldIdentifier;
  policy.ranking = Ranking::kOldest;  // so that what was theirs first stays
  policy.namespaces.emplace_back().name = "passport";
  policy.namespaces.back().sensitivity = Sensitivity::kSensitive;
  policy.namespaces.back().limits.push_back({1, false, 0});
  policy.namespaces[1].sensitivity = Sensitivity::kPersonal;
  Definitions& d = policy.definitions;
  d.purposes = {{"ads", {}, 0}, {"CANARY-study", {}, 0}, {"use", {}, 0}};
  // Each is told but for what is withheld below it.
  for (const char* name : {"city", "income"}) d.traits.emplace_back().name = name;
  TagDefinition tea, parent, child;
  tea.name = "tea";
  parent.name = "rated";
  child.name = "risk";
  child.parent = "rated";
  d.tags = {tea, parent, child};
  BehaviourTag behaviour;
  behaviour.name = "CANARY-behaviour";
  behaviour.on.types = {"clinic"};
  behaviour.tag = "visits:";
  behaviour.tag_of = "at";
  d.behaviours = {behaviour};
  EventTrait last_place;
  last_place.on.types = {};
  last_place.trait.name = "last_place";
  last_place.value_of = "place";
  d.event_traits = {last_place};
  Stage::Condition two;
  two.at_least = 2;
  d.ladders = {{"busy", {{"calm", {}}, {"CANARY-stage", {two}}}}};
  const auto segment = [](const char* name, const char* expression) {
    SegmentDefinition out;
    out.name = name;
    out.expression = expression;
    return out;
  };
  d.segments = {
      segment("drinkers", "tag tea and trait city = \"TOLD-city\""),
      segment("rich", "tag tea and trait income = \"CANARY-income\""),
      segment("patients", "did(clinic where place = \"CANARY-clinic\")"),
      segment("CANARY-secret", "tag tea"),
      segment("both", "in segment \"CANARY-secret\" and trait city is known"),
      segment("friends", "relation friend to \"phone:OTHER-friend\""),
      segment("papers", "has passport or identifiers passport contains \"CANARY-pass\""),
      segment("others", "not tag tea"),
  };
  d.privacy.restriction_purpose = "use";
  d.privacy.labels = {{"namespace:crm", 2}};
  d.privacy.disclosures = {{"trait:income", false, "a trade secret"},
                           {"tag:risk", false, "ask for a review"},
                           {"event:*", false, "kept for the law"},
                           {"event:order", true, ""},
                           {"event:assigned", true, ""},
                           {"relation:doctor", false, "another's secret"},
                           {"consent:CANARY-study", false, "a blind study"},
                           {"segment:CANARY-secret", false, "a trade secret"},
                           {"namespace:passport", false, "seen by clerks alone"}};
  return policy;
}

Record With(Record record, const Facts& facts) {
  record.facts = WriteFacts(facts);
  return record;
}

// Somebody of whom everything is told, and others beside them.
std::unique_ptr<Engine> OpenTelling() {
  auto engine = OpenInMemory(TellingPolicy(), 0);
  ApplyOne(*engine, Visit(1));
  Record all = With(Seen("order-CANARY-pass1", 2'000,
                         {kPhone, {"passport", "CANARY-pass1"}, {"blog", "TOLD-blog"}}),
                    AllKinds());
  all.identifiers.push_back({"phone", "OTHER-recipient", Role::kOther});
  ApplyOne(*engine, all);
  // Another's record that names them, and another's friend.
  Facts of_other;
  of_other.traits = {{"city", {std::string("OTHER-city")}, {}, ""}};
  of_other.relations = {{"friend", {"phone", "p1", Role::kOther}, 1'000'000, {}},
                        {"friend", {"phone", "OTHER-third", Role::kOther}, 1'000'000, {}}};
  Record other = With(Seen("gift", 3'000, {{"crm", "OTHER-crm"}}), of_other);
  other.identifiers.push_back({"phone", "p1", Role::kOther});
  ApplyOne(*engine, other);
  Record invited = With(Seen("invited", 3'500, {{"crm", "OTHER-crm"}}), of_other);
  ApplyOne(*engine, invited);
  // A crm number of somebody else on their phone: the limit refuses it.
  ApplyOne(*engine, Seen("family-OTHER-c2", 4'000, {{"crm", "OTHER-c2"}, kPhone}));
  // An older version of what they said, and one that was taken back.
  Record city = Seen("city", 5'000, {kPhone});
  city.version = 1;
  Facts facts;
  facts.traits = {{"city", {std::string("TOLD-old city")}, {}, ""}};
  ApplyOne(*engine, With(city, facts));
  city.version = 2;
  facts.traits = {{"city", {std::string("TOLD-city")}, {}, ""}};
  ApplyOne(*engine, With(city, facts));
  ApplyOne(*engine, Seen("back", 6'000, {kPhone}));
  Must(engine->Retract({.source = "shop", .record_id = "back"}));
  return engine;
}

const SubjectRecord& RecordOf(const SubjectReport& report, const std::string& source_id) {
  for (const SubjectRecord& record : report.records) {
    if (record.id == source_id) return record;
  }
  FAIL("no record " << source_id);
  return report.records.front();
}

std::set<std::string> FieldsOf(const SubjectReport& report) {
  std::set<std::string> fields;
  for (const WithheldField& one : report.withheld) fields.insert(one.field);
  return fields;
}

}  // namespace

TEST_CASE("no text of what is withheld or another's is anywhere in a report") {
  const auto engine = OpenTelling();
  const SubjectReport report = Must(ReportToSubject(engine->Read(), kPhone));
  std::string texts = Texts(report).all();
  // Rules are told by the fields that they name, and two of these have the word in them.
  for (const char* field : {"consent:CANARY-study", "segment:CANARY-secret"}) {
    const std::size_t at = texts.find(field);
    REQUIRE(at != std::string::npos);
    texts.erase(at, std::string(field).size());
  }
  INFO(texts);
  CHECK(texts.find("CANARY") == std::string::npos);
  CHECK(texts.find("OTHER") == std::string::npos);
  for (const char* told :
       {"TOLD-city", "TOLD-old city", "TOLD-rule", "TOLD-shop", "TOLD-blog", "p1"})
    CHECK(texts.find(told) != std::string::npos);
}

TEST_CASE("a report says what is withheld and why") {
  const auto engine = OpenTelling();
  const SubjectReport report = Must(ReportToSubject(engine->Read(), kPhone));
  CHECK(FieldsOf(report) == std::set<std::string>{"consent:CANARY-study", "event:*",
                                                  "namespace:passport", "relation:doctor",
                                                  "score:busy", "score:contacts",
                                                  "segment:CANARY-secret", "tag:*", "tag:rated",
                                                  "tag:risk", "trait:income", "trait:last_place"});
  for (const WithheldField& one : report.withheld) {
    CHECK(one.count > 0);
    CHECK(!one.reason.empty());
    if (one.field == "trait:income") CHECK(one.reason == "a trade secret");
    if (one.field == "trait:last_place") CHECK(one.reason == kComputedFromWithheld);
  }
}

TEST_CASE("where no rule speaks everything is told") {
  const auto engine = OpenTelling();
  Policy policy = engine->Read().policy();
  policy.definitions.privacy.disclosures.clear();
  Must(engine->SetPolicy(policy));
  const SubjectReport report = Must(ReportToSubject(engine->Read(), kPhone));
  CHECK(report.withheld.empty());
  const Texts texts(report);
  for (const char* told :
       {"CANARY-income", "CANARY-model", "CANARY-clinic", "CANARY-pass1", "CANARY-study",
        "CANARY-stage", "CANARY-place", "CANARY-secret", "order-CANARY-pass1"}) {
    INFO(told);
    CHECK(texts.Has(told));
  }
  CHECK_FALSE(texts.Has("OTHER"));
  CHECK_FALSE(texts.Has("CANARY-doctor"));  // another's phone
}

TEST_CASE("a report has records of every state and those of others that name them") {
  const auto engine = OpenTelling();
  const SubjectReport report = Must(ReportToSubject(engine->Read(), kPhone));
  CHECK(report.sequence == engine->Read().sequence());
  REQUIRE(report.records.size() == 8);
  const SubjectRecord& all = report.records[1];
  CHECK(!all.id);
  CHECK(all.about_them);
  CHECK(all.withheld_facts == 5);
  CHECK(all.facts.traits.size() == 1);
  CHECK(all.facts.relations.at(0).other == RecordIdentifier{"phone", "", Role::kOther});
  REQUIRE(all.identifiers.size() == 4);
  CHECK(all.identifiers[0] == SubjectName{"phone", "p1", Role::kSelf, true, Reason::kNone});
  CHECK(all.identifiers[1] ==
        SubjectName{"passport", std::nullopt, Role::kSelf, true, Reason::kNone});
  CHECK(all.identifiers[2] ==
        SubjectName{"blog", "TOLD-blog", Role::kSelf, false, Reason::kUndeclaredNamespace});
  CHECK(all.identifiers[3] ==
        SubjectName{"phone", std::nullopt, Role::kOther, false, Reason::kNone});
  const SubjectRecord& gift = RecordOf(report, "gift");
  CHECK_FALSE(gift.about_them);
  CHECK(gift.facts.traits.empty());
  REQUIRE(gift.facts.relations.size() == 1);
  CHECK(gift.facts.relations[0].other.value == "p1");
  CHECK(gift.identifiers[0].value == std::nullopt);
  CHECK(RecordOf(report, "invited").facts.relations.size() == 1);
  CHECK(report.records[4].id == std::nullopt);  // family-OTHER-c2
  CHECK(report.records[4].about_them == false);
  CHECK(report.records[5].state == SubjectRecordState::kSuperseded);
  CHECK(report.records[6].state == SubjectRecordState::kCounts);
  CHECK(RecordOf(report, "back").state == SubjectRecordState::kSuperseded);

  REQUIRE(report.identifiers.size() == 3);
  CHECK(report.identifiers[0] == SubjectIdentifier{"crm", "c1", Sensitivity::kSensitive, 1, 1, 1});
  CHECK(report.identifiers[1].ns == "passport");
  CHECK(report.identifiers[1].value == std::nullopt);
  CHECK(report.identifiers[1].sensitivity == Sensitivity::kSensitive);
  CHECK(report.identifiers[2] ==
        SubjectIdentifier{"phone", "p1", Sensitivity::kPersonal, 5, 1, 5'000});

  REQUIRE(report.links.size() == 2);
  CHECK(report.links[0].a.value == "c1");
  CHECK(report.links[0].b.value == "p1");
  CHECK(report.links[0].sightings == 1);
  CHECK(report.links[0].sources == std::vector<std::string>{"shop"});
  CHECK(report.links[1].a ==
        SubjectName{"passport", std::nullopt, Role::kSelf, true, Reason::kNone});
  CHECK(report.ties ==
        std::vector<SubjectTie>{{RelationKind::kRefused, "crm", 1, 1, 4'000, 4'000}});
}

TEST_CASE("segments are told with what is not withheld of the reason") {
  const auto engine = OpenTelling();
  const SubjectReport report = Must(ReportToSubject(engine->Read(), kPhone));
  std::map<std::string, SegmentExplanation> because;
  for (const SubjectSegment& segment : report.segments) because[segment.name] = segment.because;
  CHECK(because.size() == 6);
  CHECK_FALSE(because.contains("others"));
  CHECK(because["drinkers"].text.find("TOLD-city") != std::string::npos);
  // Every segment asks besides whether they are restricted, which is told.
  for (const char* name : {"patients", "friends", "papers"}) {
    REQUIRE(because[name].parts.size() == 2);
    CHECK(because[name].parts[0].value == kWithheldPart);
    CHECK(because[name].parts[1].text.find("consent use") != std::string::npos);
  }
  const Texts texts(report);
  CHECK(texts.Has("tag tea"));
  const SegmentExplanation& rich = because["rich"];
  CHECK(rich.text == "and");
  CHECK(rich.verdict == true);
}

TEST_CASE("enrolment and restriction are told") {
  const auto engine = OpenTelling();
  Policy policy = engine->Read().policy();
  CampaignDefinition spring;
  spring.name = "spring";
  spring.audience = "tag tea";
  spring.variants = {{"letter", 1'000'000, false}};
  policy.definitions.campaigns = {spring};
  Must(engine->SetPolicy(policy));
  CHECK(Must(EnrolIn(engine.get(), "spring")).total() == 1);
  SubjectReport report = Must(ReportToSubject(engine->Read(), kPhone));
  REQUIRE(report.campaigns.size() == 1);
  CHECK(report.campaigns[0].name == "spring");
  CHECK(report.campaigns[0].enrolment.variant == "letter");
  CHECK_FALSE(report.is_restricted);
  Must(Restrict(engine.get(), kPhone, true, 9'000));
  report = Must(ReportToSubject(engine->Read(), kPhone));
  CHECK(report.is_restricted);
  CHECK(report.segments.empty());
  policy.definitions.privacy.disclosures.push_back({"consent:use", false, "no"});
  std::erase_if(policy.definitions.privacy.disclosures,
                [](const DisclosureRule& rule) { return rule.field == "event:assigned"; });
  Must(engine->SetPolicy(policy));
  report = Must(ReportToSubject(engine->Read(), kPhone));
  CHECK(report.campaigns.empty());
  CHECK(FieldsOf(report).contains("consent:use"));
}

TEST_CASE("whose value it is depends on when: a life of another is not told") {
  Policy policy = ShopPolicy();
  policy.namespaces.emplace_back().name = "cookie";
  policy.namespaces.back().validity_ms = 1'000;
  const auto engine = OpenInMemory(policy, 0);
  ApplyOne(*engine, Seen("first", 1'000, {{"crm", "c1"}, {"cookie", "k"}}));
  ApplyOne(*engine, Seen("second", 5'000, {{"crm", "c2"}, {"cookie", "k"}}));
  const SubjectReport first = Must(ReportToSubject(engine->Read(), {"crm", "c1"}));
  REQUIRE(first.records.size() == 1);
  CHECK(first.records[0].id == "first");
  CHECK(first.identifiers.size() == 2);
  CHECK(first.links.size() == 1);
  const SubjectReport second = Must(ReportToSubject(engine->Read(), {"cookie", "k"}));
  REQUIRE(second.records.size() == 1);
  CHECK(second.records[0].id == "second");
  CHECK_FALSE(Texts(second).Has("c1"));
}

TEST_CASE("who is nobody's or everybody's has no report") {
  const auto engine = OpenTelling();
  const auto code = [&](const Identifier& who) {
    return ReportToSubject(engine->Read(), who).status().code();
  };
  CHECK(code({"phone", "nobody"}) == absl::StatusCode::kNotFound);
  CHECK(code({"blog", "TOLD-blog"}) == absl::StatusCode::kNotFound);
  Policy policy = engine->Read().policy();
  policy.namespaces[1].guards.push_back({"crm", 1});
  Must(engine->SetPolicy(policy));
  CHECK(code(kPhone) == absl::StatusCode::kFailedPrecondition);
  CHECK(code({"crm", "c1"}) == absl::StatusCode::kOk);
}

namespace {

// Numbers of the records that name a profile, by what the policy counts of each and who that is now.
std::set<std::uint64_t> NaivelyNaming(const View& view, ProfileId profile) {
  const auto policy = Compile(view.policy());
  const auto is_theirs = [&](const Identifier& who) {
    return view.Resolve(who).profile == profile;
  };
  std::set<std::uint64_t> numbers;
  Must(view.Export([&](const StoredRecord& stored) {
    bool named = false;
    for (const RecordVerdict::Counted& one : JudgeRecord(*policy, stored.record).counted)
      named |= !one.derived && is_theirs({std::string(one.ns), one.value});
    if (const auto facts = ReadFacts(stored.record.facts); facts.ok()) {
      for (const RelationFact& relation : facts->relations)
        named |= is_theirs({relation.other.ns, relation.other.value});
    }
    if (named) numbers.insert(stored.number);
    return true;
  }));
  return numbers;
}

// What is not told of facts, taken out by hand.
Facts WithoutWithheld(Facts facts, const std::set<std::string>& withheld) {
  std::erase_if(facts.traits, [&](const Trait& t) { return withheld.contains("trait:" + t.name); });
  std::erase_if(facts.tags, [&](const Tag& t) { return withheld.contains("tag:" + t.name); });
  std::erase_if(facts.events, [&](const Event& e) { return withheld.contains("event:" + e.type); });
  std::erase_if(facts.relations,
                [&](const RelationFact& r) { return withheld.contains("relation:" + r.type); });
  std::erase_if(facts.consents,
                [&](const Consent& c) { return withheld.contains("consent:" + c.purpose); });
  return facts;
}

// Some rules that withhold, of names that histories have.
std::set<std::string> Withhold(const std::vector<Facts>& all, Random& random, Definitions* out) {
  std::set<std::string> withheld;
  const auto maybe = [&](const std::string& field) {
    if (field.size() < kMaxFieldBytes && !field.ends_with(":") && random.Chance(25))
      withheld.insert(field);
  };
  std::set<std::string> fields;
  for (const Facts& facts : all) {
    for (const Trait& t : facts.traits) fields.insert("trait:" + t.name);
    for (const Tag& t : facts.tags) fields.insert("tag:" + t.name);
    for (const Event& e : facts.events) fields.insert("event:" + e.type);
    for (const RelationFact& r : facts.relations) fields.insert("relation:" + r.type);
    for (const Consent& c : facts.consents) fields.insert("consent:" + c.purpose);
  }
  for (const std::string& field : fields) maybe(field);
  for (const std::string& field : withheld)
    out->privacy.disclosures.push_back({field, false, "random"});
  return withheld;
}

void CheckReports(const Engine& engine, const std::set<std::string>& withheld) {
  const View view = engine.Read();
  std::vector<ProfileId> profiles;
  view.ForEachProfile([&](ProfileId id, std::span<const Identifier>) {
    profiles.push_back(id);
    return true;
  });
  for (const ProfileId id : profiles) {
    const std::vector<Identifier> members = Must(view.Members(id));
    if (view.Resolve(members.front()).shared) continue;
    const SubjectReport report = Must(ReportToSubject(view, members.front()));
    std::set<std::uint64_t> numbers;
    std::map<std::uint64_t, const SubjectRecord*> by_number;
    for (const SubjectRecord& record : report.records) {
      numbers.insert(record.number);
      by_number[record.number] = &record;
      CHECK(WithoutWithheld(record.facts, withheld) == record.facts);
    }
    CHECK(numbers == NaivelyNaming(view, id));
    // Every fact of the profile is told in its record, but for what is withheld.
    std::set<std::uint64_t> told;
    const Person person = Must(view.ReadPerson(id));
    for (const FactRow& row : *person.rows) {
      REQUIRE(by_number.contains(row.from.record));
      const SubjectRecord& record = *by_number[row.from.record];
      CHECK(record.about_them);
      CHECK(record.state == SubjectRecordState::kCounts);
      Facts facts = WithoutWithheld(row.facts, withheld);
      for (RelationFact& relation : facts.relations) {
        if (view.Resolve({relation.other.ns, relation.other.value}).profile != id)
          relation.other.value.clear();
      }
      CHECK(record.facts == facts);
      told.insert(record.number);
    }
    for (const SubjectRecord& record : report.records) {
      const bool has_facts = !record.facts.empty() || record.withheld_facts > 0;
      const bool tells = record.act == Act::kObserve || record.act == Act::kBind ||
                         record.act == Act::kMustLink || record.act == Act::kRename;
      if (record.about_them && record.state == SubjectRecordState::kCounts && has_facts && tells)
        CHECK(told.contains(record.number));
    }
    for (const ProfileTrait& trait : report.profile.traits)
      CHECK_FALSE(withheld.contains("trait:" + trait.name));
    for (const ProfileTag& tag : report.profile.tags)
      CHECK_FALSE(withheld.contains("tag:" + tag.name));
    // What is told of the profile is what the profile is.
    ProfileOptions explained;
    explained.explain = true;
    const Profile profile = Must(view.ReadProfile(id, explained));
    for (const ProfileTrait& trait : report.profile.traits)
      CHECK(std::find(profile.traits.begin(), profile.traits.end(), trait) != profile.traits.end());
    for (const ProfileTag& tag : report.profile.tags)
      CHECK(std::find(profile.tags.begin(), profile.tags.end(), tag) != profile.tags.end());
    if (withheld.empty()) {
      CHECK(report.withheld.empty());
      CHECK(report.profile.traits == profile.traits);
      CHECK(report.profile.tags == profile.tags);
      CHECK(report.profile.ladders == profile.ladders);
      CHECK(report.profile.contacts == profile.contacts);
      CHECK(report.profile.purchases == profile.purchases);
      CHECK(report.profile.channels == profile.channels);
    }
  }
}

void CheckHistories(std::uint64_t first, std::size_t count) {
  ForEachSeed(first, count, [&](std::uint64_t seed) {
    INFO("seed " << seed);
    History history = WithFacts(RandomHistory(seed));
    Policy policy = FinalPolicy(history);
    // Of a value that names one after another, only the engine says whose it was then.
    for (NamespacePolicy& ns : policy.namespaces) ns.validity_ms = 0;
    Random random(seed);
    std::vector<Facts> facts;
    for (const Record& record : history.records) {
      if (auto read = ReadFacts(record.facts); read.ok()) facts.push_back(*std::move(read));
    }
    const std::set<std::string> withheld =
        seed % 3 == 0 ? std::set<std::string>() : Withhold(facts, random, &policy.definitions);
    const auto engine = OpenInMemory(policy, seed);
    for (const auto batch : RandomBatches(history.records, random)) Must(engine->Apply(batch));
    CheckReports(*engine, withheld);
  });
}

}  // namespace

TEST_CASE("every record and every fact that names a person is in their report") {
  CheckHistories(1, 12);
}

TEST_CASE(
    "every record and every fact that names a person is in their report and of many more histories",
    "[slow]") {
  CheckHistories(1'000, 1'500);
}

}  // namespace polyonym::harness
