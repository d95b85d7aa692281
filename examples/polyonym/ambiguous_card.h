// ambiguous_card.h - facts that were told of a whole person who has come apart since, as they are printed.
//
// A program gets each fact in full; a reader is told which record, of whom, and in short what it says. docs/profiles.md has the fields.
#ifndef POLYONYM_EXAMPLES_POLYONYM_AMBIGUOUS_CARD_H_
#define POLYONYM_EXAMPLES_POLYONYM_AMBIGUOUS_CARD_H_

#include "output.h"
#include "polyonym/profile/profile.h"

namespace polyonym::driver {

Json AmbiguousRow(const AmbiguousFacts& ambiguous);

// For tables alone.
void PrintAmbiguous(const Profile& profile, Output* out);

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_AMBIGUOUS_CARD_H_
