#include "crash/told_plan.h"

#include <string>
#include <utility>

#include "harness/random_facts.h"
#include "polyonym/model/facts.h"

namespace polyonym::harness {
namespace {

constexpr std::size_t kLongText = 4200;  // fills a frame of the log

}  // namespace

Plan MakeToldPlan(std::uint64_t seed) {
  HistoryShape shape;
  shape.min_records = 25;
  shape.max_records = 50;
  Plan plan = MakePlan(seed, 1, shape);
  Random definitions(seed ^ 0xfac75);
  Definitions told = RandomDefinitions(definitions);
  for (Step& step : plan.lanes[0]) {
    for (Record& record : step.records) {
      // By the content, so that what is sent again is the same again.
      const bool fills = !std::exchange(record.facts, {}).empty();
      Random random(HashContent(record).low);
      if (record.act == Act::kRetract) continue;
      Facts facts = RandomFacts(random, record.time_ms.value_or(0));
      if (fills) facts.traits.push_back({.name = "note", .value = {std::string(kLongText, 'f')}});
      record.facts = WriteFacts(facts);
    }
    if (step.kind != Step::Kind::kSetPolicy) continue;
    if (definitions.Chance(50)) told = RandomDefinitions(definitions);
    step.policy.definitions = told;
  }
  return plan;
}

}  // namespace polyonym::harness
