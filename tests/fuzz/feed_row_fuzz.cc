// Feed rows: any bytes, as they are and inside a valid envelope, are a row or DataLoss; a row is written and read again as it was.
#include "engine/bytes.h"
#include "engine/feed.h"
#include "fuzz/input.h"

namespace polyonym::fuzz {
namespace {

constexpr std::uint64_t kSequence = 9;

void RunRow(std::string_view bytes, std::uint32_t graph) {
  const auto row = engine::DecodeFeedRow(kSequence, bytes, graph);
  RequireRefusedWell(row.status());
  if (!row.ok()) return;
  const auto again =
      engine::DecodeFeedRow(kSequence, engine::EncodeFeedRow(kSequence, *row, graph), graph);
  Must(again.status());
  Require(again->changes == row->changes && again->before == row->before &&
              again->now_ms == row->now_ms,
          "what was written is read as it was");
}

}  // namespace
}  // namespace polyonym::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace polyonym;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const std::uint32_t graph : {0u, 15u}) {
    fuzz::RunRow(bytes, graph);
    for (const std::uint8_t version : {std::uint8_t{1}, std::uint8_t{2}}) {
      const std::string key = engine::FeedKey(fuzz::kSequence, graph);
      fuzz::RunRow(engine::SealValue(version, key, bytes), graph);
    }
  }
  return 0;
}
