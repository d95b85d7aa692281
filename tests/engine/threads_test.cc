// Writers and readers at once: every call under a sequence of its own, every view one state.
#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"

namespace polyonym::harness {
namespace {

constexpr std::size_t kWriters = 4;
constexpr std::size_t kReaders = 2;
constexpr int kReads = 30;

// A call that was acknowledged.
struct Call {
  ApplyResult result;
  std::vector<Record> records;
};

// Four writers apply a history's records in small batches, each its own share, while readers read
// and checkpoints are made.
class Crowd {
 public:
  Crowd(Engine* engine, const History& history)
      : engine_(engine), history_(history), start_(kWriters + kReaders + 1) {}

  void Run() {
    std::vector<std::thread> threads;
    for (std::size_t w = 0; w < kWriters; ++w) threads.emplace_back([this, w] { Write(w); });
    for (std::size_t r = 0; r < kReaders; ++r) threads.emplace_back([this] { Read(); });
    threads.emplace_back([this] {
      start_.arrive_and_wait();
      for (int i = 0; i < 5; ++i) Note(engine_->Checkpoint());
    });
    for (std::thread& thread : threads) thread.join();
    std::sort(calls_.begin(), calls_.end(),
              [](const Call& a, const Call& b) { return a.result.sequence < b.result.sequence; });
  }
  const std::string& fault() const { return fault_; }
  const std::vector<Call>& calls() const { return calls_; }  // by sequence

 private:
  void Note(const absl::Status& status) {
    if (status.ok()) return;
    Note(status.ToString());
  }
  void Note(const std::string& fault) {
    const std::lock_guard lock(mutex_);
    fault_ += fault + "\n";
  }
  void Write(std::size_t w) {
    Random random(history_.seed + w);
    std::vector<Record> share;
    for (std::size_t i = w; i < history_.records.size(); i += kWriters)
      share.push_back(history_.records[i]);
    start_.arrive_and_wait();
    for (const auto batch : RandomBatches(share, random)) {
      auto result = engine_->Apply(batch);
      Note(result.status());
      if (!result.ok()) return;
      const auto view =
          engine_->ReadAtLeast(result->sequence, 0);  // what was acknowledged can be read
      Note(view.status());
      const std::lock_guard lock(mutex_);
      calls_.push_back({*std::move(result), {batch.begin(), batch.end()}});
    }
  }
  void Read() {
    std::uint64_t last = 0;
    start_.arrive_and_wait();
    for (int i = 0; i < kReads; ++i) {
      const View view = engine_->Read();
      if (view.sequence() < last) Note("a reader went back");
      last = view.sequence();
      const EngineState state = ReadState(view, {});
      for (const std::string& problem : state.problems) Note("in a view: " + problem);
      if (state.members_of.size() != view.GetStats().profiles)
        Note("a view miscounts its profiles");
      const auto changes = view.Changes(0, 1'000'000);
      Note(changes.status());
      if (changes.ok() && !changes->empty() && changes->back().sequence > last)
        Note("a view tells of later changes");
    }
  }

  Engine* engine_;
  const History& history_;
  std::barrier<> start_;
  std::mutex mutex_;
  std::string fault_;
  std::vector<Call> calls_;
};

// In the order of their sequences the calls are a history like any other.
std::string CheckCalls(const Engine& engine, const Crowd& crowd, const History& history) {
  std::vector<Record> arrived;
  for (const Call& call : crowd.calls())
    arrived.insert(arrived.end(), call.records.begin(), call.records.end());
  const NaiveWorld world(Compile(history.policy), arrived);
  std::string fault;
  std::uint64_t last = 1;  // the policy's
  std::size_t first = 0;
  FeedReader follower;
  for (const Call& call : crowd.calls()) {
    const bool stored = std::any_of(
        call.result.records.begin(), call.result.records.end(), [](const RecordResult& r) {
          return r.outcome == Outcome::kApplied || r.outcome == Outcome::kHeld;
        });
    // A call that stored nothing has the sequence of another, before which it may have come: it
    // does not matter where.
    if (stored && call.result.sequence != last + 1) fault += "sequences are not one by one\n";
    if (stored) last = call.result.sequence;
    if (stored) follower.Take(call.result.changes);
    if (!stored && !call.result.changes.empty())
      fault += "a call that stored nothing changed something\n";
    first += call.records.size();
  }
  for (const std::string& problem : follower.problems()) fault += problem + "\n";
  if (follower.profiles() != NumbersInProfiles(engine.Read()))
    fault += "the calls' changes give other profiles\n";
  if (engine.Read().sequence() != last) fault += "the last sequence is another\n";
  fault += CompareWithNaive(engine.Read(), world, false);
  const VerifyReport report = Must(engine.Read().Verify());
  if (!report.ok()) fault += "Verify: " + report.problems[0] + "\n";
  return fault;
}

void RunCrowd(std::unique_ptr<Engine> engine, std::uint64_t seed) {
  const History history = RandomHistory(seed);
  Must(engine->SetPolicy(history.policy).status());
  Crowd crowd(engine.get(), history);
  crowd.Run();
  const std::string fault = crowd.fault() + CheckCalls(*engine, crowd, history);
  INFO("seed " << seed << ": " << fault);
  REQUIRE(fault.empty());
}

}  // namespace

TEST_CASE("four writers at once leave what their records give, under sequences without a gap") {
  ForEachSeed(1'100, 12, [](std::uint64_t seed) {
    RunCrowd(Must(Engine::OpenInMemory(LawOptions(seed))), seed);
  });
}

TEST_CASE(
    "four writers at once on disk, with checkpoints meanwhile, leave what their records give") {
  ForEachSeed(1'200, 4, [](std::uint64_t seed) {
    const TempFolder folder;
    EngineOptions options = LawOptions(seed);
    options.durability = seed % 2 == 0 ? Durability::kGroup : Durability::kSync;
    options.group_ms = 1;
    options.checkpoint_log_bytes = 2'048;
    RunCrowd(Must(Engine::Open(folder / "store", options)), seed);
    const std::unique_ptr<Engine> again = Must(Engine::Open(folder / "store", options));
    REQUIRE(Must(again->Read().Verify()).ok());
  });
}

TEST_CASE("horizons that move while others write and read lose nothing that was counted") {
  constexpr int kSightings = 400, kPeople = 7;
  const std::unique_ptr<Engine> engine = OpenShop();
  std::array<std::atomic<int>, kWriters> written{};
  std::atomic<int> faults{0}, folded{0};
  std::vector<std::thread> threads;
  for (std::size_t w = 0; w < kWriters; ++w) {
    threads.emplace_back([&, w] {
      for (int i = 0; i < kSightings; ++i) {
        const std::string n = std::to_string(i % kPeople);
        Record record = Seen("r" + std::to_string(i), i, {{"crm", "c" + n}, {"phone", "p" + n}});
        record.source = "till" + std::to_string(w);
        const auto result = engine->Apply(std::span(&record, 1));
        faults += !result.ok() || result->records[0].outcome != Outcome::kApplied;
        written[w] = i;
      }
    });
  }
  threads.emplace_back([&] {
    for (int i = 0; i < 60; ++i) {
      const std::size_t w = static_cast<std::size_t>(i) % kWriters;
      const auto moved = engine->MoveHorizon("till" + std::to_string(w), written[w]);
      faults += !moved.ok();
      if (moved.ok()) folded += static_cast<int>(moved->folded_records);
    }
  });
  for (std::size_t r = 0; r < kReaders; ++r) {
    threads.emplace_back([&] {
      for (int i = 0; i < kReads; ++i) {
        const View view = engine->Read();
        const EngineState state = ReadState(view, {});
        faults += !state.problems.empty();
        std::uint64_t seen = 0;
        for (const auto& [pair, link] : state.state.links) seen += link.seen;
        const Stats stats = view.GetStats();
        // What a fold stands for is counted once.
        faults += seen < stats.standing_records || stats.standing_records > stats.records;
        const absl::Status read = view.Export([](const StoredRecord&) { return true; });
        faults += !read.ok() && read.code() != absl::StatusCode::kOutOfRange;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(faults == 0);
  CHECK(folded > 0);
  std::uint64_t seen = 0;
  for (const auto& [pair, link] : ReadState(engine->Read(), {}).state.links) seen += link.seen;
  CHECK(seen == kWriters * kSightings);
  CHECK(Must(engine->Read().Verify()).ok());
}

TEST_CASE("readers that wait are woken by the call that they wait for") {
  constexpr int kCalls = 40;
  std::unique_ptr<Engine> engine = OpenShop();
  const std::uint64_t first = engine->Read().sequence() + 1;
  std::atomic<int> missed{0};
  std::vector<std::thread> readers;
  for (std::size_t r = 0; r < kReaders; ++r) {
    readers.emplace_back([&] {
      for (int i = 0; i < kCalls; ++i) {
        const auto view = engine->ReadAtLeast(first + static_cast<std::uint64_t>(i), 600'000);
        if (!view.ok() || !view->Resolve(Identifier{"crm", "c" + std::to_string(i)}).known)
          ++missed;
      }
    });
  }
  for (int i = 0; i < kCalls; ++i) ApplyOne(*engine, Visit(i));
  for (std::thread& reader : readers) reader.join();
  CHECK(missed == 0);
}

}  // namespace polyonym::harness
