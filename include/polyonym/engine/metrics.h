// engine/metrics.h - what an engine did since it was opened, how long it took, and what it holds, in numbers for monitoring.
//
//   const polyonym::EngineMetrics now = engine->Metrics();
//   now.apply.count();              // calls
//   now.apply.QuantileNs(0.99);     // nanoseconds
//
// engine/prometheus.h writes them for a scraper; docs/operations.md says which to watch. No value of an identifier is among them.
// What View::GetStats() counts by a pass over the store (the largest profile) is not either.
//
// COST: recording is a few relaxed additions and four reads of a monotone clock an Apply(), none a record.
#ifndef POLYONYM_ENGINE_METRICS_H_
#define POLYONYM_ENGINE_METRICS_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "polyonym/model/change.h"

namespace polyonym {

// How often something took how long: four buckets to each doubling, from 2^10 ns (a microsecond) to 2^37 ns (137 seconds), one
// for what is shorter, one for what is longer. A bucket holds durations above the bound before it, up to its own.
struct LatencyHistogram {
  static constexpr int kFirstBit = 10;
  static constexpr int kLastBit = 37;
  static constexpr std::size_t kSteps = 4;  // a doubling
  static constexpr std::size_t kBuckets =
      2 + kSteps * static_cast<std::size_t>(kLastBit - kFirstBit);

  std::array<std::uint64_t, kBuckets> buckets{};
  std::uint64_t sum_ns = 0;

  std::uint64_t count() const;

  // The duration that a share `q` (0 to 1) of all did not exceed; 0 where there was none. Within 1/8 of the true one if that lies
  // between the first and the last bound; 512 for anything shorter, the last bound for anything longer.
  std::uint64_t QuantileNs(double q) const;

  // REQUIRES: bucket < kBuckets.  The last has no bound: the greatest number.
  static constexpr std::uint64_t UpperBoundNs(std::size_t bucket) {
    if (bucket + 1 >= kBuckets) return ~std::uint64_t{0};
    if (bucket == 0) return std::uint64_t{1} << kFirstBit;
    const std::size_t step = bucket - 1;
    return (kSteps + 1 + step % kSteps)
           << (static_cast<std::size_t>(kFirstBit) + step / kSteps - 2);
  }
  static constexpr std::size_t BucketOf(std::uint64_t ns) {
    const std::uint64_t below = ns == 0 ? 0 : ns - 1;  // bounds belong to the bucket that they end
    const int bit = std::bit_width(below) - 1;
    if (bit < kFirstBit) return 0;
    if (bit >= kLastBit) return kBuckets - 1;
    return 1 + static_cast<std::size_t>(bit - kFirstBit) * kSteps + (below >> (bit - 2)) % kSteps;
  }
};

// Memory of the index by what is in it: docs/format.md and src/engine/cells.h.
struct ResidentBytes {
  std::uint64_t identifiers = 0;
  std::uint64_t profiles = 0;
  std::uint64_t links = 0;
  std::uint64_t mentions = 0;
  std::uint64_t records = 0;
  std::uint64_t renames = 0;
  std::uint64_t values = 0;
  std::uint64_t identifier_hashes = 0;
  std::uint64_t link_hashes = 0;
  std::uint64_t record_hashes = 0;
  std::uint64_t segments = 0;  // members, and until when they stay
  ResidentBytes& operator+=(const ResidentBytes& other);
  std::uint64_t total() const {
    return identifiers + profiles + links + mentions + records + renames + values +
           identifier_hashes + link_hashes + record_hashes + segments;
  }
};

// The index where EngineOptions::memory_budget_bytes is set; else zeros. store/page_memory.h.
struct PagedMemory {
  std::uint64_t budget_bytes = 0;
  std::uint64_t allocated_bytes = 0;  // in memory or on disk
  std::uint64_t resident_bytes = 0;   // estimated
  std::uint64_t dropped_pages = 0;    // so far, of 4 KiB
  std::uint64_t read_ahead_pages = 0;
};

struct EngineMetrics {
  // ---- done since the engine was opened; these only grow ----

  // Records of Apply() calls that succeeded, by outcome.
  std::uint64_t records_applied = 0;
  std::uint64_t records_unchanged = 0;
  std::uint64_t records_held = 0;
  std::uint64_t records_rejected = 0;
  std::uint64_t held_identifiers = 0;   // that policy left out of records that were applied
  std::uint64_t retracted_records = 0;  // by Retract()
  std::uint64_t rejudged_records = 0;   // by SetPolicy()
  std::uint64_t expired_links = 0;      // by AdvanceTo()
  std::uint64_t folded_records = 0;     // by MoveHorizon()

  std::array<std::uint64_t, kChangeKinds> changes{};  // of profiles, by ChangeKind
  std::uint64_t feed_rows = 0;

  std::uint64_t guards_tripped = 0;   // identifiers that became shared
  std::uint64_t guards_released = 0;  // and that ceased to be
  // Runs of the rule over profiles that were touched; also those of opening, when it took the end of the log again.
  std::uint64_t replays = 0;
  std::uint64_t replayed_profiles = 0;

  std::uint64_t logged_bytes = 0;
  std::uint64_t checkpoints = 0;  // written
  std::uint64_t checkpoint_bytes = 0;
  std::uint64_t checkpoint_failures = 0;
  std::uint64_t write_stalls = 0;
  std::uint64_t write_stalled_ns = 0;  // the present one included
  std::uint64_t slow_batches = 0;
  std::uint64_t dropped_events = 0;

  // ---- how long it took, failures included; count() is how often ----

  // Calls, from beginning to end: waiting for other writers, and the commit, are part of it.
  LatencyHistogram apply;
  LatencyHistogram retract;
  LatencyHistogram set_policy;
  LatencyHistogram advance_to;
  LatencyHistogram move_horizon;
  LatencyHistogram commit;  // writes of the store's log; with Durability::kSync its sync too
  LatencyHistogram sync;
  LatencyHistogram checkpoint;

  // ---- as it stands ----

  std::uint64_t sequence = 0;
  std::uint64_t unsynced_commits = 0;  // that a power cut may take
  std::uint64_t policy_version = 0;
  std::int64_t clock_ms = 0;
  std::int64_t newest_record_ms = 0;  // the latest time of a record ever taken
  std::uint64_t graphs = 0;
  // As in Stats, of the first graph. What was done, and memory, is of all graphs together.
  std::uint64_t records = 0;
  std::uint64_t standing_records = 0;
  std::uint64_t held_records = 0;
  std::uint64_t identifiers = 0;
  std::uint64_t live_identifiers = 0;
  std::uint64_t shared_identifiers = 0;
  std::uint64_t profiles = 0;
  std::uint64_t links = 0;
  std::uint64_t refused_links = 0;

  std::uint64_t pinned_views = 0;        // and a checkpoint that is being written
  std::uint64_t oldest_pin_commits = 0;  // commits since the oldest of them; 0 where there is none
  std::uint64_t waiting_calls = 0;       // that write, the one at work included
  std::uint64_t log_since_checkpoint_bytes = 0;  // taken again when the store is opened
  ResidentBytes resident;                        // with a memory budget, some of it on disk
  PagedMemory paged;
  std::uint64_t store_bytes = 0;  // on disk
  bool write_stalled = false;
  bool read_only = false;
};

}  // namespace polyonym

#endif  // POLYONYM_ENGINE_METRICS_H_
