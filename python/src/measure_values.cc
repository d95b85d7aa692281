#include "measure_values.h"

#include <optional>
#include <sstream>

#include "absl/strings/numbers.h"
#include "calls.h"
#include "enum_names.h"
#include "fact_words.h"
#include "values.h"

namespace polyonym::python {
namespace {

nb::object TimesOf(const Durations& durations) {
  const bool some = durations.count > 0;
  return Result("Durations")("count"_a = durations.count,
                             "mean"_a = some ? DurationOf(durations.mean_ms) : nb::none(),
                             "median"_a = some ? DurationOf(durations.median_ms) : nb::none());
}

nb::list StepsOf(const std::vector<FunnelStep>& steps, const std::vector<std::string>& names) {
  nb::list list;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const FunnelStep& step = steps[i];
    const std::uint64_t before = steps[i == 0 ? 0 : i - 1].people;
    list.append(Result("FunnelStep")("name"_a = names[i], "people"_a = step.people,
                                     "stopped"_a = step.stopped,
                                     "from_first"_a = RatioOf(step.from_first, steps[0].people),
                                     "from_previous"_a = RatioOf(step.from_previous, before),
                                     "since_first"_a = TimesOf(step.since_first),
                                     "since_previous"_a = TimesOf(step.since_previous)));
  }
  return list;
}

nb::object CohortOf(const RetentionCohort& cohort) {
  const auto period = [](const RetentionPeriod& of) {
    return Result("RetentionPeriod")("returned"_a = of.returned, "observed"_a = of.observed,
                                     "returned_of_observed"_a = of.returned_of_observed,
                                     "share"_a = RatioOf(of.share, of.observed),
                                     "complete"_a = of.complete);
  };
  return Result("RetentionCohort")("name"_a = TextOrNone(cohort.name), "size"_a = cohort.size,
                                   "periods"_a = ListOf(cohort.periods, period));
}

nb::list SumsOf(const std::vector<std::pair<std::string, absl::int128>>& sums) {
  return ListOf(sums, [](const auto& sum) { return SumOf(sum.second, sum.first); });
}

nb::object RowOf(const AttributionRow& row, const std::vector<std::string>& models) {
  nb::dict credits;
  for (std::size_t m = 0; m < models.size(); ++m) {
    const AttributionCredit& credit = row.credits[m];
    credits[nb::cast(models[m])] = Result("AttributionCredit")(
        "millionths"_a = credit.millionths, "value"_a = SumsOf(credit.minor_units));
  }
  nb::object key = nb::none();
  if (row.key == EventAttribution::kWithoutKey) {
    key = nb::str("");
  } else if (row.key != EventAttribution::kNothing) {
    key = nb::cast(row.key);
  }
  return Result("AttributionKey")("key"_a = key, "credits"_a = credits, "touches"_a = row.touches,
                                  "people"_a = row.people, "conversions"_a = row.conversions,
                                  "converted_people"_a = row.converted_people);
}

nb::object GroupOf(const GrowthGroup& group) {
  return Result("GrowthGroup")(
      "people"_a = group.people, "inviters"_a = group.inviters, "invitations"_a = group.invitations,
      "newcomers"_a = group.newcomers,
      "invitations_per_person"_a = RatioOf(group.invitations_per_person, group.people),
      "conversion"_a = RatioOf(group.conversion, group.invitations),
      "k_factor"_a = RatioOf(group.k_factor, group.people));
}

nb::object SpanOf(const GrowthSpan& span) {
  const bool some = span.newcomers > 0;
  return Result("GrowthSpan")(
      "newcomers"_a = span.newcomers,
      "median"_a = some ? DurationOf(static_cast<std::int64_t>(span.median_ms)) : nb::none());
}

nb::object DwellOf(const StageDwell& dwell) {
  const bool some = dwell.spells > 0;
  return Result("Durations")(
      "count"_a = dwell.spells, "mean"_a = some ? DurationOf(dwell.mean_ms) : nb::none(),
      "median"_a = some ? DurationOf(static_cast<std::int64_t>(dwell.median_ms)) : nb::none());
}

nb::object IntervalOf(const ConfidenceInterval& interval) {
  return Result("Interval")(interval.low, interval.high);
}
nb::object IntervalOf(const std::optional<ConfidenceInterval>& interval) {
  return interval ? IntervalOf(*interval) : nb::none();
}

nb::object ConversionOf(const ConversionLift& c) {
  return Result("ConversionLift")(
      "treated_rate"_a = c.treated_rate, "control_rate"_a = c.control_rate,
      "treated_interval"_a = IntervalOf(c.treated_interval),
      "control_interval"_a = IntervalOf(c.control_interval), "difference"_a = c.difference,
      "difference_interval"_a = IntervalOf(c.difference_interval), "relative"_a = c.relative,
      "relative_interval"_a = IntervalOf(c.relative_interval), "z"_a = c.z, "p_value"_a = c.p_value,
      "incremental"_a = c.incremental,
      "incremental_interval"_a = IntervalOf(c.incremental_interval));
}

nb::object MoneyOf(const MoneyLift& m) {
  return Result("MoneyLift")("currency"_a = m.currency, "treated_mean"_a = m.treated_mean,
                             "control_mean"_a = m.control_mean, "difference"_a = m.difference,
                             "difference_interval"_a = IntervalOf(m.difference_interval),
                             "t"_a = m.t, "degrees_of_freedom"_a = m.degrees_of_freedom,
                             "p_value"_a = m.p_value, "relative"_a = m.relative,
                             "incremental"_a = m.incremental,
                             "incremental_interval"_a = IntervalOf(m.incremental_interval),
                             "return_on_cost"_a = m.return_on_cost,
                             "return_on_cost_interval"_a = IntervalOf(m.return_on_cost_interval));
}

}  // namespace

nb::object RatioOf(double ratio, std::uint64_t of) { return of > 0 ? nb::cast(ratio) : nb::none(); }
nb::object TextOrNone(const std::string& text) {
  return text.empty() ? nb::none() : nb::cast(text);
}
nb::object DurationOf(double ms) {
  return nb::module_::import_("datetime").attr("timedelta")("milliseconds"_a = ms);
}

nb::object IntOf(absl::int128 number) {
  std::ostringstream digits;
  digits << number;
  return nb::module_::import_("builtins").attr("int")(digits.str());
}

absl::int128 Int128Of(nb::handle number, const char* what) {
  absl::int128 value = 0;
  if (!nb::isinstance<nb::int_>(number) ||
      !absl::SimpleAtoi(nb::cast<std::string>(nb::str(number)), &value))
    RaiseInvalid(std::string(what) + ": must be a whole number of at most 128 bits");
  return value;
}

nb::object SumOf(absl::int128 minor_units, const std::string& currency) {
  return Result("Money")(IntOf(minor_units), currency);
}

EventFilter FilterOf(nb::handle filter) {
  const auto texts = [&](const char* name) {
    std::vector<std::string> all;
    for (nb::handle text : filter.attr(name)) all.push_back(TextFrom(text, name));
    return all;
  };
  const std::string direction = TextFrom(filter.attr("direction"), "direction");
  return {.types = texts("types"),
          .campaigns = texts("campaigns"),
          .channels = texts("channels"),
          .items = texts("items"),
          .direction = DirectionNamed(direction)};
}

std::vector<EventFilter> FiltersOf(nb::handle filters) {
  std::vector<EventFilter> all;
  for (nb::handle filter : filters) all.push_back(FilterOf(filter));
  return all;
}

EventDimension DimensionOf(const std::string& word, const char* what) {
  return EnumsOf<EventDimension>({word}, 0, kEventDimensions, what).front();
}

nb::object ToPython(const FunnelTable& table, const std::vector<std::string>& names,
                    std::int64_t within_ms) {
  return Result("Funnel")("people"_a = table.people, "within"_a = DurationOf(within_ms),
                          "steps"_a = StepsOf(table.steps, names),
                          "groups"_a = ListOf(table.groups, [&](const FunnelGroup& group) {
                            return Result("FunnelGroup")("name"_a = TextOrNone(group.text),
                                                         "steps"_a = StepsOf(group.steps, names));
                          }));
}

nb::object ToPython(const RetentionTable& table, const std::string& unit, const std::string& by,
                    bool rolling) {
  return Result("Retention")("people"_a = table.people, "unit"_a = unit, "by"_a = by,
                             "rolling"_a = rolling, "cohorts"_a = ListOf(table.cohorts, CohortOf),
                             "all"_a = CohortOf(table.all));
}

nb::object ToPython(const Repurchase& again, std::uint32_t people, std::int64_t within_ms) {
  return Result("Repurchase")(
      "people"_a = people, "within"_a = DurationOf(within_ms), "buyers"_a = again.buyers,
      "repurchased"_a = again.repurchased, "observed"_a = again.observed,
      "repurchased_of_observed"_a = again.repurchased_of_observed,
      "rate"_a = RatioOf(again.rate, again.observed), "waited"_a = TimesOf(again.waited));
}

nb::object ToPython(const EventAttribution& credited, const std::string& by) {
  const AttributionTable& table = credited.table;
  return Result("Attribution")(
      "by"_a = by, "models"_a = table.models, "people"_a = table.people,
      "converted_people"_a = table.converted_people, "conversions"_a = table.conversions,
      "value"_a = SumsOf(table.minor_units),
      "keys"_a =
          ListOf(table.rows, [&](const AttributionRow& row) { return RowOf(row, table.models); }),
      "people_left_out"_a = credited.people_left_out,
      "touches_left_out"_a = credited.touches_left_out);
}

nb::object ToPython(const ItemPair& pair) {
  return Result("ItemPair")(
      "item"_a = pair.item, "other"_a = pair.other, "together"_a = pair.together,
      "with_item"_a = pair.with_item, "with_other"_a = pair.with_other, "support"_a = pair.support,
      "confidence"_a = pair.confidence, "lift"_a = pair.lift, "cosine"_a = pair.cosine);
}

nb::object ToPython(const ScoredItem& item) {
  return Result("ScoredItem")("item"_a = item.item, "score"_a = item.score,
                              "because"_a = item.because);
}

nb::object ToPython(const GrowthTable& table, bool has_loyal, std::uint64_t left_out) {
  return Result("Growth")(
      "everybody"_a = GroupOf(table.everybody), "customers"_a = GroupOf(table.customers),
      "loyal"_a = has_loyal ? GroupOf(table.loyal) : nb::none(), "invited"_a = table.invited,
      "wait"_a = SpanOf(table.wait), "cycle"_a = SpanOf(table.cycle),
      "generations"_a = table.generations, "deeper"_a = table.deeper, "left_out"_a = left_out);
}

nb::object ToPython(const StageFlowTable& table, std::int64_t from_ms, std::int64_t to_ms) {
  const auto stage = [](const StageStand& stand) {
    return Result("FlowStage")("stage"_a = TextOrNone(stand.stage), "at_start"_a = stand.at_from,
                               "entered"_a = stand.entered, "left"_a = stand.left,
                               "at_end"_a = stand.at_to, "highest"_a = stand.highest,
                               "stayed"_a = DwellOf(stand.dwell));
  };
  const auto move = [](const StageMove& of) {
    return Result("FlowMove")("source"_a = TextOrNone(of.from), "target"_a = TextOrNone(of.to),
                              "people"_a = of.people, "moves"_a = of.moves,
                              "stayed"_a = DwellOf(of.dwell));
  };
  return Result("Flows")(
      "ladder"_a = table.ladder, "start"_a = TimeOf(from_ms), "end"_a = TimeOf(to_ms),
      "people"_a = table.people, "unseen_at_start"_a = table.unseen_at_from,
      "unseen_at_end"_a = table.unseen_at_to, "up"_a = table.up, "down"_a = table.down,
      "stages"_a = ListOf(table.stages, stage), "moves"_a = ListOf(table.moves, move));
}

nb::object ToPython(const LiftResult& lift) {
  return Result("Lift")("conversion"_a = ConversionOf(lift.conversion),
                        "money"_a = ListOf(lift.money, MoneyOf));
}

nb::object ToPython(const SampleRatio& ratio) {
  return Result("SampleRatio")("chi_squared"_a = ratio.chi_squared,
                               "degrees_of_freedom"_a = ratio.degrees_of_freedom,
                               "p_value"_a = ratio.p_value, "is_mismatch"_a = ratio.is_mismatch);
}

}  // namespace polyonym::python
