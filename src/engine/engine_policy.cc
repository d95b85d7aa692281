// Policies, the clock, and the graphs that a store has.
#include <algorithm>
#include <string>
#include <utility>

#include "engine/engine_impl.h"
#include "polyonym/campaign/campaign.h"
#include "polyonym/campaign/reach.h"
#include "polyonym/codec/proto.h"
#include "polyonym/segment/evaluate.h"

namespace polyonym {
namespace {

// That campaigns have a meaning among these definitions, and rules of reach name zones that there are.
absl::Status CheckCampaigns(const Definitions& definitions) {
  if (auto campaigns = CompiledCampaigns::Compile(definitions, definitions.campaigns);
      !campaigns.ok())
    return absl::InvalidArgumentError("definitions." + std::string(campaigns.status().message()));
  if (absl::Status status = CheckReach(definitions.reach); !status.ok())
    return absl::InvalidArgumentError("definitions.reach." + std::string(status.message()));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PolicyResult> Engine::Impl::SetPolicy(const Policy& policy,
                                                     const PolicyOptions& options) {
  const engine::TimedCall call(recorder_, recorder_.set_policy);
  auto compiled = CompiledPolicy::Compile(policy);
  if (!compiled.ok()) return compiled.status();
  const std::string bytes = WritePolicyProto(policy);
  // What is logged must be what is opened again.
  const auto read = ReadPolicyProto(bytes);
  if (!read.ok()) {
    return absl::InvalidArgumentError("the policy holds what protobuf cannot write: " +
                                      std::string(read.status().message()));
  }
  if (*read != policy)
    return absl::InvalidArgumentError("the policy holds what protobuf cannot write");
  if (absl::Status status = CheckGraphName(options.graph); !status.ok()) return status;
  if (auto segments = CompiledSegments::Compile(policy.definitions); !segments.ok())
    return absl::InvalidArgumentError("definitions." + std::string(segments.status().message()));
  if (absl::Status status = CheckCampaigns(policy.definitions); !status.ok()) return status;
  PolicyResult result;
  Job job;
  job.alone = true;
  job.run = [&] {
    std::uint32_t graph = 0;
    while (graph < lenses_.size() && lenses_[graph]->name != options.graph) ++graph;
    if (graph == engine::Lens::kMaxGraphs)
      return absl::ResourceExhaustedError("graph: a store has at most 16");
    job.graph = graph;
    if (graph < lenses_.size()) {
      const engine::Rules& rules = *lenses_[graph]->core->rules();
      if (options.if_version && *options.if_version != rules.version())
        return absl::AbortedError(
            "if_version: another policy was put in force; read it and try again");
      if (rules.version() != 0 && rules.policy().policy() == policy) return absl::OkStatus();
    }
    log_.AppendPolicy(last_sequence_ + 1, bytes, graph, options.graph);
    WriteSet writes;
    if (absl::Status status = CommitLog(&writes, true); !status.ok()) {
      Latch(status);
      return status;
    }
    const engine::Core::Effect effect =
        PutPolicy(graph, options.graph, *compiled, options.progress);
    result.judged_records = effect.judged_records;
    result.changed_records = effect.changed_records;
    result.replayed_profiles = effect.replayed_profiles;
    return absl::OkStatus();
  };
  if (absl::Status status = Submit(&job); !status.ok()) return status;
  recorder_.rejudged_records.Add(result.judged_records);
  result.sequence = job.sequence;
  result.changes = std::move(job.changes);
  return result;
}

absl::Status Engine::Impl::CheckGraphName(const std::string& name) {
  constexpr std::size_t kMaxName = 64;
  if (name.empty() || (IsValidNamespace(name) && ScopeOf(name).empty() && name.size() <= kMaxName))
    return absl::OkStatus();
  return absl::InvalidArgumentError(
      "graph: a name is up to 64 letters, digits and _ . $ -; the first graph has none");
}

// A name that the next graph may have.
bool Engine::Impl::IsNewGraphName(const std::string& name) const {
  return CheckGraphName(name).ok() &&
         std::none_of(lenses_.begin(), lenses_.end(),
                      [&](const auto& lens) { return lens->name == name; });
}

// Puts a policy in force in a graph, which is made where it is not there yet.
engine::Core::Effect Engine::Impl::PutPolicy(std::uint32_t graph, const std::string& name,
                                             std::shared_ptr<const CompiledPolicy> policy,
                                             const engine::Core::Progress& progress) {
  if (graph < lenses_.size()) {
    engine::Core& core = *lenses_[graph]->core;
    return core.PutRules(std::move(policy), core.rules()->version() + 1, progress);
  }
  auto lens = std::make_shared<engine::Lens>(graph, name, &first().index, first().settings());
  lens->Start(&log_, engine::Rules::Make(std::move(policy), 1, 0, {}));
  lens->Begin(last_sequence_ + 1);
  const engine::Core::Effect effect = lens->core->TakeHistory(*first().core, progress);
  const std::lock_guard lock(lenses_mutex_);
  lenses_.push_back(std::move(lens));
  return effect;
}

std::vector<std::string> Engine::Impl::Graphs() const {
  const std::lock_guard lock(lenses_mutex_);
  std::vector<std::string> names;
  for (const auto& lens : lenses_) {
    if (lens->publisher.newest() != nullptr) names.push_back(lens->name);
  }
  return names;
}

std::uint64_t Engine::Impl::resident_bytes() const {
  const std::lock_guard lock(lenses_mutex_);
  const PageMemory* paged = lenses_.front()->index.memory.get();
  std::uint64_t bytes = paged != nullptr ? paged->stats().resident_bytes : 0;
  for (const auto& lens : lenses_) {
    bytes += lens->profiles.bytes();
    const auto state = lens->publisher.newest();
    if (paged == nullptr && state != nullptr) bytes += state->resident.total();
  }
  return bytes;
}

std::shared_ptr<engine::Lens> Engine::Impl::FindLens(std::string_view graph) const {
  const std::lock_guard lock(lenses_mutex_);
  for (const auto& lens : lenses_) {
    if (lens->name == graph && lens->publisher.newest() != nullptr) return lens;
  }
  return nullptr;
}

absl::Status Engine::Impl::CheckClock(std::int64_t now_ms) const {
  const engine::Core& core = *lenses_.front()->core;
  if (now_ms < core.clock_ms()) {
    return absl::InvalidArgumentError(
        "now_ms: the store's clock stands later already (" + std::to_string(core.clock_ms()) +
        " ms since 1970), and never goes back; check the host's clock");
  }
  const std::int64_t host = options_.now_ms ? options_.now_ms() : 0;
  const std::int64_t known = std::max({core.clock_ms(), core.newest_ms(), host});
  if (options_.max_clock_leap_ms != 0 && known != 0 && now_ms > known &&
      now_ms - known > options_.max_clock_leap_ms) {
    return absl::InvalidArgumentError(
        "now_ms: leaps " + std::to_string((now_ms - known) / 86'400'000) +
        " days over what is known of the time (the clock, the newest record, "
        "the host's clock); check the host's clock and the unit "
        "(milliseconds), or raise max_clock_leap_ms");
  }
  return absl::OkStatus();
}

absl::StatusOr<AdvanceResult> Engine::Impl::AdvanceTo(std::int64_t now_ms) {
  const engine::TimedCall call(recorder_, recorder_.advance_to);
  AdvanceResult result;
  Job job;
  job.run = [&] {
    if (absl::Status status = CheckClock(now_ms); !status.ok()) return status;
    if (now_ms == first().core->clock_ms()) return absl::OkStatus();
    log_.AppendClock(last_sequence_ + 1, now_ms);
    for (const auto& lens : lenses_) {
      const engine::Core::Effect effect = lens->core->AdvanceTo(now_ms);
      result.expired_links += effect.expired_links;
      result.replayed_profiles += effect.replayed_profiles;
    }
    return absl::OkStatus();
  };
  if (absl::Status status = Submit(&job); !status.ok()) return status;
  recorder_.expired_links.Add(result.expired_links);
  result.sequence = job.sequence;
  result.changes = std::move(job.changes);
  return result;
}

}  // namespace polyonym
