// workload/profile_traffic.h - the events of traffic.h with facts on them, and what they mean.
#ifndef POLYONYM_BENCH_WORKLOAD_PROFILE_TRAFFIC_H_
#define POLYONYM_BENCH_WORKLOAD_PROFILE_TRAFFIC_H_

#include <cstdint>
#include <vector>

#include "polyonym/model/facts.h"
#include "polyonym/model/policy.h"
#include "polyonym/model/record.h"
#include "workload/workload.h"

namespace polyonym::workload {

// What the record with a number says: one event (a type, a value of money, two properties), two tags and a trait. The same as
// bench/rivals/profiles.py makes.
Facts MadeFacts(std::uint64_t number);

// EventsOf() with MadeFacts() on each, by its place.
std::vector<Record> EventsWithFacts(const Sizes& sizes);

// Traffic::MakePolicy(), the latest city, and all that was spent; tags are not defined, and so summed.
Policy ProfilePolicy();

}  // namespace polyonym::workload

#endif  // POLYONYM_BENCH_WORKLOAD_PROFILE_TRAFFIC_H_
