#include "profile_card.h"

#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ambiguous_card.h"
#include "fact_json.h"
#include "groups.h"
#include "score_card.h"

namespace polyonym::driver {

namespace {

std::string UnitOf(const Definitions& definitions, std::string_view trait) {
  for (const TraitDefinition& defined : definitions.traits) {
    if (defined.name == trait) return defined.unit;
  }
  for (const EventTrait& computed : definitions.event_traits) {
    if (computed.trait.name == trait) return computed.trait.unit;
  }
  return "";
}

// ---- fields ----

// null where no explanation was asked for: an empty list would say that there is nothing.
template <class Range, class ToJson>
Json ListIf(bool explain, const Range& range, const ToJson& to_json) {
  return explain ? ListOf(range, to_json) : Json();
}

Json CandidateRow(const TraitCandidate& candidate) {
  Json row = Json::Object();
  row.Set("value", ValueJson(candidate.value));
  row.Set("confidence", NumberOrNull(candidate.confidence));
  SetProvenance(candidate.from, &row);
  return row;
}

Json TraitRow(const ProfileTrait& trait, const Definitions& definitions, bool explain) {
  Json row = Json::Object();
  row.Set("name", trait.name);
  row.Set("type", trait.values.empty() ? Json() : Json(ToString(trait.values.front().type())));
  row.Set("values", ListOf(trait.values, ValueJson))
      .Set("unit", TextOrNull(UnitOf(definitions, trait.name)));
  row.Set("count", trait.count).Set("beyond_bound", trait.beyond_bound);
  row.Set("winner", trait.winner ? CandidateRow(*trait.winner) : Json());
  return std::move(row.Set("lost", ListIf(explain, trait.lost, CandidateRow)));
}

Json PartRow(const TagPart& part) {
  Json row = Json::Object();
  row.Set("counts_for", NumberJson(part.counts_for)).Set("weight", WeightJson(part.weight_micros));
  row.Set("rule", TextOrNull(part.rule));
  SetProvenance(part.from, &row);
  return row;
}

Json ConsentRow(const ProfileConsent& consent) {
  const bool said = consent.state != ConsentState::kUnknown;
  Json row = Json::Object();
  row.Set("purpose", consent.purpose)
      .Set("state", NameOf(consent.state))
      .Set("conflict", consent.conflict);
  return std::move(row.Set("time", said ? Json(FormatTime(consent.time_ms)) : Json()));
}

Json SpellRow(const StageSpell& spell) {
  return std::move(Json::Object()
                       .Set("stage", TextOrNull(spell.stage))
                       .Set("from", FormatTime(spell.from_ms))
                       .Set("to", FormatTime(spell.to_ms)));
}

// Since when they stand there; nothing where no event put them anywhere.
Json EnteredOf(const ProfileLadder& ladder) {
  return ladder.entered_ms == 0 ? Json() : Json(FormatTime(ladder.entered_ms));
}

Json StageRow(const ProfileLadder& ladder, bool explain) {
  Json row = Json::Object();
  row.Set("ladder", ladder.name)
      .Set("stage", TextOrNull(ladder.stage))
      .Set("highest", TextOrNull(ladder.highest))
      .Set("entered", EnteredOf(ladder));
  return std::move(row.Set("spells", ListIf(explain, ladder.spells, SpellRow)));
}

Json ContactRow(const ChannelContact& contact) {
  Json row = Json::Object();
  row.Set("channel", contact.channel)
      .Set("last_in", TimeOrNull(contact.last_in_ms))
      .Set("last_out", TimeOrNull(contact.last_out_ms));
  row.Set("in", contact.in).Set("out", contact.out).Set("events", contact.events);
  return row;
}

std::string OtherOf(const ProfileRelation& one) {
  return one.relation.other.ns + ":" + one.relation.other.value;
}

Json RelationRow(const ProfileRelation& one) {
  Json row = Json::Object();
  row.Set("type", one.relation.type)
      .Set("other", OtherOf(one))
      .Set("weight", WeightJson(one.relation.weight_micros));
  SetProvenance(one.from, &row);
  return row;
}

Json TraitsJson(const Profile& profile, const Definitions& definitions, bool explain) {
  return ListOf(profile.traits,
                [&](const ProfileTrait& t) { return TraitRow(t, definitions, explain); });
}

Json TagsJson(const Profile& profile, bool explain) {
  return ListOf(profile.tags, [&](const ProfileTag& tag) { return TagRow(tag, explain); });
}

Json StagesJson(const Profile& profile, bool explain) {
  return ListOf(profile.ladders, [&](const ProfileLadder& l) { return StageRow(l, explain); });
}

// ---- the card ----

std::string ValuesText(std::span<const Value> values, const std::string& unit) {
  std::string text;
  for (const Value& value : values) {
    text += (text.empty() ? "" : ", ") + ToText(value);
    if (!unit.empty()) text += " " + unit;
  }
  return text;
}

void SetWhence(const Provenance& from, Json* row) {
  row->Set("source", from.source)
      .Set("record", RecordOf(from))
      .Set("belongs_to", ToString(from.belongs_to))
      .Set("when", DayOf(from.time_ms));
}

void PrintTraits(const Profile& profile, const Definitions& definitions, Output* out) {
  if (profile.traits.empty()) return;
  out->Title("traits");
  for (const ProfileTrait& trait : profile.traits) {
    Json row = Json::Object();
    std::string value = ValuesText(trait.values, UnitOf(definitions, trait.name));
    if (trait.beyond_bound) value += " and more";
    row.Set("trait", trait.name).Set("value", std::move(value));
    // What is counted or added up comes from several.
    row.Set("source", trait.winner ? Json(trait.winner->from.source) : Json());
    row.Set("when", trait.winner ? Json(DayOf(trait.winner->from.time_ms)) : Json());
    out->Row(std::move(row.Set("of", trait.count)));
  }
}

void ExplainTraits(const Profile& profile, const Definitions& definitions, Output* out) {
  if (profile.traits.empty()) return;
  out->Title("where traits come from");
  for (const ProfileTrait& trait : profile.traits) {
    const std::string unit = UnitOf(definitions, trait.name);
    const auto print = [&](const TraitCandidate& candidate, const char* part) {
      Json row = Json::Object();
      row.Set("trait", trait.name)
          .Set("value", ValuesText({&candidate.value, 1}, unit))
          .Set("part", part);
      SetWhence(candidate.from, &row);
      out->Row(std::move(row));
    };
    if (trait.winner) print(*trait.winner, "won");
    for (const TraitCandidate& candidate : trait.lost)
      print(candidate, trait.winner ? "lost" : "counted");
  }
}

void ExplainTags(std::span<const ProfileTag> tags, Output* out) {
  if (tags.empty()) return;
  out->Title("what scores are made of");
  for (const ProfileTag& tag : tags) {
    for (const TagPart& part : tag.parts) {
      Json row = Json::Object();
      row.Set("tag", tag.name)
          .Set("counts_for", Fixed(part.counts_for))
          .Set("weight", WeightJson(part.weight_micros))
          .Set("rule", part.rule);
      SetWhence(part.from, &row);
      out->Row(std::move(row));
    }
  }
}

void PrintStages(const Profile& profile, bool explain, Output* out) {
  if (profile.ladders.empty()) return;
  out->Title("stages");
  for (const ProfileLadder& ladder : profile.ladders) {
    Json row = Json::Object();
    row.Set("ladder", ladder.name)
        .Set("stage", ladder.stage)
        .Set("highest", ladder.highest)
        .Set("since", EnteredOf(ladder));
    out->Row(std::move(row));
  }
  if (!explain) return;
  out->Title("where they stood");
  for (const ProfileLadder& ladder : profile.ladders) {
    for (const StageSpell& spell : ladder.spells) {
      Json row = Json::Object();
      row.Set("ladder", ladder.name)
          .Set("stage", spell.stage)
          .Set("from", FormatTime(spell.from_ms))
          .Set("to", FormatTime(spell.to_ms));
      out->Row(std::move(row));
    }
  }
}

void PrintConsents(const Profile& profile, Output* out) {
  if (profile.consents.empty()) return;
  out->Title("consents");
  for (const ProfileConsent& consent : profile.consents) out->Row(ConsentRow(consent));
}

void PrintContacts(const Profile& profile, Output* out) {
  if (profile.contacts.empty()) return;
  out->Title("channels");
  for (const ChannelContact& contact : profile.contacts) out->Row(ContactRow(contact));
}

void PrintRelations(const Profile& profile, Output* out) {
  if (profile.relations.empty()) return;
  out->Title("relations");
  for (const ProfileRelation& one : profile.relations) {
    Json row = Json::Object();
    row.Set("relation", one.relation.type)
        .Set("to", OtherOf(one))
        .Set("weight", WeightJson(one.relation.weight_micros));
    row.Set("source", one.from.source).Set("when", DayOf(one.from.time_ms));
    out->Row(std::move(row));
  }
}

std::string PlaceText(const std::optional<Place>& place) {
  if (!place) return "";
  if (!place->name.empty() || !place->latitude || !place->longitude) return place->name;
  return ToText({*place->latitude}) + "," + ToText({*place->longitude});
}

}  // namespace

Json TagRow(const ProfileTag& tag, bool explain) {
  Json row = Json::Object();
  row.Set("name", tag.name).Set("score", NumberJson(tag.score)).Set("count", tag.count);
  row.Set("layers", Json::ListFrom(tag.layers));
  row.Set("first", FormatTime(tag.first_ms)).Set("last", FormatTime(tag.last_ms));
  row.Set("last_place", PlaceJson(tag.last_place))
      .Set("valid_until", TimeOrNull(tag.valid_until_ms));
  return std::move(row.Set("parts", ListIf(explain, tag.parts, PartRow)));
}

Json TimelineRow(const TimelineEvent& one) {
  Json row = Json::Object();
  SetEvent(one.event, &row);
  SetProvenance(one.from, &row);
  return row;
}

void SetFolds(const Profile& profile, const Definitions& definitions, bool explain, Json* row) {
  row->Set("traits", TraitsJson(profile, definitions, explain))
      .Set("tags", TagsJson(profile, explain))
      .Set("stages", StagesJson(profile, explain));
  SetScores(profile, definitions, explain, row);
  row->Set("consents", ListOf(profile.consents, ConsentRow))
      .Set("channels", ListOf(profile.contacts, ContactRow));
}

Json PersonJson(const Profile& profile, const std::optional<ProfileId>& id,
                const Definitions& definitions, bool explain) {
  const bool present = profile.policy_version > 0;
  Json row = Json::Object();
  row.Set("id", id ? Json(ToString(*id)) : Json())
      .Set("identifiers", Json::ListFrom(TextsOf(profile.identifiers)))
      .Set("now", FormatTime(profile.now_ms))
      .Set("policy_version", present ? Json(profile.policy_version) : Json());
  row.Set("completeness", NumberJson(profile.completeness))
      .Set("facts", profile.facts)
      .Set("left_out", profile.left_out);
  SetFolds(profile, definitions, explain, &row);
  row.Set("relations", ListOf(profile.relations, RelationRow));
  row.Set("ambiguous", ListOf(profile.ambiguous, AmbiguousRow));
  row.Set("events", profile.events).Set("timeline", ListOf(profile.timeline, TimelineRow));
  return row;
}

Json PersonExport(const Profile& profile, const Definitions& definitions) {
  Json row = Json::Object();
  row.Set("id", ToString(profile.id))
      .Set("identifiers", Json::ListFrom(TextsOf(profile.identifiers)));
  row.Set("traits", TraitsJson(profile, definitions, false))
      .Set("tags", TagsJson(profile, false))
      .Set("consents", ListOf(profile.consents, ConsentRow))
      .Set("stages", StagesJson(profile, false));
  return row;
}

void PrintTags(std::span<const ProfileTag> tags, bool explain, Output* out) {
  const double greatest = tags.empty() ? 0 : tags.front().score;
  for (const ProfileTag& tag : tags) {
    Json row = Json::Object();
    row.Set("tag", tag.name)
        .Set("score", Fixed(tag.score))
        .Set("bar", Bar(tag.score, greatest))
        .Set("layers", Json::ListFrom(tag.layers));
    out->Row(std::move(row.Set("times", tag.count).Set("last", DayOf(tag.last_ms))));
  }
  if (explain) ExplainTags(tags, out);
}

void PrintTimeline(std::span<const TimelineEvent> timeline, Output* out) {
  for (const TimelineEvent& one : timeline) {
    const Event& event = one.event;
    std::vector<std::string> properties;
    for (const auto& [name, value] : event.properties)
      properties.push_back(name + "=" + ToText(value));
    Json row = Json::Object();
    row.Set("time", FormatTime(one.from.time_ms))
        .Set("event", event.type)
        .Set("direction", NameOf(event.direction))
        .Set("channel", one.from.belongs_to.ns);
    row.Set("place", PlaceText(event.place))
        .Set("value", event.value ? ToText({*event.value}) : "")
        .Set("properties", Json::ListFrom(properties));
    out->Row(std::move(row));
  }
}

void PrintFolds(const Profile& profile, const Definitions& definitions, bool explain, Output* out) {
  PrintTraits(profile, definitions, out);
  if (explain) ExplainTraits(profile, definitions, out);
  if (!profile.tags.empty()) out->Title("tags");
  PrintTags(profile.tags, explain, out);
  PrintStages(profile, explain, out);
  PrintScores(profile, definitions, explain, out);
  PrintConsents(profile, out);
  PrintContacts(profile, out);
}

void PrintCard(const Profile& profile, const Definitions& definitions, bool explain, Output* out) {
  out->Title("profile");
  Json row = Json::Object();
  row.Set("as_at", FormatTime(profile.now_ms))
      .Set("completeness", std::to_string(std::lround(profile.completeness * 100)) + " %");
  row.Set("records_with_facts", profile.facts).Set("facts_left_out", profile.left_out);
  out->Fields(row);
  PrintFolds(profile, definitions, explain, out);
  PrintRelations(profile, out);
  PrintAmbiguous(profile, out);
  if (profile.timeline.empty()) return;
  out->Title("timeline");
  PrintTimeline(profile.timeline, out);
  if (profile.events > profile.timeline.size())
    out->Note("… of " + FormatCount(profile.events) + " events: `polyonym timeline` shows all");
}

}  // namespace polyonym::driver
