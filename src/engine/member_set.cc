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

// What `set` is, one of those who came against the base and those who went, once others came and went: who is in the opposite one only leaves
// that, which is asked for the other way round. All are ascending.
std::vector<Node> After(const std::vector<Node>& set, std::span<const Node> came,
                        const std::vector<Node>& opposite, std::span<const Node> went) {
  std::vector<Node> out;
  out.reserve(set.size() + came.size());
  std::size_t in = 0, gone = 0, other = 0;
  const auto skips = [](const auto& ids, std::size_t* at, Node id) {
    while (*at < ids.size() && ids[*at] < id) ++*at;
    return *at < ids.size() && ids[*at] == id;
  };
  const auto keep = [&](Node id) {
    if (!skips(went, &gone, id)) out.push_back(id);
  };
  for (const Node id : came) {
    while (in < set.size() && set[in] < id) keep(set[in++]);
    if (!skips(opposite, &other, id)) out.push_back(id);
  }
  while (in < set.size()) keep(set[in++]);
  return out;
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
  next.changed_ = changed_;
  next.NoteChanged(came, commit);
  next.NoteChanged(went, commit);
  next.came_ = After(came_, came, went_, went);
  next.went_ = After(went_, went, came_, came);
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
