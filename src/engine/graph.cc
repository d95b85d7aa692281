#include "engine/graph.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "polyonym/identity/disjoint_set.h"

namespace polyonym::engine {

Node Graph::Find(Kind kind, std::string_view value, std::uint64_t hash) const {
  return index_->dictionary.Find(hash, [&](Node n) {
    return n < index_->nodes.size() && KindOf(n) == kind && !node(n).erased() &&
           ValueOf(n) == value;
  });
}

Node Graph::Add(Kind kind, std::string_view value, std::uint64_t hash) {
  NodeCell cell;
  cell.kind = kind;
  cell.value = index_->values.Add(value);
  cell.parent = cell.ring = static_cast<Node>(index_->nodes.size());
  const auto n = static_cast<Node>(index_->nodes.Append(cell));
  index_->dictionary.Insert(hash, n);
  return n;
}

Link Graph::FindLink(Node a, Node b, std::uint64_t hash) const {
  if (node(a).links == kNone || node(b).links == kNone) return kNone;
  return index_->pairs.Find(hash, [&](Link l) {
    if (l >= index_->links.size()) return false;
    const LinkCell& cell = link(l);
    return (cell.a == a && cell.b == b) || (cell.a == b && cell.b == a);
  });
}

Link Graph::AddLink(Node a, Node b, std::uint64_t hash) {
  LinkCell cell;
  cell.a = a;
  cell.b = b;
  const auto l = static_cast<Link>(index_->links.size());
  for (const Node end : {a, b}) {
    NodeCell& node = index_->nodes.Write(end);
    (end == a ? cell.next_a : cell.next_b) = std::exchange(node.links, l);
    node.flags += NodeCell::kOneSpent;
  }
  index_->links.Append(cell);
  index_->pairs.Insert(hash, l);
  return l;
}

void Graph::NoteSpent(Link l, bool was) {
  const LinkCell& cell = link(l);
  if (cell.spent() == was) return;
  for (const Node end : {cell.a, cell.b}) {
    NodeCell& node = index_->nodes.Write(end);
    if (was && (cell.flags & cell.OutOf(end)) != 0) {  // back to the front
      LinkCell& back = index_->links.Write(l);
      (end == cell.a ? back.next_a : back.next_b) = node.links;
      back.flags &= ~cell.OutOf(end);
      node.links = l;
      continue;
    }
    node.flags += was ? ~NodeCell::kOneSpent + 1 : NodeCell::kOneSpent;
    if (!was) ShedSpent(end);
  }
}

// Takes spent links out of a node's list once they outnumber the others, so that walking it costs what counts. One stays where
// there is no other: an empty list means that the node never had a link. Under a policy with parents spent pairs are asked for.
void Graph::ShedSpent(Node n) {
  constexpr std::uint32_t kFew = 16;
  if (node(n).spent() <= kFew + node(n).degree || HasApart(n) || rules_->policy().HasParents())
    return;
  std::vector<Link> kept, shed;
  ForEachPair(n, [&](Link l, const LinkCell& cell) { (cell.spent() ? shed : kept).push_back(l); });
  if (kept.empty()) {
    kept.push_back(shed.back());
    shed.pop_back();
  }
  for (const Link l : shed) {
    LinkCell& cell = index_->links.Write(l);
    cell.flags |= cell.OutOf(n);
  }
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const Link next = i + 1 == kept.size() ? kNone : kept[i + 1];
    if (link(kept[i]).Next(n) == next) continue;
    LinkCell& cell = index_->links.Write(kept[i]);
    (n == cell.a ? cell.next_a : cell.next_b) = next;
  }
  NodeCell& cell = index_->nodes.Write(n);
  cell.links = kept.front();
  cell.flags -= static_cast<std::uint32_t>(shed.size()) * NodeCell::kOneSpent;
}

ProfileCell& Graph::Header(Node root) {
  const std::uint32_t known = node(root).profile;
  if (known != kNone) return index_->profiles.Write(known);
  ProfileCell fresh;
  fresh.id = BestName(root);
  fresh.rank_epoch = rules_->rank_epoch();
  StoreTally(TallyOf(root), &fresh);
  std::uint32_t p;
  if (free_headers_.empty()) {
    p = static_cast<std::uint32_t>(index_->profiles.Append(fresh));
  } else {
    p = free_headers_.back();
    free_headers_.pop_back();
    index_->profiles.Write(p) = fresh;
  }
  index_->nodes.Write(root).profile = p;
  return index_->profiles.Write(p);
}

void Graph::StoreTally(const identity::Tally& tally, ProfileCell* header) const {
  header->size = tally.size;
  header->apart = tally.apart ? 1 : 0;
  if (tally.used.size() > ProfileCell::kSlots) {
    header->used_count = ProfileCell::kFull;
    return;
  }
  header->used_count = static_cast<std::uint16_t>(tally.used.size());
  for (std::size_t i = 0; i < tally.used.size(); ++i)
    header->used[i] = {tally.used[i].first, tally.used[i].second};
}

void Graph::SetBorder(Link l, bool border) {
  LinkCell& cell = index_->links.Write(l);
  const Node ends[] = {cell.a, cell.b};
  totals_->refused += border ? 1 : ~std::uint64_t{0};
  cell.flags = border ? cell.flags | LinkCell::kBorder : cell.flags & ~LinkCell::kBorder;
  for (const Node end : ends) {
    ProfileCell& header = Header(ProfileOf(end));
    header.border += border ? 1 : ~std::uint32_t{0};
  }
}

void Graph::LowerFloor(Node root, const identity::RankKey& key) {
  if (Floor(root) < key) Header(root).floor = key;
}

void Graph::Unite(Node p, Node q, const identity::RankKey& by) {
  if (SizeOf(p) < SizeOf(q) || (SizeOf(p) == SizeOf(q) && q < p)) std::swap(p, q);
  tracker_->Whole(p);
  tracker_->Whole(q);
  ++totals_->merged_away;
  identity::Tally tally = TallyOf(p);
  tally.AddGroup(TallyOf(q));
  const Node q_id = IdOf(q);
  const std::uint32_t q_border = Border(q);
  const identity::RankKey floor = std::max({Floor(p), Floor(q), by});
  ProfileCell& header = Header(p);
  StoreTally(tally, &header);
  header.border += q_border;
  header.floor = floor;
  header.rank_epoch = rules_->rank_epoch();
  if (BetterId(q_id, header.id)) header.id = q_id;
  NodeCell& to = index_->nodes.Write(p);
  const Node p_next = to.ring;
  to.ring = node(q).ring;
  NodeCell& from = index_->nodes.Write(q);
  from.ring = p_next;
  from.parent = p;
  if (from.profile != kNone) free_headers_.push_back(std::exchange(from.profile, kNone));
}

void Graph::Regroup(std::span<const Node> profiles,
                    const std::vector<identity::Regrouped>& groups) {
  for (const Node root : profiles) {
    ForEachMember(root, [&](Node n) { tracker_->Each(n); });
    totals_->merged_away -= SizeOf(root) - 1;
    if (node(root).profile == kNone) continue;
    free_headers_.push_back(node(root).profile);
    index_->nodes.Write(root).profile = kNone;
  }
  for (const identity::Regrouped& group : groups) MakeProfile(group);
}

void Graph::MakeProfile(const identity::Regrouped& made) {
  const std::vector<Node>& group = made.members;
  const Node root = group.front();
  for (std::size_t i = 0; i < group.size(); ++i) {
    const Node n = group[i];
    const Node next = group[i + 1 == group.size() ? 0 : i + 1];
    if (node(n).parent == root && node(n).ring == next) continue;
    NodeCell& cell = index_->nodes.Write(n);
    cell.parent = root;
    cell.ring = next;
  }
  totals_->merged_away += group.size() - 1;
  if (group.size() == 1) return;
  identity::Tally tally;
  Node id = BestName(root);
  for (const Node n : group) {
    tally.AddNode(limits().kinds[KindOf(n)], HasApart(n));
    const Node name = BestName(n);
    if (BetterId(name, id)) id = name;
  }
  ProfileCell& header = Header(root);
  StoreTally(tally, &header);
  header.border = 0;
  header.floor = made.floor;
  header.rank_epoch = rules_->rank_epoch();
  header.id = id;
}

void Graph::FindFreeHeaders() {
  std::vector<bool> used(index_->profiles.size());
  for (Node n = 0; n < index_->nodes.size(); ++n) {
    if (node(n).profile != kNone) used[node(n).profile] = true;
  }
  for (std::uint32_t p = 0; p < used.size(); ++p) {
    if (!used[p]) free_headers_.push_back(p);
  }
}

void Graph::MarkApart(Node root) {
  if (node(root).profile != kNone) Header(root).apart = 1;
}

void Graph::RefreshId(Node root) {
  if (node(root).profile == kNone) return;
  Node id = BestName(root);
  ForEachMember(root, [&](Node n) {
    const Node name = BestName(n);
    if (BetterId(name, id)) id = name;
  });
  Header(root).id = id;
}

void Graph::Retally(Node root) {
  identity::Tally tally;
  ForEachMember(root, [&](Node n) { tally.AddNode(limits().kinds[KindOf(n)], HasApart(n)); });
  StoreTally(tally, &Header(root));
}

// The weakest link that a run over the profile's links alone would join by.
void Graph::RaiseFloor(Node root) {
  const std::uint32_t p = node(root).profile;
  if (p == kNone || access_.profile(p).rank_epoch == rules_->rank_epoch()) return;
  absl::flat_hash_map<Node, std::uint32_t> local;
  ForEachMember(root, [&](Node n) { local.emplace(n, static_cast<std::uint32_t>(local.size())); });
  std::vector<std::tuple<identity::RankKey, std::uint32_t, std::uint32_t>> links;
  for (const auto& member : local) {
    const std::uint32_t place = member.second;
    ForEachLink(member.first, [&](Node other, identity::RankKey key, Link) {
      const auto at = local.find(other);
      if (at != local.end() && place < at->second) links.emplace_back(key, place, at->second);
    });
  }
  std::sort(links.begin(), links.end());
  identity::DisjointSet joined(local.size());
  identity::RankKey floor;
  for (const auto& [key, a, b] : links) {
    if (joined.Find(a) == joined.Find(b)) continue;
    joined.Union(a, b);
    floor = key;
  }
  ProfileCell& header = Header(root);
  header.floor = floor;
  header.rank_epoch = rules_->rank_epoch();
}

void Graph::ForgetFloors() {
  for (std::uint32_t p = 0; p < index_->profiles.size(); ++p)
    index_->profiles.Write(p).floor = identity::kWeakest;
}

void Graph::Relist() {
  for (Link l = 0; l < index_->links.size(); ++l) {
    const LinkCell cell = link(l);
    for (const Node end : {cell.a, cell.b}) {
      if ((cell.flags & cell.OutOf(end)) == 0) continue;
      NodeCell& node = index_->nodes.Write(end);
      LinkCell& back = index_->links.Write(l);
      (end == cell.a ? back.next_a : back.next_b) = node.links;
      back.flags &= ~cell.OutOf(end);
      node.links = l;
      node.flags += NodeCell::kOneSpent;
    }
  }
}

}  // namespace polyonym::engine
