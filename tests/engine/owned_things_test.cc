// Things that people own, as profiles of their own beside them: a car by its vehicle identification number, a product by its code.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"

namespace polyonym::harness {
namespace {

using Names = std::vector<Identifier>;
using Lines = std::vector<std::string>;

const Identifier kCar = {"vin", "v1"}, kPlate = {"plate", "a1"};
const Identifier kAnn = {"crm", "c1"}, kAnnsPhone = {"phone", "p1"}, kBen = {"crm", "c2"};
const Identifier kTea = {"gtin", "6900000000011"};

// A thing with several identifiers, which people's may not join: a guard for each namespace of people.
void AddThing(const std::string& name, std::uint32_t priority, Policy* policy) {
  NamespacePolicy& ns = policy->namespaces.emplace_back();
  ns.name = name;
  ns.priority = priority;
  for (const char* of : {"crm", "phone", "openid"}) ns.guards.push_back({of, 0});
}

// People and things in one graph.
Policy OnePolicy() {
  Policy policy = ShopPolicy();
  AddThing("vin", 200, &policy);
  policy.namespaces.back().limits.push_back({1, false, 0});
  AddThing("plate", 300, &policy);
  NamespacePolicy& code = policy.namespaces.emplace_back();  // one code is one product
  code.name = "gtin";
  code.priority = 400;
  code.guards.push_back({"", 0});
  TraitDefinition& mileage = policy.definitions.traits.emplace_back();
  mileage.name = "mileage";
  mileage.type = ValueType::kWhole;
  mileage.unit = "km";
  mileage.fold = Fold::kMax;
  return policy;
}

Policy Unguarded() {
  Policy policy = OnePolicy();
  for (NamespacePolicy& ns : policy.namespaces) ns.guards.clear();
  return policy;
}

// A graph that knows things alone.
Policy ThingsAlone() {
  Policy policy = Unguarded();
  policy.name = "things";
  policy.namespaces.erase(policy.namespaces.begin(), policy.namespaces.begin() + 3);
  policy.undeclared = Undeclared::kHoldIdentifier;
  return policy;
}

// And one that knows people alone.
Policy PeopleAlone() {
  Policy policy = ShopPolicy();
  policy.undeclared = Undeclared::kHoldIdentifier;
  return policy;
}

Record Told(const std::string& id, std::int64_t time_ms, const Names& self, const Names& others,
            const Facts& facts) {
  Record record = Seen(id, time_ms, self);
  for (const Identifier& other : others)
    record.identifiers.push_back({other.ns, other.value, Role::kOther});
  record.facts = WriteFacts(facts);
  return record;
}

Facts Relates(const std::string& type, const Identifier& other) {
  Facts facts;
  facts.relations.push_back({type, {other.ns, other.value, Role::kSelf}, 1'000'000, {}});
  return facts;
}

Facts Service(std::int64_t kilometres) {
  Facts facts;
  facts.traits.push_back({"mileage", {kilometres}, {}, ""});
  facts.events.emplace_back().type = "service";
  return facts;
}

Record Registration(const std::string& id, std::int64_t time_ms, const Identifier& owner) {
  return Told(id, time_ms, {kCar, kPlate}, {owner}, Relates("owned_by", owner));
}

// Ann, her car, and what the garage says of it.
std::vector<Record> AnnAndHerCar() {
  return {Seen("1", 10, {kAnn}), Registration("reg1", 20, kAnn),
          Told("own1", 20, {kAnn}, {kCar}, Relates("owns", kCar)),
          Told("s1", 30, {kCar}, {kAnn}, Service(15'000)),
          Told("s2", 40, {kPlate}, {}, Service(30'000))};
}

std::unique_ptr<Engine> OpenWith(const Policy& policy, const std::vector<Record>& records) {
  std::unique_ptr<Engine> engine = OpenInMemory(policy, 0);
  Must(engine->Apply(records).status());
  return engine;
}

Profile ProfileOf(const View& view, const Identifier& identifier) {
  return Must(view.ReadProfile(identifier));
}

Profile ProfileOf(const Engine& engine, const Identifier& identifier) {
  return ProfileOf(engine.Read(), identifier);
}

bool AreOne(const Engine& engine, const Identifier& a, const Identifier& b) {
  const View view = engine.Read();
  return view.Resolve(a).profile.value() == view.Resolve(b).profile.value();
}

void TakeBack(Engine& engine, const std::string& id) {
  CHECK(Must(engine.Retract({.source = "shop", .record_id = id})).retracted == 1);
}

// `named vin:v1 > crm:c1` where a record about the car names a person, `<` where it is the other way about.
Lines Around(const Engine& engine, const Identifier& identifier) {
  const View view = engine.Read();
  Lines out;
  for (const RelatedProfile& related :
       Must(view.Neighbourhood(view.Resolve(identifier).profile.value()))) {
    for (const Relation& relation : related.relations) {
      const char* sign = relation.direction == RelationDirection::kForward    ? " > "
                         : relation.direction == RelationDirection::kBackward ? " < "
                                                                              : " - ";
      out.push_back(std::string(ToString(relation.kind)) + " " +
                    ToString(relation.from_identifier) + sign + ToString(relation.to_identifier));
    }
  }
  return out;
}

// Whom records say that it relates to, in order of time.
Lines Stated(const Profile& profile) {
  Lines out;
  for (const ProfileRelation& stated : profile.relations)
    out.push_back(stated.relation.type + " " + stated.relation.other.ns + ":" +
                  stated.relation.other.value);
  return out;
}

std::optional<std::int64_t> Mileage(const Profile& profile) {
  for (const ProfileTrait& trait : profile.traits) {
    if (trait.name == "mileage") return std::get<std::int64_t>(trait.values.at(0).is);
  }
  return {};
}

}  // namespace

TEST_CASE("a car has a profile and a timeline of its own, by its number and by its plate") {
  const auto engine = OpenWith(OnePolicy(), AnnAndHerCar());
  const Profile car = ProfileOf(*engine, kCar);
  CHECK(car.identifiers == Names{kPlate, kCar});
  CHECK(car == ProfileOf(*engine, kPlate));
  CHECK(Mileage(car) == 30'000);
  REQUIRE(car.timeline.size() == 2);
  CHECK(car.timeline[0].from.time_ms == 40);
  CHECK(car.timeline[0].from.belongs_to == kPlate);
  CHECK(car.timeline[1].from.belongs_to == kCar);
  CHECK(Stated(car) == Lines{"owned_by crm:c1"});
}

TEST_CASE("its owner has nothing of the car but that they own it") {
  const auto engine = OpenWith(OnePolicy(), AnnAndHerCar());
  const Profile ann = ProfileOf(*engine, kAnn);
  CHECK(ann.identifiers == Names{kAnn});
  CHECK(Stated(ann) == Lines{"owns vin:v1"});
  CHECK(ann.traits.empty());
  CHECK(ann.timeline.empty());
  CHECK(ann.facts == 1);
}

TEST_CASE("owner and car are related, by what is told of either") {
  const auto engine = OpenWith(OnePolicy(), AnnAndHerCar());
  CHECK(Around(*engine, kCar) == Lines{"named vin:v1 > crm:c1", "named vin:v1 < crm:c1"});
  CHECK(Around(*engine, kAnn) == Lines{"named crm:c1 > vin:v1", "named crm:c1 < vin:v1"});
  const View view = engine->Read();
  const auto around = Must(view.Neighbourhood(ProfileOf(view, kCar).id));
  REQUIRE(around.size() == 1);
  CHECK(around[0].profile == ProfileOf(view, kAnn).id);
  const Relation& told = around[0].relations.at(0);
  CHECK((told.sightings == 2 && told.first_ms == 20 && told.last_ms == 30));
}

TEST_CASE(
    "two who own a car are one owner as soon as they are one person, and two when they part") {
  const auto engine = OpenWith(
      OnePolicy(), {Seen("1", 10, {kAnn}), Seen("2", 11, {kAnnsPhone}),
                    Registration("reg", 20, kAnn), Registration("insurance", 21, kAnnsPhone)});
  const Lines two = {"named vin:v1 > crm:c1", "named vin:v1 > phone:p1"};
  CHECK(Around(*engine, kCar) == two);
  ApplyOne(*engine, Seen("3", 30, {kAnn, kAnnsPhone}));
  const View view = engine->Read();
  const auto owners = Must(view.Neighbourhood(ProfileOf(view, kCar).id));
  REQUIRE(owners.size() == 1);
  CHECK(owners[0].profile == view.Resolve(kAnnsPhone).profile);
  REQUIRE(owners[0].relations.size() == 1);
  CHECK((owners[0].relations[0].pairs == 2 && owners[0].relations[0].sightings == 2));
  CHECK(Around(*engine, kAnnsPhone).size() == 1);
  TakeBack(*engine, "3");
  CHECK(Around(*engine, kCar) == two);
  // What records state is theirs, whoever it means today.
  CHECK(Stated(ProfileOf(*engine, kCar)) == Lines{"owned_by crm:c1", "owned_by phone:p1"});
}

TEST_CASE("a sale that is another record leaves the former owner in the car's history") {
  const auto engine = OpenWith(OnePolicy(), AnnAndHerCar());
  ApplyOne(*engine, Seen("2", 10, {kBen}));
  ApplyOne(*engine, Registration("reg2", 50, kBen));
  CHECK(Stated(ProfileOf(*engine, kCar)) == Lines{"owned_by crm:c1", "owned_by crm:c2"});
  CHECK(Around(*engine, kCar).size() == 3);
  CHECK(Around(*engine, kBen) == Lines{"named crm:c2 < vin:v1"});
  CHECK(Mileage(ProfileOf(*engine, kCar)) == 30'000);  // the car's history goes with it
  CHECK(ProfileOf(*engine, kCar).events == 2);
  const Moment before = Must(engine->Read().AsOf(49));
  CHECK(Stated(Must(before.ReadProfile(kPlate))) == Lines{"owned_by crm:c1"});
}

TEST_CASE("a sale that replaces the record of the owner leaves the present one alone") {
  std::vector<Record> records = {Seen("1", 10, {kAnn}), Seen("2", 10, {kBen}),
                                 Registration("reg", 20, kAnn)};
  const auto engine = OpenWith(OnePolicy(), records);
  const std::uint64_t sequence = engine->Read().sequence();
  ApplyOne(*engine, Registration("reg", 50, kBen));  // of a later time, and so a higher version
  CHECK(Stated(ProfileOf(*engine, kCar)) == Lines{"owned_by crm:c2"});
  CHECK(Around(*engine, kCar) == Lines{"named vin:v1 > crm:c2"});
  CHECK(Around(*engine, kAnn).empty());
  // Who owned it is known from what was known, no more from records that stand.
  const View view = engine->Read();
  CHECK(Stated(Must(Must(view.AsKnown(sequence)).ReadProfile(kCar))) == Lines{"owned_by crm:c1"});
  CHECK(absl::IsNotFound(Must(view.AsOf(49)).ReadProfile(kCar).status()));
}

TEST_CASE("a product that many bought has a profile, joins nobody and is a step between them") {
  Facts product;
  product.traits.push_back({"name", {std::string("green tea")}, {}, ""});
  std::vector<Record> records = {Told("catalogue", 1, {kTea}, {}, product)};
  Facts bought;
  bought.events.emplace_back().type = "purchase";
  constexpr std::size_t kBuyers = 20;
  for (std::size_t i = 0; i < kBuyers; ++i) {
    const std::string n = std::to_string(i);
    records.push_back(
        Told("b" + n, static_cast<std::int64_t>(10 + i), {{"crm", "c" + n}}, {kTea}, bought));
  }
  const auto engine = OpenWith(OnePolicy(), records);
  const Profile tea = ProfileOf(*engine, kTea);
  CHECK(tea.identifiers == Names{kTea});
  CHECK(ToText(tea.traits.at(0).values.at(0)) == "green tea");
  CHECK(tea.events == 0);  // purchases are their buyers'
  CHECK(ProfileOf(*engine, kAnn).events == 1);
  CHECK_FALSE(
      engine->Read().Resolve(kTea).shared);  // to be named by many is not to be seen with them
  const View view = engine->Read();
  CHECK(Must(view.Neighbourhood(tea.id)).size() == kBuyers);
  CHECK(absl::IsResourceExhausted(
      view.Neighbourhood(tea.id, {.max_profiles = kBuyers - 1}).status()));
  CHECK(Must(view.Path(ProfileOf(view, kAnn).id, ProfileOf(view, kBen).id)).size() == 2);
}

TEST_CASE("without a guard a record that names owner and car as one makes them one") {
  const auto engine = OpenWith(Unguarded(), AnnAndHerCar());
  CHECK_FALSE(AreOne(*engine, kAnn, kCar));
  ApplyOne(*engine, Seen("wrong", 50, {kAnn, kCar}));
  CHECK(AreOne(*engine, kAnn, kCar));  // a limit of one car a person lets one in
  CHECK(Mileage(ProfileOf(*engine, kAnn)) == 30'000);
  TakeBack(*engine, "wrong");
  CHECK_FALSE(Mileage(ProfileOf(*engine, kAnn)));
}

TEST_CASE("with guards such a record joins nobody, and is seen and taken back") {
  const auto engine = OpenWith(OnePolicy(), AnnAndHerCar());
  const Profile before = ProfileOf(*engine, kCar);
  ApplyOne(*engine, Seen("wrong", 50, {kAnn, kCar}));
  CHECK_FALSE(AreOne(*engine, kAnn, kCar));
  CHECK(engine->Read().Resolve(kCar).shared);
  CHECK_FALSE(
      engine->Read().Resolve(kAnn).shared);  // the guard is the car's, and costs people nothing
  CHECK(ProfileOf(*engine, kAnn).identifiers == Names{kAnn});
  // Meanwhile the car is without its plate, and what was told of the two is the plate's, which is not shared.
  CHECK(ProfileOf(*engine, kCar).identifiers == Names{kCar});
  CHECK(Mileage(ProfileOf(*engine, kCar)) == 15'000);
  CHECK(Stated(ProfileOf(*engine, kPlate)) == Lines{"owned_by crm:c1"});
  const Lines around = Around(*engine, kCar);
  CHECK(std::count(around.begin(), around.end(), "shared vin:v1 - crm:c1") == 1);
  TakeBack(*engine, "wrong");
  CHECK(ProfileOf(*engine, kCar).identifiers == before.identifiers);
  CHECK(Mileage(ProfileOf(*engine, kCar)) == 30'000);
}

TEST_CASE("what a record wrongly says of both is the person's alone, until it is taken back") {
  const auto engine = OpenWith(OnePolicy(), AnnAndHerCar());
  ApplyOne(*engine, Told("wrong", 50, {kAnn, kCar}, {}, Service(99'000)));
  CHECK(Mileage(ProfileOf(*engine, kAnn)) == 99'000);
  CHECK(Mileage(ProfileOf(*engine, kCar)) == 15'000);
  TakeBack(*engine, "wrong");
  CHECK_FALSE(Mileage(ProfileOf(*engine, kAnn)));
}

TEST_CASE("a code that is guarded from all joins not even another code") {
  const auto engine = OpenWith(OnePolicy(), {Seen("1", 1, {kTea, {"openid", "o1"}}),
                                             Seen("2", 2, {{"gtin", "7"}, {"gtin", "8"}})});
  CHECK_FALSE(AreOne(*engine, kTea, {"openid", "o1"}));
  CHECK_FALSE(AreOne(*engine, {"gtin", "7"}, {"gtin", "8"}));
}

TEST_CASE("guards do not withstand a must-link, a graph of its own does") {
  const Record forced = Said(Act::kMustLink, "forced", 50, {kAnn, kCar});
  const auto guarded = OpenWith(OnePolicy(), AnnAndHerCar());
  ApplyOne(*guarded, forced);
  CHECK(AreOne(*guarded, kAnn, kCar));

  const auto engine = OpenInMemory(PeopleAlone(), 0);
  PolicyOptions options;
  options.graph = "things";
  Must(engine->SetPolicy(ThingsAlone(), options));
  Must(engine->Apply(AnnAndHerCar()).status());
  const View people = engine->Read(), things = Must(engine->Read("things"));
  const Profile ann = ProfileOf(people, kAnn), car = ProfileOf(things, kCar);
  ApplyOne(*engine, Seen("wrong", 50, {kAnn, kCar}));
  ApplyOne(*engine, forced);
  const View people_now = engine->Read(), things_now = Must(engine->Read("things"));
  CHECK(ProfileOf(people_now, kAnn).identifiers == Names{kAnn});
  CHECK(ProfileOf(things_now, kCar).identifiers == Names{kPlate, kCar});
  CHECK(Mileage(ProfileOf(things_now, kCar)) == 30'000);
  CHECK((Mileage(car) == 30'000 && !Mileage(ann)));
  // Each graph counts its own, and knows nobody of the other.
  CHECK(people_now.GetStats().profiles == 1);
  CHECK(things_now.GetStats().profiles == 1);
  CHECK(absl::IsNotFound(people_now.ReadProfile(kCar).status()));
  CHECK(absl::IsNotFound(things_now.ReadProfile(kAnn).status()));
  CHECK(Must(things_now.Neighbourhood(car.id)).empty());
  // The owner is whom the other graph says that the stated identifier is.
  const RelationFact& stated = car.relations.at(0).relation;
  CHECK(stated.type == "owned_by");
  CHECK(people_now.Resolve({stated.other.ns, stated.other.value}).profile == ann.id);
  for (const View& view : {people_now, things_now}) CHECK(Must(view.Verify()).ok());
}

}  // namespace polyonym::harness
