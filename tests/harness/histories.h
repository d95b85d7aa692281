// harness/histories.h - random policies and random histories of records, dense enough that every rule comes into play.
//
// A history is a vector of records in order of arrival; retractions are records with act kRetract. Identifiers lie on a
// line and records name ones that are near each other, so that groups form, meet limits, and come apart again. The same
// seed gives the same history with every compiler and library.
//
// Environment: POLYONYM_SEED=<n> runs the history of that seed alone; POLYONYM_HISTORIES=<percent> scales how many are run.
#ifndef POLYONYM_TESTS_HARNESS_HISTORIES_H_
#define POLYONYM_TESTS_HARNESS_HISTORIES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "harness/random.h"
#include "harness/random_policy.h"
#include "polyonym/model/policy.h"
#include "polyonym/model/record.h"

namespace polyonym::harness {

// What happens next.
struct HistoryStep {
  enum class Kind : std::uint8_t { kRecord, kAdvance, kPolicy };
  Kind kind = Kind::kRecord;
  std::size_t record = 0;     // kRecord: index into records
  std::int64_t clock_ms = 0;  // kAdvance: never earlier than before
  Policy policy;              // kPolicy
};

struct History {
  std::uint64_t seed = 0;
  Policy policy;  // the first
  std::vector<Record> records;
  std::vector<HistoryStep> steps;  // every record once, in order, and the other happenings
};

// What is so after the first `steps_done` steps.
Policy PolicyAt(const History& history, std::size_t steps_done);
std::int64_t ClockAt(const History& history, std::size_t steps_done);
std::span<const Record> RecordsAt(const History& history, std::size_t steps_done);
inline Policy FinalPolicy(const History& history) {
  return PolicyAt(history, history.steps.size());
}
inline std::int64_t FinalClock(const History& history) {
  return ClockAt(history, history.steps.size());
}

// The history in which these steps of it alone happen.
History WithSteps(const History& history, const std::vector<HistoryStep>& steps);

struct HistoryShape {
  std::size_t min_records = 60;
  std::size_t max_records = 110;
  bool renames = true;
  std::uint32_t extra_must_links = 0;  // percent of acts that are must-links besides the usual
};

History RandomHistory(std::uint64_t seed, const HistoryShape& shape = {});

// A record of any act over the identifiers of a history, with an id that no record of it has.
Record RandomExtraRecord(const History& history, Random& random);

// What came in fresh evidence of what kind: for the counts that keep the generator honest.
bool HasUpsert(const History& history);  // a higher version with other identifiers
bool HasLateRecord(
    const History& history);  // an observation with a time before one that came earlier
bool HasStep(const History& history, HistoryStep::Kind kind);

// Calls `run(seed)` for `count` seeds, scaled by POLYONYM_HISTORIES percent, from `first`; or for POLYONYM_SEED alone.
void ForEachSeed(std::uint64_t first, std::size_t count,
                 const std::function<void(std::uint64_t seed)>& run);
// True where POLYONYM_SEED asks for one history alone: counts over many say nothing then.
bool OneSeedOnly();

// Cuts a history into runs of records, mostly of 1 to 8, in order.
std::vector<std::span<const Record>> RandomBatches(const std::vector<Record>& records,
                                                   Random& random);

// Cuts the steps of a history into calls, in order: runs of records, of the same sizes, and single steps of other kinds.
std::vector<std::span<const HistoryStep>> RandomCalls(const History& history, Random& random);

// A history of fewer steps for which `fails` still holds, found by leaving out what is not needed.
// COST: about n log n calls.
History Minimise(History history, const std::function<bool(const History&)>& fails);

// Text of records and steps, to read and to replay by hand.
std::string Describe(std::span<const Record> records);
std::string Describe(const History& history);

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_HARNESS_HISTORIES_H_
