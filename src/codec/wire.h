// codec/wire.h - looks over untrusted protobuf bytes before protobuf parses them.
//
// Protobuf's own parser refuses text that is not UTF-8 too, but says so on standard error, which is the host's; and it
// takes messages nested deeper than JSON of ours can say again.
#ifndef POLYONYM_SRC_CODEC_WIRE_H_
#define POLYONYM_SRC_CODEC_WIRE_H_

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"

namespace google::protobuf {
class Descriptor;
}

namespace polyonym::codec {

// Messages within messages. A list in a fact is two levels here and three in JSON, so this is as deep as the
// kMaxJsonDepth levels of codec/json_shape.h can say: whatever was read can be written as JSON and read again.
inline constexpr std::size_t kMaxWireDepth = 22;

// `depth`: the level that `type` itself stands on, 1 for a whole record.
// ERRORS: InvalidArgument, naming the field where there is one, for bytes that are not well formed, text that is not UTF-8,
// groups, and nesting beyond kMaxWireDepth. Unknown fields are passed over.  COST: one pass.
absl::Status CheckWire(std::string_view bytes, const google::protobuf::Descriptor& type,
                       std::size_t depth);

// Fields of a record or a policy, known and unknown, of all its messages: protobuf makes some hundred bytes of an empty one.
inline constexpr std::size_t kMaxWireFields = 1'000'000;

// Whether `bytes` have more than `max` fields, those of messages counted.  REQUIRES: CheckWire() took them.
bool HasMoreFields(std::string_view bytes, const google::protobuf::Descriptor& type,
                   std::size_t max);

}  // namespace polyonym::codec

#endif  // POLYONYM_SRC_CODEC_WIRE_H_
