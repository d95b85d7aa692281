// measure/event_matcher.h - some filters at once: which of them an event matches, as bits.
//
// For each column that a filter asks about there is a list of bits by code, and an event's bits are those that all of its codes have.
//
// THREADS: const functions are thread-safe.
#ifndef POLYONYM_SRC_MEASURE_EVENT_MATCHER_H_
#define POLYONYM_SRC_MEASURE_EVENT_MATCHER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "polyonym/measure/event_filter.h"
#include "polyonym/measure/event_table.h"

namespace polyonym::measure {

class EventMatcher {
 public:
  static constexpr std::size_t kMaxFilters = 64;

  // A filter, and what errors call it: `steps[1]`.
  struct Named {
    const EventFilter* filter = nullptr;
    std::string name;
  };

  // The table outlives it.  REQUIRES: up to kMaxFilters.
  // ERRORS: InvalidArgument: a filter asks about a column that the table does not keep, or has too many texts.
  static absl::StatusOr<EventMatcher> Make(const EventTable& table, std::span<const Named> filters);

  // Bit i: it matches filter i.
  std::uint64_t BitsOf(std::uint32_t event) const {
    std::uint64_t bits = of_type_[types_[event]];
    for (std::size_t i = 0; bits != 0 && i < others_.size(); ++i)
      bits &= others_[i].bits[CodeAt(others_[i], event)];
    return bits;
  }

 private:
  struct Column {
    // One of them, as wide as its codes are.
    std::span<const std::uint8_t> bytes;
    std::span<const std::uint16_t> narrow;
    std::span<const std::uint32_t> wide;
    std::vector<std::uint64_t> bits;  // by code
  };
  static std::uint32_t CodeAt(const Column& column, std::uint32_t event) {
    if (!column.wide.empty()) return column.wide[event];
    return column.narrow.empty() ? column.bytes[event] : column.narrow[event];
  }

  std::span<const std::uint16_t> types_;
  std::vector<std::uint64_t> of_type_;
  std::vector<Column> others_;
};

}  // namespace polyonym::measure

#endif  // POLYONYM_SRC_MEASURE_EVENT_MATCHER_H_
