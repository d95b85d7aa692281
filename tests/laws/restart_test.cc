// A store closed and opened again, with a checkpoint or without, answers as before and goes on as if it had stayed open.
#include "harness/catch.h"
#include "harness/engine_state.h"
#include "laws/law.h"

namespace polyonym::harness {
namespace {

// Every stored record, with what stands, as the definition has it.
std::string CheckExport(const View& view, const NaiveWorld& world) {
  std::vector<StoredRecord> stored;
  Must(view.Export([&](const StoredRecord& record) {
    stored.push_back(record);
    return true;
  }));
  std::size_t next = 0;
  std::string fault;
  for (const NaiveWorld::Entry& entry : world.entries()) {
    if (entry.outcome != Outcome::kApplied && entry.outcome != Outcome::kHeld) continue;
    if (next == stored.size()) return "Export leaves records out\n";
    const StoredRecord& got = stored[next++];
    const std::string what = "Export, record " + std::to_string(next) + ": ";
    if (got.number != next) fault += what + "has another number\n";
    if (got.record != entry.record) fault += what + "is another record\n";
    if (got.standing != entry.stands) fault += what + "stands wrongly\n";
    if (got.standing && got.held != (entry.outcome == Outcome::kHeld))
      fault += what + "is held wrongly\n";
    const auto one = view.RecordOf(got.number);
    if (!one.ok() || one->record != got.record) fault += what + "RecordOf differs\n";
  }
  if (next != stored.size()) fault += "Export has too many records\n";
  return fault;
}

std::string Compare(const Engine& engine, const EngineState& before,
                    const std::vector<Change>& feed, const std::set<Identifier>& named) {
  const View view = engine.Read();
  const EngineState after = ReadState(view, named);
  std::string fault = Difference(before.state, after.state);
  for (const std::string& problem : after.problems) fault += problem + "\n";
  if (before.profile_of != after.profile_of) fault += "profile ids changed\n";
  if (AllChanges(view) != feed) fault += "the feed changed\n";
  return fault.empty() ? "" : "after opening again:\n" + fault;
}

std::string Check(const History& history) {
  Random random(history.seed ^ 0x4e57a47);
  const auto policy = Compile(history.policy);
  const TempFolder folder;
  EngineOptions options = LawOptions(history.seed);
  if (random.Chance(10)) options.checkpoint_log_bytes = 4096;  // checkpoints of its own, too
  if (random.Chance(10)) options.durability = Durability::kGroup;
  std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", options));
  Must(engine->SetPolicy(history.policy).status());
  const auto batches = RandomBatches(history.records, random);
  std::size_t done = 0;
  const std::size_t restarts = 1 + random.Below(3);
  for (std::size_t i = 0; i < batches.size(); ++i) {
    Must(engine->Apply(batches[i]).status());
    done += batches[i].size();
    const bool last = i + 1 == batches.size();
    if (random.Below(batches.size()) < restarts) Must(engine->Checkpoint());
    if (!last && random.Below(batches.size()) >= restarts) continue;
    const NaiveWorld world(policy, std::span(history.records.data(), done));
    const std::set<Identifier> named = NamedIdentifiers(world);
    const EngineState before = ReadState(engine->Read(), named);
    const std::vector<Change> feed = AllChanges(engine->Read());
    std::string fault = CompareWithNaive(engine->Read(), world);
    if (!fault.empty()) return "before closing:\n" + fault;
    if (random.Chance(40)) Must(engine->Checkpoint());
    const std::uint64_t sequence = engine->Read().sequence();
    engine.reset();
    engine = Must(Engine::Open(folder / "store", options));
    if (engine->Read().sequence() != sequence) fault += "the sequence changed\n";
    if (engine->Read().policy() != history.policy) fault += "the policy changed\n";
    fault += Compare(*engine, before, feed, named);
    if (last) fault += CheckExport(engine->Read(), world);
    if (!fault.empty()) return fault;
  }
  const VerifyReport report = Must(engine->Read().Verify());
  if (!report.ok()) return "Verify: " + report.problems[0] + "\n";
  // The feed still tells the whole story.
  FeedReader reader;
  reader.Take(AllChanges(engine->Read()));
  if (!reader.problems().empty()) return reader.problems()[0] + "\n";
  if (reader.profiles() != NumbersInProfiles(engine->Read()))
    return "the feed gives other profiles than the view\n";
  return "";
}

std::string CheckCopy(const History& history) {
  const TempFolder folder;
  std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", LawOptions(history.seed)));
  Must(engine->SetPolicy(history.policy).status());
  const std::size_t half = history.records.size() / 2;
  Must(engine->Apply(std::span(history.records).first(half)).status());
  const NaiveWorld world(Compile(history.policy), std::span(history.records).first(half));
  Must(engine->CopyTo(folder / "copy"));
  Must(engine->Apply(std::span(history.records).subspan(half)).status());
  std::unique_ptr<Engine> copy = Must(Engine::Open(folder / "copy", LawOptions(history.seed)));
  std::string fault = CompareWithNaive(copy->Read(), world);
  if (!fault.empty()) return "the copy:\n" + fault;
  // The copy goes its own way to the same end.
  Must(copy->Apply(std::span(history.records).subspan(half)).status());
  return CompareWithNaive(copy->Read(), NaiveWorld(Compile(history.policy), history.records));
}

}  // namespace

TEST_CASE("a store opened again answers as before and goes on as if it had stayed open") {
  CheckLaw(120'000, 320, Check);
}
TEST_CASE("a store opened again answers as before and goes on as if it had stayed open, at length",
          "[slow]") {
  CheckLaw(12'000'000, 3'200, Check);
}
TEST_CASE("a copy of a store is that store as it stood") { CheckLaw(130'000, 30, CheckCopy); }
TEST_CASE("a copy of a store is that store as it stood, at length", "[slow]") {
  CheckLaw(13'000'000, 300, CheckCopy);
}

}  // namespace polyonym::harness
