// How many fields a record and a policy in protobuf may have.
#include <string>

#include "harness/catch.h"
#include "polyonym/codec/proto.h"

namespace polyonym::harness {
namespace {

constexpr std::size_t kMost = 1'000'000;
// Fields 15 of no content, which neither message has, and field 6, which is an identifier or a namespace.
constexpr char kUnknown[] = "\x7a\x00";
constexpr char kKnown[] = "\x32\x00";

std::string Times(std::size_t count, const char (&field)[3]) {
  std::string bytes;
  bytes.reserve(2 * count);
  for (std::size_t i = 0; i < count; ++i) bytes.append(field, 2);
  return bytes;
}

}  // namespace

TEST_CASE("a policy in protobuf has a million fields and one more is refused by a name") {
  const auto most = ReadPolicyProto(Times(kMost, kUnknown));
  REQUIRE(most.ok());
  CHECK(*most == Policy());
  for (const std::string& bytes : {Times(kMost + 1, kUnknown), Times(kMost + 1, kKnown),
                                   Times(kMost, kUnknown) + Times(1, kKnown)}) {
    const absl::Status status = ReadPolicyProto(bytes).status();
    CHECK(absl::IsInvalidArgument(status));
    CHECK_THAT(std::string(status.message()),
               HoldsText("the policy has more than 1,000,000 fields"));
  }
}

TEST_CASE("a record in protobuf has a million fields and one more is refused by a name") {
  CHECK(ReadRecordProto(Times(kMost, kUnknown)).ok());
  const absl::Status status = ReadRecordProto(Times(kMost + 1, kUnknown)).status();
  CHECK(absl::IsInvalidArgument(status));
  CHECK_THAT(std::string(status.message()), HoldsText("the record has more than 1,000,000 fields"));
}

TEST_CASE("fields within messages are counted too") {
  // A namespace of a million unknown fields: with itself that is one too many.
  const std::string inner = Times(kMost, kUnknown);
  std::string bytes = "\x32";
  for (std::size_t left = inner.size();; left >>= 7) {
    bytes += static_cast<char>(left > 127 ? (left & 127) | 128 : left);
    if (left <= 127) break;
  }
  CHECK(absl::IsInvalidArgument(ReadPolicyProto(bytes + inner).status()));
}

}  // namespace polyonym::harness
