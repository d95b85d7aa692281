#include "engine/feed.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/bytes.h"
#include "engine/corrupt.h"
#include "harness/catch.h"

namespace polyonym::engine {
namespace {

using harness::Random;

std::uint64_t RandomNumber(Random& random) {
  static const std::vector<std::uint64_t> kEdges = {
      0, 1, 127, 128, std::uint64_t{1} << 32, ~std::uint64_t{0}};
  return random.Chance(40) ? random.Pick(kEdges) : random.Below(1'000);
}

FeedRow RandomRow(std::uint64_t sequence, Random& random) {
  FeedRow row;
  for (std::uint64_t i = random.Below(5); i > 0; --i) {
    Change& change = row.changes.emplace_back();
    change.sequence = sequence;
    change.kind = static_cast<ChangeKind>(random.Below(6));
    change.cause = static_cast<Cause>(random.Below(11));
    change.from.value = RandomNumber(random);
    change.to.value = RandomNumber(random);
    change.record = RandomNumber(random);
    for (std::uint64_t k = random.Below(6); k > 0; --k)
      change.identifiers.push_back({RandomNumber(random)});
    std::sort(change.identifiers.begin(), change.identifiers.end());
    row.before.emplace_back(RandomNumber(random), RandomNumber(random));
  }
  return row;
}

bool Same(const FeedRow& a, const FeedRow& b) {
  return a.changes == b.changes && a.before == b.before;
}

// One change of the given kind and cause, under a checksum that fits.
std::string OneChange(int kind, int cause) {
  std::string payload;
  PutVarint(&payload, 1);
  payload.push_back(static_cast<char>(kind));
  payload.push_back(static_cast<char>(cause));
  for (int i = 0; i < 6; ++i) PutVarint(&payload, 0);
  return SealValue(1, FeedKey(1), payload);
}

}  // namespace

TEST_CASE("rows of the feed lie in order of their sequences") {
  for (const std::uint64_t n : {std::uint64_t{0}, std::uint64_t{255}, std::uint64_t{1} << 40})
    CHECK(FeedKey(n) < FeedKey(n + 1));
  // Each graph's together, behind those of the first, and none under another's key.
  for (const std::uint64_t n : {std::uint64_t{0}, std::uint64_t{255}, std::uint64_t{1} << 62}) {
    CHECK(FeedKey(n) < FeedKey(0, 1));
    CHECK(FeedKey(n, 1) < FeedKey(n + 1, 1));
    CHECK(FeedKey(n, 1) < FeedKey(0, 2));
    CHECK(FeedKey(n, 14) < FeedKey(0, 15));
    for (const std::uint32_t graph : {0u, 1u, 15u}) CHECK(FeedSequence(FeedKey(n, graph)) == n);
  }
}

TEST_CASE("any row of the feed is read as it was written") {
  harness::ForEachSeed(1, 1'000, [](std::uint64_t seed) {
    Random random(seed);
    const std::uint64_t sequence = RandomNumber(random);
    const FeedRow row = RandomRow(sequence, random);
    const auto graph = static_cast<std::uint32_t>(random.Below(16));
    const std::string bytes = EncodeFeedRow(sequence, row, graph);
    const auto read = DecodeFeedRow(sequence, bytes, graph);
    INFO("seed " << seed << ", graph " << graph);
    REQUIRE(read.ok());
    REQUIRE(Same(*read, row));
    REQUIRE(absl::IsDataLoss(DecodeFeedRow(sequence, bytes, (graph + 1) % 16).status()));
  });
}

TEST_CASE("a row with any bit flipped or its end cut is never read as another") {
  harness::ForEachSeed(1, 60, [](std::uint64_t seed) {
    Random random(seed);
    const std::string bytes = EncodeFeedRow(seed, RandomRow(seed, random));
    const std::string fault = FindAccepted(
        bytes, [&](const std::string& broken) { return DecodeFeedRow(seed, broken).status(); });
    INFO("seed " << seed << ": " << fault);
    REQUIRE(fault.empty());
    REQUIRE(absl::IsDataLoss(DecodeFeedRow(seed + 1, bytes).status()));  // under another key
  });
}

TEST_CASE("whatever stands under a checksum that fits is a row or DataLoss") {
  std::uint64_t decoded = 0, refused = 0;
  harness::ForEachSeed(1, 3'000, [&](std::uint64_t seed) {
    Random random(seed);
    const std::string bytes = EncodeFeedRow(seed, RandomRow(seed, random));
    const auto row = DecodeFeedRow(seed, Rewritten(bytes.substr(9), FeedKey(seed), random));
    ++(row.ok() ? decoded : refused);
    INFO("seed " << seed << ": " << row.status().ToString());
    REQUIRE((row.ok() || absl::IsDataLoss(row.status())));
    if (row.ok()) REQUIRE(row->changes.size() == row->before.size());
  });
  if (harness::OneSeedOnly()) return;
  CHECK(decoded > 100);
  CHECK(refused > 100);
}

TEST_CASE("a kind of change that there is not is DataLoss, never a plausible one") {
  CHECK(DecodeFeedRow(1, OneChange(5, 10)).ok());
  CHECK(absl::IsDataLoss(DecodeFeedRow(1, OneChange(6, 1)).status()));
  CHECK(absl::IsDataLoss(DecodeFeedRow(1, OneChange(255, 1)).status()));
  CHECK(absl::IsDataLoss(DecodeFeedRow(1, OneChange(1, 11)).status()));
}

TEST_CASE("counts in a row beyond what there are bytes for are DataLoss, not memory") {
  for (const std::uint64_t count :
       {std::uint64_t{1} << 20, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    std::string changes;
    PutVarint(&changes, count);
    std::string identifiers(1, '\x01');
    identifiers += std::string(7, '\0');
    PutVarint(&identifiers, count);
    for (const std::string& payload : {changes, identifiers}) {
      CHECK(absl::IsDataLoss(DecodeFeedRow(1, SealValue(1, FeedKey(1), payload)).status()));
    }
  }
}

}  // namespace polyonym::engine
