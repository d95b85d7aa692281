// `bulk`: a first import by BulkApply() beside the same records by Apply(), each until all is on stable storage.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "workload/commands.h"
#include "workload/measure.h"
#include "workload/traffic.h"
#include "workload/workload.h"

namespace polyonym::workload {
namespace {

struct Imported {
  double seconds = 0;
  double calls_seconds = 0;  // of them, before the end
  double checkpoint_seconds = 0;
  double disk_bytes = 0;
  std::uint64_t profiles = 0;
};

using Call = std::function<absl::StatusOr<ApplyResult>(Engine*, std::span<const Record>)>;

Imported Import(const Sizes& sizes, std::span<const Record> records, Durability durability,
                const Call& call) {
  const std::size_t batch = sizes.batch;
  const Folder folder(sizes);
  const auto engine =
      OpenUnder(Traffic::MakePolicy(), folder / "engine", {.durability = durability});
  Imported imported;
  const Stopwatch watch;
  for (std::size_t i = 0; i < records.size(); i += batch)
    OrStop(call(engine.get(), records.subspan(i, std::min(batch, records.size() - i))).status());
  imported.calls_seconds = watch.Seconds();
  OrStop(engine->Sync());
  imported.seconds = watch.Seconds();
  OrStop(engine->Checkpoint());
  imported.checkpoint_seconds = watch.Seconds() - imported.seconds;
  const Stats stats = engine->Read().GetStats();
  imported.disk_bytes = static_cast<double>(stats.store_bytes);
  imported.profiles = stats.profiles;
  return imported;
}

void RunBulk(const Sizes& sizes) {
  const std::vector<Record> records = EventsOf(sizes);
  const Call apply = [](Engine* engine, std::span<const Record> batch) {
    return engine->Apply(batch);
  };
  const Call bulk_apply = [](Engine* engine, std::span<const Record> batch) {
    return engine->BulkApply(batch);
  };
  const Imported sync = Import(sizes, records, Durability::kSync, apply);
  const Imported wal = Import(sizes, records, Durability::kWal, apply);
  const Imported bulk = Import(sizes, records, Durability::kWal, bulk_apply);
  Check(bulk.profiles == wal.profiles && bulk.profiles == sync.profiles,
        "in bulk there are other profiles");
  const auto events = static_cast<double>(records.size());
  Row("bulk")
      .Add("events", records.size())
      .Add("batch", sizes.batch)
      .Add("events_per_second", events / bulk.seconds)
      .Add("ending_seconds", bulk.seconds - bulk.calls_seconds)
      .Add("checkpoint_seconds", bulk.checkpoint_seconds)
      .Add("of_stream", wal.seconds / bulk.seconds)
      .Add("of_stream_sync", sync.seconds / bulk.seconds)
      .Add("disk_bytes_per_event", bulk.disk_bytes / events)
      .Add("stream_disk_bytes_per_event", wal.disk_bytes / events)
      .Print(sizes);
}

}  // namespace

void AddBulkCommand(CLI::App* app) {
  const auto sizes = std::make_shared<Sizes>();
  AddWorkload(app, "bulk", "A first import in sorted files, beside a stream.", Events::kOfFile,
              sizes.get())
      ->callback([sizes] { RunBulk(*sizes); });
}

}  // namespace polyonym::workload
