// crash/recorded_run.h - a plan run on RocksDB with all that it did to its files, to be cut off at any of it afterwards.
//
// RocksDB flushes in threads of its own: what is written is the same for a seed, in what order is not quite. What fails says the event and the seed of
// its loss; a plan that fails once may need some runs to fail again.
//
// THREADS: none of its own.
#ifndef POLYONYM_TESTS_CRASH_RECORDED_RUN_H_
#define POLYONYM_TESTS_CRASH_RECORDED_RUN_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "crash/disk_journal.h"
#include "crash/plan.h"
#include "polyonym/engine/engine.h"

namespace polyonym::harness {

class RecordedRun {
 public:
  // Runs the first lane of `plan`, from making the store to closing it.  Throws where a step fails.
  RecordedRun(const Plan& plan, const EngineOptions& options);

  const DiskJournal& journal() const { return journal_; }
  // Steps that were acknowledged before so many events.
  std::size_t AcknowledgedAt(std::size_t events) const;
  // Of those, steps that no power cut may take, by the durability.
  std::size_t StableAt(std::size_t events) const;
  // What the wrapper saw against what is in the folder, just before it was closed and after; empty: the same.
  const std::string& fault() const { return fault_; }

 private:
  DiskJournal journal_;
  std::vector<std::size_t> acknowledged_;  // by step, how many events there were
  std::vector<std::size_t> stable_;        // by step, how many of the steps up to it are
  std::string fault_;
};

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_CRASH_RECORDED_RUN_H_
