// Columns of events: in order, by person, whichever way they were made.
#include "polyonym/measure/event_table.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "harness/catch.h"
#include "harness/random.h"
#include "measure/random_events.h"

namespace polyonym::harness {
namespace {

constexpr EventDimension kDimensions[] = {EventDimension::kType,      EventDimension::kCampaign,
                                          EventDimension::kChannel,   EventDimension::kItem,
                                          EventDimension::kDirection, EventDimension::kCurrency};

template <class T>
std::vector<T> Copy(std::span<const T> column) {
  return {column.begin(), column.end()};
}

// Every number and text of a table.
struct Contents {
  std::vector<ProfileId> profiles;
  std::vector<std::uint32_t> offsets;
  std::vector<std::int64_t> times_ms, minor_units;
  std::vector<std::vector<std::uint32_t>> codes;
  std::vector<std::vector<std::string>> texts;
  friend bool operator==(const Contents&, const Contents&) = default;
};

Contents ContentsOf(const EventTable& table) {
  Contents contents{Copy(table.profiles()),
                    Copy(table.offsets()),
                    Copy(table.times_ms()),
                    Copy(table.minor_units()),
                    {},
                    {}};
  for (const EventDimension dimension : kDimensions) {
    contents.texts.push_back(Copy(table.Texts(dimension)));
    contents.codes.emplace_back();
    for (std::uint32_t i = 0; table.Has(dimension) && i < table.events(); ++i)
      contents.codes.back().push_back(table.CodeAt(dimension, i));
  }
  return contents;
}

// Rows of people, as columns that live here.
class Rows {
 public:
  // `order`: of all events, numbered person by person.
  Rows(const ToldPeople& people, const std::vector<std::size_t>& order) {
    std::vector<std::pair<std::uint32_t, const ToldEvent*>> all;
    for (std::uint32_t person = 0; person < people.size(); ++person) {
      profiles_.push_back(ProfileId{1'000 + person});
      for (const ToldEvent& event : people[person]) all.emplace_back(person, &event);
    }
    for (const std::size_t i : order) {
      const ToldEvent& event = *all[i].second;
      people_.push_back(all[i].first);
      times_ms_.push_back(event.time_ms);
      directions_.push_back(event.direction);
      minor_units_.push_back(event.minor_units);
      for (const EventDimension dimension : kDimensions)
        Put(TextOf(event, dimension), &columns_[static_cast<std::size_t>(dimension)]);
    }
  }

  EventColumns View() const {
    const auto codes = [&](EventDimension dimension) {
      const Column& column = columns_[static_cast<std::size_t>(dimension)];
      return EventColumns::Codes{column.codes, column.texts};
    };
    return {.people = people_,
            .times_ms = times_ms_,
            .types = codes(EventDimension::kType),
            .campaigns = codes(EventDimension::kCampaign),
            .channels = codes(EventDimension::kChannel),
            .items = codes(EventDimension::kItem),
            .currencies = codes(EventDimension::kCurrency),
            .directions = directions_,
            .minor_units = minor_units_,
            .profiles = profiles_};
  }

 private:
  // It begins with two texts that no event has.
  struct Column {
    std::vector<std::uint32_t> codes;
    std::vector<std::string> texts = {"ZZZ", "XXX"};
  };
  static void Put(const std::string& text, Column* column) {
    const auto found = std::find(column->texts.begin(), column->texts.end(), text);
    column->codes.push_back(static_cast<std::uint32_t>(found - column->texts.begin()));
    if (found == column->texts.end()) column->texts.push_back(text);
  }

  std::vector<ProfileId> profiles_;
  std::vector<std::uint32_t> people_;
  std::vector<std::int64_t> times_ms_, minor_units_;
  std::vector<Direction> directions_;
  std::vector<Column> columns_ = std::vector<Column>(kEventDimensions);
};

std::size_t CountOf(const ToldPeople& people) {
  std::size_t events = 0;
  for (const ToldPerson& person : people) events += person.size();
  return events;
}

// What the table says of its events, person by person, in order.
std::string Difference(const EventTable& table, const ToldPeople& people) {
  const ToldPeople sorted = Sorted(people);
  if (table.people() != people.size() || table.events() != CountOf(people)) return "sizes\n";
  if (table.offsets().size() != people.size() + 1) return "offsets\n";
  std::uint32_t event = 0;
  for (std::size_t person = 0; person < sorted.size(); ++person) {
    if (table.offsets()[person] != event) return "an offset is another\n";
    for (const ToldEvent& told : sorted[person]) {
      if (table.times_ms()[event] != told.time_ms) return "a time is another\n";
      if (table.minor_units()[event] != told.minor_units) return "a value is another\n";
      for (const EventDimension dimension : kDimensions) {
        if (table.Texts(dimension)[table.CodeAt(dimension, event)] != TextOf(told, dimension))
          return "a " + std::string(ToString(dimension)) + " is another\n";
      }
      ++event;
    }
  }
  return table.offsets()[people.size()] == event ? "" : "the last offset is another\n";
}

}  // namespace

TEST_CASE("events of a person lie by time and those of one time as they were added") {
  const EventTable table = TableOf(
      {{{30, "c"}, {10, "a"}, {20, "b"}, {10, "z"}, {10, "b"}}, {}, {{5, "b"}, {6, "a"}}}, {});
  CHECK(table.people() == 3);
  CHECK(table.events() == 7);
  CHECK(Copy(table.profiles()) ==
        std::vector<ProfileId>{ProfileId{1'000}, ProfileId{1'001}, ProfileId{1'002}});
  CHECK(Copy(table.offsets()) == std::vector<std::uint32_t>{0, 5, 5, 7});
  CHECK(Copy(table.times_ms()) == std::vector<std::int64_t>{10, 10, 10, 20, 30, 5, 6});
  CHECK(Copy(table.Texts(EventDimension::kType)) ==
        std::vector<std::string>{"", "a", "b", "c", "z"});
  CHECK(Copy(table.types()) == std::vector<std::uint16_t>{1, 4, 2, 2, 3, 2, 1});
}

TEST_CASE("a table of nobody is a table") {
  const EventTable table = TableOf({});
  CHECK(table.people() == 0);
  CHECK(table.events() == 0);
  CHECK(Copy(table.offsets()) == std::vector<std::uint32_t>{0});
  CHECK(Copy(table.Texts(EventDimension::kCampaign)) == std::vector<std::string>{""});
  const auto of_columns = EventTable::FromColumns({});
  REQUIRE(of_columns.ok());
  CHECK(of_columns->people() == 0);
}

TEST_CASE("columns that were not asked for are not there and their fields are not looked at") {
  EventTable::Builder builder;
  REQUIRE(builder.BeginPerson(ProfileId{1}).ok());
  REQUIRE(builder
              .Add({.time_ms = 1,
                    .type = "order",
                    .campaign = "spring",
                    .direction = Direction{9},
                    .minor_units = 5,
                    .currency = "yuan"})
              .ok());
  const auto table = std::move(builder).Finish();
  REQUIRE(table.ok());
  for (const EventDimension dimension : kDimensions) {
    CHECK(table->Has(dimension) == (dimension == EventDimension::kType));
    CHECK(table->Texts(dimension).empty() == (dimension != EventDimension::kType));
  }
  CHECK(table->campaigns().empty());
  CHECK(table->minor_units().empty());
  CHECK_FALSE(table->Has(EventDimension{6}));
  CHECK_FALSE(table->CodeOf(EventDimension::kCampaign, "spring").has_value());
}

TEST_CASE("a text has a code where an event has it") {
  const EventTable table = TableOf({{{1, "order", "spring"}, {2, "view", ""}}});
  CHECK(table.CodeOf(EventDimension::kType, "order") == 1U);
  CHECK(table.CodeOf(EventDimension::kType, "view") == 2U);
  CHECK(table.CodeOf(EventDimension::kCampaign, "spring") == 1U);
  CHECK(table.CodeOf(EventDimension::kCampaign, "") == 0U);
  CHECK_FALSE(table.CodeOf(EventDimension::kCampaign, "sprin").has_value());
  CHECK(table.CodeOf(EventDimension::kDirection, "out") == 2U);
}

TEST_CASE("a table holds just the events that were told") {
  CheckCases(1, 400, [](Random& random) {
    const ToldPeople people = RandomPeople(random, 1'000, 1);
    return Difference(TableOf(people), people);
  });
}

TEST_CASE("columns in any order make the table that the builder makes") {
  CheckCases(1'001, 400, [](Random& random) {
    ToldPeople people = RandomPeople(random, 1'000, 1);
    std::vector<std::size_t> order(CountOf(people));
    std::iota(order.begin(), order.end(), std::size_t{0});
    random.Shuffle(&order);
    const Rows rows(people, order);
    // The same events in the order of the rows.
    ToldPeople in_order(people.size());
    std::vector<std::pair<std::size_t, std::size_t>> places;
    for (std::size_t p = 0; p < people.size(); ++p) {
      for (std::size_t i = 0; i < people[p].size(); ++i) places.emplace_back(p, i);
    }
    for (const std::size_t i : order)
      in_order[places[i].first].push_back(people[places[i].first][places[i].second]);
    const Contents want = ContentsOf(TableOf(in_order));
    for (const unsigned threads : {1U, 2U, 5U}) {
      const auto table = EventTable::FromColumns(rows.View(), threads);
      INFO(table.status().message());
      REQUIRE(table.ok());
      if (!order.empty() && ContentsOf(*table) != want) return std::string("another table\n");
    }
    return std::string();
  });
}

TEST_CASE("many rows of many people come into order on any number of threads") {
  Random random(77);
  constexpr std::uint32_t kPeople = 30'000;
  std::vector<std::uint32_t> people, types;
  std::vector<std::int64_t> times_ms;
  for (int i = 0; i < 300'000; ++i) {
    // Half of all rows are of one person.
    people.push_back(random.Chance(50) ? 17 : static_cast<std::uint32_t>(random.Below(kPeople)));
    times_ms.push_back(random.Between(0, 5'000));
    types.push_back(static_cast<std::uint32_t>(random.Below(3)));
  }
  std::vector<ProfileId> profiles;
  for (std::uint32_t i = 0; i < kPeople; ++i) profiles.push_back(ProfileId{i});
  const std::vector<std::string> texts = {"c", "a", "b"};
  const EventColumns columns = {
      .people = people, .times_ms = times_ms, .types = {types, texts}, .profiles = profiles};
  const auto one = EventTable::FromColumns(columns, 1);
  const auto four = EventTable::FromColumns(columns, 4);
  REQUIRE(one.ok());
  REQUIRE(four.ok());
  CHECK(ContentsOf(*one) == ContentsOf(*four));

  std::vector<std::size_t> order(people.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(people[a], times_ms[a]) < std::pair(people[b], times_ms[b]);
  });
  std::size_t wrong = 0;
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    wrong += one->times_ms()[i] != times_ms[order[i]] ? 1 : 0;
    wrong += one->Texts(EventDimension::kType)[one->types()[i]] != texts[types[order[i]]] ? 1 : 0;
  }
  CHECK(wrong == 0);
}

TEST_CASE("an event costs what its columns take") {
  ToldPerson person;
  for (std::int64_t i = 0; i < 100'000; ++i)
    person.push_back({.time_ms = i, .type = "view", .campaign = i % 2 == 0 ? "a" : "b"});
  const std::uint64_t bare = TableOf({person}, {}).bytes();
  CHECK(bare >= 1'000'000);
  CHECK(bare < 1'001'000);
  const std::uint64_t all = TableOf({person}).bytes();
  CHECK(all >= 3'100'000);
  CHECK(all < 3'101'000);
}

TEST_CASE("events that a table cannot take are turned away by their field and change nothing") {
  EventTable::Builder builder(kAllColumns);
  const EventRow fine = {.time_ms = 1, .type = "order"};
  CHECK_THAT(MessageOf(builder.Add(fine)), HoldsText("begin one"));
  REQUIRE(builder.BeginPerson(ProfileId{3}).ok());

  const std::string long_name(kMaxFactNameBytes + 1, 'x');
  const std::string long_text(kMaxFactTextBytes + 1, 'x');
  const auto fault = [&](const auto& change) {
    EventRow row = fine;
    change(&row);
    return MessageOf(builder.Add(row));
  };
  CHECK_THAT(fault([](EventRow* row) { row->time_ms = -1; }), HoldsText("time_ms: allowed are"));
  CHECK_THAT(fault([](EventRow* row) { row->time_ms = kMaxFactTimeMs + 1; }), HoldsText("time_ms"));
  CHECK_THAT(fault([](EventRow* row) { row->type = ""; }), HoldsText("type: an event must have"));
  CHECK_THAT(fault([&](EventRow* row) { row->type = long_name; }), HoldsText("type: allowed"));
  CHECK_THAT(fault([&](EventRow* row) { row->item = long_text; }), HoldsText("item: allowed"));
  CHECK_THAT(fault([&](EventRow* row) { row->campaign = long_text; }), HoldsText("campaign:"));
  CHECK_THAT(fault([&](EventRow* row) { row->channel = long_text; }), HoldsText("channel:"));
  CHECK_THAT(fault([](EventRow* row) { row->currency = "cny"; }), HoldsText("currency: allowed"));
  CHECK_THAT(fault([](EventRow* row) { row->minor_units = 1; }), HoldsText("currency: an amount"));
  CHECK_THAT(fault([](EventRow* row) { row->direction = Direction{3}; }), HoldsText("direction"));

  REQUIRE(builder.Add(fine).ok());
  const auto table = std::move(builder).Finish();
  REQUIRE(table.ok());
  CHECK(table->events() == 1);
  CHECK(Copy(table->Texts(EventDimension::kType)) == std::vector<std::string>{"", "order"});
}

TEST_CASE("a person who is begun twice makes no table") {
  EventTable::Builder builder;
  for (const std::uint64_t id : {4U, 5U, 4U}) REQUIRE(builder.BeginPerson(ProfileId{id}).ok());
  CHECK_THAT(MessageOf(std::move(builder).Finish().status()), HoldsText("begun twice"));
}

TEST_CASE("a builder keeps its bounds of events and texts") {
  EventTable::Builder builder({.campaigns = true, .max_events = 3, .max_text_bytes = 100});
  REQUIRE(builder.BeginPerson(ProfileId{1}).ok());
  REQUIRE(builder.Add({.type = "view", .campaign = "spring"}).ok());  // 44 and 46 bytes
  const absl::Status texts = builder.Add({.type = "view", .campaign = "s"});
  CHECK(texts.code() == absl::StatusCode::kResourceExhausted);
  CHECK_THAT(std::string(texts.message()), HoldsText("texts: more than 100"));
  // What was turned away left no text behind.
  REQUIRE(builder.Add({.type = "view", .campaign = ""}).ok());
  REQUIRE(builder.Add({.type = "view", .campaign = "spring"}).ok());
  const absl::Status events = builder.Add({.type = "view"});
  CHECK(events.code() == absl::StatusCode::kResourceExhausted);
  CHECK_THAT(std::string(events.message()), HoldsText("events: more than 3"));
  const auto table = std::move(builder).Finish();
  REQUIRE(table.ok());
  CHECK(table->events() == 3);
  CHECK(Copy(table->Texts(EventDimension::kCampaign)) == std::vector<std::string>{"", "spring"});
}

TEST_CASE("codes of sixteen bits are not overrun") {
  EventTable::Builder builder;
  REQUIRE(builder.BeginPerson(ProfileId{1}).ok());
  std::vector<std::string> names;
  for (std::size_t i = 0; i <= kMaxNarrowCodes; ++i) names.push_back("t" + std::to_string(i));
  for (std::size_t i = 0; i < kMaxNarrowCodes; ++i) {
    if (!builder.Add({.type = names[i]}).ok()) FAIL("turned away");
  }
  CHECK(builder.Add({.type = names.back()}).code() == absl::StatusCode::kResourceExhausted);
  REQUIRE(builder.Add({.type = names[0]}).ok());
  const auto table = std::move(builder).Finish();
  REQUIRE(table.ok());
  CHECK(table->Texts(EventDimension::kType).size() == kMaxNarrowCodes + 1);
  CHECK(table->Texts(EventDimension::kType)[table->types().back()] == names[0]);

  const std::vector<ProfileId> profiles = {ProfileId{1}};
  const std::vector<std::uint32_t> one = {0};
  const std::vector<std::int64_t> times_ms = {0};
  EventColumns columns = {
      .people = one, .times_ms = times_ms, .types = {one, names}, .profiles = profiles};
  CHECK(EventTable::FromColumns(columns).status().code() == absl::StatusCode::kResourceExhausted);
  names.pop_back();
  columns.types.texts = names;
  CHECK(EventTable::FromColumns(columns).ok());
}

TEST_CASE("columns that make no table are turned away by column and row") {
  const ToldPeople people = {{{5, "order", "spring"}, {6, "view"}}, {{7, "view"}}};
  const Rows rows(people, {0, 1, 2});
  REQUIRE(EventTable::FromColumns(rows.View()).ok());
  const auto fault = [&](const auto& change) {
    EventColumns columns = rows.View();
    change(&columns);
    return MessageOf(EventTable::FromColumns(columns, 2).status());
  };
  const std::vector<std::int64_t> few = {1, 2}, early = {1, -2, -3}, amounts = {0, 0, 4};
  const std::vector<std::uint32_t> strangers = {0, 1, 2}, unknown = {0, 0, 99};
  const std::vector<Direction> odd = {Direction::kIn, Direction{7}, Direction{8}};
  const std::vector<std::string> twice = {"a", "b", "a", "c"}, none = {"a", "b", "", "c"},
                                 small = {"a", "cny", "", "c"};
  const std::vector<ProfileId> same = {ProfileId{4}, ProfileId{4}};
  CHECK_THAT(fault([&](EventColumns* to) { to->times_ms = few; }),
             HoldsText("times_ms: has 2 rows and people 3"));
  CHECK_THAT(fault([&](EventColumns* to) { to->types.codes = {}; }), HoldsText("types: has 0"));
  CHECK_THAT(fault([&](EventColumns* to) { to->minor_units = {}; }), HoldsText("minor_units"));
  CHECK_THAT(fault([&](EventColumns* to) { to->items.codes = to->items.codes.subspan(1); }),
             HoldsText("items: has 2"));
  CHECK_THAT(fault([&](EventColumns* to) { to->times_ms = early; }), HoldsText("times_ms[1]"));
  CHECK_THAT(fault([&](EventColumns* to) { to->people = strangers; }), HoldsText("people[2]"));
  CHECK_THAT(fault([&](EventColumns* to) { to->campaigns.codes = unknown; }),
             HoldsText("campaigns[2]"));
  CHECK_THAT(fault([&](EventColumns* to) { to->directions = odd; }), HoldsText("directions[1]"));
  CHECK_THAT(fault([&](EventColumns* to) { to->minor_units = amounts; }),
             HoldsText("currencies[2]: an amount"));
  CHECK_THAT(fault([&](EventColumns* to) { to->types.texts = twice; }),
             HoldsText("types.texts[2]: is there twice"));
  CHECK_THAT(fault([&](EventColumns* to) { to->types.texts = none; }),
             HoldsText("types.texts[2]: an event must have"));
  CHECK_THAT(fault([&](EventColumns* to) { to->currencies.texts = small; }),
             HoldsText("currencies.texts[0]: allowed are three"));
  CHECK_THAT(fault([&](EventColumns* to) { to->profiles = same; }), HoldsText("profiles"));
}

}  // namespace polyonym::harness
