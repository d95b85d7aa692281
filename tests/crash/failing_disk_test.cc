// A disk that fails at the n-th write, for every n: the engine turns read-only and goes on answering, nothing acknowledged is
// lost, and once the disk is well the store opens as a prefix of what was sent.
#include <memory>

#include "crash/frail_disk.h"
#include "crash/plan.h"
#include "crash/remains.h"
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
absl::Status RunFrom(const Lane& lane, Engine* engine, Sent* sent, std::size_t* done) {
  for (; *done < lane.size(); ++*done) {
    const auto sequence = Run(lane[*done], engine);
    if (!sequence.ok()) return sequence.status();
    sent->Acknowledge(0, *sequence);
  }
  return absl::OkStatus();
}

// Nothing is taken or written any more.
void CheckReadOnly(const Plan& plan, const FrailDisk& disk, Engine* engine) {
  const std::uint64_t sequence = engine->Read().sequence();
  const std::uint64_t calls = disk.calls();
  for (const Step& step : plan.lanes[0]) {
    if (step.kind == Step::Kind::kSync) continue;
    const absl::Status refused = Run(step, engine).status();
    REQUIRE(absl::IsFailedPrecondition(refused));
    REQUIRE_THAT(std::string(refused.message()), HoldsText("read-only"));
  }
  RecordSelector selector;
  selector.source = "s0";
  selector.from_ms = 0;
  REQUIRE(absl::IsFailedPrecondition(engine->Retract(selector).status()));
  REQUIRE(disk.calls() == calls);
  REQUIRE(engine->Read().sequence() == sequence);
}

// After a call that failed every answer stays what it was. But a horizon may have moved, or people be erased, before the checkpoint or the
// cleaning failed, which are no loss, as is a checkpoint: then the engine may go on until a commit fails.
void CheckAfterFailure(const Plan& plan, const Failure& failure, const FrailDisk& disk,
                       Engine* engine, Sent* sent, std::size_t acknowledged) {
  const Step& failed = plan.lanes[0][acknowledged];
  const bool read_only = absl::IsFailedPrecondition(engine->Apply({}).status());
  if (read_only) CheckReadOnly(plan, disk, engine);
  const bool may_stand = MayStand(failed);
  if (!may_stand && failed.kind != Step::Kind::kCheckpoint) REQUIRE(read_only);
  Progress done(1);
  REQUIRE(sent->Check(*engine, {acknowledged}, {acknowledged + (may_stand ? 1 : 0)}, &done,
                      failure.durability != Durability::kGroup) == "");
  if (failed.kind == Step::Kind::kHorizon && !read_only) REQUIRE(done[0] == acknowledged + 1);
}

// Returns whether the plan came that far.
bool FailOnce(const Failure& failure, const Plan& plan, std::uint64_t call, Counts* counts) {
  INFO("seed " << failure.seed << ", durability " << static_cast<int>(failure.durability)
               << ", moment " << static_cast<int>(failure.moment) << ", call " << call);
  const EngineOptions options = FrailOptions(failure.seed, failure.durability);
  FrailDisk disk;
  disk.FailAt(call, failure.moment);
  Sent sent(plan);
  std::size_t acknowledged = 0;
  auto engine = Engine::OpenOn(disk.Open(), options);
  if (engine.ok()) {
    const absl::Status status = RunFrom(plan.lanes[0], engine->get(), &sent, &acknowledged);
    if (!disk.failed()) return false;
    REQUIRE(absl::IsUnavailable(status));
    ++(*counts)[NameOf(plan.lanes[0][acknowledged])];
    CheckAfterFailure(plan, failure, disk, engine->get(), &sent, acknowledged);
    engine->reset();
  } else {
    REQUIRE(absl::IsUnavailable(engine.status()));
  }

  const std::unique_ptr<FrailDisk> mended = disk.AfterKill();
  const Remains remains = LookAt(*mended->Open());
  auto again = Engine::OpenOn(mended->Open(), options);
  REQUIRE(again.ok());
  Progress done(1);
  REQUIRE(sent.Check(**again, {acknowledged}, {acknowledged + 1}, &done) == "");
  Count(remains, **again, counts);
  REQUIRE(CheckLogIsClean(*mended->Open(), (*again)->Read()) == "");
  REQUIRE(RunFrom(plan.lanes[0], again->get(), &sent, &done[0]).ok());
  const std::size_t whole = plan.lanes[0].size();
  REQUIRE(sent.Check(**again, {whole}, {whole}, &done) == "");
  return true;
}

// A history for each durability and moment, `rounds` times.
void RunAll(std::uint64_t seed, std::size_t rounds) {
  HistoryShape shape;  // a store is made again for every call that fails
  shape.min_records = 25;
  shape.max_records = 50;
  std::uint64_t calls = 0;
  Counts counts;
  for (std::size_t round = 0; round < rounds; ++round) {
    for (const Durability durability : {Durability::kSync, Durability::kGroup, Durability::kWal}) {
      for (const Moment moment : {Moment::kBefore, Moment::kDuring, Moment::kAfter}) {
        const Plan plan = MakePlan(++seed, 1, shape);
        std::uint64_t call = 1;
        while (FailOnce({seed, durability, moment}, plan, call, &counts)) ++call;
        calls += call;
      }
    }
  }
  CHECK(calls > rounds * 9 * 15);  // some histories are one batch, most are many
  for (const char* what : {"apply", "policy", "policy of a further graph", "advance", "horizon",
                           "erase", "checkpoint", "sync", kPolicyAlone, kFurtherPolicyAlone,
                           kFoldAlone, kFoldUncleaned, kErasureAlone, kErasureUncleaned}) {
    INFO(what << ": " << counts[what] << " times failed");
    CHECK(counts[what] > 0);
  }
}

}  // namespace

TEST_CASE(
    "whichever write fails, the engine turns read-only and the store opens again as a prefix") {
  RunAll(700, 2);
}
TEST_CASE("whichever write fails in many histories, the store opens again as a prefix", "[slow]") {
  RunAll(700'000, 20);
}

}  // namespace polyonym::harness
