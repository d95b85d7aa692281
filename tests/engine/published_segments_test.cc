// Worked examples about groups of people from other systems' documentation, by their numbers: each by what the engine keeps, by evaluating
// everybody, and by the planner.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/shop.h"
#include "harness/catch.h"
#include "polyonym/engine/segment_index.h"
#include "polyonym/engine/segments.h"

namespace polyonym::harness {
namespace {

// Somebody has a tag, once for each time that they are given it.
void Give(Engine& engine, const std::string& tag, int person) {
  Record record =
      Seen(tag + " " + std::to_string(person), person, {{"crm", "c" + std::to_string(person)}});
  Facts facts;
  facts.tags.emplace_back().name = tag;
  record.facts = WriteFacts(facts);
  ApplyOne(engine, record);
}

void GiveAll(Engine& engine, const std::string& tag, int first, int last, int step = 1) {
  for (int person = first; person <= last; person += step) Give(engine, tag, person);
}

// How many are in each, in their order, which all three ways of counting agree on.
std::vector<std::uint64_t> CountsOf(Engine& engine, const std::vector<std::string>& expressions) {
  Policy policy = engine.Read().policy();
  policy.definitions.segments.clear();
  if (policy.definitions.tags.empty()) {
    for (const char* tag : {"tag1", "tag2", "tag3", "today", "before"})
      policy.definitions.tags.emplace_back().name = tag;
  }
  for (const std::string& expression : expressions)
    policy.definitions.segments.push_back({"s" + expression, expression, ""});
  Must(engine.SetPolicy(policy));
  const View view = engine.Read();
  const auto kept = Must(Must(SegmentReader::Make(view)).Count());
  const auto judged =
      Must(Must(SegmentReader::Make(view, {.definitions = policy.definitions})).Count());
  const auto index = Must(SegmentIndex::Build(view));
  std::vector<std::uint64_t> counts;
  for (std::size_t s = 0; s < expressions.size(); ++s) {
    INFO(expressions[s]);
    counts.push_back(kept.segments[s].members);
    CHECK(judged.segments[s].members == counts.back());
    CHECK(index->planner().Count(s) == counts.back());
  }
  return counts;
}

using Counts = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("set algebra of three tags and of today with before") {
  const auto engine = OpenShop();
  GiveAll(*engine, "tag1", 1, 10);
  GiveAll(*engine, "tag2", 6, 15);
  GiveAll(*engine, "tag3", 2, 12, 2);
  CHECK(CountsOf(*engine, {"tag tag1 and tag tag2 and tag tag3", "tag tag1 or tag tag2 or tag tag3",
                           "((tag tag1) != (tag tag2)) != (tag tag3)"}) == Counts{3, 15, 10});
  GiveAll(*engine, "today", 11, 70);
  GiveAll(*engine, "before", 1, 50);
  CHECK(CountsOf(*engine, {"tag today and tag before", "tag today or tag before",
                           "tag today and not tag before", "(tag today) != (tag before)"}) ==
        Counts{40, 70, 20, 30});
}

TEST_CASE("retention asks for the first day and then for each other") {
  const auto engine = OpenShop();
  for (const auto& [day, people] : {std::pair(1, 5), std::pair(2, 10), std::pair(3, 15)}) {
    for (int person = 0; person < people; ++person) {
      Record record = Seen(std::to_string(day) + " " + std::to_string(person), day,
                           {{"crm", "c" + std::to_string(person)}});
      Facts facts;
      facts.events.emplace_back().type = "day" + std::to_string(day);
      record.facts = WriteFacts(facts);
      ApplyOne(*engine, record);
    }
  }
  CHECK(CountsOf(*engine, {"did(day1)", "did(day1) and did(day2)", "did(day1) and did(day3)"}) ==
        Counts{5, 5, 5});
}

TEST_CASE("what is unknown of somebody is neither true nor false nor zero") {
  const auto engine = OpenShop();
  for (int person = 1; person <= 3; ++person) {
    Record record =
        Seen("r" + std::to_string(person), person, {{"crm", "c" + std::to_string(person)}});
    Facts facts;
    if (person > 1) {
      Trait& age = facts.traits.emplace_back();
      age.name = "age";
      age.value.is = std::int64_t{person == 2 ? 0 : 40};
    }
    record.facts = WriteFacts(facts);
    ApplyOne(*engine, record);
  }
  Policy policy = engine->Read().policy();
  TraitDefinition& age = policy.definitions.traits.emplace_back();
  age.name = "age";
  age.type = ValueType::kWhole;
  Must(engine->SetPolicy(policy));
  CHECK(CountsOf(*engine, {"trait age < 30", "not trait age < 30", "trait age is known",
                           "trait age < 30 or not trait age < 30", "trait age = 0"}) ==
        Counts{1, 1, 2, 2, 1});
}

}  // namespace polyonym::harness
