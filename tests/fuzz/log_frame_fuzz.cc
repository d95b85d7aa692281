// Log frames: any bytes, as they are and inside a valid envelope, are a frame or DataLoss; and a record by itself is the one of the
// whole frame.
#include "engine/bytes.h"
#include "engine/log.h"
#include "fuzz/input.h"

namespace polyonym::fuzz {
namespace {

constexpr std::uint64_t kNumber = 7;

void RunFrame(std::string_view bytes) {
  const auto frame = engine::DecodeFrame(kNumber, bytes);
  RequireRefusedWell(frame.status());
  if (!frame.ok()) {
    RequireRefusedWell(engine::DecodeRecordOfFrame(kNumber, bytes, 0).status());
    return;
  }
  for (std::size_t i = 0; i < frame->records.size() && i < 64; ++i) {
    const auto record = engine::DecodeRecordOfFrame(kNumber, bytes, i);
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
