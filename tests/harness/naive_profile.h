// harness/naive_profile.h - profile folds computed slowly and literally: the measure of FoldProfile().
//
// It shares the headers, Compare() and ToText() and the formulas of scores with the library, and nothing else. Every fold looks at all
// facts anew.
//
// THREADS: a pure function.  COST: quadratic; meant for some hundred facts.
#ifndef POLYONYM_TESTS_HARNESS_NAIVE_PROFILE_H_
#define POLYONYM_TESTS_HARNESS_NAIVE_PROFILE_H_

#include <cstdint>
#include <vector>

#include "polyonym/model/definitions.h"
#include "polyonym/profile/profile.h"

namespace polyonym::harness {

// The contract of FoldProfile().  REQUIRES: definitions pass Validate(); a record has one row; no sum, and no weight times a
// property, goes beyond what 64 bits hold exactly in a double; times are those of facts.
Profile NaiveProfile(const Definitions& definitions, std::vector<FactRow> rows,
                     const ProfileOptions& options, std::int64_t now_ms);

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_HARNESS_NAIVE_PROFILE_H_
