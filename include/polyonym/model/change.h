// model/change.h - what a commit did to profiles: the rows of the feed.
//
// Changes are net per Apply: a profile that came and went inside one call is not seen, and neither is somebody who came into a segment
// and left it. They are a deterministic function of the log, so a store rebuilt from it shows the same feed.
//
// Order within a call: who is who first; then memberships, by segment in the order of definitions, then by profile; then traits, then
// tags, each by name, then by profile.
#ifndef POLYONYM_MODEL_CHANGE_H_
#define POLYONYM_MODEL_CHANGE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "polyonym/model/identifier.h"

namespace polyonym {

// Stored: never renumber. The first six are who is who; a profile's history (View::How()) is of them alone.
enum class ChangeKind : std::uint8_t {
  kCreated = 0,  // profile `to` exists that did not; `identifiers` are new in it
  kMerged =
      1,  // every identifier of `from` is now in `to`; `from` resolves to `to` (or took its id from a better identifier)
  kSplit = 2,    // `identifiers` left `from`, which lives on or not, and are now the whole of `to`
  kMoved = 3,    // `identifiers` of `from` are now in `to`, which holds others too
  kJoined = 4,   // `identifiers`, new to the store, are now in `to`, which was there before
  kGone = 5,     // `identifiers` of `from` have no record left; they stand alone and answer gone
  kEntered = 6,  // profile `to` came into segment `name`
  kLeft = 7,     // profile `from` left segment `name`; it may be no more: merged away, or gone
  kTrait = 8,    // the watched trait `name` of `to` is another: `values`
  kTag = 9,      // the score of the watched tag `name` of `to` is another: `values`
};
inline constexpr std::size_t kChangeKinds = 10;

// Why it changed (law L7). Values are stored: never renumber. All but kUnknown occur; it never will.
enum class Cause : std::uint8_t {
  kUnknown = 0,
  kRecord = 1,      // a record came
  kRetraction = 2,  // a record was taken back or superseded
  kAct = 3,         // bind, unbind, must-link, cannot-link, rename, delete
  kTime = 4,        // the clock was advanced
  kDefinition = 5,  // a policy or definition changed
  kSharing = 6,     // a guard opened or closed
  kMerge = 7,       // profiles became one
  kSplit = 8,       // a profile came apart
  kConsent = 9,     // a word of consent was given or taken back
  kErase = 10,
};

struct Change {
  std::uint64_t sequence = 0;  // of the Apply that made it
  ChangeKind kind = ChangeKind::kCreated;
  Cause cause = Cause::kUnknown;
  // `from` is meaningless for kCreated and kJoined, `to` for kGone; none (0) are `from` of kEntered, kTrait and kTag, and `to` of kLeft.
  ProfileId from;
  ProfileId to;
  std::uint64_t record = 0;  // number of the record that caused it; 0 where a whole call did
  // Those that changed place; for kMerged left empty (all of `from`), as for kEntered and those behind it
  std::vector<IdentifierNumber> identifiers;
  std::string name;  // of the segment, trait or tag; empty for the first six kinds
  // kTrait, kTag: what there is now, as ToText() writes values; of a tag its score. None: there is no value any more.
  std::vector<std::string> values;
  friend bool operator==(const Change&, const Change&) = default;
};

// Whether it says who is who; else it says what somebody is a member of or has.
constexpr bool IsWhoIsWho(ChangeKind kind) { return kind <= ChangeKind::kGone; }

// `created`, `merged`, `split`, `moved`, `joined`, `gone`, `entered`, `left`, `trait`, `tag`
std::string_view ToString(ChangeKind kind);
std::string_view ToString(Cause cause);

}  // namespace polyonym

#endif  // POLYONYM_MODEL_CHANGE_H_
