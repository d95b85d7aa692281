// codec/convert.h - between protobuf messages and the model's plain values.
#ifndef POLYONYM_SRC_CODEC_CONVERT_H_
#define POLYONYM_SRC_CODEC_CONVERT_H_

#include <string>

#include "absl/status/status.h"
#include "polyonym/model/policy.h"
#include "polyonym/model/record.h"

namespace google::protobuf {
class Message;
}
namespace polyonym::v1 {
class Definitions;
class Policy;
class Record;
}  // namespace polyonym::v1

namespace polyonym::codec {

// ERRORS: InvalidArgument naming the field, for an enum value that this library does not know and for facts nested too deep.
absl::Status FromProto(const v1::Record& from, Record* to);
// All but the facts, which are bytes in the model: codec/facts.h makes them a message.
void ToProto(const Record& from, v1::Record* to);
absl::Status FromProto(const v1::Policy& from, Policy* to);
void ToProto(const Policy& from, v1::Policy* to);
// `to` is as new. Errors name the field from the policy down. Defaults write no field.
absl::Status FromProto(const v1::Definitions& from, Definitions* to);
void ToProto(const Definitions& from, v1::Definitions* to);

absl::Status UnknownEnum(const std::string& field);

// The same bytes for the same message, on every machine.
std::string SerialiseDeterministic(const google::protobuf::Message& message);

}  // namespace polyonym::codec

#endif  // POLYONYM_SRC_CODEC_CONVERT_H_
