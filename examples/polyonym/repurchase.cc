// repurchase.cc - how many did it a second time, soon enough: repurchase.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "commands.h"
#include "counted_events.h"
#include "everybody.h"
#include "fact_json.h"
#include "polyonym/measure/repurchase.h"
#include "segment_asked.h"

namespace polyonym::driver {

namespace {

struct RepurchaseAsked {
  std::string events = "any";
  std::string within;
  std::string apart = "0s";
  std::string segment;
  TimeWindow window;
};

RepurchaseOptions OptionsOf(const RepurchaseAsked& asked) {
  RepurchaseOptions options;
  options.order = EventsNamed("--event", asked.events);
  options.within_ms = ParseDurationArgument("--within", asked.within);
  if (options.within_ms < 1) Fail(kUsage, "--within: must be more than nothing");
  options.apart_ms = ParseDurationArgument("--apart", asked.apart);
  if (options.apart_ms > options.within_ms) Fail(kUsage, "--apart: must be --within or less");
  options.from_ms = asked.window.from_ms;
  options.to_ms = asked.window.to_ms;
  return options;
}

Json RepurchaseJson(const Repurchase& again, std::uint64_t people, const RepurchaseAsked& asked,
                    const RepurchaseOptions& options) {
  Json row = Json::Object();
  row.Set("events", TypesJson(options.order))
      .Set("within_ms", options.within_ms)
      .Set("apart_ms", options.apart_ms);
  row.Set("segment", TextOrNull(asked.segment));
  asked.window.SetIn(&row);
  row.Set("now", FormatTime(options.now_ms)).Set("people", people);
  row.Set("buyers", again.buyers)
      .Set("repurchased", again.repurchased)
      .Set("observed", again.observed)
      .Set("repurchased_of_observed", again.repurchased_of_observed);
  row.Set("rate", again.observed > 0 ? NumberJson(again.rate) : Json());
  SetDurations("wait", again.waited, &row);
  return row;
}

void PrintRepurchase(const Repurchase& again, std::uint64_t people, const RepurchaseAsked& asked,
                     Output* out) {
  const Durations& waited = again.waited;
  const auto took = [&](double ms) { return waited.count > 0 ? Json(DurationText(ms)) : Json(); };
  Json row = Json::Object();
  row.Set("people", FormatCount(people)).Set("did_it", FormatCount(again.buyers));
  row.Set("did_it_again_within_" + asked.within, FormatCount(again.repurchased));
  row.Set("had_all_the_time", FormatCount(again.observed))
      .Set("and_did_it_again", FormatCount(again.repurchased_of_observed));
  row.Set("rate", again.observed > 0
                      ? Json(ShareText(again.repurchased_of_observed, again.observed) + " " +
                             Bar(again.rate, 1))
                      : Json());
  row.Set("median_wait", took(static_cast<double>(waited.median_ms)))
      .Set("mean_wait", took(waited.mean_ms));
  out->Fields(row);
}

void RunRepurchase(const RepurchaseAsked& asked, Session* session) {
  asked.window.Check();
  RepurchaseOptions options = OptionsOf(asked);
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const View view = session->Read(*engine);
  options.now_ms = view.now_ms();
  EventReadOptions wanted;
  wanted.segment = asked.segment;
  const EventTable events = ReadCounted(view, {options.order}, std::move(wanted));
  const Repurchase again = OrFail(MeasureRepurchase(events, options));
  Output out(session->format);
  out.is_table() ? PrintRepurchase(again, events.people(), asked, &out)
                 : out.Row(RepurchaseJson(again, events.people(), asked, options));
}

}  // namespace

void AddRepurchase(CLI::App* app, Session* session) {
  const auto asked = std::make_shared<RepurchaseAsked>();
  CLI::App* command = app->add_subcommand(
      "repurchase", "how many of those who bought bought a second time, soon enough");
  session->OfferStore(command);
  session->OfferGraph(command);
  command->add_option("--event", asked->events, "what counts as buying: TYPE, TYPE,TYPE or any")
      ->type_name("TYPES")
      ->capture_default_str();
  command
      ->add_option("--within", asked->within,
                   "the second at most so long after the first: 90d, 36h, 15m, 30s")
      ->type_name("DURATION")
      ->required();
  command
      ->add_option("--apart", asked->apart,
                   "and at least so long: what comes sooner is a part of the first")
      ->type_name("DURATION")
      ->capture_default_str();
  asked->window.Offer(command, "people who first bought");
  OfferSegment(command, &asked->segment);
  session->OfferFormatOrCsv(command);
  command->footer(
      "The rate is of those whose first is so long ago that all of --within has passed.\n"
      "Exit code 1 where no segment has the name.");
  command->callback([=] { RunRepurchase(*asked, session); });
}

}  // namespace polyonym::driver
