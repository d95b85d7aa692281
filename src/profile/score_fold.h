// profile/score_fold.h - events to scores of purchases and channels.
#ifndef POLYONYM_SRC_PROFILE_SCORE_FOLD_H_
#define POLYONYM_SRC_PROFILE_SCORE_FOLD_H_

#include <vector>

#include "polyonym/model/definitions.h"
#include "polyonym/profile/profile.h"
#include "profile/ordered_facts.h"

namespace polyonym::profile {

// Fills `purchases` and `channels` as at out->now_ms, and counts in `left_out` the scores that cannot be computed.
// `events` up to then, in any order.
void FoldScores(const Definitions& definitions, const std::vector<Placed<Event>>& events,
                Profile* out);

}  // namespace polyonym::profile

#endif  // POLYONYM_SRC_PROFILE_SCORE_FOLD_H_
