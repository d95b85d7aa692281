// Policy JSON: what is read and valid compiles, judges any value, and is written and read again as the same policy.
#include "fuzz/input.h"
#include "polyonym/codec/json.h"
#include "polyonym/codec/proto.h"
#include "polyonym/model/judge.h"

namespace polyonym::fuzz {
namespace {

void Run(std::string_view text) {
  const auto policy = ReadPolicyJson(text);
  if (!policy.ok()) {
    Require(absl::IsInvalidArgument(policy.status()), policy.status().ToString());
    return;
  }
  const absl::Status valid = Validate(*policy);
  const auto compiled = CompiledPolicy::Compile(*policy);
  Require(valid.ok() == compiled.ok(), "Validate and Compile agree");
  if (!valid.ok()) {
    Require(absl::IsInvalidArgument(valid), valid.ToString());
    return;
  }
  for (const bool pretty : {false, true}) {
    const auto again = ReadPolicyJson(WritePolicyJson(*policy, pretty));
    Must(again.status());
    Require(*again == *policy, "what was written is read as it was");
    Require(Diff(*again, *policy).empty(), "and does not differ");
  }
  const auto from_bytes = ReadPolicyProto(WritePolicyProto(*policy));
  Must(from_bytes.status());
  Require(*from_bytes == *policy, "so it is as protobuf");
  for (std::uint32_t family = 0; family < policy->namespaces.size(); ++family) {
    for (const std::string_view value :
         {std::string_view("+86 139 1234 5678"), std::string_view("a@B.c"), text.substr(0, 64)}) {
      const Verdict verdict = (*compiled)->Judge(family, value);
      if (verdict.reason != Reason::kNone) continue;
      const Verdict once_more = (*compiled)->Judge(family, verdict.value);
      Require(once_more.reason == Reason::kNone && once_more.value == verdict.value,
              "a normalised value is normalised");
    }
  }
}

}  // namespace
}  // namespace polyonym::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  polyonym::fuzz::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
