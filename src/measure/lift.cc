#include "polyonym/measure/lift.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "measure/currency_code.h"
#include "measure/distributions.h"

namespace polyonym {
namespace {

constexpr absl::int128 kMost64 = std::numeric_limits<std::int64_t>::max();

// ---- What may be compared ----

// What is wrong with an arm's money, as `field: what is allowed`; empty where nothing is.
std::string FaultOf(const std::string& currency, const ArmMoney& money, std::uint64_t people) {
  if (!IsCurrencyCode(currency)) return ": allowed are currencies of three upper-case letters";
  // Of so many people with this sum the squares are least where all have the same (Cauchy and Schwarz).
  const absl::int128 square = money.minor_units * money.minor_units;
  const absl::int128 all = people;
  const absl::int128 least = square / all + (square % all == 0 ? 0 : 1);
  return money.squares < least ? ".squares: allowed is the sum of each person's total, squared"
                               : "";
}

absl::Status CheckArm(const Arm& arm, const std::string& name) {
  if (arm.people == 0)
    return absl::FailedPreconditionError(
        absl::StrCat(name, ".people: nobody is there to be compared"));
  if (arm.converted > arm.people)
    return absl::InvalidArgumentError(absl::StrCat(name, ".converted: allowed is up to people"));
  for (const auto& [currency, money] : arm.money) {
    const std::string field = absl::StrCat(name, ".money[", currency, "]");
    if (money.minor_units > kMost64 || money.minor_units < -kMost64)
      return absl::OutOfRangeError(absl::StrCat(field, ".minor_units: does not fit into 64 bits"));
    if (const std::string fault = FaultOf(currency, money, arm.people); !fault.empty())
      return absl::InvalidArgumentError(absl::StrCat(field, fault));
  }
  return absl::OkStatus();
}

absl::Status CheckOptions(const LiftOptions& options) {
  if (!(options.confidence > 0 && options.confidence < 1))
    return absl::InvalidArgumentError("options.confidence: allowed is above 0 and below 1");
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < options.costs.size(); ++i) {
    const Money& cost = options.costs[i];
    const std::string field = absl::StrCat("options.costs[", i, "]");
    if (cost.minor_units <= 0)
      return absl::InvalidArgumentError(absl::StrCat(field, ".minor_units: allowed is above 0"));
    if (!IsCurrencyCode(cost.currency) || !seen.insert(cost.currency).second) {
      return absl::InvalidArgumentError(
          absl::StrCat(field, ".currency: allowed are three upper-case letters, each once"));
    }
  }
  return absl::OkStatus();
}

// ---- Shares ----

struct Count {
  double of;    // converted
  double all;   // people
  double rate;  // of / all
};

Count CountOf(const Arm& arm) {
  const auto of = static_cast<double>(arm.converted);
  const auto all = static_cast<double>(arm.people);
  return {of, all, of / all};
}

// The two roots of (all + z^2) p^2 - (2 of + z^2) p + of^2 / all = 0. The lower comes from the product of both, so that nothing is lost
// where it is small. Ends that are 0 or 1 are so exactly.
ConfidenceInterval Wilson(const Count& count, double z) {
  const double square = z * z;
  const double width = z * std::sqrt(count.of * (1 - count.rate) + square / 4);
  ConfidenceInterval interval;
  interval.high = count.of == count.all
                      ? 1
                      : std::min(1.0, (count.of + square / 2 + width) / (count.all + square));
  interval.low = count.of * count.rate / ((count.all + square) * interval.high);
  return interval;
}

// Newcombe's method 10.
ConfidenceInterval DifferenceInterval(const ConversionLift& lift) {
  const double below = std::hypot(lift.treated_rate - lift.treated_interval.low,
                                  lift.control_interval.high - lift.control_rate);
  const double above = std::hypot(lift.treated_interval.high - lift.treated_rate,
                                  lift.control_rate - lift.control_interval.low);
  return {std::max(-1.0, lift.difference - below), std::min(1.0, lift.difference + above)};
}

// Katz's: normal in the logarithm of the ratio.
ConfidenceInterval RelativeInterval(const Count& treated, const Count& control, double z) {
  const double variance = (1 - treated.rate) / treated.of + (1 - control.rate) / control.of;
  const double centre = std::log(treated.rate / control.rate);
  const double width = z * std::sqrt(variance);
  return {std::expm1(centre - width), std::expm1(centre + width)};
}

// Pooled; 0 where nothing varies.
double PooledZ(const Count& treated, const Count& control) {
  const double rate = (treated.of + control.of) / (treated.all + control.all);
  const double variance = rate * (1 - rate) * (1 / treated.all + 1 / control.all);
  return variance > 0 ? (treated.rate - control.rate) / std::sqrt(variance) : 0;
}

ConfidenceInterval Times(const ConfidenceInterval& interval, double factor) {
  return {interval.low * factor, interval.high * factor};
}

ConversionLift CompareConversions(const Arm& treated_arm, const Arm& control_arm,
                                  double confidence) {
  const Count treated = CountOf(treated_arm);
  const Count control = CountOf(control_arm);
  const double z = NormalWidth(confidence);
  ConversionLift lift;
  lift.treated_rate = treated.rate;
  lift.control_rate = control.rate;
  lift.treated_interval = Wilson(treated, z);
  lift.control_interval = Wilson(control, z);
  lift.difference = treated.rate - control.rate;
  lift.difference_interval = DifferenceInterval(lift);
  if (control_arm.converted > 0) {
    lift.relative = treated.rate / control.rate - 1;
    if (treated_arm.converted > 0) lift.relative_interval = RelativeInterval(treated, control, z);
  }
  lift.z = PooledZ(treated, control);
  lift.p_value = NormalTails(lift.z);
  lift.incremental = lift.difference * treated.all;
  lift.incremental_interval = Times(lift.difference_interval, treated.all);
  return lift;
}

// ---- Money ----

struct Sample {
  double people;
  double mean;
  double mean_variance;  // of the mean: the sample's variance by its people; 0 of one person
};

// Exact up to the last division: squares - sum^2 / people is a whole number less a fraction, both taken whole.
Sample SampleOf(const Arm& arm, const std::string& currency) {
  const auto found = arm.money.find(currency);
  const ArmMoney money = found == arm.money.end() ? ArmMoney() : found->second;
  const auto people = static_cast<double>(arm.people);
  Sample sample{people, static_cast<double>(money.minor_units) / people, 0};
  if (arm.people == 1) return sample;
  const absl::int128 all = arm.people;
  const absl::int128 square = money.minor_units * money.minor_units;
  const absl::int128 rest = square % all;
  const absl::int128 whole = money.squares - square / all - (rest > 0 ? 1 : 0);
  const double part = rest > 0 ? static_cast<double>(all - rest) / people : 0;
  sample.mean_variance = (static_cast<double>(whole) + part) / (people - 1) / people;
  return sample;
}

// Satterthwaite's.
double DegreesOfFreedom(const Sample& treated, const Sample& control) {
  // Of the variance of the difference, what each arm has: their squares would leave the range of doubles.
  const double share = treated.mean_variance / (treated.mean_variance + control.mean_variance);
  return 1 /
         (share * share / (treated.people - 1) + (1 - share) * (1 - share) / (control.people - 1));
}

void CompareByWelch(const Sample& treated, const Sample& control, double confidence,
                    MoneyLift* lift) {
  const double error = std::sqrt(treated.mean_variance + control.mean_variance);
  if (treated.people < 2 || control.people < 2 || !(error > 0)) return;
  const double freedom = DegreesOfFreedom(treated, control);
  const double width = StudentWidth(confidence, freedom) * error;
  lift->difference_interval = {lift->difference - width, lift->difference + width};
  lift->degrees_of_freedom = freedom;
  lift->t = lift->difference / error;
  lift->p_value = StudentTails(*lift->t, freedom);
  lift->incremental_interval = Times(*lift->difference_interval, treated.people);
}

void CompareWithCost(const LiftOptions& options, MoneyLift* lift) {
  const auto cost = std::find_if(options.costs.begin(), options.costs.end(),
                                 [&](const Money& of) { return of.currency == lift->currency; });
  if (cost == options.costs.end()) return;
  const auto spent = static_cast<double>(cost->minor_units);
  const auto back = [&](double incremental) { return (incremental - spent) / spent; };
  lift->return_on_cost = back(lift->incremental);
  if (!lift->incremental_interval) return;
  lift->return_on_cost_interval = {back(lift->incremental_interval->low),
                                   back(lift->incremental_interval->high)};
}

MoneyLift CompareMoney(const Arm& treated_arm, const Arm& control_arm, const std::string& currency,
                       const LiftOptions& options) {
  const Sample treated = SampleOf(treated_arm, currency);
  const Sample control = SampleOf(control_arm, currency);
  MoneyLift lift;
  lift.currency = currency;
  lift.treated_mean = treated.mean;
  lift.control_mean = control.mean;
  lift.difference = treated.mean - control.mean;
  if (control.mean > 0) lift.relative = treated.mean / control.mean - 1;
  lift.incremental = lift.difference * treated.people;
  CompareByWelch(treated, control, options.confidence, &lift);
  CompareWithCost(options, &lift);
  return lift;
}

}  // namespace

absl::StatusOr<LiftResult> Lift(const Arm& treated, const Arm& control,
                                const LiftOptions& options) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  if (absl::Status status = CheckArm(treated, "treated"); !status.ok()) return status;
  if (absl::Status status = CheckArm(control, "control"); !status.ok()) return status;
  LiftResult result;
  result.conversion = CompareConversions(treated, control, options.confidence);
  std::set<std::string> currencies;
  for (const auto& [currency, money] : treated.money) currencies.insert(currency);
  for (const auto& [currency, money] : control.money) currencies.insert(currency);
  for (const Money& cost : options.costs) currencies.insert(cost.currency);
  for (const std::string& currency : currencies)
    result.money.push_back(CompareMoney(treated, control, currency, options));
  return result;
}

}  // namespace polyonym
