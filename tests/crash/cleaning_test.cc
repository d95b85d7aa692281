// The log is cleaned in steps behind a fold and its checkpoint: whichever of their writes fails, the next horizon or the next
// opening cleans to the end.
#include <memory>
#include <string>

#include "crash/frail_disk.h"
#include "crash/plan.h"
#include "crash/remains.h"
#include "crash/sent.h"
#include "harness/catch.h"
#include "harness/engine_state.h"

namespace polyonym::harness {
namespace {

constexpr std::size_t kFrames = 1030;  // more than are cleaned in one step
constexpr std::int64_t kStart = 1'000;

Record Seen(const std::string& source, std::size_t i) {
  Record record;
  record.source = source;
  record.id = std::to_string(i);
  record.time_ms = kStart + static_cast<std::int64_t>(i);
  record.identifiers = {{"crm", "1", Role::kSelf}, {"phone", "2", Role::kSelf}};
  return record;
}

// One record a call, and so a frame each; then the horizon of their source, and of another.
Plan LongPlan() {
  Plan plan;
  plan.seed = 1;
  Lane& lane = plan.lanes.emplace_back(kFrames + 4);
  lane[0].kind = Step::Kind::kSetPolicy;
  lane[0].policy.name = "long";
  lane[0].policy.namespaces.resize(2);
  lane[0].policy.namespaces[0].name = "crm";
  lane[0].policy.namespaces[1].name = "phone";
  for (std::size_t i = 0; i <= kFrames; ++i)
    lane[i + 1].records = {Seen(i == kFrames ? "web" : "shop", i)};
  for (std::size_t i = kFrames + 2; i < lane.size(); ++i) {
    lane[i].kind = Step::Kind::kHorizon;
    lane[i].source = i == kFrames + 2 ? "shop" : "web";
    lane[i].time_ms = kStart + static_cast<std::int64_t>(kFrames);
  }
  return plan;
}

std::string Check(Sent sent, const Engine& engine, std::size_t least, std::size_t most) {
  Progress done(1);
  return sent.Check(engine, {least}, {most}, &done);
}

}  // namespace

TEST_CASE(
    "whichever write of a long cleaning fails, the next horizon or the next opening ends it") {
  const Plan plan = LongPlan();
  const Lane& lane = plan.lanes[0];
  constexpr std::size_t kHorizon = kFrames + 2;
  const EngineOptions options = FrailOptions(plan.seed, Durability::kWal);
  FrailDisk before;
  Sent sent(plan);
  {
    const std::unique_ptr<Engine> engine = Must(Engine::OpenOn(before.Open(), options));
    for (std::size_t i = 0; i < kHorizon; ++i)
      sent.Acknowledge(0, Must(Run(lane[i], engine.get())));
  }
  for (const Moment moment : {Moment::kBefore, Moment::kDuring, Moment::kAfter}) {
    Counts counts;
    std::size_t went_on = 0;
    std::uint64_t call = 1;
    for (;; ++call) {
      INFO("moment " << static_cast<int>(moment) << ", call " << call);
      const std::unique_ptr<FrailDisk> disk = before.AfterKill();
      std::unique_ptr<Engine> engine = Must(Engine::OpenOn(disk->Open(), options));
      disk->FailAt(call, moment);
      const bool moved = Run(lane[kHorizon], engine.get()).ok();
      if (moved) break;

      const std::unique_ptr<FrailDisk> left = disk->AfterKill();
      const Remains remains = LookAt(*left->Open());
      const std::unique_ptr<Engine> again = Must(Engine::OpenOn(left->Open(), options));
      REQUIRE(Check(sent, *again, kHorizon, kHorizon + 1) == "");
      REQUIRE(CheckLogIsClean(*left->Open(), again->Read()) == "");
      Count(remains, *again, &counts);

      // The same process, where it may go on.
      disk->Mend();
      if (!engine->Apply({}).ok()) continue;
      ++went_on;
      Sent further = sent;
      further.Acknowledge(0, engine->Read().sequence());
      further.Acknowledge(0, Must(Run(lane[kHorizon + 1], engine.get())));
      REQUIRE(Check(further, *engine, lane.size(), lane.size()) == "");
      REQUIRE(CheckLogIsClean(*disk->Open(), engine->Read()) == "");
    }
    CHECK(call == 6);     // the fold, a sync, the checkpoint, two steps of cleaning
    CHECK(went_on == 3);  // after all but the first two
    CHECK(counts[kFoldAlone] > 0);
    CHECK(counts[kFoldUncleaned] > 0);
  }
}

}  // namespace polyonym::harness
