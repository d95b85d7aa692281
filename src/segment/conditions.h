// segment/conditions.h - segments as logic over conditions, each of which is evaluated once of a person for all segments that have it.
//
// A condition is a largest part of an expression that is neither `and`, `or` nor `not`. Those of one text and time zone are one over all
// segments: a thousand campaigns ask for the same tags. Conditions on one value, that a tag is there or that a trait is one of some texts, are
// settled together: all are false but those of what the person has, which are looked up. Those that compare a quantity with a literal share it
// with each other (quantities.h).
//
// Of somebody of whom it is known what all conditions were before, only those are evaluated again that news may have changed, and only
// segments are asked again that have one which is another now: Reassess().
#ifndef POLYONYM_SRC_SEGMENT_CONDITIONS_H_
#define POLYONYM_SRC_SEGMENT_CONDITIONS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "polyonym/model/definitions.h"
#include "polyonym/segment/expression.h"
#include "segment/compiled.h"
#include "segment/datum.h"
#include "segment/quantities.h"
#include "segment/segment_bits.h"
#include "segment/subject.h"
#include "segment/verdicts.h"

namespace polyonym::segment {

// THREADS: thread-safe (immutable). What is known of a person lies with the person.
class Conditions {
 public:
  using Subject = SegmentSubject::Impl;
  using Answers = SegmentSubject::Impl::Answers;

  struct Condition {
    const CompiledSegment* of;  // the first that has it
    const Expression* part;
    // Of conditions on a trait's text the first, which stands for all of the same trait when it is told which may be others; else itself.
    std::uint32_t leader;
    std::uint32_t group;     // of tags or texts; kNone: none
    std::uint32_t quantity;  // that it compares, or is; kNone: none
    bool compares;           // the quantity with `literal`; else it is the flag itself
    bool literal_first;
    Datum literal;
    std::int64_t tag_window_ms;         // of a group of tags
    std::vector<std::size_t> asks_for;  // segments
  };

  // `segments` must outlive it.  COST: linear, and the texts.
  Conditions(const std::vector<std::unique_ptr<CompiledSegment>>& segments,
             const Definitions& definitions);

  // A condition's number is above those of all conditions of the segments that it asks for.
  std::size_t size() const { return conditions_.size(); }
  const Condition& operator[](std::size_t condition) const { return conditions_[condition]; }

  // What CompiledSegments::Evaluate() says. To `answers`, of the same person, is added what had to be evaluated.
  // REQUIRES: the segments that it asks for are among their memberships.
  // Recursion is as deep as the expression, which is bounded by kMaxExpressionDepth.
  std::optional<bool> Evaluate(std::size_t segment, Subject* person, Answers* answers) const;

  // ---- all of a person ----

  // Evaluates all conditions. `answers`: nothing is known.
  void Assess(Subject* person, Answers* answers) const;
  // Evaluates anew those that may be others than `answers` say, who know of all, and what leaders among them stand for. Adds to `above` the
  // segments that have a condition which is another now.
  void Reassess(const SegmentBits& asked, Subject* person, Answers* answers,
                SegmentBits* above) const;
  // Until when a condition stays what it is, and what it stands for; as CompiledSegments::NextChange(), but that of segments which it asks
  // for nothing is said: that is for their conditions to say.  REQUIRES: Assess() or Reassess().
  std::int64_t NextChange(std::size_t condition, Subject* person, const Answers& answers) const;
  // REQUIRES: `verdicts` know of all conditions.
  bool IsTrue(std::size_t segment, const Verdicts& verdicts) const {
    const Table& table = tables_[segment];
    if (!table.is_whole) return Known(roots_[segment], verdicts) == Verdict::kTrue;
    return (table.is_true >> table.PlaceOf([&](std::uint32_t c) { return verdicts.Of(c); }) & 1) !=
           0;
  }

 private:
  class Maker;
  static constexpr std::uint32_t kNone = static_cast<std::uint32_t>(-1);
  // `tag` X of each X; or a trait that is a text, or one of several.
  struct Group {
    bool is_of_tags = false;
    std::string trait;
    std::vector<std::uint32_t> all;                                           // conditions
    Verdicts of_all;                                                          // kUnknown for them
    absl::flat_hash_map<std::string, std::vector<std::uint32_t>> conditions;  // by tag or text
  };
  // `and`, `or` and `not` over other nodes, or a condition.
  struct Node {
    ExpressionOp op;      // kAnd, kOr, kNot; else a condition
    std::uint32_t first;  // of its parts_; of a condition: its number
    std::uint32_t parts;
  };
  // A segment of few conditions for all that they may be: two bits each say which bit of `is_true` it is.
  struct Table {
    std::array<std::uint32_t, 3> conditions{};  // where there are fewer, some again
    bool is_whole = false;                      // false: there are more
    std::uint64_t is_true = 0;
    template <class Ask>
    std::size_t PlaceOf(const Ask& ask) const {
      return static_cast<std::size_t>(ask(conditions[0])) |
             static_cast<std::size_t>(ask(conditions[1])) << 2 |
             static_cast<std::size_t>(ask(conditions[2])) << 4;
    }
  };
  struct Asked;
  Table TableOf(std::size_t segment, const std::vector<std::uint32_t>& conditions) const;
  template <class Ask>
  Verdict Joined(const Node& node, Verdict decides, const Ask& ask) const;
  template <class Ask>
  Verdict Of(std::uint32_t node, const Ask& ask) const;
  Verdict Known(std::uint32_t node, const Verdicts& verdicts) const;
  Verdict OfCondition(std::uint32_t number, const Asked& asked) const;
  Verdict OfOne(const Condition& condition, const Asked& asked) const;
  void AskSegments(const Condition& condition, const Asked& asked) const;
  void Settle(const Group& group, const Asked& asked) const;
  void SettleTags(const Group& group, const Asked& asked) const;

  std::vector<Condition> conditions_;
  std::vector<Group> groups_;
  Quantities quantities_;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> parts_;               // nodes
  std::vector<std::uint32_t> roots_;               // by segment
  std::vector<Table> tables_;                      // by segment
  std::vector<std::vector<std::uint32_t>> above_;  // by condition: segments that have it
};

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_CONDITIONS_H_
