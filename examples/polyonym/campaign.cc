// campaign.cc - campaigns: campaign list|enrol|report, reach.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "everybody.h"
#include "fact_json.h"
#include "polyonym/engine/campaigns.h"
#include "progress.h"
#include "segment_asked.h"

namespace polyonym::driver {

namespace {

// For what the campaign's name, the definitions or the options decide.
template <class T>
T Answered(absl::StatusOr<T> value) {
  if (absl::IsNotFound(value.status())) Fail(kAnsweredNo, value.status());
  if (absl::IsInvalidArgument(value.status()) || absl::IsFailedPrecondition(value.status()) ||
      absl::IsOutOfRange(value.status()))
    Fail(kUsage, value.status());
  return FromStore(std::move(value));
}

// Draws a bar as people are gone through.
class People {
 public:
  std::function<void(std::uint64_t, std::uint64_t)> Report() {
    return [this](std::uint64_t done, std::uint64_t total) { bar_.Update(done, {done, total}); };
  }

 private:
  Progress bar_{"people"};
};

std::unique_ptr<CampaignBoard> BoardOf(const View& view) {
  People people;
  return Answered(CampaignBoard::Build(view, people.Report()));
}

// ---- list ----

std::string StateOf(const CampaignDefinition& campaign, std::int64_t now_ms) {
  if (now_ms < campaign.from_ms) return "to_come";
  return campaign.to_ms && now_ms >= *campaign.to_ms ? "over" : "running";
}

Json VariantsJson(const CampaignDefinition& campaign) {
  return ListOf(campaign.variants, [](const CampaignVariant& variant) {
    Json row = Json::Object();
    row.Set("name", variant.name).Set("share", NumberJson(variant.weight_millionths / 1e6));
    return std::move(row.Set("is_control", variant.is_control));
  });
}

Json ListRow(const CampaignDefinition& campaign, const CampaignTally& tally, std::int64_t now_ms,
             bool table) {
  Json row = Json::Object();
  row.Set("campaign", campaign.name).Set("state", StateOf(campaign, now_ms));
  row.Set("frozen", campaign.frozen).Set("enrolled", tally.enrolled());
  row.Set("from", FormatTime(campaign.from_ms)).Set("to", TimeOrNull(campaign.to_ms));
  if (table) {
    std::vector<std::string> names;
    for (const CampaignVariant& variant : campaign.variants)
      names.push_back(variant.name + (variant.is_control ? " (control)" : ""));
    row.Set("variants", Json::ListFrom(names));
    return std::move(row.Set("audience", OneLine(campaign.audience)));
  }
  row.Set("variants", VariantsJson(campaign));
  row.Set("holdout_share", NumberJson(campaign.holdout_millionths / 1e6));
  row.Set("channels", Json::ListFrom(campaign.channels));
  row.Set("labels", Json::ListFrom(campaign.labels));
  return std::move(row.Set("audience", campaign.audience).Set("goal", campaign.goal));
}

// For CSV: of the variants lists of the same order.
Json ListCsvRow(const CampaignDefinition& campaign, const CampaignTally& tally,
                std::int64_t now_ms) {
  Json names = Json::List(), shares = Json::List(), control;
  for (const CampaignVariant& variant : campaign.variants) {
    names.Add(variant.name);
    shares.Add(NumberJson(variant.weight_millionths / 1e6));
    if (variant.is_control) control = variant.name;
  }
  Json row = Json::Object();
  row.Set("campaign", campaign.name).Set("state", StateOf(campaign, now_ms));
  row.Set("frozen", campaign.frozen).Set("enrolled", tally.enrolled());
  row.Set("from", FormatTime(campaign.from_ms)).Set("to", TimeOrNull(campaign.to_ms));
  row.Set("variants", names).Set("shares", shares).Set("control", control);
  row.Set("holdout_share", NumberJson(campaign.holdout_millionths / 1e6));
  row.Set("channels", Json::ListFrom(campaign.channels));
  row.Set("labels", Json::ListFrom(campaign.labels));
  return std::move(row.Set("audience", campaign.audience).Set("goal", campaign.goal));
}

void RunList(Session* session) {
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const View view = session->Read(*engine);
  const std::unique_ptr<CampaignBoard> board = BoardOf(view);
  Output out(session->format);
  for (const CampaignDefinition& campaign : view.policy().definitions.campaigns) {
    const CampaignTally& tally = *Answered(board->Tally(campaign.name));
    out.Row(out.is_csv() ? ListCsvRow(campaign, tally, board->now_ms())
                         : ListRow(campaign, tally, board->now_ms(), out.is_table()));
  }
  if (board->campaigns().size() == 0)
    out.Note("No campaign is defined: see `polyonym define` and docs/campaigns.md.");
}

// ---- enrol ----

struct EnrolAsked {
  std::string campaign;
  bool dry_run = false;
};

Json VariantsJson(const Enrolled& enrolled, bool table) {
  std::vector<std::string> words;
  Json rows = Json::List();
  for (const auto& [variant, count] : enrolled.variants) {
    words.push_back(variant + " " + FormatCount(count));
    rows.Add(std::move(Json::Object().Set("variant", variant).Set("enrolled", count)));
  }
  return table ? Json::ListFrom(words) : rows;
}

void RunEnrol(const EnrolAsked& asked, Session* session) {
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  session->Read(*engine);  // is the graph there
  People people;
  EnrolOptions options;
  options.graph = session->graph;
  options.dry_run = asked.dry_run;
  options.progress = people.Report();
  const Enrolled enrolled = Answered(EnrolIn(engine.get(), asked.campaign, options));
  Output out(session->format);
  Json row = Json::Object();
  row.Set("campaign", asked.campaign).Set("dry_run", asked.dry_run);
  row.Set("people", enrolled.people).Set("audience", enrolled.audience);
  row.Set("enrolled_before", enrolled.before).Set("enrolled", enrolled.total());
  row.Set("held", enrolled.held).Set("variants", VariantsJson(enrolled, out.is_table()));
  out.Fields(row);
}

// ---- report ----

struct ReportAsked {
  std::string campaign;
  CampaignReportOptions options;
};

Json WideJson(absl::int128 number) {
  std::ostringstream text;
  text << number;
  return Json::Raw(std::move(text).str());
}

Json IntervalJson(const std::optional<ConfidenceInterval>& interval) {
  if (!interval) return Json();
  Json list = Json::List();
  list.Add(NumberJson(interval->low)).Add(NumberJson(interval->high));
  return list;
}

Json ConversionJson(const ConversionLift& lift) {
  Json row = Json::Object();
  row.Set("treated_rate", NumberJson(lift.treated_rate))
      .Set("control_rate", NumberJson(lift.control_rate));
  row.Set("difference", NumberJson(lift.difference))
      .Set("difference_interval", IntervalJson(lift.difference_interval));
  row.Set("relative", NumberOrNull(lift.relative))
      .Set("relative_interval", IntervalJson(lift.relative_interval));
  row.Set("z", NumberJson(lift.z)).Set("p_value", NumberJson(lift.p_value));
  row.Set("incremental", NumberJson(lift.incremental));
  return std::move(row.Set("incremental_interval", IntervalJson(lift.incremental_interval)));
}

Json MoneyLiftJson(const MoneyLift& lift) {
  Json row = Json::Object();
  row.Set("currency", lift.currency).Set("treated_mean", NumberJson(lift.treated_mean));
  row.Set("control_mean", NumberJson(lift.control_mean))
      .Set("difference", NumberJson(lift.difference))
      .Set("difference_interval", IntervalJson(lift.difference_interval));
  row.Set("t", NumberOrNull(lift.t))
      .Set("degrees_of_freedom", NumberOrNull(lift.degrees_of_freedom))
      .Set("p_value", NumberOrNull(lift.p_value));
  row.Set("relative", NumberOrNull(lift.relative)).Set("incremental", NumberJson(lift.incremental));
  row.Set("incremental_interval", IntervalJson(lift.incremental_interval))
      .Set("return_on_cost", NumberOrNull(lift.return_on_cost));
  return std::move(row.Set("return_on_cost_interval", IntervalJson(lift.return_on_cost_interval)));
}

Json LiftJson(const std::optional<LiftResult>& lift) {
  if (!lift) return Json();
  Json row = Json::Object();
  row.Set("conversion", ConversionJson(lift->conversion));
  return std::move(row.Set("money", ListOf(lift->money, MoneyLiftJson)));
}

Json StepJson(const StepReport& step) {
  Json row = Json::Object();
  row.Set("step", step.name).Set("people", step.tally.people).Set("times", step.tally.times);
  row.Set("rate", NumberJson(step.rate)).Set("passed_people", step.tally.passed);
  return std::move(row.Set("passed", NumberJson(step.passed)));
}

Json RevenueJson(const RevenueReport& revenue) {
  Json row = Json::Object();
  row.Set("currency", revenue.currency).Set("minor_units", WideJson(revenue.minor_units));
  return std::move(row.Set("per_person", NumberJson(revenue.per_person)));
}

Json VariantJson(const VariantReport& variant) {
  Json row = Json::Object();
  row.Set("variant", TextOrNull(variant.name)).Set("is_control", variant.is_control);
  row.Set("enrolled", variant.enrolled).Set("steps", ListOf(variant.steps, StepJson));
  row.Set("converted", variant.converted)
      .Set("conversion_rate", NumberJson(variant.conversion_rate))
      .Set("conversions", variant.conversions);
  row.Set("revenue", ListOf(variant.revenue, RevenueJson)).Set("left_out", variant.left_out);
  row.Set("median_days_to_convert",
          variant.median_days_to_convert ? Json(*variant.median_days_to_convert) : Json());
  return std::move(row.Set("lift", LiftJson(variant.lift)));
}

Json RatioJson(const std::optional<SampleRatio>& ratio) {
  if (!ratio) return Json();
  Json row = Json::Object();
  row.Set("chi_squared", NumberJson(ratio->chi_squared))
      .Set("degrees_of_freedom", ratio->degrees_of_freedom);
  return std::move(
      row.Set("p_value", NumberJson(ratio->p_value)).Set("is_mismatch", ratio->is_mismatch));
}

Json ReportJson(const std::string& campaign, const CampaignReport& report,
                const CampaignBoard& board) {
  Json row = Json::Object();
  row.Set("campaign", campaign).Set("now", FormatTime(board.now_ms()));
  row.Set("variants", ListOf(report.variants, VariantJson));
  row.Set("control", TextOrNull(report.control));
  row.Set("cost", report.cost ? ValueJson({*report.cost}) : Json());
  row.Set("overall", LiftJson(report.overall));
  row.Set("variants_ratio", RatioJson(report.variants_ratio));
  return std::move(row.Set("holdout_ratio", RatioJson(report.holdout_ratio)));
}

// ---- the report as CSV ----

// Of whom a row is: a variant, with or without a step, or all that were treated.
struct ReportLine {
  const VariantReport* variant = nullptr;  // nothing: all
  const StepReport* step = nullptr;
  const LiftResult* lift = nullptr;
};

// Null of nothing.
template <class T, class ToJson>
Json Of(const T* object, const ToJson& to_json) {
  return object != nullptr ? Json(to_json(*object)) : Json();
}

void SetVariant(const VariantReport* variant, Json* row) {
  using Variant = VariantReport;
  row->Set("of", variant != nullptr ? "variant" : "overall")
      .Set("variant", Of(variant, [](const Variant& of) { return TextOrNull(of.name); }))
      .Set("is_control", Of(variant, [](const Variant& of) { return of.is_control; }))
      .Set("enrolled", Of(variant, [](const Variant& of) { return of.enrolled; }))
      .Set("converted", Of(variant, [](const Variant& of) { return of.converted; }));
  row->Set("conversion_rate",
           Of(variant, [](const Variant& of) { return NumberJson(of.conversion_rate); }))
      .Set("conversions", Of(variant, [](const Variant& of) { return of.conversions; }))
      .Set("left_out", Of(variant, [](const Variant& of) { return of.left_out; }));
  const auto days = [](const Variant& of) {
    return of.median_days_to_convert ? Json(*of.median_days_to_convert) : Json();
  };
  row->Set("median_days_to_convert", Of(variant, days));
}

void SetStep(const StepReport* step, Json* row) {
  using Step = StepReport;
  row->Set("step", Of(step, [](const Step& of) { return of.name; }))
      .Set("people", Of(step, [](const Step& of) { return of.tally.people; }))
      .Set("times", Of(step, [](const Step& of) { return of.tally.times; }));
  row->Set("rate", Of(step, [](const Step& of) { return NumberJson(of.rate); }))
      .Set("passed_people", Of(step, [](const Step& of) { return of.tally.passed; }))
      .Set("passed", Of(step, [](const Step& of) { return NumberJson(of.passed); }));
}

void SetConversion(const LiftResult* lift, Json* row) {
  const auto set = [&](const char* name, const auto& to_json) {
    row->Set(name, Of(lift, [&](const LiftResult& of) { return to_json(of.conversion); }));
  };
  using Conversion = ConversionLift;
  set("difference", [](const Conversion& of) { return NumberJson(of.difference); });
  set("difference_low",
      [](const Conversion& of) { return NumberJson(of.difference_interval.low); });
  set("difference_high",
      [](const Conversion& of) { return NumberJson(of.difference_interval.high); });
  set("relative", [](const Conversion& of) { return NumberOrNull(of.relative); });
  set("p_value", [](const Conversion& of) { return NumberJson(of.p_value); });
  set("incremental", [](const Conversion& of) { return NumberJson(of.incremental); });
}

// What of a list is of this currency.
template <class T>
const T* InCurrency(const std::vector<T>& list, const std::string& currency) {
  for (const T& element : list) {
    if (element.currency == currency) return &element;
  }
  return nullptr;
}

// Columns of a currency end on its code. A variant that took nothing in it took 0.
void SetMoney(const ReportLine& line, const std::string& currency, Json* row) {
  const auto set = [&](const char* name, Json value) {
    row->Set(name + ("_" + currency), std::move(value));
  };
  const RevenueReport none{currency};
  const RevenueReport* revenue = nullptr;
  if (line.variant != nullptr) {
    revenue = InCurrency(line.variant->revenue, currency);
    if (revenue == nullptr) revenue = &none;
  }
  set("minor_units", Of(revenue, [](const auto& of) { return WideJson(of.minor_units); }));
  set("per_person", Of(revenue, [](const auto& of) { return NumberJson(of.per_person); }));
  const MoneyLift* lift = line.lift != nullptr ? InCurrency(line.lift->money, currency) : nullptr;
  const auto bound = [&](double ConfidenceInterval::*end) {
    return Of(lift, [&](const MoneyLift& of) {
      return of.difference_interval ? NumberJson(*of.difference_interval.*end) : Json();
    });
  };
  set("difference", Of(lift, [](const MoneyLift& of) { return NumberJson(of.difference); }));
  set("difference_low", bound(&ConfidenceInterval::low));
  set("difference_high", bound(&ConfidenceInterval::high));
  set("p_value", Of(lift, [](const MoneyLift& of) { return NumberOrNull(of.p_value); }));
  set("incremental", Of(lift, [](const MoneyLift& of) { return NumberJson(of.incremental); }));
  const auto return_on_cost = [](const MoneyLift& of) { return NumberOrNull(of.return_on_cost); };
  set("return_on_cost", Of(lift, return_on_cost));
}

std::set<std::string> CurrenciesOf(const CampaignReport& report) {
  std::set<std::string> currencies;
  for (const VariantReport& variant : report.variants) {
    for (const RevenueReport& revenue : variant.revenue) currencies.insert(revenue.currency);
  }
  if (report.overall) {
    for (const MoneyLift& money : report.overall->money) currencies.insert(money.currency);
  }
  return currencies;
}

// A row for each variant and step, or for each variant where there are no steps; then one of all that were treated.
void WriteReport(const CampaignReport& report, Output* out) {
  const std::set<std::string> currencies = CurrenciesOf(report);
  const auto write = [&](const ReportLine& line) {
    Json row = Json::Object();
    SetVariant(line.variant, &row);
    SetStep(line.step, &row);
    SetConversion(line.lift, &row);
    for (const std::string& currency : currencies) SetMoney(line, currency, &row);
    out->Row(std::move(row));
  };
  for (const VariantReport& variant : report.variants) {
    const LiftResult* lift = variant.lift ? &*variant.lift : nullptr;
    if (variant.steps.empty()) write({&variant, nullptr, lift});
    for (const StepReport& step : variant.steps) write({&variant, &step, lift});
  }
  if (report.overall) write({nullptr, nullptr, &*report.overall});
}

// ---- the report as tables ----

std::string PercentText(double share) { return Fixed(100 * share) + "%"; }

std::string PercentText(const ConfidenceInterval& interval) {
  return PercentText(interval.low) + " to " + PercentText(interval.high);
}

std::string PValueText(double p_value) {
  if (p_value < 0.0001) return "below 0.0001";
  char text[16];
  std::snprintf(text, sizeof(text), "%.4f", p_value);
  return text;
}

std::string MoneyText(double minor_units, const std::string& currency) {
  return ToText({Money{std::llround(minor_units), currency}});
}

void PrintVariants(const CampaignReport& report, Output* out) {
  for (const VariantReport& variant : report.variants) {
    Json row = Json::Object();
    row.Set("variant", variant.name.empty() ? std::string("(not defined)") : variant.name);
    row.Set("enrolled", variant.enrolled);
    for (const StepReport& step : variant.steps)
      row.Set(step.name, FormatCount(step.tally.people) + " " + PercentText(step.rate));
    row.Set("converted", variant.converted).Set("rate", PercentText(variant.conversion_rate));
    row.Set("bar", Bar(variant.conversion_rate, 1));
    std::vector<std::string> revenue;
    for (const RevenueReport& of : variant.revenue)
      revenue.push_back(MoneyText(static_cast<double>(of.minor_units), of.currency));
    row.Set("revenue", Json::ListFrom(revenue));
    out->Row(std::move(row));
  }
}

void PrintLift(const std::string& title, const std::string& control, const LiftResult& lift,
               Output* out) {
  out->Title(title + " beside " + control);
  const ConversionLift& conversion = lift.conversion;
  Json fields = Json::Object();
  fields.Set("difference", PercentText(conversion.difference) + " of people more converted, " +
                               PercentText(conversion.difference_interval));
  if (conversion.relative) fields.Set("relative", PercentText(*conversion.relative));
  fields.Set("p_value", PValueText(conversion.p_value));
  fields.Set("conversions_more", Fixed(conversion.incremental));
  for (const MoneyLift& money : lift.money) {
    std::string more = MoneyText(money.incremental, money.currency);
    if (money.incremental_interval) {
      more += ", " + MoneyText(money.incremental_interval->low, money.currency) + " to " +
              MoneyText(money.incremental_interval->high, money.currency);
    }
    fields.Set("revenue_more_" + money.currency, more);
    if (money.return_on_cost)
      fields.Set("return_on_cost_" + money.currency, PercentText(*money.return_on_cost));
  }
  out->Fields(fields);
}

// What came back of the cost is known of all together alone: of one variant, these are all.
void PrintLifts(const CampaignReport& report, Output* out) {
  std::vector<const VariantReport*> compared;
  for (const VariantReport& variant : report.variants) {
    if (variant.lift) compared.push_back(&variant);
  }
  if (compared.size() == 1 && report.overall)
    return PrintLift(compared[0]->name, report.control, *report.overall, out);
  for (const VariantReport* variant : compared)
    PrintLift(variant->name, report.control, *variant->lift, out);
  if (report.overall) PrintLift("all who were treated,", report.control, *report.overall, out);
}

void PrintReport(const CampaignReport& report, Output* out) {
  PrintVariants(report, out);
  PrintLifts(report, out);
  if (report.cost) out->Note("\nIt cost " + ToText({*report.cost}) + ".");
  if (report.control.empty())
    out->Note("\nNobody was held out: nothing says what would have been without it.");
  for (const auto* ratio : {&report.variants_ratio, &report.holdout_ratio}) {
    if (*ratio && (*ratio)->is_mismatch)
      out->Note(
          "\nThe variants have not the sizes that their weights give: do not believe the "
          "differences before you know why.");
  }
}

void RunReport(const ReportAsked& asked, Session* session) {
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const View view = session->Read(*engine);
  const std::unique_ptr<CampaignBoard> board = BoardOf(view);
  const CampaignReport report = Answered(board->Report(asked.campaign, asked.options));
  Output out(session->format);
  if (out.is_table()) {
    PrintReport(report, &out);
  } else if (out.is_csv()) {
    WriteReport(report, &out);
  } else {
    out.Row(ReportJson(asked.campaign, report, *board));
  }
}

// ---- reach ----

struct ReachAsked {
  std::string id;
  OutboundMessage message;
};

Json HoldJson(const ReachHold& hold) {
  Json row = Json::Object();
  row.Set("kind", ToString(hold.kind)).Set("rule", TextOrNull(hold.rule));
  return std::move(row.Set("until", TimeOrNull(hold.until_ms)));
}

std::string HoldText(const ReachHold& hold) {
  std::string text(ToString(hold.kind));
  if (!hold.rule.empty()) text += " (" + hold.rule + ")";
  if (hold.until_ms) text += " until " + FormatTime(*hold.until_ms);
  return text;
}

Json ReachRow(const ChannelReach& reach, const ReachAnswer& answer, bool table) {
  std::vector<std::string> identifiers;
  for (const Identifier& identifier : reach.identifiers)
    identifiers.push_back(ToString(identifier));
  Json row = Json::Object();
  row.Set("channel", reach.channel).Set("open", reach.open());
  if (table) {
    std::vector<std::string> holds;
    for (const ReachHold& hold : reach.holds) holds.push_back(HoldText(hold));
    row.Set("open_at", TimeOrNull(reach.open_ms)).Set("identifiers", Json::ListFrom(identifiers));
    return std::move(row.Set("held_back_by", Json::ListFrom(holds)));  // last: it may be long
  }
  row.Set("holds", ListOf(reach.holds, HoldJson));
  row.Set("zone", answer.zone.empty() ? std::string("UTC") : answer.zone);
  row.Set("open_at", TimeOrNull(reach.open_ms));
  return std::move(row.Set("identifiers", Json::ListFrom(identifiers)));
}

// For CSV: of what holds it back lists of the same order.
Json ReachCsvRow(const ChannelReach& reach, const ReachAnswer& answer) {
  Json kinds = Json::List(), rules = Json::List(), until = Json::List();
  Json identifiers = Json::List();
  for (const ReachHold& hold : reach.holds) {
    kinds.Add(ToString(hold.kind));
    rules.Add(hold.rule);
    until.Add(TimeOrNull(hold.until_ms));
  }
  for (const Identifier& identifier : reach.identifiers) identifiers.Add(ToString(identifier));
  Json row = Json::Object();
  row.Set("channel", reach.channel).Set("open", reach.open());
  row.Set("holds", kinds).Set("rules", rules).Set("until", until);
  row.Set("zone", answer.zone.empty() ? std::string("UTC") : answer.zone);
  return std::move(
      row.Set("open_at", TimeOrNull(reach.open_ms)).Set("identifiers", std::move(identifiers)));
}

void RunReach(const ReachAsked& asked, Session* session) {
  const std::unique_ptr<Engine> engine = session->OpenStore(false);
  const View view = session->Read(*engine);
  const Target target = session->Find(view, asked.id);
  const ProfileId profile =
      target.is_profile ? target.profile : Answered(view.ReadProfile(target.identifier)).id;
  const ReachAnswer answer = Answered(ReachOf(view, profile, asked.message));
  Output out(session->format);
  bool any = false;
  for (const ChannelReach& reach : answer.channels) {
    any = any || reach.open();
    out.Row(out.is_csv() ? ReachCsvRow(reach, answer) : ReachRow(reach, answer, out.is_table()));
  }
  if (answer.channels.empty()) out.Note("No channel is defined: see docs/campaigns.md.");
  if (!any) session->exit_code = kAnsweredNo;
}

void AddReach(CLI::App* app, Session* session) {
  const auto asked = std::make_shared<ReachAsked>();
  CLI::App* command = app->add_subcommand(
      "reach",
      "whether a message may go out to somebody now, by which channel, and what holds it back");
  session->OfferStore(command);
  session->OfferGraph(command);
  command->add_option("ID", asked->id, "namespace:value, or a profile's id p~…")->required();
  OfferWords(command, "--channel", "NAME", &asked->message.channels,
             "this channel; repeatable; default: all");
  command->add_option("--campaign", asked->message.campaign, "that the message is of")
      ->type_name("NAME");
  OfferWords(command, "--label", "LABEL", &asked->message.labels,
             "that the message carries besides; repeatable");
  command->add_flag("--profiled", asked->message.profiled, "a segment chose the person");
  command->add_flag("--urgent", asked->message.urgent, "caps and quiet hours do not hold it back");
  session->OfferFormatOrCsv(command);
  command->footer("Exit code 1 where no channel is open.");
  command->callback([=] { RunReach(*asked, session); });
}

CLI::App* AddCommand(CLI::App* campaign, Session* session, const char* name, const char* what) {
  CLI::App* command = campaign->add_subcommand(name, what);
  session->OfferStore(command);
  session->OfferGraph(command);
  return command;
}

}  // namespace

void AddCampaign(CLI::App* app, Session* session) {
  CLI::App* campaign = app->add_subcommand(
      "campaign", "who is in campaigns, and what became of them: docs/campaigns.md");
  campaign->require_subcommand(1);

  CLI::App* list = AddCommand(campaign, session, "list", "the campaigns that are defined");
  session->OfferFormatOrCsv(list);
  list->callback([=] { RunList(session); });

  const auto enrol = std::make_shared<EnrolAsked>();
  CLI::App* command = AddCommand(campaign, session, "enrol",
                                 "enrols who is in the audience now and is not enrolled");
  command->add_option("NAME", enrol->campaign, "of the campaign")->required();
  command->add_flag("--dry-run", enrol->dry_run, "says how many, and writes nothing");
  session->OfferFormat(command);
  command->footer(
      "One record for each, of source campaign/NAME, so that it can be taken back. A frozen "
      "campaign enrols once.\nExit code 1 where no campaign has the name.");
  command->callback([=] { RunEnrol(*enrol, session); });

  const auto report = std::make_shared<ReportAsked>();
  command =
      AddCommand(campaign, session, "report",
                 "by variant: how far people went, what it changed, what came back of its cost");
  command->add_option("NAME", report->campaign, "of the campaign")->required();
  command
      ->add_option("--confidence", report->options.confidence, "of the intervals; above 0, below 1")
      ->type_name("SHARE")
      ->capture_default_str();
  session->OfferFormatOrCsv(command);
  command->footer(
      "Everybody counts in the variant that they were enrolled as, reached or not. Intervals: "
      "Newcombe's (shares), Welch's (money).\nExit code 1 where no campaign has the name.");
  command->callback([=] { RunReport(*report, session); });

  AddReach(app, session);
}

}  // namespace polyonym::driver
