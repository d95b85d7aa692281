// L2: records that are written in sorted runs leave the store that Apply() leaves, byte for byte.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "harness/catch.h"
#include "harness/engine_state.h"
#include "laws/law.h"
#include "polyonym/store/store.h"

namespace polyonym::harness {
namespace {

using Bytes = std::map<std::pair<Table, std::string>, std::string>;

// The log and the feed of a store that nobody has open.
Bytes ReadTables(const std::string& path) {
  const std::unique_ptr<Store> store = Must(OpenRocksStore(path, {}));
  Bytes bytes;
  for (const Table table : {Table::kLog, Table::kFeed}) {
    Must(store->Scan(table, "", "", [&](std::string_view key, std::string_view value) {
      bytes[{table, std::string(key)}] = value;
      return true;
    }));
  }
  return bytes;
}

bool Same(const ApplyResult& a, const ApplyResult& b) {
  bool same = a.sequence == b.sequence && a.changes == b.changes;
  for (std::size_t i = 0; i < a.records.size(); ++i) {
    const RecordResult &x = a.records[i], &y = b.records[i];
    same = same && x.outcome == y.outcome && x.reason == y.reason && x.field == y.field &&
           x.profile == y.profile && x.held_identifiers == y.held_identifiers;
  }
  return same;
}

std::string Check(const History& history) {
  Random random(history.seed ^ 0xb01c);
  const TempFolder folder;
  const EngineOptions options = LawOptions(history.seed);
  std::unique_ptr<Engine> one = Must(Engine::Open(folder / "apply", options));
  std::unique_ptr<Engine> other = Must(Engine::Open(folder / "bulk", options));
  Must(one->SetPolicy(history.policy).status());
  Must(other->SetPolicy(history.policy).status());
  const std::uint32_t bulk = random.Chance(50) ? 100 : 50;  // percent
  for (const std::span<const Record> batch : RandomBatches(history.records, random)) {
    const ApplyResult a = Must(one->Apply(batch));
    const ApplyResult b = Must(random.Chance(bulk) ? other->BulkApply(batch) : other->Apply(batch));
    if (!Same(a, b)) return "results differ\n";
    if (random.Chance(5)) Must(other->Checkpoint());
    if (!random.Chance(5)) continue;
    other.reset();
    other = Must(Engine::Open(folder / "bulk", options));
  }
  const NaiveWorld world(Compile(history.policy), history.records);
  std::string fault = CompareWithNaive(other->Read(), world) + CheckVerify(other->Read());
  one.reset();
  other.reset();
  if (ReadTables(folder / "apply") != ReadTables(folder / "bulk"))
    fault += "log or feed are other bytes\n";
  return fault;
}

}  // namespace

TEST_CASE("records in bulk leave the store that Apply() leaves") { CheckLaw(62'000, 60, Check); }
TEST_CASE("records in bulk leave the store that Apply() leaves, at length", "[slow]") {
  CheckLaw(6'200'000, 600, Check);
}

}  // namespace polyonym::harness
