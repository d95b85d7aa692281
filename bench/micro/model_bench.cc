// What is done to a record before any other is looked at: hash, check, normalise, judge.
#include <benchmark/benchmark.h>

#include "micro/records.h"
#include "polyonym/model/judge.h"

namespace polyonym::bench {
namespace {

void HashContentOfRecord(benchmark::State& state) {
  const Record record = MakeRecord(1);
  for (auto _ : state) benchmark::DoNotOptimize(HashContent(record));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(HashContentOfRecord);

void CheckShapeOfRecord(benchmark::State& state) {
  const Record record = MakeRecord(1);
  for (auto _ : state) benchmark::DoNotOptimize(CheckShape(record, {}, INT64_MAX));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(CheckShapeOfRecord);

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

// One value by each normaliser: already clean, and as people write it.
void Normalise(benchmark::State& state, Normaliser normaliser, const char* raw) {
  Policy policy = MakePolicy();
  policy.namespaces[0].normaliser = normaliser;
  const auto compiled = *CompiledPolicy::Compile(policy);
  Verdict verdict;
  for (auto _ : state) {
    compiled->Judge(0, raw, &verdict);
    benchmark::DoNotOptimize(verdict.value.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(Normalise, exact, Normaliser::kExact, "oX7919aBcDeFgHiJkLmNoPqRsTuV");
BENCHMARK_CAPTURE(Normalise, phone_clean, Normaliser::kPhone, "13812345679");
BENCHMARK_CAPTURE(Normalise, phone_spaced, Normaliser::kPhone, "+86 138 1234 5679");
BENCHMARK_CAPTURE(Normalise, email, Normaliser::kEmail, "Zhang.Wei@Example.com");
BENCHMARK_CAPTURE(Normalise, text_cjk, Normaliser::kText, "张　伟ＡＢＣ");

}  // namespace
}  // namespace polyonym::bench
