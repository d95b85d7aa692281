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

#include "absl/status/status.h"
#include "polyonym/engine/engine.h"

namespace polyonym::harness {

// One call of the engine.
struct Step {
  enum class Kind : std::uint8_t { kApply, kSetPolicy, kCheckpoint, kSync };
  Kind kind = Kind::kApply;
  std::vector<Record> records;  // kApply
  Policy policy;                // kSetPolicy
};

// The calls of one thread, in order. Of several lanes each has sources of its own, so that what a lane's records become of
// each other does not depend on the other lanes; and the policy is put in force once, as the first step of the first lane.
using Lane = std::vector<Step>;
struct Plan {
  std::uint64_t seed = 0;
  std::vector<Lane> lanes;
};

// The calls of a random history: one lane, in which the policy also changes on the way, or three.  REQUIRES: lanes is 1 or 3.
Plan MakePlan(std::uint64_t seed, std::size_t lanes);

// The lane that sends records of `source`.
std::size_t LaneOf(const Plan& plan, const std::string& source);

absl::Status Run(const Step& step, Engine* engine);

// The options under which every process opens the store of a plan: small buffers, so that a short history makes files;
// in some of the seeds checkpoints by themselves, and hashes that collide.
EngineOptions CrashOptions(std::uint64_t seed, Durability durability);

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_CRASH_PLAN_H_
