#include "codec/convert_campaigns.h"

#include <string>
#include <vector>

namespace polyonym::codec {
namespace {

Money MoneyOf(const v1::Money& from) { return {from.minor_units(), from.currency()}; }

void ToProto(const Money& from, v1::Money* to) {
  to->set_minor_units(from.minor_units);
  to->set_currency(from.currency);
}

void FromProto(const v1::FrequencyCap& from, const std::string& at, EnumReader* enums,
               FrequencyCap* to) {
  to->name = from.name();
  to->channels = Texts(from.channels());
  to->labels = Texts(from.labels());
  to->campaigns = Texts(from.campaigns());
  if (from.has_count()) to->count = from.count();
  if (from.has_period())
    enums->Read(from.period(), v1::CapPeriod_IsValid, at, ".period", &to->period);
  to->span_ms = from.span_ms();
  if (from.has_units()) to->units = from.units();
  if (from.has_week_begins()) to->week_begins = from.week_begins();
}

void ToProto(const FrequencyCap& from, v1::FrequencyCap* to) {
  const FrequencyCap defaults;
  to->set_name(from.name);
  SetTexts(from.channels, to->mutable_channels());
  SetTexts(from.labels, to->mutable_labels());
  SetTexts(from.campaigns, to->mutable_campaigns());
  if (from.count != defaults.count) to->set_count(from.count);
  if (from.period != defaults.period) to->set_period(static_cast<v1::CapPeriod>(from.period));
  to->set_span_ms(from.span_ms);
  if (from.units != defaults.units) to->set_units(from.units);
  if (from.week_begins != defaults.week_begins) to->set_week_begins(from.week_begins);
}

}  // namespace

void FromProto(const v1::CampaignDefinition& from, const std::string&, EnumReader*,
               CampaignDefinition* to) {
  to->name = from.name();
  to->audience = from.audience();
  to->time_zone = from.time_zone();
  to->frozen = from.frozen();
  to->from_ms = from.from_ms();
  if (from.has_to_ms()) to->to_ms = from.to_ms();
  to->channels = Texts(from.channels());
  to->labels = Texts(from.labels());
  for (const v1::CampaignVariant& variant : from.variants())
    to->variants.push_back({variant.name(), variant.weight_millionths(), variant.is_control()});
  to->salt = from.salt();
  to->holdout_salt = from.holdout_salt();
  to->holdout_millionths = from.holdout_millionths();
  for (const v1::CampaignStep& step : from.steps())
    to->steps.push_back({step.name(), Texts(step.events())});
  to->goal = from.goal();
  to->goal_within_ms = from.goal_within_ms();
  if (from.has_fixed_cost()) to->fixed_cost = MoneyOf(from.fixed_cost());
  if (from.has_cost_per_reached()) to->cost_per_reached = MoneyOf(from.cost_per_reached());
}

void ToProto(const CampaignDefinition& from, v1::CampaignDefinition* to) {
  to->set_name(from.name);
  to->set_audience(from.audience);
  to->set_time_zone(from.time_zone);
  to->set_frozen(from.frozen);
  to->set_from_ms(from.from_ms);
  if (from.to_ms) to->set_to_ms(*from.to_ms);
  SetTexts(from.channels, to->mutable_channels());
  SetTexts(from.labels, to->mutable_labels());
  for (const CampaignVariant& variant : from.variants) {
    v1::CampaignVariant* out = to->add_variants();
    out->set_name(variant.name);
    out->set_weight_millionths(variant.weight_millionths);
    out->set_is_control(variant.is_control);
  }
  to->set_salt(from.salt);
  to->set_holdout_salt(from.holdout_salt);
  to->set_holdout_millionths(from.holdout_millionths);
  for (const CampaignStep& step : from.steps) {
    v1::CampaignStep* out = to->add_steps();
    out->set_name(step.name);
    SetTexts(step.events, out->mutable_events());
  }
  to->set_goal(from.goal);
  to->set_goal_within_ms(from.goal_within_ms);
  if (from.fixed_cost) ToProto(*from.fixed_cost, to->mutable_fixed_cost());
  if (from.cost_per_reached) ToProto(*from.cost_per_reached, to->mutable_cost_per_reached());
}

void FromProto(const v1::ReachRules& from, const std::string& at, EnumReader* enums,
               ReachRules* to) {
  for (const v1::ReachChannel& channel : from.channels())
    to->channels.push_back({channel.name(), Texts(channel.namespaces()), channel.purpose()});
  for (int i = 0; i < from.caps_size(); ++i) {
    FromProto(from.caps(i), at + ".caps[" + std::to_string(i) + "]", enums,
              &to->caps.emplace_back());
  }
  for (const v1::QuietHours& quiet : from.quiet_hours()) {
    to->quiet_hours.push_back({quiet.name(),
                               Texts(quiet.channels()),
                               quiet.from_minute(),
                               quiet.to_minute(),
                               {quiet.weekdays().begin(), quiet.weekdays().end()}});
  }
  to->zone_trait = from.zone_trait();
  to->default_zone = from.default_zone();
  to->profiling_purpose = from.profiling_purpose();
  if (from.message_events_size() > 0) to->message_events = Texts(from.message_events());
}

void ToProto(const ReachRules& from, v1::ReachRules* to) {
  for (const ReachChannel& channel : from.channels) {
    v1::ReachChannel* out = to->add_channels();
    out->set_name(channel.name);
    SetTexts(channel.namespaces, out->mutable_namespaces());
    out->set_purpose(channel.purpose);
  }
  for (const FrequencyCap& cap : from.caps) ToProto(cap, to->add_caps());
  for (const QuietHours& quiet : from.quiet_hours) {
    v1::QuietHours* out = to->add_quiet_hours();
    out->set_name(quiet.name);
    SetTexts(quiet.channels, out->mutable_channels());
    out->set_from_minute(quiet.from_minute);
    out->set_to_minute(quiet.to_minute);
    for (const std::uint32_t day : quiet.weekdays) out->add_weekdays(day);
  }
  to->set_zone_trait(from.zone_trait);
  to->set_default_zone(from.default_zone);
  to->set_profiling_purpose(from.profiling_purpose);
  if (from.message_events != ReachRules().message_events)
    SetTexts(from.message_events, to->mutable_message_events());
}

}  // namespace polyonym::codec
