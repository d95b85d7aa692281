// Another policy on a live store: what it touches, what it tells, what it leaves alone.
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"

namespace polyonym::harness {
namespace {

// `people` visits, and a namespace that nobody holds.
std::unique_ptr<Engine> OpenBusyShop(int people) {
  Policy policy = ShopPolicy();
  policy.namespaces.emplace_back().name = "weibo";
  std::unique_ptr<Engine> engine = OpenInMemory(policy, 0);
  std::vector<Record> records;
  for (int i = 0; i < people; ++i) records.push_back(Visit(i));
  Must(engine->Apply(records).status());
  return engine;
}

NamespacePolicy& Find(Policy& policy, const std::string& name) {
  for (NamespacePolicy& ns : policy.namespaces) {
    if (ns.name == name) return ns;
  }
  throw std::runtime_error("no such namespace");
}

}  // namespace

TEST_CASE("a change to a namespace that nobody holds judges nothing and replays nobody") {
  const std::unique_ptr<Engine> engine = OpenBusyShop(100);
  const auto change = [&](const std::function<void(NamespacePolicy&)>& edit) {
    Policy policy = engine->Read().policy();
    edit(Find(policy, "weibo"));
    return Must(engine->SetPolicy(policy));
  };
  for (const PolicyResult& result :
       {change([](NamespacePolicy& ns) { ns.priority = 7; }), change([](NamespacePolicy& ns) {
          ns.limits = {{1, false, 0}};
        }),
        change([](NamespacePolicy& ns) {
          ns.guards = {{"crm", 1}};
        }),
        change([](NamespacePolicy& ns) { ns.normaliser = Normaliser::kLowerCase; }),
        change([](NamespacePolicy& ns) { ns.link_lifetime_ms = 5; }),
        change([](NamespacePolicy& ns) { ns.validity_ms = 5; })}) {
    CHECK(result.judged_records == 0);
    CHECK(result.changed_records == 0);
    CHECK(result.replayed_profiles == 0);
    CHECK(result.changes.empty());
  }
}

TEST_CASE("a ranking that changes replays the profiles with refused links alone") {
  const std::unique_ptr<Engine> engine = OpenBusyShop(100);
  // p7 is seen with another crm number: one link is refused.
  ApplyOne(*engine, Seen("other", 1'000, {{"crm", "x"}, {"phone", "p7"}}));
  Policy policy = engine->Read().policy();
  policy.ranking = Ranking::kOldest;
  const PolicyResult result = Must(engine->SetPolicy(policy));
  CHECK(result.judged_records == 0);
  CHECK(result.replayed_profiles == 2);
  CHECK(result.changes.size() == 1);
  CHECK(Must(engine->Read().Why({"crm", "c7"}, {"phone", "p7"})).connected);
}

TEST_CASE(
    "a blocked value is judged in records that name its namespace, and takes out its own alone") {
  const std::unique_ptr<Engine> engine = OpenBusyShop(50);
  ApplyOne(*engine, Seen("no phone", 1, {{"crm", "c1"}, {"openid", "o1"}}));
  Policy policy = engine->Read().policy();
  Find(policy, "phone").blocked_values = {"p7"};
  const PolicyResult result = Must(engine->SetPolicy(policy));
  CHECK(result.judged_records == 50);
  CHECK(result.changed_records == 1);
  const Resolution blocked = engine->Read().Resolve({"phone", "p7"});
  CHECK(blocked.blocked);
  HeldFilter filter;
  CHECK(Must(engine->Read().Held(filter)).size() == 1);
  Find(policy, "phone").blocked_values.clear();
  CHECK(Must(engine->SetPolicy(policy)).changed_records == 1);
  CHECK(engine->Read().Resolve({"phone", "p7"}).profile ==
        engine->Read().Resolve({"crm", "c7"}).profile);
}

TEST_CASE("a namespace that is declared late lets its held records count") {
  const std::unique_ptr<Engine> engine = OpenShop();
  CHECK(ApplyOne(*engine, Seen("1", 1, {{"crm", "c"}, {"douyin", "d"}})).records[0].outcome ==
        Outcome::kHeld);
  Policy policy = ShopPolicy();
  policy.namespaces.emplace_back().name = "douyin";
  const PolicyResult result = Must(engine->SetPolicy(policy));
  CHECK(result.changed_records == 1);
  CHECK(engine->Read().GetStats().held_records == 0);
  CHECK(Must(engine->Read().Why({"crm", "c"}, {"douyin", "d"})).connected);
}

TEST_CASE("progress is told to the end, and never beyond it") {
  const std::unique_ptr<Engine> engine = OpenBusyShop(10'000);
  Policy policy = engine->Read().policy();
  Find(policy, "phone").blocked_patterns = {"[13579]$"};
  std::uint64_t last = 0, total = 0;
  int calls = 0;
  PolicyOptions options;
  options.progress = [&](std::uint64_t done, std::uint64_t of) {
    CHECK(done >= last);
    CHECK(done <= of);
    last = done;
    total = of;
    ++calls;
  };
  CHECK(Must(engine->SetPolicy(policy, options)).changed_records == 5'000);
  CHECK(calls > 2);
  CHECK(last == total);
}

TEST_CASE("readers see the old policy until the new one is whole") {
  const std::unique_ptr<Engine> engine = OpenBusyShop(10'000);
  const View before = engine->Read();
  Policy policy = before.policy();
  Find(policy, "phone").blocked_patterns = {"."};
  PolicyOptions options;
  bool asked = false;
  options.progress = [&](std::uint64_t done, std::uint64_t of) {
    if (done == of) return;
    asked = true;
    CHECK(before.Resolve({"phone", "p5"}).profile == before.Resolve({"crm", "c5"}).profile);
  };
  Must(engine->SetPolicy(policy, options).status());
  CHECK(asked);
  CHECK(before.policy() != policy);
  CHECK(before.Resolve({"phone", "p5"}).profile == before.Resolve({"crm", "c5"}).profile);
  CHECK(engine->Read().Resolve({"phone", "p5"}).blocked);
}

TEST_CASE("a process that dies in a policy change finishes it when the store is opened again") {
  const std::shared_ptr<Store> store = OpenMemoryStore();
  const auto plan = std::make_shared<FailingStore::Plan>();
  std::unique_ptr<Engine> engine = Must(OpenOnFailing(store, plan));
  Must(engine->SetPolicy(ShopPolicy()).status());
  for (int i = 0; i < 20; ++i) ApplyOne(*engine, Visit(i));
  Policy policy = ShopPolicy();
  policy.namespaces[1].blocked_values = {"p7"};
  // The policy is written; its row of changes, the commit after it, is not.
  plan->fail_commit = plan->commits + 1;
  CHECK_FALSE(engine->SetPolicy(policy).ok());
  CHECK(engine->Read().policy() == ShopPolicy());
  engine.reset();

  engine = Must(OpenOnFailing(store, std::make_shared<FailingStore::Plan>()));
  CHECK(engine->Read().policy() == policy);
  CHECK(engine->Read().Resolve({"phone", "p7"}).blocked);
  CHECK(Must(engine->Read().Verify()).ok());
  FeedReader reader;
  reader.Take(AllChanges(engine->Read()));
  CHECK(reader.problems().empty());
  CHECK(reader.profiles() == NumbersInProfiles(engine->Read()));
}

TEST_CASE("policies that contradict themselves are refused, and the store goes on under its own") {
  const std::unique_ptr<Engine> engine = OpenBusyShop(3);
  const auto refused = [&](const std::string& field,
                           const std::function<void(NamespacePolicy&)>& edit) {
    Policy policy = engine->Read().policy();
    edit(Find(policy, "phone"));
    const absl::Status status = engine->SetPolicy(policy).status();
    INFO(status.ToString());
    CHECK(absl::IsInvalidArgument(status));
    CHECK(std::string(status.message()).rfind("namespaces[1]." + field, 0) == 0);
  };
  refused("limits[1]", [](NamespacePolicy& ns) { ns.limits = {{1, false, 5}, {2, false, 5}}; });
  refused("limits", [](NamespacePolicy& ns) {
    for (int i = 0; i < 1'000; ++i) ns.limits.push_back({1, false, i + 1});  // a thousand windows
  });
  refused("guards[1]", [](NamespacePolicy& ns) { ns.guards = {{"crm", 1}, {"crm", 2}}; });
  refused("parent", [](NamespacePolicy& ns) { ns.parent = "phone"; });
  refused("validity_ms", [](NamespacePolicy& ns) { ns.validity_ms = -1; });
  refused("link_lifetime_ms", [](NamespacePolicy& ns) { ns.link_lifetime_ms = INT64_MAX; });
  refused("derived[0].namespace", [](NamespacePolicy& ns) { ns.derived = {{"phone", {}, {}}}; });
  CHECK(Must(engine->Read().Verify()).ok());
}

}  // namespace polyonym::harness
