#include "polyonym/engine/segment_sizes.h"

#include <algorithm>
#include <string>

#include "engine/feed.h"
#include "engine/live_segments.h"
#include "engine/view_impl.h"

namespace polyonym {
namespace {

constexpr std::uint64_t kMaxTimes = 10'000;

absl::StatusOr<std::vector<SegmentSize>> TimesOf(std::int64_t from_ms, std::int64_t to_ms,
                                                 std::int64_t step_ms) {
  if (from_ms > to_ms) return absl::InvalidArgumentError("from_ms: must not be later than to_ms");
  if (step_ms < 1) return absl::InvalidArgumentError("step_ms: must be 1 or more");
  const std::uint64_t span =
      static_cast<std::uint64_t>(to_ms) - static_cast<std::uint64_t>(from_ms);
  const std::uint64_t steps = span / static_cast<std::uint64_t>(step_ms);
  if (steps >= kMaxTimes)
    return absl::InvalidArgumentError(
        "step_ms: too short for so long a time: at most 10,000 steps");
  std::vector<SegmentSize> times(steps + 1);
  for (std::uint64_t i = 0; i <= steps; ++i)
    times[i].time_ms = static_cast<std::int64_t>(static_cast<std::uint64_t>(from_ms) +
                                                 i * static_cast<std::uint64_t>(step_ms));
  return times;
}

// What entries and exits came to between the times asked for.
class Tally {
 public:
  Tally(std::string_view segment, const std::vector<SegmentSize>& times)
      : segment_(segment), times_(times), net_(times.size() + 1) {}

  void Add(const engine::FeedRow& row) {
    if (row.now_ms == 0) return;
    if (!first_ms_) first_ms_ = row.now_ms;
    std::int64_t net = 0;
    for (const Change& change : row.changes) {
      if (IsWhoIsWho(change.kind) || change.name != segment_) continue;
      net += change.kind == ChangeKind::kEntered ? 1 : change.kind == ChangeKind::kLeft ? -1 : 0;
    }
    if (net == 0) return;
    const auto at = std::lower_bound(
        times_.begin(), times_.end(), row.now_ms,
        [](const SegmentSize& size, std::int64_t now_ms) { return size.time_ms < now_ms; });
    net_[static_cast<std::size_t>(at - times_.begin())] += net;
  }

  // From the present size back.
  void Fill(std::uint64_t present, std::vector<SegmentSize>* sizes) const {
    auto size = static_cast<std::int64_t>(present);
    for (std::size_t i = sizes->size(); i-- > 0;) {
      size -= net_[i + 1];
      (*sizes)[i].members = static_cast<std::uint64_t>(std::max<std::int64_t>(size, 0));
    }
  }
  // Of the first row that is kept.
  std::optional<std::int64_t> first_ms() const { return first_ms_; }

 private:
  const std::string_view segment_;
  const std::vector<SegmentSize>& times_;
  std::vector<std::int64_t>
      net_;  // after the time before, up to this one; the last: later than all
  std::optional<std::int64_t> first_ms_;
};

}  // namespace

absl::StatusOr<std::vector<SegmentSize>> SizesOverTime(const View& view, std::string_view segment,
                                                       std::int64_t from_ms, std::int64_t to_ms,
                                                       std::int64_t step_ms) {
  const View::Impl& impl = *view.impl_;
  auto sizes = TimesOf(from_ms, to_ms, step_ms);
  if (!sizes.ok()) return sizes.status();
  const engine::LiveState* live = impl.state().live.get();
  const std::size_t place =
      live == nullptr ? CompiledSegments::kNone : live->compiled->Find(segment);
  if (place == CompiledSegments::kNone)
    return absl::NotFoundError("the policy in force has no such segment");
  Tally tally(segment, *sizes);
  const std::uint64_t begin = impl.engine().feed_begin();
  absl::Status status = impl.engine().ReadFeed(impl.graph_number(), begin, view.sequence(),
                                               [&](std::uint64_t, const engine::FeedRow& row) {
                                                 tally.Add(row);
                                                 return true;
                                               });
  if (!status.ok()) return status;
  const std::int64_t known_ms = tally.first_ms().value_or(view.now_ms());
  if (begin != 0 && from_ms < known_ms) {
    return absl::OutOfRangeError("from_ms: the feed of then is not kept any more; begin at " +
                                 std::to_string(known_ms) + " or later");
  }
  tally.Fill(live->segments[place].members->size(), &*sizes);
  return sizes;
}

}  // namespace polyonym
