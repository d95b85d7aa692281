// Laws of the planner over bitmaps: whatever people come, go and come again, it says of each what the evaluator and the slow model say.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "harness/catch.h"
#include "harness/naive_segment.h"
#include "harness/random.h"
#include "harness/random_expression.h"
#include "harness/random_facts.h"
#include "polyonym/model/definitions.h"
#include "polyonym/profile/profile.h"
#include "polyonym/segment/evaluate.h"
#include "polyonym/segment/expression.h"
#include "polyonym/segment/planner.h"
#include "polyonym/segment/text.h"
#include "segment/compare.h"
#include "segment/compile.h"
#include "segment/evaluator.h"
#include "segment/plan.h"

namespace polyonym::harness {
namespace {

using Op = ExpressionOp;
using Verdict = std::optional<bool>;

struct Person {
  std::vector<FactRow> rows;
  std::vector<Identifier> identifiers;
  Identifier anchor;
  std::int64_t now_ms = 0;
};

Person RandomPerson(Random& random) {
  Person made;
  if (random.Chance(90)) made.rows = RandomRows(random);
  std::set<Identifier> identifiers = {random.Pick(NamesOfRandomFacts().identifiers)};
  for (const FactRow& row : made.rows) identifiers.insert(row.from.belongs_to);
  made.identifiers.assign(identifiers.begin(), identifiers.end());
  made.anchor = random.Pick(made.identifiers);
  made.now_ms = kRandomFactsMs + kRandomStepMs * random.Between(-4, 300);
  return made;
}

// Some people under more numbers, put and removed at random.
struct Case {
  std::shared_ptr<const Definitions> definitions;
  std::vector<Person> people;
  std::unique_ptr<SegmentPlanner> planner;
  std::map<std::uint32_t, std::size_t> who;  // number -> person, of those who are there
};

SegmentSubject SubjectOf(const Case& made, const Person& person) {
  return SegmentSubject(*made.definitions, person.rows, person.identifiers, person.anchor,
                        person.now_ms);
}

void PutAndRemove(Random& random, Case* made) {
  std::vector<std::uint32_t> numbers = {0, 65'535, 65'536, 0xffff'ffff};
  while (numbers.size() < 16)
    numbers.push_back(static_cast<std::uint32_t>(random.Below(random.Chance(50) ? 100 : 200'000)));
  for (int i = 0; i < 40; ++i) {
    const std::uint32_t number = random.Pick(numbers);
    if (random.Chance(25)) {
      made->planner->Remove(number);
      made->who.erase(number);
      continue;
    }
    const std::size_t person = random.Below(made->people.size());
    SegmentSubject subject = SubjectOf(*made, made->people[person]);
    made->planner->Put(number, &subject);
    made->who[number] = person;
  }
  if (random.Chance(30)) made->planner->Optimise();
}

Case RandomCase(Random& random) {
  Case made;
  made.definitions =
      std::make_shared<const Definitions>(RandomSegments(random, RandomDefinitions(random)));
  for (int i = 0; i < 6; ++i) made.people.push_back(RandomPerson(random));
  auto planner = SegmentPlanner::Make(made.definitions);
  INFO(planner.status().message());
  REQUIRE(planner.ok());
  made.planner = *std::move(planner);
  PutAndRemove(random, &made);
  return made;
}

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr || *text == '\0' ? otherwise : std::strtoull(text, nullptr, 10);
}

// POLYONYM_SEED: that case alone; POLYONYM_HISTORIES: so many in a hundred of them.
void CheckCases(std::uint64_t first_seed, std::uint64_t count,
                const std::function<std::string(const Case&, Random&)>& check) {
  const std::uint64_t only = FromEnvironment("POLYONYM_SEED", 0);
  const std::uint64_t first = only != 0 ? only : first_seed;
  const std::uint64_t cases =
      only != 0 ? 1 : count * FromEnvironment("POLYONYM_HISTORIES", 100) / 100;
  for (std::uint64_t seed = first; seed < first + cases; ++seed) {
    Random random(seed);
    const std::string fault = check(RandomCase(random), random);
    INFO("POLYONYM_SEED=" << seed << "\n" << fault);
    REQUIRE(fault.empty());
  }
}

// ---- Verdicts ----

std::string Say(Verdict flag) { return !flag ? "unknown" : *flag ? "yes" : "no"; }

Verdict Not(Verdict x) { return x ? Verdict(!*x) : x; }
Verdict And(Verdict x, Verdict y) {
  if (x == false || y == false) return false;
  return x && y ? Verdict(true) : std::nullopt;
}

// By segment and person, as the evaluator says.
using Answers = std::vector<std::vector<Verdict>>;

Answers AnswersOf(const Case& made) {
  const CompiledSegments& segments = made.planner->segments();
  Answers answers(segments.size());
  for (const Person& person : made.people) {
    SegmentSubject subject = SubjectOf(made, person);
    for (std::size_t i = 0; i < segments.size(); ++i)
      answers[i].push_back(segments.Evaluate(i, &subject));
  }
  return answers;
}

// Against one verdict a person.
std::string CheckVerdicts(const Case& made, const std::string& what,
                          const SegmentPlanner::Verdicts& got, const std::vector<Verdict>& want) {
  IdSet members, unknown;
  std::string faults;
  for (const auto& [number, person] : made.who) {
    if (want[person] == true) members.Add(number);
    if (!want[person]) unknown.Add(number);
    const Verdict says = got.members.Contains(number)   ? Verdict(true)
                         : got.unknown.Contains(number) ? std::nullopt
                                                        : Verdict(false);
    if (says != want[person])
      faults += what + ": of " + std::to_string(number) + " the planner says " + Say(says) +
                ", not " + Say(want[person]) + "\n";
  }
  if (members == got.members && unknown == got.unknown) return faults;
  return faults + what + ": other people than those who are there\n";
}

std::string WhatOf(const Case& made, std::size_t segment) {
  const CompiledSegments& segments = made.planner->segments();
  return "segment " + segments.name(segment) + ", " + WriteExpression(segments.expression(segment));
}

std::string CheckSegments(const Case& made, Random&) {
  const SegmentPlanner& planner = *made.planner;
  IdSet people;
  for (const auto& [number, person] : made.who) people.Add(number);
  if (planner.people() != people) return "other people than those who are there\n";
  const Answers answers = AnswersOf(made);
  std::string faults;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const SegmentPlanner::Verdicts got = planner.Evaluate(i);
    faults += CheckVerdicts(made, WhatOf(made, i), got, answers[i]);
    if (planner.Members(i) != got.members) faults += WhatOf(made, i) + ": Members() are others\n";
    if (planner.Count(i) != got.members.size())
      faults += WhatOf(made, i) + ": Count() is another\n";
  }
  return faults;
}

// The same, and what the planner is held to against the slow model.
std::string CheckSlowly(const Case& made, Random& random) {
  std::string faults = CheckSegments(made, random);
  for (std::size_t i = 0; i < made.planner->segments().size(); ++i) {
    const std::string& name = made.planner->segments().name(i);
    std::vector<Verdict> slow;
    for (const Person& person : made.people)
      slow.push_back(NaiveIsMember(*made.definitions, person.rows, person.identifiers,
                                   person.anchor, person.now_ms, name));
    faults += CheckVerdicts(made, WhatOf(made, i) + " by the slow model", made.planner->Evaluate(i),
                            slow);
  }
  return faults;
}

// ---- Other expressions ----

Expression Make(Op op, std::vector<Expression> args) {
  Expression made;
  made.op = op;
  made.args = std::move(args);
  return made;
}

// A flag over segments, and what it should be of each person.
struct Logic {
  Expression expression;
  std::vector<Verdict> want;
};

Logic RandomLogic(Random& random, const Case& made, const Answers& answers, int depth) {
  const std::size_t segment = random.Below(answers.size());
  if (depth == 0 || random.Chance(10)) {
    Expression asked = Make(Op::kInSegment, {});
    asked.name = made.planner->segments().name(segment);
    return {asked, answers[segment]};
  }
  Logic x = RandomLogic(random, made, answers, depth - 1);
  const std::uint64_t kind = random.Below(10);
  if (kind < 3) {
    for (Verdict& is : x.want) is = Not(is);
    return {Make(Op::kNot, {x.expression}), x.want};
  }
  if (kind < 4) {
    for (Verdict& is : x.want) is = is.has_value();
    return {Make(Op::kIsKnown, {x.expression}), x.want};
  }
  const Logic y = RandomLogic(random, made, answers, depth - 1);
  const bool is_and = kind < 7;
  for (std::size_t i = 0; i < x.want.size(); ++i)
    x.want[i] = is_and ? And(x.want[i], y.want[i]) : Not(And(Not(x.want[i]), Not(y.want[i])));
  return {Make(is_and ? Op::kAnd : Op::kOr, {x.expression, y.expression}), x.want};
}

std::string CheckAsked(const Case& made, const Logic& logic, const std::string& time_zone) {
  const std::string text = WriteExpression(logic.expression);
  const auto got = made.planner->Evaluate(text, time_zone);
  if (!got.ok()) return text + ": " + std::string(got.status().message()) + "\n";
  const auto same = made.planner->Evaluate(logic.expression, time_zone);
  const auto count = made.planner->Count(text, time_zone);
  std::string faults = CheckVerdicts(made, text, *got, logic.want);
  if (!same.ok() || same->members != got->members) faults += text + ": its tree has others\n";
  if (!count.ok() || *count != got->members.size()) faults += text + ": Count() is another\n";
  return faults;
}

// Segments asked for by name and, in their own zone, by what they say.
std::string CheckOthers(const Case& made, Random& random) {
  const Answers answers = AnswersOf(made);
  std::string faults;
  for (int i = 0; i < 20; ++i)
    faults += CheckAsked(made, RandomLogic(random, made, answers, 4), "");
  for (std::size_t i = 0; i < answers.size(); ++i) {
    Logic other{made.planner->segments().expression(i), answers[i]};
    const std::string& time_zone = made.definitions->segments[i].time_zone;
    faults += CheckAsked(made, other, time_zone);
    for (Verdict& is : other.want) is = Not(is);
    other.expression = Make(Op::kNot, {other.expression});
    faults += CheckAsked(made, other, time_zone);
  }
  return faults;
}

// ---- Numbers ----

// What somebody's number is, as a subject of it says.
struct Told {
  std::optional<segment::Number> rank;  // as CompiledNumber has it
  segment::Datum value;
};

Told TellOf(const segment::CompiledSegment& number, SegmentSubject* subject) {
  Told told;
  told.value = segment::Evaluator(number, &subject->impl(), {}).Value();
  const auto of = [](std::int64_t whole) {
    return segment::Number{true, whole, static_cast<double>(whole)};
  };
  told.rank = segment::NumberOf(told.value);
  if (const auto* instant = std::get_if<Instant>(&told.value)) told.rank = of(instant->ms);
  if (const auto* span = std::get_if<segment::Duration>(&told.value)) told.rank = of(span->ms);
  const auto* money = std::get_if<segment::Amounts>(&told.value);
  if (money != nullptr && money->of.size() == 1) told.rank = of(money->of[0].minor_units);
  return told;
}

class NumberCheck {
 public:
  NumberCheck(const Case& made, const segment::CompiledSegment& number, std::string text,
              std::string time_zone)
      : made_(made), text_(std::move(text)), time_zone_(std::move(time_zone)) {
    for (const Person& person : made.people) {
      subjects_.push_back(std::make_unique<SegmentSubject>(
          *made.definitions, person.rows, person.identifiers, person.anchor, person.now_ms));
      told_.push_back(TellOf(number, subjects_.back().get()));
    }
  }

  std::string Check(Random& random) {
    IdSet among;
    for (const auto& [id, person] : made_.who) {
      if (random.Chance(80)) among.Add(id);
    }
    return CheckTop(among, random.Below(made_.who.size() + 2)) + CheckSum(among);
  }

 private:
  std::string CheckTop(const IdSet& among, std::size_t count) {
    std::vector<std::uint32_t> want;
    for (const auto& [id, person] : made_.who) {
      if (among.Contains(id) && told_[person].rank) want.push_back(id);
    }
    std::stable_sort(want.begin(), want.end(), [&](std::uint32_t a, std::uint32_t b) {
      return segment::CompareNumbers(*told_[made_.who.at(a)].rank, *told_[made_.who.at(b)].rank) >
             0;
    });
    want.resize(std::min(count, want.size()));
    const auto got = made_.planner->Top(count, text_, among, time_zone_);
    return got.ok() && *got == want ? "" : "Top() of " + text_ + " is another\n";
  }

  std::string CheckSum(const IdSet& among) {
    double sum = 0;
    std::uint64_t numbers = 0;
    std::map<std::string, absl::int128, std::less<>> money;
    for (const auto& [id, person] : made_.who) {
      const segment::Datum& value = told_[person].value;
      if (!among.Contains(id)) continue;
      if (std::holds_alternative<Instant>(value)) return "";
      if (const auto* amounts = std::get_if<segment::Amounts>(&value)) {
        for (const auto& amount : amounts->of)
          money[std::string(amount.currency)] += amount.minor_units;
      } else if (told_[person].rank) {
        sum += told_[person].rank->real;
        ++numbers;
      }
    }
    const auto got = made_.planner->Sum(text_, among, time_zone_);
    if (!got.ok()) return "";
    for (const auto& [currency, amount] : got->money) money[currency] -= amount;
    const bool same_money =
        std::all_of(money.begin(), money.end(), [](const auto& of) { return of.second == 0; });
    const double total = static_cast<double>(got->whole) + got->fractions;
    return same_money && got->numbers == numbers && total == Approx(sum).margin(1e-6)
               ? ""
               : "Sum() of " + text_ + " is another\n";
  }

  const Case& made_;
  const std::string text_;
  const std::string time_zone_;
  std::vector<std::unique_ptr<SegmentSubject>> subjects_;
  std::vector<Told> told_;  // by person
};

bool IsComparison(const Expression& node) {
  return node.op >= Op::kEqual && node.op <= Op::kGreaterEqual &&
         (node.args[1].op == Op::kLiteral || node.args[1].op == Op::kDuration);
}

}  // namespace

TEST_CASE("the planner says of everybody what the evaluator and the slow model say") {
  CheckCases(1, 1'500, CheckSlowly);
}

TEST_CASE("the planner says of everybody what the evaluator says at length", "[slow]") {
  CheckCases(100'001, 10'000, CheckSegments);
}

TEST_CASE("the planner answers expressions over the terms that are there") {
  CheckCases(20'001, 500, CheckOthers);
}

TEST_CASE("the planner ranks and sums the numbers of people") {
  std::uint64_t checked = 0;
  CheckCases(30'001, 600, [&](const Case& made, Random& random) {
    std::string faults;
    for (std::size_t i = 0; i < made.planner->segments().size(); ++i) {
      const std::string& time_zone = made.definitions->segments[i].time_zone;
      for (const Expression* part : segment::AllPartsOf(made.planner->segments().expression(i))) {
        if (!IsComparison(*part)) continue;
        const std::string text = WriteExpression(part->args[0]);
        const auto number = segment::CompileNumber(*made.definitions, text, time_zone);
        if (!number.ok() || !made.planner->Top(1, text, {}, time_zone).ok()) continue;
        faults += NumberCheck(made, **number, text, time_zone).Check(random);
        ++checked;
      }
    }
    return faults;
  });
  if (FromEnvironment("POLYONYM_SEED", 0) == 0 && FromEnvironment("POLYONYM_HISTORIES", 100) >= 100)
    CHECK(checked >= 1'000);
}

TEST_CASE("random segments give the planner members and others and people of whom it is unknown") {
  std::uint64_t members = 0, unknown = 0, people = 0, terms = 0;
  for (std::uint64_t seed = 40'001; seed <= 40'100; ++seed) {
    Random random(seed);
    const Case made = RandomCase(random);
    for (std::size_t i = 0; i < made.planner->segments().size(); ++i) {
      const SegmentPlanner::Verdicts got = made.planner->Evaluate(i);
      members += got.members.size();
      unknown += got.unknown.size();
      people += made.who.size();
    }
    terms += made.planner->terms();
  }
  CHECK(members * 10 >= people);
  CHECK(unknown * 10 >= people);
  CHECK((people - members - unknown) * 10 >= people);
  CHECK(terms >= 300);
}

}  // namespace polyonym::harness
