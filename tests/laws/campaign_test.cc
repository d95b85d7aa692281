// Campaigns over a store: what a board says that is refreshed now and then is what counting everybody afresh says, whoever is enrolled, merged, split or
// taken back meanwhile; and a frozen audience stays what it was.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/catch.h"
#include "harness/engine_state.h"
#include "harness/told.h"
#include "laws/law.h"
#include "polyonym/engine/campaigns.h"

namespace polyonym::harness {
namespace {

struct Seen {
  int compared = 0, read_some = 0, read_all = 0, enrolled = 0, enrolled_again = 0, converted = 0,
      merged = 0;
};
Seen seen;

// Names of random facts, so that steps and goals are met.
std::vector<CampaignDefinition> CampaignsOf(Random& random) {
  CampaignDefinition live;
  live.name = "spring";
  live.audience = random.Chance(50) ? "did(order) or did(click)" : "has crm or did(any event)";
  live.variants = {{"control", 300'000, true}, {"letter", 700'000, false}};
  live.steps = {{"reached", {"message"}}, {"clicked", {"click", "order"}}};
  live.goal = random.Chance(50) ? "order" : "order, click where value >= 1 CNY";
  if (random.Chance(50)) live.goal_within_ms = 200;
  CampaignDefinition frozen;
  frozen.name = "双十一";
  frozen.frozen = true;
  frozen.audience = "has crm or has phone or did(any event)";
  frozen.variants = {{"a", 500'000, false}, {"b", 500'000, false}};
  frozen.holdout_salt = "year";
  frozen.holdout_millionths = 250'000;
  frozen.goal = "any event";
  return {live, frozen};
}

History WithCampaigns(const History& plain) {
  History history = WithFacts(plain);
  Random random(history.seed ^ 0xca3b);
  const auto campaigns = CampaignsOf(random);
  history.policy.definitions.campaigns = campaigns;
  for (HistoryStep& step : history.steps) {
    if (step.kind == HistoryStep::Kind::kPolicy) step.policy.definitions.campaigns = campaigns;
  }
  return history;
}

// Everybody afresh, by the public reading of people.
std::string Compare(const CampaignBoard& board, const View& view) {
  const Definitions definitions = view.policy().definitions;
  const auto campaigns = Must(CompiledCampaigns::Compile(definitions, definitions.campaigns));
  std::string fault;
  for (std::size_t c = 0; c < campaigns->size(); ++c) {
    CampaignTally tally(campaigns->at(c));
    Must(view.ForEachPerson([&](const Person& person) {
      SegmentSubject subject(definitions, *person.rows, person.identifiers, person.anchor,
                             view.now_ms());
      const PersonOutcome outcome = OutcomeOf(*campaigns->at(c), &subject);
      if (outcome.enrolled) tally.Add(outcome);
      return true;
    }));
    const std::string& name = definitions.campaigns[c].name;
    const CampaignTally& kept = *Must(board.Tally(name));
    if (!(kept == tally)) fault += "the board counts otherwise: " + name + "\n";
    for (const VariantTally& variant : kept.variants()) {
      seen.converted += variant.arm.converted > 0;
      if (variant.arm.converted > variant.arm.people) fault += "more converted than people\n";
      for (const StepTally& step : variant.steps) {
        if (step.people > variant.arm.people || step.passed > step.people)
          fault += "more people at a step than are enrolled\n";
      }
    }
    seen.enrolled += kept.enrolled() > 0;
  }
  ++seen.compared;
  return fault;
}

std::uint64_t RecordsOf(const View& view, const std::string& campaign) {
  std::uint64_t records = 0;
  Must(view.ForEachPerson([&](const Person& person) {
    for (const FactRow& row : *person.rows) records += row.from.record_source == campaign;
    return true;
  }));
  return records;
}

// Whether a record that names somebody by one value says nothing of who is who: no value is derived of it, and none begins another life.
bool NamingIsPlain(const Policy& policy) {
  return std::all_of(
      policy.namespaces.begin(), policy.namespaces.end(),
      [](const NamespacePolicy& ns) { return ns.validity_ms == 0 && ns.derived.empty(); });
}

// Enrols in both, the frozen one again and again.
std::string EnrolAll(Engine& engine) {
  std::string fault;
  const bool is_plain = NamingIsPlain(engine.Read().policy());
  const std::string source = CampaignSource("双十一");
  const std::uint64_t before = RecordsOf(engine.Read(), source);
  // First, since to be enrolled is an event, and an audience may ask for any.
  const Enrolled frozen = Must(EnrolIn(&engine, "双十一"));
  Must(EnrolIn(&engine, "spring", {.records_a_call = 3}));
  if (before > 0 && frozen.total() > 0) fault += "a frozen audience grew\n";
  const Enrolled again = Must(EnrolIn(&engine, "spring"));
  seen.enrolled_again += is_plain;
  if (is_plain && again.total() > 0) fault += "somebody was enrolled twice\n";
  return fault;
}

std::string Check(const History& plain) {
  const History history = WithCampaigns(plain);
  if (history.steps.empty()) return "";
  Random random(history.seed ^ 0x1dec);
  const std::unique_ptr<Engine> engine = OpenInMemory(history.policy, history.seed);
  std::unique_ptr<CampaignBoard> board = Must(CampaignBoard::Build(engine->Read()));
  std::string fault;
  ApplySteps(*engine, history, random, [&](std::size_t done, const ApplyResult& result) {
    for (const Change& change : result.changes) seen.merged += change.kind == ChangeKind::kMerged;
    if (!fault.empty() || random.Chance(60)) return;
    if (random.Chance(30)) fault = EnrolAll(*engine);
    const View view = engine->Read();
    const CampaignBoard::Refreshed refreshed = Must(board->Refresh(view));
    ++(refreshed.all ? seen.read_all : seen.read_some);
    fault += Compare(*board, view);
    if (!fault.empty()) fault += "after step " + std::to_string(done) + "\n";
  });
  return fault;
}

}  // namespace

TEST_CASE("a board that is refreshed counts what counting everybody afresh counts") {
  seen = {};
  CheckLaw(77'000, 120, Check);
  if (OneSeedOnly()) return;
  CHECK(seen.compared > 0);
  CHECK(seen.read_some > 0);
  CHECK(seen.read_all > 0);
  CHECK(seen.enrolled > 0);
  CHECK(seen.enrolled_again > 0);
  CHECK(seen.converted > 0);
  CHECK(seen.merged > 0);
}
TEST_CASE("a board that is refreshed counts what counting afresh counts at length", "[slow]") {
  CheckLaw(7'700'000, 2'000, Check);
}

}  // namespace polyonym::harness
