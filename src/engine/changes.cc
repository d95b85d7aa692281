#include "engine/changes.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

namespace polyonym::engine {
namespace {

// A profile as it was, and how it was touched.
struct Former {
  Node id = 0;
  Node root = 0;
  bool each = false;
  Cause cause = Cause::kUnknown;
  std::uint64_t record = 0;
};

// An identifier that was not alive before.
struct Born {
  Node node = 0;
  Cause cause = Cause::kUnknown;
  std::uint64_t record = 0;
};

class NetChanges {
 public:
  NetChanges(const GraphReader<AtCommit>& before, const GraphReader<Latest>& after,
             Node nodes_before, std::uint64_t sequence)
      : before_(before), after_(after), nodes_before_(nodes_before), sequence_(sequence) {}

  void Add(Node node, bool each, Cause cause, std::uint64_t record) {
    if (WasAlive(node)) {
      const Node root = before_.ProfileOf(before_.Canonical(node));
      if (last_ == nullptr || last_->root != root) {  // members come one after the other
        const Node id = before_.IdOf(root);
        last_ = &formers_[id];
        last_->id = id;
        last_->root = root;
      }
      *last_ = {last_->id, root, last_->each || each, cause, record};
    } else if (each && IsAlive(node)) {
      born_.push_back({node, cause, record});
    }
  }

  std::vector<Change> Take() {
    std::vector<Former> in_order;
    in_order.reserve(formers_.size());
    for (const auto& [id, former] : formers_) in_order.push_back(former);
    std::sort(in_order.begin(), in_order.end(),
              [](const Former& a, const Former& b) { return a.id < b.id; });
    for (const Former& former : in_order) {
      if (former.each) {
        AddScattered(former);
      } else {
        AddWhole(former);
      }
    }
    AddBorn();
    return std::move(changes_);
  }

 private:
  bool WasAlive(Node n) const {
    return n < nodes_before_ && !before_.IsAlias(n) && before_.node(before_.Canonical(n)).live > 0;
  }
  bool IsAlive(Node n) const {
    return !after_.IsAlias(n) && after_.node(after_.Canonical(n)).live > 0;
  }
  Node RootNow(Node n) const { return after_.ProfileOf(after_.Canonical(n)); }

  std::size_t CountNames(Node root) const {
    std::size_t names = 0;
    after_.ForEachMember(root, [&](Node n) { after_.ForEachName(n, [&](Node) { ++names; }); });
    return names;
  }

  Change& Emit(ChangeKind kind, Node from, Node to, Cause cause, std::uint64_t record) {
    Change& change = changes_.emplace_back();
    change.sequence = sequence_;
    change.kind = kind;
    change.cause = cause;
    change.from = ProfileId{from};
    change.to = ProfileId{to};
    change.record = record;
    return change;
  }

  void AddWhole(const Former& former) {
    const Node now = after_.IdOf(RootNow(former.root));
    inhabited_.insert(now);
    if (now != former.id) Emit(ChangeKind::kMerged, former.id, now, former.cause, former.record);
  }

  void AddScattered(const Former& former) {
    struct Part {
      Node root = 0;
      std::vector<Node> names;
      std::set<Node> nodes;
    };
    std::map<Node, Part> parts;
    std::vector<Node> gone;
    before_.ForEachMember(former.root, [&](Node n) {
      before_.ForEachName(n, [&](Node name) {
        if (!IsAlive(name)) {
          gone.push_back(name);
          return;
        }
        const Node root = RootNow(name);
        Part& part = parts[after_.IdOf(root)];
        part.root = root;
        part.names.push_back(name);
        part.nodes.insert(after_.Canonical(name));
      });
    });
    for (auto& [now, part] : parts) {
      inhabited_.insert(now);
      if (now == former.id) continue;
      if (parts.size() == 1 && gone.empty()) {
        Emit(ChangeKind::kMerged, former.id, now, former.cause, former.record);
        continue;
      }
      const bool whole = part.nodes.size() == after_.SizeOf(part.root) &&
                         part.names.size() == CountNames(part.root);
      Change& change = Emit(whole ? ChangeKind::kSplit : ChangeKind::kMoved, former.id, now,
                            former.cause, former.record);
      change.identifiers = Sorted(part.names);
    }
    if (!gone.empty()) {
      Emit(ChangeKind::kGone, former.id, former.id, former.cause, former.record).identifiers =
          Sorted(gone);
    }
  }

  void AddBorn() {
    // Each once, by what touched it first: that brought it. New numbers come in order.
    const auto by_node = [](const Born& a, const Born& b) { return a.node < b.node; };
    if (!std::is_sorted(born_.begin(), born_.end(), by_node))
      std::stable_sort(born_.begin(), born_.end(), by_node);
    std::vector<std::pair<Node, std::uint32_t>> by_profile;  // with the place in born_
    by_profile.reserve(born_.size());
    for (std::uint32_t i = 0; i < born_.size(); ++i) {
      if (i > 0 && born_[i - 1].node == born_[i].node) continue;
      by_profile.emplace_back(after_.IdOf(RootNow(born_[i].node)), i);
    }
    std::sort(by_profile.begin(), by_profile.end());
    for (std::size_t i = 0; i < by_profile.size();) {
      const Node now = by_profile[i].first;
      const Born& first = born_[by_profile[i].second];
      const ChangeKind kind = inhabited_.contains(now) ? ChangeKind::kJoined : ChangeKind::kCreated;
      Change& change = Emit(kind, now, now, first.cause, first.record);
      for (; i < by_profile.size() && by_profile[i].first == now; ++i)
        change.identifiers.push_back(IdentifierNumber{born_[by_profile[i].second].node});
    }
  }

  static std::vector<IdentifierNumber> Sorted(std::vector<Node> nodes) {
    std::sort(nodes.begin(), nodes.end());
    std::vector<IdentifierNumber> out;
    out.reserve(nodes.size());
    for (const Node n : nodes) out.push_back(IdentifierNumber{n});
    return out;
  }

  const GraphReader<AtCommit>& before_;
  const GraphReader<Latest>& after_;
  const Node nodes_before_;
  const std::uint64_t sequence_;
  absl::flat_hash_map<Node, Former> formers_;  // by profile id
  Former* last_ = nullptr;  // the one that was touched last; valid until another comes
  std::vector<Born> born_;
  absl::flat_hash_set<Node> inhabited_;  // ids of profiles that hold someone who was there before
  std::vector<Change> changes_;
};

}  // namespace

void ChangeTracker::Begin(Node nodes_before) {
  touched_.clear();
  told_.clear();
  regarded_.clear();
  all_told_ = false;
  nodes_before_ = nodes_before;
  cause_ = Cause::kUnknown;
  record_ = 0;
}

std::vector<Change> ChangeTracker::Net(const GraphReader<AtCommit>& before,
                                       const GraphReader<Latest>& after, Node nodes_before,
                                       std::uint64_t sequence) const {
  NetChanges net(before, after, nodes_before, sequence);
  constexpr std::size_t kCellAhead = 8, kPageAhead = 16;
  for (std::size_t i = 0; i < touched_.size(); ++i) {
    if (i + kPageAhead < touched_.size()) after.access().Prefetch(touched_[i + kPageAhead].node);
    if (i + kCellAhead < touched_.size() && touched_[i + kCellAhead].node < nodes_before)
      __builtin_prefetch(&before.node(touched_[i + kCellAhead].node));
    const Touch& touch = touched_[i];
    net.Add(touch.node, touch.each, touch.cause, touch.record);
  }
  return net.Take();
}

}  // namespace polyonym::engine
