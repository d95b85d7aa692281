// retention.cc - how many of those who began at one time, or by one way, came again, and when: retention.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "commands.h"
#include "counted_events.h"
#include "everybody.h"
#include "fact_json.h"
#include "polyonym/measure/retention.h"
#include "segment_asked.h"

namespace polyonym::driver {

namespace {

const std::map<std::string, CalendarUnit>& Units() {
  static const std::map<std::string, CalendarUnit> units = {{"day", CalendarUnit::kDay},
                                                            {"week", CalendarUnit::kWeek},
                                                            {"month", CalendarUnit::kMonth},
                                                            {"quarter", CalendarUnit::kQuarter},
                                                            {"year", CalendarUnit::kYear}};
  return units;
}

struct RetentionAsked {
  std::string first = "any";
  std::string again = "any";
  std::string unit = "week";
  std::string zone;
  std::uint32_t periods = 12;
  bool rolling = false;
  std::string by = "unit";
  std::string segment;
  TimeWindow window;
};

// ---- what is asked ----

RetentionOptions OptionsOf(const RetentionAsked& asked) {
  RetentionOptions options;
  options.first = EventsNamed("--first", asked.first);
  options.again = EventsNamed("--return", asked.again);
  options.kind = asked.rolling ? RetentionKind::kRolling : RetentionKind::kCalendar;
  options.unit = Units().at(asked.unit);
  options.time_zone = asked.zone;
  options.periods = asked.periods;
  options.from_ms = asked.window.from_ms;
  options.to_ms = asked.window.to_ms;
  if (asked.by == "campaign") options.by = EventDimension::kCampaign;
  if (asked.by == "channel") options.by = EventDimension::kChannel;
  return options;
}

RetentionTable TableOf(const RetentionAsked& asked, const RetentionOptions& options,
                       const View& view) {
  EventReadOptions wanted;
  wanted.columns.campaigns = options.by == EventDimension::kCampaign;
  wanted.columns.channels = options.by == EventDimension::kChannel;
  wanted.segment = asked.segment;
  const EventTable events = ReadCounted(view, {options.first, options.again}, std::move(wanted));
  auto table = MeasureRetention(events, options);
  if (!table.ok()) {
    const std::string problem(table.status().message());
    constexpr std::string_view kZone = "time_zone: ";
    if (problem.starts_with(kZone)) Fail(kUsage, "--zone: " + problem.substr(kZone.size()));
    Fail(kUsage, "--unit, --periods: " + problem);
  }
  return *std::move(table);
}

// ---- fields ----

void SetPeriod(const RetentionCohort& cohort, std::size_t number, Json* row) {
  const RetentionPeriod& period = cohort.periods[number];
  row->Set("period", number).Set("returned", period.returned).Set("observed", period.observed);
  row->Set("returned_of_observed", period.returned_of_observed)
      .Set("share", period.observed > 0 ? NumberJson(period.share) : Json())
      .Set("complete", period.complete);
}

Json CohortJson(const RetentionCohort& cohort) {
  Json periods = Json::List();
  for (std::size_t p = 0; p < cohort.periods.size(); ++p) {
    Json row = Json::Object();
    SetPeriod(cohort, p, &row);
    periods.Add(std::move(row));
  }
  Json row = Json::Object();
  row.Set("cohort", TextOrNull(cohort.name)).Set("size", cohort.size);
  return std::move(row.Set("periods", std::move(periods)));
}

Json RetentionJson(const RetentionTable& table, const RetentionAsked& asked,
                   const RetentionOptions& options) {
  Json row = Json::Object();
  row.Set("first", TypesJson(options.first)).Set("return", TypesJson(options.again));
  row.Set("unit", asked.unit)
      .Set("time_zone", TextOrNull(asked.zone))
      .Set("rolling", asked.rolling)
      .Set("cohort_by", asked.by);
  row.Set("segment", TextOrNull(asked.segment));
  asked.window.SetIn(&row);
  row.Set("now", FormatTime(options.now_ms)).Set("people", table.people);
  row.Set("cohorts", ListOf(table.cohorts, CohortJson));
  return std::move(row.Set("all", CohortJson(table.all)));
}

// ---- CSV ----

// A row for each cohort and period. Those of all cohorts together, which come last, are by nothing.
void WriteCohort(const Json& by, const RetentionCohort& cohort, Output* out) {
  for (std::size_t p = 0; p < cohort.periods.size(); ++p) {
    Json row = Json::Object();
    row.Set("cohort_by", by).Set("cohort", TextOrNull(cohort.name)).Set("size", cohort.size);
    SetPeriod(cohort, p, &row);
    out->Row(std::move(row));
  }
}

void WriteRetention(const RetentionTable& table, const RetentionAsked& asked, Output* out) {
  for (const RetentionCohort& cohort : table.cohorts) WriteCohort(asked.by, cohort, out);
  WriteCohort(Json(), table.all, out);
}

// ---- the table ----

// Whether a period has begun for somebody: where it is over for nobody, it is the first such one.
bool HasBegun(const RetentionCohort& cohort, std::size_t period) {
  return cohort.size > 0 && (period == 0 || cohort.periods[period - 1].observed > 0);
}

// Where a period is over for nobody: who came up to now, of all.
double ShareSoFar(const RetentionCohort& cohort, const RetentionPeriod& period) {
  if (period.observed > 0) return period.share;
  return static_cast<double>(period.returned) / static_cast<double>(cohort.size);
}

// `100%`, `42%`, `3.4%`.
std::string ShortPerCent(double share) {
  char text[64];
  const int decimals = share > 0 && 100 * share < 9.95 ? 1 : 0;
  std::snprintf(text, sizeof(text), "%.*f%%", decimals, 100 * share);
  return text;
}

class HeatMap {
 public:
  HeatMap(const RetentionTable& table, const RetentionAsked& asked) : table_(table), asked_(asked) {
    for (const RetentionCohort& cohort : table.cohorts) Measure(cohort);
    Measure(table.all);
  }

  void Print(Output* out) const {
    for (const RetentionCohort& cohort : table_.cohorts) {
      const bool is_unit = asked_.by == "unit";
      out->Row(RowOf(cohort, is_unit               ? Json(cohort.name)
                             : cohort.name.empty() ? Json("(none)")
                                                   : Printable(cohort.name)));
    }
    out->Row(RowOf(table_.all, "all"));
    out->Note(
        "\nDark is the greatest share, " + ShortPerCent(greatest_) +
        ".  *: not over yet for everybody; of those for whom it is, or all of them up to now.");
  }

 private:
  void Measure(const RetentionCohort& cohort) {
    for (std::size_t p = 0; p < cohort.periods.size() && HasBegun(cohort, p); ++p) {
      columns_ = std::max(columns_, p + 1);
      greatest_ = std::max(greatest_, ShareSoFar(cohort, cohort.periods[p]));
    }
  }

  std::string CellOf(const RetentionCohort& cohort, std::size_t p) const {
    constexpr std::size_t kWidth = 4;  // of `100%`
    static constexpr const char* kShades[] = {"░", "▒", "▓", "█"};
    if (!HasBegun(cohort, p)) return "";
    const RetentionPeriod& period = cohort.periods[p];
    const double share = ShareSoFar(cohort, period);
    const std::string text = ShortPerCent(share);
    std::string cell = " ";
    if (share > 0) cell = kShades[std::min(static_cast<int>(4 * share / greatest_), 3)];
    return cell + std::string(kWidth - text.size(), ' ') + text + (period.complete ? "" : "*");
  }

  Json RowOf(const RetentionCohort& cohort, Json name) const {
    Json row = Json::Object();
    row.Set(asked_.by == "unit" ? asked_.unit : asked_.by, std::move(name))
        .Set("size", cohort.size);
    for (std::size_t p = 0; p < columns_; ++p) row.Set(std::to_string(p), CellOf(cohort, p));
    return row;
  }

  const RetentionTable& table_;
  const RetentionAsked& asked_;
  std::size_t columns_ = 0;
  double greatest_ = 0;
};

void PrintRetention(const RetentionTable& table, const RetentionAsked& asked, Output* out) {
  out->Fields(Json::Object()
                  .Set("people", FormatCount(table.people))
                  .Set("in_a_cohort", FormatCount(table.all.size)));
  if (table.cohorts.empty()) return out->Note("\nNobody began.");
  out->Title((asked.rolling ? "came again in that or a later " : "came again in that ") +
             asked.unit + " after the first");
  HeatMap(table, asked).Print(out);
}

void RunRetention(const RetentionAsked& asked, Session* session) {
  asked.window.Check();
  RetentionOptions options = OptionsOf(asked);
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const View view = session->Read(*engine);
  options.now_ms = view.now_ms();
  const RetentionTable table = TableOf(asked, options, view);
  Output out(session->format);
  if (out.is_csv()) return WriteRetention(table, asked, &out);
  out.is_table() ? PrintRetention(table, asked, &out)
                 : out.Row(RetentionJson(table, asked, options));
}

void OfferAsked(CLI::App* command, RetentionAsked* asked) {
  const auto word = [&](const char* name, std::string* value, std::vector<std::string> words,
                        const char* type_name, const char* what) {
    command->add_option(name, *value, what)
        ->type_name(type_name)
        ->check(CLI::IsMember(std::move(words)).description(""))
        ->capture_default_str();
  };
  command
      ->add_option("--first", asked->first,
                   "the first event of these types begins: TYPE, TYPE,TYPE or any")
      ->type_name("TYPES")
      ->capture_default_str();
  command->add_option("--return", asked->again, "who has a later event of these types came again")
      ->type_name("TYPES")
      ->capture_default_str();
  word("--unit", &asked->unit, {"day", "week", "month", "quarter", "year"}, "UNIT",
       "of cohorts and periods: day, week (from Monday), month, quarter or year");
  command
      ->add_option("--zone", asked->zone,
                   "time zone, where its days begin: a name of IANA's; default: UTC")
      ->type_name("ZONE");
  command
      ->add_option("--periods", asked->periods,
                   "so many after the one that they began in; range 0 to 10000")
      ->type_name("N")
      ->check(CLI::Range(0, static_cast<int>(kMaxRetentionPeriods)).description(""))
      ->capture_default_str();
  command->add_flag("--rolling", asked->rolling,
                    "came again in that period or any later one, in place of in that one");
  word("--cohort-by", &asked->by, {"unit", "campaign", "channel"}, "KEY",
       "cohorts are of one unit, of one campaign of the first event, or of one channel (the "
       "namespace that it belongs to)");
  asked->window.Offer(command, "first events");
  OfferSegment(command, &asked->segment);
}

}  // namespace

void AddRetention(CLI::App* app, Session* session) {
  const auto asked = std::make_shared<RetentionAsked>();
  CLI::App* command = app->add_subcommand(
      "retention",
      "how many of those who began in one week, or by one campaign, came again, and when");
  session->OfferStore(command);
  session->OfferGraph(command);
  OfferAsked(command, asked.get());
  session->OfferFormatOrCsv(command);
  command->footer(
      "Who began before --from is in no cohort; docs/measure.md says what each number means.\n"
      "Exit code 1 where no segment has the name.");
  command->callback([=] { RunRetention(*asked, session); });
}

}  // namespace polyonym::driver
