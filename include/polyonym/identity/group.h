// identity/group.h - groups while the rule runs: a union-find whose roots carry members and tallies.
//
// Used by the batch run (identity/rule.h) and the local replay (identity/resolver.h). Elements are dense local numbers; the nodes
// that they stand for are the caller's.
//
// THREADS: thread-compatible.
#ifndef POLYONYM_IDENTITY_GROUP_H_
#define POLYONYM_IDENTITY_GROUP_H_

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "polyonym/identity/disjoint_set.h"
#include "polyonym/identity/limits.h"

namespace polyonym::identity {

class RunningGroups {
 public:
  // Adds a node alone; returns its local number.
  std::uint32_t Add(Node node, const KindRules& kind, bool has_apart) {
    const auto local = static_cast<std::uint32_t>(members_.size());
    sets_.Grow(local + 1);
    members_.push_back({node});
    tallies_.emplace_back();
    tallies_.back().AddNode(kind, has_apart);
    floors_.emplace_back();
    return local;
  }

  std::uint32_t Find(std::uint32_t local) { return sets_.Find(local); }

  // Joins two groups by a link, allowed or not.  REQUIRES: roots a != b.  COST: the smaller group's members.
  void Join(std::uint32_t a, std::uint32_t b, const RankKey& by) {
    const std::uint32_t root = sets_.Union(a, b);
    const std::uint32_t gone = root == a ? b : a;
    floors_[root] = std::max({floors_[root], floors_[gone], by});
    tallies_[root].AddGroup(tallies_[gone]);
    tallies_[gone] = Tally();
    std::vector<Node>& into = members_[root];
    std::vector<Node>& from = members_[gone];
    into.insert(into.end(), from.begin(), from.end());
    from.clear();
    from.shrink_to_fit();
  }

  std::size_t size() const { return members_.size(); }
  std::vector<Node>& members(std::uint32_t root) { return members_[root]; }
  const std::vector<Node>& members(std::uint32_t root) const { return members_[root]; }
  const Tally& tally(std::uint32_t root) const { return tallies_[root]; }
  // The weakest link by which the group was joined; the strongest there is for one alone.
  const RankKey& floor(std::uint32_t root) const { return floors_[root]; }

 private:
  DisjointSet sets_;
  std::vector<std::vector<Node>> members_;  // of roots; empty elsewhere
  std::vector<Tally> tallies_;
  std::vector<RankKey> floors_;
};

// A root of RunningGroups, as MayJoin() wants it. `local_of(node)` gives a local number or kNone.
template <class LocalOf>
class RunningGroup {
 public:
  RunningGroup(RunningGroups& groups, std::uint32_t root, const LocalOf& local_of)
      : groups_(groups), root_(root), local_of_(local_of) {}
  const Tally& tally() const { return groups_.tally(root_); }
  template <class F>
  void ForEachMember(const F& f) const {
    for (const Node node : groups_.members(root_)) f(node);
  }
  bool Contains(Node node) const {
    const std::uint32_t local = local_of_(node);
    return local != kNone && groups_.Find(local) == root_;
  }

 private:
  RunningGroups& groups_;
  std::uint32_t root_;
  const LocalOf& local_of_;
};

}  // namespace polyonym::identity

#endif  // POLYONYM_IDENTITY_GROUP_H_
