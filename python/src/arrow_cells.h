// arrow_cells.h - the cells of an Arrow column, read where they lie.
//
// What comes from another library is not trusted: Cells::Of() checks all that the interface lets one know (counts of buffers and children,
// offsets, views, indices, run ends), and reads nothing before. Lengths of buffers are not part of it: those are the producer's word.
// SOURCE: Apache Arrow, "Arrow columnar format" and "The Arrow C data interface".
//
// THREADS: reading is thread-safe.  COST: some nanoseconds a cell; of run-end encoding a binary search.
#ifndef POLYONYM_PYTHON_ARROW_CELLS_H_
#define POLYONYM_PYTHON_ARROW_CELLS_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "arrow_c_data.h"

namespace polyonym::python {

// What cells are, however they are laid out.
enum class CellKind : std::uint8_t {
  kNothing,  // all are null
  kText,
  kWhole,
  kFlag,
  kNumber,
  kDecimal,
  kInstant,
  kDay,    // without a zone
  kTexts,  // lists of text
};

enum class CellLayout : std::uint8_t {
  kNone,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kHalf,
  kSingle,
  kDouble,
  kBits,
  kDecimal32,
  kDecimal64,
  kDecimal128,
  kOffsets32,
  kOffsets64,  // of text or of list items
  kViews,
  kDictionary,
  kRuns,
};

struct CellType {
  CellKind kind = CellKind::kNothing;
  CellLayout layout = CellLayout::kNone;
  CellLayout places = CellLayout::kNone;   // dictionary: of its indices; runs: of their ends
  std::int32_t scale = 0;                  // decimals: digits behind the point
  std::int64_t a_second = 1;               // instants: units of a second
  std::shared_ptr<const CellType> values;  // of the dictionary, the runs or the lists
  std::string name;                        // for errors: `float64`

  // ERRORS: InvalidArgument, to stand behind a column's name: `holds binary; …`.
  static absl::StatusOr<CellType> Of(const ArrowSchema& schema) { return Of(schema, 0); }

 private:
  static absl::StatusOr<CellType> Of(const ArrowSchema& schema, int depth);
};

// Where a whole number is written as text.
using NumberText = std::array<char, 24>;

// Rows of one array. Neither the array nor its type may go before it.
class Cells {
 public:
  // Rows [from, from + rows); `hidden`, bits from `hidden_from` on, where given, tells which rows are null whatever the array says.
  // ERRORS: InvalidArgument, to stand behind a column's name.  COST: a pass over its offsets, views or indices.
  static absl::StatusOr<Cells> Of(const CellType& type, const ArrowArray& array, std::int64_t from,
                                  std::int64_t rows, const void* hidden = nullptr,
                                  std::int64_t hidden_from = 0);

  const CellType& type() const { return *type_; }
  std::int64_t rows() const { return rows_; }

  bool null(std::int64_t row) const;

  // REQUIRES, of all that follow: the cell is of the kind, and not null.
  std::string_view text(std::int64_t row) const;
  // Nothing beyond 63 bits.
  std::optional<std::int64_t> whole(std::int64_t row) const;
  bool flag(std::int64_t row) const;
  double number(std::int64_t row) const;
  // In units of 10 to the minus type().scale.
  absl::int128 decimal(std::int64_t row) const;
  // Milliseconds since 1970, parts of one cut off; without a zone it is UTC. Nothing beyond 63 bits.
  std::optional<std::int64_t> instant_ms(std::int64_t row) const;
  // Since 1970-01-01.
  std::int64_t days(std::int64_t row) const;
  // Of kTexts: the row's items are rows [first, second) of items().
  std::pair<std::int64_t, std::int64_t> range(std::int64_t row) const;
  const Cells& items() const;

  // Text, or a whole number in decimal.  REQUIRES: kText or kWhole.
  std::string_view text_of(std::int64_t row, NumberText* space) const;
  // A time: an instant, a day (its beginning in UTC), whole milliseconds since 1970, or RFC 3339 text with a zone. Nothing where it is
  // no such text, or beyond 63 bits.  REQUIRES: kInstant, kDay, kWhole or kText.
  std::optional<std::int64_t> time_ms(std::int64_t row) const;

  // All cells as Arrow's own offsets into bytes; a null cell is an empty one.
  struct Strings {
    std::span<const std::int32_t> offsets;
    std::span<const std::int64_t> large_offsets;
    std::string_view bytes;
  };
  // Nothing where they are laid out otherwise, or a null cell has bytes.
  std::optional<Strings> strings() const;

 private:
  Cells() = default;

  absl::Status Open(const CellType& type, const ArrowArray& array, std::int64_t from,
                    std::int64_t rows);
  absl::Status OpenText(const ArrowArray& array);
  absl::Status OpenViews(const ArrowArray& array);
  absl::Status OpenList(const ArrowArray& array);
  absl::Status OpenDictionary(const ArrowArray& array);
  absl::Status OpenRuns(const ArrowArray& array);
  template <class Offset>
  absl::StatusOr<std::int64_t> LastOffset() const;
  // The row of values_ that a row stands for.
  std::int64_t Place(std::int64_t row) const;
  bool Masked(std::int64_t row) const;

  const CellType* type_ = nullptr;
  const ArrowArray* array_ = nullptr;
  std::int64_t first_ = 0;  // of the array, its own offset included
  std::int64_t rows_ = 0;
  const std::uint8_t* valid_ = nullptr;
  const std::uint8_t* hidden_ = nullptr;
  std::int64_t hidden_from_ = 0;
  const void* data_ = nullptr;     // numbers, bits, offsets, views, indices
  const char* bytes_ = nullptr;    // of text
  std::unique_ptr<Cells> values_;  // of the dictionary, the runs or the lists
  std::unique_ptr<Cells> ends_;    // of the runs
};

}  // namespace polyonym::python

#endif  // POLYONYM_PYTHON_ARROW_CELLS_H_
