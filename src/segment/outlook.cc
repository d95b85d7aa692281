#include "segment/outlook.h"

#include <algorithm>
#include <compare>
#include <utility>

#include "segment/arithmetic.h"
#include "segment/compare.h"
#include "segment/operands.h"

namespace polyonym::segment {
namespace {

using Op = ExpressionOp;

constexpr std::int64_t kHorizonMs = std::int64_t{400} * 86'400'000;

bool IsBetween(Op op, Op first, Op last) { return op >= first && op <= last; }

// Whether the operation takes something that moves in one direction to something that does.
bool KeepsDirection(Op op, bool first_moves) {
  return op == Op::kAdd || op == Op::kSubtract || op == Op::kMultiply ||
         (op == Op::kDivide && first_moves);
}

}  // namespace

std::int64_t FirstTime(std::int64_t from_ms, std::int64_t to_ms,
                       absl::FunctionRef<bool(std::int64_t ms)> differs) {
  if (to_ms - 1 <= from_ms || !differs(to_ms - 1)) return to_ms;
  std::int64_t same = from_ms, other = to_ms - 1;
  for (;;) {
    const std::uint64_t apart =
        static_cast<std::uint64_t>(other) - static_cast<std::uint64_t>(same);
    if (apart <= 1) return other;
    const std::int64_t middle = same + static_cast<std::int64_t>(apart / 2);
    (differs(middle) ? other : same) = middle;
  }
}

Forecaster::Forecaster(const CompiledSegment& compiled, SegmentSubject::Impl* person,
                       std::span<const SegmentSubject::Impl::Membership> memberships)
    : compiled_(compiled),
      person_(*person),
      memberships_(memberships),
      now_ms_(person->now_ms()),
      evaluator_(compiled, person, memberships),
      turns_(person->turns()) {}

std::int64_t Forecaster::NextChange(const Expression& part) {
  if (now_ms_ == kNeverMs) return kNeverMs;
  return std::max(now_ms_ + 1, Of(part).holds_ms);
}

Outlook Forecaster::Of(const Expression& node) {
  const bool is_for_all_events = IsBetween(node.op, Op::kHas, Op::kFunnel) && node.op != Op::kSize;
  if (!is_for_all_events || evaluator_.event_ == nullptr) return Computed(node);  // asked for once
  const auto at = known_.find(&node);
  if (at != known_.end()) return at->second;
  Outlook out = Computed(node);
  known_.emplace(&node, out);
  return out;
}

Outlook Forecaster::Computed(const Expression& node) {
  if (IsBetween(node.op, Op::kEqual, Op::kGreaterEqual)) return Compared(node);
  if (IsBetween(node.op, Op::kAdd, Op::kDivide)) return Calculated(node);
  if (IsBetween(node.op, Op::kDaysSince, Op::kAnniversaryIn)) return OnCalendar(node);
  if (IsBetween(node.op, Op::kDid, Op::kFunnel)) return OfEvents(node);
  if (IsBetween(node.op, Op::kEventTime, Op::kNear)) return {.value = evaluator_.Of(node)};
  switch (node.op) {
    case Op::kLiteral:
    case Op::kDuration:
      return {.value = evaluator_.Of(node)};
    case Op::kNow:
      return {
          .value = Instant{now_ms_}, .holds_ms = Later(now_ms_, 1), .motion = [](std::int64_t ms) {
            return Range{Instant{ms}, Instant{ms}};
          }};
    case Op::kNot: {
      const Outlook x = Of(node.args[0]);
      std::optional<bool> flag = FlagOf(x.value);
      if (flag) flag = !*flag;
      return Still(OfFlag(flag), {&x});
    }
    case Op::kAnd:
      return Joined(node, false);
    case Op::kOr:
      return Joined(node, true);
    case Op::kIsKnown:
      return IsKnown(node);
    case Op::kIn:
      return Among(node);
    case Op::kNegate:
      return Negated(node);
    case Op::kInSegment: {
      const auto& membership = memberships_[compiled_.PreparedOf(node).segment];
      const std::int64_t until_ms = membership.until_ms.value_or(Later(now_ms_, 1));
      return {.value = OfFlag(membership.is), .holds_ms = until_ms, .until_ms = until_ms};
    }
    case Op::kContains:
    case Op::kStartsWith:
    case Op::kEndsWith:
    case Op::kMatches:
    case Op::kSize: {
      Outlook out{.value = evaluator_.Of(node)};
      for (const Expression& arg : node.args)
        out.holds_ms = std::min(out.holds_ms, Of(arg).holds_ms);
      out.until_ms = out.holds_ms;
      return out;
    }
    default:
      return OfPerson(node);
  }
}

Outlook Forecaster::Still(Datum value, std::initializer_list<const Outlook*> parts) {
  Outlook out{.value = std::move(value)};
  for (const Outlook* part : parts) out.holds_ms = std::min(out.holds_ms, part->holds_ms);
  out.until_ms = out.holds_ms;
  return out;
}

std::int64_t Forecaster::Horizon(std::int64_t until_ms) const {
  return std::min(until_ms, Later(now_ms_, kHorizonMs));
}

std::int64_t Forecaster::FirstEnd(const Outlook& moving,
                                  absl::FunctionRef<bool(const Datum& end)> differs) const {
  return FirstTime(now_ms_, Horizon(moving.until_ms), [&](std::int64_t ms) {
    const Range at = moving.motion(ms);
    return differs(at.a) || differs(at.b);
  });
}

Outlook Forecaster::UntilDiffers(Datum value, const Outlook& moving, std::int64_t until_ms,
                                 absl::FunctionRef<bool(const Datum& end)> differs) const {
  Outlook out{.value = std::move(value)};
  out.holds_ms = std::min(until_ms, std::max(FirstEnd(moving, differs), moving.holds_ms));
  out.until_ms = out.holds_ms;
  return out;
}

// What one part decides stays as long as any part that decides it so; else any part may change it.
Outlook Forecaster::Joined(const Expression& node, bool decides) {
  bool is_unknown = false, is_decided = false;
  std::int64_t all_ms = kNeverMs, decided_ms = now_ms_;
  for (const Expression& arg : node.args) {
    const Outlook x = Of(arg);
    const std::optional<bool> flag = FlagOf(x.value);
    all_ms = std::min(all_ms, x.holds_ms);
    if (flag == decides) {
      is_decided = true;
      decided_ms = std::max(decided_ms, x.holds_ms);
    }
    if (is_decided && decided_ms == kNeverMs) break;
    is_unknown = is_unknown || !flag;
  }
  const std::int64_t until_ms = is_decided ? decided_ms : all_ms;
  const std::optional<bool> is = is_decided   ? std::optional<bool>(decides)
                                 : is_unknown ? std::nullopt
                                              : std::optional<bool>(!decides);
  return {.value = OfFlag(is), .holds_ms = until_ms, .until_ms = until_ms};
}

// Equality comes and goes while a value moves by: so it is asked whether the one is less than the other as before.
Outlook Forecaster::Compared(const Expression& node) {
  const Outlook x = Of(node.args[0]), y = Of(node.args[1]);
  const std::optional<bool> is = segment::Compared(node.op, x.value, y.value);
  const bool x_moves = static_cast<bool>(x.motion);
  if (x_moves == static_cast<bool>(y.motion)) return Still(OfFlag(is), {&x, &y});
  const Outlook &moving = x_moves ? x : y, &other = x_moves ? y : x;
  const bool is_equality = node.op == Op::kEqual || node.op == Op::kNotEqual;
  const auto order = Order(moving.value, other.value);
  return UntilDiffers(
      OfFlag(is), moving, std::min(moving.until_ms, other.holds_ms), [&](const Datum& at) {
        if (is_equality) return Order(at, other.value) != order;
        return segment::Compared(node.op, x_moves ? at : x.value, x_moves ? y.value : at) != is;
      });
}

Outlook Forecaster::Among(const Expression& node) {
  const Outlook x = Of(node.args[0]);
  Datum value = evaluator_.Of(node);
  const auto* elements = std::get_if<ValueList>(&node.value.is);
  if (!x.motion || elements == nullptr) return Still(std::move(value), {&x});
  return UntilDiffers(std::move(value), x, x.until_ms, [&](const Datum& at) {
    return std::any_of(elements->begin(), elements->end(), [&](const Value& element) {
      return Order(at, Read(element)) != Order(x.value, Read(element));
    });
  });
}

Outlook Forecaster::IsKnown(const Expression& node) {
  const Outlook x = Of(node.args[0]);
  const bool is_unknown = IsUnknown(x.value);
  if (!x.motion) return Still(!is_unknown, {&x});
  return UntilDiffers(!is_unknown, x, x.until_ms,
                      [&](const Datum& at) { return IsUnknown(at) != is_unknown; });
}

Outlook Forecaster::Calculated(const Expression& node) {
  const Outlook x = Of(node.args[0]), y = Of(node.args[1]);
  Outlook out = Still(segment::Calculated(node.op, x.value, y.value), {&x, &y});
  const bool x_moves = static_cast<bool>(x.motion);
  if (x_moves == static_cast<bool>(y.motion) || !KeepsDirection(node.op, x_moves)) return out;
  const Outlook &moving = x_moves ? x : y, &other = x_moves ? y : x;
  out.until_ms = std::min(moving.until_ms, other.holds_ms);
  out.motion = [op = node.op, x_moves, motion = moving.motion, by = other.value](std::int64_t ms) {
    const Range at = motion(ms);
    const auto of = [&](const Datum& end) {
      return x_moves ? segment::Calculated(op, end, by) : segment::Calculated(op, by, end);
    };
    return Range{of(at.a), of(at.b)};
  };
  return out;
}

Outlook Forecaster::Negated(const Expression& node) {
  const Outlook x = Of(node.args[0]);
  Outlook out = Still(segment::Negated(x.value), {&x});
  if (!x.motion) return out;
  out.until_ms = x.until_ms;
  out.motion = [motion = x.motion](std::int64_t ms) {
    const Range at = motion(ms);
    return Range{segment::Negated(at.a), segment::Negated(at.b)};
  };
  return out;
}

}  // namespace polyonym::segment
