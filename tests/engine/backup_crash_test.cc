// Backups and restores by processes that are killed: earlier backups stay whole, the next one works, and half a restore is no store.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"
#include "polyonym/engine/backup.h"

extern char** environ;

namespace polyonym::harness {
namespace {

namespace fs = std::filesystem;

// Runs the program; kills it after so many microseconds, where it still runs. Returns whether it was killed.  Throws where it failed by itself.
bool RunAndKill(std::vector<std::string> arguments, std::uint64_t after_us) {
  arguments.insert(arguments.begin(), POLYONYM_DRIVER);
  std::vector<char*> texts;
  for (std::string& argument : arguments) texts.push_back(argument.data());
  texts.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t process = 0;
  const int failed = ::posix_spawn(&process, texts[0], &actions, nullptr, texts.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::runtime_error("the program does not start: " + arguments.front());
  // Nothing depends on when exactly: wherever it strikes, the same must hold.
  std::this_thread::sleep_for(std::chrono::microseconds(after_us));
  ::kill(process, SIGKILL);
  int status = 0;
  ::waitpid(process, &status, 0);
  if (WIFSIGNALED(status)) return true;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return false;
  throw std::runtime_error("the program failed by itself, status " + std::to_string(status));
}

struct Tally {
  std::uint64_t backups = 0;
  std::uint64_t kills = 0;  // that struck
  std::uint64_t restores = 0;
};

// A store to which something comes between backups, some of which are killed.
class Rounds {
 public:
  explicit Rounds(std::uint64_t seed) : random_(seed) {
    engine_ = Must(Engine::Open(store_, Options()));
    Must(engine_->SetPolicy(ShopPolicy()).status());
    Grow(200);
  }

  void BackUp() {
    Grow(1 + random_.Below(20));
    const BackupInfo info = Must(engine_->BackUp(backups_));
    known_[info.id] = info.sequence;
    ++tally_.backups;
    if (known_.size() > 8) {
      Must(DropBackups(backups_, 4));
      while (known_.size() > 4) known_.erase(known_.begin());
    }
  }

  void Kill() {
    Grow(1 + random_.Below(200));
    engine_.reset();
    const std::uint64_t after = random_.Below(longest_us_);
    if (random_.Chance(70)) {
      const bool killed =
          RunAndKill({"backup", "make", "--db", store_, "--folder", backups_}, after);
      tally_.kills += killed ? 1 : 0;
      longest_us_ = killed ? longest_us_ : std::max<std::uint64_t>(after, 20'000);
    } else {
      const std::string to = folder_ / "restored";
      const bool killed =
          RunAndKill({"backup", "restore", "--folder", backups_, "--to", to}, after);
      tally_.kills += killed ? 1 : 0;
      // There whole, or not at all.
      if (fs::exists(to)) CheckStore(to, known_.rbegin()->second);
      CHECK((killed || fs::exists(to)));
      if (fs::exists(to + ".tmp")) CHECK_FALSE(Engine::Open(to + ".tmp", Options()).ok());
      fs::remove_all(to);
    }
    engine_ = Must(Engine::Open(store_, Options()));
    Check();
  }

  // Every backup that was acknowledged is listed, in order; one more may be there, of a process that was killed when it was done.
  void Check() {
    for (const BackupInfo& info : Must(ListBackups(backups_))) {
      const auto at = known_.find(info.id);
      if (at == known_.end()) {
        known_[info.id] = info.sequence;
        ++tally_.backups;
      } else {
        CHECK(info.sequence == at->second);
      }
    }
    std::size_t listed = Must(ListBackups(backups_)).size();
    CHECK(listed == known_.size());
    const std::uint32_t one =
        std::next(known_.begin(), static_cast<std::ptrdiff_t>(random_.Below(known_.size())))->first;
    Must(VerifyBackup(backups_, one));
    Must(VerifyBackup(backups_, known_.rbegin()->first));
    if (!random_.Chance(25)) return;
    const std::string to = folder_ / "restored";
    Must(RestoreBackup(backups_, one, to));
    CheckStore(to, known_[one]);
    fs::remove_all(to);
    ++tally_.restores;
  }

  const Tally& tally() const { return tally_; }

 private:
  static EngineOptions Options() {
    EngineOptions options;
    options.durability = Durability::kWal;
    options.create_if_missing = true;
    return options;
  }

  void Grow(std::uint64_t records) {
    std::vector<Record> visits;
    for (std::uint64_t i = 0; i < records; ++i) visits.push_back(Visit(next_++));
    Must(engine_->Apply(visits).status());
    records_at_[engine_->Read().sequence()] = next_;
  }

  void CheckStore(const std::string& path, std::uint64_t sequence) {
    const std::unique_ptr<Engine> engine = Must(Engine::Open(path, Options()));
    CHECK(engine->Read().sequence() == sequence);
    CHECK(engine->Read().GetStats().standing_records ==
          static_cast<std::uint64_t>(records_at_[sequence]));
    if (random_.Chance(20)) CHECK(Must(engine->Read().Verify()).ok());
  }

  Random random_;
  TempFolder folder_;
  const std::string store_ = folder_ / "store";
  const std::string backups_ = folder_ / "backups";
  std::unique_ptr<Engine> engine_;
  int next_ = 0;
  std::map<std::uint64_t, int> records_at_;       // by sequence
  std::map<std::uint32_t, std::uint64_t> known_;  // sequence of each backup that is there
  std::uint64_t longest_us_ = 400'000;            // about how long a run takes
  Tally tally_;
};

void RunRounds(std::uint64_t seed, std::uint64_t backups, std::uint64_t kills) {
  INFO("seed " << seed);
  Rounds rounds(seed);
  rounds.BackUp();
  for (std::uint64_t attempts = 0; rounds.tally().kills < kills; ++attempts) {
    REQUIRE(attempts < kills * 10 + 20);
    rounds.Kill();
    const std::uint64_t due = backups * rounds.tally().kills / kills;
    do rounds.BackUp();
    while (rounds.tally().backups < due);
  }
  rounds.Check();
  CHECK(rounds.tally().backups >= backups);
  WARN(rounds.tally().backups << " backups, " << rounds.tally().kills << " kills that struck, "
                              << rounds.tally().restores << " restores compared");
}

}  // namespace

TEST_CASE("backups outlive processes that are killed while they make or restore one") {
  RunRounds(31, 20, 6);
}

TEST_CASE("backups outlive processes that are killed while they make or restore one at length",
          "[slow]") {
  RunRounds(32, 2'000, 500);
}

}  // namespace polyonym::harness
