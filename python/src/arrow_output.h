// arrow_output.h - tables for Python: Arrow columns built here, or taken over from elsewhere, and handed out without a copy.
//
//   TableBuilder builder;
//   auto* ids = builder.Add<TextColumn>("profile_id");
//   auto* events = builder.Add<Uint64Column>("events");
//   ids->Append("p~0"), events->Append(3), builder.EndRow();
//   Table table = std::move(builder).Finish();                        // EndRow() gives null to what had no value
//
//   Table people = *Table::TakeOver(std::move(schema), std::move(batches));   // of another library: its buffers stay where they are
//   Uint32Column groups;                                               // one array a batch, of the batch's rows
//   people.AppendColumn("profile_id", groups.type(), {groups.Finish(), …});
//
// Arrays never change once they are made, and are shared by reference counts: a table can be handed out as often as one likes, and the
// memory goes with the last of its readers, in whichever thread. Nothing here needs the GIL but what says so.
#ifndef POLYONYM_PYTHON_ARROW_OUTPUT_H_
#define POLYONYM_PYTHON_ARROW_OUTPUT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "arrow_c_data.h"

namespace polyonym::python {

// What a column is: ArrowSchema as a value.
struct Field {
  std::string name;
  std::string format;    // "U", "l", "tsm:UTC", …
  std::string metadata;  // as the interface lays it out, or empty
  std::int64_t flags = ARROW_FLAG_NULLABLE;
  std::vector<Field> children;
  std::vector<Field> dictionary;  // one, or none
};

// ArrowArray as a value. `buffers` are valid as long as `owner` lives.
struct ArrayData {
  std::int64_t length = 0;
  std::int64_t null_count = 0;  // -1: not counted
  std::int64_t offset = 0;
  std::vector<const void*> buffers;
  std::vector<std::shared_ptr<const ArrayData>> children;
  std::shared_ptr<const ArrayData> dictionary;
  std::shared_ptr<const void> owner;
};
using ArrayPtr = std::shared_ptr<const ArrayData>;

// Bits that say which rows have a value; none are kept until a row has none.
class Validity {
 public:
  void Append(bool valid);
  std::int64_t size() const { return size_; }
  std::int64_t null_count() const { return null_count_; }
  // The bits, empty where all rows have a value; begins again with no row.
  std::vector<std::uint8_t> Take();

 private:
  std::vector<std::uint8_t> bits_;
  std::int64_t size_ = 0;
  std::int64_t null_count_ = 0;
};

// A column as it is built, batch by batch.
class Column {
 public:
  virtual ~Column() = default;
  // Its type; no name.
  virtual Field type() const = 0;
  virtual void AppendNull() = 0;
  // Rows since the last Finish().
  virtual std::int64_t size() const = 0;
  // These rows as an array; the column begins again with no row.
  virtual ArrayPtr Finish() = 0;
  // After the last Finish(), before any array of it is handed out: what its arrays share is complete.
  virtual void Close() {}
};

// One number a row. `T` and its format say the type: Int64Column and its like below.
template <class T>
class NumberColumn : public Column {
 public:
  NumberColumn() = default;
  Field type() const override;
  void Append(T value) {
    values_.push_back(value);
    validity_.Append(true);
  }
  void Append(const std::optional<T>& value) { value ? Append(*value) : AppendNull(); }
  void AppendNull() override {
    values_.push_back(T{});
    validity_.Append(false);
  }
  std::int64_t size() const override { return validity_.size(); }
  ArrayPtr Finish() override;

  // Numbers that are there already, as arrays of so many each, none of them copied; `none` is null.
  // REQUIRES: that the lengths are together as many.
  static std::vector<ArrayPtr> Cut(std::vector<T> values, T none,
                                   std::span<const std::int64_t> lengths);

 private:
  std::vector<T> values_;
  Validity validity_;
};
using Int64Column = NumberColumn<std::int64_t>;
using Uint32Column = NumberColumn<std::uint32_t>;
using Uint64Column = NumberColumn<std::uint64_t>;
using Float64Column = NumberColumn<double>;

// Milliseconds since 1970, in UTC.
class TimeColumn final : public Int64Column {
 public:
  Field type() const override;
};

class FlagColumn final : public Column {
 public:
  Field type() const override;
  void Append(bool value);
  void Append(const std::optional<bool>& value) { value ? Append(*value) : AppendNull(); }
  void AppendNull() override;
  std::int64_t size() const override { return validity_.size(); }
  ArrayPtr Finish() override;

 private:
  std::vector<std::uint8_t> bits_;
  Validity validity_;
};

class TextColumn final : public Column {
 public:
  Field type() const override;
  void Append(std::string_view value);
  // Null where it is empty.
  void AppendOrNull(std::string_view value) { value.empty() ? AppendNull() : Append(value); }
  void AppendNull() override;
  std::int64_t size() const override { return validity_.size(); }
  ArrayPtr Finish() override;

 private:
  std::vector<std::int64_t> ends_ = {0};
  std::string text_;
  Validity validity_;
};

// Text that repeats: each one is kept once, for all batches of the column.
class DictionaryColumn final : public Column {
 public:
  Field type() const override;
  void Append(std::string_view value);
  void AppendOrNull(std::string_view value) { value.empty() ? AppendNull() : Append(value); }
  void AppendNull() override { indices_.AppendNull(); }
  std::int64_t size() const override { return indices_.size(); }
  ArrayPtr Finish() override;
  void Close() override;

 private:
  NumberColumn<std::int32_t> indices_;
  absl::flat_hash_map<std::string, std::int32_t> places_;
  TextColumn texts_;
  std::shared_ptr<ArrayData> dictionary_ = std::make_shared<ArrayData>();
};

class TextListColumn final : public Column {
 public:
  Field type() const override;
  void Append(std::span<const std::string> values);
  void AppendNull() override;
  std::int64_t size() const override { return validity_.size(); }
  ArrayPtr Finish() override;

 private:
  std::vector<std::int64_t> ends_ = {0};
  TextColumn elements_;
  Validity validity_;
};

// Named columns in batches of rows. Copies share their arrays.
class Table {
 public:
  // No columns, no rows.
  Table() = default;

  // Batches of another producer, as they are. What they have of offsets is moved into the columns.
  // ERRORS: InvalidArgument: `schema` is no struct, a batch has other columns than it, or rows that are null as a whole.
  static absl::StatusOr<Table> TakeOver(const ArrowSchema& schema, std::vector<OwnedArray> batches);

  std::int64_t num_rows() const { return num_rows_; }
  const std::vector<Field>& columns() const { return columns_; }
  std::size_t num_batches() const { return batches_.size(); }
  std::int64_t batch_rows(std::size_t batch) const { return batches_[batch].rows; }
  const ArrayPtr& array(std::size_t batch, std::size_t column) const {
    return batches_[batch].arrays[column];
  }

  // One array for each batch, of its rows.  ERRORS: InvalidArgument: there are more or fewer.
  absl::Status AppendColumn(std::string name, Field type, std::vector<ArrayPtr> arrays);

  // The table as a stream of its batches, or its schema; each is the consumer's to release.
  void Export(ArrowArrayStream* stream) const;
  void ExportSchema(ArrowSchema* schema) const;

 private:
  friend class TableBuilder;
  struct Batch {
    std::int64_t rows = 0;
    std::vector<ArrayPtr> arrays;
  };
  std::vector<Field> columns_;
  std::vector<Batch> batches_;
  std::int64_t num_rows_ = 0;
};

// A table row by row.  THREADS: thread-compatible.
class TableBuilder {
 public:
  static constexpr std::int64_t kRowsABatch = 65'536;

  // REQUIRES: no row has ended yet. The column lives as long as the builder.
  template <class C>
  C* Add(std::string name) {
    auto column = std::make_unique<C>();
    C* added = column.get();
    Add(std::move(name), std::move(column));
    return added;
  }

  // The row is complete; columns that were given nothing in it are null in it.  REQUIRES: none was given two values.
  void EndRow();
  std::int64_t num_rows() const { return table_.num_rows_ + rows_; }

  Table Finish() &&;

 private:
  void Add(std::string name, std::unique_ptr<Column> column);
  void EndBatch();

  std::vector<std::unique_ptr<Column>> columns_;
  Table table_;
  std::int64_t rows_ = 0;  // of the batch
};

// The schema, and an array, handed out; the receiver releases them.
void ExportSchema(const Field& field, ArrowSchema* out);
void ExportArray(ArrayPtr array, ArrowArray* out);

// The table as an object of class polyonym.Table.  REQUIRES: the GIL.
nanobind::object ToPython(Table table);

}  // namespace polyonym::python

#endif  // POLYONYM_PYTHON_ARROW_OUTPUT_H_
