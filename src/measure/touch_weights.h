// measure/touch_weights.h - what touches of one conversion weigh by a model of measure/attribution.h.
#ifndef POLYONYM_SRC_MEASURE_TOUCH_WEIGHTS_H_
#define POLYONYM_SRC_MEASURE_TOUCH_WEIGHTS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "polyonym/measure/attribution.h"

namespace polyonym {

struct PlacedTouch {
  std::int64_t time_ms;
  std::string_view key;
  std::size_t place;  // in the span that was given
};

// In order of time, then of key, then of place.
std::vector<PlacedTouch> InOrder(std::span<const AttributionTouch> touches);

// Those of `ordered` from `lookback_ms` before `conversion_ms` up to it.  REQUIRES: lookback_ms >= 0.
std::span<const PlacedTouch> InSight(std::span<const PlacedTouch> ordered,
                                     std::int64_t conversion_ms, std::int64_t lookback_ms);

// A weight for each; one at least is above 0.
// REQUIRES: the model is checked, with ignored keys in order; `sight` is not empty.
std::vector<std::uint64_t> WeightsOf(const AttributionModel& model,
                                     std::span<const PlacedTouch> sight);

// `field` is put before what is wrong: `models[2].`.
absl::Status CheckModel(const AttributionModel& model, std::string_view field);

}  // namespace polyonym

#endif  // POLYONYM_SRC_MEASURE_TOUCH_WEIGHTS_H_
