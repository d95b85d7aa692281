#include "codec/json_shape.h"

#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "codec/json_errors.h"

namespace polyonym::codec {
namespace {

// The path, from the outside in, of a field that is there twice. Built on the way out, so that good text costs nothing.
using Steps = std::vector<std::string>;

std::optional<Steps> FindTwice(const simdjson::dom::element& element);

std::optional<Steps> Under(std::string step, std::optional<Steps> steps) {
  if (steps) steps->insert(steps->begin(), std::move(step));
  return steps;
}

std::optional<Steps> FindTwiceInObject(const simdjson::dom::object& object) {
  std::vector<std::string_view> names;
  for (const simdjson::dom::key_value_pair field : object) names.push_back(field.key);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) return Steps{Shown(*twice)};
  for (const simdjson::dom::key_value_pair field : object) {
    if (auto steps = FindTwice(field.value)) return Under(Shown(field.key), std::move(steps));
  }
  return std::nullopt;
}

// The parser's own depth bounds the recursion.
std::optional<Steps> FindTwice(const simdjson::dom::element& element) {
  simdjson::dom::object object;
  if (element.get_object().get(object) == simdjson::SUCCESS) return FindTwiceInObject(object);
  simdjson::dom::array array;
  if (element.get_array().get(array) != simdjson::SUCCESS) return std::nullopt;
  std::size_t i = 0;
  for (const simdjson::dom::element item : array) {
    if (auto steps = FindTwice(item)) return Under("[" + std::to_string(i) + "]", std::move(steps));
    ++i;
  }
  return std::nullopt;
}

// Counts what stands outside of text. What is no JSON is counted somehow: whoever parses it says so.
absl::Status CheckJsonCounts(std::string_view json) {
  if (json.size() < kMaxJsonObjects) return absl::OkStatus();
  std::size_t objects = 0, commas = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text) {
      if (c == '\\') ++i;
      in_text = c != '"';
    } else if (c == '"') {
      in_text = true;
    } else {
      objects += static_cast<std::size_t>(c == '{') + static_cast<std::size_t>(c == '[');
      commas += static_cast<std::size_t>(c == ',');
    }
  }
  if (objects > kMaxJsonObjects)
    return absl::InvalidArgumentError("the JSON text has more than 65,536 objects and lists");
  if (commas >= kMaxJsonValues)
    return absl::InvalidArgumentError("the JSON text has more than 1,000,000 values");
  return absl::OkStatus();
}

absl::Status Twice(std::string_view parent, const Steps& steps) {
  std::string path(parent);
  for (const std::string& step : steps)
    path += (path.empty() || step.starts_with('[') ? "" : ".") + step;
  return absl::InvalidArgumentError(path + ": the field is there twice");
}

}  // namespace

absl::Status CheckJsonStart(std::string_view json) {
  if (json.size() > kMaxJsonBytes)
    return absl::InvalidArgumentError("the JSON text is longer than 16 MiB");
  if (json.starts_with("\xEF\xBB\xBF"))
    return NotJson("it begins with a byte order mark; take it off");
  return CheckJsonCounts(json);
}

absl::Status CheckJsonShape(std::string_view json, std::string_view parent) {
  if (absl::Status status = CheckJsonStart(json); !status.ok()) return status;
  simdjson::dom::parser parser(kMaxJsonBytes);
  if (parser.allocate(std::max<std::size_t>(json.size(), 64), kMaxJsonDepth) != simdjson::SUCCESS) {
    return absl::ResourceExhaustedError("no memory for the JSON text");
  }
  simdjson::dom::element root;
  if (const auto error = parser.parse(json.data(), json.size()).get(root);
      error != simdjson::SUCCESS) {
    return NotJson(simdjson::error_message(error));
  }
  if (!root.is_object()) return absl::InvalidArgumentError("expected a JSON object");
  const auto twice = FindTwice(root);
  return twice ? Twice(parent, *twice) : absl::OkStatus();
}

}  // namespace polyonym::codec
