#include "polyonym/segment/text.h"

#include <cctype>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "harness/random.h"
#include "polyonym/segment/expression.h"

namespace polyonym::harness {
namespace {

using Op = ExpressionOp;

// ---- Expressions by hand ----

Expression Node(Op op, std::vector<Expression> args = {}) {
  Expression expression;
  expression.op = op;
  expression.args = std::move(args);
  return expression;
}

Expression Literal(Value value) {
  Expression expression;
  expression.value = std::move(value);
  return expression;
}
Expression Text(std::string text) { return Literal({std::move(text)}); }
Expression Whole(std::int64_t whole) { return Literal({whole}); }

Expression Named(Op op, std::string name, std::string field = "") {
  Expression expression = Node(op);
  expression.name = std::move(name);
  expression.field = std::move(field);
  return expression;
}
Expression TraitNamed(std::string name) { return Named(Op::kTrait, std::move(name)); }

EventQuery Of(std::vector<std::string> types, std::vector<Expression> where = {},
              TimeWindow window = {}) {
  return {std::move(types), std::move(where), window};
}

Expression Did(EventQuery query) {
  Expression expression = Node(Op::kDid);
  expression.events = {std::move(query)};
  return expression;
}

Expression Sequence(Op op, EventSequence sequence) {
  Expression expression = Node(op);
  expression.sequence = {std::move(sequence)};
  return expression;
}

TimeWindow Within(std::int64_t ms) { return {.kind = TimeWindow::Kind::kWithin, .span_ms = ms}; }
TimeWindow Units(TimeWindow::Kind kind, std::uint32_t count, CalendarUnit unit) {
  return {.kind = kind, .unit = unit, .count = count};
}

constexpr std::int64_t kDay = 86'400'000;
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

Expression Parsed(std::string_view text) {
  const auto parsed = ParseExpression(text);
  INFO(text << "\n" << parsed.status().ToString());
  REQUIRE(parsed.ok());
  return *parsed;
}

std::string ErrorOf(std::string_view text) {
  const auto parsed = ParseExpression(text);
  if (parsed.ok()) return "none: " + WriteExpression(*parsed);
  CHECK(parsed.status().code() == absl::StatusCode::kInvalidArgument);
  return std::string(parsed.status().message());
}

std::string Rewritten(std::string_view text) { return WriteExpression(Parsed(text)); }

// That the two are each other's.
void CheckPair(const std::string& text, const Expression& expression) {
  INFO(text);
  CHECK(WriteExpression(expression) == text);
  CHECK(Parsed(text) == expression);
}

// ---- Each operation ----

struct OpText {
  Op op;
  std::string_view text;
};

// As expression.h has them.
constexpr OpText kTexts[] = {
    {Op::kLiteral, "\"a\""},
    {Op::kLiteral, "1.5"},
    {Op::kLiteral, "3"},
    {Op::kLiteral, "yes"},
    {Op::kLiteral, "no"},
    {Op::kLiteral, "19.99 CNY"},
    {Op::kLiteral, "2026-11-28T09:00:00Z"},
    {Op::kLiteral, "2001-02-28"},
    {Op::kDuration, "30 days"},
    {Op::kNow, "now"},
    {Op::kNot, "not trait x"},
    {Op::kAnd, "trait x and trait y and trait z"},
    {Op::kOr, "trait x or trait y or trait z"},
    {Op::kIsKnown, "trait x is known"},
    {Op::kEqual, "trait x = trait y"},
    {Op::kNotEqual, "trait x != trait y"},
    {Op::kLess, "trait x < trait y"},
    {Op::kLessEqual, "trait x <= trait y"},
    {Op::kGreater, "trait x > trait y"},
    {Op::kGreaterEqual, "trait x >= trait y"},
    {Op::kIn, "trait x in (\"a\", \"b\")"},
    {Op::kContains, "trait x contains trait y"},
    {Op::kStartsWith, "trait x starts with trait y"},
    {Op::kEndsWith, "trait x ends with trait y"},
    {Op::kMatches, "trait x matches \"re\""},
    {Op::kAdd, "trait x + trait y"},
    {Op::kSubtract, "trait x - trait y"},
    {Op::kMultiply, "trait x * trait y"},
    {Op::kDivide, "trait x / trait y"},
    {Op::kNegate, "-trait x"},
    {Op::kDaysSince, "days since trait x"},
    {Op::kYearsSince, "years since trait x"},
    {Op::kDaysToAnniversary, "days to anniversary of trait x"},
    {Op::kYearOf, "year of trait x"},
    {Op::kMonthOf, "month of trait x"},
    {Op::kDayOf, "day of trait x"},
    {Op::kWeekdayOf, "weekday of trait x"},
    {Op::kHourOf, "hour of trait x"},
    {Op::kAnniversaryIn, "anniversary of trait x in this month"},
    {Op::kHas, "has phone"},
    {Op::kIdentifiers, "identifiers phone"},
    {Op::kSize, "size of trait x"},
    {Op::kTrait, "trait city"},
    {Op::kTag, "tag coffee"},
    {Op::kTagScore, "score of tag coffee"},
    {Op::kTagCount, "count of tag coffee"},
    {Op::kTagFirst, "first of tag coffee"},
    {Op::kTagLast, "last of tag coffee"},
    {Op::kTagPlace, "place of tag coffee"},
    {Op::kTagLayer, "layer gold of tag coffee"},
    {Op::kTagsOfClass, "tags of class interest"},
    {Op::kTagsOfTopic, "tags of topic sport"},
    {Op::kConsent, "consent ads"},
    {Op::kConsentConflict, "conflict of consent ads"},
    {Op::kStage, "stage of lifecycle"},
    {Op::kHighestStage, "highest stage of lifecycle"},
    {Op::kStageEntered, "entered stage of lifecycle"},
    {Op::kScore, "alive of score value"},
    {Op::kChannelShare, "share phone of score channels"},
    {Op::kTopChannel, "top of score channels"},
    {Op::kCompleteness, "completeness"},
    {Op::kRelations, "relations invites"},
    {Op::kRelatedTo, "relation invites to \"crm:7\""},
    {Op::kInSegment, "in segment vip"},
    {Op::kBucket, "bucket \"salt\""},
    {Op::kDid, "did(order)"},
    {Op::kCount, "count(order within 30 days)"},
    {Op::kSum, "sum(value of order)"},
    {Op::kAverage, "average(value of order)"},
    {Op::kMin, "min(property price of order)"},
    {Op::kMax, "max(property price of order)"},
    {Op::kFirst, "first(time of order)"},
    {Op::kLast, "last(time of order)"},
    {Op::kDistinct, "distinct(place of order)"},
    {Op::kSequence, "sequence(view, then order)"},
    {Op::kSequences, "sequences(view, then order)"},
    {Op::kFunnel, "funnel(view, cart, order within 2 days)"},
    {Op::kEventTime, "time"},
    {Op::kEventType, "type"},
    {Op::kEventValue, "value"},
    {Op::kEventPlace, "place"},
    {Op::kEventChannel, "channel"},
    {Op::kEventCampaign, "campaign"},
    {Op::kEventDirection, "direction"},
    {Op::kEventMode, "mode"},
    {Op::kEventVisibility, "visibility"},
    {Op::kEventProperty, "property price"},
    {Op::kNear, "near(31.23, 121.47, 500)"},
};

TEST_CASE("every operation has its text") {
  std::set<Op> seen;
  for (const auto& [op, text] : kTexts) {
    INFO(text);
    const Expression parsed = Parsed(text);
    CHECK(parsed.op == op);
    CHECK(parsed.place == 1);
    CHECK(WriteExpression(parsed) == text);
    // The same where an operand is expected, and behind one.
    const std::string among =
        "not (" + std::string(text) + ") and (" + std::string(text) + ") = yes";
    CHECK(Parsed(among).args[0].args[0] == parsed);
    CHECK(Parsed(among).args[1].args[0] == parsed);
    seen.insert(op);
  }
  for (int op = 0; op <= static_cast<int>(Op::kNear); ++op) {
    INFO(op);
    CHECK(seen.contains(static_cast<Op>(op)));
  }
}

TEST_CASE("names and fields go where expression.h has them") {
  CheckPair("trait city", TraitNamed("city"));
  CheckPair("layer gold of tag coffee", Named(Op::kTagLayer, "coffee", "gold"));
  CheckPair("share phone of score channels", Named(Op::kChannelShare, "channels", "phone"));
  CheckPair("relation invites to \"crm:7\"", Named(Op::kRelatedTo, "invites", "crm:7"));
  CheckPair("bucket \"salt\"", Named(Op::kBucket, "salt"));
  Expression matches = Node(Op::kMatches, {TraitNamed("x")});
  matches.name = "^a\\d+$";
  CheckPair("trait x matches \"^a\\\\d+$\"", matches);
  for (int field = 0; field <= static_cast<int>(ScoreField::kDue); ++field) {
    const std::string word(ToString(static_cast<ScoreField>(field)));
    CheckPair(word + " of score state", Named(Op::kScore, "state", word));
  }
  for (int unit = 0; unit <= static_cast<int>(CalendarUnit::kYear); ++unit) {
    Expression expression = Node(Op::kAnniversaryIn, {TraitNamed("birthday")});
    expression.window = Units(TimeWindow::Kind::kLast, 1, static_cast<CalendarUnit>(unit));
    CheckPair("anniversary of trait birthday in this " +
                  std::string(ToString(static_cast<CalendarUnit>(unit))),
              expression);
  }
}

TEST_CASE("a name is a bare word of any script, or stands in quotes") {
  for (const std::string name : {"city", "城市", "größe", "_a", "$b", "a.b_c$1", "𠮷野", "value",
                                 "time", "count", "days", "state", "chinese", "हिन्दी"}) {
    CheckPair("trait " + name, TraitNamed(name));
  }
  for (const std::string name : {"wechat.openid/wx1",
                                 "a-b",
                                 "1st",
                                 ".a",
                                 "two words",
                                 "☕",
                                 "a:b",
                                 "and",
                                 "or",
                                 "not",
                                 "of",
                                 "in",
                                 "is",
                                 "to",
                                 "from",
                                 "where",
                                 "within",
                                 "then",
                                 "directly",
                                 "among",
                                 "any",
                                 "tag",
                                 "contains",
                                 "starts",
                                 "ends",
                                 "matches",
                                 "yes",
                                 "no",
                                 "now",
                                 ""}) {
    CheckPair("trait \"" + name + "\"", TraitNamed(name));
  }
  CheckPair("did(\"tag\", \"any\", order)", Did(Of({"tag", "any", "order"})));
  Expression places = Node(Op::kDistinct, {Node(Op::kEventPlace)});
  places.events = {Of({"tag"})};
  CheckPair("distinct(place of \"tag\")", places);
}

// ---- Values ----

TEST_CASE("values are written so that they are read back exactly") {
  CheckPair("-3", Whole(-3));
  CheckPair("9223372036854775807", Whole(kMax));
  CheckPair("-9223372036854775808", Whole(kMin));
  CheckPair("3.0", Literal({3.0}));
  CheckPair("0.1", Literal({0.1}));
  CheckPair("-0.30000000000000004", Literal({-(0.1 + 0.2)}));
  CheckPair("5e-324", Literal({5e-324}));
  CheckPair("1.7976931348623157e+308", Literal({std::numeric_limits<double>::max()}));
  CheckPair("1e+22", Literal({1e22}));
  CheckPair("-0.05 CNY", Literal({Money{-5, "CNY"}}));
  CheckPair("7 JPY", Literal({Money{7, "JPY"}}));
  CheckPair("1.234 KWD", Literal({Money{1234, "KWD"}}));
  CheckPair("-92233720368547758.08 USD", Literal({Money{kMin, "USD"}}));
  CheckPair("92233720368547758.07 USD", Literal({Money{kMax, "USD"}}));
  CheckPair("1970-01-01T00:00:00.001Z", Literal({Instant{1}}));
  CheckPair("1969-12-31T23:59:59.999Z", Literal({Instant{-1}}));
  CheckPair("2001-02-28", Literal({Date{.year = 2001, .month = 2, .day = 28}}));
  CheckPair("--02-29", Literal({Date{.month = 2, .day = 29}}));
  CheckPair("chinese --04-08",
            Literal({Date{.month = 4, .day = 8, .calendar = Calendar::kChinese}}));
  CheckPair("chinese 2023-02-08 leap", Literal({Date{2023, 2, 8, Calendar::kChinese, true}}));
  CheckPair("\"a \\\"b\\\" \\\\ \\n\\t\\u{0}\\u{7F}\\u{D} 张☕\"",
            Text(std::string("a \"b\" \\ \n\t\0\x7F\r 张☕", 20)));
  CheckPair("\"\"", Text(""));
}

TEST_CASE("values may be spelt in other ways, and are written in one") {
  CHECK(Rewritten("1E3") == "1000.0");
  CHECK(Rewritten("-0.0") == "0.0");
  CHECK(Rewritten("-0") == "0");
  CHECK(Rewritten("- 3") == "-3");
  CHECK(Rewritten("19.9 CNY") == "19.90 CNY");
  CHECK(Rewritten("19CNY") == "19.00 CNY");
  CHECK(Rewritten("2026-11-28T17:00:00.25+08:00") == "2026-11-28T09:00:00.250Z");
  CHECK(Rewritten("2026-11-28T00:00:00-00:30") == "2026-11-28T00:30:00Z");
  CHECK(Rewritten("\"\\u{1F600}\\u{41}\"") == "\"😀A\"");
  CHECK(Rewritten("trait x is unknown") == "trait x is not known");
  CHECK(Rewritten("# only Shanghai\n trait\tcity # the trait\r\n= \"a # b\" #") ==
        "trait city = \"a # b\"");
}

TEST_CASE("spans of time are of whole milliseconds") {
  const auto span = [](std::int64_t ms) {
    Expression expression = Node(Op::kDuration);
    expression.value.is = ms;
    return expression;
  };
  CheckPair("0 days", span(0));
  CheckPair("1 day", span(kDay));
  CheckPair("14 days", span(14 * kDay));
  CheckPair("36 hours", span(kDay + kDay / 2));
  CheckPair("1 minute", span(60'000));
  CheckPair("90 seconds", span(90'000));
  CheckPair("1 second", span(1'000));
  CheckPair("1001 ms", span(1'001));
  CheckPair("9223372036854775807 ms", span(kMax));
  CheckPair("-30 days", Node(Op::kNegate, {span(30 * kDay)}));
  CHECK(Parsed("2 weeks") == span(14 * kDay));
  CHECK(Parsed("1.5 hours") == span(5'400'000));
  CHECK(Parsed("0.0009765625 weeks") == span(590'625));
  CHECK(ErrorOf("0.0001 seconds") ==
        "1:1: expected a span of whole milliseconds; found \"0.0001\"");
  CHECK(ErrorOf("9223372036854775808 ms") ==
        "1:1: expected a span that 64 bits of milliseconds hold; found a long number");
  CHECK(ErrorOf("1e3 days") ==
        "1:1: expected a span that 64 bits of milliseconds hold; found \"1e3\"");
}

// ---- Operators ----

TEST_CASE("operators hold together as the grammar says") {
  const Expression a = TraitNamed("a"), b = TraitNamed("b"), c = TraitNamed("c");
  CheckPair("trait a or trait b and trait c", Node(Op::kOr, {a, Node(Op::kAnd, {b, c})}));
  CheckPair("(trait a or trait b) and trait c", Node(Op::kAnd, {Node(Op::kOr, {a, b}), c}));
  CheckPair("(trait a and trait b) and trait c", Node(Op::kAnd, {Node(Op::kAnd, {a, b}), c}));
  CheckPair("trait a or (trait b or trait c)", Node(Op::kOr, {a, Node(Op::kOr, {b, c})}));
  CheckPair("not trait a and trait b", Node(Op::kAnd, {Node(Op::kNot, {a}), b}));
  CheckPair("not (trait a and trait b)", Node(Op::kNot, {Node(Op::kAnd, {a, b})}));
  CheckPair("not trait a = trait b", Node(Op::kNot, {Node(Op::kEqual, {a, b})}));
  CheckPair("(not trait a) = trait b", Node(Op::kEqual, {Node(Op::kNot, {a}), b}));
  CheckPair("not not trait a", Node(Op::kNot, {Node(Op::kNot, {a})}));
  const Expression unknown = Node(Op::kNot, {Node(Op::kIsKnown, {a})});
  CheckPair("trait a is not known", unknown);
  CheckPair("not trait a is not known", Node(Op::kNot, {unknown}));
  CheckPair("(trait a is not known) = yes", Node(Op::kEqual, {unknown, Literal({true})}));
  CheckPair("(trait a = trait b) = trait c", Node(Op::kEqual, {Node(Op::kEqual, {a, b}), c}));
  CheckPair("trait a - trait b - trait c", Node(Op::kSubtract, {Node(Op::kSubtract, {a, b}), c}));
  CheckPair("trait a - (trait b - trait c)", Node(Op::kSubtract, {a, Node(Op::kSubtract, {b, c})}));
  CheckPair("trait a + trait b * trait c", Node(Op::kAdd, {a, Node(Op::kMultiply, {b, c})}));
  CheckPair("(trait a + trait b) * trait c", Node(Op::kMultiply, {Node(Op::kAdd, {a, b}), c}));
  CheckPair("trait a / -trait b", Node(Op::kDivide, {a, Node(Op::kNegate, {b})}));
  CheckPair("-(trait a * trait b)", Node(Op::kNegate, {Node(Op::kMultiply, {a, b})}));
  CheckPair("trait a - -3", Node(Op::kSubtract, {a, Whole(-3)}));
  CheckPair("-(3)", Node(Op::kNegate, {Whole(3)}));
  CheckPair("-(-3)", Node(Op::kNegate, {Whole(-3)}));
  CheckPair("-(-trait a)", Node(Op::kNegate, {Node(Op::kNegate, {a})}));
  CheckPair("days since trait a - trait b", Node(Op::kSubtract, {Node(Op::kDaysSince, {a}), b}));
  CheckPair("days since (trait a - trait b)", Node(Op::kDaysSince, {Node(Op::kSubtract, {a, b})}));
  CheckPair("year of (-3)", Node(Op::kYearOf, {Whole(-3)}));
  CheckPair("size of size of trait a", Node(Op::kSize, {Node(Op::kSize, {a})}));
  CHECK(Parsed("trait a-trait b") == Parsed("trait a - trait b"));
  CHECK(Rewritten("- - trait a") == "-(-trait a)");
}

TEST_CASE("lists have values of all kinds") {
  Expression in = Node(Op::kIn, {TraitNamed("x")});
  in.value.is = ValueList{
      {std::string("a")}, {std::int64_t{-3}},          {-1.5}, {true}, {Money{-100, "CNY"}},
      {Instant{0}},       {Date{.month = 1, .day = 2}}};
  CheckPair("trait x in (\"a\", -3, -1.5, yes, -1.00 CNY, 1970-01-01T00:00:00Z, --01-02)", in);
}

TEST_CASE("expressions know where they begin") {
  const std::string text = "trait 城 = 3\n  and (count(order where value > 2.00 CNY) - 1 > 0)";
  const Expression parsed = Parsed(text);
  const auto at = [&text](const Expression& expression) {
    return PlaceIn(text, expression.place - 1);
  };
  CHECK(at(parsed) == "1:1");
  CHECK(at(parsed.args[0].args[1]) == "1:11");
  const Expression& greater = parsed.args[1];
  CHECK(at(greater) == "2:8");
  CHECK(at(greater.args[0]) == "2:8");
  CHECK(at(greater.args[0].args[1]) == "2:46");
  CHECK(at(greater.args[0].args[0].events[0].where[0]) == "2:26");
  CHECK(at(greater.args[1]) == "2:50");
  Expression elsewhere = parsed;
  elsewhere.place = 77;
  CHECK(elsewhere == parsed);
}

// ---- Events ----

TEST_CASE("event queries have types, a condition and a window") {
  const Expression above =
      Node(Op::kGreater, {Node(Op::kEventValue), Literal({Money{1000, "CNY"}})});
  CheckPair("did(any event)", Did(Of({})));
  CheckPair("did(order, refund)", Did(Of({"order", "refund"})));
  CheckPair("did(order where value > 10.00 CNY)", Did(Of({"order"}, {above})));
  CheckPair("did(order where value > 10.00 CNY and place = \"x\" within 2 days)",
            Did(Of({"order"},
                   {Node(Op::kAnd, {above, Node(Op::kEqual, {Node(Op::kEventPlace), Text("x")})})},
                   Within(2 * kDay))));
  CheckPair("did(any event where type in (\"a\") in last 7 days)", [] {
    Expression in = Node(Op::kIn, {Node(Op::kEventType)});
    in.value.is = ValueList{{std::string("a")}};
    return Did(Of({}, {in}, Units(TimeWindow::Kind::kLast, 7, CalendarUnit::kDay)));
  }());
}

TEST_CASE("windows say which times count") {
  using Kind = TimeWindow::Kind;
  const auto window = [](const std::string& text, TimeWindow of) {
    CheckPair("did(order " + text + ")", Did(Of({"order"}, {}, of)));
  };
  window("within 30 days", Within(30 * kDay));
  window("within 36600 days", Within(36'600 * kDay));
  window("in last 7 days", Units(Kind::kLast, 7, CalendarUnit::kDay));
  window("in past 7 days", Units(Kind::kPast, 7, CalendarUnit::kDay));
  window("in this month", Units(Kind::kLast, 1, CalendarUnit::kMonth));
  window("in previous quarter", Units(Kind::kPast, 1, CalendarUnit::kQuarter));
  window("in last 10000 hours", Units(Kind::kLast, 10'000, CalendarUnit::kHour));
  window("from 1970-01-01T00:00:00Z to 1970-01-01T00:00:01Z",
         {.kind = Kind::kBetween, .from_ms = 0, .to_ms = 1000});
  window("from 1970-01-01T00:00:00Z", {.kind = Kind::kBetween, .from_ms = 0});
  window("to 1970-01-01T00:00:00Z", {.kind = Kind::kBetween, .to_ms = 0});
  CHECK(Rewritten("did(order in last 1 week)") == "did(order in this week)");
  CHECK(Rewritten("did(order in past 1 year)") == "did(order in previous year)");
  CHECK(Rewritten("did(order in last 3 day)") == "did(order in last 3 days)");
  CHECK(Rewritten("did(order within 2 weeks)") == "did(order within 14 days)");
}

TEST_CASE("sequences have steps, bounds, and events that are looked at besides") {
  const EventQuery view = Of({"view"}), order = Of({"order"}), refund = Of({"refund"});
  const EventQuery above =
      Of({"order"}, {Node(Op::kGreater, {Node(Op::kEventValue), Literal({Money{1000, "CNY"}})})});
  CheckPair(
      "sequence(view, then order where value > 10.00 CNY within 2 days, directly refund; among "
      "login, (logout, leave); within 7 days; in last 30 days)",
      Sequence(Op::kSequence,
               {.conditions = {view, above, refund, Of({"login"}), Of({"logout", "leave"})},
                .steps = {{0}, {1, false, 2 * kDay}, {2, true}},
                .within_ms = 7 * kDay,
                .window = Units(TimeWindow::Kind::kLast, 30, CalendarUnit::kDay)}));
  CheckPair(
      "sequences((view, click), then any event where type != \"x\"; events within 30 days)",
      Sequence(Op::kSequences,
               {.conditions = {Of({"view", "click"}),
                               Of({}, {Node(Op::kNotEqual, {Node(Op::kEventType), Text("x")})})},
                .steps = {{0}, {1}},
                .window = Within(30 * kDay)}));
  // Equal conditions are one.
  CheckPair("sequence(view, then order, then view)",
            Sequence(Op::kSequence, {.conditions = {view, order}, .steps = {{0}, {1}, {0}}}));
  // Those in another order, or twice, are named by their numbers.
  CheckPair("sequence(among order, view; 2, then 1 within 1 hour; within 1 day)",
            Sequence(Op::kSequence, {.conditions = {order, view},
                                     .steps = {{1}, {0, false, kDay / 24}},
                                     .within_ms = kDay}));
  CheckPair("sequence(among order, order; 1, directly 2)",
            Sequence(Op::kSequence, {.conditions = {order, order}, .steps = {{0}, {1, true}}}));
  CheckPair("sequence(order; among order)",
            Sequence(Op::kSequence, {.conditions = {order, order}, .steps = {{0}}}));
}

TEST_CASE("funnels have conditions, a bound and strictness") {
  const std::vector<EventQuery> conditions = {Of({"view"}), Of({"cart", "wish"}), Of({"view"})};
  CheckPair("funnel(view, (cart, wish), view within 2 days)",
            Sequence(Op::kFunnel, {.conditions = conditions, .within_ms = 2 * kDay}));
  CheckPair(
      "funnel(view, (cart, wish), view within 2 days; strict order, strict increase, strict "
      "deduplication; in last 30 days)",
      Sequence(Op::kFunnel, {.conditions = conditions,
                             .within_ms = 2 * kDay,
                             .deduplicate = true,
                             .in_order = true,
                             .increasing = true,
                             .window = Units(TimeWindow::Kind::kLast, 30, CalendarUnit::kDay)}));
  CheckPair(
      "funnel(view, (cart, wish), view within 2 days; events within 30 days)",
      Sequence(Op::kFunnel,
               {.conditions = conditions, .within_ms = 2 * kDay, .window = Within(30 * kDay)}));
  CHECK(Rewritten("funnel(view within 1 day; strict deduplication, strict order)") ==
        "funnel(view within 1 day; strict order, strict deduplication)");
}

// ---- Size and equality ----

TEST_CASE("the size of an expression counts all its parts") {
  const auto size = [](std::string_view text) {
    const ExpressionSize of = SizeOf(Parsed(text));
    return std::pair(of.nodes, of.depth);
  };
  CHECK(size("trait x") == std::pair<std::size_t, std::size_t>(1, 1));
  CHECK(size("not (trait x = 3 or no)") == std::pair<std::size_t, std::size_t>(6, 4));
  CHECK(size("did(order)") == std::pair<std::size_t, std::size_t>(2, 2));
  CHECK(size("sum(value of order where value > 1 CNY)") ==
        std::pair<std::size_t, std::size_t>(6, 4));
  CHECK(size("sequence(a, then b where yes; among c)") ==
        std::pair<std::size_t, std::size_t>(5, 3));
  Expression deep = TraitNamed("x");
  for (int i = 0; i < 10'000; ++i) {
    Expression around = Node(Op::kNot);
    around.args.push_back(std::move(deep));
    deep = std::move(around);
  }
  CHECK(SizeOf(deep).depth == 10'001);
}

TEST_CASE("equality looks at every part") {
  const std::string text =
      "sequence(view where property x = 3, then order within 2 days; among c; within 7 days; in "
      "last 30 days)";
  const Expression all = Parsed(text);
  CHECK(all == Parsed(text));
  for (const std::string_view other :
       {"sequences(view where property x = 3, then order within 2 days; among c; within 7 days; in "
        "last 30 days)",
        "sequence(view where property x = 4, then order within 2 days; among c; within 7 days; in "
        "last 30 days)",
        "sequence(view where property y = 3, then order within 2 days; among c; within 7 days; in "
        "last 30 days)",
        "sequence(view, then order within 2 days; among c; within 7 days; in last 30 days)",
        "sequence(view where property x = 3, directly order within 2 days; among c; within 7 days; "
        "in last 30 days)",
        "sequence(view where property x = 3, then order within 2 days; among d; within 7 days; in "
        "last 30 days)",
        "sequence(view where property x = 3, then order within 2 days; among c; within 8 days; in "
        "last 30 days)",
        "sequence(view where property x = 3, then order within 2 days; among c; within 7 days; in "
        "past 30 days)"})
    CHECK_FALSE(all == Parsed(other));
  CHECK_FALSE(Parsed("funnel(a within 1 day; strict order)") ==
              Parsed("funnel(a within 1 day; strict increase)"));
  CHECK_FALSE(Parsed("funnel(a within 1 day; strict deduplication)") ==
              Parsed("funnel(a within 1 day)"));
  CHECK_FALSE(Parsed("layer a of tag x") == Parsed("layer b of tag x"));
  CHECK_FALSE(Parsed("did(a within 1 day)") == Parsed("did(a)"));
  CHECK_FALSE(Parsed("anniversary of now in this day") ==
              Parsed("anniversary of now in this week"));
}

// ---- docs/segments.md ----

// The text with `trait x` for the operand x, and y.
std::string WithOperands(std::string_view text) {
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  std::string all;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool alone =
        (i == 0 || !is_word(text[i - 1])) && (i + 1 == text.size() || !is_word(text[i + 1]));
    if (alone && (text[i] == 'x' || text[i] == 'y')) all += "trait ";
    all += text[i];
  }
  return all;
}

void AddOps(const Expression& expression, std::set<Op>* ops) {
  ops->insert(expression.op);
  for (const Expression& arg : expression.args) AddOps(arg, ops);
}

TEST_CASE("what docs/segments.md shows is read, and it shows every operation") {
  std::ifstream file(POLYONYM_SOURCE_DIR "/docs/segments.md");
  REQUIRE(file.is_open());
  std::set<Op> ops;
  std::string line, block;
  bool in_block = false, in_table = false;
  std::size_t blocks = 0;
  while (std::getline(file, line)) {
    if (in_block && line == "```") {
      AddOps(Parsed(block), &ops);
      ++blocks;
      in_block = false;
    } else if (in_block) {
      block += line + "\n";
    } else if (line == "```segment") {
      block.clear();
      in_block = true;
    }
    in_table = line.starts_with("| text | ") || (in_table && line.starts_with("|"));
    if (!in_table || !line.starts_with("| `")) continue;
    // The code in the first cell.
    const std::string cell = line.substr(2, line.find(" |", 2) - 2);
    for (std::size_t at = 0; (at = cell.find('`', at)) != std::string::npos;) {
      const std::size_t end = cell.find('`', at + 1);
      REQUIRE(end != std::string::npos);
      AddOps(Parsed(WithOperands(cell.substr(at + 1, end - at - 1))), &ops);
      at = end + 1;
    }
  }
  CHECK(blocks >= 6);  // they are found at all
  for (int op = 0; op <= static_cast<int>(Op::kNear); ++op) {
    INFO(op);
    CHECK(ops.contains(static_cast<Op>(op)));
  }
}

// ---- Any text ----

// A text of the language with some of its bytes or pieces changed.
std::string Mutated(Random& random) {
  constexpr std::size_t kCount = std::size(kTexts);
  std::string text;
  for (std::uint64_t parts = 1 + random.Below(3); parts > 0; --parts) {
    if (!text.empty()) text += random.Pick<std::string>({" and ", " + ", " = ", " of ", ", "});
    text += kTexts[random.Below(kCount)].text;
  }
  for (std::uint64_t changes = 1 + random.Below(4); changes > 0; --changes) {
    const std::size_t at = random.Below(text.size() + 1);
    switch (random.Below(4)) {
      case 0:
        text.erase(at, 1 + random.Below(4));
        break;
      case 1:
        text.insert(at, 1, static_cast<char>(random.Below(256)));
        break;
      case 2:
        text.insert(at, random.Pick<std::string>({"(", ")", "\"", "-", "--", "not ", " in ", "\\",
                                                  "#", "\n", "9", ".", "e", " CNY", "张", ";"}));
        break;
      default: {
        const std::string_view other = kTexts[random.Below(kCount)].text;
        text.insert(at, other.substr(random.Below(other.size())));
      }
    }
  }
  return text;
}

TEST_CASE("any text is an expression that is written as it is read, or has an error with a place") {
  std::uint64_t read = 0, refused = 0;
  for (std::uint64_t seed = 1; seed <= 50'000; ++seed) {
    Random random(seed);
    const std::string text = Mutated(random);
    const auto parsed = ParseExpression(text);
    INFO("seed " << seed << "\n" << text);
    if (parsed.ok()) {
      ++read;
      const std::string once = WriteExpression(*parsed);
      const auto again = ParseExpression(once);
      INFO(once);
      REQUIRE(again.ok());
      REQUIRE(*again == *parsed);
      REQUIRE(WriteExpression(*again) == once);
      const ExpressionSize size = SizeOf(*parsed);
      REQUIRE(size.depth <= kMaxExpressionDepth);
      REQUIRE(size.nodes <= kMaxExpressionNodes);
      continue;
    }
    ++refused;
    const std::string message(parsed.status().message());
    std::size_t at = message.find_first_not_of("0123456789");
    REQUIRE(at != std::string_view::npos);
    REQUIRE(at > 0);
    REQUIRE(message[at] == ':');
    const std::size_t column = at + 1;
    at = message.find_first_not_of("0123456789", column);
    REQUIRE(at > column);
    REQUIRE(message.substr(at).starts_with(": expected "));
    REQUIRE(message.find("; found ") != std::string_view::npos);
  }
  // Both kinds are met.
  CHECK(read > 1'000);
  CHECK(refused > 1'000);
}

TEST_CASE("places count lines and characters from 1") {
  const std::string_view text = "ab\n张☕c\n";
  CHECK(PlaceIn(text, 0) == "1:1");
  CHECK(PlaceIn(text, 2) == "1:3");
  CHECK(PlaceIn(text, 3) == "2:1");
  CHECK(PlaceIn(text, 6) == "2:2");
  CHECK(PlaceIn(text, 9) == "2:3");
  CHECK(PlaceIn(text, 11) == "3:1");
  CHECK(PlaceIn(text, 1'000) == "3:1");
  CHECK(PlaceIn("", 0) == "1:1");
}

}  // namespace
}  // namespace polyonym::harness
