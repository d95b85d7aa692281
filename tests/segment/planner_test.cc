// The planner over bitmaps on cases by hand: what is unknown, text, exact numbers, money, lists, segments of segments, errors.
#include "polyonym/segment/planner.h"

#include <cstdint>
#include <limits>
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

constexpr std::int64_t kDay = 86'400'000;
constexpr std::int64_t kNow = 20'000 * kDay;

using Ids = std::vector<std::uint32_t>;

// What somebody says a day ago, in records of their own.
struct Person {
  std::vector<FactRow> rows;
  std::vector<Identifier> identifiers = {{"crm", "1"}};
  std::int64_t now_ms = kNow;

  Facts* Says(std::int64_t time_ms = kNow - kDay) {
    FactRow row;
    row.from.source = row.from.record_source = "shop";
    row.from.record_id = std::to_string(rows.size());
    row.from.time_ms = time_ms;
    row.from.belongs_to = identifiers.front();
    rows.push_back(std::move(row));
    return &rows.back().facts;
  }
  Person& Trait(const std::string& name, Value value) {
    Says()->traits.push_back({name, std::move(value), {}, ""});
    return *this;
  }
  Person& Tag(const std::string& name) {
    Says()->tags.push_back({.name = name});
    return *this;
  }
  Person& Pays(std::int64_t units, const std::string& currency,
               std::int64_t time_ms = kNow - kDay) {
    Event order{.type = "order"};
    order.value = Money{units, currency};
    Says(time_ms)->events.push_back(std::move(order));
    return *this;
  }
  Person& Views(Value price) {
    Event view{.type = "view"};
    view.properties.emplace("price", std::move(price));
    Says()->events.push_back(std::move(view));
    return *this;
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
  for (const char* name : {"a", "b"}) {
    TagDefinition tag;
    tag.name = name;
    out.tags.push_back(tag);
  }
  return out;
}

// A planner whose segments are expressions, named by their number from 0: `s0`, `s1`...
class World {
 public:
  explicit World(const std::vector<std::string>& expressions, const std::string& time_zone = "") {
    Definitions definitions = Known();
    for (const std::string& expression : expressions) {
      std::string name = "s";
      name += std::to_string(definitions.segments.size());
      definitions.segments.push_back({name, expression, time_zone});
    }
    definitions_ = std::make_shared<const Definitions>(std::move(definitions));
    auto made = SegmentPlanner::Make(definitions_);
    INFO(made.status().message());
    REQUIRE(made.ok());
    planner_ = *std::move(made);
  }

  void Put(std::uint32_t number, const Person& person) {
    SegmentSubject subject(*definitions_, person.rows, person.identifiers,
                           person.identifiers.front(), person.now_ms);
    planner_->Put(number, &subject);
  }
  SegmentPlanner& planner() { return *planner_; }

  Ids Members(std::size_t segment) const {
    const SegmentPlanner::Verdicts got = planner_->Evaluate(segment);
    CHECK(planner_->Members(segment) == got.members);
    CHECK(planner_->Count(segment) == got.members.size());
    CHECK(IdSet::CountAnd(got.members, got.unknown) == 0);
    return got.members.ToVector();
  }
  Ids Unknown(std::size_t segment) const { return planner_->Evaluate(segment).unknown.ToVector(); }

 private:
  std::shared_ptr<const Definitions> definitions_;
  std::unique_ptr<SegmentPlanner> planner_;
};

// Who of `people`, numbered from 1, the expression is true of; a text of its own behind those of whom it is unknown.
std::string Ask(const std::vector<Person>& people, const std::string& expression) {
  CAPTURE(expression);
  World world({expression});
  for (std::size_t i = 0; i < people.size(); ++i)
    world.Put(static_cast<std::uint32_t>(i + 1), people[i]);
  std::string said;
  for (const std::uint32_t id : world.Members(0)) said += std::to_string(id);
  for (const std::uint32_t id : world.Unknown(0)) {
    said += '?';
    said += std::to_string(id);
  }
  return said;
}

}  // namespace

TEST_CASE("of whom nothing is known nothing matches and nothing is denied") {
  const std::vector<Person> people = {Person().Trait("age", {std::int64_t{17}}), Person(),
                                      Person().Trait("age", {std::int64_t{18}})};
  CHECK(Ask(people, "trait age < 18") == "1?2");
  CHECK(Ask(people, "not trait age < 18") == "3?2");
  CHECK(Ask(people, "trait age >= 18") == "3?2");
  CHECK(Ask(people, "18 <= trait age") == "3?2");
  CHECK(Ask(people, "trait age != 18") == "1?2");
  CHECK(Ask(people, "trait age in (17, 19)") == "1?2");
  CHECK(Ask(people, "not trait age in (17, 19)") == "3?2");
  CHECK(Ask(people, "trait age is known") == "13");
  CHECK(Ask(people, "trait age is unknown") == "2");
  CHECK(Ask(people, "(trait age < 18) is unknown") == "2");
  CHECK(Ask(people, "((trait age < 18) is known) is known") == "123");
  CHECK(Ask(people, "trait age < 18 or trait age is unknown") == "12");
}

TEST_CASE("logic over what is unknown is Kleene's") {
  const std::vector<Person> people = {Person().Tag("a").Trait("vip", {true}),
                                      Person().Tag("a").Trait("vip", {false}),
                                      Person().Tag("a"),
                                      Person().Trait("vip", {true}),
                                      Person().Trait("vip", {false}),
                                      Person()};
  CHECK(Ask(people, "tag a and trait vip") == "1?3");
  CHECK(Ask(people, "tag a or trait vip") == "1234?6");
  CHECK(Ask(people, "not (tag a and trait vip)") == "2456?3");
  CHECK(Ask(people, "not (tag a or trait vip)") == "5?6");
  CHECK(Ask(people, "not tag a and not trait vip") == "5?6");
  CHECK(Ask(people, "not tag a or not trait vip") == "2456?3");
  CHECK(Ask(people, "tag a and not tag b and not trait vip") == "2?3");
  CHECK(Ask(people, "trait vip = yes") == "14?3?6");
  CHECK(Ask(people, "trait vip = no") == "25?3?6");
  CHECK(Ask(people, "no != trait vip") == "14?3?6");
  CHECK(Ask(people, "trait vip in (yes)") == "14?3?6");
  CHECK(Ask(people, "trait vip is known") == "1245");
  CHECK(Ask(people, "(tag a and trait vip) is known") == "12456");
  CHECK(Ask(people, "not tag a") == "456");
  CHECK(Ask(people, "tag b") == "");
  CHECK(Ask(people, "not tag b") == "123456");
}

TEST_CASE("text is compared by its bytes and decided once a value") {
  const std::vector<Person> people = {Person().Trait("city", {std::string("Shanghai")}),
                                      Person().Trait("city", {std::string("Suzhou")}),
                                      Person().Trait("city", {std::string("上海")}),
                                      Person().Trait("city", {std::string("Shanghai")}), Person()};
  CHECK(Ask(people, "trait city = \"Shanghai\"") == "14?5");
  CHECK(Ask(people, "trait city != \"Shanghai\"") == "23?5");
  CHECK(Ask(people, "not trait city = \"Paris\"") == "1234?5");
  CHECK(Ask(people, "trait city in (\"Suzhou\", \"上海\")") == "23?5");
  CHECK(Ask(people, "not trait city in (\"Suzhou\", \"上海\")") == "14?5");
  CHECK(Ask(people, "trait city < \"Si\"") == "14?5");
  CHECK(Ask(people, "trait city contains \"zh\"") == "2?5");
  CHECK(Ask(people, "not trait city contains \"zh\"") == "134?5");
  CHECK(Ask(people, "trait city starts with \"S\"") == "124?5");
  CHECK(Ask(people, "trait city ends with \"海\"") == "3?5");
  CHECK(Ask(people, "trait city matches \"^S.*[iu]$\"") == "124?5");
  CHECK(Ask(people, "not trait city matches \"\\\\p{Han}\"") == "124?5");
}

TEST_CASE("whole and fractional numbers are compared exactly") {
  constexpr std::int64_t kOdd = 9'007'199'254'740'993;  // 2^53 + 1, which no fraction is
  const auto whole = [](std::int64_t n) { return Person().Views({n}); };
  const auto real = [](double n) { return Person().Views({n}); };
  const std::vector<Person> people = {whole(kOdd), real(9'007'199'254'740'992.0),
                                      real(9'007'199'254'740'994.0), real(2.5), whole(2)};
  const std::string price = "last(property price of view)";
  CHECK(Ask(people, price + " = 9007199254740993") == "1");
  CHECK(Ask(people, price + " > 9007199254740992.0") == "13");
  CHECK(Ask(people, price + " < 9007199254740993") == "245");
  CHECK(Ask(people, price + " >= 9007199254740993") == "13");
  CHECK(Ask(people, price + " != 9007199254740992.0") == "1345");
  CHECK(Ask(people, price + " = 9007199254740992") == "2");
  CHECK(Ask(people, price + " > 2") == "1234");
  CHECK(Ask(people, price + " > 2.25") == "1234");
  CHECK(Ask(people, price + " <= 2.5") == "45");
  CHECK(Ask(people, price + " in (2.0, 2.5)") == "45");
}

TEST_CASE("numbers at the ends of what 64 bits hold are compared exactly") {
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const std::vector<Person> people = {Person().Views({kLeast}), Person().Views({kMost}),
                                      Person().Views({9.3e18}), Person().Views({-9.3e18}),
                                      Person().Views({-0.0}),   Person().Views({5e-324})};
  const std::string price = "last(property price of view)";
  CHECK(Ask(people, price + " > 9.25e18") == "3");
  CHECK(Ask(people, price + " < 9.25e18") == "12456");
  CHECK(Ask(people, price + " < -9.25e18") == "4");
  CHECK(Ask(people, price + " >= -9.25e18") == "12356");
  CHECK(Ask(people, price + " > 9223372036854775806") == "23");
  CHECK(Ask(people, price + " < -9223372036854775807") == "14");
  CHECK(Ask(people, price + " = 0") == "5");
  CHECK(Ask(people, price + " > 0") == "236");
  CHECK(Ask(people, price + " = 9223372036854775808.0") == "");
}

TEST_CASE("a comparison with another type is unknown") {
  const std::vector<Person> people = {Person().Views({std::int64_t{3}}),
                                      Person().Views({std::string("3")}), Person().Views({true}),
                                      Person().Views({Money{300, "CNY"}}), Person()};
  const std::string price = "last(property price of view)";
  CHECK(Ask(people, price + " = 3") == "1?2?3?4?5");
  CHECK(Ask(people, price + " = \"3\"") == "2?1?3?4?5");
  CHECK(Ask(people, price + " = 3.00 CNY") == "4?1?2?3?5");
  CHECK(Ask(people, price + " = yes") == "3?1?2?4?5");
  CHECK(Ask(people, price) == "3?1?2?4?5");
  CHECK(Ask(people, "(" + price + ") is known") == "1234");
  CHECK(Ask(people, price + " in (3, 4)") == "1?2?3?4?5");
  CHECK(Ask(people, "not " + price + " in (2, 4)") == "1?2?3?4?5");
}

TEST_CASE("money counts in the currency that is asked for") {
  const std::vector<Person> people = {Person().Pays(1'000, "CNY"),
                                      Person().Pays(1'000, "CNY").Pays(500, "JPY"),
                                      Person().Pays(500, "JPY"), Person()};
  CHECK(Ask(people, "sum(value of order) >= 10 CNY") == "12");
  CHECK(Ask(people, "sum(value of order) < 10 CNY") == "34");
  CHECK(Ask(people, "sum(value of order) = 0 JPY") == "14");
  CHECK(Ask(people, "sum(value of order) < 1 USD") == "1234");
  CHECK(Ask(people, "last(value of order) > 1 CNY") == "1?2?3?4");
  CHECK(Ask(people, "max(value of order) > 1 JPY") == "23?1?4");
  CHECK(Ask({Person(), Person().Views({std::int64_t{2}})}, "sum(property price of view) < 1") ==
        "1");
}

TEST_CASE("dates without a year are equal or not and have no order") {
  const std::vector<Person> people = {Person().Trait("birthday", {Date{2001, 2, 28}}),
                                      Person().Trait("birthday", {Date{std::nullopt, 2, 28}}),
                                      Person()};
  CHECK(Ask(people, "trait birthday < 2002-01-01") == "1?2?3");
  CHECK(Ask(people, "not trait birthday > 2002-01-01") == "1?2?3");
  CHECK(Ask(people, "trait birthday = --02-28") == "2?3");
  CHECK(Ask(people, "trait birthday != --02-28") == "1?3");
  CHECK(Ask(people, "trait birthday in (2001-02-28, --02-28)") == "12?3");
}

TEST_CASE("lists contain what is an element of them") {
  const std::vector<Person> people = {
      Person().Trait("likes", {std::string("tea")}).Trait("likes", {std::string("go")}),
      Person().Trait("likes", {std::string("go")}), Person()};
  CHECK(Ask(people, "trait likes contains \"tea\"") == "1?3");
  CHECK(Ask(people, "not trait likes contains \"tea\"") == "2?3");
  CHECK(Ask(people, "trait likes matches \"^g\"") == "12?3");
  CHECK(Ask(people, "trait likes contains \"coffee\"") == "?3");
  CHECK(Ask(people, "size of trait likes = 2") == "1");
  CHECK(Ask(people, "identifiers crm contains \"1\"") == "123");
  CHECK(Ask(people, "not identifiers phone contains \"1\"") == "123");
  CHECK(Ask(people, "trait likes is known") == "12");
}

TEST_CASE("segments ask for each other in their own zones") {
  World world({"in segment s1 and not in segment s2", "trait age >= 18", "tag a",
               "(in segment s0) is unknown", "in segment s1 = no", "tag a = in segment s1"});
  world.Put(1, Person().Trait("age", {std::int64_t{20}}));
  world.Put(2, Person().Trait("age", {std::int64_t{20}}).Tag("a"));
  world.Put(3, Person());
  world.Put(4, Person().Tag("a"));
  world.Put(5, Person().Trait("age", {std::int64_t{3}}));
  CHECK(world.Members(0) == Ids{1});
  CHECK(world.Unknown(0) == Ids{3});
  CHECK(world.Members(3) == Ids{3});
  CHECK(world.Members(4) == Ids{5});
  CHECK(world.Unknown(4) == Ids{3, 4});
  CHECK(world.Members(5) == Ids{2, 5});
  CHECK(world.Unknown(5) == Ids{3, 4});
}

TEST_CASE("long chains of segments are evaluated") {
  constexpr std::size_t kSegments = 3'000;
  std::vector<std::string> expressions = {"tag a"};
  while (expressions.size() < kSegments)
    expressions.push_back("not in segment s" + std::to_string(expressions.size() - 1));
  World world(expressions);
  world.Put(7, Person().Tag("a"));
  world.Put(8, Person());
  CHECK(world.Members(kSegments - 1) == Ids{8});
  CHECK(world.Members(kSegments - 2) == Ids{7});
}

TEST_CASE("is known within is known is evaluated once a level") {
  std::string expression = "(trait vip) is known";
  for (int level = 0; level < 15; ++level) expression = "(tag b or (" + expression + ")) is known";
  CHECK(Ask({Person().Tag("a"), Person()}, expression) == "12");
}

TEST_CASE("who is put again is what was put last and who is removed is nobody") {
  World world({"trait city = \"x\"", "trait age > 5", "trait likes contains \"tea\"", "tag a",
               "not tag a", "sum(value of order) > 1 CNY", "trait vip"});
  world.Put(65'535, Person()
                        .Trait("city", {std::string("x")})
                        .Trait("age", {std::int64_t{9}})
                        .Trait("likes", {std::string("tea")})
                        .Tag("a")
                        .Pays(1'000, "CNY")
                        .Trait("vip", {true}));
  world.Put(0xffff'ffff, Person());
  for (const std::size_t segment : {0, 1, 2, 3, 5, 6}) CHECK(world.Members(segment) == Ids{65'535});
  CHECK(world.Members(4) == Ids{0xffff'ffff});
  world.Put(65'535, Person().Trait("city", {std::string("y")}));
  for (const std::size_t segment : {0, 1, 2, 3, 5, 6}) CHECK(world.Members(segment).empty());
  CHECK(world.Members(4) == Ids{65'535, 0xffff'ffff});
  CHECK(world.Unknown(0) == Ids{0xffff'ffff});
  CHECK(world.Unknown(1) == Ids{65'535, 0xffff'ffff});
  world.planner().Remove(65'535);
  world.planner().Remove(65'535);
  world.planner().Remove(12);
  CHECK(world.planner().people() == IdSet{0xffff'ffff});
  for (const std::size_t segment : {0, 1, 2, 3, 5, 6}) CHECK(world.Members(segment).empty());
  CHECK(world.Members(4) == Ids{0xffff'ffff});
  CHECK(world.Unknown(0) == Ids{0xffff'ffff});
}

TEST_CASE("terms that say the same are one but for their zone where it matters") {
  CHECK(World({"tag a and tag b", "not tag  a", "tag b or trait age > 5", "trait age < 9"})
            .planner()
            .terms() == 3);
  Definitions definitions = Known();
  definitions.segments = {{"x", "did(order in last 2 days)", "Asia/Shanghai"},
                          {"y", "did(order in last 2 days)", ""},
                          {"z", "did(order within 2 days)", "Asia/Shanghai"},
                          {"w", "did(order within 2 days)", ""}};
  const auto planner = SegmentPlanner::Make(std::make_shared<const Definitions>(definitions));
  REQUIRE(planner.ok());
  CHECK((*planner)->terms() == 3);
}

TEST_CASE("expressions over terms that are there are answered and others are refused") {
  World world({"trait age > 5 and tag a", "did(order in last 2 days)"}, "Asia/Shanghai");
  world.Put(1, Person().Trait("age", {std::int64_t{7}}));
  world.Put(2, Person().Trait("age", {std::int64_t{9}}).Tag("a"));
  world.Put(3, Person());
  const SegmentPlanner& planner = world.planner();
  const auto got = planner.Evaluate("trait age in (7, 9) and not in segment s0");
  REQUIRE(got.ok());
  CHECK(got->members == IdSet{1});
  CHECK(got->unknown == IdSet{3});
  CHECK(*planner.Count("trait age is known or tag a") == 2);
  CHECK(planner.Evaluate("did(order in last 2 days)", "Asia/Shanghai").ok());

  const auto fault = [&](const std::string& expression, absl::StatusCode code) {
    CAPTURE(expression);
    const absl::Status status = planner.Evaluate(expression).status();
    CHECK(status.code() == code);
    return std::string(status.message());
  };
  constexpr auto kMissing = absl::StatusCode::kFailedPrecondition;
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  CHECK_THAT(fault("tag a and\n  (tag b or trait city = \"x\")", kMissing),
             HoldsText("2:4: no column is kept of `tag` b"));
  fault("did(order in last 2 days)", kMissing);
  fault("trait age + 1 > 3", kMissing);
  fault("tag a and", kInvalid);
  fault("trait age", kInvalid);
  fault("in segment nobody", kInvalid);
  CHECK(planner.Evaluate("tag a", "Nowhere/City").status().code() == kInvalid);
  CHECK(planner.Count("tag b").status().code() == kMissing);
}

TEST_CASE("definitions that do not compile are refused as the evaluator does") {
  Definitions definitions = Known();
  definitions.segments = {{"x", "trait age", ""}};
  const auto made = SegmentPlanner::Make(std::make_shared<const Definitions>(definitions));
  CHECK(made.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(made.status() == CompiledSegments::Compile(definitions).status());
}

TEST_CASE("the greatest numbers come first and of equal ones the lower person") {
  World world({"trait height > 1 and sum(value of order) > 0 CNY", "trait since < now",
               "trait since > 2001-01-01T00:00:00Z", "trait city = \"x\""});
  world.Put(1, Person().Trait("height", {1.5}).Pays(700, "CNY"));
  world.Put(2, Person().Trait("height", {2.0}).Pays(900, "CNY"));
  world.Put(3, Person().Trait("height", {1.75}).Pays(900, "JPY").Pays(100, "CNY"));
  world.Put(4, Person().Trait("height", {1.5}));
  world.Put(5, Person());
  const SegmentPlanner& planner = world.planner();
  const IdSet& all = planner.people();
  CHECK(*planner.Top(3, "trait height", all) == Ids{2, 3, 1});
  CHECK(*planner.Top(9, "trait height", IdSet{4, 3, 1, 5}) == Ids{3, 1, 4});
  CHECK(planner.Top(0, "trait height", all)->empty());
  CHECK(*planner.Top(9, "sum(value of order)", all) == Ids{2, 1, 4, 5});

  const auto height = planner.Sum("trait height", all);
  REQUIRE(height.ok());
  CHECK(height->whole == 2);
  CHECK(height->fractions == 4.75);
  CHECK(height->numbers == 4);
  CHECK(height->money.empty());
  const auto spent = planner.Sum("sum(value of order)", all);
  REQUIRE(spent.ok());
  CHECK(std::map(spent->money.begin(), spent->money.end()) ==
        std::map<std::string, absl::int128>{{"CNY", 1'700}, {"JPY", 900}});
  CHECK(spent->numbers == 0);

  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  CHECK(planner.Sum("trait since", all).status().code() == kInvalid);
  CHECK(planner.Top(1, "trait city", all).status().code() == kInvalid);
  CHECK(planner.Top(1, "trait age", all).status().code() == absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("somebody is due when the first of the segments changes by itself") {
  World world({"did(order within 2 days)", "did(order within 5 days)", "tag a"});
  const Person buyer = Person().Pays(1, "CNY", kNow - kDay);
  const Person nobody;
  const auto due = [&](const Person& person) {
    Definitions definitions = Known();
    SegmentSubject subject(definitions, person.rows, person.identifiers, person.identifiers.front(),
                           person.now_ms);
    return world.planner().DueOf(&subject);
  };
  CHECK(due(buyer) == kNow + kDay);
  CHECK(due(nobody) == CompiledSegments::kNever);
}

TEST_CASE("memory is counted and less of it is wanted once it was put in order") {
  World world({"tag a and trait age > 5 and trait city = \"x\""});
  for (std::uint32_t number = 0; number < 20'000; ++number)
    world.Put(number, number % 2 == 0 ? Person() : Person().Tag("a"));
  const std::size_t before = world.planner().bytes();
  world.planner().Optimise();
  CHECK(world.planner().bytes() < before);
  CHECK(world.planner().people().size() == 20'000);
  CHECK(world.planner().Evaluate("tag a")->members.size() == 10'000);
}

}  // namespace polyonym::harness
