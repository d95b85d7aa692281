// JSON by protobuf's own reader and writer: policies, definitions, and the reference for records.
#include <google/protobuf/util/json_util.h>

#include "codec/convert.h"
#include "codec/json_errors.h"
#include "codec/json_shape.h"
#include "polyonym/codec/json.h"
#include "polyonym/v1/definitions.pb.h"
#include "polyonym/v1/policy.pb.h"
#include "polyonym/v1/record.pb.h"

namespace polyonym {
namespace {

namespace pb = google::protobuf;

absl::Status Parse(std::string_view json, pb::Message* message) {
  if (absl::Status status = codec::CheckJsonShape(json); !status.ok()) return status;
  pb::util::JsonParseOptions options;
  options.ignore_unknown_fields = false;
  options.case_insensitive_enum_parsing = false;
  const auto status =
      pb::util::JsonStringToMessage(pb::StringPiece(json.data(), json.size()), message, options);
  if (status.ok()) return absl::OkStatus();
  return codec::FromProtobufMessage(
      std::string_view(status.message().data(), status.message().size()), "");
}

std::string Write(const pb::Message& message, bool pretty) {
  pb::util::JsonPrintOptions options;
  options.add_whitespace = pretty;
  options.preserve_proto_field_names = true;
  std::string json;
  // Strings are UTF-8 (Validate), so there is nothing that could not be written.
  if (!pb::util::MessageToJsonString(message, &json, options).ok()) return "{}";
  return json;
}

}  // namespace

absl::StatusOr<Record> ReadRecordJsonByProtobuf(std::string_view json) {
  v1::Record message;
  if (absl::Status status = Parse(json, &message); !status.ok()) return status;
  Record record;
  if (absl::Status status = codec::FromProto(message, &record); !status.ok()) return status;
  return record;
}

absl::StatusOr<Policy> ReadPolicyJson(std::string_view json) {
  v1::Policy message;
  if (absl::Status status = Parse(json, &message); !status.ok()) return status;
  Policy policy;
  if (absl::Status status = codec::FromProto(message, &policy); !status.ok()) return status;
  return policy;
}

std::string WritePolicyJson(const Policy& policy, bool pretty) {
  v1::Policy message;
  codec::ToProto(policy, &message);
  return Write(message, pretty);
}

absl::StatusOr<Definitions> ReadDefinitionsJson(std::string_view json) {
  v1::Definitions message;
  if (absl::Status status = Parse(json, &message); !status.ok()) return status;
  Definitions definitions;
  if (absl::Status status = codec::FromProto(message, &definitions); !status.ok()) {
    // Which names the field from the policy down.
    constexpr std::string_view kParent = "definitions.";
    std::string what(status.message());
    if (what.starts_with(kParent)) what.erase(0, kParent.size());
    return absl::InvalidArgumentError(what);
  }
  return definitions;
}

std::string WriteDefinitionsJson(const Definitions& definitions, bool pretty) {
  v1::Definitions message;
  codec::ToProto(definitions, &message);
  return Write(message, pretty);
}

}  // namespace polyonym
