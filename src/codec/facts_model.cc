// Facts between their bytes and the model. Each reader below fills `to` and says what is wrong, by a path from the message that it reads;
// paths are put together only where there is a fault.
#include <google/protobuf/arena.h>
#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "codec/convert.h"
#include "codec/facts.h"
#include "polyonym/model/facts.h"
#include "polyonym/model/identifier.h"
#include "polyonym/v1/record.pb.h"

namespace polyonym {
namespace {

using Fault = std::optional<FactFault>;

constexpr double kMicros = 1e6;

// The same fault, seen from the message above.
Fault Under(std::string_view field, Fault fault) {
  if (!fault) return fault;
  const bool joined = fault->path.empty() || fault->path.front() == '[';
  fault->path.insert(0, std::string(field) + (joined ? "" : "."));
  return fault;
}

std::string Indexed(std::string_view field, std::size_t index) {
  return absl::StrCat(std::string(field), "[", index, "]");
}

Fault UnknownEnum(std::string_view field) {
  return FactFault{std::string(field),
                   "holds a value that this library does not know; use a newer one"};
}

// ---- Plain fields ----

Fault ReadName(std::string_view field, const std::string& from, std::string* to) {
  if (from.empty() || from.size() > kMaxFactNameBytes) {
    return FactFault{
        std::string(field),
        absl::StrCat("has ", from.size(), " bytes; allowed are 1 to ", kMaxFactNameBytes)};
  }
  *to = from;
  return {};
}

Fault ReadText(std::string_view field, const std::string& from, std::size_t max_bytes,
               std::string* to) {
  if (from.size() > max_bytes) {
    return FactFault{std::string(field),
                     absl::StrCat("has ", from.size(), " bytes; allowed are up to ", max_bytes)};
  }
  *to = from;
  return {};
}

Fault ReadMs(std::string_view field, std::int64_t from, std::int64_t* to) {
  if (from < 0 || from > kMaxFactTimeMs) {
    return FactFault{std::string(field),
                     absl::StrCat("is before 1970 or after 2100; allowed are 0 to ", kMaxFactTimeMs,
                                  " milliseconds")};
  }
  *to = from;
  return {};
}

// A finite number of [low, high], with no negative zero.
Fault ReadNumber(std::string_view field, double from, double low, double high, double* to) {
  if (!std::isfinite(from) || from < low || from > high) {
    return FactFault{std::string(field),
                     absl::StrCat("is out of range; allowed are ", low, " to ", high)};
  }
  *to = from == 0 ? 0 : from;
  return {};
}

// Millionths, rounded half to even of what the number is exactly.
// REQUIRES: |weight| is at most kMaxWeightMicros in millionths, where every half is a double.
std::int64_t ToMicros(double weight) {
  const double product = weight * kMicros;
  const double error = std::fma(weight, kMicros, -product);  // of the product, exactly
  double whole = std::floor(product);
  const double part = product - whole;
  const bool up =
      part > 0.5 || (part == 0.5 && (error > 0 || (error == 0 && std::fmod(whole, 2) != 0)));
  if (up) whole += 1;
  return static_cast<std::int64_t>(whole);
}

double FromMicros(std::int64_t micros) { return static_cast<double>(micros) / kMicros; }

Fault ReadWeight(double from, std::int64_t* to) {
  constexpr double kMax = static_cast<double>(kMaxWeightMicros) / kMicros;
  double weight = 0;
  if (Fault fault = ReadNumber("weight", from, -kMax, kMax, &weight)) return fault;
  *to = ToMicros(weight);
  return {};
}

// Of a fact of its own time, if it has one.
template <class Message>
Fault ReadTime(const Message& from, std::optional<std::int64_t>* to) {
  return from.has_time_ms() ? ReadMs("time_ms", from.time_ms(), &to->emplace()) : Fault();
}

// ---- Values ----

Fault Read(const v1::Date& from, Date* to) {
  const bool chinese = from.calendar() == v1::Date::CALENDAR_CHINESE;
  if (!v1::Date::Calendar_IsValid(from.calendar())) return UnknownEnum("calendar");
  *to = Date{.month = from.month(),
             .day = from.day(),
             .calendar = chinese ? Calendar::kChinese : Calendar::kSolar,
             .leap_month = from.leap_month()};
  if (from.has_year()) to->year = from.year();
  if (IsDay(*to)) return {};
  return FactFault{"", chinese
                           ? "is no day of the Chinese calendar; allowed are those of its years "
                             "1900 to 2100, and of any year where none is given"
                           : "is no day of the solar calendar; allowed are those of the years 1 "
                             "to 9999, and of any year where none is given"};
}

Fault Read(const v1::Money& from, Money* to) {
  const std::string& currency = from.currency();
  if (currency.size() != 3 || !std::all_of(currency.begin(), currency.end(), absl::ascii_isupper))
    return FactFault{"currency", "is not of ISO 4217; allowed are three upper-case letters"};
  *to = Money{from.minor_units(), currency};
  return {};
}

Fault Read(const v1::Place& from, Place* to) {
  if (Fault fault = ReadText("name", from.name(), kMaxFactTextBytes, &to->name)) return fault;
  if (from.has_latitude()) {
    if (Fault fault = ReadNumber("latitude", from.latitude(), -90, 90, &to->latitude.emplace()))
      return fault;
  }
  if (!from.has_longitude()) return {};
  return ReadNumber("longitude", from.longitude(), -180, 180, &to->longitude.emplace());
}

// `depth`: that of a list in this place, 1 for one in no other. Nothing stands for kNone only where `may_be_none`.
Fault Read(const v1::Value& from, std::size_t depth, bool may_be_none, Value* to);

Fault Read(const v1::ValueList& from, std::size_t depth, ValueList* to) {
  const auto size = static_cast<std::size_t>(from.values_size());
  if (depth > kMaxFactListDepth)
    return FactFault{
        "", absl::StrCat("is nested too deep; allowed are ", kMaxFactListDepth, " levels")};
  if (size > kMaxFactList) {
    return FactFault{"values",
                     absl::StrCat("has ", size, " values; allowed are up to ", kMaxFactList)};
  }
  to->reserve(size);
  for (const v1::Value& value : from.values()) {
    const std::size_t index = to->size();
    if (Fault fault = Read(value, depth + 1, false, &to->emplace_back()))
      return Under(Indexed("values", index), std::move(fault));
  }
  return {};
}

Fault Read(const v1::Value& from, std::size_t depth, bool may_be_none, Value* to) {
  switch (from.kind_case()) {
    case v1::Value::kText:
      return ReadText("text", from.text(), kMaxFactTextBytes, &to->is.emplace<std::string>());
    case v1::Value::kNumber: {
      constexpr double kMax = std::numeric_limits<double>::max();
      return ReadNumber("number", from.number(), -kMax, kMax, &to->is.emplace<double>());
    }
    case v1::Value::kFlag:
      to->is = from.flag();
      return {};
    case v1::Value::kInstantMs:
      return ReadMs("instant_ms", from.instant_ms(), &to->is.emplace<Instant>().ms);
    case v1::Value::kDate:
      return Under("date", Read(from.date(), &to->is.emplace<Date>()));
    case v1::Value::kList:
      return Under("list", Read(from.list(), depth, &to->is.emplace<ValueList>()));
    case v1::Value::kWhole:
      to->is = std::int64_t{from.whole()};
      return {};
    case v1::Value::kMoney:
      return Under("money", Read(from.money(), &to->is.emplace<Money>()));
    case v1::Value::KIND_NOT_SET:
      break;
  }
  // A kind that came later is no value taken back.
  if (!from.GetReflection()->GetUnknownFields(from).empty())
    return FactFault{"", "is of a kind that this library does not know; use a newer one"};
  if (!may_be_none) return FactFault{"", "is missing; only a trait may be without a value"};
  to->is = std::monostate();
  return {};
}

// ---- Facts ----

Fault Read(const v1::Trait& from, Trait* to) {
  if (Fault fault = ReadName("name", from.name(), &to->name)) return fault;
  if (Fault fault = Under("value", Read(from.value(), 1, true, &to->value))) return fault;
  if (from.has_confidence()) {
    if (Fault fault = ReadNumber("confidence", from.confidence(), 0, 1, &to->confidence.emplace()))
      return fault;
  }
  return ReadText("source", from.source(), kMaxFactNameBytes, &to->source);
}

Fault Read(const v1::Tag& from, Tag* to) {
  if (Fault fault = ReadName("name", from.name(), &to->name)) return fault;
  if (from.has_weight()) {
    if (Fault fault = ReadWeight(from.weight(), &to->weight_micros)) return fault;
  }
  if (Fault fault = ReadTime(from, &to->time_ms)) return fault;
  if (from.has_place()) {
    if (Fault fault = Under("place", Read(from.place(), &to->place.emplace()))) return fault;
  }
  if (Fault fault = ReadText("rule", from.rule(), kMaxFactTextBytes, &to->rule)) return fault;
  if (from.has_valid_until_ms()) {
    if (Fault fault =
            ReadMs("valid_until_ms", from.valid_until_ms(), &to->valid_until_ms.emplace()))
      return fault;
  }
  return ReadText("source", from.source(), kMaxFactNameBytes, &to->source);
}

Fault ReadProperties(const v1::Event& from, std::map<std::string, Value>* to) {
  const auto& properties = from.properties();
  if (properties.size() > kMaxFactList) {
    return FactFault{
        "", absl::StrCat("has ", properties.size(), " of them; allowed are up to ", kMaxFactList)};
  }
  for (const auto& [name, value] : properties) to->emplace(name, Value());
  std::size_t index = 0;
  for (auto& [name, value] : *to) {
    std::string checked;
    Fault fault = ReadName("key", name, &checked);
    if (!fault) fault = Read(properties.at(name), 1, false, &value);
    if (fault) return Under(Indexed("", index), std::move(fault));
    ++index;
  }
  return {};
}

Fault Read(const v1::Event& from, Event* to) {
  if (Fault fault = ReadName("type", from.type(), &to->type)) return fault;
  if (Fault fault = ReadTime(from, &to->time_ms)) return fault;
  if (from.has_place()) {
    if (Fault fault = Under("place", Read(from.place(), &to->place.emplace()))) return fault;
  }
  if (from.has_value()) {
    if (Fault fault = Under("value", Read(from.value(), &to->value.emplace()))) return fault;
  }
  if (Fault fault = Under("properties", ReadProperties(from, &to->properties))) return fault;
  if (!v1::Event::Direction_IsValid(from.direction())) return UnknownEnum("direction");
  if (!v1::Event::Mode_IsValid(from.mode())) return UnknownEnum("mode");
  if (!v1::Event::Visibility_IsValid(from.visibility())) return UnknownEnum("visibility");
  to->direction = static_cast<Direction>(from.direction());
  to->mode = static_cast<Mode>(from.mode());
  to->visibility = static_cast<Visibility>(from.visibility());
  return ReadText("campaign", from.campaign(), kMaxFactTextBytes, &to->campaign);
}

Fault Read(const v1::RecordIdentifier& from, RecordIdentifier* to) {
  if (!IsValidNamespace(from.namespace_()))
    return FactFault{"namespace", "is no namespace; allowed are `family` and `family/scope`"};
  if (from.value().empty() || from.value().size() > kMaxFactTextBytes) {
    return FactFault{"value", absl::StrCat("has ", from.value().size(), " bytes; allowed are 1 to ",
                                           kMaxFactTextBytes)};
  }
  if (!v1::Role_IsValid(from.role())) return UnknownEnum("role");
  *to = RecordIdentifier{from.namespace_(), from.value(), static_cast<Role>(from.role())};
  return {};
}

Fault Read(const v1::Relation& from, RelationFact* to) {
  if (Fault fault = ReadName("type", from.type(), &to->type)) return fault;
  if (Fault fault = Under("other", Read(from.other(), &to->other))) return fault;
  if (from.has_weight()) {
    if (Fault fault = ReadWeight(from.weight(), &to->weight_micros)) return fault;
  }
  return ReadTime(from, &to->time_ms);
}

Fault Read(const v1::Consent& from, Consent* to) {
  if (Fault fault = ReadName("purpose", from.purpose(), &to->purpose)) return fault;
  if (!v1::Consent::State_IsValid(from.state())) return UnknownEnum("state");
  to->state = static_cast<ConsentState>(from.state());
  return ReadTime(from, &to->time_ms);
}

// Those of `from` that break no bound.
template <class Messages, class Fact>
void ReadAll(std::string_view field, const Messages& from, std::vector<Fact>* to,
             std::vector<FactFault>* faults) {
  to->reserve(static_cast<std::size_t>(from.size()));
  std::size_t index = 0;
  for (const auto& message : from) {
    if (Fault fault = Read(message, &to->emplace_back())) {
      to->pop_back();
      if (faults != nullptr) faults->push_back(*Under(Indexed(field, index), std::move(fault)));
    }
    ++index;
  }
}

// ---- Writing ----

void Write(const Date& from, v1::Date* to) {
  if (from.year) to->set_year(*from.year);
  to->set_month(from.month);
  to->set_day(from.day);
  to->set_calendar(static_cast<v1::Date::Calendar>(from.calendar));
  to->set_leap_month(from.leap_month);
}

void Write(const Money& from, v1::Money* to) {
  to->set_minor_units(from.minor_units);
  to->set_currency(from.currency);
}

void Write(const Place& from, v1::Place* to) {
  to->set_name(from.name);
  if (from.latitude) to->set_latitude(*from.latitude);
  if (from.longitude) to->set_longitude(*from.longitude);
}

// The fields of the message are in an order of their own: each kind is named.
void Write(const Value& from, v1::Value* to) {
  struct Kinds {
    v1::Value* to;
    void operator()(std::monostate) const {}
    void operator()(const std::string& text) const { to->set_text(text); }
    void operator()(double number) const { to->set_number(number); }
    void operator()(bool flag) const { to->set_flag(flag); }
    void operator()(const Instant& instant) const { to->set_instant_ms(instant.ms); }
    void operator()(const Date& date) const { Write(date, to->mutable_date()); }
    void operator()(const ValueList& list) const {
      v1::ValueList* out = to->mutable_list();
      for (const Value& value : list) Write(value, out->add_values());
    }
    void operator()(std::int64_t whole) const { to->set_whole(whole); }
    void operator()(const Money& money) const { Write(money, to->mutable_money()); }
  };
  std::visit(Kinds{to}, from.is);
}

void Write(const Trait& from, v1::Trait* to) {
  to->set_name(from.name);
  if (from.value.type() != ValueType::kNone) Write(from.value, to->mutable_value());
  if (from.confidence) to->set_confidence(*from.confidence);
  to->set_source(from.source);
}

// The default weight goes without saying.
template <class Fact, class Message>
void WriteWeight(const Fact& from, Message* to) {
  if (from.weight_micros != Fact().weight_micros) to->set_weight(FromMicros(from.weight_micros));
}

void Write(const Tag& from, v1::Tag* to) {
  to->set_name(from.name);
  WriteWeight(from, to);
  if (from.time_ms) to->set_time_ms(*from.time_ms);
  if (from.place) Write(*from.place, to->mutable_place());
  to->set_rule(from.rule);
  if (from.valid_until_ms) to->set_valid_until_ms(*from.valid_until_ms);
  to->set_source(from.source);
}

void Write(const Event& from, v1::Event* to) {
  to->set_type(from.type);
  if (from.time_ms) to->set_time_ms(*from.time_ms);
  if (from.place) Write(*from.place, to->mutable_place());
  if (from.value) Write(*from.value, to->mutable_value());
  for (const auto& [name, value] : from.properties)
    Write(value, &(*to->mutable_properties())[name]);
  to->set_direction(static_cast<v1::Event::Direction>(from.direction));
  to->set_mode(static_cast<v1::Event::Mode>(from.mode));
  to->set_visibility(static_cast<v1::Event::Visibility>(from.visibility));
  to->set_campaign(from.campaign);
}

void Write(const RelationFact& from, v1::Relation* to) {
  to->set_type(from.type);
  to->mutable_other()->set_namespace_(from.other.ns);
  to->mutable_other()->set_value(from.other.value);
  to->mutable_other()->set_role(static_cast<v1::Role>(from.other.role));
  WriteWeight(from, to);
  if (from.time_ms) to->set_time_ms(*from.time_ms);
}

void Write(const Consent& from, v1::Consent* to) {
  to->set_purpose(from.purpose);
  to->set_state(static_cast<v1::Consent::State>(from.state));
  if (from.time_ms) to->set_time_ms(*from.time_ms);
}

}  // namespace

absl::StatusOr<Facts> ReadFacts(std::string_view bytes, std::vector<FactFault>* faults) {
  if (faults != nullptr) faults->clear();
  // Most facts fit into the first block: their parts are not allocated one by one.
  alignas(std::max_align_t) char block[4096];
  google::protobuf::ArenaOptions in_block;
  in_block.initial_block = block;
  in_block.initial_block_size = sizeof(block);
  google::protobuf::Arena arena(in_block);
  v1::Facts& message = *google::protobuf::Arena::CreateMessage<v1::Facts>(&arena);
  if (absl::Status status = codec::FactsFromBytes(bytes, &message); !status.ok()) return status;
  Facts facts;
  ReadAll("traits", message.traits(), &facts.traits, faults);
  ReadAll("tags", message.tags(), &facts.tags, faults);
  ReadAll("events", message.events(), &facts.events, faults);
  ReadAll("relations", message.relations(), &facts.relations, faults);
  ReadAll("consents", message.consents(), &facts.consents, faults);
  facts.of_person = message.of_person();
  return facts;
}

std::string WriteFacts(const Facts& facts) {
  v1::Facts message;
  for (const Trait& trait : facts.traits) Write(trait, message.add_traits());
  for (const Tag& tag : facts.tags) Write(tag, message.add_tags());
  for (const Event& event : facts.events) Write(event, message.add_events());
  for (const RelationFact& relation : facts.relations) Write(relation, message.add_relations());
  for (const Consent& consent : facts.consents) Write(consent, message.add_consents());
  message.set_of_person(facts.of_person);
  return codec::SerialiseDeterministic(message);
}

}  // namespace polyonym
