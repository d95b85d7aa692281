// Triggers and their outbox: what fires, once, and stays until somebody says that it is done.
#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/outbox.h"
#include "engine/tea_shop.h"
#include "harness/catch.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kHour = 3'600'000, kDay = 24 * kHour;

const TriggerDefinition kGreet{"greet", "much", false, false};
const TriggerDefinition kMiss{"miss", "much", true, false};

std::vector<OutboxItem> ItemsOf(const Engine& engine) { return Must(engine.ReadOutbox()); }

std::vector<std::string> TriggersOf(const Engine& engine) {
  std::vector<std::string> names;
  for (const OutboxItem& item : ItemsOf(engine)) names.push_back(item.trigger);
  return names;
}

std::vector<std::uint64_t> IdsOf(const std::vector<OutboxItem>& items) {
  std::vector<std::uint64_t> ids;
  for (const OutboxItem& item : items) ids.push_back(item.id);
  return ids;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE(
    "who comes into the segment of a trigger is in the outbox and who leaves it of another's") {
  TeaShop shop(TeaPolicy({kGreet, kMiss}));
  shop.Like(1, 1);
  CHECK(ItemsOf(shop.engine()).empty());
  shop.Like(1, 2);
  const std::vector<OutboxItem> items = ItemsOf(shop.engine());
  REQUIRE(items.size() == 1);
  OutboxItem want;
  want.sequence = shop->Read().sequence();
  want.id = want.sequence << 26;
  want.trigger = "greet";
  want.segment = "much";
  want.profile = PersonOf(shop.engine(), 1);
  want.cause = Cause::kRecord;
  want.record = 2;
  want.now_ms = shop->Read().now_ms();
  CHECK(items[0] == want);
  shop.Like(1, 3);  // is in it as before
  CHECK(ItemsOf(shop.engine()) == items);
  shop.Like(1, 0);
  shop.Like(1, 2);  // and comes again
  CHECK(TriggersOf(shop.engine()) == Names{"greet", "miss", "greet"});
  CHECK(ItemsOf(shop.engine())[1].profile == want.profile);
}

TEST_CASE("an item stays until it is acknowledged and is gone then for good") {
  TeaShop shop(TeaPolicy({kGreet}));
  for (int i = 1; i <= 3; ++i) shop.Like(i, 2);
  const std::vector<OutboxItem> items = ItemsOf(shop.engine());
  REQUIRE(items.size() == 3);
  shop.Reopen();
  CHECK(ItemsOf(shop.engine()) == items);
  CHECK(Must(shop->AcknowledgeOutbox(std::array{items[1].id, items[1].id, std::uint64_t{7}})) == 1);
  CHECK(Must(shop->AcknowledgeOutbox(std::array{items[1].id})) == 0);
  CHECK(Must(shop->AcknowledgeOutbox({})) == 0);
  Must(shop->Checkpoint());
  shop.Reopen();
  CHECK(ItemsOf(shop.engine()) == std::vector<OutboxItem>{items[0], items[2]});
  CHECK(Must(shop->AcknowledgeOutbox(IdsOf(items))) == 2);
  shop.Reopen();
  CHECK(ItemsOf(shop.engine()).empty());
}

TEST_CASE("the outbox is read in order of id from any place and by trigger") {
  const TriggerDefinition drinks{"drinks", "tea", false, false};
  TeaShop shop(TeaPolicy({kGreet, drinks}));
  std::vector<Record> records;
  for (int i = 1; i <= 4; ++i) records.push_back(Likes(i, i % 2 + 1));
  Must(shop->Apply(records).status());
  shop.Like(5, 2);
  const std::vector<OutboxItem> items = ItemsOf(shop.engine());
  REQUIRE(items.size() == 8);  // all five drink tea, 1 and 3 and 5 are greeted
  const std::vector<std::uint64_t> ids = IdsOf(items);
  CHECK(std::is_sorted(ids.begin(), ids.end()));
  CHECK(std::set<std::uint64_t>(ids.begin(), ids.end()).size() == 8);
  CHECK(Must(shop->ReadOutbox({.trigger = "greet"})).size() == 3);
  CHECK(Must(shop->ReadOutbox({.trigger = "nobody's"})).empty());
  const auto some = Must(shop->ReadOutbox({.after_id = ids[2], .limit = 2}));
  CHECK(some == std::vector<OutboxItem>{items[3], items[4]});
  CHECK(Must(shop->ReadOutbox({.after_id = ids[7]})).empty());
  CHECK(Must(shop->ReadOutbox({.after_id = ~std::uint64_t{0}})).empty());
  CHECK(absl::IsInvalidArgument(shop->ReadOutbox({.limit = 0}).status()));
  CHECK(absl::IsInvalidArgument(shop->ReadOutbox({.limit = 1'000'001}).status()));
  CHECK(absl::IsNotFound(shop->ReadOutbox({.graph = "nowhere"}).status()));
  CHECK(absl::IsNotFound(shop->AcknowledgeOutbox(ids, "nowhere").status()));
}

TEST_CASE("a definition moves people and fires only triggers of any cause") {
  TriggerDefinition any = kGreet;
  any.name = "any";
  any.any_cause = true;
  TeaShop shop(ShopPolicy());
  for (int i = 1; i <= 3; ++i) shop.Like(i, 2);
  Must(shop->SetPolicy(TeaPolicy({kGreet, any})).status());
  CHECK(TriggersOf(shop.engine()) == Names{"any", "any", "any"});
  for (const OutboxItem& item : ItemsOf(shop.engine())) CHECK(item.cause == Cause::kDefinition);
  Policy other = TeaPolicy({kMiss});
  other.definitions.segments[1].expression = "score of tag tea >= 3";
  Must(shop->SetPolicy(other).status());
  CHECK(ItemsOf(shop.engine()).size() == 3);  // those who left did nothing; the old items stay
  shop.Like(1, 3);
  shop.Like(1, 1);
  CHECK(TriggersOf(shop.engine()) == Names{"any", "any", "any", "miss"});
}

TEST_CASE("a merge moves people and fires only triggers of any cause") {
  TriggerDefinition any = kGreet;
  any.name = "any";
  any.any_cause = true;
  TeaShop shop(TeaPolicy({kGreet, any}));
  Record one = Seen("one", 1, {{"crm", "c1"}}), two = Seen("two", 2, {{"openid", "o"}});
  one.facts = two.facts = Likes(1, 1).facts;
  ApplyOne(shop.engine(), one);
  ApplyOne(shop.engine(), two);
  ApplyOne(shop.engine(), Seen("link", 3, {{"crm", "c1"}, {"openid", "o"}}));
  CHECK(TriggersOf(shop.engine()) == Names{"any"});
  CHECK(ItemsOf(shop.engine())[0].cause == Cause::kMerge);
}

TEST_CASE("what somebody took back fires as what they did") {
  TeaShop shop(TeaPolicy({kGreet, kMiss}));
  ApplyOne(shop.engine(), Likes(1, 2));
  RecordSelector all;
  all.source = "shop";
  all.record_id = "likes1";
  Must(shop->Retract(all).status());
  CHECK(TriggersOf(shop.engine()) == Names{"greet", "miss"});
  CHECK(ItemsOf(shop.engine())[1].cause == Cause::kRetraction);
}

// ---- time: what docs/feed.md promises ----

namespace {

Record Did(const std::string& id, const std::string& type, std::int64_t time_ms) {
  Record record = Seen(id, time_ms, {{"crm", "c1"}});
  Facts facts;
  Event& event = facts.events.emplace_back();
  event.type = type;
  event.time_ms = time_ms;
  record.facts = WriteFacts(facts);
  return record;
}

Policy ReminderPolicy() {
  Policy policy = ShopPolicy();
  policy.definitions.segments = {
      {"looked and left",
       "count(view within 4 days) >= 3 and last(time of view) <= now - 2 days and "
       "not did(order within 4 days)",
       ""}};
  policy.definitions.triggers = {{"remind", "looked and left", false, false}};
  return policy;
}

}  // namespace

TEST_CASE("who looked three times and did not buy within two days is reminded by time alone") {
  constexpr std::int64_t kStart = 1'500'000'000'000;
  for (const bool buys : {false, true}) {
    TeaShop shop(ReminderPolicy());
    for (int i = 0; i < 3; ++i)
      ApplyOne(shop.engine(), Did("view" + std::to_string(i), "view", kStart + i * kHour));
    Must(shop->AdvanceTo(kStart + kDay).status());
    if (buys) ApplyOne(shop.engine(), Did("order", "order", kStart + kDay));
    Must(shop->AdvanceTo(kStart + 2 * kDay + 2 * kHour - 1).status());
    CHECK(ItemsOf(shop.engine()).empty());
    const AdvanceResult due = Must(shop->AdvanceTo(kStart + 2 * kDay + 2 * kHour));
    const std::vector<OutboxItem> items = ItemsOf(shop.engine());
    REQUIRE(items.size() == (buys ? 0u : 1u));
    if (buys) continue;
    CHECK(items[0].trigger == "remind");
    CHECK(items[0].cause == Cause::kTime);
    CHECK(items[0].sequence == due.sequence);
    CHECK(items[0].now_ms == kStart + 2 * kDay + 2 * kHour);
    Must(shop->AdvanceTo(kStart + 3 * kDay).status());
    CHECK(ItemsOf(shop.engine()) == items);
  }
}

// ---- crashes ----

TEST_CASE("a policy whose work a crash cut short fires what it would have and only once") {
  TriggerDefinition any = kGreet;
  any.any_cause = true;
  const auto story = [&](TeaShop* shop) {
    for (int i = 1; i <= 3; ++i) shop->Like(i, 2);
  };
  TeaShop whole(ShopPolicy()), cut(ShopPolicy());
  story(&whole);
  story(&cut);
  Must(whole->SetPolicy(TeaPolicy({any})).status());
  cut.FailCommitAfter(1);  // the policy's frame is written, its changes are not
  CHECK(absl::IsUnavailable(cut->SetPolicy(TeaPolicy({any})).status()));
  cut.Reopen();
  const std::vector<OutboxItem> items = ItemsOf(cut.engine());
  CHECK(items.size() == 3);
  CHECK(items == ItemsOf(whole.engine()));
  CHECK(Must(cut->AcknowledgeOutbox(IdsOf(items))) == 3);
  cut.Reopen();  // from the log alone: the row of changes is there, so nothing is made again
  CHECK(ItemsOf(cut.engine()).empty());
}

TEST_CASE("what was acknowledged does not come back when the feed of its call was let go") {
  TeaShop shop(TeaPolicy({kGreet}));
  shop.Like(1, 2);
  CHECK(Must(shop->AcknowledgeOutbox(IdsOf(ItemsOf(shop.engine())))) == 1);
  Must(shop->TrimFeed(shop->Read().sequence() + 1));
  shop.Reopen();
  CHECK(ItemsOf(shop.engine()).empty());
  CHECK(absl::IsOutOfRange(shop->Read().Changes(shop->Read().sequence(), 10).status()));
  shop.Like(2, 2);
  CHECK(ItemsOf(shop.engine()).size() == 1);
}

TEST_CASE("a call that failed fires nothing") {
  TeaShop shop(TeaPolicy({kGreet}));
  shop.FailCommitAfter(0);
  const Record record = Likes(1, 2);
  CHECK(absl::IsUnavailable(shop->Apply(std::span(&record, 1)).status()));
  CHECK(ItemsOf(shop.engine()).empty());
  shop.Reopen();
  CHECK(ItemsOf(shop.engine()).empty());
}

TEST_CASE("an acknowledgement of items that failed leaves them and the engine read-only") {
  TeaShop shop(TeaPolicy({kGreet}));
  shop.Like(1, 2);
  const std::vector<OutboxItem> items = ItemsOf(shop.engine());
  shop.FailCommitAfter(0);
  CHECK(absl::IsUnavailable(shop->AcknowledgeOutbox(IdsOf(items)).status()));
  CHECK(absl::IsFailedPrecondition(shop->AcknowledgeOutbox(IdsOf(items)).status()));
  shop.Reopen();
  CHECK(ItemsOf(shop.engine()) == items);
}

TEST_CASE("an outbox shows nothing that a power cut could take back") {
  TeaShop shop(TeaPolicy({kGreet}));
  shop.options().durability = Durability::kGroup;
  shop.options().group_ms = 60'000;
  shop.Reopen();
  shop.Like(1, 2);
  shop.plan().fail_syncs = true;
  CHECK(absl::IsUnavailable(shop->ReadOutbox().status()));
}

TEST_CASE("an item that does not decode is DataLoss") {
  TeaShop shop(TeaPolicy({kGreet}));
  shop.Like(1, 2);
  const std::string key = engine::OutboxKey(ItemsOf(shop.engine())[0].id, 0);
  const std::string good = Must(shop.store().Get(Table::kMeta, key)).value();
  const auto put = [&](std::string value) {
    WriteSet writes;
    writes.puts.push_back({Table::kMeta, key, std::move(value)});
    Must(shop.store().Commit(writes, true));
  };
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    put(good.substr(0, cut));
    CHECK(absl::IsDataLoss(shop->ReadOutbox().status()));
  }
  put(good);
  CHECK(ItemsOf(shop.engine()).size() == 1);
}

TEST_CASE("a store on disk keeps cursors and items and so does its copy") {
  const TempFolder folder;
  std::vector<OutboxItem> items;
  {
    const auto engine = Must(Engine::Open(folder / "store", {}));
    Must(engine->SetPolicy(TeaPolicy({kGreet})).status());
    for (int i = 1; i <= 3; ++i) ApplyOne(*engine, Likes(i, 2));
    items = ItemsOf(*engine);
    REQUIRE(items.size() == 3);
    CHECK(Must(engine->AcknowledgeOutbox(std::array{items[0].id})) == 1);
    ChangeFeed feed = Must(engine->OpenFeed({.consumer = "index"}));
    Must(feed.Next(0).status());
    Must(feed.Acknowledge());
    Must(engine->TrimFeed(3));
    Must(engine->CopyTo(folder / "copy"));
  }
  items.erase(items.begin());
  for (const char* name : {"store", "copy"}) {
    const auto engine = Must(Engine::Open(folder / name, {}));
    CHECK(ItemsOf(*engine) == items);
    CHECK(Must(engine->FeedCursors()) == std::vector<FeedCursor>{{"index", "", 5}});
    CHECK(absl::IsOutOfRange(engine->Read().Changes(2, 10).status()));
    CHECK(Must(engine->Read().Changes(3, 100)).size() == 6);
  }
}

// ---- graphs ----

TEST_CASE("each graph has an outbox of its own and ids are the store's") {
  TeaShop shop(TeaPolicy({kGreet}));
  PolicyOptions household;
  household.graph = "household";
  Must(shop->SetPolicy(TeaPolicy({kGreet}), household).status());
  shop.Like(1, 2);
  const std::vector<OutboxItem> one = ItemsOf(shop.engine());
  const std::vector<OutboxItem> two = Must(shop->ReadOutbox({.graph = "household"}));
  REQUIRE(one.size() == 1);
  REQUIRE(two.size() == 1);
  CHECK(one[0].id != two[0].id);
  CHECK(Must(shop->AcknowledgeOutbox(IdsOf(two))) == 0);  // not of this graph
  CHECK(Must(shop->AcknowledgeOutbox(IdsOf(two), "household")) == 1);
  shop.Reopen();
  CHECK(ItemsOf(shop.engine()) == one);
  CHECK(Must(shop->ReadOutbox({.graph = "household"})).empty());
}

TEST_CASE("a call may fire as many as its ids can count and no more") {
  engine::FeedRow row;
  Change& change = row.changes.emplace_back();
  change.kind = ChangeKind::kEntered;
  change.cause = Cause::kRecord;
  change.name = "much";
  std::uint64_t number = (std::uint64_t{1} << 26) - 1;
  WriteSet writes;
  Must(engine::PutTriggered({kGreet}, 0, 5, row, &number, &writes));
  REQUIRE(writes.puts.size() == 1);
  CHECK(Must(engine::DecodeOutboxRow(writes.puts[0].key, writes.puts[0].value)).id ==
        (std::uint64_t{6} << 26) - 1);
  CHECK(absl::IsResourceExhausted(engine::PutTriggered({kGreet}, 0, 5, row, &number, &writes)));
}

// ---- at random ----

namespace {

// What the feed says that triggers fire.
std::map<std::uint64_t, OutboxItem> Expected(const Engine& engine,
                                             const std::vector<TriggerDefinition>& triggers) {
  std::map<std::uint64_t, OutboxItem> items;
  std::map<std::uint64_t, std::uint64_t> numbers;
  for (const Change& change : AllChanges(engine.Read())) {
    for (const TriggerDefinition& trigger : triggers) {
      const ChangeKind kind = trigger.on_exit ? ChangeKind::kLeft : ChangeKind::kEntered;
      if (change.kind != kind || change.name != trigger.segment) continue;
      OutboxItem item;
      item.id = (change.sequence << 26) + numbers[change.sequence]++;
      item.sequence = change.sequence;
      item.trigger = trigger.name;
      item.segment = trigger.segment;
      item.profile = trigger.on_exit ? change.from : change.to;
      item.cause = change.cause;
      item.record = change.record;
      items[item.id] = item;
    }
  }
  return items;
}

std::string CheckMortalHost(std::uint64_t seed) {
  Random random(seed);
  const std::vector<TriggerDefinition> triggers = {
      kGreet, kMiss, {"drinks", "tea", false, false}, {"twice", "much", false, true}};
  TeaShop shop(TeaPolicy(triggers));
  std::map<std::uint64_t, OutboxItem> done;
  for (int step = 0; step < 80; ++step) {
    shop.Like(static_cast<int>(random.Below(6)), static_cast<std::int64_t>(random.Below(4)));
    if (random.Chance(20)) shop.Reopen();
    if (random.Chance(10)) Must(shop->Checkpoint());
    if (random.Chance(10)) Must(shop->TrimFeed(0));
    if (!random.Chance(30)) continue;
    const auto items = Must(shop->ReadOutbox({.limit = 1 + random.Below(5)}));
    if (random.Chance(30)) shop.Reopen();  // dies before it says so
    std::vector<std::uint64_t> ids;
    for (OutboxItem item : items) {
      if (!random.Chance(70)) continue;
      ids.push_back(item.id);
      item.now_ms = 0;
      if (!done.emplace(item.id, item).second) return "an item came again\n";
    }
    if (Must(shop->AcknowledgeOutbox(ids)) != ids.size()) return "an item was not there\n";
  }
  for (OutboxItem item : ItemsOf(shop.engine())) {
    item.now_ms = 0;
    if (!done.emplace(item.id, item).second) return "an item is there that was acknowledged\n";
  }
  return done == Expected(shop.engine(), triggers) ? "" : "the feed says other items\n";
}

}  // namespace

TEST_CASE("a host that dies at random is given every item until it is acknowledged and not again") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    INFO("seed " << seed);
    REQUIRE(CheckMortalHost(seed) == "");
  }
}

}  // namespace polyonym::harness
