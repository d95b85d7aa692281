#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "measure/calendar_grid.h"
#include "measure/event_matcher.h"
#include "measure/in_parts.h"
#include "measure/time_range.h"
#include "polyonym/measure/retention.h"
#include "segment/calendar.h"

namespace polyonym {
namespace {

using measure::CalendarGrid;
using measure::EventMatcher;
using measure::TimeRange;

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kFirst = 1, kAgain = 2;  // bits of the two filters

absl::Status Check(const EventTable& table, const RetentionOptions& options) {
  if (options.unit == CalendarUnit::kHour || options.unit > CalendarUnit::kYear)
    return absl::InvalidArgumentError("unit: allowed are day, week, month, quarter and year");
  if (options.periods > kMaxRetentionPeriods)
    return absl::InvalidArgumentError(
        absl::StrCat("periods: allowed are up to ", kMaxRetentionPeriods));
  if (options.kind > RetentionKind::kRolling)
    return absl::InvalidArgumentError("kind: allowed are calendar and rolling");
  if (options.first_event > FirstEvent::kInWindow)
    return absl::InvalidArgumentError("first_event: allowed are ever and in window");
  if (options.by && !table.Has(*options.by))
    return absl::InvalidArgumentError(absl::StrCat(
        "by: the table has no column of ", std::string(ToString(*options.by)), "; have it kept"));
  return measure::CheckNow(options.now_ms);
}

// What is asked, made ready.
struct Question {
  const EventTable& table;
  const RetentionOptions& options;
  EventMatcher matcher;
  TimeRange range;
  std::span<const std::int64_t> times_ms = table.times_ms();

  bool IsSeen(std::uint32_t event) const { return times_ms[event] <= options.now_ms; }
  bool Has(std::uint32_t event, std::uint64_t bit) const {
    return (matcher.BitsOf(event) & bit) != 0;
  }
};

// ---- Cohorts ----

// By person the first event, kNone: they are in no cohort; and the earliest time of those.
struct Firsts {
  std::vector<std::uint32_t> events;
  std::optional<std::int64_t> earliest_ms;
};

std::uint32_t FirstOf(const Question& question, std::uint32_t begin, std::uint32_t end) {
  const bool is_ever = question.options.first_event == FirstEvent::kEver;
  for (std::uint32_t event = begin; event < end && question.IsSeen(event); ++event) {
    const bool is_in = question.range.Has(question.times_ms[event]);
    if ((!is_in && !is_ever) || !question.Has(event, kFirst)) continue;
    return is_in ? event : kNone;
  }
  return kNone;
}

Firsts FindFirsts(const Question& question) {
  Firsts firsts;
  firsts.events.resize(question.table.people());
  const std::span<const std::uint32_t> offsets = question.table.offsets();
  using Earliest = std::optional<std::int64_t>;
  const auto parts = measure::OverPeople(
      question.table, question.options.threads, Earliest(),
      [&](Earliest* earliest, std::uint32_t from, std::uint32_t to) {
        for (std::uint32_t person = from; person < to; ++person) {
          const std::uint32_t event = FirstOf(question, offsets[person], offsets[person + 1]);
          firsts.events[person] = event;
          if (event == kNone) continue;
          const std::int64_t time_ms = question.times_ms[event];
          *earliest = std::min(earliest->value_or(time_ms), time_ms);
        }
      });
  for (const Earliest& earliest : parts) {
    if (earliest) firsts.earliest_ms = std::min(firsts.earliest_ms.value_or(*earliest), *earliest);
  }
  return firsts;
}

std::string NameOf(std::chrono::sys_days day) {
  const std::chrono::year_month_day date(day);
  return absl::StrFormat("%04d-%02d-%02d", static_cast<int>(date.year()),
                         static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

// The cohorts that somebody is in, numbered; and by person which.
struct Cohorts {
  std::vector<std::uint32_t> of_person;  // kNone: none
  std::vector<std::string> names;
};

Cohorts FindCohorts(const Question& question, const Firsts& firsts, const CalendarGrid& grid) {
  const std::optional<EventDimension> by = question.options.by;
  Cohorts cohorts;
  cohorts.of_person.assign(firsts.events.size(), kNone);
  std::vector<std::uint32_t> numbers(by ? question.table.Texts(*by).size() : grid.units(), kNone);
  for (std::size_t person = 0; person < firsts.events.size(); ++person) {
    const std::uint32_t event = firsts.events[person];
    if (event == kNone) continue;
    const std::uint32_t key =
        by ? question.table.CodeAt(*by, event) : grid.UnitOf(question.times_ms[event]);
    cohorts.of_person[person] = key;
    numbers[key] = 0;
  }
  for (std::uint32_t key = 0; key < numbers.size(); ++key) {
    if (numbers[key] == kNone) continue;
    numbers[key] = static_cast<std::uint32_t>(cohorts.names.size());
    cohorts.names.push_back(by ? question.table.Texts(*by)[key] : NameOf(grid.FirstDay(key)));
  }
  for (std::uint32_t& key : cohorts.of_person) {
    if (key != kNone) key = numbers[key];
  }
  return cohorts;
}

// ---- Counts ----

// People by cohort and period. Where a person counts in all periods up to one they are noted at that one, and summed in the end.
struct Cells {
  Cells(std::size_t cohorts, std::size_t of_periods)
      : periods(of_periods),
        sizes(cohorts),
        returned(cohorts * periods),
        returned_of_observed(cohorts * periods),
        observed(cohorts * periods) {}

  std::size_t At(std::size_t cohort, std::size_t period) const { return cohort * periods + period; }

  void Add(const Cells& other) {
    const auto add = [](std::vector<std::uint32_t>* to, const std::vector<std::uint32_t>& from) {
      for (std::size_t i = 0; i < to->size(); ++i) (*to)[i] += from[i];
    };
    add(&sizes, other.sizes);
    add(&returned, other.returned);
    add(&returned_of_observed, other.returned_of_observed);
    add(&observed, other.observed);
  }

  void SumFromLast(std::vector<std::uint32_t>* cells) const {
    for (std::size_t i = cells->size(); i-- > 0;) {
      if ((i + 1) % periods != 0) (*cells)[i] += (*cells)[i + 1];
    }
  }

  std::size_t periods;
  std::vector<std::uint32_t> sizes;  // by cohort
  std::vector<std::uint32_t> returned;
  std::vector<std::uint32_t> returned_of_observed;
  std::vector<std::uint32_t> observed;
};

class Counter {
 public:
  Counter(const Question& question, const CalendarGrid& grid)
      : question_(question),
        grid_(grid),
        units_over_(grid.UnitOf(question.options.now_ms)),
        last_period_(question.options.periods) {}

  // A person of the cohort, whose first event it is; `end`: of their events.
  void Count(std::uint32_t cohort, std::uint32_t first, std::uint32_t end, Cells* cells) const {
    const std::uint32_t unit = grid_.UnitOf(question_.times_ms[first]);
    const std::uint32_t over = units_over_ - unit;  // periods that are over: as many
    ++cells->sizes[cohort];
    if (over > 0) ++cells->observed[cells->At(cohort, std::min(over - 1, last_period_))];
    if (question_.options.kind == RetentionKind::kCalendar) {
      CountEach(cohort, first, end, unit, over, cells);
    } else {
      CountUpToLast(cohort, first, end, unit, over, cells);
    }
  }

 private:
  void CountEach(std::uint32_t cohort, std::uint32_t first, std::uint32_t end, std::uint32_t unit,
                 std::uint32_t over, Cells* cells) const {
    std::uint32_t next = 0;  // periods before it were counted, or are past
    for (std::uint32_t event = first + 1; event < end && question_.IsSeen(event); ++event) {
      if (!question_.Has(event, kAgain)) continue;
      const std::uint32_t period = grid_.UnitOf(question_.times_ms[event]) - unit;
      if (period < next) continue;
      if (period > last_period_) return;
      ++cells->returned[cells->At(cohort, period)];
      if (period < over) ++cells->returned_of_observed[cells->At(cohort, period)];
      next = period + 1;
    }
  }

  void CountUpToLast(std::uint32_t cohort, std::uint32_t first, std::uint32_t end,
                     std::uint32_t unit, std::uint32_t over, Cells* cells) const {
    std::uint32_t last = end - 1;
    while (last > first && !(question_.IsSeen(last) && question_.Has(last, kAgain))) --last;
    if (last == first) return;
    const std::uint32_t period =
        std::min(grid_.UnitOf(question_.times_ms[last]) - unit, last_period_);
    ++cells->returned[cells->At(cohort, period)];
    if (over > 0) ++cells->returned_of_observed[cells->At(cohort, std::min(period, over - 1))];
  }

  const Question& question_;
  const CalendarGrid& grid_;
  std::uint32_t units_over_;  // up to now
  std::uint32_t last_period_;
};

Cells CountAll(const Question& question, const Firsts& firsts, const Cohorts& cohorts,
               const CalendarGrid& grid) {
  const Counter counter(question, grid);
  const std::span<const std::uint32_t> offsets = question.table.offsets();
  std::vector<Cells> parts =
      measure::OverPeople(question.table, question.options.threads,
                          Cells(cohorts.names.size(), std::size_t{question.options.periods} + 1),
                          [&](Cells* cells, std::uint32_t from, std::uint32_t to) {
                            for (std::uint32_t person = from; person < to; ++person) {
                              if (firsts.events[person] != kNone)
                                counter.Count(cohorts.of_person[person], firsts.events[person],
                                              offsets[person + 1], cells);
                            }
                          });
  Cells all = std::move(parts[0]);
  for (std::size_t i = 1; i < parts.size(); ++i) all.Add(parts[i]);
  all.SumFromLast(&all.observed);
  if (question.options.kind == RetentionKind::kRolling) {
    all.SumFromLast(&all.returned);
    all.SumFromLast(&all.returned_of_observed);
  }
  return all;
}

// ---- The table ----

void SetShares(RetentionCohort* cohort) {
  for (RetentionPeriod& period : cohort->periods) {
    period.complete = period.observed == cohort->size;
    period.share = period.observed == 0 ? 0
                                        : static_cast<double>(period.returned_of_observed) /
                                              static_cast<double>(period.observed);
  }
}

RetentionTable TableOf(const Question& question, const Cohorts& cohorts, const Cells& cells) {
  const std::size_t periods = std::size_t{question.options.periods} + 1;
  RetentionTable table;
  table.people = question.table.people();
  table.all.periods.resize(periods);
  for (std::size_t c = 0; c < cohorts.names.size(); ++c) {
    RetentionCohort cohort{cohorts.names[c], cells.sizes[c], std::vector<RetentionPeriod>(periods)};
    table.all.size += cohort.size;
    for (std::size_t p = 0; p < periods; ++p) {
      RetentionPeriod& period = cohort.periods[p];
      RetentionPeriod& all = table.all.periods[p];
      all.returned += period.returned = cells.returned[cells.At(c, p)];
      all.observed += period.observed = cells.observed[cells.At(c, p)];
      all.returned_of_observed += period.returned_of_observed =
          cells.returned_of_observed[cells.At(c, p)];
    }
    SetShares(&cohort);
    table.cohorts.push_back(std::move(cohort));
  }
  SetShares(&table.all);
  // They are in the order of their days, or texts.
  if (question.options.by) {
    std::stable_sort(table.cohorts.begin(), table.cohorts.end(),
                     [](const auto& a, const auto& b) { return a.size > b.size; });
  }
  return table;
}

}  // namespace

absl::StatusOr<RetentionTable> MeasureRetention(const EventTable& table,
                                                const RetentionOptions& options) {
  if (absl::Status status = Check(table, options); !status.ok()) return status;
  const absl::StatusOr<TimeRange> range = measure::RangeOf(options.from_ms, options.to_ms);
  if (!range.ok()) return range.status();
  const absl::StatusOr<segment::TimeZone> zone = segment::TimeZone::Of(options.time_zone);
  if (!zone.ok())
    return absl::InvalidArgumentError(absl::StrCat("time_zone: ", zone.status().message()));
  const EventMatcher::Named filters[] = {{&options.first, "first"}, {&options.again, "again"}};
  absl::StatusOr<EventMatcher> matcher = EventMatcher::Make(table, filters);
  if (!matcher.ok()) return matcher.status();

  const Question question{table, options, *std::move(matcher), *range};
  const Firsts firsts = FindFirsts(question);
  const CalendarGrid grid(options.unit, *zone, firsts.earliest_ms.value_or(options.now_ms),
                          options.now_ms);
  const Cohorts cohorts = FindCohorts(question, firsts, grid);
  if (cohorts.names.size() * (std::size_t{options.periods} + 1) > kMaxRetentionCells)
    return absl::ResourceExhaustedError(
        absl::StrCat("periods: more than ", kMaxRetentionCells,
                     " cells of cohorts and periods; take a longer unit or fewer periods"));
  return TableOf(question, cohorts, CountAll(question, firsts, cohorts, grid));
}

}  // namespace polyonym
