// Facts told of a whole person: a clerk looks a customer up by phone and says VIP of whoever is on the screen.
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"
#include "polyonym/codec/json.h"

namespace polyonym::harness {
namespace {

using Names = std::vector<Identifier>;

const Identifier kPhone = {"phone", "ann"};
const Identifier kOpenid = {"openid", "o1"};
const Identifier kCard = {"card", "k1"};
constexpr int kOthers = 40;  // customers between, so that the identifiers lie in different pages

Policy DeskPolicy() {
  Policy policy = ShopPolicy();
  policy.namespaces.emplace_back().name = "card";
  return policy;
}

Facts Vip(bool of_person) {
  Facts facts;
  facts.tags.push_back({"VIP", 1'000'000, {}, {}, "", {}, ""});
  facts.of_person = of_person;
  return facts;
}

// The clerk's record: looked up by phone, and seen with the rest.
Record Clerk(bool of_person = true) {
  Record record = Seen("clerk", 1'004, {kPhone});
  record.source = "desk";
  for (const Identifier& seen : {kOpenid, kCard})
    record.identifiers.push_back({seen.ns, seen.value, Role::kOther});
  record.facts = WriteFacts(Vip(of_person));
  return record;
}

Record Join(const std::string& id = "join") { return Seen(id, 1'003, {kPhone, kOpenid}); }

// A person by two records, whom `join` makes one of three identifiers; and what the clerk said of them.
std::vector<Record> Desk(const Record& clerk = Clerk()) {
  std::vector<Record> records = {Seen("till", 1'001, {kPhone, kCard})};
  for (int i = 0; i < kOthers; ++i) records.push_back(Visit(i));
  records.push_back(Seen("chat", 1'002, {kOpenid}));
  records.push_back(Join());
  records.push_back(clerk);
  return records;
}

std::unique_ptr<Engine> OpenDesk(const Record& clerk = Clerk()) {
  std::unique_ptr<Engine> engine = OpenInMemory(DeskPolicy(), 0);
  Must(engine->Apply(Desk(clerk)).status());
  return engine;
}

void TakeBack(Engine& engine, const std::string& source, const std::string& id) {
  CHECK(Must(engine.Retract({.source = source, .record_id = id})).retracted == 1);
}

Profile ProfileOf(const Engine& engine, const Identifier& identifier) {
  return Must(engine.Read().ReadProfile(identifier));
}

bool IsVip(const Profile& profile) { return profile.tags.size() == 1; }

// Of the phone's person and of the openid's, who came apart.
void CheckApart(const Engine& engine) {
  const Profile phone = ProfileOf(engine, kPhone), openid = ProfileOf(engine, kOpenid);
  CHECK(phone.identifiers == Names{kCard, kPhone});
  CHECK(openid.identifiers == Names{kOpenid});
  CHECK(IsVip(phone));
  CHECK_FALSE(IsVip(openid));
  REQUIRE(phone.ambiguous.size() == 1);
  REQUIRE(openid.ambiguous.size() == 1);
  const AmbiguousFacts &here = phone.ambiguous[0], &there = openid.ambiguous[0];
  CHECK(here.counts_here);
  CHECK(here.here == Names{kCard, kPhone});
  CHECK(here.elsewhere == Names{kOpenid});
  CHECK_FALSE(there.counts_here);
  CHECK(there.here == Names{kOpenid});
  CHECK(there.elsewhere == Names{kCard, kPhone});
  CHECK(here.from == there.from);
  CHECK((here.from.record_source == "desk" && here.from.record_id == "clerk"));
  CHECK(here.from.belongs_to == kPhone);
  CHECK(here.from.time_ms == 1'004);
  CHECK(Must(engine.Read().RecordOf(here.from.record)).record.id == "clerk");
  CHECK((here.facts == Vip(true) && there.facts == Vip(true)));
}

void CheckWhole(const Engine& engine) {
  const Profile person = ProfileOf(engine, kOpenid);
  CHECK(person.identifiers == Names{kCard, kOpenid, kPhone});
  CHECK(IsVip(person));
  CHECK(person.ambiguous.empty());
}

// What may befall the three, in turn.
std::vector<std::function<void(Engine&)>> Turns() {
  return {
      [](Engine& engine) { Must(engine.Apply(Desk()).status()); },
      [](Engine& engine) { TakeBack(engine, "shop", "join"); },
      [](Engine& engine) {
        ApplyOne(engine, Said(Act::kRename, "new id", 1'005, {kOpenid, {"openid", "o9"}}));
      },
      [](Engine& engine) { TakeBack(engine, "shop", "till"); },
      [](Engine& engine) { ApplyOne(engine, Join("again")); },
      [](Engine& engine) {
        ApplyOne(engine, Said(Act::kUnbind, "not theirs", 1'006, {kPhone, kOpenid}));
      },
      [](Engine& engine) { TakeBack(engine, "shop", "new id"); },
      [](Engine& engine) { TakeBack(engine, "desk", "clerk"); },
  };
}

}  // namespace

TEST_CASE("what is told of a person counts and is not ambiguous while they are one") {
  const auto engine = OpenDesk();
  CheckWhole(*engine);
  CHECK(ProfileOf(*engine, kPhone) == ProfileOf(*engine, kCard));
}

TEST_CASE("when they come apart it stays with whom it was looked up by, and both are told of it") {
  const auto engine = OpenDesk();
  TakeBack(*engine, "shop", "join");
  CheckApart(*engine);
  CHECK(Must(engine->Read().Verify()).ok());
}

TEST_CASE("when they are linked again it is ambiguous no more") {
  const auto engine = OpenDesk();
  TakeBack(*engine, "shop", "join");
  ApplyOne(*engine, Join("again"));
  CheckWhole(*engine);
}

TEST_CASE("of three parts each is told of the two others") {
  const auto engine = OpenDesk();
  TakeBack(*engine, "shop", "join");
  TakeBack(*engine, "shop", "till");
  // The card is still known, since the clerk saw it.
  for (const auto& [part, others] :
       {std::pair{kPhone, Names{kCard, kOpenid}}, std::pair{kOpenid, Names{kCard, kPhone}},
        std::pair{kCard, Names{kOpenid, kPhone}}}) {
    const Profile profile = ProfileOf(*engine, part);
    REQUIRE(profile.ambiguous.size() == 1);
    CHECK(profile.ambiguous[0].counts_here == (part == kPhone));
    CHECK(profile.ambiguous[0].here == Names{part});
    CHECK(profile.ambiguous[0].elsewhere == others);
  }
}

TEST_CASE("when the clerk takes it back it is nobody's") {
  const auto engine = OpenDesk();
  TakeBack(*engine, "shop", "join");
  TakeBack(*engine, "desk", "clerk");
  for (const Identifier& part : {kPhone, kOpenid}) {
    const Profile profile = ProfileOf(*engine, part);
    CHECK_FALSE(IsVip(profile));
    CHECK(profile.ambiguous.empty());
  }
}

TEST_CASE("who it was meant for is settled by telling it anew of them alone") {
  const auto engine = OpenDesk();
  TakeBack(*engine, "shop", "join");
  Record anew = Seen("clerk", 1'004, {kOpenid});
  anew.source = "desk";
  anew.version = 1'010;
  anew.facts = WriteFacts(Vip(true));
  ApplyOne(*engine, anew);
  CHECK(IsVip(ProfileOf(*engine, kOpenid)));
  CHECK_FALSE(IsVip(ProfileOf(*engine, kPhone)));
  CHECK(ProfileOf(*engine, kOpenid).ambiguous.empty());
  CHECK(ProfileOf(*engine, kPhone).ambiguous.empty());
}

TEST_CASE("what is told of an identifier alone is never ambiguous") {
  const auto engine = OpenDesk(Clerk(false));
  CheckWhole(*engine);
  TakeBack(*engine, "shop", "join");
  CHECK(IsVip(ProfileOf(*engine, kPhone)));
  CHECK(ProfileOf(*engine, kPhone).ambiguous.empty());
  CHECK(ProfileOf(*engine, kOpenid).ambiguous.empty());
}

TEST_CASE("a card is told of what was said before it was somebody else's") {
  const auto engine = OpenDesk();
  TakeBack(*engine, "shop", "till");
  ApplyOne(*engine, Seen("found", 1'005, {{"crm", "c1"}, kCard}));
  const Profile finder = ProfileOf(*engine, {"crm", "c1"});
  CHECK_FALSE(IsVip(finder));
  REQUIRE(finder.ambiguous.size() == 1);
  CHECK(finder.ambiguous[0].here == Names{kCard});  // of what the clerk's record names
  CHECK(finder.ambiguous[0].elsewhere == Names{kOpenid, kPhone});
}

TEST_CASE("a profile as at a time before the clerk's word has nothing ambiguous") {
  const auto engine = OpenDesk();
  TakeBack(*engine, "shop", "join");
  const auto told = [&](const ProfileOptions& options) {
    return Must(engine->Read().ReadProfile(kPhone, options)).ambiguous.size();
  };
  CHECK(told({.now_ms = 1'003}) == 0);
  CHECK(told({.now_ms = 1'004}) == 1);
  CHECK(told({.ambiguous = false}) == 0);
}

TEST_CASE("profiles that are kept in memory say the same as those that are read afresh") {
  EngineOptions without = LawOptions(0);
  without.profile_cache_bytes = 0;
  const auto warm = OpenInMemory(DeskPolicy(), 0);
  const auto cold = Must(Engine::OpenInMemory(without));
  Must(cold->SetPolicy(DeskPolicy()));
  int turn = 0;
  for (const auto& befall : Turns()) {
    CAPTURE(turn++);
    befall(*warm);
    befall(*cold);
    for (const Identifier& part : {kPhone, kOpenid, kCard, Identifier{"openid", "o9"}}) {
      CAPTURE(part.ns, part.value);
      const auto kept = warm->Read().ReadProfile(part), read = cold->Read().ReadProfile(part);
      REQUIRE(kept.ok() == read.ok());
      if (!kept.ok()) continue;
      CHECK(*kept == *read);
      CHECK(*kept == Must(warm->Read().ReadProfile(part)));
    }
  }
}

TEST_CASE("what is elsewhere is named as it is spelt now, also where nothing ever linked it") {
  const auto engine = OpenInMemory(DeskPolicy(), 0);
  std::vector<Record> records = Desk();
  std::erase_if(records, [](const Record& record) { return record.id == "join"; });
  Must(engine->Apply(records).status());
  CheckApart(*engine);
  ApplyOne(*engine, Said(Act::kRename, "new id", 1'005, {kOpenid, {"openid", "o9"}}));
  CHECK(ProfileOf(*engine, kPhone).ambiguous.at(0).elsewhere == Names{{"openid", "o9"}});
  CHECK(ProfileOf(*engine, {"openid", "o9"}).ambiguous.at(0).here == Names{{"openid", "o9"}});
  TakeBack(*engine, "shop", "new id");
  CheckApart(*engine);
}

TEST_CASE("a view keeps what was ambiguous at its commit") {
  const auto engine = OpenDesk();
  TakeBack(*engine, "shop", "join");
  const View apart = engine->Read();
  const Profile before = Must(apart.ReadProfile(kPhone));
  ApplyOne(*engine, Join("again"));
  CheckWhole(*engine);
  CHECK(Must(apart.ReadProfile(kPhone)) == before);
  CHECK(before.ambiguous.size() == 1);
}

TEST_CASE("a store that is opened again knows what was told of a whole person") {
  const bool checkpoint = GENERATE(false, true);
  CAPTURE(checkpoint);
  const TempFolder folder;
  auto engine = Must(Engine::Open(folder / "desk", EngineOptions()));
  Must(engine->SetPolicy(DeskPolicy()));
  Must(engine->Apply(Desk()).status());
  const auto reopen = [&] {
    if (checkpoint) Must(engine->Checkpoint());
    engine.reset();
    engine = Must(Engine::Open(folder / "desk", EngineOptions()));
  };
  reopen();
  CheckWhole(*engine);
  TakeBack(*engine, "shop", "join");
  CheckApart(*engine);
  reopen();
  CheckApart(*engine);
  TakeBack(*engine, "desk", "clerk");
  reopen();
  CHECK(ProfileOf(*engine, kPhone).ambiguous.empty());
  CHECK(ProfileOf(*engine, kOpenid).ambiguous.empty());
  CHECK(Must(engine->Read().Verify()).ok());
}

TEST_CASE("JSON says that facts are of a person, in both spellings, and gives them back") {
  JsonRecordReader reader;
  for (const std::string name : {"of_person", "ofPerson"}) {
    Record record;
    Must(reader.Read(R"({"source": "desk", "id": "clerk", "t": 1004, "ids": {"phone": "ann"},
                         "other": {"openid": "o1", "card": "k1"},
                         "facts": {"tags": [{"name": "VIP"}], ")" +
                         name + R"(": true}})",
                     &record));
    CHECK(Must(ReadFacts(record.facts)) == Vip(true));
    Record again;
    Must(reader.Read(WriteRecordJson(record), &again));
    CHECK(again == record);
    const auto engine = OpenDesk(record);
    TakeBack(*engine, "shop", "join");
    CheckApart(*engine);
  }
  const std::string json = WriteRecordJson(Clerk());
  CHECK_THAT(json, HoldsText("\"of_person\":true"));
  CHECK(Must(ReadRecordJsonByProtobuf(
                 R"({"source": "desk", "facts": {"tags": [{"name": "VIP"}], "ofPerson": true}})"))
            .facts == Clerk().facts);
  Record plain;
  Must(reader.Read(WriteRecordJson(Clerk(false)), &plain));
  CHECK_FALSE(Must(ReadFacts(plain.facts)).of_person);
  CHECK(absl::IsInvalidArgument(reader.Read(
      R"({"source": "desk", "t": 1, "ids": {"phone": "ann"}, "facts": {"ofPerson": "perhaps"}})",
      &plain)));
}

}  // namespace polyonym::harness
