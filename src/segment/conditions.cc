#include "segment/conditions.h"

#include <algorithm>
#include <string_view>
#include <variant>

#include "absl/strings/string_view.h"
#include "polyonym/segment/text.h"
#include "segment/below_first.h"
#include "segment/compare.h"
#include "segment/definition_lookup.h"
#include "segment/evaluator.h"
#include "segment/outlook.h"
#include "segment/parts.h"

namespace polyonym::segment {
namespace {

using Op = ExpressionOp;

bool IsLogic(Op op) { return op == Op::kAnd || op == Op::kOr || op == Op::kNot; }

bool ComparesTwo(Op op) { return op >= Op::kEqual && op <= Op::kGreaterEqual; }

// The texts of which a trait of one value must be one; none: something else is asked.
std::vector<std::string> TextsOfTrait(const CompiledSegment& of, const Expression& part) {
  if ((part.op != Op::kEqual && part.op != Op::kIn) || part.args[0].op != Op::kTrait ||
      of.PreparedOf(part.args[0]).is_list)
    return {};
  const auto text_of = [](const Value& value) { return std::get_if<std::string>(&value.is); };
  if (part.op == Op::kEqual) {
    const bool is = part.args[1].op == Op::kLiteral && text_of(part.args[1].value) != nullptr;
    return is ? std::vector<std::string>{*text_of(part.args[1].value)} : std::vector<std::string>();
  }
  std::vector<std::string> texts;
  for (const Value& value : std::get<ValueList>(part.value.is)) {
    const std::string* text = text_of(value);
    if (text == nullptr) return {};
    texts.push_back(*text);
  }
  return texts;
}

}  // namespace

class Conditions::Maker {
 public:
  Maker(const Definitions& definitions, Conditions* out) : definitions_(definitions), out_(*out) {}

  // Returns the node of the expression; `has`: its conditions.
  std::uint32_t Add(const CompiledSegment& of, const Expression& part,
                    std::vector<std::uint32_t>* has) {
    if (!IsLogic(part.op)) {
      has->push_back(NumberOf(of, part));
      return Put({part.op, has->back(), 0});
    }
    std::vector<std::uint32_t> parts;
    for (const Expression& arg : part.args) parts.push_back(Add(of, arg, has));
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
    if (!is_new) return at->second;
    Condition& condition = out_.conditions_.emplace_back();
    condition = {&of, &part, number, kNone, kNone, false, false, {}, 0, {}};
    ForEachPart(part, [&](const Expression& below) {
      if (below.op == Op::kInSegment) condition.asks_for.push_back(of.PreparedOf(below).segment);
    });
    if (!PutInGroup(number, &condition)) FindQuantity(&condition);
    return number;
  }

  bool PutInGroup(std::uint32_t number, Condition* condition) {
    const Expression& part = *condition->part;
    if (part.op == Op::kTag) {
      const TagDefinition* tag = Find(definitions_.tags, part.name);
      if (tag == nullptr && !definitions_.show_undefined) return false;
      condition->tag_window_ms = tag == nullptr ? 0 : tag->window_ms;
      PutInGroup({true, ""}, {part.name}, number, condition);
      return true;
    }
    const std::vector<std::string> texts = TextsOfTrait(*condition->of, part);
    if (texts.empty()) return false;
    PutInGroup({false, part.args[0].name}, texts, number, condition);
    condition->leader = out_.groups_[condition->group].all.front();
    return true;
  }
  void PutInGroup(const std::pair<bool, std::string>& key, const std::vector<std::string>& texts,
                  std::uint32_t number, Condition* condition) {
    const auto [at, is_new] =
        groups_.try_emplace(key, static_cast<std::uint32_t>(out_.groups_.size()));
    if (is_new) out_.groups_.push_back({key.first, key.second, {}, {}});
    Group& group = out_.groups_[at->second];
    group.all.push_back(number);
    for (const std::string& text : texts) group.conditions[text].push_back(number);
    condition->group = at->second;
  }

  void FindQuantity(Condition* condition) {
    const Expression& part = *condition->part;
    const bool is_of_events = !QueriesOf(part).empty();
    const bool is_first = ComparesTwo(part.op) && IsLiteral(part.args[0]);
    condition->compares =
        ComparesTwo(part.op) && IsLiteral(part.args[0]) != IsLiteral(part.args[1]);
    if (!condition->compares && !is_of_events) return;
    condition->literal_first = is_first;
    if (condition->compares) condition->literal = LiteralOf(part.args[is_first ? 0 : 1]);
    condition->quantity = out_.quantities_.Add(
        *condition->of, condition->compares ? part.args[is_first ? 1 : 0] : part);
  }

  const Definitions& definitions_;
  Conditions& out_;
  absl::flat_hash_map<std::pair<std::string, std::string>, std::uint32_t> numbers_;
  absl::flat_hash_map<std::pair<bool, std::string>, std::uint32_t> groups_;
};

Conditions::Conditions(const std::vector<std::unique_ptr<CompiledSegment>>& segments,
                       const Definitions& definitions) {
  Maker maker(definitions, this);
  roots_.assign(segments.size(), kNone);
  std::vector<std::vector<std::uint32_t>> has(segments.size());
  for (std::size_t s = 0; s < segments.size(); ++s) {
    SettleFrom(
        segments, s, [&](std::size_t at) { return roots_[at] != kNone; },
        [&](std::size_t at) {
          roots_[at] = maker.Add(*segments[at], segments[at]->expression, &has[at]);
        });
  }
  for (Group& group : groups_) {
    group.of_all = Verdicts(conditions_.size());
    for (const std::uint32_t condition : group.all) group.of_all.Set(condition, Verdict::kUnknown);
  }
  above_.resize(conditions_.size());
  for (std::size_t s = 0; s < segments.size(); ++s) {
    std::sort(has[s].begin(), has[s].end());
    has[s].erase(std::unique(has[s].begin(), has[s].end()), has[s].end());
    for (const std::uint32_t condition : has[s])
      above_[condition].push_back(static_cast<std::uint32_t>(s));
    tables_.push_back(TableOf(s, has[s]));
  }
}

Conditions::Table Conditions::TableOf(std::size_t segment,
                                      const std::vector<std::uint32_t>& conditions) const {
  Table table;
  table.is_whole = !conditions.empty() && conditions.size() <= table.conditions.size();
  if (!table.is_whole) return table;
  for (std::size_t i = 0; i < table.conditions.size(); ++i)
    table.conditions[i] = conditions[std::min(i, conditions.size() - 1)];
  constexpr std::array kAll = {Verdict::kFalse, Verdict::kTrue, Verdict::kUnknown};
  std::array<Verdict, 3> are{};
  const auto ask = [&](std::uint32_t condition) {
    const auto at = std::find(conditions.begin(), conditions.end(), condition);
    return are[static_cast<std::size_t>(at - conditions.begin())];
  };
  for (const Verdict first : kAll) {
    for (const Verdict second : kAll) {
      for (const Verdict third : kAll) {
        are = {first, second, third};
        if (Of(roots_[segment], ask) == Verdict::kTrue)
          table.is_true |= std::uint64_t{1} << table.PlaceOf(ask);
      }
    }
  }
  return table;
}

// ---- Logic ----

// False decides an `and`, true an `or`.
template <class Ask>
Verdict Conditions::Joined(const Node& node, Verdict decides, const Ask& ask) const {
  Verdict all = decides == Verdict::kFalse ? Verdict::kTrue : Verdict::kFalse;
  for (std::uint32_t i = node.first; i < node.first + node.parts; ++i) {
    const Verdict is = Of(parts_[i], ask);
    if (is == decides) return decides;
    if (is == Verdict::kUnknown) all = Verdict::kUnknown;
  }
  return all;
}

// `ask(number)`: what a condition is.
template <class Ask>
Verdict Conditions::Of(std::uint32_t number, const Ask& ask) const {
  const Node& node = nodes_[number];
  switch (node.op) {
    case Op::kAnd:
      return Joined(node, Verdict::kFalse, ask);
    case Op::kOr:
      return Joined(node, Verdict::kTrue, ask);
    case Op::kNot: {
      const Verdict is = Of(parts_[node.first], ask);
      if (is == Verdict::kUnknown) return is;
      return is == Verdict::kTrue ? Verdict::kFalse : Verdict::kTrue;
    }
    default:
      return ask(node.first);
  }
}

Verdict Conditions::Known(std::uint32_t node, const Verdicts& verdicts) const {
  return Of(node, [&](std::uint32_t condition) { return verdicts.Of(condition); });
}

// ---- One condition ----

// Of one evaluation.
struct Conditions::Asked {
  Subject* person;
  Answers& answers;
};

Verdict Conditions::OfCondition(std::uint32_t number, const Asked& asked) const {
  Verdicts& verdicts = asked.answers.conditions;
  if (const Verdict verdict = verdicts.Of(number); verdict != Verdict::kNotAsked) return verdict;
  const Condition& condition = conditions_[number];
  if (condition.group != kNone) {
    Settle(groups_[condition.group], asked);
  } else {
    verdicts.Set(number, OfOne(condition, asked));
  }
  return verdicts.Of(number);
}

Verdict Conditions::OfOne(const Condition& condition, const Asked& asked) const {
  const Expression& part = *condition.part;
  if (condition.quantity == kNone) {
    if (condition.group != kNone && groups_[condition.group].is_of_tags)
      return VerdictOf(asked.person->HasTag(part.name, condition.tag_window_ms));
    return VerdictOf(
        Evaluator(*condition.of, asked.person, asked.answers.memberships).IsTrue(part));
  }
  const Datum& is = quantities_.Of(condition.quantity, asked.person, asked.answers.memberships,
                                   &asked.answers.quantities);
  if (!condition.compares) return VerdictOf(FlagOf(is));
  return VerdictOf(condition.literal_first ? Compared(part.op, condition.literal, is)
                                           : Compared(part.op, is, condition.literal));
}

void Conditions::SettleTags(const Group& group, const Asked& asked) const {
  Verdicts& verdicts = asked.answers.conditions;
  verdicts.SetAll(group.of_all, Verdict::kFalse);
  const profile::TagFolder& tags = asked.person->tags();
  for (std::size_t tag = 0; tag < tags.size(); ++tag) {
    const std::string_view name = tags.name(tag);
    const auto at = group.conditions.find(absl::string_view(name.data(), name.size()));
    if (at == group.conditions.end()) continue;
    for (const std::uint32_t condition : at->second) {
      if (tags.IsThere(tag, conditions_[condition].tag_window_ms))
        verdicts.Set(condition, Verdict::kTrue);
    }
  }
}

void Conditions::Settle(const Group& group, const Asked& asked) const {
  if (group.is_of_tags) return SettleTags(group, asked);
  Verdicts& verdicts = asked.answers.conditions;
  const auto settle_all = [&](Verdict verdict) { verdicts.SetAll(group.of_all, verdict); };
  const ProfileTrait* trait = asked.person->Trait(group.trait);
  if (trait == nullptr || trait->values.empty()) return settle_all(Verdict::kUnknown);
  const auto* text =
      trait->values.size() == 1 ? std::get_if<std::string>(&trait->values.front().is) : nullptr;
  if (text == nullptr) {  // nothing is looked up of what is no text
    for (const std::uint32_t condition : group.all)
      verdicts.Set(condition, OfOne(conditions_[condition], asked));
    return;
  }
  settle_all(Verdict::kFalse);
  const auto at = group.conditions.find(*text);
  if (at == group.conditions.end()) return;
  for (const std::uint32_t condition : at->second) verdicts.Set(condition, Verdict::kTrue);
}

std::optional<bool> Conditions::Evaluate(std::size_t segment, Subject* person,
                                         Answers* answers) const {
  if (answers->conditions.empty()) answers->conditions = Verdicts(conditions_.size());
  const Asked asked{person, *answers};
  return FlagOf(
      Of(roots_[segment], [&](std::uint32_t condition) { return OfCondition(condition, asked); }));
}

// ---- All of a person ----

// Their conditions come before this one.
void Conditions::AskSegments(const Condition& condition, const Asked& asked) const {
  if (condition.asks_for.empty()) return;
  asked.answers.memberships.resize(roots_.size());
  for (const std::size_t segment : condition.asks_for) {
    const std::optional<bool> is = FlagOf(Known(roots_[segment], asked.answers.conditions));
    asked.answers.memberships[segment] = {true, is, CompiledSegments::kNever};
  }
}

void Conditions::Assess(Subject* person, Answers* answers) const {
  answers->conditions = Verdicts(conditions_.size());
  const Asked asked{person, *answers};
  for (std::uint32_t i = 0; i < conditions_.size(); ++i) {
    AskSegments(conditions_[i], asked);
    OfCondition(i, asked);
  }
}

void Conditions::Reassess(const SegmentBits& which, Subject* person, Answers* answers,
                          SegmentBits* above) const {
  answers->before = answers->conditions;
  const Asked asked{person, *answers};
  which.ForEach([&](std::size_t i) {
    const Condition& condition = conditions_[i];
    AskSegments(condition, asked);
    if (condition.group != kNone && !groups_[condition.group].is_of_tags) {
      Settle(groups_[condition.group], asked);
    } else {
      answers->conditions.Set(i, OfOne(condition, asked));
    }
  });
  answers->conditions.ForEachOther(answers->before, [&](std::size_t i) {
    for (const std::uint32_t segment : above_[i]) above->Set(segment);
  });
}

std::int64_t Conditions::NextChange(std::size_t number, Subject* person,
                                    const Answers& answers) const {
  const Condition& condition = conditions_[number];
  const bool is_of_texts = condition.group != kNone && !groups_[condition.group].is_of_tags;
  const Expression& part = is_of_texts ? condition.part->args[0] : *condition.part;
  return Forecaster(*condition.of, person, answers.memberships).NextChange(part);
}

}  // namespace polyonym::segment
