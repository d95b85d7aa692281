// identity/limits.h - what no profile may be, and whether two groups may join.
//
// Every constraint here is hereditary: each part of an allowed group is allowed. So none ever binds inside a final profile,
// which is what makes the local replay of identity/resolver.h exact. A new kind of constraint must be hereditary too;
// tests/identity/limits_test.cc holds it.
//
// THREADS: pure functions over the caller's values.
#ifndef POLYONYM_IDENTITY_LIMITS_H_
#define POLYONYM_IDENTITY_LIMITS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "polyonym/identity/rank.h"

namespace polyonym::identity {

// A namespace with its scope, interned by the caller.
using Kind = std::uint32_t;

// One limit, counted by itself: of a family, or of one scope of it.
struct Slot {
  std::uint32_t max = 1;
  std::int64_t window_ms = 0;  // 0: ever
  Kind kind = 0;               // a kind that it counts, to name it by
  bool whole_family = true;    // false: that one scope alone
};

// What the rule needs to know of a kind.
struct KindRules {
  std::uint32_t priority = 0;
  absl::InlinedVector<std::uint32_t, 2> slots;  // into Limits::slots
  bool windowed = false;                        // one of them has a window
};

struct Limits {
  std::uint32_t max_nodes = 0;  // in a profile; 0: no limit
  std::vector<Slot> slots;
  std::vector<KindRules> kinds;  // by Kind
};

// How much of each limit a group has used. `apart`: some member has a cannot-link.
struct Tally {
  std::uint32_t size = 0;
  bool apart = false;
  // Slot, count; ascending by slot.
  absl::InlinedVector<std::pair<std::uint32_t, std::uint32_t>, 4> used;

  void Count(std::uint32_t slot, std::uint32_t n) {
    auto at = std::lower_bound(used.begin(), used.end(), slot,
                               [](const auto& x, std::uint32_t s) { return x.first < s; });
    if (at != used.end() && at->first == slot) {
      at->second += n;
    } else {
      used.insert(at, {slot, n});
    }
  }
  void AddNode(const KindRules& kind, bool has_apart) {
    ++size;
    apart |= has_apart;
    for (const std::uint32_t slot : kind.slots) Count(slot, 1);
  }
  void AddGroup(const Tally& other) {
    size += other.size;
    apart |= other.apart;
    for (const auto& [slot, n] : other.used) Count(slot, n);
  }
};

// A group without cannot-links that is within every limit, whenever its members were seen.
inline bool IsAllowedWhenever(const Limits& limits, const Tally& tally) {
  return !tally.apart && (limits.max_nodes == 0 || tally.size <= limits.max_nodes) &&
         std::all_of(tally.used.begin(), tally.used.end(),
                     [&](const auto& used) { return used.second <= limits.slots[used.first].max; });
}

enum class Refusal : std::uint8_t { kNone = 0, kSize, kLimit, kWindow, kApart };

// Why two groups may not join: which limit, and how many the joined group would hold.
struct JoinVerdict {
  Refusal refusal = Refusal::kNone;
  std::uint32_t slot = kNone;
  std::uint32_t would_be = 0;
  explicit operator bool() const { return refusal == Refusal::kNone; }
};

// True when no `max` + 1 of the times lie in one span of less than `window_ms`. Sorts `times`.
inline bool FitsWindow(std::vector<std::int64_t>& times, std::uint32_t max,
                       std::int64_t window_ms) {
  std::sort(times.begin(), times.end());
  for (std::size_t i = 0; i + max < times.size(); ++i) {
    // Unsigned difference: far apart times must not overflow.
    if (static_cast<std::uint64_t>(times[i + max]) - static_cast<std::uint64_t>(times[i]) <
        static_cast<std::uint64_t>(window_ms)) {
      return false;
    }
  }
  return true;
}

// Whether two groups, each allowed by itself, are allowed as one. A group gives tally(), ForEachMember(f) and Contains(node);
// `facts` gives KindOf(node), FirstMs(node) and ForEachApart(node, f) over the nodes that a node must not meet.
// COST: the slots of the smaller tally; members only where a window is full or a cannot-link is about.
template <class Facts, class GroupA, class GroupB>
JoinVerdict MayJoin(const Limits& limits, const Facts& facts, const GroupA& a, const GroupB& b) {
  const Tally& ta = a.tally();
  const Tally& tb = b.tally();
  if (limits.max_nodes != 0 && ta.size + tb.size > limits.max_nodes) {
    return {Refusal::kSize, kNone, ta.size + tb.size};
  }
  auto at = tb.used.begin();
  for (const auto& [used_slot, n] : ta.used) {
    const std::uint32_t slot = used_slot;
    while (at != tb.used.end() && at->first < slot) ++at;
    if (at == tb.used.end()) break;
    if (at->first != slot) continue;
    const Slot& s = limits.slots[slot];
    const std::uint32_t sum = n + at->second;
    if (sum <= s.max) continue;
    if (s.window_ms == 0) return {Refusal::kLimit, slot, sum};
    std::vector<std::int64_t> times;
    const auto gather = [&](Node node) {
      for (const std::uint32_t k : limits.kinds[facts.KindOf(node)].slots) {
        if (k == slot) times.push_back(facts.FirstMs(node));
      }
    };
    a.ForEachMember(gather);
    b.ForEachMember(gather);
    if (!FitsWindow(times, s.max, s.window_ms)) return {Refusal::kWindow, slot, sum};
  }
  if (ta.apart && tb.apart) {  // a cannot-link marks both of its ends
    bool meets = false;
    const auto search = [&](const auto& from, const auto& in) {
      from.ForEachMember([&](Node node) {
        if (!meets)
          facts.ForEachApart(node, [&](Node other) { meets = meets || in.Contains(other); });
      });
    };
    if (ta.size <= tb.size) {
      search(a, b);
    } else {
      search(b, a);
    }
    if (meets) return {Refusal::kApart, kNone, 0};
  }
  return {};
}

}  // namespace polyonym::identity

#endif  // POLYONYM_IDENTITY_LIMITS_H_
