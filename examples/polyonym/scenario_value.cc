#include "scenario_value.h"

#include <charconv>
#include <cmath>
#include <map>
#include <utility>

#include "time_format.h"

namespace polyonym::driver {

namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kOrdinalZeroMs = 1'577'836'800'000;  // 2020-01-01

// A number at the front of a text, and what is left of it.
std::optional<std::pair<double, std::string>> SplitNumber(const std::string& text) {
  double n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || !std::isfinite(n)) return std::nullopt;
  return std::pair(n, std::string(end, text.data() + text.size()));
}

std::optional<std::int64_t> UnitMs(std::string unit) {
  static const std::map<std::string, std::int64_t> kUnits = {{"ms", 1},
                                                             {"millisecond", 1},
                                                             {"s", 1000},
                                                             {"second", 1000},
                                                             {"minute", 60'000},
                                                             {"h", 3'600'000},
                                                             {"hour", 3'600'000},
                                                             {"hourly", 3'600'000},
                                                             {"d", kDayMs},
                                                             {"day", kDayMs},
                                                             {"daily", kDayMs},
                                                             {"week", 7 * kDayMs},
                                                             {"weekly", 7 * kDayMs},
                                                             {"month", 30 * kDayMs},
                                                             {"monthly", 30 * kDayMs},
                                                             {"quarter", 91 * kDayMs},
                                                             {"quarterly", 91 * kDayMs},
                                                             {"year", 365 * kDayMs},
                                                             {"yearly", 365 * kDayMs},
                                                             {"annually", 365 * kDayMs},
                                                             {"annual", 365 * kDayMs}};
  if (unit.size() > 3 && unit.ends_with('s')) unit.pop_back();
  const auto known = kUnits.find(unit);
  return known == kUnits.end() ? std::nullopt : std::optional(known->second);
}

}  // namespace

const JsonValue* FieldOf(const JsonObject& object, std::string_view name) {
  const auto at = object.fields().find(std::string(name));
  return at == object.fields().end() ? nullptr : &at->second;
}

bool IsTrue(const JsonValue* value) { return value != nullptr && value->bool_value(); }
bool IsGiven(const JsonValue* value) { return value != nullptr && !value->has_null_value(); }

std::string TextOf(const JsonValue* value) {
  if (value == nullptr) return "";
  if (value->has_string_value()) return value->string_value();
  if (value->has_number_value()) {
    const double number = value->number_value();
    return number == std::floor(number) && std::abs(number) < 1e15
               ? std::to_string(static_cast<std::int64_t>(number))
               : std::to_string(number);
  }
  return "";
}

std::vector<std::string> TextsOf(const JsonValue* value) {
  std::vector<std::string> texts;
  if (value == nullptr) return texts;
  if (!value->has_list_value()) return {TextOf(value)};
  for (const JsonValue& element : value->list_value().values()) texts.push_back(TextOf(&element));
  return texts;
}

std::optional<std::int64_t> ScenarioTime(const JsonValue& value) {
  return ScenarioTime(TextOf(&value));
}

std::optional<std::int64_t> ScenarioTime(const std::string& text) {
  static const std::vector<TimeFormat> kFormats = {
      *TimeFormat::Compile("rfc3339", ""), *TimeFormat::Compile("%Y-%m-%d", ""),
      *TimeFormat::Compile("%Y-%m-%dT%H:%M:%S", ""), *TimeFormat::Compile("%Y-%m-%d %H:%M:%S", ""),
      *TimeFormat::Compile("%Y-%m-%d %H:%M", "")};
  const auto number = SplitNumber(text.starts_with("day ") ? text.substr(4) : text);
  if (number && number->second.empty()) {
    const double n = number->first;
    if (n >= 1e11) return static_cast<std::int64_t>(n);
    if (n >= 1e8) return static_cast<std::int64_t>(n * 1000);
    return kOrdinalZeroMs + static_cast<std::int64_t>(n * static_cast<double>(kDayMs));
  }
  for (const TimeFormat& format : kFormats) {
    if (auto time = format.Parse(text)) return time;
  }
  return std::nullopt;
}

std::optional<std::int64_t> ScenarioSpan(const std::string& text, const std::string& unit) {
  if (text.empty() || text == "ever" || text == "forever" || text == "never") return 0;
  auto [n, rest] = SplitNumber(text).value_or(std::pair(1.0, text));
  rest.erase(0, rest.find_first_not_of(" _-"));
  const std::optional<std::int64_t> unit_ms = UnitMs(rest.empty() ? unit : rest);
  if (!unit_ms) return std::nullopt;
  const double ms = n * static_cast<double>(*unit_ms);
  if (!(ms >= 0 && ms < 1e15)) return std::nullopt;
  return static_cast<std::int64_t>(ms);
}

bool IsTimeUnit(const std::string& unit) { return UnitMs(unit).has_value(); }

}  // namespace polyonym::driver
