// An engine whose store fails: what was acknowledged is there, what was not is nowhere, and readers
// go on.
#include <barrier>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"

namespace polyonym::harness {
namespace {

using PlanPtr = std::shared_ptr<FailingStore::Plan>;

void CheckReadOnly(Engine& engine) {
  const std::uint64_t sequence = engine.Read().sequence();
  const Record record = Visit(1'000);
  CHECK(absl::IsFailedPrecondition(engine.Apply(std::span(&record, 1)).status()));
  Policy policy = ShopPolicy();
  policy.name = "another";
  CHECK(absl::IsFailedPrecondition(engine.SetPolicy(policy).status()));
  RecordSelector all;
  all.source = "shop";
  all.from_ms = 0;
  CHECK(absl::IsFailedPrecondition(engine.Retract(all).status()));
  CHECK(absl::IsFailedPrecondition(engine.Checkpoint()));
  CHECK(engine.Read().sequence() == sequence);
  CHECK_FALSE(engine.Read().Resolve(Identifier{"crm", "c1000"}).known);
}

// Applies records one by one until the store fails; returns how many were acknowledged.
std::size_t ApplyUntilFailure(Engine& engine, const History& history) {
  for (std::size_t i = 0; i < history.records.size(); ++i) {
    const auto result = engine.Apply(std::span(&history.records[i], 1));
    if (result.ok()) continue;
    CHECK(absl::IsUnavailable(result.status()));
    return i;
  }
  return history.records.size();
}

std::string CheckFailedCommit(std::uint64_t seed, bool written_all_the_same) {
  const History history = RandomHistory(seed);
  const auto policy = Compile(history.policy);
  const auto store = std::shared_ptr<Store>(OpenMemoryStore());
  const auto plan = std::make_shared<FailingStore::Plan>();
  Random random(seed);
  plan->fail_commit = 3 + random.Below(50);
  plan->written_all_the_same = written_all_the_same;
  std::unique_ptr<Engine> engine = Must(OpenOnFailing(store, plan));
  Must(engine->SetPolicy(history.policy).status());
  const std::size_t taken = ApplyUntilFailure(*engine, history);
  if (taken == history.records.size()) return "no commit failed\n";
  const std::span<const Record> acknowledged(history.records.data(), taken);
  const NaiveWorld world(policy, acknowledged);
  std::string fault = CompareWithNaive(engine->Read(), world);
  if (!fault.empty()) return "readers after the failure:\n" + fault;
  CheckReadOnly(*engine);
  fault = CompareWithNaive(engine->Read(), world);
  if (!fault.empty()) return "readers after more failures:\n" + fault;
  engine = nullptr;
  engine = Must(OpenOnFailing(store, std::make_shared<FailingStore::Plan>()));
  const std::span<const Record> stored(history.records.data(),
                                       taken + (written_all_the_same ? 1 : 0));
  fault = CompareWithNaive(engine->Read(), NaiveWorld(policy, stored));
  if (!fault.empty()) return "opened again:\n" + fault;
  Must(engine->Apply(std::span(history.records).subspan(taken)).status());
  fault = CompareWithNaive(engine->Read(), NaiveWorld(policy, history.records));
  return fault.empty() ? fault : "after going on:\n" + fault;
}

}  // namespace

TEST_CASE("an erasure or its lifting that could not be written is not in the ledger") {
  const auto store = std::shared_ptr<Store>(OpenMemoryStore());
  const std::vector<EraseRequest> requests = {{{"crm", "c1"}, true}};
  for (const bool written_all_the_same : {false, true}) {
    auto plan = std::make_shared<FailingStore::Plan>();
    auto engine = Must(OpenOnFailing(store, plan));
    Must(engine->SetPolicy(ShopPolicy()).status());
    ApplyOne(*engine, Visit(1));
    plan->written_all_the_same = written_all_the_same;
    plan->fail_commit = plan->commits.load();
    CHECK(absl::IsUnavailable(engine->Erase(requests).status()));
    CHECK(Must(engine->Erasures()).empty());
    CHECK(engine->Read().Resolve({"crm", "c1"}).known);
    // Whoever opens it again finds all of it or nothing.
    engine = Must(OpenOnFailing(store, std::make_shared<FailingStore::Plan>()));
    CHECK(Must(engine->Erasures()).empty() != written_all_the_same);
    CHECK(engine->Read().Resolve({"crm", "c1"}).known != written_all_the_same);
  }
  auto plan = std::make_shared<FailingStore::Plan>();
  auto engine = Must(OpenOnFailing(store, plan));
  const auto ledger = Must(engine->Erasures());
  plan->fail_commit = plan->commits.load();
  CHECK(absl::IsUnavailable(engine->LiftErasure({"crm", "c1"})));
  CHECK(Must(engine->Erasures()) == ledger);
}

TEST_CASE(
    "after a commit that failed readers stay, writers are refused, and a new engine has what was "
    "acknowledged") {
  ForEachSeed(800, 60, [](std::uint64_t seed) {
    const std::string fault = CheckFailedCommit(seed, false);
    INFO("seed " << seed << ": " << fault);
    REQUIRE(fault.empty());
  });
}

TEST_CASE("a commit whose answer was lost is there whole when the store is opened again") {
  ForEachSeed(900, 30, [](std::uint64_t seed) {
    const std::string fault = CheckFailedCommit(seed, true);
    INFO("seed " << seed << ": " << fault);
    REQUIRE(fault.empty());
  });
}

TEST_CASE("a store that cannot be written is not opened for the first time") {
  const auto store = std::shared_ptr<Store>(OpenMemoryStore());
  const auto plan = std::make_shared<FailingStore::Plan>();
  plan->fail_commit = 0;
  CHECK(absl::IsUnavailable(OpenOnFailing(store, plan).status()));
  CHECK(OpenOnFailing(store, std::make_shared<FailingStore::Plan>()).ok());
}

TEST_CASE("a store that cannot be read is not opened") {
  const auto store = std::shared_ptr<Store>(OpenMemoryStore());
  const auto plan = std::make_shared<FailingStore::Plan>();
  plan->fail_reads = true;
  CHECK(absl::IsUnavailable(OpenOnFailing(store, plan).status()));
}

TEST_CASE("a sync that failed makes the engine read-only: what it promised may not be kept") {
  const auto store = std::shared_ptr<Store>(OpenMemoryStore());
  const auto plan = std::make_shared<FailingStore::Plan>();
  std::unique_ptr<Engine> engine = Must(OpenOnFailing(store, plan));
  Must(engine->SetPolicy(ShopPolicy()).status());
  ApplyOne(*engine, Visit(1));
  plan->fail_syncs = true;
  CHECK(absl::IsUnavailable(engine->Sync()));
  CheckReadOnly(*engine);
  CHECK(engine->Read().Resolve(Identifier{"crm", "c1"}).known);
}

TEST_CASE("a checkpoint that failed loses nothing, and can be tried again") {
  const auto store = std::shared_ptr<Store>(OpenMemoryStore());
  const auto plan = std::make_shared<FailingStore::Plan>();
  std::unique_ptr<Engine> engine = Must(OpenOnFailing(store, plan));
  Must(engine->SetPolicy(ShopPolicy()).status());
  for (int i = 1; i <= 5; ++i) ApplyOne(*engine, Visit(i));
  plan->fail_ingests = true;
  CHECK(absl::IsUnavailable(engine->Checkpoint()));
  CHECK(engine->Read().GetStats().failed_checkpoints == 1);
  ApplyOne(*engine, Visit(6));
  plan->fail_ingests = false;
  Must(engine->Checkpoint());
  CHECK(plan->ingests == 1);
  ApplyOne(*engine, Visit(7));
  engine = nullptr;
  engine = Must(OpenOnFailing(store, plan));
  CHECK(engine->Read().GetStats().profiles == 7);
  CHECK(Must(engine->Read().Verify()).ok());
}

TEST_CASE("a record that must be read and cannot be stops the writer, and no answer is made up") {
  const auto store = std::shared_ptr<Store>(OpenMemoryStore());
  const auto plan = std::make_shared<FailingStore::Plan>();
  std::unique_ptr<Engine> engine = Must(OpenOnFailing(store, plan));
  Must(engine->SetPolicy(ShopPolicy()).status());
  for (int i = 1; i <= 3; ++i) ApplyOne(*engine, Visit(i));
  const View before = engine->Read();
  plan->fail_reads = true;
  CHECK_FALSE(before.Why({"crm", "c1"}, {"phone", "p1"}).ok());
  CHECK_FALSE(before.RecordOf(1).ok());
  CHECK_FALSE(before.Export([](const StoredRecord&) { return true; }).ok());
  CHECK_FALSE(before.Verify().ok());
  CHECK(before.Resolve(Identifier{"crm", "c1"}).known);  // needs no record
  Record upsert = Visit(1);
  upsert.version = 9;
  const std::vector<Record> batch = {Visit(4), upsert};
  CHECK(absl::IsUnavailable(engine->Apply(batch).status()));
  plan->fail_reads = false;
  CheckReadOnly(*engine);
  CHECK_FALSE(engine->Read().Resolve(Identifier{"crm", "c4"}).known);
  CHECK(Must(engine->Read().Verify()).ok());
  engine = nullptr;
  engine = Must(OpenOnFailing(store, plan));
  CHECK(engine->Read().GetStats().records == 3);
  CHECK(Must(engine->Apply(batch)).records[1].outcome == Outcome::kApplied);
}

TEST_CASE("when the store fails under several writers, exactly the acknowledged calls are there") {
  ForEachSeed(950, 10, [](std::uint64_t seed) {
    constexpr std::size_t kWriters = 4;
    const History history = RandomHistory(seed);
    const auto store = std::shared_ptr<Store>(OpenMemoryStore());
    const auto plan = std::make_shared<FailingStore::Plan>();
    plan->fail_commit = 10 + seed % 10;
    std::unique_ptr<Engine> engine = Must(OpenOnFailing(store, plan));
    Must(engine->SetPolicy(history.policy).status());
    std::mutex mutex;
    std::vector<Record> acknowledged;
    std::barrier start(kWriters);
    std::vector<std::thread> writers;
    for (std::size_t w = 0; w < kWriters; ++w) {
      writers.emplace_back([&, w] {
        start.arrive_and_wait();
        for (std::size_t i = w; i < history.records.size(); i += kWriters) {
          if (!engine->Apply(std::span(&history.records[i], 1)).ok()) continue;
          const std::lock_guard lock(mutex);
          acknowledged.push_back(history.records[i]);
        }
      });
    }
    for (std::thread& writer : writers) writer.join();
    const NaiveWorld world(Compile(history.policy), acknowledged);
    std::string fault = CompareWithNaive(engine->Read(), world, false);
    engine = nullptr;
    engine = Must(OpenOnFailing(store, std::make_shared<FailingStore::Plan>()));
    fault += CompareWithNaive(engine->Read(), world, false);
    INFO("seed " << seed << ": " << fault);
    REQUIRE(fault.empty());
    REQUIRE(Must(engine->Read().Verify()).ok());
    REQUIRE(acknowledged.size() < history.records.size());
  });
}

}  // namespace polyonym::harness
