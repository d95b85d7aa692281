// Bytes that say of lives, clocks, graphs and families what cannot be, inside envelopes that fit: DataLoss, never a crash.
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/bytes.h"
#include "harness/catch.h"
#include "harness/engine_state.h"
#include "hostile/store_rows.h"
#include "polyonym/codec/proto.h"

namespace polyonym::harness {
namespace {

using engine::ByteReader;
using engine::PutText;
using engine::PutVarint;
using engine::ZigZag;

constexpr std::uint32_t kNone = ~std::uint32_t{0};

Policy LockerPolicy() {
  Policy policy;
  policy.name = "lockers";
  policy.namespaces.resize(2);
  policy.namespaces[0].name = "crm";
  policy.namespaces[0].priority = 1;
  policy.namespaces[0].limits = {{1, false, 0}};
  policy.namespaces[1].name = "locker";
  policy.namespaces[1].validity_ms = 10;
  policy.namespaces[1].link_lifetime_ms = 25;
  return policy;
}

Policy HouseholdPolicy() {
  Policy policy = LockerPolicy();
  policy.namespaces[0].limits.clear();
  return policy;
}

PolicyOptions Household() {
  PolicyOptions options;
  options.graph = "household";
  return options;
}

Record Uses(const std::string& who, const std::string& locker, std::int64_t time_ms) {
  Record record;
  record.source = "gym";
  record.id = locker + std::to_string(time_ms);
  record.time_ms = record.version = time_ms;
  record.identifiers = {{"crm", who, Role::kSelf}, {"locker", locker, Role::kSelf}};
  return record;
}

// Lives, one of them spare, an expired link and two graphs in a checkpoint; a clock and a policy behind it.
enum class Tail { kNone, kClockAndPolicy };

std::vector<StoreRow> MakeRows(Tail tail) {
  const TempFolder folder;
  {
    const std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", LawOptions(0)));
    Must(engine->SetPolicy(LockerPolicy()).status());
    Must(engine->SetPolicy(HouseholdPolicy(), Household()).status());
    std::vector<Record> records;
    for (const std::int64_t t : {10, 30, 50, 70}) {
      records.push_back(Uses("a" + std::to_string(t), "L1", t));
      records.push_back(Uses("b" + std::to_string(t), "L2", t + 1));
    }
    Must(engine->Apply(records).status());
    RecordSelector last;
    last.source = "gym";
    last.record_id = "L170";
    Must(engine->Retract(last).status());
    Must(engine->AdvanceTo(60).status());
    Must(engine->Checkpoint());
    Policy other = HouseholdPolicy();
    other.ranking = Ranking::kOldest;
    if (tail == Tail::kClockAndPolicy) {
      Must(engine->AdvanceTo(80).status());
      Must(engine->SetPolicy(other, Household()).status());
    }
  }
  return AllRows(folder / "store");
}

// What a store does with these rows when one of them is another.
class Altered {
 public:
  explicit Altered(Tail tail = Tail::kClockAndPolicy) : rows_(MakeRows(tail)) {}

  const std::vector<StoreRow>& rows() const { return rows_; }
  std::string PayloadOf(const StoreRow& row) const {
    return std::string(Must(engine::OpenValue(1, row.key, row.value)));
  }
  // The row of the checkpoint; its first block.
  const StoreRow& State(char graph, char part) const {
    const std::string key = std::string{graph, part} + engine::BigEndianKey(0);
    for (const StoreRow& row : rows_) {
      if (row.table == Table::kState && row.key == key) return row;
    }
    throw std::runtime_error("no such row of the checkpoint");
  }
  // The last frame of a kind.
  const StoreRow& FrameOf(char kind) const {
    const StoreRow* last = nullptr;
    for (const StoreRow& row : rows_) {
      if (row.table == Table::kLog && PayloadOf(row)[0] == kind) last = &row;
    }
    if (last == nullptr) throw std::runtime_error("no such frame");
    return *last;
  }
  // Opens it, and where that goes uses everything that may be wrong.
  absl::Status Open(const StoreRow& victim, const std::string& payload) const {
    std::unique_ptr<Store> store = OpenMemoryStore();
    WriteSet writes;
    for (const StoreRow& row : rows_) {
      writes.puts.push_back({row.table, row.key,
                             &row == &victim ? engine::SealValue(1, row.key, payload) : row.value});
    }
    Must(store->Commit(writes, true));
    const auto engine = Engine::OpenOn(std::move(store), LawOptions(0));
    if (!engine.ok()) return engine.status();
    Ask(**engine);
    std::vector<Record> more;
    for (const char* const locker : {"L1", "L2", "L3"}) {
      for (const std::int64_t t : {5, 35, 45, 75, 95}) more.push_back(Uses("c", locker, t));
    }
    RecordSelector all;
    all.source = "gym";
    all.from_ms = 0;
    all.to_ms = 35;
    (*engine)->Retract(all).IgnoreError();
    (*engine)->Apply(more).IgnoreError();
    all.to_ms = 75;
    (*engine)->Retract(all).IgnoreError();
    (*engine)->AdvanceTo(120).IgnoreError();
    Ask(**engine);
    return absl::OkStatus();
  }

 private:
  static void Ask(const Engine& engine) {
    for (const std::string& graph : engine.Graphs()) {
      const View view = Must(engine.Read(graph));
      for (std::uint64_t n = 0; n < view.GetStats().identifiers; ++n) {
        view.Links(Must(view.IdentifierOf({n}))).IgnoreError();
        view.Neighbourhood(ProfileId{n}).IgnoreError();
        view.How(ProfileId{n}).IgnoreError();
      }
      view.Verify().IgnoreError();
    }
  }

  std::vector<StoreRow> rows_;
};

template <class Number>
Number At(const std::string& bytes, std::size_t offset) {
  Number number;
  std::memcpy(&number, bytes.data() + offset, sizeof number);
  return number;
}

std::string With(std::string bytes, std::size_t offset, std::uint32_t number) {
  std::memcpy(bytes.data() + offset, &number, sizeof number);
  return bytes;
}

// A manifest up to its families, with one of its numbers another.
std::string ManifestUpToFamilies(const std::string& payload, std::size_t place = kNone,
                                 std::uint64_t number = 0) {
  constexpr std::size_t kNumbers = 26;  // the last says that there are no horizons
  ByteReader in(payload);
  std::string out;
  PutText(&out, in.Text());
  for (std::size_t i = 0; i < kNumbers; ++i) {
    const std::uint64_t is = in.Varint();
    PutVarint(&out, i == place ? number : is);
  }
  PutText(&out, in.Text());
  const std::uint64_t kinds = in.Varint();
  PutVarint(&out, kinds);
  for (std::uint64_t i = 0; i < kinds; ++i) PutText(&out, in.Text());
  REQUIRE(in.ok());
  return out;
}

std::string Families(const std::vector<std::string>& names) {
  std::string out;
  PutVarint(&out, names.size());
  for (const std::string& name : names) PutText(&out, name);
  return out;
}

}  // namespace

TEST_CASE("a life follows one of the same value that began before it, or the store is not opened") {
  const Altered store;
  const std::string nodes = store.PayloadOf(store.State(0, 1)),
                    renames = store.PayloadOf(store.State(0, 6));
  const std::size_t count = nodes.size() / 64;
  const auto is_life = [&](std::size_t n) {
    return (At<std::uint32_t>(nodes, 64 * n + 60) & 4) != 0;
  };
  std::size_t refused = 0, opened = 0;
  for (std::size_t n = 0; n < count; ++n) {
    const std::uint32_t rename = At<std::uint32_t>(nodes, 64 * n + 56);
    if (rename == kNone) continue;
    for (const std::uint64_t earlier :
         {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 1 << 20, -2}) {
      const auto x = static_cast<std::uint32_t>(earlier);
      INFO("node " << n << ", before it " << x);
      const bool may = x < count && is_life(n) && is_life(x) &&
                       At<std::uint64_t>(nodes, 64 * n) == At<std::uint64_t>(nodes, 64 * x) &&
                       At<std::int64_t>(nodes, 64 * x + 16) < At<std::int64_t>(nodes, 64 * n + 16);
      const absl::Status status = store.Open(store.State(0, 6), With(renames, 12 * rename + 8, x));
      CHECK((may ? status.ok() : absl::IsDataLoss(status)));
      ++(may ? opened : refused);
    }
  }
  CHECK(opened > 0);
  CHECK(refused > 50);
}

TEST_CASE(
    "whatever stands in the flags of nodes and in their rename cells, a store that opens can be "
    "used") {
  const Altered store;
  const std::string nodes = store.PayloadOf(store.State(0, 1)),
                    renames = store.PayloadOf(store.State(0, 6));
  for (std::size_t at = 0; at < nodes.size(); at += 64) {
    INFO("node " << at / 64);
    const std::uint32_t flags = At<std::uint32_t>(nodes, at + 60);
    CHECK(absl::IsDataLoss(store.Open(store.State(0, 1), With(nodes, at + 60, flags ^ 0x100))));
    for (const std::uint32_t flag : {1, 2, 4, 8})
      store.Open(store.State(0, 1), With(nodes, at + 60, flags ^ flag)).IgnoreError();
    for (const std::uint32_t rename : {0u, 1u, 2u, 5u, kNone})
      store.Open(store.State(0, 1), With(nodes, at + 56, rename)).IgnoreError();
  }
  for (std::size_t at = 0; at < renames.size(); at += 4) {
    INFO("rename cell " << at / 12);
    for (const std::uint32_t n : {0u, 1u, 2u, 3u, 5u, 8u})
      store.Open(store.State(0, 6), With(renames, at, n)).IgnoreError();
  }
}

TEST_CASE("a logged clock goes forward, or the store is not opened") {
  const Altered store;
  const StoreRow& frame = store.FrameOf(3);
  const std::string payload = store.PayloadOf(frame);
  ByteReader in(payload);
  in.Byte();
  std::string start(1, '\x03');
  PutVarint(&start, in.Varint());
  const auto open = [&](std::int64_t clock_ms, const std::string& behind = "") {
    std::string altered = start;
    PutVarint(&altered, ZigZag(clock_ms));
    return store.Open(frame, altered + behind);
  };
  CHECK(open(80).ok());
  CHECK(open(61).ok());
  CHECK(open(std::numeric_limits<std::int64_t>::max()).ok());
  CHECK(absl::IsDataLoss(open(60)));  // where the checkpoint stands
  CHECK(absl::IsDataLoss(open(59)));
  CHECK(absl::IsDataLoss(open(-1)));
  CHECK(absl::IsDataLoss(open(std::numeric_limits<std::int64_t>::min())));
  CHECK(absl::IsDataLoss(open(80, std::string(1, '\0'))));
  CHECK(absl::IsDataLoss(store.Open(frame, start)));
}

TEST_CASE("a logged policy is for a graph that there is, by its name, or makes the next one") {
  const Altered store;
  const StoreRow& frame = store.FrameOf(2);
  const std::string payload = store.PayloadOf(frame);
  ByteReader in(payload);
  in.Byte();
  std::string start(1, '\x02');
  PutVarint(&start, in.Varint());
  const auto open = [&](std::uint64_t graph, const std::string& name, const std::string& policy) {
    std::string altered = start;
    PutVarint(&altered, graph);
    PutText(&altered, name);
    PutText(&altered, policy);
    return store.Open(frame, altered);
  };
  const std::string policy = WritePolicyProto(LockerPolicy());
  CHECK(open(0, "", policy).ok());
  CHECK(open(1, "household", policy).ok());
  CHECK(open(2, "office", policy).ok());
  for (const std::uint64_t graph :
       std::vector<std::uint64_t>{3, 7, 16, 255, 256, 257, ~std::uint64_t{0}}) {
    INFO("graph " << graph);
    CHECK(absl::IsDataLoss(open(graph, "household", policy)));
    CHECK(absl::IsDataLoss(open(graph, "office", policy)));
  }
  CHECK(absl::IsDataLoss(open(0, "household", policy)));
  CHECK(absl::IsDataLoss(open(1, "", policy)));
  CHECK(absl::IsDataLoss(open(1, "office", policy)));
  for (const char* const name : {"", "household", "a b", "\xff"}) {
    INFO("a third graph by the name '" << name << "'");
    CHECK(absl::IsDataLoss(open(2, name, policy)));
  }
  CHECK(absl::IsDataLoss(open(1, "household", "\x0a")));
  CHECK(absl::IsDataLoss(open(1, "household", "")) == !CompiledPolicy::Compile(Policy()).ok());
}

TEST_CASE("a manifest whose families, epoch, clock or name cannot be is not taken") {
  const Altered store;
  for (const char graph : {0, 1}) {
    INFO("graph " << static_cast<int>(graph));
    const StoreRow& row = store.State(graph, 0);
    const std::string payload = store.PayloadOf(row);
    const std::string start = ManifestUpToFamilies(payload), good = Families({"crm", "locker"});
    CHECK(start + good + std::string(1, '\0') == payload);  // no segments are kept
    CHECK(store.Open(row, payload).ok());
    CHECK(store.Open(row, start + good).ok());  // as it was before there were any
    std::string many = start, cut = start, large = start;
    PutVarint(&many, 20);
    for (int i = 0; i < 20; ++i) PutText(&many, "f" + std::to_string(i));
    PutVarint(&cut, 2);
    PutText(&cut, "crm");
    PutVarint(&large, ~std::uint64_t{0});
    for (const std::string& altered : {start, many, cut, large, start + Families({"a b"}),
                                       start + Families({"\xff"}), payload + "x"})
      CHECK(absl::IsDataLoss(store.Open(row, altered)));
    const std::pair<std::size_t, std::uint64_t> numbers[] = {
        {2, 1'000},    {7, 0},  {20, 1 << 15}, {21, ZigZag(-1)},       {22, ZigZag(-1)},
        {23, 1 << 20}, {24, 1}, {25, 1},       {25, ~std::uint64_t{0}}};
    for (const auto& [place, number] : numbers) {
      INFO("number " << place);
      CHECK(absl::IsDataLoss(store.Open(row, ManifestUpToFamilies(payload, place, number) + good)));
    }
  }
}

TEST_CASE("a checkpoint's further graph has a name of its own") {
  const Altered store(Tail::kNone);
  const StoreRow& second = store.State(1, 0);
  const std::string payload = store.PayloadOf(second);
  const std::string rest = payload.substr(1 + std::string("household").size());
  const auto open = [&](const std::string& name) {
    std::string altered;
    PutText(&altered, name);
    return store.Open(second, altered + rest);
  };
  CHECK(open("office").ok());
  for (const char* const name : {"", "a b", "\xff"}) {
    INFO("name '" << name << "'");
    CHECK(absl::IsDataLoss(open(name)));
  }
}

}  // namespace polyonym::harness
