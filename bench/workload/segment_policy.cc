#include "workload/segment_policy.h"

#include <array>
#include <optional>
#include <string>

#include "absl/strings/substitute.h"

namespace polyonym::workload {
namespace {

constexpr std::int64_t kDayMs = std::int64_t{24} * 60 * 60 * 1000;

// What segments are made of: those at odd places ask for events. $0: an interest, $1: a brand, $2: days, $3: yuan, $4: how many, $5 and $6:
// cities.
using Templates = std::array<const char*, 12>;
constexpr Templates kBroad = {
    "tag interest.$0 or tag brand.$1",
    "count(order within $2 days) >= $4",
    "score of tag brand.$1 >= $4",
    "sum(value of order, pay in last $2 days) >= $3 CNY",
    "trait city in (\"city$5\", \"city$6\")",
    "did(cart within $2 days) and not did(order within $2 days)",
    "trait spent >= $3 CNY and has phone",
    "sequence(view, then order within $2 days)",
    "consent ads = \"granted\" and (tag interest.$0 or tag brand.$1)",
    "distinct(property item of view, cart where property quantity >= 2 within $2 days) >= $4",
    "last of tag interest.$0 >= now - $2 days and bucket \"arm $0\" < 0.5",
    "funnel(view, cart, order within $2 days) >= 2",
};

// The same, each about something of which few records tell. $7: a product.
constexpr Templates kNarrow = {
    "tag interest.$0 and tag brand.$1",
    "count(order where property item = \"sku$7\" within $2 days) >= 1",
    "score of tag brand.$1 >= $4",
    "sum(value of order, pay where property item = \"sku$7\" in last $2 days) >= $3 CNY",
    "trait city = \"city$5\" and tag interest.$0",
    "did(cart where property item = \"sku$7\" within $2 days) and not did(order where property "
    "item = "
    "\"sku$7\" within $2 days)",
    "tag brand.$1 and has phone",
    "sequence(view where property item = \"sku$7\", then order where property item = \"sku$7\" "
    "within $2 days)",
    "consent ads = \"granted\" and tag interest.$0",
    "tag brand.$1 and not tag interest.$0",
    "last of tag interest.$0 >= now - $2 days and bucket \"arm $0\" < 0.5",
    "funnel(view where property item = \"sku$7\", order where property item = \"sku$7\" within $2 "
    "days) >= 2",
};
static_assert(kBroad.size() * 100 == kMostSegments, "a hundred variants of each");

std::string ExpressionOf(const Templates& templates, std::size_t number) {
  const std::size_t variant = number / templates.size();
  return absl::Substitute(templates[number % templates.size()], variant % 20, variant % 50,
                          7 + 3 * variant, 10 + 5 * variant, 1 + variant / 50, variant,
                          (variant + 37) % 100, number % 1'000);
}

}  // namespace

// Interests fade, brands add up, and consent to advertising is asked for.
Policy SegmentsPolicy() {
  Policy policy = ProfilePolicy();
  for (int n = 0; n < 20; ++n) {
    TagDefinition& interest = policy.definitions.tags.emplace_back();
    interest.name = "interest." + std::to_string(n);
    interest.fold = TagFold::kDecayedSum;
    interest.half_life_ms = 90 * kDayMs;
  }
  for (int n = 0; n < 50; ++n)
    policy.definitions.tags.emplace_back().name = "brand." + std::to_string(n);
  policy.definitions.purposes.emplace_back().name = "ads";
  return policy;
}

Definitions WithSegments(std::size_t count, SegmentKind kind) {
  const Templates& templates = kind == SegmentKind::kBroad ? kBroad : kNarrow;
  Definitions definitions = SegmentsPolicy().definitions;
  for (std::size_t n = 0; n < count; ++n) {
    SegmentDefinition& segment = definitions.segments.emplace_back();
    segment.name = "segment " + std::to_string(n);
    segment.expression = ExpressionOf(templates, n);
  }
  return definitions;
}

Facts FactsForSegments(std::uint64_t number) {
  constexpr std::array kStates = {ConsentState::kGranted, ConsentState::kDenied,
                                  ConsentState::kWithdrawn};
  Facts facts = MadeFacts(number);
  if (number % 4 == 0)
    facts.consents.push_back({"ads", kStates[number / 4 % kStates.size()], std::nullopt});
  return facts;
}

}  // namespace polyonym::workload
