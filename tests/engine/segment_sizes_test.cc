// Sizes of a segment at past times, by the feed.
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "engine/tea_shop.h"
#include "harness/catch.h"
#include "polyonym/engine/segment_sizes.h"
#include "polyonym/engine/segments.h"

namespace polyonym::harness {
namespace {

std::vector<std::uint64_t> Sizes(const View& view, const std::string& segment, std::int64_t from_ms,
                                 std::int64_t to_ms, std::int64_t step_ms = 1) {
  std::vector<std::uint64_t> sizes;
  for (const SegmentSize& size : Must(SizesOverTime(view, segment, from_ms, to_ms, step_ms)))
    sizes.push_back(size.members);
  return sizes;
}

using Counts = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("sizes over time are what was counted then") {
  TeaShop shop;
  for (int i = 1; i <= 5; ++i) shop.Like(i, i % 2 + 1);  // at time i; 1, 3 and 5 in `much`
  const View view = shop->Read();
  CHECK(Sizes(view, "much", 0, 6) == Counts{0, 1, 1, 2, 2, 3, 3});
  CHECK(Sizes(view, "tea", 0, 6) == Counts{0, 1, 2, 3, 4, 5, 5});
  CHECK(Sizes(view, "tea", 0, 6, 4) == Counts{0, 4});
  CHECK(Sizes(view, "tea", 100, 100) == Counts{5});
  CHECK(Must(SizesOverTime(view, "tea", 2, 3, 1)) == std::vector<SegmentSize>{{2, 2}, {3, 3}});
}

TEST_CASE("sizes over time follow those who leave and stay as the definition of then said") {
  TeaShop shop;
  for (int i = 1; i <= 4; ++i) shop.Like(i, 2);
  ApplyOne(shop.engine(), Visit(10));
  shop.Like(1, 0);
  ApplyOne(shop.engine(), Visit(20));
  Policy other = TeaPolicy();
  other.definitions.segments[1].expression = "score of tag tea >= 9";
  Must(shop->SetPolicy(other).status());
  ApplyOne(shop.engine(), Visit(30));
  CHECK(Sizes(shop->Read(), "much", 0, 30, 5) == Counts{0, 4, 3, 3, 0, 0, 0});
  shop.Reopen();
  CHECK(Sizes(shop->Read(), "much", 0, 30, 5) == Counts{0, 4, 3, 3, 0, 0, 0});
}

TEST_CASE("sizes at a view do not know of later calls") {
  TeaShop shop;
  shop.Like(1, 2);
  const View then = shop->Read();
  shop.Like(2, 2);
  CHECK(Sizes(then, "much", 0, 3) == Counts{0, 1, 1, 1});
  CHECK(Sizes(shop->Read(), "much", 0, 3) == Counts{0, 1, 2, 2});
}

TEST_CASE("sizes go back as far as the feed is kept") {
  TeaShop shop;
  for (int i = 1; i <= 6; ++i) shop.Like(i, 2);  // sequence i + 1
  Must(shop->TrimFeed(4));                       // what is kept begins at time 3
  const View view = shop->Read();
  CHECK(Sizes(view, "much", 3, 6) == Counts{3, 4, 5, 6});
  CHECK(absl::IsOutOfRange(SizesOverTime(view, "much", 2, 6, 1).status()));
  Must(shop->TrimFeed(100));
  CHECK(Sizes(view, "much", 6, 7) == Counts{6, 6});
  CHECK(absl::IsOutOfRange(SizesOverTime(shop->Read(), "much", 5, 6, 1).status()));
}

TEST_CASE("sizes that mean nothing are refused") {
  TeaShop shop;
  const View view = shop->Read();
  CHECK(absl::IsNotFound(SizesOverTime(view, "nobody", 0, 1, 1).status()));
  CHECK(absl::IsNotFound(SizesOverTime(OpenShop()->Read(), "tea", 0, 1, 1).status()));
  CHECK(absl::IsInvalidArgument(SizesOverTime(view, "tea", 1, 0, 1).status()));
  CHECK(absl::IsInvalidArgument(SizesOverTime(view, "tea", 0, 1, 0).status()));
  CHECK(absl::IsInvalidArgument(SizesOverTime(view, "tea", 0, 10'000, 1).status()));
  CHECK(Sizes(view, "tea", 0, 9'999).size() == 10'000);
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  CHECK(absl::IsInvalidArgument(SizesOverTime(view, "tea", kMin, kMax, 1).status()));
  CHECK(Sizes(view, "tea", kMin, kMax, kMax) == Counts{0, 0, 0});
}

TEST_CASE("sizes over time are those of a count after every call") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    INFO("seed " << seed);
    Random random(seed);
    TeaShop shop;
    std::vector<SegmentSize> want;
    for (int time = 1; time <= 40; ++time) {
      shop.Like(static_cast<int>(random.Below(8)), static_cast<std::int64_t>(random.Below(4)));
      ApplyOne(shop.engine(), Visit(100 + time));  // moves the time on
      const SegmentReader reader = Must(SegmentReader::Make(shop->Read()));
      want.push_back({100 + time, Must(reader.Count()).segments[1].members});
      if (random.Chance(10)) shop.Reopen();
    }
    REQUIRE(Must(SizesOverTime(shop->Read(), "much", 101, 140, 1)).size() == want.size());
    // The like of call n + 1 is judged at the time that call n's visit brought.
    const auto got = Must(SizesOverTime(shop->Read(), "much", 101, 140, 1));
    for (std::size_t i = 0; i + 1 < got.size(); ++i) CHECK(got[i].members == want[i + 1].members);
    CHECK(got.back() == want.back());
  }
}

}  // namespace polyonym::harness
