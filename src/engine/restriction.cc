#include "polyonym/engine/restriction.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "polyonym/model/facts.h"

namespace polyonym {
namespace {

bool Restricts(ConsentState state) {
  return state == ConsentState::kDenied || state == ConsentState::kWithdrawn;
}

// The last word of an identifier on the purpose.
struct Word {
  ConsentState state = ConsentState::kUnknown;
  std::int64_t time_ms = 0;
};
using Words = std::map<Identifier, Word>;

// In the order of facts: by time, then the record's source and id, then place.
Words WordsOf(const Person& person, std::string_view purpose) {
  std::vector<const FactRow*> rows;
  for (const FactRow& row : *person.rows) rows.push_back(&row);
  std::sort(rows.begin(), rows.end(), [](const FactRow* a, const FactRow* b) {
    return std::tie(a->from.record_source, a->from.record_id) <
           std::tie(b->from.record_source, b->from.record_id);
  });
  Words words;
  for (const FactRow* row : rows) {
    for (const Consent& consent : row->facts.consents) {
      if (consent.purpose != purpose || consent.state == ConsentState::kUnknown) continue;
      const std::int64_t time_ms = consent.time_ms.value_or(row->from.time_ms);
      Word& word = words[row->from.belongs_to];
      if (word.state == ConsentState::kUnknown || time_ms >= word.time_ms)
        word = {consent.state, time_ms};
    }
  }
  return words;
}

Record RecordOf(const Identifier& name, const std::string& purpose, bool on, std::int64_t time_ms) {
  Record record;
  record.source = std::string(kRestrictionSource);
  record.time_ms = time_ms;
  record.identifiers = {{name.ns, name.value, Role::kSelf}};
  Facts facts;
  facts.consents = {{purpose, on ? ConsentState::kDenied : ConsentState::kGranted, std::nullopt}};
  record.facts = WriteFacts(facts);
  record.id = ToString(HashContent(record));
  return record;
}

absl::Status CheckTaken(const ApplyResult& applied) {
  for (const RecordResult& record : applied.records) {
    if (record.outcome == Outcome::kRejected)
      return absl::InvalidArgumentError(record.field + ": " + std::string(Explain(record.reason)));
    if (record.outcome == Outcome::kHeld)
      return absl::FailedPreconditionError("the policy holds the record: " +
                                           std::string(Explain(record.reason)));
  }
  return absl::OkStatus();
}

// The records that say it of everybody who has to.
absl::StatusOr<std::vector<Record>> RecordsFor(const Person& person, const std::string& purpose,
                                               bool on, std::int64_t time_ms) {
  Words words = WordsOf(person, purpose);
  if (on) words.try_emplace(person.anchor);
  std::vector<Record> records;
  for (const auto& [name, word] : words) {
    const bool was_said = word.state != ConsentState::kUnknown;
    if (was_said && Restricts(word.state) == on) continue;
    if (was_said && word.time_ms >= time_ms) {
      return absl::InvalidArgumentError(
          "time_ms: must be later than the word on the restriction that it is to change");
    }
    records.push_back(RecordOf(name, purpose, on, time_ms));
  }
  return records;
}

}  // namespace

absl::StatusOr<Restricted> Restrict(Engine* engine, const Identifier& identifier, bool on,
                                    std::int64_t time_ms, const RestrictOptions& options) {
  auto view = engine->Read(options.graph);
  if (!view.ok()) return view.status();
  const std::string purpose = view->policy().definitions.privacy.restriction_purpose;
  if (purpose.empty()) {
    return absl::FailedPreconditionError(
        "definitions.privacy.restriction_purpose: the policy names none; nobody can be restricted");
  }
  const Resolution found = view->Resolve(identifier);
  if (!found.profile)
    return absl::NotFoundError("the identifier was never seen, or policy holds it");
  if (found.shared) {
    return absl::FailedPreconditionError(
        "the identifier is shared by several people: name one that is the person's alone");
  }
  auto person = view->ReadPerson(*found.profile);
  if (!person.ok()) return person.status();
  auto records = RecordsFor(*person, purpose, on, time_ms);
  if (!records.ok()) return records.status();
  Restricted out{*found.profile, records->size(), view->sequence()};
  if (records->empty()) return out;
  auto applied = engine->Apply(*records);
  if (!applied.ok()) return applied.status();
  if (absl::Status status = CheckTaken(*applied); !status.ok()) return status;
  out.sequence = applied->sequence;
  return out;
}

bool IsRestricted(const Profile& profile, const PrivacyRules& rules) {
  if (rules.restriction_purpose.empty()) return false;
  return std::any_of(
      profile.consents.begin(), profile.consents.end(), [&](const ProfileConsent& consent) {
        return consent.purpose == rules.restriction_purpose && Restricts(consent.state);
      });
}

}  // namespace polyonym
