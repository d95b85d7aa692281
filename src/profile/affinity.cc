#include "polyonym/profile/affinity.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numbers>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace polyonym {
namespace {

absl::Status Invalid(const std::string& field, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", what));
}

std::string At(std::string_view list, std::size_t i) {
  return absl::StrCat(std::string(list), "[", i, "]");
}

bool IsTime(std::int64_t ms) { return ms >= 0 && ms <= kMaxFactTimeMs; }
bool IsSpan(std::int64_t ms) { return ms >= 1 && ms <= kMaxFactTimeMs; }
bool IsCount(double count) { return count >= 0 && std::isfinite(count); }

absl::Status BadTime(const std::string& field) {
  return Invalid(field, absl::StrCat("must be 0..", kMaxFactTimeMs));
}

absl::Status CheckSpan(const std::string& field, std::int64_t ms) {
  if (IsSpan(ms)) return absl::OkStatus();
  return Invalid(field, absl::StrCat("must be 1..", kMaxFactTimeMs));
}

absl::Status CheckClock(std::int64_t now_ms, std::int64_t half_life_ms) {
  if (!IsTime(now_ms)) return BadTime("now_ms");
  return CheckSpan("half_life_ms", half_life_ms);
}

double CountAt(std::span<const std::int64_t> times_ms, std::int64_t now_ms,
               std::int64_t half_life_ms) {
  std::vector<double> terms;
  terms.reserve(times_ms.size());
  for (const std::int64_t time_ms : times_ms) {
    if (time_ms <= now_ms) terms.push_back(HalfLifeDecay(now_ms - time_ms, half_life_ms));
  }
  return SumSmallestFirst(std::move(terms));
}

absl::Status CheckForwardDecay(std::span<const TimedValue> values, std::int64_t now_ms,
                               const ForwardDecayOptions& options) {
  if (!IsTime(now_ms)) return BadTime("now_ms");
  if (!IsTime(options.landmark_ms)) return BadTime("landmark_ms");
  if (!(options.exponent > 0 && options.exponent <= 20)) {
    return Invalid("exponent", "must be over 0, and 20 at most");
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string field = At("values", i);
    if (!IsTime(values[i].time_ms)) return BadTime(field + ".time_ms");
    if (!(std::abs(values[i].value) <= 1e200)) {
      return Invalid(field + ".value", "must be -1e200..1e200");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckInteraction(const std::string& field, const ChannelInteraction& interaction) {
  if (interaction.channel.empty()) return Invalid(field + ".channel", "must not be empty");
  if (!IsTime(interaction.time_ms)) return BadTime(field + ".time_ms");
  if (interaction.direction > Direction::kOut) {
    return Invalid(field + ".direction", "must be unknown, in or out");
  }
  return absl::OkStatus();
}

absl::Status CheckLadder(std::span<const ParticipationRole> ladder) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < ladder.size(); ++i) {
    const ParticipationRole& role = ladder[i];
    const std::string field = At("ladder", i);
    if (role.name.empty()) return Invalid(field + ".name", "must not be empty");
    if (!names.insert(role.name).second) return Invalid(field + ".name", "is given twice");
    for (std::size_t j = 0; j < role.needs.size(); ++j) {
      const std::string need = At(field + ".needs", j);
      if (role.needs[j].activity.empty()) return Invalid(need + ".activity", "must not be empty");
      if (!IsCount(role.needs[j].at_least)) {
        return Invalid(need + ".at_least", "must be 0 or more, and finite");
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

double HalfLifeDecay(std::int64_t age_ms, std::int64_t half_life_ms) {
  // Whole half-lives only change the exponent: exact. The smallest double is 2^-1074.
  const std::int64_t whole = std::min<std::int64_t>(age_ms / half_life_ms, 2'000);
  const double part =
      static_cast<double>(age_ms % half_life_ms) / static_cast<double>(half_life_ms);
  return std::ldexp(std::exp2(-part), -static_cast<int>(whole));
}

double SumSmallestFirst(std::vector<double> terms) {
  std::sort(terms.begin(), terms.end());
  double sum = 0;
  for (const double term : terms) sum += term;
  return sum;
}

absl::StatusOr<double> DecayedCount(std::span<const std::int64_t> times_ms, std::int64_t now_ms,
                                    std::int64_t half_life_ms) {
  if (auto status = CheckClock(now_ms, half_life_ms); !status.ok()) return status;
  for (std::size_t i = 0; i < times_ms.size(); ++i) {
    if (!IsTime(times_ms[i])) return BadTime(At("times_ms", i));
  }
  return CountAt(times_ms, now_ms, half_life_ms);
}

absl::StatusOr<double> SteadyCount(std::int64_t every_ms, std::int64_t half_life_ms) {
  if (auto status = CheckSpan("every_ms", every_ms); !status.ok()) return status;
  if (auto status = CheckSpan("half_life_ms", half_life_ms); !status.ok()) return status;
  return static_cast<double>(half_life_ms) / (static_cast<double>(every_ms) * std::numbers::ln2);
}

absl::StatusOr<bool> IsFrequent(std::span<const std::int64_t> times_ms, std::int64_t now_ms,
                                const FrequentOptions& options) {
  if (!(options.at_least > 0 && options.at_least <= 1e12)) {
    return Invalid("at_least", "must be over 0, and 1e12 at most");
  }
  const absl::StatusOr<double> count = DecayedCount(times_ms, now_ms, options.half_life_ms);
  if (!count.ok()) return count.status();
  return *count >= options.at_least;
}

absl::StatusOr<ForwardDecayed> ForwardDecay(std::span<const TimedValue> values, std::int64_t now_ms,
                                            const ForwardDecayOptions& options) {
  if (auto status = CheckForwardDecay(values, now_ms, options); !status.ok()) return status;
  std::vector<double> weights, gains, losses;  // apart, so that each sum has one sign
  for (const TimedValue& one : values) {
    if (one.time_ms <= options.landmark_ms || one.time_ms > now_ms) continue;
    const double share = static_cast<double>(one.time_ms - options.landmark_ms) /
                         static_cast<double>(now_ms - options.landmark_ms);
    const double weight = std::pow(share, options.exponent);
    weights.push_back(weight);
    (one.value < 0 ? losses : gains).push_back(weight * std::abs(one.value));
  }
  ForwardDecayed decayed;
  decayed.count = SumSmallestFirst(std::move(weights));
  decayed.sum = SumSmallestFirst(std::move(gains)) - SumSmallestFirst(std::move(losses));
  // Times are below 2^42, so that no weight to the power of 20 is lost.
  if (decayed.count > 0) decayed.mean = decayed.sum / decayed.count;
  return decayed;
}

absl::StatusOr<std::vector<ChannelAffinity>> ChannelAffinities(
    std::span<const ChannelInteraction> interactions, std::int64_t now_ms,
    std::int64_t half_life_ms) {
  if (auto status = CheckClock(now_ms, half_life_ms); !status.ok()) return status;
  std::map<std::string_view, std::vector<std::int64_t>> times_of;
  std::int64_t newest_ms = 0;
  for (std::size_t i = 0; i < interactions.size(); ++i) {
    const ChannelInteraction& one = interactions[i];
    if (auto status = CheckInteraction(At("interactions", i), one); !status.ok()) return status;
    if (one.direction == Direction::kOut || one.time_ms > now_ms) continue;
    times_of[one.channel].push_back(one.time_ms);
    newest_ms = std::max(newest_ms, one.time_ms);
  }
  std::vector<ChannelAffinity> channels;
  std::vector<double> counts;  // as at the newest interaction: at least 1 in all, however long ago
  for (const auto& [channel, times_ms] : times_of) {
    const double count = CountAt(times_ms, newest_ms, half_life_ms);
    counts.push_back(count);
    channels.push_back({.channel = std::string(channel),
                        .share = count,
                        .decayed_count = CountAt(times_ms, now_ms, half_life_ms),
                        .interactions = times_ms.size()});
  }
  const double all = SumSmallestFirst(std::move(counts));
  for (ChannelAffinity& channel : channels) channel.share /= all;
  // Channels are in order of name, which a stable sort keeps for equal shares.
  std::stable_sort(
      channels.begin(), channels.end(),
      [](const ChannelAffinity& a, const ChannelAffinity& b) { return a.share > b.share; });
  return channels;
}

absl::StatusOr<double> ReciprocityRatio(double in, double out, double when_none) {
  if (!IsCount(in)) return Invalid("in", "must be 0 or more, and finite");
  if (!IsCount(out)) return Invalid("out", "must be 0 or more, and finite");
  if (!(when_none >= 0 && when_none <= 1)) return Invalid("when_none", "must be 0..1");
  const auto [low, high] = std::minmax(in, out);
  return high == 0 ? when_none : low / high;
}

absl::StatusOr<std::string> RoleOf(std::span<const ParticipationRole> ladder,
                                   const std::map<std::string, double>& counts) {
  if (auto status = CheckLadder(ladder); !status.ok()) return status;
  for (const auto& [activity, count] : counts) {
    if (!IsCount(count)) return Invalid("counts", "each must be 0 or more, and finite");
  }
  const auto holds = [&counts](const ParticipationRole::Need& need) {
    const auto found = counts.find(need.activity);
    return (found == counts.end() ? 0 : found->second) >= need.at_least;
  };
  std::string role;
  for (const ParticipationRole& step : ladder) {
    if (std::all_of(step.needs.begin(), step.needs.end(), holds)) role = step.name;
  }
  return role;
}

}  // namespace polyonym
