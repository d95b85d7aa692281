#include "privacy/packing.h"

#include <cstddef>
#include <string>

#include "harness/catch.h"
#include "harness/random.h"

namespace polyonym::privacy {
namespace {

// Bytes of which only some are chosen at random.
std::string Bytes(std::size_t size, std::uint64_t of, harness::Random* random) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(random->Below(of)));
  return bytes;
}

}  // namespace

TEST_CASE("what was packed comes back and is smaller") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    INFO("seed " << seed);
    harness::Random random(seed);
    const std::string value = Bytes(random.Below(20'000), 1 + random.Below(256), &random);
    std::string packed = "left over", back = "left over";
    if (!Pack(value, &packed)) continue;
    REQUIRE(packed.size() <= value.size() - value.size() / 8);
    REQUIRE(Unpack(packed, &back));
    REQUIRE(back == value);
  }
}

TEST_CASE("short values and noise are not packed") {
  harness::Random random(1);
  std::string packed;
  CHECK_FALSE(Pack("", &packed));
  CHECK_FALSE(Pack(std::string(255, 'v'), &packed));
  CHECK(Pack(std::string(256, 'v'), &packed));
  CHECK_FALSE(Pack(Bytes(4'096, 256, &random), &packed));
}

TEST_CASE("bytes that nobody packed do not unpack") {
  harness::Random random(1);
  std::string packed, back;
  REQUIRE(Pack(Bytes(4'096, 4, &random), &packed));
  CHECK_FALSE(Unpack("", &back));
  CHECK_FALSE(Unpack("not packed at all", &back));
  for (std::size_t size = 0; size < packed.size(); ++size)
    REQUIRE_FALSE(Unpack(packed.substr(0, size), &back));
}

}  // namespace polyonym::privacy
