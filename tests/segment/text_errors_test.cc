// What is no expression: the error that says so and its place, and the bounds of what is.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "polyonym/segment/expression.h"
#include "polyonym/segment/text.h"

namespace polyonym::harness {
namespace {

using Op = ExpressionOp;

Expression Node(Op op, std::vector<Expression> args) {
  Expression expression;
  expression.op = op;
  expression.args = std::move(args);
  return expression;
}

Expression MinusOne() {
  Expression expression;
  expression.value.is = std::int64_t{-1};
  return expression;
}

std::string ErrorOf(std::string_view text) {
  const auto parsed = ParseExpression(text);
  if (parsed.ok()) return "none: " + WriteExpression(*parsed);
  CHECK(parsed.status().code() == absl::StatusCode::kInvalidArgument);
  return std::string(parsed.status().message());
}

// ---- Errors ----

struct Wrong {
  std::string_view text, error;
};

TEST_CASE("an error says where it is, what was expected and what was found") {
  static constexpr Wrong kWrongs[] = {
      {"", "1:1: expected an operand, such as trait city, or a value; found the end"},
      {"  # nothing\n ", "2:2: expected an operand, such as trait city, or a value; found the end"},
      {"city = \"x\"", "1:1: expected an operand, such as trait city, or a value; found \"city\""},
      {"trait city =\n  )",
       "2:3: expected an operand, such as trait city, or a value; found \")\""},
      {"trait x y", "1:9: expected an operator or the end; found \"y\""},
      {"trait x \"y\"", "1:9: expected an operator or the end; found a text in quotes"},
      {"trait x)", "1:8: expected an operator or the end; found \")\""},
      {"(trait x", "1:9: expected an operator or \")\"; found the end"},
      {"trait", "1:6: expected the name of a trait; found the end"},
      {"trait 3", "1:7: expected the name of a trait; found \"3\""},
      {"trait of",
       "1:7: expected the name of a trait, in quotes where it is a word of the "
       "language; found \"of\""},
      {"score of consent x", "1:10: expected \"tag\" after \"of\"; found \"consent\""},
      {"days trait x", "1:6: expected \"since\" or \"to\" after \"days\"; found \"trait\""},
      {"sum value", "1:5: expected \"(\" after \"sum\"; found \"value\""},
      {"alive score x", "1:7: expected \"of\" after \"alive\"; found \"score\""},
      {"layer gold in tag x", "1:12: expected \"of\"; found \"in\""},
      {"relation knows to x",
       "1:19: expected an identifier in quotes, such as \"crm:7\"; found \"x\""},
      {"bucket salt", "1:8: expected a text in quotes; found \"salt\""},
      {"in last 7 days", "1:4: expected \"segment\" after \"in\"; found \"last\""},
      {"anniversary of trait x in last 1 month",
       "1:24: expected in this month, or in another unit; found \"in\""},
      // Operators.
      {"1 = 2 = 3",
       "1:7: expected and, or, or parentheses around the comparison before; found \"=\""},
      {"trait x is known is known",
       "1:18: expected and, or, or parentheses around the comparison before; found \"is\""},
      {"yes = not no", "1:7: expected an operand, with \"not\" in parentheses; found \"not\""},
      {"trait x is 3", "1:12: expected known, not known or unknown; found \"3\""},
      {"trait x is not 3", "1:16: expected \"known\"; found \"3\""},
      {"trait x starts 3", "1:16: expected \"with\"; found \"3\""},
      {"trait x matches trait y", "1:17: expected a pattern in quotes; found \"trait\""},
      {"trait x in 3", "1:12: expected \"(\"; found \"3\""},
      {"trait x in ()", "1:13: expected a value, such as \"a\" or 3; found \")\""},
      {"trait x in (1 2)", "1:15: expected \",\" or \")\"; found \"2\""},
      {"trait x in (trait y)", "1:13: expected a value, such as \"a\" or 3; found \"trait\""},
      {"trait x in (1 day)", "1:13: expected a value that is no span of time; found \"1\""},
      {"trait x ! 3", "1:9: expected != or not; found \"!\""},
      {"trait x == 3", "1:10: expected an operand, such as trait city, or a value; found \"=\""},
      {"trait x ＝ 3", "1:9: expected a word, a value or a sign; found \"＝\""},
      {"trait x\u3000= 3", "1:8: expected a word, a value or a sign; found U+3000"},
      {"trait 城 = ☕", "1:11: expected a word, a value or a sign; found \"☕\""},
      {"'a'", "1:1: expected a word, a value or a sign; found \"'\""},
      // Values.
      {"\"abc", "1:5: expected \" at the end of the text; found the end"},
      {"\"a\nb\"",
       "1:3: expected \" on the line where the text begins, or \\n; found the end of the line"},
      {"\"a\\x\"", "1:3: expected one of \\\" \\\\ \\n \\t \\u{1F600}; found \"\\x\""},
      {"\"\\u{D800}\"", "1:2: expected one of \\\" \\\\ \\n \\t \\u{1F600}; found \"\\u\""},
      {"\"\\u{110000}\"", "1:2: expected one of \\\" \\\\ \\n \\t \\u{1F600}; found \"\\u\""},
      {"\"a\\", "1:3: expected one of \\\" \\\\ \\n \\t \\u{1F600}; found \"\\\""},
      {"9223372036854775808",
       "1:1: expected a whole number of 64 bits, or one with a point or an "
       "exponent; found a long number"},
      {"1e999", "1:1: expected a number that 64 bits hold; found \"1e999\""},
      {"2001-2-28",
       "1:1: expected a date such as 2001-02-28 or --02-28, or an instant; found \"2001-2-28\""},
      {"--2-28",
       "1:1: expected a date such as 2001-02-28 or --02-28, or an instant; found \"--2-28\""},
      {"2001-02-30", "1:1: expected a day of the calendar, of the years 1 to 9999; found a date"},
      {"chinese 2023-03-08 leap",
       "1:9: expected a day of the Chinese calendar, of the years 1900 to 2100; found a date"},
      {"2001-02-28T09:00",
       "1:1: expected an instant such as 2026-11-28T09:00:00Z or "
       "2026-11-28T17:00:00.250+08:00; found \"2001-02-28T09:00\""},
      {"2001-02-30T09:00:00Z",
       "1:1: expected an instant such as 2026-11-28T09:00:00Z or "
       "2026-11-28T17:00:00.250+08:00; found \"2001-02-30T09:00:00Z\""},
      {"2001-02-28T09:00:00.0001Z",
       "1:1: expected an instant such as 2026-11-28T09:00:00Z or "
       "2026-11-28T17:00:00.250+08:00; found \"2001-02-28T09:00:00.0001Z\""},
      {"0000-01-01T00:00:00+01:00",
       "1:1: expected a year from 0000 to 9999; found \"0000-01-01T00:00:00+01:00\""},
      {"1.999 CNY", "1:1: expected at most 2 decimals of CNY; found \"1.999\""},
      {"1.5 JPY", "1:1: expected at most 0 decimals of JPY; found \"1.5\""},
      {"1e3 CNY",
       "1:1: expected an amount that 64 bits of minor units hold, without exponent; "
       "found \"1e3\""},
      {"92233720368547758.08 USD",
       "1:1: expected an amount that 64 bits of minor units hold, without exponent; found a long "
       "number"},
      {"30 dayz",
       "1:4: expected a unit of time after 30, such as days, or a currency, such as "
       "CNY; found \"dayz\""},
      {"near(1, 2 days, 3)", "1:11: expected a number without a unit; found \"days\""},
      {"near(1, trait x, 3)", "1:9: expected a number; found \"trait\""},
      {"near(1, 2)", "1:10: expected \",\"; found \")\""},
      // Events.
      {"did()", "1:5: expected a type of event or any event; found \")\""},
      {"did(any)", "1:8: expected \"event\"; found \")\""},
      {"did(order,)", "1:11: expected a type of event or any event; found \")\""},
      {"did(order where)",
       "1:16: expected an operand, such as trait city, or a value; found \")\""},
      {"did(\n order within 30)",
       "2:17: expected a unit of time after 30, such as days; found \")\""},
      {"did(order within days)", "1:18: expected a span of time such as 30 days; found \"days\""},
      {"did(order within 0 days)",
       "1:18: expected a span from 1 ms to 36600 days; found a shorter one"},
      {"did(order within 36601 days)",
       "1:18: expected a span from 1 ms to 36600 days; found a longer one"},
      {"did(order in 7 days)", "1:14: expected last, past, this or previous; found \"7\""},
      {"did(order in last 0 days)", "1:19: expected a whole number from 1 to 10000; found \"0\""},
      {"did(order in last 10001 days)",
       "1:19: expected a whole number from 1 to 10000; found \"10001\""},
      {"did(order in this months)",
       "1:19: expected one of hour, day, week, month, quarter, year; found \"months\""},
      {"did(order from now)",
       "1:16: expected an instant such as 2026-11-28T09:00:00Z; found \"now\""},
      {"sum(value)", "1:10: expected \"of\"; found \")\""},
      {"sequence(view, order)", "1:16: expected then or directly; found \"order\""},
      {"sequence(view within 1 day, then order)",
       "1:15: expected no bound at the first step, before which there is none; found \"within\""},
      {"sequence((view, click, then order)",
       "1:24: expected a type of event or any event, in quotes where it is a word of the "
       "language; found \"then\""},
      {"sequence(view; within 1 day; within 2 days)",
       "1:30: expected a window, such as events within 30 days; found \"within\""},
      {"sequence(view; login)",
       "1:16: expected among, within or a window, in this order; found \"login\""},
      {"sequence(view; events in last 3 days)", "1:23: expected \"within\"; found \"in\""},
      {"sequence(among view; 2)",
       "1:22: expected the number of a condition, from 1 to 1; found \"2\""},
      {"funnel(view, cart)", "1:18: expected \",\" or within, such as within 2 days; found \")\""},
      {"funnel(view within 1 day; strict)",
       "1:33: expected order, increase or deduplication; found \")\""},
      {"funnel(view within 1 day; order)",
       "1:27: expected strict or a window, in this order; found \"order\""},
      // The first of two.
      {"trait = \"abc", "1:7: expected the name of a trait; found \"=\""},
  };
  for (const auto& [text, error] : kWrongs) CHECK(ErrorOf(text) == error);
  CHECK(ErrorOf("trait \xC3\x28") == "1:7: expected UTF-8; found bytes that are not");
  CHECK(ErrorOf("城\n\xED\xA0\x80") == "2:1: expected UTF-8; found bytes that are not");
  CHECK(ErrorOf(std::string("trait x \0", 9)) ==
        "1:9: expected a word, a value or a sign; found U+0000");
}

TEST_CASE("errors repeat nothing that may be of a person, nor much of anything") {
  for (const std::string_view text :
       {"trait x \"13800000001\"", "trait x 13800000001", "trait x 1990-05-20",
        "trait x 1990-05-20T00:00:00Z", "did(order within 13800000001)", "13800000001 dayz"}) {
    const std::string error = ErrorOf(text);
    CHECK_THAT(error, HoldsText("; found "));
    CHECK(error.find("138000") == std::string::npos);
    CHECK(error.find("1990") == std::string::npos);
  }
  CHECK(ErrorOf("trait x " + std::string(10'000, 'y')).size() < 120);
}

// ---- Bounds ----

std::string Repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (; times > 0; --times) all += text;
  return all;
}

TEST_CASE("nesting is bounded before it is descended into") {
  const auto nested = [](std::string_view open, std::size_t times, std::string_view close) {
    return Repeated(open, times) + "trait x" + Repeated(close, times);
  };
  struct Shape {
    std::string open, close;
    std::size_t most;  // times
  };
  for (const Shape& shape :
       {Shape{"(", ")", 64}, Shape{"not ", "", 63}, Shape{"- ", "", 63}, Shape{"-(", ")", 63},
        Shape{"size of ", "", 63}, Shape{"size of (", ")", 63}, Shape{"1 + (", ")", 63},
        Shape{"(", " is known)", 63}, Shape{"(not (", "))", 32}, Shape{"(-(", "))", 32},
        Shape{"sum(value of a where ", ")", 31}, Shape{"sequence(a where ", ")", 31}}) {
    INFO(shape.open);
    CHECK(ParseExpression(nested(shape.open, shape.most, shape.close)).ok());
    for (const std::size_t times : {shape.most + 1, std::size_t{1'000}})
      CHECK_THAT(ErrorOf(nested(shape.open, times, shape.close)),
                 HoldsText("expected at most 64 parts in one another; found more"));
  }
  CHECK(ErrorOf(Repeated("(", 10'000)) ==
        "1:65: expected at most 64 parts in one another; found more");
  CHECK(ErrorOf(Repeated("not ", 10'000)) ==
        "1:257: expected at most 64 parts in one another; found more");
  CHECK_THAT(ErrorOf("1" + Repeated(" + 1", 10'000)), HoldsText("expected at most 64 parts"));
}

TEST_CASE("an expression as deep as is allowed is written and read back") {
  // In each of these every level takes its own parentheses.
  const auto deep = [](const auto& around) {
    Expression expression = Node(Op::kEventTime, {});
    while (SizeOf(expression).depth < kMaxExpressionDepth) expression = around(expression);
    REQUIRE(SizeOf(expression).depth == kMaxExpressionDepth);
    const auto parsed = ParseExpression(WriteExpression(expression));
    REQUIRE(parsed.ok());
    CHECK(*parsed == expression);
  };
  deep([](const Expression& x) { return Node(Op::kNegate, {x}); });
  deep([](const Expression& x) { return Node(Op::kNot, {x}); });
  deep([](const Expression& x) { return Node(Op::kIsKnown, {x}); });
  deep([](const Expression& x) { return Node(Op::kSubtract, {MinusOne(), x}); });
  deep([](const Expression& x) { return Node(Op::kSubtract, {x, MinusOne()}); });
  deep([](const Expression& x) { return Node(Op::kOr, {x, MinusOne()}); });
  deep([](const Expression& x) {
    return x.op == Op::kYearOf ? Node(Op::kNegate, {x}) : Node(Op::kYearOf, {x});
  });
}

TEST_CASE("parts, values, steps and bytes are bounded") {
  CHECK(ParseExpression("no" + Repeated(" or no", 4'094)).ok());
  CHECK_THAT(ErrorOf("no" + Repeated(" or no", 4'095)),
             HoldsText("expected at most 4096 parts; found more"));
  CHECK(ErrorOf("no" + Repeated(" or no", 100'000)) ==
        "1:65537: expected at most 65536 bytes; found 600002");
  CHECK_THAT(ErrorOf(std::string(10 << 20, '(')),
             HoldsText("expected at most 65536 bytes; found 10485760"));
  CHECK_THAT(ErrorOf(Repeated("\xFF\n", 5 << 20)), HoldsText("expected at most 65536 bytes"));
  CHECK(ParseExpression("trait x" + std::string(kMaxExpressionBytes - 7, ' ')).ok());

  CHECK(ParseExpression("1 in (1" + Repeated(", 1", 1'023) + ")").ok());
  CHECK_THAT(ErrorOf("1 in (1" + Repeated(", 1", 1'024) + ")"),
             HoldsText("expected at most 1024 values; found more"));

  CHECK(ParseExpression("sequence(a" + Repeated(", then a", 31) + ")").ok());
  CHECK_THAT(ErrorOf("sequence(a" + Repeated(", then a", 32) + ")"),
             HoldsText("expected at most 32 steps; found more"));
  CHECK(ParseExpression("funnel(a" + Repeated(", a", 31) + " within 1 day)").ok());
  CHECK_THAT(ErrorOf("funnel(a" + Repeated(", a", 32) + " within 1 day)"),
             HoldsText("expected at most 32 steps; found more"));
  CHECK_THAT(ErrorOf("sequence(a; among b" + Repeated(", b", 4'095) + ")"),
             HoldsText("expected at most 4096 parts; found more"));

  // Conditions that steps share are parts once.
  std::string wide = "sequence(a where yes" + Repeated(" or yes", 199);
  CHECK(ParseExpression(wide + Repeated(", then a where yes" + Repeated(" or yes", 199), 31) + ")")
            .ok());
}

}  // namespace
}  // namespace polyonym::harness
