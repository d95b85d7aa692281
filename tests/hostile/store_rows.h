// hostile/store_rows.h - the rows of a store, to be altered behind the engine's back.
//
// THREADS: none.
#ifndef POLYONYM_TESTS_HOSTILE_STORE_ROWS_H_
#define POLYONYM_TESTS_HOSTILE_STORE_ROWS_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/engine_state.h"
#include "polyonym/store/store.h"

namespace polyonym::harness {

struct StoreRow {
  Table table;
  std::string key;
  std::string value;
};

inline std::vector<StoreRow> AllRows(const std::string& path) {
  std::vector<StoreRow> rows;
  const std::unique_ptr<Store> store = Must(OpenRocksStore(path, {}));
  for (const Table table : {Table::kLog, Table::kState, Table::kMeta, Table::kFeed}) {
    Must(store->Scan(table, "", "", [&](std::string_view key, std::string_view value) {
      rows.push_back({table, std::string(key), std::string(value)});
      return true;
    }));
  }
  return rows;
}

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_HOSTILE_STORE_ROWS_H_
