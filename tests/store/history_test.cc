// Random histories of everything that a store does, on each kind of store, against four maps.
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "store/store_model.h"

namespace polyonym::harness {
namespace {

using std::string_literals::operator""s;

// A store and its model, changed and asked at random.
template <class Made>
class StoreHistory {
 public:
  explicit StoreHistory(std::uint64_t seed) : random_(seed) {}

  void Step() {
    const std::uint64_t act = random_.Below(100);
    if (act < 50) return Commit();
    if (act < 58) return Ingest();
    if (act < 68) return Pin();
    if (act < 98) return Ask();
    if (act < 99) return Copy();
    pins_.clear();
    made_.Reopen();
  }
  // The first answer that was wrong; empty: none.
  std::string Finish() {
    for (const auto& [snapshot, model] : pins_) {
      Expect(HoldsAll(made_.store(), model, snapshot.get()), "a snapshot, in the end");
    }
    Expect(HoldsAll(made_.store(), model_), "the store, in the end");
    return fault_;
  }
  const std::string& fault() const { return fault_; }

 private:
  void Expect(bool right, const char* what) {
    if (!right && fault_.empty()) fault_ = what;
  }
  Table RandomTable() { return kTables[random_.Below(kTables.size())]; }
  // Few enough that they meet.
  std::string RandomKey() {
    static const std::vector<std::string> kParts = {"", "a", "b", "\0"s, "\xff", "ab", "\x80"};
    return random_.Pick(kParts) + random_.Pick(kParts);
  }
  std::string RandomValue() {
    return std::string(random_.Chance(10) ? 20'000 : random_.Below(4),
                       static_cast<char>(random_.Below(256)));
  }
  void Commit() {
    WriteSet writes;
    for (std::uint64_t i = random_.Below(5); i > 0; --i) {
      writes.puts.push_back({RandomTable(), RandomKey(), RandomValue()});
    }
    for (std::uint64_t i = random_.Below(3); i > 0; --i) {
      writes.erases.push_back({RandomTable(), RandomKey()});
    }
    Must(made_.store().Commit(writes, random_.Chance(5)));
    model_.Commit(writes);
  }
  void Ingest() {
    std::map<std::string, std::string> rows;
    for (std::uint64_t i = random_.Below(5); i > 0; --i) rows[RandomKey()] = RandomValue();
    const Table table = RandomTable();
    const Rows sorted(rows.begin(), rows.end());
    Must(made_.store().Ingest(table, sorted));
    model_.Ingest(table, sorted);
  }
  void Pin() {
    if (pins_.size() < 3) {
      pins_.emplace_back(made_.store().Snapshot(), model_);
    } else {
      pins_.erase(pins_.begin() + static_cast<std::ptrdiff_t>(random_.Below(pins_.size())));
    }
  }
  void Ask() {
    const Store& store = made_.store();
    const StoreSnapshot* snapshot = nullptr;
    const StoreModel* model = &model_;
    if (!pins_.empty() && random_.Chance(50)) {
      const auto& [pinned, then] = pins_[random_.Below(pins_.size())];
      snapshot = pinned.get();
      model = &then;
    }
    const Table table = RandomTable();
    const std::string from = RandomKey(), to = RandomKey();
    const std::size_t most = 1 + random_.Below(8);
    Expect(Must(store.Get(table, from, snapshot)) == model->Get(table, from), "Get");
    const std::vector<std::string> keys = {to, from, RandomKey(), to};
    const auto values = Must(store.MultiGet(table, keys, snapshot));
    for (std::size_t i = 0; i < keys.size(); ++i) {
      Expect(values[i] == model->Get(table, keys[i]), "MultiGet");
    }
    Expect(ScanRows(store, table, from, to, most, snapshot) == model->Scan(table, from, to, most),
           "Scan");
    Expect(Must(store.LastKey(table)) == model_.LastKey(table), "LastKey");
  }
  void Copy() {
    if (!Made::kOnDisk) return;
    const std::string path = made_.NewPath();
    Must(made_.store().CopyTo(path));
    Expect(HoldsAll(*Must(OpenRocksStore(path, SmallBuffers())), model_), "CopyTo");
  }

  Random random_;
  Made made_;
  StoreModel model_;
  std::vector<std::pair<std::shared_ptr<const StoreSnapshot>, StoreModel>> pins_;
  std::string fault_;
};

template <class Made>
void RunHistories(std::uint64_t first_seed, std::size_t count) {
  ForEachSeed(first_seed, count, [](std::uint64_t seed) {
    StoreHistory<Made> history(seed);
    for (int step = 0; step < 100 && history.fault().empty(); ++step) history.Step();
    const std::string fault = history.Finish();
    INFO("seed " << seed << ": " << fault);
    REQUIRE(fault.empty());
  });
}

}  // namespace

TEMPLATE_TEST_CASE("after any history the store answers as a map would", "", InMemory, OnDisk,
                   Sharing) {
  RunHistories<TestType>(1, TestType::kOnDisk ? 15 : 400);
}
TEMPLATE_TEST_CASE("after any history the store answers as a map would, at length", "[slow]",
                   InMemory, OnDisk, Sharing) {
  RunHistories<TestType>(1'000'000, TestType::kOnDisk ? 300 : 10'000);
}

}  // namespace polyonym::harness
