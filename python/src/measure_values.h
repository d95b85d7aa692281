// measure_values.h - what is counted over many as Python's, and back: dataclasses of polyonym.results.
//
// REQUIRES, of all: the GIL.
#ifndef POLYONYM_PYTHON_MEASURE_VALUES_H_
#define POLYONYM_PYTHON_MEASURE_VALUES_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>

#include "absl/numeric/int128.h"
#include "event_attribution.h"
#include "polyonym/measure/also_bought.h"
#include "polyonym/measure/durations.h"
#include "polyonym/measure/event_filter.h"
#include "polyonym/measure/event_table.h"
#include "polyonym/measure/funnel.h"
#include "polyonym/measure/growth.h"
#include "polyonym/measure/lift.h"
#include "polyonym/measure/repurchase.h"
#include "polyonym/measure/retention.h"
#include "polyonym/profile/stage_flows.h"

namespace polyonym::python {

namespace nb = nanobind;

// A ratio, or None where it is of nobody: Python has a word for that.
nb::object RatioOf(double ratio, std::uint64_t of);
// None stands for the empty text.
nb::object TextOrNone(const std::string& text);
// A timedelta of milliseconds and their fraction.
nb::object DurationOf(double ms);

// All digits: 128 bits are more than nanobind casts.
nb::object IntOf(absl::int128 number);
absl::int128 Int128Of(nb::handle number,
                      const char* what);  // RAISES: InvalidArgument beyond 128 bits
// A Money, however large.
nb::object SumOf(absl::int128 minor_units, const std::string& currency);

// A polyonym.EventFilter.
EventFilter FilterOf(nb::handle filter);
std::vector<EventFilter> FiltersOf(nb::handle filters);
// `type`, `campaign`, `channel`, `item`, `direction` or `currency`.  RAISES: InvalidArgument.
EventDimension DimensionOf(const std::string& word, const char* what);

// `names`: of the steps.
nb::object ToPython(const FunnelTable& table, const std::vector<std::string>& names,
                    std::int64_t within_ms);
nb::object ToPython(const RetentionTable& table, const std::string& unit, const std::string& by,
                    bool rolling);
nb::object ToPython(const Repurchase& again, std::uint32_t people, std::int64_t within_ms);
nb::object ToPython(const EventAttribution& credited, const std::string& by);
nb::object ToPython(const ItemPair& pair);
nb::object ToPython(const ScoredItem& item);
// `has_loyal`: somebody said who is loyal.
nb::object ToPython(const GrowthTable& table, bool has_loyal, std::uint64_t left_out);
nb::object ToPython(const StageFlowTable& table, std::int64_t from_ms, std::int64_t to_ms);
nb::object ToPython(const LiftResult& lift);
nb::object ToPython(const SampleRatio& ratio);

}  // namespace polyonym::python

#endif  // POLYONYM_PYTHON_MEASURE_VALUES_H_
