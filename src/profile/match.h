// profile/match.h - which events a definition means.
#ifndef POLYONYM_SRC_PROFILE_MATCH_H_
#define POLYONYM_SRC_PROFILE_MATCH_H_

#include "polyonym/model/definitions.h"
#include "polyonym/profile/profile.h"

namespace polyonym::profile {

bool Matches(const EventMatch& match, const Event& event);

// Whether the event has a place inside the area.
bool IsWithin(const TimelineOptions::Area& area, const Event& event);

}  // namespace polyonym::profile

#endif  // POLYONYM_SRC_PROFILE_MATCH_H_
