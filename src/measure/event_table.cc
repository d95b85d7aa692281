#include "polyonym/measure/event_table.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "measure/event_table_data.h"

namespace polyonym {

std::string_view ToString(EventDimension dimension) {
  switch (dimension) {
    case EventDimension::kType:
      return "type";
    case EventDimension::kCampaign:
      return "campaign";
    case EventDimension::kChannel:
      return "channel";
    case EventDimension::kItem:
      return "item";
    case EventDimension::kDirection:
      return "direction";
    case EventDimension::kCurrency:
      return "currency";
  }
  return "unknown";
}

EventTable::EventTable(std::shared_ptr<const Data> data) : data_(std::move(data)) {}

std::uint32_t EventTable::people() const {
  return static_cast<std::uint32_t>(data_->profiles.size());
}
std::uint32_t EventTable::events() const {
  return static_cast<std::uint32_t>(data_->times_ms.size());
}
std::span<const ProfileId> EventTable::profiles() const { return data_->profiles; }
std::span<const std::uint32_t> EventTable::offsets() const { return data_->offsets; }
std::span<const std::int64_t> EventTable::times_ms() const { return data_->times_ms; }
std::span<const std::uint16_t> EventTable::types() const { return data_->types; }
std::span<const std::uint32_t> EventTable::campaigns() const { return data_->campaigns; }
std::span<const std::uint16_t> EventTable::channels() const { return data_->channels; }
std::span<const std::uint32_t> EventTable::items() const { return data_->items; }
std::span<const std::uint8_t> EventTable::directions() const { return data_->directions; }
std::span<const std::int64_t> EventTable::minor_units() const { return data_->minor_units; }
std::span<const std::uint16_t> EventTable::currencies() const { return data_->currencies; }

// Of a column that is kept there is the empty text at least.
bool EventTable::Has(EventDimension dimension) const { return !Texts(dimension).empty(); }

std::span<const std::string> EventTable::Texts(EventDimension dimension) const {
  const std::size_t place = measure::PlaceOf(dimension);
  if (place >= kEventDimensions) return {};
  return data_->texts[place];
}

std::optional<std::uint32_t> EventTable::CodeOf(EventDimension dimension,
                                                std::string_view text) const {
  const std::span<const std::string> texts = Texts(dimension);
  const auto found = std::lower_bound(texts.begin(), texts.end(), text);
  if (found == texts.end() || *found != text) return std::nullopt;
  return static_cast<std::uint32_t>(found - texts.begin());
}

std::uint32_t EventTable::CodeAt(EventDimension dimension, std::uint32_t event) const {
  std::uint32_t code = 0;
  Data::WithCodes(*data_, dimension, [&](const auto& column) { code = column[event]; });
  return code;
}

std::uint64_t EventTable::bytes() const {
  const auto of = [](const auto& column) {
    return std::uint64_t{column.capacity()} * sizeof(column[0]);
  };
  const Data& data = *data_;
  std::uint64_t bytes = of(data.profiles) + of(data.offsets) + of(data.times_ms) + of(data.types) +
                        of(data.campaigns) + of(data.channels) + of(data.items) +
                        of(data.directions) + of(data.minor_units) + of(data.currencies);
  for (const auto& texts : data.texts) {
    bytes += of(texts);
    // Short ones lie in the object itself.
    for (const std::string& text : texts) {
      if (text.capacity() > std::string().capacity()) bytes += text.capacity() + 1;
    }
  }
  return bytes;
}

}  // namespace polyonym
