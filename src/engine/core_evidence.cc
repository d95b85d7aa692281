// From what records name to links: mentions, sightings, guards. docs/rule.md sections 3 and 4.
#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "engine/core.h"

namespace polyonym::engine {
namespace {

using identity::Evidence;

std::optional<std::int64_t> Later(std::optional<std::int64_t> a, std::optional<std::int64_t> b) {
  return !a || (b && *b > *a) ? b : a;
}

bool Voided(const Span& span, std::optional<std::int64_t> until) {
  return until && IsUpTo(span, *until);
}

}  // namespace

std::optional<std::pair<Record, std::vector<Core::Named>>> Core::LoadNamed(
    std::uint32_t record_index) {
  auto record = Load(record_index);
  if (!record) return std::nullopt;
  std::vector<Named> named;
  if (!NameLive(record_index, *record, &named)) return std::nullopt;
  return std::pair(*std::move(record), std::move(named));
}

// Mentions hang on what the dictionary has, so that lives can be cut again. Acts mention values that have lives, for the same end.
void Core::AddMentions(std::uint32_t record_index, Act act, const std::vector<Named>& named) {
  for (std::size_t i = 0; i < named.size(); ++i) {
    const Node value = named[i].value;
    const bool lives = rules_->has_validity() && HasLives(value);
    if (!Mentions(act) && !lives) continue;
    if (!Mentions(act)) acted_on_.insert(value);
    const auto same = [&](const Named& n) { return n.value == value; };
    if (named[i].derived() &&
        std::any_of(named.begin(), named.begin() + static_cast<std::ptrdiff_t>(i), same))
      continue;
    if (mentioned_ && !NoteMentioned(value, record_index)) continue;
    const MentionCell cell{record_index, graph_.node(value).mentions};
    index_->nodes.Write(value).mentions = static_cast<std::uint32_t>(index_->mentions.Append(cell));
  }
}

// False where the record is in the list already.
bool Core::NoteMentioned(Node value, std::uint32_t record_index) {
  constexpr int kFew = 8;
  std::uint32_t mention = graph_.node(value).mentions;
  for (int i = 0; i < kFew && mention != kNone; ++i) {
    const MentionCell& cell = index_->mentions.Latest(mention);
    if (cell.record == record_index) return false;
    mention = cell.next;
  }
  if (mention == kNone) return true;
  const auto [at, is_new] = mentioned_->try_emplace(value);
  if (is_new) {
    for (std::uint32_t m = graph_.node(value).mentions; m != kNone;
         m = index_->mentions.Latest(m).next)
      at->second.insert(index_->mentions.Latest(m).record);
  }
  return at->second.insert(record_index).second;
}

// Records that mention any name of a node, each once, ascending.
std::vector<std::uint32_t> Core::MentionsOf(Node node) const {
  std::vector<std::uint32_t> records;
  graph_.ForEachName(node, [&](Node name) {
    for (std::uint32_t m = graph_.node(ValueNode(name)).mentions; m != kNone;
         m = index_->mentions.Latest(m).next) {
      records.push_back(index_->mentions.Latest(m).record);
    }
  });
  std::sort(records.begin(), records.end());
  records.erase(std::unique(records.begin(), records.end()), records.end());
  return records;
}

void Core::ForEachLiveRecord(
    Node node, const std::function<void(const Record&, const std::vector<Named>&)>& f) {
  for (const std::uint32_t r : MentionsOf(node)) {
    if (!index_->records.Latest(r).live()) continue;
    const auto loaded = LoadNamed(r);
    if (!loaded) return;
    if (Mentions(loaded->first.act) && Names(loaded->second, node))
      f(loaded->first, loaded->second);
  }
}

void Core::Count(std::uint32_t record_index, const Record& record, const std::vector<Named>& named,
                 Sign sign) {
  const std::int64_t t = record.time_ms.value_or(0);
  // Facts that come or go change the profile, also where the naming counts for nothing: profile_cache.h looks at the cells.
  for (const Named& n : named) {
    if (record.facts.empty()) break;
    index_->nodes.Write(n.name);
    index_->nodes.Write(n.node);
    if (!tracker_.watches_facts()) continue;
    tracker_.Tell(n.name, false);
    tracker_.Tell(n.node, false);
  }
  if (named.size() < NamesOf(record.act)) return;  // of what is lost, DropLost() takes out the rest
  switch (record.act) {
    case Act::kObserve:
    case Act::kBind:
    case Act::kMustLink:
      CountNaming(record, named, sign);
      break;
    case Act::kUnbind:
      CountUnbind(named[0].name, named[1].name, t, sign);
      break;
    case Act::kCannotLink:
      CountCannotLink(named[0].name, named[1].name, sign);
      break;
    case Act::kRename:
      CountRename(record_index, record, named[0].name, named[1].name, sign);
      break;
    case Act::kDeleteIdentifier:
      CountDeletion(named[0].name, t, sign);
      break;
    case Act::kDeleteSource:
      CountSourceDeletion(record.target_source, t, sign);
      break;
    case Act::kRetract:
      break;
  }
}

// Distinct nodes, named ones before derived ones, self before other.
void Core::CountNaming(const Record& record, const std::vector<Named>& named, Sign sign) {
  std::vector<Named>& nodes = distinct_;
  nodes.assign(named.begin(), named.end());
  for (Named& n : nodes) n.node = graph_.Canonical(n.name);
  std::sort(nodes.begin(), nodes.end(), [](const Named& a, const Named& b) {
    return std::tuple(a.node, a.derived(), a.role) < std::tuple(b.node, b.derived(), b.role);
  });
  nodes.erase(std::unique(nodes.begin(), nodes.end(),
                          [](const Named& a, const Named& b) { return a.node == b.node; }),
              nodes.end());
  const Span span = SpanOf(record);
  if (sign == Sign::kPlus) {
    for (const Named& n : nodes) CountMention(n.node, span, sign);
  }
  CountPairs(record, nodes, sign);
  CountDerivedPairs(record, named, sign);
  if (record.act != Act::kMustLink && MayUnbindChildren()) {
    const std::vector<Named> counted(nodes);
    RecountChildren(counted, span.first_ms);
  }
  if (sign == Sign::kMinus) {
    for (const Named& n : nodes) CountMention(n.node, span, sign);
  }
}

void Core::CountPairs(const Record& record, const std::vector<Named>& nodes, Sign sign) {
  const bool forced = record.act == Act::kMustLink;
  const Span span = SpanOf(record);
  const auto pairs = [&](const Named& n) {
    return (n.role == Role::kSelf || forced) && !n.derived();
  };
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!pairs(nodes[i])) continue;
    for (std::size_t j = i + 1; j < nodes.size(); ++j) {
      if (pairs(nodes[j])) CountSighting(nodes[i].node, nodes[j].node, span, forced, sign);
    }
  }
}

// A derived identifier and what it is derived from, each pair once and where the record does not name both itself.
void Core::CountDerivedPairs(const Record& record, const std::vector<Named>& named, Sign sign) {
  std::set<NodePair> pairs;
  for (const Named& n : named) {
    if (!n.derived() || n.role != Role::kSelf) continue;
    const NodePair pair = MakePair(graph_.Canonical(n.from), graph_.Canonical(n.name));
    if (pair.first != pair.second && !NamesBoth(named, pair)) pairs.insert(pair);
  }
  for (const auto& [u, v] : pairs) CountSighting(u, v, SpanOf(record), false, sign);
}

bool Core::NamesBoth(const std::vector<Named>& named, NodePair pair) const {
  const auto names = [&](Node node) {
    return std::any_of(named.begin(), named.end(), [&](const Named& n) {
      return graph_.Canonical(n.name) == node && n.role == Role::kSelf && !n.derived();
    });
  };
  return names(pair.first) && names(pair.second);
}

// Whether a live record that names u sights it with v.
bool Core::Sights(const Record& record, const std::vector<Named>& named, Node u, Node v) const {
  if (record.act == Act::kRename) return false;
  if (record.act == Act::kMustLink) return named[0].node != named[1].node;
  if (NamesBoth(named, {u, v})) return true;
  return std::any_of(named.begin(), named.end(), [&](const Named& n) {
    return n.derived() && n.role == Role::kSelf &&
           MakePair(graph_.Canonical(n.from), graph_.Canonical(n.name)) == MakePair(u, v);
  });
}

// A record that names a parent and its child may bring the child under a later unbind of the parent, or out of it.
void Core::RecountChildren(const std::vector<Named>& nodes, std::int64_t t) {
  for (const Named& child : nodes) {
    const std::uint32_t parent_family =
        rules_->policy().ParentOf(rules_->FamilyOfKind(graph_.KindOf(child.node)));
    if (parent_family == CompiledPolicy::kUndeclared) continue;
    for (const Named& parent : nodes) {
      if (parent.node == child.node ||
          rules_->FamilyOfKind(graph_.KindOf(parent.node)) != parent_family)
        continue;
      graph_.ForEachName(parent.node, [&](Node name) {
        const auto partners = acts_.unbound_from.find(name);
        if (partners == acts_.unbound_from.end()) return;
        for (const Node partner : std::multiset<Node>(partners->second)) {
          if (const auto until = acts_.UnboundUntil(name, partner); until && t <= *until)
            RecountPair(graph_.Canonical(partner), child.node);
        }
      });
    }
  }
}

void Core::CountMention(Node node, const Span& span, Sign sign) {
  if (Voided(span, VoidUntil(node))) return;
  const NodeCell& cell = graph_.node(node);
  const std::uint32_t live = sign == Sign::kPlus ? cell.live + span.count : cell.live - span.count;
  if (cell.life())  // its first sighting is its beginning, whatever is voided
    return SetLive(node, live, cell.first_ms);
  const bool windowed = graph_.limits().kinds[cell.kind].windowed;
  const std::int64_t t = span.first_ms;
  if (sign == Sign::kPlus) {
    if (windowed) mention_times_.Add(node, t);
    SetLive(node, live, windowed ? (cell.live == 0 ? t : std::min(t, cell.first_ms)) : 0);
    return;
  }
  if (windowed) mention_times_.Remove(node, t);
  std::int64_t first = live == 0 ? 0 : cell.first_ms;
  if (windowed && live > 0 && t == cell.first_ms) {
    const auto* times = mention_times_.Find(node);
    if (times == nullptr && !stale_) return RecountNode(node);
    if (times == nullptr) {
      stale_->nodes.push_back(node);
    } else {
      first = *times->begin();
    }
  }
  SetLive(node, live, first);
}

// Mentions and first sighting of a node, from its records.
void Core::RecountNode(Node node) {
  const auto void_until = VoidUntil(node);
  std::uint32_t live = 0;
  std::vector<std::int64_t> times;  // the first of each record
  ForEachLiveRecord(node, [&](const Record& record, const std::vector<Named>&) {
    const Span span = SpanOf(record);
    if (record.act != Act::kRename && Voided(span, void_until)) return;
    live += span.count;
    times.push_back(span.first_ms);
  });
  if (graph_.node(node).life())  // its first sighting is its beginning, whatever is voided
    return SetLive(node, live, graph_.FirstMs(node));
  const bool windowed = graph_.limits().kinds[graph_.KindOf(node)].windowed;
  if (windowed) mention_times_.Put(node, times);
  const std::int64_t first =
      !windowed || times.empty() ? 0 : *std::min_element(times.begin(), times.end());
  SetLive(node, live, first);
}

void Core::SetLive(Node node, std::uint32_t live, std::int64_t first_ms) {
  const NodeCell was = graph_.node(node);
  if (was.live == live && was.first_ms == first_ms) return;
  NodeCell& cell = index_->nodes.Write(node);
  cell.live = live;
  cell.first_ms = first_ms;
  if ((was.live == 0) != (live == 0)) {
    const std::uint64_t by = live == 0 ? ~std::uint64_t{0} : 1;
    totals_.live_nodes += by;
    graph_.ForEachName(node, [&](Node name) {
      totals_.live_names += by;
      tracker_.Each(name);
    });
  }
  if (was.first_ms == first_ms || !graph_.limits().kinds[was.kind].windowed) return;
  // a window may fit now that did not, or the other way round.
  const Node root = graph_.ProfileOf(node);
  if (graph_.SizeOf(root) > 1 || graph_.Border(root) > 0) Replay(std::span(&root, 1));
}

void Core::CountSighting(Node u, Node v, const Span& span, bool forced, Sign sign) {
  const std::uint64_t hash = index_->HashPair(u, v);
  Link link = graph_.FindLink(u, v, hash);
  if (link == kNone)
    link = graph_.AddLink(u, v, hash);  // even when void: its children may be asked for it
  // Whether an unbind of a parent voids it is told by other records; behind the last such unbind nothing does.
  if (!forced && MayUnbindChildren() &&
      Voided(span, Later(LastParentUnbind(u, v), LastParentUnbind(v, u)))) {
    return RecountPair(u, v);
  }
  if (Voided(span, Later(VoidUntil(u), VoidUntil(v))) ||
      (!forced && Voided(span, PairUnboundUntil(u, v))))
    return;
  Evidence now = graph_.link(link).evidence;
  if (sign == Sign::kPlus) {
    sighting_times_.Add(link, span.first_ms);
    if (span.count > 1) sighting_times_.Add(link, span.last_ms);
    now.Add(span, forced);
    return SetEvidence(link, now);
  }
  sighting_times_.Remove(link, span.first_ms);
  if (span.count > 1) sighting_times_.Remove(link, span.last_ms);
  (forced ? now.forced : now.seen) -= span.count;
  if (!now.any()) {
    now = Evidence();
  } else if (span.first_ms == now.first_ms || span.last_ms == now.last_ms) {
    const auto* times = sighting_times_.Find(link);
    if (times == nullptr && !stale_) return RecountPair(u, v);
    if (times == nullptr) {
      stale_->links.push_back(link);
    } else {
      now.first_ms = *times->begin();
      now.last_ms = *times->rbegin();
    }
  }
  SetEvidence(link, now);
}

// Whether v is in fewer mentions than u, dead ones too: these are read as well, and nobody counts them.  COST: the fewer.
bool Core::IsMentionedLess(Node v, Node u) const {
  const auto heads = [&](Node node) {
    std::vector<std::uint32_t> mentions;
    graph_.ForEachName(
        node, [&](Node name) { mentions.push_back(graph_.node(ValueNode(name)).mentions); });
    return mentions;
  };
  const auto step = [&](std::vector<std::uint32_t>* mentions) {
    while (!mentions->empty() && mentions->back() == kNone) mentions->pop_back();
    if (mentions->empty()) return false;
    mentions->back() = index_->mentions.Latest(mentions->back()).next;
    return true;
  };
  std::vector<std::uint32_t> of_v = heads(v), of_u = heads(u);
  for (;;) {
    if (!step(&of_u)) return false;
    if (!step(&of_v)) return true;
  }
}

// Evidence of a pair, from the records of the end that has fewer.
void Core::RecountPair(Node u, Node v) {
  const Link link = graph_.FindLink(u, v);
  if (link == kNone) return;
  if (IsMentionedLess(v, u)) std::swap(u, v);
  const auto void_until = Later(VoidUntil(u), VoidUntil(v));
  const auto unbound_until = UnboundUntil(u, v);
  Evidence now;
  std::vector<std::int64_t> times;
  ForEachLiveRecord(u, [&](const Record& record, const std::vector<Named>& named) {
    const bool forced = record.act == Act::kMustLink;
    const Span span = SpanOf(record);
    if (!Names(named, v) || !Sights(record, named, u, v) || Voided(span, void_until) ||
        (!forced && Voided(span, unbound_until)))
      return;
    now.Add(span, forced);
    times.push_back(span.first_ms);
    if (span.count > 1) times.push_back(span.last_ms);
  });
  sighting_times_.Put(link, times);
  SetEvidence(link, now);
}

// When a node's mentions stop being void.
std::optional<std::int64_t> Core::VoidUntil(Node node) const {
  if (acts_.deletions.empty()) return std::nullopt;
  std::optional<std::int64_t> until;
  graph_.ForEachName(node, [&](Node name) { until = Later(until, acts_.DeletedUntil(name)); });
  return until;
}

// By unbinds of the pair itself.
std::optional<std::int64_t> Core::PairUnboundUntil(Node u, Node v) const {
  std::optional<std::int64_t> until;
  if (acts_.unbinds.empty()) return until;
  graph_.ForEachName(u, [&](Node a) {
    graph_.ForEachName(v, [&](Node b) { until = Later(until, acts_.UnboundUntil(a, b)); });
  });
  return until;
}

// By unbinds of the pair, and of one of them from a parent of the other that the other was seen with by then.
std::optional<std::int64_t> Core::UnboundUntil(Node u, Node v) {
  std::optional<std::int64_t> until = PairUnboundUntil(u, v);
  if (!MayUnbindChildren()) return until;
  for (const auto& pair : {std::pair(u, v), std::pair(v, u)}) {
    const Node child = pair.second;
    ForEachParentUnbind(pair.first, child, [&](Node parent, std::int64_t unbound) {
      const auto together = FirstTogether(parent, child);
      if (together && *together <= unbound) until = Later(until, unbound);
    });
  }
  return until;
}

std::optional<std::int64_t> Core::LastParentUnbind(Node a, Node child) const {
  std::optional<std::int64_t> last;
  ForEachParentUnbind(a, child, [&](Node, std::int64_t unbound) { last = Later(last, unbound); });
  return last;
}

// f(parent, time) for every unbind of `a` from what may be a parent of `child`.
template <class F>
void Core::ForEachParentUnbind(Node a, Node child, const F& f) const {
  const std::uint32_t parent_family =
      rules_->policy().ParentOf(rules_->FamilyOfKind(graph_.KindOf(child)));
  if (parent_family == CompiledPolicy::kUndeclared) return;
  graph_.ForEachName(a, [&](Node name) {
    const auto partners = acts_.unbound_from.find(name);
    if (partners == acts_.unbound_from.end()) return;
    for (const Node partner : partners->second) {
      const Node parent = graph_.Canonical(partner);
      if (parent == child || parent == a ||
          rules_->FamilyOfKind(graph_.KindOf(parent)) != parent_family)
        continue;
      if (const auto unbound = acts_.UnboundUntil(name, partner)) f(parent, *unbound);
    }
  });
}

// The earliest live observation or bind that sights the pair, void or not.
std::optional<std::int64_t> Core::FirstTogether(Node u, Node v) {
  std::optional<std::int64_t> first;
  ForEachLiveRecord(u, [&](const Record& record, const std::vector<Named>& named) {
    if (record.act != Act::kObserve && record.act != Act::kBind) return;
    if (Names(named, v) && Sights(record, named, u, v) && (!first || *record.time_ms < *first))
      first = record.time_ms;
  });
  return first;
}

void Core::SetEvidence(Link link, const Evidence& now) {
  SetLink(link, now, ExpiredNow(graph_.link(link), now));
}

// Puts evidence in force: the guards of both ends, then the rule.
void Core::SetLink(Link link, const Evidence& now, bool expired) {
  const LinkCell was = graph_.link(link);
  if (was.evidence == now && was.expired() == expired) return;
  const bool was_live = graph_.IsLive(was);
  const auto was_key =
      was_live ? std::optional(graph_.KeyOf(was)) : std::optional<identity::RankKey>();
  LinkCell& is = index_->links.Write(link);
  is.evidence = now;
  is.flags = expired ? is.flags | LinkCell::kExpired : is.flags & ~LinkCell::kExpired;
  graph_.NoteSpent(link, was.spent());
  Schedule(link, now);
  totals_.links +=
      static_cast<std::uint64_t>(is.counts()) - static_cast<std::uint64_t>(was.counts());
  const Node ends[] = {was.a, was.b};
  bool flips = false;
  if (was.neighbours() != is.neighbours()) {
    const std::uint32_t by = is.neighbours() ? 1 : ~std::uint32_t{0};
    for (const Node end : ends) index_->nodes.Write(end).degree += by;
    CountNeighbour(was.a, was.b, by);
    CountNeighbour(was.b, was.a, by);
    for (const Node end : ends) flips |= ShouldBeShared(end) != graph_.node(end).shared();
  }
  const bool is_live = graph_.IsLive(is);
  if (!flips && !deferred_.on()) {
    if (is_live) {
      resolver_.Put(was.a, was.b, link, graph_.KeyOf(is), was_key);
    } else if (was_live) {
      resolver_.Drop(was.a, was.b, link);
    }
    return;
  }
  if (!flips && was_live == is_live && (!is_live || *was_key == graph_.KeyOf(is))) return;
  if (graph_.IsBorder(link)) graph_.SetBorder(link, false);
  for (const Node end : ends) {
    const bool shared = ShouldBeShared(end);
    if (shared != graph_.node(end).shared()) FlipSharing(end, shared);
  }
  const Node region[] = {graph_.ProfileOf(was.a), graph_.ProfileOf(was.b)};
  const Cause cause = tracker_.cause();
  if (flips) SetCause(Cause::kSharing, tracker_.record());
  Replay(std::span(region, region[0] == region[1] ? 1 : 2));
  tracker_.SetCause(cause, tracker_.record());
}

// A neighbour came or went.
void Core::CountNeighbour(Node node, Node other, std::uint32_t by) {
  if (guarded_.empty()) return;
  const auto at = guarded_.find(node);
  if (at == guarded_.end()) return;
  const std::vector<GuardRule>& guards = rules_->GuardsOf(graph_.KindOf(node));
  for (std::size_t g = 0; g < guards.size(); ++g) {
    if (rules_->GuardCounts(guards[g], graph_.KindOf(other))) at->second[g] += by;
  }
}

// Neighbours of a node that one of its guards counts. Counted link by link once, then kept.
std::uint32_t Core::GuardedNeighbours(Node node, std::size_t guard) {
  const auto [at, is_new] = guarded_.try_emplace(node);
  auto& counts = at->second;
  if (!is_new) return counts[guard];
  const std::vector<GuardRule>& guards = rules_->GuardsOf(graph_.KindOf(node));
  counts.resize(guards.size());
  graph_.ForEachPair(node, [&](Link, const LinkCell& l) {
    for (std::size_t g = 0; g < guards.size(); ++g) {
      if (l.neighbours() && rules_->GuardCounts(guards[g], graph_.KindOf(l.Other(node))))
        ++counts[g];
    }
  });
  return counts[guard];
}

bool Core::ShouldBeShared(Node node) {
  const NodeCell& cell = graph_.node(node);
  if (cell.degree <= rules_->NeverShared(cell.kind) && guarded_.empty()) return false;
  const std::vector<GuardRule>& guards = rules_->GuardsOf(cell.kind);
  bool may_be_counted = false;
  for (std::size_t g = 0; g < guards.size(); ++g) {
    if (cell.degree <= guards[g].max_neighbours) continue;
    if (guards[g].of.empty() || GuardedNeighbours(node, g) > guards[g].max_neighbours) return true;
    may_be_counted = true;
  }
  if (!may_be_counted && !guarded_.empty()) guarded_.erase(node);
  return false;
}

// Opens or closes a guard. The rule must be run over the node's profile next.
void Core::FlipSharing(Node node, bool shared) {
  if (shared) {
    graph_.ForEachLink(node, [&](Node, identity::RankKey, Link link) {
      if (graph_.IsBorder(link)) graph_.SetBorder(link, false);
    });
  }
  NodeCell& cell = index_->nodes.Write(node);
  cell.flags = shared ? cell.flags | NodeCell::kShared : cell.flags & ~NodeCell::kShared;
  totals_.shared += shared ? 1 : ~std::uint64_t{0};
  last_flip_ = sequence_;
  tracker_.Regard(node);
  ++(shared ? flips_.tripped : flips_.released);
  if (shared && flips_.became_shared.size() < kMaxGuardEvents) flips_.became_shared.push_back(node);
}

}  // namespace polyonym::engine
