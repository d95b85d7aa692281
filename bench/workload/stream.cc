// `stream`, `stream-sync`: records into an engine on disk, and in the same run bare RocksDB appends of the bytes that it wrote, in as many
// commits, and bare union-find over the numbers of the same identifiers.
#include <memory>
#include <string>
#include <vector>

#include "workload/commands.h"
#include "workload/limits.h"
#include "workload/measure.h"
#include "workload/traffic.h"
#include "workload/workload.h"

namespace polyonym::workload {
namespace {

void RunStream(const std::string& name, const Sizes& sizes, Durability durability) {
  const std::vector<Record> records = EventsOf(sizes);
  const BareUnion united = UniteBare(records);
  const Folder folder(sizes);
  Commits commits;
  Stats stats;
  std::uint64_t logged = 0;
  {
    const auto engine =
        OpenUnder(Traffic::MakePolicy(), folder / "engine", {.durability = durability});
    commits = Feed(From(records), records.size(), sizes.batch, engine.get());
    stats = engine->Read().GetStats();
    logged = engine->Metrics().logged_bytes;
  }
  Check(stats.profiles == united.components, "profiles are not the components of union-find");
  const double appends =
      BareAppends(folder / "bare", commits.seconds.size(), logged, durability == Durability::kSync);
  const auto events = static_cast<double>(commits.events);
  const auto identifiers = static_cast<double>(stats.identifiers);
  Row(name)
      .Add("events", commits.events)
      .Add("batch", sizes.batch)
      .Add("identifiers", stats.identifiers)
      .Add("profiles", stats.profiles)
      .Add("events_per_second", commits.rate())
      .Add("slowest_of_median", commits.slowest() / commits.median())
      .Add("of_bare_appends", appends / commits.total())
      .Add("of_bare_union", united.seconds / commits.total())
      .Add("logged_bytes_per_event", static_cast<double>(logged) / events)
      .Add("disk_bytes_per_event", static_cast<double>(stats.store_bytes) / events)
      .Add("index_bytes_per_identifier", static_cast<double>(stats.resident_bytes) / identifiers)
      .Print(sizes);
}

}  // namespace

void AddStreamCommands(CLI::App* app) {
  struct Options {
    Sizes sizes;
    std::string durability = "wal";
  };
  const auto options = std::make_shared<Options>();
  CLI::App* stream = AddWorkload(
      app, "stream", "A durable stream, beside bare appends of the same bytes, and union-find.",
      Events::kOfFile, &options->sizes);
  stream->add_option("--durability", options->durability, "wal or group")
      ->check(CLI::IsMember({"wal", "group"}))
      ->capture_default_str();
  stream->callback([options] {
    RunStream("stream", options->sizes,
              options->durability == "wal" ? Durability::kWal : Durability::kGroup);
  });
  const auto sizes = std::make_shared<Sizes>();
  AddWorkload(app, "stream-sync", "The same with a sync at each commit.", Events::kOfFile,
              sizes.get())
      ->callback([sizes] { RunStream("stream-sync", *sizes, Durability::kSync); });
}

}  // namespace polyonym::workload
