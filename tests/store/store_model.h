// store/store_model.h - a store as four std::maps, and the ways to make a real one: what every
// store is compared with.
#ifndef POLYONYM_TESTS_STORE_STORE_MODEL_H_
#define POLYONYM_TESTS_STORE_STORE_MODEL_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/engine_state.h"
#include "polyonym/store/store.h"

namespace polyonym::harness {

inline constexpr std::array<Table, kTableCount> kTables = {Table::kLog, Table::kState, Table::kMeta,
                                                           Table::kFeed};

using Row = std::pair<std::string, std::string>;
using Rows = std::vector<Row>;

// What a store should hold. In one commit a later put wins over an earlier one, and an erase over
// both.
class StoreModel {
 public:
  void Commit(const WriteSet& writes) {
    for (const WriteSet::Put& put : writes.puts) At(put.table)[put.key] = put.value;
    for (const WriteSet::Erase& erase : writes.erases) At(erase.table).erase(erase.key);
  }
  void Ingest(Table table, const Rows& rows) {
    for (const auto& [key, value] : rows) At(table)[key] = value;
  }
  std::optional<std::string> Get(Table table, const std::string& key) const {
    const auto at = At(table).find(key);
    return at == At(table).end() ? std::nullopt : std::optional(at->second);
  }
  // Rows in [from, to), at most `most`; an empty `to`: to the end.
  Rows Scan(Table table, const std::string& from, const std::string& to, std::size_t most) const {
    Rows rows;
    for (auto at = At(table).lower_bound(from);
         at != At(table).end() && rows.size() < most && (to.empty() || at->first < to); ++at) {
      rows.push_back(*at);
    }
    return rows;
  }
  std::optional<std::string> LastKey(Table table) const {
    return At(table).empty() ? std::nullopt : std::optional(At(table).rbegin()->first);
  }

 private:
  using Map = std::map<std::string, std::string>;
  Map& At(Table table) { return tables_[static_cast<std::size_t>(table)]; }
  const Map& At(Table table) const { return tables_[static_cast<std::size_t>(table)]; }
  std::array<Map, kTableCount> tables_;
};

// Rows as the store gives them, at most `most`, by a visitor that then says that it has enough.
inline Rows ScanRows(const Store& store, Table table, const std::string& from = "",
                     const std::string& to = "", std::size_t most = ~std::size_t{0},
                     const StoreSnapshot* snapshot = nullptr) {
  Rows rows;
  Must(store.Scan(
      table, from, to,
      [&](std::string_view key, std::string_view value) {
        rows.emplace_back(key, value);
        return rows.size() < most;
      },
      snapshot));
  return rows;
}

// Whether every table holds the model's rows, and nothing else.
inline bool HoldsAll(const Store& store, const StoreModel& model,
                     const StoreSnapshot* snapshot = nullptr) {
  return std::all_of(kTables.begin(), kTables.end(), [&](Table table) {
    return ScanRows(store, table, "", "", ~std::size_t{0}, snapshot) ==
           model.Scan(table, "", "", ~std::size_t{0});
  });
}

inline WriteSet Puts(Table table, const Rows& rows) {
  WriteSet writes;
  for (const auto& [key, value] : rows) writes.puts.push_back({table, key, value});
  return writes;
}

// Buffers so small that tables are written out while a test runs.
inline RocksStoreOptions SmallBuffers() {
  RocksStoreOptions options;
  options.write_buffer_bytes = std::size_t{64} << 10;
  options.block_cache_bytes = std::size_t{1} << 20;
  options.background_threads = 1;
  return options;
}

// A store of each kind, for TEMPLATE_TEST_CASE.
class InMemory {
 public:
  static constexpr bool kOnDisk = false;
  Store& store() { return *store_; }
  void Reopen() {}
  std::string NewPath() { return folder_ / "copy"; }

 private:
  TempFolder folder_;
  std::unique_ptr<Store> store_ = OpenMemoryStore();
};

class OnDisk {
 public:
  static constexpr bool kOnDisk = true;
  OnDisk() { Reopen(); }
  Store& store() { return *store_; }
  void Reopen() {
    store_.reset();
    store_ = Must(OpenRocksStore(folder_ / "store", SmallBuffers()));
  }
  std::string NewPath() { return folder_ / ("copy" + std::to_string(copies_++)); }

 private:
  TempFolder folder_;
  std::unique_ptr<Store> store_;
  int copies_ = 0;
};

// On disk, and sharing what there is with another store that is written to as well.
class Sharing {
 public:
  static constexpr bool kOnDisk = true;
  Sharing() { Reopen(); }
  Store& store() {
    Must(other_->Commit(Puts(Table::kLog, {{"key", std::string(1'000, 'x')}}), false));
    return *store_;
  }
  void Reopen() {
    store_.reset();
    store_ = Open("store");
  }
  std::string NewPath() { return folder_ / ("copy" + std::to_string(copies_++)); }

 private:
  std::unique_ptr<Store> Open(const std::string& name) {
    RocksStoreOptions options = SmallBuffers();
    options.share = share_;
    return Must(OpenRocksStore(folder_ / name, options));
  }

  TempFolder folder_;
  std::shared_ptr<RocksShare> share_ =
      std::make_shared<RocksShare>(std::size_t{1} << 20, std::size_t{256} << 10);
  std::unique_ptr<Store> other_ = Open("other");
  std::unique_ptr<Store> store_;
  int copies_ = 0;
};

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_STORE_STORE_MODEL_H_
