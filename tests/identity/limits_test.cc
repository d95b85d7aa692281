#include "polyonym/identity/limits.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "identity/plain_world.h"

namespace polyonym::identity {
namespace {

constexpr std::int64_t kEarliest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max();

Tally Recount(const PlainWorld& world, const std::vector<Node>& nodes) {
  Tally tally;
  for (const Node n : nodes) {
    tally.AddNode(world.limits().kinds[world.KindOf(n)], world.HasApart(n));
  }
  return tally;
}

// A set of nodes, as MayJoin() wants it.
class Group {
 public:
  Group(const PlainWorld& world, std::vector<Node> nodes)
      : nodes_(std::move(nodes)), tally_(Recount(world, nodes_)) {}
  const Tally& tally() const { return tally_; }
  const std::vector<Node>& nodes() const { return nodes_; }
  bool Contains(Node n) const { return std::find(nodes_.begin(), nodes_.end(), n) != nodes_.end(); }
  template <class F>
  void ForEachMember(const F& f) const {
    for (const Node n : nodes_) f(n);
  }

 private:
  std::vector<Node> nodes_;
  Tally tally_;
};

JoinVerdict Judge(const PlainWorld& world, const std::vector<Node>& a, const std::vector<Node>& b) {
  return MayJoin(world.limits(), world, Group(world, a), Group(world, b));
}

std::vector<Node> Joined(std::vector<Node> a, const std::vector<Node>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

PlainWorld RandomWorld(Random& random, std::uint32_t nodes) {
  PlainWorld world(random, nodes);
  world.AddRandomLimits(random);
  for (std::uint64_t i = random.Below(4); i > 0; --i) {
    const auto a = static_cast<Node>(random.Below(nodes)),
               b = static_cast<Node>(random.Below(nodes));
    if (a != b) world.ToggleApart(a, b);
  }
  return world;
}

// Two groups without a common node, each allowed by itself.
std::pair<std::vector<Node>, std::vector<Node>> TwoAllowedGroups(const PlainWorld& world,
                                                                 Random& random) {
  std::vector<Node> order(world.size());
  for (Node n = 0; n < world.size(); ++n) order[n] = n;
  random.Shuffle(&order);
  std::pair<std::vector<Node>, std::vector<Node>> groups = {{order[0]}, {order[1]}};
  for (std::size_t i = 2; i < order.size(); ++i) {
    std::vector<Node>& into = random.Chance(50) ? groups.first : groups.second;
    into.push_back(order[i]);
    if (!world.Allows(into) || random.Chance(20)) into.pop_back();
  }
  return groups;
}

bool SameTally(const Tally& a, const Tally& b) {
  return a.size == b.size && a.apart == b.apart && a.used == b.used;
}

}  // namespace

TEST_CASE("groups may join exactly when their union breaks nothing, and the verdict says what") {
  std::map<Refusal, int> seen;
  harness::ForEachSeed(1, 4'000, [&](std::uint64_t seed) {
    Random random(seed);
    const PlainWorld world = RandomWorld(random, static_cast<std::uint32_t>(2 + random.Below(12)));
    const auto [a, b] = TwoAllowedGroups(world, random);
    const JoinVerdict verdict = Judge(world, a, b);
    const auto found = world.Violations(Joined(a, b));
    INFO("seed " << seed << ", refusal " << static_cast<int>(verdict.refusal));
    REQUIRE(static_cast<bool>(verdict) == found.empty());
    ++seen[verdict.refusal];
    if (verdict) return;
    const auto named = std::find_if(found.begin(), found.end(), [&](const auto& violation) {
      return violation.refusal == verdict.refusal && violation.slot == verdict.slot;
    });
    REQUIRE(named != found.end());
    REQUIRE(verdict.would_be == named->count);
    REQUIRE(Judge(world, b, a).refusal != Refusal::kNone);
  });
  if (harness::OneSeedOnly()) return;
  for (const Refusal refusal :
       {Refusal::kNone, Refusal::kSize, Refusal::kLimit, Refusal::kWindow, Refusal::kApart}) {
    INFO("refusal " << static_cast<int>(refusal));
    CHECK(seen[refusal] > 100);
  }
}

TEST_CASE("every part of a group that may be one may be one too: constraints are hereditary") {
  int groups = 0;
  harness::ForEachSeed(1, 1'500, [&](std::uint64_t seed) {
    Random random(seed);
    const PlainWorld world = RandomWorld(random, static_cast<std::uint32_t>(3 + random.Below(5)));
    const auto [a, b] = TwoAllowedGroups(world, random);
    if (!Judge(world, a, b)) return;
    const std::vector<Node> whole = Joined(a, b);
    groups += whole.size() > 3;
    // Every way to put each node into the first part, the second or neither.
    std::size_t ways = 1;
    for (std::size_t i = 0; i < whole.size(); ++i) ways *= 3;
    for (std::size_t way = 0; way < ways; ++way) {
      std::vector<Node> parts[3];
      for (std::size_t i = 0, rest = way; i < whole.size(); ++i, rest /= 3) {
        parts[rest % 3].push_back(whole[i]);
      }
      if (parts[0].empty() || parts[1].empty() || Judge(world, parts[0], parts[1])) continue;
      INFO("seed " << seed << ", way " << way);
      REQUIRE(static_cast<bool>(Judge(world, parts[0], parts[1])));
    }
  });
  if (!harness::OneSeedOnly()) CHECK(groups > 100);
}

TEST_CASE("a window is crowded exactly when too many first sightings lie within its length") {
  std::vector<std::int64_t> two = {0, 10};
  CHECK(FitsWindow(two, 1, 10));  // a span of the whole length is outside
  CHECK_FALSE(FitsWindow(two, 1, 11));
  CHECK(FitsWindow(two, 2, 11));
  std::vector<std::int64_t> none, extremes = {kLatest, kEarliest};
  CHECK(FitsWindow(none, 1, kLatest));
  CHECK(FitsWindow(extremes, 1, kLatest));  // further apart than any window is long
  std::vector<std::int64_t> near_the_end = {kLatest, kLatest - 1, kEarliest};
  CHECK_FALSE(FitsWindow(near_the_end, 1, 2));
  CHECK(FitsWindow(near_the_end, 1, 1));

  static const std::vector<std::int64_t> kEdges = {kEarliest, kEarliest + 1, -1,     0,
                                                   1,         kLatest - 1,   kLatest};
  harness::ForEachSeed(1, 5'000, [&](std::uint64_t seed) {
    Random random(seed);
    std::vector<std::int64_t> times;
    for (std::uint64_t i = random.Below(9); i > 0; --i) {
      times.push_back(random.Chance(30) ? random.Pick(kEdges) : random.Between(-20, 20));
    }
    const auto max = static_cast<std::uint32_t>(1 + random.Below(3));
    const std::int64_t window = random.Chance(20) ? kLatest : random.Between(1, 30);
    const bool crowded = CrowdsWindow(times, max, window);
    INFO("seed " << seed);
    REQUIRE(FitsWindow(times, max, window) == !crowded);
  });
}

TEST_CASE("a tally put together from groups is the tally of all their nodes") {
  harness::ForEachSeed(1, 500, [](std::uint64_t seed) {
    Random random(seed);
    const PlainWorld world = RandomWorld(random, 20);
    std::vector<Node> nodes;
    Tally sum;
    for (int part = 0; part < 4; ++part) {
      std::vector<Node> more;
      for (int i = 0; i < 5; ++i) more.push_back(static_cast<Node>(part * 5 + i));
      random.Shuffle(&more);
      sum.AddGroup(Recount(world, more));
      nodes = Joined(more, nodes);
    }
    INFO("seed " << seed);
    REQUIRE(SameTally(sum, Recount(world, nodes)));
    REQUIRE(sum.size == 20);
    REQUIRE(std::is_sorted(sum.used.begin(), sum.used.end()));
    for (const auto& [slot, count] : sum.used) {
      const auto counted = std::count_if(nodes.begin(), nodes.end(), [&, at = slot](Node n) {
        const auto& slots = world.limits().kinds[world.KindOf(n)].slots;
        return std::find(slots.begin(), slots.end(), at) != slots.end();
      });
      REQUIRE(count == counted);
    }
    const bool any_apart =
        std::any_of(nodes.begin(), nodes.end(), [&](Node n) { return world.HasApart(n); });
    REQUIRE(sum.apart == any_apart);
  });
}

TEST_CASE("a limit in each scope counts scopes apart, a limit of the family counts them together") {
  Random random(5);
  PlainWorld world(random, 30);
  std::vector<Node> of_kind[2];
  for (Node n = 0; n < world.size(); ++n) {
    if (world.KindOf(n) < 2) of_kind[world.KindOf(n)].push_back(n);
  }
  REQUIRE(of_kind[0].size() >= 2);
  REQUIRE(of_kind[1].size() >= 2);
  world.AddLimit(0, true, 1, 0);
  CHECK(static_cast<bool>(Judge(world, {of_kind[0][0]}, {of_kind[1][0]})));
  CHECK(Judge(world, {of_kind[0][0]}, {of_kind[0][1]}).refusal == Refusal::kLimit);
  world.AddLimit(0, false, 1, 0);
  const JoinVerdict both = Judge(world, {of_kind[0][0]}, {of_kind[1][0]});
  CHECK(both.refusal == Refusal::kLimit);
  CHECK(world.limits().slots[both.slot].whole_family);
  CHECK(both.would_be == 2);
}

TEST_CASE("a window asks for the first sightings of the nodes as they are now") {
  Random random(6);
  PlainWorld world(random, 30);
  world.AddLimit(0, false, 1, 100);
  std::vector<Node> of_family;
  for (Node n = 0; n < world.size(); ++n) {
    if (world.KindOf(n) < kScopes) of_family.push_back(n);
  }
  REQUIRE(of_family.size() >= 2);
  world.SetFirstMs(of_family[0], kEarliest);
  world.SetFirstMs(of_family[1], kEarliest + 99);
  CHECK(Judge(world, {of_family[0]}, {of_family[1]}).refusal == Refusal::kWindow);
  world.SetFirstMs(of_family[1], kEarliest + 100);
  CHECK(static_cast<bool>(Judge(world, {of_family[0]}, {of_family[1]})));
}

}  // namespace polyonym::identity
