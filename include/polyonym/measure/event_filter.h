// measure/event_filter.h - which events of a table are meant: by type, and by the other columns that hold texts.
//
//   EventFilter{.types = {"order"}, .campaigns = {"spring", "summer"}}  // orders of either campaign
//
// What an event is beyond its columns is asked before it enters the table: see EventTable::Builder and segment/expression.h.
//
// THREADS: plain values.
#ifndef POLYONYM_MEASURE_EVENT_FILTER_H_
#define POLYONYM_MEASURE_EVENT_FILTER_H_

#include <cstddef>
#include <string>
#include <vector>

#include "polyonym/model/facts.h"

namespace polyonym {

// Events for which every line holds. Of a list: the event's text is one of it, and an empty list holds for all; the empty text means
// those that have none. A text that no event has is no error, and matches nothing. A list for a column that the table does not keep is
// one.
struct EventFilter {
  std::vector<std::string> types;
  std::vector<std::string> campaigns;
  std::vector<std::string> channels;
  std::vector<std::string> items;
  Direction direction = Direction::kUnknown;  // kUnknown: either, or none
  friend bool operator==(const EventFilter&, const EventFilter&) = default;
};

// Texts of one filter, in all its lists.
inline constexpr std::size_t kMaxFilterTexts = 100'000;

}  // namespace polyonym

#endif  // POLYONYM_MEASURE_EVENT_FILTER_H_
