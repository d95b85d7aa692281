// codec/proto.h - records and policies as protobuf bytes (proto/polyonym/v1), for the wire and for what is stored.
//
// Public headers hold no protobuf type: bytes go in, plain values come out. Bytes are untrusted: bounded, checked, then used.
#ifndef POLYONYM_CODEC_PROTO_H_
#define POLYONYM_CODEC_PROTO_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "polyonym/model/policy.h"
#include "polyonym/model/record.h"

namespace polyonym {

// ERRORS: InvalidArgument (not a polyonym.v1.Record, an enum value that this library does not know, or more than 1,000,000 fields, those of all
// its messages).
// ENSURES: equal facts are equal bytes, in whatever order they were sent.
absl::StatusOr<Record> ReadRecordProto(std::string_view bytes);
// REQUIRES: text in UTF-8 (CheckShape); readers refuse the bytes otherwise.  ENSURES: deterministic; facts go byte for byte.
std::string WriteRecordProto(const Record& record);

// ERRORS: InvalidArgument (not a polyonym.v1.Policy, an enum value that this library does not know, or more than 1,000,000 fields, those of all
// its messages).
absl::StatusOr<Policy> ReadPolicyProto(std::string_view bytes);
// REQUIRES: Validate() took the policy.  ENSURES: deterministic. One of more than 1,000,000 fields (blocked values, say) is not read again:
// Engine::SetPolicy() refuses it.
std::string WritePolicyProto(const Policy& policy);

}  // namespace polyonym

#endif  // POLYONYM_CODEC_PROTO_H_
