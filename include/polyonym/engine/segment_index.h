// engine/segment_index.h - columns of everybody in a store, for questions that are not defined as segments, or not yet.
//
//   auto index = SegmentIndex::Build(engine->Read(), {.definitions = draft});   // one pass over everybody
//   std::uint64_t how_many = *(*index)->planner().Count("in segment loyal and trait city = \"上海\"");
//   ...
//   (*index)->Refresh(engine->Read());                                          // reads only those who changed
//
// Segments of the policy in force need it not: the engine keeps their members (engine/segments.h). It is for a tool in which somebody puts
// conditions together and wants to see at once how many that are: every condition of a draft's segments is a column, and combinations of
// them are operations on bitmaps (segment/planner.h).
//
// Memory: the columns; and it holds on to its view, for which the engine keeps every page of cells that is written until the next Refresh().
// THREADS: thread-compatible.
#ifndef POLYONYM_ENGINE_SEGMENT_INDEX_H_
#define POLYONYM_ENGINE_SEGMENT_INDEX_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "polyonym/engine/view.h"
#include "polyonym/model/definitions.h"
#include "polyonym/segment/planner.h"

namespace polyonym {

namespace engine {
class PeopleFollower;  // of src/engine alone
}  // namespace engine

struct SegmentIndexOptions {
  // In place of those of the policy in force: their segments say what columns there are.
  std::optional<Definitions> definitions;
  // Called now and then in a pass over everybody: people done, and how many there are. May not call the engine.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

class SegmentIndex {
 public:
  // As of View::now_ms().  ERRORS: InvalidArgument (definitions), DataLoss, OutOfRange (records were folded since the view was taken).
  // COST: View::ForEachPerson(), and each term once a person.
  static absl::StatusOr<std::unique_ptr<SegmentIndex>> Build(const View& view,
                                                             SegmentIndexOptions options = {});
  ~SegmentIndex();
  SegmentIndex(const SegmentIndex&) = delete;
  SegmentIndex& operator=(const SegmentIndex&) = delete;

  // What Refresh() did.
  struct Refreshed {
    std::uint64_t people = 0;  // that were put again, or removed
    bool all = false;          // it was built again
  };
  // Brings it to a later view of the same graph. Everybody is read again where the policy is another, a guard opened or closed, or a horizon
  // moved, since then; else those alone whose identifiers or facts changed, and whose answers time may change.
  // ERRORS: InvalidArgument (an earlier view, or another graph's), as Build().
  // COST: a pass over the heads of the index's pages, and a read of each of those people.
  absl::StatusOr<Refreshed> Refresh(const View& view);

  const SegmentPlanner& planner() const;
  std::uint64_t sequence() const;
  std::int64_t now_ms() const;

 private:
  class Keeper;
  explicit SegmentIndex(SegmentIndexOptions options);

  std::unique_ptr<Keeper> keeper_;
  std::unique_ptr<engine::PeopleFollower> follower_;
};

}  // namespace polyonym

#endif  // POLYONYM_ENGINE_SEGMENT_INDEX_H_
