#include "segment/parser.h"

#include <unicode/utf8.h>

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "polyonym/segment/text.h"
#include "segment/terms.h"

namespace polyonym {
namespace segment {
namespace {

Expression Of(ExpressionOp op) {
  Expression expression;
  expression.op = op;
  return expression;
}

bool IsScoreField(const Token& token) {
  for (int i = 0; i <= static_cast<int>(kLastScoreField); ++i)
    if (token.Is(ToString(static_cast<ScoreField>(i)))) return true;
  return false;
}

}  // namespace

absl::StatusOr<Expression> Parser::Whole() {
  auto part = Loose(Tightness::kOr);
  if (!part) return cursor_.error();
  if (cursor_.Now().kind != Token::Kind::kEnd) {
    cursor_.Fail("an operator or the end");
    return cursor_.error();
  }
  return std::move(part->expression);
}

// ---- Bounds ----

bool Parser::TooDeep(std::size_t offset) {
  return cursor_.FailAt(
      offset, absl::StrCat("at most ", kMaxExpressionDepth, " parts in one another"), "more");
}

bool Parser::Counts(std::size_t offset, std::size_t depth) {
  if (depth > kMaxExpressionDepth) return TooDeep(offset);
  if (++parts_ <= kMaxExpressionNodes) return true;
  return cursor_.FailAt(offset, absl::StrCat("at most ", kMaxExpressionNodes, " parts"), "more");
}

std::optional<Parser::Part> Parser::Made(Expression expression, std::size_t depth,
                                         std::size_t begin, std::size_t at) {
  if (!Counts(at, depth)) return std::nullopt;
  expression.place = static_cast<std::uint32_t>(begin + 1);
  return Part{std::move(expression), depth};
}

std::optional<Parser::Part> Parser::Around(ExpressionOp op, Part operand, std::size_t begin) {
  Expression expression = Of(op);
  expression.args.push_back(std::move(operand.expression));
  return Made(std::move(expression), operand.depth + 1, begin, begin);
}

std::optional<Parser::Part> Parser::Pair(ExpressionOp op, Part left, Part right, std::size_t begin,
                                         std::size_t at) {
  Expression expression = Of(op);
  expression.args.reserve(2);
  expression.args.push_back(std::move(left.expression));
  expression.args.push_back(std::move(right.expression));
  return Made(std::move(expression), std::max(left.depth, right.depth) + 1, begin, at);
}

// ---- Operators ----

const BinaryForm* Parser::OperatorHere() const {
  // A window begins with `in` too.
  if (cursor_.Is("in"))
    for (const std::string_view of_window : {"last", "past", "this", "previous"})
      if (cursor_.Ahead(1).Is(of_window)) return nullptr;
  for (const BinaryForm& form : kBinaryForms)
    if (cursor_.Is(form.sign)) return &form;
  return nullptr;
}

std::optional<Parser::Part> Parser::Loose(Tightness floor) {
  const std::size_t begin = cursor_.Now().offset;
  auto left = floor <= Tightness::kNot && cursor_.Is("not") ? Negations() : Signed();
  const BinaryForm* form = nullptr;
  while (left && (form = OperatorHere()) != nullptr && form->tightness >= floor) {
    if (form->tightness <= Tightness::kAnd)
      left = Joined(*form, std::move(*left), begin);
    else if (form->tightness == Tightness::kComparison)
      left = Compared(*form, std::move(*left), begin);
    else
      left = Computed(*form, std::move(*left), begin);
  }
  return left;
}

// `not not x`
std::optional<Parser::Part> Parser::Negations() {
  std::vector<std::size_t> begins;
  while (cursor_.Is("not")) {
    begins.push_back(cursor_.Advance().offset);
    if (begins.size() > kMaxExpressionDepth && !TooDeep(begins.back())) return std::nullopt;
  }
  auto part = Loose(Tightness::kComparison);
  for (; part && !begins.empty(); begins.pop_back())
    part = Around(ExpressionOp::kNot, std::move(*part), begins.back());
  return part;
}

// `left and x and y`
std::optional<Parser::Part> Parser::Joined(const BinaryForm& form, Part left, std::size_t begin) {
  const std::size_t at = cursor_.Now().offset;
  Expression expression = Of(form.op);
  expression.args.push_back(std::move(left.expression));
  std::size_t depth = left.depth;
  while (cursor_.Take(form.sign)) {
    auto part = Loose(Tighter(form.tightness));
    if (!part) return std::nullopt;
    depth = std::max(depth, part->depth);
    expression.args.push_back(std::move(part->expression));
  }
  return Made(std::move(expression), depth + 1, begin, at);
}

// `left + x`
std::optional<Parser::Part> Parser::Computed(const BinaryForm& form, Part left, std::size_t begin) {
  const std::size_t at = cursor_.Advance().offset;
  auto right = Loose(Tighter(form.tightness));
  if (!right) return std::nullopt;
  return Pair(form.op, std::move(left), std::move(*right), begin, at);
}

std::optional<Parser::Part> Parser::Compared(const BinaryForm& form, Part left, std::size_t begin) {
  auto part = Comparison(form, std::move(left), begin);
  const BinaryForm* next = part ? OperatorHere() : nullptr;
  if (next == nullptr || next->tightness != Tightness::kComparison) return part;
  cursor_.Fail("and, or, or parentheses around the comparison before");
  return std::nullopt;
}

std::optional<Parser::Part> Parser::Comparison(const BinaryForm& form, Part left,
                                               std::size_t begin) {
  const std::size_t at = cursor_.Advance().offset;
  Expression expression = Of(form.op);
  switch (form.op) {
    case ExpressionOp::kIsKnown:
      return Known(std::move(left), begin);
    case ExpressionOp::kIn: {
      auto list = List();
      if (!list) return std::nullopt;
      expression.value.is = std::move(*list);
      break;
    }
    case ExpressionOp::kMatches:
      if (!ReadQuoted(&cursor_, "a pattern in quotes", &expression.name)) return std::nullopt;
      break;
    default: {
      const bool with = form.op == ExpressionOp::kStartsWith || form.op == ExpressionOp::kEndsWith;
      if (with && !cursor_.Expect("with")) return std::nullopt;
      auto right = Loose(Tighter(form.tightness));
      if (!right) return std::nullopt;
      return Pair(form.op, std::move(left), std::move(*right), begin, at);
    }
  }
  expression.args.push_back(std::move(left.expression));
  return Made(std::move(expression), left.depth + 1, begin, at);
}

// `known`, `not known`, `unknown`, behind `is`.
std::optional<Parser::Part> Parser::Known(Part left, std::size_t begin) {
  const bool is_not = cursor_.Take("not");
  const bool unknown = !is_not && cursor_.Take("unknown");
  if (!unknown && !cursor_.Take("known")) {
    cursor_.Fail(is_not ? "\"known\"" : "known, not known or unknown");
    return std::nullopt;
  }
  auto part = Around(ExpressionOp::kIsKnown, std::move(left), begin);
  if (!part || !(is_not || unknown)) return part;
  return Around(ExpressionOp::kNot, std::move(*part), begin);
}

// `("a", "b")`
std::optional<ValueList> Parser::List() {
  if (!cursor_.Expect("(")) return std::nullopt;
  ValueList list;
  do {
    if (list.size() == kMaxExpressionList) {
      cursor_.FailAt(cursor_.Now().offset, absl::StrCat("at most ", kMaxExpressionList, " values"),
                     "more");
      return std::nullopt;
    }
    auto value = ReadSignedLiteral(&cursor_);
    if (!value) return std::nullopt;
    list.push_back(std::move(*value));
  } while (cursor_.Take(","));
  if (cursor_.Take(")")) return list;
  cursor_.Fail("\",\" or \")\"");
  return std::nullopt;
}

// `- - x`; the last sign before a number or an amount of money is its own.
std::optional<Parser::Part> Parser::Signed() {
  std::vector<std::size_t> begins;
  while (cursor_.Is("-")) {
    begins.push_back(cursor_.Advance().offset);
    if (begins.size() > kMaxExpressionDepth && !TooDeep(begins.back())) return std::nullopt;
  }
  const bool below_zero =
      !begins.empty() && cursor_.Now().kind == Token::Kind::kNumber && !BeginsSpan(cursor_);
  auto part = below_zero ? LiteralFrom(begins.back(), true) : Operand();
  if (below_zero) begins.pop_back();
  for (; part && !begins.empty(); begins.pop_back())
    part = Around(ExpressionOp::kNegate, std::move(*part), begins.back());
  return part;
}

// ---- Operands ----

// `year of time`, `(x or y)`, `3`
std::optional<Parser::Part> Parser::Operand() {
  std::vector<std::pair<const Form*, std::size_t>> before;
  const Form* form = nullptr;
  while ((form = FormHere()) != nullptr &&
         (form->rest == FormRest::kOperand || form->rest == FormRest::kAnniversary)) {
    before.emplace_back(form, cursor_.Now().offset);
    if (before.size() > kMaxExpressionDepth && !TooDeep(cursor_.Now().offset)) return std::nullopt;
    TakeWords(*form);
  }
  auto part = form != nullptr ? Formed(*form) : Plain();
  for (; part && !before.empty(); before.pop_back()) {
    const auto [around, begin] = before.back();
    TimeWindow window;
    if (around->rest == FormRest::kAnniversary) {
      const auto unit = ReadThisUnit(&cursor_);
      if (!unit) return std::nullopt;
      window = *unit;
    }
    part = Around(around->op, std::move(*part), begin);
    if (part) part->expression.window = window;
  }
  return part;
}

std::optional<Parser::Part> Parser::Plain() {
  const std::size_t begin = cursor_.Now().offset;
  if (cursor_.Is("(")) return Parenthesised();
  if (BeginsLiteral(cursor_)) return LiteralFrom(begin, false);
  if (!BeginsSpan(cursor_)) {
    FailAtOperand();
    return std::nullopt;
  }
  const auto ms = ReadSpan(&cursor_);
  if (!ms) return std::nullopt;
  Expression expression = Of(ExpressionOp::kDuration);
  expression.value.is = *ms;
  return Made(std::move(expression), 1, begin, begin);
}

std::optional<Parser::Part> Parser::Parenthesised() {
  if (open_ == kMaxExpressionDepth && !TooDeep(cursor_.Now().offset)) return std::nullopt;
  ++open_;
  cursor_.Advance();
  auto part = Loose(Tightness::kOr);
  if (!part || !cursor_.ExpectClosing()) return std::nullopt;
  --open_;
  return part;
}

std::optional<Parser::Part> Parser::LiteralFrom(std::size_t begin, bool below_zero) {
  auto value = ReadLiteral(&cursor_, below_zero);
  if (!value) return std::nullopt;
  Expression expression = Of(ExpressionOp::kLiteral);
  expression.value = std::move(*value);
  return Made(std::move(expression), 1, begin, begin);
}

const Form* Parser::FormHere() const {
  if (cursor_.Now().kind != Token::Kind::kWord) return nullptr;
  const Form* longest = nullptr;
  std::size_t length = 0;
  for (const Form& form : kForms) {
    const auto [matched, next] = Match(form);
    if (!next.empty() || matched <= length) continue;
    longest = &form;
    length = matched;
  }
  return longest;
}

std::pair<std::size_t, std::string_view> Parser::Match(const Form& form) const {
  std::size_t matched = 0;
  for (std::string_view left = form.words; !left.empty(); ++matched) {
    const std::size_t space = std::min(left.find(' '), left.size());
    const std::string_view word = left.substr(0, space);
    const Token& token = cursor_.Ahead(matched);
    if (word == kScoreFieldWord ? !IsScoreField(token) : !token.Is(word)) return {matched, word};
    left.remove_prefix(std::min(space + 1, left.size()));
  }
  return {matched, {}};
}

void Parser::TakeWords(const Form& form) {
  for (std::size_t count = Match(form).first; count > 0; --count) cursor_.Advance();
}

// Where the words of some forms begin here, their next ones were expected.
bool Parser::FailAtOperand() {
  std::size_t longest = 0;
  std::vector<std::string> nexts;
  for (const Form& form : kForms) {
    const auto [matched, next] = Match(form);
    if (matched == 0 || matched < longest) continue;
    if (matched > longest) nexts.clear();
    longest = matched;
    std::string quoted = absl::StrCat("\"", std::string(next), "\"");
    if (std::find(nexts.begin(), nexts.end(), quoted) == nexts.end())
      nexts.push_back(std::move(quoted));
  }
  if (cursor_.Is("not")) return cursor_.Fail("an operand, with \"not\" in parentheses");
  if (longest == 0) return cursor_.Fail("an operand, such as trait city, or a value");
  std::string expected = nexts[0];
  for (std::size_t i = 1; i < nexts.size(); ++i) expected += " or " + nexts[i];
  return cursor_.Fail(
      cursor_.Ahead(longest),
      absl::StrCat(expected, " after \"", std::string(cursor_.Ahead(longest - 1).raw), "\""));
}

// ---- What follows the words of a form ----

std::optional<Parser::Part> Parser::Formed(const Form& form) {
  const std::size_t begin = cursor_.Now().offset;
  Expression expression = Of(form.op);
  if (form.op == ExpressionOp::kScore) expression.field = cursor_.Now().raw;
  const bool call = form.words.ends_with('(');
  if (call && open_ == kMaxExpressionDepth && !TooDeep(begin)) return std::nullopt;
  TakeWords(form);
  if (!call) {
    if (!TakeNames(form, &expression)) return std::nullopt;
    return Made(std::move(expression), 1, begin, begin);
  }
  ++open_;
  const auto depth = TakeArguments(form, &expression);
  if (!depth || !cursor_.ExpectClosing()) return std::nullopt;
  --open_;
  return Made(std::move(expression), *depth + 1, begin, begin);
}

bool Parser::TakeNames(const Form& form, Expression* expression) {
  const std::string what = absl::StrCat("the name of ", std::string(form.name));
  switch (form.rest) {
    case FormRest::kName:
      return ReadName(&cursor_, what, &expression->name);
    case FormRest::kQuotedText:
      return ReadQuoted(&cursor_, "a text in quotes", &expression->name);
    case FormRest::kLayer:
      return ReadName(&cursor_, what, &expression->field) && cursor_.Expect("of") &&
             cursor_.Expect("tag") && ReadName(&cursor_, "the name of a tag", &expression->name);
    case FormRest::kChannel:
      return ReadName(&cursor_, what, &expression->field) && cursor_.Expect("of") &&
             cursor_.Expect("score") &&
             ReadName(&cursor_, "the name of a score", &expression->name);
    case FormRest::kOther:
      return ReadName(&cursor_, what, &expression->name) && cursor_.Expect("to") &&
             ReadQuoted(&cursor_, "an identifier in quotes, such as \"crm:7\"", &expression->field);
    default:
      return true;
  }
}

std::optional<std::size_t> Parser::TakeArguments(const Form& form, Expression* expression) {
  if (form.rest == FormRest::kThreeNumbers) return TakeThreeNumbers(expression);
  if (form.rest == FormRest::kSequence || form.rest == FormRest::kFunnel) {
    auto part = form.rest == FormRest::kFunnel ? Funnel() : Sequence();
    if (!part) return std::nullopt;
    expression->sequence.push_back(std::move(part->sequence));
    return part->depth;
  }
  std::size_t depth = 0;
  if (form.rest == FormRest::kAggregate) {
    auto of = Loose(Tightness::kOr);
    if (!of || !cursor_.Expect("of")) return std::nullopt;
    depth = of->depth;
    expression->args.push_back(std::move(of->expression));
  }
  auto events = Query();
  if (!events) return std::nullopt;
  expression->events.push_back(std::move(events->query));
  return std::max(depth, events->depth);
}

std::optional<std::size_t> Parser::TakeThreeNumbers(Expression* expression) {
  for (int i = 0; i < 3; ++i) {
    if (i > 0 && !cursor_.Expect(",")) return std::nullopt;
    const std::size_t begin = cursor_.Now().offset;
    const bool below_zero = cursor_.Take("-");
    const bool is_number = cursor_.Now().kind == Token::Kind::kNumber;
    const Token& wrong = cursor_.Ahead(is_number ? 1 : 0);
    if ((!is_number || wrong.kind == Token::Kind::kWord) &&
        !cursor_.Fail(wrong, is_number ? "a number without a unit" : "a number"))
      return std::nullopt;
    auto part = LiteralFrom(begin, below_zero);
    if (!part) return std::nullopt;
    expression->args.push_back(std::move(part->expression));
  }
  return 1;
}

namespace {

// Where the first byte lies that is not of UTF-8; the size where there is none.
std::size_t FirstNotUtf8(std::string_view text) {
  const auto size = static_cast<std::int64_t>(text.size());
  for (std::int64_t at = 0; at < size;) {
    const std::int64_t begin = at;
    UChar32 c = 0;
    U8_NEXT(text.data(), at, size, c);
    if (c < 0) return static_cast<std::size_t>(begin);
  }
  return text.size();
}

}  // namespace
}  // namespace segment

absl::StatusOr<Expression> ParseExpression(std::string_view text) {
  if (text.size() > kMaxExpressionBytes) {
    return absl::InvalidArgumentError(absl::StrCat(PlaceIn(text, kMaxExpressionBytes),
                                                   ": expected at most ", kMaxExpressionBytes,
                                                   " bytes; found ", text.size()));
  }
  const std::size_t wrong = segment::FirstNotUtf8(text);
  if (wrong < text.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(PlaceIn(text, wrong), ": expected UTF-8; found bytes that are not"));
  }
  return segment::Parser(text).Whole();
}

}  // namespace polyonym
