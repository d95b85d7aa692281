// crash/frail_disk.h - a disk in memory that fails, and that forgets at a power cut what was not synced.
//
// It stands for what store/store.h promises, neither more nor less: a commit survives a killed process at once, and a
// power cut from the next sync on; until then a cut takes the last ones, from any whole commit on.
//
// THREADS: thread-compatible; an engine on it must do nothing by itself: FrailOptions().
#ifndef POLYONYM_TESTS_CRASH_FRAIL_DISK_H_
#define POLYONYM_TESTS_CRASH_FRAIL_DISK_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "harness/histories.h"
#include "polyonym/engine/engine.h"
#include "polyonym/store/store.h"

namespace polyonym::harness {

// What becomes of the call at which the disk fails. All three answer with an error.
enum class Moment : std::uint8_t {
  kBefore,  // nothing was done
  kDuring,  // it was done, but is not on stable storage
  kAfter,   // it was done in full; only the answer got lost
};

// An engine that syncs and checkpoints when it is told to, and otherwise only where its durability says so.
EngineOptions FrailOptions(std::uint64_t seed, Durability durability);

class FrailDisk {
 public:
  FrailDisk();

  // A store on what the disk holds. The disk must outlive it.
  std::unique_ptr<Store> Open();

  // The `call`-th writing call from now on (Commit, Sync, Ingest; from 1) fails, and every later one is refused. 0: none.
  void FailAt(std::uint64_t call, Moment moment);
  // Calls that wrote, or tried to, since FailAt().
  std::uint64_t calls() const { return calls_; }
  bool failed() const { return failed_; }
  // It takes writes again.
  void Mend();

  // A new disk with what is left when the process is killed: everything. When the power is cut: what was synced, and of the commits
  // behind that a random number.
  std::unique_ptr<FrailDisk> AfterKill() const;
  std::unique_ptr<FrailDisk> AfterPowerCut(Random& random) const;

 private:
  friend class FrailStore;
  using Rows = std::vector<std::pair<std::string, std::string>>;

  // Counts the call. Returns whether it is to be done, and whether to the end; and what to answer.
  struct Fate {
    bool done = true;
    bool stable = true;
    absl::Status answer;
  };
  Fate Next();
  absl::Status Commit(const WriteSet& writes, bool sync);
  absl::Status Sync();
  absl::Status Ingest(Table table, const Rows& rows);
  void SyncTail();

  std::unique_ptr<Store> now_;     // what a process sees
  std::unique_ptr<Store> stable_;  // what is on stable storage
  std::vector<WriteSet> tail_;     // commits that `now_` has and `stable_` has not
  std::uint64_t calls_ = 0;
  std::uint64_t fail_at_ = 0;
  Moment moment_ = Moment::kBefore;
  bool failed_ = false;
};

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_CRASH_FRAIL_DISK_H_
