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
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "polyonym/model/policy.h"
#include "polyonym/model/record.h"

namespace polyonym::harness {

// Random choices that are the same everywhere (the distributions of <random> are not).
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  // In [0, n).  REQUIRES: n > 0.
  std::uint64_t Below(std::uint64_t n) { return engine_() % n; }
  std::int64_t Between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(Below(static_cast<std::uint64_t>(high - low) + 1));
  }
  bool Chance(std::uint32_t percent) { return Below(100) < percent; }
  template <class T>
  const T& Pick(const std::vector<T>& from) {
    return from[Below(from.size())];
  }
  template <class T>
  void Shuffle(std::vector<T>* items) {
    for (std::size_t i = items->size(); i > 1; --i) std::swap((*items)[i - 1], (*items)[Below(i)]);
  }

 private:
  std::mt19937_64 engine_;
};

struct History {
  std::uint64_t seed = 0;
  Policy policy;
  std::vector<Record> records;
};

struct HistoryShape {
  std::size_t min_records = 60;
  std::size_t max_records = 110;
  bool renames = true;
  std::uint32_t extra_must_links = 0;  // percent of acts that are must-links besides the usual
};

Policy RandomPolicy(Random& random);
History RandomHistory(std::uint64_t seed, const HistoryShape& shape = {});

// A record of any act over the identifiers of a history, with an id that no record of it has.
Record RandomExtraRecord(const History& history, Random& random);

// What came in fresh evidence of what kind: for the counts that keep the generator honest.
bool HasUpsert(const History& history);  // a higher version with other identifiers
bool HasLateRecord(
    const History& history);  // an observation with a time before one that came earlier

// Calls `run(seed)` for `count` seeds, scaled by POLYONYM_HISTORIES percent, from `first`; or for POLYONYM_SEED alone.
void ForEachSeed(std::uint64_t first, std::size_t count,
                 const std::function<void(std::uint64_t seed)>& run);
// True where POLYONYM_SEED asks for one history alone: counts over many say nothing then.
bool OneSeedOnly();

// Cuts a history into runs of records, mostly of 1 to 8, in order.
std::vector<std::span<const Record>> RandomBatches(const std::vector<Record>& records,
                                                   Random& random);

// A shorter list of records for which `fails` still holds, found by leaving out what is not needed.
// COST: about n log n calls.
std::vector<Record> Minimise(std::vector<Record> records,
                             const std::function<bool(const std::vector<Record>&)>& fails);

// Text of a policy and of records, to read and to replay by hand.
std::string Describe(const Policy& policy);
std::string Describe(std::span<const Record> records);
std::string Describe(const History& history);

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_HARNESS_HISTORIES_H_
