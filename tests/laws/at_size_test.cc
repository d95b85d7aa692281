// A large store whose policy changes again and again has the people of one that was built under the last policy.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/catch.h"
#include "harness/engine_state.h"

namespace polyonym::harness {
namespace {

// Phones and cookies are shared now and then; so that limits refuse, and guards hold.
std::vector<Record> MakeRecords(std::size_t people, Random& random) {
  std::vector<Record> records;
  for (std::size_t p = 0; p < people; ++p) {
    const std::string n = std::to_string(p);
    Record& r = records.emplace_back();
    r.source = "s" + std::to_string(p % 3);
    r.id = n;
    r.time_ms = static_cast<std::int64_t>(1'000'000 + p);
    const std::string near = std::to_string(p - random.Below(std::min<std::size_t>(p + 1, 4)));
    r.identifiers = {{"crm", "C" + n, Role::kSelf},
                     {"phone", "p" + (random.Chance(10) ? near : n), Role::kSelf},
                     {"cookie", "K" + (random.Chance(20) ? near : n), Role::kSelf}};
    if (random.Chance(30))
      r.identifiers.push_back({"tablet", "t" + std::to_string(p / 40), Role::kSelf});
  }
  return records;
}

Policy FirstPolicy() {
  Policy policy;
  for (const char* name : {"crm", "phone", "cookie", "tablet"})
    policy.namespaces.emplace_back().name = name;
  policy.namespaces[0].limits = {{1, false, 0}};
  return policy;
}

// One policy after the other, each a neighbour of the one before.
std::vector<Policy> Policies() {
  std::vector<Policy> policies;
  Policy p = FirstPolicy();
  const auto next = [&] { policies.push_back(p); };
  p.namespaces[1].priority = 2;
  next();
  p.namespaces[3].guards = {{"crm", 5}};
  next();
  p.namespaces[2].blocked_patterns = {"[05]$"};
  next();
  p.namespaces[1].limits = {{2, false, 0}, {1, false, 500}};
  next();
  p.ranking = Ranking::kOldest;
  next();
  p.namespaces[2].normaliser = Normaliser::kLowerCase;
  next();
  p.namespaces[2].link_lifetime_ms = 100'000;
  next();
  p.namespaces[3].validity_ms = 30;
  next();
  p.max_identifiers_per_profile = 6;
  next();
  p.namespaces[2].blocked_patterns.clear();
  p.namespaces[0].limits = {{2, false, 0}};
  next();
  return policies;
}

std::unique_ptr<Engine> Build(const Policy& policy, const std::vector<Record>& records,
                              std::int64_t clock_ms) {
  std::unique_ptr<Engine> engine = OpenInMemory(policy, 0);
  for (std::size_t i = 0; i < records.size(); i += 1000) {
    Must(engine
             ->Apply(std::span(records).subspan(i, std::min<std::size_t>(1000, records.size() - i)))
             .status());
  }
  Must(engine->AdvanceTo(clock_ms).status());
  return engine;
}

std::vector<Group> GroupsOf(const View& view) {
  std::vector<Group> groups;
  view.ForEachProfile([&](ProfileId, std::span<const Identifier> members) {
    groups.emplace_back(members.begin(), members.end());
    return true;
  });
  std::sort(groups.begin(), groups.end());
  return groups;
}

void Check(std::size_t people) {
  Random random(19);
  const std::vector<Record> records = MakeRecords(people, random);
  const auto clock = static_cast<std::int64_t>(1'000'000 + people);
  const std::unique_ptr<Engine> changed = Build(FirstPolicy(), records, clock);
  const std::vector<Policy> policies = Policies();
  REQUIRE(policies.size() == 10);
  for (const Policy& policy : policies) {
    const PolicyResult result = Must(changed->SetPolicy(policy));
    CHECK(result.replayed_profiles < records.size() * 3);
  }
  const std::unique_ptr<Engine> built = Build(policies.back(), records, clock);
  const Stats a = changed->Read().GetStats(), b = built->Read().GetStats();
  CHECK(a.profiles == b.profiles);
  CHECK(a.links == b.links);
  CHECK(a.refused_links == b.refused_links);
  CHECK(a.shared_identifiers == b.shared_identifiers);
  CHECK((GroupsOf(changed->Read()) == GroupsOf(built->Read())));
  const VerifyReport report = Must(changed->Read().Verify());
  INFO((report.ok() ? "" : report.problems[0]));
  CHECK(report.ok());
}

}  // namespace

TEST_CASE("ten policies one after the other leave a store as one built under the last") {
  Check(5'000);
}
TEST_CASE("ten policies leave a store of a million identifiers as one built under the last",
          "[slow]") {
  Check(350'000);
}

}  // namespace polyonym::harness
