#include "polyonym/profile/rfm.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <limits>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "harness/catch.h"
#include "harness/shared_data.h"

namespace polyonym::harness {
namespace {

RfmModel Fit(const std::vector<RfmValues>& customers, const RfmOptions& options = {}) {
  const auto model = FitRfm(customers, options);
  REQUIRE(model.ok());
  REQUIRE(Validate(*model).ok());
  return *model;
}

std::uint32_t CodeOf(const RfmModel& model, const RfmValues& values) {
  const auto score = ScoreRfm(model, values);
  REQUIRE(score.ok());
  return score->Code();
}

std::string MessageOf(const absl::Status& status) {
  REQUIRE(status.code() == absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

// Few values, so that many are equal.
std::vector<RfmValues> SomeCustomers(std::uint32_t seed, std::size_t count) {
  std::mt19937 random(seed);
  std::vector<RfmValues> customers(count);
  for (RfmValues& customer : customers) {
    customer.recency = random() % 40;
    customer.frequency = 1 + random() % 7 * (random() % 3);
    customer.monetary = static_cast<double>(random() % 500) - 20;
  }
  return customers;
}

// The definition: one more for each k for which at least k / bins of `among` are strictly worse than `value`.
std::uint32_t SlowScore(double value, const std::vector<double>& among, std::uint32_t bins) {
  const auto worse = static_cast<std::size_t>(
      std::count_if(among.begin(), among.end(), [&](double other) { return other < value; }));
  std::uint32_t score = 1;
  for (std::size_t k = 1; k < bins; ++k) score += worse * bins >= k * among.size() ? 1 : 0;
  return score;
}

// Values of which more is better in each dimension.
std::array<double, 3> Goodness(const RfmValues& values) {
  return {-values.recency, values.frequency, values.monetary};
}

TEST_CASE("ten customers make quintiles of two, from 111 to 555") {
  std::vector<RfmValues> customers;
  for (int i = 0; i < 10; ++i) customers.push_back({100.0 - i, 1.0 + i, 10.0 * i});
  const RfmModel model = Fit(customers);
  CHECK(RfmCellCount(model) == 125);
  for (int i = 0; i < 10; ++i) CHECK(CodeOf(model, customers[i]) == 111U * (i / 2 + 1));
  // Those who were not there, too.
  CHECK(CodeOf(model, {0, 1000, -5}) == 551);
  CHECK(CodeOf(model, {1000, 0, 1e9}) == 115);
}

TEST_CASE("equal values get one score, the lower one, and a score still says how many are worse") {
  // Six of ten bought once.
  std::vector<RfmValues> customers;
  for (const double bought : {1, 1, 1, 1, 1, 1, 2, 3, 4, 5}) customers.push_back({10, bought, 7});
  const RfmModel model = Fit(customers);
  CHECK(model.bounds[1] == std::vector<std::vector<double>>{{1, 1, 1, 3}});
  CHECK(CodeOf(model, {10, 1, 7}) == 111);
  CHECK(CodeOf(model, {10, 2, 7}) == 141);
  CHECK(CodeOf(model, {10, 3, 7}) == 141);
  CHECK(CodeOf(model, {10, 4, 7}) == 151);
}

TEST_CASE("bins are counted for each dimension: 5 x 4 x 3 makes 60 cells, of which 543 is best") {
  const std::vector<RfmValues> customers = SomeCustomers(5, 5'000);
  const RfmModel model = Fit(customers, {.bins = {5, 4, 3}});
  CHECK(RfmCellCount(model) == 60);
  CHECK(CodeOf(model, {-1, 1e6, 1e6}) == 543);
  CHECK(CodeOf(model, {1e6, -1, -1e6}) == 111);
  CHECK(RfmCellCount(Fit(customers, {.bins = {2, 9, 2}})) == 36);
}

TEST_CASE("independent scores are those of the definition") {
  const std::uint32_t seed = GENERATE(1U, 2U, 3U, 4U);
  CAPTURE(seed);
  const std::vector<RfmValues> customers = SomeCustomers(seed, 1 + seed * 97 % 300);
  const RfmOptions options{.bins = {5, 2 + seed % 8, 9}};
  const RfmModel model = Fit(customers, options);
  std::array<std::vector<double>, 3> columns;
  for (const RfmValues& customer : customers) {
    for (std::size_t d = 0; d < 3; ++d) columns[d].push_back(Goodness(customer)[d]);
  }
  for (const RfmValues& customer : customers) {
    const auto score = ScoreRfm(model, customer);
    REQUIRE(score.ok());
    const std::array<double, 3> good = Goodness(customer);
    REQUIRE(score->recency == SlowScore(good[0], columns[0], options.bins[0]));
    REQUIRE(score->frequency == SlowScore(good[1], columns[1], options.bins[1]));
    REQUIRE(score->monetary == SlowScore(good[2], columns[2], options.bins[2]));
  }
}

TEST_CASE("nested scores are those of the definition among customers of the same scores so far") {
  const std::uint32_t seed = GENERATE(1U, 2U, 3U, 4U);
  CAPTURE(seed);
  const std::vector<RfmValues> customers = SomeCustomers(seed, 30 + seed * 211);
  const RfmModel model = Fit(customers, {.bins = {5, 4, 3}, .nesting = RfmNesting::kNested});
  std::vector<RfmScore> scores;
  for (const RfmValues& customer : customers) {
    const auto score = ScoreRfm(model, customer);
    REQUIRE(score.ok());
    scores.push_back(*score);
  }
  for (std::size_t i = 0; i < customers.size(); ++i) {
    std::array<std::vector<double>, 3> among;
    for (std::size_t j = 0; j < customers.size(); ++j) {
      const std::array<double, 3> good = Goodness(customers[j]);
      const bool same_r = scores[j].recency == scores[i].recency;
      among[0].push_back(good[0]);
      if (same_r) among[1].push_back(good[1]);
      if (same_r && scores[j].frequency == scores[i].frequency) among[2].push_back(good[2]);
    }
    const std::array<double, 3> good = Goodness(customers[i]);
    REQUIRE(scores[i].recency == SlowScore(good[0], among[0], 5));
    REQUIRE(scores[i].frequency == SlowScore(good[1], among[1], 4));
    REQUIRE(scores[i].monetary == SlowScore(good[2], among[2], 3));
  }
}

TEST_CASE("nested bounds of a group without customers are those of the group around it") {
  // Nobody gets recency 2: the tie at 10 days falls to 1. Frequencies of the two recencies lie apart.
  std::vector<RfmValues> customers;
  for (int i = 0; i < 6; ++i) customers.push_back({10, 1.0 + i, 100.0 + i});
  for (int i = 0; i < 3; ++i) customers.push_back({1, 50.0 + i, 500.0 + i});
  const RfmModel model = Fit(customers, {.bins = {3, 3, 3}, .nesting = RfmNesting::kNested});
  CHECK(model.bounds[0] == std::vector<std::vector<double>>{{10, 10}});
  CHECK(model.bounds[1] == std::vector<std::vector<double>>{{2, 4}, {3, 6}, {50, 51}});
  REQUIRE(model.bounds[2].size() == 9);
  CHECK(model.bounds[2][0] == std::vector<double>{100, 101});  // frequencies 1 and 2
  CHECK(model.bounds[2][4] == std::vector<double>{102, 105});  // nobody's: those of all
  CHECK(model.bounds[2][8] == std::vector<double>{502, 502});
}

TEST_CASE("bounds may be written by the host; who stands on one is below it") {
  RfmModel model;
  model.bins = {5, 3, 2};
  model.bounds = {{{{365, 180, 90, 30}}, {{1, 4}}, {{10'000}}}};
  REQUIRE(Validate(model).ok());
  CHECK(CodeOf(model, {29, 5, 10'001}) == 532);
  CHECK(CodeOf(model, {30, 4, 10'000}) == 421);
  CHECK(CodeOf(model, {365, 1, -10}) == 111);
  CHECK(CodeOf(model, {364, 2, 0}) == 221);
}

TEST_CASE("customers give the same model in whatever order they come") {
  std::vector<RfmValues> customers = SomeCustomers(9, 500);
  for (const RfmNesting nesting : {RfmNesting::kIndependent, RfmNesting::kNested}) {
    const RfmModel model = Fit(customers, {.nesting = nesting});
    std::mt19937 random(4);
    std::shuffle(customers.begin(), customers.end(), random);
    CHECK(Fit(customers, {.nesting = nesting}) == model);
  }
}

TEST_CASE("one customer is enough for a model, and scores lowest in it") {
  for (const RfmNesting nesting : {RfmNesting::kIndependent, RfmNesting::kNested}) {
    CHECK(CodeOf(Fit({{3, 4, 5}}, {.nesting = nesting}), {3, 4, 5}) == 111);
  }
}

TEST_CASE("what RFM cannot take is turned away by its field") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<RfmValues> none;
  const std::vector<RfmValues> odd = {{1, 1, 1}, {1, nan, 1}};
  const std::vector<RfmValues> fine = {{1, 1, 1}, {2, 2, 2}};
  CHECK_THAT(MessageOf(FitRfm(none, {}).status()), HoldsText("customers:"));
  CHECK_THAT(MessageOf(FitRfm(odd, {}).status()), HoldsText("customers[1].frequency"));
  CHECK_THAT(MessageOf(FitRfm(fine, {.bins = {5, 5, 10}}).status()), HoldsText("bins[2]"));
  CHECK_THAT(MessageOf(FitRfm(fine, {.bins = {1, 5, 5}}).status()), HoldsText("bins[0]"));
  CHECK_THAT(MessageOf(FitRfm(fine, {.nesting = RfmNesting{7}}).status()), HoldsText("nesting"));

  RfmModel model = Fit(fine);
  CHECK_THAT(MessageOf(ScoreRfm(model, {nan, 1, 1}).status()), HoldsText("recency"));
  model.bounds[0][0][1] = 1e9;
  CHECK_THAT(MessageOf(Validate(model)),
             HoldsText("bounds[0][0][1]: allowed are finite numbers, none above"));
  model = Fit(fine);
  model.bounds[2][0][3] = nan;
  CHECK_THAT(MessageOf(Validate(model)), HoldsText("bounds[2][0][3]"));
  model.bounds[2][0].pop_back();
  CHECK_THAT(MessageOf(Validate(model)), HoldsText("bounds[2][0]: allowed are 4"));
  CHECK_THAT(MessageOf(ScoreRfm(model, {1, 1, 1}).status()), HoldsText("bounds[2][0]"));
  model = Fit(fine);
  model.nesting = RfmNesting::kNested;
  CHECK_THAT(MessageOf(Validate(model)), HoldsText("bounds[1]"));
  CHECK_THAT(MessageOf(ScoreRfm(model, {1, 3, 1}).status()), HoldsText("bounds[1]"));
}

TEST_CASE("who bought nothing has no RFM") {
  CHECK_FALSE(RfmValuesOf(PurchaseSummary{}).has_value());
  const std::vector<Purchase> purchases = {{0, 500}, {86'400'000, 300}, {86'400'001, -100}};
  const auto summary = SummarisePurchases(purchases, {.end_ms = 5 * std::int64_t{86'400'000}});
  REQUIRE(summary.ok());
  const auto values = RfmValuesOf(*summary);
  REQUIRE(values.has_value());
  CHECK(values->recency == 4);
  CHECK(values->frequency == 2);
  CHECK(values->monetary == 700);
}

// The purchases of the web shop's customers by their numbers; empty where the data are absent, which is said on stderr.
std::map<std::string, std::vector<Purchase>> WebShop() {
  std::map<std::string, std::vector<Purchase>> purchases;
  ForEachSharedLine("online_retail/online_retail.csv.gz", [&](std::string line) {
    // From the end, since the description, the third of eight fields, may hold commas; none of these does.
    std::array<std::string, 5> last;  // quantity, time, price, customer, country
    for (std::size_t i = last.size(); i-- > 0;) {
      const std::size_t comma = line.rfind(',');
      last[i] = line.substr(comma + 1);
      line.resize(comma);
    }
    if (last[3].empty()) return;
    int year = 0;
    unsigned month = 0, day = 0;
    char c = 0;
    std::istringstream(last[1]) >> year >> c >> month >> c >> day;
    const std::chrono::sys_days date =
        std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
    purchases[last[3]].push_back({std::int64_t{date.time_since_epoch().count()} * 86'400'000,
                                  std::llround(std::stod(last[2]) * 100) * std::stoll(last[0])});
  });
  return purchases;
}

TEST_CASE("the cells of a web shop's 4,372 customers add up") {
  const auto purchases = WebShop();
  if (purchases.empty()) return;
  CHECK(purchases.size() == 4'372);
  const std::chrono::sys_days end = std::chrono::year(2011) / 12 / 10;
  std::vector<RfmValues> customers;
  std::size_t bought_nothing = 0;
  for (const auto& [customer, lines] : purchases) {
    const auto summary = SummarisePurchases(
        lines, {.end_ms = std::int64_t{end.time_since_epoch().count()} * 86'400'000});
    REQUIRE(summary.ok());
    const auto values = RfmValuesOf(*summary);
    bought_nothing += values ? 0 : 1;
    if (values) customers.push_back(*values);
  }
  CHECK(bought_nothing == 33);  // the file has only cancellations of them
  CHECK(customers.size() == 4'339);

  for (const RfmNesting nesting : {RfmNesting::kIndependent, RfmNesting::kNested}) {
    const RfmModel model = Fit(customers, {.nesting = nesting});
    std::map<std::uint32_t, std::size_t> cells;
    std::array<std::size_t, 6> by_recency = {};
    std::array<std::size_t, 6> by_monetary = {};
    for (const RfmValues& customer : customers) {
      const auto score = ScoreRfm(model, customer);
      REQUIRE(score.ok());
      ++cells[score->Code()];
      ++by_recency[score->recency];
      ++by_monetary[score->monetary];
    }
    std::size_t sum = 0;
    for (const auto& [code, count] : cells) sum += count;
    CHECK(sum == customers.size());
    CHECK(cells.size() <= RfmCellCount(model));
    CHECK(cells.begin()->first == 111);
    CHECK(cells.rbegin()->first == 555);
    // Days have ties, pennies hardly any: over all customers a fifth, to the nearest.
    for (std::size_t score = 1; score <= 5; ++score) {
      CHECK(by_recency[score] > 750);
      CHECK(by_recency[score] < 1'000);
      if (nesting == RfmNesting::kIndependent)
        CHECK(std::abs(static_cast<double>(by_monetary[score]) - 867.8) < 3);
    }
  }
}

}  // namespace
}  // namespace polyonym::harness
