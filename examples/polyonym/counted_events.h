// counted_events.h - which events a measure counts: how a command line names them, and the pass that reads them.
#ifndef POLYONYM_EXAMPLES_POLYONYM_COUNTED_EVENTS_H_
#define POLYONYM_EXAMPLES_POLYONYM_COUNTED_EVENTS_H_

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "json.h"
#include "polyonym/engine/event_reader.h"
#include "polyonym/measure/durations.h"
#include "polyonym/measure/event_filter.h"

namespace polyonym::driver {

// `order`, `order,return`, or `any`: events of all types.  ERRORS (Failure): kUsage naming `argument`.
EventFilter EventsNamed(const std::string& argument, const std::string& text);

// The types; null: any.
Json TypesJson(const EventFilter& filter);

// The events that one of the filters names, and whatever else `options` asks for, with a bar.
// ERRORS (Failure): kAnsweredNo where no segment has the name, kUsage (segments without a meaning, more events than a table holds), as
// FromStore().
EventTable ReadCounted(const View& view, const std::vector<EventFilter>& filters,
                       EventReadOptions options);

// --segment.
void OfferSegment(CLI::App* command, std::string* segment);

// ---- how long it took ----

// `mean_NAME_ms` and `median_NAME_ms`; null of nobody.
void SetDurations(const std::string& name, const Durations& durations, Json* row);

// For tables: `3.2 d`, `5.0 h`, `12.5 m`, `40.0 s`.
std::string DurationText(double ms);

}  // namespace polyonym::driver

#endif  // POLYONYM_EXAMPLES_POLYONYM_COUNTED_EVENTS_H_
