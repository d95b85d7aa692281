// engine/acts.h - the live acts that later records must be measured against: unbinds, deletions, renames, cannot-links.
//
// Must-links are sightings and live in the links. Keys are identifiers as named, not classes, so that a rename changes
// nothing here. Small beside the records; rebuilt from them when a store is opened.
//
// THREADS: the writer's.
#ifndef POLYONYM_SRC_ENGINE_ACTS_H_
#define POLYONYM_SRC_ENGINE_ACTS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "engine/cells.h"

namespace polyonym::engine {

using Times = std::multiset<std::int64_t>;
using NodePair = std::pair<Node, Node>;  // first < second

inline NodePair MakePair(Node a, Node b) { return a < b ? NodePair(a, b) : NodePair(b, a); }

struct RenameAct {
  Node from = 0;
  Node to = 0;
  std::int64_t time_ms = 0;
};

struct Acts {
  absl::flat_hash_map<NodePair, Times> unbinds;
  absl::flat_hash_map<Node, std::multiset<Node>> unbound_from;  // partners in unbinds, once an act
  absl::flat_hash_map<Node, Times> deletions;
  std::map<std::string, Times, std::less<>> source_deletions;
  // By the record's index. A vendor may re-key everybody, so these are kept small.
  absl::flat_hash_map<std::uint32_t, RenameAct> renames;
  // Acts that name an identifier, ascending.
  absl::flat_hash_map<Node, absl::InlinedVector<std::uint32_t, 2>> renames_of;
  absl::flat_hash_map<Node, std::multiset<Node>> apart_from;  // cannot-links, from both ends

  void AddUnbind(Node a, Node b, std::int64_t time_ms);
  void RemoveUnbind(Node a, Node b, std::int64_t time_ms);
  // Latest unbind of the pair.
  std::optional<std::int64_t> UnboundUntil(Node a, Node b) const;

  void AddDeletion(Node n, std::int64_t time_ms) { deletions[n].insert(time_ms); }
  void RemoveDeletion(Node n, std::int64_t time_ms);
  std::optional<std::int64_t> DeletedUntil(Node n) const;

  void AddSourceDeletion(const std::string& source, std::int64_t time_ms) {
    source_deletions[source].insert(time_ms);
  }
  void RemoveSourceDeletion(const std::string& source, std::int64_t time_ms);
  std::optional<std::int64_t> SourceDeletedUntil(std::string_view source) const;

  void AddApart(Node a, Node b);
  void RemoveApart(Node a, Node b);

  void AddRename(std::uint32_t record, RenameAct act);
  void RemoveRename(std::uint32_t record);
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_ACTS_H_
