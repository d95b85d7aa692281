// Rows of which what is personal is sealed under keys of single identifiers: they come back byte by byte, but for what is lost.
#include "engine/keyed_rows.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/bytes.h"
#include "engine/feed.h"
#include "engine/log.h"
#include "harness/catch.h"
#include "harness/engine_state.h"
#include "harness/random.h"
#include "polyonym/model/facts.h"
#include "polyonym/model/judge.h"

namespace polyonym::engine {
namespace {

using harness::Must;
using harness::Random;
using harness::TempFolder;
using privacy::KeySlot;

struct Keyed {
  TempFolder folder;
  std::shared_ptr<KeyedRows> rows = Must(KeyedRows::Make(Must(privacy::Keyring::Make(
      folder / "keyring", privacy::SecretKey(std::string(privacy::kKeyBytes, 's'))))));
  std::string Seal(std::uint64_t frame, const std::string& row) const {
    return Must(rows->Seal(Table::kLog, FrameKey(frame), row));
  }
  Frame Open(std::uint64_t frame, const std::string& sealed) const {
    return Must(DecodeFrame(frame, Must(rows->Open(Table::kLog, FrameKey(frame), sealed))));
  }
  void Destroy(const std::string& ns, const std::string& value) const {
    const KeySlot slot = rows->ring().Find(ns, value);
    REQUIRE(slot != 0);
    Must(rows->ring().Destroy(std::vector<KeySlot>{slot}));
  }
};

std::string Name(std::uint64_t n) { return "somebody-" + std::to_string(n); }

Record RandomSaid(Random& random, std::uint64_t number) {
  Record record;
  record.source = "s" + std::to_string(random.Below(2));
  record.time_ms = record.version = static_cast<std::int64_t>(number);
  for (std::uint64_t i = 1 + random.Below(3); i > 0; --i) {
    record.identifiers.push_back({"ns" + std::to_string(i), Name(random.Below(20)),
                                  random.Chance(30) ? Role::kOther : Role::kSelf});
  }
  Facts facts;
  if (random.Chance(40)) {
    Trait trait;
    trait.name = "city";
    trait.value.is = Name(100 + random.Below(20));
    facts.traits = {trait};
  }
  for (std::uint64_t i = random.Below(3); i > 0; --i) {
    RelationFact& relation = facts.relations.emplace_back();
    relation.type = "invited";
    relation.other = {"ns1", Name(random.Below(20))};
  }
  record.facts = WriteFacts(facts);
  if (random.Chance(10)) record.facts += Name(7);  // no facts
  record.id = random.Chance(50) ? ToString(HashContent(record)) : std::to_string(number);
  return record;
}

std::vector<std::string> RandomFrames(Random& random) {
  const auto store = OpenMemoryStore();
  Log log(store.get());
  const std::uint64_t count = 1 + random.Below(60);
  for (std::uint64_t n = 1; n <= count; ++n) {
    const Record record = RandomSaid(random, n);
    log.Append(1, n, record, record.id == ToString(HashContent(record)));
    if (random.Chance(5)) log.AppendClock(1, 5);
  }
  WriteSet writes;
  log.MoveTo(&writes);
  std::vector<std::string> rows;
  for (const WriteSet::Put& put : writes.puts) rows.push_back(put.value);
  return rows;
}

}  // namespace

TEST_CASE("a frame comes back byte by byte and shows no value while it is sealed") {
  const Keyed keyed;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Random random(seed);
    const std::vector<std::string> frames = RandomFrames(random);
    for (std::uint64_t n = 1; n <= frames.size(); ++n) {
      const std::string& plain = frames[n - 1];
      const std::string sealed = keyed.Seal(n, plain);
      REQUIRE(Must(keyed.rows->Open(Table::kLog, FrameKey(n), sealed)) == plain);
      REQUIRE(sealed.find("somebody-") == std::string::npos);
      REQUIRE(keyed.Seal(n, plain).size() == sealed.size());
      const Frame frame = Must(DecodeFrame(n, plain));
      for (std::uint64_t place = 0; place < frame.records.size(); ++place) {
        const std::string one = Must(keyed.rows->Open(Table::kLog, FrameKey(n), sealed, place));
        REQUIRE(Must(DecodeRecordOfFrame(n, one, place)) == frame.records[place]);
      }
    }
  }
}

TEST_CASE("what was said of whom nobody has a key reads as lost and the rest as it was") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Keyed keyed;
    Random random(seed);
    const std::vector<std::string> frames = RandomFrames(random);
    std::vector<std::string> sealed;
    for (std::uint64_t n = 1; n <= frames.size(); ++n)
      sealed.push_back(keyed.Seal(n, frames[n - 1]));
    const std::string gone = Name(random.Below(20));
    for (const char* ns : {"ns1", "ns2", "ns3"}) {
      const KeySlot slot = keyed.rows->ring().Find(ns, gone);
      if (slot != 0) Must(keyed.rows->ring().Destroy(std::vector<KeySlot>{slot}));
    }
    for (std::uint64_t n = 1; n <= frames.size(); ++n) {
      const Frame was = Must(DecodeFrame(n, frames[n - 1])), is = keyed.Open(n, sealed[n - 1]);
      REQUIRE(was.records.size() == is.records.size());
      bool lossy = false;
      for (std::size_t r = 0; r < was.records.size(); ++r) {
        const Record &a = was.records[r], &b = is.records[r];
        bool self_lost = false, any_lost = false;
        REQUIRE(a.identifiers.size() == b.identifiers.size());
        for (std::size_t i = 0; i < a.identifiers.size(); ++i) {
          const bool lost = a.identifiers[i].value == gone;
          CHECK(b.identifiers[i].value == (lost ? "" : a.identifiers[i].value));
          self_lost |= lost && a.identifiers[i].role == Role::kSelf;
          any_lost |= lost;
        }
        CHECK(b.facts.find(gone + "\x0a") == std::string::npos);
        if (self_lost) CHECK(b.facts.empty());
        lossy |= IsLossy(b);
        if (!IsLossy(b)) CHECK(a == b);
        if (any_lost) CHECK(IsLossy(b));
      }
      CHECK(is.lossy == lossy);
      // It is written again as it is.
      const std::string opened = Must(keyed.rows->Open(Table::kLog, FrameKey(n), sealed[n - 1]));
      CHECK(keyed.Open(n, keyed.Seal(n, opened)).records == is.records);
    }
  }
}

TEST_CASE("values of the feed go with their profile") {
  const Keyed keyed;
  FeedRow row;
  for (const std::uint64_t profile : {1, 2, 1}) {
    Change& change = row.changes.emplace_back();
    change.kind = ChangeKind::kTrait;
    change.cause = Cause::kRecord;
    change.to.value = profile;
    change.name = "city";
    change.values = {"city of " + std::to_string(profile), ""};
  }
  for (const std::uint32_t graph : {0u, 3u}) {
    const std::string plain = EncodeFeedRow(5, row, graph), key = FeedKey(5, graph);
    const std::string sealed = Must(keyed.rows->Seal(Table::kFeed, key, plain));
    CHECK(sealed.find("city of") == std::string::npos);
    CHECK(Must(keyed.rows->Open(Table::kFeed, key, sealed)) == plain);
    keyed.Destroy(std::string(kProfileSlots), ProfileSlotName(graph, 1));
    const FeedRow left =
        Must(DecodeFeedRow(5, Must(keyed.rows->Open(Table::kFeed, key, sealed)), graph));
    CHECK(left.changes[0].values.empty());
    CHECK(left.changes[1].values == row.changes[1].values);
    CHECK(left.changes[2].values.empty());
  }
}

TEST_CASE("a value in a chunk is zeros once its key is gone and the others are as they were") {
  const Keyed keyed;
  const KeySlot one = Must(keyed.rows->ring().SlotOf("ns1", "one")),
                two = Must(keyed.rows->ring().SlotOf("ns1", "two"));
  const std::string chunk = "____one____two!";
  const std::string sealed = Must(keyed.rows->SealChunk(chunk, {{4, 3, one}, {11, 3, two}}));
  CHECK(sealed.find("one") == std::string::npos);
  std::vector<std::uint64_t> lost;
  CHECK(Must(keyed.rows->OpenChunk(sealed, &lost)) == chunk);
  CHECK(lost.empty());
  Must(keyed.rows->ring().Destroy(std::vector<KeySlot>{one}));
  CHECK(Must(keyed.rows->OpenChunk(sealed, &lost)) ==
        std::string("____") + std::string(3, '\0') + "____two!");
  CHECK(lost == std::vector<std::uint64_t>{4});
}

TEST_CASE("a keyed row that was changed anywhere is refused or reads as what it says") {
  const Keyed keyed;
  Random random(9);
  const std::vector<std::string> frames = RandomFrames(random);
  const std::string sealed = keyed.Seal(1, frames[0]);
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    std::string broken = sealed;
    broken[at] = static_cast<char>(broken[at] ^ (1 << random.Below(8)));
    const auto row = keyed.rows->Open(Table::kLog, FrameKey(1), broken);
    if (row.ok()) DecodeFrame(1, *row).status().IgnoreError();
    const auto cut = keyed.rows->Open(Table::kLog, FrameKey(1), sealed.substr(0, at));
    if (cut.ok()) DecodeFrame(1, *cut).status().IgnoreError();
    std::vector<std::uint64_t> lost;
    keyed.rows->OpenChunk(broken, &lost).status().IgnoreError();
    keyed.rows->Open(Table::kFeed, FeedKey(1), broken).status().IgnoreError();
  }
}

}  // namespace polyonym::engine
