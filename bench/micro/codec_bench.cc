// Records as JSON, protobuf and frames of the log.
#include <benchmark/benchmark.h>

#include <string>

#include "engine/log.h"
#include "micro/records.h"
#include "polyonym/codec/json.h"
#include "polyonym/codec/proto.h"

namespace polyonym::bench {
namespace {

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

void ReadProto(benchmark::State& state) {
  const std::string bytes = WriteRecordProto(MakeRecord(1));
  for (auto _ : state) {
    if (!ReadRecordProto(bytes).ok()) state.SkipWithError("not read");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ReadProto);

void WriteFrames(benchmark::State& state) {
  const std::vector<Record> records = MakeRecords(0, 1000);
  const auto store = OpenMemoryStore();
  WriteSet writes;
  for (auto _ : state) {
    engine::Log log(store.get());
    std::uint64_t number = 0;
    for (const Record& record : records) log.Append(1, ++number, record, false);
    writes.clear();
    log.MoveTo(&writes);
    benchmark::DoNotOptimize(writes.puts.data());
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(WriteFrames)->Unit(benchmark::kMicrosecond);

void ReadFrames(benchmark::State& state) {
  const auto store = OpenMemoryStore();
  engine::Log log(store.get());
  std::uint64_t number = 0;
  for (const Record& record : MakeRecords(0, 1000)) log.Append(1, ++number, record, false);
  WriteSet writes;
  log.MoveTo(&writes);
  for (auto _ : state) {
    std::uint64_t frame = 0;
    for (const WriteSet::Put& put : writes.puts) {
      if (!engine::DecodeFrame(++frame, put.value).ok()) state.SkipWithError("not read");
    }
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(ReadFrames)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace polyonym::bench
