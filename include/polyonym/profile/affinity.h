// profile/affinity.h - measures of interaction: decayed counts and means, channel affinity, reciprocity, frequency, participation roles.
//
// Use it on the interactions of one person, or of one tie between two. These are functions of their arguments alone: no clock, no
// store, no definitions. profile/social_capital.h builds its index on them; docs/social_capital.md has the formulas at length.
//
// Times are milliseconds since 1970-01-01T00:00:00Z, 0..kMaxFactTimeMs. What lies after `now_ms` does not count, so that a measure of
// the past is taken by giving that time. Half-lives and periods are 1..kMaxFactTimeMs ms.
//
// Invariants: (I1) results are the same, bit for bit, in whatever order interactions come. (I2) one interaction more never lowers a
// count. (I3) a count by half-life halves exactly with each half-life, down to the smallest normal double.
//
// ERRORS: InvalidArgument naming the field and what is allowed; never a value or a channel.
// THREADS: all functions are thread-safe.
#ifndef POLYONYM_PROFILE_AFFINITY_H_
#define POLYONYM_PROFILE_AFFINITY_H_

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "polyonym/model/facts.h"

namespace polyonym {

// 0.5^(age / half-life), in 0..1: what is left of 1 after `age_ms`. Whole half-lives are exact; between them the value is that of the
// machine's exp2().
// REQUIRES: age_ms >= 0, half_life_ms > 0.
double HalfLifeDecay(std::int64_t age_ms, std::int64_t half_life_ms);

// The sum of the terms, the smallest first. It depends on no order of theirs, and raising a term or adding one never lowers it: rounding
// keeps order, and sorted terms stay below sorted greater ones.
// REQUIRES: none is negative or NaN.  COST: O(n log n).
double SumSmallestFirst(std::vector<double> terms);

// The sum over `times_ms` of HalfLifeDecay(now_ms - time): an interaction counts 1 when it happens, one half after a half-life.
// ERRORS: InvalidArgument: `times_ms[i]`, `now_ms`, `half_life_ms` out of range.  COST: O(n log n).
absl::StatusOr<double> DecayedCount(std::span<const std::int64_t> times_ms, std::int64_t now_ms,
                                    std::int64_t half_life_ms);

// Where the decayed count of one interaction every `every_ms` settles, taken over time: half-life / (every * ln 2). So a decayed count
// divided by SteadyCount(period) is a mean number a period, weighted by recency (an exponential moving average: Brown 1959).
// ERRORS: InvalidArgument: `every_ms`, `half_life_ms` out of range.
absl::StatusOr<double> SteadyCount(std::int64_t every_ms, std::int64_t half_life_ms);

struct FrequentOptions {
  std::int64_t half_life_ms = 30LL * 86'400'000;  // DEFAULT: 30 days
  // The decayed count from which on somebody is frequent; range over 0..1e12. SteadyCount() turns "once a week" into it.
  // DEFAULT: 4, a little less than what once a week settles at with the default half-life (6.2).
  double at_least = 4;
};

// Whether the decayed count has reached the threshold.
// ERRORS: InvalidArgument: as DecayedCount(), and `at_least`.  COST: O(n log n).
absl::StatusOr<bool> IsFrequent(std::span<const std::int64_t> times_ms, std::int64_t now_ms,
                                const FrequentOptions& options = {});

struct TimedValue {
  std::int64_t time_ms = 0;
  double value = 0;  // range -1e200..1e200, so that no sum overflows
};

struct ForwardDecayOptions {
  // Where time begins, such as the start of a campaign; range as times. DEFAULT: 1970, from which on all of today weighs about the
  // same: give one.
  std::int64_t landmark_ms = 0;
  double exponent = 2;  // range over 0, 20 at most. DEFAULT: 2
};

struct ForwardDecayed {
  double count = 0;            // the sum of weights
  double sum = 0;              // the sum of weight * value
  std::optional<double> mean;  // sum / count; none where the count is 0
  friend bool operator==(const ForwardDecayed&, const ForwardDecayed&) = default;
};

// Polynomial forward decay: a value weighs ((time - landmark) / (now - landmark))^exponent, 0 at the landmark and 1 now. What is half as
// far from the landmark as now is weighs 0.5^exponent, however long that is, where a half-life forgets by age alone. So all weights
// fall by one factor as time passes, and the mean changes by what happens and not by waiting, up to rounding.
// What lies before the landmark does not count, as what lies after `now_ms` does not; at a `now_ms` up to the landmark nothing counts.
// Source: Cormode, Shkapenyuk, Srivastava, Xu, Forward Decay: A Practical Time Decay Model for Streaming Systems, ICDE 2009.
// ENSURES: a greater value never lowers the sum.
// ERRORS: InvalidArgument: `values[i].time_ms`, `values[i].value`, `now_ms`, `landmark_ms`, `exponent` out of range.  COST: O(n log n).
absl::StatusOr<ForwardDecayed> ForwardDecay(std::span<const TimedValue> values, std::int64_t now_ms,
                                            const ForwardDecayOptions& options = {});

struct ChannelInteraction {
  std::string channel;  // 1 byte or more
  std::int64_t time_ms = 0;
  Direction direction = Direction::kUnknown;
};

struct ChannelAffinity {
  std::string channel;
  double share = 0;          // 0..1; over the channels they sum to 1, up to rounding
  double decayed_count = 0;  // as at now
  std::uint64_t interactions = 0;
  friend bool operator==(const ChannelAffinity&, const ChannelAffinity&) = default;
};

// Which channels a person prefers, by use: the decayed count of each channel divided by that of all. The greatest share first, equal ones
// by channel. Interactions out (to the person) do not count: they tell what the sender prefers. Empty where there are none.
//
// With one half-life for all, shares do not depend on `now_ms`: they change when somebody acts, and not by waiting. They are
// computed as at the newest interaction, so that they hold of people who have been silent for long, whose counts are 0.
// ERRORS: InvalidArgument: `interactions[i].channel` empty; `interactions[i].time_ms`, `interactions[i].direction`, `now_ms`,
// `half_life_ms` out of range.  COST: O(n log n).
absl::StatusOr<std::vector<ChannelAffinity>> ChannelAffinities(
    std::span<const ChannelInteraction> interactions, std::int64_t now_ms,
    std::int64_t half_life_ms);

// How mutual two flows are: min(in, out) / max(in, out), in 0..1; 1: as much comes back as goes; 0: one side is silent. Where both
// are 0 it is `when_none`. In and out may be counts or decayed counts; exchanging them changes nothing.
// It is a ratio: more of the greater flow lowers it. The mutual part of all flow, 2 min / (in + out) (weighted reciprocity: Squartini,
// Picciolo, Ruzzenenti, Garlaschelli, Scientific Reports 3:2729, 2013), is 2q / (1 + q) of this ratio q.
// ERRORS: InvalidArgument: `in`, `out` negative, NaN or infinite; `when_none` not 0..1.
absl::StatusOr<double> ReciprocityRatio(double in, double out, double when_none = 0);

// A step of a participation ladder, as data: reader, responder, contributor, organiser; or follower, listener, adviser, co-creator.
// The idea that people climb such steps: Preece and Shneiderman, The Reader-to-Leader Framework, 2009. The thresholds are the host's.
struct ParticipationRole {
  struct Need {
    std::string activity;  // a key of the counts: `reply`
    double at_least = 1;   // 0 or more, finite
  };
  std::string name;
  std::vector<Need> needs;  // all of them; none: everybody
};

// The last role of `ladder` whose needs all hold; empty: none. As in a Ladder, a role does not ask for those before it. `counts` are the
// person's, by activity, decayed or not; an activity that is not among them counts 0. Greater counts never lead to an earlier role.
// ERRORS: InvalidArgument: `ladder[i].name` empty or given twice; `ladder[i].needs[j].activity` empty; `ladder[i].needs[j].at_least` or
// `counts` negative, NaN or infinite.  COST: the needs, each a look-up.
absl::StatusOr<std::string> RoleOf(std::span<const ParticipationRole> ladder,
                                   const std::map<std::string, double>& counts);

}  // namespace polyonym

#endif  // POLYONYM_PROFILE_AFFINITY_H_
