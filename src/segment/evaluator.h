// segment/evaluator.h - walks one expression for one person.
#ifndef POLYONYM_SRC_SEGMENT_EVALUATOR_H_
#define POLYONYM_SRC_SEGMENT_EVALUATOR_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "polyonym/segment/evaluate.h"
#include "polyonym/segment/expression.h"
#include "segment/compiled.h"
#include "segment/datum.h"
#include "segment/quantity_memory.h"
#include "segment/subject.h"

namespace polyonym::segment {

// What a literal says.  REQUIRES: IsLiteral(); it must outlive it.
Datum LiteralOf(const Expression& node);

// REQUIRES: the segments that the expression asks for are among `memberships`.
// Recursion is as deep as the expression, which is bounded by kMaxExpressionDepth.
class Evaluator {
 public:
  Evaluator(const CompiledSegment& compiled, SegmentSubject::Impl* person,
            std::span<const SegmentSubject::Impl::Membership> memberships);

  // A part of the expression, as a flag; none: unknown.
  std::optional<bool> IsTrue(const Expression& part) { return Flag(part); }
  Datum Value() { return Of(compiled_.expression); }
  Datum Value(const Expression& part) { return Of(part); }
  SegmentExplanation Explain() { return Explain(compiled_.expression, true); }

  // aggregate_evaluator.cc
  using PlacedEvent = profile::Placed<Event>;
  // Of a part over events what it comes to over those that match its queries, in order.
  Datum Over(const Expression& part, std::span<const MatchedEvent> events);
  // Adds those of the events that match any of the queries.
  void AddMatches(std::span<const EventQuery> queries, std::span<const PlacedEvent> events,
                  std::vector<MatchedEvent>* matched);

 private:
  friend class Forecaster;  // outlook.h asks for parts of the expression

  Datum Of(const Expression& node);
  std::optional<bool> Flag(const Expression& node) { return FlagOf(Of(node)); }
  // `as_flag`: whether it stands where a flag is asked for.
  SegmentExplanation Explain(const Expression& node, bool as_flag);
  bool IsFlag(const Expression& node) const;

  Datum Computed(const Expression& node);
  // Of `and`, false decides; of `or`, true does.
  std::optional<bool> Joined(const Expression& node, bool decides);

  // aggregate_evaluator.cc
  Datum Aggregated(const Expression& node);
  Datum FirstOrLast(const Expression& node, std::span<const MatchedEvent> events);
  Datum Collected(const Expression& node, std::span<const MatchedEvent> events);
  Datum InSequence(const Expression& node, std::span<const MatchedEvent> events) const;
  std::span<const PlacedEvent> Within(const TimeSpan& span);
  bool IsOf(const EventQuery& query, const PlacedEvent& event);
  Datum At(const PlacedEvent& event, const Expression& node);

  const CompiledSegment& compiled_;
  SegmentSubject::Impl& person_;
  std::span<const SegmentSubject::Impl::Membership> memberships_;
  const PlacedEvent* event_ = nullptr;  // at hand
  // Of nodes that say the same whatever event is at hand and would be asked for again: aggregates in `where`, and parts that are explained.
  absl::flat_hash_map<const Expression*, Datum> known_;
};

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_EVALUATOR_H_
