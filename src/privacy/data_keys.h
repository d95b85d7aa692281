// privacy/data_keys.h - the data keys of a sealed store, and how a value is sealed under one. The bytes are in docs/security.md.
//
// THREADS: DataKey is thread-safe; the rest are plain values and functions.
#ifndef POLYONYM_SRC_PRIVACY_DATA_KEYS_H_
#define POLYONYM_SRC_PRIVACY_DATA_KEYS_H_

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "polyonym/privacy/key_keeper.h"
#include "polyonym/store/store.h"
#include "privacy/aead.h"

namespace polyonym::privacy {

// The data key of an epoch.
//
// Nonces: 8 random bytes, drawn at the first row, and a counter of 4 bytes; after 2^32 rows they are drawn again. Nothing that is stored decides
// them, so a store may be copied, or restored from a backup, and go on in both places under one key. Two rows share a nonce only where
// two drawings came out alike: for n drawings with probability n²/2^65, which is 2^-25 for a million openings of a store and its copies
// within an epoch. GCM itself keeps within 2^-33 of perfect for 2^48 blocks of 16 bytes, 4 PiB, under a key. A process that forks must not go on
// with one store in both halves, which RocksDB does not survive either.
class DataKey {
 public:
  DataKey(std::uint32_t epoch, const SecretKey& key);

  std::uint32_t epoch() const { return epoch_; }
  const SecretKey& key() const { return key_; }
  // Says which key it is, and nothing about it.
  std::string_view check() const { return check_; }

  // `*sealed` becomes the value, for this table and key; of the log and of checkpoints it is packed before.  ERRORS: as Aead::Seal(), as FillRandom().
  absl::Status Seal(Table table, std::string_view key, std::string_view plain,
                    std::string* sealed) const;
  // `*plain` becomes what was sealed.  ERRORS: DataLoss.  REQUIRES: EpochOf(sealed) is its epoch.
  absl::Status Open(Table table, std::string_view key, std::string_view sealed,
                    std::string* plain) const;

 private:
  absl::StatusOr<Nonce> NextNonce() const;

  const std::uint32_t epoch_;
  const SecretKey key_;
  const std::string check_;
  const Aead aead_;
  mutable std::mutex mutex_;
  mutable std::array<unsigned char, 8> drawn_ ABSL_GUARDED_BY(mutex_) = {};
  mutable std::uint64_t rows_left_ ABSL_GUARDED_BY(mutex_) = 0;  // until the next drawing
};

// Under which epoch a value is sealed.  ERRORS: DataLoss (it is no sealed value), FailedPrecondition (newer format).
absl::StatusOr<std::uint32_t> EpochOf(std::string_view sealed);

// A data key as the keeper wrapped it.
struct WrappedKey {
  std::uint32_t epoch = 0;
  std::string check;
  std::string wrapped;
};

// ERRORS: the keeper's; Internal (what it wraps, it does not unwrap: nothing may be sealed under such a key).
absl::StatusOr<WrappedKey> WrapDataKey(const DataKey& key, KeyKeeper& keeper);

// ERRORS: PermissionDenied (the keeper does not open it, or opens another key), the keeper's.
absl::StatusOr<SecretKey> UnwrapDataKey(const WrappedKey& wrapped, KeyKeeper& keeper);

// The row that has them, ascending by epoch; the last is the newest.
std::string EncodeDataKeys(const std::vector<WrappedKey>& keys);
// ERRORS: DataLoss, FailedPrecondition (newer format).
absl::StatusOr<std::vector<WrappedKey>> DecodeDataKeys(std::string_view row);

}  // namespace polyonym::privacy

#endif  // POLYONYM_SRC_PRIVACY_DATA_KEYS_H_
