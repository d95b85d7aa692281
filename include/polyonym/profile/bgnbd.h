// profile/bgnbd.h - BG/NBD: who is still a customer, and how often they will buy.
//
// The model of Fader, Hardie and Lee, "Counting Your Customers the Easy Way: An Alternative to the Pareto/NBD Model", Marketing
// Science 24(2), 2005. A customer who is alive buys at random at a rate lambda, and after each purchase drops out for good with
// probability p; lambda is gamma distributed over customers (shape r, rate alpha), p beta distributed (a, b). It is for
// purchases without a contract. It does not know seasons, or value.
//
//   std::vector<BgNbdHistory> histories = ...;                           // everybody's, in weeks
//   absl::StatusOr<BgNbdFit> fit = FitBgNbd(histories, {});
//   absl::StatusOr<double> alive = BgNbdAlive(fit->parameters, histories[0]);
//   absl::StatusOr<double> year = BgNbdConditionalPurchases(fit->parameters, histories[0], 52);
//
// The parameters as data are model/score_models.h.
// Units: frequency counts; recency, observed and `t` are in one unit of the host's choice, and so is alpha. Weeks are usual.
// THREADS: pure functions.  ERRORS: InvalidArgument naming the field (`histories[4].recency`, `parameters.alpha`, `t`); OutOfRange
// where numbers near the ends of the range of doubles leave no finite result.
#ifndef POLYONYM_PROFILE_BGNBD_H_
#define POLYONYM_PROFILE_BGNBD_H_

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "polyonym/model/score_models.h"
#include "polyonym/profile/purchases.h"

namespace polyonym {

// What the model knows of one customer. All finite, 0 <= recency <= observed; frequency is a whole number, 0 or more;
// recency is 0 exactly where frequency is 0.
struct BgNbdHistory {
  double frequency = 0;  // x: repeat purchases
  double recency = 0;    // t_x: when the last of them was, counted from the first purchase
  double observed = 0;   // T: until when we looked, counted from the first purchase
};

// That of a summary, days divided by `days_per_unit` (above 0).
// ERRORS: FailedPrecondition where the summary has no purchase.
absl::StatusOr<BgNbdHistory> BgNbdHistoryOf(const PurchaseSummary& summary,
                                            double days_per_unit = 7);

// Sum of the customers' log-likelihoods: equation (6) of the paper,
//
//   L = B(a, b+x) / B(a, b) * G(r+x) alpha^r / (G(r) (alpha+T)^(r+x))
//     + [x > 0] B(a+1, b+x-1) / B(a, b) * G(r+x) alpha^r / (G(r) (alpha+t_x)^(r+x)),  G the gamma function,
//
// taken in logarithms throughout, so that it neither overflows nor underflows.
// COST: some hundred nanoseconds a customer.
absl::StatusOr<double> BgNbdLogLikelihood(const BgNbdParameters& parameters,
                                          std::span<const BgNbdHistory> histories);

// Fewer customers with a repeat purchase than this are not fitted: four parameters would follow chance. This library's choice;
// hundreds are needed for figures that hold.
inline constexpr std::uint32_t kMinBgNbdRepeaters = 10;

struct BgNbdFitOptions {
  // L2: fitted is the maximum of (log-likelihood / customers - penalty * (r^2 + alpha^2 + a^2 + b^2)). Something like 0.001 to
  // 0.1 steadies small data; it depends on the unit of time, through alpha. DEFAULT: 0, none; finite, not negative
  double penalty = 0;
  // Evaluations of the likelihood, after which the search gives up. DEFAULT: 20,000; at least 100. CDNOW needs some 600.
  std::uint32_t max_evaluations = 20'000;
};

struct BgNbdFit {
  BgNbdParameters parameters;
  double log_likelihood = 0;  // without the penalty
  std::uint32_t evaluations = 0;
};

// Maximum likelihood. The simplex search of Nelder and Mead (The Computer Journal 7(4), 1965) runs over the logarithms of the
// parameters, times being scaled by the mean of `observed`, and is begun anew from where it ended until that changes nothing.
// Deterministic: the same histories give the same parameters, bit for bit on one machine, in whatever order they come.
// ERRORS: InvalidArgument for a history or an option. FailedPrecondition: fewer than kMinBgNbdRepeaters customers with a repeat
//         purchase; or the likelihood has no maximum in reach, a parameter leaving e^-14..e^14 (alpha: times the mean of
//         `observed`). Where all customers are alike r and alpha grow without bound, and a penalty helps; where nobody drops out a
//         falls to 0, and none does. ResourceExhausted:
//         max_evaluations did not suffice.
// COST: evaluations * different histories * some hundred nanoseconds: CDNOW's 2,357 customers take about 0.1 s.
absl::StatusOr<BgNbdFit> FitBgNbd(std::span<const BgNbdHistory> histories,
                                  const BgNbdFitOptions& options);

// Probability that the customer has not dropped out by T: 1 where there is no repeat purchase, since this model lets nobody drop
// out before one. It is the factor in equation (10) of the paper that does not depend on t:
//
//   1 / (1 + [x > 0] a / (b+x-1) ((alpha+T) / (alpha+t_x))^(r+x)).
absl::StatusOr<double> BgNbdAlive(const BgNbdParameters& parameters, const BgNbdHistory& history);

// Purchases of somebody of whom nothing is known in (0, t], after the first: equation (9) of the paper,
//
//   E[X(t)] = (a+b-1) / (a-1) * [1 - (alpha / (alpha+t))^r F(r, b; a+b-1; t / (alpha+t))],  F = Gauss's 2F1.
//
// DOMAIN: every t >= 0 and all valid parameters; (9) as it stands has holes at a = 1 and a+b = 1 and loses digits near them and for
// small t. So F is taken in its integral form, which has none of that. With Pfaff's transformation (Abramowitz and Stegun 15.3.4)
// and Euler's integral (15.3.1) equation (9) is
//
//   E[X(t)] = integral over p in (0, 1) of (1 - (1 + p t / alpha)^-r) / p * p^(a-1) (1-p)^(b-1) / B(a, b) dp,
//
// positive throughout. It is summed over logit p by the trapezoid rule with double exponential spacing (Takahasi and Mori 1974),
// halving the step until nothing changes.
// ACCURACY: relative error below 1e-11 for r, a, b in 1e-3..1e4 and t / alpha in 1e-6..1e6; the worst of 398 random ones there was
// 4e-13, against mpmath's 2F1 of 60 digits.
// COST: 20 to 80 microseconds; up to some milliseconds where a or b is in the thousands and the other near 0.
absl::StatusOr<double> BgNbdExpectedPurchases(const BgNbdParameters& parameters, double t);

// Purchases of this customer in (T, T+t]: equation (10) of the paper, which is
//
//   BgNbdAlive() * E[X(t)] of the parameters (r+x, alpha+T, a, b+x): what is known of somebody alive at T.
//
// DOMAIN, ACCURACY, COST: as above.
absl::StatusOr<double> BgNbdConditionalPurchases(const BgNbdParameters& parameters,
                                                 const BgNbdHistory& history, double t);

}  // namespace polyonym

#endif  // POLYONYM_PROFILE_BGNBD_H_
