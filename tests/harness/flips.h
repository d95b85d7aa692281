// harness/flips.h - docs/rule.md with one condition turned wrong: what harness/naive.h can be told to compute.
//
// Law tests show that every flip is noticed by the comparison of two States on random histories; so a defect of that kind in
// the engine would be noticed too.
#ifndef POLYONYM_TESTS_HARNESS_FLIPS_H_
#define POLYONYM_TESTS_HARNESS_FLIPS_H_

#include <string_view>

namespace polyonym::harness {

// One condition of the rule, turned wrong. The number is the section of docs/rule.md that it breaks.
enum class Flip : int {
  kNone = 0,
  kLastArrivalStands,         // 1.1 versions do not matter
  kTombstoneLosesTies,        // 1.1
  kSmallerHashStands,         // 1.1
  kDeleteSourceSparesActs,    // 1.2
  kDeleteSourceVoidsItsKind,  // 1.2 delete_source records are voided too
  kDeleteSourceBefore,        // 1.2 not at t itself
  kRenameIgnored,             // 2
  kRenameSpeltOld,            // 2
  kRenameSpeltByFirst,        // 2 the earliest rename, not the latest
  kRenameTieToSmaller,        // 2 the smaller (source, id) at equal times
  kValidityIgnored,           // 2 every value has one life
  kLifeEndsLate,              // 2 what is named at s + V itself is of the life still
  kLifeSlides,                // 2 a life lasts V from its last naming, not from where it began
  kOthersBeginNoLife,         // 2 role other is no naming
  kMustLinkBeginsNoLife,      // 2
  kDerivedBeginsNoLife,       // 2
  kActsBeginLives,            // 2 unbinds, cannot-links and deletions are namings too
  kVoidedBeginsNoLife,        // 2 what 3.1 voids is no naming
  kRecordNamesNextLife,       // 2 a record names the life that begins next
  kRecordNamesLastLife,       // 2 whatever its time
  kBeforeFirstIsNobody,       // 2 before the first life a record names a node of its own
  kQuestionNamesFirstLife,    // 2
  kDeleteBefore,              // 3.1 not at t itself
  kDeleteForEver,             // 3.1 sightings after t too
  kDeleteSparesMustLinks,     // 3.1
  kDeleteByName,              // 3.1 one name of a class only
  kOthersLink,                // 3.2 role other is linked too
  kBindIsNoSighting,          // 3.2
  kDerivedIgnored,            // 1.3
  kDerivedLinksAll,           // 3.2 with every self identifier, as if the record named it
  kDerivedOfOthersLinks,      // 3.2 in role other too
  kDerivedLinksFirstOrigin,   // 3.2 with the first of those that it is derived from alone
  kUnbindBefore,              // 3.3 not at t itself
  kUnbindForEver,             // 3.3 sightings after t too
  kUnbindSparesChildren,      // 3.3
  kUnbindOneWay,              // 3.3 children of the second only
  kUnbindNeedsLiveParent,     // 3.3 a voided sighting of parent and child does not count
  kUnbindChildrenAtAnyTime,   // 3.3 parent and child seen together after t count
  kUnbindSparesDerived,       // 3.3 what is derived is no child
  kUnbindVoidsMustLinks,      // 3.4
  kOthersAreNoMention,        // 3.5
  kRenameIsNoMention,         // 3.5
  kFirstIsLast,               // 3.5 a node's first sighting is its latest
  kLifeBeginsWithMention,     // 3.5 a life's first sighting is its first mention
  kCountWithoutForced,        // 4.1
  kLastWithoutForced,         // 4.1
  kLifetimeIgnored,           // 4.1
  kLifetimeOfLonger,          // 4.1
  kLifetimeFromFirst,         // 4.1
  kExpiresAtItself,           // 4.1 at last + L, not past it
  kForcedExpires,             // 4.1
  kGuardOffByOne,             // 4.2
  kGuardCountsExpired,        // 4.2
  kGuardCountsForced,         // 4.2
  kGuardNeverReleased,        // 4.2 counts what does not stand any more
  kGuardSkipsShared,          // 4.2 shared neighbours are not counted
  kGuardIgnoresScope,         // 4.2 `of` with a scope counts the family
  kDefaultGuardNever,         // 4.2
  kDefaultGuardAlways,        // 4.2 also where the family has a guard for any
  kForcedBeatsGuard,          // 4.3 a must-link is not inert
  kForcedNotFirst,            // 4.3
  kPriorityIgnored,           // 4.3
  kTimeReversed,              // 4.3
  kTieToGreater,              // 4.3
  kSizeOffByOne,              // 5
  kSizeCountsNames,           // 5 every name of a class
  kLimitOffByOne,             // 5
  kScopeIgnored,              // 5 a limit per scope counts the family
  kFamilyPerScope,            // 5 a limit of the family counts by scope
  kWindowInclusive,           // 5 a span of exactly window_ms counts
  kWindowIgnored,             // 5
  kForcedBeatsLimits,         // 5
  kCannotLinkIgnored,         // 5
  kCannotLinkByPath,          // 5 only the link between the two is refused
  kCount,
};
std::string_view ToString(Flip flip);

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_HARNESS_FLIPS_H_
