#include "polyonym/profile/rfm.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace polyonym {
namespace {

using Values = std::array<double, kRfmDimensions>;
using Members = std::vector<std::uint32_t>;  // numbers of customers

constexpr std::array<const char*, kRfmDimensions> kNames = {"recency", "frequency", "monetary"};

Values ArrayOf(const RfmValues& values) {
  return {values.recency, values.frequency, values.monetary};
}

bool Better(std::size_t dimension, double a, double b) { return dimension == 0 ? a < b : a > b; }

absl::Status CheckFinite(const RfmValues& values, const std::string& prefix) {
  const Values array = ArrayOf(values);
  for (std::size_t d = 0; d < kRfmDimensions; ++d) {
    if (!std::isfinite(array[d])) {
      return absl::InvalidArgumentError(
          absl::StrCat(prefix, kNames[d], ": allowed are finite numbers"));
    }
  }
  return absl::OkStatus();
}

std::uint32_t ScoreOf(std::size_t dimension, double value, const std::vector<double>& bounds) {
  std::uint32_t score = 1;
  for (const double bound : bounds) score += Better(dimension, value, bound) ? 1 : 0;
  return score;
}

// `values` are not empty.
std::vector<double> BoundsOf(std::size_t dimension, std::vector<double> values,
                             std::uint32_t bins) {
  std::sort(values.begin(), values.end(),
            [&](double a, double b) { return Better(dimension, b, a); });
  std::vector<double> bounds;
  for (std::size_t k = 1; k < bins; ++k) {
    bounds.push_back(values[(k * values.size() + bins - 1) / bins - 1]);
  }
  return bounds;
}

struct Group {
  Members members;
  const Members* fitted =
      nullptr;  // its members; where it has none, those of the nearest group around it that has some
};

// Splits `groups` by their members' scores in `dimension`.
std::vector<Group> Split(const std::vector<Group>& groups, std::size_t dimension,
                         const std::vector<Values>& customers, const RfmModel& model) {
  const std::uint32_t bins = model.bins[dimension];
  std::vector<Group> parts(groups.size() * bins);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (const std::uint32_t customer : groups[g].members) {
      const std::uint32_t score =
          ScoreOf(dimension, customers[customer][dimension], model.bounds[dimension][g]);
      parts[g * bins + score - 1].members.push_back(customer);
    }
    for (std::size_t i = g * bins; i < (g + 1) * bins; ++i) {
      parts[i].fitted = parts[i].members.empty() ? groups[g].fitted : &parts[i].members;
    }
  }
  return parts;
}

// The bounds of every group; groups that are fitted to the same members share the work.
std::vector<std::vector<double>> FitDimension(std::size_t dimension,
                                              const std::vector<Group>& groups,
                                              const std::vector<Values>& customers,
                                              std::uint32_t bins) {
  std::map<const Members*, std::vector<double>> fits;
  std::vector<std::vector<double>> bounds;
  for (const Group& group : groups) {
    const auto [fit, is_new] = fits.try_emplace(group.fitted);
    if (is_new) {
      std::vector<double> column;
      column.reserve(group.fitted->size());
      for (const std::uint32_t customer : *group.fitted) {
        column.push_back(customers[customer][dimension]);
      }
      fit->second = BoundsOf(dimension, std::move(column), bins);
    }
    bounds.push_back(fit->second);
  }
  return bounds;
}

}  // namespace

std::optional<RfmValues> RfmValuesOf(const PurchaseSummary& summary) {
  if (!summary.days_since_last.has_value()) return std::nullopt;
  return RfmValues{.recency = static_cast<double>(*summary.days_since_last),
                   .frequency = static_cast<double>(summary.frequency + 1),
                   .monetary = static_cast<double>(summary.total_minor_units)};
}

absl::StatusOr<RfmModel> FitRfm(std::span<const RfmValues> customers, const RfmOptions& options) {
  if (absl::Status status = Validate(options); !status.ok()) return status;
  if (customers.empty() || customers.size() > std::numeric_limits<std::uint32_t>::max()) {
    return absl::InvalidArgumentError("customers: allowed are 1 to 4,294,967,295");
  }
  std::vector<Values> values;
  Members everybody;
  for (std::size_t i = 0; i < customers.size(); ++i) {
    if (absl::Status status = CheckFinite(customers[i], absl::StrCat("customers[", i, "]."));
        !status.ok()) {
      return status;
    }
    values.push_back(ArrayOf(customers[i]));
    everybody.push_back(static_cast<std::uint32_t>(i));
  }

  RfmModel model;
  model.bins = options.bins;
  model.nesting = options.nesting;
  std::array<std::vector<Group>, kRfmDimensions>
      groups;  // all kept: `fitted` points into those before
  groups[0].resize(1);
  groups[0][0] = {std::move(everybody), &groups[0][0].members};
  for (std::size_t d = 0; d < kRfmDimensions; ++d) {
    const bool nested = model.nesting == RfmNesting::kNested;
    if (nested && d > 0) groups[d] = Split(groups[d - 1], d - 1, values, model);
    model.bounds[d] = FitDimension(d, nested ? groups[d] : groups[0], values, model.bins[d]);
  }
  return model;
}

absl::StatusOr<RfmScore> ScoreRfm(const RfmModel& model, const RfmValues& values) {
  if (absl::Status status = Validate(RfmOptions{model.bins, model.nesting}); !status.ok())
    return status;
  if (absl::Status status = CheckFinite(values, ""); !status.ok()) return status;
  const Values array = ArrayOf(values);
  std::array<std::uint32_t, kRfmDimensions> scores = {};
  std::size_t group = 0;
  for (std::size_t d = 0; d < kRfmDimensions; ++d) {
    if (group >= model.bounds[d].size() || model.bounds[d][group].size() != model.bins[d] - 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("bounds[", d, "][", group, "]: allowed are ", model.bins[d] - 1, " bounds"));
    }
    scores[d] = ScoreOf(d, array[d], model.bounds[d][group]);
    if (model.nesting == RfmNesting::kNested) group = group * model.bins[d] + scores[d] - 1;
  }
  return RfmScore{.recency = scores[0], .frequency = scores[1], .monetary = scores[2]};
}

std::uint32_t RfmCellCount(const RfmModel& model) {
  return model.bins[0] * model.bins[1] * model.bins[2];
}

}  // namespace polyonym
