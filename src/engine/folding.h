// engine/folding.h - what the writer knows while it folds records of a source: core_horizon.cc.
//
// THREADS: the writer's.
#ifndef POLYONYM_SRC_ENGINE_FOLDING_H_
#define POLYONYM_SRC_ENGINE_FOLDING_H_

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "engine/cells.h"

namespace polyonym::engine {

struct Folding {
  using Times = std::vector<std::int64_t>;
  // When acts void what a record names, so that folded records are void as a whole or not at all: by what the act names under the policy
  // in force, by what it names as the channel gave it, and of the source itself.
  absl::flat_hash_map<Node, Times> cuts_of_node;
  absl::flat_hash_map<std::pair<std::string, std::string>, Times> cuts_of_value;
  Times cuts_of_source;

  std::vector<std::uint32_t> gone;  // records
  std::set<Node> values;            // that they had named
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_FOLDING_H_
