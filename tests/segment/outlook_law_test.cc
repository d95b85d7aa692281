// Laws of until when answers stay: on random facts, definitions and expressions no answer changes before CompiledSegments::NextChange() says.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "harness/random.h"
#include "harness/random_expression.h"
#include "harness/random_facts.h"
#include "polyonym/model/definitions.h"
#include "polyonym/profile/profile.h"
#include "polyonym/segment/evaluate.h"

namespace polyonym::harness {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kDayMs = 24 * kHourMs;
constexpr std::int64_t kNever = CompiledSegments::kNever;

// ---- Cases ----

// Midnights of the zones of random segments and definitions, and milliseconds beside them.
std::int64_t RandomMidnight(Random& random) {
  static const std::vector<std::int64_t> kOffsets = {0, 2 * kHourMs, 8 * kHourMs, -5 * kHourMs,
                                                     5 * kHourMs + 45 * 60'000};
  constexpr std::int64_t kMidnight = 19'675 * kDayMs;  // of 14 November 2023, in UTC
  return kMidnight + random.Between(-3, 3) * kDayMs - random.Pick(kOffsets) + random.Between(-1, 1);
}

struct Case {
  explicit Case(std::uint64_t seed) {
    Random random(seed);
    definitions = RandomSegments(random, RandomDefinitions(random));
    rows = RandomRows(random);
    for (FactRow& row : rows) {
      for (Event& event : row.facts.events) {
        if (random.Chance(15)) event.time_ms = RandomMidnight(random);
        if (random.Chance(10)) event.time_ms = kRandomFactsMs + random.Between(1, 40) * kHourMs;
      }
    }
    std::set<Identifier> all = {random.Pick(NamesOfRandomFacts().identifiers)};
    for (const FactRow& row : rows) all.insert(row.from.belongs_to);
    identifiers.assign(all.begin(), all.end());
    anchor = random.Pick(identifiers);
  }

  SegmentSubject At(std::int64_t now_ms) const {
    return SegmentSubject(definitions, rows, identifiers, anchor, now_ms);
  }
  std::optional<bool> Ask(const CompiledSegments& segments, std::size_t segment,
                          std::int64_t now_ms) const {
    SegmentSubject person = At(now_ms);
    return segments.Evaluate(segment, &person);
  }
  std::int64_t Next(const CompiledSegments& segments, std::size_t segment,
                    std::int64_t now_ms) const {
    SegmentSubject person = At(now_ms);
    return segments.NextChange(segment, &person);
  }

  Definitions definitions;
  std::vector<FactRow> rows;
  std::vector<Identifier> identifiers;
  Identifier anchor;
};

std::int64_t RandomNow(Random& random) {
  switch (random.Below(4)) {
    case 0:
      return RandomMidnight(random);
    case 1:
      return kRandomFactsMs + random.Between(-30, 400) * kDayMs + random.Between(0, kDayMs);
    default:
      return kRandomFactsMs + kRandomStepMs * random.Between(-15, 8) + random.Between(-1, 1);
  }
}

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr || *text == '\0' ? otherwise : std::strtoull(text, nullptr, 10);
}

// The test at hand fails with the first case and segment that `check` finds fault with. POLYONYM_SEED: that case alone;
// POLYONYM_HISTORIES: so many in a hundred of them.
using Check =
    std::function<std::string(const Case&, const CompiledSegments&, std::size_t, Random&)>;

void CheckCases(std::uint64_t first_seed, std::uint64_t count, const Check& check) {
  const std::uint64_t only = FromEnvironment("POLYONYM_SEED", 0);
  const std::uint64_t first = only != 0 ? only : first_seed;
  const std::uint64_t cases =
      only != 0 ? 1 : count * FromEnvironment("POLYONYM_HISTORIES", 100) / 100;
  for (std::uint64_t seed = first; seed < first + cases; ++seed) {
    const Case made(seed);
    const auto segments = CompiledSegments::Compile(made.definitions);
    REQUIRE(segments.ok());
    Random random(seed ^ 0x5eed);
    for (std::size_t i = 0; i < (*segments)->size(); ++i) {
      const std::string fault = check(made, **segments, i, random);
      INFO("POLYONYM_SEED=" << seed << " segment " << (*segments)->name(i) << ": "
                            << made.definitions.segments[i].expression << "\n"
                            << fault);
      REQUIRE(fault.empty());
    }
  }
}

std::string Say(std::optional<bool> flag) { return !flag ? "unknown" : *flag ? "yes" : "no"; }

std::string Fault(std::int64_t from_ms, std::optional<bool> was, std::int64_t at_ms,
                  std::optional<bool> is, std::int64_t next_ms) {
  return "from " + std::to_string(from_ms) + " on " + Say(was) + ", which is to stay before " +
         std::to_string(next_ms) + "; but " + std::to_string(at_ms - from_ms) + " ms later it is " +
         Say(is);
}

// ---- Times to look at ----

// From `from_ms` on and before `to_ms`: its ends, all of a short span, times near and far, on the grid of facts and beside midnights.
std::vector<std::int64_t> TimesBetween(Random& random, std::int64_t from_ms, std::int64_t to_ms) {
  constexpr std::int64_t kFarMs = 800 * kDayMs;
  const bool is_far = to_ms == kNever || to_ms - from_ms > kFarMs;
  const std::int64_t end_ms = is_far ? from_ms + kFarMs : to_ms;
  std::vector<std::int64_t> times = {from_ms + 1, end_ms - 1};
  if (end_ms - from_ms <= 40) {
    for (std::int64_t ms = from_ms; ms < end_ms; ++ms) times.push_back(ms);
  } else {
    for (int i = 0; i < 6; ++i) {
      const std::int64_t far_ms = std::int64_t{1} << random.Below(37);
      times.push_back(from_ms + random.Between(0, far_ms));
      times.push_back(end_ms - random.Between(1, far_ms));
      times.push_back(random.Between(from_ms, end_ms - 1));
      times.push_back(kRandomFactsMs + kRandomStepMs * random.Between(-10, 300));
      times.push_back(RandomMidnight(random) + random.Between(0, 40) * kDayMs);
    }
  }
  std::erase_if(times, [&](std::int64_t ms) { return ms < from_ms || ms >= end_ms; });
  std::sort(times.begin(), times.end());
  return times;
}

// ---- Laws ----

std::string CheckStays(const Case& made, const CompiledSegments& segments, std::size_t segment,
                       Random& random) {
  for (int i = 0; i < 3; ++i) {
    const std::int64_t now_ms = RandomNow(random);
    const std::optional<bool> is = made.Ask(segments, segment, now_ms);
    const std::int64_t next_ms = made.Next(segments, segment, now_ms);
    if (next_ms <= now_ms) return "the next change is not later than " + std::to_string(now_ms);
    for (const std::int64_t ms : TimesBetween(random, now_ms, next_ms)) {
      const std::optional<bool> then = made.Ask(segments, segment, ms);
      if (then != is) return Fault(now_ms, is, ms, then, next_ms);
    }
  }
  return "";
}

struct Walks {
  std::uint64_t all = 0;
  std::uint64_t broken_off = 0;  // it came up too often
  std::uint64_t looks = 0;
  std::uint64_t changes = 0;
};

// Who asks again when NextChange() says so, and at no other time, knows the answer at all `times`, which rise.
std::string Walk(const Case& made, const CompiledSegments& segments, std::size_t segment,
                 std::int64_t from_ms, const std::vector<std::int64_t>& times, Walks* walks) {
  constexpr std::uint64_t kMostLooks = 200;
  std::optional<bool> is = made.Ask(segments, segment, from_ms);
  std::int64_t next_ms = made.Next(segments, segment, from_ms);
  ++walks->all;
  std::uint64_t looks = 0;
  for (const std::int64_t ms : times) {
    for (; next_ms <= ms && looks < kMostLooks; ++looks) {
      from_ms = next_ms;
      const std::optional<bool> was = std::exchange(is, made.Ask(segments, segment, from_ms));
      walks->changes += is != was ? 1 : 0;
      next_ms = made.Next(segments, segment, from_ms);
      if (next_ms <= from_ms) return "no later change than at " + std::to_string(from_ms);
    }
    if (looks == kMostLooks) break;
    const std::optional<bool> then = made.Ask(segments, segment, ms);
    if (then != is) return Fault(from_ms, is, ms, then, next_ms);
  }
  walks->looks += looks;
  walks->broken_off += looks == kMostLooks ? 1 : 0;
  return "";
}

std::string CheckWalk(const Case& made, const CompiledSegments& segments, std::size_t segment,
                      Random& random, Walks* walks) {
  const std::int64_t from_ms = kRandomFactsMs + kRandomStepMs * random.Between(-15, 3);
  const std::int64_t to_ms = from_ms + (random.Chance(50) ? 2 : 60) * kDayMs;
  return Walk(made, segments, segment, from_ms, TimesBetween(random, from_ms, to_ms), walks);
}

// ---- Numbers that move, and the bound that they pass at a moment that is known ----

template <class T>
T* Some(Random& random, std::vector<T>* from) {
  return from->empty() ? nullptr : &(*from)[random.Below(from->size())];
}

std::string Quoted(const std::string& name) { return "\"" + name + "\""; }

// Of tags and traits as many as can be decay, and all scores have models.
void LetMove(Random& random, Definitions* definitions) {
  for (TagDefinition& tag : definitions->tags) {
    if (random.Chance(70)) tag.fold = TagFold::kDecayedSum;
    if (random.Chance(50)) tag.window_ms = tag.valid_ms = 0;
    if (random.Chance(30)) tag.half_life_ms = random.Between(1, 40) * kDayMs;
  }
  for (TraitDefinition& trait : definitions->traits) {
    if (trait.type != ValueType::kNumber && trait.type != ValueType::kWhole) continue;
    trait.fold = Fold::kDecayedSum;
    trait.default_value.clear();
  }
  for (Ladder& ladder : definitions->ladders) {
    if (random.Chance(50)) ladder.stages = {{"everybody", {}}};
  }
  for (PurchaseScore& score : definitions->purchase_scores)
    score.bgnbd_model = {0.25, random.Chance(50) ? 1.0 : 4.4, 0.8, 2.5};
}

// In the two months after most facts.
std::string RandomDay(Random& random) {
  const std::int64_t day = random.Between(10, 28);
  return (random.Chance(50) ? "--11-" : "--12-") + std::to_string(day);
}

// A number or span of time by random definitions; empty: they have none of the kind.
std::string MovingNumber(Random& random, Definitions* definitions) {
  const std::string span = std::to_string(random.Between(1, 300)) + " minutes";
  switch (random.Below(18)) {
    case 15:
      return "days to anniversary of " + RandomDay(random);
    case 0:
    case 1:
    case 2: {
      const TagDefinition* tag = Some(random, &definitions->tags);
      return tag == nullptr ? "" : "score of tag " + Quoted(tag->name);
    }
    case 3: {
      const TraitDefinition* trait = Some(random, &definitions->traits);
      return trait == nullptr || trait->fold != Fold::kDecayedSum ? ""
                                                                  : "trait " + Quoted(trait->name);
    }
    case 4: {
      static const std::vector<std::string> kFields = {
          "alive", "expected", "recency", "rfm", "frequency", "monetary", "expected_value"};
      const PurchaseScore* score = Some(random, &definitions->purchase_scores);
      return score == nullptr ? "" : random.Pick(kFields) + " of score " + Quoted(score->name);
    }
    case 5:
      return "count(any event within " + span + ")";
    case 6:
      return "now - last(time of any event)";
    case 7:
      return "days since first(time of any event)";
    case 8:
      return "hour of (now - " + span + ")";
    case 9:
      return "sum(days since time of any event)";
    case 10:
      return "count(any event where now - time > " + span + ")";
    case 11:
      return "count(any event in past 2 days)";
    case 12:
      return "days to anniversary of (now - 3 days)";
    case 13:
      return "count(order, click where days since time >= 1 in last 3 days)";
    default:
      return "day of now";
  }
}

std::string Varied(Random& random, const std::string& number) {
  const bool is_span = number.starts_with("now");
  switch (random.Below(6)) {
    case 0:
      return "(" + number + ") * 2";
    case 1:
      return "-(" + number + ")";
    case 2:
      return is_span ? "3 days - (" + number + ")" : "(" + number + ") / 3";
    default:
      return number;
  }
}

std::string LiteralOf(const std::string& number, double value) {
  std::ostringstream text;
  text.precision(17);
  const bool is_span = number.find("now - last") != std::string::npos;
  if (is_span) {
    text << "(" << (value < 0 ? "-(" : "(") << static_cast<std::int64_t>(std::abs(value))
         << " ms))";
  } else {
    text << value;
  }
  return text.str();
}

// A layer that is left at `at_ms`.
std::string LayerLeftAt(Random& random, const Case& made, std::int64_t at_ms,
                        Definitions* definitions) {
  TagDefinition* tag = Some(random, &definitions->tags);
  if (tag == nullptr || tag->layers.empty()) return "";
  const auto number = CompiledNumber::Compile(*definitions, "score of tag " + Quoted(tag->name));
  SegmentSubject then(*definitions, made.rows, made.identifiers, made.anchor, at_ms);
  const std::optional<double> score = number.ok() ? (*number)->Evaluate(&then) : std::nullopt;
  if (!score) return "";
  TagLayer* layer = Some(random, &tag->layers);
  layer->at_least_micros = static_cast<std::int64_t>(*score * 1e6);
  return "layer " + Quoted(layer->name) + " of tag " + Quoted(tag->name);
}

// A flag that turns at some time.
std::string TurningFlag(Random& random, const Definitions& definitions) {
  static const std::vector<std::string> kUnits = {"day", "week", "month", "quarter"};
  if (definitions.ladders.empty() || random.Chance(50))
    return "anniversary of " + RandomDay(random) + " in this " + random.Pick(kUnits);
  return "entered stage of " + Quoted(random.Pick(definitions.ladders).name) +
         " > 2000-01-01T00:00:00Z";
}

// A flag that turns at `at_ms`, or beside it.
std::string FlagTurningAt(Random& random, const Case& made, std::int64_t at_ms,
                          Definitions* definitions, const std::string& zone) {
  static const std::vector<std::string> kSigns = {" < ", " <= ", " > ", " >= ", " = ", " != "};
  if (random.Chance(10)) return TurningFlag(random, *definitions);
  if (random.Chance(15)) return LayerLeftAt(random, made, at_ms, definitions);
  std::string number = MovingNumber(random, definitions);
  if (number.empty()) return "";
  number = Varied(random, number);
  const auto compiled = CompiledNumber::Compile(*definitions, number, zone);
  if (!compiled.ok()) return "";
  SegmentSubject then(*definitions, made.rows, made.identifiers, made.anchor, at_ms);
  const std::optional<double> value = (*compiled)->Evaluate(&then);
  const std::string literal = value ? LiteralOf(number, *value) : "";
  if (literal.empty()) return "";
  if (literal.front() != '(' && random.Chance(15)) return number + " in (" + literal + ", 77)";
  return number + random.Pick(kSigns) + literal;
}

// Among the facts or before them all; or in the hours in which New York's clocks are put back or forward, or those of Troll back by two hours.
std::int64_t RandomStart(Random& random) {
  static const std::vector<std::int64_t> kChanges = {1'699'164'000'000, 1'710'054'000'000,
                                                     1'698'541'200'000};
  switch (random.Below(6)) {
    case 0:
      return kRandomFactsMs - random.Between(1, 12) * kDayMs;
    case 1:
      return random.Pick(kChanges) + random.Between(-30, 3) * kHourMs;
    default:
      return kRandomFactsMs + kRandomStepMs * random.Between(-6, 8);
  }
}

std::string CheckCrossing(std::uint64_t seed, Walks* walks) {
  Random random(seed);
  Case made(seed);
  LetMove(random, &made.definitions);
  static const std::vector<std::string> kZones = {"", "America/New_York", "Antarctica/Troll"};
  const std::string zone = random.Pick(kZones);
  const std::int64_t from_ms = RandomStart(random);
  const std::int64_t at_ms = from_ms + random.Between(1, std::int64_t{1} << random.Between(
                                                             random.Chance(50) ? 4 : 26, 33));
  const std::string flag = FlagTurningAt(random, made, at_ms, &made.definitions, zone);
  if (flag.empty()) return "";
  made.definitions.segments = {{"asked", flag, zone}};
  const auto segments = CompiledSegments::Compile(made.definitions);
  if (!segments.ok()) return flag + ": " + std::string(segments.status().message());
  std::vector<std::int64_t> times =
      TimesBetween(random, from_ms, at_ms + 1 + (at_ms - from_ms) / 4);
  for (std::int64_t off = -8; off <= 8; ++off) times.push_back(at_ms + off);
  std::erase_if(times, [&](std::int64_t ms) { return ms < from_ms; });
  std::sort(times.begin(), times.end());
  const std::string fault = Walk(made, **segments, 0, from_ms, times, walks);
  return fault.empty() ? "" : flag + ": " + fault;
}

// One subject that is asked for all segments says what one says that is asked for this alone.
std::string CheckOneSubject(const Case& made, const CompiledSegments& segments, std::size_t segment,
                            Random& random) {
  const std::int64_t now_ms = RandomNow(random);
  SegmentSubject person = made.At(now_ms);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (random.Chance(50)) segments.NextChange(i, &person);
    if (random.Chance(20)) segments.Explain(i, &person);
  }
  if (segments.NextChange(segment, &person) != made.Next(segments, segment, now_ms))
    return "another next change where others were asked for before";
  if (segments.Evaluate(segment, &person) != made.Ask(segments, segment, now_ms))
    return "another answer where the next change was asked for before";
  return "";
}

TEST_CASE("no answer changes before its next change") { CheckCases(1, 1'200, CheckStays); }

TEST_CASE("no answer changes before its next change at length", "[slow]") {
  CheckCases(200'001, 20'000, CheckStays);
}

TEST_CASE("who looks again at each next change misses none and looks seldom") {
  Walks walks;
  CheckCases(20'001, 500,
             [&](const Case& made, const CompiledSegments& segments, std::size_t i,
                 Random& random) { return CheckWalk(made, segments, i, random, &walks); });
  CAPTURE(walks.all, walks.broken_off, walks.looks);
  CHECK(walks.broken_off * 100 <= walks.all);
  CHECK(walks.looks <= 10 * walks.all);
}

TEST_CASE("a bound that a number passes is seen when it does") {
  Walks walks;
  const std::uint64_t only = FromEnvironment("POLYONYM_SEED", 0);
  const std::uint64_t first = only != 0 ? only : 40'001;
  const std::uint64_t cases = only != 0 ? 1 : 40 * FromEnvironment("POLYONYM_HISTORIES", 100);
  for (std::uint64_t seed = first; seed < first + cases; ++seed) {
    const std::string fault = CheckCrossing(seed, &walks);
    INFO("POLYONYM_SEED=" << seed << "\n" << fault);
    REQUIRE(fault.empty());
  }
  CAPTURE(walks.all, walks.broken_off, walks.looks, walks.changes);
  CHECK((only != 0 || walks.changes * 2 >= walks.all));
  CHECK(walks.broken_off * 100 <= walks.all);
  CHECK(walks.looks <= 10 * walks.all);
}

TEST_CASE("a next change is the same whatever a person was asked before") {
  CheckCases(30'001, 300, CheckOneSubject);
}

}  // namespace
}  // namespace polyonym::harness
