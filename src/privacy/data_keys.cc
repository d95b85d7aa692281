#include "privacy/data_keys.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>
#include <cstring>
#include <utility>

#include "privacy/packing.h"

namespace polyonym::privacy {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are stored as they lie");

// A sealed value: form, epoch, nonce, ciphertext, tag.
constexpr char kAsItIs = 1;
constexpr char kPacked = 2;
constexpr std::size_t kHeadBytes = 1 + sizeof(std::uint32_t);
constexpr std::size_t kSealedBytes = kHeadBytes + kNonceBytes + kTagBytes;  // over what is sealed

// The row of keys: version, checksum, count; of each key its epoch, its check, and how the keeper wrapped it.
constexpr char kKeysVersion = 1;
constexpr std::size_t kCheckBytes = 16;

constexpr std::uint64_t kRowsOfADrawing = std::uint64_t{1} << 32;

template <class Number>
void Put(std::string* out, Number number) {
  out->append(reinterpret_cast<const char*>(&number), sizeof number);
}

// Takes bytes off the front; false where there are not as many.
bool Take(std::string_view* in, std::size_t bytes, std::string_view* out) {
  if (in->size() < bytes) return false;
  *out = in->substr(0, bytes);
  in->remove_prefix(bytes);
  return true;
}
template <class Number>
bool Take(std::string_view* in, Number* number) {
  std::string_view bytes;
  if (!Take(in, sizeof *number, &bytes)) return false;
  std::memcpy(number, bytes.data(), sizeof *number);
  return true;
}

// Tables that RocksDB would compress.
bool IsPacked(Table table) { return table == Table::kState || table == Table::kLog; }

// What a value is bound to: its table, its own head, its key, which takes all that is left and so needs no length.
std::string BoundTo(Table table, std::string_view head, std::string_view key) {
  std::string bound;
  bound.reserve(1 + head.size() + key.size());
  bound.push_back(static_cast<char>(table));
  bound.append(head).append(key);
  return bound;
}

absl::Status DoesNotOpen() {
  return absl::DataLossError(
      "a sealed value does not open: it was changed, or moved here; run verify, then restore a "
      "backup");
}

absl::Status KeysAreDamaged() {
  return absl::DataLossError("the store's row of data keys is damaged; restore a backup");
}

}  // namespace

DataKey::DataKey(std::uint32_t epoch, const SecretKey& key)
    : epoch_(epoch),
      key_(key),
      check_(DeriveBytes(key.view(), "", "polyonym data key 1: check", kCheckBytes)),
      aead_(DeriveKey(key, "", "polyonym data key 1: rows")) {}

absl::StatusOr<Nonce> DataKey::NextNonce() const {
  const std::lock_guard lock(mutex_);
  if (rows_left_ == 0) {
    if (absl::Status status = FillRandom(drawn_.data(), drawn_.size()); !status.ok()) return status;
    rows_left_ = kRowsOfADrawing;
  }
  const auto count = static_cast<std::uint32_t>(--rows_left_);
  Nonce nonce;
  std::memcpy(nonce.data(), drawn_.data(), drawn_.size());
  std::memcpy(nonce.data() + drawn_.size(), &count, sizeof count);
  static_assert(sizeof drawn_ + sizeof count == kNonceBytes);
  return nonce;
}

absl::Status DataKey::Seal(Table table, std::string_view key, std::string_view plain,
                           std::string* sealed) const {
  const auto nonce = NextNonce();
  if (!nonce.ok()) return nonce.status();
  std::string packed;
  const bool packs = IsPacked(table) && Pack(plain, &packed);
  if (packs) plain = packed;
  sealed->clear();
  sealed->reserve(kSealedBytes + plain.size());
  sealed->push_back(packs ? kPacked : kAsItIs);
  Put(sealed, epoch_);
  const std::string bound = BoundTo(table, *sealed, key);
  sealed->append(reinterpret_cast<const char*>(nonce->data()), nonce->size());
  return aead_.Seal(*nonce, bound, plain, sealed);
}

absl::Status DataKey::Open(Table table, std::string_view key, std::string_view sealed,
                           std::string* plain) const {
  plain->clear();
  std::string_view head, nonce_bytes;
  if (!Take(&sealed, kHeadBytes, &head) || !Take(&sealed, kNonceBytes, &nonce_bytes))
    return DoesNotOpen();
  Nonce nonce;
  std::memcpy(nonce.data(), nonce_bytes.data(), kNonceBytes);
  const std::string bound = BoundTo(table, head, key);
  if (head[0] != kPacked)
    return aead_.Open(nonce, bound, sealed, plain) ? absl::OkStatus() : DoesNotOpen();
  std::string packed;
  return aead_.Open(nonce, bound, sealed, &packed) && Unpack(packed, plain) ? absl::OkStatus()
                                                                            : DoesNotOpen();
}

absl::StatusOr<std::uint32_t> EpochOf(std::string_view sealed) {
  if (sealed.size() < kSealedBytes || sealed[0] == 0) return DoesNotOpen();
  if (sealed[0] != kAsItIs && sealed[0] != kPacked) {
    return absl::FailedPreconditionError(
        "a sealed value has a newer format; open the store with a newer polyonym");
  }
  std::uint32_t epoch = 0;
  std::memcpy(&epoch, sealed.data() + 1, sizeof epoch);
  return epoch;
}

absl::StatusOr<WrappedKey> WrapDataKey(const DataKey& key, KeyKeeper& keeper) {
  auto wrapped = keeper.Wrap(key.key().view());
  if (!wrapped.ok()) return wrapped.status();
  WrappedKey made{key.epoch(), std::string(key.check()), *std::move(wrapped)};
  const auto back = UnwrapDataKey(made, keeper);
  if (absl::IsPermissionDenied(back.status()))
    return absl::InternalError("keys: the keeper does not unwrap what it wrapped");
  if (!back.ok()) return back.status();
  return made;
}

absl::StatusOr<SecretKey> UnwrapDataKey(const WrappedKey& wrapped, KeyKeeper& keeper) {
  auto bytes = keeper.Unwrap(wrapped.wrapped);
  if (!bytes.ok() && !absl::IsPermissionDenied(bytes.status())) return bytes.status();
  // A keeper need not notice that it opens with another key: so the store does.
  if (bytes.ok() && bytes->size() == kKeyBytes) {
    const SecretKey key(*bytes);
    Wipe(&*bytes);
    if (SameBytes(DataKey(wrapped.epoch, key).check(), wrapped.check)) return key;
  }
  return absl::PermissionDeniedError("keys: the key does not open this store");
}

std::string EncodeDataKeys(const std::vector<WrappedKey>& keys) {
  std::string payload;
  Put(&payload, static_cast<std::uint32_t>(keys.size()));
  for (const WrappedKey& key : keys) {
    Put(&payload, key.epoch);
    payload.append(key.check);
    Put(&payload, static_cast<std::uint32_t>(key.wrapped.size()));
    payload.append(key.wrapped);
  }
  std::string row(1, kKeysVersion);
  Put(&row, XXH3_64bits(payload.data(), payload.size()));
  return row + payload;
}

absl::StatusOr<std::vector<WrappedKey>> DecodeDataKeys(std::string_view row) {
  if (row.empty() || row[0] == 0) return KeysAreDamaged();
  if (row[0] > kKeysVersion || row[0] < 0) {
    return absl::FailedPreconditionError(
        "the store's data keys have a newer format; open it with a newer polyonym");
  }
  row.remove_prefix(1);
  std::uint64_t checksum = 0;
  if (!Take(&row, &checksum) || checksum != XXH3_64bits(row.data(), row.size()))
    return KeysAreDamaged();
  std::uint32_t count = 0;
  if (!Take(&row, &count) || count == 0 || count > row.size()) return KeysAreDamaged();
  std::vector<WrappedKey> keys(count);
  std::uint32_t before = 0;
  for (WrappedKey& key : keys) {
    std::uint32_t bytes = 0;
    std::string_view check, wrapped;
    if (!Take(&row, &key.epoch) || key.epoch <= before || !Take(&row, kCheckBytes, &check) ||
        !Take(&row, &bytes) || !Take(&row, bytes, &wrapped))
      return KeysAreDamaged();
    key.check = check;
    key.wrapped = wrapped;
    before = key.epoch;
  }
  if (!row.empty()) return KeysAreDamaged();
  return keys;
}

}  // namespace polyonym::privacy
