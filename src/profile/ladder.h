// profile/ladder.h - where somebody stands, and stood, on a ladder of stages.
#ifndef POLYONYM_SRC_PROFILE_LADDER_H_
#define POLYONYM_SRC_PROFILE_LADDER_H_

#include <cstdint>
#include <vector>

#include "polyonym/model/definitions.h"
#include "polyonym/profile/profile.h"
#include "profile/ordered_facts.h"

namespace polyonym::profile {

// A function of the events alone, so that the stage of merged people is that of their events together, and not the greater of two.
// COST: events, and times at which they leave windows, times conditions, times the log of events.
ProfileLadder Climb(const Ladder& ladder, const std::vector<Placed<Event>>& events,
                    std::int64_t now_ms, bool explain);

}  // namespace polyonym::profile

#endif  // POLYONYM_SRC_PROFILE_LADDER_H_
