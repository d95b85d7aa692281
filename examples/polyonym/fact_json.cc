#include "fact_json.h"

#include <charconv>
#include <cstddef>
#include <cstdio>
#include <utility>
#include <variant>

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

std::string RecordOf(const Provenance& from) { return from.record_source + "/" + from.record_id; }

void SetProvenance(const Provenance& from, Json* row) {
  row->Set("source", from.source)
      .Set("record", RecordOf(from))
      .Set("number", from.record)
      .Set("belongs_to", ToString(from.belongs_to))
      .Set("anonymous", from.anonymous)
      .Set("time", FormatTime(from.time_ms));
}

std::string DayOf(std::int64_t ms) { return FormatTime(ms).substr(0, 10); }

std::string Fixed(double number) {
  char text[64];
  std::snprintf(text, sizeof(text), "%.2f", number);
  return text;
}

}  // namespace polyonym::driver
