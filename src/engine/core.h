// engine/core.h - takes one record after another and keeps the index exact.
//
// The way of a record: its key says whether it stands (core_records.cc); policy says what of it counts; what counts becomes
// mentions and sightings of nodes (core_evidence.cc), or an act (core_acts.cc); changed evidence opens or closes guards and moves
// links, and the resolver makes the partition right again. Taking a record back goes the same way with the sign
// turned. After each step the partition is the rule's for the evidence as it then stands.
//
// Records come in groups: all of a group are judged and hashed first, and what they will touch is fetched step by step
// (core_ahead.cc), so that the misses of one record overlap those of the next. Memory latency is what a record costs.
//
// THREADS: the writer's.
#ifndef POLYONYM_SRC_ENGINE_CORE_H_
#define POLYONYM_SRC_ENGINE_CORE_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "engine/acts.h"
#include "engine/changes.h"
#include "engine/graph.h"
#include "engine/log.h"
#include "engine/rules.h"
#include "engine/times_cache.h"
#include "polyonym/identity/resolver.h"
#include "polyonym/model/judge.h"
#include "polyonym/model/outcome.h"
#include "polyonym/model/record.h"

namespace polyonym::engine {

class Core {
 public:
  Core(Index* index, Log* log, std::shared_ptr<const Rules> rules);

  // A record whose shape was checked and whose id is filled in. It is appended to the log, unless `location` says where it
  // already lies.
  struct Incoming {
    const Record* record = nullptr;
    bool own_id = false;  // the id is its content's hash
    std::optional<std::uint64_t> location;
  };
  struct Taken {
    Outcome outcome = Outcome::kApplied;
    Reason reason = Reason::kNone;
    std::uint32_t held_identifiers = 0;
    // Identifiers counted with role self, for the record's primary.
    absl::InlinedVector<Node, 8> self;
  };

  void Begin(std::uint64_t sequence);

  // Takes records in order. `taken(i, what)` is called after each; it may not call the core.
  void Take(std::span<const Incoming> records,
            const std::function<void(std::size_t, const Taken&)>& taken);

  // Judges every standing record again under another policy.
  void PutRules(std::shared_ptr<const CompiledPolicy> policy, std::uint64_t version);

  // The standing record of a key: its index, or kNone; `record` receives it.
  std::uint32_t FindStanding(const std::string& source, const std::string& id, Record* record);

  // Rebuilds what only the writer keeps, after the arrays were loaded from a checkpoint.
  void RebuildTables();

  // The profile of a record's primary identifier now.
  std::optional<ProfileId> PrimaryProfile(std::span<const Node> self) const;
  void PrefetchNodes(std::span<const Node> nodes) const;

  // Changes since Begin().
  std::vector<Change> Net(const Rules& rules_before, std::uint64_t commit_before, Node nodes_before,
                          std::uint64_t sequence);
  // Notes in each profile's id that `sequence` changed it; returns what was noted before, from and to of each.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> NoteChanges(
      const std::vector<Change>& changes);

  const std::shared_ptr<const Rules>& rules() const { return rules_; }
  const Totals& totals() const { return totals_; }
  Totals& mutable_totals() { return totals_; }
  std::uint64_t replays() const { return resolver_.replays(); }
  const Graph& graph() const { return graph_; }
  // The first failure to read the log; the Apply must be undone.
  const absl::Status& status() const { return status_; }

 private:
  struct Named {
    Node name = 0;  // the identifier
    Node node = 0;  // its class
    Role role = Role::kSelf;
  };
  enum class Sign { kPlus, kMinus };
  // A record with what policy says of it, and the hashes that its names are looked up by.
  struct Judged {
    struct Name {
      Kind kind = kNone;  // kNone: its namespace was new
      std::uint64_t hash = 0;
      Node guess = kNone;  // what the dictionary has under the hash; not compared yet
    };
    const Record* record = nullptr;
    std::uint64_t key = 0;  // keyed hash of (source, id)
    RecordVerdict verdict;
    absl::InlinedVector<Name, 8> names;  // one for each of verdict.counted
  };

  // core_ahead.cc
  // Records in a group: what the processor can have under way, and more.
  static constexpr std::size_t kAhead = 32;
  void Judge(const Record& record, Judged* judged) const;
  void LookAhead(std::span<const Incoming> records);
  void AddNewKinds(std::size_t records);
  template <class F>
  void ForEachGuessedPair(std::size_t records, const F& f) const;

  // core_records.cc
  Kind KindOfNamespace(const std::string& ns);
  void AddKinds(const std::vector<std::string>& added);
  void NameNodes(const Judged& judged, std::vector<Named>* out);
  void TakeOne(const Incoming& incoming, const Judged& judged, Taken* taken);
  bool NameLive(std::uint32_t record_index, const Record& record, std::vector<Named>* out);
  void NameKnown(const Judged& judged, Taken* taken) const;
  std::uint32_t FindStanding(const std::string& source, const std::string& id, std::uint64_t key,
                             Record* record);
  std::optional<Record> Load(std::uint32_t record_index);
  void Stand(std::uint32_t record_index, const Judged& judged, Taken* taken);
  void SetFlags(std::uint32_t record_index, std::uint32_t set, std::uint32_t clear);
  void Supersede(std::uint32_t record_index, const Record& record);
  bool VoidedBySource(const Record& record) const;
  static Cause CauseOf(Act act, Sign sign);

  // core_evidence.cc
  void AddMentions(std::uint32_t record_index, const std::vector<Named>& named);
  void Count(std::uint32_t record_index, const Record& record, const std::vector<Named>& named,
             Sign sign);
  void CountNaming(const Record& record, const std::vector<Named>& named, Sign sign);
  void CountPairs(const Record& record, const std::vector<Named>& nodes, Sign sign);
  void CountMention(Node node, std::int64_t time_ms, Sign sign);
  void CountSighting(Node u, Node v, std::int64_t time_ms, bool forced, Sign sign);
  void RecountNode(Node node);
  void RecountPair(Node u, Node v);
  void RecountChildren(const std::vector<Named>& named, std::int64_t time_ms);
  void SetEvidence(Link link, const identity::Evidence& now);
  void SetLive(Node node, std::uint32_t live, std::int64_t first_ms);
  void CountNeighbour(Node node, Node other, std::uint32_t by);
  std::uint32_t GuardedNeighbours(Node node, std::size_t guard);
  bool ShouldBeShared(Node node);
  void FlipSharing(Node node, bool shared);
  std::optional<std::int64_t> VoidUntil(Node node) const;
  std::optional<std::int64_t> UnboundUntil(Node u, Node v);
  std::optional<std::int64_t> PairUnboundUntil(Node u, Node v) const;
  std::optional<std::int64_t> LastParentUnbind(Node a, Node child) const;
  template <class F>
  void ForEachParentUnbind(Node a, Node child, const F& f) const;
  std::optional<std::int64_t> FirstTogether(Node u, Node v);
  // f(record index, record, named) for every live record that names the node and has a mention.
  void ForEachLiveRecord(Node node,
                         const std::function<void(const Record&, const std::vector<Named>&)>& f);
  // A record with what it names, by the policy in force.
  std::optional<std::pair<Record, std::vector<Named>>> LoadNamed(std::uint32_t record_index);
  std::vector<std::uint32_t> MentionsOf(Node node) const;
  bool MayUnbindChildren() const { return !acts_.unbinds.empty() && rules_->policy().HasParents(); }

  // core_acts.cc
  // Puts a live act back into acts_ alone: the index already shows what it did.
  void RestoreAct(std::uint32_t record_index, const Record& record,
                  const std::vector<Named>& named);
  void CountUnbind(Node a, Node b, std::int64_t time_ms, Sign sign);
  void CountCannotLink(Node a, Node b, Sign sign);
  void CountDeletion(Node name, std::int64_t time_ms, Sign sign);
  void CountSourceDeletion(const std::string& source, std::int64_t time_ms, Sign sign);
  void CountRename(std::uint32_t record_index, const Record& record, Node from, Node to, Sign sign);
  void Reclass(const std::vector<Node>& names);
  void SetCannot(Node u, Node v, int by);
  void CountCannotOf(const std::vector<Node>& names, int by);

  Index* index_;
  Log* log_;
  std::shared_ptr<const Rules> rules_;
  ChangeTracker tracker_;
  Totals totals_;
  Graph graph_;
  identity::Resolver<Graph> resolver_;
  Acts acts_;
  std::uint64_t sequence_ = 0;
  absl::Status status_;

  // What is worth keeping of what can be counted again at any time.
  TimesCache sighting_times_;  // by link
  TimesCache mention_times_;   // by node
  // Neighbours that each guard counts, of nodes that have more of all kinds than a guard allows of one.
  absl::flat_hash_map<Node, absl::InlinedVector<std::uint32_t, 2>> guarded_;
  absl::flat_hash_map<Node, std::uint32_t> apart_links_;  // links of a node with a live cannot-link
  // Reused from record to record.
  std::array<Judged, kAhead> ahead_;
  Judged judged_;
  Taken taken_;
  std::vector<Named> named_;
  std::vector<Named> distinct_;
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_CORE_H_
