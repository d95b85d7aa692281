#include "polyonym/batch/resolve.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "batch/numbering.h"
#include "batch/rows.h"
#include "batch/texts.h"
#include "engine/definition.h"
#include "engine/threads.h"

namespace polyonym::batch {

namespace {

// Observations and binds of role self: rows.
bool IsPlain(const Record& record) {
  return (record.act == Act::kObserve || record.act == Act::kBind) && !record.folded &&
         std::all_of(record.identifiers.begin(), record.identifiers.end(),
                     [](const RecordIdentifier& i) { return i.role == Role::kSelf; });
}

Partition PartitionOf(const engine::Definition::Solved& solved) {
  absl::flat_hash_map<engine::Node, std::vector<Identifier>> groups;
  for (engine::Node i = 0; i < solved.names.size(); ++i) {
    const engine::Node node = solved.node[i];
    if (solved.live[node] > 0 && !solved.HasLives(i))
      groups[solved.group[node]].push_back(solved.names[i]);
  }
  Partition partition;
  partition.groups.reserve(groups.size());
  for (auto& [root, members] : groups) {
    std::sort(members.begin(), members.end());
    // Two lives of one value may be one person's.
    members.erase(std::unique(members.begin(), members.end()), members.end());
    partition.groups.push_back(std::move(members));
  }
  std::sort(partition.groups.begin(), partition.groups.end());
  return partition;
}

// Plain records, laid down as rows.
class PlainRecords {
 public:
  std::size_t size() const { return times_.size(); }
  // The cells, and those of what could be derived from them, have to have numbers.
  bool HasRoomFor(const Record& record) const {
    return cells_.size() + record.identifiers.size() < kMostCells;
  }

  // REQUIRES: of good shape, plain.
  void Add(const Record& record) {
    for (const RecordIdentifier& i : record.identifiers)
      cells_.push_back(Keep(i.value, kind_cache_.Of(i.ns).kind));
    ends_.push_back(cells_.size());
    times_.push_back(*record.time_ms);
    versions_.push_back(record.version.value_or(*record.time_ms));
    acts_.push_back(record.act);
    if (!record.facts.empty()) facts_.emplace(size() - 1, record.facts);
    const std::uint32_t source = source_cache_.Of(record.source).kind;
    ids_.push_back(Keep(record.id.empty() ? ToString(HashContent(record)) : record.id, source));
  }

  Record At(std::size_t row) const {
    Record record;
    record.source = std::string(sources_.NameOf(ids_[row].kind));
    record.id = std::string(ids_[row].view());
    record.time_ms = times_[row];
    record.version = versions_[row];
    record.act = acts_[row];
    for (std::size_t cell = row == 0 ? 0 : ends_[row - 1]; cell < ends_[row]; ++cell)
      record.identifiers.push_back({std::string(kinds_.NameOf(cells_[cell].kind)),
                                    std::string(cells_[cell].view()), Role::kSelf});
    if (const auto at = facts_.find(row); at != facts_.end()) record.facts = at->second;
    return record;
  }

  Solution Solve(const RowOptions& options) const {
    Kinds kinds(0);
    for (const std::string& ns : kinds_.names()) kinds.Add(ns);
    Numbering numbering = NumberTexts(TextsOf(cells_, kinds), options.threads);
    const Numbering keys = NumberTexts(TextsOf(ids_, sources_), options.threads);
    Rows rows;
    rows.count = size();
    rows.ends = ends_;
    rows.times = times_;
    rows.versions = versions_;
    rows.acts = acts_;
    rows.keys = keys.number_of;
    rows.content = [this](std::size_t row) { return HashContent(At(row)); };
    return SolveRows(rows, &numbering, options, &kinds);
  }

 private:
  static constexpr std::size_t kMostCells = kNone / 16;

  Text Keep(std::string_view text, Kind kind) {
    return {store_.Keep(text), static_cast<std::uint32_t>(text.size()), kind};
  }

  TextStore store_;
  Kinds kinds_{0}, sources_{0};
  KindCache kind_cache_{&kinds_}, source_cache_{&sources_};
  std::vector<Text> cells_, ids_;  // of an id the kind is the source
  std::vector<std::uint64_t> ends_;
  std::vector<std::int64_t> times_, versions_;
  std::vector<Act> acts_;
  absl::flat_hash_map<std::size_t, std::string> facts_;  // by row
};

}  // namespace

// Records are rows as long as all are plain; from the first that is not, all are put before the definition.
class MemoryResolver::Impl {
 public:
  Impl(std::shared_ptr<const CompiledPolicy> policy, const RecordLimits& limits,
       std::int64_t now_ms)
      : limits_(limits), now_ms_(now_ms), policy_(std::move(policy)) {}

  Reason Add(const Record& record) {
    const Reason reason = CheckShape(record, limits_, now_ms_);
    if (reason != Reason::kNone) return reason;
    if (plain_ != nullptr && !(IsPlain(record) && plain_->HasRoomFor(record))) Define();
    plain_ != nullptr ? plain_->Add(record) : definition_->Add(record);
    return reason;
  }

  Partition Resolve(const ResolveOptions& options) const {
    if (plain_ == nullptr)
      return PartitionOf(definition_->Solve(options.clock_ms, options.up_to_ms));
    const Solution solution = plain_->Solve(With(options));
    return batch::PartitionOf(solution.nodes, solution.group, solution.groups);
  }

  std::uint64_t held_records() const {
    if (plain_ == nullptr) return definition_->held_records();
    const std::vector<Reason> reasons = plain_->Solve(With({})).row_reason;
    return static_cast<std::uint64_t>(std::count_if(reasons.begin(), reasons.end(), [](Reason r) {
      return r >= Reason::kUndeclaredNamespace && r < Reason::kMissingSource;
    }));
  }

 private:
  RowOptions With(const ResolveOptions& options) const {
    return {policy_, limits_, now_ms_, options.clock_ms, options.up_to_ms, engine::ThreadsFor(0)};
  }

  void Define() {
    definition_ = std::make_unique<engine::Definition>(policy_);
    for (std::size_t row = 0; row < plain_->size(); ++row) definition_->Add(plain_->At(row));
    plain_ = nullptr;
  }

  const RecordLimits limits_;
  const std::int64_t now_ms_;
  const std::shared_ptr<const CompiledPolicy> policy_;
  std::unique_ptr<PlainRecords> plain_ = std::make_unique<PlainRecords>();
  std::unique_ptr<engine::Definition> definition_;  // where there is no `plain_`
};

MemoryResolver::MemoryResolver(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MemoryResolver::~MemoryResolver() = default;

absl::StatusOr<std::unique_ptr<MemoryResolver>> MemoryResolver::Create(const Policy& policy,
                                                                       const RecordLimits& limits,
                                                                       std::int64_t now_ms) {
  if (absl::Status status = Validate(limits); !status.ok()) return status;
  auto compiled = CompiledPolicy::Compile(policy);
  if (!compiled.ok()) return compiled.status();
  return std::unique_ptr<MemoryResolver>(
      new MemoryResolver(std::make_unique<Impl>(*std::move(compiled), limits, now_ms)));
}

Reason MemoryResolver::Add(const Record& record) { return impl_->Add(record); }
std::uint64_t MemoryResolver::held_records() const { return impl_->held_records(); }
Partition MemoryResolver::Resolve(const ResolveOptions& options) const {
  return impl_->Resolve(options);
}

}  // namespace polyonym::batch
