// codec/json_errors.h - what is said of bad JSON: the field and what was expected, never the value.
#ifndef POLYONYM_SRC_CODEC_JSON_ERRORS_H_
#define POLYONYM_SRC_CODEC_JSON_ERRORS_H_

#include <simdjson.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace polyonym::codec {

inline absl::Status NotJson(simdjson::error_code error) {
  return absl::InvalidArgumentError(std::string("not valid JSON: ") + simdjson::error_message(error));
}

// A field's name comes from outside: it is shown only as far as a name of ours could go.
inline std::string Shown(std::string_view name) {
  constexpr std::size_t kMaxShown = 64;
  return std::string(name.substr(0, kMaxShown)) + (name.size() > kMaxShown ? "…" : "");
}

inline std::string Path(std::string_view parent, std::string_view name) {
  return parent.empty() ? Shown(name) : std::string(parent) + "." + Shown(name);
}

inline absl::Status UnknownField(std::string_view parent, std::string_view name) {
  return absl::InvalidArgumentError(Path(parent, name) + ": unknown field; see the record's fields in the documentation");
}
inline absl::Status FieldTwice(std::string_view parent, std::string_view name) {
  return absl::InvalidArgumentError(Path(parent, name) + ": the field is there twice");
}
inline absl::Status Expected(std::string_view field, std::string_view what) {
  return absl::InvalidArgumentError(std::string(field) + ": expected " + std::string(what));
}

}  // namespace polyonym::codec

#endif  // POLYONYM_SRC_CODEC_JSON_ERRORS_H_
