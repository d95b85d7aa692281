// segment/dependents.h - which conditions (conditions.h) a record's facts may change: those that read what the facts are about, by name.
//
// Of somebody of whom facts came and nothing else did, all other conditions are what they were, but for what time does. An event concerns
// a condition where it may match a query of it: by its type, and by a property that the query wants to be some text. Where one of them stands
// for others, it is the one that is said.
#ifndef POLYONYM_SRC_SEGMENT_DEPENDENTS_H_
#define POLYONYM_SRC_SEGMENT_DEPENDENTS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "polyonym/model/definitions.h"
#include "polyonym/model/facts.h"
#include "polyonym/model/identifier.h"
#include "polyonym/segment/evaluate.h"
#include "segment/conditions.h"
#include "segment/segment_bits.h"

namespace polyonym::segment {

// THREADS: thread-safe (immutable).  Memory: a bit a condition for each name that is asked for.
class Dependents {
 public:
  // What may come: kinds of facts, each with names; identifiers, with namespaces and families.
  enum class Kind : std::uint8_t { kTrait, kTag, kEvent, kConsent, kRelation, kIdentifier };

  // COST: the parts of all expressions, times the definitions.
  // `conditions`: of the segments.
  Dependents(const CompiledSegments& segments, const Conditions& conditions,
             const Definitions& definitions);

  // Adds those that the facts may change.
  void Add(const Facts& facts, SegmentBits* conditions) const;
  void Add(const Identifier& identifier, SegmentBits* conditions) const;
  // Those that read the anchor.
  const SegmentBits& of_anchor() const { return of_anchor_; }
  // Those that time may change.
  const SegmentBits& of_time() const { return of_time_; }
  std::size_t size() const { return size_; }

 private:
  class Maker;
  // Of events: conditions that ask for those of a type which have one text in a property, by property and text.
  using ByText = absl::flat_hash_map<std::string, absl::flat_hash_map<std::string, SegmentBits>>;
  struct OfName {
    SegmentBits all;  // with those of any name
    ByText by_text;
  };
  struct OfKind {
    absl::flat_hash_map<std::string, OfName> by_name;
    SegmentBits of_any;  // whatever the name
  };
  const OfName* AddNamed(Kind kind, std::string_view name, SegmentBits* conditions) const;
  void AddEvent(const Event& event, SegmentBits* conditions) const;

  std::size_t size_;
  OfKind kinds_[6];
  SegmentBits of_anchor_;
  SegmentBits of_time_;
};

}  // namespace polyonym::segment

#endif  // POLYONYM_SRC_SEGMENT_DEPENDENTS_H_
