// model/facts.h - what a record asserts of a person: traits, tags, events, relations and consents.
//
// In a record facts are bytes, a serialised polyonym.v1.Facts, and stay byte for byte what the channel said. These are what
// the bytes mean. A fact that breaks a bound below is left out of every profile, by itself: the rest of the record stands.
//
// Times are milliseconds since 1970-01-01T00:00:00Z; where a fact has none, the record's counts.
#ifndef POLYONYM_MODEL_FACTS_H_
#define POLYONYM_MODEL_FACTS_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "polyonym/model/record.h"

namespace polyonym {

enum class Calendar : std::uint8_t { kSolar = 0, kChinese = 1 };

// A day without a zone, such as a birthday; of the solar (Gregorian) or the Chinese calendar. A Chinese year is the solar year in which
// it begins. Ordered by the fields in their order, no year before any: among solar days with a year, by time.
struct Date {
  std::optional<std::int32_t> year;
  std::int32_t month = 0;  // 1..12
  std::int32_t day = 0;    // 1..31; Chinese: 1..30
  Calendar calendar = Calendar::kSolar;
  bool leap_month = false;  // Chinese: the month that repeats `month`
  friend std::strong_ordering operator<=>(const Date&, const Date&) = default;
  friend bool operator==(const Date&, const Date&) = default;
};

// Whether its calendar has the day. Solar years are 1 to 9999, and 29 February without a year is a day. Chinese years are 1900 to 2100:
// then the month, leap or not, and its 30th day must be in that year; without a year any month may be leap and any has 30 days.
// COST: a few comparisons.  THREADS: safe.
bool IsDay(const Date& date);

// The solar day of a day of either calendar; nothing where IsDay() is false or the year is not known.
// COST: at most a walk over the months of one year.  THREADS: safe.
std::optional<Date> ToSolar(const Date& date);

// In the minor unit of its currency: 1999 CNY is 19.99 yuan.
struct Money {
  std::int64_t minor_units = 0;
  std::string currency;  // ISO 4217: three upper-case letters
  friend auto operator<=>(const Money&, const Money&) = default;
};

struct Instant {
  std::int64_t ms = 0;
  friend auto operator<=>(const Instant&, const Instant&) = default;
};

struct Value;
using ValueList = std::vector<Value>;

// The kinds in their order; stored in definitions: never renumber.
enum class ValueType : std::uint8_t {
  kNone = 0,  // says nothing
  kText = 1,  // UTF-8 as it came: emoji and four-byte Han too
  kNumber = 2,
  kFlag = 3,
  kInstant = 4,
  kDate = 5,
  kList = 6,
  kWhole = 7,
  kMoney = 8,
};

struct Value {
  std::variant<std::monostate, std::string, double, bool, Instant, Date, ValueList, std::int64_t,
               Money>
      is;
  ValueType type() const { return static_cast<ValueType>(is.index()); }
  friend bool operator==(const Value&, const Value&) = default;
};

// A total order: by type, then by content; text by its bytes, no before yes, money by its amount and then its currency, lists by their
// first values that differ. Equal just where == says so.
// REQUIRES: numbers that are finite.  COST: linear.  THREADS: safe, as is all of this header.
std::strong_ordering Compare(const Value& a, const Value& b);

// For people to read: `19.99 CNY`, `2001-02-28`, `--02-29`, `chinese --04-08`, `chinese 2023-02-08 leap`, `2026-11-28T09:00:00Z`, `yes`,
// lists as `[a, b]`, `none`. Numbers have the fewest digits that say them exactly; currencies the decimals of ISO 4217.
std::string ToText(const Value& value);

// `none`, `text`, `number`, `flag`, `instant`, `date`, `list`, `whole`, `money`.
std::string_view ToString(ValueType type);

struct Place {
  std::string name;
  std::optional<double> latitude;  // degrees, WGS 84
  std::optional<double> longitude;
  friend bool operator==(const Place&, const Place&) = default;
};

struct Trait {
  std::string name;
  Value value;                       // kNone: says nothing
  std::optional<double> confidence;  // 0..1
  std::string source;                // empty: the record's
  friend bool operator==(const Trait&, const Trait&) = default;
};

struct Tag {
  std::string name;
  std::int64_t weight_micros = 1'000'000;  // millionths, so that sums are exact
  std::optional<std::int64_t> time_ms;
  std::optional<Place> place;
  std::string rule;  // rule or model, and its version, that gave it
  std::optional<std::int64_t> valid_until_ms;
  std::string source;  // empty: the record's
  friend bool operator==(const Tag&, const Tag&) = default;
};

enum class Direction : std::uint8_t { kUnknown = 0, kIn = 1, kOut = 2 };  // in: from the person
enum class Mode : std::uint8_t { kUnknown = 0, kAutomatic = 1, kManual = 2, kBatch = 3 };
enum class Visibility : std::uint8_t { kUnknown = 0, kPublic = 1, kOneToOne = 2, kGroup = 3 };

struct Event {
  std::string type;
  std::optional<std::int64_t> time_ms;
  std::optional<Place> place;
  std::optional<Money> value;
  std::map<std::string, Value> properties;
  Direction direction = Direction::kUnknown;
  Mode mode = Mode::kUnknown;
  Visibility visibility = Visibility::kUnknown;
  std::string campaign;
  friend bool operator==(const Event&, const Event&) = default;
};

struct RelationFact {
  std::string type;
  RecordIdentifier other;
  std::int64_t weight_micros = 1'000'000;
  std::optional<std::int64_t> time_ms;
  friend bool operator==(const RelationFact&, const RelationFact&) = default;
};

enum class ConsentState : std::uint8_t { kUnknown = 0, kGranted = 1, kDenied = 2, kWithdrawn = 3 };

struct Consent {
  std::string purpose;
  ConsentState state = ConsentState::kUnknown;
  std::optional<std::int64_t> time_ms;
  friend bool operator==(const Consent&, const Consent&) = default;
};

struct Facts {
  std::vector<Trait> traits;
  std::vector<Tag> tags;
  std::vector<Event> events;
  std::vector<RelationFact> relations;
  std::vector<Consent> consents;
  // Said of a whole person, as a clerk says "VIP" of whoever's card is on the screen. They belong to the record's primary identifier, by
  // which the person was looked up, as all facts do; the record's identifiers of role other are those that the person was seen to
  // have besides. Where some of these are another's now, the facts are ambiguous: Profile::ambiguous.
  bool of_person = false;
  bool empty() const {
    return traits.empty() && tags.empty() && events.empty() && relations.empty() &&
           consents.empty();
  }
  friend bool operator==(const Facts&, const Facts&) = default;
};

// Bounds of one fact. Those of a record are RecordLimits::max_facts_bytes.
inline constexpr std::size_t kMaxFactNameBytes = 128;        // names, types, purposes, sources
inline constexpr std::size_t kMaxFactTextBytes = 64 * 1024;  // all other text
inline constexpr std::size_t kMaxFactList = 1000;    // values of a list, properties of an event
inline constexpr std::size_t kMaxFactListDepth = 4;  // lists in lists, with the outermost
inline constexpr std::int64_t kMaxFactTimeMs = 4'102'444'800'000;        // 2100-01-01
inline constexpr std::int64_t kMaxWeightMicros = 1'000'000'000'000'000;  // a thousand million

// A fact that is left out, and why.
struct FactFault {
  // `tags[3].weight`; never a value. An event's properties are counted in the order of their names: `events[0].properties[2].money`.
  std::string path;
  std::string what;  // what is wrong with it, and what is allowed
  friend bool operator==(const FactFault&, const FactFault&) = default;
};

// Facts out of a record's bytes. Those that break a bound are left out and named in `faults`, where it is given (it is emptied first):
// a name that is empty or too long, text that is too long; NaN and infinite numbers; a confidence outside 0..1; a weight beyond
// kMaxWeightMicros, of either sign; a time before 1970 or after kMaxFactTimeMs, instants too; a place off the globe; a day that no
// calendar has; a currency that is not three capitals; a list, or properties, too long, nested too deep or with a value missing; a
// relation to nobody; an enum or a kind of value that this library does not know. Weights are rounded to millionths, half to even;
// negative zero becomes zero. Text is kept byte for byte.
// ERRORS: InvalidArgument for bytes that are not a polyonym.v1.Facts, as are those with text that is not UTF-8.
// COST: one pass and the copies.
absl::StatusOr<Facts> ReadFacts(std::string_view bytes, std::vector<FactFault>* faults = nullptr);

// The bytes of facts, the same for the same facts on every machine: what Record::facts holds.
// REQUIRES: text in UTF-8.  ENSURES: ReadFacts() gives back what is within the bounds.  COST: linear.
std::string WriteFacts(const Facts& facts);

}  // namespace polyonym

#endif  // POLYONYM_MODEL_FACTS_H_
