// segment/conditions.h - segments as logic over conditions, each of which is evaluated once of a person for all segments that have it.
//
// A condition is a largest part of an expression that is neither `and`, `or` nor `not`. Those of one text and time zone are one over all
// segments: a thousand campaigns ask for the same tags. Conditions on one value, that a tag is there or that a trait is some text, are settled
// together: all are false but those of what the person has, which are looked up.
#ifndef POLYONYM_SRC_SEGMENT_CONDITIONS_H_
#define POLYONYM_SRC_SEGMENT_CONDITIONS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "polyonym/model/definitions.h"
#include "polyonym/segment/expression.h"
#include "segment/compiled.h"
#include "segment/subject.h"

namespace polyonym::segment {

// THREADS: thread-safe (immutable). What is known of a person lies with the person.
class Conditions {
 public:
  // `segments` must outlive it.  COST: linear, and the texts.
  Conditions(const std::vector<std::unique_ptr<CompiledSegment>>& segments,
             const Definitions& definitions);

  std::size_t size() const { return conditions_.size(); }

  // What CompiledSegments::Evaluate() says. To `answers`, of the same person, is added what had to be evaluated.
  // REQUIRES: the segments that it asks for are among their memberships.
  // Recursion is as deep as the expression, which is bounded by kMaxExpressionDepth.
  std::optional<bool> Evaluate(std::size_t segment, SegmentSubject::Impl* person,
                               SegmentSubject::Impl::Answers* answers) const;

 private:
  using Verdict = SegmentSubject::Impl::Verdict;
  class Maker;
  struct Condition {
    const CompiledSegment* of;  // the first that has it
    const Expression* part;
    std::uint32_t group;
  };
  static constexpr std::uint32_t kNoGroup = static_cast<std::uint32_t>(-1);
  // `tag` X of each X; or `trait` T = text, of each text.
  struct Group {
    struct Settled {
      std::uint32_t condition;
      std::int64_t window_ms;  // of the tag
    };
    bool is_of_tags = false;
    std::string trait;
    absl::flat_hash_map<std::string, Settled> conditions;  // by tag or text
  };
  // `and`, `or` and `not` over other nodes, or a condition.
  struct Node {
    ExpressionOp op;      // kAnd, kOr, kNot; else a condition
    std::uint32_t first;  // of its parts_; of a condition: its number
    std::uint32_t parts;
  };
  struct Asked;
  Verdict Of(std::uint32_t node, const Asked& asked) const;
  Verdict Joined(const Node& node, Verdict decides, const Asked& asked) const;
  Verdict OfCondition(std::uint32_t number, const Asked& asked) const;
  void Settle(const Group& group, const Asked& asked) const;

  std::vector<Condition> conditions_;
  std::vector<Group> groups_;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> parts_;  // nodes
  std::vector<std::uint32_t> roots_;  // by segment
};

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_CONDITIONS_H_
