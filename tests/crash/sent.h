// crash/sent.h - what a store that was cut off holds, against what was sent to it.
//
// It must hold a prefix of every lane by whole calls: all that was acknowledged, at most the call that was under way besides;
// and be in everything, in every graph, the store that was never cut off: records, numbers, feeds, histories, horizons; and so by the
// definition and by Verify().
//
// THREADS: none of its own.
#ifndef POLYONYM_TESTS_CRASH_SENT_H_
#define POLYONYM_TESTS_CRASH_SENT_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "crash/plan.h"
#include "polyonym/engine/engine.h"

namespace polyonym::harness {

// How many steps of each lane.
using Progress = std::vector<std::size_t>;
// By graph.
using Feeds = std::map<std::string, std::vector<Change>>;

// The feed of every graph, from its start.
absl::StatusOr<Feeds> ReadFeeds(const Engine& engine);

// Where two feeds part, for people to read; empty: nowhere.
std::string FirstDifference(const std::vector<Change>& want, const std::vector<Change>& got);

class Sent {
 public:
  explicit Sent(const Plan& plan) : plan_(plan), next_(plan.lanes.size()) {}

  // The next call of the lane was acknowledged; `sequence` as Run() gives it.
  void Acknowledge(std::size_t lane, std::uint64_t sequence);

  // Holds the engine against the plan: at least `least` of it is there, at most `most`, and it is in order. Moves `done` to
  // where the writer must go on.  `feed`: the feeds too.  Returns what is wrong; empty: all is well.
  std::string Check(const Engine& engine, const Progress& least, const Progress& most,
                    Progress* done, bool feed = true);

  // What the consumers of the feeds were shown: no later Check may find that any of it was taken back.
  void Show(Feeds feeds) { shown_ = std::move(feeds); }

 private:
  struct Call {
    std::size_t lane = 0;
    std::size_t step = 0;
  };

  std::string Fill(const Engine& engine, const Progress& most, bool feed);
  std::string Compare(const Engine& engine, bool feed);
  std::string CompareFeed(const std::string& graph, const View& view, const View& whole);

  const Plan& plan_;
  Progress next_;                       // the call of each lane that is acknowledged next
  std::map<std::uint64_t, Call> left_;  // the call that left the commit of a sequence
  std::string twice_;                   // what is wrong with what was acknowledged
  Feeds shown_;
};

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_CRASH_SENT_H_
