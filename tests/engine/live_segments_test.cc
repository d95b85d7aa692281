// Who comes into segments and who leaves them, and why, as the feed says it; and what is looked up of it.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/shop.h"
#include "engine/tea_shop.h"
#include "harness/catch.h"
#include "polyonym/engine/segments.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

void Define(Engine& engine, const std::vector<std::pair<std::string, std::string>>& segments,
            const std::vector<std::string>& traits = {},
            const std::vector<std::string>& tags = {}) {
  Policy policy = engine.Read().policy();
  policy.definitions = Definitions();
  policy.definitions.purposes.emplace_back().name = "ads";
  policy.definitions.traits.emplace_back().name = "city";
  policy.definitions.tags.emplace_back().name = "tea";
  for (const auto& [name, expression] : segments)
    policy.definitions.segments.push_back({name, expression, ""});
  policy.definitions.watched_traits = traits;
  policy.definitions.watched_tags = tags;
  Must(engine.SetPolicy(policy));
}

Record With(Record record, const Facts& facts) {
  record.facts = WriteFacts(facts);
  return record;
}

Facts Did(const std::string& type) {
  Facts facts;
  facts.events.emplace_back().type = type;
  return facts;
}

Facts Lives(const std::string& city) {
  Facts facts;
  Trait& trait = facts.traits.emplace_back();
  trait.name = "city";
  trait.value.is = city;
  return facts;
}

// `+name cause` and `-name cause` for each, in order; with the value of what is watched.
std::vector<std::string> TurnsOf(const std::vector<Change>& changes) {
  std::vector<std::string> turns;
  for (const Change& change : changes) {
    const std::string cause(ToString(change.cause));
    if (change.kind == ChangeKind::kEntered) turns.push_back("+" + change.name + " " + cause);
    if (change.kind == ChangeKind::kLeft) turns.push_back("-" + change.name + " " + cause);
    if (change.kind != ChangeKind::kTrait && change.kind != ChangeKind::kTag) continue;
    turns.push_back(change.name + "=");
    for (const std::string& value : change.values) turns.back() += value + ";";
  }
  return turns;
}

using Turns = std::vector<std::string>;

std::vector<Change> Apply(Engine& engine, Record record) {
  return Must(engine.Apply(std::span(&record, 1))).changes;
}

}  // namespace

TEST_CASE("a record brings people in and its retraction takes them out in the same call") {
  const auto engine = OpenShop();
  Define(*engine, {{"buyers", "did(order)"}, {"others", "not did(order)"}});
  CHECK(TurnsOf(Apply(*engine, Seen("a", 1'000, {{"crm", "c1"}}))) == Turns{"+others record"});
  const std::vector<Change> came =
      Apply(*engine, With(Seen("b", 2'000, {{"crm", "c1"}}), Did("order")));
  CHECK(TurnsOf(came) == Turns{"+buyers record", "-others record"});
  const ProfileId id = *engine->Read().Resolve({"crm", "c1"}).profile;
  for (const Change& change : came) {
    CHECK((change.kind == ChangeKind::kEntered ? change.to : change.from) == id);
    CHECK(change.record == 2);
    CHECK(change.sequence == engine->Read().sequence());
  }
  const RetractResult gone = Must(engine->Retract({.source = "shop", .record_id = "b"}));
  CHECK(TurnsOf(gone.changes) == Turns{"-buyers retraction", "+others retraction"});
}

TEST_CASE("time alone lets people go at the very millisecond") {
  const auto engine = OpenShop();
  Define(*engine, {{"recent", "did(order within 30 days)"}});
  Apply(*engine, With(Seen("a", 1'000, {{"crm", "c1"}}), Did("order")));
  const std::int64_t end = 1'000 + 30 * kDayMs;
  CHECK(Must(engine->AdvanceTo(end - 1)).changes.empty());
  const AdvanceResult due = Must(engine->AdvanceTo(end));
  CHECK(TurnsOf(due.changes) == Turns{"-recent time"});
  CHECK(due.changes.front().record == 0);
}

TEST_CASE("a newer record moves time for everybody") {
  const auto engine = OpenShop();
  Define(*engine, {{"recent", "did(order within 30 days)"}});
  Apply(*engine, With(Seen("a", 1'000, {{"crm", "c1"}}), Did("order")));
  const Turns turns =
      TurnsOf(Apply(*engine, With(Seen("b", 1'000 + 31 * kDayMs, {{"crm", "c2"}}), Did("order"))));
  CHECK(turns == Turns{"-recent time", "+recent record"});
}

TEST_CASE("merges and splits say so and a host can ignore them") {
  const auto engine = OpenShop();
  Define(*engine, {{"both", "did(order) and did(view)"}});
  Apply(*engine, With(Seen("a", 1, {{"crm", "c1"}}), Did("order")));
  Apply(*engine, With(Seen("b", 2, {{"openid", "o"}}), Did("view")));
  CHECK(TurnsOf(Apply(*engine, Seen("link", 3, {{"crm", "c1"}, {"openid", "o"}}))) ==
        Turns{"+both merge"});
  CHECK(TurnsOf(Must(engine->Retract({.source = "shop", .record_id = "link"})).changes) ==
        Turns{"-both split"});
}

TEST_CASE("whoever is merged away leaves under the old number and comes in under the new") {
  const auto engine = OpenShop();
  Define(*engine, {{"buyers", "did(order)"}});
  Apply(*engine, With(Seen("a", 1, {{"openid", "o"}}), Did("order")));
  const ProfileId before = *engine->Read().Resolve({"openid", "o"}).profile;
  Apply(*engine, Seen("b", 2, {{"crm", "c1"}}));
  const std::vector<Change> changes =
      Apply(*engine, Seen("link", 3, {{"crm", "c1"}, {"openid", "o"}}));
  CHECK(TurnsOf(changes).size() == 2);
  const SegmentReader reader = Must(SegmentReader::Make(engine->Read()));
  CHECK(reader.is_live());
  CHECK(Must(reader.Contains("buyers", before)));  // the old number leads to the new
  CHECK(Must(reader.Count()).segments.front().members == 1);
}

TEST_CASE("a definition that changes tells of the difference alone") {
  const auto engine = OpenShop();
  Apply(*engine, With(Seen("a", 1, {{"crm", "c1"}}), Did("order")));
  Apply(*engine, With(Seen("b", 2, {{"crm", "c2"}}), Did("view")));
  Define(*engine, {{"some", "did(order)"}, {"same", "did(view)"}});
  Policy policy = engine->Read().policy();
  policy.definitions.segments[0].expression = "did(order) or did(view)";
  CHECK(TurnsOf(Must(engine->SetPolicy(policy)).changes) == Turns{"+some definition"});
  policy.definitions.segments.erase(policy.definitions.segments.begin());
  CHECK(TurnsOf(Must(engine->SetPolicy(policy)).changes) ==
        Turns{"-some definition", "-some definition"});
  policy.definitions.segments.clear();
  CHECK(TurnsOf(Must(engine->SetPolicy(policy)).changes) == Turns{"-same definition"});
  CHECK(!Must(SegmentReader::Make(engine->Read())).segments().size());
}

TEST_CASE("consent that is withdrawn is the cause where it is asked for") {
  const auto engine = OpenShop();
  Define(*engine, {{"may", "consent ads = \"granted\""}});
  Facts facts;
  facts.consents.push_back({"ads", ConsentState::kGranted, {}});
  CHECK(TurnsOf(Apply(*engine, With(Seen("a", 1, {{"crm", "c1"}}), facts))) ==
        Turns{"+may consent"});
  facts.consents.front().state = ConsentState::kWithdrawn;
  CHECK(TurnsOf(Apply(*engine, With(Seen("b", 2, {{"crm", "c1"}}), facts))) ==
        Turns{"-may consent"});
}

TEST_CASE("a guard that trips moves facts and members with them") {
  Policy policy;
  for (const char* name : {"device", "crm"}) {
    NamespacePolicy& ns = policy.namespaces.emplace_back();
    ns.name = name;
    ns.priority = static_cast<std::uint32_t>(policy.namespaces.size());
  }
  policy.namespaces[0].guards.push_back({"crm", 1});
  const auto engine = OpenInMemory(policy, 1);
  Define(*engine, {{"buyers", "did(order)"}, {"two", "count(order) = 2"}});
  Apply(*engine, With(Seen("a", 1, {{"device", "d"}, {"crm", "c1"}}), Did("order")));
  // The device is shared now: each order is of whoever was logged in.
  Apply(*engine, With(Seen("b", 2, {{"device", "d"}, {"crm", "c2"}}), Did("order")));
  const SegmentReader reader = Must(SegmentReader::Make(engine->Read()));
  const auto counts = Must(reader.Count());
  CHECK(counts.segments[0].members == 2);
  CHECK(counts.segments[1].members == 0);
  for (const char* c : {"c1", "c2"})
    CHECK(Must(reader.Contains("buyers", *engine->Read().Resolve({"crm", c}).profile)));
}

TEST_CASE("traits and tags that are watched are told when they are others") {
  const auto engine = OpenShop();
  Define(*engine, {}, {"city"}, {"tea"});
  CHECK(TurnsOf(Apply(*engine, With(Seen("a", 1, {{"crm", "c1"}}), Lives("Wuhan")))) ==
        Turns{"city=Wuhan;"});
  CHECK(TurnsOf(Apply(*engine, With(Seen("b", 2, {{"crm", "c1"}}), Lives("Wuhan")))).empty());
  Facts likes;
  likes.tags.push_back({"tea", 2'000'000, {}, {}, "", {}, ""});
  CHECK(TurnsOf(Apply(*engine, With(Seen("c", 3, {{"crm", "c1"}}), likes))) == Turns{"tea=2;"});
  CHECK(TurnsOf(Must(engine->Retract({.source = "shop", .record_id = "c"})).changes) ==
        Turns{"tea="});
  // Whoever is merged with somebody takes what they have.
  Apply(*engine, With(Seen("d", 4, {{"openid", "o"}}), Lives("Shanghai")));
  CHECK(TurnsOf(Apply(*engine, Seen("link", 5, {{"crm", "c1"}, {"openid", "o"}}))) ==
        Turns{"city=Shanghai;"});
}

TEST_CASE("somebody who is touched again and again takes no more memory for when they are due") {
  EngineOptions options;
  options.live_facts_bytes = 0;
  const auto engine = Must(Engine::OpenInMemory(options));
  Must(engine->SetPolicy(ShopPolicy()));
  Define(*engine, {{"recent", "did(order within 30 days)"}});
  const auto touch = [&](int i) {
    Apply(*engine, With(Seen("r" + std::to_string(i), 1'000, {{"crm", "c1"}}), Did("order")));
  };
  touch(0);
  const std::uint64_t bytes = engine->Metrics().resident.segments;
  for (int i = 1; i <= 300; ++i) touch(i);
  CHECK(engine->Metrics().resident.segments < bytes + 1'000);
}

TEST_CASE("what is told ahead of its time counts once that has come") {
  const auto engine = OpenShop();
  Define(*engine, {{"buyers", "did(order)"}});
  Facts later = Did("order");
  later.events.front().time_ms = 5'000;
  CHECK(TurnsOf(Apply(*engine, With(Seen("a", 1'000, {{"crm", "c1"}}), later))).empty());
  CHECK(TurnsOf(Must(engine->AdvanceTo(4'999)).changes).empty());
  CHECK(TurnsOf(Must(engine->AdvanceTo(5'000)).changes) == Turns{"+buyers time"});
}

TEST_CASE("a page of members is a page of all") {
  const auto engine = OpenShop();
  Define(*engine, {{"everybody", "has crm"}});
  for (int i = 0; i < 10; ++i) Apply(*engine, Visit(i));
  const SegmentReader reader = Must(SegmentReader::Make(engine->Read()));
  const SegmentMembers all = Must(reader.Members("everybody"));
  const SegmentMembers page = Must(reader.Members("everybody", {.limit = 3, .skip = 4}));
  REQUIRE(all.page.size() == 10);
  CHECK(page.total == 10);
  CHECK(page.page == std::vector<SegmentMember>(all.page.begin() + 4, all.page.begin() + 7));
}

TEST_CASE("an import in bulk is one commit for segments too") {
  const auto engine = OpenShop();
  Define(*engine, {{"buyers", "did(order)"}});
  std::vector<Record> records;
  for (int i = 0; i < 500; ++i) {
    records.push_back(With(Seen("r" + std::to_string(i), i, {{"crm", "c" + std::to_string(i)}}),
                           Did(i % 5 == 0 ? "order" : "view")));
  }
  Must(engine->BulkApply(std::span(records).first(200)));
  Must(engine->BulkApply(std::span(records).subspan(200)));
  Must(engine->Sync());
  CHECK(Must(Must(SegmentReader::Make(engine->Read())).Count()).segments.front().members == 100);
  std::size_t entered = 0;
  for (const Change& change : Must(engine->Read().Changes(0, ~std::uint64_t{0})))
    entered += change.kind == ChangeKind::kEntered ? 1 : 0;
  CHECK(entered == 100);
}

TEST_CASE("a call that touched many people is taken again from a store that is opened again") {
  TeaShop shop;
  std::vector<Record> records;
  for (int i = 1; i <= 2'000; ++i) records.push_back(Likes(i, 1));
  Must(shop->Apply(records));  // some hundred frames, which are read on opening by several threads
  for (int round = 0; round < 15; ++round) {
    shop.Reopen();
    const SegmentCounts counts = Must(Must(SegmentReader::Make(shop->Read())).Count());
    CHECK(counts.segments[0].members == 2'000);
  }
}

}  // namespace polyonym::harness
