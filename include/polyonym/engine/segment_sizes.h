// engine/segment_sizes.h - how many were in a segment at times that are past, as it was known then.
//
// Not what SegmentReader::Make(view.AsOf(t)) says: that takes today's records and definition. This is what Count() answered in those days,
// told by the entries and exits in the feed.
//
// THREADS: a pure function of the view.
#ifndef POLYONYM_ENGINE_SEGMENT_SIZES_H_
#define POLYONYM_ENGINE_SEGMENT_SIZES_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "polyonym/engine/view.h"

namespace polyonym {

struct SegmentSize {
  std::int64_t time_ms = 0;
  std::uint64_t members = 0;
  friend bool operator==(const SegmentSize&, const SegmentSize&) = default;
};

// Members at from_ms, from_ms + step_ms, and so on up to to_ms: after the last call whose time (View::now_ms() of then) was not later. 0 from before
// the segment was defined; the present number from the view's time on.
// ERRORS: NotFound (the policy in force has no such segment), InvalidArgument (from_ms > to_ms, step_ms < 1, more than 10,000 times), OutOfRange
// (the feed of `from_ms` is not kept any more: Engine::TrimFeed()), DataLoss.
// COST: a scan of the feed that is kept.
absl::StatusOr<std::vector<SegmentSize>> SizesOverTime(const View& view, std::string_view segment,
                                                       std::int64_t from_ms, std::int64_t to_ms,
                                                       std::int64_t step_ms);

}  // namespace polyonym

#endif  // POLYONYM_ENGINE_SEGMENT_SIZES_H_
