// engine/deferred.h - profiles over which the rule has still to be run, while many changes are made before it is.
//
// A change of policy or clock is one cause of all that it does. A call that puts off its rest is not: what touched a profile last is what
// changed it, and is kept with it.
#ifndef POLYONYM_SRC_ENGINE_DEFERRED_H_
#define POLYONYM_SRC_ENGINE_DEFERRED_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/changes.h"
#include "engine/graph.h"

namespace polyonym::engine {

class Deferred {
 public:
  void Begin(bool one_cause) {
    on_ = true;
    one_cause_ = one_cause;
    nodes_.clear();
    causes_.clear();
  }
  bool on() const { return on_; }
  bool one_cause() const { return on_ && one_cause_; }
  std::size_t size() const { return nodes_.size(); }

  // The profile of a node must be run again.
  void Add(Node node, const ChangeTracker& tracker) {
    nodes_.push_back(node);
    if (!one_cause_) causes_.push_back({node, tracker.cause(), tracker.record()});
  }

  // No more is put off: the roots of what was, each once.
  std::vector<Node> End(const Graph& graph) {
    on_ = false;
    std::vector<Node> roots = std::exchange(nodes_, {});
    for (Node& node : roots) node = graph.ProfileOf(node);
    std::sort(roots.begin(), roots.end());
    roots.erase(std::unique(roots.begin(), roots.end()), roots.end());
    return roots;
  }

  // Tells the tracker of the causes, after the rule was run.
  void Tell(ChangeTracker* tracker) {
    for (const Touched& touched : std::exchange(causes_, {})) {
      tracker->SetCause(touched.cause, touched.record);
      tracker->Whole(touched.node);
    }
  }

 private:
  struct Touched {
    Node node;
    Cause cause;
    std::uint64_t record;
  };
  bool on_ = false;
  bool one_cause_ = false;
  std::vector<Node> nodes_;
  std::vector<Touched> causes_;  // where there are several
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_DEFERRED_H_
