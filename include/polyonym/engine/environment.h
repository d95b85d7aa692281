// engine/environment.h - many stores in one process: thousands of brands, each its own folder.
//
//   auto environment = polyonym::Environment::Make({.memory_budget_bytes = 4'000'000'000});
//   auto brand = (*environment)->Open("brands/2041");           // opened, or found open
//   (*brand)->Apply(records);
//   brand->reset();                                             // let go: it may be closed when memory is short
//
// Stores opened by themselves each have their block cache, write buffers, file handles and threads. Through an environment they share
// them, and a small one costs little more than its people. Use it as soon as a process has more than a few stores.
// An environment keeps the stores used last open and closes others: the index of a store that is closed takes no memory, and
// is read from its checkpoint when it is opened again.
//
// Memory: all of it has a bound: block cache, write buffers, and for the rest, the indexes, the budget. THREADS: thread-safe.
#ifndef POLYONYM_ENGINE_ENVIRONMENT_H_
#define POLYONYM_ENGINE_ENVIRONMENT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "polyonym/engine/engine.h"

namespace polyonym {

struct EnvironmentOptions {
  std::size_t block_cache_bytes = std::size_t{256} << 20;  // DEFAULT 256 MiB, over all stores
  std::size_t write_buffer_bytes = std::size_t{128}
                                   << 20;  // DEFAULT 128 MiB, over all stores; range from 1 MiB
  // DEFAULT 2, range 1..64: of RocksDB's flushes and compactions, and as many that sync for Durability::kGroup. Where more stores are
  // written to than the disk can sync in group_ms, they are synced as fast as it can.
  int background_threads = 2;
  // Memory of open stores: their indexes, and kStoreBytes each. Above it, stores that nobody holds are closed, those used longest
  // ago first; the last one stays. A store that somebody holds is never closed, so this is no limit on what hosts hold.
  // DEFAULT 0: no budget.
  std::uint64_t memory_budget_bytes = 0;
  // Open at once, held or not. DEFAULT 0: a sixteenth of the file handles that the process may have (ulimit -n), since a small
  // store that is open has about ten.
  std::size_t max_open_stores = 0;
  // A store that nobody has held for so long is closed, within a quarter of it more. DEFAULT ten minutes; 0: only for want of
  // memory or room.
  std::uint32_t idle_ms = 600'000;
};

// Now; the counts are since the environment was made.
struct EnvironmentStats {
  std::uint64_t open_stores = 0;
  std::uint64_t held_stores = 0;     // of those
  std::uint64_t resident_bytes = 0;  // what memory_budget_bytes is compared with
  std::uint64_t cached_bytes = 0;    // in the block cache
  std::uint64_t write_buffered_bytes = 0;
  std::uint64_t opened = 0;   // stores opened, because they were not open
  std::uint64_t evicted = 0;  // stores closed while the environment lived
};

class Environment {
 public:
  class Impl;  // of src/engine alone

  // What an open store takes beside its index; measured on stores without a record.
  static constexpr std::uint64_t kStoreBytes = 384 * 1024;

  // ERRORS: InvalidArgument, for options out of their range.
  static absl::StatusOr<std::unique_ptr<Environment>> Make(const EnvironmentOptions& options = {});

  // Closes the stores that nobody holds; others when they are let go.
  ~Environment();

  // The store in folder `path`, opened (made, see EngineOptions) or found open: while it is open, every call gives the same engine, with
  // the options of the first. Hold the pointer as long as a request takes, not for ever: a store is held by those pointers and by the
  // views read from it, and what is held is not closed. Of `options.rocks` the write buffers count alone.
  // A store that became read-only after a failed write is opened anew once nobody holds it.
  // ERRORS: as Engine::Open(); ResourceExhausted (max_open_stores are open, and all held; or no file handle is left).
  // COST: found open, a look-up. Else what Engine::Open() costs, and where another must make room, the checkpoint and the closing of that.
  // THREADS: as all here; callers of one store that is being opened or closed wait, others do not.
  absl::StatusOr<std::shared_ptr<Engine>> Open(const std::string& path,
                                               const EngineOptions& options = {});

  // Closes every store that nobody holds now: before its folder is moved or deleted, or when the host needs the memory.
  // Returns how many.
  std::size_t CloseIdle();

  // COST: a pass over the open stores.
  EnvironmentStats GetStats() const;

 private:
  explicit Environment(std::shared_ptr<Impl> impl);
  const std::shared_ptr<Impl> impl_;
};

}  // namespace polyonym

#endif  // POLYONYM_ENGINE_ENVIRONMENT_H_
