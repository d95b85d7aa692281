#include "polyonym/segment/text.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "segment/forms.h"
#include "segment/lexer.h"

namespace polyonym {
namespace segment {
namespace {

bool IsBelowZero(const Value& value) {
  if (const auto* number = std::get_if<double>(&value.is)) return *number < 0;
  if (const auto* whole = std::get_if<std::int64_t>(&value.is)) return *whole < 0;
  const auto* money = std::get_if<Money>(&value.is);
  return money != nullptr && money->minor_units < 0;
}

bool IsAmount(const Value& value) {
  return value.type() == ValueType::kNumber || value.type() == ValueType::kWhole ||
         value.type() == ValueType::kMoney;
}

bool IsUnknownTest(const Expression& expression) {
  return expression.op == ExpressionOp::kNot && expression.args[0].op == ExpressionOp::kIsKnown;
}

Tightness TightnessOf(const Expression& expression) {
  if (const BinaryForm* form = BinaryFormOf(expression.op)) return form->tightness;
  if (expression.op == ExpressionOp::kNot)
    return IsUnknownTest(expression) ? Tightness::kComparison : Tightness::kNot;
  const bool signed_literal =
      expression.op == ExpressionOp::kLiteral && IsBelowZero(expression.value);
  return expression.op == ExpressionOp::kNegate || signed_literal ? Tightness::kSign
                                                                  : Tightness::kOperand;
}

// Whether conditions are numbered as the reader numbers them: by their first step, equal ones once, then those that no step has.
bool InOrderOfSteps(const EventSequence& sequence) {
  std::uint32_t seen = 0;
  for (const EventSequence::Step& step : sequence.steps) {
    if (step.condition > seen) return false;
    if (step.condition == seen) ++seen;
  }
  for (std::uint32_t i = 0; i < seen; ++i)
    for (std::uint32_t j = 0; j < i; ++j)
      if (sequence.conditions[i] == sequence.conditions[j]) return false;
  return true;
}

class Writer {
 public:
  std::string Take() && { return std::move(out_); }

  // In parentheses where it is looser than `at_least`.
  void Write(const Expression& expression, Tightness at_least) {
    const bool parentheses = TightnessOf(expression) < at_least;
    if (parentheses) out_ += '(';
    WriteBare(expression);
    if (parentheses) out_ += ')';
  }

 private:
  void WriteBare(const Expression& expression) {
    if (const Form* form = FormOf(expression.op)) return WriteForm(*form, expression);
    if (const BinaryForm* form = BinaryFormOf(expression.op)) return WriteBinary(*form, expression);
    switch (expression.op) {
      case ExpressionOp::kDuration:
        return WriteSpan(std::get<std::int64_t>(expression.value.is));
      case ExpressionOp::kNegate:
        out_ += '-';
        return WriteNegated(expression.args[0]);
      case ExpressionOp::kNot:
        if (IsUnknownTest(expression)) {
          Write(expression.args[0].args[0], Tightness::kSum);
          out_ += " is not known";
          return;
        }
        out_ += "not ";
        return Write(expression.args[0], Tightness::kNot);
      default:
        return WriteLiteral(expression.value);
    }
  }

  // `-3` is a literal, so that what negates the literal 3 is `-(3)`.
  void WriteNegated(const Expression& operand) {
    const bool amount = operand.op == ExpressionOp::kLiteral && IsAmount(operand.value);
    if (amount && !IsBelowZero(operand.value)) {
      out_ += '(';
      WriteLiteral(operand.value);
      out_ += ')';
    } else {
      Write(operand, Tightness::kOperand);
    }
  }

  void WriteBinary(const BinaryForm& form, const Expression& expression) {
    const Tightness tighter = Tighter(form.tightness);
    if (form.tightness <= Tightness::kAnd) {
      for (std::size_t i = 0; i < expression.args.size(); ++i) {
        if (i > 0) absl::StrAppend(&out_, " ", std::string(form.sign), " ");
        Write(expression.args[i], tighter);
      }
      return;
    }
    // Comparisons do not chain; sums and products do, to the left.
    const bool chains = form.tightness != Tightness::kComparison;
    Write(expression.args[0], chains ? form.tightness : tighter);
    out_ += ' ';
    out_ += form.sign;
    out_ += ' ';
    switch (form.op) {
      case ExpressionOp::kIsKnown:
        out_ += "known";
        return;
      case ExpressionOp::kIn:
        return WriteList(std::get<ValueList>(expression.value.is));
      case ExpressionOp::kMatches:
        out_ += Quote(expression.name);
        return;
      case ExpressionOp::kStartsWith:
      case ExpressionOp::kEndsWith:
        out_ += "with ";
        break;
      default:
        break;
    }
    Write(expression.args[1], tighter);
  }

  void WriteForm(const Form& form, const Expression& expression) {
    std::string_view words = form.words;
    if (words.starts_with(kScoreFieldWord)) {
      out_ += expression.field;
      words.remove_prefix(kScoreFieldWord.size());
    }
    const bool call = words.ends_with(" (");
    if (call) words.remove_suffix(2);
    out_ += words;
    out_ += call ? "(" : form.rest == FormRest::kNothing ? "" : " ";
    WriteRest(form.rest, expression);
    if (call) out_ += ')';
  }

  void WriteRest(FormRest rest, const Expression& expression) {
    switch (rest) {
      case FormRest::kNothing:
        return;
      case FormRest::kName:
        return WriteName(expression.name);
      case FormRest::kQuotedText:
        out_ += Quote(expression.name);
        return;
      case FormRest::kOperand:
        return Write(expression.args[0], Tightness::kOperand);
      case FormRest::kAnniversary:
        Write(expression.args[0], Tightness::kOperand);
        out_ += " in this ";
        out_ += ToString(expression.window.unit);
        return;
      case FormRest::kLayer:
      case FormRest::kChannel:
        WriteName(expression.field);
        out_ += rest == FormRest::kLayer ? " of tag " : " of score ";
        return WriteName(expression.name);
      case FormRest::kOther:
        WriteName(expression.name);
        out_ += " to " + Quote(expression.field);
        return;
      case FormRest::kQuery:
        return WriteQuery(expression.events[0], false);
      case FormRest::kAggregate:
        Write(expression.args[0], Tightness::kOr);
        out_ += " of ";
        return WriteQuery(expression.events[0], false);
      case FormRest::kSequence:
        return WriteSequence(expression.sequence[0]);
      case FormRest::kFunnel:
        return WriteFunnel(expression.sequence[0]);
      case FormRest::kThreeNumbers:
        for (std::size_t i = 0; i < expression.args.size(); ++i) {
          if (i > 0) out_ += ", ";
          Write(expression.args[i], Tightness::kSign);
        }
        return;
    }
  }

  // ---- Events ----

  // `one_of_many`: between commas, where several types take parentheses.
  void WriteQuery(const EventQuery& query, bool one_of_many) {
    const bool parentheses = one_of_many && query.types.size() > 1;
    if (query.types.empty()) out_ += "any event";
    if (parentheses) out_ += '(';
    for (std::size_t i = 0; i < query.types.size(); ++i) {
      if (i > 0) out_ += ", ";
      WriteName(query.types[i]);
    }
    if (parentheses) out_ += ')';
    for (const Expression& where : query.where) {
      out_ += " where ";
      Write(where, Tightness::kOr);
    }
    WriteWindow(query.window, " ");
  }

  void WriteConditions(const std::vector<EventQuery>& conditions, std::size_t from) {
    for (std::size_t i = from; i < conditions.size(); ++i) {
      if (i > from) out_ += ", ";
      WriteQuery(conditions[i], true);
    }
  }

  void WriteSequence(const EventSequence& sequence) {
    const bool by_number = !InOrderOfSteps(sequence);
    if (by_number) {
      out_ += "among ";
      WriteConditions(sequence.conditions, 0);
      out_ += "; ";
    }
    std::size_t seen = 0;
    for (std::size_t i = 0; i < sequence.steps.size(); ++i) {
      const EventSequence::Step& step = sequence.steps[i];
      if (i > 0) out_ += step.directly ? ", directly " : ", then ";
      if (by_number)
        absl::StrAppend(&out_, step.condition + 1);
      else
        WriteQuery(sequence.conditions[step.condition], true);
      if (step.within_ms > 0) WriteWithin(" ", step.within_ms);
      seen = std::max<std::size_t>(seen, step.condition + 1);
    }
    if (!by_number && seen < sequence.conditions.size()) {
      out_ += "; among ";
      WriteConditions(sequence.conditions, seen);
    }
    if (sequence.within_ms > 0) WriteWithin("; ", sequence.within_ms);
    WriteWindowOfAll(sequence.window);
  }

  void WriteFunnel(const EventSequence& sequence) {
    WriteConditions(sequence.conditions, 0);
    WriteWithin(" ", sequence.within_ms);
    std::string_view before = "; ";
    for (const auto& [is_strict, word] :
         {std::pair{sequence.in_order, "order"}, std::pair{sequence.increasing, "increase"},
          std::pair{sequence.deduplicate, "deduplication"}}) {
      if (!is_strict) continue;
      out_ += before;
      out_ += "strict ";
      out_ += word;
      before = ", ";
    }
    WriteWindowOfAll(sequence.window);
  }

  // ---- Times ----

  void WriteWindowOfAll(const TimeWindow& window) {
    // `; within` is the bound between the steps.
    WriteWindow(window, window.kind == TimeWindow::Kind::kWithin ? "; events " : "; ");
  }

  void WriteWindow(const TimeWindow& window, std::string_view before) {
    switch (window.kind) {
      case TimeWindow::Kind::kEver:
        return;
      case TimeWindow::Kind::kWithin:
        return WriteWithin(before, window.span_ms);
      case TimeWindow::Kind::kLast:
      case TimeWindow::Kind::kPast: {
        const bool last = window.kind == TimeWindow::Kind::kLast;
        out_ += before;
        if (window.count == 1)
          out_ += last ? "in this " : "in previous ";
        else
          absl::StrAppend(&out_, last ? "in last " : "in past ", window.count, " ");
        out_ += ToString(window.unit);
        if (window.count != 1) out_ += 's';
        return;
      }
      case TimeWindow::Kind::kBetween:
        out_ += before;
        if (window.from_ms) out_ += "from " + ToText(Value{Instant{*window.from_ms}});
        if (window.from_ms && window.to_ms) out_ += ' ';
        if (window.to_ms) out_ += "to " + ToText(Value{Instant{*window.to_ms}});
        return;
    }
  }

  void WriteWithin(std::string_view before, std::int64_t ms) {
    out_ += before;
    out_ += "within ";
    WriteSpan(ms);
  }

  // In the longest unit that makes it whole; weeks are read and never written.
  void WriteSpan(std::int64_t ms) {
    const auto* unit = std::find_if(kSpanUnits.begin() + 1, kSpanUnits.end(),
                                    [ms](const SpanUnit& u) { return ms % u.ms == 0; });
    const std::int64_t count = ms / unit->ms;
    absl::StrAppend(&out_, count, " ");
    out_ += count == 1 ? unit->one : unit->many;
  }

  // ---- Values and names ----

  void WriteName(std::string_view name) {
    if (IsBareName(name))
      out_ += name;
    else
      out_ += Quote(name);
  }

  void WriteList(const ValueList& list) {
    out_ += '(';
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out_ += ", ";
      WriteLiteral(list[i]);
    }
    out_ += ')';
  }

  void WriteLiteral(const Value& value) {
    if (const auto* text = std::get_if<std::string>(&value.is)) {
      out_ += Quote(*text);
    } else if (const auto* number = std::get_if<double>(&value.is)) {
      // 3.0 is a number and 3 a whole number; there is no zero below zero.
      const std::string digits = ToText(Value{*number == 0 ? 0.0 : *number});
      out_ += digits;
      if (digits.find_first_of(".e") == std::string::npos) out_ += ".0";
    } else {
      out_ += ToText(value);
    }
  }

  std::string out_;
};

}  // namespace
}  // namespace segment

std::string WriteExpression(const Expression& expression) {
  segment::Writer writer;
  writer.Write(expression, segment::Tightness::kOr);
  return std::move(writer).Take();
}

std::string PlaceIn(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t newline = before.rfind('\n');
  const std::string_view on_line =
      newline == std::string_view::npos ? before : before.substr(newline + 1);
  // Every byte of UTF-8 begins a character but those of the form 10xxxxxx.
  const auto column = 1 + std::count_if(on_line.begin(), on_line.end(), [](char c) {
                        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
                      });
  return absl::StrCat(line, ":", column);
}

}  // namespace polyonym
