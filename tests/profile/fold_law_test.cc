// Laws of profile folds: on random facts and definitions FoldProfile() says what the slow model says, bit for bit.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "harness/naive_profile.h"
#include "harness/profile_difference.h"
#include "harness/random.h"
#include "harness/random_facts.h"
#include "polyonym/model/definitions.h"
#include "polyonym/profile/profile.h"

namespace polyonym::harness {
namespace {

// ---- Cases ----

struct Case {
  Definitions definitions;
  std::vector<FactRow> rows;
  ProfileOptions options;
  std::int64_t now_ms = 0;

  Profile Fold() const { return FoldProfile(definitions, rows, options, now_ms); }
};

TimelineOptions RandomPage(Random& random) {
  TimelineOptions page;
  if (random.Chance(30)) page.from_ms = kRandomFactsMs - kRandomStepMs * random.Between(0, 8);
  if (random.Chance(30)) page.to_ms = kRandomFactsMs - kRandomStepMs * random.Between(0, 4);
  if (random.Chance(40)) page.match = RandomMatch(random);
  if (random.Chance(20))  // metres: of one house, a town, everywhere
    page.within = {31.24, 121.49, random.Pick(std::vector<double>{0.0, 5'000.0, 30'000'000.0})};
  page.limit = static_cast<std::uint32_t>(random.Below(8));
  page.skip = random.Chance(50) ? 0 : random.Below(5);
  return page;
}

Case RandomCase(std::uint64_t seed) {
  Random random(seed);
  Case made;
  made.definitions = RandomDefinitions(random);
  made.rows = RandomRows(random);
  ProfileOptions& options = made.options;
  for (bool* part : {&options.traits, &options.tags, &options.consents, &options.ladders,
                     &options.contacts, &options.scores, &options.relations, &options.timeline}) {
    *part = !random.Chance(3);
  }
  options.page = RandomPage(random);
  options.explain = random.Chance(60);
  made.now_ms = kRandomFactsMs + kRandomStepMs * random.Between(-2, 4);
  return made;
}

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr || *text == '\0' ? otherwise : std::strtoull(text, nullptr, 10);
}

// The test at hand fails with the first case that `check` finds fault with. POLYONYM_SEED: that case alone;
// POLYONYM_HISTORIES: so many in a hundred of them.
void CheckCases(std::uint64_t first_seed, std::uint64_t count,
                const std::function<std::string(const Case&, Random&)>& check) {
  const std::uint64_t only = FromEnvironment("POLYONYM_SEED", 0);
  const std::uint64_t first = only != 0 ? only : first_seed;
  const std::uint64_t cases =
      only != 0 ? 1 : count * FromEnvironment("POLYONYM_HISTORIES", 100) / 100;
  for (std::uint64_t seed = first; seed < first + cases; ++seed) {
    Random random(seed ^ 0x5eed);
    const std::string fault = check(RandomCase(seed), random);
    INFO("POLYONYM_SEED=" << seed << "\n" << fault);
    REQUIRE(fault.empty());
  }
}

// ---- What is explained, against what it explains ----

std::string CheckTrait(const ProfileTrait& trait) {
  if (trait.lost.size() + (trait.winner ? 1 : 0) == trait.count) return "";
  return "trait " + trait.name + ": winner and lost are not all that took part\n";
}

std::string CheckTag(const ProfileTag& tag) {
  double sum = 0, size = 0;
  for (const TagPart& part : tag.parts) {
    sum += part.counts_for;
    size += std::abs(part.counts_for);
  }
  if (tag.parts.size() != tag.count) return "tag " + tag.name + ": parts are not all that count\n";
  if (std::abs(sum - tag.score) > 1e-12 * (1 + size))
    return "tag " + tag.name + ": parts add up to " + std::to_string(sum) + "\n";
  return "";
}

// Spells follow each other up to now, and the last is where somebody stands.
std::string CheckLadder(const ProfileLadder& ladder, std::int64_t now_ms) {
  const std::string at = "ladder " + ladder.name;
  if (ladder.spells.empty()) return "";
  for (std::size_t i = 0; i + 1 < ladder.spells.size(); ++i) {
    if (ladder.spells[i].to_ms != ladder.spells[i + 1].from_ms) return at + ": a gap\n";
    if (ladder.spells[i].stage == ladder.spells[i + 1].stage) return at + ": one spell is two\n";
  }
  const StageSpell& last = ladder.spells.back();
  if (last.to_ms != now_ms || last.from_ms != ladder.entered_ms || last.stage != ladder.stage)
    return at + ": the last spell is not now's\n";
  return "";
}

std::string CheckExplained(const Profile& profile) {
  std::string faults;
  for (const ProfileTrait& trait : profile.traits) faults += CheckTrait(trait);
  for (const ProfileTag& tag : profile.tags) faults += CheckTag(tag);
  for (const ProfileLadder& ladder : profile.ladders) faults += CheckLadder(ladder, profile.now_ms);
  return faults;
}

TEST_CASE("random definitions are valid") {
  CheckCases(1, 1'000, [](const Case& made, Random&) {
    return std::string(Validate(made.definitions).message());
  });
}

TEST_CASE("a profile is what the slow model says") {
  CheckCases(1, 2'000, [](const Case& made, Random&) {
    return Difference(NaiveProfile(made.definitions, made.rows, made.options, made.now_ms),
                      made.Fold());
  });
}

TEST_CASE("a profile does not know in which order rows came") {
  CheckCases(10'001, 500, [](const Case& made, Random& random) {
    Case shuffled = made;
    random.Shuffle(&shuffled.rows);
    return Difference(made.Fold(), shuffled.Fold());
  });
}

TEST_CASE("a profile explained is the same profile, and explanations add up") {
  CheckCases(20'001, 500, [](const Case& made, Random&) {
    Case plain = made, explained = made;
    plain.options.explain = false;
    explained.options.explain = true;
    Profile profile = explained.Fold();
    const std::string faults = CheckExplained(profile);
    for (ProfileTrait& trait : profile.traits) trait.lost.clear();
    for (ProfileTag& tag : profile.tags) tag.parts.clear();
    for (ProfileLadder& ladder : profile.ladders) ladder.spells.clear();
    return faults + Difference(profile, plain.Fold());
  });
}

TEST_CASE("pages of a timeline put together are the whole of it") {
  CheckCases(30'001, 500, [](const Case& made, Random& random) {
    Case whole = made;
    whole.options.timeline = true;
    whole.options.page.skip = 0;
    whole.options.page.limit = 10'000;
    const Profile want = whole.Fold();
    if (want.timeline.size() != want.events) return std::string("the whole is not all events\n");
    Profile got = want;
    got.timeline.clear();
    Case page = whole;
    page.options.page.limit = static_cast<std::uint32_t>(random.Between(1, 5));
    for (; page.options.page.skip < want.events;
         page.options.page.skip += page.options.page.limit) {
      for (TimelineEvent& event : page.Fold().timeline) got.timeline.push_back(std::move(event));
    }
    return Difference(want, got);
  });
}

}  // namespace
}  // namespace polyonym::harness
