// segment/parser.h - the reader of expressions: a recursive descent, which goes down once for each parenthesis and each call.
//
// Chains of `not`, of minus signs and of words such as `year of` are loops, so that kMaxExpressionDepth open parentheses and calls are enough
// for every expression of that depth, and bound the stack.
//
// THREADS: thread-compatible.
#ifndef POLYONYM_SRC_SEGMENT_PARSER_H_
#define POLYONYM_SRC_SEGMENT_PARSER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "polyonym/segment/expression.h"
#include "segment/cursor.h"
#include "segment/forms.h"

namespace polyonym::segment {

class Parser {
 public:
  // REQUIRES: UTF-8 that outlives the parser.
  explicit Parser(std::string_view text) : cursor_(text) {}

  // All of the text as one expression.  COST: linear.  REQUIRES: is called once.
  absl::StatusOr<Expression> Whole();

 private:
  // What was read, and how deep it is (SizeOf). Where it could not be read, nothing, and the cursor has the error.
  struct Part {
    Expression expression;
    std::size_t depth = 1;
  };
  struct QueryPart {
    EventQuery query;
    std::size_t depth = 1;
  };
  struct SequencePart {
    EventSequence sequence;
    std::size_t depth = 0;  // of its conditions
  };

  // ---- Bounds ----

  bool TooDeep(std::size_t offset);
  // Counts another part of the expression, an expression or an event query; false where it is one too many, or too deep.
  bool Counts(std::size_t offset, std::size_t depth);
  // `begin`: where it begins in the text; `at`: where an error of its size is shown.
  std::optional<Part> Made(Expression expression, std::size_t depth, std::size_t begin,
                           std::size_t at);
  std::optional<Part> Around(ExpressionOp op, Part operand, std::size_t begin);
  std::optional<Part> Pair(ExpressionOp op, Part left, Part right, std::size_t begin,
                           std::size_t at);

  // ---- Operators; `begin` is where the left operand begins ----

  // The operator that stands here; null for none.
  const BinaryForm* OperatorHere() const;
  // All that holds together at least as tightly as `floor`.
  std::optional<Part> Loose(Tightness floor);
  std::optional<Part> Negations();
  std::optional<Part> Joined(const BinaryForm& form, Part left, std::size_t begin);
  std::optional<Part> Computed(const BinaryForm& form, Part left, std::size_t begin);
  std::optional<Part> Compared(const BinaryForm& form, Part left, std::size_t begin);
  std::optional<Part> Comparison(const BinaryForm& form, Part left, std::size_t begin);
  std::optional<Part> Known(Part left, std::size_t begin);
  std::optional<ValueList> List();
  std::optional<Part> Signed();

  // ---- Operands ----

  std::optional<Part> Operand();
  // What begins with no words of the table: parentheses and values.
  std::optional<Part> Plain();
  std::optional<Part> Parenthesised();
  std::optional<Part> LiteralFrom(std::size_t begin, bool below_zero);
  // The form whose words stand here, the longest such; null for none.
  const Form* FormHere() const;
  // How many words of the form stand here, and the first that does not; empty: they all do.
  std::pair<std::size_t, std::string_view> Match(const Form& form) const;
  void TakeWords(const Form& form);
  bool FailAtOperand();
  std::optional<Part> Formed(const Form& form);
  bool TakeNames(const Form& form, Expression* expression);
  // How deep what is between the parentheses is.
  std::optional<std::size_t> TakeArguments(const Form& form, Expression* expression);
  std::optional<std::size_t> TakeThreeNumbers(Expression* expression);

  // ---- Events ----

  std::optional<QueryPart> Query();
  // The same between commas: several types stand in parentheses, and there is no window.
  std::optional<QueryPart> Condition();
  bool TakeTypes(std::vector<std::string>* types, bool several);
  bool TakeWhere(std::size_t begin, QueryPart* part);
  std::optional<SequencePart> Sequence();
  std::optional<SequencePart> Funnel();
  bool TakeCondition(SequencePart* part);
  bool TakeConditions(SequencePart* part);
  // `by_number`: the conditions are known, and the steps are their numbers.
  bool TakeSteps(bool by_number, SequencePart* part);
  bool TakeStepCondition(SequencePart* part, EventSequence::Step* step);
  bool TakeStrictness(EventSequence* sequence);
  // `; in last 30 days`; `expected`: what may stand behind the `;`.
  bool TakeWindowOfAll(std::string_view expected, EventSequence* sequence);
  bool TooManySteps();

  Cursor cursor_;
  std::size_t open_ = 0;  // parentheses and calls
  std::size_t parts_ = 0;
};

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_PARSER_H_
