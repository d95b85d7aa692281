#include "segment/plan_walk.h"

#include <utility>
#include <variant>

namespace polyonym::segment {
namespace {

using Kind = PlanNode::Kind;

// Whether all parts must be `flag`, rather than any.
bool IsOfAll(const PlanNode& node, bool flag) {
  return (node.kind == Kind::kAnd && flag) || (node.kind == Kind::kOr && !flag);
}

}  // namespace

IdSet PlanWalk::Where(const PlanNode& node, bool flag) {
  Settle(node, flag);
  return Of(node, flag, nullptr).TakeOf(everybody_);
}

std::uint64_t PlanWalk::Count(const PlanNode& root) {
  Settle(root, true);
  const PlanNode* node = &root;
  bool flag = true;
  for (; node->kind == Kind::kNot; node = &node->args.front()) flag = !flag;
  if (IsOfAll(*node, flag)) return CountIntersection(PartsOfAll(*node, flag, nullptr), everybody_);
  return Of(*node, flag, nullptr).CountOf(everybody_);
}

void PlanWalk::AddAsked(const PlanNode& node, bool as_true, bool as_false,
                        std::vector<Side>* asked) const {
  if (node.kind == Kind::kNot) std::swap(as_true, as_false);
  if (node.kind == Kind::kIsKnown) as_true = as_false = true;
  if (node.kind == Kind::kSegment) {
    for (const bool flag : {true, false}) {
      const Side side{node.of, flag};
      if ((flag ? as_true : as_false) && !settled_.contains(side)) asked->push_back(side);
    }
  }
  for (const PlanNode& arg : node.args) AddAsked(arg, as_true, as_false, asked);
}

// With a stack of its own, since segments may ask for each other in long chains.
void PlanWalk::Settle(const PlanNode& node, bool flag) {
  std::vector<Side> open;
  AddAsked(node, flag, !flag, &open);
  while (!open.empty()) {
    const Side at = open.back();
    const std::size_t height = open.size();
    if (!settled_.contains(at)) AddAsked(segments_[at.first], at.second, !at.second, &open);
    if (open.size() > height) continue;
    open.pop_back();
    if (settled_.contains(at)) continue;
    settled_.emplace(at, Of(segments_[at.first], at.second, nullptr).TakeOf(everybody_));
  }
}

People PlanWalk::Of(const PlanNode& node, bool flag, const IdSet* among) {
  switch (node.kind) {
    case Kind::kNot:
      return Of(node.args.front(), !flag, among);
    case Kind::kAnd:
    case Kind::kOr:
      return IsOfAll(node, flag) ? Intersection(PartsOfAll(node, flag, among))
                                 : Any(node, flag, among);
    case Kind::kIsKnown:
      return Known(node, flag);
    case Kind::kSegment:
      return People::Borrowed(settled_.find(Side{node.of, flag})->second);
    default:
      return OfColumn(node, flag, among);
  }
}

// What lends its set goes first. Then each that has to make one is asked about those who are left.
std::vector<People> PlanWalk::PartsOfAll(const PlanNode& node, bool flag, const IdSet* among) {
  std::vector<People> parts;
  for (const PlanNode& arg : node.args) {
    if (arg.cost > kLentCost && parts.size() > 1) {
      People met = Intersection(std::exchange(parts, {}));
      parts.push_back(std::move(met));
    }
    const bool few = parts.size() == 1 && !parts.front().is_rest();
    const IdSet* left = few ? &parts.front().set() : among;
    if (left != nullptr && left->empty()) break;
    People more = Of(arg, flag, left);
    parts.push_back(std::move(more));
  }
  if (parts.empty()) parts.emplace_back();
  return parts;
}

People PlanWalk::Any(const PlanNode& node, bool flag, const IdSet* among) {
  std::vector<People> parts;
  for (const PlanNode& arg : node.args) parts.push_back(Of(arg, flag, among));
  return Union(std::move(parts));
}

People PlanWalk::Known(const PlanNode& node, bool flag) {
  auto at = known_.find(&node);
  if (at == known_.end()) {
    std::vector<People> sides;
    for (const bool side : {true, false}) sides.push_back(Of(node.args.front(), side, nullptr));
    at = known_.emplace(&node, Union(std::move(sides)).TakeOf(everybody_)).first;
  }
  People known = People::Borrowed(at->second);
  return flag ? std::move(known) : std::move(known).Rest();
}

People PlanWalk::OfColumn(const PlanNode& node, bool flag, const IdSet* among) const {
  const Columns& columns = terms_[node.of];
  if (node.kind == Kind::kIsTrue)
    return columns.flag ? columns.flag->Where(flag) : columns.value->Where(flag);
  const ValueColumn& value = *columns.value;
  switch (node.kind) {
    case Kind::kHasValue:
      return flag ? value.Known() : value.Known().Rest();
    case Kind::kCompared:
      return value.Compared(node.op, node.Literal(), flag, among);
    case Kind::kAmong:
      return value.IsAmong(List(std::get<ValueList>(node.literal.is)), flag, among);
    case Kind::kHolds:
      return value.Holds(node.op, node.Literal(), flag);
    default:
      return value.Matches(*node.pattern, flag);
  }
}

}  // namespace polyonym::segment
