// Questions and records, in memory: no disk.
#include <benchmark/benchmark.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "micro/records.h"
#include "polyonym/engine/engine.h"

namespace polyonym::bench {
namespace {

constexpr std::uint64_t kPeople = 200'000;

std::unique_ptr<Engine> Filled(std::uint64_t people) {
  auto engine = *Engine::OpenInMemory({});
  if (!engine->SetPolicy(MakePolicy()).ok()) return nullptr;
  for (std::uint64_t n = 0; n < people; n += 1000) {
    if (!engine->Apply(MakeRecords(n, 1000)).ok()) return nullptr;
  }
  return engine;
}

// `range` identifiers a call.
void ResolveKnown(benchmark::State& state) {
  const std::unique_ptr<Engine> engine = Filled(kPeople);
  if (engine == nullptr) return state.SkipWithError("not filled");
  const View view = engine->Read();
  std::mt19937_64 random(2);
  std::vector<Identifier> asked(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    state.PauseTiming();
    for (Identifier& one : asked) one = {"cookie", "c" + std::to_string(random() % kPeople)};
    state.ResumeTiming();
    benchmark::DoNotOptimize(view.Resolve(asked));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(ResolveKnown)->Arg(1)->Arg(32)->Arg(1024);

// New people, `range` records a call.
void ApplyNew(benchmark::State& state) {
  const std::unique_ptr<Engine> engine = Filled(1000);
  if (engine == nullptr) return state.SkipWithError("not filled");
  std::uint64_t n = 1'000'000;
  for (auto _ : state) {
    state.PauseTiming();
    const std::vector<Record> records = MakeRecords(n, static_cast<std::uint64_t>(state.range(0)));
    n += records.size();
    state.ResumeTiming();
    if (!engine->Apply(records).ok()) return state.SkipWithError("apply");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(ApplyNew)->Arg(1)->Arg(100)->Arg(1000)->Iterations(300);

// The same records again.
void ApplyAgain(benchmark::State& state) {
  const std::unique_ptr<Engine> engine = Filled(100'000);
  if (engine == nullptr) return state.SkipWithError("not filled");
  std::uint64_t n = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const std::vector<Record> records = MakeRecords(n % 100'000, 1000);
    n += 1000;
    state.ResumeTiming();
    if (!engine->Apply(records).ok()) return state.SkipWithError("apply");
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(ApplyAgain)->Iterations(100);

}  // namespace
}  // namespace polyonym::bench
