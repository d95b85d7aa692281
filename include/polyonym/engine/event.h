// engine/event.h - what a host's operator should hear of at once: EngineOptions::on_event is called with these.
//
//   options.on_event = [](const polyonym::EngineEvent& event) { log(ToString(event.kind), event.reason.message()); };
//
// Numbers that are asked for at intervals are in engine/metrics.h; what happened to profiles is View::Changes().
//
// THREADS: called by the thread that met it: one of the host's inside a call, or one of the engine's or the store's own. One call at a
// time, in order: a thread that meets something while another tells leaves it to that one. No lock of the engine is held, so the
// writers go on; but the call that met it returns late, and events pile up to kMaxWaitingEvents, beyond which they are dropped
// (and counted). So note it and return.
// The callback may not call the engine, a view of it or its environment, nor destroy it, and must not throw: nothing catches what it throws. ~Engine
// waits for a call that is under way; afterwards none comes, though views live on.
#ifndef POLYONYM_ENGINE_EVENT_H_
#define POLYONYM_ENGINE_EVENT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "polyonym/model/identifier.h"

namespace polyonym {

inline constexpr std::size_t kMaxWaitingEvents = 10'000;
inline constexpr std::size_t kMaxGuardEvents = 100;  // of one commit; EngineMetrics counts them all

enum class EngineEventKind : std::uint8_t {
  kSlowBatch = 0,         // an Apply() took longer than EngineOptions::slow_batch_ms
  kWriteStallBegan = 1,   // the store slows or stops writes: the disk does not keep up
  kWriteStallEnded = 2,   // and does so no longer
  kGuardTripped = 3,      // an identifier became shared: it joins nothing from now on
  kReadOnly = 4,          // a write failed: nothing is taken until the store is opened again. Once
  kCheckpointFailed = 5,  // harms nothing but the time to open again; it is tried again
};
std::string_view ToString(EngineEventKind kind);  // `slow_batch`

struct EngineEvent {
  EngineEventKind kind = EngineEventKind::kSlowBatch;
  std::uint64_t duration_ns = 0;  // kSlowBatch, kWriteStallEnded: how long it took
  std::uint64_t records = 0;      // kSlowBatch: of the call
  std::uint64_t sequence = 0;     // kGuardTripped: of the commit that shows it
  std::string graph;              // kGuardTripped: in this graph; the first has no name
  IdentifierNumber identifier;    // kGuardTripped: View::IdentifierOf() tells its value
  std::string identifier_ns;      // and its namespace
  absl::Status reason;            // kReadOnly, kCheckpointFailed; holds no personal value
};

}  // namespace polyonym

#endif  // POLYONYM_ENGINE_EVENT_H_
