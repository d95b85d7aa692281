// Whether an expression has a meaning. One pass from the root down: of each part its shape, its
// names and its values are held against its operator's row of operator_shapes.h, then types are
// found from the leaves up.
#include "polyonym/segment/check.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "model/fault.h"
#include "segment/check_names.h"
#include "segment/check_types.h"
#include "segment/check_values.h"
#include "segment/check_windows.h"
#include "segment/expression_types.h"
#include "segment/first_fault.h"
#include "segment/operator_shapes.h"

namespace polyonym {
namespace segment {
namespace {

// Goes down to the first fault, which it keeps; what returns false or nothing has found one.
class Checker {
 public:
  Checker(const Expression& root, const Definitions& definitions,
          const std::function<bool(std::string_view)>& is_segment, std::string_view text)
      : root_(root), definitions_(definitions), is_segment_(is_segment), fault_(root, text) {}

  absl::StatusOr<ExpressionType> Check() {
    if (!CheckSize()) return fault_.status();
    const std::optional<Typed> typed = TypeOfNode(root_, false);
    if (!typed) return fault_.status();
    return FirstOf(typed->types);
  }

 private:
  bool Fail(const Expression& at, std::string_view part, std::string_view what) {
    return fault_.Fail(at, part, what);
  }

  bool CheckSize() {
    const ExpressionSize size = SizeOf(root_);
    if (size.depth > kMaxExpressionDepth)
      return Fail(root_, "", absl::StrCat("is ", size.depth, " levels deep; at most 64"));
    if (size.nodes > kMaxExpressionNodes)
      return Fail(root_, "", absl::StrCat("has ", size.nodes, " parts; at most 4,096"));
    return true;
  }

  // Its text has at least these bytes.
  bool CheckBytes(const Expression& at, std::size_t more) {
    bytes_ += more;
    return bytes_ <= kMaxExpressionBytes || Fail(at, "", "the whole has more than 64 KiB of text");
  }

  // `at_event`: whether there is an event at hand.
  std::optional<Typed> TypeOfNode(const Expression& at, bool at_event) {
    const OperatorShape* shape = ShapeOf(at.op);
    if (shape == nullptr) {
      Fail(at, "", "is of an operator that this library does not know");
      return std::nullopt;
    }
    if (shape->reads == Reads::kEvent && !at_event) {
      Fail(at, "",
           absl::StrCat(Words(at.op),
                        " is of an event: it stands in `where`, and before `of` in "
                        "`sum`, `average`, `min`, `max`, `first`, `last`, `distinct`"));
      return std::nullopt;
    }
    if (!CheckShape(at, *shape) ||
        !CheckName(at, shape->named, definitions_, is_segment_, &fault_) ||
        !CheckField(at, shape->fielded, definitions_, &fault_) || !CheckValue(at))
      return std::nullopt;
    std::vector<Typed> args;
    for (const Expression& arg : at.args) {
      const auto typed = TypeOfNode(arg, at_event || shape->reads == Reads::kQuery);
      if (!typed || !CheckTakes(at, *shape, arg, typed->types, &fault_)) return std::nullopt;
      args.push_back(*typed);
    }
    if (!CheckEvents(at, shape->reads)) return std::nullopt;
    return TypeFrom(at, *shape, args, definitions_, &fault_);
  }

  // ---- Shapes ----

  // What an operator has not is empty.
  bool CheckShape(const Expression& at, const OperatorShape& shape) {
    const std::size_t found = at.args.size();
    if (found < shape.min_args || found > shape.max_args) {
      const char* more = shape.max_args == kMany ? " or more" : "";
      const char* arguments = shape.min_args == 1 ? " argument" : " arguments";
      return Fail(
          at, "",
          absl::StrCat(Words(at.op), " has ", shape.min_args, more, arguments, "; found ", found));
    }
    const auto require = [&](bool holds, std::string_view part, const char* rule) {
      return holds || Fail(at, part, absl::StrCat(Words(at.op), " ", rule));
    };
    const bool has_value = at.op == ExpressionOp::kLiteral || at.op == ExpressionOp::kDuration ||
                           at.op == ExpressionOp::kIn;
    const bool has_sequence = shape.reads == Reads::kSequence || shape.reads == Reads::kFunnel;
    const std::size_t queries = shape.reads == Reads::kQuery ? 1 : 0;
    const std::size_t sequences = has_sequence ? 1 : 0;
    return require(has_value || at.value.type() == ValueType::kNone, "value", "has no value") &&
           require(shape.named != Named::kNothing || at.name.empty(), "name", "has no name") &&
           require(shape.fielded != Fielded::kNothing || at.field.empty(), "field",
                   "has no field") &&
           require(at.events.size() == queries, "events",
                   queries == 0 ? "has no events" : "has one query of events") &&
           require(at.sequence.size() == sequences, "sequence",
                   sequences == 0 ? "has no sequence" : "has one sequence") &&
           require(at.op == ExpressionOp::kAnniversaryIn || at.window == TimeWindow{}, "window",
                   "has no window of its own") &&
           CheckBytes(at, at.name.size() + at.field.size());
  }

  bool CheckValue(const Expression& at) {
    if (at.op == ExpressionOp::kLiteral) return CheckLiteral(at, at.value, "value");
    if (at.op == ExpressionOp::kDuration) {
      const auto* ms = std::get_if<std::int64_t>(&at.value.is);
      return (ms != nullptr && *ms >= 0) ||
             Fail(at, "value", "a duration is whole milliseconds, 0 or more");
    }
    if (at.op != ExpressionOp::kIn) return true;
    const auto* list = std::get_if<ValueList>(&at.value.is);
    if (list == nullptr || list->empty() || list->size() > kMaxExpressionList)
      return Fail(at, "value", "`in` has a list of 1 to 1,024 literals");
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (!CheckLiteral(at, (*list)[i], absl::StrCat("value[", i, "]"))) return false;
    }
    return true;
  }

  bool CheckLiteral(const Expression& at, const Value& value, std::string_view part) {
    const std::string_view fault = FaultOfLiteral(value);
    if (!fault.empty()) return Fail(at, part, "a literal " + std::string(fault));
    const auto* text = std::get_if<std::string>(&value.is);
    constexpr std::size_t kLeast = 2;  // a letter, and a comma or a space
    return CheckBytes(at, text != nullptr ? text->size() + kLeast : kLeast);
  }

  // ---- Events ----

  bool CheckEvents(const Expression& at, Reads reads) {
    switch (reads) {
      case Reads::kQuery:
        return CheckQuery(at, at.events[0], "") &&
               CheckWindow(at, at.events[0].window, "window", &fault_);
      case Reads::kSequence:
        return CheckConditions(at) && CheckSteps(at) &&
               CheckWindow(at, at.sequence[0].window, "window", &fault_);
      case Reads::kFunnel:
        return CheckConditions(at) && CheckFunnel(at) &&
               CheckWindow(at, at.sequence[0].window, "window", &fault_);
      default:
        return at.op != ExpressionOp::kAnniversaryIn || CheckAnniversaryUnit(at, &fault_);
    }
  }

  // `part`: of a sequence the condition, with a dot.
  bool CheckQuery(const Expression& at, const EventQuery& query, const std::string& part) {
    if (query.types.size() > kMaxExpressionList)
      return Fail(at, part + "types", "at most 1,024 types of events");
    for (const std::string& type : query.types) {
      if (!IsName(type))
        return Fail(at, part + "types", absl::StrCat("the type of an event ", kNameRule));
      if (!CheckBytes(at, type.size() + 1)) return false;
    }
    if (query.where.empty()) return true;
    if (query.where.size() > 1) return Fail(at, part + "where", "has at most one condition");
    const auto typed = TypeOfNode(query.where[0], true);
    if (!typed) return false;
    return (typed->types & kFlag) != 0 ||
           Fail(query.where[0], "",
                absl::StrCat("`where` takes a flag; found ", Say(typed->types)));
  }

  bool CheckConditions(const Expression& at) {
    const std::vector<EventQuery>& conditions = at.sequence[0].conditions;
    if (conditions.empty() || conditions.size() > kMaxSequenceSteps)
      return Fail(at, "conditions", absl::StrCat(Words(at.op), " has 1 to 32 conditions"));
    for (std::size_t i = 0; i < conditions.size(); ++i) {
      const std::string part = absl::StrCat("conditions[", i, "].");
      if (conditions[i].window != TimeWindow{})
        return Fail(
            at, part + "window",
            absl::StrCat("a condition of ", Words(at.op), " has no window: the whole has one"));
      if (!CheckQuery(at, conditions[i], part)) return false;
    }
    return true;
  }

  bool CheckSteps(const Expression& at) {
    const EventSequence& sequence = at.sequence[0];
    const std::string words = Words(at.op);
    if (sequence.steps.empty() || sequence.steps.size() > kMaxSequenceSteps)
      return Fail(at, "steps", absl::StrCat(words, " has 1 to 32 steps"));
    for (std::size_t i = 0; i < sequence.steps.size(); ++i) {
      const EventSequence::Step& step = sequence.steps[i];
      const std::string part = absl::StrCat("steps[", i, "]");
      if (step.condition >= sequence.conditions.size())
        return Fail(at, part + ".condition",
                    absl::StrCat("a step of ", words, " is of a condition that there is not"));
      if (i == 0 && (step.directly || step.within_ms != 0))
        return Fail(at, part, absl::StrCat("the first step of ", words, " comes after none"));
      if (!CheckSpan(at, step.within_ms, 0, part + ".within_ms", &fault_)) return false;
    }
    if (sequence.deduplicate || sequence.in_order || sequence.increasing)
      return Fail(at, "sequence", "strictness is of `funnel` alone");
    return CheckSpan(at, sequence.within_ms, 0, "within_ms", &fault_);
  }

  bool CheckFunnel(const Expression& at) {
    if (!at.sequence[0].steps.empty())
      return Fail(at, "steps", "the steps of `funnel` are its conditions");
    return CheckSpan(at, at.sequence[0].within_ms, 1, "within_ms", &fault_);
  }

  const Expression& root_;
  const Definitions& definitions_;
  const std::function<bool(std::string_view)>& is_segment_;
  std::size_t bytes_ = 0;
  FirstFault fault_;
};

}  // namespace
}  // namespace segment

absl::StatusOr<ExpressionType> CheckExpression(
    const Expression& expression, const Definitions& definitions,
    const std::function<bool(std::string_view)>& is_segment, std::string_view text) {
  return segment::Checker(expression, definitions, is_segment, text).Check();
}

}  // namespace polyonym
