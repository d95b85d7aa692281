// funnel.cc - how many people came how far through steps that follow each other: funnel.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "counted_events.h"
#include "everybody.h"
#include "fact_json.h"
#include "polyonym/measure/funnel.h"
#include "segment_asked.h"

namespace polyonym::driver {

namespace {

constexpr std::size_t kGroupsInTable = 20;

struct FunnelAsked {
  std::vector<std::string> steps;
  std::string among;  // empty: nothing besides
  std::string within = "7d";
  std::vector<std::string> strict;
  bool settled = false;
  std::string by;    // empty: not
  std::string item;  // empty: none
  std::string segment;
  TimeWindow window;
};

// ---- what is asked ----

std::optional<EventDimension> DimensionOf(const FunnelAsked& asked) {
  if ((asked.by == "item") != !asked.item.empty())
    Fail(kUsage, "--item: names the property of --by item, and goes with it");
  if (asked.by.empty()) return std::nullopt;
  if (asked.by == "campaign") return EventDimension::kCampaign;
  return asked.by == "channel" ? EventDimension::kChannel : EventDimension::kItem;
}

FunnelOptions OptionsOf(const FunnelAsked& asked) {
  FunnelOptions options;
  for (const std::string& step : asked.steps) options.steps.push_back(EventsNamed("STEP", step));
  if (!asked.among.empty()) options.among.push_back(EventsNamed("--among", asked.among));
  options.within_ms = ParseDurationArgument("--within", asked.within);
  if (options.within_ms < 1 || options.within_ms > kMaxFunnelWithinMs)
    Fail(kUsage, "--within: allowed are more than nothing, and up to 36600d");
  options.deduplicate = IsAmong("deduplication", asked.strict);
  options.in_order = IsAmong("order", asked.strict);
  options.increasing = IsAmong("increase", asked.strict);
  options.from_ms = asked.window.from_ms;
  options.to_ms = asked.window.to_ms;
  options.by = DimensionOf(asked);
  return options;
}

// A chain that begins before it has all its time in what is seen.
std::int64_t SettledBefore(const FunnelOptions& options, std::int64_t now_ms) {
  const std::int64_t end_ms = std::min(options.to_ms.value_or(now_ms + 1), now_ms + 1);
  return std::max(end_ms - options.within_ms, std::int64_t{0});
}

EventTable EventsOf(const FunnelAsked& asked, const FunnelOptions& options, const View& view) {
  EventReadOptions wanted;
  wanted.columns.campaigns = options.by == EventDimension::kCampaign;
  wanted.columns.channels = options.by == EventDimension::kChannel;
  wanted.columns.items = options.by == EventDimension::kItem;
  wanted.item_property = asked.item;
  wanted.from_ms = options.from_ms;
  wanted.to_ms = options.to_ms;
  wanted.segment = asked.segment;
  std::vector<EventFilter> filters = options.steps;
  filters.insert(filters.end(), options.among.begin(), options.among.end());
  return ReadCounted(view, filters, std::move(wanted));
}

// ---- fields ----

void SetStep(const std::vector<FunnelStep>& steps, std::size_t i,
             const std::vector<EventFilter>& filters, Json* row) {
  const FunnelStep& step = steps[i];
  const std::uint64_t before = steps[i == 0 ? 0 : i - 1].people;
  row->Set("step", i + 1).Set("types", TypesJson(filters[i]));
  row->Set("people", step.people).Set("stopped", step.stopped);
  row->Set("of_first", steps[0].people > 0 ? NumberJson(step.from_first) : Json())
      .Set("of_previous", before > 0 ? NumberJson(step.from_previous) : Json());
  SetDurations("since_first", step.since_first, row);
  SetDurations("since_previous", step.since_previous, row);
}

Json StepsJson(const std::vector<FunnelStep>& steps, const std::vector<EventFilter>& filters) {
  Json list = Json::List();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    Json row = Json::Object();
    SetStep(steps, i, filters, &row);
    list.Add(std::move(row));
  }
  return list;
}

Json FunnelJson(const FunnelTable& table, const FunnelAsked& asked, const FunnelOptions& options) {
  Json row = Json::Object();
  row.Set("within_ms", options.within_ms).Set("strict", Json::ListFrom(asked.strict));
  row.Set("among", TextOrNull(asked.among))
      .Set("begun_before", TimeOrNull(options.begin_before_ms));
  row.Set("by", TextOrNull(asked.by)).Set("item_property", TextOrNull(asked.item));
  row.Set("segment", TextOrNull(asked.segment));
  asked.window.SetIn(&row);
  row.Set("people", table.people).Set("steps", StepsJson(table.steps, options.steps));
  return std::move(row.Set("groups", ListOf(table.groups, [&](const FunnelGroup& group) {
                             Json of = Json::Object();
                             of.Set("name", TextOrNull(group.text));
                             return std::move(
                                 of.Set("steps", StepsJson(group.steps, options.steps)));
                           })));
}

// ---- CSV ----

// A row for each group and step. Those of everybody, who come first, are by nothing.
void WriteSteps(const Json& by, const Json& group, const std::vector<FunnelStep>& steps,
                const FunnelOptions& options, Output* out) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    Json row = Json::Object();
    row.Set("by", by).Set("group", group);
    SetStep(steps, i, options.steps, &row);
    out->Row(std::move(row));
  }
}

void WriteFunnel(const FunnelTable& table, const FunnelAsked& asked, const FunnelOptions& options,
                 Output* out) {
  WriteSteps(Json(), Json(), table.steps, options, out);
  for (const FunnelGroup& group : table.groups)
    WriteSteps(asked.by, TextOrNull(group.text), group.steps, options, out);
}

// ---- tables ----

void PrintSteps(const FunnelTable& table, const FunnelAsked& asked, Output* out) {
  const std::uint64_t first = table.steps[0].people;
  for (std::size_t i = 0; i < table.steps.size(); ++i) {
    const FunnelStep& step = table.steps[i];
    const std::uint64_t before = table.steps[i == 0 ? 0 : i - 1].people;
    const Durations& took = step.since_previous;
    Json row = Json::Object();
    row.Set("step", Printable(std::to_string(i + 1) + " " + asked.steps[i]))
        .Set("people", step.people)
        .Set("bar", Bar(static_cast<double>(step.people), static_cast<double>(first), 30));
    row.Set("of_first", ShareText(step.people, first))
        .Set("of_previous", ShareText(step.people, before));
    row.Set("median_since_previous",
            took.count > 0 ? Json(DurationText(static_cast<double>(took.median_ms))) : Json())
        .Set("mean_since_previous", took.count > 0 ? Json(DurationText(took.mean_ms)) : Json());
    out->Row(std::move(row));
  }
}

void PrintGroups(const FunnelTable& table, const FunnelAsked& asked, Output* out) {
  out->Title("by " + asked.by + " of the first step");
  const std::size_t shown = std::min(table.groups.size(), kGroupsInTable);
  for (std::size_t g = 0; g < shown; ++g) {
    const FunnelGroup& group = table.groups[g];
    Json row = Json::Object();
    row.Set(asked.by, group.text.empty() ? Json("(none)") : Printable(group.text));
    for (std::size_t i = 0; i < group.steps.size(); ++i)
      row.Set(std::to_string(i + 1) + " " + asked.steps[i], group.steps[i].people);
    const FunnelStep& last = group.steps.back();
    row.Set("to_the_last", ShareText(last.people, group.steps[0].people));
    row.Set("bar", Bar(last.from_first, 1));
    out->Row(std::move(row));
  }
  if (shown < table.groups.size()) {
    out->Note("\nand " + FormatCount(table.groups.size() - shown) +
              " more with fewer people: --format json and csv have them all.");
  }
}

void PrintFunnel(const FunnelTable& table, const FunnelAsked& asked, Output* out) {
  out->Fields(Json::Object()
                  .Set("people", FormatCount(table.people))
                  .Set("within", asked.within)
                  .Set("began", FormatCount(table.steps[0].people)));
  out->Title("steps");
  PrintSteps(table, asked, out);
  if (!table.groups.empty()) PrintGroups(table, asked, out);
}

void RunFunnel(const FunnelAsked& asked, Session* session) {
  asked.window.Check();
  FunnelOptions options = OptionsOf(asked);
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const View view = session->Read(*engine);
  if (asked.settled) options.begin_before_ms = SettledBefore(options, view.now_ms());
  const FunnelTable table = OrFail(MeasureFunnel(EventsOf(asked, options, view), options));
  Output out(session->format);
  if (out.is_csv()) return WriteFunnel(table, asked, options, &out);
  out.is_table() ? PrintFunnel(table, asked, &out) : out.Row(FunnelJson(table, asked, options));
}

void OfferAsked(CLI::App* command, FunnelAsked* asked) {
  command
      ->add_option(
          "STEP", asked->steps,
          "types of events, in order: TYPE, TYPE,TYPE for either of them, or any; up to 32")
      ->required()
      ->expected(1, static_cast<int>(kMaxFunnelSteps));
  command
      ->add_option("--within", asked->within,
                   "the last step at most so long after the first: 7d, 36h, 15m, 30s")
      ->type_name("DURATION")
      ->capture_default_str();
  OfferWords(command, "--strict", "HOW", &asked->strict,
             "order: what is not the next step ends it; increase: each step later than the one "
             "before it; deduplication: a step that comes again ends it; repeatable")
      ->check(CLI::IsMember(std::vector<std::string>{"order", "increase", "deduplication"})
                  .description(""));
  command
      ->add_option("--among", asked->among,
                   "with --strict order: these events are looked at too, and end it; TYPE, "
                   "TYPE,TYPE or any; default: only those of steps")
      ->type_name("TYPES");
  command->add_flag("--settled", asked->settled,
                    "only who began so early that all of --within has passed");
  command
      ->add_option("--by", asked->by,
                   "also by what the first step has: its campaign, its channel (the namespace that "
                   "it belongs to), or its item")
      ->type_name("KEY")
      ->check(
          CLI::IsMember(std::vector<std::string>{"campaign", "channel", "item"}).description(""));
  command->add_option("--item", asked->item, "with --by item: the property that names it")
      ->type_name("PROPERTY");
  asked->window.Offer(command, "events");
  OfferSegment(command, &asked->segment);
}

}  // namespace

void AddFunnel(CLI::App* app, Session* session) {
  const auto asked = std::make_shared<FunnelAsked>();
  CLI::App* command = app->add_subcommand(
      "funnel", "how many people came how far through steps, and how long it took them");
  session->OfferStore(command);
  session->OfferGraph(command);
  OfferAsked(command, asked.get());
  session->OfferFormatOrCsv(command);
  command->footer(
      "A person counts once, at the deepest step that they ever came to; docs/measure.md says what "
      "each number means.\n"
      "Exit code 1 where no segment has the name.");
  command->callback([=] { RunFunnel(*asked, session); });
}

}  // namespace polyonym::driver
