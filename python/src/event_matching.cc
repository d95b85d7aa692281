#include "event_matching.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace polyonym::python {

absl::Status EventMatching::NotKept(const std::string& what, EventDimension dimension) {
  return absl::InvalidArgumentError(what + ": the events were read without their " +
                                    std::string(ToString(dimension)));
}

absl::StatusOr<EventMatching> EventMatching::Make(const EventTable& table,
                                                  const EventFilter& filter,
                                                  const std::string& what) {
  EventMatching matching(table);
  const std::array lists = {std::pair(EventDimension::kType, &filter.types),
                            std::pair(EventDimension::kCampaign, &filter.campaigns),
                            std::pair(EventDimension::kChannel, &filter.channels),
                            std::pair(EventDimension::kItem, &filter.items)};
  for (const auto& [dimension, texts] : lists) {
    if (texts->empty()) continue;
    if (!table.Has(dimension)) return NotKept(what, dimension);
    Column& column = matching.columns_.emplace_back(Column{dimension, {}});
    column.wanted.resize(table.Texts(dimension).size());
    for (const std::string& text : *texts) {
      if (const auto code = table.CodeOf(dimension, text)) column.wanted[*code] = true;
    }
  }
  if (filter.direction == Direction::kUnknown) return matching;
  if (!table.Has(EventDimension::kDirection)) return NotKept(what, EventDimension::kDirection);
  matching.direction_ = static_cast<std::uint8_t>(filter.direction);
  return matching;
}

absl::StatusOr<EventMatching> EventMatching::WithCampaign(const EventTable& table,
                                                          const std::string& what) {
  if (!table.Has(EventDimension::kCampaign)) return NotKept(what, EventDimension::kCampaign);
  EventMatching matching(table);
  Column& column = matching.columns_.emplace_back(Column{EventDimension::kCampaign, {}});
  column.wanted.assign(table.Texts(EventDimension::kCampaign).size(), true);
  column.wanted[0] = false;
  return matching;
}

bool EventMatching::operator()(std::uint32_t event) const {
  if (direction_ && table_->directions()[event] != *direction_) return false;
  return std::all_of(columns_.begin(), columns_.end(), [&](const Column& column) {
    return column.wanted[table_->CodeAt(column.dimension, event)];
  });
}

}  // namespace polyonym::python
