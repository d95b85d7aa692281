// `hub`: one identifier seen with very many others. `chain`: each seen with the next. Both without a limit on all identifiers of a profile
// and with one. What counts is the slowest call: checkpoints and whatever RocksDB makes a caller wait for are in it. No guard is set,
// which would make the hub shared.
#include <algorithm>
#include <memory>
#include <string>

#include "workload/commands.h"
#include "workload/measure.h"
#include "workload/traffic.h"
#include "workload/workload.h"

namespace polyonym::workload {
namespace {

struct Options {
  Sizes sizes;
  std::uint32_t limit = 10'000;
  std::uint64_t checkpoint_mib = 8;
  double max_seconds = 60;
  std::string ranking = "recency";
};

using Shape = Record (*)(std::uint64_t number);

Record Pair(std::uint64_t number, const std::string& a, const std::string& b) {
  Record r = Numbered(number);
  r.identifiers = {{"cookie", a, Role::kSelf}, {"cookie", b, Role::kSelf}};
  return r;
}

Record Hub(std::uint64_t number) { return Pair(number, "hub", "c" + std::to_string(number)); }
Record Chain(std::uint64_t number) {
  return Pair(number, "c" + std::to_string(number), "c" + std::to_string(number + 1));
}

Commits RunOnce(const Options& options, Shape shape, std::uint32_t limit, const std::string& path) {
  Policy policy = Traffic::MakePolicy();
  policy.max_identifiers_per_profile = limit;
  policy.default_max_neighbours = 0;
  policy.ranking = options.ranking == "oldest" ? Ranking::kOldest : Ranking::kPriorityRecency;
  EngineOptions engine_options;
  engine_options.durability = Durability::kWal;
  engine_options.checkpoint_log_bytes = options.checkpoint_mib << 20;
  const auto engine = OpenUnder(policy, path, engine_options);
  Commits commits = Feed(Made(shape), options.sizes.events, options.sizes.batch, engine.get(),
                         options.max_seconds);
  const std::uint64_t identifiers = commits.events + 1;
  const Stats stats = engine->Read().GetStats();
  Check(stats.identifiers == identifiers, "an identifier is missing");
  Check(stats.largest_profile ==
            (limit == 0 ? identifiers : std::min<std::uint64_t>(limit, identifiers)),
        "the largest profile has another size");
  return commits;
}

void RunShape(const std::string& name, const Options& options, Shape shape) {
  const Folder folder(options.sizes);
  const Commits free = RunOnce(options, shape, 0, folder / "free");
  const Commits limited = RunOnce(options, shape, options.limit, folder / "limited");
  Row(name)
      .Add("events", options.sizes.events)
      .Add("batch", options.sizes.batch)
      .Add("limit", options.limit)
      .Add("events_per_second", free.rate())
      .Add("median_ms", free.median() * 1e3)
      .Add("slowest_of_median", free.slowest() / free.median())
      .Add("limited_events", limited.events)  // fewer, where it was cut
      .Add("limited_events_per_second", limited.rate())
      .Add("limited_median_ms", limited.median() * 1e3)
      .Add("limited_slowest_of_median", limited.slowest() / limited.median())
      // Where most calls are slow, the median hides it: so also beside an ordinary one.
      .Add("limited_slowest_of_free_median", limited.slowest() / free.median())
      .Print(options.sizes);
}

void AddShape(CLI::App* app, const char* name, const char* about, Shape shape) {
  const auto options = std::make_shared<Options>();
  options->sizes.events = 1'000'000;
  CLI::App* command = AddWorkload(app, name, about, Events::kMade, &options->sizes);
  command->add_option("--limit", options->limit, "on all identifiers of a profile")
      ->check(CLI::Range(1, 1'000'000'000))
      ->capture_default_str();
  command
      ->add_option("--checkpoint-mib", options->checkpoint_mib,
                   "MiB of log between checkpoints: so little that some are written meanwhile")
      ->capture_default_str();
  command->add_option("--max-seconds", options->max_seconds, "each of the two is cut there")
      ->capture_default_str();
  command
      ->add_option(
          "--ranking", options->ranking,
          "recency: a new link is the strongest, a full profile lets go of an old one for it; "
          "oldest: it is turned away")
      ->check(CLI::IsMember({"recency", "oldest"}))
      ->capture_default_str();
  command->callback([=] { RunShape(name, *options, shape); });
}

}  // namespace

void AddShapeCommands(CLI::App* app) {
  AddShape(app, "hub", "One identifier seen with very many others.", Hub);
  AddShape(app, "chain", "Identifiers each seen with the next.", Chain);
}

}  // namespace polyonym::workload
