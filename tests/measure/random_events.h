// measure/random_events.h - a few people with random events, as they were told and as a table.
#ifndef POLYONYM_TESTS_MEASURE_RANDOM_EVENTS_H_
#define POLYONYM_TESTS_MEASURE_RANDOM_EVENTS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "harness/random.h"
#include "polyonym/measure/event_filter.h"
#include "polyonym/measure/event_table.h"

namespace polyonym::harness {

struct ToldEvent {
  std::int64_t time_ms = 0;
  std::string type;
  std::string campaign = {};
  std::string channel = {};
  std::string item = {};
  Direction direction = Direction::kUnknown;
  std::int64_t minor_units = 0;
  std::string currency = {};
};

using ToldPerson = std::vector<ToldEvent>;  // in the order in which they were told
using ToldPeople = std::vector<ToldPerson>;

inline EventRow RowOf(const ToldEvent& event) {
  return {.time_ms = event.time_ms,
          .type = event.type,
          .campaign = event.campaign,
          .channel = event.channel,
          .item = event.item,
          .direction = event.direction,
          .minor_units = event.minor_units,
          .currency = event.currency};
}

inline constexpr EventTableOptions kAllColumns = {
    .values = true, .campaigns = true, .channels = true, .items = true, .directions = true};

inline EventTable TableOf(const ToldPeople& people,
                          const EventTableOptions& options = kAllColumns) {
  EventTable::Builder builder(options);
  for (std::size_t person = 0; person < people.size(); ++person) {
    REQUIRE(builder.BeginPerson(ProfileId{1'000 + person}).ok());
    for (const ToldEvent& event : people[person]) {
      const absl::Status added = builder.Add(RowOf(event));
      INFO(added.message());
      REQUIRE(added.ok());
    }
  }
  absl::StatusOr<EventTable> table = std::move(builder).Finish();
  REQUIRE(table.ok());
  return *std::move(table);
}

// By time, those of one time as they were told.
inline ToldPeople Sorted(ToldPeople people) {
  for (ToldPerson& person : people) {
    std::stable_sort(person.begin(), person.end(),
                     [](const ToldEvent& a, const ToldEvent& b) { return a.time_ms < b.time_ms; });
  }
  return people;
}

// Few texts and times, so that many are equal. Times are from `from_ms` on, `step_ms` apart or not at all.
inline ToldPeople RandomPeople(Random& random, std::int64_t from_ms, std::int64_t step_ms) {
  static const std::vector<std::string> kTypes = {"view", "cart", "order", "refund"};
  static const std::vector<std::string> kTexts = {"", "spring", "autumn", "夏", "b"};
  static const std::vector<std::string> kCurrencies = {"", "CNY", "JPY"};
  ToldPeople people(random.Below(12));
  for (ToldPerson& person : people) {
    for (std::uint64_t left = random.Below(random.Chance(10) ? 40 : 12); left > 0; --left) {
      ToldEvent event;
      event.time_ms = from_ms + step_ms * random.Between(0, 30);
      event.type = random.Pick(kTypes);
      event.campaign = random.Pick(kTexts);
      event.channel = random.Pick(kTexts);
      event.item = random.Pick(kTexts);
      event.direction = static_cast<Direction>(random.Below(3));
      event.currency = random.Pick(kCurrencies);
      if (!event.currency.empty()) event.minor_units = random.Between(-500, 500);
      person.push_back(std::move(event));
    }
  }
  return people;
}

// Most ask for a type or two, some for more than that.
inline EventFilter RandomFilter(Random& random) {
  EventFilter filter;
  if (random.Chance(90))
    filter.types.push_back(random.Pick<std::string>({"view", "cart", "order"}));
  if (random.Chance(20)) filter.types.push_back(random.Pick<std::string>({"order", "unheard of"}));
  if (random.Chance(15)) filter.campaigns = {"spring", random.Pick<std::string>({"", "夏"})};
  if (random.Chance(10)) filter.channels = {random.Pick<std::string>({"", "autumn"})};
  if (random.Chance(10)) filter.items = {"b", "nowhere", "夏"};
  if (random.Chance(10)) filter.direction = random.Chance(50) ? Direction::kIn : Direction::kOut;
  return filter;
}

inline bool Matches(const EventFilter& filter, const ToldEvent& event) {
  const auto allows = [](const std::vector<std::string>& any_of, const std::string& text) {
    return any_of.empty() || std::find(any_of.begin(), any_of.end(), text) != any_of.end();
  };
  return allows(filter.types, event.type) && allows(filter.campaigns, event.campaign) &&
         allows(filter.channels, event.channel) && allows(filter.items, event.item) &&
         (filter.direction == Direction::kUnknown || filter.direction == event.direction);
}

inline std::string TextOf(const ToldEvent& event, EventDimension dimension) {
  switch (dimension) {
    case EventDimension::kType:
      return event.type;
    case EventDimension::kCampaign:
      return event.campaign;
    case EventDimension::kChannel:
      return event.channel;
    case EventDimension::kItem:
      return event.item;
    case EventDimension::kDirection:
      return event.direction == Direction::kIn    ? "in"
             : event.direction == Direction::kOut ? "out"
                                                  : "";
    case EventDimension::kCurrency:
      return event.currency;
  }
  return {};
}

inline std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr || *text == '\0' ? otherwise : std::strtoull(text, nullptr, 10);
}

// The test at hand fails with the first case that `check` finds fault with: what it returns is empty where there is none.
// POLYONYM_SEED: that case alone; POLYONYM_HISTORIES: so many in a hundred of them.
inline void CheckCases(std::uint64_t first_seed, std::uint64_t count,
                       const std::function<std::string(Random&)>& check) {
  const std::uint64_t only = FromEnvironment("POLYONYM_SEED", 0);
  const std::uint64_t first = only != 0 ? only : first_seed;
  const std::uint64_t cases =
      only != 0 ? 1 : count * FromEnvironment("POLYONYM_HISTORIES", 100) / 100;
  for (std::uint64_t seed = first; seed < first + cases; ++seed) {
    Random random(seed);
    const std::string fault = check(random);
    INFO("POLYONYM_SEED=" << seed << "\n" << fault);
    REQUIRE(fault.empty());
  }
}

inline std::string MessageOf(const absl::Status& status) {
  REQUIRE(status.code() == absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

}  // namespace polyonym::harness

#endif  // POLYONYM_TESTS_MEASURE_RANDOM_EVENTS_H_
