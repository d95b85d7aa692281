#include "polyonym/model/identifier.h"

#include <array>

namespace polyonym {
namespace {

constexpr std::size_t kMaxNamespaceBytes = 128;
constexpr std::string_view kProfilePrefix = "p~";
constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";  // Crockford's base 32

constexpr unsigned char kInFamily = 1, kInScope = 2;

// What each byte may be part of.
constexpr auto kParts = [] {
  std::array<unsigned char, 256> parts{};
  for (const char c :
       std::string_view("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.$-"))
    parts[static_cast<unsigned char>(c)] = kInFamily | kInScope;
  parts['@'] = kInScope;
  return parts;
}();

bool AllIn(std::string_view text, unsigned char part) {
  unsigned char all = part;
  for (const char c : text) all &= kParts[static_cast<unsigned char>(c)];
  return !text.empty() && all != 0;
}

}  // namespace

bool IsValidNamespace(std::string_view ns) {
  if (ns.size() > kMaxNamespaceBytes) return false;
  const std::string_view family = FamilyOf(ns);
  if (!AllIn(family, kInFamily)) return false;
  return family.size() == ns.size() || AllIn(ScopeOf(ns), kInScope);
}

absl::StatusOr<Identifier> ParseIdentifier(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos)
    return absl::InvalidArgumentError("identifier: write namespace:value");
  if (!IsValidNamespace(text.substr(0, colon))) {
    return absl::InvalidArgumentError(
        "identifier: the namespace must be letters, digits and _ . $ -, with an optional /scope");
  }
  if (colon + 1 == text.size()) return absl::InvalidArgumentError("identifier: the value is empty");
  return Identifier{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

std::string ToString(const Identifier& identifier) {
  return identifier.ns + ":" + identifier.value;
}

std::string ToString(ProfileId id) {
  std::array<char, 13> digits{};
  std::size_t n = 0;
  do {
    digits[n++] = kDigits[id.value % 32];
    id.value /= 32;
  } while (id.value != 0);
  std::string text(kProfilePrefix);
  while (n > 0) text.push_back(digits[--n]);
  return text;
}

absl::StatusOr<ProfileId> ParseProfileId(std::string_view text) {
  const absl::Status malformed =
      absl::InvalidArgumentError("profile id: write p~ and base 32 digits, as it was given out");
  if (!text.starts_with(kProfilePrefix)) return malformed;
  const std::string_view digits = text.substr(kProfilePrefix.size());
  if (digits.empty() || digits.size() > 13 || (digits.size() > 1 && digits.front() == '0'))
    return malformed;
  std::uint64_t value = 0;
  for (const char c : digits) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos || value > (~std::uint64_t{0} >> 5)) return malformed;
    value = value * 32 + digit;
  }
  return ProfileId{value};
}

}  // namespace polyonym
