// tests/harness/catch.h - Catch2, whichever of its two lines is installed: v2 (Debian 12) or v3 (Ubuntu 24.04).
//
// Every test includes this header and no header of Catch2. Both lines have TEST_CASE, SECTION, TEMPLATE_TEST_CASE, GENERATE,
// CHECK, REQUIRE, CHECK_THAT, INFO, CAPTURE, Approx; what they spell differently is spelt once here.
#ifndef POLYONYM_TESTS_HARNESS_CATCH_H_
#define POLYONYM_TESTS_HARNESS_CATCH_H_

#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_approx.hpp>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_all.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <catch2/matchers/catch_matchers_vector.hpp>
#else
#include <catch2/catch.hpp>
#endif

#include <string>

namespace polyonym::harness {

#if __has_include(<catch2/catch_test_macros.hpp>)
using Catch::Approx;
#else
using Catch::Detail::Approx;  // v2 has a matcher of the same name beside it
#endif

// Matches text that holds `part` somewhere: CHECK_THAT(message, HoldsText("limits[0]")).
inline auto HoldsText(const std::string& part) {
#if __has_include(<catch2/catch_test_macros.hpp>)
  return Catch::Matchers::ContainsSubstring(part);
#else
  return Catch::Matchers::Contains(part);
#endif
}

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_HARNESS_CATCH_H_
