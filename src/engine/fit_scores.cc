// Models of scores, fitted to what everybody bought.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "engine/engine_impl.h"
#include "polyonym/engine/engine.h"
#include "polyonym/profile/fit_scores.h"
#include "profile/match.h"

namespace polyonym {
namespace {

using PurchasesByPerson = absl::flat_hash_map<std::uint64_t, std::vector<Purchase>>;

// What counts for each of the scores, up to now.
absl::StatusOr<std::vector<PurchasesByPerson>> GatherPurchases(
    const View& view, const std::vector<PurchaseScore>& scores, std::int64_t now_ms) {
  std::vector<PurchasesByPerson> purchases(scores.size());
  absl::Status status = view.ForEachFacts([&](ProfileId person, const FactRow& row) {
    for (const Event& event : row.facts.events) {
      const std::int64_t time_ms = event.time_ms.value_or(row.from.time_ms);
      if (!event.value || time_ms > now_ms) continue;
      for (std::size_t i = 0; i < scores.size(); ++i) {
        if (event.value->currency == scores[i].currency && profile::Matches(scores[i].on, event))
          purchases[i][person.value].push_back({time_ms, event.value->minor_units});
      }
    }
    return true;
  });
  if (!status.ok()) return status;
  return purchases;
}

}  // namespace

absl::StatusOr<FitResult> Engine::FitScores(const FitOptions& options) {
  auto view = Read(options.policy.graph);
  if (!view.ok()) return view.status();
  Policy policy = view->policy();
  const std::int64_t now_ms = options.now_ms.value_or(view->now_ms());
  if (now_ms < 0 || now_ms > kMaxFactTimeMs)
    return absl::InvalidArgumentError("now_ms: must be between 1970 and 2100");
  std::vector<PurchaseScore>& scores = policy.definitions.purchase_scores;
  auto purchases = GatherPurchases(*view, scores, now_ms);
  if (!purchases.ok()) return purchases.status();
  FitResult result;
  // Now is seen, and the end is not.
  const PurchaseOptions seen{.end_ms = now_ms + 1,
                             .utc_offset_minutes = policy.definitions.utc_offset_minutes};
  for (std::size_t i = 0; i < scores.size(); ++i) {
    std::vector<PurchaseSummary> customers;
    for (const auto& [person, bought] : (*purchases)[i]) {
      // Who bought for more than 64 bits hold has no score, and says nothing of others'.
      if (auto summary = SummarisePurchases(bought, seen); summary.ok())
        customers.push_back(*std::move(summary));
    }
    result.fits.push_back(FitPurchaseScore(scores[i], customers, now_ms));
    scores[i] = result.fits.back().score;
  }
  PolicyOptions put = options.policy;
  put.if_version = view->policy_version();
  auto done = SetPolicy(policy, put);
  if (!done.ok()) return done.status();
  result.sequence = done->sequence;
  return result;
}

}  // namespace polyonym
