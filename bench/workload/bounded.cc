// `bounded`: a stream into stores whose index has a share of the memory that it wants. First `anybody` comes next, then one of the `recent`
// people: the share of pages that come back from the disk is what makes the difference.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "polyonym/store/page_memory.h"
#include "workload/commands.h"
#include "workload/measure.h"
#include "workload/traffic.h"
#include "workload/workload.h"

namespace polyonym::workload {
namespace {

// A window of people moves over the stream, so that those behind it do not come again.
class Recent {
 public:
  explicit Recent(std::uint64_t people) : traffic_(people / kWindows + 1) {}
  Record Next(std::uint64_t number, std::uint64_t events) {
    Record record = traffic_.Next(number);
    const std::string window = std::to_string(number * kWindows / events);
    for (RecordIdentifier& identifier : record.identifiers) identifier.value += window;
    return record;
  }

 private:
  static constexpr std::uint64_t kWindows = 20;
  Traffic traffic_;
};

struct Filled {
  double rate = 0;
  PagedMemory paged;
  double index_bytes = 0;
};

Filled Fill(const Sizes& sizes, bool recent, std::uint64_t budget) {
  const Folder folder(sizes);
  EngineOptions options{.durability = Durability::kWal};
  options.memory_budget_bytes = budget;
  const auto engine = OpenUnder(Traffic::MakePolicy(), folder / "engine", options);
  Traffic anybody(PeopleOf(sizes));
  Recent windows(PeopleOf(sizes));
  const Source source = Made([&](std::uint64_t number) {
    return recent ? windows.Next(number, sizes.events) : anybody.Next(number);
  });
  Filled filled;
  filled.rate = Feed(source, sizes.events, sizes.batch, engine.get()).rate();
  filled.paged = engine->Metrics().paged;
  filled.index_bytes = static_cast<double>(engine->Metrics().resident.total());
  return filled;
}

void RunBounded(const Sizes& sizes, const std::vector<unsigned>& shares) {
  for (const bool recent : {false, true}) {
    const Filled whole = Fill(sizes, recent, 0);
    for (const unsigned share : shares) {
      const std::uint64_t budget = std::max(
          PageMemory::kMinBudgetBytes, static_cast<std::uint64_t>(whole.index_bytes * share / 100));
      const Filled some = Fill(sizes, recent, budget);
      Row((recent ? "bounded-recent-" : "bounded-anybody-") + std::to_string(share))
          .Add("events", sizes.events)
          .Add("share_percent", share)
          .Add("budget_bytes", budget)
          .Add("resident_bytes", some.paged.resident_bytes)
          .Add("index_bytes", whole.index_bytes)
          .Add("events_per_second", some.rate)
          .Add("unbounded_events_per_second", whole.rate)
          .Add("of_unbounded", some.rate / whole.rate)
          .Add("read_pages_per_event",
               static_cast<double>(some.paged.read_ahead_pages) / static_cast<double>(sizes.events))
          .Print(sizes);
    }
  }
}

}  // namespace

void AddBoundedCommand(CLI::App* app) {
  struct Options {
    Sizes sizes;
    std::vector<unsigned> shares = {120, 90, 75, 50, 25};
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      AddWorkload(app, "bounded", "A stream into an index that has less memory than it wants.",
                  Events::kMade, &options->sizes);
  command->add_option("--shares", options->shares, "of that memory, in percent, one store for each")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->callback([options] { RunBounded(options->sizes, options->shares); });
}

}  // namespace polyonym::workload
