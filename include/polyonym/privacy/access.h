// privacy/access.h - what somebody at work may see: a role of PrivacyRules::roles, compiled over the definitions and namespaces of a policy.
//
// It decides about fields, and takes out of a profile what is not seen. Whom a role is shown, and what it may do, is for engine/role_view.h,
// which holds every read to it: a host hands out that, and not this.
//
//   auto access = Access::Make(policy, "clerk");
//   access->Sees(FieldKind::kTrait, "city");
//   Profile shown = access->Seen(profile);
//
// A field is seen where nothing in RoleDefinition::never speaks of it and either something in `also` does, or its label is up_to or less. The
// label is the greater of the sensitivity that the definition or the namespace has, and the FieldLabel; where neither says anything, 0. So
// whoever wants fields that nobody has thought of to be withheld says {"trait:*", 2}, and so on.
//
// What a profile has besides facts are fields too, with labels of their own: a tag or a score that is computed from withheld fields is shown
// where its own label says so. Scores are those of Definitions::purchase_scores and channel_scores, the ladders, and two that no definition
// names, `score:contacts` and `score:completeness`.
//
// THREADS: thread-safe (immutable).
#ifndef POLYONYM_PRIVACY_ACCESS_H_
#define POLYONYM_PRIVACY_ACCESS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "polyonym/model/policy.h"
#include "polyonym/model/privacy_rules.h"
#include "polyonym/profile/profile.h"

namespace polyonym {

inline constexpr std::size_t kFieldKinds = 8;

class Access {
 public:
  // ERRORS: NotFound (no such role).  COST: a copy of what the policy says of fields.
  static absl::StatusOr<Access> Make(const Policy& policy, std::string_view role);

  const RoleDefinition& role() const;

  // `name`: of a namespace also with its scope.  COST: some look-ups in maps.
  bool Sees(FieldKind kind, std::string_view name) const;
  // Whatever the name.
  bool SeesAll(FieldKind kind) const;
  bool SeesEverything() const;

  // Whether people may be looked up by identifiers of the namespace: one of RoleDefinition::namespaces, or one that is seen.
  bool MayLookUpBy(std::string_view ns) const;

  // How many fields, identifiers, events and relations of a profile were taken out, by FieldKind. For hosts: the number alone may say something.
  using Withheld = std::array<std::uint64_t, kFieldKinds>;

  // The profile with what is seen alone.
  //
  // - Identifiers, also those in other places, are shown where their namespace is seen; a relation to somebody else without the other's
  //   identifier where it is not.
  // - Where a fact came from (record, source, identifier) is shown to who sees everything; to others its time. So are `rule` and `source` of
  //   facts, `facts` and `left_out`.
  // - `events` counts those that are shown; TimelineOf() makes pages of them.
  // - `parts` of a tag are shown where all that the tag may be computed from is seen.
  // - Of ambiguous facts, `elsewhere` is shown to nobody: those are other people.
  //
  // COST: a copy.
  Profile Seen(const Profile& profile, Withheld* withheld = nullptr) const;

  // The rows with nothing but the events that are seen, to fold a timeline of them. COST: a copy of these.
  std::vector<FactRow> SeenEvents(const std::vector<FactRow>& rows) const;

  // `trait:city`, ...: the fields that a profile has, sorted, each once.
  static std::vector<std::string> FieldsOf(const Profile& profile);

 private:
  struct Rules;
  explicit Access(std::shared_ptr<const Rules> rules);
  bool SeesPartsOf(std::string_view tag) const;

  std::shared_ptr<const Rules> rules_;
};

// The two scores that no definition names.
inline constexpr std::string_view kContactsField = "contacts";
inline constexpr std::string_view kCompletenessField = "completeness";

}  // namespace polyonym

#endif  // POLYONYM_PRIVACY_ACCESS_H_
