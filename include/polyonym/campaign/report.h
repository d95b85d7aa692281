// campaign/report.h - what a campaign came to: how far people went, what it changed beside a control, what came back of its cost.
//
//   absl::StatusOr<CampaignReport> report = ReportOf(tally);
//   report->variants[0].conversion_rate;                     // of those who were enrolled as it, reached or not
//   report->variants[0].lift->conversion.difference;         // beside the control
//   report->overall->money[0].return_on_cost;                // of all who were treated
//
// Everybody counts in the variant that they were enrolled as, whether or not anything reached them: to compare those who opened a letter
// with the control would compare people who open letters with everybody. What is compared, and how sure it is, is measure/lift.h's.
//
// *The control* is the variant that is defined as it; where none is, the holdout. They are never put together: the holdout is left
// alone by other campaigns too, and the control is not, so that together they would be no group that was treated alike.
//
// THREADS: pure functions.
#ifndef POLYONYM_CAMPAIGN_REPORT_H_
#define POLYONYM_CAMPAIGN_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "polyonym/campaign/tally.h"
#include "polyonym/measure/lift.h"
#include "polyonym/model/facts.h"

namespace polyonym {

// Rates of nobody are 0.
struct StepReport {
  std::string name;
  StepTally tally;
  double rate = 0;  // people of those who are enrolled
  double passed =
      0;  // StepTally::passed of those of the step before; of the first: of those who are enrolled
  friend bool operator==(const StepReport&, const StepReport&) = default;
};

struct RevenueReport {
  std::string currency;
  absl::int128 minor_units = 0;
  double per_person = 0;  // of those who are enrolled
  friend bool operator==(const RevenueReport&, const RevenueReport&) = default;
};

struct VariantReport {
  std::string name;
  bool is_control = false;  // what the others are compared with
  std::uint64_t enrolled = 0;
  std::vector<StepReport> steps;
  std::uint64_t converted = 0;  // people
  double conversion_rate = 0;
  std::uint64_t conversions = 0;       // events of the goal
  std::vector<RevenueReport> revenue;  // by currency
  std::uint64_t left_out = 0;          // people with an amount beyond kMaxPersonRevenue
  // From enrolment to the first conversion, of those who converted: the lower one of two in the middle. kMaxDaysToConvert: so many or more.
  std::optional<std::uint32_t> median_days_to_convert;
  // Beside the control. None: it is the control, the holdout or without a name; there is no control; or there is nobody in one of them.
  std::optional<LiftResult> lift;
  friend bool operator==(const VariantReport&, const VariantReport&) = default;
};

struct CampaignReport {
  // As defined; then the holdout and what is not defined (without a name), where there is anybody.
  std::vector<VariantReport> variants;
  std::string control;  // its name; empty: there is none
  // The fixed cost, and the cost for each event of the first step, of whichever variant. None: none is defined.
  std::optional<Money> cost;
  // All defined variants but the control, together, beside it: with the return on the cost in its currency.
  std::optional<LiftResult> overall;
  // Whether people are in variants by their weights, and in the holdout by its share, as they stand now. Where a definition changed on the way
  // they are not. None: there is nothing to divide, or nobody.
  std::optional<SampleRatio> variants_ratio;
  std::optional<SampleRatio> holdout_ratio;
  friend bool operator==(const CampaignReport&, const CampaignReport&) = default;
};

struct CampaignReportOptions {
  double confidence = 0.95;  // of all intervals. RANGE: above 0, below 1
};

// ERRORS: InvalidArgument (`confidence`); OutOfRange for costs or sums of money beyond 64 bits.  COST: microseconds a variant.
absl::StatusOr<CampaignReport> ReportOf(const CampaignTally& tally,
                                        const CampaignReportOptions& options = {});

}  // namespace polyonym

#endif  // POLYONYM_CAMPAIGN_REPORT_H_
