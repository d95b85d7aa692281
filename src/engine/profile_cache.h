// engine/profile_cache.h - facts of profiles that were read, for as long as nothing of them changed.
//
// Never a source: what is here was read from records, and would be read again. It is good at a commit where nothing was written to the
// cell of any identifier of the profile since it was read, no guard tripped or let go, no horizon moved, and the policy is the same:
// every record that comes, goes, or counts otherwise writes the cells of all that it names; which of these is its primary
// depends on guards besides.
//
// THREADS: thread-safe.
#ifndef POLYONYM_SRC_ENGINE_PROFILE_CACHE_H_
#define POLYONYM_SRC_ENGINE_PROFILE_CACHE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "engine/cells.h"
#include "polyonym/profile/profile.h"

namespace polyonym::engine {

// What is told of a profile.
struct PersonFacts {
  std::vector<FactRow> rows;
  std::vector<AmbiguousFacts> ambiguous;  // in the order of Profile::ambiguous, of all times
  // Whether an identifier of nobody here has a say in `ambiguous`: a deletion of it writes no cell of this profile.
  bool asks_of_others = false;
};

// About what it takes: facts by their sizes and some for their texts.
std::size_t BytesOf(const FactRow& row);

class ProfileCache {
 public:
  struct Entry {
    std::uint64_t sequence = 0;  // of the commit at which it was read
    std::uint64_t policy_version = 0;
    std::shared_ptr<const PersonFacts> facts;
  };

  // 0: nothing is kept.
  explicit ProfileCache(std::size_t bytes) : bytes_a_shard_(bytes / kShards) {}

  // What is kept of the profile with a root; `facts` is null where nothing is.
  Entry Find(Node root);

  // About what is kept.
  std::size_t bytes() const;

  // Keeps it in place of what was read earlier; what was asked for longest ago goes.
  void Put(Node root, Entry entry);

 private:
  static constexpr std::size_t kShards = 16;
  struct Kept {
    Node root;
    Entry entry;
    std::size_t bytes;
  };
  struct Shard {
    mutable std::mutex mutex;
    std::list<Kept> kept ABSL_GUARDED_BY(mutex);  // asked for last, first
    absl::flat_hash_map<Node, std::list<Kept>::iterator> by_root ABSL_GUARDED_BY(mutex);
    std::size_t bytes ABSL_GUARDED_BY(mutex) = 0;
  };
  Shard& ShardOf(Node root) { return shards_[root * 0x9e3779b9u >> 28]; }

  const std::size_t bytes_a_shard_;
  std::array<Shard, kShards> shards_;
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_PROFILE_CACHE_H_
