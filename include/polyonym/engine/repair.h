// engine/repair.h - a store that is damaged: what does not open in it, and a new store of what does.
//
//   auto unsound = CheckRows("people.db");                  // every row against its checksum
//   auto report = RepairStore("people.db", "mended.db");    // where it does not open, or does not verify
//
// A backup is better where there is one (engine/backup.h): a repair keeps what is sound, and what is lost is lost. Neither answer has a value of
// anybody: rows are named by number.
//
// THREADS: pure functions; nobody else may have the store open.
#ifndef POLYONYM_ENGINE_REPAIR_H_
#define POLYONYM_ENGINE_REPAIR_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace polyonym {

class KeyKeeper;  // privacy/key_keeper.h

struct UnsoundRow {
  std::string table;  // `log`, `state`, `meta`, `feed`; `files`: a file of the folder
  std::string
      key;  // `frame 12`, `frames 12 to 15`, `graph 0 call 7`, `graph 0 part 1 block 9`, `header`, …
  std::string what;  // is wrong with it
  friend bool operator==(const UnsoundRow&, const UnsoundRow&) = default;
};

struct CheckRowsOptions {
  // What the store is opened with: as EngineOptions has them.  DEFAULT none: the store is in plain.
  std::shared_ptr<KeyKeeper> keys;
  std::string keyring;
};

// Opens every row of every table against its checksum, which is bound to its key, and decodes those that can be decoded alone; finds frames that are
// missing. Of a sealed store a row that does not open under its key is unsound. Empty: all are sound. In order of tables and keys; at most 10,000.
// ERRORS: as OpenRocksStore() and, for what is wrong with keys, OpenSealedStore() and EngineOptions::keyring; FailedPrecondition (a row is of a newer
// library).  COST: reads all that there is.
absl::StatusOr<std::vector<UnsoundRow>> CheckRows(const std::string& path,
                                                  const CheckRowsOptions& options = {});

struct RepairOptions {
  // What the store is opened with, and the new one is: as EngineOptions has them. The new store has a data key of its own, wrapped by the same
  // keeper, and goes on with the same file of the keyring.  DEFAULT none: the store is in plain.
  std::shared_ptr<KeyKeeper> keys;
  std::string keyring;
  // Called now and then: rows that are done, of about how many. May not call the engine.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

// How a repaired store was made.
enum class RepairMethod : std::uint8_t {
  kCopied = 0,    // log and checkpoint are sound: all numbers are what they were
  kReplayed = 1,  // the log is sound, and was taken from its beginning: likewise
  // Records were taken one by one: the state is that of those in reach. Numbers of records, calls and identifiers begin anew, so that ids of profiles
  // may be others; the feed begins anew, consumers and what waited in the outbox are gone.
  kRebuilt = 2,
};
std::string_view ToString(RepairMethod method);  // `copied`, `replayed`, `rebuilt`

struct RepairReport {
  RepairMethod method = RepairMethod::kCopied;
  // RocksDB did not open the folder: its files were put together anew, so that rows which were deleted may be there again.
  bool gathered = false;
  std::vector<UnsoundRow> unsound;  // as CheckRows() names them
  std::uint64_t frames = 0;         // of the log that are sound
  std::uint64_t records = 0;        // in reach: read from them
  std::uint64_t lost_records =
      0;  // numbers missing between them; what was behind the last is not known
  std::uint64_t standing_records = 0;  // of the new store
  std::uint64_t sequence = 0;          // likewise
  std::vector<std::string> notes;      // what else is not as it was
};

// Makes a store in a new folder of what is sound in another, of which nothing is changed. All of the policies, clock and records that can be read are in it, and
// what the ledger of erasures has; what was erased is not. The new store opens, and verifies.
// ERRORS: NotFound (no store there), AlreadyExists (`to` is there), FailedPrecondition (the folder holds something else; a newer library wrote it), Unavailable
// (busy, I/O), DataLoss (nothing is in reach; the row of the store's keys, or that of its keyring, is not sound), what is wrong with keys as CheckRows().
// COST: that of CheckRows(), of taking all records again, and of View::Verify(); disk for a copy of what is
// not in table files, and for the new store.
absl::StatusOr<RepairReport> RepairStore(const std::string& path, const std::string& to,
                                         const RepairOptions& options = {});

}  // namespace polyonym

#endif  // POLYONYM_ENGINE_REPAIR_H_
