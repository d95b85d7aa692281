// privacy/keyring.h - a key for each identifier, in a file of its own, so that forgetting the identifier is forgetting its key.
//
// A key that was destroyed is in no backup of the store, since backups do not have this file: what was sealed under it stays sealed in all
// of them. The other side of it: **whoever loses the file has lost what is sealed under its keys**, and whoever keeps old copies of it has not
// destroyed anything.
//
// Each identifier has a slot, from 1. A slot has 16 random bytes, its secret, and a tag by which the identifier is found: HMAC-SHA-256 of it,
// cut to 16 bytes. Keys are made of secrets under a secret of the store's, without which the file says nothing to anybody.
//
// Secrets are drawn and synced some hundred at a time before any of them is given out, so a slot that a synced record names has its secret
// on disk, and no record waits for the file. Tags follow later: those that a crash took are told again by Teach(), from the records that
// name the slots. After a crash, slots that were drawn are not given out again, whether they were or not.
//
// COST: 40 bytes a slot on disk, about 40 in memory. A look-up: an HMAC (0.3 µs) and a cache miss or two.
//
// THREADS: thread-safe; calls that change it one after the other.
#ifndef POLYONYM_SRC_PRIVACY_KEYRING_H_
#define POLYONYM_SRC_PRIVACY_KEYRING_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "privacy/aead.h"

namespace polyonym::privacy {

using KeySlot = std::uint32_t;  // 0: none

class Keyring {
 public:
  // A new one, of no slots.  ERRORS: AlreadyExists, Unavailable (I/O).
  static absl::StatusOr<std::unique_ptr<Keyring>> Make(const std::string& path,
                                                       const SecretKey& store_secret);
  // ERRORS: NotFound, FailedPrecondition (it is of another store, or of a newer format), Unavailable (I/O; somebody else has it open), DataLoss (its
  // head is damaged).  COST: reads the file.
  static absl::StatusOr<std::unique_ptr<Keyring>> Open(const std::string& path,
                                                       const SecretKey& store_secret);
  ~Keyring();
  Keyring(const Keyring&) = delete;
  Keyring& operator=(const Keyring&) = delete;

  // The slot of an identifier; it is given one where it has none.  ERRORS: Unavailable (I/O), ResourceExhausted (2^32 were given out); after
  // a failed write every later call that changes something is FailedPrecondition.
  absl::StatusOr<KeySlot> SlotOf(std::string_view ns, std::string_view value);

  // A fresh slot for an identifier, whose slot of before keeps its key: for records that stay, when those that name the old slot go.  ERRORS: as SlotOf().
  absl::StatusOr<KeySlot> Renew(std::string_view ns, std::string_view value);

  // The same without giving one; 0: it has none.
  KeySlot Find(std::string_view ns, std::string_view value) const;

  // A record names this slot for this identifier: its tag may have been lost. Nothing where it is known, or destroyed.
  // ERRORS: DataLoss (there is no such slot, or it is another identifier's).
  absl::Status Teach(KeySlot slot, std::string_view ns, std::string_view value);

  // The key that only who has the secrets of all of these slots has; nothing where one of them was destroyed. The order counts.
  // ERRORS: DataLoss (a slot is damaged, or is not there: the file is older than the store).  COST: an HMAC.
  absl::StatusOr<std::optional<SecretKey>> KeyOf(std::span<const KeySlot> slots) const;
  absl::StatusOr<std::optional<SecretKey>> KeyOf(KeySlot slot) const {
    return KeyOf(std::span(&slot, 1));
  }

  // Slots that Destroy() is about to be told of: their identifiers are given others from now on, while what is sealed under them still opens. Those
  // that are not there, or destroyed, are passed over. Nothing of it is on disk: after opening it is said again.
  void Doom(std::span<const KeySlot> slots);
  // How many of them were destroyed already.
  std::size_t DestroyedOf(std::span<const KeySlot> slots) const;

  // Destroys secrets and tags, in memory and on disk, where their bytes are overwritten. When it returns they are gone; when it fails, or the
  // process dies in it, some may be: call it again. An identifier that comes back is given another slot.
  // ERRORS: InvalidArgument (there is no such slot: none is destroyed), as SlotOf().  COST: one write a slot, one sync.
  absl::Status Destroy(std::span<const KeySlot> slots);

  // Puts all tags on stable storage: before the records that tell them again are left behind by a checkpoint, a copy or a backup.
  absl::Status Sync();

  // A copy of the file as it is now, put in place of one that is there.  ERRORS: Unavailable (I/O: the one that was there still is).
  absl::Status CopyTo(const std::string& path);

  std::size_t slots() const;      // given out, destroyed ones too
  std::size_t destroyed() const;  // of these
  std::size_t damaged() const;    // slots of known identifiers whose secret is not what it was
  // Drawn when it was made; its copies have the same. Slots mean something in their keyring alone.
  const std::array<unsigned char, 16>& id() const { return id_; }

 private:
  using Secret = std::array<unsigned char, 16>;
  using Tag = std::array<unsigned char, 16>;
  struct Entry {
    Secret secret{};  // zeros: destroyed or damaged
    Tag tag{};        // zeros: none
  };
  struct TagHash {
    using is_transparent = void;
    const std::deque<Entry>* entries;
    std::size_t operator()(const Tag& tag) const;
    std::size_t operator()(KeySlot slot) const { return (*this)((*entries)[slot - 1].tag); }
  };
  struct TagEqual {
    using is_transparent = void;
    const std::deque<Entry>* entries;
    bool operator()(KeySlot a, KeySlot b) const { return a == b; }
    bool operator()(KeySlot a, const Tag& b) const { return (*entries)[a - 1].tag == b; }
    bool operator()(const Tag& a, KeySlot b) const { return (*this)(b, a); }
  };

  Keyring(std::string path, int file, const SecretKey& store_secret,
          const std::array<unsigned char, 16>& id);
  absl::Status Load();
  void LoadEntry(KeySlot slot, std::string_view bytes);
  Tag TagOf(std::string_view ns, std::string_view value) const;
  KeySlot FindTag(const Tag& tag) const;
  absl::StatusOr<KeySlot> GiveOut(const Tag& tag);
  absl::Status Extend();
  absl::Status WriteTags();
  absl::Status SyncFile();
  absl::Status Latched() const;
  absl::Status Latch(absl::Status status);

  const std::string path_;
  const int file_;
  const std::array<unsigned char, 16> id_;
  const Hmac tag_mac_, key_mac_;

  mutable std::shared_mutex mutex_;
  std::deque<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // by slot, given out
  std::vector<Secret> drawn_
      ABSL_GUARDED_BY(mutex_);  // of the slots behind them: on disk, last first
  absl::flat_hash_set<KeySlot, TagHash, TagEqual> by_tag_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<KeySlot> damaged_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<KeySlot> doomed_ ABSL_GUARDED_BY(mutex_);
  std::vector<KeySlot> unwritten_ ABSL_GUARDED_BY(mutex_);  // their tags are not in the file yet
  std::size_t given_out_ ABSL_GUARDED_BY(mutex_) = 0;       // since it was opened
  std::size_t destroyed_ ABSL_GUARDED_BY(mutex_) = 0;
  bool failed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace polyonym::privacy

#endif  // POLYONYM_SRC_PRIVACY_KEYRING_H_
