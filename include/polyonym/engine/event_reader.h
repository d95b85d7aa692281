// engine/event_reader.h - the events of a store's people as columns, for what is counted over many: funnels, retention, attribution.
//
//   absl::StatusOr<EventTable> events = ReadEvents(engine->Read(), {.columns = {.values = true}, .types = {"view", "order"}});
//   absl::StatusOr<FunnelTable> funnel = MeasureFunnel(*events, {...});        // measure/funnel.h
//   absl::StatusOr<RetentionTable> kept = MeasureRetention(*events, {...});    // measure/retention.h
//
// One pass over everybody, and then as many questions of the columns as one likes: they belong together, and to the view's records. People are those
// of the view, so that after a merge two histories are one, and after a split they are two again.
#ifndef POLYONYM_ENGINE_EVENT_READER_H_
#define POLYONYM_ENGINE_EVENT_READER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "polyonym/engine/view.h"
#include "polyonym/measure/event_table.h"
#include "polyonym/model/definitions.h"

namespace polyonym {

struct EventReadOptions {
  EventTableOptions columns;
  // The property whose text is an event's item, where columns.items says that there is a column; numbers and flags as their text. An event
  // without it, or with a list, has none.
  std::string item_property;
  std::vector<std::string> types;  // of events; empty: all
  // from_ms <= time < to_ms.
  std::optional<std::int64_t> from_ms;
  std::optional<std::int64_t> to_ms;
  // Only people who are in this segment; empty: everybody. Whoever is not is none of the table's people.
  std::string segment;
  // In place of those in force, for a segment that is not defined.
  std::optional<Definitions> definitions;
  // Facts of later times do not count, and segments are as of then.  DEFAULT: View::now_ms()
  std::optional<std::int64_t> now_ms;
  // Called now and then: people done, and how many there are. May not call the engine.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

// People in order of id; everybody of the view or the segment, with events or without.
// ERRORS: NotFound (no such segment), InvalidArgument (definitions), ResourceExhausted (EventTableOptions), DataLoss, OutOfRange (records were
// folded since the view was taken).
// COST: View::ForEachPerson(), the segment of each person, and the columns (measure/event_table.h).  THREADS: thread-safe.
absl::StatusOr<EventTable> ReadEvents(const View& view, const EventReadOptions& options = {});

}  // namespace polyonym

#endif  // POLYONYM_ENGINE_EVENT_READER_H_
