// Scores as a part of a profile: what of a person's events they are made of, and what becomes of them.
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "polyonym/profile/bgnbd.h"
#include "polyonym/profile/profile.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kDay = 86'400'000;
constexpr std::int64_t kFirst = 20'000 * kDay;  // a midnight in UTC

FactRow Does(std::int64_t time_ms, Event event, const std::string& ns = "crm") {
  FactRow row;
  row.from.source = row.from.record_source = "shop";
  row.from.record_id = std::to_string(time_ms) + event.type + ns;
  row.from.time_ms = time_ms;
  row.from.belongs_to = {ns, "1"};
  row.facts.events.push_back(std::move(event));
  return row;
}

FactRow Buys(std::int64_t time_ms, std::int64_t minor_units, const std::string& currency = "CNY") {
  Event order;
  order.type = "order";
  order.value = Money{minor_units, currency};
  return Does(time_ms, order);
}

FactRow Talks(std::int64_t time_ms, const std::string& channel,
              Direction direction = Direction::kIn) {
  Event message;
  message.type = "message";
  message.direction = direction;
  return Does(time_ms, message, channel);
}

PurchaseScore Orders() {
  PurchaseScore orders;
  orders.name = "orders";
  orders.on.types = {"order"};
  orders.currency = "CNY";
  return orders;
}

ProfilePurchases Purchases(const PurchaseScore& score, const std::vector<FactRow>& rows,
                           std::int64_t now_ms, std::int32_t utc_offset_minutes = 0) {
  Definitions definitions;
  definitions.purchase_scores = {score};
  definitions.utc_offset_minutes = utc_offset_minutes;
  REQUIRE(Validate(definitions).ok());
  const Profile profile = FoldProfile(definitions, rows, {}, now_ms);
  CHECK(profile.left_out == 0);
  REQUIRE(profile.purchases.size() == 1);
  return profile.purchases[0];
}

bool IsNear(double got, double want) { return std::abs(got - want) < 1e-12 * want; }

std::vector<ChannelAffinity> Channels(const std::vector<FactRow>& rows, std::int64_t now_ms) {
  Definitions definitions;
  definitions.channel_scores = {{"talks", {{"message"}, {}, Direction::kUnknown}, 10 * kDay}};
  const Profile profile = FoldProfile(definitions, rows, {}, now_ms);
  REQUIRE(profile.channels.size() == 1);
  CHECK(profile.channels[0].name == "talks");
  return profile.channels[0].channels;
}

}  // namespace

TEST_CASE("events of the type and currency that have a value are purchases, and below 0 returns") {
  Event gift;
  gift.type = "order";  // and no value
  Event view;
  view.type = "view";
  view.value = Money{7'000, "CNY"};
  const std::vector<FactRow> rows = {Buys(kFirst, 1'000),
                                     Buys(kFirst + 10 * kDay, 3'000),
                                     Buys(kFirst + 11 * kDay, -500),
                                     Buys(kFirst + 12 * kDay, 9'000, "JPY"),
                                     Does(kFirst + 13 * kDay, gift),
                                     Does(kFirst + 14 * kDay, view)};
  const ProfilePurchases got = Purchases(Orders(), rows, kFirst + 15 * kDay);
  CHECK(got.name == "orders");
  CHECK(got.currency == "CNY");
  CHECK(got.summary.count == 2);
  CHECK(got.summary.returns == 1);
  CHECK(got.summary.total_minor_units == 3'500);
  CHECK(got.summary.frequency == 1);
  CHECK(got.summary.recency_days == 10);
  CHECK(got.summary.observed_days == 15);
  CHECK(got.summary.mean_repeat_minor_units == 3'000);
  CHECK_FALSE(got.rfm);
  CHECK_FALSE(got.alive);
  CHECK_FALSE(got.expected);
  CHECK_FALSE(got.expected_minor_units);
}

TEST_CASE("a purchase of now counts, and one of a millisecond later does not") {
  const std::vector<FactRow> rows = {Buys(kFirst, 100), Buys(kFirst + kDay, 200)};
  CHECK(Purchases(Orders(), rows, kFirst + kDay).summary.count == 2);
  CHECK(Purchases(Orders(), rows, kFirst + kDay - 1).summary.count == 1);
}

TEST_CASE("days of purchases are those of the definitions' offset") {
  // 23:00 and 01:00 in UTC are two days; in Shanghai, 07:00 and 09:00, one.
  const std::vector<FactRow> rows = {Buys(kFirst - 3'600'000, 100), Buys(kFirst + 3'600'000, 200)};
  CHECK(Purchases(Orders(), rows, kFirst + kDay).summary.frequency == 1);
  CHECK(Purchases(Orders(), rows, kFirst + kDay, 480).summary.frequency == 0);
}

TEST_CASE("who buys every ten days is active, then due, then lost; who bought once is none of it") {
  const std::vector<FactRow> rows = {Buys(kFirst, 100), Buys(kFirst + 10 * kDay, 100),
                                     Buys(kFirst + 20 * kDay, 100)};
  const auto state = [&](const PurchaseScore& score, std::int64_t days) {
    return Purchases(score, rows, kFirst + days * kDay).state;
  };
  CHECK(Purchases(Orders(), {}, kFirst).state == PurchaseState::kNone);
  CHECK(Purchases(Orders(), {Buys(kFirst, -100)}, kFirst).state == PurchaseState::kNone);
  CHECK(state(Orders(), 0) == PurchaseState::kOnce);
  CHECK(state(Orders(), 9) == PurchaseState::kOnce);
  CHECK(state(Orders(), 10) == PurchaseState::kActive);
  CHECK(state(Orders(), 29) == PurchaseState::kActive);
  CHECK(state(Orders(), 30) == PurchaseState::kDue);  // a whole gap, and so is equal
  CHECK(state(Orders(), 49) == PurchaseState::kDue);
  CHECK(state(Orders(), 50) == PurchaseState::kLost);
  PurchaseScore strict = Orders();
  strict.due_at = 0.5;
  strict.lost_at = 1.5;
  CHECK(state(strict, 24) == PurchaseState::kActive);
  CHECK(state(strict, 25) == PurchaseState::kDue);
  CHECK(state(strict, 35) == PurchaseState::kLost);
}

TEST_CASE("an RFM model scores who bought something, and nobody else") {
  PurchaseScore score = Orders();
  score.rfm_model.emplace();
  score.rfm_model->bins = {5, 3, 2};
  score.rfm_model->bounds = {{{{365, 180, 90, 30}}, {{1, 2}}, {{10'000}}}};
  const auto rfm = [&](const std::vector<FactRow>& rows) {
    return Purchases(score, rows, kFirst + 100 * kDay).rfm;
  };
  CHECK(rfm({Buys(kFirst + 71 * kDay, 10'001)})->Code() == 512);
  CHECK(rfm({Buys(kFirst + 70 * kDay, 10'000)})->Code() == 411);
  CHECK(rfm({Buys(kFirst, 100), Buys(kFirst + kDay, 100), Buys(kFirst + 99 * kDay, 100)})->Code() ==
        531);
  CHECK_FALSE(rfm({}));
  CHECK_FALSE(rfm({Buys(kFirst, -100)}));
}

TEST_CASE("a BG/NBD model foretells what was published for a customer of CDNOW") {
  // Fader, Hardie and Lee (2005), the spreadsheet: x = 2, t_x = 30.43 and T = 38.86 weeks, which are 213 and 272 days, will buy 1.226
  // times in 39 weeks.
  PurchaseScore score = Orders();
  score.expect_days = 39 * 7;
  score.bgnbd_model = {.r = 0.2425945, .alpha = 4.4136019, .a = 0.7929199, .b = 2.4258881};
  const std::vector<FactRow> rows = {Buys(kFirst, 9'900), Buys(kFirst + 100 * kDay, 2'000),
                                     Buys(kFirst + 213 * kDay, 4'000)};
  const ProfilePurchases got = Purchases(score, rows, kFirst + 272 * kDay);
  REQUIRE(got.alive);
  REQUIRE(got.expected);
  REQUIRE(got.expected_minor_units);
  CHECK(std::abs(*got.expected - 1.226) < 5e-4);
  CHECK(*got.expected_minor_units == *got.expected * 3'000);
  // Equation (10)'s factor by hand.
  const double odds = 0.7929199 / (2.4258881 + 1) *
                      std::pow((4.4136019 + 272.0 / 7) / (4.4136019 + 213.0 / 7), 2.2425945);
  CHECK(IsNear(*got.alive, 1 / (1 + odds)));
  // The same weeks in days: alpha is 7 times as much, and nothing else changes.
  score.days_per_unit = 1;
  score.bgnbd_model->alpha *= 7;
  CHECK(IsNear(*Purchases(score, rows, kFirst + 272 * kDay).expected, *got.expected));
}

TEST_CASE("who bought once is alive, and of no known worth; who bought nothing is not foretold") {
  PurchaseScore score = Orders();
  score.bgnbd_model = {.r = 0.25, .alpha = 4.4, .a = 0.8, .b = 2.4};
  const ProfilePurchases once = Purchases(score, {Buys(kFirst, 100)}, kFirst + kDay);
  CHECK(once.alive == 1.0);
  CHECK(once.expected.value_or(0) > 0);
  CHECK_FALSE(once.expected_minor_units);
  const ProfilePurchases none = Purchases(score, {}, kFirst + kDay);
  CHECK_FALSE(none.alive);
  CHECK_FALSE(none.expected);
}

TEST_CASE("channels are the namespaces where somebody acts, by decayed counts") {
  const std::vector<FactRow> rows = {
      Talks(kFirst + 10 * kDay, "phone"), Talks(kFirst, "openid/shop"),
      Talks(kFirst, "openid/shop", Direction::kUnknown),
      Talks(kFirst + 10 * kDay, "mail", Direction::kOut), Buys(kFirst, 100)};
  const auto channels = Channels(rows, kFirst + 20 * kDay);
  REQUIRE(channels.size() == 2);
  CHECK(channels[0] == ChannelAffinity{"openid/shop", 0.5, 0.5, 2});
  CHECK(channels[1] == ChannelAffinity{"phone", 0.5, 0.5, 1});
  CHECK(Channels(rows, kFirst - 1).empty());
}

TEST_CASE("a profile has every score in the order of definitions, of nobody's events too") {
  Definitions definitions;
  PurchaseScore yen = Orders();
  yen.name = "yen";
  yen.currency = "JPY";
  definitions.purchase_scores = {yen, Orders()};
  definitions.channel_scores = {{"z", {}}, {"a", {}}};
  const Profile profile = FoldProfile(definitions, {}, {}, kFirst);
  REQUIRE(profile.purchases.size() == 2);
  CHECK(profile.purchases[0].name == "yen");
  CHECK(profile.purchases[0].currency == "JPY");
  CHECK(profile.purchases[1].name == "orders");
  CHECK(profile.purchases[1].summary == PurchaseSummary());
  CHECK(profile.channels == std::vector<ProfileChannels>{{"z", {}}, {"a", {}}});
  ProfileOptions without;
  without.scores = false;
  const Profile bare = FoldProfile(definitions, {Buys(kFirst, 100)}, without, kFirst);
  CHECK(bare.purchases.empty());
  CHECK(bare.channels.empty());
}

TEST_CASE("a score that cannot be computed is left out and counted, and others stay") {
  Definitions definitions;
  PurchaseScore yen = Orders();
  yen.name = "yen";
  yen.currency = "JPY";
  definitions.purchase_scores = {Orders(), yen};
  definitions.channel_scores = {{"all", {}}};
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  SECTION("money beyond 64 bits") {
    const std::vector<FactRow> rows = {Buys(kFirst, kMost), Buys(kFirst + 1, 1),
                                       Buys(kFirst, 5, "JPY")};
    const Profile profile = FoldProfile(definitions, rows, {}, kFirst + kDay);
    CHECK(profile.left_out == 1);
    REQUIRE(profile.purchases.size() == 1);
    CHECK(profile.purchases[0].name == "yen");
    CHECK(profile.channels.size() == 1);
  }
  SECTION("a time that is none") {
    const Profile profile = FoldProfile(definitions, {Buys(kFirst, 1)}, {}, kMost);
    CHECK(profile.left_out == 3);
    CHECK(profile.purchases.empty());
    CHECK(profile.channels.empty());
  }
}

TEST_CASE("states of purchases have names, and a number that is none has none") {
  CHECK(ToString(PurchaseState::kNone) == "none");
  CHECK(ToString(PurchaseState::kOnce) == "once");
  CHECK(ToString(PurchaseState::kActive) == "active");
  CHECK(ToString(PurchaseState::kDue) == "due");
  CHECK(ToString(PurchaseState::kLost) == "lost");
  CHECK(ToString(PurchaseState{5}) == "unknown");
}

}  // namespace polyonym::harness
