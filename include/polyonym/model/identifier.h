// model/identifier.h - the names that a person is known under, and the ids that we give out for people.
//
// An identifier is a namespace and a value. A namespace is a kind of identifier (`phone`, `crm`) or a family with a
// scope after a slash, because an id often means something only inside one account: `wechat.openid/wx1234`. The text
// form is `namespace:value`, split at the first colon, so a value may hold colons and a namespace may not.
//
// THREADS: plain values and pure functions. No allocation beyond the values returned.
#ifndef POLYONYM_MODEL_IDENTIFIER_H_
#define POLYONYM_MODEL_IDENTIFIER_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace polyonym {

// A namespace and a value, both as given (raw) or both as normalised: the holder says which.
// Order is bytewise by namespace, then by value; it breaks every tie in the engine.
struct Identifier {
  std::string ns;
  std::string value;

  friend auto operator<=>(const Identifier&, const Identifier&) = default;
  friend bool operator==(const Identifier&, const Identifier&) = default;
  // For absl's hash tables.
  template <class H>
  friend H AbslHashValue(H state, const Identifier& identifier) {
    return H::combine(std::move(state), identifier.ns, identifier.value);
  }
};

// The same, of text that lies elsewhere and outlives it.
struct IdentifierView {
  std::string_view ns;
  std::string_view value;
};

// The part before the slash: `wechat.openid` of `wechat.openid/wx1`. COST: one scan.
inline std::string_view FamilyOf(std::string_view ns) { return ns.substr(0, ns.find('/')); }

// The part behind the slash, empty where there is none.
inline std::string_view ScopeOf(std::string_view ns) {
  const std::size_t slash = ns.find('/');
  return slash == std::string_view::npos ? std::string_view() : ns.substr(slash + 1);
}

// True for `[A-Za-z0-9_.$-]+` with an optional `/scope` of `[A-Za-z0-9_.$@-]+`, at most 128 bytes in all.
bool IsValidNamespace(std::string_view ns);

// Reads `namespace:value`.
// ERRORS: InvalidArgument when there is no colon, the namespace breaks the grammar, or the value is empty.
absl::StatusOr<Identifier> ParseIdentifier(std::string_view text);

// Writes `namespace:value`; ParseIdentifier() gives it back.
std::string ToString(const Identifier& identifier);

// The number of an identifier in one store: dense, in order of first arrival, never reused.
struct IdentifierNumber {
  std::uint64_t value = 0;
  friend auto operator<=>(IdentifierNumber, IdentifierNumber) = default;
};

// The id of a profile: the number of its identifier of best priority, the eldest among those. Written `p~` and
// Crockford base 32, lower case; no namespace can hold a tilde, so the two are never mixed up. It says nothing about the
// identifier, and resolves for ever to the profile where that identifier now lives.
struct ProfileId {
  std::uint64_t value = 0;
  friend auto operator<=>(ProfileId, ProfileId) = default;
};

std::string ToString(ProfileId id);

// ERRORS: InvalidArgument when `text` is not what ToString(ProfileId) writes.
absl::StatusOr<ProfileId> ParseProfileId(std::string_view text);

}  // namespace polyonym

#endif  // POLYONYM_MODEL_IDENTIFIER_H_
