// `retract`: a hundredth of the records of a load, at random, taken back again.
#include <algorithm>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "workload/commands.h"
#include "workload/limits.h"
#include "workload/measure.h"
#include "workload/traffic.h"
#include "workload/workload.h"

namespace polyonym::workload {
namespace {

void RunRetract(const Sizes& sizes) {
  std::vector<Record> records = EventsOf(sizes);
  const Folder folder(sizes);
  const auto engine = OpenUnder(Traffic::MakePolicy(), folder / "engine");
  const Commits load = Feed(From(records), records.size(), sizes.batch, engine.get());

  std::mt19937_64 random(13);
  std::shuffle(records.begin(), records.end(), random);
  const std::size_t count = std::max<std::size_t>(1, records.size() / 100);
  std::vector<Record> tombstones(count);
  for (std::size_t i = 0; i < count; ++i) {
    tombstones[i].source = records[i].source;
    tombstones[i].id = records[i].id;
    tombstones[i].time_ms = records[i].time_ms;
    tombstones[i].act = Act::kRetract;
  }
  const Commits taken = Feed(From(tombstones), count, sizes.batch, engine.get());
  records.erase(records.begin(), records.begin() + static_cast<std::ptrdiff_t>(count));
  Check(engine->Read().GetStats().profiles == UniteBare(records).components,
        "profiles are not the components of what stands");
  Row("retract")
      .Add("events", load.events)
      .Add("retracted", count)
      .Add("retracted_per_second", taken.rate())
      .Add("of_load", taken.rate() / load.rate())
      .Add("median_ms", taken.median() * 1e3)
      .Add("slowest_of_median", taken.slowest() / taken.median())
      .Print(sizes);
}

}  // namespace

void AddRetractCommand(CLI::App* app) {
  const auto sizes = std::make_shared<Sizes>();
  AddWorkload(app, "retract", "A hundredth of the records taken back, at random.", Events::kOfFile,
              sizes.get())
      ->callback([sizes] { RunRetract(*sizes); });
}

}  // namespace polyonym::workload
