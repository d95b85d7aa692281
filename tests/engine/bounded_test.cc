// A store whose index has less memory than it needs.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"
#include "harness/disk_folder.h"
#include "harness/random.h"

namespace polyonym::harness {
namespace {

constexpr std::uint64_t kBudget = std::uint64_t{1} << 20;
constexpr int kRecords = 24'000;  // take more than three times the budget

// People of some identifiers, in random order, who come again and now and then are one with another.
std::vector<Record> Stream(std::uint64_t seed) {
  Random random(seed);
  std::vector<Record> records;
  for (int n = 0; n < kRecords; ++n) {
    const std::string person = std::to_string(random.Below(kRecords / 4));
    const std::string other = std::to_string(random.Below(kRecords / 4));
    records.push_back(Seen(std::to_string(n), n + 1,
                           {{"crm", "c" + person},
                            {"phone", "p" + (random.Chance(1) ? other : person)},
                            {"openid", "o" + person + "." + std::to_string(random.Below(3))}}));
  }
  return records;
}

std::vector<Identifier> Names(const std::vector<Record>& records) {
  std::vector<Identifier> names;
  for (const Record& record : records) {
    for (const RecordIdentifier& name : record.identifiers) names.push_back({name.ns, name.value});
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

EngineOptions Bounded() {
  EngineOptions options;
  options.durability = Durability::kWal;
  options.checkpoint_log_bytes = 0;
  options.memory_budget_bytes = kBudget;
  return options;
}

void RequireSame(const Engine& a, const Engine& b, const std::vector<Identifier>& names) {
  const std::vector<Resolution> x = a.Read().Resolve(names), y = b.Read().Resolve(names);
  std::size_t different = 0;
  for (std::size_t i = 0; i < names.size(); ++i)
    different += x[i].known != y[i].known || x[i].profile != y[i].profile;
  REQUIRE(different == 0);
}

void RequireBounded(const Engine& engine) {
  const PagedMemory paged = engine.Metrics().paged;
  CHECK(paged.budget_bytes == kBudget);
  CHECK(paged.allocated_bytes >= 3 * kBudget);
  CHECK(paged.resident_bytes <= kBudget + kBudget / 2);
  CHECK(paged.dropped_pages > 0);
}

}  // namespace

TEST_CASE("with less memory than it needs a store answers the same") {
  const DiskFolder folder;
  const std::string path = folder.path() / "store";
  const std::vector<Record> records = Stream(1);
  const std::vector<Identifier> names = Names(records);
  const auto whole = Must(Engine::OpenInMemory({}));
  Must(whole->SetPolicy(ShopPolicy()));
  auto engine = Must(Engine::Open(path, Bounded()));
  Must(engine->SetPolicy(ShopPolicy()));
  const auto apply = [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; i += 1000) {
      const auto batch = std::span(records).subspan(i, 1000);
      const ApplyResult a = Must(whole->Apply(batch)), b = Must(engine->Apply(batch));
      REQUIRE(a.changes == b.changes);
    }
  };
  apply(0, 16'000);
  RequireSame(*whole, *engine, names);
  if (folder.on_disk()) RequireBounded(*engine);
  const RecordSelector some{.source = records[0].source, .from_ms = 2'000, .to_ms = 4'000};
  REQUIRE(Must(whole->Retract(some)).retracted == Must(engine->Retract(some)).retracted);

  SECTION("after opening it again from its log") {
    engine.reset();
    engine = Must(Engine::Open(path, Bounded()));
  }
  SECTION("after opening it again from its checkpoint") {
    REQUIRE(engine->Checkpoint().ok());
    engine.reset();
    engine = Must(Engine::Open(path, Bounded()));
  }
  SECTION("with all the memory it wants") {
    engine.reset();
    engine = Must(Engine::Open(path, {.checkpoint_log_bytes = 0}));
    CHECK(engine->Metrics().paged.budget_bytes == 0);
  }
  apply(16'000, kRecords);
  RequireSame(*whole, *engine, names);
  CHECK(Must(engine->Read().Verify()).ok());
}

TEST_CASE("graphs of one store share its budget") {
  const DiskFolder folder;
  const auto engine = Must(Engine::Open(folder.path() / "store", Bounded()));
  Must(engine->SetPolicy(ShopPolicy()));
  Must(engine->SetPolicy(ShopPolicy(), {.graph = "household"}));
  Must(engine->Apply(Stream(2)));
  if (folder.on_disk()) RequireBounded(*engine);
  const View household = Must(engine->Read("household"));
  CHECK(Must(household.Verify()).ok());
  CHECK(household.GetStats().identifiers == engine->Read().GetStats().identifiers);
}

TEST_CASE("a view outlives its engine on paged memory") {
  const DiskFolder folder;
  auto engine = Must(Engine::Open(folder.path() / "store", Bounded()));
  const std::vector<Record> records = Stream(3);
  Must(engine->SetPolicy(ShopPolicy()));
  Must(engine->Apply(records));
  const View view = engine->Read();
  engine.reset();
  std::size_t known = 0;
  const std::vector<Identifier> names = Names(records);
  for (const Resolution& resolution : view.Resolve(names)) known += resolution.known ? 1 : 0;
  CHECK(known == names.size());
}

TEST_CASE("a store in memory cannot have a memory budget") {
  const auto engine = Engine::OpenInMemory({.memory_budget_bytes = kBudget});
  REQUIRE(absl::IsInvalidArgument(engine.status()));
  CHECK(std::string(engine.status().message()).find("memory_budget_bytes") != std::string::npos);
}

}  // namespace polyonym::harness
