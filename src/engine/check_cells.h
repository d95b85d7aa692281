// engine/check_cells.h - whether cells that were loaded may be followed: every index in range, every list and circle an end.
//
// A checksum says that bytes are as somebody wrote them, not that the engine did. This is not Verify(): whether the cells
// say what the records say is asked there.
//
// THREADS: the writer's, while a store is opened.
#ifndef POLYONYM_SRC_ENGINE_CHECK_CELLS_H_
#define POLYONYM_SRC_ENGINE_CHECK_CELLS_H_

#include "absl/status/status.h"
#include "engine/index.h"
#include "engine/state.h"

namespace polyonym::engine {

// ERRORS: DataLoss.  COST: one pass over all cells.
absl::Status CheckCells(const Index& index, const CommitState& state);

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_CHECK_CELLS_H_
