// workload/measure.h - what every command measures with.
#ifndef POLYONYM_BENCH_WORKLOAD_MEASURE_H_
#define POLYONYM_BENCH_WORKLOAD_MEASURE_H_

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace polyonym::workload {

class Stopwatch {
 public:
  double Seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

template <class Work>
double SecondsOf(const Work& work) {
  const Stopwatch watch;
  work();
  return watch.Seconds();
}

// Ends the program with what is wrong: a bench that fails has nothing to say.
inline void OrStop(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << "\n";
  std::exit(1);
}
template <class T>
T OrStop(absl::StatusOr<T> result) {
  OrStop(result.status());
  return *std::move(result);
}

inline double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace polyonym::workload

#endif  // POLYONYM_BENCH_WORKLOAD_MEASURE_H_
