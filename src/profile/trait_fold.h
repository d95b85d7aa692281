// profile/trait_fold.h - many values of a trait to one.
#ifndef POLYONYM_SRC_PROFILE_TRAIT_FOLD_H_
#define POLYONYM_SRC_PROFILE_TRAIT_FOLD_H_

#include <vector>

#include "polyonym/model/definitions.h"
#include "polyonym/profile/profile.h"
#include "profile/now.h"

namespace polyonym::profile {

// `candidates` in their order (ordered_facts.h), of the definition's type, none later than now.
ProfileTrait FoldTrait(const TraitDefinition& definition, std::vector<TraitCandidate> candidates,
                       Now now, bool explain);

}  // namespace polyonym::profile

#endif  // POLYONYM_SRC_PROFILE_TRAIT_FOLD_H_
