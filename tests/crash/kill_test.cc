// L9, a killed process: what was acknowledged is there, what is there is a prefix of what was sent, in every durability. Stores
// are killed again and again: while they are opened, in calls, in checkpoints, under threads.
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "crash/plan.h"
#include "crash/sent.h"
#include "harness/catch.h"
#include "harness/engine_state.h"

extern char** environ;

namespace polyonym::harness {
namespace {

// When to kill: once `marks` marks of the writer are read, after `spins` turns on the spot; or by itself, `bytes` further on.
struct Blow {
  std::uint64_t marks = 0;
  std::uint64_t spins = 0;
  std::uint64_t bytes = 0;  // 0: from outside
};

struct End {
  bool killed = false;
  bool opened = false;
  Progress acknowledged;
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

  // The next mark, or 0 when there is none any more.
  char Read() {
    char mark = 0;
    return ::read(marks_, &mark, 1) == 1 ? mark : '\0';
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
  std::vector<std::string> arguments = {POLYONYM_CRASH_WRITER,      store,
                                        std::to_string(plan.seed),  NameOf(durability),
                                        std::to_string(blow.marks), std::to_string(blow.bytes)};
  for (const std::size_t step : start) arguments.push_back(std::to_string(step));
  Writer writer(std::move(arguments));
  End end;
  end.acknowledged = start;
  std::uint64_t marks = 0;
  for (bool struck = blow.bytes != 0;;) {
    if (!struck && marks == blow.marks) {
      Spin(blow.spins);
      writer.Kill();
      struck = true;
    }
    const char mark = writer.Read();
    if (mark == '\0') break;
    ++marks;
    if (mark == 'o') {
      end.opened = true;
    } else {
      ++end.acknowledged.at(static_cast<std::size_t>(mark - '0'));
    }
  }
  end.killed = writer.WasKilled();
  return end;
}

constexpr std::size_t kStrikes = 12;  // at one store; then it may go through to the end

// Somewhere; often while the store is opened, or just before a step that is not an Apply, since those are few. Mostly close by:
// a store that is killed soon is killed often. The making of a store has a test of its own.
Blow RandomBlow(const Plan& plan, const Progress& start, std::size_t strike, Random& random) {
  if (strike == kStrikes) return {1'000'000, 0, 0};
  const std::uint64_t near = std::uint64_t{1} << random.Below(13);
  const std::uint64_t kind = random.Below(100);
  if (kind < 12 && strike > 0) return {0, 0, 1 + random.Below(near)};
  Blow blow;
  blow.marks = 1 + random.Below(7);
  if (kind < 45) {
    const Lane& lane = plan.lanes[0];
    const auto rare =
        std::find_if(lane.begin() + static_cast<std::ptrdiff_t>(start[0]), lane.end(),
                     [](const Step& step) { return step.kind != Step::Kind::kApply; });
    blow.marks = static_cast<std::uint64_t>(rare - lane.begin()) - start[0] + 1;
  }
  if (random.Chance(60)) {
    blow.bytes = 1 + random.Below(near);
  } else {
    blow.spins = random.Below(near * 64);
  }
  return blow;
}

// How often what was under way when the end came.
using Counts = std::map<std::string, std::size_t>;

std::string UnderWay(const Plan& plan, const End& end) {
  if (!end.opened) return "opening";
  const std::size_t step = end.acknowledged[0];
  if (step == plan.lanes[0].size()) return "closing";
  switch (plan.lanes[0][step].kind) {
    case Step::Kind::kApply:
      return "apply";
    case Step::Kind::kSetPolicy:
      return "policy";
    case Step::Kind::kCheckpoint:
      return "checkpoint";
    case Step::Kind::kSync:
      return "sync";
  }
  return "";
}

// Kills the writer of one store until the plan is through.
void Ordeal(std::uint64_t seed, Durability durability, Counts* counts) {
  Random random(seed ^ 0xdead);
  const Plan plan = MakePlan(seed, seed % 4 == 1 ? 3 : 1);
  Sent sent(plan);
  const TempFolder folder;
  Progress done(plan.lanes.size());
  for (std::size_t strike = 0;; ++strike) {
    const Blow blow = RandomBlow(plan, done, strike, random);
    const Progress start = done;
    const End end = Strike(folder / "store", plan, durability, blow, start);
    Progress most = end.acknowledged;
    for (std::size_t i = 0; i < most.size() && end.killed; ++i) {
      most[i] = std::min(most[i] + 1, plan.lanes[i].size());
    }
    if (end.killed) ++(*counts)[plan.lanes.size() == 1 ? UnderWay(plan, end) : "threads"];
    INFO("seed " << seed << ", durability " << NameOf(durability) << ", " << plan.lanes.size()
                 << " lanes, strike " << strike << ": from step " << start[0] << ", after "
                 << blow.marks << " marks, " << blow.spins << " spins, " << blow.bytes
                 << " bytes; acknowledged " << end.acknowledged[0] << " of " << plan.lanes[0].size()
                 << ", " << UnderWay(plan, end));
    // On a copy in half of the cases, so that the next writer finds the store as it was killed, and not one that was closed.
    const std::string looked_at = folder / (random.Chance(50) ? "store" : "copy");
    std::filesystem::remove_all(folder / "copy");
    if (looked_at == folder / "copy") std::filesystem::copy(folder / "store", looked_at);
    auto engine = Engine::Open(looked_at, CrashOptions(plan.seed, durability));
    INFO(engine.status().ToString());
    REQUIRE(engine.ok());
    REQUIRE(sent.Check(**engine, end.acknowledged, most, &done) == "");
    if (!end.killed) return;
  }
}

void Run(std::uint64_t seed, std::size_t kills, Durability durability) {
  Counts counts;
  const auto total = [&] {
    std::size_t sum = 0;
    for (const auto& [what, count] : counts) sum += count;
    return sum;
  };
  for (; total() < kills; ++seed) Ordeal(seed, durability, &counts);
  // A sync takes no time where the folder is in memory.
  for (const char* what : {"opening", "apply", "policy", "checkpoint", "threads"}) {
    INFO(what << ": " << counts[what] << " of " << total() << " kills");
    CHECK(counts[what] > 0);
  }
}

}  // namespace

TEST_CASE("a store whose making is cut short, at whatever byte, is made by the next process") {
  const Plan plan = MakePlan(1, 1);
  Progress done(1);
  for (std::uint64_t bytes = 1;; bytes += 1 + bytes / 6) {
    const TempFolder folder;
    const End end = Strike(folder / "store", plan, Durability::kWal, {0, 0, bytes}, {0});
    INFO("killed after " << bytes << " bytes");
    auto engine = Engine::Open(folder / "store", CrashOptions(plan.seed, Durability::kWal));
    INFO(engine.status().ToString());
    REQUIRE(engine.ok());
    REQUIRE(Sent(plan).Check(**engine, end.acknowledged, {end.acknowledged[0] + 1}, &done) == "");
    if (end.opened) break;
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
