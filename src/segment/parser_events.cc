// What expressions say of events: which ones, in which order, in which time.
#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "segment/parser.h"
#include "segment/terms.h"

namespace polyonym::segment {

// `order, refund where value > 1 CNY within 30 days`
std::optional<Parser::QueryPart> Parser::Query() {
  const std::size_t begin = cursor_.Now().offset;
  QueryPart part;
  if (!TakeTypes(&part.query.types, true) || !TakeWhere(begin, &part)) return std::nullopt;
  const auto window = ReadWindow(&cursor_);
  if (!window) return std::nullopt;
  part.query.window = *window;
  return part;
}

// `(order, refund) where value > 1 CNY`
std::optional<Parser::QueryPart> Parser::Condition() {
  const std::size_t begin = cursor_.Now().offset;
  QueryPart part;
  const bool parentheses = cursor_.Take("(");
  if (!TakeTypes(&part.query.types, parentheses)) return std::nullopt;
  if (parentheses && !cursor_.Take(")") && !cursor_.Fail("\",\" or \")\"")) return std::nullopt;
  if (!TakeWhere(begin, &part)) return std::nullopt;
  return part;
}

bool Parser::TakeTypes(std::vector<std::string>* types, bool several) {
  if (cursor_.Take("any")) return cursor_.Expect("event");
  do {
    if (!ReadName(&cursor_, "a type of event or any event", &types->emplace_back())) return false;
  } while (several && cursor_.Take(","));
  return true;
}

bool Parser::TakeWhere(std::size_t begin, QueryPart* part) {
  if (cursor_.Take("where")) {
    auto where = Loose(Tightness::kOr);
    if (!where) return false;
    part->depth = where->depth + 1;
    part->query.where.push_back(std::move(where->expression));
  }
  return Counts(begin, part->depth);
}

bool Parser::TakeCondition(SequencePart* part) {
  auto condition = Condition();
  if (!condition) return false;
  part->depth = std::max(part->depth, condition->depth);
  part->sequence.conditions.push_back(std::move(condition->query));
  return true;
}

bool Parser::TakeConditions(SequencePart* part) {
  do {
    if (!TakeCondition(part)) return false;
  } while (cursor_.Take(","));
  return true;
}

// `view, then order within 2 days; among login; within 7 days; in last 30 days`
std::optional<Parser::SequencePart> Parser::Sequence() {
  SequencePart part;
  const bool by_number = cursor_.Take("among");
  if (by_number) {
    if (!TakeConditions(&part)) return std::nullopt;
    if (!cursor_.Take(";") && !cursor_.Fail("\",\" or \";\"")) return std::nullopt;
  }
  if (!TakeSteps(by_number, &part)) return std::nullopt;
  if (!by_number && cursor_.Is(";") && cursor_.Ahead(1).Is("among")) {
    cursor_.Advance();
    cursor_.Advance();
    if (!TakeConditions(&part)) return std::nullopt;
  }
  if (cursor_.Is(";") && cursor_.Ahead(1).Is("within")) {
    cursor_.Advance();
    const auto ms = ReadWithin(&cursor_);
    if (!ms) return std::nullopt;
    part.sequence.within_ms = *ms;
  }
  if (!TakeWindowOfAll("among, within or a window, in this order", &part.sequence))
    return std::nullopt;
  return part;
}

bool Parser::TakeSteps(bool by_number, SequencePart* part) {
  auto& steps = part->sequence.steps;
  do {
    EventSequence::Step step;
    if (!steps.empty()) {
      step.directly = cursor_.Is("directly");
      if (!cursor_.Take("directly") && !cursor_.Take("then"))
        return cursor_.Fail("then or directly");
    }
    if (steps.size() == kMaxSequenceSteps) return TooManySteps();
    if (by_number) {
      const std::size_t count = part->sequence.conditions.size();
      const auto number = ReadCount(&cursor_, count);
      if (!number)
        return cursor_.Fail(absl::StrCat("the number of a condition, from 1 to ", count));
      step.condition = *number - 1;
    } else if (!TakeStepCondition(part, &step)) {
      return false;
    }
    if (cursor_.Is("within")) {
      if (steps.empty())
        return cursor_.Fail("no bound at the first step, before which there is none");
      const auto ms = ReadWithin(&cursor_);
      if (!ms) return false;
      step.within_ms = *ms;
    }
    steps.push_back(step);
  } while (cursor_.Take(","));
  return true;
}

// Equal conditions are one.
bool Parser::TakeStepCondition(SequencePart* part, EventSequence::Step* step) {
  const std::size_t parts = parts_;
  if (!TakeCondition(part)) return false;
  auto& conditions = part->sequence.conditions;
  const auto same = std::find(conditions.begin(), conditions.end() - 1, conditions.back());
  step->condition = static_cast<std::uint32_t>(same - conditions.begin());
  if (same != conditions.end() - 1) {
    conditions.pop_back();
    parts_ = parts;
  }
  return true;
}

// `view, cart, order within 2 days; strict order, strict increase; in last 30 days`
std::optional<Parser::SequencePart> Parser::Funnel() {
  SequencePart part;
  do {
    if (part.sequence.conditions.size() == kMaxSequenceSteps && !TooManySteps())
      return std::nullopt;
    if (!TakeCondition(&part)) return std::nullopt;
  } while (cursor_.Take(","));
  if (!cursor_.Is("within") && !cursor_.Fail("\",\" or within, such as within 2 days"))
    return std::nullopt;
  const auto ms = ReadWithin(&cursor_);
  if (!ms) return std::nullopt;
  part.sequence.within_ms = *ms;
  if (cursor_.Is(";") && cursor_.Ahead(1).Is("strict")) {
    cursor_.Advance();
    do {
      if (!TakeStrictness(&part.sequence)) return std::nullopt;
    } while (cursor_.Take(","));
  }
  if (!TakeWindowOfAll("strict or a window, in this order", &part.sequence)) return std::nullopt;
  return part;
}

bool Parser::TakeStrictness(EventSequence* sequence) {
  if (!cursor_.Expect("strict")) return false;
  if (cursor_.Take("order")) return sequence->in_order = true;
  if (cursor_.Take("increase")) return sequence->increasing = true;
  if (cursor_.Take("deduplication")) return sequence->deduplicate = true;
  return cursor_.Fail("order, increase or deduplication");
}

bool Parser::TakeWindowOfAll(std::string_view expected, EventSequence* sequence) {
  if (!cursor_.Take(";")) return true;
  // `within` alone is the time that the steps may take.
  if (cursor_.Is("within")) return cursor_.Fail("a window, such as events within 30 days");
  if (cursor_.Take("events") && !cursor_.Is("within")) return cursor_.Fail("\"within\"");
  const auto window = ReadWindow(&cursor_);
  if (!window) return false;
  sequence->window = *window;
  return window->kind != TimeWindow::Kind::kEver || cursor_.Fail(expected);
}

bool Parser::TooManySteps() {
  return cursor_.FailAt(cursor_.Now().offset, absl::StrCat("at most ", kMaxSequenceSteps, " steps"),
                        "more");
}

}  // namespace polyonym::segment
