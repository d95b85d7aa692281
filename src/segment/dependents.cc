#include "segment/dependents.h"

#include <algorithm>
#include <optional>
#include <span>
#include <variant>

#include "absl/strings/string_view.h"
#include "polyonym/segment/check.h"
#include "segment/definition_lookup.h"
#include "segment/parts.h"

namespace polyonym::segment {
namespace {

// What a property must be.
struct Wanted {
  std::string property;
  std::vector<std::string> texts;  // one of them
};

bool AddText(const Value& value, std::vector<std::string>* texts) {
  const auto* text = std::get_if<std::string>(&value.is);
  if (text != nullptr) texts->push_back(*text);
  return text != nullptr;
}

std::optional<Wanted> WantedByEqual(const Expression& x, const Expression& y) {
  if (x.op != ExpressionOp::kEventProperty || y.op != ExpressionOp::kLiteral) return std::nullopt;
  Wanted wanted{x.name, {}};
  if (!AddText(y.value, &wanted.texts)) return std::nullopt;
  return wanted;
}

// Without which a condition on an event is not true; none: it is not known to have one.
std::optional<Wanted> WantedOf(const Expression& where) {
  switch (where.op) {
    case ExpressionOp::kEqual: {
      auto wanted = WantedByEqual(where.args[0], where.args[1]);
      return wanted ? wanted : WantedByEqual(where.args[1], where.args[0]);
    }
    case ExpressionOp::kIn: {
      const auto* list = std::get_if<ValueList>(&where.value.is);
      if (where.args[0].op != ExpressionOp::kEventProperty || list == nullptr) return std::nullopt;
      Wanted wanted{where.args[0].name, {}};
      for (const Value& value : *list) {
        if (!AddText(value, &wanted.texts)) return std::nullopt;
      }
      return wanted;
    }
    case ExpressionOp::kAnd:
      for (const Expression& arg : where.args) {
        if (auto wanted = WantedOf(arg)) return wanted;
      }
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

}  // namespace

// Goes through the expressions once.
class Dependents::Maker {
 public:
  Maker(const Definitions& definitions, Dependents* out) : definitions_(definitions), out_(*out) {}

  void Add(std::size_t condition, const Expression& expression) {
    condition_ = condition;
    ForEachPart(expression, [&](const Expression& part) { AddPart(part); });
  }

 private:
  OfName& Of(Kind kind, const std::string& name) {
    auto& by_name = out_.kinds_[static_cast<std::size_t>(kind)].by_name;
    const auto [at, is_new] = by_name.try_emplace(name);
    if (is_new) at->second.all = SegmentBits(out_.size_);
    return at->second;
  }
  void Note(Kind kind, const std::string& name) { Of(kind, name).all.Set(condition_); }
  void NoteAny(Kind kind) { out_.kinds_[static_cast<std::size_t>(kind)].of_any.Set(condition_); }

  void AddTypes(std::span<const std::string> types) {
    for (const std::string& type : types) Note(Kind::kEvent, type);
    if (types.empty()) NoteAny(Kind::kEvent);
  }

  void AddQuery(const EventQuery& query) {
    const auto wanted = query.where.empty() ? std::nullopt : WantedOf(query.where.front());
    if (!wanted || query.types.empty()) return AddTypes(query.types);
    for (const std::string& type : query.types) {
      auto& by_text = Of(Kind::kEvent, type).by_text[wanted->property];
      for (const std::string& text : wanted->texts)
        by_text.try_emplace(text, SegmentBits(out_.size_)).first->second.Set(condition_);
    }
  }

  void AddTrait(const std::string& name) {
    Note(Kind::kTrait, name);
    for (const EventTrait& computed : definitions_.event_traits) {
      if (computed.trait.name == name) AddTypes(computed.on.types);
    }
  }

  bool MayGive(const BehaviourTag& behaviour, const std::string& tag) const {
    return behaviour.tag_of.empty() ? behaviour.tag == tag : tag.starts_with(behaviour.tag);
  }
  // Whether what is told of `below` is told of `tag` too.
  bool IsBelow(const TagDefinition& below, const std::string& tag) const {
    const TagDefinition* at = &below;
    for (std::size_t steps = 0; at != nullptr && steps <= definitions_.tags.size(); ++steps) {
      if (at->name == tag) return true;
      at = at->parent.empty() ? nullptr : Find(definitions_.tags, at->parent);
    }
    return false;
  }
  void AddTag(const std::string& name) {
    std::vector<std::string> names = {name};
    for (const TagDefinition& tag : definitions_.tags) {
      if (tag.name != name && IsBelow(tag, name)) names.push_back(tag.name);
    }
    for (const std::string& told : names) {
      Note(Kind::kTag, told);
      for (const BehaviourTag& behaviour : definitions_.behaviours) {
        if (MayGive(behaviour, told)) AddTypes(behaviour.on.types);
      }
    }
  }
  void AddTagsOf(ExpressionOp op, const std::string& name) {
    for (const TagDefinition& tag : definitions_.tags) {
      const bool is_of =
          op == ExpressionOp::kTagsOfClass
              ? ToString(tag.klass) == name
              : std::find(tag.topics.begin(), tag.topics.end(), name) != tag.topics.end();
      if (is_of) AddTag(tag.name);
    }
  }
  void AddCompleteness() {
    for (const TraitDefinition& trait : definitions_.traits) {
      if (trait.completeness_weight != 0) AddTrait(trait.name);
    }
    for (const EventTrait& computed : definitions_.event_traits) {
      if (computed.trait.completeness_weight != 0) AddTrait(computed.trait.name);
    }
  }
  void AddScore(const std::string& name) {
    for (const PurchaseScore& score : definitions_.purchase_scores) {
      if (score.name == name) AddTypes(score.on.types);
    }
    for (const ChannelScore& score : definitions_.channel_scores) {
      if (score.name == name) AddTypes(score.on.types);
    }
  }

  void AddPart(const Expression& part) {
    using Op = ExpressionOp;
    switch (part.op) {
      case Op::kTrait:
        return AddTrait(part.name);
      case Op::kCompleteness:
        return AddCompleteness();
      case Op::kTag:
      case Op::kTagScore:
      case Op::kTagCount:
      case Op::kTagFirst:
      case Op::kTagLast:
      case Op::kTagPlace:
      case Op::kTagLayer:
        return AddTag(part.name);
      case Op::kTagsOfClass:
      case Op::kTagsOfTopic:
        return AddTagsOf(part.op, part.name);
      case Op::kHas:
      case Op::kIdentifiers:
        return Note(Kind::kIdentifier, part.name);
      case Op::kConsent:
      case Op::kConsentConflict:
        return Note(Kind::kConsent, part.name);
      case Op::kRelations:
      case Op::kRelatedTo:
        return Note(Kind::kRelation, part.name);
      case Op::kStage:
      case Op::kHighestStage:
      case Op::kStageEntered:
        return NoteAny(Kind::kEvent);  // the first event of all begins the first stage
      case Op::kScore:
      case Op::kChannelShare:
      case Op::kTopChannel:
        return AddScore(part.name);
      default:
        break;
    }
    for (const EventQuery& query : part.events) AddQuery(query);
    for (const EventSequence& sequence : part.sequence) {
      for (const EventQuery& condition : sequence.conditions) AddQuery(condition);
    }
  }

  const Definitions& definitions_;
  Dependents& out_;
  std::size_t condition_ = 0;
};

Dependents::Dependents(const CompiledSegments& segments, const Conditions& conditions,
                       const Definitions& definitions)
    : size_(conditions.size()), of_anchor_(size_), of_time_(size_) {
  for (OfKind& kind : kinds_) kind.of_any = SegmentBits(size_);
  Maker maker(definitions, this);
  for (std::size_t c = 0; c < size_; ++c) {
    const Conditions::Condition& condition = conditions[c];
    maker.Add(condition.leader, *condition.part);
    std::uint32_t inputs = InputsOf(*condition.part, definitions);
    // With the segments that it asks for, and those that these ask for.
    std::vector<bool> known(segments.size());
    std::vector<std::size_t> open = condition.asks_for;
    while (!open.empty()) {
      const std::size_t at = open.back();
      open.pop_back();
      if (known[at]) continue;
      known[at] = true;
      maker.Add(condition.leader, segments.expression(at));
      inputs |= segments.inputs(at);
      for (const std::string& name : SegmentsIn(segments.expression(at)))
        open.push_back(segments.Find(name));
    }
    if ((inputs & kInputAnchor) != 0) of_anchor_.Set(condition.leader);
    if ((inputs & kInputClock) != 0) of_time_.Set(condition.leader);
  }
  for (OfKind& kind : kinds_) {
    for (auto& [name, of] : kind.by_name) of.all |= kind.of_any;
  }
}

const Dependents::OfName* Dependents::AddNamed(Kind kind, std::string_view name,
                                               SegmentBits* conditions) const {
  const OfKind& of = kinds_[static_cast<std::size_t>(kind)];
  const auto at = of.by_name.find(absl::string_view(name.data(), name.size()));
  if (at == of.by_name.end()) {
    *conditions |= of.of_any;
    return nullptr;
  }
  *conditions |= at->second.all;
  return &at->second;
}

void Dependents::AddEvent(const Event& event, SegmentBits* conditions) const {
  const OfName* of = AddNamed(Kind::kEvent, event.type, conditions);
  if (of == nullptr) return;
  for (const auto& [property, by_text] : of->by_text) {
    const auto has = event.properties.find(property);
    if (has == event.properties.end()) continue;
    const auto* text = std::get_if<std::string>(&has->second.is);
    if (text == nullptr) continue;
    const auto at = by_text.find(*text);
    if (at != by_text.end()) *conditions |= at->second;
  }
}

void Dependents::Add(const Identifier& identifier, SegmentBits* conditions) const {
  AddNamed(Kind::kIdentifier, identifier.ns, conditions);
  AddNamed(Kind::kIdentifier, FamilyOf(identifier.ns), conditions);
}

void Dependents::Add(const Facts& facts, SegmentBits* conditions) const {
  for (const Trait& trait : facts.traits) AddNamed(Kind::kTrait, trait.name, conditions);
  for (const Tag& tag : facts.tags) AddNamed(Kind::kTag, tag.name, conditions);
  for (const Event& event : facts.events) AddEvent(event, conditions);
  for (const Consent& consent : facts.consents)
    AddNamed(Kind::kConsent, consent.purpose, conditions);
  for (const RelationFact& relation : facts.relations)
    AddNamed(Kind::kRelation, relation.type, conditions);
}

}  // namespace polyonym::segment
