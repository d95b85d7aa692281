// profile/purchases.h - what somebody's purchases say: how many, how recent, how regular, worth what.
//
// A pure function of purchases in one currency. Its numbers feed RFM scores (profile/rfm.h) and the BG/NBD model
// (profile/bgnbd.h); docs/scores.md defines them. It keeps nothing and reads no clock: the host says up to when it looks.
//
//   const Purchase purchases[] = {{.time_ms = kSunday, .minor_units = 1999}, {.time_ms = kFriday, .minor_units = -1999}};
//   absl::StatusOr<PurchaseSummary> summary = SummarisePurchases(purchases, {.end_ms = now_ms});
//
// THREADS: pure functions.
#ifndef POLYONYM_PROFILE_PURCHASES_H_
#define POLYONYM_PROFILE_PURCHASES_H_

#include <cstdint>
#include <optional>
#include <span>

#include "absl/status/statusor.h"

namespace polyonym {

// Times are milliseconds since 1970-01-01T00:00:00Z, of the years 1 to 9999.
struct Purchase {
  std::int64_t time_ms = 0;
  std::int64_t minor_units = 0;  // negative: a return; zero: a gift, which is a purchase
};

struct PurchaseOptions {
  // What happens at this time or later is not seen; the day that holds it is the end day. REQUIRED.
  std::int64_t end_ms = 0;
  // A day is a calendar day at this offset from UTC. DEFAULT: 0; range -840..840
  std::int32_t utc_offset_minutes = 0;
};

// Days are whole calendar days: the difference of two dates. x, t_x and T are the letters of Fader, Hardie and Lee (2005).
// Invariants: (I1) recency_days <= observed_days. (I2) recency_days == 0 exactly where frequency == 0. (I3) without a
// purchase (count == 0) all that is about purchases is 0 or none; returns still lower the total.
struct PurchaseSummary {
  std::uint64_t count = 0;                // purchases, each for itself
  std::uint64_t returns = 0;              // returns; they are no purchases
  std::int64_t total_minor_units = 0;     // purchases less returns
  std::int64_t returned_minor_units = 0;  // of the returns alone; 0 or negative

  std::uint64_t frequency = 0;     // x: days with a purchase, after the day of the first one
  std::int64_t recency_days = 0;   // t_x: from the day of the first purchase to that of the last
  std::int64_t observed_days = 0;  // T: from the day of the first purchase to the end day
  // Mean of what was bought on a day, over the days that `frequency` counts; returns are not taken off, since a return
  // seldom comes on the day that it is about. 0 where frequency is 0.
  double mean_repeat_minor_units = 0;

  std::optional<std::int64_t> first_ms;
  std::optional<std::int64_t> last_ms;
  std::optional<std::int64_t>
      days_since_last;  // from the day of the last purchase to the end day: T - t_x

  // For flags of churn; none where frequency is 0, since one day has no gap.
  std::optional<double>
      mean_gap_days;  // between days with a purchase that follow each other: t_x / x
  std::optional<std::int64_t>
      due_ms;  // last_ms + mean_gap_days of 24 hours each, to the nearest millisecond
  std::optional<double>
      overdue_ratio;  // days_since_last / mean_gap_days: 1 is due today, 2 is a whole gap late
  friend bool operator==(const PurchaseSummary&, const PurchaseSummary&) = default;
};

// The summary of `purchases`, in any order, as of `options.end_ms`.
// ERRORS: InvalidArgument naming the field (`purchases[3].time_ms`, `end_ms`, `utc_offset_minutes`) that is out of range;
//         OutOfRange where the purchases, or the returns, sum to more than 64 bits hold.
// COST: O(n log n) time, 16 bytes a purchase.
absl::StatusOr<PurchaseSummary> SummarisePurchases(std::span<const Purchase> purchases,
                                                   const PurchaseOptions& options);

}  // namespace polyonym

#endif  // POLYONYM_PROFILE_PURCHASES_H_
