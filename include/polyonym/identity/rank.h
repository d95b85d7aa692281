// identity/rank.h - which link is taken first.
//
// A ranking turns what is known of a link into two numbers that compare as the table in docs/rule.md section 4 says; the smaller
// key goes first. What the numbers leave open is settled by the pair itself, smaller node first, by namespace then
// value: the caller's order of nodes.
//
// THREADS: pure functions.
#ifndef POLYONYM_IDENTITY_RANK_H_
#define POLYONYM_IDENTITY_RANK_H_

#include <compare>
#include <cstdint>

#include "polyonym/model/policy.h"

namespace polyonym::identity {

using Node = std::uint32_t;
using Link = std::uint32_t;
inline constexpr std::uint32_t kNone = ~std::uint32_t{0};

// The live evidence of a pair: how often it was seen together, and when. Forced sightings are must-links.
// When something was seen, and how often.
struct Span {
  std::int64_t first_ms = 0;
  std::int64_t last_ms = 0;
  std::uint32_t count = 1;
};

struct Evidence {
  std::int64_t first_ms = 0;  // earliest sighting, forced or not
  std::int64_t last_ms = 0;   // latest
  std::uint32_t seen = 0;     // unforced sightings
  std::uint32_t forced = 0;   // forced ones

  bool any() const { return seen + forced > 0; }

  void Add(const Span& span, bool is_forced) {
    if (!any() || span.first_ms < first_ms) first_ms = span.first_ms;
    if (!any() || span.last_ms > last_ms) last_ms = span.last_ms;
    (is_forced ? forced : seen) += span.count;
  }
  void Add(std::int64_t time_ms, bool is_forced) { Add({time_ms, time_ms, 1}, is_forced); }
  friend bool operator==(const Evidence&, const Evidence&) = default;
};

struct RankKey {
  std::uint64_t major = 0;
  std::uint64_t minor = 0;
  friend auto operator<=>(const RankKey&, const RankKey&) = default;
};

// Behind every link.
inline constexpr RankKey kWeakest{~std::uint64_t{0}, ~std::uint64_t{0}};

// The key of a link whose ends have priorities that sum to `priority_sum`.
inline RankKey MakeRankKey(Ranking ranking, std::uint32_t priority_sum, const Evidence& e) {
  constexpr std::uint64_t kBias = std::uint64_t{1} << 63;  // signed order as unsigned order
  const std::uint64_t unforced = e.forced == 0 ? kBias : 0;
  const std::uint64_t earlier_first = static_cast<std::uint64_t>(e.first_ms) ^ kBias;
  const std::uint64_t later_first = ~(static_cast<std::uint64_t>(e.last_ms) ^ kBias);
  switch (ranking) {
    case Ranking::kOldest:
      return {unforced | priority_sum, earlier_first};
    case Ranking::kStrongest:
      return {unforced | (~std::uint32_t{0} - std::uint64_t{e.seen + e.forced}), later_first};
    case Ranking::kPriorityRecency:
      break;
  }
  return {unforced | priority_sum, later_first};
}

// A link in its place in the order. u < v as numbers, so that equal links are equal values.
struct RankedLink {
  RankKey key;
  Node u = 0;
  Node v = 0;
};

inline RankedLink MakeRankedLink(RankKey key, Node u, Node v) {
  return u < v ? RankedLink{key, u, v} : RankedLink{key, v, u};
}

// True when `a` is taken before `b`. `before(x, y)` is the order of nodes by namespace and value; it is asked only where
// the keys are equal, since it reads text.
template <class NodeOrder>
bool TakenBefore(const RankedLink& a, const RankedLink& b, const NodeOrder& before) {
  if (a.key != b.key) return a.key < b.key;
  if (a.u == b.u && a.v == b.v) return false;
  const bool swap_a = before(a.v, a.u);
  const bool swap_b = before(b.v, b.u);
  const Node a1 = swap_a ? a.v : a.u, a2 = swap_a ? a.u : a.v;
  const Node b1 = swap_b ? b.v : b.u, b2 = swap_b ? b.u : b.v;
  return a1 != b1 ? before(a1, b1) : before(a2, b2);
}

}  // namespace polyonym::identity

#endif  // POLYONYM_IDENTITY_RANK_H_
