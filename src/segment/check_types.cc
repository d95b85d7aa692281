#include "segment/check_types.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "segment/definition_lookup.h"

namespace polyonym::segment {
namespace {

bool Mismatch(const Expression& at, const char* rule, Types x, Types y, FirstFault* fault) {
  return fault->Fail(at, "",
                     absl::StrCat(Words(at.op), " ", rule, "; found ", Say(x), " and ", Say(y)));
}

// `may_be`: what x may be; each element leaves what it is itself.
bool CheckIn(const Expression& at, Types may_be, FirstFault* fault) {
  for (const Value& element : std::get<ValueList>(at.value.is)) {
    const Types is = TypeOf(element.type());
    if ((may_be & is) == 0)
      return fault->Fail(at, "value",
                         absl::StrCat("`in` takes literals of the type that is compared; found ",
                                      Say(may_be), " and ", Say(is)));
    may_be &= is;
  }
  return true;
}

// Text in text, or a literal in a list.
bool CheckContains(const Expression& at, const Typed& x, Types y, FirstFault* fault) {
  if ((x.types & y & kText) != 0) return true;
  if ((x.types & kList) == 0)
    return Mismatch(at, "takes text and text, or a list and a literal", x.types, y, fault);
  if (at.args[1].op != ExpressionOp::kLiteral)
    return fault->Fail(at.args[1], "", "`contains` takes a literal behind a list");
  return (x.elements & y) != 0 || fault->Fail(at.args[1], "",
                                              absl::StrCat("`contains` is asked of a list of ",
                                                           Say(x.elements), "; found ", Say(y)));
}

bool CheckMatches(const Expression& at, const Typed& x, FirstFault* fault) {
  return (x.types & kText) != 0 || (x.elements & kText) != 0 ||
         fault->Fail(at.args[0], "",
                     absl::StrCat("`matches` takes text or a list of text; found a list of ",
                                  Say(x.elements)));
}

std::optional<Typed> TypeOfArithmetic(const Expression& at, Types x, Types y, FirstFault* fault) {
  const Types result = ResultOf(at.op, x, y);
  if (result != 0) return Typed{result};
  Mismatch(at, RuleOfArithmetic(at.op), x, y, fault);
  return std::nullopt;
}

bool CheckNear(const Expression& at, FirstFault* fault) {
  const auto number = [&](std::size_t i) {
    const Value& value = at.args[i].value;
    const auto* whole = std::get_if<std::int64_t>(&value.is);
    return whole != nullptr ? static_cast<double>(*whole) : std::get<double>(value.is);
  };
  if (std::abs(number(0)) > 90)
    return fault->Fail(at.args[0], "", "the latitude of `near` must be between -90 and 90 degrees");
  if (std::abs(number(1)) > 180)
    return fault->Fail(at.args[1], "",
                       "the longitude of `near` must be between -180 and 180 degrees");
  return number(2) >= 0 || fault->Fail(at.args[2], "", "`near` lies within 0 metres or more");
}

}  // namespace

bool CheckTakes(const Expression& at, const OperatorShape& shape, const Expression& arg,
                Types types, FirstFault* fault) {
  if (at.op == ExpressionOp::kNear && arg.op != ExpressionOp::kLiteral)
    return fault->Fail(arg, "", "`near` takes three number literals");
  return (types & shape.takes) != 0 ||
         fault->Fail(
             arg, "",
             absl::StrCat(Words(at.op), " takes ", Say(shape.takes), "; found ", Say(types)));
}

std::optional<Typed> TypeFrom(const Expression& at, const OperatorShape& shape,
                              const std::vector<Typed>& args, const Definitions& definitions,
                              FirstFault* fault) {
  const auto if_it = [](bool holds, Types types) {
    return holds ? std::optional<Typed>(Typed{types}) : std::nullopt;
  };
  switch (at.op) {
    case ExpressionOp::kLiteral:
      return Typed{TypeOf(at.value.type())};
    case ExpressionOp::kEqual:
    case ExpressionOp::kNotEqual:
    case ExpressionOp::kLess:
    case ExpressionOp::kLessEqual:
    case ExpressionOp::kGreater:
    case ExpressionOp::kGreaterEqual:
      return if_it(
          (args[0].types & args[1].types & shape.takes) != 0 ||
              Mismatch(at, "compares values of one type", args[0].types, args[1].types, fault),
          shape.gives);
    case ExpressionOp::kIn:
      return if_it(CheckIn(at, args[0].types & shape.takes, fault), shape.gives);
    case ExpressionOp::kContains:
      return if_it(CheckContains(at, args[0], args[1].types, fault), shape.gives);
    case ExpressionOp::kMatches:
      return if_it(CheckMatches(at, args[0], fault), shape.gives);
    case ExpressionOp::kAdd:
    case ExpressionOp::kSubtract:
    case ExpressionOp::kMultiply:
    case ExpressionOp::kDivide:
      return TypeOfArithmetic(at, args[0].types, args[1].types, fault);
    case ExpressionOp::kIdentifiers:
    case ExpressionOp::kTagsOfClass:
    case ExpressionOp::kTagsOfTopic:
      return Typed{kList, kText};
    case ExpressionOp::kTrait:
      return TypeOf(*FindTrait(definitions, at.name));
    case ExpressionOp::kScore:
      return Typed{TypeOf(*ScoreFieldOf(at.field))};
    case ExpressionOp::kNear:
      return if_it(CheckNear(at, fault), shape.gives);
    default:
      return shape.gives != kComputed ? Typed{shape.gives}
                                      : Typed{args[0].types & shape.takes, args[0].elements};
  }
}

}  // namespace polyonym::segment
