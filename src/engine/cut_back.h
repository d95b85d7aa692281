// engine/cut_back.h - a store that nobody has open, set back to the state after an earlier call.
//
// What later calls wrote goes: frames, rows of the feed, what they triggered. Consumers that stood behind them stand just behind the last call.
// Where the checkpoint is later it goes too, and opening takes the log from its beginning. What is done with beside the log stays done: feed that was
// let go, items of the outbox that were acknowledged.
//
// THREADS: the caller has the store to itself.
#ifndef POLYONYM_SRC_ENGINE_CUT_BACK_H_
#define POLYONYM_SRC_ENGINE_CUT_BACK_H_

#include <cstdint>

#include "absl/status/status.h"
#include "polyonym/store/store.h"

namespace polyonym::engine {

// ERRORS: OutOfRange (the store ends before `sequence`; or `sequence` lies before its last fold or erasure; or before its checkpoint, and the log was
// cleaned, so that nothing is left to begin with: nothing was changed), DataLoss, Unavailable: then the store is of no use.
// COST: a pass over the log's keys and heads; where the checkpoint is later, over its records too.
absl::Status CutBack(std::uint64_t sequence, Store* store);

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_CUT_BACK_H_
