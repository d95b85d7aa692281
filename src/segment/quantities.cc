#include "segment/quantities.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "polyonym/segment/text.h"
#include "segment/evaluator.h"
#include "segment/parts.h"

namespace polyonym::segment {
namespace {

std::uint32_t NumberIn(absl::flat_hash_map<std::pair<std::string, std::string>, std::uint32_t>* in,
                       const std::string& zone, std::string text) {
  const auto next = static_cast<std::uint32_t>(in->size());
  return in->try_emplace({zone, std::move(text)}, next).first->second;
}

const TimeWindow& WindowOf(const Expression& part) {
  return part.sequence.empty() ? part.events.front().window : part.sequence.front().window;
}

Expression WithoutWindow(Expression part) {
  (part.sequence.empty() ? part.events.front().window : part.sequence.front().window) = {};
  return part;
}

// And without bounds of time between its events; `least_ms`: the least of these.
Expression WithoutBounds(Expression part, std::int64_t* least_ms) {
  const auto loosen = [&](std::int64_t* within_ms) {
    if (*within_ms != 0) *least_ms = std::min(*least_ms, std::exchange(*within_ms, 0));
  };
  for (EventSequence& sequence : part.sequence) {
    loosen(&sequence.within_ms);
    for (EventSequence::Step& step : sequence.steps) loosen(&step.within_ms);
  }
  return part;
}

std::string TextOfWindow(const TimeWindow& window) {
  Expression any;
  any.op = ExpressionOp::kCount;
  any.events.emplace_back().window = window;
  return WriteExpression(any);
}

// What says which events match, and nothing else.
std::string TextOfQueries(const Expression& part) {
  std::string text;
  for (EventQuery query : QueriesOf(part)) {
    query.window = {};
    Expression one;
    one.op = ExpressionOp::kCount;
    one.events.push_back(std::move(query));
    text += WriteExpression(one);
  }
  return text;
}

}  // namespace

std::uint32_t Quantities::Add(const CompiledSegment& of, const Expression& part) {
  const std::uint32_t number = NumberIn(&numbers_, of.zone_name, WriteExpression(part));
  if (number < quantities_.size()) return number;
  Quantity& quantity = quantities_.emplace_back();
  quantity = {&of, &part, 0, !QueriesOf(part).empty(), 0, 0, 0, 0};
  if (quantity.is_of_events) {
    AddEvents(&quantity);
  } else {
    quantity.family = NumberIn(&families_, of.zone_name, WriteExpression(part));
  }
  return number;
}

void Quantities::AddEvents(Quantity* quantity) {
  const std::string& zone = quantity->of->zone_name;
  const Expression bounded = WithoutWindow(*quantity->part);
  quantity->bound_ms = std::numeric_limits<std::int64_t>::max();
  const Expression unbound = WithoutBounds(bounded, &quantity->bound_ms);
  quantity->family = NumberIn(&families_, zone, WriteExpression(bounded));
  // A mark of its own: it may be no text that a parser takes.
  quantity->unbound_family = NumberIn(&families_, zone, "unbound: " + WriteExpression(unbound));
  quantity->queries = NumberIn(&queries_, zone, TextOfQueries(*quantity->part));
  quantity->window = NumberIn(&windows_, zone, TextOfWindow(WindowOf(*quantity->part)));
}

const Datum& Quantities::Of(std::uint32_t number, SegmentSubject::Impl* person,
                            Memberships memberships, QuantityMemory* memory) const {
  memory->GetReady(families_.size(), queries_.size(), windows_.size());
  const Quantity& quantity = quantities_[number];
  if (quantity.is_of_events) return OfEvents(quantity, person, memberships, memory);
  if (const Datum* known = memory->FindValue(quantity.family, 0, 0)) return *known;
  return memory->PutValue(quantity.family, 0, 0,
                          Evaluator(*quantity.of, person, memberships).Value(*quantity.part));
}

const Datum& Quantities::OfEvents(const Quantity& quantity, SegmentSubject::Impl* person,
                                  Memberships memberships, QuantityMemory* memory) const {
  const Expression& part = *quantity.part;
  const auto all = memory->MatchesOf(quantity.queries, [&](std::vector<MatchedEvent>* matched) {
    Evaluator(*quantity.of, person, memberships)
        .AddMatches(QueriesOf(part), person->events(), matched);
  });
  const TimeSpan span = memory->SpanOf(quantity.window, person->now_ms(), [&] {
    return SpanOf(WindowOf(part), person->now_ms(), quantity.of->zone);
  });
  const auto place = [&](std::int64_t ms) {
    const auto at = std::partition_point(all.begin(), all.end(), [ms](const MatchedEvent& matched) {
      return matched.event->time_ms < ms;
    });
    return static_cast<std::uint32_t>(at - all.begin());
  };
  const std::uint32_t from = place(span.from_ms), to = std::max(from, place(span.to_ms));
  const auto events = all.subspan(from, to - from);
  // Times of facts are apart by less than 64 bits hold.
  const bool is_bound =
      !events.empty() &&
      events.back().event->time_ms - events.front().event->time_ms > quantity.bound_ms;
  const std::uint32_t family = is_bound ? quantity.family : quantity.unbound_family;
  if (const Datum* known = memory->FindValue(family, from, to)) return *known;
  return memory->PutValue(family, from, to,
                          Evaluator(*quantity.of, person, memberships).Over(part, events));
}

}  // namespace polyonym::segment
