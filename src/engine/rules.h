// engine/rules.h - the policy in force over the namespaces that the store has seen, ready for the rule.
//
// Namespaces with their scopes are interned as kinds, in order of first appearance. Adding a kind makes a new Rules object;
// readers keep the one of their commit.
//
// THREADS: immutable after making.
#ifndef POLYONYM_SRC_ENGINE_RULES_H_
#define POLYONYM_SRC_ENGINE_RULES_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "engine/cells.h"
#include "model/text_hash.h"
#include "polyonym/identity/limits.h"
#include "polyonym/model/judge.h"

namespace polyonym::engine {

// A guard made ready: counts neighbours whose kind matches.
struct GuardRule {
  std::string of;  // empty: all
  std::uint32_t max_neighbours = 0;
};

class Rules {
 public:
  static constexpr std::uint32_t kUndeclared = CompiledPolicy::kUndeclared;

  // `kinds` in their order; those that the policy does not name keep their number and count for nothing.
  static std::shared_ptr<const Rules> Make(std::shared_ptr<const CompiledPolicy> policy,
                                           std::uint64_t version, std::vector<std::string> kinds);

  const CompiledPolicy& policy() const { return *policy_; }
  std::shared_ptr<const CompiledPolicy> shared_policy() const { return policy_; }
  std::uint64_t version() const { return version_; }
  Ranking ranking() const { return policy_->policy().ranking; }

  const std::vector<std::string>& kinds() const { return kinds_; }
  // kNone where it was never seen.
  Kind FindKind(std::string_view ns) const {
    const auto at = kind_of_.find(ns);
    return at == kind_of_.end() ? kNone : at->second;
  }
  std::uint32_t FamilyOfKind(Kind kind) const { return family_of_kind_[kind]; }
  std::uint32_t PriorityOf(Kind kind) const { return limits_.kinds[kind].priority; }
  const identity::Limits& limits() const { return limits_; }
  const std::vector<GuardRule>& GuardsOf(Kind kind) const { return guards_of_kind_[kind]; }
  bool GuardCounts(const GuardRule& guard, Kind neighbour) const {
    return guard.of.empty() || kinds_[neighbour] == guard.of ||
           FamilyOf(kinds_[neighbour]) == guard.of;
  }
  // Position of the kind by its name: the order of namespaces, without comparing text.
  std::uint32_t NameRank(Kind kind) const { return name_rank_[kind]; }

 private:
  std::shared_ptr<const CompiledPolicy> policy_;
  std::uint64_t version_ = 0;
  std::vector<std::string> kinds_;
  absl::flat_hash_map<std::string, Kind, TextHash, std::equal_to<>> kind_of_;
  std::vector<std::uint32_t> family_of_kind_;
  std::vector<std::uint32_t> name_rank_;
  identity::Limits limits_;
  std::vector<std::vector<GuardRule>> guards_of_kind_;
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_RULES_H_
