// Checkpoints: rows altered, dropped and moved inside valid envelopes load or are DataLoss; what loads can be used without a crash.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "engine/bytes.h"
#include "engine/engine_impl.h"
#include "fuzz/history_input.h"

namespace polyonym::fuzz {
namespace {

struct Row {
  Table table;
  std::string key;
  std::uint8_t version;
  std::string payload;
};

// A store with something in every table and array; the rows of its checkpoint first.
std::vector<Row> MakeRows() {
  std::string bytes;
  for (int i = 0; i < 800; ++i) bytes.push_back(static_cast<char>(i * i / 7 + i));
  Input in(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  const auto impl = std::make_shared<Engine::Impl>(OpenMemoryStore(), MemoryOptions(),
                                                   std::make_shared<engine::Background>(1));
  Must(impl->Start());
  Must(impl->SetPolicy(DrawPolicy(in), {}).status());
  DrawCalls(in, impl.get());
  Must(impl->SetPolicy(DrawPolicy(in), FurtherGraph()).status());
  Must(impl->Checkpoint());
  std::vector<Row> rows;
  ForEachRow(impl->store(), [&](Table table, const std::string& key, const std::string& value) {
    const auto version = static_cast<std::uint8_t>(value.front());
    rows.push_back({table, key, version, std::string(*engine::OpenValue(version, key, value))});
  });
  impl->Stop();
  std::stable_partition(rows.begin(), rows.end(),
                        [](const Row& row) { return row.table == Table::kState; });
  return rows;
}

void Alter(Input& in, std::vector<Row>* rows) {
  const auto of_state = std::count_if(rows->begin(), rows->end(),
                                      [](const Row& row) { return row.table == Table::kState; });
  if (of_state == 0) return;
  const auto at = rows->begin() + static_cast<std::ptrdiff_t>(in.Below(256)) % of_state;
  std::string& payload = at->payload;
  const std::uint64_t number = in.Number() >> in.Below(64);
  const std::size_t how = in.Below(8);
  if (how == 0) rows->erase(at);
  if (how == 1)
    at->key[number % 2] = static_cast<char>(number / 2 % 17);  // another graph, another part
  if (how == 2) at->key = at->key.substr(0, 2) + engine::BigEndianKey(number);
  if (how == 3) payload.resize(std::min<std::uint64_t>(number, 1 << 21));
  if (how == 4) payload = std::string(in.Rest());
  if (how > 4 && !payload.empty()) payload[number % payload.size()] = static_cast<char>(in.Byte());
}

// Whatever opens can be used: it answers, or says that it is damaged.
void Open(std::unique_ptr<Store> store, const Record& record) {
  const auto engine = Engine::OpenOn(std::move(store), MemoryOptions());
  RequireRefusedWell(engine.status());
  if (!engine.ok()) return;
  RequireRefusedWell((*engine)->Apply(std::span(&record, 1)).status());
  for (const std::string& graph : (*engine)->Graphs())
    RequireRefusedWell((*engine)->Read(graph)->Verify().status());
}

}  // namespace
}  // namespace polyonym::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace polyonym;
  static const std::vector<fuzz::Row> good = fuzz::MakeRows();
  std::vector<fuzz::Row> rows = good;
  fuzz::Input in(data, size);
  const Record record = fuzz::DrawRecord(in);
  for (int i = 0; i < 4 && !in.empty(); ++i) fuzz::Alter(in, &rows);
  WriteSet writes;
  for (const fuzz::Row& row : rows)
    writes.puts.push_back(
        {row.table, row.key, engine::SealValue(row.version, row.key, row.payload)});
  std::unique_ptr<Store> store = OpenMemoryStore();
  fuzz::Must(store->Commit(writes, true));
  fuzz::Open(std::move(store), record);
  return 0;
}
