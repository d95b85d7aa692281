#include "measure/touch_weights.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <tuple>

#include "absl/strings/str_cat.h"

namespace polyonym {
namespace {

constexpr std::uint32_t kMostWeight = 1'000'000;
constexpr double kWhole = 1'099'511'627'776.0;  // 2^40

// The places in `sight` that the model sees.
std::vector<std::size_t> SeenOf(const AttributionModel& model, std::span<const PlacedTouch> sight) {
  const auto is_ignored = [&](std::string_view key) {
    return std::binary_search(model.ignored_keys.begin(), model.ignored_keys.end(), key);
  };
  std::vector<std::size_t> seen;
  seen.reserve(sight.size());
  for (std::size_t i = 0; i < sight.size(); ++i) {
    if (!is_ignored(sight[i].key)) seen.push_back(i);
  }
  if (!seen.empty()) return seen;
  seen.resize(sight.size());
  std::iota(seen.begin(), seen.end(), std::size_t{0});
  return seen;
}

// 2^(-age / half life), beside that of the latest: the age of the latest itself divides out.
std::uint64_t DecayedWeight(const PlacedTouch& touch, const PlacedTouch& latest,
                            std::int64_t half_life_ms) {
  const std::uint64_t older =
      static_cast<std::uint64_t>(latest.time_ms) - static_cast<std::uint64_t>(touch.time_ms);
  const double half_lives = static_cast<double>(older) / static_cast<double>(half_life_ms);
  return static_cast<std::uint64_t>(std::nearbyint(std::exp2(-half_lives) * kWhole));
}

// Of number `i` of `count` that are seen. Those between share their weight, so that all are taken as often as there are of these.
std::uint64_t PositionWeight(const AttributionModel& model, std::size_t i, std::size_t count) {
  const std::uint64_t times = count <= 2 ? 1 : count - 2;
  if (count == 1) return 1;
  if (i == 0) return model.first_weight * times;
  return i + 1 == count ? model.last_weight * times : model.middle_weight;
}

}  // namespace

std::vector<PlacedTouch> InOrder(std::span<const AttributionTouch> touches) {
  std::vector<PlacedTouch> ordered;
  ordered.reserve(touches.size());
  for (std::size_t i = 0; i < touches.size(); ++i)
    ordered.push_back({touches[i].time_ms, touches[i].key, i});
  std::sort(ordered.begin(), ordered.end(), [](const PlacedTouch& a, const PlacedTouch& b) {
    return std::tie(a.time_ms, a.key, a.place) < std::tie(b.time_ms, b.key, b.place);
  });
  return ordered;
}

std::span<const PlacedTouch> InSight(std::span<const PlacedTouch> ordered,
                                     std::int64_t conversion_ms, std::int64_t lookback_ms) {
  constexpr std::int64_t kFirstMs = std::numeric_limits<std::int64_t>::min();
  const std::int64_t from_ms =
      conversion_ms < kFirstMs + lookback_ms ? kFirstMs : conversion_ms - lookback_ms;
  const auto begin = std::partition_point(
      ordered.begin(), ordered.end(), [&](const auto& touch) { return touch.time_ms < from_ms; });
  const auto end = std::partition_point(
      begin, ordered.end(), [&](const auto& touch) { return touch.time_ms <= conversion_ms; });
  return {begin, end};
}

std::vector<std::uint64_t> WeightsOf(const AttributionModel& model,
                                     std::span<const PlacedTouch> sight) {
  std::vector<std::uint64_t> weights(sight.size());
  const std::vector<std::size_t> seen = SeenOf(model, sight);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    std::uint64_t& weight = weights[seen[i]];
    switch (model.rule) {
      case AttributionRule::kFirst:
        weight = i == 0 ? 1 : 0;
        break;
      case AttributionRule::kLast:
        weight = i + 1 == seen.size() ? 1 : 0;
        break;
      case AttributionRule::kLinear:
        weight = 1;
        break;
      case AttributionRule::kPosition:
        weight = PositionWeight(model, i, seen.size());
        break;
      case AttributionRule::kTimeDecay:
        weight = DecayedWeight(sight[seen[i]], sight[seen.back()], model.half_life_ms);
        break;
    }
  }
  return weights;
}

absl::Status CheckModel(const AttributionModel& model, std::string_view field) {
  const auto fault = [&](const char* what) {
    return absl::InvalidArgumentError(std::string(field) + what);
  };
  if (model.rule > AttributionRule::kTimeDecay)
    return fault("rule: allowed are first, last, linear, position and time_decay");
  if (model.first_weight > kMostWeight || model.middle_weight > kMostWeight ||
      model.last_weight > kMostWeight)
    return fault("first_weight, middle_weight, last_weight: allowed are 0 to 1,000,000");
  if (model.first_weight == 0 && model.last_weight == 0)
    return fault("first_weight, last_weight: allowed is at least one above 0");
  if (model.half_life_ms < 1) return fault("half_life_ms: allowed is 1 or more");
  return absl::OkStatus();
}

}  // namespace polyonym
