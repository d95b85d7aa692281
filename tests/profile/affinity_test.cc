#include "polyonym/profile/affinity.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "harness/catch.h"
#include "harness/random.h"

namespace polyonym {
namespace {

using harness::HoldsText;
using harness::Random;

constexpr std::int64_t kDay = 86'400'000;
constexpr std::int64_t kNow = 20'000 * kDay;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinite = std::numeric_limits<double>::infinity();

bool IsClose(double value, double expected, double relative = 1e-9) {
  UNSCOPED_INFO(value << " against " << expected);
  return std::abs(value - expected) <= relative * std::max(1.0, std::abs(expected));
}

std::vector<std::int64_t> RandomTimes(Random* random, std::int64_t latest_ms) {
  std::vector<std::int64_t> times_ms(random->Below(40));
  for (std::int64_t& time_ms : times_ms) {
    time_ms = random->Between(latest_ms - 400 * kDay, latest_ms);
  }
  return times_ms;
}

template <class Result>
void CheckRefused(const Result& result, const std::string& field) {
  INFO(field);
  REQUIRE_FALSE(result.ok());
  CHECK(result.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(result.status().message()), HoldsText(field));
}

TEST_CASE("decay by half-life is exact at multiples, whatever the half-life") {
  for (const std::int64_t half_life : {std::int64_t{1}, std::int64_t{7}, kDay, 365 * kDay}) {
    for (int times = 0; times < 60; ++times) {
      CHECK(HalfLifeDecay(times * half_life, half_life) == std::ldexp(1.0, -times));
    }
  }
  CHECK(IsClose(HalfLifeDecay(kDay, 2 * kDay), std::sqrt(0.5)));
  CHECK(HalfLifeDecay(kNow, 1) == 0);
}

TEST_CASE("decay falls with age") {
  Random random(1);
  for (int i = 0; i < 2'000; ++i) {
    const std::int64_t half_life = random.Between(1, 400 * kDay);
    const std::int64_t age = random.Between(0, 3 * half_life);
    CHECK(HalfLifeDecay(age + 1, half_life) < HalfLifeDecay(age, half_life));
  }
}

TEST_CASE("a sum is the same in every order, and no greater term lowers it") {
  Random random(2);
  for (int round = 0; round < 300; ++round) {
    std::vector<double> terms(1 + random.Below(50));
    for (double& term : terms)
      term = std::ldexp(1.0 + random.Below(1'000'003) / 1e6, -static_cast<int>(random.Below(60)));
    const double sum = SumSmallestFirst(terms);
    random.Shuffle(&terms);
    CHECK(SumSmallestFirst(terms) == sum);
    double& raised = terms[random.Below(terms.size())];
    raised = std::nextafter(raised, 4.0);
    CHECK(SumSmallestFirst(terms) >= sum);
    terms.push_back(1e-30);
    CHECK(SumSmallestFirst(terms) >= sum);
  }
}

TEST_CASE(
    "a decayed count is order-free, grows with each interaction and halves with each half-life") {
  Random random(3);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::int64_t> times_ms = RandomTimes(&random, kNow);
    const double count = DecayedCount(times_ms, kNow, 30 * kDay).value();
    CHECK(count <= static_cast<double>(times_ms.size()));
    CHECK(DecayedCount(times_ms, kNow + 30 * kDay, 30 * kDay).value() == count / 2);
    CHECK(DecayedCount(times_ms, kNow + 90 * kDay, 30 * kDay).value() == count / 8);
    random.Shuffle(&times_ms);
    CHECK(DecayedCount(times_ms, kNow, 30 * kDay).value() == count);
    times_ms.push_back(kNow - 60 * kDay);
    CHECK(DecayedCount(times_ms, kNow, 30 * kDay).value() > count);
  }
  CHECK(DecayedCount({}, kNow, kDay).value() == 0);
}

TEST_CASE("what lies after now does not count") {
  const std::vector<std::int64_t> times_ms = {kNow - kDay, kNow, kNow + 1};
  CHECK(DecayedCount(times_ms, kNow, kDay).value() == 1.5);
  CHECK(DecayedCount(times_ms, kNow - kDay, kDay).value() == 1);
}

TEST_CASE("a steady rate settles at its steady count, over time") {
  const std::int64_t every = 7 * kDay;
  const std::int64_t half_life = 30 * kDay;
  std::vector<std::int64_t> times_ms;
  for (int i = 0; i < 200; ++i) times_ms.push_back(kNow - i * every);
  double mean = 0;
  for (int day = 0; day < 70; ++day) {  // ten whole intervals, sampled mid-day
    mean +=
        DecayedCount(times_ms, kNow - 70 * kDay + day * kDay + kDay / 2, half_life).value() / 70;
  }
  CHECK(IsClose(mean, SteadyCount(every, half_life).value(), 0.001));
}

TEST_CASE("somebody is frequent from the threshold on") {
  const std::vector<std::int64_t> times_ms = {kNow, kNow - kDay, kNow - 2 * kDay};
  CHECK(IsFrequent(times_ms, kNow, {.half_life_ms = kDay, .at_least = 1.75}).value());
  CHECK_FALSE(IsFrequent(times_ms, kNow, {.half_life_ms = kDay, .at_least = 1.7500001}).value());
  CHECK_FALSE(IsFrequent(times_ms, kNow + kDay, {.half_life_ms = kDay, .at_least = 1.75}).value());
  CHECK_FALSE(IsFrequent({}, kNow).value());
}

// Cormode and others, Forward Decay, ICDE 2009: the landmark is 100, and it is 110 now.
const std::vector<TimedValue>& FiveValues() {
  static const std::vector<TimedValue> values = {{105, 4}, {107, 8}, {103, 3}, {108, 6}, {104, 4}};
  return values;
}

std::vector<TimedValue> RandomValues(Random* random, std::int64_t latest_ms) {
  std::vector<TimedValue> values;
  for (const std::int64_t time_ms : RandomTimes(random, latest_ms)) {
    values.push_back({time_ms, static_cast<double>(random->Between(-1'000, 1'000)) / 7});
  }
  return values;
}

TEST_CASE("weights, count, sum and mean of the worked example of forward decay") {
  const std::vector<double> weights = {0.25, 0.49, 0.09, 0.64, 0.16};
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const std::vector<TimedValue> one = {FiveValues()[i]};
    CHECK(IsClose(ForwardDecay(one, 110, {.landmark_ms = 100}).value().count, weights[i]));
  }
  const ForwardDecayed all = ForwardDecay(FiveValues(), 110, {.landmark_ms = 100}).value();
  CHECK(IsClose(all.count, 1.63));
  CHECK(IsClose(all.sum, 9.67));
  CHECK(IsClose(all.mean.value(), 9.67 / 1.63));
  CHECK(std::round(100 * *all.mean) == 593);
}

TEST_CASE("what lies up to the landmark or after now weighs nothing, and what is now weighs 1") {
  const ForwardDecayOptions from_100{.landmark_ms = 100};
  std::vector<TimedValue> values = FiveValues();
  const ForwardDecayed without = ForwardDecay(values, 110, from_100).value();
  for (const std::int64_t time_ms : {0, 99, 100, 111, 1'000}) values.push_back({time_ms, 50});
  CHECK(ForwardDecay(values, 110, from_100).value() == without);
  for (const std::int64_t now_ms : {0, 100}) {
    CHECK(ForwardDecay(values, now_ms, from_100).value() == ForwardDecayed{});
  }
  const std::vector<TimedValue> just_now = {{110, -3}};
  CHECK(ForwardDecay(just_now, 110, from_100).value() == ForwardDecayed{1, -3, -3});
  CHECK(ForwardDecay({}, 110, from_100).value() == ForwardDecayed{});
}

TEST_CASE("forward decay is order-free, and grows with each interaction and each value") {
  Random random(6);
  for (int round = 0; round < 300; ++round) {
    const ForwardDecayOptions options{.landmark_ms = kNow - random.Between(1, 500) * kDay,
                                      .exponent = 0.1 * static_cast<double>(1 + random.Below(60))};
    std::vector<TimedValue> values = RandomValues(&random, kNow + 9 * kDay);
    const ForwardDecayed before = ForwardDecay(values, kNow, options).value();
    random.Shuffle(&values);
    CHECK(ForwardDecay(values, kNow, options).value() == before);
    values.push_back({kNow, 0});
    CHECK(ForwardDecay(values, kNow, options).value().count > before.count);
    values[random.Below(values.size())].value += 0.001 * static_cast<double>(random.Below(999));
    CHECK(ForwardDecay(values, kNow, options).value().sum >= before.sum);
  }
}

TEST_CASE("weights go by the share of the time since the landmark, and waiting changes no mean") {
  Random random(7);
  for (int round = 0; round < 300; ++round) {
    const std::int64_t landmark = kNow - 500 * kDay;
    const ForwardDecayOptions options{.landmark_ms = landmark, .exponent = 3};
    const std::vector<TimedValue> values = RandomValues(&random, kNow);
    const ForwardDecayed now = ForwardDecay(values, kNow, options).value();
    std::vector<TimedValue> slower = values;  // everything takes three times as long
    for (TimedValue& one : slower) one.time_ms += 2 * (one.time_ms - landmark);
    CHECK(ForwardDecay(slower, kNow + 1'000 * kDay, options).value() == now);
    const ForwardDecayed later = ForwardDecay(values, kNow + 500 * kDay, options).value();
    CHECK(IsClose(later.count, now.count / 8));
    REQUIRE(later.mean.has_value() == now.mean.has_value());
    if (now.mean) CHECK(IsClose(*later.mean, *now.mean));
  }
}

TEST_CASE("the steepest forward decay of the oldest there is has a mean, and the greatest a sum") {
  const std::vector<TimedValue> oldest = {{1, 7}};
  const ForwardDecayed faint = ForwardDecay(oldest, kMaxFactTimeMs, {.exponent = 20}).value();
  CHECK(faint.count > 0);
  CHECK(IsClose(faint.mean.value(), 7));
  const std::vector<TimedValue> greatest(1'000, {kNow, 1e200});
  CHECK(std::isfinite(ForwardDecay(greatest, kNow).value().sum));
}

TEST_CASE("channel affinity is the decayed count of each channel by that of all") {
  const std::vector<ChannelInteraction> interactions = {
      {"mail", kNow - 30 * kDay, Direction::kIn},
      {"wechat", kNow, Direction::kIn},
      {"wechat", kNow - 30 * kDay, Direction::kUnknown},
      {"mail", kNow, Direction::kOut},        // the sender's preference
      {"weibo", kNow + kDay, Direction::kIn}  // not yet
  };
  const auto channels = ChannelAffinities(interactions, kNow, 30 * kDay).value();
  REQUIRE(channels.size() == 2);
  CHECK(channels[0] == ChannelAffinity{"wechat", 0.75, 1.5, 2});
  CHECK(channels[1] == ChannelAffinity{"mail", 0.25, 0.5, 1});
  CHECK(ChannelAffinities({}, kNow, kDay).value().empty());
}

TEST_CASE("shares hold of people long silent, whose counts have gone to nothing") {
  const std::vector<ChannelInteraction> interactions = {{"mail", 0, Direction::kIn},
                                                        {"wechat", kDay, Direction::kIn}};
  const auto now = ChannelAffinities(interactions, kDay, kDay).value();
  const auto later = ChannelAffinities(interactions, kNow, kDay).value();
  REQUIRE(now.size() == 2);
  REQUIRE(later.size() == 2);
  CHECK(now[0].share == later[0].share);
  CHECK(IsClose(later[0].share, 2.0 / 3));
  CHECK(later[0].decayed_count == 0);
}

TEST_CASE("equal shares go by channel") {
  const std::vector<ChannelInteraction> interactions = {
      {"b", kNow, Direction::kIn}, {"a", kNow, Direction::kIn}, {"c", kNow, Direction::kIn}};
  const auto channels = ChannelAffinities(interactions, kNow, kDay).value();
  REQUIRE(channels.size() == 3);
  CHECK(channels[0].channel == "a");
  CHECK(channels[2].channel == "c");
}

TEST_CASE("shares are in 0..1, sum to 1, are order-free, and grow with use") {
  Random random(4);
  const std::vector<std::string> names = {"mail", "shop", "wechat", "weibo"};
  const auto share_of = [](const std::vector<ChannelAffinity>& channels, const std::string& name) {
    for (const ChannelAffinity& channel : channels) {
      if (channel.channel == name) return channel.share;
    }
    return 0.0;
  };
  for (int round = 0; round < 300; ++round) {
    std::vector<ChannelInteraction> interactions;
    for (const std::int64_t time_ms : RandomTimes(&random, kNow)) {
      interactions.push_back({random.Pick(names), time_ms, Direction::kIn});
    }
    const auto channels = ChannelAffinities(interactions, kNow, 30 * kDay).value();
    double sum = 0;
    for (const ChannelAffinity& channel : channels) {
      CHECK(channel.share >= 0);
      CHECK(channel.share <= 1);
      sum += channel.share;
    }
    if (!channels.empty()) CHECK(IsClose(sum, 1, 1e-12));
    random.Shuffle(&interactions);
    CHECK(ChannelAffinities(interactions, kNow, 30 * kDay).value() == channels);
    interactions.push_back({"mail", kNow - 5 * kDay, Direction::kIn});
    const auto more = ChannelAffinities(interactions, kNow, 30 * kDay).value();
    CHECK(share_of(more, "mail") >= share_of(channels, "mail"));
    CHECK(share_of(more, "weibo") <= share_of(channels, "weibo"));
  }
}

TEST_CASE(
    "reciprocity is the lesser flow by the greater, and the stated value where there is none") {
  CHECK(ReciprocityRatio(2, 8).value() == 0.25);
  CHECK(ReciprocityRatio(8, 2).value() == 0.25);
  CHECK(ReciprocityRatio(3, 3).value() == 1);
  CHECK(ReciprocityRatio(3, 0).value() == 0);
  CHECK(ReciprocityRatio(3, 0, 1).value() == 0);
  CHECK(ReciprocityRatio(0, 0).value() == 0);
  CHECK(ReciprocityRatio(0, 0, 0.5).value() == 0.5);
}

const std::vector<ParticipationRole>& Ladder() {
  static const std::vector<ParticipationRole> ladder = {
      {"reader", {{"read", 1}}},
      {"responder", {{"reply", 2}}},
      {"contributor", {{"post", 3}, {"reply", 2}}},
      {"organiser", {{"event_held", 1}}}};
  return ladder;
}

TEST_CASE("a role is the last of the ladder whose needs all hold") {
  CHECK(RoleOf(Ladder(), {}).value() == "");
  CHECK(RoleOf(Ladder(), {{"read", 0.99}}).value() == "");
  CHECK(RoleOf(Ladder(), {{"read", 1}}).value() == "reader");
  CHECK(RoleOf(Ladder(), {{"read", 9}, {"post", 3}}).value() == "reader");
  CHECK(RoleOf(Ladder(), {{"post", 3}, {"reply", 2}}).value() == "contributor");
  CHECK(RoleOf(Ladder(), {{"event_held", 1}}).value() == "organiser");
  const std::vector<ParticipationRole> everybody = {{"member", {}}};
  CHECK(RoleOf(everybody, {}).value() == "member");
}

TEST_CASE("greater counts never lead to an earlier role") {
  Random random(5);
  const std::vector<std::string> activities = {"read", "reply", "post", "event_held"};
  const auto place = [](const std::string& role) {
    for (std::size_t i = 0; i < Ladder().size(); ++i) {
      if (Ladder()[i].name == role) return static_cast<int>(i);
    }
    return -1;
  };
  for (int round = 0; round < 500; ++round) {
    std::map<std::string, double> counts;
    for (const std::string& activity : activities) {
      counts[activity] = static_cast<double>(random.Below(40)) / 10;
    }
    const int before = place(RoleOf(Ladder(), counts).value());
    counts[random.Pick(activities)] += 0.1 * static_cast<double>(random.Below(30));
    CHECK(place(RoleOf(Ladder(), counts).value()) >= before);
  }
}

TEST_CASE("what is out of range is refused by its name") {
  const std::vector<std::int64_t> times_ms = {0, -1};
  const std::vector<std::int64_t> late = {kMaxFactTimeMs + 1};
  CheckRefused(DecayedCount(times_ms, kNow, kDay), "times_ms[1]");
  CheckRefused(DecayedCount(late, kNow, kDay), "times_ms[0]");
  CheckRefused(DecayedCount({}, -1, kDay), "now_ms");
  CheckRefused(DecayedCount({}, kNow, 0), "half_life_ms");
  CheckRefused(SteadyCount(0, kDay), "every_ms");
  CheckRefused(SteadyCount(kDay, -1), "half_life_ms");
  for (const double bad : {0.0, -1.0, kNan, kInfinite}) {
    CheckRefused(IsFrequent({}, kNow, {.half_life_ms = kDay, .at_least = bad}), "at_least");
  }
  for (const double bad : {-1.0, kNan, kInfinite}) {
    CheckRefused(ReciprocityRatio(bad, 1), "in:");
    CheckRefused(ReciprocityRatio(1, bad), "out:");
    CheckRefused(ReciprocityRatio(1, 1, bad), "when_none");
    CheckRefused(RoleOf({}, {{"read", bad}}), "counts");
    const std::vector<ParticipationRole> ladder = {{"all", {}}, {"reader", {{"read", bad}}}};
    CheckRefused(RoleOf(ladder, {}), "ladder[1].needs[0].at_least");
  }
  const std::vector<ParticipationRole> unnamed = {{"", {}}};
  const std::vector<ParticipationRole> twice = {{"a", {}}, {"a", {}}};
  const std::vector<ParticipationRole> of_nothing = {{"a", {{"", 1}}}};
  CheckRefused(RoleOf(unnamed, {}), "ladder[0].name");
  CheckRefused(RoleOf(twice, {}), "ladder[1].name");
  CheckRefused(RoleOf(of_nothing, {}), "ladder[0].needs[0].activity");
}

TEST_CASE("forward decay refuses what is out of range by its name, and tells no value") {
  const std::vector<TimedValue> early = {{0, 0}, {-1, 0}};
  const std::vector<TimedValue> late = {{kMaxFactTimeMs + 1, 0}};
  CheckRefused(ForwardDecay(early, kNow), "values[1].time_ms");
  CheckRefused(ForwardDecay(late, kNow), "values[0].time_ms");
  for (const double bad : {kNan, kInfinite, -kInfinite, 1.1e200, -1.1e200}) {
    const std::vector<TimedValue> values = {{kNow, bad}};
    CheckRefused(ForwardDecay(values, kNow), "values[0].value: must be -1e200..1e200");
  }
  for (const std::int64_t bad : {std::int64_t{-1}, kMaxFactTimeMs + 1}) {
    CheckRefused(ForwardDecay({}, bad), "now_ms");
    CheckRefused(ForwardDecay({}, kNow, {.landmark_ms = bad}), "landmark_ms");
  }
  for (const double bad : {0.0, -1.0, 20.1, kNan, kInfinite}) {
    CheckRefused(ForwardDecay({}, kNow, {.exponent = bad}), "exponent");
  }
}

TEST_CASE("an interaction that cannot be is refused by its name, and its channel is not told") {
  const std::vector<ChannelInteraction> unnamed = {{"", kNow, Direction::kIn}};
  const std::vector<ChannelInteraction> early = {{"secret", -1, Direction::kIn}};
  const std::vector<ChannelInteraction> aslant = {{"secret", kNow, static_cast<Direction>(3)}};
  CheckRefused(ChannelAffinities(unnamed, kNow, kDay), "interactions[0].channel");
  CheckRefused(ChannelAffinities(early, kNow, kDay), "interactions[0].time_ms");
  CheckRefused(ChannelAffinities(aslant, kNow, kDay), "interactions[0].direction");
  CheckRefused(ChannelAffinities({}, kNow, 0), "half_life_ms");
  const std::string message(ChannelAffinities(early, kNow, kDay).status().message());
  CHECK(message.find("secret") == std::string::npos);
}

}  // namespace
}  // namespace polyonym
