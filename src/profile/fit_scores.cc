#include "polyonym/profile/fit_scores.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "polyonym/profile/bgnbd.h"
#include "polyonym/profile/rfm.h"

namespace polyonym {
namespace {

// All have a purchase.
using Buyers = std::vector<PurchaseSummary>;

absl::Status NobodyBought() {
  return absl::FailedPreconditionError("customers: none of them has a purchase");
}

absl::StatusOr<RfmModel> FitRfmTo(const Buyers& buyers, const RfmOptions& options) {
  std::vector<RfmValues> values;
  values.reserve(buyers.size());
  for (const PurchaseSummary& buyer : buyers) {
    if (const auto those = RfmValuesOf(buyer)) values.push_back(*those);
  }
  if (values.empty()) return NobodyBought();
  return FitRfm(values, options);
}

absl::StatusOr<BgNbdParameters> FitBgNbdTo(const Buyers& buyers, double days_per_unit) {
  if (buyers.empty()) return NobodyBought();
  std::vector<BgNbdHistory> histories;
  histories.reserve(buyers.size());
  for (const PurchaseSummary& buyer : buyers) {
    const auto history = BgNbdHistoryOf(buyer, days_per_unit);
    if (!history.ok()) return history.status();
    histories.push_back(*history);
  }
  const auto fit = FitBgNbd(histories, {});
  if (!fit.ok()) return fit.status();
  return fit->parameters;
}

// Puts the model, or none, in its place.
template <class Model>
absl::Status Take(absl::StatusOr<Model> fitted, std::optional<Model>* model) {
  absl::Status status = fitted.status();
  model->reset();
  if (status.ok()) *model = *std::move(fitted);
  return status;
}

}  // namespace

ScoreFit FitPurchaseScore(PurchaseScore score, std::span<const PurchaseSummary> customers,
                          std::int64_t fitted_ms) {
  Buyers buyers;
  for (const PurchaseSummary& customer : customers) {
    if (customer.count > 0) buyers.push_back(customer);
  }
  ScoreFit fit;
  fit.rfm = Take(FitRfmTo(buyers, score.rfm), &score.rfm_model);
  fit.bgnbd = Take(FitBgNbdTo(buyers, score.days_per_unit), &score.bgnbd_model);
  fit.customers = buyers.size();
  score.fitted_ms = fitted_ms;
  score.fitted_customers = buyers.size();
  fit.score = std::move(score);
  return fit;
}

}  // namespace polyonym
