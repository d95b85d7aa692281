#include "engine/policy_delta.h"

#include <algorithm>
#include <map>

namespace polyonym::engine {
namespace {

// Whether a limit holds records that name two values.
bool HasLimitOfOne(const NamespacePolicy& ns, bool per_scope) {
  return std::any_of(ns.limits.begin(), ns.limits.end(), [&](const Limit& limit) {
    return limit.max == 1 && limit.window_ms == 0 && limit.per_scope == per_scope;
  });
}

bool JudgesAlike(const NamespacePolicy& a, const NamespacePolicy& b) {
  return a.normaliser == b.normaliser && a.region == b.region &&
         a.blocked_values == b.blocked_values && a.blocked_patterns == b.blocked_patterns &&
         a.valid_pattern == b.valid_pattern && a.builtin_blocks == b.builtin_blocks &&
         a.derived == b.derived && HasLimitOfOne(a, false) == HasLimitOfOne(b, false) &&
         HasLimitOfOne(a, true) == HasLimitOfOne(b, true);
}

void AddOnlyIn(const NamespacePolicy& ns, PolicyDelta* delta) {
  delta->judging.insert(ns.name);
  delta->limits.insert(ns.name);
  if (ns.validity_ms != 0) delta->validity.insert(ns.name);
  if (!ns.parent.empty()) delta->parents.insert(ns.name);
}

void AddDifference(const NamespacePolicy& a, const NamespacePolicy& b, PolicyDelta* delta) {
  if (!JudgesAlike(a, b)) delta->judging.insert(a.name);
  if (a.validity_ms != b.validity_ms) delta->validity.insert(a.name);
  if (a.parent != b.parent) delta->parents.insert(a.name);
  if (a.priority != b.priority) delta->priorities.insert(a.name);
  if (a.limits != b.limits) delta->limits.insert(a.name);
  if (a.guards != b.guards) delta->guards.insert(a.name);
  if (a.link_lifetime_ms != b.link_lifetime_ms) delta->lifetimes.insert(a.name);
}

// What is derived from a family is judged with it.
void AddOrigins(const Policy& policy, PolicyDelta* delta) {
  for (const NamespacePolicy& ns : policy.namespaces) {
    for (const Derived& derived : ns.derived) {
      if (delta->judging.contains(FamilyOf(derived.ns))) delta->judging.insert(ns.name);
      if (delta->validity.contains(FamilyOf(derived.ns))) delta->validity.insert(ns.name);
    }
  }
}

}  // namespace

PolicyDelta Compare(const Policy& before, const Policy& after) {
  PolicyDelta delta;
  delta.ranking = before.ranking != after.ranking;
  delta.max_nodes = before.max_identifiers_per_profile != after.max_identifiers_per_profile;
  delta.default_guard = before.default_max_neighbours != after.default_max_neighbours;
  delta.undeclared = before.undeclared != after.undeclared;
  std::map<std::string, const NamespacePolicy*> old;
  for (const NamespacePolicy& ns : before.namespaces) old[ns.name] = &ns;
  for (const NamespacePolicy& ns : after.namespaces) {
    if (const auto at = old.find(ns.name); at != old.end()) {
      AddDifference(*at->second, ns, &delta);
      old.erase(at);
    } else {
      AddOnlyIn(ns, &delta);
    }
  }
  for (const auto& [name, ns] : old) AddOnlyIn(*ns, &delta);
  AddOrigins(before, &delta);
  AddOrigins(after, &delta);
  return delta;
}

}  // namespace polyonym::engine
