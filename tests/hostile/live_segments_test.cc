// What is kept of segments, altered behind the engine's back under checksums that fit: a store opens or is DataLoss, and what opens can be
// used.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/bytes.h"
#include "harness/catch.h"
#include "harness/engine_state.h"
#include "hostile/store_rows.h"
#include "polyonym/engine/segments.h"
#include "polyonym/model/facts.h"
#include "polyonym/segment/id_set.h"
#include "polyonym/store/store.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr int kPeople = 50;  // two identifiers each: every number of the manifest's end is one byte
constexpr char kDues = 8, kMembers = 9;
constexpr std::uint64_t kSlot = 1 << 16;  // blocks of each

Policy SegmentPolicy() {
  Policy policy;
  policy.name = "shop";
  policy.namespaces.emplace_back().name = "crm";
  policy.namespaces.emplace_back().name = "phone";
  policy.definitions.tags.emplace_back().name = "tea";
  policy.definitions.segments = {{"all", "has crm", ""},
                                 {"much", "score of tag tea >= 2", ""},
                                 {"recent", "did(order within 30 days)", ""}};
  return policy;
}

Record Visit(int i) {
  const std::string n = std::to_string(i);
  Record record;
  record.source = "shop";
  record.id = n;
  record.time_ms = i * kDayMs;
  record.identifiers = {{"crm", "c" + n, Role::kSelf}, {"phone", "p" + n, Role::kSelf}};
  Facts facts;
  if (i % 4 != 0) facts.tags.push_back({"tea", i % 4 * 1'000'000, {}, {}, "", {}, ""});
  if (i % 3 != 0) facts.events.emplace_back().type = "order";
  record.facts = WriteFacts(facts);
  return record;
}

std::vector<StoreRow> MakeRows() {
  const TempFolder folder;
  {
    const std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", LawOptions(0)));
    Must(engine->SetPolicy(SegmentPolicy()).status());
    for (int i = 1; i <= kPeople; ++i) {
      const Record record = Visit(i);
      Must(engine->Apply(std::span(&record, 1)).status());
    }
    Must(engine->Checkpoint());
  }
  return AllRows(folder / "store");
}

const std::vector<StoreRow>& SomeRows() {
  static const std::vector<StoreRow> rows = MakeRows();
  return rows;
}

std::string StateKey(char part, std::uint64_t block) {
  return std::string{0, part} + engine::BigEndianKey(block);
}

// A store of these rows, with others in their place.
class Altered {
 public:
  std::string Payload(const std::string& key) const {
    for (const StoreRow& row : rows_) {
      if (row.table == Table::kState && row.key == key)
        return std::string(Must(engine::OpenValue(1, key, row.value)));
    }
    throw std::runtime_error("there is no such row");
  }
  Altered& Put(const std::string& key, std::string_view payload) {
    Erase(key);
    rows_.push_back({Table::kState, key, engine::SealValue(1, key, payload)});
    return *this;
  }
  Altered& Erase(const std::string& key) {
    std::erase_if(
        rows_, [&](const StoreRow& row) { return row.table == Table::kState && row.key == key; });
    return *this;
  }
  absl::StatusOr<std::unique_ptr<Engine>> Open() const {
    std::unique_ptr<Store> store = OpenMemoryStore();
    WriteSet writes;
    for (const StoreRow& row : rows_) writes.puts.push_back({row.table, row.key, row.value});
    Must(store->Commit(writes, true));
    return Engine::OpenOn(std::move(store), LawOptions(0));
  }

 private:
  std::vector<StoreRow> rows_ = SomeRows();
};

bool IsLost(const Altered& store) {
  const absl::Status status = store.Open().status();
  return absl::IsDataLoss(status) && !status.message().empty();
}

// How many are in each segment.
std::vector<SegmentCount> CountsOf(const Engine& engine) {
  return Must(Must(SegmentReader::Make(engine.Read())).Count()).segments;
}
std::vector<SegmentCount> Counts() {
  static const std::vector<SegmentCount> counts = CountsOf(*Must(Altered().Open()));
  return counts;
}

// ---- the manifest's end ----

const std::string& ManifestKey() {
  static const std::string key = StateKey(0, 0);
  return key;
}

struct Kept {
  std::uint64_t kept = 1, dues = 0, next_slot = 0;
  std::vector<std::uint64_t> slots;
  std::string behind = "";
};

std::string Encode(const Kept& k) {
  std::string out;
  for (const std::uint64_t number : {k.kept, k.dues, k.next_slot, std::uint64_t{k.slots.size()}})
    engine::PutVarint(&out, number);
  for (const std::uint64_t slot : k.slots) engine::PutVarint(&out, slot);
  return out + k.behind;
}

constexpr std::size_t kEndBytes = 4 + 3;  // of what the manifest says of three segments

Kept KeptAsWritten() {
  const std::string payload = Altered().Payload(ManifestKey());
  engine::ByteReader in(std::string_view(payload).substr(payload.size() - kEndBytes));
  Kept kept;
  kept.kept = in.Varint();
  kept.dues = in.Varint();
  kept.next_slot = in.Varint();
  kept.slots.resize(in.Varint());
  for (std::uint64_t& slot : kept.slots) slot = in.Varint();
  return kept;
}

std::string BeforeKept() {
  std::string payload = Altered().Payload(ManifestKey());
  payload.resize(payload.size() - kEndBytes);
  return payload;
}

Altered WithKept(const std::function<void(Kept*)>& alter) {
  Kept kept = KeptAsWritten();
  alter(&kept);
  Altered store;
  store.Put(ManifestKey(), BeforeKept() + Encode(kept));
  return store;
}

// ---- people ----

std::string MembersKey(std::size_t segment, std::uint64_t chunk = 0) {
  return StateKey(kMembers, KeptAsWritten().slots.at(segment) * kSlot + chunk);
}

Altered WithMembers(std::string_view payload) {
  Altered store;
  store.Put(MembersKey(1), payload);
  return store;
}

std::string Chunk(const IdSet& ids) { return ids.EncodeChunk(0); }

// Asks everything of an engine, and tells it more.
void Use(Engine* engine) {
  const auto ask = [&] {
    const auto reader = SegmentReader::Make(engine->Read());
    if (!reader.ok()) return;
    reader->Count().status().IgnoreError();
    reader->Count(true).status().IgnoreError();
    const std::string names[] = {"all", "much", "recent"};
    reader->Overlap(names).status().IgnoreError();
    for (const std::string& name : names) {
      reader->Members(name).status().IgnoreError();
      reader->Members(name, {.order_by = "score of tag tea"}).status().IgnoreError();
      reader->Contains(name, ProfileId{1}).status().IgnoreError();
      reader->Explain(name, ProfileId{1}).status().IgnoreError();
    }
  };
  ask();
  const Record more = Visit(kPeople + 1);
  engine->Apply(std::span(&more, 1)).status().IgnoreError();
  engine->AdvanceTo((kPeople + 20) * kDayMs).status().IgnoreError();
  ask();
  engine->Read().Verify().status().IgnoreError();
  engine->Checkpoint().IgnoreError();
  Policy policy = SegmentPolicy();
  policy.definitions.segments.pop_back();
  engine->SetPolicy(policy).status().IgnoreError();
  ask();
}

}  // namespace

TEST_CASE("a store with segments that was not altered opens with the people that it had") {
  const Kept kept = KeptAsWritten();
  REQUIRE(kept.kept == 1);
  REQUIRE(kept.slots.size() == 3);
  REQUIRE(kept.dues > 64);  // two rows of them
  CHECK(Counts() == std::vector<SegmentCount>{{"all", 50, {}}, {"much", 25, {}}, Counts()[2]});
  CHECK(Counts()[2].members > 10);
  CHECK(CountsOf(*Must(WithKept([](Kept*) {}).Open())) == Counts());
}

TEST_CASE("a manifest that says something impossible of segments is not opened") {
  const auto lost = [](const std::function<void(Kept*)>& alter) { return IsLost(WithKept(alter)); };
  CHECK(lost([](Kept* k) { k->kept = 2; }));
  CHECK(lost([](Kept* k) { k->kept = ~std::uint64_t{0}; }));
  CHECK(lost([](Kept* k) { k->kept = 0; }));                // and something behind it
  CHECK(lost([](Kept* k) { k->dues = 2 * kPeople + 1; }));  // more than nodes
  CHECK(lost([](Kept* k) { k->dues = ~std::uint64_t{0}; }));
  CHECK(lost([](Kept* k) { k->next_slot = 0; }));
  CHECK(lost([](Kept* k) { k->next_slot = k->slots.back(); }));  // a slot that is not below it
  CHECK(lost([](Kept* k) { k->next_slot = std::uint64_t{1} << 32; }));
  CHECK(lost([](Kept* k) { k->next_slot = ~std::uint64_t{0}; }));
  CHECK(lost([](Kept* k) { k->slots[0] = k->slots[1]; }));
  CHECK(lost([](Kept* k) { k->slots[2] = k->next_slot; }));
  CHECK(lost([](Kept* k) { k->slots[2] = ~std::uint64_t{0}; }));
  CHECK(lost([](Kept* k) { k->slots.pop_back(); }));
  CHECK(lost([](Kept* k) { k->slots.clear(); }));
  CHECK(lost([](Kept* k) { k->slots.push_back(k->next_slot++); }));
  CHECK(lost([](Kept* k) { k->behind = std::string(1, '\0'); }));
}

TEST_CASE("a manifest that is cut within what it says of segments is not opened") {
  const std::string payload = Altered().Payload(ManifestKey());
  for (std::size_t cut = 1; cut < kEndBytes; ++cut) {
    INFO("without its last " << cut << " bytes");
    Altered store;
    store.Put(ManifestKey(), payload.substr(0, payload.size() - cut));
    CHECK(IsLost(store));
  }
}

TEST_CASE("a manifest that says nothing of segments has everybody evaluated") {
  const std::string nothing[] = {"", std::string(1, '\0')};
  for (const std::string& end : nothing) {
    Altered store;
    store.Put(ManifestKey(), BeforeKept() + end);
    const auto engine = Must(store.Open());
    CHECK(CountsOf(*engine) == Counts());
  }
}

TEST_CASE("a store without rows of dues that its manifest has is not opened") {
  const std::string first = StateKey(kDues, 0), last = StateKey(kDues, 1);
  CHECK(IsLost(Altered().Erase(first)));
  CHECK(IsLost(Altered().Erase(last)));
  CHECK(IsLost(Altered().Erase(first).Erase(last)));
  for (const std::string& key : {first, last}) {
    Altered store;
    const std::string payload = store.Payload(key);
    CHECK(IsLost(store.Put(key, "")));
    CHECK(IsLost(store.Put(key, payload.substr(1))));
    CHECK(IsLost(store.Put(key, payload.substr(8))));
    // What is behind them is of a larger past.
    CHECK(CountsOf(*Must(store.Put(key, payload + std::string(8, 'x')).Open())) == Counts());
  }
  CHECK(IsLost(Altered().Put(StateKey(kDues, 0), Altered().Payload(last))));
  CHECK(CountsOf(*Must(Altered().Put(StateKey(kDues, 7), "x").Open())) == Counts());
}

TEST_CASE("people in bytes that are no chunk are not taken") {
  const std::string bitmap(8192, '\x55');
  const std::string none[] = {
      std::string("\x00", 1),
      std::string("\x00\x05\x00", 3),                          // of no kind
      std::string("\x04\x05\x00", 3),                          // nor of this one
      std::string("\xff\x05\x00", 3),                          //
      std::string("\x01", 1),                                  // without ids
      std::string("\x02", 1),                                  //
      std::string("\x03", 1),                                  //
      std::string("\x01\x05", 2),                              // half an id
      std::string("\x01\x05\x00\x05\x00", 5),                  // twice
      std::string("\x01\x06\x00\x05\x00", 5),                  // not ascending
      "\x02" + bitmap.substr(1),                               // too short
      "\x02" + bitmap + "x",                                   // too long
      "\x02" + std::string(8192, '\0'),                        // empty
      "\x02" + std::string(8192, '\xff'),                      // runs are smaller
      std::string("\x03\x05\x00\x00", 4),                      // half a run
      std::string("\x03\x05\x00\x00\x00", 5),                  // an array is smaller
      std::string("\x03\x05\x00\xff\xff", 5),                  // beyond the chunk
      std::string("\x03\x05\x00\x03\x00\x09\x00\x05\x00", 9),  // runs that touch
      std::string("\x03\x15\x00\x05\x00\x05\x00\x05\x00", 9),  // not ascending
  };
  for (const std::string& payload : none) {
    INFO(payload.size() << " bytes of kind " << static_cast<int>(payload[0]));
    CHECK(IsLost(WithMembers(payload)));
  }
}

TEST_CASE("people who are nobody are not taken") {
  const std::uint32_t nodes = 2 * kPeople;
  CHECK(IsLost(WithMembers(Chunk({nodes}))));
  CHECK(IsLost(WithMembers(Chunk({0, 65'535}))));
  CHECK(IsLost(WithMembers(Chunk(IdSet::Range(0, 65'536)))));
  for (const std::uint64_t chunk : {1, 2, 65'535}) {
    Altered store;
    CHECK(IsLost(store.Put(MembersKey(1, chunk), Chunk({0}))));
  }
}

TEST_CASE("rows of people of no segment are left aside") {
  const std::uint64_t next = KeptAsWritten().next_slot;
  for (const std::uint64_t slot :
       {next, next + 1, std::uint64_t{1} << 31, (std::uint64_t{1} << 48) - 1}) {
    for (const std::string& payload : {Chunk({0, 1, 2}), std::string("no chunk"), std::string()}) {
      const auto engine = Must(Altered().Put(StateKey(kMembers, slot * kSlot), payload).Open());
      CHECK(CountsOf(*engine) == Counts());
    }
  }
  CHECK(IsLost(Altered().Put(StateKey(10, 0), "")));  // a part that is not there yet
}

TEST_CASE("an empty row of people is nobody") {
  Altered store;
  store.Put(MembersKey(1), "");
  const auto engine = Must(store.Open());
  CHECK(CountsOf(*engine)[1].members == 0);
  CHECK(CountsOf(*engine)[0] == Counts()[0]);
}

TEST_CASE(
    "whatever stands in rows of segments a store opens or is lost and what opens can be used") {
  const std::vector<StoreRow>& rows = SomeRows();
  std::vector<std::string> keys;
  for (const StoreRow& row : rows) {
    if (row.table == Table::kState && (row.key[1] == kDues || row.key[1] == kMembers))
      keys.push_back(row.key);
  }
  REQUIRE(keys.size() == 5);  // two of dues and one a segment
  const std::string manifest = Altered().Payload(ManifestKey());
  std::size_t opened = 0, refused = 0;
  ForEachSeed(1, 1'500, [&](std::uint64_t seed) {
    CAPTURE(seed);
    Random random(seed);
    Altered store;
    const bool of_manifest = random.Chance(30);
    const std::string key = of_manifest ? ManifestKey() : random.Pick(keys);
    std::string payload = of_manifest ? manifest : store.Payload(key);
    const std::size_t least = of_manifest ? payload.size() - kEndBytes : 0;
    for (std::uint64_t left = 1 + random.Below(3); left > 0 && payload.size() > least; --left) {
      const std::size_t at = least + random.Below(payload.size() - least);
      const auto byte =
          static_cast<char>(random.Chance(30) ? 0xff : random.Below(of_manifest ? 8 : 256));
      switch (random.Below(6)) {
        case 0:
          payload.erase(at, 1);
          break;
        case 1:
          payload.insert(at, 1, byte);
          break;
        default:
          payload[at] = byte;
      }
    }
    store.Put(key, payload);
    const auto engine = store.Open();
    if (!engine.ok()) {
      ++refused;
      REQUIRE(absl::IsDataLoss(engine.status()));
      REQUIRE_FALSE(engine.status().message().empty());
      return;
    }
    ++opened;
    Use(engine->get());
  });
  CHECK((OneSeedOnly() || (opened > 0 && refused > 0)));
}

TEST_CASE("chunks of any bytes are lost or written again as they were") {
  std::size_t taken = 0;
  ForEachSeed(1, 20'000, [&](std::uint64_t seed) {
    Random random(seed);
    std::string bytes(1, static_cast<char>(1 + random.Below(3)));
    for (std::uint64_t left = random.Below(24); left > 0; --left)
      bytes.push_back(static_cast<char>(random.Chance(50) ? random.Below(256) : random.Below(3)));
    IdSet set;
    const absl::Status status = set.AddChunk(7, bytes);
    if (status.ok()) {
      ++taken;
      if (set.EncodeChunk(7) != bytes) FAIL("seed " << seed);
    } else {
      if (!absl::IsDataLoss(status) || !set.empty()) FAIL("seed " << seed);
    }
  });
  CHECK((OneSeedOnly() || taken > 10));
}

}  // namespace polyonym::harness
