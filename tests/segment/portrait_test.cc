#include "polyonym/segment/portrait.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "harness/catch.h"
#include "harness/random.h"
#include "polyonym/model/policy.h"

namespace polyonym {
namespace {

using harness::Random;

// ---- Definitions and people ----

TraitDefinition Trait(const std::string& name, ValueType type,
                      Sensitivity sensitivity = Sensitivity::kNormal) {
  TraitDefinition trait;
  trait.name = name;
  trait.type = type;
  trait.sensitivity = static_cast<std::uint8_t>(sensitivity);
  return trait;
}

Definitions WithTrait(const std::string& name, ValueType type) {
  Definitions definitions;
  definitions.traits = {Trait(name, type)};
  return definitions;
}

Value Text(const std::string& text) { return {text}; }
Value Number(double number) { return {number}; }
Value Whole(std::int64_t whole) { return {whole}; }
Value Amount(std::int64_t minor_units, const std::string& currency) {
  return {Money{minor_units, currency}};
}
Value List(ValueList elements) { return {std::move(elements)}; }

struct Visitor {
  bool is_member = false;
  Profile profile;
};

// Somebody with one trait.
Visitor With(bool is_member, const std::string& trait, std::vector<Value> values) {
  Visitor visitor;
  visitor.is_member = is_member;
  visitor.profile.traits.resize(1);
  visitor.profile.traits[0].name = trait;
  visitor.profile.traits[0].values = std::move(values);
  return visitor;
}

Visitor Tagged(bool is_member, const std::vector<std::string>& tags) {
  Visitor visitor;
  visitor.is_member = is_member;
  for (const std::string& name : tags) {
    visitor.profile.tags.emplace_back();
    visitor.profile.tags.back().name = name;
  }
  return visitor;
}

Visitor Known(bool is_member, std::vector<Identifier> identifiers) {
  Visitor visitor;
  visitor.is_member = is_member;
  visitor.profile.identifiers = std::move(identifiers);
  return visitor;
}

Portrait PortraitOf(const Definitions& definitions, const std::vector<Visitor>& people,
                    const PortraitOptions& options = {}) {
  PortraitMaker maker(definitions, options);
  for (const Visitor& visitor : people) maker.Add(visitor.profile, visitor.is_member);
  return maker.Make();
}

std::vector<std::string> NamesOf(const std::vector<PortraitShare>& shares) {
  std::vector<std::string> names;
  for (const PortraitShare& share : shares) names.push_back(share.name);
  return names;
}

using Names = std::vector<std::string>;

// ---- Values ----

// Four members of ten people. Members: Berlin 2, Paris 1, unknown 1. Others: Berlin 1, Paris 2, Rome 3.
std::vector<Visitor> TenPeople() {
  return {With(true, "city", {Text("Berlin")}),  With(true, "city", {Text("Berlin")}),
          With(true, "city", {Text("Paris")}),   With(true, "city", {}),
          With(false, "city", {Text("Berlin")}), With(false, "city", {Text("Paris")}),
          With(false, "city", {Text("Paris")}),  With(false, "city", {Text("Rome")}),
          With(false, "city", {Text("Rome")}),   With(false, "city", {Text("Rome")})};
}

TEST_CASE("a portrait of nobody has its defined traits and nothing else") {
  const Portrait portrait = PortraitOf(WithTrait("city", ValueType::kText), {});
  Portrait expected;
  expected.traits.resize(1);
  expected.traits[0].name = "city";
  CHECK(portrait == expected);
}

TEST_CASE("a value's share is of all members, and its lift is against everybody, members too") {
  const Portrait portrait = PortraitOf(WithTrait("city", ValueType::kText), TenPeople());
  CHECK(portrait.members == 4);
  CHECK(portrait.everybody == 10);
  REQUIRE(portrait.traits.size() == 1);
  const PortraitTrait& city = portrait.traits[0];
  CHECK(city.known_members == 3);
  CHECK(city.known_everybody == 9);
  // Berlin: (2 / 4) / (3 / 10); Paris: (1 / 4) / (3 / 10). No member is of Rome.
  REQUIRE(NamesOf(city.values) == Names{"Berlin", "Paris"});
  CHECK(city.values[0].members == 2);
  CHECK(city.values[0].everybody == 3);
  CHECK(city.values[0].share == 0.5);
  CHECK(city.values[0].lift == 5.0 / 3);
  CHECK(city.values[1].members == 1);
  CHECK(city.values[1].everybody == 3);
  CHECK(city.values[1].share == 0.25);
  CHECK(city.values[1].lift == 5.0 / 6);
  CHECK_FALSE(city.beyond_bound);
  CHECK_FALSE(city.members);
  CHECK_FALSE(city.everybody);
  CHECK(city.unit.empty());
}

TEST_CASE("where all are members every lift is 1") {
  std::vector<Visitor> people = TenPeople();
  for (Visitor& visitor : people) visitor.is_member = true;
  const Portrait portrait = PortraitOf(WithTrait("city", ValueType::kText), people);
  REQUIRE(portrait.traits[0].values.size() == 3);
  for (const PortraitShare& value : portrait.traits[0].values) CHECK(value.lift == 1);
}

TEST_CASE(
    "values that members lack are listed where that is asked for, also of a segment of none") {
  const Definitions definitions = WithTrait("city", ValueType::kText);
  std::vector<Visitor> people = TenPeople();
  PortraitTrait city = PortraitOf(definitions, people, {.at_least = 0}).traits[0];
  REQUIRE(NamesOf(city.values) == Names{"Berlin", "Paris", "Rome"});
  CHECK(city.values[2] == PortraitShare{"Rome", 0, 3, 0, 0});
  for (Visitor& visitor : people) visitor.is_member = false;
  city = PortraitOf(definitions, people, {.at_least = 0}).traits[0];
  REQUIRE(NamesOf(city.values) == Names{"Berlin", "Paris", "Rome"});
  CHECK(city.values[0] == PortraitShare{"Berlin", 0, 3, 0, 0});
  CHECK(PortraitOf(definitions, people).traits[0].values.empty());
}

TEST_CASE("values go by members, then by lift, then by name") {
  const std::vector<Visitor> people = {
      With(true, "likes", {Text("d"), Text("c"), Text("b"), Text("a")}),
      With(true, "likes", {Text("d")}), With(false, "likes", {Text("a"), Text("d")})};
  const Portrait portrait = PortraitOf(WithTrait("likes", ValueType::kText), people);
  // d: 2 members; b and c: 1 of 1; a: 1 of 2.
  CHECK(NamesOf(portrait.traits[0].values) == Names{"d", "b", "c", "a"});
}

TEST_CASE("no more than the top is listed, and nothing that too few members have") {
  const Definitions definitions = WithTrait("city", ValueType::kText);
  CHECK(NamesOf(PortraitOf(definitions, TenPeople(), {.top = 1}).traits[0].values) ==
        Names{"Berlin"});
  CHECK(PortraitOf(definitions, TenPeople(), {.top = 0}).traits[0].values.empty());
  CHECK(NamesOf(PortraitOf(definitions, TenPeople(), {.at_least = 2}).traits[0].values) ==
        Names{"Berlin"});
  CHECK(PortraitOf(definitions, TenPeople(), {.at_least = 3}).traits[0].values.empty());
}

TEST_CASE("elements of a list count each by itself, and once for a person") {
  const Definitions definitions = WithTrait("pets", ValueType::kList);
  const std::vector<Visitor> people = {
      With(true, "pets", {List({Text("cat"), Text("dog"), Text("cat")})}),
      With(true, "pets", {List({Text("cat")}), List({Text("cat")})}),
      With(true, "pets", {List({})}),
      With(false, "pets", {List({List({Text("cat"), Text("dog")}), {}})}),
  };
  const PortraitTrait pets = PortraitOf(definitions, people, {.at_least = 0}).traits[0];
  CHECK(pets.known_members == 3);
  CHECK(pets.known_everybody == 4);
  REQUIRE(NamesOf(pets.values) == Names{"cat", "dog", "[cat, dog]"});
  CHECK(pets.values[0].members == 2);
  CHECK(pets.values[0].everybody == 2);
  CHECK(pets.values[1].members == 1);
  CHECK(pets.values[2].members == 0);
  CHECK(pets.values[2].everybody == 1);
}

TEST_CASE("flags and dates are told apart, as they are written for people") {
  Definitions definitions;
  definitions.traits = {Trait("birthday", ValueType::kDate), Trait("vip", ValueType::kFlag)};
  const std::vector<Visitor> people = {
      With(true, "vip", {{true}}), With(true, "vip", {{false}}), With(true, "vip", {{true}}),
      With(true, "birthday", {{Date{.year = std::nullopt, .month = 2, .day = 29}}})};
  const Portrait portrait = PortraitOf(definitions, people);
  REQUIRE(portrait.traits.size() == 2);
  CHECK(NamesOf(portrait.traits[0].values) == Names{"--02-29"});
  CHECK(NamesOf(portrait.traits[1].values) == Names{"yes", "no"});
}

TEST_CASE("of a trait with more values than the bound none is listed, whoever comes first") {
  const Definitions definitions = WithTrait("city", ValueType::kText);
  const PortraitTrait within = PortraitOf(definitions, TenPeople(), {.max_values = 3}).traits[0];
  CHECK_FALSE(within.beyond_bound);
  CHECK(within.values.size() == 2);
  std::vector<Visitor> people = TenPeople();
  const PortraitTrait beyond = PortraitOf(definitions, people, {.max_values = 2}).traits[0];
  CHECK(beyond.beyond_bound);
  CHECK(beyond.values.empty());
  CHECK(beyond.known_members == 3);
  CHECK(beyond.known_everybody == 9);
  std::reverse(people.begin(), people.end());
  CHECK(PortraitOf(definitions, people, {.max_values = 2}).traits[0] == beyond);
}

// ---- Numbers ----

TEST_CASE("numbers are summarised, of members and of everybody, with the lower median") {
  const std::vector<Visitor> people = {
      With(true, "age", {Whole(40)}),  With(true, "age", {Number(31)}),
      With(false, "age", {Whole(20)}), With(true, "age", {Whole(34)}),
      With(true, "age", {Whole(25)}),  With(false, "age", {}),
      With(false, "age", {Whole(60)})};
  const PortraitTrait age = PortraitOf(WithTrait("age", ValueType::kNumber), people).traits[0];
  CHECK(age.known_members == 4);
  CHECK(age.known_everybody == 6);
  CHECK(age.members == PortraitNumbers{4, 25, 40, 32.5, 31});  // 25 31 34 40
  CHECK(age.everybody == PortraitNumbers{6, 20, 60, 35, 31});  // 20 25 31 34 40 60
  CHECK(age.values.empty());
  CHECK(age.unit.empty());
}

TEST_CASE("a median of an odd number of people is the middle one") {
  const std::vector<Visitor> people = {With(true, "age", {Whole(9)}), With(true, "age", {Whole(1)}),
                                       With(true, "age", {Whole(2)})};
  const PortraitTrait age = PortraitOf(WithTrait("age", ValueType::kWhole), people).traits[0];
  CHECK(age.members == PortraitNumbers{3, 1, 9, 4, 2});
}

TEST_CASE("of somebody who has several numbers each counts") {
  const std::vector<Visitor> people = {With(true, "sizes", {Whole(36), Whole(38)}),
                                       With(true, "sizes", {List({Whole(40)})}),
                                       With(false, "sizes", {List({Whole(44), Text("wide")})})};
  const PortraitTrait sizes = PortraitOf(WithTrait("sizes", ValueType::kWhole), people).traits[0];
  CHECK(sizes.known_members == 2);
  CHECK(sizes.members == PortraitNumbers{3, 36, 40, 38, 38});
  CHECK(sizes.everybody == PortraitNumbers{4, 36, 44, 39.5, 38});
  CHECK(sizes.values.empty());  // `wide` is no member's
}

TEST_CASE("a segment without members still has everybody's numbers") {
  const PortraitTrait age =
      PortraitOf(WithTrait("age", ValueType::kWhole), {With(false, "age", {Whole(7)})}).traits[0];
  CHECK_FALSE(age.members);
  CHECK(age.everybody == PortraitNumbers{1, 7, 7, 7, 7});
}

TEST_CASE("numbers of fewer people than the least are not summarised") {
  const Definitions definitions = WithTrait("age", ValueType::kWhole);
  const std::vector<Visitor> people = {With(true, "age", {Whole(1), Whole(2), Whole(3)}),
                                       With(true, "age", {Whole(3)}),
                                       With(false, "age", {Whole(5)})};
  CHECK(PortraitOf(definitions, people, {.at_least = 2}).traits[0].members);
  const PortraitTrait few = PortraitOf(definitions, people, {.at_least = 3}).traits[0];
  CHECK_FALSE(few.members);
  CHECK(few.everybody);
  CHECK_FALSE(PortraitOf(definitions, people, {.at_least = 4}).traits[0].everybody);
}

TEST_CASE("money in one currency is summarised in its minor units, and its people counted") {
  const std::vector<Visitor> people = {With(true, "spent", {Amount(1'000, "CNY")}),
                                       With(true, "spent", {Amount(3'001, "CNY")}),
                                       With(false, "spent", {Amount(-1, "CNY")})};
  const PortraitTrait spent = PortraitOf(WithTrait("spent", ValueType::kMoney), people).traits[0];
  CHECK(spent.unit == "CNY");
  CHECK(spent.members == PortraitNumbers{2, 1'000, 3'001, 2'000.5, 1'000});
  CHECK(spent.everybody == PortraitNumbers{3, -1, 3'001, 4'000.0 / 3, 1'000});
  CHECK(spent.values == std::vector<PortraitShare>{{"CNY", 2, 3, 1, 1}});
}

TEST_CASE("money in two currencies is only counted, though the second is no member's") {
  std::vector<Visitor> people = {
      With(true, "spent", {Amount(1'000, "CNY")}), With(true, "spent", {Amount(5, "CNY")}),
      With(false, "spent", {Amount(7, "CNY"), Amount(9, "EUR")}), With(false, "spent", {})};
  for (int turn = 0; turn < 4; ++turn) {
    const PortraitTrait spent =
        PortraitOf(WithTrait("spent", ValueType::kMoney), people, {.at_least = 0}).traits[0];
    CHECK(spent.known_everybody == 3);
    CHECK(spent.unit.empty());
    CHECK_FALSE(spent.members);
    CHECK_FALSE(spent.everybody);
    REQUIRE(NamesOf(spent.values) == Names{"CNY", "EUR"});
    CHECK(spent.values[0].everybody == 3);
    CHECK(spent.values[0].lift == 4.0 / 3);
    CHECK(spent.values[1].everybody == 1);
    std::rotate(people.begin(), people.begin() + 1, people.end());
  }
}

TEST_CASE("instants are summarised in milliseconds, as no two people share one") {
  const std::vector<Visitor> people = {With(true, "last order", {{Instant{2'000'000'000'000}}}),
                                       With(true, "last order", {{Instant{1'000'000'000'001}}})};
  const PortraitTrait last =
      PortraitOf(WithTrait("last order", ValueType::kInstant), people).traits[0];
  CHECK(last.unit == "ms");
  CHECK(last.members == PortraitNumbers{2, 1'000'000'000'001, 2'000'000'000'000,
                                        1'500'000'000'000.5, 1'000'000'000'001});
  CHECK(last.values.empty());
}

TEST_CASE("means neither overflow nor lose small numbers beside great ones") {
  const double greatest = std::numeric_limits<double>::max();
  const double least = std::numeric_limits<double>::denorm_min();
  const auto mean_of = [](const std::vector<double>& numbers) {
    std::vector<Visitor> people;
    for (const double number : numbers) people.push_back(With(true, "x", {Number(number)}));
    return PortraitOf(WithTrait("x", ValueType::kNumber), people).traits[0].members.value().mean;
  };
  CHECK(mean_of({greatest, greatest, greatest}) == greatest);
  CHECK(mean_of({greatest, -greatest}) == 0);
  CHECK(mean_of({least, least}) == least);
  CHECK(mean_of({1e16, 1, -1e16, 1}) == 0.5);  // 1e16 + 1 is no double
  CHECK(mean_of({0.1, 0.1, 0.1}) == 0.1);
}

TEST_CASE("negative zero is zero") {
  const PortraitTrait x =
      PortraitOf(WithTrait("x", ValueType::kNumber), {With(true, "x", {Number(-0.0)})}).traits[0];
  REQUIRE(x.members);
  CHECK_FALSE(std::signbit(x.members->min));
}

TEST_CASE("numbers that are not finite are not summarised") {
  const std::vector<Visitor> people = {
      With(true, "x", {Number(std::numeric_limits<double>::infinity())}),
      With(true, "x", {Number(std::numeric_limits<double>::quiet_NaN())}),
      With(true, "x", {Number(2)})};
  const PortraitTrait x = PortraitOf(WithTrait("x", ValueType::kNumber), people).traits[0];
  CHECK(x.known_members == 3);
  CHECK(x.members == PortraitNumbers{1, 2, 2, 2, 2});
}

// ---- Tags, channels, sensitivity ----

TEST_CASE("tags go by lift, then by members, then by name") {
  const std::vector<Visitor> people = {Tagged(true, {"rare", "coffee", "every", "alike"}),
                                       Tagged(true, {"coffee", "every"}),
                                       Tagged(true, {"every"}),
                                       Tagged(false, {"coffee", "every", "alike", "other"}),
                                       Tagged(false, {"every", "other"}),
                                       Tagged(false, {"every"})};
  const Portrait portrait = PortraitOf({}, people);
  // rare: (1/3) / (1/6); coffee: (2/3) / (3/6); every: (3/3) / (6/6), alike: (1/3) / (2/6).
  REQUIRE(NamesOf(portrait.tags) == Names{"rare", "coffee", "every", "alike"});
  CHECK(portrait.tags[0].lift == 2);
  CHECK(portrait.tags[1].lift == 4.0 / 3);
  CHECK(portrait.tags[1].share == 2.0 / 3);
  CHECK(portrait.tags[2].lift == 1);
  CHECK(portrait.tags[3].lift == 1);
  CHECK(portrait.tags[3] == PortraitShare{"alike", 1, 2, 1.0 / 3, 1});
  CHECK(NamesOf(PortraitOf({}, people, {.at_least = 2}).tags) == Names{"coffee", "every"});
  CHECK(NamesOf(PortraitOf({}, people, {.top = 1, .at_least = 2}).tags) == Names{"coffee"});
  CHECK(NamesOf(PortraitOf({}, people, {.at_least = 0}).tags).back() == "other");
}

TEST_CASE("lifts of other fractions are equal where their quotients are, and then members decide") {
  const std::vector<Visitor> people = {Tagged(true, {"a", "b"}), Tagged(true, {"b"}),
                                       Tagged(true, {"b"}),      Tagged(false, {"a", "b"}),
                                       Tagged(false, {"b"}),     Tagged(false, {"b"}),
                                       Tagged(false, {})};
  CHECK(NamesOf(PortraitOf({}, people).tags) == Names{"b", "a"});  // 3 of 6, and 1 of 2
}

TEST_CASE("a channel is a family of namespaces, and counts once for a person") {
  const std::vector<Visitor> people = {
      Known(true, {{"wechat", "1"}, {"wechat-app", "1"}, {"wechat/a", "1"}, {"wechat/b", "1"}}),
      Known(true, {{"phone", "1"}, {"phone", "2"}, {"wechat/a", "2"}}),
      Known(false, {{"phone", "3"}}), Known(false, {{"mail", "1"}, {"wechat-app", "2"}})};
  const Portrait portrait = PortraitOf({}, people, {.at_least = 0});
  REQUIRE(NamesOf(portrait.channels) == Names{"wechat", "phone", "wechat-app", "mail"});
  CHECK(portrait.channels[0] == PortraitShare{"wechat", 2, 2, 1, 2});
  CHECK(portrait.channels[1] == PortraitShare{"phone", 1, 2, 0.5, 1});
  CHECK(portrait.channels[3] == PortraitShare{"mail", 0, 1, 0, 0});
}

TEST_CASE("what is labelled sensitive is left out, and so are traits that are not defined") {
  Definitions definitions;
  definitions.traits = {Trait("illness", ValueType::kText, Sensitivity::kSensitive),
                        Trait("city", ValueType::kText, Sensitivity::kPersonal)};
  definitions.event_traits.resize(2);
  definitions.event_traits[0].trait =
      Trait("last visit to a doctor", ValueType::kInstant, Sensitivity::kSensitive);
  definitions.event_traits[1].trait = Trait("last visit", ValueType::kInstant);
  definitions.tags.resize(3);
  definitions.tags[0].name = "debt";
  definitions.tags[0].sensitivity = static_cast<std::uint8_t>(Sensitivity::kSensitive);
  definitions.tags[1].name = "coffee";
  definitions.tags[1].sensitivity = static_cast<std::uint8_t>(Sensitivity::kPersonal);
  definitions.tags[2].name = "tea";
  Visitor visitor = Tagged(true, {"coffee", "debt", "not defined", "tea"});
  for (const std::string& name : Names{"city", "illness", "not defined"}) {
    visitor.profile.traits.emplace_back();
    visitor.profile.traits.back().name = name;
    visitor.profile.traits.back().values = {Text("flu")};
  }
  for (const std::string& name : Names{"last visit", "last visit to a doctor"}) {
    visitor.profile.traits.emplace_back();
    visitor.profile.traits.back().name = name;
    visitor.profile.traits.back().values = {{Instant{5}}};
  }
  const Portrait portrait = PortraitOf(definitions, {visitor}, {.at_least = 0});
  CHECK(NamesOf(portrait.tags) == Names{"coffee", "not defined", "tea"});
  REQUIRE(portrait.traits.size() == 2);
  CHECK(portrait.traits[0].name == "city");
  CHECK(NamesOf(portrait.traits[0].values) == Names{"flu"});
  CHECK(portrait.traits[1].name == "last visit");
  CHECK(portrait.traits[1].members == PortraitNumbers{1, 5, 5, 5, 5});
}

TEST_CASE("people are added after a portrait, and the next one has them too") {
  PortraitMaker maker(WithTrait("city", ValueType::kText));
  const std::vector<Visitor> people = TenPeople();
  for (std::size_t i = 0; i < people.size(); ++i) {
    maker.Add(people[i].profile, people[i].is_member);
    CHECK(maker.Make() == PortraitOf(WithTrait("city", ValueType::kText),
                                     {people.begin(), people.begin() + static_cast<int>(i) + 1}));
  }
}

// ---- Laws ----

Value RandomValue(Random& random, int depth) {
  const std::int64_t small = random.Between(-3, 3);
  switch (random.Below(depth > 0 ? 8 : 7)) {
    case 0:
      return Text(std::string(1, static_cast<char>('d' + small)));
    case 1:
      return Number(static_cast<double>(small) * 0.1);
    case 2:
      return {small > 0};
    case 3:
      return {Instant{small}};
    case 4:
      return Whole(small * 1'000'000'007);
    case 5:
      return Amount(small, random.Chance(80) ? "CNY" : "EUR");
    case 6:
      return {};
    default: {
      ValueList elements;
      for (std::uint64_t i = random.Below(4); i > 0; --i)
        elements.push_back(RandomValue(random, depth - 1));
      return List(std::move(elements));
    }
  }
}

// Traits `any` (of every type), `text`, `number` and `money`.
Visitor RandomVisitor(Random& random) {
  Visitor visitor;
  visitor.is_member = random.Chance(40);
  const auto add = [&](const std::string& name, auto value) {
    if (random.Chance(30)) return;
    visitor.profile.traits.emplace_back();
    visitor.profile.traits.back().name = name;
    for (std::uint64_t i = random.Below(3); i > 0; --i)
      visitor.profile.traits.back().values.push_back(value());
  };
  add("any", [&] { return RandomValue(random, 2); });
  add("money", [&] { return Amount(random.Between(-50, 50), random.Chance(97) ? "CNY" : "EUR"); });
  add("number", [&] {
    return Number(std::ldexp(static_cast<double>(random.Between(-99, 99)) / 7,
                             static_cast<int>(random.Below(60))));
  });
  add("text", [&] { return Text(std::string(1 + random.Below(12), 'x')); });
  for (const std::string& tag : Names{"a", "b", "c", "d", "e"}) {
    if (!random.Chance(35)) continue;
    visitor.profile.tags.emplace_back();
    visitor.profile.tags.back().name = tag;
  }
  for (std::uint64_t i = random.Below(4); i > 0; --i) {
    visitor.profile.identifiers.push_back(
        {random.Pick(Names{"phone", "wechat/a", "wechat/b", "mail"}), std::to_string(i)});
  }
  return visitor;
}

Definitions RandomVisitorsDefinitions() {
  Definitions definitions;
  definitions.traits = {Trait("text", ValueType::kText), Trait("money", ValueType::kMoney),
                        Trait("number", ValueType::kNumber), Trait("any", ValueType::kList)};
  return definitions;
}

std::vector<Visitor> RandomPeople(Random& random) {
  std::vector<Visitor> people;
  for (std::uint64_t i = random.Below(30); i > 0; --i) people.push_back(RandomVisitor(random));
  return people;
}

PortraitOptions RandomOptions(Random& random) {
  return {.top = static_cast<std::uint32_t>(random.Below(14)),
          .at_least = random.Below(4),
          .max_values = static_cast<std::uint32_t>(random.Chance(50) ? 1'000 : random.Below(12))};
}

TEST_CASE("law: the order in which people are added does not show") {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    std::vector<Visitor> people = RandomPeople(random);
    const PortraitOptions options = RandomOptions(random);
    const Portrait portrait = PortraitOf(RandomVisitorsDefinitions(), people, options);
    random.Shuffle(&people);
    REQUIRE(PortraitOf(RandomVisitorsDefinitions(), people, options) == portrait);
  }
}

void CheckShares(const std::vector<PortraitShare>& shares, const Portrait& portrait,
                 const PortraitOptions& options, std::uint64_t known_members,
                 std::uint64_t known_everybody) {
  REQUIRE(shares.size() <= options.top);
  for (const PortraitShare& share : shares) {
    REQUIRE(share.members >= options.at_least);
    REQUIRE(share.members <= known_members);
    REQUIRE(share.everybody >= 1);
    REQUIRE(share.members <= share.everybody);
    REQUIRE(share.everybody <= known_everybody);
    REQUIRE(share.share >= 0);
    REQUIRE(share.share <= 1);
    REQUIRE(share.lift >= 0);
    if (portrait.members > 0) {
      REQUIRE(share.lift <= static_cast<double>(portrait.everybody) /
                                static_cast<double>(portrait.members) * (1 + 1e-12));
    }
  }
}

void CheckNumbers(const std::optional<PortraitNumbers>& numbers) {
  if (!numbers) return;
  REQUIRE(numbers->count >= 1);
  for (const double middle : {numbers->mean, numbers->median}) {
    REQUIRE(numbers->min <= middle);
    REQUIRE(middle <= numbers->max);
  }
}

TEST_CASE(
    "law: members are never more than everybody, nor those who have a value than who are known") {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const std::vector<Visitor> people = RandomPeople(random);
    const PortraitOptions options = RandomOptions(random);
    const Portrait portrait = PortraitOf(RandomVisitorsDefinitions(), people, options);
    REQUIRE(portrait.everybody == people.size());
    REQUIRE(portrait.members <= portrait.everybody);
    CheckShares(portrait.tags, portrait, options, portrait.members, portrait.everybody);
    CheckShares(portrait.channels, portrait, options, portrait.members, portrait.everybody);
    REQUIRE(portrait.traits.size() == 4);
    for (const PortraitTrait& trait : portrait.traits) {
      REQUIRE(trait.known_members <= trait.known_everybody);
      REQUIRE(trait.known_members <= portrait.members);
      REQUIRE(trait.known_everybody <= portrait.everybody);
      CheckShares(trait.values, portrait, options, trait.known_members, trait.known_everybody);
      CheckNumbers(trait.members);
      CheckNumbers(trait.everybody);
      if (trait.members && trait.everybody) {
        REQUIRE(trait.members->count <= trait.everybody->count);
        REQUIRE(trait.members->min >= trait.everybody->min);
        REQUIRE(trait.members->max <= trait.everybody->max);
      }
    }
  }
}

// ---- The same, said naively: each question walks over all people ----

// What is told apart, and what is summarised: by unit.
struct Told {
  std::set<std::string> apart;
  std::multimap<std::string, double> numbers;
};

void Tell(const Value& value, int depth, Told* told) {
  if (const auto* list = std::get_if<ValueList>(&value.is); list != nullptr && depth == 0) {
    for (const Value& element : *list) Tell(element, 1, told);
  } else if (const auto* number = std::get_if<double>(&value.is)) {
    told->numbers.emplace("", *number);
  } else if (const auto* whole = std::get_if<std::int64_t>(&value.is)) {
    told->numbers.emplace("", static_cast<double>(*whole));
  } else if (const auto* instant = std::get_if<Instant>(&value.is)) {
    told->numbers.emplace("ms", static_cast<double>(instant->ms));
  } else if (const auto* money = std::get_if<Money>(&value.is)) {
    told->numbers.emplace(money->currency, static_cast<double>(money->minor_units));
    told->apart.insert(money->currency);
  } else if (value.type() != ValueType::kNone) {
    told->apart.insert(ToText(value));
  }
}

const ProfileTrait* Find(const Visitor& visitor, const std::string& name) {
  for (const ProfileTrait& trait : visitor.profile.traits) {
    if (trait.name == name && !trait.values.empty()) return &trait;
  }
  return nullptr;
}

Told ToldOf(const Visitor& visitor, const std::string& name) {
  Told told;
  if (const ProfileTrait* trait = Find(visitor, name)) {
    for (const Value& value : trait->values) Tell(value, 0, &told);
  }
  return told;
}

void CheckNaively(const PortraitNumbers& numbers, std::vector<double> all) {
  std::sort(all.begin(), all.end());
  long double sum = 0, magnitudes = 0;
  for (const double number : all) {
    sum += number;
    magnitudes += std::abs(number);
  }
  REQUIRE(numbers.count == all.size());
  REQUIRE(numbers.min == all.front());
  REQUIRE(numbers.max == all.back());
  REQUIRE(numbers.median == all[(all.size() + 1) / 2 - 1]);
  const long double n = static_cast<long double>(all.size());
  REQUIRE(std::abs(numbers.mean - sum / n) <= 1e-15L * magnitudes / n);
}

void CheckNaively(const PortraitTrait& trait, const std::vector<Visitor>& people) {
  std::uint64_t known_members = 0, known_everybody = 0;
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> apart;  // members, everybody
  std::set<std::string> units;
  std::vector<double> of_members, of_everybody;
  for (const Visitor& visitor : people) {
    const bool known = Find(visitor, trait.name) != nullptr;
    known_everybody += known;
    known_members += known && visitor.is_member;
    const Told told = ToldOf(visitor, trait.name);
    for (const std::string& value : told.apart) {
      apart[value].first += visitor.is_member;
      ++apart[value].second;
    }
    for (const auto& [unit, number] : told.numbers) {
      units.insert(unit);
      of_everybody.push_back(number);
      if (visitor.is_member) of_members.push_back(number);
    }
  }
  REQUIRE(trait.known_members == known_members);
  REQUIRE(trait.known_everybody == known_everybody);
  REQUIRE(trait.values.size() == apart.size());
  for (const PortraitShare& value : trait.values)
    REQUIRE(apart.at(value.name) == std::pair(value.members, value.everybody));
  REQUIRE(trait.unit == (units.size() == 1 ? *units.begin() : ""));
  REQUIRE(trait.everybody.has_value() == (units.size() == 1));
  REQUIRE(trait.members.has_value() == (units.size() == 1 && !of_members.empty()));
  if (trait.everybody) CheckNaively(*trait.everybody, of_everybody);
  if (trait.members) CheckNaively(*trait.members, of_members);
}

TEST_CASE("law: a portrait says what walking over all people says") {
  std::uint64_t summarised = 0, mixed = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const std::vector<Visitor> people = RandomPeople(random);
    const Portrait portrait =
        PortraitOf(RandomVisitorsDefinitions(), people, {.top = 1'000, .at_least = 0});
    for (const PortraitTrait& trait : portrait.traits) {
      CheckNaively(trait, people);
      summarised += trait.everybody.has_value();
      mixed += trait.name == "money" && !trait.values.empty() && !trait.everybody;
    }
    for (const PortraitShare& tag : portrait.tags) {
      std::uint64_t members = 0, everybody = 0;
      for (const Visitor& visitor : people) {
        for (const ProfileTag& of : visitor.profile.tags) {
          everybody += of.name == tag.name;
          members += of.name == tag.name && visitor.is_member;
        }
      }
      REQUIRE(tag.members == members);
      REQUIRE(tag.everybody == everybody);
    }
    REQUIRE(std::is_sorted(portrait.tags.begin(), portrait.tags.end(),
                           [](const PortraitShare& a, const PortraitShare& b) {
                             return a.members * b.everybody > b.members * a.everybody;
                           }));
  }
  CHECK(summarised > 500);
  CHECK(mixed > 50);
}

}  // namespace
}  // namespace polyonym
