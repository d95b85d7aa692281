// Stores, feed rows and log frames of every format that was ever released: they open for ever, and say what they said.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "golden/describe.h"
#include "golden/rows.h"
#include "golden/story.h"
#include "harness/catch.h"
#include "harness/engine_state.h"

namespace polyonym::harness {
namespace {

const std::string kFormat1 = POLYONYM_SOURCE_DIR "/tests/golden/format1/";

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The first line in which two texts differ; empty where none does.
std::string FirstDifference(std::string_view want, std::string_view got) {
  for (std::size_t line = 1; !want.empty() || !got.empty(); ++line) {
    const std::string_view a = want.substr(0, want.find('\n')), b = got.substr(0, got.find('\n'));
    if (a != b)
      return "line " + std::to_string(line) + ": wanted '" + std::string(a) + "', got '" +
             std::string(b) + "'";
    want.remove_prefix(std::min(want.size(), a.size() + 1));
    got.remove_prefix(std::min(got.size(), b.size() + 1));
  }
  return "";
}

void CheckVerified(const Engine& engine) {
  for (const std::string& graph : engine.Graphs())
    CHECK(Must(Must(engine.Read(graph)).Verify()).problems.empty());
}

}  // namespace

TEST_CASE("the golden store of format 1 opens, answers as it did, and lives on") {
  const TempFolder folder;
  std::filesystem::copy(kFormat1 + "store", folder / "store");
  const std::string expected = ReadFile(kFormat1 + "expected.txt");
  REQUIRE(expected.size() > 10'000);
  std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", EngineOptions()));
  CHECK(FirstDifference(expected, Describe(*engine)) == "");
  CheckVerified(*engine);

  const std::size_t identifiers = engine->Read().GetStats().identifiers;
  for (const bool checkpoint : {false, true}) {
    const History history = RandomHistory(checkpoint ? 2 : 1);
    Must(engine->SetPolicy(history.policy).status());
    Must(engine->Apply(history.records).status());
    Must(engine->AdvanceTo(engine->Read().clock_ms() + 1).status());
    if (checkpoint) Must(engine->Checkpoint());
    CheckVerified(*engine);
    const std::string before = Describe(*engine);
    engine.reset();
    engine = Must(Engine::Open(folder / "store", EngineOptions()));
    CHECK(FirstDifference(before, Describe(*engine)) == "");
  }
  CHECK(engine->Read().GetStats().identifiers > identifiers);
}

TEST_CASE("the story of the golden store, told again, ends the same to the last number") {
  const std::unique_ptr<Engine> engine = Must(Engine::OpenInMemory(LawOptions(0)));
  Tell(StoryUpToCheckpoint(), engine.get());
  Tell(StoryBehindCheckpoint(), engine.get());
  CHECK(FirstDifference(ReadFile(kFormat1 + "expected.txt"), Describe(*engine)) == "");
}

TEST_CASE("golden feed rows, one for every cause, are read and written as they were") {
  const auto rows = ReadRows(kFormat1 + "rows.txt");
  std::set<Cause> causes;
  std::set<ChangeKind> kinds;
  for (const auto& [sequence, want] : GoldenFeedRows(2)) {
    INFO("row " << sequence);
    for (const auto& [kind, graph] :
         {std::pair("feed2", 0u), std::pair("further2", kFurtherGraph)}) {
      const std::string& bytes = rows.at({kind, sequence});
      const engine::FeedRow got = Must(engine::DecodeFeedRow(sequence, bytes, graph));
      CHECK(got.changes == want.changes);
      CHECK(got.before == want.before);
      CHECK(got.now_ms == want.now_ms);
      CHECK(ToHex(engine::EncodeFeedRow(sequence, got, graph)) == ToHex(bytes));
    }
    for (const Change& change : want.changes) {
      causes.insert(change.cause);
      kinds.insert(change.kind);
    }
  }
  CHECK(causes.size() == 11);
  CHECK(kinds.size() == kChangeKinds);
}

TEST_CASE(
    "golden feed rows of the first version are read as they were, and written as the second") {
  const auto rows = ReadRows(kFormat1 + "rows.txt");
  for (const auto& [sequence, want] : GoldenFeedRows(1)) {
    INFO("row " << sequence);
    for (const auto& [kind, graph] : {std::pair("feed", 0u), std::pair("further", kFurtherGraph)}) {
      const std::string& bytes = rows.at({kind, sequence});
      CHECK(bytes[0] == 1);
      const engine::FeedRow got = Must(engine::DecodeFeedRow(sequence, bytes, graph));
      const std::string now = engine::EncodeFeedRow(sequence, got, graph);
      CHECK(now[0] == 2);
      for (const engine::FeedRow& row : {got, Must(engine::DecodeFeedRow(sequence, now, graph))}) {
        CHECK(row.changes == want.changes);
        CHECK(row.before == want.before);
        CHECK(row.now_ms == 0);
      }
    }
  }
}

TEST_CASE("golden log frames are read and written as they were") {
  const auto rows = ReadRows(kFormat1 + "rows.txt");
  for (const auto& [number, want] : GoldenFrames()) {
    INFO("frame " << number);
    const std::string& bytes = rows.at({"frame", number});
    const engine::Frame got = Must(engine::DecodeFrame(number, bytes));
    CHECK(got.kind == want.kind);
    CHECK(got.sequence == want.sequence);
    CHECK(got.first_record == want.first_record);
    CHECK(got.policy == want.policy);
    CHECK(got.graph == want.graph);
    CHECK(got.graph_name == want.graph_name);
    CHECK(got.clock_ms == want.clock_ms);
    CHECK(got.source == want.source);
    CHECK(got.before_ms == want.before_ms);
    CHECK(got.records == want.records);
    CHECK(ToHex(EncodeFrame(number, got)) == ToHex(bytes));
    for (std::size_t i = 0; i < want.records.size(); ++i) {
      CHECK(Must(engine::DecodeRecordOfFrame(number, bytes, i)) == want.records[i]);
    }
  }
}

TEST_CASE("the names of kinds and causes are those that were given out") {
  const char* const causes[] = {"unknown", "record", "retraction", "act",     "time", "definition",
                                "sharing", "merge",  "split",      "consent", "erase"};
  for (std::size_t i = 0; i < std::size(causes); ++i)
    CHECK(ToString(static_cast<Cause>(i)) == causes[i]);
  const char* const kinds[] = {"created", "merged",  "split", "moved", "joined",
                               "gone",    "entered", "left",  "trait", "tag"};
  for (std::size_t i = 0; i < std::size(kinds); ++i)
    CHECK(ToString(static_cast<ChangeKind>(i)) == kinds[i]);
}

}  // namespace polyonym::harness
