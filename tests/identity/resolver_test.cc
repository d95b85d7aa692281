// A kernel user's own graph, kept by the resolver and compared after every step with the rule run
// all at once and with the rule as docs/rule.md writes it.
#include "polyonym/identity/resolver.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/catch.h"
#include "identity/plain_world.h"
#include "polyonym/identity/rule.h"

namespace polyonym::identity {
namespace {

// The graph concept over vectors; what the resolver does wrong by its contract is noted.
class PlainGraph {
 public:
  struct LinkRow {
    Node u = 0;
    Node v = 0;
    RankKey key;
    bool live = false;
    bool border = false;
  };

  explicit PlainGraph(PlainWorld* world) : world_(world), links_of_(world->size()) {
    for (Node n = 0; n < world->size(); ++n) Found({{n}, RankKey()});
  }

  // ---- the graph concept ----
  const Limits& limits() const { return world_->limits(); }
  Kind KindOf(Node n) const { return world_->KindOf(n); }
  std::int64_t FirstMs(Node n) const { return world_->FirstMs(n); }
  bool HasApart(Node n) const { return world_->HasApart(n); }
  template <class F>
  void ForEachApart(Node n, const F& f) const {
    world_->ForEachApart(n, f);
  }
  bool NodeBefore(Node a, Node b) const { return world_->NodeBefore(a, b); }
  std::uint32_t ProfileOf(Node n) const { return profile_of_[n]; }
  template <class F>
  void ForEachMember(std::uint32_t p, const F& f) const {
    for (const Node n : profiles_.at(p).members) f(n);
  }
  Tally TallyOf(std::uint32_t p) const {
    Tally tally;
    ForEachMember(p, [&](Node n) { tally.AddNode(limits().kinds[KindOf(n)], HasApart(n)); });
    return tally;
  }
  int Border(std::uint32_t p) const { return profiles_.at(p).border; }
  template <class F>
  void ForEachLink(Node u, const F& f) const {
    for (const Link l : links_of_[u]) {
      const LinkRow& row = links_[l];
      if (row.live) f(row.u == u ? row.v : row.u, row.key, l);
    }
  }
  bool IsBorder(Link l) const { return links_[l].border; }
  void SetBorder(Link l, bool border) {
    if (links_[l].border == border) problem_ = "a border is set to what it is";
    links_[l].border = border;
    for (const Node end : {links_[l].u, links_[l].v}) {
      profiles_.at(profile_of_[end]).border += border ? 1 : -1;
    }
  }
  RankKey Floor(std::uint32_t p) const { return profiles_.at(p).floor; }
  void LowerFloor(std::uint32_t p, RankKey key) {
    profiles_.at(p).floor = std::max(profiles_.at(p).floor, key);
  }
  void RaiseFloor(std::uint32_t) {}  // every floor is known here
  void Unite(std::uint32_t p, std::uint32_t q, RankKey by) {
    Profile& into = profiles_.at(p);
    Profile& from = profiles_.at(q);
    for (const Node n : from.members) profile_of_[n] = p;
    into.members.insert(into.members.end(), from.members.begin(), from.members.end());
    into.border += from.border;
    into.floor = std::max({into.floor, from.floor, by});
    profiles_.erase(q);
  }
  void Regroup(std::span<const std::uint32_t> profiles, const std::vector<Regrouped>& groups) {
    std::vector<Node> before, after;
    for (const std::uint32_t p : profiles) {
      ForEachMember(p, [&](Node n) { before.push_back(n); });
      profiles_.erase(p);
    }
    for (const Regrouped& group : groups) {
      after.insert(after.end(), group.members.begin(), group.members.end());
      Found(group);
    }
    std::sort(before.begin(), before.end());
    std::sort(after.begin(), after.end());
    if (before != after) problem_ = "groups are not the members of the profiles";
  }

  // ---- the caller's own ----
  const std::vector<LinkRow>& links() const { return links_; }
  const std::string& problem() const { return problem_; }
  const std::vector<Node>& profile_of() const { return profile_of_; }

  Link FindOrAddLink(Node u, Node v) {
    for (const Link l : links_of_[u]) {
      if (links_[l].u == v || links_[l].v == v) return l;
    }
    const auto l = static_cast<Link>(links_.size());
    links_.push_back({u, v, {}, false, false});
    links_of_[u].push_back(l);
    links_of_[v].push_back(l);
    return l;
  }
  LinkRow& link(Link l) { return links_[l]; }

  std::vector<RankedLink> LiveLinks() const {
    std::vector<RankedLink> live;
    for (const LinkRow& row : links_) {
      if (row.live) live.push_back(MakeRankedLink(row.key, row.u, row.v));
    }
    return live;
  }
  // Every count and flag of borders against a recount; empty: right.
  std::string CheckBorders() const {
    std::map<std::uint32_t, int> count;
    for (const LinkRow& row : links_) {
      const std::uint32_t p = profile_of_[row.u], q = profile_of_[row.v];
      if (row.border != (row.live && p != q)) return "a link's border flag is wrong";
      if (!row.border) continue;
      ++count[p];
      ++count[q];
    }
    for (const auto& [p, profile] : profiles_) {
      if (profile.border != count[p]) return "a profile's border is miscounted";
    }
    return "";
  }
  // Whether the links of each profile down to its floor hold it together; empty: they do.
  std::string CheckFloors() const {
    DisjointSet held(world_->size());
    for (const LinkRow& row : links_) {
      const std::uint32_t p = profile_of_[row.u];
      if (row.live && p == profile_of_[row.v] && row.key <= Floor(p)) held.Union(row.u, row.v);
    }
    for (const auto& [p, profile] : profiles_) {
      if (held.GroupSize(profile.members.front()) != profile.members.size()) {
        return "a profile does not hold together at its floor";
      }
    }
    return "";
  }

 private:
  struct Profile {
    std::vector<Node> members;
    RankKey floor;
    int border = 0;
  };
  void Found(const Regrouped& group) {
    profile_of_.resize(world_->size());
    for (const Node n : group.members) profile_of_[n] = next_;
    profiles_[next_++] = {group.members, group.floor, 0};
  }

  PlainWorld* world_;
  std::vector<LinkRow> links_;
  std::vector<std::vector<Link>> links_of_;
  std::vector<std::uint32_t> profile_of_;
  std::map<std::uint32_t, Profile> profiles_;
  std::uint32_t next_ = 0;
  std::string problem_;
};

// One random history of changes, kept by a resolver.
class Script {
 public:
  Script(std::uint64_t seed, bool constrained)
      : random_(seed),
        world_(random_, static_cast<std::uint32_t>(20 + random_.Below(25))),
        graph_((constrained ? world_.AddRandomLimits(random_) : void(), &world_)),
        resolver_(graph_) {}

  // A link appears, or its rank rises or falls.
  void PutLink() {
    const Link l = RandomLink();
    PlainGraph::LinkRow& row = graph_.link(l);
    const std::optional<RankKey> was = row.live ? std::optional(row.key) : std::nullopt;
    row.key = RandomKey();
    row.live = true;
    const bool inside = graph_.ProfileOf(row.u) == graph_.ProfileOf(row.v);
    const bool rises = !was || row.key < *was;
    const std::uint64_t replays_before = replays();
    resolver_.Put(row.u, row.v, l, row.key, was);
    // A rise within a profile and a fall of a refused link move nothing.
    if (inside == rises && replays() != replays_before) fault_ = "a replay for nothing";
  }
  void DropLink() {
    const Link l = RandomLink();
    PlainGraph::LinkRow& row = graph_.link(l);
    if (!row.live) return;
    row.live = false;
    resolver_.Drop(row.u, row.v, l);
  }
  void ToggleApart() {
    const Node u = RandomNode(), v = RandomNode();
    if (u == v) return;
    world_.ToggleApart(u, v);
    Replay({graph_.ProfileOf(u), graph_.ProfileOf(v)});
  }
  // All links of a node go or come at once, as when a guard trips or opens.
  void ToggleNode() {
    const Node u = RandomNode();
    const bool live = random_.Chance(50);
    for (Link l = 0; l < graph_.links().size(); ++l) {
      if (graph_.link(l).u == u || graph_.link(l).v == u) ChangeQuietly(l, live);
    }
    Replay({graph_.ProfileOf(u)});
  }
  // Several links of one profile change, and the rule is run again once.
  void ChangeMany() {
    const std::uint32_t p = graph_.ProfileOf(RandomNode());
    for (int i = 0; i < 4; ++i) {
      const Link l = RandomLink();
      const PlainGraph::LinkRow& row = graph_.link(l);
      if (graph_.ProfileOf(row.u) == p || graph_.ProfileOf(row.v) == p) {
        ChangeQuietly(l, random_.Chance(70));
      }
    }
    Replay({p});
  }
  // Many links change wherever they are, and the profiles of their ends are run together.
  void ChangeAnywhere() {
    std::vector<std::uint32_t> touched;
    for (int i = 0; i < 6; ++i) {
      const Link l = RandomLink();
      ChangeQuietly(l, random_.Chance(60));
      const PlainGraph::LinkRow& row = graph_.link(l);
      for (const Node end : {row.u, row.v}) touched.push_back(graph_.ProfileOf(end));
    }
    Replay(touched);
  }
  // A node is seen earlier or later than was known.
  void MoveFirst() {
    const Node u = RandomNode();
    world_.SetFirstMs(u, random_.Between(-10, 10));
    Replay({graph_.ProfileOf(u)});
  }

  void RandomStep() {
    ++step_;
    const std::uint64_t act = random_.Below(100);
    if (act < 60) return PutLink();
    if (act < 80) return DropLink();
    if (act < 87) return ToggleApart();
    if (act < 91) return ToggleNode();
    if (act < 94) return MoveFirst();
    if (act < 97) return ChangeMany();
    return ChangeAnywhere();
  }
  void RandomPut() {
    ++step_;
    PutLink();
  }

  // What is not as it should be; empty: nothing.
  std::string Check() const {
    if (!fault_.empty()) return fault_;
    if (!graph_.problem().empty()) return graph_.problem();
    const std::vector<RankedLink> live = graph_.LiveLinks();
    const std::vector<Node> want = Canonical(world_.NaiveRule(live));
    std::vector<RankedLink> sorted = live;
    if (Canonical(RunRule(world_.size(), sorted, world_.limits(), world_)) != want) {
      return "the rule at once gives other groups";
    }
    if (Canonical(graph_.profile_of()) != want) return "the resolver holds other groups";
    return graph_.CheckBorders() + graph_.CheckFloors();
  }
  bool Refuses() const {
    return std::any_of(graph_.links().begin(), graph_.links().end(),
                       [](const auto& row) { return row.border; });
  }
  std::uint64_t replays() const { return resolver_.replays(); }

 private:
  void Replay(const std::vector<std::uint32_t>& profiles) { resolver_.Replay(profiles); }
  void ChangeQuietly(Link l, bool live) {
    if (!live && graph_.IsBorder(l)) graph_.SetBorder(l, false);
    graph_.link(l).live = live;
    if (live) graph_.link(l).key = RandomKey();
  }
  Node RandomNode() { return static_cast<Node>(random_.Below(world_.size())); }
  // Mostly of nodes that are near each other, so that groups form.
  Link RandomLink() {
    const Node u = RandomNode();
    const Node v = (u + 1 + static_cast<Node>(random_.Below(5))) % world_.size();
    return graph_.FindOrAddLink(u, v);
  }
  // Often equal to others, so that names decide; else later ones first.
  RankKey RandomKey() {
    return {random_.Below(3), random_.Chance(50) ? random_.Below(3) : 1'000 - step_};
  }

  Random random_;
  PlainWorld world_;
  PlainGraph graph_;
  Resolver<PlainGraph> resolver_;
  std::uint64_t step_ = 0;
  std::string fault_;
};

}  // namespace

TEST_CASE("after every change the resolver holds what the rule gives, and borders are right") {
  std::uint64_t histories = 0, refusing = 0, replays = 0;
  harness::ForEachSeed(1, 300, [&](std::uint64_t seed) {
    Script script(seed, true);
    bool refused = false;
    for (int step = 0; step < 200; ++step) {
      script.RandomStep();
      refused |= script.Refuses();
      const std::string fault = script.Check();
      INFO("seed " << seed << ", step " << step << ": " << fault);
      REQUIRE(fault.empty());
    }
    ++histories;
    refusing += refused;
    replays += script.replays();
  });
  if (harness::OneSeedOnly()) return;
  CHECK(refusing * 2 > histories);
  CHECK(replays > histories * 10);
}

TEST_CASE("where nothing limits and no link goes, the rule is never run again") {
  harness::ForEachSeed(1'000, 50, [](std::uint64_t seed) {
    Script script(seed, false);
    for (int step = 0; step < 200; ++step) {
      script.RandomPut();
      const std::string fault = script.Check();
      INFO("seed " << seed << ", step " << step << ": " << fault);
      REQUIRE(fault.empty());
    }
    INFO("seed " << seed);
    REQUIRE(script.replays() == 0);
  });
}

}  // namespace polyonym::identity
