#include "polyonym/profile/fit_scores.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "harness/catch.h"
#include "harness/random.h"
#include "harness/shared_data.h"
#include "polyonym/profile/bgnbd.h"
#include "polyonym/profile/rfm.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kDay = 86'400'000;
constexpr std::int64_t kNow = 20'000 * kDay;
constexpr std::size_t kCustomers = 400;

PurchaseScore Orders() {
  PurchaseScore orders;
  orders.name = "orders";
  orders.currency = "CNY";
  return orders;
}

// Who bought so many days before now, for 10 yuan each.
PurchaseSummary Bought(const std::vector<std::int64_t>& days_ago) {
  std::vector<Purchase> purchases;
  for (const std::int64_t days : days_ago) purchases.push_back({kNow - days * kDay, 1'000});
  const auto summary = SummarisePurchases(purchases, {.end_ms = kNow + 1});
  REQUIRE(summary.ok());
  return *summary;
}

// Customers of the last 300 days: some buy often and some seldom, some stay and some drop out, day by day.
std::vector<PurchaseSummary> Customers() {
  Random random(1);
  std::vector<PurchaseSummary> customers(kCustomers);
  for (PurchaseSummary& customer : customers) {
    const auto buys = static_cast<std::uint32_t>(random.Pick(std::vector<int>{1, 2, 5, 15}));
    const auto leaves = static_cast<std::uint32_t>(random.Pick(std::vector<int>{5, 30, 60, 90}));
    std::vector<std::int64_t> days_ago = {random.Between(200, 300)};
    bool stays = true;
    for (std::int64_t day = days_ago[0] - 1; day >= 0 && stays; --day) {
      if (!random.Chance(buys)) continue;
      days_ago.push_back(day);
      stays = !random.Chance(leaves);
    }
    customer = Bought(days_ago);
  }
  return customers;
}

bool IsNear(double got, double want) { return std::abs(got - want) < 1e-3 * want; }

void CheckValid(const PurchaseScore& score) {
  Definitions definitions;
  definitions.purchase_scores = {score};
  const absl::Status status = Validate(definitions);
  INFO(status.ToString());
  CHECK(status.ok());
}

}  // namespace

TEST_CASE("a fit finds both models, of those who bought, and says when and of how many") {
  std::vector<PurchaseSummary> customers = Customers();
  const ScoreFit want = FitPurchaseScore(Orders(), customers, kNow);
  REQUIRE(want.rfm.ok());
  INFO(want.bgnbd.ToString());
  REQUIRE(want.bgnbd.ok());
  REQUIRE(want.score.rfm_model);
  REQUIRE(want.score.bgnbd_model);
  CHECK(want.customers == kCustomers);
  CHECK(want.score.fitted_customers == kCustomers);
  CHECK(want.score.fitted_ms == kNow);
  CheckValid(want.score);

  std::vector<RfmValues> values;
  std::vector<BgNbdHistory> histories;
  for (const PurchaseSummary& customer : customers) {
    values.push_back(*RfmValuesOf(customer));
    histories.push_back(*BgNbdHistoryOf(customer, 7));
  }
  CHECK(*want.score.rfm_model == *FitRfm(values, {}));
  CHECK(*want.score.bgnbd_model == FitBgNbd(histories, {})->parameters);

  // Who bought nothing, or only gave back, changes nothing; nor does the order.
  customers.insert(customers.begin(), 25, PurchaseSummary());
  const auto returned =
      SummarisePurchases(std::vector<Purchase>{{kNow - kDay, -500}}, {.end_ms = kNow});
  REQUIRE(returned.ok());
  customers.push_back(*returned);
  std::reverse(customers.begin(), customers.end());
  const ScoreFit got = FitPurchaseScore(Orders(), customers, kNow);
  CHECK(got.customers == kCustomers);
  CHECK(got.score == want.score);
}

TEST_CASE("a fit follows the score's bins, nesting and unit of time, and keeps the rest") {
  PurchaseScore score = Orders();
  score.on.types = {"order"};
  score.rfm = {{2, 3, 4}, RfmNesting::kNested};
  score.days_per_unit = 1;
  score.expect_days = 30;
  score.due_at = 2;
  const ScoreFit days = FitPurchaseScore(score, Customers(), kNow);
  REQUIRE(days.rfm.ok());
  REQUIRE(days.bgnbd.ok());
  CHECK(days.score.rfm_model->bins == score.rfm.bins);
  CHECK(days.score.rfm_model->nesting == RfmNesting::kNested);
  PurchaseScore rest = days.score;
  rest.rfm_model.reset();
  rest.bgnbd_model.reset();
  rest.fitted_ms = 0;
  rest.fitted_customers = 0;
  CHECK(rest == score);
  const ScoreFit weeks = FitPurchaseScore(Orders(), Customers(), kNow);
  CHECK(IsNear(days.score.bgnbd_model->alpha, 7 * weeks.score.bgnbd_model->alpha));
  CHECK(IsNear(days.score.bgnbd_model->r, weeks.score.bgnbd_model->r));
}

TEST_CASE("a model that cannot be fitted is taken out, and its status says why") {
  PurchaseScore old = FitPurchaseScore(Orders(), Customers(), kNow - kDay).score;
  REQUIRE(old.rfm_model);
  REQUIRE(old.bgnbd_model);
  SECTION("nobody bought anything") {
    for (const auto& customers : {std::vector<PurchaseSummary>(), {PurchaseSummary()}}) {
      const ScoreFit fit = FitPurchaseScore(old, customers, kNow);
      CHECK(absl::IsFailedPrecondition(fit.rfm));
      CHECK(absl::IsFailedPrecondition(fit.bgnbd));
      CHECK_FALSE(fit.score.rfm_model);
      CHECK_FALSE(fit.score.bgnbd_model);
      CHECK(fit.score.fitted_customers == 0);
      CHECK(fit.score.fitted_ms == kNow);
      CheckValid(fit.score);
    }
  }
  SECTION("nine bought again, which is one too few") {
    std::vector<PurchaseSummary> customers(100, Bought({50}));
    for (int i = 0; i < 9; ++i) customers[i] = Bought({60, 20 + i});
    const ScoreFit fit = FitPurchaseScore(old, customers, kNow);
    CHECK(fit.rfm.ok());
    CHECK(fit.score.rfm_model);
    CHECK(absl::IsFailedPrecondition(fit.bgnbd));
    CHECK_FALSE(fit.score.bgnbd_model);
    CHECK(fit.score.fitted_customers == 100);
    CheckValid(fit.score);
  }
  SECTION("the score is not valid") {
    old.rfm.bins[1] = 1;
    old.days_per_unit = 0;
    const ScoreFit fit = FitPurchaseScore(old, Customers(), kNow);
    CHECK(absl::IsInvalidArgument(fit.rfm));
    CHECK(absl::IsInvalidArgument(fit.bgnbd));
    CHECK_FALSE(fit.score.rfm_model);
    CHECK_FALSE(fit.score.bgnbd_model);
  }
}

TEST_CASE("CDNOW's customers, summarised in days, are fitted as was published") {
  std::vector<PurchaseSummary> customers;
  ForEachSharedLine("cdnow/cdnow_customers_summary.csv", [&](const std::string& line) {
    char comma = 0;
    double id = 0, frequency = 0, recency = 0, observed = 0;  // in weeks, to two places
    std::istringstream(line) >> id >> comma >> frequency >> comma >> recency >> comma >> observed;
    PurchaseSummary& customer = customers.emplace_back();
    customer.frequency = static_cast<std::uint64_t>(frequency);
    customer.count = customer.frequency + 1;
    customer.recency_days = std::llround(recency * 7);
    customer.observed_days = std::llround(observed * 7);
    customer.days_since_last = customer.observed_days - customer.recency_days;
  });
  if (customers.empty()) return;
  const ScoreFit fit = FitPurchaseScore(Orders(), customers, kNow);
  REQUIRE(fit.bgnbd.ok());
  CHECK(fit.customers == 2'357);
  const BgNbdParameters& m = *fit.score.bgnbd_model;
  CAPTURE(m.r, m.alpha, m.a, m.b);
  CHECK(std::abs(m.r - 0.243) < 0.002);
  CHECK(std::abs(m.alpha - 4.414) < 0.02);
  CHECK(std::abs(m.a - 0.793) < 0.005);
  CHECK(std::abs(m.b - 2.426) < 0.02);
}

}  // namespace polyonym::harness
