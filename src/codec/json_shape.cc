#include "codec/json_shape.h"

#include <simdjson.h>

#include <algorithm>
#include <string>
#include <vector>

#include "codec/json_errors.h"

namespace polyonym::codec {
namespace {

absl::Status CheckNames(const simdjson::dom::element& element);

absl::Status CheckObject(const simdjson::dom::object& object) {
  std::vector<std::string_view> names;
  for (const simdjson::dom::key_value_pair field : object) {
    names.push_back(field.key);
    if (absl::Status status = CheckNames(field.value); !status.ok()) return status;
  }
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  return twice == names.end() ? absl::OkStatus() : FieldTwice("", *twice);
}

// The parser's own depth bounds the recursion.
absl::Status CheckNames(const simdjson::dom::element& element) {
  simdjson::dom::object object;
  if (element.get_object().get(object) == simdjson::SUCCESS) return CheckObject(object);
  simdjson::dom::array array;
  if (element.get_array().get(array) != simdjson::SUCCESS) return absl::OkStatus();
  for (const simdjson::dom::element item : array) {
    if (absl::Status status = CheckNames(item); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckJsonShape(std::string_view json) {
  if (json.size() > kMaxJsonBytes) return absl::InvalidArgumentError("the JSON text is longer than 16 MiB");
  simdjson::dom::parser parser(kMaxJsonBytes);
  if (parser.allocate(std::max<std::size_t>(json.size(), 64), kMaxJsonDepth) != simdjson::SUCCESS) {
    return absl::ResourceExhaustedError("no memory for the JSON text");
  }
  simdjson::dom::element root;
  if (const auto error = parser.parse(json.data(), json.size()).get(root); error != simdjson::SUCCESS) {
    return NotJson(error);
  }
  return CheckNames(root);
}

}  // namespace polyonym::codec
