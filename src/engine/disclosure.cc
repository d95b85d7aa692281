#include "engine/disclosure.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "polyonym/segment/text.h"

namespace polyonym::engine {
namespace {

std::string FieldName(FieldKind kind, std::string_view name) {
  return std::string(ToString(kind)) + ":" + std::string(name);
}

// Fields of a profile that no definition names.
constexpr std::string_view kContacts = "contacts";
constexpr std::string_view kCompleteness = "completeness";

SegmentExplanation Hidden() {
  SegmentExplanation part;
  part.text = part.value = std::string(kWithheldPart);
  return part;
}

}  // namespace

Disclosure::Disclosure(const Definitions& definitions) : rules_(definitions.privacy.disclosures) {
  for (const DisclosureRule& rule : rules_) {
    if (const auto field = ParseField(rule.field)) by_field_[*field] = &rule;
  }
  const auto define = [&](FieldKind kind, const std::string& name) {
    defined_.insert({kind, name});
  };
  for (const auto& trait : definitions.traits) define(FieldKind::kTrait, trait.name);
  for (const auto& computed : definitions.event_traits)
    define(FieldKind::kTrait, computed.trait.name);
  for (const auto& tag : definitions.tags) define(FieldKind::kTag, tag.name);
  for (const auto& purpose : definitions.purposes) define(FieldKind::kConsent, purpose.name);
  for (const auto& score : definitions.purchase_scores) define(FieldKind::kScore, score.name);
  for (const auto& score : definitions.channel_scores) define(FieldKind::kScore, score.name);
  for (const auto& ladder : definitions.ladders) define(FieldKind::kScore, ladder.name);
}

// The rule that withholds it; null: none does. That for the field itself goes before that for all of its kind.
const DisclosureRule* Disclosure::RuleOf(FieldKind kind, std::string_view name) const {
  auto at = by_field_.find({kind, name});
  if (at == by_field_.end()) at = by_field_.find({kind, "*"});
  return at == by_field_.end() || at->second->may_see ? nullptr : at->second;
}

bool Disclosure::AllowsNamespace(std::string_view ns) const {
  return Allows(FieldKind::kNamespace, FamilyOf(ns));
}

bool Disclosure::Tells(FieldKind kind, std::string_view name) {
  const DisclosureRule* const rule = RuleOf(kind, name);
  if (rule != nullptr) ++counts_[rule->field];
  return rule == nullptr;
}

bool Disclosure::TellsNamespace(std::string_view ns) {
  return Tells(FieldKind::kNamespace, FamilyOf(ns));
}

Facts Disclosure::Told(const Facts& facts, std::uint64_t* left_out) {
  Facts told = facts;
  const auto keep = [&](auto& list, FieldKind kind, const auto& name_of) {
    std::erase_if(list, [&](const auto& fact) {
      const bool is_told =
          left_out == nullptr ? Allows(kind, name_of(fact)) : Tells(kind, name_of(fact));
      if (!is_told && left_out != nullptr) ++*left_out;
      return !is_told;
    });
  };
  keep(told.traits, FieldKind::kTrait, [](const Trait& t) -> std::string_view { return t.name; });
  keep(told.tags, FieldKind::kTag, [](const Tag& t) -> std::string_view { return t.name; });
  keep(told.events, FieldKind::kEvent, [](const Event& e) -> std::string_view { return e.type; });
  keep(told.relations, FieldKind::kRelation,
       [](const RelationFact& r) -> std::string_view { return r.type; });
  keep(told.consents, FieldKind::kConsent,
       [](const Consent& c) -> std::string_view { return c.purpose; });
  return told;
}

// ---- profiles ----

bool Disclosure::IsTold(FieldKind kind, std::string_view name) const {
  return Allows(kind, name) && !computed_.contains(FieldName(kind, name));
}

// Leaves what rules allow and what is the same without the withheld facts. A name that is neither defined nor told may be of a value that is
// withheld, as those of tags by behaviour are.
template <class Item, class NameOf>
void Disclosure::Keep(const std::vector<Item>& told, FieldKind kind, const NameOf& name_of,
                      std::vector<Item>* full) {
  std::erase_if(*full, [&](const Item& item) {
    if (!Tells(kind, name_of(item))) return true;
    if (std::find(told.begin(), told.end(), item) != told.end()) return false;
    const std::string_view name = name_of(item);
    const bool is_known = defined_.contains({kind, std::string(name)}) ||
                          std::any_of(told.begin(), told.end(),
                                      [&](const Item& other) { return name_of(other) == name; });
    computed_.insert(FieldName(kind, name));
    withheld_.insert(FieldName(kind, is_known ? name : "*"));
    return true;
  });
}

// The same of what is one thing and has a field of its own.
bool Disclosure::KeepWhole(bool is_same, std::string_view score) {
  if (!Tells(FieldKind::kScore, score)) return false;
  if (is_same) return true;
  computed_.insert(FieldName(FieldKind::kScore, score));
  withheld_.insert(FieldName(FieldKind::kScore, score));
  return false;
}

Profile Disclosure::Told(Profile full, const Profile& told) {
  const auto name = [](const auto& item) -> std::string_view { return item.name; };
  Keep(told.traits, FieldKind::kTrait, name, &full.traits);
  Keep(told.tags, FieldKind::kTag, name, &full.tags);
  Keep(told.purchases, FieldKind::kScore, name, &full.purchases);
  Keep(told.channels, FieldKind::kScore, name, &full.channels);
  Keep(
      told.consents, FieldKind::kConsent,
      [](const ProfileConsent& consent) -> std::string_view { return consent.purpose; },
      &full.consents);
  Keep(told.ladders, FieldKind::kScore, name, &full.ladders);
  if (!KeepWhole(full.contacts == told.contacts, kContacts)) full.contacts.clear();
  if (!KeepWhole(full.completeness == told.completeness, kCompleteness)) full.completeness = 0;
  full.events = told.events;
  return full;
}

std::vector<WithheldField> Disclosure::Withheld() const {
  std::vector<WithheldField> out;
  for (const DisclosureRule& rule : rules_) {
    const auto at = counts_.find(rule.field);
    if (at != counts_.end()) out.push_back({rule.field, rule.reason, at->second});
  }
  for (const std::string& field : withheld_)
    out.push_back({field, std::string(kComputedFromWithheld), 1});
  std::sort(out.begin(), out.end(),
            [](const WithheldField& a, const WithheldField& b) { return a.field < b.field; });
  return out;
}

// ---- explanations ----

bool Disclosure::AsksForWithheld(const std::vector<EventQuery>& queries) const {
  const bool all_are_told = std::none_of(by_field_.begin(), by_field_.end(), [](const auto& field) {
    return field.first.first == FieldKind::kEvent && !field.second->may_see;
  });
  return std::any_of(queries.begin(), queries.end(), [&](const EventQuery& query) {
    if (query.types.empty() && !all_are_told) return true;
    return std::any_of(query.types.begin(), query.types.end(),
                       [&](const std::string& type) { return !Allows(FieldKind::kEvent, type); }) ||
           std::any_of(query.where.begin(), query.where.end(),
                       [&](const Expression& where) { return AsksForWithheld(where); });
  });
}

// Also whether it names somebody else.
bool Disclosure::AsksForWithheld(const Expression& expression) const {
  using Op = ExpressionOp;
  const auto hides = [&](FieldKind kind) { return !IsTold(kind, expression.name); };
  const auto hides_any = [&](FieldKind kind) {
    const std::string prefix = FieldName(kind, "");
    return std::any_of(counts_.begin(), counts_.end(),
                       [&](const auto& count) { return count.first.starts_with(prefix); }) ||
           std::any_of(computed_.begin(), computed_.end(),
                       [&](const std::string& field) { return field.starts_with(prefix); });
  };
  bool withheld = false;
  switch (expression.op) {
    case Op::kHas:
    case Op::kIdentifiers:
      withheld = !AllowsNamespace(expression.name);
      break;
    case Op::kTrait:
      withheld = hides(FieldKind::kTrait);
      break;
    case Op::kTag:
    case Op::kTagScore:
    case Op::kTagCount:
    case Op::kTagFirst:
    case Op::kTagLast:
    case Op::kTagPlace:
    case Op::kTagLayer:
      withheld = hides(FieldKind::kTag);
      break;
    case Op::kTagsOfClass:
    case Op::kTagsOfTopic:
      withheld = hides_any(FieldKind::kTag);
      break;
    case Op::kConsent:
    case Op::kConsentConflict:
      withheld = hides(FieldKind::kConsent);
      break;
    case Op::kStage:
    case Op::kHighestStage:
    case Op::kStageEntered:
    case Op::kScore:
    case Op::kChannelShare:
    case Op::kTopChannel:
      withheld = hides(FieldKind::kScore);
      break;
    case Op::kCompleteness:
      withheld = !IsTold(FieldKind::kScore, kCompleteness);
      break;
    case Op::kRelations:
      withheld = hides(FieldKind::kRelation);
      break;
    case Op::kRelatedTo:
      withheld = true;
      break;
    case Op::kInSegment:
      withheld = hides(FieldKind::kSegment);
      break;
    default:
      break;
  }
  const auto asks = [&](const Expression& arg) { return AsksForWithheld(arg); };
  return withheld || std::any_of(expression.args.begin(), expression.args.end(), asks) ||
         AsksForWithheld(expression.events) ||
         std::any_of(expression.sequence.begin(), expression.sequence.end(),
                     [&](const EventSequence& of) { return AsksForWithheld(of.conditions); });
}

// Below a word of logic the parts that ask for nothing withheld are told.
SegmentExplanation Disclosure::Told(SegmentExplanation part) const {
  using Op = ExpressionOp;
  const auto expression = ParseExpression(part.text);
  if (!expression.ok()) return Hidden();
  if (!AsksForWithheld(*expression)) return part;
  if (expression->op != Op::kAnd && expression->op != Op::kOr && expression->op != Op::kNot)
    return Hidden();
  part.text = expression->op == Op::kAnd ? "and" : expression->op == Op::kOr ? "or" : "not";
  // Of `not` the answer is that of the part below it.
  if (expression->op == Op::kNot) {
    part.value = std::string(kWithheldPart);
    part.verdict.reset();
  }
  for (SegmentExplanation& below : part.parts) below = Told(std::move(below));
  const bool all_are_hidden =
      std::all_of(part.parts.begin(), part.parts.end(),
                  [](const SegmentExplanation& below) { return below.text == kWithheldPart; });
  return all_are_hidden ? Hidden() : part;
}

}  // namespace polyonym::engine
