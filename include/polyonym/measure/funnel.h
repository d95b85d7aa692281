// measure/funnel.h - how many people came how far through steps that follow each other, and how long it took them.
//
//   FunnelOptions options;
//   options.steps = {{.types = {"view"}}, {.types = {"cart"}}, {.types = {"order"}}};
//   options.within_ms = 7 * kDayMs;
//   options.by = EventDimension::kCampaign;
//   absl::StatusOr<FunnelTable> funnel = MeasureFunnel(table, options);
//   funnel->steps[2].from_first;  // of those who viewed, the share that ordered within a week
//
// How far a single person came is `funnel(...)` of a segment (segment/expression.h), and means the same. It counts what was: whoever
// looked at something yesterday may order tomorrow. Where that matters, let nobody begin later than `within_ms` before the last event
// that is seen: FunnelOptions::begin_before_ms.
//
// *Chains.* Only events are looked at that match a step, or one of `among`. They are taken by time, and those of one time in the order of
// the table. A chain begins with each event that matches the first step, and then takes each event that matches its next step, none of
// them later than `within_ms` after the first; an event is one step of a chain at most. A person's deepest step is that of the chain that
// came farthest. Strictness is that of ClickHouse's windowFunnel(): see FunnelOptions.
//
// *The walk.* Of a person's chains that came farthest the walk is the one whose first event is the earliest. It also is the first that
// comes to the deepest step. The times between steps, and what a person is counted by, are those of the walk: a person has one, and
// counts once.
//
// Source: ClickHouse documentation, Parametric aggregate functions, windowFunnel.
#ifndef POLYONYM_MEASURE_FUNNEL_H_
#define POLYONYM_MEASURE_FUNNEL_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "polyonym/measure/durations.h"
#include "polyonym/measure/event_filter.h"
#include "polyonym/measure/event_table.h"

namespace polyonym {

inline constexpr std::size_t kMaxFunnelSteps = 32;
inline constexpr std::size_t kMaxFunnelAmong = 32;
inline constexpr std::int64_t kMaxFunnelWithinMs = 36'600 * std::int64_t{86'400'000};

struct FunnelOptions {
  std::vector<EventFilter> steps;  // 1..kMaxFunnelSteps. An event may match several
  // What is looked at besides. Such an event is no step, and so ends chains where the order is strict; else it means nothing.
  // 0..kMaxFunnelAmong. One filter without any list: every event.
  std::vector<EventFilter> among;
  // From the first step to each; the bound itself is within. REQUIRED: 1..kMaxFunnelWithinMs
  std::int64_t within_ms = 0;

  // Strict deduplication: a step that was passed and comes again ends the chain.
  bool deduplicate = false;
  // Strict order: an event that is looked at and is not the next step ends the chain; but before the second step the first may come
  // again.
  bool in_order = false;
  // Strict increase: a step is later than the one before it. One that comes at the same time is passed over.
  bool increasing = false;

  // from_ms <= time < to_ms: other events are as if they had not been.
  std::optional<std::int64_t> from_ms;
  std::optional<std::int64_t> to_ms;
  // No chain begins then or later. DEFAULT: at any time
  std::optional<std::int64_t> begin_before_ms;

  // Also counts people by what the first event of their walk has in this column. DEFAULT: not
  std::optional<EventDimension> by;
  // 0: as many as the machine has. No result depends on it.
  unsigned threads = 0;
};

// Shares are 0 where they are of nobody.
struct FunnelStep {
  std::uint64_t people = 0;   // who came to it, or farther
  std::uint64_t stopped = 0;  // whose deepest step it is
  double from_first = 0;      // `people`, by those of the first step
  double from_previous = 0;   // by those of the step before; of the first step: as from_first
  Durations since_first;      // in the walks of `people`; of the first step: none
  Durations since_previous;
  friend bool operator==(const FunnelStep&, const FunnelStep&) = default;
};

// People whose walk begins with an event that has a text.
struct FunnelGroup {
  std::string text;  // empty: none
  std::vector<FunnelStep> steps;
  friend bool operator==(const FunnelGroup&, const FunnelGroup&) = default;
};

// Invariants: (I1) `people` of steps never grows from one to the next. (I2) `people` of a step is `stopped` of it and of all later ones.
// (I3) `people` and `stopped` of all groups sum to those of `steps`. (I4) Durations of a step but the first are of `people`. (I5) No one
// later than within_ms after the first.
struct FunnelTable {
  std::uint64_t people = 0;  // of the table, whether they came to a step or not
  std::vector<FunnelStep> steps;
  std::vector<FunnelGroup> groups;  // most people of the first step first, then by text
  friend bool operator==(const FunnelTable&, const FunnelTable&) = default;
};

// ENSURES: a function of the set of people, each with their events in order.
// ERRORS: InvalidArgument naming the field: steps, among, within_ms out of range, to_ms before from_ms, a filter (`steps[1].campaigns`)
//         or `by` of a column that the table does not keep, too many texts.
// COST: linear in events and steps, on `threads`: a person's chains are followed as sets, so that many first steps in one window cost no
// more than few.
// Memory: 8 bytes for each person who began and each step that was passed, and the same again for a moment.
absl::StatusOr<FunnelTable> MeasureFunnel(const EventTable& table, const FunnelOptions& options);

}  // namespace polyonym

#endif  // POLYONYM_MEASURE_FUNNEL_H_
