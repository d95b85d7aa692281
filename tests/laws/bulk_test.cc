// L2: records that are written in sorted runs leave the store that Apply() leaves, byte for byte.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

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

bool Same(std::span<const RecordResult> a, std::span<const RecordResult> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.outcome == y.outcome && x.reason == y.reason && x.field == y.field &&
           x.held_identifiers == y.held_identifiers;
  });
}

// Gives the records in pieces; views show nothing of them meanwhile.
std::string BulkApply(std::span<const Record> records, Random& random, Engine* engine,
                      ApplyResult* out) {
  const std::uint64_t shown = engine->Read().sequence();
  const std::vector<Record> all(records.begin(), records.end());
  for (const std::span<const Record> piece : RandomBatches(all, random)) {
    const ApplyResult result = Must(engine->BulkApply(piece));
    if (!result.changes.empty()) return "a piece has changes\n";
    if (engine->Read().sequence() != shown) return "an open commit is shown\n";
    out->sequence = result.sequence;
    out->records.insert(out->records.end(), result.records.begin(), result.records.end());
  }
  return "";
}

std::string Check(const History& history) {
  Random random(history.seed ^ 0xb01c);
  const TempFolder folder;
  EngineOptions options = LawOptions(history.seed);
  // What a call puts off it runs at its end, a piece at its own: the changes are the same, the record named as their cause may not be.
  options.replay_at_once = EngineOptions().replay_at_once;
  if (random.Chance(50)) options.bulk_run_bytes = random.Below(200);
  std::unique_ptr<Engine> one = Must(Engine::Open(folder / "apply", options));
  std::unique_ptr<Engine> other = Must(Engine::Open(folder / "bulk", options));
  Must(one->SetPolicy(history.policy).status());
  Must(other->SetPolicy(history.policy).status());
  for (const std::span<const Record> batch : RandomBatches(history.records, random)) {
    const ApplyResult a = Must(one->Apply(batch));
    ApplyResult b;
    if (random.Chance(70)) {
      const std::string fault = BulkApply(batch, random, other.get(), &b);
      if (!fault.empty()) return fault;
      Must(random.Chance(10) ? other->Checkpoint() : other->Sync());
    } else {
      b = Must(other->Apply(batch));
    }
    if (!Same(a.records, b.records) || a.sequence != other->Read().sequence())
      return "results differ\n";
    if (random.Chance(90)) continue;
    other.reset();
    other = Must(Engine::Open(folder / "bulk", options));
  }
  const NaiveWorld world(Compile(history.policy), history.records);
  std::string fault = CompareWithNaive(other->Read(), world) + CheckVerify(other->Read());
  if (AllChanges(one->Read()) != AllChanges(other->Read())) fault += "the feeds differ\n";
  one.reset();
  other.reset();
  // Files that are written early end a frame early.
  const bool same_frames = options.bulk_run_bytes == EngineOptions().bulk_run_bytes;
  if (same_frames && ReadTables(folder / "apply") != ReadTables(folder / "bulk"))
    fault += "log or feed are other bytes\n";
  return fault;
}

}  // namespace

TEST_CASE("records in bulk leave the store that Apply() leaves") { CheckLaw(62'000, 60, Check); }
TEST_CASE("records in bulk leave the store that Apply() leaves, at length", "[slow]") {
  CheckLaw(6'200'000, 600, Check);
}

}  // namespace polyonym::harness
