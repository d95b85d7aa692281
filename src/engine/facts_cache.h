// engine/facts_cache.h - facts of people whom the writer looked at lately, to which what comes is added.
//
// Never a source: what is here was read from records. The writer drops somebody of whom anything happened but that facts were added.
//
// THREADS: the writer's.
#ifndef POLYONYM_SRC_ENGINE_FACTS_CACHE_H_
#define POLYONYM_SRC_ENGINE_FACTS_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <list>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "engine/cells.h"
#include "engine/fact_rows.h"
#include "polyonym/profile/profile.h"
#include "segment/segment_bits.h"
#include "segment/verdicts.h"

namespace polyonym::engine {

class FactsCache {
 public:
  // Somebody before any fold, who may be added to.
  struct Known {
    std::vector<Identifier> identifiers;
    Identifier anchor;
    std::vector<FactRow> rows;
    segment::Verdicts verdicts;  // what all conditions are
    segment::SegmentBits in;     // segments that they are a member of
    std::int64_t latest_ms = std::numeric_limits<std::int64_t>::min();  // of the rows' facts
    bool has_later = false;  // facts of times that were still to come when they were looked at last
    // A moment before which no fact begins or ceases to count, where it is later than now.
    std::int64_t turn_ms = std::numeric_limits<std::int64_t>::min();
    std::size_t bytes = 0;  // of the rows, about
  };

  explicit FactsCache(std::size_t bytes) : bytes_allowed_(bytes) {}

  // Null where nothing is kept under the profile id. Taken out: Put() it back.
  std::unique_ptr<Known> Take(Node id) {
    const auto at = by_id_.find(id);
    if (at == by_id_.end()) return nullptr;
    std::unique_ptr<Known> known = std::move(at->second->known);
    bytes_ -= BytesOf(*known);
    kept_.erase(at->second);
    by_id_.erase(at);
    return known;
  }
  void Drop(Node id) { Take(id); }
  // Whoever was put longest ago goes for it.  REQUIRES: nobody is kept under the id.
  void Put(Node id, std::unique_ptr<Known> known) {
    const std::size_t bytes = BytesOf(*known);
    if (bytes > bytes_allowed_) return;
    bytes_ += bytes;
    kept_.push_front({id, std::move(known)});
    by_id_[id] = kept_.begin();
    while (bytes_ > bytes_allowed_) Drop(kept_.back().id);
  }
  void Clear() {
    kept_.clear();
    by_id_.clear();
    bytes_ = 0;
  }
  std::size_t bytes() const { return bytes_; }

 private:
  static std::size_t BytesOf(const Known& known) {
    return known.bytes + known.verdicts.bytes() + known.in.bytes();
  }
  struct Kept {
    Node id;
    std::unique_ptr<Known> known;
  };
  const std::size_t bytes_allowed_;
  std::size_t bytes_ = 0;
  std::list<Kept> kept_;  // put last, first
  absl::flat_hash_map<Node, std::list<Kept>::iterator> by_id_;
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_FACTS_CACHE_H_
