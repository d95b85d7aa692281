// profile/trait_folder.h - traits of a person, told or computed, each folded when it is asked for.
#ifndef POLYONYM_SRC_PROFILE_TRAIT_FOLDER_H_
#define POLYONYM_SRC_PROFILE_TRAIT_FOLDER_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "polyonym/model/definitions.h"
#include "polyonym/profile/profile.h"
#include "profile/now.h"
#include "profile/ordered_facts.h"
#include "profile/trait_fold.h"

namespace polyonym::profile {

// What is given to it must outlive it.
class TraitFolder {
 public:
  // Up to now, in their order.
  using Events = std::vector<Placed<Event>>;

  TraitFolder(const Definitions& definitions, const std::vector<FactRow>& rows, Now now);
  // The same where nothing but one trait will be asked for: what is told of others is passed by.
  TraitFolder(const Definitions& definitions, const std::vector<FactRow>& rows, Now now,
              std::string_view name);

  // None: nothing is told of it, or it is not shown. `events` is asked where it is computed. To `left_out` is added how many values are of
  // another type than is defined; it may be null.
  std::optional<ProfileTrait> Fold(std::string_view name, absl::FunctionRef<const Events&()> events,
                                   Told told, std::uint64_t* left_out) const;

  const Definitions& definitions() const { return definitions_; }
  // Names of what is told, sorted.
  std::vector<std::string_view> Names() const;

 private:
  std::span<const Candidate> CandidatesOf(std::string_view name) const;
  void Add(const std::vector<Placed<Trait>>& traits);

  const Definitions& definitions_;
  Now now_;
  std::vector<Candidate> told_;  // by name, each in the order of facts
};

// All that are shown, by name.
std::vector<ProfileTrait> FoldTraits(const TraitFolder& traits, const TraitFolder::Events& events,
                                     bool explain, std::uint64_t* left_out);

}  // namespace polyonym::profile

#endif  // POLYONYM_SRC_PROFILE_TRAIT_FOLDER_H_
