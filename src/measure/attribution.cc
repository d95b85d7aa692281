#include "polyonym/measure/attribution.h"

#include <algorithm>
#include <limits>
#include <set>

#include "absl/strings/str_cat.h"
#include "measure/apportion.h"
#include "measure/currency_code.h"
#include "measure/touch_weights.h"

namespace polyonym {
namespace {

constexpr std::uint64_t kWhole = 1'000'000;
constexpr std::size_t kMostModels = 64;
constexpr std::size_t kMostKeyBytes = 1'024;
constexpr std::uint64_t kMostCount = std::uint64_t{1} << 32;
constexpr std::uint64_t kMostPairs = std::uint64_t{1} << 32;
// So that all credits of a model fit into 63 bits.
constexpr std::uint64_t kMostConversions = std::numeric_limits<std::int64_t>::max() / kWhole;

absl::Status CheckTouches(std::span<const AttributionTouch> touches, std::string_view none_key) {
  for (std::size_t i = 0; i < touches.size(); ++i) {
    const std::string_view key = touches[i].key;
    if (key.empty() || key.size() > kMostKeyBytes || key == none_key) {
      return absl::InvalidArgumentError(
          absl::StrCat("touches[", i, "].key: allowed are 1 to 1,024 bytes, other than none_key"));
    }
  }
  return absl::OkStatus();
}

// `field`: `conversions[3]`.
absl::Status CheckConversion(const AttributionConversion& conversion, const std::string& field) {
  if (conversion.count == 0 || conversion.count > kMostCount)
    return absl::InvalidArgumentError(absl::StrCat(field, ".count: allowed are 1 to 2^32"));
  if (conversion.value && !IsCurrencyCode(conversion.value->currency)) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, ".value.currency: allowed are three upper-case letters"));
  }
  return absl::OkStatus();
}

// A sum below 0 is divided as it would be above.
std::vector<std::int64_t> ApportionMoney(std::int64_t total,
                                         std::span<const std::uint64_t> weights) {
  const auto bits = static_cast<std::uint64_t>(total);
  std::vector<std::int64_t> parts;
  for (const std::uint64_t part : Apportion(total < 0 ? 0 - bits : bits, weights))
    parts.push_back(static_cast<std::int64_t>(total < 0 ? 0 - part : part));
  return parts;
}

AttributionModel Prepared(AttributionModel model) {
  if (model.name.empty()) model.name = std::string(ToString(model.rule));
  std::sort(model.ignored_keys.begin(), model.ignored_keys.end());
  return model;
}

std::vector<std::pair<std::string, absl::int128>> Listed(
    const std::map<std::string, absl::int128, std::less<>>& amounts) {
  return {amounts.begin(), amounts.end()};
}

}  // namespace

std::string_view ToString(AttributionRule rule) {
  switch (rule) {
    case AttributionRule::kFirst:
      return "first";
    case AttributionRule::kLast:
      return "last";
    case AttributionRule::kLinear:
      return "linear";
    case AttributionRule::kPosition:
      return "position";
    case AttributionRule::kTimeDecay:
      return "time_decay";
  }
  return "";
}

absl::StatusOr<std::vector<AttributionShare>> AttributeConversion(
    const AttributionModel& model, std::int64_t lookback_ms,
    std::span<const AttributionTouch> touches, const AttributionConversion& conversion) {
  if (absl::Status status = CheckModel(model, "model."); !status.ok()) return status;
  if (lookback_ms < 0) return absl::InvalidArgumentError("lookback_ms: allowed is 0 or more");
  if (absl::Status status = CheckTouches(touches, ""); !status.ok()) return status;
  if (absl::Status status = CheckConversion(conversion, "conversion"); !status.ok()) return status;
  const std::vector<PlacedTouch> ordered = InOrder(touches);
  const std::span<const PlacedTouch> sight = InSight(ordered, conversion.time_ms, lookback_ms);
  std::vector<AttributionShare> shares;
  if (sight.empty()) return shares;
  const std::vector<std::uint64_t> weights = WeightsOf(Prepared(model), sight);
  const std::vector<std::uint64_t> credits = Apportion(kWhole, weights);
  const std::vector<std::int64_t> money =
      ApportionMoney(conversion.value ? conversion.value->minor_units : 0, weights);
  for (std::size_t i = 0; i < sight.size(); ++i)
    shares.push_back({sight[i].place, static_cast<std::uint32_t>(credits[i]), money[i]});
  return shares;
}

// Sums of one person. Keys are numbered, so that a conversion adds to each of them once.
class Attribution::Person {
 public:
  Person(const AttributionOptions& options, std::span<const AttributionTouch> touches)
      : options_(options), ordered_(InOrder(touches)) {
    sums_.people = 1;
    std::map<std::string_view, std::size_t> numbers;
    for (const PlacedTouch& touch : ordered_) {
      const auto [number, is_new] = numbers.try_emplace(touch.key, rows_.size());
      if (is_new) rows_.push_back(RowOf(touch.key));
      ++rows_[number->second]->touches;
      numbers_.push_back(number->second);
    }
    gains_.resize(rows_.size());
  }

  void Add(const AttributionConversion& conversion) {
    sums_.converted_people = 1;
    sums_.conversions += conversion.count;
    if (conversion.value)
      sums_.minor_units[conversion.value->currency] += conversion.value->minor_units;
    const auto sight = InSight(ordered_, conversion.time_ms, options_.lookback_ms);
    if (sight.empty()) return CreditNone(conversion);
    const auto first = static_cast<std::size_t>(sight.data() - ordered_.data());
    const auto numbers = std::span(numbers_).subspan(first, sight.size());
    std::vector<std::size_t> keys(numbers.begin(), numbers.end());
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    for (const std::size_t key : keys) Convert(rows_[key], conversion);
    for (std::size_t model = 0; model < options_.models.size(); ++model) {
      Divide(WeightsOf(options_.models[model], sight), numbers, conversion);
      for (const std::size_t key : keys) {
        Give(rows_[key], model, gains_[key], conversion);
        gains_[key] = {};
      }
    }
  }

  const Sums& sums() const { return sums_; }

 private:
  // What a key gets of one conversion: parts of one sign, so that they sum to 0 only where all are.
  struct Gain {
    std::uint64_t millionths = 0;
    absl::int128 minor_units = 0;
  };

  Row* RowOf(std::string_view key) {
    Row& row = sums_.rows[std::string(key)];
    row.credits.resize(options_.models.size());
    row.people = 1;
    return &row;
  }

  static void Convert(Row* row, const AttributionConversion& conversion) {
    row->conversions += conversion.count;
    row->converted_people = 1;
  }

  void CreditNone(const AttributionConversion& conversion) {
    Row* row = RowOf(options_.none_key);
    Convert(row, conversion);
    const Gain all{kWhole, conversion.value ? conversion.value->minor_units : 0};
    for (std::size_t model = 0; model < options_.models.size(); ++model)
      Give(row, model, all, conversion);
  }

  // Among the keys of the touches that have these weights.
  void Divide(std::span<const std::uint64_t> weights, std::span<const std::size_t> numbers,
              const AttributionConversion& conversion) {
    const std::vector<std::uint64_t> credits = Apportion(kWhole, weights);
    for (std::size_t i = 0; i < weights.size(); ++i) gains_[numbers[i]].millionths += credits[i];
    if (!conversion.value) return;
    const std::vector<std::int64_t> money = ApportionMoney(conversion.value->minor_units, weights);
    for (std::size_t i = 0; i < weights.size(); ++i) gains_[numbers[i]].minor_units += money[i];
  }

  static void Give(Row* row, std::size_t model, const Gain& gain,
                   const AttributionConversion& conversion) {
    Credit& credit = row->credits[model];
    credit.millionths += gain.millionths * conversion.count;
    if (gain.minor_units != 0) credit.minor_units[conversion.value->currency] += gain.minor_units;
  }

  const AttributionOptions& options_;
  const std::vector<PlacedTouch> ordered_;
  std::vector<std::size_t> numbers_;  // of each of these, its key
  std::vector<Row*> rows_;            // by number
  std::vector<Gain> gains_;           // by number; 0 between conversions
  Sums sums_;
};

absl::StatusOr<Attribution> Attribution::Make(const AttributionOptions& options) {
  const auto fault = [](const std::string& what) { return absl::InvalidArgumentError(what); };
  if (options.models.empty() || options.models.size() > kMostModels)
    return fault("models: allowed are 1 to 64");
  if (options.lookback_ms < 0) return fault("lookback_ms: allowed is 0 or more");
  if (options.none_key.empty() || options.none_key.size() > kMostKeyBytes)
    return fault("none_key: allowed are 1 to 1,024 bytes");
  if (options.max_pairs > kMostPairs) return fault("max_pairs: allowed are up to 2^32");
  AttributionOptions prepared = options;
  std::set<std::string> names;
  for (std::size_t i = 0; i < prepared.models.size(); ++i) {
    AttributionModel& model = prepared.models[i];
    const std::string field = absl::StrCat("models[", i, "].");
    if (absl::Status status = CheckModel(model, field); !status.ok()) return status;
    model = Prepared(std::move(model));
    if (!names.insert(model.name).second)
      return fault(absl::StrCat(field, "name: allowed is each name once"));
  }
  return Attribution(std::move(prepared));
}

absl::Status Attribution::Add(std::span<const AttributionTouch> touches,
                              std::span<const AttributionConversion> conversions) {
  if (absl::Status status = CheckTouches(touches, options_.none_key); !status.ok()) return status;
  if (absl::uint128(touches.size()) * conversions.size() > options_.max_pairs) {
    return absl::ResourceExhaustedError(
        "touches times conversions: more than max_pairs; raise it, or leave touches of machines "
        "out");
  }
  absl::uint128 count = 0;
  for (std::size_t i = 0; i < conversions.size(); ++i) {
    absl::Status status = CheckConversion(conversions[i], absl::StrCat("conversions[", i, "]"));
    if (!status.ok()) return status;
    count += conversions[i].count;
  }
  if (count > kMostConversions) return absl::OutOfRangeError("conversions: more than 9 * 10^12");
  Person person(options_, touches);
  for (const AttributionConversion& conversion : conversions) person.Add(conversion);
  return AddSums(person.sums());
}

absl::Status Attribution::Merge(const Attribution& other) {
  if (other.options_ != options_)
    return absl::InvalidArgumentError("other: allowed is one with the same options");
  return AddSums(other.sums_);
}

absl::Status Attribution::AddSums(const Sums& more) {
  if (more.conversions > kMostConversions - sums_.conversions)
    return absl::OutOfRangeError("conversions: more than 9 * 10^12");
  if (more.rows.size() > options_.max_keys - std::min(options_.max_keys, sums_.rows.size())) {
    std::size_t keys = sums_.rows.size();
    for (const auto& [key, row] : more.rows) keys += sums_.rows.count(key) == 0 ? 1 : 0;
    if (keys > options_.max_keys) {
      return absl::ResourceExhaustedError(
          "touches: more keys than max_keys; raise it, or give keys that are fewer");
    }
  }
  for (const auto& [key, row] : more.rows) {
    Row& sum = sums_.rows[key];
    sum.credits.resize(options_.models.size());
    for (std::size_t model = 0; model < row.credits.size(); ++model) {
      sum.credits[model].millionths += row.credits[model].millionths;
      for (const auto& [currency, amount] : row.credits[model].minor_units)
        sum.credits[model].minor_units[currency] += amount;
    }
    sum.touches += row.touches;
    sum.people += row.people;
    sum.conversions += row.conversions;
    sum.converted_people += row.converted_people;
  }
  sums_.people += more.people;
  sums_.converted_people += more.converted_people;
  sums_.conversions += more.conversions;
  for (const auto& [currency, amount] : more.minor_units) sums_.minor_units[currency] += amount;
  return absl::OkStatus();
}

AttributionTable Attribution::Table() const {
  AttributionTable table;
  for (const AttributionModel& model : options_.models) table.models.push_back(model.name);
  for (const auto& [key, of] : sums_.rows) {
    AttributionRow row;
    row.key = key;
    for (const auto& credit : of.credits)
      row.credits.push_back({credit.millionths, Listed(credit.minor_units)});
    row.touches = of.touches;
    row.people = of.people;
    row.conversions = of.conversions;
    row.converted_people = of.converted_people;
    table.rows.push_back(std::move(row));
  }
  table.people = sums_.people;
  table.converted_people = sums_.converted_people;
  table.conversions = sums_.conversions;
  table.minor_units = Listed(sums_.minor_units);
  return table;
}

}  // namespace polyonym
