// Keys, versions and verdicts: which records stand, and which nodes they name.
#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "codec/facts.h"
#include "engine/core.h"

namespace polyonym::engine {
namespace {

// Records of a call for which another thread is woken.
constexpr std::size_t kWorthHelp = 8 * JudgeAhead::kGroup;

// The order of section 1 of docs/rule.md among records of one key.
std::tuple<std::int64_t, bool, ContentHash> PlaceOf(const Record& record) {
  return {record.version ? *record.version : record.time_ms.value_or(0),
          record.act == Act::kRetract, HashContent(record)};
}

}  // namespace

Core::Core(Index* index, Log* log, std::shared_ptr<const Rules> rules, const Settings& settings)
    : index_(index),
      log_(log),
      settings_(settings),
      rules_(std::move(rules)),
      graph_(index, rules_.get(), &tracker_, &totals_),
      resolver_(graph_) {}

void Core::Begin(std::uint64_t sequence) {
  sequence_ = sequence;
  replayed_before_ = resolver_.replayed_nodes();
  tracker_.Begin(static_cast<Node>(index_->nodes.size()));
}

std::optional<Record> Core::Load(std::uint32_t record_index) {
  auto record = log_->ReadRecord(index_->records.Latest(record_index).location);
  if (!record.ok()) {
    if (status_.ok()) status_ = record.status();
    return std::nullopt;
  }
  return *std::move(record);
}

std::uint32_t Core::FindStanding(const std::string& source, const std::string& id, Record* record) {
  return FindStanding(source, id, index_->HashRecordKey(index_->HashSource(source), id), record);
}

std::uint32_t Core::FindStanding(const std::string& source, const std::string& id,
                                 std::uint64_t key, Record* record) {
  return index_->record_keys.Find(key, [&](std::uint32_t r) {
    if (r >= index_->records.size() || index_->records.Latest(r).key != key) return false;
    auto stored = Load(r);
    if (!stored || stored->source != source || stored->id != id) return false;
    *record = *std::move(stored);
    return true;
  });
}

void Core::SetFlags(std::uint32_t record_index, std::uint32_t set, std::uint32_t clear) {
  RecordCell& cell = index_->records.Write(record_index);
  cell.flags = (cell.flags & ~clear) | set;
}

bool Core::VoidedBySource(const Record& record) const {
  if (record.act == Act::kDeleteSource || acts_.source_deletions.empty()) return false;
  const auto until = acts_.SourceDeletedUntil(record.source);
  return until && record.time_ms && IsUpTo(SpanOf(record), *until);
}

Cause Core::CauseOf(Act act, Sign sign) {
  if (sign == Sign::kMinus) return Cause::kRetraction;
  return act == Act::kObserve ? Cause::kRecord : Cause::kAct;
}

Kind Core::KindOfNamespace(const std::string& ns) {
  if (rules_->FindKind(ns) == kNone) AddKinds({ns});
  return rules_->FindKind(ns);
}

void Core::AddKinds(const std::vector<std::string>& added) {
  std::vector<std::string> kinds = rules_->kinds();
  kinds.insert(kinds.end(), added.begin(), added.end());
  rules_ = Rules::Make(rules_->shared_policy(), rules_->version(), rules_->rank_epoch(),
                       std::move(kinds));
  graph_.set_rules(rules_.get());
}

void Core::NameNodes(const Judged& judged, std::vector<Named>* out, bool all) {
  out->clear();
  const std::int64_t t = judged.record->time_ms.value_or(0);
  const RecordVerdict& verdict = judged.verdict;
  for (std::size_t i = 0; i < judged.names.size(); ++i) {
    const RecordVerdict::Counted& counted = verdict.counted[i];
    Kind kind = judged.names[i].kind;
    std::uint64_t hash = judged.names[i].hash;
    if (kind == kNone) {
      kind = KindOfNamespace(std::string(counted.ns));
      hash = index_->HashValue(kind, counted.value);
    }
    Node value = graph_.Find(kind, counted.value, hash);
    if (value == kNone && !all) {
      out->push_back({kNone, kNone, counted.role, kNone, kNone});
      continue;
    }
    if (value == kNone) value = graph_.Add(kind, counted.value, hash);
    const Node name =
        rules_->has_validity() && rules_->ValidityOf(kind) != 0 ? graph_.LifeAt(value, t) : value;
    out->push_back({name, graph_.Canonical(name), counted.role, kNone, value});
  }
  const auto is_unknown = [](const Named& n) { return n.name == kNone; };
  if (verdict.derivations.empty()) {
    if (!all) std::erase_if(*out, is_unknown);
    return;
  }
  // A derived one stands once for each that it is derived from, in that one's role.
  const std::vector<Named> counted(*out);
  std::erase_if(
      *out, [&, i = std::size_t{0}](const Named&) mutable { return verdict.counted[i++].derived; });
  if (!all) std::erase_if(*out, is_unknown);
  for (const RecordVerdict::Derivation& d : verdict.derivations) {
    if (is_unknown(counted[d.of]) || is_unknown(counted[d.from])) continue;
    Named& named = out->emplace_back(counted[d.of]);
    named.from = counted[d.from].name;
    named.role = counted[d.from].role;
  }
}

// What a record names whose cell says that it is not held. False where policy or log say otherwise: the store is damaged.
bool Core::NameLive(std::uint32_t record_index, const Record& record, std::vector<Named>* out) {
  Judged judged;
  Judge(record, &judged);
  const Act act = index_->records.Latest(record_index).act();
  const bool fits = judged.verdict.reason == Reason::kNone || HasLostName(record);
  if (!fits || record.act != act) {
    if (status_.ok())
      status_ =
          absl::DataLossError("the checkpoint's records do not fit the log; restore a backup");
    return false;
  }
  NameNodes(judged, out, index_->lost_values.empty());
  return true;
}

// Of a record that changes nothing: the identifiers of it that the store has.
void Core::NameKnown(const Judged& judged, Taken* taken) const {
  for (std::size_t i = 0; i < judged.names.size(); ++i) {
    const RecordVerdict::Counted& counted = judged.verdict.counted[i];
    if (counted.role != Role::kSelf || counted.derived) continue;
    const Kind kind = rules_->FindKind(counted.ns);
    if (kind == kNone) continue;
    const Node value = graph_.Find(kind, counted.value, index_->HashValue(kind, counted.value));
    if (value == kNone) continue;
    taken->self.push_back(HasLives(value) ? graph_.LifeAt(value, judged.record->time_ms.value_or(0))
                                          : value);
  }
}

void Core::Take(std::span<const Incoming> records, const JudgeAhead::Shape& shape,
                const std::function<void(std::size_t, const Taken&)>& taken) {
  if (ahead_ == nullptr) ahead_ = std::make_unique<JudgeAhead::Ring>();
  const auto ahead = std::make_shared<JudgeAhead>(records, shape, rules_, index_, ahead_.get());
  const absl::Cleanup close = [&ahead] { ahead->Close(); };
  if (settings_.judging != nullptr && records.size() >= kWorthHelp)
    settings_.judging->After(std::chrono::milliseconds(0), this, [ahead] { ahead->Help(); });
  // What is put off is bounded: a first import is one commit.
  const std::uint64_t most_deferred = 64 + 8 * settings_.replay_at_once;
  for (std::size_t first = 0; first < records.size() && status_.ok();) {
    const std::span<Judged> group = ahead->Next();
    LookAhead(group);
    for (std::size_t i = 0; i < group.size() && status_.ok(); ++i) {
      taken_.outcome = Outcome::kApplied;
      taken_.reason = Reason::kNone;
      taken_.held_identifiers = 0;
      taken_.self.clear();
      if (group[i].malformed == Reason::kNone) {
        TakeOne(records[first + i], group[i], &taken_);
      } else {
        taken_.outcome = Outcome::kRejected;
        taken_.reason = group[i].malformed;
      }
      // A call that has run the rule over so much puts off what it has still to run to its end: a profile that is full and changes with
      // every record is run over once a call, not once a record.
      if (!deferred_.on() &&
          resolver_.replayed_nodes() - replayed_before_ >= settings_.replay_at_once)
        deferred_.Begin(false);
      if (!deferred_.one_cause() && deferred_.size() >= most_deferred) ReplayDeferred();
      taken(first + i, taken_);
    }
    first += group.size();
  }
}

void Core::EndTaking() {
  if (deferred_.on()) ReplayDeferred();
}

void Core::TakeOne(const Incoming& incoming, const Judged& judged, Taken* taken) {
  const Record& record = *incoming.record;
  Record former;
  const std::uint32_t former_index =
      record.folded ? kNone : FindStanding(record.source, record.id, judged.key, &former);
  if (former_index != kNone) {
    const auto place = PlaceOf(record), former_place = PlaceOf(former);
    if (place <= former_place) {
      taken->outcome = Outcome::kUnchanged;
      taken->reason = place == former_place         ? Reason::kDuplicate
                      : former.act == Act::kRetract ? Reason::kRetracted
                                                    : Reason::kSuperseded;
      if (record.act != Act::kRetract) NameKnown(judged, taken);
      return;
    }
  }
  if (!incoming.location && ComesTooLate(record, former_index != kNone)) {
    taken->outcome = Outcome::kRejected;
    taken->reason = Reason::kBehindHorizon;
    return;
  }
  newest_ms_ = std::max(newest_ms_, record.time_ms.value_or(0));
  const std::uint32_t record_index = AddCell(
      judged, incoming.location
                  ? *incoming.location
                  : log_->Append(sequence_, index_->records.size() + 1, record, incoming.own_id));
  if (record.folded) {
    // It has no key: nothing replaces it.
  } else if (former_index == kNone) {
    index_->record_keys.Insert(judged.key, record_index);
  } else {
    index_->record_keys.Replace(judged.key, former_index, record_index);
    SetCause(Cause::kRetraction, record_index + 1);
    Supersede(former_index, former);
  }
  SetCause(CauseOf(record.act, Sign::kPlus), record_index + 1);
  ++totals_.standing_records;
  Stand(record_index, judged, taken);
}

// Behind the horizon. A retraction of what is not known may be meant for a record that was folded.
bool Core::ComesTooLate(const Record& record, bool known) const {
  if (record.act == Act::kRetract)
    return !known &&
           record.version.value_or(record.time_ms.value_or(0)) < horizons_->Of(record.source);
  return horizons_->TurnsAway(record);
}

// It stands once what it replaces is gone.
std::uint32_t Core::AddCell(const Judged& judged, std::uint64_t location) {
  const Record& record = *judged.record;
  RecordCell cell;
  cell.sequence = sequence_;
  cell.location = location;
  cell.source = judged.source;
  cell.flags = static_cast<std::uint32_t>(record.act) | families_.Note(record, judged.kinds);
  if (!record.facts.empty()) {
    cell.flags |= RecordCell::kFacts;
    if (codec::IsOfPerson(record.facts)) cell.flags |= RecordCell::kOfPerson;
  }
  if (record.folded) {
    cell.flags |= RecordCell::kFolded;
  } else {
    cell.key = judged.key;
  }
  return static_cast<std::uint32_t>(index_->records.Append(cell));
}

// What a record that stands now does.
void Core::Stand(std::uint32_t record_index, const Judged& judged, Taken* taken) {
  const RecordVerdict& verdict = judged.verdict;
  taken->held_identifiers = static_cast<std::uint32_t>(verdict.held.size());
  const bool counts = Admit(record_index, judged);
  if (verdict.reason != Reason::kNone) {
    taken->outcome = Outcome::kHeld;
    taken->reason = verdict.reason;
    return;
  }
  if (counts && IsPlain(judged) && NamePlain(judged)) {
    CountPlain(record_index, *judged.record->time_ms);
  } else {
    Mention(record_index, judged);
    if (counts) CountIn(record_index, judged, &named_);
  }
  for (const Named& n : named_) {
    if (n.role == Role::kSelf && !n.derived()) taken->self.push_back(n.name);
  }
}

// Notes in its cell what becomes of a record that stands. False where it does not count.
bool Core::Admit(std::uint32_t record_index, const Judged& judged) {
  const RecordVerdict& verdict = judged.verdict;
  std::uint32_t flags = RecordCell::kStands;
  if (!verdict.held.empty()) flags |= RecordCell::kHeldPart;
  if (verdict.reason != Reason::kNone) {
    SetFlags(record_index, flags | RecordCell::kHeld, RecordCell::kVoided);
    ++totals_.held_records;
    return false;
  }
  const bool voided = VoidedBySource(*judged.record);
  if (voided) flags |= RecordCell::kVoided;
  SetFlags(record_index, flags, 0);
  return !voided;
}

// Notes in lists what a record mentions, which is left in named_.
void Core::Mention(std::uint32_t record_index, const Judged& judged) {
  NameNodes(judged, &named_);
  AddMentions(record_index, judged.record->act, named_);
}

// Counts a record. Lives that it begins are made first, which may change what it names.
void Core::CountIn(std::uint32_t record_index, const Judged& judged, std::vector<Named>* named) {
  const Record& record = *judged.record;
  if (rules_->has_validity() && Mentions(record.act)) {
    bool fitted = false;
    for (const Named& n : *named) {
      if (!HasLives(n.value)) continue;
      if (!fitted) SetFlags(record_index, RecordCell::kVoided, 0);  // not counted yet
      fitted = true;
      FitLife(n.value, *record.time_ms);
    }
    if (fitted) {
      SetFlags(record_index, 0, RecordCell::kVoided);
      NameNodes(judged, named);
    }
  }
  Count(record_index, record, *named, Sign::kPlus);
}

// Takes a record out, which counts no more by its flags. Lives that it began may end.
void Core::CountOut(std::uint32_t record_index, const Record& record,
                    const std::vector<Named>& named) {
  Count(record_index, record, named, Sign::kMinus);
  if (!rules_->has_validity() || !Mentions(record.act)) return;
  for (const Named& n : named) {
    if (HasLives(n.value)) ReviewLife(n.value, *record.time_ms);
  }
}

void Core::Supersede(std::uint32_t record_index, const Record& record) {
  const RecordCell cell = index_->records.Latest(record_index);
  SetFlags(record_index, 0, RecordCell::kStands);
  --totals_.standing_records;
  if (cell.has(RecordCell::kHeld)) --totals_.held_records;
  if (!cell.live()) return;
  std::vector<Named> named;
  if (NameLive(record_index, record, &named)) CountOut(record_index, record, named);
}

std::optional<ProfileId> Core::PrimaryProfile(std::span<const Node> self) const {
  Node best = kNone;
  for (const Node name : self) {
    const Node node = graph_.Canonical(name);
    if (best == kNone || graph_.BetterPrimary(node, best)) best = node;
  }
  if (best == kNone) return std::nullopt;
  return ProfileId{graph_.IdOf(graph_.ProfileOf(best))};
}

std::vector<Change> Core::Net(const Rules& rules_before, std::uint64_t commit_before,
                              Node nodes_before, std::uint64_t sequence) {
  if (tracker_.empty()) return {};
  const GraphReader<AtCommit> before(AtCommit{index_, commit_before}, &rules_before);
  const GraphReader<Latest> after(Latest{index_}, rules_.get());
  return tracker_.Net(before, after, nodes_before, sequence);
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> Core::NoteChanges(
    const std::vector<Change>& changes) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> noted;
  for (const Change& change : changes) {
    noted.emplace_back(graph_.node(static_cast<Node>(change.from.value)).change,
                       graph_.node(static_cast<Node>(change.to.value)).change);
  }
  for (const Change& change : changes) {
    index_->nodes.Write(static_cast<Node>(change.from.value)).change = change.sequence;
    index_->nodes.Write(static_cast<Node>(change.to.value)).change = change.sequence;
  }
  return noted;
}

}  // namespace polyonym::engine
