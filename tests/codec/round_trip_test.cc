// What was written is read again: records and policies, as protobuf and as JSON.
#include <string>

#include "harness/catch.h"

#include "codec/random_records.h"
#include "polyonym/codec/json.h"
#include "polyonym/codec/proto.h"

namespace polyonym::harness {
namespace {

TEST_CASE("any record written as protobuf is read as it was, and written again as the same bytes") {
  ForEachSeed(1, 2000, [](std::uint64_t seed) {
    CAPTURE(seed);
    Random random(seed);
    const Record record = RandomRecord(random);
    const std::string bytes = WriteRecordProto(record);
    const auto read = ReadRecordProto(bytes);
    REQUIRE(read.ok());
    REQUIRE(*read == record);
    REQUIRE(WriteRecordProto(*read) == bytes);
  });
}

TEST_CASE("any record written as JSON is one line, which the reader gives back as the record") {
  std::size_t short_forms = 0;
  JsonRecordReader reader;
  Record read;  // one for all: nothing of a record may stay behind in the next
  ForEachSeed(1, 2000, [&](std::uint64_t seed) {
    CAPTURE(seed);
    Random random(seed);
    const Record record = RandomRecord(random);
    const std::string json = WriteRecordJson(record);
    CAPTURE(json);
    REQUIRE(json.find('\n') == std::string::npos);
    const absl::Status status = reader.Read(json, &read);
    CAPTURE(std::string(status.message()));
    REQUIRE(status.ok());
    REQUIRE(read == record);
    short_forms += ReadRecordJsonByProtobuf(json).ok() ? 0 : 1;
  });
  if (!OneSeedOnly()) CHECK(short_forms > 100);
}

TEST_CASE("any policy is read as it was written, as protobuf and as JSON of either layout") {
  ForEachSeed(1, 1000, [](std::uint64_t seed) {
    CAPTURE(seed);
    Random random(seed);
    const Policy policy = random.Chance(50) ? RandomRawPolicy(random) : RandomPolicy(random);
    const auto from_bytes = ReadPolicyProto(WritePolicyProto(policy));
    REQUIRE(from_bytes.ok());
    REQUIRE(*from_bytes == policy);
    for (const bool pretty : {false, true}) {
      const auto from_json = ReadPolicyJson(WritePolicyJson(policy, pretty));
      REQUIRE(from_json.ok());
      REQUIRE(*from_json == policy);
    }
  });
}

TEST_CASE("a digest, or a form to digest, that the library does not know is named by its place") {
  Policy policy;
  policy.namespaces.emplace_back();
  policy.namespaces[0].derived = {{"a"}, {"b", Digest::kMd5, DigestOf::kDigits}};
  for (int i = 0; i < 2; ++i) {
    Policy newer = policy;
    if (i == 0) newer.namespaces[0].derived[1].digest = static_cast<Digest>(2);
    if (i == 1) newer.namespaces[0].derived[1].of = static_cast<DigestOf>(3);
    for (const absl::Status& status : {ReadPolicyProto(WritePolicyProto(newer)).status(),
                                       ReadPolicyJson(WritePolicyJson(newer, false)).status()}) {
      CHECK(absl::IsInvalidArgument(status));
      CHECK_THAT(std::string(status.message()), HoldsText("namespaces[0].derived[1]"));
    }
  }
}

}  // namespace
}  // namespace polyonym::harness
