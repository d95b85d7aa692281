// Expressions as protobuf and as JSON: they come back as they were, and what is no expression does not come in.
#include "polyonym/codec/segment.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"

#include "absl/status/status.h"
#include "codec/random_records.h"
#include "harness/random.h"
#include "harness/random_expression.h"
#include "harness/random_facts.h"
#include "polyonym/segment/text.h"

namespace polyonym::harness {
namespace {

constexpr std::size_t kOps = static_cast<std::size_t>(ExpressionOp::kNear) + 1;

// ---- Expressions ----

Expression Of(ExpressionOp op, std::string name = {}) {
  Expression expression;
  expression.op = op;
  expression.name = std::move(name);
  return expression;
}

Expression Literal(Value value) {
  Expression expression;
  expression.value = std::move(value);
  return expression;
}

Expression Over(ExpressionOp op, std::vector<Expression> args) {
  Expression expression = Of(op);
  expression.args = std::move(args);
  return expression;
}

// count(order, refund in last 2 months where value > 19.99 CNY)
Expression CountOfOrders() {
  Expression count = Of(ExpressionOp::kCount);
  EventQuery& query = count.events.emplace_back();
  query.types = {"order", "refund"};
  query.where = {
      Over(ExpressionOp::kGreater, {Of(ExpressionOp::kEventValue), Literal({Money{1999, "CNY"}})})};
  query.window.kind = TimeWindow::Kind::kLast;
  query.window.unit = CalendarUnit::kMonth;
  query.window.count = 2;
  return count;
}

// Every field of sequences, steps and windows.
Expression Sequence() {
  Expression expression = Of(ExpressionOp::kSequence);
  EventSequence& sequence = expression.sequence.emplace_back();
  sequence.conditions.resize(2);
  sequence.conditions[0].types = {"view"};
  sequence.conditions[1].where = {Of(ExpressionOp::kDid)};
  sequence.steps = {{0, false, 0}, {1, true, 60'000}, {1, false, 1}};
  sequence.within_ms = 3'600'000;
  sequence.deduplicate = true;
  sequence.in_order = true;
  sequence.increasing = true;
  sequence.window.kind = TimeWindow::Kind::kBetween;
  sequence.window.from_ms = 0;
  sequence.window.to_ms = -1;
  return expression;
}

// Of `levels` levels, by arguments, by conditions of events, or by those of sequences: these are levels too.
enum class Way { kArgs, kWhere, kSequence };
Expression Above(Way way, EventQuery query) {
  Expression above = Of(ExpressionOp::kNot);
  if (way == Way::kWhere) above.events.push_back(std::move(query));
  if (way == Way::kSequence) above.sequence.emplace_back().conditions.push_back(std::move(query));
  return above;
}
Expression Nested(Way way, std::size_t levels) {
  if (levels == 1) return Literal({true});
  if (way == Way::kArgs) return Over(ExpressionOp::kNot, {Nested(way, levels - 1)});
  EventQuery query;
  if (levels > 2) query.where.push_back(Nested(way, levels - 2));
  return Above(way, std::move(query));
}

TimeWindow RandomWindow(Random& random) {
  TimeWindow window;
  window.kind = static_cast<TimeWindow::Kind>(random.Below(5));
  window.span_ms = RandomWhole(random);
  window.unit = static_cast<CalendarUnit>(random.Below(6));
  window.count = static_cast<std::uint32_t>(random.Below(3));
  if (random.Chance(50)) window.from_ms = RandomWhole(random);
  if (random.Chance(50)) window.to_ms = RandomWhole(random);
  return window;
}

Value RandomLiteral(Random& random, std::size_t lists) {
  switch (random.Below(lists > 0 ? 8 : 7)) {
    case 0:
      return {RandomText(random)};
    case 1:
      return {
          random.Pick(std::vector<double>{0.0, 0.1, -2.5, 1e21, 5e-324, -1.7976931348623157e308})};
    case 2:
      return {random.Chance(50)};
    case 3:
      return {Instant{RandomWhole(random)}};
    case 4:
      return random.Chance(50) ? Value{Date{{}, 2, 29, Calendar::kSolar, false}}
                               : Value{Date{2023, 2, 8, Calendar::kChinese, true}};
    case 5:
      return {RandomWhole(random)};
    case 6:
      return {Money{RandomWhole(random), random.Chance(50) ? "CNY" : "JPY"}};
    default: {
      ValueList list;
      for (std::uint64_t i = random.Below(4); i > 0; --i)
        list.push_back(RandomLiteral(random, lists - 1));
      return {std::move(list)};
    }
  }
}

Expression RandomTree(Random& random, std::size_t levels);

EventQuery RandomQuery(Random& random, std::size_t levels) {
  EventQuery query;
  for (std::uint64_t i = random.Below(3); i > 0; --i) query.types.push_back(RandomText(random));
  for (std::uint64_t i = levels > 0 ? random.Below(3) : 0; i > 0; --i)
    query.where.push_back(RandomTree(random, levels - 1));
  if (random.Chance(50)) query.window = RandomWindow(random);
  return query;
}

// Of any shape, also those that no operator has.
Expression RandomTree(Random& random, std::size_t levels) {
  Expression expression = Of(static_cast<ExpressionOp>(random.Below(kOps)), RandomText(random));
  expression.field = RandomText(random);
  if (random.Chance(60)) expression.value = RandomLiteral(random, kMaxFactListDepth);
  if (random.Chance(30)) expression.window = RandomWindow(random);
  if (levels == 0) return expression;
  for (std::uint64_t i = random.Below(4); i > 0; --i)
    expression.args.push_back(RandomTree(random, levels - 1));
  if (random.Chance(40)) expression.events.push_back(RandomQuery(random, levels - 1));
  if (random.Chance(40)) {
    EventSequence& sequence = expression.sequence.emplace_back();
    for (std::uint64_t i = random.Below(3); i > 0; --i)
      sequence.conditions.push_back(RandomQuery(random, levels - 1));
    for (std::uint64_t i = random.Below(3); i > 0; --i)
      sequence.steps.push_back(
          {static_cast<std::uint32_t>(random.Below(3)), random.Chance(50), RandomWhole(random)});
    sequence.within_ms = RandomWhole(random);
    sequence.deduplicate = random.Chance(50);
    sequence.in_order = random.Chance(50);
    sequence.increasing = random.Chance(50);
    sequence.window = RandomWindow(random);
  }
  return expression;
}

// ---- Bytes by hand ----

std::string Varint(std::uint64_t number) {
  std::string bytes;
  for (; number >= 0x80; number >>= 7) bytes += static_cast<char>((number & 0x7f) | 0x80);
  return bytes + static_cast<char>(number);
}
std::string Number(std::uint64_t field, std::uint64_t number) {
  return Varint(field << 3) + Varint(number);
}
std::string Within(std::uint64_t field, const std::string& content) {
  return Varint(field << 3 | 2) + Varint(content.size()) + content;
}
// Within the field `args`, `events`, ... of a message of the fields before, of which there is one each.
std::string Within(std::vector<std::uint64_t> fields, std::string content) {
  for (; !fields.empty(); fields.pop_back()) content = Within(fields.back(), content);
  return content;
}
constexpr std::uint64_t kValue = 2, kName = 3, kArgs = 5, kEvents = 6, kSequenceField = 7,
                        kWindow = 8, kWhere = 2, kUnknownField = 1000;

std::string Hex(const std::string& bytes) {
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

// ---- Checks ----

void CheckComesBack(const Expression& expression) {
  const std::string bytes = WriteExpressionProto(expression);
  const auto read = ReadExpressionProto(bytes);
  REQUIRE(read.ok());
  CHECK(*read == expression);
  CHECK(WriteExpressionProto(*read) == bytes);
}

// REQUIRES: JSON of it is not too deep.
void CheckComesBackAsJson(const Expression& expression) {
  for (const bool pretty : {false, true}) {
    const auto read = ReadExpressionJson(WriteExpressionJson(expression, pretty));
    REQUIRE(read.ok());
    CHECK(*read == expression);
    CHECK(WriteExpressionProto(*read) == WriteExpressionProto(expression));
  }
}

void CheckRefused(const absl::StatusOr<Expression>& read, const std::string& message) {
  REQUIRE_FALSE(read.ok());
  CHECK(read.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(read.status().message()), HoldsText(message));
  CHECK(read.status().message().find("secret") == std::string::npos);
}

// Protobuf writes to the host's standard error where it is not asked the right way.
class Silence {
 public:
  Silence() : before_(google::protobuf::SetLogHandler(&Count)) { said_ = 0; }
  ~Silence() {
    google::protobuf::SetLogHandler(before_);
    CHECK(said_ == 0);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  static void Count(google::protobuf::LogLevel, const char*, int, const std::string&) { ++said_; }
  static inline int said_ = 0;
  google::protobuf::LogHandler* before_;
};

TEST_CASE("every operator comes back from protobuf and JSON by a name of its own", "[segment]") {
  std::set<std::string> names;
  for (std::size_t i = 0; i < kOps; ++i) {
    const Expression expression = Of(static_cast<ExpressionOp>(i), "name");
    CheckComesBack(expression);
    CheckComesBackAsJson(expression);
    names.insert(WriteExpressionJson(expression));
  }
  CHECK(names.size() == kOps);
  const auto message = NewMessage("polyonym.v1.Expression");
  CHECK(message->GetDescriptor()->FindEnumTypeByName("Op")->value_count() ==
        static_cast<int>(kOps));
}

TEST_CASE("operators have the names that they have in C++", "[segment]") {
  const std::vector<std::pair<ExpressionOp, std::string>> kNames = {
      {ExpressionOp::kNow, "OP_NOW"},
      {ExpressionOp::kIsKnown, "OP_IS_KNOWN"},
      {ExpressionOp::kGreaterEqual, "OP_GREATER_EQUAL"},
      {ExpressionOp::kStartsWith, "OP_STARTS_WITH"},
      {ExpressionOp::kNegate, "OP_NEGATE"},
      {ExpressionOp::kDaysToAnniversary, "OP_DAYS_TO_ANNIVERSARY"},
      {ExpressionOp::kHas, "OP_HAS"},
      {ExpressionOp::kTagsOfClass, "OP_TAGS_OF_CLASS"},
      {ExpressionOp::kBucket, "OP_BUCKET"},
      {ExpressionOp::kDid, "OP_DID"},
      {ExpressionOp::kSequence, "OP_SEQUENCE"},
      {ExpressionOp::kSequences, "OP_SEQUENCES"},
      {ExpressionOp::kEventTime, "OP_EVENT_TIME"},
      {ExpressionOp::kNear, "OP_NEAR"}};
  for (const auto& [op, name] : kNames)
    CHECK(WriteExpressionJson(Of(op)) == "{\"op\":\"" + name + "\"}");
}

TEST_CASE("a tree of every field comes back", "[segment]") {
  Expression expression = Over(ExpressionOp::kAnd, {CountOfOrders(), Sequence()});
  expression.field = "field";
  expression.window.kind = TimeWindow::Kind::kWithin;
  expression.window.span_ms = 86'400'000;
  expression.window.unit = CalendarUnit::kHour;
  expression.window.count = 0;
  CheckComesBack(expression);
  CheckComesBackAsJson(expression);
}

TEST_CASE("literals of every kind come back", "[segment]") {
  const std::vector<Value> values = {
      {},
      {std::string()},
      {std::string("咖啡 ☕")},
      {0.1},
      {std::numeric_limits<double>::max()},
      {std::numeric_limits<double>::denorm_min()},
      {false},
      {true},
      {Instant{-62'135'596'800'000}},
      {Instant{std::numeric_limits<std::int64_t>::max()}},
      {Date{2001, 2, 28, Calendar::kSolar, false}},
      {Date{{}, 2, 29, Calendar::kSolar, false}},
      {Date{2023, 2, 8, Calendar::kChinese, true}},
      {std::int64_t{0}},
      {std::numeric_limits<std::int64_t>::min()},
      {Money{-1999, "CNY"}},
      {ValueList()},
      {ValueList{{std::string("a")}, {std::int64_t{1}}, {ValueList{{2.5}}}}}};
  for (const Value& value : values) {
    INFO(ToText(value));
    CheckComesBack(Literal(value));
    CheckComesBackAsJson(Literal(value));
  }
}

TEST_CASE("random trees come back, and JSON says the same as bytes", "[segment]") {
  std::size_t in_json = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const Expression expression = RandomTree(random, seed % 5);
    CheckComesBack(expression);
    if (WriteExpressionJson(expression).empty()) continue;
    ++in_json;
    CheckComesBackAsJson(expression);
  }
  CHECK(in_json > 300);
}

TEST_CASE("expressions that mean something come back, and their bytes fit as their text does",
          "[segment]") {
  constexpr std::size_t kRatio = kMaxExpressionProtoBytes / kMaxExpressionBytes;
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const Definitions definitions = RandomDefinitions(random);
    const Expression expression =
        RandomExpression(random, definitions, std::vector<std::string>{"vip"});
    CheckComesBack(expression);
    CHECK(WriteExpressionProto(expression).size() < kRatio * WriteExpression(expression).size());
    if (!WriteExpressionJson(expression).empty()) CheckComesBackAsJson(expression);
  }
}

TEST_CASE("the bytes are frozen", "[segment]") {
  // Other bytes would make stored expressions unreadable, or readable as something else.
  CHECK(Hex(WriteExpressionProto(CountOfOrders())) ==
        "085b322d0a056f726465720a06726566756e64121408182a0208702a0c120a4208089e1f1203434e591a060802"
        "1803"
        "2002");
}

TEST_CASE("where an expression stood in a text is not carried", "[segment]") {
  Expression expression = CountOfOrders();
  const std::string bytes = WriteExpressionProto(expression);
  expression.place = 7;
  expression.events[0].where[0].place = 9;
  CHECK(WriteExpressionProto(expression) == bytes);
  CHECK(ReadExpressionProto(bytes)->place == 0);
}

TEST_CASE("equal numbers are equal bytes", "[segment]") {
  CHECK(WriteExpressionProto(Literal({-0.0})) == WriteExpressionProto(Literal({0.0})));
  const auto read = ReadExpressionJson(R"({"value":{"number":-0.0}})");
  REQUIRE(read.ok());
  CHECK_FALSE(std::signbit(std::get<double>(read->value.is)));
}

TEST_CASE("JSON takes both spellings of names, and numbers for enums", "[segment]") {
  Expression expression = Of(ExpressionOp::kAnniversaryIn);
  expression.window.kind = TimeWindow::Kind::kWithin;
  expression.window.span_ms = 5;
  for (const std::string json :
       {R"({"op":"OP_ANNIVERSARY_IN","window":{"kind":"KIND_WITHIN","span_ms":5}})",
        R"({"op":58,"window":{"kind":1,"spanMs":"5"},"value":null,"args":[]})"}) {
    const auto read = ReadExpressionJson(json);
    REQUIRE(read.ok());
    CHECK(*read == expression);
  }
}

// ---- Bounds ----

TEST_CASE("the deepest expressions come back, whichever way they nest, and deeper ones are refused",
          "[segment]") {
  for (const Way way : {Way::kArgs, Way::kWhere, Way::kSequence}) {
    CAPTURE(static_cast<int>(way));
    REQUIRE(SizeOf(Nested(way, kMaxExpressionDepth)).depth == kMaxExpressionDepth);
    CheckComesBack(Nested(way, kMaxExpressionDepth));
    CheckRefused(ReadExpressionProto(WriteExpressionProto(Nested(way, kMaxExpressionDepth + 1))),
                 "the expression: is nested too deep; allowed are 64 levels");
  }
  // The last may hold the deepest of lists.
  Expression expression = Nested(Way::kSequence, kMaxExpressionDepth - 1);
  Expression* last = &expression;
  while (!last->sequence.empty()) last = &last->sequence[0].conditions[0].where[0];
  last->value = {ValueList{{ValueList{{ValueList{{ValueList{{true}}}}}}}}};
  CheckComesBack(expression);
}

TEST_CASE("bytes nested far beyond the bound are refused without being descended into",
          "[segment]") {
  for (const std::vector<std::uint64_t>& way : std::vector<std::vector<std::uint64_t>>{
           {kArgs}, {kEvents, kWhere}, {kSequenceField, 1, kWhere}}) {
    // From the inside out, each message before what it holds.
    std::vector<std::string> heads;
    std::size_t size = 0;
    while (size + 8 < kMaxExpressionProtoBytes) {
      const std::uint64_t field = way[way.size() - 1 - heads.size() % way.size()];
      heads.push_back(Varint(field << 3 | 2) + Varint(size));
      size += heads.back().size();
    }
    while (heads.size() % way.size() != 0) heads.pop_back();
    std::string bytes;
    for (std::size_t i = heads.size(); i > 0; --i) bytes += heads[i - 1];
    CheckRefused(ReadExpressionProto(bytes), "is nested too deep");
  }
  std::string lists;
  for (int i = 0; i < 1000; ++i) lists = Within({6, 1}, lists);
  CheckRefused(ReadExpressionProto(Within(kValue, lists)), "nested too deep");
}

TEST_CASE("JSON is empty of what it cannot say, and refuses what is nested beyond its levels",
          "[segment]") {
  const Silence silence;
  CheckComesBackAsJson(Nested(Way::kArgs, 15));
  CheckComesBackAsJson(Nested(Way::kSequence, 9));
  CHECK(WriteExpressionJson(Nested(Way::kArgs, 17)).empty());
  CHECK(WriteExpressionJson(Nested(Way::kSequence, kMaxExpressionDepth)).empty());
  std::string json;
  for (int i = 0; i < 20'000; ++i) json += R"({"args":[)";
  json += "{}";
  for (int i = 0; i < 20'000; ++i) json += "]}";
  CheckRefused(ReadExpressionJson(json), "not valid JSON");
}

TEST_CASE("an expression has up to 4,096 nodes", "[segment]") {
  Expression expression = CountOfOrders();
  expression.args.resize(kMaxExpressionNodes - SizeOf(expression).nodes);
  REQUIRE(SizeOf(expression).nodes == kMaxExpressionNodes);
  CheckComesBack(expression);
  CheckComesBackAsJson(expression);
  const auto refused = [](const Expression& larger) {
    const std::string message = "the expression: has too many nodes; allowed are up to 4096";
    CheckRefused(ReadExpressionProto(WriteExpressionProto(larger)), message);
    CheckRefused(ReadExpressionJson(WriteExpressionJson(larger)), message);
  };
  Expression larger = expression;
  larger.args.emplace_back();
  refused(larger);
  larger = expression;
  larger.events.emplace_back();
  refused(larger);
}

TEST_CASE("an expression has up to 512 KiB", "[segment]") {
  Expression expression = Of(ExpressionOp::kTrait, std::string(kMaxExpressionProtoBytes - 6, 'n'));
  REQUIRE(WriteExpressionProto(expression).size() == kMaxExpressionProtoBytes);
  CheckComesBack(expression);
  CheckComesBackAsJson(expression);
  expression.name += 'n';
  CheckRefused(ReadExpressionProto(WriteExpressionProto(expression)),
               "the expression: has 524289 bytes; allowed are up to 524288");
  CheckRefused(ReadExpressionJson(WriteExpressionJson(expression)), "has 524289 bytes");
}

TEST_CASE("lists have up to 1,024 values, and four levels", "[segment]") {
  Expression expression = Of(ExpressionOp::kIn);
  expression.value = {ValueList(kMaxExpressionList, Value{std::int64_t{7}})};
  CheckComesBack(expression);
  std::get<ValueList>(expression.value.is).push_back({true});
  CheckRefused(ReadExpressionProto(WriteExpressionProto(expression)),
               "value.list.values: has 1025 values; allowed are up to 1024");
  expression.value = {ValueList{{ValueList{{ValueList{{ValueList{{ValueList()}}}}}}}}};
  CheckRefused(ReadExpressionProto(WriteExpressionProto(expression)),
               "value.list.values[0].list.values[0].list.values[0].list.values[0].list: is nested "
               "too deep; allowed are 4 levels");
}

// ---- What is no expression ----

TEST_CASE("an enum value that is not known is refused by its place", "[segment]") {
  const std::string unknown = "holds a value that this library does not know; use a newer one";
  CheckRefused(ReadExpressionProto(Number(1, 3)), "op: " + unknown);
  CheckRefused(ReadExpressionProto(Number(1, 121)), "op: " + unknown);
  CheckRefused(ReadExpressionProto(Number(1, std::uint64_t(-1))), "op: " + unknown);
  CheckRefused(
      ReadExpressionProto(Within(kArgs, "") + Within({kArgs, kEvents, kWhere}, Number(1, 9))),
      "args[1].events[0].where[0].op: " + unknown);
  CheckRefused(ReadExpressionProto(Within(kWindow, Number(1, 5))), "window.kind: " + unknown);
  CheckRefused(ReadExpressionProto(Within({kEvents, 3}, Number(3, 6))),
               "events[0].window.unit: " + unknown);
  CheckRefused(ReadExpressionProto(Within({kValue, 5}, Number(4, 2))),
               "value.date.calendar: " + unknown);
  CheckRefused(ReadExpressionJson(R"({"args":[{"op":9}]})"), "args[0].op: " + unknown);
  CheckRefused(ReadExpressionJson(R"({"args":[{"op":"OP_secret"}]})"),
               "args[0].op: expected one of");
}

TEST_CASE("a field that is not known is refused by its place", "[segment]") {
  const std::string unknown = "holds a field that this library does not know; use a newer one";
  const std::string field = Within(kUnknownField, "secret");
  CheckRefused(ReadExpressionProto(field), "the expression: " + unknown);
  CheckRefused(ReadExpressionProto(Number(kUnknownField, 1)), "the expression: " + unknown);
  CheckRefused(ReadExpressionProto(Within(kArgs, "") + Within(kArgs, field)),
               "args[1]: " + unknown);
  CheckRefused(ReadExpressionProto(Within(kEvents, field)), "events[0]: " + unknown);
  CheckRefused(ReadExpressionProto(Within(kWindow, field)), "window: " + unknown);
  CheckRefused(ReadExpressionProto(Within(kSequenceField, field)), "sequence[0]: " + unknown);
  CheckRefused(ReadExpressionProto(Within({kSequenceField, 2}, field)),
               "sequence[0].steps[0]: " + unknown);
  CheckRefused(ReadExpressionProto(Within({kSequenceField, 7}, field)),
               "sequence[0].window: " + unknown);
  CheckRefused(ReadExpressionProto(Within({kSequenceField, 1, kWhere}, field)),
               "sequence[0].conditions[0].where[0]: " + unknown);
  CheckRefused(ReadExpressionProto(Within(kValue, field)), "value: " + unknown);
  CheckRefused(ReadExpressionProto(Within({kValue, 5}, field)), "value.date: " + unknown);
  CheckRefused(ReadExpressionProto(Within({kValue, 6}, field)), "value.list: " + unknown);
  CheckRefused(ReadExpressionProto(Within({kValue, 8}, field)), "value.money: " + unknown);
  // A known field of another type is no known field.
  CheckRefused(ReadExpressionProto(Within(1, "secret")), "the expression: " + unknown);
  CheckRefused(ReadExpressionJson(R"({"args":[{"events":[{"place":"secret"}]}]})"),
               "args[0].events[0].place: unknown field");
}

TEST_CASE("a bad value is refused by its place", "[segment]") {
  const auto refused = [](const Value& value, const std::string& message) {
    Expression above = Over(ExpressionOp::kNot, {Expression(), CountOfOrders()});
    above.args[1].events[0].where[0] = Literal(value);
    CheckRefused(ReadExpressionProto(WriteExpressionProto(above)),
                 "args[1].events[0].where[0].value" + message);
  };
  refused({std::numeric_limits<double>::quiet_NaN()}, ".number: is not finite");
  refused({-std::numeric_limits<double>::infinity()}, ".number: is not finite");
  refused({Date{2001, 2, 29, Calendar::kSolar, false}}, ".date: is no day of its calendar");
  refused({Date{}}, ".date: is no day of its calendar");
  refused({Money{1, "cny"}}, ".money.currency: is not of ISO 4217");
  refused({ValueList{{true}, {}}}, ".list.values[1]: is missing");
  refused({ValueList{{true}, {Money{1, "secret"}}}}, ".list.values[1].money.currency: is not");
  CheckRefused(ReadExpressionJson(R"({"value":{"number":"NaN"}})"), "value.number: is not finite");
  CheckRefused(ReadExpressionJson(R"({"value":{"whole":"secret"}})"),
               "value.whole: expected a whole number of 64 bits");
  CheckRefused(ReadExpressionJson(R"({"value":{"whole":1,"flag":true}})"),
               "value: expected one of");
}

TEST_CASE("bytes that are no message are refused", "[segment]") {
  const Silence silence;
  const std::string whole = "these bytes are not a polyonym.v1.Expression";
  CheckRefused(ReadExpressionProto("secret"), "not a polyonym.v1.");
  CheckRefused(ReadExpressionProto(std::string("\x0b\x0c", 2)), whole);  // a group
  CheckRefused(ReadExpressionProto(std::string("\0\0", 2)), whole);      // field 0
  CheckRefused(ReadExpressionProto("\x2a\x05"), whole);                  // shorter than it says
  CheckRefused(ReadExpressionProto("\x2a\xff\xff\xff\xff\x0f"), whole);  // longer than any
  CheckRefused(ReadExpressionProto(Within(kArgs, "\x08")), whole);       // a number without an end
  CheckRefused(ReadExpressionProto(Within(kName, "\xff")),
               "polyonym.v1.Expression.name: holds text that is not UTF-8");
  CheckRefused(ReadExpressionProto(Within({kArgs, kEvents}, Within(1, "\xc0\x80"))),
               "polyonym.v1.EventQuery.types: holds text that is not UTF-8");
  CheckRefused(ReadExpressionProto(Within({kArgs, kValue}, Within(1, "\xed\xa0\x80"))),
               "polyonym.v1.Value.text: holds text that is not UTF-8");
}

TEST_CASE("damaged bytes are refused or are another expression", "[segment]") {
  const std::string bytes =
      WriteExpressionProto(Over(ExpressionOp::kAnd, {CountOfOrders(), Sequence()}));
  const auto check = [](const std::string& damaged) {
    const auto read = ReadExpressionProto(damaged);
    if (!read.ok()) {
      CHECK(read.status().code() == absl::StatusCode::kInvalidArgument);
    } else {
      CheckComesBack(*read);
    }
  };
  for (std::size_t i = 0; i < bytes.size(); ++i) check(bytes.substr(0, i));
  Random random(1);
  for (int i = 0; i < 5'000; ++i) {
    std::string damaged = bytes;
    for (std::uint64_t n = 1 + random.Below(3); n > 0; --n)
      damaged[random.Below(damaged.size())] = static_cast<char>(random.Below(256));
    check(damaged);
  }
}

TEST_CASE("text that is no JSON object is refused", "[segment]") {
  CheckRefused(ReadExpressionJson(""), "not valid JSON");
  CheckRefused(ReadExpressionJson("[]"), "expected a JSON object");
  CheckRefused(ReadExpressionJson(R"({"name":"secret","name":"secret"})"),
               "name: the field is there twice");
  CheckRefused(ReadExpressionJson(R"({"args":["secret"]})"), "args[0]: ");
}

}  // namespace
}  // namespace polyonym::harness
