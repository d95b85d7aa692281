#include "polyonym/batch/columns.h"

#include <algorithm>
#include <cstring>
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

// Where the cells of a column lie.
class CellsOf {
 public:
  explicit CellsOf(const Column& column) : column_(&column) {}

  std::size_t rows() const {
    if (!column_->texts.empty()) return column_->texts.size();
    const std::size_t offsets = std::max(column_->offsets.size(), column_->large_offsets.size());
    return offsets == 0 ? 0 : offsets - 1;
  }

  // ERRORS: InvalidArgument; `name` is that of the column.
  absl::Status Check(const std::string& name) const {
    const Column& c = *column_;
    if (int{!c.texts.empty()} + int{!c.offsets.empty()} + int{!c.large_offsets.empty()} > 1)
      return Bad(name + " has strings of two kinds: give texts, offsets or large_offsets");
    if (!c.offsets.empty()) return CheckOffsets(name, c.offsets);
    if (!c.large_offsets.empty()) return CheckOffsets(name, c.large_offsets);
    for (std::size_t row = 0; row < c.texts.size(); ++row) {
      if (c.texts[row].size() > kNone) return TooLong(name, row);
    }
    return absl::OkStatus();
  }

  std::string_view at(std::size_t row) const {
    const Column& c = *column_;
    if (!c.texts.empty()) return c.texts[row];
    return c.offsets.empty() ? Cut(c.large_offsets, row) : Cut(c.offsets, row);
  }

 private:
  static absl::Status TooLong(const std::string& name, std::size_t row) {
    return Bad(name + ", row " + std::to_string(row) + ": a cell must be shorter than 4 GiB");
  }

  template <class Offsets>
  absl::Status CheckOffsets(const std::string& name, const Offsets& offsets) const {
    if (offsets.front() < 0) return Bad(name + ", row 0: its offset is negative");
    for (std::size_t row = 0; row + 1 < offsets.size(); ++row) {
      if (offsets[row + 1] < offsets[row])
        return Bad(name + ", row " + std::to_string(row) + ": the offset behind it goes back");
      if (std::int64_t{offsets[row + 1]} - offsets[row] > std::int64_t{kNone})
        return TooLong(name, row);
    }
    if (static_cast<std::uint64_t>(offsets.back()) > column_->bytes.size())
      return Bad(name + ": its offsets go beyond its bytes");
    return absl::OkStatus();
  }

  template <class Offsets>
  std::string_view Cut(const Offsets& offsets, std::size_t row) const {
    const auto from = static_cast<std::size_t>(offsets[row]);
    return {column_->bytes.data() + from, static_cast<std::size_t>(offsets[row + 1]) - from};
  }

  const Column* column_;
};

Text TextOf(std::string_view text, Kind kind) {
  return {text.data(), static_cast<std::uint32_t>(text.size()), kind};
}

// The cells of all columns, row by row.
class IdentifierCells {
 public:
  IdentifierCells(const Columns& columns, Kinds* kinds) : kinds_(kinds) {
    for (const Column& column : columns.identifiers) {
      cells_.emplace_back(column);
      fixed_.push_back(column.ns.empty() ? Kinds::Known() : kinds->Add(column.ns));
    }
    size_ = cells_.front().rows() * cells_.size();
  }
  std::size_t size() const { return size_; }

  template <class F>
  void Read(std::size_t from, std::size_t to, const F& f) const {
    KindCache cache(kinds_);
    std::size_t row = from / cells_.size(), column = from % cells_.size();
    for (std::size_t cell = from; cell < to; ++cell) {
      const std::string_view text = cells_[column].at(row);
      if (!text.empty()) {
        if (const Kinds::Known& known = fixed_[column]; known.kind != kNone) {
          f(cell, TextOf(text, known.kind), known.seed);
        } else {
          Split(cell, text, &cache, f);
        }
      }
      if (++column == cells_.size()) column = 0, ++row;
    }
  }

 private:
  // Without a colon there is no namespace, which is not a valid one.
  template <class F>
  static void Split(std::size_t cell, std::string_view text, KindCache* cache, const F& f) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    const bool split = colon < text.size();
    const Kinds::Known& known = cache->Of(split ? text.substr(0, colon) : std::string_view());
    f(cell, TextOf(split ? text.substr(colon + 1) : text, known.kind), known.seed);
  }

  Kinds* kinds_;
  std::vector<CellsOf> cells_;
  std::vector<Kinds::Known> fixed_;  // by column; none where each cell has its own
  std::size_t size_ = 0;
};

// One column, whose cells are no identifiers.
class PlainCells {
 public:
  PlainCells(const Column& column, std::uint64_t seed) : cells_(column), seed_(seed) {}
  std::size_t size() const { return cells_.rows(); }
  template <class F>
  void Read(std::size_t from, std::size_t to, const F& f) const {
    for (std::size_t row = from; row < to; ++row) {
      const std::string_view text = cells_.at(row);
      if (!text.empty()) f(row, TextOf(text, 0), seed_);
    }
  }

 private:
  CellsOf cells_;
  const std::uint64_t seed_;
};

// A row as the record that it is.
Record RecordOf(const Columns& columns, std::size_t row) {
  Record record;
  record.source = std::string(columns.source);
  record.time_ms = columns.times_ms.empty() ? 0 : columns.times_ms[row];
  for (const Column& column : columns.identifiers) {
    const std::string_view text = CellsOf(column).at(row);
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
    if (CellsOf(column).rows() != rows)
      return Bad(name + " has another number of rows than identifiers[0]");
    if (absl::Status status = CellsOf(column).Check(name); !status.ok()) return status;
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
  data->cells = NumberTexts(IdentifierCells(columns, &kinds), how.threads);
  const auto interrupted = [&] { return options.interrupted && options.interrupted(); };
  if (interrupted()) return Interrupted();
  Rows rows;
  rows.count = CellsOf(columns.identifiers.front()).rows();
  rows.stride = columns.identifiers.size();
  rows.times = columns.times_ms;
  rows.content = [&](std::size_t row) { return HashContent(RecordOf(columns, row)); };
  Numbering ids;
  if (columns.record_ids != nullptr) {
    ids = NumberTexts(PlainCells(*columns.record_ids, options.hash_seed), how.threads);
    rows.keys = {ids.number_of.get(), rows.count};
    rows.ids = &ids.texts;
  }
  if (interrupted()) return Interrupted();
  Solution solution = SolveRows(rows, &data->cells, how, &kinds);
  if (interrupted()) return Interrupted();
  data->nodes = std::move(solution.nodes);
  data->cells.texts = {};
  ColumnGroups out(std::move(data));
  out.groups = solution.groups;
  out.row_group = std::move(solution.row_group);
  out.row_reason = std::move(solution.row_reason);
  out.identifier_group = std::move(solution.group);
  return out;
}

}  // namespace polyonym::batch
