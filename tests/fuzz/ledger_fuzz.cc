// Rows of the ledger of erasures, altered inside valid envelopes: they open or are refused; and requests to erase, whoever they name.
#include <memory>
#include <string>
#include <vector>

#include "engine/bytes.h"
#include "engine/ledger.h"
#include "fuzz/history_input.h"

namespace polyonym::fuzz {
namespace {

void RunRows(Input& in) {
  std::unique_ptr<Store> store = OpenMemoryStore();
  WriteSet writes;
  for (std::size_t rows = in.Below(4); rows > 0; --rows) {
    std::string key = in.Below(3) == 0 ? "erase_key" : "erased/";
    if (key.back() == '/') key += std::string(16 + in.Below(2), static_cast<char>(in.Byte()));
    std::string payload;
    if (in.Below(2) == 0) engine::PutVarint(&payload, in.Number());
    payload += std::string(in.Below(36), static_cast<char>(in.Byte()));
    writes.puts.push_back({Table::kMeta, key, engine::SealValue(1, key, payload)});
  }
  Must(store->Commit(writes, true));
  engine::Ledger ledger;
  const absl::Status opened = ledger.Open(*store, in.Below(2) == 0 ? "" : std::string(16, 'k'));
  if (!absl::IsInvalidArgument(opened)) RequireRefusedWell(opened);  // of another key
  if (!opened.ok()) return;
  for (const Erasure& erasure : ledger.All())
    Require(ledger.Has(erasure.hash), "who is listed is there");
}

void RunRequests(Input& in) {
  const auto engine = Engine::OpenInMemory(MemoryOptions());
  Must(engine.status());
  Must((*engine)->SetPolicy(DrawPolicy(in)).status());
  std::vector<Record> records;
  for (std::size_t left = 1 + in.Below(8); left > 0; --left) records.push_back(DrawRecord(in));
  Must((*engine)->Apply(records).status());
  std::vector<EraseRequest> requests;
  while (!in.empty() && requests.size() < 8) {
    const RecordIdentifier drawn = DrawIdentifier(in);
    requests.push_back({{drawn.ns, drawn.value}, in.Below(2) == 0});
    if (in.Below(8) == 0) requests.back().identifier.value = std::string(in.Rest().substr(0, 9));
  }
  EraseOptions options;
  options.even_shared = in.Below(2) == 0;
  const auto receipt = (*engine)->Erase(requests, options);
  Require(receipt.ok() || absl::IsInvalidArgument(receipt.status()) ||
              absl::IsFailedPrecondition(receipt.status()),
          receipt.status().ToString());
  Require((*engine)->Read().Verify()->ok(), "the store verifies");
}

}  // namespace
}  // namespace polyonym::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  polyonym::fuzz::Input in(data, size);
  polyonym::fuzz::RunRows(in);
  polyonym::fuzz::RunRequests(in);
  return 0;
}
