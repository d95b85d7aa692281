// workload/traffic.h - the events that most workloads stream: of the shape that bench/rivals/events.py makes, or its very events.
#ifndef POLYONYM_BENCH_WORKLOAD_TRAFFIC_H_
#define POLYONYM_BENCH_WORKLOAD_TRAFFIC_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "polyonym/model/policy.h"
#include "polyonym/model/record.h"
#include "workload/workload.h"

namespace polyonym::workload {

// Two or three identifiers an event out of a person's four (an openid, a phone, two cookies).
class Traffic {
 public:
  static constexpr std::uint64_t kWrong = 2000;  // one event in so many names somebody else's

  // `wrong_one_in` 0: none is wrong.
  explicit Traffic(std::uint64_t people, std::uint64_t wrong_one_in = kWrong)
      : people_(people), wrong_one_in_(wrong_one_in) {}

  // REQUIRES: numbers come in ascending order.
  Record Next(std::uint64_t number);

  // One event that names all that a person has.
  static Record Whole(std::uint64_t person);

  // Openids are best, then phones, then cookies; all compared byte by byte. Limits and guards are those of a new policy.
  static Policy MakePolicy();

 private:
  const std::uint64_t people_;
  const std::uint64_t wrong_one_in_;
  std::mt19937_64 random_{7};
};

std::uint64_t PeopleOf(const Sizes& sizes);

// Lines of id, time in ms and identifiers (namespace:value), tabs between.
std::vector<Record> ReadEvents(const std::string& path);

// Those of the file, where one is given; else made.
std::vector<Record> EventsOf(const Sizes& sizes);

// An empty record of the stream, at the time of its number.
Record Numbered(std::uint64_t number);

}  // namespace polyonym::workload

#endif  // POLYONYM_BENCH_WORKLOAD_TRAFFIC_H_
