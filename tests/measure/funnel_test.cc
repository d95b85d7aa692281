// Funnels over people: published examples, and random people against a search that follows every chain by itself.
#include "polyonym/measure/funnel.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "harness/random.h"
#include "measure/funnel_walk.h"
#include "measure/random_events.h"
#include "polyonym/segment/expression.h"
#include "segment/sequence.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kSecond = 1'000;
constexpr std::int64_t kDay = 86'400 * kSecond;

FunnelOptions Through(std::initializer_list<const char*> types, std::int64_t within_ms) {
  FunnelOptions options;
  for (const char* type : types) options.steps.push_back({.types = {type}});
  options.within_ms = within_ms;
  return options;
}

FunnelTable Measured(const EventTable& table, const FunnelOptions& options) {
  const auto funnel = MeasureFunnel(table, options);
  INFO(funnel.status().message());
  REQUIRE(funnel.ok());
  return *funnel;
}

std::vector<std::uint64_t> PeopleOf(const std::vector<FunnelStep>& steps) {
  std::vector<std::uint64_t> people;
  for (const FunnelStep& step : steps) people.push_back(step.people);
  return people;
}

// Events of one letter each, one a second.
ToldPerson Letters(const std::string& letters) {
  ToldPerson person;
  for (const char letter : letters)
    person.push_back({static_cast<std::int64_t>(person.size()) * kSecond, std::string(1, letter)});
  return person;
}

// The deepest step of one person.
std::uint64_t Deepest(const std::string& letters, const FunnelOptions& options) {
  const FunnelTable funnel = Measured(TableOf({Letters(letters)}), options);
  std::uint64_t deepest = 0;
  for (const FunnelStep& step : funnel.steps) deepest += step.people;
  return deepest;
}

// ---- The slow model: every chain by itself, as measure/funnel.h says ----

struct SlowWalk {
  const ToldEvent* first = nullptr;
  std::vector<std::int64_t> times_ms;  // of its steps
};

// What an event is to a funnel.
struct Looked {
  const ToldEvent* event;
  std::vector<bool> steps;
};

std::vector<Looked> LookedAtOf(const ToldPerson& person, const FunnelOptions& options) {
  std::vector<Looked> looked;
  for (const ToldEvent& event : person) {
    if (options.from_ms && event.time_ms < *options.from_ms) continue;
    if (options.to_ms && event.time_ms >= *options.to_ms) continue;
    Looked at{&event, {}};
    bool is_looked_at = false;
    for (const EventFilter& step : options.steps) {
      at.steps.push_back(Matches(step, event));
      is_looked_at |= at.steps.back();
    }
    for (const EventFilter& other : options.among) is_looked_at |= Matches(other, event);
    if (is_looked_at) looked.push_back(at);
  }
  return looked;
}

SlowWalk ChainFrom(const std::vector<Looked>& looked, std::size_t first,
                   const FunnelOptions& options) {
  SlowWalk chain{looked[first].event, {looked[first].event->time_ms}};
  for (std::size_t i = first + 1; i < looked.size() && chain.times_ms.size() < options.steps.size();
       ++i) {
    const std::int64_t time_ms = looked[i].event->time_ms;
    const std::size_t passed = chain.times_ms.size();
    if (time_ms - chain.times_ms[0] > options.within_ms) break;
    const bool is_again =
        options.deduplicate &&
        std::find(looked[i].steps.begin(),
                  looked[i].steps.begin() + static_cast<std::ptrdiff_t>(passed),
                  true) != looked[i].steps.begin() + static_cast<std::ptrdiff_t>(passed);
    const bool is_next = looked[i].steps[passed];
    if (is_next && !(options.increasing && time_ms == chain.times_ms.back())) {
      chain.times_ms.push_back(time_ms);
      continue;
    }
    if (is_again) break;
    const bool is_first_again = passed == 1 && looked[i].steps[0];
    if (options.in_order && !is_next && !is_first_again) break;
  }
  return chain;
}

// None: the person never began.
std::optional<SlowWalk> SlowWalkOf(const ToldPerson& person, const FunnelOptions& options) {
  const std::vector<Looked> looked = LookedAtOf(person, options);
  std::optional<SlowWalk> best;
  for (std::size_t first = 0; first < looked.size(); ++first) {
    if (!looked[first].steps[0]) continue;
    if (options.begin_before_ms && looked[first].event->time_ms >= *options.begin_before_ms)
      continue;
    SlowWalk chain = ChainFrom(looked, first, options);
    if (!best || chain.times_ms.size() > best->times_ms.size()) best = std::move(chain);
  }
  return best;
}

Durations SlowDurations(std::vector<std::int64_t> spans) {
  Durations durations;
  durations.count = spans.size();
  if (spans.empty()) return durations;
  std::sort(spans.begin(), spans.end());
  durations.median_ms = spans[(spans.size() - 1) / 2];
  durations.mean_ms =
      static_cast<double>(std::accumulate(spans.begin(), spans.end(), std::int64_t{0})) /
      static_cast<double>(spans.size());
  return durations;
}

std::vector<FunnelStep> SlowSteps(const std::vector<SlowWalk>& walks, std::size_t count) {
  std::vector<FunnelStep> steps(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<std::int64_t> since_first, since_previous;
    for (const SlowWalk& walk : walks) {
      if (walk.times_ms.size() <= i) continue;
      ++steps[i].people;
      steps[i].stopped += walk.times_ms.size() == i + 1 ? 1 : 0;
      if (i == 0) continue;
      since_first.push_back(walk.times_ms[i] - walk.times_ms[0]);
      since_previous.push_back(walk.times_ms[i] - walk.times_ms[i - 1]);
    }
    steps[i].since_first = SlowDurations(since_first);
    steps[i].since_previous = SlowDurations(since_previous);
    const auto share = [&](std::uint64_t of) {
      return of == 0 ? 0 : static_cast<double>(steps[i].people) / static_cast<double>(of);
    };
    steps[i].from_first = share(steps[0].people);
    steps[i].from_previous = share(steps[i == 0 ? 0 : i - 1].people);
  }
  return steps;
}

FunnelTable SlowFunnel(const ToldPeople& people, const FunnelOptions& options) {
  FunnelTable funnel;
  funnel.people = people.size();
  const ToldPeople sorted = Sorted(people);
  std::vector<SlowWalk> walks;
  std::map<std::string, std::vector<SlowWalk>> by_text;
  for (const ToldPerson& person : sorted) {
    const std::optional<SlowWalk> walk = SlowWalkOf(person, options);
    if (!walk) continue;
    walks.push_back(*walk);
    if (options.by) by_text[TextOf(*walk->first, *options.by)].push_back(*walk);
  }
  funnel.steps = SlowSteps(walks, options.steps.size());
  for (const auto& [text, of] : by_text)
    funnel.groups.push_back({text, SlowSteps(of, options.steps.size())});
  std::stable_sort(funnel.groups.begin(), funnel.groups.end(),
                   [](const FunnelGroup& a, const FunnelGroup& b) {
                     return a.steps[0].people > b.steps[0].people;
                   });
  return funnel;
}

FunnelOptions RandomOptions(Random& random) {
  FunnelOptions options;
  for (std::uint64_t steps = 1 + random.Below(4); steps > 0; --steps)
    options.steps.push_back(RandomFilter(random));
  if (random.Chance(30)) options.among.push_back({.types = {"refund"}});
  if (random.Chance(20))
    options.among.push_back(random.Chance(50) ? EventFilter() : RandomFilter(random));
  options.within_ms = random.Chance(30) ? 1 + random.Between(0, 4) : 1 + random.Between(0, 40);
  options.deduplicate = random.Chance(30);
  options.in_order = random.Chance(30);
  options.increasing = random.Chance(30);
  if (random.Chance(20)) options.from_ms = 1'000 + random.Between(-2, 15);
  if (random.Chance(20)) options.to_ms = options.from_ms.value_or(1'000) + random.Between(0, 32);
  if (random.Chance(20)) options.begin_before_ms = 1'000 + random.Between(-1, 31);
  if (random.Chance(60)) options.by = static_cast<EventDimension>(random.Below(kEventDimensions));
  options.threads = static_cast<unsigned>(random.Below(4));
  return options;
}

// What the invariants of FunnelTable forbid.
std::string BrokenInvariant(const std::vector<FunnelStep>& steps, std::int64_t within_ms) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::uint64_t next = i + 1 < steps.size() ? steps[i + 1].people : 0;
    if (steps[i].people < next) return "I1\n";
    if (steps[i].people != steps[i].stopped + next) return "I2\n";
    if (i > 0 && steps[i].since_previous.count != steps[i].people) return "I4\n";
    if (i > 0 && steps[i].since_first.count != steps[i].people) return "I4\n";
    if (steps[i].since_first.median_ms > within_ms) return "I5\n";
    if (steps[i].since_first.mean_ms > static_cast<double>(within_ms)) return "I5\n";
  }
  return "";
}

}  // namespace

TEST_CASE("the published example of windowFunnel comes to the fourth step") {
  // ClickHouse documentation, windowFunnel: events 1003, 1009, 1007 and 1010 of a user within a window.
  const auto at = [](int day, int hour) { return day * kDay + hour * 3'600 * kSecond; };
  const EventTable table = TableOf(
      {{{at(29, 10), "1003"}, {at(31, 9), "1007"}, {at(30, 8), "1009"}, {at(32, 8), "1010"}}});
  FunnelOptions options = Through({"1003", "1009", "1007", "1010"}, 7 * kDay);
  const FunnelTable funnel = Measured(table, options);
  CHECK(PeopleOf(funnel.steps) == std::vector<std::uint64_t>{1, 1, 1, 1});
  CHECK(funnel.steps[3].stopped == 1);
  CHECK(funnel.steps[3].since_first.median_ms == at(3, -2));
  CHECK(funnel.steps[3].since_previous.median_ms == at(1, -1));
  options.within_ms = 2 * kDay;
  CHECK(PeopleOf(Measured(table, options).steps) == std::vector<std::uint64_t>{1, 1, 1, 0});
}

TEST_CASE("strictness ends chains as windowFunnel says") {
  FunnelOptions options = Through({"A", "B", "C"}, kDay);
  CHECK(Deepest("ABDC", options) == 3);
  options.in_order = true;
  // D matches no step, so that it is not looked at.
  CHECK(Deepest("ABDC", options) == 3);
  options.among = {{.types = {"D"}}};
  CHECK(Deepest("ABDC", options) == 2);
  options.among = {EventFilter()};
  CHECK(Deepest("ABXC", options) == 2);
  CHECK(Deepest("AABC", options) == 3);
  CHECK(Deepest("ACB", options) == 1);
  options.in_order = false;
  CHECK(Deepest("ABXC", options) == 3);

  options = Through({"A", "B", "C"}, kDay);
  options.deduplicate = true;
  CHECK(Deepest("ABAC", options) == 2);
  CHECK(Deepest("ABBC", options) == 2);
  CHECK(Deepest("AABC", options) == 3);
  CHECK(Deepest("ABDC", options) == 3);

  const EventTable at_once = TableOf({{{5, "A"}, {5, "B"}, {5, "C"}}});
  options = Through({"A", "B", "C"}, kDay);
  CHECK(PeopleOf(Measured(at_once, options).steps) == std::vector<std::uint64_t>{1, 1, 1});
  options.increasing = true;
  CHECK(PeopleOf(Measured(at_once, options).steps) == std::vector<std::uint64_t>{1, 0, 0});
}

TEST_CASE("a person counts once by the earliest walk to their deepest step") {
  // The first view is too early for the order; of the two others the earlier one is the walk's.
  const EventTable table = TableOf({{{0, "view", "old"},
                                     {100, "view", "spring"},
                                     {120, "view", "autumn"},
                                     {150, "cart"},
                                     {190, "order"},
                                     {195, "order"}},
                                    {{0, "view", "old"}},
                                    {{0, "cart", "old"}, {7, "order", "old"}}});
  FunnelOptions options = Through({"view", "cart", "order"}, 100);
  options.by = EventDimension::kCampaign;
  const FunnelTable funnel = Measured(table, options);
  CHECK(funnel.people == 3);
  CHECK(PeopleOf(funnel.steps) == std::vector<std::uint64_t>{2, 1, 1});
  CHECK(funnel.steps[1].from_first == 0.5);
  CHECK(funnel.steps[2].from_previous == 1);
  CHECK(funnel.steps[0].since_first == Durations());
  CHECK(funnel.steps[1].since_first == Durations{1, 50, 50});
  CHECK(funnel.steps[2].since_first == Durations{1, 90, 90});
  CHECK(funnel.steps[2].since_previous == Durations{1, 40, 40});
  REQUIRE(funnel.groups.size() == 2);
  CHECK(funnel.groups[0].text == "old");
  CHECK(PeopleOf(funnel.groups[0].steps) == std::vector<std::uint64_t>{1, 0, 0});
  CHECK(funnel.groups[1].text == "spring");
  CHECK(PeopleOf(funnel.groups[1].steps) == std::vector<std::uint64_t>{1, 1, 1});
}

TEST_CASE("groups come by their people and then by their text") {
  ToldPeople people;
  for (const char* campaign : {"b", "c", "a", "c", ""}) people.push_back({{1, "view", campaign}});
  FunnelOptions options = Through({"view"}, 1);
  options.by = EventDimension::kCampaign;
  std::vector<std::string> texts;
  for (const FunnelGroup& group : Measured(TableOf(people), options).groups)
    texts.push_back(group.text);
  CHECK(texts == std::vector<std::string>{"c", "", "a", "b"});
}

TEST_CASE("times are summed exactly and the median is one that occurs") {
  ToldPeople people;
  for (const std::int64_t wait : {10, 20, 40, 1'000}) people.push_back({{5, "A"}, {5 + wait, "B"}});
  const FunnelTable funnel = Measured(TableOf(people), Through({"A", "B"}, kDay));
  CHECK(funnel.steps[1].since_previous == Durations{4, 267.5, 20});
}

TEST_CASE("events outside of the window are as if they had not been") {
  const EventTable table = TableOf({{{10, "A"}, {20, "B"}, {30, "C"}}, {{20, "A"}, {29, "B"}}});
  FunnelOptions options = Through({"A", "B", "C"}, kDay);
  options.to_ms = 30;
  CHECK(PeopleOf(Measured(table, options).steps) == std::vector<std::uint64_t>{2, 2, 0});
  options.from_ms = 11;
  CHECK(PeopleOf(Measured(table, options).steps) == std::vector<std::uint64_t>{1, 1, 0});
  options = Through({"A", "B", "C"}, kDay);
  options.begin_before_ms = 20;
  CHECK(PeopleOf(Measured(table, options).steps) == std::vector<std::uint64_t>{1, 1, 1});
}

TEST_CASE("nobody comes through a funnel of no people and shares of nobody are zero") {
  FunnelOptions options = Through({"A", "B"}, 1);
  options.by = EventDimension::kType;
  for (const ToldPeople& people : {ToldPeople{}, ToldPeople{{}, {{1, "X"}}}}) {
    const FunnelTable funnel = Measured(TableOf(people), options);
    CHECK(funnel.people == people.size());
    CHECK(funnel.steps == std::vector<FunnelStep>(2));
    CHECK(funnel.groups.empty());
  }
}

TEST_CASE("a funnel says what following every chain of everybody says") {
  std::uint64_t walked = 0, deep = 0, groups = 0;
  CheckCases(1, 4'000, [&](Random& random) {
    const ToldPeople people = RandomPeople(random, 1'000, 1);
    const FunnelOptions options = RandomOptions(random);
    const FunnelTable got = Measured(TableOf(people), options);
    std::string fault = BrokenInvariant(got.steps, options.within_ms);
    for (const FunnelGroup& group : got.groups)
      fault += BrokenInvariant(group.steps, options.within_ms);
    if (got != SlowFunnel(people, options)) fault += "another funnel\n";
    walked += got.steps[0].people;
    if (options.steps.size() > 2) deep += got.steps[2].people;
    groups += got.groups.size();
    return fault;
  });
  if (FromEnvironment("POLYONYM_SEED", 0) == 0 &&
      FromEnvironment("POLYONYM_HISTORIES", 100) >= 100) {
    CHECK(walked >= 5'000);
    CHECK(deep >= 500);
    CHECK(groups >= 3'000);
  }
}

TEST_CASE("groups of a funnel sum to it") {
  CheckCases(10'001, 300, [](Random& random) {
    const ToldPeople people = RandomPeople(random, 1'000, 1);
    FunnelOptions options = RandomOptions(random);
    options.by = static_cast<EventDimension>(random.Below(kEventDimensions));
    const FunnelTable funnel = Measured(TableOf(people), options);
    for (std::size_t i = 0; i < funnel.steps.size(); ++i) {
      std::uint64_t sum = 0, stopped = 0;
      for (const FunnelGroup& group : funnel.groups) {
        sum += group.steps[i].people;
        stopped += group.steps[i].stopped;
      }
      if (sum != funnel.steps[i].people || stopped != funnel.steps[i].stopped)
        return std::string("I3\n");
    }
    return std::string();
  });
}

TEST_CASE("neither the order of people nor the number of threads shows in a funnel") {
  Random random(5);
  ToldPeople people;
  while (people.size() < 20'000) {
    for (ToldPerson& person : RandomPeople(random, 1'000, 1)) people.push_back(std::move(person));
  }
  FunnelOptions options = Through({"view", "cart", "order"}, 20);
  options.by = EventDimension::kItem;
  options.threads = 1;
  const FunnelTable one = Measured(TableOf(people), options);
  options.threads = 4;
  CHECK(Measured(TableOf(people), options) == one);
  random.Shuffle(&people);
  CHECK(Measured(TableOf(people), options) == one);
  CHECK(one == SlowFunnel(people, options));
}

TEST_CASE("a walk comes as far as the funnel of a segment") {
  CheckCases(20'001, 5'000, [](Random& random) {
    const std::size_t steps = 1 + random.Below(5);
    EventSequence sequence;
    sequence.within_ms = 1 + random.Between(0, 12);
    sequence.deduplicate = random.Chance(30);
    sequence.in_order = random.Chance(30);
    sequence.increasing = random.Chance(40);
    measure::FunnelWalk walk(
        {steps, sequence.within_ms, sequence.deduplicate, sequence.in_order, sequence.increasing});
    // One object goes through many people.
    for (int person = 0; person < 3; ++person) {
      segment::FunnelWalker walker(sequence, steps);
      walk.Begin();
      std::int64_t time_ms = 0;
      for (std::uint32_t place = 0; place < 30; ++place) {
        time_ms += random.Between(0, 2);
        std::uint32_t bits = 0;
        for (std::uint64_t i = random.Below(3); i > 0; --i)
          bits |= std::uint32_t{1} << random.Below(steps);
        walker.Take({time_ms, bits});
        walk.Take({time_ms, bits, place, true});
        if (walk.deepest() != walker.best()) return std::string("another step\n");
      }
    }
    return std::string();
  });
}

TEST_CASE("very many first steps in one window cost no more than few") {
  // Following every chain by itself would take some ten thousand million steps.
  ToldPerson person;
  for (std::int64_t i = 0; i < 200'000; ++i)
    person.push_back({1'000 + i / 4, i % 2 == 0 ? "A" : "X"});
  person.push_back({1'000 + 50'001, "B"});
  person.push_back({1'000 + 60'000, "C"});
  FunnelOptions options = Through({"A", "B", "C"}, 59'000);
  options.among = {EventFilter()};
  const FunnelTable funnel = Measured(TableOf({person}), options);
  CHECK(PeopleOf(funnel.steps) == std::vector<std::uint64_t>{1, 1, 1});
  CHECK(funnel.steps[2].since_first.median_ms == 59'000);
}

TEST_CASE("a funnel may have as many steps as there are bits") {
  FunnelOptions options;
  std::string letters;
  for (std::size_t i = 0; i < kMaxFunnelSteps; ++i) {
    letters += static_cast<char>('0' + i);
    options.steps.push_back({.types = {std::string(1, letters.back())}});
    options.among.push_back({.types = {"none of them"}});
  }
  options.within_ms = kDay;
  CHECK(Deepest(letters, options) == kMaxFunnelSteps);
  options.in_order = options.deduplicate = options.increasing = true;
  CHECK(Deepest(letters, options) == kMaxFunnelSteps);
}

TEST_CASE("a funnel that cannot be is turned away by its field") {
  const EventTable table = TableOf({{{1, "A"}}}, {});
  const auto fault = [&](const auto& change) {
    FunnelOptions options = Through({"A", "B"}, 5);
    change(&options);
    return MessageOf(MeasureFunnel(table, options).status());
  };
  CHECK_THAT(fault([](FunnelOptions* to) { to->steps.clear(); }), HoldsText("steps: allowed"));
  CHECK_THAT(fault([](FunnelOptions* to) { to->steps.resize(33); }), HoldsText("steps: allowed"));
  CHECK_THAT(fault([](FunnelOptions* to) { to->among.resize(33); }), HoldsText("among: allowed"));
  CHECK_THAT(fault([](FunnelOptions* to) { to->within_ms = 0; }), HoldsText("within_ms"));
  CHECK_THAT(fault([](FunnelOptions* to) { to->within_ms = kMaxFunnelWithinMs + 1; }),
             HoldsText("within_ms"));
  CHECK_THAT(fault([](FunnelOptions* to) { to->from_ms = 5, to->to_ms = 4; }),
             HoldsText("to_ms: lies before"));
  CHECK_THAT(fault([](FunnelOptions* to) { to->by = EventDimension::kItem; }),
             HoldsText("by: the table has no column of item"));
  CHECK_THAT(fault([](FunnelOptions* to) { to->by = EventDimension{9}; }), HoldsText("by:"));
  CHECK_THAT(fault([](FunnelOptions* to) { to->steps[1].campaigns = {"x"}; }),
             HoldsText("steps[1]: the table has no column of campaign"));
  CHECK_THAT(fault([](FunnelOptions* to) { to->among = {{.direction = Direction::kIn}}; }),
             HoldsText("among[0]: the table has no column of direction"));
  CHECK_THAT(fault([](FunnelOptions* to) { to->steps[0].direction = Direction{4}; }),
             HoldsText("steps[0].direction"));
  CHECK_THAT(fault([](FunnelOptions* to) { to->steps[0].types.resize(kMaxFilterTexts + 1); }),
             HoldsText("steps[0]: allowed are up to"));
}

}  // namespace polyonym::harness
