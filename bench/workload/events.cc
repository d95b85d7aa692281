// Events of a file into a store, or into memory alone, and the groups that come of them: what bench/rivals/run.py runs beside other
// systems on the same events. A line is an event: id, time in ms and its identifiers (namespace:value), tabs between.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "polyonym/batch/resolve.h"
#include "polyonym/engine/engine.h"
#include "workload/commands.h"
#include "workload/measure.h"
#include "workload/traffic.h"

namespace polyonym::workload {
namespace {

struct Options {
  std::string file;
  std::string durability = "wal";
  std::size_t batch = 1000;
  double max_seconds = 600;
  std::string folder;
  std::string groups;
};

const std::map<std::string, Durability> kDurabilities = {
    {"wal", Durability::kWal}, {"group", Durability::kGroup}, {"sync", Durability::kSync}};

// Limits and guards as a new policy has them: looked at for every event, though none binds on what run.py makes.
Policy PolicyFor(std::span<const Record> events) {
  std::set<std::string> families;
  for (const Record& r : events)
    for (const auto& i : r.identifiers) families.insert(i.ns.substr(0, i.ns.find('/')));
  Policy policy;
  for (const std::string& name : families) {
    NamespacePolicy& ns = policy.namespaces.emplace_back();
    ns.name = name;
    ns.priority = static_cast<std::uint32_t>(policy.namespaces.size());
    ns.normaliser = Normaliser::kExact;
  }
  return policy;
}

class GroupsFile {
 public:
  explicit GroupsFile(const std::string& path) : file_(path) {}
  void Write(std::span<const Identifier> members) {
    for (const Identifier& i : members) file_ << i.ns << ':' << i.value << '\t';
    file_ << '\n';
  }

 private:
  std::ofstream file_;
};

void RunStore(const Options& options, std::span<const Record> events) {
  EngineOptions engine_options;
  engine_options.durability = kDurabilities.at(options.durability);
  const auto engine = OrStop(Engine::Open(options.folder, engine_options));
  OrStop(engine->SetPolicy(PolicyFor(events)).status());
  std::size_t done = 0;
  const Stopwatch watch;
  while (done < events.size() && watch.Seconds() < options.max_seconds) {
    const std::size_t n = std::min(options.batch, events.size() - done);
    OrStop(engine->Apply(events.subspan(done, n)).status());
    done += n;
  }
  const double seconds = watch.Seconds();
  const View view = engine->Read();
  const Stats stats = view.GetStats();
  std::cout << "{\"seconds\": " << seconds << ", \"events\": " << done
            << ", \"disk_bytes\": " << stats.store_bytes
            << ", \"memory_bytes\": " << stats.resident_bytes << "}\n";
  GroupsFile groups(options.groups);
  view.ForEachProfile([&](ProfileId, std::span<const Identifier> members) {
    groups.Write(members);
    return true;
  });
}

void RunMemory(const Options& options, std::span<const Record> events) {
  const Policy policy = PolicyFor(events);
  batch::Partition partition;
  const double seconds = SecondsOf([&] {
    const auto resolver = OrStop(batch::MemoryResolver::Create(policy));
    for (const Record& r : events) resolver->Add(r);
    partition = resolver->Resolve();
  });
  std::cout << "{\"seconds\": " << seconds << ", \"events\": " << events.size() << "}\n";
  GroupsFile groups(options.groups);
  for (const auto& members : partition.groups) groups.Write(members);
}

}  // namespace

void AddEventsCommand(CLI::App* app) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app->add_subcommand(
      "events", "Events of a file, timed; prints a line of JSON and writes the groups.");
  command->add_option("file", options->file, "id, ms and ns:value..., tabs between, a line each")
      ->required()
      ->check(CLI::ExistingFile);
  command->add_option("--durability", options->durability, "or memory: no store, all at once")
      ->check(CLI::IsMember({"wal", "group", "sync", "memory"}))
      ->capture_default_str();
  command->add_option("--batch", options->batch, "events a commit")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("--max-seconds", options->max_seconds, "a stream that takes longer is cut")
      ->capture_default_str();
  command->add_option("--folder", options->folder, "where the store is made; must be new or empty");
  command->add_option("--groups", options->groups, "where the groups are written, a line each")
      ->required();
  command->callback([options] {
    const std::vector<Record> events = ReadEvents(options->file);
    if (options->durability == "memory") {
      RunMemory(*options, events);
    } else {
      RunStore(*options, events);
    }
  });
}

}  // namespace polyonym::workload
