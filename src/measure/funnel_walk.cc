#include "measure/funnel_walk.h"

#include <algorithm>

namespace polyonym::measure {
namespace {

bool MayBe(std::uint32_t steps, std::size_t step) { return (steps >> step & 1) != 0; }

}  // namespace

void FunnelWalk::Begin() {
  chains_.clear();
  std::fill_n(blocks_.begin(), deepest_ + 1, Block());
  deepest_ = 0;
}

// Whether the event is a step again that chains which passed so many may not have again.
bool FunnelWalk::Repeats(std::size_t passed, std::uint32_t steps) const {
  const std::uint64_t steps_passed = (std::uint64_t{1} << passed) - 1;
  return rules_.deduplicate && (steps & steps_passed) != 0;
}

// Whether the event ends the chains that passed so many steps, of which it is not the next one.
bool FunnelWalk::Ends(std::size_t passed, std::uint32_t steps) const {
  if (rules_.in_order && !(passed == 1 && MayBe(steps, 0))) return true;
  return Repeats(passed, steps);
}

// Chains begin..end, none of which began before those of the block, come to it.
void FunnelWalk::Join(std::size_t passed, std::size_t begin, std::size_t end) {
  Block& block = blocks_[passed];
  if (block.empty()) {
    block.begin = block.fresh = begin;
  } else if (block.fresh == block.end) {
    block.fresh = begin;
  }
  block.end = end;
  if (!rules_.increasing) block.fresh = end;
}

// The block's chains take the event as their next step; those that began too early are dropped.
void FunnelWalk::Advance(std::size_t passed, std::int64_t time_ms) {
  Block& block = blocks_[passed];
  std::size_t begin = block.begin;
  const std::size_t end = block.fresh;
  while (begin < end && time_ms - chains_[begin].begin_ms > rules_.within_ms) ++begin;
  block.begin = end;
  if (begin == end) return;
  if (passed + 1 > deepest_) {
    deepest_ = passed + 1;
    first_place_ = chains_[begin].place;
  }
  Join(passed + 1, begin, end);
}

void FunnelWalk::Take(const FunnelEvent& event) {
  if (rules_.increasing && event.time_ms != time_ms_) {
    for (std::size_t passed = 1; passed <= deepest_; ++passed)
      blocks_[passed].fresh = blocks_[passed].end;
    time_ms_ = event.time_ms;
  }
  for (std::size_t passed = std::min(deepest_, rules_.steps - 1); passed > 0; --passed) {
    Block& block = blocks_[passed];
    if (block.empty()) continue;
    if (MayBe(event.steps, passed)) {
      Advance(passed, event.time_ms);
      // Left are those that it comes too early for, being at the time of their last step.
      if (Repeats(passed, event.steps)) block = Block();
    } else if (Ends(passed, event.steps)) {
      block = Block();
    }
  }
  if (!MayBe(event.steps, 0) || !event.may_begin) return;
  chains_.push_back({event.time_ms, event.place});
  if (deepest_ == 0) {
    deepest_ = 1;
    first_place_ = event.place;
  }
  Join(1, chains_.size() - 1, chains_.size());
}

}  // namespace polyonym::measure
