// model/policy.h - the rules by which identifiers become people, as data.
//
// A policy is versioned and stored; the engine compiles it (model/judge.h) and never looks at text again. Two policies
// with equal content give equal partitions of the same records, whichever was set first (law L1).
#ifndef POLYONYM_MODEL_POLICY_H_
#define POLYONYM_MODEL_POLICY_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "polyonym/model/definitions.h"

namespace polyonym {

// Which link is taken first. Must-links outrank all; ties end in the identifiers themselves (namespace, then value,
// the smaller first).
enum class Ranking : std::uint8_t {
  kPriorityRecency = 0,  // best sum of the two priorities, then most recent
  kOldest = 1,  // best sum of the two priorities, then the first seen earliest: first binding wins
  kStrongest = 2,  // most sightings, then most recent
};

// How a value is brought to one spelling before it is compared. kExact is for case-sensitive and encrypted ids.
enum class Normaliser : std::uint8_t {
  kExact = 0,      // the bytes as given
  kTrim = 1,       // leading and trailing white space off
  kLowerCase = 2,  // trimmed, then Unicode lower case (root locale)
  kText = 3,  // NFKC with width folding, trimmed, inner white space to one blank: names in CJK text
  kPhone = 4,  // E.164 by libphonenumber; `region` for numbers without a country code
  kEmail = 5,  // trimmed, lower case, full width folded; must have one @ with both sides
};

// What a namespace holds, for later access rules; it changes nothing in identity.
enum class Sensitivity : std::uint8_t { kNormal = 0, kPersonal = 1, kSensitive = 2 };

// At most `max` identifiers of the namespace in a profile.
struct Limit {
  std::uint32_t max = 1;  // 1 or more
  // True: in each scope of the family by itself; false: over all its scopes.
  bool per_scope = false;
  // 0: ever. Else: no span of that length holds more than `max` first sightings.
  std::int64_t window_ms = 0;
  friend bool operator==(const Limit&, const Limit&) = default;
};

// An identifier seen directly with more than `max_neighbours` distinct identifiers of `of` is shared: it joins nothing.
struct Guard {
  std::string of;  // a namespace or family; empty: identifiers of every namespace
  std::uint32_t max_neighbours = 0;
  friend bool operator==(const Guard&, const Guard&) = default;
};

// A digest of a value, written in lower-case hexadecimal, as advertisers and partners pass phones and addresses on.
enum class Digest : std::uint8_t { kSha256 = 0, kMd5 = 1 };

// What of a normalised value is digested. Partners differ in it, so it is stated.
enum class DigestOf : std::uint8_t {
  kNormalised = 0,     // the value as normalised: +8613800000001
  kDigits = 1,         // kPhone: without the plus sign: 8613800000001
  kNationalDigits = 2  // kPhone: without the country code: 13800000001
};

// A second form of the same identifier: a record that names x in `observe` or `bind` also names its digest in namespace `ns`,
// linked with x alone. So a partner who knows the digest only meets the person whom others know by phone.
struct Derived {
  std::string ns;  // namespace of this policy, a scope allowed; not one that derives itself
  Digest digest = Digest::kSha256;
  DigestOf of = DigestOf::kNormalised;
  friend bool operator==(const Derived&, const Derived&) = default;
};

struct NamespacePolicy {
  std::string name;              // the family; one policy serves all its scopes
  std::uint32_t priority = 100;  // 1 is best, up to 1,000,000
  std::vector<Limit> limits;     // at most 8
  std::vector<Guard> guards;     // at most 8
  Normaliser normaliser = Normaliser::kTrim;
  std::string region;  // kPhone: ISO 3166 region of numbers without a country code, such as CN
  // Compared with the normalised value and with the raw one.
  std::vector<std::string> blocked_values;
  std::vector<std::string>
      blocked_patterns;       // RE2, found anywhere in the normalised value unless anchored
  std::string valid_pattern;  // RE2; a value that it is not found in is held as not normalisable
  // Null, undefined, anonymous, -1, all zeros, masked exports, 1.38E+10, test phones.
  bool builtin_blocks = true;
  std::string parent;  // family of the parent: unbinding a parent unbinds its children
  // A link of it counts until this long after its latest sighting, by the store's clock; of two, the shorter. 0: for ever.
  std::int64_t link_lifetime_ms = 0;
  // A value names one identifier for this long from its first sighting; sightings after that name another one, which begins then.
  // What was linked while it was valid stays linked. 0: for ever.
  std::int64_t validity_ms = 0;
  std::vector<Derived> derived;  // at most 8
  Sensitivity sensitivity = Sensitivity::kNormal;
  friend bool operator==(const NamespacePolicy&, const NamespacePolicy&) = default;
};

// What happens to an identifier of a namespace that the policy does not name.
enum class Undeclared : std::uint8_t {
  kHoldRecord = 0,      // the whole record is held
  kHoldIdentifier = 1,  // the identifier is held, the rest of the record counts
};

struct Policy {
  std::string name;
  Ranking ranking = Ranking::kPriorityRecency;
  Undeclared undeclared = Undeclared::kHoldRecord;
  std::uint32_t max_identifiers_per_profile = 10'000;  // 0: no limit
  // Total neighbours above which an identifier of any namespace is shared, unless its namespace says otherwise with a
  // guard whose `of` is empty. 0: none.
  std::uint32_t default_max_neighbours = 1'000;
  std::vector<NamespacePolicy> namespaces;  // at most 4,096, names distinct
  // What facts mean. They change what is read of a profile, and never who belongs to it.
  Definitions definitions;
  friend bool operator==(const Policy&, const Policy&) = default;
};

// ERRORS: InvalidArgument naming the field (`namespaces[2].limits[0].max`) and what is allowed.
absl::Status Validate(const Policy& policy);

// One line per difference, each with the field's path, the old and the new value (`definitions.tags[vip].half_life_ms: 0 -> 60000`).
// Namespaces, definitions and the stages of a ladder are matched by name; lists within them are compared in order.
std::vector<std::string> Diff(const Policy& before, const Policy& after);

}  // namespace polyonym

#endif  // POLYONYM_MODEL_POLICY_H_
