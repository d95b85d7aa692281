// Every invariant of the store against its records.
#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "engine/definition.h"
#include "engine/view_impl.h"

namespace polyonym {
namespace {

using engine::kNone;
using engine::Link;
using engine::LinkCell;
using engine::Node;
using engine::NodeCell;
using Graph = View::Impl::Graph;

constexpr std::size_t kMaxProblems = 100;

class Verifier {
 public:
  explicit Verifier(const View::Impl& view) : view_(view), graph_(view.graph()) {}

  absl::StatusOr<VerifyReport> Run(const View& face) {
    engine::Definition definition(view_.state().rules->shared_policy(), view_.state().clock_ms);
    absl::Status status = face.Export([&](const StoredRecord& stored) {
      ++report_.records;
      definition.Add(stored.record);
      return true;
    });
    if (!status.ok()) return status;
    solved_ = definition.Solve();
    Check(definition.standing_records() == view_.state().totals.standing_records,
          "total of standing records", 0);
    Check(definition.held_records() == view_.state().totals.held_records, "total of held records",
          0);
    MatchNames();
    if (report_.problems.empty()) {
      CheckLists();
      CheckNodes();
      CheckGroups();
      CheckLinks();
      CheckTotals();
    }
    return std::move(report_);
  }

 private:
  void Check(bool good, std::string_view what, std::uint64_t number) {
    if (good || report_.problems.size() >= kMaxProblems) return;
    report_.problems.push_back(std::string(what) + " is not what the records say, number " +
                               std::to_string(number));
  }

  void MatchNames() {
    std::map<std::pair<std::uint64_t, std::int64_t>, Node> lives;  // place of the value, beginning
    for (Node n = 0; n < view_.state().nodes; ++n) {
      const NodeCell& cell = graph_.node(n);
      if (cell.life() && !graph_.IsAlias(n)) lives[{cell.value, cell.first_ms}] = n;
    }
    for (Node i = 0; i < solved_.names.size(); ++i) {
      Node n = kNone;
      if (solved_.life_of[i] == kNone) {
        n = view_.FindNormalised(solved_.names[i].ns, solved_.names[i].value);
      } else if (const Node value = node_of_[solved_.life_of[i]]; value != kNone) {
        const auto at = lives.find({graph_.node(value).value, solved_.first_ms[i]});
        if (at != lives.end()) n = at->second;
      }
      node_of_.push_back(n);
      // A record that no longer stood when a policy came names nothing under it.
      Check(n != kNone || solved_.live[solved_.node[i]] == 0, "dictionary entry", i);
      if (n != kNone) Check(name_of_.emplace(n, i).second, "dictionary entry", n);
    }
  }

  // Every link that counts is in the lists of both its ends, and spent ones are counted.
  void CheckLists() {
    std::vector<std::uint8_t> lists(view_.state().links);
    for (Node n = 0; n < view_.state().nodes; ++n) {
      std::uint32_t spent = 0;
      graph_.ForEachPair(n, [&](Link l, const LinkCell& cell) {
        ++lists[l];
        spent += cell.spent() ? 1 : 0;
      });
      Check(spent == graph_.node(n).spent(), "count of spent links of an identifier", n);
    }
    for (Link l = 0; l < view_.state().links; ++l) {
      Check(graph_.link(l).spent() || lists[l] == 2, "lists of a link", l);
    }
  }

  void CheckNodes() {
    for (Node n = 0; n < view_.state().nodes; ++n) {
      ++report_.identifiers;
      const NodeCell& cell = graph_.node(n);
      const auto at = name_of_.find(n);
      if (at == name_of_.end()) {  // no standing record counts it
        Check(cell.live == 0 && cell.parent == n && cell.degree == 0,
              "an identifier without records", n);
        continue;
      }
      const Node i = at->second;
      Check(graph_.Canonical(n) == node_of_[solved_.node[i]], "class of an identifier", n);
      if (solved_.node[i] != i) {
        Check(cell.live == 0 && cell.parent == n, "a renamed identifier", n);
        continue;
      }
      Check(cell.live == solved_.live[i], "mentions of an identifier", n);
      Check(cell.shared() == (solved_.shared[i] != 0), "sharing of an identifier", n);
      if ((view_.rules().limits().kinds[cell.kind].windowed || cell.life()) && cell.live > 0) {
        Check(cell.first_ms == solved_.first_ms[i], "first sighting of an identifier", n);
      }
    }
  }

  void CheckGroups() {
    absl::flat_hash_map<Node, Node> root_of_group;
    absl::flat_hash_map<Node, Node> group_of_root;
    for (Node i = 0; i < solved_.names.size(); ++i) {
      if (solved_.node[i] != i || node_of_[i] == kNone) continue;
      const Node root = graph_.ProfileOf(node_of_[i]);
      const Node group = solved_.group[i];
      Check(root_of_group.emplace(group, root).first->second == root, "profile of an identifier",
            node_of_[i]);
      Check(group_of_root.emplace(root, group).first->second == group, "profile of an identifier",
            node_of_[i]);
    }
    for (const auto& [root, group] : group_of_root) CheckHeader(root);
  }

  void CheckHeader(Node root) {
    identity::Tally tally;
    Node id = graph_.BestName(root);
    std::uint32_t border = 0;
    graph_.ForEachMember(root, [&](Node n) {
      tally.AddNode(graph_.limits().kinds[graph_.KindOf(n)], graph_.HasApart(n));
      if (graph_.BetterId(graph_.BestName(n), id)) id = graph_.BestName(n);
      graph_.ForEachLink(n, [&](Node other, identity::RankKey, Link) {
        border += graph_.ProfileOf(other) != root ? 1 : 0;
      });
    });
    const identity::Tally kept = graph_.TallyOf(root);
    Check(tally.size == kept.size && tally.used == kept.used && (kept.apart || !tally.apart),
          "tally of a profile", root);
    Check(graph_.IdOf(root) == id, "id of a profile", root);
    Check(graph_.Border(root) == border, "border of a profile", root);
    Check(CountDownToFloor(root) == tally.size, "floor of a profile", root);
    Check(view_.rules().limits().max_nodes == 0 || tally.size <= view_.rules().limits().max_nodes,
          "size of a profile", root);
    for (const auto& [slot, count] : tally.used) {
      const identity::Slot& s = graph_.limits().slots[slot];
      Check(s.window_ms != 0 || count <= s.max, "limit of a profile", root);
    }
  }

  // Members that the links down to the profile's floor hold together.
  std::size_t CountDownToFloor(Node root) {
    const identity::RankKey floor = graph_.Floor(root);
    std::vector<Node> reached = {root};
    absl::flat_hash_set<Node> seen = {root};
    for (std::size_t i = 0; i < reached.size(); ++i) {
      graph_.ForEachLink(reached[i], [&](Node other, identity::RankKey key, Link) {
        if (key <= floor && graph_.ProfileOf(other) == root && seen.insert(other).second)
          reached.push_back(other);
      });
    }
    return reached.size();
  }

  void CheckLinks() {
    std::uint64_t with_evidence = 0;
    for (Link l = 0; l < view_.state().links; ++l) {
      const LinkCell& cell = graph_.link(l);
      if (!cell.evidence.any()) continue;
      with_evidence += cell.counts() ? 1 : 0;
      const auto a = name_of_.find(cell.a), b = name_of_.find(cell.b);
      if (a == name_of_.end() || b == name_of_.end()) {
        Check(false, "a link's end", l);
        continue;
      }
      const auto at = solved_.links.find(std::minmax(a->second, b->second));
      Check(at != solved_.links.end() && at->second == cell.evidence, "evidence of a link", l);
      Check(at == solved_.links.end() || solved_.expired.contains(at->first) == cell.expired(),
            "expiry of a link", l);
      const bool refused =
          graph_.IsLive(cell) && graph_.ProfileOf(cell.a) != graph_.ProfileOf(cell.b);
      Check(refused == graph_.IsBorder(l), "border mark of a link", l);
    }
    report_.links = with_evidence;
    Check(with_evidence == solved_.links.size() - solved_.expired.size(), "number of links",
          with_evidence);
  }

  void CheckTotals() {
    std::uint64_t live_nodes = 0, live_names = 0, shared = 0, away = 0, refused = 0;
    for (Node n = 0; n < view_.state().nodes; ++n) {
      const NodeCell& cell = graph_.node(n);
      live_nodes += cell.live > 0 ? 1 : 0;
      live_names += !graph_.IsAlias(n) && graph_.node(graph_.Canonical(n)).live > 0 ? 1 : 0;
      shared += cell.shared() ? 1 : 0;
      if (cell.parent == n) away += graph_.SizeOf(n) - 1;
    }
    for (Link l = 0; l < view_.state().links; ++l) refused += graph_.IsBorder(l) ? 1 : 0;
    const engine::Totals& t = view_.state().totals;
    Check(t.live_nodes == live_nodes && t.live_names == live_names, "total of live identifiers",
          t.live_names);
    Check(t.shared == shared, "total of shared identifiers", t.shared);
    Check(t.merged_away == away, "total of profiles", t.merged_away);
    Check(t.refused == refused, "total of refused links", t.refused);
    Check(t.links == report_.links, "total of links", t.links);
  }

  const View::Impl& view_;
  const Graph& graph_;
  engine::Definition::Solved solved_;
  std::vector<Node> node_of_;                // by solved name
  absl::flat_hash_map<Node, Node> name_of_;  // and back
  VerifyReport report_;
};

}  // namespace

absl::StatusOr<VerifyReport> View::Verify() const { return Verifier(*impl_).Run(*this); }

}  // namespace polyonym
