// profile/tag_fold.h - tags, given by records or by behaviour, to scores.
#ifndef POLYONYM_SRC_PROFILE_TAG_FOLD_H_
#define POLYONYM_SRC_PROFILE_TAG_FOLD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "polyonym/model/definitions.h"
#include "polyonym/profile/profile.h"
#include "profile/now.h"
#include "profile/ordered_facts.h"

namespace polyonym::profile {

// The tags that an event gives by a behaviour: one, or one for each value of a property.
std::vector<std::string> TagsOf(const BehaviourTag& behaviour, const Event& event);

// All that is shown, the greatest score first. `tags` and `events` in their order.
std::vector<ProfileTag> FoldTags(const Definitions& definitions,
                                 const std::vector<Placed<Tag>>& tags,
                                 const std::vector<Placed<Event>>& events, Now now, bool explain);

}  // namespace polyonym::profile

#endif  // POLYONYM_SRC_PROFILE_TAG_FOLD_H_
