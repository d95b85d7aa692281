// record_columns.h - rows of Arrow columns as records.
//
// A mapping says which column is what of a record; Store.ingest() of the Python package has the rules. A cell that is null, or empty
// text, says nothing: that identifier, fact, id or time is absent from the record.
#ifndef POLYONYM_PYTHON_RECORD_COLUMNS_H_
#define POLYONYM_PYTHON_RECORD_COLUMNS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "arrow_input.h"
#include "polyonym/model/facts.h"
#include "polyonym/model/record.h"

namespace polyonym::python {

// The same text in every row, or a column's.
struct TextOrColumn {
  bool is_column = false;
  std::string text;  // the text, or the column's name
};

struct NamedColumn {
  std::string column;
  std::string name;  // namespace, trait, purpose or property
};

struct EventMapping {
  TextOrColumn type;
  std::optional<std::string> time;   // column
  std::optional<std::string> value;  // column, in units such as yuan
  std::optional<TextOrColumn> currency;
  std::vector<NamedColumn> properties;
  std::optional<TextOrColumn> campaign;
  std::optional<std::string> place;  // column
};

// Columns by their names.
struct RecordMapping {
  TextOrColumn source;
  std::variant<std::int64_t, std::string> time;  // milliseconds, or a column
  std::optional<std::string> id;
  std::optional<std::string> version;
  std::vector<NamedColumn> identifiers;  // an empty namespace: cells are `namespace:value`
  std::vector<NamedColumn> others;
  std::vector<NamedColumn> traits;
  std::vector<std::string> tags;
  std::vector<NamedColumn> consents;
  std::optional<EventMapping> event;
};

// What is wrong with a cell. `reason` is a code of docs/records.md.
struct CellFault {
  const std::string* column = nullptr;
  const char* reason = "";
};

// THREADS: thread-compatible.
class RecordColumns {
 public:
  // ERRORS: InvalidArgument naming the argument, and the column, its type and what is accepted.
  static absl::StatusOr<RecordColumns> Bind(const RecordMapping& mapping, const TableInput& table);

  // Rows of `batch` are read from here on; it stays until the next.  ERRORS: InvalidArgument naming the column.
  absl::Status Open(const ArrowArray& batch);

  // Makes a row of the batch a record, in the memory that `record` has already. The fault for which the row is no record, where there is
  // one. Facts that cannot be read are left out, and are in left_out().  COST: the bytes; with facts some microseconds.
  std::optional<CellFault> Read(std::int64_t row, Record* record);

  // Of the last row.
  const std::vector<CellFault>& left_out() const { return left_out_; }
  // By identifier of the last row: the place of its column, for NameOf().
  const std::vector<std::uint32_t>& identifier_columns() const { return identifier_columns_; }

  // The column behind a field of a record, such as `identifiers[2].value`; nothing where it is no column's.
  const std::string* ColumnOf(std::string_view field,
                              const std::uint32_t* identifier_columns) const;

 private:
  struct Bound {
    InputColumn column;
    std::string name;
    Role role = Role::kSelf;
  };
  // One that is bound, by its place in columns_; none: constant text.
  struct Text {
    std::optional<std::size_t> column;
    std::string constant;
  };
  struct Event {
    Text type, currency, campaign;
    std::optional<std::size_t> time, value, place;
    std::vector<std::size_t> properties;
  };

  class Binder;
  RecordColumns() = default;

  bool Null(std::size_t column, std::int64_t row) const { return cells_[column].null(row); }
  std::string_view TextAt(const Text& text, std::int64_t row) const;
  bool TimeAt(std::optional<std::size_t> column, std::int64_t row,
              std::optional<std::int64_t>* ms) const;
  void ReadIdentifiers(std::int64_t row, Record* record);
  void AddIdentifier(std::size_t column, std::string_view value, std::size_t* count,
                     Record* record);
  void ReadFacts(std::int64_t row);
  void ReadTags(std::size_t column, std::int64_t row);
  void ReadConsent(std::size_t column, std::int64_t row);
  void ReadEvent(std::int64_t row);
  // Why it is none, or nullptr; kNone where the cell says nothing.
  const char* ReadValue(std::size_t column, std::int64_t row, Value* value) const;
  bool ReadMoney(std::size_t column, std::int64_t row, std::string_view currency, Money* money);
  void LeaveOut(std::size_t column, const char* reason) {
    left_out_.push_back({&columns_[column].column.name, reason});
  }
  void LeaveOut(const Text& text, const char* reason);

  std::vector<Bound> columns_;
  std::vector<Cells> cells_;  // by column, of the batch
  Text source_;
  std::optional<std::int64_t> constant_time_;
  std::optional<std::size_t> time_, id_, version_;
  std::vector<std::size_t> identifiers_, traits_, tags_, consents_;
  std::optional<Event> event_;

  Facts facts_;  // of the row
  std::vector<CellFault> left_out_;
  std::vector<std::uint32_t> identifier_columns_;
  std::string currency_;  // the last one, and its digits behind the point
  int decimals_ = 0;
};

}  // namespace polyonym::python

#endif  // POLYONYM_PYTHON_RECORD_COLUMNS_H_
