// campaign/cap_clock.h - until when a message that was sent counts for a cap.
#ifndef POLYONYM_SRC_CAMPAIGN_CAP_CLOCK_H_
#define POLYONYM_SRC_CAMPAIGN_CAP_CLOCK_H_

#include <cstdint>

#include "polyonym/model/reach_rules.h"
#include "segment/calendar.h"

namespace polyonym::campaign {

// One of `time_ms` counts from then on and before the answer. A later message never counts for less long.
// A day reaches from the first instant that shows it to that of the next, so that a midnight that comes twice is one day's end.
// COST: of the calendar's periods three or four look-ups of the zone's offset.
std::int64_t CountsUntil(const FrequencyCap& cap, std::int64_t time_ms,
                         const segment::TimeZone& zone);

}  // namespace polyonym::campaign

#endif  // POLYONYM_SRC_CAMPAIGN_CAP_CLOCK_H_
