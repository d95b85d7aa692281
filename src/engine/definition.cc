#include "engine/definition.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "absl/container/inlined_vector.h"
#include "codec/facts.h"
#include "engine/fact_rows.h"
#include "polyonym/identity/disjoint_set.h"
#include "polyonym/identity/rule.h"

namespace polyonym::engine {
namespace {

using Until = absl::flat_hash_map<std::pair<Node, Node>, std::int64_t>;

std::pair<Node, Node> Ordered(Node a, Node b) { return a < b ? std::pair(a, b) : std::pair(b, a); }

// Sorted, each once.
template <class List>
void SortOnce(List* list) {
  std::sort(list->begin(), list->end());
  list->erase(std::unique(list->begin(), list->end()), list->end());
}

void Raise(Until& until, Node a, Node b, std::int64_t t) {
  const auto [at, is_new] = until.emplace(Ordered(a, b), t);
  if (!is_new) at->second = std::max(at->second, t);
}

}  // namespace

Definition::Definition(std::shared_ptr<const CompiledPolicy> policy, std::int64_t clock_ms)
    : policy_(std::move(policy)), clock_ms_(clock_ms) {}

std::uint32_t Definition::SourceIndex(const std::string& source) {
  return sources_.emplace(source, static_cast<std::uint32_t>(sources_.size())).first->second;
}

Node Definition::NameIndex(std::string_view ns, std::string value) {
  const auto [at, is_new] = name_index_.emplace(std::pair(std::string(ns), std::move(value)),
                                                static_cast<Node>(names_.size()));
  if (is_new) names_.push_back({at->first.first, at->first.second});
  return at->second;
}

void Definition::Add(const Record& record, std::uint64_t number) {
  const ContentHash hash = HashContent(record);
  const std::int64_t version = record.version ? *record.version : record.time_ms.value_or(0);
  const std::tuple place{version, record.act == Act::kRetract, hash};
  std::string id = record.id.empty() ? ToString(hash) : record.id;
  if (record.folded) id = "\xff" + std::to_string(folds_++);  // which no host can send
  Entry& entry = entries_[std::pair(record.source, std::move(id))];
  if (entry.source != 0 && place <= entry.place) return;
  entry = Entry();
  entry.place = place;
  entry.act = record.act;
  entry.span = SpanOf(record);
  entry.time_ms = entry.span.first_ms;
  entry.source = SourceIndex(record.source) + 1;
  if (record.act == Act::kDeleteSource) entry.target = SourceIndex(record.target_source) + 1;
  JudgeRecord(*policy_, record, &verdict_);
  entry.held = verdict_.reason != Reason::kNone;
  if (entry.held) return;
  if (number != 0 && !record.facts.empty() && TellsFacts(record.act)) {
    entry.number = number;
    entry.of_person = codec::IsOfPerson(record.facts);
  }
  std::vector<Node> names;
  for (const RecordVerdict::Counted& counted : verdict_.counted) {
    names.push_back(NameIndex(counted.ns, counted.value));
    if (!counted.derived) entry.names.push_back({names.back(), counted.role});
  }
  for (const RecordVerdict::Derivation& d : verdict_.derivations)
    entry.names.push_back({names[d.of], verdict_.counted[d.from].role, names[d.from]});
}

Node Definition::AddName(Identifier name) {
  names_.push_back(std::move(name));
  return static_cast<Node>(names_.size() - 1);
}

void Definition::AddSighting(std::int64_t time_ms, std::vector<Name> names) {
  Entry& entry = sightings_.emplace_back();
  entry.time_ms = time_ms;
  entry.span = {time_ms, time_ms, 1};
  entry.names = std::move(names);
}

std::uint64_t Definition::standing_records() const { return entries_.size(); }

std::uint64_t Definition::held_records() const {
  return static_cast<std::uint64_t>(
      std::count_if(entries_.begin(), entries_.end(), [](const auto& e) { return e.second.held; }));
}

// One solution, section by section of docs/rule.md.
class Definition::Solver {
 public:
  Solver(const Definition& d, std::int64_t clock_ms, std::int64_t up_to_ms)
      : d_(d), clock_ms_(clock_ms), up_to_ms_(up_to_ms) {
    const std::size_t n = d.names_.size();
    out_.names = d.names_;
    out_.life_of.resize(n, kNone);
  }

  Solved Solve() {
    PickLive();
    MakeRules();
    MakeClasses();
    MakeLives();
    out_.live.resize(out_.names.size());
    out_.first_ms.resize(out_.names.size());
    out_.shared.resize(out_.names.size());
    void_until_.resize(out_.names.size());
    ReadActs();
    CountSightings();
    FindShared();
    FindTellers();
    Join();
    return std::move(out_);
  }

 private:
  // Its source and id, where it has them: every act has.
  using LiveEntry = std::pair<const std::pair<std::string, std::string>*, const Entry*>;
  using Members = absl::InlinedVector<Node, 8>;
  using Pairs = absl::InlinedVector<std::pair<Node, Node>, 8>;

  void PickLive() {  // section 1
    std::map<std::uint32_t, std::int64_t> deleted;
    for (const auto& [key, e] : d_.entries_) {
      if (e.act != Act::kDeleteSource || e.held || e.time_ms > up_to_ms_) continue;
      const auto [at, is_new] = deleted.emplace(e.target, e.time_ms);
      if (!is_new) at->second = std::max(at->second, e.time_ms);
    }
    for (const auto& [key, e] : d_.entries_) {
      if (e.held || e.act == Act::kRetract || e.act == Act::kDeleteSource) continue;
      if (e.time_ms > up_to_ms_) continue;
      const auto at = deleted.find(e.source);
      if (at == deleted.end() || !IsUpTo(e.span, at->second)) live_.emplace_back(&key, &e);
    }
    for (const Entry& e : d_.sightings_) {
      if (e.time_ms <= up_to_ms_) live_.emplace_back(nullptr, &e);
    }
  }

  void MakeRules() {
    absl::flat_hash_map<std::string_view, Kind> kinds;
    std::vector<std::string> in_order;
    for (const Identifier& name : d_.names_) {
      const auto [at, is_new] =
          kinds.emplace(std::string_view(name.ns), static_cast<Kind>(in_order.size()));
      if (is_new) in_order.push_back(name.ns);
      out_.kind.push_back(at->second);
    }
    out_.rules = Rules::Make(d_.policy_, 0, 0, std::move(in_order));
  }

  void MakeClasses() {  // section 2
    identity::DisjointSet sets(d_.names_.size());
    for (const auto& [key, e] : live_) {
      if (e->act == Act::kRename) sets.Union(e->names[0].name, e->names[1].name);
    }
    std::map<Node, std::tuple<std::int64_t, std::pair<std::string, std::string>, Node>> latest;
    for (const auto& [key, e] : live_) {
      if (e->act != Act::kRename) continue;
      const std::tuple candidate{e->time_ms, *key, e->names[1].name};
      const auto [at, is_new] = latest.emplace(sets.Find(e->names[0].name), candidate);
      if (!is_new) at->second = std::max(at->second, candidate);
    }
    for (Node n = 0; n < d_.names_.size(); ++n) {
      const auto at = latest.find(sets.Find(n));
      out_.node.push_back(at == latest.end() ? n : std::get<2>(at->second));
    }
  }

  void MakeLives() {  // section 2
    std::map<Node, std::vector<std::int64_t>> namings;
    for (const auto& [key, e] : live_) {
      if (e->act != Act::kObserve && e->act != Act::kBind && e->act != Act::kMustLink) continue;
      for (const Name& n : e->names) {
        if (out_.rules->ValidityOf(out_.kind[n.name]) != 0) namings[n.name].push_back(e->time_ms);
      }
    }
    for (auto& [name, times] : namings) {
      const std::int64_t validity = out_.rules->ValidityOf(out_.kind[name]);
      std::sort(times.begin(), times.end());
      auto& lives = lives_[name];
      for (const std::int64_t t : times) {
        if (!lives.empty() && t - lives.back().first < validity) continue;
        const auto life = static_cast<Node>(out_.names.size());
        lives.emplace_back(t, life);
        out_.names.push_back(d_.names_[name]);
        out_.life_of.push_back(name);
        out_.kind.push_back(out_.kind[name]);
        out_.node.push_back(life);
        out_.node[name] = life;
      }
    }
  }

  // The node that an entry means by one of its names.
  Node NodeOf(const Entry& e, Node name) const {
    const auto at = lives_.find(name);
    if (at == lives_.end()) return out_.node[name];
    Node node = at->second.front().second;
    for (const auto& [start, life] : at->second) {
      if (start <= e.time_ms) node = life;
    }
    return node;
  }

  // Pairs of nodes that an observation, bind or must-link sights, void or not, each once: 3.2, 3.4.
  Pairs PairsOf(const Entry& e) const {
    Pairs pairs;
    Members self;
    for (const Name& n : e.names) {
      if (n.role != Role::kSelf && e.act != Act::kMustLink) continue;
      const Node node = NodeOf(e, n.name);
      if (n.from == kNone) {
        self.push_back(node);
      } else if (const Node from = NodeOf(e, n.from); from != node) {
        pairs.push_back(Ordered(from, node));
      }
    }
    SortOnce(&self);
    for (auto u = self.begin(); u != self.end(); ++u) {
      for (auto v = std::next(u); v != self.end(); ++v) pairs.emplace_back(*u, *v);
    }
    SortOnce(&pairs);
    return pairs;
  }

  std::uint32_t FamilyOfNode(Node n) const { return out_.rules->FamilyOfKind(out_.kind[n]); }

  void ReadActs() {  // 3.1, 3.3, 5
    const CompiledPolicy& policy = *d_.policy_;
    // (parent, child) → first record naming both.
    absl::flat_hash_map<std::pair<Node, Node>, std::int64_t> together;
    absl::flat_hash_map<Node, std::set<Node>> children;
    for (const auto& [key, e] : live_) {
      const Node a = e->names.empty() ? 0 : NodeOf(*e, e->names[0].name);
      const Node b = e->names.size() < 2 ? a : NodeOf(*e, e->names[1].name);
      if (e->act == Act::kDeleteIdentifier)
        void_until_[a] = std::max(void_until_[a].value_or(e->time_ms), e->time_ms);
      if (e->act == Act::kUnbind && a != b) Raise(unbound_until_, a, b, e->time_ms);
      if (e->act == Act::kCannotLink && a != b) {
        apart_[a].insert(b);
        apart_[b].insert(a);
      }
      if ((e->act != Act::kObserve && e->act != Act::kBind) || !policy.HasParents()) continue;
      for (const auto& [u, v] : PairsOf(*e)) {
        for (const auto& [parent, child] : {std::pair(u, v), std::pair(v, u)}) {
          const std::uint32_t family = policy.ParentOf(FamilyOfNode(child));
          if (family == CompiledPolicy::kUndeclared || family != FamilyOfNode(parent)) continue;
          children[parent].insert(child);
          const auto [at, is_new] = together.emplace(std::pair(parent, child), e->time_ms);
          if (!is_new) at->second = std::min(at->second, e->time_ms);
        }
      }
    }
    const Until direct = unbound_until_;
    for (const auto& [pair, until] : direct) {
      for (const auto& [a, parent] : {pair, std::pair(pair.second, pair.first)}) {
        const auto at = children.find(parent);
        if (at == children.end()) continue;
        for (const Node child : at->second) {
          if (child != a && together.at(std::pair(parent, child)) <= until)
            Raise(unbound_until_, a, child, until);
        }
      }
    }
  }

  bool Voided(Node n, const Entry& e) const {
    return void_until_[n] && IsUpTo(e.span, *void_until_[n]);
  }

  void CountSightings() {  // 3.2, 3.4, 3.5
    for (const auto& [key, e] : live_) {
      const bool forced = e->act == Act::kMustLink;
      const bool rename = e->act == Act::kRename;
      if (e->act != Act::kObserve && e->act != Act::kBind && !forced && !rename) continue;
      Members nodes;
      for (const Name& n : e->names) nodes.push_back(NodeOf(*e, n.name));
      SortOnce(&nodes);
      for (const Node n : nodes) {
        if (!rename && Voided(n, *e)) continue;
        out_.first_ms[n] = out_.live[n] == 0 ? e->time_ms : std::min(out_.first_ms[n], e->time_ms);
        out_.live[n] += e->span.count;
      }
      if (rename) continue;
      for (const auto& pair : PairsOf(*e)) {
        if (Voided(pair.first, *e) || Voided(pair.second, *e)) continue;
        const auto unbound = unbound_until_.find(pair);
        if (!forced && unbound != unbound_until_.end() && IsUpTo(e->span, unbound->second))
          continue;
        out_.links[pair].Add(e->span, forced);
      }
    }
    for (const auto& [name, lives] : lives_) {
      for (const auto& [start, life] : lives) out_.first_ms[life] = start;
    }
    FindExpired();
  }

  void FindExpired() {  // 4.1
    for (const auto& [pair, evidence] : out_.links) {
      const std::int64_t lifetime =
          out_.rules->LinkLifetime(out_.kind[pair.first], out_.kind[pair.second]);
      if (lifetime == 0 || evidence.forced > 0 || clock_ms_ <= evidence.last_ms) continue;
      if (clock_ms_ - evidence.last_ms > lifetime) out_.expired.insert(pair);
    }
  }

  void FindShared() {  // 4.2
    absl::flat_hash_map<Node, std::vector<Node>> neighbours;
    for (const auto& [pair, evidence] : out_.links) {
      if (evidence.seen == 0 || out_.expired.contains(pair)) continue;
      neighbours[pair.first].push_back(pair.second);
      neighbours[pair.second].push_back(pair.first);
    }
    for (const auto& [n, others] : neighbours) {
      for (const GuardRule& guard : out_.rules->GuardsOf(out_.kind[n])) {
        const auto counted = std::count_if(others.begin(), others.end(), [&](Node other) {
          return out_.rules->GuardCounts(guard, out_.kind[other]);
        });
        if (static_cast<std::uint64_t>(counted) > guard.max_neighbours) out_.shared[n] = 1;
      }
    }
  }

  // Section 6.
  bool BetterPrimary(Node a, Node b) const {
    const auto place = [this](Node n) {
      return std::tuple<std::uint8_t, std::uint32_t, const Identifier&, std::int64_t>(
          out_.shared[n], out_.rules->PriorityOf(out_.kind[n]), out_.names[n], out_.first_ms[n]);
    };
    return place(a) < place(b);
  }

  void FindTellers() {
    const Definitions& definitions = d_.policy_->policy().definitions;
    for (const auto& [key, e] : live_) {
      if (e->number == 0) continue;
      Solved::Teller teller{e->number, kNone, !definitions.identifying.empty(), {}};
      for (const Name& n : e->names) {
        if (n.role == Role::kSelf && IsIdentifying(definitions, d_.names_[n.name].ns))
          teller.anonymous = false;
        if (n.from != kNone) continue;
        const Node node = NodeOf(*e, n.name);
        if (e->of_person) teller.of_person.push_back(node);
        if (n.role == Role::kSelf &&
            (teller.primary == kNone || BetterPrimary(node, teller.primary)))
          teller.primary = node;
      }
      if (teller.primary == kNone) continue;
      SortOnce(&teller.of_person);
      out_.tellers.push_back(std::move(teller));
    }
  }

  // What the rule asks of a node.
  struct Facts {
    const Solver* s;
    Kind KindOf(Node n) const { return s->out_.kind[n]; }
    std::int64_t FirstMs(Node n) const { return s->out_.first_ms[n]; }
    bool HasApart(Node n) const { return s->apart_.contains(n); }
    template <class F>
    void ForEachApart(Node n, const F& f) const {
      const auto at = s->apart_.find(n);
      if (at != s->apart_.end()) std::for_each(at->second.begin(), at->second.end(), f);
    }
    bool NodeBefore(Node a, Node b) const {
      const Identifier &x = s->out_.names[a], &y = s->out_.names[b];
      return x != y ? x < y : s->out_.first_ms[a] < s->out_.first_ms[b];
    }
  };

  void Join() {  // 4.3, 5
    std::vector<identity::RankedLink> ranked;
    for (const auto& [pair, evidence] : out_.links) {
      const auto [u, v] = pair;
      if (out_.shared[u] != 0 || out_.shared[v] != 0 || out_.expired.contains(pair)) continue;
      const std::uint32_t sum =
          out_.rules->PriorityOf(out_.kind[u]) + out_.rules->PriorityOf(out_.kind[v]);
      ranked.push_back(identity::MakeRankedLink(
          identity::MakeRankKey(out_.rules->ranking(), sum, evidence), u, v));
    }
    out_.group = identity::RunRule(static_cast<std::uint32_t>(out_.names.size()), ranked,
                                   out_.rules->limits(), Facts{this});
  }

  const Definition& d_;
  const std::int64_t clock_ms_;
  const std::int64_t up_to_ms_;
  Solved out_;
  std::vector<LiveEntry> live_;
  std::map<Node, std::vector<std::pair<std::int64_t, Node>>> lives_;  // beginning, node
  std::vector<std::optional<std::int64_t>> void_until_;
  Until unbound_until_;
  absl::flat_hash_map<Node, std::set<Node>> apart_;
};

Definition::Solved Definition::Solve() const {
  return Solve(clock_ms_, std::numeric_limits<std::int64_t>::max());
}

Definition::Solved Definition::Solve(std::int64_t clock_ms, std::int64_t up_to_ms) const {
  return Solver(*this, clock_ms, up_to_ms).Solve();
}

}  // namespace polyonym::engine
