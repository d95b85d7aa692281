// An erasure with a deadline for the rewriting of files: who is erased is erased whatever that takes, and what is left is said and finished later.
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"

namespace polyonym::harness {
namespace {

constexpr const char* kCanary = "canary-44c1";
constexpr std::uint64_t kNsInMs = 1'000'000;

bool AnyFileHas(const std::string& path, const std::string& bytes) {
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    if (text.find(bytes) != std::string::npos) return true;
  }
  return false;
}

// A store whose clock goes on by so much each time that somebody looks at it.
struct SlowShop {
  explicit SlowShop(const std::string& path) {
    EngineOptions options;
    options.ticks_ns = [this] { return now_ns.fetch_add(step_ns); };
    engine = Must(Engine::Open(path, options));
    Must(engine->SetPolicy(ShopPolicy()).status());
    std::vector<Record> records;
    for (int i = 0; i < 50; ++i) records.push_back(Visit(i));
    records.push_back(Seen("canary", 60, {{"crm", kCanary}, {"phone", "p60"}}));
    Must(engine->Apply(records).status());
    Must(engine->Checkpoint());
  }
  EraseReceipt Erase(std::uint64_t within_ms) {
    EraseOptions options;
    options.finish_within_ms = within_ms;
    return Must(engine->Erase(std::vector<EraseRequest>{{{"crm", kCanary}, true}}, options));
  }

  std::atomic<std::uint64_t> now_ns{0};
  std::atomic<std::uint64_t> step_ns{0};
  std::unique_ptr<Engine> engine;
};

}  // namespace

TEST_CASE(
    "an erasure whose deadline is over is done but for its files and they are finished later") {
  const TempFolder folder;
  const std::string path = folder / "store";
  SlowShop shop(path);
  REQUIRE(AnyFileHas(path, kCanary));
  shop.step_ns = 10 * kNsInMs;
  const EraseReceipt receipt = shop.Erase(5);
  CHECK_FALSE(receipt.finished);
  CHECK(receipt.erased_identifiers == 2);
  CHECK(receipt.rewritten_frames > 0);
  CHECK_FALSE(shop.engine->Read().Resolve({"crm", kCanary}).known);
  CHECK(shop.engine->Read().Resolve({"crm", "c7"}).known);
  CHECK(Must(shop.engine->Read().Verify()).ok());
  CHECK(AnyFileHas(path, kCanary));

  // Once more changes nothing, and is as short of time.
  CHECK_FALSE(shop.Erase(5).finished);
  Must(shop.engine->FinishErasing());
  CHECK_FALSE(AnyFileHas(path, kCanary));
  CHECK(Must(shop.engine->Read().Verify()).ok());
  CHECK(shop.Erase(5).finished);  // there is nothing left to do
}

TEST_CASE("a deadline that suffices is none") {
  const TempFolder folder;
  const std::string path = folder / "store";
  SlowShop shop(path);
  for (const std::uint64_t within_ms : {std::uint64_t{1}, ~std::uint64_t{0}}) {
    const EraseReceipt receipt = shop.Erase(within_ms);  // the clock stands
    CHECK(receipt.finished);
    CHECK_FALSE(AnyFileHas(path, kCanary));
  }
}

TEST_CASE("files that a deadline left are finished by a process that comes later") {
  const TempFolder folder;
  const std::string path = folder / "store";
  {
    SlowShop shop(path);
    shop.step_ns = 10 * kNsInMs;
    CHECK_FALSE(shop.Erase(5).finished);
    EraseOptions options;
    options.finish_within_ms = 5;
    CHECK_FALSE(Must(shop.engine->KeepOnly(100, options)).finished);
  }
  const auto engine = Must(Engine::Open(path, {}));
  CHECK_FALSE(engine->Read().Resolve({"crm", kCanary}).known);
  Must(engine->FinishErasing());
  CHECK_FALSE(AnyFileHas(path, kCanary));
}

}  // namespace polyonym::harness
