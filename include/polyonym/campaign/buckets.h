// campaign/buckets.h - who gets which variant of a campaign: the same answer for the same person every time, with nothing stored.
//
// A hash makes a number 0 <= n < 1 of a person and a salt; each variant has a range of these numbers. Another salt divides people anew,
// independently of the first. What somebody was once given they keep: an *assignment* is told as an event, and the earliest
// of a person counts from then on. So a merge keeps the elder's, and a split gives both theirs again, without a rule for either.
//
//   const VariantSplit split{.salt = "spring", .variants = {{"control", 1}, {"letter", 4}}};
//   const Assignment given = AssignmentOf("spring", split, person.rows, person.anchor, now_ms);
//   // has sent the letter, and tells so: an event `assigned` with campaign "spring" and property variant = given.variant
//
// Two hashes: the one that the language's `bucket "salt"` has (docs/segments.md), which is the default; and GrowthBook's two, for hosts
// whose browsers divide people by its SDKs. It says nothing about whether a difference between variants is chance.
//
// Source: GrowthBook, Build Your Own SDK (docs.growthbook.io/lib/build-your-own) and packages/sdk-js/test/cases.json, spec 0.8.0; FNV-1a:
// draft-eastlake-fnv. XXH3: xxHash 0.8.
//
// THREADS: plain values and pure functions.
#ifndef POLYONYM_CAMPAIGN_BUCKETS_H_
#define POLYONYM_CAMPAIGN_BUCKETS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "polyonym/model/identifier.h"
#include "polyonym/profile/profile.h"

namespace polyonym {

// Numbers from <= n < to; none where they are equal.
struct BucketRange {
  double from = 0;
  double to = 0;
  friend bool operator==(const BucketRange&, const BucketRange&) = default;
};

// ---- Numbers of people ----

// What `bucket "salt"` of the language says of a person with this anchor (Person::anchor).
// ENSURES: 0 <= n < 1, a multiple of 2^-53.  COST: one hash of both texts.
double BucketOf(std::string_view salt, const Identifier& anchor);

// GrowthBook's hash of a value. Version 2: FNV-1a (32 bits) over the decimal digits of FNV-1a over seed and value, in ten-thousandths; version 1,
// which is biased: FNV-1a over value and seed, in thousandths. None: another version.
// Bytes are hashed, so of texts beyond ASCII their UTF-8; the SDK for JavaScript takes UTF-16 units there, and gives another number.
std::optional<double> UnitHash(std::string_view seed, std::string_view value,
                               std::uint32_t version);

// ---- Ranges ----

// One range a variant: that of number i begins where the weights before it end, and is coverage * weights[i] long. So another coverage moves
// nobody from one variant to another. No weights: equal ones.
// ERRORS: InvalidArgument for other than 1 to 256 variants (`count`), a coverage that is not in 0..1, weights that are not one a variant, and
// none in 0..1, or whose sum is not in 0.99..1.01. The published function takes the nearest coverage and equal weights there, and
// says nothing: we would rather not divide people in another way than was asked for.
absl::StatusOr<std::vector<BucketRange>> BucketRanges(std::size_t count, double coverage,
                                                      std::span<const double> weights = {});

// The first range that holds the number; none: no variant.
std::optional<std::size_t> VariantOf(double unit, std::span<const BucketRange> ranges);

// GrowthBook's namespaces: experiments that share one (its name, not a kind of identifier) and have ranges apart have nobody in common.
bool InSharedNamespace(std::string_view value, std::string_view name, const BucketRange& range);

// ---- Campaigns ----

inline constexpr std::size_t kMaxVariants = 256;
inline constexpr std::uint32_t kMaxVariantWeight = 1'000'000;
inline constexpr std::uint32_t kWholeMicros = 1'000'000;  // all of them, in millionths

struct Variant {
  std::string name;          // distinct
  std::uint32_t weight = 1;  // by the sum of all weights; range 0..1,000,000
  friend bool operator==(const Variant&, const Variant&) = default;
};

// A part of everybody that a campaign keeps to. Slices of one group that do not overlap have nobody in common, so that their campaigns exclude
// each other; slices of two groups are independent. Millionths: 0 <= from < to <= 1,000,000.
struct AudienceSlice {
  std::string group;
  std::uint32_t from_micros = 0;
  std::uint32_t to_micros = kWholeMicros;
  friend bool operator==(const AudienceSlice&, const AudienceSlice&) = default;
};

struct VariantSplit {
  std::string salt;  // empty: the campaign's name
  std::vector<Variant> variants;
  std::uint32_t coverage_micros = kWholeMicros;  // of each variant so much, the rest gets none
  std::optional<AudienceSlice> slice;            // who is outside gets none
  friend bool operator==(const VariantSplit&, const VariantSplit&) = default;
};

// ERRORS: InvalidArgument naming the field (`variants[2].weight`) and what is allowed: no variant or more than 256, names that are no UTF-8 of
// 1 to 128 bytes or there twice, a salt of more than 128, weights out of range or all 0, a coverage or slice out of range.
absl::Status Validate(const VariantSplit& split);

// By the default hash, whatever was assigned before: the place in `variants`. None: not covered, or outside the slice.
// ENSURES: who has a variant keeps it under a greater coverage.
std::optional<std::size_t> VariantByHash(std::string_view campaign, const VariantSplit& split,
                                         const Identifier& anchor);

// An assignment is told as an event of this type, whose campaign is the campaign, and this property, a text, the variant's name.
inline constexpr std::string_view kAssignedType = "assigned";
inline constexpr std::string_view kVariantProperty = "variant";

struct Assignment {
  std::string variant;       // its name; empty: none
  std::int64_t time_ms = 0;  // of the event; by hash: 0
  bool by_hash = false;      // nobody has told one yet
  friend bool operator==(const Assignment&, const Assignment&) = default;
};

// What the person has of the campaign: what the earliest event up to now says, in the order of facts (model/definitions.h), also where the split
// has no such variant any more, does not cover them, or another anchor would give another; else VariantByHash(). An event whose
// property is empty or no text does not count.
// `rows`: all facts of the person, in any order.  ENSURES: with facts, an answer that depends on these alone: of two people who are merged it
// is that of the one whose first event is earlier, and after a split each has their own.
// COST: one pass over the events.
Assignment AssignmentOf(std::string_view campaign, const VariantSplit& split,
                        const std::vector<FactRow>& rows, const Identifier& anchor,
                        std::int64_t now_ms);

}  // namespace polyonym

#endif  // POLYONYM_CAMPAIGN_BUCKETS_H_
