// Micro benches of what a record costs on its way: hash, normalise, union, replay, JSON, frames.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "polyonym/codec/json.h"
#include "polyonym/engine/engine.h"
#include "polyonym/identity/disjoint_set.h"
#include "polyonym/model/judge.h"
#include "polyonym/model/record.h"

namespace polyonym {
namespace {

Record MakeRecord(std::uint64_t n) {
  Record record;
  record.source = "bench";
  record.id = "r" + std::to_string(n);
  record.time_ms = static_cast<std::int64_t>(1'700'000'000'000 + n);
  record.identifiers = {{"phone", "138" + std::to_string(10'000'000 + n % 1'000'000), Role::kSelf},
                        {"wechat.openid/wx1", "oX" + std::to_string(n * 7919), Role::kSelf},
                        {"cookie", "c" + std::to_string(n), Role::kSelf}};
  return record;
}

Policy MakePolicy() {
  Policy policy;
  policy.namespaces.resize(3);
  policy.namespaces[0].name = "phone";
  policy.namespaces[0].priority = 1;
  policy.namespaces[0].normaliser = Normaliser::kPhone;
  policy.namespaces[0].region = "CN";
  policy.namespaces[1].name = "wechat.openid";
  policy.namespaces[1].normaliser = Normaliser::kExact;
  policy.namespaces[2].name = "cookie";
  return policy;
}

void HashContentOfRecord(benchmark::State& state) {
  const Record record = MakeRecord(1);
  for (auto _ : state) benchmark::DoNotOptimize(HashContent(record));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(HashContentOfRecord);

void JudgeCleanRecord(benchmark::State& state) {
  const auto policy = *CompiledPolicy::Compile(MakePolicy());
  const Record record = MakeRecord(1);
  RecordVerdict verdict;
  for (auto _ : state) {
    JudgeRecord(*policy, record, &verdict);
    benchmark::DoNotOptimize(verdict.counted.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(JudgeCleanRecord);

void JudgePhone(benchmark::State& state, const char* raw) {
  const auto policy = *CompiledPolicy::Compile(MakePolicy());
  Verdict verdict;
  for (auto _ : state) {
    policy->Judge(0, raw, &verdict);
    benchmark::DoNotOptimize(verdict.value.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(JudgePhone, clean, "13812345679");
BENCHMARK_CAPTURE(JudgePhone, spaced, "+86 138 1234 5679");

void ReadJson(benchmark::State& state) {
  const std::string json = WriteRecordJson(MakeRecord(1));
  JsonRecordReader reader;
  Record record;
  for (auto _ : state) {
    if (!reader.Read(json, &record).ok()) state.SkipWithError("not read");
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(json.size()));
}
BENCHMARK(ReadJson);

void ReadJsonByProtobuf(benchmark::State& state) {
  const std::string json =
      R"({"source":"bench","id":"r1","timeMs":"1700000000001","identifiers":[{"namespace":"phone","value":"13810000001"},)"
      R"({"namespace":"wechat.openid/wx1","value":"oX7919"},{"namespace":"cookie","value":"c1"}]})";
  for (auto _ : state) {
    if (!ReadRecordJsonByProtobuf(json).ok()) state.SkipWithError("not read");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ReadJsonByProtobuf);

void UnionRandomEdges(benchmark::State& state) {
  const auto n = static_cast<std::uint32_t>(state.range(0));
  std::mt19937_64 random(1);
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges(n);
  for (auto& [a, b] : edges) {
    a = static_cast<std::uint32_t>(random() % n);
    b = static_cast<std::uint32_t>(random() % n);
  }
  for (auto _ : state) {
    identity::DisjointSet sets(n);
    for (const auto& [a, b] : edges) sets.Union(a, b);
    benchmark::DoNotOptimize(sets.Find(0));
  }
  state.SetItemsProcessed(state.iterations() * n);
}
BENCHMARK(UnionRandomEdges)->Arg(1 << 16)->Arg(1 << 20)->Unit(benchmark::kMillisecond);

// A tablet on which `range` customers log in in turn: every login moves it, by a run over two profiles.
void ReplayContestedTablet(benchmark::State& state) {
  Policy policy;
  policy.namespaces.resize(2);
  policy.namespaces[0].name = "crm";
  policy.namespaces[0].priority = 1;
  policy.namespaces[0].limits.push_back(Limit{});
  policy.namespaces[1].name = "device";
  auto engine = *Engine::OpenInMemory({});
  if (!engine->SetPolicy(policy).ok()) return state.SkipWithError("policy");
  const auto people = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t n = 0;
  for (auto _ : state) {
    Record record;
    record.source = "bench";
    record.id = std::to_string(n);
    record.time_ms = static_cast<std::int64_t>(++n);
    record.identifiers = {{"crm", "c" + std::to_string(n % people), Role::kSelf}, {"device", "tablet", Role::kSelf}};
    if (!engine->Apply(std::span(&record, 1)).ok()) return state.SkipWithError("apply");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ReplayContestedTablet)->Arg(2)->Arg(20)->Arg(200);

void ResolveKnown(benchmark::State& state) {
  auto engine = *Engine::OpenInMemory({});
  if (!engine->SetPolicy(MakePolicy()).ok()) return state.SkipWithError("policy");
  std::vector<Record> batch;
  for (std::uint64_t n = 0; n < 200'000; ++n) {
    batch.push_back(MakeRecord(n));
    if (batch.size() < 1000) continue;
    if (!engine->Apply(batch).ok()) return state.SkipWithError("apply");
    batch.clear();
  }
  const View view = engine->Read();
  std::mt19937_64 random(2);
  for (auto _ : state) {
    benchmark::DoNotOptimize(view.Resolve(Identifier{"cookie", "c" + std::to_string(random() % 200'000)}));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ResolveKnown);

}  // namespace
}  // namespace polyonym
