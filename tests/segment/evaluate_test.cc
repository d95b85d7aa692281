// Segments of one person: published examples, what is unknown, money, definitions that do not go together.
#include "polyonym/segment/evaluate.h"

#include <xxhash.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "harness/catch.h"
#include "polyonym/model/definitions.h"
#include "polyonym/model/facts.h"
#include "polyonym/profile/profile.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kDay = 24 * kHour;

constexpr std::int64_t On(int year, unsigned month, unsigned day) {
  const std::chrono::sys_days of =
      std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
  return std::int64_t{of.time_since_epoch().count()} * kDay;
}

constexpr std::int64_t kNow = On(2026, 11, 28) + 9 * kHour;

struct Person {
  std::vector<FactRow> rows;
  std::vector<Identifier> identifiers = {{"crm", "1"}};
  Identifier anchor = {"crm", "1"};
  std::int64_t now_ms = kNow;

  Facts* Says(std::int64_t time_ms) {
    FactRow row;
    row.from.source = row.from.record_source = "shop";
    row.from.record_id = std::to_string(rows.size());
    row.from.time_ms = time_ms;
    row.from.belongs_to = anchor;
    rows.push_back(std::move(row));
    return &rows.back().facts;
  }
  void Trait(const std::string& name, Value value) {
    Says(kNow - kDay)->traits.push_back({name, std::move(value), {}, ""});
  }
  void Tag(const std::string& name) { Says(kNow - kDay)->tags.push_back({.name = name}); }
  Event* Does(const std::string& type, std::int64_t time_ms) {
    Facts* facts = Says(time_ms);
    facts->events.push_back({.type = type});
    return &facts->events.back();
  }
  void Pays(std::int64_t units, const std::string& currency, std::int64_t time_ms = kNow - kDay) {
    Does("order", time_ms)->value = Money{units, currency};
  }
};

TraitDefinition Defined(const std::string& name, ValueType type, Fold fold = Fold::kLatest) {
  TraitDefinition out;
  out.name = name;
  out.type = type;
  out.fold = fold;
  return out;
}

Definitions Known() {
  Definitions out;
  out.traits = {Defined("city", ValueType::kText),
                Defined("age", ValueType::kWhole),
                Defined("height", ValueType::kNumber),
                Defined("vip", ValueType::kFlag),
                Defined("birthday", ValueType::kDate),
                Defined("spent", ValueType::kMoney, Fold::kSum),
                Defined("likes", ValueType::kText, Fold::kUnion),
                Defined("since", ValueType::kInstant)};
  for (const char* name : {"a", "b", "c"}) {
    TagDefinition tag;
    tag.name = name;
    tag.topics = {"letters"};
    out.tags.push_back(tag);
  }
  out.tags[0].layers = {{"gold", 2'000'000}, {"silver", 1'000'000}};
  out.purposes = {{"ads"}};
  return out;
}

std::shared_ptr<const CompiledSegments> Compiled(const Definitions& definitions) {
  auto compiled = CompiledSegments::Compile(definitions);
  INFO(compiled.status().message());
  REQUIRE(compiled.ok());
  return *std::move(compiled);
}

// `yes`, `no`, `unknown`.
std::string Ask(const Person& person, const std::string& expression,
                const std::string& time_zone = "", Definitions definitions = Known()) {
  CAPTURE(expression);
  definitions.segments = {{"asked", expression, time_zone}};
  const auto compiled = Compiled(definitions);
  SegmentSubject subject(definitions, person.rows, person.identifiers, person.anchor,
                         person.now_ms);
  const std::optional<bool> is = compiled->Evaluate(0, &subject);
  // The explanation takes no short cut and comes to the same.
  CHECK(compiled->Explain(0, &subject).verdict == is);
  return !is ? "unknown" : *is ? "yes" : "no";
}

std::string FaultOf(Definitions definitions) {
  const auto compiled = CompiledSegments::Compile(definitions);
  CHECK(compiled.status().code() == absl::StatusCode::kInvalidArgument);
  return std::string(compiled.status().message());
}

}  // namespace

TEST_CASE("tags as sets: and, or, and one of two") {
  std::map<std::string, int> members;
  for (int number = 1; number <= 20; ++number) {
    Person person;
    if (number <= 10) person.Tag("a");
    if (number >= 6 && number <= 15) person.Tag("b");
    if (number % 2 == 0 && number <= 12) person.Tag("c");
    for (const char* expression : {"tag a and tag b and tag c", "tag a or tag b or tag c",
                                   "(tag a and not tag b) or (not tag a and tag b)"})
      members[expression] += Ask(person, expression) == "yes";
  }
  CHECK(members["tag a and tag b and tag c"] == 3);
  CHECK(members["tag a or tag b or tag c"] == 15);
  CHECK(members["(tag a and not tag b) or (not tag a and tag b)"] == 10);
}

TEST_CASE("what is missing never matches and never becomes zero") {
  const Person nobody;
  for (const char* expression :
       {"trait age < 18", "trait age >= 18", "trait age = 0", "trait age != 0", "not trait age = 0",
        "trait vip", "not trait vip", "trait city contains \"\"", "trait city in (\"Suzhou\")",
        "trait likes contains \"tea\"", "trait age + 1 > 0", "average(value of order) = 0 CNY",
        "years since trait birthday >= 0", "consent ads = \"granted\"", "score of tag a < 1",
        "first(time of order) < now"})
    CHECK(Ask(nobody, expression) == "unknown");
  CHECK(Ask(nobody, "trait age is known") == "no");
  CHECK(Ask(nobody, "not trait age is known") == "yes");
  CHECK(Ask(nobody, "trait likes is known") == "no");
  // What can be counted is nought.
  for (const char* expression :
       {"count(order) = 0", "not did(order)", "sum(value of order) = 0 CNY",
        "sum(property price of order) = 0", "size of trait likes = 0", "not tag a",
        "distinct(place of order) = 0", "not conflict of consent ads", "relations invites = 0"})
    CHECK(Ask(nobody, expression) == "yes");
}

TEST_CASE("logic has three values") {
  const Person nobody;
  const std::string unknown = "trait vip";
  CHECK(Ask(nobody, unknown + " and no") == "no");
  CHECK(Ask(nobody, unknown + " and yes") == "unknown");
  CHECK(Ask(nobody, unknown + " or yes") == "yes");
  CHECK(Ask(nobody, unknown + " or no") == "unknown");
  CHECK(Ask(nobody, "not " + unknown) == "unknown");
  CHECK(Ask(nobody, unknown + " or not " + unknown) == "unknown");
}

TEST_CASE("numbers compare by value, however they are written") {
  Person person;
  person.Trait("age", {std::int64_t{9'007'199'254'740'993}});  // 2^53 + 1
  person.Trait("height", {9'007'199'254'740'992.0});
  CHECK(Ask(person, "trait age > trait height") == "yes");
  CHECK(Ask(person, "trait age = trait height") == "no");
  CHECK(Ask(person, "trait height in (1, 9007199254740992)") == "yes");
  CHECK(Ask(person, "trait age / 0 = 0") == "unknown");
  CHECK(Ask(person, "trait age * trait age > 0") == "unknown");  // beyond 64 bits
  CHECK(Ask(person, "7 / 2 = 3.5") == "yes");
}

TEST_CASE("text, lists and patterns") {
  Person person;
  person.Trait("city", {std::string("Suzhou 苏州")});
  person.Trait("likes", {std::string("tea")});
  person.Trait("likes", {std::string("climbing")});
  CHECK(Ask(person, "trait city starts with \"Su\" and trait city ends with \"州\"") == "yes");
  CHECK(Ask(person, "trait city contains \"苏\"") == "yes");
  CHECK(Ask(person, "trait city matches \"^[A-Z][a-z]+ \"") == "yes");
  CHECK(Ask(person, "trait city matches \"^zhou\"") == "no");
  CHECK(Ask(person, "trait likes contains \"tea\" and not trait likes contains \"te\"") == "yes");
  CHECK(Ask(person, "trait likes matches \"^te\"") == "yes");
  CHECK(Ask(person, "size of trait likes = 2") == "yes");
  // A list without elements is not known, but its size is.
  CHECK(Ask(person, "tags of topic letters contains \"a\"") == "no");
  CHECK(Ask(person, "size of tags of topic letters = 0") == "yes");
}

TEST_CASE("money is compared in the currency of the other side") {
  Person person;
  person.Trait("spent", {Money{1999, "CNY"}});
  person.Trait("spent", {Money{500, "USD"}});
  CHECK(Ask(person, "trait spent > 19 CNY and trait spent < 6 USD") == "yes");
  CHECK(Ask(person, "trait spent > 0 EUR") == "unknown");
  person.Pays(10000, "CNY");
  person.Pays(2550, "CNY");
  person.Pays(100, "USD");
  CHECK(Ask(person, "sum(value of order) = 125.50 CNY and sum(value of order) = 1 USD") == "yes");
  CHECK(Ask(person, "sum(value of order) = 0 EUR") == "yes");  // a sum of nothing
  CHECK(Ask(person, "average(value of order) = 62.75 CNY") == "yes");
  CHECK(Ask(person, "max(value of order) = 100 CNY and min(value of order) = 25.50 CNY") == "yes");
  CHECK(Ask(person, "max(value of order) > 0 EUR") == "unknown");
  CHECK(Ask(person, "sum(value of order) - sum(value of refund) >= 125 CNY") == "yes");
  CHECK(Ask(person, "sum(value of order) > sum(value of refund)") == "unknown");  // in which?
  CHECK(Ask(person, "0.05 CNY * 2.5 = 0.12 CNY and 0.07 CNY * 2.5 = 0.18 CNY") == "yes");
}

TEST_CASE("the last 7 days and the past 7 days") {
  // 19 June 2019 in Shanghai, at ten.
  const auto person_of = [](std::int64_t day_ms) {
    Person person;
    person.now_ms = On(2019, 6, 19) + 2 * kHour;
    person.Does("visit", day_ms - 8 * kHour);  // at 00:00 there
    return person;
  };
  for (int day = 11; day <= 19; ++day) {
    CAPTURE(day);
    const Person person = person_of(On(2019, 6, static_cast<unsigned>(day)));
    CHECK(Ask(person, "did(visit in last 7 days)", "Asia/Shanghai") == (day >= 13 ? "yes" : "no"));
    CHECK(Ask(person, "did(visit in past 7 days)", "Asia/Shanghai") ==
          (day >= 12 && day <= 18 ? "yes" : "no"));
  }
}

TEST_CASE("sequences and funnels over events, conditions and windows") {
  Person person;
  const char* types[] = {"one", "three", "two", "one", "three", "two"};
  for (int i = 0; i < 6; ++i) person.Does(types[i], kNow - (6 - i) * kHour);
  CHECK(Ask(person, "sequence(one, directly two)") == "yes");
  CHECK(Ask(person, "sequence(one, directly two; among three)") == "no");
  CHECK(Ask(person, "sequence(one, directly two; among four)") == "yes");
  CHECK(Ask(person, "sequences(one, then two) = 2") == "yes");
  CHECK(Ask(person, "sequences(one, then two; events within 4 hours) = 1") == "yes");
  CHECK(Ask(person, "sequence(one, then two within 1 hours)") == "no");
  CHECK(Ask(person, "funnel(one, two, three within 2 hours) = 2") == "yes");
  CHECK(Ask(person, "funnel(one, two, three within 3 hours) = 2") == "yes");
  CHECK(Ask(person, "funnel(one, two, three within 4 hours) = 3") == "yes");
}

TEST_CASE("aggregates of events, and events of which a part is not known") {
  Person person;
  for (const int price : {3, 1, 2}) {
    Event* event = person.Does("order", kNow - (10 - price) * kDay);
    event->properties["price"].is = std::int64_t{price};
    event->direction = Direction::kIn;
  }
  person.Does("order", kNow - kDay)->place = Place{"Suzhou", 31.3, 120.6};
  CHECK(Ask(person, "count(order) = 4 and count(order where property price > 1) = 2") == "yes");
  CHECK(Ask(person, "count(order where not property price > 1) = 1") == "yes");
  CHECK(Ask(person, "sum(property price of order) = 6 and average(property price of order) = 2") ==
        "yes");
  CHECK(Ask(person, "min(property price of order) = 1 and max(property price of order) = 3") ==
        "yes");
  CHECK(Ask(person, "first(property price of order) = 1 and last(property price of order) = 3") ==
        "yes");
  CHECK(Ask(person, "distinct(place of order) = 1 and distinct(direction of order) = 1") == "yes");
  // Of another type than it is read as, and of two types of which the first counts.
  person.Does("gift", kNow - 2 * kDay)->properties["price"].is = std::string("dear");
  person.Does("gift", kNow - kDay)->properties["price"].is = std::int64_t{5};
  CHECK(Ask(person, "count(gift where property price > 0) = 1") == "yes");
  CHECK(Ask(person, "count(gift where not property price > 0) = 0") == "yes");
  CHECK(Ask(person, "min(property price of gift) = \"dear\" and sum(property price of gift) = 5") ==
        "yes");
  CHECK(Ask(person, "count(gift where size of property price = 0) = 0") == "yes");
  CHECK(Ask(person, "did(order where near(31.3, 120.6, 10))") == "yes");
  CHECK(Ask(person, "did(order where near(31.4, 120.6, 10000))") == "no");
}

TEST_CASE("an instant less an instant is a length of time") {
  Person person;
  person.Trait("since", {Instant{kNow - 36 * kHour}});
  CHECK(Ask(person, "now - trait since = 36 hours") == "yes");
  CHECK(Ask(person, "(now - trait since) / 1 days = 1.5") == "yes");
  CHECK(Ask(person, "trait since + 1 days < now") == "yes");
  CHECK(Ask(person, "days since trait since = 2") == "yes");  // from the 26th to the 28th
}

TEST_CASE("tags of a person") {
  Person person;
  person.Tag("a");
  person.Tag("a");
  person.Tag("c");
  CHECK(Ask(person, "layer gold of tag a and not layer silver of tag a") == "yes");
  CHECK(Ask(person, "count of tag a = 2 and count of tag c = 1") == "yes");
  CHECK(Ask(Person(), "layer gold of tag a") == "no");
  CHECK(Ask(person, "size of tags of topic letters = 2") == "yes");
  CHECK(Ask(person, "tags of class interest contains \"c\"") == "yes");
}

TEST_CASE("identifiers, relations and buckets") {
  Person person;
  person.identifiers = {{"crm", "1"}, {"wechat.openid/wx1", "u"}, {"wechat.openid/wx2", "t"}};
  person.Says(kNow - kDay)->relations.push_back({"invites", {"crm", "7"}, 1'000'000, {}});
  person.Says(kNow - kDay)->relations.push_back({"invites", {"crm", "8"}, 1'000'000, kNow + kDay});
  CHECK(Ask(person, "has wechat.openid and not has phone") == "yes");
  CHECK(Ask(person, "size of identifiers wechat.openid = 2") == "yes");
  CHECK(Ask(person, "relations invites = 1 and relation invites to \"crm:7\"") == "yes");
  CHECK(Ask(person, "relation invites to \"crm:8\"") == "no");  // not yet

  const std::string hashed("salt\0crm:1", 10);
  const double bucket = static_cast<double>(XXH3_64bits(hashed.data(), hashed.size()) >> 11) /
                        9'007'199'254'740'992.0;
  Definitions definitions = Known();
  definitions.segments = {{"asked", "bucket \"salt\" < 0.5", ""}};
  const auto compiled = Compiled(definitions);
  SegmentSubject subject(definitions, person.rows, person.identifiers, person.anchor, kNow);
  CHECK(compiled->Evaluate(0, &subject) == (bucket < 0.5));
  CHECK(compiled->Explain(0, &subject).parts.at(0).value == ToText(Value{bucket}));
}

TEST_CASE("segments ask for each other, in long chains too") {
  Definitions definitions = Known();
  constexpr std::size_t kLong = 4'000;
  for (std::size_t i = 0; i < kLong; ++i) {
    const std::string next = "\"s" + std::to_string(i + 1) + "\"";
    definitions.segments.push_back(
        {"s" + std::to_string(i), i + 1 < kLong ? "not in segment " + next : "tag a", ""});
  }
  const auto compiled = Compiled(definitions);
  CHECK((compiled->inputs(0) & compiled->inputs(kLong - 1)) == compiled->inputs(kLong - 1));
  Person person;
  person.Tag("a");
  SegmentSubject subject(definitions, person.rows, person.identifiers, person.anchor, kNow);
  CHECK(compiled->Evaluate(0, &subject) == false);  // an odd number of times not
  CHECK(compiled->Evaluate(1, &subject) == true);
  CHECK(compiled->Find("s7") == 7);
  CHECK(compiled->Find("t") == CompiledSegments::kNone);
}

TEST_CASE("a subject keeps no answers of one set of segments for another") {
  Definitions definitions = Known();
  definitions.segments = {{"x", "tag a", ""}};
  Definitions other = Known();
  other.segments = {{"x", "not tag a", ""}};
  Person person;
  person.Tag("a");
  SegmentSubject subject(definitions, person.rows, person.identifiers, person.anchor, kNow);
  CHECK(Compiled(definitions)->Evaluate(0, &subject) == true);
  CHECK(Compiled(other)->Evaluate(0, &subject) == false);
}

TEST_CASE("definitions that cannot be put in force say which segment, and why") {
  Definitions definitions = Known();
  definitions.segments = {{"fine", "tag a", ""},
                          {"x", "in segment y", ""},
                          {"y", "in segment z or in segment fine", ""},
                          {"z", "not in segment x", ""},
                          {"above", "in segment x", ""}};
  CHECK(FaultOf(definitions) ==
        "segments[1].expression: segments ask for each other in a circle: x -> y -> z -> x");
  definitions.segments = {{"self", "in segment self", ""}};
  CHECK_THAT(FaultOf(definitions), HoldsText("self -> self"));
  definitions.segments = {{"a", "tag a", ""}, {"b", "tag a", "Mars/Olympus"}};
  CHECK_THAT(FaultOf(definitions), HoldsText("segments[1].time_zone: "));
  definitions.segments = {{"a", "trait age + 1", ""}};
  CHECK_THAT(FaultOf(definitions), HoldsText("segments[0].expression: must be a flag"));
  definitions.segments = {{"a", "tag a and", ""}};
  CHECK_THAT(FaultOf(definitions), HoldsText("segments[0].expression: 1:"));
  definitions.segments = {{"a", "trait nothing = 1", ""}};
  CHECK_THAT(FaultOf(definitions), HoldsText("segments[0].expression: 1:"));
}

TEST_CASE("an explanation says every part, also those that did not decide") {
  Person person;
  person.Trait("age", {std::int64_t{17}});
  person.Pays(1999, "CNY");
  Definitions definitions = Known();
  definitions.segments = {
      {"asked", "trait age >= 18 and sum(value of order) > 10.00 CNY and trait vip", ""}};
  const auto compiled = Compiled(definitions);
  SegmentSubject subject(definitions, person.rows, person.identifiers, person.anchor, kNow);
  const SegmentExplanation all = compiled->Explain(0, &subject);
  CHECK(all.text == definitions.segments[0].expression);
  CHECK(all.value == "no");
  CHECK(all.verdict == false);
  REQUIRE(all.parts.size() == 3);
  REQUIRE(all.parts[0].parts.size() == 1);
  CHECK(all.parts[0].parts[0] == SegmentExplanation{"trait age", "17", std::nullopt, false, {}});
  CHECK(all.parts[1].verdict == true);
  REQUIRE(all.parts[1].parts.size() == 1);
  CHECK(all.parts[1].parts[0].value == "19.99 CNY");
  CHECK(all.parts[2] == SegmentExplanation{"trait vip", "unknown", std::nullopt, true, {}});
}

TEST_CASE("an aggregate in a condition on events is of the person") {
  Person person;
  for (const int hours : {5, 4, 3, 2, 1}) person.Does("visit", kNow - hours * kHour);
  person.Does("signup", kNow - 3 * kHour);
  CHECK(Ask(person, "count(visit where time > first(time of signup)) = 2") == "yes");
}

TEST_CASE("the order in which facts come changes nothing") {
  Person person;
  for (int i = 0; i < 6; ++i) {
    Event* event = person.Does(i % 2 == 0 ? "view" : "order", kNow - kDay);  // all at one time
    event->properties["price"].is = 0.1 * i;
  }
  const char* expressions[] = {
      "sequences(view, directly order) = 3", "sequence(order, directly view)",
      "last(property price of order) = 0.5", "sum(property price of any event) > 1.4"};
  std::vector<std::string> said;
  for (const char* expression : expressions) said.push_back(Ask(person, expression));
  CHECK(said[0] == "yes");
  std::reverse(person.rows.begin(), person.rows.end());
  for (std::size_t i = 0; i < said.size(); ++i) CHECK(Ask(person, expressions[i]) == said[i]);
}

}  // namespace polyonym::harness
