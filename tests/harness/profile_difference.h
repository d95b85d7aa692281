// harness/profile_difference.h - what two profiles say differently, to read.
#ifndef POLYONYM_TESTS_HARNESS_PROFILE_DIFFERENCE_H_
#define POLYONYM_TESTS_HARNESS_PROFILE_DIFFERENCE_H_

#include <string>

#include "polyonym/profile/profile.h"

namespace polyonym::harness {

// The first field that differs, doubles by all their bits; empty: none does.
std::string Difference(const Profile& want, const Profile& got);

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_HARNESS_PROFILE_DIFFERENCE_H_
