#include "measure/event_matcher.h"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace polyonym::measure {
namespace {

constexpr std::array<EventDimension, 5> kFiltered = {
    EventDimension::kType, EventDimension::kCampaign, EventDimension::kChannel,
    EventDimension::kItem, EventDimension::kDirection};

// What the filter allows in the column; none: everything.
std::vector<std::string> AllowedBy(const EventFilter& filter, EventDimension dimension) {
  switch (dimension) {
    case EventDimension::kType:
      return filter.types;
    case EventDimension::kCampaign:
      return filter.campaigns;
    case EventDimension::kChannel:
      return filter.channels;
    case EventDimension::kItem:
      return filter.items;
    case EventDimension::kDirection:
      if (filter.direction == Direction::kUnknown) return {};
      return {filter.direction == Direction::kIn ? "in" : "out"};
    case EventDimension::kCurrency:
      break;
  }
  return {};
}

absl::Status Check(const EventTable& table, const EventMatcher::Named& named) {
  const EventFilter& filter = *named.filter;
  const std::size_t texts =
      filter.types.size() + filter.campaigns.size() + filter.channels.size() + filter.items.size();
  if (texts > kMaxFilterTexts)
    return absl::InvalidArgumentError(
        absl::StrCat(named.name, ": allowed are up to ", kMaxFilterTexts, " texts"));
  if (filter.direction > Direction::kOut)
    return absl::InvalidArgumentError(
        absl::StrCat(named.name, ".direction: allowed are unknown, in and out"));
  for (const EventDimension dimension : kFiltered) {
    if (!table.Has(dimension) && !AllowedBy(filter, dimension).empty())
      return absl::InvalidArgumentError(absl::StrCat(named.name, ": the table has no column of ",
                                                     std::string(ToString(dimension)),
                                                     "; have it kept"));
  }
  return absl::OkStatus();
}

// By code. Empty: no filter asks about the column.
std::vector<std::uint64_t> BitsByCode(const EventTable& table, EventDimension dimension,
                                      std::span<const EventMatcher::Named> filters) {
  std::uint64_t everything = 0;  // filters that do not ask
  std::vector<std::pair<std::uint32_t, std::uint64_t>> asked;
  bool is_asked = false;
  for (std::size_t i = 0; i < filters.size(); ++i) {
    const std::uint64_t bit = std::uint64_t{1} << i;
    const std::vector<std::string> allowed = AllowedBy(*filters[i].filter, dimension);
    if (allowed.empty()) everything |= bit;
    for (const std::string& text : allowed) {
      is_asked = true;
      if (const auto code = table.CodeOf(dimension, text)) asked.emplace_back(*code, bit);
    }
  }
  if (!is_asked && dimension != EventDimension::kType) return {};
  std::vector<std::uint64_t> bits(table.Texts(dimension).size(), everything);
  for (const auto& [code, bit] : asked) bits[code] |= bit;
  return bits;
}

}  // namespace

absl::StatusOr<EventMatcher> EventMatcher::Make(const EventTable& table,
                                                std::span<const Named> filters) {
  for (const Named& named : filters) {
    if (absl::Status status = Check(table, named); !status.ok()) return status;
  }
  EventMatcher matcher;
  matcher.types_ = table.types();
  for (const EventDimension dimension : kFiltered) {
    std::vector<std::uint64_t> bits = BitsByCode(table, dimension, filters);
    if (bits.empty()) continue;
    if (dimension == EventDimension::kType) {
      matcher.of_type_ = std::move(bits);
      continue;
    }
    Column column;
    column.bits = std::move(bits);
    if (dimension == EventDimension::kCampaign) column.wide = table.campaigns();
    if (dimension == EventDimension::kItem) column.wide = table.items();
    if (dimension == EventDimension::kChannel) column.narrow = table.channels();
    if (dimension == EventDimension::kDirection) column.bytes = table.directions();
    matcher.others_.push_back(std::move(column));
  }
  return matcher;
}

}  // namespace polyonym::measure
