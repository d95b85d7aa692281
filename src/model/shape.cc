// The shape of a record. Checks come in the order of the fields: source, id, time, version, the act's own needs, the identifiers one
// by one, facts; the first that fails is the answer.
#include <string>

#include "model/utf8.h"
#include "polyonym/model/judge.h"

namespace polyonym {
namespace {

constexpr std::size_t kMaxSourceBytes = 128;

Reason Fault(Reason reason, std::string* field, std::string path) {
  if (field != nullptr) *field = std::move(path);
  return reason;
}

bool IsPairAct(Act act) {
  return act == Act::kBind || act == Act::kUnbind || act == Act::kMustLink ||
         act == Act::kCannotLink || act == Act::kRename;
}

Reason CheckNames(const Record& record, std::string* field) {
  if (record.source.empty()) return Fault(Reason::kMissingSource, field, "source");
  if (record.source.size() > kMaxSourceBytes) return Fault(Reason::kSourceTooLong, field, "source");
  if (!IsUtf8(record.source)) return Fault(Reason::kNotUtf8, field, "source");
  if (record.id.size() > kMaxRecordIdBytes) return Fault(Reason::kRecordIdTooLong, field, "id");
  if (!IsUtf8(record.id)) return Fault(Reason::kNotUtf8, field, "id");
  return Reason::kNone;
}

Reason CheckTimes(const Record& record, const RecordLimits& limits, std::int64_t now_ms,
                  std::string* field) {
  if (record.act == Act::kRetract) {
    if (!record.time_ms && !record.version) return Fault(Reason::kMissingVersion, field, "version");
  } else if (!record.time_ms) {
    return Fault(Reason::kMissingTime, field, "time_ms");
  }
  if (record.time_ms && *record.time_ms < 0)
    return Fault(Reason::kTimeBeforeEpoch, field, "time_ms");
  if (record.time_ms && *record.time_ms - limits.max_ahead_ms > now_ms)
    return Fault(Reason::kTimeAhead, field, "time_ms");
  if (record.version && *record.version < 0)
    return Fault(Reason::kNegativeVersion, field, "version");
  return Reason::kNone;
}

Reason CheckAct(const Record& record, const RecordLimits& limits, std::string* field) {
  const std::size_t count = record.identifiers.size();
  const bool deletes_source = record.act == Act::kDeleteSource;
  if (deletes_source == record.target_source.empty())
    return Fault(Reason::kMissingTargetSource, field, "target_source");
  if (record.target_source.size() > kMaxSourceBytes)
    return Fault(Reason::kSourceTooLong, field, "target_source");
  if (!IsUtf8(record.target_source)) return Fault(Reason::kNotUtf8, field, "target_source");
  if (record.act == Act::kRetract && record.id.empty())
    return Fault(Reason::kMissingRecordId, field, "id");
  if (count > limits.max_identifiers)
    return Fault(Reason::kTooManyIdentifiers, field, "identifiers");
  if (record.act == Act::kObserve && count == 0)
    return Fault(Reason::kMissingIdentifiers, field, "identifiers");
  const std::size_t expected = IsPairAct(record.act)                  ? 2
                               : record.act == Act::kDeleteIdentifier ? 1
                                                                      : 0;
  if (record.act != Act::kObserve && count != expected)
    return Fault(Reason::kWrongIdentifierCount, field, "identifiers");
  return Reason::kNone;
}

Reason CheckIdentifier(const RecordIdentifier& identifier, const RecordLimits& limits,
                       std::size_t i, std::string* field) {
  const auto path = [&](const char* name) {
    return "identifiers[" + std::to_string(i) + "]." + name;
  };
  if (!IsValidNamespace(identifier.ns))
    return Fault(Reason::kBadNamespace, field, path("namespace"));
  if (identifier.value.empty()) return Fault(Reason::kEmptyValue, field, path("value"));
  if (identifier.value.size() > limits.max_value_bytes)
    return Fault(Reason::kValueTooLong, field, path("value"));
  if (!IsUtf8(identifier.value)) return Fault(Reason::kNotUtf8, field, path("value"));
  return Reason::kNone;
}

}  // namespace

absl::Status Validate(const RecordLimits& limits) {
  const auto bad = [](const std::string& what) {
    return absl::InvalidArgumentError("record_limits." + what);
  };
  if (limits.max_identifiers < 2 || limits.max_identifiers > kFormatLimits.max_identifiers) {
    return bad("max_identifiers: must be between 2 and 10,000");
  }
  if (limits.max_value_bytes < 16 || limits.max_value_bytes > kFormatLimits.max_value_bytes) {
    return bad("max_value_bytes: must be between 16 and 65,536");
  }
  if (limits.max_facts_bytes > kFormatLimits.max_facts_bytes)
    return bad("max_facts_bytes: must be at most 16 MiB");
  if (limits.max_ahead_ms < 0 || limits.max_ahead_ms > kFormatLimits.max_ahead_ms) {
    return bad("max_ahead_ms: must be between 0 and 315,360,000,000 (ten years)");
  }
  return absl::OkStatus();
}

Reason CheckShape(const Record& record, const RecordLimits& limits, std::int64_t now_ms,
                  std::string* field) {
  if (const Reason reason = CheckNames(record, field); reason != Reason::kNone) return reason;
  if (const Reason reason = CheckTimes(record, limits, now_ms, field); reason != Reason::kNone)
    return reason;
  if (const Reason reason = CheckAct(record, limits, field); reason != Reason::kNone) return reason;
  for (std::size_t i = 0; i < record.identifiers.size(); ++i) {
    const Reason reason = CheckIdentifier(record.identifiers[i], limits, i, field);
    if (reason != Reason::kNone) return reason;
  }
  if (IsPairAct(record.act)) {
    const RecordIdentifier& a = record.identifiers[0];
    const RecordIdentifier& b = record.identifiers[1];
    if (a.ns == b.ns && a.value == b.value)
      return Fault(Reason::kWrongIdentifierCount, field, "identifiers");
    if (record.act == Act::kRename && FamilyOf(a.ns) != FamilyOf(b.ns)) {
      return Fault(Reason::kRenameAcrossFamilies, field, "identifiers[1].namespace");
    }
  }
  if (record.facts.size() > limits.max_facts_bytes)
    return Fault(Reason::kFactsTooLong, field, "facts");
  if (record.folded) return Fault(Reason::kFolded, field, "folded");
  return Reason::kNone;
}

}  // namespace polyonym
