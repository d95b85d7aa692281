// A disk that fails at the n-th write, for every n: the engine turns read-only and goes on answering, nothing acknowledged is
// lost, and once the disk is well the store opens as a prefix of what was sent.
#include <memory>

#include "crash/frail_disk.h"
#include "crash/plan.h"
#include "crash/sent.h"
#include "harness/catch.h"
#include "harness/engine_state.h"

namespace polyonym::harness {
namespace {

struct Failure {
  std::uint64_t seed = 0;
  Durability durability = Durability::kSync;
  Moment moment = Moment::kBefore;
};

// Runs steps from `done` until one fails; returns its error.
absl::Status RunFrom(const Lane& lane, Engine* engine, std::size_t* done) {
  for (; *done < lane.size(); ++*done) {
    if (absl::Status status = Run(lane[*done], engine); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// Nothing is taken or written any more, and every answer stays what it was.
void CheckReadOnly(const Plan& plan, const FrailDisk& disk, Engine* engine,
                   std::size_t acknowledged, bool feed) {
  const std::uint64_t sequence = engine->Read().sequence();
  const std::uint64_t calls = disk.calls();
  for (const Step& step : plan.lanes[0]) {
    if (step.kind == Step::Kind::kSync) continue;
    const absl::Status refused = Run(step, engine);
    REQUIRE(absl::IsFailedPrecondition(refused));
    REQUIRE_THAT(std::string(refused.message()), HoldsText("read-only"));
  }
  RecordSelector selector;
  selector.source = "s0";
  selector.from_ms = 0;
  REQUIRE(absl::IsFailedPrecondition(engine->Retract(selector).status()));
  REQUIRE(disk.calls() == calls);
  REQUIRE(engine->Read().sequence() == sequence);
  Sent sent(plan);
  Progress done(1);
  REQUIRE(sent.Check(*engine, {acknowledged}, {acknowledged}, &done, feed) == "");
}

// Returns whether the plan came that far.
bool FailOnce(const Failure& failure, const Plan& plan, std::uint64_t call) {
  INFO("seed " << failure.seed << ", durability " << static_cast<int>(failure.durability)
               << ", moment " << static_cast<int>(failure.moment) << ", call " << call);
  const EngineOptions options = FrailOptions(failure.seed, failure.durability);
  FrailDisk disk;
  disk.FailAt(call, failure.moment);
  std::size_t acknowledged = 0;
  auto engine = Engine::OpenOn(disk.Open(), options);
  if (engine.ok()) {
    const absl::Status status = RunFrom(plan.lanes[0], engine->get(), &acknowledged);
    if (!disk.failed()) return false;
    REQUIRE(absl::IsUnavailable(status));
    // Rows of a checkpoint are no loss: the engine may go on until a commit fails.
    if (plan.lanes[0][acknowledged].kind != Step::Kind::kCheckpoint) {
      CheckReadOnly(plan, disk, engine->get(), acknowledged,
                    failure.durability != Durability::kGroup);
    }
    engine->reset();
  } else {
    REQUIRE(absl::IsUnavailable(engine.status()));
  }

  const std::unique_ptr<FrailDisk> mended = disk.AfterKill();
  auto again = Engine::OpenOn(mended->Open(), options);
  REQUIRE(again.ok());
  Sent sent(plan);
  Progress done(1);
  REQUIRE(sent.Check(**again, {acknowledged}, {acknowledged + 1}, &done) == "");
  REQUIRE(RunFrom(plan.lanes[0], again->get(), &done[0]).ok());
  const std::size_t whole = plan.lanes[0].size();
  REQUIRE(sent.Check(**again, {whole}, {whole}, &done) == "");
  return true;
}

// A history for each durability and moment, `rounds` times.
void RunAll(std::uint64_t seed, std::size_t rounds) {
  std::uint64_t calls = 0;
  for (std::size_t round = 0; round < rounds; ++round) {
    for (const Durability durability : {Durability::kSync, Durability::kGroup, Durability::kWal}) {
      for (const Moment moment : {Moment::kBefore, Moment::kDuring, Moment::kAfter}) {
        const Plan plan = MakePlan(++seed, 1);
        std::uint64_t call = 1;
        while (FailOnce({seed, durability, moment}, plan, call)) ++call;
        calls += call;
      }
    }
  }
  CHECK(calls > rounds * 9 * 15);  // some histories are one batch, most are many
}

}  // namespace

TEST_CASE(
    "whichever write fails, the engine turns read-only and the store opens again as a prefix") {
  RunAll(700, 1);
}
TEST_CASE("whichever write fails in many histories, the store opens again as a prefix", "[slow]") {
  RunAll(700'000, 20);
}

}  // namespace polyonym::harness
