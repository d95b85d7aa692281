#include "polyonym/batch/columns.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>
#include <thread>
#include <utility>

#include "batch/numbering.h"
#include "batch/rows.h"
#include "batch/texts.h"

namespace polyonym::batch {
namespace {

constexpr std::size_t kMostCells = kNone - 1;

absl::Status Bad(const std::string& what) { return absl::InvalidArgumentError("columns: " + what); }

// One piece of a column.
class Piece {
 public:
  Piece(const Column& column, std::size_t begin) : column_(column), begin_(begin) {}

  std::size_t begin() const { return begin_; }  // its first row
  std::size_t rows() const {
    if (!column_.texts.empty()) return column_.texts.size();
    const std::size_t offsets = std::max(column_.offsets.size(), column_.large_offsets.size());
    return offsets == 0 ? 0 : offsets - 1;
  }

  // ERRORS: InvalidArgument; `name` is that of the column.
  absl::Status Check(const std::string& name) const {
    const Column& c = column_;
    if (int{!c.texts.empty()} + int{!c.offsets.empty()} + int{!c.large_offsets.empty()} +
            int{!c.chunks.empty()} >
        1)
      return Bad(name + " has strings of two kinds: give texts, offsets, large_offsets or chunks");
    if (!c.chunks.empty()) return Bad(name + ": a chunk has no chunks");
    if (!c.offsets.empty()) return CheckOffsets(name, c.offsets);
    if (!c.large_offsets.empty()) return CheckOffsets(name, c.large_offsets);
    for (std::size_t row = 0; row < c.texts.size(); ++row) {
      if (c.texts[row].size() > kNone) return TooLong(name, row);
    }
    return absl::OkStatus();
  }

  // Rows are those of the column, not of the piece.
  bool Has(std::size_t row) const { return row - begin_ < rows(); }
  std::string_view at(std::size_t row) const {
    const std::size_t i = row - begin_;
    if (!column_.offsets.empty()) return Cut(column_.offsets, i);
    return column_.texts.empty() ? Cut(column_.large_offsets, i) : column_.texts[i];
  }

 private:
  std::string In(const std::string& name, std::size_t i) const {
    return name + ", row " + std::to_string(begin_ + i);
  }
  absl::Status TooLong(const std::string& name, std::size_t i) const {
    return Bad(In(name, i) + ": a cell must be shorter than 4 GiB");
  }

  template <class Offsets>
  absl::Status CheckOffsets(const std::string& name, const Offsets& offsets) const {
    if (offsets.front() < 0) return Bad(In(name, 0) + ": its offset is negative");
    constexpr std::size_t kAtOnce = 1024;  // without a branch for each
    for (std::size_t from = 0; from + 1 < offsets.size(); from += kAtOnce) {
      const std::size_t to = std::min(offsets.size() - 1, from + kAtOnce);
      bool bad = false;
      for (std::size_t i = from; i < to; ++i)
        bad |= offsets[i + 1] < offsets[i] ||
               std::int64_t{offsets[i + 1]} - offsets[i] > std::int64_t{kNone};
      for (std::size_t i = from; bad && i < to; ++i) {
        if (offsets[i + 1] < offsets[i])
          return Bad(In(name, i) + ": the offset behind it goes back");
        if (std::int64_t{offsets[i + 1]} - offsets[i] > std::int64_t{kNone})
          return TooLong(name, i);
      }
    }
    if (static_cast<std::uint64_t>(offsets.back()) > column_.bytes.size())
      return Bad(name + ": its offsets go beyond its bytes");
    return absl::OkStatus();
  }

  template <class Offsets>
  std::string_view Cut(const Offsets& offsets, std::size_t i) const {
    const auto from = static_cast<std::size_t>(offsets[i]);
    return {column_.bytes.data() + from, static_cast<std::size_t>(offsets[i + 1]) - from};
  }

  const Column& column_;
  std::size_t begin_;
};

// Where the cells of a column lie.
class CellsOf {
 public:
  explicit CellsOf(const Column& column) {
    if (column.chunks.empty()) Add(column);
    for (const Column& chunk : column.chunks) Add(chunk);
  }

  std::size_t rows() const { return rows_; }

  // ERRORS: InvalidArgument; `name` is that of the column.
  absl::Status Check(const std::string& name) const {
    for (const Piece& piece : pieces_) {
      if (absl::Status status = piece.Check(name); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  std::string_view at(std::size_t row) const { return PieceOf(row).at(row); }

  // The last that begins no later.
  const Piece& PieceOf(std::size_t row) const {
    std::size_t at = 0;
    for (std::size_t step = std::bit_floor(pieces_.size()); step > 0; step /= 2) {
      if (at + step < pieces_.size() && pieces_[at + step].begin() <= row) at += step;
    }
    return pieces_[at];
  }

 private:
  void Add(const Column& column) {
    pieces_.emplace_back(column, rows_);
    rows_ += pieces_.back().rows();
  }

  std::vector<Piece> pieces_;  // one or more
  std::size_t rows_ = 0;
};

Text TextOf(std::string_view text, Kind kind) {
  return {text.data(), static_cast<std::uint32_t>(text.size()), kind};
}

// The cells of columns of one length, row by row: batch/numbering.h.
class RowCells {
 public:
  // `known` is of each column, none where each cell has its own namespace.
  RowCells(const std::vector<CellsOf>& columns, std::vector<Kinds::Known> known, Kinds* kinds)
      : columns_(columns), known_(std::move(known)), kinds_(kinds) {}
  std::size_t size() const { return columns_.front().rows() * columns_.size(); }

  class Reader {
   public:
    explicit Reader(const RowCells& of) : of_(of), cache_(of.kinds_) {
      for (const CellsOf& cells : of.columns_) near_.push_back(&cells.PieceOf(0));
    }

    template <class F>
    void Read(std::size_t from, std::size_t to, const F& f) {
      const std::size_t stride = of_.columns_.size();
      std::size_t row = from / stride, column = from % stride;
      for (std::size_t cell = from; cell < to; ++cell) {
        if (const std::string_view text = At(row, column); !text.empty()) {
          const auto& [value, known] = Split(text, column);
          f(cell, TextOf(value, known.kind), known.seed);
        }
        if (++column == stride) column = 0, ++row;
      }
    }

    Text TextAt(std::uint32_t cell) {
      const auto stride = static_cast<std::uint32_t>(of_.columns_.size());
      const std::uint32_t row = cell / stride, column = cell % stride;
      const auto& [value, known] = Split(At(row, column), column);
      return TextOf(value, known.kind);
    }
    Kind KindOf(std::uint32_t cell) const {
      return of_.known_[cell % static_cast<std::uint32_t>(of_.columns_.size())].kind;
    }

   private:
    std::string_view At(std::size_t row, std::size_t column) {
      const Piece*& piece = near_[column];
      if (!piece->Has(row)) piece = &of_.columns_[column].PieceOf(row);
      return piece->at(row);
    }

    // A value, and its namespace. Without a colon there is none, which is not a valid one.
    std::pair<std::string_view, const Kinds::Known&> Split(std::string_view text,
                                                           std::size_t column) {
      if (const Kinds::Known& known = of_.known_[column]; known.kind != kNone) return {text, known};
      const std::size_t colon = text.find(':');
      if (colon == text.npos) return {text, cache_.Of({})};
      return {text.substr(colon + 1), cache_.Of(text.substr(0, colon))};
    }

    const RowCells& of_;
    KindCache cache_;
    std::vector<const Piece*> near_;  // by column: which was read last
  };

 private:
  const std::vector<CellsOf>& columns_;
  const std::vector<Kinds::Known> known_;
  Kinds* const kinds_;
};

// A row as the record that it is. `cells` are those of its columns.
Record RecordOf(const Columns& columns, const std::vector<CellsOf>& cells, std::size_t row) {
  Record record;
  record.source = std::string(columns.source);
  record.time_ms = columns.times_ms.empty() ? 0 : columns.times_ms[row];
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const Column& column = columns.identifiers[i];
    const std::string_view text = cells[i].at(row);
    if (text.empty()) continue;
    const std::size_t colon = column.ns.empty() ? text.find(':') : 0;
    const std::string_view ns = column.ns.empty() ? text.substr(0, colon) : column.ns;
    const std::string_view value = !column.ns.empty()   ? text
                                   : colon == text.npos ? ""
                                                        : text.substr(colon + 1);
    record.identifiers.push_back({std::string(ns), std::string(value), Role::kSelf});
  }
  return record;
}

absl::Status CheckColumns(const Columns& columns, const Policy& policy) {
  if (columns.identifiers.empty() || columns.identifiers.size() > kFormatLimits.max_identifiers)
    return Bad("there must be 1 to 10,000 columns of identifiers");
  const std::size_t rows = CellsOf(columns.identifiers.front()).rows();
  std::size_t derived = 1;  // what a cell may come to
  for (const NamespacePolicy& ns : policy.namespaces)
    derived = std::max(derived, 1 + ns.derived.size());
  if (rows > kMostCells / derived / columns.identifiers.size())
    return Bad(
        "there are more than 4,294,967,294 cells, or what may be derived from them: resolve "
        "the rows in parts, or through an engine");
  for (std::size_t i = 0; i < columns.identifiers.size(); ++i) {
    const std::string name = "identifiers[" + std::to_string(i) + "]";
    const Column& column = columns.identifiers[i];
    if (!column.ns.empty() && !IsValidNamespace(column.ns))
      return Bad(name +
                 ": its namespace must be letters, digits and _ . $ -, with an optional /scope");
    const CellsOf cells(column);
    if (cells.rows() != rows) return Bad(name + " has another number of rows than identifiers[0]");
    if (absl::Status status = cells.Check(name); !status.ok()) return status;
  }
  if (!columns.times_ms.empty() && columns.times_ms.size() != rows)
    return Bad("times_ms has another number of rows than identifiers[0]");
  if (columns.record_ids == nullptr) return absl::OkStatus();
  if (CellsOf(*columns.record_ids).rows() != rows)
    return Bad("record_ids has another number of rows than identifiers[0]");
  return CellsOf(*columns.record_ids).Check("record_ids");
}

absl::Status Interrupted() { return absl::CancelledError("the host asked the call to end"); }

// What every row would be rejected for.
absl::Status CheckSource(std::string_view source, const RecordLimits& limits) {
  Record record;
  record.source = std::string(source.substr(0, 1024));
  record.time_ms = 0;
  record.identifiers = {{"x", "x", Role::kSelf}};
  const Reason reason = CheckShape(record, limits, INT64_MAX);
  return reason == Reason::kNone ? absl::OkStatus() : Bad(std::string(Explain(reason)));
}

}  // namespace

struct ColumnGroups::Data {
  std::size_t columns = 0;
  Numbering cells;
  Nodes nodes;
};

ColumnGroups::ColumnGroups(std::unique_ptr<Data> data) : data_(std::move(data)) {}
ColumnGroups::~ColumnGroups() = default;
ColumnGroups::ColumnGroups(ColumnGroups&&) noexcept = default;
ColumnGroups& ColumnGroups::operator=(ColumnGroups&&) noexcept = default;

std::uint32_t ColumnGroups::IdentifierOf(std::size_t row, std::size_t column) const {
  return data_->cells.number_of[row * data_->columns + column];
}
std::string_view ColumnGroups::NamespaceOf(std::uint32_t identifier) const {
  return data_->nodes.namespaces[data_->nodes.texts[identifier].kind];
}
std::string_view ColumnGroups::ValueOf(std::uint32_t identifier) const {
  return data_->nodes.texts[identifier].view();
}

Partition ColumnGroups::ToPartition() const {
  return PartitionOf(data_->nodes, identifier_group, groups);
}

absl::StatusOr<ColumnGroups> ResolveColumns(const Policy& policy, const Columns& columns,
                                            const ColumnsOptions& options) {
  if (absl::Status status = Validate(options.limits); !status.ok()) return status;
  auto compiled = CompiledPolicy::Compile(policy);
  if (!compiled.ok()) return compiled.status();
  if (absl::Status status = CheckSource(columns.source, options.limits); !status.ok())
    return status;
  if (absl::Status status = CheckColumns(columns, policy); !status.ok()) return status;

  RowOptions how{*std::move(compiled),   options.limits,         options.now_ms,
                 options.state.clock_ms, options.state.up_to_ms, options.threads};
  how.threads = engine::ThreadsFor(options.threads);
  Kinds kinds(options.hash_seed);
  auto data = std::make_unique<ColumnGroups::Data>();
  data->columns = columns.identifiers.size();
  const std::vector<CellsOf> cells(columns.identifiers.begin(), columns.identifiers.end());
  std::vector<Kinds::Known> known;
  for (const Column& column : columns.identifiers)
    known.push_back(column.ns.empty() ? Kinds::Known() : kinds.Add(column.ns));
  data->cells = NumberTexts(RowCells(cells, std::move(known), &kinds), how.threads);
  const auto interrupted = [&] { return options.interrupted && options.interrupted(); };
  if (interrupted()) return Interrupted();
  Rows rows;
  rows.count = cells.front().rows();
  rows.stride = columns.identifiers.size();
  rows.times = columns.times_ms;
  rows.content = [&](std::size_t row) { return HashContent(RecordOf(columns, cells, row)); };
  Numbering ids;
  if (columns.record_ids != nullptr) {
    const std::vector<CellsOf> id_cells = {CellsOf(*columns.record_ids)};
    ids = NumberTexts(RowCells(id_cells, {{"", 0, options.hash_seed}}, &kinds), how.threads);
    rows.keys = ids.number_of;
    rows.ids = ids.texts;
  }
  if (interrupted()) return Interrupted();
  Solution solution = SolveRows(rows, &data->cells, how, &kinds);
  if (interrupted()) return Interrupted();
  data->nodes = std::move(solution.nodes);
  ColumnGroups out(std::move(data));
  out.groups = solution.groups;
  out.row_group = std::move(solution.row_group);
  out.row_reason = std::move(solution.row_reason);
  out.identifier_group = std::move(solution.group);
  return out;
}

}  // namespace polyonym::batch
