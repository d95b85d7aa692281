#include "polyonym/campaign/buckets.h"

#include <algorithm>
#include <initializer_list>
#include <set>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "model/fault.h"
#include "model/utf8.h"
#include "profile/ordered_facts.h"
#include "segment/subject.h"

namespace polyonym {
namespace {

constexpr double kLeastWeightSum = 0.99;  // as published
constexpr double kGreatestWeightSum = 1.01;

std::uint32_t Fnv1a32(std::initializer_list<std::string_view> texts) {
  std::uint32_t hash = 0x811c9dc5;
  for (const std::string_view text : texts) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x01000193;
  }
  return hash;
}

bool Holds(const BucketRange& range, double unit) { return unit >= range.from && unit < range.to; }

absl::Status Refused(std::string_view field, std::string_view rule) {
  return absl::InvalidArgumentError(std::string(field) + ": " + std::string(rule));
}

std::uint64_t SumOf(const std::vector<Variant>& variants) {
  std::uint64_t sum = 0;
  for (const Variant& variant : variants) sum += variant.weight;
  return sum;
}

absl::Status CheckVariants(const std::vector<Variant>& variants) {
  if (variants.empty() || variants.size() > kMaxVariants)
    return Refused("variants", "must be 1 to 256");
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < variants.size(); ++i) {
    const std::string at = absl::StrCat("variants[", i, "]");
    if (!IsName(variants[i].name)) return Refused(at + ".name", "must be UTF-8 of 1 to 128 bytes");
    if (!names.insert(variants[i].name).second)
      return Refused(at + ".name", "is there twice; names must be distinct");
    if (variants[i].weight > kMaxVariantWeight)
      return Refused(at + ".weight", "must be between 0 and 1,000,000");
  }
  if (SumOf(variants) == 0) return Refused("variants", "must have one with a weight above 0");
  return absl::OkStatus();
}

absl::Status CheckSlice(const AudienceSlice& slice) {
  if (!IsName(slice.group)) return Refused("slice.group", "must be UTF-8 of 1 to 128 bytes");
  if (slice.to_micros > kWholeMicros)
    return Refused("slice.to_micros", "must be between 1 and 1,000,000");
  if (slice.from_micros >= slice.to_micros)
    return Refused("slice.from_micros", "must be below to_micros");
  return absl::OkStatus();
}

BucketRange RangeOf(const AudienceSlice& slice) {
  return {static_cast<double>(slice.from_micros) / kWholeMicros,
          static_cast<double>(slice.to_micros) / kWholeMicros};
}

// What the event assigns; empty: nothing.
std::string_view VariantIn(const Event& event, std::string_view campaign) {
  if (event.type != kAssignedType || event.campaign != campaign) return {};
  const auto at = event.properties.find(std::string(kVariantProperty));
  if (at == event.properties.end()) return {};
  const auto* text = std::get_if<std::string>(&at->second.is);
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

// One assignment that was told, and its place in the order of facts.
struct Told {
  std::string_view variant;
  const FactRow* row = nullptr;
  std::int64_t time_ms = 0;
};

// Of one row the places come in order, so that the first of a time stands.
bool IsBefore(const Told& a, const Told& b) {
  if (a.time_ms != b.time_ms) return a.time_ms < b.time_ms;
  return profile::OrderOf(*a.row) < profile::OrderOf(*b.row);
}

}  // namespace

double BucketOf(std::string_view salt, const Identifier& anchor) {
  static const Definitions* const kNone = new Definitions();
  static const std::vector<FactRow>* const kNoRows = new std::vector<FactRow>();
  return SegmentSubject::Impl(*kNone, *kNoRows, {}, anchor, 0).Bucket(salt);
}

std::optional<double> UnitHash(std::string_view seed, std::string_view value,
                               std::uint32_t version) {
  switch (version) {
    case 1:
      return static_cast<double>(Fnv1a32({value, seed}) % 1'000) / 1'000;
    case 2:
      return static_cast<double>(Fnv1a32({absl::StrCat(Fnv1a32({seed, value}))}) % 10'000) / 10'000;
    default:
      return std::nullopt;
  }
}

absl::StatusOr<std::vector<BucketRange>> BucketRanges(std::size_t count, double coverage,
                                                      std::span<const double> weights) {
  if (count < 1 || count > kMaxVariants) return Refused("count", "must be between 1 and 256");
  if (!(coverage >= 0 && coverage <= 1)) return Refused("coverage", "must be between 0 and 1");
  if (!weights.empty() && weights.size() != count)
    return Refused("weights", "must be one a variant, or none for equal ones");
  double sum = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (!(weights[i] >= 0 && weights[i] <= 1))
      return Refused(absl::StrCat("weights[", i, "]"), "must be between 0 and 1");
    sum += weights[i];
  }
  if (!weights.empty() && (sum < kLeastWeightSum || sum > kGreatestWeightSum))
    return Refused("weights", "must add up to 1, or nearly so (0.99 to 1.01)");
  std::vector<BucketRange> ranges;
  double from = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double weight = weights.empty() ? 1 / static_cast<double>(count) : weights[i];
    ranges.push_back({from, from + coverage * weight});
    from += weight;
  }
  return ranges;
}

std::optional<std::size_t> VariantOf(double unit, std::span<const BucketRange> ranges) {
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (Holds(ranges[i], unit)) return i;
  }
  return std::nullopt;
}

bool InSharedNamespace(std::string_view value, std::string_view name, const BucketRange& range) {
  return Holds(range, *UnitHash("__" + std::string(name), value, 1));
}

absl::Status Validate(const VariantSplit& split) {
  if (split.salt.size() > kMaxFactNameBytes || !IsUtf8(split.salt))
    return Refused("salt", "must be UTF-8 of at most 128 bytes");
  if (absl::Status status = CheckVariants(split.variants); !status.ok()) return status;
  if (split.coverage_micros > kWholeMicros)
    return Refused("coverage_micros", "must be between 0 and 1,000,000");
  return split.slice ? CheckSlice(*split.slice) : absl::OkStatus();
}

std::optional<std::size_t> VariantByHash(std::string_view campaign, const VariantSplit& split,
                                         const Identifier& anchor) {
  const std::uint64_t sum = SumOf(split.variants);
  if (sum == 0) return std::nullopt;
  if (split.slice && !Holds(RangeOf(*split.slice), BucketOf(split.slice->group, anchor)))
    return std::nullopt;
  const double unit = BucketOf(split.salt.empty() ? campaign : split.salt, anchor);
  // A range's ends are whole numbers over one divisor: neighbours share theirs to the bit. At most 256 * 10^12, so that each is a double.
  const double whole = static_cast<double>(sum * kWholeMicros);
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < split.variants.size(); ++i) {
    const std::uint64_t weight = split.variants[i].weight;
    const std::uint64_t from = before * kWholeMicros;
    const BucketRange range{static_cast<double>(from) / whole,
                            static_cast<double>(from + weight * split.coverage_micros) / whole};
    if (Holds(range, unit)) return i;
    before += weight;
  }
  return std::nullopt;
}

Assignment AssignmentOf(std::string_view campaign, const VariantSplit& split,
                        const std::vector<FactRow>& rows, const Identifier& anchor,
                        std::int64_t now_ms) {
  std::optional<Told> first;
  for (const FactRow& row : rows) {
    for (const Event& event : row.facts.events) {
      const Told told{VariantIn(event, campaign), &row, profile::TimeOf(event, row)};
      if (told.variant.empty() || told.time_ms > now_ms) continue;
      if (!first || IsBefore(told, *first)) first = told;
    }
  }
  if (first) return {std::string(first->variant), first->time_ms, false};
  const std::optional<std::size_t> at = VariantByHash(campaign, split, anchor);
  return {at ? split.variants[*at].name : std::string(), 0, true};
}

}  // namespace polyonym
