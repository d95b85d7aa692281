#include "polyonym/measure/repurchase.h"

#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "measure/event_matcher.h"
#include "measure/in_parts.h"
#include "measure/time_range.h"

namespace polyonym {
namespace {

using measure::EventMatcher;
using measure::TimeRange;

struct Counts {
  Repurchase sums;
  std::vector<std::int64_t> waited_ms;
};

class Counter {
 public:
  Counter(const EventTable& table, const RepurchaseOptions& options, EventMatcher matcher,
          TimeRange range)
      : times_ms_(table.times_ms()),
        options_(options),
        matcher_(std::move(matcher)),
        range_(range) {}

  // A person's events.
  void Count(std::uint32_t begin, std::uint32_t end, Counts* counts) const {
    const std::uint32_t first = NextOrder(begin, end);
    if (first == end || !range_.Has(times_ms_[first])) return;
    const std::int64_t first_ms = times_ms_[first];
    const bool is_observed = first_ms <= options_.now_ms - options_.within_ms;
    ++counts->sums.buyers;
    counts->sums.observed += is_observed ? 1 : 0;
    std::uint32_t second = NextOrder(first + 1, end);
    while (second < end && times_ms_[second] - first_ms < options_.apart_ms)
      second = NextOrder(second + 1, end);
    if (second == end || times_ms_[second] - first_ms > options_.within_ms) return;
    ++counts->sums.repurchased;
    counts->sums.repurchased_of_observed += is_observed ? 1 : 0;
    counts->waited_ms.push_back(times_ms_[second] - first_ms);
  }

 private:
  // `end`: there is none up to now.
  std::uint32_t NextOrder(std::uint32_t event, std::uint32_t end) const {
    while (event < end && times_ms_[event] <= options_.now_ms) {
      if (matcher_.BitsOf(event) != 0) return event;
      ++event;
    }
    return end;
  }

  std::span<const std::int64_t> times_ms_;
  const RepurchaseOptions& options_;
  EventMatcher matcher_;
  TimeRange range_;
};

absl::Status Check(const RepurchaseOptions& options) {
  if (options.within_ms < 1) return absl::InvalidArgumentError("within_ms: must be 1 or more");
  if (options.apart_ms < 0 || options.apart_ms > options.within_ms)
    return absl::InvalidArgumentError("apart_ms: allowed are 0 to within_ms");
  return measure::CheckNow(options.now_ms);
}

}  // namespace

absl::StatusOr<Repurchase> MeasureRepurchase(const EventTable& table,
                                             const RepurchaseOptions& options) {
  if (absl::Status status = Check(options); !status.ok()) return status;
  const absl::StatusOr<TimeRange> range = measure::RangeOf(options.from_ms, options.to_ms);
  if (!range.ok()) return range.status();
  const EventMatcher::Named filters[] = {{&options.order, "order"}};
  absl::StatusOr<EventMatcher> matcher = EventMatcher::Make(table, filters);
  if (!matcher.ok()) return matcher.status();

  const Counter counter(table, options, *std::move(matcher), *range);
  const std::span<const std::uint32_t> offsets = table.offsets();
  const std::vector<Counts> parts = measure::OverPeople(
      table, options.threads, Counts(), [&](Counts* counts, std::uint32_t from, std::uint32_t to) {
        for (std::uint32_t person = from; person < to; ++person)
          counter.Count(offsets[person], offsets[person + 1], counts);
      });
  Repurchase all;
  std::vector<std::int64_t> waited_ms;
  for (const Counts& part : parts) {
    all.buyers += part.sums.buyers;
    all.repurchased += part.sums.repurchased;
    all.observed += part.sums.observed;
    all.repurchased_of_observed += part.sums.repurchased_of_observed;
    waited_ms.insert(waited_ms.end(), part.waited_ms.begin(), part.waited_ms.end());
  }
  if (all.observed > 0)
    all.rate = static_cast<double>(all.repurchased_of_observed) / static_cast<double>(all.observed);
  all.waited = DurationsOf(&waited_ms);
  return all;
}

}  // namespace polyonym
