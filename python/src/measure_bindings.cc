// Events: the events of many people as columns, and what is counted over them; what a treatment changed.
#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/stl/map.h>

#include "baskets.h"
#include "bindings.h"
#include "calls.h"
#include "enum_names.h"
#include "event_attribution.h"
#include "measure_values.h"
#include "polyonym/engine/event_reader.h"
#include "values.h"

namespace polyonym::python {
namespace {

// A table, and as of when it was read.
struct Events {
  EventTable table;
  std::int64_t now_ms;
};

bool IsAmong(const char* word, const std::vector<std::string>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

Events Read(const View& view, const std::vector<std::string>& types,
            const std::vector<std::string>& columns, const std::string& item,
            const std::string& segment, std::optional<std::int64_t> from_ms,
            std::optional<std::int64_t> to_ms, std::optional<std::int64_t> now_ms,
            nb::handle progress) {
  EventReadOptions options;
  options.columns.values = IsAmong("value", columns);
  options.columns.campaigns = IsAmong("campaign", columns);
  options.columns.channels = IsAmong("channel", columns);
  options.columns.directions = IsAmong("direction", columns);
  options.columns.items = !item.empty();
  options.item_property = item;
  options.types = types;
  options.from_ms = from_ms;
  options.to_ms = to_ms;
  options.segment = segment;
  options.now_ms = now_ms.value_or(view.now_ms());
  options.progress = ProgressOf(progress);
  return {Call([&] { return ReadEvents(view, options); }), *options.now_ms};
}

nb::object FunnelOf(const Events& events, nb::handle steps, const std::vector<std::string>& names,
                    nb::handle among, std::int64_t within_ms,
                    const std::vector<std::string>& strict, std::optional<std::int64_t> from_ms,
                    std::optional<std::int64_t> to_ms, bool settled,
                    const std::optional<std::string>& by) {
  FunnelOptions options;
  options.steps = FiltersOf(steps);
  options.among = FiltersOf(among);
  options.within_ms = within_ms;
  options.deduplicate = IsAmong("deduplication", strict);
  options.in_order = IsAmong("order", strict);
  options.increasing = IsAmong("increase", strict);
  options.from_ms = from_ms;
  options.to_ms = to_ms;
  if (settled) {
    // What begins before it has all its time in what is seen.
    const std::int64_t end_ms = std::min(to_ms.value_or(events.now_ms + 1), events.now_ms + 1);
    options.begin_before_ms = std::max(end_ms - within_ms, std::int64_t{0});
  }
  if (by) options.by = DimensionOf(*by, "by");
  return ToPython(Call([&] { return MeasureFunnel(events.table, options); }), names, within_ms);
}

CalendarUnit UnitOf(const std::string& word) {
  return EnumsOf<CalendarUnit>({word}, static_cast<std::size_t>(CalendarUnit::kDay),
                               static_cast<std::size_t>(CalendarUnit::kYear) + 1, "unit")
      .front();
}

nb::object RetentionOf(const Events& events, nb::handle first, nb::handle again, bool rolling,
                       const std::string& unit, const std::string& time_zone, std::uint32_t periods,
                       std::optional<std::int64_t> from_ms, std::optional<std::int64_t> to_ms,
                       bool ever, const std::optional<std::string>& by) {
  RetentionOptions options;
  options.first = FilterOf(first);
  options.again = FilterOf(again);
  options.kind = rolling ? RetentionKind::kRolling : RetentionKind::kCalendar;
  options.unit = UnitOf(unit);
  options.time_zone = time_zone;
  options.periods = periods;
  options.from_ms = from_ms;
  options.to_ms = to_ms;
  options.first_event = ever ? FirstEvent::kEver : FirstEvent::kInWindow;
  if (by) options.by = DimensionOf(*by, "by");
  options.now_ms = events.now_ms;
  return ToPython(Call([&] { return MeasureRetention(events.table, options); }), unit,
                  by.value_or(unit), rolling);
}

nb::object RepurchaseOf(const Events& events, nb::handle order, std::int64_t within_ms,
                        std::int64_t apart_ms, std::optional<std::int64_t> from_ms,
                        std::optional<std::int64_t> to_ms) {
  const RepurchaseOptions options{.order = FilterOf(order),
                                  .within_ms = within_ms,
                                  .apart_ms = apart_ms,
                                  .from_ms = from_ms,
                                  .to_ms = to_ms,
                                  .now_ms = events.now_ms};
  return ToPython(Call([&] { return MeasureRepurchase(events.table, options); }),
                  events.table.people(), within_ms);
}

nb::object AttributionOf(const Events& events, nb::handle conversions, nb::handle touches,
                         const std::string& by, const std::vector<std::string>& models,
                         const std::vector<std::string>& ignored,
                         const std::vector<std::uint32_t>& weights, std::int64_t lookback_ms,
                         std::int64_t half_life_ms, std::optional<std::int64_t> from_ms,
                         std::optional<std::int64_t> to_ms) {
  EventAttributionOptions options;
  options.conversions = FilterOf(conversions);
  if (!touches.is_none()) options.touches = FilterOf(touches);
  options.by = DimensionOf(by, "by");
  options.from_ms = from_ms;
  options.to_ms = to_ms;
  options.rules.lookback_ms = lookback_ms;
  constexpr std::size_t kRules = static_cast<std::size_t>(AttributionRule::kTimeDecay) + 1;
  for (const AttributionRule rule : EnumsOf<AttributionRule>(models, 0, kRules, "models")) {
    options.rules.models.push_back({.rule = rule,
                                    .ignored_keys = ignored,
                                    .first_weight = weights[0],
                                    .middle_weight = weights[1],
                                    .last_weight = weights[2],
                                    .half_life_ms = half_life_ms});
  }
  options.interrupted = &Interrupted;
  return ToPython(Call([&] { return AttributeEvents(events.table, options); }), by);
}

Arm ArmOf(nb::handle arm, const std::string& what) {
  Arm out;
  // Read before they are cast: try_cast() may not throw, and attr() may.
  const nb::object people = arm.attr("people"), converted = arm.attr("converted");
  if (!nb::try_cast(people, out.people) || !nb::try_cast(converted, out.converted))
    RaiseInvalid(what + ": people and converted must be whole numbers, 0 or more");
  for (const auto& [currency, sums] : nb::cast<nb::dict>(arm.attr("money"))) {
    const std::string of = what + ".money";
    if (!nb::isinstance<nb::tuple>(sums) || nb::len(sums) != 2)
      RaiseInvalid(of + ": must have a pair for each currency: the sum, and that of the squares");
    out.money[TextFrom(currency, of.c_str())] = {Int128Of(sums[0], of.c_str()),
                                                 Int128Of(sums[1], of.c_str())};
  }
  return out;
}

nb::object LiftOf(nb::handle treated, nb::handle control, double confidence,
                  const std::map<std::string, std::int64_t>& costs) {
  const Arm of_treated = ArmOf(treated, "treated"), of_control = ArmOf(control, "control");
  LiftOptions options{.confidence = confidence};
  for (const auto& [currency, minor_units] : costs)
    options.costs.push_back({minor_units, currency});
  return ToPython(Call([&] { return Lift(of_treated, of_control, options); }));
}

nb::object SampleRatioOf(const std::vector<std::uint64_t>& people,
                         const std::vector<std::uint64_t>& shares) {
  return ToPython(Call([&] { return CheckSampleRatio(people, shares); }));
}

}  // namespace

void BindMeasure(nb::module_& module) {
  nb::class_<Events>(module, "Events")
      .def_prop_ro("people", [](const Events& events) { return events.table.people(); })
      .def_prop_ro("events", [](const Events& events) { return events.table.events(); })
      .def_prop_ro("bytes", [](const Events& events) { return events.table.bytes(); })
      .def_prop_ro("now_ms", [](const Events& events) { return events.now_ms; })
      .def(
          "texts",
          [](const Events& events, const std::string& of) {
            const auto texts = events.table.Texts(DimensionOf(of, "of"));
            return std::vector<std::string>(texts.begin(), texts.end());
          },
          "of"_a)
      .def("funnel", &FunnelOf, nb::kw_only(), "steps"_a, "names"_a, "among"_a, "within_ms"_a,
           "strict"_a, "from_ms"_a.none(), "to_ms"_a.none(), "settled"_a, "by"_a.none())
      .def("retention", &RetentionOf, nb::kw_only(), "first"_a, "again"_a, "rolling"_a, "unit"_a,
           "time_zone"_a, "periods"_a, "from_ms"_a.none(), "to_ms"_a.none(), "ever"_a,
           "by"_a.none())
      .def("repurchase", &RepurchaseOf, nb::kw_only(), "order"_a, "within_ms"_a, "apart_ms"_a,
           "from_ms"_a.none(), "to_ms"_a.none())
      .def("attribution", &AttributionOf, nb::kw_only(), "conversions"_a, "touches"_a.none(),
           "by"_a, "models"_a, "ignored"_a, "weights"_a, "lookback_ms"_a, "half_life_ms"_a,
           "from_ms"_a.none(), "to_ms"_a.none())
      .def(
          "also_bought",
          [](const Events& events, nb::handle filter, std::size_t max_basket_items) {
            const EventFilter of = FilterOf(filter);
            return Call([&] {
              return CountBaskets(events.table, of, {.max_basket_items = max_basket_items},
                                  &Interrupted);
            });
          },
          nb::kw_only(), "filter"_a, "max_basket_items"_a);
  module.def("read_events", &Read, "view"_a, nb::kw_only(), "types"_a, "columns"_a, "item"_a,
             "segment"_a, "from_ms"_a.none(), "to_ms"_a.none(), "now_ms"_a.none(),
             "progress"_a.none());
  module.def("lift", &LiftOf, "treated"_a, "control"_a, nb::kw_only(), "confidence"_a, "costs"_a);
  module.def("sample_ratio", &SampleRatioOf, "people"_a, "shares"_a);
}

}  // namespace polyonym::python
