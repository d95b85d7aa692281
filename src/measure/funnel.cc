#include "polyonym/measure/funnel.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "measure/event_matcher.h"
#include "measure/funnel_walk.h"
#include "measure/in_parts.h"
#include "measure/time_range.h"

namespace polyonym {
namespace {

using measure::EventMatcher;
using measure::FunnelRules;
using measure::FunnelWalk;
using measure::TimeRange;

// Walks of some people, by column.
struct Walks {
  std::vector<std::uint8_t> steps;  // 1 or more
  // Of the first event, in the dimension that is asked; else empty.
  std::vector<std::uint32_t> codes;
  std::vector<std::int64_t> since_first;   // of each walk steps - 1 times
  std::vector<std::uint64_t> times_begin;  // in since_first; set in the end

  std::size_t size() const { return steps.size(); }
  std::int64_t SinceFirst(std::size_t walk, std::size_t step) const {
    return step == 0 ? 0 : since_first[times_begin[walk] + step - 1];
  }
};

absl::Status Check(const EventTable& table, const FunnelOptions& options) {
  if (options.steps.empty() || options.steps.size() > kMaxFunnelSteps)
    return absl::InvalidArgumentError(absl::StrCat("steps: allowed are 1 to ", kMaxFunnelSteps));
  if (options.among.size() > kMaxFunnelAmong)
    return absl::InvalidArgumentError(absl::StrCat("among: allowed are up to ", kMaxFunnelAmong));
  if (options.within_ms < 1 || options.within_ms > kMaxFunnelWithinMs)
    return absl::InvalidArgumentError("within_ms: allowed are 1 ms to 36,600 days");
  if (options.by && !table.Has(*options.by))
    return absl::InvalidArgumentError(absl::StrCat(
        "by: the table has no column of ", std::string(ToString(*options.by)), "; have it kept"));
  return absl::OkStatus();
}

absl::StatusOr<EventMatcher> MatcherOf(const EventTable& table, const FunnelOptions& options) {
  std::vector<EventMatcher::Named> filters;
  for (std::size_t i = 0; i < options.steps.size(); ++i)
    filters.push_back({&options.steps[i], absl::StrCat("steps[", i, "]")});
  for (std::size_t i = 0; i < options.among.size(); ++i)
    filters.push_back({&options.among[i], absl::StrCat("among[", i, "]")});
  return EventMatcher::Make(table, filters);
}

// ---- A person at a time ----

class Walker {
 public:
  Walker(const EventTable& table, const FunnelOptions& options, EventMatcher matcher,
         TimeRange range)
      : table_(table),
        times_(table.times_ms()),
        matcher_(std::move(matcher)),
        range_(range),
        begin_before_ms_(
            options.begin_before_ms.value_or(std::numeric_limits<std::int64_t>::max())),
        by_(options.by),
        rules_{options.steps.size(), options.within_ms, options.deduplicate, options.in_order,
               options.increasing},
        step_bits_(static_cast<std::uint32_t>((std::uint64_t{1} << options.steps.size()) - 1)) {}

  const FunnelRules& rules() const { return rules_; }

  // Of events first..end.
  void Walk(std::uint32_t first, std::uint32_t end, FunnelWalk* walk, Walks* walks) const {
    walk->Begin();
    for (std::uint32_t event = first; event < end && !walk->is_done(); ++event) {
      if (!range_.Has(times_[event])) continue;
      const std::uint64_t bits = matcher_.BitsOf(event);
      if (bits == 0 || (walk->deepest() == 0 && (bits & 1) == 0)) continue;
      walk->Take({times_[event], static_cast<std::uint32_t>(bits) & step_bits_, event,
                  times_[event] < begin_before_ms_});
    }
    if (walk->deepest() > 0) Keep(walk->first_place(), walk->deepest(), walks);
  }

 private:
  // The chain that begins with the event, which is known to pass so many steps.
  void Keep(std::uint32_t first, std::size_t steps, Walks* walks) const {
    walks->steps.push_back(static_cast<std::uint8_t>(steps));
    if (by_) walks->codes.push_back(table_.CodeAt(*by_, first));
    std::int64_t last_ms = times_[first];
    std::uint32_t event = first + 1;
    for (std::size_t passed = 1; passed < steps; ++event) {
      if ((matcher_.BitsOf(event) >> passed & 1) == 0) continue;
      if (rules_.increasing && times_[event] == last_ms) continue;
      last_ms = times_[event];
      walks->since_first.push_back(last_ms - times_[first]);
      ++passed;
    }
  }

  const EventTable& table_;
  std::span<const std::int64_t> times_;
  EventMatcher matcher_;
  TimeRange range_;
  std::int64_t begin_before_ms_;
  std::optional<EventDimension> by_;
  FunnelRules rules_;
  std::uint32_t step_bits_;
};

template <class T>
void Append(std::vector<T>* to, std::vector<T> from) {
  if (to->empty()) {
    *to = std::move(from);
  } else {
    to->insert(to->end(), from.begin(), from.end());
  }
}

Walks AllWalks(const EventTable& table, const Walker& walker, unsigned threads) {
  struct Part {
    FunnelWalk walk;
    Walks walks;
  };
  const std::span<const std::uint32_t> offsets = table.offsets();
  std::vector<Part> parts = measure::OverPeople(
      table, threads, Part{FunnelWalk(walker.rules()), {}},
      [&](Part* part, std::uint32_t first, std::uint32_t end) {
        for (std::uint32_t person = first; person < end; ++person)
          walker.Walk(offsets[person], offsets[person + 1], &part->walk, &part->walks);
      });
  Walks all;
  for (Part& part : parts) {
    Append(&all.steps, std::move(part.walks.steps));
    Append(&all.codes, std::move(part.walks.codes));
    Append(&all.since_first, std::move(part.walks.since_first));
  }
  std::uint64_t begin = 0;
  all.times_begin.reserve(all.size());
  for (const std::uint8_t steps : all.steps) {
    all.times_begin.push_back(begin);
    begin += steps - 1U;
  }
  return all;
}

// ---- Adding up ----

using Numbers = std::span<const std::uint32_t>;  // of walks

double Share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

void SetDurations(const Walks& walks, Numbers of, std::size_t step, FunnelStep* out) {
  std::vector<std::int64_t> since_first, since_previous;
  since_first.reserve(out->people);
  since_previous.reserve(out->people);
  for (const std::uint32_t walk : of) {
    if (walks.steps[walk] <= step) continue;
    since_first.push_back(walks.SinceFirst(walk, step));
    since_previous.push_back(since_first.back() - walks.SinceFirst(walk, step - 1));
  }
  out->since_first = DurationsOf(&since_first);
  out->since_previous = DurationsOf(&since_previous);
}

std::vector<FunnelStep> StepsOf(const Walks& walks, Numbers of, std::size_t count,
                                unsigned threads) {
  std::vector<FunnelStep> steps(count);
  for (const std::uint32_t walk : of) ++steps[walks.steps[walk] - 1U].stopped;
  std::uint64_t people = 0;
  for (std::size_t i = count; i-- > 0;) steps[i].people = people += steps[i].stopped;
  for (std::size_t i = 0; i < count; ++i) {
    steps[i].from_first = Share(steps[i].people, steps[0].people);
    steps[i].from_previous = Share(steps[i].people, steps[i == 0 ? 0 : i - 1].people);
  }
  measure::RunTasks(threads, count - 1,
                    [&](std::size_t i) { SetDurations(walks, of, i + 1, &steps[i + 1]); });
  return steps;
}

// Numbers of walks by code, and where those of each code begin.
struct ByCode {
  std::vector<std::uint32_t> numbers;
  std::vector<std::uint32_t> begins;
};

ByCode SortByCode(const Walks& walks, std::size_t codes) {
  ByCode sorted;
  sorted.begins.assign(codes + 1, 0);
  for (const std::uint32_t code : walks.codes) ++sorted.begins[code + 1];
  std::partial_sum(sorted.begins.begin(), sorted.begins.end(), sorted.begins.begin());
  std::vector<std::uint32_t> next = sorted.begins;
  sorted.numbers.resize(walks.size());
  for (std::uint32_t walk = 0; walk < walks.size(); ++walk)
    sorted.numbers[next[walks.codes[walk]]++] = walk;
  return sorted;
}

std::vector<FunnelGroup> GroupsOf(const Walks& walks, const ByCode& by_code,
                                  std::span<const std::string> texts, std::size_t steps,
                                  unsigned threads) {
  std::vector<std::uint32_t> codes;
  const auto size_of = [&](std::uint32_t code) {
    return by_code.begins[code + 1] - by_code.begins[code];
  };
  for (std::uint32_t code = 0; code < texts.size(); ++code) {
    if (size_of(code) > 0) codes.push_back(code);
  }
  // Codes are in the order of their texts.
  std::stable_sort(codes.begin(), codes.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return size_of(a) > size_of(b); });
  std::vector<FunnelGroup> groups(codes.size());
  measure::RunTasks(threads, groups.size(), [&](std::size_t i) {
    const Numbers of =
        Numbers(by_code.numbers).subspan(by_code.begins[codes[i]], size_of(codes[i]));
    groups[i].text = texts[codes[i]];
    groups[i].steps = StepsOf(walks, of, steps, 1);
  });
  return groups;
}

}  // namespace

absl::StatusOr<FunnelTable> MeasureFunnel(const EventTable& table, const FunnelOptions& options) {
  if (absl::Status status = Check(table, options); !status.ok()) return status;
  const absl::StatusOr<TimeRange> range = measure::RangeOf(options.from_ms, options.to_ms);
  if (!range.ok()) return range.status();
  absl::StatusOr<EventMatcher> matcher = MatcherOf(table, options);
  if (!matcher.ok()) return matcher.status();

  const Walker walker(table, options, *std::move(matcher), *range);
  const Walks walks = AllWalks(table, walker, options.threads);
  const std::size_t steps = options.steps.size();
  FunnelTable funnel;
  funnel.people = table.people();
  if (options.by) {
    const std::span<const std::string> texts = table.Texts(*options.by);
    const ByCode by_code = SortByCode(walks, texts.size());
    funnel.steps = StepsOf(walks, by_code.numbers, steps, options.threads);
    funnel.groups = GroupsOf(walks, by_code, texts, steps, options.threads);
  } else {
    std::vector<std::uint32_t> everybody(walks.size());
    std::iota(everybody.begin(), everybody.end(), 0);
    funnel.steps = StepsOf(walks, everybody, steps, options.threads);
  }
  return funnel;
}

}  // namespace polyonym
