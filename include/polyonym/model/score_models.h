// model/score_models.h - the models that scores of purchases are read with, as plain data.
//
// A fit over many customers finds them (profile/rfm.h, profile/bgnbd.h, profile/fit_scores.h), or a host writes them. They are stored as a
// part of definitions, so that a score is the same wherever and whenever it is read: nothing is fitted on the way.
//
// THREADS: plain data; pure functions.
#ifndef POLYONYM_MODEL_SCORE_MODELS_H_
#define POLYONYM_MODEL_SCORE_MODELS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"

namespace polyonym {

// ---- RFM: profile/rfm.h fits and scores ----

// The dimensions in the order in which arrays below hold them: recency, frequency, monetary.
inline constexpr std::size_t kRfmDimensions = 3;
inline constexpr std::uint32_t kMinRfmBins = 2;
inline constexpr std::uint32_t kMaxRfmBins = 9;  // a score is one digit

// Stored: never renumber.
enum class RfmNesting : std::uint8_t {
  kIndependent = 0,  // each dimension over all customers
  kNested = 1,       // frequency within each score of recency, monetary within each pair of these
};

struct RfmOptions {
  // Recency, frequency, monetary. Range kMinRfmBins..kMaxRfmBins. DEFAULT: 5 each
  std::array<std::uint32_t, kRfmDimensions> bins = {5, 5, 5};
  RfmNesting nesting = RfmNesting::kIndependent;
  friend bool operator==(const RfmOptions&, const RfmOptions&) = default;
};

// Where scores begin and end: plain data, to be stored, or written by the host (bounds that are fixed).
//
// bounds[d][g] are those of dimension d in group g, in order of scores: bounds[d][g][k] is the best value that still gets
// score k + 1. So recency's fall and the others' rise, or stay: 365, 180, 90, 30 days are five scores, of which 5 is for less than 30.
//
// Invariants, which Validate() checks: (I1) bounds[d][g] holds bins[d] - 1 finite values in that order. (I2) bounds[d] has one
// group where the model is independent; nested, bounds[0] has 1, bounds[1] bins[0], group `R - 1`; bounds[2] bins[0] * bins[1],
// group `(R - 1) * bins[1] + F - 1`.
struct RfmModel {
  std::array<std::uint32_t, kRfmDimensions> bins = {5, 5, 5};
  RfmNesting nesting = RfmNesting::kIndependent;
  std::array<std::vector<std::vector<double>>, kRfmDimensions> bounds;
  friend bool operator==(const RfmModel&, const RfmModel&) = default;
};

// ERRORS: InvalidArgument naming the field (`bins[1]`, `nesting`) and what is allowed.
absl::Status Validate(const RfmOptions& options);

// ERRORS: InvalidArgument naming the field (`bounds[1][4][0]`) and what is allowed.
// COST: at most 9 * 9 groups a dimension.
absl::Status Validate(const RfmModel& model);

// ---- BG/NBD: profile/bgnbd.h says what they mean, fits and foretells ----

// Each finite and above 0.
struct BgNbdParameters {
  double r = 1;
  double alpha = 1;  // in the unit of time
  double a = 1;
  double b = 1;
  friend bool operator==(const BgNbdParameters&, const BgNbdParameters&) = default;
};

// ERRORS: InvalidArgument naming the field (`alpha`) and what is allowed.
absl::Status Validate(const BgNbdParameters& parameters);

}  // namespace polyonym

#endif  // POLYONYM_MODEL_SCORE_MODELS_H_
