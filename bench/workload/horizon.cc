// A horizon that moves: what it costs to fold a share of a store's records, and what is given back.
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "polyonym/engine/engine.h"
#include "workload/commands.h"
#include "workload/measure.h"

namespace polyonym::workload {
namespace {

struct Options {
  std::uint64_t records = 2'000'000;
  std::uint64_t people = 100'000;
  std::string folder;
};

// Everybody is seen with the same two identifiers again and again.
void Fill(Engine* engine, const Options& options) {
  constexpr std::uint64_t kBatch = 1000;
  std::vector<Record> batch;
  for (std::uint64_t i = 0; i < options.records; ++i) {
    const std::string person = std::to_string(i * 0x9e3779b97f4a7c15 % options.people);
    Record& r = batch.emplace_back();
    r.source = "web";
    r.id = "event-" + std::to_string(i);
    r.time_ms = static_cast<std::int64_t>(1'700'000'000'000 + i);
    r.identifiers = {{"member", "m" + person, Role::kSelf}, {"cookie", "c" + person, Role::kSelf}};
    if (batch.size() < kBatch && i + 1 < options.records) continue;
    OrStop(engine->Apply(batch).status());
    batch.clear();
  }
}

void Print(const char* when, const Engine& engine) {
  const Stats stats = engine.Read().GetStats();
  std::cout << std::left << std::setw(16) << when << std::right << std::setw(12)
            << stats.standing_records << " records" << std::setw(8) << (stats.resident_bytes >> 20)
            << " MiB resident" << std::setw(8) << (stats.store_bytes >> 20) << " MiB on disk\n";
}

void RunHorizon(const Options& options) {
  const std::string path = options.folder + "/polyonym-horizon-bench";
  std::filesystem::remove_all(path);
  EngineOptions engine_options;
  std::unique_ptr<Engine> engine = OrStop(Engine::Open(path, engine_options));
  Policy policy;
  for (const char* name : {"member", "cookie"}) policy.namespaces.emplace_back().name = name;
  OrStop(engine->SetPolicy(policy).status());
  Fill(engine.get(), options);
  OrStop(engine->Checkpoint());
  Print("filled", *engine);
  const auto before_ms =
      static_cast<std::int64_t>(1'700'000'000'000 + options.records - options.records / 10);
  HorizonResult result;
  const double all = SecondsOf([&] { result = OrStop(engine->MoveHorizon("web", before_ms)); });
  Print("folded", *engine);
  engine.reset();
  const double opened = SecondsOf([&] { engine = OrStop(Engine::Open(path, engine_options)); });
  Print("opened again", *engine);
  std::cout << std::fixed << std::setprecision(2) << result.folded_records << " records to "
            << result.folds << " in " << all
            << " s: " << all * 1e6 / static_cast<double>(result.folded_records)
            << " us each, checkpoint and cleaning included; opened again in " << opened << " s\n";
  engine.reset();
  std::filesystem::remove_all(path);
}

}  // namespace

void AddHorizonCommand(CLI::App* app) {
  const auto options = std::make_shared<Options>();
  options->folder = std::filesystem::temp_directory_path().string();
  CLI::App* command = app->add_subcommand("horizon", "Nine tenths of a store's records folded.");
  command->add_option("--records", options->records, "records in the store")
      ->check(CLI::Range(10'000, 1'000'000'000))
      ->capture_default_str();
  command->add_option("--people", options->people, "people that they are of")
      ->check(CLI::Range(1'000, 100'000'000))
      ->capture_default_str();
  command->add_option("--folder", options->folder, "where the store is made")
      ->capture_default_str();
  command->callback([options] { RunHorizon(*options); });
}

}  // namespace polyonym::workload
