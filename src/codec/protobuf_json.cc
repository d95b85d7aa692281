// JSON by protobuf's own reader and writer: policies, and the reference for records.
#include <google/protobuf/util/json_util.h>

#include "codec/convert.h"
#include "codec/json_shape.h"
#include "polyonym/codec/json.h"

namespace polyonym {
namespace {

namespace pb = google::protobuf;

// Protobuf's reader names the field but may quote the value: keep the part that names.
std::string WithoutValues(std::string_view message) {
  std::string out;
  bool quoted = false;
  for (const char c : message) {
    if (c == '"') {
      quoted = !quoted;
      if (quoted) out += "(a value)";
      continue;
    }
    if (!quoted) out.push_back(c == '\n' ? ' ' : c);
  }
  return out;
}

absl::Status Parse(std::string_view json, pb::Message* message, bool keep_values) {
  if (absl::Status status = codec::CheckJsonShape(json); !status.ok()) return status;
  pb::util::JsonParseOptions options;
  options.ignore_unknown_fields = false;
  options.case_insensitive_enum_parsing = false;
  const auto status = pb::util::JsonStringToMessage(pb::StringPiece(json.data(), json.size()), message, options);
  if (status.ok()) return absl::OkStatus();
  const std::string_view what(status.message().data(), status.message().size());
  return absl::InvalidArgumentError(keep_values ? std::string(what) : WithoutValues(what));
}

}  // namespace

absl::StatusOr<Record> ReadRecordJsonByProtobuf(std::string_view json) {
  v1::Record message;
  if (absl::Status status = Parse(json, &message, false); !status.ok()) return status;
  Record record;
  if (absl::Status status = codec::FromProto(message, &record); !status.ok()) return status;
  return record;
}

absl::StatusOr<Policy> ReadPolicyJson(std::string_view json) {
  v1::Policy message;
  if (absl::Status status = Parse(json, &message, true); !status.ok()) return status;
  Policy policy;
  if (absl::Status status = codec::FromProto(message, &policy); !status.ok()) return status;
  return policy;
}

std::string WritePolicyJson(const Policy& policy, bool pretty) {
  v1::Policy message;
  codec::ToProto(policy, &message);
  pb::util::JsonPrintOptions options;
  options.add_whitespace = pretty;
  options.preserve_proto_field_names = true;
  std::string json;
  // Strings in a policy are UTF-8 (Validate), so there is nothing that could not be written.
  if (!pb::util::MessageToJsonString(message, &json, options).ok()) return "{}";
  return json;
}

}  // namespace polyonym
