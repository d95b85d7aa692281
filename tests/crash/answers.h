// crash/answers.h - everything that an engine says of everything, to hold one engine against another that took the same calls.
//
// THREADS: none of its own.
#ifndef POLYONYM_TESTS_CRASH_ANSWERS_H_
#define POLYONYM_TESTS_CRASH_ANSWERS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "crash/plan.h"
#include "harness/engine_state.h"
#include "polyonym/engine/engine.h"

namespace polyonym::harness {

// Of one graph.
struct GraphAnswers {
  std::string graph;
  Policy policy;
  std::uint64_t policy_version = 0;
  std::int64_t clock_ms = 0;
  std::vector<std::pair<std::string, std::int64_t>> horizons;
  std::vector<std::uint64_t> counts;  // of Stats, but for what differs by when a store was opened
  std::vector<StoredRecord> records;
  EngineState state;  // who is who, and by what links
  std::vector<Profile> profiles;
  std::vector<Change> feed;
  std::vector<std::vector<Change>> how;  // by profile, in order of id
};

struct Answers {
  std::uint64_t sequence = 0;
  bool feeds = true;  // were read; else they are not compared
  std::vector<GraphAnswers> graphs;
  std::vector<Erasure> erasures;
};

// Everything is read, and Verify() too: what that finds is an error, DataLoss. Without `feeds` none is, nor How(): an engine that is read-only shows none
// under kGroup, whose last commits it could not sync.  ERRORS: the first of any answer.
absl::StatusOr<Answers> ReadAnswers(const Engine& engine, bool feeds = true);

// What differs first; empty: nothing does.
std::string Difference(const Answers& want, const Answers& got);

// What a store that was never cut off answers after so many steps of a plan of one lane, which each step makes from the one before.
class Expected {
 public:
  // Takes all steps.  Throws where one fails.
  explicit Expected(const Plan& plan);
  // How many steps of the plan give these answers, `least` to `most` of them; several may be alike, then it is the first. None:
  // `fault` says what differs from `least`.
  std::optional<std::size_t> Find(const Answers& got, std::size_t least, std::size_t most,
                                  std::string* fault) const;
  std::size_t steps() const { return answers_.size() - 1; }
  // Whether the steps behind the first `steps` left nothing.
  bool IsLast(std::size_t steps) const {
    return answers_[steps]->sequence == answers_.back()->sequence;
  }
  // The sequence that a step left, 0 for none: as Run() gives it.
  std::uint64_t left(std::size_t step) const { return left_[step]; }

 private:
  std::vector<std::shared_ptr<const Answers>> answers_;  // shared where a step left nothing
  std::vector<std::uint64_t> left_;
};

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_CRASH_ANSWERS_H_
