// store/readable_rows.h - the rows of a table that can be read, where not all can.
//
// Blocks whose checksum fails end a scan. What lies behind them is found by asking for greater keys: those whose last 8 bytes are a number, as keys
// of a store are, one by one at first, then in growing steps.
//
// THREADS: pure functions.
#ifndef POLYONYM_SRC_STORE_READABLE_ROWS_H_
#define POLYONYM_SRC_STORE_READABLE_ROWS_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "polyonym/store/store.h"

namespace polyonym {

// A stretch of keys that cannot be read: behind `after` (empty: from the beginning), and before `next` (none: to the end).
struct UnreadableStretch {
  std::string after;
  std::optional<std::string> next;
  absl::Status why;
};

// Rows from `from` on, in order, until `row` returns false: as Store::Scan() of one table.
using RowScan = std::function<absl::Status(std::string_view from, const Store::RowVisitor& row)>;

// Visits every row that can be read, in order, and each stretch between them that cannot, where it lies.
// Of a store, a row that does not open is visited with an empty value (Store::ScanDamaged()).
// COST: a scan; for a stretch some hundred short ones.
void ForEachReadableRow(const RowScan& scan, const Store::RowVisitor& row,
                        const std::function<void(const UnreadableStretch&)>& stretch);
void ForEachReadableRow(const Store& store, Table table, const Store::RowVisitor& row,
                        const std::function<void(const UnreadableStretch&)>& stretch);

}  // namespace polyonym

#endif  // POLYONYM_SRC_STORE_READABLE_ROWS_H_
