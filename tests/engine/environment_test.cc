// Many stores in one process: which engine an opening gives, what is closed when, and what the whole takes.
#include "polyonym/engine/environment.h"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include "engine/shop.h"
#include "harness/catch.h"
#include "harness/full_disk.h"

namespace polyonym::harness {
namespace {

std::unique_ptr<Environment> Make(std::size_t max_open_stores = 100,
                                  std::uint64_t memory_budget_bytes = 0) {
  EnvironmentOptions options;
  options.max_open_stores = max_open_stores;
  options.memory_budget_bytes = memory_budget_bytes;
  options.idle_ms = 0;
  return Must(Environment::Make(options));
}

// Opens a shop and has Visit(first) to Visit(first + count - 1) there.
std::shared_ptr<Engine> OpenAndFill(Environment& environment, const std::string& path, int first,
                                    int count) {
  std::shared_ptr<Engine> engine = Must(environment.Open(path, LawOptions(0)));
  Must(engine->SetPolicy(ShopPolicy()));
  std::vector<Record> visits;
  for (int i = first; i < first + count; ++i) visits.push_back(Visit(i));
  Must(engine->Apply(visits));
  return engine;
}

bool Knows(const Engine& engine, int visit) {
  const std::string n = std::to_string(visit);
  const View view = engine.Read();
  const auto card = view.Resolve({"crm", "c" + n}).profile;
  return card && card == view.Resolve({"phone", "p" + n}).profile;
}

std::size_t Threads() {
  const std::filesystem::directory_iterator all("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

std::uint64_t ResidentBytes() {
  std::uint64_t size = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

// ---- which engine an opening gives ----

TEST_CASE("a folder is one engine while it is open, however it is spelt") {
  const TempFolder folder;
  const auto environment = Make();
  const auto engine = OpenAndFill(*environment, folder / "shop", 1, 3);
  for (const char* spelling : {"shop", "./shop", "shop/", "other/../shop"}) {
    CHECK(Must(environment->Open(folder / spelling)) == engine);
  }
  std::filesystem::create_directory_symlink(folder / "shop", folder / "link");
  CHECK(Must(environment->Open(folder / "link")) == engine);
  CHECK(Must(environment->Open(folder / "other")) != engine);
  const EnvironmentStats stats = environment->GetStats();
  CHECK(stats.opened == 2);
  CHECK(stats.open_stores == 2);
  CHECK(stats.held_stores == 1);
}

TEST_CASE("a store that cannot be opened leaves nothing behind, and can be opened later") {
  const TempFolder folder;
  const auto environment = Make();
  EngineOptions options = LawOptions(0);
  options.create_if_missing = false;
  CHECK(absl::IsNotFound(environment->Open(folder / "shop", options).status()));
  CHECK(absl::IsInvalidArgument(environment->Open("", options).status()));
  options.group_ms = 0;
  options.create_if_missing = true;
  CHECK(absl::IsInvalidArgument(environment->Open(folder / "shop", options).status()));
  std::ofstream(folder / "file") << "no folder";
  CHECK(absl::IsFailedPrecondition(environment->Open(folder / "file").status()));
  CHECK(environment->GetStats().open_stores == 0);
  CHECK(environment->GetStats().opened == 0);
  CHECK(Knows(*OpenAndFill(*environment, folder / "shop", 1, 1), 1));
  const auto elsewhere = Engine::Open(folder / "shop", LawOptions(0));  // it is open here
  CHECK(absl::IsUnavailable(elsewhere.status()));
}

TEST_CASE("options of an environment that are out of their range are refused") {
  for (const int threads : {0, -1, 65}) {
    EnvironmentOptions options;
    options.background_threads = threads;
    CHECK(absl::IsInvalidArgument(Environment::Make(options).status()));
  }
  EnvironmentOptions options;
  options.write_buffer_bytes = (std::size_t{1} << 20) - 1;
  CHECK(absl::IsInvalidArgument(Environment::Make(options).status()));
  CHECK(Environment::Make().ok());
}

TEST_CASE("a store that a failed write made read-only is opened anew once nobody holds it") {
  const TempFolder folder;
  const auto environment = Make();
  auto engine = OpenAndFill(*environment, folder / "shop", 1, 1);
  {
    const FullDisk full(16 << 10);
    Record large = Visit(2);
    for (int i = 0; i < 50; ++i)
      large.identifiers.push_back(
          {"openid", std::string(500, 'x') + std::to_string(i), Role::kOther});
    REQUIRE_FALSE(engine->Apply(std::span(&large, 1)).ok());
  }
  const Record next = Visit(3);
  CHECK(Must(environment->Open(folder / "shop")) == engine);
  CHECK(absl::IsFailedPrecondition(engine->Apply(std::span(&next, 1)).status()));
  engine.reset();
  engine = Must(environment->Open(folder / "shop", LawOptions(0)));
  CHECK(environment->GetStats().opened == 2);
  CHECK(engine->Apply(std::span(&next, 1)).ok());
  CHECK(Knows(*engine, 1));
  CHECK(Knows(*engine, 3));
}

// ---- what is closed when ----

TEST_CASE(
    "of stores that nobody holds the one used longest ago makes room, and opens again with all it "
    "had") {
  const TempFolder folder;
  const auto environment = Make(2);
  for (int i = 0; i < 3; ++i) OpenAndFill(*environment, folder / std::to_string(i), 10 * i, 5);
  CHECK(environment->GetStats().open_stores == 2);
  CHECK(environment->GetStats().evicted == 1);
  const auto opened_for = [&](int i) {
    const std::uint64_t before = environment->GetStats().opened;
    const auto engine = Must(environment->Open(folder / std::to_string(i)));
    for (int visit = 10 * i; visit < 10 * i + 5; ++visit) CHECK(Knows(*engine, visit));
    return environment->GetStats().opened - before;
  };
  CHECK(opened_for(2) == 0);
  CHECK(opened_for(1) == 0);
  CHECK(opened_for(0) == 1);  // and 2 is closed
  CHECK(opened_for(1) == 0);
  CHECK(opened_for(2) == 1);
  environment->CloseIdle();
  for (int i = 0; i < 3; ++i) {  // each from a checkpoint
    CHECK(Must(Must(OpenRocksStore(folder / std::to_string(i), {}))->LastKey(Table::kState)));
  }
}

TEST_CASE("a store that is held is not closed, and where all are held there is no room") {
  const TempFolder folder;
  const auto environment = Make(2);
  const auto first = OpenAndFill(*environment, folder / "1", 1, 1);
  auto second = OpenAndFill(*environment, folder / "2", 2, 1);
  const auto third = environment->Open(folder / "3");
  CHECK(absl::IsResourceExhausted(third.status()));
  CHECK_THAT(std::string(third.status().message()), HoldsText("max_open_stores"));
  CHECK(environment->CloseIdle() == 0);
  second.reset();
  CHECK(Knows(*OpenAndFill(*environment, folder / "3", 3, 1), 3));
  CHECK(environment->GetStats().evicted == 1);
  CHECK(Knows(*first, 1));
}

TEST_CASE("a view holds its store as a pointer does") {
  const TempFolder folder;
  const auto environment = Make(1);
  std::optional<View> view = OpenAndFill(*environment, folder / "1", 1, 1)->Read();
  CHECK(environment->CloseIdle() == 0);
  CHECK(absl::IsResourceExhausted(environment->Open(folder / "2").status()));
  CHECK(view->Resolve({"crm", "c1"}).profile.has_value());
  CHECK(Knows(*Must(environment->Open(folder / "1")), 1));
  view.reset();
  CHECK(environment->CloseIdle() == 1);
  CHECK(environment->GetStats().open_stores == 0);
  CHECK(environment->Open(folder / "2").ok());
}

TEST_CASE(
    "over the budget of memory stores are closed until it is kept, but for those held and the last "
    "one") {
  const TempFolder folder;
  constexpr std::uint64_t kBudget = 4 * Environment::kStoreBytes;
  const auto environment = Make(100, kBudget);
  const auto held = OpenAndFill(*environment, folder / "held", 0, 1);
  for (int i = 0; i < 8; ++i) OpenAndFill(*environment, folder / std::to_string(i), i, 1);
  EnvironmentStats stats = environment->GetStats();
  CHECK(stats.resident_bytes <= kBudget);
  CHECK(stats.open_stores >= 2);
  CHECK(stats.evicted == 9 - stats.open_stores);
  CHECK(Knows(*held, 0));
  // One that is larger than the budget stays open while it is the last that was used.
  OpenAndFill(*environment, folder / "large", 0, 10'000);
  stats = environment->GetStats();
  CHECK(stats.resident_bytes > kBudget);
  CHECK(stats.open_stores == 2);  // and the one that is held
  CHECK(stats.opened == 10);
  Must(environment->Open(folder / "large"));
  CHECK(environment->GetStats().opened == 10);
  Must(environment->Open(folder / "0"));
  CHECK(environment->GetStats().open_stores == 2);
  CHECK(environment->GetStats().resident_bytes <= kBudget);
}

TEST_CASE("a store that grows while it is held is counted when it is let go") {
  const TempFolder folder;
  const auto environment = Make(100, 4 * Environment::kStoreBytes);
  OpenAndFill(*environment, folder / "1", 1, 1);
  auto second = Must(environment->Open(folder / "2", LawOptions(0)));
  CHECK(environment->GetStats().open_stores == 2);
  Must(second->SetPolicy(ShopPolicy()));
  for (int i = 0; i < 10'000; i += 1'000) {
    std::vector<Record> visits;
    for (int v = i; v < i + 1'000; ++v) visits.push_back(Visit(v));
    Must(second->Apply(visits));
  }
  second.reset();
  CHECK(environment->GetStats().open_stores == 1);
}

TEST_CASE("a store that nobody held for long enough is closed") {
  const TempFolder folder;
  EnvironmentOptions options;
  options.idle_ms = 1;
  const auto environment = Must(Environment::Make(options));
  auto held = OpenAndFill(*environment, folder / "held", 0, 1);
  for (int i = 0; i < 3; ++i) OpenAndFill(*environment, folder / std::to_string(i), i, 1);
  while (environment->GetStats().open_stores > 1) std::this_thread::yield();
  CHECK(Knows(*held, 0));
  held.reset();
  while (environment->GetStats().open_stores > 0) std::this_thread::yield();
  CHECK(environment->GetStats().evicted == 4);
  CHECK(Knows(*Must(environment->Open(folder / "held")), 0));
}

TEST_CASE("stores that are held when the environment goes are closed when they are let go") {
  const TempFolder folder;
  auto environment = Make();
  auto held = OpenAndFill(*environment, folder / "held", 1, 1);
  OpenAndFill(*environment, folder / "idle", 2, 1);
  environment.reset();
  CHECK(Knows(*Must(Engine::Open(folder / "idle", LawOptions(0))), 2));
  CHECK(ApplyOne(*held, Visit(3)).records.size() == 1);
  CHECK(absl::IsUnavailable(Engine::Open(folder / "held", LawOptions(0)).status()));
  held.reset();
  CHECK(Knows(*Must(Engine::Open(folder / "held", LawOptions(0))), 3));
}

TEST_CASE("threads that share few places lose nothing of what they apply") {
  constexpr int kThreads = 4, kStores = 6, kCalls = 60;
  const TempFolder folder;
  const auto environment = Make(kThreads);
  for (int s = 0; s < kStores; ++s) OpenAndFill(*environment, folder / std::to_string(s), 0, 1);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      Random random(static_cast<std::uint64_t>(t));
      for (int call = 0; call < kCalls; ++call) {
        const auto store = std::to_string(random.Below(kStores));
        const auto engine = environment->Open(folder / store, LawOptions(0));
        const Record visit = Visit(1 + call * kThreads + t);
        wrong += !engine.ok() || !(*engine)->Apply(std::span(&visit, 1)).ok() ||
                 !Knows(**engine, 1 + call * kThreads + t);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(environment->GetStats().open_stores <= kThreads);
  CHECK(environment->GetStats().held_stores == 0);
  std::uint64_t records = 0;
  for (int s = 0; s < kStores; ++s) {
    const auto engine = Must(environment->Open(folder / std::to_string(s)));
    CHECK(engine->Read().Verify().ok());
    records += engine->Read().GetStats().records;
  }
  CHECK(records == kStores + kThreads * kCalls);
}

// ---- what the whole takes ----

TEST_CASE(
    "thirty stores that are written to have no more threads than three, and synced they are all "
    "the same") {
  const TempFolder folder;
  EnvironmentOptions environment_options;
  environment_options.max_open_stores = 100;
  const auto environment = Must(Environment::Make(environment_options));
  EngineOptions options;
  options.group_ms = 1;
  std::vector<std::shared_ptr<Engine>> engines;
  std::size_t threads = 0;
  for (int i = 0; i < 30; ++i) {
    engines.push_back(Must(environment->Open(folder / std::to_string(i), options)));
    Must(engines.back()->SetPolicy(ShopPolicy()));
    for (const auto& engine : engines) ApplyOne(*engine, Visit(i));
    if (i == 2) threads = Threads();
  }
  CHECK(Threads() <= threads);
  const EnvironmentStats stats = environment->GetStats();
  CHECK(stats.held_stores == 30);
  CHECK(stats.resident_bytes < 30 * (Environment::kStoreBytes + (std::uint64_t{256} << 10)));
  CHECK(stats.write_buffered_bytes < 30 * (std::uint64_t{512} << 10));
  for (int i = 0; i < 30; ++i) CHECK(Knows(*engines[static_cast<std::size_t>(i)], 29));
  engines.clear();
  CHECK(environment->CloseIdle() == 30);
  for (int i = 0; i < 30; ++i)
    CHECK(Knows(*Must(environment->Open(folder / std::to_string(i))), i));
}

TEST_CASE(
    "a thousand stores of a thousand people are open at once in two gigabytes, and in a budget "
    "take turns",
    "[slow]") {
  constexpr int kStores = 1'000, kPeople = 1'000;
  constexpr std::uint64_t kGib = std::uint64_t{1} << 30;
  rlimit handles{};
  ::getrlimit(RLIMIT_NOFILE, &handles);
  handles.rlim_cur = handles.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &handles);
  REQUIRE(handles.rlim_cur >= 16 * kStores);  // raise the hard limit: ulimit -Hn
  const TempFolder folder;
  {
    const auto environment = Make(kStores);
    const std::uint64_t before = ResidentBytes();
    std::vector<std::shared_ptr<Engine>> engines;
    for (int i = 0; i < kStores; ++i) {
      engines.push_back(
          OpenAndFill(*environment, folder / std::to_string(i), i * kPeople, kPeople / 2));
      for (int p = i * kPeople + kPeople / 2; p < (i + 1) * kPeople; p += 2) {
        const std::string n = std::to_string(p);
        const std::vector<Record> two = {
            Visit(p), Seen("app" + n, p, {{"crm", "c" + n}, {"openid", "o" + n}}), Visit(p + 1)};
        Must(engines.back()->Apply(two));
      }
    }
    const std::uint64_t resident = ResidentBytes();
    WARN((resident - before) / kStores / 1024 << " KiB a store; resident " << (resident >> 20)
                                              << " MiB");
#ifndef POLYONYM_SANITIZED
    CHECK(resident < 2 * kGib);
#endif
    CHECK(Threads() < 20);
    CHECK(environment->GetStats().held_stores == kStores);
    for (int i = 0; i < kStores; ++i)
      REQUIRE(Knows(*engines[static_cast<std::size_t>(i)], (i + 1) * kPeople - 2));
  }
  const auto environment = Make(kStores, kGib / 4);
  Random random(1);
  for (int question = 0; question < 3'000; ++question) {
    const int store = static_cast<int>(random.Below(kStores));
    const int person = store * kPeople + static_cast<int>(random.Below(kPeople));
    REQUIRE(Knows(*Must(environment->Open(folder / std::to_string(store))), person));
    REQUIRE(environment->GetStats().resident_bytes <= kGib / 4);
  }
  const EnvironmentStats stats = environment->GetStats();
  WARN(stats.open_stores << " open in " << (stats.resident_bytes >> 20) << " MiB; resident "
                         << (ResidentBytes() >> 20) << " MiB");
  CHECK(stats.open_stores > 50);
  CHECK(stats.evicted == stats.opened - stats.open_stores);
#ifndef POLYONYM_SANITIZED
  CHECK(ResidentBytes() < kGib / 2 + kGib / 4);
#endif
}

}  // namespace polyonym::harness
