// model/privacy_rules.h - who sees what of whom, what people are told of themselves, and how long facts are kept, as data.
//
// These are the rules alone. privacy/access.h holds a role to them, engine/subject_access.h says what a person is told,
// Engine::KeepOnly() drops what was kept long enough. docs/security.md has what they protect against.
//
// A *field* is written as its kind and its name: `trait:city`, `tag:vip`, `event:order`, `relation:invited`, `consent:sms`, `score:rfm`,
// `segment:at_risk`, `namespace:phone` (a family, of all its scopes); or a kind and `*` for all of the kind: `event:*`. Where several
// rules speak of a field, the one that names it goes before the one for all of its kind.
//
//   PrivacyRules rules;
//   rules.labels = {{"event:clinic_visit", 2}};
//   rules.roles = {{.name = "clerk", .up_to = 0, .also = {"namespace:member_card"}, .may_list = false}};
//   rules.disclosures = {{"tag:credit_risk", false, "the model is a trade secret; ask for a review by a person"}};
//   rules.retentions = {{.field = "event:page_view", .keep_ms = 90 * 86'400'000LL}};
//
// THREADS: plain values.
#ifndef POLYONYM_MODEL_PRIVACY_RULES_H_
#define POLYONYM_MODEL_PRIVACY_RULES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace polyonym {

// Validate() holds rules to these. Names and fields are UTF-8 of 1 to 160 bytes, reasons of 1 to 1,024.
inline constexpr std::size_t kMaxPrivacyRules = 1'024;  // of each list
inline constexpr std::size_t kMaxFieldBytes = 160;
inline constexpr std::size_t kMaxReasonBytes = 1'024;

// Stored: never renumber.
enum class FieldKind : std::uint8_t {
  kTrait = 0,
  kTag = 1,
  kEvent = 2,
  kRelation = 3,
  kConsent = 4,
  kScore = 5,
  kSegment = 6,
  kNamespace = 7,
};

// `trait`, `tag`, `event`, `relation`, `consent`, `score`, `segment`, `namespace`.
std::string_view ToString(FieldKind kind);

// The kind and the name of a field; nothing where it is not one.  COST: a few comparisons.
std::optional<std::pair<FieldKind, std::string_view>> ParseField(std::string_view field);

// How delicate a field is that has no definition to say so; of traits, tags and namespaces that are defined it is the greater of both.
struct FieldLabel {
  std::string field;             // distinct
  std::uint8_t sensitivity = 0;  // Sensitivity
  friend bool operator==(const FieldLabel&, const FieldLabel&) = default;
};

// What somebody at work may see. What is not said here is withheld.
struct RoleDefinition {
  std::string name;                // distinct
  std::uint8_t up_to = 0;          // fields of this Sensitivity and below are seen
  std::vector<std::string> also;   // fields that are seen though they are above it
  std::vector<std::string> never;  // fields that are not, whatever else is said; before `also`
  std::vector<std::string>
      namespaces;  // by whose identifiers people may be looked up (families); empty: by all that are seen
  std::string in_segment;  // people outside it are not shown; empty: everybody may be
  std::string purpose;    // of `purposes`: who does not grant it is not shown; empty: none is asked
  bool may_read = true;   // profiles and timelines
  bool may_list = false;  // members of segments
  bool may_export = false;  // everybody's data
  bool may_change = false;  // records in, retractions, erasures
  friend bool operator==(const RoleDefinition&, const RoleDefinition&) = default;
};

// What the person whom it is about is told of a field, and why not. What no rule speaks of is told.
struct DisclosureRule {
  std::string field;  // distinct
  bool may_see = true;
  std::string reason;  // for the person; wanted where may_see is false
  friend bool operator==(const DisclosureRule&, const DisclosureRule&) = default;
};

// How long facts are kept after their time. The shortest that applies decides.
struct RetentionRule {
  std::string
      field;  // of the kinds trait, tag, event, relation; or `class:` and a FactClass: `class:social`, of traits and tags that are defined so
  std::int64_t keep_ms = 0;  // range from a minute to a hundred years
  // Of `purposes`: the rule applies to people who do not grant it, others keep theirs. Empty: to everybody.
  std::string unless_granted;
  friend bool operator==(const RetentionRule&, const RetentionRule&) = default;
};

struct PrivacyRules {
  std::vector<FieldLabel> labels;
  std::vector<RoleDefinition> roles;
  std::vector<DisclosureRule> disclosures;
  std::vector<RetentionRule> retentions;
  // Of `purposes`: who denied or withdrew it is kept and not used: in no segment, reached by no message, exported as nobody's features, shown to
  // no role but those that may_change. Empty: nobody can be restricted. engine/restriction.h says the word.
  std::string restriction_purpose;
  friend bool operator==(const PrivacyRules&, const PrivacyRules&) = default;
};

// ERRORS: InvalidArgument naming the field (`roles[2].also[0]`) and what is allowed. That purposes and segments are defined is checked by
// Validate() of Definitions.  COST: linear.
absl::Status Validate(const PrivacyRules& rules);

}  // namespace polyonym

#endif  // POLYONYM_MODEL_PRIVACY_RULES_H_
