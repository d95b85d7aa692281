// When an answer changes by itself: exact moments, and people who never come up.
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "polyonym/model/definitions.h"
#include "polyonym/model/facts.h"
#include "polyonym/profile/profile.h"
#include "polyonym/segment/evaluate.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kNever = CompiledSegments::kNever;

constexpr std::int64_t On(int year, unsigned month, unsigned day) {
  const std::chrono::sys_days of =
      std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
  return std::int64_t{of.time_since_epoch().count()} * kDay;
}

constexpr std::int64_t kNow = On(2026, 11, 28) + 9 * kHour;

Definitions Known() {
  Definitions out;
  const auto trait = [&](const char* name, ValueType type, Fold fold = Fold::kLatest) {
    TraitDefinition defined;
    defined.name = name;
    defined.type = type;
    defined.fold = fold;
    out.traits.push_back(std::move(defined));
    return &out.traits.back();
  };
  trait("city", ValueType::kText);
  trait("birthday", ValueType::kDate);
  trait("phone model", ValueType::kText)->window_ms = 7 * kDay;
  trait("mood", ValueType::kText)->window_ms = 90 * kMinute;
  trait("heat", ValueType::kNumber, Fold::kDecayedSum)->half_life_ms = kHour;
  const auto tag = [&](const char* name, const char* parent = "") {
    TagDefinition defined;
    defined.name = name;
    defined.parent = parent;
    out.tags.push_back(std::move(defined));
    return &out.tags.back();
  };
  tag("drinks")->topics = {"taste"};
  tag("coffee", "drinks")->valid_ms = 10 * kDay;
  TagDefinition* keen = tag("keen");
  keen->fold = TagFold::kDecayedSum;
  keen->half_life_ms = 30 * kDay;
  keen->layers = {{"gold", 2'000'000}, {"silver", 1'000'000}};
  out.behaviours = {{.name = "orders", .on = {.types = {"order"}}, .tag = "keen"}};
  out.purposes = {{"ads", ConsentFold::kLatest, 365 * kDay}};
  Stage active{"active", {{.events = {.types = {"order"}}, .window_ms = 20 * kDay}}};
  out.ladders = {{"life", {{"known", {}}, active}}};
  PurchaseScore value;
  value.name = "value";
  value.currency = "CNY";
  value.bgnbd_model = {0.243, 4.414, 0.793, 2.426};
  out.purchase_scores = {value};
  out.channel_scores = {{"channels", {}}};
  return out;
}

struct Person {
  std::vector<FactRow> rows;
  std::vector<Identifier> identifiers = {{"crm", "1"}};
  Identifier anchor = {"crm", "1"};

  Facts* Says(std::int64_t time_ms) {
    FactRow row;
    row.from.source = row.from.record_source = "shop";
    row.from.record_id = std::to_string(rows.size());
    row.from.time_ms = time_ms;
    row.from.belongs_to = anchor;
    rows.push_back(std::move(row));
    return &rows.back().facts;
  }
  void Trait(const std::string& name, Value value, std::int64_t time_ms = kNow - kDay) {
    Says(time_ms)->traits.push_back({name, std::move(value), {}, ""});
  }
  void Tag(const std::string& name, std::int64_t time_ms, std::int64_t weight_micros = 1'000'000) {
    Says(time_ms)->tags.push_back({.name = name, .weight_micros = weight_micros});
  }
  void Does(const std::string& type, std::int64_t time_ms, std::int64_t minor_units = 100) {
    Says(time_ms)->events.push_back({.type = type, .value = Money{minor_units, "CNY"}});
  }
};

struct Answer {
  std::optional<bool> is;
  std::int64_t until_ms = 0;
};

Answer Ask(const Person& person, const std::string& expression, std::int64_t now_ms = kNow,
           const std::string& time_zone = "") {
  Definitions definitions = Known();
  definitions.segments = {{"asked", expression, time_zone}};
  const auto compiled = CompiledSegments::Compile(definitions);
  INFO(compiled.status().message());
  REQUIRE(compiled.ok());
  SegmentSubject subject(definitions, person.rows, person.identifiers, person.anchor, now_ms);
  Answer answer{(*compiled)->Evaluate(0, &subject), (*compiled)->NextChange(0, &subject)};
  CAPTURE(expression);
  CHECK(answer.until_ms > now_ms);
  return answer;
}

std::int64_t Until(const Person& person, const std::string& expression,
                   const std::string& time_zone = "", std::int64_t now_ms = kNow) {
  return Ask(person, expression, now_ms, time_zone).until_ms;
}

// Looks again at each next change until the answer is another one; when it is, and how often it took.
struct Crossing {
  std::int64_t at_ms = 0;
  int looks = 0;
};
Crossing Cross(const Person& person, const std::string& expression,
               const std::string& time_zone = "") {
  const std::optional<bool> was = Ask(person, expression, kNow, time_zone).is;
  Crossing crossing{kNow, 0};
  while (crossing.looks < 100 && crossing.at_ms != kNever) {
    const Answer answer = Ask(person, expression, crossing.at_ms, time_zone);
    if (answer.is != was) return crossing;
    crossing.at_ms = answer.until_ms;
    ++crossing.looks;
  }
  return crossing;
}

TEST_CASE("an event leaves a span of time when it is as old as the span") {
  Person person;
  const std::int64_t ordered = kNow - 3 * kDay;
  CHECK(Until(person, "count(order within 30 days) >= 1") == kNever);
  person.Does("order", ordered);
  CHECK(Until(person, "count(order within 30 days) >= 1") == ordered + 30 * kDay);
  CHECK(Until(person, "did(order within 30 days)") == ordered + 30 * kDay);
  CHECK(Until(person, "count(order) >= 1") == kNever);
  CHECK(Until(person, "count(click within 30 days) >= 1") == kNever);
}

TEST_CASE("of many events the one that decides is waited for") {
  Person person;
  for (int i = 0; i < 50; ++i) person.Does("order", kNow - i * kDay - kHour);
  CHECK(Until(person, "did(order within 30 days)") == kNow - kHour + 30 * kDay);
  CHECK(Until(person, "count(order within 30 days) >= 1") == kNow - kHour + 30 * kDay);
  CHECK(Until(person, "count(order within 30 days) > 10") == kNow - 10 * kDay - kHour + 30 * kDay);
  CHECK(Until(person, "last(time of order within 30 days) > 2026-11-01T00:00:00Z") ==
        kNow - kHour + 30 * kDay);
  CHECK(Until(person, "sum(value of order within 30 days) >= 5 CNY") ==
        kNow - 29 * kDay - kHour + 30 * kDay);
}

TEST_CASE("a window of days ends at midnight of the segment's zone") {
  Person person;
  person.Does("order", kNow - 2 * kDay);  // 26 November, 17:00 in Shanghai
  const std::int64_t midnight = On(2026, 12, 3) - 8 * kHour;
  CHECK(Until(person, "not did(order in last 7 days)", "Asia/Shanghai") == midnight);
  CHECK(Until(person, "not did(order in last 7 days)") == On(2026, 12, 3));
  CHECK(Until(person, "did(order in past 7 days)", "Asia/Shanghai") == midnight + kDay);
  CHECK(Until(person, "did(order in this month)", "Asia/Shanghai") == On(2026, 12, 1) - 8 * kHour);
  CHECK(Until(person, "did(order in previous month)", "Asia/Shanghai") ==
        On(2026, 12, 1) - 8 * kHour);
}

TEST_CASE("a part that never changes and decides is enough") {
  Person person;
  person.Does("order", kNow - kDay);
  person.Trait("city", {"Wuhan"});
  CHECK(Until(person, "trait city = \"Shanghai\" and did(order within 30 days)") == kNever);
  CHECK(Until(person, "trait city = \"Wuhan\" or now > 2026-12-01T00:00:00Z") == kNever);
  CHECK(Until(person, "trait city = \"Wuhan\" and did(order within 30 days)") == kNow + 29 * kDay);
  CHECK(Until(person, "not did(order within 30 days) and not did(order within 10 days)") ==
        kNow + 29 * kDay);
  CHECK(Until(person, "has crm and bucket \"a\" < 0.5") == kNever);
}

TEST_CASE("facts of later times count from then on") {
  Person person;
  person.Does("order", kNow + kHour);
  person.Trait("city", {"Wuhan"}, kNow + 2 * kHour);
  CHECK(Until(person, "did(order)") == kNow + kHour);
  CHECK(Until(person, "did(click)") == kNever);
  CHECK(Until(person, "trait city is known") == kNow + 2 * kHour);
  CHECK(Until(person, "did(order in previous day)") == On(2026, 11, 29));
  CHECK(Until(person, "did(order from 2026-12-01T00:00:00Z)") == kNever);
}

TEST_CASE("time since something passes a bound at one millisecond") {
  Person person;
  const std::int64_t ordered = kNow - kDay;
  person.Does("order", ordered);
  CHECK(Until(person, "now - last(time of order) > 3 days") == ordered + 3 * kDay + 1);
  CHECK(Until(person, "last(time of order) < now - 3 days") == ordered + 3 * kDay + 1);
  CHECK(Until(person, "(now - last(time of order)) * 2 >= 3 days") == ordered + 36 * kHour);
  CHECK(Until(person, "now >= 2026-12-01T00:00:00Z") == On(2026, 12, 1));
  CHECK(Until(person, "now < 2026-11-01T00:00:00Z") == kNow + 400 * kDay);
  CHECK(Until(person, "now - last(time of click) > 3 days") == kNow + 400 * kDay);
  CHECK(Until(person, "count(order where now - time > 3 days) = 0") == ordered + 3 * kDay + 1);
}

TEST_CASE("days since something rise at midnight") {
  Person person;
  person.Does("order", kNow - kDay);  // 27 November, 17:00 in Shanghai
  CHECK(Until(person, "days since last(time of order) >= 30", "Asia/Shanghai") ==
        On(2026, 12, 27) - 8 * kHour);
  CHECK(Until(person, "years since 2001-02-28 >= 26") == On(2027, 2, 28));
  CHECK(Until(person, "hour of now >= 10") == kNow + kHour);
  CHECK(Until(person, "hour of now >= 9") == kNow + 15 * kHour);
  // Clocks in New York are put back at 2 in the night: quarters of an hour.
  const std::int64_t change = On(2026, 11, 1) + 6 * kHour;
  CHECK(Until(person, "hour of now >= 9", "America/New_York", change - kHour) ==
        change - 45 * kMinute);
  CHECK(Until(person, "month of now = 12", "Asia/Shanghai") == On(2026, 12, 1) - 8 * kHour);
  CHECK(Until(person, "weekday of now = 7", "Asia/Shanghai") == On(2026, 11, 29) - 8 * kHour);
}

TEST_CASE("an hour that comes back is seen") {
  // In Troll clocks are put back by two hours, from 3 to 1 in the night.
  const std::int64_t change = On(2026, 10, 25) + kHour;
  const std::int64_t before = change - 50 * kMinute;
  CHECK(Ask({}, "hour of now < 2", before, "Antarctica/Troll").is == false);
  CHECK(Ask({}, "hour of now < 2", change, "Antarctica/Troll").is == true);
  CHECK(Until({}, "hour of now < 2", "Antarctica/Troll", before) <= change);
}

TEST_CASE("a birthday comes up when it is near and when it is over") {
  Person person;
  person.Trait("birthday", {Date{.year = 1990, .month = 2, .day = 28}});
  const std::string in_month = "anniversary of trait birthday in this month";
  CHECK(Until(person, in_month) == On(2027, 2, 1));
  CHECK(Until(person, in_month, "", On(2027, 2, 10)) == On(2027, 3, 1));
  const std::string within_week = "days to anniversary of trait birthday <= 7";
  CHECK(Until(person, within_week) == On(2027, 2, 21));
  CHECK(Until(person, within_week, "", On(2027, 2, 25)) == On(2027, 3, 1));
  person.rows.clear();
  CHECK(Until(person, in_month) == kNever);
}

TEST_CASE("a score that decays is waited for") {
  Person person;
  person.Tag("keen", kNow - kDay, 4'000'000);
  person.Does("order", kNow - 2 * kDay);
  for (const char* bound : {"> 2.5", "> 1.25", "<= 4.5"}) {
    const Crossing crossing = Cross(person, "score of tag keen " + std::string(bound));
    CAPTURE(bound, crossing.at_ms - kNow);
    CHECK(crossing.looks == 1);
  }
  const Crossing half = Cross(person, "layer gold of tag keen");
  CHECK(half.looks == 1);
  CHECK(half.at_ms == Cross(person, "score of tag keen < 2").at_ms);
  CHECK(Until(person, "score of tag keen > 0") == kNow + 400 * kDay);
  CHECK(Until(person, "count of tag keen > 0") == kNever);
}

TEST_CASE("a score of both signs is waited for and looked at a few times") {
  Person person;
  person.Trait("heat", {10.0}, kNow - kHour);
  person.Trait("heat", {-3.0}, kNow - kMinute);
  const Crossing crossing = Cross(person, "trait heat > 0.7");
  CAPTURE(crossing.at_ms - kNow);
  CHECK(crossing.looks <= 5);
  CHECK(crossing.at_ms > kNow);
}

TEST_CASE("tags and traits and consents end") {
  Person person;
  person.Tag("coffee", kNow - kDay);
  CHECK(Until(person, "tag coffee") == kNow + 9 * kDay);
  CHECK(Until(person, "tag drinks") == kNow + 9 * kDay);
  CHECK(Until(person, "tags of topic taste contains \"drinks\"") == kNow + 9 * kDay);
  CHECK(Until(person, "tag keen") == kNever);
  person.Trait("phone model", {"X1"}, kNow - kDay);
  CHECK(Until(person, "trait \"phone model\" = \"X1\"") == On(2026, 12, 4));
  person.Trait("mood", {"good"}, kNow - kMinute);
  CHECK(Until(person, "trait mood is known") == kNow + 89 * kMinute);
  person.Says(kNow - 2 * kDay)->consents.push_back({"ads", ConsentState::kGranted, {}});
  CHECK(Until(person, "consent ads = \"granted\"") == kNow + 363 * kDay);
}

TEST_CASE("a stage is left when its events leave the window") {
  Person person;
  person.Does("order", kNow - 5 * kDay);
  CHECK(Until(person, "stage of life = \"active\"") == kNow + 15 * kDay);
  person.Does("order", kNow - 30 * kDay);
  CHECK(Until(person, "entered stage of life > 2026-11-01T00:00:00Z") == kNow + 15 * kDay);
  CHECK(Cross(person, "entered stage of life < 2026-12-01T00:00:00Z").at_ms == kNow + 15 * kDay);
  CHECK(Until(person, "highest stage of life = \"active\"", "", kNow + 20 * kDay) == kNever);
}

TEST_CASE("chances to see a customer again fall from day to day") {
  Person person;
  for (int i = 1; i <= 6; ++i) person.Does("order", kNow - i * 7 * kDay);
  const Crossing alive = Cross(person, "alive of score value < 0.3");
  CHECK(alive.looks == 1);
  CHECK((alive.at_ms + 1) % kDay == 0);  // the last millisecond of a day sees the next one
  const Crossing lost = Cross(person, "state of score value = \"lost\"");
  CHECK(lost.looks == 1);
  CHECK((lost.at_ms + 1) % kDay == 0);
  CHECK(Until(person, "total of score value > 1 CNY") == kNever);
  CHECK(Until(person, "share crm of score channels = 1") == kMaxFactTimeMs + 1);
}

TEST_CASE("a segment that asks for another changes with it") {
  Person person;
  person.Does("order", kNow - kDay);
  Definitions definitions = Known();
  definitions.segments = {{"outer", "not in segment inner", ""},
                          {"inner", "did(order within 30 days)", ""}};
  const auto compiled = CompiledSegments::Compile(definitions);
  REQUIRE(compiled.ok());
  SegmentSubject subject(definitions, person.rows, person.identifiers, person.anchor, kNow);
  CHECK((*compiled)->NextChange(0, &subject) == kNow + 29 * kDay);
  CHECK((*compiled)->NextChange(1, &subject) == kNow + 29 * kDay);
}

TEST_CASE("moments at the ends of time are no trouble") {
  Person person;
  person.Does("order", kNow);
  const std::int64_t last = std::numeric_limits<std::int64_t>::max();
  const std::string expression = "did(order within 30 days) or now - last(time of order) > 3 days";
  CHECK(Ask(person, expression, last - 1).until_ms == last);
  Definitions definitions = Known();
  definitions.segments = {{"asked", expression, ""}};
  const auto compiled = CompiledSegments::Compile(definitions);
  REQUIRE(compiled.ok());
  SegmentSubject subject(definitions, person.rows, person.identifiers, person.anchor, last);
  CHECK((*compiled)->NextChange(0, &subject) == kNever);
}

}  // namespace
}  // namespace polyonym::harness
