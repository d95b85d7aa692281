// profile/rfm.h - RFM: recency, frequency and monetary value, each as a score from 1 to the number of its bins.
//
// Fit a model to many customers, store it, and score people with it one by one; or write its bounds yourself. What a cell is
// called ("champions", "at risk") is the host's. A score says how somebody stands among others: it foretells nothing, for
// which see profile/bgnbd.h.
//
//   absl::StatusOr<RfmModel> model = FitRfm(everybody, {});             // 5 bins each: 111 to 555
//   absl::StatusOr<RfmScore> score = ScoreRfm(*model, one_of_them);     // score->Code() == 543
//
// Options, models and their checks are model/score_models.h.
//
// The one rule of bounds and ties: a value equal to a bound gets the lower score. So equal values always get the same score.
//
// Source: A. M. Hughes, Strategic Database Marketing (1994): quintiles, nested and independent. docs/scores.md.
// THREADS: pure functions. The same customers give the same model, in whatever order they come.
#ifndef POLYONYM_PROFILE_RFM_H_
#define POLYONYM_PROFILE_RFM_H_

#include <cstdint>
#include <optional>
#include <span>

#include "absl/status/statusor.h"
#include "polyonym/model/score_models.h"
#include "polyonym/profile/purchases.h"

namespace polyonym {

// What is scored. All finite; any unit, but the same for everybody.
struct RfmValues {
  double recency = 0;    // since the last purchase: less is better
  double frequency = 0;  // more is better
  double monetary = 0;   // more is better; negative where more was returned than bought
};

// Of a summary: days since the last purchase, days with a purchase, total in minor units. None where nothing was bought: who
// only returned something has no recency, and so no score.
std::optional<RfmValues> RfmValuesOf(const PurchaseSummary& summary);

// 1 is worst.
struct RfmScore {
  std::uint32_t recency = 1;
  std::uint32_t frequency = 1;
  std::uint32_t monetary = 1;
  // Three digits, as they are usually written: 543.
  std::uint32_t Code() const { return recency * 100 + frequency * 10 + monetary; }
  friend auto operator<=>(const RfmScore&, const RfmScore&) = default;
};

// Bins of equal share. Of n customers, worst first, bound k of b bins is the value of number ceil(k * n / b): the first at which
// at least k / b of them are counted. A run of equal values that crosses a bound falls as a whole below it, so that bins with ties
// are uneven and some may stay empty; a score of s always means: better than at least (s - 1) / b of the customers. A group without
// customers (kNested) is fitted to those of the nearest group around it that has some: of the same recency, else to all.
// ENSURES: Validate() takes the model.
// ERRORS: InvalidArgument for no customers (or 2^32), a value that is not finite (`customers[7].recency`), bins out of range, or a
//         nesting that is none.
// COST: O(n log n) time; about 50 bytes a customer.
absl::StatusOr<RfmModel> FitRfm(std::span<const RfmValues> customers, const RfmOptions& options);

// The scores of one person, among those of the fit or not.
// ENSURES: scores are in 1..bins.
// ERRORS: InvalidArgument for a value that is not finite, or a model whose shape is wrong where it is read.
// COST: at most 24 comparisons.
absl::StatusOr<RfmScore> ScoreRfm(const RfmModel& model, const RfmValues& values);

// How many cells there are: the product of the bins.
std::uint32_t RfmCellCount(const RfmModel& model);

}  // namespace polyonym

#endif  // POLYONYM_PROFILE_RFM_H_
