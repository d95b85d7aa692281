#include "engine/subject_records.h"

#include <algorithm>
#include <utility>

#include "engine/span.h"
#include "polyonym/model/facts.h"

namespace polyonym::engine {
namespace {

constexpr std::uint64_t kRecordsAReport = 4096;
// A value that is shorter is in an id by chance.
constexpr std::size_t kLeastTellingBytes = 4;

bool HasValue(std::string_view id, std::string_view value) {
  return value.size() >= kLeastTellingBytes && id.find(value) != std::string_view::npos;
}

}  // namespace

// As docs/rule.md section 6 has it; kNone: it is about nobody.
Node SubjectRecords::PrimaryOf(const NamedRecord& named) const {
  Node best = kNone;
  for (const NamedRecord::Name& name : named.names) {
    if (name.role != Role::kSelf || name.derived) continue;
    const Node node = graph_.Canonical(name.node);
    if (best == kNone || graph_.BetterPrimary(node, best)) best = node;
  }
  return best;
}

SubjectRecordState SubjectRecords::StateOf(std::uint64_t number) const {
  const RecordCell cell = graph_.access().record(static_cast<std::uint32_t>(number - 1));
  if (!cell.has(RecordCell::kStands)) return SubjectRecordState::kSuperseded;
  if (cell.has(RecordCell::kHeld)) return SubjectRecordState::kHeld;
  return cell.live() ? SubjectRecordState::kCounts : SubjectRecordState::kVoided;
}

SubjectRecords::Written SubjectRecords::Find(std::string_view ns, std::string_view value,
                                             std::int64_t time_ms) const {
  View::Impl::Wanted wanted;
  view_.Judge({ns, value}, &wanted);
  const View::Impl::Found found = view_.Find(wanted);
  Written written{kNone, found.held, std::move(wanted.value)};
  if (found.name != kNone) written.name = graph_.LifeAt(found.name, time_ms);
  return written;
}

bool SubjectRecords::NamesThem(const RelationFact& relation, std::int64_t time_ms) const {
  const Node name =
      Find(relation.other.ns, relation.other.value, relation.time_ms.value_or(time_ms)).name;
  return name != kNone && IsTheirs(name);
}

absl::Status SubjectRecords::Read(
    const View& log, const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  const std::uint64_t total = view_.state().records;
  std::uint64_t done = 0;
  absl::Status status = log.Export([&](const StoredRecord& stored) {
    Take(stored);
    if (++done % kRecordsAReport == 0 && progress) progress(done, total);
    return true;
  });
  if (status.ok() && progress) progress(total, total);
  return status;
}

void SubjectRecords::Take(const StoredRecord& stored) {
  const NamedRecord named = view_.NamesOf(stored.record);
  const Record& record = named.record;
  const std::int64_t time_ms = record.time_ms.value_or(0);
  const bool is_named = std::any_of(
      named.names.begin(), named.names.end(),
      [&](const NamedRecord::Name& name) { return !name.derived && IsTheirs(name.node); });
  Facts facts;
  std::vector<FactFault> faults;
  if (!record.facts.empty()) {
    if (auto read = ReadFacts(record.facts, &faults); read.ok()) {
      facts = *std::move(read);
    } else {
      faults.emplace_back();  // as one that says nothing
    }
  }
  const bool is_told_of =
      is_named || std::any_of(facts.relations.begin(), facts.relations.end(),
                              [&](const RelationFact& r) { return NamesThem(r, time_ms); });
  if (!is_told_of) return;

  SubjectRecord out;
  out.number = stored.number;
  out.source = record.source;
  out.time_ms = record.time_ms;
  out.act = record.act;
  out.folded = record.folded;
  out.state = StateOf(stored.number);
  const Node primary = PrimaryOf(named);
  out.about_them = primary != kNone && IsTheirs(primary);
  if (out.about_them) out.left_out_facts = faults.size();
  out.id = record.id;
  SetNames(named, stored.held, &out);
  SetFacts(record, std::move(facts), &out);
  if (!out.id) hidden_ids_.insert(out.number);
  if (out.state == SubjectRecordState::kCounts) Count(named);
  records_.push_back(std::move(out));
}

void SubjectRecords::Count(const NamedRecord& named) {
  const Span span = SpanOf(named.record);
  for (const NamedRecord::Name& name : named.names) {
    if (!IsTheirs(name.node)) continue;
    Seen& seen = seen_[view_.NameOf(name.node)];
    const bool is_first = seen.records == 0;
    seen.records += span.count;
    seen.first_ms = is_first ? span.first_ms : std::min(seen.first_ms, span.first_ms);
    seen.last_ms = is_first ? span.last_ms : std::max(seen.last_ms, span.last_ms);
  }
}

void SubjectRecords::SetNames(const NamedRecord& named, bool is_held, SubjectRecord* out) {
  const std::int64_t time_ms = named.record.time_ms.value_or(0);
  for (const RecordIdentifier& given : named.record.identifiers) {
    const Written written = Find(given.ns, given.value, time_ms);
    SubjectName name{given.ns, std::nullopt, given.role,
                     written.name != kNone && IsTheirs(written.name), written.held};
    // What policy does not count of a record about them was still said of them.
    const bool is_said_of_them =
        name.is_theirs ||
        (out->about_them && !is_held && given.role == Role::kSelf && written.held != Reason::kNone);
    if (is_said_of_them && disclosure_.TellsNamespace(given.ns)) {
      name.value = given.value;
    } else if (out->id &&
               (HasValue(*out->id, given.value) || HasValue(*out->id, written.normalised))) {
      out->id.reset();
    }
    out->identifiers.push_back(std::move(name));
  }
}

void SubjectRecords::SetFacts(const Record& record, Facts facts, SubjectRecord* out) {
  const std::int64_t time_ms = record.time_ms.value_or(0);
  if (!out->about_them) {
    Facts naming;
    for (RelationFact& relation : facts.relations) {
      if (NamesThem(relation, time_ms)) naming.relations.push_back(std::move(relation));
    }
    facts = std::move(naming);
  }
  out->facts = disclosure_.Told(facts, &out->withheld_facts);
  for (RelationFact& relation : out->facts.relations) {
    std::string& value = relation.other.value;
    if (NamesThem(relation, time_ms) && disclosure_.TellsNamespace(relation.other.ns)) continue;
    if (out->id && HasValue(*out->id, value)) out->id.reset();
    value.clear();
  }
}

std::vector<SubjectIdentifier> SubjectRecords::Identifiers() {
  const Policy& policy = view_.rules().policy().policy();
  std::vector<SubjectIdentifier> out;
  for (const Identifier& identifier : view_.MembersOf(root_)) {
    SubjectIdentifier& one = out.emplace_back();
    one.ns = identifier.ns;
    const std::string_view family = FamilyOf(identifier.ns);
    for (const NamespacePolicy& ns : policy.namespaces) {
      if (ns.name == family) one.sensitivity = ns.sensitivity;
    }
    for (const FieldLabel& label : policy.definitions.privacy.labels) {
      if (ParseField(label.field) == std::pair(FieldKind::kNamespace, family))
        one.sensitivity = std::max(one.sensitivity, static_cast<Sensitivity>(label.sensitivity));
    }
    const auto seen = seen_.find(identifier);
    if (seen != seen_.end()) {
      one.records = seen->second.records;
      one.first_ms = seen->second.first_ms;
      one.last_ms = seen->second.last_ms;
    }
    if (disclosure_.TellsNamespace(identifier.ns)) one.value = identifier.value;
  }
  return out;
}

}  // namespace polyonym::engine
