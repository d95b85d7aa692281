// batch/resolve.h - straight from records to people, with no store.
//
// For a night's export that is read once: the same rule as the engine's, applied to all records at once. The partition
// equals that of an engine that was given the same records, its clock brought to the same time (law L2).
#ifndef POLYONYM_BATCH_RESOLVE_H_
#define POLYONYM_BATCH_RESOLVE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "polyonym/model/identifier.h"
#include "polyonym/model/outcome.h"
#include "polyonym/model/policy.h"
#include "polyonym/model/record.h"

namespace polyonym::batch {

// Groups of identifiers that live records name, each group sorted bytewise, groups by their first member.
struct Partition {
  std::vector<std::vector<Identifier>> groups;
};

// Which state.
struct ResolveOptions {
  // DEFAULT 0: no lifetime of a link is over, as in an engine whose clock was never moved.
  std::int64_t clock_ms = 0;
  // Only the standing records with a time up to this, as View::AsOf() takes them. DEFAULT: all.
  std::int64_t up_to_ms = INT64_MAX;
};

// Takes records in any order, then resolves. Observations and binds whose identifiers are all of role self are resolved as columns
// are (batch/columns.h), with all cores, as long as nothing else is added; from then on all are put before the definition, which takes
// some microseconds a record.
// THREADS: thread-compatible. Memory: all evidence is held.
class MemoryResolver {
 public:
  // ERRORS: InvalidArgument, as Validate().
  static absl::StatusOr<std::unique_ptr<MemoryResolver>> Create(const Policy& policy,
                                                                const RecordLimits& limits = {},
                                                                std::int64_t now_ms = INT64_MAX);
  ~MemoryResolver();

  // Returns kNone, or why the record is rejected. Held ones are counted and link nothing.
  Reason Add(const Record& record);

  // COST: that of Resolve(), as long as records are resolved as columns are.
  std::uint64_t held_records() const;

  // COST: near-linear in the links, with a sort by rank.
  Partition Resolve(const ResolveOptions& options = {}) const;

 private:
  class Impl;
  explicit MemoryResolver(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace polyonym::batch

#endif  // POLYONYM_BATCH_RESOLVE_H_
