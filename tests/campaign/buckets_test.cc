#include "polyonym/campaign/buckets.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "harness/catch.h"
#include "harness/random.h"
#include "harness/random_facts.h"
#include "polyonym/segment/evaluate.h"

namespace polyonym::harness {
namespace {

std::string MessageOf(const absl::Status& status) { return std::string(status.message()); }

Identifier Crm(std::uint64_t number) { return {"crm", std::to_string(number)}; }

// A row with one event.
FactRow RowOf(const Identifier& belongs_to, const std::string& record, std::int64_t time_ms,
              Event event) {
  FactRow row;
  row.from.belongs_to = belongs_to;
  row.from.source = row.from.record_source = "shop";
  row.from.record_id = record;
  row.from.time_ms = time_ms;
  row.facts.events.push_back(std::move(event));
  return row;
}

Event Assigned(const std::string& campaign, Value variant) {
  Event event;
  event.type = kAssignedType;
  event.campaign = campaign;
  event.properties[std::string(kVariantProperty)] = std::move(variant);
  return event;
}

FactRow Tell(const Identifier& who, std::int64_t time_ms, const std::string& campaign,
             const std::string& variant) {
  return RowOf(who, campaign + std::to_string(time_ms), time_ms, Assigned(campaign, {variant}));
}

const VariantSplit kInOrOut{.salt = "", .variants = {{"in", 9}, {"out", 1}}};

}  // namespace

// ---- Published numbers: growthbook/growthbook, packages/sdk-js/test/cases.json, spec 0.8.0 ----

TEST_CASE("the hashes are those that GrowthBook publishes") {
  struct Case {
    std::string seed, value;
    std::uint32_t version;
    std::optional<double> hash;
  };
  const std::vector<Case> kHashes = {
      {"", "a", 1, 0.22},
      {"", "b", 1, 0.077},
      {"b", "a", 1, 0.946},
      {"ef", "d", 1, 0.652},
      {"asdf", "8952klfjas09ujk", 1, 0.549},
      {"", "123", 1, 0.011},
      {"", "___)((*\":&", 1, 0.563},
      {"seed", "a", 2, 0.0505},
      {"seed", "b", 2, 0.2696},
      {"foo", "ab", 2, 0.2575},
      {"foo", "def", 2, 0.2019},
      {"89123klj", "8952klfjas09ujkasdf", 2, 0.124},
      {"90850943850283058242805", "123", 2, 0.7516},
      {"()**(%$##$%#$#", "___)((*\":&", 2, 0.0128},
      {"abc", "def", 99, std::nullopt},
  };
  for (const Case& published : kHashes) {
    CAPTURE(published.seed, published.value, published.version);
    CHECK(UnitHash(published.seed, published.value, published.version) == published.hash);
  }
  CHECK_FALSE(UnitHash("seed", "a", 0).has_value());
}

TEST_CASE("ranges of variants are those that GrowthBook publishes") {
  struct Case {
    std::size_t count;
    double coverage;
    std::vector<double> weights;
    std::vector<BucketRange> ranges;
  };
  const std::vector<Case> kRanges = {
      {2, 1, {}, {{0, 0.5}, {0.5, 1}}},
      {2, 0.5, {}, {{0, 0.25}, {0.5, 0.75}}},
      {2, 0, {}, {{0, 0}, {0.5, 0.5}}},
      {4, 1, {}, {{0, 0.25}, {0.25, 0.5}, {0.5, 0.75}, {0.75, 1}}},
      {2, 1, {0.4, 0.6}, {{0, 0.4}, {0.4, 1}}},
      {3, 1, {0.2, 0.3, 0.5}, {{0, 0.2}, {0.2, 0.5}, {0.5, 1}}},
      {3, 0.2, {0.2, 0.3, 0.5}, {{0, 0.04}, {0.2, 0.26}, {0.5, 0.6}}},
      {2, 1, {0.4, 0.5999}, {{0, 0.4}, {0.4, 0.9999}}},
  };
  for (const Case& published : kRanges) {
    CAPTURE(published.count, published.coverage, published.weights);
    const auto ranges = BucketRanges(published.count, published.coverage, published.weights);
    REQUIRE(ranges.ok());
    REQUIRE(ranges->size() == published.ranges.size());
    for (std::size_t i = 0; i < ranges->size(); ++i) {
      CHECK((*ranges)[i].from == Approx(published.ranges[i].from));
      CHECK((*ranges)[i].to == Approx(published.ranges[i].to));
    }
  }
}

TEST_CASE(
    "where GrowthBook falls back to equal weights or the nearest coverage we say what is wrong") {
  const std::vector<double> short_sum = {0.4, 0.1}, long_sum = {0.7, 0.6};
  const std::vector<double> three = {0.4, 0.4, 0.2}, negative = {1.5, -0.5};
  const std::vector<double> nan = {std::numeric_limits<double>::quiet_NaN(), 0.5};
  CHECK_THAT(MessageOf(BucketRanges(2, -0.2).status()), HoldsText("coverage: must be between"));
  CHECK_THAT(MessageOf(BucketRanges(2, 1.5).status()), HoldsText("coverage: must be between"));
  CHECK_THAT(MessageOf(BucketRanges(2, nan[0]).status()), HoldsText("coverage: must be between"));
  CHECK_THAT(MessageOf(BucketRanges(2, 1, short_sum).status()), HoldsText("weights: must add up"));
  CHECK_THAT(MessageOf(BucketRanges(2, 1, long_sum).status()), HoldsText("weights: must add up"));
  CHECK_THAT(MessageOf(BucketRanges(4, 1, three).status()), HoldsText("weights: must be one a"));
  CHECK_THAT(MessageOf(BucketRanges(2, 1, negative).status()), HoldsText("weights[0]: must be"));
  CHECK_THAT(MessageOf(BucketRanges(2, 1, nan).status()), HoldsText("weights[0]: must be"));
  CHECK_THAT(MessageOf(BucketRanges(0, 1).status()), HoldsText("count: must be between 1 and 256"));
  CHECK_THAT(MessageOf(BucketRanges(257, 1).status()), HoldsText("count: must be between"));
}

TEST_CASE("the variant of a number is the one that GrowthBook publishes") {
  struct Case {
    double unit;
    std::vector<BucketRange> ranges;
    std::optional<std::size_t> variant;
  };
  const std::vector<BucketRange> even = {{0, 0.5}, {0.5, 1}}, reduced = {{0, 0.25}, {0.5, 0.75}};
  const std::vector<Case> kChoices = {
      {0.2, even, 0},
      {0.4, even, 0},
      {0.6, even, 1},
      {0.8, even, 1},
      {0, even, 0},
      {0.5, even, 1},
      {0.2, reduced, 0},
      {0.4, reduced, std::nullopt},
      {0.6, reduced, 1},
      {0.8, reduced, std::nullopt},
      {0.5, reduced, 1},
      {0.25, reduced, std::nullopt},
      {0.5, {{0, 0.5}, {0.5, 0.5}, {0.5, 1}}, 2},
  };
  for (const Case& published : kChoices) {
    CAPTURE(published.unit);
    CHECK(VariantOf(published.unit, published.ranges) == published.variant);
  }
  CHECK_FALSE(VariantOf(1, even).has_value());
  CHECK_FALSE(VariantOf(0.5, {}).has_value());
}

TEST_CASE("who is in a namespace is what GrowthBook publishes") {
  // By user and namespace, whether the number is below 0.4.
  const std::vector<std::tuple<std::string, std::string, bool>> kBelow = {
      {"1", "namespace1", false}, {"1", "namespace2", false}, {"2", "namespace1", false},
      {"2", "namespace2", false}, {"3", "namespace1", false}, {"3", "namespace2", true},
      {"4", "namespace1", false}, {"4", "namespace2", true}};
  for (const auto& [user, name, is_below] : kBelow) {
    CAPTURE(user, name);
    CHECK(InSharedNamespace(user, name, {0, 0.4}) == is_below);
    CHECK(InSharedNamespace(user, name, {0.4, 1}) == !is_below);
  }
}

// ---- The default hash ----

TEST_CASE("a person's number is what bucket of the language says") {
  Definitions definitions;
  definitions.segments = {{"tenth", R"(bucket "spring 春" < 0.1)", ""}};
  const auto segments = CompiledSegments::Compile(definitions);
  REQUIRE(segments.ok());
  const std::vector<FactRow> rows;
  std::size_t tenth = 0;
  for (std::uint64_t i = 0; i < 2'000; ++i) {
    const Identifier anchor{"openid/wx1", "用户" + std::to_string(i)};
    const std::vector<Identifier> identifiers = {anchor};
    SegmentSubject person(definitions, rows, identifiers, anchor, 0);
    const bool is_member = (*segments)->Evaluate(0, &person) == true;
    REQUIRE(is_member == (BucketOf("spring 春", anchor) < 0.1));
    tenth += is_member ? 1 : 0;
  }
  CHECK(tenth > 140);
  CHECK(tenth < 260);
}

namespace {

// Pearson's chi-squared of counts against what was expected of each cell.
double ChiSquared(const std::vector<std::uint64_t>& counts, const std::vector<double>& expected) {
  double sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double off = static_cast<double>(counts[i]) - expected[i];
    sum += off * off / expected[i];
  }
  return sum;
}

const std::vector<std::string> kSalts = {"", "a", "b", "spring", "双十一", "spring2"};

}  // namespace

// Bounds are the quantiles 0.001 and 0.999 of the chi-squared distribution; which people, and so what comes out, is fixed.
TEST_CASE("numbers are spread evenly under every salt") {
  constexpr std::size_t kCells = 100, kPeople = 100'000;
  for (const std::string& salt : kSalts) {
    CAPTURE(salt);
    std::vector<std::uint64_t> counts(kCells);
    for (std::size_t i = 0; i < kPeople; ++i)
      ++counts[static_cast<std::size_t>(BucketOf(salt, Crm(i)) * kCells)];
    const double chi = ChiSquared(counts, std::vector<double>(kCells, 1.0 * kPeople / kCells));
    CHECK(chi > 61.1);  // 99 degrees of freedom
    CHECK(chi < 148.3);
  }
}

TEST_CASE("numbers under two salts are independent") {
  constexpr std::size_t kSide = 10, kPeople = 50'000;
  for (std::size_t a = 0; a < kSalts.size(); ++a) {
    for (std::size_t b = a + 1; b < kSalts.size(); ++b) {
      CAPTURE(kSalts[a], kSalts[b]);
      std::vector<std::uint64_t> counts(kSide * kSide);
      for (std::size_t i = 0; i < kPeople; ++i) {
        const auto x = static_cast<std::size_t>(BucketOf(kSalts[a], Crm(i)) * kSide);
        const auto y = static_cast<std::size_t>(BucketOf(kSalts[b], Crm(i)) * kSide);
        ++counts[x * kSide + y];
      }
      std::vector<double> rows(kSide), columns(kSide), expected;
      for (std::size_t i = 0; i < counts.size(); ++i) {
        rows[i / kSide] += static_cast<double>(counts[i]);
        columns[i % kSide] += static_cast<double>(counts[i]);
      }
      for (std::size_t i = 0; i < counts.size(); ++i)
        expected.push_back(rows[i / kSide] * columns[i % kSide] / kPeople);
      const double chi = ChiSquared(counts, expected);
      CHECK(chi > 46.5);  // 81 degrees of freedom
      CHECK(chi < 126.1);
    }
  }
}

TEST_CASE("variants get their shares") {
  const VariantSplit split{.salt = "s", .variants = {{"a", 1}, {"none", 0}, {"b", 3}, {"c", 6}}};
  REQUIRE(Validate(split).ok());
  constexpr std::size_t kPeople = 100'000;
  std::vector<std::uint64_t> counts(4);
  for (std::size_t i = 0; i < kPeople; ++i) {
    const auto at = VariantByHash("spring", split, Crm(i));
    REQUIRE(at.has_value());
    ++counts[*at];
  }
  CHECK(counts[1] == 0);
  const double chi =
      ChiSquared({counts[0], counts[2], counts[3]}, {0.1 * kPeople, 0.3 * kPeople, 0.6 * kPeople});
  CHECK(chi > 0.002);  // 2 degrees of freedom
  CHECK(chi < 13.82);
}

TEST_CASE("a greater coverage moves nobody from one variant to another") {
  VariantSplit split{.salt = "s", .variants = {{"a", 1}, {"b", 2}, {"c", 4}}};
  for (std::size_t i = 0; i < 5'000; ++i) {
    std::optional<std::size_t> had;
    for (const std::uint32_t coverage : {0U, 1U, 250'000U, 500'000U, 999'999U, kWholeMicros}) {
      split.coverage_micros = coverage;
      const auto has = VariantByHash("", split, Crm(i));
      if (had) REQUIRE(has == had);
      had = has;
      if (coverage == 0) REQUIRE_FALSE(has.has_value());
      if (coverage == kWholeMicros) REQUIRE(has.has_value());
    }
  }
}

TEST_CASE("campaigns with slices apart have nobody in common and together everybody") {
  const auto slice_of = [](std::uint32_t from, std::uint32_t to, const std::string& salt) {
    return VariantSplit{
        .salt = salt, .variants = {{"a", 1}}, .slice = AudienceSlice{"g", from, to}};
  };
  const std::vector<VariantSplit> campaigns = {slice_of(0, 333'333, "x"),
                                               slice_of(333'333, 900'001, "y"),
                                               slice_of(900'001, kWholeMicros, "z")};
  std::array<std::size_t, 3> sizes = {};
  for (std::size_t i = 0; i < 10'000; ++i) {
    std::size_t in = 0;
    for (std::size_t c = 0; c < campaigns.size(); ++c) {
      const bool is_in = VariantByHash("", campaigns[c], Crm(i)).has_value();
      in += is_in ? 1 : 0;
      sizes[c] += is_in ? 1 : 0;
    }
    REQUIRE(in == 1);
  }
  CHECK(sizes[0] > 3'100);
  CHECK(sizes[1] > 5'400);
  CHECK(sizes[2] > 850);
}

TEST_CASE("a split without a salt is salted by its campaign") {
  const VariantSplit none{.variants = {{"a", 1}, {"b", 1}}};
  VariantSplit salted = none;
  salted.salt = "spring";
  std::size_t differ = 0;
  for (std::size_t i = 0; i < 1'000; ++i) {
    REQUIRE(VariantByHash("spring", none, Crm(i)) == VariantByHash("autumn", salted, Crm(i)));
    differ +=
        VariantByHash("spring", none, Crm(i)) == VariantByHash("autumn", none, Crm(i)) ? 0 : 1;
  }
  CHECK(differ > 400);
  CHECK(differ < 600);
}

// ---- Assignments ----

TEST_CASE("the control group of a merge is the elder's and what only the other knows is kept") {
  // A published merge: master {p1 in, p2 out} and slave {p1 out, p3 in} become {p1 in, p2 out, p3 in}.
  const Identifier master{"crm", "master"}, slave{"crm", "slave"};
  const std::vector<FactRow> of_master = {Tell(master, 10, "p1", "in"),
                                          Tell(master, 11, "p2", "out")};
  const std::vector<FactRow> of_slave = {Tell(slave, 12, "p1", "out"), Tell(slave, 5, "p3", "in")};
  std::vector<FactRow> merged = of_slave;
  merged.insert(merged.end(), of_master.begin(), of_master.end());
  CHECK(AssignmentOf("p1", kInOrOut, merged, master, 20) == Assignment{"in", 10, false});
  CHECK(AssignmentOf("p2", kInOrOut, merged, master, 20) == Assignment{"out", 11, false});
  CHECK(AssignmentOf("p3", kInOrOut, merged, master, 20) == Assignment{"in", 5, false});
  // And apart again.
  CHECK(AssignmentOf("p1", kInOrOut, of_slave, slave, 20).variant == "out");
  CHECK(AssignmentOf("p2", kInOrOut, of_slave, slave, 20).by_hash);
  CHECK(AssignmentOf("p1", kInOrOut, of_master, master, 20).variant == "in");
}

TEST_CASE("what was assigned stays when the split changes") {
  const Identifier who = Crm(1);
  std::vector<FactRow> rows = {Tell(who, 10, "p1", "retired")};
  VariantSplit split = kInOrOut;
  split.coverage_micros = 0;
  CHECK(AssignmentOf("p1", split, rows, who, 10) == Assignment{"retired", 10, false});
  CHECK(AssignmentOf("p1", split, rows, Crm(2), 10) == Assignment{"retired", 10, false});
  CHECK(AssignmentOf("p1", split, rows, who, 9) == Assignment{"", 0, true});  // not yet
  split.coverage_micros = kWholeMicros;
  rows.clear();
  const auto at = VariantByHash("p1", split, who);
  REQUIRE(at.has_value());
  CHECK(AssignmentOf("p1", split, rows, who, 10) == Assignment{split.variants[*at].name, 0, true});
}

TEST_CASE("an event that names no variant assigns none") {
  const Identifier who = Crm(1);
  Event bare = Assigned("p1", {std::string("in")});
  bare.properties.clear();
  Event other_type = Assigned("p1", {std::string("in")});
  other_type.type = "order";
  const std::vector<FactRow> rows = {RowOf(who, "1", 1, Assigned("p1", {std::string()})),
                                     RowOf(who, "2", 1, Assigned("p1", {std::int64_t{1}})),
                                     RowOf(who, "3", 1, bare), RowOf(who, "4", 1, other_type),
                                     RowOf(who, "5", 1, Assigned("p2", {std::string("in")}))};
  CHECK(AssignmentOf("p1", kInOrOut, rows, who, 10).by_hash);
}

TEST_CASE("the first of one record's assignments counts") {
  FactRow row = Tell(Crm(1), 10, "p1", "in");
  row.facts.events.push_back(Assigned("p1", {std::string("out")}));
  CHECK(AssignmentOf("p1", kInOrOut, {row}, Crm(1), 10).variant == "in");
  row.facts.events[0].time_ms = 10;
  row.facts.events[1].time_ms = 9;  // its own time, before the record's
  CHECK(AssignmentOf("p1", kInOrOut, {row}, Crm(1), 10).variant == "out");
}

namespace {

// An assignment as the definition orders it.
using Slow = std::tuple<std::int64_t, std::string, std::string, std::string, std::string,
                        std::size_t, std::string>;

Assignment SlowAssignment(const std::vector<FactRow>& rows, std::int64_t now_ms) {
  std::vector<Slow> told;
  for (const FactRow& row : rows) {
    for (std::size_t i = 0; i < row.facts.events.size(); ++i) {
      const Event& event = row.facts.events[i];
      const auto at = event.properties.find("variant");
      if (event.type != "assigned" || event.campaign != "p" || at == event.properties.end())
        continue;
      const std::int64_t time_ms = event.time_ms.value_or(row.from.time_ms);
      if (time_ms > now_ms || ToText(at->second).empty()) continue;
      told.emplace_back(time_ms, row.from.belongs_to.ns, row.from.belongs_to.value,
                        row.from.record_source, row.from.record_id, i, ToText(at->second));
    }
  }
  if (told.empty()) return {"", 0, true};
  const Slow& first = *std::min_element(told.begin(), told.end());
  return {std::get<6>(first), std::get<0>(first), false};
}

// Rows of one person, some of which assign, on a grid of few times.
std::vector<FactRow> RandomAssignments(Random& random, const std::string& source) {
  std::vector<FactRow> rows = RandomRows(random);
  const std::vector<std::string> variants = {"in", "out", "old", ""};
  for (FactRow& row : rows) {
    row.from.record_source += source;  // two people share no record
    for (std::uint64_t n = random.Below(3); n > 0; --n) {
      Event event = Assigned(random.Chance(80) ? "p" : "q", {random.Pick(variants)});
      if (random.Chance(50)) event.time_ms = kRandomFactsMs + kRandomStepMs * random.Between(0, 3);
      row.facts.events.insert(row.facts.events.begin() + static_cast<std::ptrdiff_t>(random.Below(
                                                             row.facts.events.size() + 1)),
                              std::move(event));
    }
  }
  return rows;
}

}  // namespace

TEST_CASE("a merge keeps the elder's assignment and a split gives both theirs again") {
  std::size_t told = 0, both = 0;
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const std::vector<FactRow> a = RandomAssignments(random, "a");
    const std::vector<FactRow> b = RandomAssignments(random, "b");
    std::vector<FactRow> merged = a;
    merged.insert(merged.end(), b.begin(), b.end());
    random.Shuffle(&merged);
    const std::int64_t now_ms = kRandomFactsMs + kRandomStepMs * random.Between(0, 300);
    const Identifier anchor_a = Crm(random.Below(50)), anchor_b = Crm(random.Below(50));
    const Identifier anchor = std::min(anchor_a, anchor_b);
    const VariantSplit& split = kInOrOut;

    const Assignment of_a = AssignmentOf("p", split, a, anchor_a, now_ms);
    const Assignment of_b = AssignmentOf("p", split, b, anchor_b, now_ms);
    const Assignment of_both = AssignmentOf("p", split, merged, anchor, now_ms);
    const Assignment slow = SlowAssignment(merged, now_ms);
    REQUIRE(of_both.by_hash == (of_a.by_hash && of_b.by_hash));
    if (of_both.by_hash) {
      REQUIRE(slow.by_hash);
      REQUIRE(of_both == (anchor == anchor_a ? of_a : of_b));
      continue;
    }
    ++told;
    REQUIRE(of_both == slow);
    REQUIRE((of_both == of_a || of_both == of_b));
    if (of_a.by_hash || of_b.by_hash) continue;
    ++both;
    REQUIRE(of_both.time_ms == std::min(of_a.time_ms, of_b.time_ms));
    // Split again, with the rows in whatever order.
    std::vector<FactRow> apart = a;
    random.Shuffle(&apart);
    REQUIRE(AssignmentOf("p", split, apart, anchor_a, now_ms) == of_a);
  }
  CHECK(told > 500);
  CHECK(both > 200);
}

TEST_CASE("a split that cannot be is turned away by its field") {
  VariantSplit split = kInOrOut;
  REQUIRE(Validate(split).ok());
  const auto message_with = [&](auto change) {
    VariantSplit changed = split;
    change(&changed);
    return MessageOf(Validate(changed));
  };
  using Split = VariantSplit*;
  CHECK_THAT(message_with([](Split s) { s->variants.clear(); }), HoldsText("variants: must be 1"));
  CHECK_THAT(message_with([](Split s) { s->variants.resize(257); }), HoldsText("variants: must"));
  CHECK_THAT(message_with([](Split s) { s->variants[1].name = "in"; }),
             HoldsText("variants[1].name: is there twice"));
  CHECK_THAT(message_with([](Split s) { s->variants[1].name = ""; }),
             HoldsText("variants[1].name: must be UTF-8"));
  CHECK_THAT(message_with([](Split s) { s->variants[0].weight = 1'000'001; }),
             HoldsText("variants[0].weight: must be between"));
  CHECK_THAT(message_with([](Split s) {
               s->variants = {{"a", 0}, {"b", 0}};
             }),
             HoldsText("variants: must have one"));
  CHECK_THAT(message_with([](Split s) { s->salt = "\xff"; }), HoldsText("salt: must be UTF-8"));
  CHECK_THAT(message_with([](Split s) { s->coverage_micros = 1'000'001; }),
             HoldsText("coverage_micros: must be between"));
  CHECK_THAT(message_with([](Split s) {
               s->slice = AudienceSlice{"", 0, 1};
             }),
             HoldsText("slice.group: must be UTF-8"));
  CHECK_THAT(message_with([](Split s) {
               s->slice = AudienceSlice{"g", 5, 5};
             }),
             HoldsText("slice.from_micros: must be below"));
  CHECK_THAT(message_with([](Split s) {
               s->slice = AudienceSlice{"g", 5, 1'000'001};
             }),
             HoldsText("slice.to_micros: must be between"));
  // One that is none gives nobody a variant.
  CHECK(AssignmentOf("p", {}, {}, Crm(1), 0) == Assignment{"", 0, true});
}

}  // namespace polyonym::harness
