// Looking ahead: what the records of a group will touch is asked for in four rounds, each of
// which follows the pointers that the one before it fetched. Nothing here changes anything, and every guess may be wrong.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "engine/core.h"

namespace polyonym::engine {
namespace {

constexpr std::size_t kNamesAhead = 8;  // of a record; few have more

// Which numbers new identifiers of a group will get, so that their pairs can be asked for too: by their hashes, those that come first
// first. Wrong where a record does not count, which costs what was asked for in vain.
class NewNumbers {
 public:
  explicit NewNumbers(std::size_t first) : next_(static_cast<Node>(first)) {}
  Node Of(std::uint64_t hash) {
    Place& place = places_[hash % places_.size()];
    if (place.hash != hash || place.node == kNone) place = {hash, next_++};
    return place.node;
  }

 private:
  struct Place {
    std::uint64_t hash = 0;
    Node node = kNone;
  };
  std::array<Place, 128> places_;
  Node next_;
};

}  // namespace

// Namespaces that were never seen, of all records of the group at once: rules are made again for them, and there may be many.
void Core::AddNewKinds(std::span<Judged> group) {
  if (std::none_of(group.begin(), group.end(), [](const Judged& j) { return j.new_kinds; })) return;
  std::vector<std::string> kinds;
  absl::flat_hash_set<std::string> added;
  const auto for_each_new = [&](const auto& f) {
    for (Judged& judged : group) {
      if (judged.verdict.reason != Reason::kNone) continue;
      for (std::size_t i = 0; i < judged.names.size(); ++i) {
        if (judged.names[i].kind == kNone) f(judged.verdict.counted[i], &judged.names[i]);
      }
    }
  };
  for_each_new([&](const RecordVerdict::Counted& counted, Judged::Name*) {
    const std::string ns(counted.ns);
    if (rules_->FindKind(ns) == kNone && added.insert(ns).second) kinds.push_back(ns);
  });
  if (!kinds.empty()) AddKinds(kinds);
  for_each_new([&](const RecordVerdict::Counted& counted, Judged::Name* name) {
    name->kind = rules_->FindKind(counted.ns);
    name->hash = index_->HashValue(name->kind, counted.value);
  });
}

template <class F>
void Core::ForEachGuessedPair(std::span<const Judged> group, const Index& index, const F& f) {
  for (const Judged& judged : group) {
    const auto& names = judged.names;
    const std::size_t n = std::min(names.size(), kNamesAhead);
    for (std::size_t i = 0; i < n; ++i) {
      if (names[i].guess == kNone) continue;
      for (std::size_t j = i + 1; j < n; ++j) {
        if (names[j].guess != kNone) f(index.HashPair(names[i].guess, names[j].guess));
      }
    }
  }
}

void Core::LookAhead(std::span<Judged> group) {
  AddNewKinds(group);
  for (const Judged& judged : group) {
    index_->record_keys.Prefetch(judged.key);
    for (const Judged::Name& name : judged.names) {
      if (name.kind != kNone) index_->dictionary.Prefetch(name.hash);
    }
  }
  if (group.size() == 1) return;  // there is nothing to overlap it with
  const std::size_t nodes = index_->nodes.size();
  NewNumbers numbers(nodes);
  for (Judged& judged : group) {
    for (Judged::Name& name : judged.names) {
      name.guess = name.kind == kNone ? kNone : index_->dictionary.Peek(name.hash);
      if (name.guess < nodes) {
        index_->nodes.Prefetch(name.guess);
      } else if (name.kind != kNone) {
        name.guess = numbers.Of(name.hash);
      }
    }
  }
  for (const Judged& judged : group) {
    for (const Judged::Name& name : judged.names) {
      if (name.guess >= nodes) continue;
      const NodeCell& cell = graph_.node(name.guess);
      index_->values.Prefetch(cell.value);
      index_->nodes.Prefetch(cell.parent);
    }
  }
  ForEachGuessedPair(group, *index_, [this](std::uint64_t hash) { index_->pairs.Prefetch(hash); });
  for (const Judged& judged : group) {
    for (const Judged::Name& name : judged.names) {
      if (name.guess >= nodes) continue;
      const std::uint32_t profile = graph_.node(graph_.node(name.guess).parent).profile;
      if (profile != kNone) index_->profiles.Prefetch(profile);
    }
  }
  ForEachGuessedPair(group, *index_, [this](std::uint64_t hash) {
    const Link link = index_->pairs.Peek(hash);
    if (link != kNone) index_->links.Prefetch(link);
  });
}

void Core::PrefetchNodes(std::span<const Node> nodes) const {
  for (const Node node : nodes) index_->nodes.Prefetch(node);
}

}  // namespace polyonym::engine
