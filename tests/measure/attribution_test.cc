#include "polyonym/measure/attribution.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "harness/histories.h"
#include "harness/random.h"

namespace polyonym {
namespace {

using harness::ForEachSeed;
using harness::HoldsText;
using harness::Random;
using Rule = AttributionRule;

constexpr std::int64_t kDay = 86'400'000;
constexpr std::int64_t kLong = 365 * kDay;
constexpr std::int64_t kFirstMs = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLastMs = std::numeric_limits<std::int64_t>::max();

AttributionModel By(Rule rule, std::vector<std::string> ignored_keys = {}) {
  AttributionModel model;
  model.rule = rule;
  model.ignored_keys = std::move(ignored_keys);
  return model;
}

// A touch on each day before a conversion, the last on the day itself.
std::vector<AttributionTouch> Path(const std::vector<std::string>& keys) {
  std::vector<AttributionTouch> touches;
  for (std::size_t i = 0; i < keys.size(); ++i)
    touches.push_back({static_cast<std::int64_t>(i) * kDay, keys[i]});
  return touches;
}

std::vector<std::uint32_t> Millionths(const AttributionModel& model,
                                      const std::vector<AttributionTouch>& touches,
                                      const AttributionConversion& conversion,
                                      std::int64_t lookback_ms = kLong) {
  const auto shares = AttributeConversion(model, lookback_ms, touches, conversion);
  INFO(shares.status().ToString());
  REQUIRE(shares.ok());
  std::vector<std::uint32_t> millionths;
  for (const AttributionShare& share : *shares) millionths.push_back(share.millionths);
  return millionths;
}

std::vector<std::uint32_t> Millionths(const AttributionModel& model,
                                      const std::vector<std::string>& path) {
  return Millionths(model, Path(path), {static_cast<std::int64_t>(path.size()) * kDay});
}

using Parts = std::vector<std::uint32_t>;

// ---- Published models ----

TEST_CASE("position gives the first and the last 40 percent and those between 20 together") {
  // Google Analytics Admin API, ReportingAttributionModel, CROSS_CHANNEL_POSITION_BASED: "40% credit to the first and last interaction, and
  // the remaining 20% credit is distributed evenly to the middle interactions".
  const AttributionModel model = By(Rule::kPosition);
  CHECK(Millionths(model, {"a"}) == Parts{1'000'000});
  CHECK(Millionths(model, {"a", "b"}) == Parts{500'000, 500'000});
  CHECK(Millionths(model, {"a", "b", "c"}) == Parts{400'000, 200'000, 400'000});
  CHECK(Millionths(model, {"a", "b", "c", "d"}) == Parts{400'000, 100'000, 100'000, 400'000});
  // 20 percent among three is 66,666 and two thirds for each: two units are left over.
  CHECK(Millionths(model, {"a", "b", "c", "d", "e"}) ==
        Parts{400'000, 66'667, 66'667, 66'666, 400'000});
}

TEST_CASE("position takes other weights") {
  AttributionModel model = By(Rule::kPosition);
  std::tie(model.first_weight, model.middle_weight, model.last_weight) = std::tuple(30, 10, 60);
  CHECK(Millionths(model, {"a", "b", "c"}) == Parts{300'000, 100'000, 600'000});
  CHECK(Millionths(model, {"a", "b"}) == Parts{333'333, 666'667});
  std::tie(model.first_weight, model.middle_weight, model.last_weight) = std::tuple(1, 0, 0);
  CHECK(Millionths(model, {"a", "b", "c"}) == Parts{1'000'000, 0, 0});
}

TEST_CASE("time decay halves every seven days") {
  // Google Ads Help, About attribution models: a half-life of 7 days, by which an interaction 8 days before a conversion gets half as much as
  // one 1 day before it. So 22, 15, 8 and 1 days before have 1, 2, 4 and 8 parts of 15.
  const std::vector<AttributionTouch> touches = {{30 * kDay - 22 * kDay, "a"},
                                                 {30 * kDay - 15 * kDay, "b"},
                                                 {30 * kDay - 8 * kDay, "c"},
                                                 {30 * kDay - kDay, "d"}};
  CHECK(Millionths(By(Rule::kTimeDecay), touches, {30 * kDay}) ==
        Parts{66'667, 133'333, 266'667, 533'333});
  AttributionModel model = By(Rule::kTimeDecay);
  model.half_life_ms = kDay;
  CHECK(Millionths(model, {"a", "b", "c"}) == Parts{142'857, 285'714, 571'429});
  model.half_life_ms = 1;
  CHECK(Millionths(model, {"a", "b", "c"}) == Parts{0, 0, 1'000'000});
}

TEST_CASE("the last one that is not direct has all unless all are direct") {
  // Google Analytics: direct visits are left out of the credit unless the path has nothing else. Its example of a path: Display, Social, Paid
  // Search, Direct, of which Paid Search has 100 percent.
  const AttributionModel model = By(Rule::kLast, {"direct"});
  CHECK(Millionths(model, {"display", "social", "paid search", "direct"}) ==
        Parts{0, 0, 1'000'000, 0});
  CHECK(Millionths(By(Rule::kLast), {"display", "social", "paid search", "direct"}) ==
        Parts{0, 0, 0, 1'000'000});
  CHECK(Millionths(model, {"direct", "direct"}) == Parts{0, 1'000'000});
  // What is ignored is no first, no middle and no last either.
  CHECK(Millionths(By(Rule::kLinear, {"direct"}), {"direct", "a", "b"}) ==
        Parts{0, 500'000, 500'000});
  CHECK(Millionths(By(Rule::kPosition, {"mail", "direct"}), {"direct", "a", "mail", "b"}) ==
        Parts{0, 500'000, 0, 500'000});
}

TEST_CASE("first and last and linear are what they are called") {
  CHECK(Millionths(By(Rule::kFirst), {"a", "b", "c"}) == Parts{1'000'000, 0, 0});
  CHECK(Millionths(By(Rule::kLast), {"a", "b", "c"}) == Parts{0, 0, 1'000'000});
  CHECK(Millionths(By(Rule::kLinear), {"a", "b", "c", "d"}) ==
        Parts{250'000, 250'000, 250'000, 250'000});
  // What is left over goes to the earliest of equal ones.
  CHECK(Millionths(By(Rule::kLinear), {"a", "b", "c"}) == Parts{333'334, 333'333, 333'333});
}

// ---- What is in sight ----

TEST_CASE("touches from the look back on up to the moment of the conversion count") {
  const std::vector<AttributionTouch> touches = {
      {99, "too old"}, {100, "oldest"}, {150, "same moment"}, {151, "too late"}};
  const auto shares = AttributeConversion(By(Rule::kLinear), 50, touches, {150});
  REQUIRE(shares.ok());
  CHECK(*shares == std::vector<AttributionShare>{{1, 500'000, 0}, {2, 500'000, 0}});
  CHECK(AttributeConversion(By(Rule::kLinear), 50, touches, {98})->empty());
  CHECK(Millionths(By(Rule::kLast), touches, {150}, 0) == Parts{1'000'000});
}

TEST_CASE("touches of one moment are in the order of their keys") {
  const std::vector<AttributionTouch> touches = {{5, "b"}, {5, "a"}, {5, "c"}};
  const auto first = AttributeConversion(By(Rule::kFirst), 50, touches, {5});
  REQUIRE(first.ok());
  CHECK(*first == std::vector<AttributionShare>{{1, 1'000'000, 0}, {0, 0, 0}, {2, 0, 0}});
}

TEST_CASE("times at the ends of their range have no other ends") {
  const std::vector<AttributionTouch> touches = {{kFirstMs, "a"}, {kLastMs, "b"}};
  CHECK(Millionths(By(Rule::kLinear), touches, {kFirstMs}) == Parts{1'000'000});
  CHECK(Millionths(By(Rule::kTimeDecay), touches, {kLastMs}, kLastMs) == Parts{1'000'000});
  CHECK(Millionths(By(Rule::kFirst), touches, {0}, kLastMs).empty());
  CHECK(Millionths(By(Rule::kFirst), touches, {-1}, kLastMs) == Parts{1'000'000});
}

TEST_CASE("money is divided to the last minor unit and a refund as a sale") {
  const std::vector<AttributionTouch> touches = Path({"a", "b", "c"});
  AttributionConversion conversion{3 * kDay, Money{1'000, "CNY"}};
  const auto money_of = [&](const AttributionModel& model) {
    std::vector<std::int64_t> amounts;
    const auto shares = AttributeConversion(model, kLong, touches, conversion);
    REQUIRE(shares.ok());
    for (const AttributionShare& share : *shares) amounts.push_back(share.minor_units);
    return amounts;
  };
  CHECK(money_of(By(Rule::kLinear)) == std::vector<std::int64_t>{334, 333, 333});
  conversion.value->minor_units = -1'000;
  CHECK(money_of(By(Rule::kLinear)) == std::vector<std::int64_t>{-334, -333, -333});
  conversion.value->minor_units = kFirstMs;
  CHECK(money_of(By(Rule::kLast)) == std::vector<std::int64_t>{0, 0, kFirstMs});
  conversion.value->minor_units = 7;
  CHECK(money_of(By(Rule::kPosition)) == std::vector<std::int64_t>{3, 1, 3});
}

// ---- Tables ----

Attribution Of(const AttributionOptions& options) {
  absl::StatusOr<Attribution> attribution = Attribution::Make(options);
  INFO(attribution.status().ToString());
  REQUIRE(attribution.ok());
  return *std::move(attribution);
}

TEST_CASE("a table says of each key what it touched and what each model credits") {
  AttributionOptions options;
  options.models = {By(Rule::kLast), By(Rule::kLinear)};
  options.lookback_ms = 10 * kDay;
  Attribution attribution = Of(options);
  const std::vector<AttributionTouch> touches = {
      {0, "spring"}, {20 * kDay, "spring"}, {21 * kDay, "mail"}, {21 * kDay, "mail"}};
  const std::vector<AttributionConversion> conversions = {
      {22 * kDay, Money{1'000, "CNY"}, 2}, {40 * kDay, Money{5, "USD"}}, {41 * kDay}};
  REQUIRE(attribution.Add(touches, conversions).ok());
  REQUIRE(attribution.Add(std::vector<AttributionTouch>{{1, "mail"}}, {}).ok());

  const AttributionTable table = attribution.Table();
  CHECK(table.models == std::vector<std::string>{"last", "linear"});
  CHECK(table.people == 2);
  CHECK(table.converted_people == 1);
  CHECK(table.conversions == 4);
  using Amounts = std::vector<std::pair<std::string, absl::int128>>;
  CHECK((table.minor_units == Amounts{{"CNY", 1'000}, {"USD", 5}}));
  REQUIRE(table.rows.size() == 3);

  const AttributionRow& none = table.rows[0];
  CHECK(none.key == "(none)");
  CHECK(none.touches == 0);
  CHECK(none.people == 1);
  CHECK(none.conversions == 2);
  CHECK((none.credits[0] == AttributionCredit{2'000'000, {{"USD", 5}}}));
  CHECK(none.credits[1] == none.credits[0]);

  const AttributionRow& mail = table.rows[1];
  CHECK(mail.key == "mail");
  CHECK(mail.touches == 3);
  CHECK(mail.people == 2);
  CHECK(mail.conversions == 2);
  CHECK(mail.converted_people == 1);
  CHECK((mail.credits[0] == AttributionCredit{2'000'000, {{"CNY", 1'000}}}));
  CHECK((mail.credits[1] == AttributionCredit{1'333'332, {{"CNY", 666}}}));

  const AttributionRow& spring = table.rows[2];
  CHECK(spring.touches == 2);
  CHECK(spring.conversions == 2);
  CHECK((spring.credits[0] == AttributionCredit{}));
  CHECK((spring.credits[1] == AttributionCredit{666'668, {{"CNY", 334}}}));
}

// ---- Against a slow model ----

struct Someone {
  std::vector<std::pair<std::int64_t, std::string>> touches;
  std::vector<AttributionConversion> conversions;
};

AttributionOptions RandomOptions(Random& random) {
  AttributionOptions options;
  const std::uint64_t count = 1 + random.Below(6);
  for (std::uint64_t i = 0; i < count; ++i) {
    AttributionModel model = By(static_cast<Rule>(random.Below(5)));
    model.name = "model " + std::to_string(i);
    if (random.Chance(30)) model.ignored_keys = {"d", "a"};
    model.first_weight = static_cast<std::uint32_t>(1 + random.Below(50));
    model.middle_weight = static_cast<std::uint32_t>(random.Below(50));
    model.last_weight = static_cast<std::uint32_t>(random.Below(50));
    model.half_life_ms = random.Between(1, 300);
    options.models.push_back(model);
  }
  options.lookback_ms = random.Between(0, 80);
  options.none_key = "none";
  return options;
}

Someone RandomPerson(Random& random) {
  Someone person;
  const std::uint64_t touches = random.Below(12), conversions = random.Below(4);
  for (std::uint64_t i = 0; i < touches; ++i)
    person.touches.emplace_back(random.Between(0, 100),
                                std::string(1, static_cast<char>('a' + random.Below(5))));
  for (std::uint64_t i = 0; i < conversions; ++i) {
    AttributionConversion conversion{random.Between(0, 120)};
    if (random.Chance(60))
      conversion.value = Money{random.Between(-100, 100'000), random.Chance(70) ? "CNY" : "USD"};
    if (random.Chance(20)) conversion.count = 1 + random.Below(5);
    person.conversions.push_back(conversion);
  }
  return person;
}

absl::Status AddTo(Attribution* attribution, const Someone& person) {
  std::vector<AttributionTouch> touches;
  for (const auto& [time_ms, key] : person.touches) touches.push_back({time_ms, key});
  return attribution->Add(touches, person.conversions);
}

// Real weights of touches that are in order, each alone as the header has it.
std::vector<long double> SlowWeights(
    const AttributionModel& model, std::int64_t conversion_ms,
    const std::vector<std::pair<std::int64_t, std::string>>& path) {
  const auto is_ignored = [&](const std::string& key) {
    return std::count(model.ignored_keys.begin(), model.ignored_keys.end(), key) > 0;
  };
  const bool all_ignored = std::all_of(path.begin(), path.end(),
                                       [&](const auto& touch) { return is_ignored(touch.second); });
  std::vector<std::size_t> seen;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (all_ignored || !is_ignored(path[i].second)) seen.push_back(i);
  }
  std::vector<long double> weights(path.size(), 0.0L);
  for (const std::size_t i : seen) {
    const bool is_first = i == seen.front(), is_last = i == seen.back();
    const auto age = static_cast<long double>(conversion_ms - path[i].first);
    switch (model.rule) {
      case Rule::kFirst:
        weights[i] = is_first;
        break;
      case Rule::kLast:
        weights[i] = is_last;
        break;
      case Rule::kLinear:
        weights[i] = 1;
        break;
      case Rule::kTimeDecay:
        weights[i] = std::pow(2.0L, -age / static_cast<long double>(model.half_life_ms));
        break;
      case Rule::kPosition:
        weights[i] = seen.size() == 1 ? 1
                     : is_first       ? model.first_weight
                     : is_last        ? model.last_weight
                                      : static_cast<long double>(model.middle_weight) /
                                     static_cast<long double>(seen.size() - 2);
        break;
    }
  }
  return weights;
}

// What a share of it is before anything is rounded; by model, key and currency, "" being millionths. And how many were rounded.
struct SlowTable {
  std::map<std::tuple<std::size_t, std::string, std::string>, std::pair<long double, int>> credits;
  std::map<std::string, std::uint64_t> conversions, touches;
};

void AddSlowly(const AttributionOptions& options, const Someone& person, SlowTable* table) {
  for (const auto& touch : person.touches) ++table->touches[touch.second];
  for (const AttributionConversion& conversion : person.conversions) {
    std::vector<std::pair<std::int64_t, std::string>> path;
    for (const auto& touch : person.touches) {
      if (touch.first <= conversion.time_ms &&
          conversion.time_ms - touch.first <= options.lookback_ms)
        path.push_back(touch);
    }
    std::sort(path.begin(), path.end());
    if (path.empty()) path.emplace_back(conversion.time_ms, options.none_key);
    std::set<std::string> keys;
    for (const auto& touch : path) keys.insert(touch.second);
    for (const std::string& key : keys) table->conversions[key] += conversion.count;
    for (std::size_t m = 0; m < options.models.size(); ++m) {
      const auto weights = SlowWeights(options.models[m], conversion.time_ms, path);
      long double whole = 0;
      for (const long double weight : weights) whole += weight;
      for (std::size_t i = 0; i < path.size(); ++i) {
        auto& millionths = table->credits[{m, path[i].second, ""}];
        millionths.first +=
            weights[i] / whole * 1'000'000 * static_cast<long double>(conversion.count);
        millionths.second += static_cast<int>(conversion.count);
        if (!conversion.value) continue;
        auto& money = table->credits[{m, path[i].second, conversion.value->currency}];
        money.first += weights[i] / whole * static_cast<long double>(conversion.value->minor_units);
        ++money.second;
      }
    }
  }
}

TEST_CASE(
    "credits are those of the definition but for less than a unit a touch and sum to all there "
    "is") {
  ForEachSeed(1, 2'000, [](std::uint64_t seed) {
    CAPTURE(seed);
    Random random(seed);
    const AttributionOptions options = RandomOptions(random);
    Attribution attribution = Of(options);
    SlowTable slow;
    const std::uint64_t people = 1 + random.Below(6);
    for (std::uint64_t i = 0; i < people; ++i) {
      const Someone person = RandomPerson(random);
      REQUIRE(AddTo(&attribution, person).ok());
      AddSlowly(options, person, &slow);
    }
    const AttributionTable table = attribution.Table();
    bool fits = true;
    for (std::size_t m = 0; m < options.models.size(); ++m) {
      std::uint64_t millionths = 0;
      std::map<std::string, absl::int128> money;
      for (const AttributionRow& row : table.rows) {
        const AttributionCredit& credit = row.credits.at(m);
        millionths += credit.millionths;
        const auto near = [&](const std::string& what, long double amount) {
          const auto [exact, rounded] = slow.credits[{m, row.key, what}];
          return std::abs(exact - amount) <= static_cast<long double>(rounded) + 1e-6L;
        };
        fits &= near("", static_cast<long double>(credit.millionths));
        for (const auto& [currency, amount] : credit.minor_units) {
          fits &= near(currency, static_cast<long double>(amount));
          money[currency] += amount;
        }
      }
      CHECK(millionths == 1'000'000 * table.conversions);
      for (const auto& [currency, amount] : table.minor_units) fits &= money[currency] == amount;
    }
    CHECK(fits);
    for (const AttributionRow& row : table.rows) {
      CHECK(row.conversions == slow.conversions[row.key]);
      CHECK(row.touches == slow.touches[row.key]);
    }
    for (const auto& [key, conversions] : slow.conversions)
      CHECK(std::any_of(table.rows.begin(), table.rows.end(),
                        [&](const AttributionRow& row) { return row.key == key; }));
  });
}

TEST_CASE(
    "of each conversion no touch is rounded by a unit and more weight never has less credit") {
  ForEachSeed(10'000, 2'000, [](std::uint64_t seed) {
    CAPTURE(seed);
    Random random(seed);
    const AttributionModel model = RandomOptions(random).models[0];
    Someone person = RandomPerson(random);
    std::sort(person.touches.begin(), person.touches.end());
    std::vector<AttributionTouch> touches;
    for (const auto& [time_ms, key] : person.touches) touches.push_back({time_ms, key});
    const AttributionConversion conversion{100, Money{random.Between(-1'000, 1'000), "CNY"}};
    const auto shares = AttributeConversion(model, 100, touches, conversion);
    REQUIRE(shares.ok());
    REQUIRE(shares->size() == touches.size());
    if (touches.empty()) return;
    const auto weights = SlowWeights(model, 100, person.touches);
    long double whole = 0;
    for (const long double weight : weights) whole += weight;
    std::uint64_t millionths = 0;
    std::int64_t money = 0;
    for (std::size_t i = 0; i < shares->size(); ++i) {
      const AttributionShare& share = (*shares)[i];
      millionths += share.millionths;
      money += share.minor_units;
      CHECK(std::abs(static_cast<long double>(share.millionths) - weights[i] / whole * 1'000'000) <
            1.00001L);
      CHECK(std::abs(static_cast<long double>(share.minor_units) -
                     weights[i] / whole * static_cast<long double>(conversion.value->minor_units)) <
            1.00001L);
      for (std::size_t j = 0; j < shares->size(); ++j) {
        if (weights[i] > weights[j]) CHECK(share.millionths >= (*shares)[j].millionths);
      }
    }
    CHECK(millionths == 1'000'000);
    CHECK(money == conversion.value->minor_units);
  });
}

TEST_CASE("people in any order and spread over accumulators in any way give one table") {
  ForEachSeed(20'000, 500, [](std::uint64_t seed) {
    CAPTURE(seed);
    Random random(seed);
    const AttributionOptions options = RandomOptions(random);
    std::vector<Someone> people(1 + random.Below(12));
    for (Someone& person : people) person = RandomPerson(random);
    Attribution all = Of(options);
    for (const Someone& person : people) REQUIRE(AddTo(&all, person).ok());

    random.Shuffle(&people);
    std::vector<Attribution> parts(1 + random.Below(4), Of(options));
    for (Someone& person : people) {
      random.Shuffle(&person.touches);
      random.Shuffle(&person.conversions);
      REQUIRE(AddTo(&parts[random.Below(parts.size())], person).ok());
    }
    random.Shuffle(&parts);
    Attribution merged = Of(options);
    for (const Attribution& part : parts) REQUIRE(merged.Merge(part).ok());
    CHECK(merged.Table() == all.Table());
  });
}

// ---- What is refused ----

std::string FaultOf(const std::function<void(AttributionOptions*)>& change) {
  AttributionOptions options;
  options.models = {By(Rule::kLast), By(Rule::kPosition)};
  change(&options);
  const absl::Status status = Attribution::Make(options).status();
  REQUIRE(status.code() == absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST_CASE("options out of range are refused by the name of the field") {
  CHECK_THAT(FaultOf([](auto* of) { of->models.clear(); }), HoldsText("models"));
  CHECK_THAT(FaultOf([](auto* of) { of->models.resize(65); }), HoldsText("models"));
  CHECK_THAT(FaultOf([](auto* of) { of->models[1].rule = static_cast<Rule>(9); }),
             HoldsText("models[1].rule"));
  CHECK_THAT(FaultOf([](auto* of) { of->models[1].name = "last"; }), HoldsText("models[1].name"));
  CHECK_THAT(FaultOf([](auto* of) { of->models[1].half_life_ms = 0; }),
             HoldsText("models[1].half_life_ms"));
  CHECK_THAT(FaultOf([](auto* of) { of->models[1].middle_weight = 1'000'001; }),
             HoldsText("middle_weight"));
  CHECK_THAT(FaultOf([](auto* of) { of->models[0].first_weight = of->models[0].last_weight = 0; }),
             HoldsText("models[0].first_weight"));
  CHECK_THAT(FaultOf([](auto* of) { of->lookback_ms = -1; }), HoldsText("lookback_ms"));
  CHECK_THAT(FaultOf([](auto* of) { of->none_key = ""; }), HoldsText("none_key"));
  CHECK_THAT(FaultOf([](auto* of) { of->max_pairs = ~std::uint64_t{0}; }), HoldsText("max_pairs"));
}

TEST_CASE("who is refused leaves no trace") {
  AttributionOptions options;
  options.models = {By(Rule::kLast)};
  options.max_keys = 2;
  options.max_pairs = 6;
  Attribution attribution = Of(options);
  REQUIRE(attribution.Add(Path({"a", "b"}), {}).ok());
  const AttributionTable before = attribution.Table();
  const std::vector<AttributionConversion> once = {{kDay}};

  const auto refused = [&](const std::vector<AttributionTouch>& touches,
                           const std::vector<AttributionConversion>& conversions,
                           absl::StatusCode code, const std::string& field) {
    const absl::Status status = attribution.Add(touches, conversions);
    CHECK(status.code() == code);
    CHECK_THAT(std::string(status.message()), HoldsText(field));
    CHECK(attribution.Table() == before);
  };
  const auto kInvalid = absl::StatusCode::kInvalidArgument;
  const auto kExhausted = absl::StatusCode::kResourceExhausted;
  refused(Path({"a", ""}), {}, kInvalid, "touches[1].key");
  refused(Path({std::string(1'025, 'x')}), {}, kInvalid, "touches[0].key");
  refused(Path({"(none)"}), {}, kInvalid, "touches[0].key");
  refused({}, {{0, {}, 0}}, kInvalid, "conversions[0].count");
  refused({}, {{0}, {0, Money{1, "yuan"}}}, kInvalid, "conversions[1].value.currency");
  refused(Path({"a", "c"}), {}, kExhausted, "max_keys");
  refused({}, once, kExhausted, "max_keys");  // none_key is one too
  refused(Path({"a", "a", "a", "a"}), {{0}, {0}}, kExhausted, "max_pairs");
  const std::vector<AttributionConversion> many(3'000, {kDay, {}, std::uint64_t{1} << 32});
  Attribution large = Of({.models = {By(Rule::kLast)}});
  CHECK(large.Add({}, many).code() == absl::StatusCode::kOutOfRange);
  REQUIRE(large.Add({}, std::span(many).subspan(1'000)).ok());
  CHECK(large.Merge(large).ok() == false);

  REQUIRE(attribution.Add(Path({"b"}), once).ok());
}

TEST_CASE("accumulators with other options are not merged") {
  AttributionOptions options;
  options.models = {By(Rule::kLast, {"x", "a"})};
  Attribution one = Of(options);
  std::reverse(options.models[0].ignored_keys.begin(), options.models[0].ignored_keys.end());
  CHECK(one.Merge(Of(options)).ok());
  options.lookback_ms += 1;
  CHECK(one.Merge(Of(options)).code() == absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace polyonym
