// Relations between profiles, read from the links and records of one profile after the other.
#include "polyonym/engine/relations.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "engine/log.h"
#include "engine/span.h"
#include "engine/view_impl.h"

namespace polyonym {
namespace {

using engine::kNone;
using engine::Link;
using engine::LinkCell;
using engine::Node;
using engine::RecordCell;
using engine::Span;
using Graph = View::Impl::Graph;

absl::Status BeyondBounds(std::string_view bound) {
  return absl::ResourceExhaustedError("the answer lies beyond " + std::string(bound) +
                                      "; ask for fewer steps or kinds, or raise it");
}

// What two identifiers of two profiles were seen together.
struct Tie {
  ProfileId to;
  RelationKind kind = RelationKind::kRefused;
  RelationDirection direction = RelationDirection::kBoth;
  Node from_node = kNone;
  Node to_node = kNone;
  friend auto operator<=>(const Tie&, const Tie&) = default;
};
struct Seen {
  std::uint64_t sightings = 0;
  std::int64_t first_ms = std::numeric_limits<std::int64_t>::max();
  std::int64_t last_ms = std::numeric_limits<std::int64_t>::min();

  void Add(std::uint64_t times, std::int64_t first, std::int64_t last) {
    sightings += times;
    first_ms = std::min(first_ms, first);
    last_ms = std::max(last_ms, last);
  }
};

// Reads the relations of profiles, within the bound on evidence for all of them together.
class RelationReader {
 public:
  RelationReader(const View::Impl& view, const RelationOptions& options)
      : view_(view), graph_(view.graph()), options_(options), left_(options.max_evidence) {}

  // Of the profile with this root, by the other profile's id, kind and direction.
  absl::StatusOr<std::vector<Relation>> Of(Node root);

 private:
  // What a record about one says of others.
  struct Naming {
    Span span;
    Node about = kNone;  // its primary; kNone: it is about nobody
    std::vector<Node> others;
  };

  bool Wants(RelationKind kind) const {
    return options_.kinds.empty() ||
           std::find(options_.kinds.begin(), options_.kinds.end(), kind) != options_.kinds.end();
  }
  bool Spend() { return left_ > 0 && left_-- > 0; }
  absl::Status Exhausted() const {
    return BeyondBounds(std::to_string(options_.max_evidence) + " links and mentions");
  }

  RelationKind KindOf(const LinkCell& cell) const;
  absl::Status AddLinks(Node node);
  absl::Status AddNamings(Node root);
  absl::Status FindRecords(Node node, std::set<std::uint32_t>* records);
  absl::StatusOr<const Naming*> ReadNaming(std::uint32_t record);
  absl::StatusOr<bool> IsVoid(Node node, const Span& span);
  absl::StatusOr<std::int64_t> FirstThatCounts(Node node);
  ProfileId ProfileOf(Node node) const { return view_.IdOf(graph_.ProfileOf(node)); }
  void Add(RelationKind kind, RelationDirection direction, Node from, Node to, const Seen& seen);
  std::pair<Identifier, Identifier> PairOf(const Tie& tie) const;
  bool TiesBetter(const std::pair<const Tie, Seen>& a, const std::pair<const Tie, Seen>& b) const;

  const View::Impl& view_;
  const Graph& graph_;
  const RelationOptions& options_;
  std::size_t left_;
  std::map<Tie, Seen> ties_;                            // of the profile at hand
  absl::flat_hash_map<std::uint32_t, Naming> namings_;  // by record
  absl::flat_hash_map<Node, std::int64_t> counts_from_;
};

RelationKind RelationReader::KindOf(const LinkCell& cell) const {
  if (cell.expired()) return RelationKind::kExpired;
  return graph_.IsLive(cell) ? RelationKind::kRefused : RelationKind::kShared;
}

void RelationReader::Add(RelationKind kind, RelationDirection direction, Node from, Node to,
                         const Seen& seen) {
  ties_[{ProfileOf(to), kind, direction, from, to}].Add(seen.sightings, seen.first_ms,
                                                        seen.last_ms);
}

absl::Status RelationReader::AddLinks(Node node) {
  const Node root = graph_.ProfileOf(node);
  for (Link l = graph_.node(node).links; l != kNone;) {
    if (!Spend()) return Exhausted();
    const LinkCell& cell = graph_.link(l);
    l = cell.Next(node);
    const Node other = cell.Other(node);
    if (!cell.evidence.any() || graph_.ProfileOf(other) == root || !Wants(KindOf(cell))) continue;
    Add(KindOf(cell), RelationDirection::kBoth, node, other,
        {std::uint64_t{cell.evidence.seen} + cell.evidence.forced, cell.evidence.first_ms,
         cell.evidence.last_ms});
  }
  return absl::OkStatus();
}

absl::Status RelationReader::FindRecords(Node node, std::set<std::uint32_t>* records) {
  bool within = true;
  view_.ForEachMention(node, [&](std::uint32_t number, const RecordCell& cell) {
    if (cell.live()) records->insert(number);
    return within = Spend();
  });
  return within ? absl::OkStatus() : Exhausted();
}

absl::Status RelationReader::AddNamings(Node root) {
  std::set<std::uint32_t> records;
  absl::Status status;
  graph_.ForEachMember(root, [&](Node node) {
    if (status.ok()) status = FindRecords(node, &records);
  });
  if (!status.ok()) return status;
  for (const std::uint32_t record : records) {
    auto naming = ReadNaming(record);
    if (!naming.ok()) return naming.status();
    const auto& [span, about, others] = **naming;
    if (about == kNone) continue;
    const bool ours = graph_.ProfileOf(about) == root;
    for (const Node other : others) {
      if ((graph_.ProfileOf(other) == root) == ours) continue;
      const Seen once{span.count, span.first_ms, span.last_ms};
      if (ours) {
        Add(RelationKind::kNamed, RelationDirection::kForward, about, other, once);
      } else {
        Add(RelationKind::kNamed, RelationDirection::kBackward, other, about, once);
      }
    }
  }
  return absl::OkStatus();
}

// As docs/rule.md section 6 has it.
absl::StatusOr<const RelationReader::Naming*> RelationReader::ReadNaming(std::uint32_t record) {
  const auto [at, is_new] = namings_.try_emplace(record);
  if (!is_new) return &at->second;
  const Act act = graph_.access().record(record).act();
  if (act != Act::kObserve && act != Act::kBind) return &at->second;
  const auto read = view_.ReadNamed(record);
  if (!read.ok()) return read.status();
  Naming naming;
  naming.span = engine::SpanOf(read->record);
  if (std::all_of(read->names.begin(), read->names.end(),
                  [](const auto& name) { return name.role == Role::kSelf; }))
    return &at->second;
  for (const auto& [node, role, derived] : read->names) {
    if (derived) continue;
    const auto is_void = IsVoid(node, naming.span);
    if (!is_void.ok()) return is_void.status();
    if (*is_void) continue;
    if (role == Role::kOther) {
      naming.others.push_back(node);
    } else if (naming.about == kNone || graph_.BetterPrimary(node, naming.about)) {
      naming.about = node;
    }
  }
  return &(at->second = std::move(naming));
}

// Whether a delete_identifier voids what a live record of that time says of the node.
absl::StatusOr<bool> RelationReader::IsVoid(Node node, const Span& span) {
  bool deleted = false;
  graph_.ForEachName(node, [&](Node name) { deleted |= graph_.node(name).deleted(); });
  if (!deleted) return false;
  const auto at = counts_from_.find(node);
  if (at != counts_from_.end()) return span.last_ms < at->second;
  const auto from = FirstThatCounts(node);
  if (!from.ok()) return from.status();
  counts_from_[node] = *from;
  return span.last_ms < *from;
}

// Time of the earliest mention that is not void. What voids mentions voids the earliest of them, and never a rename: so the latest
// are those that the node counts.
absl::StatusOr<std::int64_t> RelationReader::FirstThatCounts(Node node) {
  std::set<std::uint32_t> records;
  if (absl::Status status = FindRecords(node, &records); !status.ok()) return status;
  std::size_t live = graph_.node(node).live;
  std::vector<std::pair<std::int64_t, std::uint32_t>> times;  // the last of each record, how many
  for (const std::uint32_t number : records) {
    const RecordCell& cell = graph_.access().record(number);
    const Act act = cell.act();
    if (act == Act::kRename) --live;
    if (act != Act::kObserve && act != Act::kBind && act != Act::kMustLink) continue;
    const auto record = engine::ReadRecordFromStore(view_.store(), cell.location);
    if (!record.ok()) return record.status();
    const Span span = engine::SpanOf(*record);
    if (!graph_.node(node).life() || graph_.LifeAt(view_.ValueOf(node), span.first_ms) == node)
      times.emplace_back(span.last_ms, span.count);
  }
  if (live == 0) return std::numeric_limits<std::int64_t>::max();
  std::sort(times.begin(), times.end(), std::greater<>());
  for (const auto& [last_ms, count] : times) {
    if (live <= count) return last_ms;
    live -= count;
  }
  return absl::DataLossError("an identifier has more mentions than records; run verify");
}

std::pair<Identifier, Identifier> RelationReader::PairOf(const Tie& tie) const {
  return std::minmax({view_.NameOf(tie.from_node), view_.NameOf(tie.to_node)});
}

bool RelationReader::TiesBetter(const std::pair<const Tie, Seen>& a,
                                const std::pair<const Tie, Seen>& b) const {
  if (a.second.sightings != b.second.sightings) return a.second.sightings > b.second.sightings;
  if (a.second.last_ms != b.second.last_ms) return a.second.last_ms > b.second.last_ms;
  return PairOf(a.first) < PairOf(b.first);
}

absl::StatusOr<std::vector<Relation>> RelationReader::Of(Node root) {
  ties_.clear();
  absl::Status status;
  if (Wants(RelationKind::kRefused) || Wants(RelationKind::kShared) ||
      Wants(RelationKind::kExpired)) {
    graph_.ForEachMember(root, [&](Node node) {
      if (status.ok()) status = AddLinks(node);
    });
  }
  if (status.ok() && Wants(RelationKind::kNamed)) status = AddNamings(root);
  if (!status.ok()) return status;

  std::vector<Relation> relations;
  const std::pair<const Tie, Seen>* best = nullptr;  // of the relation at hand
  for (const auto& one : ties_) {
    const auto& [tie, seen] = one;
    if (relations.empty() ||
        std::tie(relations.back().to, relations.back().kind, relations.back().direction) !=
            std::tie(tie.to, tie.kind, tie.direction)) {
      relations.push_back({view_.IdOf(root),
                           tie.to,
                           tie.kind,
                           tie.direction,
                           {},
                           {},
                           0,
                           0,
                           seen.first_ms,
                           seen.last_ms});
      best = nullptr;
    }
    Relation& relation = relations.back();
    ++relation.pairs;
    relation.sightings += seen.sightings;
    relation.first_ms = std::min(relation.first_ms, seen.first_ms);
    relation.last_ms = std::max(relation.last_ms, seen.last_ms);
    if (best != nullptr && !TiesBetter(one, *best)) continue;
    best = &one;
    relation.from_identifier = view_.NameOf(tie.from_node);
    relation.to_identifier = view_.NameOf(tie.to_node);
  }
  return relations;
}

// Breadth first, each profile's relations in order of id: what is reached, in that order, the start first. Ends where `to` is met.
absl::StatusOr<std::vector<RelatedProfile>> Search(const View::Impl& view, Node start,
                                                   std::optional<ProfileId> to,
                                                   const RelationOptions& options) {
  RelationReader reader(view, options);
  std::vector<RelatedProfile> reached = {{view.IdOf(start), 0, {}}};
  absl::flat_hash_map<std::uint64_t, std::size_t> places = {{reached[0].profile.value, 0}};
  for (std::size_t i = 0; i < reached.size() && reached[i].distance < options.max_steps; ++i) {
    const std::uint32_t distance = reached[i].distance + 1;
    auto relations = reader.Of(view.RootOf(static_cast<Node>(reached[i].profile.value)));
    if (!relations.ok()) return relations.status();
    for (Relation& relation : *relations) {
      const auto [at, is_new] = places.try_emplace(relation.to.value, reached.size());
      if (is_new) {
        if (reached.size() > options.max_profiles)
          return BeyondBounds(std::to_string(options.max_profiles) + " profiles");
        reached.push_back({relation.to, distance, {}});
      }
      RelatedProfile& other = reached[at->second];
      if (other.distance == distance) other.relations.push_back(std::move(relation));
    }
    if (to && places.contains(to->value)) break;
  }
  return reached;
}

}  // namespace

std::string_view ToString(RelationKind kind) {
  constexpr std::string_view kNames[] = {"refused", "shared", "named", "expired"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view ToString(RelationDirection direction) {
  constexpr std::string_view kNames[] = {"both", "forward", "backward"};
  return kNames[static_cast<std::size_t>(direction)];
}

absl::StatusOr<std::vector<RelatedProfile>> View::Neighbourhood(
    ProfileId id, const RelationOptions& options) const {
  if (!impl_->Has(id)) return NoSuchProfile();
  auto reached = Search(*impl_, impl_->RootOf(static_cast<Node>(id.value)), std::nullopt, options);
  if (!reached.ok()) return reached.status();
  reached->erase(reached->begin());
  std::sort(reached->begin(), reached->end(), [](const auto& a, const auto& b) {
    return std::tie(a.distance, a.profile) < std::tie(b.distance, b.profile);
  });
  for (RelatedProfile& one : *reached) {
    std::sort(one.relations.begin(), one.relations.end(), [](const auto& a, const auto& b) {
      return std::tie(a.from, a.kind, a.direction) < std::tie(b.from, b.kind, b.direction);
    });
  }
  return reached;
}

absl::StatusOr<std::vector<RelatedProfile>> View::Path(ProfileId from, ProfileId to,
                                                       const RelationOptions& options) const {
  if (!impl_->Has(from) || !impl_->Has(to)) return NoSuchProfile();
  const Node start = impl_->RootOf(static_cast<Node>(from.value));
  const ProfileId end = impl_->IdOf(impl_->RootOf(static_cast<Node>(to.value)));
  std::vector<RelatedProfile> path;
  if (impl_->IdOf(start) == end) return path;
  auto reached = Search(*impl_, start, end, options);
  if (!reached.ok()) return reached.status();
  for (auto step = reached->rbegin(); step != reached->rend(); ++step) {
    const ProfileId wanted = path.empty() ? end : path.back().relations.front().from;
    if (step->profile != wanted || step->distance == 0) continue;
    // The way by which it was met first; others may have met it since.
    std::erase_if(step->relations, [by = step->relations.front().from](const Relation& relation) {
      return relation.from != by;
    });
    path.push_back(std::move(*step));
  }
  if (path.empty()) {
    return absl::NotFoundError("no chain of up to " + std::to_string(options.max_steps) +
                               " relations leads from one profile to the other");
  }
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace polyonym
