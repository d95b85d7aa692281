// workload/workload.h - what the named workloads share: sizes, a store in a folder of its own, the stream into it, and the row that is
// printed. Each runs once; bench/run_all.py has the rounds.
#ifndef POLYONYM_BENCH_WORKLOAD_WORKLOAD_H_
#define POLYONYM_BENCH_WORKLOAD_WORKLOAD_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "polyonym/engine/engine.h"

namespace polyonym::workload {

struct Sizes {
  std::uint64_t events = 2'000'000;
  std::uint64_t people = 0;  // 0: so many that each is seen four times
  std::size_t batch = 1000;
  std::string file;  // events to read instead
  std::string folder = std::filesystem::temp_directory_path().string();
  std::string format = "text";
};

// A subcommand with the options above. `kOfFile`: it can be given the events of a file, which others are given too.
enum class Events : std::uint8_t { kMade, kOfFile };
CLI::App* AddWorkload(CLI::App* app, const std::string& name, const std::string& about,
                      Events events, Sizes* sizes);

// A new folder in `sizes.folder`, gone with the object.
class Folder {
 public:
  explicit Folder(const Sizes& sizes);
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string operator/(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

std::unique_ptr<Engine> OpenUnder(const Policy& policy, const std::string& path,
                                  const EngineOptions& options = {.durability = Durability::kWal});

// Gives the next records, as many as asked for. Making them is not timed.
using Source = std::function<std::span<const Record>(std::size_t count)>;
Source From(std::span<const Record> records);
Source Made(std::function<Record(std::uint64_t number)> make);

// How long each Apply() took.
struct Commits {
  std::vector<double> seconds;
  std::uint64_t events = 0;
  double total() const;
  double rate() const { return static_cast<double>(events) / total(); }
  double median() const;
  double slowest() const;
};

// Streams `count` records in commits of `batch`. Stops the program where one is not applied. `max_seconds`: it is cut there.
Commits Feed(const Source& source, std::uint64_t count, std::size_t batch, Engine* engine,
             double max_seconds = 1e9);

// One line: JSON, or text.
class Row {
 public:
  explicit Row(std::string workload) : workload_(std::move(workload)) {}
  template <class Number>
  Row& Add(const char* name, Number value) {
    fields_.emplace_back(name, static_cast<double>(value));
    return *this;
  }
  void Print(const Sizes& sizes) const;

 private:
  const std::string workload_;
  std::vector<std::pair<std::string, double>> fields_;
};

// Stops the program: what is measured must be right first.
void Check(bool right, const std::string& what);

}  // namespace polyonym::workload

#endif  // POLYONYM_BENCH_WORKLOAD_WORKLOAD_H_
