// store/checked_env.h - where RocksDB reads its files: a table that would end the process is refused as one that is rotten.
//
// RocksDB builds a table's block of properties, and goes through it, before it compares that block's checksum. Builds with asserts, as Debian's
// and Ubuntu's are (7.8, 8.9), end the process there over rot. And it asks for as much memory as the footer says that a block has, which no
// checksum covers, whatever the file's size. So those bytes are looked at first, and RocksDB gets what was looked at, not what the disk says when
// it is asked again; all other rot is left to the checksums.
#ifndef POLYONYM_SRC_STORE_CHECKED_ENV_H_
#define POLYONYM_SRC_STORE_CHECKED_ENV_H_

#include <rocksdb/env.h>

#include <memory>

namespace polyonym {

// The machine's files.  COST: three small reads for each table that is opened, and about 1 KiB of memory.  THREADS: thread-safe.
rocksdb::Env* CheckedEnv();

// Those of another, which must outlive it.
std::unique_ptr<rocksdb::Env> MakeCheckedEnv(rocksdb::Env* base);

}  // namespace polyonym

#endif  // POLYONYM_SRC_STORE_CHECKED_ENV_H_
