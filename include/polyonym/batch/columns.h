// batch/columns.h - from columns of strings to people, at once and in memory.
//
// Use it where the data lies in columns already: an Arrow table, a data frame, a file that was read. A row is an observation of what
// its cells name, all of role self; the groups are those of an engine that was given the same observations (law L2). For acts, other
// roles and records of several sources there is batch/resolve.h.
//
//   batch::Columns columns;
//   columns.source = "shop";
//   columns.identifiers = {{.ns = "phone", .texts = phones}, {.ns = "email", .texts = emails}};
//   auto people = batch::ResolveColumns(policy, columns);
//   people->identifier_group[people->IdentifierOf(row, column)];
//
// THREADS: pure functions. Memory: some 25 bytes a cell while it works, twice that where few repeat, beside the caller's columns; the result 4 a cell and 20 an
// identifier.
#ifndef POLYONYM_BATCH_COLUMNS_H_
#define POLYONYM_BATCH_COLUMNS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "polyonym/batch/resolve.h"
#include "polyonym/model/identifier.h"
#include "polyonym/model/outcome.h"
#include "polyonym/model/policy.h"
#include "polyonym/model/record.h"

namespace polyonym::batch {

// Strings of rows, as views or as Arrow lays them out: bytes, and rows + 1 offsets into them. One of the three is given, or chunks
// instead, one behind the other, each laid out in a way of its own. An empty string is no value.
struct Column {
  std::string_view ns;  // of every cell; empty: a cell is `namespace:value`
  std::span<const std::string_view> texts = {};
  std::span<const std::int32_t> offsets = {};        // Arrow's string
  std::span<const std::int64_t> large_offsets = {};  // Arrow's large_string
  std::string_view bytes = {};                       // of either kind of offsets
  std::vector<Column> chunks = {};                   // without chunks; `ns` is that of the whole
};

// All columns have one length. What they point to outlives the result.
struct Columns {
  std::string_view source;                      // who reports it
  std::vector<Column> identifiers;              // 1 to 10,000
  std::span<const std::int64_t> times_ms = {};  // empty: every row is of 1970-01-01
  // Of rows with one id the latest stands. An empty cell: the row's content is its id. `ns` is not used.  DEFAULT: as if all
  // were empty.
  const Column* record_ids = nullptr;
};

struct ColumnsOptions {
  ResolveOptions state;
  RecordLimits limits;
  std::int64_t now_ms = INT64_MAX;  // the host's clock, for times ahead of it
  // DEFAULT 0: as many as the machine has. The result does not depend on it.
  unsigned threads = 0;
  // Of the hash tables. Where strangers choose the values, take a random one: none can be prepared to collide then.
  std::uint64_t hash_seed = 0;
  // Asked between the steps of the work (numbering the cells, numbering record ids, solving), in the thread that called: true: it ends
  // with Cancelled.  DEFAULT: it never does.
  std::function<bool()> interrupted;
};

// What stands for no number.
inline constexpr std::uint32_t kNoNumber = ~std::uint32_t{0};

class ColumnGroups {
 public:
  // Identifiers are numbered as they appear, row by row, derived ones behind; a value that named one identifier after another has
  // further numbers at the end. Groups are numbered by their first identifier.
  std::size_t identifiers() const { return identifier_group.size(); }
  std::uint32_t groups = 0;

  // By row. The group of its primary; kNoNumber where the row does not count.
  std::vector<std::uint32_t> row_group;
  // By row: why it is rejected, held or superseded. kNone where it counts, or is later than state.up_to_ms.
  std::vector<Reason> row_reason;
  // By identifier; kNoNumber where no row that counts names it.
  std::vector<std::uint32_t> identifier_group;

  // Of a cell; kNoNumber where it is empty, held or malformed. Of a value with several lives: the first.
  std::uint32_t IdentifierOf(std::size_t row, std::size_t column) const;

  // Normalised. Views into the columns and this object.
  std::string_view NamespaceOf(std::uint32_t identifier) const;
  std::string_view ValueOf(std::uint32_t identifier) const;

  Partition ToPartition() const;

  ~ColumnGroups();
  ColumnGroups(ColumnGroups&&) noexcept;
  ColumnGroups& operator=(ColumnGroups&&) noexcept;

 private:
  friend absl::StatusOr<ColumnGroups> ResolveColumns(const Policy&, const Columns&,
                                                     const ColumnsOptions&);
  struct Data;
  explicit ColumnGroups(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
};

// Repeated content counts once: rows without an id that name the same at the same time.
// ERRORS: InvalidArgument naming what is wrong with the policy, the options, or the columns, with column and row and without the
// value: offsets that go back or beyond the bytes, columns of different lengths, no source, a namespace that breaks the grammar, more
// than 4,294,967,294 cells (of a policy that derives: cells and what could be derived from them), a cell of 4 GiB. Cancelled, where the host asks for it.
// COST: near-linear in the bytes; with two cores some 40 to 90 ns a cell. Groups that a limit, guard, window, lifetime or validity could
// touch are solved by the whole rule, at a microsecond or two a row.
absl::StatusOr<ColumnGroups> ResolveColumns(const Policy& policy, const Columns& columns,
                                            const ColumnsOptions& options = {});

}  // namespace polyonym::batch

#endif  // POLYONYM_BATCH_COLUMNS_H_
