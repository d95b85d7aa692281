// harness/random_policy.h - random policies, small enough that their limits, guards, windows and lifetimes bind.
//
// Times in histories are small numbers (harness/histories.h), and so are the spans here.
#ifndef POLYONYM_TESTS_HARNESS_RANDOM_POLICY_H_
#define POLYONYM_TESTS_HARNESS_RANDOM_POLICY_H_

#include <string>

#include "harness/random.h"
#include "polyonym/model/policy.h"

namespace polyonym::harness {

// Where there is one, the family into which some others derive.
inline constexpr const char* kDigestFamily = "phone_hash";

Policy RandomPolicy(Random& random);

// A valid policy next to a valid one, and another: one to three fields of the policy or of one or two namespaces changed, a
// namespace added or dropped.
Policy RandomVariant(const Policy& policy, Random& random);

// Text to read.
std::string Describe(const Policy& policy);

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_HARNESS_RANDOM_POLICY_H_
