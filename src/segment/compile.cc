// Segments out of definitions: parsed, checked, and each expression made ready.
#include "segment/compile.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "model/pattern.h"
#include "polyonym/segment/check.h"
#include "polyonym/segment/text.h"
#include "segment/consent_gates.h"

namespace polyonym::segment {
namespace {

std::string At(std::size_t segment, std::string_view field) {
  return absl::StrCat("segments[", segment, "].", absl::string_view(field.data(), field.size()));
}

absl::Status Fault(std::size_t segment, std::string_view field, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(At(segment, field), ": ", what));
}

bool ChoosesOne(Fold fold) {
  switch (fold) {
    case Fold::kLatest:
    case Fold::kFirst:
    case Fold::kMostTrusted:
    case Fold::kSelfDeclared:
    case Fold::kMostFrequent:
    case Fold::kMostRestrictive:
      return true;
    default:
      return false;
  }
}

// What preparing looks up by name.
struct Names {
  std::map<std::string_view, const TraitDefinition*> traits;
  std::map<std::string_view, std::size_t> segments;
};

Names NamesOf(const Definitions& definitions) {
  Names names;
  for (const TraitDefinition& trait : definitions.traits) names.traits.emplace(trait.name, &trait);
  for (const EventTrait& computed : definitions.event_traits)
    names.traits.emplace(computed.trait.name, &computed.trait);
  for (std::size_t i = 0; i < definitions.segments.size(); ++i)
    names.segments.emplace(definitions.segments[i].name, i);
  return names;
}

Prepared PreparedTrait(const Names& names, const std::string& name) {
  Prepared out;
  const auto at = names.traits.find(name);
  if (at == names.traits.end()) return out;
  const TraitDefinition& trait = *at->second;
  out.is_list = trait.fold == Fold::kUnion || trait.fold == Fold::kTopN;
  out.is_flag = trait.type == ValueType::kFlag && ChoosesOne(trait.fold);
  return out;
}

// REQUIRES: CheckExpression() took it, which bounds the depth, the patterns and the names.
void Prepare(const Names& names, const Expression& node, CompiledSegment* out) {
  if (node.op == ExpressionOp::kTrait)
    out->prepared.emplace(&node, PreparedTrait(names, node.name));
  if (node.op == ExpressionOp::kMatches) out->prepared[&node].pattern = CompilePattern(node.name);
  if (node.op == ExpressionOp::kInSegment)
    out->prepared[&node].segment = names.segments.find(node.name)->second;
  const auto prepare_all = [&](const std::vector<Expression>& nodes) {
    for (const Expression& below : nodes) Prepare(names, below, out);
  };
  prepare_all(node.args);
  for (const EventQuery& query : node.events) prepare_all(query.where);
  for (const EventSequence& sequence : node.sequence) {
    for (const EventQuery& condition : sequence.conditions) prepare_all(condition.where);
  }
}

// Read and checked, not ready yet.
// ERRORS: InvalidArgument that begins with `expression: ` or `time_zone: `.
absl::StatusOr<ExpressionType> ReadOne(const Definitions& definitions, const Names& names,
                                       const SegmentDefinition& definition, CompiledSegment* out) {
  const auto fault = [](std::string_view field, const absl::Status& status) {
    return absl::InvalidArgumentError(
        absl::StrCat(absl::string_view(field.data(), field.size()), ": ", status.message()));
  };
  out->name = definition.name;
  auto zone = TimeZone::Of(definition.time_zone);
  if (!zone.ok()) return fault("time_zone", zone.status());
  out->zone = *std::move(zone);
  out->zone_name = definition.time_zone;
  auto parsed = ParseExpression(definition.expression);
  if (!parsed.ok()) return fault("expression", parsed.status());
  out->expression = *std::move(parsed);
  const auto is_segment = [&](std::string_view name) { return names.segments.contains(name); };
  auto type = CheckExpression(out->expression, definitions, is_segment, definition.expression);
  if (!type.ok()) return fault("expression", type.status());
  return type;
}

// REQUIRES: ReadOne() took it.
void GetReady(const Definitions& definitions, const Names& names, CompiledSegment* out) {
  Prepare(names, out->expression, out);
  for (const std::string& name : SegmentsIn(out->expression))
    out->asks_for.push_back(names.segments.find(name)->second);
  out->inputs = InputsOf(out->expression, definitions);
}

// Segments that ask for `from` and each other in a circle, all of which are in `open`; from the first of them by number.
std::string CircleIn(const std::vector<std::unique_ptr<CompiledSegment>>& segments,
                     const std::vector<bool>& open, std::size_t* from) {
  const auto next = [&](std::size_t i) {
    const auto& asks_for = segments[i]->asks_for;
    return *std::find_if(asks_for.begin(), asks_for.end(), [&](std::size_t j) { return open[j]; });
  };
  std::size_t at = *from;
  for (std::size_t i = 0; i < segments.size(); ++i) at = next(at);  // into the circle for sure
  std::vector<std::size_t> circle;
  for (std::size_t i = at; circle.empty() || i != at; i = next(i)) circle.push_back(i);
  std::rotate(circle.begin(), std::min_element(circle.begin(), circle.end()), circle.end());
  *from = circle.front();
  std::string names;
  for (const std::size_t i : circle) absl::StrAppend(&names, segments[i]->name, " -> ");
  return names + segments[circle.front()]->name;
}

// Settles segments that ask for settled ones alone, until none is left; adds up their inputs on the way.
absl::Status SettleInputs(const std::vector<std::unique_ptr<CompiledSegment>>& segments) {
  std::vector<std::vector<std::size_t>> asked_by(segments.size());
  std::vector<std::size_t> open_below(segments.size()), ready;
  std::vector<bool> open(segments.size(), true);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    open_below[i] = segments[i]->asks_for.size();
    for (const std::size_t below : segments[i]->asks_for) asked_by[below].push_back(i);
    if (open_below[i] == 0) ready.push_back(i);
  }
  while (!ready.empty()) {
    const std::size_t settled = ready.back();
    ready.pop_back();
    open[settled] = false;
    for (const std::size_t above : asked_by[settled]) {
      segments[above]->inputs |= segments[settled]->inputs;
      if (--open_below[above] == 0) ready.push_back(above);
    }
  }
  const auto left = std::find(open.begin(), open.end(), true);
  if (left == open.end()) return absl::OkStatus();
  auto at = static_cast<std::size_t>(left - open.begin());
  const std::string circle = CircleIn(segments, open, &at);
  return Fault(at, "expression", absl::StrCat("segments ask for each other in a circle: ", circle));
}

}  // namespace

absl::StatusOr<std::vector<std::unique_ptr<CompiledSegment>>> CompileAll(
    const Definitions& definitions) {
  const Names names = NamesOf(definitions);
  std::vector<std::unique_ptr<CompiledSegment>> segments;
  for (std::size_t i = 0; i < definitions.segments.size(); ++i) {
    const SegmentDefinition& definition = definitions.segments[i];
    auto segment = std::make_unique<CompiledSegment>();
    const auto type = ReadOne(definitions, names, definition, segment.get());
    if (!type.ok())
      return absl::InvalidArgumentError(
          absl::StrCat("segments[", i, "].", type.status().message()));
    if (*type != ExpressionType::kFlag) {
      const std::string_view is = ToString(*type);
      return Fault(i, "expression",
                   absl::StrCat("must be a flag, yes or no of each person; it is of type ",
                                absl::string_view(is.data(), is.size())));
    }
    segment->expression = WithConsents(definitions, definition, std::move(segment->expression));
    GetReady(definitions, names, segment.get());
    segments.push_back(std::move(segment));
  }
  const absl::Status status = SettleInputs(segments);
  if (!status.ok()) return status;
  return segments;
}

absl::StatusOr<std::unique_ptr<CompiledSegment>> CompileNumber(const Definitions& definitions,
                                                               std::string_view expression,
                                                               std::string_view time_zone) {
  Names names = NamesOf(definitions);
  names.segments.clear();  // there is nobody to settle them for a number
  auto out = std::make_unique<CompiledSegment>();
  const auto type =
      ReadOne(definitions, names, {"", std::string(expression), std::string(time_zone)}, out.get());
  if (!type.ok()) return type.status();
  if (*type != ExpressionType::kNumber && *type != ExpressionType::kInstant &&
      *type != ExpressionType::kDuration && *type != ExpressionType::kMoney) {
    const std::string_view is = ToString(*type);
    return absl::InvalidArgumentError(
        absl::StrCat("expression: must be a number, an instant, a duration or money of each "
                     "person; it is of type ",
                     absl::string_view(is.data(), is.size())));
  }
  GetReady(definitions, names, out.get());
  return out;
}

}  // namespace polyonym::segment
