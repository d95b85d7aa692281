// engine/facts_cache.h - facts of people whom the writer looked at lately, to which what comes is added.
//
// Of those who were looked at last they are objects. Where not all are within the bound as objects, those of others are bytes
// (packed_rows.h), and where these are not either, no facts are kept of others still, but what conditions were, so that facts that came ask
// for few of them again once the older ones were read from the log.
//
// Never a source: what is here was read from records. The writer drops somebody of whom anything happened but that facts were added.
//
// THREADS: the writer's; Known::Open() beside others.
#ifndef POLYONYM_SRC_ENGINE_FACTS_CACHE_H_
#define POLYONYM_SRC_ENGINE_FACTS_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "engine/cells.h"
#include "polyonym/model/identifier.h"
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

    // All but the rows as bytes, where it is packed: then nothing else is filled, but `packed_rows`.
    std::string packed;
    // Of the first so many rows the bytes, as they were packed once.
    std::string packed_rows;
    std::size_t rows_in_packed = 0;
    bool has_rows = true;  // else they are to be read

    // Fills what is packed.  ERRORS: Internal.
    absl::Status Open();
    // The other way round.  REQUIRES: it is open, and has rows.
    void Pack();
  };

  explicit FactsCache(std::size_t bytes) : bytes_allowed_(bytes) {}

  // Null where nothing is kept under the profile id. Taken out: Put() it back. It may be packed, and without rows.
  std::unique_ptr<Known> Take(Node id);
  void Drop(Node id) { Take(id); }
  // REQUIRES: nobody is kept under the id; they are open, and have rows.
  void Put(Node id, std::unique_ptr<Known> known);
  // Back within the bound, which Put() may pass: whoever was put longest ago is packed, loses their rows, and goes where that is not enough.
  // COST: what is packed, by several threads.
  void Shrink();
  void Clear();
  std::size_t bytes() const;

 private:
  enum Form : std::uint8_t { kOpen, kPacked, kWithoutRows };
  static constexpr std::size_t kForms = 3;
  struct Kept {
    Node id;
    Form form;
    std::size_t bytes;
    std::unique_ptr<Known> known;  // open
    std::string packed;            // else: Known::packed
    std::string rows;              // packed: Known::packed_rows
  };
  struct Some {
    std::list<Kept> kept;  // put last, first
    std::size_t bytes = 0;
  };
  static std::size_t BytesOf(const Kept& kept);
  void PackOpen();
  void DropRows();
  void DropLast(Some* of);
  void Pass(std::list<Kept>::iterator first, Form from, Form to);

  const std::size_t bytes_allowed_;
  Some forms_[kForms];
  absl::flat_hash_map<Node, std::list<Kept>::iterator> by_id_;
};

}  // namespace polyonym::engine

#endif  // POLYONYM_SRC_ENGINE_FACTS_CACHE_H_
