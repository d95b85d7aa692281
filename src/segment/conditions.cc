#include "segment/conditions.h"

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "polyonym/segment/text.h"
#include "segment/definition_lookup.h"
#include "segment/evaluator.h"

namespace polyonym::segment {
namespace {

bool IsLogic(ExpressionOp op) {
  return op == ExpressionOp::kAnd || op == ExpressionOp::kOr || op == ExpressionOp::kNot;
}

// The text that a trait of one value must be; null: something else is asked.
const std::string* TextOfTrait(const CompiledSegment& of, const Expression& part) {
  if (part.op != ExpressionOp::kEqual || part.args[0].op != ExpressionOp::kTrait ||
      part.args[1].op != ExpressionOp::kLiteral || of.PreparedOf(part.args[0]).is_list)
    return nullptr;
  return std::get_if<std::string>(&part.args[1].value.is);
}

}  // namespace

class Conditions::Maker {
 public:
  Maker(const Definitions& definitions, Conditions* out) : definitions_(definitions), out_(*out) {}

  std::uint32_t Add(const CompiledSegment& of, const Expression& part) {
    if (!IsLogic(part.op)) return Put({part.op, NumberOf(of, part), 0});
    std::vector<std::uint32_t> parts;
    for (const Expression& arg : part.args) parts.push_back(Add(of, arg));
    const auto first = static_cast<std::uint32_t>(out_.parts_.size());
    out_.parts_.insert(out_.parts_.end(), parts.begin(), parts.end());
    return Put({part.op, first, static_cast<std::uint32_t>(parts.size())});
  }

 private:
  std::uint32_t Put(Node node) {
    out_.nodes_.push_back(node);
    return static_cast<std::uint32_t>(out_.nodes_.size() - 1);
  }
  std::uint32_t NumberOf(const CompiledSegment& of, const Expression& part) {
    const auto number = static_cast<std::uint32_t>(out_.conditions_.size());
    const auto [at, is_new] = numbers_.try_emplace({of.zone_name, WriteExpression(part)}, number);
    if (is_new) out_.conditions_.push_back({&of, &part, GroupOf(of, part, number)});
    return at->second;
  }
  std::uint32_t GroupOf(const CompiledSegment& of, const Expression& part, std::uint32_t number) {
    const std::string* text = TextOfTrait(of, part);
    const bool is_tag = part.op == ExpressionOp::kTag;
    if (!is_tag && text == nullptr) return kNoGroup;
    const TagDefinition* tag = is_tag ? Find(definitions_.tags, part.name) : nullptr;
    if (is_tag && tag == nullptr && !definitions_.show_undefined) return kNoGroup;
    const std::string trait = is_tag ? "" : part.args[0].name;
    const auto [at, is_new] =
        groups_.try_emplace({is_tag, trait}, static_cast<std::uint32_t>(out_.groups_.size()));
    if (is_new) out_.groups_.push_back({is_tag, trait, {}});
    // One of another zone has the same answer; it is asked for by itself.
    auto& conditions = out_.groups_[at->second].conditions;
    const bool is_first =
        conditions
            .try_emplace(is_tag ? part.name : *text,
                         Group::Settled{number, tag == nullptr ? 0 : tag->window_ms})
            .second;
    return is_first ? at->second : kNoGroup;
  }

  const Definitions& definitions_;
  Conditions& out_;
  absl::flat_hash_map<std::pair<std::string, std::string>, std::uint32_t> numbers_;
  absl::flat_hash_map<std::pair<bool, std::string>, std::uint32_t> groups_;
};

Conditions::Conditions(const std::vector<std::unique_ptr<CompiledSegment>>& segments,
                       const Definitions& definitions) {
  Maker maker(definitions, this);
  for (const auto& segment : segments) roots_.push_back(maker.Add(*segment, segment->expression));
}

// Of one evaluation.
struct Conditions::Asked {
  SegmentSubject::Impl* person;
  SegmentSubject::Impl::Answers& answers;
};

// False decides an `and`, true an `or`.
Conditions::Verdict Conditions::Joined(const Node& node, Verdict decides,
                                       const Asked& asked) const {
  Verdict all = decides == Verdict::kFalse ? Verdict::kTrue : Verdict::kFalse;
  for (std::uint32_t i = node.first; i < node.first + node.parts; ++i) {
    const Verdict is = Of(parts_[i], asked);
    if (is == decides) return decides;
    if (is == Verdict::kUnknown) all = Verdict::kUnknown;
  }
  return all;
}

Conditions::Verdict Conditions::Of(std::uint32_t number, const Asked& asked) const {
  const Node& node = nodes_[number];
  switch (node.op) {
    case ExpressionOp::kAnd:
      return Joined(node, Verdict::kFalse, asked);
    case ExpressionOp::kOr:
      return Joined(node, Verdict::kTrue, asked);
    case ExpressionOp::kNot: {
      const Verdict is = Of(parts_[node.first], asked);
      if (is == Verdict::kUnknown) return is;
      return is == Verdict::kTrue ? Verdict::kFalse : Verdict::kTrue;
    }
    default:
      return OfCondition(node.first, asked);
  }
}

Conditions::Verdict Conditions::OfCondition(std::uint32_t number, const Asked& asked) const {
  Verdict& verdict = asked.answers.conditions[number];
  if (verdict != Verdict::kNotAsked) return verdict;
  const Condition& condition = conditions_[number];
  if (condition.group != kNoGroup) Settle(groups_[condition.group], asked);
  if (verdict != Verdict::kNotAsked) return verdict;
  const std::optional<bool> is =
      Evaluator(*condition.of, asked.person, asked.answers.memberships).IsTrue(*condition.part);
  verdict = !is ? Verdict::kUnknown : *is ? Verdict::kTrue : Verdict::kFalse;
  return verdict;
}

// Leaves those of a trait open that is no text, or several values.
void Conditions::Settle(const Group& group, const Asked& asked) const {
  auto& verdicts = asked.answers.conditions;
  const auto settle_all = [&](Verdict verdict) {
    for (const auto& [what, settled] : group.conditions) verdicts[settled.condition] = verdict;
  };
  const auto find = [&](std::string_view what) {
    const auto at = group.conditions.find(absl::string_view(what.data(), what.size()));
    return at == group.conditions.end() ? nullptr : &at->second;
  };
  if (group.is_of_tags) {
    settle_all(Verdict::kFalse);
    const profile::TagFolder& tags = asked.person->tags();
    for (std::size_t tag = 0; tag < tags.size(); ++tag) {
      const Group::Settled* settled = find(tags.name(tag));
      if (settled != nullptr && tags.IsThere(tag, settled->window_ms))
        verdicts[settled->condition] = Verdict::kTrue;
    }
    return;
  }
  const ProfileTrait* trait = asked.person->Trait(group.trait);
  if (trait == nullptr || trait->values.empty()) return settle_all(Verdict::kUnknown);
  if (trait->values.size() != 1) return;
  const auto* text = std::get_if<std::string>(&trait->values.front().is);
  if (text == nullptr) return;
  settle_all(Verdict::kFalse);
  if (const Group::Settled* settled = find(*text)) verdicts[settled->condition] = Verdict::kTrue;
}

std::optional<bool> Conditions::Evaluate(std::size_t segment, SegmentSubject::Impl* person,
                                         SegmentSubject::Impl::Answers* answers) const {
  if (answers->conditions.empty()) answers->conditions.resize(conditions_.size());
  const Verdict is = Of(roots_[segment], {person, *answers});
  return is == Verdict::kUnknown ? std::nullopt : std::optional<bool>(is == Verdict::kTrue);
}

}  // namespace polyonym::segment
