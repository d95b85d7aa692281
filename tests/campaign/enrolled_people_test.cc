// Enrolment as an engine keeps it: through merges, splits, retractions and opening again.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "campaign/told.h"
#include "engine/shop.h"
#include "harness/catch.h"
#include "polyonym/campaign/tally.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kNow = 100'000;

Identifier Phone(int i) { return {"phone", "p" + std::to_string(i)}; }

Record Order(int i, std::int64_t time_ms) {
  Record record =
      Seen("order" + std::to_string(i) + "@" + std::to_string(time_ms), time_ms, {Phone(i)});
  Facts facts;
  facts.events.push_back(Did("order", 500, "CNY"));
  record.facts = WriteFacts(facts);
  return record;
}

CampaignDefinition Lasting() {
  CampaignDefinition campaign = Spring();
  campaign.from_ms = 0;
  campaign.to_ms.reset();
  campaign.frozen = true;
  return campaign;
}

class EnrolledShop {
 public:
  EnrolledShop() : engine_(OpenShop()), spring_(Compiled(Lasting())) {}

  Engine& engine() { return *engine_; }

  std::vector<Record> ToEnrol(bool is_first = true) const {
    std::vector<Record> records;
    const View view = engine_->Read();
    Must(view.ForEachPerson([&](const Person& person) {
      SegmentSubject subject(kNoDefinitions, *person.rows, person.identifiers, person.anchor,
                             view.now_ms());
      auto record = EnrolmentOf(*spring_, &subject, {.is_first = is_first});
      if (record) records.push_back(*std::move(record));
      return true;
    }));
    return records;
  }

  PersonOutcome Of(const Identifier& identifier) const {
    const View view = engine_->Read();
    const Person person = Must(view.ReadPerson(*view.Resolve(identifier).profile));
    SegmentSubject subject(kNoDefinitions, *person.rows, person.identifiers, person.anchor,
                           view.now_ms());
    return OutcomeOf(*spring_, &subject);
  }

  CampaignTally Tally() const {
    CampaignTally tally(spring_);
    const View view = engine_->Read();
    Must(view.ForEachPerson([&](const Person& person) {
      SegmentSubject subject(kNoDefinitions, *person.rows, person.identifiers, person.anchor,
                             view.now_ms());
      tally.Add(OutcomeOf(*spring_, &subject));
      return true;
    }));
    return tally;
  }

 private:
  inline static const Definitions kNoDefinitions;
  std::unique_ptr<Engine> engine_;
  std::shared_ptr<const CompiledCampaign> spring_;
};

TEST_CASE("an engine takes enrolments once and knows them from then on") {
  EnrolledShop shop;
  for (int i = 1; i <= 3; ++i) ApplyOne(shop.engine(), Order(i, i));
  ApplyOne(shop.engine(), Visit(9));
  const std::vector<Record> records = shop.ToEnrol();
  REQUIRE(records.size() == 3);
  for (const RecordResult& result : Must(shop.engine().Apply(records)).records)
    CHECK(result.outcome == Outcome::kApplied);
  for (const RecordResult& result : Must(shop.engine().Apply(records)).records)
    CHECK(result.outcome == Outcome::kUnchanged);
  CHECK(shop.ToEnrol().empty());
  CHECK(shop.Tally().enrolled() == 3);
  CHECK(shop.Of(Phone(1)).enrolled);
  CHECK_FALSE(shop.Of(Phone(9)).enrolled);
}

TEST_CASE("who orders after a frozen enrolment is not in the campaign and who was in it stays") {
  EnrolledShop shop;
  ApplyOne(shop.engine(), Order(1, 1));
  Must(shop.engine().Apply(shop.ToEnrol()));
  ApplyOne(shop.engine(), Order(2, 50));
  CHECK(shop.ToEnrol(false).empty());
  CHECK(shop.ToEnrol(true).size() == 1);
  CHECK(shop.Of(Phone(1)).enrolled);
  CHECK_FALSE(shop.Of(Phone(2)).enrolled);
}

TEST_CASE("people who are merged are one enrolled person and two again when that is taken back") {
  EnrolledShop shop;
  ApplyOne(shop.engine(), Order(1, 1));
  Must(shop.engine().Apply(shop.ToEnrol()));
  ApplyOne(shop.engine(), Order(2, 50));
  Must(shop.engine().Apply(shop.ToEnrol()));
  ApplyOne(shop.engine(), Order(1, kNow));
  const CampaignTally two = shop.Tally();
  CHECK(two.enrolled() == 2);
  const PersonOutcome first = shop.Of(Phone(1)), second = shop.Of(Phone(2));
  CHECK(first.enrolled->time_ms < second.enrolled->time_ms);
  CHECK(first.conversions == 1);
  CHECK(second.conversions == 0);

  const Record link = Said(Act::kMustLink, "one", kNow + 1, {Phone(1), Phone(2)});
  ApplyOne(shop.engine(), link);
  CHECK(shop.Of(Phone(2)).enrolled == first.enrolled);
  CHECK(shop.Tally().enrolled() == 1);
  ApplyOne(shop.engine(), Said(Act::kRetract, "one", kNow + 2, {}));
  CHECK(shop.Of(Phone(1)) == first);
  CHECK(shop.Of(Phone(2)) == second);
  CHECK(shop.Tally() == two);
}

TEST_CASE("an enrolment that is taken back is as if it had not been") {
  EnrolledShop shop;
  ApplyOne(shop.engine(), Order(1, 1));
  const std::vector<Record> records = shop.ToEnrol();
  Must(shop.engine().Apply(records));
  Record retract;
  retract.source = records[0].source;
  retract.id = records[0].id;
  retract.act = Act::kRetract;
  retract.version = records[0].time_ms;
  ApplyOne(shop.engine(), retract);
  CHECK_FALSE(shop.Of(Phone(1)).enrolled);
  CHECK(shop.Tally().enrolled() == 0);
}

}  // namespace
}  // namespace polyonym::harness
