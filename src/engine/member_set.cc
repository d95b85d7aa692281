#include "engine/member_set.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace polyonym::engine {
namespace {

// Changes that are kept beside bitmaps at least, and one more for so many bytes of these: copying them is what a fold costs.
constexpr std::size_t kFewChanges = 256;
constexpr std::size_t kBytesAChange = 4096;

constexpr std::uint32_t ChunkOf(Node id) { return id >> 16; }

bool Has(const std::vector<Node>& ascending, Node id) {
  return std::binary_search(ascending.begin(), ascending.end(), id);
}

// Puts ascending ids into a set: those that are in `opposite` only leave that.
void Put(std::span<const Node> ids, std::vector<Node>* set, std::vector<Node>* opposite) {
  if (ids.empty()) return;
  std::vector<Node> fresh, merged;
  if (!opposite->empty()) {
    std::set_difference(ids.begin(), ids.end(), opposite->begin(), opposite->end(),
                        std::back_inserter(fresh));
    if (fresh.size() < ids.size()) {
      std::vector<Node> left;
      std::set_difference(opposite->begin(), opposite->end(), ids.begin(), ids.end(),
                          std::back_inserter(left));
      *opposite = std::move(left);
    }
    ids = fresh;
  }
  merged.reserve(set->size() + ids.size());
  std::merge(set->begin(), set->end(), ids.begin(), ids.end(), std::back_inserter(merged));
  *set = std::move(merged);
}

}  // namespace

MemberSet::Ptr MemberSet::Empty() {
  static const Ptr empty(new MemberSet(std::make_shared<const Base>()));
  return empty;
}

MemberSet::Ptr MemberSet::Of(IdSet ids, std::uint64_t commit, const MemberSet& before) {
  Base base;
  base.ids = std::move(ids);
  for (const IdSet* set : {&std::as_const(base.ids), &before.base_->ids}) {
    for (const std::uint32_t chunk : set->Chunks()) base.changed[chunk] = commit;
  }
  for (const auto& [chunk, at] : before.changed_) base.changed[chunk] = commit;
  for (const auto& [chunk, at] : before.base_->changed) base.changed[chunk] = commit;
  return Make(std::move(base));
}

bool MemberSet::Contains(Node id) const {
  if (Has(came_, id)) return true;
  return base_->ids.Contains(id) && !Has(went_, id);
}

IdSet MemberSet::ToSet() const {
  IdSet ids = base_->ids;
  ids.AddMany(came_);
  for (const Node id : went_) ids.Remove(id);
  return ids;
}

MemberSet::Ptr MemberSet::Make(Base base) {
  base.size = base.ids.size();
  base.bytes = sizeof(Base) + base.ids.bytes() + base.changed.size() * 6 * sizeof(void*);
  return Ptr(new MemberSet(std::make_shared<const Base>(std::move(base))));
}

MemberSet::Ptr MemberSet::With(std::span<const Node> came, std::span<const Node> went,
                               std::uint64_t commit) const {
  MemberSet next(base_);
  next.came_ = came_;
  next.went_ = went_;
  next.changed_ = changed_;
  next.NoteChanged(came, commit);
  next.NoteChanged(went, commit);
  Put(came, &next.came_, &next.went_);
  Put(went, &next.went_, &next.came_);
  const std::size_t many = kFewChanges + base_->bytes / kBytesAChange;
  if (next.came_.size() + next.went_.size() > many) return next.Folded();
  return Ptr(new MemberSet(std::move(next)));
}

void MemberSet::NoteChanged(std::span<const Node> ids, std::uint64_t commit) {
  for (const Node id : ids) {
    const std::pair chunk(ChunkOf(id), std::uint64_t{0});
    const auto at = std::lower_bound(changed_.begin(), changed_.end(), chunk);
    if (at != changed_.end() && at->first == chunk.first) {
      at->second = commit;
    } else {
      changed_.insert(at, {chunk.first, commit});
    }
  }
}

MemberSet::Ptr MemberSet::Folded() const {
  Base base;
  base.ids = ToSet();
  base.changed = base_->changed;
  base.ids.Optimise();
  for (const auto& [chunk, at] : changed_) base.changed[chunk] = at;
  return Make(std::move(base));
}

std::vector<std::uint32_t> MemberSet::ChunksSince(std::uint64_t since) const {
  std::vector<std::uint32_t> chunks;
  for (const auto& [chunk, at] : base_->changed) {
    if (at > since) chunks.push_back(chunk);
  }
  for (const auto& [chunk, at] : changed_) {
    if (at > since) chunks.push_back(chunk);
  }
  std::sort(chunks.begin(), chunks.end());
  chunks.erase(std::unique(chunks.begin(), chunks.end()), chunks.end());
  return chunks;
}

}  // namespace polyonym::engine
