// generate.cc - made-up traffic to try things with, and the truth about it.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "commands.h"
#include "polyonym/codec/json.h"
#include "progress.h"
#include "traffic.h"

namespace polyonym::driver {

namespace {

struct GenerateOptions {
  std::uint64_t events = 10'000;
  Person people = 1'000;
  std::uint64_t seed = 1;
  bool facts = false;
  std::string truth;
};

using Truth =
    absl::flat_hash_map<std::string, std::vector<Person>>;  // persons ascending; almost always one

void Remember(const Traffic::Event& event, Truth* truth) {
  for (const Identifier& identifier : event.truth) {
    std::vector<Person>& persons = (*truth)[ToString(identifier)];
    const auto at = std::lower_bound(persons.begin(), persons.end(), event.person);
    if (at == persons.end() || *at != event.person) persons.insert(at, event.person);
  }
}

void WriteTruth(const Truth& truth, const std::string& path) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  std::vector<const Truth::value_type*> rows;
  rows.reserve(truth.size());
  for (const auto& row : truth) rows.push_back(&row);
  std::sort(rows.begin(), rows.end(),
            [](const auto* a, const auto* b) { return a->first < b->first; });
  file << "identifier,person\n";
  for (const auto* row : rows) {
    for (const Person person : row->second) file << row->first << ',' << person << '\n';
  }
  file.close();
  if (!file) Fail(kUsage, path + ": cannot be written");
}

void RunGenerate(const GenerateOptions& options) {
  Traffic traffic(options.events, options.people, options.seed, options.facts);
  Truth truth;
  Progress progress("events");
  Output out(Format::kJson);
  for (std::uint64_t i = 0; i < options.events; ++i) {
    const Traffic::Event& event = traffic.Next();
    out.Line(WriteRecordJson(event.record));
    if (!options.truth.empty()) Remember(event, &truth);
    progress.Update(i + 1, ReadPosition{i + 1, options.events});
  }
  if (!options.truth.empty()) WriteTruth(truth, options.truth);
}

}  // namespace

void AddGenerate(CLI::App* app, Session*) {
  const auto options = std::make_shared<GenerateOptions>();
  CLI::App* command =
      app->add_subcommand("generate", "made-up traffic of a retailer's channels, as JSON Lines");
  command->add_option("--events", options->events, "how many records")
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--people", options->people, "of how many people, 1 to 30000000")
      ->check(CLI::Range(1, 30'000'000).description(""))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--seed", options->seed, "the same seed gives the same records everywhere")
      ->type_name("S")
      ->capture_default_str();
  command->add_flag("--facts", options->facts,
                    "each with the facts that its channel knows: traits, tags, events, consents");
  command
      ->add_option(
          "--truth", options->truth,
          "where to write who is who: CSV of identifier,person; shared ones have several rows")
      ->type_name("FILE");
  command->footer("examples/policies/retail.json is a policy for it.");
  command->callback([=] { RunGenerate(*options); });
}

}  // namespace polyonym::driver
