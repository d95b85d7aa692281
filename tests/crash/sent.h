// crash/sent.h - what a store that was cut off holds, against what was sent to it.
//
// It must hold a prefix of every lane by whole calls: all that was acknowledged, at most the call that was under way besides;
// and be in everything the store that was never cut off: state by the definition, Verify(), feed and histories.
//
// THREADS: none of its own.
#ifndef POLYONYM_TESTS_CRASH_SENT_H_
#define POLYONYM_TESTS_CRASH_SENT_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "crash/plan.h"
#include "polyonym/engine/engine.h"

namespace polyonym::harness {

// How many steps of each lane.
using Progress = std::vector<std::size_t>;

class Sent {
 public:
  explicit Sent(const Plan& plan);

  // Holds the engine against the plan: at least `least` of it is there, at most `most`, and it is in order. Moves `done` to
  // where the writer must go on.  `feed`: the feed too.  Returns what is wrong; empty: all is well.
  std::string Check(const Engine& engine, const Progress& least, const Progress& most,
                    Progress* done, bool feed = true);

  // What the consumers of the feed were shown, from its start: no later Check may find that any of it was taken back.
  void Show(std::vector<Change> feed) { shown_ = std::move(feed); }

 private:
  // What one call left in the log.
  struct Commit {
    bool policy = false;
    std::vector<Record> records;  // those that were stored, with id, time and version filled in
  };
  // A call that leaves something, and its place among the steps of its lane.
  struct Expected {
    std::size_t step = 0;
    Commit commit;
  };

  static std::vector<Expected> ExpectedOf(const Lane& lane);
  static std::vector<Commit> ReadCommits(const View& view);
  std::string Place(const std::vector<Commit>& commits, const Progress& least, const Progress& most,
                    Progress* done) const;
  std::vector<Policy> PoliciesIn(const Progress& done) const;
  std::string CheckState(const View& view, const std::vector<Commit>& commits,
                         const std::vector<Policy>& policies) const;
  std::string CheckFeed(const View& view, const std::vector<Commit>& commits,
                        const std::vector<Policy>& policies);

  const Plan& plan_;
  std::vector<std::vector<Expected>> expected_;  // by lane
  std::vector<Change> shown_;
};

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_CRASH_SENT_H_
