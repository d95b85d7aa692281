#include "profile/score_fold.h"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "polyonym/profile/bgnbd.h"
#include "profile/match.h"

namespace polyonym {
namespace profile {
namespace {

template <class T>
std::optional<T> ValueOrNone(absl::StatusOr<T> value) {
  if (!value.ok()) return std::nullopt;
  return *std::move(value);
}

std::vector<Purchase> PurchasesOf(const PurchaseScore& score,
                                  const std::vector<Placed<Event>>& events) {
  std::vector<Purchase> purchases;
  for (const Placed<Event>& placed : events) {
    const std::optional<Money>& value = placed.fact->value;
    if (value && value->currency == score.currency && Matches(score.on, *placed.fact))
      purchases.push_back({placed.time_ms, value->minor_units});
  }
  return purchases;
}

PurchaseState StateOf(const PurchaseScore& score, const PurchaseSummary& summary) {
  if (summary.count == 0) return PurchaseState::kNone;
  if (!summary.overdue_ratio) return PurchaseState::kOnce;
  if (*summary.overdue_ratio >= score.lost_at) return PurchaseState::kLost;
  if (*summary.overdue_ratio >= score.due_at) return PurchaseState::kDue;
  return PurchaseState::kActive;
}

// What the models say of `out->summary`.
void Foretell(const PurchaseScore& score, ProfilePurchases* out) {
  const std::optional<RfmValues> values = RfmValuesOf(out->summary);
  if (score.rfm_model && values) out->rfm = ValueOrNone(ScoreRfm(*score.rfm_model, *values));
  const auto history = BgNbdHistoryOf(out->summary, score.days_per_unit);
  if (!score.bgnbd_model || !history.ok()) return;
  out->alive = ValueOrNone(BgNbdAlive(*score.bgnbd_model, *history));
  out->expected = ValueOrNone(BgNbdConditionalPurchases(*score.bgnbd_model, *history,
                                                        score.expect_days / score.days_per_unit));
  if (out->expected && out->summary.frequency > 0)
    out->expected_minor_units = *out->expected * out->summary.mean_repeat_minor_units;
}

std::optional<ProfilePurchases> FoldPurchases(const PurchaseScore& score,
                                              const std::vector<Placed<Event>>& events,
                                              const PurchaseOptions& options) {
  const auto summary = SummarisePurchases(PurchasesOf(score, events), options);
  if (!summary.ok()) return std::nullopt;
  ProfilePurchases out;
  out.name = score.name;
  out.currency = score.currency;
  out.summary = *summary;
  out.state = StateOf(score, *summary);
  Foretell(score, &out);
  return out;
}

std::optional<ProfileChannels> FoldChannels(const ChannelScore& score,
                                            const std::vector<Placed<Event>>& events,
                                            std::int64_t now_ms) {
  std::vector<ChannelInteraction> interactions;
  for (const Placed<Event>& placed : events) {
    if (Matches(score.on, *placed.fact))
      interactions.push_back(
          {placed.row->from.belongs_to.ns, placed.time_ms, placed.fact->direction});
  }
  auto channels = ChannelAffinities(interactions, now_ms, score.half_life_ms);
  if (!channels.ok()) return std::nullopt;
  return ProfileChannels{score.name, *std::move(channels)};
}

}  // namespace

void FoldScores(const Definitions& definitions, const std::vector<Placed<Event>>& events,
                Profile* out) {
  const auto add = [out](auto score, auto* scores) {
    if (score)
      scores->push_back(*std::move(score));
    else
      ++out->left_out;
  };
  // The end is not seen, and now is.
  const bool is_last = out->now_ms == std::numeric_limits<std::int64_t>::max();
  const PurchaseOptions options = {.end_ms = is_last ? out->now_ms : out->now_ms + 1,
                                   .utc_offset_minutes = definitions.utc_offset_minutes};
  for (const PurchaseScore& score : definitions.purchase_scores)
    add(FoldPurchases(score, events, options), &out->purchases);
  for (const ChannelScore& score : definitions.channel_scores)
    add(FoldChannels(score, events, out->now_ms), &out->channels);
}

}  // namespace profile

std::string_view ToString(PurchaseState state) {
  constexpr std::string_view kNames[] = {"none", "once", "active", "due", "lost"};
  const auto index = static_cast<std::size_t>(state);
  return index < std::size(kNames) ? kNames[index] : "unknown";
}

}  // namespace polyonym
