// engine/backup.h - backups of a store, one behind the other in a folder: each has only what is new since the one before.
//
//   auto made = engine->BackUp("/backups/people");                       // while writers go on
//   VerifyBackup("/backups/people", made->id);                            // every byte against its checksum
//   RestoreBackup("/backups/people", made->id, "people.db", {});           // and then the ledger of erasures is replayed
//
// **A backup has whoever was erased after it was made**, sealed or not: Engine::ReplayErasures() after the restore takes them out again, and is not
// optional. Of a store with a keyring (EngineOptions::keyring) nobody can read them there any more; the restored store is opened with the keyring of now,
// and the replay keeps out what comes late.
//
// THREADS: one call at a time for a folder; others answer Unavailable, between processes too.
#ifndef POLYONYM_ENGINE_BACKUP_H_
#define POLYONYM_ENGINE_BACKUP_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace polyonym {

class KeyKeeper;  // privacy/key_keeper.h

struct BackupOptions {
  // Called now and then: bytes that are done, of how many. May not call the engine.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

struct BackupInfo {
  std::uint32_t id = 0;  // from 1, ascending
  // Of the last call when it was begun: it has that, and under load later ones too. RestoreOptions::up_to_sequence gives an exact state.
  std::uint64_t sequence = 0;
  std::int64_t time_ms = 0;     // of the store's clock, or of its newest record where that is later
  std::uint64_t bytes = 0;      // of the whole of it, shared with others or not
  std::uint64_t new_bytes = 0;  // of what had to be copied; of BackUp() alone, else 0
};

struct RestoreOptions {
  // The state as it was after this call: what came later is cut off. Not for sequences behind the last fold or erasure that the backup has
  // (OutOfRange). Of a store with a keyring: where its checkpoint is later too, and identifiers that came before were erased since, others may have other
  // numbers than they had.  DEFAULT: all that the backup has.
  std::optional<std::uint64_t> up_to_sequence;
  // What the store that was backed up is opened with, as EngineOptions has them; read where `up_to_sequence` is given, else the files are copied as
  // they are.  DEFAULT none: the store is in plain.
  std::shared_ptr<KeyKeeper> keys;
  std::string keyring;
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

// By id, oldest first. A backup whose making was cut off is not one.  ERRORS: NotFound (no such folder), DataLoss, Unavailable.
absl::StatusOr<std::vector<BackupInfo>> ListBackups(const std::string& folder);

// Reads every byte of a backup and compares checksums.  ERRORS: NotFound, DataLoss (naming the file), Unavailable.
absl::Status VerifyBackup(const std::string& folder, std::uint32_t id);

// Makes a store of a backup in a new folder, verified as it is copied. A process that dies in it leaves a folder that does not open as a store.
// ERRORS: AlreadyExists (`path` is there), NotFound, DataLoss, OutOfRange, Unavailable; with `up_to_sequence` what is wrong with keys, as Engine::Open()
// has it: FailedPrecondition (none are given, or they are given for a store in plain; the keyring is another's), PermissionDenied (they do not open it).
absl::Status RestoreBackup(const std::string& folder, std::uint32_t id, const std::string& path,
                           const RestoreOptions& options = {});

// Drops all but the newest `keep` backups, and bytes that no other needs.  ERRORS: InvalidArgument (keep is 0), NotFound, Unavailable.
absl::Status DropBackups(const std::string& folder, std::uint32_t keep);

}  // namespace polyonym

#endif  // POLYONYM_ENGINE_BACKUP_H_
