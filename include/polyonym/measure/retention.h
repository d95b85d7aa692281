// measure/retention.h - how many of those who began at one time, or by one way, came again, and when.
//
//   RetentionOptions options;
//   options.first = options.again = {.types = {"order"}};
//   options.unit = CalendarUnit::kMonth;
//   options.time_zone = "Asia/Shanghai";
//   options.now_ms = now_ms;
//   absl::StatusOr<RetentionTable> retention = MeasureRetention(table, options);
//   retention->cohorts[0].name;              // 2026-01-01: who first ordered in January
//   retention->cohorts[0].periods[2].share;  // and the share of them that ordered again in March
//
// A person is in one cohort: that of their first event. What comes after it counts by the calendar unit that it is in: period n is the
// n-th unit after the one of the first event, and period 0 the rest of that one. So the periods of somebody who began on the last day of
// a month and of somebody who began on the first are the same days, and the rate of period 1 says nothing of "30 days later". Units begin
// with the first instant at which clocks show their first day; weeks begin on Monday.
//
// For a rate within so many days of each person's own first order see measure/repurchase.h; for people who fulfil conditions,
// CountRetained().
#ifndef POLYONYM_MEASURE_RETENTION_H_
#define POLYONYM_MEASURE_RETENTION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "polyonym/measure/event_filter.h"
#include "polyonym/measure/event_table.h"
#include "polyonym/segment/expression.h"

namespace polyonym {

inline constexpr std::uint32_t kMaxRetentionPeriods = 10'000;
// Cohorts, times their periods.
inline constexpr std::size_t kMaxRetentionCells = std::size_t{1} << 22;

enum class RetentionKind : std::uint8_t {
  kCalendar = 0,  // came again in the n-th unit
  kRolling = 1,   // in the n-th or any later one, up to now; also called unbounded
};

// Which event begins.
enum class FirstEvent : std::uint8_t {
  kEver = 0,      // the first that matches at all: who began before the window is in no cohort
  kInWindow = 1,  // the first in the window, whatever was before it
};

struct RetentionOptions {
  EventFilter first;
  // Matched by events after the first one, in the order of the table; often the same as `first`.
  EventFilter again;
  RetentionKind kind = RetentionKind::kCalendar;
  CalendarUnit unit = CalendarUnit::kWeek;  // any but kHour
  std::string time_zone;                    // of IANA's database; empty: UTC
  std::uint32_t periods = 12;               // after period 0; range 0..kMaxRetentionPeriods

  // from_ms <= time of the first event < to_ms. When people came again is not bounded by it.
  std::optional<std::int64_t> from_ms;
  std::optional<std::int64_t> to_ms;
  FirstEvent first_event = FirstEvent::kEver;

  // What cohorts are by. DEFAULT: by the unit of the first event; else by what the first event has in this column.
  std::optional<EventDimension> by;
  // As of when: later events are not seen. REQUIRED; range 0..kMaxFactTimeMs
  std::int64_t now_ms = 0;
  // 0: as many as the machine has. No result depends on it.
  unsigned threads = 0;
};

// Whether a period is over differs by person where cohorts are not by time: so a rate is of those for whom it is.
struct RetentionPeriod {
  std::uint64_t returned = 0;  // who came again, up to now
  // For whom it is over: its unit ended at or before now.
  std::uint64_t observed = 0;
  std::uint64_t returned_of_observed = 0;
  double share = 0;       // returned_of_observed by observed; 0 where it is over for nobody
  bool complete = false;  // over for everybody in the cohort
  friend bool operator==(const RetentionPeriod&, const RetentionPeriod&) = default;
};

struct RetentionCohort {
  // The first day of the unit, `2026-11-02`; with RetentionOptions::by the text, empty: none.
  std::string name;
  std::uint64_t size = 0;
  std::vector<RetentionPeriod> periods;  // 0 to RetentionOptions::periods
  friend bool operator==(const RetentionCohort&, const RetentionCohort&) = default;
};

// Invariants: (I1) returned_of_observed <= returned <= size, and returned_of_observed <= observed <= size. (I2) `observed` never grows
// from one period to the next. (I3) kRolling: nor does `returned`. (I4) `all` is the sum of the cohorts. (I5) `returned` of kRolling is
// at least that of kCalendar, each period.
struct RetentionTable {
  std::uint64_t people = 0;  // of the table, in a cohort or not
  // Those that somebody is in: by day, or most people first, then by text.
  std::vector<RetentionCohort> cohorts;
  RetentionCohort all;  // has no name
  friend bool operator==(const RetentionTable&, const RetentionTable&) = default;
};

// `share` of a rolling period is that of those for whom the unit is over; who will yet come is in no number, so that it still rises.
// ENSURES: a function of the set of people, each with their events in order.
// ERRORS: InvalidArgument naming the field: unit, time_zone, periods, now_ms, to_ms before from_ms, a column that the table does not keep.
//         ResourceExhausted for more than kMaxRetentionCells: take a longer unit, or fewer periods.
// COST: linear in events, on `threads`.
// Memory: 8 bytes a person for a moment, and 12 a cell and thread.
absl::StatusOr<RetentionTable> MeasureRetention(const EventTable& table,
                                                const RetentionOptions& options);

inline constexpr std::size_t kMaxRetentionConditions = 32;

// An event of the filter with from_ms <= time < to_ms.
struct RetentionCondition {
  EventFilter filter;
  std::optional<std::int64_t> from_ms;
  std::optional<std::int64_t> to_ms;
};

// How many people fulfil the first condition, and of the others how many fulfil it and the first: conditions are not chained, and say
// nothing of order. One event may fulfil several.
// Source: ClickHouse documentation, Parametric aggregate functions, retention(): r1, and ri where r1 too.
// ERRORS: InvalidArgument naming the field: not 1..kMaxRetentionConditions, to_ms before from_ms, a column that the table does not keep.
// COST: linear in events and conditions, on `threads` (0: as many as the machine has).
absl::StatusOr<std::vector<std::uint64_t>> CountRetained(
    const EventTable& table, std::span<const RetentionCondition> conditions, unsigned threads = 0);

}  // namespace polyonym

#endif  // POLYONYM_MEASURE_RETENTION_H_
