// profile/fit_scores.h - the models of a purchase score, fitted to everybody's purchases.
//
// Use it where the summaries of all people are at hand: it fills in what a PurchaseScore holds of a fit, so that definitions with it score
// people one by one (profile/profile.h). It reads no store, and puts nothing in force.
//
//   std::vector<PurchaseSummary> customers = ...;                    // everybody's, as of fitted_ms
//   ScoreFit fit = FitPurchaseScore(definitions.purchase_scores[0], customers, fitted_ms);
//   definitions.purchase_scores[0] = fit.score;                      // fit.bgnbd says why it has no model of BG/NBD
//
// Sources: those of profile/rfm.h and profile/bgnbd.h. docs/scores.md.
// THREADS: a pure function. The same customers give the same fit, in whatever order they come.
#ifndef POLYONYM_PROFILE_FIT_SCORES_H_
#define POLYONYM_PROFILE_FIT_SCORES_H_

#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "polyonym/model/definitions.h"
#include "polyonym/profile/purchases.h"

namespace polyonym {

struct ScoreFit {
  // What was given, with the models that were found in place of those that it had, written by hand or fitted; fitted_ms and
  // fitted_customers are those of this fit, whatever it found.
  PurchaseScore score;
  // Why there is no model; OK: there is one.
  absl::Status rfm;
  absl::Status bgnbd;
  std::uint64_t customers = 0;  // with a purchase: those that were fitted to
};

// Fits RFM with score.rfm and BG/NBD in units of score.days_per_unit, without a penalty, to those of `customers` who bought something: who
// did not says nothing of how customers buy. A model that cannot be fitted is taken out: an old one would score people by other
// customers than `fitted_customers` says.
// `customers`: one summary a person, all of `score` and as of `fitted_ms` (milliseconds since 1970; range 0..kMaxFactTimeMs).
// ENSURES: where Validate(Definitions) takes `score` and `fitted_ms`, it takes the result.
// ERRORS, in `rfm` and `bgnbd`: FailedPrecondition: nobody bought anything; fewer than kMinBgNbdRepeaters bought again, or their likelihood
//         has no maximum (FitBgNbd()). ResourceExhausted: the search for it did not settle. InvalidArgument: `score` is not valid.
// COST: that of FitRfm() and FitBgNbd(): about 150 bytes a customer; seconds for a million.
ScoreFit FitPurchaseScore(PurchaseScore score, std::span<const PurchaseSummary> customers,
                          std::int64_t fitted_ms);

}  // namespace polyonym

#endif  // POLYONYM_PROFILE_FIT_SCORES_H_
