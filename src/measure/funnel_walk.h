// measure/funnel_walk.h - how far a person came through a funnel, and from which event on: as measure/funnel.h says, one event at a time.
//
// Of two living chains the one that began first is as far as the other, or farther: whatever takes the later one on takes the earlier one
// too, and what ends chains of so many steps ends all of them. So in the order of their beginnings chains lie in blocks of as many steps,
// those of most steps first; an event moves a block behind the one before it, or ends it. Only the bound of time ends chains one by one,
// the earliest of a block first. Hence no work by chain: each is appended once and dropped once.
//
// Two blocks that become one lie side by side, or have chains between them that began too early. For where strictness ends blocks they do not
// meet: the event that brings a chain to the step of an earlier one takes that one on, or ends it. But under strict order the first step may
// come again, and then they do lie side by side.
//
// segment/sequence.h finds how far alone: it need keep only the last chain of each block.
//
// THREADS: thread-compatible.
#ifndef POLYONYM_SRC_MEASURE_FUNNEL_WALK_H_
#define POLYONYM_SRC_MEASURE_FUNNEL_WALK_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "polyonym/measure/funnel.h"

namespace polyonym::measure {

struct FunnelRules {
  std::size_t steps = 1;  // 1..kMaxFunnelSteps
  std::int64_t within_ms = 0;
  bool deduplicate = false;
  bool in_order = false;
  bool increasing = false;
};

// An event that is looked at.
struct FunnelEvent {
  std::int64_t time_ms = 0;
  std::uint32_t steps = 0;  // bit i: it may be step i
  std::uint32_t place = 0;  // what the caller knows it by
  bool may_begin = true;    // a chain may begin with it, if it may be the first step
};

class FunnelWalk {
 public:
  explicit FunnelWalk(const FunnelRules& rules) : rules_(rules) {}

  // The next person.
  void Begin();
  // The person's next event.
  // COST: amortised O(steps).
  void Take(const FunnelEvent& event);

  // Steps of the chain that came farthest, and the place of the first event of the walk.
  std::size_t deepest() const { return deepest_; }
  std::uint32_t first_place() const { return first_place_; }
  // No later event changes anything.
  bool is_done() const { return deepest_ == rules_.steps; }

 private:
  struct Chain {
    std::int64_t begin_ms;
    std::uint32_t place;
  };
  // Chains begin..end of chains_, of which those from `fresh` on came so far at the time of the event at hand (where that matters). Some
  // may have begun too early to go on.
  struct Block {
    std::size_t begin = 0;
    std::size_t fresh = 0;
    std::size_t end = 0;
    bool empty() const { return begin == end; }
  };

  bool Repeats(std::size_t passed, std::uint32_t steps) const;
  bool Ends(std::size_t passed, std::uint32_t steps) const;
  void Advance(std::size_t passed, std::int64_t time_ms);
  void Join(std::size_t passed, std::size_t begin, std::size_t end);

  FunnelRules rules_;
  std::vector<Chain> chains_;                           // by beginning
  std::array<Block, kMaxFunnelSteps + 1> blocks_ = {};  // by steps passed
  std::int64_t time_ms_ = 0;
  std::size_t deepest_ = 0;
  std::uint32_t first_place_ = 0;
};

}  // namespace polyonym::measure

#endif  // POLYONYM_SRC_MEASURE_FUNNEL_WALK_H_
