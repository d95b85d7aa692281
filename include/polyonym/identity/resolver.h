// identity/resolver.h - the rule, kept exact link by link.
//
// The caller's graph holds nodes, live links with their rank, and the partition that the rule gives for them. After the caller has changed a
// link it says so here, and the partition is made right again by looking at the touched profiles alone. Words: a link is
// *kept* when its ends are in one profile, else *refused*; refused links are a profile's *border*.
//
// Why nothing more needs to be looked at (docs/rule.md section 5; proofs in ARCHITECTURE.md):
//   (I1) no constraint binds inside a final profile, since all are hereditary;
//   (I2) so when two whole profiles may join, joining them changes no other decision, borders or not: a plain union;
//   (I3) in any other case the rule is run again over the touched profiles. A link leading out of them is tested against the
//        other end's group as it stood at that rank, which is the part of its profile that stronger links hold together;
//        where the answer is now yes, that profile enters the run at that rank, as it stood there.
//   (I4) a profile's floor is a rank such that its links down to there hold it together. Below its floor a profile stood whole: a link
//        ranked there is tested against whole profiles, with no search.
//
// The graph concept, for Node u, v, Profile p:
//   ProfileOf(u) → p    ForEachMember(p, f(u))    TallyOf(p) → Tally    Border(p) → count of refused links
//   ForEachLink(u, f(other, RankKey, Link))  over live links    KindOf, FirstMs, HasApart, ForEachApart, NodeBefore
//   IsBorder(l), SetBorder(l, bool)   whether link l is counted in Border() of both its profiles, which SetBorder keeps
//   Floor(p) → RankKey    LowerFloor(p, key)   where the floor is stronger than `key`    RaiseFloor(p)   where none is known
//   Unite(p, q, key)   merges two profiles by a link; the floor is the weakest of three
//   Regroup(profiles, groups)   replaces whole profiles by other groups, each with its floor
//
// THREADS: single-threaded, as the graph's writer.
#ifndef POLYONYM_IDENTITY_RESOLVER_H_
#define POLYONYM_IDENTITY_RESOLVER_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <queue>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "polyonym/identity/closed_groups.h"
#include "polyonym/identity/group.h"
#include "polyonym/identity/limits.h"
#include "polyonym/identity/rank.h"

namespace polyonym::identity {

// A set of nodes with its tally, as MayJoin() wants it.
template <class Graph>
class NodeSet {
 public:
  explicit NodeSet(const Graph& graph) : graph_(graph) {}
  bool Insert(Node node) {
    if (!in_.insert(node).second) return false;
    nodes_.push_back(node);
    tally_.AddNode(graph_.limits().kinds[graph_.KindOf(node)], graph_.HasApart(node));
    return true;
  }
  const std::vector<Node>& nodes() const { return nodes_; }
  const Tally& tally() const { return tally_; }
  bool Contains(Node node) const { return in_.contains(node); }
  template <class F>
  void ForEachMember(const F& f) const {
    for (const Node node : nodes_) f(node);
  }

 private:
  const Graph& graph_;
  std::vector<Node> nodes_;
  absl::flat_hash_set<Node> in_;
  Tally tally_;
};

// A whole profile, as MayJoin() wants it.
template <class Graph>
class WholeProfile {
 public:
  WholeProfile(const Graph& graph, std::uint32_t profile)
      : graph_(graph), profile_(profile), tally_(graph.TallyOf(profile)) {}
  const Tally& tally() const { return tally_; }
  bool Contains(Node node) const { return graph_.ProfileOf(node) == profile_; }
  template <class F>
  void ForEachMember(const F& f) const {
    graph_.ForEachMember(profile_, f);
  }

 private:
  const Graph& graph_;
  std::uint32_t profile_;
  Tally tally_;
};

// The group of `start` just before `at` in the undisturbed run of its profile: what stronger links of the profile hold together.
// COST: the links of the nodes visited.
template <class Graph>
NodeSet<Graph> GroupAt(const Graph& graph, Node start, const RankedLink& at) {
  const auto before = [&](Node x, Node y) { return graph.NodeBefore(x, y); };
  const auto profile = graph.ProfileOf(start);
  NodeSet<Graph> group(graph);
  group.Insert(start);
  for (std::size_t i = 0; i < group.nodes().size(); ++i) {
    const Node u = group.nodes()[i];
    graph.ForEachLink(u, [&](Node v, RankKey key, Link) {
      if (group.Contains(v) || graph.ProfileOf(v) != profile) return;
      if (TakenBefore(MakeRankedLink(key, u, v), at, before)) group.Insert(v);
    });
  }
  return group;
}

template <class Graph>
class Resolver {
 public:
  explicit Resolver(Graph& graph) : graph_(graph) {}

  // A link appeared (`was` empty), or its rank changed from `was` to `key`. The graph already shows it as it is now.
  // COST: constant, and the near-constant of a union, unless the rule must be run again.
  void Put(Node u, Node v, Link link, RankKey key, std::optional<RankKey> was) {
    const auto p = graph_.ProfileOf(u);
    const auto q = graph_.ProfileOf(v);
    if (p == q) {
      if (!was || key <= *was) return;  // appears or rises inside a profile: nothing moves
      if (graph_.Border(p) == 0) {      // falls, but nothing waits at the border
        graph_.LowerFloor(p, key);
        return;
      }
      Replay(std::span(&p, 1));
      return;
    }
    if (was && key >= *was) return;  // a refused link falls: still refused
    if (MayJoin(graph_.limits(), graph_, WholeProfile<Graph>(graph_, p),
                WholeProfile<Graph>(graph_, q))) {
      if (graph_.IsBorder(link)) graph_.SetBorder(link, false);
      graph_.Unite(p, q, key);  // (I2)
      return;
    }
    const RankedLink at = MakeRankedLink(key, u, v);
    graph_.RaiseFloor(p);
    graph_.RaiseFloor(q);
    // (I4), and these may not join.
    const bool both_whole = graph_.Floor(p) < key && graph_.Floor(q) < key;
    if (both_whole ||
        !MayJoin(graph_.limits(), graph_, GroupAt(graph_, u, at), GroupAt(graph_, v, at))) {
      if (!graph_.IsBorder(link)) graph_.SetBorder(link, true);
      return;  // refused by the groups that stand at its rank
    }
    const std::uint32_t both[] = {p, q};
    Replay(both);
  }

  // A link's last evidence went, or an end became shared. The graph no longer shows it as live.
  // COST: constant for a refused link; else a run over the profile.
  void Drop(Node u, Node v, Link link) {
    if (graph_.IsBorder(link)) {
      graph_.SetBorder(link, false);
      return;  // a refused link that goes changes nothing
    }
    const auto p = graph_.ProfileOf(u);
    if (p == graph_.ProfileOf(v)) Replay(std::span(&p, 1));
  }

  // Runs the rule again over whole profiles, for any number of changes at once.
  // REQUIRES: every changed link has an end in one of `profiles`, but for refused ones that went (SetBorder(l, false) was called).
  // COST: near-linear in the links of the profiles whose membership changes and of their borders; no order by rank is needed for
  // those of them whose groups are closed (identity/closed_groups.h).
  void Replay(std::span<const std::uint32_t> profiles);

  // How often Replay() ran, and over how many profiles.
  std::uint64_t replays() const { return replays_; }
  std::uint64_t replayed_profiles() const { return replayed_profiles_; }
  // Over how many nodes, each as often as it was run over.
  std::uint64_t replayed_nodes() const { return replayed_nodes_; }

 private:
  class Run;
  Graph& graph_;
  std::uint64_t replays_ = 0;
  std::uint64_t replayed_profiles_ = 0;
  std::uint64_t replayed_nodes_ = 0;
};

// ---- bodies ----

// One run over a region of whole profiles that may grow.
template <class Graph>
class Resolver<Graph>::Run {
 public:
  Run(Graph& graph, const ClosedGroups<Graph>& closed)
      : graph_(graph), closed_(closed), queue_(Later{this}) {}

  // Profile p joins the run, but for closed groups: what it had joined before `at` is joined, its other links are queued.
  void Enter(std::uint32_t p, const RankedLink* at) {
    if (!region_.insert(p).second) return;
    profiles_.push_back(p);
    const std::size_t first = nodes_.size();
    graph_.ForEachMember(p, [&](Node u) {
      if (closed_.Contains(u)) return;
      local_.emplace(u,
                     groups_.Add(u, graph_.limits().kinds[graph_.KindOf(u)], graph_.HasApart(u)));
      nodes_.push_back(u);
    });
    for (std::size_t i = first; i < nodes_.size(); ++i) {
      const Node u = nodes_[i];
      graph_.ForEachLink(u, [&](Node v, RankKey key, Link) {
        const bool inside = graph_.ProfileOf(v) == p;
        if (inside && v < u) return;  // once is enough
        const RankedLink ranked = MakeRankedLink(key, u, v);
        if (at == nullptr || Before(*at, ranked)) {
          queue_.push(ranked);
        } else if (inside) {
          const std::uint32_t a = groups_.Find(Local(u));
          const std::uint32_t b = groups_.Find(Local(v));
          if (a != b) groups_.Join(a, b, key);
        }
      });
    }
  }

  void TakeAll() {
    while (!queue_.empty()) {
      const RankedLink link = queue_.top();
      queue_.pop();
      while (!queue_.empty() && queue_.top().u == link.u && queue_.top().v == link.v) queue_.pop();
      Take(link);
    }
  }

  void AddGroupsTo(std::vector<Regrouped>* out) {
    for (std::uint32_t i = 0; i < groups_.size(); ++i) {
      if (groups_.Find(i) == i) out->push_back({std::move(groups_.members(i)), groups_.floor(i)});
    }
  }
  const std::vector<std::uint32_t>& profiles() const { return profiles_; }
  const std::vector<Node>& nodes() const { return nodes_; }

 private:
  struct Later {
    Run* run;
    bool operator()(const RankedLink& a, const RankedLink& b) const { return run->Before(b, a); }
  };
  bool Before(const RankedLink& a, const RankedLink& b) const {
    return TakenBefore(a, b, [&](Node x, Node y) { return graph_.NodeBefore(x, y); });
  }
  std::uint32_t Local(Node node) const {
    const auto at = local_.find(node);
    return at == local_.end() ? kNone : at->second;
  }
  void Take(const RankedLink& link) {
    const auto local_of = [this](Node node) { return Local(node); };
    Node u = link.u;
    Node v = link.v;
    if (Local(u) == kNone) std::swap(u, v);
    const std::uint32_t a = groups_.Find(Local(u));
    if (Local(v) == kNone) {  // leads out of the region
      const auto q = graph_.ProfileOf(v);
      const RunningGroup group(groups_, a, local_of);
      const bool joins = graph_.Floor(q) < link.key  // (I4)
                             ? static_cast<bool>(MayJoin(graph_.limits(), graph_, group,
                                                         WholeProfile<Graph>(graph_, q)))
                             : static_cast<bool>(MayJoin(graph_.limits(), graph_, group,
                                                         GroupAt(graph_, v, link)));
      if (!joins) return;
      Enter(q, &link);
      Take(link);
      return;
    }
    const std::uint32_t b = groups_.Find(Local(v));
    if (a != b && MayJoin(graph_.limits(), graph_, RunningGroup(groups_, a, local_of),
                          RunningGroup(groups_, b, local_of))) {
      groups_.Join(a, b, link.key);
    }
  }

  Graph& graph_;
  const ClosedGroups<Graph>& closed_;
  absl::flat_hash_set<std::uint32_t> region_;
  std::vector<std::uint32_t> profiles_;
  std::vector<Node> nodes_;
  absl::flat_hash_map<Node, std::uint32_t> local_;
  RunningGroups groups_;
  std::priority_queue<RankedLink, std::vector<RankedLink>, Later> queue_;
};

template <class Graph>
void Resolver<Graph>::Replay(std::span<const std::uint32_t> profiles) {
  ++replays_;
  ClosedGroups<Graph> closed(graph_, profiles);
  Run run(graph_, closed);
  for (const std::uint32_t p : closed.profiles()) {
    if (closed.IsOpen(p)) run.Enter(p, nullptr);
  }
  run.TakeAll();
  std::vector<std::uint32_t> changed = run.profiles();
  for (const std::uint32_t p : closed.profiles()) {
    if (!closed.IsOpen(p)) changed.push_back(p);
  }
  replayed_profiles_ += changed.size();
  for (const Node u : run.nodes()) {
    graph_.ForEachLink(u, [&](Node, RankKey, Link link) {
      if (graph_.IsBorder(link)) graph_.SetBorder(link, false);
    });
  }
  std::vector<Regrouped>& groups = closed.groups();
  run.AddGroupsTo(&groups);
  for (const Regrouped& group : groups) replayed_nodes_ += group.members.size();
  graph_.Regroup(changed, groups);
  for (const Node u : run.nodes()) {
    graph_.ForEachLink(u, [&](Node v, RankKey, Link link) {
      if (graph_.ProfileOf(u) != graph_.ProfileOf(v) && !graph_.IsBorder(link))
        graph_.SetBorder(link, true);
    });
  }
}

}  // namespace polyonym::identity

#endif  // POLYONYM_IDENTITY_RESOLVER_H_
