// Definitions as JSON: what is read and valid is written and read again as the same; a document of its own and as a part of a policy.
#include "fuzz/input.h"
#include "polyonym/codec/json.h"
#include "polyonym/codec/proto.h"

namespace polyonym::fuzz {
namespace {

void RunDefinitions(std::string_view text) {
  const auto definitions = ReadDefinitionsJson(text);
  if (!definitions.ok()) {
    Require(absl::IsInvalidArgument(definitions.status()), definitions.status().ToString());
    return;
  }
  const absl::Status valid = Validate(*definitions);
  if (!valid.ok()) {
    Require(absl::IsInvalidArgument(valid), valid.ToString());
    return;
  }
  for (const bool pretty : {false, true}) {
    const auto again = ReadDefinitionsJson(WriteDefinitionsJson(*definitions, pretty));
    Must(again.status());
    Require(*again == *definitions, "what was written is read as it was");
  }
  Policy policy;
  policy.definitions = *definitions;
  if (!Validate(policy).ok()) return;  // of names that the policy has not
  const auto from_bytes = ReadPolicyProto(WritePolicyProto(policy));
  Must(from_bytes.status());
  Require(*from_bytes == policy, "so they are in a policy, as protobuf");
}

}  // namespace
}  // namespace polyonym::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  polyonym::fuzz::RunDefinitions({reinterpret_cast<const char*>(data), size});
  return 0;
}
