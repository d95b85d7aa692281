// L1, L3 with time and changing policies in the histories: whatever happened in whatever order, the state is that of a store that
// always had today's policy and clock.
#include "harness/catch.h"
#include "harness/engine_state.h"
#include "laws/law.h"

namespace polyonym::harness {
namespace {

std::string CheckSteps(const History& history) {
  Random random(history.seed ^ 0x57e95);
  std::unique_ptr<Engine> engine = OpenInMemory(history.policy, history.seed);
  std::string fault;
  ApplySteps(*engine, history, random, [&](std::size_t done, const ApplyResult&) {
    if (!fault.empty() || (done != history.steps.size() && random.Chance(70))) return;
    fault = CompareWithNaive(engine->Read(), WorldAt(history, done), false, random.Chance(20)) +
            CheckVerify(engine->Read());
    if (!fault.empty()) fault = "after " + std::to_string(done) + " steps:\n" + fault;
  });
  FeedReader reader;
  reader.Take(AllChanges(engine->Read()));
  if (fault.empty() && !reader.problems().empty()) fault = reader.problems()[0] + "\n";
  if (fault.empty() && reader.profiles() != NumbersInProfiles(engine->Read()))
    fault = "the feed gives other profiles than the view\n";
  return fault;
}

// The same on disk, closed and opened again now and then.
std::string CheckRestarts(const History& history) {
  Random random(history.seed ^ 0x4e57a);
  const TempFolder folder;
  const EngineOptions options = LawOptions(history.seed);
  std::unique_ptr<Engine> memory = OpenInMemory(history.policy, history.seed);
  std::unique_ptr<Engine> disk = Must(Engine::Open(folder / "store", options));
  Must(disk->SetPolicy(history.policy).status());
  for (const std::span<const HistoryStep> call : RandomCalls(history, random)) {
    const ApplyResult a = MakeCall(*memory, history, call);
    const ApplyResult b = MakeCall(*disk, history, call);
    if (a.changes != b.changes) return "the feeds differ\n";
    if (random.Chance(10)) Must(disk->Checkpoint());
    if (!random.Chance(10)) continue;
    disk.reset();
    disk = Must(Engine::Open(folder / "store", options));
  }
  std::string fault = CompareWithNaive(disk->Read(), WorldAt(history, history.steps.size()), false);
  if (disk->Read().clock_ms() != FinalClock(history)) fault += "the clock is another\n";
  if (AllChanges(disk->Read()) != AllChanges(memory->Read())) fault += "the feeds differ\n";
  return fault + CheckVerify(disk->Read());
}

// Under one altogether other policy after the other, records coming between.
std::string CheckOtherPolicies(const History& history) {
  Random random(history.seed ^ 0x07e4b0);
  std::unique_ptr<Engine> engine = OpenInMemory(history.policy, history.seed);
  Policy policy = history.policy;
  std::size_t done = 0;
  for (const std::span<const Record> batch : RandomBatches(history.records, random)) {
    Must(engine->Apply(batch).status());
    done += batch.size();
    if (!random.Chance(15)) continue;
    policy = RandomPolicy(random);
    Must(engine->SetPolicy(policy).status());
    const std::string fault = CheckVerify(engine->Read());
    if (!fault.empty()) return "after " + std::to_string(done) + " records:\n" + fault;
  }
  return CompareWithNaive(engine->Read(), NaiveWorld(Compile(policy), history.records), false) +
         CheckVerify(engine->Read());
}

// A policy that is left and set again leaves everybody where they were, ids included.
std::string CheckSetBack(const History& history) {
  Random random(history.seed ^ 0x5e7bac);
  std::unique_ptr<Engine> engine = OpenInMemory(history.policy, history.seed);
  ApplySteps(*engine, history, random);
  const Policy policy = FinalPolicy(history);
  const NaiveWorld world = WorldAt(history, history.steps.size());
  const std::set<Identifier> named = NamedIdentifiers(world);
  const EngineState before = ReadState(engine->Read(), named, false);
  for (int i = 0; i < 3; ++i) {  // a neighbouring policy, or an altogether other one
    Must(engine
             ->SetPolicy(random.Chance(30) ? RandomPolicy(random)
                                           : RandomVariant(engine->Read().policy(), random))
             .status());
  }
  Must(engine->SetPolicy(policy).status());
  const EngineState after = ReadState(engine->Read(), named, false);
  State was = before.state, is = after.state;
  was.gone.clear();
  is.gone.clear();
  return Difference(was, is) + CompareWithNaive(engine->Read(), world, false) +
         CheckVerify(engine->Read());
}

}  // namespace

TEST_CASE("under changing policies and time the state is that of the last policy and clock") {
  CheckLaw(140'000, 1'500, CheckSteps);
}
TEST_CASE(
    "under changing policies and time the state is that of the last policy and clock, at length",
    "[slow]") {
  CheckLaw(14'000'000, 15'000, CheckSteps);
}
TEST_CASE("under altogether other policies the state is that of the last one") {
  CheckLaw(145'000, 600, CheckOtherPolicies);
}
TEST_CASE("under altogether other policies the state is that of the last one, at length",
          "[slow]") {
  CheckLaw(14'500'000, 6'000, CheckOtherPolicies);
}
TEST_CASE("policies and clock are as they were when a store is opened again") {
  CheckLaw(150'000, 150, CheckRestarts);
}
TEST_CASE("policies and clock are as they were when a store is opened again, at length", "[slow]") {
  CheckLaw(15'000'000, 1'500, CheckRestarts);
}
TEST_CASE("a policy that is set back leaves everybody as if it had never been left") {
  CheckLaw(160'000, 400, CheckSetBack);
}
TEST_CASE("a policy that is set back leaves everybody as if it had never been left, at length",
          "[slow]") {
  CheckLaw(16'000'000, 4'000, CheckSetBack);
}

}  // namespace polyonym::harness
