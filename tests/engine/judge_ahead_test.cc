// Records of large calls are checked and judged ahead, on another thread where there is one: the same comes of it.
#include "engine/judge_ahead.h"

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "harness/catch.h"
#include "polyonym/engine/engine.h"

namespace polyonym::engine {
namespace {

Policy TwoFamilies() {
  Policy policy;
  for (const char* name : {"phone", "openid"}) {
    NamespacePolicy& ns = policy.namespaces.emplace_back();
    ns.name = name;
    ns.priority = static_cast<std::uint32_t>(policy.namespaces.size());
  }
  policy.namespaces[0].limits = {{2, false, 0}};
  return policy;
}

// Records of two or three identifiers; some malformed, some held, scopes that were never seen all along.
std::vector<Record> RandomRecords(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Record> records;
  for (std::size_t i = 0; i < count; ++i) {
    Record& r = records.emplace_back();
    r.source = "shop";
    if (random() % 10 != 0) r.id = "r" + std::to_string(random() % (count * 9 / 10));
    r.time_ms = static_cast<std::int64_t>(1'000 + i);
    const std::size_t identifiers = 2 + random() % 2;
    for (std::size_t n = 0; n < identifiers; ++n) {
      std::string ns =
          random() % 3 == 0 ? "phone" : "openid/app" + std::to_string(random() % (1 + i / 50));
      if (random() % 50 == 0) ns = "unknown";
      r.identifiers.push_back({ns, std::to_string(random() % count), Role::kSelf});
    }
    if (random() % 40 == 0) r.identifiers[0].value.clear();
    if (random() % 40 == 0) r.identifiers[1].ns = "a space";
  }
  return records;
}

std::vector<std::vector<Identifier>> Groups(const Engine& engine) {
  std::vector<std::vector<Identifier>> groups;
  engine.Read().ForEachProfile([&](ProfileId, std::span<const Identifier> members) {
    groups.emplace_back(members.begin(), members.end());
    return true;
  });
  return groups;
}

}  // namespace

TEST_CASE("groups come in order and judged, however many help") {
  const auto policy = CompiledPolicy::Compile(TwoFamilies()).value();
  const auto rules = Rules::Make(policy, 1, 0, {"phone"});
  Index index;
  index.seed = 7;
  const std::vector<Record> records = RandomRecords(2'000, 1);
  const JudgeAhead::Shape shape{RecordLimits(), 1'000'000};
  for (int helpers = 0; helpers < 3; ++helpers) {
    CAPTURE(helpers);
    const auto ring = std::make_unique<JudgeAhead::Ring>();
    std::vector<Incoming> items;
    for (const Record& r : records) items.push_back({.record = &r, .check = true});
    JudgeAhead ahead(items, shape, rules, &index, ring.get());
    std::vector<std::thread> threads;
    for (int i = 0; i < helpers; ++i) threads.emplace_back([&] { ahead.Help(); });
    std::size_t at = 0, malformed = 0, wrong = 0;
    while (at < records.size()) {
      for (const Judged& judged : ahead.Next()) {
        const Record& record = records[at++];
        const Reason reason = CheckShape(record, shape.limits, shape.now_ms);
        wrong += judged.malformed != reason ? 1 : 0;
        malformed += reason != Reason::kNone ? 1 : 0;
        if (reason != Reason::kNone) continue;
        Judged alone;
        JudgeBy(*rules, index, record, &alone);
        bool same = judged.record == &record && judged.key == alone.key &&
                    judged.verdict.reason == alone.verdict.reason &&
                    judged.names.size() == alone.names.size();
        for (std::size_t i = 0; same && i < alone.names.size(); ++i) {
          same = judged.names[i].kind == alone.names[i].kind &&
                 (alone.names[i].kind == kNone || judged.names[i].hash == alone.names[i].hash) &&
                 judged.verdict.counted[i].value == alone.verdict.counted[i].value;
        }
        wrong += same ? 0 : 1;
      }
    }
    ahead.Close();
    for (std::thread& thread : threads) thread.join();
    CHECK(at == records.size());
    CHECK(malformed > 0);
    CHECK(wrong == 0);
  }
}

TEST_CASE("what is left when the writer stops early is not looked at any more") {
  const auto policy = CompiledPolicy::Compile(TwoFamilies()).value();
  const auto rules = Rules::Make(policy, 1, 0, {});
  Index index;
  for (int round = 0; round < 50; ++round) {
    const auto ring = std::make_unique<JudgeAhead::Ring>();
    auto records = std::make_unique<std::vector<Record>>(RandomRecords(400, 2));
    std::vector<Incoming> items;
    for (const Record& r : *records) items.push_back({.record = &r, .check = true});
    const auto ahead = std::make_shared<JudgeAhead>(std::span<const Incoming>(items),
                                                    JudgeAhead::Shape{RecordLimits(), 1'000'000},
                                                    rules, &index, ring.get());
    std::atomic<bool> helps = false;
    std::thread helper([&] {
      helps = true;
      ahead->Help();
    });
    while (!helps) std::this_thread::yield();
    ahead->Next();
    ahead->Close();
    records.reset();  // a helper that still read them would be seen by a sanitizer
    ahead->Help();
    helper.join();
  }
}

TEST_CASE("a large call gives what the same records give one by one") {
  for (const std::uint64_t seed : {3, 4}) {
    CAPTURE(seed);
    const std::vector<Record> records = RandomRecords(3'000, seed);
    EngineOptions options;
    options.hash_seed = 11;
    options.now_ms = [] { return std::int64_t{1'000'000}; };
    const auto at_once = Engine::OpenInMemory(options).value();
    const auto one_by_one = Engine::OpenInMemory(options).value();
    REQUIRE(at_once->SetPolicy(TwoFamilies()).ok());
    REQUIRE(one_by_one->SetPolicy(TwoFamilies()).ok());
    const ApplyResult all = at_once->Apply(records).value();
    std::size_t different = 0, rejected = 0;
    for (std::size_t i = 0; i < records.size(); ++i) {
      const RecordResult one = one_by_one->Apply(std::span(&records[i], 1)).value().records[0];
      const RecordResult& other = all.records[i];
      different += one.outcome != other.outcome || one.reason != other.reason ||
                           one.field != other.field ||
                           one.held_identifiers != other.held_identifiers
                       ? 1
                       : 0;
      rejected += one.outcome == Outcome::kRejected ? 1 : 0;
    }
    CHECK(rejected > 0);
    CHECK(different == 0);
    CHECK(Groups(*at_once) == Groups(*one_by_one));
    CHECK(at_once->Read().Verify().value().problems.empty());
  }
}

}  // namespace polyonym::engine
