// model/outcome.h - one word for what became of a record, and one code for why.
#ifndef POLYONYM_MODEL_OUTCOME_H_
#define POLYONYM_MODEL_OUTCOME_H_

#include <cstdint>
#include <string_view>

namespace polyonym {

enum class Outcome : std::uint8_t {
  kApplied = 0,    // it stands, and counts
  kUnchanged = 1,  // already known, or older than what stands for its (source, id)
  kHeld =
      2,  // it stands, but policy forbids it: stored, listed, judged again under every new policy
  kRejected = 3,  // malformed or over a limit: not stored
};

// Values are stored in the feed and written to rejects files: never renumber.
enum class Reason : std::uint8_t {
  kNone = 0,
  // unchanged
  kDuplicate = 1,   // the same record came before
  kSuperseded = 2,  // a higher version stands
  kRetracted = 3,   // a tombstone at or above its version stands
  kNothingToRetract =
      4,  // no standing record for the tombstone to hit; the tombstone itself was already there
  // held, a record or an identifier of it
  kUndeclaredNamespace = 20,
  kTwoValuesOfLimitedNamespace = 21,  // two values of a namespace that is limited to one
  kBlockedValue = 22,
  kNotNormalisable = 23,
  kTooFewIdentifiers = 24,  // an act lost one of its identifiers to one of the above
  kRenameOfExpiring = 25,   // a rename in a namespace whose values expire
  // rejected
  kMissingSource = 40,
  kSourceTooLong = 41,
  kRecordIdTooLong = 42,
  kMissingTime = 43,
  kTimeBeforeEpoch = 44,
  kTimeAhead = 45,
  kMissingIdentifiers = 46,
  kTooManyIdentifiers = 47,
  kBadNamespace = 48,
  kEmptyValue = 49,
  kValueTooLong = 50,
  kNotUtf8 = 51,
  kFactsTooLong = 52,
  kWrongIdentifierCount =
      53,  // a pair act needs two, delete_identifier one, delete_source and retract none
  kMissingTargetSource = 54,
  kMissingRecordId = 55,  // retract needs one
  kMissingVersion = 56,   // retract needs a version or a time
  kRenameAcrossFamilies = 57,
  kNegativeVersion = 58,
  // Older than the horizon of its source, behind which records are folded; or an act that would void folded records in part.
  kBehindHorizon = 59,
  kFolded = 60,  // it says that it is folded, which the engine alone may
  kErased = 61,  // it is about somebody who was erased, and nobody else: docs/erasure.md
  kQuarantined =
      62,  // its source sent too much, or too much that is malformed: engine/source_limits.h
};

std::string_view ToString(Outcome outcome);  // `applied`, `unchanged`, `held`, `rejected`
std::string_view ToString(Reason reason);    // `two_values_of_limited_namespace`
// One English sentence that says what is wrong and what to do, with no personal value.
std::string_view Explain(Reason reason);

}  // namespace polyonym

#endif  // POLYONYM_MODEL_OUTCOME_H_
