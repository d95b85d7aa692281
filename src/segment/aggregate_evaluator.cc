// Expressions over a person's events.
#include <algorithm>
#include <cstddef>
#include <utility>

#include "segment/aggregate.h"
#include "segment/calendar.h"
#include "segment/evaluator.h"
#include "segment/parts.h"
#include "segment/sequence.h"

namespace polyonym::segment {
namespace {

// Whether each step has an event that may be it; else no order of them matters.
bool HasAllSteps(const EventSequence& sequence, std::span<const MatchedEvent> events) {
  std::uint32_t any = 0;
  for (const MatchedEvent& matched : events) any |= matched.queries;
  return std::all_of(
      sequence.steps.begin(), sequence.steps.end(),
      [any](const EventSequence::Step& step) { return (any >> step.condition & 1) != 0; });
}

// Of a pattern: the steps that the event may be.
LookedAt LookAt(const EventSequence& sequence, const MatchedEvent& matched) {
  LookedAt out{matched.event->time_ms, 0};
  for (std::size_t i = 0; i < sequence.steps.size(); ++i) {
    if ((matched.queries >> sequence.steps[i].condition & 1) != 0)
      out.steps |= std::uint32_t{1} << i;
  }
  return out;
}

std::int64_t CountSequences(const EventSequence& sequence, std::span<const MatchedEvent> events,
                            bool one_is_enough) {
  if (!HasAllSteps(sequence, events)) return 0;
  SequenceMatcher matcher(sequence.steps, sequence.within_ms);
  std::int64_t matches = 0;
  for (const MatchedEvent& matched : events) {
    if (!matcher.Take(LookAt(sequence, matched))) continue;
    ++matches;
    if (one_is_enough) break;
  }
  return matches;
}

}  // namespace

// Events lie in the order of their times.
std::span<const Evaluator::PlacedEvent> Evaluator::Within(const TimeSpan& span) {
  const auto& events = person_.events();
  const auto reaches = [](const PlacedEvent& event, std::int64_t ms) { return event.time_ms < ms; };
  const auto from = std::lower_bound(events.begin(), events.end(), span.from_ms, reaches);
  const auto to = std::lower_bound(from, events.end(), span.to_ms, reaches);
  return {from, to};
}

Datum Evaluator::At(const PlacedEvent& event, const Expression& node) {
  const PlacedEvent* const outer = std::exchange(event_, &event);
  Datum value = Of(node);
  event_ = outer;
  return value;
}

bool Evaluator::IsOf(const EventQuery& query, const PlacedEvent& event) {
  const bool is_of_type = query.types.empty() || std::find(query.types.begin(), query.types.end(),
                                                           event.fact->type) != query.types.end();
  return is_of_type && (query.where.empty() || FlagOf(At(event, query.where.front())) == true);
}

void Evaluator::AddMatches(std::span<const EventQuery> queries, std::span<const PlacedEvent> events,
                           std::vector<MatchedEvent>* matched) {
  for (const PlacedEvent& event : events) {
    std::uint32_t matches = 0;
    for (std::size_t i = 0; i < queries.size(); ++i) {
      if (IsOf(queries[i], event)) matches |= std::uint32_t{1} << i;
    }
    if (matches != 0) matched->push_back({&event, matches});
  }
}

Datum Evaluator::Collected(const Expression& node, std::span<const MatchedEvent> events) {
  std::vector<Datum> values;
  values.reserve(events.size());
  for (const MatchedEvent& matched : events)
    values.push_back(At(*matched.event, node.args.front()));
  return Aggregate(node.op, std::move(values));
}

Datum Evaluator::FirstOrLast(const Expression& node, std::span<const MatchedEvent> events) {
  const bool from_last = node.op == ExpressionOp::kLast;
  Datum found;
  for (std::size_t i = 0; i < events.size() && IsUnknown(found); ++i)
    found = At(*events[from_last ? events.size() - 1 - i : i].event, node.args.front());
  return found;
}

Datum Evaluator::Aggregated(const Expression& node) {
  const TimeWindow& window =
      node.sequence.empty() ? node.events.front().window : node.sequence.front().window;
  std::vector<MatchedEvent> matched;
  AddMatches(QueriesOf(node), Within(SpanOf(window, person_.now_ms(), compiled_.zone)), &matched);
  return Over(node, matched);
}

Datum Evaluator::Over(const Expression& node, std::span<const MatchedEvent> events) {
  if (!node.sequence.empty()) return InSequence(node, events);
  switch (node.op) {
    case ExpressionOp::kDid:
      return !events.empty();
    case ExpressionOp::kCount:
      return static_cast<std::int64_t>(events.size());
    case ExpressionOp::kFirst:
    case ExpressionOp::kLast:
      return FirstOrLast(node, events);
    default:
      return Collected(node, events);
  }
}

Datum Evaluator::InSequence(const Expression& node, std::span<const MatchedEvent> events) const {
  const EventSequence& sequence = node.sequence.front();
  if (node.op == ExpressionOp::kSequence) return CountSequences(sequence, events, true) > 0;
  if (node.op == ExpressionOp::kSequences) return CountSequences(sequence, events, false);
  FunnelWalker walker(sequence, sequence.conditions.size());
  for (const MatchedEvent& matched : events) walker.Take({matched.event->time_ms, matched.queries});
  return static_cast<std::int64_t>(walker.best());
}

}  // namespace polyonym::segment
