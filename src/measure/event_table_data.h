// measure/event_table_data.h - what an EventTable holds.
#ifndef POLYONYM_SRC_MEASURE_EVENT_TABLE_DATA_H_
#define POLYONYM_SRC_MEASURE_EVENT_TABLE_DATA_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "polyonym/measure/event_table.h"

namespace polyonym {

struct EventTable::Data {
  std::vector<ProfileId> profiles;  // by person
  // Of each person the first event; and the number of events.
  std::vector<std::uint32_t> offsets = {0};

  // By event; empty where not kept.
  std::vector<std::int64_t> times_ms;
  std::vector<std::uint16_t> types;
  std::vector<std::uint32_t> campaigns;
  std::vector<std::uint16_t> channels;
  std::vector<std::uint32_t> items;
  std::vector<std::uint8_t> directions;
  std::vector<std::int64_t> minor_units;
  std::vector<std::uint16_t> currencies;

  // By dimension, then code; empty where not kept.
  std::array<std::vector<std::string>, kEventDimensions> texts;

  // Calls use(column) for the column of codes that the dimension has.
  template <class Self, class Use>
  static void WithCodes(Self& self, EventDimension dimension, const Use& use) {
    switch (dimension) {
      case EventDimension::kType:
        return use(self.types);
      case EventDimension::kCampaign:
        return use(self.campaigns);
      case EventDimension::kChannel:
        return use(self.channels);
      case EventDimension::kItem:
        return use(self.items);
      case EventDimension::kDirection:
        return use(self.directions);
      case EventDimension::kCurrency:
        return use(self.currencies);
    }
  }

  // Calls use(column) for each column by event.
  template <class Use>
  void ForEachColumn(const Use& use) {
    use(times_ms);
    use(types);
    use(campaigns);
    use(channels);
    use(items);
    use(directions);
    use(minor_units);
    use(currencies);
  }
};

namespace measure {

inline constexpr std::array<EventDimension, kEventDimensions> kAllDimensions = {
    EventDimension::kType, EventDimension::kCampaign,  EventDimension::kChannel,
    EventDimension::kItem, EventDimension::kDirection, EventDimension::kCurrency};

constexpr std::size_t PlaceOf(EventDimension dimension) {
  return static_cast<std::size_t>(dimension);
}

// Of columns whose codes have 16 bits.
constexpr bool IsNarrow(EventDimension dimension) {
  return dimension == EventDimension::kType || dimension == EventDimension::kChannel ||
         dimension == EventDimension::kCurrency;
}

// Texts of directions, by the numbers of Direction.
inline std::vector<std::string> DirectionTexts() { return {"", "in", "out"}; }

}  // namespace measure
}  // namespace polyonym

#endif  // POLYONYM_SRC_MEASURE_EVENT_TABLE_DATA_H_
