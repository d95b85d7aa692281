#include "polyonym/campaign/campaign.h"

#include <string>
#include <vector>

#include "campaign/told.h"
#include "harness/catch.h"
#include "polyonym/segment/check.h"

namespace polyonym::harness {
namespace {

Definitions Loyal() {
  Definitions definitions;
  definitions.segments = {{"loyal", "count(order) >= 2", ""}};
  return definitions;
}

std::string FaultOf(const CampaignDefinition& campaign, const Definitions& definitions = Loyal()) {
  CampaignDefinition other = Spring();
  other.name = "other";
  const auto campaigns = CompiledCampaigns::Compile(definitions, std::vector{other, campaign});
  if (campaigns.ok()) return "";
  CHECK(absl::IsInvalidArgument(campaigns.status()));
  return std::string(campaigns.status().message());
}

std::string FaultOfGoal(const std::string& goal) {
  CampaignDefinition campaign = Spring();
  campaign.goal = goal;
  return FaultOf(campaign);
}

std::string FaultOfAudience(const std::string& audience) {
  CampaignDefinition campaign = Spring();
  campaign.audience = audience;
  return FaultOf(campaign);
}

TEST_CASE("campaigns are found by their names and keep their order") {
  CampaignDefinition summer = Spring();
  summer.name = "summer";
  const auto campaigns = CompiledCampaigns::Compile({}, std::vector{Spring(), summer});
  REQUIRE(campaigns.ok());
  CHECK((*campaigns)->size() == 2);
  CHECK((*campaigns)->Find("summer") == 1);
  CHECK((*campaigns)->Find("winter") == CompiledCampaigns::kNone);
  CHECK((*campaigns)->at(1)->definition() == summer);
  CHECK((*campaigns)->at(1)->split().salt == "summer");
  CHECK((*campaigns)->at(1)->split().variants ==
        std::vector<Variant>{{"mail", 500'000}, {"none", 500'000}});
  CHECK(CompiledCampaigns::Compile({}, {}).value()->size() == 0);
}

TEST_CASE("a campaign lives on without the others") {
  std::shared_ptr<const CompiledCampaign> spring;
  {
    const auto campaigns = CompiledCampaigns::Compile(Loyal(), std::vector{Spring()});
    REQUIRE(campaigns.ok());
    spring = (*campaigns)->at(0);
  }
  const Definitions definitions = Loyal();
  const ToldPerson person({"crm", "1"}, {Told({"crm", "1"}, "a", 50, Did("order"))});
  SegmentSubject subject = person.At(definitions, 200);
  CHECK(spring->IsInAudience(&subject) == true);
}

TEST_CASE("a campaign runs from its first moment and up to its end") {
  const auto spring = Compiled(Spring());
  CHECK_FALSE(spring->Runs(99));
  CHECK(spring->Runs(100));
  CHECK(spring->Runs(999));
  CHECK_FALSE(spring->Runs(1'000));
  CampaignDefinition endless = Spring();
  endless.to_ms.reset();
  CHECK(Compiled(endless)->Runs(1'000'000'000));
}

TEST_CASE("an audience may ask for segments and says when its answer changes") {
  CampaignDefinition campaign = Spring();
  campaign.audience = "in segment loyal and did(order within 1 day)";
  const Definitions definitions = Loyal();
  const auto spring = Compiled(campaign, definitions);
  const ToldPerson person({"crm", "1"}, {Told({"crm", "1"}, "a", 50, Did("order")),
                                         Told({"crm", "1"}, "b", 150, Did("order"))});
  SegmentSubject before = person.At(definitions, 140), after = person.At(definitions, 150);
  CHECK(spring->IsInAudience(&before) == false);
  CHECK(spring->NextAudienceChange(&before) == 150);
  CHECK(spring->IsInAudience(&after) == true);
  CHECK(spring->NextAudienceChange(&after) == 86'400'150);
  CHECK((spring->audience_inputs() & kInputEvents) != 0);
}

TEST_CASE("an audience that means nothing is refused with its place") {
  CHECK(FaultOfAudience("did(order").rfind("campaigns[1].audience: 1:10: expected", 0) == 0);
  CHECK(FaultOfAudience("trait city = \"x\"").rfind("campaigns[1].audience: 1:1: ", 0) == 0);
  CHECK(FaultOfAudience("did(order)\n and count(order)").rfind("campaigns[1].audience: 2:6: ", 0) ==
        0);
  CHECK(FaultOfAudience("count(order)") ==
        "campaigns[1].audience: must be a flag, yes or no of each person; it is of type number");
  CHECK_THAT(FaultOfAudience("in segment lost"), HoldsText("campaigns[1].audience: 1:1: "));
  CHECK_THAT(FaultOfAudience("in segment \"\""), HoldsText("campaigns[1].audience: "));
  CHECK(FaultOfAudience("in segment loyal").empty());
}

TEST_CASE("a goal is one query of events without a window and without segments") {
  CHECK(FaultOfGoal("").empty());
  CHECK(FaultOfGoal("order").empty());
  CHECK(FaultOfGoal("order, refund where value >= 100 CNY or place = \"x\"").empty());
  CHECK(FaultOfGoal("any event # whatever\n where campaign = \"spring\" # comment").empty());
  CHECK(FaultOfGoal("order) or did(refund") ==
        "campaigns[1].goal: must be one query of events, such as order where value >= 100 CNY");
  CHECK(FaultOfGoal("order within 7 days") ==
        "campaigns[1].goal: has a window; events count by goal_within_ms, or up to to_ms");
  CHECK(
      FaultOfGoal("order where in segment loyal") ==
      "campaigns[1].goal: asks for a segment, which a goal may not; write its expression instead");
}

TEST_CASE("a goal that means nothing is refused with its place in its own text") {
  CHECK_THAT(FaultOfGoal("order where"), HoldsText("campaigns[1].goal: at its end: expected "));
  CHECK(FaultOfGoal("order where value > 1 CNY)") ==
        "campaigns[1].goal: has a closing parenthesis too many");
  CHECK_THAT(FaultOfGoal("order where value >= 100 CNY 3"), HoldsText("campaigns[1].goal: 1:30: "));
  CHECK_THAT(FaultOfGoal("order\nwhere value >= 3"), HoldsText("campaigns[1].goal: 2:"));
  CHECK_THAT(FaultOfGoal("order\nwhere  trait city = \"x\""),
             HoldsText("campaigns[1].goal: 2:8: "));
  CHECK_THAT(FaultOfGoal("\"order"), HoldsText("campaigns[1].goal: 1:7: expected"));
  CHECK(FaultOfGoal("where") != "");
}

TEST_CASE("other faults of a campaign are named as well") {
  CampaignDefinition campaign = Spring();
  campaign.time_zone = "Mars/Olympus";
  CHECK(FaultOf(campaign).rfind("campaigns[1].time_zone: ", 0) == 0);
  campaign = Spring();
  campaign.variants[0].weight_millionths = 1;
  CHECK(FaultOf(campaign).rfind("campaigns[1].variants[1].weight_millionths: ", 0) == 0);
  Definitions definitions = Loyal();
  definitions.segments[0].expression = "count(order)";
  CHECK(FaultOf(Spring(), definitions).rfind("segments[0].expression: ", 0) == 0);
}

// A goal of a depth that grows with `nots`.
std::string Deep(int nots) {
  std::string goal = "order where ";
  for (int i = 0; i < nots; ++i) goal += "not ";
  return goal + "property x = 1";
}

TEST_CASE("a goal is one level less deep than an expression may be") {
  int nots = 0;
  while (FaultOfAudience("did(" + Deep(nots + 1) + ")").empty()) ++nots;
  CHECK(nots > 50);
  CHECK(FaultOfGoal(Deep(nots - 1)).empty());
  CHECK_THAT(FaultOfGoal(Deep(nots)),
             HoldsText("campaigns[1].goal: with what says when it counts, expression: "));
  CHECK_THAT(FaultOfGoal(Deep(nots + 1)), HoldsText("campaigns[1].goal: expected at most 64"));
}

}  // namespace
}  // namespace polyonym::harness
