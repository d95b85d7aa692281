#include "polyonym/measure/growth.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "harness/histories.h"
#include "harness/random.h"

namespace polyonym {
namespace {

using harness::Approx;
using harness::ForEachSeed;
using harness::HoldsText;
using harness::Random;

struct Someone {
  GrowthPerson person;
  std::vector<GrowthInvitation> invitations;
};

Someone Of(std::uint64_t id, std::optional<std::int64_t> customer_ms,
           std::vector<std::pair<std::uint64_t, std::int64_t>> invited = {},
           bool is_loyal = false) {
  Someone someone;
  someone.person = {ProfileId{id}, is_loyal, customer_ms};
  for (const auto& [whom, time_ms] : invited)
    someone.invitations.push_back({ProfileId{whom}, time_ms});
  return someone;
}

Growth Empty(const GrowthOptions& options) {
  absl::StatusOr<Growth> growth = Growth::Make(options);
  INFO(growth.status().ToString());
  REQUIRE(growth.ok());
  return *std::move(growth);
}

GrowthTable TableOf(const std::vector<Someone>& people, const GrowthOptions& options) {
  Growth growth = Empty(options);
  for (const Someone& someone : people) {
    const absl::Status added = growth.Add(someone.person, someone.invitations);
    INFO(added.ToString());
    REQUIRE(added.ok());
  }
  return growth.Table();
}

TEST_CASE("a loyal customer's invitations are counted up to the customers that they brought") {
  const std::vector<Someone> people = {
      Of(1, 0, {{3, 10}, {4, 20}, {5, 30}, {9, 40}}, true),  // 9 was never added
      Of(2, 5, {}, true),
      Of(3, 15, {{6, 50}}),
      Of(4, 90),
      Of(5, std::nullopt),
      Of(6, 60),
  };
  const GrowthTable table = TableOf(people, {.from_ms = 0, .to_ms = 100});
  CHECK(table.loyal.people == 2);
  CHECK(table.loyal.inviters == 1);
  CHECK(table.loyal.invitations == 4);
  CHECK(table.loyal.newcomers == 2);
  CHECK(table.loyal.invitations_per_person == 2.0);
  CHECK(table.loyal.conversion == 0.5);
  CHECK(table.loyal.k_factor == 1.0);
  CHECK(table.customers.people == 5);
  CHECK(table.customers.newcomers == 3);
  CHECK(table.everybody.people == 6);
  CHECK(table.everybody.k_factor == 0.5);
  CHECK(table.invited == 5);
  CHECK((table.wait == GrowthSpan{3, 10}));   // of 5, 70 and 10
  CHECK((table.cycle == GrowthSpan{3, 45}));  // of 15, 90 and 45
  CHECK(table.generations == std::vector<std::uint64_t>{2, 1});
  CHECK(table.deeper == 0);
}

TEST_CASE("a newcomer is credited to the first who invited them and to nobody after they came") {
  // 1 invited after 9 had come; 3 and 2 at one moment; 4 later.
  const std::vector<Someone> people = {Of(1, 0, {{9, 51}}), Of(4, 0, {{9, 30}}, true),
                                       Of(3, 0, {{9, 20}}, true), Of(2, 0, {{9, 20}, {9, 10'000}}),
                                       Of(9, 50, {{9, 1}})};
  const GrowthTable table = TableOf(people, {.from_ms = 0, .to_ms = 100});
  CHECK(table.everybody.newcomers == 1);
  CHECK(table.loyal.newcomers == 0);
  CHECK(table.everybody.invitations == 4);
  CHECK(table.everybody.inviters == 4);
  CHECK(table.invited == 1);
  CHECK((table.wait == GrowthSpan{1, 30}));
  // In a window that begins later nobody brought them: the first invitation lies before it.
  CHECK(TableOf(people, {.from_ms = 25, .to_ms = 100}).everybody.newcomers == 0);
}

TEST_CASE("lines that are too long or run in circles are deeper than the generations counted") {
  std::vector<Someone> line;
  for (std::uint64_t i = 0; i < 6; ++i) {
    const auto time_ms = static_cast<std::int64_t>(i);
    line.push_back(Of(i, time_ms, {{i + 1, time_ms}}));
  }
  GrowthTable table = TableOf(line, {.from_ms = 0, .to_ms = 100, .max_generations = 3});
  CHECK(table.generations == std::vector<std::uint64_t>{1, 1, 1});
  CHECK(table.deeper == 2);
  table = TableOf(line, {.from_ms = 4, .to_ms = 100});
  CHECK(table.generations == std::vector<std::uint64_t>{0, 0, 0, 0, 1});

  // Both invited the other before either was a customer.
  table = TableOf({Of(1, 10, {{2, 1}}), Of(2, 10, {{1, 2}})}, {.from_ms = 0, .to_ms = 100});
  CHECK(table.everybody.newcomers == 2);
  CHECK(table.generations.empty());
  CHECK(table.deeper == 2);
}

TEST_CASE("times at the ends of their range make the longest wait") {
  const std::int64_t first_ms = std::numeric_limits<std::int64_t>::min();
  const std::int64_t last_ms = std::numeric_limits<std::int64_t>::max();
  const GrowthTable table = TableOf({Of(1, first_ms, {{2, first_ms}}), Of(2, last_ms)},
                                    {.from_ms = first_ms, .to_ms = last_ms});
  CHECK(table.wait.median_ms == std::numeric_limits<std::uint64_t>::max());
}

// ---- Against a slow model ----

std::vector<Someone> RandomPeople(Random& random) {
  std::vector<Someone> people;
  const std::uint64_t count = 1 + random.Below(12);
  for (std::uint64_t id = 0; id < count; ++id) {
    Someone someone = Of(id, std::nullopt, {}, random.Chance(30));
    if (random.Chance(80)) someone.person.customer_ms = random.Between(0, 30);
    while (random.Chance(60))
      someone.invitations.push_back({ProfileId{random.Below(count + 2)}, random.Between(0, 30)});
    people.push_back(someone);
  }
  return people;
}

// Who brought this one: inviter and time.
std::optional<std::pair<const Someone*, std::int64_t>> SlowInviter(
    const std::vector<Someone>& people, const Someone& newcomer) {
  std::optional<std::pair<const Someone*, std::int64_t>> best;
  for (const Someone& inviter : people) {  // in order of ids
    for (const GrowthInvitation& invitation : inviter.invitations) {
      if (invitation.invited != newcomer.person.profile || &inviter == &newcomer) continue;
      if (!newcomer.person.customer_ms || *newcomer.person.customer_ms < invitation.time_ms)
        continue;
      if (!best || invitation.time_ms < best->second) best = {&inviter, invitation.time_ms};
    }
  }
  return best;
}

GrowthGroup SlowGroup(const std::vector<Someone>& people, const GrowthOptions& options,
                      const std::function<bool(const Someone&)>& is_in) {
  GrowthGroup group;
  const auto in_window = [&](std::int64_t ms) {
    return ms >= options.from_ms && ms < options.to_ms;
  };
  for (const Someone& someone : people) {
    if (!is_in(someone)) continue;
    ++group.people;
    std::map<std::uint64_t, std::int64_t> firsts;
    for (const GrowthInvitation& invitation : someone.invitations) {
      if (invitation.invited == someone.person.profile) continue;
      const auto [at, is_new] = firsts.try_emplace(invitation.invited.value, invitation.time_ms);
      at->second = std::min(at->second, invitation.time_ms);
    }
    const std::uint64_t before = group.invitations;
    for (const auto& [whom, time_ms] : firsts) group.invitations += in_window(time_ms) ? 1 : 0;
    group.inviters += group.invitations > before ? 1 : 0;
    for (const Someone& newcomer : people) {
      const auto inviter = SlowInviter(people, newcomer);
      if (inviter && inviter->first == &someone && in_window(inviter->second)) ++group.newcomers;
    }
  }
  return group;
}

bool IsSame(const GrowthGroup& got, const GrowthGroup& want) {
  return got.people == want.people && got.inviters == want.inviters &&
         got.invitations == want.invitations && got.newcomers == want.newcomers &&
         got.k_factor == Approx(got.invitations_per_person * got.conversion);
}

TEST_CASE("groups are those of the slow model and generations sum to newcomers") {
  ForEachSeed(1, 1'000, [](std::uint64_t seed) {
    CAPTURE(seed);
    Random random(seed);
    const std::vector<Someone> people = RandomPeople(random);
    GrowthOptions options;
    options.from_ms = random.Between(0, 15);
    options.to_ms = options.from_ms + random.Between(0, 20);
    options.max_generations = static_cast<std::uint32_t>(1 + random.Below(4));
    const GrowthTable table = TableOf(people, options);
    CHECK(IsSame(table.everybody, SlowGroup(people, options, [](const Someone&) { return true; })));
    CHECK(IsSame(table.loyal,
                 SlowGroup(people, options, [](const Someone& of) { return of.person.is_loyal; })));
    CHECK(IsSame(table.customers, SlowGroup(people, options, [&](const Someone& of) {
                   return of.person.customer_ms && *of.person.customer_ms < options.to_ms;
                 })));
    std::uint64_t newcomers = table.deeper;
    for (const std::uint64_t of : table.generations) newcomers += of;
    CHECK(newcomers == table.everybody.newcomers);
    CHECK(table.generations.size() <= options.max_generations);
    CHECK(table.wait.newcomers == newcomers);
    CHECK(table.cycle.newcomers <= newcomers);

    // Windows that follow each other share no newcomer and miss none.
    GrowthOptions before = options, after = options;
    before.to_ms = after.from_ms = random.Between(options.from_ms, options.to_ms);
    CHECK(TableOf(people, before).everybody.newcomers +
              TableOf(people, after).everybody.newcomers ==
          table.everybody.newcomers);
  });
}

TEST_CASE("people in any order and spread over accumulators in any way give one growth") {
  ForEachSeed(5'000, 500, [](std::uint64_t seed) {
    CAPTURE(seed);
    Random random(seed);
    std::vector<Someone> people = RandomPeople(random);
    const GrowthOptions options{.from_ms = 3, .to_ms = 25, .max_generations = 3};
    const GrowthTable all = TableOf(people, options);
    random.Shuffle(&people);
    std::vector<Growth> parts(1 + random.Below(4), Empty(options));
    for (Someone& someone : people) {
      random.Shuffle(&someone.invitations);
      REQUIRE(parts[random.Below(parts.size())].Add(someone.person, someone.invitations).ok());
    }
    random.Shuffle(&parts);
    Growth merged = Empty(options);
    for (const Growth& part : parts) REQUIRE(merged.Merge(part).ok());
    CHECK(merged.Table() == all);
  });
}

TEST_CASE("who is refused is not counted") {
  CHECK_THAT(std::string(Growth::Make({.from_ms = 2, .to_ms = 1}).status().message()),
             HoldsText("to_ms"));
  CHECK_THAT(std::string(Growth::Make({.max_generations = 0}).status().message()),
             HoldsText("max_generations"));
  const GrowthOptions options{.to_ms = 100, .max_people = 2, .max_invitations = 3};
  Growth growth = Empty(options);
  const Someone one = Of(1, 5, {{2, 1}, {2, 2}, {1, 3}, {3, 4}});
  REQUIRE(growth.Add(one.person, one.invitations).ok());
  const GrowthTable before = growth.Table();
  CHECK(growth.Add(one.person, {}).code() == absl::StatusCode::kInvalidArgument);
  const Someone two = Of(2, 5, {{3, 1}, {4, 1}});
  CHECK(growth.Add(two.person, two.invitations).code() == absl::StatusCode::kResourceExhausted);
  CHECK(growth.Merge(growth).code() == absl::StatusCode::kInvalidArgument);
  CHECK(growth.Merge(Empty({.to_ms = 99})).code() == absl::StatusCode::kInvalidArgument);
  CHECK(growth.Table() == before);
  REQUIRE(growth.Add(two.person, {}).ok());
  CHECK(growth.Add({.profile = ProfileId{7}}, {}).code() == absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace polyonym
