// What the bytes of facts mean: every kind of fact, every bound from both sides, and the way back.
#include <google/protobuf/text_format.h>

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"

#include "codec/random_records.h"
#include "polyonym/codec/json.h"
#include "polyonym/model/facts.h"

namespace polyonym::harness {
namespace {

// The bytes of a polyonym.v1.Facts in protobuf's text format.
std::string Bytes(const std::string& text) {
  const auto message = NewMessage("polyonym.v1.Facts");
  CAPTURE(text.substr(0, 400));
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, message.get()));
  return message->SerializeAsString();
}

struct ReadResult {
  Facts facts;
  std::vector<FactFault> faults;
};

ReadResult ReadBytes(const std::string& bytes) {
  ReadResult result;
  auto facts = ReadFacts(bytes, &result.faults);
  REQUIRE(facts.ok());
  result.facts = *std::move(facts);
  return result;
}

ReadResult ReadText(const std::string& text) { return ReadBytes(Bytes(text)); }

std::size_t CountOf(const Facts& facts) {
  return facts.traits.size() + facts.tags.size() + facts.events.size() + facts.relations.size() +
         facts.consents.size();
}

// The one value of the one trait with this value.
Value ValueOf(const std::string& text) {
  const ReadResult read = ReadText("traits { name: 'a' value { " + text + " } }");
  CAPTURE(text);
  REQUIRE(read.faults.empty());
  REQUIRE(read.facts.traits.size() == 1);
  return read.facts.traits[0].value;
}

std::int64_t MicrosOf(double weight) {
  const auto message = NewMessage("polyonym.v1.Facts");
  REQUIRE(
      google::protobuf::TextFormat::ParseFromString("tags { name: 'a' weight: 0 }", message.get()));
  auto* tag = message->GetReflection()->MutableRepeatedMessage(
      message.get(), message->GetDescriptor()->FindFieldByName("tags"), 0);
  tag->GetReflection()->SetDouble(tag, tag->GetDescriptor()->FindFieldByName("weight"), weight);
  const ReadResult read = ReadBytes(message->SerializeAsString());
  REQUIRE(read.facts.tags.size() == 1);
  return read.facts.tags[0].weight_micros;
}

std::string Repeat(const std::string& text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

std::string NestedLists(std::size_t levels) {
  return Repeat("list { values { ", levels - 1) + "list {}" + Repeat(" } }", levels - 1);
}

std::string Properties(std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i)
    all += "properties { key: 'k" + std::to_string(i) + "' value { flag: true } } ";
  return all;
}

TEST_CASE("facts are read field by field") {
  const ReadResult read = ReadText(R"(
      traits { name: 'name' value { text: '张三😀𠮷' } confidence: 0.25 source: 'crm' }
      tags { name: 'a' weight: -2.5 time_ms: 7 place { name: '上海' latitude: 31.2 longitude: 121.5 }
             rule: 'r/2' valid_until_ms: 9 source: 's' }
      events { type: 'paid' time_ms: 0 place {} value { minor_units: 1999 currency: 'CNY' }
               properties { key: 'sku' value { whole: -3 } }
               direction: DIRECTION_IN mode: MODE_BATCH visibility: VISIBILITY_GROUP campaign: 'c' }
      relations { type: 'invited' other { namespace: 'phone' value: '1' role: ROLE_OTHER }
                  weight: 0.000001 time_ms: 5 }
      consents { purpose: 'sms' state: STATE_WITHDRAWN time_ms: 3 })");
  CHECK(read.faults.empty());
  const Facts expected{
      .traits = {{.name = "name",
                  .value = {std::string("张三😀𠮷")},
                  .confidence = 0.25,
                  .source = "crm"}},
      .tags = {{.name = "a",
                .weight_micros = -2'500'000,
                .time_ms = 7,
                .place = Place{"上海", 31.2, 121.5},
                .rule = "r/2",
                .valid_until_ms = 9,
                .source = "s"}},
      .events = {{.type = "paid",
                  .time_ms = 0,
                  .place = Place(),
                  .value = Money{1999, "CNY"},
                  .properties = {{"sku", {std::int64_t{-3}}}},
                  .direction = Direction::kIn,
                  .mode = Mode::kBatch,
                  .visibility = Visibility::kGroup,
                  .campaign = "c"}},
      .relations = {{.type = "invited",
                     .other = {"phone", "1", Role::kOther},
                     .weight_micros = 1,
                     .time_ms = 5}},
      .consents = {{.purpose = "sms", .state = ConsentState::kWithdrawn, .time_ms = 3}}};
  CHECK(read.facts == expected);
  CHECK(ReadBytes(WriteFacts(expected)).facts == expected);
}

TEST_CASE("what is left out is nothing, a weight of one, and a trait taken back") {
  const ReadResult read = ReadText(
      "traits { name: 'a' } traits { name: 'b' value {} } tags { name: 'a' } events { type: 'a' } "
      "relations { type: 'a' other { namespace: 'n' value: 'v' } } consents { purpose: 'a' }");
  CHECK(read.faults.empty());
  const Facts expected{.traits = {{.name = "a"}, {.name = "b"}},
                       .tags = {{.name = "a", .weight_micros = 1'000'000}},
                       .events = {{.type = "a"}},
                       .relations = {{.type = "a", .other = {"n", "v", Role::kSelf}}},
                       .consents = {{.purpose = "a"}}};
  CHECK(read.facts == expected);
  CHECK(read.facts.traits[1].value.type() == ValueType::kNone);
  CHECK(ReadText("").facts.empty());
  CHECK(WriteFacts(Facts()).empty());
}

TEST_CASE("every kind of value is read as its own type, and written as it came") {
  const std::vector<std::pair<std::string, Value>> kinds = {
      {"text: ''", {std::string()}},
      {"number: 2", {2.0}},
      {"flag: false", {false}},
      {"instant_ms: 0", {Instant{0}}},
      {"date { month: 2 day: 29 }", {Date{.month = 2, .day = 29}}},
      {"date { year: 2025 month: 6 day: 1 calendar: CALENDAR_CHINESE leap_month: true }",
       {Date{2025, 6, 1, Calendar::kChinese, true}}},
      {"list { values { flag: true } values { list {} } }", {ValueList{{true}, {ValueList()}}}},
      {"whole: -9223372036854775808", {std::numeric_limits<std::int64_t>::min()}},
      {"money { minor_units: -5 currency: 'EUR' }", {Money{-5, "EUR"}}}};
  for (const auto& [text, value] : kinds) {
    CAPTURE(text);
    CHECK(ValueOf(text) == value);
    const std::string bytes = Bytes("traits { name: 'a' value { " + text + " } }");
    CHECK(WriteFacts(ReadBytes(bytes).facts) == bytes);
  }
}

TEST_CASE("negative zero becomes zero") {
  CHECK_FALSE(std::signbit(std::get<double>(ValueOf("number: -0.0").is)));
  const ReadResult read = ReadText(
      "traits { name: 'a' confidence: -0.0 } tags { name: 'a' weight: -0.0 place { latitude: -0.0 "
      "longitude: -0.0 } }");
  CHECK_FALSE(std::signbit(*read.facts.traits[0].confidence));
  CHECK_FALSE(std::signbit(*read.facts.tags[0].place->latitude));
  CHECK_FALSE(std::signbit(*read.facts.tags[0].place->longitude));
  CHECK(read.facts.tags[0].weight_micros == 0);
}

TEST_CASE("weights are rounded to millionths, half to even of what the number is exactly") {
  CHECK(MicrosOf(0.1) == 100'000);
  CHECK(MicrosOf(1e9) == kMaxWeightMicros);
  CHECK(MicrosOf(-1e9) == -kMaxWeightMicros);
  // 2^-7 is 7812.5 millionths and three times that is 23437.5, both exactly.
  CHECK(MicrosOf(0.0078125) == 7812);
  CHECK(MicrosOf(0.0234375) == 23438);
  CHECK(MicrosOf(-0.0078125) == -7812);
  CHECK(MicrosOf(-0.0234375) == -23438);
  CHECK(MicrosOf(std::nextafter(0.0078125, 1)) == 7813);
  CHECK(MicrosOf(std::nextafter(0.0234375, 0)) == 23437);
  CHECK(MicrosOf(5e-324) == 0);
  // These doubles are a little above a half, or below, and a million times each is the half, as a double.
  CHECK(MicrosOf(0.0000025) == 3);
  CHECK(MicrosOf(0.0000035) == 3);
  CHECK(MicrosOf(-0.0000025) == -3);
  CHECK(MicrosOf(-0.0000035) == -3);
  CHECK(MicrosOf(999'999'999.999999) == 999'999'999'999'999);
}

TEST_CASE("any weight in millionths is written and read as itself") {
  ForEachSeed(1, 20'000, [](std::uint64_t seed) {
    CAPTURE(seed);
    Random random(seed);
    const std::int64_t scale =
        random.Pick(std::vector<std::int64_t>{10, 10'000'000, 1'000'000'000'000, kMaxWeightMicros});
    const Facts facts{.tags = {{.name = "a", .weight_micros = random.Between(-scale, scale)}}};
    REQUIRE(ReadBytes(WriteFacts(facts)).facts == facts);
  });
}

struct Bound {
  std::string within;
  std::string beyond;
  std::string path;
};

// Of the value of a trait.
Bound ValueBound(const std::string& within, const std::string& beyond, const std::string& path) {
  const auto trait = [](const std::string& value) {
    return "traits { name: 'a' value { " + value + " } }";
  };
  return {trait(within), trait(beyond), "traits[0].value" + path};
}

Bound DateBound(const std::string& within, const std::string& beyond) {
  return ValueBound("date { " + within + " }", "date { " + beyond + " }", ".date");
}

void CheckBound(const Bound& bound) {
  CAPTURE(bound.within.substr(0, 300), bound.beyond.substr(0, 300));
  const ReadResult within = ReadText(bound.within);
  for (const FactFault& fault : within.faults) FAIL_CHECK(fault.path << ": " << fault.what);
  CHECK(CountOf(within.facts) == 1);
  CHECK(ReadBytes(WriteFacts(within.facts)).facts == within.facts);

  const ReadResult beyond = ReadText(bound.beyond + " consents { purpose: 'other' }");
  CHECK(CountOf(beyond.facts) == 1);
  CHECK(beyond.facts.consents.size() == 1);
  REQUIRE(beyond.faults.size() == 1);
  CHECK(beyond.faults[0].path == bound.path);
  CHECK_FALSE(beyond.faults[0].what.empty());
}

TEST_CASE("a fact with a name or text beyond its bound is left out alone") {
  const std::string longest(kMaxFactNameBytes, 'n'), too_long(kMaxFactNameBytes + 1, 'n');
  const std::string text(kMaxFactTextBytes, 't'), long_text(kMaxFactTextBytes + 1, 't');
  const std::vector<std::pair<std::string, std::string>> names = {
      {"traits { name: 'NAME' }", "traits[0].name"},
      {"tags { name: 'NAME' }", "tags[0].name"},
      {"events { type: 'NAME' }", "events[0].type"},
      {"events { type: 'a' properties { key: 'NAME' value { flag: true } } }",
       "events[0].properties[0].key"},
      {"relations { type: 'NAME' other { namespace: 'n' value: 'v' } }", "relations[0].type"},
      {"relations { type: 'a' other { namespace: 'NAME' value: 'v' } }",
       "relations[0].other.namespace"},
      {"consents { purpose: 'NAME' }", "consents[0].purpose"}};
  const auto with = [](std::string form, const std::string& name) {
    return form.replace(form.find("NAME"), 4, name);
  };
  for (const auto& [form, path] : names) {
    CheckBound({with(form, longest), with(form, too_long), path});
    CheckBound({with(form, "n"), with(form, ""), path});
  }
  for (const auto& [form, path] : std::vector<std::pair<std::string, std::string>>{
           {"traits { name: 'a' source: 'NAME' }", "traits[0].source"},
           {"tags { name: 'a' source: 'NAME' }", "tags[0].source"}})
    CheckBound({with(form, longest), with(form, too_long), path});
  for (const auto& [form, path] : std::vector<std::pair<std::string, std::string>>{
           {"traits { name: 'a' value { text: 'NAME' } }", "traits[0].value.text"},
           {"tags { name: 'a' rule: 'NAME' }", "tags[0].rule"},
           {"tags { name: 'a' place { name: 'NAME' } }", "tags[0].place.name"},
           {"events { type: 'a' campaign: 'NAME' }", "events[0].campaign"},
           {"relations { type: 'a' other { namespace: 'n' value: 'NAME' } }",
            "relations[0].other.value"}})
    CheckBound({with(form, text), with(form, long_text), path});
  CheckBound({"relations { type: 'a' other { namespace: 'n/s' value: 'v' } }",
              "relations { type: 'a' other { namespace: 'n/s' } }", "relations[0].other.value"});
  CheckBound({"relations { type: 'a' other { namespace: 'n/s' value: 'v' } }",
              "relations { type: 'a' }", "relations[0].other.namespace"});
}

TEST_CASE("a fact with a number beyond its bound is left out alone") {
  CheckBound(ValueBound("number: 1.7976931348623157e308", "number: inf", ".number"));
  CheckBound(ValueBound("number: -1.7976931348623157e308", "number: -inf", ".number"));
  CheckBound(ValueBound("number: 5e-324", "number: nan", ".number"));
  const auto both = [](const std::string& form, const std::string& within,
                       const std::string& beyond, const std::string& path) {
    CheckBound({form + within + " }", form + beyond + " }", path});
    CheckBound(
        {form + within + " }", form + "nan" + (within.ends_with('}') ? " } }" : " }"), path});
  };
  both("traits { name: 'a' confidence: ", "0", "-5e-324", "traits[0].confidence");
  both("traits { name: 'a' confidence: ", "1", "1.0000000000000002", "traits[0].confidence");
  both("tags { name: 'a' weight: ", "1000000000", "1000000000.0000002", "tags[0].weight");
  both("tags { name: 'a' weight: ", "-1000000000", "-1000000000.0000002", "tags[0].weight");
  const std::string relation = "relations { type: 'a' other { namespace: 'n' value: 'v' } weight: ";
  both(relation, "1000000000", "1000000000.0000002", "relations[0].weight");
  both(relation, "-1000000000", "inf", "relations[0].weight");
  for (const std::string fact : {"tags { name: 'a' place ", "events { type: 'a' place "}) {
    const std::string path = fact.substr(0, fact.find(' ')) + "[0].place.";
    for (const std::string sign : {"", "-"}) {
      both(fact + "{ latitude: ", sign + "90 }", sign + "90.00000000000001 }", path + "latitude");
      both(fact + "{ longitude: ", sign + "180 }", sign + "180.00000000000003 }",
           path + "longitude");
    }
  }
}

TEST_CASE("a fact with a time before 1970 or after 2100 is left out alone") {
  const std::vector<std::pair<std::string, std::string>> forms = {
      {"tags { name: 'a' time_ms: ", "tags[0].time_ms"},
      {"tags { name: 'a' valid_until_ms: ", "tags[0].valid_until_ms"},
      {"events { type: 'a' time_ms: ", "events[0].time_ms"},
      {"relations { type: 'a' other { namespace: 'n' value: 'v' } time_ms: ",
       "relations[0].time_ms"},
      {"consents { purpose: 'a' time_ms: ", "consents[0].time_ms"}};
  for (const auto& [form, path] : forms) {
    CheckBound({form + "0 }", form + "-1 }", path});
    CheckBound({form + "4102444800000 }", form + "4102444800001 }", path});
  }
  CheckBound(ValueBound("instant_ms: 0", "instant_ms: -1", ".instant_ms"));
  CheckBound(ValueBound("instant_ms: 4102444800000", "instant_ms: 4102444800001", ".instant_ms"));
}

TEST_CASE("a trait with a day that no calendar has is left out alone") {
  CheckBound(DateBound("month: 2 day: 29", "month: 2 day: 30"));
  CheckBound(DateBound("year: 2024 month: 2 day: 29", "year: 2023 month: 2 day: 29"));
  CheckBound(DateBound("month: 1 day: 1", "month: 0 day: 1"));
  const std::string chinese = "calendar: CALENDAR_CHINESE ";
  CheckBound(DateBound(chinese + "month: 12 day: 30", chinese + "month: 12 day: 31"));
  CheckBound(
      DateBound(chinese + "month: 1 day: 1 leap_month: true", "month: 1 day: 1 leap_month: true"));
  CheckBound(DateBound(chinese + "year: 2023 month: 2 day: 29 leap_month: true",
                       chinese + "year: 2024 month: 2 day: 29 leap_month: true"));
  CheckBound(ValueBound("date { month: 1 day: 1 }", "date { month: 1 day: 1 calendar: 2 }",
                        ".date.calendar"));
}

TEST_CASE("a fact with a currency that is not three capitals is left out alone") {
  for (const std::string currency : {"", "CN", "CNYY", "cny", "CN1", "C\303\211"}) {
    CheckBound(ValueBound("money { currency: 'CNY' }", "money { currency: '" + currency + "' }",
                          ".money.currency"));
    CheckBound({"events { type: 'a' value { currency: 'AZA' } }",
                "events { type: 'a' value { currency: '" + currency + "' } }",
                "events[0].value.currency"});
  }
}

TEST_CASE("a fact with lists or properties too long or too deep is left out alone") {
  const std::string value = "values { flag: true } ";
  CheckBound(ValueBound("list { " + Repeat(value, kMaxFactList) + "}",
                        "list { " + Repeat(value, kMaxFactList + 1) + "}", ".list.values"));
  const std::string deepest = ".list.values[0].list.values[0].list.values[0].list.values[0].list";
  CheckBound(
      ValueBound(NestedLists(kMaxFactListDepth), NestedLists(kMaxFactListDepth + 1), deepest));
  const auto property = [](const std::string& of) {
    return "events { type: 'a' properties { key: 'k' value { " + of + " } } }";
  };
  CheckBound({property(NestedLists(kMaxFactListDepth)),
              property(NestedLists(kMaxFactListDepth + 1)), "events[0].properties[0]" + deepest});
  CheckBound({"events { type: 'a' " + Properties(kMaxFactList) + "}",
              "events { type: 'a' " + Properties(kMaxFactList + 1) + "}", "events[0].properties"});
}

TEST_CASE("only a trait may be without a value") {
  CheckBound(ValueBound("list { values { flag: true } }",
                        "list { values { flag: true } values {} }", ".list.values[1]"));
  // Properties are counted in the order of their names.
  CheckBound(
      {"events { type: 'a' properties { key: 'z' value { flag: true } } }",
       "events { type: 'a' properties { key: 'z' } properties { key: 'b' value { flag: true } "
       "} }",
       "events[0].properties[1]"});
}

TEST_CASE("a fact with an enum that the library does not know is left out alone") {
  CheckBound({"events { type: 'a' direction: 2 }", "events { type: 'a' direction: 3 }",
              "events[0].direction"});
  CheckBound({"events { type: 'a' mode: 3 }", "events { type: 'a' mode: 4 }", "events[0].mode"});
  CheckBound({"events { type: 'a' visibility: 3 }", "events { type: 'a' visibility: -1 }",
              "events[0].visibility"});
  CheckBound({"consents { purpose: 'a' state: 3 }", "consents { purpose: 'a' state: 4 }",
              "consents[0].state"});
  const std::string other = "relations { type: 'a' other { namespace: 'n' value: 'v' role: ";
  CheckBound({other + "1 } }", other + "2 } }", "relations[0].other.role"});
}

TEST_CASE("a kind of value that came later is no trait taken back") {
  // traits { name: "a" value { <field 15, varint 1> } }
  const std::string bytes(
      "\x0a\x07\x0a\x01"
      "a\x12\x02\x78\x01",
      9);
  const ReadResult read = ReadBytes(bytes);
  CHECK(read.facts.empty());
  REQUIRE(read.faults.size() == 1);
  CHECK(read.faults[0].path == "traits[0].value");
}

TEST_CASE("faults count facts as they came, say what is allowed, and hold no value") {
  const std::string text =
      "tags { name: 'a' } tags { name: 'b' weight: 7777777777 } tags { name: 'c' } "
      "tags { name: 'd' time_ms: -777777 } "
      "traits { name: 'x' value { money { currency: 'secret777' } } } "
      "events { type: 'y' properties { key: 'secret777' value { number: nan } } }";
  const ReadResult read = ReadText(text);
  REQUIRE(read.facts.tags.size() == 2);
  CHECK(read.facts.tags[1].name == "c");
  std::vector<std::string> paths;
  for (const FactFault& fault : read.faults) {
    paths.push_back(fault.path);
    CHECK_THAT(fault.what, HoldsText("allowed"));
    CHECK((fault.path + fault.what).find("777") == std::string::npos);
  }
  CHECK(paths == std::vector<std::string>{"traits[0].value.money.currency", "tags[1].weight",
                                          "tags[3].time_ms", "events[0].properties[0].number"});
  // The list is of this reading alone, and may be left out.
  std::vector<FactFault> faults(3);
  REQUIRE(ReadFacts(Bytes("tags { name: 'a' }"), &faults).ok());
  CHECK(faults.empty());
  const auto without = ReadFacts(Bytes(text));
  REQUIRE(without.ok());
  CHECK(*without == read.facts);
}

TEST_CASE("bytes that are no facts, and text that is no UTF-8, are refused") {
  const std::vector<std::string> refused = {"\x0a",
                                            std::string("\x0a\x05\x0a\x03"
                                                        "ab\xff",
                                                        7),
                                            std::string(1, '\0'),
                                            std::string("\x0a\x03\x0a\x01\xc3", 5)};
  for (const std::string& bytes : refused) {
    std::vector<FactFault> faults;
    CHECK(absl::IsInvalidArgument(ReadFacts(bytes, &faults).status()));
    CHECK(faults.empty());
  }
}

TEST_CASE("equal facts are equal bytes, in whatever order properties came") {
  const auto one = ReadText(
      "events { type: 'a' properties { key: 'x' value { whole: 1 } } properties { key: 'b' value { "
      "whole: 2 } } properties { key: 'm' value { whole: 3 } } }");
  const auto other = ReadText(
      "events { type: 'a' properties { key: 'm' value { whole: 3 } } properties { key: 'x' value { "
      "whole: 1 } } properties { key: 'b' value { whole: 2 } } }");
  const std::string bytes = WriteFacts(one.facts);
  CHECK(bytes == WriteFacts(other.facts));
  CHECK(bytes.find("\x0a\x01"
                   "b") < bytes.find("\x0a\x01m"));
  CHECK(bytes.find("\x0a\x01m") < bytes.find("\x0a\x01x"));
}

std::string RandomName(Random& random) { return "n" + RandomText(random); }

template <class Make>
auto Maybe(Random& random, const Make& make) {
  return random.Chance(50) ? std::optional(make()) : std::nullopt;
}

Date RandomDay(Random& random) {
  for (;;) {
    Date date{.month = static_cast<std::int32_t>(random.Between(1, 12)),
              .day = static_cast<std::int32_t>(random.Between(1, 31)),
              .calendar = static_cast<Calendar>(random.Below(2)),
              .leap_month = random.Chance(30)};
    if (random.Chance(60)) date.year = static_cast<std::int32_t>(random.Between(1890, 2110));
    if (IsDay(date)) return date;
  }
}

Value RandomValue(Random& random, std::size_t lists) {
  static const std::vector<std::int64_t> kTimes = {0, 1, 1'700'000'000'123, kMaxFactTimeMs};
  switch (random.Below(lists > 0 ? 8 : 7)) {
    case 0:
      return {RandomText(random)};
    case 1:
      return {static_cast<double>(random.Between(-1'000'000'000, 1'000'000'000)) / 4096.0};
    case 2:
      return {random.Chance(50)};
    case 3:
      return {Instant{random.Pick(kTimes)}};
    case 4:
      return {RandomDay(random)};
    case 5:
      return {RandomWhole(random)};
    case 6:
      return {Money{RandomWhole(random), random.Chance(50) ? "CNY" : "XAF"}};
    default: {
      ValueList list;
      for (std::uint64_t i = random.Below(4); i > 0; --i)
        list.push_back(RandomValue(random, lists - 1));
      return {list};
    }
  }
}

Facts RandomModelFacts(Random& random) {
  const auto time = [&] { return random.Between(0, kMaxFactTimeMs); };
  const auto weight = [&] { return random.Between(-kMaxWeightMicros, kMaxWeightMicros); };
  const auto place = [&] {
    return Place{RandomText(random),
                 Maybe(random, [&] { return static_cast<double>(random.Between(-90, 90)); }),
                 Maybe(random, [&] { return static_cast<double>(random.Between(-180, 180)); })};
  };
  Facts facts;
  for (std::uint64_t i = random.Below(4); i > 0; --i) {
    facts.traits.push_back({RandomName(random),
                            random.Chance(10) ? Value() : RandomValue(random, kMaxFactListDepth),
                            Maybe(random, [&] { return static_cast<double>(random.Below(9)) / 8; }),
                            RandomText(random)});
  }
  for (std::uint64_t i = random.Below(4); i > 0; --i) {
    facts.tags.push_back({RandomName(random), weight(), Maybe(random, time), Maybe(random, place),
                          RandomText(random), Maybe(random, time), RandomText(random)});
  }
  for (std::uint64_t i = random.Below(4); i > 0; --i) {
    facts.events.push_back({RandomName(random),
                            Maybe(random, time),
                            Maybe(random, place),
                            Maybe(random,
                                  [&] {
                                    return Money{RandomWhole(random), "JPY"};
                                  }),
                            {},
                            static_cast<Direction>(random.Below(3)),
                            static_cast<Mode>(random.Below(4)),
                            static_cast<Visibility>(random.Below(4)),
                            RandomText(random)});
    for (std::uint64_t n = random.Below(5); n > 0; --n)
      facts.events.back().properties[RandomName(random)] = RandomValue(random, kMaxFactListDepth);
  }
  for (std::uint64_t i = random.Below(4); i > 0; --i) {
    facts.relations.push_back(
        {RandomName(random),
         {"wechat.openid/wx1", RandomName(random), static_cast<Role>(random.Below(2))},
         weight(),
         Maybe(random, time)});
  }
  for (std::uint64_t i = random.Below(4); i > 0; --i) {
    facts.consents.push_back(
        {RandomName(random), static_cast<ConsentState>(random.Below(4)), Maybe(random, time)});
  }
  return facts;
}

TEST_CASE(
    "any facts within the bounds are read as they were written, and written as the same bytes") {
  std::size_t facts_in_all = 0;
  ForEachSeed(1, 2000, [&](std::uint64_t seed) {
    CAPTURE(seed);
    Random random(seed);
    const Facts facts = RandomModelFacts(random);
    const std::string bytes = WriteFacts(facts);
    const ReadResult read = ReadBytes(bytes);
    for (const FactFault& fault : read.faults) FAIL_CHECK(fault.path << ": " << fault.what);
    REQUIRE(read.facts == facts);
    REQUIRE(WriteFacts(read.facts) == bytes);
    facts_in_all += CountOf(facts);
  });
  if (!OneSeedOnly()) CHECK(facts_in_all > 1000);
}

TEST_CASE("of any bytes of facts, what is read and written is read and written again the same") {
  std::size_t kept = 0, left_out = 0;
  ForEachSeed(1, 2000, [&](std::uint64_t seed) {
    CAPTURE(seed);
    Random random(seed);
    const ReadResult read = ReadBytes(RandomFacts(random));
    const std::string bytes = WriteFacts(read.facts);
    const ReadResult again = ReadBytes(bytes);
    REQUIRE(again.faults.empty());
    REQUIRE(again.facts == read.facts);
    REQUIRE(WriteFacts(again.facts) == bytes);
    kept += CountOf(read.facts);
    left_out += read.faults.size();
  });
  if (!OneSeedOnly()) {
    CHECK(kept > 100);
    CHECK(left_out > 100);
  }
}

}  // namespace
TEST_CASE("an event's properties are written to JSON in the order of their names") {
  Event event;
  event.type = "buy";
  for (const char* name : {"topic", "sku", "amount", "zone", "brand"})
    event.properties[name] = {std::string(name)};
  Facts facts;
  facts.events.push_back(event);
  Record record;
  record.source = "shop";
  record.time_ms = 1;
  record.identifiers = {{"crm", "1", Role::kSelf}};
  record.facts = WriteFacts(facts);
  const std::string json = WriteRecordJson(record);
  std::size_t at = 0;
  for (const char* name : {"amount", "brand", "sku", "topic", "zone"}) {
    const std::size_t next = json.find("\"" + std::string(name) + "\":");
    REQUIRE(next != std::string::npos);
    CHECK(next > at);
    at = next;
  }
}

}  // namespace polyonym::harness
