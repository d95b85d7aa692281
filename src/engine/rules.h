// engine/rules.h - the policy in force over the namespaces that the store has seen, ready for the rule.
//
// Namespaces with their scopes are interned as kinds, in order of first appearance. Adding a kind makes a new Rules object;
// readers keep the one of their commit.
//
// THREADS: immutable after making.
#ifndef POLYONYM_SRC_ENGINE_RULES_H_
#define POLYONYM_SRC_ENGINE_RULES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/cells.h"
#include "model/name_table.h"
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

  static constexpr std::uint32_t kRankEpochs = 1u << 15;

  // `kinds` in their order; those that the policy does not name keep their number and count for nothing. `rank_epoch`, under
  // kRankEpochs, differs from that of the rules before where links may rank otherwise.
  static std::shared_ptr<const Rules> Make(std::shared_ptr<const CompiledPolicy> policy,
                                           std::uint64_t version, std::uint32_t rank_epoch,
                                           std::vector<std::string> kinds);

  const CompiledPolicy& policy() const { return *policy_; }
  std::shared_ptr<const CompiledPolicy> shared_policy() const { return policy_; }
  std::uint64_t version() const { return version_; }
  std::uint32_t rank_epoch() const { return rank_epoch_; }
  Ranking ranking() const { return policy_->policy().ranking; }

  const std::vector<std::string>& kinds() const { return kinds_; }
  // kNone where it was never seen.
  Kind FindKind(std::string_view ns) const {
    static_assert(kNone == NameTable::kNone);
    return kind_of_.Find(ns);
  }
  std::uint32_t FamilyOfKind(Kind kind) const { return family_of_kind_[kind]; }
  std::uint32_t PriorityOf(Kind kind) const { return limits_.kinds[kind].priority; }
  const identity::Limits& limits() const { return limits_; }
  // The slot of a limit is named by the kind and the limit's place; a limit of a whole family, by the first kind of it. So
  // that slots mean the same under every policy, but for the limits that differ.
  static constexpr std::uint32_t kSlotsOfKind = 8;

  // Of a link between two kinds: the shorter of their lifetimes. 0: for ever.
  std::int64_t LinkLifetime(Kind a, Kind b) const {
    const std::int64_t x = lifetime_of_kind_[a], y = lifetime_of_kind_[b];
    return x == 0 || (y != 0 && y < x) ? y : x;
  }
  // How long a value of the kind names one identifier. 0: for ever.
  std::int64_t ValidityOf(Kind kind) const { return validity_of_kind_[kind]; }
  bool has_validity() const { return has_validity_; }
  const std::vector<GuardRule>& GuardsOf(Kind kind) const { return guards_of_kind_[kind]; }
  // No guard of the kind minds so many neighbours.
  std::uint32_t NeverShared(Kind kind) const { return never_shared_[kind]; }
  bool GuardCounts(const GuardRule& guard, Kind neighbour) const {
    return guard.of.empty() || kinds_[neighbour] == guard.of ||
           FamilyOf(kinds_[neighbour]) == guard.of;
  }
  // Position of the kind by its name: the order of namespaces, without comparing text.
  std::uint32_t NameRank(Kind kind) const { return name_rank_[kind]; }

 private:
  std::shared_ptr<const CompiledPolicy> policy_;
  std::uint64_t version_ = 0;
  std::uint32_t rank_epoch_ = 0;
  std::vector<std::string> kinds_;
  NameTable kind_of_;
  std::vector<std::uint32_t> family_of_kind_;
  std::vector<std::uint32_t> name_rank_;
  std::vector<std::int64_t> lifetime_of_kind_;
  std::vector<std::int64_t> validity_of_kind_;
  bool has_validity_ = false;
  identity::Limits limits_;
  std::vector<std::vector<GuardRule>> guards_of_kind_;
  std::vector<std::uint32_t> never_shared_;
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_RULES_H_
