// Definitions between protobuf and the model.
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "codec/convert.h"
#include "codec/convert_campaigns.h"
#include "codec/convert_privacy.h"
#include "codec/enum_reader.h"
#include "polyonym/v1/definitions.pb.h"

namespace polyonym::codec {
namespace {

using codec::FromProto;  // of campaigns and rules, beside those below
using codec::ToProto;

// `definitions.tags[2]`
std::string At(const char* list, int index) {
  return "definitions." + std::string(list) + "[" + std::to_string(index) + "]";
}

void FromProto(const v1::TraitDefinition& from, const std::string& at, EnumReader* enums,
               TraitDefinition* to) {
  to->name = from.name();
  enums->Read(from.class_(), v1::FactClass_IsValid, at, ".class", &to->klass);
  if (from.has_type()) enums->Read(from.type(), v1::ValueType_IsValid, at, ".type", &to->type);
  to->unit = from.unit();
  enums->Read(from.fold(), v1::Fold_IsValid, at, ".fold", &to->fold);
  to->sources = Texts(from.sources());
  to->order = Texts(from.order());
  if (from.has_bound()) to->bound = from.bound();
  if (from.has_at_least()) to->at_least = from.at_least();
  to->half_life_ms = from.half_life_ms();
  to->window_ms = from.window_ms();
  to->default_value = from.default_value();
  to->completeness_weight = from.completeness_weight();
  enums->Read(from.sensitivity(), v1::Sensitivity_IsValid, at, ".sensitivity", &to->sensitivity);
}

void ToProto(const TraitDefinition& from, v1::TraitDefinition* to) {
  const TraitDefinition defaults;
  to->set_name(from.name);
  to->set_class_(static_cast<v1::FactClass>(from.klass));
  if (from.type != defaults.type) to->set_type(static_cast<v1::ValueType>(from.type));
  to->set_unit(from.unit);
  to->set_fold(static_cast<v1::Fold>(from.fold));
  SetTexts(from.sources, to->mutable_sources());
  SetTexts(from.order, to->mutable_order());
  if (from.bound != defaults.bound) to->set_bound(from.bound);
  if (from.at_least != defaults.at_least) to->set_at_least(from.at_least);
  to->set_half_life_ms(from.half_life_ms);
  to->set_window_ms(from.window_ms);
  to->set_default_value(from.default_value);
  to->set_completeness_weight(from.completeness_weight);
  to->set_sensitivity(static_cast<v1::Sensitivity>(from.sensitivity));
}

void FromProto(const v1::TagDefinition& from, const std::string& at, EnumReader* enums,
               TagDefinition* to) {
  to->name = from.name();
  if (from.has_class_())
    enums->Read(from.class_(), v1::FactClass_IsValid, at, ".class", &to->klass);
  enums->Read(from.fold(), v1::TagFold_IsValid, at, ".fold", &to->fold);
  to->half_life_ms = from.half_life_ms();
  to->window_ms = from.window_ms();
  to->valid_ms = from.valid_ms();
  to->parent = from.parent();
  to->topics = Texts(from.topics());
  for (const v1::TagLayer& layer : from.layers())
    to->layers.push_back({layer.name(), layer.at_least_micros()});
  to->all_layers = from.all_layers();
  enums->Read(from.sensitivity(), v1::Sensitivity_IsValid, at, ".sensitivity", &to->sensitivity);
}

void ToProto(const TagDefinition& from, v1::TagDefinition* to) {
  to->set_name(from.name);
  if (from.klass != TagDefinition().klass) to->set_class_(static_cast<v1::FactClass>(from.klass));
  to->set_fold(static_cast<v1::TagFold>(from.fold));
  to->set_half_life_ms(from.half_life_ms);
  to->set_window_ms(from.window_ms);
  to->set_valid_ms(from.valid_ms);
  to->set_parent(from.parent);
  SetTexts(from.topics, to->mutable_topics());
  for (const TagLayer& layer : from.layers) {
    v1::TagLayer* out = to->add_layers();
    out->set_name(layer.name);
    out->set_at_least_micros(layer.at_least_micros);
  }
  to->set_all_layers(from.all_layers);
  to->set_sensitivity(static_cast<v1::Sensitivity>(from.sensitivity));
}

void FromProto(const v1::EventMatch& from, const std::string& at, EnumReader* enums,
               EventMatch* to) {
  to->types = Texts(from.types());
  for (const v1::EventMatch::Property& property : from.properties())
    to->properties.push_back({property.name(), Texts(property.any_of())});
  enums->Read(from.direction(), v1::Event::Direction_IsValid, at, ".direction", &to->direction);
}

void ToProto(const EventMatch& from, v1::EventMatch* to) {
  SetTexts(from.types, to->mutable_types());
  for (const EventMatch::Property& property : from.properties) {
    v1::EventMatch::Property* out = to->add_properties();
    out->set_name(property.name);
    SetTexts(property.any_of, out->mutable_any_of());
  }
  to->set_direction(static_cast<v1::Event::Direction>(from.direction));
}

void FromProto(const v1::BehaviourTag& from, const std::string& at, EnumReader* enums,
               BehaviourTag* to) {
  to->name = from.name();
  FromProto(from.on(), at + ".on", enums, &to->on);
  to->tag = from.tag();
  to->tag_of = from.tag_of();
  if (from.has_weight_micros()) to->weight_micros = from.weight_micros();
  to->weight_of = from.weight_of();
}

void ToProto(const BehaviourTag& from, v1::BehaviourTag* to) {
  to->set_name(from.name);
  ToProto(from.on, to->mutable_on());
  to->set_tag(from.tag);
  to->set_tag_of(from.tag_of);
  if (from.weight_micros != BehaviourTag().weight_micros) to->set_weight_micros(from.weight_micros);
  to->set_weight_of(from.weight_of);
}

void FromProto(const v1::EventTrait& from, const std::string& at, EnumReader* enums,
               EventTrait* to) {
  FromProto(from.on(), at + ".on", enums, &to->on);
  FromProto(from.trait(), at + ".trait", enums, &to->trait);
  if (from.has_value_of()) to->value_of = from.value_of();
}

void ToProto(const EventTrait& from, v1::EventTrait* to) {
  ToProto(from.on, to->mutable_on());
  ToProto(from.trait, to->mutable_trait());
  if (from.value_of != EventTrait().value_of) to->set_value_of(from.value_of);
}

void FromProto(const v1::PurposeDefinition& from, const std::string& at, EnumReader* enums,
               PurposeDefinition* to) {
  to->name = from.name();
  enums->Read(from.fold(), v1::ConsentFold_IsValid, at, ".fold", &to->fold);
  to->valid_ms = from.valid_ms();
}

void ToProto(const PurposeDefinition& from, v1::PurposeDefinition* to) {
  to->set_name(from.name);
  to->set_fold(static_cast<v1::ConsentFold>(from.fold));
  to->set_valid_ms(from.valid_ms);
}

void FromProto(const v1::Stage& from, const std::string& at, EnumReader* enums, Stage* to) {
  to->name = from.name();
  for (const v1::Stage::Condition& condition : from.conditions()) {
    const std::string place = at + ".conditions[" + std::to_string(to->conditions.size()) + "]";
    Stage::Condition& out = to->conditions.emplace_back();
    FromProto(condition.events(), place + ".events", enums, &out.events);
    out.window_ms = condition.window_ms();
    if (condition.has_at_least()) out.at_least = condition.at_least();
    if (condition.has_at_most()) out.at_most = condition.at_most();
  }
}

void ToProto(const Stage& from, v1::Stage* to) {
  const Stage::Condition defaults;
  to->set_name(from.name);
  for (const Stage::Condition& condition : from.conditions) {
    v1::Stage::Condition* out = to->add_conditions();
    ToProto(condition.events, out->mutable_events());
    out->set_window_ms(condition.window_ms);
    if (condition.at_least != defaults.at_least) out->set_at_least(condition.at_least);
    if (condition.at_most != defaults.at_most) out->set_at_most(condition.at_most);
  }
}

void FromProto(const v1::Ladder& from, const std::string& at, EnumReader* enums, Ladder* to) {
  to->name = from.name();
  for (const v1::Stage& stage : from.stages()) {
    const std::string place = at + ".stages[" + std::to_string(to->stages.size()) + "]";
    FromProto(stage, place, enums, &to->stages.emplace_back());
  }
}

void ToProto(const Ladder& from, v1::Ladder* to) {
  to->set_name(from.name);
  for (const Stage& stage : from.stages) ToProto(stage, to->add_stages());
}

void FromProto(const v1::RfmOptions& from, const std::string& at, EnumReader* enums,
               RfmOptions* to) {
  if (from.has_recency_bins()) to->bins[0] = from.recency_bins();
  if (from.has_frequency_bins()) to->bins[1] = from.frequency_bins();
  if (from.has_monetary_bins()) to->bins[2] = from.monetary_bins();
  enums->Read(from.nesting(), v1::RfmNesting_IsValid, at, ".nesting", &to->nesting);
}

void ToProto(const RfmOptions& from, v1::RfmOptions* to) {
  const RfmOptions defaults;
  if (from.bins[0] != defaults.bins[0]) to->set_recency_bins(from.bins[0]);
  if (from.bins[1] != defaults.bins[1]) to->set_frequency_bins(from.bins[1]);
  if (from.bins[2] != defaults.bins[2]) to->set_monetary_bins(from.bins[2]);
  to->set_nesting(static_cast<v1::RfmNesting>(from.nesting));
}

void FromProto(const v1::RfmModel& from, const std::string& at, EnumReader* enums, RfmModel* to) {
  const std::array<const v1::RfmModel::Dimension*, kRfmDimensions> dimensions = {
      &from.recency(), &from.frequency(), &from.monetary()};
  for (std::size_t d = 0; d < kRfmDimensions; ++d) {
    if (dimensions[d]->has_bins()) to->bins[d] = dimensions[d]->bins();
    for (const v1::RfmModel::Group& group : dimensions[d]->groups())
      to->bounds[d].emplace_back(group.bounds().begin(), group.bounds().end());
  }
  enums->Read(from.nesting(), v1::RfmNesting_IsValid, at, ".nesting", &to->nesting);
}

void ToProto(const RfmModel& from, v1::RfmModel* to) {
  const RfmModel defaults;
  const std::array<v1::RfmModel::Dimension*, kRfmDimensions> dimensions = {
      to->mutable_recency(), to->mutable_frequency(), to->mutable_monetary()};
  for (std::size_t d = 0; d < kRfmDimensions; ++d) {
    if (from.bins[d] != defaults.bins[d]) dimensions[d]->set_bins(from.bins[d]);
    for (const std::vector<double>& bounds : from.bounds[d])
      dimensions[d]->add_groups()->mutable_bounds()->Assign(bounds.begin(), bounds.end());
  }
  to->set_nesting(static_cast<v1::RfmNesting>(from.nesting));
}

void ToProto(const BgNbdParameters& from, v1::BgNbdParameters* to) {
  to->set_r(from.r);
  to->set_alpha(from.alpha);
  to->set_a(from.a);
  to->set_b(from.b);
}

void FromProto(const v1::PurchaseScore& from, const std::string& at, EnumReader* enums,
               PurchaseScore* to) {
  to->name = from.name();
  FromProto(from.on(), at + ".on", enums, &to->on);
  to->currency = from.currency();
  FromProto(from.rfm(), at + ".rfm", enums, &to->rfm);
  if (from.has_expect_days()) to->expect_days = from.expect_days();
  if (from.has_days_per_unit()) to->days_per_unit = from.days_per_unit();
  if (from.has_due_at()) to->due_at = from.due_at();
  if (from.has_lost_at()) to->lost_at = from.lost_at();
  if (from.has_rfm_model())
    FromProto(from.rfm_model(), at + ".rfm_model", enums, &to->rfm_model.emplace());
  if (from.has_bgnbd_model()) {
    const v1::BgNbdParameters& model = from.bgnbd_model();
    to->bgnbd_model = {model.r(), model.alpha(), model.a(), model.b()};
  }
  to->fitted_ms = from.fitted_ms();
  to->fitted_customers = from.fitted_customers();
}

void ToProto(const PurchaseScore& from, v1::PurchaseScore* to) {
  const PurchaseScore defaults;
  to->set_name(from.name);
  ToProto(from.on, to->mutable_on());
  to->set_currency(from.currency);
  ToProto(from.rfm, to->mutable_rfm());
  if (from.expect_days != defaults.expect_days) to->set_expect_days(from.expect_days);
  if (from.days_per_unit != defaults.days_per_unit) to->set_days_per_unit(from.days_per_unit);
  if (from.due_at != defaults.due_at) to->set_due_at(from.due_at);
  if (from.lost_at != defaults.lost_at) to->set_lost_at(from.lost_at);
  if (from.rfm_model) ToProto(*from.rfm_model, to->mutable_rfm_model());
  if (from.bgnbd_model) ToProto(*from.bgnbd_model, to->mutable_bgnbd_model());
  to->set_fitted_ms(from.fitted_ms);
  to->set_fitted_customers(from.fitted_customers);
}

void FromProto(const v1::ChannelScore& from, const std::string& at, EnumReader* enums,
               ChannelScore* to) {
  to->name = from.name();
  FromProto(from.on(), at + ".on", enums, &to->on);
  if (from.has_half_life_ms()) to->half_life_ms = from.half_life_ms();
}

void ToProto(const ChannelScore& from, v1::ChannelScore* to) {
  to->set_name(from.name);
  ToProto(from.on, to->mutable_on());
  if (from.half_life_ms != ChannelScore().half_life_ms) to->set_half_life_ms(from.half_life_ms);
}

void FromProto(const v1::SegmentDefinition& from, const std::string&, EnumReader*,
               SegmentDefinition* to) {
  *to = {from.name(), from.expression(), from.time_zone(), from.purpose(), from.profiles_nobody()};
}

void ToProto(const SegmentDefinition& from, v1::SegmentDefinition* to) {
  to->set_name(from.name);
  to->set_expression(from.expression);
  to->set_time_zone(from.time_zone);
  to->set_purpose(from.purpose);
  to->set_profiles_nobody(from.profiles_nobody);
}

void FromProto(const v1::TriggerDefinition& from, const std::string&, EnumReader*,
               TriggerDefinition* to) {
  *to = {from.name(), from.segment(), from.on_exit(), from.any_cause()};
}

void ToProto(const TriggerDefinition& from, v1::TriggerDefinition* to) {
  to->set_name(from.name);
  to->set_segment(from.segment);
  to->set_on_exit(from.on_exit);
  to->set_any_cause(from.any_cause);
}

template <class From, class To>
void ListFromProto(const From& from, const char* list, EnumReader* enums, std::vector<To>* to) {
  for (int i = 0; i < from.size(); ++i)
    FromProto(from.Get(i), At(list, i), enums, &to->emplace_back());
}

template <class From, class To>
void ListToProto(const std::vector<From>& from, To* to) {
  for (const From& item : from) ToProto(item, to->Add());
}

}  // namespace

absl::Status FromProto(const v1::Definitions& from, Definitions* to) {
  EnumReader enums;
  ListFromProto(from.traits(), "traits", &enums, &to->traits);
  ListFromProto(from.tags(), "tags", &enums, &to->tags);
  ListFromProto(from.behaviours(), "behaviours", &enums, &to->behaviours);
  ListFromProto(from.event_traits(), "event_traits", &enums, &to->event_traits);
  ListFromProto(from.purposes(), "purposes", &enums, &to->purposes);
  ListFromProto(from.ladders(), "ladders", &enums, &to->ladders);
  ListFromProto(from.purchase_scores(), "purchase_scores", &enums, &to->purchase_scores);
  ListFromProto(from.channel_scores(), "channel_scores", &enums, &to->channel_scores);
  ListFromProto(from.segments(), "segments", &enums, &to->segments);
  ListFromProto(from.triggers(), "triggers", &enums, &to->triggers);
  ListFromProto(from.campaigns(), "campaigns", &enums, &to->campaigns);
  if (from.has_reach()) FromProto(from.reach(), "definitions.reach", &enums, &to->reach);
  if (from.has_privacy()) FromProto(from.privacy(), "definitions.privacy", &enums, &to->privacy);
  to->watched_traits = Texts(from.watched_traits());
  to->watched_tags = Texts(from.watched_tags());
  if (from.has_show_undefined()) to->show_undefined = from.show_undefined();
  to->identifying = Texts(from.identifying());
  to->utc_offset_minutes = from.utc_offset_minutes();
  return enums.status();
}

void ToProto(const Definitions& from, v1::Definitions* to) {
  ListToProto(from.traits, to->mutable_traits());
  ListToProto(from.tags, to->mutable_tags());
  ListToProto(from.behaviours, to->mutable_behaviours());
  ListToProto(from.event_traits, to->mutable_event_traits());
  ListToProto(from.purposes, to->mutable_purposes());
  ListToProto(from.ladders, to->mutable_ladders());
  ListToProto(from.purchase_scores, to->mutable_purchase_scores());
  ListToProto(from.channel_scores, to->mutable_channel_scores());
  ListToProto(from.segments, to->mutable_segments());
  ListToProto(from.triggers, to->mutable_triggers());
  ListToProto(from.campaigns, to->mutable_campaigns());
  if (from.reach != ReachRules()) ToProto(from.reach, to->mutable_reach());
  if (from.privacy != PrivacyRules()) ToProto(from.privacy, to->mutable_privacy());
  SetTexts(from.watched_traits, to->mutable_watched_traits());
  SetTexts(from.watched_tags, to->mutable_watched_tags());
  if (from.show_undefined != Definitions().show_undefined)
    to->set_show_undefined(from.show_undefined);
  SetTexts(from.identifying, to->mutable_identifying());
  to->set_utc_offset_minutes(from.utc_offset_minutes);
}

}  // namespace polyonym::codec
