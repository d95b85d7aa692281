// Expressions over a person's events.
#include <algorithm>
#include <cstddef>
#include <utility>

#include "segment/aggregate.h"
#include "segment/calendar.h"
#include "segment/evaluator.h"

namespace polyonym::segment {

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

void Evaluator::ForEach(const EventQuery& query, const TimeSpan& span, bool from_last,
                        absl::FunctionRef<bool(const PlacedEvent&)> visit) {
  const std::span<const PlacedEvent> events = Within(span);
  for (std::size_t i = 0; i < events.size(); ++i) {
    const PlacedEvent& event = events[from_last ? events.size() - 1 - i : i];
    if (IsOf(query, event) && !visit(event)) return;
  }
}

std::vector<Datum> Evaluator::Collected(const Expression& node, const TimeSpan& span) {
  std::vector<Datum> values;
  ForEach(node.events.front(), span, false, [&](const PlacedEvent& event) {
    values.push_back(At(event, node.args.front()));
    return true;
  });
  return values;
}

Datum Evaluator::FirstOrLast(const Expression& node, const TimeSpan& span) {
  Datum found;
  ForEach(node.events.front(), span, node.op == ExpressionOp::kLast, [&](const PlacedEvent& event) {
    found = At(event, node.args.front());
    return IsUnknown(found);
  });
  return found;
}

Datum Evaluator::Aggregated(const Expression& node) {
  if (!node.sequence.empty()) return InSequence(node);
  const EventQuery& query = node.events.front();
  const TimeSpan span = SpanOf(query.window, person_.now_ms(), compiled_.zone);
  std::int64_t count = 0;
  switch (node.op) {
    case ExpressionOp::kDid:
      ForEach(query, span, false, [&](const PlacedEvent&) { return ++count == 0; });
      return count > 0;
    case ExpressionOp::kCount:
      ForEach(query, span, false, [&](const PlacedEvent&) { return ++count > 0; });
      return count;
    case ExpressionOp::kFirst:
    case ExpressionOp::kLast:
      return FirstOrLast(node, span);
    default:
      return Aggregate(node.op, Collected(node, span));
  }
}

std::optional<LookedAt> Evaluator::Look(const EventSequence& sequence, const PlacedEvent& event) {
  std::uint32_t conditions = 0;
  for (std::size_t i = 0; i < sequence.conditions.size(); ++i) {
    if (IsOf(sequence.conditions[i], event)) conditions |= std::uint32_t{1} << i;
  }
  if (conditions == 0) return std::nullopt;
  if (sequence.steps.empty()) return LookedAt{event.time_ms, conditions};
  LookedAt out{event.time_ms, 0};
  for (std::size_t i = 0; i < sequence.steps.size(); ++i) {
    if ((conditions >> sequence.steps[i].condition & 1) != 0) out.steps |= std::uint32_t{1} << i;
  }
  return out;
}

Datum Evaluator::InSequence(const Expression& node) {
  const EventSequence& sequence = node.sequence.front();
  const auto events = Within(SpanOf(sequence.window, person_.now_ms(), compiled_.zone));
  if (node.op == ExpressionOp::kFunnel) {
    FunnelWalker walker(sequence, sequence.conditions.size());
    for (const PlacedEvent& event : events) {
      if (const auto looked_at = Look(sequence, event)) walker.Take(*looked_at);
    }
    return static_cast<std::int64_t>(walker.best());
  }
  SequenceMatcher matcher(sequence.steps, sequence.within_ms);
  std::int64_t matches = 0;
  for (const PlacedEvent& event : events) {
    const auto looked_at = Look(sequence, event);
    if (!looked_at || !matcher.Take(*looked_at)) continue;
    ++matches;
    if (node.op == ExpressionOp::kSequence) break;
  }
  if (node.op == ExpressionOp::kSequence) return matches > 0;
  return matches;
}

}  // namespace polyonym::segment
