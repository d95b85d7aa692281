// What an engine counts and times. Time is the tests' own: a clock that stands, or steps at each look.
#include "polyonym/engine/metrics.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"
#include "polyonym/engine/prometheus.h"

namespace polyonym::harness {
namespace {

std::size_t At(ChangeKind kind) { return static_cast<std::size_t>(kind); }

EngineOptions WithClock(std::function<std::uint64_t()> ticks_ns) {
  EngineOptions options = LawOptions(0);
  options.ticks_ns = std::move(ticks_ns);
  return options;
}

std::unique_ptr<Engine> OpenShopWith(const EngineOptions& options) {
  std::unique_ptr<Engine> engine = Must(Engine::OpenInMemory(options));
  Must(engine->SetPolicy(ShopPolicy()).status());
  return engine;
}

// What the calls themselves said.
struct Told {
  std::array<std::uint64_t, 4> outcomes{};
  std::uint64_t held_identifiers = 0;
  std::array<std::uint64_t, kChangeKinds> changes{};
  std::uint64_t calls_with_changes = 0;

  void Take(const std::vector<Change>& list) {
    for (const Change& change : list) ++changes[At(change.kind)];
    calls_with_changes += list.empty() ? 0 : 1;
  }
  void Take(const ApplyResult& result) {
    for (const RecordResult& r : result.records) {
      ++outcomes[static_cast<std::size_t>(r.outcome)];
      if (r.outcome == Outcome::kApplied) held_identifiers += r.held_identifiers;
    }
    Take(result.changes);
  }
};

std::string CompareCounts(const EngineMetrics& m, const Told& told) {
  std::string fault;
  const auto same = [&](const char* what, std::uint64_t is, std::uint64_t should) {
    if (is != should)
      fault +=
          std::string(what) + " " + std::to_string(is) + ", not " + std::to_string(should) + "\n";
  };
  same("applied", m.records_applied, told.outcomes[0]);
  same("unchanged", m.records_unchanged, told.outcomes[1]);
  same("held", m.records_held, told.outcomes[2]);
  same("rejected", m.records_rejected, told.outcomes[3]);
  same("held identifiers", m.held_identifiers, told.held_identifiers);
  for (std::size_t kind = 0; kind < told.changes.size(); ++kind)
    same("changes", m.changes[kind], told.changes[kind]);
  same("feed rows", m.feed_rows, told.calls_with_changes);
  return fault;
}

// Gauges against what a view counts; guards against the number of those that hold, in an engine whose life began with the store's.
std::string CompareWithStats(const EngineMetrics& m, const View& view) {
  const Stats s = view.GetStats();
  std::string fault;
  const auto same = [&](const char* what, std::uint64_t is, std::uint64_t should) {
    if (is != should) fault += std::string(what) + "\n";
  };
  same("sequence", m.sequence, s.sequence);
  same("records", m.records, s.records);
  same("standing", m.standing_records, s.standing_records);
  same("held", m.held_records, s.held_records);
  same("identifiers", m.identifiers, s.identifiers);
  same("live", m.live_identifiers, s.live_identifiers);
  same("shared", m.shared_identifiers, s.shared_identifiers);
  same("guards", m.guards_tripped - m.guards_released, s.shared_identifiers);
  same("profiles", m.profiles, s.profiles);
  same("links", m.links, s.links);
  same("refused", m.refused_links, s.refused_links);
  same("resident", m.resident.total(), s.resident_bytes);
  same("replays", m.replays, s.replays);
  same("policies", m.policy_version, view.policy_version());
  return fault;
}

std::string CheckHistory(const History& history, std::uint64_t seed) {
  std::unique_ptr<Engine> engine = Must(Engine::OpenInMemory(LawOptions(seed)));
  Told told;
  told.Take(Must(engine->SetPolicy(history.policy)).changes);
  Random random(seed);
  for (const auto batch : RandomBatches(history.records, random))
    told.Take(Must(engine->Apply(batch)));
  RecordSelector all;
  all.source = history.records.front().source;
  all.from_ms = 0;
  const RetractResult retracted = Must(engine->Retract(all));
  told.Take(retracted.changes);
  const EngineMetrics m = engine->Metrics();
  std::string fault = CompareCounts(m, told) + CompareWithStats(m, engine->Read());
  if (m.retracted_records != retracted.retracted) fault += "retracted\n";
  if (m.replayed_profiles < m.replays) fault += "a run of the rule took in no profile\n";
  return fault;
}

}  // namespace

TEST_CASE("buckets follow each other without a gap, and each duration is in the one that ends it") {
  for (std::size_t b = 0; b + 1 < LatencyHistogram::kBuckets; ++b) {
    const std::uint64_t bound = LatencyHistogram::UpperBoundNs(b);
    INFO("bucket " << b);
    CHECK(LatencyHistogram::BucketOf(bound) == b);
    CHECK(LatencyHistogram::BucketOf(bound + 1) == b + 1);
    if (b > 0) CHECK(bound * 4 <= LatencyHistogram::UpperBoundNs(b - 1) * 5);  // a quarter wide
  }
  CHECK(LatencyHistogram::UpperBoundNs(0) == 1'024);
  CHECK(LatencyHistogram::UpperBoundNs(LatencyHistogram::kBuckets - 2) == std::uint64_t{1} << 37);
  CHECK(LatencyHistogram::BucketOf(0) == 0);
  CHECK(LatencyHistogram::BucketOf(std::numeric_limits<std::uint64_t>::max()) ==
        LatencyHistogram::kBuckets - 1);
}

TEST_CASE("a quantile is within an eighth of the true one") {
  ForEachSeed(1, 30, [](std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<std::uint64_t> all;
    LatencyHistogram histogram;
    for (std::size_t i = 0, n = 1 + random() % 500; i < n; ++i) {
      const int bits = 11 + static_cast<int>(random() % 26);
      all.push_back((std::uint64_t{1} << (bits - 1)) + random() % (std::uint64_t{1} << (bits - 1)));
      ++histogram.buckets[LatencyHistogram::BucketOf(all.back())];
    }
    std::sort(all.begin(), all.end());
    for (const double q : {0.0, 0.01, 0.5, 0.9, 0.99, 1.0}) {
      const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(all.size())));
      const auto right = static_cast<double>(all[rank == 0 ? 0 : rank - 1]);
      INFO("seed " << seed << ", q " << q);
      REQUIRE(std::abs(static_cast<double>(histogram.QuantileNs(q)) - right) <= right / 8);
    }
    REQUIRE(histogram.count() == all.size());
  });
  CHECK(LatencyHistogram{}.QuantileNs(0.5) == 0);
}

TEST_CASE("what is counted is what the calls answered and the views hold") {
  ForEachSeed(2'000, 40, [](std::uint64_t seed) {
    const std::string fault = CheckHistory(RandomHistory(seed), seed);
    INFO("seed " << seed << ": " << fault);
    REQUIRE(fault.empty());
  });
}

TEST_CASE("a call is timed once, whatever it holds, and one that stores nothing is a call too") {
  std::uint64_t now = 0;
  std::unique_ptr<Engine> engine = OpenShopWith(WithClock([&] { return now += 1'000'000; }));
  const EngineMetrics before = engine->Metrics();
  std::vector<Record> batch;
  for (int i = 0; i < 100; ++i) batch.push_back(Visit(i));
  const std::uint64_t looks = now;
  Must(engine->Apply(batch).status());
  CHECK(now - looks == 4'000'000);  // four looks at the clock for a hundred records
  Must(engine->Apply(batch).status());
  const EngineMetrics after = engine->Metrics();
  CHECK(after.apply.count() - before.apply.count() == 2);
  CHECK(after.commit.count() - before.commit.count() == 1);
  CHECK(after.apply.sum_ns - before.apply.sum_ns == 3'000'000 + 1'000'000);
  CHECK(after.commit.sum_ns - before.commit.sum_ns == 1'000'000);
  CHECK(after.set_policy.count() == 1);
  CHECK(after.logged_bytes > before.logged_bytes);
  Must(engine->AdvanceTo(1'000).status());
  CHECK(engine->Metrics().advance_to.count() == 1);
  CHECK(engine->Metrics().clock_ms == 1'000);
  CHECK(engine->Metrics().newest_record_ms == 99);
}

TEST_CASE("links that the clock ends, and records that a policy judges again, are counted") {
  Policy policy = ShopPolicy();
  policy.namespaces[1].link_lifetime_ms = 10;
  std::unique_ptr<Engine> engine = Must(Engine::OpenInMemory(LawOptions(0)));
  Must(engine->SetPolicy(policy).status());
  for (int i = 0; i < 5; ++i) ApplyOne(*engine, Visit(i));
  const AdvanceResult advanced = Must(engine->AdvanceTo(13));
  CHECK(advanced.expired_links == 3);
  CHECK(engine->Metrics().expired_links == 3);
  policy.namespaces[1].blocked_values = {"p1"};
  const PolicyResult set = Must(engine->SetPolicy(policy));
  CHECK(set.judged_records > 0);
  CHECK(engine->Metrics().rejudged_records == set.judged_records);
}

TEST_CASE("what a horizon folds and drops is counted, and every call that moves one is timed") {
  std::unique_ptr<Engine> engine = OpenShop();
  for (const std::int64_t t : {10, 20, 30})
    ApplyOne(*engine, Seen("at" + std::to_string(t), t, {{"phone", "p1"}}));
  Record newer = Seen("at20", 21, {{"phone", "p1"}});
  newer.version = 22;
  ApplyOne(*engine, newer);
  const HorizonResult moved = Must(engine->MoveHorizon("shop", 25));
  CHECK(moved.folded_records == 2);
  CHECK(moved.dropped_records == 1);
  CHECK(engine->Metrics().folded_records == 3);
  CHECK(engine->Read().GetStats().folded_records == 3);
  CHECK(engine->Metrics().standing_records == 2);
  Must(engine->MoveHorizon("shop", 25).status());
  CHECK_FALSE(engine->MoveHorizon("shop", 24).ok());
  CHECK(engine->Metrics().folded_records == 3);
  CHECK(engine->Metrics().move_horizon.count() == 3);
  CHECK(PrometheusText(engine->Metrics()).find("polyonym_folded_records_total 3\n") !=
        std::string::npos);
}

TEST_CASE("a view that is held shows as a pin, and as old as the commits since") {
  std::unique_ptr<Engine> engine = OpenShop();
  CHECK(engine->Metrics().pinned_views == 0);
  CHECK(engine->Metrics().oldest_pin_commits == 0);
  std::optional<View> old = engine->Read();
  for (int i = 0; i < 3; ++i) ApplyOne(*engine, Visit(i));
  const View young = engine->Read();
  const View same = engine->Read();
  CHECK(engine->Metrics().pinned_views == 3);
  CHECK(engine->Metrics().oldest_pin_commits == 3);
  ApplyOne(*engine, Visit(3));
  old.reset();
  CHECK(engine->Metrics().pinned_views == 2);
  CHECK(engine->Metrics().oldest_pin_commits == 1);
}

TEST_CASE("a checkpoint shows what it wrote, and leaves no log behind it") {
  const TempFolder folder;
  EngineOptions options = LawOptions(0);
  options.durability = Durability::kWal;
  std::unique_ptr<Engine> engine = Must(Engine::Open(folder / "store", options));
  Must(engine->SetPolicy(ShopPolicy()).status());
  for (int i = 0; i < 50; ++i) ApplyOne(*engine, Visit(i));
  const EngineMetrics before = engine->Metrics();
  CHECK(before.unsynced_commits == 51);
  CHECK(before.sync.count() == 0);
  CHECK(before.log_since_checkpoint_bytes == before.logged_bytes);
  Must(engine->Checkpoint());
  const EngineMetrics after = engine->Metrics();
  CHECK(after.unsynced_commits == 0);
  CHECK(after.sync.count() == 1);
  CHECK(after.checkpoints == 1);
  CHECK(after.checkpoint.count() == 1);
  CHECK(after.checkpoint_bytes > 50 * 2 * 64);  // a cell of 64 bytes an identifier, and more
  CHECK(after.log_since_checkpoint_bytes == 0);
  CHECK(after.store_bytes > 0);
  Must(engine->Checkpoint());  // of what is written already
  CHECK(engine->Metrics().checkpoints == 1);
  engine = nullptr;
  engine = Must(Engine::Open(folder / "store", options));
  const EngineMetrics reopened = engine->Metrics();
  CHECK(reopened.records_applied == 0);
  CHECK(reopened.apply.count() == 0);
  CHECK(reopened.records == 50);
  CHECK(reopened.resident.identifiers > 0);
  CHECK(reopened.resident.values > 0);
}

TEST_CASE("a call that failed counts no record and no commit") {
  const auto store = std::shared_ptr<Store>(OpenMemoryStore());
  const auto plan = std::make_shared<FailingStore::Plan>();
  std::unique_ptr<Engine> engine = Must(OpenOnFailing(store, plan));
  Must(engine->SetPolicy(ShopPolicy()).status());
  ApplyOne(*engine, Visit(1));
  const EngineMetrics before = engine->Metrics();
  CHECK_FALSE(before.read_only);
  plan->fail_commit = plan->commits;
  const Record record = Visit(2);
  CHECK_FALSE(engine->Apply(std::span(&record, 1)).ok());
  const EngineMetrics after = engine->Metrics();
  CHECK(after.read_only);
  CHECK(after.records_applied == 1);
  CHECK(after.changes == before.changes);
  CHECK(after.sequence == before.sequence);
  CHECK(after.logged_bytes == before.logged_bytes);
  CHECK(after.apply.count() == before.apply.count() + 1);
}

TEST_CASE("numbers can be read while four threads write, never go back, and are right at the end") {
  constexpr int kWriters = 4, kCalls = 100;
  std::unique_ptr<Engine> engine = OpenShop();
  std::atomic<bool> done{false};
  std::string fault;
  std::thread reader([&] {
    EngineMetrics last;
    while (!done) {
      const EngineMetrics m = engine->Metrics();
      if (m.records_applied < last.records_applied || m.logged_bytes < last.logged_bytes ||
          m.apply.count() < last.apply.count() || m.sequence < last.sequence)
        fault = "a number went back";
      last = m;
    }
  });
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < kCalls; ++i) ApplyOne(*engine, Visit(w * kCalls + i));
    });
  }
  for (std::thread& writer : writers) writer.join();
  done = true;
  reader.join();
  CHECK(fault == "");
  const EngineMetrics m = engine->Metrics();
  CHECK(m.records_applied == kWriters * kCalls);
  CHECK(m.apply.count() == kWriters * kCalls);
  CHECK(m.changes[At(ChangeKind::kCreated)] == kWriters * kCalls);
  CHECK(m.commit.count() <= kWriters * kCalls + 1);
  CHECK(m.waiting_calls == 0);
}

TEST_CASE("with a second graph work and memory are of both, and what is there of the first") {
  std::unique_ptr<Engine> engine = OpenShop();
  for (int i = 0; i < 10; ++i) ApplyOne(*engine, Visit(i));
  Policy alone = ShopPolicy();
  alone.namespaces.pop_back();
  alone.max_identifiers_per_profile = 1;
  PolicyOptions options;
  options.graph = "alone";
  Must(engine->SetPolicy(alone, options).status());
  const EngineMetrics before = engine->Metrics();
  CHECK(before.graphs == 2);
  CHECK(before.profiles == 10);
  CHECK(before.refused_links == 0);
  const View other = Must(engine->Read("alone"));
  CHECK(other.GetStats().profiles == 20);
  CHECK(before.resident.total() ==
        engine->Read().GetStats().resident_bytes + other.GetStats().resident_bytes);
  ApplyOne(*engine, Visit(10));
  const EngineMetrics after = engine->Metrics();
  CHECK(after.records_applied - before.records_applied == 1);
  // One person here, two there.
  CHECK(after.changes[At(ChangeKind::kCreated)] - before.changes[At(ChangeKind::kCreated)] == 3);
  CHECK(after.feed_rows - before.feed_rows == 2);
  CHECK(after.pinned_views == 1);
  CHECK(after.oldest_pin_commits == 1);
}

TEST_CASE("the text of several stores names each, whatever it is called, and heads a metric once") {
  EngineMetrics m;
  m.sequence = 7;
  m.write_stalled_ns = 1'500'000'000;
  m.clock_ms = 5;
  ++m.sync.buckets[LatencyHistogram::BucketOf(3'000)];
  m.sync.sum_ns = 3'000;
  const std::string one = PrometheusText(m);
  CHECK_THAT(one, HoldsText("\npolyonym_sequence 7\n"));
  CHECK_THAT(one, HoldsText("\npolyonym_write_stalled_seconds_total 1.5\n"));
  CHECK_THAT(one, HoldsText("\npolyonym_clock_timestamp_seconds 0.005\n"));
  CHECK_THAT(one, HoldsText("\npolyonym_sync_duration_seconds_bucket{le=\"0.000002048\"} 0\n"));
  CHECK_THAT(one, HoldsText("\npolyonym_sync_duration_seconds_bucket{le=\"0.000004096\"} 1\n"));
  CHECK_THAT(one, HoldsText("\npolyonym_sync_duration_seconds_sum 0.000003\n"));
  CHECK_THAT(one, HoldsText("{le=\"0.134217728\"} 1\n"));
  const std::vector<StoreMetrics> stores = {{"a\"b\\c\nd", m}, {"店", m}};
  const std::string both = PrometheusText(stores);
  CHECK_THAT(both, HoldsText("# TYPE polyonym_sequence gauge\n"
                             "polyonym_sequence{store=\"a\\\"b\\\\c\\nd\"} 7\n"
                             "polyonym_sequence{store=\"店\"} 7\n# "));
  CHECK_THAT(both, HoldsText("{store=\"店\",call=\"apply\",le=\"+Inf\"} 0\n"));
}

}  // namespace polyonym::harness
