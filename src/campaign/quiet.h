// campaign/quiet.h - whether hours are quiet, and when that ends.
#ifndef POLYONYM_SRC_CAMPAIGN_QUIET_H_
#define POLYONYM_SRC_CAMPAIGN_QUIET_H_

#include <cstdint>
#include <optional>
#include <span>

#include "polyonym/model/reach_rules.h"
#include "segment/calendar.h"

namespace polyonym::campaign {

// How long the search for an end goes on: two weeks, since a calendar date may be passed over, and two days.
inline constexpr std::int64_t kQuietSearchMs = 16LL * 86'400'000;

// `local_ms`: what the clock shows (segment::TimeZone::LocalMs()).
bool IsQuiet(const QuietHours& quiet, std::int64_t local_ms);

// The first moment from `now_ms` on at which none of them is quiet. None: not within kQuietSearchMs.
// COST: for each end of quiet hours until then one look at each of them, and one for each change of clocks.
std::optional<std::int64_t> EndOfQuiet(std::span<const QuietHours* const> quiet,
                                       std::int64_t now_ms, const segment::TimeZone& zone);

}  // namespace polyonym::campaign

#endif  // POLYONYM_SRC_CAMPAIGN_QUIET_H_
