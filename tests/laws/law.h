// laws/law.h - a law: something that is checked on many random histories.
#ifndef POLYONYM_TESTS_LAWS_LAW_H_
#define POLYONYM_TESTS_LAWS_LAW_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "harness/catch.h"
#include "harness/engine_state.h"

namespace polyonym::harness {

// The test at hand fails with the first history that `check` finds fault with, cut down: FindFailure().
inline void CheckLaw(std::uint64_t first_seed, std::size_t count,
                     const std::function<std::string(const History&)>& check,
                     const HistoryShape& shape = {}) {
  const std::string report = FindFailure(first_seed, count, shape, check);
  INFO(report);
  REQUIRE(report.empty());
}

// What the engine's own check of itself finds first; empty: nothing.
inline std::string CheckVerify(const View& view) {
  const VerifyReport report = Must(view.Verify());
  return report.ok() ? "" : "Verify: " + report.problems[0] + "\n";
}

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_LAWS_LAW_H_
