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
                                         std::uint64_t version, std::uint32_t rank_epoch,
                                         std::vector<std::string> kinds) {
  auto rules = std::make_shared<Rules>();
  rules->policy_ = std::move(policy);
  rules->version_ = version;
  rules->rank_epoch_ = rank_epoch;
  rules->kinds_ = std::move(kinds);
  const Policy& p = rules->policy_->policy();
  rules->limits_.max_nodes = p.max_identifiers_per_profile;
  rules->limits_.slots.resize(rules->kinds_.size() * kSlotsOfKind);
  rules->lifetime_of_kind_.resize(rules->kinds_.size());
  rules->validity_of_kind_.resize(rules->kinds_.size());
  std::map<std::uint32_t, Kind> first_of_family;
  for (Kind kind = 0; kind < rules->kinds_.size(); ++kind) {
    rules->kind_of_.Add(rules->kinds_[kind], kind);
    const std::uint32_t family = rules->policy_->FindFamily(rules->kinds_[kind]);
    rules->family_of_kind_.push_back(family);
    identity::KindRules& k = rules->limits_.kinds.emplace_back();
    std::vector<GuardRule>& guards = rules->guards_of_kind_.emplace_back();
    if (family == kUndeclared) continue;
    const NamespacePolicy& n = p.namespaces[family];
    k.priority = n.priority;
    guards = GuardsOfFamily(p, n);
    rules->lifetime_of_kind_[kind] = n.link_lifetime_ms;
    rules->validity_of_kind_[kind] = n.validity_ms;
    rules->has_validity_ |= n.validity_ms != 0;
    const Kind first = first_of_family.emplace(family, kind).first->second;
    for (std::uint32_t i = 0; i < n.limits.size(); ++i) {
      const Limit& limit = n.limits[i];
      k.windowed |= limit.window_ms != 0;
      const std::uint32_t slot = (limit.per_scope ? kind : first) * kSlotsOfKind + i;
      rules->limits_.slots[slot] = {limit.max, limit.window_ms, limit.per_scope ? kind : first,
                                    !limit.per_scope};
      k.slots.push_back(slot);
    }
  }
  for (const std::vector<GuardRule>& guards : rules->guards_of_kind_) {
    std::uint32_t& never = rules->never_shared_.emplace_back(~std::uint32_t{0});
    for (const GuardRule& guard : guards) never = std::min(never, guard.max_neighbours);
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
