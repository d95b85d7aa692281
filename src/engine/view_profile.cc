// The facts of a profile's identifiers: which records they stand in, and whose they are.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/fact_rows.h"
#include "engine/log.h"
#include "engine/view_impl.h"
#include "polyonym/profile/profile.h"

namespace polyonym {

using engine::kNone;
using engine::Node;
using engine::RecordCell;

namespace {

// The record's primary, or kNone.
template <class Graph, class Names>
Node PrimaryOf(const Graph& graph, const Names& names) {
  Node best = kNone;
  for (const auto& name : names) {
    if (name.role != Role::kSelf || name.derived) continue;
    const Node node = graph.Canonical(name.node);
    if (best == kNone || graph.BetterPrimary(node, best)) best = node;
  }
  return best;
}

}  // namespace

// Neither the identifiers of the profile, nor what counts of the records that name them.
bool View::Impl::IsUnchangedSince(Node root, std::uint64_t sequence) const {
  const engine::CommitState& s = *state_;
  if (sequence > s.sequence || s.last_flip > sequence || s.horizons->sequence() > sequence)
    return false;
  bool unchanged = true;
  graph_.ForEachMember(root, [&](Node n) {
    graph_.ForEachName(n, [&](Node name) {
      unchanged = unchanged && index().nodes.PageCommit(name, s.sequence) <= sequence;
    });
  });
  return unchanged;
}

absl::StatusOr<std::shared_ptr<const engine::PersonFacts>> View::Impl::FactsOf(Node root) const {
  engine::ProfileCache& cache = lens_->profiles;
  const engine::ProfileCache::Entry kept = cache.Find(root);
  if (kept.facts != nullptr && kept.policy_version == rules().version() &&
      IsUnchangedSince(root, kept.sequence))
    return kept.facts;
  auto facts = ReadFactsOf(root);
  if (!facts.ok()) return facts.status();
  auto shared = std::make_shared<const engine::PersonFacts>(*std::move(facts));
  if (!shared->asks_of_others) cache.Put(root, {state_->sequence, rules().version(), shared});
  return shared;
}

FactRow View::Impl::RowOf(std::uint32_t index, const NamedRecord& named, Node primary) const {
  const Definitions& definitions = rules().policy().policy().definitions;
  const bool anonymous =
      !definitions.identifying.empty() &&
      std::none_of(named.names.begin(), named.names.end(), [&](const NamedRecord::Name& name) {
        return name.role == Role::kSelf &&
               engine::IsIdentifying(definitions, rules().kinds()[graph_.KindOf(name.node)]);
      });
  return engine::MakeFactRow(std::uint64_t{index} + 1, named.record, NameOf(primary), anonymous);
}

absl::StatusOr<FactRow> View::Impl::ReadRow(std::uint32_t index, Node primary,
                                            engine::FrameReader* frames) const {
  const std::uint64_t location = graph_.access().record(index).location;
  auto record = log_ != nullptr ? log_->ReadRecord(location, frames) : frames->Read(location);
  if (!record.ok()) return record.status();
  if (rules().policy().policy().definitions.identifying.empty())
    return engine::MakeFactRow(std::uint64_t{index} + 1, *record, NameOf(primary), false);
  return RowOf(index, NamesOf(*std::move(record)), primary);
}

std::unique_ptr<engine::FactsCache::Known> View::Impl::Know(Node root,
                                                            std::vector<FactRow> rows) const {
  auto known = std::make_unique<engine::FactsCache::Known>();
  known->identifiers = MembersOf(root);
  known->anchor = NameOf(AnchorOf(root));
  known->rows = std::move(rows);
  for (const FactRow& row : known->rows) known->bytes += engine::BytesOf(row);
  return known;
}

void View::Impl::FindTold(Node root, std::uint32_t person, std::vector<Told>* told) const {
  const std::size_t first = told->size();
  graph_.ForEachMember(root, [&](Node n) {
    ForEachMention(n, [&](std::uint32_t record, const RecordCell& cell) {
      if (cell.live() && cell.has(RecordCell::kFacts) && engine::TellsFacts(cell.act()))
        told->push_back({cell.location, record, cell.has(RecordCell::kOfPerson), person});
      return true;
    });
  });
  // A record names several of one person's identifiers.
  const auto begin = told->begin() + static_cast<std::ptrdiff_t>(first);
  std::sort(begin, told->end());
  told->erase(std::unique(begin, told->end()), told->end());
}

absl::Status View::Impl::ForEachTeller(Node name,
                                       const std::function<void(const NamedRecord&)>& f) const {
  absl::Status status;
  ForEachMention(graph_.Canonical(name), [&](std::uint32_t, const RecordCell& cell) {
    if (!cell.live() || !cell.has(RecordCell::kFacts) || !engine::TellsFacts(cell.act()))
      return true;
    auto record = ReadStored(cell.location);
    if (record.ok()) f(NamesOf(*std::move(record)));
    status = record.status();
    return status.ok();
  });
  return status;
}

absl::StatusOr<Record> View::Impl::ReadStored(std::uint64_t location) const {
  return log_ != nullptr ? log_->ReadRecord(location)
                         : engine::ReadRecordFromStore(store(), location);
}

absl::Status View::Impl::ReadTold(std::span<const Told> told, std::span<const Node> roots,
                                  std::span<engine::PersonFacts> people) const {
  engine::FrameReader frames(&store());
  for (const Told& one : told) {
    const Node root = roots[one.person];
    engine::PersonFacts& out = people[one.person];
    auto record =
        log_ != nullptr ? log_->ReadRecord(one.location, &frames) : frames.Read(one.location);
    if (!record.ok()) return record.status();
    const NamedRecord named = NamesOf(*std::move(record));
    const Node primary = PrimaryOf(graph_, named.names);
    if (one.of_person) {
      for (const NamedRecord::Name& name : named.names)
        out.asks_of_others |= graph_.ProfileOf(graph_.Canonical(name.node)) != root;
    }
    if (primary == kNone || graph_.node(primary).live == 0) continue;  // nobody's
    const bool counts_here = graph_.ProfileOf(primary) == root;
    if (!counts_here && !one.of_person) continue;  // they are another's
    FactRow row = RowOf(one.record, named, primary);
    if (one.of_person) {
      AmbiguousFacts ambiguous{row.from, row.facts, counts_here, {}, {}};
      for (const NamedRecord::Name& name : named.names) {
        const Node node = graph_.Canonical(name.node);
        if (name.derived || graph_.node(node).live == 0) continue;
        (graph_.ProfileOf(node) == root ? ambiguous.here : ambiguous.elsewhere)
            .push_back(NameOf(node));
      }
      engine::AddAmbiguous(std::move(ambiguous), &out.ambiguous);
    }
    if (counts_here) out.rows.push_back(std::move(row));
  }
  for (engine::PersonFacts& person : people) engine::SortAmbiguous(&person.ambiguous);
  return absl::OkStatus();
}

absl::StatusOr<engine::PersonFacts> View::Impl::ReadFactsOf(Node root) const {
  std::vector<Told> told;
  FindTold(root, 0, &told);
  engine::PersonFacts facts;
  absl::Status status = ReadTold(told, std::span(&root, 1), std::span(&facts, 1));
  if (!status.ok()) return status;
  return facts;
}

Profile View::Impl::Fold(Node root, const engine::PersonFacts& facts,
                         const ProfileOptions& options) const {
  Profile profile = engine::FoldPerson(rules().policy().policy().definitions, facts, options,
                                       options.now_ms.value_or(now_ms()));
  profile.id = IdOf(root);
  profile.identifiers = MembersOf(root);
  profile.policy_version = rules().version();
  return profile;
}

absl::StatusOr<Profile> View::Impl::ReadProfile(Node root, const ProfileOptions& options) const {
  if (absl::Status status = engine::Validate(options); !status.ok()) return status;
  auto facts = FactsOf(root);
  if (!facts.ok()) return facts.status();
  return Fold(root, **facts, options);
}

Node View::Impl::AnchorOf(Node root) const {
  Node anchor = kNone;
  const auto place = [this](Node n) {
    return std::pair(rules().PriorityOf(graph_.KindOf(n)), NameOf(n));
  };
  graph_.ForEachMember(root, [&](Node n) {
    if (anchor == kNone || place(n) < place(anchor)) anchor = n;
  });
  return anchor;
}

Person View::Impl::MakePerson(Node root, std::shared_ptr<const engine::PersonFacts> facts) const {
  const std::vector<FactRow>* rows = &facts->rows;
  return {IdOf(root), MembersOf(root), NameOf(AnchorOf(root)), {std::move(facts), rows}};
}

absl::StatusOr<Person> View::ReadPerson(ProfileId id) const {
  if (!impl_->Has(id)) return NoSuchProfile();
  const Node root = impl_->RootOf(static_cast<Node>(id.value));
  auto facts = impl_->FactsOf(root);
  if (!facts.ok()) return facts.status();
  return impl_->MakePerson(root, *std::move(facts));
}

namespace {

constexpr std::size_t kRecordsAtATime = 16'384;

}  // namespace

// Some people at a time, whose records are read in the order of the log: neighbours in it share frames.
class View::Impl::PeopleReader {
 public:
  using Visit = std::function<bool(Node root, engine::PersonFacts facts)>;
  PeopleReader(const Impl& view, const Visit& visit) : view_(view), visit_(visit) {}

  // False where it is enough.
  bool Add(Node root) {
    view_.FindTold(root, static_cast<std::uint32_t>(roots_.size()), &told_);
    roots_.push_back(root);
    return told_.size() + roots_.size() < kRecordsAtATime || Read();
  }
  absl::Status End() {
    if (status_.ok() && more_) Read();
    return status_;
  }

 private:
  bool Read() {
    std::sort(told_.begin(), told_.end());
    std::vector<engine::PersonFacts> people(roots_.size());
    status_ = view_.GoOn();
    if (status_.ok()) status_ = view_.ReadTold(told_, roots_, people);
    for (std::size_t p = 0; status_.ok() && more_ && p < roots_.size(); ++p)
      more_ = visit_(roots_[p], std::move(people[p]));
    roots_.clear();
    told_.clear();
    return status_.ok() && more_;
  }

  const Impl& view_;
  const Visit& visit_;
  std::vector<Node> roots_;
  std::vector<Told> told_;
  bool more_ = true;
  absl::Status status_;
};

absl::Status View::Impl::ForEachTold(
    const std::function<bool(Node root, engine::PersonFacts facts)>& visit) const {
  PeopleReader people(*this, visit);
  ForEachRoot([&](Node root) { return people.Add(root); });
  return people.End();
}

absl::Status View::Impl::ForEachTold(
    std::span<const Node> roots,
    const std::function<bool(std::size_t, engine::PersonFacts)>& visit) const {
  std::size_t next = 0;
  const PeopleReader::Visit in_order = [&](Node, engine::PersonFacts facts) {
    return visit(next++, std::move(facts));
  };
  PeopleReader people(*this, in_order);
  for (const Node root : roots) {
    if (!people.Add(root)) break;
  }
  return people.End();
}

absl::Status View::ForEachPerson(const std::function<bool(const Person&)>& visit) const {
  return impl_->ForEachTold([&](Node root, engine::PersonFacts facts) {
    return visit(
        impl_->MakePerson(root, std::make_shared<const engine::PersonFacts>(std::move(facts))));
  });
}

absl::Status View::ReadEveryProfile(const ProfileOptions& options,
                                    const std::function<bool(const Profile&)>& visit) const {
  if (absl::Status status = engine::Validate(options); !status.ok()) return status;
  return impl_->ForEachTold([&](Node root, const engine::PersonFacts& facts) {
    return visit(impl_->Fold(root, facts, options));
  });
}

absl::Status View::ForEachFacts(const std::function<bool(ProfileId, const FactRow&)>& visit) const {
  const Impl::Graph& graph = impl_->graph();
  return Export([&](const StoredRecord& stored) {
    const auto index = static_cast<std::uint32_t>(stored.number - 1);
    const RecordCell cell = graph.access().record(index);
    if (!cell.live() || !cell.has(RecordCell::kFacts) || !engine::TellsFacts(cell.act()))
      return true;
    const Impl::NamedRecord named = impl_->NamesOf(stored.record);
    const Node primary = PrimaryOf(graph, named.names);
    if (primary == kNone || graph.node(primary).live == 0) return true;
    return visit(impl_->IdOf(graph.ProfileOf(primary)), impl_->RowOf(index, named, primary));
  });
}

absl::StatusOr<Profile> View::ReadProfile(ProfileId id, const ProfileOptions& options) const {
  if (!impl_->Has(id)) return NoSuchProfile();
  return impl_->ReadProfile(impl_->RootOf(static_cast<Node>(id.value)), options);
}

std::vector<absl::StatusOr<Profile>> View::ReadProfiles(std::span<const ProfileId> ids,
                                                        const ProfileOptions& options) const {
  std::vector<absl::StatusOr<Profile>> profiles;
  profiles.reserve(ids.size());
  for (const ProfileId id : ids) profiles.push_back(ReadProfile(id, options));
  return profiles;
}

absl::StatusOr<Profile> View::ReadProfile(const Identifier& identifier,
                                          const ProfileOptions& options) const {
  const Impl::Found found = impl_->Find(identifier);
  if (found.name == kNone) {
    return absl::NotFoundError(found.held != Reason::kNone
                                   ? "the identifier is held: policy forbids its namespace or value"
                                   : "the identifier was never seen");
  }
  return impl_->ReadProfile(impl_->RootOf(found.name), options);
}

}  // namespace polyonym
