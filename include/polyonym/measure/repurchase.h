// measure/repurchase.h - how many of those who bought bought a second time, soon enough.
//
//   absl::StatusOr<Repurchase> again = MeasureRepurchase(
//       table, {.order = {.types = {"order"}}, .within_ms = 90 * kDayMs, .now_ms = now_ms});
//   again->rate;  // of those whose first order is 90 days old, or older
//
// Retention (measure/retention.h) with each person's own clock, and one period.
#ifndef POLYONYM_MEASURE_REPURCHASE_H_
#define POLYONYM_MEASURE_REPURCHASE_H_

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "polyonym/measure/durations.h"
#include "polyonym/measure/event_filter.h"
#include "polyonym/measure/event_table.h"

namespace polyonym {

struct RepurchaseOptions {
  EventFilter order;
  // The second order counts at most so long after the first; the bound itself is within. REQUIRED: 1 or more
  std::int64_t within_ms = 0;
  // And at least so long after it: what comes sooner is a part of the first order, as where an order is told in several events.
  // DEFAULT: 0; range 0..within_ms
  std::int64_t apart_ms = 0;
  // from_ms <= time of the first order ever < to_ms.
  std::optional<std::int64_t> from_ms;
  std::optional<std::int64_t> to_ms;
  // As of when: later events are not seen. REQUIRED; range 0..kMaxFactTimeMs
  std::int64_t now_ms = 0;
  unsigned threads = 0;  // 0: as many as the machine has. No result depends on it.
};

// Invariants: (I1) repurchased_of_observed <= repurchased <= buyers, and repurchased_of_observed <= observed <= buyers.
struct Repurchase {
  std::uint64_t buyers = 0;       // whose first order is in the window
  std::uint64_t repurchased = 0;  // who bought a second time in time
  // Who had all the time: their first order is at least within_ms before now. Those who bought lately would only lower the rate.
  std::uint64_t observed = 0;
  std::uint64_t repurchased_of_observed = 0;
  double rate = 0;   // repurchased_of_observed by observed; 0 where there are none
  Durations waited;  // of repurchased: from the first order to the second
  friend bool operator==(const Repurchase&, const Repurchase&) = default;
};

// ENSURES: a function of the set of people, each with their events in order.
// ERRORS: InvalidArgument naming the field that is out of range, to_ms before from_ms, or a column that the table does not keep.
// COST: linear in events, on `threads`. Memory: 8 bytes for each who repurchased, for a moment.
absl::StatusOr<Repurchase> MeasureRepurchase(const EventTable& table,
                                             const RepurchaseOptions& options);

}  // namespace polyonym

#endif  // POLYONYM_MEASURE_REPURCHASE_H_
