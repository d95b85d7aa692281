// Models fitted by an engine to what its people bought.
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"
#include "harness/shared_data.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kWeekDays = 7;

Record Bought(const std::string& id, std::int64_t day, const Identifier& who, std::int64_t cents,
              const std::string& currency = "USD") {
  Record record = Seen(id, day * kDayMs, {who});
  Event order;
  order.type = "order";
  order.value = Money{cents, currency};
  Facts facts;
  facts.events.push_back(std::move(order));
  record.facts = WriteFacts(facts);
  return record;
}

void Define(Engine& engine) {
  Policy policy = engine.Read().policy();
  PurchaseScore score;
  score.name = "value";
  score.on.types = {"order"};
  score.currency = "USD";
  policy.definitions.purchase_scores = {score};
  Must(engine.SetPolicy(policy));
}

bool IsNear(double got, double want, double share) {
  return std::abs(got - want) <= share * std::abs(want);
}

// Twenty people; number n buys n times, every tenth day, for n dollars.
void Sell(Engine& engine) {
  std::vector<Record> records;
  for (int n = 1; n <= 20; ++n) {
    for (int k = 0; k < n; ++k) {
      records.push_back(Bought(std::to_string(n) + "-" + std::to_string(k), 100 + 10 * k,
                               {"phone", "p" + std::to_string(n)}, n * 100));
    }
  }
  Must(engine.Apply(records).status());
}

ProfilePurchases ScoreOf(const Engine& engine, const std::string& phone) {
  const Profile profile = Must(engine.Read().ReadProfile(Identifier{"phone", phone}));
  REQUIRE(profile.purchases.size() == 1);
  return profile.purchases[0];
}

}  // namespace

TEST_CASE("a fit puts its models in force, in one commit, and they score people from then on") {
  const auto engine = OpenShop();
  Define(*engine);
  Sell(*engine);
  CHECK(!ScoreOf(*engine, "p20").rfm);
  const View before = engine->Read();
  const FitResult result = Must(engine->FitScores());
  REQUIRE(result.fits.size() == 1);
  Must(result.fits[0].rfm);
  CHECK(result.fits[0].customers == 20);
  CHECK(result.sequence == before.sequence() + 1);
  CHECK(engine->Read().policy_version() == before.policy_version() + 1);
  const PurchaseScore stored = engine->Read().policy().definitions.purchase_scores[0];
  CHECK(stored == result.fits[0].score);
  CHECK(stored.fitted_ms == before.now_ms());
  CHECK(stored.fitted_customers == 20);
  // Of twenty in five bins: four have the best score.
  CHECK(ScoreOf(*engine, "p20").rfm->Code() == 555);
  CHECK(ScoreOf(*engine, "p17").rfm->monetary == 5);
  CHECK(ScoreOf(*engine, "p16").rfm->monetary == 4);
  CHECK(ScoreOf(*engine, "p1").rfm->Code() == 111);
  // Who comes later is scored by the same model, and moves nobody.
  ApplyOne(*engine, Bought("late", 290, {"phone", "new"}, 1'000'000));
  CHECK(ScoreOf(*engine, "new").rfm->Code() == 515);
  CHECK(ScoreOf(*engine, "p17").rfm->monetary == 5);
}

TEST_CASE("a fit is as of a time, by the people as they are now") {
  const auto engine = OpenShop();
  Define(*engine);
  Sell(*engine);
  // Up to day 105 everybody bought once.
  const FitResult early = Must(engine->FitScores({.now_ms = 105 * kDayMs, .policy = {}}));
  CHECK(early.fits[0].customers == 20);
  CHECK(early.fits[0].bgnbd.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(early.fits[0].score.rfm_model->bounds[1][0] == std::vector<double>{1, 1, 1, 1});
  // Two of the twenty are one.
  ApplyOne(*engine, Seen("link", 1, {{"phone", "p1"}, {"openid", "o"}}));
  ApplyOne(*engine, Bought("o", 101, {"openid", "o"}, 5));
  CHECK(Must(engine->FitScores()).fits[0].customers == 20);
  ApplyOne(*engine, Bought("q", 101, {"openid", "q"}, 5));
  CHECK(Must(engine->FitScores()).fits[0].customers == 21);
  // Another currency is nobody's purchase.
  ApplyOne(*engine, Bought("yuan", 101, {"openid", "r"}, 5, "CNY"));
  CHECK(Must(engine->FitScores()).fits[0].customers == 21);
}

TEST_CASE("a fit says what cannot be fitted, and leaves no old model") {
  const auto engine = OpenShop();
  Define(*engine);
  const FitResult nobody = Must(engine->FitScores());
  CHECK(!nobody.fits[0].rfm.ok());
  CHECK(!nobody.fits[0].bgnbd.ok());
  Sell(*engine);
  Must(engine->FitScores());
  CHECK(engine->Read().policy().definitions.purchase_scores[0].rfm_model);
  CHECK(Must(engine->FitScores({.now_ms = 5 * kDayMs, .policy = {}})).fits[0].customers == 0);
  CHECK(!engine->Read().policy().definitions.purchase_scores[0].rfm_model);
  CHECK(engine->FitScores({.now_ms = -1, .policy = {}}).status().code() ==
        absl::StatusCode::kInvalidArgument);
  PolicyOptions of_none;
  of_none.graph = "none";
  CHECK(!engine->FitScores({.now_ms = {}, .policy = of_none}).ok());
}

TEST_CASE("a policy made from one that was replaced meanwhile is turned away") {
  const auto engine = OpenShop();
  const View seen = engine->Read();
  Define(*engine);
  Policy mine = seen.policy();
  mine.definitions.show_undefined = false;
  PolicyOptions options;
  options.if_version = seen.policy_version();
  const auto refused = engine->SetPolicy(mine, options);
  CHECK(refused.status().code() == absl::StatusCode::kAborted);
  CHECK(engine->Read().policy().definitions.show_undefined);
  options.if_version = engine->Read().policy_version();
  Must(engine->SetPolicy(mine, options));
  CHECK(!engine->Read().policy().definitions.show_undefined);
}

// Published: r = 0.243, alpha = 4.414, a = 0.793, b = 2.426 (Fader, Hardie and Lee 2005). A customer's purchases are put on days that
// give the published x, t_x and T.
TEST_CASE("CDNOW's customers in a store give the published parameters of BG/NBD") {
  const auto engine = OpenShop();
  Define(*engine);
  constexpr std::int64_t kEnd = 10'000;
  std::vector<Record> records;
  const bool there =
      ForEachSharedLine("cdnow/cdnow_customers_summary.csv", [&](const std::string& line) {
        std::istringstream in(line);
        std::string id, frequency, recency, observed;
        std::getline(in, id, ',');
        std::getline(in, frequency, ',');
        std::getline(in, recency, ',');
        std::getline(in, observed, ',');
        const std::int64_t first = kEnd - std::llround(std::stod(observed) * kWeekDays);
        const std::int64_t last = first + std::llround(std::stod(recency) * kWeekDays);
        records.push_back(Bought(id, first, {"crm", id}, 999));
        for (int k = 0; k < std::stoi(frequency); ++k)
          records.push_back(Bought(id + "-" + std::to_string(k), last - k, {"crm", id}, 999));
      });
  if (!there) return;
  Must(engine->Apply(records).status());
  const FitResult result = Must(engine->FitScores({.now_ms = kEnd * kDayMs, .policy = {}}));
  Must(result.fits[0].bgnbd);
  CHECK(result.fits[0].customers == 2'357);
  const BgNbdParameters found = *result.fits[0].score.bgnbd_model;
  CHECK(IsNear(found.r, 0.243, 0.01));
  CHECK(IsNear(found.alpha, 4.414, 0.01));
  CHECK(IsNear(found.a, 0.793, 0.01));
  CHECK(IsNear(found.b, 2.426, 0.01));
}

}  // namespace polyonym::harness
