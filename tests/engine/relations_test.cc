// View::Neighbourhood() and View::Path(): people who are tied without being one person.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"

namespace polyonym::harness {
namespace {

const Identifier kFamilyPhone = {"phone", "family"};

Identifier Crm(const std::string& value) { return {"crm", value}; }

// A record of the shop about `self` that also names others.
Record Naming(const std::string& id, std::int64_t time_ms, const std::vector<Identifier>& self,
              const std::vector<Identifier>& others) {
  Record record = Seen(id, time_ms, self);
  for (const Identifier& other : others)
    record.identifiers.push_back({other.ns, other.value, Role::kOther});
  return record;
}

std::unique_ptr<Engine> ShopOf(const std::vector<Record>& records,
                               const Policy& policy = ShopPolicy()) {
  std::unique_ptr<Engine> engine = OpenInMemory(policy, 0);
  Must(engine->Apply(records).status());
  return engine;
}

ProfileId IdOf(const View& view, const Identifier& identifier) {
  return view.Resolve(identifier).profile.value();
}

std::vector<RelatedProfile> Around(const Engine& engine, const Identifier& identifier,
                                   const RelationOptions& options = {}) {
  const View view = engine.Read();
  return Must(view.Neighbourhood(IdOf(view, identifier), options));
}

absl::StatusOr<std::vector<RelatedProfile>> Way(const Engine& engine, const Identifier& from,
                                                const Identifier& to,
                                                const RelationOptions& options = {.max_steps = 6}) {
  const View view = engine.Read();
  return view.Path(IdOf(view, from), IdOf(view, to), options);
}

// `crm:a > crm:b` for a naming, `crm:a - crm:b` for links, as the relation runs.
std::string Spell(const Relation& relation) {
  const bool backward = relation.direction == RelationDirection::kBackward;
  const char* sign = relation.kind == RelationKind::kNamed ? (backward ? " < " : " > ") : " - ";
  return std::string(ToString(relation.kind)) + " " + ToString(relation.from_identifier) + sign +
         ToString(relation.to_identifier);
}

std::vector<std::string> Spell(const std::vector<RelatedProfile>& profiles) {
  std::vector<std::string> out;
  for (const RelatedProfile& related : profiles) {
    for (const Relation& relation : related.relations)
      out.push_back(std::to_string(related.distance) + " " + Spell(relation));
  }
  return out;
}

using Lines = std::vector<std::string>;

// A invited B, B invited C, C invited D.
std::vector<Record> Invitations() {
  return {Visit(1),
          Visit(2),
          Visit(3),
          Visit(4),
          Naming("i1", 11, {Crm("c1")}, {Crm("c2")}),
          Naming("i2", 12, {Crm("c2")}, {Crm("c3")}),
          Naming("i3", 13, {Crm("c3")}, {Crm("c4")})};
}

}  // namespace

TEST_CASE("a family that shares a phone is related by the link that the limit refused") {
  const auto shop = ShopOf(
      {Seen("1", 10, {Crm("mother"), kFamilyPhone}), Seen("2", 20, {Crm("father"), kFamilyPhone}),
       Seen("3", 30, {Crm("father"), kFamilyPhone}), Seen("4", 15, {Crm("mother"), kFamilyPhone})});
  const auto around = Around(*shop, Crm("mother"));
  REQUIRE(Spell(around) == Lines{"1 refused crm:mother - phone:family"});
  const View view = shop->Read();
  CHECK(around[0].profile == IdOf(view, Crm("father")));
  const Relation& relation = around[0].relations[0];
  CHECK(relation.from == IdOf(view, Crm("mother")));
  CHECK(relation.to == IdOf(view, Crm("father")));
  CHECK(relation.direction == RelationDirection::kBoth);
  CHECK((relation.pairs == 1 && relation.sightings == 2));
  CHECK((relation.first_ms == 10 && relation.last_ms == 15));
  CHECK(Spell(Around(*shop, kFamilyPhone)) == Lines{"1 refused phone:family - crm:mother"});
}

TEST_CASE("two people whom a cannot-link keeps apart are related only where evidence ties them") {
  Record apart = Seen("apart", 30, {Crm("c1"), {"phone", "p2"}});
  apart.act = Act::kCannotLink;
  const auto shop = ShopOf({Visit(1), Visit(2), apart});
  CHECK(Around(*shop, Crm("c1")).empty());
  Must(shop->Apply(std::vector<Record>{Seen("4", 40, {Crm("c1"), {"phone", "p2"}})}).status());
  CHECK(Spell(Around(*shop, Crm("c1"))) == Lines{"1 refused crm:c1 - phone:p2"});
}

TEST_CASE("customers who were seen with one store tablet are two steps apart, by the tablet") {
  Policy policy = ShopPolicy();
  policy.default_max_neighbours = 2;
  const Identifier tablet = {"openid", "tablet"};
  const auto shop = ShopOf({Seen("1", 1, {Crm("c1"), tablet}), Seen("2", 2, {Crm("c2"), tablet}),
                            Seen("3", 3, {Crm("c3"), tablet})},
                           policy);
  CHECK(Spell(Around(*shop, Crm("c1"))) == Lines{"1 shared crm:c1 - openid:tablet"});
  CHECK(Around(*shop, Crm("c1"), {.max_steps = 2}).size() == 3);
  CHECK(Around(*shop, tablet).size() == 3);
  CHECK(Spell(Must(Way(*shop, Crm("c3"), Crm("c1")))) ==
        Lines{"1 shared crm:c3 - openid:tablet", "2 shared openid:tablet - crm:c1"});
}

TEST_CASE("an inviter and whom they invited are related, and each is told which of them it is") {
  const auto shop = ShopOf(Invitations());
  CHECK(Spell(Around(*shop, Crm("c2"))) ==
        Lines{"1 named crm:c2 < crm:c1", "1 named crm:c2 > crm:c3"});
  CHECK(Spell(Around(*shop, {"phone", "p1"})) == Lines{"1 named crm:c1 > crm:c2"});
}

TEST_CASE("a bind that names somebody else is such a record too, and a must-link is none") {
  const auto ties = [](Act act) {
    Record record = Naming("n", 9, {Crm("c1")}, {{"phone", "p2"}});
    record.act = act;
    return Spell(Around(*ShopOf({Visit(1), Visit(2), record}), Crm("c1")));
  };
  CHECK(ties(Act::kBind) == Lines{"1 named crm:c1 > phone:p2"});
  CHECK(ties(Act::kMustLink) == Lines{"1 refused phone:p2 - crm:c2"});
}

TEST_CASE("where A invited B and B invited C, two steps lead from A to C") {
  const auto shop = ShopOf(Invitations());
  CHECK(Spell(Must(Way(*shop, Crm("c1"), Crm("c3")))) ==
        Lines{"1 named crm:c1 > crm:c2", "2 named crm:c2 > crm:c3"});
  CHECK(Spell(Must(Way(*shop, Crm("c3"), Crm("c1")))) ==
        Lines{"1 named crm:c3 < crm:c2", "2 named crm:c2 < crm:c1"});
  CHECK(absl::IsNotFound(Way(*shop, Crm("c1"), Crm("c4"), {.max_steps = 2}).status()));
  CHECK(Must(Way(*shop, Crm("c1"), Crm("c4"), {.max_steps = 3})).size() == 3);
}

TEST_CASE("of several shortest ways the one by the smaller profile id is taken") {
  std::vector<Record> records = {Visit(1), Visit(2), Visit(3), Visit(4)};
  for (const char* by : {"c3", "c2"}) {
    records.push_back(Naming(std::string("a") + by, 10, {Crm("c1")}, {Crm(by)}));
    records.push_back(Naming(std::string("b") + by, 10, {Crm(by)}, {Crm("c4")}));
  }
  const auto shop = ShopOf(records);
  CHECK(Spell(Must(Way(*shop, Crm("c1"), Crm("c4")))) ==
        Lines{"1 named crm:c1 > crm:c2", "2 named crm:c2 > crm:c4"});
  // The neighbourhood has both.
  CHECK(Spell(Around(*shop, Crm("c1"), {.max_steps = 2})) ==
        Lines{"1 named crm:c1 > crm:c2", "1 named crm:c1 > crm:c3", "2 named crm:c2 > crm:c4",
              "2 named crm:c3 > crm:c4"});
}

TEST_CASE("nobody is related to himself, and a path to himself has no steps") {
  const auto shop = ShopOf({Visit(1), Naming("2", 2, {Crm("c1")}, {{"phone", "p1"}})});
  CHECK(Around(*shop, Crm("c1"), {.max_steps = 3}).empty());
  CHECK(Must(Way(*shop, Crm("c1"), {"phone", "p1"})).empty());
}

TEST_CASE(
    "where nothing ties two people there is no path, nor for an id that was never given out") {
  const auto shop = ShopOf({Visit(1), Visit(2)});
  CHECK(absl::IsNotFound(Way(*shop, Crm("c1"), Crm("c2")).status()));
  const View view = shop->Read();
  CHECK(absl::IsNotFound(view.Neighbourhood(ProfileId{1'000}).status()));
  CHECK(absl::IsNotFound(view.Path(ProfileId{0}, ProfileId{1'000}).status()));
  CHECK(absl::IsNotFound(view.Path(ProfileId{1'000}, ProfileId{0}).status()));
}

TEST_CASE("an id of a profile that was merged asks about the profile that it lives in") {
  const auto shop = ShopOf({Seen("p", 1, {{"phone", "p9"}}), Seen("c", 2, {Crm("c9")}),
                            Seen("cp", 3, {Crm("c9"), {"phone", "p9"}}),
                            Naming("n", 4, {Crm("c9")}, {Crm("c8")})});
  const View view = shop->Read();
  CHECK(IdOf(view, Crm("c9")) == ProfileId{1});
  CHECK(Spell(Must(view.Neighbourhood(ProfileId{0}))) == Lines{"1 named crm:c9 > crm:c8"});
}

TEST_CASE("a record is about its primary identifier alone, whoever else it was seen with") {
  // The phone is father's; mother gave it once, when she named a friend.
  const auto shop =
      ShopOf({Seen("1", 1, {Crm("mother")}), Seen("2", 20, {Crm("father"), kFamilyPhone}),
              Naming("3", 3, {Crm("mother"), kFamilyPhone}, {Crm("friend")})});
  CHECK(Spell(Around(*shop, Crm("friend"))) == Lines{"1 named crm:friend < crm:mother"});
}

TEST_CASE("what is taken back ties nobody any more") {
  const auto shop = ShopOf(Invitations());
  RecordSelector selector;
  selector.source = "shop";
  selector.record_id = "i1";
  Must(shop->Retract(selector).status());
  CHECK(Around(*shop, Crm("c1")).empty());
  CHECK(Spell(Around(*shop, Crm("c2"))) == Lines{"1 named crm:c2 > crm:c3"});
}

TEST_CASE(
    "an identifier that was deleted takes its namings until then with it, also once reopened") {
  Record gone = Seen("gone", 12, {Crm("c2")});
  gone.act = Act::kDeleteIdentifier;
  std::vector<Record> records = Invitations();
  records.push_back(gone);
  records.push_back(Seen("again", 50, {Crm("c2")}));
  records.push_back(Naming("later", 60, {Crm("c1")}, {Crm("c2")}));
  const TempFolder folder;
  auto shop = Must(Engine::Open(folder / "shop", EngineOptions()));
  Must(shop->SetPolicy(ShopPolicy()).status());
  Must(shop->Apply(records).status());
  const auto check = [&] {
    const auto around = Around(*shop, Crm("c2"));
    REQUIRE(Spell(around) == Lines{"1 named crm:c2 < crm:c1"});
    CHECK(around[0].relations[0].first_ms == 60);
    CHECK(Spell(Around(*shop, Crm("c3"))) == Lines{"1 named crm:c3 > crm:c4"});
  };
  check();
  Must(shop->Checkpoint());
  shop.reset();
  shop = Must(Engine::Open(folder / "shop", EngineOptions()));
  check();
  RecordSelector selector;
  selector.source = "shop";
  selector.record_id = "gone";
  Must(shop->Retract(selector).status());
  CHECK(Spell(Around(*shop, Crm("c3"))) ==
        Lines{"1 named crm:c3 < crm:c2", "1 named crm:c3 > crm:c4"});
}

TEST_CASE("a relation is told by the pair that was seen together most often") {
  const Identifier p = {"phone", "p"}, q = {"phone", "q"};
  const auto shop = ShopOf({Seen("1", 90, {Crm("c1"), p}), Seen("2", 91, {Crm("c1"), q}),
                            Seen("3", 3, {Crm("c2"), p}), Seen("4", 4, {Crm("c2"), q}),
                            Seen("5", 1, {Crm("c2"), p})});
  auto around = Around(*shop, Crm("c2"));
  REQUIRE(Spell(around) == Lines{"1 refused crm:c2 - phone:p"});
  const Relation& relation = around[0].relations[0];
  CHECK((relation.pairs == 2 && relation.sightings == 3));
  CHECK((relation.first_ms == 1 && relation.last_ms == 4));
  Must(shop->Apply(std::vector<Record>{Seen("6", 2, {Crm("c2"), q})}).status());
  CHECK(Spell(Around(*shop, Crm("c2"))) == Lines{"1 refused crm:c2 - phone:q"});  // the latest
  Must(shop->Apply(std::vector<Record>{Seen("3", 4, {Crm("c2"), p})}).status());
  CHECK(Spell(Around(*shop, Crm("c2"))) == Lines{"1 refused crm:c2 - phone:p"});  // the smallest
}

TEST_CASE("only the kinds that are asked for count, also as steps between") {
  const auto shop = ShopOf({Seen("1", 1, {Crm("mother"), kFamilyPhone}),
                            Seen("2", 2, {Crm("father"), kFamilyPhone}),
                            Naming("3", 3, {Crm("father")}, {Crm("friend")})});
  using Kind = RelationKind;
  const auto reached = [&](std::vector<Kind> kinds) {
    return Around(*shop, Crm("mother"), {.max_steps = 2, .kinds = std::move(kinds)}).size();
  };
  CHECK(reached({}) == 2);
  CHECK(reached({Kind::kRefused, Kind::kNamed}) == 2);
  CHECK(reached({Kind::kRefused}) == 1);
  CHECK(reached({Kind::kNamed}) == 0);
  CHECK(reached({Kind::kShared, Kind::kExpired}) == 0);
  CHECK(absl::IsNotFound(
      Way(*shop, Crm("mother"), Crm("friend"), {.max_steps = 6, .kinds = {Kind::kNamed}})
          .status()));
}

TEST_CASE("an answer beyond a bound is an error and no part of an answer") {
  const auto shop = ShopOf(Invitations());
  const View view = shop->Read();
  const ProfileId c1 = IdOf(view, Crm("c1")), c4 = IdOf(view, Crm("c4"));
  RelationOptions options{.max_steps = 3, .max_profiles = 3};
  CHECK(Must(view.Neighbourhood(c1, options)).size() == 3);
  CHECK(Must(view.Path(c1, c4, options)).size() == 3);
  options.max_profiles = 2;
  CHECK(absl::IsResourceExhausted(view.Neighbourhood(c1, options).status()));
  CHECK(absl::IsResourceExhausted(view.Path(c1, c4, options).status()));
  options.max_steps = 2;
  CHECK(Must(view.Neighbourhood(c1, options)).size() == 2);
  // Two ends of a link, and three mentions: a visit and an invitation name c1, the visit names p1.
  options = {.max_evidence = 5};
  CHECK(Must(view.Neighbourhood(c1, options)).size() == 1);
  options.max_evidence = 4;
  CHECK(absl::IsResourceExhausted(view.Neighbourhood(c1, options).status()));
  options.max_evidence = 0;
  CHECK(absl::IsResourceExhausted(view.Neighbourhood(c1, options).status()));
}

TEST_CASE("a record that cannot be read is an error") {
  const std::shared_ptr<Store> store = OpenMemoryStore();
  const auto plan = std::make_shared<FailingStore::Plan>();
  const auto shop = Must(OpenOnFailing(store, plan));
  Must(shop->SetPolicy(ShopPolicy()).status());
  Must(shop->Apply(Invitations()).status());
  const View view = shop->Read();
  const ProfileId c1 = IdOf(view, Crm("c1"));
  plan->fail_reads = true;
  CHECK_FALSE(view.Neighbourhood(c1).ok());
  CHECK_FALSE(view.Path(c1, IdOf(view, Crm("c3"))).ok());
  CHECK(Must(view.Neighbourhood(c1, {.kinds = {RelationKind::kRefused}})).empty());
}

}  // namespace polyonym::harness
