#include "fact_json.h"

#include <charconv>
#include <cstddef>
#include <cstdio>
#include <utility>
#include <variant>
#include <vector>

#include "output.h"

namespace polyonym::driver {

namespace {

Json MoneyJson(const Money& money) {
  return std::move(
      Json::Object().Set("minor_units", money.minor_units).Set("currency", money.currency));
}

std::string_view NameOf(Mode mode) {
  switch (mode) {
    case Mode::kAutomatic:
      return "automatic";
    case Mode::kManual:
      return "manual";
    case Mode::kBatch:
      return "batch";
    case Mode::kUnknown:
      break;
  }
  return "";
}

std::string_view NameOf(Visibility visibility) {
  switch (visibility) {
    case Visibility::kPublic:
      return "public";
    case Visibility::kOneToOne:
      return "one_to_one";
    case Visibility::kGroup:
      return "group";
    case Visibility::kUnknown:
      break;
  }
  return "";
}

}  // namespace

Json NumberJson(double number) {
  char text[32];
  char* const end = std::to_chars(text, text + sizeof(text), number).ptr;
  return Json::Raw(std::string(text, static_cast<std::size_t>(end - text)));
}

Json WeightJson(std::int64_t micros) { return NumberJson(static_cast<double>(micros) / 1e6); }

Json TextOrNull(std::string_view text) { return text.empty() ? Json() : Json(text); }

Json TimeOrNull(std::optional<std::int64_t> ms) { return ms ? Json(FormatTime(*ms)) : Json(); }

Json NumberOrNull(std::optional<double> number) { return number ? NumberJson(*number) : Json(); }

// Text, numbers, flags and lists as JSON has them; instants and dates as ToText() writes them.
Json ValueJson(const Value& value) {
  if (value.type() == ValueType::kNone) return {};
  if (const auto* text = std::get_if<std::string>(&value.is)) return *text;
  if (const auto* number = std::get_if<double>(&value.is)) return NumberJson(*number);
  if (const auto* flag = std::get_if<bool>(&value.is)) return *flag;
  if (const auto* whole = std::get_if<std::int64_t>(&value.is)) return *whole;
  if (const auto* money = std::get_if<Money>(&value.is)) return MoneyJson(*money);
  if (const auto* list = std::get_if<ValueList>(&value.is)) {
    Json out = Json::List();
    for (const Value& element : *list) out.Add(ValueJson(element));
    return out;
  }
  return ToText(value);
}

Json PlaceJson(const std::optional<Place>& place) {
  if (!place) return {};
  return std::move(Json::Object()
                       .Set("name", TextOrNull(place->name))
                       .Set("latitude", NumberOrNull(place->latitude))
                       .Set("longitude", NumberOrNull(place->longitude)));
}

std::string_view NameOf(Direction direction) {
  switch (direction) {
    case Direction::kIn:
      return "in";
    case Direction::kOut:
      return "out";
    case Direction::kUnknown:
      break;
  }
  return "";
}

std::string_view NameOf(ConsentState state) {
  switch (state) {
    case ConsentState::kGranted:
      return "granted";
    case ConsentState::kDenied:
      return "denied";
    case ConsentState::kWithdrawn:
      return "withdrawn";
    case ConsentState::kUnknown:
      break;
  }
  return "unknown";
}

void SetEvent(const Event& event, Json* row) {
  row->Set("type", event.type)
      .Set("direction", TextOrNull(NameOf(event.direction)))
      .Set("mode", TextOrNull(NameOf(event.mode)))
      .Set("visibility", TextOrNull(NameOf(event.visibility)));
  row->Set("place", PlaceJson(event.place))
      .Set("value", event.value ? MoneyJson(*event.value) : Json())
      .Set("campaign", TextOrNull(event.campaign));
  Json properties = Json::Object();
  for (const auto& [name, value] : event.properties) properties.Set(name, ValueJson(value));
  row->Set("properties", std::move(properties));
}

std::string OtherOf(const RelationFact& relation) {
  const RecordIdentifier& other = relation.other;
  return other.value.empty() ? other.ns : other.ns + ":" + other.value;
}

namespace {

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
                       .Set("state", driver::NameOf(consent.state))
                       .Set("time", TimeOrNull(consent.time_ms)));
}

}  // namespace

void SetFacts(const Facts& facts, Json* row) {
  row->Set("traits", ListOf(facts.traits, TraitJson))
      .Set("tags", ListOf(facts.tags, TagJson))
      .Set("events", ListOf(facts.events, EventJson))
      .Set("relations", ListOf(facts.relations, RelationJson))
      .Set("consents", ListOf(facts.consents, ConsentJson));
}

std::string RecordOf(const Provenance& from) { return from.record_source + "/" + from.record_id; }

void SetProvenance(const Provenance& from, Json* row) {
  row->Set("source", from.source)
      .Set("record", RecordOf(from))
      .Set("number", from.record)
      .Set("belongs_to", ToString(from.belongs_to))
      .Set("anonymous", from.anonymous)
      .Set("time", FormatTime(from.time_ms));
}

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

std::string DayOf(std::int64_t ms) { return FormatTime(ms).substr(0, 10); }

std::string Fixed(double number) {
  char text[64];
  std::snprintf(text, sizeof(text), "%.2f", number);
  return text;
}

}  // namespace polyonym::driver
