// L9, power cuts of the real store: after every write, sync and renaming that RocksDB makes, whatever of the rest is lost: names or
// bytes, whole or torn. The store opens as a prefix of what was sent that has all that was stable, and goes on.
#include <algorithm>
#include <memory>
#include <optional>

#include "crash/answers.h"
#include "crash/recorded_run.h"
#include "crash/remains.h"
#include "crash/sent.h"
#include "crash/told_plan.h"
#include "harness/catch.h"
#include "harness/engine_state.h"

namespace polyonym::harness {
namespace {

constexpr std::size_t kInFull =
    20;  // one in so many is held against the definition too, and goes on to the end

const char* NameOf(Durability durability) {
  return durability == Durability::kSync    ? "sync"
         : durability == Durability::kGroup ? "group"
                                            : "wal";
}

const char* NameOf(Tail tail) {
  switch (tail) {
    case Tail::kLost:
      return "bytes lost";
    case Tail::kTorn:
      return "bytes torn";
    case Tail::kZeroed:
      return "bytes zeroed";
    case Tail::kGarbled:
      return "bytes garbled";
    case Tail::kSectors:
      return "sectors missing";
    case Tail::kKept:
      break;
  }
  return "bytes kept";
}

// One run of one plan, and what is left of it wherever it is cut.
class Cutter {
 public:
  Cutter(std::uint64_t seed, Durability durability, Counts* counts)
      : plan_(MakeToldPlan(seed)),
        options_(CrashOptions(seed, durability)),
        expected_(plan_),
        run_(plan_, options_),
        random_(seed ^ 0xcc7),
        counts_(*counts) {
    INFO("seed " << seed << ", " << NameOf(durability));
    REQUIRE(run_.fault() == "");
  }

  // About one in `every` of its events; returns how many cuts there were.
  std::size_t CutAll(const Loss& loss, std::size_t every) {
    std::size_t cuts = 0;
    for (std::size_t event = random_.Below(every); event <= run_.journal().size();
         event += 1 + random_.Below(2 * every - 1), ++cuts)
      CutAt(event, loss, random_.Below(1'000'000'000));
    return cuts;
  }

  // Only where bytes of files with such names are unsynced, `count` times. Returns how many there were, 0 where there is none.
  std::size_t TearTails(const std::string& files, std::size_t count) {
    const std::vector<Tail> tails = {Tail::kLost, Tail::kTorn, Tail::kZeroed, Tail::kGarbled,
                                     Tail::kSectors};
    std::size_t torn = 0;
    for (std::size_t tries = 0; torn < count && tries < count * 20; ++tries) {
      const Loss loss{Names::kKept, random_.Pick(tails), files};
      if (CutAt(1 + random_.Below(run_.journal().size()), loss, random_.Below(1'000'000'000)))
        ++torn;
    }
    return torn;
  }

 private:
  // Returns whether the cut took anything.
  bool CutAt(std::size_t event, const Loss& loss, std::uint64_t loss_seed) {
    const std::size_t acknowledged = run_.AcknowledgedAt(event), stable = run_.StableAt(event);
    INFO("seed " << plan_.seed << ", " << NameOf(options_.durability) << ", cut behind event "
                 << event << " of " << run_.journal().size() << ", loss seed " << loss_seed << "; "
                 << acknowledged << " steps acknowledged, " << stable << " stable");
    const TempFolder folder;
    Random random(loss_seed);
    const Taken taken = run_.journal().Cut(event, loss, random, folder / "store");
    if (!taken.any() && !loss.files.empty()) return false;
    if (event != 0) ++counts_["cut behind a " + run_.journal().NameOf(event - 1)];
    for (const auto& [tail, files] : taken.tails) ++counts_[NameOf(tail)];
    if (taken.names != 0) ++counts_["names lost"];
    if (!taken.any()) ++counts_["nothing lost"];
    Check(folder / "store", stable, acknowledged);
    return true;
  }

  void Check(const std::string& store, std::size_t stable, std::size_t acknowledged) {
    auto engine = Engine::Open(store, options_);
    INFO(engine.status().ToString());
    REQUIRE(engine.ok());
    const auto answers = ReadAnswers(**engine);
    INFO(answers.status().ToString());
    REQUIRE(answers.ok());
    std::string fault;
    const auto found = expected_.Find(*answers, stable, acknowledged + 1, &fault);
    REQUIRE(fault == "");
    ++counts_[*found < acknowledged    ? "unstable calls lost"
              : *found == acknowledged ? "just what was acknowledged"
                                       : "the call under way is there"];
    if (++counts_["all"] % kInFull == 0) GoOn(engine->get(), stable, acknowledged);
  }

  void GoOn(Engine* engine, std::size_t stable, std::size_t acknowledged) {
    const Lane& lane = plan_.lanes[0];
    Sent sent(plan_);
    for (std::size_t i = 0; i < acknowledged; ++i) sent.Acknowledge(0, expected_.left(i));
    Progress done(1);
    REQUIRE(sent.Check(*engine, {stable}, {std::min(acknowledged + 1, lane.size())}, &done) == "");
    for (std::size_t i = done[0]; i < lane.size(); ++i) Must(Run(lane[i], engine).status());
    std::string fault;
    expected_.Find(Must(ReadAnswers(*engine)), lane.size(), lane.size(), &fault);
    REQUIRE(fault == "");
    ++counts_["went on to the end"];
  }

  const Plan plan_;
  const EngineOptions options_;
  const Expected expected_;
  const RecordedRun run_;
  Random random_;
  Counts& counts_;
};

constexpr Durability kDurabilities[] = {Durability::kSync, Durability::kGroup, Durability::kWal};

void CutPlans(std::uint64_t seed, std::size_t wanted, std::size_t every) {
  Counts counts;
  const std::uint64_t first = seed;
  std::size_t cuts = 0;
  for (; cuts < wanted; ++seed)
    cuts += Cutter(seed, kDurabilities[seed % 3], &counts).CutAll({}, every);
  for (const char* what :
       {"cut behind a write", "cut behind a sync of a file", "cut behind a renaming",
        "cut behind a sync of the folder", "names lost", "bytes lost", "bytes torn", "bytes zeroed",
        "bytes garbled", "sectors missing", "the call under way is there", "unstable calls lost",
        "went on to the end"}) {
    INFO(what);
    CHECK(counts[what] > 0);
  }
  WARN(cuts << " power cuts, seeds " << first << " to " << seed - 1 << ":" << ToText(counts));
}

void TearPlans(std::uint64_t seed, std::size_t wanted, std::size_t a_plan) {
  Counts counts;
  const std::uint64_t first = seed;
  std::size_t torn = 0;
  for (; torn < wanted; ++seed)
    torn += Cutter(seed, kDurabilities[seed % 3], &counts)
                .TearTails(".log", std::min(a_plan, wanted - torn));
  for (const char* what : {"bytes lost", "bytes torn", "bytes zeroed", "bytes garbled",
                           "sectors missing", "the call under way is there"}) {
    INFO(what);
    CHECK(counts[what] > 0);
  }
  WARN(torn << " torn tails of the write-ahead log, seeds " << first << " to " << seed - 1 << ":"
            << ToText(counts));
}

}  // namespace

TEST_CASE("a power cut behind any write or sync or renaming of RocksDB takes nothing stable") {
  CutPlans(1'000, 600, 15);
}
TEST_CASE("the end of the write-ahead log may be torn anywhere behind what was synced") {
  TearPlans(2'000, 300, 30);
}
TEST_CASE("twenty thousand power cuts behind writes and syncs and renamings of RocksDB", "[slow]") {
  CutPlans(1'000'000, 20'000, 1);
}
TEST_CASE("ten thousand torn ends of the write-ahead log", "[slow]") {
  TearPlans(2'000'000, 10'000, 250);
}

}  // namespace polyonym::harness
