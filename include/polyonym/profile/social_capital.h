// profile/social_capital.h - the social-capital index of a person and of a group: trust, strength, activity, contribution.
//
// Use it to rank, to watch and to explain how well a person is bound into a community or to a company. It is an index by convention: the
// formulas are those of the literature, the constants are chosen and not fitted, and it predicts nothing by itself. What it does not
// say, and an example by hand: docs/social_capital.md.
//
//   SocialCapitalOptions options;
//   options.contribution_reference_micros = 20'000'000;  // 20 yuan in 30 days score one half
//   absl::StatusOr<SocialCapital> capital = SocialCapitalOf(person, now_ms, options);
//
// All functions depend on their arguments alone. Times are milliseconds since 1970-01-01T00:00:00Z, 0..kMaxFactTimeMs. What lies after
// `now_ms` does not count: the history of a score is the score at several times.
//
// With d = HalfLifeDecay(now - time) and half(x, k) = x / (x + k), which is 0 at 0, one half at k, and nears 1:
//
//   trust         (r + 2a) / (r + s + 2): the mean of the beta reputation, with base rate a and forgetting by half-life; r and s are the
//                 decayed good and bad evidence. (Josang and Ismail, The Beta Reputation System, 2002; base rate: Josang,
//                 Subjective Logic, 2016.)
//   strength      half(sum over ties of half(x, tie_interactions), ties), with x = weight * (q (in + out) + (1 - q) 2 min(in, out)), in
//                 and out decayed counts, q = one_sided_share: flow that is returned counts in full, other flow for the share q.
//                 (Mutual part of a weighted tie: Squartini et al., Scientific Reports 3:2729, 2013.)
//   activity      half(sum of d over the days with an event, active_days); of a day its last event counts.
//   contribution  half(m, reference), m = the sum of d * value, divided by SteadyCount(period): the mean value a period, weighted by
//                 recency.
//   index         exp(sum of w ln c / sum of w): the weighted geometric mean, so that no component makes up for another that is 0. (As
//                 in the Human Development Index since 2010.)
//
// Invariants: (I1) every component, mean, Gini coefficient and index is in 0..1. (I2) results are the same, bit for bit, in whatever order
// the inputs come; sums take the smallest term first. (I3) no component is lowered by: a greater rating, another endorsement, a
// dispute less or a lighter one (trust); another tie or interaction, a greater weight (strength); another event (activity); another
// contribution or a greater one (contribution). The index follows, up to the rounding of exp and log. (I4) a group of one has the
// components and the index of that person.
//
// Results are the same bits for the same build; another mathematics library may differ in the last digit.
//
// THREADS: all functions are thread-safe.
#ifndef POLYONYM_PROFILE_SOCIAL_CAPITAL_H_
#define POLYONYM_PROFILE_SOCIAL_CAPITAL_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "polyonym/model/facts.h"

namespace polyonym {

// What a person and one other exchanged. One tie for each other: a second one would be saturated anew.
struct Tie {
  std::int64_t weight_micros =
      1'000'000;                     // millionths, as of a Relation; range 0..kMaxWeightMicros
  std::vector<std::int64_t> in_ms;   // interactions one way
  std::vector<std::int64_t> out_ms;  // and the other: exchanging the two changes nothing
};

// What the person did. Events out (to the person) are allowed, and count for nothing.
struct OwnEvent {
  std::int64_t time_ms = 0;
  Direction direction = Direction::kUnknown;
  // Of one unit and currency for all, 0 or more; take refunds off before. 0: activity without value.
  std::int64_t contribution_micros = 0;
};

struct Rating {
  std::int64_t time_ms = 0;
  double value = 0;  // 0..1: the share of satisfaction; five stars are 1, one star is 0
};

struct Dispute {
  std::int64_t time_ms = 0;
  double severity = 1;  // 0..1
};

struct PersonInteractions {
  std::vector<Tie> ties;
  std::vector<OwnEvent> events;
  std::vector<Rating> ratings;                // received
  std::vector<std::int64_t> endorsements_ms;  // received
  std::vector<Dispute> disputes;              // that the person is held to have caused
};

// Weights of the components in the index; range 0..1,000 each, one over 0. What has weight 0 is left out.
struct CapitalWeights {
  double trust = 1;
  double strength = 1;
  double activity = 1;
  double contribution = 1;
};

// Half-lives and periods: range 1..kMaxFactTimeMs ms. Constants that score one half: range 1e-6..1e12.
struct SocialCapitalOptions {
  std::int64_t trust_half_life_ms = 365LL * 86'400'000;  // DEFAULT: 365 days
  double trust_base_rate = 0.5;                          // of somebody unknown; range 0.001..0.999
  double endorsement_weight = 1;                         // of a full rating; range 0..1e6
  double dispute_weight = 1;                             // of a rating of 0; range 0..1e6

  std::int64_t strength_half_life_ms = 90LL * 86'400'000;  // DEFAULT: 90 days
  double one_sided_share = 0.5;  // of flow that is not returned; range 0..1
  double tie_interactions = 4;   // decayed interactions that make a tie half strong
  double ties = 3;               // full ties that make a person score one half

  std::int64_t activity_half_life_ms = 30LL * 86'400'000;  // DEFAULT: 30 days
  double active_days = 4;               // decayed active days that score one half
  std::int32_t utc_offset_minutes = 0;  // where a day begins; range -840..840

  std::int64_t contribution_half_life_ms = 365LL * 86'400'000;  // DEFAULT: 365 days
  std::int64_t contribution_period_ms = 30LL * 86'400'000;      // DEFAULT: 30 days
  // The mean contribution a period that scores one half; 1 or more, finite. There is no default, since it
  // depends on the unit: 0 is refused. ContributionReference() is a group's own.
  double contribution_reference_micros = 0;

  CapitalWeights weights;
};

struct CapitalComponents {  // each 0..1
  double trust = 0;
  double strength = 0;
  double activity = 0;
  double contribution = 0;
  friend bool operator==(const CapitalComponents&, const CapitalComponents&) = default;
};

// What the components were made of, to explain them.
struct CapitalBasis {
  // Decayed evidence, r and s: trust rests on r + s pieces of it, and says little where there are few.
  double good_evidence = 0;
  double bad_evidence = 0;
  double tie_strengths = 0;             // sum over the ties, each 0..1
  double active_days = 0;               // decayed
  double mean_contribution_micros = 0;  // a period
  friend bool operator==(const CapitalBasis&, const CapitalBasis&) = default;
};

struct SocialCapital {
  CapitalComponents components;
  double index = 0;  // 0..1
  CapitalBasis basis;
  friend bool operator==(const SocialCapital&, const SocialCapital&) = default;
};

struct GroupSocialCapital {
  CapitalComponents mean;  // over the members
  // The Gini coefficient over the members: 0: all have the same, or nothing; (n - 1) / n: one has it all.
  CapitalComponents gini;
  double index = 0;  // of the means, 0..1
  std::uint64_t members = 0;
  friend bool operator==(const GroupSocialCapital&, const GroupSocialCapital&) = default;
};

// ERRORS: InvalidArgument naming the field (`weights.trust`) and what is allowed; NaN is never.
absl::Status Validate(const SocialCapitalOptions& options);

// The capital of one person as at `now_ms`. Nothing known: trust is the base rate, the other three are 0, and so is the index unless
// these have no weight.
// ERRORS: InvalidArgument: as Validate(options), and `now_ms`, `ties[3].in_ms[0]`, `events[2].contribution_micros` and so on out of
// range, negative or NaN.  COST: O(n log n) of all that is given.
absl::StatusOr<SocialCapital> SocialCapitalOf(const PersonInteractions& person, std::int64_t now_ms,
                                              const SocialCapitalOptions& options);

// The mean contribution a period, in micros, as CapitalBasis has it: to find a group's reference before anybody is scored. Of the options
// it takes contribution_half_life_ms and contribution_period_ms alone.
// ERRORS: InvalidArgument naming one of these two, `now_ms`, or a field of `events[i]`.  COST: O(n log n).
absl::StatusOr<double> MeanContribution(std::span<const OwnEvent> events, std::int64_t now_ms,
                                        const SocialCapitalOptions& options);

// The mean over a group's MeanContribution()s, at least 1 micro so that it can be used as it is: who contributes as much as the group's
// mean scores one half.
// ERRORS: InvalidArgument: `means_micros` empty; `means_micros[i]` negative, NaN or infinite.  COST: O(n log n).
absl::StatusOr<double> ContributionReference(std::span<const double> means_micros);

// The capital of a group, or of a segment. Members are to be scored with the same options and time.
// ERRORS: InvalidArgument: `members` empty; `members[i].trust` and so on not 0..1; `weights` as Validate().  COST: O(n log n).
absl::StatusOr<GroupSocialCapital> SocialCapitalOfGroup(std::span<const CapitalComponents> members,
                                                        const CapitalWeights& weights = {});

}  // namespace polyonym

#endif  // POLYONYM_PROFILE_SOCIAL_CAPITAL_H_
