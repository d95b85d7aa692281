// docs/format.md and the code say the same: stores that the engine wrote are read by hand as the document says, and hold what the
// engine answers.
#include <filesystem>
#include <memory>

#include "golden/format_reader.h"
#include "golden/rows.h"
#include "golden/story.h"
#include "harness/catch.h"
#include "harness/engine_state.h"
#include "polyonym/codec/proto.h"
#include "polyonym/store/store.h"

namespace polyonym::harness {
namespace {

using Documented = DocumentedStore;
constexpr std::uint64_t kNone = 0xffffffff;

DocumentedStore ReadStore(const std::string& path) {
  return DocumentedStore(*Must(OpenRocksStore(path, {})));
}

void CheckLog(const Documented& store, const View& view) {
  std::vector<StoredRecord> records;
  Must(view.Export([&](const StoredRecord& stored) {
    records.push_back(stored);
    return true;
  }));
  std::uint64_t sequence = 0;
  std::size_t next = 0;
  std::string policy;
  for (const auto& [number, frame] : store.frames()) {
    INFO("frame " << number);
    CHECK((frame.sequence == sequence || frame.sequence == sequence + 1));
    sequence = frame.sequence;
    if (frame.kind == 2) policy = frame.policy;
    if (frame.kind == 1) CHECK(frame.first_record == next + 1);
    for (const Record& record : frame.records) {
      REQUIRE(next < records.size());
      CHECK(record == records[next].record);
      CHECK(records[next].sequence == frame.sequence);
      ++next;
    }
  }
  CHECK(next == records.size());
  CHECK(sequence == view.sequence());
  CHECK(policy == WritePolicyProto(view.policy()));
}

void CheckFeed(const Documented& store, const View& view) {
  std::vector<Change> feed;
  std::map<std::uint64_t, std::uint64_t> last;  // profile → sequence of its last change
  for (const auto& [sequence, row] : store.feed()) {
    for (std::size_t i = 0; i < row.changes.size(); ++i) {
      CHECK(row.before[i] ==
            std::pair(last[row.changes[i].from.value], last[row.changes[i].to.value]));
    }
    for (const Change& change : row.changes) {
      last[change.from.value] = last[change.to.value] = sequence;
      feed.push_back(change);
    }
  }
  CHECK(feed == AllChanges(view));
}

void CheckManifest(const Documented& store, const View& view) {
  const Manifest& m = store.manifest();
  const Stats stats = view.GetStats();
  CHECK(m.seed == store.salt());
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
  CHECK(store.frames().at(m.last_frame).sequence == m.sequence);
}

// The node that a number's class is spelt by.
std::uint64_t NodeOf(const Documented& store, std::uint64_t number) {
  const std::uint64_t rename = store.Field(Documented::kNodes, number, 56);
  return rename == kNone ? number : store.Field(Documented::kRenames, rename, 0);
}

std::uint64_t RootOf(const Documented& store, std::uint64_t node) {
  for (;;) {
    const std::uint64_t parent = store.Field(Documented::kNodes, node, 28);
    if (parent == node) return node;
    node = parent;
  }
}

void CheckNodes(const Documented& store, const View& view) {
  std::map<std::uint64_t, std::uint64_t> last;
  for (const auto& [sequence, row] : store.feed()) {
    if (sequence > view.sequence()) break;
    for (const Change& change : row.changes)
      last[change.from.value] = last[change.to.value] = sequence;
  }
  for (std::uint64_t n = 0; n < store.manifest().nodes; ++n) {
    const auto field = [&](std::size_t offset, std::size_t bytes = 4) {
      return store.Field(Documented::kNodes, n, offset, bytes);
    };
    const Identifier identifier = Must(view.IdentifierOf(IdentifierNumber{n}));
    INFO("identifier " << n);
    CHECK(store.manifest().namespaces.at(field(24)) == identifier.ns);
    CHECK(store.ValueAt(field(0, 8)) == identifier.value);
    CHECK(field(8, 8) == last[n]);
    const std::uint64_t node = NodeOf(store, n), root = RootOf(store, node);
    const std::uint64_t profile = store.Field(Documented::kNodes, root, 36);
    if (profile != kNone)
      CHECK(store.Field(Documented::kProfiles, profile, 8) ==
            Must(view.Follow(ProfileId{n})).value);
    if (view.policy_version() == 1) {  // a later one may spell the identifier otherwise
      const Resolution r = view.Resolve(identifier);
      CHECK(r.known);
      CHECK(r.gone == (store.Field(Documented::kNodes, node, 52) == 0));
      CHECK(r.shared == ((store.Field(Documented::kNodes, node, 60) & 1) != 0));
    }
    // Round the circle once, all of one root.
    std::uint64_t members = 0, at = node;
    do {
      CHECK(RootOf(store, at) == root);
      at = store.Field(Documented::kNodes, at, 32);
      ++members;
    } while (at != node && members <= store.manifest().nodes);
    CHECK(members == (profile == kNone ? 1 : store.Field(Documented::kProfiles, profile, 0)));
  }
}

// Links of a node's list; checks that the list holds what is said to be in it, and its count of spent ones.
std::set<std::uint64_t> CheckList(const Documented& store, std::uint64_t node) {
  std::set<std::uint64_t> want, listed;
  std::uint64_t spent = 0;
  for (std::uint64_t l = 0; l < store.manifest().links; ++l) {
    const auto field = [&](std::size_t offset) {
      return store.Field(Documented::kLinks, l, offset);
    };
    const bool is_spent = field(32) + field(36) + field(40) == 0;
    for (const auto& [end, out] : {std::pair(0, 2), std::pair(4, 4)}) {
      if (field(static_cast<std::size_t>(end)) != node) continue;
      const bool is_out = (field(44) & static_cast<std::uint64_t>(out)) != 0;
      if (is_out) CHECK(is_spent);
      if (is_out) continue;
      want.insert(l);
      spent += is_spent ? 1 : 0;
    }
  }
  for (std::uint64_t l = store.Field(Documented::kNodes, node, 40); l != kNone;) {
    REQUIRE(listed.insert(l).second);
    l = store.Field(Documented::kLinks, l, store.Field(Documented::kLinks, l, 0) == node ? 8 : 12);
  }
  CHECK(listed == want);
  CHECK(store.Field(Documented::kNodes, node, 60) >> 8 == spent);
  return listed;
}

void CheckLinks(const Documented& store, const View& view) {
  std::map<std::pair<Identifier, Identifier>, std::uint64_t> by_pair;
  const auto name = [&](std::uint64_t node) {
    return Must(view.IdentifierOf(IdentifierNumber{node}));
  };
  for (std::uint64_t l = 0; l < store.manifest().links; ++l) {
    const Identifier a = name(store.Field(Documented::kLinks, l, 0)),
                     b = name(store.Field(Documented::kLinks, l, 4));
    CHECK(by_pair.emplace(std::minmax(a, b), l).second);
  }
  std::size_t seen = 0;
  for (std::uint64_t n = 0; n < store.manifest().nodes; ++n) {
    const std::set<std::uint64_t> listed = CheckList(store, n);
    if (NodeOf(store, n) != n || store.Field(Documented::kNodes, n, 52) == 0) continue;
    std::size_t neighbours = 0;
    for (const View::Neighbour& neighbour : Must(view.Links(name(n)))) {
      const std::uint64_t l = by_pair.at({neighbour.link.a, neighbour.link.b});
      const auto field = [&](std::size_t offset, std::size_t bytes = 4) {
        return store.Field(Documented::kLinks, l, offset, bytes);
      };
      CHECK(listed.contains(l));
      CHECK(field(16, 8) == static_cast<std::uint64_t>(neighbour.link.first_ms));
      CHECK(field(24, 8) == static_cast<std::uint64_t>(neighbour.link.last_ms));
      CHECK(field(32) == neighbour.link.sightings);
      CHECK((field(36) > 0) == neighbour.link.must_link);
      CHECK((field(40) > 0) == neighbour.link.cannot_link);
      if (neighbour.kept) CHECK(field(44) == 0);
      neighbours += field(32) > 0 ? 1 : 0;
      ++seen;
    }
    CHECK(store.Field(Documented::kNodes, n, 44) == neighbours);
  }
  CHECK(seen >= store.manifest().live_links);
}

void CheckRecords(const Documented& store, const View& view) {
  std::set<std::uint64_t> mentioned;
  for (std::uint64_t n = 0; n < store.manifest().nodes; ++n) {
    for (std::uint64_t m = store.Field(Documented::kNodes, n, 48); m != kNone;
         m = store.Field(Documented::kMentions, m, 4)) {
      CHECK(store.Field(Documented::kMentions, m, 0) < store.manifest().records);
      CHECK(mentioned.insert(m).second);
    }
  }
  CHECK(mentioned.size() <= store.manifest().mentions);
  Must(view.Export([&](const StoredRecord& stored) {
    const auto field = [&](std::size_t offset, std::size_t bytes = 4) {
      return store.Field(Documented::kRecords, stored.number - 1, offset, bytes);
    };
    const Record& record = stored.record;
    CHECK(field(0, 8) == KeyedHash(store.salt(), record.source, record.id));
    const std::uint64_t address = field(8, 8);
    CHECK(store.frames().at(address / 65536).records.at(address % 65536) == record);
    CHECK(field(16, 8) == stored.sequence);
    CHECK(field(24) == (KeyedHash(store.salt(), record.source) & 0xffffffff));
    CHECK((field(28) & 0xff) == static_cast<std::uint64_t>(record.act));
    CHECK(((field(28) & 0x100) != 0) == stored.standing);
    if (stored.standing) CHECK(((field(28) & 0x200) != 0) == stored.held);
    return true;
  }));
}

void CheckState(const Documented& store, const View& view) {
  CheckManifest(store, view);
  CheckNodes(store, view);
  CheckLinks(store, view);
  CheckRecords(store, view);
}

}  // namespace

TEST_CASE("the golden store reads as docs/format.md says") {
  const TempFolder folder;
  std::filesystem::copy(POLYONYM_SOURCE_DIR "/tests/golden/format1/store", folder / "store");
  const DocumentedStore store = ReadStore(folder / "store");
  {
    const std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", LawOptions(0)));
    CheckLog(store, engine->Read());
    CheckFeed(store, engine->Read());
  }
  const std::unique_ptr<Engine> at_checkpoint = Must(Engine::OpenInMemory(LawOptions(0)));
  Tell(StoryUpToCheckpoint(), at_checkpoint.get());
  CheckState(store, at_checkpoint->Read());
}

TEST_CASE("stores of random histories read as docs/format.md says") {
  ForEachSeed(800, 12, [](std::uint64_t seed) {
    INFO("seed " << seed);
    const History history = RandomHistory(seed);
    Random random(seed);
    EngineOptions options = LawOptions(0);  // whole hashes
    const TempFolder folder;
    {
      const std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", options));
      Must(engine->SetPolicy(history.policy).status());
      for (const std::span<const Record> batch : RandomBatches(history.records, random)) {
        Must(engine->Apply(batch).status());
        if (random.Chance(5)) Must(engine->Checkpoint());
      }
      if (random.Chance(50)) Must(engine->SetPolicy(RandomPolicy(random)).status());
      Must(engine->Checkpoint());
    }
    const DocumentedStore store = ReadStore(folder / "store");
    const std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", options));
    CheckLog(store, engine->Read());
    CheckFeed(store, engine->Read());
    CheckState(store, engine->Read());
  });
}

TEST_CASE("golden rows read as docs/format.md says") {
  const auto rows = ReadRows(POLYONYM_SOURCE_DIR "/tests/golden/format1/rows.txt");
  for (const auto& [sequence, want] : GoldenFeedRows()) {
    const FeedChanges got = ReadFeedChanges(
        sequence, OpenEnvelope(engine::FeedKey(sequence), rows.at({"feed", sequence})));
    CHECK(got.changes == want.changes);
    CHECK(got.before == want.before);
  }
  for (const auto& [number, want] : GoldenFrames()) {
    const LoggedFrame got =
        ReadLoggedFrame(OpenEnvelope(engine::FrameKey(number), rows.at({"frame", number})));
    CHECK(got.kind == static_cast<int>(want.kind));
    CHECK(got.sequence == want.sequence);
    CHECK(got.policy == want.policy);
    CHECK(got.first_record == want.first_record);
    CHECK(got.records == want.records);
  }
}

}  // namespace polyonym::harness
