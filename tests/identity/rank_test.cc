#include "polyonym/identity/rank.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "harness/catch.h"
#include "identity/plain_world.h"

namespace polyonym::identity {
namespace {

constexpr std::int64_t kEarliest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max();

struct Weighed {
  std::uint32_t priority_sum = 0;
  Evidence evidence;
};

// Less than 0: `a` comes first by the table of docs/rule.md section 4; 0: the table leaves it open.
int ByTheTable(Ranking ranking, const Weighed& a, const Weighed& b) {
  const auto order = [](auto first, auto second) {
    return first < second ? -1 : first > second ? 1 : 0;
  };
  const Evidence &x = a.evidence, &y = b.evidence;
  if (const int by = order(x.forced == 0, y.forced == 0); by != 0) return by;
  switch (ranking) {
    case Ranking::kPriorityRecency:
      if (const int by = order(a.priority_sum, b.priority_sum); by != 0) return by;
      return order(y.last_ms, x.last_ms);
    case Ranking::kOldest:
      if (const int by = order(a.priority_sum, b.priority_sum); by != 0) return by;
      return order(x.first_ms, y.first_ms);
    case Ranking::kStrongest:
      if (const int by = order(y.seen + y.forced, x.seen + x.forced); by != 0) return by;
      return order(y.last_ms, x.last_ms);
  }
  return 0;
}

std::int64_t RandomTime(Random& random) {
  static const std::vector<std::int64_t> kEdges = {kEarliest,   kEarliest + 1, -1,           0, 1,
                                                   kLatest - 1, kLatest,       1700000000000};
  return random.Chance(60) ? random.Pick(kEdges) : random.Between(-3, 3);
}

Weighed RandomWeighed(Random& random) {
  Weighed out;
  out.priority_sum =
      static_cast<std::uint32_t>(random.Chance(10) ? 2'000'000 : 2 + random.Below(3));
  out.evidence.first_ms = RandomTime(random);
  out.evidence.last_ms = std::max(out.evidence.first_ms, RandomTime(random));
  const bool many = random.Chance(10);
  out.evidence.seen = static_cast<std::uint32_t>(many ? 0x7fffffff : random.Below(3));
  out.evidence.forced = static_cast<std::uint32_t>(random.Chance(60) ? 0 : 1 + random.Below(2));
  return out;
}

int Sign(std::strong_ordering order) { return order < 0 ? -1 : order > 0 ? 1 : 0; }

}  // namespace

TEST_CASE("evidence keeps the earliest and latest sighting, and counts forced ones apart") {
  Evidence e;
  CHECK_FALSE(e.any());
  e.Add(-5, true);
  CHECK(e == Evidence{-5, -5, 0, 1});
  e.Add(7, false);
  e.Add(kEarliest, false);
  e.Add(kLatest, true);
  CHECK(e == Evidence{kEarliest, kLatest, 2, 2});
  CHECK(e.any());
}

TEST_CASE("keys compare as the table of rankings says, at the ends of time too") {
  Random random(11);
  for (const Ranking ranking : {Ranking::kPriorityRecency, Ranking::kOldest, Ranking::kStrongest}) {
    int before = 0, open = 0;
    for (int i = 0; i < 20'000; ++i) {
      const Weighed a = RandomWeighed(random), b = RandomWeighed(random);
      const int want = ByTheTable(ranking, a, b);
      const RankKey x = MakeRankKey(ranking, a.priority_sum, a.evidence);
      const RankKey y = MakeRankKey(ranking, b.priority_sum, b.evidence);
      if (Sign(x <=> y) != want) {
        INFO("ranking " << static_cast<int>(ranking) << ", draw " << i);
        REQUIRE(Sign(x <=> y) == want);
      }
      before += want < 0;
      open += want == 0;
    }
    CHECK(before > 5'000);
    CHECK(open > 20);
  }
}

TEST_CASE("a must-link goes before whatever was only seen, under every ranking") {
  const Evidence forced = {kEarliest, kEarliest, 0, 1};
  const Evidence seen = {kEarliest, kLatest, 0xffffffff, 0};
  for (const Ranking ranking : {Ranking::kPriorityRecency, Ranking::kOldest, Ranking::kStrongest}) {
    CHECK(MakeRankKey(ranking, 2'000'000, forced) < MakeRankKey(ranking, 2, seen));
  }
}

TEST_CASE("links of equal keys are taken by the names of their ends, whichever way round") {
  harness::ForEachSeed(1, 100, [](std::uint64_t seed) {
    Random random(seed);
    const PlainWorld world(random, 6);
    const auto before = [&](Node x, Node y) { return world.NodeBefore(x, y); };
    std::vector<RankedLink> links;
    for (Node u = 0; u < 6; ++u) {
      for (Node v = 0; v < 6; ++v) {
        if (u != v) links.push_back({{random.Below(2), random.Below(2)}, u, v});
      }
    }
    bool agree = true;
    for (const RankedLink& a : links) {
      for (const RankedLink& b : links) {
        agree &= TakenBefore(a, b, before) == world.TakesFirst(a, b);
        const RankedLink turned{b.key, b.v, b.u};
        agree &= TakenBefore(a, turned, before) == TakenBefore(a, b, before);
      }
      agree &= !TakenBefore(a, a, before);
      const RankedLink made = MakeRankedLink(a.key, a.u, a.v);
      agree &= made.u < made.v && made.key == a.key && made.u + made.v == a.u + a.v;
    }
    INFO("seed " << seed);
    REQUIRE(agree);
  });
}

TEST_CASE("the order of links is a strict weak order") {
  Random random(12);
  const PlainWorld world(random, 5);
  const auto before = [&](Node x, Node y) { return world.NodeBefore(x, y); };
  std::vector<RankedLink> links;
  for (int i = 0; i < 60; ++i) {
    const Node u = static_cast<Node>(random.Below(5));
    links.push_back({{random.Below(2), 0}, u, static_cast<Node>((u + 1 + random.Below(4)) % 5)});
  }
  bool strict = true;
  for (const RankedLink& a : links) {
    for (const RankedLink& b : links) {
      const bool less = TakenBefore(a, b, before), more = TakenBefore(b, a, before);
      strict &= !(less && more);
      for (const RankedLink& c : links) {
        if (less && TakenBefore(b, c, before)) strict &= TakenBefore(a, c, before);
        if (less || more) continue;  // a and b are equal: c stands to both alike
        strict &= TakenBefore(a, c, before) == TakenBefore(b, c, before);
        strict &= TakenBefore(c, a, before) == TakenBefore(c, b, before);
      }
    }
  }
  CHECK(strict);
}

}  // namespace polyonym::identity
