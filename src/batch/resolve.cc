#include "polyonym/batch/resolve.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "engine/definition.h"

namespace polyonym::batch {

class MemoryResolver::Impl {
 public:
  Impl(std::shared_ptr<const CompiledPolicy> policy, const RecordLimits& limits,
       std::int64_t now_ms)
      : limits_(limits), now_ms_(now_ms), definition_(std::move(policy)) {}

  Reason Add(const Record& record) {
    const Reason reason = CheckShape(record, limits_, now_ms_);
    if (reason == Reason::kNone) definition_.Add(record);
    return reason;
  }

  Partition Resolve(const ResolveOptions& options) const {
    const engine::Definition::Solved solved = definition_.Solve(options.clock_ms, options.up_to_ms);
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

  std::uint64_t held_records() const { return definition_.held_records(); }

 private:
  const RecordLimits limits_;
  const std::int64_t now_ms_;
  engine::Definition definition_;
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
