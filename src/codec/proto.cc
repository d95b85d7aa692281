#include "polyonym/codec/proto.h"

#include <limits>

#include "codec/convert.h"

namespace polyonym {
namespace {

// Parses untrusted bytes; protobuf bounds its own recursion (100 levels) and the sender bounds the size.
template <class Message, class Value>
absl::StatusOr<Value> Read(std::string_view bytes, const char* what) {
  Message message;
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InvalidArgumentError(std::string("these bytes are not a polyonym.v1.") + what);
  }
  Value value;
  if (absl::Status status = codec::FromProto(message, &value); !status.ok()) return status;
  return value;
}

}  // namespace

absl::StatusOr<Record> ReadRecordProto(std::string_view bytes) { return Read<v1::Record, Record>(bytes, "Record"); }

std::string WriteRecordProto(const Record& record) {
  v1::Record message;
  codec::ToProto(record, &message);
  return codec::SerialiseDeterministic(message);
}

absl::StatusOr<Policy> ReadPolicyProto(std::string_view bytes) { return Read<v1::Policy, Policy>(bytes, "Policy"); }

std::string WritePolicyProto(const Policy& policy) {
  v1::Policy message;
  codec::ToProto(policy, &message);
  return codec::SerialiseDeterministic(message);
}

}  // namespace polyonym
