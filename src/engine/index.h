// engine/index.h - the resident index: who is who, at every commit that a reader may hold.
//
// Index owns the arrays and tables. GraphReader reads them, as the writer has them now (Latest) or as they stood at a
// commit (AtCommit); it is the read half of the graph concept of identity/resolver.h.
//
// THREADS: one writer; GraphReader<AtCommit> from any thread, for a published and pinned commit.
#ifndef POLYONYM_SRC_ENGINE_INDEX_H_
#define POLYONYM_SRC_ENGINE_INDEX_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "engine/cells.h"
#include "engine/rules.h"
#include "engine/slot_table.h"
#include "engine/value_arena.h"
#include "polyonym/engine/metrics.h"
#include "polyonym/identity/limits.h"
#include "polyonym/identity/rank.h"
#include "polyonym/store/versioned_array.h"

namespace polyonym::engine {

struct Index {
  std::shared_ptr<PageMemory> memory;  // null: the heap; else it holds all that follows
  VersionedArray<NodeCell, 4> nodes;
  VersionedArray<ProfileCell, 4> profiles;
  VersionedArray<LinkCell, 4> links;
  VersionedArray<MentionCell, 64> mentions;
  VersionedArray<RecordCell, 16> records;  // records[i] is record number i + 1
  VersionedArray<RenameCell> renames;
  ValueArena values;
  SlotTable dictionary;   // hash of kind and value → node
  SlotTable pairs;        // hash of two nodes → link; the writer's
  SlotTable record_keys;  // hash of (source, id) → standing record's index; the writer's
  std::uint64_t seed = 0;
  int hash_bits = 64;
  // Values of the checkpoint that cannot be read any more (keyed_rows.h), by place, and whose they are: zeros, which no question finds.
  absl::flat_hash_map<std::uint64_t, Node> lost_values;

  // REQUIRES: nothing is in it yet.
  void UseMemory(std::shared_ptr<PageMemory> paged);
  void Begin(std::uint64_t commit);
  void Reclaim(std::uint64_t oldest);
  // Gives back pages of mentions and records that were freed up to a commit which a checkpoint shows and no reader is older than.
  void GiveBack(std::uint64_t last);
  ResidentBytes bytes() const;
  // Numbers are of 32 bits. False where one more Apply, of whatever size a call can have, might pass them.
  bool HasRoom() const;

  std::uint64_t HashValue(Kind kind, std::string_view value) const;
  std::uint64_t HashPair(Node a, Node b) const;
  std::uint64_t HashSource(std::string_view source) const;
  // What a record's cell keeps of it.
  static std::uint32_t CutSource(std::uint64_t source_hash) {
    return static_cast<std::uint32_t>(source_hash);
  }
  std::uint64_t HashRecordKey(std::uint64_t source_hash, std::string_view id) const;

 private:
  std::uint64_t Cut(std::uint64_t hash) const;
};

// The index as the writer has it.
struct Latest {
  const Index* index;
  void Prefetch(Node n) const { index->nodes.PrefetchCell(n); }
  const NodeCell& node(Node n) const { return index->nodes.Latest(n); }
  const ProfileCell& profile(std::uint32_t p) const { return index->profiles.Latest(p); }
  const LinkCell& link(Link l) const { return index->links.Latest(l); }
  const MentionCell& mention(std::uint32_t m) const { return index->mentions.Latest(m); }
  const RecordCell& record(std::uint32_t r) const { return index->records.Latest(r); }
  const RenameCell& rename(std::uint32_t r) const { return index->renames.Latest(r); }
};

// The index as it stood at a commit.
struct AtCommit {
  const Index* index;
  std::uint64_t commit;
  const NodeCell& node(Node n) const { return index->nodes.At(n, commit); }
  const ProfileCell& profile(std::uint32_t p) const { return index->profiles.At(p, commit); }
  const LinkCell& link(Link l) const { return index->links.At(l, commit); }
  const MentionCell& mention(std::uint32_t m) const { return index->mentions.At(m, commit); }
  const RecordCell& record(std::uint32_t r) const { return index->records.At(r, commit); }
  const RenameCell& rename(std::uint32_t r) const { return index->renames.At(r, commit); }
};

template <class Access>
class GraphReader {
 public:
  GraphReader(Access access, const Rules* rules) : access_(access), rules_(rules) {}

  const Access& access() const { return access_; }
  const Rules& rules() const { return *rules_; }
  const identity::Limits& limits() const { return rules_->limits(); }

  const NodeCell& node(Node n) const { return access_.node(n); }
  const LinkCell& link(Link l) const { return access_.link(l); }
  std::string_view ValueOf(Node n) const { return access_.index->values.At(access_.node(n).value); }
  Kind KindOf(Node n) const { return access_.node(n).kind; }
  std::int64_t FirstMs(Node n) const { return access_.node(n).first_ms; }
  bool HasApart(Node n) const { return access_.node(n).apart(); }
  bool NodeBefore(Node x, Node y) const {
    const Kind kx = KindOf(x), ky = KindOf(y);
    if (kx != ky) return rules_->NameRank(kx) < rules_->NameRank(ky);
    const std::string_view vx = ValueOf(x), vy = ValueOf(y);
    return vx != vy ? vx < vy : FirstMs(x) < FirstMs(y);  // lives of one value
  }

  // The node that an identifier's class is spelt by; itself for most.
  Node Canonical(Node n) const {
    const std::uint32_t r = access_.node(n).rename;
    if (r == kNone) return n;
    const Node canonical = access_.rename(r).canonical;
    if (canonical == n) return n;
    // A spare life stands for its value, which may have been renamed since.
    const std::uint32_t further = access_.node(canonical).rename;
    return further == kNone ? canonical : access_.rename(further).canonical;
  }
  // True for a value that stands for its last life, and for a life that no naming calls for: nobody by itself.
  bool IsAlias(Node n) const {
    const std::uint32_t r = access_.node(n).rename;
    return r != kNone && access_.rename(r).canonical != n && access_.rename(r).next == n;
  }
  // The life of a value that began last at or before a time, the first where none did; the value itself where it has none.
  Node LifeAt(Node value, std::int64_t time_ms) const {
    Node n = Canonical(value);
    while (access_.node(n).life() && access_.node(n).first_ms > time_ms) {
      const Node earlier = access_.rename(access_.node(n).rename).earlier;
      if (earlier == kNone) break;
      n = earlier;
    }
    return n;
  }
  // Every identifier of a node's class.
  template <class F>
  void ForEachName(Node canonical, const F& f) const {
    f(canonical);
    std::uint32_t r = access_.node(canonical).rename;
    if (r == kNone) return;
    for (Node n = access_.rename(r).next; n != canonical;
         n = access_.rename(access_.node(n).rename).next)
      f(n);
  }
  // Of all names of a node, the one whose number a profile would take as its id.
  Node BestName(Node canonical) const {
    if (access_.node(canonical).rename == kNone) return canonical;
    Node best = canonical;
    ForEachName(canonical, [&](Node n) { best = BetterId(n, best) ? n : best; });
    return best;
  }
  bool BetterId(Node a, Node b) const {
    const std::uint32_t pa = rules_->PriorityOf(KindOf(a)), pb = rules_->PriorityOf(KindOf(b));
    return pa != pb ? pa < pb : a < b;
  }

  // Of two self identifiers of a record, whether `a` is rather its primary (docs/rule.md section 6).
  bool BetterPrimary(Node a, Node b) const {
    const auto place = [this](Node n) {
      return std::uint64_t{access_.node(n).shared()} << 32 | rules_->PriorityOf(KindOf(n));
    };
    const std::uint64_t pa = place(a), pb = place(b);
    return pa != pb ? pa < pb : NodeBefore(a, b);
  }

  // ---- profiles; a profile is known by its root ----
  Node ProfileOf(Node canonical) const {
    Node n = canonical;
    for (Node up = access_.node(n).parent; up != n; up = access_.node(n).parent) n = up;
    return n;
  }
  Node IdOf(Node root) const {
    const std::uint32_t p = access_.node(root).profile;
    return p == kNone ? BestName(root) : access_.profile(p).id;
  }
  std::uint32_t SizeOf(Node root) const {
    const std::uint32_t p = access_.node(root).profile;
    return p == kNone ? 1 : access_.profile(p).size;
  }
  std::uint32_t Border(Node root) const {
    const std::uint32_t p = access_.node(root).profile;
    return p == kNone ? 0 : access_.profile(p).border;
  }
  identity::RankKey Floor(Node root) const {
    const std::uint32_t p = access_.node(root).profile;
    if (p == kNone) return {};
    const ProfileCell& cell = access_.profile(p);
    return cell.rank_epoch == rules_->rank_epoch() ? cell.floor : identity::kWeakest;
  }
  template <class F>
  void ForEachMember(Node root, const F& f) const {
    Node n = root;
    do {
      const Node next = access_.node(n).ring;
      f(n);
      n = next;
    } while (n != root);
  }
  identity::Tally TallyOf(Node root) const {
    identity::Tally tally;
    const NodeCell& cell = access_.node(root);
    if (cell.profile == kNone) {
      tally.AddNode(limits().kinds[cell.kind], cell.apart());
      return tally;
    }
    const ProfileCell& p = access_.profile(cell.profile);
    if (p.used_count == ProfileCell::kFull) {
      ForEachMember(root, [&](Node n) { tally.AddNode(limits().kinds[KindOf(n)], HasApart(n)); });
      return tally;
    }
    tally.size = p.size;
    tally.apart = p.apart != 0;
    for (std::uint16_t i = 0; i < p.used_count; ++i)
      tally.used.push_back({p.used[i].slot, p.used[i].count});
    return tally;
  }

  // ---- links ----
  bool IsLive(const LinkCell& l) const {
    return l.counts() && !access_.node(l.a).shared() && !access_.node(l.b).shared();
  }
  identity::RankKey KeyOf(const LinkCell& l) const { return KeyOf(l, l.evidence); }
  identity::RankKey KeyOf(const LinkCell& l, const identity::Evidence& evidence) const {
    return identity::MakeRankKey(rules_->ranking(),
                                 rules_->PriorityOf(KindOf(l.a)) + rules_->PriorityOf(KindOf(l.b)),
                                 evidence);
  }
  bool IsBorder(Link l) const { return (access_.link(l).flags & LinkCell::kBorder) != 0; }

  // Every pair that the node was ever named with, live or not.
  template <class F>
  void ForEachPair(Node n, const F& f) const {
    for (Link l = access_.node(n).links; l != kNone;) {
      const LinkCell& cell = access_.link(l);
      const Link next = cell.Next(n);
      f(l, cell);
      l = next;
    }
  }
  // f(other, key, link) for every live link.
  template <class F>
  void ForEachLink(Node n, const F& f) const {
    if (access_.node(n).shared()) return;
    ForEachPair(n, [&](Link l, const LinkCell& cell) {
      if (cell.counts() && !access_.node(cell.Other(n)).shared()) f(cell.Other(n), KeyOf(cell), l);
    });
  }
  template <class F>
  void ForEachApart(Node n, const F& f) const {
    if (!HasApart(n)) return;
    ForEachPair(n, [&](Link, const LinkCell& cell) {
      if (cell.cannot > 0) f(cell.Other(n));
    });
  }

 protected:
  Access access_;
  const Rules* rules_;
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_INDEX_H_
