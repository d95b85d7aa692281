// harness/naive.h - docs/rule.md computed slowly and literally: the specification in code.
//
// Use it as the measure of everything faster: the engine, the batch resolver, the bulk loader. It knows of no index, no
// increment and no store; it reads model/*.h and nothing else of the library. Every step names its section of docs/rule.md.
//
// A Flip turns one condition of the rule wrong. Law tests show that every flip is noticed by the comparison of two States
// on random histories; so a defect of that kind in the engine would be noticed too.
//
// THREADS: immutable after construction.  COST: about links times the size of groups; meant for some hundred records.
#ifndef POLYONYM_TESTS_HARNESS_NAIVE_H_
#define POLYONYM_TESTS_HARNESS_NAIVE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "polyonym/model/judge.h"
#include "polyonym/model/outcome.h"
#include "polyonym/model/policy.h"
#include "polyonym/model/record.h"

namespace polyonym::harness {

// One condition of the rule, turned wrong. The number is the section of docs/rule.md that it breaks.
enum class Flip : int {
  kNone = 0,
  kLastArrivalStands,         // 1.1 versions do not matter
  kTombstoneLosesTies,        // 1.1
  kSmallerHashStands,         // 1.1
  kDeleteSourceSparesActs,    // 1.2
  kDeleteSourceVoidsItsKind,  // 1.2 delete_source records are voided too
  kDeleteSourceBefore,        // 1.2 not at t itself
  kRenameIgnored,             // 2
  kRenameSpeltOld,            // 2
  kRenameSpeltByFirst,        // 2 the earliest rename, not the latest
  kRenameTieToSmaller,        // 2 the smaller (source, id) at equal times
  kDeleteBefore,              // 3.1 not at t itself
  kDeleteForEver,             // 3.1 sightings after t too
  kDeleteSparesMustLinks,     // 3.1
  kDeleteByName,              // 3.1 one name of a class only
  kOthersLink,                // 3.2 role other is linked too
  kBindIsNoSighting,          // 3.2
  kUnbindBefore,              // 3.3 not at t itself
  kUnbindForEver,             // 3.3 sightings after t too
  kUnbindSparesChildren,      // 3.3
  kUnbindOneWay,              // 3.3 children of the second only
  kUnbindNeedsLiveParent,     // 3.3 a voided sighting of parent and child does not count
  kUnbindChildrenAtAnyTime,   // 3.3 parent and child seen together after t count
  kUnbindVoidsMustLinks,      // 3.4
  kOthersAreNoMention,        // 3.5
  kRenameIsNoMention,         // 3.5
  kFirstIsLast,               // 3.5 a node's first sighting is its latest
  kCountWithoutForced,        // 4.1
  kLastWithoutForced,         // 4.1
  kGuardOffByOne,             // 4.2
  kGuardCountsForced,         // 4.2
  kGuardNeverReleased,        // 4.2 counts what does not stand any more
  kGuardSkipsShared,          // 4.2 shared neighbours are not counted
  kGuardIgnoresScope,         // 4.2 `of` with a scope counts the family
  kDefaultGuardNever,         // 4.2
  kDefaultGuardAlways,        // 4.2 also where the family has a guard for any
  kForcedBeatsGuard,          // 4.3 a must-link is not inert
  kForcedNotFirst,            // 4.3
  kPriorityIgnored,           // 4.3
  kTimeReversed,              // 4.3
  kTieToGreater,              // 4.3
  kSizeOffByOne,              // 5
  kSizeCountsNames,           // 5 every name of a class
  kLimitOffByOne,             // 5
  kScopeIgnored,              // 5 a limit per scope counts the family
  kFamilyPerScope,            // 5 a limit of the family counts by scope
  kWindowInclusive,           // 5 a span of exactly window_ms counts
  kWindowIgnored,             // 5
  kForcedBeatsLimits,         // 5
  kCannotLinkIgnored,         // 5
  kCannotLinkByPath,          // 5 only the link between the two is refused
  kCount,
};
std::string_view ToString(Flip flip);

using Pair = std::pair<Identifier, Identifier>;  // smaller first
using Group = std::vector<Identifier>;           // sorted

Pair MakePair(const Identifier& a, const Identifier& b);

struct LinkState {
  std::int64_t first_ms = 0;  // of all sightings, forced or not
  std::int64_t last_ms = 0;
  std::uint32_t seen = 0;  // sightings that are not forced
  bool forced = false;
  bool kept = false;
  friend bool operator==(const LinkState&, const LinkState&) = default;
};

// What two engines must agree on, by identifiers and not by numbers.
struct State {
  std::vector<Group> groups;    // every name of every mentioned node; sorted
  std::set<Identifier> shared;  // every name of every shared node
  std::set<Identifier> gone;    // named by a stored record, and mentioned no more
  // Every pair with a sighting, inert ones too; nodes by their spelling.
  std::map<Pair, LinkState> links;
  friend bool operator==(const State&, const State&) = default;
};

// The first few differences, one a line; empty where there are none.
std::string Difference(const State& want, const State& got);

// Why a group may not be.
enum class Refusal : std::uint8_t { kSize, kLimit, kWindow, kApart };
struct Violation {
  Refusal refusal = Refusal::kSize;
  std::string ns;           // kLimit, kWindow: the family, or family/scope
  std::uint32_t limit = 0;  // the number that was passed
};

class NaiveWorld {
 public:
  // What became of a record.
  struct Entry {
    Record record;  // id, time and version filled in
    ContentHash hash;
    RecordVerdict verdict;
    Outcome outcome = Outcome::kRejected;  // when it came, given what came before it
    Reason reason = Reason::kNone;
    bool stands = false;
    bool voided = false;  // by a delete_source
    bool live = false;
  };

  // `records` in order of arrival; malformed ones among them are rejected.
  NaiveWorld(std::shared_ptr<const CompiledPolicy> policy, std::span<const Record> records,
             Flip flip = Flip::kNone, const RecordLimits& limits = {});

  const State& state() const { return state_; }
  const std::vector<Entry>& entries() const { return entries_; }

  // The node that an identifier stands for: itself, or the spelling of its class.
  Identifier NodeOf(const Identifier& name) const;
  // Every name of a node, sorted.
  Group NamesOf(const Identifier& node) const;
  bool IsMentioned(const Identifier& node) const { return first_ms_.contains(node); }
  bool IsShared(const Identifier& node) const { return shared_.contains(node); }
  std::int64_t FirstMs(const Identifier& node) const { return first_ms_.at(node); }
  // Nodes of the group of a mentioned node, sorted.
  Group GroupOf(const Identifier& node) const;
  // What forbids these nodes to be one group; empty: nothing.
  std::vector<Violation> Violations(const Group& nodes) const;
  // The record's primary, as a node (section 6); none where it has no self identifier that counts.
  std::optional<Identifier> PrimaryOf(const Entry& entry) const;
  // Whether a sighted pair has a shared end.
  bool IsInert(const Pair& pair) const;
  // Of a sighted pair: the records that saw it, forced or not, as "source/id", and their sources.
  std::set<std::string> RecordsOf(const Pair& pair) const;
  std::set<std::string> SourcesOf(const Pair& pair) const;
  std::uint32_t PriorityOf(const Identifier& identifier) const;
  // Whether the first of two sighted pairs goes first (4.3).
  bool TakenBefore(const Pair& a, const Pair& b) const;

 private:
  struct Sighting {
    std::int64_t time_ms = 0;
    bool forced = false;
    std::string source;
    std::string record;
  };
  struct Link {
    LinkState state;
    std::size_t count = 0;  // of all sightings
    std::vector<Sighting> sightings;
  };

  bool Is(Flip flip) const { return flip_ == flip; }
  std::uint32_t FamilyIndex(const Identifier& identifier) const {
    return policy_->FindFamily(identifier.ns);
  }
  const NamespacePolicy& NamespaceOf(const Identifier& identifier) const;
  std::vector<Identifier> Nodes(const Entry& entry, bool self_only) const;
  bool Deleted(const Entry& entry, const Identifier& node) const;
  bool Unbound(const Pair& pair, std::int64_t time_ms) const;

  bool StandsBefore(const Entry& a, const Entry& b) const;                        // 1.1
  void TakeRecords(std::span<const Record> records, const RecordLimits& limits);  // 1.1, 1.3
  void VoidSources();                                                             // 1.2, 1.4
  void JoinClasses();                                                             // 2
  void ReadDeletes();                                                             // 3.1
  void ReadUnbinds();                                                             // 3.3
  void UnbindChildren(const Identifier& a, const Identifier& parent, std::int64_t time_ms);  // 3.3
  void GatherSightings();                                           // 3.2, 3.4
  void GatherMentions();                                            // 3.5
  void WeighLinks();                                                // 4.1
  void MarkShared();                                                // 4.2
  std::set<Identifier> NeighboursOf(const Identifier& node) const;  // 4.2
  void JoinGroups();                                                // 5
  void Summarise();

  const std::shared_ptr<const CompiledPolicy> policy_;
  const Flip flip_;
  std::vector<Entry> entries_;
  std::map<Identifier, Identifier> spelling_;         // of every renamed name
  std::map<Identifier, std::int64_t> deleted_until_;  // by node (by name under kDeleteByName)
  std::map<Pair, std::int64_t> unbound_until_;
  std::map<Identifier, std::int64_t> first_ms_;  // of every mentioned node
  std::map<Pair, Link> links_;                   // every pair with a sighting
  std::set<Pair> ever_seen_;                     // pairs of records that do not stand among them
  std::set<Identifier> shared_;
  std::set<Pair> apart_;
  std::map<Identifier, std::shared_ptr<Group>> group_of_;
  State state_;
};

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_HARNESS_NAIVE_H_
