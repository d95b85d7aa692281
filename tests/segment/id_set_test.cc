#include "polyonym/segment/id_set.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "harness/catch.h"
#include "harness/random.h"

namespace polyonym {
namespace {

using harness::Random;
using Ids = std::vector<std::uint32_t>;

constexpr std::uint32_t kChunk = IdSet::kIdsPerChunk;
constexpr std::uint32_t kLast = std::numeric_limits<std::uint32_t>::max();

// Ids of [begin, begin + span), `per_10_000` of as many, in stretches of up to `longest`.
struct Spread {
  std::uint32_t begin;
  std::uint32_t span;
  std::uint32_t per_10_000;
  std::uint32_t longest;
};

Ids Made(const Spread& spread, Random* random) {
  const std::uint64_t wanted = std::uint64_t{spread.span} * spread.per_10_000 / 10'000;
  std::vector<char> has(spread.span, wanted == spread.span);
  std::uint64_t made = wanted == spread.span ? wanted : 0;
  while (made < wanted) {
    std::uint64_t at = random->Below(spread.span);
    for (std::uint64_t left = 1 + random->Below(spread.longest); left > 0 && at < spread.span;
         --left)
      made += std::exchange(has[at++], 1) ? 0 : 1;
  }
  Ids ids;
  for (std::uint32_t i = 0; i < spread.span; ++i) {
    if (has[i] != 0) ids.push_back(spread.begin + i);
  }
  return ids;
}

std::vector<Spread> Spreads() {
  std::vector<Spread> spreads;
  const std::uint32_t span = 3 * kChunk;
  for (const std::uint32_t begin : {std::uint32_t{0}, kChunk - 100, kLast - span + 1}) {
    for (const std::uint32_t density : {1, 10, 100, 700, 5'000, 9'900, 10'000}) {
      spreads.push_back({begin, span, density, 1});
      spreads.push_back({begin, span, density, 3'000});
    }
  }
  return spreads;
}

// Everything that can be asked of a set, beside what it should hold, ascending.
void CheckSame(const IdSet& set, const Ids& ids) {
  REQUIRE(set.size() == ids.size());
  REQUIRE(set.empty() == ids.empty());
  REQUIRE((set.ToVector() == ids));
  REQUIRE((set == IdSet::Of(ids)));
  Ids walked;
  set.ForEach([&walked](std::uint32_t id) {
    walked.push_back(id);
    return true;
  });
  REQUIRE((walked == ids));
  Ids chunks;
  for (const std::uint32_t id : ids) {
    if (chunks.empty() || chunks.back() != id / kChunk) chunks.push_back(id / kChunk);
  }
  REQUIRE((set.Chunks() == chunks));
}

IdSet Decoded(const IdSet& set) {
  IdSet decoded;
  for (const std::uint32_t chunk : set.Chunks()) {
    const std::string bytes = set.EncodeChunk(chunk);
    REQUIRE(bytes.size() <= IdSet::kMaxChunkBytes);
    REQUIRE(decoded.AddChunk(chunk, bytes).ok());
    REQUIRE(decoded.EncodeChunk(chunk) == bytes);
  }
  return decoded;
}

TEST_CASE("an empty set has nothing and costs nothing") {
  const IdSet empty;
  CheckSame(empty, {});
  CHECK(empty.bytes() == 0);
  CHECK_FALSE(empty.Contains(0));
  CHECK_FALSE(empty.Nth(0).has_value());
  CHECK(empty.Page(0, 10).empty());
  CHECK(empty.EncodeChunk(0).empty());
  IdSet other = {1, 2};
  CHECK(IdSet::CountAnd(empty, other) == 0);
  CHECK(IdSet::CountAndNot(other, empty) == 2);
  CHECK((IdSet::Or(empty, other) == other));
  other &= empty;
  CheckSame(other, {});
  other.Optimise();
  CHECK(other.bytes() == 0);
}

TEST_CASE("the least and the greatest number are kept") {
  IdSet set;
  CHECK(set.Add(0));
  CHECK(set.Add(kLast));
  CHECK_FALSE(set.Add(kLast));
  CheckSame(set, {0, kLast});
  CHECK((set.Chunks() == Ids{0, IdSet::kMaxChunks - 1}));
  CHECK(set.Nth(1) == kLast);
  CHECK((Decoded(set) == set));
  CHECK(set.Remove(0));
  CHECK_FALSE(set.Remove(0));
  CHECK_FALSE(set.Remove(1));
  CheckSame(set, {kLast});
}

TEST_CASE("ids are given in any order and any number of times") {
  CheckSame(IdSet::Of(Ids{7, 3, 7, 70'000, 3, 0}), {0, 3, 7, 70'000});
  CheckSame(IdSet::Of(Ids{3, 3, 7, 7}), {3, 7});
  CheckSame({5, 4, 5}, {4, 5});
  CheckSame(IdSet::Of(Ids(5'000, 7)), {7});  // as many as would be a bitmap, were they different
  IdSet set = {1'000'000};
  set.AddMany(Ids{9, 1'000'001, 1});
  set.AddMany({});
  CheckSame(set, {1, 9, 1'000'000, 1'000'001});
}

TEST_CASE("a range has its begin and not its end") {
  CheckSame(IdSet::Range(5, 8), {5, 6, 7});
  CheckSame(IdSet::Range(kChunk - 1, kChunk + 1), {kChunk - 1, kChunk});
  CheckSame(IdSet::Range(8, 8), {});
  CheckSame(IdSet::Range(9, 8), {});
  CheckSame(IdSet::Range(kLast, std::uint64_t{1} << 40), {kLast});
  CheckSame(IdSet::Range(std::uint64_t{1} << 32, std::uint64_t{1} << 33), {});
}

TEST_CASE("the set of all numbers is as large as it is") {
  const std::uint64_t all = std::uint64_t{1} << 32;
  IdSet set = IdSet::Range(0, all);
  CHECK(set.size() == all);
  CHECK(set.Nth(kLast) == kLast);
  CHECK_FALSE(set.Nth(all).has_value());
  CHECK((set.Page(all - 2, 10) == Ids{kLast - 1, kLast}));
  CHECK(set.Chunks().size() == IdSet::kMaxChunks);
  CHECK(IdSet::CountAnd(set, {3, kLast}) == 2);
  CHECK(set.Remove(kLast));
  CHECK(set.size() == all - 1);
  set -= IdSet::Range(0, all);
  CheckSame(set, {});
}

TEST_CASE("what was moved from is empty and may be used again") {
  IdSet a = {1, 2};
  IdSet b = std::move(a);
  CheckSame(b, {1, 2});
  CheckSame(a, {});  // NOLINT(bugprone-use-after-move): it is promised
  a.Add(9);
  b = std::move(a);
  CheckSame(b, {9});
  IdSet& itself = b;
  b = std::move(itself);
  b = itself;
  CheckSame(b, {9});
}

TEST_CASE("a copy does not change with what it is of") {
  IdSet a = IdSet::Range(0, 100'000);
  const IdSet b = a;
  a.Remove(5);
  CHECK(b.Contains(5));
  CHECK_FALSE((a == b));
  a = b;
  CHECK((a == b));
}

TEST_CASE("a set is joined with and met by and taken from itself") {
  const Ids ids = {1, 70'000};
  IdSet set = IdSet::Of(ids);
  const IdSet& itself = set;
  set |= itself;
  CheckSame(set, ids);
  set &= itself;
  CheckSame(set, ids);
  CHECK(IdSet::AndNot(set, itself).empty());
  set -= itself;
  CheckSame(set, {});
}

TEST_CASE("a walk ends where it is told to") {
  const IdSet set = IdSet::Range(0, 10'000);
  std::uint32_t seen = 0;
  set.ForEach([&seen](std::uint32_t) { return ++seen < 5'000; });
  CHECK(seen == 5'000);
}

TEST_CASE("sets of every density hold what they were given") {
  const std::uint64_t seed = 20'261'129;
  Random random(seed);
  INFO("seed " << seed);
  for (const Spread& spread : Spreads()) {
    INFO("from " << spread.begin << " " << spread.per_10_000 << " of 10,000 by " << spread.longest);
    const Ids ids = Made(spread, &random);
    IdSet set = IdSet::Of(ids);
    CheckSame(set, ids);
    CheckSame(Decoded(set), ids);
    set.Optimise();
    CheckSame(set, ids);
    CheckSame(Decoded(set), ids);
    for (int i = 0; i < 50 && !ids.empty(); ++i) {
      const std::uint64_t rank = random.Below(ids.size());
      const std::size_t limit = random.Below(3'000);
      const std::size_t end = std::min<std::size_t>(ids.size(), rank + limit);
      REQUIRE(set.Nth(rank) == ids[rank]);
      REQUIRE((set.Page(rank, limit) == Ids(ids.begin() + static_cast<std::ptrdiff_t>(rank),
                                            ids.begin() + static_cast<std::ptrdiff_t>(end))));
    }
    CHECK_FALSE(set.Nth(ids.size()).has_value());
  }
}

void CheckOperations(const Ids& a, const Ids& b, bool optimised) {
  IdSet x = IdSet::Of(a);
  const IdSet y = IdSet::Of(b);
  if (optimised) x.Optimise();
  Ids joined, common, less;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(joined));
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(common));
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(less));
  CheckSame(IdSet::Or(x, y), joined);
  CheckSame(IdSet::And(x, y), common);
  CheckSame(IdSet::AndNot(x, y), less);
  REQUIRE(IdSet::CountOr(x, y) == joined.size());
  REQUIRE(IdSet::CountAnd(x, y) == common.size());
  REQUIRE(IdSet::CountAndNot(x, y) == less.size());
  IdSet z = x;
  CheckSame(z |= y, joined);
  z = x;
  CheckSame(z &= y, common);
  z = x;
  CheckSame(z -= y, less);
  CheckSame(x, a);
  CheckSame(y, b);
}

TEST_CASE("two sets of any densities are joined and met and taken from each other as sets are") {
  const std::uint64_t seed = 4'711;
  Random random(seed);
  INFO("seed " << seed);
  const std::vector<Spread> spreads = Spreads();
  for (int i = 0; i < 60; ++i) {
    const Spread& a = random.Pick(spreads);
    Spread b = random.Pick(spreads);
    if (random.Chance(70)) b.begin = a.begin;
    INFO("from " << a.begin << " and " << b.begin << ", " << a.per_10_000 << " by " << a.longest
                 << " and " << b.per_10_000 << " by " << b.longest);
    CheckOperations(Made(a, &random), Made(b, &random), random.Chance(50));
  }
}

TEST_CASE("a set that changes step by step is what a set is") {
  const std::uint64_t seed = GENERATE(1, 2, 3, 4, 5, 6);
  Random random(seed);
  INFO("seed " << seed);
  IdSet set;
  std::set<std::uint32_t> model;
  const std::uint32_t begin = random.Pick(Ids{0, kChunk - 5'000, kLast - 9'999});
  for (int step = 0; step < 30'000; ++step) {
    const std::uint32_t id = begin + static_cast<std::uint32_t>(random.Below(10'000));
    if (random.Chance(step / 5'000 % 2 == 0 ? 80 : 20)) {
      REQUIRE(set.Add(id) == model.insert(id).second);
    } else {
      REQUIRE(set.Remove(id) == (model.erase(id) == 1));
    }
    const std::uint32_t asked = begin + static_cast<std::uint32_t>(random.Below(10'000));
    REQUIRE(set.Contains(asked) == model.contains(asked));
    if (step % 3'000 == 0) {
      if (random.Chance(50)) set.Optimise();
      CheckSame(set, Ids(model.begin(), model.end()));
    }
  }
  CheckSame(set, Ids(model.begin(), model.end()));
}

TEST_CASE("a set of dense numbers takes less memory than four bytes a number") {
  IdSet set = IdSet::Range(0, 1'000'000);
  set.Optimise();
  CHECK(set.bytes() < 2'000);
  set = IdSet::And(set, set);
  Ids odd;
  for (std::uint32_t id = 1; id < 1'000'000; id += 2) odd.push_back(id);
  set = IdSet::Of(odd);
  set.Optimise();
  CHECK(set.bytes() < 200'000);
  CHECK(set.bytes() > 100'000);
}

// ---- Bytes ----

std::string Bytes(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text.push_back(static_cast<char>(byte));
  return text;
}

TEST_CASE("a chunk is written as docs/format.md says") {
  CHECK(IdSet({5, 0x1234}).EncodeChunk(0) == Bytes({1, 5, 0, 0x34, 0x12}));
  CHECK(IdSet::Range(kChunk + 3, kChunk + 300).EncodeChunk(1) == Bytes({3, 3, 0, 0x28, 0x01}));
  CHECK(IdSet::Range(0, kChunk).EncodeChunk(0) == Bytes({3, 0, 0, 0xff, 0xff}));
  CHECK(IdSet({7, 8}).EncodeChunk(0) == Bytes({1, 7, 0, 8, 0}));  // as long as a run
  Ids even;
  for (std::uint32_t id = 0; id < kChunk; id += 2) even.push_back(id);
  CHECK(IdSet::Of(even).EncodeChunk(0) == Bytes({2}) + std::string(8192, 0x55));
  CHECK(IdSet({5}).EncodeChunk(1).empty());
}

TEST_CASE("the same ids are written alike however the set came to hold them") {
  IdSet set = IdSet::Range(0, 1'000);
  const std::string whole = set.EncodeChunk(0);
  IdSet other;
  for (std::uint32_t id = 1'000; id-- > 0;) other.Add(id);
  CHECK(other.EncodeChunk(0) == whole);
  other = IdSet::Range(0, 60'000);
  other &= set;
  CHECK(other.EncodeChunk(0) == whole);
  other = {};
  for (std::uint32_t run = 0; run < 2'047; ++run)
    other |= IdSet::Range(run * 32 + 20, run * 32 + 40);
  IdSet optimised = other;
  optimised.Optimise();
  CHECK(other.EncodeChunk(0).front() == 3);
  CHECK(other.EncodeChunk(0) == optimised.EncodeChunk(0));
  CHECK(IdSet::Of(other.ToVector()).EncodeChunk(0) == other.EncodeChunk(0));
}

TEST_CASE("a chunk is added to what is there") {
  IdSet set = {1, kChunk + 1, 5 * kChunk};
  REQUIRE(set.AddChunk(1, Bytes({1, 9, 0})).ok());
  REQUIRE(set.AddChunk(3, Bytes({1, 9, 0})).ok());
  CheckSame(set, {1, kChunk + 1, kChunk + 9, 3 * kChunk + 9, 5 * kChunk});
}

TEST_CASE("bytes that no chunk is written as are data loss") {
  const std::vector<std::string> wrong = {
      "",                                   // no kind
      Bytes({0}),                           // no such kind
      Bytes({4, 1, 0}),                     //
      Bytes({1}),                           // nothing in it
      Bytes({3}),                           //
      Bytes({1, 5}),                        // half an id
      Bytes({1, 5, 0, 5, 0}),               // the same twice
      Bytes({1, 6, 0, 5, 0}),               // not ascending
      Bytes({3, 5, 0}),                     // half a run
      Bytes({3, 5, 0, 0, 0}),               // shorter as an array
      Bytes({3, 5, 0, 1, 0}),               // as short as an array
      Bytes({3, 2, 0, 0xff, 0xff}),         // runs beyond the chunk
      Bytes({3, 1, 0, 0xff, 0xff}),         //
      Bytes({3, 9, 0, 9, 0, 4, 0, 9, 0}),   // runs that overlap
      Bytes({3, 4, 0, 9, 0, 14, 0, 9, 0}),  // runs that touch
      Bytes({1, 1, 0, 2, 0, 3, 0}),         // shorter as a run
      Bytes({2}) + std::string(8192, 0),    // a bitmap of nothing
      Bytes({2}) + std::string(8192, -1),   // shorter as a run
      Bytes({2}) + std::string(8191, 0x55),
      Bytes({2}) + std::string(8193, 0x55),
  };
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    INFO("the one at place " << i);
    IdSet set = {42};
    CHECK(set.AddChunk(0, wrong[i]).code() == absl::StatusCode::kDataLoss);
    CheckSame(set, {42});
  }
  IdSet set;
  CHECK(set.AddChunk(IdSet::kMaxChunks, Bytes({1, 5, 0})).code() == absl::StatusCode::kDataLoss);
  CHECK(set.empty());
}

// Whatever is taken must be what is written: so nothing was misread.
void CheckHostile(std::string_view bytes) {
  IdSet set = {3 * kChunk + 1};
  const absl::Status status = set.AddChunk(2, bytes);
  if (!status.ok()) {
    REQUIRE(status.code() == absl::StatusCode::kDataLoss);
    REQUIRE((set == IdSet{3 * kChunk + 1}));
    return;
  }
  REQUIRE(set.EncodeChunk(2) == bytes);
  REQUIRE(set.ToVector().size() == set.size());
}

std::vector<std::string> SomeChunks(Random* random) {
  std::vector<std::string> chunks;
  for (const std::uint32_t count : {1, 2, 9, 300, 4'095, 4'096, 4'097, 20'000}) {
    IdSet set;
    while (set.size() < count)
      set.Add(2 * kChunk + static_cast<std::uint32_t>(random->Below(kChunk)));
    chunks.push_back(set.EncodeChunk(2));
  }
  for (const std::uint32_t density : {100, 5'000, 9'000})
    chunks.push_back(IdSet::Of(Made({2 * kChunk, kChunk, density, 2'000}, random)).EncodeChunk(2));
  chunks.push_back(IdSet::Range(2 * kChunk, 3 * kChunk).EncodeChunk(2));
  return chunks;
}

TEST_CASE("a chunk with a byte changed is another chunk or data loss") {
  const std::uint64_t seed = 8'192;
  Random random(seed);
  INFO("seed " << seed);
  for (std::string bytes : SomeChunks(&random)) {
    INFO("a chunk of " << bytes.size() << " bytes");
    // Of small chunks every change of every byte; of large ones one of each byte.
    const bool is_small = bytes.size() < 700;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      const char was = bytes[at];
      const int only = 1 + static_cast<int>(random.Below(255));
      for (int change = 1; change < 256; ++change) {
        if (!is_small && at > 0 && change != only) continue;
        bytes[at] = static_cast<char>(was ^ change);
        CheckHostile(bytes);
      }
      bytes[at] = was;
    }
  }
}

TEST_CASE("a chunk that is cut short or goes on is another chunk or data loss") {
  const std::uint64_t seed = 12'347;
  Random random(seed);
  INFO("seed " << seed);
  for (const std::string& bytes : SomeChunks(&random)) {
    for (std::size_t size = 0; size < bytes.size(); ++size)
      CheckHostile(std::string_view(bytes).substr(0, size));
    for (int more = 1; more < 10; ++more) {
      std::string longer = bytes;
      while (longer.size() < bytes.size() + static_cast<std::size_t>(more))
        longer.push_back(static_cast<char>(random.Below(256)));
      CheckHostile(longer);
    }
  }
}

}  // namespace
}  // namespace polyonym
