// workload/segment_policy.h - policies with many segments, and facts for them.
#ifndef POLYONYM_BENCH_WORKLOAD_SEGMENT_POLICY_H_
#define POLYONYM_BENCH_WORKLOAD_SEGMENT_POLICY_H_

#include <cstddef>
#include <cstdint>

#include "polyonym/model/definitions.h"
#include "polyonym/model/policy.h"
#include "workload/profile_traffic.h"

namespace polyonym::workload {

// What segments ask for.
enum class SegmentKind {
  kBroad,  // an event of a type concerns a third of them: windows of all lengths over everything that somebody did
  kNarrow,  // each is about one product, brand, interest or city, as those of campaigns are
};

inline constexpr std::size_t kMostSegments = 1'200;

// Interests fade, brands add up, and consent to advertising is asked for. Without segments.
Policy SegmentsPolicy();
// The first `count` segments of a kind, no two of which say the same.  REQUIRES: count <= kMostSegments.
Definitions WithSegments(std::size_t count, SegmentKind kind = SegmentKind::kBroad);

// MadeFacts(); a fourth of the records says something of a consent, too.
Facts FactsForSegments(std::uint64_t number);

}  // namespace polyonym::workload

#endif  // POLYONYM_BENCH_WORKLOAD_SEGMENT_POLICY_H_
