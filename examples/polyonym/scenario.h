// scenario.h - a worked example of identity resolution in our terms: one JSON object becomes a policy and records.
//
// Names of policies and settings are mapped to ours (docs/driver.md has the table); nothing else of a row steers the engine.
#ifndef POLYONYM_EXAMPLES_POLYONYM_SCENARIO_H_
#define POLYONYM_EXAMPLES_POLYONYM_SCENARIO_H_

#include <google/protobuf/struct.pb.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "polyonym/model/policy.h"
#include "polyonym/model/record.h"

namespace polyonym::driver {

using JsonValue = google::protobuf::Value;
using JsonObject = google::protobuf::Struct;

struct Scenario {
  struct Event {
    std::int64_t time_ms = 0;
    std::string batch;            // empty: none named
    std::vector<Record> records;  // one, or one for each pair of an act on several
  };
  std::string id;
  std::string title;
  bool inferred = false;
  bool expected_to_pass = false;
  std::string not_applicable;  // why the row cannot be put in our terms; empty: it can
  Policy policy;
  std::vector<Event> events;
  JsonObject expect;
};

// ERRORS: InvalidArgument (not a row at all).
absl::StatusOr<Scenario> ReadScenario(const std::string& line);

// A field of an object, or null.
const JsonValue* FieldOf(const JsonObject& object, std::string_view name);

// Ordinals count days, as "day N" does; from 1e8 on a number is epoch seconds, from 1e11 on milliseconds; else RFC 3339 or a date.
std::optional<std::int64_t> ScenarioTime(const JsonValue& value);
std::optional<std::int64_t> ScenarioTime(const std::string& text);

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_SCENARIO_H_
