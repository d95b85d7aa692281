// harness/engine_state.h - what an engine says of everybody, in the words of harness/naive.h; and how histories are fed to it.
//
// THREADS: none of its own.
#ifndef POLYONYM_TESTS_HARNESS_ENGINE_STATE_H_
#define POLYONYM_TESTS_HARNESS_ENGINE_STATE_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "harness/feed_reader.h"
#include "harness/histories.h"
#include "harness/naive.h"
#include "polyonym/engine/engine.h"

namespace polyonym::harness {

// A folder that exists as long as the object does.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::string path() const { return path_.string(); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

// Small buffers, no thread of its own; in a quarter of the seeds so few hash bits that everything collides.
EngineOptions LawOptions(std::uint64_t seed);

struct EngineState {
  State state;
  // Of every identifier in a group, unless its last life is gone: where that lives.
  std::map<Identifier, ProfileId> profile_of;
  std::map<ProfileId, Group> members_of;
  std::vector<std::string> problems;  // answers that contradict each other or the contract
};

// Asks the view about everybody it lists, and about `others`.
// COST: with `links` also the evidence of every link, which reads records.
EngineState ReadState(const View& view, const std::set<Identifier>& others, bool links = true);

// Every identifier that a record of these counts.
std::set<Identifier> NamedIdentifiers(const NaiveWorld& world);

// ReadState against the definition: Difference() and the problems; empty: all is well. `compare_gone`: false where records
// came in another order or under another policy, which changes what was ever stored.
std::string CompareWithNaive(const View& view, const NaiveWorld& world, bool compare_gone = true,
                             bool links = true);

// What Apply said of each record against what the definition says, for a run of records that begins at `first`.
std::string CompareOutcomes(const ApplyResult& result, std::size_t first, const NaiveWorld& world);

// By the definition, after the first steps of a history.
NaiveWorld WorldAt(const History& history, std::size_t steps_done);

// Makes one of the calls that RandomCalls() cuts a history into. Only a call with records answers with records.
ApplyResult MakeCall(Engine& engine, const History& history, std::span<const HistoryStep> call);

// Tells an engine, whose policy is the history's first, every step in random calls; `after` each, how many steps are done and
// what the engine answered.
void ApplySteps(
    Engine& engine, const History& history, Random& random,
    const std::function<void(std::size_t steps_done, const ApplyResult& result)>& after = {});

// A new engine in memory with the history's policy in force.  Throws std::runtime_error on an error: a test's failure.
std::unique_ptr<Engine> OpenInMemory(const Policy& policy, std::uint64_t seed);
std::shared_ptr<const CompiledPolicy> Compile(const Policy& policy);

// Takes a status apart; throws std::runtime_error with its text when it is not ok.
void Must(const absl::Status& status);
template <class T>
T Must(absl::StatusOr<T> result) {
  Must(result.status());
  return *std::move(result);
}

// Runs `check` on random histories. Of the first that it finds fault with, the text, cut down to the records that matter and
// with what is needed to replay it; empty where there is none. What `check` throws is a fault.
std::string FindFailure(std::uint64_t first_seed, std::size_t count, const HistoryShape& shape,
                        const std::function<std::string(const History&)>& check);

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_HARNESS_ENGINE_STATE_H_
