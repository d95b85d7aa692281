// profile_card.h - what a person is like, as it is printed: fields for programs, a card for people.
//
// A profile printed in one place has the fields that it has in every other: docs/profiles.md lists them. What only an explanation
// has (`lost`, `parts`, `spells`, `summary`) is null without one.
#ifndef POLYONYM_EXAMPLES_POLYONYM_PROFILE_CARD_H_
#define POLYONYM_EXAMPLES_POLYONYM_PROFILE_CARD_H_

#include <optional>
#include <span>

#include "output.h"
#include "polyonym/model/definitions.h"
#include "polyonym/profile/profile.h"

namespace polyonym::driver {

// All of a profile. `id`: of another time it may have none. `definitions`: those that it was read by, for the units of its traits and
// the models of its scores.
Json PersonJson(const Profile& profile, const std::optional<ProfileId>& id,
                const Definitions& definitions, bool explain);

// What facts come to: traits, tags, stages, scores, consents and channels, as PersonJson() has them.
void SetFolds(const Profile& profile, const Definitions& definitions, bool explain, Json* row);

// What `export --profiles` has a person: what holds of them now, without its history.
Json PersonExport(const Profile& profile, const Definitions& definitions);

Json TagRow(const ProfileTag& tag, bool explain);
Json TimelineRow(const TimelineEvent& one);

// For tables alone.
void PrintCard(const Profile& profile, const Definitions& definitions, bool explain, Output* out);
void PrintFolds(const Profile& profile, const Definitions& definitions, bool explain, Output* out);
void PrintTags(std::span<const ProfileTag> tags, bool explain, Output* out);
void PrintTimeline(std::span<const TimelineEvent> timeline, Output* out);

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_PROFILE_CARD_H_
