// A disk that fills up at any byte: the call says so, the engine is read-only and goes on answering, and once there is room the store opens
// with all that was acknowledged and goes on to the end.
#include <algorithm>
#include <memory>
#include <optional>

#include "crash/answers.h"
#include "crash/fault_file_system.h"
#include "crash/remains.h"
#include "crash/told_plan.h"
#include "harness/catch.h"
#include "harness/engine_state.h"
#include "store/rocks_store.h"

namespace polyonym::harness {
namespace {

bool SaysFull(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
}

absl::StatusOr<std::unique_ptr<Engine>> OpenThrough(const FaultFileSystem& files,
                                                    const std::string& store,
                                                    const EngineOptions& options) {
  auto rocks = OpenRocksStoreIn(store, options.rocks, files.env());
  if (!rocks.ok()) return rocks.status();
  return Engine::OpenOn(*std::move(rocks), options);
}

// One plan on disks of many sizes.
class Ordeal {
 public:
  Ordeal(std::uint64_t seed, Durability durability, Counts* counts)
      : plan_(MakeToldPlan(seed)),
        lane_(plan_.lanes[0]),
        options_(CrashOptions(seed, durability)),
        expected_(plan_),
        random_(seed ^ 0xf011),
        counts_(*counts) {
    const TempFolder folder;
    FaultFileSystem files(folder / "store");
    const auto engine = Must(OpenThrough(files, folder / "store", options_));
    made_ = needed_ = files.journal().bytes();
    for (const Step& step : lane_) {
      Must(Run(step, engine.get()).status());
      needed_ = std::max(needed_, files.journal().bytes());
    }
  }

  void Fill() {
    // The making of the store takes most of it.
    const std::uint64_t bytes =
        random_.Chance(20) ? random_.Below(needed_) : made_ + random_.Below(needed_ - made_ + 1);
    INFO("seed " << plan_.seed << ", durability " << static_cast<int>(options_.durability)
                 << ", a disk of " << bytes << " bytes, where " << needed_ << " are needed");
    const TempFolder folder;
    const std::string store = folder / "store";
    FaultFileSystem files(store);
    files.SetCapacity(bytes);
    std::size_t acknowledged = 0, most = 0;
    {
      auto engine = OpenThrough(files, store, options_);
      INFO(engine.status().ToString());
      if (!engine.ok()) {
        REQUIRE(SaysFull(engine.status()));
        ++counts_["full at the making of the store"];
      } else {
        most = RunSteps(engine->get(), &files, &acknowledged);
      }
    }
    if (options_.durability == Durability::kSync) CheckCut(files.journal(), acknowledged, most);
    files.SetCapacity(std::nullopt);
    const auto engine = OpenThrough(files, store, options_);
    INFO(engine.status().ToString());
    REQUIRE(engine.ok());
    std::size_t done = Check(**engine, acknowledged, most);
    for (; done < lane_.size(); ++done) Must(Run(lane_[done], engine->get()).status());
    Check(**engine, lane_.size(), lane_.size());
    ++counts_["went on to the end once there was room"];
  }

 private:
  // How many steps may be there.
  std::size_t RunSteps(Engine* engine, FaultFileSystem* files, std::size_t* acknowledged) {
    for (; *acknowledged < lane_.size(); ++*acknowledged) {
      const Step& step = lane_[*acknowledged];
      const absl::Status status = Run(step, engine).status();
      if (status.ok()) continue;
      INFO(NameOf(step) << ": " << status.ToString());
      REQUIRE(SaysFull(status));
      REQUIRE(files->was_full());
      ++counts_["full at: " + NameOf(step)];
      const bool read_only = absl::IsFailedPrecondition(engine->Apply({}).status());
      const bool may_stand = MayStand(step);
      if (!may_stand && step.kind != Step::Kind::kCheckpoint) REQUIRE(read_only);
      ++counts_[read_only ? "read-only then" : "not read-only then"];
      Check(*engine, *acknowledged, *acknowledged + (may_stand ? 1 : 0),
            !read_only || options_.durability != Durability::kGroup);
      // Room alone does not make it go on.
      files->SetCapacity(std::nullopt);
      if (read_only) REQUIRE(absl::IsFailedPrecondition(engine->Apply({}).status()));
      return *acknowledged + 1;
    }
    ++counts_[files->was_full() ? "no call noticed" : "not full"];
    return *acknowledged;
  }

  void CheckCut(const DiskJournal& journal, std::size_t least, std::size_t most) {
    const TempFolder folder;
    Random random(journal.size());
    journal.Cut(journal.size(), {}, random, folder / "cut");
    const auto engine = Engine::Open(folder / "cut", options_);
    INFO("and the power is cut: " << engine.status().ToString());
    REQUIRE(engine.ok());
    Check(**engine, least, most);
    ++counts_["power cut besides"];
  }

  std::size_t Check(const Engine& engine, std::size_t least, std::size_t most, bool feeds = true) {
    const auto answers = ReadAnswers(engine, feeds);
    INFO(answers.status().ToString());
    REQUIRE(answers.ok());
    std::string fault;
    const auto found = expected_.Find(*answers, least, most, &fault);
    REQUIRE(fault == "");
    return *found;
  }

  const Plan plan_;
  const Lane& lane_;
  const EngineOptions options_;
  const Expected expected_;
  Random random_;
  Counts& counts_;
  std::uint64_t made_ = 0;    // bytes of a store that is new
  std::uint64_t needed_ = 0;  // and at most on the way
};

void FillDisks(std::uint64_t seed, std::size_t wanted, std::size_t a_plan) {
  Counts counts;
  const std::uint64_t first = seed;
  for (std::size_t disks = 0; disks < wanted; disks += a_plan, ++seed) {
    Ordeal ordeal(seed, static_cast<Durability>(seed % 3), &counts);
    for (std::size_t i = 0; i < a_plan; ++i) ordeal.Fill();
  }
  CHECK(counts["read-only then"] > 0);
  CHECK(counts["went on to the end once there was room"] == wanted);
  WARN(wanted << " full disks, seeds " << first << " to " << seed - 1 << ":" << ToText(counts));
}

}  // namespace

TEST_CASE(
    "a disk that fills up makes the engine read-only until there is room and it is reopened") {
  FillDisks(4'000, 30, 5);
}
TEST_CASE("five hundred disks that fill up", "[slow]") { FillDisks(4'000'000, 500, 10); }

}  // namespace polyonym::harness
