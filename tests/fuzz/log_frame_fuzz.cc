// Log frames: any bytes, as they are and inside a valid envelope, are a frame or DataLoss; and a record by itself is the one of the
// whole frame.
#include "engine/bytes.h"
#include "engine/log.h"
#include "fuzz/input.h"

namespace polyonym::fuzz {
namespace {

constexpr std::uint64_t kNumber = 7;

// What is no frame of records is written and read again as it was.
void RunWritten(const engine::Frame& frame) {
  engine::Log log(nullptr);
  log.StartAfter(kNumber - 1);
  if (frame.kind == engine::FrameKind::kPolicy)
    log.AppendPolicy(frame.sequence, frame.policy, frame.graph, frame.graph_name);
  if (frame.kind == engine::FrameKind::kClock) log.AppendClock(frame.sequence, frame.clock_ms);
  if (frame.kind == engine::FrameKind::kHorizon)
    log.AppendHorizon(frame.sequence, frame.source, frame.before_ms);
  if (frame.kind == engine::FrameKind::kErase)
    log.AppendErase(frame.sequence, frame.gone, frame.names);
  WriteSet writes;
  log.MoveTo(&writes);
  const auto again = engine::DecodeFrame(kNumber, writes.puts.at(0).value);
  Must(again.status());
  Require(again->graph == frame.graph && again->graph_name == frame.graph_name &&
              again->policy == frame.policy && again->clock_ms == frame.clock_ms &&
              again->source == frame.source && again->before_ms == frame.before_ms &&
              again->gone.size() == frame.gone.size() && again->names == frame.names,
          "what was written is read as it was");
}

void RunFrame(std::string_view bytes) {
  const auto frame = engine::DecodeFrame(kNumber, bytes);
  RequireRefusedWell(frame.status());
  const auto conditions = engine::DecodeConditions(kNumber, bytes);
  RequireRefusedWell(conditions.status());
  if (frame.ok()) {
    Must(conditions.status());
    Require(conditions->kind == frame->kind && conditions->sequence == frame->sequence &&
                conditions->graph == frame->graph && conditions->graph_name == frame->graph_name &&
                conditions->policy == frame->policy && conditions->clock_ms == frame->clock_ms,
            "without its records a frame says the same");
    if (!engine::HoldsRecords(*frame)) RunWritten(*frame);
  }
  if (!frame.ok()) {
    const absl::Status status = engine::DecodeRecordOfFrame(kNumber, bytes, 0).status();
    if (!absl::IsOutOfRange(status)) RequireRefusedWell(status);  // else: it was folded
    return;
  }
  for (std::size_t i = 0; i < frame->records.size() && i < 64; ++i) {
    const auto record = engine::DecodeRecordOfFrame(kNumber, bytes, i);
    if (frame->records[i].source.empty()) {  // it was folded
      Require(absl::IsOutOfRange(record.status()), "nothing is left of what was folded");
      continue;
    }
    Must(record.status());
    Require(*record == frame->records[i], "a record by itself is the one of the frame");
  }
  Require(
      absl::IsDataLoss(engine::DecodeRecordOfFrame(kNumber, bytes, frame->records.size()).status()),
      "none behind the last");
}

}  // namespace
}  // namespace polyonym::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace polyonym;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  fuzz::RunFrame(bytes);
  fuzz::RunFrame(engine::SealValue(1, engine::FrameKey(fuzz::kNumber), bytes));
  return 0;
}
