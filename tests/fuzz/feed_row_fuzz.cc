// Feed rows: any bytes, as they are and inside a valid envelope, are a row or DataLoss; a row is written and read again as it was.
#include "engine/bytes.h"
#include "engine/feed.h"
#include "fuzz/input.h"

namespace polyonym::fuzz {
namespace {

constexpr std::uint64_t kSequence = 9;

void RunRow(std::string_view bytes) {
  const auto row = engine::DecodeFeedRow(kSequence, bytes);
  RequireRefusedWell(row.status());
  if (!row.ok()) return;
  const auto again = engine::DecodeFeedRow(kSequence, engine::EncodeFeedRow(kSequence, *row));
  Must(again.status());
  Require(again->changes == row->changes && again->before == row->before,
          "what was written is read as it was");
}

}  // namespace
}  // namespace polyonym::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace polyonym;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  fuzz::RunRow(bytes);
  fuzz::RunRow(engine::SealValue(1, engine::FeedKey(fuzz::kSequence), bytes));
  return 0;
}
