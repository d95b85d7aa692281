#include "polyonym/model/score_models.h"

#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace polyonym {
namespace {

absl::Status CheckBounds(const RfmModel& model, std::size_t dimension, std::size_t group) {
  const std::vector<double>& bounds = model.bounds[dimension][group];
  const std::string field = absl::StrCat("bounds[", dimension, "][", group, "]");
  if (bounds.size() != model.bins[dimension] - 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, ": allowed are ", model.bins[dimension] - 1, " bounds"));
  }
  const bool falls = dimension == 0;
  for (std::size_t k = 0; k < bounds.size(); ++k) {
    const bool is_worse = k > 0 && (falls ? bounds[k] > bounds[k - 1] : bounds[k] < bounds[k - 1]);
    if (!std::isfinite(bounds[k]) || is_worse) {
      return absl::InvalidArgumentError(
          absl::StrCat(field, "[", k, "]: allowed are finite numbers, ",
                       falls ? "none above the one before" : "none below the one before"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Validate(const RfmOptions& options) {
  for (std::size_t d = 0; d < kRfmDimensions; ++d) {
    if (options.bins[d] < kMinRfmBins || options.bins[d] > kMaxRfmBins) {
      return absl::InvalidArgumentError(absl::StrCat("bins[", d, "]: allowed are 2 to 9"));
    }
  }
  if (options.nesting != RfmNesting::kIndependent && options.nesting != RfmNesting::kNested) {
    return absl::InvalidArgumentError("nesting: allowed are kIndependent and kNested");
  }
  return absl::OkStatus();
}

absl::Status Validate(const RfmModel& model) {
  if (absl::Status status = Validate(RfmOptions{model.bins, model.nesting}); !status.ok())
    return status;
  std::size_t groups = 1;
  for (std::size_t d = 0; d < kRfmDimensions; ++d) {
    if (model.bounds[d].size() != groups) {
      return absl::InvalidArgumentError(
          absl::StrCat("bounds[", d, "]: the number of groups allowed is ", groups));
    }
    for (std::size_t g = 0; g < groups; ++g) {
      if (absl::Status status = CheckBounds(model, d, g); !status.ok()) return status;
    }
    if (model.nesting == RfmNesting::kNested) groups *= model.bins[d];
  }
  return absl::OkStatus();
}

absl::Status Validate(const BgNbdParameters& parameters) {
  const std::pair<const char*, double> fields[] = {
      {"r", parameters.r}, {"alpha", parameters.alpha}, {"a", parameters.a}, {"b", parameters.b}};
  for (const auto& [name, value] : fields) {
    if (!std::isfinite(value) || value <= 0) {
      return absl::InvalidArgumentError(absl::StrCat(name, ": allowed are finite numbers above 0"));
    }
  }
  return absl::OkStatus();
}

}  // namespace polyonym
