// Many small stores in one process: what each takes of memory, file handles and threads while all are open; then, under a budget of
// memory, how many stay open and how long an answer takes from a store that is open and from one that must be opened.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <unistd.h>

#include "polyonym/engine/environment.h"
#include "workload/commands.h"
#include "workload/measure.h"

namespace polyonym::workload {
namespace {

struct Options {
  std::size_t stores = 1'000;
  std::uint64_t people = 1'000;
  std::size_t batch = 100;
  std::uint64_t budget_mib = 256;
  std::size_t questions = 2'000;
  std::string folder = std::filesystem::temp_directory_path().string();
};

double Mib(std::uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

std::uint64_t ResidentBytes() {
  std::uint64_t size = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::size_t Entries(const char* folder) {
  const std::filesystem::directory_iterator all(folder);
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

Policy MakePolicy() {
  Policy policy;
  policy.namespaces.resize(3);
  policy.namespaces[0].name = "openid";
  policy.namespaces[0].priority = 1;
  policy.namespaces[0].normaliser = Normaliser::kExact;
  policy.namespaces[1].name = "cookie";
  policy.namespaces[1].priority = 9;
  policy.namespaces[2].name = "phone";
  policy.namespaces[2].priority = 2;
  return policy;
}

// Three identifiers a person, in one record or two.
std::vector<Record> PeopleOf(std::size_t store, std::uint64_t people) {
  std::vector<Record> out;
  const auto add = [&](std::uint64_t person, const std::vector<Identifier>& identifiers) {
    Record& record = out.emplace_back();
    record.source = "shop";
    record.id = std::to_string(out.size());
    record.time_ms = static_cast<std::int64_t>(1'700'000'000'000 + person);
    for (const Identifier& i : identifiers)
      record.identifiers.push_back({i.ns, i.value, Role::kSelf});
  };
  for (std::uint64_t person = 0; person < people; ++person) {
    const std::string n = std::to_string(store * people + person);
    const Identifier openid{"openid/wx1", "o" + n}, cookie{"cookie", "c" + n};
    const Identifier phone{"phone", std::to_string(13'810'000'000 + store * people + person)};
    if (person % 2 == 0) {
      add(person, {openid, cookie, phone});
    } else {
      add(person, {openid, cookie});
      add(person, {openid, phone});
    }
  }
  return out;
}

class Stores {
 public:
  explicit Stores(const Options& options)
      : options_(options), root_(std::filesystem::path(options.folder) / "polyonym-stores-bench") {
    std::filesystem::remove_all(root_);
  }
  ~Stores() { std::filesystem::remove_all(root_); }

  void Fill() const;
  void Ask() const;

 private:
  std::string PathOf(std::size_t store) const { return (root_ / std::to_string(store)).string(); }

  const Options options_;
  const std::filesystem::path root_;
};

void Stores::Fill() const {
  EnvironmentOptions environment_options;
  environment_options.max_open_stores = options_.stores;
  const auto environment = OrStop(Environment::Make(environment_options));
  const std::uint64_t before = ResidentBytes();
  std::vector<std::shared_ptr<Engine>> engines;
  const double open_seconds = SecondsOf([&] {
    for (std::size_t i = 0; i < options_.stores; ++i)
      engines.push_back(OrStop(environment->Open(PathOf(i))));
  });
  const std::uint64_t empty = ResidentBytes();
  const double fill_seconds = SecondsOf([&] {
    for (std::size_t i = 0; i < options_.stores; ++i) {
      OrStop(engines[i]->SetPolicy(MakePolicy()));
      const std::vector<Record> records = PeopleOf(i, options_.people);
      for (std::size_t at = 0; at < records.size(); at += options_.batch) {
        const std::size_t n = std::min(options_.batch, records.size() - at);
        OrStop(engines[i]->Apply(std::span(records).subspan(at, n)));
      }
    }
  });
  const std::uint64_t full = ResidentBytes();
  const EnvironmentStats stats = environment->GetStats();
  const auto each = [&](double what) { return what / static_cast<double>(options_.stores); };
  const auto kib = [&](std::uint64_t bytes) { return each(static_cast<double>(bytes) / 1024); };
  std::cout << std::fixed << std::setprecision(1) << options_.stores << " stores of "
            << options_.people << " people, all open: resident " << Mib(full) << " MiB, "
            << Entries("/proc/self/task") << " threads, " << Entries("/proc/self/fd")
            << " file handles\n"
            << "a store: " << kib(full - before) << " KiB, of which empty " << kib(empty - before)
            << "; counted to the budget " << kib(stats.resident_bytes) << "\n"
            << "made in " << each(open_seconds) * 1e3 << " ms, filled in "
            << each(fill_seconds) * 1e3 << " ms each\n";
  const double close_seconds = SecondsOf([&] {
    engines.clear();
    environment->CloseIdle();
  });
  std::cout << "closed in " << each(close_seconds) * 1e3 << " ms each; then resident "
            << Mib(ResidentBytes()) << " MiB\n";
}

void Stores::Ask() const {
  EnvironmentOptions environment_options;
  environment_options.max_open_stores = options_.stores;
  environment_options.memory_budget_bytes = options_.budget_mib << 20;
  const auto environment = OrStop(Environment::Make(environment_options));
  std::mt19937_64 random(7);
  std::vector<double> cold, warm;
  for (std::size_t q = 0; q < options_.questions; ++q) {
    const std::size_t store = random() % options_.stores;
    const std::uint64_t person = store * options_.people + random() % options_.people;
    const std::uint64_t opened = environment->GetStats().opened;
    const double seconds = SecondsOf([&] {
      const auto engine = OrStop(environment->Open(PathOf(store)));
      if (!engine->Read().Resolve({"cookie", "c" + std::to_string(person)}).profile) {
        std::cerr << "a person is missing\n";
        std::exit(1);
      }
    });
    (environment->GetStats().opened == opened ? warm : cold).push_back(seconds);
  }
  const EnvironmentStats stats = environment->GetStats();
  const auto median = [](std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0.0 : values[values.size() / 2];
  };
  std::cout << options_.questions << " questions under a budget of " << options_.budget_mib
            << " MiB: " << stats.open_stores << " stores open (" << Mib(stats.resident_bytes)
            << " MiB counted, " << Mib(stats.cached_bytes) << " MiB cached, "
            << Mib(stats.write_buffered_bytes) << " MiB in write buffers, resident "
            << Mib(ResidentBytes()) << " MiB), " << stats.evicted << " closed\n"
            << "an answer: " << std::setprecision(3) << median(warm) * 1e6
            << " us from an open store (" << warm.size() << "), " << median(cold) * 1e3
            << " ms where it must be opened (" << cold.size() << "); medians\n";
}

}  // namespace

void AddStoresCommand(CLI::App* app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app->add_subcommand("stores", "Many small stores in one environment.");
  command->add_option("--stores", options->stores, "stores, each in its folder")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command->add_option("--people", options->people, "people in each")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  command->add_option("--batch", options->batch, "records a commit")->capture_default_str();
  command->add_option("--budget", options->budget_mib, "MiB of memory for the questions")
      ->capture_default_str();
  command->add_option("--questions", options->questions, "questions to random stores")
      ->capture_default_str();
  command->add_option("--folder", options->folder, "where the stores are made")
      ->capture_default_str();
  command->callback([options] {
    const Stores stores(*options);
    stores.Fill();
    stores.Ask();
  });
}

}  // namespace polyonym::workload
