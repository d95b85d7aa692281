#include "polyonym/engine/event.h"

namespace polyonym {

std::string_view ToString(EngineEventKind kind) {
  switch (kind) {
    case EngineEventKind::kSlowBatch:
      return "slow_batch";
    case EngineEventKind::kWriteStallBegan:
      return "write_stall_began";
    case EngineEventKind::kWriteStallEnded:
      return "write_stall_ended";
    case EngineEventKind::kGuardTripped:
      return "guard_tripped";
    case EngineEventKind::kReadOnly:
      return "read_only";
    case EngineEventKind::kCheckpointFailed:
      return "checkpoint_failed";
  }
  return "unknown";
}

}  // namespace polyonym
