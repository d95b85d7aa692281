// identity/closed_groups.h - groups that are known without running the rule.
//
// Nodes that live links hold together, from which no live link leads elsewhere, and which are allowed as one, are a group: every
// constraint is hereditary, so each link among them is accepted, in any order and whatever the rest of the graph looks like. Most
// profiles that many changes at once touch are of this kind; the others are run by rank (identity/resolver.h).
//
// THREADS: single-threaded, as the graph's writer.
#ifndef POLYONYM_IDENTITY_CLOSED_GROUPS_H_
#define POLYONYM_IDENTITY_CLOSED_GROUPS_H_

#include <algorithm>
#include <cstdint>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "polyonym/identity/disjoint_set.h"
#include "polyonym/identity/limits.h"
#include "polyonym/identity/rank.h"

namespace polyonym::identity {

// What is made of some profiles: a group, and the weakest link that it was joined by.
struct Regrouped {
  std::vector<Node> members;
  RankKey floor;
};

// Over the graph concept of identity/resolver.h, and the profiles whose links changed. A profile with a refused link is
// left to the run, and so is one that such a profile, or one that is not looked at, has a live link with.
template <class Graph>
class ClosedGroups {
 public:
  // COST: near-linear in the nodes and links of the profiles.
  ClosedGroups(const Graph& graph, std::span<const std::uint32_t> profiles) : graph_(graph) {
    for (const std::uint32_t p : profiles) {
      if (region_.insert(p).second) profiles_.push_back(p);
    }
    for (const std::uint32_t p : profiles_) {
      if (!open_.contains(p)) TakeProfile(p);
    }
  }

  // The profiles, each once.
  const std::vector<std::uint32_t>& profiles() const { return profiles_; }
  std::vector<Regrouped>& groups() { return groups_; }
  // Some of the profile is in no closed group.
  bool IsOpen(std::uint32_t profile) const { return open_.contains(profile); }
  // Whether a node of an open profile is in a closed group all the same.
  bool Contains(Node node) const { return foreign_.contains(node); }

 private:
  // The groups of all nodes of a profile, or none.
  void TakeProfile(std::uint32_t p) {
    const std::size_t known = groups_.size();
    nodes_.clear();
    place_.clear();
    bool closed = graph_.Border(p) == 0;
    graph_.ForEachMember(p, [&](Node start) {
      if (closed && !place_.contains(start) && !foreign_.contains(start)) closed = Spread(p, start);
    });
    if (!closed) {
      open_.insert(p);
      groups_.resize(known);
      return;
    }
    for (const Node n : nodes_) {
      if (graph_.ProfileOf(n) != p) foreign_.insert(n);
    }
  }

  // The group of a node of profile p, where it is closed. Else whatever profile was met is open.
  bool Spread(std::uint32_t p, Node start) {
    const std::size_t first = nodes_.size();
    bool closed = true;
    Tally tally;
    links_.clear();
    Add(start);
    for (std::size_t i = first; i < nodes_.size() && closed; ++i) {
      tally.AddNode(graph_.limits().kinds[graph_.KindOf(nodes_[i])], graph_.HasApart(nodes_[i]));
      closed = IsAllowedWhenever(graph_.limits(), tally);
      graph_.ForEachLink(nodes_[i], [&](Node v, RankKey key, Link) {
        if (!closed) return;
        const auto at = place_.find(v);
        if (at != place_.end()) {
          if (at->second < i) links_.emplace_back(key, at->second - first, i - first);  // once
          return;
        }
        const std::uint32_t q = graph_.ProfileOf(v);
        closed = q == p || (region_.contains(q) && !open_.contains(q) && graph_.Border(q) == 0);
        if (closed) Add(v);
      });
    }
    if (!closed) {
      for (std::size_t i = first; i < nodes_.size(); ++i) open_.insert(graph_.ProfileOf(nodes_[i]));
      return false;
    }
    groups_.push_back({{nodes_.begin() + static_cast<std::ptrdiff_t>(first), nodes_.end()},
                       FloorOf(nodes_.size() - first)});
    return true;
  }

  void Add(Node node) {
    place_.emplace(node, nodes_.size());
    nodes_.push_back(node);
  }

  // The weakest of the links that hold so many nodes together.
  RankKey FloorOf(std::size_t nodes) {
    if (nodes == 1) return {};
    std::sort(links_.begin(), links_.end());
    if (links_.size() == nodes - 1) return std::get<RankKey>(links_.back());
    DisjointSet joined(nodes);
    RankKey floor;
    for (const auto& [key, a, b] : links_) {
      const auto u = static_cast<std::uint32_t>(a), v = static_cast<std::uint32_t>(b);
      if (joined.Find(u) == joined.Find(v)) continue;
      joined.Union(u, v);
      floor = key;
    }
    return floor;
  }

  const Graph& graph_;
  std::vector<std::uint32_t> profiles_;
  absl::flat_hash_set<std::uint32_t> region_;  // the same
  absl::flat_hash_set<std::uint32_t> open_;
  absl::flat_hash_set<Node> foreign_;  // of closed groups that were found from another profile
  std::vector<Regrouped> groups_;
  // Of the profile at hand.
  std::vector<Node> nodes_;
  absl::flat_hash_map<Node, std::size_t> place_;
  std::vector<std::tuple<RankKey, std::size_t, std::size_t>> links_;  // of the group at hand
};

}  // namespace polyonym::identity

#endif  // POLYONYM_IDENTITY_CLOSED_GROUPS_H_
