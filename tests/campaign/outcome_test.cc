// What became of a person in a campaign, and of everybody.
#include "polyonym/campaign/outcome.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "campaign/told.h"
#include "harness/catch.h"
#include "polyonym/campaign/tally.h"

namespace polyonym::harness {
namespace {

const Definitions kNoDefinitions;
const Identifier kSomebody{"crm", "c1"};
constexpr std::int64_t kDay = 86'400'000;

// Enrolled in `spring` at 200 as `mail`, unless told otherwise.
class Story {
 public:
  Story& At(std::int64_t time_ms, Event event) {
    rows_.push_back(Told(kSomebody, std::to_string(rows_.size()), time_ms, std::move(event)));
    return *this;
  }
  Story& Enrolled(std::int64_t time_ms = 200, const std::string& variant = "mail") {
    return At(time_ms, AssignedTo("spring", variant));
  }
  PersonOutcome In(const CompiledCampaign& campaign, std::int64_t now_ms = 5'000) const {
    const ToldPerson person(kSomebody, rows_);
    SegmentSubject subject = person.At(kNoDefinitions, now_ms);
    return OutcomeOf(campaign, &subject);
  }
  PersonOutcome In(const CampaignDefinition& campaign, std::int64_t now_ms = 5'000) const {
    return In(*Compiled(campaign), now_ms);
  }

 private:
  std::vector<FactRow> rows_;
};

std::vector<std::uint64_t> TimesOf(const PersonOutcome& outcome) {
  std::vector<std::uint64_t> times;
  for (const StepOutcome& step : outcome.steps) times.push_back(step.times);
  return times;
}

using Times = std::vector<std::uint64_t>;

TEST_CASE("of somebody who is not in a campaign nothing is its doing") {
  const PersonOutcome outcome =
      Story().At(300, DidIn("spring", "delivered")).At(400, Did("order", 100, "CNY")).In(Spring());
  CHECK_FALSE(outcome.enrolled);
  CHECK(outcome.steps == std::vector<StepOutcome>(3));
  CHECK(outcome.conversions == 0);
  CHECK(outcome.revenue.empty());
}

TEST_CASE("steps are events of the campaign from the enrolment on") {
  const PersonOutcome outcome = Story()
                                    .At(100, DidIn("spring", "delivered"))
                                    .Enrolled()
                                    .At(200, DidIn("spring", "delivered"))
                                    .At(300, DidIn("summer", "open"))
                                    .At(310, DidIn("spring", "view"))
                                    .At(320, DidIn("spring", "open"))
                                    .At(330, Did("click"))
                                    .At(4'000, DidIn("spring", "delivered"))
                                    .In(Spring());
  CHECK(outcome.enrolled == Enrolment{"mail", 200});
  CHECK(TimesOf(outcome) == Times{2, 2, 0});
  CHECK(outcome.steps[0].first_ms == 200);
  CHECK(outcome.steps[1].first_ms == 310);
  CHECK_FALSE(outcome.steps[2].first_ms);
  CHECK(outcome.passed == 2);
}

TEST_CASE("steps are passed in their order alone and by an event each") {
  const auto passed = [](Story story) { return story.In(Spring()).passed; };
  const auto in = [](const std::string& type) { return DidIn("spring", type); };
  CHECK(passed(Story().Enrolled().At(300, in("click")).At(310, in("open"))) == 0);
  CHECK(passed(Story().Enrolled().At(300, in("click")).At(310, in("delivered"))) == 1);
  CHECK(passed(Story().Enrolled().At(300, in("delivered")).At(300, in("open"))) == 2);
  CHECK(passed(Story()
                   .Enrolled()
                   .At(300, in("open"))
                   .At(310, in("delivered"))
                   .At(320, in("view"))
                   .At(330, in("click"))
                   .At(340, in("click"))) == 3);
  CampaignDefinition twice = Spring();
  twice.steps = {{"once", {"visit"}}, {"again", {"visit"}}};
  const PersonOutcome one = Story().Enrolled().At(300, in("visit")).In(twice);
  CHECK(TimesOf(one) == Times{1, 1});
  CHECK(one.passed == 1);
  CHECK(Story().Enrolled().At(300, in("visit")).At(300, in("visit")).In(twice).passed == 2);
}

TEST_CASE("a goal is reached after the enrolment and before the campaign ends") {
  const Story story = Story()
                          .At(199, Did("order", 1, "CNY"))
                          .At(200, Did("order", 2, "CNY"))
                          .Enrolled()
                          .At(201, Did("order", 4, "CNY"))
                          .At(999, Did("order", 8, "CNY"))
                          .At(1'000, Did("order", 16, "CNY"));
  const PersonOutcome outcome = story.In(Spring());
  CHECK(outcome.conversions == 2);
  CHECK(outcome.first_conversion_ms == 201);
  CHECK(outcome.revenue.at("CNY") == 12);
  CHECK(story.In(Spring(), 200).conversions == 0);
  CHECK(story.In(Spring(), 201).conversions == 1);
  CampaignDefinition endless = Spring();
  endless.to_ms.reset();
  CHECK(story.In(endless).revenue.at("CNY") == 28);
}

TEST_CASE("a goal within a span counts its last moment also when the campaign is over") {
  const Story story = Story()
                          .Enrolled()
                          .At(1'199, Did("order", 1, "CNY"))
                          .At(1'200, Did("order", 2, "CNY"))
                          .At(1'201, Did("order", 4, "CNY"));
  CampaignDefinition campaign = Spring();
  campaign.goal_within_ms = 1'000;
  CHECK(story.In(campaign).revenue.at("CNY") == 3);
  campaign.goal_within_ms = 999;
  CHECK(story.In(campaign).revenue.at("CNY") == 1);
}

TEST_CASE("a goal's condition is one of the language about each event") {
  const Story story = Story()
                          .Enrolled()
                          .At(300, Did("order", 9'999, "CNY"))
                          .At(310, Did("order", 10'000, "CNY"))
                          .At(320, Did("order", 20'000, "USD"))
                          .At(330, Did("visit"));
  CampaignDefinition campaign = Spring();
  campaign.goal = "order where value >= 100 CNY";
  CHECK(story.In(campaign).first_conversion_ms == 310);
  CHECK(story.In(campaign).conversions == 1);
  campaign.goal = "any event where time >= first(time of order) + 20 ms";
  CHECK(story.In(campaign).conversions == 2);
  CHECK(story.In(campaign).revenue == decltype(PersonOutcome::revenue){{"USD", 20'000}});
  campaign.goal = "";
  CHECK(story.In(campaign).conversions == 0);
}

TEST_CASE("revenue is by currency with returns taken off") {
  CampaignDefinition campaign = Spring();
  campaign.goal = "order, refund";
  const PersonOutcome outcome = Story()
                                    .Enrolled()
                                    .At(300, Did("order", 500, "CNY"))
                                    .At(310, Did("order", 300, "USD"))
                                    .At(320, Did("order"))
                                    .At(330, Did("refund", -500, "CNY"))
                                    .In(campaign);
  CHECK(outcome.conversions == 4);
  CHECK(outcome.revenue == decltype(PersonOutcome::revenue){{"USD", 300}});
  CHECK_FALSE(outcome.left_out);
}

TEST_CASE("an amount that is beyond bounds is left out and said to be") {
  Story story = Story().Enrolled().At(300, Did("order", kMaxPersonRevenue, "CNY"));
  CHECK(story.In(Spring()).revenue.at("CNY") == kMaxPersonRevenue);
  story.At(310, Did("order", 1, "CNY")).At(320, Did("order", 5, "USD"));
  const PersonOutcome outcome = story.In(Spring());
  CHECK(outcome.left_out);
  CHECK(outcome.revenue == decltype(PersonOutcome::revenue){{"USD", 5}});
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  story.At(330, Did("order", kMost, "CNY"));
  CHECK(story.In(Spring()).left_out);
  CHECK(story.In(Spring()).revenue.empty());
  CHECK(story.In(Spring()).conversions == 4);
}

TEST_CASE("an outcome says until when it stays") {
  const auto next = [](const CampaignDefinition& campaign, const std::vector<FactRow>& rows) {
    const ToldPerson person(kSomebody, rows);
    SegmentSubject subject = person.At(kNoDefinitions, 500);
    return NextOutcomeChange(*Compiled(campaign), &subject);
  };
  std::vector<FactRow> rows = {Told(kSomebody, "a", 200, AssignedTo("spring", "mail")),
                               Told(kSomebody, "b", 300, Did("order", 1, "CNY"))};
  CHECK(next(Spring(), rows) == CompiledSegments::kNever);
  CampaignDefinition campaign = Spring();
  campaign.goal = "order where now - time <= 1 hour";
  CHECK(next(campaign, rows) == 300 + 3'600'000 + 1);
  rows.push_back(Told(kSomebody, "c", 700, DidIn("spring", "open")));
  CHECK(next(campaign, rows) == 700);
}

// ---- Everybody ----

TEST_CASE("a tally counts people by variant and step and what they paid") {
  CampaignDefinition campaign = Spring();
  campaign.to_ms.reset();
  const auto spring = Compiled(campaign);
  CampaignTally tally(spring);
  tally.Add(Story().In(*spring));
  tally.Add(Story().Enrolled(200, "none").At(300, Did("order", 30, "CNY")).In(*spring));
  tally.Add(Story().Enrolled(200, "holdout").In(*spring));
  tally.Add(Story().Enrolled(200, "of old").In(*spring));
  tally.Add(Story()
                .Enrolled(200, "mail")
                .At(210, DidIn("spring", "delivered"))
                .At(220, DidIn("spring", "delivered"))
                .At(230, DidIn("spring", "open"))
                .At(2 * kDay, Did("order", -7, "CNY"))
                .At(3 * kDay, Did("order", 10, "USD"))
                .In(*spring, 9 * kDay));
  tally.Add(Story()
                .Enrolled(2 * kDay, "mail")
                .At(3 * kDay, Did("order", 4, "CNY"))
                .In(*spring, 9 * kDay));
  CHECK(tally.enrolled() == 5);
  CHECK(tally.holdout().arm.people == 1);
  CHECK(tally.others().arm.people == 1);
  CHECK(tally.variants()[1].arm.converted == 1);
  const VariantTally& mail = tally.variants()[0];
  CHECK(mail.name == "mail");
  CHECK(mail.arm.people == 2);
  CHECK(mail.arm.converted == 2);
  CHECK(mail.conversions == 3);
  CHECK(mail.arm.money.at("CNY") == ArmMoney{-3, 65});
  CHECK(mail.arm.money.at("USD") == ArmMoney{10, 100});
  CHECK(mail.steps == std::vector<StepTally>{{1, 2, 1}, {1, 1, 1}, {0, 0, 0}});
  CHECK(mail.days_to_convert == std::map<std::uint32_t, std::uint64_t>{{1, 2}});
  CHECK(mail.days == std::map<std::int32_t, DayTally>{
                         {0, {1, {1, 1, 0}, 0}}, {2, {1, {0, 0, 0}, 1}}, {3, {0, {0, 0, 0}, 1}}});
}

TEST_CASE("a series by day has the days of the campaign's time zone") {
  CampaignDefinition campaign = Spring();
  campaign.time_zone = "Asia/Shanghai";
  const auto spring = Compiled(campaign);
  CampaignTally tally(spring);
  tally.Add(Story().Enrolled(16 * 3'600'000 - 1).In(*spring, kDay));
  tally.Add(Story().Enrolled(16 * 3'600'000).In(*spring, kDay));
  CHECK(tally.variants()[0].days.size() == 2);
  CHECK(tally.variants()[0].days.begin()->first == 0);
  CHECK(tally.variants()[0].days.rbegin()->first == 1);
}

TEST_CASE("whoever is taken off leaves a tally as it was") {
  const auto spring = Compiled(Spring());
  const PersonOutcome buyer = Story()
                                  .Enrolled()
                                  .At(300, DidIn("spring", "open"))
                                  .At(400, Did("order", 5, "CNY"))
                                  .In(*spring);
  const PersonOutcome other = Story().Enrolled(250, "none").In(*spring);
  CampaignTally tally(spring), alone(spring);
  CHECK(tally == alone);
  tally.Add(buyer);
  tally.Add(other);
  alone.Add(other);
  CHECK_FALSE(tally == alone);
  tally.Subtract(buyer);
  CHECK(tally == alone);
  CampaignTally both(spring), rest(spring);
  both.Add(buyer);
  both.Add(other);
  rest.Add(buyer);
  alone.Merge(rest);
  CHECK(alone == both);
}

}  // namespace
}  // namespace polyonym::harness
