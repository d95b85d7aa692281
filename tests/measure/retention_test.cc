// Retention and repurchase: small tables by hand, the published example, and random people in several zones against a slow model.
#include "polyonym/measure/retention.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "harness/catch.h"
#include "harness/random.h"
#include "harness/shared_data.h"
#include "measure/calendar_grid.h"
#include "measure/random_events.h"
#include "polyonym/measure/repurchase.h"
#include "segment/calendar.h"

namespace polyonym::harness {
namespace {

using measure::CalendarGrid;
using segment::TimeZone;
using std::chrono::sys_days;

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kDay = 24 * kHour;

// UTC.
std::int64_t At(int year, unsigned month, unsigned day, int hour = 0) {
  const sys_days date = std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
  return std::int64_t{date.time_since_epoch().count()} * kDay + hour * kHour;
}

TimeZone Zone(const std::string& name) {
  auto zone = TimeZone::Of(name);
  REQUIRE(zone.ok());
  return *std::move(zone);
}

RetentionTable Measured(const EventTable& table, const RetentionOptions& options) {
  const auto retention = MeasureRetention(table, options);
  INFO(retention.status().message());
  REQUIRE(retention.ok());
  return *retention;
}

Repurchase Measured(const EventTable& table, const RepurchaseOptions& options) {
  const auto repurchase = MeasureRepurchase(table, options);
  INFO(repurchase.status().message());
  REQUIRE(repurchase.ok());
  return *repurchase;
}

using Counts = std::vector<std::uint64_t>;

Counts ReturnedOf(const RetentionCohort& cohort) {
  Counts counts;
  for (const RetentionPeriod& period : cohort.periods) counts.push_back(period.returned);
  return counts;
}

std::vector<bool> CompleteOf(const RetentionCohort& cohort) {
  std::vector<bool> complete;
  for (const RetentionPeriod& period : cohort.periods) complete.push_back(period.complete);
  return complete;
}

RetentionOptions Orders(CalendarUnit unit, std::uint32_t periods, std::int64_t now_ms) {
  RetentionOptions options;
  options.first = options.again = {.types = {"order"}};
  options.unit = unit;
  options.periods = periods;
  options.now_ms = now_ms;
  return options;
}

// ---- The slow model ----

// Of each unit the first day and the first instant, of some years around the random times.
struct Unit {
  sys_days day;
  std::int64_t start_ms;
};

bool IsFirstDay(CalendarUnit unit, sys_days day) {
  const std::chrono::year_month_day date(day);
  const unsigned month = static_cast<unsigned>(date.month());
  switch (unit) {
    case CalendarUnit::kWeek:
      return std::chrono::weekday(day) == std::chrono::Monday;
    case CalendarUnit::kMonth:
      return static_cast<unsigned>(date.day()) == 1;
    case CalendarUnit::kQuarter:
      return static_cast<unsigned>(date.day()) == 1 && month % 3 == 1;
    case CalendarUnit::kYear:
      return static_cast<unsigned>(date.day()) == 1 && month == 1;
    default:
      return true;
  }
}

std::vector<Unit> UnitsAround(CalendarUnit unit, const TimeZone& zone, sys_days from, sys_days to) {
  std::vector<Unit> units;
  for (sys_days day = from; day <= to; day += std::chrono::days(1)) {
    if (IsFirstDay(unit, day)) units.push_back({day, zone.StartOf(day)});
  }
  return units;
}

std::size_t UnitOf(const std::vector<Unit>& units, std::int64_t ms) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (units[i].start_ms <= ms) at = i;
  }
  return at;
}

std::string TextOf(sys_days day) {
  const std::chrono::year_month_day date(day);
  const auto two = [](unsigned of) { return (of < 10 ? "-0" : "-") + std::to_string(of); };
  return std::to_string(static_cast<int>(date.year())) + two(static_cast<unsigned>(date.month())) +
         two(static_cast<unsigned>(date.day()));
}

std::optional<std::size_t> SlowFirst(const ToldPerson& person, const RetentionOptions& options) {
  for (std::size_t i = 0; i < person.size(); ++i) {
    const std::int64_t ms = person[i].time_ms;
    const bool is_in =
        (!options.from_ms || ms >= *options.from_ms) && (!options.to_ms || ms < *options.to_ms);
    if (ms > options.now_ms || !Matches(options.first, person[i])) continue;
    if (is_in) return i;
    if (options.first_event == FirstEvent::kEver) return std::nullopt;
  }
  return std::nullopt;
}

// Whether somebody who began with event `first` came again in the period.
bool CameAgain(const ToldPerson& person, std::size_t first, std::size_t period,
               const std::vector<Unit>& units, const RetentionOptions& options) {
  const std::size_t began = UnitOf(units, person[first].time_ms);
  for (std::size_t i = first + 1; i < person.size(); ++i) {
    if (person[i].time_ms > options.now_ms || !Matches(options.again, person[i])) continue;
    const std::size_t unit = UnitOf(units, person[i].time_ms) - began;
    if (unit == period || (options.kind == RetentionKind::kRolling && unit > period)) return true;
  }
  return false;
}

void SetShares(RetentionCohort* cohort) {
  for (RetentionPeriod& period : cohort->periods) {
    period.complete = period.observed == cohort->size;
    if (period.observed > 0)
      period.share =
          static_cast<double>(period.returned_of_observed) / static_cast<double>(period.observed);
  }
}

RetentionTable SlowRetention(const ToldPeople& people, const RetentionOptions& options,
                             const std::vector<Unit>& units) {
  RetentionTable table;
  table.people = people.size();
  std::map<std::string, RetentionCohort> cohorts;  // dates of one length are in order as texts
  table.all.periods.resize(options.periods + 1);
  for (const ToldPerson& person : Sorted(people)) {
    const std::optional<std::size_t> first = SlowFirst(person, options);
    if (!first) continue;
    const std::size_t began = UnitOf(units, person[*first].time_ms);
    const std::string name =
        options.by ? TextOf(person[*first], *options.by) : TextOf(units[began].day);
    RetentionCohort& cohort = cohorts[name];
    cohort.name = name;
    cohort.periods.resize(options.periods + 1);
    for (RetentionCohort* to : {&cohort, &table.all}) {
      ++to->size;
      for (std::size_t n = 0; n <= options.periods; ++n) {
        const bool came = CameAgain(person, *first, n, units, options);
        const bool is_over = units[began + n + 1].start_ms <= options.now_ms;
        to->periods[n].returned += came ? 1 : 0;
        to->periods[n].observed += is_over ? 1 : 0;
        to->periods[n].returned_of_observed += came && is_over ? 1 : 0;
      }
    }
  }
  for (auto& [name, cohort] : cohorts) {
    SetShares(&cohort);
    table.cohorts.push_back(cohort);
  }
  SetShares(&table.all);
  if (options.by)
    std::stable_sort(table.cohorts.begin(), table.cohorts.end(),
                     [](const auto& a, const auto& b) { return a.size > b.size; });
  return table;
}

// ---- Random questions ----

struct Case {
  std::string zone;
  std::int64_t from_ms = 0;
  std::int64_t step_ms = 0;
  ToldPeople people;
  RetentionOptions options;
};

// Around a day that clocks leave out, a midnight that they jump over, and one that comes twice.
Case RandomCase(Random& random) {
  struct Somewhere {
    const char* zone;
    std::int64_t around_ms;
  };
  const std::vector<Somewhere> somewhere = {{"", At(2026, 2, 25)},
                                            {"Asia/Shanghai", At(2025, 12, 28)},
                                            {"Pacific/Apia", At(2011, 12, 28)},
                                            {"America/Sao_Paulo", At(2018, 11, 2)},
                                            {"America/Sao_Paulo", At(2019, 2, 14)},
                                            {"America/New_York", At(2024, 3, 8)}};
  Case made;
  const Somewhere& where = random.Pick(somewhere);
  made.zone = where.zone;
  made.step_ms = random.Pick<std::int64_t>({kHour, 5 * kHour, kDay, 9 * kDay});
  made.from_ms = where.around_ms - made.step_ms * random.Between(0, 10);
  made.people = RandomPeople(random, made.from_ms, made.step_ms);
  RetentionOptions& options = made.options;
  options.first = RandomFilter(random);
  options.again = random.Chance(40) ? options.first : RandomFilter(random);
  options.kind = static_cast<RetentionKind>(random.Below(2));
  options.unit = static_cast<CalendarUnit>(1 + random.Below(5));
  options.time_zone = made.zone;
  options.periods = static_cast<std::uint32_t>(random.Below(8));
  if (random.Chance(30)) options.from_ms = made.from_ms + made.step_ms * random.Between(-1, 12);
  if (random.Chance(30))
    options.to_ms = options.from_ms.value_or(made.from_ms) + made.step_ms * random.Between(0, 25);
  options.first_event = static_cast<FirstEvent>(random.Below(2));
  if (random.Chance(40)) options.by = static_cast<EventDimension>(random.Below(kEventDimensions));
  options.now_ms = made.from_ms + made.step_ms * random.Between(-2, 60);
  if (random.Chance(20)) options.now_ms -= random.Between(0, 1);
  options.threads = static_cast<unsigned>(random.Below(4));
  return made;
}

std::string BrokenInvariant(const RetentionCohort& cohort, RetentionKind kind) {
  for (std::size_t n = 0; n < cohort.periods.size(); ++n) {
    const RetentionPeriod& period = cohort.periods[n];
    if (period.returned_of_observed > std::min(period.returned, period.observed)) return "I1\n";
    if (std::max(period.returned, period.observed) > cohort.size) return "I1\n";
    if (n == 0) continue;
    if (period.observed > cohort.periods[n - 1].observed) return "I2\n";
    if (kind == RetentionKind::kRolling && period.returned > cohort.periods[n - 1].returned)
      return "I3\n";
  }
  return "";
}

// ---- Repurchase ----

Repurchase SlowRepurchase(const ToldPeople& people, const RepurchaseOptions& options) {
  Repurchase slow;
  std::vector<std::int64_t> waited;
  for (const ToldPerson& person : Sorted(people)) {
    std::vector<std::int64_t> orders;
    for (const ToldEvent& event : person) {
      if (event.time_ms <= options.now_ms && Matches(options.order, event))
        orders.push_back(event.time_ms);
    }
    if (orders.empty() || (options.from_ms && orders[0] < *options.from_ms) ||
        (options.to_ms && orders[0] >= *options.to_ms))
      continue;
    const bool is_observed = orders[0] + options.within_ms <= options.now_ms;
    ++slow.buyers;
    slow.observed += is_observed ? 1 : 0;
    for (std::size_t i = 1; i < orders.size(); ++i) {
      const std::int64_t wait = orders[i] - orders[0];
      if (wait < options.apart_ms) continue;
      if (wait <= options.within_ms) {
        ++slow.repurchased;
        slow.repurchased_of_observed += is_observed ? 1 : 0;
        waited.push_back(wait);
      }
      break;
    }
  }
  if (slow.observed > 0)
    slow.rate =
        static_cast<double>(slow.repurchased_of_observed) / static_cast<double>(slow.observed);
  if (waited.empty()) return slow;
  std::sort(waited.begin(), waited.end());
  slow.waited = {
      waited.size(),
      static_cast<double>(std::accumulate(waited.begin(), waited.end(), std::int64_t{0})) /
          static_cast<double>(waited.size()),
      waited[(waited.size() - 1) / 2]};
  return slow;
}

// The purchases of CDNOW's customers, one day of each as `order`; empty where the data are absent, which is said on stderr.
ToldPeople Cdnow() {
  std::map<std::string, ToldPerson> people;
  ForEachSharedLine("cdnow/cdnow_master.csv.gz", [&](const std::string& line) {
    const int date = std::stoi(line.substr(line.find(',') + 1, 8));
    people[line.substr(0, line.find(','))].push_back(
        {At(date / 10'000, static_cast<unsigned>(date / 100 % 100),
            static_cast<unsigned>(date % 100)),
         "order"});
  });
  ToldPeople told;
  for (auto& [customer, person] : people) told.push_back(std::move(person));
  return told;
}

}  // namespace

// ---- Retention ----

TEST_CASE("cohorts are by the month of the first event and periods by the months after it") {
  const EventTable table = TableOf({
      // January: again in January, in February twice, and in April.
      {{At(2026, 1, 3), "order"},
       {At(2026, 1, 3), "order"},
       {At(2026, 2, 1), "order"},
       {At(2026, 2, 28, 23), "order"},
       {At(2026, 4, 1), "order"}},
      {{At(2026, 1, 31, 23), "order"}, {At(2026, 2, 1), "view"}, {At(2026, 3, 5), "order"}},
      {{At(2026, 3, 31), "order"}, {At(2026, 4, 9), "order"}},  // what is after now is not seen
      {{At(2026, 1, 1), "view"}},
  });
  const RetentionTable retention = Measured(table, Orders(CalendarUnit::kMonth, 3, At(2026, 4, 8)));
  CHECK(retention.people == 4);
  REQUIRE(retention.cohorts.size() == 2);
  const RetentionCohort& january = retention.cohorts[0];
  CHECK(january.name == "2026-01-01");
  CHECK(january.size == 2);
  CHECK(ReturnedOf(january) == Counts{1, 1, 1, 1});
  CHECK(CompleteOf(january) == std::vector<bool>{true, true, true, false});
  CHECK(january.periods[1].share == 0.5);
  CHECK(january.periods[3].observed == 0);
  CHECK(january.periods[3].share == 0);
  const RetentionCohort& march = retention.cohorts[1];
  CHECK(march.name == "2026-03-01");
  CHECK(ReturnedOf(march) == Counts{0, 0, 0, 0});
  CHECK(CompleteOf(march) == std::vector<bool>{true, false, false, false});
  CHECK(retention.all.size == 3);
  CHECK(ReturnedOf(retention.all) == Counts{1, 1, 1, 1});
  CHECK(retention.all.periods[0].observed == 3);
  CHECK(retention.all.periods[2].observed == 2);
  CHECK_FALSE(retention.all.periods[2].complete);
}

TEST_CASE("rolling retention counts who came then or later") {
  const EventTable table = TableOf({{{At(2026, 1, 5), "order"}, {At(2026, 1, 21), "order"}},
                                    {{At(2026, 1, 5), "order"}, {At(2026, 1, 12), "order"}},
                                    {{At(2026, 1, 5), "order"}}});
  RetentionOptions options = Orders(CalendarUnit::kWeek, 3, At(2026, 1, 26));
  CHECK(ReturnedOf(Measured(table, options).all) == Counts{0, 1, 1, 0});
  options.kind = RetentionKind::kRolling;
  const RetentionTable rolling = Measured(table, options);
  CHECK(ReturnedOf(rolling.all) == Counts{2, 2, 1, 0});
  // The week from the 19th has ended just at now.
  CHECK(CompleteOf(rolling.all) == std::vector<bool>{true, true, true, false});
  // What is later than the last period counts in it too.
  options.periods = 1;
  CHECK(ReturnedOf(Measured(table, options).all) == Counts{2, 2});
}

TEST_CASE("cohorts by campaign are of one size or another and count whom a period is over for") {
  ToldPeople people;
  for (const int day : {1, 5, 6})
    people.push_back({{At(2026, 3, day), "order", "spring"}, {At(2026, 3, day + 1), "order", "x"}});
  people.push_back({{At(2026, 3, 6), "order", ""}, {At(2026, 3, 6), "order", "spring"}});
  RetentionOptions options = Orders(CalendarUnit::kDay, 1, At(2026, 3, 7));
  options.by = EventDimension::kCampaign;
  const RetentionTable retention = Measured(TableOf(people), options);
  REQUIRE(retention.cohorts.size() == 2);
  CHECK(retention.cohorts[0].name == "spring");
  CHECK(retention.cohorts[0].size == 3);
  const RetentionPeriod& next_day = retention.cohorts[0].periods[1];
  CHECK(next_day.returned == 3);  // one of them just at now
  CHECK(next_day.observed == 2);
  CHECK(next_day.returned_of_observed == 2);
  CHECK(next_day.share == 1);
  CHECK_FALSE(next_day.complete);
  CHECK(retention.cohorts[1].name.empty());
  CHECK(ReturnedOf(retention.cohorts[1]) == Counts{1, 0});
}

TEST_CASE("who began before the window is in no cohort unless their first there is asked for") {
  const EventTable table = TableOf({{{At(2026, 1, 1), "order"}, {At(2026, 2, 1), "order"}},
                                    {{At(2026, 2, 2), "order"}, {At(2026, 3, 2), "order"}},
                                    {{At(2026, 3, 1), "order"}}});
  RetentionOptions options = Orders(CalendarUnit::kMonth, 1, At(2026, 5, 1));
  options.from_ms = At(2026, 2, 1);
  options.to_ms = At(2026, 3, 1);
  CHECK(Measured(table, options).all.size == 1);
  CHECK(ReturnedOf(Measured(table, options).all) == Counts{0, 1});
  options.first_event = FirstEvent::kInWindow;
  CHECK(Measured(table, options).all.size == 2);
}

TEST_CASE("a month is that of the zone") {
  const EventTable table =
      TableOf({{{At(2026, 1, 31, 15), "order"}}, {{At(2026, 1, 31, 16), "order"}}});
  RetentionOptions options = Orders(CalendarUnit::kMonth, 0, At(2026, 3, 1));
  CHECK(Measured(table, options).cohorts.size() == 1);
  options.time_zone = "Asia/Shanghai";
  const RetentionTable retention = Measured(table, options);
  REQUIRE(retention.cohorts.size() == 2);
  CHECK(retention.cohorts[1].name == "2026-02-01");
}

TEST_CASE("retention says what a slow count of everybody says") {
  std::uint64_t people = 0, returned = 0, incomplete = 0;
  CheckCases(1, 3'000, [&](Random& random) {
    const Case made = RandomCase(random);
    const TimeZone zone = Zone(made.zone);
    const sys_days day(std::chrono::days(made.from_ms / kDay));
    const std::vector<Unit> units = UnitsAround(
        made.options.unit, zone, day - std::chrono::days(800), day + std::chrono::days(4'800));
    const RetentionTable got = Measured(TableOf(made.people), made.options);
    std::string fault = BrokenInvariant(got.all, made.options.kind);
    for (const RetentionCohort& cohort : got.cohorts)
      fault += BrokenInvariant(cohort, made.options.kind);
    if (got != SlowRetention(made.people, made.options, units)) fault += "another table\n";
    people += got.all.size;
    for (const RetentionPeriod& period : got.all.periods) {
      returned += period.returned;
      incomplete += period.observed < got.all.size ? 1 : 0;
    }
    return fault;
  });
  if (FromEnvironment("POLYONYM_SEED", 0) == 0 &&
      FromEnvironment("POLYONYM_HISTORIES", 100) >= 100) {
    CHECK(people >= 4'000);
    CHECK(returned >= 4'000);
    CHECK(incomplete >= 3'000);
  }
}

TEST_CASE("rolling retention is at least that of the calendar and cohorts sum to all") {
  CheckCases(10'001, 500, [](Random& random) {
    Case made = RandomCase(random);
    const EventTable table = TableOf(made.people);
    made.options.kind = RetentionKind::kCalendar;
    const RetentionTable calendar = Measured(table, made.options);
    made.options.kind = RetentionKind::kRolling;
    const RetentionTable rolling = Measured(table, made.options);
    if (rolling.cohorts.size() != calendar.cohorts.size()) return std::string("cohorts\n");
    for (std::size_t n = 0; n < calendar.all.periods.size(); ++n) {
      std::uint64_t sum = 0;
      for (std::size_t c = 0; c < calendar.cohorts.size(); ++c) {
        sum += calendar.cohorts[c].periods[n].returned;
        if (rolling.cohorts[c].periods[n].returned < calendar.cohorts[c].periods[n].returned)
          return std::string("I5\n");
      }
      if (sum != calendar.all.periods[n].returned) return std::string("I4\n");
    }
    return std::string();
  });
}

TEST_CASE("neither the order of people nor the number of threads shows in retention") {
  Random random(6);
  ToldPeople people;
  while (people.size() < 20'000) {
    for (ToldPerson& person : RandomPeople(random, At(2026, 1, 1), kDay))
      people.push_back(std::move(person));
  }
  RetentionOptions options = Orders(CalendarUnit::kDay, 20, At(2026, 1, 25));
  RepurchaseOptions again{.order = options.first, .within_ms = 9 * kDay, .now_ms = options.now_ms};
  const std::vector<RetentionCondition> conditions = {{.filter = {.types = {"order"}}},
                                                      {.filter = {.types = {"refund"}}}};
  options.threads = again.threads = 1;
  const EventTable table = TableOf(people);
  const RetentionTable one = Measured(table, options);
  const Repurchase once = Measured(table, again);
  const auto retained = CountRetained(table, conditions, 1);
  REQUIRE(retained.ok());
  random.Shuffle(&people);
  const EventTable shuffled = TableOf(people);
  options.threads = again.threads = 4;
  CHECK(Measured(shuffled, options) == one);
  CHECK(Measured(shuffled, again) == once);
  CHECK(*CountRetained(shuffled, conditions, 4) == *retained);
}

TEST_CASE("nobody is in a cohort of no people") {
  for (const ToldPeople& people : {ToldPeople{}, ToldPeople{{}, {{At(2026, 1, 1), "view"}}}}) {
    const RetentionTable retention =
        Measured(TableOf(people), Orders(CalendarUnit::kWeek, 2, At(2026, 1, 2)));
    CHECK(retention.people == people.size());
    CHECK(retention.cohorts.empty());
    CHECK(ReturnedOf(retention.all) == Counts{0, 0, 0});
    CHECK(retention.all.periods[0].complete);
  }
}

TEST_CASE("retention that cannot be is turned away by its field") {
  const EventTable table = TableOf({{{At(2026, 1, 1), "order"}}, {{At(2026, 1, 9), "order"}}}, {});
  const auto status = [&](const auto& change) {
    RetentionOptions options = Orders(CalendarUnit::kDay, 3, At(2026, 1, 2));
    change(&options);
    return MeasureRetention(table, options).status();
  };
  const auto fault = [&](const auto& change) { return MessageOf(status(change)); };
  using To = RetentionOptions*;
  CHECK_THAT(fault([](To to) { to->unit = CalendarUnit::kHour; }), HoldsText("unit: allowed"));
  CHECK_THAT(fault([](To to) { to->unit = CalendarUnit{9}; }), HoldsText("unit: allowed"));
  CHECK_THAT(fault([](To to) { to->periods = 10'001; }), HoldsText("periods: allowed"));
  CHECK_THAT(fault([](To to) { to->kind = RetentionKind{2}; }), HoldsText("kind"));
  CHECK_THAT(fault([](To to) { to->first_event = FirstEvent{2}; }), HoldsText("first_event"));
  CHECK_THAT(fault([](To to) { to->time_zone = "Mars/Olympus"; }), HoldsText("time_zone: must"));
  CHECK_THAT(fault([](To to) { to->now_ms = -1; }), HoldsText("now_ms"));
  CHECK_THAT(fault([](To to) { to->now_ms = kMaxFactTimeMs + 1; }), HoldsText("now_ms"));
  CHECK_THAT(fault([](To to) { to->from_ms = 3, to->to_ms = 2; }), HoldsText("to_ms"));
  CHECK_THAT(fault([](To to) { to->by = EventDimension::kChannel; }), HoldsText("by: the table"));
  CHECK_THAT(fault([](To to) { to->first.items = {"x"}; }), HoldsText("first: the table"));
  CHECK_THAT(fault([](To to) { to->again.campaigns = {"x"}; }), HoldsText("again: the table"));

  ToldPeople many;
  for (int day = 0; day < 500; ++day) many.push_back({{At(2026, 1, 1) + day * kDay, "order"}});
  RetentionOptions options = Orders(CalendarUnit::kDay, 10'000, At(2030, 1, 1));
  const absl::Status cells = MeasureRetention(TableOf(many), options).status();
  CHECK(cells.code() == absl::StatusCode::kResourceExhausted);
  CHECK_THAT(std::string(cells.message()), HoldsText("longer unit"));
  options.unit = CalendarUnit::kYear;
  CHECK(MeasureRetention(TableOf(many), options).ok());
}

TEST_CASE("CDNOW's customers came again month by month as they were counted elsewhere") {
  const ToldPeople people = Cdnow();
  if (people.empty()) return;
  const EventTable table = TableOf(people, {});
  const RetentionTable retention =
      Measured(table, Orders(CalendarUnit::kMonth, 17, At(1998, 7, 1)));
  CHECK(retention.people == 23'570);
  REQUIRE(retention.cohorts.size() == 3);
  CHECK(retention.cohorts[0].name == "1997-01-01");
  // Counted from the file by a few lines of Python.
  const Counts sizes = {7'846, 8'476, 7'248};
  const std::vector<Counts> months = {
      {1'157, 964, 810, 679, 736, 720, 582, 559, 594, 673, 634, 528, 511, 664, 472, 497, 498},
      {1'312, 980, 783, 847, 786, 626, 619, 666, 721, 661, 545, 568, 718, 545, 548, 551, 0},
      {1'032, 752, 756, 674, 564, 561, 579, 634, 569, 464, 472, 678, 420, 443, 457, 0, 0}};
  for (std::size_t cohort = 0; cohort < sizes.size(); ++cohort) {
    CHECK(retention.cohorts[cohort].size == sizes[cohort]);
    Counts after = ReturnedOf(retention.cohorts[cohort]);
    after.erase(after.begin());  // period 0 is of second orders in the month itself
    CHECK(after == months[cohort]);
    CHECK(CompleteOf(retention.cohorts[cohort])[17 - cohort]);
  }
  const Repurchase again = Measured(table, RepurchaseOptions{.order = {.types = {"order"}},
                                                             .within_ms = 90 * kDay,
                                                             .apart_ms = kDay,
                                                             .now_ms = At(1998, 7, 1)});
  CHECK(again.observed == 23'570);
  CHECK(again.repurchased == 6'887);
}

// ---- The calendar ----

TEST_CASE("a grid knows the unit of every instant of a year") {
  for (const char* name : {"", "Asia/Shanghai", "Pacific/Apia", "America/Sao_Paulo"}) {
    const TimeZone zone = Zone(name);
    for (const CalendarUnit unit : {CalendarUnit::kDay, CalendarUnit::kWeek, CalendarUnit::kMonth,
                                    CalendarUnit::kQuarter, CalendarUnit::kYear}) {
      CAPTURE(name, ToString(unit).data());
      const std::int64_t from_ms = At(2011, 3, 5, 7) + 1, to_ms = At(2012, 4, 1) + 5;
      const CalendarGrid grid(unit, zone, from_ms, to_ms);
      const sys_days day(std::chrono::days(from_ms / kDay));
      const std::vector<Unit> units =
          UnitsAround(unit, zone, day - std::chrono::days(400), day + std::chrono::days(800));
      std::size_t wrong = 0;
      for (std::int64_t ms = from_ms; ms <= to_ms; ms += 17 * 60'000)
        wrong += grid.FirstDay(grid.UnitOf(ms)) != units[UnitOf(units, ms)].day ? 1 : 0;
      for (const Unit& each : units) {
        for (const std::int64_t ms : {each.start_ms - 1, each.start_ms}) {
          if (ms < from_ms || ms > to_ms) continue;
          wrong += grid.FirstDay(grid.UnitOf(ms)) != units[UnitOf(units, ms)].day ? 1 : 0;
        }
      }
      CHECK(wrong == 0);
      CHECK(grid.UnitOf(from_ms) == 0);
      CHECK(grid.UnitOf(to_ms) == grid.units() - 1);
    }
  }
}

TEST_CASE("a grid of all times that facts may have has its ends") {
  const TimeZone zone = Zone("America/New_York");
  const CalendarGrid grid(CalendarUnit::kDay, zone, 0, kMaxFactTimeMs);
  CHECK(grid.FirstDay(grid.UnitOf(0)) == sys_days(std::chrono::year(1969) / 12 / 31));
  CHECK(grid.FirstDay(grid.UnitOf(kMaxFactTimeMs)) == sys_days(std::chrono::year(2099) / 12 / 31));
  const CalendarGrid moment(CalendarUnit::kYear, zone, 5, 5);
  CHECK(moment.units() == 1);
  CHECK(moment.UnitOf(5) == 0);
}

// ---- Conditions ----

TEST_CASE("the published example of retention keeps five of fifteen") {
  // ClickHouse documentation, retention: users 0 to 4 on the first day, 0 to 9 on the second, 0 to 14 on the third.
  ToldPeople people(15);
  const std::int64_t first = At(2020, 1, 1);
  for (std::size_t user = 0; user < people.size(); ++user) {
    for (int day = 0; day < 3; ++day) {
      if (user < 5U * static_cast<unsigned>(day + 1))
        people[user].push_back({first + day * kDay, "visit"});
    }
  }
  std::vector<RetentionCondition> days;
  for (int day = 0; day < 3; ++day)
    days.push_back({.from_ms = first + day * kDay, .to_ms = first + (day + 1) * kDay});
  const auto counts = CountRetained(TableOf(people), days);
  REQUIRE(counts.ok());
  CHECK(*counts == Counts{5, 5, 5});
  std::reverse(days.begin(), days.end());
  CHECK(*CountRetained(TableOf(people), days) == Counts{15, 10, 5});
}

TEST_CASE("conditions count who fulfils them and the first") {
  CheckCases(20'001, 1'000, [](Random& random) {
    const ToldPeople people = RandomPeople(random, 1'000, 1);
    std::vector<RetentionCondition> conditions(random.Chance(5) ? kMaxRetentionConditions
                                                                : 1 + random.Below(5));
    for (RetentionCondition& condition : conditions) {
      condition.filter = RandomFilter(random);
      if (random.Chance(40)) condition.from_ms = 1'000 + random.Between(-1, 20);
      if (random.Chance(40))
        condition.to_ms = condition.from_ms.value_or(1'000) + random.Between(0, 20);
    }
    Counts want(conditions.size());
    for (const ToldPerson& person : people) {
      std::vector<bool> fulfils;
      for (const RetentionCondition& condition : conditions) {
        fulfils.push_back(std::any_of(person.begin(), person.end(), [&](const ToldEvent& event) {
          return Matches(condition.filter, event) &&
                 event.time_ms >= condition.from_ms.value_or(0) &&
                 event.time_ms < condition.to_ms.value_or(std::numeric_limits<std::int64_t>::max());
        }));
      }
      for (std::size_t i = 0; i < want.size(); ++i) want[i] += fulfils[0] && fulfils[i] ? 1 : 0;
    }
    const auto got = CountRetained(TableOf(people), conditions, 2);
    return got.ok() && *got == want ? std::string() : std::string("other counts\n");
  });
}

TEST_CASE("conditions that cannot be are turned away by their field") {
  const EventTable table = TableOf({}, {});
  const auto fault = [&](const std::vector<RetentionCondition>& conditions) {
    return MessageOf(CountRetained(table, conditions).status());
  };
  CHECK_THAT(fault({}), HoldsText("conditions: allowed are 1 to 32"));
  CHECK_THAT(fault(std::vector<RetentionCondition>(33)), HoldsText("conditions: allowed"));
  CHECK_THAT(fault({{}, {.from_ms = 5, .to_ms = 4}}), HoldsText("conditions[1].to_ms"));
  CHECK_THAT(fault({{.filter = {.items = {"x"}}}}), HoldsText("conditions[0].filter: the table"));
}

// ---- Repurchase ----

TEST_CASE("the rate of repurchase is of those who had the time to buy again") {
  const EventTable table = TableOf({{{0, "order"}, {10 * kDay, "order"}, {11 * kDay, "order"}},
                                    {{0, "order"}, {31 * kDay, "order"}},
                                    {{1 * kDay, "order"}},
                                    {{95 * kDay, "order"}, {96 * kDay, "order"}},
                                    {{0, "view"}}});
  RepurchaseOptions options{
      .order = {.types = {"order"}}, .within_ms = 30 * kDay, .now_ms = 100 * kDay};
  const Repurchase again = Measured(table, options);
  CHECK(again.buyers == 4);
  CHECK(again.repurchased == 2);
  CHECK(again.observed == 3);
  CHECK(again.repurchased_of_observed == 1);
  CHECK(again.rate == Approx(1.0 / 3));
  CHECK(again.waited == Durations{2, 5.5 * kDay, 1 * kDay});
  options.apart_ms = 2 * kDay;
  CHECK(Measured(table, options).repurchased == 1);
  options.from_ms = 1;
  CHECK(Measured(table, options).buyers == 2);
  options.to_ms = 95 * kDay;
  CHECK(Measured(table, options).buyers == 1);
}

TEST_CASE("repurchase says what a slow count of everybody says") {
  std::uint64_t again = 0;
  CheckCases(30'001, 2'000, [&](Random& random) {
    const ToldPeople people = RandomPeople(random, 1'000, 1);
    RepurchaseOptions options;
    options.order = RandomFilter(random);
    options.within_ms = 1 + random.Between(0, 30);
    options.apart_ms = random.Chance(40) ? random.Between(0, options.within_ms) : 0;
    if (random.Chance(30)) options.from_ms = 1'000 + random.Between(-1, 12);
    if (random.Chance(30)) options.to_ms = options.from_ms.value_or(1'000) + random.Between(0, 25);
    options.now_ms = 1'000 + random.Between(-2, 60);
    options.threads = static_cast<unsigned>(random.Below(3));
    const Repurchase got = Measured(TableOf(people), options);
    again += got.repurchased;
    return got == SlowRepurchase(people, options) ? std::string() : std::string("another\n");
  });
  if (FromEnvironment("POLYONYM_SEED", 0) == 0 && FromEnvironment("POLYONYM_HISTORIES", 100) >= 100)
    CHECK(again >= 1'000);
}

TEST_CASE("repurchase that cannot be is turned away by its field") {
  const EventTable table = TableOf({}, {});
  const auto fault = [&](const auto& change) {
    RepurchaseOptions options{.within_ms = 5, .now_ms = 9};
    change(&options);
    return MessageOf(MeasureRepurchase(table, options).status());
  };
  using To = RepurchaseOptions*;
  CHECK_THAT(fault([](To to) { to->within_ms = 0; }), HoldsText("within_ms"));
  CHECK_THAT(fault([](To to) { to->apart_ms = 6; }), HoldsText("apart_ms"));
  CHECK_THAT(fault([](To to) { to->apart_ms = -1; }), HoldsText("apart_ms"));
  CHECK_THAT(fault([](To to) { to->now_ms = -1; }), HoldsText("now_ms"));
  CHECK_THAT(fault([](To to) { to->from_ms = 3, to->to_ms = 2; }), HoldsText("to_ms"));
  CHECK_THAT(fault([](To to) { to->order.items = {"x"}; }), HoldsText("order: the table"));
}

}  // namespace polyonym::harness
