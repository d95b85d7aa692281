// engine/people_follower.h - goes through everybody of a view once, and then only through those who changed.
//
// What is worked out of each person (columns of an index, tallies of a campaign) lies with whoever follows. A person is put again where
// their identifiers or facts changed, and where the moment has come that was told when they were put.
//
// THREADS: thread-compatible.
#ifndef POLYONYM_SRC_ENGINE_PEOPLE_FOLLOWER_H_
#define POLYONYM_SRC_ENGINE_PEOPLE_FOLLOWER_H_

#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/cells.h"
#include "polyonym/engine/view.h"
#include "polyonym/segment/evaluate.h"

namespace polyonym::engine {

class PeopleFollower {
 public:
  // What is done with people, who are known by their profile ids.
  class Keeper {
   public:
    virtual ~Keeper() = default;
    // Everybody is put anew.
    virtual absl::StatusOr<const Definitions*> Begin(const View& view) = 0;
    // In place of what was put under the id before. Returns until when it stays without news: CompiledSegments::kNever for ever.
    virtual std::int64_t Put(Node id, SegmentSubject* person) = 0;
    // Nobody has the id any more.
    virtual void Remove(Node id) = 0;
    // All were put.
    virtual void End() {}
  };
  struct Followed {
    std::uint64_t people = 0;  // that were put again, or removed
    bool all = false;          // everybody was put anew
  };
  using Report = std::function<void(std::uint64_t done, std::uint64_t total)>;

  // `keeper` must outlive it.
  PeopleFollower(View view, Keeper* keeper, Report report)
      : view_(std::move(view)), keeper_(*keeper), report_(std::move(report)) {}

  // ERRORS: what Keeper::Begin() says, DataLoss, OutOfRange (records were folded since the view was taken).
  absl::Status PutEverybody();
  // Goes on to a later view of the same graph. Everybody is put anew where the policy is another, a guard opened or closed, or a horizon moved.
  // ERRORS: InvalidArgument (an earlier view, or another graph's), as PutEverybody().
  // COST: a pass over the heads of the index's pages, and a read of each of those people.
  absl::StatusOr<Followed> Follow(const View& view);

  const View& view() const { return view_; }

  // What is inside a view, for the rest of src/engine: of it this class is the friend.
  static const View::Impl& InsideOf(const View& view) { return *view.impl_; }

 private:
  // Whose moment is when. What is in the queue and is not the person's moment any more is void.
  class Dues {
   public:
    void Set(Node id, std::int64_t ms);
    // Adds everybody whose moment has come.
    void Take(std::int64_t now_ms, std::vector<Node>* ids);
    void Clear() { *this = Dues(); }

   private:
    using Due = std::pair<std::int64_t, Node>;
    absl::flat_hash_map<Node, std::int64_t> of_;
    std::priority_queue<Due, std::vector<Due>, std::greater<>> queue_;
  };
  void Put(const View& view, Node root, const std::vector<FactRow>& rows);
  absl::Status PutAgain(const View& view, const std::vector<Node>& ids);

  View view_;
  Keeper& keeper_;
  Report report_;
  const Definitions* definitions_ = nullptr;
  Dues dues_;
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_PEOPLE_FOLLOWER_H_
