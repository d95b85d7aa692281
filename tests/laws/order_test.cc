// L1: the same records give the same people in any order, in any batches, sent twice, and whenever the policy is set.
#include "harness/catch.h"
#include "harness/engine_state.h"
#include "laws/law.h"

namespace polyonym::harness {
namespace {

std::string CheckOrders(const History& history) {
  Random random(history.seed ^ 0x0dde5);
  const NaiveWorld world(Compile(history.policy), history.records);
  const auto apply = [&](Engine& engine, const std::vector<Record>& records) {
    for (const std::span<const Record> batch : RandomBatches(records, random))
      Must(engine.Apply(batch).status());
  };
  const auto compare = [&](const Engine& engine, const std::string& how) {
    const std::string fault = CompareWithNaive(engine.Read(), world, false);
    return fault.empty() ? "" : how + ":\n" + fault;
  };

  std::vector<Record> shuffled = history.records;
  for (std::size_t i = random.Below(10); i > 0 && !history.records.empty(); --i)
    shuffled.push_back(random.Pick(history.records));
  random.Shuffle(&shuffled);
  std::string fault;
  {
    std::unique_ptr<Engine> engine = OpenInMemory(history.policy, history.seed);
    apply(*engine, shuffled);
    fault += compare(*engine, "shuffled, some sent twice");
    const std::uint64_t sequence = engine->Read().sequence();
    const ApplyResult again = Must(engine->Apply(shuffled));
    if (again.sequence != sequence || !again.changes.empty())
      fault += "sending all again changed something\n";
  }
  {
    std::unique_ptr<Engine> engine = Must(Engine::OpenInMemory(LawOptions(history.seed)));
    apply(*engine, shuffled);
    Must(engine->SetPolicy(history.policy).status());
    fault += compare(*engine, "the policy set last");
  }
  {
    Random other(history.seed ^
                 0x07e4);  // by itself, so that a shorter history meets the same policy
    std::unique_ptr<Engine> engine = OpenInMemory(RandomPolicy(other), history.seed);
    const std::size_t half = history.records.size() / 2;
    apply(*engine,
          {history.records.begin(), history.records.begin() + static_cast<std::ptrdiff_t>(half)});
    Must(engine->SetPolicy(history.policy).status());
    apply(*engine,
          {history.records.begin() + static_cast<std::ptrdiff_t>(half), history.records.end()});
    fault += compare(*engine, "another policy first");
    const VerifyReport report = Must(engine->Read().Verify());
    if (!report.ok()) fault += "Verify: " + report.problems[0] + "\n";
  }
  return fault;
}

}  // namespace

TEST_CASE("order, batches, repeats and the moment of the policy do not matter") {
  CheckLaw(40'000, 1'500, CheckOrders);
}
TEST_CASE("order, batches, repeats and the moment of the policy do not matter, at length",
          "[slow]") {
  CheckLaw(4'000'000, 15'000, CheckOrders);
}

}  // namespace polyonym::harness
