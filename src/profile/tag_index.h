// profile/tag_index.h - definitions of tags by name, for whoever folds tags of many people one by one.
#ifndef POLYONYM_SRC_PROFILE_TAG_INDEX_H_
#define POLYONYM_SRC_PROFILE_TAG_INDEX_H_

#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "polyonym/model/definitions.h"

namespace polyonym::profile {

// THREADS: thread-safe (immutable).
class TagIndex {
 public:
  // `definitions` must outlive it, and stay as they are.
  explicit TagIndex(const Definitions& definitions) {
    for (const TagDefinition& tag : definitions.tags) {
      by_name_.try_emplace(absl::string_view(tag.name.data(), tag.name.size()), &tag);
      have_parents_ = have_parents_ || !tag.parent.empty();
    }
  }
  // Null: it is not defined.
  const TagDefinition* Find(std::string_view name) const {
    const auto at = by_name_.find(absl::string_view(name.data(), name.size()));
    return at == by_name_.end() ? nullptr : at->second;
  }
  // Whether any tag has what is given to tags below it.
  bool have_parents() const { return have_parents_; }

 private:
  absl::flat_hash_map<absl::string_view, const TagDefinition*> by_name_;
  bool have_parents_ = false;
};

}  // namespace polyonym::profile

#endif  // POLYONYM_SRC_PROFILE_TAG_INDEX_H_
