// CountRetained(): conditions that people fulfil, each together with the first.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "measure/event_matcher.h"
#include "measure/in_parts.h"
#include "measure/time_range.h"
#include "polyonym/measure/retention.h"

namespace polyonym {
namespace {

using measure::EventMatcher;
using measure::TimeRange;

absl::StatusOr<EventMatcher> MatcherOf(const EventTable& table,
                                       std::span<const RetentionCondition> conditions) {
  std::vector<EventMatcher::Named> filters;
  for (std::size_t i = 0; i < conditions.size(); ++i)
    filters.push_back({&conditions[i].filter, absl::StrCat("conditions[", i, "].filter")});
  return EventMatcher::Make(table, filters);
}

// Which conditions some event of the person fulfils, as bits.
class Fulfilled {
 public:
  Fulfilled(const EventTable& table, EventMatcher matcher, std::vector<TimeRange> ranges)
      : times_ms_(table.times_ms()), matcher_(std::move(matcher)), ranges_(std::move(ranges)) {}

  std::uint64_t Of(std::uint32_t begin, std::uint32_t end) const {
    const std::uint64_t everything = (std::uint64_t{1} << ranges_.size()) - 1;
    std::uint64_t fulfilled = 0;
    for (std::uint32_t event = begin; event < end && fulfilled != everything; ++event) {
      std::uint64_t bits = matcher_.BitsOf(event) & ~fulfilled;
      for (; bits != 0; bits &= bits - 1) {
        const auto i = static_cast<std::size_t>(std::countr_zero(bits));
        if (ranges_[i].Has(times_ms_[event])) fulfilled |= std::uint64_t{1} << i;
      }
    }
    return fulfilled;
  }

 private:
  std::span<const std::int64_t> times_ms_;
  EventMatcher matcher_;
  std::vector<TimeRange> ranges_;
};

}  // namespace

absl::StatusOr<std::vector<std::uint64_t>> CountRetained(
    const EventTable& table, std::span<const RetentionCondition> conditions, unsigned threads) {
  if (conditions.empty() || conditions.size() > kMaxRetentionConditions)
    return absl::InvalidArgumentError(
        absl::StrCat("conditions: allowed are 1 to ", kMaxRetentionConditions));
  std::vector<TimeRange> ranges;
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    const absl::StatusOr<TimeRange> range = measure::RangeOf(
        conditions[i].from_ms, conditions[i].to_ms, absl::StrCat("conditions[", i, "]."));
    if (!range.ok()) return range.status();
    ranges.push_back(*range);
  }
  absl::StatusOr<EventMatcher> matcher = MatcherOf(table, conditions);
  if (!matcher.ok()) return matcher.status();

  const Fulfilled fulfilled(table, *std::move(matcher), std::move(ranges));
  const std::span<const std::uint32_t> offsets = table.offsets();
  using Counts = std::vector<std::uint64_t>;
  const std::vector<Counts> parts = measure::OverPeople(
      table, threads, Counts(conditions.size()),
      [&](Counts* counts, std::uint32_t from, std::uint32_t to) {
        for (std::uint32_t person = from; person < to; ++person) {
          const std::uint64_t bits = fulfilled.Of(offsets[person], offsets[person + 1]);
          for (std::size_t i = 0; (bits & 1) != 0 && i < counts->size(); ++i)
            (*counts)[i] += bits >> i & 1;
        }
      });
  Counts all(conditions.size());
  for (const Counts& part : parts) {
    for (std::size_t i = 0; i < all.size(); ++i) all[i] += part[i];
  }
  return all;
}

}  // namespace polyonym
