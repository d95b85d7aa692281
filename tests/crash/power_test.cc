// L9, power cuts: under kSync nothing acknowledged is lost; otherwise at most what came after the last sync. Nothing that the feed
// showed is ever taken back, under kWal excepted, which promises nothing there.
#include <algorithm>
#include <memory>
#include <vector>

#include "crash/frail_disk.h"
#include "crash/plan.h"
#include "crash/remains.h"
#include "crash/sent.h"
#include "harness/catch.h"
#include "harness/engine_state.h"

namespace polyonym::harness {
namespace {

// How far one process came before the disk failed.
struct Life {
  std::size_t acknowledged = 0;
  std::size_t stable = 0;  // what a power cut may not take
  Feeds shown;
};

class Ordeal {
 public:
  Ordeal(std::uint64_t seed, Durability durability, Counts* counts)
      : durability_(durability),
        options_(FrailOptions(seed, durability)),
        random_(seed),
        plan_(MakePlan(seed, 1)),
        sent_(plan_),
        counts_(*counts) {}

  // Cuts the power again and again until the plan is through; before some cuts, when `kills`, the process is killed too, and
  // another goes on with what it finds.  Returns what is wrong.
  std::string Run(bool kills, std::size_t* cuts) {
    for (bool through = false; !through; ++*cuts) {
      Life life = Live();
      if (kills && disk_->failed() && random_.Chance(70)) {
        disk_ = disk_->AfterKill();
        const std::string fault = Check(life.acknowledged, life.acknowledged + 1);
        if (!fault.empty()) return "after a kill: " + fault;
        life = Live();
      }
      through = !disk_->failed();
      if (durability_ == Durability::kWal) sent_.Show({});
      disk_ = disk_->AfterPowerCut(random_);
      const std::string fault = Check(life.stable, life.acknowledged + (through ? 0 : 1));
      if (!fault.empty()) return "after a cut: " + fault;
    }
    return "";
  }

 private:
  // One process that goes on from done_, until the disk fails or the plan is through.
  Life Live() {
    Life life{done_[0], plan_stable_, {}};
    disk_->FailAt(1 + random_.Below(25), static_cast<Moment>(random_.Below(3)));
    auto engine = Engine::OpenOn(disk_->Open(), options_);
    while (engine.ok() && life.acknowledged < plan_.lanes[0].size() &&
           DoStep(engine->get(), &life)) {
    }
    if (!life.shown.empty()) sent_.Show(life.shown);
    plan_stable_ = life.stable;
    return life;
  }

  bool DoStep(Engine* engine, Life* life) {
    const Step& step = plan_.lanes[0][life->acknowledged];
    const auto sequence = harness::Run(step, engine);
    if (!sequence.ok()) {
      ++counts_[NameOf(step)];
      return false;
    }
    ++life->acknowledged;
    sent_.Acknowledge(0, *sequence);
    if (durability_ == Durability::kSync || IsStable(step, *sequence))
      life->stable = life->acknowledged;
    if (durability_ == Durability::kWal || !random_.Chance(15)) return true;
    auto feeds = ReadFeeds(*engine);
    if (!feeds.ok()) return false;
    life->shown = *std::move(feeds);
    life->stable = life->acknowledged;
    return true;
  }

  std::string Check(std::size_t least, std::size_t most) {
    const Remains remains = LookAt(*disk_->Open());
    auto engine = Engine::OpenOn(disk_->Open(), options_);
    if (!engine.ok()) return "it does not open: " + engine.status().ToString() + "\n";
    const std::string fault =
        sent_.Check(**engine, {least}, {std::min(most, plan_.lanes[0].size())}, &done_);
    if (!fault.empty()) return fault;
    Count(remains, **engine, &counts_);
    return CheckLogIsClean(*disk_->Open(), (*engine)->Read());
  }

  const Durability durability_;
  const EngineOptions options_;
  Random random_;
  const Plan plan_;
  Sent sent_;
  Counts& counts_;
  std::unique_ptr<FrailDisk> disk_ = std::make_unique<FrailDisk>();
  Progress done_ = Progress(1);
  std::size_t plan_stable_ = 0;
};

void RunAll(std::uint64_t seed, std::size_t cuts_wanted, bool kills) {
  Counts counts;
  for (std::size_t cuts = 0; cuts < cuts_wanted; ++seed) {
    for (const Durability durability : {Durability::kSync, Durability::kGroup, Durability::kWal}) {
      INFO("seed " << seed << ", durability " << static_cast<int>(durability));
      REQUIRE(Ordeal(seed, durability, &counts).Run(kills, &cuts) == "");
    }
  }
  for (const char* what : {"apply", "policy", "policy of a further graph", "advance", "horizon",
                           "erase", "checkpoint", "sync", kPolicyAlone, kFurtherPolicyAlone,
                           kFoldAlone, kFoldUncleaned, kErasureAlone, kErasureUncleaned}) {
    INFO(what << ": " << counts[what] << " times cut off");
    CHECK(counts[what] > 0);
  }
}

}  // namespace

TEST_CASE("a power cut takes nothing that was synced, and nothing that the feed has shown") {
  RunAll(500, 200, false);
}
TEST_CASE("what a killed process left unsynced is synced before it is shown or built upon") {
  RunAll(600, 200, true);
}
TEST_CASE("power cuts and kills by the thousand take nothing that was synced", "[slow]") {
  RunAll(500'000, 5'000, false);
  RunAll(600'000, 5'000, true);
}

}  // namespace polyonym::harness
