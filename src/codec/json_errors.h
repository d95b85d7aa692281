// codec/json_errors.h - what is said of bad JSON: the field and what was expected, never the value.
#ifndef POLYONYM_SRC_CODEC_JSON_ERRORS_H_
#define POLYONYM_SRC_CODEC_JSON_ERRORS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace polyonym::codec {

// A field's name comes from outside: it is shown only as far as a name of ours could go, on one line.
std::string Shown(std::string_view name);

// `parent.name`; the parent is taken as it is.
std::string Path(std::string_view parent, std::string_view name);

absl::Status NotJson(std::string_view what);
absl::Status UnknownField(std::string_view parent, std::string_view name);
absl::Status FieldTwice(std::string_view parent, std::string_view name);
absl::Status Expected(std::string_view field, std::string_view what);

absl::Status TooManyIdentifiers();

// The same for what protobuf's JSON reader says, which holds values: only the path, the name of an unknown field and the
// expected type are taken from it. `parent` is where the text that it read stands in a larger one.
absl::Status FromProtobufMessage(std::string_view message, std::string_view parent);

}  // namespace polyonym::codec

#endif  // POLYONYM_SRC_CODEC_JSON_ERRORS_H_
