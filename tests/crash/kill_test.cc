// L9, a killed process: what was acknowledged is there, what is there is a prefix of what was sent, in every durability. Stores
// are killed again and again: while they are opened, in calls, in checkpoints, under threads.
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "crash/plan.h"
#include "crash/remains.h"
#include "crash/sent.h"
#include "harness/catch.h"
#include "harness/engine_state.h"

extern char** environ;

namespace polyonym::harness {
namespace {

// When to kill: once `marks` marks of the writer are read, after `spins` turns on the spot; or by itself, so many bytes or calls that
// change files further on.
struct Blow {
  std::uint64_t marks = 0;
  std::uint64_t spins = 0;
  const char* unit = "bytes";
  std::uint64_t count = 0;  // 0: from outside
};

struct End {
  bool killed = false;
  bool opened = false;
  Progress acknowledged;
  std::vector<Mark> marks;  // of what was acknowledged
};

void Spin(std::uint64_t turns) {
  std::atomic<std::uint64_t> spins{0};
  while (spins.fetch_add(1, std::memory_order_relaxed) < turns) {
  }
}

// A writer at work; what it writes is read as it comes.
class Writer {
 public:
  explicit Writer(std::vector<std::string> arguments) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
    std::vector<char*> texts;
    for (std::string& argument : arguments) texts.push_back(argument.data());
    texts.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_addclose(&actions, ends[0]);
    ::posix_spawn_file_actions_addclose(&actions, ends[1]);
    const int failed = ::posix_spawn(&process_, texts[0], &actions, nullptr, texts.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    marks_ = ends[0];
    if (failed != 0)
      throw std::runtime_error("the writer does not start, error " + std::to_string(failed));
  }
  ~Writer() { ::close(marks_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // The next mark, or none when there is none any more.
  std::optional<Mark> Read() {
    Mark mark;
    if (::read(marks_, &mark, sizeof mark) != sizeof mark) return std::nullopt;
    return mark;
  }
  void Kill() { ::kill(process_, SIGKILL); }
  // Whether it was killed.  Throws when it failed by itself.
  bool WasKilled() {
    int status = 0;
    ::waitpid(process_, &status, 0);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return true;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return false;
    throw std::runtime_error("the writer failed, status " + std::to_string(status));
  }

 private:
  pid_t process_ = 0;
  int marks_ = -1;
};

const char* NameOf(Durability durability) {
  return durability == Durability::kSync    ? "sync"
         : durability == Durability::kGroup ? "group"
                                            : "wal";
}

End Strike(const std::string& store, const Plan& plan, Durability durability, const Blow& blow,
           const Progress& start) {
  std::vector<std::string> arguments = {
      POLYONYM_CRASH_WRITER,      store,     std::to_string(plan.seed), NameOf(durability),
      std::to_string(blow.marks), blow.unit, std::to_string(blow.count)};
  for (const std::size_t step : start) arguments.push_back(std::to_string(step));
  Writer writer(std::move(arguments));
  End end;
  end.acknowledged = start;
  std::uint64_t marks = 0;
  for (bool struck = blow.count != 0;;) {
    if (!struck && marks == blow.marks) {
      Spin(blow.spins);
      writer.Kill();
      struck = true;
    }
    const std::optional<Mark> mark = writer.Read();
    if (!mark) break;
    ++marks;
    if (mark->lane == Mark::kOpen) {
      end.opened = true;
    } else {
      ++end.acknowledged.at(mark->lane);
      end.marks.push_back(*mark);
    }
  }
  end.killed = writer.WasKilled();
  return end;
}

constexpr std::size_t kStrikes = 12;  // at one store; then it may go through to the end

// The next step of some kind that is not an Apply, since those are few; the end where there is none.
std::size_t NextRareStep(const Lane& lane, std::size_t from, Random& random) {
  std::map<std::string, std::size_t> next;
  for (std::size_t step = from; step < lane.size(); ++step) {
    if (lane[step].kind != Step::Kind::kApply) next.emplace(NameOf(lane[step]), step);
  }
  if (next.empty()) return lane.size();
  return std::next(next.begin(), static_cast<std::ptrdiff_t>(random.Below(next.size())))->second;
}

// How many calls a step changes files by, about.
std::uint64_t CallsOf(Step::Kind kind) {
  return kind == Step::Kind::kErase        ? 60
         : kind == Step::Kind::kHorizon    ? 24
         : kind == Step::Kind::kCheckpoint ? 12
                                           : 2;
}

// Somewhere; often while the store is opened, or in a step that is not an Apply, before one of its writes. Mostly close by: a store that
// is killed soon is killed often. The making of a store has a test of its own.
Blow RandomBlow(const Plan& plan, const Progress& start, std::size_t strike, Random& random) {
  Blow blow;
  blow.marks = 1'000'000;
  if (strike == kStrikes) return blow;
  const std::uint64_t near = std::uint64_t{1} << random.Below(13);
  const std::uint64_t kind = random.Below(100);
  blow.marks = 1 + random.Below(7);
  if (kind < 12 && strike > 0) {
    blow.marks = 0;
  } else if (kind < 60) {
    const Lane& lane = plan.lanes[0];
    const std::size_t step = NextRareStep(lane, start[0], random);
    blow.marks = step - start[0] + 1;
    if (step < lane.size() && random.Chance(70)) {
      blow.unit = "calls";
      blow.count = 1 + random.Below(CallsOf(lane[step].kind));
      return blow;
    }
  }
  if (blow.marks == 0 || random.Chance(60)) {
    blow.count = 1 + random.Below(near);
  } else {
    blow.spins = random.Below(near * 64);
  }
  return blow;
}

std::string UnderWay(const Plan& plan, const End& end) {
  if (!end.opened) return "opening";
  const std::size_t step = end.acknowledged[0];
  return step == plan.lanes[0].size() ? "closing" : NameOf(plan.lanes[0][step]);
}

// A folder's files in another, which is made anew.
std::string CopyOf(const std::string& folder, const std::string& copy) {
  std::filesystem::remove_all(copy);
  std::filesystem::copy(folder, copy);
  return copy;
}

// Kills the writer of one store until the plan is through.
class Ordeal {
 public:
  Ordeal(std::uint64_t seed, Durability durability, Counts* counts)
      : durability_(durability),
        random_(seed ^ 0xdead),
        plan_(MakePlan(seed, seed % 4 == 1 ? 3 : 1)),
        options_(CrashOptions(seed, durability)),
        sent_(plan_),
        done_(plan_.lanes.size()),
        counts_(*counts) {}

  // Returns how often it was killed.
  std::size_t Run() {
    for (std::size_t strike = 0;; ++strike) {
      const Blow blow = RandomBlow(plan_, done_, strike, random_);
      const Progress start = done_;
      const End end = Strike(store_, plan_, durability_, blow, start);
      INFO("seed " << plan_.seed << ", durability " << NameOf(durability_) << ", "
                   << plan_.lanes.size() << " lanes, strike " << strike << ": from step "
                   << start[0] << ", after " << blow.marks << " marks, " << blow.spins << " spins, "
                   << blow.count << " " << blow.unit << "; acknowledged " << end.acknowledged[0]
                   << " of " << plan_.lanes[0].size() << ", " << UnderWay(plan_, end));
      Check(end);
      if (!end.killed) return strike;
    }
  }

 private:
  void Check(const End& end) {
    Progress most = end.acknowledged;
    for (std::size_t i = 0; i < most.size() && end.killed; ++i)
      most[i] = std::min(most[i] + 1, plan_.lanes[i].size());
    if (end.killed) ++counts_[plan_.lanes.size() == 1 ? UnderWay(plan_, end) : "threads"];
    for (const Mark& mark : end.marks) sent_.Acknowledge(mark.lane, mark.sequence);
    // On a copy in half of the cases, so that the next writer finds the store as it was killed, and not one that was closed.
    const bool on_copy = random_.Chance(50);
    const std::string looked_at = on_copy ? CopyOf(store_, folder_ / "copy") : store_;
    auto engine = Engine::Open(looked_at, options_);
    INFO(engine.status().ToString());
    REQUIRE(engine.ok());
    REQUIRE(sent_.Check(**engine, end.acknowledged, most, &done_) == "");
  }

  const Durability durability_;
  Random random_;
  const Plan plan_;
  const EngineOptions options_;
  Sent sent_;
  Progress done_;
  Counts& counts_;
  const TempFolder folder_;
  const std::string store_ = folder_ / "store";
};

// What must have been struck; a sync takes no time where the folder is in memory.
constexpr std::array kStruck = {"opening", "apply",   "policy", "policy of a further graph",
                                "advance", "horizon", "erase",  "checkpoint",
                                "threads"};

// As many kills, and up to four times as many where one of what must be struck was not yet: which is under way is the machine's to say.
void Run(std::uint64_t seed, std::size_t kills, Durability durability) {
  Counts counts;
  const std::uint64_t first = seed;
  std::size_t total = 0;
  const auto is_done = [&] {
    if (total < kills) return false;
    const bool all = std::all_of(kStruck.begin(), kStruck.end(),
                                 [&](const char* what) { return counts[what] > 0; });
    return all || total >= 4 * kills;
  };
  for (; !is_done(); ++seed) total += Ordeal(seed, durability, &counts).Run();
  for (const char* what : kStruck) {
    INFO(what << ": " << counts[what] << " of " << total << " kills");
    CHECK(counts[what] > 0);
  }
  WARN(total << " kills, durability " << NameOf(durability) << ", seeds " << first << " to "
             << seed - 1 << ":" << ToText(counts));
}

// Kills the writer in one step, before each of the calls by which it changes files.
void CutStep(const Plan& plan, std::size_t step, Durability durability, Counts* counts) {
  const TempFolder folder;
  const EngineOptions options = CrashOptions(plan.seed, durability);
  Sent before(plan);
  {
    const std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "before", options));
    for (std::size_t i = 0; i < step; ++i)
      before.Acknowledge(0, Must(Run(plan.lanes[0][i], engine.get())));
  }
  for (std::uint64_t call = 1, acknowledged = step; acknowledged == step; ++call) {
    const std::string store = CopyOf(folder / "before", folder / "store");
    const End end = Strike(store, plan, durability, {1, 0, "calls", call}, {step});
    acknowledged = end.acknowledged[0];
    INFO("seed " << plan.seed << ", durability " << NameOf(durability) << ", step " << step << ", "
                 << NameOf(plan.lanes[0][step]) << ", killed before call " << call
                 << "; acknowledged " << acknowledged);
    Sent sent = before;
    for (const Mark& mark : end.marks) sent.Acknowledge(mark.lane, mark.sequence);
    const Remains remains =
        LookAt(*Must(OpenRocksStore(CopyOf(store, folder / "copy"), options.rocks)));
    auto engine = Engine::Open(store, options);
    INFO(engine.status().ToString());
    REQUIRE(engine.ok());
    Progress done(1);
    REQUIRE(sent.Check(**engine, {acknowledged}, {std::min(acknowledged + 1, plan.lanes[0].size())},
                       &done) == "");
    if (acknowledged == step) Count(remains, **engine, counts);
    const std::string clean = folder / ("clean" + std::to_string(call));
    REQUIRE((*engine)->CopyTo(clean).ok());
    REQUIRE(CheckLogIsClean(*Must(OpenRocksStore(clean, options.rocks)), (*engine)->Read()) == "");
  }
}

// Such cuts of steps that leave `what`, in histories from `seed` on, until one left it.
void CutUntil(const std::string& what, Durability durability, std::uint64_t seed, Counts* counts) {
  for (const std::uint64_t end = seed + 20; (*counts)[what] == 0 && seed < end; ++seed) {
    const Plan plan = MakePlan(seed, 1);
    const Lane& lane = plan.lanes[0];
    const auto at = std::find_if(lane.begin() + 1, lane.end(), [&](const Step& step) {
      return what.starts_with(NameOf(step) + " without");
    });
    if (at == lane.end()) continue;
    CutStep(plan, static_cast<std::size_t>(at - lane.begin()), durability, counts);
  }
  INFO(what);
  CHECK((*counts)[what] > 0);
}

}  // namespace

TEST_CASE("a store whose making is cut short, at whatever byte, is made by the next process") {
  const Plan plan = MakePlan(1, 1);
  Progress done(1);
  for (std::uint64_t bytes = 1;; bytes += 1 + bytes / 6) {
    const TempFolder folder;
    const End end = Strike(folder / "store", plan, Durability::kWal, {.count = bytes}, {0});
    INFO("killed after " << bytes << " bytes");
    Sent sent(plan);
    for (const Mark& mark : end.marks) sent.Acknowledge(mark.lane, mark.sequence);
    auto engine = Engine::Open(folder / "store", CrashOptions(plan.seed, Durability::kWal));
    INFO(engine.status().ToString());
    REQUIRE(engine.ok());
    REQUIRE(sent.Check(**engine, end.acknowledged, {end.acknowledged[0] + 1}, &done) == "");
    if (end.opened) break;
  }
}

TEST_CASE(
    "a policy or a horizon or an erasure that is cut short, at whatever write, is there whole or "
    "not at all") {
  for (const Durability durability : {Durability::kSync, Durability::kGroup, Durability::kWal}) {
    Counts counts;
    for (const char* what : {kPolicyAlone, kFurtherPolicyAlone, kFoldAlone, kFoldUncleaned,
                             kErasureAlone, kErasureUncleaned})
      CutUntil(what, durability, 900, &counts);
  }
}

TEST_CASE("a killed process loses nothing that it acknowledged, every commit synced") {
  Run(200, 100, Durability::kSync);
}
TEST_CASE("a killed process loses nothing that it acknowledged, commits synced in groups") {
  Run(300, 100, Durability::kGroup);
}
TEST_CASE("a killed process loses nothing that it acknowledged, commits not synced") {
  Run(400, 100, Durability::kWal);
}

TEST_CASE("a process killed very often loses nothing that it acknowledged", "[slow]") {
  Run(200'000, 1'500, Durability::kSync);
  Run(300'000, 1'500, Durability::kGroup);
  Run(400'000, 1'500, Durability::kWal);
}

}  // namespace polyonym::harness
