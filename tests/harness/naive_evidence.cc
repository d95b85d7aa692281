// docs/rule.md sections 3 and 4: what records say of nodes and pairs, and what that is worth.
#include <algorithm>
#include <limits>

#include "harness/naive.h"

namespace polyonym::harness {
namespace {

bool IsPairAct(Act act) { return act == Act::kObserve || act == Act::kBind; }

bool Matches(std::string_view of, const std::string& ns, bool family_only) {
  if (of.empty()) return true;
  if (family_only) return FamilyOf(ns) == FamilyOf(of);
  return ns == of || FamilyOf(ns) == of;
}

}  // namespace

// ---- section 3: evidence ----

// 3.1
void NaiveWorld::ReadDeletes() {
  for (const Entry& entry : entries_) {
    if (!entry.live || entry.record.act != Act::kDeleteIdentifier) continue;
    const Identifier name = NameOf(entry, entry.verdict.counted.front());
    Node of = NodeAt(name, *entry.record.time_ms);
    if (Is(Flip::kDeleteByName)) of.name = name;
    std::int64_t until = *entry.record.time_ms - (Is(Flip::kDeleteBefore) ? 1 : 0);
    if (Is(Flip::kDeleteForEver)) until = std::numeric_limits<std::int64_t>::max();
    const auto [at, first] = deleted_until_.try_emplace(of, until);
    if (!first) at->second = std::max(at->second, until);
  }
}

// 3.1 Whether what this record says of `node` is void.
bool NaiveWorld::Deleted(const Entry& entry, const Node& node) const {
  if (entry.record.act == Act::kMustLink && Is(Flip::kDeleteSparesMustLinks)) return false;
  const auto at = deleted_until_.find(node);
  return at != deleted_until_.end() && LastMs(entry.record) <= at->second;
}

// 3.3
void NaiveWorld::ReadUnbinds() {
  for (const Entry& entry : entries_) {
    if (!entry.live || entry.record.act != Act::kUnbind) continue;
    const Nodes ends = NodesIn(entry, Which::kAll);
    if (ends.size() < 2) continue;
    const std::int64_t t = *entry.record.time_ms - (Is(Flip::kUnbindBefore) ? 1 : 0);
    const auto unbind = [&](const NodePair& pair) {
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
void NaiveWorld::UnbindChildren(const Node& a, const Node& parent, std::int64_t time_ms) {
  for (const Entry& entry : entries_) {
    if (!entry.live || !IsPairAct(entry.record.act)) continue;
    if (*entry.record.time_ms > time_ms && !Is(Flip::kUnbindChildrenAtAnyTime)) continue;
    const Nodes named = NodesIn(entry, Which::kSelfNamed);
    for (const NodePair& pair : PairsIn(entry)) {
      if (pair.first != parent && pair.second != parent) continue;
      const Node& c = pair.first == parent ? pair.second : pair.first;
      if (c == a || policy_->ParentOf(FamilyIndex(c.name)) != FamilyIndex(parent.name)) continue;
      if (Is(Flip::kUnbindSparesDerived) && std::find(named.begin(), named.end(), c) == named.end())
        continue;
      if (Is(Flip::kUnbindNeedsLiveParent) &&
          (Deleted(entry, c) || Deleted(entry, parent) ||
           Unbound(MakePair(c, parent), LastMs(entry.record)))) {
        continue;
      }
      const auto [at, first] = unbound_until_.try_emplace(MakePair(a, c), time_ms);
      if (!first) at->second = std::max(at->second, time_ms);
    }
  }
}

bool NaiveWorld::Unbound(const NodePair& pair, std::int64_t time_ms) const {
  const auto at = unbound_until_.find(pair);
  return at != unbound_until_.end() && (time_ms <= at->second || Is(Flip::kUnbindForEver));
}

// 3.2 Whether one counted identifier of a record is derived from another.
bool NaiveWorld::IsDerivedFrom(const Entry& entry, std::uint32_t of, std::uint32_t from) const {
  for (const RecordVerdict::Derivation& derivation : entry.verdict.derivations) {
    if (derivation.of != of) continue;
    if (derivation.from == from) return true;
    if (Is(Flip::kDerivedLinksFirstOrigin)) return false;
  }
  return false;
}

// 3.2, 3.4 The pairs that a record of this kind sees.
std::set<NaiveWorld::NodePair> NaiveWorld::PairsIn(const Entry& entry) const {
  const std::vector<RecordVerdict::Counted>& counted = entry.verdict.counted;
  const bool any_role = entry.record.act == Act::kMustLink || Is(Flip::kOthersLink);
  std::vector<Node> nodes;
  for (const RecordVerdict::Counted& c : counted)
    nodes.push_back(NodeAt(NameOf(entry, c), *entry.record.time_ms));
  std::set<NodePair> pairs;
  for (std::uint32_t i = 0; i < counted.size(); ++i) {
    for (std::uint32_t j = 0; j < i; ++j) {
      const bool derived = counted[i].derived || counted[j].derived;
      if (derived && !IsDerivedFrom(entry, i, j)) continue;  // derived ones are the last
      const bool self = counted[i].role == Role::kSelf && counted[j].role == Role::kSelf;
      if (!self && !any_role && !(derived && Is(Flip::kDerivedOfOthersLinks))) continue;
      if (nodes[i] != nodes[j]) pairs.insert(MakePair(nodes[i], nodes[j]));
    }
  }
  return pairs;
}

// 3.2, 3.4
void NaiveWorld::GatherSightings() {
  for (const Entry& entry : entries_) {
    const bool forced = entry.record.act == Act::kMustLink;
    if (entry.outcome != Outcome::kApplied || !(IsPairAct(entry.record.act) || forced)) continue;
    if (entry.record.act == Act::kBind && Is(Flip::kBindIsNoSighting)) continue;
    const std::int64_t t = *entry.record.time_ms;
    for (const NodePair& pair : PairsIn(entry)) {
      if (!forced) ever_seen_.insert(pair);
      if (!entry.live || Deleted(entry, pair.first) || Deleted(entry, pair.second)) continue;
      if (Unbound(pair, LastMs(entry.record)) && (!forced || Is(Flip::kUnbindVoidsMustLinks)))
        continue;
      links_[pair].sightings.push_back({t, forced, entry.record.source, entry.record.id,
                                        LastMs(entry.record),
                                        entry.record.folded ? entry.record.folded->count : 1});
    }
  }
}

// 3.5
void NaiveWorld::GatherMentions() {
  for (const Entry& entry : entries_) {
    const Act act = entry.record.act;
    const bool rename = act == Act::kRename && !Is(Flip::kRenameIsNoMention);
    if (!entry.live || !(IsPairAct(act) || act == Act::kMustLink || rename)) continue;
    const bool self_only = IsPairAct(act) && Is(Flip::kOthersAreNoMention);
    for (const Node& node : NodesIn(entry, self_only ? Which::kSelf : Which::kAll)) {
      if (!rename && Deleted(entry, node)) continue;
      const bool of_life = !LivesOf(node.name).empty() && !Is(Flip::kLifeBeginsWithMention);
      const std::int64_t t = of_life ? node.life : *entry.record.time_ms;
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
      if (!s.forced) state.seen += s.count;
      if (!s.forced || !Is(Flip::kCountWithoutForced)) link.count += s.count;
      if (!any_time || s.time_ms < state.first_ms) state.first_ms = s.time_ms;
      if (!any_time || (s.last_ms > state.last_ms &&
                        !(s.forced && !only_forced && Is(Flip::kLastWithoutForced)))) {
        state.last_ms = s.last_ms;
      }
      any_time = true;
    }
    state.expired = LifetimeIsOver(pair, state);
  }
}

bool NaiveWorld::LifetimeIsOver(const NodePair& pair, const LinkState& state) const {
  if (Is(Flip::kLifetimeIgnored) || (state.forced && !Is(Flip::kForcedExpires))) return false;
  constexpr std::int64_t kForEver = std::numeric_limits<std::int64_t>::max();
  const auto lifetime = [&](const Node& node) {
    const std::int64_t ms = NamespaceOf(node.name).link_lifetime_ms;
    return ms == 0 ? kForEver : ms;
  };
  const std::int64_t a = lifetime(pair.first), b = lifetime(pair.second);
  const std::int64_t of_link = Is(Flip::kLifetimeOfLonger) ? std::max(a, b) : std::min(a, b);
  if (of_link == kForEver) return false;
  const std::int64_t until =
      (Is(Flip::kLifetimeFromFirst) ? state.first_ms : state.last_ms) + of_link;
  return clock_ms_ > until || (clock_ms_ == until && Is(Flip::kExpiresAtItself));
}

// 4.2
std::set<NaiveWorld::Node> NaiveWorld::NeighboursOf(const Node& node) const {
  std::set<Node> neighbours;
  const auto add = [&](const NodePair& pair) {
    if (pair.first == node) neighbours.insert(pair.second);
    if (pair.second == node) neighbours.insert(pair.first);
  };
  for (const auto& [pair, link] : links_) {
    if (link.state.expired && !Is(Flip::kGuardCountsExpired)) continue;
    const bool unforced = std::any_of(link.sightings.begin(), link.sightings.end(),
                                      [](const Sighting& s) { return !s.forced; });
    if (unforced || Is(Flip::kGuardCountsForced)) add(pair);
  }
  if (Is(Flip::kGuardNeverReleased)) {
    for (const NodePair& pair : ever_seen_) add(pair);
  }
  return neighbours;
}

void NaiveWorld::MarkShared() {
  for (const auto& [node, first_ms] : first_ms_) {
    std::vector<Guard> guards = NamespaceOf(node.name).guards;
    const bool own =
        std::any_of(guards.begin(), guards.end(), [](const Guard& g) { return g.of.empty(); });
    const std::uint32_t otherwise = policy_->policy().default_max_neighbours;
    if (otherwise != 0 && (!own || Is(Flip::kDefaultGuardAlways)) &&
        !Is(Flip::kDefaultGuardNever)) {
      guards.push_back({"", otherwise});
    }
    if (guards.empty()) continue;
    const std::set<Node> neighbours = NeighboursOf(node);
    for (const Guard& guard : guards) {
      const auto n = std::count_if(neighbours.begin(), neighbours.end(), [&](const Node& other) {
        return Matches(guard.of, other.name.ns, Is(Flip::kGuardIgnoresScope)) &&
               !(Is(Flip::kGuardSkipsShared) && shared_.contains(other));
      });
      if (n > static_cast<std::int64_t>(guard.max_neighbours) + (Is(Flip::kGuardOffByOne) ? 1 : 0))
        shared_.insert(node);
    }
  }
}

// 4.3
bool NaiveWorld::IsInert(const NodePair& pair) const {
  if (Is(Flip::kForcedBeatsGuard) && links_.at(pair).state.forced) return false;
  return IsShared(pair.first) || IsShared(pair.second);
}

bool NaiveWorld::TakenBefore(const NodePair& a, const NodePair& b) const {
  const LinkState& x = links_.at(a).state;
  const LinkState& y = links_.at(b).state;
  const std::size_t count_x = links_.at(a).count, count_y = links_.at(b).count;
  if (x.forced != y.forced && !Is(Flip::kForcedNotFirst)) return x.forced;
  const Ranking ranking = policy_->policy().ranking;
  if (ranking == Ranking::kStrongest) {
    if (count_x != count_y) return count_x > count_y;
  } else if (!Is(Flip::kPriorityIgnored)) {
    const std::uint32_t sum_x = PriorityOf(a.first.name) + PriorityOf(a.second.name);
    const std::uint32_t sum_y = PriorityOf(b.first.name) + PriorityOf(b.second.name);
    if (sum_x != sum_y) return sum_x < sum_y;
  }
  if (ranking == Ranking::kOldest) {
    if (x.first_ms != y.first_ms) return (x.first_ms < y.first_ms) != Is(Flip::kTimeReversed);
  } else if (x.last_ms != y.last_ms) {
    return (x.last_ms > y.last_ms) != Is(Flip::kTimeReversed);
  }
  return a != b && (a < b) != Is(Flip::kTieToGreater);
}

}  // namespace polyonym::harness
