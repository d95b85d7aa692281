// crash/plan.h - what is sent to a store that will be cut off: the same for a seed, in the program that writes and in the test.
//
// THREADS: none of its own.
#ifndef POLYONYM_TESTS_CRASH_PLAN_H_
#define POLYONYM_TESTS_CRASH_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/histories.h"
#include "polyonym/engine/engine.h"

namespace polyonym::harness {

// One call of the engine.
struct Step {
  enum class Kind : std::uint8_t {
    kApply,
    kSetPolicy,
    kAdvance,
    kHorizon,
    kErase,
    kCheckpoint,
    kSync
  };
  Kind kind = Kind::kApply;
  std::vector<Record> records;  // kApply
  bool bulk = false;            // kApply: by BulkApply() in two calls, and Sync()
  Policy policy;                // kSetPolicy
  std::string graph;            // kSetPolicy
  std::string source;           // kHorizon
  std::int64_t time_ms = 0;     // kAdvance: where to; kHorizon: before which records are folded
  std::vector<EraseRequest> erasures;  // kErase
  bool suppress = true;                // kErase
  bool finish = false;                 // kErase: all files are written again too
};

// Text to read; of a policy, whether it is for the first graph.
std::string NameOf(const Step& step);

// Whether the step may stand though it failed: its commit is there, and what comes behind that, a checkpoint, a cleaning, came to no end.
bool MayStand(const Step& step);
// Whether the step is stable once it is acknowledged, and all before it, in every durability: a policy is logged so before its work, a fold
// and an erasure before their checkpoint.  `sequence`: as Run() gives it.
bool IsStable(const Step& step, std::uint64_t sequence);

// The calls of one thread, in order. Of several lanes each has sources of its own, of which it alone moves the horizons; policies and
// the clock are the first lane's, which begins by putting a policy in force. People are erased where there is one lane: what an erasure keeps out
// leaves nothing by which the order of calls could be told.
using Lane = std::vector<Step>;
struct Plan {
  std::uint64_t seed = 0;
  std::vector<Lane> lanes;
};

// The calls of a random history: one lane, or three.  REQUIRES: lanes is 1 or 3.
Plan MakePlan(std::uint64_t seed, std::size_t lanes, const HistoryShape& shape = {});

// Makes the call. The sequence of the commit that it left, 0 for none; a horizon that lies beyond all that is known leaves none, and so does an
// erasure of what is no identifier.
absl::StatusOr<std::uint64_t> Run(const Step& step, Engine* engine);

// What the program that is killed writes, whole, of each call that was acknowledged, and once the store is open.
struct Mark {
  static constexpr std::uint64_t kOpen = ~std::uint64_t{0};
  std::uint64_t lane = kOpen;
  std::uint64_t sequence = 0;  // as Run() gives it
};

// The options under which every process opens the store of a plan: small buffers, so that a short history makes files;
// in some of the seeds checkpoints by themselves, and hashes that collide.
EngineOptions CrashOptions(std::uint64_t seed, Durability durability);
// Of an engine in memory that takes the same calls. The ledger's key is the same for all.
EngineOptions PlanOptions(std::uint64_t seed);

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_CRASH_PLAN_H_
