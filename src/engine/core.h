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

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "engine/acts.h"
#include "engine/background.h"
#include "engine/changes.h"
#include "engine/deferred.h"
#include "engine/families.h"
#include "engine/folding.h"
#include "engine/graph.h"
#include "engine/horizons.h"
#include "engine/judge_ahead.h"
#include "engine/judged.h"
#include "engine/log.h"
#include "engine/policy_delta.h"
#include "engine/rules.h"
#include "engine/span.h"
#include "engine/times_cache.h"
#include "polyonym/engine/event.h"
#include "polyonym/identity/resolver.h"
#include "polyonym/model/judge.h"
#include "polyonym/model/outcome.h"
#include "polyonym/model/record.h"

namespace polyonym::engine {

class Core {
 public:
  struct Settings {
    TaskQueue* judging =
        nullptr;  // judges records ahead of the one that takes them; null: nobody does
    std::uint64_t replay_at_once = 10'000;  // as in EngineOptions
    std::size_t profile_cache_bytes = 0;    // likewise
    std::size_t live_facts_bytes = 0;       // likewise
  };
  Core(Index* index, Log* log, std::shared_ptr<const Rules> rules, const Settings& settings);

  using Incoming = engine::Incoming;
  struct Taken {
    Outcome outcome = Outcome::kApplied;
    Reason reason = Reason::kNone;
    std::uint32_t held_identifiers = 0;
    // Identifiers counted with role self, for the record's primary.
    absl::InlinedVector<Node, 8> self;
  };

  void Begin(std::uint64_t sequence);

  // Takes records in order. `taken(i, what)` is called after each; it may not call the core. The rest may be put off until EndTaking().
  void Take(std::span<const Incoming> records, const JudgeAhead::Shape& shape,
            const std::function<void(std::size_t, const Taken&)>& taken);
  // Behind the last record of a commit, however many Take() were made of it: what changed whom may not depend on calls and frames.
  void EndTaking();

  // What a change of policy or clock did.
  struct Effect {
    std::uint64_t judged_records = 0;
    std::uint64_t changed_records = 0;
    std::uint64_t expired_links = 0;
    std::uint64_t replayed_profiles = 0;
  };
  using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

  // Puts another policy in force: what it touches is done again.
  Effect PutRules(std::shared_ptr<const CompiledPolicy> policy, std::uint64_t version,
                  const Progress& progress);

  // Takes every record that another graph of the same log has, as new to this one.  REQUIRES: nothing was taken yet.
  Effect TakeHistory(const Core& other, const Progress& progress);

  // Moves the clock.  REQUIRES: forward.
  Effect AdvanceTo(std::int64_t now_ms);
  std::int64_t clock_ms() const { return clock_ms_; }
  // The latest time of a record that was ever taken; 0: none was.
  std::int64_t newest_ms() const { return newest_ms_; }
  const Families& families() const { return families_; }
  const std::shared_ptr<const Horizons>& horizons() const { return horizons_; }

  // The standing record of a key: its index, or kNone; `record` receives it.
  std::uint32_t FindStanding(const std::string& source, const std::string& id, Record* record);

  // Rebuilds what only the writer keeps, after the arrays were loaded from a checkpoint.
  struct Kept {
    std::int64_t clock_ms = 0;
    std::int64_t newest_ms = 0;
    Families families;
    std::shared_ptr<const Horizons> horizons;
  };
  void RebuildTables(Kept kept);

  // Folds records of a source: each goes by FoldOut(), which adds to `key` what must be equal for records to be folded to one; those
  // that stand for them come by FoldIn(). Evidence and profiles stay as they are.  REQUIRES: they name the same, equally often.
  static bool Folds(Act act) { return act == Act::kObserve || act == Act::kBind; }
  void BeginFold(const std::string& source);
  void FoldOut(std::uint32_t record_index, const Record& record, std::string* key);
  void FoldIn(const Record& record, std::uint64_t location);
  void EndFold(const std::string& source, std::int64_t before_ms, std::uint64_t folded);

  // Erases: records go by EraseOut(), or by ReplaceFacts() for one that names the same; then what is left of the others comes by Take(), and
  // EndErase() wipes every identifier that lost a record and has none, and those of `names` that no record counts. All of it has one cause.
  // core_erase.cc
  void BeginErase(Cause cause);
  void EraseOut(std::span<const std::uint32_t> records);
  // Takes out of the evidence all that names identifiers whose values are lost (Index::lost_values): then the index is that of the records as they
  // can be read.  REQUIRES: behind BeginErase().  COST: a pass over cells, where there are any.
  void DropLost();
  void ReplaceFacts(std::uint32_t record_index, const Record& left, std::uint64_t location);
  struct Erased {
    std::uint64_t identifiers = 0;
    std::uint64_t links = 0;  // pairs that have no evidence any more
    std::vector<Node> wiped;  // values, without their lives
  };
  Erased EndErase(std::span<const Node> names);
  // The name of a normalised value, or kNone; of one with lives, what the dictionary has.
  Node FindName(std::string_view ns, std::string_view value) const;

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
  std::uint64_t replayed_profiles() const { return resolver_.replayed_profiles(); }
  // Guards that tripped and were released since this was asked last.
  struct Flips {
    std::uint64_t tripped = 0;
    std::uint64_t released = 0;
    std::vector<Node> became_shared;  // the first kMaxGuardEvents; they may not be any more
  };
  Flips TakeFlips() { return std::exchange(flips_, {}); }
  // The last call in which one did.
  std::uint64_t last_flip() const { return last_flip_; }
  const Graph& graph() const { return graph_; }
  const ChangeTracker& tracker() const { return tracker_; }
  // From the next call on: whether tracker() is to know whose facts are others.
  void WatchFacts(bool watch) { tracker_.WatchFacts(watch); }
  // The first failure to read the log; the Apply must be undone.
  const absl::Status& status() const { return status_; }
  void Fail(const absl::Status& why) {
    if (status_.ok()) status_ = why;
  }

 private:
  struct Named {
    Node name = 0;  // the identifier; of a value with lives, the life
    Node node = 0;  // its class
    Role role = Role::kSelf;
    Node from = kNone;  // the name that it is derived from; kNone: the record names it itself
    Node value = 0;     // what the dictionary has: the name, but for lives
    bool derived() const { return from != kNone; }
  };
  enum class Sign { kPlus, kMinus };

  // core_ahead.cc
  void Judge(const Record& record, Judged* judged) const {
    JudgeBy(*rules_, *index_, record, judged);
  }
  void LookAhead(std::span<Judged> group);
  void AddNewKinds(std::span<Judged> group);
  template <class F>
  static void ForEachGuessedPair(std::span<const Judged> group, const Index& index, const F& f);

  // core_records.cc
  Kind KindOfNamespace(const std::string& ns);
  void AddKinds(const std::vector<std::string>& added);
  // `all`: a value that the index has not is added; else what names it is left out.
  void NameNodes(const Judged& judged, std::vector<Named>* out, bool all = true);
  void TakeOne(const Incoming& incoming, const Judged& judged, Taken* taken);
  bool ComesTooLate(const Record& record, bool known) const;
  std::uint32_t AddCell(const Judged& judged, std::uint64_t location);
  bool NameLive(std::uint32_t record_index, const Record& record, std::vector<Named>* out);
  void NameKnown(const Judged& judged, Taken* taken) const;
  std::uint32_t FindStanding(const std::string& source, const std::string& id, std::uint64_t key,
                             Record* record);
  void CountIn(std::uint32_t record_index, const Judged& judged, std::vector<Named>* named);
  void CountOut(std::uint32_t record_index, const Record& record, const std::vector<Named>& named);
  std::optional<Record> Load(std::uint32_t record_index);
  void Stand(std::uint32_t record_index, const Judged& judged, Taken* taken);
  bool Admit(std::uint32_t record_index, const Judged& judged);
  void Mention(std::uint32_t record_index, const Judged& judged);
  void SetFlags(std::uint32_t record_index, std::uint32_t set, std::uint32_t clear);
  void Supersede(std::uint32_t record_index, const Record& record);
  bool VoidedBySource(const Record& record) const;
  static Cause CauseOf(Act act, Sign sign);

  // Identifiers that an act has to name to say anything.
  static std::size_t NamesOf(Act act);

  // core_erase.cc
  void DropLostNode(Node node);
  void DropLostActs();
  void FindBehindLost();
  void RecountAll(Node value);

  // core_rebuild.cc
  void FillTables();
  void RestoreActs();

  // core_plain.cc
  struct PlainNode {
    Node node;
    NodeCell* cell;
  };
  bool IsPlain(const Judged& judged) const;
  bool NamePlain(const Judged& judged);
  void CountPlain(std::uint32_t record_index, std::int64_t time_ms);
  void CountPlainPair(const PlainNode& u, const PlainNode& v, std::int64_t time_ms);
  void SightFirst(const PlainNode& u, const PlainNode& v, std::uint64_t hash, std::int64_t time_ms);

  // core_evidence.cc
  void AddMentions(std::uint32_t record_index, Act act, const std::vector<Named>& named);
  bool NoteMentioned(Node value, std::uint32_t record_index);
  void Count(std::uint32_t record_index, const Record& record, const std::vector<Named>& named,
             Sign sign);
  void CountNaming(const Record& record, const std::vector<Named>& named, Sign sign);
  void CountPairs(const Record& record, const std::vector<Named>& nodes, Sign sign);
  void CountDerivedPairs(const Record& record, const std::vector<Named>& named, Sign sign);
  bool NamesBoth(const std::vector<Named>& named, NodePair pair) const;
  static bool Names(const std::vector<Named>& named, Node node) {
    return std::any_of(named.begin(), named.end(), [&](const Named& n) { return n.node == node; });
  }
  bool Sights(const Record& record, const std::vector<Named>& named, Node u, Node v) const;
  void CountMention(Node node, const Span& span, Sign sign);
  void CountSighting(Node u, Node v, const Span& span, bool forced, Sign sign);
  void RecountNode(Node node);
  void RecountPair(Node u, Node v);
  bool IsMentionedLess(Node v, Node u) const;
  void RecountChildren(const std::vector<Named>& named, std::int64_t time_ms);
  void SetEvidence(Link link, const identity::Evidence& now);
  void SetLink(Link link, const identity::Evidence& now, bool expired);
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
  static bool Mentions(Act act) {
    return act == Act::kObserve || act == Act::kBind || act == Act::kMustLink ||
           act == Act::kRename;
  }
  bool MayUnbindChildren() const { return !acts_.unbinds.empty() && rules_->policy().HasParents(); }

  using Due = std::pair<std::int64_t, Link>;  // the last moment at which the link counts

  // core_acts.cc
  // Puts a live act back into acts_ alone: the index already shows what it did.
  void RestoreAct(std::uint32_t record_index, const Record& record,
                  const std::vector<Named>& named);
  void CountUnbind(Node a, Node b, std::int64_t time_ms, Sign sign);
  void CountCannotLink(Node a, Node b, Sign sign);
  void MarkDeleted(Node name);
  void CountDeletion(Node name, std::int64_t time_ms, Sign sign);
  void CountSourceDeletion(const std::string& source, std::int64_t time_ms, Sign sign);
  void CountRename(std::uint32_t record_index, const Record& record, Node from, Node to, Sign sign);
  void Reclass(const std::vector<Node>& names);
  bool IsLaterRename(std::uint32_t a, std::uint32_t b);
  void SetCannot(Node u, Node v, int by);
  void CountCannotOf(const std::vector<Node>& names, int by);

  // core_lives.cc
  // The lives of a value whose namespace has a validity: docs/rule.md section 2.
  struct Lives {
    std::vector<Node> current;  // by their beginning
    std::vector<Node> spare;    // that no naming calls for now
  };
  static bool NamesValue(const std::vector<Named>& named, Node value) {
    return std::any_of(named.begin(), named.end(),
                       [&](const Named& n) { return n.value == value; });
  }
  bool HasLives(Node value) const { return rules_->ValidityOf(graph_.KindOf(value)) != 0; }
  Node ValueNode(Node name) const;
  bool IsActedOn(Node value) const;
  void FitLife(Node value, std::int64_t time_ms);
  void ReviewLife(Node value, std::int64_t time_ms);
  void Recut(Node value, std::optional<std::int64_t> coming);
  void Cut(Node value, std::vector<std::int64_t> namings);
  Node NewLife(Node value, std::int64_t start_ms);
  void PointTo(Node value, Node last);
  void PutRename(Node name, const RenameCell& cell);
  void RestoreLives();

  // core_horizon.cc
  void AddCuts(const Record& record, const std::string& source);
  std::uint64_t CutsBefore(const Record& record, const std::vector<Named>& named) const;
  void FindNames(const Record& record, std::vector<Named>* out);
  bool Unmention(Node value);
  template <class Array>
  static void FreeIfGone(Array* array, std::size_t page) {
    const std::size_t first = page * Array::page_cells(), end = first + Array::page_cells();
    if (end > array->size()) return;
    for (std::size_t i = first; i < end; ++i) {
      if (!array->Latest(i).gone()) return;
    }
    array->Free(first);
  }

  // core_erase.cc
  void Empty(std::uint32_t record_index);
  bool IsActedUpon(Node name) const;
  void DropMentions(Node value);
  std::uint64_t WipeOut(Node value);

  // core_time.cc
  bool ExpiredNow(const LinkCell& link, const identity::Evidence& evidence) const;
  void Schedule(Link link, const identity::Evidence& evidence);
  void ScheduleAll();

  // core_policy.cc
  struct Rejudging;
  struct Rejudged;
  void FindChanged(const PolicyDelta& delta, const CompiledPolicy& after, Rejudging* work);
  void NoteChanged(std::span<Rejudged> group, const PolicyDelta& delta, Rejudging* work);
  std::optional<Record> LoadChanged(std::size_t place, const Rejudging& work);
  void TakeOut(std::size_t place, Rejudging* work);
  void PutIn(Rejudging* work);
  void PutFlips(const PolicyDelta& delta);
  void PutLives(const std::vector<bool>& kinds, const Rejudging& work);
  void PutLimits(const PolicyDelta& delta);
  void PutRanks(const PolicyDelta& delta);
  void FindFirst(Node node);
  bool Allowed(Node root) const;
  std::vector<bool> KindsOf(const PolicyDelta::Names& families) const;

  // core_difference.cc
  bool MayBePlain(const CompiledPolicy& after) const;
  bool NoteIfPlain(Rejudged* rejudged, Rejudging* work);
  void FetchNames(std::span<Rejudged> group) const;
  using Parts = absl::InlinedVector<NodePair, 16>;
  Parts PartsOf(const std::vector<Named>& named) const;
  void PutFlags(const Rejudging& work);
  void CountDifference(const Rejudging& work);

  // ---- many changes at once: the profiles that they touch are run again together, at the end ----
  std::uint64_t ReplayDeferred();
  void SetCause(Cause cause, std::uint64_t record) {
    if (!deferred_.one_cause()) tracker_.SetCause(cause, record);
  }
  void Replay(std::span<const Node> roots) {
    if (deferred_.on()) {
      for (const Node root : roots) deferred_.Add(root, tracker_);
    } else {
      resolver_.Replay(roots);
    }
  }

  Index* index_;
  Log* log_;
  const Settings settings_;
  std::shared_ptr<const Rules> rules_;
  ChangeTracker tracker_;
  Totals totals_;
  Flips flips_;
  std::uint64_t last_flip_ = 0;
  Graph graph_;
  identity::Resolver<Graph> resolver_;
  Acts acts_;
  std::uint64_t sequence_ = 0;
  std::int64_t clock_ms_ = 0;
  std::int64_t newest_ms_ = 0;
  Families families_;
  std::shared_ptr<const Horizons> horizons_ = std::make_shared<const Horizons>();
  absl::Status status_;

  Deferred deferred_;
  std::uint64_t replayed_before_ = 0;  // nodes that were run over before this call

  std::optional<Folding> folding_;
  struct Erasing {
    std::set<Node> values;  // that what goes had named
    std::vector<std::uint32_t> gone;
    std::uint64_t links_before = 0;
    // Of records of which something was lost: values that they name as far as can be read; and values that they name besides.
    absl::flat_hash_map<std::uint32_t, std::vector<Node>> lossy;
    std::set<Node> recount;
  };
  std::optional<Erasing> erasing_;

  absl::flat_hash_map<Node, Lives> lives_;  // by value
  absl::flat_hash_set<Node> acted_on_;      // values with lives that an act names, or did
  // Of live acts of which something was lost: whether there are any, and what unbinds name beside it.
  bool lost_acts_ = false;
  std::vector<Node> lost_partners_;
  // Links that may expire, by when. A time may be too early, when evidence came since; where evidence went, the link stands a second
  // time, and the time in `scheduled_` is the one that counts.
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  absl::flat_hash_map<Link, std::int64_t> scheduled_;
  // While records come in again under another policy: the records in a name's list of mentions, where that is long.
  std::optional<absl::flat_hash_map<Node, absl::flat_hash_set<std::uint32_t>>> mentioned_;
  // While the difference of two policies is counted: what was first or last there went, and must be looked for.
  struct Stale {
    std::vector<Node> nodes;
    std::vector<Link> links;
  };
  std::optional<Stale> stale_;

  // What is worth keeping of what can be counted again at any time.
  TimesCache sighting_times_;  // by link
  TimesCache mention_times_;   // by node
  // Neighbours that each guard counts, of nodes that have more of all kinds than a guard allows of one.
  absl::flat_hash_map<Node, absl::InlinedVector<std::uint32_t, 2>> guarded_;
  absl::flat_hash_map<Node, std::uint32_t> apart_links_;  // links of a node with a live cannot-link
  // Reused from record to record.
  std::unique_ptr<JudgeAhead::Ring> ahead_;
  Judged judged_;
  Taken taken_;
  std::vector<Named> named_;
  std::vector<Named> distinct_;
  absl::InlinedVector<PlainNode, 8> plain_;
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_CORE_H_
