// A first import in one open commit.
#include <memory>
#include <string>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"

namespace polyonym::harness {
namespace {

std::vector<Record> Cards(int first, int last) {
  std::vector<Record> records;
  for (int n = first; n < last; ++n) {
    const std::string card = std::to_string(n), phone = std::to_string(n / 2);
    records.push_back(Seen(card, n + 1, {{"openid", "o" + card}, {"phone", "p" + phone}}));
  }
  return records;
}

EngineOptions BulkOptions() {
  EngineOptions options = LawOptions(0);
  options.bulk_run_bytes = 0;
  return options;
}

std::unique_ptr<Engine> OpenAt(const std::string& path, std::uint64_t run_bytes) {
  auto engine = Must(Engine::Open(path, {.bulk_run_bytes = run_bytes}));
  Must(engine->SetPolicy(ShopPolicy()));
  return engine;
}

bool Knows(const Engine& engine, const std::string& openid) {
  return engine.Read().Resolve({"openid", openid}).known;
}

}  // namespace

TEST_CASE("an open commit is shown, with its changes, once it ends") {
  const TempFolder folder;
  const auto engine = OpenAt(folder / "store", std::uint64_t{1} << 20);
  const std::uint64_t before = engine->Read().sequence();
  const ApplyResult a = Must(engine->BulkApply(Cards(0, 10)));
  const ApplyResult b = Must(engine->BulkApply(Cards(10, 20)));
  CHECK(a.sequence == before + 1);
  CHECK(b.sequence == before + 1);
  CHECK(b.records[9].outcome == Outcome::kApplied);
  CHECK(!Knows(*engine, "o3"));
  SECTION("by Sync") { REQUIRE(engine->Sync().ok()); }
  SECTION("by a checkpoint") { REQUIRE(engine->Checkpoint().ok()); }
  SECTION("by a copy") { REQUIRE(engine->CopyTo(folder / "copy").ok()); }
  SECTION("by another call") {
    CHECK(Must(engine->Apply(Cards(20, 21))).sequence == before + 2);
    CHECK(Knows(*engine, "o20"));
  }
  CHECK(Knows(*engine, "o3"));
  CHECK(Must(engine->Read().Changes(0, 100)).size() >= 10);
}

TEST_CASE("an open commit with nothing new takes no number") {
  const TempFolder folder;
  const auto engine = OpenAt(folder / "store", 0);
  Must(engine->Apply(Cards(0, 10)));
  const std::uint64_t before = engine->Read().sequence();
  CHECK(Must(engine->BulkApply(Cards(0, 10))).sequence == before);
  CHECK(Must(engine->BulkApply({})).sequence == before);
  REQUIRE(engine->Sync().ok());
  CHECK(engine->Read().sequence() == before);
}

TEST_CASE("an open commit is kept when the engine is closed") {
  const TempFolder folder;
  {
    const auto engine = OpenAt(folder / "store", std::uint64_t{1} << 20);
    Must(engine->BulkApply(Cards(0, 10)));
  }
  CHECK(Knows(*OpenAt(folder / "store", 0), "o9"));
}

TEST_CASE(
    "of an open commit whose end fails what is on disk is there after opening, with changes") {
  auto plan = std::make_shared<FailingStore::Plan>();
  std::shared_ptr<Store> disk(OpenMemoryStore());
  {
    const auto engine = Must(OpenOnFailing(disk, plan, BulkOptions()));
    Must(engine->SetPolicy(ShopPolicy()));
    Must(engine->BulkApply(Cards(0, 10)));  // which is written at once
    plan->fail_ingests = true;
    CHECK(absl::IsUnavailable(engine->BulkApply(Cards(10, 20)).status()));
    CHECK(absl::IsFailedPrecondition(engine->BulkApply(Cards(20, 30)).status()));
    CHECK(absl::IsFailedPrecondition(engine->Sync()));
    CHECK(!Knows(*engine, "o3"));
  }
  plan->fail_ingests = false;
  const auto engine = Must(OpenOnFailing(disk, plan));
  CHECK(Knows(*engine, "o9"));
  CHECK(!Knows(*engine, "o10"));
  CHECK(Must(engine->Read().Changes(0, 100)).size() == 5);  // people of two cards each
  CHECK(Must(engine->Read().Verify()).ok());
}

}  // namespace polyonym::harness
