// measure/attribution.h - which campaigns or channels conversions are credited to, by several models at once.
//
// Use it over many people, of each the touches and the conversions:
//
//   AttributionOptions options;
//   options.models = {{.name = "last", .ignored_keys = {"direct"}},
//                     {.name = "u", .rule = AttributionRule::kPosition},
//                     {.name = "decay", .rule = AttributionRule::kTimeDecay}};
//   absl::StatusOr<Attribution> attribution = Attribution::Make(options);
//   for (const Person& person : everybody) {
//     absl::Status added = attribution->Add(person.touches, person.conversions);
//   }
//   AttributionTable table = attribution->Table();   // "spring": 12.4 conversions by `u`, 8,310.00 CNY
//
// It divides what happened by a rule that somebody chose; it does not say what a campaign caused. For that hold people out, and see
// measure/lift.h.
//
// THE RULES. A conversion looks at the person's touches from `lookback_ms` before it up to its own moment, both included; never at
// one after it. A touch may be credited for several conversions. Touches are in order of time, then of key (by its bytes); two of one time and
// key are alike. Keys that a model ignores are out of its sight, unless there is no other touch to see. Each that it sees has a weight:
//
//   kFirst, kLast  1 of the first, or the last; 0 of the others
//   kLinear        1
//   kPosition      first_weight of the first, last_weight of the last, middle_weight divided equally among those between. Of two
//                  touches those of the first and the last alone count: 50 and 50 where they are equal. One has all
//   kTimeDecay     2^(-age / half_life_ms), the age being up to the conversion
//
// A conversion without touches in sight is credited to AttributionOptions::none_key.
//
// EXACT. Credits are whole millionths of a conversion, and sum to 1,000,000; money is whole minor units, and sums to the conversion's. Each touch
// first gets its share rounded down (of money: towards 0). What is left over, less than one unit a touch, goes one unit each to those that
// lost the largest fractions; of equal fractions, to the earlier touch. Money is divided by the weights, not by the rounded credits.
// Weights of kTimeDecay are rounded to 2^-40 of that of the latest touch in sight, so what is forty half-lives older gets nothing.
//
// SOURCE. The models and their defaults are those that Google Analytics and Google Ads had: 40, 20 and 40 by position, a half-life of 7
// days, direct visits ignored, 30 days of looking back. Which of them survives where changes; the arithmetic does not.
#ifndef POLYONYM_MEASURE_ATTRIBUTION_H_
#define POLYONYM_MEASURE_ATTRIBUTION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "polyonym/model/facts.h"

namespace polyonym {

enum class AttributionRule : std::uint8_t {
  kFirst = 0,
  kLast = 1,
  kLinear = 2,
  kPosition = 3,
  kTimeDecay = 4,
};
std::string_view ToString(
    AttributionRule rule);  // `first`, `last`, `linear`, `position`, `time_decay`

struct AttributionModel {
  std::string name;  // no two the same. DEFAULT: empty, which is what ToString() says of the rule
  AttributionRule rule = AttributionRule::kLast;
  // Last non-direct: kLast, with the key of direct visits here. DEFAULT: none
  std::vector<std::string> ignored_keys = {};
  // kPosition alone. RANGE: 0 to 1,000,000, in any unit; of the first and the last not both 0.
  std::uint32_t first_weight = 40;
  std::uint32_t middle_weight = 20;
  std::uint32_t last_weight = 40;
  // kTimeDecay alone. RANGE: 1 or more.  DEFAULT: 7 days
  std::int64_t half_life_ms = 604'800'000;
  friend bool operator==(const AttributionModel&, const AttributionModel&) = default;
};

struct AttributionOptions {
  std::vector<AttributionModel> models = {};  // RANGE: 1 to 64
  std::int64_t lookback_ms = 2'592'000'000;   // RANGE: 0 or more.  DEFAULT: 30 days
  std::string none_key = "(none)";            // no touch may have it. RANGE: not empty
  // Keys in the table. A campaign may be a key; a person or a visit may not.  DEFAULT: 100,000
  std::size_t max_keys = 100'000;
  // Of one person: touches times conversions. RANGE: up to 2^32.  DEFAULT: ten million, about a second for each model
  std::uint64_t max_pairs = 10'000'000;
  friend bool operator==(const AttributionOptions&, const AttributionOptions&) = default;
};

struct AttributionTouch {
  std::int64_t time_ms = 0;
  std::string_view key;  // campaign, channel or another source: 1 to 1,024 bytes
};

struct AttributionConversion {
  std::int64_t time_ms = 0;
  std::optional<Money> value = {};  // of all `count` together; below 0 is a refund
  std::uint64_t count = 1;  // conversions of this moment, each credited alike. RANGE: 1 to 2^32
};

// What one touch gets of one conversion.
struct AttributionShare {
  std::size_t touch = 0;         // its place in the span
  std::uint32_t millionths = 0;  // of each of the `count`
  std::int64_t minor_units = 0;  // 0 without a value
  friend bool operator==(const AttributionShare&, const AttributionShare&) = default;
};

// One conversion by one model, to be shown: who is credited, those with a weight of 0 too, in order of time, then of key, then of place.
// Empty where no touch is in sight.
// ERRORS: InvalidArgument, as Attribution::Make() and Add().  COST: n log n touches.  THREADS: pure.
absl::StatusOr<std::vector<AttributionShare>> AttributeConversion(
    const AttributionModel& model, std::int64_t lookback_ms,
    std::span<const AttributionTouch> touches, const AttributionConversion& conversion);

// What a model credits to a key.
struct AttributionCredit {
  std::uint64_t millionths = 0;  // of conversions
  // By currency, those with anything other than 0 credited to the key, be it to a sum of 0.
  std::vector<std::pair<std::string, absl::int128>> minor_units;
  friend bool operator==(const AttributionCredit&, const AttributionCredit&) = default;
};

struct AttributionRow {
  std::string key;
  std::vector<AttributionCredit> credits;  // by model, as in the options
  std::uint64_t touches = 0;               // all that were added, also far from any conversion
  std::uint64_t people = 0;                // who had at least one of these
  // What follows looks at touches in sight of a conversion, ignored or not. Of none_key: conversions that had none.
  std::uint64_t conversions = 0;
  std::uint64_t converted_people = 0;
  friend bool operator==(const AttributionRow&, const AttributionRow&) = default;
};

// Invariants: (I1) millionths of each model sum over the rows to 1,000,000 * conversions. (I2) minor units of each model and currency sum to
// those of `minor_units`.
struct AttributionTable {
  std::vector<std::string> models;  // their names
  std::vector<AttributionRow>
      rows;                  // by key, its bytes; none_key among them if anything went there
  std::uint64_t people = 0;  // who were added
  std::uint64_t converted_people = 0;
  std::uint64_t conversions = 0;
  std::vector<std::pair<std::string, absl::int128>> minor_units;  // of all conversions, by currency
  friend bool operator==(const AttributionTable&, const AttributionTable&) = default;
};

// Adds people up. The table is a function of the set of people: neither their order, nor that of anybody's touches and
// conversions, nor how they were spread over accumulators that were merged, shows in it.
//
// Memory: for each key some 150 bytes, and for each of its models 32 and 50 for each currency. People leave nothing else behind.
// THREADS: thread-compatible. One for each thread, merged at the end, is as good as one.
class Attribution {
 public:
  // ERRORS: InvalidArgument naming the field (`models[2].half_life_ms`) and what is allowed.
  static absl::StatusOr<Attribution> Make(const AttributionOptions& options);

  // Adds one person, with all touches and conversions; each once, as nothing tells people apart.
  // ERRORS, and nobody is added: InvalidArgument for a key that is empty, too long, or none_key (`touches[3].key`), a count or a currency
  // out of range. ResourceExhausted for more than max_pairs of this person, or for a key beyond max_keys: a host that
  // goes on after it has the table of the others, and which they are depends on the order. OutOfRange beyond 9 * 10^12 conversions.
  // COST: n log n touches, and for each conversion and model the touches in sight of it. Eight touches and a conversion by five models take
  // some 7 us.
  absl::Status Add(std::span<const AttributionTouch> touches,
                   std::span<const AttributionConversion> conversions);

  // Adds the people of another, who must be others.
  // ERRORS, and nobody is added: InvalidArgument for other options; ResourceExhausted and OutOfRange as Add().
  absl::Status Merge(const Attribution& other);

  // Of those added so far. More may be added after it.
  AttributionTable Table() const;

 private:
  struct Credit {
    std::uint64_t millionths = 0;
    std::map<std::string, absl::int128, std::less<>> minor_units;
  };
  struct Row {
    std::vector<Credit> credits;  // by model
    std::uint64_t touches = 0, people = 0, conversions = 0, converted_people = 0;
  };
  struct Sums {
    std::map<std::string, Row, std::less<>> rows;
    std::uint64_t people = 0, converted_people = 0, conversions = 0;
    std::map<std::string, absl::int128, std::less<>> minor_units;
  };
  class Person;

  explicit Attribution(AttributionOptions options) : options_(std::move(options)) {}

  absl::Status AddSums(const Sums& more);

  AttributionOptions options_;  // with names of models, and ignored keys in order
  Sums sums_;
};

}  // namespace polyonym

#endif  // POLYONYM_MEASURE_ATTRIBUTION_H_
