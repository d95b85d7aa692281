// engine/feed.h - rows of changes: one row an Apply that changed profiles, under its sequence.
//
// Each change that says who is who also carries the sequence of the one before it for its `from` and for its `to`, so that a profile's
// history is read by following it back. Byte layout in docs/format.md.
//
// THREADS: pure functions.
#ifndef POLYONYM_SRC_ENGINE_FEED_H_
#define POLYONYM_SRC_ENGINE_FEED_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "polyonym/model/change.h"

namespace polyonym::engine {

struct FeedRow {
  std::vector<Change> changes;  // those that say who is who first
  // For each of those: sequence of the one before it that named its `from`, and its `to`; 0: none. The others have none.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> before;
  // As of when memberships and watched values were judged; 0: they were not.
  std::int64_t now_ms = 0;
};

// `graph`: the number of the lens; the first is 0.
std::string FeedKey(std::uint64_t sequence, std::uint32_t graph = 0);
std::uint64_t FeedSequence(std::string_view key);
// REQUIRES: the order and the pairs above; names as definitions have them.
std::string EncodeFeedRow(std::uint64_t sequence, const FeedRow& row, std::uint32_t graph = 0);
// ERRORS: DataLoss; FailedPrecondition where a newer library wrote it.  COST: memory by the bytes that there are, whatever they say.
absl::StatusOr<FeedRow> DecodeFeedRow(std::uint64_t sequence, std::string_view bytes,
                                      std::uint32_t graph = 0);

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_FEED_H_
