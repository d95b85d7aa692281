#include "segment/consent_gates.h"

#include <string>
#include <utility>
#include <vector>

namespace polyonym::segment {
namespace {

using Op = ExpressionOp;

Expression Of(Op op, std::vector<Expression> args) {
  Expression out;
  out.op = op;
  out.args = std::move(args);
  return out;
}

Expression ConsentTo(const std::string& purpose) {
  Expression out;
  out.op = Op::kConsent;
  out.name = purpose;
  return out;
}

Expression IsKnown(const std::string& purpose) { return Of(Op::kIsKnown, {ConsentTo(purpose)}); }

Expression IsGranted(const std::string& purpose) {
  Expression granted;
  granted.value = Value{std::string("granted")};
  return Of(Op::kEqual, {ConsentTo(purpose), std::move(granted)});
}

// Who said nothing objects to nothing.
Expression IsNotRefused(const std::string& purpose) {
  return Of(Op::kOr, {Of(Op::kNot, {IsKnown(purpose)}), IsGranted(purpose)});
}

}  // namespace

Expression WithConsents(const Definitions& definitions, const SegmentDefinition& segment,
                        Expression expression) {
  std::vector<Expression> gates;
  if (!segment.purpose.empty()) {
    gates.push_back(IsKnown(segment.purpose));
    gates.push_back(IsGranted(segment.purpose));
  }
  const std::string& profiling = definitions.reach.profiling_purpose;
  if (!profiling.empty() && !segment.profiles_nobody) gates.push_back(IsNotRefused(profiling));
  const std::string& restriction = definitions.privacy.restriction_purpose;
  if (!restriction.empty()) gates.push_back(IsNotRefused(restriction));
  if (gates.empty()) return expression;
  // Behind the expression, which most people fail by themselves: then no consents are folded.
  if (expression.op != Op::kAnd) expression = Of(Op::kAnd, {std::move(expression)});
  for (Expression& gate : gates) expression.args.push_back(std::move(gate));
  return expression;
}

}  // namespace polyonym::segment
