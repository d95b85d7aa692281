// engine/keyed_rows.h - what of a row is sealed under keys of single identifiers, before the row is sealed as a whole.
//
// With a keyring (privacy/keyring.h) each identifier has a key of its own. In frames of records an identifier's value is sealed under its key, and a
// record's facts under that of all its self identifiers together; in chunks of a checkpoint each value is, in place; in rows of the
// feed watched values are under a key of their profile's. Everything else of a row is as it was. So who destroys a key has destroyed what is
// sealed under it in every copy of the row. docs/format.md has the bytes.
//
// What cannot be opened any more reads as lost: an identifier without a value, a record without facts, zeros in a chunk.
//
// THREADS: thread-safe.
#ifndef POLYONYM_SRC_ENGINE_KEYED_ROWS_H_
#define POLYONYM_SRC_ENGINE_KEYED_ROWS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "polyonym/store/store.h"
#include "privacy/aead.h"
#include "privacy/keyring.h"

namespace polyonym::engine {

// What a profile has its slot by: no namespace is empty.
inline constexpr std::string_view kProfileSlots;
std::string ProfileSlotName(std::uint32_t graph, std::uint64_t profile);

class KeyedRows {
 public:
  // ERRORS: Unavailable (the system has no random bytes).
  static absl::StatusOr<std::shared_ptr<KeyedRows>> Make(std::unique_ptr<privacy::Keyring> ring);

  privacy::Keyring& ring() const { return *ring_; }

  // Has identifiers told to the keyring again from what is opened: while the end of the log is read (Keyring::Teach).
  void Teach(bool teaches) { teaches_ = teaches; }

  // Whether rows of the table go through Seal() and Open().
  static bool Has(Table table) { return table == Table::kLog || table == Table::kFeed; }

  // A row of the log or the feed, as the store has it.  ERRORS: DataLoss (it does not decode), those of the keyring.
  // COST: about 1.5 µs an identifier.
  absl::StatusOr<std::string> Seal(Table table, std::string_view key, std::string_view row) const;
  // What was sealed, but for what is lost.  `only_place`: of a frame's records that one alone; the others are as if they were folded.
  // ERRORS: DataLoss (it does not open; the keyring is older than the row, or damaged), FailedPrecondition (a newer format).
  absl::StatusOr<std::string> Open(Table table, std::string_view key, std::string_view sealed,
                                   std::optional<std::uint64_t> only_place = {}) const;

  // A value, or a part of one, within a chunk.
  struct ValueSpan {
    std::uint64_t begin = 0;
    std::uint64_t size = 0;
    privacy::KeySlot slot = 0;
  };
  // REQUIRES: spans ascend, do not overlap, and lie within the chunk.
  absl::StatusOr<std::string> SealChunk(std::string chunk,
                                        const std::vector<ValueSpan>& spans) const;
  // `lost`: where parts begin that are zeros now.
  absl::StatusOr<std::string> OpenChunk(std::string_view sealed,
                                        std::vector<std::uint64_t>* lost) const;

 private:
  class Numbers;
  class Sealer;
  class Opener;
  KeyedRows(std::unique_ptr<privacy::Keyring> ring, std::uint64_t first_row);

  absl::StatusOr<std::string> SealFrame(std::string_view key, std::string_view row) const;
  absl::StatusOr<std::string> OpenFrame(std::string_view key, std::string_view sealed,
                                        std::optional<std::uint64_t> only_place) const;
  absl::StatusOr<std::string> SealFeedRow(std::string_view key, std::string_view row) const;
  absl::StatusOr<std::string> OpenFeedRow(std::string_view key, std::string_view sealed) const;
  absl::Status Learn(privacy::KeySlot slot, std::string_view ns, std::string_view value) const;

  const std::unique_ptr<privacy::Keyring> ring_;
  // Of the next row: what was drawn when it was made, and a count. With the number of a piece in its row it is a nonce.
  mutable std::atomic<std::uint64_t> next_row_;
  std::atomic<bool> teaches_{false};
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_KEYED_ROWS_H_
