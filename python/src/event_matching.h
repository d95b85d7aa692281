// event_matching.h - whether an event of a table is one that a filter means.
#ifndef POLYONYM_PYTHON_EVENT_MATCHING_H_
#define POLYONYM_PYTHON_EVENT_MATCHING_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "polyonym/measure/event_filter.h"
#include "polyonym/measure/event_table.h"

namespace polyonym::python {

// What is given must outlive it.
//
// THREADS: thread-safe.
class EventMatching {
 public:
  // `what` names the filter in errors.  ERRORS: InvalidArgument for a list, or a direction, of a column that the table does not keep.
  static absl::StatusOr<EventMatching> Make(const EventTable& table, const EventFilter& filter,
                                            const std::string& what);
  // Events that have any campaign.  ERRORS: InvalidArgument where the table keeps none.
  static absl::StatusOr<EventMatching> WithCampaign(const EventTable& table,
                                                    const std::string& what);

  bool operator()(std::uint32_t event) const;

  static absl::Status NotKept(const std::string& what, EventDimension dimension);

 private:
  struct Column {
    EventDimension dimension;
    std::vector<bool> wanted;  // by code
  };

  explicit EventMatching(const EventTable& table) : table_(&table) {}

  const EventTable* table_;
  std::vector<Column> columns_;
  std::optional<std::uint8_t> direction_;
};

}  // namespace polyonym::python

#endif  // POLYONYM_PYTHON_EVENT_MATCHING_H_
