// `funnels`: a funnel, retention by month and by day, and repurchase over events in columns, beside a bare pass over the same columns.
// --columns writes them to a folder, for bench/rivals/duckdb_funnels_rival.py to put the same questions to DuckDB.
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "polyonym/measure/event_table.h"
#include "polyonym/measure/funnel.h"
#include "polyonym/measure/repurchase.h"
#include "polyonym/measure/retention.h"
#include "workload/commands.h"
#include "workload/measure.h"
#include "workload/workload.h"

namespace polyonym::workload {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kBeginMs = 1'767'225'600'000;  // 2026-01-01
constexpr std::int64_t kDays = 180;
constexpr std::uint32_t kCampaigns = 50;

struct Columns {
  std::uint32_t persons = 0;
  std::vector<std::uint32_t> people, types, campaigns;
  std::vector<std::int64_t> times_ms;
};

// view, click, cart, order, share, login
std::uint32_t TypeOf(std::uint64_t of_hundred) {
  constexpr std::uint64_t kUpTo[] = {50, 70, 82, 90, 95};
  return static_cast<std::uint32_t>(
      std::upper_bound(std::begin(kUpTo), std::end(kUpTo), of_hundred) - std::begin(kUpTo));
}

// Ten events a person in the mean, few people many of them; rows by time, as logs have them.
Columns MakeColumns(std::uint64_t events) {
  std::mt19937_64 random(7);
  Columns columns;
  columns.persons = static_cast<std::uint32_t>(std::max<std::uint64_t>(1, events / 10));
  columns.times_ms.resize(events);
  for (std::int64_t& ms : columns.times_ms) {
    const auto into = random() % static_cast<std::uint64_t>(kDays * kDayMs);
    ms = kBeginMs + static_cast<std::int64_t>(into);
  }
  std::sort(columns.times_ms.begin(), columns.times_ms.end());
  for (std::uint64_t i = 0; i < events; ++i) {
    const double u = static_cast<double>(random() >> 11) * 0x1p-53;
    columns.people.push_back(static_cast<std::uint32_t>(u * u * columns.persons));
    columns.types.push_back(TypeOf(random() % 100));
    columns.campaigns.push_back(static_cast<std::uint32_t>(random() % kCampaigns));
  }
  return columns;
}

template <class T>
void WriteColumn(const std::string& path, const std::vector<T>& column) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(column.data()),
             static_cast<std::streamsize>(column.size() * sizeof(T)));
  Check(file.good(), path + " cannot be written");
}

EventTable TableOf(const Columns& columns, unsigned threads) {
  const std::vector<std::string> types = {"view", "click", "cart", "order", "share", "login"};
  std::vector<std::string> campaigns;
  for (std::uint32_t i = 0; i < kCampaigns; ++i)
    campaigns.push_back("campaign" + std::to_string(i));
  std::vector<ProfileId> profiles;
  for (std::uint32_t i = 0; i < columns.persons; ++i) profiles.push_back({i});
  return OrStop(EventTable::FromColumns({.people = columns.people,
                                         .times_ms = columns.times_ms,
                                         .types = {columns.types, types},
                                         .campaigns = {columns.campaigns, campaigns},
                                         .profiles = profiles},
                                        threads));
}

struct Options {
  Sizes sizes{.events = 10'000'000};
  std::string columns;
  unsigned threads = 0;
  std::size_t rounds = 5;
};

template <class Work>
double MedianSeconds(const Options& options, const Work& work) {
  std::vector<double> seconds;
  for (std::size_t i = 0; i < options.rounds; ++i) seconds.push_back(SecondsOf(work));
  return Median(seconds);
}

// What reading the columns costs: a sum of times and types.
double ScanSeconds(const Options& options, const EventTable& table) {
  volatile std::int64_t sum = 0;
  return MedianSeconds(options, [&] {
    std::int64_t of = 0;
    for (const std::int64_t ms : table.times_ms()) of += ms;
    for (const std::uint16_t type : table.types()) of += type;
    sum = of;
  });
}

void Run(const Options& options) {
  const Columns columns = MakeColumns(options.sizes.events);
  if (!options.columns.empty()) {
    WriteColumn(options.columns + "/people.u32", columns.people);
    WriteColumn(options.columns + "/types.u32", columns.types);
    WriteColumn(options.columns + "/times.i64", columns.times_ms);
  }
  const double sort = SecondsOf([&] { TableOf(columns, options.threads); });
  const EventTable table = TableOf(columns, options.threads);

  FunnelOptions funnel;
  funnel.steps = {{.types = {"view"}}, {.types = {"cart"}}, {.types = {"order"}}};
  funnel.within_ms = 7 * kDayMs;
  funnel.threads = options.threads;
  FunnelTable came;
  const double funnel_seconds =
      MedianSeconds(options, [&] { came = OrStop(MeasureFunnel(table, funnel)); });
  funnel.by = EventDimension::kCampaign;
  const double by_seconds = MedianSeconds(options, [&] { OrStop(MeasureFunnel(table, funnel)); });

  RetentionOptions retention;
  retention.first = retention.again = {.types = {"order"}};
  retention.unit = CalendarUnit::kMonth;
  retention.periods = 5;
  retention.now_ms = kBeginMs + 200 * kDayMs;
  retention.threads = options.threads;
  const double month_seconds =
      MedianSeconds(options, [&] { OrStop(MeasureRetention(table, retention)); });
  retention.unit = CalendarUnit::kDay;
  retention.periods = 30;
  retention.time_zone = "Asia/Shanghai";
  const double day_seconds =
      MedianSeconds(options, [&] { OrStop(MeasureRetention(table, retention)); });
  const double again_seconds = MedianSeconds(options, [&] {
    OrStop(MeasureRepurchase(table, {.order = {.types = {"order"}},
                                     .within_ms = 30 * kDayMs,
                                     .now_ms = retention.now_ms,
                                     .threads = options.threads}));
  });
  const double scan = ScanSeconds(options, table);
  const auto events = static_cast<double>(options.sizes.events);
  Row("funnels")
      .Add("events", events)
      .Add("people", table.people())
      .Add("bytes_per_event", static_cast<double>(table.bytes()) / events)
      .Add("sort_seconds", sort)
      .Add("scan_seconds", scan)
      .Add("funnel_seconds", funnel_seconds)
      .Add("funnel_of_scan", funnel_seconds / scan)
      .Add("funnel_by_campaign_seconds", by_seconds)
      .Add("retention_by_month_seconds", month_seconds)
      .Add("retention_by_day_seconds", day_seconds)
      .Add("repurchase_seconds", again_seconds)
      .Add("began", static_cast<double>(came.steps[0].people))
      .Add("carted", static_cast<double>(came.steps[1].people))
      .Add("ordered", static_cast<double>(came.steps[2].people))
      .Print(options.sizes);
}

}  // namespace

void AddFunnelsCommand(CLI::App* app) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      AddWorkload(app, "funnels", "A funnel, retention and repurchase over events in columns.",
                  Events::kMade, &options->sizes);
  command->add_option("--columns", options->columns, "an existing folder to write the columns to")
      ->check(CLI::ExistingDirectory);
  command->add_option("--threads", options->threads, "0: as many as the machine has")
      ->capture_default_str();
  command->add_option("--rounds", options->rounds, "of each question; medians are printed")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  command->callback([options] { Run(*options); });
}

}  // namespace polyonym::workload
