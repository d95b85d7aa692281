#include "engine/rules.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

namespace polyonym::engine {
namespace {

std::vector<GuardRule> GuardsOfFamily(const Policy& policy, const NamespacePolicy& family) {
  std::vector<GuardRule> guards;
  bool counts_all = false;
  for (const Guard& guard : family.guards) {
    guards.push_back({guard.of, guard.max_neighbours});
    counts_all |= guard.of.empty();
  }
  if (!counts_all && policy.default_max_neighbours != 0)
    guards.push_back({"", policy.default_max_neighbours});
  return guards;
}

}  // namespace

std::shared_ptr<const Rules> Rules::Make(std::shared_ptr<const CompiledPolicy> policy,
                                         std::uint64_t version, std::vector<std::string> kinds) {
  auto rules = std::make_shared<Rules>();
  rules->policy_ = std::move(policy);
  rules->version_ = version;
  rules->kinds_ = std::move(kinds);
  const Policy& p = rules->policy_->policy();
  rules->limits_.max_nodes = p.max_identifiers_per_profile;
  // (family, limit) → slot.
  std::map<std::pair<std::uint32_t, std::size_t>, std::uint32_t> family_slot;
  for (Kind kind = 0; kind < rules->kinds_.size(); ++kind) {
    rules->kind_of_.emplace(rules->kinds_[kind], kind);
    const std::uint32_t family = rules->policy_->FindFamily(rules->kinds_[kind]);
    rules->family_of_kind_.push_back(family);
    identity::KindRules& k = rules->limits_.kinds.emplace_back();
    std::vector<GuardRule>& guards = rules->guards_of_kind_.emplace_back();
    if (family == kUndeclared) continue;
    const NamespacePolicy& n = p.namespaces[family];
    k.priority = n.priority;
    guards = GuardsOfFamily(p, n);
    for (std::size_t i = 0; i < n.limits.size(); ++i) {
      const Limit& limit = n.limits[i];
      k.windowed |= limit.window_ms != 0;
      const auto next = static_cast<std::uint32_t>(rules->limits_.slots.size());
      const identity::Slot slot{limit.max, limit.window_ms, kind, !limit.per_scope};
      if (limit.per_scope) {
        k.slots.push_back(next);
        rules->limits_.slots.push_back(slot);
        continue;
      }
      const auto [at, is_new] = family_slot.emplace(std::pair(family, i), next);
      if (is_new) rules->limits_.slots.push_back(slot);
      k.slots.push_back(at->second);
    }
  }
  std::vector<Kind> by_name(rules->kinds_.size());
  std::iota(by_name.begin(), by_name.end(), 0);
  std::sort(by_name.begin(), by_name.end(),
            [&](Kind x, Kind y) { return rules->kinds_[x] < rules->kinds_[y]; });
  rules->name_rank_.resize(by_name.size());
  for (std::uint32_t i = 0; i < by_name.size(); ++i) rules->name_rank_[by_name[i]] = i;
  return rules;
}

}  // namespace polyonym::engine
