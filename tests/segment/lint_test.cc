// What LintExpression() says, and that it is so: by every value that the operands of small random expressions can have.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "harness/random.h"
#include "polyonym/segment/check.h"
#include "polyonym/segment/expression.h"
#include "polyonym/segment/text.h"

namespace polyonym {
namespace {

using harness::HoldsText;
using harness::Random;
using Kind = LintFinding::Kind;
using Op = ExpressionOp;

TraitDefinition TraitOf(std::string name, ValueType type, Fold fold = Fold::kLatest) {
  TraitDefinition trait;
  trait.name = std::move(name);
  trait.type = type;
  trait.fold = fold;
  return trait;
}

Definitions SomeDefinitions() {
  Definitions d;
  d.traits = {TraitOf("n", ValueType::kNumber), TraitOf("t", ValueType::kText),
              TraitOf("f", ValueType::kFlag),   TraitOf("m", ValueType::kMoney, Fold::kMax),
              TraitOf("d", ValueType::kDate),   TraitOf("moves", ValueType::kText, Fold::kCount)};
  d.purposes = {{"ads", ConsentFold::kMostRestrictive, 0}};
  d.ladders = {{"life", {{"lead", {}}, {"customer", {}}}}};
  return d;
}

std::vector<LintFinding> Lint(std::string_view text) {
  const auto expression = ParseExpression(text);
  INFO(text.substr(0, 100));
  REQUIRE(expression.ok());
  REQUIRE(
      CheckExpression(*expression, SomeDefinitions(), [](std::string_view) { return true; }).ok());
  return LintExpression(*expression, SomeDefinitions(), text);
}

// `never_true 1:1`, one after the other; without what things cost.
std::string Said(std::string_view text) {
  std::string said;
  for (const LintFinding& finding : Lint(text)) {
    if (finding.kind == Kind::kExpensive) continue;
    said += (said.empty() ? "" : ", ") + std::string(ToString(finding.kind)) + " " + finding.place;
  }
  return said;
}

std::size_t CountOf(Kind kind, const std::vector<LintFinding>& findings) {
  std::size_t count = 0;
  for (const LintFinding& finding : findings) count += finding.kind == kind ? 1 : 0;
  return count;
}

// ---- Examples ----

TEST_CASE("contradictions are never true", "[segment][lint]") {
  for (const std::string_view text : {
           "trait n > 5 and trait n < 3",
           "trait n > 5 and trait n <= 5",
           "3 > trait n and 5 < trait n",
           "trait n = 1 and trait n = 2.5",
           "trait n in (1, 2) and trait n in (3, 4)",
           "trait n in (1, 2) and trait n != 1 and trait n > 2",
           "trait t = \"a\" and trait t > \"b\"",
           "trait f and not trait f",
           "trait f = yes and trait f = no",
           "trait f != yes and trait f != no",
           "trait n > 5 and not (trait n is known)",
           "trait n is known and trait n is unknown",
           "(trait n > 5 or trait f) and trait f and trait n < 3 and not trait f",
           "trait f and (trait n > 5 and (trait t = \"a\" and not trait f))",
           "not (trait n < 5 or trait n > 3)",
           "trait m > 5 CNY and trait m < 3 CNY",
           "trait d > 2001-01-01 and trait d < 2000-01-01",
           "trait d = 2001-01-01 and trait d = --01-01",
           "now < 2026-01-01T00:00:00Z and now > 2027-01-01T00:00:00Z",
           "1 > 2",
           "1 in (2, 3)",
           "no",
           "count(order) < 0",
           "trait moves = -1",
           "month of now > 12",
           "bucket \"a\" >= 1",
           "consent ads = \"grantd\"",
           "stage of life = \"custmer\"",
           "did(order where value > 5 CNY and value < 3 CNY)",
           "count(order where no) >= 1",
           "trait t matches \"a\" and not (trait t matches \"a\")",
           "(trait n > 1 or trait f) and not (trait n > 1 or trait f)",
       }) {
    CAPTURE(std::string(text));
    const std::vector<LintFinding> findings = Lint(text);
    REQUIRE(!findings.empty());
    CHECK(findings[0].kind == Kind::kNeverTrue);
  }
}

TEST_CASE("what holds of everybody is always true", "[segment][lint]") {
  for (const std::string_view text : {
           "yes",
           "1 < 2",
           "trait n is known or trait n is unknown",
           "trait n > 5 or trait n <= 5 or trait n is unknown",
           "count(order) >= 0",
           "count(order) > 5 or count(order) <= 5",
           "did(order) or not did(order)",
           "has phone or not has phone or trait f",
           "not (trait n > 5 and trait n < 3 and trait n is known)",
           "bucket \"a\" < 1",
           "(did(order) or not did(order)) and count(order) >= 0",
           "2 in (2, 3)",
       }) {
    CAPTURE(std::string(text));
    const std::vector<LintFinding> findings = Lint(text);
    REQUIRE(!findings.empty());
    CHECK(findings[0].kind == Kind::kAlwaysTrue);
  }
}

TEST_CASE("what may be unknown is not always true, and what may be is not never true",
          "[segment][lint]") {
  for (const std::string_view text : {
           "trait f or trait f = no",
           "trait n > 5 or trait n <= 5",
           "trait n >= 5 and trait n <= 5",
           "trait m > 5 CNY and trait m < 3 USD",  // of a trait with an amount for each
           "trait m in (5 CNY, 3 USD) and trait m > 5 CNY",
           "did(order where property p > 5) and did(order where property p < 3)",
           "trait d < 2001-01-01 or trait d >= 2001-01-01 or trait d is unknown",  // no year
           "month of trait d in (1, 2, 3) or month of trait d > 3",
           "stage of life in (\"lead\", \"customer\")",
           "count(order) > 0 and count(view) = 0",
           "trait n = 3 and trait n = 3.0",
       }) {
    CAPTURE(std::string(text));
    const std::vector<LintFinding> findings = Lint(text);
    CHECK(CountOf(Kind::kNeverTrue, findings) == 0);
    CHECK(CountOf(Kind::kAlwaysTrue, findings) == 0);
  }
}

TEST_CASE("values of an event's property may be of any type", "[segment][lint]") {
  // Each of the two is unknown of what the other is true of.
  CHECK(Said("did(order where property p > 5 or property p <= 5)").empty());
  CHECK(Said("did(order where property p > 5 and property p < 3)") ==
        "never_true 1:1");  // as there is no such event
  CHECK(Said("did(order where property p is known and property p = 3 or property p is known)") ==
        "no_effect 1:17");
  CHECK(
      Said("did(order where property p is unknown or property p > 5 or property p <= 5)").empty());
  CHECK(Said("trait f and count(order where size of property p >= 0) > 1").empty());
}

TEST_CASE("parts that change nothing are named", "[segment][lint]") {
  CHECK(Said("trait f and trait n > 1 and trait f") == "no_effect 1:29");
  CHECK(Said("trait f or (trait f and trait n > 1)") == "no_effect 1:13");
  CHECK(Said("trait f and (trait n > 1 or trait f)") == "no_effect 1:14");
  CHECK(Said("not not trait f") == "no_effect 1:1");
  CHECK(Said("trait n > 5 and trait n > 3") == "no_effect 1:17");
  CHECK(Said("trait n > 3 and trait n > 5") == "no_effect 1:1");
  CHECK(Said("trait n > 5 or trait n > 3") == "no_effect 1:1");
  CHECK(Said("trait n = 3 and trait n = 3.0") == "no_effect 1:17");
  CHECK(Said("trait n in (1, 2) and trait n < 5") == "no_effect 1:23");
  CHECK(Said("trait f and count(order) >= 0") == "no_effect 1:13");
  CHECK(Said("trait f or (trait n > 5 and trait n < 3)") == "no_effect 1:13");
  CHECK(Said("trait f and did(order where 1 < 2)") == "no_effect 1:29");
  CHECK(Said("trait f or did(order where value > 5 CNY and value < 3 CNY)") == "no_effect 1:12");
  CHECK(
      Said("trait n is known and trait n > 5").empty());  // said for clearness: the outcome differs
  CHECK(Said("trait f and trait n > 1 or trait t = \"a\"").empty());
  // Never true, and not the same as no: of whom n is unknown, so is the whole.
  CHECK(Said("(trait f or (trait n > 5 and trait n < 3)) is known").empty());
  // Days of two calendars, or without a year, are in no order.
  CHECK(Said("trait d > chinese 2001-01-01 or trait d > 2002-01-01").empty());
  CHECK(Said("not (trait d < 2001-01-01 or trait d < --05-01)") == "unknown_too 1:1");
}

TEST_CASE("not over what may be unknown leaves people out", "[segment][lint]") {
  CHECK(Said("not (trait t = \"a\")") == "unknown_too 1:1");
  CHECK(Said("did(order) and not trait f") == "unknown_too 1:16");
  CHECK(Said("not did(order)").empty());
  CHECK(Said("trait t is unknown").empty());
  CHECK(Said("not (trait t = \"a\") or trait t is unknown").empty());
  CHECK(Said("trait t is known and not (trait t = \"a\")").empty());
  CHECK(Said("not (trait t = \"a\") or trait n is unknown") == "unknown_too 1:1");
  CHECK(Said("not (trait f and not (trait t = \"a\"))") == "unknown_too 1:1");
  const auto findings = Lint("did(order where not property paid)");
  REQUIRE(findings.size() == 2);
  CHECK_THAT(findings[0].what, HoldsText("leaves out events"));
}

TEST_CASE("events without a window and sequences without a bound cost", "[segment][lint]") {
  const auto costs = [](std::string_view text) { return CountOf(Kind::kExpensive, Lint(text)); };
  CHECK(costs("did(order)") == 1);
  CHECK(costs("did(order within 90 days)") == 0);
  CHECK(costs("did(order in last 3 months)") == 0);
  CHECK(costs("did(order to 2026-01-01T00:00:00Z)") == 1);
  CHECK(costs("did(order from 2026-01-01T00:00:00Z)") == 0);
  CHECK(costs("did(order where did(view) within 90 days)") == 1);
  CHECK(costs("sequence(view, then order)") == 2);
  CHECK(costs("trait f") == 0);
  CHECK_THAT(Lint("sequence(view, then order)")[1].what, HoldsText("2 beginnings"));
}

TEST_CASE("findings say places, and no literals, which may be somebody's", "[segment][lint]") {
  const auto findings = Lint("trait t = \"Wang Fang\" and\n trait t = \"Li Na\"");
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].place == "1:1");
  CHECK(findings[0].what ==
        "no person can be a member: the parts at 1:1 and 2:2 are never true together");
  const auto expression = ParseExpression("trait f or (trait n > 5 and trait n < 3)");
  REQUIRE(expression.ok());
  const auto unplaced = LintExpression(*expression, SomeDefinitions());
  REQUIRE(unplaced.size() == 1);
  CHECK(unplaced[0].place == "or[1].and");
  CHECK_THAT(unplaced[0].what, HoldsText("or[1].and[0].greater and or[1].and[1].less"));
}

TEST_CASE("many parts are linted in bounded time", "[segment][lint]") {
  std::string text = "trait n > 0";
  for (int i = 1; i < 1300; ++i) text += " and trait n != " + std::to_string(-i);
  CHECK(CountOf(Kind::kNoEffect, Lint(text)) == 1023);
  CHECK(CountOf(Kind::kNeverTrue, Lint(text)) == 0);
}

// ---- The law ----

// What somebody is like: of each operand a value, or none.
struct Person {
  std::optional<double> number;
  std::optional<std::string> text;
  std::optional<bool> flag;
  double orders = 0;  // count(order): known of everybody
};

using Flag = std::optional<bool>;
using Number = std::optional<double>;
using Text = std::optional<std::string>;

// The meaning of the few operators that the law is about, as expression.h states it; nothing is shared with what is tested.
class Meaning {
 public:
  explicit Meaning(const Person& person) : person_(person) {}

  Flag FlagOf(const Expression& e) const {
    switch (e.op) {
      case Op::kLiteral:
        return std::get<bool>(e.value.is);
      case Op::kTrait:
        return person_.flag;
      case Op::kNot: {
        const Flag x = FlagOf(e.args[0]);
        return x ? Flag(!*x) : x;
      }
      case Op::kAnd:
      case Op::kOr:
        return Joined(e, e.op == Op::kOr);
      case Op::kIsKnown:
        return IsKnown(e.args[0]);
      case Op::kIn: {
        if (!IsKnown(e.args[0])) return {};
        for (const Value& element : std::get<ValueList>(e.value.is)) {
          Expression literal;
          literal.value = element;
          if (Order(e.args[0], literal) == 0) return true;
        }
        return false;
      }
      case Op::kContains: {
        const Text x = TextOf(e.args[0]);
        return x ? Flag(x->find(*TextOf(e.args[1])) != std::string::npos) : Flag();
      }
      default:
        return Compared(e.op, Order(e.args[0], e.args[1]));
    }
  }

 private:
  Flag Joined(const Expression& e, bool decides) const {
    Flag out = !decides;
    for (const Expression& arg : e.args) {
      const Flag x = FlagOf(arg);
      if (x == decides) return decides;
      if (!x) out.reset();
    }
    return out;
  }

  static Flag Compared(Op op, std::optional<int> order) {
    if (!order) return {};
    switch (op) {
      case Op::kEqual:
        return *order == 0;
      case Op::kNotEqual:
        return *order != 0;
      case Op::kLess:
        return *order < 0;
      case Op::kLessEqual:
        return *order <= 0;
      case Op::kGreater:
        return *order > 0;
      default:
        return *order >= 0;
    }
  }

  bool IsKnown(const Expression& e) const {
    return IsNumber(e) ? NumberOf(e).has_value()
           : IsText(e) ? TextOf(e).has_value()
                       : FlagOf(e).has_value();
  }

  static bool IsNumber(const Expression& e) {
    return e.op == Op::kCount || e.name == "n" || e.value.type() == ValueType::kWhole ||
           e.value.type() == ValueType::kNumber;
  }
  static bool IsText(const Expression& e) {
    return e.name == "t" || e.value.type() == ValueType::kText;
  }

  Number NumberOf(const Expression& e) const {
    if (e.op == Op::kCount) return person_.orders;
    if (e.op == Op::kTrait) return person_.number;
    if (const auto* whole = std::get_if<std::int64_t>(&e.value.is))
      return static_cast<double>(*whole);
    return std::get<double>(e.value.is);
  }

  Text TextOf(const Expression& e) const {
    return e.op == Op::kTrait ? person_.text : Text(std::get<std::string>(e.value.is));
  }

  template <class T>
  static std::optional<int> OrderOf(const std::optional<T>& x, const std::optional<T>& y) {
    if (!x || !y) return {};
    return *x < *y ? -1 : *x > *y ? 1 : 0;
  }

  std::optional<int> Order(const Expression& x, const Expression& y) const {
    if (IsNumber(x)) return OrderOf(NumberOf(x), NumberOf(y));
    if (IsText(x)) return OrderOf(TextOf(x), TextOf(y));
    return OrderOf(FlagOf(x), FlagOf(y));
  }

  const Person& person_;
};

// Every value that can make a difference to literals 0, 1, 2, 1.5 and texts a, ab, b, and unknown.
std::vector<Person> Everybody() {
  std::vector<Person> all;
  const std::vector<Number> numbers = {{}, -1, 0, 0.5, 1, 1.25, 1.5, 1.75, 2, 3};
  const std::vector<Text> texts = {{}, "", "a", "aa", "ab", "abb", "b", "ba"};
  for (const Number& number : numbers)
    for (const Text& text : texts)
      for (const Flag flag : {Flag(), Flag(false), Flag(true)})
        for (const double orders : {0, 1, 2, 3}) all.push_back({number, text, flag, orders});
  return all;
}

class Maker {
 public:
  explicit Maker(Random* random) : random_(*random) {}

  Expression Make(int depth) {
    if (depth == 0 || random_.Chance(20)) return Atom();
    Expression out;
    if (random_.Chance(25)) {
      out.op = Op::kNot;
      out.args = {Make(depth - 1)};
      return out;
    }
    out.op = random_.Chance(50) ? Op::kAnd : Op::kOr;
    const std::uint64_t count = 2 + random_.Below(3);
    for (std::uint64_t i = 0; i < count; ++i) out.args.push_back(Make(depth - 1));
    return out;
  }

 private:
  static Expression Literal(Value value) {
    Expression out;
    out.value = std::move(value);
    return out;
  }

  static Expression Trait(std::string name) {
    Expression out;
    out.op = Op::kTrait;
    out.name = std::move(name);
    return out;
  }

  static Expression Orders() {
    Expression out;
    out.op = Op::kCount;
    out.events = {{{"order"}, {}, {}}};
    return out;
  }

  Value SomeNumber() { return random_.Chance(20) ? Value{1.5} : Value{random_.Between(0, 2)}; }
  Value SomeText() { return {std::string(random_.Pick<const char*>({"a", "ab", "b"}))}; }

  Expression Compared(Expression x, Value with) {
    Expression out;
    const bool is_flag = with.type() == ValueType::kFlag;
    out.op = static_cast<Op>(static_cast<int>(Op::kEqual) + random_.Below(is_flag ? 2 : 6));
    out.args = {std::move(x), Literal(std::move(with))};
    if (random_.Chance(20)) std::swap(out.args[0], out.args[1]);
    return out;
  }

  Expression Atom() {
    Expression out;
    switch (random_.Below(11)) {
      case 0:
      case 1:
        return Compared(Trait("n"), SomeNumber());
      case 2:
        return Compared(Trait("t"), SomeText());
      case 3:
        return Compared(Orders(), SomeNumber());
      case 4:
        return random_.Chance(50) ? Compared(Trait("f"), {random_.Chance(50)}) : Trait("f");
      case 5:
        out.op = Op::kIn;
        out.args = {Trait("n")};
        out.value = {ValueList{SomeNumber(), SomeNumber()}};
        return out;
      case 6:
        out.op = Op::kIn;
        out.args = {Trait("t")};
        out.value = {ValueList{SomeText(), SomeText()}};
        return out;
      case 7:
        out.op = Op::kContains;
        out.args = {Trait("t"), Literal(SomeText())};
        return out;
      case 8:
        out.op = Op::kIsKnown;
        out.args = {random_.Chance(80) ? Trait(random_.Pick<const char*>({"n", "t", "f"}))
                                       : Make(2)};
        return out;
      case 9:  // a flag that is compared
        return Compared(Make(2), {random_.Chance(50)});
      default:
        return random_.Chance(20) ? Literal({random_.Chance(50)}) : Trait("f");
    }
  }

  Random& random_;
};

// The part at a path, such as `and[1].or[0].less`, and what it is a part of.
struct Found {
  Expression* part = nullptr;
  Expression* parent = nullptr;
};
Found At(std::string_view path, Expression* root) {
  Found found{root, nullptr};
  for (std::size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    const std::string_view step = path.substr(0, dot);
    const std::size_t bracket = step.find('[');
    const std::size_t index = bracket == std::string_view::npos
                                  ? 0
                                  : std::strtoul(step.data() + bracket + 1, nullptr, 10);
    found = {&found.part->args.at(index), found.part};
    path.remove_prefix(dot + 1);
  }
  return found;
}

// The expression without the part that a finding says changes nothing.
Expression Without(const LintFinding& finding, Expression expression) {
  const Found found = At(finding.place, &expression);
  if (found.part->op == Op::kNot && found.part->args[0].op == Op::kNot &&
      finding.what == "`not not` changes nothing") {
    Expression twice = found.part->args[0].args[0];
    *found.part = std::move(twice);
    return expression;
  }
  REQUIRE(found.parent != nullptr);
  Expression nothing;
  nothing.value = {found.parent->op == Op::kAnd};
  *found.part = nothing;
  return expression;
}

bool IsMember(const Expression& expression, const Person& person) {
  return Meaning(person).FlagOf(expression) == true;
}

struct Tally {
  int never = 0, always = 0, idle = 0;  // said
  int never_in_fact = 0, always_in_fact = 0;
};

void CheckLaw(const Expression& expression, const std::vector<Person>& everybody, Tally* tally) {
  std::size_t members = 0;
  for (const Person& person : everybody) members += IsMember(expression, person) ? 1 : 0;
  tally->never_in_fact += members == 0 ? 1 : 0;
  tally->always_in_fact += members == everybody.size() ? 1 : 0;
  for (const LintFinding& finding : LintExpression(expression, SomeDefinitions())) {
    INFO(ToString(finding.kind) << " " << finding.place << " " << finding.what);
    switch (finding.kind) {
      case Kind::kNeverTrue:
        ++tally->never;
        REQUIRE(members == 0);
        break;
      case Kind::kAlwaysTrue:
        ++tally->always;
        REQUIRE(members == everybody.size());
        break;
      case Kind::kNoEffect: {
        ++tally->idle;
        const Expression without = Without(finding, expression);
        for (const Person& person : everybody)
          REQUIRE(IsMember(without, person) == IsMember(expression, person));
        break;
      }
      default:
        break;
    }
  }
}

TEST_CASE("what lint says holds of everybody there can be", "[segment][lint][law]") {
  const std::vector<Person> everybody = Everybody();
  Tally tally;
  for (std::uint64_t seed = 1; seed <= 6'000; ++seed) {
    Random random(seed);
    const Expression expression = Maker(&random).Make(1 + static_cast<int>(seed % 3));
    INFO("seed " << seed << ": " << WriteExpression(expression));
    REQUIRE(CheckExpression(expression, SomeDefinitions(), nullptr).ok());
    CheckLaw(expression, everybody, &tally);
  }
  // It may miss some, and says most of what there is to say.
  CHECK(tally.never > tally.never_in_fact * 7 / 10);
  CHECK(tally.always > tally.always_in_fact * 7 / 10);
  CHECK(tally.never > 100);
  CHECK(tally.always > 20);
  CHECK(tally.idle > 500);
}

}  // namespace
}  // namespace polyonym
