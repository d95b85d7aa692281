#include "batch/texts.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace polyonym::batch {

Kinds::Known Kinds::Add(std::string_view ns) {
  const std::lock_guard lock(mutex_);
  if (const auto at = index_.find(ns); at != index_.end()) return at->second;
  const std::string_view kept = names_.emplace_back(ns);
  const Known known{kept, static_cast<Kind>(index_.size()),
                    XXH3_64bits_withSeed(ns.data(), ns.size(), seed_)};
  index_.emplace(kept, known);
  return known;
}

std::string_view Kinds::NameOf(Kind kind) const {
  const std::lock_guard lock(mutex_);
  return names_[kind];
}

std::vector<Kinds::Known> Kinds::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<Known> all(index_.size());
  for (const auto& [ns, known] : index_) all[known.kind] = known;
  return all;
}

std::vector<std::string> Kinds::names() const {
  const std::lock_guard lock(mutex_);
  return {names_.begin(), names_.end()};
}

}  // namespace polyonym::batch
