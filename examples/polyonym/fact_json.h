// fact_json.h - facts as they are printed, wherever that is: values, places, events, and where they come from.
//
// docs/profiles.md lists the fields.
#ifndef POLYONYM_EXAMPLES_POLYONYM_FACT_JSON_H_
#define POLYONYM_EXAMPLES_POLYONYM_FACT_JSON_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json.h"
#include "polyonym/model/facts.h"
#include "polyonym/profile/profile.h"

namespace polyonym::driver {

Json NumberJson(double number);
Json WeightJson(std::int64_t micros);  // millionths as the number that they are
Json TextOrNull(std::string_view text);
Json TimeOrNull(std::optional<std::int64_t> ms);
Json NumberOrNull(std::optional<double> number);

Json ValueJson(const Value& value);
Json PlaceJson(const std::optional<Place>& place);

std::string_view NameOf(Direction direction);
std::string_view NameOf(ConsentState state);

// All of an event but its time.
void SetEvent(const Event& event, Json* row);

// Whom a relation is to; the namespace alone where the value is not told.
std::string OtherOf(const RelationFact& relation);

// All facts of a record, kind by kind, as it told them.
void SetFacts(const Facts& facts, Json* row);

std::string RecordOf(const Provenance& from);  // as links name a record
void SetProvenance(const Provenance& from, Json* row);

template <class Range, class ToJson>
Json ListOf(const Range& range, const ToJson& to_json) {
  Json list = Json::List();
  for (const auto& element : range) list.Add(to_json(element));
  return list;
}

// ---- for tables ----

// In short: what is said, without how and when.
std::vector<std::string> ShortlyOf(const Facts& facts);
std::string DayOf(std::int64_t ms);
std::string Fixed(double number);  // two decimals

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_FACT_JSON_H_
