// Acts about identifiers and sources: unbind, cannot-link, delete, rename. docs/rule.md sections 1 to 3.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "engine/core.h"

namespace polyonym::engine {

// Pairs that sightings make need no second: who is named alone is named all the same.
std::size_t Core::NamesOf(Act act) {
  switch (act) {
    case Act::kUnbind:
    case Act::kCannotLink:
    case Act::kRename:
      return 2;
    case Act::kDeleteIdentifier:
      return 1;
    default:
      return 0;
  }
}

void Core::RestoreAct(std::uint32_t record_index, const Record& record,
                      const std::vector<Named>& named) {
  const std::int64_t t = record.time_ms.value_or(0);
  if (record.act == Act::kUnbind) acts_.AddUnbind(named[0].name, named[1].name, t);
  if (record.act == Act::kCannotLink) acts_.AddApart(named[0].name, named[1].name);
  if (record.act == Act::kDeleteIdentifier) {
    acts_.AddDeletion(named[0].name, t);
    MarkDeleted(named[0].name);
  }
  if (record.act == Act::kDeleteSource) acts_.AddSourceDeletion(record.target_source, t);
  if (record.act == Act::kRename) {
    acts_.AddRename(record_index, {named[0].name, named[1].name, t});
  }
}

void Core::CountUnbind(Node a, Node b, std::int64_t t, Sign sign) {
  if (sign == Sign::kPlus) {
    acts_.AddUnbind(a, b, t);
  } else {
    acts_.RemoveUnbind(a, b, t);
  }
  const Node u = graph_.Canonical(a), v = graph_.Canonical(b);
  if (u == v) return;
  RecountPair(u, v);
  if (!rules_->policy().HasParents()) return;
  for (const NodePair& way : {NodePair(u, v), NodePair(v, u)}) {
    const Node partner = way.first, parent = way.second;
    std::vector<Node> children;
    const std::uint32_t parent_family = rules_->FamilyOfKind(graph_.KindOf(parent));
    graph_.ForEachPair(parent, [&](Link, const LinkCell& l) {
      const Node other = l.Other(parent);
      if (rules_->policy().ParentOf(rules_->FamilyOfKind(graph_.KindOf(other))) == parent_family)
        children.push_back(other);
    });
    for (const Node child : children) {
      if (child != partner) RecountPair(partner, child);
    }
  }
}

// For views, which cannot ask the acts: where it is not set, nothing that names the identifier is void for it.
void Core::MarkDeleted(Node name) {
  NodeCell& cell = index_->nodes.Write(name);
  cell.flags =
      acts_.DeletedUntil(name) ? cell.flags | NodeCell::kDeleted : cell.flags & ~NodeCell::kDeleted;
}

void Core::CountDeletion(Node name, std::int64_t t, Sign sign) {
  if (sign == Sign::kPlus) {
    acts_.AddDeletion(name, t);
  } else {
    acts_.RemoveDeletion(name, t);
  }
  MarkDeleted(name);
  const Node node = graph_.Canonical(name);
  std::set<Node> others;
  if (sign == Sign::kPlus) {  // which voids more: a pair without evidence stays so
    graph_.ForEachPair(node, [&](Link, const LinkCell& l) {
      if (l.evidence.any()) others.insert(l.Other(node));
    });
  } else {  // what it voided may be in no list
    ForEachLiveRecord(node, [&](const Record&, const std::vector<Named>& named) {
      for (const Named& n : named) {
        if (n.node != node) others.insert(n.node);
      }
    });
    RecountNode(node);  // mentioned before it is linked, linked no longer than mentioned
  }
  for (const Node other : others) RecountPair(node, other);
  if (sign == Sign::kPlus && graph_.node(node).live > 0) RecountNode(node);
}

void Core::CountSourceDeletion(const std::string& source, std::int64_t t, Sign sign) {
  if (sign == Sign::kPlus) {
    acts_.AddSourceDeletion(source, t);
  } else {
    acts_.RemoveSourceDeletion(source, t);
  }
  const std::uint32_t hash = Index::CutSource(index_->HashSource(source));
  for (std::uint32_t r = 0; r < index_->records.size(); ++r) {
    const RecordCell cell = index_->records.Latest(r);
    if (cell.source != hash || !cell.has(RecordCell::kStands) || cell.has(RecordCell::kHeld))
      continue;
    auto loaded = LoadNamed(r);
    if (!loaded) return;
    const Record& record = loaded->first;
    if (record.source != source || record.act == Act::kRetract) continue;
    const bool voided = VoidedBySource(record);
    if (voided == cell.has(RecordCell::kVoided)) continue;
    SetFlags(r, voided ? RecordCell::kVoided : 0, voided ? 0 : RecordCell::kVoided);
    if (voided) {
      CountOut(r, record, loaded->second);
    } else {
      Judged judged;
      Judge(record, &judged);
      CountIn(r, judged, &loaded->second);
    }
  }
}

void Core::CountCannotLink(Node a, Node b, Sign sign) {
  if (sign == Sign::kPlus) {
    acts_.AddApart(a, b);
  } else {
    acts_.RemoveApart(a, b);
  }
  const Node u = graph_.Canonical(a), v = graph_.Canonical(b);
  if (u != v) SetCannot(u, v, sign == Sign::kPlus ? 1 : -1);
}

// Changes the count of cannot-links of a pair of nodes, and the partition with it.
void Core::SetCannot(Node u, Node v, int by) {
  Link link = graph_.FindLink(u, v);
  if (link == kNone) link = graph_.AddLink(u, v, index_->HashPair(u, v));
  LinkCell& cell = index_->links.Write(link);
  const bool was = cell.cannot > 0, was_spent = cell.spent();
  cell.cannot += static_cast<std::uint32_t>(by);
  const bool is = cell.cannot > 0;
  if (was == is) return;
  graph_.NoteSpent(link, was_spent);
  for (const Node node : {u, v}) {
    const std::uint32_t left = apart_links_[node] += is ? 1 : ~std::uint32_t{0};
    if (left == 0) apart_links_.erase(node);
    NodeCell& n = index_->nodes.Write(node);
    n.flags = left > 0 ? n.flags | NodeCell::kApart : n.flags & ~NodeCell::kApart;
  }
  const Node region[] = {graph_.ProfileOf(u), graph_.ProfileOf(v)};
  if (region[0] == region[1]) return Replay(std::span(region, 1));  // also renews the tally
  if (is) {  // no group on the way to two profiles ever held both
    for (const Node root : region) graph_.MarkApart(root);
  } else if (graph_.Border(region[0]) > 0 &&
             graph_.Border(region[1]) > 0) {  // it may have refused a link between them
    Replay(region);
  }
}

// Puts the live cannot-links of these identifiers into the links of their nodes, or takes them out. Each act once.
void Core::CountCannotOf(const std::vector<Node>& names, int by) {
  const std::set<Node> in(names.begin(), names.end());
  for (const Node name : names) {
    const auto at = acts_.apart_from.find(name);
    if (at == acts_.apart_from.end()) continue;
    for (const Node other : std::multiset<Node>(at->second)) {
      if (in.contains(other) && other < name) continue;  // counted from the other end
      const Node u = graph_.Canonical(name), v = graph_.Canonical(other);
      if (u != v) SetCannot(u, v, by);
    }
  }
}

// A rename joins two classes, or taking it back parts one: everything that was said of them is taken out, the classes are
// made again, and it is put back.
void Core::CountRename(std::uint32_t record_index, const Record& record, Node from, Node to,
                       Sign sign) {
  std::vector<Node> names;
  for (const Node seed : {from, to})
    graph_.ForEachName(graph_.Canonical(seed), [&](Node name) { names.push_back(name); });
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const Node name : names) tracker_.Each(name);

  // What names any of them, each once.
  std::map<std::uint32_t, std::pair<Record, std::vector<Named>>> records;
  for (const Node node : {graph_.Canonical(from), graph_.Canonical(to)}) {  // of all their names
    for (const std::uint32_t r : MentionsOf(node)) {
      if (r == record_index || !index_->records.Latest(r).live() || records.contains(r)) continue;
      auto loaded = LoadNamed(r);
      if (!loaded) return;
      // Under an earlier policy it may have been what another spelling came to.
      if (std::any_of(loaded->second.begin(), loaded->second.end(), [&](const Named& n) {
            return std::binary_search(names.begin(), names.end(), n.name);
          }))
        records.emplace(r, *std::move(loaded));
    }
  }
  const auto count_again = [&](std::uint32_t r, Sign direction) {
    const auto& [again, named] = records.at(r);
    if (again.act == Act::kRename) {  // here it only mentions
      const Node node = graph_.Canonical(named[0].name);
      SetLive(node, graph_.node(node).live + (direction == Sign::kPlus ? 1 : ~std::uint32_t{0}), 0);
    } else {
      Count(r, again, named, direction);
    }
  };
  for (const Node name : names)
    mention_times_.Drop(name);  // the rename's own mention is counted by hand below
  // Its own mention goes first and comes last, and records go one at a time, so that whatever is counted from records on the
  // way agrees with what is in the index.
  if (sign == Sign::kPlus) {
    SetFlags(record_index, RecordCell::kVoided, 0);
  } else {
    const Node node = graph_.Canonical(from);
    SetLive(node, graph_.node(node).live - 1, 0);
  }
  for (const auto& [r, loaded] : records) {
    SetFlags(r, RecordCell::kVoided, 0);
    count_again(r, Sign::kMinus);
  }
  CountCannotOf(names, -1);
  if (sign == Sign::kPlus) {
    acts_.AddRename(record_index, {from, to, *record.time_ms});
  } else {
    acts_.RemoveRename(record_index);
  }
  Reclass(names);
  CountCannotOf(names, 1);
  if (sign == Sign::kPlus) {
    SetFlags(record_index, 0, RecordCell::kVoided);
    const Node node = graph_.Canonical(from);
    SetLive(node, graph_.node(node).live + 1, 0);
  }
  for (const auto& [r, loaded] : records) {
    SetFlags(r, 0, RecordCell::kVoided);
    count_again(r, Sign::kPlus);
  }
  for (const Node name : names) {
    const Node node = graph_.Canonical(name);
    if (graph_.limits().kinds[graph_.KindOf(node)].windowed) RecountNode(node);
    graph_.RefreshId(graph_.ProfileOf(node));
    tracker_.Each(name);
  }
}

// Equal times are settled by source, then id, which the log has.
bool Core::IsLaterRename(std::uint32_t a, std::uint32_t b) {
  const std::int64_t a_ms = acts_.renames.at(a).time_ms, b_ms = acts_.renames.at(b).time_ms;
  if (a == b || a_ms != b_ms) return a_ms > b_ms;
  const auto x = Load(a), y = Load(b);
  return x && y && std::tie(x->source, x->id) > std::tie(y->source, y->id);
}

// Makes the classes of these identifiers again from the live renames among them.
void Core::Reclass(const std::vector<Node>& names) {
  for (const Node name : names) tracker_.Regard(name);
  std::set<Node> left(names.begin(), names.end());
  while (!left.empty()) {
    std::vector<Node> members = {*left.begin()};
    left.erase(left.begin());
    std::uint32_t latest = kNone;
    for (std::size_t i = 0; i < members.size(); ++i) {
      const auto acts = acts_.renames_of.find(members[i]);
      if (acts == acts_.renames_of.end()) continue;
      for (const std::uint32_t r : acts->second) {
        const RenameAct& act = acts_.renames.at(r);
        if (latest == kNone || IsLaterRename(r, latest)) latest = r;
        for (const Node end : {act.from, act.to}) {
          if (left.erase(end) > 0) members.push_back(end);
        }
      }
    }
    const Node canonical = latest == kNone ? members.front() : acts_.renames.at(latest).to;
    for (std::size_t i = 0; i < members.size(); ++i) {
      const std::uint32_t rename = graph_.node(members[i]).rename;
      if (members.size() == 1 && rename == kNone) break;
      if (members.size() == 1) {
        index_->nodes.Write(members[i]).rename = kNone;
        break;
      }
      PutRename(members[i], {canonical, members[(i + 1) % members.size()], kNone});
    }
  }
}

}  // namespace polyonym::engine
