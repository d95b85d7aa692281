// store/rocks_backups.h - backups of a store on RocksDB in a folder of their own: RocksDB's backup engine, one call at a time.
//
// Table files are kept once, under a name that says which they are, and are shared by all backups that have them; each backup has its
// write-ahead log, manifest and options to itself. All have checksums. A process that dies leaves what no backup names, which the next one that is made or dropped
// takes away.
//
// THREADS: thread-safe; a second call for a folder answers Unavailable, between processes too.
#ifndef POLYONYM_SRC_STORE_ROCKS_BACKUPS_H_
#define POLYONYM_SRC_STORE_ROCKS_BACKUPS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rocksdb {
class DB;
}  // namespace rocksdb

namespace polyonym {

struct RocksBackup {
  std::uint32_t id = 0;
  std::string label;
  std::uint64_t bytes = 0;      // of all its files
  std::uint64_t new_bytes = 0;  // of those that no backup before it has
};

using BackupProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// Everything that is committed, synced or not; returns the id. Tables in memory are written out first.
// ERRORS: FailedPrecondition (the folder holds something else), Unavailable (I/O, busy: no backup was made), DataLoss.
absl::StatusOr<std::uint32_t> MakeRocksBackup(rocksdb::DB* db, const std::string& folder,
                                              std::string_view label,
                                              const BackupProgress& progress);

// By id. `wait`: for another call to be done.
// ERRORS: NotFound (no such folder, or no folder of backups), DataLoss (a backup lacks files: names it, and those that do not),
// Unavailable.
absl::StatusOr<std::vector<RocksBackup>> ListRocksBackups(const std::string& folder,
                                                          bool wait = false);

// Reads all of it.  ERRORS: NotFound, DataLoss (names the file), Unavailable.
absl::Status VerifyRocksBackup(const std::string& folder, std::uint32_t id);

// Into `path`, which is made; checksums are compared on the way. Not on stable storage when it returns.
// ERRORS: NotFound, DataLoss (names the file), Unavailable.
absl::Status RestoreRocksBackup(const std::string& folder, std::uint32_t id,
                                const std::string& path, const BackupProgress& progress);

// All but the newest `keep` that can be read, and all that cannot.
// ERRORS: NotFound, DataLoss (none can be read: nothing is dropped), Unavailable.
absl::Status DropRocksBackups(const std::string& folder, std::uint32_t keep);

}  // namespace polyonym

#endif  // POLYONYM_SRC_STORE_ROCKS_BACKUPS_H_
