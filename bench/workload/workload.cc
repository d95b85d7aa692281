#include "workload/workload.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <numeric>
#include <sstream>
#include <stdexcept>

#include <unistd.h>

#include "workload/measure.h"
#include "workload/progress.h"

namespace polyonym::workload {

CLI::App* AddWorkload(CLI::App* app, const std::string& name, const std::string& about,
                      Events events, Sizes* sizes) {
  CLI::App* command = app->add_subcommand(name, about);
  command->add_option("--events", sizes->events, "records")
      ->check(CLI::Range(100, 1'000'000'000))
      ->capture_default_str();
  command->add_option("--people", sizes->people, "people whom they name; 0: ten for 39 events")
      ->capture_default_str();
  command->add_option("--batch", sizes->batch, "records a commit")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  if (events == Events::kOfFile) {
    command->add_option("--file", sizes->file, "events to read instead: id, ms, ns:value...; tabs")
        ->check(CLI::ExistingFile);
  }
  command->add_option("--folder", sizes->folder, "where the stores are made")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  command->add_option("--format", sizes->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  return command;
}

Folder::Folder(const Sizes& sizes) {
  std::string path = sizes.folder + "/polyonym-bench-XXXXXX";
  Check(::mkdtemp(path.data()) != nullptr, "no folder can be made in " + sizes.folder);
  path_ = path;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::unique_ptr<Engine> OpenUnder(const Policy& policy, const std::string& path,
                                  const EngineOptions& options) {
  auto engine = OrStop(Engine::Open(path, options));
  OrStop(engine->SetPolicy(policy).status());
  return engine;
}

Source From(std::span<const Record> records) {
  return [records](std::size_t count) mutable {
    const std::span<const Record> next = records.first(count);
    records = records.subspan(count);
    return next;
  };
}

Source Made(std::function<Record(std::uint64_t)> make) {
  return [make = std::move(make), made = std::vector<Record>(),
          number = std::uint64_t{0}](std::size_t count) mutable {
    made.clear();
    while (made.size() < count) made.push_back(make(number++));
    return std::span<const Record>(made);
  };
}

double Commits::total() const { return std::accumulate(seconds.begin(), seconds.end(), 0.0); }
double Commits::median() const { return Median(seconds); }
double Commits::slowest() const { return *std::max_element(seconds.begin(), seconds.end()); }

Commits Feed(const Source& source, std::uint64_t count, std::size_t batch, Engine* engine,
             double max_seconds) {
  Commits out;
  Progress progress("records", count);
  const Stopwatch all;
  while (out.events < count && all.Seconds() < max_seconds) {
    const std::span<const Record> records =
        source(static_cast<std::size_t>(std::min<std::uint64_t>(batch, count - out.events)));
    const Stopwatch watch;
    const ApplyResult result = OrStop(engine->Apply(records));
    out.seconds.push_back(watch.Seconds());
    out.events += records.size();
    for (const RecordResult& record : result.records)
      Check(record.outcome == Outcome::kApplied, "a record was not applied");
    progress.Update(out.events);
  }
  return out;
}

void Row::Print(const Sizes& sizes) const {
  const bool json = sizes.format == "json";
  std::ostringstream line;
  line << (json ? "{\"workload\": \"" + workload_ + "\"" : workload_ + ":");
  for (const auto& [name, value] : fields_) {
    std::string text = name;
    if (json) {
      line << ", \"" << text << "\": ";
    } else {
      std::replace(text.begin(), text.end(), '_', ' ');
      line << (&name == &fields_.front().first ? " " : ", ") << text << ' ';
    }
    const bool whole = value == std::floor(value) && std::abs(value) < 1e15;
    line << std::setprecision(whole ? 15 : json ? 6 : 4) << value;
  }
  std::cout << line.str() << (json ? "}\n" : "\n") << std::flush;
}

void Check(bool right, const std::string& what) {
  if (right) return;
  std::cerr << "wrong: " << what << "\n";
  std::exit(1);
}

}  // namespace polyonym::workload
