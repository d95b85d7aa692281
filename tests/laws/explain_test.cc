// L8: every link kept or refused, and every obstacle, can be explained from records.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "harness/catch.h"
#include "harness/engine_state.h"
#include "laws/law.h"

namespace polyonym::harness {
namespace {

using Node = NaiveWorld::Node;
using NodePair = NaiveWorld::NodePair;

std::string Spell(const Identifier& a, const Identifier& b) {
  return polyonym::ToString(a) + " and " + polyonym::ToString(b) + ": ";
}

class Explainer {
 public:
  Explainer(const View& view, const NaiveWorld& world)
      : view_(view),
        policy_(view.policy()),
        world_(world),
        named_(NamedIdentifiers(world)),
        links_(world.LinksOfAllLives()) {
    for (const auto& [pair, link] : links_) ranked_.push_back(pair);
    std::sort(ranked_.begin(), ranked_.end(),
              [&](const NodePair& a, const NodePair& b) { return world.TakenBefore(a, b); });
    for (std::size_t i = 0; i < ranked_.size(); ++i) rank_of_[ranked_[i]] = i;
  }

  std::string Check(Random& random) {
    const std::vector<Identifier> all(named_.begin(), named_.end());
    if (all.empty()) return "";
    for (int i = 0; i < 14 && fault_.empty(); ++i) {
      if (i % 3 == 0 && !ranked_.empty()) {
        const NodePair& pair = random.Pick(ranked_);
        CheckPair(pair.first.name, pair.second.name);
      } else {
        CheckPair(random.Pick(all), random.Pick(all));
      }
    }
    CheckPair(random.Pick(all), {"crm", "never seen"});
    for (const Identifier& name : all) CheckLinks(name);
    CheckHeld();
    return fault_;
  }

 private:
  bool SameGroup(const Node& x, const Node& y) const {
    return world_.GroupOf(x) == world_.GroupOf(y);
  }

  void CheckPair(const Identifier& a, const Identifier& b) {
    const Node x = world_.NodeOf(a), y = world_.NodeOf(b);
    const bool mentioned = world_.IsMentioned(x) && world_.IsMentioned(y);
    if (mentioned && SameGroup(x, y)) {
      CheckWhy(a, b, x, y);
    } else if (a != b) {
      CheckWhyNot(a, b, x, y);
    }
  }

  // Of the shortest chains of kept links from x: to each node, the best weakest rank.
  std::map<Node, std::pair<std::size_t, std::size_t>> Chains(const Node& x) const {
    std::map<Node, std::pair<std::size_t, std::size_t>> best = {
        {x, {0, 0}}};  // links, weakest rank
    for (std::size_t length = 1; length <= ranked_.size(); ++length) {
      auto next = best;
      for (const auto& [pair, link] : links_) {
        if (!link.kept) continue;
        for (const auto& [from, to] : {pair, NodePair(pair.second, pair.first)}) {
          const auto at = best.find(from);
          if (at == best.end() || at->second.first != length - 1 || best.contains(to)) continue;
          const std::pair<std::size_t, std::size_t> way(
              length, std::max(at->second.second, rank_of_.at(pair)));
          const auto [known, first] = next.try_emplace(to, way);
          if (!first) known->second = std::min(known->second, way);
        }
      }
      if (next.size() == best.size()) break;
      best = std::move(next);
    }
    return best;
  }

  // The sighted pair that is meant: where a value had several lives, their links differ in times. Null where there is none.
  const NodePair* Find(const LinkEvidence& link) const {
    for (const auto& [pair, known] : links_) {
      if (pair.first.name == link.a && pair.second.name == link.b &&
          known.first_ms == link.first_ms && known.last_ms == link.last_ms)
        return &pair;
    }
    return nullptr;
  }

  void CheckWhy(const Identifier& a, const Identifier& b, const Node& x, const Node& y) {
    const std::string what = "Why " + Spell(a, b);
    const auto why = view_.Why(a, b);
    if (!why.ok() || !why->connected) return Fault(what + "says they are not connected");
    const std::pair<std::size_t, std::size_t> best = Chains(x).at(y);
    if (why->chain.size() != best.first)
      return Fault(what + "a chain of " + std::to_string(why->chain.size()) +
                   " is not the shortest");
    Node at = x;
    std::size_t weakest = 0;
    for (const LinkEvidence& link : why->chain) {
      const NodePair* const pair = Find(link);
      if (pair == nullptr || !links_.at(*pair).kept)
        return Fault(what + "a link of the chain is not kept");
      CheckEvidence(what, link);
      if (pair->first != at && pair->second != at) return Fault(what + "the chain is torn");
      at = pair->first == at ? pair->second : pair->first;
      weakest = std::max(weakest, rank_of_.at(*pair));
    }
    if (at != y) Fault(what + "the chain ends elsewhere");
    if (weakest != best.second) Fault(what + "another chain has a stronger weakest link");
    if (!why->chain.empty()) {
      if (why->weakest >= why->chain.size()) return Fault(what + "the weakest is out of range");
      const LinkEvidence& link = why->chain[why->weakest];
      if (rank_of_.at(*Find(link)) != weakest) Fault(what + "the weakest is not the weakest");
    }
    const auto not_why = view_.WhyNot(a, b);
    if (!not_why.ok() || not_why->obstacle != Obstacle::kNone)
      Fault("WhyNot " + Spell(a, b) + "finds an obstacle inside a profile");
  }

  // All that is said of a link, against the records that saw it.
  void CheckEvidence(const std::string& what, const LinkEvidence& link) {
    const NodePair* const found = Find(link);
    if (found == nullptr) return Fault(what + "a link was never seen, or at other times");
    const NodePair pair = *found;
    const LinkState& known = links_.at(pair);
    if (known.seen != link.sightings || known.forced != link.must_link) {
      Fault(what + "a link has other evidence");
    }
    const std::set<std::string> sources = world_.SourcesOf(pair), records = world_.RecordsOf(pair);
    if (!std::equal(sources.begin(), sources.end(), link.sources.begin(), link.sources.end())) {
      Fault(what + "a link has other sources");
    }
    for (const std::string& record : link.records) {
      if (!records.contains(record))
        Fault(what + "a link names " + record + ", which did not see it");
    }
    const std::set<std::string> distinct(link.records.begin(), link.records.end());
    if (distinct.size() != std::min<std::size_t>(records.size(), 16)) {
      Fault(what + "a link names " + std::to_string(link.records.size()) + " of " +
            std::to_string(records.size()) + " records");
    }
  }

  // Whether some chain leads from x to y over these pairs.
  static bool Reaches(const Node& x, const Node& y, const std::set<NodePair>& pairs) {
    std::set<Node> seen = {x};
    for (bool grew = true; grew;) {
      grew = false;
      for (const NodePair& pair : pairs) {
        if (seen.contains(pair.first)) grew |= seen.insert(pair.second).second;
        if (seen.contains(pair.second)) grew |= seen.insert(pair.first).second;
      }
    }
    return seen.contains(y);
  }

  void CheckWhyNot(const Identifier& a, const Identifier& b, const Node& x, const Node& y) {
    const auto answer = view_.WhyNot(a, b);
    const std::string what = "WhyNot " + Spell(a, b);
    if (!answer.ok()) return Fault(what + answer.status().ToString());
    const Obstacle got = answer->obstacle;
    const std::string said = what + std::string(ToString(got)) + " ";
    const auto why = view_.Why(a, b);
    if (why.ok() && (why->connected || !why->chain.empty()))
      Fault("Why " + Spell(a, b) + "connects them");
    if (!world_.IsMentioned(x) || !world_.IsMentioned(y)) {
      if (got != Obstacle::kUnknown && got != Obstacle::kHeld)
        Fault(said + "of one that is not there");
      if (got == Obstacle::kHeld && !(world_.state().gone.contains(a) ||
                                      world_.state().gone.contains(b) || IsHeld(a) || IsHeld(b))) {
        Fault(said + "of one that was never seen");
      }
      return;
    }
    if (Reaches(x, y, {ranked_.begin(), ranked_.end()})) {
      // A chain may pass refused links and shared identifiers both; either is an answer.
      if (answer->refused) return CheckRefused(said, *answer);
      if (got != Obstacle::kShared || !answer->shared)
        return Fault(said + "though a chain leads from one to the other");
      CheckShared(said, *answer);
      return;
    }
    const std::vector<Violation> alone = world_.Violations({std::min(x, y), std::max(x, y)});
    const bool apart = std::any_of(alone.begin(), alone.end(),
                                   [](const Violation& v) { return v.refusal == Refusal::kApart; });
    if (got == Obstacle::kCannotLink && apart) return;
    if (got != Obstacle::kNoEvidence) Fault(said + "where no chain leads from one to the other");
  }

  bool IsHeld(const Identifier& identifier) const {
    const Resolution r = view_.Resolve(identifier);
    return r.held || r.blocked;
  }

  void CheckRefused(const std::string& said, const WhyNotAnswer& answer) {
    if (!answer.refused) return Fault(said + "names no refused link");
    const NodePair* const found = Find(*answer.refused);
    if (found == nullptr) return Fault(said + "names a link that was never seen");
    const NodePair pair = *found;
    const LinkState& link = links_.at(pair);
    if (link.kept || link.expired || world_.IsInert(pair))
      return Fault(said + "names a link that is not refused");
    CheckEvidence(said, *answer.refused);
    NaiveWorld::Nodes both = world_.GroupOf(pair.first);
    const NaiveWorld::Nodes other = world_.GroupOf(pair.second);
    both.insert(both.end(), other.begin(), other.end());
    std::sort(both.begin(), both.end());
    bool fits = false;
    for (const Violation& v : world_.Violations(both)) {
      switch (v.refusal) {
        case Refusal::kSize:
          fits |= answer.obstacle == Obstacle::kProfileSize && answer.limit == v.limit &&
                  answer.would_be > v.limit;
          break;
        case Refusal::kApart:
          fits |= answer.obstacle == Obstacle::kCannotLink;
          break;
        case Refusal::kLimit:
        case Refusal::kWindow:
          fits |= answer.obstacle ==
                      (v.refusal == Refusal::kLimit ? Obstacle::kLimit : Obstacle::kWindow) &&
                  answer.limit_namespace == v.ns && answer.limit == v.limit &&
                  answer.would_be > v.limit;
          break;
      }
    }
    if (!fits) {
      Fault(said + "of limit " + std::to_string(answer.limit) + " '" + answer.limit_namespace +
            "', would be " + std::to_string(answer.would_be) + ", is not what forbids " +
            Spell(pair.first.name, pair.second.name));
    }
  }

  void CheckShared(const std::string& said, const WhyNotAnswer& answer) {
    const Identifier shared = world_.NodeOf(*answer.shared).name;
    const std::vector<std::int64_t>& lives = world_.LivesOf(shared);
    const bool one_is = std::any_of(lives.begin(), lives.end(), [&](std::int64_t began) {
      return world_.IsShared({shared, began});
    });
    if (!one_is && !world_.IsShared({shared, 0})) Fault(said + "names one that is not shared");
    std::set<std::uint32_t> numbers = {policy_.default_max_neighbours};
    for (const NamespacePolicy& ns : policy_.namespaces) {
      if (ns.name != FamilyOf(shared.ns)) continue;
      for (const Guard& guard : ns.guards) numbers.insert(guard.max_neighbours);
    }
    if (!numbers.contains(answer.limit) || answer.would_be <= answer.limit)
      Fault(said + "names no guard's number");
  }

  void CheckLinks(const Identifier& name) {
    const auto links = view_.Links(name);
    if (!links.ok()) return;
    const Node node = world_.NodeOf(name);
    std::size_t wanted = 0;
    for (const NodePair& pair : ranked_) wanted += pair.first == node || pair.second == node;
    if (links->size() != wanted)
      return Fault("Links(" + polyonym::ToString(name) + ") has another number of links");
    for (const View::Neighbour& neighbour : *links) {
      const std::string what = "Links(" + polyonym::ToString(name) + ") ";
      CheckEvidence(what, neighbour.link);
      const NodePair* const found = Find(neighbour.link);
      if (found == nullptr) return;
      const NodePair pair = *found;
      if (pair.first != node && pair.second != node) Fault(what + "has a link of others");
      if (neighbour.inert != world_.IsInert(pair))
        Fault(what + "takes a link for inert that is not, or the other way round");
      if (neighbour.kept != links_.at(pair).kept)
        Fault(what + "takes a link for kept that is not, or the other way round");
      if (neighbour.expired != links_.at(pair).expired)
        Fault(what + "takes a link for expired that is not, or the other way round");
    }
    for (std::size_t i = 1; i < links->size(); ++i) {
      const LinkEvidence& one = (*links)[i - 1].link;
      const LinkEvidence& two = (*links)[i].link;
      if (rank_of_.at(*Find(one)) > rank_of_.at(*Find(two)))
        Fault("Links(" + polyonym::ToString(name) + ") is out of order");
    }
  }

  void CheckHeld() {
    using Row = std::tuple<std::string, std::string, Reason, std::uint32_t>;
    constexpr std::uint32_t kWhole = ~std::uint32_t{0};
    std::set<Row> want, got;
    std::set<std::pair<std::string, std::string>> whole;
    for (const NaiveWorld::Entry& entry : world_.entries()) {
      if (!entry.stands || entry.record.act == Act::kRetract) continue;
      const Record& r = entry.record;
      if (entry.verdict.reason != Reason::kNone) {
        want.insert({r.source, r.id, entry.verdict.reason, kWhole});
        whole.insert({r.source, r.id});
        continue;
      }
      for (const RecordVerdict::Held& held : entry.verdict.held)
        want.insert({r.source, r.id, held.reason, held.index});
    }
    HeldFilter filter;
    filter.max_items = 0;
    const auto rows = view_.Held(filter);
    if (!rows.ok()) return Fault("Held: " + rows.status().ToString());
    for (const HeldItem& row : *rows) {
      if (!row.whole_record && whole.contains({row.source, row.record_id}))
        continue;  // more than was asked
      got.insert({row.source, row.record_id, row.reason,
                  row.whole_record ? kWhole : row.identifier_index.value_or(kWhole)});
    }
    if (want != got) {
      Fault("Held lists " + std::to_string(got.size()) + " rows, not the " +
            std::to_string(want.size()) + " of the definition");
    }
  }

  void Fault(const std::string& text) { fault_ += text + "\n"; }

  const View& view_;
  const Policy policy_;
  const NaiveWorld& world_;
  const std::set<Identifier> named_;
  const std::map<NodePair, LinkState> links_;  // all sighted pairs
  std::vector<NodePair> ranked_;               // strongest first
  std::map<NodePair, std::size_t> rank_of_;
  std::string fault_;
};

std::string Check(const History& history) {
  Random random(history.seed ^ 0xe8b1a);
  std::unique_ptr<Engine> engine = OpenInMemory(history.policy, history.seed);
  const auto policy = Compile(history.policy);
  const std::size_t half = history.records.size() / 2;
  for (const std::span<const Record> part :
       {std::span(history.records).first(half), std::span(history.records).subspan(half)}) {
    Must(engine->Apply(part).status());
    const auto done = static_cast<std::size_t>(part.data() + part.size() - history.records.data());
    const NaiveWorld world(policy, std::span(history.records.data(), done));
    const View view = engine->Read();
    const std::string fault = CompareWithNaive(view, world) + Explainer(view, world).Check(random);
    if (!fault.empty()) return fault;
  }
  return "";
}

}  // namespace

TEST_CASE("why and why not, links and held records are explained as the definition has them") {
  CheckLaw(100'000, 1'500, Check);
}
TEST_CASE(
    "why and why not, links and held records are explained as the definition has them, at length",
    "[slow]") {
  CheckLaw(10'000'000, 15'000, Check);
}

}  // namespace polyonym::harness
