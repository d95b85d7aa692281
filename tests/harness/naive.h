// harness/naive.h - docs/rule.md computed slowly and literally: the specification in code.
//
// Use it as the measure of everything faster: the engine, the batch resolver, the bulk loader. It knows of no index, no
// increment and no store; it reads model/*.h and nothing else of the library. Every step names its section of docs/rule.md.
// A Flip (harness/flips.h) turns one condition of the rule wrong.
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
#include <utility>
#include <vector>

#include "harness/flips.h"
#include "harness/state.h"
#include "polyonym/model/judge.h"
#include "polyonym/model/outcome.h"
#include "polyonym/model/policy.h"
#include "polyonym/model/record.h"

namespace polyonym::harness {

// Why a group may not be.
enum class Refusal : std::uint8_t { kSize, kLimit, kWindow, kApart };
struct Violation {
  Refusal refusal = Refusal::kSize;
  std::string ns;           // kLimit, kWindow: the family, or family/scope
  std::uint32_t limit = 0;  // the number that was passed
};

class NaiveWorld {
 public:
  // An identifier, a class by its spelling, or one life of a value.
  struct Node {
    Identifier name;
    std::int64_t life = 0;  // when it began; 0 where the value has but one
    friend auto operator<=>(const Node&, const Node&) = default;
  };
  using NodePair = std::pair<Node, Node>;  // smaller first
  using Nodes = std::vector<Node>;         // sorted
  static NodePair MakePair(const Node& a, const Node& b) {
    return a < b ? NodePair(a, b) : NodePair(b, a);
  }

  // What became of a record.
  struct Entry {
    Record record;  // id, time and version filled in
    ContentHash hash;
    RecordVerdict verdict;                 // `ns` of derived ones alone: ask NameOf()
    Outcome outcome = Outcome::kRejected;  // when it came, given what came before it
    Reason reason = Reason::kNone;
    bool stands = false;
    bool voided = false;  // by a delete_source
    bool live = false;
  };

  // `records` in order of arrival; malformed ones among them are rejected.
  NaiveWorld(std::shared_ptr<const CompiledPolicy> policy, std::span<const Record> records,
             std::int64_t clock_ms = 0, Flip flip = Flip::kNone, const RecordLimits& limits = {});

  const State& state() const { return state_; }
  const std::vector<Entry>& entries() const { return entries_; }
  // Every pair with a sighting, of whatever lives.
  std::map<NodePair, LinkState> LinksOfAllLives() const;

  // What the record calls one of its counted identifiers, normalised.
  static Identifier NameOf(const Entry& entry, const RecordVerdict::Counted& counted);
  // The node that an identifier stands for when asked about: itself, the spelling of its class, its last life.
  Node NodeOf(const Identifier& name) const;
  // As a record of that time names it.
  Node NodeAt(const Identifier& name, std::int64_t time_ms) const;
  // When the lives of a value began; empty where its namespace has no validity, or nothing names it.
  const std::vector<std::int64_t>& LivesOf(const Identifier& name) const;
  // Every name of a node, sorted.
  Group NamesOf(const Node& node) const;
  bool IsMentioned(const Node& node) const { return first_ms_.contains(node); }
  bool IsShared(const Node& node) const { return shared_.contains(node); }
  std::int64_t FirstMs(const Node& node) const { return first_ms_.at(node); }
  // Nodes of the group of a mentioned node, sorted; and their names, each once.
  Nodes GroupOf(const Node& node) const { return *group_of_.at(node); }
  Group NamesInGroupOf(const Node& node) const;
  // What forbids these nodes to be one group; empty: nothing.
  std::vector<Violation> Violations(const Nodes& nodes) const;
  // The record's primary (section 6); none where it has no self identifier that counts.
  std::optional<Node> PrimaryOf(const Entry& entry) const;
  // Whether a sighted pair has a shared end; whether its lifetime is over.
  bool IsInert(const NodePair& pair) const;
  bool IsExpired(const NodePair& pair) const { return links_.at(pair).state.expired; }
  // Of a sighted pair: the records that saw it, forced or not, as "source/id", and their sources.
  std::set<std::string> RecordsOf(const NodePair& pair) const;
  std::set<std::string> SourcesOf(const NodePair& pair) const;
  std::uint32_t PriorityOf(const Identifier& name) const { return NamespaceOf(name).priority; }
  // Whether the first of two sighted pairs goes first (4.3).
  bool TakenBefore(const NodePair& a, const NodePair& b) const;

 private:
  struct Sighting {
    std::int64_t time_ms = 0;
    bool forced = false;
    std::string source;
    std::string record;
    std::int64_t last_ms = 0;  // of a record that stands for several
    std::uint32_t count = 1;
  };
  struct Link {
    LinkState state;
    std::size_t count = 0;  // of all sightings
    std::vector<Sighting> sightings;
  };
  // Which of a record's counted identifiers.
  enum class Which : std::uint8_t { kAll, kSelf, kSelfNamed };  // named: not derived

  bool Is(Flip flip) const { return flip_ == flip; }
  std::uint32_t FamilyIndex(const Identifier& name) const { return policy_->FindFamily(name.ns); }
  const NamespacePolicy& NamespaceOf(const Identifier& name) const {
    return policy_->policy().namespaces[FamilyIndex(name)];
  }
  std::int64_t ValidityOf(const Identifier& name) const;
  // What voids up to a time voids a record that stands for several when it is up to the last of them.
  static std::int64_t LastMs(const Record& record) {
    return record.folded ? record.folded->last_ms : record.time_ms.value_or(0);
  }
  Nodes NodesIn(const Entry& entry, Which which) const;
  std::set<NodePair> PairsIn(const Entry& entry) const;
  bool IsDerivedFrom(const Entry& entry, std::uint32_t of, std::uint32_t from) const;
  bool Deleted(const Entry& entry, const Node& node) const;
  bool Unbound(const NodePair& pair, std::int64_t time_ms) const;
  bool BeginsLives(const Entry& entry) const;
  bool DeletedByName(const Entry& entry, const Identifier& name) const;

  bool StandsBefore(const Entry& a, const Entry& b) const;                        // 1.1
  void TakeRecords(std::span<const Record> records, const RecordLimits& limits);  // 1.1, 1.3
  RecordVerdict Judge(const Record& record) const;                                // 1.3
  void VoidSources();                                                             // 1.2, 1.4
  void JoinClasses();                                                             // 2
  void BeginLives();                                                              // 2
  void ReadDeletes();                                                             // 3.1
  void ReadUnbinds();                                                             // 3.3
  void UnbindChildren(const Node& a, const Node& parent, std::int64_t time_ms);   // 3.3
  void GatherSightings();                                                         // 3.2, 3.4
  void GatherMentions();                                                          // 3.5
  void WeighLinks();                                                              // 4.1
  bool LifetimeIsOver(const NodePair& pair, const LinkState& state) const;        // 4.1
  void MarkShared();                                                              // 4.2
  std::set<Node> NeighboursOf(const Node& node) const;                            // 4.2
  void CheckLimit(const NamespacePolicy& ns, const Limit& limit, const Nodes& nodes,
                  std::vector<Violation>* out) const;  // 5
  void ReadCannotLinks();                              // 5
  void JoinGroups();                                   // 5
  bool MayJoin(const NodePair& pair, const Nodes& joined) const;
  void Summarise();

  const std::shared_ptr<const CompiledPolicy> policy_;
  const std::int64_t clock_ms_;
  const Flip flip_;
  std::vector<Entry> entries_;
  std::map<Identifier, Identifier> spelling_;  // of every renamed name
  std::map<Identifier, std::vector<std::int64_t>> lives_;
  std::map<Node, std::int64_t> deleted_until_;  // by node (by name under kDeleteByName)
  std::map<NodePair, std::int64_t> unbound_until_;
  std::map<Node, std::int64_t> first_ms_;  // of every mentioned node
  std::map<NodePair, Link> links_;         // every pair with a sighting
  std::set<NodePair> ever_seen_;           // pairs of records that do not stand among them
  std::set<Node> shared_;
  std::set<NodePair> apart_;
  std::map<Node, std::shared_ptr<Nodes>> group_of_;
  State state_;
};

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_HARNESS_NAIVE_H_
