// scenario.h - a worked example of identity resolution in our terms: one JSON object becomes a policy and records.
//
// Names of policies and settings are mapped to ours (docs/driver.md has the table); nothing else of a row steers the engine.
#ifndef POLYONYM_EXAMPLES_POLYONYM_SCENARIO_H_
#define POLYONYM_EXAMPLES_POLYONYM_SCENARIO_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "polyonym/model/policy.h"
#include "polyonym/model/record.h"
#include "scenario_value.h"

namespace polyonym::driver {

struct Scenario {
  struct Event {
    std::int64_t time_ms = 0;
    std::string batch;  // empty: none named
    // One, or one for each pair of an act on several; none where only time passes.
    std::vector<Record> records;
  };
  std::string id;
  std::string title;
  bool inferred = false;
  bool expected_to_pass = false;
  std::string not_applicable;  // why the row cannot be put in our terms; empty: it can
  Policy policy;
  std::vector<Event> events;
  std::int64_t end_ms = 0;  // where the clock stands at the end
  JsonObject expect;
};

// ERRORS: InvalidArgument (not a row at all).
absl::StatusOr<Scenario> ReadScenario(const std::string& line);

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_SCENARIO_H_
