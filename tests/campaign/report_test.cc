#include "polyonym/campaign/report.h"

#include <limits>
#include <string>
#include <vector>

#include "campaign/told.h"
#include "harness/catch.h"

namespace polyonym::harness {
namespace {

// Somebody who was enrolled at 200, took the first `passed` steps in order, and paid; nothing: no conversion.
PersonOutcome Somebody(const std::string& variant, std::size_t passed, std::int64_t paid = 0,
                       std::int64_t days = 0) {
  PersonOutcome out;
  out.enrolled = Enrolment{variant, 200};
  out.steps.resize(3);
  for (std::size_t i = 0; i < passed; ++i) out.steps[i] = {1, 300};
  out.passed = passed;
  if (paid == 0) return out;
  out.conversions = 1;
  out.first_conversion_ms = 400 + days * 86'400'000;
  out.revenue["CNY"] = paid;
  return out;
}

CampaignDefinition Priced() {
  CampaignDefinition campaign = Spring();
  campaign.fixed_cost = Money{1'000, "CNY"};
  campaign.cost_per_reached = Money{5, "CNY"};
  return campaign;
}

// 40 who got a mail, of whom 30 were reached, 20 opened it and 12 bought for 100 to 111; 40 of the control, of whom 6 bought for 100.
CampaignTally Trial(const CampaignDefinition& campaign) {
  CampaignTally tally(Compiled(campaign));
  for (std::int64_t i = 0; i < 40; ++i) {
    const std::size_t passed = i < 20 ? 2 : i < 30 ? 1 : 0;
    tally.Add(Somebody("mail", passed, i < 12 ? 100 + i : 0, i));
    tally.Add(Somebody("none", 0, i < 6 ? 100 : 0));
  }
  return tally;
}

CampaignReport Must(const CampaignTally& tally, const CampaignReportOptions& options = {}) {
  auto report = ReportOf(tally, options);
  INFO(report.status().ToString());
  REQUIRE(report.ok());
  return *std::move(report);
}

TEST_CASE("a report says how far the people of each variant went") {
  const CampaignReport report = Must(Trial(Spring()));
  REQUIRE(report.variants.size() == 2);
  const VariantReport& mail = report.variants[0];
  CHECK(mail.name == "mail");
  CHECK(mail.enrolled == 40);
  REQUIRE(mail.steps.size() == 3);
  CHECK(mail.steps[0].name == "reached");
  CHECK(mail.steps[0].rate == 0.75);
  CHECK(mail.steps[0].passed == 0.75);
  CHECK(mail.steps[1].rate == 0.5);
  CHECK(mail.steps[1].passed == Approx(2.0 / 3));
  CHECK(mail.steps[2].passed == 0);
  CHECK(mail.converted == 12);
  CHECK(mail.conversion_rate == 0.3);
  REQUIRE(mail.revenue.size() == 1);
  CHECK(mail.revenue[0].minor_units == 1'266);
  CHECK(mail.revenue[0].per_person == Approx(31.65));
  CHECK(mail.median_days_to_convert == 5);
  CHECK_FALSE(mail.is_control);
  CHECK(report.variants[1].is_control);
  CHECK(report.control == "none");
  CHECK_FALSE(report.cost);
}

TEST_CASE(
    "a variant is compared with the control as measure does it and all of them with the cost") {
  const CampaignTally tally = Trial(Priced());
  const CampaignReport report = Must(tally, {.confidence = 0.9});
  const Arm& mail = tally.variants()[0].arm;
  const Arm& none = tally.variants()[1].arm;
  CHECK(report.cost == Money{1'000 + 5 * 30, "CNY"});
  CHECK(report.variants[0].lift == *Lift(mail, none, {.confidence = 0.9}));
  CHECK(report.overall == *Lift(mail, none, {.confidence = 0.9, .costs = {{1'150, "CNY"}}}));
  CHECK(report.overall->conversion.difference == Approx(0.15));
  REQUIRE(report.overall->money.size() == 1);
  CHECK(report.overall->money[0].incremental == Approx(666));
  CHECK(report.overall->money[0].return_on_cost == Approx((666.0 - 1'150) / 1'150));
  CHECK_FALSE(report.variants[1].lift);
}

TEST_CASE("all that are treated are one arm beside the control") {
  CampaignDefinition campaign = Spring();
  campaign.variants = {{"a", 400'000, false}, {"none", 200'000, true}, {"b", 400'000, false}};
  CampaignTally tally(Compiled(campaign));
  for (int i = 0; i < 20; ++i) {
    tally.Add(Somebody("a", 0, i % 2 * 100));
    tally.Add(Somebody("b", 0, i % 4 == 0 ? 300 : 0));
    tally.Add(Somebody("none", 0, i % 5 == 0 ? 100 : 0));
    tally.Add(Somebody("of old", 0, 7));
  }
  const CampaignReport report = Must(tally);
  Arm treated = tally.variants()[0].arm;
  REQUIRE(treated.Merge(tally.variants()[2].arm).ok());
  CHECK(report.overall == *Lift(treated, tally.variants()[1].arm));
  REQUIRE(report.variants.size() == 4);
  CHECK(report.variants[2].lift);
  CHECK(report.variants[3].name.empty());
  CHECK(report.variants[3].enrolled == 20);
  CHECK_FALSE(report.variants[3].lift);
}

TEST_CASE("without a control the holdout is what variants are compared with") {
  CampaignDefinition campaign = Spring();
  campaign.variants = {{"mail", 1'000'000, false}};
  campaign.holdout_salt = "2027";
  campaign.holdout_millionths = 500'000;
  CampaignTally tally(Compiled(campaign));
  for (int i = 0; i < 10; ++i) {
    tally.Add(Somebody("mail", 0, i < 5 ? 10 : 0));
    tally.Add(Somebody("holdout", 0, i < 2 ? 10 : 0));
  }
  const CampaignReport report = Must(tally);
  CHECK(report.control == "holdout");
  CHECK(report.variants[1].is_control);
  CHECK(report.overall == *Lift(tally.variants()[0].arm, tally.holdout().arm));
  CHECK_FALSE(report.variants_ratio);
  REQUIRE(report.holdout_ratio);
  CHECK(report.holdout_ratio->p_value == 1);
}

TEST_CASE("with a control the holdout is shown and not mixed into it") {
  CampaignDefinition campaign = Spring();
  campaign.holdout_salt = "2027";
  campaign.holdout_millionths = 100'000;
  CampaignTally tally = Trial(campaign);
  const CampaignReport before = Must(tally);
  for (int i = 0; i < 30; ++i) tally.Add(Somebody("holdout", 0, 50));
  const CampaignReport report = Must(tally);
  REQUIRE(report.variants.size() == 3);
  CHECK(report.overall == before.overall);
  CHECK(report.variants[0] == before.variants[0]);
  CHECK(report.variants[2].conversion_rate == 1);
  CHECK_FALSE(report.variants[2].lift);
  CHECK(report.holdout_ratio->is_mismatch);
}

TEST_CASE("nobody to compare with gives no comparison") {
  const CampaignReport nobody = Must(CampaignTally(Compiled(Priced())));
  CHECK(nobody.variants.size() == 2);
  CHECK(nobody.variants[0].conversion_rate == 0);
  CHECK(nobody.variants[0].steps[0].rate == 0);
  CHECK_FALSE(nobody.variants[0].median_days_to_convert);
  CHECK_FALSE(nobody.overall);
  CHECK_FALSE(nobody.variants_ratio);
  CHECK(nobody.cost == Money{1'000, "CNY"});
  CampaignDefinition all = Spring();
  all.variants = {{"mail", 1'000'000, false}};
  CampaignTally tally(Compiled(all));
  tally.Add(Somebody("mail", 0));
  CHECK(Must(tally).control.empty());
  CHECK_FALSE(Must(tally).variants[0].is_control);
}

TEST_CASE("variants with other shares than were asked for are said to be") {
  CampaignDefinition campaign = Spring();
  campaign.variants.push_back({"never", 0, false});
  CampaignTally tally = Trial(campaign);
  CHECK(Must(tally).variants_ratio->p_value == 1);
  for (int i = 0; i < 60; ++i) tally.Add(Somebody("mail", 0));
  CHECK(Must(tally).variants_ratio->is_mismatch);
}

TEST_CASE("costs beyond 64 bits and a confidence that is none are refused") {
  CampaignDefinition campaign = Priced();
  campaign.cost_per_reached->minor_units = std::numeric_limits<std::int64_t>::max();
  CHECK(absl::IsOutOfRange(ReportOf(Trial(campaign)).status()));
  CHECK(ReportOf(Trial(Spring()), {.confidence = 1}).status().message() ==
        "confidence: must be above 0 and below 1");
}

TEST_CASE("a cost for each reached alone is one and a cost of nothing has no return") {
  CampaignDefinition campaign = Priced();
  campaign.fixed_cost.reset();
  CHECK(Must(Trial(campaign)).cost == Money{150, "CNY"});
  campaign.cost_per_reached->minor_units = 0;
  const CampaignReport report = Must(Trial(campaign));
  CHECK(report.cost == Money{0, "CNY"});
  CHECK_FALSE(report.overall->money[0].return_on_cost);
}

}  // namespace
}  // namespace polyonym::harness
