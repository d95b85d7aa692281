#include "segment/evaluator.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "polyonym/segment/text.h"
#include "segment/arithmetic.h"
#include "segment/compare.h"
#include "segment/operands.h"
#include "segment/parts.h"

namespace polyonym::segment {
namespace {

bool IsBetween(ExpressionOp op, ExpressionOp first, ExpressionOp last) {
  return op >= first && op <= last;
}

// Of aggregates: their arguments are about each event, as their queries are.
bool IsOfEvents(ExpressionOp op) {
  return IsBetween(op, ExpressionOp::kDid, ExpressionOp::kFunnel);
}

// In text, or in a text of a list.
std::optional<bool> Finds(const re2::RE2& pattern, const Datum& x) {
  if (const auto* text = std::get_if<std::string_view>(&x)) return FindsIn(pattern, *text);
  const List* list = std::get_if<List>(&x);
  if (list == nullptr) return std::nullopt;
  return std::any_of(list->begin(), list->end(), [&](const Value& element) {
    const auto* text = std::get_if<std::string>(&element.is);
    return text != nullptr && FindsIn(pattern, *text);
  });
}

List ElementsOf(const Expression& in) {
  const auto* list = std::get_if<ValueList>(&in.value.is);
  return list == nullptr ? List() : List(*list);
}

// What is known and no list has no elements to count.
Datum SizeOf(const Datum& x) {
  if (IsUnknown(x)) return std::int64_t{0};
  const List* list = std::get_if<List>(&x);
  return list == nullptr ? Datum() : Datum(static_cast<std::int64_t>(list->size()));
}

}  // namespace

Datum LiteralOf(const Expression& node) {
  if (node.op != ExpressionOp::kDuration) return Read(node.value);
  const auto* ms = std::get_if<std::int64_t>(&node.value.is);
  return ms == nullptr ? Datum() : Datum(Duration{*ms});
}

Evaluator::Evaluator(const CompiledSegment& compiled, SegmentSubject::Impl* person,
                     std::span<const SegmentSubject::Impl::Membership> memberships)
    : compiled_(compiled), person_(*person), memberships_(memberships) {}

Datum Evaluator::Of(const Expression& node) {
  if (!known_.empty()) {
    const auto at = known_.find(&node);
    if (at != known_.end()) return at->second;
  }
  Datum value = Computed(node);
  if (event_ != nullptr && IsOfEvents(node.op)) known_.emplace(&node, value);
  return value;
}

Datum Evaluator::Computed(const Expression& node) {
  using Op = ExpressionOp;
  const auto x = [&] { return Of(node.args[0]); };
  const auto y = [&] { return Of(node.args[1]); };
  if (IsBetween(node.op, Op::kEqual, Op::kGreaterEqual)) return OfFlag(Compared(node.op, x(), y()));
  if (IsBetween(node.op, Op::kContains, Op::kEndsWith)) return OfFlag(Holds(node.op, x(), y()));
  if (IsBetween(node.op, Op::kAdd, Op::kDivide)) return Calculated(node.op, x(), y());
  if (IsBetween(node.op, Op::kDaysSince, Op::kAnniversaryIn))
    return CalendarValue(node, x(), person_.now_ms(), compiled_.zone);
  if (IsOfEvents(node.op)) return Aggregated(node);
  if (IsBetween(node.op, Op::kEventTime, Op::kNear))
    return event_ == nullptr ? Datum() : EventValue(node, *event_);
  switch (node.op) {
    case Op::kLiteral:
    case Op::kDuration:
      return LiteralOf(node);
    case Op::kNow:
      return Instant{person_.now_ms()};
    case Op::kNot: {
      const std::optional<bool> flag = Flag(node.args[0]);
      return flag ? Datum(!*flag) : Datum();
    }
    case Op::kAnd:
      return OfFlag(Joined(node, false));
    case Op::kOr:
      return OfFlag(Joined(node, true));
    case Op::kIsKnown:
      return !IsUnknown(x());
    case Op::kIn:
      return OfFlag(IsAmong(x(), ElementsOf(node)));
    case Op::kMatches:
      return OfFlag(Finds(*compiled_.PreparedOf(node).pattern, x()));
    case Op::kNegate:
      return Negated(x());
    case Op::kSize:
      return SizeOf(x());
    case Op::kInSegment:
      return OfFlag(memberships_[compiled_.PreparedOf(node).segment].is);
    default:
      return PersonValue(node, compiled_, &person_);
  }
}

std::optional<bool> Evaluator::Joined(const Expression& node, bool decides) {
  bool unknown = false;
  for (const Expression& arg : node.args) {
    const std::optional<bool> flag = Flag(arg);
    if (flag == decides) return decides;
    unknown = unknown || !flag;
  }
  return unknown ? std::nullopt : std::optional<bool>(!decides);
}

// Of an unknown value that is not asked for as a flag; a known one says itself.
bool Evaluator::IsFlag(const Expression& node) const {
  using Op = ExpressionOp;
  switch (node.op) {
    case Op::kTrait:
      return compiled_.PreparedOf(node).is_flag;
    case Op::kFirst:
    case Op::kLast:
      return IsFlag(node.args.front());
    case Op::kAnniversaryIn:
    case Op::kInSegment:
    case Op::kNear:
      return true;
    default:
      return IsBetween(node.op, Op::kNot, Op::kMatches);
  }
}

SegmentExplanation Evaluator::Explain(const Expression& node, bool as_flag) {
  SegmentExplanation out;
  if (!IsOfEvents(node.op)) {
    const bool args_as_flags = IsBetween(node.op, ExpressionOp::kNot, ExpressionOp::kOr);
    for (const Expression& arg : node.args) {
      if (!IsLiteral(arg)) out.parts.push_back(Explain(arg, args_as_flags));
    }
  }
  // A property that is asked for as a flag may hold something else: then it is unknown.
  const Datum value = as_flag ? OfFlag(Flag(node)) : Of(node);
  out.text = WriteExpression(node);
  out.value = ToText(value);
  out.verdict = FlagOf(value);
  out.is_flag = as_flag || (IsUnknown(value) ? IsFlag(node) : std::holds_alternative<bool>(value));
  known_.emplace(&node, value);
  return out;
}

}  // namespace polyonym::segment
