// docs/format.md and the code say the same: stores that the engine wrote are read by hand as the document says, and hold what the
// engine answers.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include "golden/format_cells.h"
#include "golden/format_reader.h"
#include "golden/rows.h"
#include "golden/story.h"
#include "harness/catch.h"
#include "harness/engine_state.h"
#include "polyonym/codec/proto.h"
#include "polyonym/store/store.h"

namespace polyonym::harness {
namespace {

using Documented = DocumentedGraph;

DocumentedStore ReadStore(const std::string& path) {
  return DocumentedStore(*Must(OpenRocksStore(path, {})));
}

void CheckLog(const DocumentedStore& store, const Engine& engine) {
  const View view = engine.Read();
  std::map<std::uint64_t, StoredRecord> records;  // by number
  Must(view.Export([&](const StoredRecord& stored) {
    records[stored.number] = stored;
    return true;
  }));
  std::uint64_t sequence = 0;
  std::int64_t clock_ms = 0;
  std::uint64_t next = 1;
  std::size_t kept = 0;
  std::map<std::uint64_t, LoggedFrame> policies;  // the last of each graph
  std::map<std::string, std::int64_t> horizons;
  for (const auto& [number, frame] : store.frames()) {
    INFO("frame " << number);
    CHECK((frame.sequence == sequence || frame.sequence == sequence + 1));
    sequence = frame.sequence;
    if (frame.kind == 2) policies[frame.graph] = frame;
    if (frame.kind == 3) CHECK(frame.clock_ms > std::exchange(clock_ms, frame.clock_ms));
    if (frame.kind == 4) horizons[frame.source] = frame.before_ms;
    if (frame.kind == 1 || frame.kind == 5) CHECK(frame.first_record == next);
    for (const Record& record : frame.records) {
      const auto at = records.find(next++);
      CHECK((at == records.end()) == record.source.empty());
      if (at == records.end()) continue;
      ++kept;
      CHECK(record == at->second.record);
      CHECK(record.folded.has_value() == (frame.kind == 5));
      CHECK(at->second.sequence == frame.sequence);
    }
  }
  CHECK(kept == records.size());
  for (const SourceHorizon& horizon : view.Horizons())
    CHECK(horizons[horizon.source] == horizon.before_ms);
  CHECK(horizons.size() == view.Horizons().size());
  CHECK(sequence == view.sequence());
  CHECK(clock_ms == view.clock_ms());
  const std::vector<std::string> graphs = engine.Graphs();
  for (std::size_t g = 0; g < graphs.size(); ++g) {
    INFO("graph " << g);
    CHECK(policies[g].graph_name == graphs[g]);
    CHECK(policies[g].policy == WritePolicyProto(Must(engine.Read(graphs[g])).policy()));
  }
  CHECK(policies.size() == graphs.size());
}

void CheckFeed(const Documented& store, const View& view) {
  std::vector<Change> feed;
  std::map<std::uint64_t, std::uint64_t> last;  // profile → sequence of its last change
  for (const auto& [sequence, row] : store.feed()) {
    for (std::size_t i = 0; i < row.before.size(); ++i) {
      CHECK(row.before[i] ==
            std::pair(last[row.changes[i].from.value], last[row.changes[i].to.value]));
    }
    for (const Change& change : row.changes) {
      if (IsWhoIsWho(change.kind)) last[change.from.value] = last[change.to.value] = sequence;
      feed.push_back(change);
    }
  }
  CHECK(feed == AllChanges(view));
}

void CheckManifest(const DocumentedStore& whole, const Documented& store, const View& view) {
  const Manifest& m = store.manifest();
  const Stats stats = view.GetStats();
  CHECK(m.seed == whole.salt());
  CHECK(m.hash_bits == 64);
  CHECK(m.sequence == view.sequence());
  CHECK(m.nodes == stats.identifiers);
  CHECK(m.records == stats.records);
  CHECK(m.standing_records == stats.standing_records);
  CHECK(m.held_records == stats.held_records);
  CHECK(m.live_identifiers == stats.live_identifiers);
  CHECK(m.live_nodes - m.merged_away == stats.profiles);
  CHECK(m.shared == stats.shared_identifiers);
  CHECK(m.live_links == stats.links);
  CHECK(m.refused_links == stats.refused_links);
  CHECK(m.policy_version == view.policy_version());
  CHECK(m.policy == WritePolicyProto(view.policy()));
  CHECK(m.clock_ms == view.clock_ms());
  CHECK(m.folded == stats.folded_records);
  CHECK(whole.cleaned_at() == m.folded_at);
  CHECK(m.horizons.size() == view.Horizons().size());
  for (const SourceHorizon& horizon : view.Horizons())
    CHECK(m.horizons.at(horizon.source) == horizon.before_ms);
  CHECK(whole.frames().at(m.last_frame).sequence == m.sequence);
  std::int64_t newest_ms = 0;
  Must(view.Export([&](const StoredRecord& stored) {
    const Record& r = stored.record;
    newest_ms = std::max(newest_ms, r.folded ? r.folded->last_ms : r.time_ms.value_or(0));
    return true;
  }));
  CHECK(m.newest_ms == newest_ms);
}

void CheckState(const DocumentedStore& store, const Engine& at_checkpoint) {
  const std::vector<std::string> graphs = at_checkpoint.Graphs();
  REQUIRE(store.graphs().size() == graphs.size());
  for (const auto& [number, graph] : store.graphs()) {
    INFO("graph " << number);
    const View view = Must(at_checkpoint.Read(graphs[number]));
    CHECK(graph.manifest().graph_name == graphs[number]);
    CheckManifest(store, graph, view);
    CheckCells(store, graph, view);
  }
}

void CheckLogAndFeeds(const DocumentedStore& store, const Engine& engine) {
  CheckLog(store, engine);
  const std::vector<std::string> graphs = engine.Graphs();
  for (const auto& [number, graph] : store.graphs())
    CheckFeed(graph, Must(engine.Read(graphs.at(number))));
}

}  // namespace

TEST_CASE("the golden store reads as docs/format.md says") {
  const TempFolder folder;
  std::filesystem::copy(POLYONYM_SOURCE_DIR "/tests/golden/format1/store", folder / "store");
  const DocumentedStore store = ReadStore(folder / "store");
  CheckLogAndFeeds(store, *Must(Engine::Open(folder / "store", LawOptions(0))));
  const std::unique_ptr<Engine> at_checkpoint = Must(Engine::OpenInMemory(LawOptions(0)));
  Tell(StoryUpToCheckpoint(), at_checkpoint.get());
  CheckState(store, *at_checkpoint);
}

TEST_CASE("the golden store's checkpoint holds what is rare") {
  const TempFolder folder;
  std::filesystem::copy(POLYONYM_SOURCE_DIR "/tests/golden/format1/store", folder / "store");
  const DocumentedStore store = ReadStore(folder / "store");
  const Documented &first = store.graphs().at(0), &second = store.graphs().at(1);
  std::uint64_t lives = 0, spare = 0, expired = 0, refused = 0;
  for (std::uint64_t n = 0; n < first.manifest().nodes; ++n) {
    lives += LivesOf(first, n).size() > 1 ? 1 : 0;
    spare += IsLife(first, n) && NodeOf(first, n) != n ? 1 : 0;
  }
  for (std::uint64_t l = 0; l < first.manifest().links; ++l) {
    expired += (first.Field(Documented::kLinks, l, 44) & 8) != 0 ? 1 : 0;
    refused += (first.Field(Documented::kLinks, l, 44) & 1) != 0 ? 1 : 0;
  }
  CHECK(lives > 0);
  CHECK(spare > 0);
  CHECK(expired > 0);
  CHECK(refused > 0);
  CHECK(first.manifest().clock_ms > 0);
  CHECK(first.manifest().folded > 0);
  CHECK(second.manifest().policy_version > 1);
  CHECK(second.manifest().rank_epoch > 0);
  const std::vector<std::string>& names = first.manifest().namespaces;
  CHECK(std::find(names.begin(), names.end(), "passport.sha256") != names.end());
}

TEST_CASE("stores of random histories read as docs/format.md says") {
  ForEachSeed(800, 12, [](std::uint64_t seed) {
    INFO("seed " << seed);
    const History history = RandomHistory(seed);
    Random random(seed);
    EngineOptions options = LawOptions(0);  // whole hashes
    PolicyOptions further;
    further.graph = "further";
    const TempFolder folder;
    {
      const std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", options));
      Must(engine->SetPolicy(history.policy).status());
      ApplySteps(*engine, history, random, [&](std::size_t, const ApplyResult&) {
        if (random.Chance(5)) Must(engine->Checkpoint());
        if (random.Chance(2)) Must(engine->SetPolicy(RandomPolicy(random), further).status());
        if (random.Chance(5)) {  // where it goes back, or lies too far ahead, nothing happens
          const std::string source = "s" + std::to_string(random.Below(3));
          const auto before_ms = static_cast<std::int64_t>(1000 + random.Below(60));
          engine->MoveHorizon(source, before_ms).status().IgnoreError();
        }
      });
      if (random.Chance(50)) Must(engine->SetPolicy(RandomPolicy(random)).status());
      Must(engine->Checkpoint());
    }
    const DocumentedStore store = ReadStore(folder / "store");
    const std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", options));
    CheckLogAndFeeds(store, *engine);
    CheckState(store, *engine);
  });
}

TEST_CASE("golden rows read as docs/format.md says") {
  const auto rows = ReadRows(POLYONYM_SOURCE_DIR "/tests/golden/format1/rows.txt");
  for (const int version : {1, 2}) {
    const std::string end = version == 1 ? "" : "2";
    for (const auto& [sequence, want] : GoldenFeedRows(version)) {
      INFO("row " << sequence << " of version " << version);
      for (const std::uint32_t graph : {0u, kFurtherGraph}) {
        const std::string& bytes = rows.at({(graph == 0 ? "feed" : "further") + end, sequence});
        const FeedChanges got = ReadFeedChanges(
            sequence, OpenEnvelope(engine::FeedKey(sequence, graph), bytes, version), version);
        CHECK(got.changes == want.changes);
        CHECK(got.before == want.before);
        CHECK(got.now_ms == want.now_ms);
      }
    }
  }
  for (const auto& [number, want] : GoldenFrames()) {
    const LoggedFrame got =
        ReadLoggedFrame(OpenEnvelope(engine::FrameKey(number), rows.at({"frame", number})));
    CHECK(got.kind == static_cast<int>(want.kind));
    CHECK(got.sequence == want.sequence);
    CHECK(got.policy == want.policy);
    CHECK(got.graph == want.graph);
    CHECK(got.graph_name == want.graph_name);
    CHECK(got.clock_ms == want.clock_ms);
    CHECK(got.source == want.source);
    CHECK(got.before_ms == want.before_ms);
    CHECK(got.first_record == want.first_record);
    CHECK(got.records == want.records);
  }
}

}  // namespace polyonym::harness
