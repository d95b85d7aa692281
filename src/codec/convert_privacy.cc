#include "codec/convert_privacy.h"

namespace polyonym::codec {
namespace {

void FromProto(const v1::RoleDefinition& from, const std::string& at, EnumReader* enums,
               RoleDefinition* to) {
  to->name = from.name();
  enums->Read(from.up_to(), v1::Sensitivity_IsValid, at, ".up_to", &to->up_to);
  to->also = Texts(from.also());
  to->never = Texts(from.never());
  to->namespaces = Texts(from.namespaces());
  to->in_segment = from.in_segment();
  to->purpose = from.purpose();
  if (from.has_may_read()) to->may_read = from.may_read();
  to->may_list = from.may_list();
  to->may_export = from.may_export();
  to->may_change = from.may_change();
}

void ToProto(const RoleDefinition& from, v1::RoleDefinition* to) {
  to->set_name(from.name);
  to->set_up_to(static_cast<v1::Sensitivity>(from.up_to));
  SetTexts(from.also, to->mutable_also());
  SetTexts(from.never, to->mutable_never());
  SetTexts(from.namespaces, to->mutable_namespaces());
  to->set_in_segment(from.in_segment);
  to->set_purpose(from.purpose);
  if (from.may_read != RoleDefinition().may_read) to->set_may_read(from.may_read);
  to->set_may_list(from.may_list);
  to->set_may_export(from.may_export);
  to->set_may_change(from.may_change);
}

}  // namespace

void FromProto(const v1::PrivacyRules& from, const std::string& at, EnumReader* enums,
               PrivacyRules* to) {
  for (int i = 0; i < from.labels_size(); ++i) {
    FieldLabel& label = to->labels.emplace_back();
    label.field = from.labels(i).field();
    enums->Read(from.labels(i).sensitivity(), v1::Sensitivity_IsValid,
                at + ".labels[" + std::to_string(i) + "]", ".sensitivity", &label.sensitivity);
  }
  for (int i = 0; i < from.roles_size(); ++i) {
    FromProto(from.roles(i), at + ".roles[" + std::to_string(i) + "]", enums,
              &to->roles.emplace_back());
  }
  for (const v1::DisclosureRule& rule : from.disclosures()) {
    DisclosureRule& out = to->disclosures.emplace_back();
    out.field = rule.field();
    if (rule.has_may_see()) out.may_see = rule.may_see();
    out.reason = rule.reason();
  }
  for (const v1::RetentionRule& rule : from.retentions())
    to->retentions.push_back({rule.field(), rule.keep_ms(), rule.unless_granted()});
  to->restriction_purpose = from.restriction_purpose();
}

void ToProto(const PrivacyRules& from, v1::PrivacyRules* to) {
  for (const FieldLabel& label : from.labels) {
    v1::FieldLabel* out = to->add_labels();
    out->set_field(label.field);
    out->set_sensitivity(static_cast<v1::Sensitivity>(label.sensitivity));
  }
  for (const RoleDefinition& role : from.roles) ToProto(role, to->add_roles());
  for (const DisclosureRule& rule : from.disclosures) {
    v1::DisclosureRule* out = to->add_disclosures();
    out->set_field(rule.field);
    if (rule.may_see != DisclosureRule().may_see) out->set_may_see(rule.may_see);
    out->set_reason(rule.reason);
  }
  for (const RetentionRule& rule : from.retentions) {
    v1::RetentionRule* out = to->add_retentions();
    out->set_field(rule.field);
    out->set_keep_ms(rule.keep_ms);
    out->set_unless_granted(rule.unless_granted);
  }
  to->set_restriction_purpose(from.restriction_purpose);
}

}  // namespace polyonym::codec
