// The facts of a profile's identifiers: which records they stand in, and whose they are.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/log.h"
#include "engine/view_impl.h"
#include "polyonym/profile/profile.h"

namespace polyonym {

using engine::kNone;
using engine::Node;
using engine::RecordCell;

namespace {

constexpr std::uint32_t kMaxTimelinePage = 10'000;

absl::Status Validate(const ProfileOptions& options) {
  if (options.page.limit > kMaxTimelinePage)
    return absl::InvalidArgumentError("page.limit: must be at most 10,000");
  if (!options.page.within) return absl::OkStatus();
  const TimelineOptions::Area& area = *options.page.within;
  if (!(area.latitude >= -90 && area.latitude <= 90 && area.longitude >= -180 &&
        area.longitude <= 180 && area.radius_m >= 0))
    return absl::InvalidArgumentError(
        "page.within: latitude must be between -90 and 90, longitude between -180 and 180, the "
        "radius 0 or more");
  return absl::OkStatus();
}

// Acts about identifiers and records say nothing of a person.
bool TellsFacts(Act act) {
  return act == Act::kObserve || act == Act::kBind || act == Act::kMustLink || act == Act::kRename;
}

bool IsIdentifying(const Definitions& definitions, std::string_view ns) {
  return std::find(definitions.identifying.begin(), definitions.identifying.end(), FamilyOf(ns)) !=
         definitions.identifying.end();
}

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

absl::StatusOr<View::Impl::Rows> View::Impl::FactsOf(Node root) const {
  engine::ProfileCache& cache = lens_->profiles;
  const engine::ProfileCache::Entry kept = cache.Find(root);
  if (kept.rows != nullptr && kept.policy_version == rules().version() &&
      IsUnchangedSince(root, kept.sequence))
    return kept.rows;
  auto rows = ReadFactsOf(root);
  if (!rows.ok()) return rows.status();
  auto shared = std::make_shared<const std::vector<FactRow>>(*std::move(rows));
  cache.Put(root, {state_->sequence, rules().version(), shared});
  return shared;
}

absl::StatusOr<std::vector<FactRow>> View::Impl::ReadFactsOf(Node root) const {
  struct Told {
    std::uint64_t location;
    std::uint32_t record;
    auto operator<=>(const Told&) const = default;
  };
  std::vector<Told> told;
  graph_.ForEachMember(root, [&](Node n) {
    ForEachMention(n, [&](std::uint32_t record, const RecordCell& cell) {
      if (cell.live() && cell.has(RecordCell::kFacts) && TellsFacts(cell.act()))
        told.push_back({cell.location, record});
      return true;
    });
  });
  // By place in the log, so that each frame is read once.
  std::sort(told.begin(), told.end());
  told.erase(std::unique(told.begin(), told.end()), told.end());
  const Definitions& definitions = rules().policy().policy().definitions;
  engine::FrameReader frames(&store());
  std::vector<FactRow> rows;
  for (const Told& one : told) {
    auto record = frames.Read(one.location);
    if (!record.ok()) return record.status();
    const NamedRecord named = NamesOf(*std::move(record));
    const Node primary = PrimaryOf(graph_, named.names);
    if (primary == kNone || graph_.ProfileOf(primary) != root) continue;  // it is another's
    FactRow& row = rows.emplace_back();
    row.from.record = std::uint64_t{one.record} + 1;
    row.from.source = row.from.record_source = named.record.source;
    row.from.record_id = named.record.id;
    row.from.time_ms = named.record.time_ms.value_or(0);
    row.from.belongs_to = NameOf(primary);
    row.from.anonymous =
        !definitions.identifying.empty() &&
        std::none_of(named.names.begin(), named.names.end(), [&](const NamedRecord::Name& name) {
          return name.role == Role::kSelf &&
                 IsIdentifying(definitions, rules().kinds()[graph_.KindOf(name.node)]);
        });
    std::vector<FactFault> faults;
    auto facts = ReadFacts(named.record.facts, &faults);
    if (!facts.ok()) faults.emplace_back();  // as one that says nothing
    row.left_out = faults.size();
    if (facts.ok()) row.facts = *std::move(facts);
  }
  return rows;
}

absl::StatusOr<Profile> View::Impl::ReadProfile(Node root, const ProfileOptions& options) const {
  if (absl::Status status = Validate(options); !status.ok()) return status;
  auto rows = FactsOf(root);
  if (!rows.ok()) return rows.status();
  const std::int64_t now_ms =
      options.now_ms.value_or(std::max(state_->clock_ms, state_->newest_ms));
  Profile profile = FoldProfile(rules().policy().policy().definitions, **rows, options, now_ms);
  profile.id = IdOf(root);
  profile.identifiers = MembersOf(root);
  profile.policy_version = rules().version();
  return profile;
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
