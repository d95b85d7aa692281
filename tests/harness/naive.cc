#include "harness/naive.h"

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>

namespace polyonym::harness {
namespace {

// In the order of enum Flip.
constexpr std::array<std::string_view, static_cast<std::size_t>(Flip::kCount)> kFlipNames = {
    "none",
    "last arrival stands",
    "tombstone loses ties",
    "smaller hash stands",
    "delete_source spares acts",
    "delete_source voids its kind",
    "delete_source before t",
    "rename ignored",
    "rename spelt old",
    "rename spelt by first",
    "rename tie to smaller",
    "delete before t",
    "delete for ever",
    "delete spares must-links",
    "delete by name",
    "others link",
    "bind is no sighting",
    "unbind before t",
    "unbind for ever",
    "unbind spares children",
    "unbind one way",
    "unbind needs live parent",
    "unbind children at any time",
    "unbind voids must-links",
    "others are no mention",
    "rename is no mention",
    "first is last",
    "count without forced",
    "last without forced",
    "guard off by one",
    "guard counts forced",
    "guard never released",
    "guard skips shared",
    "guard ignores scope",
    "default guard never",
    "default guard always",
    "forced beats guard",
    "forced not first",
    "priority ignored",
    "time reversed",
    "tie to greater",
    "size off by one",
    "size counts names",
    "limit off by one",
    "scope ignored",
    "family per scope",
    "window inclusive",
    "window ignored",
    "forced beats limits",
    "cannot-link ignored",
    "cannot-link by path",
};

bool IsPairAct(Act act) { return act == Act::kObserve || act == Act::kBind; }

bool Matches(std::string_view of, const std::string& ns, bool family_only) {
  if (of.empty()) return true;
  if (family_only) return FamilyOf(ns) == FamilyOf(of);
  return ns == of || FamilyOf(ns) == of;
}

std::string Spell(const Identifier& identifier) { return identifier.ns + ":" + identifier.value; }
std::string Spell(const Group& group) {
  std::string out = "{";
  for (const Identifier& identifier : group) out += " " + Spell(identifier);
  return out + " }";
}
std::string Spell(const LinkState& l) {
  return std::to_string(l.seen) + " seen " + std::to_string(l.first_ms) + ".." +
         std::to_string(l.last_ms) + (l.forced ? " forced" : "") + (l.kept ? " kept" : " refused");
}

// Writes what one side has and the other has not, up to a few.
class Differences {
 public:
  void Add(std::string_view side, const std::string& text) {
    if (++count_ <= 8) out_ += std::string(side) + ": " + text + "\n";
  }
  std::string Take() { return std::move(out_); }

 private:
  int count_ = 0;
  std::string out_;
};

template <class Range>
void CompareSets(std::string_view what, const Range& want, const Range& got, Differences* out) {
  for (const auto& x : want) {
    if (std::find(got.begin(), got.end(), x) == got.end())
      out->Add("only wanted, " + std::string(what), Spell(x));
  }
  for (const auto& x : got) {
    if (std::find(want.begin(), want.end(), x) == want.end())
      out->Add("only got, " + std::string(what), Spell(x));
  }
}

}  // namespace

std::string_view ToString(Flip flip) { return kFlipNames[static_cast<std::size_t>(flip)]; }

Pair MakePair(const Identifier& a, const Identifier& b) { return a < b ? Pair(a, b) : Pair(b, a); }

std::string Difference(const State& want, const State& got) {
  if (want == got) return "";
  Differences out;
  CompareSets("group", want.groups, got.groups, &out);
  CompareSets("shared", want.shared, got.shared, &out);
  CompareSets("gone", want.gone, got.gone, &out);
  for (const auto& [pair, link] : want.links) {
    const auto at = got.links.find(pair);
    const std::string name = Spell(pair.first) + " - " + Spell(pair.second) + ": ";
    if (at == got.links.end()) {
      out.Add("only wanted, link", name + Spell(link));
    } else if (at->second != link) {
      out.Add("link differs", name + "wanted " + Spell(link) + ", got " + Spell(at->second));
    }
  }
  for (const auto& [pair, link] : got.links) {
    if (!want.links.contains(pair))
      out.Add("only got, link", Spell(pair.first) + " - " + Spell(pair.second));
  }
  std::string text = out.Take();
  return text.empty() ? "groups are listed twice or out of order\n" : text;
}

NaiveWorld::NaiveWorld(std::shared_ptr<const CompiledPolicy> policy,
                       std::span<const Record> records, Flip flip, const RecordLimits& limits)
    : policy_(std::move(policy)), flip_(flip) {
  TakeRecords(records, limits);
  VoidSources();
  JoinClasses();
  ReadDeletes();
  ReadUnbinds();
  GatherSightings();
  GatherMentions();
  WeighLinks();
  MarkShared();
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
    entry.reason = CheckShape(record, limits, std::numeric_limits<std::int64_t>::max());
    if (entry.reason != Reason::kNone) {
      entries_.push_back(std::move(entry));
      continue;
    }
    entry.hash = HashContent(record);
    if (record.id.empty()) entry.record.id = polyonym::ToString(entry.hash);
    if (!record.version) entry.record.version = record.time_ms;
    if (record.act != Act::kRetract) entry.verdict = JudgeRecord(*policy_, record);
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
      if (*entry.record.time_ms <= until) entry.voided = true;
    }
  }
  if (Is(Flip::kDeleteSourceVoidsItsKind)) {  // what a voided one voided comes back
    for (Entry& entry : entries_) {
      if (!entry.voided || entry.record.act == Act::kDeleteSource) continue;
      entry.voided = std::any_of(entries_.begin(), entries_.end(), [&](const Entry& by) {
        return by.stands && !by.voided && by.record.act == Act::kDeleteSource &&
               by.record.target_source == entry.record.source &&
               *entry.record.time_ms <= *by.record.time_ms;
      });
    }
  }
  for (Entry& entry : entries_) {
    entry.live = entry.stands && !entry.voided && entry.record.act != Act::kRetract &&
                 entry.outcome == Outcome::kApplied;
  }
}

// ---- section 2: renames ----

void NaiveWorld::JoinClasses() {
  if (Is(Flip::kRenameIgnored)) return;
  const auto name = [](const Entry& entry, std::size_t i) {
    const RecordVerdict::Counted& counted = entry.verdict.counted[i];
    return Identifier{entry.record.identifiers[counted.index].ns, counted.value};
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

Identifier NaiveWorld::NodeOf(const Identifier& name) const {
  const auto at = spelling_.find(name);
  return at == spelling_.end() ? name : at->second;
}

Group NaiveWorld::NamesOf(const Identifier& node) const {
  Group names;
  for (const auto& [name, spelling] : spelling_) {
    if (spelling == node) names.push_back(name);
  }
  if (names.empty()) names.push_back(node);
  return names;
}

// The distinct nodes that a record counts, sorted.
std::vector<Identifier> NaiveWorld::Nodes(const Entry& entry, bool self_only) const {
  std::set<Identifier> nodes;
  for (const RecordVerdict::Counted& counted : entry.verdict.counted) {
    if (self_only && counted.role != Role::kSelf) continue;
    nodes.insert(NodeOf({entry.record.identifiers[counted.index].ns, counted.value}));
  }
  return {nodes.begin(), nodes.end()};
}

// ---- section 3: evidence ----

// 3.1
void NaiveWorld::ReadDeletes() {
  for (const Entry& entry : entries_) {
    if (!entry.live || entry.record.act != Act::kDeleteIdentifier) continue;
    const RecordVerdict::Counted& counted = entry.verdict.counted.front();
    Identifier of{entry.record.identifiers[counted.index].ns, counted.value};
    if (!Is(Flip::kDeleteByName)) of = NodeOf(of);
    std::int64_t until = *entry.record.time_ms - (Is(Flip::kDeleteBefore) ? 1 : 0);
    if (Is(Flip::kDeleteForEver)) until = std::numeric_limits<std::int64_t>::max();
    const auto [at, first] = deleted_until_.try_emplace(of, until);
    if (!first) at->second = std::max(at->second, until);
  }
}

// 3.1 Whether what this record says of `node` is void.
bool NaiveWorld::Deleted(const Entry& entry, const Identifier& node) const {
  if (entry.record.act == Act::kMustLink && Is(Flip::kDeleteSparesMustLinks)) return false;
  const auto at = deleted_until_.find(node);
  return at != deleted_until_.end() && *entry.record.time_ms <= at->second;
}

// 3.3
void NaiveWorld::ReadUnbinds() {
  for (const Entry& entry : entries_) {
    if (!entry.live || entry.record.act != Act::kUnbind) continue;
    const std::vector<Identifier> ends = Nodes(entry, false);
    if (ends.size() < 2) continue;
    const std::int64_t t = *entry.record.time_ms - (Is(Flip::kUnbindBefore) ? 1 : 0);
    const auto unbind = [&](const Pair& pair) {
      const auto [at, first] = unbound_until_.try_emplace(pair, t);
      if (!first) at->second = std::max(at->second, t);
    };
    unbind(MakePair(ends[0], ends[1]));
    if (Is(Flip::kUnbindSparesChildren)) continue;
    UnbindChildren(ends[0], ends[1], t);
    if (!Is(Flip::kUnbindOneWay)) UnbindChildren(ends[1], ends[0], t);
  }
}

// 3.3 Voids (a, c) for every child c that `parent` was seen with.
void NaiveWorld::UnbindChildren(const Identifier& a, const Identifier& parent,
                                std::int64_t time_ms) {
  for (const Entry& entry : entries_) {
    if (!entry.live || !IsPairAct(entry.record.act)) continue;
    if (*entry.record.time_ms > time_ms && !Is(Flip::kUnbindChildrenAtAnyTime)) continue;
    const std::vector<Identifier> self = Nodes(entry, true);
    if (std::find(self.begin(), self.end(), parent) == self.end()) continue;
    for (const Identifier& c : self) {
      if (c == a || c == parent || policy_->ParentOf(FamilyIndex(c)) != FamilyIndex(parent))
        continue;
      if (Is(Flip::kUnbindNeedsLiveParent) &&
          (Deleted(entry, c) || Deleted(entry, parent) ||
           Unbound(MakePair(c, parent), *entry.record.time_ms))) {
        continue;
      }
      const auto [at, first] = unbound_until_.try_emplace(MakePair(a, c), time_ms);
      if (!first) at->second = std::max(at->second, time_ms);
    }
  }
}

bool NaiveWorld::Unbound(const Pair& pair, std::int64_t time_ms) const {
  const auto at = unbound_until_.find(pair);
  return at != unbound_until_.end() && (time_ms <= at->second || Is(Flip::kUnbindForEver));
}

// 3.2, 3.4
void NaiveWorld::GatherSightings() {
  for (const Entry& entry : entries_) {
    const bool forced = entry.record.act == Act::kMustLink;
    if (entry.outcome != Outcome::kApplied || !(IsPairAct(entry.record.act) || forced)) continue;
    if (entry.record.act == Act::kBind && Is(Flip::kBindIsNoSighting)) continue;
    const std::vector<Identifier> nodes = Nodes(entry, !forced && !Is(Flip::kOthersLink));
    const std::int64_t t = *entry.record.time_ms;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      for (std::size_t j = i + 1; j < nodes.size(); ++j) {
        const Pair pair(nodes[i], nodes[j]);
        if (!forced) ever_seen_.insert(pair);
        if (!entry.live || Deleted(entry, pair.first) || Deleted(entry, pair.second)) continue;
        if (Unbound(pair, t) && (!forced || Is(Flip::kUnbindVoidsMustLinks))) continue;
        links_[pair].sightings.push_back({t, forced, entry.record.source, entry.record.id});
      }
    }
  }
}

// 3.5
void NaiveWorld::GatherMentions() {
  for (const Entry& entry : entries_) {
    const Act act = entry.record.act;
    const bool rename = act == Act::kRename && !Is(Flip::kRenameIsNoMention);
    if (!entry.live || !(IsPairAct(act) || act == Act::kMustLink || rename)) continue;
    for (const Identifier& node : Nodes(entry, IsPairAct(act) && Is(Flip::kOthersAreNoMention))) {
      if (!rename && Deleted(entry, node)) continue;
      const std::int64_t t = *entry.record.time_ms;
      const auto [at, first] = first_ms_.try_emplace(node, t);
      if (!first)
        at->second = Is(Flip::kFirstIsLast) ? std::max(at->second, t) : std::min(at->second, t);
    }
  }
}

// ---- section 4: links and guards ----

// 4.1
void NaiveWorld::WeighLinks() {
  for (auto& [pair, link] : links_) {
    LinkState& state = link.state;
    bool any_time = false;
    for (const Sighting& s : link.sightings) {
      const bool only_forced = std::all_of(link.sightings.begin(), link.sightings.end(),
                                           [](const Sighting& x) { return x.forced; });
      state.forced |= s.forced;
      if (!s.forced) ++state.seen;
      if (!s.forced || !Is(Flip::kCountWithoutForced)) ++link.count;
      if (!any_time || s.time_ms < state.first_ms) state.first_ms = s.time_ms;
      if (!any_time || (s.time_ms > state.last_ms &&
                        !(s.forced && !only_forced && Is(Flip::kLastWithoutForced)))) {
        state.last_ms = s.time_ms;
      }
      any_time = true;
    }
  }
}

// 4.2
std::set<Identifier> NaiveWorld::NeighboursOf(const Identifier& node) const {
  std::set<Identifier> neighbours;
  const auto add = [&](const Pair& pair) {
    if (pair.first == node) neighbours.insert(pair.second);
    if (pair.second == node) neighbours.insert(pair.first);
  };
  for (const auto& [pair, link] : links_) {
    const bool unforced = std::any_of(link.sightings.begin(), link.sightings.end(),
                                      [](const Sighting& s) { return !s.forced; });
    if (unforced || Is(Flip::kGuardCountsForced)) add(pair);
  }
  if (Is(Flip::kGuardNeverReleased)) {
    for (const Pair& pair : ever_seen_) add(pair);
  }
  return neighbours;
}

void NaiveWorld::MarkShared() {
  for (const auto& [node, first_ms] : first_ms_) {
    std::vector<Guard> guards = NamespaceOf(node).guards;
    const bool own =
        std::any_of(guards.begin(), guards.end(), [](const Guard& g) { return g.of.empty(); });
    const std::uint32_t otherwise = policy_->policy().default_max_neighbours;
    if (otherwise != 0 && (!own || Is(Flip::kDefaultGuardAlways)) &&
        !Is(Flip::kDefaultGuardNever)) {
      guards.push_back({"", otherwise});
    }
    if (guards.empty()) continue;
    const std::set<Identifier> neighbours = NeighboursOf(node);
    for (const Guard& guard : guards) {
      const auto n =
          std::count_if(neighbours.begin(), neighbours.end(), [&](const Identifier& other) {
            return Matches(guard.of, other.ns, Is(Flip::kGuardIgnoresScope)) &&
                   !(Is(Flip::kGuardSkipsShared) && shared_.contains(other));
          });
      if (n > static_cast<std::int64_t>(guard.max_neighbours) + (Is(Flip::kGuardOffByOne) ? 1 : 0))
        shared_.insert(node);
    }
  }
}

// 4.3
bool NaiveWorld::IsInert(const Pair& pair) const {
  if (Is(Flip::kForcedBeatsGuard) && links_.at(pair).state.forced) return false;
  return IsShared(pair.first) || IsShared(pair.second);
}

std::uint32_t NaiveWorld::PriorityOf(const Identifier& identifier) const {
  return NamespaceOf(identifier).priority;
}

bool NaiveWorld::TakenBefore(const Pair& a, const Pair& b) const {
  const LinkState& x = links_.at(a).state;
  const LinkState& y = links_.at(b).state;
  const std::size_t count_x = links_.at(a).count, count_y = links_.at(b).count;
  if (x.forced != y.forced && !Is(Flip::kForcedNotFirst)) return x.forced;
  const Ranking ranking = policy_->policy().ranking;
  if (ranking == Ranking::kStrongest) {
    if (count_x != count_y) return count_x > count_y;
  } else if (!Is(Flip::kPriorityIgnored)) {
    const std::uint32_t sum_x = PriorityOf(a.first) + PriorityOf(a.second);
    const std::uint32_t sum_y = PriorityOf(b.first) + PriorityOf(b.second);
    if (sum_x != sum_y) return sum_x < sum_y;
  }
  if (ranking == Ranking::kOldest) {
    if (x.first_ms != y.first_ms) return (x.first_ms < y.first_ms) != Is(Flip::kTimeReversed);
  } else if (x.last_ms != y.last_ms) {
    return (x.last_ms > y.last_ms) != Is(Flip::kTimeReversed);
  }
  return a != b && (a < b) != Is(Flip::kTieToGreater);
}

// ---- section 5: joining ----

const NamespacePolicy& NaiveWorld::NamespaceOf(const Identifier& identifier) const {
  return policy_->policy().namespaces[FamilyIndex(identifier)];
}

std::vector<Violation> NaiveWorld::Violations(const Group& nodes) const {
  std::vector<Violation> out;
  const Policy& policy = policy_->policy();
  std::size_t size = nodes.size();
  if (Is(Flip::kSizeCountsNames)) {
    size = 0;
    for (const Identifier& node : nodes) size += NamesOf(node).size();
  }
  const std::size_t max_size = policy.max_identifiers_per_profile;
  if (max_size != 0 && size > max_size + (Is(Flip::kSizeOffByOne) ? 1 : 0)) {
    out.push_back({Refusal::kSize, "", policy.max_identifiers_per_profile});
  }
  for (const NamespacePolicy& ns : policy.namespaces) {
    for (const Limit& limit : ns.limits) {
      const bool per_scope = limit.per_scope ? !Is(Flip::kScopeIgnored) : Is(Flip::kFamilyPerScope);
      std::map<std::string, std::vector<std::int64_t>> times_of;  // by what the limit counts
      for (const Identifier& node : nodes) {
        if (FamilyOf(node.ns) == ns.name)
          times_of[per_scope ? node.ns : ns.name].push_back(FirstMs(node));
      }
      const std::size_t max =
          limit.max + (Is(Flip::kLimitOffByOne) && limit.window_ms == 0 ? 1 : 0);
      for (auto& [counted, times] : times_of) {
        if (limit.window_ms == 0 || Is(Flip::kWindowIgnored)) {
          if (limit.window_ms == 0 && times.size() > max)
            out.push_back({Refusal::kLimit, counted, limit.max});
          continue;
        }
        std::sort(times.begin(), times.end());
        const std::int64_t window = limit.window_ms + (Is(Flip::kWindowInclusive) ? 1 : 0);
        for (std::size_t i = 0; i + max < times.size(); ++i) {
          if (times[i + max] - times[i] >= window) continue;
          out.push_back({Refusal::kWindow, counted, limit.max});
          break;
        }
      }
    }
  }
  for (const Pair& pair : apart_) {
    const bool a = std::find(nodes.begin(), nodes.end(), pair.first) != nodes.end();
    const bool b = std::find(nodes.begin(), nodes.end(), pair.second) != nodes.end();
    if (a && b) out.push_back({Refusal::kApart, "", 0});
  }
  return out;
}

void NaiveWorld::JoinGroups() {
  for (const Entry& entry : entries_) {
    if (!entry.live || entry.record.act != Act::kCannotLink || Is(Flip::kCannotLinkIgnored))
      continue;
    const std::vector<Identifier> ends = Nodes(entry, false);
    // Where renames made the two one node, it could never be kept, and says nothing.
    if (ends.size() == 2) apart_.insert({ends[0], ends[1]});
  }
  for (const auto& [node, first_ms] : first_ms_)
    group_of_[node] = std::make_shared<Group>(Group{node});
  std::vector<Pair> order;
  for (const auto& [pair, link] : links_) {
    if (!IsInert(pair)) order.push_back(pair);
  }
  std::sort(order.begin(), order.end(),
            [&](const Pair& a, const Pair& b) { return TakenBefore(a, b); });
  for (const Pair& pair : order) {
    const std::shared_ptr<Group> a = group_of_.at(pair.first);
    const std::shared_ptr<Group> b = group_of_.at(pair.second);
    if (a == b) continue;
    auto joined = std::make_shared<Group>(*a);
    joined->insert(joined->end(), b->begin(), b->end());
    std::sort(joined->begin(), joined->end());
    bool allowed = Violations(*joined).empty();
    if (Is(Flip::kForcedBeatsLimits) && links_.at(pair).state.forced) allowed = true;
    if (Is(Flip::kCannotLinkByPath) && !allowed && !apart_.contains(pair)) {
      const std::vector<Violation> found = Violations(*joined);
      allowed = std::all_of(found.begin(), found.end(),
                            [](const Violation& v) { return v.refusal == Refusal::kApart; });
    }
    if (!allowed) continue;
    for (const Identifier& node : *joined) group_of_[node] = joined;
  }
}

Group NaiveWorld::GroupOf(const Identifier& node) const { return *group_of_.at(node); }

// ---- section 6 ----

std::optional<Identifier> NaiveWorld::PrimaryOf(const Entry& entry) const {
  std::optional<Identifier> best;
  const auto key = [&](const Identifier& node) {
    return std::tuple(IsShared(node), PriorityOf(node), node);
  };
  for (const Identifier& node : Nodes(entry, true)) {
    if (!best || key(node) < key(*best)) best = node;
  }
  return best;
}

// ---- what comparisons look at ----

std::set<std::string> NaiveWorld::RecordsOf(const Pair& pair) const {
  std::set<std::string> out;
  for (const Sighting& s : links_.at(pair).sightings) out.insert(s.source + "/" + s.record);
  return out;
}

std::set<std::string> NaiveWorld::SourcesOf(const Pair& pair) const {
  std::set<std::string> out;
  for (const Sighting& s : links_.at(pair).sightings) out.insert(s.source);
  return out;
}

void NaiveWorld::Summarise() {
  std::map<Identifier, Group> names_of;
  for (const auto& [name, node] : spelling_) names_of[node].push_back(name);
  const auto names = [&](const Identifier& node) {
    const auto at = names_of.find(node);
    return at == names_of.end() ? Group{node} : at->second;
  };
  std::set<std::shared_ptr<Group>> distinct;
  for (const auto& [node, group] : group_of_) distinct.insert(group);
  for (const std::shared_ptr<Group>& group : distinct) {
    Group& out = state_.groups.emplace_back();
    for (const Identifier& node : *group) {
      for (const Identifier& name : names(node)) out.push_back(name);
    }
    std::sort(out.begin(), out.end());
  }
  std::sort(state_.groups.begin(), state_.groups.end());
  for (const Identifier& node : shared_) {
    for (const Identifier& name : names(node)) state_.shared.insert(name);
  }
  for (const Entry& entry : entries_) {
    if (entry.outcome != Outcome::kApplied) continue;
    for (const RecordVerdict::Counted& counted : entry.verdict.counted) {
      Identifier name{entry.record.identifiers[counted.index].ns, counted.value};
      if (!IsMentioned(NodeOf(name))) state_.gone.insert(std::move(name));
    }
  }
  for (auto& [pair, link] : links_) {
    link.state.kept = !IsInert(pair) && group_of_.at(pair.first) == group_of_.at(pair.second);
    state_.links.emplace(pair, link.state);
  }
}

}  // namespace polyonym::harness
