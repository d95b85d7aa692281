// What a host does with the public engine, one call at a time.
#include "polyonym/engine/engine.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"

namespace polyonym::harness {
namespace {

std::uint64_t SequenceOf(const Engine& engine) { return engine.Read().sequence(); }

}  // namespace

TEST_CASE(
    "the sequence grows by one with each call that stores something, and stays with each that does "
    "not") {
  std::unique_ptr<Engine> engine = Must(Engine::OpenInMemory(LawOptions(0)));
  CHECK(SequenceOf(*engine) == 0);
  CHECK(Must(engine->SetPolicy(ShopPolicy())).sequence == 1);
  for (std::uint64_t i = 2; i < 6; ++i) {
    CHECK(ApplyOne(*engine, Visit(static_cast<int>(i))).sequence == i);
    CHECK(SequenceOf(*engine) == i);
  }
  CHECK(Must(engine->Apply({})).sequence == 5);
  CHECK(ApplyOne(*engine, Visit(3)).sequence == 5);  // it is there already
  CHECK(Must(engine->SetPolicy(ShopPolicy())).sequence == 5);
  Record bad = Visit(9);
  bad.source.clear();
  CHECK(ApplyOne(*engine, bad).sequence == 5);
  CHECK(SequenceOf(*engine) == 5);
  Record held = Visit(10);
  held.identifiers[0].ns = "nowhere";  // held is stored
  CHECK(ApplyOne(*engine, held).sequence == 6);
  CHECK(Must(engine->Apply(std::vector<Record>{Visit(11), Visit(12)})).sequence == 7);
}

TEST_CASE("a policy set twice is one policy, and another one a new version") {
  std::unique_ptr<Engine> engine = OpenShop();
  ApplyOne(*engine, Visit(1));
  const std::uint64_t version = engine->Read().policy_version();
  const PolicyResult again = Must(engine->SetPolicy(ShopPolicy()));
  CHECK(again.changes.empty());
  CHECK(again.sequence == SequenceOf(*engine));
  CHECK(engine->Read().policy_version() == version);
  Policy other = ShopPolicy();
  other.default_max_neighbours = 3;
  CHECK(Must(engine->SetPolicy(other)).sequence == again.sequence + 1);
  CHECK(engine->Read().policy_version() == version + 1);
  CHECK(engine->Read().policy() == other);
  Policy bad = ShopPolicy();
  bad.namespaces[0].priority = 0;
  CHECK(absl::IsInvalidArgument(engine->SetPolicy(bad).status()));
  CHECK(engine->Read().policy() == other);
}

TEST_CASE("a policy that was taken is read again when the store is opened") {
  const TempFolder folder;
  Policy policy = ShopPolicy();
  policy.name = "caf\xe9";  // not UTF-8: refuse it, or open with it
  std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", LawOptions(0)));
  const bool taken = engine->SetPolicy(policy).ok();
  engine.reset();
  const auto opened = Engine::Open(folder / "store", LawOptions(0));
  INFO(opened.status().ToString());
  REQUIRE(opened.ok());
  CHECK((*opened)->Read().policy_version() == (taken ? 1u : 0u));
}

TEST_CASE("limits on records that are out of their range are refused when the engine is opened") {
  const auto opens = [](const std::function<void(RecordLimits*)>& edit) {
    EngineOptions options = LawOptions(0);
    edit(&options.record_limits);
    return absl::IsInvalidArgument(Engine::OpenInMemory(options).status()) ? "refused" : "opened";
  };
  CHECK(opens([](RecordLimits* limits) { limits->max_identifiers = 2; }) == std::string("opened"));
  CHECK(opens([](RecordLimits* limits) { limits->max_identifiers = 10'000; }) ==
        std::string("opened"));
  CHECK(opens([](RecordLimits* limits) { limits->max_value_bytes = 16; }) == std::string("opened"));
  CHECK(opens([](RecordLimits* limits) { limits->max_value_bytes = 65'536; }) ==
        std::string("opened"));
  CHECK(opens([](RecordLimits* limits) { limits->max_identifiers = 1; }) == std::string("refused"));
  CHECK(opens([](RecordLimits* limits) { limits->max_identifiers = 10'001; }) ==
        std::string("refused"));
  CHECK(opens([](RecordLimits* limits) { limits->max_value_bytes = 15; }) ==
        std::string("refused"));
  CHECK(opens([](RecordLimits* limits) { limits->max_value_bytes = 65'537; }) ==
        std::string("refused"));
}

TEST_CASE("a record twice in one batch is taken once") {
  std::unique_ptr<Engine> engine = OpenShop();
  const ApplyResult result = Must(engine->Apply(std::vector<Record>{Visit(1), Visit(1), Visit(2)}));
  CHECK(result.records[0].outcome == Outcome::kApplied);
  CHECK(result.records[1].outcome == Outcome::kUnchanged);
  CHECK(result.records[1].reason == Reason::kDuplicate);
  CHECK(result.records[1].profile == result.records[0].profile);
  CHECK(result.records[2].outcome == Outcome::kApplied);
  CHECK(engine->Read().GetStats().records == 2);
  CHECK(engine->Read().Why({"crm", "c1"}, {"phone", "p1"})->chain.at(0).sightings == 1);
}

TEST_CASE("a record's profile is where its best identifier is after the whole batch") {
  std::unique_ptr<Engine> engine = OpenShop();
  const ApplyResult result = Must(engine->Apply(std::vector<Record>{
      Seen("1", 1, {{"phone", "p"}, {"openid", "o"}}),
      Seen("2", 2, {{"crm", "c"}, {"phone", "p"}}),  // joins the profile of the first
  }));
  REQUIRE(result.records[0].profile.has_value());
  CHECK(result.records[0].profile == result.records[1].profile);
  CHECK(result.records[0].profile == engine->Read().Resolve(Identifier{"crm", "c"}).profile);
  REQUIRE(result.changes.size() == 1);  // what came and went inside the call is not told
  CHECK(result.changes[0].kind == ChangeKind::kCreated);
  CHECK(result.changes[0].identifiers.size() == 3);
}

TEST_CASE("a reader waits for a sequence, up to its time") {
  std::unique_ptr<Engine> engine = OpenShop();
  const std::uint64_t now = SequenceOf(*engine);
  CHECK(Must(engine->ReadAtLeast(0, 0)).sequence() == now);
  CHECK(Must(engine->ReadAtLeast(now, 0)).sequence() == now);
  CHECK(absl::IsDeadlineExceeded(engine->ReadAtLeast(now + 1, 0).status()));
  CHECK(absl::IsDeadlineExceeded(engine->ReadAtLeast(now + 1, 1).status()));
  std::uint64_t seen = 0;
  std::thread reader([&] {
    const auto view = engine->ReadAtLeast(now + 2, 600'000);
    if (view.ok() && view->Resolve(Identifier{"crm", "c2"}).known) seen = view->sequence();
  });
  ApplyOne(*engine, Visit(1));
  ApplyOne(*engine, Visit(2));
  reader.join();
  CHECK(seen == now + 2);
}

TEST_CASE("old views stay as they were while writers go on") {
  ForEachSeed(500, 20, [](std::uint64_t seed) {
    const History history = RandomHistory(seed);
    std::unique_ptr<Engine> engine = OpenInMemory(history.policy, seed);
    const NaiveWorld world(Compile(history.policy), history.records);
    const std::set<Identifier> named = NamedIdentifiers(world);
    struct Kept {
      View view;
      EngineState state;
      Stats stats;
    };
    std::vector<Kept> kept;
    std::size_t step = 0;
    const auto keep = [&] {
      kept.push_back({engine->Read(), ReadState(engine->Read(), named), engine->Read().GetStats()});
    };
    for (const Record& record : history.records) {
      if (step++ % 10 == 0) keep();
      ApplyOne(*engine, record);
    }
    keep();
    Must(engine->SetPolicy(ShopPolicy()).status());
    for (const Kept& one : kept) {
      const EngineState now = ReadState(one.view, named);
      INFO("seed " << seed << ", sequence " << one.view.sequence());
      REQUIRE(Difference(one.state.state, now.state) == "");
      REQUIRE(one.state.profile_of == now.profile_of);
      REQUIRE(now.problems.empty());
      REQUIRE(one.view.GetStats().links == one.stats.links);
      REQUIRE(one.view.GetStats().profiles == one.stats.profiles);
      REQUIRE(one.view.policy() == history.policy);
      REQUIRE(Must(one.view.Verify()).ok());
    }
  });
}

TEST_CASE("a view outlives its engine") {
  const TempFolder folder;
  std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", LawOptions(0)));
  Must(engine->SetPolicy(ShopPolicy()).status());
  ApplyOne(*engine, Visit(1));
  const View view = engine->Read();
  engine.reset();
  CHECK(view.Resolve(Identifier{"crm", "c1"}).known);
  CHECK(view.Why({"crm", "c1"}, {"phone", "p1"})->connected);
  CHECK(Must(view.Verify()).ok());
}

TEST_CASE("a checkpoint that has nothing new writes nothing") {
  auto store = std::shared_ptr<Store>(OpenMemoryStore());
  auto plan = std::make_shared<FailingStore::Plan>();
  std::unique_ptr<Engine> engine = Must(OpenOnFailing(store, plan));
  Must(engine->SetPolicy(ShopPolicy()).status());
  ApplyOne(*engine, Visit(1));
  Must(engine->Checkpoint());
  const std::uint64_t written = plan->ingests;
  CHECK(written > 0);
  Must(engine->Checkpoint());
  ApplyOne(*engine, Visit(1));
  Must(engine->Checkpoint());
  CHECK(plan->ingests == written);
  ApplyOne(*engine, Visit(2));
  Must(engine->Checkpoint());
  CHECK(plan->ingests == written + 1);
  engine = Must(OpenOnFailing(store, plan));
  Must(engine->Checkpoint());
  CHECK(plan->ingests == written + 1);
  CHECK(engine->Read().GetStats().profiles == 2);
}

TEST_CASE("a copy goes to a new folder, and none is made of a store in memory") {
  const TempFolder folder;
  CHECK(absl::IsUnimplemented(OpenShop()->CopyTo(folder / "copy")));
  CHECK_FALSE(std::filesystem::exists(folder / "copy"));
  std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", LawOptions(0)));
  Must(engine->SetPolicy(ShopPolicy()).status());
  ApplyOne(*engine, Visit(1));
  std::filesystem::create_directory(folder / "there");
  CHECK(absl::IsAlreadyExists(engine->CopyTo(folder / "there")));
  CHECK(std::filesystem::is_empty(folder / "there"));
  Must(engine->CopyTo(folder / "copy"));
  CHECK(absl::IsAlreadyExists(engine->CopyTo(folder / "copy")));
  ApplyOne(*engine, Visit(2));
  const std::unique_ptr<Engine> copy = Must(Engine::Open(folder / "copy", LawOptions(0)));
  CHECK(SequenceOf(*copy) + 1 == SequenceOf(*engine));
  CHECK(copy->Read().Resolve(Identifier{"crm", "c1"}).profile ==
        engine->Read().Resolve(Identifier{"crm", "c1"}).profile);
  CHECK_FALSE(copy->Read().Resolve(Identifier{"crm", "c2"}).known);
}

TEST_CASE("under each durability what was acknowledged is there when the store is opened again") {
  for (const Durability durability : {Durability::kSync, Durability::kGroup, Durability::kWal}) {
    const TempFolder folder;
    EngineOptions options = LawOptions(0);
    options.durability = durability;
    options.group_ms = 1;
    std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", options));
    Must(engine->SetPolicy(ShopPolicy()).status());
    for (int i = 0; i < 20; ++i) ApplyOne(*engine, Visit(i));
    Must(engine->Sync());
    CHECK(engine->Read().Changes(0, 1'000)->size() == 20);
    ApplyOne(*engine, Visit(20));
    engine = nullptr;
    engine = Must(Engine::Open(folder / "store", options));
    CHECK(engine->Read().GetStats().profiles == 21);
  }
}

// Every hash has one of two values: nothing but comparing tells two things apart.
TEST_CASE("people are right where everything collides") {
  ForEachSeed(700, 8, [](std::uint64_t seed) {
    const History history = RandomHistory(seed);
    const TempFolder folder;
    EngineOptions options = LawOptions(0);
    options.hash_bits = 1;
    options.hash_seed = seed;
    std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", options));
    Must(engine->SetPolicy(history.policy).status());
    Random random(seed);
    for (const auto batch : RandomBatches(history.records, random))
      Must(engine->Apply(batch).status());
    const NaiveWorld world(Compile(history.policy), history.records);
    std::string fault = CompareWithNaive(engine->Read(), world);
    Must(engine->Checkpoint());
    engine = nullptr;
    engine = Must(Engine::Open(folder / "store", options));
    fault += CompareWithNaive(engine->Read(), world);
    INFO("seed " << seed << ": " << fault);
    REQUIRE(fault.empty());
    REQUIRE(Must(engine->Read().Verify()).ok());
  });
}

}  // namespace polyonym::harness
