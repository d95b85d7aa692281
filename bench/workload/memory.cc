// Columns of strings to groups, in memory; beside a bare union-find over the same numbers. The file is that of `events`.
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "polyonym/batch/columns.h"
#include "polyonym/identity/disjoint_set.h"
#include "workload/commands.h"
#include "workload/measure.h"

namespace polyonym::workload {
namespace {

struct Options {
  std::string file;
  std::string groups;
  unsigned threads = 0;
  unsigned rounds = 3;
  bool ids = false;
  bool times = false;
  unsigned limit = 0;
};

// Fields of a file of events, as columns of views into it.
struct Events {
  std::string text;
  std::vector<std::string_view> ids;
  std::vector<std::int64_t> times;
  std::vector<std::vector<std::string_view>> identifiers;
  std::set<std::string, std::less<>> families;

  void Add(std::string_view line) {
    for (std::size_t field = 0; !line.empty(); ++field) {
      const std::size_t tab = std::min(line.find('\t'), line.size());
      const std::string_view value = line.substr(0, tab);
      line.remove_prefix(std::min(tab + 1, line.size()));
      if (field == 0) ids.push_back(value);
      if (field == 1) times.push_back(std::stoll(std::string(value)));
      if (field < 2) continue;
      if (field - 2 >= identifiers.size()) identifiers.emplace_back();
      identifiers[field - 2].resize(ids.size() - 1);
      identifiers[field - 2].push_back(value);
      const std::string_view family = FamilyOf(value.substr(0, value.find(':')));
      if (!families.contains(family)) families.emplace(family);
    }
  }
};

Events ReadEvents(const std::string& path) {
  Events events;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  events.text.resize(static_cast<std::size_t>(file.tellg()));
  file.seekg(0);
  file.read(events.text.data(), static_cast<std::streamsize>(events.text.size()));
  for (std::string_view rest = events.text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    events.Add(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  for (auto& column : events.identifiers) column.resize(events.ids.size());
  return events;
}

Policy PolicyFor(const Events& events, unsigned limit) {
  Policy policy;
  for (const std::string& family : events.families) {
    NamespacePolicy& ns = policy.namespaces.emplace_back();
    ns.name = family;
    ns.priority = static_cast<std::uint32_t>(policy.namespaces.size());
    ns.normaliser = Normaliser::kExact;
    if (limit != 0) ns.limits = {{limit, false, 0}};
  }
  return policy;
}

double UniteNumbers(const batch::ColumnGroups& people, const Events& events) {
  const std::size_t rows = events.ids.size(), columns = events.identifiers.size();
  std::vector<std::uint32_t> numbers;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t c = 0; c < columns; ++c) numbers.push_back(people.IdentifierOf(row, c));
  }
  return SecondsOf([&] {
    identity::DisjointSet sets(people.identifiers());
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t c = 1; c < columns; ++c) {
        const std::uint32_t other = numbers[row * columns + c];
        if (other != batch::kNoNumber) sets.Union(numbers[row * columns], other);
      }
    }
  });
}

void WriteGroups(const batch::ColumnGroups& people, const std::string& path) {
  std::ofstream file(path);
  for (const auto& members : people.ToPartition().groups) {
    for (const Identifier& i : members) file << i.ns << ':' << i.value << '\t';
    file << '\n';
  }
}

void Run(const Options& options) {
  const Events events = ReadEvents(options.file);
  const Policy policy = PolicyFor(events, options.limit);
  batch::Columns columns;
  columns.source = "stream";
  for (const auto& column : events.identifiers) columns.identifiers.push_back({.texts = column});
  const batch::Column ids{.texts = events.ids};
  if (options.ids) columns.record_ids = &ids;
  if (options.times) columns.times_ms = events.times;
  batch::ColumnsOptions how;
  how.threads = options.threads;
  std::vector<double> seconds, bare;
  std::size_t identifiers = 0, groups = 0;
  for (unsigned round = 0; round < options.rounds; ++round) {
    const Stopwatch watch;
    const batch::ColumnGroups people = OrStop(batch::ResolveColumns(policy, columns, how));
    seconds.push_back(watch.Seconds());
    bare.push_back(UniteNumbers(people, events));
    identifiers = people.identifiers();
    groups = people.groups;
    if (round == 0 && !options.groups.empty()) WriteGroups(people, options.groups);
  }
  const double median = Median(seconds);
  std::cout << "{\"seconds\": " << median
            << ", \"min_seconds\": " << *std::min_element(seconds.begin(), seconds.end())
            << ", \"events\": " << events.ids.size() << ", \"events_per_second\": "
            << static_cast<std::uint64_t>(static_cast<double>(events.ids.size()) / median)
            << ", \"identifiers\": " << identifiers << ", \"groups\": " << groups
            << ", \"threads\": " << options.threads
            << ", \"bare_union_find_seconds\": " << Median(bare) << "}\n";
}

}  // namespace

void AddMemoryCommand(CLI::App* app) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      app->add_subcommand("memory", "Columns of strings to groups, timed; prints a line of JSON.");
  command->add_option("file", options->file, "id, ms and ns:value..., tabs between, a line each")
      ->required()
      ->check(CLI::ExistingFile);
  command->add_option("--threads", options->threads, "0: as many as there are")
      ->capture_default_str();
  command->add_option("--rounds", options->rounds, "the median is told")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_flag("--ids", options->ids, "rows have ids: the latest of an id stands");
  command->add_flag("--times", options->times, "rows have times");
  command->add_option("--limit", options->limit, "identifiers of a namespace in a group; 0: any")
      ->capture_default_str();
  command->add_option("--groups", options->groups, "where the groups are written, a line each");
  command->callback([options] { Run(*options); });
}

}  // namespace polyonym::workload
