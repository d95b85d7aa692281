// Laws of segments: on random facts, definitions and expressions CompiledSegments says what the slow model says.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "harness/catch.h"
#include "harness/naive_segment.h"
#include "harness/random.h"
#include "harness/random_expression.h"
#include "harness/random_facts.h"
#include "polyonym/model/definitions.h"
#include "polyonym/profile/profile.h"
#include "polyonym/segment/check.h"
#include "polyonym/segment/evaluate.h"
#include "polyonym/segment/expression.h"
#include "polyonym/segment/text.h"
#include "segment/conditions.h"
#include "segment/dependents.h"
#include "segment/segment_bits.h"
#include "segment/subject.h"

namespace polyonym::harness {
namespace {

using Op = ExpressionOp;

// ---- Cases ----

struct Case {
  Definitions definitions;
  std::vector<FactRow> rows;
  std::vector<Identifier> identifiers;
  Identifier anchor;
  std::vector<std::int64_t> nows;
};

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kDayMs = 24 * kHourMs;

// Where days begin in the zones of random segments, or an hour or a millisecond beside it. New York's clocks are put back on 5 November
// 2023, nine days before most facts, and forward on 10 March 2024.
std::int64_t RandomMidnight(Random& random, const std::vector<std::int64_t>& days_before) {
  static const std::vector<std::int64_t> kOffsets = {0, 8 * kHourMs, -4 * kHourMs, -5 * kHourMs,
                                                     5 * kHourMs + 45 * 60'000};
  constexpr std::int64_t kMidnight = 19'675 * kDayMs;  // of 14 November 2023, in UTC
  const std::int64_t hours = random.Chance(70) ? 0 : random.Between(-3, 3) * kHourMs;
  return kMidnight - random.Pick(days_before) * kDayMs - random.Pick(kOffsets) + hours +
         random.Between(-1, 1);
}

std::int64_t RandomNow(Random& random) {
  static const std::vector<std::int64_t> kDaysOn = {1, 2, 6, 17, 48, 117, 118, 366};
  switch (random.Below(4)) {
    case 0: {
      static const std::vector<std::int64_t> kDaysBefore = {0, -1, -3, -6, -17, -48, -117, -118};
      return RandomMidnight(random, kDaysBefore);
    }
    case 1:
      return kRandomFactsMs + random.Pick(kDaysOn) * kDayMs + kRandomStepMs * random.Between(-2, 4);
    default:
      return kRandomFactsMs + kRandomStepMs * random.Between(-2, 4);
  }
}

void MoveToMidnights(Random& random, std::vector<FactRow>* rows) {
  static const std::vector<std::int64_t> kDaysBefore = {0, 0, 1, 2, 7, 9, 13, 44, 317};
  for (FactRow& row : *rows) {
    for (Event& event : row.facts.events) {
      if (random.Chance(15)) event.time_ms = RandomMidnight(random, kDaysBefore);
    }
  }
}

Case RandomCase(std::uint64_t seed) {
  Random random(seed);
  Case made;
  made.definitions = RandomSegments(random, RandomDefinitions(random));
  made.rows = RandomRows(random);
  MoveToMidnights(random, &made.rows);
  std::set<Identifier> identifiers = {random.Pick(NamesOfRandomFacts().identifiers)};
  for (const FactRow& row : made.rows) identifiers.insert(row.from.belongs_to);
  made.identifiers.assign(identifiers.begin(), identifiers.end());
  made.anchor = random.Pick(made.identifiers);
  for (int i = 0; i < 3; ++i) made.nows.push_back(RandomNow(random));
  return made;
}

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr || *text == '\0' ? otherwise : std::strtoull(text, nullptr, 10);
}

// The test at hand fails with the first case that `check` finds fault with. POLYONYM_SEED: that case alone;
// POLYONYM_HISTORIES: so many in a hundred of them.
void CheckCases(std::uint64_t first_seed, std::uint64_t count,
                const std::function<std::string(const Case&, Random&)>& check) {
  const std::uint64_t only = FromEnvironment("POLYONYM_SEED", 0);
  const std::uint64_t first = only != 0 ? only : first_seed;
  const std::uint64_t cases =
      only != 0 ? 1 : count * FromEnvironment("POLYONYM_HISTORIES", 100) / 100;
  for (std::uint64_t seed = first; seed < first + cases; ++seed) {
    Random random(seed ^ 0x5eed);
    const std::string fault = check(RandomCase(seed), random);
    INFO("POLYONYM_SEED=" << seed << "\n" << fault);
    REQUIRE(fault.empty());
  }
}

// ---- Answers ----

std::string Say(std::optional<bool> flag) { return !flag ? "unknown" : *flag ? "yes" : "no"; }

std::string Say(const SegmentExplanation& explanation, std::size_t depth = 1) {
  std::string said =
      std::string(2 * depth, ' ') + explanation.text + " -> " + explanation.value + "\n";
  for (const SegmentExplanation& part : explanation.parts) said += Say(part, depth + 1);
  return said;
}

// What the slow model says of a segment, against the evaluator on rows as they are, shuffled, and explained.
std::string CheckSegment(const Case& made, const std::vector<FactRow>& shuffled,
                         const CompiledSegments& segments, std::size_t segment,
                         std::int64_t now_ms) {
  const std::string& name = segments.name(segment);
  const std::optional<bool> want =
      NaiveIsMember(made.definitions, made.rows, made.identifiers, made.anchor, now_ms, name);
  SegmentSubject person(made.definitions, made.rows, made.identifiers, made.anchor, now_ms);
  SegmentSubject same(made.definitions, shuffled, made.identifiers, made.anchor, now_ms);
  SegmentSubject asked(made.definitions, made.rows, made.identifiers, made.anchor, now_ms);
  const std::optional<bool> got = segments.Evaluate(segment, &person);
  const std::optional<bool> again = segments.Evaluate(segment, &same);
  const SegmentExplanation explained = segments.Explain(segment, &asked);
  if (got == want && again == want && explained.verdict == want && explained.is_flag) return "";
  return "segment " + name + " at " + std::to_string(now_ms) + ": the slow model says " +
         Say(want) + ", the evaluator " + Say(got) + ", of shuffled rows " + Say(again) +
         ", explained " + Say(explained.verdict) + ":\n" + Say(explained);
}

std::string CheckSegments(const Case& made, Random& random) {
  const auto segments = CompiledSegments::Compile(made.definitions);
  if (!segments.ok()) return std::string(segments.status().message()) + "\n";
  std::vector<FactRow> shuffled = made.rows;
  random.Shuffle(&shuffled);
  std::string faults;
  for (const std::int64_t now_ms : made.nows) {
    for (std::size_t i = 0; i < (*segments)->size(); ++i)
      faults += CheckSegment(made, shuffled, **segments, i, now_ms);
  }
  return faults;
}

// One subject that is asked everything, in any order, answers as one that is asked once.
std::string CheckOneSubject(const Case& made, Random& random) {
  const auto segments = CompiledSegments::Compile(made.definitions);
  if (!segments.ok()) return std::string(segments.status().message()) + "\n";
  SegmentSubject person(made.definitions, made.rows, made.identifiers, made.anchor, made.nows[0]);
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < 2 * (*segments)->size(); ++i) order.push_back(i / 2);
  random.Shuffle(&order);
  for (const std::size_t i : order) {
    SegmentSubject other(made.definitions, made.rows, made.identifiers, made.anchor, made.nows[0]);
    const std::optional<bool> got = random.Chance(70) ? (*segments)->Evaluate(i, &person)
                                                      : (*segments)->Explain(i, &person).verdict;
    if (got != (*segments)->Evaluate(i, &other))
      return "segment " + (*segments)->name(i) + " is another to a subject that was asked before\n";
  }
  return "";
}

// Of somebody of whom it is known what was so before some of their facts came, what reads these is evaluated anew, and nothing else need be.
std::string CheckNews(const Case& made, Random& random) {
  const auto segments = CompiledSegments::Compile(made.definitions);
  if (!segments.ok()) return std::string(segments.status().message()) + "\n";
  const segment::Conditions& conditions = segment::ConditionsOf(**segments);
  const segment::Dependents dependents(**segments, conditions, made.definitions);
  segment::SegmentBits asked(conditions.size()), above((*segments)->size());
  std::vector<FactRow> before;
  for (const FactRow& row : made.rows) {
    if (random.Chance(60)) {
      before.push_back(row);
    } else {
      dependents.Add(row.facts, &asked);
    }
  }
  const auto subject_of = [&](const std::vector<FactRow>& rows) {
    return std::make_unique<SegmentSubject>(made.definitions, rows, made.identifiers, made.anchor,
                                            made.nows[0]);
  };
  const auto was = subject_of(before), is = subject_of(made.rows), other = subject_of(made.rows);
  auto& answers_before = was->impl().AnswersTo(*segments);
  conditions.Assess(&was->impl(), &answers_before);
  auto& answers = is->impl().AnswersTo(*segments);
  answers.conditions = answers_before.conditions;
  conditions.Reassess(asked, &is->impl(), &answers, &above);
  for (std::size_t i = 0; i < (*segments)->size(); ++i) {
    const bool got = conditions.IsTrue(i, answers.conditions);
    if (got != ((*segments)->Evaluate(i, other.get()) == true))
      return "segment " + (*segments)->name(i) + " is another than without what was known\n";
    if (got != conditions.IsTrue(i, answers_before.conditions) && !above.Has(i))
      return "segment " + (*segments)->name(i) + " is another now, and is not said\n";
  }
  return "";
}

// ---- What random expressions are made of ----

struct Kinds {
  std::set<Op> ops;
  std::set<TimeWindow::Kind> windows;
  std::set<CalendarUnit> units;
  std::set<std::string> fields;
  std::set<std::string> modes;
};

void AddKinds(const Expression& expression, Kinds* kinds);

void AddKinds(const TimeWindow& window, Kinds* kinds) {
  kinds->windows.insert(window.kind);
  if (window.kind == TimeWindow::Kind::kLast || window.kind == TimeWindow::Kind::kPast)
    kinds->units.insert(window.unit);
}

void AddKinds(const EventSequence& sequence, Kinds* kinds) {
  AddKinds(sequence.window, kinds);
  for (const EventQuery& condition : sequence.conditions) {
    for (const Expression& where : condition.where) AddKinds(where, kinds);
  }
  for (const EventSequence::Step& step : sequence.steps) {
    if (step.directly) kinds->modes.insert("directly");
    if (step.within_ms != 0) kinds->modes.insert("step within");
  }
  if (sequence.within_ms != 0) kinds->modes.insert("within");
  if (sequence.deduplicate) kinds->modes.insert("deduplicate");
  if (sequence.in_order) kinds->modes.insert("in_order");
  if (sequence.increasing) kinds->modes.insert("increasing");
}

void AddKinds(const Expression& expression, Kinds* kinds) {
  kinds->ops.insert(expression.op);
  if (expression.op == Op::kScore) kinds->fields.insert(expression.field);
  for (const Expression& arg : expression.args) AddKinds(arg, kinds);
  for (const EventQuery& query : expression.events) {
    AddKinds(query.window, kinds);
    for (const Expression& where : query.where) AddKinds(where, kinds);
  }
  for (const EventSequence& sequence : expression.sequence) AddKinds(sequence, kinds);
}

const std::vector<std::pair<std::string, std::vector<Op>>>& Groups() {
  static const std::vector<std::pair<std::string, std::vector<Op>>> kGroups = {
      {"identifiers", {Op::kHas, Op::kIdentifiers}},
      {"traits", {Op::kTrait}},
      {"tags",
       {Op::kTag, Op::kTagScore, Op::kTagCount, Op::kTagFirst, Op::kTagLast, Op::kTagPlace,
        Op::kTagLayer, Op::kTagsOfClass, Op::kTagsOfTopic}},
      {"consents", {Op::kConsent, Op::kConsentConflict}},
      {"ladders", {Op::kStage, Op::kHighestStage, Op::kStageEntered}},
      {"scores", {Op::kScore, Op::kChannelShare, Op::kTopChannel}},
      {"relations", {Op::kRelations, Op::kRelatedTo}},
      {"dates",
       {Op::kDaysSince, Op::kYearsSince, Op::kDaysToAnniversary, Op::kYearOf, Op::kMonthOf,
        Op::kDayOf, Op::kWeekdayOf, Op::kHourOf, Op::kAnniversaryIn}},
      {"segments", {Op::kInSegment}},
      {"buckets", {Op::kBucket}},
      {"count", {Op::kCount}},
      {"sum", {Op::kSum}},
      {"average", {Op::kAverage}},
      {"min", {Op::kMin}},
      {"max", {Op::kMax}},
      {"first", {Op::kFirst}},
      {"last", {Op::kLast}},
      {"distinct", {Op::kDistinct}},
      {"did", {Op::kDid}},
      {"sequence", {Op::kSequence}},
      {"sequences", {Op::kSequences}},
      {"funnel", {Op::kFunnel}},
  };
  return kGroups;
}

Expression RandomShape(std::uint64_t seed) {
  Random random(seed);
  const Definitions definitions = RandomDefinitions(random);
  const Expression expression =
      RandomExpression(random, definitions, std::vector<std::string>{"vip", "new"});
  const auto type = CheckExpression(expression, definitions, [](std::string_view name) {
    return name == "vip" || name == "new";
  });
  INFO("seed " << seed << ": " << WriteExpression(expression) << "\n" << type.status().message());
  REQUIRE(type.ok());
  REQUIRE(*type == ExpressionType::kFlag);
  return expression;
}

// ---- Laws ----

TEST_CASE("random expressions are flags that are taken, and of every kind") {
  constexpr std::uint64_t kShapes = 2'000, kAtLeast = kShapes / 50;
  std::map<std::string, std::uint64_t> shapes_with;
  std::map<TimeWindow::Kind, std::uint64_t> shapes_with_window;
  Kinds all;
  for (std::uint64_t seed = 1; seed <= kShapes; ++seed) {
    Kinds kinds;
    AddKinds(RandomShape(seed), &kinds);
    for (const auto& [group, ops] : Groups()) {
      shapes_with[group] +=
          std::any_of(ops.begin(), ops.end(), [&](Op op) { return kinds.ops.contains(op); });
    }
    for (const TimeWindow::Kind kind : kinds.windows) ++shapes_with_window[kind];
    all.ops.merge(kinds.ops);
    all.units.merge(kinds.units);
    all.fields.merge(kinds.fields);
    all.modes.merge(kinds.modes);
  }
  for (const auto& [group, shapes] : shapes_with) {
    CAPTURE(group);
    CHECK(shapes >= kAtLeast);
  }
  CHECK(shapes_with_window.size() == 5);
  for (const auto& [kind, shapes] : shapes_with_window) {
    CAPTURE(static_cast<int>(kind));
    CHECK(shapes >= kAtLeast);
  }
  CHECK(all.ops.size() == static_cast<std::size_t>(Op::kNear) + 1);
  CHECK(all.units.size() == static_cast<std::size_t>(CalendarUnit::kYear) + 1);
  CHECK(all.fields.size() == static_cast<std::size_t>(ScoreField::kDue) + 1);
  CHECK(all.modes.size() == 6);
}

TEST_CASE("random segments are answered with yes, no and unknown, each of them often") {
  constexpr std::uint64_t kCases = 200;
  std::map<std::string, std::uint64_t> answers;
  std::uint64_t all = 0;
  for (std::uint64_t seed = 1; seed <= kCases; ++seed) {
    const Case made = RandomCase(seed);
    for (const SegmentDefinition& segment : made.definitions.segments) {
      ++answers[Say(NaiveIsMember(made.definitions, made.rows, made.identifiers, made.anchor,
                                  made.nows[0], segment.name))];
      ++all;
    }
  }
  for (const char* answer : {"yes", "no", "unknown"}) {
    CAPTURE(answer, answers[answer], all);
    CHECK(answers[answer] * 10 >= all);
  }
}

TEST_CASE("definitions with random segments are valid") {
  CheckCases(1, 500, [](const Case& made, Random&) {
    return std::string(Validate(made.definitions).message());
  });
}

TEST_CASE("who is in a segment is what the slow model says, in whatever order facts come") {
  CheckCases(1, 3'000, CheckSegments);
}

TEST_CASE("who is in a segment is what the slow model says, at length", "[slow]") {
  CheckCases(100'001, 20'000, CheckSegments);
}

TEST_CASE("what a person was asked before changes no answer") {
  CheckCases(10'001, 500, CheckOneSubject);
}

TEST_CASE("who is in a segment after facts came follows from what was so before") {
  CheckCases(20'001, 3'000, CheckNews);
}

}  // namespace
}  // namespace polyonym::harness
