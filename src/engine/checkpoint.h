// engine/checkpoint.h - the resident index as sorted rows in Table::kState, so that reopening needs them and the log's tail alone.
//
// Cells are written in blocks of 64 under (graph, array, block); only blocks that changed since the last checkpoint. The manifest is a row
// of the same ingestion, so a checkpoint is there whole or not at all. Byte layout in docs/format.md.
//
// THREADS: WriteCheckpoint() reads a pinned commit and may run beside the writer; one at a time.
#ifndef POLYONYM_SRC_ENGINE_CHECKPOINT_H_
#define POLYONYM_SRC_ENGINE_CHECKPOINT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/index.h"
#include "engine/live_segments.h"
#include "engine/state.h"
#include "polyonym/store/store.h"

namespace polyonym::engine {

// The index of one graph at a pinned commit.
struct CheckpointPart {
  std::uint32_t graph = 0;
  std::string graph_name;
  const Index* index = nullptr;
  const LiveSegments::Dues* dues = nullptr;
  std::shared_ptr<const CommitState> state;
};

// Writes all graphs, ascending by number, of one commit; returns how many bytes that took. `since`: the commit of the last checkpoint, 0 for none.
// REQUIRES: the log up to the state's last_frame is on stable storage.
absl::StatusOr<std::uint64_t> WriteCheckpoint(const std::vector<CheckpointPart>& parts,
                                              std::uint64_t since, Store* store);

// Loads a graph of the last checkpoint into an empty index, as its commit, and its name.  Nothing where it has no such graph.
// ERRORS: DataLoss, FailedPrecondition (newer format).
absl::StatusOr<std::optional<CommitState>> LoadCheckpoint(const Store& store, std::uint32_t graph,
                                                          Index* index, LiveSegments::Dues* dues);
absl::StatusOr<std::optional<std::string>> CheckpointedName(const Store& store,
                                                            std::uint32_t graph);

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_CHECKPOINT_H_
