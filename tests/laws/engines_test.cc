// L2: the engine in memory, the engine on its store and the resolver without a store give the same people.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "harness/catch.h"
#include "harness/engine_state.h"
#include "laws/law.h"
#include "polyonym/batch/columns.h"
#include "polyonym/batch/resolve.h"

namespace polyonym::harness {
namespace {

std::string CheckResolver(const History& history) {
  Random random(history.seed ^ 0xba7c4);
  std::unique_ptr<Engine> engine = OpenInMemory(history.policy, history.seed);
  for (const std::span<const Record> batch : RandomBatches(history.records, random))
    Must(engine->Apply(batch).status());
  std::unique_ptr<batch::MemoryResolver> resolver =
      Must(batch::MemoryResolver::Create(history.policy));
  std::vector<Record> shuffled = history.records;
  random.Shuffle(&shuffled);
  for (const Record& record : shuffled) resolver->Add(record);

  const NaiveWorld world(Compile(history.policy), history.records);
  State want, got;
  want.groups = world.state().groups;
  got.groups = resolver->Resolve().groups;
  std::string fault = Difference(want, got);
  if (!fault.empty()) fault = "the resolver:\n" + fault;
  fault += CompareWithNaive(engine->Read(), world, true, false);
  std::uint64_t held = 0;
  for (const NaiveWorld::Entry& entry : world.entries())
    held += entry.stands && entry.outcome == Outcome::kHeld;
  if (resolver->held_records() != held) fault += "the resolver miscounts held records\n";
  if (engine->Read().GetStats().held_records != held)
    fault += "the engine miscounts held records\n";
  return fault;
}

// The observations of a history as rows of one source, with ids or without.
struct Table {
  std::vector<Record> records;
  std::vector<std::string> ids;
  std::vector<std::int64_t> times;
  std::vector<std::vector<std::string>> columns;  // `namespace:value`
};

Table TableOf(const History& history, Random& random) {
  Table table;
  for (Record record : history.records) {
    if (record.act != Act::kObserve) continue;
    record.source = "table";
    record.time_ms = record.time_ms.value_or(0);
    record.version.reset();
    record.facts.clear();
    record.folded.reset();
    if (random.Chance(20)) record.id.clear();
    for (RecordIdentifier& identifier : record.identifiers) identifier.role = Role::kSelf;
    table.records.push_back(record);
    if (random.Chance(10)) table.records.push_back(record);
  }
  std::size_t columns = 1;
  for (const Record& record : table.records) columns = std::max(columns, record.identifiers.size());
  table.columns.resize(columns);
  for (const Record& record : table.records) {
    table.ids.push_back(record.id);
    table.times.push_back(*record.time_ms);
    for (std::vector<std::string>& column : table.columns) column.emplace_back();
    for (std::size_t i = 0; i < record.identifiers.size(); ++i)
      table.columns[i].back() = record.identifiers[i].ns + ":" + record.identifiers[i].value;
  }
  return table;
}

batch::ColumnGroups ResolveTable(const Table& table, const Policy& policy,
                                 const batch::ColumnsOptions& options) {
  std::vector<std::vector<std::string_view>> views;
  for (const auto& column : table.columns) views.emplace_back(column.begin(), column.end());
  const std::vector<std::string_view> id_views(table.ids.begin(), table.ids.end());
  const batch::Column ids{.texts = id_views};
  batch::Columns columns;
  columns.source = "table";
  for (const auto& column : views) columns.identifiers.push_back({.texts = column});
  columns.times_ms = table.times;
  columns.record_ids = &ids;
  return Must(batch::ResolveColumns(policy, columns, options));
}

// What became of a row, beside the definition of its record.
std::string CompareRow(const batch::ColumnGroups& people, std::size_t row, bool has_id,
                       const NaiveWorld& world) {
  const NaiveWorld::Entry& entry = world.entries()[row];
  const std::string at = "row " + std::to_string(row) + ": ";
  if (entry.outcome == Outcome::kRejected)
    return people.row_reason[row] == entry.reason ? "" : at + "rejected for another reason\n";
  if (entry.stands && people.row_reason[row] != entry.verdict.reason)
    return at + "held for another reason\n";
  // Of repeated content every row is given its group.
  if (!entry.stands && people.row_reason[row] == Reason::kNone && !has_id) return "";
  if ((people.row_group[row] != batch::kNoNumber) != entry.live)
    return at + "counts, or does not\n";
  if (!entry.live) return "";
  std::set<Identifier> group;
  for (std::uint32_t i = 0; i < people.identifiers(); ++i) {
    if (people.identifier_group[i] == people.row_group[row])
      group.insert({std::string(people.NamespaceOf(i)), std::string(people.ValueOf(i))});
  }
  const std::optional<NaiveWorld::Node> primary = world.PrimaryOf(entry);
  const Group want = world.NamesInGroupOf(*primary);
  return Group(group.begin(), group.end()) == want ? "" : at + "is in another group\n";
}

std::string CheckColumns(const History& history) {
  Random random(history.seed ^ 0xc01);
  const Table table = TableOf(history, random);
  const Policy policy = FinalPolicy(history);
  batch::ColumnsOptions options;
  options.state.clock_ms = FinalClock(history);
  options.threads = 1;
  const batch::ColumnGroups people = ResolveTable(table, policy, options);
  const NaiveWorld world(Compile(policy), table.records, options.state.clock_ms);
  State want, got;
  want.groups = world.state().groups;
  got.groups = people.ToPartition().groups;
  std::string fault = Difference(want, got);
  for (std::size_t row = 0; row < table.records.size(); ++row)
    fault += CompareRow(people, row, !table.ids[row].empty(), world);
  options.threads = 3;
  options.hash_seed = history.seed;
  const batch::ColumnGroups again = ResolveTable(table, policy, options);
  if (people.identifier_group != again.identifier_group || people.row_group != again.row_group ||
      people.row_reason != again.row_reason)
    fault += "the threads or the seed decided something\n";
  return fault;
}

std::string CheckStores(const History& history) {
  Random random(history.seed ^ 0x570e5);
  const TempFolder folder;
  EngineOptions options = LawOptions(history.seed);
  std::unique_ptr<Engine> memory = OpenInMemory(history.policy, history.seed);
  std::unique_ptr<Engine> disk = Must(Engine::Open(folder / "store", options));
  Must(disk->SetPolicy(history.policy).status());
  for (const std::span<const Record> batch : RandomBatches(history.records, random)) {
    const ApplyResult a = Must(memory->Apply(batch));
    const ApplyResult b = Must(disk->Apply(batch));
    if (a.changes != b.changes || a.sequence != b.sequence) return "the feeds differ\n";
  }
  const NaiveWorld world(Compile(history.policy), history.records);
  const std::set<Identifier> named = NamedIdentifiers(world);
  const EngineState a = ReadState(memory->Read(), named);
  const EngineState b = ReadState(disk->Read(), named);
  std::string fault = Difference(a.state, b.state) + CompareWithNaive(disk->Read(), world);
  if (a.profile_of != b.profile_of) fault += "profile ids differ\n";
  return fault;
}

}  // namespace

TEST_CASE("the resolver without a store gives the engine's people") {
  CheckLaw(50'000, 1'500, CheckResolver);
}
TEST_CASE("the resolver without a store gives the engine's people, at length", "[slow]") {
  CheckLaw(5'000'000, 15'000, CheckResolver);
}
TEST_CASE("columns give the people and the rows of the definition") {
  CheckLaw(55'000, 1'500, CheckColumns);
}
TEST_CASE("columns give the people and the rows of the definition, at length", "[slow]") {
  CheckLaw(5'500'000, 15'000, CheckColumns);
}
TEST_CASE("on disk and in memory people, ids and changes are the same") {
  CheckLaw(60'000, 150, CheckStores);
}
TEST_CASE("on disk and in memory people, ids and changes are the same, at length", "[slow]") {
  CheckLaw(6'000'000, 1'500, CheckStores);
}

}  // namespace polyonym::harness
