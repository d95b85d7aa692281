// measure/durations.h - how long something took many people, in short.
//
// THREADS: pure functions.
#ifndef POLYONYM_MEASURE_DURATIONS_H_
#define POLYONYM_MEASURE_DURATIONS_H_

#include <cstdint>
#include <vector>

namespace polyonym {

struct Durations {
  std::uint64_t count = 0;  // how many it is of
  double mean_ms = 0;       // their exact sum, by their number; 0 where there are none
  // The lower median: of n in order, number (n + 1) / 2 rounded down, the first being 1. So always one that occurs; 0 where there are
  // none.
  std::int64_t median_ms = 0;
  friend bool operator==(const Durations&, const Durations&) = default;
};

// The order of `spans_ms` does not matter, and is another afterwards.
// COST: linear.
Durations DurationsOf(std::vector<std::int64_t>* spans_ms);

}  // namespace polyonym

#endif  // POLYONYM_MEASURE_DURATIONS_H_
