// Facts that were kept long enough go, by Definitions::privacy.retentions; what named somebody stays. docs/erasure.md.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "codec/facts_filter.h"
#include "engine/engine_impl.h"
#include "engine/erase_plan.h"

namespace polyonym {

using engine::Forgetter;
using engine::GoneRecord;
using engine::kNone;
using engine::Node;

namespace {

constexpr std::string_view kOfClass = "class:";

// The rules of a policy by what they are about.
class Retentions {
 public:
  explicit Retentions(const Definitions& definitions) {
    for (const TraitDefinition& trait : definitions.traits)
      classes_[{FieldKind::kTrait, trait.name}] = ToString(trait.klass);
    for (const TagDefinition& tag : definitions.tags)
      classes_[{FieldKind::kTag, tag.name}] = ToString(tag.klass);
    for (const RetentionRule& rule : definitions.privacy.retentions) {
      asks_consents_ |= !rule.unless_granted.empty();
      if (rule.field.starts_with(kOfClass)) {
        by_class_[rule.field.substr(kOfClass.size())].push_back(&rule);
      } else if (const auto field = ParseField(rule.field)) {
        by_field_[{field->first, std::string(field->second)}].push_back(&rule);
      }
    }
  }
  bool empty() const { return by_class_.empty() && by_field_.empty(); }
  bool asks_consents() const { return asks_consents_; }

  // How long a fact is kept of somebody who granted some purposes; nothing: for ever. A rule that names the field goes before one for all of
  // its kind or class.
  std::optional<std::int64_t> KeepOf(FieldKind kind, std::string_view name,
                                     const std::set<std::string>& granted) const {
    if (const auto keep = Shortest(by_field_, std::pair(kind, std::string(name)), granted))
      return keep;
    std::optional<std::int64_t> keep =
        Shortest(by_field_, std::pair(kind, std::string("*")), granted);
    const auto klass = classes_.find({kind, std::string(name)});
    if (klass == classes_.end()) return keep;
    const auto of_class = Shortest(by_class_, klass->second, granted);
    if (!keep || !of_class) return keep ? keep : of_class;
    return std::min(*keep, *of_class);
  }

 private:
  template <class Rules, class Key>
  static std::optional<std::int64_t> Shortest(const Rules& rules, const Key& key,
                                              const std::set<std::string>& granted) {
    std::optional<std::int64_t> keep;
    const auto at = rules.find(key);
    if (at == rules.end()) return keep;
    for (const RetentionRule* rule : at->second) {
      if (!rule->unless_granted.empty() && granted.contains(rule->unless_granted)) continue;
      keep = std::min(keep.value_or(rule->keep_ms), rule->keep_ms);
    }
    return keep;
  }

  std::map<std::pair<FieldKind, std::string>, std::string> classes_;
  std::map<std::pair<FieldKind, std::string>, std::vector<const RetentionRule*>> by_field_;
  std::map<std::string, std::vector<const RetentionRule*>> by_class_;
  bool asks_consents_ = false;
};

}  // namespace

// The profile that a record's facts belong to, in the first graph.
std::optional<ProfileId> Engine::Impl::OwnerOf(const Record& record) const {
  const engine::Core& core = *first().core;
  const engine::Graph& graph = core.graph();
  const CompiledPolicy& policy = core.rules()->policy();
  std::vector<Node> self;
  for (const RecordIdentifier& identifier : record.identifiers) {
    const std::uint32_t family = policy.FindFamily(identifier.ns);
    if (identifier.role != Role::kSelf || family == CompiledPolicy::kUndeclared) continue;
    const Verdict verdict = policy.Judge(family, identifier.value);
    if (verdict.reason != Reason::kNone) continue;
    const Node n = core.FindName(identifier.ns, verdict.value);
    if (n != kNone) self.push_back(graph.LifeAt(n, record.time_ms.value_or(0)));
  }
  return core.PrimaryProfile(self);
}

absl::Status Engine::Impl::RunKeepOnly(std::int64_t now_ms, const View& view,
                                       const EraseOptions& options, ErasePlan* plan) {
  if (absl::Status status = CheckClock(std::max(now_ms, first().core->clock_ms())); !status.ok())
    return status;
  const Definitions& definitions = first().core->rules()->policy().policy().definitions;
  const Retentions retentions(definitions);
  if (retentions.empty()) return absl::OkStatus();
  std::map<std::uint64_t, std::set<std::string>> granted_by;
  absl::Status problem;
  const auto granted_of = [&](const Record& record) -> const std::set<std::string>& {
    static const std::set<std::string> kNothing;
    const auto owner = OwnerOf(record);
    if (!owner) return kNothing;
    const auto [at, is_new] = granted_by.try_emplace(owner->value);
    if (!is_new) return at->second;
    ProfileOptions only;
    only.traits = only.tags = only.ladders = only.contacts = only.scores = false;
    only.relations = only.timeline = only.ambiguous = false;
    auto profile = view.ReadProfile(*owner, only);
    if (!profile.ok() && problem.ok()) problem = profile.status();
    if (!profile.ok()) return kNothing;
    for (const ProfileConsent& consent : profile->consents) {
      if (consent.state == ConsentState::kGranted) at->second.insert(consent.purpose);
    }
    return at->second;
  };
  const auto look = [&](const engine::RecordCell&, const Record& record) {
    Forgetter::Result result;
    if (record.facts.empty()) return result;
    static const std::set<std::string> kNothing;
    const std::set<std::string>& granted =
        retentions.asks_consents() ? granted_of(record) : kNothing;
    std::string facts = record.facts;
    result.facts =
        codec::DropFacts(&facts, record.time_ms.value_or(0),
                         [&](FieldKind kind, std::string_view name, std::int64_t time_ms) {
                           const auto keep = retentions.KeepOf(kind, name, granted);
                           return keep && time_ms <= now_ms && now_ms - time_ms > *keep;
                         });
    result.touched = result.facts > 0;
    if (!result.touched) return result;
    result.record = record;
    result.record->facts = std::move(facts);
    result.left =
        engine::Core::Folds(record.act) ? GoneRecord::Left::kFewerFacts : GoneRecord::Left::kRecord;
    return result;
  };
  if (absl::Status status = PlanErase(look, options.progress, plan); !status.ok()) return status;
  if (!problem.ok()) return problem;
  if (plan->gone.empty() || options.dry_run) return absl::OkStatus();
  CommitErase(plan);
  return CoreStatus();
}

absl::StatusOr<RetentionResult> Engine::Impl::KeepOnly(std::int64_t now_ms,
                                                       const std::function<View()>& read,
                                                       const EraseOptions& options) {
  if (now_ms < 0) return absl::InvalidArgumentError("now_ms: must be 1970 or later");
  RetentionResult result;
  const std::optional<std::uint64_t> until_ns = DeadlineOf(options);
  Job job;
  job.alone = true;
  job.run = [&] {
    ErasePlan plan;
    absl::Status status = RunKeepOnly(now_ms, read(), options, &plan);
    result.removed_facts = plan.counts.removed_facts;
    result.rewritten_records = plan.counts.rewritten_records;
    return status;
  };
  const std::uint64_t sequence_before = publisher().newest()->sequence;
  if (absl::Status status = Submit(&job); !status.ok()) return status;
  result.sequence = job.sequence;
  if (options.dry_run) return result;
  if (job.sequence != sequence_before) {
    if (absl::Status status = CleanLog(); !status.ok()) return status;
  }
  if (options.finish) {
    auto finished = FinishWithin(until_ns);
    if (!finished.ok()) return finished.status();
    result.finished = *finished;
  }
  return result;
}

absl::StatusOr<RetentionResult> Engine::KeepOnly(std::int64_t now_ms, const EraseOptions& options) {
  auto result = impl_->KeepOnly(
      now_ms, [this] { return Read(); }, options);
  if (result.ok() && !options.dry_run)
    impl_->Audit("keep_only", result->removed_facts, result->sequence);
  return result;
}

}  // namespace polyonym
