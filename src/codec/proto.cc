#include "polyonym/codec/proto.h"

#include <limits>
#include <string>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/wire_format_lite.h>

#include "codec/convert.h"
#include "codec/wire.h"
#include "polyonym/v1/policy.pb.h"
#include "polyonym/v1/record.pb.h"

namespace polyonym {
namespace {

// Before anything is made of the bytes.
absl::Status CheckBounds(std::string_view bytes, const google::protobuf::Descriptor& type,
                         const std::string& what) {
  if (absl::Status status = codec::CheckWire(bytes, type, 1); !status.ok()) return status;
  if (codec::HasMoreFields(bytes, type, codec::kMaxWireFields))
    return absl::InvalidArgumentError(what + " has more than 1,000,000 fields");
  return absl::OkStatus();
}

// Parses bytes that CheckBounds() took; the sender bounds the size.
template <class Message, class Value>
absl::StatusOr<Value> Parse(std::string_view bytes) {
  Message message;
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InvalidArgumentError("these bytes are not a " +
                                      Message::descriptor()->full_name());
  }
  Value value;
  if (absl::Status status = codec::FromProto(message, &value); !status.ok()) return status;
  return value;
}

// The facts byte for byte. Theirs is the last field, so that they stand where protobuf itself would put them.
void AppendFacts(const std::string& facts, std::string* bytes) {
  using google::protobuf::internal::WireFormatLite;
  const auto put = [&](std::size_t number) {
    for (; number >= 0x80; number >>= 7)
      bytes->push_back(static_cast<char>((number & 0x7f) | 0x80));
    bytes->push_back(static_cast<char>(number));
  };
  put(WireFormatLite::MakeTag(v1::Record::kFactsFieldNumber,
                              WireFormatLite::WIRETYPE_LENGTH_DELIMITED));
  put(facts.size());
  bytes->append(facts);
}

}  // namespace

absl::StatusOr<Record> ReadRecordProto(std::string_view bytes) {
  if (absl::Status status = CheckBounds(bytes, *v1::Record::descriptor(), "the record");
      !status.ok())
    return status;
  return Parse<v1::Record, Record>(bytes);
}

std::string WriteRecordProto(const Record& record) {
  v1::Record message;
  codec::ToProto(record, &message);
  std::string bytes = codec::SerialiseDeterministic(message);
  if (!record.facts.empty()) AppendFacts(record.facts, &bytes);
  return bytes;
}

absl::StatusOr<Policy> ReadPolicyProto(std::string_view bytes) {
  if (absl::Status status = CheckBounds(bytes, *v1::Policy::descriptor(), "the policy");
      !status.ok())
    return status;
  return Parse<v1::Policy, Policy>(bytes);
}

std::string WritePolicyProto(const Policy& policy) {
  v1::Policy message;
  codec::ToProto(policy, &message);
  return codec::SerialiseDeterministic(message);
}

}  // namespace polyonym
