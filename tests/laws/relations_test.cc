// Relations between profiles are those that the definition's links and records give, and paths between them the shortest.
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "harness/catch.h"
#include "harness/engine_state.h"

namespace polyonym::harness {
namespace {

using Kinds = std::vector<RelationKind>;

// How often each kind and each length of path was compared: for the counts that keep the generator honest.
struct Met {
  std::array<std::size_t, 3> kinds = {};
  std::size_t void_namings = 0;
  std::map<std::size_t, std::size_t> lengths;
};

using Node = NaiveWorld::Node;
using NodePair = NaiveWorld::NodePair;

// include/polyonym/engine/relations.h computed slowly from a NaiveWorld; profiles are known by the view's ids.
class NaiveRelations {
 public:
  NaiveRelations(const View& view, const NaiveWorld& world, const Kinds& kinds, Met* met)
      : view_(view), world_(world), kinds_(kinds), met_(*met) {
    for (const auto& [pair, link] : world.LinksOfAllLives()) {
      if (world.GroupOf(pair.first) == world.GroupOf(pair.second)) continue;
      const auto kind = world.IsInert(pair) ? RelationKind::kShared : RelationKind::kRefused;
      const std::size_t sightings = world.RecordsOf(pair).size();
      for (const auto& [a, b] : {pair, NodePair(pair.second, pair.first)})
        Add(kind, RelationDirection::kBoth, a, b, {sightings, link.first_ms, link.last_ms});
    }
    for (const NaiveWorld::Entry& entry : world.entries()) AddNamings(entry);
    Summarise();
  }

  // By (from, to), then by kind and direction.
  const std::map<ProfileId, std::map<ProfileId, std::vector<Relation>>>& all() const {
    return relations_;
  }

  // Steps from a profile to every other.
  std::map<ProfileId, std::uint32_t> Distances(ProfileId from) const {
    std::map<ProfileId, std::uint32_t> distances = {{from, 0}};
    for (std::uint32_t d = 0;; ++d) {
      std::set<ProfileId> next;
      for (const auto& [profile, distance] : distances) {
        const auto at = relations_.find(profile);
        if (distance != d || at == relations_.end()) continue;
        for (const auto& [to, relations] : at->second) next.insert(to);
      }
      const std::size_t before = distances.size();
      for (const ProfileId profile : next) distances.try_emplace(profile, d + 1);
      if (distances.size() == before) return distances;
    }
  }

  std::vector<RelatedProfile> Neighbourhood(ProfileId from, std::uint32_t max_steps) const {
    const auto distances = Distances(from);
    std::vector<RelatedProfile> out;
    for (std::uint32_t d = 1; d <= max_steps; ++d) {
      for (const auto& [profile, distance] : distances) {
        if (distance != d) continue;
        RelatedProfile& related = out.emplace_back(RelatedProfile{profile, d, {}});
        for (const auto& [nearer, its_distance] : distances) {
          if (its_distance + 1 != d || !relations_.contains(nearer)) continue;
          const auto at = relations_.at(nearer).find(profile);
          if (at == relations_.at(nearer).end()) continue;
          related.relations.insert(related.relations.end(), at->second.begin(), at->second.end());
        }
      }
    }
    return out;
  }

  // Of the shortest paths the one of the smallest ids, step by step; none where there is no path.
  std::optional<std::vector<RelatedProfile>> Path(ProfileId from, ProfileId to) const {
    const auto left = Distances(to);  // relations go both ways
    if (!left.contains(from)) return std::nullopt;
    std::vector<RelatedProfile> path;
    for (ProfileId at = from; at != to;) {
      for (const auto& [next, relations] : relations_.at(at)) {
        if (left.at(next) + 1 != left.at(at)) continue;
        path.push_back({next, static_cast<std::uint32_t>(path.size() + 1), relations});
        at = next;
        break;
      }
    }
    return path;
  }

 private:
  struct Seen {
    std::size_t sightings = 0;
    std::int64_t first_ms = 0;
    std::int64_t last_ms = 0;
  };
  using Way = std::tuple<ProfileId, ProfileId, RelationKind, RelationDirection>;

  ProfileId IdOf(const Node& node) const { return view_.Resolve(node.name).profile.value(); }

  void Add(RelationKind kind, RelationDirection direction, const Node& a, const Node& b,
           const Seen& seen) {
    if (!kinds_.empty() && std::find(kinds_.begin(), kinds_.end(), kind) == kinds_.end()) return;
    const auto [at, first] = ties_[{IdOf(a), IdOf(b), kind, direction}].try_emplace({a, b}, seen);
    if (first) return;
    at->second.sightings += seen.sightings;
    at->second.first_ms = std::min(at->second.first_ms, seen.first_ms);
    at->second.last_ms = std::max(at->second.last_ms, seen.last_ms);
  }

  bool Deleted(const Node& node, std::int64_t time_ms) const {
    return std::any_of(world_.entries().begin(), world_.entries().end(), [&](const auto& entry) {
      if (!entry.live || entry.record.act != Act::kDeleteIdentifier) return false;
      const Identifier name = NaiveWorld::NameOf(entry, entry.verdict.counted[0]);
      return world_.NodeAt(name, *entry.record.time_ms) == node && time_ms <= *entry.record.time_ms;
    });
  }

  void AddNamings(const NaiveWorld::Entry& entry) {
    const Act act = entry.record.act;
    if (!entry.live || (act != Act::kObserve && act != Act::kBind)) return;
    const std::int64_t t = *entry.record.time_ms;
    std::set<Node> self, others;
    bool is_void = false;
    for (const RecordVerdict::Counted& counted : entry.verdict.counted) {
      if (counted.derived) continue;
      const Node node = world_.NodeAt(NaiveWorld::NameOf(entry, counted), t);
      const bool deleted = Deleted(node, t);
      is_void |= deleted;
      if (deleted) continue;
      (counted.role == Role::kSelf ? self : others).insert(node);
    }
    const auto place = [&](const Node& node) {
      return std::tuple(world_.IsShared(node), world_.PriorityOf(node.name), node);
    };
    const auto primary =
        std::min_element(self.begin(), self.end(),
                         [&](const auto& a, const auto& b) { return place(a) < place(b); });
    if (!others.empty() && is_void) ++met_.void_namings;
    if (primary == self.end()) return;
    for (const Node& other : others) {
      if (self.contains(other) || world_.GroupOf(*primary) == world_.GroupOf(other)) continue;
      Add(RelationKind::kNamed, RelationDirection::kForward, *primary, other, {1, t, t});
      Add(RelationKind::kNamed, RelationDirection::kBackward, other, *primary, {1, t, t});
    }
  }

  void Summarise() {
    for (const auto& [way, pairs] : ties_) {
      const auto& [from, to, kind, direction] = way;
      const auto best = std::min_element(pairs.begin(), pairs.end(), [](auto& x, auto& y) {
        const auto place = [](const auto& tie) {
          return std::tuple(-static_cast<std::int64_t>(tie.second.sightings), -tie.second.last_ms,
                            NaiveWorld::MakePair(tie.first.first, tie.first.second));
        };
        return place(x) < place(y);
      });
      Relation relation{from, to, kind, direction, best->first.first.name, best->first.second.name};
      relation.first_ms = best->second.first_ms;
      relation.last_ms = best->second.last_ms;
      for (const auto& [pair, seen] : pairs) {
        ++relation.pairs;
        relation.sightings += seen.sightings;
        relation.first_ms = std::min(relation.first_ms, seen.first_ms);
        relation.last_ms = std::max(relation.last_ms, seen.last_ms);
      }
      relations_[from][to].push_back(std::move(relation));
      ++met_.kinds[static_cast<std::size_t>(kind)];
    }
  }

  const View& view_;
  const NaiveWorld& world_;
  const Kinds kinds_;
  Met& met_;
  std::map<Way, std::map<NodePair, Seen>> ties_;
  std::map<ProfileId, std::map<ProfileId, std::vector<Relation>>> relations_;
};

std::string Spell(const std::vector<RelatedProfile>& profiles) {
  std::string out;
  for (const RelatedProfile& related : profiles) {
    out += "  " + ToString(related.profile) + " at " + std::to_string(related.distance) + "\n";
    for (const Relation& r : related.relations) {
      out += "    " + std::string(ToString(r.kind)) + " " + std::string(ToString(r.direction)) +
             " " + ToString(r.from) + " " + ToString(r.from_identifier) + ", " + ToString(r.to) +
             " " + ToString(r.to_identifier) + ": " + std::to_string(r.pairs) + " pairs, " +
             std::to_string(r.sightings) + " in " + std::to_string(r.first_ms) + ".." +
             std::to_string(r.last_ms) + "\n";
    }
  }
  return out;
}

std::string Compare(const std::string& question, const std::vector<RelatedProfile>& want,
                    const absl::StatusOr<std::vector<RelatedProfile>>& got) {
  if (got.ok() && *got == want) return "";
  return question + ": wanted\n" + Spell(want) + "got\n" +
         (got.ok() ? Spell(*got) : "  " + got.status().ToString() + "\n");
}

class Checker {
 public:
  Checker(const View& view, const NaiveRelations& naive, const Kinds& kinds, Met* met)
      : view_(view), naive_(naive), kinds_(kinds), met_(*met) {
    view.ForEachProfile([&](ProfileId id, std::span<const Identifier>) {
      profiles_.push_back(id);
      return true;
    });
  }

  std::string Check(Random& random) {
    std::string fault;
    for (const ProfileId id : profiles_) fault += CheckAround(id, 1 + random.Below(3));
    for (int i = 0; i < 12 && !profiles_.empty(); ++i)
      fault += CheckPath(random.Pick(profiles_), random.Pick(profiles_));
    return fault;
  }

 private:
  std::string CheckAround(ProfileId id, std::uint64_t steps) {
    RelationOptions options{.max_steps = static_cast<std::uint32_t>(steps), .kinds = kinds_};
    const std::vector<RelatedProfile> want = naive_.Neighbourhood(id, options.max_steps);
    const std::string question =
        "Neighbourhood of " + ToString(id) + " to " + std::to_string(steps);
    options.max_profiles = want.size();
    std::string fault = Compare(question, want, view_.Neighbourhood(id, options));
    if (want.empty()) return fault;
    --options.max_profiles;
    if (!absl::IsResourceExhausted(view_.Neighbourhood(id, options).status()))
      fault += question + " is answered beyond its bound\n";
    return fault;
  }

  std::string CheckPath(ProfileId from, ProfileId to) {
    RelationOptions options{.max_steps = 50, .kinds = kinds_};
    const std::string question = "Path from " + ToString(from) + " to " + ToString(to);
    const auto want = naive_.Path(from, to);
    const auto got = view_.Path(from, to, options);
    if (!want) {
      return absl::IsNotFound(got.status()) ? "" : question + " is found where none is\n";
    }
    ++met_.lengths[want->size()];
    std::string fault = Compare(question, *want, got);
    if (want->empty()) return fault;
    options.max_steps = static_cast<std::uint32_t>(want->size());
    fault += Compare(question + " in just as many steps", *want, view_.Path(from, to, options));
    --options.max_steps;
    if (!absl::IsNotFound(view_.Path(from, to, options).status()))
      fault += question + " is found in fewer steps\n";
    return fault;
  }

  const View& view_;
  const NaiveRelations& naive_;
  const Kinds kinds_;
  Met& met_;
  std::vector<ProfileId> profiles_;
};

// Values have one life here: which profile an earlier one is in, no question tells.
std::string Check(History history, Met* met) {
  for (NamespacePolicy& ns : history.policy.namespaces) ns.validity_ms = 0;
  Random random(history.seed ^ 0x4e1a7);
  std::unique_ptr<Engine> engine = OpenInMemory(history.policy, history.seed);
  const auto policy = Compile(history.policy);
  const std::size_t half = history.records.size() / 2;
  for (const std::span<const Record> part :
       {std::span(history.records).first(half), std::span(history.records).subspan(half)}) {
    Must(engine->Apply(part).status());
    const auto done = static_cast<std::size_t>(part.data() + part.size() - history.records.data());
    const NaiveWorld world(policy, std::span(history.records.data(), done));
    Kinds kinds;
    if (random.Chance(30)) {
      for (const auto kind :
           {RelationKind::kRefused, RelationKind::kShared, RelationKind::kNamed}) {
        if (random.Chance(60)) kinds.push_back(kind);
      }
    }
    const View view = engine->Read();
    const NaiveRelations naive(view, world, kinds, met);
    const std::string fault = Checker(view, naive, kinds, met).Check(random);
    if (!fault.empty()) return fault;
  }
  return "";
}

void Run(std::uint64_t first_seed, std::size_t count) {
  Met met;
  const std::string report = FindFailure(
      first_seed, count, {}, [&](const History& history) { return Check(history, &met); });
  INFO(report);
  REQUIRE(report.empty());
  if (OneSeedOnly()) return;
  for (const std::size_t relations : met.kinds) CHECK(relations > count);
  CHECK(met.void_namings > count / 10);
  for (const std::size_t length : {0, 1, 2, 3, 4}) {
    INFO("paths of " << length << " steps");
    CHECK(met.lengths[length] > count / 10);
  }
}

}  // namespace

TEST_CASE("relations between profiles are those of the definition, and paths the shortest") {
  Run(700'000, 600);
}
TEST_CASE(
    "relations between profiles are those of the definition, and paths the shortest, at length",
    "[slow]") {
  Run(70'000'000, 8'000);
}

}  // namespace polyonym::harness
