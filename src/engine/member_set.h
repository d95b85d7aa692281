// engine/member_set.h - a set of profiles that readers see as it was at their commit: bitmaps, and the few changes since they were made.
//
// A commit that changes a set makes another one, which shares the bitmaps and has changes of its own; once these are many they
// are put into new bitmaps. So a commit costs what it changes, whatever the set's size.
//
// THREADS: immutable.
#ifndef POLYONYM_SRC_ENGINE_MEMBER_SET_H_
#define POLYONYM_SRC_ENGINE_MEMBER_SET_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "engine/cells.h"
#include "polyonym/segment/id_set.h"

namespace polyonym::engine {

class MemberSet {
 public:
  using Ptr = std::shared_ptr<const MemberSet>;

  static Ptr Empty();
  // `commit`: in which it came about.
  static Ptr Of(IdSet ids, std::uint64_t commit, const MemberSet& before);

  bool Contains(Node id) const;
  std::uint64_t size() const { return base_->size + came_.size() - went_.size(); }
  IdSet ToSet() const;  // COST: a copy
  std::size_t bytes() const {
    return base_->bytes + (came_.size() + went_.size()) * sizeof(Node) +
           changed_.size() * sizeof(changed_.front());
  }

  // Both ascending; those who came were no members, those who went were.
  Ptr With(std::span<const Node> came, std::span<const Node> went, std::uint64_t commit) const;

  // ---- for a checkpoint: of chunks of 2^16 profiles each ----
  // Those that may be another than at commit `since`, ascending.
  std::vector<std::uint32_t> ChunksSince(std::uint64_t since) const;

 private:
  struct Base {
    IdSet ids;
    std::size_t size = 0;
    std::size_t bytes = 0;
    std::map<std::uint32_t, std::uint64_t> changed;  // by chunk: the last commit that changed it
  };
  explicit MemberSet(std::shared_ptr<const Base> base) : base_(std::move(base)) {}
  static Ptr Make(Base base);
  void NoteChanged(std::span<const Node> ids, std::uint64_t commit);
  Ptr Folded() const;

  std::shared_ptr<const Base> base_;
  // Against it, ascending.
  std::vector<Node> came_;
  std::vector<Node> went_;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> changed_;  // like Base::changed, ascending
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_MEMBER_SET_H_
