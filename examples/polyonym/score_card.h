// score_card.h - what scores say of a person, as it is printed: fields for programs, tables with bars for people.
//
// Fields: docs/profiles.md. What the numbers mean: docs/scores.md.
#ifndef POLYONYM_EXAMPLES_POLYONYM_SCORE_CARD_H_
#define POLYONYM_EXAMPLES_POLYONYM_SCORE_CARD_H_

#include "output.h"
#include "polyonym/model/definitions.h"
#include "polyonym/profile/profile.h"

namespace polyonym::driver {

// `definitions`: those that the profile was read by. `explain`: with the numbers that a score is made of.
void SetScores(const Profile& profile, const Definitions& definitions, bool explain, Json* row);

// For tables alone.
void PrintScores(const Profile& profile, const Definitions& definitions, bool explain, Output* out);

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_SCORE_CARD_H_
