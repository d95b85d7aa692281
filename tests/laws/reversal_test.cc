// L3: a record taken back leaves the state in which it never came.
#include <algorithm>
#include <set>

#include "harness/catch.h"
#include "harness/engine_state.h"
#include "laws/law.h"

namespace polyonym::harness {
namespace {

Record TombstoneOf(const NaiveWorld::Entry& entry) {
  Record tombstone;
  tombstone.act = Act::kRetract;
  tombstone.source = entry.record.source;
  tombstone.id = entry.record.id;
  tombstone.version = entry.record.version;
  return tombstone;
}

void ApplyAll(Engine& engine, const std::vector<Record>& records, Random& random) {
  for (const std::span<const Record> batch : RandomBatches(records, random))
    Must(engine.Apply(batch).status());
}

// Each of a few further records comes and goes, by Retract() or by a record.
std::string CheckComeAndGo(const History& history) {
  Random random(history.seed ^ 0x4e7e4);
  std::unique_ptr<Engine> engine = OpenInMemory(history.policy, history.seed);
  ApplyAll(*engine, history.records, random);
  const NaiveWorld world(Compile(history.policy), history.records);
  std::string fault;
  for (int i = 0; i < 6 && fault.empty(); ++i) {
    Record extra = RandomExtraRecord(history, random);
    extra.id += std::to_string(i);
    Must(engine->Apply(std::span(&extra, 1)).status());
    if (random.Chance(50)) {
      RecordSelector selector;
      selector.source = extra.source;
      selector.record_id = extra.id;
      const RetractResult result = Must(engine->Retract(selector));
      if (result.retracted != 1)
        fault += "Retract() hit " + std::to_string(result.retracted) + " records\n";
    } else {
      NaiveWorld::Entry entry;
      entry.record = extra;
      entry.record.version = extra.time_ms;
      const Record tombstone = TombstoneOf(entry);
      Must(engine->Apply(std::span(&tombstone, 1)).status());
    }
    fault += CompareWithNaive(engine->Read(), world, false);
    if (!fault.empty())
      fault = "after it came and went:\n" + Describe(std::span(&extra, 1)) + fault;
  }
  return fault;
}

// A range of a source is taken back; then everything.
std::string CheckRanges(const History& history) {
  Random random(history.seed ^ 0x4a4e);
  const auto policy = Compile(history.policy);
  std::unique_ptr<Engine> engine = OpenInMemory(history.policy, history.seed);
  ApplyAll(*engine, history.records, random);
  std::vector<Record> records = history.records;
  RecordSelector range;
  range.source = "s" + std::to_string(random.Below(3));
  range.from_ms = random.Between(990, 1'060);
  range.to_ms = *range.from_ms + random.Between(0, 50);
  const NaiveWorld before(policy, records);
  std::size_t hit = 0;
  for (const NaiveWorld::Entry& entry : before.entries()) {
    const Record& r = entry.record;
    if (!entry.stands || r.act == Act::kRetract || r.source != range.source) continue;
    if (*r.time_ms < *range.from_ms || *r.time_ms > *range.to_ms) continue;
    records.push_back(TombstoneOf(entry));
    ++hit;
  }
  std::string fault;
  range.dry_run = true;
  if (Must(engine->Retract(range)).retracted != hit) fault += "a dry run miscounts\n";
  fault += CompareWithNaive(engine->Read(), before);
  range.dry_run = false;
  if (Must(engine->Retract(range)).retracted != hit) fault += "Retract() of a range miscounts\n";
  const NaiveWorld after(policy, records);
  fault += CompareWithNaive(engine->Read(), after);
  if (!fault.empty()) return fault;

  std::vector<Record> tombstones;
  for (const NaiveWorld::Entry& entry : after.entries()) {
    if (entry.stands && entry.record.act != Act::kRetract) tombstones.push_back(TombstoneOf(entry));
  }
  random.Shuffle(&tombstones);
  ApplyAll(*engine, tombstones, random);
  const View view = engine->Read();
  const Stats stats = view.GetStats();
  if (stats.profiles != 0 || stats.live_identifiers != 0 || stats.links != 0 ||
      stats.refused_links != 0 || stats.shared_identifiers != 0) {
    fault += "with every record taken back, statistics still count something\n";
  }
  view.ForEachProfile([&](ProfileId, std::span<const Identifier>) {
    fault += "with every record taken back, somebody is left\n";
    return false;
  });
  const VerifyReport report = Must(view.Verify());
  if (!report.ok()) fault += "Verify: " + report.problems[0] + "\n";
  return fault;
}

}  // namespace

TEST_CASE("a record or act that comes and goes leaves everybody as if it never came") {
  CheckLaw(70'000, 1'000, CheckComeAndGo);
}
TEST_CASE("a record or act that comes and goes leaves everybody as if it never came, at length",
          "[slow]") {
  CheckLaw(7'000'000, 10'000, CheckComeAndGo);
}
TEST_CASE("a range of a source can be taken back, and then all the rest") {
  CheckLaw(80'000, 750, CheckRanges);
}
TEST_CASE("a range of a source can be taken back, and then all the rest, at length", "[slow]") {
  CheckLaw(8'000'000, 7'500, CheckRanges);
}

TEST_CASE("records of every act come and go in these histories") {
  std::set<Act> acts;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Random random(seed);
    acts.insert(RandomExtraRecord(RandomHistory(seed), random).act);
  }
  CHECK(acts.size() == 8);  // all but a tombstone itself
}

}  // namespace polyonym::harness
