// engine/feed.h - rows of changes: one row an Apply that changed profiles, under its sequence.
//
// Each change also carries the sequence of the change before it for its `from` and for its `to`, so that a profile's history is
// read by following it back. Byte layout in docs/format.md.
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
  std::vector<Change> changes;
  // For each change: sequence of the change before it that named its `from`, and its `to`; 0: none.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> before;
};

// `graph`: the number of the lens; the first is 0.
std::string FeedKey(std::uint64_t sequence, std::uint32_t graph = 0);
std::uint64_t FeedSequence(std::string_view key);
std::string EncodeFeedRow(std::uint64_t sequence, const FeedRow& row, std::uint32_t graph = 0);
// ERRORS: DataLoss.
absl::StatusOr<FeedRow> DecodeFeedRow(std::uint64_t sequence, std::string_view bytes,
                                      std::uint32_t graph = 0);

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_FEED_H_
