#include "profile/match.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace polyonym::profile {
namespace {

constexpr double kEarthRadiusMetres = 6'371'009;  // mean radius, IUGG

bool Has(const Value& value, const std::vector<std::string>& any_of) {
  if (any_of.empty()) return true;
  if (const auto* list = std::get_if<ValueList>(&value.is)) {
    return std::any_of(list->begin(), list->end(),
                       [&](const Value& element) { return Has(element, any_of); });
  }
  return std::find(any_of.begin(), any_of.end(), ToText(value)) != any_of.end();
}

}  // namespace

bool Matches(const EventMatch& match, const Event& event) {
  if (!match.types.empty() &&
      std::find(match.types.begin(), match.types.end(), event.type) == match.types.end())
    return false;
  if (match.direction != Direction::kUnknown && match.direction != event.direction) return false;
  return std::all_of(match.properties.begin(), match.properties.end(), [&](const auto& wanted) {
    const auto at = event.properties.find(wanted.name);
    return at != event.properties.end() && Has(at->second, wanted.any_of);
  });
}

// By the haversine formula.
bool IsWithin(const TimelineOptions::Area& area, const Event& event) {
  if (!event.place || !event.place->latitude || !event.place->longitude) return false;
  constexpr double kRadians = std::numbers::pi / 180;
  const double from = area.latitude * kRadians, to = *event.place->latitude * kRadians;
  const double up = std::sin((to - from) / 2);
  const double across = std::sin((*event.place->longitude - area.longitude) * kRadians / 2);
  const double h = up * up + std::cos(from) * std::cos(to) * across * across;
  return 2 * kEarthRadiusMetres * std::asin(std::sqrt(std::min(1.0, h))) <= area.radius_m;
}

}  // namespace polyonym::profile
