#include "polyonym/measure/durations.h"

#include <algorithm>
#include <cstddef>

#include "absl/numeric/int128.h"

namespace polyonym {

Durations DurationsOf(std::vector<std::int64_t>* spans_ms) {
  Durations durations;
  durations.count = spans_ms->size();
  if (spans_ms->empty()) return durations;
  absl::int128 sum = 0;
  for (const std::int64_t span : *spans_ms) sum += span;
  durations.mean_ms = static_cast<double>(sum) / static_cast<double>(durations.count);
  const auto middle = spans_ms->begin() + static_cast<std::ptrdiff_t>((spans_ms->size() - 1) / 2);
  std::nth_element(spans_ms->begin(), middle, spans_ms->end());
  durations.median_ms = *middle;
  return durations;
}

}  // namespace polyonym
