// Campaigns of a store: enrolling, merging and splitting those who are enrolled, counting, and whom a message may reach.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"
#include "polyonym/engine/campaigns.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;

CampaignDefinition Spring() {
  CampaignDefinition spring;
  spring.name = "spring";
  spring.audience = "has crm";
  spring.variants = {{"control", 500'000, true}, {"letter", 500'000, false}};
  spring.steps = {{"reached", {"message_sent"}}};
  spring.goal = "order";
  return spring;
}

void Define(Engine& engine, const std::vector<CampaignDefinition>& campaigns) {
  Policy policy = engine.Read().policy();
  policy.definitions.campaigns = campaigns;
  Must(engine.SetPolicy(policy));
}

std::unique_ptr<Engine> OpenWith(const CampaignDefinition& campaign, int people) {
  auto engine = OpenShop();
  for (int i = 1; i <= people; ++i) ApplyOne(*engine, Visit(i));
  Define(*engine, {campaign});
  return engine;
}

// crm c<i> does something.
Record Did(int i, const std::string& type, std::int64_t time_ms, const std::string& campaign = "") {
  const std::string n = std::to_string(i);
  Record record = Seen(type + n + "-" + std::to_string(time_ms), time_ms, {{"crm", "c" + n}});
  Facts facts;
  Event& event = facts.events.emplace_back();
  event.type = type;
  event.campaign = campaign;
  event.value = Money{1'000, "CNY"};
  record.facts = WriteFacts(facts);
  return record;
}

const VariantTally& Variant(const CampaignTally& tally, const std::string& name) {
  for (const VariantTally& variant : tally.variants()) {
    if (variant.name == name) return variant;
  }
  FAIL("no variant " << name);
  return tally.others();
}

std::string VariantOf(const Engine& engine, int i) {
  const View view = engine.Read();
  const Definitions definitions = view.policy().definitions;
  const auto campaigns = Must(CompiledCampaigns::Compile(definitions, definitions.campaigns));
  const ProfileId profile = *view.Resolve({"crm", "c" + std::to_string(i)}).profile;
  const Person person = Must(view.ReadPerson(profile));
  SegmentSubject subject(definitions, *person.rows, person.identifiers, person.anchor,
                         view.now_ms());
  const auto enrolment = EnrolmentIn(*campaigns->at(0), &subject);
  return enrolment ? enrolment->variant : "";
}

}  // namespace

TEST_CASE("whoever is in the audience is enrolled once") {
  const auto engine = OpenWith(Spring(), 40);
  const Enrolled dry = Must(EnrolIn(engine.get(), "spring", {.dry_run = true}));
  const Enrolled first = Must(EnrolIn(engine.get(), "spring", {.records_a_call = 7}));
  CHECK(first.people == 40);
  CHECK(first.audience == 40);
  CHECK(first.total() == 40);
  CHECK(first.variants == dry.variants);
  CHECK(first.variants.size() == 2);
  const Enrolled again = Must(EnrolIn(engine.get(), "spring"));
  CHECK(again.before == 40);
  CHECK(again.total() == 0);
}

TEST_CASE("a frozen audience stays what it was while a live one takes newcomers in") {
  CampaignDefinition frozen = Spring();
  frozen.frozen = true;
  for (const CampaignDefinition& campaign : {frozen, Spring()}) {
    const auto engine = OpenWith(campaign, 10);
    CHECK(Must(EnrolIn(engine.get(), "spring")).total() == 10);
    ApplyOne(*engine, Visit(11));
    CHECK(Must(EnrolIn(engine.get(), "spring")).total() == (campaign.frozen ? 0 : 1));
  }
}

TEST_CASE("the elder keeps a variant through a merge and both have theirs after a split") {
  const auto engine = OpenWith(Spring(), 60);
  // One after the other, so that each is enrolled at another time.
  ApplyOne(*engine, Did(1, "visit", 1'000'000));
  Must(EnrolIn(engine.get(), "spring"));
  int other = 2;
  while (VariantOf(*engine, other) == VariantOf(*engine, 1)) ++other;
  const std::string first = VariantOf(*engine, 1), second = VariantOf(*engine, other);
  // Their ids differ in crm, of which a person has one: they are merged by what is told of one of them.
  Policy policy = engine->Read().policy();
  policy.namespaces[0].limits.clear();
  Must(engine->SetPolicy(policy));
  const Record link = Said(Act::kMustLink, "same", 2'000'000,
                           {{"crm", "c1"}, {"crm", "c" + std::to_string(other)}});
  ApplyOne(*engine, link);
  const std::string together = VariantOf(*engine, 1);
  CHECK(together == VariantOf(*engine, other));
  CHECK((together == first || together == second));
  const auto board = Must(CampaignBoard::Build(engine->Read()));
  CHECK(Must(board->Tally("spring"))->enrolled() == 59);
  Record gone = link;
  gone.act = Act::kRetract;
  gone.version = 3'000'000;
  gone.identifiers.clear();
  ApplyOne(*engine, gone);
  CHECK(VariantOf(*engine, 1) == first);
  CHECK(VariantOf(*engine, other) == second);
  Must(board->Refresh(engine->Read()));
  CHECK(Must(board->Tally("spring"))->enrolled() == 60);
}

TEST_CASE("a board counts steps and goals of those who are enrolled by variant") {
  const auto engine = OpenWith(Spring(), 40);
  ApplyOne(*engine, Did(1, "order", 1'000));  // before anybody was enrolled
  Must(EnrolIn(engine.get(), "spring"));
  const auto board = Must(CampaignBoard::Build(engine->Read()));
  std::map<std::string, std::uint64_t> reached, bought;
  for (int i = 1; i <= 20; ++i) {
    ApplyOne(*engine, Did(i, "message_sent", 10'000 + i, "spring"));
    ++reached[VariantOf(*engine, i)];
    if (i > 10) continue;
    ApplyOne(*engine, Did(i, "order", 20'000 + i));
    ++bought[VariantOf(*engine, i)];
  }
  CHECK_FALSE(Must(board->Refresh(engine->Read())).all);
  const CampaignTally& tally = *Must(board->Tally("spring"));
  for (const char* name : {"control", "letter"}) {
    CHECK(Variant(tally, name).steps[0].people == reached[name]);
    CHECK(Variant(tally, name).arm.converted == bought[name]);
  }
  const CampaignReport report = Must(board->Report("spring"));
  CHECK(report.control == "control");
  REQUIRE(report.variants.size() == 2);
  CHECK(report.variants[1].lift.has_value());
}

TEST_CASE("records of a campaign are taken back like any and nobody is enrolled any more") {
  const auto engine = OpenWith(Spring(), 10);
  Must(EnrolIn(engine.get(), "spring"));
  Must(engine->Retract({.source = "campaign/spring", .from_ms = 0, .to_ms = 1'000'000}));
  const auto board = Must(CampaignBoard::Build(engine->Read()));
  CHECK(Must(board->Tally("spring"))->enrolled() == 0);
}

TEST_CASE("a campaign that does not run or is not there enrols nobody and says so") {
  CampaignDefinition over = Spring();
  over.to_ms = 1;
  const auto engine = OpenWith(over, 3);
  CHECK(absl::IsFailedPrecondition(EnrolIn(engine.get(), "spring").status()));
  CHECK(absl::IsNotFound(EnrolIn(engine.get(), "summer").status()));
  CHECK(absl::IsNotFound(EnrolIn(engine.get(), "spring", {.graph = "other"}).status()));
  CHECK(absl::IsInvalidArgument(EnrolIn(engine.get(), "spring", {.records_a_call = 0}).status()));
}

TEST_CASE("a policy whose campaigns or reach rules mean nothing is refused and says where") {
  const auto engine = OpenShop();
  Policy policy = engine->Read().policy();
  policy.definitions.campaigns = {Spring()};
  policy.definitions.campaigns[0].audience = "tag nothing >= 3";
  const absl::Status audience = engine->SetPolicy(policy).status();
  CHECK(absl::IsInvalidArgument(audience));
  CHECK(std::string(audience.message()).find("definitions.campaigns[0].audience") == 0);
  policy.definitions.campaigns = {};
  policy.definitions.reach.default_zone = "Nowhere/Atlantis";
  const absl::Status reach = engine->SetPolicy(policy).status();
  CHECK(absl::IsInvalidArgument(reach));
  CHECK(std::string(reach.message()).find("definitions.reach.default_zone") == 0);
}

TEST_CASE("whether a message may go out is asked of the store") {
  const auto engine = OpenShop();
  ApplyOne(*engine, Visit(1));
  Policy policy = engine->Read().policy();
  policy.definitions.reach.channels = {{"sms", {"phone"}, ""}, {"wechat", {"openid"}, ""}};
  policy.definitions.reach.caps = {
      {.name = "one", .count = 1, .period = CapPeriod::kRolling, .span_ms = kHourMs}};
  Must(engine->SetPolicy(policy));
  const auto profile = [&] { return *engine->Read().Resolve({"crm", "c1"}).profile; };
  ReachAnswer answer = Must(ReachOf(engine->Read(), profile(), {}));
  REQUIRE(answer.channels.size() == 2);
  CHECK(answer.channels[0].open());
  CHECK(answer.channels[0].identifiers == std::vector<Identifier>{{"phone", "p1"}});
  CHECK(answer.channels[1].holds.at(0).kind == HoldKind::kNoIdentifier);
  ApplyOne(*engine, Did(1, "message_sent", 1'000'000));
  answer = Must(ReachOf(engine->Read(), profile(), {}));
  REQUIRE(answer.channels[0].holds.size() == 1);
  CHECK(answer.channels[0].holds[0].rule == "one");
  CHECK(answer.channels[0].holds[0].until_ms == 1'000'000 + kHourMs);
}

}  // namespace polyonym::harness
