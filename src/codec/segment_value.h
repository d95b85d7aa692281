// codec/segment_value.h - literals between protobuf and the model.
#ifndef POLYONYM_SRC_CODEC_SEGMENT_VALUE_H_
#define POLYONYM_SRC_CODEC_SEGMENT_VALUE_H_

#include "absl/status/status.h"
#include "codec/segment_path.h"
#include "polyonym/model/facts.h"

namespace google::protobuf {
class Message;
}
namespace polyonym::v1 {
class Value;
}

namespace polyonym::codec {

// ERRORS: InvalidArgument where the message itself, not one within it, holds a field that this library does not know.
absl::Status CheckKnown(const google::protobuf::Message& message, const ProtoPath& path);

// Facts have bounds of their own (model/facts.h). A literal may be an instant of any time, and its list is as long as `in` may be.
// ERRORS: as codec/segment.h says of values.
absl::Status FromProto(const v1::Value& from, const ProtoPath& path, Value* to);
void ToProto(const Value& from, v1::Value* to);

}  // namespace polyonym::codec

#endif  // POLYONYM_SRC_CODEC_SEGMENT_VALUE_H_
