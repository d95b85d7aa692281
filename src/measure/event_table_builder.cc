// EventTable::Builder: events are put behind the columns as they come; a person's are sorted when the next one begins.
#include <algorithm>
#include <array>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "measure/codes.h"
#include "measure/event_table_data.h"
#include "polyonym/measure/event_table.h"

namespace polyonym {
namespace {

using measure::PlaceOf;

// Those whose texts are numbered as they come.
constexpr std::array<EventDimension, 5> kNumbered = {
    EventDimension::kType, EventDimension::kCampaign, EventDimension::kChannel,
    EventDimension::kItem, EventDimension::kCurrency};

constexpr std::uint64_t kBytesOfText = 40;  // beside its own

std::string_view TextOf(const EventRow& event, EventDimension dimension) {
  switch (dimension) {
    case EventDimension::kType:
      return event.type;
    case EventDimension::kCampaign:
      return event.campaign;
    case EventDimension::kChannel:
      return event.channel;
    case EventDimension::kItem:
      return event.item;
    case EventDimension::kCurrency:
      return event.currency;
    case EventDimension::kDirection:
      break;
  }
  return {};
}

std::string NameOf(EventDimension dimension) { return std::string(ToString(dimension)); }

std::array<bool, kEventDimensions> KeptBy(const EventTableOptions& options) {
  std::array<bool, kEventDimensions> kept = {};
  kept[PlaceOf(EventDimension::kType)] = true;
  kept[PlaceOf(EventDimension::kCampaign)] = options.campaigns;
  kept[PlaceOf(EventDimension::kChannel)] = options.channels;
  kept[PlaceOf(EventDimension::kItem)] = options.items;
  kept[PlaceOf(EventDimension::kDirection)] = options.directions;
  kept[PlaceOf(EventDimension::kCurrency)] = options.values;
  return kept;
}

}  // namespace

struct EventTable::Builder::Impl {
  explicit Impl(const EventTableOptions& with)
      : options(with), max_events(std::min(with.max_events, kMaxTableEvents)), kept(KeptBy(with)) {}

  absl::Status Check(const EventRow& event) const;
  // Numbers the texts; where there is no room for one of them, none is.
  absl::StatusOr<std::array<std::uint32_t, kEventDimensions>> NumberTexts(const EventRow& event);
  void SortPerson();
  void OrderAllCodes();

  EventTableOptions options;
  std::uint64_t max_events;
  std::array<bool, kEventDimensions> kept;
  Data data;
  std::array<measure::CodesAsTheyCome, kEventDimensions> codes;
  std::uint64_t text_bytes = 0;
  std::vector<std::uint32_t> order;  // of SortPerson()
};

absl::Status EventTable::Builder::Impl::Check(const EventRow& event) const {
  if (data.profiles.empty())
    return absl::InvalidArgumentError("an event belongs to a person: begin one before it");
  if (event.time_ms < 0 || event.time_ms > kMaxFactTimeMs)
    return absl::InvalidArgumentError("time_ms: allowed are 1970 to 2099");
  if (kept[PlaceOf(EventDimension::kDirection)] && event.direction > Direction::kOut)
    return absl::InvalidArgumentError("direction: allowed are unknown, in and out");
  for (const EventDimension dimension : kNumbered) {
    if (!kept[PlaceOf(dimension)]) continue;
    if (const std::string fault = measure::FaultOfText(dimension, TextOf(event, dimension));
        !fault.empty())
      return absl::InvalidArgumentError(absl::StrCat(NameOf(dimension), ": ", fault));
  }
  if (options.values && event.currency.empty() && event.minor_units != 0)
    return absl::InvalidArgumentError("currency: an amount must have one");
  if (data.times_ms.size() >= max_events)
    return absl::ResourceExhaustedError(
        absl::StrCat("events: more than ", max_events, "; ask for fewer types or a shorter time"));
  return absl::OkStatus();
}

absl::StatusOr<std::array<std::uint32_t, kEventDimensions>> EventTable::Builder::Impl::NumberTexts(
    const EventRow& event) {
  std::array<std::uint32_t, kEventDimensions> numbers = {};
  std::array<bool, kEventDimensions> is_new = {};
  std::uint64_t new_bytes = 0;
  for (const EventDimension dimension : kNumbered) {
    const std::size_t place = PlaceOf(dimension);
    if (!kept[place]) continue;
    const std::string_view text = TextOf(event, dimension);
    const std::optional<std::uint32_t> code = codes[place].Find(text);
    if (code) {
      numbers[place] = *code;
      continue;
    }
    if (measure::IsNarrow(dimension) && codes[place].size() >= kMaxNarrowCodes)
      return absl::ResourceExhaustedError(
          absl::StrCat(NameOf(dimension), ": more than ", kMaxNarrowCodes, " different ones"));
    is_new[place] = true;
    new_bytes += kBytesOfText + text.size();
  }
  if (text_bytes + new_bytes > options.max_text_bytes)
    return absl::ResourceExhaustedError(
        absl::StrCat("texts: more than ", options.max_text_bytes,
                     " bytes of different ones; leave out the column that has so many"));
  text_bytes += new_bytes;
  for (const EventDimension dimension : kNumbered) {
    const std::size_t place = PlaceOf(dimension);
    if (is_new[place]) numbers[place] = codes[place].Add(TextOf(event, dimension));
  }
  return numbers;
}

// Most people's events come by time: then there is nothing to do.
void EventTable::Builder::Impl::SortPerson() {
  if (data.profiles.empty()) return;
  const std::size_t first = data.offsets.back();
  const std::size_t events = data.times_ms.size() - first;
  const auto times = data.times_ms.begin() + static_cast<std::ptrdiff_t>(first);
  data.offsets.push_back(static_cast<std::uint32_t>(data.times_ms.size()));
  if (std::is_sorted(times, data.times_ms.end())) return;
  order.resize(events);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return data.times_ms[first + a] < data.times_ms[first + b];
  });
  data.ForEachColumn([&](auto& column) {
    if (column.empty()) return;
    const std::vector tail(column.begin() + static_cast<std::ptrdiff_t>(first), column.end());
    for (std::size_t i = 0; i < events; ++i) column[first + i] = tail[order[i]];
  });
}

void EventTable::Builder::Impl::OrderAllCodes() {
  for (const EventDimension dimension : kNumbered) {
    const std::size_t place = PlaceOf(dimension);
    if (!kept[place]) continue;
    measure::OrderedCodes ordered = measure::OrderCodes(codes[place].Texts(), {});
    data.texts[place] = std::move(ordered.texts);
    if (std::is_sorted(ordered.code_of.begin(), ordered.code_of.end())) continue;
    Data::WithCodes(data, dimension, [&](auto& column) {
      for (auto& code : column)
        code = static_cast<std::remove_reference_t<decltype(code)>>(ordered.code_of[code]);
    });
  }
  if (kept[PlaceOf(EventDimension::kDirection)])
    data.texts[PlaceOf(EventDimension::kDirection)] = measure::DirectionTexts();
}

EventTable::Builder::Builder(const EventTableOptions& options)
    : impl_(std::make_unique<Impl>(options)) {}
EventTable::Builder::~Builder() = default;
EventTable::Builder::Builder(Builder&&) noexcept = default;
EventTable::Builder& EventTable::Builder::operator=(Builder&&) noexcept = default;

absl::Status EventTable::Builder::BeginPerson(ProfileId id) {
  if (impl_->data.profiles.size() >= kMaxTablePeople)
    return absl::ResourceExhaustedError(absl::StrCat("people: more than ", kMaxTablePeople));
  impl_->SortPerson();
  impl_->data.profiles.push_back(id);
  return absl::OkStatus();
}

absl::Status EventTable::Builder::Add(const EventRow& event) {
  Impl& impl = *impl_;
  if (absl::Status status = impl.Check(event); !status.ok()) return status;
  const auto numbers = impl.NumberTexts(event);
  if (!numbers.ok()) return numbers.status();
  const auto narrow = [&](EventDimension dimension) {
    return static_cast<std::uint16_t>((*numbers)[PlaceOf(dimension)]);
  };
  Data& data = impl.data;
  data.times_ms.push_back(event.time_ms);
  data.types.push_back(narrow(EventDimension::kType));
  if (impl.options.campaigns)
    data.campaigns.push_back((*numbers)[PlaceOf(EventDimension::kCampaign)]);
  if (impl.options.channels) data.channels.push_back(narrow(EventDimension::kChannel));
  if (impl.options.items) data.items.push_back((*numbers)[PlaceOf(EventDimension::kItem)]);
  if (impl.options.directions)
    data.directions.push_back(static_cast<std::uint8_t>(event.direction));
  if (impl.options.values) {
    data.minor_units.push_back(event.minor_units);
    data.currencies.push_back(narrow(EventDimension::kCurrency));
  }
  return absl::OkStatus();
}

absl::StatusOr<EventTable> EventTable::Builder::Finish() && {
  const std::unique_ptr<Impl> impl = std::move(impl_);
  impl->SortPerson();
  std::vector<ProfileId> ids = impl->data.profiles;
  std::sort(ids.begin(), ids.end());
  if (std::adjacent_find(ids.begin(), ids.end()) != ids.end())
    return absl::InvalidArgumentError("a person was begun twice: add all events of each at once");
  impl->OrderAllCodes();
  impl->data.profiles.shrink_to_fit();
  impl->data.offsets.shrink_to_fit();
  impl->data.ForEachColumn([](auto& column) { column.shrink_to_fit(); });
  return EventTable(std::make_shared<const Data>(std::move(impl->data)));
}

}  // namespace polyonym
