#include "engine/feed.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
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

Change& AddChange(std::uint64_t sequence, std::uint64_t kind, Random& random, FeedRow* row) {
  Change& change = row->changes.emplace_back();
  change.sequence = sequence;
  change.kind = static_cast<ChangeKind>(kind);
  change.cause = static_cast<Cause>(random.Below(11));
  change.record = RandomNumber(random);
  return change;
}

std::string RandomName(Random& random) {
  static const std::vector<std::string> kNames = {"vip", "老客", std::string(128, 'n'),
                                                  std::string(1, '\0')};
  return random.Pick(kNames);
}

FeedRow RandomRow(std::uint64_t sequence, Random& random) {
  FeedRow row;
  for (std::uint64_t i = random.Below(5); i > 0; --i) {
    Change& change = AddChange(sequence, random.Below(6), random, &row);
    change.from.value = RandomNumber(random);
    change.to.value = RandomNumber(random);
    for (std::uint64_t k = random.Below(6); k > 0; --k)
      change.identifiers.push_back({RandomNumber(random)});
    std::sort(change.identifiers.begin(), change.identifiers.end());
    row.before.emplace_back(RandomNumber(random), RandomNumber(random));
  }
  for (std::uint64_t i = random.Below(5); i > 0; --i) {
    Change& change = AddChange(sequence, 6 + random.Below(4), random, &row);
    (change.kind == ChangeKind::kLeft ? change.from : change.to).value = RandomNumber(random);
    change.name = RandomName(random);
    if (change.kind < ChangeKind::kTrait) continue;
    for (std::uint64_t k = random.Below(3); k > 0; --k)
      change.values.push_back(random.Chance(30) ? "" : RandomName(random));
  }
  if (random.Chance(80)) row.now_ms = static_cast<std::int64_t>(RandomNumber(random));
  return row;
}

bool Same(const FeedRow& a, const FeedRow& b) {
  return a.changes == b.changes && a.before == b.before && a.now_ms == b.now_ms;
}

// One change of the given kind and cause, under a checksum that fits; of version 2 with one name.
std::string OneChange(int kind, int cause, std::uint8_t version) {
  std::string payload;
  if (version > 1) payload += std::string("\0\1\3vip", 6);
  PutVarint(&payload, 1);
  payload.push_back(static_cast<char>(kind));
  payload.push_back(static_cast<char>(cause));
  const int numbers = kind < 6 || version == 1 ? 6 : kind < 8 ? 3 : 4;
  for (int i = 0; i < numbers; ++i) PutVarint(&payload, 0);
  return SealValue(version, FeedKey(1), payload);
}

std::string Bytes(std::initializer_list<int> bytes) {
  std::string out;
  for (const int byte : bytes) out.push_back(static_cast<char>(byte));
  return out;
}

absl::Status StatusOf(std::uint8_t version, const std::string& payload) {
  return DecodeFeedRow(1, SealValue(version, FeedKey(1), payload)).status();
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
    std::string rewritten = Rewritten(bytes.substr(9), FeedKey(seed), random);
    rewritten[0] = bytes[0];  // the version
    const auto row = DecodeFeedRow(seed, rewritten);
    ++(row.ok() ? decoded : refused);
    INFO("seed " << seed << ": " << row.status().ToString());
    REQUIRE((row.ok() || absl::IsDataLoss(row.status())));
    if (row.ok()) REQUIRE(Same(*DecodeFeedRow(seed, EncodeFeedRow(seed, *row)), *row));
  });
  if (harness::OneSeedOnly()) return;
  CHECK(decoded > 100);
  CHECK(refused > 100);
}

TEST_CASE("a kind of change that there is not is DataLoss, never a plausible one") {
  for (const std::uint8_t version : {std::uint8_t{1}, std::uint8_t{2}}) {
    const int last = version == 1 ? 5 : 9;
    for (int kind = 0; kind <= last; ++kind)
      CHECK(DecodeFeedRow(1, OneChange(kind, 10, version)).ok());
    for (const int kind : {last + 1, 255})
      CHECK(absl::IsDataLoss(DecodeFeedRow(1, OneChange(kind, 1, version)).status()));
    CHECK(absl::IsDataLoss(DecodeFeedRow(1, OneChange(1, 11, version)).status()));
  }
  CHECK(absl::IsFailedPrecondition(DecodeFeedRow(1, OneChange(1, 1, 3)).status()));
}

TEST_CASE("a row of the first version is read as what it said") {
  // Two changes, by hand: 2 split, 1 record, from 300, to 5, record 7, before 4 and 0, identifiers 5 and 9; 5 gone, 4 time.
  const std::string payload =
      Bytes({2, 2, 1, 0xac, 2, 5, 7, 4, 0, 2, 5, 4, 5, 4, 3, 3, 0, 1, 0, 1, 3});
  const FeedRow row = *DecodeFeedRow(9, SealValue(1, FeedKey(9), payload));
  FeedRow expected;
  expected.changes = {
      {9, ChangeKind::kSplit, Cause::kRecord, ProfileId{300}, ProfileId{5}, 7, {{5}, {9}}, "", {}},
      {9, ChangeKind::kGone, Cause::kTime, ProfileId{3}, ProfileId{3}, 0, {{3}}, "", {}}};
  expected.before = {{4, 0}, {1, 0}};
  CHECK(Same(row, expected));
  CHECK(Same(*DecodeFeedRow(9, EncodeFeedRow(9, row)), expected));
}

TEST_CASE("a row has the bytes that docs/format.md says and each name once") {
  FeedRow row;
  row.now_ms = -2;
  const auto add = [&](ChangeKind kind, Cause cause, std::uint64_t from, std::uint64_t to,
                       std::string name) {
    row.changes.push_back(
        {3, kind, cause, ProfileId{from}, ProfileId{to}, 1, {}, std::move(name), {}});
  };
  row.changes = {
      {3, ChangeKind::kMerged, Cause::kRecord, ProfileId{8}, ProfileId{6}, 1, {}, "", {}}};
  row.before = {{2, 1}};
  add(ChangeKind::kEntered, Cause::kMerge, 0, 6, "vip");
  add(ChangeKind::kLeft, Cause::kMerge, 8, 0, "vip");
  add(ChangeKind::kTrait, Cause::kRecord, 0, 6, "city");
  row.changes.back().values = {"Xi'an"};
  const std::string payload = Bytes({3, 2, 3}) + "vip" + Bytes({4}) + "city" +  //
                              Bytes({4}) +                                      //
                              Bytes({1, 1, 8, 6, 1, 2, 1, 0}) +                 //
                              Bytes({6, 7, 6, 1, 0}) +                          //
                              Bytes({7, 7, 8, 1, 0}) +                          //
                              Bytes({8, 1, 6, 1, 1, 1, 5}) + "Xi'an";
  CHECK(EncodeFeedRow(3, row) == SealValue(2, FeedKey(3), payload));
  CHECK(Same(*DecodeFeedRow(3, SealValue(2, FeedKey(3), payload)), row));
}

TEST_CASE("a row whose names or order are wrong is DataLoss") {
  const std::string head = Bytes({0, 1, 1, 'n'});
  const std::string entered = Bytes({6, 1, 5, 0, 0}), joined = Bytes({4, 1, 5, 5, 0, 0, 0, 0});
  CHECK(StatusOf(2, head + Bytes({2}) + joined + entered).ok());
  CHECK(absl::IsDataLoss(StatusOf(2, head + Bytes({2}) + entered + joined)));
  CHECK(absl::IsDataLoss(StatusOf(2, head + Bytes({1, 6, 1, 5, 0, 1}))));  // a second name
  CHECK(absl::IsDataLoss(StatusOf(2, Bytes({0, 0, 1}) + entered)));
  CHECK(absl::IsDataLoss(StatusOf(2, Bytes({0, 1, 0, 1}) + entered)));  // one without a byte
  const std::string long_name = std::string(129, 'n');
  CHECK(StatusOf(2, Bytes({0, 1, 0x80, 1}) + long_name.substr(1) + Bytes({1}) + entered).ok());
  CHECK(absl::IsDataLoss(StatusOf(2, Bytes({0, 1, 0x81, 1}) + long_name + Bytes({1}) + entered)));
}

TEST_CASE("a payload cut at any byte is DataLoss whatever its checksum") {
  harness::ForEachSeed(1, 200, [](std::uint64_t seed) {
    Random random(seed);
    FeedRow row = RandomRow(seed, random);
    const std::string bytes = EncodeFeedRow(seed, row);
    const std::string payload = bytes.substr(9);
    INFO("seed " << seed);
    for (std::size_t size = 0; size < payload.size(); ++size) {
      CAPTURE(size);
      const std::string cut = SealValue(2, FeedKey(seed), payload.substr(0, size));
      REQUIRE(absl::IsDataLoss(DecodeFeedRow(seed, cut).status()));
    }
  });
}

TEST_CASE("counts in a row beyond what there are bytes for are DataLoss, not memory") {
  for (const std::uint64_t count :
       {std::uint64_t{1} << 20, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    std::string changes;
    PutVarint(&changes, count);
    std::string identifiers(1, '\x01');
    identifiers += std::string(7, '\0');
    PutVarint(&identifiers, count);
    for (const std::string& payload : {changes, identifiers})
      CHECK(absl::IsDataLoss(StatusOf(1, payload)));
    std::string names(1, '\0'), values = OneChange(8, 1, 2).substr(9);
    PutVarint(&names, count);
    values.pop_back();
    PutVarint(&values, count);
    for (const std::string& payload :
         {std::string(2, '\0') + changes, std::string(2, '\0') + identifiers, names, values})
      CHECK(absl::IsDataLoss(StatusOf(2, payload)));
  }
}

}  // namespace polyonym::engine
