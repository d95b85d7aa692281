// measure/lift.h - what a treatment changed: those who were treated beside a control group that was drawn by chance.
//
// Use it after a campaign of which a share of the people was held out. Add up each arm, person by person; then compare:
//
//   Arm treated, control;
//   for (const Person& person : everybody) {
//     absl::Status added = (person.is_held_out ? control : treated).Add(person.has_bought, person.paid);
//   }
//   absl::StatusOr<LiftResult> lift = Lift(treated, control, {.costs = {{250'000, "CNY"}}});
//   lift->conversion.difference;           // 0.012: 12 more of a thousand bought
//   lift->conversion.difference_interval;  // 0.004 to 0.020, of 95 in 100 such trials
//   lift->money[0].return_on_cost;         // 1.7: each yuan spent came back and brought 1.7 more
//
// It says what the treatment did only where chance alone decided who was treated, and where all who were meant to be are counted in
// their arm, reached or not. CheckSampleRatio() finds many of the trials in which that went wrong. A figure that is looked at every day
// until it pleases has more false alarms than its p value says: fix the day of looking before.
//
// SOURCES. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927): interval of one share.
// Newcombe, Interval estimation for the difference between independent proportions, Statistics in Medicine 17 (1998) 873-890: method
// 10, which joins two of Wilson's. Katz, Baptista, Azen and Pike, Biometrics 34 (1978) 469-474: interval of a ratio of shares, in
// logarithms. Welch, The generalization of Student's problem, Biometrika 34 (1947): means of unequal variances, with Satterthwaite's
// degrees of freedom.
//
// THREADS: pure functions of plain values; an Arm that is written is thread-compatible.
#ifndef POLYONYM_MEASURE_LIFT_H_
#define POLYONYM_MEASURE_LIFT_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "polyonym/model/facts.h"

namespace polyonym {

// What the people of an arm paid in one currency, refunds taken off. Whoever paid nothing counts as 0.
struct ArmMoney {
  absl::int128 minor_units = 0;  // summed over people
  absl::int128 squares = 0;      // each person's total, squared; summed over people
  friend bool operator==(const ArmMoney&, const ArmMoney&) = default;
};

// A sum over people, exact, and so the same in whatever order they came.
struct Arm {
  std::uint64_t people = 0;     // in the arm, whether or not anything reached them
  std::uint64_t converted = 0;  // of these, each once
  std::map<std::string, ArmMoney, std::less<>> money;  // by currency, ISO 4217

  // Adds one person; each once, as nothing tells them apart. `paid`: amounts of one currency are one total.
  // ERRORS, and nobody is added: InvalidArgument for a currency that is not three capitals (`paid[2].currency`); OutOfRange where the
  // person's total does not fit into 64 bits, or the squares not into 128.
  absl::Status Add(bool has_converted, std::span<const Money> paid = {});

  // Adds the people of another, who must be others.
  // ERRORS, and nobody is added: OutOfRange for sums beyond 128 bits, or people beyond 64.
  absl::Status Merge(const Arm& other);

  friend bool operator==(const Arm&, const Arm&) = default;
};

struct LiftOptions {
  double confidence = 0.95;  // of all intervals. RANGE: above 0, below 1
  // What the treatment cost, whole, each currency at most once. RANGE: above 0.  DEFAULT: none, and there is no return on it.
  std::vector<Money> costs = {};
};

struct ConfidenceInterval {
  double low = 0;
  double high = 0;
  friend bool operator==(const ConfidenceInterval&, const ConfidenceInterval&) = default;
};

// Shares of people who converted.
struct ConversionLift {
  double treated_rate = 0;
  double control_rate = 0;
  ConfidenceInterval treated_interval;  // Wilson's
  ConfidenceInterval control_interval;

  double difference = 0;                   // treated less control
  ConfidenceInterval difference_interval;  // Newcombe's method 10; never beyond -1 and 1

  // treated_rate / control_rate - 1: 0.2 is a fifth more. None where nobody of the control converted.
  std::optional<double> relative;
  std::optional<ConfidenceInterval>
      relative_interval;  // Katz's; none also where nobody of the treated converted

  // The test that both have one rate, by the normal distribution and the pooled rate, without continuity correction. 0 and 1 where all
  // converted or none. It counts on some five conversions, and five people without one, in each arm.
  double z = 0;
  double p_value = 1;  // two-sided

  // Conversions beyond those that the treated would have had at the control's rate: difference * treated people.
  double incremental = 0;
  ConfidenceInterval incremental_interval;
  friend bool operator==(const ConversionLift&, const ConversionLift&) = default;
};

// Money of a currency, in minor units: per person of the arm, who paid or not.
struct MoneyLift {
  std::string currency;
  double treated_mean = 0;
  double control_mean = 0;
  double difference = 0;

  // Welch's. None, all four together, where an arm has one person, or where in both everybody paid the same: nothing says then how far
  // chance goes. A mean follows the normal distribution only over many people where a few pay most: thousands of them.
  std::optional<ConfidenceInterval> difference_interval;
  std::optional<double> t;
  std::optional<double> degrees_of_freedom;
  std::optional<double> p_value;  // two-sided

  std::optional<double>
      relative;  // treated_mean / control_mean - 1; none where the control's is not above 0

  // difference * treated people: what came in beyond what would have without the treatment.
  double incremental = 0;
  std::optional<ConfidenceInterval> incremental_interval;

  // (incremental - cost) / cost: 0 earns what it cost, -1 nothing. None without a cost in this currency. The cost is taken as known.
  std::optional<double> return_on_cost;
  std::optional<ConfidenceInterval> return_on_cost_interval;
  friend bool operator==(const MoneyLift&, const MoneyLift&) = default;
};

struct LiftResult {
  ConversionLift conversion;
  std::vector<MoneyLift> money;  // of each currency in an arm or a cost, by its letters
  friend bool operator==(const LiftResult&, const LiftResult&) = default;
};

// Compares two arms of different people.
// ERRORS: InvalidArgument naming the field: a confidence or cost out of range; more converted than people (`control.converted`); squares
//         that no people with this sum have (`treated.money[CNY].squares`); a currency that is not three capitals. FailedPrecondition for
//         an arm without people: there is nothing to compare. OutOfRange for a sum of money beyond 64 bits.
// COST: microseconds; no more with more people.
absl::StatusOr<LiftResult> Lift(const Arm& treated, const Arm& control,
                                const LiftOptions& options = {});

// Whether arms have the sizes that they were meant to have.
struct SampleRatio {
  double chi_squared = 0;  // Pearson's
  std::uint32_t degrees_of_freedom = 1;
  double p_value = 1;  // how often chance alone is as far off, or further
  // p_value < kSampleRatioAlarm: whoever is in an arm was not drawn as meant, or was counted otherwise; do not believe the lift.
  bool is_mismatch = false;
  friend bool operator==(const SampleRatio&, const SampleRatio&) = default;
};

// As is usual, since the test is made of every trial (Kohavi, Tang and Xu, Trustworthy Online Controlled Experiments, 2020, chapter 21).
inline constexpr double kSampleRatioAlarm = 0.001;

// `people` of each arm, beside the `shares` that were asked for, in any unit: {9, 1} for a tenth held out.
// ERRORS: InvalidArgument for fewer than two arms or more than 1,000, another number of shares, or a share of 0 or of more than 2^32;
//         FailedPrecondition where there is nobody.
absl::StatusOr<SampleRatio> CheckSampleRatio(std::span<const std::uint64_t> people,
                                             std::span<const std::uint64_t> shares);

}  // namespace polyonym

#endif  // POLYONYM_MEASURE_LIFT_H_
