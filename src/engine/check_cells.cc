#include "engine/check_cells.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "engine/log.h"
#include "engine/threads.h"
#include "polyonym/model/record.h"

namespace polyonym::engine {
namespace {

constexpr int kMaxDepth = 64;  // of union by size over 32-bit numbers, and more

class CellChecker {
 public:
  CellChecker(const Index& index, const CommitState& state)
      : index_(index), state_(state), rules_(*state.rules), at_{&index} {}

  // The first kind of cell that is wrong; empty: none.
  std::string_view FindFault() {
    if (!ProfilesAreSound()) return "profiles";
    if (!NodesAreSound()) return "nodes";
    // Each of the others relies on the two above alone.
    bool nodes = false, links = false, mentions = false, records = false, renames = false;
    Beside(
        state_.nodes + state_.links,
        [&] {
          nodes = LivesHaveValues() && ParentsEnd() && CirclesClose();
          renames = RenamesClose();
          mentions = MentionsAreSound();
        },
        [&] {
          links = LinksAreSound();
          records = RecordsAreSound();
        });
    if (!nodes) return "nodes";
    if (!links) return "links";
    if (!mentions) return "mentions";
    if (!records) return "records";
    if (!renames) return "renames";
    return {};
  }

 private:
  static bool In(std::uint64_t index, std::uint64_t size) { return index < size; }
  static bool InOrNone(std::uint32_t index, std::uint64_t size) {
    return index == kNone || index < size;
  }

  bool ProfilesAreSound() const {
    const std::size_t slots = rules_.limits().slots.size();
    for (std::uint64_t p = 0; p < state_.profiles; ++p) {
      const ProfileCell& cell = at_.profile(static_cast<std::uint32_t>(p));
      if (!In(cell.id, state_.nodes)) return false;
      if (cell.used_count == ProfileCell::kFull) continue;
      if (cell.used_count > ProfileCell::kSlots) return false;
      for (std::uint16_t i = 0; i < cell.used_count; ++i) {
        if (!In(cell.used[i].slot, slots) || (i > 0 && cell.used[i].slot <= cell.used[i - 1].slot))
          return false;
      }
    }
    return true;
  }

  bool ValueIsSound(std::uint64_t place) const {
    constexpr std::uint64_t kBlock = ValueArena::kBlockBytes;
    if (place >= state_.values_end || state_.values_end - place < 4 || place % kBlock > kBlock - 4)
      return false;
    const std::uint64_t length = index_.values.At(place).size();
    return length <= state_.values_end - place - 4 && length <= kBlock - 4 - place % kBlock;
  }

  bool NodesAreSound() const {
    std::vector<bool> has_root(state_.profiles);
    for (std::uint64_t n = 0; n < state_.nodes; ++n) {
      const NodeCell& cell = at_.node(static_cast<Node>(n));
      if (!In(cell.kind, rules_.kinds().size()) || !ValueIsSound(cell.value)) return false;
      if (!In(cell.parent, state_.nodes) || !In(cell.ring, state_.nodes)) return false;
      if (!InOrNone(cell.profile, state_.profiles) || !InOrNone(cell.links, state_.links) ||
          !InOrNone(cell.mentions, state_.mentions) || !InOrNone(cell.rename, state_.renames)) {
        return false;
      }
      if (cell.life() && cell.rename == kNone) return false;
      if (cell.links != kNone && at_.link(cell.links).a != n && at_.link(cell.links).b != n)
        return false;
      if (cell.profile == kNone) continue;
      if (cell.parent != n || has_root[cell.profile]) return false;
      has_root[cell.profile] = true;
    }
    return true;
  }

  // Beside each life is the node of its value, which the dictionary will have.
  bool LivesHaveValues() const {
    absl::flat_hash_map<std::uint64_t, Kind> wanting;  // place of the value → namespace
    for (std::uint64_t n = 0; n < state_.nodes; ++n) {
      const NodeCell& cell = at_.node(static_cast<Node>(n));
      if (cell.life() && wanting.emplace(cell.value, cell.kind).first->second != cell.kind)
        return false;
    }
    for (std::uint64_t n = 0; n < state_.nodes && !wanting.empty(); ++n) {
      const NodeCell& cell = at_.node(static_cast<Node>(n));
      const auto at = cell.life() ? wanting.end() : wanting.find(cell.value);
      if (at != wanting.end() && at->second == cell.kind) wanting.erase(at);
    }
    return wanting.empty();
  }

  // What a pass will touch soon, by the node that it will come to then.
  static constexpr std::uint64_t kAhead = 16;
  template <class F>
  void LookAhead(std::uint64_t n, const F& f) const {
    if (n + kAhead < state_.nodes) f(at_.node(static_cast<Node>(n + kAhead)));
  }

  bool ParentsEnd() {
    roots_.resize(state_.nodes);
    for (std::uint64_t n = 0; n < state_.nodes; ++n) {
      LookAhead(n, [&](const NodeCell& cell) { index_.nodes.PrefetchCell(cell.parent); });
      roots_[n] = RootOf(static_cast<Node>(n));
      if (roots_[n] == kNone) return false;
    }
    return true;
  }

  Node RootOf(Node n) const {
    for (int depth = 0; depth < kMaxDepth; ++depth) {
      const Node up = at_.node(n).parent;
      if (up == n) return n;
      n = up;
    }
    return kNone;
  }

  // From each root the circle leads over all nodes of that root, and each node lies on one circle.
  bool CirclesClose() const {
    std::vector<bool> visited(state_.nodes);
    std::uint64_t count = 0;
    for (std::uint64_t root = 0; root < state_.nodes; ++root) {
      LookAhead(root, [&](const NodeCell& cell) { index_.nodes.PrefetchCell(cell.ring); });
      if (roots_[root] != root) continue;
      auto n = static_cast<Node>(root);
      do {
        if (visited[n] || roots_[n] != root) return false;
        visited[n] = true;
        ++count;
        n = at_.node(n).ring;
      } while (n != root);
    }
    return count == state_.nodes;
  }

  // From each node its list leads over links of that node, each of them once, and over all that are said to be in it.
  bool LinksAreSound() const {
    for (std::uint64_t l = 0; l < state_.links; ++l) {
      const LinkCell& cell = at_.link(static_cast<Link>(l));
      if (!In(cell.a, state_.nodes) || !In(cell.b, state_.nodes) || cell.a == cell.b) return false;
      if (!InOrNone(cell.next_a, state_.links) || !InOrNone(cell.next_b, state_.links))
        return false;
    }
    std::vector<bool> visited(2 * state_.links);  // from a, from b
    for (std::uint64_t n = 0; n < state_.nodes; ++n) {
      const auto node = static_cast<Node>(n);
      LookAhead(n, [&](const NodeCell& cell) {
        if (cell.links != kNone) index_.links.PrefetchCell(cell.links);
      });
      std::uint32_t spent = 0;
      for (Link l = at_.node(node).links; l != kNone; l = at_.link(l).Next(node)) {
        const LinkCell& cell = at_.link(l);
        if (cell.a != node && cell.b != node) return false;
        const std::uint64_t side = 2 * std::uint64_t{l} + (cell.a == node ? 0 : 1);
        if (visited[side]) return false;
        visited[side] = true;
        spent += cell.spent() ? 1 : 0;
      }
      if (spent != at_.node(node).spent()) return false;
    }
    for (std::uint64_t l = 0; l < state_.links; ++l) {
      const LinkCell& cell = at_.link(static_cast<Link>(l));
      const bool out_of_a = (cell.flags & LinkCell::kOutOfA) != 0,
                 out_of_b = (cell.flags & LinkCell::kOutOfB) != 0;
      if (visited[2 * l] == out_of_a || visited[2 * l + 1] == out_of_b) return false;
      if ((out_of_a || out_of_b) && !cell.spent()) return false;
    }
    return true;
  }

  // Between the act and what follows it.
  static constexpr std::uint32_t kUnusedFlags =
      (RecordCell::kFolded - 1) & ~(RecordCell::kAct | RecordCell::kFacts | RecordCell::kOfPerson);

  // New mentions go to the front, so what follows is older: no list can come back.
  bool MentionsAreSound() const {
    for (std::uint64_t m = 0; m < state_.mentions; ++m) {
      const MentionCell& cell = at_.mention(static_cast<std::uint32_t>(m));
      if (cell.gone()) continue;
      if (!In(cell.record, state_.records) || (cell.next != kNone && cell.next >= m)) return false;
      if (cell.next != kNone && at_.mention(cell.next).gone()) return false;
    }
    for (std::uint64_t n = 0; n < state_.nodes; ++n) {
      const std::uint32_t first = at_.node(static_cast<Node>(n)).mentions;
      if (first != kNone && at_.mention(first).gone()) return false;
    }
    return true;
  }

  bool RecordsAreSound() const {
    for (std::uint64_t r = 0; r < state_.records; ++r) {
      const RecordCell& cell = at_.record(static_cast<std::uint32_t>(r));
      if (cell.gone()) {
        if (cell.flags != 0) return false;
        continue;
      }
      const std::uint64_t frame = cell.location >> 16;
      if (frame == 0 || frame > state_.last_frame || (cell.location & 0xffff) >= Log::kFrameRecords)
        return false;
      if (cell.sequence > state_.sequence || (cell.flags & kUnusedFlags) != 0 ||
          cell.act() > Act::kRetract)
        return false;
    }
    return true;
  }

  // A value with lives, or a spare life: by itself, and stands for another node of the same value that stands for itself.
  bool IsAlias(Node n, Node to) const {
    if (at_.rename(at_.node(n).rename).next != n || !In(to, state_.nodes) || to == n) return false;
    const NodeCell &from = at_.node(n), &target = at_.node(to);
    if (target.kind != from.kind || target.value != from.value) return false;
    return target.rename == kNone || at_.rename(target.rename).canonical == to ||
           at_.rename(target.rename).next != to;
  }

  // What is before a life is a life of the same value that began before it: the list has an end.
  bool FollowsEarlier(Node n) const {
    const Node earlier = at_.rename(at_.node(n).rename).earlier;
    if (earlier == kNone) return true;
    if (!In(earlier, state_.nodes)) return false;
    const NodeCell &later = at_.node(n), &before = at_.node(earlier);
    return later.life() && before.life() && before.rename != kNone && before.value == later.value &&
           before.first_ms < later.first_ms;
  }

  bool RenamesClose() const {
    std::vector<bool> visited(state_.nodes);
    for (std::uint64_t start = 0; start < state_.nodes; ++start) {
      if (at_.node(static_cast<Node>(start)).rename == kNone || visited[start]) continue;
      const Node canonical = at_.rename(at_.node(static_cast<Node>(start)).rename).canonical;
      if (!FollowsEarlier(static_cast<Node>(start))) return false;
      if (IsAlias(static_cast<Node>(start), canonical)) continue;
      bool meets_canonical = false;
      auto n = static_cast<Node>(start);
      do {
        const std::uint32_t rename = at_.node(n).rename;
        if (visited[n] || rename == kNone || at_.rename(rename).canonical != canonical)
          return false;
        visited[n] = true;
        meets_canonical |= n == canonical;
        n = at_.rename(rename).next;
        if (!In(n, state_.nodes)) return false;
      } while (n != start);
      if (!meets_canonical) return false;
    }
    return true;
  }

  const Index& index_;
  const CommitState& state_;
  const Rules& rules_;
  std::vector<Node> roots_;  // of each node, once ParentsEnd() was asked
  const Latest at_;
};

}  // namespace

absl::Status CheckCells(const Index& index, const CommitState& state) {
  const std::string_view fault = CellChecker(index, state).FindFault();
  if (fault.empty()) return absl::OkStatus();
  return absl::DataLossError("the checkpoint's " + std::string(fault) +
                             " do not hang together; restore a backup");
}

}  // namespace polyonym::engine
