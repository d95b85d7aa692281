// engine/social.h - the social capital of everybody in a store, or of a group: profile/social_capital.h of the facts that stand.
//
//   SocialReading reading;
//   reading.currency = "CNY";
//   reading.fit_reference = true;  // who contributes as much as the mean scores one half
//   absl::StatusOr<StoreCapital> capital = ReadSocialCapital(engine->Read(), reading);
//
// People are profiles, and a tie is one for each other profile: what a merge makes one person is one tie, or none where it was the two
// themselves; a split, or the retraction of what merged them, gives back what was. Of one person's record with a relation to an
// identifier of another's, at the relation's time (else the record's):
//
//   a tie       one interaction out, for the one; one in, for the other. A tie has the greatest weight that a relation gave it, from either.
//   rates       the other received a rating: the weight, 0..1
//   endorses    the other received an endorsement, of whatever weight over 0
//   disputes    the other is held to have caused a dispute: the weight is its severity, 0..1
//
// A shared identifier is nobody: neither what is said of it nor what its records say counts.
//
// Results depend on the records that stand and not on the order in which they came. A value whose validity ended
// (NamespacePolicy::validity_ms) means its last holder, also in relations of before.
#ifndef POLYONYM_ENGINE_SOCIAL_H_
#define POLYONYM_ENGINE_SOCIAL_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "polyonym/engine/view.h"
#include "polyonym/model/definitions.h"
#include "polyonym/profile/social_capital.h"

namespace polyonym {

// Which facts are read as what. Events out (to the person) are nobody's own, and count for nothing.
struct SocialReading {
  EventMatch activity;  // DEFAULT: all; of a direction, in alone may be asked
  // Events that match, have a value in `currency` and are in or of no direction are contributions; they are activity too. A minor unit is
  // 10^(6 - decimals) micros, with the decimals of ISO 4217: 1999 CNY are 19,990,000, and 1999 JPY are 1,999,000,000.
  EventMatch contributions;  // DEFAULT: all
  std::string currency;      // ISO 4217: three upper-case letters; empty: nothing is a contribution

  // Types of relations that are interactions. DEFAULT empty: all but the three below, which are ties only where they are named here.
  std::vector<std::string> tie_relations;
  std::string rates = "rates";  // types, no two the same; empty: there are none such
  std::string endorses = "endorses";
  std::string disputes = "disputes";

  SocialCapitalOptions options;
  // The reference is ContributionReference() of those who are listed; that of `options` is not looked at.
  bool fit_reference = false;
  // The time of the scores; facts of later times do not count. Range 0..kMaxFactTimeMs. DEFAULT: as ProfileOptions::now_ms.
  std::optional<std::int64_t> now_ms;
};

struct PersonCapital {
  ProfileId profile;
  SocialCapital capital;
  friend bool operator==(const PersonCapital&, const PersonCapital&) = default;
};

struct StoreCapital {
  std::vector<PersonCapital> people;  // by index, the greatest first; then by id
  GroupSocialCapital group;           // of these; all 0 where there is nobody
  // That they were scored with; 0: none, since it was to be fitted to nobody.
  double contribution_reference_micros = 0;
  // Facts of the whole store that were to count and could not: relations from or to nobody (held, never seen, gone, shared), to oneself, or
  // of a weight that is not as above (of a tie: 0 or more); contributions that are below 0 (take refunds off before), or beyond
  // 2^63 - 1 micros.
  std::uint64_t left_out = 0;
  friend bool operator==(const StoreCapital&, const StoreCapital&) = default;
};

// ERRORS: InvalidArgument naming the field (`options.weights.trust`, `activity.direction`) and what is allowed.  THREADS: safe.
absl::Status Validate(const SocialReading& reading);

// Everybody who has a live identifier, shared ones apart, also who has no facts. With a `group` that is not empty: of these the profiles
// where its ids now live, each once. Their ties and evidence are with everybody, and only they are listed, averaged and fitted to.
// ERRORS: InvalidArgument, as Validate(); NotFound (`group[i]` was never given out); DataLoss; OutOfRange (records were folded since
// the view was taken).  COST: a pass over the identifiers and one over the log; memory: of those listed some 200
// bytes and their interactions, of all others some 20 bytes.  THREADS: safe.
absl::StatusOr<StoreCapital> ReadSocialCapital(const View& view, const SocialReading& reading,
                                               std::span<const ProfileId> group = {});

}  // namespace polyonym

#endif  // POLYONYM_ENGINE_SOCIAL_H_
