// The way of most records: an observation that only adds. What core_evidence.cc does step by step, each step on its own, is done
// here in one pass over the identifiers and one over their pairs, with every cell looked up once. What is not plain by the few
// questions of IsPlain() and NamePlain() goes the other way; both leave the same cells.
#include <algorithm>

#include "engine/core.h"

namespace polyonym::engine {

using identity::Evidence;

// Whether nothing but its identifiers' own cells can say how the record counts: no act voids anything, nothing has a time limit, nothing
// is put off.
bool Core::IsPlain(const Judged& judged) const {
  return judged.record->act == Act::kObserve && !judged.record->folded &&
         judged.verdict.derivations.empty() && acts_.deletions.empty() && acts_.unbinds.empty() &&
         !rules_->has_validity() && !rules_->policy().HasLifetimes() && !deferred_.on() &&
         !stale_ && !mentioned_;
}

// Finds or adds the nodes of a plain record, in its order. False where one of them is of a class, or in a window.
bool Core::NamePlain(const Judged& judged) {
  named_.clear();
  for (std::size_t i = 0; i < judged.names.size(); ++i) {
    const RecordVerdict::Counted& counted = judged.verdict.counted[i];
    const auto [kind, hash, guess] = judged.names[i];
    if (kind == kNone || graph_.limits().kinds[kind].windowed) return false;
    Node node = graph_.Find(kind, counted.value, hash);
    if (node == kNone) {
      node = graph_.Add(kind, counted.value, hash);
    } else if (graph_.node(node).rename != kNone) {
      return false;
    }
    named_.push_back({node, node, counted.role, kNone, node});
  }
  return true;
}

// Counts a plain record, whose nodes are in named_.
void Core::CountPlain(std::uint32_t record_index, std::int64_t time_ms) {
  plain_.clear();
  if (tracker_.watches_facts() && index_->records.Latest(record_index).has(RecordCell::kFacts)) {
    Node primary = kNone;
    for (const Named& n : named_) {
      if (n.role != Role::kSelf) continue;
      if (primary == kNone || graph_.BetterPrimary(n.node, primary)) primary = n.node;
    }
    if (primary != kNone) tracker_.Tell(primary, true);
  }
  for (const Named& n : named_) {
    NodeCell& cell = index_->nodes.Write(n.node);
    cell.mentions =
        static_cast<std::uint32_t>(index_->mentions.Append({record_index, cell.mentions}));
    if (cell.live++ == 0) {
      ++totals_.live_nodes;
      ++totals_.live_names;
      tracker_.Each(n.node);
    }
    cell.first_ms = 0;
    if (n.role == Role::kSelf) plain_.push_back({n.node, &cell});
  }
  std::sort(plain_.begin(), plain_.end(),
            [](const PlainNode& a, const PlainNode& b) { return a.node < b.node; });
  for (std::size_t i = 0; i < plain_.size(); ++i) {
    for (std::size_t j = i + 1; j < plain_.size(); ++j)
      CountPlainPair(plain_[i], plain_[j], time_ms);
  }
}

void Core::CountPlainPair(const PlainNode& u, const PlainNode& v, std::int64_t time_ms) {
  const std::uint64_t hash = index_->HashPair(u.node, v.node);
  const Link known = graph_.FindLink(u.node, v.node, hash);
  if (known == kNone) return SightFirst(u, v, hash, time_ms);
  const LinkCell& cell = graph_.link(known);
  Evidence now = cell.evidence;
  now.Add(time_ms, false);
  if (sighting_times_.any()) sighting_times_.Add(known, time_ms);
  if (cell.evidence.seen == 0 || cell.expired()) return SetEvidence(known, now);
  const bool live = !u.cell->shared() && !v.cell->shared();
  const identity::RankKey was = graph_.KeyOf(cell);
  index_->links.Write(known).evidence = now;
  if (live) resolver_.Put(u.node, v.node, known, graph_.KeyOf(graph_.link(known)), was);
}

// The first sighting of a pair: AddLink() and SetLink() at once.
void Core::SightFirst(const PlainNode& u, const PlainNode& v, std::uint64_t hash,
                      std::int64_t time_ms) {
  const auto crowded = [this](const NodeCell& cell) {
    return cell.shared() || cell.degree >= rules_->NeverShared(cell.kind);
  };
  if (crowded(*u.cell) || crowded(*v.cell) || !guarded_.empty()) {
    const Link link = graph_.AddLink(u.node, v.node, hash);
    Evidence now;
    now.Add(time_ms, false);
    return SetEvidence(link, now);
  }
  LinkCell cell;
  cell.a = u.node;
  cell.b = v.node;
  cell.evidence.Add(time_ms, false);
  const auto link = static_cast<Link>(index_->links.size());
  cell.next_a = std::exchange(u.cell->links, link);
  cell.next_b = std::exchange(v.cell->links, link);
  ++u.cell->degree;
  ++v.cell->degree;
  index_->links.Append(cell);
  index_->pairs.Insert(hash, link);
  ++totals_.links;
  resolver_.Put(u.node, v.node, link, graph_.KeyOf(cell), std::nullopt);
}

}  // namespace polyonym::engine
