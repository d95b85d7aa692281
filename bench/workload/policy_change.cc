// A policy that changes on a live store, against a store built anew under the new policy from the same records: the time of each, by
// the share of the records that the change touches. And renames of very many identifiers at once.
#include <algorithm>
#include <cstdint>
#include <iomanip>
#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "polyonym/engine/engine.h"
#include "workload/commands.h"
#include "workload/measure.h"

namespace polyonym::workload {
namespace {

constexpr int kShares[] = {0, 1, 10, 100};  // percent

// Everybody has a phone, an openid and a card, which is of the family that changes for a share of them; and a second openid that two
// share now and then, refused.
std::vector<Record> MakeRecords(std::uint64_t people, int percent) {
  std::vector<Record> records;
  for (std::uint64_t p = 0; p < people; ++p) {
    const std::string n = std::to_string(p);
    Record& r = records.emplace_back();
    r.source = "bench";
    r.id = n;
    r.time_ms = static_cast<std::int64_t>(1'700'000'000'000 + p);
    const bool touched = p % 100 < static_cast<std::uint64_t>(percent);
    r.identifiers = {{"openid/wx1", "o" + n, Role::kSelf},
                     {"phone", "p" + n, Role::kSelf},
                     {touched ? "changed" : "card", "v" + n, Role::kSelf}};
    if (p % 50 == 49)
      r.identifiers.push_back({"openid/wx2", "shared" + std::to_string(p / 100), Role::kSelf});
  }
  return records;
}

Policy MakePolicy() {
  Policy policy;
  for (const char* name : {"openid", "phone", "card", "changed"})
    policy.namespaces.emplace_back().name = name;
  policy.namespaces[0].priority = 1;
  policy.namespaces[1].limits = {{1, false, 0}};
  return policy;
}

std::unique_ptr<Engine> Build(const Policy& policy, std::span<const Record> records) {
  auto engine = Engine::OpenInMemory({});
  OrStop(engine.status());
  OrStop((*engine)->SetPolicy(policy).status());
  constexpr std::size_t kBatch = 1000;
  for (std::size_t i = 0; i < records.size(); i += kBatch) {
    OrStop((*engine)->Apply(records.subspan(i, std::min(kBatch, records.size() - i))).status());
  }
  return *std::move(engine);
}

struct Edit {
  const char* name;
  void (*edit)(NamespacePolicy* ns, int round);
};

constexpr Edit kEdits[] = {
    {"normaliser",
     [](NamespacePolicy* ns, int round) {
       ns->normaliser = round % 2 == 0 ? Normaliser::kLowerCase : Normaliser::kTrim;
     }},
    {"blocked",  // all of them, then none
     [](NamespacePolicy* ns, int round) {
       ns->blocked_patterns.assign(round % 2 == 0 ? 1 : 0, "^v");
     }},
    {"limit",
     [](NamespacePolicy* ns, int round) {
       ns->limits = {{static_cast<std::uint32_t>(round + 2), false, 0}};
     }},
    {"priority",
     [](NamespacePolicy* ns, int round) { ns->priority = 50 + static_cast<std::uint32_t>(round); }},
};

void RunPolicies(std::uint64_t people, int rounds) {
  std::cout << people << " people; a policy change, of a store built anew\n"
            << "touched   built anew   what changes     judged    changed   replayed   of that\n";
  for (const int percent : kShares) {
    const std::vector<Record> records = MakeRecords(people, percent);
    std::vector<double> rebuilds;
    std::unique_ptr<Engine> engine;
    for (int round = 0; round < rounds; ++round) {
      engine.reset();
      rebuilds.push_back(SecondsOf([&] { engine = Build(MakePolicy(), records); }));
    }
    for (const Edit& edit : kEdits) {
      std::vector<double> ratios;
      PolicyResult last;
      for (int round = 0; round < rounds; ++round) {
        Policy policy = engine->Read().policy();
        edit.edit(&policy.namespaces.back(), round);
        ratios.push_back(SecondsOf([&] { last = OrStop(engine->SetPolicy(policy)); }) /
                         Median(rebuilds));
      }
      std::cout << std::right << std::setw(6) << percent << "%" << std::setw(11) << std::fixed
                << std::setprecision(2) << Median(rebuilds) << " s   " << std::left << std::setw(12)
                << edit.name << std::right << std::setw(11) << last.judged_records << std::setw(11)
                << last.changed_records << std::setw(11) << last.replayed_profiles << std::setw(9)
                << 100 * Median(ratios) << "%\n"
                << std::flush;
    }
  }
}

// A vendor re-keys everybody: one rename each, after one record each.
void RunRenames(std::uint64_t people) {
  Policy policy;
  policy.namespaces.emplace_back().name = "openid";
  auto engine = Engine::OpenInMemory({});
  OrStop(engine.status());
  OrStop((*engine)->SetPolicy(policy).status());
  const auto send = [&](bool renames) {
    constexpr std::uint64_t kBatch = 1000;
    std::vector<Record> batch;
    for (std::uint64_t p = 0; p < people; ++p) {
      Record& r = batch.emplace_back();
      r.source = renames ? "vendor" : "bench";
      r.id = std::to_string(p);
      r.time_ms = static_cast<std::int64_t>(1'700'000'000'000 + p);
      r.identifiers = {{"openid/old", r.id, Role::kSelf}};
      if (renames) {
        r.act = Act::kRename;
        r.identifiers.push_back({"openid/new", r.id, Role::kSelf});
      }
      if (batch.size() < kBatch && p + 1 < people) continue;
      OrStop((*engine)->Apply(batch).status());
      batch.clear();
    }
  };
  const double records = SecondsOf([&] { send(false); });
  const double renames = SecondsOf([&] { send(true); });
  const Stats stats = (*engine)->Read().GetStats();
  std::cout << people << " identifiers seen in " << std::fixed << std::setprecision(1) << records
            << " s, each renamed in " << renames << " s ("
            << static_cast<std::uint64_t>(static_cast<double>(people) / renames) << " renames/s); "
            << stats.identifiers << " identifiers, " << stats.profiles << " people, index "
            << (stats.resident_bytes >> 20) << " MiB\n";
}

}  // namespace

void AddPolicyChangeCommands(CLI::App* app) {
  struct Options {
    std::uint64_t people = 300'000;
    int rounds = 3;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* change = app->add_subcommand(
      "policy_change", "A policy that changes on a live store, beside a store built anew.");
  CLI::App* rename = app->add_subcommand("rename", "Every identifier of a store renamed.");
  for (CLI::App* command : {change, rename}) {
    command->add_option("--people", options->people, "people in the store")
        ->check(CLI::Range(1'000, 100'000'000))
        ->capture_default_str();
  }
  change->add_option("--rounds", options->rounds, "rounds, of which medians are printed")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  change->callback([options] { RunPolicies(options->people, options->rounds); });
  rename->callback([options] { RunRenames(options->people); });
}

}  // namespace polyonym::workload
