#include "polyonym/model/privacy_rules.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "model/fault.h"
#include "model/utf8.h"
#include "polyonym/model/definitions.h"
#include "polyonym/model/identifier.h"
#include "polyonym/model/policy.h"

namespace polyonym {
namespace {

constexpr std::string_view kKinds[] = {"trait",   "tag",   "event",   "relation",
                                       "consent", "score", "segment", "namespace"};  // FieldKind
constexpr std::string_view kClassPrefix = "class:";
constexpr std::int64_t kMinKeepMs = 60'000;

constexpr std::string_view kRoleRule = "must be UTF-8 of 1 to 160 bytes";
constexpr std::string_view kFieldRule =
    "must be a kind and a name, such as trait:city, or a kind and *; kinds are trait, tag, event, "
    "relation, consent, score, segment, and namespace with a family";
constexpr std::string_view kKeptRule =
    "must be a trait, tag, event or relation, such as event:page_view, or class: and basic, "
    "social, interest or interaction";
constexpr std::string_view kTwice = "is there twice";

bool IsText(std::string_view text, std::size_t most) { return text.size() <= most && IsUtf8(text); }

bool IsRole(std::string_view name) { return !name.empty() && IsText(name, kMaxFieldBytes); }

bool IsFamily(std::string_view ns) { return IsValidNamespace(ns) && ScopeOf(ns).empty(); }

bool IsClass(std::string_view name) {
  const FactClass all[] = {FactClass::kBasic, FactClass::kSocial, FactClass::kInterest,
                           FactClass::kInteraction};
  return std::any_of(std::begin(all), std::end(all),
                     [&](FactClass klass) { return ToString(klass) == name; });
}

// Of facts that are kept for a time.
bool IsKeptField(std::string_view field) {
  if (field.substr(0, kClassPrefix.size()) == kClassPrefix)
    return IsClass(field.substr(kClassPrefix.size()));
  const auto parsed = ParseField(field);
  return parsed && parsed->first <= FieldKind::kRelation;
}

// The rules, up to the first fault.
class PrivacyCheck {
 public:
  explicit PrivacyCheck(const PrivacyRules& rules) : rules_(rules) {}

  absl::Status Run() {
    Labels();
    Roles();
    Disclosures();
    Retentions();
    Purpose("restriction_purpose", rules_.restriction_purpose);
    return fault_.status();
  }

 private:
  void Require(bool holds, const std::string& field, std::string_view rule) {
    fault_.Require(holds, field, "", rule);
  }

  // False: there are too many to look at.
  bool Size(const std::string& list, std::size_t size) {
    Require(size <= kMaxPrivacyRules, list, "at most 1,024");
    return size <= kMaxPrivacyRules;
  }

  void Sensitivity(const std::string& at, std::uint8_t sensitivity) {
    Require(sensitivity <= static_cast<std::uint8_t>(polyonym::Sensitivity::kSensitive), at,
            "must be 0 (normal), 1 (personal) or 2 (sensitive)");
  }

  // Whether it is defined is for Validate() of Definitions.
  void Purpose(const std::string& at, const std::string& purpose) {
    Require(IsText(purpose, kMaxFactNameBytes), at, "must be a purpose's name, or empty");
  }

  void Each(const std::string& list, const std::vector<std::string>& items,
            bool (*holds)(std::string_view), std::string_view rule) {
    if (!Size(list, items.size())) return;
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < items.size(); ++i) {
      Require(holds(items[i]), Item(list, i), rule);
      Require(seen.insert(items[i]).second, Item(list, i), kTwice);
    }
  }

  static bool IsField(std::string_view field) { return ParseField(field).has_value(); }

  void Labels() {
    if (!Size("labels", rules_.labels.size())) return;
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < rules_.labels.size(); ++i) {
      const FieldLabel& label = rules_.labels[i];
      const std::string at = Item("labels", i);
      Require(IsField(label.field), at + ".field", kFieldRule);
      Require(seen.insert(label.field).second, at + ".field", kTwice);
      Sensitivity(at + ".sensitivity", label.sensitivity);
    }
  }

  void Roles() {
    if (!Size("roles", rules_.roles.size())) return;
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < rules_.roles.size(); ++i) {
      const RoleDefinition& role = rules_.roles[i];
      const std::string at = Item("roles", i);
      Require(IsRole(role.name), at + ".name", kRoleRule);
      Require(seen.insert(role.name).second, at + ".name", kTwice);
      Sensitivity(at + ".up_to", role.up_to);
      Each(at + ".also", role.also, IsField, kFieldRule);
      Each(at + ".never", role.never, IsField, kFieldRule);
      Each(at + ".namespaces", role.namespaces, IsFamily,
           "must be letters, digits and _ . $ -, without a scope");
      Require(IsText(role.in_segment, kMaxFactNameBytes), at + ".in_segment",
              "must be a segment's name, or empty");
      Purpose(at + ".purpose", role.purpose);
    }
  }

  void Disclosures() {
    if (!Size("disclosures", rules_.disclosures.size())) return;
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < rules_.disclosures.size(); ++i) {
      const DisclosureRule& rule = rules_.disclosures[i];
      const std::string at = Item("disclosures", i);
      Require(IsField(rule.field), at + ".field", kFieldRule);
      Require(seen.insert(rule.field).second, at + ".field", kTwice);
      Require(IsText(rule.reason, kMaxReasonBytes), at + ".reason",
              "must be UTF-8 of at most 1,024 bytes");
      Require(rule.may_see || !rule.reason.empty(), at + ".reason",
              "must say to the person why it is withheld");
    }
  }

  void Retentions() {
    if (!Size("retentions", rules_.retentions.size())) return;
    for (std::size_t i = 0; i < rules_.retentions.size(); ++i) {
      const RetentionRule& rule = rules_.retentions[i];
      const std::string at = Item("retentions", i);
      Require(IsKeptField(rule.field), at + ".field", kKeptRule);
      Require(rule.keep_ms >= kMinKeepMs && rule.keep_ms <= kMaxSpanMs, at + ".keep_ms",
              "must be between a minute and a hundred years");
      Purpose(at + ".unless_granted", rule.unless_granted);
    }
  }

  const PrivacyRules& rules_;
  Fault fault_;
};

}  // namespace

std::string_view ToString(FieldKind kind) {
  const auto index = static_cast<std::size_t>(kind);
  return index < std::size(kKinds) ? kKinds[index] : "unknown";
}

std::optional<std::pair<FieldKind, std::string_view>> ParseField(std::string_view field) {
  const std::size_t colon = field.find(':');
  if (colon == std::string_view::npos || !IsText(field, kMaxFieldBytes)) return std::nullopt;
  const std::string_view name = field.substr(colon + 1);
  const auto at = std::find(std::begin(kKinds), std::end(kKinds), field.substr(0, colon));
  if (at == std::end(kKinds) || name.empty()) return std::nullopt;
  const auto kind = static_cast<FieldKind>(at - std::begin(kKinds));
  if (kind == FieldKind::kNamespace && name != "*" && !IsFamily(name)) return std::nullopt;
  return std::pair(kind, name);
}

absl::Status Validate(const PrivacyRules& rules) { return PrivacyCheck(rules).Run(); }

}  // namespace polyonym
