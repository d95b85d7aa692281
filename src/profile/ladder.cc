#include "profile/ladder.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "profile/match.h"

namespace polyonym::profile {
namespace {

constexpr std::size_t kNowhere = ~std::size_t{0};

// A condition with the times of the events that it means.
class Watched {
 public:
  Watched(const Stage::Condition& condition, const std::vector<Placed<Event>>& events)
      : condition_(condition) {
    for (const Placed<Event>& placed : events) {
      if (Matches(condition.events, *placed.fact)) times_.push_back(placed.time_ms);
    }
  }

  bool HoldsAt(std::int64_t time_ms) const {
    const auto upto = std::upper_bound(times_.begin(), times_.end(), time_ms);
    const auto from = condition_.window_ms == 0
                          ? times_.begin()
                          : std::upper_bound(times_.begin(), upto, time_ms - condition_.window_ms);
    const auto count = static_cast<std::uint64_t>(upto - from);
    return count >= condition_.at_least && count <= condition_.at_most;
  }

  // Where it may begin or cease to hold.
  void AddTurns(std::int64_t now_ms, std::vector<std::int64_t>* turns) const {
    for (const std::int64_t time_ms : times_) {
      turns->push_back(time_ms);
      if (condition_.window_ms != 0 && condition_.window_ms <= now_ms - time_ms)
        turns->push_back(time_ms + condition_.window_ms);
    }
  }

 private:
  const Stage::Condition& condition_;
  std::vector<std::int64_t> times_;
};

using Rung = std::vector<Watched>;

std::size_t StageAt(const std::vector<Rung>& rungs, std::int64_t time_ms) {
  for (std::size_t i = rungs.size(); i > 0; --i) {
    if (std::all_of(rungs[i - 1].begin(), rungs[i - 1].end(),
                    [&](const Watched& w) { return w.HoldsAt(time_ms); }))
      return i - 1;
  }
  return kNowhere;
}

}  // namespace

ProfileLadder Climb(const Ladder& ladder, const std::vector<Placed<Event>>& events,
                    std::int64_t now_ms, bool explain) {
  ProfileLadder out;
  out.name = ladder.name;
  std::vector<Rung> rungs;
  std::vector<std::int64_t> turns;
  if (!events.empty()) turns.push_back(events.front().time_ms);
  for (const Stage& stage : ladder.stages) {
    Rung& rung = rungs.emplace_back();
    for (const Stage::Condition& condition : stage.conditions) {
      rung.emplace_back(condition, events);
      rung.back().AddTurns(now_ms, &turns);
    }
  }
  std::sort(turns.begin(), turns.end());
  turns.erase(std::unique(turns.begin(), turns.end()), turns.end());
  const auto name_of = [&](std::size_t stage) {
    return stage == kNowhere ? std::string() : ladder.stages[stage].name;
  };
  if (turns.empty()) {  // somebody who never did anything
    out.stage = out.highest = name_of(StageAt(rungs, now_ms));
    return out;
  }
  std::size_t highest = kNowhere, standing = kNowhere;
  for (const std::int64_t time_ms : turns) {
    const std::size_t stage = StageAt(rungs, time_ms);
    if (stage != kNowhere && (highest == kNowhere || stage > highest)) highest = stage;
    if (!out.spells.empty() && stage == standing) continue;
    if (!out.spells.empty()) out.spells.back().to_ms = time_ms;
    out.spells.push_back({name_of(stage), time_ms, now_ms});
    standing = stage;
  }
  out.stage = name_of(standing);
  out.highest = name_of(highest);
  out.entered_ms = out.spells.back().from_ms;
  if (!explain) out.spells.clear();
  return out;
}

}  // namespace polyonym::profile
