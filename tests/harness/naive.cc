#include "harness/naive.h"

#include <algorithm>
#include <limits>
#include <tuple>

namespace polyonym::harness {
namespace {

bool IsPairAct(Act act) { return act == Act::kObserve || act == Act::kBind; }

}  // namespace

NaiveWorld::NaiveWorld(std::shared_ptr<const CompiledPolicy> policy,
                       std::span<const Record> records, std::int64_t clock_ms, Flip flip,
                       const RecordLimits& limits)
    : policy_(std::move(policy)), clock_ms_(clock_ms), flip_(flip) {
  TakeRecords(records, limits);
  VoidSources();
  JoinClasses();
  BeginLives();
  ReadDeletes();
  ReadUnbinds();
  GatherSightings();
  GatherMentions();
  WeighLinks();
  MarkShared();
  ReadCannotLinks();
  JoinGroups();
  Summarise();
}

// ---- section 1: which records count ----

// 1.1 Whether `a` stands where both are there.
bool NaiveWorld::StandsBefore(const Entry& a, const Entry& b) const {
  if (Is(Flip::kLastArrivalStands)) return true;
  if (*a.record.version != *b.record.version) return *a.record.version > *b.record.version;
  const bool a_tomb = a.record.act == Act::kRetract;
  const bool b_tomb = b.record.act == Act::kRetract;
  if (a_tomb != b_tomb) return a_tomb != Is(Flip::kTombstoneLosesTies);
  if (a_tomb || a.hash == b.hash) return false;
  return (a.hash > b.hash) != Is(Flip::kSmallerHashStands);
}

void NaiveWorld::TakeRecords(std::span<const Record> records, const RecordLimits& limits) {
  std::map<std::pair<std::string, std::string>, std::size_t> standing;
  for (const Record& record : records) {
    Entry entry;
    entry.record = record;
    Record unfolded = record;
    unfolded.folded.reset();
    entry.reason = CheckShape(unfolded, limits, std::numeric_limits<std::int64_t>::max());
    if (entry.reason != Reason::kNone) {
      entries_.push_back(std::move(entry));
      continue;
    }
    entry.hash = HashContent(record);
    if (record.id.empty()) entry.record.id = polyonym::ToString(entry.hash);
    if (!record.version) entry.record.version = record.time_ms;
    if (record.act != Act::kRetract) entry.verdict = Judge(record);
    if (record.folded)
      entry.record.id = "\xff" + std::to_string(entries_.size());  // nothing replaces it
    const auto [at, first] =
        standing.try_emplace({entry.record.source, entry.record.id}, entries_.size());
    if (!first) {
      Entry& other = entries_[at->second];
      if (!StandsBefore(entry, other)) {
        const bool tomb = other.record.act == Act::kRetract;
        const bool same = record.act == other.record.act && entry.hash == other.hash &&
                          entry.record.version == other.record.version;
        entry.outcome = Outcome::kUnchanged;
        entry.reason = record.act == Act::kRetract ? Reason::kNothingToRetract
                       : same                      ? Reason::kDuplicate
                       : tomb                      ? Reason::kRetracted
                                                   : Reason::kSuperseded;
        entries_.push_back(std::move(entry));
        continue;
      }
      other.stands = false;
      at->second = entries_.size();
    }
    entry.stands = true;
    entry.reason = entry.verdict.reason;  // 1.3
    entry.outcome = entry.reason == Reason::kNone ? Outcome::kApplied : Outcome::kHeld;
    entries_.push_back(std::move(entry));
  }
}

// 1.3
RecordVerdict NaiveWorld::Judge(const Record& record) const {
  RecordVerdict verdict = JudgeRecord(*policy_, record);
  for (RecordVerdict::Counted& counted : verdict.counted) {
    if (!counted.derived) counted.ns = {};  // of the record, which moves
  }
  if (Is(Flip::kDerivedIgnored)) {
    std::erase_if(verdict.counted, [](const RecordVerdict::Counted& c) { return c.derived; });
  }
  if (Is(Flip::kDerivedLinksAll)) {
    for (RecordVerdict::Counted& counted : verdict.counted) counted.derived = false;
  }
  return verdict;
}

// 1.2, 1.4
void NaiveWorld::VoidSources() {
  for (const Entry& by : entries_) {
    if (!by.stands || by.record.act != Act::kDeleteSource) continue;
    for (Entry& entry : entries_) {
      if (!entry.stands || entry.record.act == Act::kRetract ||
          entry.record.source != by.record.target_source)
        continue;
      if (&entry == &by) continue;
      if (entry.record.act == Act::kDeleteSource && !Is(Flip::kDeleteSourceVoidsItsKind)) continue;
      if (!IsPairAct(entry.record.act) && Is(Flip::kDeleteSourceSparesActs)) continue;
      const std::int64_t until = *by.record.time_ms - (Is(Flip::kDeleteSourceBefore) ? 1 : 0);
      if (LastMs(entry.record) <= until) entry.voided = true;
    }
  }
  if (Is(Flip::kDeleteSourceVoidsItsKind)) {  // what a voided one voided comes back
    for (Entry& entry : entries_) {
      if (!entry.voided || entry.record.act == Act::kDeleteSource) continue;
      entry.voided = std::any_of(entries_.begin(), entries_.end(), [&](const Entry& by) {
        return by.stands && !by.voided && by.record.act == Act::kDeleteSource &&
               by.record.target_source == entry.record.source &&
               LastMs(entry.record) <= *by.record.time_ms;
      });
    }
  }
  for (Entry& entry : entries_) {
    entry.live = entry.stands && !entry.voided && entry.record.act != Act::kRetract &&
                 entry.outcome == Outcome::kApplied;
  }
}

// ---- section 2: renames, lives ----

void NaiveWorld::JoinClasses() {
  if (Is(Flip::kRenameIgnored)) return;
  const auto name = [](const Entry& entry, std::size_t i) {
    return NameOf(entry, entry.verdict.counted[i]);
  };
  std::vector<const Entry*> renames;
  for (const Entry& entry : entries_) {
    if (entry.live && entry.record.act == Act::kRename) renames.push_back(&entry);
  }
  // Components, by relabelling until nothing moves.
  std::map<Identifier, int> component;
  int next = 0;
  for (const Entry* rename : renames) {
    const int a = component.try_emplace(name(*rename, 0), next).first->second;
    const int b = component.try_emplace(name(*rename, 1), next + 1).first->second;
    next += 2;
    for (auto& [identifier, label] : component) label = label == b ? a : label;
  }
  // Spelt as the new of the latest, then of the greater (source, record id).
  std::map<int, const Entry*> latest;
  const auto later = [&](const Entry& a, const Entry& b) {
    if (*a.record.time_ms != *b.record.time_ms) {
      return (*a.record.time_ms > *b.record.time_ms) != Is(Flip::kRenameSpeltByFirst);
    }
    return (std::tie(a.record.source, a.record.id) > std::tie(b.record.source, b.record.id)) !=
           Is(Flip::kRenameTieToSmaller);
  };
  for (const Entry* rename : renames) {
    const Entry*& best = latest[component.at(name(*rename, 0))];
    if (best == nullptr || later(*rename, *best)) best = rename;
  }
  for (const auto& [identifier, label] : component) {
    spelling_[identifier] = name(*latest.at(label), Is(Flip::kRenameSpeltOld) ? 0 : 1);
  }
}

// Whether the times of this record are namings.
bool NaiveWorld::BeginsLives(const Entry& entry) const {
  if (!entry.live) return false;
  const Act act = entry.record.act;
  if (act == Act::kMustLink) return !Is(Flip::kMustLinkBeginsNoLife);
  const bool other_act =
      act == Act::kUnbind || act == Act::kCannotLink || act == Act::kDeleteIdentifier;
  return IsPairAct(act) || (other_act && Is(Flip::kActsBeginLives));
}

bool NaiveWorld::DeletedByName(const Entry& entry, const Identifier& name) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& by) {
    return by.live && by.record.act == Act::kDeleteIdentifier &&
           *entry.record.time_ms <= *by.record.time_ms &&
           NameOf(by, by.verdict.counted.front()) == name;
  });
}

std::int64_t NaiveWorld::ValidityOf(const Identifier& name) const {
  return Is(Flip::kValidityIgnored) ? 0 : NamespaceOf(name).validity_ms;
}

void NaiveWorld::BeginLives() {
  std::map<Identifier, std::vector<std::int64_t>> namings;
  for (const Entry& entry : entries_) {
    if (!BeginsLives(entry)) continue;
    for (const RecordVerdict::Counted& counted : entry.verdict.counted) {
      const Identifier name = NameOf(entry, counted);
      if (ValidityOf(name) == 0) continue;
      if (Is(Flip::kOthersBeginNoLife) && counted.role != Role::kSelf) continue;
      if (Is(Flip::kDerivedBeginsNoLife) && counted.derived) continue;
      if (Is(Flip::kVoidedBeginsNoLife) && DeletedByName(entry, name)) continue;
      namings[name].push_back(*entry.record.time_ms);
    }
  }
  for (auto& [name, times] : namings) {
    std::sort(times.begin(), times.end());
    const std::int64_t validity = ValidityOf(name) + (Is(Flip::kLifeEndsLate) ? 1 : 0);
    std::vector<std::int64_t>& lives = lives_[name];
    std::int64_t from = 0;
    for (const std::int64_t t : times) {
      if (lives.empty() || t >= from + validity) {
        lives.push_back(t);
        from = t;
      }
      if (Is(Flip::kLifeSlides)) from = t;
    }
  }
}

Identifier NaiveWorld::NameOf(const Entry& entry, const RecordVerdict::Counted& counted) {
  const std::string_view ns =
      counted.ns.empty() ? entry.record.identifiers[counted.index].ns : counted.ns;
  return {std::string(ns), counted.value};
}

const std::vector<std::int64_t>& NaiveWorld::LivesOf(const Identifier& name) const {
  static const std::vector<std::int64_t> kNone;
  const auto at = lives_.find(name);
  return at == lives_.end() ? kNone : at->second;
}

NaiveWorld::Node NaiveWorld::NodeOf(const Identifier& name) const {
  const std::vector<std::int64_t>& lives = LivesOf(name);
  if (lives.empty()) return NodeAt(name, 0);
  return {name, Is(Flip::kQuestionNamesFirstLife) ? lives.front() : lives.back()};
}

NaiveWorld::Node NaiveWorld::NodeAt(const Identifier& name, std::int64_t time_ms) const {
  const auto spelt = spelling_.find(name);
  if (spelt != spelling_.end()) return {spelt->second, 0};
  const std::vector<std::int64_t>& lives = LivesOf(name);
  if (lives.empty()) return {name, 0};
  if (Is(Flip::kRecordNamesLastLife)) return {name, lives.back()};
  if (Is(Flip::kBeforeFirstIsNobody) && time_ms < lives.front()) return {name, -1};
  Node node{name, lives.front()};
  for (const std::int64_t began : lives) {
    if (Is(Flip::kRecordNamesNextLife) ? node.life < time_ms : began <= time_ms) node.life = began;
  }
  return node;
}

Group NaiveWorld::NamesOf(const Node& node) const {
  Group names;
  for (const auto& [name, spelling] : spelling_) {
    if (spelling == node.name) names.push_back(name);
  }
  if (names.empty()) names.push_back(node.name);
  return names;
}

// The distinct nodes that a record counts, sorted.
NaiveWorld::Nodes NaiveWorld::NodesIn(const Entry& entry, Which which) const {
  std::set<Node> nodes;
  for (const RecordVerdict::Counted& counted : entry.verdict.counted) {
    if (which != Which::kAll && counted.role != Role::kSelf) continue;
    if (which == Which::kSelfNamed && counted.derived) continue;
    nodes.insert(NodeAt(NameOf(entry, counted), *entry.record.time_ms));
  }
  return {nodes.begin(), nodes.end()};
}

}  // namespace polyonym::harness
