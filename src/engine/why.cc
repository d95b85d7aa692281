// Why two identifiers are one person, and why not.
#include <algorithm>
#include <deque>
#include <set>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "engine/log.h"
#include "engine/span.h"
#include "engine/view_impl.h"
#include "polyonym/identity/resolver.h"

namespace polyonym {
namespace {

using engine::kNone;
using engine::Link;
using engine::LinkCell;
using engine::Node;
using engine::Span;
using Graph = View::Impl::Graph;
using identity::RankedLink;

constexpr std::size_t kMaxEvidenceRecords = 16;
constexpr std::size_t kMaxMentions =
    10'000;  // of an identifier that are read for sources and records
constexpr std::size_t kMaxSearchLinks = 10'000;  // that WhyNot() looks at

bool Before(const Graph& graph, const RankedLink& a, const RankedLink& b) {
  return identity::TakenBefore(a, b, [&](Node x, Node y) { return graph.NodeBefore(x, y); });
}

RankedLink RankOf(const Graph& graph, Link link) {
  const LinkCell& cell = graph.link(link);
  return identity::MakeRankedLink(graph.KeyOf(cell), cell.a, cell.b);
}

// A way from one node to another, link by link.
struct Way {
  std::vector<Link> links;
};

// The kept links from a to b: fewest, and of those the way whose weakest link is strongest.
std::optional<Way> ShortestWay(const Graph& graph, Node a, Node b) {
  struct Reached {
    std::uint32_t distance = 0;
    Link by = kNone;
    Node from = kNone;
    RankedLink weakest;
  };
  absl::flat_hash_map<Node, Reached> reached;
  reached[a] = Reached();
  std::deque<Node> queue = {a};
  const Node profile = graph.ProfileOf(a);
  while (!queue.empty()) {
    const Node u = queue.front();
    queue.pop_front();
    const Reached here = reached[u];
    if (u == b) break;
    graph.ForEachLink(u, [&](Node v, identity::RankKey key, Link link) {
      if (graph.ProfileOf(v) != profile) return;
      const RankedLink rank = identity::MakeRankedLink(key, u, v);
      const RankedLink weakest =
          here.by == kNone || Before(graph, here.weakest, rank) ? rank : here.weakest;
      const Reached next{here.distance + 1, link, u, weakest};
      const auto [at, is_new] = reached.emplace(v, next);
      if (is_new) {
        queue.push_back(v);
      } else if (at->second.distance == next.distance &&
                 Before(graph, weakest, at->second.weakest)) {
        at->second = next;
      }
    });
  }
  if (!reached.contains(b)) return std::nullopt;
  Way way;
  for (Node n = b; n != a; n = reached[n].from) way.links.push_back(reached[n].by);
  std::reverse(way.links.begin(), way.links.end());
  return way;
}

// The way from a to b over any links with evidence that passes the fewest refused or inert ones. Both profiles are searched in
// full, others up to a bound.
absl::StatusOr<std::optional<Way>> LeastRefusedWay(const Graph& graph, Node a, Node b) {
  struct Reached {
    std::uint32_t refused = 0;
    Link by = kNone;
    Node from = kNone;
    bool done = false;
  };
  absl::flat_hash_map<Node, Reached> reached;
  reached[a] = Reached();
  std::deque<Node> queue = {a};
  const Node profiles[] = {graph.ProfileOf(a), graph.ProfileOf(b)};
  std::size_t looked_at = 0;  // of links beyond the two
  while (!queue.empty()) {
    if (looked_at > kMaxSearchLinks) {
      if (reached.contains(b)) break;  // a way, if perhaps not the one that passes fewest
      return absl::ResourceExhaustedError(
          "no answer among 10,000 links beyond the two profiles; ask about identifiers nearer to "
          "each other");
    }
    const Node u = queue.front();
    queue.pop_front();
    if (std::exchange(reached[u].done, true)) continue;
    if (u == b) break;
    const std::uint32_t refused = reached[u].refused;
    const Node here = graph.ProfileOf(u);
    const bool beyond = here != profiles[0] && here != profiles[1];
    graph.ForEachPair(u, [&](Link link, const LinkCell& cell) {
      if (!cell.evidence.any()) return;
      looked_at += beyond ? 1 : 0;
      const Node v = cell.Other(u);
      const bool kept = graph.IsLive(cell) && graph.ProfileOf(u) == graph.ProfileOf(v);
      const Reached next{refused + (kept ? 0 : 1), link, u, false};
      const auto [at, is_new] = reached.emplace(v, next);
      if (!is_new && (at->second.done || at->second.refused <= next.refused)) return;
      at->second = next;
      if (kept) {
        queue.push_front(v);
      } else {
        queue.push_back(v);
      }
    });
  }
  if (!reached.contains(b)) return std::optional<Way>();
  Way way;
  for (Node n = b; n != a; n = reached[n].from) way.links.push_back(reached[n].by);
  std::reverse(way.links.begin(), way.links.end());
  return std::optional<Way>(std::move(way));
}

}  // namespace

std::string_view ToString(Obstacle obstacle) {
  constexpr std::string_view kNames[] = {"none",         "unknown",     "no_evidence", "limit",
                                         "profile_size", "cannot_link", "shared",      "window",
                                         "held",         "expired"};
  return kNames[static_cast<std::size_t>(obstacle)];
}

// ---- evidence ----

// Who saw a pair, and when.
struct View::Impl::Sightings {
  struct One {
    Span span;
    std::string source;
    std::string id;
  };
  // Leaves the latest `live` of them.
  static void Keep(std::uint32_t live, std::vector<One>* ones) {
    std::size_t kept = 0;
    for (std::uint32_t left = live; kept < ones->size() && left > 0; ++kept)
      left -= std::min(left, (*ones)[kept].span.count);
    ones->resize(kept);
  }
  std::vector<One> seen, forced;
};

// Of the live records that name `from`, those that sight `other` with it, or (kNone) by every node that they sight with it.
absl::Status View::Impl::GatherSightings(Node from, Node other, SightingsByNode* out) const {
  std::set<std::uint32_t> numbers;
  ForEachMention(from, [&](std::uint32_t number, const engine::RecordCell& cell) {
    if (cell.live()) numbers.insert(number);
    return numbers.size() < kMaxMentions;
  });
  for (const std::uint32_t number : numbers) {
    auto read = ReadNamed(number);
    if (!read.ok()) return read.status();
    const Record& record = read->record;
    const bool must = record.act == Act::kMustLink;
    if (!must && record.act != Act::kObserve && record.act != Act::kBind) continue;
    for (const Node node : read->SightedWith(from)) {
      if (other != kNone && node != other) continue;
      Sightings& sightings = (*out)[node];
      (must ? sightings.forced : sightings.seen)
          .push_back({engine::SpanOf(record), record.source, record.id});
    }
  }
  return absl::OkStatus();
}

// Whatever voids sightings voids the earliest of them, so the latest `seen` are those that count.
void View::Impl::AddSightings(const LinkCell& cell, Sightings sightings, LinkEvidence* out) {
  auto& [seen, forced] = sightings;
  const auto later = [](const Sightings::One& x, const Sightings::One& y) {
    return std::tie(y.span.last_ms, x.source, x.id) < std::tie(x.span.last_ms, y.source, y.id);
  };
  std::sort(seen.begin(), seen.end(), later);
  std::sort(forced.begin(), forced.end(), later);
  Sightings::Keep(cell.evidence.seen, &seen);
  Sightings::Keep(cell.evidence.forced, &forced);
  seen.insert(seen.end(), forced.begin(), forced.end());
  std::sort(seen.begin(), seen.end(), later);
  std::set<std::string> sources;
  for (const Sightings::One& s : seen) {
    sources.insert(s.source);
    if (out->records.size() < kMaxEvidenceRecords) out->records.push_back(s.source + "/" + s.id);
  }
  out->sources.assign(sources.begin(), sources.end());
}

LinkEvidence View::Impl::EvidenceOf(const LinkCell& cell, Sightings sightings) const {
  LinkEvidence out;
  out.a = NameOf(cell.a);
  out.b = NameOf(cell.b);
  if (out.b < out.a) std::swap(out.a, out.b);
  out.sightings = cell.evidence.seen;
  out.first_ms = cell.evidence.first_ms;
  out.last_ms = cell.evidence.last_ms;
  out.must_link = cell.evidence.forced > 0;
  out.cannot_link = cell.cannot > 0;
  AddSightings(cell, std::move(sightings), &out);
  return out;
}

// The records behind a link are read from those of the end that has fewer.
absl::StatusOr<LinkEvidence> View::Impl::EvidenceOf(Link link) const {
  const LinkCell cell = graph_.link(link);
  Node from = cell.a, to = cell.b;
  if (graph_.node(to).live < graph_.node(from).live) std::swap(from, to);
  SightingsByNode sightings;
  if (absl::Status status = GatherSightings(from, to, &sightings); !status.ok()) return status;
  return EvidenceOf(cell, std::move(sightings[to]));
}

// ---- questions ----

absl::StatusOr<WhyAnswer> View::Why(const Identifier& a, const Identifier& b) const {
  const Impl::Found found_a = impl_->Find(a), found_b = impl_->Find(b);
  if (found_a.name == kNone || found_b.name == kNone)
    return absl::NotFoundError("an identifier was never seen, or policy holds it");
  const Graph& graph = impl_->graph();
  const Node u = graph.Canonical(found_a.name), v = graph.Canonical(found_b.name);
  WhyAnswer answer;
  if (graph.ProfileOf(u) != graph.ProfileOf(v)) return answer;
  answer.connected = true;
  if (u == v) return answer;
  const auto way = ShortestWay(graph, u, v);
  if (!way) return absl::DataLossError("a profile is not held together by its links; run verify");
  for (std::size_t i = 0; i < way->links.size(); ++i) {
    auto evidence = impl_->EvidenceOf(way->links[i]);
    if (!evidence.ok()) return evidence.status();
    answer.chain.push_back(*std::move(evidence));
    if (Before(graph, RankOf(graph, way->links[answer.weakest]), RankOf(graph, way->links[i])))
      answer.weakest = i;
  }
  return answer;
}

namespace {

// What refuses a live link between two profiles: the groups as they stood at its rank.
void ExplainRefusal(const View::Impl& view, Link link, WhyNotAnswer* answer) {
  const Graph& graph = view.graph();
  const LinkCell& cell = graph.link(link);
  const RankedLink at = RankOf(graph, link);
  const identity::JoinVerdict verdict =
      MayJoin(graph.limits(), graph, GroupAt(graph, cell.a, at), GroupAt(graph, cell.b, at));
  answer->would_be = verdict.would_be;
  switch (verdict.refusal) {
    case identity::Refusal::kApart:
      answer->obstacle = Obstacle::kCannotLink;
      return;
    case identity::Refusal::kSize:
      answer->obstacle = Obstacle::kProfileSize;
      answer->limit = graph.limits().max_nodes;
      return;
    case identity::Refusal::kLimit:
    case identity::Refusal::kWindow: {
      const identity::Slot& slot = graph.limits().slots[verdict.slot];
      const std::string& ns = view.rules().kinds()[slot.kind];
      answer->obstacle =
          verdict.refusal == identity::Refusal::kLimit ? Obstacle::kLimit : Obstacle::kWindow;
      answer->limit_namespace = slot.whole_family ? std::string(FamilyOf(ns)) : ns;
      answer->limit = slot.max;
      return;
    }
    case identity::Refusal::kNone:
      return;  // cannot be: a refused link is refused by the groups at its rank
  }
}

void ExplainSharing(const View::Impl& view, Node node, WhyNotAnswer* answer) {
  const Graph& graph = view.graph();
  answer->obstacle = Obstacle::kShared;
  answer->shared = view.NameOf(node);
  for (const engine::GuardRule& guard : view.rules().GuardsOf(graph.KindOf(node))) {
    std::uint32_t counted = 0;
    graph.ForEachPair(node, [&](Link, const LinkCell& l) {
      if (l.neighbours() && view.rules().GuardCounts(guard, graph.KindOf(l.Other(node)))) ++counted;
    });
    if (counted <= guard.max_neighbours) continue;
    answer->limit_namespace = guard.of;
    answer->limit = guard.max_neighbours;
    answer->would_be = counted;
    return;
  }
}

}  // namespace

absl::StatusOr<WhyNotAnswer> View::WhyNot(const Identifier& a, const Identifier& b) const {
  WhyNotAnswer answer;
  const Impl::Found found_a = impl_->Find(a), found_b = impl_->Find(b);
  const Graph& graph = impl_->graph();
  for (const Impl::Found& found : {found_a, found_b}) {
    if (found.name != kNone && graph.node(graph.Canonical(found.name)).live > 0) continue;
    answer.obstacle =
        found.name != kNone || found.held != Reason::kNone ? Obstacle::kHeld : Obstacle::kUnknown;
    return answer;
  }
  const Node u = graph.Canonical(found_a.name), v = graph.Canonical(found_b.name);
  if (graph.ProfileOf(u) == graph.ProfileOf(v)) return answer;
  auto found = LeastRefusedWay(graph, u, v);
  if (!found.ok()) return found.status();
  const std::optional<Way>& way = *found;
  if (!way) {
    bool apart = false;
    graph.ForEachApart(u, [&](Node other) { apart |= other == v; });
    answer.obstacle = apart ? Obstacle::kCannotLink : Obstacle::kNoEvidence;
    return answer;
  }
  Link refused = kNone;
  for (const Link link : way->links) {
    const LinkCell& cell = graph.link(link);
    if (!graph.IsLive(cell) || graph.ProfileOf(cell.a) == graph.ProfileOf(cell.b)) continue;
    if (refused == kNone || Before(graph, RankOf(graph, link), RankOf(graph, refused)))
      refused = link;
  }
  if (refused == kNone) {  // nothing refused on the way: a guard made it inert, or it expired
    for (const Link link : way->links) {
      const LinkCell& cell = graph.link(link);
      if (graph.IsLive(cell)) continue;
      if (cell.expired()) {
        answer.obstacle = Obstacle::kExpired;
        continue;  // where a guard is in the way as well, that is told
      }
      ExplainSharing(*impl_, graph.node(cell.a).shared() ? cell.a : cell.b, &answer);
      break;
    }
    return answer;
  }
  auto evidence = impl_->EvidenceOf(refused);
  if (!evidence.ok()) return evidence.status();
  answer.refused = *std::move(evidence);
  ExplainRefusal(*impl_, refused, &answer);
  return answer;
}

absl::StatusOr<std::vector<View::Neighbour>> View::Links(const Identifier& identifier,
                                                         Detail detail) const {
  const Impl::Found found = impl_->Find(identifier);
  if (found.name == kNone)
    return absl::NotFoundError("the identifier was never seen, or policy holds it");
  const Graph& graph = impl_->graph();
  const Node u = graph.Canonical(found.name);
  std::vector<Link> links;
  graph.ForEachPair(u, [&](Link link, const LinkCell& cell) {
    if (cell.evidence.any()) links.push_back(link);
  });
  std::sort(links.begin(), links.end(),
            [&](Link x, Link y) { return Before(graph, RankOf(graph, x), RankOf(graph, y)); });
  View::Impl::SightingsByNode sightings;
  if (detail == Detail::kRecords) {
    if (absl::Status status = impl_->GatherSightings(u, kNone, &sightings); !status.ok())
      return status;
  }
  std::vector<Neighbour> out;
  for (const Link link : links) {
    const LinkCell cell = graph.link(link);
    Neighbour& neighbour = out.emplace_back();
    neighbour.link = impl_->EvidenceOf(cell, std::move(sightings[cell.Other(u)]));
    neighbour.expired = cell.expired();
    neighbour.inert = !neighbour.expired && !graph.IsLive(cell);
    neighbour.kept = graph.IsLive(cell) && graph.ProfileOf(cell.a) == graph.ProfileOf(cell.b);
  }
  return out;
}

}  // namespace polyonym
