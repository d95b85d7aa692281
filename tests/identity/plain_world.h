// identity/plain_world.h - random nodes, limits and cannot-links; and section 5 of docs/rule.md
// counted one by one.
//
// What is allowed is counted here over members, from the words of the rule: no tally, no window
// scan and no union-find of the kernel is used, so that the kernel can be measured against it.
#ifndef POLYONYM_TESTS_IDENTITY_PLAIN_WORLD_H_
#define POLYONYM_TESTS_IDENTITY_PLAIN_WORLD_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "harness/histories.h"
#include "polyonym/identity/limits.h"
#include "polyonym/identity/rank.h"

namespace polyonym::identity {

using harness::Random;

inline constexpr std::uint32_t kFamilies = 3;
inline constexpr std::uint32_t kScopes = 2;  // of each family; a kind is family * kScopes + scope

// True when more than `max` of the times lie in one span of less than `window_ms`.
inline bool CrowdsWindow(const std::vector<std::int64_t>& times, std::uint32_t max,
                         std::int64_t window_ms) {
  return std::any_of(times.begin(), times.end(), [&](std::int64_t from) {
    const auto in_span = [&](std::int64_t t) {
      return t >= from && absl::int128(t) - from < window_ms;
    };
    return std::count_if(times.begin(), times.end(), in_span) > std::ptrdiff_t{max};
  });
}

// What the kernel asks of its caller, over plain vectors.
class PlainWorld {
 public:
  struct Violation {
    Refusal refusal = Refusal::kNone;
    std::uint32_t slot = kNone;
    std::size_t count = 0;
  };

  PlainWorld(Random& random, std::uint32_t nodes) : apart_(nodes) {
    std::vector<std::uint32_t> places(nodes);
    for (Node n = 0; n < nodes; ++n) places[n] = n;
    random.Shuffle(&places);
    place_ = places;
    for (Node n = 0; n < nodes; ++n) {
      kinds_.push_back(static_cast<Kind>(random.Below(kFamilies * kScopes)));
      first_ms_.push_back(random.Between(-10, 10));
    }
    limits_.kinds.resize(kFamilies * kScopes);
  }

  // Adds a limit over a family, or in each of its scopes.
  void AddLimit(std::uint32_t family, bool per_scope, std::uint32_t max, std::int64_t window_ms) {
    for (std::uint32_t scope = 0; scope < kScopes; ++scope) {
      const Kind kind = family * kScopes + scope;
      if (per_scope || scope == 0) limits_.slots.push_back({max, window_ms, kind, !per_scope});
      limits_.kinds[kind].slots.push_back(static_cast<std::uint32_t>(limits_.slots.size() - 1));
      limits_.kinds[kind].windowed |= window_ms != 0;
    }
  }
  void AddRandomLimits(Random& random) {
    for (std::uint64_t i = random.Below(4); i > 0; --i) {
      const auto family = static_cast<std::uint32_t>(random.Below(kFamilies));
      const auto max = static_cast<std::uint32_t>(1 + random.Below(3));
      AddLimit(family, random.Chance(50), max, random.Chance(50) ? random.Between(1, 12) : 0);
    }
    if (random.Chance(40)) limits_.max_nodes = static_cast<std::uint32_t>(2 + random.Below(6));
  }
  // Forbids or allows again that two nodes meet.
  void ToggleApart(Node a, Node b) {
    if (apart_[a].erase(b) + apart_[b].erase(a) != 0) return;
    apart_[a].insert(b);
    apart_[b].insert(a);
  }
  void SetFirstMs(Node n, std::int64_t time_ms) { first_ms_[n] = time_ms; }

  std::uint32_t size() const { return static_cast<std::uint32_t>(kinds_.size()); }
  const Limits& limits() const { return limits_; }
  Kind KindOf(Node n) const { return kinds_[n]; }
  std::int64_t FirstMs(Node n) const { return first_ms_[n]; }
  bool HasApart(Node n) const { return !apart_[n].empty(); }
  template <class F>
  void ForEachApart(Node n, const F& f) const {
    for (const Node other : apart_[n]) f(other);
  }
  bool NodeBefore(Node a, Node b) const { return place_[a] < place_[b]; }

  // Everything that forbids these nodes to be one group; empty: nothing does.
  std::vector<Violation> Violations(const std::vector<Node>& nodes) const {
    std::vector<Violation> found;
    if (limits_.max_nodes != 0 && nodes.size() > limits_.max_nodes) {
      found.push_back({Refusal::kSize, kNone, nodes.size()});
    }
    for (std::uint32_t s = 0; s < limits_.slots.size(); ++s) {
      const Slot& slot = limits_.slots[s];
      std::vector<std::int64_t> times;
      for (const Node n : nodes) {
        const bool same =
            slot.whole_family ? KindOf(n) / kScopes == slot.kind / kScopes : KindOf(n) == slot.kind;
        if (same) times.push_back(FirstMs(n));
      }
      if (slot.window_ms == 0 && times.size() > slot.max) {
        found.push_back({Refusal::kLimit, s, times.size()});
      } else if (slot.window_ms != 0 && CrowdsWindow(times, slot.max, slot.window_ms)) {
        found.push_back({Refusal::kWindow, s, times.size()});
      }
    }
    for (const Node a : nodes) {
      for (const Node b : nodes) {
        if (a < b && apart_[a].contains(b)) found.push_back({Refusal::kApart, kNone, 0});
      }
    }
    return found;
  }
  bool Allows(const std::vector<Node>& nodes) const { return Violations(nodes).empty(); }

  // Whether link `a` is taken before `b`: by key, then by the pair written smaller name first.
  bool TakesFirst(const RankedLink& a, const RankedLink& b) const {
    const auto order = [&](const RankedLink& link) {
      const auto [low, high] = std::minmax(place_[link.u], place_[link.v]);
      return std::tuple(link.key.major, link.key.minor, low, high);
    };
    return order(a) < order(b);
  }

  // Section 5 as it is written: a label of its group for every node.
  std::vector<Node> NaiveRule(std::vector<RankedLink> links) const {
    std::sort(links.begin(), links.end(),
              [&](const RankedLink& a, const RankedLink& b) { return TakesFirst(a, b); });
    std::vector<Node> label(size());
    for (Node n = 0; n < size(); ++n) label[n] = n;
    for (const RankedLink& link : links) {
      const Node from = label[link.v], to = label[link.u];
      if (from == to) continue;
      std::vector<Node> joined;
      for (Node n = 0; n < size(); ++n) {
        if (label[n] == from || label[n] == to) joined.push_back(n);
      }
      if (!Allows(joined)) continue;
      for (const Node n : joined) label[n] = to;
    }
    return label;
  }

 private:
  std::vector<Kind> kinds_;
  std::vector<std::int64_t> first_ms_;
  std::vector<std::uint32_t> place_;  // in the order of names, which is not that of numbers
  std::vector<std::set<Node>> apart_;
  Limits limits_;
};

// Labels of groups, made comparable: each node's label is the smallest node of its group.
inline std::vector<Node> Canonical(const std::vector<Node>& label) {
  std::vector<Node> least(label.size(), kNone), out;
  for (const Node l : label) {
    if (l >= least.size()) least.resize(l + 1, kNone);
  }
  for (Node n = 0; n < label.size(); ++n) least[label[n]] = std::min(least[label[n]], n);
  for (const Node l : label) out.push_back(least[l]);
  return out;
}

}  // namespace polyonym::identity

#endif  // POLYONYM_TESTS_IDENTITY_PLAIN_WORLD_H_
