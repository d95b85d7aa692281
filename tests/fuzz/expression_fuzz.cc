// Expressions as text and protobuf: what is read is written and read again as the same, checked, linted and asked of somebody.
#include <functional>
#include <optional>

#include "fuzz/input.h"
#include "polyonym/codec/segment.h"
#include "polyonym/segment/check.h"
#include "polyonym/segment/evaluate.h"
#include "polyonym/segment/text.h"

namespace polyonym::fuzz {
namespace {

Definitions SomeDefinitions() {
  Definitions definitions;
  for (const auto& [name, type] : {std::pair("city", ValueType::kText),
                                   {"age", ValueType::kWhole},
                                   {"born", ValueType::kDate},
                                   {"spent", ValueType::kMoney}}) {
    TraitDefinition& trait = definitions.traits.emplace_back();
    trait.name = name;
    trait.type = type;
  }
  definitions.tags.emplace_back().name = "coffee";
  definitions.purposes.emplace_back().name = "ads";
  definitions.segments.push_back({"all", "yes", ""});
  return definitions;
}

void Use(const Expression& expression) {
  static const Definitions definitions = SomeDefinitions();
  const auto again = ReadExpressionProto(WriteExpressionProto(expression));
  Must(again.status());
  Require(*again == expression, "an expression comes back from protobuf as it was");
  const auto is_segment = [](std::string_view name) { return name == "all"; };
  const auto type = CheckExpression(expression, definitions, is_segment);
  if (!type.ok()) return;
  const std::string text = WriteExpression(expression);
  if (text.size() > kMaxExpressionBytes) return;
  const auto read = ParseExpression(text);
  Must(read.status());
  Require(*read == expression, "an expression comes back from its text as it was");
  LintExpression(expression, definitions);
  if (*type != ExpressionType::kFlag) return;
  Definitions with = definitions;
  with.segments.push_back({"this", text, "Asia/Shanghai"});
  const auto compiled = CompiledSegments::Compile(with);
  Must(compiled.status());
  const Identifier somebody{"phone", "+8613800000001"};
  const std::vector<FactRow> rows;
  SegmentSubject subject(with, rows, std::span(&somebody, 1), somebody, 1'700'000'000'000);
  const std::optional<bool> is = (*compiled)->Evaluate(1, &subject);
  Require((*compiled)->Explain(1, &subject).verdict == is, "it is explained as it is");
}

}  // namespace
}  // namespace polyonym::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace polyonym;
  fuzz::Input in(data, size);
  const std::string text(in.Rest());
  if (const auto expression = ParseExpression(text); expression.ok()) fuzz::Use(*expression);
  if (const auto expression = ReadExpressionProto(text); expression.ok()) fuzz::Use(*expression);
  return 0;
}
