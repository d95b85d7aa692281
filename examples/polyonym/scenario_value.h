// scenario_value.h - texts, times and spans of time as the rows of scenarios write them.
#ifndef POLYONYM_EXAMPLES_POLYONYM_SCENARIO_VALUE_H_
#define POLYONYM_EXAMPLES_POLYONYM_SCENARIO_VALUE_H_

#include <google/protobuf/struct.pb.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace polyonym::driver {

using JsonValue = google::protobuf::Value;
using JsonObject = google::protobuf::Struct;

// A field of an object, or null.
const JsonValue* FieldOf(const JsonObject& object, std::string_view name);

bool IsTrue(const JsonValue* value);
bool IsGiven(const JsonValue* value);  // there, and not null

// A text, or a number as text; empty for anything else.
std::string TextOf(const JsonValue* value);
// One text, or the texts of a list.
std::vector<std::string> TextsOf(const JsonValue* value);

// Ordinals count days, as "day N" does; from 1e8 on a number is epoch seconds, from 1e11 on milliseconds; else RFC 3339 or a date.
std::optional<std::int64_t> ScenarioTime(const JsonValue& value);
std::optional<std::int64_t> ScenarioTime(const std::string& text);

// "30 days", "weekly", "12 h" in milliseconds; a number alone counts `unit`s; 0 for "ever".
std::optional<std::int64_t> ScenarioSpan(const std::string& text, const std::string& unit);

// Whether `unit` is one of time: "days", "hour", "ms".
bool IsTimeUnit(const std::string& unit);

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_SCENARIO_VALUE_H_
