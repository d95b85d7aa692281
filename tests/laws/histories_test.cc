// What law tests are run on: whether random policies and histories are sound, and hold enough of everything.
#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "harness/catch.h"
#include "harness/engine_state.h"

namespace polyonym::harness {
namespace {

// What happens in a history, at any of some moments of it.
std::set<std::string> HappeningsOf(const History& history) {
  std::set<std::string> out;
  if (HasStep(history, HistoryStep::Kind::kAdvance)) out.insert("the clock advances");
  if (HasStep(history, HistoryStep::Kind::kPolicy)) out.insert("the policy changes");
  const std::size_t steps = history.steps.size();
  for (const std::size_t done : {steps / 2, steps}) {
    const NaiveWorld world = WorldAt(history, done);
    for (const auto& [pair, link] : world.LinksOfAllLives()) {
      if (link.expired) out.insert("a link expires");
    }
    for (const NaiveWorld::Entry& entry : world.entries()) {
      if (!entry.live) continue;
      std::set<Identifier> named;
      for (const RecordVerdict::Counted& counted : entry.verdict.counted) {
        const Identifier name = NaiveWorld::NameOf(entry, counted);
        if (world.LivesOf(name).size() > 1) out.insert("a value has a second life");
        if (counted.derived) out.insert("an identifier is derived");
        if (!counted.derived && FamilyOf(name.ns) == kDigestFamily)
          out.insert("a digest is named by itself");
      }
    }
    if (!world.state().expired.empty()) out.insert("a value's validity is over");
  }
  return out;
}

// By its first line that differs: which field of the policy.
std::string FieldOf(const std::string& line) {
  std::string field = line.substr(0, line.find(':'));
  const std::size_t end = field.find("].");
  if (end != std::string::npos) return field.substr(end + 2);
  return field.find('[') == std::string::npos ? field : line.substr(line.rfind(' ') + 1);
}

}  // namespace

TEST_CASE("each happening besides records is in a twentieth of the histories") {
  std::size_t histories = 0;
  std::map<std::string, std::size_t> had;
  ForEachSeed(1, 300, [&](std::uint64_t seed) {
    ++histories;
    for (const std::string& happening : HappeningsOf(RandomHistory(seed))) ++had[happening];
  });
  if (OneSeedOnly()) return;
  for (const char* happening :
       {"the clock advances", "the policy changes", "a link expires", "a value has a second life",
        "a value's validity is over", "an identifier is derived", "a digest is named by itself"}) {
    INFO(happening << " in " << had[happening] << " of " << histories << " histories");
    CHECK(had[happening] * 20 >= histories);
  }
}

TEST_CASE("steps hold every record once and in order, and the clock goes forward") {
  ForEachSeed(1, 200, [](std::uint64_t seed) {
    INFO("seed " << seed);
    const History history = RandomHistory(seed);
    std::size_t records = 0;
    std::int64_t clock = 0;
    for (const HistoryStep& step : history.steps) {
      if (step.kind == HistoryStep::Kind::kRecord) REQUIRE(step.record == records++);
      if (step.kind != HistoryStep::Kind::kAdvance) continue;
      REQUIRE(step.clock_ms >= clock);
      clock = step.clock_ms;
    }
    REQUIRE(records == history.records.size());
    Random random(seed);
    std::size_t done = 0;
    for (const std::span<const HistoryStep> call : RandomCalls(history, random)) {
      REQUIRE(call.data() == history.steps.data() + done);
      done += call.size();
      const bool records_only = std::all_of(call.begin(), call.end(), [](const HistoryStep& s) {
        return s.kind == HistoryStep::Kind::kRecord;
      });
      REQUIRE((call.size() == 1 || records_only));
    }
    REQUIRE(done == history.steps.size());
  });
}

TEST_CASE("a failing history is cut down to the steps that matter") {
  const auto fails = [](const History& history) {
    return HasStep(history, HistoryStep::Kind::kAdvance) && history.records.size() > 2;
  };
  for (std::uint64_t seed = 0;; ++seed) {
    if (!fails(RandomHistory(seed))) continue;
    const History least = Minimise(RandomHistory(seed), fails);
    CHECK(least.steps.size() == 4);
    CHECK(least.records.size() == 3);
    CHECK(FinalClock(least) > 0);
    break;
  }
}

TEST_CASE("a variant of a policy is valid, differs, and may differ in anything that matters") {
  std::set<std::string> fields;
  ForEachSeed(1, 2'000, [&](std::uint64_t seed) {
    Random random(seed);
    const Policy policy = RandomPolicy(random);
    const Policy variant = RandomVariant(policy, random);
    INFO("seed " << seed << "\n" << Describe(policy) << Describe(variant));
    REQUIRE(Validate(policy).ok());
    REQUIRE(Validate(variant).ok());
    REQUIRE(variant != policy);
    for (const std::string& line : Diff(policy, variant)) fields.insert(FieldOf(line));
  });
  const std::set<std::string> all = {"added",
                                     "blocked_patterns",
                                     "blocked_values",
                                     "builtin_blocks",
                                     "default_max_neighbours",
                                     "derived",
                                     "guards",
                                     "limits",
                                     "link_lifetime_ms",
                                     "max_identifiers_per_profile",
                                     "normaliser",
                                     "parent",
                                     "priority",
                                     "ranking",
                                     "removed",
                                     "undeclared",
                                     "valid_pattern",
                                     "validity_ms"};
  CHECK((fields == all || OneSeedOnly()));
}

}  // namespace polyonym::harness
