// engine/source_limits.h - bounds on what one source may send, so that a channel that runs wild harms itself alone.
//
// A source that passes a bound is in quarantine: its records are rejected (Reason::kQuarantined) and nothing of them is stored, until the host
// lets it out (Engine::ReleaseSource()) or the engine is opened anew. The sender has them still, and sends them again. What is stored says
// nothing of it: quarantine is no state. 65,536 sources are counted at a time, and as many in quarantine: of one more, what it sends is taken in the
// first case, and turned away until its window ends in the second, so that names that somebody makes up fill no memory.
//
// THREADS: plain values.
#ifndef POLYONYM_ENGINE_SOURCE_LIMITS_H_
#define POLYONYM_ENGINE_SOURCE_LIMITS_H_

#include <cstdint>
#include <string>

namespace polyonym {

// Counted over windows of the process's clock (EngineOptions::ticks_ns), which follow each other. 0: no bound.
struct SourceLimits {
  std::uint64_t records = 0;           // of any outcome
  std::uint64_t rejected_records = 0;  // malformed ones
  std::uint64_t new_identifiers = 0;   // that the store has not seen
  std::uint32_t window_ms = 60'000;    // range 1..86,400,000
};

// A source in quarantine.
struct QuarantinedSource {
  std::string source;
  std::string limit;  // `records`, `rejected_records` or `new_identifiers`: which it passed
  std::uint64_t rejected_records = 0;  // turned away since
};

}  // namespace polyonym

#endif  // POLYONYM_ENGINE_SOURCE_LIMITS_H_
