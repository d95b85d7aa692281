// `growth`: the same stream, ten times as long: speed, memory and disk of both, and how long each store takes to be opened again beside
// going over its bytes. Each store has a process of its own, so that the memory of one is not counted for the other.
#include <array>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <type_traits>

#include <sys/wait.h>
#include <unistd.h>

#include "workload/commands.h"
#include "workload/limits.h"
#include "workload/measure.h"
#include "workload/traffic.h"
#include "workload/workload.h"

namespace polyonym::workload {
namespace {

struct Measured {
  double events_per_second = 0;
  double identifiers = 0;
  double empty_process_bytes = 0;  // a store with nothing in it
  double empty_index_bytes = 0;
  double process_bytes = 0;  // after the stream, without the above
  double index_bytes = 0;
  double reopened_process_bytes = 0;
  double disk_bytes = 0;  // as the stream leaves it
  double checkpointed_disk_bytes = 0;
  double reopen_seconds = 0;  // from a checkpoint
  double scan_seconds = 0;    // of the rows that opening reads: those of the checkpoint
  double scan_all_seconds = 0;
  double read_files_seconds = 0;
};
static_assert(std::is_trivially_copyable_v<Measured>);

double ProcessBytes() {
  std::uint64_t size = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

// A checkpoint that automatic ones would have written on the way or at the end is part of both.
void Load(const Sizes& sizes, const std::string& path, Measured* out) {
  const auto engine = OpenUnder(Traffic::MakePolicy(), path);
  out->empty_process_bytes = ProcessBytes();
  out->empty_index_bytes = static_cast<double>(engine->Read().GetStats().resident_bytes);
  Traffic traffic(PeopleOf(sizes));
  out->events_per_second = Feed(Made([&](std::uint64_t number) { return traffic.Next(number); }),
                                sizes.events, sizes.batch, engine.get())
                               .rate();
  out->process_bytes = ProcessBytes() - out->empty_process_bytes;
  const Stats stats = engine->Read().GetStats();
  out->identifiers = static_cast<double>(stats.identifiers);
  out->index_bytes = static_cast<double>(stats.resident_bytes) - out->empty_index_bytes;
  out->disk_bytes = static_cast<double>(stats.store_bytes);
  OrStop(engine->Checkpoint());
}

void Reopen(const std::string& path, Measured* out) {
  const Stopwatch watch;
  const auto engine = OrStop(Engine::Open(path, {.durability = Durability::kWal}));
  out->reopen_seconds = watch.Seconds();
  out->reopened_process_bytes = ProcessBytes() - out->empty_process_bytes;
  const Stats stats = engine->Read().GetStats();
  Check(static_cast<double>(stats.identifiers) == out->identifiers,
        "another number of identifiers after opening again");
  out->checkpointed_disk_bytes = static_cast<double>(stats.store_bytes);
}

// Runs `work` in a child.  REQUIRES: no thread was started yet.
template <class Work>
Measured InProcessOfItsOwn(const Work& work) {
  int ends[2];
  Check(::pipe(ends) == 0, "no pipe");
  const pid_t child = ::fork();
  Check(child >= 0, "no process");
  Measured out;
  if (child == 0) {
    work(&out);
    const bool written = ::write(ends[1], &out, sizeof(out)) == sizeof(out);
    ::_exit(written ? 0 : 1);
  }
  ::close(ends[1]);
  const bool complete = ::read(ends[0], &out, sizeof(out)) == sizeof(out);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  Check(complete && status == 0, "the measuring process failed");
  return out;
}

Measured MeasureStore(const Sizes& sizes) {
  const Folder folder(sizes);
  const std::string path = folder / "engine";
  const Measured loaded = InProcessOfItsOwn([&](Measured* out) { Load(sizes, path, out); });
  return InProcessOfItsOwn([&](Measured* out) {
    *out = loaded;
    Reopen(path, out);
    out->scan_seconds = ScanTables(path, std::array{Table::kState, Table::kMeta});
    out->scan_all_seconds =
        ScanTables(path, std::array{Table::kLog, Table::kState, Table::kMeta, Table::kFeed});
    out->read_files_seconds = ReadFiles(path);
  });
}

void PrintStore(const char* name, const Sizes& sizes, const Measured& m, double speed) {
  const auto events = static_cast<double>(sizes.events);
  Row row(name);
  row.Add("events", sizes.events)
      .Add("identifiers", m.identifiers)
      .Add("events_per_second", m.events_per_second)
      .Add("empty_process_bytes", m.empty_process_bytes)
      .Add("empty_index_bytes", m.empty_index_bytes)
      .Add("process_bytes_per_identifier", m.process_bytes / m.identifiers)
      .Add("reopened_process_bytes_per_identifier", m.reopened_process_bytes / m.identifiers)
      .Add("index_bytes_per_identifier", m.index_bytes / m.identifiers)
      .Add("disk_bytes_per_event", m.disk_bytes / events)
      .Add("checkpointed_disk_bytes_per_event", m.checkpointed_disk_bytes / events)
      .Add("reopen_seconds", m.reopen_seconds)
      .Add("scan_seconds", m.scan_seconds)
      .Add("scan_all_seconds", m.scan_all_seconds)
      .Add("read_files_seconds", m.read_files_seconds)
      .Add("reopen_of_scan", m.reopen_seconds / m.scan_seconds)
      .Add("reopen_of_scan_all", m.reopen_seconds / m.scan_all_seconds);
  if (speed > 0) row.Add("of_small", speed);
  row.Print(sizes);
}

void RunGrowth(const Sizes& small, std::uint64_t times) {
  Sizes large = small;
  large.events *= times;
  large.people *= times;
  const Measured a = MeasureStore(small);
  PrintStore("growth-small", small, a, 0);
  const Measured b = MeasureStore(large);
  PrintStore("growth", large, b, b.events_per_second / a.events_per_second);
}

}  // namespace

void AddGrowthCommand(CLI::App* app) {
  struct Options {
    Sizes sizes;
    std::uint64_t times = 10;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = AddWorkload(app, "growth", "A stream, and one many times as long.",
                                  Events::kMade, &options->sizes);
  command->add_option("--times", options->times, "as long")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->callback([options] { RunGrowth(options->sizes, options->times); });
}

}  // namespace polyonym::workload
