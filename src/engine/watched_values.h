// engine/watched_values.h - traits and tags whose changes hosts want in the feed: what they were before a call, and are after it.
//
// Nothing of them is kept: both are read from records, so that the feed says what reading a profile before and after would show.
//
// THREADS: pure.
#ifndef POLYONYM_SRC_ENGINE_WATCHED_VALUES_H_
#define POLYONYM_SRC_ENGINE_WATCHED_VALUES_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "engine/cells.h"
#include "polyonym/engine/view.h"
#include "polyonym/model/change.h"
#include "polyonym/model/definitions.h"

namespace polyonym::engine {

// Somebody who may have other values, by profile id.
struct Watched {
  Node id = 0;
  Cause cause = Cause::kUnknown;
  std::uint64_t record = 0;
};

inline bool WatchesValues(const Definitions& definitions) {
  return !definitions.watched_traits.empty() || !definitions.watched_tags.empty();
}

// Adds a change for each value of those whom the policy of `after` watches that is another: traits first, by name, then by profile.
// `people`: ascending by id, all of whom are in `after`.  ERRORS: DataLoss.
// COST: reads the facts of each twice, and folds them.
absl::Status AddWatchedChanges(const View::Impl& before, const View::Impl& after,
                               const std::vector<Watched>& people, std::vector<Change>* changes);

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_WATCHED_VALUES_H_
