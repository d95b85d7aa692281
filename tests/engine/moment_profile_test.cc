// What a person was like at another time or would be under another policy: two people whom a wrong card made one.
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"

namespace polyonym::harness {
namespace {

using Names = std::vector<Identifier>;

constexpr std::int64_t kDay = 86'400'000;
const Identifier kAnn = {"crm", "c1"}, kAnnsPhone = {"phone", "p1"}, kCard = {"card", "k1"};
const Identifier kBen = {"crm", "c2"}, kBensPhone = {"phone", "p2"};
const Names kBoth = {kCard, kAnn, kBen, kAnnsPhone, kBensPhone};

// Nothing keeps two customer numbers apart; of links the first that were seen come first.
Policy LoosePolicy() {
  Policy policy = ShopPolicy();
  policy.ranking = Ranking::kOldest;
  policy.namespaces[0].limits.clear();
  policy.namespaces.emplace_back().name = "card";
  TraitDefinition& name = policy.definitions.traits.emplace_back();
  name.name = "name";
  PurchaseScore& bought = policy.definitions.purchase_scores.emplace_back();
  bought.name = "shop";
  bought.on.types = {"purchase"};
  bought.currency = "CNY";
  return policy;
}

Policy TightPolicy() {
  Policy policy = LoosePolicy();
  policy.namespaces[0].limits.push_back({1, false, 0});
  return policy;
}

// The first name that somebody gave, and tea as a layer.
Policy OtherDefinitions() {
  Policy policy = LoosePolicy();
  policy.definitions.traits[0].fold = Fold::kFirst;
  TagDefinition& tea = policy.definitions.tags.emplace_back();
  tea.name = "tea";
  tea.layers = {{"drinker", 3'000'000}};
  return policy;
}

Facts IsCalled(const std::string& name, std::int64_t likes_tea) {
  Facts facts;
  facts.traits.push_back({"name", {name}, {}, ""});
  facts.tags.push_back({"tea", likes_tea * 1'000'000, {}, {}, "", {}, ""});
  return facts;
}

Facts Bought(std::int64_t minor_units, std::optional<std::int64_t> time_ms = {}) {
  Facts facts;
  Event& event = facts.events.emplace_back();
  event.type = "purchase";
  event.time_ms = time_ms;
  event.value = Money{minor_units, "CNY"};
  event.direction = Direction::kIn;
  return facts;
}

Record Told(const std::string& id, std::int64_t day, const Names& names, const Facts& facts) {
  Record record = Seen(id, day * kDay, names);
  record.facts = WriteFacts(facts);
  return record;
}

Record WrongCard() { return Seen("wrong", 50 * kDay, {kBen, kCard}); }

std::vector<Record> TwoPeople() {
  return {Told("a1", 10, {kAnn, kAnnsPhone, kCard}, IsCalled("Ann", 1)),
          Told("b1", 20, {kBen, kBensPhone}, IsCalled("Ben", 2)),
          Told("a2", 30, {kAnnsPhone}, Bought(1'000)), Told("b2", 40, {kBensPhone}, Bought(5'000)),
          WrongCard()};
}

std::unique_ptr<Engine> OpenMerged() {
  std::unique_ptr<Engine> engine = OpenInMemory(LoosePolicy(), 0);
  Must(engine->Apply(TwoPeople()).status());
  return engine;
}

void TakeBackCard(Engine& engine) {
  CHECK(Must(engine.Retract({.source = "shop", .record_id = "wrong"})).retracted == 1);
}

std::string NameOf(const Profile& profile) { return ToText(profile.traits.at(0).values.at(0)); }

// A moment's profile says nothing of versions of policies.
Profile Unversioned(Profile profile) {
  profile.policy_version = 0;
  return profile;
}

void CheckMerged(const Profile& profile) {
  CHECK(profile.identifiers == kBoth);
  CHECK(NameOf(profile) == "Ben");
  CHECK(profile.tags.at(0).score == 3);
  CHECK(profile.events == 2);
  CHECK(profile.purchases.at(0).summary.total_minor_units == 6'000);
}

void CheckAnn(const Profile& profile) {
  CHECK(profile.identifiers == Names{kCard, kAnn, kAnnsPhone});
  CHECK(NameOf(profile) == "Ann");
  CHECK(profile.tags.at(0).score == 1);
  CHECK(profile.events == 1);
  CHECK(profile.purchases.at(0).summary.total_minor_units == 1'000);
}

void CheckBen(const Profile& profile) {
  CHECK(profile.identifiers == Names{kBen, kBensPhone});
  CHECK(NameOf(profile) == "Ben");
  CHECK(profile.tags.at(0).score == 2);
  CHECK(profile.purchases.at(0).summary.total_minor_units == 5'000);
}

template <class Reader>
absl::StatusCode CodeOf(const Reader& reader, const Identifier& identifier,
                        const ProfileOptions& options = {}) {
  return reader.ReadProfile(identifier, options).status().code();
}

}  // namespace

TEST_CASE("as known before it was taken back, two people are the one that they were shown as") {
  const auto engine = OpenMerged();
  const View merged = engine->Read();
  const Profile shown = Must(merged.ReadProfile(kAnnsPhone));
  CheckMerged(shown);
  TakeBackCard(*engine);
  CheckAnn(Must(engine->Read().ReadProfile(kAnnsPhone)));
  CheckBen(Must(engine->Read().ReadProfile(kBensPhone)));

  const Moment then = Must(engine->Read().AsKnown(merged.sequence()));
  const Profile again = Must(then.ReadProfile(kBensPhone));
  CheckMerged(again);
  CHECK(again == Unversioned(shown));
  CHECK(again == Must(then.ReadProfile(kAnn)));
  CHECK(again == Must(then.ReadProfile(shown.id)));
  // As it was shown to a host that explains itself, and read a page at a time.
  ProfileOptions options;
  options.explain = true;
  options.page.limit = 1;
  options.page.skip = 1;
  CHECK(Must(then.ReadProfile(kAnn, options)) ==
        Unversioned(Must(merged.ReadProfile(kAnn, options))));
}

TEST_CASE("as known after each call, everybody is as they were read then") {
  const auto engine = OpenInMemory(LoosePolicy(), 0);
  std::vector<std::pair<std::uint64_t, Profile>> shown;
  for (const Record& record : TwoPeople()) {
    const std::uint64_t sequence = ApplyOne(*engine, record).sequence;
    shown.emplace_back(sequence, Must(engine->Read().ReadProfile(kAnn)));
  }
  TakeBackCard(*engine);
  for (const auto& [sequence, profile] : shown) {
    CAPTURE(sequence);
    CHECK(Must(Must(engine->Read().AsKnown(sequence)).ReadProfile(kAnn)) == Unversioned(profile));
  }
  CHECK(absl::IsNotFound(
      Must(engine->Read().AsKnown(shown[0].first)).ReadProfile(kBensPhone).status()));
}

TEST_CASE("as of a time before the wrong card the two are apart, though it still stands") {
  const auto engine = OpenMerged();
  const Moment before = Must(engine->Read().AsOf(49 * kDay));
  CheckAnn(Must(before.ReadProfile(kCard)));
  CheckBen(Must(before.ReadProfile(kBen)));
  CheckMerged(Must(Must(engine->Read().AsOf(50 * kDay)).ReadProfile(kCard)));
  CHECK(Must(before.ReadProfile(kCard)).now_ms == 49 * kDay);
}

TEST_CASE("as of a time before an event it is left out, also where its record is older") {
  const auto engine = OpenMerged();
  // Reported on day 35 of day 45: a purchase to come.
  ApplyOne(*engine, Told("a3", 35, {kAnn}, Bought(300, 45 * kDay)));
  const auto spent = [](const Profile& profile) {
    return profile.purchases.at(0).summary.total_minor_units;
  };
  const Moment early = Must(engine->Read().AsOf(29 * kDay));
  CHECK(Must(early.ReadProfile(kAnn)).events == 0);
  const Moment between = Must(engine->Read().AsOf(40 * kDay));
  CHECK(Must(between.ReadProfile(kAnn)).events == 1);
  CHECK(spent(Must(between.ReadProfile(kAnn))) == 1'000);
  // Of later times it knows what records of then say of them, and no more.
  CHECK(spent(Must(between.ReadProfile(kAnn, {.now_ms = 60 * kDay}))) == 1'300);
  CHECK(spent(Must(Must(engine->Read().AsOf(49 * kDay)).ReadProfile(kAnn))) == 1'300);
  CHECK(spent(Must(engine->Read().ReadProfile(kAnn))) == 6'300);
}

TEST_CASE("what would be with other definitions is read before they are in force") {
  const auto engine = OpenMerged();
  const Simulation simulation = Must(engine->Read().Simulate(OtherDefinitions()));
  CHECK(simulation.changes.empty());
  const Profile would = Must(simulation.after.ReadProfile(kAnn));
  CHECK(would.identifiers == kBoth);
  CHECK(NameOf(would) == "Ann");
  CHECK(would.tags.at(0).layers == std::vector<std::string>{"drinker"});
  // Nothing of it is in force, and when it is, people are just that.
  CheckMerged(Must(engine->Read().ReadProfile(kAnn)));
  CHECK(Must(engine->Read().ReadProfile(kAnn)).tags.at(0).layers.empty());
  Must(engine->SetPolicy(OtherDefinitions()));
  CHECK(would == Unversioned(Must(engine->Read().ReadProfile(kAnn))));
}

TEST_CASE("what would be with a tighter limit shows each of two people with their own") {
  const auto engine = OpenMerged();
  const Simulation simulation = Must(engine->Read().Simulate(TightPolicy()));
  CHECK(simulation.split == 1);
  const Profile ann = Must(simulation.after.ReadProfile(kCard));
  const Profile ben = Must(simulation.after.ReadProfile(kBen));
  CheckAnn(ann);
  CheckBen(ben);
  CheckMerged(Must(engine->Read().ReadProfile(kAnn)));
  Must(engine->SetPolicy(TightPolicy()));
  CHECK(ann == Unversioned(Must(engine->Read().ReadProfile(kCard))));
  CHECK(ben == Unversioned(Must(engine->Read().ReadProfile(kBen))));
}

TEST_CASE("a moment shows what was told of a whole person who had come apart then") {
  const auto engine = OpenMerged();
  Facts vip = IsCalled("Ann", 0);
  vip.of_person = true;
  Record clerk = Told("clerk", 51, {kAnnsPhone}, vip);
  clerk.identifiers.push_back({kBen.ns, kBen.value, Role::kOther});
  ApplyOne(*engine, clerk);
  CHECK(Must(engine->Read().ReadProfile(kAnn)).ambiguous.empty());
  const Moment apart = Must(engine->Read().Simulate(TightPolicy())).after;
  const Profile ann = Must(apart.ReadProfile(kAnn)), ben = Must(apart.ReadProfile(kBen));
  REQUIRE((ann.ambiguous.size() == 1 && ben.ambiguous.size() == 1));
  CHECK((ann.ambiguous[0].counts_here && !ben.ambiguous[0].counts_here));
  CHECK(ann.ambiguous[0].elsewhere == Names{kBen});
  CHECK(ben.ambiguous[0].elsewhere == Names{kAnnsPhone});
  CHECK(Must(Must(engine->Read().AsOf(50 * kDay)).ReadProfile(kAnn)).ambiguous.empty());
}

TEST_CASE("a moment answers as ever, whatever becomes of the store and of its view") {
  const auto engine = OpenMerged();
  const Moment then = Must(engine->Read().AsOf(60 * kDay));
  const Profile before = Must(then.ReadProfile(kAnn));
  TakeBackCard(*engine);
  ApplyOne(*engine, Told("a4", 55, {kAnn}, IsCalled("Anna", 1)));
  Must(engine->SetPolicy(OtherDefinitions()));
  CHECK(Must(then.ReadProfile(kAnn)) == before);
  CheckMerged(before);
}

TEST_CASE("a moment with records that were folded since is out of range, not half a person") {
  const auto engine = OpenMerged();
  const View view = engine->Read();
  const Moment then = Must(view.AsOf(60 * kDay));
  CHECK(then.ReadProfile(kAnn).ok());
  Must(engine->MoveHorizon("shop", 45 * kDay));
  CHECK(CodeOf(then, kAnn) == CodeOf(view, kAnn));
  CHECK(CodeOf(then, kAnn) == absl::StatusCode::kOutOfRange);
}

TEST_CASE("who was not known then has no profile, and options out of range are named") {
  const auto engine = OpenMerged();
  const Moment first = Must(engine->Read().AsOf(15 * kDay));
  CHECK(CodeOf(first, kAnn) == absl::StatusCode::kOk);
  CHECK(CodeOf(first, kBen) == absl::StatusCode::kNotFound);             // not yet
  CHECK(CodeOf(first, {"crm", "c3"}) == absl::StatusCode::kNotFound);    // never
  CHECK(CodeOf(first, {"weibo", "w1"}) == absl::StatusCode::kNotFound);  // of no namespace
  CHECK(absl::IsNotFound(first.ReadProfile(ProfileId{1'000}).status()));
  TakeBackCard(*engine);
  const ProfileId ben = Must(engine->Read().ReadProfile(kBen)).id;
  CHECK(absl::IsNotFound(first.ReadProfile(ben).status()));
  ProfileOptions options;
  options.page.limit = 10'001;
  const absl::Status status = first.ReadProfile(kAnn, options).status();
  CHECK(absl::IsInvalidArgument(status));
  CHECK_THAT(std::string(status.message()), HoldsText("page.limit"));
  options.page.limit = 10'000;
  CHECK(first.ReadProfile(kAnn, options).ok());
  options.page.within = TimelineOptions::Area{0, std::nan(""), 1};
  CHECK(CodeOf(first, kAnn, options) == absl::StatusCode::kInvalidArgument);

  // Of whom nothing stands any more.
  Must(engine->Retract({.source = "shop", .from_ms = 0, .to_ms = 90 * kDay}));
  CHECK(CodeOf(Must(engine->Read().AsOf(60 * kDay)), kAnn) == absl::StatusCode::kNotFound);
}

}  // namespace polyonym::harness
