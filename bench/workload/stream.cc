// End to end: a stream of records into an engine on disk, and in the same run, as the physical limit, bare RocksDB appends of the
// same bytes in as many commits. Each round measures both; what is printed are medians over the rounds. Also: how long it takes
// to open the store again, from a checkpoint and from its log alone.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "polyonym/engine/engine.h"
#include "polyonym/store/store.h"
#include "workload/commands.h"
#include "workload/measure.h"

namespace {

using polyonym::Durability;
using polyonym::Engine;
using polyonym::Record;
using polyonym::Role;
using polyonym::workload::Median;
using polyonym::workload::OrStop;
using polyonym::workload::Stopwatch;

struct Options {
  std::uint64_t events = 500'000;
  int rounds = 3;
  std::vector<std::size_t> batches = {1000, 100, 1};
};

// Two or three identifiers an event, one in two thousand a wrong pair; about four identifiers a person.
std::vector<Record> MakeEvents(std::uint64_t events) {
  std::mt19937_64 random(7);
  const std::uint64_t people = std::max<std::uint64_t>(1, events / 4);
  std::vector<Record> out(events);
  for (std::uint64_t n = 0; n < events; ++n) {
    Record& r = out[n];
    const std::uint64_t person = random() % people;
    const std::uint64_t other = random() % 2000 == 0 ? random() % people : person;
    r.source = "stream";
    r.id = std::to_string(n);
    r.time_ms = static_cast<std::int64_t>(1'700'000'000'000 + n);
    r.identifiers.push_back({"openid/wx1", "o" + std::to_string(person), Role::kSelf});
    r.identifiers.push_back(
        {"cookie", "c" + std::to_string(other * 3 + random() % 3), Role::kSelf});
    if (random() % 2 == 0)
      r.identifiers.push_back(
          {"phone", "1380000" + std::to_string(10'000'000 + person), Role::kSelf});
  }
  return out;
}

polyonym::Policy MakePolicy() {
  polyonym::Policy policy;
  policy.namespaces.resize(3);
  policy.namespaces[0].name = "openid";
  policy.namespaces[0].priority = 1;
  policy.namespaces[0].normaliser = polyonym::Normaliser::kExact;
  policy.namespaces[1].name = "cookie";
  policy.namespaces[1].priority = 9;
  policy.namespaces[2].name = "phone";
  policy.namespaces[2].priority = 2;
  return policy;
}

std::unique_ptr<Engine> Open(const std::filesystem::path& folder, Durability durability) {
  polyonym::EngineOptions options;
  options.durability = durability;
  options.checkpoint_log_bytes = 0;
  return OrStop(Engine::Open(folder.string(), options));
}

struct Run {
  double seconds = 0;
  polyonym::Stats stats;
};

Run RunEngine(const std::filesystem::path& folder, std::span<const Record> events,
              std::size_t batch, Durability durability) {
  const std::unique_ptr<Engine> engine = Open(folder, durability);
  OrStop(engine->SetPolicy(MakePolicy()).status());
  const Stopwatch watch;
  for (std::size_t i = 0; i < events.size(); i += batch) {
    OrStop(engine->Apply(events.subspan(i, std::min(batch, events.size() - i))).status());
  }
  return {watch.Seconds(), engine->Read().GetStats()};
}

// As many commits and bytes, with no identity at all.
double RunBare(const std::filesystem::path& folder, std::size_t commits, std::uint64_t bytes,
               bool sync) {
  const auto store = OrStop(polyonym::OpenRocksStore(folder.string(), {}));
  constexpr std::uint64_t kFrame = 4096;
  const std::uint64_t each = std::max<std::uint64_t>(1, bytes / commits);
  std::uint64_t number = 0;
  const Stopwatch watch;
  polyonym::WriteSet writes;
  for (std::size_t i = 0; i < commits; ++i) {
    writes.clear();
    for (std::uint64_t at = 0; at < each; at += kFrame) {
      std::string key(8, '\0');
      ++number;
      for (int b = 0; b < 8; ++b)
        key[static_cast<std::size_t>(7 - b)] = static_cast<char>(number >> (8 * b) & 0xff);
      writes.puts.push_back(
          {polyonym::Table::kLog, key, std::string(std::min(kFrame, each - at), 'x')});
    }
    OrStop(store->Commit(writes, sync));
  }
  return watch.Seconds();
}

void Stream(const Options& options, const std::vector<Record>& all,
            const std::filesystem::path& root) {
  std::cout << "durability  batch    events/s  of bare appends\n";
  for (const Durability durability : {Durability::kWal, Durability::kGroup, Durability::kSync}) {
    for (const std::size_t batch : options.batches) {
      const bool sync = durability == Durability::kSync;
      // Small batches are bound by commits: a part of the events tells enough.
      const std::size_t n = std::min<std::size_t>(all.size(), batch * (sync ? 2'000 : 100'000));
      const std::span<const Record> events(all.data(), n);
      std::vector<double> rates, ratios;
      for (int round = 0; round < options.rounds; ++round) {
        std::filesystem::remove_all(root);
        std::filesystem::create_directories(root);
        const Run run = RunEngine(root / "engine", events, batch, durability);
        const double bare =
            RunBare(root / "bare", (n + batch - 1) / batch, run.stats.store_bytes, sync);
        rates.push_back(static_cast<double>(n) / run.seconds);
        ratios.push_back(bare / run.seconds);
      }
      const char* name = sync ? "sync" : durability == Durability::kGroup ? "group" : "wal";
      std::cout << std::left << std::setw(12) << name << std::right << std::setw(5) << batch
                << std::setw(12) << static_cast<std::uint64_t>(Median(rates)) << std::setw(17)
                << std::fixed << std::setprecision(3) << Median(ratios) << "\n"
                << std::flush;
    }
  }
}

void Reopen(const Options& options, const std::vector<Record>& all,
            const std::filesystem::path& root) {
  std::filesystem::remove_all(root);
  std::filesystem::create_directories(root);
  const Run run = RunEngine(root / "engine", all, 1000, Durability::kWal);
  const polyonym::Stats& s = run.stats;
  const auto per = [](std::uint64_t bytes, std::uint64_t n) {
    return bytes / std::max<std::uint64_t>(1, n);
  };
  std::cout << "\n"
            << s.identifiers << " identifiers, " << s.profiles << " profiles; resident "
            << per(s.resident_bytes, s.identifiers) << " B an identifier, on disk "
            << per(s.store_bytes, s.records) << " B an event\n";
  std::vector<double> from_log, from_checkpoint;
  for (int round = 0; round < options.rounds; ++round) {
    const Stopwatch watch;
    Open(root / "engine", Durability::kWal);
    from_log.push_back(watch.Seconds());
  }
  OrStop(Open(root / "engine", Durability::kWal)->Checkpoint());
  for (int round = 0; round < options.rounds; ++round) {
    const Stopwatch watch;
    Open(root / "engine", Durability::kWal);
    from_checkpoint.push_back(watch.Seconds());
  }
  std::cout << "opened again in " << std::setprecision(2) << Median(from_log)
            << " s from the log, in " << Median(from_checkpoint) << " s from a checkpoint\n";
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Streams records into an engine on disk, beside bare RocksDB appends of the same bytes.");
  app.add_option("--events", options.events, "records in the stream")
      ->check(CLI::Range(1000, 100'000'000))
      ->capture_default_str();
  app.add_option("--rounds", options.rounds, "rounds, of which medians are printed")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_option("--batch", options.batches, "records a commit, one row for each")
      ->capture_default_str();
  polyonym::workload::AddStoresCommand(&app);
  polyonym::workload::AddPolicyChangeCommands(&app);
  polyonym::workload::AddHorizonCommand(&app);
  polyonym::workload::AddEventsCommand(&app);
  CLI11_PARSE(app, argc, argv);
  if (!app.get_subcommands().empty()) return 0;
  const std::filesystem::path root =
      std::filesystem::temp_directory_path() / "polyonym-stream-bench";
  const std::vector<Record> all = MakeEvents(options.events);
  std::cout << options.events << " events, " << options.rounds << " rounds, medians\n\n";
  Stream(options, all, root);
  Reopen(options, all, root);
  std::filesystem::remove_all(root);
  return 0;
}
