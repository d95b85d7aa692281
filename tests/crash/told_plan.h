// crash/told_plan.h - a plan whose records tell of people, so that profiles, tags and segments are lost where something is lost.
//
// THREADS: none of its own.
#ifndef POLYONYM_TESTS_CRASH_TOLD_PLAN_H_
#define POLYONYM_TESTS_CRASH_TOLD_PLAN_H_

#include <cstdint>

#include "crash/plan.h"

namespace polyonym::harness {

// MakePlan() of one lane, of a history short enough to be run again for every place where it may be cut, with random facts and definitions.
Plan MakeToldPlan(std::uint64_t seed);

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_CRASH_TOLD_PLAN_H_
