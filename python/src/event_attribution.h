// event_attribution.h - credits of conversions to touches, both of them events of a table.
#ifndef POLYONYM_PYTHON_EVENT_ATTRIBUTION_H_
#define POLYONYM_PYTHON_EVENT_ATTRIBUTION_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "polyonym/measure/attribution.h"
#include "polyonym/measure/event_filter.h"
#include "polyonym/measure/event_table.h"

namespace polyonym::python {

struct EventAttributionOptions {
  EventFilter conversions;
  // DEFAULT: every event that has a campaign
  std::optional<EventFilter> touches;
  EventDimension by = EventDimension::kCampaign;  // what of a touch is credited
  // from_ms <= time of a conversion < to_ms. Touches are looked for up to `lookback_ms` before.
  std::optional<std::int64_t> from_ms;
  std::optional<std::int64_t> to_ms;
  AttributionOptions
      rules;  // but for `none_key`; an ignored key that is empty: of touches that have none
  std::function<bool()> interrupted;
};

struct EventAttribution {
  // Facts are UTF-8, so that no key is one of these.
  static constexpr char kNothing[] = "\xff";  // the row of conversions without a touch in sight
  static constexpr char kWithoutKey[] =
      "\xfe";  // of touches that have no campaign, channel and so on

  // Rows: what the first model credits most is first, kNothing last.
  AttributionTable table;
  std::uint64_t people_left_out =
      0;  // of more touches times conversions than AttributionOptions::max_pairs
  std::uint64_t touches_left_out = 0;  // with a key of more than 1,024 bytes
};

// ERRORS: InvalidArgument naming a filter's column, or `by`, that the table does not keep, to_ms before from_ms, or as
// Attribution::Make(); ResourceExhausted (more than AttributionOptions::max_keys); Cancelled (interrupted).  COST: as Attribution::Add().
absl::StatusOr<EventAttribution> AttributeEvents(const EventTable& table,
                                                 const EventAttributionOptions& options);

}  // namespace polyonym::python

#endif  // POLYONYM_PYTHON_EVENT_ATTRIBUTION_H_
