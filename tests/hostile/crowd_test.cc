// An identifier that everybody has: a shop's phone, a till's tablet.
#include "harness/catch.h"
#include "harness/engine_state.h"

namespace polyonym::harness {
namespace {

Policy CrowdPolicy(std::uint32_t guard) {
  Policy policy;
  policy.default_max_neighbours = guard;
  for (const char* name : {"member", "till"}) {
    NamespacePolicy& ns = policy.namespaces.emplace_back();
    ns.name = name;
    ns.normaliser = Normaliser::kExact;
    ns.builtin_blocks = false;
  }
  return policy;
}

std::vector<Record> Crowd(std::size_t size) {
  std::vector<Record> records(size);
  for (std::size_t i = 0; i < size; ++i) {
    Record& record = records[i];
    record.source = "till";
    record.id = std::to_string(i);
    record.time_ms = 1'000'000 + static_cast<std::int64_t>(
                                     size - i);  // the first are the latest: their links stand
    record.identifiers = {{"till", "t", Role::kSelf}, {"member", std::to_string(i), Role::kSelf}};
  }
  return records;
}

void ApplyAll(Engine& engine, const std::vector<Record>& records) {
  for (std::size_t at = 0; at < records.size(); at += 1'000) {
    const auto batch =
        std::span(records).subspan(at, std::min<std::size_t>(1'000, records.size() - at));
    for (const RecordResult& r : Must(engine.Apply(batch)).records)
      REQUIRE(r.outcome == Outcome::kApplied);
  }
}

void CheckCapped(std::size_t size) {
  std::unique_ptr<Engine> engine = OpenInMemory(CrowdPolicy(0), 0);
  ApplyAll(*engine, Crowd(size));
  const View view = engine->Read();
  const Stats stats = view.GetStats();
  CHECK(stats.largest_profile == 10'000);
  CHECK(stats.profiles == size - 9'999 + 1);
  CHECK(stats.refused_links == size - 9'999);
  CHECK(view.Why({"till", "t"}, {"member", "0"})->connected);
  const WhyNotAnswer last = Must(view.WhyNot({"till", "t"}, {"member", std::to_string(size - 1)}));
  CHECK(last.obstacle == Obstacle::kProfileSize);
  CHECK(last.limit == 10'000);
  CHECK(last.would_be == 10'001);
}

}  // namespace

TEST_CASE("what 100,000 members were seen with is shared, and joins none of them") {
  std::unique_ptr<Engine> engine = OpenInMemory(CrowdPolicy(1'000), 0);
  ApplyAll(*engine, Crowd(100'000));
  const View view = engine->Read();
  const Resolution till = view.Resolve(Identifier{"till", "t"});
  CHECK(till.shared);
  CHECK_FALSE(till.gone);
  const Stats stats = view.GetStats();
  CHECK(stats.profiles == 100'001);
  CHECK(stats.largest_profile == 1);
  CHECK(stats.shared_identifiers == 1);
  CHECK(stats.refused_links == 0);
  const WhyNotAnswer apart = Must(view.WhyNot({"member", "0"}, {"member", "99999"}));
  CHECK(apart.obstacle == Obstacle::kShared);
  CHECK(apart.shared == Identifier{"till", "t"});
  CHECK(apart.limit == 1'000);
}

TEST_CASE("a guard opens again when the crowd is taken back") {
  std::unique_ptr<Engine> engine = OpenInMemory(CrowdPolicy(1'000), 0);
  ApplyAll(*engine, Crowd(1'500));
  CHECK(engine->Read().Resolve(Identifier{"till", "t"}).shared);
  RecordSelector late;
  late.source = "till";
  late.from_ms = 1'000'000;
  late.to_ms = 1'000'500;  // the last 500 to come have the earliest times
  CHECK(Must(engine->Retract(late)).retracted == 500);
  const View view = engine->Read();
  CHECK_FALSE(view.Resolve(Identifier{"till", "t"}).shared);
  CHECK(view.GetStats().largest_profile == 1'001);
  CHECK(view.Resolve(Identifier{"member", "1499"}).gone);
}

TEST_CASE("without a guard the limit on a profile holds a crowd of 100,000 off") {
  CheckCapped(100'000);
}

// The rest of this file would take minutes where work grew with what is already there.

TEST_CASE("a guard that counts one namespace bears 50,000 neighbours of another") {
  Policy policy = CrowdPolicy(0);
  policy.max_identifiers_per_profile = 0;
  policy.namespaces[1].guards = {{"till", 5}};
  std::unique_ptr<Engine> engine = OpenInMemory(policy, 0);
  ApplyAll(*engine, Crowd(50'000));
  CHECK_FALSE(engine->Read().Resolve(Identifier{"till", "t"}).shared);
  std::vector<Record> tills(6);
  for (std::size_t i = 0; i < tills.size(); ++i) {
    tills[i].source = "till";
    tills[i].id = "other" + std::to_string(i);
    tills[i].time_ms = 5;
    tills[i].identifiers = {{"till", "t", Role::kSelf},
                            {"till", "u" + std::to_string(i), Role::kSelf}};
  }
  ApplyAll(*engine, {tills.begin(), tills.end() - 1});
  CHECK_FALSE(engine->Read().Resolve(Identifier{"till", "t"}).shared);
  ApplyAll(*engine, {tills.end() - 1, tills.end()});
  CHECK(engine->Read().Resolve(Identifier{"till", "t"}).shared);
  CHECK(engine->Read().GetStats().profiles == 50'007);
}

TEST_CASE("20,000 sightings of one pair are taken back one by one, from either end") {
  std::unique_ptr<Engine> engine = OpenInMemory(CrowdPolicy(0), 0);
  std::vector<Record> records = Crowd(20'000);
  for (Record& record : records) record.identifiers[1].value = "m";
  ApplyAll(*engine, records);
  for (std::size_t i = 0; i < records.size() / 2 - 1; ++i) {
    for (const std::size_t at : {i, records.size() - 1 - i}) {  // the latest, and the earliest
      RecordSelector one;
      one.source = "till";
      one.record_id = records[at].id;
      REQUIRE(Must(engine->Retract(one)).retracted == 1);
    }
  }
  const View view = engine->Read();
  const auto links = Must(view.Links({"till", "t"}));
  REQUIRE(links.size() == 1);
  CHECK(links[0].link.sightings == 2);
  CHECK(links[0].link.first_ms == *records[10'000].time_ms);
  CHECK(links[0].link.last_ms == *records[9'999].time_ms);
  CHECK(Must(view.Verify()).ok());
}

TEST_CASE("20,000 cannot-links of one identifier come and go") {
  std::unique_ptr<Engine> engine = OpenInMemory(CrowdPolicy(1'000), 0);
  std::vector<Record> records = Crowd(20'000);
  for (Record& record : records) record.act = Act::kCannotLink;
  ApplyAll(*engine, records);
  RecordSelector all;
  all.source = "till";
  all.from_ms = 0;
  CHECK(Must(engine->Retract(all)).retracted == 20'000);
  CHECK(Must(engine->Read().Verify()).ok());
}

TEST_CASE("after an unbind under a policy with parents, 10,000 sightings of one pair come and go") {
  Policy policy = CrowdPolicy(0);
  policy.namespaces[0].parent = "till";
  std::unique_ptr<Engine> engine = OpenInMemory(policy, 0);
  std::vector<Record> records = Crowd(10'000);
  for (Record& record : records) record.identifiers[1].value = "m";
  Record unbind = records[0];
  unbind.id = "unbind";
  unbind.act = Act::kUnbind;
  unbind.time_ms = 500'000;
  unbind.identifiers[1].value = "another";
  ApplyAll(*engine, {unbind});
  ApplyAll(*engine, records);
  CHECK(engine->Read().Why({"till", "t"}, {"member", "m"})->connected);
  RecordSelector all;
  all.source = "till";
  all.from_ms = 1'000'000;
  CHECK(Must(engine->Retract(all)).retracted == 10'000);
  CHECK(Must(engine->Read().Verify()).ok());
}

TEST_CASE("a record of which 30,000 versions come, each with another member, walks no dead pairs") {
  std::unique_ptr<Engine> engine = OpenInMemory(CrowdPolicy(0), 0);
  std::vector<Record> records = Crowd(30'000);
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i].id = "one";
    records[i].version = static_cast<std::int64_t>(i);
  }
  ApplyAll(*engine, records);
  Record back = records[7];  // a pair that was shed long ago
  back.id = "two";
  ApplyAll(*engine, {back});
  const View view = engine->Read();
  CHECK(Must(view.Links({"till", "t"})).size() == 2);
  CHECK(view.Why({"member", "7"}, {"member", "29999"})->connected);
  CHECK(Must(view.Verify()).ok());
}

TEST_CASE("5,000 scopes of one family come one by one") {
  std::unique_ptr<Engine> engine = OpenInMemory(CrowdPolicy(0), 0);
  std::vector<Record> records = Crowd(5'000);
  for (std::size_t i = 0; i < records.size(); ++i)
    records[i].identifiers[0].ns = "till/app" + std::to_string(i);
  ApplyAll(*engine, records);
  CHECK(engine->Read().GetStats().profiles == 5'000);
}

TEST_CASE("what keeps two profiles of a crowd apart is the same from either side") {
  Policy policy = CrowdPolicy(0);
  policy.max_identifiers_per_profile = 0;
  policy.namespaces[1].limits = {Limit{}};
  std::unique_ptr<Engine> engine = OpenInMemory(policy, 0);
  ApplyAll(*engine, Crowd(15'000));
  Record other = Crowd(1)[0];
  other.id = "other";
  other.time_ms = 5;
  other.identifiers = {{"till", "u", Role::kSelf}, {"member", "0", Role::kSelf}};
  ApplyAll(*engine, {other});
  const View view = engine->Read();
  CHECK(Must(view.WhyNot({"till", "u"}, {"member", "9"})).obstacle == Obstacle::kLimit);
  CHECK(Must(view.WhyNot({"member", "9"}, {"till", "u"})).obstacle == Obstacle::kLimit);
}

}  // namespace polyonym::harness
