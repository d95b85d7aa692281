// L1, L3 with horizons: folding moves nobody, and whatever comes after it is by the rule, of what is kept.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "harness/engine_state.h"
#include "laws/law.h"

namespace polyonym::harness {
namespace {

using Key = std::pair<std::string, std::string>;

// The history, with more records that say again what one before them said, earlier or later: those are what folds to one.
History WithRepeats(const History& history) {
  Random random(history.seed ^ 0x4e9ea7);
  History out{history.seed, history.policy, {}, {}};
  for (const HistoryStep& step : history.steps) {
    out.steps.push_back(step);
    if (step.kind != HistoryStep::Kind::kRecord) continue;
    out.steps.back().record = out.records.size();
    out.records.push_back(history.records[step.record]);
    if (!random.Chance(50)) continue;
    Record again = out.records[random.Below(out.records.size())];
    if (again.act != Act::kObserve || !again.time_ms) continue;
    again.id = "again" + std::to_string(out.records.size());
    again.time_ms = std::max<std::int64_t>(0, *again.time_ms - 5 + random.Below(30));
    again.version.reset();
    out.steps.push_back({});
    out.steps.back().record = out.records.size();
    out.records.push_back(std::move(again));
  }
  return out;
}

struct Horizon {
  std::string source;
  std::int64_t before_ms = 0;
};

// Of a source that has records, at the time of one of them, or of anybody's.
std::optional<Horizon> RandomHorizon(const View& view, Random& random) {
  std::vector<std::pair<std::string, std::int64_t>> known;
  Must(view.Export([&](const StoredRecord& stored) {
    if (stored.record.time_ms) known.emplace_back(stored.record.source, *stored.record.time_ms);
    return true;
  }));
  if (known.empty()) return std::nullopt;
  Horizon out{known[random.Below(known.size())].first, known[random.Below(known.size())].second};
  for (const SourceHorizon& h : view.Horizons()) {
    if (h.source == out.source && h.before_ms > out.before_ms) return std::nullopt;
  }
  return out;
}

std::vector<Record> ExportAll(const View& view) {
  std::vector<Record> records;
  Must(view.Export([&](const StoredRecord& stored) {
    records.push_back(stored.record);
    return true;
  }));
  return records;
}

std::string CompareWithKept(const View& view) {
  return CompareWithNaive(
             view, NaiveWorld(Compile(view.policy()), ExportAll(view), view.clock_ms()), false) +
         CheckVerify(view);
}

// Moves a horizon; what is wrong with it.
std::string Fold(Engine& engine, const Horizon& horizon) {
  const View view = engine.Read();
  const EngineState before = ReadState(view, {});
  const HorizonResult result = Must(engine.MoveHorizon(horizon.source, horizon.before_ms));
  const View folded = engine.Read();
  const EngineState after = ReadState(folded, {});
  std::string fault = Difference(before.state, after.state);
  if (before.members_of != after.members_of) fault += "ids moved\n";
  if (!Must(folded.Changes(view.sequence() + 1, 10)).empty()) fault += "a change was fed\n";
  std::uint64_t folds = 0, stand_for = 0;
  for (const Record& record : ExportAll(folded)) {
    if (record.source != horizon.source ||
        (record.act != Act::kObserve && record.act != Act::kBind))
      continue;
    if (*record.time_ms < horizon.before_ms && !record.folded) fault += "a record was left\n";
    folds += record.folded ? 1 : 0;
    stand_for += record.folded ? record.folded->count : 0;
  }
  // Those of earlier folds are among them.
  const bool moved = result.sequence != view.sequence();
  if ((moved && folds != result.folds) || stand_for < result.folded_records)
    fault += "the result miscounts\n";
  return fault.empty() ? "" : "folding " + horizon.source + ":\n" + fault;
}

// Whatever comes: clocks, policies, renames, retractions. The records that are kept say who is who.
std::string CheckFolds(const History& given) {
  const History history = WithRepeats(given);
  Random random(history.seed ^ 0xf01d);
  std::unique_ptr<Engine> engine = OpenInMemory(history.policy, history.seed);
  std::string fault;
  ApplySteps(*engine, history, random, [&](std::size_t done, const ApplyResult&) {
    if (!fault.empty()) return;
    if (random.Chance(25)) {
      if (const auto horizon = RandomHorizon(engine->Read(), random))
        fault = Fold(*engine, *horizon);
    }
    if (done == history.steps.size() || random.Chance(20)) fault += CompareWithKept(engine->Read());
    if (!fault.empty()) fault = "after " + std::to_string(done) + " steps:\n" + fault;
  });
  return fault;
}

// On disk, closed and opened again now and then, beside one that never is.
std::string CheckFoldedRestarts(const History& given) {
  const History history = WithRepeats(given);
  Random random(history.seed ^ 0xf01de);
  const TempFolder folder;
  const EngineOptions options = LawOptions(history.seed);
  std::unique_ptr<Engine> memory = OpenInMemory(history.policy, history.seed);
  std::unique_ptr<Engine> disk = Must(Engine::Open(folder / "store", options));
  Must(disk->SetPolicy(history.policy).status());
  for (const std::span<const HistoryStep> call : RandomCalls(history, random)) {
    if (MakeCall(*memory, history, call).changes != MakeCall(*disk, history, call).changes)
      return "the feeds differ\n";
    if (random.Chance(15)) {
      const auto horizon = RandomHorizon(memory->Read(), random);
      for (Engine* engine : {memory.get(), disk.get()}) {
        if (horizon) Must(engine->MoveHorizon(horizon->source, horizon->before_ms).status());
      }
    }
    if (!random.Chance(15)) continue;
    disk.reset();
    disk = Must(Engine::Open(folder / "store", options));
  }
  const View a = memory->Read(), b = disk->Read();
  std::string fault = CompareWithKept(b);
  if (ExportAll(a) != ExportAll(b)) fault += "other records are kept\n";
  if (ReadState(a, {}).members_of != ReadState(b, {}).members_of) fault += "ids differ\n";
  if (a.GetStats().folded_records != b.GetStats().folded_records)
    fault += "folded records differ\n";
  return fault;
}

// The records that a store without horizons would have been given: those that were not turned away. A record whose key was folded
// with another is one of its own.
class UnfoldedModel {
 public:
  void Take(std::span<const Record> batch, const ApplyResult& result) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      Record record = batch[i];
      if (result.records[i].reason == Reason::kBehindHorizon) continue;
      if (record.id.empty()) record.id = polyonym::ToString(HashContent(record));
      record.id = IdOf(record);
      if (result.records[i].outcome != Outcome::kRejected) records_.push_back(std::move(record));
    }
  }
  void Fold(const Horizon& horizon) {
    const NaiveWorld world(Compile(Policy()), records_);
    for (const NaiveWorld::Entry& entry : world.entries()) {
      Record record = entry.record;
      if (!entry.stands || record.source != horizon.source ||
          (record.act != Act::kObserve && record.act != Act::kBind) ||
          *record.time_ms >= horizon.before_ms)
        continue;
      record.id = record.id.substr(0, record.id.find('/'));
      if (IdOf(record) == entry.record.id) ++folds_of_[{record.source, record.id}];
    }
  }
  const std::vector<Record>& records() const { return records_; }

 private:
  std::string IdOf(const Record& record) const {
    const auto at = folds_of_.find({record.source, record.id});
    return at == folds_of_.end() ? record.id : record.id + "/" + std::to_string(at->second);
  }

  std::vector<Record> records_;
  std::map<Key, int> folds_of_;
};

// Where nothing later gives old names another meaning, a store with horizons is one without.
std::string CheckAgainstUnfolded(const History& given) {
  History history = WithRepeats(given);
  for (NamespacePolicy& ns : history.policy.namespaces) ns.validity_ms = 0;
  std::vector<HistoryStep> steps;
  for (const HistoryStep& step : history.steps) {
    if (step.kind != HistoryStep::Kind::kPolicy) steps.push_back(step);
  }
  history = WithSteps(history, steps);
  Random random(history.seed ^ 0x0f01d);
  std::unique_ptr<Engine> engine = OpenInMemory(history.policy, history.seed);
  UnfoldedModel model;
  std::size_t done = 0;
  for (const std::span<const HistoryStep> call : RandomCalls(history, random)) {
    const ApplyResult result = MakeCall(*engine, history, call);
    done += call.size();
    if (call.front().kind == HistoryStep::Kind::kRecord)
      model.Take(std::span(history.records).subspan(call.front().record, call.size()), result);
    if (random.Chance(20)) {
      if (const auto horizon = RandomHorizon(engine->Read(), random)) {
        Must(engine->MoveHorizon(horizon->source, horizon->before_ms).status());
        model.Fold(*horizon);
      }
    }
    if (done != history.steps.size() && !random.Chance(15)) continue;
    const std::string fault = CompareWithNaive(
        engine->Read(),
        NaiveWorld(Compile(history.policy), model.records(), ClockAt(history, done)), false);
    if (!fault.empty()) return "after " + std::to_string(done) + " steps:\n" + fault;
  }
  return "";
}

}  // namespace

TEST_CASE("folding moves nobody, and what comes after it is by the rule of what is kept") {
  CheckLaw(71'000'000, 700, CheckFolds);
}
TEST_CASE("folding moves nobody, and what comes after it is by the rule, at length", "[slow]") {
  CheckLaw(71'100'000, 7'000, CheckFolds);
}
TEST_CASE("a folded store is the same after it was closed and opened again") {
  CheckLaw(72'000'000, 150, CheckFoldedRestarts);
}
TEST_CASE("a store with horizons is one without, but for what comes too late") {
  HistoryShape shape;
  shape.renames = false;
  CheckLaw(73'000'000, 700, CheckAgainstUnfolded, shape);
}
TEST_CASE("a store with horizons is one without, but for what comes too late, at length",
          "[slow]") {
  HistoryShape shape;
  shape.renames = false;
  CheckLaw(73'100'000, 7'000, CheckAgainstUnfolded, shape);
}

TEST_CASE("histories fold, and fold again what stood for others") {
  std::size_t histories = 0, folded = 0, merged = 0, again = 0, turned_away = 0;
  ForEachSeed(71'000'000, 200, [&](std::uint64_t seed) {
    ++histories;
    const History history = WithRepeats(RandomHistory(seed));
    Random random(seed ^ 0xf01d);
    std::unique_ptr<Engine> engine = OpenInMemory(history.policy, seed);
    bool folds = false, several = false, twice = false, late = false;
    ApplySteps(*engine, history, random, [&](std::size_t, const ApplyResult& result) {
      for (const RecordResult& r : result.records) late |= r.reason == Reason::kBehindHorizon;
      if (!random.Chance(25)) return;
      const auto horizon = RandomHorizon(engine->Read(), random);
      if (!horizon) return;
      const HorizonResult moved = Must(engine->MoveHorizon(horizon->source, horizon->before_ms));
      twice |= folds && moved.folds > 0;
      folds |= moved.folded_records > 0;
      several |= moved.folded_records > moved.folds;
    });
    folded += folds ? 1 : 0;
    merged += several ? 1 : 0;
    again += twice ? 1 : 0;
    turned_away += late ? 1 : 0;
  });
  if (OneSeedOnly()) return;
  for (const std::size_t had : {folded, merged, again, turned_away}) {
    INFO(folded << " fold, " << merged << " several to one, " << again << " again, " << turned_away
                << " turn records away, of " << histories);
    CHECK(had * 20 >= histories);
  }
}

}  // namespace polyonym::harness
