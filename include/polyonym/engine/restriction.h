// engine/restriction.h - people who are kept and not used: the right to restriction of processing.
//
//   Restrict(engine.get(), {"phone", "+8613800000001"}, true, now_ms);      // false: lifts it
//   IsRestricted(*view.ReadProfile({"phone", "+8613800000001"}), view.policy().definitions.privacy);
//
// A restriction is a fact as any other: a consent for PrivacyRules::restriction_purpose, denied, or granted where it was lifted, in a record of
// source kRestrictionSource that names one identifier alone. So it follows merges, splits and retractions, and is gone with an erasure. Of
// two people who become one the fold of the purpose decides (PurposeDefinition::fold); by default the one who is restricted makes both so.
// After a split it stays with the identifier that stood for the person.
//
// Whoever is restricted is in no segment, reached by no message and shown to no role but those that may change (model/privacy_rules.h).
//
// THREADS: functions are thread-safe.
#ifndef POLYONYM_ENGINE_RESTRICTION_H_
#define POLYONYM_ENGINE_RESTRICTION_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "polyonym/engine/engine.h"
#include "polyonym/model/identifier.h"
#include "polyonym/model/privacy_rules.h"
#include "polyonym/profile/profile.h"

namespace polyonym {

inline constexpr std::string_view kRestrictionSource = "privacy/restriction";

struct Restricted {
  ProfileId profile;
  std::uint64_t records = 0;   // that were written; 0: it was so already
  std::uint64_t sequence = 0;  // of the store's last commit
};

struct RestrictOptions {
  std::string
      graph;  // whose profiles say who the person is, and whose policy has the purpose.  DEFAULT: the first
};

// Restricts the person whom an identifier names, or lifts it, in one commit. A record names Person::anchor, and one each further identifier that
// spoke of the purpose before and said otherwise, so that the answer is the same under every fold. Doing it twice writes nothing.
// ERRORS: FailedPrecondition (the policy has no restriction_purpose; the identifier is shared, and so names nobody), NotFound (it was never seen,
// or is held), InvalidArgument (`time_ms` is not later than the word that it would change; a time that records cannot have), as
// View::ReadPerson() and Engine::Apply().  COST: that of both.
absl::StatusOr<Restricted> Restrict(Engine* engine, const Identifier& identifier, bool on,
                                    std::int64_t time_ms, const RestrictOptions& options = {});

// Whether the profile's consents deny or withdraw the rules' restriction_purpose. REQUIRES: a profile that was read with consents.
bool IsRestricted(const Profile& profile, const PrivacyRules& rules);

}  // namespace polyonym

#endif  // POLYONYM_ENGINE_RESTRICTION_H_
