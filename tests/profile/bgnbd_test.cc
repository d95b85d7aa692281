#include "polyonym/profile/bgnbd.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "harness/catch.h"
#include "harness/shared_data.h"

namespace polyonym::harness {
namespace {

// Published: Fader, Hardie and Lee (2005), table 2. Times are weeks.
constexpr BgNbdParameters kCdnow = {.r = 0.243, .alpha = 4.414, .a = 0.793, .b = 2.426};

bool IsNear(double got, double want, double relative) {
  return std::abs(got - want) <= relative * std::abs(want);
}

double ValueOf(const absl::StatusOr<double>& value) {
  REQUIRE(value.ok());
  return *value;
}

std::string MessageOf(const absl::Status& status) {
  REQUIRE(status.code() == absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

// Gauss's series, summed term by term.
long double Hypergeometric(long double a, long double b, long double c, long double z,
                           int terms = 2'000'000) {
  long double term = 1;
  long double sum = 1;
  for (int n = 0; n < terms && std::abs(term) > 1e-22L * std::abs(sum); ++n) {
    term *= (a + n) * (b + n) / ((c + n) * (n + 1)) * z;
    sum += term;
  }
  return sum;
}

// Equation (9) of the paper as it is printed.
double Equation9(const BgNbdParameters& m, double t, int terms = 2'000'000) {
  const long double r = m.r, alpha = m.alpha, a = m.a, b = m.b;
  const long double z = t / (alpha + t);
  return static_cast<double>((a + b - 1) / (a - 1) *
                             (1 - std::pow(1 - z, r) * Hypergeometric(r, b, a + b - 1, z, terms)));
}

// Equation (10) as it is printed.
double Equation10(const BgNbdParameters& m, const BgNbdHistory& h, double t) {
  const long double r = m.r, alpha = m.alpha, a = m.a, b = m.b;
  const long double x = h.frequency, t_x = h.recency, T = h.observed;
  const long double z = t / (alpha + T + t);
  const long double above = (a + b + x - 1) / (a - 1) *
                            (1 - std::pow((alpha + T) / (alpha + T + t), r + x) *
                                     Hypergeometric(r + x, b + x, a + b + x - 1, z));
  const long double below =
      x > 0 ? 1 + a / (b + x - 1) * std::pow((alpha + T) / (alpha + t_x), r + x) : 1;
  return static_cast<double>(above / below);
}

// Customers who live by the model, watched for `observed`; what they do in the `later` after goes to `bought_later`.
std::vector<BgNbdHistory> Simulated(const BgNbdParameters& m, std::size_t count, double observed,
                                    double later = 0, std::vector<double>* bought_later = nullptr) {
  std::mt19937_64 random(20'050'102);
  std::gamma_distribution<double> rate(m.r, 1 / m.alpha), one(m.a, 1), other(m.b, 1);
  std::uniform_real_distribution<double> chance(0, 1);
  std::vector<BgNbdHistory> histories;
  for (std::size_t i = 0; i < count; ++i) {
    const double lambda = rate(random);
    const double part = one(random);
    const double dropout = part / (part + other(random));
    BgNbdHistory history{.observed = observed};
    double bought = 0;
    double time = 0;
    do {
      time -= std::log(1 - chance(random)) / lambda;
      if (time <= observed) {
        ++history.frequency;
        history.recency = time;
      } else if (time <= observed + later) {
        ++bought;
      }
    } while (time <= observed + later && chance(random) >= dropout);
    histories.push_back(history);
    if (bought_later != nullptr) bought_later->push_back(bought);
  }
  return histories;
}

// The published summary of CDNOW; empty where it is absent, which is said on stderr.
std::vector<BgNbdHistory> Cdnow() {
  std::vector<BgNbdHistory> histories;
  ForEachSharedLine("cdnow/cdnow_customers_summary.csv", [&](const std::string& line) {
    char comma = 0;
    double id = 0;
    BgNbdHistory history;
    std::istringstream(line) >> id >> comma >> history.frequency >> comma >> history.recency >>
        comma >> history.observed;
    histories.push_back(history);
  });
  return histories;
}

TEST_CASE("the likelihood is that of equation (6), reckoned by hand") {
  const auto likelihood = [](const BgNbdParameters& m, const BgNbdHistory& h) {
    return std::exp(ValueOf(BgNbdLogLikelihood(m, std::vector<BgNbdHistory>{h})));
  };
  CHECK(IsNear(likelihood(kCdnow, {0, 0, 30}), std::pow(4.414 / 34.414, 0.243), 1e-12));
  // All parameters 1: B(1, 2) / B(1, 1) = B(2, 1) / B(1, 1) = 1/2.
  CHECK(IsNear(likelihood({}, {1, 3, 9}), 0.5 / 100 + 0.5 / 16, 1e-12));
  // x = 2: B(1, 3) = 1/3, B(2, 2) = 1/6, gamma(3) = 2.
  CHECK(IsNear(likelihood({}, {2, 3, 9}), 2.0 / 3 / 1000 + 2.0 / 6 / 64, 1e-12));
  // Far out nothing overflows.
  CHECK(std::isfinite(
      ValueOf(BgNbdLogLikelihood(kCdnow, std::vector<BgNbdHistory>{{5000, 1, 1e6}}))));
}

TEST_CASE("somebody is alive by the odds of equation (10)") {
  CHECK(ValueOf(BgNbdAlive(kCdnow, {0, 0, 300})) == 1);
  // 1 / (1 + 1/1 * (10/4)^2)
  CHECK(IsNear(ValueOf(BgNbdAlive({}, {1, 3, 9})), 1 / 7.25, 1e-12));
  const auto alive = [](double t_x) { return ValueOf(BgNbdAlive(kCdnow, {10, t_x, 38})); };
  CHECK(alive(38) > alive(30));
  CHECK(alive(30) > alive(5));
  CHECK(alive(5) > 0);
  CHECK(ValueOf(BgNbdAlive(kCdnow, {4000, 1, 1e6})) < 1e-300);
}

TEST_CASE("expectations are those of the authors' spreadsheet for CDNOW") {
  // Fader, Hardie and Lee, "Implementing the BG/NBD Model for Customer Base Analysis in Excel" (2005), as the tests of
  // lifetimes (Python) hold its figures. It does not round its estimates; their digits are from the tests of CLVTools (R).
  const BgNbdParameters m{.r = 0.2425945, .alpha = 4.4136019, .a = 0.7929199, .b = 2.4258881};
  const double times[] = {0.1429, 1, 3, 31.8571, 32};
  const double purchases[] = {0.0078, 0.0532, 0.1506, 1.0405, 1.0437};
  for (int i = 0; i < 5; ++i) {
    CHECK(std::abs(ValueOf(BgNbdExpectedPurchases(m, times[i])) - purchases[i]) < 6e-5);
  }
  CHECK(std::abs(ValueOf(BgNbdConditionalPurchases(m, {2, 30.43, 38.86}, 39)) - 1.226) < 5e-4);
  // For 78 weeks it says 1.8576. That is what 150 terms of the series give; all of them give 1.8580.
  CHECK(std::abs(Equation9(m, 78, 150) - 1.8576) < 6e-5);
  CHECK(std::abs(ValueOf(BgNbdExpectedPurchases(m, 78)) - 1.8580) < 6e-5);
}

TEST_CASE("expected purchases are those of the printed equations, where these hold") {
  for (const double r : {0.05, 0.243, 1.0, 7.5}) {
    for (const double a : {0.3, 0.793, 1.6, 25.0}) {
      for (const double b : {0.9, 2.426, 40.0}) {
        for (const double t : {0.5, 12.0, 200.0}) {
          const BgNbdParameters m{r, 4.414, a, b};
          CAPTURE(r, a, b, t);
          CHECK(IsNear(ValueOf(BgNbdExpectedPurchases(m, t)), Equation9(m, t), 1e-9));
          for (const BgNbdHistory& h :
               {BgNbdHistory{0, 0, 20}, {1, 3, 20}, {12, 19, 20}, {150, 200, 210}}) {
            CHECK(IsNear(ValueOf(BgNbdConditionalPurchases(m, h, t)), Equation10(m, h, t), 1e-9));
          }
        }
      }
    }
  }
}

TEST_CASE("where the printed equation has a hole there is none") {
  // All parameters 1: the integral of 1 / (1 + p t) is log(1 + t).
  for (const double t : {1e-12, 1e-3, 1.0, 1e6, 1e12}) {
    CAPTURE(t);
    CHECK(IsNear(ValueOf(BgNbdExpectedPurchases({1, 1, 1, 1}, t)), std::log1p(t), 1e-11));
  }
  // a = 2, b = 1, r = 1: twice the integral of p t / (1 + p t), which is 2 (1 - log(1 + t) / t).
  CHECK(IsNear(ValueOf(BgNbdExpectedPurchases({1, 1, 2, 1}, 50)), 2 * (1 - std::log(51) / 50),
               1e-11));
  CHECK(ValueOf(BgNbdExpectedPurchases(kCdnow, 0)) == 0);
  // a + b = 1.
  const double at = ValueOf(BgNbdExpectedPurchases({0.5, 3, 0.4, 0.6}, 10));
  const double beside = Equation9({0.5, 3, 0.4, 0.6 + 1e-7}, 10);
  CHECK(IsNear(at, beside, 1e-6));
  // Hardly anybody drops out: r t / alpha purchases. Everybody at once: one, if at all.
  CHECK(IsNear(ValueOf(BgNbdExpectedPurchases({2, 4, 1e-9, 1e3}, 8)), 4, 1e-8));
  CHECK(IsNear(ValueOf(BgNbdExpectedPurchases({2, 4, 1e4, 1e-9}, 8)), 1 - std::pow(3, -2), 1e-8));
  // Who is like all others, by lambda and p: (1 - exp(-lambda p t)) / p, of 0.5 a week and 0.2.
  CHECK(IsNear(ValueOf(BgNbdExpectedPurchases({5e6, 1e7, 2e6, 8e6}, 30)), (1 - std::exp(-3)) / 0.2,
               1e-5));
}

TEST_CASE("CDNOW's maximum likelihood is the published one") {
  const std::vector<BgNbdHistory> histories = Cdnow();
  if (histories.empty()) return;
  REQUIRE(histories.size() == 2'357);
  const auto fit = FitBgNbd(histories, {});
  REQUIRE(fit.ok());
  const BgNbdParameters& m = fit->parameters;
  CAPTURE(m.r, m.alpha, m.a, m.b, fit->log_likelihood, fit->evaluations);
  CHECK(IsNear(m.r, 0.243, 0.01));
  CHECK(IsNear(m.alpha, 4.414, 0.01));
  CHECK(IsNear(m.a, 0.793, 0.01));
  CHECK(IsNear(m.b, 2.426, 0.01));
  CHECK(std::abs(fit->log_likelihood - -9582.4) < 0.1);
  CHECK(fit->log_likelihood == ValueOf(BgNbdLogLikelihood(m, histories)));
  // Nothing beside it is likelier.
  for (const double factor : {0.98, 1.02}) {
    for (double BgNbdParameters::*field :
         {&BgNbdParameters::r, &BgNbdParameters::alpha, &BgNbdParameters::a, &BgNbdParameters::b}) {
      BgNbdParameters beside = m;
      beside.*field *= factor;
      CHECK(ValueOf(BgNbdLogLikelihood(beside, histories)) < fit->log_likelihood);
    }
  }
}

TEST_CASE("a fit finds the parameters that customers live by, and foretells what they buy") {
  const BgNbdParameters truth{.r = 0.9, .alpha = 6, .a = 0.8, .b = 2.5};
  std::vector<double> bought;
  const std::vector<BgNbdHistory> histories = Simulated(truth, 20'000, 52, 26, &bought);
  const auto fit = FitBgNbd(histories, {});
  REQUIRE(fit.ok());
  const BgNbdParameters& m = fit->parameters;
  CAPTURE(m.r, m.alpha, m.a, m.b, fit->evaluations);
  CHECK(IsNear(m.r, truth.r, 0.1));
  CHECK(IsNear(m.alpha, truth.alpha, 0.1));
  CHECK(IsNear(m.a, truth.a, 0.15));
  CHECK(IsNear(m.b, truth.b, 0.2));
  // By the number of repeat purchases, for that is where a wrong condition would show.
  double expected[3] = {}, actual[3] = {};
  for (std::size_t i = 0; i < histories.size(); ++i) {
    const int kind = histories[i].frequency == 0 ? 0 : histories[i].frequency < 4 ? 1 : 2;
    expected[kind] += ValueOf(BgNbdConditionalPurchases(m, histories[i], 26));
    actual[kind] += bought[i];
  }
  for (int kind = 0; kind < 3; ++kind) {
    CAPTURE(kind, expected[kind], actual[kind]);
    CHECK(IsNear(expected[kind], actual[kind], 0.06));
  }
}

TEST_CASE("a fit does not depend on the order of customers, and follows the unit of time") {
  std::vector<BgNbdHistory> histories = Simulated({1, 5, 1, 3}, 800, 40);
  const auto fit = FitBgNbd(histories, {});
  REQUIRE(fit.ok());
  std::reverse(histories.begin(), histories.end());
  const auto again = FitBgNbd(histories, {});
  REQUIRE(again.ok());
  CHECK(again->parameters.r == fit->parameters.r);
  CHECK(again->parameters.b == fit->parameters.b);
  CHECK(again->log_likelihood == fit->log_likelihood);
  for (BgNbdHistory& history : histories) {
    history.recency *= 7;
    history.observed *= 7;
  }
  const auto in_days = FitBgNbd(histories, {});
  REQUIRE(in_days.ok());
  CHECK(IsNear(in_days->parameters.alpha, 7 * fit->parameters.alpha, 1e-3));
  CHECK(IsNear(in_days->parameters.a, fit->parameters.a, 1e-3));
}

TEST_CASE("a penalty draws parameters towards 0, and is not part of the likelihood") {
  const std::vector<BgNbdHistory> histories = Simulated({1, 5, 1, 3}, 800, 40);
  const auto free = FitBgNbd(histories, {});
  const auto held = FitBgNbd(histories, {.penalty = 0.01});
  REQUIRE(free.ok());
  REQUIRE(held.ok());
  const auto square = [](const BgNbdParameters& m) {
    return m.r * m.r + m.alpha * m.alpha + m.a * m.a + m.b * m.b;
  };
  CHECK(square(held->parameters) < square(free->parameters));
  CHECK(held->log_likelihood < free->log_likelihood);
  CHECK(held->log_likelihood == ValueOf(BgNbdLogLikelihood(held->parameters, histories)));
  const auto gain = [&](const BgNbdFit& fit) {
    return fit.log_likelihood / 800 - 0.01 * square(fit.parameters);
  };
  CHECK(gain(*held) > gain(*free));
}

TEST_CASE("a fit that cannot be had is an error") {
  std::vector<BgNbdHistory> few(1000, {0, 0, 30});
  for (int i = 0; i < 9; ++i) few.push_back({1.0 + i, 10.0 + i, 30});
  CHECK(FitBgNbd({}, {}).status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(FitBgNbd(few, {}).status().code() == absl::StatusCode::kFailedPrecondition);

  // All buy every week to the last day: nobody drops out.
  const std::vector<BgNbdHistory> faithful(50, {30, 30, 30});
  CHECK(FitBgNbd(faithful, {}).status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(FitBgNbd(faithful, {.penalty = 0.01}).status().code() ==
        absl::StatusCode::kFailedPrecondition);
  // All buy at one rate, and more evenly than chance has it: r and alpha have no bound, but with a penalty.
  std::vector<BgNbdHistory> even;
  for (int i = 0; i < 60; ++i) even.push_back({3.0 + i % 3, 10.0 + i % 20, 30});
  CHECK(FitBgNbd(even, {}).status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(FitBgNbd(even, {.penalty = 0.001}).ok());

  const std::vector<BgNbdHistory> histories = Simulated({1, 5, 1, 3}, 800, 40);
  const auto hurried = FitBgNbd(histories, {.max_evaluations = 100});
  CHECK(hurried.status().code() == absl::StatusCode::kResourceExhausted);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THAT(MessageOf(FitBgNbd(histories, {.max_evaluations = 99}).status()),
             HoldsText("max_evaluations"));
  CHECK_THAT(MessageOf(FitBgNbd(histories, {.penalty = nan}).status()), HoldsText("penalty"));
  CHECK_THAT(MessageOf(FitBgNbd(histories, {.penalty = -1}).status()), HoldsText("penalty"));
}

TEST_CASE("what BG/NBD cannot take is turned away by its field") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const auto fault = [](const BgNbdHistory& history) {
    const std::vector<BgNbdHistory> histories = {{0, 0, 1}, history};
    const std::string message = MessageOf(BgNbdAlive(kCdnow, history).status());
    CHECK(MessageOf(FitBgNbd(histories, {}).status()) ==
          "histories[1]" + message.substr(std::string("history").size()));
    return message;
  };
  CHECK_THAT(fault({-1, 0, 9}), HoldsText("history.frequency"));
  CHECK_THAT(fault({1.5, 3, 9}), HoldsText("history.frequency"));
  CHECK_THAT(fault({nan, 3, 9}), HoldsText("history.frequency"));
  CHECK_THAT(fault({1, 10, 9}), HoldsText("history.recency"));
  CHECK_THAT(fault({1, -1, 9}), HoldsText("history.recency"));
  CHECK_THAT(fault({1, nan, 9}), HoldsText("history.recency"));
  CHECK_THAT(fault({0, 3, 9}), HoldsText("history.recency"));
  CHECK_THAT(fault({1, 0, 9}), HoldsText("history.recency"));
  CHECK_THAT(fault({1, 3, infinity}), HoldsText("history.observed"));
  CHECK_THAT(fault({0, 0, -1}), HoldsText("history.observed"));
  CHECK_THAT(MessageOf(BgNbdExpectedPurchases({1, 0, 1, 1}, 1).status()),
             HoldsText("parameters.alpha"));
  CHECK_THAT(MessageOf(BgNbdExpectedPurchases({1, 1, nan, 1}, 1).status()),
             HoldsText("parameters.a:"));
  CHECK_THAT(MessageOf(BgNbdExpectedPurchases(kCdnow, -1).status()), HoldsText("t:"));
  CHECK_THAT(MessageOf(BgNbdConditionalPurchases(kCdnow, {1, 2, 3}, nan).status()),
             HoldsText("t:"));
  const BgNbdParameters extreme{1e300, 1e-300, 1, 1};
  CHECK(BgNbdExpectedPurchases(extreme, 1e300).status().code() == absl::StatusCode::kOutOfRange);
}

TEST_CASE("a summary in days becomes a history in weeks") {
  constexpr std::int64_t kDayMs = 86'400'000;
  const std::vector<Purchase> purchases = {{0, 5}, {7 * kDayMs, 5}, {14 * kDayMs, 5}};
  const auto summary = SummarisePurchases(purchases, {.end_ms = 35 * kDayMs});
  REQUIRE(summary.ok());
  const auto history = BgNbdHistoryOf(*summary);
  REQUIRE(history.ok());
  CHECK(history->frequency == 2);
  CHECK(history->recency == 2);
  CHECK(history->observed == 5);
  CHECK(BgNbdHistoryOf(*summary, 1)->observed == 35);
  CHECK_THAT(MessageOf(BgNbdHistoryOf(*summary, 0).status()), HoldsText("days_per_unit"));
  CHECK(BgNbdHistoryOf(PurchaseSummary{}).status().code() == absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace polyonym::harness
