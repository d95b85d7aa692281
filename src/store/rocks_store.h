// store/rocks_store.h - the store on RocksDB, opened in other ways than hosts do: through a file system that fails, for tests; and what can be had
// of one that is damaged, for repairs.
//
// THREADS: as store.h.
#ifndef POLYONYM_SRC_STORE_ROCKS_STORE_H_
#define POLYONYM_SRC_STORE_ROCKS_STORE_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "polyonym/store/store.h"

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace polyonym {

// As OpenRocksStore(), with all of RocksDB's files through `env`, which lives longer than the store; null: the machine's. The store's own look at
// the folder (is it there, is it ours) goes past it.
absl::StatusOr<std::unique_ptr<Store>> OpenRocksStoreIn(const std::string& path,
                                                        const RocksStoreOptions& options,
                                                        rocksdb::Env* env);

// As OpenRocksStore(), but what is broken in the write-ahead log is passed over, not an end of it.
absl::StatusOr<std::unique_ptr<Store>> OpenDamagedRocksStore(const std::string& path);

// Writes what a store gathered in memory to table files.  REQUIRES: a store on RocksDB.
absl::Status FlushRocksTables(Store* store);

// Makes the folder's table files and write-ahead logs a database anew, where what says how they belong together is gone. Files that cannot be read
// go to a folder `lost` in it.  ERRORS: Unavailable (I/O), DataLoss.
absl::Status GatherRocksTables(const std::string& path);

// Rows of a single table file from a key on, until `row` returns false. `known`: whether it is of a store's tables, and then which.
// ERRORS: DataLoss, Unavailable (it cannot be read, or not to its end).
absl::Status ScanRocksTableFile(const std::string& file, Table* table, bool* known,
                                std::string_view from, const Store::RowVisitor& row);

}  // namespace polyonym

#endif  // POLYONYM_SRC_STORE_ROCKS_STORE_H_
