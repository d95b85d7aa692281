// segment/plan_walk.h - carries plans out: who makes an expression true, and who makes it false.
//
// Each is found by itself, with operations on sets alone: of `not x` true is what x is false of; of `and`, true is who all parts are true of, and false who any is
// false of; of `or` the other way round. Of all others it is unknown.
//
// THREADS: single-threaded; what it is given must not change while it lives.
#ifndef POLYONYM_SRC_SEGMENT_PLAN_WALK_H_
#define POLYONYM_SRC_SEGMENT_PLAN_WALK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/node_hash_map.h"
#include "polyonym/segment/id_set.h"
#include "segment/column.h"
#include "segment/people.h"
#include "segment/plan.h"

namespace polyonym::segment {

// A term has the columns of its uses.
struct Columns {
  std::optional<FlagColumn> flag;
  std::optional<ValueColumn> value;
};

class PlanWalk {
 public:
  // `segments`: their plans by number, none of them in a circle. `terms`: by number.
  PlanWalk(std::span<const PlanNode> segments, std::span<const Columns> terms,
           const IdSet& everybody)
      : segments_(segments), terms_(terms), everybody_(everybody) {}

  // Of whom it is `flag`.  COST: as SegmentPlanner::Evaluate(); what segments said is kept.
  IdSet Where(const PlanNode& node, bool flag);
  std::uint64_t Count(const PlanNode& node);

 private:
  using Side = std::pair<std::size_t, bool>;  // a segment, and what it says

  // Settles the segments that a plan asks for, those first that these ask for.
  void Settle(const PlanNode& node, bool flag);
  // What is not settled yet of it; of a plan as true, as false or as both.
  void AddAsked(const PlanNode& node, bool as_true, bool as_false, std::vector<Side>* asked) const;

  // `among`: as ValueColumn has it.  Recursion is as deep as the expression.
  People Of(const PlanNode& node, bool flag, const IdSet* among);
  // The same for a plan that is in all of its parts: sets that are to be intersected.
  std::vector<People> PartsOfAll(const PlanNode& node, bool flag, const IdSet* among);
  People Any(const PlanNode& node, bool flag, const IdSet* among);
  People Known(const PlanNode& node, bool flag);
  People OfColumn(const PlanNode& node, bool flag, const IdSet* among) const;

  const std::span<const PlanNode> segments_;
  const std::span<const Columns> terms_;
  const IdSet& everybody_;
  // Sets stay where they are: plans borrow them.
  absl::node_hash_map<Side, IdSet> settled_;
  absl::node_hash_map<const PlanNode*, IdSet>
      known_;  // who kIsKnown is true of: it asks for both sides of what is below, which may do so again
};

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_PLAN_WALK_H_
