// engine/changes.h - what one Apply did to profiles, net: the difference between two commits, looked for only where
// something was touched. And whose facts may be others now, for whoever keeps something that follows from facts.
//
// THREADS: the writer's.
#ifndef POLYONYM_SRC_ENGINE_CHANGES_H_
#define POLYONYM_SRC_ENGINE_CHANGES_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/cells.h"
#include "engine/index.h"
#include "polyonym/model/change.h"

namespace polyonym::engine {

class ChangeTracker {
 public:
  // Forgets everything: a new Apply begins, before which there were so many nodes.
  void Begin(Node nodes_before);

  // What is being taken now.
  void SetCause(Cause cause, std::uint64_t record) {
    cause_ = cause;
    record_ = record;
  }

  Cause cause() const { return cause_; }
  std::uint64_t record() const { return record_; }

  // The profile that holds this node stays together, and may join others.
  // A new one was told of when it became alive.
  void Whole(Node node) {
    if (node < nodes_before_) touched_.push_back({node, false, cause_, record_});
  }
  // The node may be anywhere now, alive or not.
  void Each(Node node) { touched_.push_back({node, true, cause_, record_}); }

  bool empty() const { return touched_.empty(); }

  // ---- facts ----

  // A name whose facts may be others than before the call.
  struct Told {
    Node name;
    Cause cause;
    std::uint64_t record;
    bool added;  // facts of the record came and nothing else did
  };
  // Whether anybody wants to know of facts: else nothing of it is noted.
  void WatchFacts(bool watch) { watches_facts_ = watch; }
  bool watches_facts() const { return watches_facts_; }
  // A record with facts that names it came or went.
  void Tell(Node name, bool added) { told_.push_back({name, cause_, record_, added}); }
  // Records that name it may have another primary now.
  void Regard(Node node) {
    if (watches_facts_) regarded_.push_back({node, cause_, record_, false});
  }
  // Nobody's facts are what they were.
  void TellAll() { all_told_ = true; }

  const std::vector<Told>& told() const { return told_; }
  const std::vector<Told>& regarded() const { return regarded_; }
  bool all_told() const { return all_told_; }

  // The changes from `before` to `after`. Nodes from `nodes_before` on are new.  ORDER: by `from`, then by `to`; new
  // identifiers last.
  std::vector<Change> Net(const GraphReader<AtCommit>& before, const GraphReader<Latest>& after,
                          Node nodes_before, std::uint64_t sequence) const;

 private:
  struct Touch {
    Node node;
    bool each;
    Cause cause;
    std::uint64_t record;
  };
  std::vector<Touch> touched_;
  std::vector<Told> told_;
  std::vector<Told> regarded_;
  bool watches_facts_ = false;
  bool all_told_ = false;
  Node nodes_before_ = 0;
  Cause cause_ = Cause::kUnknown;
  std::uint64_t record_ = 0;
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_CHANGES_H_
