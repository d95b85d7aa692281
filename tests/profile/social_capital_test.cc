#include "polyonym/profile/social_capital.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
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

SocialCapitalOptions Options() {
  SocialCapitalOptions options;
  options.contribution_reference_micros = 20'000'000;
  return options;
}

SocialCapital Score(const PersonInteractions& person, std::int64_t now_ms = kNow,
                    const SocialCapitalOptions& options = Options()) {
  const auto capital = SocialCapitalOf(person, now_ms, options);
  INFO(capital.status().ToString());
  REQUIRE(capital.ok());
  return *capital;
}

// The example of docs/social_capital.md.
PersonInteractions Example() {
  PersonInteractions person;
  person.ratings = {{kNow, 1.0}, {kNow - 365 * kDay, 0.5}};
  person.endorsements_ms = {kNow, kNow - 730 * kDay};
  person.disputes = {{kNow - 365 * kDay, 1.0}};
  person.ties = {{.weight_micros = 1'000'000, .in_ms = {kNow, kNow, kNow}, .out_ms = {kNow}},
                 {.weight_micros = 2'000'000,
                  .in_ms = {kNow - 90 * kDay, kNow - 90 * kDay},
                  .out_ms = {kNow}}};
  person.events = {{kNow, Direction::kIn, 100'000'000},
                   {kNow, Direction::kIn, 0},
                   {kNow - 10 * kDay, Direction::kOut, 900'000'000},
                   {kNow - 30 * kDay, Direction::kIn, 0},
                   {kNow - 60 * kDay, Direction::kUnknown, 0},
                   {kNow - 365 * kDay, Direction::kIn, 200'000'000}};
  return person;
}

std::int64_t RandomTime(Random* random) { return random->Between(kNow - 600 * kDay, kNow); }
double RandomShare(Random* random) { return static_cast<double>(random->Below(1'001)) / 1'000; }

std::vector<std::int64_t> RandomTimes(Random* random) {
  std::vector<std::int64_t> times_ms(random->Below(8));
  for (std::int64_t& time_ms : times_ms) time_ms = RandomTime(random);
  return times_ms;
}

OwnEvent RandomEvent(Random* random) {
  return {RandomTime(random), static_cast<Direction>(random->Below(3)),
          random->Chance(50) ? 0 : random->Between(0, 500'000'000)};
}

PersonInteractions RandomPerson(Random* random) {
  PersonInteractions person;
  for (std::uint64_t i = random->Below(6); i > 0; --i) {
    person.ties.push_back(
        {random->Between(0, 5'000'000), RandomTimes(random), RandomTimes(random)});
  }
  for (std::uint64_t i = random->Below(20); i > 0; --i)
    person.events.push_back(RandomEvent(random));
  for (std::uint64_t i = random->Below(6); i > 0; --i) {
    person.ratings.push_back({RandomTime(random), RandomShare(random)});
  }
  for (std::uint64_t i = random->Below(4); i > 0; --i) {
    person.disputes.push_back({RandomTime(random), RandomShare(random)});
  }
  person.endorsements_ms = RandomTimes(random);
  return person;
}

SocialCapitalOptions RandomOptions(Random* random) {
  SocialCapitalOptions options = Options();
  options.trust_half_life_ms = random->Between(1, 800 * kDay);
  options.trust_base_rate = 0.001 + 0.998 * RandomShare(random);
  options.endorsement_weight = 3 * RandomShare(random);
  options.dispute_weight = 3 * RandomShare(random);
  options.strength_half_life_ms = random->Between(1, 800 * kDay);
  options.one_sided_share = RandomShare(random);
  options.tie_interactions = 0.1 + 9 * RandomShare(random);
  options.ties = 0.1 + 9 * RandomShare(random);
  options.activity_half_life_ms = random->Between(1, 800 * kDay);
  options.active_days = 0.1 + 9 * RandomShare(random);
  options.utc_offset_minutes = static_cast<std::int32_t>(random->Between(-840, 840));
  options.contribution_half_life_ms = random->Between(1, 800 * kDay);
  options.weights = {1 + RandomShare(random), RandomShare(random), RandomShare(random),
                     RandomShare(random)};
  return options;
}

template <class F>
void ForEachComponent(const CapitalComponents& components, const F& f) {
  f(components.trust);
  f(components.strength);
  f(components.activity);
  f(components.contribution);
}

void CheckBounds(const CapitalComponents& components, double index) {
  ForEachComponent(components, [](double value) {
    CHECK(value >= 0);
    CHECK(value <= 1);
  });
  CHECK(index >= 0);
  CHECK(index <= 1);
}

// No component of `after` is below that of `before`; the index but for the rounding of logarithms.
void CheckNotLower(const SocialCapital& before, const SocialCapital& after) {
  CHECK(after.components.trust >= before.components.trust);
  CHECK(after.components.strength >= before.components.strength);
  CHECK(after.components.activity >= before.components.activity);
  CHECK(after.components.contribution >= before.components.contribution);
  CHECK(after.index >= before.index * (1 - 1e-14));
}

TEST_CASE("the example of the documentation has the numbers that it states") {
  const SocialCapital capital = Score(Example());
  CHECK(capital.basis.good_evidence == 2.5);
  CHECK(capital.basis.bad_evidence == 0.75);
  CHECK(IsClose(capital.basis.tie_strengths, 3.0 / 7 + 0.5));
  CHECK(IsClose(capital.basis.active_days, 1.75 + std::exp2(-365.0 / 30)));
  CHECK(IsClose(capital.basis.mean_contribution_micros, 11'394'200.228, 1e-9));
  CHECK(IsClose(capital.components.trust, 2.0 / 3));
  CHECK(IsClose(capital.components.strength, 13.0 / 55));
  CHECK(IsClose(capital.components.activity, 0.304374139, 1e-8));
  CHECK(IsClose(capital.components.contribution, 0.362939656, 1e-8));
  CHECK(IsClose(capital.index, 0.363230990, 1e-8));

  const std::vector<CapitalComponents> members = {capital.components, Score({}).components};
  const GroupSocialCapital group = SocialCapitalOfGroup(members).value();
  CHECK(IsClose(group.mean.trust, 7.0 / 12));
  CHECK(IsClose(group.mean.strength, 13.0 / 110));
  CHECK(IsClose(group.gini.trust, 1.0 / 14));
  CHECK(group.gini.strength == 0.5);
  CHECK(IsClose(group.index, 0.208887480, 1e-8));
}

TEST_CASE("of somebody unknown trust is the base rate and all else is nothing") {
  const SocialCapital capital = Score({});
  CHECK(capital.components == CapitalComponents{0.5, 0, 0, 0});
  CHECK(capital.index == 0);
  SocialCapitalOptions options = Options();
  options.trust_base_rate = 0.25;
  options.weights = {1, 0, 0, 0};
  CHECK(IsClose(Score({}, kNow, options).index, 0.25));
}

TEST_CASE("every component and index is in 0..1") {
  Random random(11);
  for (int round = 0; round < 1'000; ++round) {
    const PersonInteractions person = RandomPerson(&random);
    const SocialCapital capital = Score(person, kNow, RandomOptions(&random));
    CheckBounds(capital.components, capital.index);
  }
}

TEST_CASE("the greatest and least inputs stay in bounds") {
  SocialCapitalOptions options = Options();
  options.tie_interactions = options.ties = options.active_days = 1e-6;
  options.contribution_reference_micros = 1;
  options.contribution_half_life_ms = 1;
  options.contribution_period_ms = kMaxFactTimeMs;
  PersonInteractions person = Example();
  person.ties[0].weight_micros = kMaxWeightMicros;
  person.events[0].contribution_micros = std::numeric_limits<std::int64_t>::max();
  SocialCapital capital = Score(person, kNow, options);
  CheckBounds(capital.components, capital.index);
  CHECK(capital.components.contribution > 0.999);
  options.ties = 1e12;
  options.contribution_reference_micros = std::numeric_limits<double>::max();
  capital = Score(person, kNow, options);
  CheckBounds(capital.components, capital.index);
  CHECK(capital.components.contribution < 0.001);
}

TEST_CASE("results are the same, bit for bit, in whatever order the inputs come") {
  Random random(12);
  std::vector<CapitalComponents> members;
  for (int round = 0; round < 500; ++round) {
    PersonInteractions person = RandomPerson(&random);
    const SocialCapitalOptions options = RandomOptions(&random);
    const SocialCapital capital = Score(person, kNow, options);
    members.push_back(capital.components);
    random.Shuffle(&person.ties);
    for (Tie& tie : person.ties) {
      random.Shuffle(&tie.in_ms);
      random.Shuffle(&tie.out_ms);
      if (random.Chance(50)) std::swap(tie.in_ms, tie.out_ms);
    }
    random.Shuffle(&person.events);
    random.Shuffle(&person.ratings);
    random.Shuffle(&person.endorsements_ms);
    random.Shuffle(&person.disputes);
    CHECK(Score(person, kNow, options) == capital);
  }
  const GroupSocialCapital group = SocialCapitalOfGroup(members).value();
  for (int round = 0; round < 20; ++round) {
    random.Shuffle(&members);
    CHECK(SocialCapitalOfGroup(members).value() == group);
  }
}

// Makes one good input better; the names are those of the contract (I3).
struct Improvement {
  std::string name;
  std::function<void(Random*, PersonInteractions*)> make;
};

const std::vector<Improvement>& Improvements() {
  static const std::vector<Improvement> improvements = {
      {"a greater rating",
       [](Random* random, PersonInteractions* person) {
         if (person->ratings.empty()) return;
         double& value = person->ratings[random->Below(person->ratings.size())].value;
         value = random->Chance(50) ? std::min(1.0, std::nextafter(value, 2.0)) : 1;
       }},
      {"a full rating",
       [](Random* random, PersonInteractions* person) {
         person->ratings.push_back({RandomTime(random), 1.0});
       }},
      {"another endorsement",
       [](Random* random, PersonInteractions* person) {
         person->endorsements_ms.push_back(RandomTime(random));
       }},
      {"a lighter dispute",
       [](Random* random, PersonInteractions* person) {
         if (person->disputes.empty()) return;
         person->disputes[random->Below(person->disputes.size())].severity *= RandomShare(random);
       }},
      {"a dispute less",
       [](Random*, PersonInteractions* person) {
         if (!person->disputes.empty()) person->disputes.pop_back();
       }},
      {"another tie",
       [](Random* random, PersonInteractions* person) {
         person->ties.push_back(
             {random->Between(0, 5'000'000), RandomTimes(random), RandomTimes(random)});
       }},
      {"another interaction in",
       [](Random* random, PersonInteractions* person) {
         if (person->ties.empty()) return;
         person->ties[random->Below(person->ties.size())].in_ms.push_back(RandomTime(random));
       }},
      {"another interaction out",
       [](Random* random, PersonInteractions* person) {
         if (person->ties.empty()) return;
         person->ties[random->Below(person->ties.size())].out_ms.push_back(RandomTime(random));
       }},
      {"a greater weight",
       [](Random* random, PersonInteractions* person) {
         if (person->ties.empty()) return;
         person->ties[random->Below(person->ties.size())].weight_micros +=
             random->Between(1, 1'000);
       }},
      {"another event",
       [](Random* random, PersonInteractions* person) {
         person->events.push_back(RandomEvent(random));
       }},
      {"a greater contribution",
       [](Random* random, PersonInteractions* person) {
         if (person->events.empty()) return;
         person->events[random->Below(person->events.size())].contribution_micros +=
             random->Between(1, 1'000'000);
       }},
  };
  return improvements;
}

TEST_CASE("no component is lowered when a good input grows") {
  Random random(13);
  for (const Improvement& improvement : Improvements()) {
    INFO(improvement.name);
    for (int round = 0; round < 300; ++round) {
      PersonInteractions person = RandomPerson(&random);
      const SocialCapitalOptions options = RandomOptions(&random);
      const SocialCapital before = Score(person, kNow, options);
      improvement.make(&random, &person);
      CheckNotLower(before, Score(person, kNow, options));
    }
  }
}

TEST_CASE("the last digit too keeps order") {
  Random random(18);
  SocialCapitalOptions options = Options();
  PersonInteractions person;
  for (int round = 0; round < 3'000; ++round) {
    // One millionth more is about the next double.
    const std::int64_t micros = random.Between(std::int64_t{1} << 51, std::int64_t{1} << 53);
    options.contribution_reference_micros = static_cast<double>(random.Between(1 << 20, 1LL << 56));
    person.events = {{kNow, Direction::kIn, micros}};
    const double before = Score(person, kNow, options).components.contribution;
    person.events[0].contribution_micros = micros + 1;
    CHECK(Score(person, kNow, options).components.contribution >= before);
  }
}

TEST_CASE("each good input moves its component") {
  const SocialCapital before = Score(Example());
  PersonInteractions person = Example();
  person.ratings[1].value = 0.6;
  CHECK(Score(person).components.trust > before.components.trust);
  person = Example();
  person.disputes.push_back({kNow, 0.1});
  CHECK(Score(person).components.trust < before.components.trust);
  person = Example();
  person.ties[0].out_ms.push_back(kNow);
  const double returned = Score(person).components.strength;
  CHECK(returned > before.components.strength);
  person = Example();
  person.ties[0].in_ms.push_back(kNow);  // one-sided: counts less
  CHECK(Score(person).components.strength > before.components.strength);
  CHECK(Score(person).components.strength < returned);
  person = Example();
  person.events.push_back({kNow - kDay, Direction::kIn, 1});
  CHECK(Score(person).components.activity > before.components.activity);
  CHECK(Score(person).components.contribution > before.components.contribution);
}

TEST_CASE("what components are made of halves with each half-life, exactly") {
  SocialCapitalOptions options = Options();
  options.trust_half_life_ms = options.strength_half_life_ms = 30 * kDay;
  options.activity_half_life_ms = options.contribution_half_life_ms = 30 * kDay;
  Random random(14);
  for (int round = 0; round < 200; ++round) {
    const PersonInteractions person = RandomPerson(&random);
    const CapitalBasis now = Score(person, kNow, options).basis;
    for (int halves = 1; halves <= 8; ++halves) {
      const CapitalBasis later = Score(person, kNow + halves * 30 * kDay, options).basis;
      CHECK(later.good_evidence == std::ldexp(now.good_evidence, -halves));
      CHECK(later.bad_evidence == std::ldexp(now.bad_evidence, -halves));
      CHECK(later.active_days == std::ldexp(now.active_days, -halves));
      CHECK(later.mean_contribution_micros == std::ldexp(now.mean_contribution_micros, -halves));
    }
  }
}

TEST_CASE("endorsements and disputes count as much as their weights say") {
  PersonInteractions person;
  person.endorsements_ms = {kNow};
  person.disputes = {{kNow, 0.5}};
  SocialCapitalOptions options = Options();
  options.endorsement_weight = 3;
  options.dispute_weight = 4;
  const SocialCapital capital = Score(person, kNow, options);
  CHECK(capital.basis.good_evidence == 3);
  CHECK(capital.basis.bad_evidence == 2);
  CHECK(IsClose(capital.components.trust, 4.0 / 7));
}

TEST_CASE("what is forgotten leaves trust at the base rate") {
  PersonInteractions person;
  person.disputes = {{0, 1.0}, {0, 1.0}};
  CHECK(Score(person, 0).components.trust == 0.25);
  const double later = Score(person, 20 * 365 * kDay).components.trust;
  CHECK(IsClose(later, 0.5, 1e-5));
  CHECK(later < 0.5);
}

TEST_CASE("a score of the past knows nothing of what came after") {
  Random random(15);
  for (int round = 0; round < 200; ++round) {
    PersonInteractions person = RandomPerson(&random);
    const SocialCapital then = Score(person);
    for (Tie& tie : person.ties) tie.in_ms.push_back(kNow + 1);
    person.ties.push_back({.in_ms = {kNow + 1}, .out_ms = {kNow + 1}});
    person.events.push_back({kNow + 1, Direction::kIn, 1'000'000});
    person.ratings.push_back({kNow + 1, 0.3});
    person.endorsements_ms.push_back(kNow + 1);
    person.disputes.push_back({kNow + 1, 1.0});
    CHECK(Score(person) == then);
  }
}

TEST_CASE("many events of a day are one active day, and the zone says where it begins") {
  PersonInteractions person;
  const std::int64_t midnight = kNow - 10 * kDay;
  person.events = {{midnight - kDay / 24}, {midnight + kDay / 24}};
  SocialCapitalOptions options = Options();
  options.activity_half_life_ms = kMaxFactTimeMs;
  CHECK(IsClose(Score(person, kNow, options).basis.active_days, 2, 0.001));
  options.utc_offset_minutes = -120;  // both lie in the day before
  CHECK(IsClose(Score(person, kNow, options).basis.active_days, 1, 0.001));
  // In that zone the one lies before 1970 began, the other after.
  person.events = {{0}, {kDay / 8}};
  CHECK(IsClose(Score(person, kDay, options).basis.active_days, 2, 0.001));
  options.utc_offset_minutes = 0;
  CHECK(IsClose(Score(person, kDay, options).basis.active_days, 1, 0.001));
}

TEST_CASE("a steady contribution of v a period has the mean v") {
  PersonInteractions person;
  for (int i = 0; i < 4'000; ++i)
    person.events.push_back({kNow - i * kDay, Direction::kIn, 1'000'000});
  const double mean = MeanContribution(person.events, kNow, Options()).value();
  CHECK(IsClose(mean, 30'000'000, 0.002));
  CHECK(mean == Score(person).basis.mean_contribution_micros);
}

TEST_CASE("who contributes the group's mean scores one half") {
  const std::vector<double> means = {10e6, 30e6, 50e6};
  SocialCapitalOptions options = Options();
  options.contribution_reference_micros = ContributionReference(means).value();
  CHECK(options.contribution_reference_micros == 30e6);
  PersonInteractions person;
  person.events = {{kNow, Direction::kIn, 1'000'000'000}};
  options.contribution_reference_micros = MeanContribution(person.events, kNow, options).value();
  CHECK(Score(person, kNow, options).components.contribution == 0.5);
  const std::vector<double> nothing = {0, 0};
  CHECK(ContributionReference(nothing).value() == 1);
}

TEST_CASE("a component of weight 0 is left out of the index, and one that is 0 makes it 0") {
  SocialCapitalOptions options = Options();
  PersonInteractions person = Example();
  person.ties.clear();
  CHECK(Score(person, kNow, options).index == 0);
  options.weights.strength = 0;
  const SocialCapital capital = Score(person, kNow, options);
  CHECK(IsClose(capital.index, std::cbrt(capital.components.trust * capital.components.activity *
                                         capital.components.contribution)));
  options.weights = {2, 0, 1, 0};
  const SocialCapital weighted = Score(person, kNow, options);
  CHECK(IsClose(weighted.index, std::cbrt(weighted.components.trust * weighted.components.trust *
                                          weighted.components.activity)));
}

TEST_CASE("a group of one has the components and the index of that person") {
  Random random(16);
  for (int round = 0; round < 300; ++round) {
    const PersonInteractions person = RandomPerson(&random);
    const SocialCapitalOptions options = RandomOptions(&random);
    const SocialCapital capital = Score(person, kNow, options);
    const std::vector<CapitalComponents> members = {capital.components};
    const GroupSocialCapital group = SocialCapitalOfGroup(members, options.weights).value();
    CHECK(group.mean == capital.components);
    CHECK(group.index == capital.index);
    CHECK(group.gini == CapitalComponents{});
    CHECK(group.members == 1);
  }
}

TEST_CASE("the Gini coefficient is that of the mean absolute difference") {
  Random random(17);
  for (int round = 0; round < 100; ++round) {
    std::vector<CapitalComponents> members(1 + random.Below(20));
    for (CapitalComponents& member : members) member.trust = 0.001 + 0.99 * RandomShare(&random);
    double differences = 0;
    double sum = 0;
    for (const CapitalComponents& a : members) {
      sum += a.trust;
      for (const CapitalComponents& b : members) differences += std::abs(a.trust - b.trust);
    }
    const GroupSocialCapital group = SocialCapitalOfGroup(members).value();
    const double n = static_cast<double>(members.size());
    CHECK(IsClose(group.gini.trust, differences / (2 * n * sum), 1e-12));
    CHECK(IsClose(group.mean.trust, sum / n));
    CheckBounds(group.gini, 0);
    CheckBounds(group.mean, group.index);
  }
  std::vector<CapitalComponents> members(10, {0.1, 0, 0, 0});
  members[3].activity = 1;
  const GroupSocialCapital group = SocialCapitalOfGroup(members).value();
  CHECK(group.gini.trust == 0);
  CHECK(group.gini.strength == 0);
  CHECK(IsClose(group.gini.activity, 0.9));
}

void CheckInvalid(const absl::Status& status, const std::string& field) {
  INFO(field);
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(status.message()), HoldsText(field + ": "));
}

TEST_CASE("an option out of range is refused by its name") {
  CHECK(Validate(Options()).ok());
  CheckInvalid(Validate(SocialCapitalOptions{}), "contribution_reference_micros");
  struct Case {
    std::string field;
    std::function<void(SocialCapitalOptions*, double)> set;
  };
  const std::vector<Case> cases = {
      {"trust_base_rate", [](auto* o, double v) { o->trust_base_rate = v; }},
      {"endorsement_weight", [](auto* o, double v) { o->endorsement_weight = v; }},
      {"dispute_weight", [](auto* o, double v) { o->dispute_weight = v; }},
      {"one_sided_share", [](auto* o, double v) { o->one_sided_share = v; }},
      {"tie_interactions", [](auto* o, double v) { o->tie_interactions = v; }},
      {"ties", [](auto* o, double v) { o->ties = v; }},
      {"active_days", [](auto* o, double v) { o->active_days = v; }},
      {"contribution_reference_micros",
       [](auto* o, double v) { o->contribution_reference_micros = v; }},
      {"weights.trust", [](auto* o, double v) { o->weights.trust = v; }},
      {"weights.strength", [](auto* o, double v) { o->weights.strength = v; }},
      {"weights.activity", [](auto* o, double v) { o->weights.activity = v; }},
      {"weights.contribution", [](auto* o, double v) { o->weights.contribution = v; }},
  };
  for (const Case& one : cases) {
    for (const double bad : {-1.0, kNan, kInfinite}) {
      SocialCapitalOptions options = Options();
      one.set(&options, bad);
      CheckInvalid(Validate(options), one.field);
      CheckInvalid(SocialCapitalOf({}, kNow, options).status(), one.field);
    }
  }
  SocialCapitalOptions options = Options();
  options.weights = {0, 0, 0, 0};
  CheckInvalid(Validate(options), "weights");
  options = Options();
  options.utc_offset_minutes = 841;
  CheckInvalid(Validate(options), "utc_offset_minutes");
}

TEST_CASE("a half-life or period out of range is refused by its name") {
  const std::vector<std::pair<std::string, std::int64_t SocialCapitalOptions::*>> spans = {
      {"trust_half_life_ms", &SocialCapitalOptions::trust_half_life_ms},
      {"strength_half_life_ms", &SocialCapitalOptions::strength_half_life_ms},
      {"activity_half_life_ms", &SocialCapitalOptions::activity_half_life_ms},
      {"contribution_half_life_ms", &SocialCapitalOptions::contribution_half_life_ms},
      {"contribution_period_ms", &SocialCapitalOptions::contribution_period_ms},
  };
  for (const auto& [field, span] : spans) {
    for (const std::int64_t bad : {std::int64_t{0}, std::int64_t{-1}, kMaxFactTimeMs + 1}) {
      SocialCapitalOptions options = Options();
      options.*span = bad;
      CheckInvalid(Validate(options), field);
    }
  }
  SocialCapitalOptions options;  // needs no reference
  CHECK(MeanContribution({}, kNow, options).value() == 0);
  options.contribution_period_ms = 0;
  CheckInvalid(MeanContribution({}, kNow, options).status(), "contribution_period_ms");
}

TEST_CASE("an input that is negative, NaN or out of range is refused by its name") {
  struct Case {
    std::string field;
    std::function<void(PersonInteractions*)> spoil;
  };
  const std::vector<Case> cases = {
      {"ties[1].weight_micros", [](auto* p) { p->ties[1].weight_micros = -1; }},
      {"ties[0].weight_micros", [](auto* p) { p->ties[0].weight_micros = kMaxWeightMicros + 1; }},
      {"ties[0].in_ms[2]", [](auto* p) { p->ties[0].in_ms[2] = -1; }},
      {"ties[1].out_ms[0]", [](auto* p) { p->ties[1].out_ms[0] = kMaxFactTimeMs + 1; }},
      {"events[2].time_ms", [](auto* p) { p->events[2].time_ms = -1; }},
      {"events[1].direction", [](auto* p) { p->events[1].direction = static_cast<Direction>(3); }},
      {"events[0].contribution_micros", [](auto* p) { p->events[0].contribution_micros = -1; }},
      {"ratings[1].time_ms", [](auto* p) { p->ratings[1].time_ms = -1; }},
      {"ratings[1].value", [](auto* p) { p->ratings[1].value = kNan; }},
      {"ratings[0].value", [](auto* p) { p->ratings[0].value = 1.01; }},
      {"ratings[0].value", [](auto* p) { p->ratings[0].value = -0.01; }},
      {"endorsements_ms[1]", [](auto* p) { p->endorsements_ms[1] = -1; }},
      {"disputes[0].time_ms", [](auto* p) { p->disputes[0].time_ms = -1; }},
      {"disputes[0].severity", [](auto* p) { p->disputes[0].severity = kNan; }},
      {"disputes[0].severity", [](auto* p) { p->disputes[0].severity = 2; }},
  };
  for (const Case& one : cases) {
    PersonInteractions person = Example();
    one.spoil(&person);
    CheckInvalid(SocialCapitalOf(person, kNow, Options()).status(), one.field);
  }
  CheckInvalid(SocialCapitalOf({}, -1, Options()).status(), "now_ms");
  CheckInvalid(MeanContribution({}, kMaxFactTimeMs + 1, Options()).status(), "now_ms");
}

TEST_CASE("a group that cannot be is refused by its name") {
  CheckInvalid(SocialCapitalOfGroup({}).status(), "members");
  const std::vector<CapitalComponents> high = {{}, {.strength = 1.01}};
  const std::vector<CapitalComponents> none = {{.contribution = kNan}};
  CheckInvalid(SocialCapitalOfGroup(high).status(), "members[1].strength");
  CheckInvalid(SocialCapitalOfGroup(none).status(), "members[0].contribution");
  CheckInvalid(SocialCapitalOfGroup(none, {.trust = -1}).status(), "weights.trust");
  CheckInvalid(ContributionReference({}).status(), "means_micros");
  const std::vector<double> negative = {1, -1};
  CheckInvalid(ContributionReference(negative).status(), "means_micros[1]");
}

}  // namespace
}  // namespace polyonym
