#include "polyonym/model/outcome.h"

#include <cstddef>
#include <iterator>

namespace polyonym {
namespace {

struct Row {
  Reason reason;
  std::string_view name;
  std::string_view explanation;
};

constexpr Row kRows[] = {
    {Reason::kNone, "none", "Nothing is wrong."},
    {Reason::kDuplicate, "duplicate", "The same record came before; nothing to do."},
    {Reason::kSuperseded, "superseded",
     "A higher version of this record stands; send a higher version to change it."},
    {Reason::kRetracted, "retracted",
     "A retraction at or above this version stands; send a higher version to bring the record "
     "back."},
    {Reason::kNothingToRetract, "nothing_to_retract",
     "No record of this source and id stands; nothing to do."},
    {Reason::kUndeclaredNamespace, "undeclared_namespace",
     "The policy does not name this namespace; declare it to have the record counted."},
    {Reason::kTwoValuesOfLimitedNamespace, "two_values_of_limited_namespace",
     "The record names two values of a namespace that a person has one of; raise the limit, or "
     "send one of them as role other."},
    {Reason::kBlockedValue, "blocked_value",
     "The policy blocks this value as a placeholder or mask; unblock it if it is a real one."},
    {Reason::kNotNormalisable, "not_normalisable",
     "The value cannot be brought to the namespace's form; mend it at the source, or change the "
     "normaliser."},
    {Reason::kTooFewIdentifiers, "too_few_identifiers",
     "Too few identifiers are left once policy has held some, or two are the same once "
     "normalised."},
    {Reason::kRenameOfExpiring, "rename_of_expiring",
     "Values of this namespace expire and are given again; bind the new one instead of renaming."},
    {Reason::kMissingSource, "missing_source", "A record needs a source; say who reports it."},
    {Reason::kSourceTooLong, "source_too_long", "A source is at most 128 bytes; shorten it."},
    {Reason::kRecordIdTooLong, "record_id_too_long",
     "A record id is at most 256 bytes; shorten it, or leave it out."},
    {Reason::kMissingTime, "missing_time", "A record needs a time; say when it happened."},
    {Reason::kTimeBeforeEpoch, "time_before_epoch",
     "The time is before 1970; check its unit (milliseconds) and zone."},
    {Reason::kTimeAhead, "time_ahead",
     "The time is too far ahead of the clock; check its unit (milliseconds) and zone, or raise "
     "max_ahead_ms."},
    {Reason::kMissingIdentifiers, "missing_identifiers",
     "An observation needs at least one identifier."},
    {Reason::kTooManyIdentifiers, "too_many_identifiers",
     "The record has more identifiers than max_identifiers; split it, or raise the option."},
    {Reason::kBadNamespace, "bad_namespace",
     "A namespace is letters, digits and _ . $ -, with an optional /scope, at most 128 bytes."},
    {Reason::kEmptyValue, "empty_value",
     "An identifier's value is empty; leave the identifier out."},
    {Reason::kValueTooLong, "value_too_long",
     "An identifier's value has more bytes than max_value_bytes; it is no identifier, or raise the "
     "option."},
    {Reason::kNotUtf8, "not_utf8",
     "The text is not UTF-8; say its encoding where it is read, or mend it."},
    {Reason::kFactsTooLong, "facts_too_long",
     "The facts have more bytes than max_facts_bytes; split the record, or raise the option."},
    {Reason::kWrongIdentifierCount, "wrong_identifier_count",
     "Pair acts take two different identifiers, delete_identifier takes one, delete_source and "
     "retract take none."},
    {Reason::kMissingTargetSource, "missing_target_source",
     "delete_source needs the source to delete; no other act takes one."},
    {Reason::kMissingRecordId, "missing_record_id",
     "A retraction needs the id of the record that it takes back."},
    {Reason::kMissingVersion, "missing_version",
     "A retraction needs a version or a time: nothing at or below it takes effect."},
    {Reason::kRenameAcrossFamilies, "rename_across_families",
     "A rename stays within one family of namespaces; bind the two instead."},
    {Reason::kNegativeVersion, "negative_version", "A version is zero or more."},
    {Reason::kBehindHorizon, "behind_horizon",
     "The record is older than the horizon of its source, behind which records are folded, or "
     "would void what was folded; it is too late."},
    {Reason::kFolded, "folded",
     "The record says that it stands for others, which the engine alone may say; leave `folded` "
     "out."},
    {Reason::kErased, "erased",
     "The record names nobody but people who were erased; lift the erasure if they asked to come "
     "back."},
    {Reason::kQuarantined, "quarantined",
     "The source sent more, or more that is malformed, than its limits allow; mend it, then "
     "release the source."},
};

const Row& RowOf(Reason reason) {
  for (const Row& row : kRows) {
    if (row.reason == reason) return row;
  }
  static constexpr Row kUnknown = {Reason::kNone, "unknown",
                                   "This library does not know the reason; use a newer one."};
  return kUnknown;
}

}  // namespace

std::string_view ToString(Outcome outcome) {
  constexpr std::string_view kNames[] = {"applied", "unchanged", "held", "rejected"};
  const auto index = static_cast<std::size_t>(outcome);
  return index < std::size(kNames) ? kNames[index] : "unknown";
}

std::string_view ToString(Reason reason) { return RowOf(reason).name; }
std::string_view Explain(Reason reason) { return RowOf(reason).explanation; }

}  // namespace polyonym
