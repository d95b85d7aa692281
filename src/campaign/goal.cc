#include "campaign/goal.h"

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "polyonym/campaign/buckets.h"
#include "polyonym/segment/check.h"
#include "polyonym/segment/text.h"
#include "segment/compile.h"
#include "segment/evaluator.h"
#include "segment/outlook.h"

namespace polyonym::campaign {
namespace {

using Op = ExpressionOp;
using segment::CompiledSegment;

// A goal on lines of its own, so that a comment in it ends, and columns stay what they are.
constexpr std::string_view kBefore = "did(\n";
constexpr std::string_view kBehind = "\n)";

absl::Status FaultOfGoal(std::string_view what) {
  return absl::InvalidArgumentError("goal: " + std::string(what));
}

// What is said of the whole, said of the goal: line 3 is line 2 of it. What is said of the lines around it is about all of the goal, or its
// end, where it is over before it is complete.
absl::Status FaultOfWhole(const absl::Status& whole, std::string_view goal) {
  const std::string message(whole.message());
  const std::size_t colon = message.find(':'), what = message.find(": ");
  const std::string digits = message.substr(0, colon);
  if (what == std::string::npos || digits.empty() || digits.size() > 5 ||
      digits.find_first_not_of("0123456789") != std::string::npos)
    return FaultOfGoal(message);
  const std::int64_t line = std::stoll(digits) - 1;
  const auto lines = std::count(goal.begin(), goal.end(), '\n') + 1;
  if (line == 0) return FaultOfGoal(message.substr(what + 2));
  if (line <= lines) return FaultOfGoal(absl::StrCat(line, message.substr(colon)));
  return FaultOfGoal("at its end: " +
                     message.substr(what + 2, message.rfind("; found") - what - 2));
}

// ---- Expressions ----

Expression Of(Op op, std::vector<Expression> args = {}) {
  Expression out;
  out.op = op;
  out.args = std::move(args);
  return out;
}

Expression Literal(std::string text) {
  Expression out = Of(Op::kLiteral);
  out.value = Value{std::move(text)};
  return out;
}

Expression Duration(std::int64_t ms) {
  Expression out = Of(Op::kDuration);
  out.value = Value{ms};
  return out;
}

Expression Asked(Op op, EventQuery query, std::vector<Expression> args = {}) {
  Expression out = Of(op, std::move(args));
  out.events.push_back(std::move(query));
  return out;
}

// The time of what AssignmentOf() calls the person's assignment.
Expression EnrolmentTime(const std::string& campaign) {
  Expression variant = Of(Op::kEventProperty);
  variant.name = std::string(kVariantProperty);
  EventQuery query;
  query.types = {std::string(kAssignedType)};
  query.where = {Of(Op::kAnd, {Of(Op::kEqual, {Of(Op::kEventCampaign), Literal(campaign)}),
                               Of(Op::kNotEqual, {std::move(variant), Literal("")})})};
  return Asked(Op::kFirst, std::move(query), {Of(Op::kEventTime)});
}

// The events of the goal that count for a person.
EventQuery Counted(const CampaignDefinition& campaign, EventQuery goal) {
  const Expression enrolled = EnrolmentTime(campaign.name);
  std::vector<Expression> all = {Of(Op::kGreater, {Of(Op::kEventTime), enrolled})};
  if (campaign.goal_within_ms > 0) {
    Expression last = Of(Op::kAdd, {enrolled, Duration(campaign.goal_within_ms)});
    all.push_back(Of(Op::kLessEqual, {Of(Op::kEventTime), std::move(last)}));
  } else if (campaign.to_ms) {
    goal.window.kind = TimeWindow::Kind::kBetween;
    goal.window.to_ms = campaign.to_ms;
  }
  for (Expression& where : goal.where) all.push_back(std::move(where));
  goal.where = {all.size() == 1 ? std::move(all.front()) : Of(Op::kAnd, std::move(all))};
  return goal;
}

absl::StatusOr<EventQuery> QueryOf(const Definitions& definitions, const std::string& goal) {
  const std::string text = absl::StrCat(std::string(kBefore), goal, std::string(kBehind));
  auto whole = ParseExpression(text);
  if (!whole.ok() && ParseExpression(absl::StrCat(std::string(kBefore), goal)).ok())
    return FaultOfGoal("has a closing parenthesis too many");
  if (!whole.ok()) return FaultOfWhole(whole.status(), goal);
  if (whole->op != Op::kDid)
    return FaultOfGoal("must be one query of events, such as order where value >= 100 CNY");
  if (whole->events.front().window != TimeWindow{})
    return FaultOfGoal("has a window; events count by goal_within_ms, or up to to_ms");
  if (!SegmentsIn(*whole).empty())
    return FaultOfGoal("asks for a segment, which a goal may not; write its expression instead");
  const auto no_segment = [](std::string_view) { return false; };
  const auto type = CheckExpression(*whole, definitions, no_segment, text);
  if (!type.ok()) return FaultOfWhole(type.status(), goal);
  return std::move(whole->events.front());
}

absl::StatusOr<std::unique_ptr<CompiledSegment>> Compiled(const Definitions& definitions,
                                                          const CampaignDefinition& campaign,
                                                          const Expression& expression) {
  auto out = segment::CompileNumber(definitions, WriteExpression(expression), campaign.time_zone);
  // What is left to fail is a zone, or a bound that the goal keeps to and the whole does not.
  if (out.ok() || out.status().message().rfind("time_zone", 0) == 0) return out;
  return FaultOfGoal(absl::StrCat("with what says when it counts, ", out.status().message()));
}

// ---- People ----

segment::Datum ValueOf(const CompiledSegment& compiled, SegmentSubject* person) {
  return segment::Evaluator(compiled, &person->impl(), {}).Value();
}

std::optional<std::vector<Money>> MoneyIn(const segment::Datum& value) {
  const auto* amounts = std::get_if<segment::Amounts>(&value);
  if (amounts == nullptr) return std::nullopt;
  std::vector<Money> out;
  for (const segment::Amount& amount : amounts->of)
    out.push_back({amount.minor_units, std::string(amount.currency)});
  return out;
}

}  // namespace

absl::StatusOr<Goal> Goal::Compile(const Definitions& definitions,
                                   const CampaignDefinition& campaign) {
  Goal out;
  if (campaign.goal.empty()) return out;
  auto query = QueryOf(definitions, campaign.goal);
  if (!query.ok()) return query.status();
  const EventQuery counted = Counted(campaign, *std::move(query));
  auto times = Compiled(definitions, campaign, Asked(Op::kCount, counted));
  if (!times.ok()) return times.status();
  auto first = Compiled(definitions, campaign, Asked(Op::kFirst, counted, {Of(Op::kEventTime)}));
  if (!first.ok()) return first.status();
  auto worth = Compiled(definitions, campaign, Asked(Op::kSum, counted, {Of(Op::kEventValue)}));
  if (!worth.ok()) return worth.status();
  out.times_ = *std::move(times);
  out.first_ = *std::move(first);
  out.worth_ = *std::move(worth);
  return out;
}

Achieved Goal::AchievedBy(SegmentSubject* person) const {
  Achieved out{.times = 0, .first_ms = std::nullopt, .worth = std::vector<Money>()};
  if (times_ == nullptr) return out;
  const segment::Datum times = ValueOf(*times_, person);
  if (const auto* count = std::get_if<std::int64_t>(&times))
    out.times = static_cast<std::uint64_t>(*count);
  if (out.times == 0) return out;
  const segment::Datum first = ValueOf(*first_, person);
  if (const auto* instant = std::get_if<Instant>(&first)) out.first_ms = instant->ms;
  out.worth = MoneyIn(ValueOf(*worth_, person));
  return out;
}

std::int64_t Goal::NextChange(SegmentSubject* person) const {
  std::int64_t next = std::numeric_limits<std::int64_t>::max();
  for (const auto* compiled : {times_.get(), first_.get(), worth_.get()}) {
    if (compiled == nullptr) continue;
    next = std::min(next, segment::Forecaster(*compiled, &person->impl(), {}).NextChange());
  }
  return next;
}

}  // namespace polyonym::campaign
