#include "codec/facts.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/wire_format_lite.h>

#include <limits>

#include "codec/convert.h"
#include "codec/json_errors.h"
#include "codec/json_shape.h"
#include "codec/wire.h"
#include "polyonym/v1/record.pb.h"

namespace polyonym::codec {
namespace {

constexpr std::size_t kDepthInRecord = 2;

}  // namespace

absl::Status FactsToBytes(const v1::Facts& facts, std::string* bytes) {
  *bytes = SerialiseDeterministic(facts);
  return CheckWire(*bytes, *v1::Facts::descriptor(), kDepthInRecord);
}

absl::Status FactsFromJson(std::string_view json, std::string* bytes) {
  if (absl::Status status = CheckJsonShape(json, "facts"); !status.ok()) return status;
  v1::Facts facts;
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(json.data(), json.size()), &facts);
  if (!status.ok()) {
    return FromProtobufMessage(std::string_view(status.message().data(), status.message().size()),
                               "facts");
  }
  return FactsToBytes(facts, bytes);
}

absl::Status FactsFromBytes(std::string_view bytes, v1::Facts* facts) {
  if (absl::Status status = CheckWire(bytes, *v1::Facts::descriptor(), kDepthInRecord);
      !status.ok())
    return status;
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !facts->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InvalidArgumentError("these bytes are not a polyonym.v1.Facts");
  }
  return absl::OkStatus();
}

bool IsOfPerson(std::string_view bytes) {
  using google::protobuf::internal::WireFormatLite;
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                            static_cast<int>(bytes.size()));
  bool of_person = false;
  while (const std::uint32_t tag = in.ReadTag()) {
    if (tag ==
        WireFormatLite::MakeTag(v1::Facts::kOfPersonFieldNumber, WireFormatLite::WIRETYPE_VARINT)) {
      std::uint64_t said = 0;
      if (!in.ReadVarint64(&said)) return false;
      of_person = said != 0;
    } else if (!WireFormatLite::SkipField(&in, tag)) {
      return false;
    }
  }
  return of_person;
}

}  // namespace polyonym::codec
