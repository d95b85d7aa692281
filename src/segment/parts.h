// segment/parts.h - what an expression is made of: every part of it, one after the other, and what a part is.
#ifndef POLYONYM_SRC_SEGMENT_PARTS_H_
#define POLYONYM_SRC_SEGMENT_PARTS_H_

#include <span>
#include <vector>

#include "polyonym/segment/expression.h"

namespace polyonym::segment {

inline bool IsLiteral(const Expression& part) {
  return part.op == ExpressionOp::kLiteral || part.op == ExpressionOp::kDuration;
}

// What an expression over events looks for; of others nothing.
inline std::span<const EventQuery> QueriesOf(const Expression& part) {
  return part.sequence.empty() ? part.events : part.sequence.front().conditions;
}

// Calls `visit` with each part of an expression, itself too.  COST: linear, without recursion.
template <class Visit>
void ForEachPart(const Expression& expression, const Visit& visit) {
  std::vector<const Expression*> rest = {&expression};
  while (!rest.empty()) {
    const Expression& at = *rest.back();
    rest.pop_back();
    visit(at);
    for (const Expression& arg : at.args) rest.push_back(&arg);
    const auto add_where = [&](const EventQuery& query) {
      for (const Expression& where : query.where) rest.push_back(&where);
    };
    for (const EventQuery& query : at.events) add_where(query);
    for (const EventSequence& sequence : at.sequence)
      for (const EventQuery& condition : sequence.conditions) add_where(condition);
  }
}

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_PARTS_H_
