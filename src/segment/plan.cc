#include "segment/plan.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "model/pattern.h"
#include "polyonym/segment/text.h"
#include "segment/parts.h"

namespace polyonym::segment {
namespace {

using Op = ExpressionOp;
using Kind = PlanNode::Kind;

bool IsBetween(Op op, Op first, Op last) { return op >= first && op <= last; }

bool IsFlagLiteral(const Expression& node) {
  return node.op == Op::kLiteral && std::holds_alternative<bool>(node.value.is);
}

// Of operands: nothing but a flag ever comes of them, or it is unknown. A trait, or what is read of an event, may be anything.
bool IsAlwaysFlag(Op op) {
  switch (op) {
    case Op::kHas:
    case Op::kTag:
    case Op::kTagLayer:
    case Op::kConsentConflict:
    case Op::kRelatedTo:
    case Op::kInSegment:
    case Op::kDid:
    case Op::kSequence:
    case Op::kAnniversaryIn:
      return true;
    default:
      return IsBetween(op, Op::kNot, Op::kMatches);
  }
}

// y < x where x > y.
Op Turned(Op op) {
  switch (op) {
    case Op::kLess:
      return Op::kGreater;
    case Op::kLessEqual:
      return Op::kGreaterEqual;
    case Op::kGreater:
      return Op::kLess;
    case Op::kGreaterEqual:
      return Op::kLessEqual;
    default:
      return op;
  }
}

bool MovesByZone(const TimeWindow& window) {
  return window.kind == TimeWindow::Kind::kLast || window.kind == TimeWindow::Kind::kPast;
}

class PlanBuilder {
 public:
  PlanBuilder(TermNumber term_number, SegmentNumber segment_number, const Expression** missing)
      : term_number_(term_number), segment_number_(segment_number), missing_(*missing) {}

  PlanNode Of(const Expression& node) {
    if (IsBetween(node.op, Op::kNot, Op::kOr)) return Logic(node);
    if (IsBetween(node.op, Op::kEqual, Op::kGreaterEqual)) return Comparison(node);
    if (IsBetween(node.op, Op::kContains, Op::kEndsWith)) return Contained(node);
    switch (node.op) {
      case Op::kIsKnown:
        return IsKnown(node.args[0]);
      case Op::kInSegment: {
        PlanNode out = Made(Kind::kSegment, 1);
        out.of = segment_number_(node.name);
        return out;
      }
      case Op::kIn:
        return Listed(node);
      case Op::kMatches:
        return Matched(node);
      default:
        return OfTerm(Kind::kIsTrue, node, 1);
    }
  }

 private:
  // Guesses of costs: of numbers an operation a bit; where every value is looked at, more.
  static constexpr std::size_t kBits = 16, kValues = 256;

  static PlanNode Made(Kind kind, std::size_t cost) {
    PlanNode out;
    out.kind = kind;
    out.cost = cost;
    return out;
  }

  PlanNode OfTerm(Kind kind, const Expression& term, std::size_t cost) {
    PlanNode out = Made(kind, cost);
    out.of = term_number_(term, kind == Kind::kIsTrue ? TermUse::kAsFlag : TermUse::kAsValue);
    if (out.of == kNoTerm && missing_ == nullptr) missing_ = &term;
    return out;
  }

  static PlanNode Negated(PlanNode node) {
    PlanNode out = Made(Kind::kNot, node.cost);
    out.args.push_back(std::move(node));
    return out;
  }

  PlanNode Logic(const Expression& node) {
    if (node.op == Op::kNot) return Negated(Of(node.args[0]));
    PlanNode out = Made(node.op == Op::kAnd ? Kind::kAnd : Kind::kOr, kLentCost);
    for (const Expression& arg : node.args) {
      out.args.push_back(Of(arg));
      out.cost += out.args.back().cost;
    }
    std::stable_sort(out.args.begin(), out.args.end(),
                     [](const PlanNode& a, const PlanNode& b) { return a.cost < b.cost; });
    return out;
  }

  PlanNode IsKnown(const Expression& x) {
    if (!IsAlwaysFlag(x.op)) return OfTerm(Kind::kHasValue, x, 2);
    PlanNode out = Made(Kind::kIsKnown, kLentCost);
    out.args.push_back(Of(x));
    out.cost += 2 * out.args.back().cost;
    return out;
  }

  PlanNode Comparison(const Expression& node) {
    const Expression &x = node.args[0], &y = node.args[1];
    if (IsLiteral(x) == IsLiteral(y)) return OfTerm(Kind::kIsTrue, node, 1);
    const Expression& literal = IsLiteral(x) ? x : y;
    const Expression& other = IsLiteral(x) ? y : x;
    // `x = yes` is x, whatever x is, and unknown where x is.
    if (IsFlagLiteral(literal) && (node.op == Op::kEqual || node.op == Op::kNotEqual)) {
      const bool same = std::get<bool>(literal.value.is) == (node.op == Op::kEqual);
      return same ? Of(other) : Negated(Of(other));
    }
    PlanNode out = WithLiteral(Kind::kCompared, other, literal, kBits);
    out.op = IsLiteral(x) ? Turned(node.op) : node.op;
    return out;
  }

  PlanNode WithLiteral(Kind kind, const Expression& x, const Expression& literal,
                       std::size_t cost) {
    PlanNode out = OfTerm(kind, x, cost);
    out.literal = literal.value;
    out.is_duration = literal.op == Op::kDuration;
    return out;
  }

  PlanNode Contained(const Expression& node) {
    if (IsLiteral(node.args[0]) || !IsLiteral(node.args[1])) return OfTerm(Kind::kIsTrue, node, 1);
    PlanNode out = WithLiteral(Kind::kHolds, node.args[0], node.args[1], kValues);
    out.op = node.op;
    return out;
  }

  PlanNode Listed(const Expression& node) {
    const auto* elements = std::get_if<ValueList>(&node.value.is);
    if (elements == nullptr || elements->empty() || IsLiteral(node.args[0]) ||
        IsPlanned(node.args[0]))
      return OfTerm(Kind::kIsTrue, node, 1);
    return WithLiteral(Kind::kAmong, node.args[0], node, kBits * elements->size());
  }

  PlanNode Matched(const Expression& node) {
    if (IsLiteral(node.args[0])) return OfTerm(Kind::kIsTrue, node, 1);
    PlanNode out = OfTerm(Kind::kMatches, node.args[0], kValues);
    out.pattern = CompilePattern(node.name);
    return out;
  }

  // Of operands: whether it has a plan of its own rather than a column.
  static bool IsPlanned(const Expression& node) {
    return node.op == Op::kInSegment || IsBetween(node.op, Op::kNot, Op::kMatches);
  }

  const TermNumber term_number_;
  const SegmentNumber segment_number_;
  const Expression*& missing_;
};

}  // namespace

Datum PlanNode::Literal() const {
  return is_duration ? Datum(Duration{std::get<std::int64_t>(literal.is)}) : Read(literal);
}

PlanNode PlanOf(const Expression& flag, TermNumber term_number, SegmentNumber segment_number,
                const Expression** missing) {
  *missing = nullptr;
  return PlanBuilder(term_number, segment_number, missing).Of(flag);
}

std::vector<const Expression*> AllPartsOf(const Expression& expression) {
  std::vector<const Expression*> parts;
  ForEachPart(expression, [&](const Expression& part) { parts.push_back(&part); });
  return parts;
}

bool NeedsZone(const Expression& expression) {
  const std::vector<const Expression*> parts = AllPartsOf(expression);
  return std::any_of(parts.begin(), parts.end(), [](const Expression* at) {
    const auto by_query = [](const EventQuery& query) { return MovesByZone(query.window); };
    const auto by_sequence = [](const EventSequence& of) { return MovesByZone(of.window); };
    return IsBetween(at->op, Op::kDaysSince, Op::kAnniversaryIn) ||
           std::any_of(at->events.begin(), at->events.end(), by_query) ||
           std::any_of(at->sequence.begin(), at->sequence.end(), by_sequence);
  });
}

std::string KeyOf(const Expression& term, std::string_view time_zone) {
  std::string key = WriteExpression(term);
  if (NeedsZone(term))
    key.append(1, '\n').append(time_zone);  // no text of an expression has a line end
  return key;
}

}  // namespace polyonym::segment
