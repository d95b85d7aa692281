// store/manifest_check.h - whether RocksDB reads its MANIFEST to the end.
//
// RocksDB takes a record of the MANIFEST that is longer than what is left of the file for one that was being written when the process
// died, and one of a kind that is of logs which are written over again for the end. So one bit that flips in a record's length or kind
// takes away all tables that were named behind it, without an error. A torn record is the last thing in the file: where it is whole but for its length,
// or a whole one lies behind it, it was not torn.
//
// THREADS: pure functions of the folder.
#ifndef POLYONYM_SRC_STORE_MANIFEST_CHECK_H_
#define POLYONYM_SRC_STORE_MANIFEST_CHECK_H_

#include <string>

#include "absl/status/status.h"

namespace polyonym {

// Of a folder that has a CURRENT. What else may be wrong with it is left to RocksDB.
// ERRORS: DataLoss.  COST: reads the MANIFEST.
absl::Status CheckManifest(const std::string& folder);

}  // namespace polyonym

#endif  // POLYONYM_SRC_STORE_MANIFEST_CHECK_H_
