// engine/outbox.h - rows of the outbox, and which changes make one. Byte layout in docs/format.md.
//
// THREADS: pure functions.
#ifndef POLYONYM_SRC_ENGINE_OUTBOX_H_
#define POLYONYM_SRC_ENGINE_OUTBOX_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/feed.h"
#include "polyonym/engine/outbox.h"
#include "polyonym/model/definitions.h"
#include "polyonym/store/store.h"

namespace polyonym::engine {

// Of an id: number within the call. 38 bits are left for the sequence, which 32-bit numbers of records and a clock keep far below.
inline constexpr int kOutboxNumberBits = 26;

// The least id of a call.
constexpr std::uint64_t FirstOutboxId(std::uint64_t sequence) {
  return sequence << kOutboxNumberBits;
}

// In Table::kMeta.
std::string OutboxKey(std::uint64_t id, std::uint32_t graph);

// Puts a row into `writes` for each entry and exit that a trigger is for. `number`: how many rows the call has so far, of all graphs; it is counted on.
// ERRORS: ResourceExhausted (more than a call's ids can count).
absl::Status PutTriggered(const std::vector<TriggerDefinition>& triggers, std::uint32_t graph,
                          std::uint64_t sequence, const FeedRow& row, std::uint64_t* number,
                          WriteSet* writes);

// ERRORS: DataLoss; FailedPrecondition where a newer library wrote it.
absl::StatusOr<OutboxItem> DecodeOutboxRow(std::string_view key, std::string_view bytes);

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_OUTBOX_H_
