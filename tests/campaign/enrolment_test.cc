#include "polyonym/campaign/enrolment.h"

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "campaign/told.h"
#include "harness/catch.h"
#include "polyonym/model/judge.h"

namespace polyonym::harness {
namespace {

const Definitions kNoDefinitions;

Identifier Customer(int number) { return {"crm", "c" + std::to_string(number)}; }

// Who ordered at time 50.
ToldPerson Buyer(int number) {
  return {Customer(number), {Told(Customer(number), "order", 50, Did("order"))}};
}

std::optional<Record> Enrol(const CompiledCampaign& campaign, const ToldPerson& person,
                            std::int64_t now_ms, bool is_first = true) {
  SegmentSubject subject = person.At(kNoDefinitions, now_ms);
  return EnrolmentOf(campaign, &subject, {.is_first = is_first});
}

std::optional<Enrolment> In(const CompiledCampaign& campaign, const ToldPerson& person,
                            std::int64_t now_ms) {
  SegmentSubject subject = person.At(kNoDefinitions, now_ms);
  return EnrolmentIn(campaign, &subject);
}

TEST_CASE(
    "whoever is in the audience is enrolled by a record of the campaign that names the anchor "
    "alone") {
  const auto spring = Compiled(Spring());
  const auto record = Enrol(*spring, Buyer(1), 200);
  REQUIRE(record);
  CHECK(record->source == "campaign/spring");
  CHECK(record->time_ms == 200);
  CHECK(record->act == Act::kObserve);
  CHECK(record->identifiers == std::vector<RecordIdentifier>{{"crm", "c1", Role::kSelf}});
  CHECK(record->id == ToString(HashContent(*record)));
  CHECK(CheckShape(*record, {}, 200, nullptr) == Reason::kNone);
  const auto facts = ReadFacts(record->facts);
  REQUIRE(facts.ok());
  Event told = AssignedTo("spring", std::string(VariantFor(*spring, Customer(1))));
  told.mode = Mode::kAutomatic;
  CHECK(facts->events == std::vector<Event>{told});
}

TEST_CASE("to enrol somebody twice at one time gives the same record and later none") {
  const auto spring = Compiled(Spring());
  ToldPerson person = Buyer(1);
  const auto record = Enrol(*spring, person, 200);
  REQUIRE(record);
  CHECK(Enrol(*spring, person, 200) == record);
  CHECK(Enrol(*spring, person, 201)->id != record->id);
  person.rows.push_back(RowOf(*record));
  CHECK_FALSE(Enrol(*spring, person, 200));
  CHECK_FALSE(Enrol(*spring, person, 999));
  CHECK(In(*spring, person, 200) == Enrolment{std::string(VariantFor(*spring, Customer(1))), 200});
  CHECK_FALSE(In(*spring, person, 199));
}

TEST_CASE("nobody is enrolled while the campaign does not run or who is not in the audience") {
  const auto spring = Compiled(Spring());
  CHECK_FALSE(Enrol(*spring, Buyer(1), 99));
  CHECK(Enrol(*spring, Buyer(1), 100));
  CHECK(Enrol(*spring, Buyer(1), 999));
  CHECK_FALSE(Enrol(*spring, Buyer(1), 1'000));
  CHECK_FALSE(Enrol(*spring, ToldPerson(Customer(1), {}), 200));
  CampaignDefinition unknown = Spring();
  unknown.audience = "average(value of order) > 1 CNY";
  CHECK_FALSE(Enrol(*Compiled(unknown), Buyer(1), 200));
}

TEST_CASE("a frozen campaign enrols at its first enrolment alone") {
  CampaignDefinition campaign = Spring();
  CHECK(Enrol(*Compiled(campaign), Buyer(1), 200, false));
  campaign.frozen = true;
  const auto frozen = Compiled(campaign);
  CHECK(Enrol(*frozen, Buyer(1), 200, true));
  CHECK_FALSE(Enrol(*frozen, Buyer(2), 300, false));
}

TEST_CASE("an enrolment stands whatever becomes of the audience and the weights and the anchor") {
  ToldPerson person = Buyer(1);
  const auto record = Enrol(*Compiled(Spring()), person, 200);
  REQUIRE(record);
  const Enrolment given{std::string(VariantFor(*Compiled(Spring()), Customer(1))), 200};
  person.rows = {RowOf(*record)};
  CampaignDefinition other = Spring();
  other.variants = {{"letter", 1'000'000, false}};
  other.salt = "anew";
  CHECK(In(*Compiled(other), person, 200) == given);
  const ToldPerson known({"card", "7"}, person.rows);
  CHECK(known.identifiers.front() == Identifier{"card", "7"});
  CHECK(In(*Compiled(Spring()), known, 200) == given);
}

TEST_CASE(
    "the earlier enrolment of two people counts when they are one and each has theirs after a "
    "split") {
  const auto spring = Compiled(Spring());
  ToldPerson a = Buyer(1), b = Buyer(2);
  a.rows.push_back(Told(Customer(1), "a", 300, AssignedTo("spring", "mail")));
  b.rows.push_back(Told(Customer(2), "b", 200, AssignedTo("spring", "none")));
  std::vector<FactRow> both = a.rows;
  both.insert(both.end(), b.rows.begin(), b.rows.end());
  CHECK(In(*spring, ToldPerson(Customer(1), both), 400) == Enrolment{"none", 200});
  CHECK(In(*spring, a, 400) == Enrolment{"mail", 300});
  CHECK(In(*spring, b, 400) == Enrolment{"none", 200});
}

TEST_CASE("an event of another campaign or without a variant enrols nobody") {
  const auto spring = Compiled(Spring());
  Event number = DidIn("spring", "assigned");
  number.properties["variant"] = Value{std::int64_t{1}};
  for (const Event& event : {AssignedTo("summer", "mail"), DidIn("spring", "assigned"),
                             AssignedTo("spring", ""), number, DidIn("spring", "delivered")}) {
    ToldPerson person = Buyer(1);
    person.rows.push_back(Told(Customer(1), "a", 200, event));
    CHECK_FALSE(In(*spring, person, 300));
  }
}

TEST_CASE("variants have the shares of their weights and a holdout its own of all") {
  CampaignDefinition campaign = Spring();
  campaign.variants = {{"a", 700'000, false}, {"b", 300'000, true}, {"c", 0, false}};
  campaign.holdout_salt = "2027";
  campaign.holdout_millionths = 100'000;
  CampaignDefinition summer = campaign;
  summer.name = "summer";
  const auto spring = Compiled(campaign), other = Compiled(summer);
  std::map<std::string, int> people;
  int others = 0, both = 0, otherwise = 0;
  constexpr int kPeople = 20'000;
  for (int i = 0; i < kPeople; ++i) {
    const std::string variant(VariantFor(*spring, Customer(i)));
    ++people[variant];
    const bool held_out = IsHeldOut(campaign, Customer(i));
    otherwise += held_out != (variant == "holdout") || IsHeldOut(summer, Customer(i)) != held_out;
    if (variant == "holdout") continue;
    ++others;
    both += variant == "a" && VariantFor(*other, Customer(i)) == "a" ? 1 : 0;
  }
  CHECK(otherwise == 0);
  // Six standard deviations are less than 0.02 of these.
  CHECK(std::abs(people["holdout"] - 0.1 * kPeople) < 0.02 * kPeople);
  CHECK(std::abs(people["a"] - 0.63 * kPeople) < 0.02 * kPeople);
  CHECK(std::abs(people["b"] - 0.27 * kPeople) < 0.02 * kPeople);
  CHECK(people.count("c") == 0);
  // What somebody is in one campaign says nothing of the other.
  CHECK(std::abs(both - 0.49 * others) < 0.02 * others);
}

TEST_CASE("whoever is held out is enrolled as that") {
  CampaignDefinition campaign = Spring();
  campaign.holdout_salt = "2027";
  campaign.holdout_millionths = 1'000'000;
  const auto spring = Compiled(campaign);
  ToldPerson person = Buyer(1);
  const auto record = Enrol(*spring, person, 200);
  REQUIRE(record);
  person.rows.push_back(RowOf(*record));
  CHECK(In(*spring, person, 200) == Enrolment{"holdout", 200});
}

}  // namespace
}  // namespace polyonym::harness
