#include "score_card.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "fact_json.h"

namespace polyonym::driver {

namespace {

// ---- fields ----

PurchaseScore DefinitionOf(const ProfilePurchases& bought, const Definitions& definitions) {
  for (const PurchaseScore& score : definitions.purchase_scores) {
    if (score.name == bought.name) return score;
  }
  return {};
}

Json WholeOrNull(std::optional<std::int64_t> number) { return number ? Json(*number) : Json(); }

// Nothing where it was never fitted, be it written by hand.
Json FittedOf(const PurchaseScore& score) {
  return score.fitted_ms == 0 ? Json() : Json(FormatTime(score.fitted_ms));
}

Json SummaryJson(const PurchaseSummary& summary) {
  Json row = Json::Object();
  row.Set("purchases", summary.count)
      .Set("returns", summary.returns)
      .Set("total_minor_units", summary.total_minor_units)
      .Set("returned_minor_units", summary.returned_minor_units);
  row.Set("first", TimeOrNull(summary.first_ms))
      .Set("last", TimeOrNull(summary.last_ms))
      .Set("days_since_last", WholeOrNull(summary.days_since_last));
  row.Set("frequency", summary.frequency)
      .Set("recency_days", summary.recency_days)
      .Set("observed_days", summary.observed_days)
      .Set("mean_repeat_minor_units", NumberJson(summary.mean_repeat_minor_units));
  row.Set("mean_gap_days", NumberOrNull(summary.mean_gap_days))
      .Set("overdue_ratio", NumberOrNull(summary.overdue_ratio));
  return row;
}

Json PurchasesRow(const ProfilePurchases& bought, const PurchaseScore& score, bool explain) {
  Json row = Json::Object();
  row.Set("name", bought.name)
      .Set("currency", bought.currency)
      .Set("state", ToString(bought.state))
      .Set("rfm", bought.rfm ? Json(bought.rfm->Code()) : Json());
  row.Set("alive", NumberOrNull(bought.alive))
      .Set("expected", NumberOrNull(bought.expected))
      .Set("expect_days", score.expect_days)
      .Set("expected_minor_units", NumberOrNull(bought.expected_minor_units));
  row.Set("due", TimeOrNull(bought.summary.due_ms))
      .Set("fitted", FittedOf(score))
      .Set("fitted_customers", score.fitted_customers);
  return std::move(row.Set("summary", explain ? SummaryJson(bought.summary) : Json()));
}

Json ChannelsRow(const ProfileChannels& score) {
  const auto affinity = [](const ChannelAffinity& one) {
    return std::move(Json::Object()
                         .Set("channel", one.channel)
                         .Set("share", NumberJson(one.share))
                         .Set("interactions", one.interactions)
                         .Set("decayed_count", NumberJson(one.decayed_count)));
  };
  return std::move(
      Json::Object().Set("name", score.name).Set("channels", ListOf(score.channels, affinity)));
}

// ---- tables ----

// Of what is expected and what is a mean, in whole minor units.
std::string MoneyText(double minor_units, const std::string& currency) {
  // Beyond 64 bits a number alone has to do.
  if (std::abs(minor_units) > 9e18) return Fixed(minor_units) + " minor units " + currency;
  return ToText({Money{std::llround(minor_units), currency}});
}

Json FixedOrNull(std::optional<double> number) { return number ? Json(Fixed(*number)) : Json(); }

Json DayOrNull(std::optional<std::int64_t> ms) { return ms ? Json(DayOf(*ms)) : Json(); }

void PrintPurchases(const Profile& profile, const Definitions& definitions, Output* out) {
  if (profile.purchases.empty()) return;
  out->Title("purchase scores");
  for (const ProfilePurchases& bought : profile.purchases) {
    const std::string days = std::to_string(DefinitionOf(bought, definitions).expect_days);
    Json row = Json::Object();
    row.Set("score", bought.name)
        .Set("rfm", bought.rfm ? Json(std::to_string(bought.rfm->Code())) : Json())
        .Set("state", ToString(bought.state));
    row.Set("alive", FixedOrNull(bought.alive)).Set("bar", Bar(bought.alive.value_or(0), 1));
    row.Set("expected",
            bought.expected ? Json(Fixed(*bought.expected) + " in " + days + " days") : Json());
    row.Set("worth", bought.expected_minor_units
                         ? Json(MoneyText(*bought.expected_minor_units, bought.currency))
                         : Json());
    out->Row(std::move(row.Set("next_due", DayOrNull(bought.summary.due_ms))));
  }
}

void PrintChannels(const Profile& profile, bool explain, Output* out) {
  out->Title("channel affinity");
  for (const ProfileChannels& score : profile.channels) {
    for (const ChannelAffinity& one : score.channels) {
      Json row = Json::Object();
      row.Set("score", score.name)
          .Set("channel", one.channel)
          .Set("share", Fixed(one.share))
          .Set("bar", Bar(one.share, 1))
          .Set("times", one.interactions);
      if (explain) row.Set("decayed_count", Fixed(one.decayed_count));
      out->Row(std::move(row));
    }
  }
}

void ExplainPurchases(const ProfilePurchases& bought, const PurchaseScore& score, Output* out) {
  const PurchaseSummary& summary = bought.summary;
  out->Title("what " + bought.name + " is made of");
  Json row = Json::Object();
  const auto money = [&](double minor_units) { return MoneyText(minor_units, bought.currency); };
  row.Set("bought", summary.count)
      .Set("returned", summary.returns)
      .Set("total", ToText({Money{summary.total_minor_units, bought.currency}}))
      .Set("of_it_returned", ToText({Money{summary.returned_minor_units, bought.currency}}));
  row.Set("first", DayOrNull(summary.first_ms))
      .Set("last", DayOrNull(summary.last_ms))
      .Set("days_since_last", WholeOrNull(summary.days_since_last));
  row.Set("repeat_days", summary.frequency)
      .Set("days_from_first_to_last", summary.recency_days)
      .Set("days_observed", summary.observed_days)
      .Set("mean_of_a_repeat_day", money(summary.mean_repeat_minor_units));
  row.Set("mean_gap_in_days", FixedOrNull(summary.mean_gap_days))
      .Set("overdue_ratio", FixedOrNull(summary.overdue_ratio));
  row.Set("models_fitted", score.fitted_ms == 0
                               ? Json("never")
                               : Json("as of " + DayOf(score.fitted_ms) + ", to " +
                                      FormatCount(score.fitted_customers) + " customers"));
  out->Fields(row);
}

}  // namespace

void SetScores(const Profile& profile, const Definitions& definitions, bool explain, Json* row) {
  row->Set("purchase_scores", ListOf(profile.purchases, [&](const ProfilePurchases& bought) {
             return PurchasesRow(bought, DefinitionOf(bought, definitions), explain);
           }));
  row->Set("channel_scores", ListOf(profile.channels, ChannelsRow));
}

void PrintScores(const Profile& profile, const Definitions& definitions, bool explain,
                 Output* out) {
  PrintPurchases(profile, definitions, out);
  if (explain) {
    for (const ProfilePurchases& bought : profile.purchases)
      ExplainPurchases(bought, DefinitionOf(bought, definitions), out);
  }
  const auto is_empty = [](const ProfileChannels& score) { return score.channels.empty(); };
  if (!std::all_of(profile.channels.begin(), profile.channels.end(), is_empty))
    PrintChannels(profile, explain, out);
}

}  // namespace polyonym::driver
