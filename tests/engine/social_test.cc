// The social capital of a store: what of its facts is read as what, whose it is, and what merges and splits do to it.
#include "polyonym/engine/social.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"
#include "harness/random.h"
#include "polyonym/profile/affinity.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kDay = 86'400'000;
constexpr std::int64_t kNow = 20'000 * kDay;
constexpr std::int64_t kOne = 1'000'000;

SocialReading Reading() {
  SocialReading reading;
  reading.currency = "CNY";
  reading.options.contribution_reference_micros = 20'000'000;
  reading.now_ms = kNow;
  return reading;
}

RelationFact Towards(const std::string& type, const Identifier& other,
                     std::int64_t weight_micros = kOne, std::optional<std::int64_t> time_ms = {}) {
  return {type, {other.ns, other.value, Role::kOther}, weight_micros, time_ms};
}

Event Bought(std::int64_t minor_units, const std::string& currency = "CNY") {
  Event event;
  event.type = "bought";
  event.value = Money{minor_units, currency};
  return event;
}

Event Did(const std::string& type, Direction direction = Direction::kUnknown) {
  Event event;
  event.type = type;
  event.direction = direction;
  return event;
}

Record Related(const std::string& id, std::int64_t time_ms, const Identifier& name,
               const std::vector<RelationFact>& relations) {
  Record record = Seen(id, time_ms, {name});
  Facts facts;
  facts.relations = relations;
  record.facts = WriteFacts(facts);
  return record;
}

Record Acted(const std::string& id, std::int64_t time_ms, const Identifier& name,
             const std::vector<Event>& events) {
  Record record = Seen(id, time_ms, {name});
  Facts facts;
  facts.events = events;
  record.facts = WriteFacts(facts);
  return record;
}

const Identifier kAnn{"phone", "ann"}, kBob{"phone", "bob"}, kCy{"phone", "cy"};
const Identifier kAnnsOpenId{"openid", "ann"};

// Three people, who follow, rate, endorse and dispute each other.
std::vector<Record> Village() {
  return {
      Related("1", kNow - 90 * kDay, kAnn,
              {Towards("follows", kBob), Towards("rates", kBob, 750'000),
               Towards("writes", kBob, 3 * kOne, kNow - kDay)}),
      Related("2", kNow, kBob, {Towards("writes", kAnn), Towards("endorses", kAnn, 7 * kOne)}),
      Related("3", kNow - kDay, kCy, {Towards("disputes", kBob, 250'000), Towards("writes", kAnn)}),
      Acted("4", kNow - 2 * kDay, kAnn, {Bought(5000), Did("read", Direction::kIn)}),
      Acted("5", kNow - 40 * kDay, kAnn, {Did("visited"), Did("mailed", Direction::kOut)}),
      Acted("6", kNow, kCy, {Did("read")}),
  };
}

std::unique_ptr<Engine> OpenWith(const std::vector<Record>& records,
                                 const Policy& policy = ShopPolicy()) {
  auto engine = OpenInMemory(policy, 0);
  Must(engine->Apply(records));
  return engine;
}

ProfileId IdOf(const View& view, const Identifier& name) { return *view.Resolve(name).profile; }

SocialCapital CapitalOf(const StoreCapital& capital, ProfileId id) {
  const auto at = std::find_if(capital.people.begin(), capital.people.end(),
                               [&](const PersonCapital& person) { return person.profile == id; });
  REQUIRE(at != capital.people.end());
  return at->capital;
}

SocialCapital CapitalOf(const View& view, const Identifier& name,
                        const SocialReading& reading = Reading()) {
  return CapitalOf(Must(ReadSocialCapital(view, reading)), IdOf(view, name));
}

// Of one who is known only by these.
SocialCapital ByHand(const PersonInteractions& person,
                     const SocialCapitalOptions& options = Reading().options) {
  return Must(SocialCapitalOf(person, kNow, options));
}

std::uint64_t LeftOut(const View& view, const SocialReading& reading = Reading()) {
  return Must(ReadSocialCapital(view, reading)).left_out;
}

// As one reads it by hand out of Village().
PersonInteractions Ann() {
  PersonInteractions ann;
  ann.ties = {
      {.weight_micros = 3 * kOne, .in_ms = {kNow}, .out_ms = {kNow - 90 * kDay, kNow - kDay}},
      {.weight_micros = kOne, .in_ms = {kNow - kDay}, .out_ms = {}}};
  ann.endorsements_ms = {kNow};
  ann.events = {{kNow - 2 * kDay, Direction::kUnknown, 50'000'000},
                {kNow - 2 * kDay, Direction::kIn, 0},
                {kNow - 40 * kDay, Direction::kUnknown, 0}};
  return ann;
}

PersonInteractions Bob() {
  PersonInteractions bob;
  bob.ties = {
      {.weight_micros = 3 * kOne, .in_ms = {kNow - 90 * kDay, kNow - kDay}, .out_ms = {kNow}}};
  bob.ratings = {{kNow - 90 * kDay, 0.75}};
  bob.disputes = {{kNow - kDay, 0.25}};
  return bob;
}

PersonInteractions Cy() {
  PersonInteractions cy;
  cy.ties = {{.weight_micros = kOne, .in_ms = {}, .out_ms = {kNow - kDay}}};
  cy.events = {{kNow, Direction::kUnknown, 0}};
  return cy;
}

}  // namespace

TEST_CASE("everybody's capital is that of their interactions, gathered by hand") {
  const auto engine = OpenWith(Village());
  const View view = engine->Read();
  const StoreCapital capital = Must(ReadSocialCapital(view, Reading()));
  REQUIRE(capital.people.size() == 3);
  CHECK(CapitalOf(capital, IdOf(view, kAnn)) == ByHand(Ann()));
  CHECK(CapitalOf(capital, IdOf(view, kBob)) == ByHand(Bob()));
  CHECK(CapitalOf(capital, IdOf(view, kCy)) == ByHand(Cy()));
  CHECK(capital.left_out == 0);
  CHECK(capital.contribution_reference_micros == 20'000'000);
  // Ann alone has all four; the others' index is 0, and they stand by id.
  CHECK(capital.people[0].profile == IdOf(view, kAnn));
  CHECK(capital.people[0].capital.index > 0);
  CHECK(capital.people[1].capital.index == 0);
  CHECK(capital.people[2].capital.index == 0);
  CHECK(capital.people[1].profile < capital.people[2].profile);
  CHECK(capital.group ==
        Must(SocialCapitalOfGroup(
            {{ByHand(Ann()).components, ByHand(Bob()).components, ByHand(Cy()).components}})));
}

TEST_CASE("a merge turns a tie into oneself, and its retraction gives the tie back") {
  const auto engine = OpenWith(Village());
  ApplyOne(*engine, Seen("7", kNow, {kAnnsOpenId}));
  ApplyOne(*engine, Related("8", kNow, kAnnsOpenId, {Towards("writes", kAnn)}));
  const StoreCapital before = Must(ReadSocialCapital(engine->Read(), Reading()));
  REQUIRE(before.people.size() == 4);
  CHECK(before.left_out == 0);
  PersonInteractions apart = Ann();
  apart.ties.push_back({.weight_micros = kOne, .in_ms = {kNow}, .out_ms = {}});
  CHECK(CapitalOf(engine->Read(), kAnn) == ByHand(apart));

  ApplyOne(*engine, Seen("9", kNow, {kAnn, kAnnsOpenId}));
  const StoreCapital merged = Must(ReadSocialCapital(engine->Read(), Reading()));
  CHECK(merged.people.size() == 3);
  CHECK(merged.left_out == 1);
  CHECK(CapitalOf(engine->Read(), kAnnsOpenId) == ByHand(Ann()));

  Must(engine->Retract({.source = "shop", .record_id = "9"}));
  CHECK(Must(ReadSocialCapital(engine->Read(), Reading())) == before);
}

TEST_CASE("two who are one have one tie, until they are two again") {
  const auto engine =
      OpenWith({Related("1", kNow, kCy, {Towards("writes", kAnn), Towards("writes", kBob)}),
                Related("2", kNow, kBob, {Towards("writes", kCy, 2 * kOne)})});
  // Ann is known only by being named, which is no sighting of her.
  CHECK(LeftOut(engine->Read()) == 1);
  ApplyOne(*engine, Seen("3", kNow, {kAnn}));
  PersonInteractions apart;
  apart.ties = {{.weight_micros = kOne, .in_ms = {}, .out_ms = {kNow}},
                {.weight_micros = 2 * kOne, .in_ms = {kNow}, .out_ms = {kNow}}};
  PersonInteractions together;
  together.ties = {{.weight_micros = 2 * kOne, .in_ms = {kNow}, .out_ms = {kNow, kNow}}};
  REQUIRE(ByHand(apart) != ByHand(together));
  CHECK(CapitalOf(engine->Read(), kCy) == ByHand(apart));
  ApplyOne(*engine, Seen("4", kNow, {kAnn, kBob}));
  CHECK(CapitalOf(engine->Read(), kCy) == ByHand(together));
  Must(engine->Retract({.source = "shop", .record_id = "4"}));
  CHECK(CapitalOf(engine->Read(), kCy) == ByHand(apart));
}

TEST_CASE("a group's members have the capital that they have among everybody") {
  const auto engine = OpenWith(Village());
  const ProfileId old_id = IdOf(engine->Read(), kAnn);
  ApplyOne(*engine, Seen("7", kNow, {{"crm", "1"}, kAnn}));
  const View view = engine->Read();
  const StoreCapital all = Must(ReadSocialCapital(view, Reading()));
  REQUIRE(all.people.size() == 3);
  // Under the id of before, and the one of now: she is one.
  const std::vector<ProfileId> group = {IdOf(view, kBob), old_id, IdOf(view, kAnn)};
  REQUIRE(old_id != IdOf(view, kAnn));
  const StoreCapital two = Must(ReadSocialCapital(view, Reading(), group));
  REQUIRE(two.people.size() == 2);
  for (const PersonCapital& person : two.people)
    CHECK(person.capital == CapitalOf(all, person.profile));
  CHECK(two.people[0].profile == IdOf(view, kAnn));
  CHECK(two.group == Must(SocialCapitalOfGroup(
                         {{two.people[0].capital.components, two.people[1].capital.components}})));
  CHECK(two.group != all.group);

  const ProfileId unknown[] = {old_id, ProfileId{1'000'000}};
  const absl::Status status = ReadSocialCapital(view, Reading(), unknown).status();
  CHECK(absl::IsNotFound(status));
  CHECK_THAT(std::string(status.message()), HoldsText("group[1]"));
}

TEST_CASE("the reference can be the mean of those who are listed") {
  const auto engine = OpenWith({Acted("1", kNow, kAnn, {Bought(6000)}),
                                Acted("2", kNow, kBob, {Bought(2000)}), Seen("3", 1, {kCy})});
  const View view = engine->Read();
  SocialReading reading = Reading();
  reading.fit_reference = true;
  reading.options.contribution_reference_micros = 0;
  // Of 60, 20 and 0 yuan today, and of 20 alone.
  const double steady = Must(SteadyCount(reading.options.contribution_period_ms,
                                         reading.options.contribution_half_life_ms));
  const StoreCapital all = Must(ReadSocialCapital(view, reading));
  CHECK(std::abs(all.contribution_reference_micros * steady - 80'000'000.0 / 3) < 1e-3);
  reading.options.contribution_reference_micros = all.contribution_reference_micros;
  PersonInteractions ann;
  ann.events = {{kNow, Direction::kUnknown, 60'000'000}};
  CHECK(CapitalOf(all, IdOf(view, kAnn)) == ByHand(ann, reading.options));
  const ProfileId bob[] = {IdOf(view, kBob)};
  const StoreCapital alone = Must(ReadSocialCapital(view, reading, bob));
  CHECK(alone.contribution_reference_micros == 20'000'000 / steady);
  CHECK(alone.people.at(0).capital.components.contribution == 0.5);
  reading.options.contribution_reference_micros = 0;
  reading.fit_reference = false;
  const absl::Status status = ReadSocialCapital(view, reading).status();
  CHECK(absl::IsInvalidArgument(status));
  CHECK_THAT(std::string(status.message()), HoldsText("options.contribution_reference_micros"));
}

TEST_CASE("a contribution is in micros of its currency, and of no other") {
  const std::vector<std::pair<std::string, std::int64_t>> micros_of_7 = {
      {"CNY", 70'000}, {"JPY", 7'000'000}, {"KWD", 7'000}, {"CLF", 700}};
  std::vector<Event> events;
  for (const auto& [currency, micros] : micros_of_7) events.push_back(Bought(7, currency));
  const auto engine = OpenWith({Acted("1", kNow, kAnn, events)});
  for (const auto& [currency, micros] : micros_of_7) {
    INFO(currency);
    SocialReading reading = Reading();
    reading.currency = currency;
    PersonInteractions person;
    person.events = {{kNow, Direction::kUnknown, micros}};
    CHECK(CapitalOf(engine->Read(), kAnn, reading) == ByHand(person));
  }
  SocialReading none = Reading();
  none.currency = "";
  CHECK(CapitalOf(engine->Read(), kAnn, none).components.contribution == 0);
}

TEST_CASE("refunds and values beyond all bounds are left out, and stay activity") {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max() / 10'000;
  const auto engine =
      OpenWith({Acted("1", kNow, kAnn, {Bought(-1)}), Acted("2", kNow, kBob, {Bought(most + 1)}),
                Acted("3", kNow, kCy, {Bought(most)})});
  const View view = engine->Read();
  CHECK(LeftOut(view) == 2);
  PersonInteractions active;
  active.events = {{kNow, Direction::kUnknown, 0}};
  CHECK(CapitalOf(view, kAnn) == ByHand(active));
  CHECK(CapitalOf(view, kBob) == ByHand(active));
  CHECK(CapitalOf(view, kCy).basis.mean_contribution_micros > 0);
}

TEST_CASE("what is out is nobody's own, and is not left out either") {
  Event sent = Bought(-1);
  sent.direction = Direction::kOut;
  const auto engine = OpenWith({Acted("1", kNow, kAnn, {sent, Did("mailed", Direction::kOut)})});
  CHECK(CapitalOf(engine->Read(), kAnn) == ByHand({}));
  CHECK(LeftOut(engine->Read()) == 0);
}

TEST_CASE("the reading says which events are activity, and which contribute") {
  const auto engine = OpenWith({Acted("1", kNow, kAnn, {Did("read"), Bought(100)}),
                                Acted("2", kNow - kDay, kAnn, {Did("wrote", Direction::kIn)}),
                                Acted("3", kNow - 2 * kDay, kAnn, {Bought(300)})});
  SocialReading reading = Reading();
  reading.activity.types = {"wrote"};
  reading.contributions.types = {"sold"};
  PersonInteractions person;
  person.events = {{kNow - kDay, Direction::kIn, 0}};
  CHECK(CapitalOf(engine->Read(), kAnn, reading) == ByHand(person));
  // A contribution is activity too.
  reading.contributions.types = {"bought"};
  person.events.push_back({kNow, Direction::kUnknown, 1'000'000});
  person.events.push_back({kNow - 2 * kDay, Direction::kUnknown, 3'000'000});
  CHECK(CapitalOf(engine->Read(), kAnn, reading) == ByHand(person));
}

TEST_CASE("the reading says which relations are ties, and which are evidence") {
  const auto engine = OpenWith(
      {Seen("1", 1, {kBob}), Related("2", kNow, kAnn,
                                     {Towards("rates", kBob, 500'000), Towards("writes", kBob),
                                      Towards("stars", kBob, kOne), Towards("disputes", kBob)})});
  SocialReading reading = Reading();
  reading.tie_relations = {"rates"};
  reading.rates = "stars";
  reading.disputes = "";
  PersonInteractions person;
  person.ties = {{.weight_micros = 500'000, .in_ms = {kNow}, .out_ms = {}}};
  person.ratings = {{kNow, 1}};
  CHECK(CapitalOf(engine->Read(), kBob, reading) == ByHand(person));
  reading.tie_relations = {"stars"};  // both
  person.ties = {{.weight_micros = kOne, .in_ms = {kNow}, .out_ms = {}}};
  CHECK(CapitalOf(engine->Read(), kBob, reading) == ByHand(person));
  CHECK(LeftOut(engine->Read(), reading) == 0);
}

TEST_CASE("relations to nobody, from nobody and of a weight that means nothing are counted") {
  Policy policy = ShopPolicy();
  policy.default_max_neighbours = 2;
  const Identifier tablet{"openid", "tablet"}, gone{"phone", "gone"};
  const auto engine = OpenWith({Seen("1", 1, {tablet, kAnn}), Seen("2", 1, {tablet, kBob}),
                                Seen("3", 1, {tablet, kCy}), Seen("4", 1, {gone})},
                               policy);
  Must(engine->Retract({.source = "shop", .record_id = "4"}));
  REQUIRE(engine->Read().Resolve(tablet).shared);
  REQUIRE(engine->Read().Resolve(gone).gone);
  CHECK(Must(ReadSocialCapital(engine->Read(), Reading())).people.size() == 3);
  int told = 0;
  // How many more are left out by one relation.
  const auto by = [&](const Identifier& from, const RelationFact& relation) {
    const std::uint64_t before = LeftOut(engine->Read());
    ApplyOne(*engine, Related("told" + std::to_string(++told), kNow, from, {relation}));
    return LeftOut(engine->Read()) - before;
  };
  CHECK(by(kAnn, Towards("writes", kAnn)) == 1);
  CHECK(by(kAnn, Towards("writes", gone)) == 1);
  CHECK(by(kAnn, Towards("writes", tablet)) == 1);
  CHECK(by(kAnn, Towards("writes", {"phone", "never seen"})) == 1);
  CHECK(by(kAnn, Towards("writes", {"undeclared", "held"})) == 1);
  CHECK(by(tablet, Towards("rates", kBob)) == 1);
  CHECK(by(kAnn, Towards("writes", kBob, -1)) == 1);
  CHECK(by(kAnn, Towards("rates", kBob, kOne + 1)) == 1);
  CHECK(by(kAnn, Towards("rates", kBob, -1)) == 1);
  CHECK(by(kAnn, Towards("disputes", kBob, kOne + 1)) == 1);
  CHECK(by(kAnn, Towards("endorses", kBob, 0)) == 1);
  CHECK(CapitalOf(engine->Read(), kBob) == ByHand({}));

  CHECK(by(kAnn, Towards("writes", kBob, 0)) == 0);
  CHECK(by(kAnn, Towards("rates", kBob, 0)) == 0);
  CHECK(by(kAnn, Towards("disputes", kBob, kOne)) == 0);
  CHECK(by(kAnn, Towards("endorses", kBob, 1)) == 0);
  PersonInteractions bob;
  bob.ties = {{.weight_micros = 0, .in_ms = {kNow}, .out_ms = {}}};
  bob.ratings = {{kNow, 0}};
  bob.disputes = {{kNow, 1}};
  bob.endorsements_ms = {kNow};
  CHECK(CapitalOf(engine->Read(), kBob) == ByHand(bob));
}

TEST_CASE("what lies after now does not count, and is not left out either") {
  const auto engine = OpenWith(Village());
  ApplyOne(*engine,
           Related("7", kNow + 1, kAnn,
                   {Towards("writes", kBob, 9 * kOne), Towards("writes", {"phone", "x"})}));
  ApplyOne(*engine, Acted("8", kNow + 1, kAnn, {Bought(-1), Bought(1'000'000)}));
  CHECK(CapitalOf(engine->Read(), kAnn) == ByHand(Ann()));
  CHECK(LeftOut(engine->Read()) == 0);
}

TEST_CASE("without a time the scores are as at the time of profiles") {
  const auto engine = OpenWith(Village());
  ApplyOne(*engine, Seen("7", kNow + 3 * kDay, {kCy}));
  SocialReading reading = Reading();
  reading.now_ms.reset();
  const StoreCapital capital = Must(ReadSocialCapital(engine->Read(), reading));
  reading.now_ms = kNow + 3 * kDay;
  CHECK(capital == Must(ReadSocialCapital(engine->Read(), reading)));
  reading.now_ms = kNow;
  CHECK(capital != Must(ReadSocialCapital(engine->Read(), reading)));
}

TEST_CASE("the order in which records come changes nobody's capital") {
  std::vector<Record> records = Village();
  records.push_back(Seen("7", kNow, {kAnn, kAnnsOpenId}));
  records.push_back(Related("8", kNow - 5 * kDay, kAnnsOpenId,
                            {Towards("writes", kCy, 5 * kOne), Towards("rates", kCy, 123'456)}));
  records.push_back(Related("9", kNow - 6 * kDay, kBob, {Towards("rates", kAnnsOpenId, 654'321)}));
  const auto first = OpenWith(records);
  const StoreCapital expected = Must(ReadSocialCapital(first->Read(), Reading()));
  Random random(7);
  for (int round = 0; round < 10; ++round) {
    random.Shuffle(&records);
    const auto engine = OpenWith(records);
    const StoreCapital capital = Must(ReadSocialCapital(engine->Read(), Reading()));
    for (const Identifier& name : {kAnn, kBob, kCy}) {
      CHECK(CapitalOf(capital, IdOf(engine->Read(), name)) ==
            CapitalOf(expected, IdOf(first->Read(), name)));
    }
    CHECK(capital.group == expected.group);
  }
}

TEST_CASE("nobody has no capital, and somebody without facts has what is known of them") {
  const auto engine = OpenShop();
  const StoreCapital nobody = Must(ReadSocialCapital(engine->Read(), Reading()));
  CHECK(nobody.people.empty());
  CHECK(nobody.group == GroupSocialCapital{});
  ApplyOne(*engine, Seen("1", 1, {kAnn}));
  CHECK(CapitalOf(engine->Read(), kAnn) == ByHand({}));
  // An id of somebody who is gone is of nobody.
  const ProfileId ann[] = {IdOf(engine->Read(), kAnn)};
  Must(engine->Retract({.source = "shop", .record_id = "1"}));
  CHECK(Must(ReadSocialCapital(engine->Read(), Reading(), ann)).people.empty());
}

TEST_CASE("a reading that means nothing is refused by the name of its field") {
  const auto engine = OpenWith(Village());
  const auto refused = [&](const std::string& field, const auto& spoil) {
    SocialReading reading = Reading();
    spoil(&reading);
    const absl::Status status = ReadSocialCapital(engine->Read(), reading).status();
    CHECK(absl::IsInvalidArgument(status));
    CHECK(status == Validate(reading));
    CHECK_THAT(std::string(status.message()), HoldsText(field + ": must be"));
  };
  CHECK(Validate(Reading()).ok());
  refused("activity.direction", [](SocialReading* r) { r->activity.direction = Direction::kOut; });
  refused("contributions.direction",
          [](SocialReading* r) { r->contributions.direction = Direction::kOut; });
  refused("currency", [](SocialReading* r) { r->currency = "yuan"; });
  refused("currency", [](SocialReading* r) { r->currency = "cny"; });
  refused("tie_relations[1]", [](SocialReading* r) { r->tie_relations = {"writes", ""}; });
  refused("endorses", [](SocialReading* r) { r->endorses = "rates"; });
  refused("disputes", [](SocialReading* r) { r->disputes = "rates"; });
  refused("disputes", [](SocialReading* r) { r->disputes = "endorses"; });
  refused("now_ms", [](SocialReading* r) { r->now_ms = -1; });
  refused("now_ms", [](SocialReading* r) { r->now_ms = kMaxFactTimeMs + 1; });
  refused("options.weights.trust", [](SocialReading* r) { r->options.weights.trust = -1; });
  refused("options.ties", [](SocialReading* r) {
    r->fit_reference = true;
    r->options.ties = 0;
  });
}

TEST_CASE("a store that cannot be read says so") {
  const auto plan = std::make_shared<FailingStore::Plan>();
  const auto engine = Must(OpenOnFailing(OpenMemoryStore(), plan));
  Must(engine->SetPolicy(ShopPolicy()));
  Must(engine->Apply(Village()));
  plan->fail_reads = true;
  CHECK(absl::IsUnavailable(ReadSocialCapital(engine->Read(), Reading()).status()));
}

}  // namespace polyonym::harness
