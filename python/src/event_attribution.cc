#include "event_attribution.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "event_matching.h"

namespace polyonym::python {
namespace {

constexpr std::size_t kMostKeyBytes = 1'024;
constexpr std::uint32_t kPeopleAnAsking = 1'024;

struct Window {
  std::optional<std::int64_t> from_ms;
  std::optional<std::int64_t> to_ms;
  bool Holds(std::int64_t time_ms) const {
    return (!from_ms || time_ms >= *from_ms) && (!to_ms || time_ms < *to_ms);
  }
};

class Crediting {
 public:
  Crediting(const EventTable& table, const EventAttributionOptions& options,
            EventMatching conversions, EventMatching touches, Attribution attribution)
      : table_(table),
        options_(options),
        is_conversion_(std::move(conversions)),
        is_touch_(std::move(touches)),
        window_{options.from_ms, options.to_ms},
        touched_in_(window_),
        attribution_(std::move(attribution)) {
    if (auto& from = touched_in_.from_ms) {  // back to where the first conversion looks
      constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
      const std::int64_t lookback_ms = options.rules.lookback_ms;
      *from = *from < kLeast + lookback_ms ? kLeast : *from - lookback_ms;
    }
  }

  absl::Status Add(std::uint32_t person) {
    touches_.clear();
    conversions_.clear();
    for (std::uint32_t e = table_.offsets()[person]; e < table_.offsets()[person + 1]; ++e)
      AddEvent(e);
    if (!conversions_.empty() && touches_.size() > options_.rules.max_pairs / conversions_.size()) {
      ++credited_.people_left_out;
      return absl::OkStatus();
    }
    return attribution_.Add(touches_, conversions_);
  }

  EventAttribution Result() {
    credited_.table = attribution_.Table();
    std::sort(credited_.table.rows.begin(), credited_.table.rows.end(), ComesFirst);
    return std::move(credited_);
  }

 private:
  static bool ComesFirst(const AttributionRow& a, const AttributionRow& b) {
    const bool a_is_none = a.key == EventAttribution::kNothing,
               b_is_none = b.key == EventAttribution::kNothing;
    if (a_is_none != b_is_none) return b_is_none;
    const std::uint64_t of_a = a.credits.front().millionths, of_b = b.credits.front().millionths;
    return of_a != of_b ? of_a > of_b : a.key < b.key;
  }

  void AddEvent(std::uint32_t e) {
    const std::int64_t time_ms = table_.times_ms()[e];
    if (window_.Holds(time_ms) && is_conversion_(e)) {
      AttributionConversion conversion{.time_ms = time_ms};
      if (table_.Has(EventDimension::kCurrency) && table_.currencies()[e] != 0) {
        conversion.value = Money{table_.minor_units()[e], TextOf(EventDimension::kCurrency, e)};
      }
      conversions_.push_back(std::move(conversion));
    }
    if (!touched_in_.Holds(time_ms) || !is_touch_(e)) return;
    std::string_view key = TextOf(options_.by, e);
    if (key.empty()) key = EventAttribution::kWithoutKey;
    if (key.size() > kMostKeyBytes) {
      ++credited_.touches_left_out;
      return;
    }
    touches_.push_back({.time_ms = time_ms, .key = key});
  }

  const std::string& TextOf(EventDimension dimension, std::uint32_t e) const {
    return table_.Texts(dimension)[table_.CodeAt(dimension, e)];
  }

  const EventTable& table_;
  const EventAttributionOptions& options_;
  const EventMatching is_conversion_, is_touch_;
  const Window window_;
  Window touched_in_;
  Attribution attribution_;
  EventAttribution credited_;
  std::vector<AttributionTouch> touches_;  // of one person; their texts are the table's
  std::vector<AttributionConversion> conversions_;
};

AttributionOptions RulesOf(const EventAttributionOptions& options) {
  AttributionOptions rules = options.rules;
  rules.none_key = EventAttribution::kNothing;
  for (AttributionModel& model : rules.models) {
    std::replace(model.ignored_keys.begin(), model.ignored_keys.end(), std::string(),
                 std::string(EventAttribution::kWithoutKey));
  }
  return rules;
}

}  // namespace

absl::StatusOr<EventAttribution> AttributeEvents(const EventTable& table,
                                                 const EventAttributionOptions& options) {
  if (options.from_ms && options.to_ms && *options.to_ms < *options.from_ms)
    return absl::InvalidArgumentError("end: must be start or later");
  if (!table.Has(options.by)) return EventMatching::NotKept("by", options.by);
  auto conversions = EventMatching::Make(table, options.conversions, "conversions");
  if (!conversions.ok()) return conversions.status();
  auto touches = options.touches ? EventMatching::Make(table, *options.touches, "touches")
                                 : EventMatching::WithCampaign(table, "touches");
  if (!touches.ok()) return touches.status();
  auto attribution = Attribution::Make(RulesOf(options));
  if (!attribution.ok()) return attribution.status();
  Crediting crediting(table, options, *std::move(conversions), *std::move(touches),
                      *std::move(attribution));
  for (std::uint32_t person = 0; person < table.people(); ++person) {
    if (person % kPeopleAnAsking == 0 && options.interrupted && options.interrupted())
      return absl::CancelledError("the call was ended");
    if (absl::Status status = crediting.Add(person); !status.ok()) return status;
  }
  return crediting.Result();
}

}  // namespace polyonym::python
