// A feed of which only the end is kept: what is gone says so, what is kept is whole, wherever the process dies.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/bytes.h"
#include "engine/feed.h"
#include "engine/tea_shop.h"
#include "harness/catch.h"

namespace polyonym::harness {
namespace {

// Feed rows in the store, of calls before a sequence.
std::size_t RowsBefore(const Store& store, std::uint64_t sequence, std::uint32_t graph = 0) {
  std::size_t rows = 0;
  Must(store.Scan(Table::kFeed, engine::FeedKey(0, graph), engine::FeedKey(sequence, graph),
                  [&](std::string_view, std::string_view) { return ++rows != 0; }));
  return rows;
}

bool IsGone(const View& view, std::uint64_t from) {
  return absl::IsOutOfRange(view.Changes(from, 10).status());
}

void Fill(TeaShop* shop, int people) {
  for (int i = 1; i <= people; ++i) ApplyOne(shop->engine(), Visit(i));
}

}  // namespace

TEST_CASE("a feed of which nothing was let go is read from any place") {
  TeaShop shop;
  Fill(&shop, 3);
  for (std::uint64_t from = 0; from < 9; ++from) CHECK(shop->Read().Changes(from, 10).ok());
}

TEST_CASE("what was let go is out of range and says where the feed begins") {
  TeaShop shop;
  Fill(&shop, 9);
  const std::vector<Change> kept = Must(shop->Read().Changes(6, 100));
  const View old = shop->Read();
  Must(shop->TrimFeed(6));
  for (const bool reopened : {false, true}) {
    if (reopened) shop.Reopen();
    const View view = shop->Read();
    for (std::uint64_t from = 0; from < 6; ++from) CHECK(IsGone(view, from));
    CHECK_THAT(std::string(view.Changes(5, 10).status().message()), HoldsText("sequence 6"));
    CHECK(Must(view.Changes(6, 100)) == kept);
    CHECK(Must(view.Verify()).ok());
    CHECK(RowsBefore(shop.store(), 6) == 0);
  }
  CHECK(IsGone(old, 5));
  CHECK(Must(old.Changes(6, 100)) == kept);
}

TEST_CASE("a feed is let go once and never comes back") {
  TeaShop shop;
  Fill(&shop, 9);
  Must(shop->TrimFeed(6));
  Must(shop->TrimFeed(3));
  CHECK(IsGone(shop->Read(), 5));
  CHECK(!IsGone(shop->Read(), 6));
}

TEST_CASE("all that there is can be let go and what comes next is read") {
  TeaShop shop;
  Fill(&shop, 3);
  Must(shop->TrimFeed(~std::uint64_t{0}));
  const std::uint64_t end = shop->Read().sequence() + 1;
  CHECK(IsGone(shop->Read(), end - 1));
  ChangeFeed feed = Must(shop->OpenFeed({.from = end}));
  CHECK(Must(feed.Next(0)).changes.empty());
  shop.Like(1, 1);
  CHECK(Must(feed.Next(0)).changes == Must(shop->Read().Changes(end, 10)));
  shop.Reopen();
  CHECK(RowsBefore(shop.store(), end) == 0);  // opening makes no row again that was let go
  CHECK(Must(shop->Read().Changes(end, 10)).size() == 1);
}

TEST_CASE("a consumer that lags holds nothing back and goes on from a view") {
  TeaShop shop;
  Fill(&shop, 3);
  {
    ChangeFeed feed = Must(shop->OpenFeed({.consumer = "lagging", .max_changes = 1}));
    Must(feed.Next(0).status());
    Must(feed.Acknowledge());
  }
  ChangeFeed open = Must(shop->OpenFeed({}));
  Fill(&shop, 6);
  Must(shop->TrimFeed(5));
  CHECK(absl::IsOutOfRange(open.Next(0).status()));
  ChangeFeed lagging = Must(shop->OpenFeed({.consumer = "lagging"}));
  CHECK(absl::IsOutOfRange(lagging.Next(0).status()));
  ChangeFeed fresh = Must(shop->OpenFeed({.consumer = "new"}));
  CHECK(absl::IsOutOfRange(fresh.Next(0).status()));
  const View present = shop->Read();
  Must(shop->DropFeedCursor("lagging"));
  lagging = Must(shop->OpenFeed({.consumer = "lagging", .from = present.sequence() + 1}));
  CHECK(Must(lagging.Next(0)).changes.empty());
  shop.Like(7, 1);
  CHECK(Must(lagging.Next(0)).changes.size() == 2);
}

TEST_CASE("a profile's history begins where the feed does") {
  TeaShop shop;
  ApplyOne(shop.engine(), Seen("one", 1, {{"crm", "c1"}}));
  ApplyOne(shop.engine(), Seen("two", 2, {{"phone", "p1"}}));
  ApplyOne(shop.engine(), Seen("link", 3, {{"crm", "c1"}, {"phone", "p1"}}));
  const ProfileId id = PersonOf(shop.engine(), 1);
  const std::vector<Change> all = Must(shop->Read().How(id));
  REQUIRE(all.size() == 3);
  Must(shop->TrimFeed(4));
  CHECK(Must(shop->Read().How(id)) == std::vector<Change>{all[2]});
  Must(shop->TrimFeed(5));
  CHECK(Must(shop->Read().How(id)).empty());
  Record last = Seen("more", 4, {{"crm", "c1"}, {"openid", "o"}});
  ApplyOne(shop.engine(), last);
  CHECK(Must(shop->Read().How(id)).size() == 1);
}

TEST_CASE("a row that is missing and was not let go is DataLoss all the same") {
  TeaShop shop;
  ApplyOne(shop.engine(), Seen("one", 1, {{"crm", "c1"}}));
  ApplyOne(shop.engine(), Seen("more", 2, {{"crm", "c1"}, {"openid", "o"}}));
  Must(shop->TrimFeed(2));
  WriteSet writes;
  writes.erases.push_back({Table::kFeed, engine::FeedKey(2)});
  Must(shop.store().Commit(writes, true));
  CHECK(absl::IsDataLoss(shop->Read().How(PersonOf(shop.engine(), 1)).status()));
}

TEST_CASE("a feed is let go in every graph") {
  TeaShop shop;
  PolicyOptions household;
  household.graph = "household";
  Must(shop->SetPolicy(TeaPolicy(), household).status());
  Fill(&shop, 6);
  Must(shop->TrimFeed(5));
  CHECK(RowsBefore(shop.store(), 5, 0) == 0);
  CHECK(RowsBefore(shop.store(), 5, 1) == 0);
  const View view = Must(shop->Read("household"));
  CHECK(IsGone(view, 4));
  CHECK(Must(view.Changes(5, 100)).size() == 4);
}

TEST_CASE("a process that dies while the feed is let go leaves a clear beginning") {
  constexpr int kPeople = 3'000;
  for (const std::uint64_t commits : {0, 1, 2}) {
    for (const bool written : {false, true}) {
      INFO("commit " << commits << (written ? ", written" : ""));
      TeaShop shop;
      Fill(&shop, kPeople);
      const std::uint64_t before = shop->Read().sequence() - 10;
      const std::vector<Change> kept = Must(shop->Read().Changes(before, 100));
      shop.FailCommitAfter(commits);
      shop.plan().written_all_the_same = written;
      CHECK(absl::IsUnavailable(shop->TrimFeed(before)));
      const Record record = Visit(1'000'000);
      CHECK(absl::IsFailedPrecondition(shop->Apply(std::span(&record, 1)).status()));
      shop.Reopen();
      const bool begun = commits > 0 || written;
      CHECK(IsGone(shop->Read(), 0) == begun);
      CHECK(IsGone(shop->Read(), before - 1) == begun);
      if (!begun) CHECK(AllChanges(shop->Read()).size() == kPeople);
      CHECK(Must(shop->Read().Changes(before, 100)) == kept);
      CHECK(shop->Read().How(PersonOf(shop.engine(), 1)).ok());
      CHECK((RowsBefore(shop.store(), before) == 0) == (commits == 2 && written));
      Must(shop->TrimFeed(before));  // what was left goes
      CHECK(RowsBefore(shop.store(), before) == 0);
      CHECK(Must(shop->Read().Changes(before, 100)) == kept);
    }
  }
}

TEST_CASE("at least as many calls are kept as the engine is told to keep") {
  TeaShop shop;
  shop.options().feed_keep_calls = 4;
  shop.Reopen();
  Fill(&shop, 9);
  CHECK(!IsGone(shop->Read(), 0));
  Must(shop->Checkpoint());
  const std::uint64_t last = shop->Read().sequence();
  CHECK(IsGone(shop->Read(), last - 4));
  CHECK(Must(shop->Read().Changes(last - 3, 100)).size() == 4);
  Must(shop->Checkpoint());
  CHECK(!IsGone(shop->Read(), last - 3));
}

TEST_CASE("a feed shorter than what is to be kept is kept whole") {
  TeaShop shop;
  shop.options().feed_keep_calls = 100;
  shop.Reopen();
  Fill(&shop, 9);
  Must(shop->Checkpoint());
  CHECK(Must(shop->Read().Changes(0, 100)).size() == 9);
}

TEST_CASE("a feed that is to be short does not grow where no checkpoint is written") {
  TeaShop shop;
  shop.options().feed_keep_calls = 10;
  shop.Reopen();
  int calls = 0;
  for (; calls < 1'000'000 && !IsGone(shop->Read(), 0); ++calls)
    ApplyOne(shop.engine(), Visit(calls));
  CHECK(calls < 1'000'000);
  CHECK(calls > 1'000);
  CHECK(!IsGone(shop->Read(), shop->Read().sequence() - 9));
}

TEST_CASE("consumers that read while the feed is let go see whole calls or are told") {
  TeaShop shop;
  Fill(&shop, 2'000);
  std::size_t seen = 0;
  absl::Status end;
  std::thread reader([&] {
    std::uint64_t from = 0;
    while (end.ok() && seen < 2'000) {
      ChangeFeed feed = Must(shop->OpenFeed({.from = from, .max_changes = 50}));
      const auto batch = feed.Next(0);
      end = batch.status();
      if (!batch.ok()) continue;
      // Somebody new each call: a gap shows.
      if (batch->next - from < batch->changes.size() ||
          (from != 0 && batch->next - from != batch->changes.size()))
        end = absl::InternalError("calls are missing");
      from = batch->next;
      seen += batch->changes.size();
    }
  });
  for (std::uint64_t before = 10; before < 2'000; before += 10) Must(shop->TrimFeed(before));
  reader.join();
  CHECK((end.ok() || absl::IsOutOfRange(end)));
}

namespace {

// Does something once, just before rows of the feed are read.
class InterruptedStore : public FailingStore {
 public:
  InterruptedStore(std::shared_ptr<std::function<void()>> once)
      : FailingStore(std::shared_ptr<Store>(OpenMemoryStore()),
                     std::make_shared<FailingStore::Plan>()),
        once_(std::move(once)) {}
  absl::Status Scan(Table table, std::string_view from, std::string_view to, const RowVisitor& row,
                    const StoreSnapshot* snapshot) const override {
    if (table == Table::kFeed && *once_) std::exchange(*once_, nullptr)();
    return FailingStore::Scan(table, from, to, row, snapshot);
  }

 private:
  std::shared_ptr<std::function<void()>> once_;
};

}  // namespace

TEST_CASE("rows that go while they are read are out of range and not passed over") {
  const auto once = std::make_shared<std::function<void()>>();
  const auto engine = Must(Engine::OpenOn(std::make_unique<InterruptedStore>(once), LawOptions(0)));
  Must(engine->SetPolicy(TeaPolicy()).status());
  for (int i = 1; i <= 9; ++i) ApplyOne(*engine, Visit(i));
  ChangeFeed feed = Must(engine->OpenFeed({}));
  *once = [&] { Must(engine->TrimFeed(6)); };
  CHECK(absl::IsOutOfRange(feed.Next(0).status()));
  CHECK(feed.position() == 0);
  *once = [&] { Must(engine->TrimFeed(8)); };
  CHECK(absl::IsOutOfRange(engine->Read().Changes(6, 100).status()));
  CHECK(Must(engine->Read().Changes(8, 100)).size() == 3);
}

TEST_CASE("a beginning that does not decode or lies behind the log is DataLoss") {
  for (const bool decodes : {false, true}) {
    TeaShop shop;
    Fill(&shop, 2);
    std::string payload;
    engine::PutVarint(&payload, shop->Read().sequence() + 2);
    std::string value = engine::SealValue(1, "feed_begins", payload);
    if (!decodes) value.pop_back();
    WriteSet writes;
    writes.puts.push_back({Table::kMeta, "feed_begins", value});
    Must(shop.store().Commit(writes, true));
    CHECK_THROWS_WITH(shop.Reopen(), HoldsText("DATA_LOSS"));
  }
}

}  // namespace polyonym::harness
