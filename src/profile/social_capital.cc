#include "polyonym/profile/social_capital.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "polyonym/profile/affinity.h"

namespace polyonym {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kDayMs = 86'400'000;
constexpr double kGreatest = std::numeric_limits<double>::max();
constexpr std::string_view kTimes = "0..4102444800000";
constexpr std::string_view kSpans = "1..4102444800000";
static_assert(kMaxFactTimeMs == 4'102'444'800'000);

// The four components, in the order in which all that is done to each is done.
struct Component {
  std::string_view name;
  double CapitalComponents::*value;
  double CapitalWeights::*weight;
};
constexpr Component kComponents[] = {
    {"trust", &CapitalComponents::trust, &CapitalWeights::trust},
    {"strength", &CapitalComponents::strength, &CapitalWeights::strength},
    {"activity", &CapitalComponents::activity, &CapitalWeights::activity},
    {"contribution", &CapitalComponents::contribution, &CapitalWeights::contribution},
};

absl::Status Invalid(const std::string& field, std::string_view allowed) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": must be ", std::string(allowed)));
}

std::string At(std::string_view list, std::size_t i, std::string_view field = "") {
  return absl::StrCat(std::string(list), "[", i, "]", std::string(field));
}

// NaN is within nothing.
bool Within(double value, double low, double high) { return value >= low && value <= high; }
bool IsTime(std::int64_t ms) { return ms >= 0 && ms <= kMaxFactTimeMs; }

// An option, and what it may be.
struct Range {
  std::string_view field;
  double value;
  double low;
  double high;
  std::string_view allowed;
};

Range Span(std::string_view field, std::int64_t ms) {
  return {field, static_cast<double>(ms), 1, static_cast<double>(kMaxFactTimeMs), kSpans};
}
Range Half(std::string_view field, double value) {
  return {field, value, 1e-6, 1e12, "1e-6..1e12"};
}

absl::Status CheckRanges(std::span<const Range> ranges) {
  for (const Range& range : ranges) {
    if (!Within(range.value, range.low, range.high)) {
      return Invalid(std::string(range.field), range.allowed);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckWeights(const CapitalWeights& weights) {
  double greatest = 0;
  for (const Component& component : kComponents) {
    const double weight = weights.*component.weight;
    if (!Within(weight, 0, 1'000)) {
      return Invalid("weights." + std::string(component.name), "0..1000");
    }
    greatest = std::max(greatest, weight);
  }
  return greatest > 0 ? absl::OkStatus() : Invalid("weights", "over 0, one of them at least");
}

absl::Status CheckTimes(std::string_view list, std::span<const std::int64_t> times_ms) {
  for (std::size_t i = 0; i < times_ms.size(); ++i) {
    if (!IsTime(times_ms[i])) return Invalid(At(list, i), kTimes);
  }
  return absl::OkStatus();
}

absl::Status CheckTies(std::span<const Tie> ties) {
  for (std::size_t i = 0; i < ties.size(); ++i) {
    if (ties[i].weight_micros < 0 || ties[i].weight_micros > kMaxWeightMicros) {
      return Invalid(At("ties", i, ".weight_micros"), absl::StrCat("0..", kMaxWeightMicros));
    }
    absl::Status status = CheckTimes(At("ties", i, ".in_ms"), ties[i].in_ms);
    if (status.ok()) status = CheckTimes(At("ties", i, ".out_ms"), ties[i].out_ms);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckEvents(std::span<const OwnEvent> events) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (!IsTime(events[i].time_ms)) return Invalid(At("events", i, ".time_ms"), kTimes);
    if (events[i].direction > Direction::kOut) {
      return Invalid(At("events", i, ".direction"), "unknown, in or out");
    }
    if (events[i].contribution_micros < 0) {
      return Invalid(At("events", i, ".contribution_micros"), "0 or more");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckEvidence(const PersonInteractions& person) {
  for (std::size_t i = 0; i < person.ratings.size(); ++i) {
    if (!IsTime(person.ratings[i].time_ms)) return Invalid(At("ratings", i, ".time_ms"), kTimes);
    if (!Within(person.ratings[i].value, 0, 1)) return Invalid(At("ratings", i, ".value"), "0..1");
  }
  for (std::size_t i = 0; i < person.disputes.size(); ++i) {
    if (!IsTime(person.disputes[i].time_ms)) return Invalid(At("disputes", i, ".time_ms"), kTimes);
    if (!Within(person.disputes[i].severity, 0, 1)) {
      return Invalid(At("disputes", i, ".severity"), "0..1");
    }
  }
  return CheckTimes("endorsements_ms", person.endorsements_ms);
}

absl::Status CheckPerson(const PersonInteractions& person, std::int64_t now_ms) {
  if (!IsTime(now_ms)) return Invalid("now_ms", kTimes);
  absl::Status status = CheckTies(person.ties);
  if (status.ok()) status = CheckEvents(person.events);
  if (status.ok()) status = CheckEvidence(person);
  return status;
}

// 1 / (1 + k / x) is x / (x + k), spelt so that each rounding keeps order: a greater x never scores less.
double Saturated(double x, double half) { return 1 / (1 + half / x); }

// What decays with one half-life, as at one time; after which nothing counts.
class Decay {
 public:
  Decay(std::int64_t now_ms, std::int64_t half_life_ms)
      : now_ms_(now_ms), half_life_ms_(half_life_ms) {}
  double operator()(std::int64_t time_ms) const {
    return time_ms > now_ms_ ? 0 : HalfLifeDecay(now_ms_ - time_ms, half_life_ms_);
  }
  // The sum of what `term` makes of each item.
  template <class T, class F>
  static double Sum(const std::vector<T>& items, const F& term) {
    std::vector<double> terms;
    terms.reserve(items.size());
    for (const T& item : items) terms.push_back(term(item));
    return SumSmallestFirst(std::move(terms));
  }
  double Count(const std::vector<std::int64_t>& times_ms) const { return Sum(times_ms, *this); }

 private:
  std::int64_t now_ms_;
  std::int64_t half_life_ms_;
};

void WeighEvidence(const PersonInteractions& person, std::int64_t now_ms,
                   const SocialCapitalOptions& options, CapitalBasis* basis) {
  const Decay decay(now_ms, options.trust_half_life_ms);
  const double liked = Decay::Sum(
      person.ratings, [&](const Rating& rating) { return decay(rating.time_ms) * rating.value; });
  const double disliked = Decay::Sum(person.ratings, [&](const Rating& rating) {
    return decay(rating.time_ms) * (1 - rating.value);
  });
  const double disputed = Decay::Sum(person.disputes, [&](const Dispute& dispute) {
    return decay(dispute.time_ms) * dispute.severity;
  });
  basis->good_evidence = liked + options.endorsement_weight * decay.Count(person.endorsements_ms);
  basis->bad_evidence = disliked + options.dispute_weight * disputed;
}

// The mean of the beta distribution with a prior of two pieces of evidence. As Saturated(): (r + 2a) / (r + 2a + s + 2 (1 - a)).
double Trust(const CapitalBasis& basis, double base_rate) {
  return Saturated(basis.good_evidence + 2 * base_rate, basis.bad_evidence + 2 * (1 - base_rate));
}

double TieStrengths(const std::vector<Tie>& ties, std::int64_t now_ms,
                    const SocialCapitalOptions& options) {
  const Decay decay(now_ms, options.strength_half_life_ms);
  return Decay::Sum(ties, [&](const Tie& tie) {
    const double in = decay.Count(tie.in_ms);
    const double out = decay.Count(tie.out_ms);
    const double flow = options.one_sided_share * (in + out) +
                        (1 - options.one_sided_share) * 2 * std::min(in, out);
    const double weight = static_cast<double>(tie.weight_micros) / 1e6;
    return Saturated(weight * flow, options.tie_interactions);
  });
}

double ActiveDays(const std::vector<OwnEvent>& events, std::int64_t now_ms,
                  const SocialCapitalOptions& options) {
  std::map<std::int64_t, std::int64_t> last_of_day;
  for (const OwnEvent& event : events) {
    if (event.direction == Direction::kOut || event.time_ms > now_ms) continue;
    // A day more, so that times of 1970 do not go below 0 in zones to the west.
    const std::int64_t day =
        (event.time_ms + options.utc_offset_minutes * kMinuteMs + kDayMs) / kDayMs;
    std::int64_t& last_ms = last_of_day[day];
    last_ms = std::max(last_ms, event.time_ms);
  }
  std::vector<std::int64_t> times_ms;
  times_ms.reserve(last_of_day.size());
  for (const auto& [day, last_ms] : last_of_day) times_ms.push_back(last_ms);
  return Decay(now_ms, options.activity_half_life_ms).Count(times_ms);
}

double Index(const CapitalComponents& components, const CapitalWeights& weights) {
  double logs = 0;
  double all = 0;
  for (const Component& component : kComponents) {
    const double weight = weights.*component.weight;
    if (weight == 0) continue;
    logs +=
        weight * std::log(components.*component.value);  // of 0: minus infinity, and the index is 0
    all += weight;
  }
  return std::exp(logs / all);
}

// Half the mean absolute difference, relative to the mean: sum of (2i - n - 1) x_i / (n sum x), x sorted, i from 1. Taken from the
// outermost pair inwards, no term is negative, and equal values give exactly 0.
double Gini(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  double spread = 0;
  double sum = 0;
  for (const double value : values) sum += value;
  if (sum == 0) return 0;
  for (std::size_t i = 0; i < n / 2; ++i) {
    spread += static_cast<double>(n - 1 - 2 * i) * (values[n - 1 - i] - values[i]);
  }
  return std::min(1.0, spread / (static_cast<double>(n) * sum));
}

}  // namespace

absl::Status Validate(const SocialCapitalOptions& options) {
  const Range ranges[] = {
      Span("trust_half_life_ms", options.trust_half_life_ms),
      {"trust_base_rate", options.trust_base_rate, 0.001, 0.999, "0.001..0.999"},
      {"endorsement_weight", options.endorsement_weight, 0, 1e6, "0..1e6"},
      {"dispute_weight", options.dispute_weight, 0, 1e6, "0..1e6"},
      Span("strength_half_life_ms", options.strength_half_life_ms),
      {"one_sided_share", options.one_sided_share, 0, 1, "0..1"},
      Half("tie_interactions", options.tie_interactions),
      Half("ties", options.ties),
      Span("activity_half_life_ms", options.activity_half_life_ms),
      Half("active_days", options.active_days),
      {"utc_offset_minutes", static_cast<double>(options.utc_offset_minutes), -840, 840,
       "-840..840"},
      Span("contribution_half_life_ms", options.contribution_half_life_ms),
      Span("contribution_period_ms", options.contribution_period_ms),
      {"contribution_reference_micros", options.contribution_reference_micros, 1, kGreatest,
       "1 or more, and finite: the mean contribution a period that scores one half"},
  };
  if (auto status = CheckRanges(ranges); !status.ok()) return status;
  return CheckWeights(options.weights);
}

absl::StatusOr<double> MeanContribution(std::span<const OwnEvent> events, std::int64_t now_ms,
                                        const SocialCapitalOptions& options) {
  const Range ranges[] = {
      {"now_ms", static_cast<double>(now_ms), 0, static_cast<double>(kMaxFactTimeMs), kTimes},
      Span("contribution_half_life_ms", options.contribution_half_life_ms),
      Span("contribution_period_ms", options.contribution_period_ms),
  };
  if (auto status = CheckRanges(ranges); !status.ok()) return status;
  if (auto status = CheckEvents(events); !status.ok()) return status;
  const Decay decay(now_ms, options.contribution_half_life_ms);
  std::vector<double> terms;
  terms.reserve(events.size());
  for (const OwnEvent& event : events) {
    if (event.direction == Direction::kOut) continue;
    terms.push_back(decay(event.time_ms) * static_cast<double>(event.contribution_micros));
  }
  const absl::StatusOr<double> steady =
      SteadyCount(options.contribution_period_ms, options.contribution_half_life_ms);
  if (!steady.ok()) return steady.status();
  return SumSmallestFirst(std::move(terms)) / *steady;
}

absl::StatusOr<double> ContributionReference(std::span<const double> means_micros) {
  if (means_micros.empty()) return Invalid("means_micros", "of one person at least");
  for (std::size_t i = 0; i < means_micros.size(); ++i) {
    if (!Within(means_micros[i], 0, kGreatest)) {
      return Invalid(At("means_micros", i), "0 or more, and finite");
    }
  }
  const double sum = SumSmallestFirst({means_micros.begin(), means_micros.end()});
  return std::max(1.0, sum / static_cast<double>(means_micros.size()));
}

absl::StatusOr<SocialCapital> SocialCapitalOf(const PersonInteractions& person, std::int64_t now_ms,
                                              const SocialCapitalOptions& options) {
  if (auto status = Validate(options); !status.ok()) return status;
  if (auto status = CheckPerson(person, now_ms); !status.ok()) return status;
  const absl::StatusOr<double> contribution = MeanContribution(person.events, now_ms, options);
  if (!contribution.ok()) return contribution.status();
  SocialCapital capital;
  CapitalBasis& basis = capital.basis;
  WeighEvidence(person, now_ms, options, &basis);
  basis.tie_strengths = TieStrengths(person.ties, now_ms, options);
  basis.active_days = ActiveDays(person.events, now_ms, options);
  basis.mean_contribution_micros = *contribution;
  capital.components = {.trust = Trust(basis, options.trust_base_rate),
                        .strength = Saturated(basis.tie_strengths, options.ties),
                        .activity = Saturated(basis.active_days, options.active_days),
                        .contribution = Saturated(basis.mean_contribution_micros,
                                                  options.contribution_reference_micros)};
  capital.index = Index(capital.components, options.weights);
  return capital;
}

absl::StatusOr<GroupSocialCapital> SocialCapitalOfGroup(std::span<const CapitalComponents> members,
                                                        const CapitalWeights& weights) {
  if (auto status = CheckWeights(weights); !status.ok()) return status;
  if (members.empty()) return Invalid("members", "one at least");
  GroupSocialCapital group;
  group.members = members.size();
  for (const Component& component : kComponents) {
    std::vector<double> values;
    values.reserve(members.size());
    for (std::size_t i = 0; i < members.size(); ++i) {
      const double value = members[i].*component.value;
      if (!Within(value, 0, 1)) {
        return Invalid(absl::StrCat(At("members", i, "."), std::string(component.name)), "0..1");
      }
      values.push_back(value);
    }
    group.gini.*component.value = Gini(values);
    group.mean.*component.value =
        SumSmallestFirst(std::move(values)) / static_cast<double>(members.size());
  }
  group.index = Index(group.mean, weights);
  return group;
}

}  // namespace polyonym
