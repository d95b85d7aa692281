#include "segment/sequence.h"

#include <algorithm>
#include <utility>

namespace polyonym::segment {
namespace {

bool MayBe(const LookedAt& event, std::size_t step) { return (event.steps >> step & 1) != 0; }

// Times of facts are apart by less than 64 bits hold.
bool IsWithin(std::int64_t from_ms, std::int64_t to_ms, std::int64_t bound_ms) {
  return bound_ms == 0 || to_ms - from_ms <= bound_ms;
}

}  // namespace

SequenceMatcher::SequenceMatcher(std::span<const EventSequence::Step> steps, std::int64_t within_ms)
    : steps_(steps), within_ms_(within_ms), reached_(steps.size()) {}

// The latest beginning of a chain that `event` may continue as `step`; none: there is none.
std::optional<std::int64_t> SequenceMatcher::StartOf(std::size_t step, const LookedAt& event) {
  if (step == 0) return event.time_ms;
  std::deque<Reached>& before = reached_[step - 1];
  while (!before.empty() &&
         !IsWithin(before.front().time_ms, event.time_ms, steps_[step].within_ms))
    before.pop_front();
  if (before.empty()) return std::nullopt;
  return before.front().start_ms;
}

// A step that must follow directly has one event to follow; else an earlier event with no later a beginning is of no more use.
void SequenceMatcher::Keep(std::size_t step, Reached reached) {
  std::deque<Reached>& kept = reached_[step];
  while (!kept.empty() && kept.back().start_ms <= reached.start_ms) kept.pop_back();
  kept.push_back(reached);
}

void SequenceMatcher::Forget() {
  for (auto& kept : reached_) kept.clear();
}

bool SequenceMatcher::Take(const LookedAt& event) {
  // From the last step down, so that no event is two steps of a chain.
  for (std::size_t step = steps_.size(); step-- > 0;) {
    std::optional<std::int64_t> start;
    if (MayBe(event, step)) start = StartOf(step, event);
    if (step > 0 && steps_[step].directly) reached_[step - 1].clear();
    if (!start || !IsWithin(*start, event.time_ms, within_ms_)) continue;
    if (step + 1 == steps_.size()) {
      Forget();
      return true;
    }
    Keep(step, {event.time_ms, *start});
  }
  return false;
}

FunnelWalker::FunnelWalker(const EventSequence& funnel, std::size_t steps)
    : funnel_(funnel), chains_(steps + 1) {}

// Whether the event is a step again that chains which passed so many may not have again.
bool FunnelWalker::Repeats(std::size_t passed, const LookedAt& event) const {
  const std::uint32_t steps_passed = (std::uint32_t{1} << passed) - 1;
  return funnel_.deduplicate && (event.steps & steps_passed) != 0;
}

// Whether the event ends the chains that passed so many steps, of which it is not the next one.
bool FunnelWalker::Ends(std::size_t passed, const LookedAt& event) const {
  if (funnel_.in_order && !(passed == 1 && MayBe(event, 0))) return true;
  return Repeats(passed, event);
}

void FunnelWalker::Advance(std::size_t passed, std::int64_t time_ms) {
  Chains& from = chains_[passed];
  std::optional<std::int64_t> start = std::exchange(from.before, std::nullopt);
  if (!funnel_.increasing) start = std::max(start, std::exchange(from.at, std::nullopt));
  if (!start || !IsWithin(*start, time_ms, funnel_.within_ms)) return;
  chains_[passed + 1].at = std::max(chains_[passed + 1].at, start);
  best_ = std::max(best_, passed + 1);
}

void FunnelWalker::Take(const LookedAt& event) {
  if (event.time_ms != time_ms_) {
    for (Chains& chains : chains_)
      chains.before = std::max(chains.before, std::exchange(chains.at, std::nullopt));
    time_ms_ = event.time_ms;
  }
  for (std::size_t passed = chains_.size() - 1; passed-- > 1;) {
    if (MayBe(event, passed)) {
      Advance(passed, event.time_ms);
      // Left are those that it comes too early for, being at the time of their last step.
      if (Repeats(passed, event)) chains_[passed].at.reset();
    } else if (Ends(passed, event)) {
      chains_[passed] = {};
    }
  }
  if (!MayBe(event, 0)) return;
  chains_[1].at = event.time_ms;
  best_ = std::max<std::size_t>(best_, 1);
}

}  // namespace polyonym::segment
