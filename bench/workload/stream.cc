// End to end: a stream of records into an engine on disk, beside the physical limit in the same run: bare RocksDB-backed appends of
// the same log bytes under ascending keys. Prints medians of the ratio.
//
//   polyonym_workload [EVENTS] [ROUNDS]
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "polyonym/engine/engine.h"
#include "polyonym/store/store.h"

namespace {

using polyonym::Record;
using polyonym::Role;

constexpr std::size_t kBatch = 1000;

// Two or three identifiers an event, one in two thousand a wrong pair: 3.7 identifiers a person, as in the spike behind limits.
std::vector<Record> MakeEvents(std::uint64_t events, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const std::uint64_t people = std::max<std::uint64_t>(1, events / 4);
  std::vector<Record> out(events);
  for (std::uint64_t n = 0; n < events; ++n) {
    Record& r = out[n];
    const std::uint64_t person = random() % people;
    const std::uint64_t other = random() % 2000 == 0 ? random() % people : person;
    r.source = "stream";
    r.id = std::to_string(n);
    r.time_ms = static_cast<std::int64_t>(1'700'000'000'000 + n);
    r.version = r.time_ms;
    r.identifiers.push_back({"openid/wx1", "o" + std::to_string(person), Role::kSelf});
    r.identifiers.push_back({"cookie", "c" + std::to_string(other * 3 + random() % 3), Role::kSelf});
    if (random() % 2 == 0) r.identifiers.push_back({"phone", "1380000" + std::to_string(10'000'000 + person), Role::kSelf});
  }
  return out;
}

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

struct Run {
  double seconds = 0;
  std::uint64_t bytes = 0;
  polyonym::Stats stats;
};

bool RunEngine(const std::string& folder, const std::vector<Record>& events, polyonym::Durability durability, Run* run) {
  polyonym::EngineOptions options;
  options.durability = durability;
  options.checkpoint_log_bytes = 0;
  auto engine = polyonym::Engine::Open(folder, options);
  if (!engine.ok()) return false;
  polyonym::Policy policy;
  policy.namespaces.resize(3);
  policy.namespaces[0].name = "openid";
  policy.namespaces[0].priority = 1;
  policy.namespaces[0].normaliser = polyonym::Normaliser::kExact;
  policy.namespaces[1].name = "cookie";
  policy.namespaces[1].priority = 9;
  policy.namespaces[2].name = "phone";
  policy.namespaces[2].priority = 2;
  if (!(*engine)->SetPolicy(policy).ok()) return false;
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < events.size(); i += kBatch) {
    const std::span<const Record> batch(events.data() + i, std::min(kBatch, events.size() - i));
    if (!(*engine)->Apply(batch).ok()) return false;
  }
  run->seconds = Seconds(start);
  run->stats = (*engine)->Read().GetStats();
  run->bytes = run->stats.store_bytes;
  return true;
}

// The same number of commits and bytes, with no identity at all.
bool RunBare(const std::string& folder, std::size_t commits, std::uint64_t bytes, bool sync, Run* run) {
  auto store = polyonym::OpenRocksStore(folder, {});
  if (!store.ok()) return false;
  const std::string frame(4096, 'x');
  const std::uint64_t frames_a_commit = std::max<std::uint64_t>(1, bytes / frame.size() / commits);
  std::uint64_t number = 0;
  const auto start = std::chrono::steady_clock::now();
  polyonym::WriteSet writes;
  for (std::size_t i = 0; i < commits; ++i) {
    writes.clear();
    for (std::uint64_t k = 0; k < frames_a_commit; ++k) {
      std::string key(8, '\0');
      ++number;
      for (int b = 0; b < 8; ++b) key[static_cast<std::size_t>(7 - b)] = static_cast<char>(number >> (8 * b) & 0xff);
      writes.puts.push_back({polyonym::Table::kLog, key, frame});
    }
    if (!(*store)->Commit(writes, sync).ok()) return false;
  }
  run->seconds = Seconds(start);
  return true;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t events = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 500'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 3;
  const std::filesystem::path root = std::filesystem::temp_directory_path() / "polyonym-stream-bench";
  const std::vector<Record> all = MakeEvents(events, 7);
  for (const polyonym::Durability durability : {polyonym::Durability::kWal, polyonym::Durability::kSync}) {
    std::vector<double> rates, ratios;
    Run engine, bare;
    for (int round = 0; round < rounds; ++round) {
      std::filesystem::remove_all(root);
      std::filesystem::create_directories(root);
      const bool sync = durability == polyonym::Durability::kSync;
      if (!RunEngine(root / "engine", all, durability, &engine) ||
          !RunBare(root / "bare", (events + kBatch - 1) / kBatch, engine.bytes, sync, &bare)) {
        std::cerr << "a run failed\n";
        return 1;
      }
      rates.push_back(static_cast<double>(events) / engine.seconds);
      ratios.push_back(bare.seconds / engine.seconds);
    }
    std::filesystem::remove_all(root);
    std::cout << (durability == polyonym::Durability::kSync ? "sync" : "wal") << ": " << static_cast<std::uint64_t>(Median(rates))
              << " events/s (median of " << rounds << "), " << Median(ratios) << " of bare appends of the same bytes; "
              << engine.stats.identifiers << " identifiers, " << engine.stats.profiles << " profiles, "
              << engine.stats.resident_bytes / std::max<std::uint64_t>(1, engine.stats.identifiers) << " B/identifier resident, "
              << engine.bytes / std::max<std::uint64_t>(1, events) << " B/event on disk\n";
  }
  return 0;
}
