// The kernel: unions of random edges, and a contested device that a run over two profiles moves at every login.
#include <benchmark/benchmark.h>

#include <random>
#include <span>
#include <utility>
#include <vector>

#include "polyonym/engine/engine.h"
#include "polyonym/identity/disjoint_set.h"

namespace polyonym::bench {
namespace {

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

// `range` customers log in on one tablet in turn.
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
    record.identifiers = {{"crm", "c" + std::to_string(n % people), Role::kSelf},
                          {"device", "tablet", Role::kSelf}};
    if (!engine->Apply(std::span(&record, 1)).ok()) return state.SkipWithError("apply");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ReplayContestedTablet)->Arg(2)->Arg(20)->Arg(200);

}  // namespace
}  // namespace polyonym::bench
