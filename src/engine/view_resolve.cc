// From identifiers to profiles. Many at once go in groups: memory latency, not the processor, is what a look-up costs, so each
// round over a group asks for what the round before it has found: slot, node, value and parent, root, profile.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/view_impl.h"
#include "polyonym/engine/view.h"

namespace polyonym {

using engine::kNone;
using engine::Node;

void View::Impl::Judge(IdentifierView identifier, Wanted* wanted) const {
  const engine::Rules& r = rules();
  wanted->kind = r.FindKind(identifier.ns);
  const std::uint32_t family =
      wanted->kind == kNone ? r.policy().FindFamily(identifier.ns) : r.FamilyOfKind(wanted->kind);
  wanted->held = family == CompiledPolicy::kUndeclared
                     ? Reason::kUndeclaredNamespace
                     : r.policy().Judge(family, identifier.value, &wanted->value);
  if (wanted->held != Reason::kNone) wanted->kind = kNone;
  if (wanted->kind != kNone) wanted->hash = index().HashValue(wanted->kind, wanted->value);
}

View::Impl::Found View::Impl::Find(const Wanted& wanted) const {
  Found found;
  found.held = wanted.held;
  if (wanted.kind == kNone) return found;
  found.name = index().dictionary.Find(wanted.hash, [&](Node n) {
    return n < state_->nodes && graph_.KindOf(n) == wanted.kind && !graph_.node(n).erased() &&
           graph_.ValueOf(n) == wanted.value;
  });
  return found;
}

Resolution View::Impl::Resolve(const Found& found) const {
  Resolution r;
  r.blocked = found.held == Reason::kBlockedValue;
  r.held = found.held != Reason::kNone && !r.blocked;
  if (found.name == kNone) return r;
  const engine::NodeCell& node = graph_.node(graph_.Canonical(found.name));
  r.known = true;
  r.shared = node.shared();
  r.gone = node.live == 0;
  const std::int64_t validity = rules().ValidityOf(node.kind);
  r.expired =
      node.life() && state_->clock_ms > node.first_ms &&
      static_cast<std::uint64_t>(state_->clock_ms) - static_cast<std::uint64_t>(node.first_ms) >=
          static_cast<std::uint64_t>(validity);
  r.profile = IdOf(RootOf(found.name));
  return r;
}

// Up to kSize identifiers that are resolved together. A guess is what the dictionary has under a hash, compared only at the end; where it was
// wrong, or the identifier is of a class of several, it is looked up by itself.
class View::Impl::Group {
 public:
  static constexpr std::size_t kSize = 32;

  explicit Group(const Impl& view) : view_(view), graph_(view.graph_), index_(view.index()) {}

  template <class Key>
  void Resolve(std::span<const Key> keys, std::span<Resolution> answers) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      view_.Judge({keys[i].ns, keys[i].value}, &wanted_[i]);
      if (wanted_[i].kind != kNone) index_.dictionary.Prefetch(wanted_[i].hash);
    }
    Guess(answers);
    FetchCells();
    Climb();
    FetchProfiles();
    for (const Way& way : ways()) answers[way.asked] = Answer(way);
  }

 private:
  // From a guess up to the root of its profile.
  struct Way {
    std::size_t asked = 0;  // into wanted_
    Node name = kNone;
    Node root = kNone;  // as far as it is known
    const engine::NodeCell* name_cell = nullptr;
    const engine::NodeCell* root_cell = nullptr;
    const engine::ProfileCell* profile = nullptr;
  };
  std::span<Way> ways() { return std::span(ways_).first(count_); }

  // Answers what has no guess in this view: held, never seen, or behind one that is newer.
  void Guess(std::span<Resolution> answers) {
    count_ = 0;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const Wanted& wanted = wanted_[i];
      const Node guess = wanted.kind == kNone ? kNone : index_.dictionary.Peek(wanted.hash);
      if (guess >= view_.state_->nodes) {
        answers[i] = view_.Resolve(view_.Find(wanted));
        continue;
      }
      index_.nodes.PrefetchCell(guess);
      Way& way = ways_[count_++];
      way.asked = i;
      way.name = guess;
    }
  }

  void FetchCells() {
    for (Way& way : ways()) {
      way.name_cell = &graph_.node(way.name);
      __builtin_prefetch(way.name_cell);
    }
    for (Way& way : ways()) {
      index_.values.Prefetch(way.name_cell->value);
      way.root = way.name_cell->parent;
      index_.nodes.PrefetchCell(way.root);
    }
  }

  // Most roots are one step away at most.
  void Climb() {
    std::array<Way*, kSize> climbing{};
    std::size_t left = 0;
    for (Way& way : ways()) climbing[left++] = &way;
    while (left > 0) {
      const auto round = std::span(climbing).first(left);
      for (Way* way : round) {
        way->root_cell = &graph_.node(way->root);
        __builtin_prefetch(way->root_cell);
      }
      left = 0;
      for (Way* way : round) {
        const Node up = way->root_cell->parent;
        climbing[left] = way;
        left += up != way->root ? 1 : 0;
        if (up != way->root) index_.nodes.PrefetchCell(up);
        way->root = up;
      }
    }
  }

  void FetchProfiles() {
    for (const Way& way : ways()) {
      if (way.root_cell->profile != kNone) index_.profiles.PrefetchCell(way.root_cell->profile);
    }
    for (Way& way : ways()) {
      const std::uint32_t profile = way.root_cell->profile;
      way.profile = profile == kNone ? nullptr : &graph_.access().profile(profile);
      __builtin_prefetch(way.profile);
    }
  }

  Resolution Answer(const Way& way) const {
    const Wanted& wanted = wanted_[way.asked];
    const engine::NodeCell& cell = *way.name_cell;
    const bool plain =
        cell.rename == kNone && (way.profile != nullptr || way.root_cell->rename == kNone);
    if (!plain || cell.kind != wanted.kind || index_.values.At(cell.value) != wanted.value)
      return view_.Resolve(view_.Find(wanted));
    Resolution r;
    r.known = true;
    r.shared = cell.shared();
    r.gone = cell.live == 0;
    r.profile = ProfileId{way.profile != nullptr ? way.profile->id : way.root};
    return r;
  }

  const Impl& view_;
  const Graph& graph_;
  const engine::Index& index_;
  std::array<Wanted, kSize> wanted_;
  std::array<Way, kSize> ways_;
  std::size_t count_ = 0;  // of ways_
};

template <class Key>
void View::Impl::ResolveMany(std::span<const Key> keys, std::span<Resolution> answers) const {
  Group group(*this);
  for (std::size_t first = 0; first < keys.size(); first += Group::kSize) {
    const std::size_t n = std::min(Group::kSize, keys.size() - first);
    group.Resolve(keys.subspan(first, n), answers.subspan(first, n));
  }
}

Resolution View::Resolve(const Identifier& identifier) const {
  return impl_->Resolve(impl_->Find(identifier));
}

std::vector<Resolution> View::Resolve(std::span<const Identifier> identifiers) const {
  std::vector<Resolution> answers(identifiers.size());
  impl_->ResolveMany(identifiers, std::span(answers));
  return answers;
}

void View::Resolve(std::span<const IdentifierView> identifiers,
                   std::span<Resolution> answers) const {
  impl_->ResolveMany(identifiers, answers);
}

}  // namespace polyonym
