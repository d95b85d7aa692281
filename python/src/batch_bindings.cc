// Whole tables: to people at once, with no store, and to the people of a store.
#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nanobind/stl/pair.h>

#include "arrow_input.h"
#include "arrow_output.h"
#include "bindings.h"
#include "calls.h"
#include "polyonym/batch/columns.h"
#include "polyonym/codec/json.h"
#include "polyonym/engine/view.h"
#include "values.h"

namespace polyonym::python {
namespace {

constexpr const char* kCastIdentifiers =
    "cast it to one of them (1.0 is no phone number), and have one value a cell";
constexpr std::size_t kRowsAtOnce = 10'000;
constexpr std::size_t kMostColumns = 64;

using Names = std::vector<std::pair<std::string, std::string>>;  // column and namespace

std::vector<InputColumn> FindIdentifiers(const TableInput& input, const Names& names) {
  if (names.empty() || names.size() > kMostColumns)
    RaiseInvalid("columns: must name 1 to 64 columns of identifiers");
  std::vector<InputColumn> columns;
  for (const auto& [name, ns] : names) {
    if (!ns.empty() && !IsValidNamespace(ns))
      RaiseInvalid("columns: the namespace of column '" + name +
                   "' must be letters, digits and _ . $ -, with an optional /scope; give "
                   "columns={column: namespace}");
    auto column =
        input.Find("columns", name, {CellKind::kText, CellKind::kWhole}, kCastIdentifiers);
    if (!column.ok()) Raise(column.status());
    columns.push_back(*std::move(column));
  }
  return columns;
}

std::optional<InputColumn> FindOptional(const TableInput& input, const char* what,
                                        const std::optional<std::string>& name,
                                        std::initializer_list<CellKind> allowed) {
  if (!name) return std::nullopt;
  auto column = input.Find(what, *name, allowed, "cast it to one of them");
  if (!column.ok()) Raise(column.status());
  return *std::move(column);
}

void RefuseClash(const TableInput& input, const std::string& name) {
  if (input.Has(name))
    RaiseInvalid("name: the table has a column '" + name +
                 "' already; give the new one another name");
}

absl::StatusOr<std::vector<OwnedArray>> ReadAll(TableInput* input) {
  std::vector<OwnedArray> batches;
  while (true) {
    OwnedArray batch;
    auto more = input->Next(&batch);
    if (!more.ok()) return more.status();
    if (!*more) return batches;
    if (Interrupted()) return absl::CancelledError("interrupted");
    batches.push_back(std::move(batch));
  }
}

// The cells of one column, batch by batch.
absl::StatusOr<std::vector<Cells>> CellsOfAll(const std::vector<OwnedArray>& batches,
                                              const InputColumn& column) {
  std::vector<Cells> cells;
  for (const OwnedArray& batch : batches) {
    auto of = CellsOf(*batch, column);
    if (!of.ok()) return of.status();
    cells.push_back(*std::move(of));
  }
  return cells;
}

// Cells as batch::ResolveColumns() takes them, where they lie, batch by batch: as Arrow's offsets, or as views. Numbers alone are
// copied, into text.
class LaidOut {
 public:
  absl::Status Lay(const std::vector<Cells>& batches, std::string_view ns) {
    column_.ns = ns;
    for (const Cells& cells : batches) {
      if (Interrupted()) return absl::CancelledError("interrupted");
      if (cells.rows() == 0) continue;
      batch::Column& chunk = column_.chunks.emplace_back();
      if (const auto strings = cells.strings()) {
        chunk.offsets = strings->offsets, chunk.large_offsets = strings->large_offsets;
        chunk.bytes = strings->bytes;
      } else {
        chunk.texts = Views(cells);
      }
    }
    return absl::OkStatus();
  }
  const batch::Column& column() const { return column_; }

 private:
  static constexpr std::size_t kBlock = std::size_t{1} << 16;

  std::span<const std::string_view> Views(const Cells& cells) {
    std::vector<std::string_view>& views = views_.emplace_back();
    views.reserve(static_cast<std::size_t>(cells.rows()));
    for (std::int64_t row = 0; row < cells.rows(); ++row)
      views.push_back(cells.null(row) ? std::string_view() : Kept(cells, row));
    return views;
  }

  std::string_view Kept(const Cells& cells, std::int64_t row) {
    if (cells.type().kind == CellKind::kText) return cells.text(row);
    NumberText space;
    const std::string_view text = cells.text_of(row, &space);
    if (blocks_.empty() || used_ + text.size() > kBlock) {
      blocks_.push_back(std::make_unique<char[]>(kBlock));
      used_ = 0;
    }
    char* to = blocks_.back().get() + used_;
    used_ += text.copy(to, text.size());
    return {to, text.size()};
  }

  batch::Column column_;
  std::vector<std::vector<std::string_view>> views_;  // by batch
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t used_ = 0;
};

absl::StatusOr<std::vector<std::int64_t>> TimesOf(const std::vector<Cells>& batches,
                                                  const InputColumn& column) {
  std::vector<std::int64_t> times;
  for (const Cells& cells : batches) {
    for (std::int64_t row = 0; row < cells.rows(); ++row) {
      const auto ms = cells.null(row) ? std::nullopt : cells.time_ms(row);
      if (!ms) {
        return absl::InvalidArgumentError("time: column '" + column.name + "', row " +
                                          std::to_string(times.size()) +
                                          ": must be a time; text is RFC 3339 with a zone");
      }
      times.push_back(*ms);
    }
  }
  return times;
}

struct Resolve {
  std::string policy;  // JSON; empty: every namespace as it comes, without limits
  std::string source;
  std::optional<std::string> time;  // column
  std::optional<std::string> id;    // column
  std::optional<std::int64_t> as_of_ms;
  std::string name;
  std::optional<std::string> reason_name;
};

// Plain connected components: nothing is held, refused or shared.
Policy OpenPolicy(const Names& names) {
  Policy policy;
  policy.max_identifiers_per_profile = 0;
  policy.default_max_neighbours = 0;
  for (const auto& [column, ns] : names) {
    const std::string family(FamilyOf(ns));
    bool known = false;
    for (const NamespacePolicy& other : policy.namespaces) known = known || other.name == family;
    if (known) continue;
    NamespacePolicy added;
    added.name = family;
    added.priority = static_cast<std::uint32_t>(policy.namespaces.size() + 1);
    added.normaliser = Normaliser::kExact;
    added.builtin_blocks = false;
    policy.namespaces.push_back(std::move(added));
  }
  return policy;
}

absl::StatusOr<Policy> PolicyFor(const Resolve& how, const Names& names) {
  if (!how.policy.empty()) return ReadPolicyJson(how.policy);
  for (const auto& [column, ns] : names) {
    if (ns.empty())
      return absl::InvalidArgumentError(
          "policy: is needed where columns have no namespace of their own");
  }
  return OpenPolicy(names);
}

// The reasons of rows, in batches of so many.
std::vector<ArrayPtr> ReasonArrays(const std::vector<Reason>& reasons,
                                   const std::vector<std::int64_t>& lengths, TextColumn* column) {
  std::vector<ArrayPtr> arrays;
  auto next = reasons.begin();
  for (const std::int64_t length : lengths) {
    for (const auto end = next + length; next != end; ++next)
      *next == Reason::kNone ? column->AppendNull() : column->Append(ToString(*next));
    arrays.push_back(column->Finish());
  }
  return arrays;
}

absl::StatusOr<Table> WithGroups(const ArrowSchema& schema, std::vector<OwnedArray> batches,
                                 batch::ColumnGroups groups, const Resolve& how) {
  std::vector<std::int64_t> lengths;
  for (const OwnedArray& batch : batches) lengths.push_back(batch->length);
  auto table = Table::TakeOver(schema, std::move(batches));
  if (!table.ok()) return table;
  absl::Status status = table->AppendColumn(
      how.name, Uint32Column().type(),
      Uint32Column::Cut(std::move(groups.row_group), batch::kNoNumber, lengths));
  if (status.ok() && how.reason_name) {
    TextColumn reasons;
    status = table->AppendColumn(*how.reason_name, reasons.type(),
                                 ReasonArrays(groups.row_reason, lengths, &reasons));
  }
  if (!status.ok()) return status;
  return table;
}

absl::StatusOr<Table> ResolveAll(TableInput* input, const std::vector<InputColumn>& columns,
                                 const std::optional<InputColumn>& time,
                                 const std::optional<InputColumn>& id, const Names& names,
                                 const Resolve& how) {
  auto policy = PolicyFor(how, names);
  if (!policy.ok()) return policy.status();
  auto batches = ReadAll(input);
  if (!batches.ok()) return batches.status();

  batch::Columns told;
  told.source = how.source;
  std::vector<std::vector<Cells>> cells;  // the views lie in them
  std::vector<LaidOut> laid(columns.size() + 1);
  const auto lay = [&](const InputColumn& column, std::string_view ns,
                       LaidOut* to) -> absl::Status {
    auto of = CellsOfAll(*batches, column);
    if (!of.ok()) return of.status();
    cells.push_back(*std::move(of));
    return to->Lay(cells.back(), ns);
  };
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (absl::Status status = lay(columns[c], names[c].second, &laid[c]); !status.ok())
      return status;
    told.identifiers.push_back(laid[c].column());
  }
  if (id) {
    if (absl::Status status = lay(*id, "", &laid.back()); !status.ok()) return status;
    told.record_ids = &laid.back().column();
  }
  std::vector<std::int64_t> times;
  if (time) {
    auto of = CellsOfAll(*batches, *time);
    if (!of.ok()) return of.status();
    auto read = TimesOf(*of, *time);
    if (!read.ok()) return read.status();
    times = *std::move(read);
    told.times_ms = times;
  }

  batch::ColumnsOptions options;
  options.interrupted = &Interrupted;
  options.hash_seed = std::random_device()();
  if (how.as_of_ms) options.state.clock_ms = options.state.up_to_ms = *how.as_of_ms;
  auto groups = batch::ResolveColumns(*policy, told, options);
  if (!groups.ok()) return groups.status();
  return WithGroups(input->schema(), *std::move(batches), *std::move(groups), how);
}

nb::object ResolveTable(nb::handle table, const Names& names, const Resolve& how) {
  TableInput input = TableInput::Of(table);
  const std::vector<InputColumn> columns = FindIdentifiers(input, names);
  const auto time =
      FindOptional(input, "time", how.time,
                   {CellKind::kInstant, CellKind::kDay, CellKind::kWhole, CellKind::kText});
  const auto id = FindOptional(input, "id", how.id, {CellKind::kText, CellKind::kWhole});
  RefuseClash(input, how.name);
  if (how.reason_name) RefuseClash(input, *how.reason_name);
  return ToPython(Call([&] { return ResolveAll(&input, columns, time, id, names, how); }));
}

// Looks up the cells of a batch, column by column: those of the next one where those of the last named nobody who is known.
class BatchLookUp {
 public:
  BatchLookUp(const View& view, const Names& names) : view_(view), names_(names) {}

  void Find(const std::vector<Cells>& columns, std::int64_t from, std::int64_t to,
            TextColumn* profiles) {
    open_.clear();
    found_.assign(static_cast<std::size_t>(to - from), std::nullopt);
    for (std::int64_t row = from; row < to; ++row) open_.push_back(row);
    for (std::size_t c = 0; c < columns.size() && !open_.empty(); ++c)
      Ask(columns[c], names_[c].second, from);
    for (const std::optional<ProfileId>& profile : found_) {
      profile ? profiles->Append(ToString(*profile)) : profiles->AppendNull();
    }
  }

 private:
  void Ask(const Cells& cells, std::string_view ns, std::int64_t from) {
    asked_.clear(), rows_.clear(), still_open_.clear();
    numbers_.resize(open_.size());
    for (const std::int64_t row : open_) {
      const std::string_view text =
          cells.null(row) ? std::string_view() : cells.text_of(row, &numbers_[rows_.size()]);
      if (text.empty()) {
        still_open_.push_back(row);
        continue;
      }
      // Without a colon there is no namespace, and nobody is known.
      const std::size_t colon = ns.empty() ? text.find(':') : text.npos;
      asked_.push_back(colon == text.npos
                           ? IdentifierView{ns, text}
                           : IdentifierView{text.substr(0, colon), text.substr(colon + 1)});
      rows_.push_back(row);
    }
    answers_.resize(asked_.size());
    view_.Resolve(asked_, answers_);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (answers_[i].profile) {
        found_[static_cast<std::size_t>(rows_[i] - from)] = answers_[i].profile;
      } else {
        still_open_.push_back(rows_[i]);
      }
    }
    open_.swap(still_open_);
  }

  const View& view_;
  const Names& names_;
  std::vector<std::int64_t> open_, still_open_, rows_;
  std::vector<IdentifierView> asked_;
  std::vector<Resolution> answers_;
  std::vector<NumberText> numbers_;
  std::vector<std::optional<ProfileId>> found_;
};

absl::StatusOr<Table> LookUpAll(const View& view, TableInput* input,
                                const std::vector<InputColumn>& columns, const Names& names,
                                const std::string& name) {
  auto batches = ReadAll(input);
  if (!batches.ok()) return batches.status();
  BatchLookUp look_up(view, names);
  TextColumn profiles;
  std::vector<ArrayPtr> arrays;
  for (const OwnedArray& batch : *batches) {
    std::vector<Cells> cells;
    for (const InputColumn& column : columns) {
      auto of = CellsOf(*batch, column);
      if (!of.ok()) return of.status();
      cells.push_back(*std::move(of));
    }
    for (std::int64_t from = 0; from < batch->length;) {
      if (Interrupted()) return absl::CancelledError("interrupted");
      const std::int64_t to = std::min(batch->length, from + std::int64_t{kRowsAtOnce});
      look_up.Find(cells, from, to, &profiles);
      from = to;
    }
    arrays.push_back(profiles.Finish());
  }
  auto table = Table::TakeOver(input->schema(), *std::move(batches));
  if (!table.ok()) return table;
  if (absl::Status status = table->AppendColumn(name, profiles.type(), std::move(arrays));
      !status.ok())
    return status;
  return table;
}

nb::object LookUpTable(const View& view, nb::handle table, const Names& names,
                       const std::string& name) {
  TableInput input = TableInput::Of(table);
  const std::vector<InputColumn> columns = FindIdentifiers(input, names);
  RefuseClash(input, name);
  return ToPython(Call([&] { return LookUpAll(view, &input, columns, names, name); }));
}

}  // namespace

void BindBatch(nb::module_& module) {
  module.def(
      "resolve",
      [](nb::handle table, const Names& columns, const std::string& policy,
         const std::string& source, const std::optional<std::string>& time,
         const std::optional<std::string>& id, std::optional<std::int64_t> as_of_ms,
         const std::string& name, const std::optional<std::string>& reason_name) {
        return ResolveTable(table, columns,
                            {policy, source, time, id, as_of_ms, name, reason_name});
      },
      "table"_a, nb::kw_only(), "columns"_a, "policy"_a, "source"_a, "time"_a.none(), "id"_a.none(),
      "as_of_ms"_a.none(), "name"_a, "reason_name"_a.none());
  module.def("resolve_table", &LookUpTable, "view"_a, "table"_a, nb::kw_only(), "columns"_a,
             "name"_a);
}

}  // namespace polyonym::python
