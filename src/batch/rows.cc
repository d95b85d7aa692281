#include "batch/rows.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "batch/concurrent_set.h"
#include "batch/open_groups.h"
#include "batch/row_judge.h"
#include "polyonym/identity/limits.h"

namespace polyonym::batch {
namespace {

constexpr std::size_t kRange = std::size_t{1} << 14;
constexpr std::size_t kAhead = 16;  // cells that are fetched before they are united

// Which components some limit, guard, lifetime or validity could touch.
class OpenTest {
 public:
  explicit OpenTest(const engine::Rules& rules) : rules_(rules) {
    const identity::Limits& limits = rules.limits();
    if (limits.max_nodes != 0) most_ = limits.max_nodes;
    for (Kind kind = 0; kind < rules.kinds().size(); ++kind) {
      by_kind_ |= !limits.kinds[kind].slots.empty() || rules.ValidityOf(kind) != 0;
      for (const engine::GuardRule& guard : rules.GuardsOf(kind)) {
        by_kind_ |= !guard.of.empty();
        // A node of so many has no more neighbours than the guard allows.
        if (guard.of.empty())
          most_ = std::min<std::uint64_t>(most_, std::uint64_t{guard.max_neighbours} + 1);
      }
    }
  }

  // Larger ones are open.
  std::uint64_t most() const { return most_; }
  // Whether kinds have a say besides.
  bool by_kind() const { return by_kind_; }

  // By the kinds of its members.  REQUIRES: no more than most().
  template <class Members>
  bool IsOpen(const Members& kinds) const {
    identity::Tally tally;
    absl::InlinedVector<Kind, 8> distinct;
    for (const Kind kind : kinds) {
      if (rules_.ValidityOf(kind) != 0) return true;
      tally.AddNode(rules_.limits().kinds[kind], false);
      if (!identity::IsAllowedWhenever(rules_.limits(), tally)) return true;
      if (distinct.size() > kFewKinds) continue;
      if (std::find(distinct.begin(), distinct.end(), kind) == distinct.end())
        distinct.push_back(kind);
    }
    if (distinct.size() > kFewKinds) return true;
    return std::any_of(distinct.begin(), distinct.end(),
                       [&](Kind kind) { return MayBeShared(kind, kinds); });
  }

 private:
  static constexpr std::size_t kFewKinds = 32;

  template <class Members>
  bool MayBeShared(Kind kind, const Members& kinds) const {
    const auto& guards = rules_.GuardsOf(kind);
    return std::any_of(guards.begin(), guards.end(), [&](const engine::GuardRule& guard) {
      if (kinds.size() <= guard.max_neighbours) return false;
      const auto counted = std::count_if(
          kinds.begin(), kinds.end(), [&](Kind other) { return rules_.GuardCounts(guard, other); });
      return counted - std::int64_t{rules_.GuardCounts(guard, kind)} >
             std::int64_t{guard.max_neighbours};
    });
  }

  const engine::Rules& rules_;
  std::uint64_t most_ = ~std::uint64_t{0};
  bool by_kind_ = false;
};

class RowSolver {
 public:
  RowSolver(const Rows& rows, Numbering* numbering, const RowOptions& options, Kinds* kinds)
      : rows_(rows),
        texts_(numbering->number_of.data()),
        options_(options),
        nodes_(out_.nodes = JudgeTexts(std::move(numbering->texts), options, kinds)),
        rules_(engine::Rules::Make(options.policy, 0, 0, kinds->names())),
        judge_(rows, texts_, nodes_, *rules_, options),
        set_(nodes_.texts.size()),
        lead_(out_.row_group) {
    nodes_.namespaces = kinds->names();
    out_.row_reason.resize(rows.count);
    ResizeInLargePages(&lead_, rows.count, kNone);
    for (Kind kind = 0; kind < rules_->kinds().size(); ++kind) {
      const std::int64_t lifetime = rules_->LinkLifetime(kind, kind);
      if (lifetime != 0) shortest_ = std::min(shortest_, lifetime);
    }
  }

  Solution Solve() {
    if (!judge_.all_pass()) {
      mentioned_.resize(nodes_.texts.size());
      fading_.resize(nodes_.texts.size());
      ForRows([&](std::size_t row) { out_.row_reason[row] = judge_.ShapeOf(row); });
      if (!rows_.keys.empty()) FindStanding();
    }
    Unite();
    FindComponents();
    GroupNodes();
    NumberGroups();
    TranslateCells();
    return std::move(out_);
  }

 private:
  template <class F>
  void ForRows(const F& f) const {
    engine::RunRanges(options_.threads, rows_.count, kRange, [&](std::size_t from, std::size_t to) {
      for (std::size_t row = from; row < to; ++row) f(row);
    });
  }
  bool IsMentioned(std::size_t node) const { return mentioned_.empty() || mentioned_[node] != 0; }

  // docs/rule.md 1.1, among rows that are not rejected.
  void FindStanding() {
    std::vector<std::size_t> stands;
    for (std::size_t row = 0; row < rows_.count; ++row) {
      const std::uint32_t key = rows_.keys[row];
      if (key == kNone || out_.row_reason[row] != Reason::kNone) continue;
      if (key >= stands.size()) stands.resize(key + 1, rows_.count);
      std::size_t& standing = stands[key];
      if (standing == rows_.count) {
        standing = row;
        continue;
      }
      const std::int64_t now = rows_.VersionOf(row), before = rows_.VersionOf(standing);
      if (now == before) {
        const ContentHash mine = rows_.content(row), other = rows_.content(standing);
        const bool wins = mine > other;
        out_.row_reason[wins ? standing : row] =
            mine == other ? Reason::kDuplicate : Reason::kSuperseded;
        if (wins) standing = row;
      } else {
        out_.row_reason[now > before ? standing : row] = Reason::kSuperseded;
        if (now > before) standing = row;
      }
    }
  }

  void Unite() {
    engine::RunRanges(options_.threads, rows_.count, kRange, [&](std::size_t from, std::size_t to) {
      if (judge_.all_pass()) return UniteAll(from, to);
      std::vector<std::uint32_t> counted;
      for (std::size_t row = from; row < to; ++row) UniteRow(row, &counted);
    });
  }

  void UniteAll(std::size_t from, std::size_t to) {
    const std::size_t end = rows_.EndOf(to - 1);
    for (std::size_t row = from; row < to; ++row) {
      std::uint32_t lead = kNone;
      for (std::size_t cell = rows_.BeginOf(row); cell < rows_.EndOf(row); ++cell) {
        if (cell + kAhead < end && texts_[cell + kAhead] != kNone)
          set_.Prefetch(texts_[cell + kAhead]);
        const std::uint32_t node = texts_[cell];
        if (node == kNone) continue;
        if (lead != kNone) set_.Union(lead, node);
        if (lead == kNone) lead = node;
      }
      lead_[row] = lead;
      if (lead == kNone) out_.row_reason[row] = Reason::kMissingIdentifiers;
    }
  }

  void UniteRow(std::size_t row, std::vector<std::uint32_t>* counted) {
    Reason& reason = out_.row_reason[row];
    if (reason == Reason::kNone) reason = judge_.VerdictOf(row, counted);
    if (reason != Reason::kNone || rows_.TimeOf(row) > options_.up_to_ms) return;
    const std::uint32_t lead = lead_[row] = counted->front();
    for (const std::uint32_t node : *counted) {
      Mention(lead, node);
      for (const std::uint32_t of : nodes_.DerivedFrom(node)) Mention(lead, of);
    }
    const std::int64_t time = rows_.TimeOf(row);
    if (options_.clock_ms > time && options_.clock_ms - time > shortest_) Mark(&fading_[lead]);
  }

  void Mention(std::uint32_t lead, std::uint32_t node) {
    Mark(&mentioned_[node]);
    set_.Union(lead, node);
  }
  static void Mark(std::uint8_t* flag) {
    std::atomic_ref(*flag).store(1, std::memory_order_relaxed);
  }

  // The root of each node.
  void FindComponents() {
    const std::size_t n = nodes_.texts.size();
    ResizeInLargePages(&out_.group, n);
    engine::RunRanges(options_.threads, n, kRange, [&](std::size_t from, std::size_t to) {
      for (std::size_t node = from; node < to; ++node)
        out_.group[node] = set_.Find(static_cast<std::uint32_t>(node));
    });
  }

  // Until groups are numbered, the number of one is its smallest node, as that of a component is.
  void GroupNodes() {
    const OpenTest test(*rules_);
    const std::size_t n = nodes_.texts.size();
    if (n <= test.most() && fading_.empty() && !test.by_kind()) return;  // nothing can be open
    open_.resize(n);
    size_ = LargeArray<std::uint32_t>(n);
    for (const std::uint32_t root : out_.group) ++size_[root];
    bool any = false;
    for (std::size_t root = 0; root < n; ++root) {
      if (size_[root] > test.most()) open_[root] = 1, any = true;
    }
    for (std::size_t node = 0; node < fading_.size(); ++node) {
      if (fading_[node] != 0) open_[out_.group[node]] = 1, any = true;
    }
    if (test.by_kind() && OpenByKind(test)) any = true;
    if (any) SolveOpen();
  }

  bool OpenByKind(const OpenTest& test) {
    const std::size_t n = nodes_.texts.size();
    std::vector<std::uint32_t> end(n);
    std::uint32_t sum = 0;
    for (std::size_t root = 0; root < n; ++root) end[root] = std::exchange(sum, sum + size_[root]);
    std::vector<Kind> kinds(n);
    for (std::size_t node = 0; node < n; ++node)
      kinds[end[out_.group[node]]++] = nodes_.texts[node].kind;
    std::atomic<bool> any{false};
    engine::RunRanges(options_.threads, n, kRange, [&](std::size_t from, std::size_t to) {
      bool found = false;
      for (std::size_t root = from; root < to; ++root) {
        if (size_[root] == 0 || open_[root] != 0) continue;
        const auto members = std::span(kinds).subspan(end[root] - size_[root], size_[root]);
        open_[root] = test.IsOpen(members) ? 1 : 0;
        found |= open_[root] != 0;
      }
      if (found) any = true;
    });
    return any;
  }

  // Each open component goes to one of the shards, in turn.
  void SolveOpen() {
    std::vector<OpenGroups::Shard> shards(std::min(options_.threads, kMostShards));
    std::size_t components = 0;
    for (std::size_t node = 0; node < nodes_.texts.size(); ++node) {
      const std::uint32_t root = out_.group[node];
      if (open_[root] == 0 || !IsMentioned(node)) continue;
      if (root == node) open_[root] = static_cast<std::uint8_t>(1 + components++ % shards.size());
      shards[open_[root] - 1U].nodes.push_back(static_cast<std::uint32_t>(node));
    }
    for (std::size_t row = 0; row < rows_.count; ++row) {
      if (lead_[row] == kNone) continue;
      const std::uint8_t open = open_[out_.group[lead_[row]]];
      if (open != 0) shards[open - 1U].rows.push_back(row);
    }
    OpenGroups(rows_, texts_, judge_, options_, &nodes_)
        .Solve(std::move(shards), &out_.group, &lead_);
  }

  void NumberGroups() {
    for (std::uint32_t node = 0; node < out_.group.size(); ++node) {
      std::uint32_t& group = out_.group[node];
      if (node < mentioned_.size() && mentioned_[node] == 0) {
        group = kNone;
      } else {
        group = group == node ? out_.groups++ : out_.group[group];
      }
    }
    ForRows([&](std::size_t row) {
      if (lead_[row] != kNone) lead_[row] = out_.group[lead_[row]];
    });
  }

  void TranslateCells() {
    if (nodes_.as_given) return;
    ForRows([&](std::size_t row) {
      for (std::size_t cell = rows_.BeginOf(row); cell < rows_.EndOf(row); ++cell) {
        if (texts_[cell] != kNone) texts_[cell] = nodes_.NodeOf(texts_[cell]);
      }
    });
  }

  static constexpr unsigned kMostShards = 64;
  const Rows& rows_;
  std::uint32_t* texts_;
  const RowOptions& options_;
  Solution out_;
  Nodes& nodes_;
  std::shared_ptr<const engine::Rules> rules_;
  const RowJudge judge_;
  ConcurrentSet set_;
  std::vector<std::uint32_t>& lead_;     // by row that counts: a node of its group
  std::vector<std::uint8_t> mentioned_;  // by node; empty: all
  std::vector<std::uint8_t>
      fading_;  // by node: named by a row that is so old that a link of it may have expired
  LargeArray<std::uint32_t> size_;     // by root of a component
  std::vector<std::uint8_t> open_;     // by root: 0, or 1 and more by shard
  std::int64_t shortest_ = INT64_MAX;  // lifetime of a link
};

}  // namespace

Solution SolveRows(const Rows& rows, Numbering* numbering, const RowOptions& options,
                   Kinds* kinds) {
  return RowSolver(rows, numbering, options, kinds).Solve();
}

}  // namespace polyonym::batch
