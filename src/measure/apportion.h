// measure/apportion.h - a whole number divided by weights, without anything lost.
#ifndef POLYONYM_SRC_MEASURE_APPORTION_H_
#define POLYONYM_SRC_MEASURE_APPORTION_H_

#include <cstdint>
#include <span>
#include <vector>

namespace polyonym {

// Parts of `total` in proportion to `weights`, which sum to it exactly: each share rounded down, then one more for those that lost the largest
// fractions, of equal fractions for the first of them (the method of largest remainders, Hare's and Hamilton's).
// REQUIRES: a weight above 0.  COST: n log n.
std::vector<std::uint64_t> Apportion(std::uint64_t total, std::span<const std::uint64_t> weights);

}  // namespace polyonym

#endif  // POLYONYM_SRC_MEASURE_APPORTION_H_
