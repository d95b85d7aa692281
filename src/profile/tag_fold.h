// profile/tag_fold.h - tags, given by records or by behaviour, to scores.
#ifndef POLYONYM_SRC_PROFILE_TAG_FOLD_H_
#define POLYONYM_SRC_PROFILE_TAG_FOLD_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "polyonym/model/definitions.h"
#include "polyonym/profile/profile.h"
#include "profile/now.h"
#include "profile/ordered_facts.h"

namespace polyonym::profile {

// The tags that an event gives by a behaviour: one, or one for each value of a property.
std::vector<std::string> TagsOf(const BehaviourTag& behaviour, const Event& event);

// What was given of each tag, by its name; tags are folded one by one. A tag has what the tags below it have.
//
// What is given to it must outlive it.
class TagFolder {
 public:
  // `events`: up to now, in their order; those of behaviours are read, where there are any.
  TagFolder(const Definitions& definitions, const std::vector<FactRow>& rows,
            const std::vector<Placed<Event>>& events, Now now);
  // The same where nothing but one tag will be asked for, of this definition; null: it has none. What was given of others is passed by.
  // REQUIRES: no tag has another above it.
  TagFolder(const Definitions& definitions, const std::vector<FactRow>& rows,
            const std::vector<Placed<Event>>& events, Now now, std::string_view name,
            const TagDefinition* definition);
  ~TagFolder();

  // The first of the name; null: there is none.  COST: a pass over the definitions.
  static const TagDefinition* FindDefinition(const Definitions& definitions, std::string_view name);
  // Whether any tag has what is given to tags below it.  COST: likewise.
  static bool HaveParents(const Definitions& definitions);

  // Tags of which anything was given, by name.
  std::size_t size() const { return groups_.size(); }
  std::string_view name(std::size_t tag) const { return groups_[tag].name; }
  std::optional<std::size_t> Find(std::string_view name) const;
  // Whether anything of it counts now in its definition's window.
  bool IsThere(std::size_t tag, std::int64_t window_ms) const;
  // None: nothing of it counts now, or it is not shown.
  std::optional<ProfileTag> Fold(std::size_t tag, bool explain) const;

 private:
  struct Given;
  struct Group {
    std::string_view name;
    std::size_t from;
    std::size_t to;
  };
  struct Only {  // the one tag that is asked for
    std::string_view name;
    const TagDefinition* definition;
  };
  class Gatherer;
  class Scorer;
  bool Counts(const Given& given, std::int64_t window_ms) const;
  std::optional<ProfileTag> FoldAs(const TagDefinition& definition, const Group& group,
                                   bool explain) const;

  const Definitions& definitions_;
  Now now_;
  const std::optional<Only> only_;
  std::vector<Given> given_;      // by tag, then in the order of facts
  std::list<std::string> names_;  // of tags that properties name
  std::vector<Group> groups_;
};

// All that is shown, the greatest score first.
std::vector<ProfileTag> FoldTags(const TagFolder& tags, bool explain);

}  // namespace polyonym::profile

#endif  // POLYONYM_SRC_PROFILE_TAG_FOLD_H_
