// Tables into a store: rows as records, in batches.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/variant.h>

#include "arrow_input.h"
#include "bindings.h"
#include "calls.h"
#include "engine_handle.h"
#include "polyonym/engine/engine.h"
#include "record_columns.h"
#include "values.h"

namespace polyonym::python {
namespace {

constexpr std::size_t kMostListed = 1000;

// A row that was rejected, or a fact of it that was left out.
struct Fault {
  std::uint64_t row;
  std::optional<std::string> column;
  std::string reason;
};

struct Counts {
  std::uint64_t rows = 0, applied = 0, unchanged = 0, held = 0, rejected = 0, held_identifiers = 0,
                left_out_facts = 0;
  std::uint64_t sequence = 0;
  std::vector<Fault> rejects, left_out;  // the first kMostListed of each
};

// Rows of batches as they come, into calls of `batch_size` rows. Records keep their memory from call to call.
class Ingest {
 public:
  Ingest(Engine* engine, RecordColumns columns, std::size_t batch_size, bool bulk,
         Progress progress, std::uint64_t total)
      : engine_(engine),
        columns_(std::move(columns)),
        batch_size_(batch_size),
        bulk_(bulk),
        progress_(std::move(progress)),
        total_(total) {}

  // ERRORS: of the producer, of the engine; what was applied stays. Cancelled: Interrupted().
  absl::Status Run(TableInput* table) {
    absl::Status status = ReadRows(table);
    // What ends a bulk import shows it: it stays, whatever comes behind.
    if (bulk_) {
      if (absl::Status synced = engine_->Sync(); status.ok()) status = synced;
    }
    if (counts_.sequence == 0) counts_.sequence = engine_->Read().sequence();
    if (status.ok() || applied_rows_ == 0) return status;
    const absl::string_view why = status.message();
    return absl::Status(status.code(),
                        std::string(why.data(), why.size()) + " (the first " +
                            std::to_string(applied_rows_) +
                            " rows are applied; the same call again goes on behind them)");
  }

  const Counts& counts() const { return counts_; }

 private:
  absl::Status ReadRows(TableInput* table) {
    while (true) {
      OwnedArray batch;
      auto more = table->Next(&batch);
      if (!more.ok()) return more.status();
      if (!*more) return Flush();
      if (absl::Status status = columns_.Open(*batch); !status.ok()) return status;
      for (std::int64_t row = 0; row < batch->length; ++row) {
        Take(row);
        if (taken_ < batch_size_) continue;
        if (absl::Status status = Flush(); !status.ok()) return status;
      }
    }
  }

  void Take(std::int64_t row) {
    if (used_ == records_.size()) records_.emplace_back();
    const auto fault = columns_.Read(row, &records_[used_]);
    const std::uint64_t number = counts_.rows++;
    ++taken_;
    if (fault) return Reject(number, fault->column, fault->reason);
    for (const CellFault& left : columns_.left_out()) LeaveOut(number, left.column, left.reason);
    rows_.push_back(number);
    const std::vector<std::uint32_t>& columns = columns_.identifier_columns();
    first_columns_.push_back(identifier_columns_.size());
    identifier_columns_.insert(identifier_columns_.end(), columns.begin(), columns.end());
    ++used_;
  }

  absl::Status Flush() {
    if (taken_ == 0) return absl::OkStatus();
    if (used_ > 0) {
      const std::span<const Record> records(records_.data(), used_);
      auto result = bulk_ ? engine_->BulkApply(records) : engine_->Apply(records);
      if (!result.ok()) return result.status();
      counts_.sequence = result->sequence;
      for (std::size_t i = 0; i < result->records.size(); ++i) Count(result->records[i], i);
    }
    applied_rows_ = counts_.rows;
    taken_ = used_ = 0;
    rows_.clear(), first_columns_.clear(), identifier_columns_.clear();
    List(&rejects_, &counts_.rejects);
    List(&left_out_, &counts_.left_out);
    if (progress_) progress_(counts_.rows, total_ == 0 ? 0 : std::max(total_, counts_.rows));
    return Interrupted() ? absl::CancelledError("interrupted") : absl::OkStatus();
  }

  void Count(const RecordResult& result, std::size_t i) {
    counts_.held_identifiers += result.held_identifiers;
    for (const FactFault& fault : result.left_out_facts)
      LeaveOut(rows_[i], nullptr, fault.path + ": " + fault.what);
    switch (result.outcome) {
      case Outcome::kApplied:
        ++counts_.applied;
        break;
      case Outcome::kUnchanged:
        ++counts_.unchanged;
        break;
      case Outcome::kHeld:
        ++counts_.held;
        break;
      case Outcome::kRejected:
        Reject(rows_[i],
               columns_.ColumnOf(result.field, identifier_columns_.data() + first_columns_[i]),
               std::string(ToString(result.reason)));
    }
  }

  void Reject(std::uint64_t row, const std::string* column, std::string reason) {
    ++counts_.rejected;
    Note(row, column, std::move(reason), &rejects_);
  }
  void LeaveOut(std::uint64_t row, const std::string* column, std::string reason) {
    ++counts_.left_out_facts;
    Note(row, column, std::move(reason), &left_out_);
  }
  static void Note(std::uint64_t row, const std::string* column, std::string reason,
                   std::vector<Fault>* to) {
    to->push_back(
        {row, column == nullptr ? std::nullopt : std::optional(*column), std::move(reason)});
  }
  // By row: those that the columns showed came before those that the engine found.
  static void List(std::vector<Fault>* from, std::vector<Fault>* to) {
    std::stable_sort(from->begin(), from->end(),
                     [](const Fault& a, const Fault& b) { return a.row < b.row; });
    for (Fault& fault : *from) {
      if (to->size() < kMostListed) to->push_back(std::move(fault));
    }
    from->clear();
  }

  Engine* engine_;
  RecordColumns columns_;
  const std::size_t batch_size_;
  const bool bulk_;
  const Progress progress_;
  const std::uint64_t total_;  // rows; 0: not known
  Counts counts_;
  std::uint64_t applied_rows_ = 0;
  // Of the call that is made ready.
  std::vector<Record> records_;
  std::size_t used_ = 0;   // of records_
  std::size_t taken_ = 0;  // rows, those that are no records too
  std::vector<std::uint64_t> rows_;
  std::vector<std::uint32_t> identifier_columns_;
  std::vector<std::size_t> first_columns_;  // into identifier_columns_, by record
  std::vector<Fault> rejects_, left_out_;
};

// As Python gives them.
using TextArgument = std::pair<bool, std::string>;
using NamesArgument = std::vector<std::pair<std::string, std::string>>;
using EventArgument =
    std::tuple<TextArgument, std::optional<std::string>, std::optional<std::string>,
               std::optional<TextArgument>, NamesArgument, std::optional<TextArgument>,
               std::optional<std::string>>;

TextOrColumn TextOf(const TextArgument& from) { return {from.first, from.second}; }
std::optional<TextOrColumn> TextOf(const std::optional<TextArgument>& from) {
  return from ? std::optional(TextOf(*from)) : std::nullopt;
}
std::vector<NamedColumn> NamedOf(const NamesArgument& from) {
  std::vector<NamedColumn> columns;
  for (const auto& [column, name] : from) columns.push_back({column, name});
  return columns;
}
EventMapping EventOf(const EventArgument& from) {
  const auto& [type, time, value, currency, properties, campaign, place] = from;
  return {TextOf(type),     time, value, TextOf(currency), NamedOf(properties),
          TextOf(campaign), place};
}

nb::list ToPython(const std::vector<Fault>& faults) {
  return ListOf(faults, [](const Fault& fault) {
    return Result("Reject")("row"_a = fault.row, "column"_a = fault.column,
                            "reason"_a = fault.reason);
  });
}

nb::object Run(const EngineHandle& handle, nb::handle table, const RecordMapping& mapping,
               std::int64_t batch, bool bulk, nb::handle progress, std::uint64_t total) {
  if (batch < 1 || batch > 100'000) RaiseInvalid("batch: must be 1 to 100,000 rows");
  const std::shared_ptr<Engine> engine = handle.Get();
  TableInput input = TableInput::Of(table);
  auto columns = RecordColumns::Bind(mapping, input);
  if (!columns.ok()) Raise(columns.status());
  Ingest ingest(engine.get(), *std::move(columns), static_cast<std::size_t>(batch), bulk,
                ProgressOf(progress), total);
  Call([&] { return ingest.Run(&input); });
  const Counts& counts = ingest.counts();
  return Result("Ingested")(
      "rows"_a = counts.rows, "applied"_a = counts.applied, "unchanged"_a = counts.unchanged,
      "held"_a = counts.held, "rejected"_a = counts.rejected,
      "held_identifiers"_a = counts.held_identifiers, "left_out_facts"_a = counts.left_out_facts,
      "sequence"_a = counts.sequence, "rejects"_a = ToPython(counts.rejects),
      "left_out"_a = ToPython(counts.left_out));
}

}  // namespace

void BindIngest(nb::module_& module) {
  module.def(
      "ingest",
      [](const EngineHandle& engine, nb::handle table, const TextArgument& source,
         const std::variant<std::int64_t, std::string>& time, const std::optional<std::string>& id,
         const std::optional<std::string>& version, const NamesArgument& identifiers,
         const NamesArgument& others, const NamesArgument& traits,
         const std::vector<std::string>& tags, const NamesArgument& consents,
         const std::optional<EventArgument>& event, std::int64_t batch, bool bulk,
         nb::handle progress, std::uint64_t total) {
        const RecordMapping mapping{TextOf(source),
                                    time,
                                    id,
                                    version,
                                    NamedOf(identifiers),
                                    NamedOf(others),
                                    NamedOf(traits),
                                    tags,
                                    NamedOf(consents),
                                    event ? std::optional(EventOf(*event)) : std::nullopt};
        return Run(engine, table, mapping, batch, bulk, progress, total);
      },
      "engine"_a, "table"_a, nb::kw_only(), "source"_a, "time"_a, "id"_a.none(), "version"_a.none(),
      "identifiers"_a, "others"_a, "traits"_a, "tags"_a, "consents"_a, "event"_a.none(), "batch"_a,
      "bulk"_a, "progress"_a.none(), "total"_a);
}

}  // namespace polyonym::python
