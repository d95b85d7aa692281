// What CheckExpression() takes, of which type, and where it says that it does not; what expressions read.
#include "polyonym/segment/check.h"

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "polyonym/segment/expression.h"
#include "polyonym/segment/text.h"

namespace polyonym {
namespace {

using harness::HoldsText;
using Op = ExpressionOp;
using Type = ExpressionType;

// ---- Definitions ----

TraitDefinition TraitOf(std::string name, ValueType type, Fold fold = Fold::kLatest) {
  TraitDefinition trait;
  trait.name = std::move(name);
  trait.type = type;
  trait.fold = fold;
  return trait;
}

Definitions SomeDefinitions() {
  Definitions d;
  d.traits = {TraitOf("city", ValueType::kText),
              TraitOf("height", ValueType::kNumber),
              TraitOf("visits", ValueType::kWhole, Fold::kSum),
              TraitOf("vip", ValueType::kFlag),
              TraitOf("joined", ValueType::kInstant),
              TraitOf("birthday", ValueType::kDate),
              TraitOf("salary", ValueType::kMoney),
              TraitOf("spent", ValueType::kMoney, Fold::kSum),
              TraitOf("hobbies", ValueType::kText, Fold::kUnion),
              TraitOf("sizes", ValueType::kNumber, Fold::kTopN),
              TraitOf("answers", ValueType::kList),
              TraitOf("all_answers", ValueType::kList, Fold::kUnion),
              TraitOf("cities", ValueType::kText, Fold::kDistinct),
              TraitOf("moves", ValueType::kText, Fold::kCount),
              TraitOf("heat", ValueType::kWhole, Fold::kDecayedSum)};
  EventTrait computed;
  computed.trait = TraitOf("last_order", ValueType::kInstant, Fold::kMax);
  d.event_traits = {computed};
  TagDefinition coffee;
  coffee.name = "coffee";
  coffee.topics = {"drinks"};
  coffee.layers = {{"gold", 5'000'000}};
  d.tags = {coffee};
  BehaviourTag bought;
  bought.name = "bought";
  bought.tag = "bought:";
  bought.tag_of = "product";
  BehaviourTag looked;
  looked.name = "looked";
  looked.tag = "curious";
  d.behaviours = {bought, looked};
  d.purposes = {{"ads", ConsentFold::kMostRestrictive, 0}};
  d.ladders = {{"lifecycle", {{"lead", {}}, {"customer", {}}}}};
  PurchaseScore value;
  value.name = "value";
  d.purchase_scores = {value};
  ChannelScore channels;
  channels.name = "channels";
  d.channel_scores = {channels};
  return d;
}

bool IsSegment(std::string_view name) { return name == "vip"; }

// The type, or what is wrong.
std::string Checked(const Expression& expression, std::string_view text = {}) {
  const auto type = CheckExpression(expression, SomeDefinitions(), IsSegment, text);
  return type.ok() ? std::string(ToString(*type)) : std::string(type.status().message());
}

std::string Checked(std::string_view text) {
  const auto expression = ParseExpression(text);
  INFO(expression.status().ToString());
  REQUIRE(expression.ok());
  return Checked(*expression, text);
}

bool IsType(const std::string& said) {
  for (int type = 0; type <= static_cast<int>(Type::kList); ++type)
    if (ToString(static_cast<Type>(type)) == said) return true;
  return false;
}

// ---- Trees ----

Expression Make(Op op, std::vector<Expression> args = {}) {
  Expression out;
  out.op = op;
  out.args = std::move(args);
  return out;
}

Expression Named(Op op, std::string name) {
  Expression out = Make(op);
  out.name = std::move(name);
  return out;
}

Expression Literal(Value value) {
  Expression out;
  out.value = std::move(value);
  return out;
}

Expression Yes() { return Literal({true}); }

Expression Query(Op op, EventQuery query = {}) {
  Expression out = Make(op);
  out.events = {std::move(query)};
  return out;
}

Expression Sequence(Op op, EventSequence sequence) {
  Expression out = Make(op);
  out.sequence = {std::move(sequence)};
  return out;
}

EventSequence TwoSteps() {
  EventSequence out;
  out.conditions = {{{"view"}, {}, {}}, {{"order"}, {}, {}}};
  out.steps = {{0, false, 0}, {1, true, 1000}};
  return out;
}

EventSequence TwoPassed() {
  EventSequence out = TwoSteps();
  out.steps.clear();
  out.within_ms = 1000;
  return out;
}

TimeWindow Window(TimeWindow::Kind kind, std::function<void(TimeWindow*)> change = nullptr) {
  TimeWindow out;
  out.kind = kind;
  if (change) change(&out);
  return out;
}

std::string WithWindow(TimeWindow::Kind kind, std::function<void(TimeWindow*)> change = nullptr) {
  return Checked(Query(Op::kDid, {{}, {}, Window(kind, std::move(change))}));
}

template <class Change>
std::string Changed(Expression expression, const Change& change) {
  change(&expression);
  return Checked(expression);
}

// ---- Types ----

TEST_CASE("every operator has the type that expression.h states", "[segment][check]") {
  const std::vector<std::pair<std::string, std::string>> kTypes = {
      {"\"a\"", "text"},
      {"1.5", "number"},
      {"yes", "flag"},
      {"19.99 CNY", "money"},
      {"2026-11-28T09:00:00Z", "instant"},
      {"2001-02-28", "date"},
      {"30 days", "duration"},
      {"now", "instant"},
      {"not trait vip and trait vip or trait city is known", "flag"},
      {"trait city >= \"a\"", "flag"},
      {"trait vip = no", "flag"},
      {"trait city in (\"a\", \"b\")", "flag"},
      {"trait height in (1, 2.5)", "flag"},
      {"trait city contains \"a\" or trait city starts with \"a\" or trait city ends with \"a\"",
       "flag"},
      {"trait hobbies contains \"chess\" or trait sizes contains 3", "flag"},
      {"trait answers contains 3 and trait all_answers contains \"a\"", "flag"},
      {"trait hobbies matches \"^ch\" or trait city matches \"x+\"", "flag"},
      {"1 + 2 * 3 / 4 - -trait height", "number"},
      {"now - trait joined", "duration"},
      {"now - 3 days + 1 day", "instant"},
      {"-(1 day - 2 days) * 3 / 2", "duration"},
      {"1 day / 2 days", "number"},
      {"trait spent - 3 CNY + 4 CNY * 1.5", "money"},
      {"days since now + years since trait birthday + days to anniversary of trait birthday",
       "number"},
      {"year of now + month of now + day of trait birthday + weekday of now + hour of now",
       "number"},
      {"anniversary of trait birthday in this month", "flag"},
      {"has phone", "flag"},
      {"identifiers wechat.openid", "list"},
      {"identifiers phone contains \"1\"", "flag"},
      {"size of trait hobbies", "number"},
      {"trait visits", "number"},
      {"trait spent", "money"},
      {"trait hobbies", "list"},
      {"trait cities", "number"},
      {"trait moves", "number"},
      {"trait heat", "number"},
      {"trait last_order", "instant"},
      {"tag coffee", "flag"},
      {"score of tag coffee + count of tag coffee", "number"},
      {"last of tag coffee - first of tag coffee", "duration"},
      {"place of tag coffee", "text"},
      {"layer gold of tag coffee", "flag"},
      {"tags of class interest contains \"coffee\" or tags of topic drinks contains \"coffee\"",
       "flag"},
      {"consent ads", "text"},
      {"conflict of consent ads", "flag"},
      {"stage of lifecycle", "text"},
      {"highest stage of lifecycle", "text"},
      {"entered stage of lifecycle", "instant"},
      {"state of score value", "text"},
      {"alive of score value", "number"},
      {"expected_value of score value", "money"},
      {"total of score value", "money"},
      {"due of score value", "instant"},
      {"share phone of score channels", "number"},
      {"top of score channels", "text"},
      {"completeness", "number"},
      {"relations invites", "number"},
      {"relation invites to \"crm:7\"", "flag"},
      {"in segment vip", "flag"},
      {"bucket \"salt\"", "number"},
      {"did(order)", "flag"},
      {"count(order within 30 days)", "number"},
      {"sum(value of order)", "money"},
      {"average(3 of order)", "number"},
      {"min(time of order)", "instant"},
      {"max(now - time of order)", "duration"},
      {"first(place of order)", "text"},
      {"last(time of order)", "instant"},
      {"distinct(property product of order)", "number"},
      {"sequence(view, then order)", "flag"},
      {"sequences(view, then order)", "number"},
      {"funnel(view, order within 2 days)", "number"},
      {"did(order where near(31.23, -121.47, 500) and channel = \"phone\" and mode = \"manual\")",
       "flag"},
      {"did(order where time > first(time of view))", "flag"},
  };
  for (const auto& [text, type] : kTypes) {
    CAPTURE(text);
    CHECK(Checked(text) == type);
  }
}

TEST_CASE("a property fits wherever one of its types does, and nowhere else", "[segment][check]") {
  for (const std::string text : {
           "did(order where property paid)",
           "did(order where property price > 3 and property price > 3 CNY)",
           "did(order where property price = property cost)",
           "did(order where property price * 2 + 1 > 3)",
           "did(order where now - property at < 3 days)",
           "did(order where property products contains \"a\" or property name starts with \"a\")",
           "did(order where size of property products > 3)",
           "did(order where property name in (\"a\", \"b\"))",
           "max(property price of order) > 3",
           "last(property at of order) > now",
       }) {
    CAPTURE(text);
    CHECK(Checked(text) == "flag");
  }
  CHECK(Checked("sum(property price of order)") == "number");
  CHECK(Checked("first(property vip of order)") == "flag");
  CHECK_THAT(Checked("did(order where property wait > 3 days)"), HoldsText("compares"));
  CHECK_THAT(Checked("did(order where property name in (\"a\", 3))"), HoldsText("`in` takes"));
  CHECK_THAT(Checked("did(order where property price * 2)"), HoldsText("`where` takes a flag"));
}

TEST_CASE("types that do not fit are said with their place", "[segment][check]") {
  const std::vector<std::pair<std::string, std::string>> kFaults = {
      {"trait city = 3", "1:1: `=` compares values of one type; found text and number"},
      {"trait vip < yes",
       "1:1: `<` takes number, text, instant, duration, date or money; found flag"},
      {"trait hobbies = trait hobbies", "found list"},
      {"trait vip and\n trait city", "2:2: `and` takes flag; found text"},
      {"not trait height", "1:5: `not` takes flag; found number"},
      {"trait city in (1, 2)",
       "`in` takes literals of the type that is compared; found text and number"},
      {"trait hobbies contains 3", "`contains` is asked of a list of text; found number"},
      {"trait hobbies contains trait city", "takes a literal behind a list"},
      {"trait city contains 3", "found text and number"},
      {"trait sizes matches \"a\"", "found a list of number"},
      {"trait height matches \"a\"", "found number"},
      {"trait height starts with \"a\"", "found number"},
      {"now + now", "found instant and instant"},
      {"3 days * 2 days", "found duration and duration"},
      {"3 * 2 days", "found number and duration"},
      {"trait spent / 2", "found money and number"},
      {"-now", "`-` takes number, duration or money; found instant"},
      {"days since 3", "`days since` takes instant or date; found number"},
      {"hour of trait birthday", "`hour of` takes instant; found date"},
      {"size of trait city", "`size of` takes list; found text"},
      {"sum(place of order)", "`sum` takes number or money; found text"},
      {"min(trait vip of order)", "`min` takes"},
      {"did(order where 3)", "1:17: `where` takes a flag; found number"},
  };
  for (const auto& [text, what] : kFaults) {
    CAPTURE(text);
    CHECK_THAT(Checked(text), HoldsText(what));
  }
}

// ---- Names ----

TEST_CASE("names that nothing defines are refused", "[segment][check]") {
  const std::vector<std::pair<std::string, std::string>> kFaults = {
      {"trait citty", "1:1: trait \"citty\" is not defined"},
      {"tag cofee", "tag \"cofee\" is not defined"},
      {"layer silver of tag coffee", "tag \"coffee\" has no layer \"silver\""},
      {"layer gold of tag curious", "tag \"curious\" has no layer \"gold\""},
      {"tags of class hobby", "must be basic, social, interest or interaction"},
      {"tags of topic sport", "topic \"sport\" is of no tag"},
      {"consent email", "purpose \"email\" is not defined"},
      {"stage of funnel", "ladder \"funnel\" is not defined"},
      {"alive of score channels", "purchase score \"channels\" is not defined"},
      {"top of score value", "channel score \"value\" is not defined"},
      {"in segment loyal", "segment \"loyal\" is not defined"},
      {"has \"a b\"", "namespace \"a b\" must be"},
      {"identifiers \"phone/\"", "namespace \"phone/\" must be"},
      {"share \"a b\" of score channels", "the channel must be a namespace"},
      {"relation invites to \"seven\"", "must be an identifier"},
      {"trait city matches \"(\"", "the pattern is none of RE2"},
      {"trait city matches \"((a{100}){100}){100}\"", "the pattern is none of RE2"},
  };
  for (const auto& [text, what] : kFaults) {
    CAPTURE(text);
    CHECK_THAT(Checked(text), HoldsText(what));
  }
  CHECK_THAT(Checked("relation invites to \"seven\""), !HoldsText("seven"));
  CHECK_THAT(Checked("trait city matches \"(Wang\""), !HoldsText("Wang"));
  CHECK_FALSE(CheckExpression(Named(Op::kInSegment, "vip"), SomeDefinitions(), nullptr).ok());
}

TEST_CASE("a tag that a behaviour gives needs no definition where such are shown",
          "[segment][check]") {
  CHECK(Checked("tag \"bought:tea\"") == "flag");
  CHECK(Checked("tag curious") == "flag");
  CHECK_THAT(Checked("tag \"bought\""), HoldsText("is not defined"));
  CHECK_THAT(Checked("tag curiouser"), HoldsText("is not defined"));
  Definitions hidden = SomeDefinitions();
  hidden.show_undefined = false;
  CHECK_FALSE(CheckExpression(Named(Op::kTag, "bought:tea"), hidden, IsSegment).ok());
  CHECK(CheckExpression(Named(Op::kTag, "coffee"), hidden, IsSegment).ok());
}

TEST_CASE("names are UTF-8 of 1 to 128 bytes", "[segment][check]") {
  for (const Op op : {Op::kTrait, Op::kTag, Op::kConsent, Op::kStage, Op::kRelations, Op::kBucket,
                      Op::kHas, Op::kInSegment}) {
    for (const std::string& name : {std::string(), std::string(129, 'a'), std::string("\xff")}) {
      CAPTURE(static_cast<int>(op), name.size());
      CHECK_THAT(Checked(Named(op, name)), HoldsText("must be UTF-8 of 1 to 128 bytes"));
    }
  }
  CHECK(IsType(Checked(Named(Op::kBucket, std::string(128, 'a')))));
  CHECK_FALSE(IsType(Checked(Query(Op::kDid, {{""}, {}, {}}))));
  CHECK_FALSE(IsType(Checked(Query(Op::kDid, {{std::string(129, 'a')}, {}, {}}))));
  CHECK_FALSE(IsType(Checked(Query(Op::kDid, {std::vector<std::string>(1025, "a"), {}, {}}))));
  CHECK_FALSE(IsType(Changed(Make(Op::kMatches, {Named(Op::kTrait, "city")}),
                             [](Expression* e) { e->name = "\xff"; })));
}

// ---- Shapes ----

TEST_CASE("an operator has its own number of arguments", "[segment][check]") {
  for (int op = 0; op <= static_cast<int>(Op::kNear); ++op) {
    CAPTURE(op);
    const bool may_have_four = op == static_cast<int>(Op::kAnd) || op == static_cast<int>(Op::kOr);
    const std::string said = Checked(Make(static_cast<Op>(op), {Yes(), Yes(), Yes(), Yes()}));
    CHECK(IsType(said) == may_have_four);
  }
  for (const Op op : {Op::kNot, Op::kAnd, Op::kOr, Op::kIsKnown, Op::kEqual, Op::kIn, Op::kAdd,
                      Op::kNegate, Op::kDaysSince, Op::kSize}) {
    CAPTURE(static_cast<int>(op));
    CHECK_FALSE(IsType(Checked(Make(op))));
  }
  CHECK_FALSE(IsType(Checked(Make(Op::kAnd, {Yes()}))));
  CHECK_THAT(Checked(Query(Op::kSum)), HoldsText("`sum` has 1 argument; found 0"));
  CHECK_FALSE(IsType(Checked(Make(static_cast<Op>(200)))));
  CHECK_FALSE(IsType(Checked(Make(static_cast<Op>(static_cast<int>(Op::kNear) + 1)))));
}

TEST_CASE("fields that an operator has not are refused", "[segment][check]") {
  const Expression now = Make(Op::kNow);
  CHECK(Checked(now) == "instant");
  CHECK_THAT(Changed(now, [](Expression* e) { e->value = {true}; }), HoldsText("now.value: `now`"));
  CHECK_THAT(Changed(now, [](Expression* e) { e->name = "a"; }), HoldsText("has no name"));
  CHECK_THAT(Changed(now, [](Expression* e) { e->field = "a"; }), HoldsText("has no field"));
  CHECK_THAT(Changed(now, [](Expression* e) { e->events = {{}}; }), HoldsText("has no events"));
  CHECK_THAT(Changed(now, [](Expression* e) { e->sequence = {TwoSteps()}; }),
             HoldsText("has no sequence"));
  CHECK_THAT(Changed(now, [](Expression* e) { e->window.kind = TimeWindow::Kind::kLast; }),
             HoldsText("has no window of its own"));
  CHECK_THAT(Checked(Make(Op::kDid)), HoldsText("has one query"));
  CHECK_THAT(Checked(Make(Op::kFunnel)), HoldsText("has one sequence"));
  CHECK_THAT(Changed(Query(Op::kCount), [](Expression* e) { e->events.emplace_back(); }),
             HoldsText("has one query"));
}

TEST_CASE("literals are values that an expression can hold", "[segment][check]") {
  CHECK_FALSE(IsType(Checked(Literal({}))));
  CHECK_FALSE(IsType(Checked(Literal({ValueList{{true}}}))));
  CHECK_FALSE(IsType(Checked(Literal({std::numeric_limits<double>::quiet_NaN()}))));
  CHECK_FALSE(IsType(Checked(Literal({std::numeric_limits<double>::infinity()}))));
  CHECK_FALSE(IsType(Checked(Literal({std::string("\xc3")}))));
  CHECK_FALSE(IsType(Checked(Literal({Money{1, "cny"}}))));
  CHECK_FALSE(IsType(Checked(Literal({Instant{253'402'300'800'000}}))));
  CHECK(Checked(Literal({Instant{253'402'300'799'999}})) == "instant");
  CHECK_FALSE(IsType(Checked(Literal({Date{2001, 2, 29, Calendar::kSolar, false}}))));
  CHECK(Checked(Literal({Date{{}, 2, 29, Calendar::kSolar, false}})) == "date");
  CHECK(Checked(Literal({std::numeric_limits<std::int64_t>::min()})) == "number");

  const auto duration = [](Value value) {
    Expression out = Make(Op::kDuration);
    out.value = std::move(value);
    return Checked(out);
  };
  CHECK(duration({std::int64_t{0}}) == "duration");
  CHECK_FALSE(IsType(duration({std::int64_t{-1}})));
  CHECK_FALSE(IsType(duration({1.0})));

  const auto in = [](Value value) {
    Expression out = Make(Op::kIn, {Named(Op::kTrait, "height")});
    out.value = std::move(value);
    return Checked(out);
  };
  CHECK(in({ValueList{{1.0}, {std::int64_t{2}}}}) == "flag");
  CHECK(in({ValueList(1024, {1.0})}) == "flag");
  CHECK_FALSE(IsType(in({ValueList(1025, {1.0})})));
  CHECK_FALSE(IsType(in({ValueList{}})));
  CHECK_FALSE(IsType(in({1.0})));
  CHECK_FALSE(IsType(in({ValueList{{ValueList{{1.0}}}}})));
}

TEST_CASE("near is of three literals on the globe", "[segment][check]") {
  const auto near = [](std::vector<Expression> args) {
    EventQuery query;
    query.where = {Make(Op::kNear, std::move(args))};
    return Checked(Query(Op::kDid, std::move(query)));
  };
  const auto whole = [](std::int64_t number) { return Literal({number}); };
  CHECK(near({whole(-90), Literal({180.0}), whole(0)}) == "flag");
  CHECK_THAT(near({whole(91), whole(0), whole(0)}), HoldsText("latitude"));
  CHECK_THAT(near({whole(0), Literal({-180.5}), whole(0)}), HoldsText("longitude"));
  CHECK_THAT(near({whole(0), whole(0), whole(-1)}), HoldsText("metres"));
  CHECK_FALSE(IsType(near({whole(0), whole(0), Make(Op::kCompleteness)})));
  CHECK_FALSE(IsType(near({whole(0), whole(0), Yes()})));
}

TEST_CASE("the event at hand is there in where and before of alone", "[segment][check]") {
  for (int op = static_cast<int>(Op::kEventTime); op <= static_cast<int>(Op::kEventProperty);
       ++op) {
    Expression at_hand = Make(static_cast<Op>(op));
    if (at_hand.op == Op::kEventProperty) at_hand.name = "price";
    CAPTURE(op);
    const Expression known = Make(Op::kIsKnown, {at_hand});
    CHECK_THAT(Checked(known), HoldsText("is of an event"));
    CHECK(Checked(Query(Op::kDid, {{}, {known}, {}})) == "flag");
    EventSequence sequence = TwoSteps();
    sequence.conditions[1].where = {known};
    CHECK(Checked(Sequence(Op::kSequence, sequence)) == "flag");
    Expression distinct = Query(Op::kDistinct);
    distinct.args = {at_hand};
    CHECK(Checked(distinct) == "number");
  }
}

TEST_CASE("a query has one condition at most", "[segment][check]") {
  CHECK_FALSE(IsType(Checked(Query(Op::kDid, {{}, {Yes(), Yes()}, {}}))));
}

TEST_CASE("sequences have the steps and bounds that their operator has", "[segment][check]") {
  const Expression sequence = Sequence(Op::kSequence, TwoSteps());
  const Expression funnel = Sequence(Op::kFunnel, TwoPassed());
  CHECK(Checked(sequence) == "flag");
  CHECK(Checked(Sequence(Op::kSequences, TwoSteps())) == "number");
  CHECK(Checked(funnel) == "number");
  const std::int64_t century = std::int64_t{100} * 366 * 86'400'000;
  const auto is_refused = [](const Expression& from, auto change) {
    return !IsType(Changed(from, [&](Expression* e) { change(e->sequence[0]); }));
  };
  using S = EventSequence;
  CHECK(is_refused(sequence, [](S& s) { s.conditions.clear(); }));
  CHECK(is_refused(sequence, [](S& s) { s.conditions.resize(33); }));
  CHECK(is_refused(sequence, [](S& s) { s.conditions[1].window.kind = TimeWindow::Kind::kLast; }));
  CHECK(is_refused(sequence, [](S& s) { s.conditions[0].types = {""}; }));
  CHECK(is_refused(sequence, [](S& s) { s.steps.clear(); }));
  CHECK(is_refused(sequence, [](S& s) { s.steps.resize(33); }));
  CHECK(is_refused(sequence, [](S& s) { s.steps[1].condition = 2; }));
  CHECK(is_refused(sequence, [](S& s) { s.steps[0].directly = true; }));
  CHECK(is_refused(sequence, [](S& s) { s.steps[0].within_ms = 1; }));
  CHECK(is_refused(sequence, [](S& s) { s.steps[1].within_ms = -1; }));
  CHECK(is_refused(sequence, [&](S& s) { s.steps[1].within_ms = century + 1; }));
  CHECK(is_refused(sequence, [&](S& s) { s.within_ms = century + 1; }));
  CHECK(is_refused(sequence, [](S& s) { s.within_ms = -1; }));
  CHECK(is_refused(sequence, [](S& s) { s.deduplicate = true; }));
  CHECK(is_refused(sequence, [](S& s) { s.in_order = true; }));
  CHECK(is_refused(sequence, [](S& s) { s.increasing = true; }));
  CHECK(is_refused(sequence, [](S& s) { s.window.span_ms = 1; }));
  CHECK(is_refused(funnel, [](S& s) { s.steps = {{0, false, 0}}; }));
  CHECK(is_refused(funnel, [](S& s) { s.within_ms = 0; }));
  CHECK(is_refused(funnel, [](S& s) { s.conditions.clear(); }));
  CHECK(is_refused(funnel, [](S& s) { s.window.kind = static_cast<TimeWindow::Kind>(9); }));
  CHECK_FALSE(is_refused(funnel, [](S& s) { s.deduplicate = s.in_order = s.increasing = true; }));
}

TEST_CASE("windows are in range, and have what their kind has", "[segment][check]") {
  using Kind = TimeWindow::Kind;
  CHECK(WithWindow(Kind::kEver) == "flag");
  CHECK(WithWindow(Kind::kWithin, [](TimeWindow* w) { w->span_ms = 1; }) == "flag");
  CHECK(WithWindow(Kind::kLast) == "flag");
  CHECK(WithWindow(Kind::kPast, [](TimeWindow* w) { w->count = 10'000; }) == "flag");
  CHECK(WithWindow(Kind::kBetween, [](TimeWindow* w) { w->from_ms = 0; }) == "flag");
  CHECK(WithWindow(Kind::kBetween, [](TimeWindow* w) { w->to_ms = 0; }) == "flag");
  const std::vector<std::pair<Kind, std::function<void(TimeWindow*)>>> kFaults = {
      {Kind::kEver, [](TimeWindow* w) { w->span_ms = 1; }},
      {Kind::kEver, [](TimeWindow* w) { w->unit = CalendarUnit::kWeek; }},
      {Kind::kWithin, nullptr},
      {Kind::kWithin, [](TimeWindow* w) { w->span_ms = std::int64_t{101} * 366 * 86'400'000; }},
      {Kind::kWithin, [](TimeWindow* w) { w->span_ms = w->count = 2; }},
      {Kind::kLast, [](TimeWindow* w) { w->count = 0; }},
      {Kind::kLast, [](TimeWindow* w) { w->count = 10'001; }},
      {Kind::kPast, [](TimeWindow* w) { w->unit = static_cast<CalendarUnit>(6); }},
      {Kind::kPast, [](TimeWindow* w) { w->from_ms = 1; }},
      {Kind::kBetween, nullptr},
      {Kind::kBetween, [](TimeWindow* w) { w->from_ms = w->to_ms = 1; }},
      {Kind::kBetween, [](TimeWindow* w) { w->to_ms = 253'402'300'800'000; }},
      {static_cast<Kind>(5), nullptr},
  };
  for (std::size_t i = 0; i < kFaults.size(); ++i) {
    CAPTURE(i);
    CHECK_THAT(WithWindow(kFaults[i].first, kFaults[i].second), HoldsText("did.window: "));
  }
}

TEST_CASE("an anniversary is in one unit of a day or more", "[segment][check]") {
  Expression anniversary = Make(Op::kAnniversaryIn, {Named(Op::kTrait, "birthday")});
  anniversary.window = Window(TimeWindow::Kind::kLast);
  CHECK(Checked(anniversary) == "flag");
  const auto is_refused = [&](auto change) {
    return !IsType(Changed(anniversary, [&](Expression* e) { change(e->window); }));
  };
  CHECK(is_refused([](TimeWindow& w) { w.count = 2; }));
  CHECK(is_refused([](TimeWindow& w) { w.unit = CalendarUnit::kHour; }));
  CHECK(is_refused([](TimeWindow& w) { w.unit = static_cast<CalendarUnit>(6); }));
  CHECK(is_refused([](TimeWindow& w) { w.kind = TimeWindow::Kind::kPast; }));
  CHECK(is_refused([](TimeWindow& w) { w = {}; }));
}

TEST_CASE("bounds of the whole are held without going down", "[segment][check]") {
  Expression deep = Yes();
  for (std::size_t depth = 1; depth < kMaxExpressionDepth; ++depth) deep = Make(Op::kNot, {deep});
  CHECK(Checked(deep) == "flag");
  CHECK_THAT(Checked(Make(Op::kNot, {deep})), HoldsText("levels deep"));
  const Expression wide = Make(Op::kAnd, std::vector<Expression>(kMaxExpressionNodes - 1, Yes()));
  CHECK(Checked(wide) == "flag");
  CHECK_THAT(Checked(Make(Op::kNot, {wide})), HoldsText("4,096"));

  const std::string half(kMaxExpressionBytes / 2, 'a');
  const Expression one = Make(Op::kEqual, {Named(Op::kTrait, "city"), Literal({half})});
  CHECK(Checked(one) == "flag");
  CHECK_THAT(Checked(Make(Op::kAnd, {one, one})), HoldsText("64 KiB"));
  Expression in = Make(Op::kIn, {Named(Op::kTrait, "height")});
  in.value = {ValueList(1024, {1.0})};
  CHECK_THAT(Checked(Make(Op::kOr, std::vector<Expression>(40, in))), HoldsText("64 KiB"));
}

// ---- Places ----

TEST_CASE("faults of trees that were not parsed have a path", "[segment][check]") {
  const Expression city = Named(Op::kTrait, "city");
  CHECK_THAT(Checked(Make(Op::kAnd, {Yes(), Query(Op::kDid, {{}, {city}, {}})})),
             HoldsText("and[1].did.where.trait: "));
  CHECK_THAT(Checked(Make(Op::kNot, {Make(Op::kEqual, {city, Yes()})})), HoldsText("not.equal: "));
  EventSequence sequence = TwoSteps();
  sequence.conditions[1].where = {Make(Op::kNot, {city})};
  CHECK_THAT(Checked(Sequence(Op::kSequence, sequence)),
             HoldsText("sequence.conditions[1].where.not.trait: "));
  sequence = TwoSteps();
  sequence.steps[1].condition = 7;
  CHECK_THAT(Checked(Sequence(Op::kSequence, sequence)),
             HoldsText("sequence.steps[1].condition: "));
  Expression sum = Query(Op::kSum);
  sum.args = {Make(Op::kEventPlace)};
  CHECK_THAT(Checked(sum), HoldsText("sum.place: "));
}

TEST_CASE("without the text places of a parsed tree are paths too", "[segment][check]") {
  const auto parsed = ParseExpression("trait vip and trait citty = 3");
  REQUIRE(parsed.ok());
  CHECK_THAT(Checked(*parsed), HoldsText("and[1].equal[0].trait"));
  CHECK_THAT(Checked(*parsed, "trait vip and trait citty = 3"), HoldsText("1:15: "));
}

// ---- Inputs ----

std::uint32_t Inputs(std::string_view text, const Definitions& definitions = SomeDefinitions()) {
  const auto expression = ParseExpression(text);
  REQUIRE(expression.ok());
  return InputsOf(*expression, definitions);
}

TEST_CASE("inputs are the parts of the profile that are read", "[segment][check]") {
  CHECK(Inputs("has phone") == kInputIdentifiers);
  CHECK(Inputs("trait city is known") == kInputTraits);
  CHECK(Inputs("trait heat > 1") == (kInputTraits | kInputClock));
  CHECK(Inputs("tag coffee") == (kInputTags | kInputClock));
  CHECK(Inputs("did(order)") == kInputEvents);
  CHECK(Inputs("did(order where trait vip)") == (kInputEvents | kInputTraits));
  CHECK(Inputs("did(order within 3 days)") == (kInputEvents | kInputClock));
  CHECK(Inputs("did(order in last 3 days)") == (kInputEvents | kInputClock));
  CHECK(Inputs("did(order in past 3 days)") == (kInputEvents | kInputClock));
  CHECK(Inputs("did(order from 2026-01-01T00:00:00Z)") == kInputEvents);
  CHECK(Inputs("sequence(view, then order where has phone)") == (kInputEvents | kInputIdentifiers));
  CHECK(Inputs("consent ads = \"granted\"") == kInputConsents);
  CHECK(Inputs("stage of lifecycle = \"lead\"") == kInputLadders);
  CHECK(Inputs("alive of score value > 0.5") == (kInputScores | kInputClock));
  CHECK(Inputs("purchases of score value > 3") == kInputScores);
  CHECK(Inputs("relations invites > 3") == kInputRelations);
  CHECK(Inputs("in segment vip") == kInputSegments);
  CHECK(Inputs("bucket \"a\" < 0.5") == kInputAnchor);
  CHECK(Inputs("years since trait birthday > 18") == (kInputTraits | kInputClock));
  CHECK(Inputs("year of trait birthday = 2001") == kInputTraits);
  CHECK(Inputs("completeness > 0.5") == kInputTraits);
  CHECK(Inputs("yes") == 0);
}

TEST_CASE("definitions with windows and ends make inputs move", "[segment][check]") {
  Definitions moving = SomeDefinitions();
  moving.traits[0].window_ms = 1;
  moving.traits[0].completeness_weight = 1;
  moving.purposes[0].valid_ms = 1;
  moving.ladders[0].stages[1].conditions = {{{}, 1, 1, 1}};
  for (const std::string_view text :
       {"trait city is known", "consent ads = \"denied\"", "conflict of consent ads",
        "stage of lifecycle = \"lead\"", "highest stage of lifecycle = \"lead\"",
        "completeness = 1"}) {
    CAPTURE(std::string(text));
    CHECK((Inputs(text, moving) & kInputClock) != 0);
    CHECK((Inputs(text) & kInputClock) == 0);
  }
}

TEST_CASE("segments that are asked for are listed once, sorted", "[segment][check]") {
  const auto expression = ParseExpression(
      "in segment b and (in segment a or did(order where in segment c)) and in segment b");
  REQUIRE(expression.ok());
  CHECK(SegmentsIn(*expression) == std::vector<std::string>{"a", "b", "c"});
  CHECK(SegmentsIn(Yes()).empty());
}

}  // namespace
}  // namespace polyonym
