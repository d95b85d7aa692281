// profile/trait_fold.h - many values of a trait to one.
#ifndef POLYONYM_SRC_PROFILE_TRAIT_FOLD_H_
#define POLYONYM_SRC_PROFILE_TRAIT_FOLD_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "polyonym/model/definitions.h"
#include "polyonym/profile/profile.h"
#include "profile/now.h"

namespace polyonym::profile {

// A value that takes part: where it lies, and where it came from.
struct Candidate {
  std::string_view trait;
  const Value* value;
  const FactRow* row;
  std::int64_t time_ms;
  std::string_view own_source;  // empty: the record's
  std::optional<double> confidence;

  std::string_view source() const { return own_source.empty() ? row->from.source : own_source; }
};

// What is said of where values came from: nothing; from where the one that won did; and those that did not win.
enum class Told : std::uint8_t { kNothing, kWinner, kAll };

// `candidates` in their order (ordered_facts.h), of the definition's type, none later than now.
ProfileTrait FoldTrait(const TraitDefinition& definition, std::vector<Candidate> candidates,
                       Now now, Told told);

}  // namespace polyonym::profile

#endif  // POLYONYM_SRC_PROFILE_TRAIT_FOLD_H_
