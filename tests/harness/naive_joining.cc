// docs/rule.md sections 5 and 6: links become profiles; and what comparisons look at.
#include <algorithm>
#include <tuple>

#include "harness/naive.h"

namespace polyonym::harness {

// ---- section 5: joining ----

void NaiveWorld::CheckLimit(const NamespacePolicy& ns, const Limit& limit, const Nodes& nodes,
                            std::vector<Violation>* out) const {
  const bool per_scope = limit.per_scope ? !Is(Flip::kScopeIgnored) : Is(Flip::kFamilyPerScope);
  std::map<std::string, std::vector<std::int64_t>> times_of;  // by what the limit counts
  for (const Node& node : nodes) {
    if (FamilyOf(node.name.ns) == ns.name)
      times_of[per_scope ? node.name.ns : ns.name].push_back(FirstMs(node));
  }
  const std::size_t max = limit.max + (Is(Flip::kLimitOffByOne) && limit.window_ms == 0 ? 1 : 0);
  for (auto& [counted, times] : times_of) {
    if (limit.window_ms == 0 || Is(Flip::kWindowIgnored)) {
      if (limit.window_ms == 0 && times.size() > max)
        out->push_back({Refusal::kLimit, counted, limit.max});
      continue;
    }
    std::sort(times.begin(), times.end());
    const std::int64_t window = limit.window_ms + (Is(Flip::kWindowInclusive) ? 1 : 0);
    for (std::size_t i = 0; i + max < times.size(); ++i) {
      if (times[i + max] - times[i] >= window) continue;
      out->push_back({Refusal::kWindow, counted, limit.max});
      break;
    }
  }
}

std::vector<Violation> NaiveWorld::Violations(const Nodes& nodes) const {
  std::vector<Violation> out;
  const Policy& policy = policy_->policy();
  std::size_t size = nodes.size();
  if (Is(Flip::kSizeCountsNames)) {
    size = 0;
    for (const Node& node : nodes) size += NamesOf(node).size();
  }
  const std::size_t max_size = policy.max_identifiers_per_profile;
  if (max_size != 0 && size > max_size + (Is(Flip::kSizeOffByOne) ? 1 : 0)) {
    out.push_back({Refusal::kSize, "", policy.max_identifiers_per_profile});
  }
  for (const NamespacePolicy& ns : policy.namespaces) {
    for (const Limit& limit : ns.limits) CheckLimit(ns, limit, nodes, &out);
  }
  for (const NodePair& pair : apart_) {
    const bool a = std::find(nodes.begin(), nodes.end(), pair.first) != nodes.end();
    const bool b = std::find(nodes.begin(), nodes.end(), pair.second) != nodes.end();
    if (a && b) out.push_back({Refusal::kApart, "", 0});
  }
  return out;
}

void NaiveWorld::ReadCannotLinks() {
  for (const Entry& entry : entries_) {
    if (!entry.live || entry.record.act != Act::kCannotLink || Is(Flip::kCannotLinkIgnored))
      continue;
    const Nodes ends = NodesIn(entry, Which::kAll);
    // Where renames made the two one node, it could never be kept, and says nothing.
    if (ends.size() == 2) apart_.insert({ends[0], ends[1]});
  }
}

bool NaiveWorld::MayJoin(const NodePair& pair, const Nodes& joined) const {
  if (Is(Flip::kForcedBeatsLimits) && links_.at(pair).state.forced) return true;
  const std::vector<Violation> found = Violations(joined);
  if (!Is(Flip::kCannotLinkByPath) || apart_.contains(pair)) return found.empty();
  return std::all_of(found.begin(), found.end(),
                     [](const Violation& v) { return v.refusal == Refusal::kApart; });
}

void NaiveWorld::JoinGroups() {
  for (const auto& [node, first_ms] : first_ms_)
    group_of_[node] = std::make_shared<Nodes>(Nodes{node});
  std::vector<NodePair> order;
  for (const auto& [pair, link] : links_) {
    if (!IsInert(pair) && !IsExpired(pair)) order.push_back(pair);
  }
  std::sort(order.begin(), order.end(),
            [&](const NodePair& a, const NodePair& b) { return TakenBefore(a, b); });
  for (const NodePair& pair : order) {
    const std::shared_ptr<Nodes> a = group_of_.at(pair.first);
    const std::shared_ptr<Nodes> b = group_of_.at(pair.second);
    if (a == b) continue;
    auto joined = std::make_shared<Nodes>(*a);
    joined->insert(joined->end(), b->begin(), b->end());
    std::sort(joined->begin(), joined->end());
    if (!MayJoin(pair, *joined)) continue;
    for (const Node& node : *joined) group_of_[node] = joined;
  }
  for (auto& [pair, link] : links_) {
    link.state.kept = !IsInert(pair) && !link.state.expired &&
                      group_of_.at(pair.first) == group_of_.at(pair.second);
  }
}

// ---- section 6 ----

std::optional<NaiveWorld::Node> NaiveWorld::PrimaryOf(const Entry& entry) const {
  std::optional<Node> best;
  const auto key = [&](const Node& node) {
    return std::tuple(IsShared(node), PriorityOf(node.name), node);
  };
  for (const Node& node : NodesIn(entry, Which::kSelfNamed)) {
    if (!best || key(node) < key(*best)) best = node;
  }
  return best;
}

// ---- what comparisons look at ----

std::map<NaiveWorld::NodePair, LinkState> NaiveWorld::LinksOfAllLives() const {
  std::map<NodePair, LinkState> out;
  for (const auto& [pair, link] : links_) out.emplace(pair, link.state);
  return out;
}

std::set<std::string> NaiveWorld::RecordsOf(const NodePair& pair) const {
  std::set<std::string> out;
  for (const Sighting& s : links_.at(pair).sightings) out.insert(s.source + "/" + s.record);
  return out;
}

std::set<std::string> NaiveWorld::SourcesOf(const NodePair& pair) const {
  std::set<std::string> out;
  for (const Sighting& s : links_.at(pair).sightings) out.insert(s.source);
  return out;
}

Group NaiveWorld::NamesInGroupOf(const Node& node) const {
  std::set<Identifier> names;
  for (const Node& member : *group_of_.at(node)) {
    for (Identifier& name : NamesOf(member)) names.insert(std::move(name));
  }
  return {names.begin(), names.end()};
}

void NaiveWorld::Summarise() {
  const auto is_last = [&](const Node& node) { return NodeOf(node.name) == node; };
  std::set<std::shared_ptr<Nodes>> distinct;
  for (const auto& [node, group] : group_of_) distinct.insert(group);
  for (const std::shared_ptr<Nodes>& group : distinct) {
    state_.groups.push_back(NamesInGroupOf(group->front()));
    for (const Identifier& name : state_.groups.back()) {
      const std::vector<std::int64_t>& lives = LivesOf(name);
      if (!lives.empty() && clock_ms_ >= lives.back() + ValidityOf(name))
        state_.expired.insert(name);
    }
  }
  std::sort(state_.groups.begin(), state_.groups.end());
  for (const Node& node : shared_) {
    if (!is_last(node)) continue;
    for (const Identifier& name : NamesOf(node)) state_.shared.insert(name);
  }
  for (const Entry& entry : entries_) {
    if (entry.outcome != Outcome::kApplied) continue;
    for (const RecordVerdict::Counted& counted : entry.verdict.counted) {
      Identifier name = NameOf(entry, counted);
      if (!IsMentioned(NodeOf(name))) state_.gone.insert(std::move(name));
    }
  }
  for (const auto& [pair, link] : links_) {
    if (is_last(pair.first) && is_last(pair.second))
      state_.links.emplace(Pair(pair.first.name, pair.second.name), link.state);
  }
}

}  // namespace polyonym::harness
