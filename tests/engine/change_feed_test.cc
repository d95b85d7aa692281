// Consumers of the feed: what each is given, once, in order, wherever it or the engine dies.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/feed.h"
#include "engine/tea_shop.h"
#include "harness/catch.h"

namespace polyonym::harness {
namespace {

constexpr std::uint32_t kLong = 600'000;  // nobody waits for it: what is waited for comes

std::vector<Change> NextOf(ChangeFeed& feed) { return Must(feed.Next(0)).changes; }

// To the end.
std::vector<Change> Drain(ChangeFeed& feed) {
  std::vector<Change> all;
  for (;;) {
    FeedBatch batch = Must(feed.Next(0));
    all.insert(all.end(), batch.changes.begin(), batch.changes.end());
    if (batch.at_end) return all;
  }
}

std::vector<Change> Drain(const Engine& engine, const FeedFilter& filter) {
  ChangeFeed feed = Must(engine.OpenFeed({.filter = filter}));
  return Drain(feed);
}

std::uint64_t CursorOf(const Engine& engine, const std::string& consumer) {
  for (const FeedCursor& cursor : Must(engine.FeedCursors())) {
    if (cursor.consumer == consumer) return cursor.next;
  }
  return 0;
}

}  // namespace

TEST_CASE("what was acknowledged never comes again and what was not does") {
  TeaShop shop;
  for (int i = 1; i <= 5; ++i) shop.Like(i, 1);
  const std::vector<Change> all = AllChanges(shop->Read());
  std::vector<Change> got;
  {
    ChangeFeed feed = Must(shop->OpenFeed({.consumer = "index", .max_changes = 1}));
    got = NextOf(feed);
    Must(feed.Acknowledge());
    CHECK(NextOf(feed) != got);  // a feed goes on without it
  }
  const std::size_t acknowledged = got.size();
  REQUIRE(acknowledged > 0);
  for (const bool reopened : {false, true}) {
    if (reopened) shop.Reopen();
    ChangeFeed feed = Must(shop->OpenFeed({.consumer = "index"}));
    const std::vector<Change> rest = Drain(feed);
    CHECK(std::vector<Change>(all.begin() + static_cast<std::ptrdiff_t>(acknowledged), all.end()) ==
          rest);
    CHECK(feed.position() == shop->Read().sequence() + 1);
  }
}

TEST_CASE("a batch holds whole calls and ends with the one that reaches its bound") {
  TeaShop shop;
  std::vector<Record> five;
  for (int i = 1; i <= 5; ++i) five.push_back(Likes(i, 1));
  Must(shop->Apply(five).status());
  shop.Like(6, 1);
  ChangeFeed feed = Must(shop->OpenFeed({.max_changes = 3}));
  const FeedBatch first = Must(feed.Next(0));
  CHECK(first.changes.size() == 10);  // five came about, and like tea
  CHECK(!first.at_end);
  CHECK(first.next == first.changes.back().sequence + 1);
  const FeedBatch second = Must(feed.Next(0));
  CHECK(second.changes.size() == 2);
  CHECK(second.at_end);
  CHECK(Must(feed.Next(0)).changes.empty());
}

TEST_CASE("each consumer has a place of its own in each graph") {
  TeaShop shop;
  shop.Like(1, 1);
  PolicyOptions household;
  household.graph = "household";
  Must(shop->SetPolicy(TeaPolicy(), household).status());
  shop.Like(2, 1);
  const auto read = [&](const std::string& consumer, const std::string& graph, bool acknowledge) {
    ChangeFeed feed = Must(shop->OpenFeed({.consumer = consumer, .graph = graph}));
    const std::size_t count = Drain(feed).size();
    if (acknowledge) Must(feed.Acknowledge());
    return count;
  };
  CHECK(read("a", "", true) == 4);
  CHECK(read("a", "household", false) > 0);
  CHECK(read("b", "", true) == 4);
  CHECK(read("a", "", true) == 0);
  shop.Like(3, 1);
  CHECK(read("a", "", false) == 2);
  CHECK(read("a", "household", true) > 0);
  CHECK(read("a", "household", true) == 0);
  const std::uint64_t end = shop->Read().sequence() + 1;
  CHECK(Must(shop->FeedCursors()) ==
        std::vector<FeedCursor>{{"a", "", end - 1}, {"b", "", end - 1}, {"a", "household", end}});
}

TEST_CASE("a cursor never goes back") {
  TeaShop shop;
  shop.Like(1, 1);
  ChangeFeed behind = Must(shop->OpenFeed({.consumer = "index"}));
  Must(behind.Next(0).status());
  shop.Like(2, 1);
  ChangeFeed ahead = Must(shop->OpenFeed({.consumer = "index"}));
  Must(ahead.Next(0).status());
  Must(ahead.Acknowledge());
  const std::uint64_t there = CursorOf(shop.engine(), "index");
  Must(behind.Acknowledge());
  CHECK(CursorOf(shop.engine(), "index") == there);
  Must(ahead.Acknowledge());
  CHECK(CursorOf(shop.engine(), "index") == there);
  CHECK(there == shop->Read().sequence() + 1);
}

TEST_CASE("a dropped cursor is gone and the consumer begins anew") {
  TeaShop shop;
  shop.Like(1, 1);
  {
    ChangeFeed feed = Must(shop->OpenFeed({.consumer = "index"}));
    Must(feed.Next(0).status());
    Must(feed.Acknowledge());
  }
  Must(shop->DropFeedCursor("index"));
  CHECK(absl::IsNotFound(shop->DropFeedCursor("index")));
  CHECK(absl::IsNotFound(shop->DropFeedCursor("index", "nowhere")));
  CHECK(absl::IsInvalidArgument(shop->DropFeedCursor("")));
  shop.Reopen();
  CHECK(Must(shop->FeedCursors()).empty());
  ChangeFeed feed = Must(shop->OpenFeed({.consumer = "index", .from = 2}));
  CHECK(NextOf(feed).size() == 2);
}

TEST_CASE("a filter lets pass what is of its kinds and names and profiles and not of its causes") {
  TeaShop shop;
  shop.Like(1, 1);
  shop.Like(2, 3);
  shop.Like(2, 0);
  Policy other = TeaPolicy();
  other.definitions.segments[1].expression = "score of tag tea >= 1";
  Must(shop->SetPolicy(other).status());
  const std::vector<Change> all = AllChanges(shop->Read());
  const auto those = [&](auto passes) {
    std::vector<Change> out;
    std::copy_if(all.begin(), all.end(), std::back_inserter(out), passes);
    REQUIRE(!out.empty());
    REQUIRE(out.size() < all.size());
    return out;
  };
  const Engine& engine = shop.engine();
  CHECK(Drain(engine, {}) == all);
  CHECK(Drain(engine, {.kinds = {ChangeKind::kEntered, ChangeKind::kLeft}}) ==
        those([](const Change& c) { return !IsWhoIsWho(c.kind); }));
  CHECK(Drain(engine, {.names = {"much"}}) ==
        those([](const Change& c) { return IsWhoIsWho(c.kind) || c.name == "much"; }));
  CHECK(Drain(engine, {.kinds = {ChangeKind::kEntered}, .names = {"much"}}) ==
        those([](const Change& c) { return c.kind == ChangeKind::kEntered && c.name == "much"; }));
  CHECK(Drain(engine, {.without_causes = {Cause::kDefinition}}) ==
        those([](const Change& c) { return c.cause != Cause::kDefinition; }));
  const ProfileId second = PersonOf(engine, 2);
  CHECK(Drain(engine, {.profiles = {second}}) == those([&](const Change& c) {
          return (c.kind == ChangeKind::kLeft ? c.from : c.to) == second;
        }));
  CHECK(Drain(engine, {.names = {"nothing"}, .profiles = {ProfileId{1'000'000}}}).empty());
}

TEST_CASE("the profile of a filter is not taken for one that a change does not speak of") {
  TeaShop shop;
  shop.Like(1, 1);  // has the id 0, as fields have that mean nothing
  shop.Like(2, 1);
  const ProfileId first = PersonOf(shop.engine(), 1);
  REQUIRE(first.value == 0);
  for (const Change& change : Drain(shop.engine(), {.profiles = {first}}))
    CHECK(change.to == first);
}

TEST_CASE("a wait that is over moves past what did not pass") {
  TeaShop shop;
  for (int i = 1; i <= 3; ++i) shop.Like(i, 1);
  ChangeFeed feed =
      Must(shop->OpenFeed({.consumer = "lost", .filter = {.kinds = {ChangeKind::kGone}}}));
  const FeedBatch batch = Must(feed.Next(1));
  CHECK(batch.changes.empty());
  CHECK(batch.at_end);
  CHECK(batch.next == shop->Read().sequence() + 1);
  CHECK(feed.position() == batch.next);
  Must(feed.Acknowledge());
  CHECK(CursorOf(shop.engine(), "lost") == batch.next);
}

TEST_CASE("who waits is woken by what passes and by nothing else") {
  TeaShop shop;
  std::vector<Change> got;
  FeedOptions options{.filter = {.kinds = {ChangeKind::kEntered}, .names = {"much"}}};
  ChangeFeed feed = Must(shop->OpenFeed(options));
  std::thread waiter([&] {
    while (got.size() < 3) {
      const FeedBatch batch = Must(feed.Next(kLong));
      if (batch.changes.empty()) return;  // it was woken for nothing
      got.insert(got.end(), batch.changes.begin(), batch.changes.end());
    }
  });
  for (int i = 1; i <= 9; ++i) shop.Like(i, i % 3 == 0 ? 2 : 1);
  waiter.join();
  REQUIRE(got.size() == 3);
  CHECK(got == Drain(shop.engine(), options.filter));
}

TEST_CASE("who waits is woken when the engine is closed and reads what is left") {
  TeaShop shop;
  ChangeFeed idle = Must(shop->OpenFeed({}));
  absl::Status end;
  std::thread waiter([&] {
    absl::StatusOr<FeedBatch> batch = idle.Next(kLong);
    while (batch.ok()) batch = idle.Next(kLong);
    end = batch.status();
  });
  ChangeFeed late = Must(shop->OpenFeed({.consumer = "late"}));
  shop.Like(1, 1);
  shop.Close();
  waiter.join();
  CHECK(end.code() == absl::StatusCode::kCancelled);
  CHECK(Must(late.Next(kLong)).changes.size() == 2);  // the store is open as long as a feed is
  CHECK(late.Next(kLong).status().code() == absl::StatusCode::kCancelled);
  Must(late.Acknowledge());
  const std::uint64_t position = late.position();
  shop.Reopen();
  CHECK(CursorOf(shop.engine(), "late") == position);
}

TEST_CASE("a feed without a consumer begins where it is told and keeps nothing") {
  TeaShop shop;
  for (int i = 1; i <= 3; ++i) shop.Like(i, 1);
  const std::uint64_t last = shop->Read().sequence();
  ChangeFeed feed = Must(shop->OpenFeed({.from = last}));
  CHECK(feed.position() == last);
  CHECK(NextOf(feed) == Must(shop->Read().Changes(last, 100)));
  CHECK(absl::IsFailedPrecondition(feed.Acknowledge()));
  CHECK(Must(shop->FeedCursors()).empty());
  CHECK(shop->OpenFeed({.from = last + 1}).ok());
}

TEST_CASE("options that mean nothing are refused") {
  TeaShop shop;
  const auto refused = [&](const FeedOptions& options) { return shop->OpenFeed(options).status(); };
  CHECK(absl::IsInvalidArgument(refused({.consumer = std::string(129, 'x')})));
  CHECK(shop->OpenFeed({.consumer = std::string(128, 'x')}).ok());
  CHECK(absl::IsInvalidArgument(refused({.max_changes = 0})));
  CHECK(absl::IsInvalidArgument(refused({.max_changes = 1'000'001})));
  CHECK(absl::IsInvalidArgument(refused({.filter = {.kinds = {static_cast<ChangeKind>(10)}}})));
  CHECK(absl::IsInvalidArgument(refused({.filter = {.without_causes = {static_cast<Cause>(11)}}})));
  CHECK(absl::IsNotFound(refused({.graph = "nowhere"})));
  CHECK(absl::IsOutOfRange(refused({.from = shop->Read().sequence() + 2})));
}

TEST_CASE("nothing is given that a power cut could take back") {
  TeaShop shop;
  shop.options().durability = Durability::kGroup;
  shop.options().group_ms = 60'000;
  shop.Reopen();
  shop.Like(1, 1);
  ChangeFeed feed = Must(shop->OpenFeed({}));
  shop.plan().fail_syncs = true;
  CHECK(absl::IsUnavailable(feed.Next(0).status()));
  CHECK(feed.position() == 0);
}

TEST_CASE("an acknowledgement lasts as a commit does") {
  TeaShop shop;
  shop.options().durability = Durability::kGroup;
  shop.options().group_ms = 60'000;
  shop.Reopen();
  shop.Like(1, 1);
  ChangeFeed feed = Must(shop->OpenFeed({.consumer = "index"}));
  Must(feed.Next(0).status());  // synced all that there was
  Must(feed.Acknowledge());
  shop.plan().fail_syncs = true;
  CHECK(absl::IsUnavailable(shop->Sync()));  // so it had something to sync
}

TEST_CASE(
    "an acknowledgement that failed leaves the cursor where it was and the engine read-only") {
  TeaShop shop;
  shop.Like(1, 1);
  ChangeFeed feed = Must(shop->OpenFeed({.consumer = "index"}));
  Must(feed.Next(0).status());
  shop.FailCommitAfter(0);
  CHECK(absl::IsUnavailable(feed.Acknowledge()));
  CHECK(absl::IsFailedPrecondition(feed.Acknowledge()));
  const Record record = Likes(2, 1);
  CHECK(absl::IsFailedPrecondition(shop->Apply(std::span(&record, 1)).status()));
  shop.Reopen();
  CHECK(Must(shop->FeedCursors()).empty());
  ChangeFeed again = Must(shop->OpenFeed({.consumer = "index"}));
  CHECK(NextOf(again).size() == 2);
}

TEST_CASE("a cursor and a row that do not decode are DataLoss and no guess") {
  TeaShop shop;
  shop.Like(1, 1);
  {
    ChangeFeed feed = Must(shop->OpenFeed({.consumer = "index"}));
    Must(feed.Next(0).status());
    Must(feed.Acknowledge());
  }
  const std::string key = std::string("cursor/") + '\0' + "index";
  std::string value = Must(shop.store().Get(Table::kMeta, key)).value();
  value.back() = static_cast<char>(value.back() ^ 1);
  WriteSet writes;
  writes.puts.push_back({Table::kMeta, key, value});
  writes.puts.push_back({Table::kFeed, engine::FeedKey(2), "rubbish"});
  Must(shop.store().Commit(writes, true));
  CHECK(absl::IsDataLoss(shop->OpenFeed({.consumer = "index"}).status()));
  CHECK(absl::IsDataLoss(shop->FeedCursors().status()));
  ChangeFeed feed = Must(shop->OpenFeed({}));
  CHECK(absl::IsDataLoss(feed.Next(0).status()));
  CHECK(feed.position() == 0);
}

// ---- a consumer that dies at random ----

namespace {

// What a host has of the feed that notes what it was given when it acknowledges, and dies at any time.
std::string CheckMortalConsumer(std::uint64_t seed) {
  Random random(seed);
  TeaShop shop;
  std::vector<Change> noted;
  std::vector<Change> held;  // given, not acknowledged
  std::optional<ChangeFeed> feed;
  const auto live = [&] {
    if (!feed)
      feed.emplace(
          Must(shop->OpenFeed({.consumer = "mortal", .max_changes = 1 + random.Below(9)})));
    const FeedBatch batch = Must(feed->Next(0));
    held.insert(held.end(), batch.changes.begin(), batch.changes.end());
    if (random.Chance(30)) {  // dies before
      feed.reset();
      held.clear();
      return batch.at_end;
    }
    if (random.Chance(60)) {
      Must(feed->Acknowledge());
      noted.insert(noted.end(), held.begin(), held.end());
      held.clear();
      if (random.Chance(30)) feed.reset();  // dies after
    }
    return batch.at_end && held.empty();
  };
  for (int step = 0; step < 60; ++step) {
    const int person = static_cast<int>(random.Below(8));
    shop.Like(person, static_cast<std::int64_t>(random.Below(4)));
    if (random.Chance(50)) live();
    if (!random.Chance(10)) continue;
    feed.reset();
    held.clear();
    shop.Reopen();
  }
  while (noted.size() < AllChanges(shop->Read()).size()) live();
  return noted == AllChanges(shop->Read()) ? "" : "the consumer noted other changes\n";
}

}  // namespace

TEST_CASE("a consumer that dies at random notes every change exactly once and in order") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    INFO("seed " << seed);
    REQUIRE(CheckMortalConsumer(seed) == "");
  }
}

TEST_CASE("consumers that read while others write are given each change once") {
  TeaShop shop;
  constexpr int kCalls = 300;
  std::vector<Change> got[2];
  std::vector<std::thread> consumers;
  for (int c = 0; c < 2; ++c) {
    consumers.emplace_back([&, c] {
      ChangeFeed feed =
          Must(shop->OpenFeed({.consumer = "c" + std::to_string(c), .max_changes = 5}));
      while (feed.position() <= kCalls) {  // the policy is call 1
        const FeedBatch batch = Must(feed.Next(kLong));
        got[c].insert(got[c].end(), batch.changes.begin(), batch.changes.end());
        Must(feed.Acknowledge());
      }
    });
  }
  for (int i = 0; i < kCalls; ++i) shop.Like(i, 1);
  for (std::thread& consumer : consumers) consumer.join();
  const std::vector<Change> all = AllChanges(shop->Read());
  for (const std::vector<Change>& mine : got)
    CHECK(mine ==
          std::vector<Change>(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(mine.size())));
  CHECK(got[0].size() >= all.size() - 2);
}

}  // namespace polyonym::harness
