// A disk that fails RocksDB at the n-th operation on files, for every n, once, for ever or in part: no acknowledged call is lost, also when the power is cut
// then; the call at which it failed may be there or not; the engine is read-only after a write or a sync that failed, and reads go on.
//
// RocksDB 7.8 takes a table away again whose entry in the MANIFEST could not be synced, though the entry may be there. Such a store is refused as DataLoss
// for the file that is missing. It is counted.
#include <algorithm>
#include <filesystem>
#include <map>
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

const char* NameOf(Fault::How how) {
  return how == Fault::How::kOnce ? "once" : how == Fault::How::kForEver ? "for ever" : "in part";
}

// What is done while the disk fails: the steps of a plan from `first` on, behind those before, which went well.
struct Script {
  std::string name;
  Plan plan;
  std::size_t first = 0;
  std::size_t end = 0;
  bool reopens = false;  // the opening may fail too
};

bool Fits(const std::string& name, const Step& step) {
  if (name == "checkpoint") return step.kind == Step::Kind::kCheckpoint;
  if (name == "policy") return step.kind == Step::Kind::kSetPolicy;
  if (name == "horizon") return step.kind == Step::Kind::kHorizon;
  if (name == "erase") return step.kind == Step::Kind::kErase && step.suppress;
  if (name == "bulk") return step.bulk && step.records.size() > 2;
  return step.kind == Step::Kind::kApply && !step.bulk;
}

// The script of a plan; none where it has no such step.
std::optional<Script> ScriptOf(const std::string& name, std::uint64_t seed) {
  Script script{name, MakeToldPlan(seed)};
  Lane& lane = script.plan.lanes[0];
  const std::size_t half = std::max<std::size_t>(1, lane.size() / 2);
  const auto at = std::find_if(lane.begin() + static_cast<std::ptrdiff_t>(half), lane.end(),
                               [&](const Step& step) { return Fits(name, step); });
  if (at == lane.end()) return std::nullopt;
  script.first = static_cast<std::size_t>(at - lane.begin());
  script.end = std::min(lane.size(), script.first + (name == "apply" || name == "reopen" ? 6 : 1));
  script.reopens = name == "reopen";
  if (name == "erase") lane[script.first].finish = true;
  lane.resize(script.end);
  return script;
}

// A step that was cut in its first half, where it is two calls.
Plan Halved(Plan plan, std::size_t step) {
  plan.lanes[0].resize(step + 1);
  std::vector<Record>& records = plan.lanes[0][step].records;
  records.resize(records.size() / 2);
  return plan;
}

class Ordeal {
 public:
  Ordeal(Script script, Counts* counts)
      : script_(std::move(script)),
        lane_(script_.plan.lanes[0]),
        options_(CrashOptions(script_.plan.seed, Durability::kSync)),
        expected_(script_.plan),
        counts_(*counts) {
    options_.bulk_run_bytes = 1;  // each call of an import writes a file
    const std::unique_ptr<Engine> engine = Must(Engine::Open(folder_ / "before", options_));
    for (std::size_t i = 0; i < script_.first; ++i) Must(Run(lane_[i], engine.get()).status());
  }

  // Fails every operation, from the first on, or one in about `every`; returns how many times.
  std::size_t FailAll(Fault::How how, bool reads, std::size_t every) {
    Random random(script_.plan.seed);
    std::size_t times = 0;
    std::uint64_t n = 1 + random.Below(every);
    while (FailAt({n, how, reads})) {
      ++times;
      n += 1 + random.Below(2 * every - 1);
    }
    return times;
  }

  // Its first step makes no commit.
  bool leaves_nothing() const { return expected_.left(script_.first) == 0; }

 private:
  // Returns whether the script has so many operations.
  bool FailAt(const Fault& fault) {
    INFO("script " << script_.name << ", seed " << script_.plan.seed << ", "
                   << (fault.reads ? "read " : "operation ") << fault.operation << " fails "
                   << NameOf(fault.how));
    const std::string store = folder_ / "store";
    std::filesystem::remove_all(store);
    std::filesystem::copy(folder_ / "before", store);
    FaultFileSystem files(store);
    if (script_.reopens) files.FailAt(fault);
    std::size_t acknowledged = script_.first;
    bool failed_step = false;
    {
      auto rocks = OpenRocksStoreIn(store, options_.rocks, files.env());
      auto engine = rocks.ok() ? Engine::OpenOn(*std::move(rocks), options_)
                               : absl::StatusOr<std::unique_ptr<Engine>>(rocks.status());
      INFO(engine.status().ToString());
      if (!engine.ok()) {
        REQUIRE(script_.reopens);
        // RocksDB takes a manifest that it cannot open for one that wants other options.
        const bool misread = fault.reads && absl::IsInvalidArgument(engine.status());
        if (misread) ++counts_["opening refused as InvalidArgument"];
        REQUIRE((misread || absl::IsUnavailable(engine.status())));
      } else {
        if (!script_.reopens) files.FailAt(fault);
        // RocksDB 7.8 as Debian builds it ends the process where it cannot read a table that it is to take in, so that no checkpoint is written here.
        if (fault.reads) {
          ReadUnderFault(**engine);
        } else {
          failed_step = RunSteps(engine->get(), files, &acknowledged);
        }
      }
      ++counts_[!engine.ok()  ? "opening refused"
                : failed_step ? "call refused"
                              : "no call noticed"];
    }
    if (!files.failed()) return false;
    INFO("it was a " << ToString(files.what_failed()) << " of " << files.file_that_failed());
    ++counts_[std::string("failed: ") + ToString(files.what_failed())];
    const std::size_t most = acknowledged + (failed_step ? 1 : 0);
    INFO(acknowledged << " steps acknowledged" << (failed_step ? "; refused: " : "")
                      << (failed_step ? NameOf(lane_[acknowledged]) : ""));
    const bool manifest_failed = files.file_that_failed().starts_with("MANIFEST");
    CheckCut(files.journal(), acknowledged, most, manifest_failed);
    files.FailAt({});
    Check(store, acknowledged, most, manifest_failed);
    return true;
  }

  // The right answers, or an error.
  void ReadUnderFault(const Engine& engine) {
    const auto answers = ReadAnswers(engine);
    ++counts_[answers.ok() ? "read" : "reading refused"];
    if (!answers.ok()) return;
    std::string wrong;
    expected_.Find(*answers, script_.first, script_.first, &wrong);
    REQUIRE(wrong == "");
  }

  // Whether a step failed.
  bool RunSteps(Engine* engine, const FaultFileSystem& files, std::size_t* acknowledged) {
    for (; *acknowledged < script_.end; ++*acknowledged) {
      const Step& step = lane_[*acknowledged];
      const absl::Status status = Run(step, engine).status();
      if (status.ok()) continue;
      INFO(NameOf(step) << ": " << status.ToString());
      REQUIRE(files.failed());
      REQUIRE(absl::IsUnavailable(status));
      CheckAfterFailure(engine, step, *acknowledged);
      return true;
    }
    return false;
  }

  // Every answer stays what it was, and nothing more is taken; but a horizon may have moved, or people be erased, before the checkpoint
  // failed, and a checkpoint that fails is no loss.
  void CheckAfterFailure(Engine* engine, const Step& failed, std::size_t acknowledged) {
    const bool read_only = absl::IsFailedPrecondition(engine->Apply({}).status());
    const bool may_stand = MayStand(failed);
    if (!may_stand && failed.kind != Step::Kind::kCheckpoint) REQUIRE(read_only);
    ++counts_[read_only ? "read-only then" : "not read-only then"];
    for (std::size_t i = acknowledged; i < script_.end && read_only; ++i) {
      if (lane_[i].kind == Step::Kind::kSync || lane_[i].kind == Step::Kind::kCheckpoint) continue;
      REQUIRE(absl::IsFailedPrecondition(Run(lane_[i], engine).status()));
    }
    const auto answers = ReadAnswers(*engine);
    INFO(answers.status().ToString());
    REQUIRE(answers.ok());
    std::string fault;
    expected_.Find(*answers, acknowledged, acknowledged + (may_stand ? 1 : 0), &fault);
    REQUIRE(fault == "");
    ++counts_["reads went on"];
  }

  void CheckCut(const DiskJournal& journal, std::size_t least, std::size_t most,
                bool manifest_failed) {
    Random random(journal.size());
    const std::string cut = folder_ / "cut";
    std::filesystem::remove_all(cut);
    journal.Cut(journal.size(), {}, random, cut);
    INFO("and the power is cut, loss seed " << journal.size());
    Check(cut, least, most, manifest_failed);
  }

  // Whether of an import that failed just the first of its two calls is there.
  bool IsHalved(const Answers& answers, std::size_t step) {
    const auto at = halved_.try_emplace(step, Halved(script_.plan, step)).first;
    std::string fault;
    return at->second.Find(answers, step + 1, step + 1, &fault).has_value();
  }

  void Check(const std::string& store, std::size_t least, std::size_t most, bool manifest_failed) {
    const auto engine = Engine::Open(store, options_);
    INFO(engine.status().ToString());
    if (manifest_failed && absl::IsDataLoss(engine.status()) &&
        engine.status().message().find("No such file") != std::string::npos) {
      ++counts_["refused as DataLoss, a table is missing"];
      return;
    }
    REQUIRE(engine.ok());
    const auto answers = ReadAnswers(**engine);
    INFO(answers.status().ToString());
    REQUIRE(answers.ok());
    std::string fault;
    const auto found = expected_.Find(*answers, least, most, &fault);
    const bool half = !found && most > least && lane_[least].bulk && IsHalved(*answers, least);
    if (half) fault.clear();
    REQUIRE(fault == "");
    ++counts_[half             ? "half of an import is there"
              : *found > least ? "the failed call is there"
                               : "just what was acknowledged"];
  }

  const Script script_;
  const Lane& lane_;
  EngineOptions options_;
  const Expected expected_;
  std::map<std::size_t, Expected> halved_;  // by the step of which only the first half is there
  Counts& counts_;
  const TempFolder folder_;
};

void RunScripts(std::uint64_t seed, std::size_t rounds, std::size_t every) {
  const std::uint64_t first = seed;
  for (const char* name : {"apply", "checkpoint", "policy", "horizon", "erase", "bulk", "reopen"}) {
    Counts counts;
    std::size_t times = 0;
    for (std::size_t round = 0; round < rounds; ++seed) {
      std::optional<Script> script = ScriptOf(name, seed);
      if (!script) continue;
      Ordeal ordeal(*std::move(script), &counts);
      if (std::string(name) == "erase" && ordeal.leaves_nothing()) continue;
      ++round;
      for (const Fault::How how : {Fault::How::kOnce, Fault::How::kForEver, Fault::How::kShort})
        times += ordeal.FailAll(how, false, every);
      if (std::string(name) != "reopen") continue;
      for (const Fault::How how : {Fault::How::kOnce, Fault::How::kForEver})
        times += ordeal.FailAll(how, true, every);
    }
    INFO("script " << name);
    CHECK(times > 0);
    CHECK(counts["call refused"] + counts["opening refused"] > 0);
    WARN("script " << name << ": " << times << " operations failed, seeds " << first << " to "
                   << seed - 1 << ":" << ToText(counts));
  }
}

}  // namespace

TEST_CASE("whichever operation on a file fails nothing acknowledged is lost") {
  RunScripts(3'000, 1, 2);
}
TEST_CASE("whichever operation on a file fails in many scripts nothing acknowledged is lost",
          "[slow]") {
  RunScripts(3'000'000, 5, 1);
}

}  // namespace polyonym::harness
