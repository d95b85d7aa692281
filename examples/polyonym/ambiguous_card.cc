#include "ambiguous_card.h"

#include <string>
#include <utility>
#include <vector>

#include "fact_json.h"
#include "groups.h"

namespace polyonym::driver {

namespace {

std::string OtherOf(const RelationFact& relation) {
  return relation.other.ns + ":" + relation.other.value;
}

Json TraitJson(const Trait& trait) {
  return std::move(Json::Object()
                       .Set("name", trait.name)
                       .Set("value", ValueJson(trait.value))
                       .Set("confidence", NumberOrNull(trait.confidence))
                       .Set("source", TextOrNull(trait.source)));
}

Json TagJson(const Tag& tag) {
  return std::move(Json::Object()
                       .Set("name", tag.name)
                       .Set("weight", WeightJson(tag.weight_micros))
                       .Set("rule", TextOrNull(tag.rule))
                       .Set("source", TextOrNull(tag.source))
                       .Set("place", PlaceJson(tag.place))
                       .Set("time", TimeOrNull(tag.time_ms))
                       .Set("valid_until", TimeOrNull(tag.valid_until_ms)));
}

Json EventJson(const Event& event) {
  Json row = Json::Object();
  SetEvent(event, &row);
  return std::move(row.Set("time", TimeOrNull(event.time_ms)));
}

Json RelationJson(const RelationFact& relation) {
  return std::move(Json::Object()
                       .Set("type", relation.type)
                       .Set("other", OtherOf(relation))
                       .Set("weight", WeightJson(relation.weight_micros))
                       .Set("time", TimeOrNull(relation.time_ms)));
}

Json ConsentJson(const Consent& consent) {
  return std::move(Json::Object()
                       .Set("purpose", consent.purpose)
                       .Set("state", NameOf(consent.state))
                       .Set("time", TimeOrNull(consent.time_ms)));
}

// In short: what is said, without how and when.
std::vector<std::string> ShortlyOf(const Facts& facts) {
  std::vector<std::string> said;
  for (const Trait& trait : facts.traits) said.push_back(trait.name + "=" + ToText(trait.value));
  for (const Tag& tag : facts.tags) said.push_back("tag " + tag.name);
  for (const Event& event : facts.events) said.push_back("event " + event.type);
  for (const RelationFact& relation : facts.relations)
    said.push_back(relation.type + " " + OtherOf(relation));
  for (const Consent& consent : facts.consents)
    said.push_back(consent.purpose + " " + std::string(NameOf(consent.state)));
  return said;
}

}  // namespace

Json AmbiguousRow(const AmbiguousFacts& ambiguous) {
  const Facts& facts = ambiguous.facts;
  Json row = Json::Object();
  row.Set("counts_here", ambiguous.counts_here)
      .Set("here", Json::ListFrom(TextsOf(ambiguous.here)))
      .Set("elsewhere", Json::ListFrom(TextsOf(ambiguous.elsewhere)));
  row.Set("traits", ListOf(facts.traits, TraitJson))
      .Set("tags", ListOf(facts.tags, TagJson))
      .Set("events", ListOf(facts.events, EventJson))
      .Set("relations", ListOf(facts.relations, RelationJson))
      .Set("consents", ListOf(facts.consents, ConsentJson));
  SetProvenance(ambiguous.from, &row);
  return row;
}

void PrintAmbiguous(const Profile& profile, Output* out) {
  if (profile.ambiguous.empty()) return;
  out->Title("told of a whole person, and no longer certain");
  for (const AmbiguousFacts& ambiguous : profile.ambiguous) {
    Json row = Json::Object();
    row.Set("record", RecordOf(ambiguous.from))
        .Set("when", DayOf(ambiguous.from.time_ms))
        .Set("says", Json::ListFrom(ShortlyOf(ambiguous.facts)))
        .Set("counts_here", ambiguous.counts_here);
    row.Set("here", Json::ListFrom(TextsOf(ambiguous.here)));
    out->Row(std::move(row.Set("elsewhere", Json::ListFrom(TextsOf(ambiguous.elsewhere)))));
  }
}

}  // namespace polyonym::driver
