// Record protobuf: whatever is read is written and read again as the same record, and from then on as the same bytes.
#include <limits>

#include "fuzz/input.h"
#include "polyonym/codec/json.h"
#include "polyonym/codec/proto.h"
#include "polyonym/model/judge.h"

namespace polyonym::fuzz {
namespace {

void Run(std::string_view bytes) {
  const auto record = ReadRecordProto(bytes);
  if (!record.ok()) {
    Require(absl::IsInvalidArgument(record.status()), record.status().ToString());
    return;
  }
  const std::string written = WriteRecordProto(*record);
  const auto again = ReadRecordProto(written);
  Must(again.status());
  Require(*again == *record, "what was written is read as it was");
  Require(WriteRecordProto(*again) == written, "and written as the same bytes");
  Require(HashContent(*again) == HashContent(*record), "with the same hash");

  std::string field;
  const Reason reason = CheckShape(*record, {}, std::numeric_limits<std::int64_t>::max(), &field);
  Require((reason == Reason::kNone) == field.empty(), "what is rejected names the field at fault");

  const std::string json = WriteRecordJson(*record);
  if (json.empty()) return;
  Record from_json;
  Must(JsonRecordReader().Read(json, &from_json));
  Require(from_json == *record, "so it is as JSON: " + json);
}

}  // namespace
}  // namespace polyonym::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  polyonym::fuzz::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
