// An engine on a sealed store is an engine, and its files say nothing.
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "harness/catch.h"
#include "harness/engine_state.h"
#include "polyonym/engine/engine.h"
#include "polyonym/model/facts.h"
#include "polyonym/privacy/key_keeper.h"
#include "polyonym/privacy/sealed_store.h"

namespace polyonym::harness {
namespace {

const std::string kCanary = "canary4711";

EngineOptions Sealed(char master = 'm') {
  EngineOptions options;
  options.keys = Must(MakeKeyKeeper(std::string(32, master)));
  return options;
}

absl::Status CannotOpen(const std::string& path, const EngineOptions& options) {
  return Engine::Open(path, options).status();
}

Policy PolicyWithCanary() {
  Policy policy;
  for (const char* ns : {"crm", "phone"}) {
    NamespacePolicy& one = policy.namespaces.emplace_back();
    one.name = ns;
    one.blocked_values = {kCanary + "blocked"};
  }
  policy.definitions.watched_traits = {"city"};
  policy.definitions.traits.push_back({.name = "city"});
  return policy;
}

// Every text of it has the canary.
std::vector<Record> Canaries(int from, int to) {
  std::vector<Record> records;
  for (int n = from; n < to; ++n) {
    const std::string text = kCanary + std::to_string(n);
    Record& record = records.emplace_back();
    record.source = "source";
    record.id = "id" + text;
    record.time_ms = n + 1;
    record.identifiers = {
        {"crm", "crm" + text, Role::kSelf},
        {"phone", "phone" + std::to_string(n / 2) + text.substr(0, 10), Role::kSelf}};
    Facts facts;
    facts.traits.push_back({.name = "city", .value = Value{"city" + text}});
    record.facts = WriteFacts(facts);
  }
  return records;
}

std::vector<std::string> FilesWith(const std::string& folder, const std::string& text) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ostringstream bytes;
    bytes << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    if (bytes.str().find(text) != std::string::npos) found.push_back(entry.path().string());
  }
  return found;
}

// All ways of a record to the disk.
void FillStore(const std::string& path, const std::string& copy, const EngineOptions& options) {
  const auto engine = Must(Engine::Open(path, options));
  Must(engine->SetPolicy(PolicyWithCanary()));
  Must(engine->BulkApply(Canaries(0, 2'000)));
  Must(engine->Sync());
  Must(engine->Apply(Canaries(2'000, 2'500)));
  Must(engine->Checkpoint());
  Must(engine->Apply(Canaries(2'500, 2'600)));
  Must(engine->CopyTo(copy));
}

}  // namespace

TEST_CASE("no file of a sealed engine has a value of a record or a fact or a policy") {
  const TempFolder folder;
  FillStore(folder / "store", folder / "copy", Sealed());
  CHECK(FilesWith(folder.path(), kCanary).empty());
  FillStore(folder / "plain", folder / "plain copy", {});
  CHECK_FALSE(FilesWith(folder / "plain", kCanary).empty());
}

TEST_CASE("an engine says which key is missing or wrong and leaves the store alone") {
  const TempFolder folder;
  const std::string sealed = folder / "sealed", plain = folder / "plain";
  FillStore(sealed, folder / "copy", Sealed());
  FillStore(plain, folder / "plain copy", {});
  for (int again = 0; again < 2; ++again) {
    const absl::Status without = CannotOpen(sealed, {});
    CHECK(absl::IsFailedPrecondition(without));
    CHECK_THAT(std::string(without.message()), HoldsText("keys: the store is sealed"));
    const absl::Status wrong = CannotOpen(sealed, Sealed('n'));
    CHECK(absl::IsPermissionDenied(wrong));
    CHECK_THAT(std::string(wrong.message()), HoldsText("the key does not open this store"));
    const absl::Status late = CannotOpen(plain, Sealed());
    CHECK(absl::IsFailedPrecondition(late));
    CHECK_THAT(std::string(late.message()), HoldsText("in plain"));
    CHECK(Must(Must(Engine::Open(sealed, Sealed()))->Read().Verify()).ok());
    CHECK(Must(Must(Engine::Open(plain, {}))->Read().Verify()).ok());
  }
  EngineOptions bounded = Sealed();
  bounded.memory_budget_bytes = std::uint64_t{64} << 20;
  const absl::Status both = CannotOpen(folder / "bounded", bounded);
  CHECK(absl::IsFailedPrecondition(both));
  CHECK_THAT(std::string(both.message()), HoldsText("keys"));
  CHECK_THAT(std::string(both.message()), HoldsText("memory_budget_bytes"));
}

TEST_CASE("a sealed engine says what one in plain says and so does its copy and after other keys") {
  ForEachSeed(1, 12, [](std::uint64_t seed) {
    INFO("seed " << seed);
    const TempFolder folder;
    const History history = RandomHistory(seed);
    EngineOptions options = LawOptions(seed);
    options.keys = Sealed().keys;
    const NaiveWorld world = WorldAt(history, history.steps.size());
    {
      const auto engine = Must(Engine::Open(folder / "store", options));
      Must(engine->SetPolicy(history.policy));
      Random random(seed);
      ApplySteps(*engine, history, random);
      REQUIRE(CompareWithNaive(engine->Read(), world, false) == "");
      if (seed % 2 == 0) Must(engine->Checkpoint());
      Must(engine->CopyTo(folder / "copy"));
    }
    REQUIRE(CompareWithNaive(Must(Engine::Open(folder / "copy", options))->Read(), world, false) ==
            "");
    {
      const auto store =
          Must(OpenSealedStore(Must(OpenRocksStore(folder / "store", {})), options.keys));
      Must(store->RotateKeys());
      Must(store->Reseal());
      Must(store->Rewrap(Sealed('n').keys));
    }
    options.keys = Sealed('n').keys;
    REQUIRE(CompareWithNaive(Must(Engine::Open(folder / "store", options))->Read(), world, false) ==
            "");
  });
}

}  // namespace polyonym::harness
