// model/change.h - what a commit did to profiles: the rows of the feed.
//
// Changes are net per Apply: a profile that came and went inside one call is not seen. They are a deterministic function
// of the log, so a store rebuilt from it shows the same feed.
#ifndef POLYONYM_MODEL_CHANGE_H_
#define POLYONYM_MODEL_CHANGE_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "polyonym/model/identifier.h"

namespace polyonym {

enum class ChangeKind : std::uint8_t {
  kCreated = 0,  // profile `to` exists that did not; `identifiers` are new in it
  kMerged =
      1,  // every identifier of `from` is now in `to`; `from` resolves to `to` (or took its id from a better identifier)
  kSplit = 2,   // `identifiers` left `from`, which lives on or not, and are now the whole of `to`
  kMoved = 3,   // `identifiers` of `from` are now in `to`, which holds others too
  kJoined = 4,  // `identifiers`, new to the store, are now in `to`, which was there before
  kGone = 5,    // `identifiers` of `from` have no record left; they stand alone and answer gone
};

// Why membership changed (law L7). Values are stored: never renumber. 1 to 3, 5 and 6 occur today; the rest are kept for
// the features that will cause them.
enum class Cause : std::uint8_t {
  kUnknown = 0,
  kRecord = 1,      // a record came
  kRetraction = 2,  // a record was taken back or superseded
  kAct = 3,         // bind, unbind, must-link, cannot-link, rename, delete
  kTime = 4,        // the clock was advanced
  kDefinition = 5,  // a policy or definition changed
  kSharing = 6,     // a guard opened or closed
  kMerge = 7,
  kSplit = 8,
  kConsent = 9,
  kErase = 10,
};

struct Change {
  std::uint64_t sequence = 0;  // of the Apply that made it
  ChangeKind kind = ChangeKind::kCreated;
  Cause cause = Cause::kUnknown;
  ProfileId from;            // meaningless for kCreated and kJoined
  ProfileId to;              // meaningless for kGone
  std::uint64_t record = 0;  // number of the record that caused it; 0 where a whole call did
  // Those that changed place; for kMerged left empty (all of `from`)
  std::vector<IdentifierNumber> identifiers;
  friend bool operator==(const Change&, const Change&) = default;
};

std::string_view ToString(
    ChangeKind kind);  // `created`, `merged`, `split`, `moved`, `joined`, `gone`
std::string_view ToString(Cause cause);

}  // namespace polyonym

#endif  // POLYONYM_MODEL_CHANGE_H_
