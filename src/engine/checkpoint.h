// engine/checkpoint.h - the resident index as sorted rows in Table::kState, so that reopening needs them and the log's tail alone.
//
// Cells are written in blocks of 64 under (array, block); only blocks that changed since the last checkpoint. The manifest is a row
// of the same ingestion, so a checkpoint is there whole or not at all. Byte layout in docs/format.md.
//
// THREADS: WriteCheckpoint() reads a pinned commit and may run beside the writer; one at a time.
#ifndef POLYONYM_SRC_ENGINE_CHECKPOINT_H_
#define POLYONYM_SRC_ENGINE_CHECKPOINT_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/index.h"
#include "engine/state.h"
#include "polyonym/store/store.h"

namespace polyonym::engine {

// Writes the state of a pinned commit. `since`: the commit of the last checkpoint, 0 for none.
// REQUIRES: the log up to state.last_frame is on stable storage.
absl::Status WriteCheckpoint(const Index& index, const CommitState& state, std::uint64_t since,
                             Store* store);

// Loads the last checkpoint into an empty index, as its commit.  Nothing where there is none.
// ERRORS: DataLoss, FailedPrecondition (newer format).
absl::StatusOr<std::optional<CommitState>> LoadCheckpoint(const Store& store, Index* index);

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_CHECKPOINT_H_
