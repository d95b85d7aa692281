#include <cstddef>

#include "absl/strings/str_cat.h"
#include "measure/distributions.h"
#include "polyonym/measure/lift.h"

namespace polyonym {
namespace {

constexpr std::size_t kMostArms = 1'000;
constexpr std::uint64_t kMostShare = std::uint64_t{1} << 32;

}  // namespace

absl::StatusOr<SampleRatio> CheckSampleRatio(std::span<const std::uint64_t> people,
                                             std::span<const std::uint64_t> shares) {
  if (people.size() < 2 || people.size() > kMostArms)
    return absl::InvalidArgumentError("people: allowed are 2 to 1,000 arms");
  if (shares.size() != people.size())
    return absl::InvalidArgumentError("shares: allowed is one for each arm");
  absl::uint128 everybody = 0;
  std::uint64_t whole = 0;
  for (std::size_t i = 0; i < people.size(); ++i) {
    if (shares[i] == 0 || shares[i] > kMostShare)
      return absl::InvalidArgumentError(absl::StrCat("shares[", i, "]: allowed are 1 to 2^32"));
    everybody += people[i];
    whole += shares[i];
  }
  if (everybody == 0) return absl::FailedPreconditionError("people: there is nobody in any arm");

  SampleRatio ratio;
  for (std::size_t i = 0; i < people.size(); ++i) {
    const double expected = static_cast<double>(everybody) * static_cast<double>(shares[i]) /
                            static_cast<double>(whole);
    const double off = static_cast<double>(people[i]) - expected;
    ratio.chi_squared += off * off / expected;
  }
  ratio.degrees_of_freedom = static_cast<std::uint32_t>(people.size() - 1);
  ratio.p_value = ChiSquaredTail(ratio.chi_squared, ratio.degrees_of_freedom);
  ratio.is_mismatch = ratio.p_value < kSampleRatioAlarm;
  return ratio;
}

}  // namespace polyonym
