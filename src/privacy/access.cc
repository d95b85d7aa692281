#include "polyonym/privacy/access.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "polyonym/model/identifier.h"

namespace polyonym {
namespace {

constexpr std::string_view kAll = "*";
constexpr std::uint8_t kMostSensitive = static_cast<std::uint8_t>(Sensitivity::kSensitive);

std::string FieldOf(FieldKind kind, std::string_view name) {
  std::string field(ToString(kind));
  field += ':';
  return field += name;
}

using Fields = std::set<std::string, std::less<>>;
using Labels = std::map<std::string, std::uint8_t, std::less<>>;

bool Speaks(const Fields& fields, FieldKind kind, std::string_view name) {
  return fields.contains(FieldOf(kind, name)) || fields.contains(FieldOf(kind, kAll));
}

Labels DefinedLabels(const Policy& policy) {
  Labels labels;
  const Definitions& definitions = policy.definitions;
  for (const TraitDefinition& trait : definitions.traits)
    labels[FieldOf(FieldKind::kTrait, trait.name)] = trait.sensitivity;
  for (const EventTrait& computed : definitions.event_traits)
    labels[FieldOf(FieldKind::kTrait, computed.trait.name)] = computed.trait.sensitivity;
  for (const TagDefinition& tag : definitions.tags)
    labels[FieldOf(FieldKind::kTag, tag.name)] = tag.sensitivity;
  for (const NamespacePolicy& ns : policy.namespaces)
    labels[FieldOf(FieldKind::kNamespace, ns.name)] = static_cast<std::uint8_t>(ns.sensitivity);
  return labels;
}

}  // namespace

struct Access::Rules {
  RoleDefinition role;
  Fields also;
  Fields never;
  Labels defined;  // by definitions and namespaces
  Labels labels;   // by PrivacyRules::labels
  std::vector<TagDefinition> tags;
  std::vector<BehaviourTag> behaviours;

  std::uint8_t LabelOf(FieldKind kind, std::string_view name) const {
    const std::string field = FieldOf(kind, name);
    const auto is_defined = defined.find(field);
    auto label = labels.find(field);
    if (label == labels.end()) label = labels.find(FieldOf(kind, kAll));
    return std::max<std::uint8_t>(is_defined == defined.end() ? 0 : is_defined->second,
                                  label == labels.end() ? 0 : label->second);
  }
};

Access::Access(std::shared_ptr<const Rules> rules) : rules_(std::move(rules)) {}

absl::StatusOr<Access> Access::Make(const Policy& policy, std::string_view role) {
  const PrivacyRules& privacy = policy.definitions.privacy;
  const auto at = std::find_if(privacy.roles.begin(), privacy.roles.end(),
                               [&](const RoleDefinition& one) { return one.name == role; });
  if (at == privacy.roles.end())
    return absl::NotFoundError("no role of this name is defined in privacy.roles");
  auto rules = std::make_shared<Rules>();
  rules->role = *at;
  rules->also.insert(at->also.begin(), at->also.end());
  rules->never.insert(at->never.begin(), at->never.end());
  rules->defined = DefinedLabels(policy);
  for (const FieldLabel& label : privacy.labels) rules->labels[label.field] = label.sensitivity;
  rules->tags = policy.definitions.tags;
  rules->behaviours = policy.definitions.behaviours;
  return Access(std::move(rules));
}

const RoleDefinition& Access::role() const { return rules_->role; }

bool Access::Sees(FieldKind kind, std::string_view name) const {
  if (kind == FieldKind::kNamespace) name = FamilyOf(name);
  if (Speaks(rules_->never, kind, name)) return false;
  return Speaks(rules_->also, kind, name) || rules_->LabelOf(kind, name) <= rules_->role.up_to;
}

bool Access::SeesAll(FieldKind kind) const {
  const std::string_view word = ToString(kind);
  const bool is_any_withheld =
      std::any_of(rules_->never.begin(), rules_->never.end(), [&](const std::string& field) {
        return field.size() > word.size() && field[word.size()] == ':' &&
               field.compare(0, word.size(), word) == 0;
      });
  return !is_any_withheld &&
         (rules_->role.up_to >= kMostSensitive || rules_->also.contains(FieldOf(kind, kAll)));
}

bool Access::SeesEverything() const {
  return rules_->never.empty() && rules_->role.up_to >= kMostSensitive;
}

bool Access::MayLookUpBy(std::string_view ns) const {
  const std::vector<std::string>& allowed = rules_->role.namespaces;
  if (allowed.empty()) return Sees(FieldKind::kNamespace, ns);
  return std::find(allowed.begin(), allowed.end(), FamilyOf(ns)) != allowed.end();
}

// A part of a tag is of an event, of a tag below it, or of a fact about the tag itself.
bool Access::SeesPartsOf(std::string_view tag) const {
  const auto is_below = [&](const TagDefinition& below) {
    const TagDefinition* at = &below;
    for (std::size_t steps = 0; at != nullptr && steps <= rules_->tags.size(); ++steps) {
      if (at->name == tag) return true;
      const auto up =
          std::find_if(rules_->tags.begin(), rules_->tags.end(),
                       [&](const TagDefinition& one) { return one.name == at->parent; });
      at = up == rules_->tags.end() ? nullptr : &*up;
    }
    return false;
  };
  std::vector<std::string_view> from = {tag};
  for (const TagDefinition& one : rules_->tags) {
    if (one.name != tag && is_below(one)) from.push_back(one.name);
  }
  const auto sees_events = [&](const BehaviourTag& behaviour) {
    const std::vector<std::string>& types = behaviour.on.types;
    if (types.empty()) return SeesAll(FieldKind::kEvent);
    return std::all_of(types.begin(), types.end(),
                       [&](const std::string& type) { return Sees(FieldKind::kEvent, type); });
  };
  return std::all_of(from.begin(), from.end(), [&](std::string_view name) {
    if (!Sees(FieldKind::kTag, name)) return false;
    return std::all_of(
        rules_->behaviours.begin(), rules_->behaviours.end(), [&](const BehaviourTag& behaviour) {
          const bool may_give =
              behaviour.tag_of.empty() ? behaviour.tag == name : name.starts_with(behaviour.tag);
          return !may_give || sees_events(behaviour);
        });
  });
}

namespace {

// Takes out of a copy what a role does not see, and counts it.
class Taker {
 public:
  Taker(const Access& access, Access::Withheld* withheld)
      : access_(access), withheld_(*withheld), everything_(access.SeesEverything()) {}

  // Of a list the items whose field is not seen.
  template <class T, class NameOf>
  void Keep(FieldKind kind, std::vector<T>* items, const NameOf& name_of) {
    const std::size_t before = items->size();
    std::erase_if(*items, [&](const T& item) { return !access_.Sees(kind, name_of(item)); });
    withheld_[static_cast<std::size_t>(kind)] += before - items->size();
  }

  void KeepIdentifiers(std::vector<Identifier>* identifiers) {
    Keep(FieldKind::kNamespace, identifiers,
         [](const Identifier& identifier) -> const std::string& { return identifier.ns; });
  }

  void Clear(Provenance* from) const {
    if (!everything_) *from = Provenance{.time_ms = from->time_ms};
  }

  void Clear(TraitCandidate* candidate) const { Clear(&candidate->from); }

  void Clear(std::string* where_from) const {
    if (!everything_) where_from->clear();
  }

  // Somebody else, by an identifier.
  void Clear(RelationFact* relation) {
    if (access_.Sees(FieldKind::kNamespace, relation->other.ns)) return;
    ++withheld_[static_cast<std::size_t>(FieldKind::kNamespace)];
    relation->other = {};
  }

  void TakeFrom(Facts* facts) {
    Keep(FieldKind::kTrait, &facts->traits, [](const Trait& trait) { return trait.name; });
    Keep(FieldKind::kTag, &facts->tags, [](const Tag& tag) { return tag.name; });
    Keep(FieldKind::kEvent, &facts->events, [](const Event& event) { return event.type; });
    Keep(FieldKind::kRelation, &facts->relations, [](const RelationFact& r) { return r.type; });
    Keep(FieldKind::kConsent, &facts->consents, [](const Consent& c) { return c.purpose; });
    for (Trait& trait : facts->traits) Clear(&trait.source);
    for (Tag& tag : facts->tags) {
      Clear(&tag.source);
      Clear(&tag.rule);
    }
    for (RelationFact& relation : facts->relations) Clear(&relation);
  }

  bool Takes(FieldKind kind, std::string_view name) {
    const bool takes = !access_.Sees(kind, name);
    withheld_[static_cast<std::size_t>(kind)] += takes ? 1 : 0;
    return takes;
  }

 private:
  const Access& access_;
  Access::Withheld& withheld_;
  const bool everything_;
};

}  // namespace

Profile Access::Seen(const Profile& profile, Withheld* withheld) const {
  Withheld counted = {};
  Taker taker(*this, &counted);
  Profile out = profile;
  taker.KeepIdentifiers(&out.identifiers);
  taker.Keep(FieldKind::kTrait, &out.traits, [](const ProfileTrait& t) { return t.name; });
  for (ProfileTrait& trait : out.traits) {
    if (trait.winner) taker.Clear(&*trait.winner);
    for (TraitCandidate& lost : trait.lost) taker.Clear(&lost);
  }
  taker.Keep(FieldKind::kTag, &out.tags, [](const ProfileTag& tag) { return tag.name; });
  for (ProfileTag& tag : out.tags) {
    if (!SeesPartsOf(tag.name)) tag.parts.clear();
    for (TagPart& part : tag.parts) {
      taker.Clear(&part.from);
      taker.Clear(&part.rule);
    }
  }
  taker.Keep(FieldKind::kConsent, &out.consents, [](const ProfileConsent& c) { return c.purpose; });
  taker.Keep(FieldKind::kScore, &out.ladders, [](const ProfileLadder& l) { return l.name; });
  taker.Keep(FieldKind::kScore, &out.purchases, [](const ProfilePurchases& p) { return p.name; });
  taker.Keep(FieldKind::kScore, &out.channels, [](const ProfileChannels& c) { return c.name; });
  const auto channel = [](const auto& one) { return one.channel; };
  for (ProfileChannels& channels : out.channels)
    taker.Keep(FieldKind::kNamespace, &channels.channels, channel);
  if (!out.contacts.empty() && taker.Takes(FieldKind::kScore, kContactsField)) out.contacts.clear();
  taker.Keep(FieldKind::kNamespace, &out.contacts, channel);
  if (taker.Takes(FieldKind::kScore, kCompletenessField)) out.completeness = 0;
  taker.Keep(FieldKind::kRelation, &out.relations,
             [](const ProfileRelation& r) { return r.relation.type; });
  for (ProfileRelation& relation : out.relations) {
    taker.Clear(&relation.relation);
    taker.Clear(&relation.from);
  }
  taker.Keep(FieldKind::kEvent, &out.timeline,
             [](const TimelineEvent& one) { return one.event.type; });
  for (TimelineEvent& one : out.timeline) {
    taker.Clear(&one.from);
    if (!SeesEverything()) one.place = 0;  // behind how many other facts it stands
  }
  for (AmbiguousFacts& one : out.ambiguous) {
    taker.Clear(&one.from);
    taker.TakeFrom(&one.facts);
    taker.KeepIdentifiers(&one.here);
    one.elsewhere.clear();
  }
  std::erase_if(out.ambiguous, [](const AmbiguousFacts& one) { return one.facts.empty(); });
  if (!SeesAll(FieldKind::kEvent)) out.events = out.timeline.size();
  if (!SeesEverything()) out.facts = out.left_out = 0;
  if (withheld != nullptr) *withheld = counted;
  return out;
}

std::vector<FactRow> Access::SeenEvents(const std::vector<FactRow>& rows) const {
  std::vector<FactRow> out;
  for (const FactRow& row : rows) {
    FactRow kept;
    for (const Event& event : row.facts.events) {
      if (Sees(FieldKind::kEvent, event.type)) kept.facts.events.push_back(event);
    }
    if (kept.facts.events.empty()) continue;
    kept.from = row.from;
    out.push_back(std::move(kept));
  }
  return out;
}

std::vector<std::string> Access::FieldsOf(const Profile& profile) {
  std::set<std::string> fields;
  const auto add = [&](FieldKind kind, std::string_view name) {
    fields.insert(FieldOf(kind, name));
  };
  for (const Identifier& one : profile.identifiers) add(FieldKind::kNamespace, FamilyOf(one.ns));
  for (const ProfileTrait& one : profile.traits) add(FieldKind::kTrait, one.name);
  for (const ProfileTag& one : profile.tags) add(FieldKind::kTag, one.name);
  for (const ProfileConsent& one : profile.consents) add(FieldKind::kConsent, one.purpose);
  for (const ProfileLadder& one : profile.ladders) add(FieldKind::kScore, one.name);
  for (const ProfilePurchases& one : profile.purchases) add(FieldKind::kScore, one.name);
  for (const ProfileChannels& one : profile.channels) add(FieldKind::kScore, one.name);
  if (!profile.contacts.empty()) add(FieldKind::kScore, kContactsField);
  if (profile.completeness != 0) add(FieldKind::kScore, kCompletenessField);
  for (const ProfileRelation& one : profile.relations) add(FieldKind::kRelation, one.relation.type);
  for (const TimelineEvent& one : profile.timeline) add(FieldKind::kEvent, one.event.type);
  for (const AmbiguousFacts& one : profile.ambiguous) {
    for (const Identifier& identifier : one.here)
      add(FieldKind::kNamespace, FamilyOf(identifier.ns));
    for (const Trait& fact : one.facts.traits) add(FieldKind::kTrait, fact.name);
    for (const Tag& fact : one.facts.tags) add(FieldKind::kTag, fact.name);
    for (const Event& fact : one.facts.events) add(FieldKind::kEvent, fact.type);
    for (const RelationFact& fact : one.facts.relations) add(FieldKind::kRelation, fact.type);
    for (const Consent& fact : one.facts.consents) add(FieldKind::kConsent, fact.purpose);
  }
  return {fields.begin(), fields.end()};
}

}  // namespace polyonym
