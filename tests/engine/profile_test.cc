// Profiles of an engine: merged, split, taken back, and what is wrong in facts.
#include <atomic>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"

namespace polyonym::harness {
namespace {

Record Told(const std::string& id, std::int64_t time_ms, const std::vector<Identifier>& names,
            const Facts& facts) {
  Record record = Seen(id, time_ms, names);
  record.facts = WriteFacts(facts);
  return record;
}

Facts Likes(const std::string& tag, std::int64_t weight_micros = 1'000'000) {
  Facts facts;
  facts.tags.push_back({tag, weight_micros, {}, {}, "", {}, ""});
  return facts;
}

Facts IsCalled(const std::string& name) {
  Facts facts;
  facts.traits.push_back({"name", {name}, {}, ""});
  return facts;
}

// A tag as protobuf writes it: field 2 of the facts, with its name (1) and its weight (2).
std::string TagBytes(const std::string& name, double weight) {
  std::string tag = "\x0a" + std::string(1, static_cast<char>(name.size())) + name + "\x11";
  tag.append(reinterpret_cast<const char*>(&weight), sizeof weight);
  return "\x12" + std::string(1, static_cast<char>(tag.size())) + tag;
}

constexpr std::int64_t kDay = 86'400'000;

Facts Does(const std::string& type) {
  Facts facts;
  facts.events.emplace_back().type = type;
  return facts;
}

// A customer bought, one who is content never complained either, and a regular bought twice in 90 days.
Policy LifecyclePolicy() {
  Stage::Condition bought, twice, never_complained;
  bought.events.types = twice.events.types = {"buy"};
  twice.window_ms = 90 * kDay;
  twice.at_least = 2;
  never_complained.events.types = {"complain"};
  never_complained.at_least = never_complained.at_most = 0;
  Policy policy = ShopPolicy();
  policy.definitions.ladders.push_back({"lifecycle",
                                        {{"lead", {}},
                                         {"customer", {bought}},
                                         {"content", {bought, never_complained}},
                                         {"regular", {twice}}}});
  return policy;
}

// The stage on a day, and the highest until then.
std::pair<std::string, std::string> StagesOf(const Engine& engine, const Identifier& who, int day) {
  ProfileOptions options;
  options.now_ms = day * kDay;
  const Profile profile = Must(engine.Read().ReadProfile(who, options));
  return {profile.ladders.at(0).stage, profile.ladders.at(0).highest};
}

double ScoreOf(const Profile& profile, const std::string& tag) {
  for (const ProfileTag& t : profile.tags) {
    if (t.name == tag) return t.score;
  }
  return 0;
}

}  // namespace

TEST_CASE("a profile follows a merge, and is as before when the merge is taken back") {
  const auto engine = OpenShop();
  ApplyOne(*engine, Told("1", 1, {{"phone", "p1"}}, Likes("tea")));
  ApplyOne(*engine, Told("2", 2, {{"openid", "o1"}}, Likes("tea", 2'000'000)));
  const Profile phone = Must(engine->Read().ReadProfile(Identifier{"phone", "p1"}));
  const Profile openid = Must(engine->Read().ReadProfile(Identifier{"openid", "o1"}));
  CHECK(ScoreOf(phone, "tea") == 1);
  CHECK(ScoreOf(openid, "tea") == 2);

  ApplyOne(*engine, Seen("3", 3, {{"phone", "p1"}, {"openid", "o1"}}));
  const Profile merged = Must(engine->Read().ReadProfile(Identifier{"openid", "o1"}));
  CHECK(ScoreOf(merged, "tea") == 3);
  CHECK(merged.identifiers.size() == 2);
  CHECK(merged == Must(engine->Read().ReadProfile(Identifier{"phone", "p1"})));

  Must(engine->Retract({.source = "shop", .record_id = "3"}));
  ProfileOptions then;
  then.now_ms = phone.now_ms;
  Profile again = Must(engine->Read().ReadProfile(Identifier{"phone", "p1"}, then));
  CHECK(ScoreOf(again, "tea") == 1);
  CHECK(ScoreOf(Must(engine->Read().ReadProfile(Identifier{"openid", "o1"})), "tea") == 2);
}

TEST_CASE("the stage of a merged person, and the highest, follow from the events of both") {
  using Stages = std::pair<std::string, std::string>;
  const auto engine = OpenInMemory(LifecyclePolicy(), 0);
  const Identifier phone{"phone", "p1"}, openid{"openid", "o1"}, crm{"crm", "c1"};
  ApplyOne(*engine, Told("1", 10 * kDay, {phone}, Does("buy")));
  ApplyOne(*engine, Told("2", 20 * kDay, {openid}, Does("buy")));
  ApplyOne(*engine, Told("3", 5 * kDay, {crm}, Does("complain")));
  for (const Identifier& buyer : {phone, openid}) {
    CHECK(StagesOf(*engine, buyer, 30) == Stages{"content", "content"});
  }
  CHECK(StagesOf(*engine, crm, 30) == Stages{"lead", "lead"});

  // Who complained before they bought was never content: the greater of two labels would be wrong.
  ApplyOne(*engine, Seen("crm = phone", 25 * kDay, {crm, phone}));
  CHECK(StagesOf(*engine, crm, 30) == Stages{"customer", "customer"});

  // Two purchases of one each make a regular, whom neither was; who lapses has been one.
  ApplyOne(*engine, Seen("phone = openid", 26 * kDay, {phone, openid}));
  CHECK(StagesOf(*engine, openid, 30) == Stages{"regular", "regular"});
  CHECK(StagesOf(*engine, openid, 19) == Stages{"customer", "customer"});
  CHECK(StagesOf(*engine, openid, 200) == Stages{"customer", "regular"});

  Must(engine->Retract({.source = "shop", .record_id = "phone = openid"}));
  CHECK(StagesOf(*engine, openid, 200) == Stages{"content", "content"});
  CHECK(StagesOf(*engine, phone, 200) == Stages{"customer", "customer"});
}

TEST_CASE("a view shows the profile of its commit, whatever was read since") {
  const auto engine = OpenShop();
  ApplyOne(*engine, Told("1", 1, {{"phone", "p1"}}, IsCalled("Ann")));
  const View before = engine->Read();
  ApplyOne(*engine, Told("2", 2, {{"phone", "p1"}}, IsCalled("Anna")));
  const auto name = [](const View& view) {
    return ToText(Must(view.ReadProfile(Identifier{"phone", "p1"})).traits.at(0).values.at(0));
  };
  CHECK(name(engine->Read()) == "Anna");
  CHECK(name(before) == "Ann");
  CHECK(name(engine->Read()) == "Anna");
}

TEST_CASE("definitions change on a live store, and with them what is read") {
  const auto engine = OpenShop();
  ApplyOne(*engine, Told("1", 1, {{"phone", "p1"}}, IsCalled("Ann")));
  ApplyOne(*engine, Told("2", 2, {{"phone", "p1"}}, IsCalled("Anna")));
  Policy policy = ShopPolicy();
  policy.definitions.traits.resize(1);
  policy.definitions.traits[0].name = "name";
  policy.definitions.traits[0].fold = Fold::kFirst;
  const PolicyResult set = Must(engine->SetPolicy(policy));
  CHECK(set.judged_records == 0);
  CHECK(set.changes.empty());
  const Profile profile = Must(engine->Read().ReadProfile(Identifier{"phone", "p1"}));
  CHECK(ToText(profile.traits.at(0).values.at(0)) == "Ann");
  policy.definitions.traits[0].fold = Fold::kSum;
  CHECK(absl::IsInvalidArgument(engine->SetPolicy(policy).status()));
}

TEST_CASE("a fact that breaks a bound is named and left out, and the rest of the record stands") {
  Facts late;
  late.events.push_back({});
  late.events[0].type = "in 9999";
  late.events[0].time_ms = 253'370'764'800'000;
  Record record = Seen("1", 1, {{"phone", "p1"}});
  record.facts = WriteFacts(Likes("good")) + TagBytes("not a number", std::nan("")) +
                 TagBytes("endless", HUGE_VAL) + WriteFacts(late);
  const auto engine = OpenShop();
  const RecordResult result = ApplyOne(*engine, record).records[0];
  CHECK(result.outcome == Outcome::kApplied);
  REQUIRE(result.left_out_facts.size() == 3);
  CHECK(result.left_out_facts[0].path == "tags[1].weight");
  CHECK(result.left_out_facts[1].path == "tags[2].weight");
  CHECK(result.left_out_facts[2].path == "events[0].time_ms");
  const Profile profile = Must(engine->Read().ReadProfile(Identifier{"phone", "p1"}));
  CHECK(profile.tags.size() == 1);
  CHECK(profile.events == 0);
  CHECK(profile.left_out == 3);
}

TEST_CASE("bytes that are no facts are kept and said to be none; too many are rejected") {
  const auto engine = OpenShop();
  Record record = Seen("1", 1, {{"phone", "p1"}});
  record.facts = "\xff\xff\xff";
  const RecordResult result = ApplyOne(*engine, record).records[0];
  CHECK(result.outcome == Outcome::kApplied);
  REQUIRE(result.left_out_facts.size() == 1);
  CHECK(result.left_out_facts[0].path == "facts");
  CHECK(Must(engine->Read().ReadProfile(Identifier{"phone", "p1"})).left_out == 1);
  Record large = Seen("2", 1, {{"phone", "p1"}});
  large.facts.assign(10'000'000, 'x');
  CHECK(ApplyOne(*engine, large).records[0].reason == Reason::kFactsTooLong);
}

TEST_CASE("a trait of another type than is defined is left out") {
  const auto engine = OpenShop();
  Policy policy = ShopPolicy();
  policy.definitions.traits.resize(1);
  policy.definitions.traits[0].name = "name";
  Must(engine->SetPolicy(policy));
  Facts facts;
  facts.traits.push_back({"name", {std::int64_t{7}}, {}, ""});
  ApplyOne(*engine, Told("1", 1, {{"phone", "p1"}}, facts));
  const Profile profile = Must(engine->Read().ReadProfile(Identifier{"phone", "p1"}));
  CHECK(profile.traits.empty());
  CHECK(profile.left_out == 1);
}

TEST_CASE("profiles are read by several threads while people merge and part") {
  const auto engine = OpenShop();
  constexpr int kPeople = 40;
  for (int n = 0; n < kPeople; ++n) {
    const std::string name = std::to_string(n);
    ApplyOne(*engine, Told("p" + name, 1, {{"phone", "p" + name}}, Likes("tea")));
    ApplyOne(*engine, Told("o" + name, 1, {{"openid", "o" + name}}, Likes("tea")));
  }
  std::atomic<bool> over{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&, reader] {
      for (int n = reader; !over; n = (n + 1) % kPeople) {
        const Profile profile =
            *engine->Read().ReadProfile(Identifier{"phone", "p" + std::to_string(n)});
        // One identifier likes tea once; a person of both twice.
        wrong += ScoreOf(profile, "tea") == static_cast<double>(profile.identifiers.size()) ? 0 : 1;
      }
    });
  }
  for (int step = 0; step < 400; ++step) {
    const std::string name = std::to_string(step % kPeople), id = "m" + std::to_string(step);
    ApplyOne(*engine, Seen(id, 2, {{"phone", "p" + name}, {"openid", "o" + name}}));
    Must(engine->Retract({.source = "shop", .record_id = id}));
  }
  over = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
}

TEST_CASE("who was never seen has no profile, and options out of range are named") {
  const auto engine = OpenShop();
  ApplyOne(*engine, Seen("1", 1, {{"phone", "p1"}}));
  const View view = engine->Read();
  CHECK(absl::IsNotFound(view.ReadProfile(Identifier{"phone", "p2"}).status()));
  CHECK(absl::IsNotFound(view.ReadProfile(ProfileId{17}).status()));
  ProfileOptions options;
  options.page.limit = 10'001;
  CHECK(absl::IsInvalidArgument(view.ReadProfile(ProfileId{0}, options).status()));
  options.page.limit = 1;
  options.page.within = TimelineOptions::Area{std::nan(""), 0, 1};
  CHECK(absl::IsInvalidArgument(view.ReadProfile(ProfileId{0}, options).status()));
  const std::vector<ProfileId> ids = {ProfileId{0}, ProfileId{17}};
  const auto many = view.ReadProfiles(ids);
  REQUIRE(many.size() == 2);
  CHECK(many[0].ok());
  CHECK(absl::IsNotFound(many[1].status()));
}

}  // namespace polyonym::harness
