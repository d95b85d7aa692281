#include "polyonym/segment/expression.h"

#include <algorithm>
#include <array>

namespace polyonym {
namespace {

template <std::size_t kCount, class Enum>
std::string_view NameIn(const std::array<std::string_view, kCount>& names, Enum value) {
  const auto at = static_cast<std::size_t>(value);
  return at < kCount ? names[at] : "unknown";
}

}  // namespace

std::string_view ToString(ExpressionType type) {
  static constexpr std::array<std::string_view, 8> kNames = {
      "flag", "number", "text", "instant", "duration", "date", "money", "list"};
  return NameIn(kNames, type);
}

std::string_view ToString(ScoreField field) {
  static constexpr std::array<std::string_view, 11> kNames = {
      "rfm",      "recency",        "frequency", "monetary",  "state", "alive",
      "expected", "expected_value", "total",     "purchases", "due"};
  return NameIn(kNames, field);
}

std::string_view ToString(CalendarUnit unit) {
  static constexpr std::array<std::string_view, 6> kNames = {"hour",  "day",     "week",
                                                             "month", "quarter", "year"};
  return NameIn(kNames, unit);
}

bool operator==(const Expression& a, const Expression& b) {
  return a.op == b.op && a.value == b.value && a.name == b.name && a.field == b.field &&
         a.args == b.args && a.events == b.events && a.sequence == b.sequence &&
         a.window == b.window;
}

bool operator==(const EventQuery& a, const EventQuery& b) {
  return a.types == b.types && a.where == b.where && a.window == b.window;
}

bool operator==(const EventSequence& a, const EventSequence& b) {
  return a.conditions == b.conditions && a.steps == b.steps && a.within_ms == b.within_ms &&
         a.deduplicate == b.deduplicate && a.in_order == b.in_order &&
         a.increasing == b.increasing && a.window == b.window;
}

ExpressionSize SizeOf(const Expression& expression) {
  struct Node {
    const Expression* expression;  // one of the two
    const EventQuery* query;
    std::size_t depth;
  };
  ExpressionSize size;
  std::vector<Node> open = {{&expression, nullptr, 1}};
  while (!open.empty()) {
    const auto [at, query, depth] = open.back();
    open.pop_back();
    ++size.nodes;
    size.depth = std::max(size.depth, depth);
    if (query != nullptr) {
      for (const Expression& where : query->where) open.push_back({&where, nullptr, depth + 1});
      continue;
    }
    for (const Expression& arg : at->args) open.push_back({&arg, nullptr, depth + 1});
    for (const EventQuery& events : at->events) open.push_back({nullptr, &events, depth + 1});
    for (const EventSequence& sequence : at->sequence)
      for (const EventQuery& condition : sequence.conditions)
        open.push_back({nullptr, &condition, depth + 1});
  }
  return size;
}

}  // namespace polyonym
