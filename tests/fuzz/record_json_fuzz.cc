// Record JSON: the fast reader takes nothing of the protobuf mapping that protobuf's own reader refuses, both read alike, and
// what was read is written and read again.
#include "fuzz/input.h"
#include "polyonym/codec/json.h"
#include "polyonym/codec/proto.h"

namespace polyonym::fuzz {
namespace {

// Whether the text may use the short form, which protobuf's reader does not know: one of its names, or one that is spelt by escapes.
bool MayBeShortForm(std::string_view text) {
  for (const std::string_view name :
       {"\"t\"", "\"ids\"", "\"other\"", "\"op\"", "\"pair\"", "\"target\"", "\\"}) {
    if (text.find(name) != std::string_view::npos) return true;
  }
  return false;
}

void Run(std::string_view text) {
  static JsonRecordReader reader;
  static Record record;  // one for all: nothing of a record may stay behind in the next
  const absl::Status fast = reader.Read(text, &record);
  const auto slow = ReadRecordJsonByProtobuf(text);
  if (!fast.ok()) {
    Require(absl::IsInvalidArgument(fast), fast.ToString());
    Require(record == Record(), "a record that was refused is empty");
    return;
  }
  if (slow.ok()) Require(record == *slow, "both readers read alike");
  if (!slow.ok())
    Require(MayBeShortForm(text), "protobuf's reader refuses it: " + slow.status().ToString());

  const std::string json = WriteRecordJson(record);
  Record again;
  Require(!json.empty(), "what was read can be written");
  Must(JsonRecordReader().Read(json, &again));
  Require(again == record, "what was written is read as it was: " + json);
  const auto from_bytes = ReadRecordProto(WriteRecordProto(record));
  Must(from_bytes.status());
  Require(*from_bytes == record, "so it is as protobuf");
}

}  // namespace
}  // namespace polyonym::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  polyonym::fuzz::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
