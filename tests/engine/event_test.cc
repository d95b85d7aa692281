// What an engine tells its host at once. Time is the tests' own.
#include "polyonym/engine/event.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"

namespace polyonym::harness {
namespace {

using Kind = EngineEventKind;

// A store in memory whose writes stall when it is told so, and that fails as a FailingStore does.
class StallingStore : public FailingStore {
 public:
  struct Switch {
    std::atomic<bool> stalled{false};
    std::function<void()> changed;
    void Turn(bool on) {
      stalled = on;
      changed();
    }
  };
  StallingStore(std::shared_ptr<Plan> plan, std::shared_ptr<Switch> stalls)
      : FailingStore(std::shared_ptr<Store>(OpenMemoryStore()), std::move(plan)),
        switch_(std::move(stalls)) {}
  bool WritesStalled() const override { return switch_->stalled; }
  void WatchStalls(std::function<void()> changed) override {
    switch_->changed = std::move(changed);
  }

 private:
  std::shared_ptr<Switch> switch_;
};

// An engine that may fail and stall, and all that it told.
struct Watched {
  std::shared_ptr<FailingStore::Plan> plan = std::make_shared<FailingStore::Plan>();
  std::shared_ptr<StallingStore::Switch> stalls = std::make_shared<StallingStore::Switch>();
  std::uint64_t now_ns = 0;  // moves by `step_ns` at each look
  std::uint64_t step_ns = 0;
  std::vector<EngineEvent> events;
  std::function<void(const EngineEvent&)> then;  // is called at the next event, while `armed`
  bool armed = false;
  std::unique_ptr<Engine> engine;

  Watched() {
    EngineOptions options = LawOptions(0);
    options.slow_batch_ms = 100;
    options.ticks_ns = [this] { return now_ns += step_ns; };
    options.on_event = [this](const EngineEvent& event) {
      events.push_back(event);
      if (std::exchange(armed, false)) then(event);
    };
    engine = Must(Engine::OpenOn(std::make_unique<StallingStore>(plan, stalls), options));
    Must(engine->SetPolicy(GuardedShop()).status());
  }

  // A phone that more than two numbers of `crm` were seen with is shared.
  static Policy GuardedShop() {
    Policy policy = ShopPolicy();
    policy.namespaces[1].guards.push_back({"crm", 2});
    return policy;
  }
  // Customer `i` with the phone of all.
  static Record Call(int i) {
    const std::string n = std::to_string(i);
    return Seen("call" + n, i, {{"crm", "c" + n}, {"phone", "the-shops-own"}});
  }
  std::size_t Count(Kind kind) const {
    return static_cast<std::size_t>(std::count_if(
        events.begin(), events.end(), [&](const EngineEvent& e) { return e.kind == kind; }));
  }
};

}  // namespace

TEST_CASE("a batch that takes longer than slow_batch_ms is told, with its size and time") {
  Watched w;
  w.step_ns = 33'000'000;  // a call looks four times: three steps
  ApplyOne(*w.engine, Visit(1));
  CHECK(w.events.empty());
  w.step_ns = 34'000'000;
  Must(w.engine->Apply(std::vector<Record>{Visit(2), Visit(3)}).status());
  REQUIRE(w.events.size() == 1);
  CHECK(w.events[0].kind == Kind::kSlowBatch);
  CHECK(w.events[0].records == 2);
  CHECK(w.events[0].duration_ns == 102'000'000);
  CHECK(w.engine->Metrics().slow_batches == 1);
}

TEST_CASE(
    "a guard that trips is told once, by the number and the namespace of what became shared") {
  Watched w;
  ApplyOne(*w.engine, Watched::Call(1));
  ApplyOne(*w.engine, Watched::Call(2));
  CHECK(w.events.empty());
  const std::uint64_t sequence = ApplyOne(*w.engine, Watched::Call(3)).sequence;
  ApplyOne(*w.engine, Watched::Call(4));
  REQUIRE(w.events.size() == 1);
  const EngineEvent& event = w.events[0];
  CHECK(event.kind == Kind::kGuardTripped);
  CHECK(event.sequence == sequence);
  CHECK(event.graph == "");
  CHECK(event.identifier_ns == "phone");
  CHECK(Must(w.engine->Read().IdentifierOf(event.identifier)).value == "the-shops-own");
  CHECK(event.reason.ok());
  CHECK(w.engine->Metrics().guards_tripped == 1);
}

TEST_CASE("a guard of another graph is told with the graph's name") {
  Watched w;
  Must(w.engine->SetPolicy(ShopPolicy()).status());
  PolicyOptions options;
  options.graph = "strict";
  Must(w.engine->SetPolicy(Watched::GuardedShop(), options).status());
  ApplyOne(*w.engine, Visit(0));
  for (int i = 1; i <= 3; ++i) ApplyOne(*w.engine, Watched::Call(i));
  REQUIRE(w.events.size() == 1);
  CHECK(w.events[0].kind == Kind::kGuardTripped);
  CHECK(w.events[0].graph == "strict");
  const View strict = Must(w.engine->Read("strict"));
  CHECK(Must(strict.IdentifierOf(w.events[0].identifier)).value == "the-shops-own");
  CHECK(w.engine->Metrics().shared_identifiers == 0);
}

TEST_CASE("a guard that trips and is released in one commit is counted, not told") {
  Watched w;
  for (int i = 1; i <= 2; ++i) ApplyOne(*w.engine, Watched::Call(i));
  Record back = Watched::Call(3);
  back.act = Act::kRetract;
  back.version = 3;
  back.identifiers.clear();
  back.time_ms.reset();
  Must(w.engine->Apply(std::vector<Record>{Watched::Call(3), back}).status());
  CHECK(w.events.empty());
  const EngineMetrics m = w.engine->Metrics();
  CHECK((m.guards_tripped == 1 && m.guards_released == 1 && m.shared_identifiers == 0));
}

TEST_CASE(
    "of a commit in which very many guards trip the first hundred are told, and all counted") {
  Watched w;
  Policy lax = ShopPolicy();
  Must(w.engine->SetPolicy(lax).status());
  constexpr int kPhones = 150;
  std::vector<Record> records;
  for (int i = 0; i < kPhones * 3; ++i) {
    const std::string n = std::to_string(i);
    records.push_back(Seen(n, i, {{"crm", "c" + n}, {"phone", "p" + std::to_string(i % kPhones)}}));
  }
  Must(w.engine->Apply(records).status());
  CHECK(w.events.empty());
  Must(w.engine->SetPolicy(Watched::GuardedShop()).status());
  CHECK(w.Count(Kind::kGuardTripped) == kMaxGuardEvents);
  CHECK(w.engine->Metrics().guards_tripped == kPhones);
}

TEST_CASE("an engine that becomes read-only says so once, with the reason") {
  Watched w;
  for (int i = 1; i <= 2; ++i) ApplyOne(*w.engine, Watched::Call(i));
  w.plan->fail_commit = w.plan->commits;
  for (int i = 3; i <= 5; ++i) {
    const Record record = Watched::Call(i);
    CHECK_FALSE(w.engine->Apply(std::span(&record, 1)).ok());
  }
  CHECK_FALSE(w.engine->Checkpoint().ok());
  REQUIRE(w.events.size() == 1);  // nor was a guard told of that nobody will ever see
  CHECK(w.events[0].kind == Kind::kReadOnly);
  CHECK(absl::IsUnavailable(w.events[0].reason));
  CHECK_THAT(std::string(w.events[0].reason.message()), HoldsText("disk is full"));
  CHECK(w.engine->Metrics().guards_tripped == 0);
}

TEST_CASE("a sync that fails in the background tells of it too") {
  Watched w;
  ApplyOne(*w.engine, Visit(1));
  w.plan->fail_syncs = true;
  CHECK_FALSE(w.engine->Sync().ok());
  CHECK(w.Count(Kind::kReadOnly) == 1);
}

TEST_CASE("a checkpoint that fails is told each time, and the engine goes on") {
  Watched w;
  ApplyOne(*w.engine, Visit(1));
  w.plan->fail_ingests = true;
  CHECK_FALSE(w.engine->Checkpoint().ok());
  CHECK_FALSE(w.engine->Checkpoint().ok());
  w.plan->fail_ingests = false;
  Must(w.engine->Checkpoint());
  REQUIRE(w.events.size() == 2);
  CHECK(w.events[0].kind == Kind::kCheckpointFailed);
  CHECK_FALSE(w.events[0].reason.ok());
  CHECK(w.engine->Metrics().checkpoint_failures == 2);
  CHECK(w.engine->Metrics().checkpoints == 1);
}

TEST_CASE("a write stall is told when it begins and when it ends, with its time") {
  Watched w;
  w.stalls->Turn(false);  // no news
  CHECK(w.events.empty());
  w.stalls->Turn(true);
  w.stalls->Turn(true);
  w.now_ns += 5'000;
  CHECK(w.engine->Metrics().write_stalled);
  CHECK(w.engine->Metrics().write_stalled_ns == 5'000);
  w.now_ns += 2'000;
  w.stalls->Turn(false);
  REQUIRE(w.events.size() == 2);
  CHECK(w.events[0].kind == Kind::kWriteStallBegan);
  CHECK(w.events[1].kind == Kind::kWriteStallEnded);
  CHECK(w.events[1].duration_ns == 7'000);
  const EngineMetrics m = w.engine->Metrics();
  CHECK((m.write_stalls == 1 && m.write_stalled_ns == 7'000 && !m.write_stalled));
}

TEST_CASE("no lock is held when an event is told: other threads write, read and checkpoint") {
  Watched w;
  w.then = [&](const EngineEvent& event) {
    std::thread other([&] {
      const Record record = Visit(1'000 + static_cast<int>(event.kind));
      w.engine->Apply(std::span(&record, 1)).status().IgnoreError();
      w.engine->Checkpoint().IgnoreError();
      w.engine->Sync().IgnoreError();
      w.engine->Metrics();
      w.engine->Read();
    });
    other.join();
  };
  w.armed = true;
  w.step_ns = 1'000'000'000;
  ApplyOne(*w.engine, Visit(1));
  w.step_ns = 0;
  w.armed = true;
  for (int i = 1; i <= 3; ++i) ApplyOne(*w.engine, Watched::Call(i));
  w.armed = true;
  w.stalls->Turn(true);
  ApplyOne(*w.engine, Visit(3));  // something to write
  w.armed = true;
  w.plan->fail_ingests = true;
  CHECK_FALSE(w.engine->Checkpoint().ok());
  w.armed = true;
  w.plan->fail_commit = w.plan->commits;
  const Record record = Visit(2);
  CHECK_FALSE(w.engine->Apply(std::span(&record, 1)).ok());
  CHECK_FALSE(w.armed);
  for (const Kind kind : {Kind::kSlowBatch, Kind::kGuardTripped, Kind::kWriteStallBegan,
                          Kind::kCheckpointFailed, Kind::kReadOnly}) {
    INFO(ToString(kind));
    CHECK(w.Count(kind) >= 1);
  }
}

TEST_CASE("nothing is told once the engine is gone, though a view lives on") {
  Watched w;
  const std::optional<View> view = w.engine->Read();
  w.engine = nullptr;
  const std::size_t told = w.events.size();
  w.stalls->Turn(true);
  CHECK(w.events.size() == told);
}

TEST_CASE("what is not told because the host is slow is counted") {
  Watched w;
  // While the first is told, another thread brings more than may wait.
  w.then = [&](const EngineEvent&) {
    std::thread other([&] {
      for (std::size_t i = 0; i < kMaxWaitingEvents + 5; ++i) w.stalls->Turn(i % 2 != 0);
    });
    other.join();
    w.events.clear();
  };
  w.armed = true;
  w.stalls->Turn(true);
  CHECK(w.events.size() == kMaxWaitingEvents);
  CHECK(w.engine->Metrics().dropped_events == 5);
}

TEST_CASE("an opened store tells of no guard that tripped before") {
  const TempFolder folder;
  std::vector<EngineEvent> events;
  EngineOptions options = LawOptions(0);
  options.on_event = [&](const EngineEvent& event) { events.push_back(event); };
  for (int round = 0; round < 2; ++round) {
    const std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", options));
    Must(engine->SetPolicy(Watched::GuardedShop()).status());
    for (int i = 1; i <= 3; ++i) ApplyOne(*engine, Watched::Call(i));
    ApplyOne(*engine, Visit(10 + round));
    CHECK(engine->Read().GetStats().shared_identifiers == 1);
  }
  CHECK(events.size() == 1);
}

TEST_CASE("every kind of event has a word of its own") {
  std::set<std::string_view> words;
  for (int kind = 0; kind <= static_cast<int>(Kind::kCheckpointFailed); ++kind)
    words.insert(ToString(static_cast<Kind>(kind)));
  CHECK(words.size() == 6);
  CHECK(words.count("unknown") == 0);
}

}  // namespace polyonym::harness
