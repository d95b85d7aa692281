// store/checked_env.h - where RocksDB reads its files: a table that would end the process is refused as one that is rotten.
//
// RocksDB builds a table's block of properties before it compares that block's checksum. Builds with asserts, as Debian's and Ubuntu's are
// (7.8, 8.9), end the process there where rot makes it look like a block with an index of hashes, or like one that holds nothing: neither is
// ever written. And it asks for as much memory as the footer says that a block has, which no checksum covers, whatever the file's size. So
// whoever opens a table looks at those bytes first; all other rot is left to the checksums.
#ifndef POLYONYM_SRC_STORE_CHECKED_ENV_H_
#define POLYONYM_SRC_STORE_CHECKED_ENV_H_

#include <rocksdb/env.h>

#include <memory>

namespace polyonym {

// The machine's files.  COST: three small reads for each table that is opened.  THREADS: thread-safe.
rocksdb::Env* CheckedEnv();

// Those of another, which must outlive it.
std::unique_ptr<rocksdb::Env> MakeCheckedEnv(rocksdb::Env* base);

}  // namespace polyonym

#endif  // POLYONYM_SRC_STORE_CHECKED_ENV_H_
