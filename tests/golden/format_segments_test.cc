// docs/format.md and the code say the same of what is kept of segments: rows are read by hand, and hold what the engine answers. And
// stores of before segments were kept open, and live on.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/bytes.h"
#include "golden/format_cells.h"
#include "golden/format_reader.h"
#include "harness/catch.h"
#include "harness/engine_state.h"
#include "laws/with_segments.h"
#include "polyonym/engine/segments.h"
#include "polyonym/model/facts.h"
#include "polyonym/segment/id_set.h"
#include "polyonym/store/store.h"

namespace polyonym::harness {
namespace {

using Documented = DocumentedGraph;
using Segments = std::vector<std::pair<std::string, std::string>>;
constexpr std::int64_t kDayMs = 86'400'000;

const Segments kSegments = {{"known", "has crm"},
                            {"here", "trait city = \"上海\""},
                            {"much", "score of tag tea >= 2"},
                            {"recent", "did(order within 30 days)"},
                            {"both", "in segment recent and in segment much"}};

Policy PolicyWith(const Segments& segments) {
  Policy policy;
  policy.name = "shop";
  policy.namespaces.emplace_back().name = "crm";
  policy.namespaces.emplace_back().name = "phone";
  policy.definitions.traits.emplace_back().name = "city";
  policy.definitions.tags.emplace_back().name = "tea";
  for (const auto& [name, expression] : segments)
    policy.definitions.segments.push_back({name, expression, ""});
  return policy;
}

// Number i is seen on day i; every other one orders then, of some it is known where they live, most like tea.
Record Visit(int i) {
  const std::string n = std::to_string(i);
  Record record;
  record.source = "shop";
  record.id = n;
  record.time_ms = i * kDayMs;
  record.identifiers = {{"crm", "c" + n, Role::kSelf}, {"phone", "p" + n, Role::kSelf}};
  Facts facts;
  if (i % 3 != 2) facts.traits.push_back({"city", {i % 3 == 0 ? "上海" : "北京"}, {}, ""});
  if (i % 4 != 0) facts.tags.push_back({"tea", i % 4 * 1'000'000, {}, {}, "", {}, ""});
  if (i % 2 == 0) facts.events.emplace_back().type = "order";
  record.facts = WriteFacts(facts);
  return record;
}

void Fill(Engine& engine, int from, int to) {
  std::vector<Record> records;
  for (int i = from; i <= to; ++i) records.push_back(Visit(i));
  Must(engine.Apply(records).status());
}

DocumentedStore ReadStore(const std::string& path) {
  return DocumentedStore(*Must(OpenRocksStore(path, {})));
}

std::unique_ptr<Engine> OpenAt(const std::string& path) {
  return Must(Engine::Open(path, LawOptions(0)));
}

std::vector<ProfileId> ProfilesOf(const View& view) {
  std::vector<ProfileId> ids;
  view.ForEachProfile([&](ProfileId id, std::span<const Identifier>) {
    ids.push_back(id);
    return true;
  });
  return ids;
}

using Answers = std::vector<std::vector<bool>>;  // by profile, then by segment

Answers AnswersOf(const SegmentReader& reader, const std::vector<ProfileId>& profiles) {
  Answers answers;
  for (const ProfileId id : profiles) answers.push_back(Must(reader.Memberships(id)));
  return answers;
}

// Of whom two readers say something else, and of which segment; empty: they agree.
std::string Difference(const SegmentReader& a, const SegmentReader& b,
                       const std::vector<ProfileId>& profiles, const Policy& policy) {
  std::string text;
  for (const ProfileId id : profiles) {
    const auto of_a = Must(a.Memberships(id)), of_b = Must(b.Memberships(id));
    for (std::size_t s = 0; s < of_a.size() && s < of_b.size(); ++s) {
      if (of_a[s] == of_b[s]) continue;
      text += "profile " + std::to_string(id.value) + " is " +
              (of_a[s] ? "in, not out: " : "out, not in: ") +
              policy.definitions.segments[s].expression + "\n";
    }
  }
  return text;
}

// What is kept; it is what evaluating everybody gives.
Answers CheckedAnswers(const Engine& engine, const std::string& graph = "") {
  const View view = Must(engine.Read(graph));
  const SegmentReader kept = Must(SegmentReader::Make(view));
  const SegmentReader judged =
      Must(SegmentReader::Make(view, {.definitions = view.policy().definitions}));
  CHECK((kept.is_live() || view.policy().definitions.segments.empty()));
  const std::vector<ProfileId> profiles = ProfilesOf(view);
  CHECK(Difference(kept, judged, profiles, view.policy()) == "");
  return AnswersOf(kept, profiles);
}

// Up to the moment of each, time changes no answer of theirs; of others it never does.
void CheckDues(const Documented& store, const View& view) {
  const std::vector<ProfileId> profiles = ProfilesOf(view);
  std::set<std::uint64_t> dues = {4'000'000'000'000};  // late enough to stand for ever
  for (const ProfileId id : profiles) dues.insert(DueOf(store, id.value));
  dues.erase(kForEver);
  const SegmentReader now = Must(SegmentReader::Make(view));
  for (const std::uint64_t due_ms : dues) {
    INFO("before " << due_ms);
    std::vector<ProfileId> same;
    for (const ProfileId id : profiles) {
      if (DueOf(store, id.value) >= due_ms) same.push_back(id);
    }
    const SegmentReader then =
        Must(SegmentReader::Make(view, {.now_ms = static_cast<std::int64_t>(due_ms) - 1}));
    CHECK(Difference(now, then, same, view.policy()) == "");
  }
}

void CheckGraphs(const std::string& path) {
  const DocumentedStore store = ReadStore(path);
  const std::unique_ptr<Engine> engine = OpenAt(path);
  const std::vector<std::string> graphs = engine->Graphs();
  REQUIRE(store.graphs().size() == graphs.size());
  for (const auto& [number, graph] : store.graphs()) {
    INFO("graph " << number);
    const View view = Must(engine->Read(graphs[number]));
    CheckSegments(graph, view);
    CheckDues(graph, view);
    const std::vector<std::uint64_t>& slots = graph.manifest().slots;
    for (const std::uint64_t slot : graph.SlotsWithRows())
      CHECK(std::find(slots.begin(), slots.end(), slot) != slots.end());
  }
}

// ---- a store as it was before segments were kept ----

struct Row {
  std::string key, value;
};

std::vector<Row> StateRows(const Store& store) {
  std::vector<Row> rows;
  Must(store.Scan(Table::kState, "", "", [&](std::string_view key, std::string_view value) {
    rows.push_back({std::string(key), std::string(value)});
    return true;
  }));
  return rows;
}

// Manifests end before what is kept of segments, and neither dues nor people of them are there.
void ForgetSegments(const std::string& path) {
  const std::unique_ptr<Store> store = Must(OpenRocksStore(path, {}));
  WriteSet writes;
  for (const Row& row : StateRows(*store)) {
    if (row.key[1] >= 8) writes.erases.push_back({Table::kState, row.key});
    if (row.key[1] != 0) continue;
    const std::string payload = OpenEnvelope(row.key, row.value);
    const std::size_t end = ReadManifest(payload).bytes_before_segments;
    REQUIRE(end < payload.size());
    writes.puts.push_back(
        {Table::kState, row.key, engine::SealValue(1, row.key, payload.substr(0, end))});
  }
  REQUIRE(!writes.erases.empty());
  Must(store->Commit(writes, true));
}

// Opens it twice, tells it more, and opens it from a checkpoint of its own.
void CheckLivesOn(const std::string& path, const std::vector<Record>& more) {
  for (const bool checkpoint : {false, true}) {
    std::unique_ptr<Engine> engine = OpenAt(path);
    const std::vector<std::string> graphs = engine->Graphs();
    Must(engine->Apply(more).status());
    if (checkpoint) Must(engine->Checkpoint());
    std::vector<Answers> want;
    for (const std::string& graph : graphs) want.push_back(CheckedAnswers(*engine, graph));
    engine.reset();
    engine = OpenAt(path);
    for (std::size_t g = 0; g < graphs.size(); ++g) {
      INFO("graph " << g << (checkpoint ? ", with" : ", without") << " a checkpoint");
      CHECK((CheckedAnswers(*engine, graphs[g]) == want[g]));
    }
  }
  CheckGraphs(path);
}

}  // namespace

TEST_CASE("people of segments and their dues read as docs/format.md says") {
  const TempFolder folder;
  {
    const std::unique_ptr<Engine> engine = OpenAt(folder / "store");
    Must(engine->SetPolicy(PolicyWith(kSegments)).status());
    PolicyOptions further;
    further.graph = "further";
    Must(engine->SetPolicy(PolicyWith({{"few", "trait city = \"北京\""}}), further).status());
    Fill(*engine, 1, 100);
    Must(engine->Checkpoint());
  }
  CheckGraphs(folder / "store");
  const DocumentedStore store = ReadStore(folder / "store");
  const Documented &first = store.graphs().at(0), &second = store.graphs().at(1);
  const std::vector<std::uint64_t>& slots = first.manifest().slots;
  REQUIRE(slots.size() == 5);
  const std::size_t members[] = {100, 33, 50, 15, 7};
  for (std::size_t s = 0; s < slots.size(); ++s) {
    INFO(kSegments[s].first);
    const std::size_t in = first.MembersOf(slots[s]).size();
    CHECK(in >= members[s]);
    CHECK(in <= members[s] + 1);  // whose order is 30 days old to the millisecond
  }
  // Orders of the last 30 days will be too old.
  const std::set<std::uint64_t> recent = first.MembersOf(slots[3]);
  std::size_t timed = 0;
  for (std::uint64_t id = 0; id < first.manifest().nodes; ++id) {
    if (!recent.contains(id)) continue;  // others may have one that is early
    CHECK(DueOf(first, id) != kForEver);
    ++timed;
  }
  CHECK(timed == recent.size());
  REQUIRE(second.manifest().slots.size() == 1);
  CHECK(second.MembersOf(second.manifest().slots[0]).size() == 34);
  for (std::uint64_t id = 0; id < second.manifest().nodes; ++id)
    CHECK(DueOf(second, id) == kForEver);
}

TEST_CASE("what is told ahead of its time has a due whatever segment reads it") {
  const TempFolder folder;
  const std::string path = folder / "store";
  Record record = Visit(1);
  Facts facts;
  facts.events.emplace_back().type = "order";
  facts.events.back().time_ms = 5 * kDayMs;
  record.facts = WriteFacts(facts);
  {
    const std::unique_ptr<Engine> engine = OpenAt(path);
    Must(engine->SetPolicy(PolicyWith({{"ever", "did(order)"}})).status());
    Must(engine->Apply(std::span(&record, 1)).status());
    Must(engine->Checkpoint());
  }
  CheckGraphs(path);
  {
    const DocumentedStore store = ReadStore(path);
    CHECK(DueOf(store.graphs().at(0), 0) == 5 * kDayMs);
  }
  const std::unique_ptr<Engine> engine = OpenAt(path);
  CHECK(CheckedAnswers(*engine)[0][0] == false);
  Must(engine->AdvanceTo(5 * kDayMs).status());
  CHECK(CheckedAnswers(*engine)[0][0] == true);
}

TEST_CASE("a store whose policy never had a segment keeps nothing of any") {
  const TempFolder folder;
  {
    const std::unique_ptr<Engine> engine = OpenAt(folder / "store");
    Must(engine->SetPolicy(PolicyWith({})).status());
    Fill(*engine, 1, 10);
    Must(engine->Checkpoint());
  }
  CheckGraphs(folder / "store");
  const DocumentedStore store = ReadStore(folder / "store");
  CHECK(!store.graphs().at(0).manifest().segments_are_kept);
  CHECK(store.graphs().at(0).SlotsWithRows().empty());
}

TEST_CASE("segments that are no more or are defined otherwise leave no people in a store") {
  const TempFolder folder;
  const std::string path = folder / "store";
  std::vector<Row> old;
  const auto put_in_force = [&](const Segments& segments, int from) {
    const std::unique_ptr<Engine> engine = OpenAt(path);
    Must(engine->SetPolicy(PolicyWith(segments)).status());
    Fill(*engine, from, from + 9);
    Must(engine->Checkpoint());
  };
  put_in_force(kSegments, 1);
  const Manifest first = ReadStore(path).graphs().at(0).manifest();
  old = StateRows(*Must(OpenRocksStore(path, {})));

  // `here` goes; `much`, and with it `both`, is another; the others stand in another order.
  put_in_force({kSegments[3], kSegments[0], {"much", "score of tag tea >= 3"}, kSegments[4]}, 11);
  CheckGraphs(path);
  const Manifest second = ReadStore(path).graphs().at(0).manifest();
  REQUIRE(second.slots.size() == 4);
  CHECK(second.slots[0] == first.slots[3]);
  CHECK(second.slots[1] == first.slots[0]);
  CHECK(second.slots[2] >= first.next_slot);
  CHECK(second.slots[3] >= first.next_slot);

  // A process that died before it erased them left people of the segments of before.
  {
    const std::unique_ptr<Store> store = Must(OpenRocksStore(path, {}));
    WriteSet writes;
    for (const Row& row : old) {
      const std::uint64_t slot =
          engine::FromBigEndianKey(std::string_view(row.key).substr(2)) >> 16;
      if (row.key[1] == 9 && (slot == first.slots[1] || slot == first.slots[2]))
        writes.puts.push_back({Table::kState, row.key, row.value});
    }
    CHECK(writes.puts.size() == 2);
    Must(store->Commit(writes, true));
  }
  const DocumentedStore store = ReadStore(path);
  CHECK(store.graphs().at(0).SlotsWithRows().contains(first.slots[1]));
  const std::unique_ptr<Engine> engine = OpenAt(path);
  CheckSegments(store.graphs().at(0), engine->Read());
  CheckedAnswers(*engine);
}

TEST_CASE("numbers of segments that are gone are not given out again") {
  const TempFolder folder;
  const std::string path = folder / "store";
  std::uint64_t next_slot = 0;
  for (const Segments& segments : {kSegments, Segments{}, kSegments, Segments{}}) {
    {
      const std::unique_ptr<Engine> engine = OpenAt(path);
      Must(engine->SetPolicy(PolicyWith(segments)).status());
      if (next_slot == 0) Fill(*engine, 1, 70);
      Must(engine->Checkpoint());
    }
    CheckGraphs(path);
    const DocumentedStore store = ReadStore(path);
    const Manifest& m = store.graphs().at(0).manifest();
    CHECK(m.segments_are_kept);
    CHECK(m.slots.size() == segments.size());
    for (const std::uint64_t slot : m.slots) CHECK(slot >= next_slot);
    CHECK(m.next_slot >= next_slot);
    next_slot = m.next_slot;
    for (std::uint64_t id = 0; id < m.nodes && segments.empty(); ++id)
      CHECK(DueOf(store.graphs().at(0), id) == kForEver);
  }
}

TEST_CASE("a store of before segments were kept has them evaluated as it opens and lives on") {
  const TempFolder folder;
  const std::string path = folder / "store";
  std::vector<Answers> want;
  {
    const std::unique_ptr<Engine> engine = OpenAt(path);
    Must(engine->SetPolicy(PolicyWith(kSegments)).status());
    PolicyOptions further;
    further.graph = "further";
    Must(engine->SetPolicy(PolicyWith({{"few", "trait city = \"北京\""}}), further).status());
    Fill(*engine, 1, 100);
    Must(engine->Checkpoint());
    Fill(*engine, 101, 105);  // behind the checkpoint
    want = {CheckedAnswers(*engine), CheckedAnswers(*engine, "further")};
  }
  ForgetSegments(path);
  for (int i = 0; i < 2; ++i) {
    const std::unique_ptr<Engine> engine = OpenAt(path);
    CHECK((CheckedAnswers(*engine) == want[0]));
    CHECK((CheckedAnswers(*engine, "further") == want[1]));
  }
  CheckLivesOn(path, {Visit(110), Visit(111)});
}

TEST_CASE(
    "a store of before segments were kept that is told nothing keeps them from a checkpoint on") {
  const TempFolder folder;
  const std::string path = folder / "store";
  {
    const std::unique_ptr<Engine> engine = OpenAt(path);
    Must(engine->SetPolicy(PolicyWith(kSegments)).status());
    Fill(*engine, 1, 100);
    Must(engine->Checkpoint());
  }
  ForgetSegments(path);
  Answers want;
  {
    const std::unique_ptr<Engine> engine = OpenAt(path);
    want = CheckedAnswers(*engine);
    Must(engine->Checkpoint());
    Must(engine->AdvanceTo(101 * kDayMs).status());
    Must(engine->Checkpoint());
  }
  const std::unique_ptr<Engine> engine = OpenAt(path);
  CHECK(CheckedAnswers(*engine).size() == want.size());
}

TEST_CASE("stores of random histories with segments read as docs/format.md says") {
  std::size_t members = 0, timed = 0;
  ForEachSeed(900, 25, [&](std::uint64_t seed) {
    INFO("seed " << seed);
    const History history = WithSegments(RandomHistory(seed));
    Random random(seed);
    const EngineOptions options = LawOptions(0);  // whole hashes
    const TempFolder folder;
    {
      const std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", options));
      Must(engine->SetPolicy(history.policy).status());
      ApplySteps(*engine, history, random, [&](std::size_t, const ApplyResult&) {
        if (random.Chance(10)) Must(engine->Checkpoint());
      });
      Must(engine->Checkpoint());
    }
    CheckGraphs(folder / "store");
    const DocumentedStore store = ReadStore(folder / "store");
    const Documented& graph = store.graphs().at(0);
    for (const std::uint64_t slot : graph.manifest().slots) {
      members += graph.MembersOf(slot).size();
    }
    for (std::uint64_t id = 0; id < graph.manifest().nodes; ++id)
      timed += DueOf(graph, id) != kForEver ? 1 : 0;
    if (!graph.manifest().segments_are_kept) return;
    ForgetSegments(folder / "store");
    CheckLivesOn(folder / "store", {RandomExtraRecord(history, random)});
  });
  if (OneSeedOnly()) return;
  CHECK(members > 0);
  CHECK(timed > 0);
}

TEST_CASE("chunks read as docs/format.md says") {
  using Ids = std::set<std::uint64_t>;
  const auto read = [](const std::string& hex) {
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 3)
      bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    const Ids ids = ReadChunk(bytes);
    IdSet set;
    Must(set.AddChunk(0, bytes));
    const std::vector<std::uint32_t> same = set.ToVector();
    CHECK(Ids(same.begin(), same.end()) == ids);
    return ids;
  };
  CHECK(read("01 05 00 34 12") == Ids{5, 0x1234});
  CHECK(read("03 00 00 ff ff").size() == 65536);
  CHECK(read("03 03 00 28 01") == [] {
    Ids ids;
    for (std::uint64_t id = 3; id < 300; ++id) ids.insert(id);
    return ids;
  }());
}

TEST_CASE("people of more than one chunk and of every kind of chunk read as docs/format.md says") {
  const TempFolder folder;
  constexpr int kPeople = 70'000;
  {
    const std::unique_ptr<Engine> engine = OpenAt(folder / "store");
    Must(engine
             ->SetPolicy(PolicyWith({{"all", "has crm"},
                                     {"half", "bucket \"a\" < 0.5"},
                                     {"few", "bucket \"b\" < 0.01"},
                                     {"city", "trait city = \"上海\""}}))
             .status());
    Random random(1);
    std::vector<Record> records;
    for (int i = 1; i <= kPeople; ++i) {
      Record& record = records.emplace_back();
      record.source = "shop";
      record.id = std::to_string(i);
      record.time_ms = i;
      record.identifiers = {{"crm", "c" + std::to_string(i), Role::kSelf}};
      if (!random.Chance(30)) continue;
      Facts facts;
      facts.traits.push_back({"city", {random.Chance(1) ? "上海" : "北京"}, {}, ""});
      record.facts = WriteFacts(facts);
    }
    Must(engine->Apply(records).status());
    Must(engine->Checkpoint());
  }
  const DocumentedStore store = ReadStore(folder / "store");
  CheckSegments(store.graphs().at(0), OpenAt(folder / "store")->Read());
  std::set<std::pair<int, std::uint64_t>> kinds;  // and chunks
  for (const Row& row : StateRows(*Must(OpenRocksStore(folder / "store", {})))) {
    const std::string payload = OpenEnvelope(row.key, row.value);
    if (row.key[1] == 9 && !payload.empty())
      kinds.emplace(payload[0],
                    engine::FromBigEndianKey(std::string_view(row.key).substr(2)) % 65536);
  }
  for (const int kind : {1, 2, 3}) CHECK(kinds.contains({kind, 0}));
  CHECK(kinds.contains({1, 1}));
}

}  // namespace polyonym::harness
