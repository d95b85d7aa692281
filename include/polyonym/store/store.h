// store/store.h - the small ordered key-value store that the engine stands on.
//
// Four tables of ordered bytes, atomic commits, snapshots, sorted ingestion and checkpoints. The default is RocksDB
// (OpenRocksStore); the in-memory one (OpenMemoryStore) is the test double and serves stores that need no disk. Both pass
// the same conformance suite. What keys and values mean is said in docs/format.md, not here.
//
// THREADS: thread-safe; Commit() and Ingest() calls are serialised by the caller or inside.
#ifndef POLYONYM_STORE_STORE_H_
#define POLYONYM_STORE_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace polyonym {

// kLog: ascending frames, the truth. kState: pages of the resident index as of the last checkpoint. kMeta: a few rows
// (format version, policies, manifest). kFeed: ascending rows of changes.
enum class Table : std::uint8_t { kLog = 0, kState = 1, kMeta = 2, kFeed = 3 };
inline constexpr int kTableCount = 4;

// How much of an acknowledged commit survives what.
enum class Durability : std::uint8_t {
  kSync = 0,   // every commit is on stable storage before it is acknowledged: survives power loss
  kGroup = 1,  // survives a killed process; power loss takes at most the last `group_ms`
  kWal = 2,    // survives a killed process; power loss takes what the system had not written yet
};

// Puts and deletes that take effect together or not at all. Views must live until Commit() returns.
struct WriteSet {
  struct Put {
    Table table;
    std::string key;
    std::string value;
  };
  struct Erase {
    Table table;
    std::string key;
  };
  std::vector<Put> puts;
  std::vector<Erase> erases;
  bool empty() const { return puts.empty() && erases.empty(); }
  void clear() {
    puts.clear();
    erases.clear();
  }
};

// A fixed view of all tables. Holding one keeps old bytes on disk: drop it soon.
class StoreSnapshot {
 public:
  virtual ~StoreSnapshot() = default;
};

class Store {
 public:
  virtual ~Store() = default;

  // The value of `key`, or nothing.  ERRORS: DataLoss (a checksum failed), Unavailable (I/O).
  virtual absl::StatusOr<std::optional<std::string>> Get(
      Table table, std::string_view key, const StoreSnapshot* snapshot = nullptr) const = 0;

  // Values of many keys, in their order. COST: cheaper than as many Get() calls when keys are close.
  virtual absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      Table table, std::span<const std::string> keys,
      const StoreSnapshot* snapshot = nullptr) const = 0;

  // Calls `row(key, value)` for every key in [from, to) in ascending bytewise order until it returns false; an empty `to`
  // means to the end. The views are valid during the call only.
  using RowVisitor = std::function<bool(std::string_view key, std::string_view value)>;
  virtual absl::Status Scan(Table table, std::string_view from, std::string_view to,
                            const RowVisitor& row,
                            const StoreSnapshot* snapshot = nullptr) const = 0;

  // The greatest key of the table, or nothing when it is empty.
  virtual absl::StatusOr<std::optional<std::string>> LastKey(Table table) const = 0;

  virtual std::shared_ptr<const StoreSnapshot> Snapshot() const = 0;

  // Applies all of `writes` or none. With `sync` it returns after stable storage has them; without, they survive a killed
  // process only.  ERRORS: Unavailable (I/O); the store then refuses every later write with FailedPrecondition.
  virtual absl::Status Commit(const WriteSet& writes, bool sync) = 0;

  // Puts everything committed so far on stable storage.
  virtual absl::Status Sync() = 0;

  // Adds rows as one sorted run; replaces rows of equal keys. All or nothing. Synced when it returns. `rows` is called once and hands
  // row after row to the sink, ascending and distinct by key; it returns the first failure, its own or the sink's.
  // ERRORS: InvalidArgument (keys do not ascend), what `rows` returns, Unavailable (I/O).
  // COST: one sequential write, no log. Memory: a block of rows; in memory: all of them.
  using RowSink = std::function<absl::Status(std::string_view key, std::string_view value)>;
  using RowSource = std::function<absl::Status(const RowSink& add)>;
  virtual absl::Status IngestFrom(Table table, const RowSource& rows) = 0;

  // The same with rows at hand.
  absl::Status Ingest(Table table, const std::vector<std::pair<std::string, std::string>>& rows) {
    return IngestFrom(table, [&rows](const RowSink& add) {
      absl::Status status;
      for (std::size_t i = 0; i < rows.size() && status.ok(); ++i)
        status = add(rows[i].first, rows[i].second);
      return status;
    });
  }

  // A consistent copy of the whole store in a new folder that OpenRocksStore() opens; hard links where the disk allows.
  // ERRORS: AlreadyExists (`path` exists), Unimplemented (in memory).
  virtual absl::Status CopyTo(const std::string& path) const = 0;

  // A further backup in `folder` (made where it is not there), of files that the backups there have not. `label` comes back when it is listed. Returns
  // its id. What was committed before is in it.  ERRORS: Unimplemented (in memory), Unavailable (I/O: no backup was made).
  virtual absl::StatusOr<std::uint32_t> BackUp(
      const std::string& /*folder*/, std::string_view /*label*/,
      const std::function<void(std::uint64_t, std::uint64_t)>& /*progress*/) {
    return absl::UnimplementedError("a store in memory has no backups");
  }

  // Rewrites every file of the store, so that nothing which was overwritten or deleted before is left on disk, in logs either. Others may read and
  // write meanwhile. `go_on`, where given, is asked before each step and every few milliseconds within one, also by other threads than the caller's, until
  // it returns false or the call does: then it ends soon, and files of before may be left.
  // ERRORS: Cancelled (`go_on` returned false), Unavailable (I/O): something may be left, and nothing is lost.  COST: reads and writes all that there is.
  virtual absl::Status Rewrite(const std::function<bool()>& /*go_on*/ = {}) {
    return absl::OkStatus();
  }

  // A new, empty, nameless file on the disk of the store, open for reading and writing: what is in it is gone when it is closed. The
  // caller closes it.  ERRORS: Unimplemented (in memory), Unavailable (I/O).
  virtual absl::StatusOr<int> ScratchFile() const {
    return absl::UnimplementedError("a store in memory has no disk");
  }

  // Bytes on disk (in memory: bytes held), for statistics.
  virtual std::uint64_t ApproximateBytes() const = 0;

  // Whether writes are slowed down or stopped at present, since the disk does not keep up with them.
  virtual bool WritesStalled() const { return false; }

  // Has `changed` called whenever WritesStalled() may have changed, with no lock held: by a thread of the store's or one that writes.
  // It replaces the one before, and lives until the store is gone. Stores that never stall call nobody.
  virtual void WatchStalls(std::function<void()> /*changed*/) {}

  // As Scan() of the whole rest of a table, of a store that may be damaged: a row whose value does not open (it is sealed, and was changed) is visited with
  // an empty value, which no row has, in place of ending the scan. Stores that open nothing scan as ever.
  // ERRORS: as Scan(), FailedPrecondition (a value has a newer format).
  virtual absl::Status ScanDamaged(Table table, std::string_view from,
                                   const RowVisitor& row) const {
    return Scan(table, from, "", row);
  }
};

// What many stores on disk have in common when they are opened with the same one: a block cache, and a bound on what they
// gather in memory before it is written. Each costs little then while it is small: src/store/rocks_share.h says what it goes without.
//
// THREADS: thread-safe.
class RocksShare {
 public:
  class Impl;  // of src/store alone

  // `write_buffer_bytes`: over all stores. Past half of it, the store that was written to longest ago is flushed; near all of it,
  // whichever is written to.
  RocksShare(std::size_t block_cache_bytes, std::size_t write_buffer_bytes);
  ~RocksShare();

  std::size_t cached_bytes() const;
  std::size_t write_buffered_bytes() const;
  Impl& impl() const { return *impl_; }

 private:
  const std::unique_ptr<Impl> impl_;
};

struct RocksStoreOptions {
  bool create_if_missing = true;
  std::size_t write_buffer_bytes = std::size_t{16}
                                   << 20;  // DEFAULT 16 MiB a table: larger ones slow the skip list
  std::size_t block_cache_bytes = std::size_t{64} << 20;  // DEFAULT 64 MiB; of `share`, where given
  int background_threads = 2;         // of the process, for all stores: the greatest number counts
  std::shared_ptr<RocksShare> share;  // DEFAULT none: the store has all to itself
};

// Opens or creates a RocksDB store in folder `path`.
// ERRORS: NotFound (missing, and create_if_missing is false), FailedPrecondition (the folder holds something else: it is left
// untouched), Unavailable (another process has it open; message says "busy"), ResourceExhausted (no file handle
// is left: an open store has about ten), DataLoss (corrupt).
absl::StatusOr<std::unique_ptr<Store>> OpenRocksStore(const std::string& path,
                                                      const RocksStoreOptions& options);

// A store that lives in memory and dies with the object.
std::unique_ptr<Store> OpenMemoryStore();

}  // namespace polyonym

#endif  // POLYONYM_STORE_STORE_H_
