#include "codec/wire.h"

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <limits>
#include <string>

#include "model/utf8.h"

namespace polyonym::codec {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

enum WireType : unsigned { kVarint = 0, kFixed64 = 1, kLength = 2, kFixed32 = 5 };

bool TakeVarint(std::string_view* rest, std::uint64_t* number) {
  *number = 0;
  for (unsigned shift = 0; shift < 64 && !rest->empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest->front());
    rest->remove_prefix(1);
    *number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool Take(std::string_view* rest, std::uint64_t count, std::string_view* taken) {
  if (count > rest->size()) return false;
  *taken = rest->substr(0, static_cast<std::size_t>(count));
  rest->remove_prefix(static_cast<std::size_t>(count));
  return true;
}

// The bytes of the field that `tag` begins: of a varint none, since nobody asks.
bool TakeField(std::string_view* rest, std::uint64_t tag, std::string_view* content) {
  std::uint64_t number = 0;
  switch (tag & 7) {
    case kVarint:
      return TakeVarint(rest, &number);
    case kFixed64:
      return Take(rest, 8, content);
    case kLength:
      return TakeVarint(rest, &number) && Take(rest, number, content);
    case kFixed32:
      return Take(rest, 4, content);
    default:
      return false;
  }
}

absl::Status Malformed(const Descriptor& type) {
  return absl::InvalidArgumentError("these bytes are not a " + type.full_name());
}

}  // namespace

absl::Status CheckWire(std::string_view bytes, const Descriptor& type, std::size_t depth) {
  if (depth > kMaxWireDepth)
    return absl::InvalidArgumentError(type.full_name() + ": nested too deep");
  while (!bytes.empty()) {
    std::uint64_t tag = 0;
    std::string_view content;
    if (!TakeVarint(&bytes, &tag) || tag > std::numeric_limits<std::uint32_t>::max() || tag < 8)
      return Malformed(type);
    if (!TakeField(&bytes, tag, &content)) return Malformed(type);
    if ((tag & 7) != kLength) continue;
    const FieldDescriptor* field = type.FindFieldByNumber(static_cast<int>(tag >> 3));
    if (field == nullptr) continue;
    if (field->type() == FieldDescriptor::TYPE_STRING && !IsUtf8(content)) {
      return absl::InvalidArgumentError(field->full_name() + ": holds text that is not UTF-8");
    }
    if (field->type() == FieldDescriptor::TYPE_MESSAGE) {
      if (absl::Status status = CheckWire(content, *field->message_type(), depth + 1); !status.ok())
        return status;
    }
  }
  return absl::OkStatus();
}

namespace {

// Takes the fields off `left`; false where there are more.
bool CountFields(std::string_view bytes, const Descriptor& type, std::size_t* left) {
  while (!bytes.empty()) {
    std::uint64_t tag = 0;
    std::string_view content;
    if (!TakeVarint(&bytes, &tag) || !TakeField(&bytes, tag, &content)) return true;
    if (*left == 0) return false;
    --*left;
    if ((tag & 7) != kLength) continue;
    const FieldDescriptor* field = type.FindFieldByNumber(static_cast<int>(tag >> 3));
    if (field == nullptr || field->type() != FieldDescriptor::TYPE_MESSAGE) continue;
    if (!CountFields(content, *field->message_type(), left)) return false;
  }
  return true;
}

}  // namespace

bool HasMoreFields(std::string_view bytes, const Descriptor& type, std::size_t max) {
  return bytes.size() > max && !CountFields(bytes, type, &max);
}

}  // namespace polyonym::codec
