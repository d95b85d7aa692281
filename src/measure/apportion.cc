#include "measure/apportion.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>

#include "absl/numeric/int128.h"

namespace polyonym {
namespace {

// Adds one to each of the `left` that lost most, of equal ones to the first.
template <class Lost>
void GiveRest(std::uint64_t left, const std::vector<Lost>& lost,
              std::vector<std::uint64_t>* parts) {
  if (left == 0) return;
  std::vector<std::size_t> order(lost.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(left);
  std::nth_element(order.begin(), end - 1, order.end(), [&](std::size_t a, std::size_t b) {
    return lost[a] != lost[b] ? lost[a] > lost[b] : a < b;
  });
  for (auto at = order.begin(); at != end; ++at) ++(*parts)[*at];
}

// `Wide` holds the total times any weight, and the sum of the weights.
template <class Wide>
std::vector<std::uint64_t> Divide(std::uint64_t total, Wide whole,
                                  std::span<const std::uint64_t> weights) {
  std::vector<std::uint64_t> parts(weights.size());
  std::vector<Wide> lost(weights.size());  // of `whole`
  std::uint64_t left = total;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const Wide share = Wide(total) * weights[i];
    parts[i] = static_cast<std::uint64_t>(share / whole);
    lost[i] = share % whole;
    left -= parts[i];
  }
  GiveRest(left, lost, &parts);
  return parts;
}

}  // namespace

std::vector<std::uint64_t> Apportion(std::uint64_t total, std::span<const std::uint64_t> weights) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  const absl::uint128 whole = std::accumulate(weights.begin(), weights.end(), absl::uint128(0));
  // No weight is greater than all together.
  if (whole <= kMost && whole * total <= kMost)
    return Divide(total, static_cast<std::uint64_t>(whole), weights);
  return Divide(total, whole, weights);
}

}  // namespace polyonym
