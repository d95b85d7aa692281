// workload/limits.h - what the machine allows: the same bytes or the same numbers with nothing of identity around them.
#ifndef POLYONYM_BENCH_WORKLOAD_LIMITS_H_
#define POLYONYM_BENCH_WORKLOAD_LIMITS_H_

#include <cstdint>
#include <span>
#include <string>

#include "polyonym/model/record.h"
#include "polyonym/store/store.h"

namespace polyonym::workload {

// As many bytes in as many commits under ascending keys, in values of 4 KiB; seconds.
double BareAppends(const std::string& path, std::size_t commits, std::uint64_t bytes, bool sync);

// Union-find over the numbers of the records' identifiers, given out before the clock starts.
struct BareUnion {
  double seconds = 0;
  std::uint64_t components = 0;
};
BareUnion UniteBare(std::span<const Record> records);

// Opens the store and goes over all rows of the tables by an iterator of RocksDB; seconds.
double ScanTables(const std::string& path, std::span<const Table> tables);

// Reads every file of the folder from beginning to end; seconds.
double ReadFiles(const std::string& path);

}  // namespace polyonym::workload

#endif  // POLYONYM_BENCH_WORKLOAD_LIMITS_H_
