// profile/trait_fold.h - many values of a trait to one.
#ifndef POLYONYM_SRC_PROFILE_TRAIT_FOLD_H_
#define POLYONYM_SRC_PROFILE_TRAIT_FOLD_H_

#include <cstdint>
#include <vector>

#include "polyonym/model/definitions.h"
#include "polyonym/profile/profile.h"

namespace polyonym::profile {

// `candidates` in their order (ordered_facts.h), of the definition's type, none later than `now_ms`.
ProfileTrait FoldTrait(const TraitDefinition& definition, std::vector<TraitCandidate> candidates,
                       std::int64_t now_ms, bool explain);

// 0.5^(age / half_life).  REQUIRES: half_life_ms > 0.
double Decay(std::int64_t age_ms, std::int64_t half_life_ms);

}  // namespace polyonym::profile

#endif  // POLYONYM_SRC_PROFILE_TRAIT_FOLD_H_
