// store/rocks_salvage.h - a copy of a damaged store on RocksDB, opened by whatever means.
//
// THREADS: single-threaded.
#ifndef POLYONYM_SRC_STORE_ROCKS_SALVAGE_H_
#define POLYONYM_SRC_STORE_ROCKS_SALVAGE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "polyonym/store/store.h"

namespace polyonym {

struct SalvagedStore {
  std::unique_ptr<Store> store;
  bool gathered = false;  // its files had to be put together anew
  // Rows are missing that lay in table files which could not be read: the checkpoint may be of several times.
  bool lost_tables = false;
  std::vector<std::string> unread;  // names of files that could not be copied
};

// Copies the store in `path` to a new folder `copy`, table files by hard links where the disk allows, and opens that. Nothing of the store is changed. Damaged
// parts of the write-ahead log are passed over. Where RocksDB does not open it, its files are put together anew, and rows of table files that can be read
// in part are added where no other file has their key.
// ERRORS: NotFound (no store), FailedPrecondition (it holds something else), Unavailable (busy, I/O), DataLoss (nothing can be read).
absl::StatusOr<SalvagedStore> SalvageRocksStore(const std::string& path, const std::string& copy);

}  // namespace polyonym

#endif  // POLYONYM_SRC_STORE_ROCKS_SALVAGE_H_
