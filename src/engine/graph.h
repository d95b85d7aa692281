// engine/graph.h - the index as the rule changes it: the write half of the graph concept of identity/resolver.h.
//
// It tells a ChangeTracker what it moves, so that a commit can say what it did to profiles.
//
// THREADS: the writer's.
#ifndef POLYONYM_SRC_ENGINE_GRAPH_H_
#define POLYONYM_SRC_ENGINE_GRAPH_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/changes.h"
#include "engine/index.h"
#include "polyonym/identity/resolver.h"

namespace polyonym::engine {

// Counts that a commit publishes with its index.
struct Totals {
  std::uint64_t standing_records = 0;
  std::uint64_t held_records = 0;
  std::uint64_t live_names = 0;   // identifiers
  std::uint64_t live_nodes = 0;   // classes of them
  std::uint64_t merged_away = 0;  // sum of profile sizes less one
  std::uint64_t shared = 0;
  std::uint64_t links = 0;  // pairs with evidence
  std::uint64_t refused = 0;
};

class Graph : public GraphReader<Latest> {
 public:
  Graph(Index* index, const Rules* rules, ChangeTracker* tracker, Totals* totals)
      : GraphReader(Latest{index}, rules), index_(index), tracker_(tracker), totals_(totals) {}

  void set_rules(const Rules* rules) { rules_ = rules; }

  // The node of a normalised value, or kNone.
  Node Find(Kind kind, std::string_view value, std::uint64_t hash) const;
  // Adds it, alone.  REQUIRES: it is not there.
  Node Add(Kind kind, std::string_view value, std::uint64_t hash);

  Link FindLink(Node a, Node b) const { return FindLink(a, b, index_->HashPair(a, b)); }
  Link FindLink(Node a, Node b, std::uint64_t hash) const;
  // REQUIRES: it is not there.  ENSURES: it is spent, until something is counted of it.
  Link AddLink(Node a, Node b, std::uint64_t hash);
  // A link was changed: `was` it spent before?
  void NoteSpent(Link l, bool was);

  // ---- what identity/resolver.h calls ----
  void SetBorder(Link l, bool border);
  void LowerFloor(Node root, const identity::RankKey& key);
  void Unite(Node p, Node q, const identity::RankKey& by);
  void Regroup(std::span<const Node> profiles, const std::vector<identity::Regrouped>& groups);

  // Notes in the profile that a member has a cannot-link.
  void MarkApart(Node root);

  // Makes profile ids right again after names of a node came or went, or priorities changed.
  void RefreshId(Node root);

  // ---- under other rules ----
  // Counts again how much of each limit a profile with a header has used.
  void Retally(Node root);
  // Finds a floor where the header's is a rank of other rules.
  void RaiseFloor(Node root);
  // No header's floor is taken for one of these rules.
  void ForgetFloors();
  // Puts every link back into the lists of its ends.
  void Relist();

  // Headers that no root points to, after loading.
  void FindFreeHeaders();

  Index* index() { return index_; }

 private:
  void ShedSpent(Node node);
  ProfileCell& Header(Node root);  // makes one where there is none
  void StoreTally(const identity::Tally& tally, ProfileCell* header) const;
  void MakeProfile(const identity::Regrouped& group);

  Index* index_;
  ChangeTracker* tracker_;
  Totals* totals_;
  std::vector<std::uint32_t> free_headers_;
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_GRAPH_H_
