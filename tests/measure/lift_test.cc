#include "polyonym/measure/lift.h"

#include <cmath>
#include <cstdint>
#include <limits>
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

constexpr std::int64_t kMost64 = std::numeric_limits<std::int64_t>::max();

Arm Of(std::uint64_t converted, std::uint64_t people) {
  Arm arm;
  arm.people = people;
  arm.converted = converted;
  return arm;
}

// What each person paid, in CNY; 0: nothing, and no conversion.
Arm Paid(const std::vector<std::int64_t>& totals) {
  Arm arm;
  for (const std::int64_t total : totals) {
    const Money paid[] = {{total, "CNY"}};
    REQUIRE(arm.Add(total > 0, paid).ok());
  }
  return arm;
}

LiftResult Compare(const Arm& treated, const Arm& control, const LiftOptions& options = {}) {
  const absl::StatusOr<LiftResult> lift = Lift(treated, control, options);
  INFO(lift.status().ToString());
  REQUIRE(lift.ok());
  return *lift;
}

std::string FaultOf(const Arm& treated, const Arm& control, const LiftOptions& options,
                    absl::StatusCode code = absl::StatusCode::kInvalidArgument) {
  const absl::StatusOr<LiftResult> lift = Lift(treated, control, options);
  REQUIRE(lift.status().code() == code);
  return std::string(lift.status().message());
}

// ---- Shares ----

TEST_CASE("differences of shares have the intervals of Newcombe's table") {
  // Newcombe (1998), table II, method 10, its eight examples (a) to (h), to the four digits that it prints.
  struct Row {
    std::uint64_t a, m, b, n;
    double low, high;
  };
  const Row rows[] = {{56, 70, 48, 80, 0.0524, 0.3339}, {9, 10, 3, 10, 0.1705, 0.8090},
                      {6, 7, 2, 7, 0.0582, 0.8062},     {5, 56, 0, 29, -0.0381, 0.1926},
                      {0, 10, 0, 20, -0.1611, 0.2775},  {0, 10, 0, 10, -0.2775, 0.2775},
                      {10, 10, 0, 20, 0.6791, 1.0000},  {10, 10, 0, 10, 0.6075, 1.0000}};
  for (const Row& row : rows) {
    CAPTURE(row.a, row.m, row.b, row.n);
    const ConversionLift lift = Compare(Of(row.a, row.m), Of(row.b, row.n)).conversion;
    CHECK(std::abs(lift.difference_interval.low - row.low) <= 0.00005);
    CHECK(std::abs(lift.difference_interval.high - row.high) <= 0.00005);
  }
}

TEST_CASE("shares have Wilson's intervals") {
  // Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998) 857-872, table I, method 3.
  struct Row {
    std::uint64_t of, all;
    double low, high;
  };
  const Row rows[] = {{81, 263, 0.2553, 0.3662},
                      {15, 148, 0.0624, 0.1605},
                      {0, 20, 0.0000, 0.1611},
                      {1, 29, 0.0061, 0.1718}};
  for (const Row& row : rows) {
    CAPTURE(row.of, row.all);
    const ConversionLift lift = Compare(Of(row.of, row.all), Of(row.of, row.all)).conversion;
    CHECK(std::abs(lift.treated_interval.low - row.low) <= 0.00005);
    CHECK(std::abs(lift.treated_interval.high - row.high) <= 0.00005);
    CHECK(lift.control_interval == lift.treated_interval);
  }
  CHECK(Compare(Of(0, 20), Of(20, 20)).conversion.treated_interval.low == 0);
  CHECK(Compare(Of(0, 20), Of(20, 20)).conversion.control_interval.high == 1);
}

TEST_CASE("infarctions with a placebo and with aspirin differ as Agresti has it") {
  // The Physicians' Health Study: 189 of 11,034 and 104 of 11,037. Agresti, An Introduction to Categorical Data Analysis (2007), 2.2 and
  // 2.3, has the ratio 1.82. The digits are statsmodels 0.15's: confint_proportions_2indep (`newcomb`, `log`), proportions_ztest.
  const ConversionLift lift = Compare(Of(189, 11'034), Of(104, 11'037)).conversion;
  CHECK(lift.difference == Approx(0.0077).margin(0.00005));
  CHECK(lift.difference_interval.low == Approx(0.004702029746381498).epsilon(1e-12));
  CHECK(lift.difference_interval.high == Approx(0.010775083776882294).epsilon(1e-12));
  CHECK(*lift.relative == Approx(0.8178017944535074).epsilon(1e-12));
  CHECK(lift.relative_interval->low == Approx(0.4330309030505628).epsilon(1e-12));
  CHECK(lift.relative_interval->high == Approx(1.305884232422446).epsilon(1e-12));
  CHECK(lift.z == Approx(5.001388204008378).epsilon(1e-12));
  CHECK(lift.p_value == Approx(5.691896973740836e-07).epsilon(1e-10));
  CHECK(lift.incremental == Approx(189 - 104 * 11'034.0 / 11'037).epsilon(1e-12));
  CHECK(lift.incremental_interval.low == Approx(0.004702029746381498 * 11'034).epsilon(1e-12));
}

TEST_CASE("another confidence has another interval and the same test") {
  // statsmodels 0.15, alpha 0.05 and 0.01.
  const Arm treated = Of(1'234, 50'000), control = Of(1'100, 49'000);
  const ConversionLift usual = Compare(treated, control).conversion;
  const ConversionLift wide = Compare(treated, control, {.confidence = 0.99}).conversion;
  CHECK(usual.difference_interval.low == Approx(0.0003405548601169287).epsilon(1e-10));
  CHECK(usual.difference_interval.high == Approx(0.0041220711839145795).epsilon(1e-10));
  CHECK(wide.difference_interval.low == Approx(-0.00025466484369095037).epsilon(1e-10));
  CHECK(wide.difference_interval.high == Approx(0.004717713208819979).epsilon(1e-10));
  CHECK(usual.z == Approx(2.313219702053117).epsilon(1e-12));
  CHECK(usual.p_value == Approx(0.020710562871300534).epsilon(1e-10));
  CHECK(wide.p_value == usual.p_value);
}

TEST_CASE("where nobody converted nothing is said of ratios") {
  const ConversionLift none = Compare(Of(0, 10), Of(0, 20)).conversion;
  CHECK(none.z == 0);
  CHECK(none.p_value == 1);
  CHECK_FALSE(none.relative);
  CHECK_FALSE(none.relative_interval);

  const ConversionLift worse = Compare(Of(0, 10), Of(5, 10)).conversion;
  CHECK(worse.relative == -1.0);
  CHECK_FALSE(worse.relative_interval);
  CHECK_FALSE(Compare(Of(5, 10), Of(0, 10)).conversion.relative);

  const ConversionLift all = Compare(Of(10, 10), Of(20, 20)).conversion;
  CHECK(all.p_value == 1);
  CHECK(all.relative == 0.0);
  CHECK(*all.relative_interval == ConfidenceInterval{0, 0});
}

// C(n, k) p^k (1-p)^(n-k), for k of 0..n.
std::vector<double> Binomial(int n, double p) {
  std::vector<double> chances;
  for (int k = 0; k <= n; ++k) {
    const double ways = std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
    chances.push_back(std::exp(ways + k * std::log(p) + (n - k) * std::log1p(-p)));
  }
  return chances;
}

TEST_CASE(
    "of all that may come of two groups the intervals hold the truth about as often as they say") {
  const double truths[][2] = {{0.3, 0.2}, {0.5, 0.5}, {0.1, 0.12}, {0.9, 0.6}};
  for (const auto& [p, q] : truths) {
    CAPTURE(p, q);
    const std::vector<double> treated = Binomial(40, p), control = Binomial(30, q);
    double held = 0;
    for (std::uint64_t a = 0; a <= 40; ++a) {
      for (std::uint64_t b = 0; b <= 30; ++b) {
        const ConfidenceInterval interval =
            Compare(Of(a, 40), Of(b, 30)).conversion.difference_interval;
        if (interval.low <= p - q && p - q <= interval.high) held += treated[a] * control[b];
      }
    }
    CHECK(held >= 0.93);
    CHECK(held <= 0.98);
  }
}

// ---- Money ----

TEST_CASE("hours of sleep are compared as R compares them by Welch's test") {
  // Student (1908), in tenths of hours; t.test(extra ~ group, data = sleep) of R prints t = -1.8608, df = 17.776, p-value = 0.07939 and
  // -3.3654832 to 0.2054832. The further digits are SciPy 1.17's.
  const MoneyLift lift = Compare(Paid({7, -16, -2, -12, -1, 34, 37, 8, 0, 20}),
                                 Paid({19, 8, 11, 1, -1, 44, 55, 16, 46, 34}))
                             .money.at(0);
  CHECK(lift.treated_mean == 7.5);
  CHECK(lift.control_mean == Approx(23.3).epsilon(1e-15));
  CHECK(*lift.t == Approx(-1.860813467486853).epsilon(1e-12));
  CHECK(*lift.degrees_of_freedom == Approx(17.776473516178495).epsilon(1e-12));
  CHECK(*lift.p_value == Approx(0.07939414018735806).epsilon(1e-11));
  CHECK(lift.difference_interval->low == Approx(-33.654832307117104).epsilon(1e-11));
  CHECK(lift.difference_interval->high == Approx(2.0548323071171026).epsilon(1e-10));
  CHECK(lift.incremental == Approx(-158).epsilon(1e-12));
  CHECK(lift.incremental_interval->low == Approx(-336.54832307117104).epsilon(1e-11));
  CHECK_FALSE(lift.return_on_cost);
}

TEST_CASE("cars of two countries are compared as NIST compares them") {
  // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.5.3, AUTO83B.DAT: 249 cars of mean 20.14458 and standard deviation 6.41470, 79 of
  // 30.48101 and 6.10771, all whole miles per gallon: sums 5,016 and 2,408, of squares 111,250 and 76,308. T = -12.94627, 136.8750
  // degrees of freedom without the assumption of equal variances.
  Arm american = Of(0, 249), japanese = Of(0, 79);
  american.money["USD"] = {5'016, 111'250};
  japanese.money["USD"] = {2'408, 76'308};
  const MoneyLift lift = Compare(american, japanese).money.at(0);
  CHECK(*lift.t == Approx(-12.94627).margin(0.000005));
  CHECK(*lift.degrees_of_freedom == Approx(136.8750).margin(0.00005));
}

TEST_CASE("a return on cost is what came in beyond the cost") {
  const Arm treated = Paid({300, 0, 500, 200}), control = Paid({100, 0, 200, 100});
  const LiftOptions options{.costs = {{300, "CNY"}, {5, "USD"}}};
  const LiftResult result = Compare(treated, control, options);
  REQUIRE(result.money.size() == 2);
  const MoneyLift& yuan = result.money[0];
  CHECK(yuan.currency == "CNY");
  CHECK(yuan.difference == 150);
  CHECK(yuan.relative == 1.5);
  CHECK(yuan.incremental == 600);
  CHECK(yuan.return_on_cost == 1.0);
  CHECK(yuan.return_on_cost_interval->low == Approx((yuan.incremental_interval->low - 300) / 300));
  CHECK(yuan.return_on_cost_interval->high ==
        Approx((yuan.incremental_interval->high - 300) / 300));
  const MoneyLift& dollars = result.money[1];
  CHECK(dollars.currency == "USD");
  CHECK(dollars.return_on_cost == -1.0);
  CHECK_FALSE(dollars.return_on_cost_interval);
  CHECK_FALSE(dollars.relative);
}

TEST_CASE("currencies are compared apart and whoever paid in none of one counts as nothing") {
  Arm treated, control;
  REQUIRE(treated.Add(true, std::vector<Money>{{300, "CNY"}, {10, "USD"}, {100, "CNY"}}).ok());
  REQUIRE(treated.Add(false).ok());
  REQUIRE(control.Add(true, std::vector<Money>{{100, "CNY"}, {-100, "CNY"}, {6, "EUR"}}).ok());
  REQUIRE(control.Add(false).ok());
  const std::vector<MoneyLift> money = Compare(treated, control).money;
  REQUIRE(money.size() == 3);
  CHECK(money[0].currency == "CNY");
  CHECK(money[0].difference == 200);
  CHECK(money[1].currency == "EUR");
  CHECK(money[1].difference == -3);
  CHECK(money[2].currency == "USD");
  CHECK(money[2].difference == 5);
  CHECK(control.money.find("CNY") == control.money.end());
}

TEST_CASE("where nothing varies or one person is an arm there is no interval of money") {
  for (const auto& [treated, control] : {std::pair{Paid({5, 5, 5}), Paid({4, 4})},
                                         {Paid({5}), Paid({4, 3})},
                                         {Paid({5, 7}), Paid({4})}}) {
    const MoneyLift lift = Compare(treated, control).money.at(0);
    CHECK(lift.difference > 0);
    CHECK_FALSE(lift.difference_interval);
    CHECK_FALSE(lift.t);
    CHECK_FALSE(lift.degrees_of_freedom);
    CHECK_FALSE(lift.p_value);
    CHECK_FALSE(lift.incremental_interval);
  }
  // Where one arm varies that suffices: SciPy 1.17 has t 1.0 and 1 degree of freedom.
  const MoneyLift lift = Compare(Paid({4, 8}), Paid({4, 4, 4})).money.at(0);
  CHECK(*lift.t == Approx(1.0));
  CHECK(*lift.degrees_of_freedom == Approx(1.0));
  CHECK(*lift.p_value == Approx(0.5));
}

// ---- Properties ----

std::vector<std::int64_t> RandomTotals(Random& random, std::int64_t offset) {
  std::vector<std::int64_t> totals(2 + random.Below(30));
  for (std::int64_t& total : totals) total = offset + random.Between(-50, 50);
  totals[0] += 1000;  // so that something varies
  return totals;
}

// In two passes, about the first value, in long double.
struct Slow {
  long double mean = 0, mean_variance = 0;
};
Slow SlowOf(const std::vector<std::int64_t>& totals) {
  Slow slow;
  const auto people = static_cast<long double>(totals.size());
  for (const std::int64_t total : totals) slow.mean += static_cast<long double>(total - totals[0]);
  slow.mean /= people;
  for (const std::int64_t total : totals) {
    const long double off = static_cast<long double>(total - totals[0]) - slow.mean;
    slow.mean_variance += off * off;
  }
  slow.mean_variance /= people * (people - 1);
  slow.mean += static_cast<long double>(totals[0]);
  return slow;
}

TEST_CASE("sums and squares say as much as the people themselves however large what they paid is") {
  ForEachSeed(1, 500, [](std::uint64_t seed) {
    CAPTURE(seed);
    Random random(seed);
    const std::int64_t offset =
        random.Pick(std::vector<std::int64_t>{0, -7, 1'000'000, 1'000'000'000'000});
    const std::vector<std::int64_t> treated = RandomTotals(random, offset);
    const std::vector<std::int64_t> control = RandomTotals(random, offset);
    const Slow a = SlowOf(treated), b = SlowOf(control);
    const MoneyLift lift = Compare(Paid(treated), Paid(control)).money.at(0);
    const long double error = std::sqrt(a.mean_variance + b.mean_variance);
    const long double freedom =
        (a.mean_variance + b.mean_variance) * (a.mean_variance + b.mean_variance) /
        (a.mean_variance * a.mean_variance / static_cast<long double>(treated.size() - 1) +
         b.mean_variance * b.mean_variance / static_cast<long double>(control.size() - 1));
    // The means are doubles: of the large ones 2^-13 is left.
    CHECK(lift.difference == Approx(static_cast<double>(a.mean - b.mean)).margin(0.0005));
    CHECK(*lift.t * static_cast<double>(error) == Approx(lift.difference).epsilon(1e-12));
    CHECK(*lift.degrees_of_freedom == Approx(static_cast<double>(freedom)).epsilon(1e-12));
    CHECK((lift.difference_interval->low + lift.difference_interval->high) / 2 ==
          Approx(lift.difference).margin(0.0005));
  });
}

Arm RandomArm(Random& random) {
  Arm arm;
  const std::uint64_t people = 1 + random.Below(40);
  for (std::uint64_t i = 0; i < people; ++i) {
    std::vector<Money> paid;
    while (random.Chance(50))
      paid.push_back({random.Between(-100, 1'000), random.Chance(70) ? "CNY" : "USD"});
    REQUIRE(arm.Add(random.Chance(40), paid).ok());
  }
  return arm;
}

bool IsMirrored(const ConfidenceInterval& a, const ConfidenceInterval& b) {
  return a.low == -b.high && a.high == -b.low;
}

TEST_CASE("arms that are exchanged turn every sign and intervals hold what they are of") {
  ForEachSeed(1'000, 500, [](std::uint64_t seed) {
    CAPTURE(seed);
    Random random(seed);
    const Arm treated = RandomArm(random), control = RandomArm(random);
    const LiftResult there = Compare(treated, control), back = Compare(control, treated);
    CHECK(there.conversion.difference == -back.conversion.difference);
    CHECK(IsMirrored(there.conversion.difference_interval, back.conversion.difference_interval));
    CHECK(there.conversion.p_value == Approx(back.conversion.p_value).epsilon(1e-12));
    const ConversionLift& shares = there.conversion;
    CHECK(shares.difference_interval.low <= shares.difference);
    CHECK(shares.difference <= shares.difference_interval.high);
    CHECK(shares.treated_interval.low <= shares.treated_rate);
    CHECK(shares.treated_rate <= shares.treated_interval.high);
    CHECK(shares.treated_interval.high <= 1);
    const LiftResult wide = Compare(treated, control, {.confidence = 0.999});
    CHECK(wide.conversion.difference_interval.low <= shares.difference_interval.low);
    CHECK(wide.conversion.difference_interval.high >= shares.difference_interval.high);
    for (std::size_t i = 0; i < there.money.size(); ++i) {
      CHECK(there.money[i].difference == -back.money[i].difference);
      if (!there.money[i].p_value) continue;
      CHECK(*there.money[i].p_value == Approx(*back.money[i].p_value).epsilon(1e-12));
      // A mean of nothing is outside of the interval exactly where the test says so.
      const ConfidenceInterval& interval = *there.money[i].difference_interval;
      if (std::abs(*there.money[i].p_value - 0.05) > 1e-9)
        CHECK((interval.low > 0 || interval.high < 0) == (*there.money[i].p_value < 0.05));
    }
  });
}

TEST_CASE("arms that are merged in any order are the arm of all their people") {
  ForEachSeed(2'000, 300, [](std::uint64_t seed) {
    CAPTURE(seed);
    Random random(seed);
    std::vector<std::vector<Money>> people(1 + random.Below(20));
    for (auto& paid : people) {
      while (random.Chance(60))
        paid.push_back(
            {random.Between(-kMost64 / 8, kMost64 / 8), random.Chance(70) ? "CNY" : "USD"});
      if (paid.size() > 7) paid.resize(7);
    }
    Arm all;
    std::vector<Arm> parts(1 + random.Below(5));
    for (const auto& paid : people) {
      REQUIRE(all.Add(paid.size() > 1, paid).ok());
      REQUIRE(parts[random.Below(parts.size())].Add(paid.size() > 1, paid).ok());
    }
    random.Shuffle(&parts);
    Arm merged;
    for (const Arm& part : parts) REQUIRE(merged.Merge(part).ok());
    CHECK(merged == all);
  });
}

// ---- What is refused ----

TEST_CASE("arms and options that cannot be are refused by the name of the field") {
  const Arm fine = Of(1, 2);
  CHECK_THAT(FaultOf(Of(3, 2), fine, {}), HoldsText("treated.converted"));
  CHECK_THAT(FaultOf(fine, Of(3, 2), {}), HoldsText("control.converted"));
  CHECK_THAT(FaultOf(fine, Arm(), {}, absl::StatusCode::kFailedPrecondition),
             HoldsText("control.people"));
  for (const double confidence : {0.0, 1.0, -0.5, 95.0, std::nan("")})
    CHECK_THAT(FaultOf(fine, fine, {.confidence = confidence}), HoldsText("options.confidence"));
  CHECK_THAT(FaultOf(fine, fine, {.costs = {{0, "CNY"}}}), HoldsText("costs[0].minor_units"));
  CHECK_THAT(FaultOf(fine, fine, {.costs = {{1, "CNY"}, {1, "CNY"}}}),
             HoldsText("costs[1].currency"));
  CHECK_THAT(FaultOf(fine, fine, {.costs = {{1, "yuan"}}}), HoldsText("costs[0].currency"));

  Arm odd = fine;
  odd.money["CNY"] = {5, 12};  // of two people: 2 and 3 have 13
  CHECK_THAT(FaultOf(fine, odd, {}), HoldsText("control.money[CNY].squares"));
  odd.money["CNY"] = {5, 13};
  CHECK(Lift(fine, odd).ok());
  odd.money["CNY"] = {absl::int128(kMost64) + 1, 13};
  CHECK_THAT(FaultOf(odd, fine, {}, absl::StatusCode::kOutOfRange),
             HoldsText("treated.money[CNY].minor_units"));
}

TEST_CASE("a person who cannot be added leaves the arm as it was") {
  Arm arm = Paid({kMost64, 1});
  const Arm before = arm;
  const Money unknown[] = {{1, "CNY"}, {1, "cny"}};
  absl::Status status = arm.Add(true, unknown);
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(status.message()), HoldsText("paid[1].currency"));
  const Money large[] = {{kMost64, "CNY"}, {1, "CNY"}};
  CHECK(arm.Add(true, large).code() == absl::StatusCode::kOutOfRange);
  CHECK(arm == before);
  // Two squares of 2^126 have no room.
  const Money most[] = {{kMost64, "CNY"}};
  REQUIRE(arm.Add(true, most).ok());
  CHECK(arm.Add(true, most).code() == absl::StatusCode::kOutOfRange);
  CHECK(arm.people == 3);
  // Amounts of one person that fit only together do.
  const Money together[] = {{kMost64, "USD"}, {kMost64, "USD"}, {-kMost64, "USD"}};
  CHECK(arm.Add(true, together).ok());
}

TEST_CASE("the largest arms have finite figures") {
  Arm large = Of(1, std::numeric_limits<std::uint64_t>::max());
  large.money["CNY"] = {kMost64, std::numeric_limits<absl::int128>::max()};
  const LiftResult result = Compare(large, Paid({1, 3}));
  CHECK(std::isfinite(*result.money[0].p_value));
  CHECK(std::isfinite(result.conversion.relative_interval->high));
  CHECK(result.conversion.treated_interval.low > 0);
}

// ---- Sizes of arms ----

TEST_CASE("a ratio of samples that chance does not explain is a mismatch") {
  // Kohavi, Tang and Xu, Trustworthy Online Controlled Experiments (2020), chapter 21: 821,588 users in one arm and 815,482 in the
  // other, of a ratio of 0.993, where equal shares were asked for: a p value of 1.8E-6.
  const std::uint64_t users[] = {821'588, 815'482}, equal[] = {1, 1};
  const auto ratio = CheckSampleRatio(users, equal);
  REQUIRE(ratio.ok());
  CHECK(ratio->chi_squared == Approx(22.77436884189436).epsilon(1e-12));
  CHECK(ratio->p_value == Approx(1.8217928726191858e-06).epsilon(1e-10));
  CHECK(ratio->is_mismatch);

  // SciPy 1.17: chisquare([9105, 895], [9000, 1000]), chisquare([100, 120, 80], [100, 100, 100]).
  const std::uint64_t tenth[] = {9'105, 895}, nine_to_one[] = {90, 10};
  CHECK(CheckSampleRatio(tenth, nine_to_one)->p_value ==
        Approx(0.0004652581580710503).epsilon(1e-10));
  const std::uint64_t three[] = {100, 120, 80}, thirds[] = {7, 7, 7};
  const auto of_three = CheckSampleRatio(three, thirds);
  CHECK(of_three->chi_squared == Approx(8.0));
  CHECK(of_three->degrees_of_freedom == 2);
  CHECK(of_three->p_value == Approx(0.018315638888734182).epsilon(1e-12));
  CHECK_FALSE(of_three->is_mismatch);
}

TEST_CASE("sizes that cannot be compared are refused") {
  const std::uint64_t two[] = {1, 2}, none[] = {0, 0}, one[] = {1}, holes[] = {1, 0};
  CHECK(CheckSampleRatio(two, one).status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(CheckSampleRatio(one, one).status().code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(CheckSampleRatio(two, holes).status().message()), HoldsText("shares[1]"));
  CHECK(CheckSampleRatio(none, two).status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(CheckSampleRatio(two, two)->p_value == 1);
}

}  // namespace
}  // namespace polyonym
