// What consents decide of a segment besides its expression: purposes, profiling, restriction.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/catch.h"
#include "polyonym/model/definitions.h"
#include "polyonym/segment/check.h"
#include "polyonym/segment/evaluate.h"
#include "polyonym/segment/planner.h"
#include "polyonym/segment/text.h"

namespace polyonym::harness {
namespace {

using Verdict = std::optional<bool>;
constexpr std::int64_t kNow = 1'800'000'000'000;
constexpr ConsentState kGranted = ConsentState::kGranted;
constexpr ConsentState kDenied = ConsentState::kDenied;
constexpr ConsentState kWithdrawn = ConsentState::kWithdrawn;

// `all`: everybody who is known.
Definitions Known() {
  Definitions out;
  TraitDefinition city;
  city.name = "city";
  out.traits = {city};
  out.purposes = {{.name = "ads"}, {.name = "profiling"}, {.name = "use"}};
  out.segments = {{"all", "has crm", ""}};
  return out;
}

struct Person {
  std::vector<FactRow> rows;
  std::vector<Identifier> identifiers = {{"crm", "1"}};

  Person& Says(const std::string& purpose, ConsentState state, std::int64_t time_ms = kNow - 10) {
    FactRow& row = rows.emplace_back();
    row.from.time_ms = time_ms;
    row.from.record_id = std::to_string(rows.size());
    row.from.belongs_to = identifiers[0];
    row.facts.consents = {{purpose, state, {}}};
    return *this;
  }
};

std::shared_ptr<const CompiledSegments> Compiled(const Definitions& definitions) {
  auto compiled = CompiledSegments::Compile(definitions);
  INFO(compiled.status().message());
  REQUIRE(compiled.ok());
  return *std::move(compiled);
}

// As the evaluator and the planner say, which is one.
Verdict Of(const Definitions& definitions, const Person& person, const std::string& segment = "all",
           std::int64_t now_ms = kNow) {
  SegmentSubject subject(definitions, person.rows, person.identifiers, person.identifiers[0],
                         now_ms);
  const auto segments = Compiled(definitions);
  const std::size_t at = segments->Find(segment);
  const Verdict says = segments->Evaluate(at, &subject);
  auto planner = SegmentPlanner::Make(std::make_shared<const Definitions>(definitions));
  REQUIRE(planner.ok());
  (*planner)->Put(7, &subject);
  const SegmentPlanner::Verdicts planned = (*planner)->Evaluate(at);
  CHECK(planned.members.Contains(7) == (says == true));
  CHECK(planned.unknown.Contains(7) == !says.has_value());
  return says;
}

std::int64_t NextChange(const Definitions& definitions, const Person& person) {
  SegmentSubject subject(definitions, person.rows, person.identifiers, person.identifiers[0], kNow);
  return Compiled(definitions)->NextChange(0, &subject);
}

}  // namespace

TEST_CASE("nobody is a member who does not grant the purpose of the segment") {
  Definitions asks = Known();
  CHECK(Of(asks, Person()) == true);
  asks.segments[0].purpose = "ads";
  CHECK(Of(asks, Person()) == false);  // who was never asked too
  CHECK(Of(asks, Person().Says("profiling", kGranted)) == false);
  CHECK(Of(asks, Person().Says("ads", kGranted)) == true);
  CHECK(Of(asks, Person().Says("ads", kDenied)) == false);
  CHECK(Of(asks, Person().Says("ads", kGranted).Says("ads", kWithdrawn, kNow - 1)) == false);
  CHECK(Of(asks, Person().Says("ads", kDenied).Says("ads", kGranted, kNow - 1)) == true);
  CHECK(Of(asks, Person().Says("ads", kGranted, kNow + 1)) == false);  // not yet
}

TEST_CASE("who grants the purpose is what the expression says") {
  Definitions asks = Known();
  asks.segments = {{"all", "trait city = \"上海\"", "", "ads"}};
  CHECK_FALSE(Of(asks, Person().Says("ads", kGranted)).has_value());
  CHECK(Of(asks, Person()) == false);
  asks.segments[0].expression = "not has crm";
  CHECK(Of(asks, Person().Says("ads", kGranted)) == false);
}

TEST_CASE("who objects to profiling is in no segment but those that profile nobody") {
  Definitions asks = Known();
  asks.segments.push_back({"recall", "has crm", "", "", true});
  for (const char* segment : {"all", "recall"})
    CHECK(Of(asks, Person().Says("profiling", kDenied), segment) == true);
  asks.reach.profiling_purpose = "profiling";
  for (const ConsentState state : {kDenied, kWithdrawn}) {
    const Person objects = Person().Says("profiling", state);
    CHECK(Of(asks, objects) == false);
    CHECK(Of(asks, objects, "recall") == true);
  }
  CHECK(Of(asks, Person()) == true);  // silence is no objection
  CHECK(Of(asks, Person().Says("profiling", kGranted)) == true);
  CHECK(Of(asks, Person().Says("ads", kDenied)) == true);
}

TEST_CASE("who is restricted is in no segment at all") {
  Definitions asks = Known();
  asks.segments.push_back({"recall", "has crm", "", "", true});
  asks.privacy.restriction_purpose = "use";
  for (const char* segment : {"all", "recall"}) {
    CHECK(Of(asks, Person(), segment) == true);
    CHECK(Of(asks, Person().Says("use", kGranted), segment) == true);
    CHECK(Of(asks, Person().Says("use", kDenied), segment) == false);
    CHECK(Of(asks, Person().Says("use", kWithdrawn), segment) == false);
  }
}

TEST_CASE("a segment that asks for another sees who is kept out of that as no member") {
  Definitions asks = Known();
  asks.segments[0].purpose = "ads";
  asks.segments.push_back({"others", "not in segment all", "", "", true});
  asks.segments.push_back({"those", "in segment all", "", "", true});
  CHECK(Of(asks, Person(), "others") == true);  // never unknown
  CHECK(Of(asks, Person(), "those") == false);
  CHECK(Of(asks, Person().Says("ads", kGranted), "others") == false);
  CHECK(Of(asks, Person().Says("ads", kGranted), "those") == true);
  asks.privacy.restriction_purpose = "use";
  CHECK(Of(asks, Person().Says("use", kDenied), "others") == false);
}

TEST_CASE("a purpose that nobody defined is folded as one without rules") {
  Definitions asks = Known();
  asks.reach.profiling_purpose = "never defined";
  CHECK(Of(asks, Person()) == true);
  CHECK(Of(asks, Person().Says("never defined", kDenied)) == false);
}

TEST_CASE("a grant that ends ends membership to the millisecond") {
  Definitions asks = Known();
  asks.purposes[0].valid_ms = 1'000;
  asks.segments[0].purpose = "ads";
  const Person grants = Person().Says("ads", kGranted, kNow - 400);
  CHECK(NextChange(asks, grants) == kNow + 600);
  CHECK(Of(asks, grants, "all", kNow + 599) == true);
  CHECK(Of(asks, grants, "all", kNow + 600) == false);
  CHECK(NextChange(asks, Person()) == CompiledSegments::kNever);
  asks.segments[0].purpose = "";
  CHECK(NextChange(asks, grants) == CompiledSegments::kNever);
}

TEST_CASE("an objection stands again when the grant over it ends") {
  Definitions asks = Known();
  asks.purposes[1].valid_ms = 1'000;
  asks.reach.profiling_purpose = "profiling";
  const Person changes_mind =
      Person().Says("profiling", kDenied, kNow - 900).Says("profiling", kGranted, kNow - 400);
  CHECK(Of(asks, changes_mind) == true);
  CHECK(NextChange(asks, changes_mind) == kNow + 600);
  CHECK(Of(asks, changes_mind, "all", kNow + 600) == false);
}

TEST_CASE("an explanation shows what was asked of consents as what it is") {
  Definitions asks = Known();
  asks.segments = {{"all", "has crm and trait city is unknown", "", "ads"}};
  asks.reach.profiling_purpose = "profiling";
  asks.privacy.restriction_purpose = "use";
  const Person person = Person().Says("ads", kGranted).Says("profiling", kDenied);
  SegmentSubject subject(asks, person.rows, person.identifiers, person.identifiers[0], kNow);
  const SegmentExplanation said = Compiled(asks)->Explain(0, &subject);
  CHECK(said.verdict == false);
  std::vector<std::pair<std::string, std::string>> parts;
  for (const SegmentExplanation& part : said.parts) parts.emplace_back(part.text, part.value);
  CHECK(parts == std::vector<std::pair<std::string, std::string>>{
                     {"has crm", "yes"},
                     {"trait city is not known", "yes"},
                     {"consent ads is known", "yes"},
                     {"consent ads = \"granted\"", "yes"},
                     {"consent profiling is not known or consent profiling = \"granted\"", "no"},
                     {"consent use is not known or consent use = \"granted\"", "yes"}});
}

TEST_CASE("what is asked of consents is read as an input and can be written") {
  Definitions asks = Known();
  const auto before = Compiled(asks);
  CHECK(WriteExpression(before->expression(0)) == "has crm");
  asks.segments[0].purpose = "ads";
  const auto compiled = Compiled(asks);
  CHECK(compiled->inputs(0) != before->inputs(0));
  const std::string text = WriteExpression(compiled->expression(0));
  CHECK(text == "has crm and consent ads is known and consent ads = \"granted\"");
  const auto read = ParseExpression(text);
  REQUIRE(read.ok());
  CHECK(*read == compiled->expression(0));
}

TEST_CASE("a lint of what is compiled sees consents that contradict the expression") {
  Definitions asks = Known();
  asks.reach.profiling_purpose = "profiling";
  asks.privacy.restriction_purpose = "use";
  const auto lint = [&](const std::string& expression) {
    asks.segments = {{"all", expression, "", "ads"}};
    return LintExpression(Compiled(asks)->expression(0), asks, expression);
  };
  CHECK(lint("has crm and trait city = \"上海\"").empty());
  const auto findings = lint("consent ads = \"denied\"");
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].kind == LintFinding::Kind::kNeverTrue);
}

TEST_CASE("an expression of the greatest depth may be asked for a purpose too") {
  Definitions asks = Known();
  std::string deep = "has crm";
  for (int i = 0; i < 31; ++i) deep = "(" + deep + " or has phone) and has crm";
  asks.segments = {{"all", deep, "", "ads"}};
  asks.reach.profiling_purpose = "profiling";
  CHECK(Of(asks, Person().Says("ads", kGranted)) == true);
  CHECK(Of(asks, Person()) == false);
}

}  // namespace polyonym::harness
