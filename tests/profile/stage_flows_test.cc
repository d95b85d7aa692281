#include "polyonym/profile/stage_flows.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "harness/catch.h"
#include "harness/random.h"

namespace polyonym {
namespace {

using harness::HoldsText;
using harness::Random;

constexpr std::int64_t kDay = 86'400'000;

// ---- People, by what they did ----

struct Act {
  std::int64_t time_ms;
  std::string type;
};
using Acts = std::vector<Act>;

Stage::Condition Of(const std::string& type, std::int64_t window_ms = 0) {
  Stage::Condition condition;
  condition.events.types = {type};
  condition.window_ms = window_ms;
  return condition;
}

// The ladder of docs/profiles.md.
Ladder Lifecycle() {
  Ladder ladder;
  ladder.name = "lifecycle";
  ladder.stages = {{"lead", {}}, {"customer", {Of("buy")}}, {"active", {Of("buy", 90 * kDay)}}};
  return ladder;
}

ProfileLadder Climbed(const Ladder& ladder, const Acts& acts, std::int64_t now_ms,
                      bool explain = true) {
  Definitions definitions;
  definitions.ladders = {ladder};
  FactRow row;
  for (const Act& act : acts) {
    Event event;
    event.type = act.type;
    event.time_ms = act.time_ms;
    row.facts.events.push_back(std::move(event));
  }
  ProfileOptions options;
  options.explain = explain;
  return FoldProfile(definitions, {row}, options, now_ms).ladders.at(0);
}

StageFlows Flows(const Ladder& ladder, std::int64_t from_ms, std::int64_t to_ms) {
  absl::StatusOr<StageFlows> flows = StageFlows::Make(ladder, {from_ms, to_ms});
  INFO(flows.status().ToString());
  REQUIRE(flows.ok());
  return *std::move(flows);
}

StageFlowTable TableOf(const Ladder& ladder, const std::vector<ProfileLadder>& people,
                       std::int64_t from_ms, std::int64_t to_ms) {
  StageFlows flows = Flows(ladder, from_ms, to_ms);
  for (const ProfileLadder& person : people) {
    const absl::Status added = flows.Add(person);
    INFO(added.ToString());
    REQUIRE(added.ok());
  }
  return flows.Table();
}

ProfileLadder Spells(std::vector<StageSpell> spells) {
  ProfileLadder climbed;
  climbed.name = "lifecycle";
  climbed.spells = std::move(spells);
  return climbed;
}

// ---- Examples ----

TEST_CASE("the flows of five people are those of the example") {
  std::vector<ProfileLadder> people;
  for (const Acts& acts :
       std::vector<Acts>{{{0, "view"}, {10 * kDay, "buy"}},  // active for 90 days, then a customer
                         {{4 * kDay, "view"}, {40 * kDay, "buy"}},  // active until day 130
                         {{5 * kDay, "buy"}, {60 * kDay, "buy"}},   // active until day 150
                         {{50 * kDay, "view"}},                     // appears in the window
                         {{150 * kDay, "view"}}}) {                 // and after it
    people.push_back(Climbed(Lifecycle(), acts, 200 * kDay));
  }
  const std::uint64_t day = kDay;
  const StageFlowTable expected = {"lifecycle",
                                   {{"", 2, 1, 0, 1, 1, {}},
                                    {"lead", 2, 1, 1, 2, 1, {2, 23.0 * kDay, 10 * day}},
                                    {"customer", 0, 1, 1, 0, 0, {}},
                                    {"active", 1, 2, 2, 1, 3, {1, 90.0 * kDay, 90 * day}}},
                                   {{"", "lead", 1, 1, {}},
                                    {"lead", "active", 2, 2, {2, 23.0 * kDay, 10 * day}},
                                    {"active", "customer", 1, 1, {1, 90.0 * kDay, 90 * day}}},
                                   5,
                                   2,
                                   1,
                                   3,
                                   1};
  CHECK(TableOf(Lifecycle(), people, 10 * kDay, 110 * kDay) == expected);
}

TEST_CASE("a move at the beginning of a window is in it, one at its end is not") {
  const std::vector<ProfileLadder> people = {
      Spells({{"lead", 0, 10}, {"customer", 10, 20}, {"active", 20, 99}})};
  const auto moves = [&](std::int64_t from_ms, std::int64_t to_ms) {
    return TableOf(Lifecycle(), people, from_ms, to_ms).moves;
  };
  const StageMove to_customer = {"lead", "customer", 1, 1, {1, 10, 10}};
  CHECK(moves(10, 20) == std::vector<StageMove>{to_customer});
  CHECK(moves(10, 11) == std::vector<StageMove>{to_customer});
  CHECK(moves(9, 10).empty());
  CHECK(moves(11, 20).empty());
  CHECK(moves(10, 10).empty());
  CHECK(moves(11, 21) == std::vector<StageMove>{{"customer", "active", 1, 1, {1, 10, 10}}});
}

TEST_CASE("who appears on a stage comes from nowhere, and nobody knows since when") {
  const StageFlowTable table = TableOf(Lifecycle(), {Spells({{"customer", 5, 99}})}, 0, 10);
  CHECK(table.moves == std::vector<StageMove>{{"", "customer", 1, 1, {}}});
  CHECK(table.unseen_at_from == 1);
  CHECK(table.unseen_at_to == 0);
  CHECK(table.up == 1);
}

TEST_CASE("who appears on no stage has not moved until they do") {
  const std::vector<ProfileLadder> people = {Spells({{"", 5, 12}, {"lead", 12, 99}})};
  const StageFlowTable before = TableOf(Lifecycle(), people, 0, 10);
  CHECK(before.moves.empty());
  CHECK(before.unseen_at_from == 1);
  CHECK(before.unseen_at_to == 0);
  CHECK(before.stages[0] == StageStand{"", 1, 1, 0, 0, 1, {}});
  const StageFlowTable after = TableOf(Lifecycle(), people, 10, 20);
  CHECK(after.moves == std::vector<StageMove>{{"", "lead", 1, 1, {1, 7, 7}}});
  CHECK(after.unseen_at_from == 0);
}

TEST_CASE("who did nothing stays unseen, though a stage holds for everybody") {
  const ProfileLadder nobody = Climbed(Lifecycle(), {}, 200);
  CHECK(nobody.stage == "lead");
  const StageFlowTable table = TableOf(Lifecycle(), {nobody}, 0, 100);
  CHECK(table.people == 1);
  CHECK(table.unseen_at_to == 1);
  CHECK(table.stages[0] == StageStand{"", 1, 1, 0, 0, 1, {}});
  CHECK(table.stages[1] == StageStand{"lead", 0, 0, 0, 0, 0, {}});
}

TEST_CASE("a move at the very moment that the profile is as at counts, and its spell lasts") {
  const ProfileLadder climbed = Climbed(Lifecycle(), {{0, "view"}, {9, "buy"}}, 9);
  REQUIRE(climbed.spells.back() == StageSpell{"active", 9, 9});
  const StageFlowTable table = TableOf(Lifecycle(), {climbed}, 1, 50);
  CHECK(table.moves == std::vector<StageMove>{{"lead", "active", 1, 1, {1, 9, 9}}});
  CHECK(table.stages[3].at_to == 1);
}

TEST_CASE("somebody who goes to and fro is one of the people of a move, however often") {
  const ProfileLadder restless =
      Spells({{"lead", 0, 1}, {"active", 1, 3}, {"lead", 3, 8}, {"active", 8, 9}, {"", 9, 10}});
  const ProfileLadder calm = Spells({{"lead", 0, 2}, {"active", 2, 99}});
  const StageFlowTable table = TableOf(Lifecycle(), {restless, calm, restless}, 1, 100);
  CHECK(table.moves == std::vector<StageMove>{{"lead", "active", 3, 5, {5, 14.0 / 5, 2}},
                                              {"active", "", 2, 2, {2, 1, 1}},
                                              {"active", "lead", 2, 2, {2, 2, 2}}});
  CHECK(table.stages[3].dwell == StageDwell{4, 1.5, 1});  // 1, 1, 2, 2: the lower median
  CHECK(table.up == 5);
  CHECK(table.down == 4);
  CHECK(table.stages[3].highest == 3);
}

TEST_CASE("the highest stage is that of all time before the end, not of the window") {
  const std::vector<ProfileLadder> people = {
      Spells({{"active", 0, 10}, {"lead", 10, 30}, {"active", 30, 99}}),
      Spells({{"lead", 0, 30}, {"active", 30, 99}})};
  const StageFlowTable table = TableOf(Lifecycle(), people, 15, 30);
  CHECK(table.stages[1].highest == 1);
  CHECK(table.stages[3].highest == 1);
  CHECK(table.stages[1].at_to == 2);
}

TEST_CASE("spells as long as time itself do not overflow") {
  constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
  const ProfileLadder old = Spells({{"lead", kFirst, kLast - 1}, {"active", kLast - 1, kLast}});
  const StageFlowTable table = TableOf(Lifecycle(), {old, old, old}, 0, kLast);
  REQUIRE(table.moves.size() == 1);
  CHECK(table.moves[0].dwell.median_ms == std::numeric_limits<std::uint64_t>::max() - 1);
  CHECK(table.moves[0].dwell.mean_ms == 18'446'744'073'709'551'614.0);
}

TEST_CASE("a table may be asked for between people") {
  StageFlows flows = Flows(Lifecycle(), 0, 100);
  CHECK(flows.Table().stages.size() == 4);
  CHECK(flows.Table().people == 0);
  const ProfileLadder person = Spells({{"lead", 0, 10}, {"customer", 10, 99}});
  REQUIRE(flows.Add(person).ok());
  CHECK(flows.Table() == TableOf(Lifecycle(), {person}, 0, 100));
  REQUIRE(flows.Add(person).ok());
  CHECK(flows.Table() == TableOf(Lifecycle(), {person, person}, 0, 100));
}

// ---- What is refused ----

void CheckRefused(const absl::Status& status, const std::string& field) {
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(status.message()), HoldsText(field + ": allowed"));
}

TEST_CASE("spells that no ladder gives are refused by field, and nobody is added") {
  StageFlows flows = Flows(Lifecycle(), 0, 100);
  const ProfileLadder good = Spells({{"lead", 0, 10}, {"customer", 10, 99}});
  REQUIRE(flows.Add(good).ok());
  const StageFlowTable before = flows.Table();
  const std::vector<StageSpell> lead = {{"lead", 0, 10}, {"customer", 10, 20}};
  const auto after = [&](StageSpell spell) {
    std::vector<StageSpell> spells = lead;
    spells.push_back(std::move(spell));
    return flows.Add(Spells(std::move(spells)));
  };
  const absl::Status unknown = after({"Mei Lin", 20, 30});
  CheckRefused(unknown, "spells[2].stage");
  CHECK(std::string(unknown.message()).find("Mei") == std::string::npos);
  CheckRefused(after({"customer", 20, 30}), "spells[2].stage");
  CheckRefused(after({"active", 21, 30}), "spells[2].from_ms");
  CheckRefused(after({"active", 19, 30}), "spells[2].from_ms");
  CheckRefused(after({"active", 20, 19}), "spells[2].to_ms");
  CheckRefused(flows.Add(Spells({{"lead", 5, 5}, {"customer", 5, 9}})), "spells[0].to_ms");
  ProfileLadder other = good;
  other.name = "participation";
  CheckRefused(flows.Add(other), "name");
  CHECK(flows.Table() == before);
  CHECK(after({"active", 20, 20}).ok());
}

TEST_CASE("a ladder without its spells is refused, and not taken for somebody who did nothing") {
  StageFlows flows = Flows(Lifecycle(), 0, 100);
  CheckRefused(flows.Add(Climbed(Lifecycle(), {{5, "view"}}, 50, false)), "spells");
  CHECK(flows.Table().people == 0);
}

TEST_CASE("a window that ends before it begins, and names that are none, are refused") {
  CheckRefused(StageFlows::Make(Lifecycle(), {10, 9}).status(), "to_ms");
  Ladder twice = Lifecycle(), unnamed = Lifecycle();
  twice.stages[2].name = "lead";
  unnamed.stages[1].name = "";
  CheckRefused(StageFlows::Make(twice, {}).status(), "stages[2].name");
  CheckRefused(StageFlows::Make(unnamed, {}).status(), "stages[1].name");
}

// ---- Laws, against a slow model ----

// Times are few, and acts fall on the ends of windows.
constexpr std::int64_t kFirstMs = -6;
constexpr std::int64_t kNowMs = 18;
constexpr std::int64_t kEndMs = 22;  // beyond what is known

Ladder RandomLadder(Random& random) {
  Ladder ladder;
  ladder.name = "random";
  const std::uint64_t stages = random.Below(6);
  for (std::uint64_t i = 0; i < stages; ++i) {
    Stage stage;
    stage.name = "stage " + std::to_string(i);
    const std::uint64_t conditions = random.Chance(10) ? 0 : 1 + random.Below(2);
    for (std::uint64_t j = 0; j < conditions; ++j) {
      Stage::Condition condition =
          Of(random.Chance(50) ? "view" : "buy", random.Chance(40) ? 0 : random.Between(1, 8));
      condition.at_least = random.Chance(10) ? 0 : 1 + static_cast<std::uint32_t>(random.Below(2));
      if (random.Chance(30))
        condition.at_most = condition.at_least + static_cast<std::uint32_t>(random.Below(2));
      stage.conditions.push_back(condition);
    }
    ladder.stages.push_back(std::move(stage));
  }
  return ladder;
}

Acts RandomActs(Random& random) {
  const std::vector<std::string> types = {"view", "buy", "sign"};
  Acts acts;
  const std::uint64_t count = random.Below(10);
  for (std::uint64_t i = 0; i < count; ++i)
    acts.push_back({random.Between(kFirstMs + 1, kNowMs), random.Pick(types)});
  return acts;
}

// Where somebody stood at each millisecond from kFirstMs, by profiles as at each: spells play no part.
struct Watch {
  std::vector<bool> is_seen;
  std::vector<std::string> stages;

  Watch(const Ladder& ladder, const Acts& acts) {
    for (std::int64_t time_ms = kFirstMs; time_ms < kEndMs; ++time_ms) {
      is_seen.push_back(std::any_of(acts.begin(), acts.end(),
                                    [&](const Act& act) { return act.time_ms <= time_ms; }));
      stages.push_back(
          is_seen.back() ? Climbed(ladder, acts, std::min(time_ms, kNowMs), false).stage : "");
    }
  }
  static std::size_t At(std::int64_t time_ms) {
    return static_cast<std::size_t>(time_ms - kFirstMs);
  }
};

StageDwell NaiveDwell(std::vector<std::uint64_t> lengths) {
  if (lengths.empty()) return {};
  std::sort(lengths.begin(), lengths.end());
  std::uint64_t sum = 0;
  for (const std::uint64_t length : lengths) sum += length;
  return {lengths.size(), static_cast<double>(sum) / static_cast<double>(lengths.size()),
          lengths[(lengths.size() + 1) / 2 - 1]};
}

// REQUIRES: from_ms and to_ms in kFirstMs + 1 .. kEndMs.
StageFlowTable NaiveTable(const Ladder& ladder, const std::vector<Watch>& people,
                          std::int64_t from_ms, std::int64_t to_ms) {
  StageFlowTable table;
  table.ladder = ladder.name;
  table.people = people.size();
  std::vector<std::string> names = {""};
  for (const Stage& stage : ladder.stages) names.push_back(stage.name);
  const auto rank = [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) - names.begin();
  };
  for (const Watch& person : people) {
    table.unseen_at_from += !person.is_seen[Watch::At(from_ms - 1)];
    table.unseen_at_to += !person.is_seen[Watch::At(to_ms - 1)];
  }
  std::map<std::string, std::vector<std::uint64_t>> lengths_on;
  for (const std::string& from : names) {
    for (const std::string& to : names) {
      StageMove move = {from, to, 0, 0, {}};
      std::vector<std::uint64_t> lengths;
      for (const Watch& person : people) {
        const std::uint64_t before = move.moves;
        for (std::int64_t time_ms = from_ms; time_ms < to_ms && from != to; ++time_ms) {
          if (person.stages[Watch::At(time_ms - 1)] != from ||
              person.stages[Watch::At(time_ms)] != to)
            continue;
          ++move.moves;
          std::uint64_t length = 0;
          for (std::size_t at = Watch::At(time_ms);
               at > 0 && person.is_seen[at - 1] && person.stages[at - 1] == from; --at)
            ++length;
          if (length > 0) lengths.push_back(length);
        }
        move.people += move.moves > before;
      }
      if (move.moves == 0) continue;
      (rank(to) > rank(from) ? table.up : table.down) += move.moves;
      lengths_on[from].insert(lengths_on[from].end(), lengths.begin(), lengths.end());
      move.dwell = NaiveDwell(lengths);
      table.moves.push_back(move);
    }
  }
  for (const std::string& name : names) {
    StageStand stand = {name, 0, 0, 0, 0, 0, NaiveDwell(lengths_on[name])};
    for (const Watch& person : people) {
      stand.at_from += person.stages[Watch::At(from_ms - 1)] == name;
      stand.at_to += person.stages[Watch::At(to_ms - 1)] == name;
      std::ptrdiff_t highest = 0;
      for (std::int64_t time_ms = kFirstMs; time_ms < to_ms; ++time_ms)
        highest = std::max(highest, rank(person.stages[Watch::At(time_ms)]));
      stand.highest += highest == rank(name);
    }
    for (const StageMove& move : table.moves) {
      stand.left += move.from == name ? move.moves : 0;
      stand.entered += move.to == name ? move.moves : 0;
    }
    table.stages.push_back(stand);
  }
  return table;
}

// I1 to I4 of the header.
void CheckInvariants(const StageFlowTable& table) {
  std::uint64_t at_from = 0, at_to = 0, highest = 0, moves = 0;
  for (const StageStand& stand : table.stages) {
    CHECK(stand.at_from + stand.entered - stand.left == stand.at_to);
    std::uint64_t entered = 0, left = 0, spells = 0;
    for (const StageMove& move : table.moves) {
      entered += move.to == stand.stage ? move.moves : 0;
      left += move.from == stand.stage ? move.moves : 0;
      spells += move.from == stand.stage ? move.dwell.spells : 0;
    }
    CHECK(stand.entered == entered);
    CHECK(stand.left == left);
    CHECK(stand.dwell.spells == spells);
    at_from += stand.at_from;
    at_to += stand.at_to;
    highest += stand.highest;
  }
  for (const StageMove& move : table.moves) {
    CHECK(move.from != move.to);
    CHECK((move.people > 0 && move.people <= move.moves));
    moves += move.moves;
  }
  CHECK(at_from == table.people);
  CHECK(at_to == table.people);
  CHECK(highest == table.people);
  CHECK(table.up + table.down == moves);
  CHECK(table.unseen_at_to <= table.unseen_at_from);
}

TEST_CASE("flows are what watching everybody at every millisecond counts") {
  std::uint64_t moves = 0, down = 0;
  for (std::uint64_t seed = 1; seed <= 1'000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const Ladder ladder = RandomLadder(random);
    std::vector<Watch> watches;
    std::vector<ProfileLadder> people;
    const std::uint64_t count = random.Below(13);
    for (std::uint64_t i = 0; i < count; ++i) {
      const Acts acts = RandomActs(random);
      watches.emplace_back(ladder, acts);
      people.push_back(Climbed(ladder, acts, kNowMs));
    }
    std::vector<std::int64_t> ends;
    for (int i = 0; i < 3; ++i) ends.push_back(random.Between(kFirstMs + 1, kEndMs));
    std::sort(ends.begin(), ends.end());

    const StageFlowTable table = TableOf(ladder, people, ends[0], ends[1]);
    REQUIRE(table == NaiveTable(ladder, watches, ends[0], ends[1]));
    CheckInvariants(table);

    random.Shuffle(&people);
    CHECK(TableOf(ladder, people, ends[0], ends[1]) == table);

    const StageFlowTable next = TableOf(ladder, people, ends[1], ends[2]);  // I5
    for (std::size_t i = 0; i < table.stages.size(); ++i)
      CHECK(table.stages[i].at_to == next.stages[i].at_from);
    moves += table.up + table.down;
    down += table.down;
  }
  CHECK(moves > 1'000);  // the cases have something to say
  CHECK(down > 300);
}

}  // namespace
}  // namespace polyonym
