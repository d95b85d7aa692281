// engine/view_impl.h - a pinned commit and the graph as it stood there.
#ifndef POLYONYM_SRC_ENGINE_VIEW_IMPL_H_
#define POLYONYM_SRC_ENGINE_VIEW_IMPL_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/engine_impl.h"
#include "polyonym/engine/view.h"

namespace polyonym {

inline absl::Status NoSuchProfile() {
  return absl::NotFoundError("this profile id was never given out");
}

absl::Status WasFolded();

class View::Impl {
 public:
  using Graph = engine::GraphReader<engine::AtCommit>;

  // An identifier that is asked for, ready to be looked up.
  struct Wanted {
    Reason held = Reason::kNone;        // why it does not count; kNone: it does
    engine::Kind kind = engine::kNone;  // kNone: nothing is to be looked up
    std::uint64_t hash = 0;
    std::string value;  // normalised
  };
  // How an identifier was found, or why not.
  struct Found {
    engine::Node name = engine::kNone;  // kNone: never seen
    Reason held = Reason::kNone;
  };

  Impl(std::shared_ptr<Engine::Impl> engine, std::shared_ptr<engine::Lens> lens)
      : engine_(std::move(engine)),
        lens_(std::move(lens)),
        store_(&engine_->store()),
        state_(lens_->publisher.Pin()),
        graph_(engine::AtCommit{&lens_->index, state_->sequence}, state_->rules.get()) {}

  // The open commit, for the writer alone: `state` is not published yet, and its records are read from `log`. There is no engine().
  Impl(std::shared_ptr<engine::Lens> lens, const Store* store, const engine::Log* log,
       std::shared_ptr<const engine::CommitState> state)
      : lens_(std::move(lens)),
        store_(store),
        log_(log),
        state_(std::move(state)),
        graph_(engine::AtCommit{&lens_->index, state_->sequence}, state_->rules.get()) {}

  const engine::CommitState& state() const { return *state_; }
  const Graph& graph() const { return graph_; }
  const Store& store() const { return *store_; }
  const engine::Rules& rules() const { return *state_->rules; }
  Engine::Impl& engine() const { return *engine_; }
  // Cancelled where the host wants the call to end (EngineOptions::interrupted).
  absl::Status GoOn() const {
    return engine_ != nullptr && engine_->interrupted()
               ? absl::CancelledError("the host asked the call to end")
               : absl::OkStatus();
  }
  const engine::Index& index() const { return lens_->index; }
  std::uint32_t graph_number() const { return lens_->number; }
  std::int64_t now_ms() const { return std::max(state_->clock_ms, state_->newest_ms); }

  // ---- view_resolve.cc ----
  // Into `wanted`, whose memory is reused.
  void Judge(IdentifierView identifier, Wanted* wanted) const;
  Found Find(const Wanted& wanted) const;
  Found Find(const Identifier& identifier) const {
    Wanted wanted;
    Judge({identifier.ns, identifier.value}, &wanted);
    return Find(wanted);
  }
  Resolution Resolve(const Found& found) const;
  // Key: has ns and value.  REQUIRES: as many answers as keys.
  template <class Key>
  void ResolveMany(std::span<const Key> keys, std::span<Resolution> answers) const;

  // What the dictionary has under a namespace and a normalised value, or kNone.
  engine::Node FindNormalised(std::string_view ns, std::string_view value) const;
  // What the dictionary has for a name: the name itself, but for lives.
  engine::Node ValueOf(engine::Node name) const {
    return graph_.node(name).life() && !graph_.node(name).erased()
               ? FindNormalised(rules().kinds()[graph_.KindOf(name)], graph_.ValueOf(name))
               : name;
  }
  Identifier NameOf(engine::Node n) const {
    return {rules().kinds()[graph_.KindOf(n)], std::string(graph_.ValueOf(n))};
  }
  bool Has(ProfileId id) const { return id.value < state_->nodes; }
  // Root of the profile where a name now lives.
  engine::Node RootOf(engine::Node name) const { return graph_.ProfileOf(graph_.Canonical(name)); }
  // Root of the profile that has this id, or kNone: nobody has it now.
  engine::Node FindRoot(engine::Node id) const {
    if (id >= state_->nodes) return engine::kNone;
    const engine::Node canonical = graph_.Canonical(id);
    if (graph_.node(canonical).live == 0) return engine::kNone;
    const engine::Node root = graph_.ProfileOf(canonical);
    return graph_.IdOf(root) == id ? root : engine::kNone;
  }
  ProfileId IdOf(engine::Node root) const { return ProfileId{graph_.IdOf(root)}; }
  std::vector<Identifier> MembersOf(engine::Node root) const;
  // f(root) for each profile that has a live identifier, in order of id, until it returns false.
  template <class F>
  void ForEachRoot(const F& f) const {
    for (engine::Node n = 0; n < state_->nodes; ++n) {
      const engine::Node canonical = graph_.Canonical(n);
      if (graph_.node(canonical).live == 0) continue;
      const engine::Node root = graph_.ProfileOf(canonical);
      if (graph_.IdOf(root) == n && !f(root)) return;  // each once, at its id
    }
  }

  absl::StatusOr<StoredRecord> RecordAt(std::uint32_t index) const;
  absl::StatusOr<Record> ReadStored(std::uint64_t location) const;

  // A record that counts, and what it names.
  struct NamedRecord {
    struct Name {
      engine::Node node = engine::kNone;
      Role role = Role::kSelf;
      bool derived = false;
    };
    Record record;
    std::vector<Name>
        names;  // each node once, ascending; named rather than derived, and then rather self
    std::vector<std::pair<engine::Node, engine::Node>>
        derivations;  // origin, digest; of self alone

    std::set<engine::Node> SightedWith(engine::Node from) const;
  };
  // Of a live record.  ERRORS: DataLoss.
  absl::StatusOr<NamedRecord> ReadNamed(std::uint32_t index) const;
  NamedRecord NamesOf(Record record) const;

  // f(index, cell) for each naming of a node by a record, live or not, until it returns false. A record may come up again where the
  // node has several names.
  template <class F>
  void ForEachMention(engine::Node node, const F& f) const {
    bool more = true;
    graph_.ForEachName(node, [&](engine::Node name) {
      for (std::uint32_t m = graph_.node(ValueOf(name)).mentions; more && m != engine::kNone;) {
        const engine::MentionCell mention = graph_.access().mention(m);
        more = f(mention.record, graph_.access().record(mention.record));
        m = mention.next;
      }
    });
  }

  // ---- view_profile.cc ----
  // f(what it names) for each live record with facts that names a node.  ERRORS: DataLoss, OutOfRange.
  absl::Status ForEachTeller(engine::Node name,
                             const std::function<void(const NamedRecord&)>& f) const;
  // The facts of the live records whose primary identifier is in the profile, and those told of a person who is so in part.
  // ERRORS: DataLoss, OutOfRange.
  absl::StatusOr<std::shared_ptr<const engine::PersonFacts>> FactsOf(engine::Node root) const;
  absl::StatusOr<engine::PersonFacts> ReadFactsOf(engine::Node root) const;
  // Of some profiles, in the order of the log some thousand records at a time: visit(place in `roots`, facts), in their order, until it
  // returns false.
  absl::Status ForEachTold(
      std::span<const engine::Node> roots,
      const std::function<bool(std::size_t, engine::PersonFacts)>& visit) const;
  // A record that may tell of a person, by place in the log.
  struct Told {
    std::uint64_t location;
    std::uint32_t record;
    bool of_person;
    std::uint32_t person;
    auto operator<=>(const Told&) const = default;
  };
  // Those that name an identifier of a profile, behind what is in `told`, each once.
  void FindTold(engine::Node root, std::uint32_t person, std::vector<Told>* told) const;
  // Into `people`, whose profiles have `roots`.
  absl::Status ReadTold(std::span<const Told> told, std::span<const engine::Node> roots,
                        std::span<engine::PersonFacts> people) const;
  FactRow RowOf(std::uint32_t index, const NamedRecord& named, engine::Node primary) const;
  // The facts of a record whose primary is known.  ERRORS: DataLoss, OutOfRange.
  absl::StatusOr<FactRow> ReadRow(std::uint32_t index, engine::Node primary,
                                  engine::FrameReader* frames) const;
  std::unique_ptr<engine::FactsCache::Known> Know(engine::Node root,
                                                  std::vector<FactRow> rows) const;
  bool IsUnchangedSince(engine::Node root, std::uint64_t sequence) const;
  // Of every profile that has a live identifier, in order of id, until it returns false.
  absl::Status ForEachTold(
      const std::function<bool(engine::Node root, engine::PersonFacts facts)>& visit) const;
  // REQUIRES: options that are in range.
  Profile Fold(engine::Node root, const engine::PersonFacts& facts,
               const ProfileOptions& options) const;
  absl::StatusOr<Profile> ReadProfile(engine::Node root, const ProfileOptions& options) const;
  engine::Node AnchorOf(engine::Node root) const;
  Person MakePerson(engine::Node root, std::shared_ptr<const engine::PersonFacts> facts) const;

  struct Sightings;
  using SightingsByNode = absl::flat_hash_map<engine::Node, Sightings>;
  absl::Status GatherSightings(engine::Node from, engine::Node other, SightingsByNode* out) const;
  LinkEvidence EvidenceOf(const engine::LinkCell& cell, Sightings sightings) const;
  absl::StatusOr<LinkEvidence> EvidenceOf(engine::Link link) const;

 private:
  class Group;
  class PeopleReader;

  static void AddSightings(const engine::LinkCell& cell, Sightings sightings, LinkEvidence* out);

  std::shared_ptr<Engine::Impl> engine_;
  std::shared_ptr<engine::Lens> lens_;
  const Store* store_;
  const engine::Log* log_ = nullptr;                  // null: records are read from the store
  std::shared_ptr<const engine::CommitState> state_;  // a pin: goes before lens_
  Graph graph_;
};

}  // namespace polyonym

#endif  // POLYONYM_SRC_ENGINE_VIEW_IMPL_H_
